//! `laneproof people measure`: a folder that is gone on from comes to what one call comes to.
use std::{fs, path::Path};

use laneproof_scenarios::exit;
use laneproof_tests::{acceptance_models, default_models, program, skipped};
use tempfile::TempDir;

fn measure(models: &Path, out: &Path, count: &str, seed: &str) -> (i32, String, String) {
    let mut command = program::command(["people", "measure", "scenarios/first-light.toml", "--count", count]);
    program::run(command.args(["--seed", seed, "--models"]).arg(models).arg("--out").arg(out))
}

#[test]
fn measuring_goes_on_where_it_was_broken_off() {
    let Some(models) = acceptance_models().or_else(default_models) else {
        return skipped(
            1,
            "measuring needs models: LANEPROOF_ACCEPTANCE_MODELS is not set and lane-stack/models is empty",
        );
    };
    let folder = TempDir::new().expect("a folder");
    let [whole, broken] = ["whole", "broken"].map(|name| folder.path().join(name));
    let (code, stdout, stderr) = measure(&models, &whole, "4", "11");
    assert_eq!(code, 0, "{stdout}\n{stderr}");
    assert!(stdout.contains("same person") && stdout.contains("equal error rate"), "{stdout}");

    assert_eq!(measure(&models, &broken, "2", "11").0, 0);
    // As a kill leaves it: half a line at the end.
    let list = broken.join("people.jsonl");
    let text = fs::read_to_string(&list).expect("the list");
    let (first, second) = text.split_once('\n').expect("two lines");
    fs::write(&list, format!("{first}\n{}", &second[..second.len() / 2])).expect("write");
    let (code, stdout, stderr) = measure(&models, &broken, "4", "11");
    assert_eq!(code, 0, "{stdout}\n{stderr}");
    assert!(stdout.contains("1 measured before"), "{stdout}");
    for name in ["people.jsonl", "table.txt", "head.json"] {
        let [a, b] = [&whole, &broken].map(|folder| fs::read(folder.join(name)).expect("a file"));
        assert!(a == b, "{name} differs");
    }

    let (code, _, stderr) = measure(&models, &broken, "4", "12");
    assert_eq!(code, i32::from(exit::USAGE), "{stderr}");
    assert!(stderr.contains("another scenario, seed, adapter or models"), "{stderr}");
}
