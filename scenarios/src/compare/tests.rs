//! Comparisons through the small world of flat pictures.
use std::{fs, path::Path};

use lane_stack::client::{Decisions, Detection, Frame, Reply, StackClient, StackError};
use laneproof_exchange::{encounter::EncounterPlan, truth::FaceTruth};
use tempfile::TempDir;

use super::{
    Comparison, FinishedRun, Which,
    changes::{Change, Ended},
    compare, default_folder,
    difference::{Counted, vehicle_by_vehicle},
    figures::Figure,
    page::SHOWN,
    pairs::Why,
    words,
};
use crate::{
    exit,
    run::{RunError, RunOptions, run, scoring::Scoring},
    scenario::{Scenario, tests::first_light},
    score::{Cause, Outcome},
    testing::{FlatWorld, Manner, TestStack},
};

/// Changes faces before they are used.
type Spoil = fn(&mut FaceTruth, &EncounterPlan);

/// Ten encounters of the demo before one camera: the fewest that tell something.
fn small() -> Scenario {
    let mut scenario = first_light();
    scenario.rig.value.cameras.truncate(1);
    scenario.sensors.truncate(1);
    scenario.file.encounters = 10;
    scenario
}

/// A stack that is blind where faces of one seat are, and takes nobody for who they are where it does not know anybody.
struct Flawed {
    inner: TestStack,
    blind_at: Option<[f32; 2]>,
    knows_nobody_at: Option<[f32; 2]>,
}

fn is_at(detection: &Detection, place: Option<[f32; 2]>) -> bool {
    place.is_some_and(|place| detection.box_px[..2] == place)
}

impl StackClient for Flawed {
    fn describe(&self) -> Vec<(String, String)> {
        let mut described = self.inner.describe();
        described[1].1 = if self.blind_at.is_some() { "flawed <2>".into() } else { "oracle 1".into() };
        described
    }

    fn enrol(&mut self, reference_id: &str, picture: &Frame) -> Result<(), StackError> {
        self.inner.enrol(reference_id, picture)
    }

    fn open_encounter(&mut self, encounter: u64) -> Result<(), StackError> {
        self.inner.open_encounter(encounter)
    }

    fn push_frame(&mut self, frame: Frame) -> Result<Reply, StackError> {
        self.inner.push_frame(frame)
    }

    fn close_encounter(&mut self) -> Result<Decisions, StackError> {
        let mut decisions = self.inner.close_encounter()?;
        decisions.detections.retain(|detection| !is_at(detection, self.blind_at));
        decisions.best_shots.retain(|shot| !is_at(&shot.detection, self.blind_at));
        for shot in &mut decisions.best_shots {
            if is_at(&shot.detection, self.knows_nobody_at) {
                shot.matched = None;
            }
        }
        Ok(decisions)
    }
}

/// Where the small world puts the faces of a seat.
const ROW_1_LEFT: [f32; 2] = [480.0, 20.0];
const ROW_1_RIGHT: [f32; 2] = [80.0, 20.0];
const ROW_2_RIGHT: [f32; 2] = [80.0, 145.0];

/// What makes a run of its own.
#[derive(Default, Clone, Copy)]
struct Manners {
    blind_at: Option<[f32; 2]>,
    knows_nobody_at: Option<[f32; 2]>,
    spoil: Option<Spoil>,
    broken: Option<u64>,
}

fn run_in(scenario: &Scenario, manners: Manners, out: &Path) -> FinishedRun {
    let mut world =
        FlatWorld { spoil: manners.spoil, broken: manners.broken.into_iter().collect(), ..FlatWorld::default() };
    let Manners { blind_at, knows_nobody_at, .. } = manners;
    let inner = TestStack::new(Manner::Oracle(world.key.clone()));
    let mut stack = Flawed { inner, blind_at, knows_nobody_at };
    let command = "laneproof run".to_owned();
    let options = RunOptions { out: out.to_owned(), resume: false, encounters: None, command, clock: &|| 0.0 };
    run(scenario, &mut world, &mut stack, &options, &mut |_| {}).expect("runs");
    FinishedRun::open(out).expect("a finished run")
}

