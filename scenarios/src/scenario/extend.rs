//! Scenarios made from others: `extends = "../first-light.toml"`.
//!
//! The file that is extended is read first, then what the extending file says is put over it: tables key by key, everything
//! else (lists too) as a whole. Files that the extended file names by a path are looked for beside *that* file. What comes out is
//! one scenario like any other; a fault in it is shown in the file, line and column in which a person wrote it.
use std::path::{Component, Path, PathBuf};

use laneproof_scenes::catalogue::{
    fault::{FileFault, ValueFault},
    source::SourceFile,
};
use toml::{Table, Value};

/// Most files of one chain: a scenario, what it extends, what that extends, and so on.
const MOST: usize = 8;

/// A scenario's text with that of all files that it extends.
pub(super) struct Merged {
    /// All in one; the file's own text where it extends nothing.
    pub source: SourceFile,
    /// The files, the extending before the extended.
    layers: Vec<SourceFile>,
}

impl Merged {
    /// Reads what a file extends.
    pub fn of(source: SourceFile) -> Result<Self, FileFault> {
        let mut layers = vec![source];
        let mut trees: Vec<Table> = Vec::new();
        // From the folder of the first file to that of the file in hand, as the files say it.
        let mut way = PathBuf::new();
        loop {
            let here = layers.last().expect("begins with one");
            let mut tree: Table = here.parse()?;
            let extends = tree.remove("extends");
            if trees.is_empty() && extends.is_none() {
                return Ok(Self { source: here.clone(), layers });
            }
            for name in ["lane", "rig", "mix"] {
                if let Some(Value::String(file)) = tree.get_mut(name)
                    && (file.contains('/') || file.ends_with(".toml"))
                {
                    *file = folded(&way.join(&*file)).display().to_string();
                }
            }
            trees.push(tree);
            let Some(extends) = extends else { break };
            let fault = |problem: String, help: &str| here.value_fault(ValueFault::new("extends", problem, help));
            let Value::String(extends) = extends else {
                return Err(fault("is no text".to_owned(), "write the path of a scenario beside this file"));
            };
            let path = folded(&here.path.parent().unwrap_or(Path::new("")).join(&extends));
            if layers.iter().any(|layer| folded(&layer.path) == path) {
                return Err(fault(
                    format!("{} extends itself", path.display()),
                    "let the chain of files end somewhere",
                ));
            }
            if layers.len() == MOST {
                return Err(fault(format!("this is the file number {MOST} of a chain"), "extend fewer files"));
            }
            let next = SourceFile::open(&path).map_err(|e| {
                let problem = format!("{} {}", path.display(), e.problem);
                fault(problem, "the path counts from the file that says `extends`")
            })?;
            way = way.join(Path::new(&extends).parent().unwrap_or(Path::new("")));
            layers.push(next);
        }
        let mut tree = trees.pop().expect("there are two at least");
        while let Some(over) = trees.pop() {
            put_over(&mut tree, over);
        }
        let text = toml::to_string(&tree).expect("a tree of TOML values is TOML");
        Ok(Self { source: SourceFile { path: layers[0].path.clone(), text }, layers })
    }

    /// A fault of the merged text as one of the file in which its place was written.
    pub fn restore(&self, fault: FileFault) -> FileFault {
        if fault.path != self.source.path || fault.text != self.source.text || self.layers.len() == 1 {
            return fault;
        }
        let [first, ..] = &self.layers[..] else { return fault };
        // What is missing in the whole stands nowhere: it is told of the file that asked for the whole.
        let missing = fault.problem.starts_with("the key ") && fault.problem.ends_with(" is missing");
        let at = fault.span.as_ref().and_then(|span| self.source.keys_at(span)).map(|(mut keys, on_key)| {
            if missing {
                keys.pop();
            }
            (keys, on_key)
        });
        let placed = at.and_then(|(keys, on_key)| {
            self.layers.iter().find_map(|layer| Some((layer, layer.locate_keys(&keys, on_key)?)))
        });
        match placed {
            Some((layer, span)) => layer.fault(Some(span), fault.problem, fault.help),
            None => first.fault(first.locate("extends"), fault.problem, fault.help),
        }
    }
}

/// Puts tables over tables key by key, anything else as a whole.
fn put_over(under: &mut Table, over: Table) {
    for (key, value) in over {
        match (under.get_mut(&key), value) {
            (Some(Value::Table(under)), Value::Table(over)) => put_over(under, over),
            (_, value) => {
                under.insert(key, value);
            }
        }
    }
}

