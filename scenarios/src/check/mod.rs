//! `laneproof check`: whether scenarios keep their bounds, and whether anything became worse than its baseline.
//!
//! [`outcome`] is what is compared, [`baseline`] what it is compared with, [`judge`] the verdicts and the statistics behind them,
//! [`junit`] and [`page`] what CI and people read.
pub mod baseline;
pub mod judge;
pub mod junit;
mod outcome;
pub mod page;
#[cfg(test)]
mod tests;

pub use baseline::{Baseline, Fit};
pub use judge::{Before, Checked, Status, Verdict, judge};
pub use outcome::{EncounterOutcome, OccupantOutcome};

use crate::exit;

/// A scenario of the suite that was not checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotChecked {
    /// The scenario.
    pub name: String,
    /// Why.
    pub why: String,
}

/// All that a check came to.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckResult {
    /// The gates.
    pub verdicts: Vec<Verdict>,
    /// Scenarios that were checked, with what they were compared with.
    pub checked: Vec<Checked>,
    /// Scenarios that were not: no time was left, or another part of the suite has them.
    pub not_checked: Vec<NotChecked>,
    /// Encounters that failed: case and reason.
    pub failed: Vec<(String, String)>,
}

impl CheckResult {
    /// Judges the scenarios of a suite.
    pub fn of(checked: Vec<Checked>, not_checked: Vec<NotChecked>, failed: Vec<(String, String)>) -> Self {
        Self { verdicts: judge(&checked), checked, not_checked, failed }
    }

    /// The program's exit code: a broken bound before what became worse, that before failed encounters, these before a baseline
    /// that is missing.
    pub fn exit_code(&self) -> u8 {
        let any = |status: Status| self.verdicts.iter().any(|v| v.status == status);
        match () {
            () if any(Status::Broken) => exit::GATE_FAILED,
            () if any(Status::Worse) => exit::WORSE_THAN_BASELINE,
            () if !self.failed.is_empty() => exit::SOME_ENCOUNTERS_FAILED,
            () if any(Status::Skipped) => exit::NO_BASELINE,
            () => exit::DONE,
        }
    }
}

/// A scenario's name in a suite: the folder it lies in and its own, "regression/noon".
pub fn name_of(scenario: &std::path::Path) -> String {
    let stem = scenario.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    match scenario.parent().and_then(|area| area.file_name()) {
        Some(area) => format!("{}/{stem}", area.to_string_lossy()),
        None => stem,
    }
}
