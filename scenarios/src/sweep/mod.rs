//! A sweep: the same encounters run once for each of several values of one key.
//!
//! [`Document`] makes a scenario and the files it names one tree; [`KeyPath`] finds the key in it and [`values`] reads what it
//! is to be. The seed is the same at every value and every draw has a stream of its own, so the same people sit in the
//! same seats (unless the key itself says who travels) and every value is compared with the baseline person by person.
use std::collections::BTreeMap;

use laneproof_scenes::{catalogue::fault::FileFault, people::Identity, vehicle::SeatId};
use serde::{Deserialize, Serialize};
use toml::Value;

pub mod also;
pub mod axis;
pub mod draw;
pub(crate) mod page;
pub mod result;
pub mod run;
#[cfg(test)]
mod tests;
pub mod values;

pub use run::{Stacks, SweepEvent, SweepOptions, run};

use self::values::{Items, Scale};
use crate::{
    plan::plan as plan_encounter,
    scenario::{
        Scenario,
        document::Document,
        path::{self, Fault, KeyPath},
        shape::Shape,
        time,
    },
};

/// What a user asks for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Request {
    /// `PATH=VALUES`.
    pub vary: String,
    /// Encounters of every value, in place of the scenario's number.
    pub encounters: Option<u64>,
    /// The value that the others are compared with; the first without it.
    pub baseline: Option<String>,
}

/// What is varied.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Varied {
    /// Path, as the user wrote it.
    pub path: String,
    /// What the key means, in the words of its documentation.
    pub meaning: Option<String>,
    /// Unit, from the key's name.
    pub unit: Option<String>,
    /// How the values lie.
    pub scale: Scale,
    /// Day and offset of instants: "2026-06-21, UTC−05:00".
    pub day: Option<String>,
    /// Places that the path means.
    pub places: Vec<String>,
}

impl Varied {
    /// The last two keys, for axes: "glass.rear".
    pub fn short_path(&self) -> &str {
        let mut dots = self.path.rmatch_indices('.');
        dots.nth(1).map_or(&self.path, |(at, _)| &self.path[at + 1..])
    }
}

/// One value with the scenario that has it.
#[derive(Debug, Clone)]
pub struct Point {
    /// The value.
    pub value: Value,
    /// For tables and axes.
    pub label: String,
    /// Place on the axis.
    pub position: f64,
    /// Run folder, relative to the sweep's.
    pub folder: String,
    /// The scenario with the value.
    pub scenario: Scenario,
}

/// A planned sweep: nothing has run, everything is checked.
#[derive(Debug, Clone)]
pub struct Sweep {
    /// The scenario without a value put in.
    pub scenario: Scenario,
    /// What is varied.
    pub varied: Varied,
    /// The values, in the user's order.
    pub points: Vec<Point>,
    /// Index of the value that the others are compared with.
    pub baseline: usize,
}

/// A fault of the command line, shown in the argument as a file's fault in its file.
fn of_argument(name: &str, text: &str, fault: Fault) -> FileFault {
    let Fault { span, problem, help } = fault;
    FileFault { path: name.into(), text: text.to_owned(), span: Some(span), problem, help }
}

/// Plans a sweep: every value becomes a scenario that has passed the checks of files.
pub fn plan(scenario: &Scenario, request: &Request) -> Result<Sweep, FileFault> {
    let base = with_encounters(scenario, request.encounters)?;
    let text = request.vary.as_str();
    let wrong = |fault| of_argument("--vary", text, fault);
    let Some((path, values)) = text.split_once('=') else {
        let help = "write PATH=VALUES: mix.vehicles[*].glass.rear=0.05..0.75:6";
        return Err(wrong(Fault::new(0..text.len(), "the values are missing", help)));
    };
    let document = Document::of(&base);
    let path = KeyPath::parse(path).map_err(wrong)?;
    let found = path.find(&document.tree, Document::is_reference).map_err(wrong)?;
    if found.places.iter().any(|place| base.factors.vary(place)) {
        let problem = format!("`{}` differs from encounter to encounter already", path.text());
        return Err(wrong(Fault::new(
            0..path.text().len(),
            problem,
            "take it out of the scenario's [[factors]] first",
        )));
    }
    let Items { items, scale } = values::parse(values, path.text().len() + 1, &found.current).map_err(wrong)?;

    let mut points: Vec<Point> = Vec::new();
    for item in &items {
        let mut tree = document.tree.clone();
        for place in &found.places {
            path::put(&mut tree, place, item.value.clone());
        }
        let read = Document { tree }.read(&base).and_then(Scenario::with_factors);
        let point = read.and_then(|point| point.check_encounters().map(|()| point)).map_err(|fault| {
            if let (true, Some(fault)) = (found.current.is_empty(), not_left_out(&path, &fault)) {
                return wrong(fault);
            }
            // A file that a value names can have faults of its own; those of our tree belong to the value.
            if sources(&base).all(|path| path != fault.path) {
                return fault;
            }
            wrong(Fault::new(item.span.clone(), fault.problem, fault.help))
        })?;
        let folder = folder_name(item, &points);
        points.push(Point {
            value: item.value.clone(),
            label: item.label.clone(),
            position: item.position,
            folder,
            scenario: point,
        });
    }
    let baseline = baseline(request.baseline.as_deref(), &points)?;
    let day = match (scale, points.first()) {
        (Scale::Time, Some(point)) => point.value.as_str().and_then(time::instant).map(|at| time::day(&at)),
        _ => None,
    };
    let varied = Varied {
        meaning: Shape::new().meaning(&found.places[0]),
        unit: axis::unit(path.last_key()).map(str::to_owned),
        path: path.text().to_owned(),
        scale,
        day,
        places: found.places.iter().map(ToString::to_string).collect(),
    };
    Ok(Sweep { scenario: base, varied, points, baseline })
}

