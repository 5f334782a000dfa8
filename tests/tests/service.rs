//! A scenario run against `lane-stack serve` comes to the same ledger as one with the stack in process.
use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use laneproof_scenarios::exit;
use laneproof_tests::{default_models, program, skipped};
use tempfile::TempDir;

const TOKEN: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";

/// A service over a free port; ended when dropped.
struct Service {
    child: Child,
    url: String,
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Service {
    fn start(folder: &Path, models: &Path) -> Self {
        let config = folder.join("lane.toml");
        fs::write(&config, format!("listen = \"127.0.0.1:0\"\nmodels = {models:?}\n")).expect("write");
        let mut command = Command::new(program::path().with_file_name("lane-stack"));
        command.args(["serve", "--config"]).arg(&config).env("LANE_STACK_TOKEN", TOKEN);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the service starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("it says where it listens");
        let url = line.trim().strip_prefix("listening on ").expect("it says where it listens").to_owned();
        Self { child, url }
    }
}

/// The demo cut down to one encounter.
fn scenario(folder: &Path) {
    let demo = fs::read_to_string(program::root().join("scenarios/first-light.toml")).expect("the demo");
    let one = demo.replace("encounters = 12", "encounters = 1");
    assert_ne!(demo, one);
    fs::write(folder.join("scenario.toml"), one).expect("write");
}

fn run(folder: &Path, out: &str, more: &[&str]) -> (i32, String) {
    let mut command = program::command(["run", "scenario.toml", "--out", out]);
    command.args(more).current_dir(folder).env("LANE_STACK_TOKEN", TOKEN);
    let (code, stdout, stderr) = program::run(&mut command);
    (code, format!("{stdout}\n{stderr}"))
}

#[test]
fn a_service_comes_to_the_same_ledger_as_the_stack_in_process() {
    let (Some(models), Some(_)) = (default_models(), std::env::var_os("ORT_DYLIB_PATH")) else {
        return skipped(1, "a service needs lane-stack/models and ORT_DYLIB_PATH");
    };
    let folder = TempDir::new().expect("a folder");
    let folder = folder.path();
    scenario(folder);
    let service = Service::start(folder, &models);
    for (out, more) in [("builtin", &[][..]), ("service", &["--stack", &service.url])] {
        let (code, said) = run(folder, out, more);
        assert_eq!(code, 0, "{said}");
    }
    // One that is started for the run, as the demo's is.
    let (code, said) = run(folder, "own", &["--stack", "service"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("over HTTP"), "{said}");
    for name in ["occupants.parquet", "exposures.parquet", "gallery.json"] {
        let [builtin, service, own] =
            ["builtin", "service", "own"].map(|run| fs::read(folder.join(run).join(name)).expect("there"));
        assert!(builtin == service && builtin == own, "{name} differs");
    }

    // Its gallery holds the first run's travellers now, who would be found in another.
    let (code, said) = run(folder, "again", &["--stack", &service.url]);
    assert_eq!(code, i32::from(exit::USAGE), "{said}");
    assert!(said.contains("references") && said.contains("--empty-gallery"), "{said}");
    let (code, said) = run(folder, "again", &["--stack", &service.url, "--models", "."]);
    assert_eq!(code, i32::from(exit::USAGE), "{said}");
    assert!(said.contains("lane.toml"), "{said}");
    let (code, said) = run(folder, "again", &["--empty-gallery"]);
    assert_eq!(code, i32::from(exit::USAGE), "{said}");
    assert!(said.contains("add --stack URL"), "{said}");
    assert!(!folder.join("again").exists(), "something was written");
}

#[test]
fn a_service_that_is_not_there_is_told() {
    let folder = TempDir::new().expect("a folder");
    scenario(folder.path());
    // Port 9 discards, where anybody listens there at all.
    let (code, said) = run(folder.path(), "out", &["--stack", "http://127.0.0.1:9"]);
    assert_eq!(code, i32::from(exit::SETUP), "{said}");
    assert!(said.contains("http://127.0.0.1:9"), "{said}");
}

#[test]
fn a_program_that_is_no_stack_is_told() {
    let folder = TempDir::new().expect("a folder");
    scenario(folder.path());
    // `false` ends before anything is written to it: that must not end the run by a signal.
    for (stack, expected, words) in [
        ("exec:false", exit::SETUP, "exit status: 1"),
        ("exec:/nowhere/at/all --models x", exit::SETUP, "/nowhere/at/all cannot be started"),
        ("exec:echo 'nothing", exit::USAGE, "quote"),
        ("exec:", exit::USAGE, "no program is named"),
    ] {
        let (code, said) = run(folder.path(), "out", &["--stack", stack]);
        assert_eq!(code, i32::from(expected), "{stack}: {said}");
        assert!(said.contains(words), "{stack}: {said}");
        assert!(!folder.path().join("out").exists(), "something was written");
    }
    let (code, said) = run(folder.path(), "out", &["--stack", "exec:cat", "--empty-gallery"]);
    assert_eq!(code, i32::from(exit::USAGE), "{said}");
}