/// Two runs and what comes of comparing them.
struct Two {
    folder: TempDir,
    runs: [FinishedRun; 2],
}

impl Two {
    fn new(a: (&Scenario, Manners), b: (&Scenario, Manners)) -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let runs = [("a", a), ("b", b)]
            .map(|(name, (scenario, manners))| run_in(scenario, manners, &folder.path().join(name)));
        Self { folder, runs }
    }

    fn compared(&self, [a, b]: [usize; 2]) -> Comparison {
        let runs = [&self.runs[a], &self.runs[b]];
        let scorings = runs.map(|run| run.scoring().expect("kept"));
        compare(runs, scorings, Which::A, &self.out(), "laneproof compare <a> b").expect("compares")
    }

    fn out(&self) -> std::path::PathBuf {
        self.folder.path().join("compared")
    }

    fn page(&self) -> String {
        let page = fs::read_to_string(self.out().join(super::PAGE)).expect("a page");
        assert!(!page.contains("http://") && !page.contains("https://"), "the page asks for nothing from outside");
        page
    }

    /// Keeps the page and the terminal's text to be looked at, where a folder is named for that.
    fn keep(&self, name: &str, comparison: &Comparison) {
        if let Some(keep) = std::env::var_os("LANEPROOF_KEEP_COMPARISONS") {
            let keep = Path::new(&keep);
            fs::copy(self.out().join(super::PAGE), keep.join(format!("{name}.html"))).expect("copy");
            fs::write(keep.join(format!("{name}.txt")), words::terminal(comparison)).expect("write");
        }
    }
}

#[test]
fn the_same_run_twice_differs_in_nothing_and_promises_no_more_than_it_can() {
    let scenario = small();
    let two = Two::new((&scenario, Manners::default()), (&scenario, Manners::default()));
    let same = two.compared([0, 1]);
    assert!(same.differs.is_empty() && same.rules_differ.is_empty() && same.flips.is_empty());
    assert!(same.transitions.is_empty() && same.a.alone.is_empty() && same.b.alone.is_empty());
    assert_eq!((same.pairing.pairs, same.pairing.whole_vehicles), (same.a.occupants, 10));
    for figure in Figure::ALL {
        let d = same.figure(figure).expect("counted");
        assert!(d.paired && !d.is_told(), "{figure:?}");
        assert_eq!((d.difference, d.p, d.a), (0.0, 1.0, d.b), "{figure:?}");
        assert!(d.low < -0.01 && d.high > 0.01, "{figure:?} {d:?}");
    }
    assert!(same.margins.iter().all(|margin| margin.groups.iter().all(|g| g.coverage.high > 0.0)));
    let (verdict, sentence) = words::headline(&same);
    assert_eq!(verdict, words::Verdict::Untold);
    assert!(sentence.contains("No difference is told: 0.0 points"), "{sentence}");
    assert!(words::sensitivity(&same).is_some_and(|line| line.contains("would tell a difference of ")));
    let page = two.page();
    assert!(page.contains("Everybody ended in B as in A") && page.contains("Their heads are the same"));
    two.keep("same", &same);
}

