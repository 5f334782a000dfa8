//! Our light against Mitsuba 3's: the mean radiance of faces as it arrives at the lens through the panes, and of what the
//! panes mirror over them, in the scenes of `tests/mitsuba`. Mitsuba itself is not needed: its numbers are committed with the
//! command that made them.
use laneproof_scenarios::{plan::plan, scenario::Scenario};
use laneproof_sim::{ExposureRequest, truth::FaceTruth};
use laneproof_tests::{program, simulator};
use serde_json::Value;

/// Largest deviation of a face's radiance, as a share.
const FACE_TOLERANCE: f64 = 0.10;
/// Largest deviation of the veil.
const VEIL_TOLERANCE: f64 = 0.05;

#[derive(Debug, Clone, Copy, PartialEq)]
enum What {
    Face,
    Veil,
}

/// What is known to deviate by more: scene, occupant, what, lowest and highest ratio of ours to Mitsuba's, and why. A gap that
/// has closed fails the test too, so that this list shrinks with the causes.
const KNOWN_GAPS: &[(&str, u64, What, [f64; 2], &str)] = &[
    ("noon", 1, What::Face, [0.86, 0.9], COAT),
    ("overcast", 0, What::Face, [0.88, 0.9], COAT),
    ("privacy-glass", 1, What::Face, [0.78, 0.9], COAT),
    ("polariser-clear", 0, What::Face, [0.84, 0.9], COAT),
    ("low-sun", 1, What::Veil, [0.9, 0.95], ROOF),
    ("shade", 1, What::Veil, [0.9, 0.95], ROOF),
    ("privacy-glass", 2, What::Veil, [0.86, 0.95], ROOF),
    ("night-strobe", 1, What::Veil, [0.0, 0.95], STROBED),
];
/// Found by taking things out of Mitsuba's scenes: of these faces' light 10 to 44 % comes from the coat, and 28 to 43 % of that
/// is missing here; of the light below the coat 6 to 12 %.
const COAT: &str =
    "what the coat of skin mirrors, taken from one map between the eyes and dimmed by all that the head hides";
/// Less than a ten-thousandth of the face's light; not measured apart.
const STROBED: &str = "what strobes light in lane and cabin, mirrored: left out here, as `images_of` says";
/// With the vehicle's paint and shade in the gather, privacy-glass came to .96 and .91, but low-sun fell to .80: there its panes
/// throw the sun at the roof. All or nothing, then.
const ROOF: &str = "the roof's underside mirrored, which is lit here as if no vehicle stood below it: no shade, no light from paint and panes";

fn number(value: &Value, what: &str) -> f64 {
    value[what].as_f64().unwrap_or_else(|| panic!("no number {what} in {value}"))
}

fn green(face: &Value, what: &str) -> f64 {
    face[what][1].as_f64().unwrap_or_else(|| panic!("no radiance {what} in {face}"))
}

/// Complaints about one number, if any; prints the ratio.
fn judge(scene: &str, occupant: u64, what: What, ours: f64, theirs: f64) -> Option<String> {
    let ratio = ours / theirs;
    let tolerance = match what {
        What::Face => FACE_TOLERANCE,
        What::Veil => VEIL_TOLERANCE,
    };
    println!("{scene:<14} {occupant} {what:?}: {ours:.4} ours, {theirs:.4} Mitsuba's, ratio {ratio:.3}");
    let within = (ratio - 1.0).abs() <= tolerance;
    let known = KNOWN_GAPS.iter().find(|(s, o, w, ..)| (*s, *o, *w) == (scene, occupant, what));
    let named = format!("{scene}, occupant {occupant}, {what:?}: {ratio:.3} of Mitsuba's");
    match known {
        None => (!within).then_some(named),
        Some(_) if within => Some(format!("{named}: take it out of the known gaps")),
        Some((.., [low, high], why)) => (!(*low..=*high).contains(&ratio)).then(|| format!("{named}, known as {why}")),
    }
}

fn faces(scene: &Value) -> Vec<FaceTruth> {
    let text = |key: &str| scene[key].as_str().unwrap_or_else(|| panic!("no {key} in {scene}"));
    let path = program::root().join("tests/mitsuba").join(text("scenario"));
    let scenario = Scenario::open(&path).unwrap_or_else(|e| panic!("{e}"));
    let mut simulator = simulator::shared();
    let staged = simulator.stage(&plan(&scenario, 0)).unwrap_or_else(|e| panic!("{e}"));
    let cameras = &staged.plan.rig.cameras;
    let camera_index = cameras.iter().position(|c| c.id == text("camera")).expect("the rig has this camera");
    let camera = &cameras[camera_index];
    let mut times: Vec<u64> = camera.triggers.iter().filter_map(|&t| staged.trigger_time_us(t)).collect();
    times.sort_unstable();
    let request = ExposureRequest {
        exposure_id: 0,
        camera_index,
        mid_exposure_us: times[number(scene, "exposure") as usize],
        exposure_us: camera.exposure_us,
        gain_db: camera.gain_db,
        cross_check: false,
    };
    simulator.expose(&staged, &request).unwrap_or_else(|e| panic!("{e}")).truth.faces
}

#[test]
fn faces_and_veils_are_as_bright_as_a_path_tracer_has_them() {
    let path = program::root().join("tests/mitsuba/reference.json");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let reference: Value = serde_json::from_str(&text).expect("JSON");
    let scenes = reference["scenes"].as_array().expect("scenes");
    assert!(scenes.len() >= 6, "{} scenes are too few to say anything", scenes.len());
    let mut complaints = Vec::new();
    for scene in scenes {
        let name = scene["name"].as_str().expect("a name");
        let ours = faces(scene);
        for face in scene["faces"].as_array().expect("faces") {
            let occupant = number(face, "occupant") as u64;
            let truth = ours.iter().find(|t| u64::from(t.occupant) == occupant).expect("the occupant's truth");
            // Where the panes are the same, so is their transmittance: else the numbers are of another scene.
            let passed = f64::from(truth.pane_transmittance) / green(face, "transmittance");
            assert!(
                (passed - 1.0).abs() < 0.02,
                "{name}: the panes pass {passed:.3} of what they passed when the reference was made; make it anew: {}",
                reference["command"]
            );
            let pairs = [
                (What::Face, truth.transmitted_radiance, green(face, "face_radiance")),
                (What::Veil, truth.veiling_radiance, green(face, "veil_radiance")),
            ];
            let judged = pairs.map(|(what, ours, theirs)| judge(name, occupant, what, f64::from(ours), theirs));
            complaints.extend(judged.into_iter().flatten());
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}
