//! What a person gets wrong is told once, with place and remedy, under the documented exit code, and nothing is written.
use std::{
    fs,
    os::unix::{fs::PermissionsExt as _, process::ExitStatusExt as _},
    path::Path,
    process::{Command, Stdio},
};

use laneproof_scenarios::exit;
use laneproof_tests::{acceptance_models, default_models, program, skipped};
use tempfile::TempDir;

fn demo() -> String {
    fs::read_to_string(program::root().join("scenarios/first-light.toml")).expect("the demo")
}

/// A failed command's message, after looking that there is one only and that it is no panic.
fn message(command: &mut Command, code: u8) -> String {
    let (actual, stdout, stderr) = program::run(command);
    assert_eq!(actual, i32::from(code), "{stdout}\n{stderr}");
    let messages = stderr.lines().filter(|line| line.starts_with("laneproof: ")).count();
    assert_eq!(messages, 1, "one message: {stderr}");
    assert!(!stderr.contains("panicked") && !stderr.contains("backtrace"), "{stderr}");
    stderr
}

/// Runs a scenario file of this text, in a folder with these other files, and looks that only the message came of it.
fn refused(scenario: &str, beside: &[(&str, &str)]) -> String {
    let folder = TempDir::new().expect("a folder");
    let out = folder.path().join("out");
    fs::write(folder.path().join("bad.toml"), scenario).expect("write");
    for (name, text) in beside {
        fs::write(folder.path().join(name), text).expect("write");
    }
    let mut command = program::command(["run", "bad.toml", "--out"]);
    let message = message(command.arg(&out).current_dir(folder.path()), exit::USAGE);
    let left = fs::read_dir(folder.path()).expect("list").count();
    assert_eq!(left, 1 + beside.len(), "something was written");
    message
}

#[track_caller]
fn tells(message: &str, what: &[&str]) {
    for word in what {
        assert!(message.contains(word), "{word:?} is not in: {message}");
    }
}

/// The scenario with a change, and the message it gets: place, problem and remedy.
#[track_caller]
fn changed(from: &str, to: &str, place: &str, what: &[&str]) {
    let text = demo();
    assert!(text.contains(from), "the demo no longer says {from:?}");
    let message = refused(&text.replacen(from, to, 1), &[]);
    tells(&message, &[place]);
    tells(&message, what);
}

/// Line and column, as in "bad.toml:5:1:", of the first place in the demo's text.
fn place(of: &str, shift: usize) -> String {
    let text = demo();
    let at = text.find(of).unwrap_or_else(|| panic!("the demo no longer says {of:?}"));
    let before = &text[..at];
    let column = at - before.rfind('\n').map_or(0, |i| i + 1) + 1 + shift;
    format!("bad.toml:{}:{column}:", before.matches('\n').count() + 1)
}

#[test]
fn an_unknown_key() {
    let key = "encounters = 12";
    changed(key, "encouters = 12", &place(key, 0), &["unknown key `encouters`", "did you mean `encounters`"]);
}

#[test]
fn a_wrong_unit() {
    let key = "control_delay_ms = 20";
    changed(key, "control_delay_us = 20000", &place(key, 0), &["unknown key", "did you mean `control_delay_ms`"]);
    let key = "max_yaw_deg = 35";
    changed(key, "max_yaw_rad = 0.6", &place(key, 0), &["unknown key", "max_yaw_deg"]);
}

#[test]
fn a_missing_file() {
    let key = "mix = \"demo-families\"";
    changed(key, "mix = \"gone/mix.toml\"", &place(key, 6), &["gone/mix.toml", "cannot be read"]);
    let folder = TempDir::new().expect("a folder");
    let absent = folder.path().join("absent.toml");
    let message = message(program::command(["run"]).arg(&absent), exit::USAGE);
    tells(&message, &[&absent.display().to_string(), "cannot be read"]);
    assert_eq!(fs::read_dir(folder.path()).expect("list").count(), 0);
}

