//! Other vehicles in the lane: they are where their plan says, seen through every pane before them, and told apart from the
//! encounter's own; by regions as by the whole sensor.
use std::fs;

use laneproof_scenarios::{plan::plan, scenario::Scenario};
use laneproof_scenes::{
    catalogue::{GlassSet, Sky, Trigger},
    motion::Motion,
    truth::{Subject, Tag},
    vehicle,
};
use laneproof_sim::{
    Exposure, ExposureRequest, Simulator, Staged,
    encounter::{EncounterPlan, NeighbourPlace},
    truth::{ExposureTruth, Occluder},
};
use laneproof_tests::{default_models, program, simulator, skipped};
use tempfile::TempDir;

/// How much coarser than the rig's the sensors are: the tests look at places, not at faces.
const COARSER: u32 = 4;

/// An encounter with one car behind, under a sky without sun, on coarse sensors.
fn two_cars(encounter: u64) -> EncounterPlan {
    let path = program::root().join("scenarios/motion/two-cars.toml");
    let mut plan = plan(&Scenario::open(&path).unwrap_or_else(|e| panic!("{e}")), encounter);
    assert_eq!(plan.neighbours.len(), 1);
    plan.daylight.sky = Sky::Overcast;
    for sensor in &mut plan.sensors {
        simulator::coarsen(sensor, COARSER);
    }
    plan
}

/// The same where everybody stands all the time, and one camera is at a place and looks at another.
fn standing(encounter: u64, position_m: [f32; 3], look_at_m: [f32; 3]) -> EncounterPlan {
    let mut plan = EncounterPlan { motion: Motion::Stand, ..two_cars(encounter) };
    plan.rig.cameras.truncate(1);
    plan.sensors.truncate(1);
    let camera = &mut plan.rig.cameras[0];
    (camera.position_m, camera.look_at_m) = (position_m, look_at_m);
    camera.triggers = vec![Trigger::Stop { after_s: 1.0 }];
    plan
}

fn stage(simulator: &mut Simulator, plan: &EncounterPlan) -> Staged {
    simulator.stage(plan).unwrap_or_else(|e| panic!("{e}"))
}

fn expose(simulator: &mut Simulator, staged: &Staged, request: &ExposureRequest) -> Exposure {
    simulator.expose(staged, request).unwrap_or_else(|e| panic!("{e}"))
}

/// What the first camera sees at its first trigger.
fn seen(simulator: &mut Simulator, plan: &EncounterPlan) -> Exposure {
    let staged = stage(simulator, plan);
    let request = simulator::requests(&staged, 0)[0];
    expose(simulator, &staged, &request)
}

fn truth(simulator: &mut Simulator, plan: &EncounterPlan) -> ExposureTruth {
    seen(simulator, plan).truth
}

/// The vehicle of a plan or of its neighbour, as long as it is.
fn length_m(plan: &EncounterPlan) -> f32 {
    vehicle::build(&plan.vehicle, &plan.glass, plan.paint).expect("builds").length_m
}

/// Contract: a frame by regions equals that of the whole sensor, byte for byte, with another vehicle in the lane, on the
/// way and at rest.
#[test]
fn a_region_with_another_vehicle_equals_the_full_sensor() {
    let simulator = &mut simulator::coarse();
    let mut plan = two_cars(1);
    plan.daylight.sky = Sky::Clear;
    // Narrow regions: the cameras look past the cars.
    for camera in &mut plan.rig.cameras {
        camera.lens.focal_length_mm /= 3.0;
    }
    let staged = stage(simulator, &plan);
    let mut smaller = 0;
    for request in [0, 2].into_iter().flat_map(|trigger| simulator::requests(&staged, trigger)) {
        let exposure = expose(simulator, &staged, &ExposureRequest { cross_check: true, ..request });
        assert_eq!(exposure.cross_check_differs, Some(false), "{}", exposure.truth.camera_id);
        smaller += u32::from(exposure.rendered_pixels < exposure.frame.width as usize * exposure.frame.height as usize);
    }
    assert!(smaller > 0, "no exposure was rendered by a region: nothing was compared");
}

