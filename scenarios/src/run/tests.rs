use std::{collections::BTreeMap, fs, path::Path};

use lane_stack::client::ControlMessage;

use super::{RunError, RunEvent, RunOptions, RunResult, run, world::ExposeRequest};
use crate::{
    exit,
    scenario::{Scenario, tests::first_light},
    terminal,
    testing::{FlatWorld, Manner, TestStack},
};

fn options(out: &Path, resume: bool) -> RunOptions<'static> {
    let command = "laneproof run scenarios/first-light.toml".to_owned();
    RunOptions { out: out.to_owned(), resume, encounters: None, command, clock: &|| 0.0 }
}

fn small() -> Scenario {
    let mut scenario = first_light();
    scenario.file.encounters = 4;
    scenario
}

fn oracle_run(scenario: &Scenario, mut world: FlatWorld, out: &Path, resume: bool) -> Result<RunResult, RunError> {
    let mut stack = TestStack::new(Manner::Oracle(world.key.clone()));
    run(scenario, &mut world, &mut stack, &options(out, resume), &mut |_| {})
}

/// Every file of a folder, by its path in it.
fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("list") {
            let path = entry.expect("entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(root).expect("inside").display().to_string();
                found.insert(name, fs::read(&path).expect("read"));
            }
        }
    }
    found
}

#[test]
fn a_perfect_stack_captures_and_matches_everyone_and_the_folder_is_whole() {
    let folder = tempfile::tempdir().expect("folder");
    let out = folder.path().join("run");
    let mut world = FlatWorld::default();
    let mut stack = TestStack::new(Manner::Oracle(world.key.clone()));
    let mut lines = Vec::new();
    let scenario = small();
    let result =
        run(&scenario, &mut world, &mut stack, &options(&out, false), &mut |e| lines.extend(terminal::line(&e)))
            .expect("runs");
    let s = &result.summary;
    assert_eq!(s.occupant_coverage.share, Some(1.0));
    assert_eq!(s.vehicle_coverage.share, Some(1.0));
    assert_eq!(s.matched_coverage.share, Some(1.0));
    assert_eq!(s.rank_1.share, Some(1.0));
    assert_eq!((s.shots.false_matches, s.nobodys_detections), (0, 0));
    assert_eq!(s.exposures, 4 * 12);
    assert_eq!(result.exit_code(), exit::DONE);
    let files = files(&out);
    for name in ["summary.json", "occupants.parquet", "exposures.parquet", "report.html", "encounters/0003.json"] {
        assert!(files.contains_key(name), "{name} is missing");
    }
    assert_eq!(files.keys().filter(|n| n.starts_with("frames/")).count(), 48);
    assert!(files.keys().all(|n| !n.ends_with(".part")));
    assert!(lines.iter().any(|l| l.contains("[4/4]")), "{lines:?}");
    assert!(terminal::table(s).contains("row 2"));
    let page = String::from_utf8(files["report.html"].clone()).expect("text");
    assert!(page.contains("none &lt;test&gt;"), "names are escaped");
    assert!(!page.contains("http://") && !page.contains("https://"), "the report asks for nothing from outside");
    if let Some(keep) = std::env::var_os("LANEPROOF_KEEP_REPORT") {
        fs::copy(out.join("report.html"), keep).expect("copy");
    }
}

#[test]
fn a_killed_run_resumes_to_the_same_bytes() {
    let folder = tempfile::tempdir().expect("folder");
    let (whole, cut) = (folder.path().join("whole"), folder.path().join("cut"));
    oracle_run(&small(), FlatWorld::default(), &whole, false).expect("runs");
    let dying = FlatWorld { dies_at: Some(2), ..Default::default() };
    let error = oracle_run(&small(), dying, &cut, false).expect_err("the device is lost");
    assert_eq!(error.exit_code(), exit::SETUP);
    assert!(!cut.join("summary.json").exists() && cut.join("encounters/0001.json").exists());
    // A half-written and a damaged file, as a kill or a bad disk may leave them.
    fs::write(cut.join("encounters/0002.json.part"), b"{").expect("write");
    fs::write(cut.join("encounters/0000.json"), b"{ damaged").expect("write");
    oracle_run(&small(), FlatWorld::default(), &cut, true).expect("resumes");
    let (mut whole, mut cut) = (files(&whole), files(&cut));
    for files in [&mut whole, &mut cut] {
        // The only file that may speak of the clock.
        files.remove("timings.json");
    }
    cut.remove("encounters/0002.json.part");
    assert_eq!(whole.keys().collect::<Vec<_>>(), cut.keys().collect::<Vec<_>>());
    for (name, bytes) in &whole {
        assert!(bytes == &cut[name], "{name} differs");
    }
}

