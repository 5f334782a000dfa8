//! Values that differ from encounter to encounter: what `[[factors]]` come to in the tree of the scenario.
//!
//! The plan gives every factor a number from 0 to 1 in every encounter ([`Design`]), by the encounter's index alone; here it
//! becomes a value of the factor's distribution by that one's inverse, and is put where the factor's path leads.
use laneproof_scenes::catalogue::fault::{FileFault, ValueFault};
use laneproof_statistics::{
    design::Design,
    normal::{normal_cdf, normal_quantile},
};
use serde::{Deserialize, Serialize};
use toml::{
    Table, Value,
    value::{Date, Datetime},
};

use super::{
    Scenario,
    document::Document,
    path::{self, Fault, KeyPath, Place, Spot},
    sample::{FactorFile, NormalFile, PlanKind, TriangularFile},
    time,
};

/// Most encounters of a scenario with factors: each is checked when the file is read.
const MOST_ENCOUNTERS: u64 = 10_000;
/// Most factors.
const MOST_FACTORS: usize = 32;
/// Parts of a scenario whose values may differ between encounters.
const FREE: [&str; 5] = ["daylight", "lane", "rig", "mix", "soft_shadows"];

/// The value of a factor in one encounter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FactorValue {
    /// The factor's path, as the scenario writes it.
    pub key: String,
    /// Its value.
    pub value: serde_json::Value,
}

/// All factors of a scenario with their plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Factors {
    list: Vec<Factor>,
    design: Design,
}

impl Default for Factors {
    fn default() -> Self {
        Self { list: Vec::new(), design: Design::MonteCarlo }
    }
}

#[derive(Debug, Clone, PartialEq)]
struct Factor {
    key: String,
    places: Places,
    spread: Spread,
    levels: Option<u32>,
}

#[derive(Debug, Clone, PartialEq)]
enum Places {
    Values(Vec<Place>),
    /// The local time of `daylight.time`.
    Hour,
    /// The date of `daylight.time`.
    Date,
}

/// How values lie: each maps a share of the encounters, 0 to 1, to the value that this share does not exceed.
#[derive(Debug, Clone, PartialEq)]
enum Spread {
    List { values: Vec<Value>, weights: Vec<f64> },
    Range { from: f64, to: f64, logarithmic: bool, whole: bool },
    Normal(NormalFile),
    Triangular(TriangularFile),
    Days { first: i64, last: i64 },
}

