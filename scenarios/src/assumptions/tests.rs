//! Studies through the small world of flat pictures.
use std::path::Path;

use laneproof_exchange::{encounter::EncounterPlan, truth::FaceTruth};
use laneproof_scenes::catalogue::source::SourceFile;

use super::{Study, StudyEvent, StudyOptions, StudyResult, file::End, run as run_study};
use crate::{
    run::RunError,
    scenario::{Scenario, tests::first_light},
    testing::{FlatWorld, Manner, TestStack},
};

/// What the flat world makes of glass and speed: dark rear windows lose rows 2 and 3, speed blurs everyone.
pub(crate) fn spoil(face: &mut FaceTruth, plan: &EncounterPlan) {
    let seat = plan.occupants[usize::from(face.occupant)].seat;
    if seat.row > 1 {
        face.mean_dn *= plan.glass.rear / 0.7;
    }
    face.motion_blur_px = plan.approach_speed_mps * 0.4;
    // Some are turned away, each by himself.
    if plan.occupants[usize::from(face.occupant)].identity.seed.is_multiple_of(5) {
        face.yaw_deg = 50.0;
    }
}

/// Vehicles of the demo before two cameras, one exposure each.
pub(crate) fn small(seed: u64) -> Scenario {
    let mut scenario = first_light();
    scenario.rig.value.cameras.truncate(2);
    scenario.sensors.truncate(2);
    scenario.rig.value.cameras.iter_mut().for_each(|camera| camera.triggers.truncate(1));
    scenario.file.encounter.clear();
    scenario.file.gates = Default::default();
    scenario.file.cross_check_share = 0.0;
    scenario.file.seed = seed;
    scenario.file.encounters = 45;
    scenario.mix.value.approach_speed_mps = [2.0, 5.0];
    scenario.mix.value.head_yaw_sd_deg = 0.1;
    scenario
}

pub(crate) const FILE: &str = r#"
schema_version = 1
title = "What the small lane rests on"
scenario = "./small.toml"
encounters = 30
reported = { vehicle_coverage = 0.61, source = "a trial" }

[[assumptions]]
name = "rear glass"
taken = "0.7"
low = { label = "privacy glass, 0.1", set = { "mix.vehicles[*].glass.rear" = 0.1 } }
source = "a guess"

[[assumptions]]
name = "speed"
taken = "2 to 5 m/s"
low = { label = "0.5 to 1 m/s", set = { "mix.approach_speed_mps" = [0.5, 1.0] } }
high = { label = "6 to 12 m/s", set = { "mix.approach_speed_mps" = [6.0, 12.0] } }
source = "a guess"

[[assumptions]]
name = "references"
taken = "all"
low = { label = "half", set = { "mix.enrolled_share" = 0.5 } }
source = "a guess"

[[assumptions]]
name = "pass mark of size"
taken = "60 px"
low = { label = "50 px", set = { "validation.min_inter_eye_px" = 50 } }
high = { label = "90 px", set = { "validation.min_inter_eye_px" = 90 } }
source = "a guess"
"#;

pub(crate) fn study_of(scenario: &Scenario, text: &str) -> Result<Study, String> {
    let source = SourceFile { path: "assumptions.toml".into(), text: text.to_owned() };
    let file: super::file::AssumptionsFile = source.parse().map_err(|e| e.to_string())?;
    file.check().map_err(|fault| source.value_fault(fault).to_string())?;
    Study::of(file, source, scenario).map_err(|fault| fault.to_string())
}

pub(crate) fn ran(study: &Study, out: &Path, options: StudyOptions<'_>, world: &mut FlatWorld) -> StudyResult {
    let key = world.key.clone();
    let mut open = |_: &Scenario| -> Result<Box<dyn lane_stack::client::StackClient>, RunError> {
        Ok(Box::new(TestStack::new(Manner::Oracle(key.clone()))))
    };
    let options = StudyOptions { out: out.join("study"), run: out.join("run"), ..options };
    run_study(study, world, &mut open, &options, &mut |_: StudyEvent| {}).unwrap_or_else(|e| panic!("{e}"))
}

