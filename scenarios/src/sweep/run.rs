//! Runs a planned sweep: one ordinary run a value, each in a folder of its own, and the sweep's files renewed after each.
use std::path::PathBuf;

use lane_stack::client::StackClient;

use super::{
    Sweep,
    also::{SecondPoint, SecondStack},
    draw, page, pairs,
    result::{Paired, PointResult, SweepResult},
};
use crate::{
    exit,
    run::{
        self, RunError, RunEvent, RunOptions, RunResult, folder::RunFolder, portraits::PortraitsKept,
        replay::ReplayWorld, world::World,
    },
    scenario::Scenario,
    score::{EncounterScore, summary::Head},
};

/// What a user asks of a sweep besides what is varied.
pub struct SweepOptions<'a> {
    /// The sweep's folder.
    pub out: PathBuf,
    /// Keep the runs that are in the folder, and go on with them.
    pub resume: bool,
    /// The command line, for the page's "run it again".
    pub command: String,
    /// Seconds since any fixed instant; only progress comes of it, no result.
    pub clock: &'a (dyn Fn() -> f64 + Sync),
}

/// What happens during a sweep, for the terminal.
#[derive(Debug, Clone, PartialEq)]
pub enum SweepEvent {
    /// It begins; the result has its head and no point.
    Started {
        /// Head and plan.
        result: Box<SweepResult>,
        /// Its folder.
        folder: PathBuf,
    },
    /// Something happened in the run of a value.
    Run {
        /// The value.
        label: String,
        /// What.
        event: RunEvent,
    },
    /// A value is done.
    Point {
        /// Its numbers.
        point: Box<PointResult>,
        /// How many so far.
        done: usize,
        /// Of how many.
        of: usize,
        /// Seconds that it took.
        seconds: f64,
    },
    /// All values are done and the files are written.
    Finished {
        /// The page.
        page: PathBuf,
    },
}

/// Opens the stack under test with the models that a scenario names.
pub type OpenStack<'o> = dyn FnMut(&Scenario) -> Result<Box<dyn StackClient>, RunError> + 'o;

/// The program's exit code for a sweep, see [`exit`].
pub fn exit_code(result: &SweepResult) -> u8 {
    if result.points.iter().all(|p| p.failures.is_empty()) { exit::DONE } else { exit::SOME_ENCOUNTERS_FAILED }
}

/// The stacks of a sweep.
pub struct Stacks<'o> {
    /// Opens the stack under test.
    pub first: &'o mut OpenStack<'o>,
    /// Opens a second one, which is shown the frames that were made for the first.
    pub second: Option<&'o mut OpenStack<'o>>,
}

