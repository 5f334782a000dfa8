//! Runs a scenario: encounter after encounter, each kept as soon as it is done, so that a killed run can go on.
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use lane_stack::client::{CameraGeometry, StackClient, StackError};
use laneproof_exchange::encounter::EncounterPlan;
use laneproof_scenes::catalogue::{Rig, Sensor};
use serde::{Deserialize, Serialize};

pub mod again;
pub mod error;
mod event_loop;
pub mod folder;
pub(crate) mod frames;
mod photos;
pub(crate) mod portraits;
pub mod record;
pub mod replay;
#[cfg(test)]
mod returning_tests;
mod schedule;
pub mod scoring;
#[cfg(test)]
mod stack_fault_tests;
#[cfg(test)]
pub(crate) mod tests;
pub mod world;

pub use error::RunError;
pub use event_loop::EncounterTimings;

use self::{
    event_loop::{LoopSettings, Stop, run_encounter},
    folder::RunFolder,
    record::{EncounterRecord, End},
    scoring::Scoring,
    world::{PortraitJpeg, World, WorldError},
};
use crate::{
    exit, ledger,
    plan::{plan, sampled::Sampled},
    report::{self, brand::Brand},
    scenario::{Scenario, factor::FactorValue},
    score::{
        EncounterScore, GallerySize, score,
        summary::{Head, Summary},
    },
};

/// What a user asks of a run besides the scenario.
pub struct RunOptions<'a> {
    /// The run folder.
    pub out: PathBuf,
    /// Go on with a run that is in the folder.
    pub resume: bool,
    /// Only these encounters; `None` for all.
    pub encounters: Option<Vec<u64>>,
    /// The command line, for the report's "run it again".
    pub command: String,
    /// Seconds since any fixed instant; only timings come of it, no result.
    pub clock: &'a (dyn Fn() -> f64 + Sync),
}

/// What happens during a run, for terminal, logs and tests.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum RunEvent {
    /// The run begins.
    Started {
        /// What makes it.
        head: Head,
        /// Its folder.
        folder: PathBuf,
    },
    /// A reference was enrolled, or refused.
    Enrolled {
        /// Reference.
        reference_id: String,
        /// How many so far.
        done: u64,
        /// Of how many.
        of: u64,
        /// Why the stack refused it, where it did.
        refused: Option<String>,
    },
    /// An encounter was found done in the folder.
    Resumed {
        /// Which.
        encounter: u64,
    },
    /// An encounter was done.
    Done {
        /// Which.
        encounter: u64,
        /// How many so far.
        done: u64,
        /// Of how many.
        of: u64,
        /// Vehicle model.
        vehicle: String,
        /// Occupants.
        occupants: u64,
        /// Occupants with a verified capture.
        captured: u64,
        /// Where the time went.
        timings: EncounterTimings,
    },
    /// An encounter failed; the run goes on.
    Failed {
        /// Which.
        encounter: u64,
        /// Why.
        reason: String,
    },
    /// The run is done and its files are written.
    Finished {
        /// The report.
        report: PathBuf,
    },
}

/// What a run came to.
#[derive(Debug, Clone, PartialEq)]
pub struct RunResult {
    /// Its numbers.
    pub summary: Summary,
    /// What became of every occupant of the encounters that were done, in their order.
    pub scores: Vec<EncounterScore>,
    /// Times of the encounters that were done now, by index.
    pub timings: Vec<(u64, EncounterTimings)>,
}

impl RunResult {
    /// The program's exit code, see [`exit`].
    pub fn exit_code(&self) -> u8 {
        if self.summary.failures.is_empty() { exit::DONE } else { exit::SOME_ENCOUNTERS_FAILED }
    }
}

/// What a folder says about the run in it, so that `--resume` goes on with the same run only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Manifest {
    format: u32,
    head: Head,
    /// The command line that began it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    command: Option<String>,
}

/// What was put into the gallery.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Filled {
    size: GallerySize,
    enrolments: Vec<Enrolment>,
    /// Photographs of crossings that the stack refused, with the reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    photos_refused: Vec<(String, String)>,
}

impl Filled {
    /// The gallery's size, and the references that were refused, with the reason.
    fn size_and_refused(self) -> (GallerySize, Vec<(String, String)>) {
        let refused = self.enrolments.into_iter().filter_map(|e| Some((e.reference_id, e.refused?)));
        (self.size, refused.chain(self.photos_refused).collect())
    }
}

/// Outcome of enrolling one reference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Enrolment {
    reference_id: String,
    refused: Option<String>,
}

