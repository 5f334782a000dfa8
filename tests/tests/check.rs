//! `laneproof check` from the script that CI calls: no baseline, a baseline accepted, the same again, a bound broken; with the files
//! that CI systems read. The statistics are tested where they are (`scenarios/src/check/tests.rs`).
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use laneproof_scenarios::exit;
use laneproof_tests::{acceptance_models, default_models, program, skipped};
use tempfile::TempDir;

fn check(folder: &Path, models: &Path, more: &[&str]) -> (i32, String) {
    let mut command = Command::new(program::root().join("ci/check.sh"));
    command.arg("out").args(["small", "--models"]).arg(models).args(more).current_dir(folder);
    command.env("LANEPROOF", program::path()).env_remove("LANEPROOF_ADAPTER").env("NO_COLOR", "1");
    command.env("GITHUB_STEP_SUMMARY", folder.join("step.md"));
    let (code, stdout, stderr) = program::run(&mut command);
    (code, format!("{stdout}\n{stderr}"))
}

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// Two scenarios of one encounter each, one made from the other.
fn suite() -> TempDir {
    let folder = TempDir::new().expect("a folder");
    let demo = read(&program::root(), "scenarios/first-light.toml").replace("encounters = 12", "encounters = 1");
    fs::create_dir(folder.path().join("small")).expect("a folder");
    fs::write(folder.path().join("small/day.toml"), demo).expect("write");
    let grey = "extends = \"day.toml\"\ntitle = \"Grey\"\n[daylight]\nsky = \"overcast\"\n";
    fs::write(folder.path().join("small/grey.toml"), grey).expect("write");
    folder
}

#[test]
fn a_suite_is_accepted_compared_and_refused() {
    let Some(models) = acceptance_models().or_else(default_models) else {
        return skipped(1, "a run needs models: LANEPROOF_ACCEPTANCE_MODELS is not set and lane-stack/models is empty");
    };
    let suite = suite();
    let folder = suite.path();

    let (code, said) = check(folder, &models, &[]);
    assert_eq!(code, i32::from(exit::NO_BASELINE), "{said}");
    assert!(said.contains("nothing to compare with") && said.contains("--accept"), "{said}");
    assert_eq!(read(folder, "out/junit.xml").matches("<skipped").count(), 2, "{said}");

    let (code, said) = check(folder, &models, &["--resume", "--accept"]);
    assert_eq!(code, 0, "{said}");
    let baseline = read(folder, "baselines/small/day.json");
    assert_eq!(baseline.lines().filter(|line| line.starts_with("{\"encounter\":")).count(), 1, "{baseline}");

    // Judged again without simulation, and each half of the suite by itself.
    let (code, said) = check(folder, &models, &["--resume"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("as before, in every vehicle"), "{said}");
    let junit = read(folder, "out/junit.xml");
    assert!(junit.contains("classname=\"suite\"") && !junit.contains("<failure"), "{junit}");
    assert!(read(folder, "out/summary.md").starts_with("### laneproof check: nothing is worse"));
    assert!(read(folder, "step.md").contains("### laneproof check"));
    let events: Vec<serde_json::Value> = read(folder, "out/events.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{line}: {e}")))
        .collect();
    assert_eq!(events.first().map(|e| &e["event"]), Some(&"scenario".into()));
    assert_eq!(events.last().map(|e| &e["exit_code"]), Some(&0.into()));
    let (code, said) = check(folder, &models, &["--resume", "--partition", "2/2"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("small/day not checked: another part of the suite has it"), "{said}");

    // A baseline of other people's models is compared as another sample, and says so.
    let other = baseline.replace("sha256 ", "sha256 0");
    assert_ne!(other, baseline);
    fs::write(folder.join("baselines/small/day.json"), other).expect("write");
    let (code, said) = check(folder, &models, &["--resume"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("small/day: not compared person by person, since stack: detector was"), "{said}");

    // A bound that cannot be kept is another scenario: its baseline is too, and the bound is what counts.
    let grey = read(folder, "small/grey.toml") + "[gates]\nmin_vehicle_coverage = 1.0\nmin_occupant_coverage = 1.0\n";
    fs::write(folder.join("small/grey.toml"), grey).expect("write");
    fs::remove_dir_all(folder.join("out/small/grey")).expect("remove");
    let (code, said) = check(folder, &models, &["--resume"]);
    assert_eq!(code, i32::from(exit::GATE_FAILED), "{said}");
    assert!(said.contains("BROKEN") && said.contains("has changed since"), "{said}");
    assert!(read(folder, "out/junit.xml").contains("<failure"), "{said}");
}

/// Contract: the examples for CI systems are valid by the vendors' schemas, and call the script that is tested here.
#[test]
fn the_examples_for_ci_are_valid() {
    let examples = [("ci/github-actions.yml", "vendor.github-workflows"), ("ci/gitlab-ci.yml", "vendor.gitlab-ci")];
    for (file, _) in examples {
        assert!(read(&program::root(), file).contains("ci/check.sh runs/check"), "{file}");
    }
    let validator = std::env::var_os("LANEPROOF_CHECK_JSONSCHEMA").map(PathBuf::from);
    let Some(validator) = validator.filter(|path| path.is_file()) else {
        return skipped(2, "LANEPROOF_CHECK_JSONSCHEMA names no check-jsonschema; `make test` installs one");
    };
    for (file, schema) in examples {
        let mut command = Command::new(&validator);
        command.arg("--builtin-schema").arg(schema).arg(program::root().join(file));
        let (code, stdout, stderr) = program::run(&mut command);
        assert_eq!(code, 0, "{file}: {stdout}{stderr}");
    }
}