impl Factors {
    /// The factors of a scenario, each with its places in the tree; whether their values fit is not looked at.
    pub(super) fn compile(scenario: &Scenario) -> Result<Self, FileFault> {
        let file = &scenario.file;
        let fault = |i: usize, key: &str, problem: String, help: String| {
            scenario.source.value_fault(ValueFault::new(format!("factors.{i}.{key}"), problem, help))
        };
        let whole =
            |key: &str, problem: String, help: &str| scenario.source.value_fault(ValueFault::new(key, problem, help));
        if file.factors.is_empty() {
            if file.sample.plan != PlanKind::MonteCarlo {
                return Err(whole(
                    "sample.plan",
                    "there is nothing to plan".to_owned(),
                    "add [[factors]], or leave it out",
                ));
            }
            return Ok(Self::default());
        }
        if file.factors.len() > MOST_FACTORS {
            let problem = format!("{} factors are too many", file.factors.len());
            return Err(whole("factors", problem, &format!("keep {MOST_FACTORS} at most")));
        }
        if file.encounters > MOST_ENCOUNTERS {
            let problem = format!("{} encounters are too many with [[factors]]", file.encounters);
            return Err(whole("encounters", problem, &format!("write {MOST_ENCOUNTERS} at most")));
        }
        if !file.sample.minimum.is_empty() && file.sample.plan != PlanKind::MonteCarlo {
            let problem = "only a Monte Carlo plan can be added to".to_owned();
            return Err(whole("sample.minimum", problem, "leave it out, or write plan = \"monte-carlo\""));
        }
        let tree = Document::of(scenario).tree;
        let mut list: Vec<Factor> = Vec::new();
        for (i, factor) in file.factors.iter().enumerate() {
            let compiled =
                Factor::compile(factor, &tree).map_err(|Fault { problem, help, .. }| fault(i, "key", problem, help))?;
            let twice = list.iter().find(|other| other.meets(&compiled));
            if let Some(other) = twice {
                let problem = format!("`{}` is varied by the factor `{}` already", factor.key, other.key);
                return Err(fault(i, "key", problem, "keep one of the two".to_owned()));
            }
            list.push(compiled);
        }
        let design = match file.sample.plan {
            PlanKind::MonteCarlo => Design::MonteCarlo,
            PlanKind::LatinHypercube => Design::LatinHypercube { points: file.encounters },
            PlanKind::Sobol => {
                let scrambles = file.sample.scrambles();
                if !file.encounters.is_multiple_of(u64::from(scrambles)) {
                    let problem =
                        format!("{} encounters are not as many in each of {scrambles} scramblings", file.encounters);
                    let better = file.encounters.div_ceil(scrambles.into()) * u64::from(scrambles);
                    return Err(whole("encounters", problem, &format!("write {better}")));
                }
                Design::Sobol { scrambles }
            }
            PlanKind::Factorial => {
                let mut levels = Vec::new();
                for (i, factor) in list.iter().enumerate() {
                    levels.push(factor.level_count().ok_or_else(|| {
                        let help = "write values = […], or levels = N beside its range".to_owned();
                        fault(i, "key", format!("`{}` has no levels", factor.key), help)
                    })?);
                }
                let cells = levels.iter().fold(1u64, |cells, levels| cells.saturating_mul((*levels).into()));
                if !file.encounters.is_multiple_of(cells) {
                    let problem =
                        format!("{} encounters do not hold {cells} combinations equally often", file.encounters);
                    let better = file.encounters.div_ceil(cells).saturating_mul(cells);
                    return Err(whole("encounters", problem, &format!("write {better}")));
                }
                Design::Factorial { levels }
            }
        };
        let names: Vec<&str> = list.iter().map(|factor| factor.key.as_str()).collect();
        design
            .check(file.encounters, &names)
            .map_err(|e| whole("sample.plan", e.to_string(), "choose another plan"))?;
        Ok(Self { list, design })
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The factors' paths.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.list.iter().map(|factor| factor.key.as_str())
    }

    /// Whether one of them varies a place.
    pub fn vary(&self, place: &Place) -> bool {
        let other = Factor {
            key: String::new(),
            places: Places::Values(vec![place.clone()]),
            spread: Spread::Days { first: 0, last: 0 },
            levels: None,
        };
        self.list.iter().any(|factor| factor.meets(&other))
    }

    /// The values of an encounter, in the order of the file.
    pub fn values(&self, seed: u64, encounter: u64) -> Vec<Value> {
        let keys: Vec<&str> = self.keys().collect();
        let shares = self.design.point(seed, encounter, &keys).expect("a plan that was checked has all its points");
        self.list.iter().zip(shares).map(|(factor, share)| factor.spread.at(share, self.levels(factor))).collect()
    }

    fn levels(&self, factor: &Factor) -> Option<u32> {
        matches!(self.design, Design::Factorial { .. }).then(|| factor.level_count())?
    }

    /// The same for programs and people.
    pub fn told(&self, seed: u64, encounter: u64) -> Vec<FactorValue> {
        let plain = |value: Value| serde_json::to_value(value).expect("a value of TOML is one of JSON");
        let values = self.values(seed, encounter).into_iter().map(plain);
        self.keys().zip(values).map(|(key, value)| FactorValue { key: key.to_owned(), value }).collect()
    }

