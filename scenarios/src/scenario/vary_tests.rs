//! `[set]`, `[[factors]]` and `[sample]`: what they come to, and what is said where they are wrong.
use std::collections::BTreeMap;

use laneproof_scenes::catalogue::{Sky, fault::FileFault, source::SourceFile};

use super::{Scenario, tests::FIRST_LIGHT};
use crate::{
    plan::{plan, sampled::Sampled},
    run::record::Conditions,
};

fn read(encounters: u64, more: &str) -> Result<Scenario, FileFault> {
    let text = FIRST_LIGHT.replace("encounters = 12", &format!("encounters = {encounters}"));
    Scenario::from_source(SourceFile { path: "vary.toml".into(), text: text.replace("[gates]", more) })
}

fn scenario(encounters: u64, more: &str) -> Scenario {
    read(encounters, more).unwrap_or_else(|fault| panic!("{more}: {fault}"))
}

fn factor(key: &str, spread: &str) -> String {
    format!("[[factors]]\nkey = \"{key}\"\n{spread}\nsource = \"test\"\n")
}

fn numbers(scenario: &Scenario, key: &str) -> Vec<f64> {
    let told = |k| scenario.factors.told(scenario.file.seed, k).into_iter().find(|f| f.key == key).expect("the factor");
    (0..scenario.file.encounters).map(|k| told(k).value.as_f64().expect("a number")).collect()
}

#[test]
fn set_puts_values_lists_and_tables_into_named_files() {
    let set = "[set]\n\"rig.cameras[front].exposure_us\" = 1500\n\"rig.cameras[side-left].triggers\" = []\n\
               \"mix.occupants\" = [0, 1]\n\"lane.canopy.height_m\" = 6.5\n\"rig.cameras[*].lens.f_number\" = 2.8\n";
    let changed = scenario(3, set);
    let cameras = &changed.rig.value.cameras;
    assert_eq!((cameras[0].exposure_us, cameras[1].exposure_us), (1500.0, 2000.0));
    assert!(cameras[1].triggers.is_empty() && cameras.iter().all(|camera| camera.lens.f_number == 2.8));
    assert_eq!(changed.mix.value.occupants, [0.0, 1.0]);
    assert_eq!(changed.lane.value.canopy.map(|canopy| canopy.height_m), Some(6.5));
    assert_ne!(changed.hash(), scenario(3, "").hash());
    for (set, problem, at) in [
        ("\"rig.cameras[front].exposure_us\" = -1", "impossible value -1", "-1"),
        ("\"rig.cameras[fornt].exposure_us\" = 100", "no element with the text \"fornt\"", "\"rig"),
        ("\"rig.cameras[front].expsure_us\" = 100", "unknown key `expsure_us`", "100"),
        ("\"daylight.sky\" = \"overcast\"", "none of a named file's values", "\"daylight"),
        ("\"mix.vehicles[*].model\" = \"lorry\"", "no vehicle model \"lorry\"", "\"lorry"),
    ] {
        let fault = read(3, &format!("[set]\n{set}\n")).err().unwrap_or_else(|| panic!("accepted: {set}"));
        assert!(fault.problem.contains(problem), "{set}: {fault}");
        let span = fault.span.clone().unwrap_or_else(|| panic!("{set}: nowhere: {fault}"));
        assert!(fault.text[span.start..].starts_with(at), "{set}: {fault}");
    }
}

/// Contract: each kind of distribution has its closed-form mean, and never leaves its ends.
#[test]
fn factors_follow_their_distributions() {
    for (spread, low, high, mean) in [
        ("range = [100.0, 300.0]", 100.0, 300.0, 200.0),
        // The mean of log-even values between a and b is (b − a) ÷ ln(b ÷ a).
        ("range = [100.0, 1000.0]\nlogarithmic = true", 100.0, 1000.0, 900.0 / 10f64.ln()),
        ("normal = { mean = 500, sd = 50, min = 300, max = 700 }", 300.0, 700.0, 500.0),
        ("triangular = { min = 100, mode = 200, max = 600 }", 100.0, 600.0, 300.0),
        ("values = [100, 200, 400]\nweights = [1, 0, 3]", 100.0, 400.0, 325.0),
    ] {
        let key = "rig.cameras[front].exposure_us";
        let text = factor(key, spread) + "[sample]\nplan = \"latin-hypercube\"\n";
        let values = numbers(&scenario(2000, &text), key);
        assert!(values.iter().all(|v| (low..=high).contains(v)), "{spread}");
        let got = values.iter().sum::<f64>() / values.len() as f64;
        assert!((got / mean - 1.0).abs() < 2e-3, "{spread}: {got}, not {mean}");
    }
}

#[test]
fn an_encounter_has_its_values_and_moves_no_other_draw() {
    let varied = factor("daylight.hour", "range = [6.0, 21.0]")
        + &factor("daylight.date", "dates = [\"2026-01-01\", \"2026-12-31\"]")
        + &factor("daylight.sky", "values = [\"clear\", \"overcast\"]")
        + &factor("mix.vehicles[*].glass.rear", "values = [0.2, 0.6]");
    let (varied, plain) = (scenario(60, &varied), scenario(60, ""));
    let mut months = [0; 13];
    for k in 0..60 {
        let (here, there) = (plan(&varied, k), plan(&plain, k));
        let conditions = Conditions::of(&here);
        assert!((6.0..=21.0).contains(&conditions.local_hour));
        months[usize::from(conditions.month)] += 1;
        assert!([0.2, 0.6].contains(&here.glass.rear));
        let told: BTreeMap<String, serde_json::Value> =
            varied.factors.told(varied.file.seed, k).into_iter().map(|f| (f.key, f.value)).collect();
        assert_eq!(told["daylight.sky"] == "clear", here.daylight.sky == Sky::Clear);
        assert_eq!(told["mix.vehicles[*].glass.rear"].as_f64().map(|v| v as f32), Some(here.glass.rear));
        let people = |plan: &laneproof_exchange::encounter::EncounterPlan| {
            plan.occupants.iter().map(|o| format!("{:?}", (o.seat, &o.identity, o.head_yaw_deg))).collect::<Vec<_>>()
        };
        assert_eq!(people(&here), people(&there), "encounter {k}");
    }
    assert!(months[1..].iter().filter(|count| **count > 0).count() >= 10, "{months:?}");
}

