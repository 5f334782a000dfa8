//! What a scenario rests on: every assumption put to both ends of what may be, one at a time, and how far each moves the answer.
//!
//! **What is run.** The scenario as it is, then its first encounters with one assumption at one end, all else as it is. The seed
//! is the same everywhere and every draw has a stream of its own, so each encounter is compared with itself. An encounter that an
//! end leaves as it was needs no new frame: its frames are shown to the stack again ([`kept`]).
//!
//! **What is told.** By how much vehicle coverage differs, with an interval that knows of the pairs, the assumptions that move it
//! most first: a tornado diagram (T. Eschenbach, Spiderplots versus tornado diagrams for sensitivity analysis, Interfaces 22(6),
//! 1992). One assumption moves at a time; what two do together is not told.
//!
//! **What is kept.** One line an encounter ([`tally::Tally`]), so that a study can be committed, gone on with elsewhere, and asked
//! which assumption would explain what was counted in the field ([`crate::field`]).
use laneproof_statistics::paired::PairedDifference;

mod draw;
pub mod file;
mod kept;
mod page;
pub mod plan;
pub mod result;
pub mod run;
pub mod tally;
#[cfg(test)]
pub(crate) mod tests;

pub use plan::Study;
pub use result::StudyResult;
pub use run::{StudyEvent, StudyOptions, run};

/// The JSON schema of files of assumptions, as committed beside them.
pub fn json_schema() -> String {
    let schema = schemars::schema_for!(file::AssumptionsFile);
    let mut text = serde_json::to_string_pretty(&schema).expect("a schema is JSON");
    text.push('\n');
    text
}

/// "−7.0 points (−11.2 to −3.1)".
pub(crate) fn difference(difference: Option<PairedDifference>) -> String {
    let points = |share: f64| format!("{:+.1}", share * 100.0).replace('-', "−");
    difference.map_or("nothing to compare".to_owned(), |d| {
        format!("{} points ({} to {})", points(d.difference), points(d.low), points(d.high))
    })
}