/// Runs a scenario, or goes on with a run.
pub fn run<W: World>(
    scenario: &Scenario,
    world: &mut W,
    stack: &mut dyn StackClient,
    options: &RunOptions<'_>,
    events: &mut dyn FnMut(RunEvent),
) -> Result<RunResult, RunError> {
    let sampled = Sampled::of(scenario).map_err(|fault| RunError::Sample(fault.to_string()))?;
    let wanted = wanted_encounters(scenario, &sampled, options)?;
    let folder = RunFolder::new(&options.out);
    let head = Head::new(scenario, &wanted, world.describe(), stack.describe());
    let resumes = prepare(&folder, &head, options)?;
    events(RunEvent::Started { head: head.clone(), folder: options.out.clone() });

    let mut records = Vec::new();
    let mut missing = Vec::new();
    for k in &wanted {
        match kept_record(&folder, *k, resumes)? {
            Some(record) => {
                events(RunEvent::Resumed { encounter: *k });
                records.push(record);
            }
            None => missing.push(*k),
        }
    }
    let sensors: Vec<Sensor> = scenario.sensors.iter().map(|sensor| sensor.value.clone()).collect();
    let mut installed = scenario.rig.value.clone();
    install(&installed, &sensors, stack)?;
    let mut filled = match folder.read_json::<Filled>("gallery.json")? {
        Some(filled) if missing.is_empty() => filled,
        _ => fill_gallery(scenario, &sampled, world, stack, &folder, events)?,
    };

    let settings = LoopSettings {
        control_delay_us: (f64::from(scenario.file.stack.control_delay_ms) * 1000.0).round() as u64,
        cross_check_share: scenario.file.cross_check_share,
        clock: options.clock,
        folder: &folder,
    };
    let mut timings = Vec::new();
    let mut kept: BTreeMap<u64, EncounterRecord> =
        records.into_iter().map(|record| (record.encounter, record)).collect();
    let (mut records, mut photos_refused) = (Vec::new(), Vec::new());
    let keeps_photos = scenario.file.returning.is_some_and(|returning| returning.keep_photos) && !missing.is_empty();
    for k in &wanted {
        if let Some(record) = kept.remove(k) {
            if keeps_photos {
                photos_refused.extend(photos::keep(&record, &scenario.file.validation, stack, &folder)?);
            }
            records.push(record);
            continue;
        }
        let plan = plan(scenario, *k);
        if plan.rig != installed {
            install(&plan.rig, &plan.sensors, stack)?;
            installed = plan.rig.clone();
        }
        let factors = scenario.factors.told(scenario.file.seed, *k);
        let (record, time) = one_encounter(world, stack, &plan, factors, &settings, &folder)?;
        match (&record.end, score(&record, &scenario.file.validation)) {
            (End::Failed { reason }, _) => {
                events(RunEvent::Failed { encounter: *k, reason: reason.clone() });
            }
            (End::Done(_), scored) => events(RunEvent::Done {
                encounter: *k,
                done: (wanted.len() - missing.len() + timings.len() + 1) as u64,
                of: wanted.len() as u64,
                vehicle: record.vehicle.clone(),
                occupants: record.occupants.len() as u64,
                captured: scored.map_or(0, |s| captures(&s)),
                timings: time,
            }),
        }
        timings.push((*k, time));
        if keeps_photos {
            photos_refused.extend(photos::keep(&record, &scenario.file.validation, stack, &folder)?);
        }
        records.push(record);
    }

    if keeps_photos {
        filled.photos_refused = photos_refused;
        folder.write_json("gallery.json", &filled)?;
    }
    let made = (options.command.as_str(), None);
    let (summary, scores) = conclude(scenario, &sampled, head, &records, filled.size_and_refused(), &folder, made)?;
    folder.write_json("timings.json", &timings)?;
    events(RunEvent::Finished { report: folder.path("report.html") });
    Ok(RunResult { summary, scores, timings })
}

fn captures(score: &EncounterScore) -> u64 {
    score.occupants.iter().filter(|o| o.outcome.is_captured()).count() as u64
}

fn wanted_encounters(scenario: &Scenario, sampled: &Sampled, options: &RunOptions<'_>) -> Result<Vec<u64>, RunError> {
    let mut wanted = options.encounters.clone().unwrap_or_else(|| sampled.indices().collect());
    wanted.sort_unstable();
    wanted.dedup();
    match wanted.iter().find(|k| !sampled.indices().any(|there| there == **k)) {
        Some(k) => Err(RunError::NoSuchEncounter { encounter: *k, encounters: scenario.file.encounters }),
        None => Ok(wanted),
    }
}

