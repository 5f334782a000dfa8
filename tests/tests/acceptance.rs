//! Detectors and embedders that were trained on photographs take this simulator's faces for faces, and tell them apart.
//! Needs `LANEPROOF_ACCEPTANCE_MODELS`; without it the tests say so and count what they left out.
use std::{
    path::{Path, PathBuf},
    sync::OnceLock,
};

use lane_stack::client::{Frame, FrameEncoding};
use lane_stack::{InProcessStack, picture::Picture, select};
use laneproof_assets::Cache;
use laneproof_scenarios::{
    run::record::EncounterRecord,
    score::{Owner, assign, rule::is_plain_face},
};
use laneproof_sim::truth::{BoxPx, ExposureTruth};
use laneproof_tests::{
    acceptance_models, default_models,
    plain_faces::{PlainFaces, measure, records},
    program, simulator, skipped,
};
use tempfile::TempDir;

/// Detectors and embedders among the acceptance models, by their shipped cards.
const DETECTORS: [&str; 2] = ["yunet-n", "retinaface-mnet025"];
const EMBEDDERS: [&str; 2] = ["omz-reid-0095", "mobileface-v2"];
/// Share of qualifying occupants that are to be detected, and of those asked for to be identified.
const MIN_DETECTED: f64 = 0.95;
const MIN_RANK_1: f64 = 0.90;
/// Occupants that are to qualify, as a number and as a share of all.
const MIN_QUALIFY: u32 = 30;
const MIN_QUALIFY_SHARE: f64 = 0.5;
/// Frames that every pair of models looks at.
const FRAMES: usize = 12;

/// The whole demo, run as a user runs it. The folder lives as long as its value.
fn demo_run(models: &Path) -> (TempDir, Vec<EncounterRecord>) {
    let folder = TempDir::new().expect("a folder");
    let out = folder.path().join("run");
    let mut command = program::command(["run", "scenarios/plain-faces.toml", "--models"]);
    let (code, stdout, stderr) = program::run(command.arg(models).arg("--out").arg(&out));
    assert_eq!(code, 0, "{stdout}\n{stderr}");
    let records = records(&out);
    assert_eq!(records.len() as u64, simulator::demo().file.encounters);
    (folder, records)
}

/// The run with the acceptance models, made once for all tests of this file.
fn acceptance_run(models: &Path) -> &'static (TempDir, Vec<EncounterRecord>) {
    static RUN: OnceLock<(TempDir, Vec<EncounterRecord>)> = OnceLock::new();
    RUN.get_or_init(|| {
        // YuNet and 0095, whatever else the folder holds.
        let choice = TempDir::new().expect("a folder");
        let pair = linked(models, choice.path(), DETECTORS[0], EMBEDDERS[0]);
        demo_run(&pair)
    })
}

/// A folder with the files of `models` and a configuration that names this pair.
fn linked(models: &Path, folder: &Path, detector: &str, embedder: &str) -> PathBuf {
    for entry in std::fs::read_dir(models).unwrap_or_else(|e| panic!("{}: {e}", models.display())) {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|e| e == "onnx") {
            let link = folder.join(path.file_name().expect("a name"));
            std::os::unix::fs::symlink(std::fs::canonicalize(&path).expect("there"), link).expect("a link");
        }
    }
    let text = format!("detector = \"{detector}\"\nembedder = \"{embedder}\"\n");
    std::fs::write(folder.join("stack.toml"), text).expect("write");
    folder.to_path_buf()
}

fn print(models: &str, numbers: &PlainFaces) {
    println!("plain faces of the demo with {models}:\n{numbers}");
}

#[test]
fn stacks_for_photographs_find_and_know_the_demos_plain_faces() {
    let Some(models) = acceptance_models() else {
        return skipped(1, "LANEPROOF_ACCEPTANCE_MODELS is not set");
    };
    let numbers = measure(&acceptance_run(&models).1, &simulator::demo().file.validation);
    print(&format!("{} and {}", DETECTORS[0], EMBEDDERS[0]), &numbers);
    let mut short = Vec::new();
    let mut bar = |met: bool, what: &str| {
        if !met {
            short.push(what.to_owned());
        }
    };
    bar(numbers.qualify.hits >= MIN_QUALIFY, "at least 30 occupants qualify");
    bar(numbers.qualify.share() >= MIN_QUALIFY_SHARE, "at least half of all qualify");
    bar(numbers.qualify_behind.hits > 0, "some of rows 2 and 3 qualify");
    bar(numbers.detected.share() >= MIN_DETECTED, "at least 95 % of those are detected");
    bar(numbers.rank_1.share() >= MIN_RANK_1, "at least 90 % of those asked for are identified");
    assert!(short.is_empty(), "not so: {}\n{numbers}", short.join("; "));
}

/// The same numbers of our own models, for comparison; they are in-domain, so no bar stands on them.
#[test]
fn our_own_models_are_measured_beside() {
    if acceptance_models().is_none() {
        return skipped(1, "LANEPROOF_ACCEPTANCE_MODELS is not set: there is nothing to compare with");
    }
    let Some(models) = default_models() else {
        return skipped(1, "lane-stack/models is empty");
    };
    let numbers = measure(&demo_run(&models).1, &simulator::demo().file.validation);
    print("our own models", &numbers);
    assert!(numbers.qualify.hits >= MIN_QUALIFY, "the truth does not depend on the models: {numbers}");
}