#[test]
fn a_stack_that_misses_a_seat_is_worse_for_who_sits_there_and_each_is_shown() {
    let scenario = small();
    let flawed = Manners { blind_at: Some(ROW_1_LEFT), ..Manners::default() };
    let two = Two::new((&scenario, Manners::default()), (&scenario, flawed));
    let worse = two.compared([0, 1]);
    let (verdict, sentence) = words::headline(&worse);
    assert_eq!(verdict, words::Verdict::Worse);
    assert!(sentence.starts_with("B is worse: −"), "{sentence}");
    let d = worse.figure(Figure::OccupantCoverage).expect("counted");
    assert_eq!((d.gained, d.lost, d.a.share), (0, 10, Some(1.0)));
    assert!(d.high < 0.0 && (d.difference + 10.0 / worse.a.occupants as f64).abs() < 1e-12, "{d:?}");
    assert!((d.p - 2.0 * 0.5f64.powi(10)).abs() < 1e-12, "ten drivers, one a vehicle: {d:?}");
    assert!(worse.figure(Figure::Detection).is_some_and(|d| d.is_told() && d.paired));
    // Drivers, and of the groups of that margin nobody else.
    let told: Vec<&str> = worse
        .margins
        .iter()
        .filter(|margin| margin.about == "seat")
        .flat_map(|margin| &margin.groups)
        .filter(|group| group.coverage.is_told())
        .map(|group| group.name.as_str())
        .collect();
    assert_eq!(told, ["seat 1-left"]);
    let whom = words::for_whom(&worse);
    assert!(whom.iter().any(|line| line.starts_with("seat 1-left −100.0 points")), "{whom:?}");
    assert!(!whom.iter().any(|line| line.starts_with("high sun")), "all are under it: {whom:?}");
    assert_eq!(worse.flips.len(), 10);
    assert!(worse.flips.iter().all(|f| f.seat == "1-left" && f.change == Change::Lost));
    // One of them has no reference.
    let [transition, other] = &worse.transitions[..] else { panic!("{:?}", worse.transitions) };
    let lost = Ended { outcome: Outcome::Lost, cause: Some(Cause::NotDetected) };
    assert_eq!((transition.change, transition.b, transition.people + other.people), (Change::Lost, lost, 10));
    assert!(worse.differs.iter().any(|d| d.what == "detector" && d.b.as_deref() == Some("flawed <2>")));
    let page = two.page();
    for flip in &worse.flips {
        assert!(page.contains(&format!("Encounter {}, {}, seat 1-left", flip.encounter, flip.vehicle)));
    }
    assert_eq!(page.matches("<img src=\"data:image").count(), 20);
    assert!(page.contains("flawed &lt;2&gt;") && page.contains("laneproof compare &lt;a&gt; b"), "names are escaped");
    two.keep("worse", &worse);
    let text = words::terminal(&worse);
    assert!(text.contains("9  lost in B: captured and matched → not detected"), "{text}");
    let kept: Comparison =
        serde_json::from_slice(&fs::read(two.out().join("compare.json")).expect("read")).expect("JSON");
    assert_eq!((kept.flips, kept.pairing, kept.transitions), (worse.flips, worse.pairing, worse.transitions));
}

#[test]
fn swapping_the_runs_turns_every_sign_round() {
    let scenario = small();
    let flawed = Manners { blind_at: Some(ROW_2_RIGHT), knows_nobody_at: Some(ROW_1_RIGHT), ..Manners::default() };
    let two = Two::new((&scenario, Manners::default()), (&scenario, flawed));
    let (one, other) = (two.compared([0, 1]), two.compared([1, 0]));
    for figure in Figure::ALL {
        let (d, e) = (one.figure(figure).expect("counted"), other.figure(figure).expect("counted"));
        assert!((d.difference + e.difference).abs() < 1e-12, "{figure:?}");
        assert!((d.low + e.high).abs() < 1e-9 && (d.high + e.low).abs() < 1e-9, "{figure:?} {d:?} {e:?}");
        assert_eq!((d.gained, d.lost, d.p), (e.lost, e.gained, e.p), "{figure:?}");
    }
    let changes =
        |comparison: &Comparison| Change::FLIPS.map(|c| comparison.flips.iter().filter(|f| f.change == c).count());
    let ([lost, 0, match_lost, 0], swapped) = (changes(&one), changes(&other)) else { panic!("{:?}", changes(&one)) };
    assert!(lost > 0 && match_lost > 0);
    assert_eq!(swapped, [0, lost, 0, match_lost]);
    assert!(one.figure(Figure::MatchedCoverage).is_some_and(|d| d.lost > lost as u64));
}

