//! A finished run, read again from its folder.
use std::path::Path;

use serde::Deserialize;

use crate::{
    run::{
        RunError,
        folder::RunFolder,
        record::{EncounterRecord, End},
        scoring::Scoring,
    },
    scenario::ValidationRule,
    score::{
        EncounterScore, score,
        summary::{Failure, Head},
    },
};

/// What is read of a summary: no more, so that other members of another version do no harm.
#[derive(Deserialize)]
struct Ended {
    head: Head,
}

/// A run that went to its end.
#[derive(Debug, Clone, PartialEq)]
pub struct FinishedRun {
    folder: RunFolder,
    head: Head,
    scoring: Option<Scoring>,
}

/// A run's encounters, scored.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scored {
    /// Those that were done, by index.
    pub encounters: Vec<EncounterScore>,
    /// Those that failed.
    pub failures: Vec<Failure>,
}

fn unfinished(folder: &RunFolder, reason: &str) -> RunError {
    RunError::NoFinishedRun { path: folder.root().to_owned(), reason: reason.to_owned() }
}

impl FinishedRun {
    /// Opens a run folder.
    pub fn open(path: &Path) -> Result<Self, RunError> {
        let folder = RunFolder::new(path);
        if !path.is_dir() {
            return Err(unfinished(&folder, "there is no such folder"));
        }
        let Some(Ended { head }) = folder.read_json("summary.json")? else {
            return Err(unfinished(&folder, "summary.json is missing"));
        };
        let scoring = folder.read_json(Scoring::FILE)?;
        Ok(Self { folder, head, scoring })
    }

    /// The folder.
    pub fn folder(&self) -> &RunFolder {
        &self.folder
    }

    /// What made the run.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// What the run was scored by; `None` of one that was made before runs kept it.
    pub fn scoring(&self) -> Option<&Scoring> {
        self.scoring.as_ref()
    }

    /// Scores every encounter that was done as `scoring` says, and names those that failed.
    pub fn scores(&self, scoring: &Scoring) -> Result<(Vec<EncounterScore>, Vec<Failure>), RunError> {
        self.scored(&scoring.rule, scoring).map(|Scored { encounters, failures }| (encounters, failures))
    }

    /// Scores every encounter by a rule, with these weights.
    pub(super) fn scored(&self, rule: &ValidationRule, weights: &Scoring) -> Result<Scored, RunError> {
        let (mut encounters, mut failures) = (Vec::new(), Vec::new());
        for k in &self.head.encounters {
            let name = RunFolder::encounter_name(*k);
            let record: EncounterRecord =
                self.folder.read_json(&name)?.ok_or_else(|| unfinished(&self.folder, &format!("{name} is missing")))?;
            if record.encounter != *k {
                let reason = format!("it is of encounter {}", record.encounter);
                return Err(RunError::Damaged { path: self.folder.path(&name), reason });
            }
            if let End::Failed { reason } = &record.end {
                failures.push(Failure { encounter: *k, reason: reason.clone() });
            }
            let weight = weights.weight(*k);
            encounters.extend(score(&record, rule).map(|scored| EncounterScore { weight, ..scored }));
        }
        encounters.sort_by_key(|scored| scored.encounter);
        Ok(Scored { encounters, failures })
    }
}
