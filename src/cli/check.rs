//! `laneproof check`: a suite of scenarios against its bounds and baselines.
use std::{
    fs::File,
    io::Write as _,
    path::{Path, PathBuf},
};

use laneproof_scenarios::{
    check::{Baseline, Before, CheckResult, Checked, EncounterOutcome, Fit, NotChecked, Verdict, junit, name_of, page},
    exit,
    run::{self, RunEvent, RunResult},
    scenario::{Scenario, ScenarioError, find::find},
};
use serde::Serialize;

use crate::{
    session::{self, Choices, Failure},
    stack_place::StackPlace,
    world::SimulatedWorld,
};

/// Run scenarios and compare each with its bounds and its baseline: does anything fail, is anything worse?
///
/// Exit codes: 0 nothing is; 100 a bound of a scenario is broken; 101 something is worse than its baseline; 102 there is no
/// baseline, or it is of another scenario; 5 encounters failed.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Scenario files, or folders of them
    #[arg(default_value = "scenarios/regression", value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Folder for the runs, one folder a scenario in it
    #[arg(long, default_value = "runs/check", value_name = "DIR")]
    pub out: PathBuf,
    /// Go on with the runs in the folder; those that are finished are judged again without simulation
    #[arg(long)]
    pub resume: bool,
    /// Write the results as the new baselines, for review and commit
    #[arg(long)]
    pub accept: bool,
    /// Begin no scenario after so many seconds; those that are left out are named
    #[arg(long, value_name = "SECONDS")]
    pub time_budget: Option<u64>,
    /// Check part i of n of the scenarios, "2/3", for several machines
    #[arg(long, value_name = "i/n", value_parser = part)]
    pub partition: Option<(usize, usize)>,
    /// JUnit XML, one case a gate
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Summary for a merge request, Markdown
    #[arg(long, value_name = "FILE")]
    pub markdown: Option<PathBuf>,
    /// What happens, as JSON lines
    #[arg(long, value_name = "FILE")]
    pub events: Option<PathBuf>,
    /// Where the stack is
    #[command(flatten)]
    pub stack: StackPlace,
    /// Models and adapter
    #[command(flatten)]
    pub choices: Choices,
}

fn part(text: &str) -> Result<(usize, usize), String> {
    let read = || {
        let (i, n) = text.split_once('/')?;
        Some((i.parse::<usize>().ok()?, n.parse::<usize>().ok()?))
    };
    match read() {
        Some((i, n)) if 1 <= i && i <= n => Ok((i, n)),
        _ => Err("write i/n with i from 1 to n, such as 2/3".to_owned()),
    }
}