#[test]
fn other_seeds_are_two_samples_and_say_so() {
    let scenario = small();
    let mut elsewhere = small();
    elsewhere.file.seed += 1;
    let two = Two::new(
        (&scenario, Manners::default()),
        (&elsewhere, Manners { blind_at: Some(ROW_1_LEFT), ..Manners::default() }),
    );
    let compared = two.compared([0, 1]);
    assert!(!compared.pairing.paired && compared.flips.is_empty());
    assert_eq!(compared.a.alone.len() as u64, compared.a.occupants);
    assert!(compared.b.alone.iter().all(|alone| alone.why == Why::OtherSeed));
    let d = compared.figure(Figure::OccupantCoverage).expect("counted");
    assert!(!d.paired && d.difference < 0.0 && d.p < 0.1 && d.detectable.is_some(), "{d:?}");
    assert_eq!(d.b.of, compared.b.occupants);
    assert!(words::pairing(&compared).contains("as two samples"));
    assert!(two.page().contains("other people travel"));
    two.keep("seeds", &compared);
}

#[test]
fn who_is_in_one_run_only_is_counted_with_the_reason() {
    let scenario = small();
    let mut fewer = small();
    fewer.file.encounters = 9;
    let two = Two::new((&scenario, Manners::default()), (&fewer, Manners { broken: Some(2), ..Manners::default() }));
    let compared = two.compared([0, 1]);
    assert_eq!((compared.pairing.vehicles, compared.b.failures.len()), (8, 1));
    let of = |why: Why| compared.a.alone.iter().filter(|alone| alone.why == why).count() as u64;
    assert!(of(Why::Failed) > 0 && of(Why::NotRun) > 0 && compared.b.alone.is_empty());
    assert_eq!(of(Why::Failed) + of(Why::NotRun) + compared.pairing.pairs, compared.a.occupants);
    let text = words::terminal(&compared);
    for part in ["only in A: ", "encounter failed", "encounter not run", "the vehicle left the lane"] {
        assert!(text.contains(part), "{part} is not in {text}");
        assert!(two.page().contains(part) || part == "only in A: ", "{part}");
    }
}

#[test]
fn both_runs_are_scored_by_one_rule_and_a_difference_of_rules_is_told() {
    let scenario = small();
    let mut strict = small();
    strict.file.validation.min_inter_eye_px = 90.0;
    let two = Two::new((&scenario, Manners::default()), (&strict, Manners::default()));
    let by_a = two.compared([0, 1]);
    assert_eq!(by_a.figure(Figure::OccupantCoverage).map(|d| (d.gained, d.lost)), Some((0, 0)));
    let [rule] = &by_a.rules_differ[..] else { panic!("{:?}", by_a.rules_differ) };
    assert_eq!((rule.what.as_str(), rule.b.as_deref()), ("min_inter_eye_px", Some("90")));
    assert!(two.page().contains("scored here by A"));
    let runs = [&two.runs[0], &two.runs[1]];
    let scorings = runs.map(|run| run.scoring().expect("kept"));
    let by_b = compare(runs, scorings, Which::B, &two.out(), "").expect("compares");
    assert_eq!(by_b.figure(Figure::OccupantCoverage).map(|d| d.a.count), Some(0));
}

#[test]
fn a_folder_without_a_sound_finished_run_is_a_clear_error() {
    let scenario = small();
    let two = Two::new((&scenario, Manners::default()), (&scenario, Manners::default()));
    let b = two.folder.path().join("b");
    let told = |error: &RunError, parts: &[&str]| {
        let text = error.to_string();
        assert!(parts.iter().all(|part| text.contains(part)), "{text}");
    };
    let error = FinishedRun::open(&two.folder.path().join("nowhere")).expect_err("nothing there");
    told(&error, &["nowhere holds no finished run", "no such folder", "--resume"]);
    assert_eq!(error.exit_code(), exit::USAGE);
    let again = || {
        let runs = [&two.runs[0], &two.runs[1]];
        compare(runs, runs.map(|run| run.scoring().expect("kept")), Which::A, &two.out(), "")
    };
    fs::write(b.join("encounters/0003.json"), b"{ \"encounter\": 3").expect("write");
    let error = again().expect_err("damaged");
    told(&error, &["0003.json is damaged", "line 1", "--resume"]);
    assert_eq!(error.exit_code(), exit::IO);
    fs::copy(b.join("encounters/0004.json"), b.join("encounters/0003.json")).expect("copy");
    told(&again().expect_err("another's"), &["0003.json is damaged: it is of encounter 4"]);
    fs::remove_file(b.join("encounters/0003.json")).expect("remove");
    told(&again().expect_err("gone"), &["encounters/0003.json is missing"]);
    assert!(!two.out().exists(), "nothing was written");
    fs::remove_file(b.join("summary.json")).expect("remove");
    told(&FinishedRun::open(&b).expect_err("unfinished"), &["summary.json is missing"]);
}

