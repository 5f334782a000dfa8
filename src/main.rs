//! The laneproof command line.
use std::process::ExitCode;

use clap::Parser as _;

/// Frames and layers are tens of megabytes: an allocator that keeps their pages saves the kernel clearing them anew.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    laneproof::cli::Cli::parse().run()
}
