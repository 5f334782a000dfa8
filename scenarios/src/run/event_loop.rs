//! The event loop of one encounter, in simulated time: trigger → exposure → frame → stack → control message.
//!
//! Exposures are ordered by time, then by the camera's place in the rig. A control message that answers frame `i` acts
//! on a camera from its **second** exposure after `i`, and at the earliest the scenario's `control_delay_ms` after the
//! mid-exposure of `i`: a sensor that is exposing or reading out cannot take new settings for the exposure in hand.
//! Whether there is a next exposure at all, and one more than the rig's triggers, is said on the page of [`super::schedule`].
//! A camera with an exposure control of its own sets its next exposure by its last frame and does not listen to the stack.
//! The rule speaks of simulated time alone, so the stack may look at a frame while the next ones are being made, and
//! the result is the same as if everything waited.
use std::{sync::mpsc, thread};

use lane_stack::client::{Frame, Reply, StackClient, StackError};
use laneproof_exchange::encounter::EncounterPlan;
use laneproof_scenes::stream::stream;
use rand::Rng as _;

use super::{
    error::RunError,
    folder::RunFolder,
    frames::as_jpeg,
    record::{ExposureRecord, Seen, Stopped},
    schedule::{Due, Next, Saved, Schedule},
    world::{EarlierExposure, ExposeRequest, StepTimings, World, WorldError},
};

/// Frames that may wait for the stack before the cameras wait too: bounds the memory, not the result.
const FRAMES_IN_FLIGHT: usize = 4;

/// Exposure times and gains that a camera takes; what a stack asks beyond is clipped to them.
const EXPOSURE_RANGE_US: (f32, f32) = (1.0, 1e6);
const GAIN_RANGE_DB: (f32, f32) = (0.0, 48.0);

/// What the loop is told besides the plan.
pub(super) struct LoopSettings<'a> {
    pub control_delay_us: u64,
    pub cross_check_share: f64,
    pub clock: &'a (dyn Fn() -> f64 + Sync),
    pub folder: &'a RunFolder,
}

/// Seconds of an encounter's steps.
#[derive(Debug, Clone, Copy, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct EncounterTimings {
    /// Staging the encounter.
    pub stage_s: f64,
    /// Sums over the exposures.
    pub steps: StepTimings,
    /// In the stack; overlaps with the other steps.
    pub stack_s: f64,
    /// From the last frame's arrival at the stack to its decisions.
    #[serde(default)]
    pub decision_s: f64,
    /// From beginning to end.
    pub total_s: f64,
    /// Exposures.
    pub exposures: u64,
    /// Pixels exposed.
    pub pixels: u64,
}

/// Why an encounter stopped.
pub(super) enum Stop {
    /// This encounter only.
    Encounter(String),
    /// The run.
    Run(RunError),
}

impl From<WorldError> for Stop {
    fn from(error: WorldError) -> Self {
        match error {
            WorldError::Encounter(reason) => Stop::Encounter(reason),
            WorldError::Setup(reason) => Stop::Run(RunError::Setup(reason)),
        }
    }
}

