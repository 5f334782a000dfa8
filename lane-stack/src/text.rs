//! Reads TOML so that every mistake is told with its file, line and column.
use crate::error::SetupError;
use serde::de::DeserializeOwned;
use std::ops::Range;
use std::path::{Path, PathBuf};
use toml::Spanned;

/// A text with the name under which people know it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Source {
    /// File, or a name in angle brackets for an embedded text.
    pub path: PathBuf,
    /// Contents.
    pub text: String,
}

impl Source {
    /// Reads a file.
    pub fn read(path: &Path) -> Result<Self, SetupError> {
        let text = std::fs::read_to_string(path).map_err(|e| SetupError::file(path, &e))?;
        Ok(Self { path: path.to_path_buf(), text })
    }

    /// Parses the whole text as a `T`.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, SetupError> {
        toml::from_str(&self.text).map_err(|e| self.error_at(e.span().unwrap_or(0..0), e.message().to_string()))
    }

    /// A value that must lie in a range, both ends included; `None` when it is left out.
    pub fn within<T>(&self, value: Option<Spanned<T>>, name: &str, [from, to]: [T; 2]) -> Result<Option<T>, SetupError>
    where
        T: PartialOrd + Copy + std::fmt::Display,
    {
        match value {
            None => Ok(None),
            Some(v) if *v.get_ref() >= from && *v.get_ref() <= to => Ok(Some(v.into_inner())),
            Some(v) => {
                let reason = format!("{name} = {} must be from {from} to {to}", v.get_ref());
                Err(self.error_at(v.span(), reason))
            }
        }
    }

    /// An error at a span of bytes of this text.
    pub fn error_at(&self, span: Range<usize>, reason: String) -> SetupError {
        let mut start = span.start.min(self.text.len());
        while !self.text.is_char_boundary(start) {
            start -= 1;
        }
        let before = &self.text[..start];
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|&c| c != '\n').count() + 1;
        SetupError::Text { path: self.path.clone(), line, column, reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Small {
        a: i32,
    }

    #[test]
    fn unknown_key_is_told_with_line_and_column() {
        let source = Source { path: "x.toml".into(), text: "a = 1\n  b = 2\n".into() };
        let SetupError::Text { line, column, reason, .. } = source.parse::<Small>().unwrap_err() else {
            panic!("expected a text error")
        };
        assert_eq!((line, column), (2, 3));
        assert!(reason.contains('b') && reason.contains('a'), "{reason}");
    }

    #[test]
    fn wrong_type_is_told_at_its_value() {
        let source = Source { path: "x.toml".into(), text: "# é\na = \"one\"\n".into() };
        let message = source.parse::<Small>().unwrap_err().to_string();
        assert!(message.starts_with("x.toml:2:5: "), "{message}");
    }
}
