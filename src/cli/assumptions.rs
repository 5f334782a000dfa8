//! `laneproof assumptions`: what a scenario rests on, each put to both ends of what may be.
use std::path::PathBuf;

use lane_stack::client::StackClient;
use laneproof_scenarios::{
    assumptions::{
        self, Study, StudyEvent, StudyOptions, StudyResult,
        run::{PAGE, default_folder, exit_code},
    },
    run::{RunError, RunEvent},
    scenario::Scenario,
    terminal,
};

use crate::session::{self, Choices, Failure};

/// Put every assumption of a scenario to both ends of what may be, and say which of them move the answer most
///
/// Every vehicle is compared with itself as the scenario assumes it; those that an end leaves as they were are not rendered again.
/// The result is one small file that can be committed, gone on with elsewhere (--from), and asked by `laneproof validate`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// File of assumptions
    pub assumptions: PathBuf,
    /// Folder of the study; runs/FOLDER-NAME of the file without it
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Folder of the scenario's own run, made or gone on with there; `base` in the study's folder without it
    #[arg(long, value_name = "DIR")]
    pub run: Option<PathBuf>,
    /// A study made before, here or elsewhere: its ends are taken over where scenario, models and machine are the same
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
    /// Run only the assumption of this name; may be given more than once
    #[arg(long, value_name = "NAME")]
    pub only: Vec<String>,
    /// Keep what is in the folder, and go on with it
    #[arg(long)]
    pub resume: bool,
    /// Models and adapter
    #[command(flatten)]
    pub choices: Choices,
}

pub(super) fn run(args: &Args) -> Result<u8, Failure> {
    let begin = session::clock();
    let study = Study::open(&args.assumptions)?;
    if let Some(name) = args.only.iter().find(|name| !study.file.assumptions.iter().any(|a| a.name == **name)) {
        let names: Vec<&str> = study.file.assumptions.iter().map(|a| a.name.as_str()).collect();
        return Err(Failure::usage(format!("no assumption is named \"{name}\"; there are: {}", names.join("; "))));
    }
    let from = args.from.as_deref().map(StudyResult::open).transpose()?;
    let out = args.out.clone().unwrap_or_else(|| default_folder(&args.assumptions));
    let options = StudyOptions {
        run: args.run.clone().unwrap_or_else(|| out.join("base")),
        out,
        from,
        only: args.only.clone(),
        resume: args.resume,
        command: session::command_line(),
        clock: &session::clock,
    };
    let mut world = session::open_world(&args.choices)?;
    let mut open = |scenario: &Scenario| -> Result<Box<dyn StackClient>, RunError> {
        let stack = session::open_stack(&args.choices, &scenario.file.stack.models);
        stack.map(|s| Box::new(s) as Box<dyn StackClient>).map_err(|failure| RunError::Setup(failure.message))
    };
    let result = assumptions::run(&study, &mut world, &mut open, &options, &mut show)?;
    println!("{}", result.headline());
    println!("{}   ({:.0} s)", options.out.join(PAGE).display(), session::clock() - begin);
    Ok(exit_code(&result))
}

fn show(event: StudyEvent) {
    match event {
        StudyEvent::Started { line } => println!("{line}"),
        StudyEvent::Run { label, event: RunEvent::Failed { encounter, reason } } => {
            println!("{label}: encounter {encounter} FAILED: {reason}");
        }
        // The scenario's own run is long, an end is not.
        StudyEvent::Run { label, event } if label == assumptions::run::BASE => {
            if let Some(line) = terminal::line(&event) {
                println!("{line}");
            }
        }
        StudyEvent::Run { .. } => {}
        StudyEvent::Base { headline } => println!("as assumed: {headline}"),
        StudyEvent::End { label, end, difference, seconds } => {
            let how = seconds.map_or("taken over".to_owned(), |seconds| format!("{seconds:.0} s"));
            let coverage = end.arm.vehicle_coverage();
            let (percent, shown) = (coverage.percent(), end.arm.shown_again);
            println!(
                "{label}: {percent} ({}/{}), {difference}; {shown} shown again [{how}]",
                coverage.count, coverage.of
            );
        }
    }
}