/// Makes the folder ready; says whether it holds this very run already.
fn prepare(folder: &RunFolder, head: &Head, options: &RunOptions<'_>) -> Result<bool, RunError> {
    let there = if options.resume { folder.read_json::<Manifest>("run.json")? } else { None };
    if let Some(Manifest { head: there, .. }) = there {
        let list = |pairs: &[(String, String)]| {
            pairs.iter().map(|(what, which)| format!("{what} {which}")).collect::<Vec<_>>().join(", ")
        };
        for (what, there, here) in [
            ("version", there.version, head.version.clone()),
            ("scenario", there.scenario_hash, head.scenario_hash.clone()),
            ("choice of encounters", format!("{:?}", there.encounters), format!("{:?}", head.encounters)),
            ("adapter or driver", list(&there.world), list(&head.world)),
            ("stack", list(&there.stack), list(&head.stack)),
        ] {
            if there != here {
                let path = folder.root().to_owned();
                return Err(RunError::OtherRun { path, what: what.to_owned(), there, here });
            }
        }
        folder.create()?;
        return Ok(true);
    }
    if folder.is_in_use() {
        return Err(RunError::FolderInUse { path: folder.root().to_owned() });
    }
    folder.create()?;
    folder
        .write_json("run.json", &Manifest { format: 1, head: head.clone(), command: Some(options.command.clone()) })?;
    Ok(false)
}

/// A finished encounter's record; failed and damaged ones are done again.
fn kept_record(folder: &RunFolder, k: u64, resumes: bool) -> Result<Option<EncounterRecord>, RunError> {
    if !resumes {
        return Ok(None);
    }
    match folder.read_json::<EncounterRecord>(&RunFolder::encounter_name(k)) {
        Ok(Some(record)) if record.seen().is_some() => Ok(Some(record)),
        Ok(_) | Err(RunError::Damaged { .. }) => Ok(None),
        Err(other) => Err(other),
    }
}

/// Tells the stack where the lane's cameras are, as those who install a lane do.
fn install(rig: &Rig, sensors: &[Sensor], stack: &mut dyn StackClient) -> Result<(), RunError> {
    let cameras = rig.cameras.iter().zip(sensors).map(|(camera, sensor)| CameraGeometry {
        camera_id: camera.id.clone(),
        position_m: camera.position_m,
        look_at_m: camera.look_at_m,
        focal_length_px: camera.lens.focal_length_mm * 1e3 / sensor.pixel_pitch_um,
        width_px: sensor.width_px,
        height_px: sensor.height_px,
    });
    // What looks straight down may be turned any way: the stack does without its place.
    let told: Vec<_> = cameras.filter(|camera| camera.check().is_ok()).collect();
    stack.install(&told).map_err(|e| RunError::Setup(e.to_string()))
}

/// People that a world is told of at a time.
const TOGETHER: usize = 8;

/// Enrols the travellers and fills the gallery up as the scenario asks.
fn fill_gallery<W: World>(
    scenario: &Scenario,
    sampled: &Sampled,
    world: &mut W,
    stack: &mut dyn StackClient,
    folder: &RunFolder,
    events: &mut dyn FnMut(RunEvent),
) -> Result<Filled, RunError> {
    let enrolments = enrol_all(scenario, sampled, world, stack, folder, events)?;
    let fillers_asked = scenario.file.gallery.fillers;
    let fillers = match fillers_asked {
        // Nothing is asked of a stack that need not know the order.
        0 => 0,
        count => stack.fill(count, scenario.file.seed).map_err(|e| RunError::Setup(e.to_string()))?,
    };
    let references = enrolments.iter().filter(|e| e.refused.is_none()).count() as u64;
    let filled =
        Filled { size: GallerySize { references, fillers_asked, fillers }, enrolments, photos_refused: Vec::new() };
    folder.write_json("gallery.json", &filled)?;
    Ok(filled)
}

