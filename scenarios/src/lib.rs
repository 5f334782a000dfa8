//! Scenario files; plan, run, score and report.
//!
//! [`scenario`] reads and checks what a person wrote, [`plan`] draws encounters from it, [`run`] drives a
//! [`run::world::World`] and a stack through them, [`score`] judges what the stack decided, [`biometric`] adds up comparisons, [`ledger`] and [`report`]
//! write it down; [`movie`] shows an encounter as an animated picture; [`explain`] says what lost an occupant;
//! [`compare`] puts two runs side by side; [`sweep`] does all that at several values of one key, [`assumptions`] at the ends of what a
//! scenario assumes; [`field`] puts its predictions beside counts of a real lane.
pub mod assumptions;
pub mod biometric;
pub mod check;
pub mod compare;
pub mod exit;
pub mod explain;
pub mod field;
pub mod ledger;
mod marks;
pub mod movie;
pub mod plan;
pub mod report;
pub mod run;
pub mod scenario;
pub mod score;
pub mod sweep;
pub mod terminal;
#[cfg(test)]
mod testing;