/// The demo with a rig of its own that differs in one place; the message must lie in the rig's file.
#[track_caller]
fn changed_rig(from: &str, to: &str, what: &[&str]) {
    let rig = fs::read_to_string(program::root().join("scenes/catalogue/rigs/three-poles.toml")).expect("the rig");
    let line = rig.lines().position(|l| l.starts_with(from)).unwrap_or_else(|| panic!("no line {from:?}")) + 1;
    let scenario = demo().replace("rig = \"three-poles\"", "rig = \"./rig.toml\"");
    let message = refused(&scenario, &[("rig.toml", &rig.replacen(from, to, 1))]);
    tells(&message, &[&format!("rig.toml:{line}:")]);
    tells(&message, what);
}

#[test]
fn a_negative_exposure() {
    changed_rig("exposure_us = 2000", "exposure_us = -2000", &["impossible value -2000", "exposure_us"]);
}

#[test]
fn a_camera_below_the_ground() {
    changed_rig("position_m = [1.95, 2.40, 5.5]", "position_m = [1.95, -2.40, 5.5]", &["ground"]);
}

#[test]
fn more_occupants_than_seats() {
    let driver = "{ row = 1, side = \"left\" }";
    let crowd = [driver; 6].join(", ");
    let table = format!("[gates]\n[[encounter]]\nindex = 3\nvehicle = \"sedan\"\noccupants = [{crowd}]\n");
    // Three lines below the heading of the gates.
    let line = demo().lines().position(|l| l == "[gates]").expect("gates") + 5;
    let message = refused(&demo().replace("[gates]", &table), &[]);
    tells(&message, &[&format!("bad.toml:{line}:13:"), "6 occupants in a sedan with 5 seats", "2-middle"]);
}

#[test]
fn an_encounter_that_is_not() {
    let folder = TempDir::new().expect("a folder");
    let out = folder.path().join("out");
    let mut command = program::command(["render", "scenarios/first-light.toml", "--encounter", "12", "--out"]);
    tells(&message(command.arg(&out), exit::USAGE), &["no encounter 12", "12, counted from 0"]);
    assert!(!out.exists());
}

/// The demo with a folder of models; nothing may be written.
fn refused_models(models: &Path, code: u8) -> String {
    let folder = TempDir::new().expect("a folder");
    let out = folder.path().join("out");
    let mut command = program::command(["run", "scenarios/first-light.toml"]);
    let message = message(command.arg("--models").arg(models).arg("--out").arg(&out), code);
    assert!(!out.exists(), "something was written");
    message
}

#[test]
fn a_missing_models_folder_and_an_empty_one() {
    let folder = TempDir::new().expect("a folder");
    let absent = folder.path().join("absent");
    tells(&refused_models(&absent, exit::USAGE), &[&absent.display().to_string(), "folder of models"]);
    tells(&refused_models(folder.path(), exit::SETUP), &["no detector", "put a model file and its card there"]);
}

#[test]
fn damaged_model_files() {
    let folder = TempDir::new().expect("a folder");
    for file in ["det_yunet_n_dynamic.onnx", "emb_omz_reid_0095.onnx"] {
        fs::write(folder.path().join(file), "no model").expect("write");
    }
    // By its card's hash.
    tells(&refused_models(folder.path(), exit::SETUP), &["det_yunet_n_dynamic.onnx", "SHA-256", "damaged"]);
    // Without one, by ONNX Runtime.
    let card = fs::read_to_string(program::root().join("lane-stack/cards/yunet-n.toml")).expect("the card");
    let card: String = card.lines().filter(|l| !l.starts_with("sha256")).map(|l| format!("{l}\n")).collect();
    fs::write(folder.path().join("mine.toml"), card).expect("write");
    tells(&refused_models(folder.path(), exit::SETUP), &["det_yunet_n_dynamic.onnx", "ONNX Runtime cannot open it"]);
}

/// One portrait with these variables; no picture may be written.
fn refused_portrait(variables: &[(&str, &str)], arguments: &[&str], code: u8) -> String {
    let folder = TempDir::new().expect("a folder");
    let sheet = folder.path().join("sheet.png");
    let mut command = program::command(["people", "--count", "1"]);
    command.args(arguments).arg("--sheet").arg(&sheet).envs(variables.iter().copied());
    let message = message(&mut command, code);
    assert!(!sheet.exists(), "something was written");
    message
}

#[test]
fn an_adapter_that_is_not() {
    tells(&refused_portrait(&[], &["--adapter", "nosuch"], exit::SETUP), &["\"nosuch\"", "this machine has"]);
}