    /// Puts values into a tree.
    pub(super) fn put(&self, tree: &mut Table, values: Vec<Value>) {
        for (factor, value) in self.list.iter().zip(values) {
            match &factor.places {
                Places::Values(places) => places.iter().for_each(|place| path::put(tree, place, value.clone())),
                part => {
                    let time = tree.get_mut("daylight").and_then(|d| d.as_table_mut()?.get_mut("time"));
                    if let Some(Value::String(time)) = time
                        && let Some(at) = time::instant(time)
                    {
                        let moved = match (part, number(&value), value.as_str()) {
                            (Places::Hour, Some(hour), _) => time::at_hour(&at, hour),
                            (_, _, Some(day)) => {
                                day.parse().map_or(at, |day: Datetime| Datetime { date: day.date, ..at })
                            }
                            _ => at,
                        };
                        *time = moved.to_string();
                    }
                }
            }
        }
    }
}

impl Factor {
    fn compile(file: &FactorFile, tree: &Table) -> Result<Self, Fault> {
        let span = 0..file.key.len();
        let wrong = |problem: &str, help: &str| Fault::new(span.clone(), problem, help);
        let (places, current) = match file.key.as_str() {
            "daylight.hour" => (Places::Hour, Vec::new()),
            "daylight.date" => (Places::Date, Vec::new()),
            key => {
                let found = KeyPath::parse(key)?.find(tree, Document::is_reference)?;
                let root = |place: &Place| match place.spots.first() {
                    Some(Spot::Key(root)) => FREE.contains(&root.as_str()),
                    _ => false,
                };
                if !found.places.iter().all(root) {
                    let help = format!("what may differ begins with {}", FREE.join(", "));
                    return Err(wrong(&format!("`{key}` is the same in all encounters of a run"), &help));
                }
                (Places::Values(found.places), found.current)
            }
        };
        let whole = matches!(current.first(), Some(Value::Integer(_)));
        let spread = match file {
            FactorFile { range: Some([from, to]), logarithmic, .. } => {
                Spread::Range { from: *from, to: *to, logarithmic: *logarithmic, whole }
            }
            FactorFile { normal: Some(normal), .. } => Spread::Normal(*normal),
            FactorFile { triangular: Some(triangular), .. } => Spread::Triangular(*triangular),
            FactorFile { dates: Some([first, last]), .. } => {
                let day = |text: &str| {
                    let date = text.parse::<Datetime>().ok().filter(|at| at.time.is_none()).and_then(|at| at.date);
                    date.map(time::days).ok_or_else(|| wrong(&format!("\"{text}\" is no date"), "write \"2026-01-31\""))
                };
                let (first, last) = (day(first)?, day(last)?);
                if first > last {
                    return Err(wrong("the dates do not rise", "write the earlier date first"));
                }
                Spread::Days { first, last }
            }
            FactorFile { values, weights, .. } => {
                let weights = if weights.is_empty() { vec![1.0; values.len()] } else { weights.clone() };
                Spread::List { values: values.clone(), weights }
            }
        };
        let fits = match (&places, &spread) {
            (Places::Date, Spread::Days { .. }) => true,
            (Places::Date, Spread::List { values, .. }) => values.iter().all(|v| {
                let date = v.as_str().and_then(|text| text.parse::<Datetime>().ok());
                date.is_some_and(|at| at.date.is_some() && at.time.is_none())
            }),
            (Places::Date, _) | (_, Spread::Days { .. }) => false,
            (Places::Hour, _) => spread.ends().is_some_and(|[least, most]| least >= 0.0 && most < 24.0),
            _ => true,
        };
        if !fits {
            return Err(match places {
                Places::Hour => {
                    wrong("an hour is a number from 0 to below 24", "write range = [6.0, 20.0], for example")
                }
                _ => wrong(
                    "dates are for `daylight.date`, and it has nothing else",
                    "write dates = [\"2026-01-01\", \"2026-12-31\"]",
                ),
            });
        }
        Ok(Self { key: file.key.clone(), places, spread, levels: file.levels })
    }

