//! Runs a study: the scenario as it is, then every end, and the study's files renewed after each.
use std::path::{Path, PathBuf};

use super::{
    draw,
    file::End,
    kept::{KeptRun, KeptWorld},
    page,
    plan::{Study, StudyEnd, told},
    result::{Arm, Assumption, EndResult, FORMAT, StudyResult},
    tally::Tally,
};
use crate::{
    exit,
    run::{
        self, RunError, RunEvent, RunOptions, RunResult, folder::RunFolder, portraits::PortraitsKept,
        replay::ReplayWorld, world::World,
    },
    sweep::run::OpenStack,
};

/// What a user asks of a study besides its file.
pub struct StudyOptions<'a> {
    /// The study's folder.
    pub out: PathBuf,
    /// Folder of the scenario's own run, which is made or gone on with there.
    pub run: PathBuf,
    /// A study whose ends are taken over where they are of the same scenario, models and machine.
    pub from: Option<StudyResult>,
    /// Names of the assumptions to run now; all of them when empty.
    pub only: Vec<String>,
    /// Keep what is in the folder, and go on with it.
    pub resume: bool,
    /// The command line, for the page's "run it again".
    pub command: String,
    /// Seconds since any fixed instant; only progress comes of it, no result.
    pub clock: &'a (dyn Fn() -> f64 + Sync),
}

/// What happens during a study, for the terminal.
#[derive(Debug, Clone, PartialEq)]
pub enum StudyEvent {
    /// It begins.
    Started {
        /// Title, ends to run and encounters of each.
        line: String,
    },
    /// Something happened in a run.
    Run {
        /// Of what.
        label: String,
        /// What.
        event: RunEvent,
    },
    /// The scenario's own run is done.
    Base {
        /// Its coverage, beside what was reported.
        headline: String,
    },
    /// An end is done.
    End {
        /// Assumption and end.
        label: String,
        /// The end.
        end: Box<EndResult>,
        /// Its difference from the scenario as it is, for people.
        difference: String,
        /// Seconds that it took; nothing of one that was taken over.
        seconds: Option<f64>,
    },
}

/// The program's exit code for a study, see [`exit`].
pub fn exit_code(result: &StudyResult) -> u8 {
    if result.failed() == 0 { exit::DONE } else { exit::SOME_ENCOUNTERS_FAILED }
}

/// Runs a study, or goes on with one.
pub fn run<W: World>(
    study: &Study,
    world: &mut W,
    open: &mut OpenStack<'_>,
    options: &StudyOptions<'_>,
    events: &mut dyn FnMut(StudyEvent),
) -> Result<StudyResult, RunError> {
    let folder = RunFolder::new(&options.out);
    if folder.is_in_use() && !options.resume {
        return Err(RunError::FolderInUse { path: options.out.clone() });
    }
    std::fs::create_dir_all(&options.out).map_err(|e| RunError::io(&options.out, e))?;
    events(StudyEvent::Started {
        line: format!(
            "{}: {} ends of {} assumptions, {} encounters at each → {}",
            study.file.title,
            study.ends.len(),
            study.file.assumptions.len(),
            study.file.encounters,
            options.out.display()
        ),
    });
    let mut world = PortraitsKept::new(world);
    let run_options = |out: PathBuf| RunOptions {
        out,
        resume: true,
        encounters: None,
        command: options.command.clone(),
        clock: options.clock,
    };
    let mut cameras: Vec<String> = study.base.rig.value.cameras.iter().map(|camera| camera.id.clone()).collect();
    let mut stack = open(&study.base)?;
    let base_options = run_options(options.run.clone());
    let ran = run::run(&study.base, &mut world, stack.as_mut(), &base_options, &mut |event| {
        events(StudyEvent::Run { label: BASE.to_owned(), event });
    })?;
    let mut result = StudyResult {
        format: FORMAT,
        title: study.file.title.clone(),
        file: study.source.path.display().to_string(),
        head: ran.summary.head.clone(),
        reported: study.file.reported.clone(),
        base: arm(&ran, 0, &mut cameras),
        cameras: Vec::new(),
        assumptions: Vec::new(),
        planned: study.ends.len(),
    };
    events(StudyEvent::Base { headline: result.headline() });
    for assumption in &study.file.assumptions {
        result.assumptions.push(Assumption {
            name: assumption.name.clone(),
            taken: assumption.taken.clone(),
            source: assumption.source.clone(),
            ends: Vec::new(),
        });
    }
    let no_run = || RunError::Setup(format!("{} holds no finished run", options.run.display()));
    let frames = ReplayWorld::open(&options.run)?.ok_or_else(no_run)?;
    let mut world = KeptWorld::new(&mut world, KeptRun { scenario: study.base.clone(), frames });
    for at in &study.ends {
        let values = &study.file.assumptions[at.assumption];
        let label = format!("{}: {}", values.name, label_of(study, at));
        let kept = options.from.as_ref().and_then(|from| taken_over(from, at, &result, &values.name));
        let asked = options.only.is_empty() || options.only.contains(&values.name);
        let (arm, seconds) = match kept {
            Some((arm, their_cameras)) => (with_cameras(arm, &their_cameras, &mut cameras), None),
            None if asked => {
                let begin = (options.clock)();
                let mut stack = open(&at.scenario)?;
                let end_options = run_options(folder.path(&format!("ends/{}-{}", at.assumption + 1, at.end.key())));
                let ran = run::run(&at.scenario, &mut world, stack.as_mut(), &end_options, &mut |event| {
                    events(StudyEvent::Run { label: label.clone(), event });
                })?;
                (arm(&ran, world.take_shown_again(), &mut cameras), Some((options.clock)() - begin))
            }
            None => continue,
        };
        let set = values.ends().find(|(end, _)| *end == at.end).map(|(_, file)| told(&file.set)).unwrap_or_default();
        let end = EndResult { end: at.end, label: label_of(study, at), set, arm };
        let difference = super::difference(end.arm.against(&result.base));
        events(StudyEvent::End { label, end: Box::new(end.clone()), difference, seconds });
        result.assumptions[at.assumption].ends.push(end);
        result.cameras.clone_from(&cameras);
        write(&result, &folder, &options.command)?;
    }
    result.cameras = cameras;
    write(&result, &folder, &options.command)?;
    Ok(result)
}

