//! Load on a running `lane-stack serve`: how many frames a second it takes, how long its answers take below that, whether
//! its memory stays, and what it does with twice as much.
//!
//! ```text
//! cargo build --release -p lane-stack
//! cargo run --release -p lane-stack --example load -- --frames DIR [--models DIR] [--minutes 10] [--json FILE]
//! cargo run --release -p lane-stack --example load -- --frames DIR --url http://127.0.0.1:8470 --token-file token
//! ```
//!
//! Three phases, with the JPEG files of the folder in the order of their names, again and again:
//!
//! 1. **Capacity** C: each camera sends its next frame when it has the answer to the last (closed loop). Frames answered
//!    per second, of the whole phase.
//! 2. **Load**: 0.8 C for so many minutes, by a timetable that does not wait for answers (open loop). A time counts from
//!    when the frame was due, so that a service that falls behind does not make its own measure better.
//! 3. **Overload**: 2 C for a while. What is refused with 429 is counted and not sent again.
//!
//! Several lanes have an encounter each, two cameras a lane; the next encounter opens while the last one is closed. Without
//! `--url` it starts the program beside it with a configuration of its own: default limits, and a gallery on disk with
//! `--references` random templates.
//!
//! Exit code 0: measured (whatever the numbers are). 1: it could not be measured, or an answer was none that may be.
mod client;
mod phases;
pub(crate) mod report;
mod site;

use clap::Parser;
use phases::{Load, Plan};
use report::Report;
use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Measures a `lane-stack serve` under load.
#[derive(Debug, Parser)]
pub(crate) struct Args {
    /// Folder of JPEG files, sent in the order of their names.
    #[arg(long, value_name = "DIR")]
    frames: PathBuf,
    /// Models directory of the service that is started.
    #[arg(long, value_name = "DIR", default_value = "lane-stack/models")]
    models: PathBuf,
    /// The program that is started; without it, the one beside this one.
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// A service that runs already, in place of one that is started.
    #[arg(long, requires = "token_file")]
    url: Option<String>,
    /// File with the token of that service.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Process id of that service, for its memory.
    #[arg(long)]
    pid: Option<u32>,
    /// Random templates in the gallery of the service that is started.
    #[arg(long, default_value_t = 1000)]
    references: usize,
    /// Keeps the gallery of the service that is started in memory, empty, in place of the disk.
    #[arg(long)]
    no_database: bool,
    /// Workers of the service that is started; without it, as many as processors.
    #[arg(long)]
    workers: Option<usize>,
    /// Cameras, two a lane; at most half of the open encounters that a service takes has lanes.
    #[arg(long, default_value_t = 8)]
    cameras: usize,
    /// Frames of an encounter, of both cameras together.
    #[arg(long, default_value_t = 24)]
    frames_per_encounter: usize,
    /// Seconds of the closed loop.
    #[arg(long, default_value_t = 30.0)]
    capacity_s: f64,
    /// Minutes at 0.8 C.
    #[arg(long, default_value_t = 10.0)]
    minutes: f64,
    /// Seconds at 2 C.
    #[arg(long, default_value_t = 60.0)]
    overload_s: f64,
    /// Writes the results as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Said in the results: about the machine, and what else it does.
    #[arg(long, default_value = "")]
    note: String,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let report = measure(&args)?;
    println!("{}", report.table());
    if let Some(path) = &args.json {
        std::fs::write(path, report.json()).map_err(|e| format!("{}: {e}", path.display()))?;
    }
    Ok(report.check()?)
}

/// All phases.
pub(crate) fn measure(args: &Args) -> Result<Report, Box<dyn Error>> {
    let frames = Arc::new(site::read_frames(&args.frames)?);
    if args.cameras < 2 || args.frames_per_encounter == 0 {
        return Err("at least 2 cameras and a frame for each encounter".into());
    }
    let site = match (&args.url, &args.token_file) {
        (Some(url), Some(token)) => site::Site::running(url, token, args.pid)?,
        _ => site::Site::start(args)?,
    };
    let plan = Plan { lanes: args.cameras.div_ceil(2), cameras: args.cameras, frames: args.frames_per_encounter };
    let load = Load::new(site.options(), frames.clone(), plan);
    let seconds = |s: f64| Duration::from_secs_f64(s.max(0.1));
    // What is loaded, allocated and cached on the way is not the service's steady state.
    load.capacity(seconds(args.capacity_s / 3.0))?;
    let started_kb = site.resident_kb();
    let capacity = load.capacity(seconds(args.capacity_s))?;
    let watched = |rate_hz: f64, length: Duration| site.watching(|| load.paced(rate_hz, length));
    let (steady, memory) = watched(0.8 * capacity.frames_per_s(), seconds(60.0 * args.minutes));
    let before = site.shed()?;
    let (overload, overload_memory) = watched(2.0 * capacity.frames_per_s(), seconds(args.overload_s));
    Ok(Report {
        note: args.note.clone(),
        about: site.about()?,
        frames: frames.len(),
        frame_bytes: frames.iter().map(|f| f.len() as u64).sum::<u64>() / frames.len() as u64,
        plan,
        references: site.references,
        capacity,
        steady: steady?,
        memory: memory.begun_at(started_kb),
        overload: overload?,
        overload_memory,
        shed_by_service: site.shed()? - before,
        gallery: site.gallery_times()?,
    })
}