/// Runs a sweep, or goes on with one. Every value gets a stack of its own, so that no gallery outlives its run.
pub fn run<W: World>(
    sweep: &Sweep,
    world: &mut W,
    stacks: &mut Stacks<'_>,
    options: &SweepOptions<'_>,
    events: &mut dyn FnMut(SweepEvent),
) -> Result<SweepResult, RunError> {
    let folder = RunFolder::new(&options.out);
    if folder.is_in_use() && !options.resume {
        return Err(RunError::FolderInUse { path: options.out.clone() });
    }
    let encounters: Vec<u64> = (0..sweep.scenario.file.encounters).collect();
    let mut stack = Some((stacks.first)(&sweep.points[sweep.baseline].scenario)?);
    let said = stack.as_ref().map(|s| s.describe()).unwrap_or_default();
    let points_path = folder.path("points");
    std::fs::create_dir_all(&points_path).map_err(|e| RunError::io(&points_path, e))?;

    let with_baseline: Vec<_> =
        sweep.points.iter().map(|p| pairs(&p.scenario, &sweep.points[sweep.baseline].scenario)).collect();
    let everybody = with_baseline[sweep.baseline].len();
    let holds_all = |(pairs, point): (&Vec<_>, &super::Point)| {
        pairs.len() == everybody && super::sitters(&point.scenario).len() == everybody
    };
    let mut result = SweepResult {
        format: 1,
        head: Head::new(&sweep.scenario, &encounters, world.describe(), said),
        varied: sweep.varied.clone(),
        encounters: sweep.scenario.file.encounters,
        planned: sweep.points.len(),
        baseline: sweep.points[sweep.baseline].label.clone(),
        same_people: with_baseline.iter().zip(&sweep.points).all(holds_all),
        points: Vec::new(),
        second: None,
    };
    events(SweepEvent::Started { result: Box::new(result.clone()), folder: options.out.clone() });

    let mut world = PortraitsKept::new(world);
    let mut baseline: Vec<EncounterScore> = Vec::new();
    let mut baseline_of_second: Vec<EncounterScore> = Vec::new();
    // The baseline comes first, so that every other value is compared as soon as it is done.
    let order = std::iter::once(sweep.baseline).chain((0..sweep.points.len()).filter(|i| *i != sweep.baseline));
    let mut done: Vec<(usize, PointResult)> = Vec::new();
    for i in order {
        let point = &sweep.points[i];
        let begin = (options.clock)();
        let mut stack = match stack.take() {
            Some(stack) => stack,
            None => (stacks.first)(&point.scenario)?,
        };
        let run_options = RunOptions {
            out: folder.path(&point.folder),
            resume: options.resume,
            encounters: None,
            command: options.command.clone(),
            clock: options.clock,
        };
        let ran = run::run(&point.scenario, &mut world, stack.as_mut(), &run_options, &mut |event| {
            events(SweepEvent::Run { label: point.label.clone(), event });
        })?;
        let compared = (i != sweep.baseline).then(|| Paired::of(&with_baseline[i], &ran.scores, &baseline));
        if i == sweep.baseline {
            baseline = ran.scores;
        }
        let mut numbers = PointResult::new(point, &ran.summary, compared);
        if let Some(open) = stacks.second.as_deref_mut() {
            let mut stack = open(&point.scenario)?;
            let again = shown_again(&point.scenario, stack.as_mut(), &run_options)?;
            let compared =
                (i != sweep.baseline).then(|| Paired::of(&with_baseline[i], &again.scores, &baseline_of_second));
            let in_domain = again.summary.head.in_domain;
            result.second.get_or_insert_with(|| SecondStack::new(again.summary.head.stack.clone(), in_domain));
            numbers.second = Some(SecondPoint::new(format!("{}/{SECOND}", point.folder), &again.summary, compared));
            if i == sweep.baseline {
                baseline_of_second = again.scores;
            }
        }
        done.push((i, numbers.clone()));
        done.sort_by_key(|(i, _)| *i);
        result.points = done.iter().map(|(_, point)| point.clone()).collect();
        if let Some(second) = &mut result.second {
            second.compare(&result.points);
        }
        write(&result, &folder, &options.command)?;
        let seconds = (options.clock)() - begin;
        events(SweepEvent::Point { point: Box::new(numbers), done: done.len(), of: sweep.points.len(), seconds });
    }
    events(SweepEvent::Finished { page: folder.path("sweep.html") });
    Ok(result)
}

/// Folder of the second stack's run in that of the first.
const SECOND: &str = "second";

/// Shows the frames of a finished run to another stack.
fn shown_again(
    scenario: &Scenario,
    stack: &mut dyn StackClient,
    first: &RunOptions<'_>,
) -> Result<RunResult, RunError> {
    let no_run = || RunError::Setup(format!("{} holds no finished run", first.out.display()));
    let mut world = ReplayWorld::open(&first.out)?.ok_or_else(no_run)?;
    let options = RunOptions {
        out: first.out.join(SECOND),
        resume: first.resume,
        encounters: first.encounters.clone(),
        command: first.command.clone(),
        clock: first.clock,
    };
    run::run(scenario, &mut world, stack, &options, &mut |_| {})
}

/// Writes what is known so far: a sweep that is cut off leaves its picture.
fn write(result: &SweepResult, folder: &RunFolder, command: &str) -> Result<(), RunError> {
    let picture = draw::svg(result);
    folder.write_json("sweep.json", result)?;
    folder.write("sweep.csv", result.csv().as_bytes())?;
    folder.write("sweep.svg", picture.as_bytes())?;
    folder.write("sweep.html", page::html(result, &picture, command)?.as_bytes())
}
