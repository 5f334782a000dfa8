//! `laneproof render`: frames and truth layers of one encounter, as files.
use std::path::{Path, PathBuf};

use half::f16;
use laneproof_scenarios::scenario::Scenario;
use laneproof_sim::{Exposure, ExposureRequest, Staged};

use super::one;
use crate::session::{self, Choices, Failure};

/// Render one encounter: frames, radiance and truth layers, without a stack
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Scenario file
    pub scenario: PathBuf,
    /// Encounter, counted from 0
    #[arg(long, value_name = "K", default_value_t = 0)]
    pub encounter: u64,
    /// Folder for the files
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Render every exposure by regions and whole, and fail where they differ
    #[arg(long)]
    pub cross_check: bool,
    /// Adapter
    #[command(flatten)]
    pub choices: Choices,
}

/// Requests of an encounter in the order of the run.
pub fn requests(staged: &Staged, cross_check: bool) -> Vec<ExposureRequest> {
    staged.requests().into_iter().map(|request| ExposureRequest { cross_check, ..request }).collect()
}

/// A NumPy array file, version 1.0: a short header, then the values row by row.
pub(super) fn npy(descr: &str, shape: &[usize], data: &[u8]) -> Vec<u8> {
    let shape: String = shape.iter().map(|n| format!("{n}, ")).collect();
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({shape}), }}");
    let unpadded = 10 + header.len() + 1;
    header.extend(std::iter::repeat_n(' ', unpadded.next_multiple_of(64) - unpadded));
    header.push('\n');
    let mut out = b"\x93NUMPY\x01\x00".to_vec();
    out.extend((header.len() as u16).to_le_bytes());
    out.extend(header.as_bytes());
    out.extend(data);
    out
}

pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    std::fs::write(path, bytes).map_err(|e| Failure::io(path, e))
}

fn save(out: &Path, staged: &Staged, request: &ExposureRequest, exposure: &Exposure) -> Result<(), Failure> {
    let sensor = &staged.plan.sensors[request.camera_index];
    let (w, h) = (sensor.width_px as usize, sensor.height_px as usize);
    let name = |what: &str| out.join(format!("{:03}-{}-{what}", request.exposure_id, exposure.truth.camera_id));
    let halves = |values: &[[f16; 4]]| -> Vec<u8> { values.iter().flatten().flat_map(|v| v.to_le_bytes()).collect() };
    let layers = exposure.layers.whole();
    write(&name("frame.jpg"), &exposure.jpeg)?;
    write(&name("radiance.npy"), &npy("<f2", &[h, w, 4], &halves(&layers.radiance)))?;
    let singles = |values: &[[f32; 3]]| -> Vec<u8> { values.iter().flatten().flat_map(|v| v.to_le_bytes()).collect() };
    let glass = exposure.layers.whole_glass();
    write(&name("transmittance.npy"), &npy("<f4", &[h, w, 3], &singles(&glass.transmittance)))?;
    write(&name("veil.npy"), &npy("<f4", &[h, w, 3], &singles(&glass.veil)))?;
    let tags: Vec<u8> = layers.tag.iter().flat_map(|v| v.to_le_bytes()).collect();
    write(&name("tag.npy"), &npy("<u2", &[h, w], &tags))?;
    let range: Vec<u8> = layers.range_m.iter().flat_map(|v| v.to_le_bytes()).collect();
    write(&name("range-m.npy"), &npy("<f4", &[h, w], &range))?;
    let truth = serde_json::to_vec_pretty(&exposure.truth).map_err(|e| Failure::io(out, e))?;
    write(&name("truth.json"), &truth)
}

pub(super) fn run(args: &Args) -> Result<u8, Failure> {
    let scenario = Scenario::open(&args.scenario)?;
    let plan = one::encounter(&scenario, args.encounter)?;
    if let Some(line) = session::eye_safety_line(&scenario) {
        println!("{line}");
    }
    let mut world = session::open_world(&args.choices)?;
    let staged = world.simulator.stage(&plan)?;
    std::fs::create_dir_all(&args.out).map_err(|e| Failure::io(&args.out, e))?;
    let mut differing = 0;
    for request in requests(&staged, args.cross_check) {
        let exposure = world.simulator.expose(&staged, &request)?;
        save(&args.out, &staged, &request, &exposure)?;
        let verdict = match exposure.cross_check_differs {
            Some(true) => "  by regions and whole DIFFER",
            Some(false) => "  by regions and whole agree",
            None => "",
        };
        differing += u32::from(exposure.cross_check_differs == Some(true));
        println!(
            "exposure {:3}  {:<12} {:8.3} s{verdict}",
            request.exposure_id,
            exposure.truth.camera_id,
            request.mid_exposure_us as f64 * 1e-6
        );
    }
    if differing > 0 {
        return Err(Failure {
            code: laneproof_scenarios::exit::UNEXPECTED,
            message: format!("{differing} exposures differ between rendering by regions and whole"),
        });
    }
    Ok(laneproof_scenarios::exit::DONE)
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_npy_file_has_an_aligned_header_and_the_data() {
        let file = super::npy("<u2", &[2, 3], &[0; 12]);
        assert_eq!(&file[..8], b"\x93NUMPY\x01\x00");
        let header = usize::from(u16::from_le_bytes([file[8], file[9]]));
        assert_eq!((10 + header) % 64, 0);
        assert_eq!(file.len(), 10 + header + 12);
        let text = std::str::from_utf8(&file[10..10 + header]).unwrap();
        assert!(text.starts_with("{'descr': '<u2', 'fortran_order': False, 'shape': (2, 3, ), }"), "{text}");
    }
}