pub(crate) fn options<'a>() -> StudyOptions<'a> {
    StudyOptions {
        out: "".into(),
        run: "".into(),
        from: None,
        only: Vec::new(),
        resume: false,
        command: "laneproof assumptions".to_owned(),
        clock: &|| 0.0,
    }
}

fn world() -> FlatWorld {
    FlatWorld { spoil: Some(spoil), ..FlatWorld::default() }
}

#[test]
fn what_moves_the_answer_most_comes_first() {
    let (scenario, folder) = (small(11), tempfile::tempdir().expect("folder"));
    let study = study_of(&scenario, FILE).unwrap_or_else(|e| panic!("{e}"));
    let mut world = world();
    let result = ran(&study, folder.path(), options(), &mut world);
    assert_eq!((result.base.tallies.len(), result.done(), result.failed()), (45, 6, 0));
    let ranked: Vec<&str> = result.ranked().iter().map(|(a, _)| a.name.as_str()).collect();
    // 90 px lose everybody, dark glass everybody in the rear, 6 to 12 m/s many, and a missing reference nobody.
    assert_eq!(
        ranked,
        ["pass mark of size", "rear glass", "speed", "references"],
        "{}",
        result.csv().unwrap_or_default()
    );
    let end = |name: &str, end: End| {
        result.assumptions.iter().find(|a| a.name == name).and_then(|a| a.end(end)).unwrap_or_else(|| panic!("{name}"))
    };
    assert_eq!(end("pass mark of size", End::High).arm.vehicle_coverage().count, 0);
    let none = end("references", End::Low).arm.against(&result.base).expect("pairs");
    assert!(none.difference == 0.0 && none.low < 0.0 && none.high > 0.0, "{none:?}");
    // By hand: of the first thirty vehicles those with everyone captured, as they are and with dark glass.
    let count =
        |tallies: &[super::tally::Tally]| tallies.iter().take(30).filter(|t| t.vehicle().hits == 1).count() as f64;
    let dark = &end("rear glass", End::Low).arm;
    let by_hand = (count(&dark.tallies) - count(&result.base.tallies)) / 30.0;
    let told = dark.against(&result.base).expect("pairs").difference;
    assert!(told < -0.1 && (told - by_hand).abs() < 1e-12, "{told} {by_hand}");
    // What is on disk is what was told.
    let kept = StudyResult::open(&folder.path().join("study")).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(kept, result);
    let page = std::fs::read_to_string(folder.path().join("study/assumptions.html")).expect("page");
    assert!(
        page.contains("reported 61 %")
            && page.contains("privacy glass, 0.1")
            && !page.contains("http://") | page.contains("www.w3.org")
    );
}

#[test]
fn what_is_planned_alike_needs_no_new_frame() {
    let (scenario, folder) = (small(12), tempfile::tempdir().expect("folder"));
    // Only what sends JPEG files can be shown again.
    assert!(scenario.rig.value.cameras.iter().all(|camera| camera.jpeg_quality.is_some()));
    let study = study_of(&scenario, FILE).unwrap_or_else(|e| panic!("{e}"));
    let mut world = world();
    let result = ran(&study, folder.path(), options(), &mut world);
    let shown: Vec<(String, u64)> =
        result.assumptions.iter().flat_map(|a| a.ends.iter().map(|e| (a.name.clone(), e.arm.shown_again))).collect();
    let of = |name: &str| shown.iter().filter(|(n, _)| n == name).map(|(_, n)| *n).collect::<Vec<_>>();
    assert_eq!(of("pass mark of size"), [30, 30]);
    assert_eq!(of("speed"), [0, 0]);
    // Where nobody's reference goes the plan is the same.
    assert!(of("references")[0] < 30);
    let made = 45 + (30 - of("rear glass")[0]) + 60 + (30 - of("references")[0]);
    let exposures: usize = scenario.rig.value.cameras.iter().map(|camera| camera.triggers.len()).sum();
    assert_eq!(world.requests.len(), made as usize * exposures, "{shown:?}");
}

