//! The command line: one file per subcommand, each from typed arguments to an exit code.
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::session::Failure;

pub mod assumptions;
pub mod bench;
pub mod check;
pub mod compare;
pub mod counts;
pub mod dataset;
pub mod doctor;
pub mod explain;
pub mod export;
pub mod fetch;
mod finished;
pub mod movie;
pub mod one;
pub mod people;
pub mod plan;
pub mod render;
pub mod replay;
pub mod report;
pub mod rerun;
pub mod run;
pub mod scenario_files;
pub mod sweep;
pub mod tint;
pub mod validate;

/// Measure, before a pole is set, how many occupants a vehicle lane's cameras would capture and match.
///
/// Exit codes: 0 done; 1 unexpected; 2 wrong usage or scenario, nothing written; 5 some encounters failed; 100 a
/// bound is broken, 101 worse than the baseline, 102 no baseline (`laneproof check`); 96 the
/// machine lacks something (`laneproof doctor` says what); 97 a disk failed, --resume goes on.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::Args),
    Check(check::Args),
    Rerun(rerun::Args),
    Plan(plan::Args),
    List(scenario_files::ListArgs),
    New(scenario_files::NewArgs),
    Schema(scenario_files::SchemaArgs),
    Replay(replay::Args),
    Report(report::Args),
    Movie(movie::Args),
    Explain(explain::Args),
    Sweep(sweep::Args),
    Compare(compare::Args),
    Assumptions(assumptions::Args),
    Validate(validate::Args),
    Counts(counts::Args),
    Render(render::Args),
    Tint(tint::Args),
    People(people::Args),
    Doctor(doctor::Args),
    Fetch(fetch::Args),
    Bench(bench::Args),
    Dataset(dataset::Args),
    Export(export::Args),
}

impl Cli {
    /// Runs the command and says how it ended.
    pub fn run(self) -> ExitCode {
        let result = match self.command {
            Command::Run(args) => run::run(&args),
            Command::Check(args) => check::run(&args),
            Command::Rerun(args) => rerun::run(&args),
            Command::Plan(args) => plan::run(&args),
            Command::List(args) => scenario_files::list(&args),
            Command::New(args) => scenario_files::new(&args),
            Command::Schema(args) => Ok(scenario_files::schema(&args)),
            Command::Replay(args) => replay::run(&args),
            Command::Report(args) => report::run(&args),
            Command::Movie(args) => movie::run(&args),
            Command::Explain(args) => explain::run(&args),
            Command::Sweep(args) => sweep::run(&args),
            Command::Compare(args) => compare::run(&args),
            Command::Assumptions(args) => assumptions::run(&args),
            Command::Validate(args) => validate::run(&args),
            Command::Counts(args) => counts::run(&args),
            Command::Render(args) => render::run(&args),
            Command::Tint(args) => tint::run(&args),
            Command::People(args) => people::run(&args),
            Command::Doctor(args) => doctor::run(&args),
            Command::Fetch(args) => fetch::run(&args),
            Command::Bench(args) => bench::run(&args),
            Command::Dataset(args) => dataset::run(&args),
            Command::Export(args) => export::run(&args),
        };
        match result {
            Ok(code) => ExitCode::from(code),
            Err(Failure { code, message }) => {
                eprintln!("laneproof: {}", message.trim_end());
                ExitCode::from(code)
            }
        }
    }
}
