//! Verdicts over suites that are drawn, so that what is true of them is known: how often a check calls a change that is none, and
//! how surely it sees one. Recorded runs say the same in `tests/tests/check.rs`.
use laneproof_scenes::stream::stream;
use rand::Rng as _;

use super::{Baseline, Before, CheckResult, Checked, EncounterOutcome, Fit, OccupantOutcome, Status, junit, page};
use crate::{
    exit,
    scenario::tests::first_light,
    score::{
        Outcome,
        summary::{GateResult, Head},
    },
};

/// Scenarios of a suite, encounters of a scenario.
const SCENARIOS: u64 = 16;
const ENCOUNTERS: u64 = 8;
/// Exposures that show an occupant.
const EXPOSURES: u64 = 8;

/// What chance a drawn lane gives people.
#[derive(Clone, Copy)]
struct Lane {
    /// Share of captures that other noise draws anew.
    noise: f64,
    /// Of the detections that there are, lost in every exposure.
    recall_lost: f64,
    /// Of the occupants, always missed.
    always_missed: f64,
}

const SAME: Lane = Lane { noise: 0.05, recall_lost: 0.0, always_missed: 0.0 };

/// A suite of the campaign `seed` with the noise of `key`.
fn suite(seed: u64, key: u64, lane: Lane) -> Vec<Vec<EncounterOutcome>> {
    let encounter = |s: u64, k: u64| {
        let mut who = stream(seed, s * 1000 + k, "who comes");
        let mut noise = stream(seed ^ (key + 1).wrapping_mul(0x9e37_79b9), s * 1000 + k, "noise");
        // What a vehicle's panes and light do to everybody in it.
        let vehicle: f64 = 0.15 + 0.8 * who.random::<f64>();
        let mut detected = 0;
        let count = 2 + who.random_range(0..4_u64);
        let occupants = (0..count).map(|seat| {
            let (luck, again): (f64, f64) = (who.random(), noise.random());
            let drawn = if noise.random::<f64>() < lane.noise { again } else { luck };
            let missed = stream(seed, s * 1000 + k, &format!("missed {seat}")).random::<f64>() < lane.always_missed;
            let captured = drawn < vehicle && !missed;
            let seen = (0..EXPOSURES).filter(|_| {
                let found = who.random::<f64>() < 0.75;
                let flips = noise.random::<f64>() < lane.noise * 0.5;
                let lost = noise.random::<f64>() < lane.recall_lost;
                (found != flips) && !lost && !missed
            });
            detected += seen.count() as u64;
            let outcome = if captured { Outcome::Matched } else { Outcome::Lost };
            OccupantOutcome { seat: format!("{}-left", seat + 1), outcome, claimed: captured }
        });
        let occupants: Vec<OccupantOutcome> = occupants.collect();
        EncounterOutcome {
            encounter: k,
            vehicle: "van".to_owned(),
            weight: 1.0,
            occupants,
            visible: count * EXPOSURES,
            detected,
            false_matches: 0,
            nobodys: u64::from(noise.random::<f64>() < 0.1),
            cross_vehicle: 0,
        }
    };
    (0..SCENARIOS).map(|s| (0..ENCOUNTERS).map(|k| encounter(s, k)).collect()).collect()
}

fn checked(now: Vec<Vec<EncounterOutcome>>, before: impl Fn(usize) -> Before) -> Vec<Checked> {
    let named = |(i, now): (usize, Vec<EncounterOutcome>)| Checked {
        name: format!("regression/{i}"),
        now,
        before: before(i),
        bounds: Vec::new(),
    };
    now.into_iter().enumerate().map(named).collect()
}

fn result(checked: Vec<Checked>) -> CheckResult {
    CheckResult::of(checked, Vec::new(), Vec::new())
}

fn paired(now: Vec<Vec<EncounterOutcome>>, before: &[Vec<EncounterOutcome>]) -> CheckResult {
    result(checked(now, |i| Before::Paired(before[i].clone())))
}

fn unpaired(now: Vec<Vec<EncounterOutcome>>, before: &[Vec<EncounterOutcome>]) -> CheckResult {
    result(checked(now, |i| Before::Unpaired(before[i].clone(), vec!["driver was A, is B".to_owned()])))
}

/// Contract: of 1,000 pairs that differ by noise alone, and of 1,000 that are other campaigns, 0.5 % at most are called worse.
#[test]
fn noise_is_not_called_a_change() {
    let mut called = [0; 2];
    for draw in 0..1000 {
        let before = suite(draw, 0, SAME);
        called[0] += u32::from(paired(suite(draw, 1, SAME), &before).exit_code() != exit::DONE);
        called[1] += u32::from(unpaired(suite(draw + 5000, 0, SAME), &before).exit_code() != exit::DONE);
    }
    println!("of 1,000 null pairs called worse: other noise {}, other campaigns {}", called[0], called[1]);
    assert!(called.iter().all(|called| *called <= 5), "{called:?}");
}

/// Contract: five points of recall in every exposure, and a twentieth of the occupants always missed, are seen in 95 of 100
/// cases where the same encounters are compared.
#[test]
fn what_is_worse_is_seen() {
    for lane in [Lane { recall_lost: 0.05 / 0.75, ..SAME }, Lane { always_missed: 0.05, ..SAME }] {
        let seen = (0..200).filter(|draw| {
            let before = suite(*draw, 0, SAME);
            paired(suite(*draw, 1, lane), &before).exit_code() == exit::WORSE_THAN_BASELINE
        });
        let seen = seen.count();
        println!("recall −{:.3}, missed {:.2}: seen in {seen} of 200", lane.recall_lost, lane.always_missed);
        assert!(seen >= 190, "{seen} of 200");
    }
}

