//! `laneproof sweep`: one value of a scenario over a range, every value a run of its own.
use std::{
    io::{IsTerminal as _, Write as _},
    path::PathBuf,
};

use lane_stack::client::StackClient;
use laneproof_scenarios::{
    exit,
    run::RunError,
    scenario::{Scenario, ScenarioError},
    sweep::{self, Request, Sweep},
    terminal,
};

use crate::session::{self, Choices, Failure};

/// Vary one value of a scenario over a range, and draw coverage and what lost the others
///
/// Every value keeps the seed: the same people sit in the same seats, and each value is compared with the baseline person
/// by person. A value is named by its path in the scenario or in the lane, rig, mix and sensors that it names; --list
/// shows all paths.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Scenario file
    pub scenario: PathBuf,
    /// What is varied: PATH=FROM..TO:COUNT (even steps, times too), PATH=FROM..TO:COUNTlog, or PATH=a,b,c;
    /// for instance mix.vehicles[*].glass.rear=0.05..0.75:6
    #[arg(long, value_name = "PATH=VALUES", required_unless_present = "list", conflicts_with = "list")]
    pub vary: Option<String>,
    /// Print the paths of the scenario's values, and what they are
    #[arg(long)]
    pub list: bool,
    /// Encounters of every value, in place of the scenario's number
    #[arg(long, value_name = "N")]
    pub encounters: Option<u64>,
    /// Value that the others are compared with; the first without it
    #[arg(long, value_name = "VALUE")]
    pub baseline: Option<String>,
    /// Folder of the sweep; sweeps/NAME-KEY of the scenario and the varied key without it, made anew each time
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Keep the runs that are in the folder, and go on with them; values may be added
    #[arg(long)]
    pub resume: bool,
    /// Show the frames of every value to a second stack too, with the models of this folder, and say whether it ranks the
    /// values alike
    #[arg(long, value_name = "DIR", conflicts_with = "list")]
    pub second_models: Option<PathBuf>,
    /// Models and adapter
    #[command(flatten)]
    pub choices: Choices,
}

/// Folder of a sweep when none is named.
fn default_folder(scenario: &std::path::Path, sweep: &Sweep) -> PathBuf {
    let key: String = sweep.varied.path.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let key = key.split('-').filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-");
    let name = scenario.file_stem().unwrap_or_default().to_string_lossy();
    PathBuf::from("sweeps").join(format!("{name}-{key}"))
}

/// Opens a stack for every value that names other models, so that a wrong name is told before anything is written.
fn open_stacks(args: &Args, sweep: &Sweep) -> Result<(), Failure> {
    let mut tried: Vec<&str> = Vec::new();
    for point in &sweep.points {
        let models = point.scenario.file.stack.models.as_str();
        if !tried.contains(&models) {
            tried.push(models);
            session::open_stack(&args.choices, models)?;
        }
    }
    Ok(())
}

pub(super) fn run(args: &Args) -> Result<u8, Failure> {
    let begin = session::clock();
    let scenario = Scenario::open(&args.scenario)?;
    if args.list {
        print!("{}", terminal::paths(&scenario));
        return Ok(exit::DONE);
    }
    let vary = args.vary.clone().unwrap_or_default();
    let request = Request { vary, encounters: args.encounters, baseline: args.baseline.clone() };
    let sweep = sweep::plan(&scenario, &request).map_err(|fault| Box::new(ScenarioError::from(fault)))?;
    open_stacks(args, &sweep)?;
    let mut world = session::open_world(&args.choices)?;
    let out = match &args.out {
        Some(out) => out.clone(),
        None => {
            let out = default_folder(&args.scenario, &sweep);
            // Only a sweep's own folder, and only where nothing else was asked for, is made anew.
            if !args.resume && out.join("sweep.json").is_file() {
                std::fs::remove_dir_all(&out).map_err(|e| Failure::io(&out, e))?;
            }
            out
        }
    };
    let options =
        sweep::SweepOptions { out, resume: args.resume, command: session::command_line(), clock: &session::clock };
    let mut open = |scenario: &Scenario| -> Result<Box<dyn StackClient>, RunError> {
        let stack = session::open_stack(&args.choices, &scenario.file.stack.models);
        stack.map(|s| Box::new(s) as Box<dyn StackClient>).map_err(|failure| RunError::Setup(failure.message))
    };
    let also = args.second_models.clone().map(|models| Choices { models: Some(models), ..Choices::default() });
    if let Some(also) = &also {
        // A wrong name is told before anything is written.
        session::open_stack(also, "default")?;
    }
    let mut open_second = |scenario: &Scenario| -> Result<Box<dyn StackClient>, RunError> {
        let choices = also.as_ref().unwrap_or(&args.choices);
        let stack = session::open_stack(choices, &scenario.file.stack.models);
        stack.map(|s| Box::new(s) as Box<dyn StackClient>).map_err(|failure| RunError::Setup(failure.message))
    };
    let second: Option<&mut sweep::run::OpenStack<'_>> = if also.is_some() { Some(&mut open_second) } else { None };
    let mut stacks = sweep::Stacks { first: &mut open, second };
    let at_a_terminal = std::io::stderr().is_terminal();
    let result = sweep::run(&sweep, &mut world, &mut stacks, &options, &mut |event| {
        if at_a_terminal {
            // One line that is written over; it says where a long run is.
            eprint!("\r\x1b[K{}", terminal::sweep_progress(&event).unwrap_or_default());
            std::io::stderr().flush().ok();
        }
        if let Some(line) = terminal::sweep_line(&event) {
            println!("{line}");
        }
    })?;
    println!("{}", result.pairing());
    if let Some(second) = &result.second {
        println!("{}", second.in_a_line());
        for line in &second.depends {
            println!("depends on the models: {line}");
        }
    }
    println!("{}   ({:.0} s)", options.out.join("sweep.html").display(), session::clock() - begin);
    Ok(sweep::run::exit_code(&result))
}

#[cfg(test)]
mod tests {
    use laneproof_scenarios::{scenario::Scenario, sweep};

    #[test]
    fn a_sweep_without_a_folder_is_named_after_scenario_and_key() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/first-light.toml");
        let scenario = Scenario::open(path.as_ref()).expect("the demo");
        let vary = "mix.vehicles[*].glass.rear=0.1,0.2".to_owned();
        let sweep = sweep::plan(&scenario, &sweep::Request { vary, ..Default::default() }).expect("a sweep");
        let folder = super::default_folder("a/first-light.toml".as_ref(), &sweep);
        assert_eq!(folder, std::path::Path::new("sweeps/first-light-mix-vehicles-glass-rear"));
    }
}
