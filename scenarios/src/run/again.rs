//! A finished run's ledger, summary and report, made again from what was kept: nothing is simulated, no stack is asked.
use std::path::Path;

use super::{Filled, Manifest, RunResult, conclude, error::RunError, folder::RunFolder, record::EncounterRecord};
use crate::{plan::sampled::Sampled, report::brand::Brand, scenario::Scenario, score::summary::Head};

/// What made the run in a folder.
pub fn head_of(folder: &Path) -> Result<Head, RunError> {
    manifest(&RunFolder::new(folder)).map(|manifest| manifest.head)
}

fn manifest(folder: &RunFolder) -> Result<Manifest, RunError> {
    folder.read_json("run.json")?.ok_or_else(|| unfinished(folder, "there is no run.json"))
}

fn unfinished(folder: &RunFolder, reason: impl Into<String>) -> RunError {
    RunError::NoFinishedRun { path: folder.root().to_owned(), reason: reason.into() }
}

/// Scores the kept encounters again by the scenario that made them, which must be unchanged, and writes ledger, summary and
/// report anew; a vendor's title, logo and notes go into the report.
pub fn report_again(folder: &Path, scenario: &Scenario, brand: Option<&Brand>) -> Result<RunResult, RunError> {
    let folder = RunFolder::new(folder);
    let Manifest { head, command, .. } = manifest(&folder)?;
    if scenario.hash() != head.scenario_hash {
        return Err(RunError::ScenarioChanged {
            scenario: scenario.source.path.clone(),
            path: folder.root().to_owned(),
        });
    }
    let sampled = Sampled::of(scenario).map_err(|fault| RunError::Sample(fault.to_string()))?;
    let mut records: Vec<EncounterRecord> = Vec::new();
    for k in &head.encounters {
        let record = folder.read_json(&RunFolder::encounter_name(*k))?;
        records.push(record.ok_or_else(|| unfinished(&folder, format!("encounter {k} is not there")))?);
    }
    let filled: Filled =
        folder.read_json("gallery.json")?.ok_or_else(|| unfinished(&folder, "there is no gallery.json"))?;
    // A run of a version that did not keep its command is named by its scenario.
    let command = command.unwrap_or_else(|| format!("laneproof run {}", head.scenario));
    let (summary, scores) =
        conclude(scenario, &sampled, head, &records, filled.size_and_refused(), &folder, (&command, brand))?;
    Ok(RunResult { summary, scores, timings: Vec::new() })
}
