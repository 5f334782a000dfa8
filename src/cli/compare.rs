//! `laneproof compare`: two finished runs side by side.
use std::path::{Path, PathBuf};

use laneproof_scenarios::{
    compare::{self, FinishedRun, Which, words},
    exit,
    plan::sampled::Sampled,
    run::scoring::Scoring,
    scenario::ScenarioError,
};

use super::finished;
use crate::session::{self, Failure};

/// Say which of two finished runs is better, by how much, for whom, and who flipped, with their pictures side by side
///
/// Runs of one seed are compared person by person, runs of different seeds as two samples. Both are scored by one rule.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder of the run before, A
    pub a: PathBuf,
    /// Folder of the run after, B
    pub b: PathBuf,
    /// Folder for compare.html and compare.json; runs/compare-A-B by the names of the two folders without it
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// The run whose scenario's rule for a verified capture both are scored by
    #[arg(long, value_name = "RUN", value_parser = parse_which, default_value = "a")]
    pub rule_of: Which,
    /// Scenario file of runs that do not keep their rule, where it no longer lies where it lay
    #[arg(long, value_name = "FILE")]
    pub scenario: Option<PathBuf>,
}

fn parse_which(text: &str) -> Result<Which, String> {
    match text.to_lowercase().as_str() {
        "a" => Ok(Which::A),
        "b" => Ok(Which::B),
        _ => Err(format!("\"{text}\" is neither run; right would be a or b")),
    }
}

/// What a run was scored by: kept beside it, or else its scenario's.
fn scoring(path: &Path, run: &FinishedRun, elsewhere: Option<&Path>) -> Result<Scoring, Failure> {
    if let Some(scoring) = run.scoring() {
        return Ok(scoring.clone());
    }
    let scenario = finished::scenario(path, run.head(), elsewhere)?;
    let sampled = Sampled::of(&scenario).map_err(|fault| Box::new(ScenarioError::from(fault)))?;
    Ok(Scoring::of(&scenario, &sampled))
}

pub(super) fn run(args: &Args) -> Result<u8, Failure> {
    let (a, b) = (FinishedRun::open(&args.a)?, FinishedRun::open(&args.b)?);
    let elsewhere = args.scenario.as_deref();
    let (by_a, by_b) = (scoring(&args.a, &a, elsewhere)?, scoring(&args.b, &b, elsewhere)?);
    let out = args.out.clone().unwrap_or_else(|| compare::default_folder(&args.a, &args.b));
    let compared = compare::compare([&a, &b], [&by_a, &by_b], args.rule_of, &out, &session::command_line())?;
    println!("{}\n{}", words::terminal(&compared), out.join(compare::PAGE).display());
    Ok(exit::DONE)
}

#[cfg(test)]
mod tests {
    use laneproof_scenarios::compare::Which;

    #[test]
    fn a_rule_is_of_one_of_the_runs() {
        assert_eq!((super::parse_which("a"), super::parse_which("B")), (Ok(Which::A), Ok(Which::B)));
        assert!(super::parse_which("c").is_err_and(|e| e.contains("right would be a or b")));
    }
}