#[test]
fn a_study_goes_on_and_takes_over_what_another_did() {
    let (scenario, folder) = (small(13), tempfile::tempdir().expect("folder"));
    let study = study_of(&scenario, FILE).unwrap_or_else(|e| panic!("{e}"));
    let whole = ran(&study, &folder.path().join("whole"), options(), &mut world());
    // One assumption first, then the others.
    let only = StudyOptions { only: vec!["speed".to_owned()], ..options() };
    let part = ran(&study, &folder.path().join("parts"), only, &mut world());
    assert_eq!((part.done(), part.planned), (2, 6));
    let mut rest_world = world();
    let rest = StudyOptions { resume: true, ..options() };
    assert_eq!(ran(&study, &folder.path().join("parts"), rest, &mut rest_world), whole);
    // In another place, with nothing but the study's file: no end is run again.
    let mut other_world = world();
    let over = StudyOptions { from: Some(whole.clone()), ..options() };
    assert_eq!(ran(&study, &folder.path().join("other"), over, &mut other_world), whole);
    assert_eq!(other_world.requests.len(), 45 * 2);
    // Another scenario's ends are not taken over.
    let other = study_of(&small(14), FILE).unwrap_or_else(|e| panic!("{e}"));
    let over = StudyOptions { from: Some(whole.clone()), only: vec!["nothing".to_owned()], ..options() };
    assert_eq!(ran(&other, &folder.path().join("another"), over, &mut world()).done(), 0);
}

#[test]
fn a_wrong_end_is_shown_where_it_stands() {
    let scenario = small(15);
    for (from, to, problem) in [
        ("\"mix.enrolled_share\" = 0.5", "\"mix.enrolled_shares\" = 0.5", "unknown key `enrolled_shares`"),
        ("\"mix.enrolled_share\" = 0.5", "\"mix.enrolled_share\" = 1.5", "1.5"),
        ("\"mix.enrolled_share\" = 0.5", "\"mix.vehicles[lorry].weight\" = 0.5", "lorry"),
        ("encounters = 30", "encounters = 46", "only 45 encounters"),
        ("encounters = 30", "encounters = 0", "impossible value 0"),
        ("name = \"references\"", "name = \"speed\"", "has this name already"),
        ("min_inter_eye_px\" = 50", "min_inter_eye_px\" = 60.0", "in the scenario itself"),
        ("set = { \"mix.enrolled_share\" = 0.5 }", "set = {}", "changes nothing"),
        ("schema_version = 1", "schema_version = 2", "does not know version 2"),
        ("low = { label = \"half\"", "lowest = { label = \"half\"", "lowest"),
    ] {
        let text = FILE.replacen(from, to, 1);
        assert_ne!(text, FILE, "{from}");
        let told = study_of(&scenario, &text).expect_err(to);
        assert!(told.contains(problem), "{to}: {told}");
        let place = text.rfind(to).expect("there");
        let line = text[..place].matches('\n').count() + 1;
        assert!(told.contains(&format!("assumptions.toml:{line}:")), "{line} {told}");
    }
}

#[test]
fn the_committed_schema_is_fresh() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/assumptions.schema.json");
    if std::env::var_os("LANEPROOF_BLESS").is_some() {
        std::fs::write(path, super::json_schema()).expect("write the schema");
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == super::json_schema(),
        "assumptions.schema.json is stale: run the tests with LANEPROOF_BLESS=1"
    );
}

#[test]
fn the_pilot_s_assumptions_can_be_run() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/pilot/assumptions.toml");
    let study = Study::open(path.as_ref()).unwrap_or_else(|e| panic!("{e}"));
    assert!(study.ends.len() >= 20 && study.file.encounters == 100, "{}", study.ends.len());
    let hashes: std::collections::BTreeSet<String> = study.ends.iter().map(|end| end.scenario.hash()).collect();
    assert_eq!(hashes.len(), study.ends.len(), "two ends are the same scenario");
}
