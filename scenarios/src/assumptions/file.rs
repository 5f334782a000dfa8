//! What a file of assumptions says, key by key.
use std::collections::BTreeMap;

use laneproof_scenes::catalogue::{check::within, fault::ValueFault};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml::Value;

/// What a scenario rests on without a source, each with the ends between which it may lie.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "laneproof assumptions")]
pub struct AssumptionsFile {
    /// Version of this format: 1.
    pub schema_version: u32,
    /// For the page.
    pub title: String,
    /// The scenario: a file beside this one.
    pub scenario: String,
    /// How many of the scenario's encounters are run at each end, 1 to 10,000: its first ones, with the same seed at every end.
    pub encounters: u64,
    /// What was reported of the real lane, drawn beside the result; nothing is fitted to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported: Option<ReportedFile>,
    /// The assumptions, 1 to 64.
    pub assumptions: Vec<AssumptionFile>,
}

/// A published share.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportedFile {
    /// Share of vehicles with a valid photograph of everyone, 0 to 1.
    pub vehicle_coverage: f64,
    /// Who reported it, and where.
    pub source: String,
}

/// One assumption.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AssumptionFile {
    /// What is assumed, for tables and pictures.
    pub name: String,
    /// What the scenario itself takes.
    pub taken: String,
    /// One end of what may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<EndFile>,
    /// The other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<EndFile>,
    /// Why it may lie between them.
    pub source: String,
}

/// One end of an assumption.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndFile {
    /// What holds there, for tables and pictures.
    pub label: String,
    /// Values put in place of what scenario, lane, rig, mix and sensors say, by their paths as `laneproof sweep --list` shows
    /// them. Lists and tables are put as a whole.
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    pub set: BTreeMap<String, Value>,
}

impl AssumptionFile {
    /// The ends that there are.
    pub fn ends(&self) -> impl Iterator<Item = (End, &EndFile)> {
        [(End::Low, &self.low), (End::High, &self.high)]
            .into_iter()
            .filter_map(|(end, file)| Some((end, file.as_ref()?)))
    }
}

/// Which end of an assumption.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// `low`.
    Low,
    /// `high`.
    High,
}

impl End {
    /// The key in the file.
    pub fn key(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::High => "high",
        }
    }
}

impl AssumptionsFile {
    /// Checks what the file says by itself.
    pub fn check(&self) -> Result<(), ValueFault> {
        if self.schema_version != 1 {
            let problem = format!("this program does not know version {}", self.schema_version);
            return Err(ValueFault::new("schema_version", problem, "write 1"));
        }
        within("encounters", self.encounters as f64, 1.0, 10_000.0, "")?;
        if let Some(reported) = &self.reported {
            within("reported.vehicle_coverage", reported.vehicle_coverage, 0.0, 1.0, "")?;
        }
        within("assumptions", self.assumptions.len() as f64, 1.0, 64.0, "assumptions")?;
        for (i, assumption) in self.assumptions.iter().enumerate() {
            let key = |rest: &str| format!("assumptions.{i}.{rest}");
            if let Some(other) = self.assumptions[..i].iter().position(|other| other.name == assumption.name) {
                let problem = format!("assumption {} has this name already", other + 1);
                return Err(ValueFault::new(key("name"), problem, "give each a name of its own"));
            }
            if assumption.ends().next().is_none() {
                let problem = "has no end: nothing would be run for it";
                return Err(ValueFault::new(key("name"), problem, "write low, high or both"));
            }
            for (end, file) in assumption.ends() {
                if file.set.is_empty() {
                    let help = "write at least one value: { \"mix.head_yaw_sd_deg\" = 8 }";
                    return Err(ValueFault::new(key(&format!("{}.set", end.key())), "changes nothing", help));
                }
            }
        }
        Ok(())
    }
}
