//! A file of assumptions with its scenario, and every end as a scenario that has passed the checks of files.
use std::{collections::BTreeMap, path::Path};

use laneproof_scenes::catalogue::{
    fault::{FileFault, ValueFault},
    source::SourceFile,
};
use toml::Value;

use super::file::{AssumptionsFile, End, EndFile};
use crate::scenario::{
    Scenario, ScenarioError,
    document::Document,
    path::{self, Fault, KeyPath},
};

/// What is to be run: nothing has run, everything is checked.
#[derive(Debug, Clone)]
pub struct Study {
    /// What the file says.
    pub file: AssumptionsFile,
    /// The file.
    pub source: SourceFile,
    /// The scenario as it is.
    pub base: Scenario,
    /// The ends, in the order of the file.
    pub ends: Vec<StudyEnd>,
}

/// One end of one assumption.
#[derive(Debug, Clone)]
pub struct StudyEnd {
    /// Index of the assumption in the file.
    pub assumption: usize,
    /// Which end.
    pub end: End,
    /// The scenario there.
    pub scenario: Scenario,
}

impl Study {
    /// Reads and checks a file of assumptions and the scenario that it names. Writes nothing.
    pub fn open(path: &Path) -> Result<Self, Box<ScenarioError>> {
        let source = SourceFile::open(path).map_err(ScenarioError::from)?;
        let file: AssumptionsFile = source.parse().map_err(ScenarioError::from)?;
        file.check().map_err(|fault| ScenarioError::from(source.value_fault(fault)))?;
        let scenario = Scenario::open(&path.parent().unwrap_or(Path::new("")).join(&file.scenario))?;
        Self::of(file, source, &scenario).map_err(|fault| Box::new(fault.into()))
    }

    /// Puts the ends of a checked file into a scenario.
    pub fn of(file: AssumptionsFile, source: SourceFile, scenario: &Scenario) -> Result<Self, FileFault> {
        if file.encounters > scenario.file.encounters {
            let problem = format!("the scenario has only {} encounters to compare with", scenario.file.encounters);
            return Err(source.value_fault(ValueFault::new("encounters", problem, "write as many at most")));
        }
        let fewer = scenario.with_encounters(file.encounters);
        let fewer =
            fewer.map_err(|fault| source.value_fault(ValueFault::new("encounters", fault.problem, fault.help)))?;
        let mut ends = Vec::new();
        for (i, assumption) in file.assumptions.iter().enumerate() {
            for (end, values) in assumption.ends() {
                let scenario = at_end(&fewer, values).map_err(|(key, Fault { problem, help, .. })| {
                    let keys = ["assumptions", &i.to_string(), end.key(), "set", key].map(str::to_owned);
                    source.fault(source.locate_keys(&keys, true), problem, help)
                })?;
                ends.push(StudyEnd { assumption: i, end, scenario });
            }
        }
        Ok(Self { file, source, base: scenario.clone(), ends })
    }
}

/// The scenario with an end's values, or the key that is at fault. Values that are only possible together are judged
/// together, and a fault of theirs is told at the first.
fn at_end<'e>(base: &Scenario, end: &'e EndFile) -> Result<Scenario, (&'e str, Fault)> {
    let mut tree = Document::of(base).tree;
    for (key, value) in &end.set {
        let found = KeyPath::parse(key).and_then(|path| path.find_any(&tree)).map_err(|fault| (key.as_str(), fault))?;
        if found.current.iter().all(|current| current == value) && !found.current.is_empty() {
            let problem = format!("`{key}` is {value} in the scenario itself");
            return Err((key, Fault::new(0..key.len(), problem, "write what holds at this end of the assumption")));
        }
        for place in &found.places {
            path::put(&mut tree, place, value.clone());
        }
    }
    let read = Document { tree }.read(base).and_then(Scenario::with_factors);
    let checked = read.and_then(|scenario| scenario.check_encounters().map(|()| scenario));
    checked.map_err(|fault| {
        let first = end.set.keys().next().map_or("", String::as_str);
        (first, Fault::new(0..first.len(), fault.problem, fault.help))
    })
}

/// Values of an end as JSON, for results.
pub(super) fn told(set: &BTreeMap<String, Value>) -> BTreeMap<String, serde_json::Value> {
    let plain = |value: &Value| serde_json::to_value(value).expect("a value of TOML is one of JSON");
    set.iter().map(|(key, value)| (key.clone(), plain(value))).collect()
}
