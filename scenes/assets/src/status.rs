//! What the cache holds, for `laneproof doctor`.

use std::fmt;
use std::path::PathBuf;

use crate::manifest::{Damage, Manifest};
use crate::pip::fetch_command;
use crate::{AssetError, Cache, Platform, Wheel};

/// One asset as it is now. Asking fetches and changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssetStatus {
    /// What it is, for people.
    pub name: String,
    /// Where it is or would be.
    pub path: PathBuf,
    /// How it is.
    pub state: AssetState,
    /// The command (or the step) that mends it; `None` where nothing is to be mended.
    pub mend: Option<String>,
}

/// How an asset is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AssetState {
    /// Every file is there and as it was unpacked.
    Verified {
        /// How many files.
        files: usize,
        /// Their size together.
        bytes: u64,
    },
    /// `ORT_DYLIB_PATH` names another library, whose contents are the user's affair.
    Overridden,
    /// Not unpacked yet.
    Missing {
        /// Whether the wheel lies in the cache, so that no network is needed.
        wheel_kept: bool,
    },
    /// Unpacked, but not as it was.
    Damaged {
        /// The first damaged file.
        file: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Cannot be had here.
    Unavailable {
        /// Why not.
        why: String,
    },
}

impl fmt::Display for AssetState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AssetState::Verified { files, bytes } => {
                write!(f, "verified, {files} files, {} MB", bytes.div_ceil(1_000_000))
            }
            AssetState::Overridden => write!(f, "named by ORT_DYLIB_PATH, not verified"),
            AssetState::Missing { wheel_kept: true } => write!(f, "not unpacked yet, wheel kept"),
            AssetState::Missing { wheel_kept: false } => write!(f, "not fetched yet"),
            AssetState::Damaged { file, why } => write!(f, "damaged: {} ({why})", file.display()),
            AssetState::Unavailable { why } => write!(f, "not available: {why}"),
        }
    }
}

impl AssetState {
    /// Whether a run can use it as it is.
    pub fn usable(&self) -> bool {
        matches!(self, AssetState::Verified { .. } | AssetState::Overridden)
    }
}

impl Cache {
    /// Every asset with its state and what mends it; reads and verifies all files.
    pub fn status(&self) -> Vec<AssetStatus> {
        vec![self.status_of(&Wheel::people()), self.onnxruntime_status()]
    }

    /// The state of one wheel's files.
    pub fn status_of(&self, wheel: &Wheel) -> AssetStatus {
        let path = self.root.join(&wheel.folder);
        let kept = self.wheels().join(&wheel.file);
        let wheel_kept = std::fs::metadata(&kept).is_ok_and(|m| m.len() == wheel.wheel_bytes);
        let state = match Manifest::verify(&path, &wheel.manifest_blake3) {
            Ok(manifest) => AssetState::Verified { files: manifest.len(), bytes: manifest.bytes() },
            Err(_) if !path.exists() => AssetState::Missing { wheel_kept },
            Err(Damage { file, why }) => AssetState::Damaged { file, why },
        };
        // Any command that needs the asset unpacks it from the kept wheel, so a wheel is all that can be wanting.
        let mend = match &state {
            AssetState::Verified { .. } => None,
            _ if wheel_kept => Some("nothing to do: the next run unpacks it from the kept wheel".to_owned()),
            _ => Some(fetch_command(wheel, &self.wheels())),
        };
        AssetStatus { name: wheel.name.clone(), path, state, mend }
    }

    fn onnxruntime_status(&self) -> AssetStatus {
        let name = || "ONNX Runtime".to_owned();
        let platform = match (&self.library, Platform::current()) {
            (Some(path), _) => {
                let (state, mend) = match self.onnxruntime(&mut |_| {}) {
                    Ok(_) => (AssetState::Overridden, None),
                    Err(e) => (AssetState::Unavailable { why: e.to_string() }, Some("unset ORT_DYLIB_PATH".to_owned())),
                };
                return AssetStatus { name: name(), path: path.clone(), state, mend };
            }
            (None, Err(platform)) => {
                let why = AssetError::UnsupportedPlatform { asset: name(), platform }.to_string();
                let mend = Some("export ORT_DYLIB_PATH=/path/to/libonnxruntime.so".to_owned());
                return AssetStatus {
                    name: name(),
                    path: self.root.clone(),
                    state: AssetState::Unavailable { why },
                    mend,
                };
            }
            (None, Ok(platform)) => platform,
        };
        self.status_of(&Wheel::onnxruntime(platform))
    }
}