/// What is wrong with a path to a value that is left out: a key that there is none of, or a table that needs more than it.
fn not_left_out(path: &KeyPath, fault: &FileFault) -> Option<Fault> {
    let key = fault.problem.split('`').nth(1)?;
    if fault.problem.starts_with("unknown key ") {
        return path.unknown(key);
    }
    fault.problem.starts_with("the key ").then(|| {
        let problem = format!("`{}` is left out, and its table would be short: {}", path.text(), fault.problem);
        Fault::new(0..path.text().len(), problem, "write the whole table into the file, then vary its values")
    })
}

fn with_encounters(scenario: &Scenario, encounters: Option<u64>) -> Result<Scenario, FileFault> {
    let Some(encounters) = encounters else { return Ok(scenario.clone()) };
    let text = encounters.to_string();
    scenario
        .with_encounters(encounters)
        .map_err(|fault| of_argument("--encounters", &text, Fault::new(0..text.len(), fault.problem, fault.help)))
}

/// The files that a scenario was read from.
fn sources(scenario: &Scenario) -> impl Iterator<Item = &std::path::Path> {
    let named = [&scenario.source, &scenario.lane.source, &scenario.rig.source, &scenario.mix.source];
    named.into_iter().chain(scenario.sensors.iter().map(|s| &s.source)).map(|source| source.path.as_path())
}

/// A folder's name that says the value and nothing else, so that `--resume` with other values keeps those that are there.
fn folder_name(item: &values::Item, before: &[Point]) -> String {
    let text = item.value.as_str().map_or_else(|| item.label.clone(), str::to_owned);
    let plain = |c: char| if c.is_ascii_alphanumeric() || "+-_.".contains(c) { c } else { '-' };
    let name: String = text.chars().map(plain).take(64).collect();
    let mut folder = format!("points/{name}");
    while before.iter().any(|point| point.folder == folder) {
        folder.push('-');
    }
    folder
}

fn baseline(asked: Option<&str>, points: &[Point]) -> Result<usize, FileFault> {
    let Some(asked) = asked else { return Ok(0) };
    let number = asked.parse::<f64>().ok();
    let is = |point: &Point| {
        let value = match &point.value {
            Value::Integer(value) => Some(*value as f64),
            Value::Float(value) => Some(*value),
            _ => None,
        };
        point.label == asked || point.value.as_str() == Some(asked) || (value.is_some() && value == number)
    };
    points.iter().position(is).ok_or_else(|| {
        let labels: Vec<&str> = points.iter().map(|p| p.label.as_str()).collect();
        let problem = format!("no value of this sweep is {asked}");
        let help = format!("its values are {}", labels.join(", "));
        of_argument("--baseline", asked, Fault::new(0..asked.len(), problem, help))
    })
}

/// Somebody in a seat: (encounter, index there, seat, who).
type Sitter = (u64, u8, SeatId, Identity);

/// Everybody whom a scenario's encounters hold, in their order.
fn sitters(scenario: &Scenario) -> Vec<Sitter> {
    let of =
        |k| plan_encounter(scenario, k).occupants.into_iter().zip(0..).map(move |(o, i)| (k, i, o.seat, o.identity));
    (0..scenario.file.encounters).flat_map(of).collect()
}

/// Who is the same person in the same seat of the same encounter in two scenarios: (encounter, index here, index there).
pub fn pairs(here: &Scenario, there: &Scenario) -> Vec<(u64, u8, u8)> {
    let there: BTreeMap<(u64, SeatId), (u8, Identity)> =
        sitters(there).into_iter().map(|(k, index, seat, who)| ((k, seat), (index, who))).collect();
    let partner = |(k, index, seat, who): Sitter| {
        let (other, _) = there.get(&(k, seat)).filter(|(_, other)| *other == who)?;
        Some((k, index, *other))
    };
    sitters(here).into_iter().filter_map(partner).collect()
}
