//! How encounters are sampled: the plan, and the values that differ from encounter to encounter.
use std::collections::BTreeMap;

use laneproof_scenes::catalogue::{check::within, fault::ValueFault};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml::Value;

/// How the scenario's encounters are chosen.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SampleFile {
    /// How the values of `[[factors]]` are spread over the encounters.
    pub plan: PlanKind,
    /// Independent scramblings of a Sobol plan, 8 to 64; 8 when left out. Intervals come from the differences between them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scrambles: Option<u32>,
    /// Least numbers of occupants by margin, e.g. `"row 3" = 40`: where the scenario's encounters hold fewer, encounters that
    /// hold some are added, and the others count for more, so that shares stay those of the traffic mix. Margins are named as in
    /// the tables of the report: rows, skin tones, ages, sexes, and `"glass below 30 %"`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub minimum: BTreeMap<String, u64>,
    /// Difference of occupant coverage that the scenario is meant to tell, 0.001 to 0.5: `laneproof plan` says how many
    /// encounters that takes. 0.05 when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wanted_difference: Option<f64>,
}

/// A plan of experiments.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PlanKind {
    /// Every encounter draws for itself.
    #[default]
    MonteCarlo,
    /// Every combination of the factors' levels, as often as the encounters allow.
    Factorial,
    /// Each factor's range in as many equal parts as there are encounters, one encounter a part.
    LatinHypercube,
    /// Scrambled Sobol points.
    Sobol,
}

/// A value that differs from encounter to encounter. One of `values`, `range`, `normal`, `triangular` and `dates` says how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FactorFile {
    /// Path of the value, as `laneproof sweep --list` shows them: `mix.vehicles[*].glass.rear`; or `daylight.hour` (local
    /// time, hours) or `daylight.date`.
    pub key: String,
    /// These values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<serde_json::Value>")]
    pub values: Vec<Value>,
    /// Relative frequency of each of `values`; equal when left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weights: Vec<f64>,
    /// Evenly between these two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<[f64; 2]>,
    /// Whether the logarithm is what is even between the two of `range`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub logarithmic: bool,
    /// Normally.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub normal: Option<NormalFile>,
    /// Triangularly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub triangular: Option<TriangularFile>,
    /// Days from the first to the last, both included, `["2026-01-01", "2026-12-31"]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dates: Option<[String; 2]>,
    /// Levels of a range or of dates in a factorial plan, ends included, 2 to 1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub levels: Option<u32>,
    /// Where the values come from, or "assumption".
    pub source: String,
}

/// A normal distribution, cut at its ends.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NormalFile {
    /// Mean before it is cut.
    pub mean: f64,
    /// Standard deviation before it is cut, above 0.
    pub sd: f64,
    /// Least value.
    pub min: f64,
    /// Greatest value.
    pub max: f64,
}

/// A triangular distribution.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TriangularFile {
    /// Least value.
    pub min: f64,
    /// Most frequent value.
    pub mode: f64,
    /// Greatest value.
    pub max: f64,
}

impl SampleFile {
    /// Whether nothing is said.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Independent scramblings of a Sobol plan.
    pub fn scrambles(&self) -> u32 {
        self.scrambles.unwrap_or(8)
    }

    /// Difference that the scenario is meant to tell.
    pub fn wanted_difference(&self) -> f64 {
        self.wanted_difference.unwrap_or(0.05)
    }

    /// Impossible values.
    pub(super) fn check(&self) -> Result<(), ValueFault> {
        within("scrambles", self.scrambles().into(), 8.0, 64.0, "")?;
        within("wanted_difference", self.wanted_difference(), 0.001, 0.5, "")
    }
}

impl FactorFile {
    /// Impossible values, as far as this table alone tells.
    pub(super) fn check(&self) -> Result<(), ValueFault> {
        let Self { values, weights, range, normal, triangular, dates, .. } = self;
        let said = [!values.is_empty(), range.is_some(), normal.is_some(), triangular.is_some(), dates.is_some()];
        if said.iter().filter(|said| **said).count() != 1 {
            let help = "write one of values = […], range = [from, to], normal = { … }, triangular = { … }, dates = […]";
            return Err(ValueFault::new("key", "it must be said in one way what the value is", help));
        }
        if self.source.trim().is_empty() {
            return Err(ValueFault::new("source", "is empty", "say where the values come from, or \"assumption\""));
        }
        if !weights.is_empty() && weights.len() != values.len() {
            let problem = format!("{} weights for {} values", weights.len(), values.len());
            return Err(ValueFault::new("weights", problem, "write one weight a value, or none"));
        }
        let usable = |weight: &f64| weight.is_finite() && *weight >= 0.0;
        let are_frequencies = weights.iter().all(usable) && weights.iter().sum::<f64>() > 0.0;
        if !weights.is_empty() && !are_frequencies {
            return Err(ValueFault::new(
                "weights",
                "are no frequencies",
                "write numbers of 0 or more, one of them above 0",
            ));
        }
        let ordered = |key: &str, ends: &[f64]| {
            if ends.windows(2).all(|pair| pair[0] <= pair[1]) && ends[0] < ends[ends.len() - 1] {
                return Ok(());
            }
            Err(ValueFault::new(key, "does not rise", "write the smaller number first, and two that differ"))
        };
        if let Some(range) = range {
            ordered("range", range)?;
            if self.logarithmic && range[0] <= 0.0 {
                return Err(ValueFault::new(
                    "range",
                    "has no logarithm",
                    "let it begin above 0, or leave out `logarithmic`",
                ));
            }
        } else if self.logarithmic {
            return Err(ValueFault::new("logarithmic", "belongs to `range`", "leave it out"));
        }
        if let Some(NormalFile { sd, min, max, .. }) = normal {
            ordered("normal", &[*min, *max])?;
            if !(sd.is_finite() && *sd > 0.0) {
                return Err(ValueFault::new("normal.sd", format!("impossible value {sd}"), "write a number above 0"));
            }
        }
        if let Some(TriangularFile { min, mode, max }) = triangular {
            ordered("triangular", &[*min, *mode, *max])?;
        }
        if let Some(levels) = self.levels {
            within("levels", levels.into(), 2.0, 1000.0, "")?;
            if range.is_none() && dates.is_none() {
                return Err(ValueFault::new("levels", "belong to `range` or `dates`", "leave them out"));
            }
        }
        Ok(())
    }
}
