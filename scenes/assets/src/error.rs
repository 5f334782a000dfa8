//! What can go wrong between the package index and a verified file, each with what mends it.

use std::path::{Path, PathBuf};

/// Why an asset is not there. The text says what happened, where, and what would mend it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AssetError {
    /// No environment variable says where the cache is.
    #[error(
        "no cache folder: none of LANEPROOF_CACHE, XDG_CACHE_HOME and HOME is set; set LANEPROOF_CACHE to a folder"
    )]
    NoCacheFolder,

    /// `python3` cannot be started.
    #[error(
        "{asset} cannot be fetched: python3 was not found on PATH; install it (Debian: apt-get install python3 python3-pip)"
    )]
    NoPython {
        /// The asset that was wanted.
        asset: String,
    },

    /// `python3` has no pip.
    #[error("{asset} cannot be fetched: python3 has no pip; install it (Debian: apt-get install python3-pip)")]
    NoPip {
        /// The asset that was wanted.
        asset: String,
    },

    /// The package index could not be reached.
    #[error(
        "{asset} cannot be fetched: the Python package index cannot be reached ({detail}); connect this machine and run \
         the command again, or put the wheel in place from a machine that is connected:\n  {command}"
    )]
    NoNetwork {
        /// The asset that was wanted.
        asset: String,
        /// pip's own words.
        detail: String,
        /// The command that puts the wheel into the cache.
        command: String,
    },

    /// pip failed in a way that is none of the above.
    #[error("{asset} cannot be fetched: pip failed ({detail}); the command was\n  {command}")]
    Pip {
        /// The asset that was wanted.
        asset: String,
        /// pip's own words.
        detail: String,
        /// The command that puts the wheel into the cache.
        command: String,
    },

    /// What came is not what was pinned. Nothing of it is kept.
    #[error(
        "{asset}: the fetched {file} has SHA-256 {got}, expected {expected}; it was thrown away. A proxy or a mirror may \
         have changed it: fetch it from the Python package index itself:\n  {command}"
    )]
    HashMismatch {
        /// The asset that was wanted.
        asset: String,
        /// File name of the wheel.
        file: String,
        /// The pinned SHA-256.
        expected: String,
        /// The SHA-256 of what came.
        got: String,
        /// The command that puts the wheel into the cache.
        command: String,
    },

    /// The disk is full, or would be.
    #[error("no disk space for {asset} in {}: {} MB are needed; free some, or set LANEPROOF_CACHE to a folder on another disk",
        folder.display(), needed_bytes.div_ceil(1_000_000))]
    NoSpace {
        /// The asset that was wanted.
        asset: String,
        /// Where it should have gone.
        folder: PathBuf,
        /// What fetching and unpacking takes at most.
        needed_bytes: u64,
    },

    /// No pinned wheel exists for this machine.
    #[error(
        "{asset}: no pinned build for {platform} (there is one for x86_64 and aarch64 Linux with glibc 2.28 or newer); set \
         ORT_DYLIB_PATH to a libonnxruntime of version 1.20 or newer"
    )]
    UnsupportedPlatform {
        /// The asset that was wanted.
        asset: String,
        /// This machine, as architecture and system.
        platform: String,
    },

    /// `ORT_DYLIB_PATH` names no file.
    #[error("ORT_DYLIB_PATH names {}, which is not a file; correct it, or unset it to use the pinned library", path.display())]
    NoSuchLibrary {
        /// The value of the variable.
        path: PathBuf,
    },

    /// A cached file is damaged and could not be replaced.
    #[error("the cached file {} is damaged ({why}) and could not be replaced: {cause}", file.display())]
    Damaged {
        /// The first file that is not as it was unpacked.
        file: PathBuf,
        /// What is wrong with it.
        why: String,
        /// Why it could not be replaced; carries the mend.
        cause: Box<AssetError>,
    },

    /// A wheel with the right hash does not unpack to the right files.
    #[error("{asset}: {file} cannot be unpacked: {detail}")]
    Unpack {
        /// The asset that was wanted.
        asset: String,
        /// File name of the wheel.
        file: String,
        /// What is wrong.
        detail: String,
    },

    /// The file system refused.
    #[error("cannot {action} {}: {source}; check its permissions, or set LANEPROOF_CACHE to a folder that can be written", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
}

impl AssetError {
    /// Whether the disk is at fault: full, or refusing. Anything else is wanting in the machine's set-up.
    pub fn is_disk(&self) -> bool {
        match self {
            AssetError::NoSpace { .. } | AssetError::Io { .. } => true,
            AssetError::Damaged { cause, .. } => cause.is_disk(),
            _ => false,
        }
    }

    /// Maps a refused file operation. A full disk is marked by `needed_bytes` 0 until [`AssetError::for_asset`].
    pub(crate) fn io(action: &'static str, path: &Path, source: std::io::Error) -> AssetError {
        match source.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                AssetError::NoSpace { asset: "assets".into(), folder: path.to_path_buf(), needed_bytes: 0 }
            }
            _ => AssetError::Io { action, path: path.to_path_buf(), source },
        }
    }

    /// Says which asset a full disk was met with, and how much it takes.
    pub(crate) fn for_asset(self, name: &str, needed: u64) -> AssetError {
        match self {
            AssetError::NoSpace { folder, needed_bytes: 0, .. } => {
                AssetError::NoSpace { asset: name.to_owned(), folder, needed_bytes: needed }
            }
            other => other,
        }
    }
}
