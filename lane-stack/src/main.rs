//! The `lane-stack` program.
mod commands;

use clap::Parser as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    match commands::run(&commands::Cli::parse()) {
        Ok(()) => ExitCode::from(lane_stack::exit::OK),
        Err(failure) => {
            eprintln!("lane-stack: {}", failure.message);
            ExitCode::from(failure.exit_code)
        }
    }
}
