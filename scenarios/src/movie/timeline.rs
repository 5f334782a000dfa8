//! What a movie shows and for how long: a pure plan of its pictures, without a pixel of them.
//!
//! A *moment* is a simulated time at which one camera or several exposed. It gives two pictures where there is time for
//! two: the frames with what is true of them, then what the stack saw in them. After the last moment comes the outcome.
use std::collections::BTreeMap;

use laneproof_exchange::truth::BoxPx;

use super::{
    Pace,
    pace::{self, END_S},
    view::View,
};
use crate::{
    run::record::{EncounterRecord, ExposureRecord},
    scenario::ValidationRule,
};

/// What a colour says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tone {
    /// True, and of an occupant.
    Truth,
    /// True, and of somebody in another vehicle.
    Other,
    /// The stack sees a face; of an outcome: captured, but not matched.
    Seen,
    /// Of an outcome: captured, and in no gallery.
    NotEnrolled,
    /// Claimed by the stack and verified; of an outcome: matched too.
    Good,
    /// Claimed by the stack, and wrong: not verified, nobody's, or a false match; of an outcome: lost.
    Wrong,
}

/// How far the stack has come with an occupant; it never goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Not seen so far.
    Unseen,
    /// Seen.
    Detected,
    /// Claimed as a valid capture, and not verified so far.
    Claimed,
    /// Claimed and verified.
    Verified,
}

/// A box on a frame.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// Where, pixels of the frame as the camera made it.
    pub box_px: BoxPx,
    /// Colour of the box.
    pub tone: Tone,
    /// What stands beside it, and in which colour.
    pub label: Option<(String, Tone)>,
}

/// What one camera shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Tile {
    /// The frame's file, relative to the run folder.
    pub frame: String,
    /// How long ago it was exposed, microseconds of simulated time; 0 in the moment itself, and where the outcome is shown.
    pub age_us: u64,
    /// Boxes, those beneath first.
    pub marks: Vec<Mark>,
}

/// A face to cut out of a frame.
#[derive(Debug, Clone, PartialEq)]
pub struct Portrait {
    /// The frame's file, relative to the run folder.
    pub frame: String,
    /// The face, pixels of the frame.
    pub box_px: BoxPx,
}

/// One occupant, as far as the movie has come with them.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    /// "2-left".
    pub seat: String,
    /// Age and what they do.
    pub about: String,
    /// How far the stack has come.
    pub stage: Stage,
    /// Their face: the shot that was claimed; at the end the best there is.
    pub portrait: Option<Portrait>,
    /// What became of them: colour and words; only at the end.
    pub outcome: Option<(Tone, String)>,
}

/// What a picture shows of the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Frames and truth.
    Exposed,
    /// And what the stack saw in them.
    Looked,
    /// What became of everybody.
    Outcome,
}

/// One picture of the movie.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// Simulated time, microseconds since the encounter began.
    pub at_us: u64,
    /// Speed of the vehicle, metres per second.
    pub speed_mps: f32,
    /// How long it is shown, milliseconds; a multiple of 10, as GIF counts.
    pub hold_ms: u32,
    /// What it shows of the moment.
    pub step: Step,
    /// Which moment, from 0.
    pub moment: usize,
    /// One a camera, in the timeline's order; nothing before its first exposure.
    pub tiles: Vec<Option<Tile>>,
    /// One an occupant, in the record's order.
    pub people: Vec<Person>,
}

/// A whole movie.
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    /// Cameras in the order of their first exposures.
    pub cameras: Vec<String>,
    /// Times of the moments, microseconds since the encounter began.
    pub moments_us: Vec<u64>,
    /// How fast it is played.
    pub pace: Pace,
    /// Pictures in the order of time.
    pub pictures: Vec<Picture>,
}

impl Timeline {
    /// How long the movie lasts, milliseconds.
    pub fn duration_ms(&self) -> u64 {
        self.pictures.iter().map(|p| u64::from(p.hold_ms)).sum()
    }
}

/// Plans the movie of an encounter; nothing where the encounter failed or no camera exposed. `speed` is simulated time over
/// time on the screen; without it, one is chosen that gives 6 to 10 s.
pub fn plan(record: &EncounterRecord, rule: &ValidationRule, speed: Option<f32>) -> Option<Timeline> {
    let seen = record.seen()?;
    let mut exposures: Vec<&ExposureRecord> = seen.exposures.iter().collect();
    exposures.sort_by_key(|e| (e.truth.mid_exposure_us, e.truth.exposure_id));
    let mut cameras: Vec<String> = Vec::new();
    for e in &exposures {
        if !cameras.contains(&e.truth.camera_id) {
            cameras.push(e.truth.camera_id.clone());
        }
    }
    let moments: Vec<&[&ExposureRecord]> =
        exposures.chunk_by(|a, b| a.truth.mid_exposure_us == b.truth.mid_exposure_us).collect();
    let moments_us: Vec<u64> = moments.iter().map(|m| m[0].truth.mid_exposure_us).collect();
    moments_us.first()?;
    let (pace, holds) = pace::holds(&moments_us, speed);

    let view = View::new(record, rule)?;
    let mut people = view.people();
    let mut last: BTreeMap<&str, &ExposureRecord> = BTreeMap::new();
    let mut pictures = Vec::new();
    for (moment, (exposed, hold_ms)) in moments.iter().zip(holds).enumerate() {
        last.extend(exposed.iter().map(|e| (e.truth.camera_id.as_str(), *e)));
        let mut push = |step: Step, hold_ms: u32, people: &[Person]| {
            let at_us = moments_us[moment];
            let tile = |camera: &String| {
                let e = last.get(camera.as_str())?;
                let age_us = at_us - e.truth.mid_exposure_us;
                let step = if age_us > 0 && step == Step::Exposed { Step::Looked } else { step };
                let age_us = if step == Step::Outcome { 0 } else { age_us };
                Some(Tile { frame: e.frame.clone(), age_us, marks: view.marks(&e.truth, step) })
            };
            pictures.push(Picture {
                at_us,
                speed_mps: exposed[0].truth.speed_mps,
                hold_ms,
                step,
                moment,
                tiles: cameras.iter().map(tile).collect(),
                people: people.to_vec(),
            });
        };
        let truth_ms = pace::truth_ms(hold_ms);
        if truth_ms > 0 {
            push(Step::Exposed, truth_ms, &people);
        }
        exposed.iter().for_each(|e| view.advance(&mut people, e));
        push(Step::Looked, hold_ms - truth_ms, &people);
        if moment + 1 == moments.len() {
            view.conclude(&mut people);
            push(Step::Outcome, (END_S * 1000.0) as u32, &people);
        }
    }
    Some(Timeline { cameras, moments_us, pace, pictures })
}
