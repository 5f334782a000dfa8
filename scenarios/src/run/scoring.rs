//! What a run is scored by, kept beside it: so it can be scored again, and beside another run, without the scenario's file.
use serde::{Deserialize, Serialize};

use crate::{
    plan::sampled::Sampled,
    scenario::{Scenario, ValidationRule},
};

/// The rule and the weights of a run, as `scoring.json` holds them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scoring {
    /// The scenario's rule for a verified capture.
    pub rule: ValidationRule,
    /// Index and weight of every encounter that does not stand for itself alone, see [`Sampled`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weights: Vec<(u64, f64)>,
}

impl Scoring {
    /// Name of the file in a run folder.
    pub const FILE: &'static str = "scoring.json";

    /// What a scenario's run is scored by.
    pub fn of(scenario: &Scenario, sampled: &Sampled) -> Self {
        let weights = sampled.encounters.iter().filter(|(_, weight)| *weight != 1.0);
        Self { rule: scenario.file.validation, weights: weights.copied().collect() }
    }

    /// Weight of an encounter.
    pub fn weight(&self, encounter: u64) -> f64 {
        self.weights.iter().find(|(k, _)| *k == encounter).map_or(1.0, |(_, weight)| *weight)
    }
}
