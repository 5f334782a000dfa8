//! How well explanations name what lost somebody, on losses whose cause was planted, and whether taking the named cause away
//! helps where many causes meet.
//!
//! A **planted loss** is an occupant who is captured in a scenario in which nothing is in the way, and lost in its twin with
//! one thing planted: same seed, same person, same seat, same drive. Everything is asked of the program as a user asks it.
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
};

use laneproof_scenarios::{
    run::record::EncounterRecord,
    scenario::Scenario,
    score::{OccupantScore, score},
};
use serde_json::{Value, json};

/// One planted cause.
pub struct Plant {
    /// Scenario that it is planted in, of `scenarios/causes`.
    pub scenario: &'static str,
    /// The scenario without it.
    pub twin: &'static str,
    /// Factor that is to be named, as explanations write it.
    pub factor: &'static str,
}

const fn plant(scenario: &'static str, twin: &'static str, factor: &'static str) -> Plant {
    Plant { scenario, twin, factor }
}

/// Every planted cause.
pub const PLANTS: [Plant; 13] = [
    plant("veil", "veil-plain", "veil"),
    plant("glass", "glass-plain", "glass"),
    plant("under-exposed", "plain", "exposure"),
    plant("over-exposed", "plain", "exposure"),
    plant("motion", "motion-plain", "motion-blur"),
    plant("defocus", "plain", "defocus"),
    plant("noise", "plain", "noise"),
    plant("worn", "plain", "worn"),
    plant("occluder", "occluder-plain", "occluder"),
    plant("pose", "plain", "pose"),
    plant("pixels", "plain", "pixels"),
    plant("drops", "drops-plain", "drops"),
    plant("compression", "plain", "compression"),
];

/// The scenario in which many causes meet.
pub const MIXED: &str = "mixed";

/// How the program is asked.
pub struct Asking<'a> {
    /// The program.
    pub program: &'a Path,
    /// Folder of the workspace.
    pub root: &'a Path,
    /// Models of the stack; the program's own without.
    pub models: Option<&'a Path>,
    /// Folder of the runs; those that are there already are used again.
    pub out: &'a Path,
    /// One encounter alone, in place of all.
    pub encounter: Option<u64>,
}

/// Why nothing was measured: what the program said.
pub type Failure = String;

/// An occupant: encounter and index.
pub type Id = (u64, u8);

impl Asking<'_> {
    fn scenario(&self, name: &str) -> PathBuf {
        PathBuf::from("scenarios/causes").join(format!("{name}.toml"))
    }

    fn run_program(&self, command: &mut Command) -> Result<(), Failure> {
        if let Some(models) = self.models {
            command.arg("--models").arg(models);
        }
        let output = command.current_dir(self.root).output().map_err(|e| format!("{}: {e}", self.program.display()))?;
        if output.status.success() {
            return Ok(());
        }
        Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)))
    }

    /// The scored occupants of a scenario, run first where its run is not there.
    pub fn occupants(&self, name: &str) -> Result<BTreeMap<Id, OccupantScore>, Failure> {
        let run = self.out.join(name);
        if !run.join("summary.json").is_file() {
            let mut command = Command::new(self.program);
            command.arg("run").arg(self.scenario(name)).arg("--out").arg(&run);
            if let Some(encounter) = self.encounter {
                command.arg("--encounter").arg(encounter.to_string());
            }
            self.run_program(&mut command)?;
        }
        let scenario = Scenario::open(&self.root.join(self.scenario(name))).map_err(|e| e.to_string())?;
        let mut occupants = BTreeMap::new();
        let folder = run.join("encounters");
        for entry in std::fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))? {
            let path = entry.map_err(|e| e.to_string())?.path();
            let record: EncounterRecord =
                serde_json::from_value(read(&path)?).map_err(|e| format!("{}: {e}", path.display()))?;
            let scored = score(&record, &scenario.file.validation);
            occupants.extend(scored.into_iter().flat_map(|s| s.occupants).map(|o| ((o.encounter, o.occupant), o)));
        }
        Ok(occupants)
    }

    /// Explanations of some occupants of a scenario's run, as the program writes them; those that are there already are used
    /// again.
    pub fn explained(&self, name: &str, who: &[Id], confirm: bool) -> Result<Vec<Value>, Failure> {
        let run = self.out.join(name);
        let path = |(encounter, occupant): &Id| run.join("explained").join(format!("{encounter:04}-{occupant}.json"));
        let missing: Vec<&Id> = who.iter().filter(|id| !path(id).is_file()).collect();
        if !missing.is_empty() {
            let mut command = Command::new(self.program);
            command.arg("explain").arg(&run);
            for (encounter, occupant) in missing {
                command.arg("--occupant").arg(format!("{encounter}/{occupant}"));
            }
            if confirm {
                command.arg("--confirm");
            }
            self.run_program(&mut command)?;
        }
        who.iter().map(|id| read(&path(id))).collect()
    }
}

fn read(path: &Path) -> Result<Value, Failure> {
    let bytes = std::fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
    serde_json::from_slice(&bytes).map_err(|e| format!("{}: {e}", path.display()))
}

