//! What a gallery refuses, and what can go wrong with its file.
use crate::exit;
use std::path::{Path, PathBuf};

/// What is right where there is no gallery.
pub(super) const NO_GALLERY: &str =
    "name the right file, restore it from a copy, or make an empty one with `lane-stack gallery init`";

/// Why a gallery did not do what it was asked.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum GalleryError {
    /// There is no such file, or one where none may be.
    #[error("{path}: {reason}")]
    File {
        /// File.
        path: PathBuf,
        /// What the system said, and what would be right.
        reason: String,
    },
    /// The file is no gallery, one of another version, or damaged.
    #[error("gallery {path}: {reason}")]
    Damaged {
        /// Database file.
        path: PathBuf,
        /// What was wrong, and what would be right.
        reason: String,
    },
    /// The master key is missing, malformed or another.
    #[error("master key: {0}")]
    Key(String),
    /// Another process has the gallery open.
    #[error(
        "gallery {path}: another process has it open; ask that one (a service enrols, searches, looks up and deletes), \
         or stop it first"
    )]
    Busy {
        /// Database file.
        path: PathBuf,
    },
    /// The disk is full or fails, or may not be written. What was acknowledged before stays.
    #[error("gallery {path}: {reason}")]
    Disk {
        /// Database file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// A template that no model gives: not finite, without direction, of another length, of another model.
    #[error("template: {0}")]
    Template(String),
    /// No such reference.
    #[error("no reference \"{0}\" is enrolled")]
    Unknown(String),
    /// An earlier request failed within the program, which may have left memory and disk apart.
    #[error("an earlier request failed within the program; the gallery must be opened again")]
    Broken,
    /// The policy, the evidence or a rule of the gallery forbids it.
    #[error("{0}")]
    Refused(String),
}

impl GalleryError {
    /// A damage of the file at `path`.
    pub(super) fn damaged(path: &Path, reason: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_path_buf(), reason: reason.into() }
    }

    /// An error of the system about `path`.
    pub(super) fn file(path: &Path, error: &std::io::Error) -> Self {
        Self::File { path: path.to_path_buf(), reason: error.to_string() }
    }

    /// A failure to write near `path`.
    pub(super) fn disk(path: &Path, error: &std::io::Error) -> Self {
        Self::Disk { path: path.to_path_buf(), reason: error.to_string() }
    }

    /// What SQLite said of the database at `path`.
    pub(super) fn sqlite(path: &Path, error: &rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        let path = path.to_path_buf();
        match error.sqlite_error_code() {
            Some(Code::DatabaseBusy | Code::DatabaseLocked) => Self::Busy { path },
            Some(Code::NotADatabase) => Self::damaged(&path, format!("it is no SQLite database; {NO_GALLERY}")),
            Some(Code::DiskFull | Code::SystemIoFailure | Code::ReadOnly | Code::PermissionDenied) => {
                Self::Disk { path, reason: format!("{error}; nothing of this request was kept") }
            }
            Some(Code::CannotOpen) => Self::File { path, reason: error.to_string() },
            _ => Self::damaged(&path, format!("it is damaged: {error}; restore it from a copy")),
        }
    }

    /// The process exit code that the `lane-stack` binary documents for this error.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::File { .. } => exit::USAGE,
            Self::Damaged { .. } | Self::Broken => exit::GALLERY,
            Self::Key(_) => exit::KEY,
            Self::Busy { .. } => exit::BUSY,
            Self::Disk { .. } => exit::DISK,
            Self::Template(_) | Self::Unknown(_) | Self::Refused(_) => exit::REFUSED,
        }
    }
}
