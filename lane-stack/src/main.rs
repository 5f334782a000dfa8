//! The `lane-stack` program.
mod commands;

use clap::Parser as _;
use std::process::ExitCode;

/// Pictures are megabytes: an allocator that keeps their pages saves the kernel clearing them anew.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// `mi_option_purge_delay` of mimalloc.h, which the bindings do not name: milliseconds until freed memory goes back to the
/// system, −1 for never.
const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;

fn main() -> ExitCode {
    // By default pages go back after a moment, and each frame pays for new ones.
    #[expect(unsafe_code, reason = "nothing else runs yet, so nobody reads the option at the same time")]
    unsafe {
        libmimalloc_sys::mi_option_set(PURGE_DELAY, -1);
    }
    match commands::run(&commands::Cli::parse()) {
        Ok(()) => ExitCode::from(lane_stack::exit::OK),
        Err(failure) => {
            eprintln!("lane-stack: {}", failure.message);
            ExitCode::from(failure.exit_code)
        }
    }
}
