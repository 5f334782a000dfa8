//! A run seen again: its kept frames and truth in place of a simulator, so that another stack is shown what the first one saw
//! in the time that it takes to look.
//!
//! The loop stays closed: a stack that steers the cameras otherwise than the first did would have had other frames. Such an
//! encounter fails with the exposure that differs, and must be simulated.
use std::path::Path;

use lane_stack::client::{Frame, FrameEncoding};
use laneproof_exchange::{encounter::EncounterPlan, ideal::Counterfactual};
use laneproof_scenes::{catalogue::Trigger, document::DocumentKind, people::Identity};

use super::{
    error::RunError,
    folder::RunFolder,
    record::{EncounterRecord, ExposureRecord, Seen},
    world::{ExposeRequest, Exposed, PortraitJpeg, StepTimings, World, WorldError},
};
use crate::score::summary::{Head, Summary};

/// A finished run in place of a simulator.
pub struct ReplayWorld {
    folder: RunFolder,
    head: Head,
}

/// An encounter of the run.
pub struct Replayed {
    seen: Seen,
    /// Of each camera: when each of its triggers fired.
    fired: Vec<Vec<(Trigger, Option<u64>)>>,
    /// Of each camera: whether it has an exposure control of its own.
    own_control: Vec<bool>,
}

impl ReplayWorld {
    /// Opens a run folder; nothing where it holds no finished run.
    pub fn open(folder: &Path) -> Result<Option<Self>, RunError> {
        let folder = RunFolder::new(folder);
        let summary: Option<Summary> = folder.read_json("summary.json")?;
        Ok(summary.map(|summary| Self { folder, head: summary.head }))
    }

    /// What made the run.
    pub fn head(&self) -> &Head {
        &self.head
    }

    fn kept(&self, name: &str) -> Result<Vec<u8>, WorldError> {
        let bytes = self.folder.read(name).map_err(|e| WorldError::Encounter(e.to_string()))?;
        bytes.ok_or_else(|| WorldError::Encounter(format!("{} is gone", self.folder.path(name).display())))
    }
}

/// When the triggers of a camera fired: those that did are its exposures in their order.
fn fired(plan: &EncounterPlan, seen: &Seen, camera_index: usize) -> Vec<(Trigger, Option<u64>)> {
    let camera = &plan.rig.cameras[camera_index];
    let of_camera = seen.exposures.iter().filter(|e| e.truth.camera_id == camera.id && !e.extra);
    let mut times = of_camera.map(|e| e.truth.mid_exposure_us);
    let missed = |i: usize| seen.missed_triggers.iter().any(|(id, trigger)| *id == camera.id && *trigger == i);
    // Whichever trigger a time is given to, the loop orders exposures by time.
    let triggers = camera.triggers.iter().enumerate();
    triggers.map(|(i, trigger)| (*trigger, if missed(i) { None } else { times.next() })).collect()
}

impl World for ReplayWorld {
    type Staged = Replayed;

    fn describe(&self) -> Vec<(String, String)> {
        let frames = ("frames".to_owned(), "of a run before, shown again".to_owned());
        self.head.world.iter().filter(|(what, _)| what != "frames").cloned().chain([frames]).collect()
    }

    fn portrait(
        &mut self,
        _identity: &Identity,
        _document: DocumentKind,
        reference_id: &str,
    ) -> Result<PortraitJpeg, WorldError> {
        self.kept(&format!("portraits/{reference_id}.jpg")).map(PortraitJpeg)
    }

    fn stage(&mut self, plan: &EncounterPlan) -> Result<Replayed, WorldError> {
        let name = RunFolder::encounter_name(plan.encounter);
        let record: Option<EncounterRecord> =
            self.folder.read_json(&name).map_err(|e| WorldError::Encounter(e.to_string()))?;
        let record = record.ok_or_else(|| WorldError::Encounter("the run before did not come to it".to_owned()))?;
        let Some(seen) = record.seen().cloned() else {
            return Err(WorldError::Encounter("it failed in the run before".to_owned()));
        };
        if let Some(camera) = plan.rig.cameras.iter().find(|camera| camera.jpeg_quality.is_none()) {
            let reason =
                format!("camera {} sends no JPEG files, and what was kept of it is not what it sent", camera.id);
            return Err(WorldError::Encounter(reason));
        }
        if seen.stopped.is_some() {
            let reason =
                "the stack of the run before had enough early: what it did not take cannot be shown, simulate the run";
            return Err(WorldError::Encounter(reason.to_owned()));
        }
        let cameras = 0..plan.rig.cameras.len();
        Ok(Replayed {
            fired: cameras.map(|index| fired(plan, &seen, index)).collect(),
            own_control: plan.rig.cameras.iter().map(|camera| camera.exposure_control.is_some()).collect(),
            seen,
        })
    }

    fn trigger_time_us(&self, staged: &Replayed, camera_index: usize, trigger: Trigger) -> Option<u64> {
        staged.fired[camera_index].iter().find(|(asked, _)| *asked == trigger)?.1
    }

    fn expose(&mut self, staged: &Replayed, request: &ExposeRequest) -> Result<Exposed, WorldError> {
        let exposures = &staged.seen.exposures;
        let found = exposures.iter().position(|e| e.truth.exposure_id == request.exposure_id);
        let Some(at) = found.filter(|at| is_asked_for(&exposures[*at], request)) else {
            return Err(WorldError::Encounter(format!(
                "the stack asks for {} µs and {} dB at exposure {}, which the run before did not make: its frames cannot be \
                 shown again, simulate the run",
                request.exposure_us, request.gain_db, request.exposure_id
            )));
        };
        let record = &exposures[at];
        let next = exposures[at + 1..].iter().find(|e| e.truth.camera_id == record.truth.camera_id);
        let own = next.filter(|_| staged.own_control[request.camera_index]);
        Ok(Exposed {
            frame: Frame {
                exposure_id: request.exposure_id,
                camera_id: record.truth.camera_id.clone(),
                mid_exposure_us: request.mid_exposure_us,
                exposure_us: request.exposure_us,
                gain_db: request.gain_db,
                encoding: FrameEncoding::Jpeg,
                bytes: self.kept(&record.frame)?,
            },
            truth: record.truth.clone(),
            timings: StepTimings::default(),
            cross_check_differs: record.cross_check_differs,
            own_settings: own.map(|next| (next.truth.exposure_us, next.gain_db)),
        })
    }

    fn expose_ideal(
        &mut self,
        _staged: &Replayed,
        _request: &ExposeRequest,
        _ideal: &Counterfactual,
    ) -> Result<Exposed, WorldError> {
        Err(WorldError::Encounter("kept frames cannot be made again".to_owned()))
    }
}

fn is_asked_for(record: &ExposureRecord, request: &ExposeRequest) -> bool {
    let truth = &record.truth;
    truth.mid_exposure_us == request.mid_exposure_us
        && truth.exposure_us == request.exposure_us
        && record.gain_db == request.gain_db
}