#[test]
fn the_same_again_is_as_before_and_says_what_it_would_see() {
    let before = suite(1, 0, SAME);
    let result = paired(before.clone(), &before);
    assert_eq!(result.exit_code(), exit::DONE);
    for verdict in &result.verdicts {
        assert_eq!((verdict.status, verdict.p), (Status::Kept, Some(1.0)), "{verdict:?}");
        let sees = verdict.detectable.expect("every comparison says what it sees");
        assert!(sees > 0.0 && sees <= 1.0, "{verdict:?}");
    }
    let captured = &result.verdicts[0];
    // 2^−10 is the first power of a half below 0.001: ten occupants, each in a vehicle of its own.
    let occupants: usize = before.iter().flatten().map(|e| e.occupants.len()).sum();
    assert!((captured.detectable.expect("told") - 10.0 / occupants as f64).abs() < 1e-12);
}

#[test]
fn exit_codes_say_the_worst() {
    let before = suite(1, 0, SAME);
    let blind: Vec<Vec<EncounterOutcome>> = before
        .iter()
        .map(|encounters| {
            let lost = |o: &OccupantOutcome| OccupantOutcome { outcome: Outcome::Lost, claimed: false, ..o.clone() };
            let encounter = |e: &EncounterOutcome| EncounterOutcome {
                occupants: e.occupants.iter().map(lost).collect(),
                detected: 0,
                ..e.clone()
            };
            encounters.iter().map(encounter).collect()
        })
        .collect();
    let worse = paired(blind.clone(), &before);
    assert_eq!(worse.exit_code(), exit::WORSE_THAN_BASELINE);
    assert!(worse.verdicts[0].cases.contains(&"regression/0#0".to_owned()), "{:?}", worse.verdicts[0].cases);
    let mut suite = checked(blind, |i| Before::Paired(before[i].clone()));
    let bound = GateResult { gate: "min_occupant_coverage".to_owned(), bound: 0.4, actual: Some(0.0), kept: false };
    suite[3].bounds.push(bound);
    assert_eq!(result(suite.clone()).exit_code(), exit::GATE_FAILED);
    let none = result(checked(before.clone(), |_| Before::None("it does not exist".to_owned())));
    assert_eq!(none.exit_code(), exit::NO_BASELINE);
    let failed = CheckResult::of(
        checked(before.clone(), |i| Before::Paired(before[i].clone())),
        Vec::new(),
        vec![("regression/0#1".to_owned(), "the stack stopped answering".to_owned())],
    );
    assert_eq!(failed.exit_code(), exit::SOME_ENCOUNTERS_FAILED);
}

#[test]
fn pages_name_what_is_worse_and_how_to_see_it() {
    let before = suite(1, 0, SAME);
    let worse = paired(suite(1, 1, Lane { always_missed: 0.5, ..SAME }), &before);
    let xml = junit::xml(&worse).unwrap_or_else(|e| panic!("{e}"));
    let cases = worse.verdicts.len();
    assert_eq!(xml.matches("<testcase ").count(), cases);
    let failures = worse.verdicts.iter().filter(|v| v.status == Status::Worse).count();
    assert_eq!(xml.matches("<failure ").count(), failures);
    assert!(failures > 0 && xml.contains("laneproof rerun regression/"), "{xml}");
    let markdown = page::markdown(&worse);
    assert!(markdown.contains("| WORSE | suite | occupants captured |"), "{markdown}");
    let text = page::text(&worse);
    assert!(text.contains("worse in regression/") && text.lines().all(|line| !line.ends_with(' ')), "{text}");
}

/// Contract: a baseline read back is the one written, one line an encounter; and it says how it may be compared.
#[test]
fn a_baseline_comes_back_and_knows_what_it_fits() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let pairs =
        |list: &[(&str, &str)]| list.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect::<Vec<_>>();
    let head = Head::new(
        &first_light(),
        &[0, 1],
        pairs(&[("adapter", "A (cpu)"), ("driver", "D 1")]),
        pairs(&[("stack", "in process"), ("detector", "x sha256 1")]),
    );
    let outcomes = suite(1, 0, SAME).remove(0);
    let baseline = Baseline::of("regression/noon", &head, outcomes.clone());
    let path = Baseline::path_of(&folder.path().join("scenarios/regression/noon.toml"));
    assert!(path.ends_with("scenarios/baselines/regression/noon.json"));
    assert_eq!(Baseline::read(&path).unwrap_or_else(|e| panic!("{e}")), None);
    baseline.write(&path).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(Baseline::read(&path).unwrap_or_else(|e| panic!("{e}")), Some(baseline.clone()));
    assert_eq!(baseline.text().lines().filter(|line| line.starts_with("{\"encounter\":")).count(), outcomes.len());
    assert_eq!(baseline.fit(&head), Fit::Paired);
    // Where the stack runs does not matter; what decides does.
    let elsewhere = Head { stack: pairs(&[("stack", "over HTTP"), ("detector", "x sha256 1")]), ..head.clone() };
    assert_eq!(baseline.fit(&elsewhere), Fit::Paired);
    let other = Head { stack: pairs(&[("stack", "in process"), ("detector", "x sha256 2")]), ..head.clone() };
    assert_eq!(baseline.fit(&other), Fit::Unpaired(vec!["stack: detector was x sha256 1, is x sha256 2".to_owned()]));
    let changed = Head { scenario_hash: "other".to_owned(), ..head };
    assert!(matches!(baseline.fit(&changed), Fit::Not(why) if why.contains("has changed")));
    std::fs::write(&path, "{").expect("write");
    let fault = Baseline::read(&path).expect_err("damaged").to_string();
    assert!(fault.contains("noon.json is no baseline") && fault.contains("--accept"), "{fault}");
}