/// A path without `.` and, where a folder stands before it, without `..`; nothing is asked of the disk. One without a folder
/// keeps a `./`, so that it is never taken for a name of the catalogue.
fn folded(path: &Path) -> PathBuf {
    let mut parts: Vec<Component<'_>> = Vec::new();
    for part in path.components() {
        match (part, parts.last()) {
            (Component::CurDir, _) => {}
            (Component::ParentDir, Some(Component::Normal(_))) => {
                parts.pop();
            }
            (part, _) => parts.push(part),
        }
    }
    match parts[..] {
        [Component::Normal(_)] => Path::new(".").join(parts[0]),
        _ => parts.iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use laneproof_scenes::catalogue::fault::FileFault;

    use super::folded;
    use crate::scenario::{Scenario, tests::FIRST_LIGHT};

    /// A folder with a scenario that others extend, and a rig of its own beside it.
    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("temporary folder");
        let base = FIRST_LIGHT.replace("rig = \"three-poles\"", "rig = \"./parts/rig.toml\"");
        let rig = include_str!("../../../scenes/catalogue/rigs/three-poles.toml");
        for (name, text) in [("base.toml", base.as_str()), ("parts/rig.toml", rig)] {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("make the folder");
            std::fs::write(path, text).expect("write");
        }
        folder
    }

    fn open(folder: &Path, name: &str, text: &str) -> Result<Scenario, FileFault> {
        let path: PathBuf = folder.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("make the folder");
        std::fs::write(&path, text).expect("write");
        Scenario::open(&path).map_err(|error| error.fault)
    }

    #[test]
    fn what_is_said_anew_is_put_over_what_was_said() {
        let folder = folder();
        let text = "extends = \"../base.toml\"\ntitle = \"Noon\"\n[daylight]\ntime = \"2026-06-21T13:30:00-05:00\"\n";
        let noon = open(folder.path(), "regression/noon.toml", text).unwrap_or_else(|e| panic!("{e}"));
        let base = Scenario::open(&folder.path().join("base.toml")).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(noon.file.title, "Noon");
        assert_eq!(noon.file.daylight.time, "2026-06-21T13:30:00-05:00");
        assert_eq!(noon.file.daylight.latitude_deg, base.file.daylight.latitude_deg);
        assert_eq!(noon.file.validation, base.file.validation);
        // The rig lies beside the file that names it, not beside the one that extends it.
        assert_eq!(noon.rig.value, base.rig.value);
        let later = "extends = \"noon.toml\"\nencounters = 3\n";
        let later = open(folder.path(), "regression/later.toml", later).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!((later.file.encounters, later.file.title.as_str()), (3, "Noon"));
        assert_eq!(later.rig.value, base.rig.value);
        assert_ne!(later.hash(), noon.hash());
    }

    #[test]
    fn a_fault_is_shown_where_it_was_written() {
        let folder = folder();
        for (text, file, place, problem) in [
            ("extends = \"base.toml\"\nsead = 3\n", "new.toml", "2:1", "unknown key `sead`"),
            ("extends = \"base.toml\"\nencounters = 0\n", "new.toml", "2:14", "impossible value 0"),
            ("extends = \"base.toml\"\n[daylight]\nsky = \"grey\"\n", "new.toml", "3:7", "unknown value \"grey\""),
            ("extends = \"base.toml\"\nrig = \"gone.toml\"\n", "new.toml", "2:7", "cannot be read"),
            ("extends = \"new.toml\"\n", "new.toml", "1:11", "extends itself"),
            ("extends = \"gone.toml\"\n", "new.toml", "1:11", "cannot be read"),
            ("extends = 3\n", "new.toml", "1:11", "is no text"),
            ("extends = \"parts/bare.toml\"\n", "new.toml", "1:11", "`schema_version` is missing"),
            ("extends = \"parts/bad.toml\"\n", "bad.toml", "3:8", "wrong type"),
        ] {
            std::fs::write(folder.path().join("parts/bare.toml"), "title = \"bare\"\n").expect("write");
            let bad = FIRST_LIGHT.replacen("title = ", "title = 3 # ", 1);
            std::fs::write(folder.path().join("parts/bad.toml"), bad).expect("write");
            let fault = open(folder.path(), "new.toml", text).expect_err(text);
            assert!(fault.path.ends_with(file), "{text}: {fault}");
            assert!(fault.problem.contains(problem), "{text}: {fault}");
            let at = fault.line_and_column().map(|(line, column)| format!("{line}:{column}"));
            if file == "new.toml" {
                assert_eq!(at.as_deref(), Some(place), "{text}: {fault}");
            } else {
                assert!(at.is_some_and(|at| at.ends_with(":9")), "{text}: {fault}");
            }
        }
    }

    #[test]
    fn paths_are_folded_without_a_look_at_the_disk() {
        for (path, folded_path) in [
            ("a/../b.toml", "./b.toml"),
            ("b.toml", "./b.toml"),
            ("../b.toml", "../b.toml"),
            ("a/./c/../b.toml", "a/b.toml"),
            ("/a/../b.toml", "/b.toml"),
        ] {
            assert_eq!(folded(Path::new(path)), Path::new(folded_path));
        }
    }
}
