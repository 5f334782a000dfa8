//! `laneproof sweep` as a user runs it: a slip is told in the argument, and a small sweep leaves its files and goes on.
use std::{fs, path::Path};

use laneproof_scenarios::{exit, sweep::result::SweepResult};
use laneproof_tests::{acceptance_models, default_models, program, skipped};
use tempfile::TempDir;

/// The message of a sweep of the demo that is refused; nothing may be written.
fn refused(vary: &str, more: &[&str]) -> String {
    let folder = TempDir::new().expect("a folder");
    let out = folder.path().join("out");
    let mut command = program::command(["sweep", "scenarios/first-light.toml", "--vary", vary]);
    command.args(more).arg("--out").arg(&out);
    let (code, stdout, stderr) = program::run(&mut command);
    assert_eq!(code, i32::from(exit::USAGE), "{stdout}\n{stderr}");
    assert!(!out.exists(), "something was written");
    stderr
}

#[test]
fn a_slip_is_told_with_its_place_and_its_remedy() {
    for (vary, more, what) in [
        (
            "mix.vehicles[*].glass.raer=0.1,0.2",
            &[][..],
            &[
                "--vary:1:23: unknown key `raer`",
                "did you mean `rear`?",
                "front_side, lowered., rear, windscreen",
                "mix.vehicles[*].glass.raer=0.1,0.2",
            ][..],
        ),
        ("mix.vehicles[*].glass.rear=0.5..1.5:3", &[], &["--vary:1:28:", "impossible value 1", "0.01 to 0.92"]),
        ("lane.width_m=3,wide", &[], &["--vary:1:16:", "wrong type", "write a number"]),
        ("lane.width_m=3,4", &["--encounters", "0"], &["--encounters:1:1:", "impossible value 0"]),
        ("lane.width_m=3,4", &["--baseline", "5"], &["--baseline:1:1:", "its values are 3, 4"]),
        ("stack.models=default,/nonexistent", &[], &["/nonexistent is no folder of models"]),
    ] {
        let message = refused(vary, more);
        for word in what {
            assert!(message.contains(word), "{vary}: {word:?} is not in: {message}");
        }
    }
}

#[test]
fn the_paths_are_listed() {
    let mut command = program::command(["sweep", "scenarios/first-light.toml", "--list"]);
    let output = command.output().expect("the program starts");
    assert!(output.status.success());
    let list = String::from_utf8(output.stdout).expect("text");
    let line = |path: &str| {
        list.lines().find(|l| l.split_whitespace().next() == Some(path)).unwrap_or_else(|| panic!("{path}: {list}"))
    };
    assert!(line("mix.vehicles[*].glass.rear").ends_with("0.72, 0.5"));
    assert!(line("rig.cameras[*].exposure_us").ends_with("2000"));
    assert!(line("rig.cameras[*].sensor.dark_noise_e").ends_with("6.8"));
    assert!(line("daylight.time").ends_with("\"2026-06-21T10:30:00-05:00\""));
}

fn read(out: &Path, name: &str) -> String {
    fs::read_to_string(out.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// Behind glass that lets a hundredth through nobody can be captured better than behind clear glass.
#[test]
fn a_small_sweep_leaves_its_files_and_goes_on() {
    let Some(models) = acceptance_models().or_else(default_models) else {
        return skipped(
            1,
            "a sweep needs models: LANEPROOF_ACCEPTANCE_MODELS is not set and lane-stack/models is empty",
        );
    };
    let folder = TempDir::new().expect("a folder");
    let out = folder.path().join("out");
    let sweep = |vary: &str, resume: bool| {
        let mut command =
            program::command(["sweep", "scenarios/first-light.toml", "--encounters", "1", "--vary", vary]);
        command.arg("--models").arg(&models).arg("--out").arg(&out);
        if resume {
            command.arg("--resume");
        }
        program::run(&mut command)
    };
    let vary = "mix.vehicles[*].glass.rear=0.9,0.01";
    let (code, stdout, stderr) = sweep(vary, false);
    assert_eq!(code, 0, "{stdout}\n{stderr}");
    let result: SweepResult = serde_json::from_str(&read(&out, "sweep.json")).expect("JSON");
    assert!(result.same_people && result.points.len() == 2);
    let [clear, dark] = [&result.points[0], &result.points[1]];
    assert!(clear.occupants > 0 && clear.occupants == dark.occupants);
    let compared = dark.compared.expect("compared with the first");
    assert_eq!(compared.pairs, clear.occupants);
    assert_eq!(
        dark.occupant_coverage.count + compared.lost,
        clear.occupant_coverage.count + compared.won,
        "who is won and lost explains the difference"
    );
    assert_eq!(read(&out, "sweep.csv").lines().count(), 3);
    assert!(read(&out, "sweep.svg").starts_with("<svg"));
    let page = read(&out, "sweep.html");
    for (what, which) in result.head.world.iter().chain(&result.head.stack) {
        // The first word: in what follows the page escapes quotes and strokes.
        let first = which.split(' ').next().unwrap_or(which);
        assert!(page.contains(first), "{what} {first} is not in the page");
    }
    for point in &result.points {
        assert!(out.join(&point.folder).join("report.html").is_file());
        assert!(
            stdout.lines().any(|l| l.trim_start().starts_with(&point.label)),
            "no line for {}: {stdout}",
            point.label
        );
    }
    // Without --resume the folder is refused; with it nothing is done twice, and the files are the same.
    let before = read(&out, "sweep.json");
    let (code, ..) = sweep(vary, false);
    assert_eq!(code, i32::from(exit::USAGE));
    let encounter = out.join("points/0.9/encounters/0000.json");
    let made = fs::metadata(&encounter).and_then(|m| m.modified()).expect("kept");
    let (code, stdout, stderr) = sweep(vary, true);
    assert_eq!(code, 0, "{stdout}\n{stderr}");
    assert_eq!(fs::metadata(&encounter).and_then(|m| m.modified()).expect("kept"), made);
    assert_eq!(read(&out, "sweep.json"), before);
}
