//! A file of lines, one for each thing measured, that a later call goes on from.
use std::{
    fs::File,
    io::Write as _,
    marker::PhantomData,
    path::{Path, PathBuf},
};

use serde::{Serialize, de::DeserializeOwned};

use crate::session::Failure;

/// An open journal of `T`.
pub(super) struct Journal<T> {
    path: PathBuf,
    file: File,
    of: PhantomData<T>,
}

impl<T: Serialize + DeserializeOwned> Journal<T> {
    /// Opens or begins a journal; gives what it holds, at most `most` entries, and forgets the rest. A line that a kill cut
    /// off is measured again.
    pub fn open(path: PathBuf, most: usize) -> Result<(Self, Vec<T>), Failure> {
        let mut entries = read(&path)?;
        entries.truncate(most);
        let lines: Result<String, _> = entries.iter().map(|entry| line(&path, entry)).collect();
        std::fs::write(&path, lines?).map_err(|e| Failure::io(&path, e))?;
        let file = File::options().append(true).open(&path).map_err(|e| Failure::io(&path, e))?;
        Ok((Self { path, file, of: PhantomData }, entries))
    }

    /// Adds an entry.
    pub fn add(&mut self, entry: &T) -> Result<(), Failure> {
        let line = line(&self.path, entry)?;
        self.file.write_all(line.as_bytes()).map_err(|e| Failure::io(&self.path, e))
    }
}

fn line<T: Serialize>(path: &Path, entry: &T) -> Result<String, Failure> {
    serde_json::to_string(entry).map(|text| text + "\n").map_err(|e| Failure::io(path, e))
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>, Failure> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(e) => return Err(Failure::io(path, e)),
    };
    let whole = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    let entries: Result<Vec<T>, _> = whole.map(serde_json::from_str).collect();
    entries.map_err(|e| Failure::usage(format!("{}: {e}; choose another --out", path.display())))
}
