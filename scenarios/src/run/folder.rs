//! The run folder: every file is written beside its place and renamed into it, so that a killed run leaves no half files.
use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Serialize, de::DeserializeOwned};

use super::error::RunError;

/// A run's folder.
#[derive(Debug, Clone, PartialEq)]
pub struct RunFolder {
    root: PathBuf,
}

impl RunFolder {
    /// Names a folder; touches nothing.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A file in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Name of an encounter's result.
    pub fn encounter_name(encounter: u64) -> String {
        format!("encounters/{encounter:04}.json")
    }

    /// Name of a frame's file.
    pub fn frame_name(encounter: u64, exposure_id: u64, camera_id: &str) -> String {
        format!("frames/e{encounter:04}-x{exposure_id:03}-{camera_id}.jpg")
    }

    /// Whether the folder holds anything.
    pub fn is_in_use(&self) -> bool {
        fs::read_dir(&self.root).is_ok_and(|mut entries| entries.next().is_some())
    }

    /// Makes the folder and those inside it.
    pub fn create(&self) -> Result<(), RunError> {
        for name in ["encounters", "frames", "portraits"] {
            let path = self.path(name);
            fs::create_dir_all(&path).map_err(|e| RunError::io(&path, e))?;
        }
        Ok(())
    }

    /// Writes a file whole or not at all.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), RunError> {
        let path = self.path(name);
        let mut temporary = path.clone().into_os_string();
        temporary.push(".part");
        let temporary = PathBuf::from(temporary);
        fs::write(&temporary, bytes).and_then(|()| fs::rename(&temporary, &path)).map_err(|e| RunError::io(&path, e))
    }

    /// Writes a value as JSON.
    pub fn write_json<T: Serialize>(&self, name: &str, value: &T) -> Result<(), RunError> {
        let mut text = serde_json::to_vec_pretty(value).map_err(|e| RunError::io(&self.path(name), e.into()))?;
        text.push(b'\n');
        self.write(name, &text)
    }

    /// Reads a file; `None` when there is none.
    pub fn read(&self, name: &str) -> Result<Option<Vec<u8>>, RunError> {
        let path = self.path(name);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(RunError::io(&path, e)),
        }
    }

    /// Reads a JSON file; `None` when there is none, an error when it is damaged.
    pub fn read_json<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, RunError> {
        let Some(bytes) = self.read(name)? else { return Ok(None) };
        serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|e| RunError::Damaged { path: self.path(name), reason: e.to_string() })
    }
}
