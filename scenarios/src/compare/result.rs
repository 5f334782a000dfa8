//! What a comparison came to: `compare.json`.
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    changes::{Flip, Transition},
    difference::Difference,
    figures::{Figure, MarginDifference},
    finished::FinishedRun,
    pairs::Alone,
};
use crate::{
    run::scoring::Scoring,
    score::summary::{Failure, Head},
};

/// Version of the format of `compare.json`.
pub const FORMAT: u32 = 1;

/// One of the two runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Which {
    /// The one before.
    A,
    /// The one after.
    B,
}

impl Which {
    /// "A" or "B".
    pub fn name(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
        }
    }

    /// The one of two.
    pub fn of<T>(self, [a, b]: [T; 2]) -> T {
        match self {
            Self::A => a,
            Self::B => b,
        }
    }
}

/// A run that is compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Side {
    /// Its folder, as it was named.
    pub folder: String,
    /// What made it.
    pub head: Head,
    /// Encounters that were done.
    pub vehicles: u64,
    /// Occupants in them.
    pub occupants: u64,
    /// Encounters that failed and are not counted.
    pub failures: Vec<Failure>,
    /// Occupants who are not compared person by person, because they have no partner in the other run.
    pub alone: Vec<Alone>,
}

/// Something in which the two runs differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Differs {
    /// "seed", "detector", "min_inter_eye_px".
    pub what: String,
    /// In A; `None` where A has none.
    pub a: Option<String>,
    /// In B; `None` where B has none.
    pub b: Option<String>,
}

/// A number of both runs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FigureDifference {
    /// What it is.
    pub figure: Figure,
    /// Its difference; that of the first figure stands alone, the others are after Holm over all others. `None` where one
    /// run counted nothing.
    pub difference: Option<Difference>,
}

/// How people are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pairing {
    /// Whether person by person; else as two samples, because nobody is in both.
    pub paired: bool,
    /// Occupants who are in both.
    pub pairs: u64,
    /// Vehicles that they sit in.
    pub vehicles: u64,
    /// Those of these vehicles that hold the same people in both, as figures of whole vehicles ask.
    pub whole_vehicles: u64,
}

/// Two runs, compared. The same runs give the same bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// See [`FORMAT`].
    pub format: u32,
    /// The run before.
    pub a: Side,
    /// The run after.
    pub b: Side,
    /// In what their heads differ.
    pub differs: Vec<Differs>,
    /// Whose rule for a verified capture both were scored by.
    pub rule_of: Which,
    /// In what their rules differ: then the other run's own report has other numbers.
    pub rules_differ: Vec<Differs>,
    /// Who is compared with whom.
    pub pairing: Pairing,
    /// The numbers of the runs.
    pub figures: Vec<FigureDifference>,
    /// Occupant coverage by the groups of every margin.
    pub margins: Vec<MarginDifference>,
    /// From what to what people went.
    pub transitions: Vec<Transition>,
    /// Whose outcome flipped.
    pub flips: Vec<Flip>,
}

impl Comparison {
    /// Both runs.
    pub fn sides(&self) -> [&Side; 2] {
        [&self.a, &self.b]
    }

    /// A number's difference.
    pub fn figure(&self, figure: Figure) -> Option<&Difference> {
        self.figures.iter().find(|f| f.figure == figure)?.difference.as_ref()
    }
}

/// "12 (0 to 11)".
fn encounters(indices: &[u64]) -> String {
    match (indices.first(), indices.last()) {
        (Some(first), Some(last)) => format!("{} ({first} to {last})", indices.len()),
        _ => "none".to_owned(),
    }
}

/// In what two heads differ: scenario and seed first, then what made the pictures, then the stack.
pub(super) fn heads_differ(a: &Head, b: &Head) -> Vec<Differs> {
    let named = |head: &Head| -> Vec<(String, String)> {
        let own = [
            ("title", head.title.clone()),
            ("scenario", head.scenario.clone()),
            ("scenario hash", head.scenario_hash.clone()),
            ("seed", head.seed.to_string()),
            ("encounters", encounters(&head.encounters)),
            ("laneproof", head.version.clone()),
        ];
        let own = own.into_iter().map(|(what, which)| (what.to_owned(), which));
        own.chain(head.world.iter().chain(&head.stack).cloned()).collect()
    };
    differing(&named(a), &named(b))
}

fn differing(a: &[(String, String)], b: &[(String, String)]) -> Vec<Differs> {
    let value = |pairs: &[(String, String)], what: &str| pairs.iter().find(|(w, _)| w == what).map(|(_, v)| v.clone());
    let only_b = b.iter().filter(|(what, _)| value(a, what).is_none());
    a.iter()
        .chain(only_b)
        .map(|(what, _)| Differs { what: what.clone(), a: value(a, what), b: value(b, what) })
        .filter(|differs| differs.a != differs.b)
        .collect()
}

/// In what the rules of two runs differ.
pub(super) fn rules_differ(a: &Scoring, b: &Scoring) -> Vec<Differs> {
    let named = |scoring: &Scoring| -> Vec<(String, String)> {
        let value = serde_json::to_value(scoring.rule).unwrap_or(Value::Null);
        let keys = value.as_object().into_iter().flatten();
        // Single precision has seven digits; what it is widened to has more.
        let told = |value: &Value| value.as_f64().map_or(value.to_string(), |x| (x as f32).to_string());
        keys.map(|(key, value)| (key.clone(), told(value))).collect()
    };
    differing(&named(a), &named(b))
}

pub(super) fn side(run: &FinishedRun, scored: &super::finished::Scored, alone: Vec<Alone>) -> Side {
    Side {
        folder: run.folder().root().display().to_string(),
        head: run.head().clone(),
        vehicles: scored.encounters.len() as u64,
        occupants: scored.encounters.iter().map(|s| s.occupants.len() as u64).sum(),
        failures: scored.failures.clone(),
        alone,
    }
}