    /// Whether both write the same place.
    fn meets(&self, other: &Self) -> bool {
        let time = || Place { spots: ["daylight", "time"].map(|key| Spot::Key(key.to_owned())).to_vec() };
        match (&self.places, &other.places) {
            (Places::Values(here), Places::Values(there)) => here.iter().any(|place| there.contains(place)),
            (Places::Values(places), _) | (_, Places::Values(places)) => places.contains(&time()),
            (Places::Hour, Places::Hour) | (Places::Date, Places::Date) => true,
            _ => false,
        }
    }

    fn level_count(&self) -> Option<u32> {
        match &self.spread {
            Spread::List { values, .. } => u32::try_from(values.len()).ok(),
            _ => self.levels,
        }
    }
}

impl Spread {
    /// Least and greatest number; nothing of what are no numbers.
    fn ends(&self) -> Option<[f64; 2]> {
        match self {
            Self::List { values, .. } => {
                let numbers: Option<Vec<f64>> = values.iter().map(number).collect();
                let numbers = numbers?;
                Some([
                    numbers.iter().copied().fold(f64::INFINITY, f64::min),
                    numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max),
                ])
            }
            Self::Range { from, to, .. } => Some([*from, *to]),
            Self::Normal(NormalFile { min, max, .. }) => Some([*min, *max]),
            Self::Triangular(TriangularFile { min, max, .. }) => Some([*min, *max]),
            Self::Days { .. } => None,
        }
    }

    /// The value at a share, 0 to below 1; `levels` where only so many places of the range are meant.
    fn at(&self, share: f64, levels: Option<u32>) -> Value {
        let level = |levels: u32| (share * f64::from(levels)).floor().min(f64::from(levels) - 1.0);
        match self {
            Self::List { values, weights } => {
                let index = match levels {
                    // Every level as often as the others.
                    Some(levels) => level(levels) as usize,
                    None => picked(weights, share),
                };
                values[index.min(values.len() - 1)].clone()
            }
            Self::Range { from, to, logarithmic, whole } => {
                let part = levels.map_or(share, |levels| level(levels) / f64::from(levels - 1));
                match (logarithmic, whole) {
                    (true, _) => Value::Float(from * (to / from).powf(part)),
                    // Every whole number as often as the others.
                    (false, true) if levels.is_none() => {
                        Value::Integer((from + (share * (to - from + 1.0)).floor()).min(*to) as i64)
                    }
                    (false, true) => Value::Integer((from + part * (to - from)).round() as i64),
                    (false, false) => Value::Float(from + part * (to - from)),
                }
            }
            Self::Normal(NormalFile { mean, sd, min, max }) => {
                let [low, high] = [min, max].map(|end| normal_cdf((end - mean) / sd));
                let drawn = mean + sd * normal_quantile(low + share * (high - low));
                Value::Float(drawn.clamp(*min, *max))
            }
            Self::Triangular(TriangularFile { min, mode, max }) => {
                let rising = (mode - min) / (max - min);
                let drawn = if share < rising {
                    min + (share * (max - min) * (mode - min)).sqrt()
                } else {
                    max - ((1.0 - share) * (max - min) * (max - mode)).sqrt()
                };
                Value::Float(drawn)
            }
            Self::Days { first, last } => {
                let days = last - first;
                let day = match levels {
                    Some(levels) => first + (level(levels) / f64::from(levels - 1) * days as f64).round() as i64,
                    None => first + (share * (days + 1) as f64).floor() as i64,
                };
                let Date { year, month, day } = time::date(day.min(*last));
                Value::String(format!("{year:04}-{month:02}-{day:02}"))
            }
        }
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Integer(value) => Some(*value as f64),
        Value::Float(value) => Some(*value),
        _ => None,
    }
}

/// Index of the weight in which a share falls.
fn picked(weights: &[f64], share: f64) -> usize {
    let mut left = share * weights.iter().sum::<f64>();
    for (i, weight) in weights.iter().enumerate() {
        if left < *weight {
            return i;
        }
        left -= weight;
    }
    weights.iter().rposition(|weight| *weight > 0.0).unwrap_or(0)
}