/// Oracle: the faces of the car behind lie where they would if that car stood at the line alone and the camera stood as much
/// nearer as it is further back: by its leader's length and the gap.
#[test]
fn a_followers_faces_lie_where_they_are_projected_from_its_place() {
    let simulator = &mut simulator::coarse();
    for encounter in [0, 1] {
        let (at_m, to_m) = ([2.2, 2.2, 0.5], [0.2, 1.2, -9.0]);
        let plan = standing(encounter, at_m, to_m);
        let behind = &plan.neighbours[0];
        let back_m = length_m(&plan) + behind.gap_m;
        let nearer = |[x, y, z]: [f32; 3]| [x, y, z + back_m];
        let mut alone = plan.of_neighbour(behind);
        (alone.rig.cameras[0].position_m, alone.rig.cameras[0].look_at_m) = (nearer(at_m), nearer(to_m));
        let [here, there] = [&plan, &alone].map(|plan| truth(simulator, plan));
        assert!(there.others.is_empty() && here.others.len() == there.faces.len());
        for (other, alone) in here.others.iter().zip(&there.faces) {
            let (other, alone) = (&other.face, alone);
            assert_eq!(other.occupant, alone.occupant);
            let edges = |b: laneproof_sim::truth::BoxPx| [b.x0, b.y0, b.x1, b.y1];
            for (a, b) in edges(other.face_box_px).into_iter().zip(edges(alone.face_box_px)) {
                // A millimetre at nine metres is 0.3 px of these sensors; bodies settle on their springs by as much.
                assert!((a - b).abs() < 0.6, "encounter {encounter}: {a} px, but alone {b} px");
            }
            assert!((other.distance_m - alone.distance_m).abs() < 2e-3);
            assert!((other.yaw_deg - alone.yaw_deg).abs() < 0.1);
            assert!(other.visible_share > 0.3, "nothing is shown: {other:?}");
            assert!((other.visible_share - alone.visible_share).abs() < 0.05, "{other:?} {alone:?}");
        }
    }
}

/// Contract: another vehicle changes the pixels that show it, or show through it, and no others (there is no sun to throw its
/// shadow); nor what is true of the own faces that it does not hide.
#[test]
fn the_own_vehicle_is_the_same_with_another_behind_it() {
    let simulator = &mut simulator::coarse();
    let with = two_cars(1);
    let without = EncounterPlan { neighbours: Vec::new(), ..with.clone() };
    let [with, without] = [&with, &without].map(|plan| {
        let staged = stage(simulator, plan);
        let request = simulator::requests(&staged, 2)[0];
        expose(simulator, &staged, &request)
    });
    let [there, alone] = [&with, &without].map(|exposure| exposure.layers.whole());
    let is_other =
        |tag: &Tag| matches!(tag.subject, Subject::OtherVehicle(0) | Subject::OtherOccupant { vehicle: 0, .. });
    let (mut others, mut own) = (0, 0);
    for i in 0..there.tag.len() {
        let tag = Tag::from_bits(there.tag[i]).expect("a tag");
        if is_other(&tag) {
            others += 1;
            assert!(there.range_m[i] < alone.range_m[i], "the car behind is before what was seen there");
            continue;
        }
        assert_eq!(there.tag[i], alone.tag[i]);
        assert_eq!(there.range_m[i].to_bits(), alone.range_m[i].to_bits());
        own += 1;
        // Under an overcast sky nothing else changes; ambient light of a body outside takes none of another's.
        assert_eq!(there.radiance[i], alone.radiance[i]);
    }
    assert!(others > there.tag.len() / 20 && own > there.tag.len() / 20, "{others} and {own} pixels");
    assert_eq!(with.truth.faces.len(), without.truth.faces.len());
    for (a, b) in with.truth.faces.iter().zip(&without.truth.faces) {
        assert_eq!((a.face_box_px, a.landmarks_px, a.yaw_deg), (b.face_box_px, b.landmarks_px, b.yaw_deg));
        assert_eq!((a.visible_share, a.pane_transmittance), (b.visible_share, b.pane_transmittance));
    }
    assert!(without.truth.others.is_empty() && !with.truth.others.is_empty());
}

