//! Sweeps through the small world of flat pictures: files, resuming, comparison, picture.
use std::{fs, path::Path};

use lane_stack::client::{ControlMessage, StackClient};
use laneproof_statistics::{paired::mcnemar::exact_p, share::Share};

use crate::{
    exit,
    run::RunError,
    scenario::Scenario,
    score::{Cause, summary::Head},
    sweep::{
        Request, Stacks, Sweep, SweepEvent, SweepOptions, Varied, draw, plan,
        result::{Paired, PointResult, SweepResult},
        run,
        values::Scale,
    },
    testing::{AnswerKey, FlatWorld, Manner, TestStack},
};

fn options(out: &Path, resume: bool) -> SweepOptions<'static> {
    SweepOptions { out: out.to_owned(), resume, command: "laneproof sweep <test>".to_owned(), clock: &|| 0.0 }
}

/// Faces in row 3 need the least light, those in row 1 are behind other glass.
fn tinted() -> FlatWorld {
    FlatWorld {
        spoil: Some(|face, plan| {
            let row = plan.occupants[usize::from(face.occupant)].seat.row;
            face.pane_transmittance = if row > 1 { plan.glass.rear } else { plan.glass.front_side };
            let light = face.pane_transmittance / (0.25 * f32::from(row));
            face.mean_dn = (110.0 * light).min(200.0);
        }),
        ..Default::default()
    }
}

fn swept(
    sweep: &Sweep,
    mut world: FlatWorld,
    out: &Path,
    resume: bool,
) -> Result<(SweepResult, Vec<SweepEvent>), RunError> {
    let key: AnswerKey = world.key.clone();
    let mut open = |_: &Scenario| -> Result<Box<dyn StackClient>, RunError> {
        Ok(Box::new(TestStack::new(Manner::Oracle(key.clone()))))
    };
    let mut events = Vec::new();
    let mut stacks = Stacks { first: &mut open, second: None };
    let result = run(sweep, &mut world, &mut stacks, &options(out, resume), &mut |event| events.push(event))?;
    Ok((result, events))
}

/// A sweep whose frames a second stack of this manner is shown, which steers the cameras so.
fn swept_twice(
    sweep: &Sweep,
    out: &Path,
    manner: impl Fn(&AnswerKey) -> Manner,
    steers: &[ControlMessage],
) -> SweepResult {
    let mut world = tinted();
    let key: AnswerKey = world.key.clone();
    let mut open = |_: &Scenario| -> Result<Box<dyn StackClient>, RunError> {
        Ok(Box::new(TestStack::new(Manner::Oracle(key.clone()))))
    };
    let mut open_second = |_: &Scenario| -> Result<Box<dyn StackClient>, RunError> {
        let mut stack = TestStack::new(manner(&key));
        stack.controls = steers.to_vec();
        Ok(Box::new(stack))
    };
    let mut stacks = Stacks { first: &mut open, second: Some(&mut open_second) };
    run(sweep, &mut world, &mut stacks, &options(out, false), &mut |_| {}).expect("runs")
}

#[test]
fn a_second_stack_that_is_the_same_ranks_alike_and_a_blind_one_shows_what_depends_on_the_models() {
    let folder = tempfile::tempdir().expect("folder");
    let sweep = small("mix.vehicles[*].glass.rear=0.05,0.35,0.65", Some("0.65"));
    let out = folder.path().join("same");
    let result = swept_twice(&sweep, &out, |key| Manner::Oracle(key.clone()), &[]);
    let second = result.second.as_ref().expect("a second stack");
    assert_eq!((second.tau_occupant, &second.depends), (Some(1.0), &Vec::new()));
    for point in &result.points {
        let again = point.second.as_ref().expect("shown again");
        assert_eq!((again.occupant_coverage, again.failed), (point.occupant_coverage, 0));
        for file in ["occupants.parquet", "exposures.parquet"] {
            let [first, shown] = ["", "second/"].map(|run| fs::read(out.join(&point.folder).join(run).join(file)).ok());
            assert!(first.is_some() && first == shown, "{file}");
        }
    }
    assert!(read(&out, "sweep.html").contains("Shown the same frames"));
    let csv = read(&out, "sweep.csv");
    let cells: Vec<usize> = csv.lines().map(|line| line.split(',').count()).collect();
    assert!(cells.iter().all(|n| *n == cells[0]), "{csv}");

    let out = folder.path().join("blind");
    let result = swept_twice(&sweep, &out, |_| Manner::Blind, &[]);
    let second = result.second.expect("a second stack");
    assert_eq!(second.tau_occupant, None, "nobody anywhere is no order");
    let first = &result.points[0];
    assert!(first.compared.expect("compared").p < 0.05, "{first:?}");
    assert!(second.depends.iter().any(|line| line.starts_with("0.05: ")), "{:?}", second.depends);
    assert!(read(&out, "sweep.html").contains("This advice depends on the models"));
}

