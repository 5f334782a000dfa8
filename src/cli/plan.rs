//! `laneproof plan`: what a scenario's sample holds, what it can tell, and how long it takes here.
use std::path::{Path, PathBuf};

use laneproof_scenarios::{
    exit,
    plan::{sampled::Sampled, size::SampleSize},
    run::{self, EncounterTimings, folder::RunFolder},
    scenario::{Scenario, ScenarioError},
    score::summary::Summary,
};

use crate::{
    session::{self, Choices, Failure},
    stack_place::StackPlace,
};

/// Say how many encounters a wanted difference takes, what the scenario's number can tell, and how long that is here
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Scenario file
    pub scenario: PathBuf,
    /// A run of the scenario: its coverage and times are taken in place of assumptions; runs/NAME where there is one
    #[arg(long, value_name = "DIR")]
    pub run: Option<PathBuf>,
    /// Time nothing where no run tells how long an encounter takes
    #[arg(long)]
    pub no_timing: bool,
    /// Print the factors' values in every encounter as comma-separated values, and nothing else
    #[arg(long)]
    pub points: bool,
    /// Where the stack is
    #[command(flatten)]
    pub stack: StackPlace,
    /// Models and adapter
    #[command(flatten)]
    pub choices: Choices,
}

pub(super) fn run(args: &Args) -> Result<u8, Failure> {
    let scenario = Scenario::open(&args.scenario)?;
    let fault = |fault| Failure::from(Box::new(ScenarioError::from(fault)));
    if args.points {
        let sampled = Sampled::of(&scenario).map_err(fault)?;
        let keys: Vec<&str> = scenario.factors.keys().collect();
        println!("encounter,weight{}", keys.iter().map(|key| format!(",\"{key}\"")).collect::<String>());
        for (k, weight) in &sampled.encounters {
            let values = scenario.factors.told(scenario.file.seed, *k);
            println!("{k},{weight}{}", values.iter().map(|v| format!(",{}", v.value)).collect::<String>());
        }
        return Ok(exit::DONE);
    }
    let folder =
        args.run.clone().unwrap_or_else(|| PathBuf::from("runs").join(args.scenario.file_stem().unwrap_or_default()));
    let summary = RunFolder::new(&folder).read_json::<Summary>("summary.json").unwrap_or_default();
    if args.run.is_some() && summary.is_none() {
        return Err(super::finished::none(&folder));
    }
    let size = SampleSize::of(&scenario, summary.as_ref()).map_err(fault)?;
    print(&size);
    let seconds = match timed(&folder) {
        Some(seconds) => Some((seconds, format!("as in {}", folder.display()))),
        None if args.no_timing => None,
        None => Some((time_one(args, &scenario)?, "measured now, on one encounter".to_owned())),
    };
    if let Some((seconds, how)) = seconds {
        let whole = |encounters: u64| duration(seconds * encounters as f64);
        println!("an encounter takes {seconds:.1} s here ({how}); the scenario {}", whole(size.encounters));
        if let Some(encounters) = size.paired_encounters {
            println!("the wanted difference, before and after: twice {}", whole(encounters));
        }
    }
    Ok(exit::DONE)
}

fn print(size: &SampleSize) {
    let points = |share: f64| format!("{:.1} points", share * 100.0);
    let change = |share: Option<f64>| match share {
        Some(share) => format!("a change of {}", points(share)),
        None => "no change, however large: these are too few encounters".to_owned(),
    };
    println!("{} encounters with {} occupants", size.encounters, size.occupants);
    for (name, count) in &size.groups {
        println!("  {count:>5}  {name}");
    }
    let expected = &size.expected;
    println!(
        "coverage {:.0} % and a design effect of {:.2} ({}); {:.0} % of occupants change when the lane does (assumption)",
        expected.coverage * 100.0,
        expected.design_effect,
        if expected.measured { "of the run" } else { "assumptions, until there is a run" },
        expected.discordance * 100.0
    );
    println!("occupant coverage will be known to ± {}", points(size.half_width));
    println!(
        "seen in 4 of 5 cases at p 0.05, by the same encounters before and after: {}; by two independent runs: {}",
        change(size.paired_detectable),
        change(size.unpaired_detectable)
    );
    let encounters = |n: Option<u64>| n.map_or("no number of encounters".to_owned(), |n| format!("{n} encounters"));
    println!(
        "the wanted difference of {} takes {} before and after, or {} of each of two independent runs",
        points(size.wanted_difference),
        encounters(size.paired_encounters),
        encounters(size.unpaired_encounters)
    );
}

/// Seconds an encounter of a run took.
fn timed(folder: &Path) -> Option<f64> {
    let timings: Vec<(u64, EncounterTimings)> = RunFolder::new(folder).read_json("timings.json").ok()??;
    let done: Vec<f64> = timings.iter().map(|(_, t)| t.total_s).filter(|s| *s > 0.0).collect();
    (!done.is_empty()).then(|| done.iter().sum::<f64>() / done.len() as f64)
}

/// Runs the scenario's first encounter in a folder that is thrown away.
fn time_one(args: &Args, scenario: &Scenario) -> Result<f64, Failure> {
    let mut scenario = scenario.clone();
    // Nobody else's reference is needed to know how long an encounter takes.
    scenario.file.encounters = 1;
    scenario.file.sample.minimum.clear();
    let folder = tempfile::tempdir().map_err(|e| Failure::io(Path::new("temporary folder"), e))?;
    let mut stack = args.stack.open(&args.choices, &scenario.file.stack.models, false)?;
    let mut world = session::open_world(&args.choices)?;
    let options = run::RunOptions {
        out: folder.path().to_owned(),
        resume: false,
        encounters: None,
        command: session::command_line(),
        clock: &session::clock,
    };
    let result = run::run(&scenario, &mut world, &mut *stack, &options, &mut |_| {})?;
    match result.timings.first() {
        Some((_, timings)) if result.summary.failures.is_empty() => Ok(timings.total_s),
        _ => Err(Failure::setup("the first encounter failed: run the scenario to see why")),
    }
}

/// "3 h 20 min", "12 min", "40 s".
fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 90.0 => format!("{s:.0} s"),
        s if s < 5400.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.0} h {:.0} min", (s / 3600.0).floor(), (s % 3600.0) / 60.0),
    }
}
