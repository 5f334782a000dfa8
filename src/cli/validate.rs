//! `laneproof validate`: a scenario's predictions beside what was counted at a real lane.
use std::path::{Path, PathBuf};

use laneproof_scenarios::{
    assumptions::{StudyResult, result::Arm, run::default_folder, tally::Tally},
    compare::FinishedRun,
    exit,
    field::{self, Validation, counts, words},
    plan::sampled::Sampled,
    run::{folder::RunFolder, scoring::Scoring},
    scenario::{Scenario, ScenarioError},
};

use super::finished;
use crate::session::{self, Failure};

/// Put counts of a real lane beside what a scenario predicts, and say which assumption would explain the gap
///
/// The counts are sums by hour, row and camera in a file of comma-separated values; nobody's record is in them. Predictions come
/// from a study of the scenario's assumptions (`laneproof assumptions`), or from a run of it, which explains nothing.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Scenario file
    pub scenario: PathBuf,
    /// Counts: columns of and captured, and of unit, day, hour, row and camera those that were told apart
    #[arg(long, value_name = "CSV")]
    pub field: PathBuf,
    /// Study of the scenario's assumptions, its folder or its assumptions.json; that of the assumptions.toml beside the scenario, in
    /// runs or in a folder `study` beside it, without it
    #[arg(long, value_name = "PATH", conflicts_with = "run")]
    pub assumptions: Option<PathBuf>,
    /// A run of the scenario in place of a study
    #[arg(long, value_name = "DIR")]
    pub run: Option<PathBuf>,
    /// Folder for validate.html and validate.json; runs/validate-NAME without it
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> Result<u8, Failure> {
    let scenario = Scenario::open(&args.scenario)?;
    let counts = counts::open(&args.field).map_err(|fault| Box::new(ScenarioError::from(fault)))?;
    let study = match &args.run {
        Some(run) => of_run(run)?,
        None => StudyResult::open(&place(args))?,
    };
    if study.head.scenario_hash != scenario.hash() {
        return Err(Failure::usage(format!(
            "{} or a file it names is not what made the predictions ({}); make them again with `laneproof assumptions`",
            args.scenario.display(),
            study.head.scenario
        )));
    }
    let validation = field::validate(&study, &args.field.display().to_string(), &counts);
    let name = args.scenario.file_stem().unwrap_or_default().to_string_lossy();
    let out = args.out.clone().unwrap_or_else(|| PathBuf::from("runs").join(format!("validate-{name}")));
    field::write(&validation, &RunFolder::new(&out), &session::command_line())?;
    println!("{}\n{}", words::terminal(&validation).trim_end(), out.join(Validation::PAGE).display());
    Ok(exit::DONE)
}

/// Where the scenario's study lies.
fn place(args: &Args) -> PathBuf {
    let beside = args.scenario.parent().unwrap_or(Path::new(""));
    let made = || default_folder(&beside.join("assumptions.toml"));
    let places = args.assumptions.clone().into_iter().chain([made(), beside.join("study")]);
    let mut places = places.filter(|place| args.assumptions.is_some() || place.join(StudyResult::FILE).is_file());
    places.next().unwrap_or_else(made)
}

/// A run as a study of no assumption.
fn of_run(run: &Path) -> Result<StudyResult, Failure> {
    let (arm, cameras, finished) = tallied(run)?;
    Ok(StudyResult::of_run(finished.head().clone(), arm, cameras))
}

/// A run's encounters, tallied.
pub(super) fn tallied(folder: &Path) -> Result<(Arm, Vec<String>, FinishedRun), Failure> {
    let run = FinishedRun::open(folder)?;
    let scoring = match run.scoring() {
        Some(scoring) => scoring.clone(),
        None => {
            let scenario = finished::scenario(folder, run.head(), None)?;
            let sampled = Sampled::of(&scenario).map_err(|fault| Box::new(ScenarioError::from(fault)))?;
            Scoring::of(&scenario, &sampled)
        }
    };
    let (scores, failures) = run.scores(&scoring)?;
    let mut cameras = Vec::new();
    let tallies = scores.iter().map(|score| Tally::of(score, &mut cameras)).collect();
    let scenario_hash = run.head().scenario_hash.clone();
    Ok((Arm { scenario_hash, shown_again: 0, tallies, failures }, cameras, run))
}
