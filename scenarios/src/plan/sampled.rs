//! Which encounters a scenario runs, and for how much each counts.
//!
//! Without `[sample.minimum]` these are the first so many, each for one. With it, where they hold fewer occupants of a margin than
//! asked for, encounters behind them that hold some are added, in the order of their index, until there are enough. Of the
//! encounters that were looked at on the way, all that hold somebody of a short margin are run, and of the others only the first
//! ones; so each of the first kind stands for one, and each of the others for as many as were looked at of them divided by as
//! many as are run (post-stratification: every encounter stands for those of its stratum).
use std::collections::BTreeMap;

use laneproof_scenes::catalogue::fault::{FileFault, ValueFault};
use serde::{Deserialize, Serialize};

use super::plan;
use crate::{
    run::record::{Conditions, OccupantRecord},
    scenario::Scenario,
    score::margins,
};

/// Encounters looked at for each that is asked for, before a margin counts as one that the traffic does not have.
const LOOKED_AT: u64 = 100;

/// The encounters of a scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sampled {
    /// Index and weight of each, by index.
    pub encounters: Vec<(u64, f64)>,
    /// Encounters that were looked at.
    pub looked_at: u64,
    /// The margins asked for: name, least number, number there is.
    pub margins: Vec<(String, u64, u64)>,
}

impl Sampled {
    /// The encounters of a scenario; a margin that the traffic hardly ever has is a fault of the file.
    pub fn of(scenario: &Scenario) -> Result<Self, FileFault> {
        let wanted = &scenario.file.sample.minimum;
        let first = scenario.file.encounters;
        let mut encounters: Vec<u64> = (0..first).collect();
        if wanted.is_empty() {
            let each = encounters.into_iter().map(|k| (k, 1.0)).collect();
            return Ok(Self { encounters: each, looked_at: first, margins: Vec::new() });
        }
        let mut there: BTreeMap<&str, u64> = wanted.keys().map(|name| (name.as_str(), 0)).collect();
        let count = |k: u64, there: &mut BTreeMap<&str, u64>| {
            for name in held(scenario, k) {
                if let Some(count) = there.get_mut(name.as_str()) {
                    *count += 1;
                }
            }
        };
        encounters.iter().for_each(|k| count(*k, &mut there));
        let short: Vec<&str> = wanted
            .iter()
            .filter(|(name, least)| there[name.as_str()] < **least)
            .map(|(name, _)| name.as_str())
            .collect();
        let holds = |k: u64| held(scenario, k).iter().any(|name| short.contains(&name.as_str()));
        let mut looked_at = first;
        while short.iter().any(|name| there[name] < wanted[*name]) {
            if looked_at == first.saturating_mul(LOOKED_AT) {
                let name = short.iter().find(|name| there[**name] < wanted[**name]).expect("one is short");
                let problem = format!(
                    "{looked_at} encounters hold {} occupants of \"{name}\", not {}",
                    there[name], wanted[*name]
                );
                let help = "ask for fewer, or let the mix have more of them";
                return Err(scenario.source.value_fault(ValueFault::new("sample.minimum", problem, help)));
            }
            if scenario.at(looked_at).is_ok() && holds(looked_at) {
                encounters.push(looked_at);
                count(looked_at, &mut there);
            }
            looked_at += 1;
        }
        let of_first = (0..first).filter(|k| holds(*k)).count() as u64;
        let added = encounters.len() as u64 - first;
        let (others_run, others_seen) = (first - of_first, looked_at - of_first - added);
        let weight = others_seen as f64 / others_run.max(1) as f64;
        let margins = wanted.iter().map(|(name, least)| (name.clone(), *least, there[name.as_str()])).collect();
        let weigh = |k: u64| (k, if short.is_empty() || holds(k) { 1.0 } else { weight });
        Ok(Self { encounters: encounters.into_iter().map(weigh).collect(), looked_at, margins })
    }

    /// Weight of an encounter; 1 of one that is none of the scenario's.
    pub fn weight(&self, k: u64) -> f64 {
        self.encounters.iter().find(|(encounter, _)| *encounter == k).map_or(1.0, |(_, weight)| *weight)
    }

    /// The encounters' indices.
    pub fn indices(&self) -> impl Iterator<Item = u64> {
        self.encounters.iter().map(|(k, _)| *k)
    }
}

/// The groups of all occupants of an encounter.
fn held(scenario: &Scenario, k: u64) -> Vec<String> {
    let plan = plan(scenario, k);
    let conditions = Conditions::of(&plan);
    plan.occupants.iter().flat_map(|o| margins::of(&OccupantRecord::new(o), &conditions)).collect()
}
