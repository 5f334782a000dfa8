//! Finding scenario files: what a user names, and what lies in a folder.
use std::path::{Path, PathBuf};

use laneproof_scenes::catalogue::{fault::FileFault, source::SourceFile};
use toml::Table;

/// The scenario files among `paths`, each once and in the order of their names within a folder. A file that is named is taken for
/// a scenario; of those in a folder, and in the folders below it, the ones that say `encounters` or `extends` are: the others are
/// rigs, mixes, lanes and assumptions.
pub fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>, FileFault> {
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            walk(path, &mut found)?;
        } else {
            found.push(path.clone());
        }
    }
    let mut once: Vec<PathBuf> = Vec::new();
    for path in found {
        if !once.contains(&path) {
            once.push(path);
        }
    }
    Ok(once)
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), FileFault> {
    let unreadable = |error: std::io::Error| FileFault {
        path: folder.to_owned(),
        text: String::new(),
        span: None,
        problem: format!("cannot be read: {error}"),
        help: "name a folder that you may read".to_owned(),
    };
    let entries = std::fs::read_dir(folder).map_err(unreadable)?;
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>().map_err(unreadable)?;
    paths.sort();
    for path in paths {
        if path.is_dir() {
            walk(&path, found)?;
        } else if path.extension().is_some_and(|ending| ending == "toml") && is_scenario(&path)? {
            found.push(path);
        }
    }
    Ok(())
}

/// Whether a TOML file is one of scenarios; one that is no TOML is not, whatever it was meant to be.
fn is_scenario(path: &Path) -> Result<bool, FileFault> {
    let source = SourceFile::open(path)?;
    let has = |tree: &Table, key: &str| tree.contains_key(key);
    Ok(source
        .parse::<Table>()
        .is_ok_and(|tree| (has(&tree, "encounters") || has(&tree, "extends")) && !has(&tree, "assumptions")))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::find;

    #[test]
    fn a_folder_gives_its_scenarios_and_not_what_they_name() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("regression");
        let found = find(&[folder.clone(), folder.join("noon.toml")]).unwrap_or_else(|e| panic!("{e}"));
        assert!(found.len() >= 12, "{found:?}");
        assert!(found.contains(&folder.join("noon.toml")) && !found.contains(&folder.join("rig-night.toml")));
        assert!(found.is_sorted());
        let pilot = find(&[Path::new(env!("CARGO_MANIFEST_DIR")).join("pilot")]).unwrap_or_else(|e| panic!("{e}"));
        assert!(pilot.len() == 1 && pilot[0].ends_with("anzalduas-inbound.toml"), "{pilot:?}");
        assert_eq!(find(&["gone.toml".into()]).unwrap_or_else(|e| panic!("{e}")), [Path::new("gone.toml")]);
    }
}
