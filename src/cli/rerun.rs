//! `laneproof rerun`: one encounter of a check again, with its pictures.
use std::path::PathBuf;

use laneproof_scenarios::{
    check::{Baseline, EncounterOutcome},
    run,
    scenario::Scenario,
};

use super::finished;
use crate::{
    session::{self, Choices, Failure},
    stack_place::StackPlace,
};

/// Run one encounter of a check again, with pictures, and say what differs from the baseline
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The case as a check names it, such as regression/noon#3
    pub case: String,
    /// Folder that the scenarios' areas lie in
    #[arg(long, default_value = "scenarios", value_name = "DIR")]
    pub scenarios: PathBuf,
    /// Run folder; runs/rerun/CASE when left out, made anew each time
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Where the stack is
    #[command(flatten)]
    pub stack: StackPlace,
    /// Models and adapter
    #[command(flatten)]
    pub choices: Choices,
}

pub(super) fn run(args: &Args) -> Result<u8, Failure> {
    let case = args.case.split_once('#').and_then(|(name, k)| Some((name, k.parse::<u64>().ok()?)));
    let Some((name, encounter)) = case else {
        return Err(Failure::usage(format!(
            "\"{}\" is no case: write SCENARIO#ENCOUNTER, as in regression/noon#3",
            args.case
        )));
    };
    let path = args.scenarios.join(format!("{name}.toml"));
    let scenario = Scenario::open(&path)?;
    let baseline = Baseline::read(&Baseline::path_of(&path))?;
    let mut stack = args.stack.open(&args.choices, &scenario.file.stack.models, false)?;
    let mut world = session::open_world(&args.choices)?;
    let out = args.out.clone().unwrap_or_else(|| PathBuf::from("runs/rerun").join(args.case.replace('#', "-")));
    if args.out.is_none() && out.join("run.json").is_file() {
        std::fs::remove_dir_all(&out).map_err(|e| Failure::io(&out, e))?;
    }
    let options = run::RunOptions {
        out,
        resume: false,
        encounters: Some(vec![encounter]),
        command: session::command_line(),
        clock: &session::clock,
    };
    let result = run::run(&scenario, &mut world, &mut *stack, &options, &mut finished::show)?;
    let before = baseline.and_then(|baseline| baseline.encounters.into_iter().find(|e| e.encounter == encounter));
    for now in result.scores.iter().map(EncounterOutcome::of) {
        for who in &now.occupants {
            let there = before.as_ref().and_then(|b| b.occupants.iter().find(|o| o.seat == who.seat));
            let was = match there {
                Some(there) if there.outcome == who.outcome => "as in the baseline".to_owned(),
                Some(there) => format!("in the baseline {}", there.outcome.label()),
                None => "not in the baseline".to_owned(),
            };
            println!("{:<10}  {:<24}  {was}", who.seat, who.outcome.label());
        }
        let faces = |e: &EncounterOutcome| format!("{} of {} faces", e.detected, e.visible);
        let was = before.as_ref().map_or(String::new(), |b| format!(", in the baseline {}", faces(b)));
        println!("detected {}{was}", faces(&now));
    }
    println!("report: {}", options.out.join("report.html").display());
    Ok(result.exit_code())
}