#[test]
fn one_encounter_alone_equals_the_same_encounter_of_the_whole_run() {
    let folder = tempfile::tempdir().expect("folder");
    let (whole, alone) = (folder.path().join("whole"), folder.path().join("alone"));
    oracle_run(&small(), FlatWorld::default(), &whole, false).expect("runs");
    let mut world = FlatWorld::default();
    let mut stack = TestStack::new(Manner::Oracle(world.key.clone()));
    let options = RunOptions { encounters: Some(vec![3]), ..options(&alone, false) };
    run(&small(), &mut world, &mut stack, &options, &mut |_| {}).expect("runs");
    let (whole, alone) = (files(&whole), files(&alone));
    assert_eq!(whole["encounters/0003.json"], alone["encounters/0003.json"]);
    let options = RunOptions { encounters: Some(vec![4]), ..options };
    let error = run(&small(), &mut world, &mut stack, &options, &mut |_| {}).expect_err("no encounter 4");
    assert_eq!(error.exit_code(), exit::USAGE);
}

#[test]
fn a_failed_encounter_is_told_and_the_run_goes_on() {
    let folder = tempfile::tempdir().expect("folder");
    let world = FlatWorld { broken: vec![1], ..Default::default() };
    let result = oracle_run(&small(), world, folder.path(), false).expect("runs");
    assert_eq!(result.exit_code(), exit::SOME_ENCOUNTERS_FAILED);
    assert_eq!(result.summary.encounters_done, 3);
    assert_eq!(result.summary.failures.len(), 1);
    assert_eq!(result.summary.failures[0].reason, "the vehicle left the lane");
    // Resuming tries it again.
    let result = oracle_run(&small(), FlatWorld::default(), folder.path(), true).expect("resumes");
    assert_eq!((result.summary.encounters_done, result.exit_code()), (4, exit::DONE));
}

#[test]
fn a_truth_that_is_no_number_fails_its_encounter() {
    let folder = tempfile::tempdir().expect("folder");
    let world = FlatWorld {
        spoil: Some(|face, plan| {
            if plan.encounter == 2 {
                face.contrast = f32::NAN;
            }
        }),
        ..Default::default()
    };
    let result = oracle_run(&small(), world, folder.path(), false).expect("runs");
    assert!(result.summary.failures[0].reason.contains("no finite number"), "{:?}", result.summary.failures);
}

#[test]
fn a_folder_in_use_and_another_run_are_refused() {
    let folder = tempfile::tempdir().expect("folder");
    oracle_run(&small(), FlatWorld::default(), folder.path(), false).expect("runs");
    let error = oracle_run(&small(), FlatWorld::default(), folder.path(), false).expect_err("in use");
    assert!(matches!(error, RunError::FolderInUse { .. }), "{error}");
    let mut other = small();
    other.source.text.push_str("# another\n");
    let error = oracle_run(&other, FlatWorld::default(), folder.path(), true).expect_err("another scenario");
    assert!(error.to_string().contains("another scenario"), "{error}");
    assert_eq!(error.exit_code(), exit::USAGE);
}