/// Each pair by the cards that come with the crate, on the demo's first frames that show a plain face.
#[test]
fn every_acceptance_model_runs_by_its_card_on_a_rendered_frame() {
    let Some(models) = acceptance_models() else {
        return skipped(DETECTORS.len() as u32 * EMBEDDERS.len() as u32, "LANEPROOF_ACCEPTANCE_MODELS is not set");
    };
    let cache = Cache::open().unwrap_or_else(|e| panic!("{e}"));
    let library = cache.onnxruntime(&mut |step| eprintln!("{step}")).unwrap_or_else(|e| panic!("{e}"));

    let (run, records) = acceptance_run(&models);
    let exposures = records.iter().filter_map(EncounterRecord::seen).flat_map(|seen| &seen.exposures);
    let frames: Vec<(Picture, &ExposureTruth)> = exposures
        .filter(|exposure| exposure.truth.faces.iter().any(is_plain_face))
        .take(FRAMES)
        .map(|exposure| {
            let bytes = std::fs::read(run.path().join("run").join(&exposure.frame)).expect("the frame was kept");
            (Picture::from_jpeg(&bytes).unwrap_or_else(|e| panic!("{e}")), &exposure.truth)
        })
        .collect();
    assert_eq!(frames.len(), FRAMES);
    for detector in DETECTORS {
        for embedder in EMBEDDERS {
            let folder = TempDir::new().expect("a folder");
            let folder = linked(&models, folder.path(), detector, embedder);
            let selection = select(&folder, None).unwrap_or_else(|e| panic!("{detector}, {embedder}: {e}"));
            let dimension = selection.embedder.dimension;
            let mut stack = InProcessStack::open(selection, Some(&library))
                .unwrap_or_else(|e| panic!("{detector}, {embedder}: {e}"));
            let (mut found, mut embedded) = (0, 0);
            for (picture, truth) in &frames {
                let faces = stack.look(picture).unwrap_or_else(|e| panic!("{e}"));
                for face in &faces {
                    let [x0, y0, x1, y1] = face.raw.box_px;
                    found += u32::from(assign(&BoxPx { x0, y0, x1, y1 }, &truth.faces, &[]) != Owner::Nobody);
                }
                if let Some(template) = stack.template(picture).unwrap_or_else(|e| panic!("{e}")) {
                    assert_eq!(template.len(), dimension);
                    assert!((template.iter().map(|v| v * v).sum::<f32>() - 1.0).abs() < 1e-3, "of unit length");
                    embedded += 1;
                }
            }
            println!("{detector} with {embedder}: {found} faces found in {} frames, {embedded} embedded", frames.len());
            assert!(found > 0 && embedded > 0, "{detector} with {embedder} finds nobody");
        }
    }
}

/// A document's picture comes in any size: what it is enrolled as must not hang on that.
#[test]
fn a_portraits_template_hardly_depends_on_its_size() {
    let cache = Cache::open().unwrap_or_else(|e| panic!("{e}"));
    let library = cache.onnxruntime(&mut |step| eprintln!("{step}")).unwrap_or_else(|e| panic!("{e}"));
    let folder = TempDir::new().expect("a folder");
    let pair = acceptance_models().map(|models| linked(&models, folder.path(), DETECTORS[0], EMBEDDERS[0]));
    if pair.is_none() {
        skipped(1, "LANEPROOF_ACCEPTANCE_MODELS is not set");
    }
    let identity = &simulator::demo_plan(0).occupants[0].identity;
    let portrait = simulator::shared().portrait(identity).unwrap_or_else(|e| panic!("{e}"));
    let (width, height) = (portrait.width, portrait.height);
    let shown = image::RgbImage::from_raw(width, height, portrait.rgb).expect("its size");
    for models in pair.into_iter().chain(default_models()) {
        let selection = select(&models, None).unwrap_or_else(|e| panic!("{e}"));
        let mut stack = InProcessStack::open(selection, Some(&library)).unwrap_or_else(|e| panic!("{e}"));
        let mut template = |scale: f32| {
            let [w, h] = [width, height].map(|side| (side as f32 * scale) as u32);
            let sized = image::imageops::resize(&shown, w, h, image::imageops::FilterType::Triangle);
            let picture = Picture::from_rgb(w, h, sized.into_raw()).unwrap_or_else(|e| panic!("{e}"));
            stack.template(&picture).unwrap_or_else(|e| panic!("{e}")).expect("a face")
        };
        let whole = template(1.0);
        for scale in [0.5, 2.0] {
            let similarity: f32 = whole.iter().zip(template(scale)).map(|(a, b)| a * b).sum();
            println!("{}: {similarity:.3} at a scale of {scale}", models.display());
            assert!(similarity > 0.85, "{}: {similarity} at a scale of {scale}", models.display());
        }
    }
}

/// All that a stack gets with a frame. A field that carried truth would have to be named here, or this does not compile.
#[test]
fn a_frame_carries_no_truth() {
    let frame = Frame {
        exposure_id: 1,
        camera_id: "front".to_owned(),
        mid_exposure_us: 2,
        exposure_us: 3.0,
        gain_db: 4.0,
        encoding: FrameEncoding::Jpeg,
        bytes: vec![5],
    };
    let Frame { exposure_id, camera_id, mid_exposure_us, exposure_us, gain_db, encoding, bytes } = frame;
    assert_eq!((exposure_id, camera_id.as_str(), mid_exposure_us, bytes), (1, "front", 2, vec![5]));
    assert_eq!((exposure_us, gain_db, encoding), (3.0, 4.0, FrameEncoding::Jpeg));
}
