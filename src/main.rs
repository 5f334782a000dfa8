//! The laneproof command line.
use std::process::ExitCode;

use clap::Parser as _;

/// Frames and layers are tens of megabytes: an allocator that keeps their pages saves the kernel clearing them anew.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Mesa's device-select layer looks for a display server and complains on standard error where there is none.
    #[expect(unsafe_code, reason = "nothing else runs yet, so nobody reads the environment at the same time")]
    unsafe {
        std::env::set_var("NODEVICE_SELECT", "1");
    }
    laneproof::cli::Cli::parse().run()
}
