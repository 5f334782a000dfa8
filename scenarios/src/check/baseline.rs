//! A baseline: the committed result that a run is compared with, one line an encounter, so that a change can be reviewed.
use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::EncounterOutcome;
use crate::{run::RunError, scenario::check::SCHEMA_VERSION, score::summary::Head};

/// Version of the baselines' format.
const FORMAT: u32 = 1;

/// What a stack says of itself that does not change what it decides: where it is, and on how many threads.
const NO_MATTER: [&str; 3] = ["stack", "threads", "service"];

/// The result of a scenario, as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    /// Version of this format.
    pub format: u32,
    /// The scenario's name, "regression/noon".
    pub scenario: String,
    /// Hash of the scenario and all files it names.
    pub scenario_hash: String,
    /// Version of the scenario format.
    pub schema_version: u32,
    /// Version of the program.
    pub program: String,
    /// Adapter, driver and what else made the pictures.
    pub world: Vec<(String, String)>,
    /// Stack and models, with their hashes.
    pub stack: Vec<(String, String)>,
    /// What came of each encounter.
    pub encounters: Vec<EncounterOutcome>,
}

/// How a run can be compared with a baseline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fit {
    /// Encounter by encounter, person by person.
    Paired,
    /// As two samples: something that makes pictures or decisions is another.
    Unpaired(Vec<String>),
    /// Not at all.
    Not(String),
}

impl Baseline {
    /// The baseline of a run.
    pub fn of(scenario: &str, head: &Head, encounters: Vec<EncounterOutcome>) -> Self {
        Self {
            format: FORMAT,
            scenario: scenario.to_owned(),
            scenario_hash: head.scenario_hash.clone(),
            schema_version: SCHEMA_VERSION,
            program: head.version.clone(),
            world: head.world.clone(),
            stack: head.stack.iter().filter(|(what, _)| matters(what)).cloned().collect(),
            encounters,
        }
    }

    /// Where the baseline of a scenario file lies: `baselines/AREA/NAME.json` beside the folder of its area.
    pub fn path_of(scenario: &Path) -> PathBuf {
        let name = scenario.file_stem().unwrap_or_default().to_string_lossy().into_owned() + ".json";
        let area = scenario.parent().unwrap_or(Path::new(""));
        let above = area.parent().unwrap_or(Path::new(""));
        above.join("baselines").join(area.file_name().unwrap_or_default()).join(name)
    }

    /// Reads a baseline; nothing where there is none.
    pub fn read(path: &Path) -> Result<Option<Self>, RunError> {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(RunError::io(path, error)),
        };
        let read = serde_json::from_slice(&bytes);
        read.map(Some).map_err(|e| RunError::Baseline { path: path.to_owned(), reason: e.to_string() })
    }

    /// Writes a baseline.
    pub fn write(&self, path: &Path) -> Result<(), RunError> {
        let folder = path.parent().unwrap_or(Path::new(""));
        std::fs::create_dir_all(folder).map_err(|e| RunError::io(folder, e))?;
        std::fs::write(path, self.text()).map_err(|e| RunError::io(path, e))
    }

    /// As JSON, one line an encounter and one a property.
    pub fn text(&self) -> String {
        let Self { format, scenario, scenario_hash, schema_version, program, world, stack, encounters } = self;
        let mut out = String::from("{\n");
        for (key, value) in [
            ("format", json(format)),
            ("scenario", json(scenario)),
            ("scenario_hash", json(scenario_hash)),
            ("schema_version", json(schema_version)),
            ("program", json(program)),
            ("world", json(world)),
            ("stack", json(stack)),
        ] {
            writeln!(out, "\"{key}\": {value},").ok();
        }
        let lines: Vec<String> = encounters.iter().map(json).collect();
        writeln!(out, "\"encounters\": [\n{}\n]\n}}", lines.join(",\n")).ok();
        out
    }

    /// How a run with this head compares.
    pub fn fit(&self, head: &Head) -> Fit {
        if self.format != FORMAT {
            return Fit::Not(format!("it has format {}, this program writes {FORMAT}", self.format));
        }
        if self.schema_version != SCHEMA_VERSION {
            return Fit::Not(format!(
                "its scenario has schema version {}, now it is {SCHEMA_VERSION}",
                self.schema_version
            ));
        }
        if self.scenario_hash != head.scenario_hash {
            return Fit::Not("the scenario, or a file it names, has changed since".to_owned());
        }
        let mut differs = Vec::new();
        let pairs = [("", &self.world, &head.world), ("stack: ", &self.stack, &head.stack)];
        for (of, there, here) in pairs {
            let value =
                |pairs: &[(String, String)], what: &str| pairs.iter().find(|(w, _)| w == what).map(|(_, v)| v.clone());
            let mut keys: Vec<&String> =
                there.iter().chain(here).map(|(what, _)| what).filter(|w| matters(w)).collect();
            keys.sort();
            keys.dedup();
            for what in keys {
                let (there, here) = (value(there, what), value(here, what));
                if there != here {
                    let or_none = |value: Option<String>| value.unwrap_or_else(|| "none".to_owned());
                    differs.push(format!("{of}{what} was {}, is {}", or_none(there), or_none(here)));
                }
            }
        }
        if differs.is_empty() { Fit::Paired } else { Fit::Unpaired(differs) }
    }
}

fn matters(what: &str) -> bool {
    !NO_MATTER.contains(&what)
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("plain values are JSON")
}
