//! Reading a TOML file so that every complaint knows its line and column.
use std::{ops::Range, path::Path};

use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue};

use super::{
    fault::{FileFault, ValueFault},
    suggest,
};

/// A file's name and text.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceFile {
    /// As the user named it, or `catalogue:kind/name.toml`.
    pub path: std::path::PathBuf,
    /// Its text.
    pub text: String,
}

impl SourceFile {
    /// Reads a file.
    pub fn open(path: &Path) -> Result<Self, FileFault> {
        let whole = |problem: String, help: &str| FileFault {
            path: path.to_owned(),
            text: String::new(),
            span: None,
            problem,
            help: help.to_owned(),
        };
        let bytes = std::fs::read(path).map_err(|e| {
            whole(format!("cannot be read: {e}"), "give the path of an existing TOML file that you may read")
        })?;
        let text =
            String::from_utf8(bytes).map_err(|e| whole(format!("is not UTF-8 text: {e}"), "save the file as UTF-8"))?;
        Ok(Self { path: path.to_owned(), text })
    }

    /// Reads the text as `T`; `T` should deny unknown fields.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, FileFault> {
        // The tree is parsed first, so that plain syntax errors do not depend on T.
        let tree = DeTable::parse(&self.text).map_err(|e| self.syntax_fault(&e))?;
        toml::from_str(&self.text).map_err(|e| {
            let span = e.span().unwrap_or(0..0);
            let (problem, help, span) = suggest::explain(e.message(), span, tree.get_ref(), &self.text);
            self.fault(Some(span), problem, help)
        })
    }

    fn syntax_fault(&self, error: &toml::de::Error) -> FileFault {
        let problem = error.message().lines().next().unwrap_or("cannot be parsed").to_owned();
        self.fault(
            error.span(),
            format!("is not valid TOML here: {problem}"),
            "see https://toml.io for the syntax".into(),
        )
    }

    /// A fault of this file.
    pub fn fault(&self, span: Option<Range<usize>>, problem: String, help: String) -> FileFault {
        FileFault { path: self.path.clone(), text: self.text.clone(), span, problem, help }
    }

    /// The fault of the value at a key path, or of the nearest enclosing table that exists.
    pub fn value_fault(&self, fault: ValueFault) -> FileFault {
        let span = self.locate(&fault.key_path);
        self.fault(span, fault.problem, fault.help)
    }

    /// Bytes of the value at a key path (`cameras.1.exposure_us`), or of the deepest value on the way that exists.
    pub fn locate(&self, key_path: &str) -> Option<Range<usize>> {
        let tree = DeTable::parse(&self.text).ok()?;
        let mut keys = key_path.split('.');
        let mut here = tree.get_ref().get(keys.next()?)?;
        for key in keys {
            let next = match here.get_ref() {
                DeValue::Table(table) => table.get(key),
                DeValue::Array(array) => key.parse::<usize>().ok().and_then(|i| array.get(i)),
                _ => None,
            };
            match next {
                Some(value) => here = value,
                None => break,
            }
        }
        Some(here.span())
    }
}
