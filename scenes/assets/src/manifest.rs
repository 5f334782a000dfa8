//! The list of unpacked files with their BLAKE3, and the check of a folder against it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

/// Every file of an unpacked asset: path below its folder, size and BLAKE3.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Manifest {
    files: BTreeMap<String, (u64, String)>,
}

/// The first file that is not as it was unpacked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Damage {
    pub file: PathBuf,
    pub why: String,
}

impl Manifest {
    /// Name of the manifest in the folder that it describes.
    pub const FILE: &str = "MANIFEST";

    /// Adds a file by its contents.
    pub fn add(&mut self, path: &str, bytes: &[u8]) {
        self.files.insert(path.to_owned(), (bytes.len() as u64, blake3::hash(bytes).to_hex().to_string()));
    }

    /// How many files.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Their size together.
    pub fn bytes(&self) -> u64 {
        self.files.values().map(|(size, _)| size).sum()
    }

    /// One line a file, in the order of their paths: BLAKE3, size, path.
    pub fn to_text(&self) -> String {
        self.files.iter().map(|(path, (size, hash))| format!("{hash} {size} {path}\n")).collect()
    }

    fn parse(text: &str) -> Option<Manifest> {
        let mut files = BTreeMap::new();
        for line in text.lines() {
            let (hash, rest) = line.split_once(' ')?;
            let (size, path) = rest.split_once(' ')?;
            files.insert(path.to_owned(), (size.parse().ok()?, hash.to_owned()));
        }
        Some(Manifest { files })
    }

    /// Reads the manifest of `folder` and checks every file against it: none missing, none changed, none added.
    /// `pinned` is the BLAKE3 of the manifest itself, so the cache vouches for nothing by itself.
    pub fn verify(folder: &Path, pinned: &str) -> Result<Manifest, Damage> {
        let path = folder.join(Manifest::FILE);
        let damage = |why: &str| Damage { file: path.clone(), why: why.to_owned() };
        let bytes = std::fs::read(&path).map_err(|e| damage(&e.to_string()))?;
        if blake3::hash(&bytes).to_hex().as_str() != pinned {
            return Err(damage("not the pinned list of files"));
        }
        let text = std::str::from_utf8(&bytes).map_err(|_| damage("not text"))?;
        let manifest = Manifest::parse(text).ok_or_else(|| damage("not a list of files"))?;
        let entries: Vec<_> = manifest.files.iter().collect();
        let damages: Vec<Option<Damage>> = entries
            .par_iter()
            .map(|(name, (size, hash))| {
                let file = folder.join(name);
                let why = match std::fs::read(&file) {
                    Err(e) => e.to_string(),
                    Ok(bytes) if bytes.len() as u64 != *size => format!("{} bytes, expected {size}", bytes.len()),
                    Ok(bytes) if blake3::hash(&bytes).to_hex().as_str() != hash => "its contents changed".to_owned(),
                    Ok(_) => return None,
                };
                Some(Damage { file, why })
            })
            .collect();
        if let Some(damage) = damages.into_iter().flatten().next() {
            return Err(damage);
        }
        match first_stranger(folder, folder, &manifest) {
            Some(damage) => Err(damage),
            None => Ok(manifest),
        }
    }
}

/// The first file below `folder` that the manifest does not list; readers that list folders would take it for data.
fn first_stranger(root: &Path, folder: &Path, manifest: &Manifest) -> Option<Damage> {
    let unreadable = |e: std::io::Error| Damage { file: folder.to_path_buf(), why: e.to_string() };
    let mut paths = Vec::new();
    for entry in match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) => return Some(unreadable(e)),
    } {
        match entry.and_then(|entry| Ok((entry.path(), entry.file_type()?.is_dir()))) {
            Ok(found) => paths.push(found),
            Err(e) => return Some(unreadable(e)),
        }
    }
    paths.sort();
    paths.into_iter().find_map(|(path, is_folder)| {
        if is_folder {
            return first_stranger(root, &path, manifest);
        }
        let name = path.strip_prefix(root).ok()?.to_string_lossy().into_owned();
        let known = name == Manifest::FILE || manifest.files.contains_key(&name);
        (!known).then(|| Damage { file: path, why: "it does not belong there".into() })
    })
}
