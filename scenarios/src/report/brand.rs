//! What a vendor adds to the page: a title, a logo and notes, from a TOML file.
//!
//! ```toml
//! title = "Lane trial, port of entry east"
//! logo = "logo.svg"        # PNG, JPEG or SVG, beside this file, at most 512 KiB
//! notes = """
//! One paragraph.
//!
//! Another, after an empty line. Plain text.
//! """
//! ```
use std::path::{Path, PathBuf};

use laneproof_scenes::catalogue::{
    fault::{FileFault, ValueFault},
    source::SourceFile,
};
use serde::{Deserialize, Serialize};

use super::pictures::base64;

/// Largest logo: it is carried in every page.
const MOST_BYTES: usize = 512 * 1024;

/// The file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BrandFile {
    title: Option<String>,
    logo: Option<PathBuf>,
    notes: Option<String>,
}

/// What the page shows of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Brand {
    /// Stands above the scenario's title.
    pub title: Option<String>,
    /// Picture as a data URI.
    pub logo: Option<String>,
    /// Paragraphs.
    pub notes: Vec<String>,
}

impl Brand {
    /// Reads a file and the logo that it names.
    pub fn open(path: &Path) -> Result<Self, FileFault> {
        let source = SourceFile::open(path)?;
        let file: BrandFile = source.parse()?;
        let fault = |key: &str, problem: String, help: &str| source.value_fault(ValueFault::new(key, problem, help));
        let title = file.title.map(|title| title.trim().to_owned());
        if title.as_ref().is_some_and(String::is_empty) {
            return Err(fault("title", "the title is empty".to_owned(), "write one, or leave it out"));
        }
        let logo = match &file.logo {
            Some(name) => {
                let at = path.parent().unwrap_or(Path::new("")).join(name);
                Some(logo(&at).map_err(|(problem, help)| fault("logo", problem, help))?)
            }
            None => None,
        };
        Ok(Self { title, logo, notes: paragraphs(&file.notes.unwrap_or_default()) })
    }
}

/// Texts between empty lines, each on one line.
fn paragraphs(text: &str) -> Vec<String> {
    let mut paragraphs = vec![String::new()];
    for line in text.lines().map(str::trim) {
        let last = paragraphs.last_mut().expect("one at least");
        match (line.is_empty(), last.is_empty()) {
            (true, true) => {}
            (true, false) => paragraphs.push(String::new()),
            (false, true) => last.push_str(line),
            (false, false) => *last += &format!(" {line}"),
        }
    }
    paragraphs.retain(|paragraph| !paragraph.is_empty());
    paragraphs
}

/// A logo as a data URI, by what the file holds and not by its name; else what is wrong with it, and what would be right.
fn logo(path: &Path) -> Result<String, (String, &'static str)> {
    const KINDS: &str = "give a PNG, JPEG or SVG file of at most 512 KiB; a path counts from the brand file";
    let shown = path.display();
    let bytes = std::fs::read(path).map_err(|e| (format!("the logo {shown} cannot be read: {e}"), KINDS))?;
    if bytes.len() > MOST_BYTES {
        return Err((format!("the logo {shown} has {} KiB, more than 512", bytes.len().div_ceil(1024)), KINDS));
    }
    let kind = match &bytes[..] {
        [0x89, b'P', b'N', b'G', ..] => "png",
        [0xff, 0xd8, 0xff, ..] => "jpeg",
        text if std::str::from_utf8(text).is_ok_and(|text| text.contains("<svg")) => "svg+xml",
        _ => return Err((format!("the logo {shown} is neither PNG nor JPEG nor SVG"), KINDS)),
    };
    if kind != "svg+xml" {
        image::load_from_memory(&bytes).map_err(|e| (format!("the logo {shown} cannot be decoded: {e}"), KINDS))?;
    }
    Ok(format!("data:image/{kind};base64,{}", base64(&bytes)))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Brand, paragraphs};

    const SVG: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 9 9\"><circle r=\"4\"/></svg>";

    /// Contract: a mistake is told with its line and column and what would be right.
    #[test]
    fn mistakes_are_told_with_place_and_remedy() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("brand.toml");
        fs::write(folder.path().join("logo.svg"), SVG).expect("write");
        fs::write(folder.path().join("logo.txt"), "a logo").expect("write");
        fs::write(folder.path().join("half.png"), [0x89, b'P', b'N', b'G', 13, 10]).expect("write");
        fs::write(folder.path().join("large.svg"), format!("{SVG}{}", " ".repeat(600 * 1024))).expect("write");
        for (text, place, problem) in [
            ("title = \"A\"\nlogos = \"logo.svg\"\n", (2, 1), "unknown key `logos`; did you mean `logo`?"),
            ("title = 7\n", (1, 9), "wrong"),
            ("title = \"\"\n", (1, 9), "the title is empty"),
            ("title = \"A\n", (1, 9), "not valid TOML"),
            ("\nlogo = \"gone.png\"\n", (2, 8), "cannot be read"),
            ("logo = \"logo.txt\"\n", (1, 8), "neither PNG nor JPEG nor SVG"),
            ("logo = \"half.png\"\n", (1, 8), "cannot be decoded"),
            ("logo = \"large.svg\"\n", (1, 8), "more than 512"),
        ] {
            fs::write(&path, text).expect("write");
            let fault = Brand::open(&path).expect_err(text);
            let told = fault.to_string();
            assert!(told.contains(problem) && !fault.help.is_empty(), "{text}: {told}");
            if !text.ends_with("A\n") {
                assert_eq!(fault.line_and_column(), Some(place), "{text}: {told}");
            }
        }
        assert!(Brand::open(&folder.path().join("gone.toml")).is_err());
    }

    #[test]
    fn a_brand_carries_its_logo_and_notes() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("brand.toml");
        fs::write(folder.path().join("logo.svg"), SVG).expect("write");
        fs::write(&path, "title = \" Trial \"\nlogo = \"logo.svg\"\nnotes = \"\"\"\nOne\nline.\n\n\nTwo.\n\"\"\"\n")
            .expect("write");
        let brand = Brand::open(&path).expect("reads");
        assert_eq!(
            (brand.title.as_deref(), brand.notes),
            (Some("Trial"), vec!["One line.".to_owned(), "Two.".to_owned()])
        );
        assert!(brand.logo.is_some_and(|logo| logo.starts_with("data:image/svg+xml;base64,PHN2Zy")));
        assert_eq!(paragraphs(" \n\n"), Vec::<String>::new());
        fs::write(&path, "").expect("write");
        assert_eq!(Brand::open(&path).expect("all may be left out"), Brand::default());
    }
}
