use std::{collections::BTreeMap, fs, path::Path};

use lane_stack::client::{ControlMessage, Enough, NeedMore, NextTrigger, Quiet, Reply, Secured};

use super::{RunError, RunEvent, RunOptions, RunResult, folder::RunFolder, run, world::ExposeRequest};
use crate::{
    exit,
    scenario::{Scenario, tests::first_light},
    terminal,
    testing::{FlatWorld, Manner, TestStack},
};

pub(super) fn options(out: &Path, resume: bool) -> RunOptions<'static> {
    let command = "laneproof run scenarios/first-light.toml".to_owned();
    RunOptions { out: out.to_owned(), resume, encounters: None, command, clock: &|| 0.0 }
}

pub(super) fn small() -> Scenario {
    let mut scenario = first_light();
    scenario.file.encounters = 4;
    scenario
}

pub(super) fn oracle_run(
    scenario: &Scenario,
    mut world: FlatWorld,
    out: &Path,
    resume: bool,
) -> Result<RunResult, RunError> {
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
    assert!(s.confirmed_vehicles.share <= s.vehicle_coverage.share && s.confirmed_vehicles.of == 4);
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
fn encounters_are_the_same_in_any_order() {
    let folders = [0, 1].map(|_| tempfile::tempdir().expect("folder"));
    let mut scenario = small();
    scenario.file.encounters = 10;
    let there = oracle_run(&scenario, FlatWorld::default(), folders[0].path(), false).expect("runs");
    // Each by itself, the last first, into one folder: what was done before is not done again.
    for k in (0..10).rev() {
        let mut world = FlatWorld::default();
        let mut stack = TestStack::new(Manner::Oracle(world.key.clone()));
        let alone = folders[1].path().join(k.to_string());
        let one = RunOptions { encounters: Some(vec![k]), ..options(&alone, false) };
        let back = run(&scenario, &mut world, &mut stack, &one, &mut |_| {}).expect("runs");
        assert_eq!(back.scores, there.scores[k as usize..=k as usize]);
        let name = RunFolder::encounter_name(k);
        let bytes = |folder: &Path| std::fs::read(folder.join(&name)).expect("an encounter");
        assert_eq!(bytes(&alone), bytes(folders[0].path()));
    }
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

/// After the fourth frame it has seen enough.
fn enough_after_four(place: usize, camera_id: &str) -> Reply {
    let camera_id = camera_id.to_owned();
    let person = Secured { seat: None, camera_id: camera_id.clone(), exposure_id: 1, overall: 61.0, valid_shots: 2 };
    let quiet = vec![Quiet { camera_id, exposures: 2 }];
    let enough = (place >= 3).then(|| Enough { persons: vec![person], quiet });
    Reply { enough, ..Reply::default() }
}

#[test]
fn once_the_stack_has_enough_no_more_is_exposed_and_it_is_told_what_that_saved() {
    let run_with = |folder: &Path, delay_ms: f32| {
        let mut scenario = small();
        scenario.file.encounters = 2;
        scenario.file.stack.control_delay_ms = delay_ms;
        let mut world = FlatWorld::default();
        let mut stack = TestStack::new(Manner::Oracle(world.key.clone()));
        stack.feedback = Some(enough_after_four);
        let result = run(&scenario, &mut world, &mut stack, &options(folder, false), &mut |_| {}).expect("runs");
        (result, world.requests)
    };
    let folder = tempfile::tempdir().expect("folder");
    let out = folder.path().join("soon");
    let (result, requests) = run_with(&out, 20.0);
    let s = &result.summary;
    // Of three cameras with four triggers each the first group is taken, and the first frame of the second.
    let stops = s.early_stops.as_ref().expect("stopped");
    assert_eq!((stops.encounters.count, stops.encounters.of), (2, 2));
    assert_eq!(stops.saved.of, 24);
    assert_eq!(s.exposures + stops.saved.count, 24);
    assert!(stops.saved.count >= 8, "{stops:?}");
    assert_eq!(requests.len() as u64, s.exposures);
    let (encounter, stopped) = &stops.stops[1];
    assert_eq!((*encounter, stopped.exposures_saved * 2), (1, stops.saved.count));
    let last = requests.iter().map(|r| r.mid_exposure_us).max().expect("some");
    assert!(stopped.from_us > last && stopped.enough.persons[0].valid_shots == 2, "{stopped:?}");
    assert_eq!((stops.lost_there.count, s.occupant_coverage.share), (0, Some(1.0)));
    assert!(terminal::table(s).contains("had enough early in 2 of 2 encounters"), "{}", terminal::table(s));
    assert!(fs::read_to_string(out.join("report.html")).expect("report").contains("exposures saved"));
    // Later heard, less saved; and the same again.
    let (late, _) = run_with(&folder.path().join("late"), 1500.0);
    let late = late.summary.early_stops.expect("stopped");
    assert!(late.saved.count < stops.saved.count, "{late:?}");
    let again = folder.path().join("again");
    run_with(&again, 20.0);
    let (mut first, mut second) = (files(&out), files(&again));
    for files in [&mut first, &mut second] {
        files.remove("timings.json");
    }
    assert!(first == second);
}

#[test]
fn a_stack_is_granted_what_it_needs_more_where_the_rig_has_it_to_give() {
    fn more(place: usize, camera_id: &str) -> Reply {
        let after_us = if place == 0 { 150_000 } else { 70_000 };
        Reply {
            need_more: vec![NeedMore { camera_id: camera_id.to_owned(), seat: None, reason: "turned".to_owned() }],
            next_triggers: vec![NextTrigger { camera_id: camera_id.to_owned(), after_us }],
            ..Reply::default()
        }
    }
    let run_with = |extra_exposures: u32| {
        let folder = tempfile::tempdir().expect("folder");
        let mut scenario = small();
        scenario.file.encounters = 1;
        scenario.rig.value.cameras[0].extra_exposures = extra_exposures;
        let mut world = FlatWorld::default();
        let mut stack = TestStack::new(Manner::Oracle(world.key.clone()));
        stack.feedback = Some(more);
        let result = run(&scenario, &mut world, &mut stack, &options(folder.path(), false), &mut |_| {}).expect("runs");
        let times: Vec<u64> =
            world.requests.iter().filter(|r| r.camera_index == 0).map(|r| r.mid_exposure_us).collect();
        let ids: Vec<u64> = world.requests.iter().map(|r| r.exposure_id).collect();
        assert_eq!(ids, (0..world.requests.len() as u64).collect::<Vec<_>>());
        (result, times)
    };
    let (none, times) = run_with(0);
    assert_eq!((none.summary.exposures, times.len()), (12, 4));
    let asked = none.summary.more_asked.expect("asked");
    assert_eq!((asked.frames, asked.granted), (12, 0));
    let (two, extra) = run_with(2);
    assert_eq!((two.summary.exposures, extra.len()), (14, 6));
    assert_eq!(two.summary.more_asked.map(|asked| asked.granted), Some(2));
    // The first as long after the first frame as it asked; then one after that.
    assert_eq!(extra[..3], [times[0], times[0] + 150_000, times[0] + 220_000]);
    assert!(terminal::table(&two.summary).contains("2 more exposures were granted"));
}

#[test]
fn a_stack_that_gives_no_feedback_is_not_heeded() {
    let folder = tempfile::tempdir().expect("folder");
    let plain = oracle_run(&small(), FlatWorld::default(), folder.path(), false).expect("runs");
    assert_eq!((plain.summary.early_stops, plain.summary.more_asked), (None, None));
    let record = fs::read_to_string(folder.path().join("encounters/0000.json")).expect("record");
    assert!(!record.contains("stopped") && !record.contains("need_more") && !record.contains("extra"));
}
