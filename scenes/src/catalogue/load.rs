//! Finding catalogue files: by name among those that ship with the program, or by path beside the file that asks.
use std::path::Path;

use serde::de::DeserializeOwned;

use super::{
    check::Check,
    fault::{FileFault, ValueFault},
    source::SourceFile,
    suggest,
};

/// What a catalogue file describes; each kind is a folder of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// An image sensor.
    Sensor,
    /// Cameras mounted in a lane.
    Rig,
    /// A lane's measures.
    Lane,
    /// How vehicles come through.
    Mix,
}

impl Kind {
    /// The kind's folder in the catalogue.
    pub fn folder(self) -> &'static str {
        match self {
            Kind::Sensor => "sensors",
            Kind::Rig => "rigs",
            Kind::Lane => "lanes",
            Kind::Mix => "mixes",
        }
    }
}

macro_rules! shipped {
    ($($kind:ident $folder:literal $name:literal),* $(,)?) => {
        /// The files that ship with the program.
        const SHIPPED: &[(Kind, &str, &str)] = &[
            $((Kind::$kind, $name, include_str!(concat!("../../catalogue/", $folder, "/", $name, ".toml")))),*
        ];
    };
}

shipped! {
    Sensor "sensors" "imx174-bayer",
    Sensor "sensors" "imx174-mono",
    Sensor "sensors" "imx174-nir-850",
    Sensor "sensors" "imx174-nir-940",
    Sensor "sensors" "imx174-rgb",
    Sensor "sensors" "imx250-bayer",
    Sensor "sensors" "imx250-mono",
    Sensor "sensors" "imx252-mono",
    Sensor "sensors" "imx264-bayer",
    Sensor "sensors" "imx264-mono",
    Sensor "sensors" "imx265-bayer",
    Sensor "sensors" "imx290-bayer",
    Sensor "sensors" "imx290-nir-850",
    Sensor "sensors" "imx290-nir-940",
    Rig "rigs" "three-poles",
    Lane "lanes" "booth-inbound",
    Mix "mixes" "commuters",
    Mix "mixes" "demo-families",
    Mix "mixes" "families-holiday",
    Mix "mixes" "plain-families",
}

/// Names of the shipped files of one kind, sorted.
pub fn shipped_names(kind: Kind) -> Vec<&'static str> {
    let mut names: Vec<_> = SHIPPED.iter().filter(|(k, ..)| *k == kind).map(|(_, name, _)| *name).collect();
    names.sort_unstable();
    names
}

/// A catalogue entry with the file it came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry<T> {
    /// As the asking file names it.
    pub name: String,
    /// What the file says.
    pub value: T,
    /// The file.
    pub source: SourceFile,
}

/// Loads what `asking` names at `key_path`: a shipped name, or a path (with `/` or `.toml`) beside the asking file.
pub fn load<T: DeserializeOwned + Check>(
    kind: Kind,
    name: &str,
    asking: &SourceFile,
    key_path: &str,
) -> Result<Entry<T>, FileFault> {
    let source = find(kind, name, &asking.path)
        .map_err(|(problem, help)| asking.value_fault(ValueFault::new(key_path, problem, help)))?;
    let value: T = source.parse()?;
    value.check().map_err(|fault| source.value_fault(fault))?;
    Ok(Entry { name: name.to_owned(), value, source })
}

/// Loads a shipped entry by name.
pub fn load_shipped<T: DeserializeOwned + Check>(kind: Kind, name: &str) -> Result<Entry<T>, FileFault> {
    let asking = SourceFile { path: Path::new("catalogue").to_owned(), text: String::new() };
    load(kind, name, &asking, "")
}

fn find(kind: Kind, name: &str, asking: &Path) -> Result<SourceFile, (String, String)> {
    let names = shipped_names(kind);
    if name.contains('/') || name.ends_with(".toml") {
        let path = asking.parent().unwrap_or(Path::new("")).join(name);
        return SourceFile::open(&path).map_err(|fault| {
            let help =
                format!("a path counts from the file that names it; shipped {} are {}", kind.folder(), list(&names));
            (format!("{} {}", path.display(), fault.problem), help)
        });
    }
    match SHIPPED.iter().find(|(k, n, _)| *k == kind && *n == name) {
        Some((_, _, text)) => {
            let path = format!("catalogue:{}/{name}.toml", kind.folder()).into();
            Ok(SourceFile { path, text: (*text).to_owned() })
        }
        None => {
            let near = suggest::nearest(name, &names).map(|n| format!("did you mean \"{n}\"? ")).unwrap_or_default();
            let help = format!("{near}Shipped: {}; or give a path that ends in .toml", list(&names));
            Err((format!("the catalogue has no {} \"{name}\"", singular(kind)), help))
        }
    }
}

fn singular(kind: Kind) -> &'static str {
    match kind {
        Kind::Sensor => "sensor",
        Kind::Rig => "rig",
        Kind::Lane => "lane",
        Kind::Mix => "traffic mix",
    }
}

fn list(names: &[&str]) -> String {
    names.iter().map(|n| format!("\"{n}\"")).collect::<Vec<_>>().join(", ")
}