#[test]
fn pictures_that_are_gone_leave_a_gap() {
    let scenario = small();
    let two = Two::new(
        (&scenario, Manners::default()),
        (&scenario, Manners { blind_at: Some(ROW_1_LEFT), ..Manners::default() }),
    );
    fs::remove_dir_all(two.folder.path().join("b/frames")).expect("remove");
    two.compared([0, 1]);
    assert_eq!(two.page().matches("<img src=\"data:image").count(), 10);
}

#[test]
fn a_mixed_comparison_has_every_kind_of_flip() {
    let mut scenario = small();
    scenario.file.encounters = 30;
    let dark: Spoil = |face, plan| {
        if (plan.encounter + u64::from(face.occupant)).is_multiple_of(2) {
            (face.mean_dn, face.pane_transmittance) = (14.0, 0.2);
        }
    };
    let veiled: Spoil = |face, plan| {
        if (plan.encounter + u64::from(face.occupant)).is_multiple_of(3) {
            (face.contrast, face.veiling_radiance) = (0.02, 1.6);
        }
    };
    let a = Manners { spoil: Some(dark), knows_nobody_at: Some(ROW_1_RIGHT), ..Manners::default() };
    let b = Manners { spoil: Some(veiled), blind_at: Some(ROW_2_RIGHT), ..Manners::default() };
    let two = Two::new((&scenario, a), (&scenario, b));
    let mixed = two.compared([0, 1]);
    for change in [Change::Lost, Change::Won, Change::MatchWon] {
        assert!(mixed.flips.iter().any(|flip| flip.change == change), "{change:?}");
    }
    let page = two.page();
    assert!(mixed.flips.len() <= SHOWN || page.contains("more who flipped, without pictures"));
    for flip in &mixed.flips {
        let named = [
            format!("Encounter {}, {}, seat {}", flip.encounter, flip.vehicle, flip.seat),
            format!("encounter {}, seat {}", flip.encounter, flip.seat),
        ];
        assert!(named.iter().any(|name| page.contains(name)), "{flip:?}");
    }
    two.keep("mixed", &mixed);
}

#[test]
fn counts_of_unequal_numbers_are_two_samples_and_few_vehicles_tell_nothing() {
    let even = [Counted::totals(1.0, (3, 4), (2, 4)); 5];
    let d = vehicle_by_vehicle(&even).expect("counted");
    assert!(d.paired && d.detectable.is_none(), "five vehicles cannot reach 5 %: {d:?}");
    let uneven = [Counted::totals(1.0, (3, 4), (6, 8)); 9];
    let d = vehicle_by_vehicle(&uneven).expect("counted");
    assert!(!d.paired && d.difference == 0.0 && d.detectable.is_some(), "{d:?}");
    assert_eq!(vehicle_by_vehicle(&[]), None);
}

#[test]
fn what_a_run_was_scored_by_is_kept() {
    let scenario = small();
    let folder = tempfile::tempdir().expect("folder");
    let run = run_in(&scenario, Manners::default(), folder.path());
    assert_eq!(run.scoring(), Some(&Scoring { rule: scenario.file.validation, weights: Vec::new() }));
}

#[test]
fn a_comparison_is_named_after_its_runs() {
    let folder = default_folder("runs/first-light".as_ref(), "elsewhere/second/".as_ref());
    assert_eq!(folder, Path::new("runs/compare-first-light-second"));
}
