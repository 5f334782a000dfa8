//! ARCHITECTURE.md against the workspace: its table of crates, the rules of who may depend on what, the exit codes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

/// The only crate that may depend on each of these.
const OWNERS: [(&str, &str); 2] = [("bevy", "laneproof-render"), ("ort", "lane-stack")];
/// Crates that depend on no other crate of the workspace.
const ALONE: [&str; 4] = ["lane-stack", "laneproof-assets", "laneproof-scenes", "laneproof-statistics"];

/// What a row of the table says of a crate, or what `cargo metadata` says.
#[derive(Debug, Default, PartialEq, Eq)]
struct Crate {
    folder: String,
    uses: BTreeSet<String>,
    tests_use: BTreeSet<String>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests live one folder below the root").to_path_buf()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// Trimmed cells of the table rows below the line `heading`, up to the next heading or, once in a table, its end.
fn table<'a>(page: &'a str, heading: &str) -> Vec<Vec<&'a str>> {
    page.lines()
        .skip_while(|line| *line != heading)
        .skip(1)
        .take_while(|line| !line.starts_with("## "))
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .skip(2)
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect()
}

/// The words in backquotes.
fn quoted(cell: &str) -> BTreeSet<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn stated(page: &str) -> BTreeMap<String, Crate> {
    table(page, "## Crates")
        .iter()
        .map(|row| {
            let [folder, name, _, uses, tests_use] = row[..] else { panic!("a row of five cells, not {row:?}") };
            let one = |cell| quoted(cell).pop_first().unwrap_or_else(|| panic!("no name in backquotes in {cell:?}"));
            (one(name), Crate { folder: one(folder), uses: quoted(uses), tests_use: quoted(tests_use) })
        })
        .collect()
}

/// The dependencies of a package in `cargo metadata`, as pairs of name and whether only its tests use it.
fn dependencies(package: &Value) -> Vec<(&str, bool)> {
    let all = package["dependencies"].as_array().expect("dependencies");
    all.iter().map(|d| (d["name"].as_str().expect("name"), d["kind"] == "dev")).collect()
}

fn actual(metadata: &Value) -> BTreeMap<String, Crate> {
    let packages = metadata["packages"].as_array().expect("packages");
    let names: BTreeSet<&str> = packages.iter().map(|p| p["name"].as_str().expect("name")).collect();
    let workspace = Path::new(metadata["workspace_root"].as_str().expect("workspace_root"));
    packages
        .iter()
        .map(|package| {
            let manifest = Path::new(package["manifest_path"].as_str().expect("manifest_path"));
            let folder = manifest.parent().and_then(|f| f.strip_prefix(workspace).ok()).expect("a folder");
            let folder = if folder == Path::new("") { Path::new(".") } else { folder };
            let mut found = Crate { folder: folder.display().to_string(), ..Crate::default() };
            for (name, by_tests) in dependencies(package).into_iter().filter(|(name, _)| names.contains(name)) {
                if by_tests { &mut found.tests_use } else { &mut found.uses }.insert(name.to_owned());
            }
            // What the crate uses anyway needs no second mention.
            found.tests_use = found.tests_use.difference(&found.uses).cloned().collect();
            (package["name"].as_str().expect("name").to_owned(), found)
        })
        .collect()
}

/// Everything in which the page and the workspace differ, and every rule that is broken.
fn findings(page: &str, metadata: &Value) -> Vec<String> {
    let (stated, actual) = (stated(page), actual(metadata));
    let mut findings = Vec::new();
    for name in actual.keys().filter(|name| !stated.contains_key(*name)) {
        findings.push(format!("{name} has no row in the table of crates"));
    }
    for (name, row) in &stated {
        let Some(real) = actual.get(name) else {
            findings.push(format!("{name} has a row but is no crate of the workspace"));
            continue;
        };
        if row.folder != real.folder {
            findings.push(format!("{name} is in folder {}, not {}", real.folder, row.folder));
        }
        let columns = [("depends on", &row.uses, &real.uses), ("its tests also use", &row.tests_use, &real.tests_use)];
        for (column, row, real) in columns {
            for extra in real.difference(row) {
                findings.push(format!("{name}: \"{column}\" lacks {extra}, which its Cargo.toml has"));
            }
            for wrong in row.difference(real) {
                findings.push(format!("{name}: \"{column}\" states {wrong}, which its Cargo.toml lacks"));
            }
        }
        if ALONE.contains(&name.as_str()) && !real.uses.is_empty() {
            findings.push(format!("{name} must depend on no crate of the workspace, but does on {:?}", real.uses));
        }
    }
    for package in metadata["packages"].as_array().expect("packages") {
        let name = package["name"].as_str().expect("name");
        for (dependency, _) in dependencies(package) {
            for (owned, owner) in OWNERS {
                // `bevy_render` and `ort-sys` are parts of the same thing.
                let part = dependency
                    .strip_prefix(owned)
                    .is_some_and(|rest| matches!(rest, "" | "-sys") || rest.starts_with('_'));
                if part && name != owner {
                    findings.push(format!("{name} depends on {dependency}; only {owner} may"));
                }
            }
        }
    }
    findings
}

fn metadata() -> Value {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--offline", "--locked", "--no-deps", "--format-version", "1"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON")
}

