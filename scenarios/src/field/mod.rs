//! A scenario against the field: counts of a real lane beside what the scenario predicts of them, and which of its assumptions
//! would explain the gap.
//!
//! **What is asked of the field.** Sums by hour, row and camera ([`counts`]): no picture and nobody's record.
//!
//! **What is told.** Beside every count the interval that 95 of 100 such counts fall in if the scenario is right, and the
//! standardised residual ([`predict`]); then the assumptions by how much better they would tell the counts ([`explain`]). Days that
//! are held out take no part in the fit and say whether it holds. Nothing is changed in the scenario: who tunes it does so by hand,
//! with a source.
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub mod counts;
pub mod explain;
mod page;
pub mod predict;
#[cfg(test)]
mod tests;
pub mod words;

use self::{
    counts::{Cell, Count},
    explain::{Explanation, Known, explanations},
    predict::{Checked, Predicted},
};
use crate::{
    assumptions::StudyResult,
    run::{RunError, folder::RunFolder},
    score::summary::Head,
};

/// Every so many days one is held out.
const HELD_OUT: usize = 3;
/// Residuals beyond this are told as such: one cell in twenty is by chance.
pub const SURPRISE: f64 = 1.96;

/// Counts beside a scenario's predictions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Validation {
    /// Version of this format.
    pub format: u32,
    /// What made the scenario's run.
    pub head: Head,
    /// File of the counts.
    pub field: String,
    /// Days that were counted, in the order of their names; one unnamed where the file names none.
    pub days: Vec<String>,
    /// Those of them that took no part in the fit.
    pub held_out: Vec<String>,
    /// Every cell, its counts of all days added up.
    pub cells: Vec<Checked>,
    /// The same of the held-out days alone.
    pub held_out_cells: Vec<Checked>,
    /// The assumptions, best explanation first; none where the study ran no end.
    pub explanations: Vec<Explanation>,
}

impl Validation {
    /// Name of the file.
    pub const FILE: &'static str = "validate.json";
    /// Name of the page.
    pub const PAGE: &'static str = "validate.html";

    /// Cells that are predicted, and those of them whose count is outside its interval.
    pub fn surprises(&self) -> (usize, usize) {
        let known = || self.cells.iter().filter_map(|cell| Some((cell, cell.predicted?)));
        (known().count(), known().filter(|(cell, predicted)| !predicted.holds(cell.captured)).count())
    }
}

/// Puts counts beside what a study's scenario predicts.
pub fn validate(study: &StudyResult, field: &str, counts: &[Count]) -> Validation {
    let days: Vec<String> = counts.iter().map(|c| c.day.clone()).collect::<BTreeSet<_>>().into_iter().collect();
    // The first and the last day are fitted, so that what is told of held-out ones lies within what was seen.
    let held_out: Vec<String> = days.iter().skip(1).step_by(HELD_OUT).cloned().collect();
    let is_held_out = |count: &Count| held_out.contains(&count.day);
    let sums = |of: &dyn Fn(&Count) -> bool| {
        let mut sums: BTreeMap<Cell, (u64, u64)> = BTreeMap::new();
        for count in counts.iter().filter(|count| of(count)) {
            let sum = sums.entry(count.cell.clone()).or_default();
            *sum = (sum.0.saturating_add(count.of), sum.1.saturating_add(count.captured));
        }
        sums.retain(|_, (of, _)| *of > 0);
        sums
    };
    let predicted = |cell: &Cell| Predicted::of(&study.base, cell, &study.cameras);
    let checked = |sums: BTreeMap<Cell, (u64, u64)>| -> Vec<Checked> {
        let one = |(cell, (of, captured)): (Cell, (u64, u64))| {
            let predicted = predicted(&cell);
            Checked::new(cell, of, captured, predicted)
        };
        sums.into_iter().map(one).collect()
    };
    let known = |sums: BTreeMap<Cell, (u64, u64)>| -> Vec<Known> {
        let one = |(cell, (of, captured)): (Cell, (u64, u64))| {
            let predicted = predicted(&cell)?;
            Some(Known { cell, of, captured, predicted })
        };
        sums.into_iter().filter_map(one).collect()
    };
    let fitted = known(sums(&|count| !is_held_out(count)));
    let apart = known(sums(&is_held_out));
    Validation {
        format: 1,
        head: study.head.clone(),
        field: field.to_owned(),
        cells: checked(sums(&|_| true)),
        held_out_cells: checked(sums(&is_held_out)),
        explanations: explanations(study, &fitted, &apart),
        days,
        held_out,
    }
}

/// Writes a validation's files into a folder.
pub fn write(validation: &Validation, folder: &RunFolder, command: &str) -> Result<(), RunError> {
    std::fs::create_dir_all(folder.root()).map_err(|e| RunError::io(folder.root(), e))?;
    folder.write_json(Validation::FILE, validation)?;
    folder.write(Validation::PAGE, page::html(validation, command)?.as_bytes())
}
