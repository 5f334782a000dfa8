//! Prints the milliseconds per frame of each part of the stack: `cargo run --release -p lane-stack --example split --
//! MODELS_DIR JPEG...`. A measurement, not a test.
use lane_stack::detector::Detector;
use lane_stack::embedder::Embedder;
use lane_stack::picture::Picture;
use lane_stack::{quality, runtime, select};
use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

/// Times a part.
#[expect(clippy::disallowed_methods, reason = "a benchmark reads the wall clock")]
fn timed<T>(total: &mut Duration, part: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = part();
    *total += start.elapsed();
    result
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [dir, pictures @ ..] = args.as_slice() else {
        return Err("usage: split MODELS_DIR JPEG...".into());
    };
    let selection = select(Path::new(dir), None)?;
    let environment = runtime::load(None)?;
    let working = selection.working.clone();
    let mut detector = Detector::open(&environment, Path::new(dir), selection.detector, working.compute())?;
    let mut embedder = Embedder::open(&environment, Path::new(dir), selection.embedder, working.compute())?;
    let [mut decode, mut resize, mut detect, mut measure, mut embed] = [Duration::ZERO; 5];
    let mut faces = 0u32;
    for path in pictures {
        let bytes = std::fs::read(path)?;
        let picture = timed(&mut decode, || Picture::from_jpeg(&bytes))?;
        let prepared = timed(&mut resize, || detector.prepare(&picture, working.working_width_px));
        for face in timed(&mut detect, || detector.detect(&prepared))? {
            faces += 1;
            timed(&mut measure, || quality::measure(&picture, &face.landmarks_px));
            if let Some(crop) = embedder.align(&picture, &face.landmarks_px) {
                timed(&mut embed, || embedder.embed(&crop))?;
            }
        }
    }
    let frames = pictures.len().max(1) as f64;
    let line = |name: &str, time: Duration, per: f64, unit: &str| {
        println!("{name:<8} {:8.2} ms per {unit}", time.as_secs_f64() * 1e3 / per.max(1.0));
    };
    println!("{} frames, {faces} faces, {} px wide for the detector", pictures.len(), working.working_width_px);
    line("decode", decode, frames, "frame");
    line("resize", resize, frames, "frame");
    line("detect", detect, frames, "frame");
    line("quality", measure, faces.into(), "face");
    line("embed", embed, faces.into(), "face");
    Ok(())
}