#[test]
fn exposures_come_in_the_order_of_time_then_camera_and_obey_controls_after_the_next_one() {
    let folder = tempfile::tempdir().expect("folder");
    let mut scenario = small();
    scenario.file.encounters = 1;
    let mut world = FlatWorld::default();
    let mut stack = TestStack::new(Manner::Blind);
    stack.controls = vec![ControlMessage { camera_id: "front".into(), exposure_us: 500.0, gain_db: 99.0 }];
    run(&scenario, &mut world, &mut stack, &options(folder.path(), false), &mut |_| {}).expect("runs");
    let order: Vec<_> = world.requests.iter().map(|r| (r.mid_exposure_us, r.camera_index)).collect();
    let mut sorted = order.clone();
    sorted.sort_unstable();
    assert_eq!(order, sorted);
    let front: Vec<_> =
        world.requests.iter().filter(|r| r.camera_index == 0).map(|r| (r.exposure_us, r.gain_db)).collect();
    // The first frame's message skips the second exposure; gain is clipped to what a camera takes.
    let first = &scenario.rig.value.cameras[0];
    let start = (first.exposure_us, first.gain_db);
    assert_eq!(front, [start, start, (500.0, 48.0), (500.0, 48.0)]);
    let side: Vec<_> = world.requests.iter().filter(|r| r.camera_index == 1).map(|r| r.exposure_us).collect();
    assert_eq!(side, [2000.0; 4]);
    // Each says what its camera was asked for before, as it was asked.
    for (i, request) in world.requests.iter().enumerate() {
        let before = world.requests[..i].iter().filter(|r| r.camera_index == request.camera_index);
        assert_eq!(request.earlier, before.map(ExposeRequest::as_earlier).collect::<Vec<_>>());
    }
}

#[test]
fn a_control_message_waits_for_the_stated_delay() {
    let folder = tempfile::tempdir().expect("folder");
    let mut scenario = small();
    scenario.file.encounters = 1;
    // Longer than from the first to the third exposure (3.92 s, 5.3 s, 6.3 s), shorter than to the fourth (7.3 s).
    scenario.file.stack.control_delay_ms = 3000.0;
    let mut world = FlatWorld::default();
    let mut stack = TestStack::new(Manner::Blind);
    stack.controls = vec![ControlMessage { camera_id: "front".into(), exposure_us: 500.0, gain_db: 0.0 }];
    run(&scenario, &mut world, &mut stack, &options(folder.path(), false), &mut |_| {}).expect("runs");
    let front: Vec<_> = world.requests.iter().filter(|r| r.camera_index == 0).map(|r| r.exposure_us).collect();
    assert_eq!(front, [2000.0, 2000.0, 2000.0, 500.0]);
}

#[test]
fn a_camera_with_an_exposure_control_sets_itself_and_does_not_listen() {
    use laneproof_scenes::catalogue::{ExposureControl, Meter};
    let folder = tempfile::tempdir().expect("folder");
    let mut scenario = small();
    scenario.file.encounters = 1;
    scenario.rig.value.cameras[0].exposure_control = Some(ExposureControl {
        meter: Meter::Average,
        target_dn: 110.0,
        window: None,
        percentile: None,
        exposure_limits_us: [50.0, 10_000.0],
        gain_limits_db: [0.0, 24.0],
    });
    let mut world = FlatWorld::default();
    let mut stack = TestStack::new(Manner::Blind);
    stack.controls = vec![ControlMessage { camera_id: "front".into(), exposure_us: 500.0, gain_db: 0.0 }];
    run(&scenario, &mut world, &mut stack, &options(folder.path(), false), &mut |_| {}).expect("runs");
    let front: Vec<_> = world.requests.iter().filter(|r| r.camera_index == 0).map(|r| r.exposure_us.round()).collect();
    assert_eq!(front, [2000.0, 2828.0, 4000.0, 5657.0]);
}

#[test]
fn a_refused_reference_is_reported() {
    let folder = tempfile::tempdir().expect("folder");
    let mut world = FlatWorld::default();
    let mut stack = TestStack::new(Manner::Blind);
    let scenario = small();
    let id = crate::plan::plan(&scenario, 0).occupants.iter().find_map(|o| o.reference_id.clone()).expect("enrolled");
    stack.refuses = Some(id.clone());
    let mut told = false;
    let result = run(&scenario, &mut world, &mut stack, &options(folder.path(), false), &mut |e| {
        told |= matches!(e, RunEvent::Enrolled { refused: Some(_), .. });
    })
    .expect("runs");
    assert!(told);
    assert_eq!(result.summary.failed_enrolments[0].0, id);
}
