//! A run as commands show it and, finished, name it: its folder, and its scenario as it was.
use std::path::{Path, PathBuf};

use laneproof_scenarios::{
    run::{RunEvent, RunResult, folder::RunFolder},
    scenario::Scenario,
    score::summary::{Head, Summary},
    terminal,
};

use crate::session::{self, Failure};

/// Prints what happens during a run.
pub fn show(event: RunEvent) {
    if let Some(line) = terminal::line(&event) {
        println!("{line}");
    }
}

/// Prints what a run came to, where its report lies, and the seconds since `begin`; gives the exit code.
pub fn conclude(result: &RunResult, folder: &Path, begin: f64) -> u8 {
    println!("{}", terminal::table(&result.summary));
    if let Some(line) = terminal::decision_line(&result.timings) {
        println!("{line}");
    }
    println!("report: {}   ({:.0} s)", folder.join("report.html").display(), session::clock() - begin);
    result.exit_code()
}

/// That a folder holds no finished run.
pub fn none(run: &Path) -> Failure {
    Failure::usage(format!("{} holds no finished run (no summary.json)", run.display()))
}

/// The summary of a run.
pub fn summary(run: &Path) -> Result<Summary, Failure> {
    RunFolder::new(run).read_json("summary.json")?.ok_or_else(|| none(run))
}

/// The scenario of a run, as it was: where the run's head names it, or at `elsewhere`.
pub fn scenario(run: &Path, head: &Head, elsewhere: Option<&Path>) -> Result<Scenario, Failure> {
    let path = elsewhere.map_or_else(|| PathBuf::from(&head.scenario), Path::to_owned);
    let scenario = Scenario::open(&path)?;
    if scenario.hash() != head.scenario_hash {
        return Err(Failure::usage(format!(
            "{} or a file it names has changed since the run in {}; run it again, or name the scenario as it was with --scenario",
            path.display(),
            run.display()
        )));
    }
    Ok(scenario)
}