/// Enrols every reference of the scenario, of encounters that are not run too: a gallery does not know who will come. Those
/// who travel in other vehicles come after all others: they are the travellers of encounters before and after.
fn enrol_all<W: World>(
    scenario: &Scenario,
    sampled: &Sampled,
    world: &mut W,
    stack: &mut dyn StackClient,
    folder: &RunFolder,
    events: &mut dyn FnMut(RunEvent),
) -> Result<Vec<Enrolment>, RunError> {
    let plans: Vec<EncounterPlan> = sampled.indices().map(|k| plan(scenario, k)).collect();
    let others = plans.iter().flat_map(|plan| &plan.neighbours).flat_map(|neighbour| &neighbour.occupants);
    // Who returns is enrolled once.
    let mut there = BTreeSet::new();
    let people: Vec<_> = plans
        .iter()
        .flat_map(|plan| &plan.occupants)
        .chain(others)
        .cloned()
        .filter_map(|o| Some((o.reference_id?, o.identity, o.document)))
        .filter(|(reference_id, ..)| there.insert(reference_id.clone()))
        .collect();
    let mut enrolments = Vec::new();
    for (i, (reference_id, identity, document)) in people.iter().enumerate() {
        if i % TOGETHER == 0 {
            let next: Vec<_> = people[i..].iter().take(TOGETHER).map(|(_, identity, _)| identity.clone()).collect();
            world.expect(&next);
        }
        let name = format!("portraits/{reference_id}.jpg");
        let portrait = match folder.read(&name)? {
            Some(bytes) => Ok(PortraitJpeg(bytes)),
            None => world.portrait(identity, *document, reference_id),
        };
        let refused = match portrait {
            Ok(portrait) => {
                folder.write(&name, &portrait.0)?;
                match stack.enrol(reference_id, &portrait.to_frame()) {
                    Ok(()) => None,
                    Err(StackError::Model { model, reason }) => {
                        return Err(RunError::Setup(format!("model {model} failed: {reason}")));
                    }
                    // A stack that is gone would refuse everybody: that says nothing about anybody.
                    Err(gone @ StackError::Unreachable { .. }) => return Err(RunError::Setup(gone.to_string())),
                    Err(other) => Some(other.to_string()),
                }
            }
            Err(WorldError::Encounter(reason)) => Some(reason),
            Err(WorldError::Setup(reason)) => return Err(RunError::Setup(reason)),
        };
        enrolments.push(Enrolment { reference_id: reference_id.clone(), refused: refused.clone() });
        events(RunEvent::Enrolled {
            reference_id: reference_id.clone(),
            done: enrolments.len() as u64,
            of: people.len() as u64,
            refused,
        });
    }
    Ok(enrolments)
}

/// Runs and keeps one encounter.
fn one_encounter<W: World>(
    world: &mut W,
    stack: &mut dyn StackClient,
    plan: &EncounterPlan,
    factors: Vec<FactorValue>,
    settings: &LoopSettings<'_>,
    folder: &RunFolder,
) -> Result<(EncounterRecord, EncounterTimings), RunError> {
    let (end, timings) = match run_encounter(world, stack, plan, settings) {
        Ok((mut seen, timings)) => {
            photos::by_person(&mut seen.decisions);
            (End::Done(seen), timings)
        }
        Err(Stop::Encounter(reason)) => (End::Failed { reason }, EncounterTimings::default()),
        Err(Stop::Run(error)) => return Err(error),
    };
    let name = RunFolder::encounter_name(plan.encounter);
    folder.write_json(&name, &EncounterRecord::new(plan, factors.clone(), end))?;
    // What counts is what was kept: read back, a resumed run and this one score the same bytes. JSON has no NaN, so a
    // truth that holds one shows here and not in somebody's statistics.
    match folder.read_json::<EncounterRecord>(&name) {
        Ok(Some(record)) => Ok((record, timings)),
        Ok(None) => Err(RunError::io(&folder.path(&name), std::io::ErrorKind::NotFound.into())),
        Err(RunError::Damaged { reason, .. }) => {
            let reason = format!("a measure is no finite number: {reason}");
            let record = EncounterRecord::new(plan, factors, End::Failed { reason });
            folder.write_json(&name, &record)?;
            Ok((record, timings))
        }
        Err(other) => Err(other),
    }
}

/// Writes ledger, summary and report, and what they were scored by.
fn conclude(
    scenario: &Scenario,
    sampled: &Sampled,
    head: Head,
    records: &[EncounterRecord],
    (gallery, refused): (GallerySize, Vec<(String, String)>),
    folder: &RunFolder,
    (command, brand): (&str, Option<&Brand>),
) -> Result<(Summary, Vec<EncounterScore>), RunError> {
    let scoring = Scoring::of(scenario, sampled);
    let scored = records.iter().filter_map(|record| score(record, &scoring.rule));
    let scores: Vec<EncounterScore> =
        scored.map(|scored| EncounterScore { weight: scoring.weight(scored.encounter), ..scored }).collect();
    folder.write_json(Scoring::FILE, &scoring)?;
    let summary = Summary::new(head, scenario, records, &scores, refused, gallery);
    folder.write("occupants.parquet", &ledger::occupants(&scores)?)?;
    folder.write("exposures.parquet", &ledger::exposures(records, &scores)?)?;
    if let Some(others) = ledger::other_vehicles(&scores)? {
        folder.write("other-vehicles.parquet", &others)?;
    }
    folder.write_json("summary.json", &summary)?;
    let page =
        report::html(&report::Run { summary: &summary, records, scores: &scores, sampled, folder, command, brand })?;
    folder.write("report.html", page.as_bytes())?;
    Ok((summary, scores))
}
