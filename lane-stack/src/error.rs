//! Errors of setting a stack up: cards, configuration, models, ONNX Runtime.
use std::path::{Path, PathBuf};

/// Why a stack could not be set up.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SetupError {
    /// A file could not be read or written.
    #[error("{path}: {reason}")]
    File {
        /// File.
        path: PathBuf,
        /// What the system said, and what would be right.
        reason: String,
    },
    /// A card or a configuration has a wrong value at a known place.
    #[error("{path}:{line}:{column}: {reason}")]
    Text {
        /// File.
        path: PathBuf,
        /// Line, counted from 1.
        line: usize,
        /// Column in characters, counted from 1.
        column: usize,
        /// What was wrong, and what would be right.
        reason: String,
    },
    /// No card fits what was asked for.
    #[error("no {wanted} in {models}: {reason}")]
    NoModel {
        /// What was looked for.
        wanted: String,
        /// Models directory.
        models: PathBuf,
        /// What would be right.
        reason: String,
    },
    /// A model file is damaged, or is not the model that its card describes.
    #[error("model {path} (card {card}): {reason}")]
    Model {
        /// Model file.
        path: PathBuf,
        /// Name in the card.
        card: String,
        /// What was wrong.
        reason: String,
    },
    /// ONNX Runtime's shared library is missing, unreadable or too old.
    #[error("ONNX Runtime: {reason}")]
    Runtime {
        /// What was wrong, and what would be right.
        reason: String,
    },
}

impl SetupError {
    /// A file error from what the system said.
    pub(crate) fn file(path: &Path, error: &std::io::Error) -> Self {
        Self::File { path: path.to_path_buf(), reason: error.to_string() }
    }

    /// The process exit code that the `lane-stack` binary documents for this error.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::File { .. } => crate::exit::USAGE,
            Self::Text { .. } | Self::NoModel { .. } | Self::Model { .. } => crate::exit::MODEL,
            Self::Runtime { .. } => crate::exit::RUNTIME,
        }
    }
}
