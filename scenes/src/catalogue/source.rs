//! Reading a TOML file so that every complaint knows its line and column.
use std::{ops::Range, path::Path};

use serde::de::DeserializeOwned;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

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
            match child(here.get_ref(), key) {
                Some((_, value)) => here = value,
                None => break,
            }
        }
        Some(here.span())
    }

    /// Where bytes of the text lie in the tree that it says: the keys and indices from the root, and whether the bytes are of
    /// the last key itself and not of its value. Nothing where they belong to no value.
    pub fn keys_at(&self, span: &Range<usize>) -> Option<(Vec<String>, bool)> {
        let tree = DeTable::parse(&self.text).ok()?;
        let mut found: Option<(usize, Vec<String>, bool)> = None;
        let mut visit = |place: Range<usize>, keys: &[String], on_key: bool| {
            let holds = place.start <= span.start && span.end <= place.end.max(place.start + 1);
            if holds && found.as_ref().is_none_or(|(length, ..)| place.len() <= *length) {
                found = Some((place.len(), keys.to_vec(), on_key));
            }
        };
        for (key, value) in tree.get_ref() {
            walk(key.get_ref(), key.span(), value, &mut Vec::new(), &mut visit);
        }
        found.map(|(_, keys, on_key)| (keys, on_key))
    }

    /// Bytes of the value at the given keys and indices, or of its key; nothing where the text has none there.
    pub fn locate_keys(&self, keys: &[String], on_key: bool) -> Option<Range<usize>> {
        let tree = DeTable::parse(&self.text).ok()?;
        let (first, rest) = keys.split_first()?;
        let (key, mut here) = tree.get_ref().get_key_value(first.as_str())?;
        let mut key_span = Some(key.span());
        for key in rest {
            (key_span, here) = child(here.get_ref(), key)?;
        }
        Some(key_span.filter(|_| on_key).unwrap_or_else(|| here.span()))
    }
}

/// What a table or list holds under a key or index, with the bytes of the key.
fn child<'v, 'i>(value: &'v DeValue<'i>, key: &str) -> Option<(Option<Range<usize>>, &'v Spanned<DeValue<'i>>)> {
    match value {
        DeValue::Table(table) => table.get_key_value(key).map(|(key, value)| (Some(key.span()), value)),
        DeValue::Array(array) => key.parse::<usize>().ok().and_then(|i| array.get(i)).map(|value| (None, value)),
        _ => None,
    }
}

/// Visits a key, its value, and all below.
fn walk(
    key: &str,
    key_span: Range<usize>,
    value: &Spanned<DeValue<'_>>,
    above: &mut Vec<String>,
    visit: &mut impl FnMut(Range<usize>, &[String], bool),
) {
    above.push(key.to_owned());
    visit(key_span, above, true);
    visit(value.span(), above, false);
    match value.get_ref() {
        DeValue::Table(table) => {
            for (key, value) in table {
                walk(key.get_ref(), key.span(), value, above, visit);
            }
        }
        DeValue::Array(array) => {
            for (i, value) in array.iter().enumerate() {
                walk(&i.to_string(), value.span(), value, above, visit);
            }
        }
        _ => {}
    }
    above.pop();
}