#[test]
fn the_page_agrees_with_the_workspace() {
    let findings = findings(&read("ARCHITECTURE.md"), &metadata());
    assert!(findings.is_empty(), "ARCHITECTURE.md and the workspace differ:\n  {}", findings.join("\n  "));
}

/// Codes and names of `pub const NAME: u8 = CODE;` lines.
fn constants(source: &str) -> BTreeMap<u8, String> {
    source
        .lines()
        .filter_map(|line| line.strip_prefix("pub const ")?.strip_suffix(';')?.split_once(": u8 = "))
        .map(|(name, code)| (code.parse().expect("a number"), name.to_owned()))
        .collect()
}

#[test]
fn the_exit_codes_are_those_of_the_programs() {
    let page = read("ARCHITECTURE.md");
    for (heading, source) in [("`laneproof`:", "scenarios/src/exit.rs"), ("`lane-stack`:", "lane-stack/src/exit.rs")] {
        let rows = table(&page, heading);
        let told: BTreeMap<u8, String> = rows
            .iter()
            .map(|row| (row[0].parse().expect("a number"), quoted(row[1]).pop_first().expect("a name")))
            .collect();
        let real = constants(&read(source));
        assert!(!real.is_empty(), "{source} has no codes");
        assert_eq!(told, real, "exit codes of {heading} left ARCHITECTURE.md, right {source}");
    }
}

/// A small workspace that keeps every rule.
fn sound() -> (String, Value) {
    let page = "# A\n\n## Crates\n\nText.\n\n| folder | crate | what | depends on | its tests also use |\n\
                | --- | --- | --- | --- | --- |\n\
                | `sim/render` | `laneproof-render` | r | `laneproof-scenes` | |\n\
                | `scenes` | `laneproof-scenes` | s | | |\n\
                | `lane-stack` | `lane-stack` | l | | `laneproof-scenes` |\n\n## Next\n\n| `x` |\n";
    let package = |name: &str, folder: &str, dependencies: Value| json!({ "name": name, "manifest_path": format!("/w/{folder}/Cargo.toml"), "dependencies": dependencies });
    let on = |name: &str| json!({ "name": name, "kind": null });
    let metadata = json!({ "workspace_root": "/w", "packages": [
        package("laneproof-render", "sim/render", json!([on("laneproof-scenes"), on("bevy")])),
        package("laneproof-scenes", "scenes", json!([on("glam")])),
        package("lane-stack", "lane-stack", json!([on("ort"), { "name": "laneproof-scenes", "kind": "dev" }])),
    ]});
    (page.to_owned(), metadata)
}

/// The one finding for a sound workspace with one more dependency of package `index`.
fn with_dependency(index: usize, name: &str, kind: Value) -> Vec<String> {
    let (page, mut metadata) = sound();
    let dependencies = metadata["packages"][index]["dependencies"].as_array_mut().expect("dependencies");
    dependencies.push(json!({ "name": name, "kind": kind }));
    findings(&page, &metadata)
}

#[test]
fn the_check_passes_a_sound_workspace() {
    let (page, metadata) = sound();
    assert_eq!(findings(&page, &metadata), Vec::<String>::new());
}

#[test]
fn the_check_sees_what_the_table_gets_wrong() {
    let (page, metadata) = sound();
    let doctored = |from: &str, to: &str| {
        assert!(page.contains(from));
        findings(&page.replace(from, to), &metadata)
    };
    let row = "| `scenes` | `laneproof-scenes` | s | | |\n";
    assert_eq!(doctored(row, ""), ["laneproof-scenes has no row in the table of crates"]);
    let ghost = format!("{row}| `ghost` | `laneproof-ghost` | g | | |\n");
    assert_eq!(doctored(row, &ghost), ["laneproof-ghost has a row but is no crate of the workspace"]);
    assert_eq!(doctored("| `scenes` |", "| `sim` |"), ["laneproof-scenes is in folder scenes, not sim"]);
    assert_eq!(
        doctored("| r | `laneproof-scenes` |", "| r | |"),
        ["laneproof-render: \"depends on\" lacks laneproof-scenes, which its Cargo.toml has"]
    );
    assert_eq!(
        doctored("| r | `laneproof-scenes` |", "| r | `laneproof-scenes` `lane-stack` |"),
        ["laneproof-render: \"depends on\" states lane-stack, which its Cargo.toml lacks"]
    );
    assert_eq!(
        doctored("| l | | `laneproof-scenes` |", "| l | | |"),
        ["lane-stack: \"its tests also use\" lacks laneproof-scenes, which its Cargo.toml has"]
    );
}

#[test]
fn the_check_sees_every_broken_rule() {
    for (index, name, kind) in [(1, "bevy", json!(null)), (1, "bevy_render", json!("dev")), (2, "bevy", json!("build"))]
    {
        let found = with_dependency(index, name, kind);
        assert!(matches!(&found[..], [one] if one.ends_with("only laneproof-render may")), "{found:?}");
    }
    for (index, name) in [(0, "ort"), (1, "ort"), (1, "ort-sys")] {
        let found = with_dependency(index, name, json!(null));
        assert!(matches!(&found[..], [one] if one.ends_with("only lane-stack may")), "{found:?}");
    }
    let found = with_dependency(2, "laneproof-render", json!(null));
    assert!(found.iter().any(|f| f.starts_with("lane-stack must depend on no crate")), "{found:?}");
    // Names that only begin alike are other crates.
    assert_eq!(with_dependency(1, "orthographic", json!(null)), Vec::<String>::new());
}
