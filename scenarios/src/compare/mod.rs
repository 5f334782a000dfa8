//! Two runs side by side: which is better, by how much, for whom, and who flipped.
//!
//! **Who is compared.** Runs of one seed hold the same people in the same seats; they are compared person by person
//! ([`pairs`]), which tells far smaller differences than two samples would. Who is in one run only is counted and named. Runs
//! of different seeds, or with nobody in both, are compared as two samples, and say so.
//!
//! **By which rule.** Both runs are scored again by the validation rule of one of them, A's unless asked otherwise: a run
//! folder keeps it ([`Scoring`]). Where the rules differ, that is told, since the other run's own report then has other numbers.
//!
//! **What is told.** The first figure, occupant coverage, answers which is better, at a chance of 5 % of telling a difference
//! that is none ([`difference::ALPHA`]). All other figures share another 5 % (Holm), and so do the groups of each margin.
//! Nothing told is not "no difference": the least difference that the comparison would have told stands beside it.
use std::{
    fs,
    path::{Path, PathBuf},
};

pub mod changes;
pub mod difference;
pub mod figures;
pub mod finished;
mod page;
pub mod pairs;
pub mod result;
#[cfg(test)]
mod tests;
pub mod words;

pub use finished::FinishedRun;
pub use result::{Comparison, Which};

use self::{
    changes::{flips, transitions},
    difference::adjust,
    figures::{Figure, paired_margins, unpaired_margins},
    finished::Scored,
    pairs::{Vehicle, pairs},
    result::{FORMAT, FigureDifference, Pairing, heads_differ, rules_differ, side},
};
use crate::run::{RunError, folder::RunFolder, scoring::Scoring};

/// Name of the page in a comparison's folder.
pub const PAGE: &str = "compare.html";

/// `runs/compare-A-B`, by the names of the runs' folders.
pub fn default_folder(a: &Path, b: &Path) -> PathBuf {
    let name = |path: &Path| {
        // A folder given as "." or ".." has a name all the same.
        let full = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        full.file_name().unwrap_or_default().to_string_lossy().into_owned()
    };
    PathBuf::from("runs").join(format!("compare-{}-{}", name(a), name(b)))
}

/// Compares two runs, each with what it was scored by, and writes `compare.html` and `compare.json` into a folder. Pictures
/// that are missing leave a gap and stop nothing.
pub fn compare(
    runs: [&FinishedRun; 2],
    scorings: [&Scoring; 2],
    rule_of: Which,
    out: &Path,
    command: &str,
) -> Result<Comparison, RunError> {
    let rule = &rule_of.of(scorings).rule;
    let scored = [runs[0].scored(rule, scorings[0])?, runs[1].scored(rule, scorings[1])?];
    let pairs = pairs(runs.map(FinishedRun::head), [&scored[0], &scored[1]]);
    let (figures, margins) = differences(&pairs.vehicles, &scored);
    let flipped = flips(&pairs.vehicles);
    let pairing = Pairing {
        paired: !pairs.vehicles.is_empty(),
        pairs: pairs.vehicles.iter().map(|v| v.pairs.len() as u64).sum(),
        vehicles: pairs.vehicles.len() as u64,
        whole_vehicles: pairs.vehicles.iter().filter(|v| v.is_whole()).count() as u64,
    };
    let [only_a, only_b] = pairs.alone;
    let comparison = Comparison {
        format: FORMAT,
        a: side(runs[0], &scored[0], only_a),
        b: side(runs[1], &scored[1], only_b),
        differs: heads_differ(runs[0].head(), runs[1].head()),
        rule_of,
        rules_differ: rules_differ(scorings[0], scorings[1]),
        pairing,
        figures,
        margins,
        transitions: transitions(&pairs.vehicles),
        flips: flipped.iter().map(|(flip, _)| flip.clone()).collect(),
    };
    fs::create_dir_all(out).map_err(|e| RunError::io(out, e))?;
    let folder = RunFolder::new(out);
    folder.write_json("compare.json", &comparison)?;
    let page = page::html(&comparison, &flipped, runs.map(FinishedRun::folder), command)?;
    folder.write(PAGE, page.as_bytes())?;
    Ok(comparison)
}

/// All figures and margins, person by person where anybody is in both.
fn differences(
    vehicles: &[Vehicle<'_>],
    [a, b]: &[Scored; 2],
) -> (Vec<FigureDifference>, Vec<figures::MarginDifference>) {
    let samples = [&a.encounters[..], &b.encounters[..]];
    let paired = !vehicles.is_empty();
    let difference = |figure: Figure| if paired { figure.paired(vehicles) } else { figure.unpaired(samples) };
    let mut figures: Vec<FigureDifference> =
        Figure::ALL.into_iter().map(|figure| FigureDifference { figure, difference: difference(figure) }).collect();
    adjust(figures.iter_mut().skip(1).filter_map(|f| f.difference.as_mut()));
    (figures, if paired { paired_margins(vehicles) } else { unpaired_margins(samples) })
}
