//! The comparison of `examples/modes`, in small: frames that are looked at together are decided about as by themselves.
//! Needs `ORT_DYLIB_PATH`; without it the test says so.
#[path = "../examples/modes/main.rs"]
#[allow(dead_code, reason = "the program's own entry is not used")]
mod modes;

use clap::Parser as _;
use lane_stack::client::{Decisions, Detection, Quality};
use modes::decisions::Agreement;
use std::path::Path;

#[test]
fn looking_at_frames_together_decides_the_same() {
    if std::env::var_os("ORT_DYLIB_PATH").is_none() {
        eprintln!("SKIPPED 1 check: ORT_DYLIB_PATH is not set");
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pictures = root.join("tests/service/pictures");
    let run = tempfile::tempdir().unwrap();
    let copy = |from: &str, to: String| {
        std::fs::create_dir_all(run.path().join(&to).parent().unwrap()).unwrap();
        std::fs::copy(pictures.join(from), run.path().join(to)).unwrap();
    };
    for portrait in ["right.jpg", "left.jpg"] {
        copy(portrait, format!("portraits/{portrait}"));
    }
    let frames = ["front-0", "side-0", "front-1", "side-1", "front-2"];
    for encounter in 0..12 {
        for (k, name) in frames.into_iter().enumerate() {
            let camera = name.split('-').next().unwrap();
            copy(&format!("{name}.jpg"), format!("frames/e{encounter:04}-x{k:03}-{camera}.jpg"));
        }
    }
    let config = run.path().join("stack.toml");
    // They must match, or nothing would be compared.
    let stack = "detector = \"laneproof-detector\"\nembedder = \"laneproof-embedder\"\nmatch_threshold = 0.25\n";
    std::fs::write(&config, stack).unwrap();
    let paths = [run.path().to_path_buf(), root.join("models"), config, env!("CARGO_BIN_EXE_lane-stack").into()];
    let [folder, models, config, program] = paths.each_ref().map(|path| path.to_str().unwrap());
    let args = ["modes", "--run", folder, "--models", models, "--stack-config", config, "--program", program];
    let measured = modes::measure(&modes::Args::parse_from([&args[..], &["--rounds", "2"]].concat())).unwrap();
    let [made, alike] = measured.with_itself.all();
    assert!(made >= 100 && alike == made, "{:?}", measured.with_itself);
    let [made, alike] = measured.with_other.all();
    assert!(made >= 200 && alike as f64 >= 0.999 * made as f64, "{:?}", measured.with_other);
    assert!(measured.frames_per_s.iter().flatten().all(|rate| *rate > 0.0));
}

#[test]
fn a_face_too_few_or_too_many_or_elsewhere_is_no_agreement() {
    let quality = Quality {
        inter_eye_px: 50.0,
        yaw_deg: 0.0,
        pitch_deg: 0.0,
        roll_deg: 0.0,
        sharpness: 50.0,
        mean_luminance: 0.5,
        over_exposed_share: 0.0,
        entropy_bits: 7.0,
        overall: 50.0,
        uniformity: None,
        eyes_covered_share: None,
        covered_share: None,
    };
    let face = |x: f32| Detection {
        exposure_id: 1,
        camera_id: "front".to_string(),
        box_px: [x, 0.0, x + 100.0, 100.0],
        landmarks_px: [[0.0; 2]; 5],
        score: 0.9,
        quality,
        track_id: 0,
    };
    let decided = |detections: &[Detection]| Decisions {
        detections: detections.to_vec(),
        best_shots: Vec::new(),
        persons: Vec::new(),
        occupant_count: None,
    };
    let faces = |first: &[Detection], second: &[Detection]| {
        let mut agreement = Agreement::default();
        agreement.add(&decided(first), &decided(second));
        agreement.faces
    };
    let both = [face(0.0), face(300.0)];
    assert_eq!(faces(&both, &both), [2, 2]);
    assert_eq!(faces(&both, &[face(0.2), face(300.0)]), [2, 2]);
    assert_eq!(faces(&both, &[face(9.0), face(300.0)]), [2, 1]);
    assert_eq!(faces(&both, &both[..1]), [2, 1]);
    assert_eq!(faces(&both[..1], &both), [2, 1]);
}
