//! The laneproof command line.
use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    laneproof::cli::Cli::parse().run()
}
