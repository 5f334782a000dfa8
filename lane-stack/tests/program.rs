//! The program's promises: one message, the documented exit code, never a panic.
use std::path::Path;
use std::process::{Command, Output};

fn run(args: &[&str], library: Option<&str>) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lane-stack"));
    command.args(args).env_remove("ORT_DYLIB_PATH");
    if let Some(path) = library {
        command.env("ORT_DYLIB_PATH", path);
    }
    let Output { status, stderr, .. } = command.output().unwrap();
    let message = String::from_utf8_lossy(&stderr).into_owned();
    assert!(!message.contains("panicked"), "{message}");
    (status.code(), message)
}

/// A models directory whose files exist but are no models.
fn hollow(folder: &Path) -> &str {
    for file in ["det_yunet_n_dynamic.onnx", "emb_omz_reid_0095.onnx"] {
        std::fs::write(folder.join(file), "hollow").unwrap();
    }
    folder.to_str().unwrap()
}

#[test]
fn wrong_usage_is_2() {
    assert_eq!(run(&["look"], None).0, Some(2));
    let (code, message) = run(&["cards", "--models", "/nowhere/at/all"], None);
    assert_eq!(code, Some(2), "{message}");
    assert!(message.contains("/nowhere/at/all") && message.trim_end().lines().count() == 1, "{message}");
}

#[test]
fn a_bad_card_is_3_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let dir = hollow(folder.path());
    std::fs::write(folder.path().join("mine.toml"), "kind = \"detector\"\ncolor = 3\n").unwrap();
    let (code, message) = run(&["cards", "--models", dir], None);
    assert_eq!(code, Some(3));
    assert!(message.contains("mine.toml:2:1: unknown field `color`"), "{message}");
    std::fs::write(folder.path().join("mine.toml"), "kind = \"painter\"\n").unwrap();
    let (code, message) = run(&["cards", "--models", dir], None);
    assert_eq!(code, Some(3));
    assert!(message.contains("mine.toml:1:8: ") && message.contains("embedder"), "{message}");
}

#[test]
fn no_models_is_3() {
    let folder = tempfile::tempdir().unwrap();
    let (code, message) = run(&["look", "x.jpg", "--models", folder.path().to_str().unwrap()], None);
    assert_eq!(code, Some(3), "{message}");
}

#[test]
fn no_onnx_runtime_is_4() {
    let folder = tempfile::tempdir().unwrap();
    let dir = hollow(folder.path());
    let (code, message) = run(&["look", "x.jpg", "--models", dir], None);
    assert_eq!(code, Some(4));
    assert!(message.contains("ORT_DYLIB_PATH"), "{message}");
    // A file that is no library.
    let text = folder.path().join("lib.so");
    std::fs::write(&text, "no library").unwrap();
    for library in [text.to_str().unwrap(), "/nowhere/libonnxruntime.so"] {
        let (code, message) = run(&["look", "x.jpg", "--models", dir], Some(library));
        assert_eq!(code, Some(4), "{message}");
    }
}

#[test]
fn a_damaged_model_is_3_and_a_damaged_picture_5() {
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("x.jpg");
    std::fs::write(&picture, "no picture").unwrap();
    let picture = picture.to_str().unwrap();
    let Ok(library) = std::env::var("ORT_DYLIB_PATH") else {
        eprintln!("SKIPPED 2 checks: ORT_DYLIB_PATH is not set");
        return;
    };
    let (code, message) = run(&["look", picture, "--models", hollow(folder.path())], Some(&library));
    assert_eq!(code, Some(3));
    assert!(message.contains("SHA-256") && message.contains("det_yunet_n_dynamic.onnx"), "{message}");
    let Ok(models) = std::env::var("LANEPROOF_ACCEPTANCE_MODELS") else {
        eprintln!("SKIPPED 1 check: LANEPROOF_ACCEPTANCE_MODELS is not set");
        return;
    };
    let (code, message) = run(&["look", picture, "--models", &models], Some(&library));
    assert_eq!(code, Some(5), "{message}");
}