#[test]
fn factorial_plans_hold_every_combination_equally_often() {
    let text = factor("daylight.hour", "range = [8.0, 16.0]\nlevels = 3")
        + &factor("daylight.sky", "values = [\"clear\", \"overcast\"]")
        + "[sample]\nplan = \"factorial\"\n";
    let scenario = scenario(12, &text);
    let mut cells: BTreeMap<String, u64> = BTreeMap::new();
    for k in 0..12 {
        let values = scenario.factors.told(scenario.file.seed, k);
        *cells.entry(values.iter().map(|f| f.value.to_string()).collect::<Vec<_>>().join(" ")).or_default() += 1;
    }
    assert_eq!(cells.len(), 6, "{cells:?}");
    assert!(cells.values().all(|count| *count == 2), "{cells:?}");
    assert!(cells.contains_key("8.0 \"clear\"") && cells.contains_key("16.0 \"overcast\""), "{cells:?}");
}

#[test]
fn a_wrong_factor_or_sample_is_told_where_it_stands() {
    let hour = factor("daylight.hour", "range = [6.0, 20.0]");
    for (more, problem) in [
        (factor("daylight.hour", "range = [6.0, 24.5]"), "an hour is a number from 0 to below 24"),
        (factor("daylight.hour", ""), "said in one way"),
        (factor("daylight.hour", "range = [6.0, 20.0]\nvalues = [7]"), "said in one way"),
        (factor("daylight.date", "dates = [\"2026-02-30\", \"2026-12-31\"]"), "is no date"),
        (factor("seed", "range = [1.0, 2.0]"), "the same in all encounters"),
        (factor("rig.cameras[front].exposure_us", "range = [-90.0, 10.0]"), "encounter "),
        (factor("rig.cameras[back].exposure_us", "range = [50.0, 200.0]"), "no element with the text \"back\""),
        (factor("daylight.sky", "values = [\"clear\", \"grey\"]"), "unknown value \"grey\""),
        (format!("{hour}{hour}"), "varied by the factor `daylight.hour` already"),
        (format!("{hour}{}", factor("daylight.time", "values = [\"2026-06-21T10:30:00-05:00\"]")), "already"),
        (format!("{hour}[sample]\nplan = \"factorial\"\n"), "has no levels"),
        (format!("{hour}[sample]\nplan = \"sobol\"\n"), "not as many in each of 8 scramblings"),
        (format!("{hour}[sample]\nplan = \"sobol\"\nscrambles = 4\n"), "impossible value 4"),
        ("[sample]\nplan = \"sobol\"\n".to_owned(), "nothing to plan"),
        ("[sample.minimum]\n\"row 4\" = 3\n".to_owned(), "no margin \"row 4\""),
        ("[sample.minimum]\n\"night\" = 3\n".to_owned(), "hold 0 occupants of \"night\""),
    ] {
        let fault = read(12, &more).err().unwrap_or_else(|| panic!("accepted: {more}"));
        assert!(fault.problem.contains(problem), "{more}: {fault}");
        assert!(fault.line_and_column().is_some() && !fault.help.is_empty(), "{more}: {fault}");
    }
}

/// Contract: a minimum is met; the weights add up to the encounters looked at; and weighted shares are those of the traffic.
#[test]
fn added_encounters_meet_the_minimum_and_leave_shares_alone() {
    let topped = scenario(40, "[sample.minimum]\n\"row 3\" = 60\n");
    let sampled = Sampled::of(&topped).unwrap_or_else(|e| panic!("{e}"));
    assert!(sampled.encounters.len() > 40 && sampled.encounters.is_sorted_by_key(|(k, _)| *k));
    let [(name, wanted, there)] = &sampled.margins[..] else { panic!("{:?}", sampled.margins) };
    assert_eq!((name.as_str(), *wanted), ("row 3", 60));
    let in_row_3 = |k: u64| plan(&topped, k).occupants.iter().filter(|o| o.seat.row == 3).count() as f64;
    assert_eq!(sampled.indices().map(in_row_3).sum::<f64>(), *there as f64);
    assert!(*there >= 60);
    let weights: f64 = sampled.encounters.iter().map(|(_, weight)| weight).sum();
    assert!((weights - sampled.looked_at as f64).abs() < 1e-9, "{weights} for {}", sampled.looked_at);
    let weighted = sampled.encounters.iter().map(|(k, weight)| weight * in_row_3(*k)).sum::<f64>() / weights;
    let seen = (0..sampled.looked_at).map(in_row_3).sum::<f64>() / sampled.looked_at as f64;
    assert!((weighted - seen).abs() < 1e-9, "{weighted}, not {seen}");
    // Without a minimum every encounter counts for itself.
    assert!(Sampled::of(&scenario(40, "")).is_ok_and(|s| s.encounters.iter().all(|(_, weight)| *weight == 1.0)));
}
