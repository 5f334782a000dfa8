//! `laneproof replay`: the frames of a run, shown to another stack.
use std::path::PathBuf;

use laneproof_scenarios::run::{self, replay::ReplayWorld};

use super::finished;
use crate::{
    session::{self, Choices, Failure},
    stack_place::StackPlace,
};

/// Show the frames of a finished run to another stack, and score what it says; nothing is rendered
///
/// The loop stays closed: where the other stack would have set the cameras otherwise, the encounter fails and says so, and
/// the scenario must be run with it.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder of a run
    pub run: PathBuf,
    /// Folder for what the other stack makes of it
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// The run's scenario file, where it no longer lies where it lay
    #[arg(long, value_name = "FILE")]
    pub scenario: Option<PathBuf>,
    /// Where the stack is
    #[command(flatten)]
    pub stack: StackPlace,
    /// Models
    #[command(flatten)]
    pub choices: Choices,
}

pub(super) fn run(args: &Args) -> Result<u8, Failure> {
    let begin = session::clock();
    let mut world = ReplayWorld::open(&args.run)?.ok_or_else(|| finished::none(&args.run))?;
    let scenario = finished::scenario(&args.run, world.head(), args.scenario.as_deref())?;
    let mut stack = args.stack.open(&args.choices, &scenario.file.stack.models, false)?;
    let options = run::RunOptions {
        out: args.out.clone(),
        resume: false,
        encounters: Some(world.head().encounters.clone()),
        command: session::command_line(),
        clock: &session::clock,
    };
    let result = run::run(&scenario, &mut world, &mut *stack, &options, &mut finished::show)?;
    Ok(finished::conclude(&result, &options.out, begin))
}
