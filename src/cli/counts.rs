//! `laneproof counts`: a run, summed as the counts of a lane would be.
use std::path::PathBuf;

use laneproof_scenarios::{exit, field::counts};

use super::validate::tallied;
use crate::session::Failure;

/// Print a run's captures as the sums that `laneproof validate` reads: an example of the file, and a field that is known
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder of a run
    pub run: PathBuf,
    /// Days on which its vehicles fall in turn
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    pub days: u64,
}

pub(super) fn run(args: &Args) -> Result<u8, Failure> {
    let (arm, cameras, _) = tallied(&args.run)?;
    let text = counts::csv(&counts::of_arm(&arm, &cameras, args.days)).map_err(|e| Failure::io(&args.run, e))?;
    print!("{text}");
    Ok(exit::DONE)
}
