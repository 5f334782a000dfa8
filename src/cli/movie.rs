//! `laneproof movie`: one encounter of a run as an animated picture.
use std::path::PathBuf;

use laneproof_scenarios::{
    exit,
    movie::{self, MovieOptions},
    run::folder::RunFolder,
};

use super::finished;
use crate::session::Failure;

/// Show one encounter of a finished run as an animated picture: all cameras, the truth, what the stack sees, the outcome
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder of a run
    pub run: PathBuf,
    /// Encounter, counted from 0
    #[arg(long, value_name = "K")]
    pub encounter: u64,
    /// The movie, a .gif or a .png (animated, lossless) file; RUN/encounter-KKK.gif when left out
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Width of the movie, pixels
    #[arg(long, value_name = "PX", default_value_t = 1280)]
    pub width: u32,
    /// Simulated time over time on the screen, such as 0.25; one that lasts 6 to 10 s when left out
    #[arg(long, value_name = "FACTOR")]
    pub speed: Option<f32>,
    /// The run's scenario file, where it no longer lies where it lay
    #[arg(long, value_name = "FILE")]
    pub scenario: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> Result<u8, Failure> {
    let head = finished::summary(&args.run)?.head;
    let scenario = finished::scenario(&args.run, &head, args.scenario.as_deref())?;
    let out = args.out.clone().unwrap_or_else(|| args.run.join(movie::default_name(args.encounter)));
    let options = MovieOptions { out, width_px: args.width, speed: args.speed };
    let folder = RunFolder::new(&args.run);
    let made = movie::movie(&folder, &head, &scenario.file.validation, args.encounter, &options)?;
    println!(
        "{}: {} pictures of {} x {} pixels, {:.1} s, {:.1} MB",
        options.out.display(),
        made.pictures,
        made.size_px.0,
        made.size_px.1,
        made.duration_ms as f64 * 1e-3,
        made.bytes as f64 * 1e-6
    );
    Ok(exit::DONE)
}