#[test]
fn a_machine_without_a_vulkan_driver() {
    // The older name of the variable too, for loaders that know no other.
    let nothing = [("VK_DRIVER_FILES", "/nonexistent.json"), ("VK_ICD_FILENAMES", "/nonexistent.json")];
    tells(&refused_portrait(&nothing, &[], exit::SETUP), &["no Vulkan device", "mesa-vulkan-drivers"]);
}

#[test]
fn a_machine_without_python_or_without_pip() {
    let cache = TempDir::new().expect("a folder");
    let cache = cache.path().to_str().expect("a plain path");
    let commands = TempDir::new().expect("a folder");
    let path = commands.path().to_str().expect("a plain path");
    let variables = [("LANEPROOF_CACHE", cache), ("PATH", path)];
    tells(
        &refused_portrait(&variables, &[], exit::SETUP),
        &["people data", "python3 was not found", "apt-get install"],
    );

    let python = commands.path().join("python3");
    fs::write(&python, "#!/bin/sh\necho /usr/bin/python3: No module named pip >&2\nexit 1\n").expect("write");
    fs::set_permissions(&python, fs::Permissions::from_mode(0o755)).expect("executable");
    tells(&refused_portrait(&variables, &[], exit::SETUP), &["people data", "pip", "apt-get install python3-pip"]);
}

#[test]
fn a_cache_that_cannot_be_written() {
    // Below a file, and in a file system that takes no folders: for these even the superuser lacks permission.
    let file = tempfile::NamedTempFile::new().expect("a file");
    for cache in [file.path().join("cache").display().to_string(), "/proc/laneproof".to_owned()] {
        let message = refused_portrait(&[("LANEPROOF_CACHE", &cache)], &[], exit::IO);
        tells(&message, &[&cache, "set LANEPROOF_CACHE to a folder that can be written"]);
    }
}

#[test]
fn a_run_folder_in_use() {
    let Some(models) = acceptance_models().or_else(default_models) else {
        return skipped(1, "a run needs models: LANEPROOF_ACCEPTANCE_MODELS is not set and lane-stack/models is empty");
    };
    let folder = TempDir::new().expect("a folder");
    fs::write(folder.path().join("mine.txt"), "keep").expect("write");
    let mut command = program::command(["run", "scenarios/first-light.toml", "--models"]);
    let message = message(command.arg(models).arg("--out").arg(folder.path()), exit::USAGE);
    tells(&message, &["is in use", "--out", "--resume"]);
    assert_eq!(fs::read_dir(folder.path()).expect("list").count(), 1, "something was written");
    assert_eq!(fs::read_to_string(folder.path().join("mine.txt")).expect("still there"), "keep");
}

#[test]
fn a_reader_that_has_gone_ends_the_program_quietly() {
    let mut command = program::command(["sweep", "scenarios/first-light.toml", "--list"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("the program ends");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!stderr.contains("panicked"), "{stderr}");
    // By the signal that ends any program in such a pipe, or because all fitted into it.
    assert!(output.status.signal() == Some(13) || output.status.success(), "{:?}", output.status);
}

#[test]
fn panes_that_are_not_and_glass_that_cannot_be() {
    let tint = |arguments: &[&str]| {
        let out = TempDir::new().expect("a folder");
        let of = ["tint", "scenarios/light/noon.toml", "--out"];
        let mut command = program::command(of);
        message(command.arg(out.path()).args(arguments), exit::USAGE)
    };
    let of = ["tint", "scenarios/light/noon.toml", "--camera", "front", "--pane", "roof", "--out", "nowhere"];
    let (code, _, told) = program::run(&mut program::command(of));
    assert_eq!(code, i32::from(exit::USAGE), "{told}");
    tells(&told, &["there are no panes \"roof\"", "windscreen, front-side and rear"]);
    tells(
        &tint(&["--camera", "front", "--pane", "rear", "--transmittance", "0.2,1.5"]),
        &["transmittance of the rear windows", "1.5", "at most 0.9184"],
    );
    tells(&tint(&["--camera", "top", "--pane", "rear"]), &["no camera \"top\"", "it has front"]);
}