#[test]
fn a_second_stack_that_steers_the_cameras_otherwise_is_not_shown_frames_that_it_would_not_have_had() {
    let folder = tempfile::tempdir().expect("folder");
    let sweep = small("mix.vehicles[*].glass.rear=0.05,0.65", None);
    let camera_id = sweep.scenario.rig.value.cameras[0].id.clone();
    let steers = [ControlMessage { camera_id, exposure_us: 77.0, gain_db: 3.0 }];
    let result = swept_twice(&sweep, folder.path(), |key| Manner::Oracle(key.clone()), &steers);
    for point in &result.points {
        assert_eq!(point.second.as_ref().expect("tried").failed, 5);
    }
    let said = read(folder.path(), &format!("{}/second/summary.json", result.points[0].folder));
    assert!(said.contains("asks for 77 µs and 3 dB at exposure 2") && said.contains("simulate the run"), "{said}");
}

/// Five encounters of the demo before one camera of its rig: more would only take longer.
fn small(vary: &str, baseline: Option<&str>) -> Sweep {
    let request = Request { vary: vary.to_owned(), encounters: Some(5), baseline: baseline.map(str::to_owned) };
    let mut scenario = crate::scenario::tests::first_light();
    scenario.rig.value.cameras.truncate(1);
    scenario.sensors.truncate(1);
    plan(&scenario, &request).unwrap_or_else(|e| panic!("{e}"))
}

const FILES: [&str; 4] = ["sweep.json", "sweep.csv", "sweep.svg", "sweep.html"];