/// What an explanation names: "defocus", "exposure + defocus", "more-than-two", "stack", "choice", "out-of-view".
pub fn named(explained: &Value) -> String {
    match explained["loss"]["loss"].as_str() {
        Some("factors") => {
            let factors = explained["loss"]["factors"].as_array().into_iter().flatten();
            factors.filter_map(Value::as_str).collect::<Vec<_>>().join(" + ")
        }
        other => other.unwrap_or("unreadable").to_owned(),
    }
}

/// What came of one plant.
pub struct Planted {
    /// The plant.
    pub plant: &'static Plant,
    /// Occupants captured in the twin.
    pub captured_before: usize,
    /// Of those, lost with the plant.
    pub lost: usize,
    /// Of those, explained: what was named, by how many.
    pub named: BTreeMap<String, usize>,
}

impl Planted {
    /// Losses that were explained.
    pub fn explained(&self) -> usize {
        self.named.values().sum()
    }

    /// Losses whose explanation names the plant, alone.
    pub fn right(&self) -> usize {
        self.named.get(self.plant.factor).copied().unwrap_or(0)
    }
}

/// Runs a plant and its twin, and explains at most `most` of the planted losses, the first in the order of encounters.
pub fn planted(asking: &Asking<'_>, plant: &'static Plant, most: usize) -> Result<Planted, Failure> {
    let twin = asking.occupants(plant.twin)?;
    let with = asking.occupants(plant.scenario)?;
    let before: Vec<Id> = twin.iter().filter(|(_, o)| o.outcome.is_captured()).map(|(id, _)| *id).collect();
    for id in &before {
        let same = with.get(id).is_some_and(|other| other.who.seat() == twin[id].who.seat());
        if !same {
            return Err(format!("{} and {} do not seat the same people", plant.scenario, plant.twin));
        }
    }
    let lost: Vec<Id> = before.iter().copied().filter(|id| !with[id].outcome.is_captured()).collect();
    let asked = &lost[..lost.len().min(most)];
    let mut counts = BTreeMap::new();
    for explained in asking.explained(plant.scenario, asked, false)? {
        *counts.entry(named(&explained)).or_insert(0) += 1;
    }
    Ok(Planted { plant, captured_before: before.len(), lost: lost.len(), named: counts })
}

/// What came of the scenario in which many causes meet.
#[derive(Debug, Default)]
pub struct Mixed {
    /// Occupants.
    pub occupants: usize,
    /// Lost.
    pub lost: usize,
    /// Of those, explained: what was named, by how many.
    pub named: BTreeMap<String, usize>,
    /// Losses for which a cause that can be taken away was named.
    pub with_cause: usize,
    /// Of those, captured without it, in all exposures and under other noise.
    pub captured: usize,
    /// Of those, captured or further down the ladder of first causes.
    pub advanced: usize,
}

/// Runs the mixed scenario, explains at most `most` of its losses, and takes away what was named.
pub fn mixed(asking: &Asking<'_>, most: usize) -> Result<Mixed, Failure> {
    let occupants = asking.occupants(MIXED)?;
    let lost: Vec<Id> = occupants.iter().filter(|(_, o)| !o.outcome.is_captured()).map(|(id, _)| *id).collect();
    let mut result = Mixed { occupants: occupants.len(), lost: lost.len(), ..Mixed::default() };
    for explained in asking.explained(MIXED, &lost[..lost.len().min(most)], true)? {
        *result.named.entry(named(&explained)).or_insert(0) += 1;
        if explained["loss"]["loss"] != "factors" {
            continue;
        }
        result.with_cause += 1;
        let confirmation: laneproof_scenarios::explain::confirm::Confirmation =
            serde_json::from_value(explained["confirmation"].clone())
                .map_err(|e| format!("an explanation of {MIXED} was written without --confirm: {e}"))?;
        result.captured += usize::from(confirmation.is_captured());
        result.advanced += usize::from(confirmation.advances());
    }
    Ok(result)
}

/// The results as a value for a file.
pub fn report(command: &str, planted: &[Planted], mixed: Option<&Mixed>) -> Value {
    let rows: Vec<Value> = planted
        .iter()
        .map(|row| {
            json!({
                "scenario": row.plant.scenario, "twin": row.plant.twin, "factor": row.plant.factor,
                "captured_in_twin": row.captured_before, "lost": row.lost,
                "explained": row.explained(), "named_right": row.right(), "named": row.named,
            })
        })
        .collect();
    let sum = |count: fn(&Planted) -> usize| planted.iter().map(count).sum::<usize>();
    let mixed = mixed.map(|mixed| {
        json!({
            "scenario": MIXED, "occupants": mixed.occupants, "lost": mixed.lost,
            "explained": mixed.named.values().sum::<usize>(), "named": mixed.named,
            "with_cause": mixed.with_cause, "captured": mixed.captured, "captured_or_advanced": mixed.advanced,
        })
    });
    json!({
        "command": command,
        "planted": rows,
        "planted_explained": sum(Planted::explained),
        "planted_named_right": sum(Planted::right),
        "mixed": mixed,
    })
}