/// A line of the event file.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
enum CheckEvent<'a> {
    Scenario { scenario: &'a str },
    Run { scenario: &'a str, what: &'a RunEvent },
    NotChecked { scenario: &'a str, why: &'a str },
    Gate { verdict: &'a Verdict },
    Finished { exit_code: u8, headline: String },
}

/// The event file; nothing where none is asked for.
struct Events(Option<(File, PathBuf)>);

impl Events {
    fn open(path: Option<&Path>) -> Result<Self, Failure> {
        let open =
            |path: &Path| File::create(path).map(|file| (file, path.to_owned())).map_err(|e| Failure::io(path, e));
        path.map(open).transpose().map(Self)
    }

    fn put(&mut self, event: &CheckEvent<'_>) -> Result<(), Failure> {
        let Some((file, path)) = &mut self.0 else { return Ok(()) };
        let line = serde_json::to_string(event).map_err(|e| Failure::io(path, e))?;
        writeln!(file, "{line}").map_err(|e| Failure::io(path, e))
    }
}

pub(super) fn run(args: &Args) -> Result<u8, Failure> {
    let begin = session::clock();
    let fault = |fault| Failure::from(Box::new(ScenarioError::from(fault)));
    let paths = find(&args.paths).map_err(fault)?;
    if paths.is_empty() {
        return Err(Failure::usage("no scenario lies there: name scenario files, or a folder of them"));
    }
    // Everything that a person wrote is read before anything runs.
    let mut scenarios = Vec::new();
    for path in &paths {
        scenarios.push((name_of(path), path, Scenario::open(path)?));
    }
    if let Some((_, path, _)) =
        scenarios.iter().enumerate().find_map(|(i, s)| scenarios[..i].iter().find(|t| t.0 == s.0))
    {
        let name = name_of(path);
        return Err(Failure::usage(format!("two scenarios are called {name}: their runs and baselines would be one")));
    }
    let mut events = Events::open(args.events.as_deref())?;
    let mut world = session::open_world(&args.choices)?;
    let (mut checked, mut not_checked, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    for (i, (name, path, scenario)) in scenarios.iter().enumerate() {
        let late = args.time_budget.is_some_and(|budget| session::clock() - begin > budget as f64);
        let why = match args.partition {
            Some((part, of)) if i % of != part - 1 => Some("another part of the suite has it".to_owned()),
            _ => late.then(|| "the time was up before".to_owned()),
        };
        if let Some(why) = why {
            events.put(&CheckEvent::NotChecked { scenario: name, why: &why })?;
            not_checked.push(NotChecked { name: name.clone(), why });
            continue;
        }
        events.put(&CheckEvent::Scenario { scenario: name })?;
        let result = simulate(args, name, scenario, &mut world, &mut events)?;
        let outcomes: Vec<EncounterOutcome> = result.scores.iter().map(EncounterOutcome::of).collect();
        failed.extend(result.summary.failures.iter().map(|f| (format!("{name}#{}", f.encounter), f.reason.clone())));
        let file = Baseline::path_of(path);
        if args.accept {
            Baseline::of(name, &result.summary.head, outcomes.clone()).write(&file)?;
            println!("baseline {}", file.display());
        }
        let before = match Baseline::read(&file)? {
            None => Before::None(format!("{} does not exist; --accept writes it", file.display())),
            Some(baseline) => match baseline.fit(&result.summary.head) {
                Fit::Paired => Before::Paired(baseline.encounters),
                Fit::Unpaired(differs) => Before::Unpaired(baseline.encounters, differs),
                Fit::Not(why) => Before::None(format!("{}: {why}; --accept writes it anew", file.display())),
            },
        };
        checked.push(Checked { name: name.clone(), now: outcomes, before, bounds: result.summary.gates });
    }
    let result = CheckResult::of(checked, not_checked, failed);
    for verdict in &result.verdicts {
        events.put(&CheckEvent::Gate { verdict })?;
    }
    let code = result.exit_code();
    events.put(&CheckEvent::Finished { exit_code: code, headline: page::headline(&result) })?;
    let write = |path: &Path, text: String| std::fs::write(path, text).map_err(|e| Failure::io(path, e));
    if let Some(path) = &args.junit {
        write(path, junit::xml(&result)?)?;
    }
    if let Some(path) = &args.markdown {
        write(path, page::markdown(&result))?;
    }
    println!("\n{}   ({:.0} s)", page::text(&result), session::clock() - begin);
    Ok(code)
}

/// Runs one scenario of the suite in its own folder, with a stack of its own: a gallery holds the travellers of one.
fn simulate(
    args: &Args,
    name: &str,
    scenario: &Scenario,
    world: &mut SimulatedWorld,
    events: &mut Events,
) -> Result<RunResult, Failure> {
    let begin = session::clock();
    let out = args.out.join(name);
    if !args.resume && out.join("run.json").is_file() {
        std::fs::remove_dir_all(&out).map_err(|e| Failure::io(&out, e))?;
    }
    let mut stack = args.stack.open(&args.choices, &scenario.file.stack.models, args.resume)?;
    let options = run::RunOptions {
        out,
        resume: args.resume,
        encounters: None,
        command: session::command_line(),
        clock: &session::clock,
    };
    let mut lost = None;
    let result = run::run(scenario, world, &mut *stack, &options, &mut |event| {
        lost = lost.take().or(events.put(&CheckEvent::Run { scenario: name, what: &event }).err());
    })?;
    if let Some(failure) = lost {
        return Err(failure);
    }
    let summary = &result.summary;
    println!(
        "{name:<32}  {:>3} encounters  captured {:>4}  detected {:>4}  {:>4.0} s{}",
        summary.encounters_done,
        summary.occupant_coverage.percent(),
        summary.faces_detected.percent(),
        session::clock() - begin,
        if result.exit_code() == exit::DONE { "" } else { "  SOME FAILED" }
    );
    Ok(result)
}