/// Runs one encounter.
pub(super) fn run_encounter<W: World>(
    world: &mut W,
    stack: &mut dyn StackClient,
    plan: &EncounterPlan,
    settings: &LoopSettings<'_>,
) -> Result<(Seen, EncounterTimings), Stop> {
    let begin = (settings.clock)();
    let staged = world.stage(plan)?;
    let mut timings = EncounterTimings { stage_s: (settings.clock)() - begin, ..Default::default() };

    let mut due = Vec::new();
    let mut missed_triggers = Vec::new();
    for (camera_index, camera) in plan.rig.cameras.iter().enumerate() {
        for (i, trigger) in camera.triggers.iter().enumerate() {
            match world.trigger_time_us(&staged, camera_index, *trigger) {
                Some(mid_exposure_us) => due.push((mid_exposure_us, camera_index)),
                None => missed_triggers.push((camera.id.clone(), i)),
            }
        }
    }
    let heeds = stack.gives_feedback();
    let mut schedule = Schedule::new(&plan.rig.cameras, settings.control_delay_us, heeds, &due);

    stack.open_encounter(plan.encounter).map_err(|e| Stop::Encounter(e.to_string()))?;
    let (looked, last_frame) = thread::scope(|scope| {
        let (frames, for_stack) = mpsc::sync_channel::<Frame>(FRAMES_IN_FLIGHT);
        let (answer, answers) = mpsc::channel();
        let stack = &mut *stack;
        let clock = settings.clock;
        let looking = scope.spawn(move || {
            let mut last = None;
            for frame in for_stack {
                let begin = clock();
                last = Some(begin);
                let said = stack.push_frame(frame);
                if answer.send((said, clock() - begin)).is_err() {
                    break;
                }
            }
            last
        });
        let looked = expose_all(world, &staged, plan, settings, &mut schedule, frames, &answers, &mut timings);
        (looked, looking.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    });
    // The encounter is closed even where it failed, so that the stack is ready for the next.
    let begin_close = (settings.clock)();
    let decided = stack.close_encounter();
    let exposures = looked?;
    let decisions = decided.map_err(|e| Stop::Encounter(e.to_string()))?;
    let end = (settings.clock)();
    timings.stack_s += end - begin_close;
    timings.decision_s = end - last_frame.unwrap_or(begin_close);
    timings.total_s = end - begin;
    let stopped = schedule.saved().cloned().map(|Saved { exposures, from_us, enough }| Stopped {
        exposures_saved: exposures,
        from_us,
        enough,
    });
    Ok((Seen { exposures, missed_triggers, decisions, stopped }, timings))
}

type Answer = (Result<Reply, StackError>, f64);

/// What the stack said about each frame, in the order of the frames.
#[derive(Default)]
struct Heard {
    answers: Vec<Result<Reply, String>>,
    stack_s: f64,
}

impl Heard {
    /// Waits until the first `count` frames are answered.
    fn wait_for(&mut self, count: usize, answers: &mpsc::Receiver<Answer>) -> Result<(), Stop> {
        while self.answers.len() < count {
            let Ok((said, seconds)) = answers.recv() else {
                return Err(Stop::Encounter("the stack stopped answering".to_owned()));
            };
            self.stack_s += seconds;
            self.answers.push(match said {
                Ok(reply) => Ok(reply),
                // One bad frame is the stack's to refuse; the encounter goes on.
                Err(StackError::Undecodable { reason, .. }) => Err(reason),
                Err(other) => return Err(Stop::Encounter(other.to_string())),
            });
        }
        Ok(())
    }
}

#[expect(clippy::too_many_arguments, reason = "the two ends of the channel belong to the caller's scope")]
fn expose_all<W: World>(
    world: &mut W,
    staged: &W::Staged,
    plan: &EncounterPlan,
    settings: &LoopSettings<'_>,
    schedule: &mut Schedule<'_>,
    frames: mpsc::SyncSender<Frame>,
    answers: &mpsc::Receiver<Answer>,
    timings: &mut EncounterTimings,
) -> Result<Vec<ExposureRecord>, Stop> {
    let mut records = Vec::new();
    let mut heard = Heard::default();
    let mut own_settings: Vec<Option<(f32, f32)>> = vec![None; plan.rig.cameras.len()];
    let mut earlier: Vec<Vec<EarlierExposure>> = vec![Vec::new(); plan.rig.cameras.len()];
    loop {
        let now = match schedule.next() {
            Next::Expose(due) => due,
            Next::Hear(count) => {
                heard.wait_for(count, answers)?;
                schedule.heed(heard.answers[count - 1].as_ref().ok());
                continue;
            }
            Next::End => break,
        };
        let taken = schedule.taken();
        let i = taken.len() - 1;
        let camera = &plan.rig.cameras[now.camera_index];
        let previous = taken[..i].iter().rposition(|d| d.camera_index == now.camera_index);
        // Frames before this camera's previous exposure may steer it; nothing later can.
        heard.wait_for(previous.unwrap_or(0), answers)?;
        let (exposure_us, gain_db) = match (camera.exposure_control, own_settings[now.camera_index]) {
            (None, _) => controls_in_force(plan, taken, &heard.answers, settings.control_delay_us, i),
            (Some(_), own) => own.unwrap_or((camera.exposure_us, camera.gain_db)),
        };
        let exposure_id = i as u64;
        let draw: f64 = stream(plan.seed, plan.encounter, &format!("cross-check {exposure_id}")).random();
        let request = ExposeRequest {
            exposure_id,
            camera_index: now.camera_index,
            mid_exposure_us: now.mid_exposure_us,
            exposure_us,
            gain_db,
            cross_check: draw < settings.cross_check_share,
            earlier: earlier[now.camera_index].clone(),
        };
        let exposed = world.expose(staged, &request)?;
        earlier[now.camera_index].push(request.as_earlier());
        if exposed.frame.exposure_id != exposure_id || exposed.truth.exposure_id != exposure_id {
            return Err(Stop::Encounter(format!(
                "frame or truth of exposure {exposure_id} carries another exposure's id"
            )));
        }
        own_settings[now.camera_index] = exposed.own_settings;
        timings.steps.physics_s += exposed.timings.physics_s;
        timings.steps.render_s += exposed.timings.render_s;
        timings.steps.camera_s += exposed.timings.camera_s;
        timings.exposures += 1;
        let sensor = &plan.sensors[now.camera_index];
        timings.pixels += u64::from(sensor.width_px) * u64::from(sensor.height_px);
        let name = RunFolder::frame_name(plan.encounter, exposure_id, &camera.id);
        let jpeg = as_jpeg(&exposed.frame).map_err(Stop::Encounter)?;
        settings.folder.write(&name, &jpeg).map_err(Stop::Run)?;
        records.push(ExposureRecord {
            truth: exposed.truth,
            gain_db,
            frame: name,
            cross_check_differs: exposed.cross_check_differs,
            controls: Vec::new(),
            need_more: Vec::new(),
            extra: now.extra,
            refused: None,
        });
        if frames.send(exposed.frame).is_err() {
            return Err(Stop::Encounter("the stack stopped taking frames".to_owned()));
        }
    }
    drop(frames);
    heard.wait_for(records.len(), answers)?;
    timings.stack_s += heard.stack_s;
    for (record, answer) in records.iter_mut().zip(heard.answers) {
        match answer {
            Ok(Reply { control, need_more, .. }) => {
                record.controls = control;
                record.need_more = need_more;
            }
            Err(reason) => record.refused = Some(reason),
        }
    }
    Ok(records)
}

/// Exposure time and gain of exposure `i` by the rule of this module's page.
fn controls_in_force(
    plan: &EncounterPlan,
    due: &[Due],
    answers: &[Result<Reply, String>],
    delay_us: u64,
    i: usize,
) -> (f32, f32) {
    let now = due[i];
    let camera = &plan.rig.cameras[now.camera_index];
    let mut in_force = (camera.exposure_us, camera.gain_db);
    if let Some(previous) = due[..i].iter().rposition(|d| d.camera_index == now.camera_index) {
        for (asked_at, answer) in due[..previous].iter().zip(answers) {
            if asked_at.mid_exposure_us + delay_us > now.mid_exposure_us {
                break;
            }
            for message in answer.iter().flat_map(|reply| &reply.control).filter(|m| m.camera_id == camera.id) {
                // A message that is no number is not obeyed.
                if message.exposure_us.is_finite() && message.gain_db.is_finite() {
                    let exposure_us = message.exposure_us.clamp(EXPOSURE_RANGE_US.0, EXPOSURE_RANGE_US.1);
                    let gain_db = message.gain_db.clamp(GAIN_RANGE_DB.0, GAIN_RANGE_DB.1);
                    in_force = (exposure_us, gain_db);
                }
            }
        }
    }
    in_force
}
