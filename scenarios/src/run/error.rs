//! Why a run stopped.
use std::{
    io,
    path::{Path, PathBuf},
};

use crate::exit;

/// Why a run stopped before its end. What was done stays; `--resume` goes on from it.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A file could not be written or read.
    #[error("{}: {source}; make room or choose another folder, then run again with --resume", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file of an earlier run cannot be read.
    #[error("{} is damaged: {reason}; delete it and run again with --resume", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The folder holds something and `--resume` was not given.
    #[error("{} is in use; name a new folder with --out, or go on with --resume", path.display())]
    FolderInUse {
        /// The folder.
        path: PathBuf,
    },
    /// `--resume` on a run of something else.
    #[error("{} holds a run with another {what}: {there} there, {here} here; name a new folder with --out", path.display())]
    OtherRun {
        /// The folder.
        path: PathBuf,
        /// What differs.
        what: String,
        /// Value of the run in the folder.
        there: String,
        /// Value now.
        here: String,
    },
    /// A folder that holds no finished run.
    #[error("{} holds no finished run: {reason}; name a run's folder, or end the run with `laneproof run … --resume`", path.display())]
    NoFinishedRun {
        /// The folder.
        path: PathBuf,
        /// What is missing.
        reason: String,
    },
    /// A file or folder that holds no study of assumptions.
    #[error("{} holds no study of assumptions; `laneproof assumptions FILE` makes one", path.display())]
    NoStudy {
        /// The file.
        path: PathBuf,
    },
    /// A finished run whose scenario is another now.
    #[error(
        "{} or a file it names has changed since the run in {}; run it again, or name the scenario as it was with --scenario",
        scenario.display(),
        path.display()
    )]
    ScenarioChanged {
        /// The scenario.
        scenario: PathBuf,
        /// The folder.
        path: PathBuf,
    },
    /// An encounter that the scenario does not have.
    #[error("there is no encounter {encounter}: the scenario has {encounters}, counted from 0")]
    NoSuchEncounter {
        /// Asked for.
        encounter: u64,
        /// Number in the scenario.
        encounters: u64,
    },
    /// A baseline that cannot be read.
    #[error("{} is no baseline: {reason}; mend it, or write it anew with --accept", path.display())]
    Baseline {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The scenario's sample cannot be drawn.
    #[error("{0}")]
    Sample(String),
    /// The world or the stack cannot go on.
    #[error("{0}; `laneproof doctor` shows what is missing, --resume goes on from here")]
    Setup(String),
    /// The report's template does not fit its values: a defect of the program.
    #[error("the report cannot be made: {0}")]
    Report(String),
}

impl RunError {
    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }

    /// The program's exit code, see [`exit`].
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Io { .. } | Self::Damaged { .. } => exit::IO,
            Self::FolderInUse { .. }
            | Self::OtherRun { .. }
            | Self::NoFinishedRun { .. }
            | Self::NoStudy { .. }
            | Self::ScenarioChanged { .. }
            | Self::NoSuchEncounter { .. }
            | Self::Sample(_)
            | Self::Baseline { .. } => exit::USAGE,
            Self::Setup(_) => exit::SETUP,
            Self::Report(_) => exit::UNEXPECTED,
        }
    }
}
