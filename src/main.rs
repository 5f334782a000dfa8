//! The laneproof command line.
use std::process::ExitCode;

use clap::Parser as _;

/// Frames and layers are tens of megabytes: an allocator that keeps their pages saves the kernel clearing them anew.
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
    // Rust ignores it, and a program whose reader has gone would panic; a run that ends so goes on with --resume.
    #[expect(unsafe_code, reason = "nothing else runs yet, so nobody handles signals at the same time")]
    unsafe {
        libc::signal(libc::SIGPIPE, libc::SIG_DFL);
    }
    // Mesa's device-select layer looks for a display server and complains on standard error where there is none.
    #[expect(unsafe_code, reason = "nothing else runs yet, so nobody reads the environment at the same time")]
    unsafe {
        std::env::set_var("NODEVICE_SELECT", "1");
    }
    laneproof::cli::Cli::parse().run()
}
