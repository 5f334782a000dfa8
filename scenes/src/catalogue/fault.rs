//! What is wrong with a file that a person wrote, and where.
use std::{fmt, ops::Range, path::PathBuf};

/// One fault in a file: where it stands, what is wrong, what would be right.
#[derive(Debug, Clone, PartialEq)]
pub struct FileFault {
    /// The file, as the user named it; files that ship with the program are named `catalogue:rigs/three-poles.toml`.
    pub path: PathBuf,
    /// The file's text; empty when it could not be read.
    pub text: String,
    /// Bytes of `text` that are at fault; `None` when the file as a whole is.
    pub span: Option<Range<usize>>,
    /// What is wrong, as a lower-case fragment.
    pub problem: String,
    /// What would be right.
    pub help: String,
}

impl FileFault {
    /// Line and column of the fault, both from 1; columns count characters.
    pub fn line_and_column(&self) -> Option<(usize, usize)> {
        let start = self.span.as_ref()?.start.min(self.text.len());
        let before = self.text.get(..start)?;
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        Some((before.matches('\n').count() + 1, before[line_start..].chars().count() + 1))
    }
}

impl fmt::Display for FileFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some((line, column)) = self.line_and_column() {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.problem)?;
        if !self.help.is_empty() {
            write!(f, "; {}", self.help)?;
        }
        Ok(())
    }
}

impl std::error::Error for FileFault {}

/// A value that its type admits but the world does not: found after reading, located by the path of its key.
#[derive(Debug, Clone, PartialEq)]
pub struct ValueFault {
    /// Keys and array indices from the file's root, joined by dots: `cameras.1.exposure_us`.
    pub key_path: String,
    /// What is wrong, as a lower-case fragment.
    pub problem: String,
    /// What would be right.
    pub help: String,
}

impl ValueFault {
    /// A fault at a key.
    pub fn new(key_path: impl Into<String>, problem: impl Into<String>, help: impl Into<String>) -> Self {
        Self { key_path: key_path.into(), problem: problem.into(), help: help.into() }
    }
}
