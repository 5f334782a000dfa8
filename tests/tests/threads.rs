//! How many threads there are changes no result: frames, truth and decisions are the same bytes.
use std::{collections::BTreeMap, fs, path::Path};

use laneproof_tests::{acceptance_models, default_models, program, skipped};
use tempfile::TempDir;

/// Encounters of the demo that are compared.
const ENCOUNTERS: u64 = 2;

/// Everything that a run of the demo leaves but its times, its place and its command, by name.
fn run(folder: &Path, models: &Path, threads: u32) -> BTreeMap<String, Vec<u8>> {
    let out = folder.join(threads.to_string());
    let mut command = program::command(["run", "scenarios/first-light.toml", "--out"]);
    command.arg(&out).arg("--models").arg(models);
    for k in 0..ENCOUNTERS {
        command.args(["--encounter", &k.to_string()]);
    }
    // Of our own work, and of the renderer on the CPU.
    command.env("RAYON_NUM_THREADS", threads.to_string()).env("LP_NUM_THREADS", threads.to_string());
    let (code, stdout, stderr) = program::run(&mut command);
    assert_eq!(code, 0, "{stdout}\n{stderr}");
    let mut files = BTreeMap::new();
    for part in ["encounters", "frames", "portraits"] {
        for entry in fs::read_dir(out.join(part)).unwrap_or_else(|e| panic!("{part}: {e}")) {
            let path = entry.expect("an entry").path();
            let name = path.strip_prefix(&out).expect("inside").display().to_string();
            files.insert(name, fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display())));
        }
    }
    files.insert("occupants.parquet".to_owned(), fs::read(out.join("occupants.parquet")).expect("the ledger"));
    files
}

#[test]
fn as_many_threads_as_there_are_come_to_the_same_bytes() {
    let Some(models) = acceptance_models().or_else(default_models) else {
        return skipped(1, "a run needs models: LANEPROOF_ACCEPTANCE_MODELS is not set and lane-stack/models is empty");
    };
    let folder = TempDir::new().expect("a folder");
    let one = run(folder.path(), &models, 1);
    assert!(one.keys().any(|name| name.starts_with("frames/")), "{:?}", one.keys());
    let four = run(folder.path(), &models, 4);
    assert_eq!(one.keys().collect::<Vec<_>>(), four.keys().collect::<Vec<_>>());
    for (name, bytes) in &one {
        assert!(*bytes == four[name], "{name} differs between one thread and four");
    }
}