/// What the scenario's own run is called in events.
pub const BASE: &str = "the scenario as it is";

fn label_of(study: &Study, at: &StudyEnd) -> String {
    let assumption = &study.file.assumptions[at.assumption];
    let file = match at.end {
        End::Low => &assumption.low,
        End::High => &assumption.high,
    };
    file.as_ref().map_or(String::new(), |file| file.label.clone())
}

fn arm(ran: &RunResult, shown_again: u64, cameras: &mut Vec<String>) -> Arm {
    Arm {
        scenario_hash: ran.summary.head.scenario_hash.clone(),
        shown_again,
        tallies: ran.scores.iter().map(|score| Tally::of(score, cameras)).collect(),
        failures: ran.summary.failures.clone(),
    }
}

/// An end of another study that is this one: the same scenario, seen by the same stack on the same machine.
fn taken_over(from: &StudyResult, at: &StudyEnd, now: &StudyResult, name: &str) -> Option<(Arm, Vec<String>)> {
    let same = from.head.world == now.head.world && from.head.stack == now.head.stack;
    let assumption = from.assumptions.iter().find(|a| a.name == name).filter(|_| same)?;
    let end = assumption.ends.iter().find(|end| end.arm.scenario_hash == at.scenario.hash())?;
    Some((end.arm.clone(), from.cameras.clone()))
}

/// The same arm by another list of cameras.
fn with_cameras(mut arm: Arm, theirs: &[String], ours: &mut Vec<String>) -> Arm {
    let places: Vec<usize> = theirs
        .iter()
        .map(|camera| {
            ours.iter().position(|known| known == camera).unwrap_or_else(|| {
                ours.push(camera.clone());
                ours.len() - 1
            })
        })
        .collect();
    for (_, mask) in arm.tallies.iter_mut().flat_map(|tally| &mut tally.people) {
        let bits = places.iter().enumerate().filter(|(theirs, _)| *mask >> *theirs & 1 == 1);
        *mask = bits.fold(0, |mask, (_, ours)| mask | 1 << ours);
    }
    arm
}

/// Writes what is known so far: a study that is cut off leaves its picture.
fn write(result: &StudyResult, folder: &RunFolder, command: &str) -> Result<(), RunError> {
    let picture = draw::svg(result);
    folder.write_json(StudyResult::FILE, result)?;
    folder.write("assumptions.csv", result.csv()?.as_bytes())?;
    folder.write("assumptions.svg", picture.as_bytes())?;
    folder.write(PAGE, page::html(result, &picture, command)?.as_bytes())
}

/// Name of a study's page.
pub const PAGE: &str = "assumptions.html";

/// Folder of a study when none is named: beside the runs, by the name of its file and its folder.
pub fn default_folder(file: &Path) -> PathBuf {
    let folder =
        file.canonicalize().ok().and_then(|full| Some(full.parent()?.file_name()?.to_string_lossy().into_owned()));
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    PathBuf::from("runs").join(folder.map_or(stem.to_string(), |folder| format!("{folder}-{stem}")))
}