fn read(out: &Path, name: &str) -> String {
    fs::read_to_string(out.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

#[test]
fn darker_glass_loses_people_and_the_files_say_so() {
    let folder = tempfile::tempdir().expect("folder");
    let out = folder.path().join("sweep");
    let sweep = small("mix.vehicles[*].glass.rear=0.05..0.65:5", Some("0.65"));
    let (result, events) = swept(&sweep, tinted(), &out, false).expect("runs");
    let captured: Vec<u64> = result.points.iter().map(|p| p.occupant_coverage.count).collect();
    assert!(captured.windows(2).all(|pair| pair[0] <= pair[1]) && captured[0] < captured[4], "{captured:?}");
    assert!(result.same_people);
    for (point, captured) in result.points.iter().zip(&captured) {
        let causes: u64 = point.causes.iter().map(|(_, n)| n).sum();
        assert_eq!(causes, point.occupants - captured);
        match point.compared {
            None => assert_eq!(point.label, "0.65"),
            Some(Paired { pairs, won, lost, p }) => {
                assert_eq!((pairs, won, lost), (point.occupants, 0, captured_at(&result) - captured));
                assert!((p - (2.0 * 0.5f64.powi(lost as i32)).min(1.0)).abs() < 1e-12);
            }
        }
    }
    // The baseline is run first; every value has a run folder of its own, and one event at its end.
    let done: Vec<&str> = events
        .iter()
        .filter_map(|event| match event {
            SweepEvent::Point { point, .. } => Some(point.label.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(done, ["0.65", "0.05", "0.2", "0.35", "0.5"]);
    for point in &result.points {
        assert!(out.join(&point.folder).join("occupants.parquet").is_file(), "{}", point.folder);
    }
    let again: SweepResult = serde_json::from_str(&read(&out, "sweep.json")).expect("JSON");
    // To the last digit but one: JSON's reader rounds.
    assert_eq!((again.points.len(), &again.varied, &again.head), (5, &result.varied, &result.head));
    assert_eq!(
        again.points[1].compared.map(|c| (c.pairs, c.lost)),
        result.points[1].compared.map(|c| (c.pairs, c.lost))
    );
    let csv = read(&out, "sweep.csv");
    let columns: Vec<usize> = csv.lines().map(|line| line.split(',').count()).collect();
    assert_eq!(columns.len(), 6);
    assert!(columns.iter().all(|n| *n == columns[0]), "{columns:?}");
    assert!(csv.lines().next().is_some_and(|head| head.contains("lost_pane_too_dark")), "{csv}");
    let page = read(&out, "sweep.html");
    for part in [
        "none &lt;test&gt;",
        "laneproof sweep &lt;test&gt;",
        "optimistic",
        "points&#x2f;0.05/report.html",
        "<svg",
        "the same people",
    ] {
        assert!(page.contains(part), "{part} is not in the page");
    }
    let outside = page.replace("http://www.w3.org/2000/svg", "");
    assert!(!outside.contains("http://") && !outside.contains("https://"), "the page asks for nothing from outside");
}

fn captured_at(result: &SweepResult) -> u64 {
    result.points.iter().find(|p| p.label == result.baseline).expect("the baseline").occupant_coverage.count
}

#[test]
fn a_cut_off_sweep_keeps_what_it_has_and_resumes_to_the_same_bytes() {
    let folder = tempfile::tempdir().expect("folder");
    let [whole, cut] = ["whole", "cut"].map(|name| folder.path().join(name));
    let sweep = small("mix.vehicles[*].glass.rear=0.1,0.3,0.6", None);
    swept(&sweep, tinted(), &whole, false).expect("runs");
    // Cut off in the first value, then in the second.
    let dying = FlatWorld { dies_at: Some(3), ..tinted() };
    let error = swept(&sweep, dying, &cut, false).expect_err("the device is lost");
    assert_eq!(error.exit_code(), exit::SETUP);
    assert!(cut.join("points/0.1/encounters/0002.json").is_file() && !cut.join("sweep.json").exists());
    let error = swept(&sweep, tinted(), &cut, false).expect_err("in use");
    assert!(matches!(error, RunError::FolderInUse { .. }), "{error}");
    let first = small("mix.vehicles[*].glass.rear=0.1,0.3", None);
    swept(&first, tinted(), &cut, true).expect("resumes with fewer values");
    let (_, events) = swept(&sweep, tinted(), &cut, true).expect("resumes with one more");
    let kept =
        events.iter().filter(|e| matches!(e, SweepEvent::Run { event: crate::run::RunEvent::Resumed { .. }, .. }));
    assert_eq!(kept.count(), 10);
    for name in FILES.into_iter().chain(["points/0.6/occupants.parquet", "points/0.1/summary.json"]) {
        assert!(read_bytes(&whole, name) == read_bytes(&cut, name), "{name} differs");
    }
    // Another sweep in the same folder is refused by the run whose value is there with another key.
    let other = small("mix.vehicles[*].glass.front_side=0.1,0.3", None);
    let error = swept(&other, tinted(), &cut, true).expect_err("another sweep");
    assert!(error.to_string().contains("another scenario"), "{error}");
}

fn read_bytes(out: &Path, name: &str) -> Vec<u8> {
    fs::read(out.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

#[test]
fn a_failed_encounter_is_counted_out_of_both_sides_and_told() {
    let folder = tempfile::tempdir().expect("folder");
    let sweep = small("mix.vehicles[*].glass.rear=0.1,0.6", None);
    let world = FlatWorld { broken: vec![1], ..tinted() };
    let (result, _) = swept(&sweep, world, folder.path(), false).expect("runs");
    assert_eq!(crate::sweep::run::exit_code(&result), exit::SOME_ENCOUNTERS_FAILED);
    let compared = result.points[1].compared.expect("compared");
    assert_eq!(compared.pairs, result.points[1].occupants);
    assert!(read(folder.path(), "sweep.html").contains("the vehicle left the lane"));
}

#[test]
fn strangers_are_not_compared() {
    let folder = tempfile::tempdir().expect("folder");
    let (result, _) = swept(&small("seed=1,2", None), tinted(), folder.path(), false).expect("runs");
    let compared = result.points[1].compared.expect("asked for");
    assert_eq!((compared.pairs, compared.changes().as_str(), compared.p_text().as_str()), (0, "no pairs", ""));
    assert!(!result.same_people && result.pairing().contains("nothing can be compared"), "{}", result.pairing());
}

#[test]
fn portraits_are_rendered_once() {
    // The flat world keeps no count, but its pictures are the same; what differs is who asks.
    let folder = tempfile::tempdir().expect("folder");
    let sweep = small("mix.vehicles[*].glass.rear=0.1,0.6", None);
    swept(&sweep, tinted(), folder.path(), false).expect("runs");
    let portraits = |point: &str| {
        let list = fs::read_dir(folder.path().join(point).join("portraits")).expect("portraits");
        let mut list: Vec<_> = list.map(|e| e.expect("entry").path()).collect();
        list.sort();
        list.into_iter().map(|path| fs::read(path).expect("a portrait")).collect::<Vec<_>>()
    };
    let (here, there) = (portraits("points/0.1"), portraits("points/0.6"));
    assert!(here.len() > 10 && here == there);
}

/// A result made by hand, so that neither traffic nor catalogue changes its picture.
fn by_hand() -> SweepResult {
    use Cause::*;
    let text = |t: &str| t.to_owned();
    let point =
        |label: &str, position: f64, [occupants, vehicles, matched]: [u64; 3], causes: &[(Cause, u64)]| PointResult {
            value: toml::Value::Float(position),
            label: text(label),
            position,
            folder: format!("points/{label}"),
            scenario_hash: text("0123456789abcdef"),
            occupants: 45,
            occupant_coverage: Share::new(occupants, 45),
            claimed_coverage: Share::new(40, 45),
            vehicle_coverage: Share::new(vehicles, 12),
            matched_coverage: Share::new(matched, 41),
            false_matches: 1,
            causes: causes.to_vec(),
            failures: Vec::new(),
            compared: (position > 0.05).then(|| {
                let won = occupants - 12 + 1;
                Paired { pairs: 45, won, lost: 1, p: exact_p(won, 1) }
            }),
            second: None,
        };
    let always =
        [(OccludedBySeat, 2), (OccludedByPerson, 3), (CoveredByHeadwear, 1), (HeadTurned, 3), (TooFewPixels, 1)];
    let with = |more: &[(Cause, u64)]| [&always, more].concat();
    SweepResult {
        format: 1,
        head: Head {
            version: text("0.1.0"),
            title: text("Tint: a sweep made by hand"),
            scenario: text("tint.toml"),
            scenario_hash: text("fedcba9876543210"),
            seed: 7,
            encounters: (0..12).collect(),
            world: vec![(text("adapter"), text("flat pictures"))],
            stack: vec![(text("detector"), text("oracle 1"))],
            in_domain: true,
        },
        varied: Varied {
            path: text("mix.vehicles[*].glass.rear"),
            meaning: Some(text("Visible transmittance of rear side windows and rear window, 0 to 1")),
            unit: None,
            scale: Scale::Linear,
            day: None,
            places: vec![text("mix.vehicles[0].glass.rear")],
        },
        encounters: 12,
        planned: 5,
        baseline: text("0.05"),
        same_people: true,
        points: vec![
            point("0.05", 0.05, [12, 0, 8], &with(&[(PaneTooDark, 20), (UnderExposed, 3)])),
            point("0.2", 0.2, [20, 1, 14], &with(&[(PaneTooDark, 9), (UnderExposed, 4), (VeilingReflection, 2)])),
            point("0.35", 0.35, [27, 3, 22], &with(&[(PaneTooDark, 2), (VeilingReflection, 4), (MotionBlur, 2)])),
            point("0.5", 0.5, [30, 4, 25], &with(&[(VeilingReflection, 3), (MotionBlur, 1), (UnderStackGate, 1)])),
            point("0.65", 0.65, [31, 4, 27], &with(&[(OverExposed, 1), (MotionBlur, 1), (UnderStackGate, 2)])),
        ],
        second: None,
    }
}

#[test]
fn the_picture_is_the_committed_one() {
    let picture = draw::svg(&by_hand());
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/sweep/tests/tint.svg");
    if std::env::var_os("LANEPROOF_BLESS").is_some() {
        fs::write(path, &picture).expect("write the picture");
    }
    let committed = fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == picture,
        "tint.svg is stale: look at the new picture and run the tests with LANEPROOF_BLESS=1"
    );
}

/// The picture's colours exist, its text is escaped, and every mark lies inside.
#[test]
fn the_picture_is_sound() {
    let folder = tempfile::tempdir().expect("folder");
    let (mut result, _) =
        swept(&small("daylight.sky=clear,overcast", None), tinted(), folder.path(), false).expect("runs");
    result.head.title = "A & B <i>".to_owned();
    let picture = draw::svg(&result);
    assert!(picture.contains("A &amp; B &lt;i&gt;") && !picture.contains("<i>"));
    for used in picture.split("var(--").skip(1).filter_map(|rest| rest.split(')').next()) {
        assert_eq!(picture.matches(&format!("--{used}:")).count(), 2, "{used} needs a light and a dark colour");
    }
    let height: f64 =
        picture.split("viewBox=\"0 0 1000 ").nth(1).and_then(|s| s.split('"').next()?.parse().ok()).expect("a height");
    for y in picture.split(" y=\"").skip(1).filter_map(|rest| rest.split('"').next()?.parse::<f64>().ok()) {
        assert!((0.0..=height).contains(&y), "{y} of {height}");
    }
    assert!(!picture.contains("NaN") && !picture.contains("inf"));
    // A sweep that has just begun.
    result.points.truncate(1);
    assert!(draw::svg(&result).contains("Still running: 1 of 2 values."));
}
