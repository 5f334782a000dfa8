//! `laneproof assumptions`, `counts` and `validate` as a user runs them, on real frames: what an end leaves as it was is the same
//! without a new frame, and a lane that is another is told from the one that was assumed.
use std::{fs, path::Path};

use laneproof_scenarios::{
    assumptions::{StudyResult, file::End, result::EndResult},
    exit,
    field::Validation,
};
use laneproof_tests::{acceptance_models, default_models, program, skipped};
use tempfile::TempDir;

const ASSUMPTIONS: &str = r#"
schema_version = 1
title = "Small"
scenario = "small.toml"
encounters = 2

[[assumptions]]
name = "pass mark"
taken = "4 bits"
low = { label = "3.9 bits", set = { "validation.min_entropy_bits" = 3.9 } }
high = { label = "500 px", set = { "validation.min_inter_eye_px" = 500 } }
source = "a guess"

[[assumptions]]
name = "glass"
taken = "clear"
low = { label = "black", set = { "mix.vehicles[*].glass.windscreen" = 0.01, "mix.vehicles[*].glass.front_side" = 0.01 } }
source = "a guess"
"#;

fn done(command: &[&str], folder: &Path, models: Option<&Path>) -> String {
    let mut command = program::command(command);
    command.current_dir(folder);
    if let Some(models) = models {
        command.arg("--models").arg(models);
    }
    let (code, stdout, stderr) = program::run(&mut command);
    assert_eq!(code, i32::from(exit::DONE), "{stdout}\n{stderr}");
    stdout
}

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn end<'s>(study: &'s StudyResult, name: &str, end: End) -> &'s EndResult {
    let assumption = study.assumptions.iter().find(|assumption| assumption.name == name).expect("run");
    assumption.end(end).expect("run")
}

#[test]
fn a_study_tells_what_moves_and_a_field_what_is_otherwise() {
    let Some(models) = acceptance_models().or_else(default_models) else {
        return skipped(1, "a run needs models: LANEPROOF_ACCEPTANCE_MODELS is not set and lane-stack/models is empty");
    };
    let models = Some(models.as_path());
    let temporary = TempDir::new().expect("a folder");
    let folder = temporary.path();
    let demo = read(&program::root(), "scenarios/first-light.toml").replace("encounters = 12", "encounters = 3");
    fs::write(folder.join("small.toml"), demo).expect("write");
    fs::write(folder.join("assumptions.toml"), ASSUMPTIONS).expect("write");

    let said = done(&["assumptions", "assumptions.toml", "--out", "study"], folder, models);
    assert!(said.contains("glass: black") && said.contains("2 shown again"), "{said}");
    let study = StudyResult::open(&folder.join("study")).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!((study.base.tallies.len(), study.done(), study.failed()), (3, 3, 0));
    assert!(study.base.occupant_coverage().count > 0, "nobody was captured: nothing is shown by this test");
    // The kept frames are the frames that would be made: what the stack sees in them is the same.
    let same = end(&study, "pass mark", End::Low);
    assert_eq!((same.arm.shown_again, &same.arm.tallies[..]), (2, &study.base.tallies[..2]));
    let large = end(&study, "pass mark", End::High);
    assert_eq!((large.arm.shown_again, large.arm.occupant_coverage().count), (2, 0));
    let black = end(&study, "glass", End::Low);
    assert_eq!((black.arm.shown_again, black.arm.occupant_coverage().count), (0, 0), "{said}");
    for name in ["assumptions.html", "assumptions.csv", "assumptions.svg"] {
        assert!(read(folder, &format!("study/{name}")).contains("black"), "{name}");
    }

    // Elsewhere, with the study's file alone: the ends are taken over.
    let from = ["assumptions", "assumptions.toml", "--out", "again", "--run", "study/base", "--from", "study"];
    let said = done(&from, folder, models);
    assert_eq!(said.matches("[taken over]").count(), 3, "{said}");
    assert_eq!(read(folder, "again/assumptions.json"), read(folder, "study/assumptions.json"));

    // The lane as it was assumed, and one behind black glass.
    let validate = |counts: &str| -> Validation {
        fs::write(folder.join("counts.csv"), counts).expect("write");
        let command = ["validate", "small.toml", "--field", "counts.csv", "--assumptions", "study", "--out", "field"];
        done(&command, folder, None);
        serde_json::from_str(&read(folder, "field/validate.json")).expect("JSON")
    };
    let counts = done(&["counts", "study/base", "--days", "3"], folder, None);
    let as_assumed = validate(&counts);
    assert_eq!((as_assumed.days.len(), as_assumed.surprises().1), (3, 0), "{counts}");
    let counts = done(&["counts", "study/ends/2-low"], folder, None);
    // As many as a real lane would count.
    let many = counts.lines().map(|line| {
        match line.rsplit_once(',').and_then(|(line, n)| Some((line.rsplit_once(',')?, n))) {
            Some(((cell, of), captured)) if captured.parse::<u64>().is_ok() => format!("{cell},{of}00,{captured}00\n"),
            _ => format!("{line}\n"),
        }
    });
    let black = validate(&many.collect::<String>());
    assert!(black.surprises().1 > 0 && black.held_out.is_empty(), "{black:?}");
    assert!(black.explanations[0].gain() > 0.0, "{:?}", black.explanations);
}

#[test]
fn slips_are_told_before_anything_is_written() {
    let temporary = TempDir::new().expect("a folder");
    let folder = temporary.path();
    let demo = read(&program::root(), "scenarios/first-light.toml");
    fs::write(folder.join("small.toml"), demo).expect("write");
    fs::write(folder.join("wrong.toml"), ASSUMPTIONS.replace("glass.windscreen", "glass.windscren")).expect("write");
    fs::write(folder.join("assumptions.toml"), ASSUMPTIONS).expect("write");
    fs::write(folder.join("counts.csv"), "of,captured\n5,6\n").expect("write");
    fs::write(folder.join("good.csv"), "of,captured\n6,5\n").expect("write");
    for (command, told) in [
        (&["assumptions", "wrong.toml"][..], "wrong.toml:17:"),
        (&["assumptions", "gone.toml"], "gone.toml"),
        (
            &["assumptions", "assumptions.toml", "--only", "speed"],
            "no assumption is named \"speed\"; there are: pass mark; glass",
        ),
        (&["validate", "small.toml", "--field", "counts.csv"], "counts.csv:2:1: 6 captured of 5"),
        (&["validate", "small.toml", "--field", "good.csv"], "holds no study of assumptions"),
        (&["validate", "small.toml", "--field", "good.csv", "--run", "gone"], "holds no finished run"),
        (&["counts", "gone"], "holds no finished run"),
    ] {
        let mut command = program::command(command);
        let (code, stdout, stderr) = program::run(command.current_dir(folder));
        assert_eq!(code, i32::from(exit::USAGE), "{stdout}\n{stderr}");
        assert!(stderr.contains(told), "{told:?} is not in: {stderr}");
        assert!(!folder.join("runs").exists(), "something was written");
    }
}
