//! `laneproof run`: a scenario from its file to a report.
use std::path::PathBuf;

use laneproof_scenarios::{run, scenario::Scenario};

use super::finished;
use crate::{
    session::{self, Choices, Failure},
    stack_place::StackPlace,
};

/// Run a scenario: simulate its encounters, let the stack look, score against the truth, report
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Scenario file
    pub scenario: PathBuf,
    /// Run folder; runs/NAME of the scenario without it, made anew each time
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Go on with the run in the folder
    #[arg(long)]
    pub resume: bool,
    /// Only this encounter, counted from 0; may be given several times
    #[arg(long = "encounter", value_name = "K")]
    pub encounters: Vec<u64>,
    /// Where the stack is
    #[command(flatten)]
    pub stack: StackPlace,
    /// Models and adapter
    #[command(flatten)]
    pub choices: Choices,
}

/// Folder of a scenario's run when none is named.
fn default_folder(scenario: &std::path::Path) -> PathBuf {
    PathBuf::from("runs").join(scenario.file_stem().unwrap_or_default())
}

pub(super) fn run(args: &Args) -> Result<u8, Failure> {
    let begin = session::clock();
    let scenario = Scenario::open(&args.scenario)?;
    if let Some(line) = session::eye_safety_line(&scenario) {
        println!("{line}");
    }
    let mut stack = args.stack.open(&args.choices, &scenario.file.stack.models, args.resume)?;
    let mut world = session::open_world(&args.choices)?;
    let out = match &args.out {
        Some(out) => out.clone(),
        None => {
            let out = default_folder(&args.scenario);
            // Only a run's own folder, and only where nothing else was asked for, is made anew.
            if !args.resume && out.join("run.json").is_file() {
                std::fs::remove_dir_all(&out).map_err(|e| Failure::io(&out, e))?;
            }
            out
        }
    };
    let options = run::RunOptions {
        out,
        resume: args.resume,
        encounters: (!args.encounters.is_empty()).then(|| args.encounters.clone()),
        command: session::command_line(),
        clock: &session::clock,
    };
    let result = run::run(&scenario, &mut world, &mut *stack, &options, &mut finished::show)?;
    Ok(finished::conclude(&result, &options.out, begin))
}
