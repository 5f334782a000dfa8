//! The cache folder: where it is, and how an asset gets into it.

use std::ffi::OsString;
use std::fmt;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use crate::manifest::{Damage, Manifest};
use crate::pip::fetch_command;
use crate::wheel::ONNXRUNTIME_LIBRARY;
use crate::{AssetError, Fetch, Pip, Platform, Wheel, disk_free};

/// The folder that the assets are kept in.
pub struct Cache {
    pub(crate) root: PathBuf,
    pub(crate) library: Option<PathBuf>,
    fetch: Box<dyn Fetch>,
}

/// A step that takes long enough to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Another process has the asset in hand.
    Waiting {
        /// The asset.
        asset: String,
    },
    /// A wheel is being downloaded.
    Fetching {
        /// The asset.
        asset: String,
        /// Size of the download.
        bytes: u64,
    },
    /// A wheel is being unpacked.
    Unpacking {
        /// The asset.
        asset: String,
    },
    /// A cached file is not what it was and the asset is being unpacked again.
    Mending {
        /// The asset.
        asset: String,
        /// The first damaged file.
        file: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Progress::Waiting { asset } => write!(f, "{asset}: waiting for another process that fetches it"),
            Progress::Fetching { asset, bytes } => {
                write!(f, "{asset}: fetching {} MB", bytes.div_ceil(1_000_000))
            }
            Progress::Unpacking { asset } => write!(f, "{asset}: unpacking"),
            Progress::Mending { asset, file, why } => {
                write!(f, "{asset}: the cached file {} is damaged ({why}); unpacking again", file.display())
            }
        }
    }
}

impl Cache {
    /// The cache of this user: `LANEPROOF_CACHE`, else `$XDG_CACHE_HOME/laneproof`, else `~/.cache/laneproof`.
    ///
    /// Nothing is created or fetched until an asset is asked for.
    pub fn open() -> Result<Cache, AssetError> {
        Cache::from_variables(|name| std::env::var_os(name))
    }

    /// As [`Cache::open`], with the environment given.
    pub(crate) fn from_variables(variable: impl Fn(&str) -> Option<OsString>) -> Result<Cache, AssetError> {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        // The XDG base directory specification has relative paths ignored.
        let root = set("LANEPROOF_CACHE")
            .or_else(|| set("XDG_CACHE_HOME").filter(|p| p.is_absolute()).map(|p| p.join("laneproof")))
            .or_else(|| set("HOME").map(|p| p.join(".cache/laneproof")))
            .ok_or(AssetError::NoCacheFolder)?;
        let root = std::path::absolute(&root).map_err(|e| AssetError::io("resolve", &root, e))?;
        Ok(Cache { root, library: set("ORT_DYLIB_PATH"), fetch: Box::new(Pip) })
    }

    /// A cache at `root` that fetches by `fetch` and ignores the environment.
    pub fn at(root: impl Into<PathBuf>, fetch: Box<dyn Fetch>) -> Cache {
        Cache { root: root.into(), library: None, fetch }
    }

    /// The cache folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder that contains `mpfb2/` and `faceunits01/`, verified; fetched if it is not there.
    pub fn people_data(&self, progress: &mut dyn FnMut(Progress)) -> Result<PathBuf, AssetError> {
        self.ensure(&Wheel::people(), progress)
    }

    /// ONNX Runtime's shared library, verified; fetched if it is not there. `ORT_DYLIB_PATH` wins.
    pub fn onnxruntime(&self, progress: &mut dyn FnMut(Progress)) -> Result<PathBuf, AssetError> {
        if let Some(path) = &self.library {
            // The loader would look for a relative path beside the executable first: leave it no choice.
            return match std::fs::canonicalize(path) {
                Ok(path) if path.is_file() => Ok(path),
                _ => Err(AssetError::NoSuchLibrary { path: path.clone() }),
            };
        }
        let platform = Platform::current()
            .map_err(|platform| AssetError::UnsupportedPlatform { asset: "ONNX Runtime".into(), platform })?;
        let folder = self.ensure(&Wheel::onnxruntime(platform), progress)?;
        Ok(folder.join("capi").join(ONNXRUNTIME_LIBRARY))
    }

    /// Where the wheels are kept.
    pub(crate) fn wheels(&self) -> PathBuf {
        self.root.join("wheels")
    }

    /// The folder of the unpacked `wheel`, verified; fetched, unpacked or mended where it must be.
    pub fn ensure(&self, wheel: &Wheel, progress: &mut dyn FnMut(Progress)) -> Result<PathBuf, AssetError> {
        let folder = self.root.join(&wheel.folder);
        // The common case takes no lock and writes nothing, so a read-only cache serves too.
        if Manifest::verify(&folder, &wheel.manifest_blake3).is_ok() {
            return Ok(folder);
        }
        create_folder(&self.root).and_then(|()| self.replace(wheel, &folder, progress)).map_err(|cause| {
            let cause = cause.for_asset(&wheel.name, wheel.needed_bytes());
            match Manifest::verify(&folder, &wheel.manifest_blake3) {
                Err(Damage { file, why }) if folder.exists() => {
                    AssetError::Damaged { file, why, cause: Box::new(cause) }
                }
                _ => cause,
            }
        })?;
        Ok(folder)
    }

