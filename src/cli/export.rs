//! `laneproof export`: the scene of one exposure for a renderer that is not ours.
use std::path::{Path, PathBuf};

use laneproof_scenarios::{exit, scenario::Scenario};
use laneproof_sim::MitsubaScene;
use serde_json::json;

use super::{
    one::OneExposure,
    render::{npy, write},
};
use crate::session::{self, Choices, Failure};

/// Export the scene of one exposure for Mitsuba 3, with the mask of every face and our own picture's numbers
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Scenario, encounter, camera, exposure
    #[command(flatten)]
    pub of: OneExposure,
    /// Folder for the scene: scene.xml with its meshes and pictures, scene.json, face-mask.npy
    #[arg(long, value_name = "DIR")]
    pub mitsuba: PathBuf,
    /// Adapter
    #[command(flatten)]
    pub choices: Choices,
}

/// What the scene's file cannot say.
fn about(scene: &MitsubaScene) -> serde_json::Value {
    let frame = scene.camera.world_from_camera;
    let axis = |v: glam::Vec3A| v.to_array();
    json!({
        "camera": {
            "id": scene.exposure.truth.camera_id,
            "position_m": axis(frame.translation),
            "right": axis(frame.x_axis),
            "up": axis(frame.y_axis),
            "backward": axis(frame.z_axis),
            "focal_length_px": scene.camera.focal_length_px,
            "principal_point_px": scene.camera.principal_point_px,
            "width_px": scene.camera.width_px,
            "height_px": scene.camera.height_px,
        },
        "filter": scene.filter.map(|filter| json!({
            "angle_deg": filter.angle_deg,
            "along": filter.transmittance,
            "across": filter.transmittance / filter.extinction_ratio.max(1.0),
        })),
        "sun_direction": scene.sun_direction.to_array(),
        "sky_polarisation": scene.sky_polarisation,
        "panes": scene.panes.iter().map(|pane| json!({
            "refractive_index": pane.refractive_index,
            "transmittance_normal": pane.transmittance_normal,
        })).collect::<Vec<_>>(),
        "lamps": scene.lamps.iter().map(|lamp| json!({
            "position_m": lamp.position_m.to_array(),
            "axis": lamp.axis.to_array(),
            "half_angle_rad": lamp.half_angle_rad,
            "mean_intensity_w_sr": lamp.intensity,
        })).collect::<Vec<_>>(),
        "faces": scene.exposure.truth.faces,
    })
}

fn save(folder: &Path, scene: &MitsubaScene) -> Result<(), Failure> {
    for (name, bytes) in &scene.files {
        write(&folder.join(name), bytes)?;
    }
    let shape = [scene.camera.height_px as usize, scene.camera.width_px as usize];
    write(&folder.join("face-mask.npy"), &npy("|u1", &shape, &scene.face_mask))?;
    let text = serde_json::to_vec_pretty(&about(scene)).map_err(|e| Failure::io(folder, e))?;
    write(&folder.join("scene.json"), &text)
}

pub(super) fn run(args: &Args) -> Result<u8, Failure> {
    let scenario = Scenario::open(&args.of.scenario)?;
    let (plan, camera_index) = args.of.plan(&scenario)?;
    let mut world = session::open_world(&args.choices)?;
    let (staged, request) = args.of.stage(&mut world.simulator, &plan, camera_index)?;
    let scene = world.simulator.export(&staged, &request)?;
    std::fs::create_dir_all(&args.mitsuba).map_err(|e| Failure::io(&args.mitsuba, e))?;
    save(&args.mitsuba, &scene)?;
    println!("{}: {} files", args.mitsuba.join("scene.xml").display(), scene.files.len() + 2);
    Ok(exit::DONE)
}
