//! `laneproof people`: a contact sheet of portraits, and measurements.
mod acts;
mod cost;
mod documents;
mod found;
mod journal;
mod judged;
mod measure;
mod mesh_points;
mod sheet;
mod table;
mod variants;

use laneproof_scenes::{
    people::{Demographics, Identity},
    stream::stream,
};

use crate::session::Failure;

/// Draw a contact sheet of portraits, or measure people
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    sheet: sheet::Args,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Measure(measure::Args),
}

/// The `k`-th identity of a seed, of any age and group.
pub fn identity(seed: u64, k: u64) -> Identity {
    Identity::sample(&Demographics::default(), &mut stream(seed, k, "sheet identity"))
}

pub(super) fn run(args: &Args) -> Result<u8, Failure> {
    match &args.command {
        Some(Command::Measure(args)) => measure::run(args),
        None => sheet::run(&args.sheet),
    }
}