/// Oracle: through the own car's windscreen and rear window and the next one's windscreen, the share of light that arrives is
/// the product of theirs. What glass absorbs goes with the way in it, which is 1 at normal and 1.33 at grazing incidence (n =
/// 1.52): one pane of half the transmittance leaves 0.39 to 0.5, two of them the square.
#[test]
fn a_face_behind_three_panes_is_dimmed_by_each() {
    let simulator = &mut simulator::coarse();
    let glass = |transmittance| GlassSet::bare(transmittance, transmittance, transmittance);
    let mut share = |own: f32, next: f32| {
        let mut plan = standing(0, [0.05, 1.28, 4.0], [0.40, 1.22, -9.4]);
        (plan.glass, plan.neighbours[0].glass) = (glass(own), glass(next));
        let face = truth(simulator, &plan).others[0].face.clone();
        assert!(face.visible_share > 0.05, "{face:?}");
        face.pane_transmittance
    };
    let clear = share(0.88, 0.88);
    // Some 9 % are lost at each pane at least, by Fresnel at both faces; more, as these lean.
    assert!(clear < 0.88_f32.powi(3) && clear > 0.5, "{clear}");
    let ratio = |dark: f32| dark / clear;
    let (own, next) = (ratio(share(0.44, 0.88)), ratio(share(0.88, 0.44)));
    println!("own two panes halved: {own}; the next car's halved: {next}");
    assert!((0.39..0.5).contains(&next), "{next}");
    // Windscreens and rear windows of sedans lean much alike.
    assert!((own / (next * next) - 1.0).abs() < 0.1, "{own} for two panes, {next} for one");
}

/// A car that stands beyond the line hides the one at it from a camera before both, and the truth says what hid them.
#[test]
fn a_car_ahead_hides_faces_and_is_named() {
    let simulator = &mut simulator::coarse();
    let mut plan = standing(1, [0.0, 1.1, 12.0], [0.0, 1.1, -2.0]);
    plan.neighbours[0].place = NeighbourPlace::Ahead;
    plan.neighbours[0].glass = GlassSet::bare(0.2, 0.2, 0.2);
    let with = truth(simulator, &plan);
    plan.neighbours.clear();
    let alone = truth(simulator, &plan);
    for (with, alone) in with.faces.iter().zip(&alone.faces) {
        println!("visible {} of {}: {:?}", with.visible_share, alone.visible_share, with.occluder);
        assert!(alone.visible_share > 0.5, "{alone:?}");
        assert_eq!(with.face_box_px, alone.face_box_px);
        assert_eq!(with.occluder, Some(Occluder::OtherVehicle));
        assert!(with.visible_share < 0.5 * alone.visible_share, "{} of {}", with.visible_share, alone.visible_share);
    }
    // The people ahead turn their backs to nobody: they look at the camera's side and are told apart from the own.
    assert!(with.others.iter().any(|other| other.face.visible_share > 0.3), "{:?}", with.others);
}

/// The whole way once: a run says how many faces of another car the stack took for this one's, in summary, ledger and report,
/// and none of them is nobody's.
#[test]
fn a_run_counts_cross_vehicle_errors_by_themselves() {
    let Some(models) = default_models() else {
        return skipped(1, "a run needs models: lane-stack/models is empty");
    };
    let folder = TempDir::new().expect("a folder");
    for name in ["two-cars.toml", "two-cars-mix.toml", "rig-two-cars.toml"] {
        let text = fs::read_to_string(program::root().join("scenarios/motion").join(name)).expect("ships");
        fs::write(folder.path().join(name), text.replace("encounters = 4", "encounters = 2")).expect("write");
    }
    let out = folder.path().join("run");
    let mut command = program::command(["run", "two-cars.toml", "--encounter", "0", "--models"]);
    command.arg(models).arg("--out").arg(&out).current_dir(folder.path());
    let (code, stdout, stderr) = program::run(&mut command);
    assert_eq!(code, 0, "{stdout}\n{stderr}");
    let summary: serde_json::Value =
        serde_json::from_slice(&fs::read(out.join("summary.json")).expect("a summary")).expect("JSON");
    let cross = &summary["cross_vehicle"]["all"];
    let count = |key: &str| cross[key].as_u64().unwrap_or_else(|| panic!("{key} in {summary:#}"));
    assert!(count("people_seen") == 1 && count("detections") > 0, "{cross:#}");
    let matched = ["matched_to_occupants", "matched_to_themselves", "matched_to_others"].map(count);
    assert!(matched.iter().sum::<u64>() <= count("errors"));
    assert_eq!(summary["nobodys_detections"], 0, "faces of the car behind are somebody's");
    let said = format!("cross-vehicle errors {} in", count("errors"));
    assert!(stdout.contains(&said) || stderr.contains(&said), "{stdout}\n{stderr}");
    assert_eq!(&fs::read(out.join("other-vehicles.parquet")).expect("a ledger")[..4], b"PAR1");
    assert!(fs::read_to_string(out.join("report.html")).expect("a report").contains("Other vehicles in the lane"));
    // The gallery holds those in the cars behind, of encounters that were not run too.
    let gallery = fs::read_to_string(out.join("gallery.json")).expect("a gallery");
    assert!(gallery.contains("e000-r1-left") && gallery.contains("e001-behind-r1-left"), "{gallery}");
}
