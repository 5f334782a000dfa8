//! How a stack does on the faces that any usable one should find, as the scenarios' own score counts them.
use std::{fmt, path::Path};

use laneproof_scenarios::{
    run::record::EncounterRecord,
    scenario::ValidationRule,
    score::{OccupantScore, score},
};

/// A part of a number of occupants.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Part {
    /// The part.
    pub hits: u32,
    /// Of how many.
    pub of: u32,
}

impl Part {
    fn count(&mut self, hit: bool) {
        self.hits += u32::from(hit);
        self.of += 1;
    }

    /// The share; `NaN` of none, which no bar admits.
    pub fn share(self) -> f64 {
        f64::from(self.hits) / f64::from(self.of)
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} ({:.1} %)", self.hits, self.of, 100.0 * self.share())
    }
}

/// The numbers of one run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PlainFaces {
    /// Occupants who are plainly there ([`OccupantScore::plain`]), of all.
    pub qualify: Part,
    /// The same in rows 2 and 3.
    pub qualify_behind: Part,
    /// Detected, of those who qualify.
    pub detected: Part,
    /// Identified at rank 1, of those who are asked for ([`OccupantScore::rank_1`]).
    pub rank_1: Part,
    /// Those who were missed: "encounter 3, seat 2-left: not detected".
    pub misses: Vec<String>,
}

impl fmt::Display for PlainFaces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "  qualify   {} occupants, of rows 2 and 3 {}", self.qualify, self.qualify_behind)?;
        writeln!(f, "  detected  {}", self.detected)?;
        writeln!(f, "  rank 1    {}", self.rank_1)?;
        self.misses.iter().try_for_each(|miss| writeln!(f, "  missed    {miss}"))
    }
}

/// The records of a run folder, in the order of the encounters.
///
/// # Panics
/// When one cannot be read.
pub fn records(run_folder: &Path) -> Vec<EncounterRecord> {
    let folder = run_folder.join("encounters");
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    let read = |path: &std::path::PathBuf| {
        let bytes = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        serde_json::from_slice(&bytes).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    };
    paths.iter().map(read).collect()
}

/// Measures a run. An encounter that failed counts nobody.
pub fn measure(records: &[EncounterRecord], rule: &ValidationRule) -> PlainFaces {
    let mut out = PlainFaces::default();
    let people = records.iter().filter_map(|record| score(record, rule)).flat_map(|scores| scores.occupants);
    for OccupantScore { encounter, who, plain, plain_detected, rank_1, .. } in people {
        out.qualify.count(plain);
        if who.row >= 2 {
            out.qualify_behind.count(plain);
        }
        let mut miss = |what| out.misses.push(format!("encounter {encounter}, seat {}: {what}", who.seat()));
        if plain {
            if !plain_detected {
                miss("not detected");
            }
            out.detected.count(plain_detected);
        }
        if let Some(hit) = rank_1 {
            if !hit {
                miss("not identified");
            }
            out.rank_1.count(hit);
        }
    }
    out
}
