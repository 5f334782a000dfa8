//! A run that was killed goes on with `--resume` and comes to the same bytes as one that was not.
use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    thread::sleep,
    time::Duration,
};

use laneproof_tests::{acceptance_models, default_models, program, skipped};
use tempfile::TempDir;

/// What a run comes to.
const RESULTS: [&str; 3] = ["occupants.parquet", "exposures.parquet", "summary.json"];
/// Longer than any machine takes for one encounter: a run that shows none after this hangs.
const PATIENCE: Duration = Duration::from_secs(300);

fn run(folder: &Path, models: &Path, out: &str) -> Command {
    let mut command = program::command(["run", "scenario.toml", "--out", out, "--models"]);
    command.arg(models).current_dir(folder);
    command
}

fn finish(mut command: Command) -> String {
    let (code, stdout, stderr) = program::run(&mut command);
    assert_eq!(code, 0, "{stdout}\n{stderr}");
    stdout
}

#[test]
fn a_killed_run_resumes_to_the_same_ledger() {
    let Some(models) = acceptance_models().or_else(default_models) else {
        return skipped(1, "a run needs models: LANEPROOF_ACCEPTANCE_MODELS is not set and lane-stack/models is empty");
    };
    let folder = TempDir::new().expect("a folder");
    let demo = fs::read_to_string(program::root().join("scenarios/first-light.toml")).expect("the demo");
    assert!(demo.contains("encounters = 12"));
    let scenario = demo.replace("encounters = 12", "encounters = 2");
    fs::write(folder.path().join("scenario.toml"), scenario).expect("write");

    finish(run(folder.path(), &models, "unbroken"));

    let mut broken = run(folder.path(), &models, "broken");
    let mut child = broken.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
    let [first, second] = ["0000", "0001"].map(|k| folder.path().join(format!("broken/encounters/{k}.json")));
    let step = Duration::from_millis(20);
    let mut waited = Duration::ZERO;
    while !first.is_file() {
        assert!(waited < PATIENCE && child.try_wait().expect("its state").is_none(), "no encounter was done");
        sleep(step);
        waited += step;
    }
    child.kill().expect("SIGKILL");
    child.wait().expect("its end");
    assert!(
        !second.exists() && !folder.path().join("broken/summary.json").exists(),
        "killed too late to show anything"
    );
    let kept = fs::read(&first).expect("the first encounter");

    let mut resumed = run(folder.path(), &models, "broken");
    resumed.arg("--resume");
    finish(resumed);
    assert_eq!(fs::read(&first).expect("the first encounter"), kept, "what was done was done again");
    for name in RESULTS {
        let [unbroken, broken] = ["unbroken", "broken"].map(|run| {
            let path = folder.path().join(run).join(name);
            fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
        });
        assert!(unbroken == broken, "{name} differs between the unbroken and the resumed run");
    }
}