    /// Puts a verified tree at `folder`, under the asset's lock.
    fn replace(&self, wheel: &Wheel, folder: &Path, progress: &mut dyn FnMut(Progress)) -> Result<(), AssetError> {
        let _lock = self.lock(wheel, progress)?;
        // Whoever held the lock before may have done the work.
        match Manifest::verify(folder, &wheel.manifest_blake3) {
            Ok(_) => return Ok(()),
            Err(Damage { file, why }) if folder.exists() => {
                progress(Progress::Mending { asset: wheel.name.clone(), file, why });
            }
            Err(_) => {}
        }
        // The lock is ours, so what lies here was left by a process that was killed. Its pip may outlive it by seconds
        // and still write there: hence a folder of our own, and clearing up that may fail.
        let partial = self.root.join("partial").join(&wheel.folder);
        let _ = std::fs::remove_dir_all(&partial);
        let work = partial.join(std::process::id().to_string());
        remove_folder(&work)?;
        create_folder(&work)?;
        let done = self.stage(wheel, &work, folder, progress);
        let _ = std::fs::remove_dir_all(&partial);
        done
    }

    /// Fetches and unpacks in `work`, then swaps the tree in.
    fn stage(
        &self,
        wheel: &Wheel,
        work: &Path,
        folder: &Path,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), AssetError> {
        let kept = self.kept_wheel(wheel, work, progress)?;
        progress(Progress::Unpacking { asset: wheel.name.clone() });
        let tree = work.join("tree");
        create_folder(&tree)?;
        wheel.unpack(&kept, &tree)?;
        if folder.exists() {
            let old = work.join("old");
            std::fs::rename(folder, &old).map_err(|e| AssetError::io("move", folder, e))?;
        }
        std::fs::rename(&tree, folder).map_err(|e| AssetError::io("move", &tree, e))
    }

    /// The path of the wheel in `wheels/`, of the pinned hash; fetched if it is not there.
    fn kept_wheel(
        &self,
        wheel: &Wheel,
        work: &Path,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<PathBuf, AssetError> {
        let kept = self.wheels().join(&wheel.file);
        if kept.exists() {
            if wheel.check(&kept)?.is_ok() {
                return Ok(kept);
            }
            std::fs::remove_file(&kept).map_err(|e| AssetError::io("remove", &kept, e))?;
        }
        if disk_free(&self.root)? < wheel.needed_bytes() {
            return Err(AssetError::NoSpace {
                asset: wheel.name.clone(),
                folder: self.root.clone(),
                needed_bytes: wheel.needed_bytes(),
            });
        }
        progress(Progress::Fetching { asset: wheel.name.clone(), bytes: wheel.wheel_bytes });
        let download = work.join("download");
        create_folder(&download)?;
        let command = fetch_command(wheel, &self.wheels());
        self.fetch.fetch(wheel, &download, &command)?;
        let fetched = download.join(&wheel.file);
        if !fetched.exists() {
            let detail = format!("it brought no {}", wheel.file);
            return Err(AssetError::Pip { asset: wheel.name.clone(), detail, command });
        }
        if let Err(got) = wheel.check(&fetched)? {
            return Err(AssetError::HashMismatch {
                asset: wheel.name.clone(),
                file: wheel.file.clone(),
                expected: wheel.sha256.clone(),
                got,
                command,
            });
        }
        create_folder(&self.wheels())?;
        std::fs::rename(&fetched, &kept).map_err(|e| AssetError::io("move", &fetched, e))?;
        Ok(kept)
    }

    /// Takes the asset's lock, which the system frees when this process ends, however it ends.
    fn lock(&self, wheel: &Wheel, progress: &mut dyn FnMut(Progress)) -> Result<File, AssetError> {
        let path = self.root.join(format!("{}.lock", wheel.folder));
        let refused = |e| AssetError::io("lock", &path, e);
        let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(refused)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                progress(Progress::Waiting { asset: wheel.name.clone() });
                file.lock().map_err(refused)?;
            }
            Err(TryLockError::Error(e)) => return Err(refused(e)),
        }
        Ok(file)
    }
}

fn create_folder(path: &Path) -> Result<(), AssetError> {
    std::fs::create_dir_all(path).map_err(|e| AssetError::io("create", path, e))
}

fn remove_folder(path: &Path) -> Result<(), AssetError> {
    match std::fs::remove_dir_all(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(AssetError::io("remove", path, e)),
        _ => Ok(()),
    }
}
