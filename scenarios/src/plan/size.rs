//! How large a scenario's sample is, and what it can tell.
use std::collections::BTreeMap;

use laneproof_scenes::catalogue::fault::FileFault;
use laneproof_statistics::power::{
    Aim, Traffic, design_effect, half_width, paired_detectable, paired_vehicles, unpaired_detectable, unpaired_vehicles,
};
use serde::Serialize;

use super::{plan, sampled::Sampled};
use crate::{
    run::record::{Conditions, OccupantRecord},
    scenario::Scenario,
    score::{margins, summary::Summary},
};

/// What is assumed of results as long as no run tells.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Expected {
    /// Share of occupants captured.
    pub coverage: f64,
    /// Variance over that of as many independent occupants.
    pub design_effect: f64,
    /// Share of occupants whose capture changes, either way, when something about the lane does.
    pub discordance: f64,
    /// Whether a run says so; else these are assumptions.
    pub measured: bool,
}

/// Correlation of captures within a vehicle where no run tells (assumption).
const CORRELATION: f64 = 0.2;
/// Coverage where no run tells (assumption).
const COVERAGE: f64 = 0.7;
/// Share of occupants whose capture changes with a change of the lane (assumption; with two models it was a third).
const DISCORDANCE: f64 = 0.15;

/// A scenario's sample and what it can tell.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SampleSize {
    /// Encounters.
    pub encounters: u64,
    /// Occupants in them.
    pub occupants: u64,
    /// Occupants by group, in the order of the margins.
    pub groups: Vec<(String, u64)>,
    /// What is assumed.
    pub expected: Expected,
    /// Half the width of the 95 % interval of occupant coverage, a share.
    pub half_width: f64,
    /// Difference that the scenario is meant to tell.
    pub wanted_difference: f64,
    /// Encounters that tell it, the same ones run before and after a change.
    pub paired_encounters: Option<u64>,
    /// Encounters of each of two independent runs that tell it.
    pub unpaired_encounters: Option<u64>,
    /// The least change that the scenario's own number of encounters tells, run before and after.
    pub paired_detectable: Option<f64>,
    /// The same of two independent runs.
    pub unpaired_detectable: Option<f64>,
}

impl SampleSize {
    /// That of a scenario; what a run of it measured is taken in place of assumptions.
    pub fn of(scenario: &Scenario, run: Option<&Summary>) -> Result<Self, FileFault> {
        let sampled = Sampled::of(scenario)?;
        let mut groups: BTreeMap<(usize, u8, String), u64> = BTreeMap::new();
        let mut sizes: Vec<f64> = Vec::new();
        for k in sampled.indices() {
            let plan = plan(scenario, k);
            let conditions = Conditions::of(&plan);
            sizes.push(plan.occupants.len() as f64);
            for who in plan.occupants.iter().map(OccupantRecord::new) {
                for (margin, (_, group)) in margins::ALL.iter().enumerate() {
                    let (place, name) = group(&who, &conditions);
                    *groups.entry((margin, place, name)).or_default() += 1;
                }
            }
        }
        let n = sizes.len().max(1) as f64;
        let mean = sizes.iter().sum::<f64>() / n;
        let variance = sizes.iter().map(|size| (size - mean).powi(2)).sum::<f64>() / n;
        let expected = expected(run, mean, variance.sqrt() / mean);
        let traffic = Traffic { occupants: mean, design_effect: expected.design_effect };
        let aim = Aim { alpha: 0.05, power: 0.8, two_sided: true };
        let wanted = scenario.file.sample.wanted_difference();
        let vehicles = sizes.len() as u64;
        Ok(Self {
            encounters: vehicles,
            occupants: sizes.iter().sum::<f64>() as u64,
            groups: groups.into_iter().map(|((.., name), count)| (name, count)).collect(),
            half_width: half_width(expected.coverage, vehicles, &traffic),
            wanted_difference: wanted,
            paired_encounters: paired_vehicles(expected.discordance.max(wanted), wanted, &traffic, &aim),
            unpaired_encounters: unpaired_vehicles(expected.coverage, expected.coverage - wanted, &traffic, &aim),
            paired_detectable: paired_detectable(expected.discordance, vehicles, &traffic, &aim),
            unpaired_detectable: unpaired_detectable(expected.coverage, vehicles, &traffic, &aim),
            expected,
        })
    }
}

fn expected(run: Option<&Summary>, occupants: f64, variation: f64) -> Expected {
    let measured = run.and_then(|run| Some((run.occupant_coverage.share?, run.occupant_coverage.vehicles?)));
    match measured {
        Some((coverage, vehicles)) => {
            let design_effect = vehicles.design_effect;
            Expected { coverage, design_effect, discordance: DISCORDANCE, measured: true }
        }
        None => Expected {
            coverage: COVERAGE,
            design_effect: design_effect(occupants, variation, CORRELATION),
            discordance: DISCORDANCE,
            measured: false,
        },
    }
}
