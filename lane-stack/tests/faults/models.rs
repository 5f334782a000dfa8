//! Model files that change or go under the service, and a gallery that another model made.
use crate::harness::{
    Answer, FRAMES, GALLERY_SECTION, PORTRAITS, Service, command, configure, has_runtime, make_gallery, models,
};
use crate::{enrol, matched, search};
use lane_stack::api::Readiness;
use lane_stack::gallery::hex;
use sha2::{Digest as _, Sha256};
use std::path::Path;
use std::process::Stdio;

fn sha256(path: &Path) -> String {
    hex(&Sha256::digest(std::fs::read(path).unwrap()))
}

/// A service with its own copy of the models.
fn start_with_copies() -> Service {
    let folder = tempfile::tempdir().unwrap();
    make_gallery(folder.path());
    configure(folder.path(), GALLERY_SECTION);
    std::fs::create_dir(folder.path().join("models")).unwrap();
    for entry in std::fs::read_dir(models()).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, folder.path().join("models").join(path.file_name().unwrap())).unwrap();
    }
    let text = std::fs::read_to_string(folder.path().join("lane.toml")).unwrap();
    let text = text.replace(&format!("{:?}", models()), "\"models\"");
    std::fs::write(folder.path().join("lane.toml"), text).unwrap();
    Service::start_as_configured(folder)
}

fn refusal(service: &Service) -> (Option<i32>, String) {
    let output = command(&service.folder.path().join("lane.toml")).stderr(Stdio::piped()).output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn answers(service: &Service, encounter: &str) -> Vec<Answer> {
    service.open(encounter);
    (0..FRAMES.len() as u64).map(|sequence| service.push(encounter, sequence)).collect()
}

#[test]
fn models_are_those_that_were_loaded_and_a_gallery_of_others_is_refused() {
    if !has_runtime(1) {
        return;
    }
    let mut service = start_with_copies();
    let folder = service.folder.path().join("models");
    let [detector, embedder] = ["laneproof-detector.onnx", "laneproof-embedder.onnx"].map(|f| folder.join(f));
    let ready: Readiness = service.get("/v1/ready").json();
    assert_eq!((&ready.detector.sha256, &ready.embedder.sha256), (&sha256(&detector), &sha256(&embedder)));
    assert_eq!((&*ready.detector.name, &*ready.embedder.name), ("laneproof-detector", "laneproof-embedder"));
    assert_eq!(enrol(&service, "right", PORTRAITS[0].1).status, 201);
    let before: Vec<Vec<u8>> = answers(&service, "before").into_iter().map(|a| a.body).collect();

    // Another file in the place of one, none in that of the other: nothing changes.
    let kept = [&detector, &embedder].map(|path| std::fs::read(path).unwrap());
    std::fs::write(&detector, b"another model").unwrap();
    std::fs::remove_file(&embedder).unwrap();
    assert_eq!(service.get("/v1/ready").json::<Readiness>(), ready);
    let after: Vec<Vec<u8>> = answers(&service, "after").into_iter().map(|a| a.body).collect();
    assert_eq!(before, after);
    assert!(search(&service, PORTRAITS[0].1)[0].1 > 0.999);
    assert_eq!(enrol(&service, "left", PORTRAITS[1].1).status, 201);
    assert!(matched(&service, "whole").contains("right"));

    // It does not begin anew with such files, and says which is wrong.
    service.signal("TERM");
    service.close("before");
    service.close("after");
    assert_eq!(service.wait(), Some(0), "{}", service.log());
    let (code, message) = refusal(&service);
    assert!(code == Some(3) && message.contains("laneproof-detector.onnx"), "{message}");
    assert!(message.contains("SHA-256"), "{message}");
    std::fs::write(&detector, &kept[0]).unwrap();
    let (code, message) = refusal(&service);
    assert!(code == Some(3) && message.contains("laneproof-embedder.onnx"), "{message}");

    // The same network as another model: a comment more at the end (field 6 of an ONNX model, its doc_string).
    let other = [&kept[1][..], &[0x32, 1, b'x']].concat();
    std::fs::write(&embedder, &other).unwrap();
    let card = folder.join("laneproof-embedder.toml");
    let text = std::fs::read_to_string(&card).unwrap();
    let renewed = text.replace(&ready.embedder.sha256, &sha256(&embedder));
    assert_ne!(text, renewed);
    std::fs::write(&card, renewed).unwrap();
    let (code, message) = refusal(&service);
    assert_eq!(code, Some(10), "{message}");
    assert!(message.trim_end().lines().count() == 1 && !message.contains("panicked"), "{message}");
    let hashes = [&ready.embedder.sha256[..12], &sha256(&embedder)[..12]];
    assert!(hashes.iter().all(|h| message.contains(h)), "{message}");
    assert!(message.contains("lane.gallery") && message.contains("gallery init"), "{message}");

    // With the gallery's own model again it does.
    std::fs::write(&embedder, &kept[1]).unwrap();
    std::fs::write(&card, text).unwrap();
    service.start_again();
    assert!(search(&service, PORTRAITS[1].1)[0].1 > 0.999);
}
