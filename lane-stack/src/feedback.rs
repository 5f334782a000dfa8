//! What a stack asks for while an encounter runs: more exposures of somebody, or no more at all.
//!
//! Both are told from the frames so far and from nothing else, by the same persons that the decision would name if the
//! encounter ended now. Both are off unless `stack.toml` has them: `[early_stop]` and `[need_more]`.
use crate::client::{BestShot, Detection, Enough, NeedMore, NextTrigger, Person, Quiet, Secured};
use crate::config::QualityRule;
use serde::Deserialize;
use std::collections::BTreeSet;

/// When a stack says that it has seen enough of a vehicle. The numbers are the operator's: each exposure that is not
/// taken is one that could have shown somebody who hid before.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EarlyStop {
    /// Shots of each person that keep the quality rule, at least; all cameras together.
    pub min_shots: u32,
    /// Exposures of each camera since the newest person was first seen, at least.
    pub quiet_exposures: u32,
    /// Who has no good shot, no place in the vehicle, and no detector score as high as this is not waited for, 0..1: a
    /// head-rest that looked like a face once. 0 waits for everything that was ever detected.
    pub face_score: f32,
}

impl Default for EarlyStop {
    /// Assumption: two shots bear out each other, and somebody behind a pillar or a head comes into view within two
    /// exposures. The score is that from which the default quality rule takes a face for one.
    fn default() -> Self {
        Self { min_shots: 2, quiet_exposures: 2, face_score: 0.6 }
    }
}

impl std::fmt::Display for EarlyStop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { min_shots, quiet_exposures, face_score } = self;
        write!(
            f,
            "at {min_shots} shots of everybody (face score {face_score}), {quiet_exposures} exposures of each camera after \
             the newest"
        )
    }
}

impl EarlyStop {
    /// What is impossible about it, in words.
    pub(crate) fn check(&self) -> Result<(), String> {
        match self {
            Self { min_shots: 0, .. } => Err("min_shots = 0 in [early_stop] must be at least 1".to_string()),
            Self { face_score, .. } if !(0.0..=1.0).contains(face_score) => {
                Err(format!("face_score = {face_score} in [early_stop] must be from 0 to 1"))
            }
            _ => Ok(()),
        }
    }
}

/// When a stack asks for more exposures of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MoreWanted {
    /// Of whom there are fewer shots that keep the quality rule, more are wanted.
    pub min_shots: u32,
    /// How long after a frame the camera should expose again, microseconds; the lane's choice when left out.
    pub next_trigger_us: Option<u64>,
}

impl Default for MoreWanted {
    fn default() -> Self {
        Self { min_shots: 1, next_trigger_us: None }
    }
}

impl std::fmt::Display for MoreWanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "under {} shots of somebody", self.min_shots)?;
        self.next_trigger_us.map_or(Ok(()), |us| write!(f, ", {us} µs after the frame"))
    }
}

impl MoreWanted {
    /// What is impossible about it, in words.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.min_shots > 0 { Ok(()) } else { Err("min_shots = 0 in [need_more] must be at least 1".to_string()) }
    }
}

/// A frame that was followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Followed {
    pub exposure_id: u64,
    pub camera_id: String,
}

/// An encounter as it would be decided now.
pub(crate) struct SoFar<'a> {
    /// In their order.
    pub frames: &'a [Followed],
    /// Cameras that are installed, whether or not they have sent a frame.
    pub cameras: BTreeSet<&'a str>,
    pub detections: &'a [Detection],
    pub best_shots: &'a [BestShot],
    pub persons: &'a [Person],
    pub rule: &'a QualityRule,
}

impl SoFar<'_> {
    fn detections_of<'a>(&'a self, person: &'a Person) -> impl Iterator<Item = &'a Detection> {
        self.detections.iter().filter(|d| person.track_ids.contains(&d.track_id))
    }

    fn valid_shots(&self, person: &Person) -> u32 {
        self.detections_of(person).filter(|d| self.rule.check(d.score, &d.quality).is_ok()).count() as u32
    }

    fn best_shot(&self, person: &Person) -> Option<&BestShot> {
        self.best_shots.get(person.best_shot as usize)
    }

    /// Whether a person has to be photographed. Who is plainly not in the vehicle need not; of whom one camera alone has a
    /// bad shot, nobody can say that yet.
    fn counts(&self, person: &Person) -> bool {
        let valid = self.best_shot(person).is_some_and(|shot| shot.valid);
        person.occupant || (person.position_m.is_none() && !valid)
    }

    /// Place of the frame in which a person was first seen.
    fn first_seen(&self, person: &Person) -> Option<usize> {
        self.detections_of(person).filter_map(|d| self.frames.iter().position(|f| f.exposure_id == d.exposure_id)).min()
    }

    /// Exposures of each camera after this place, in the order of the cameras' names.
    fn quiet_since(&self, place: usize) -> Vec<Quiet> {
        let senders = self.frames.iter().map(|f| f.camera_id.as_str());
        let cameras: BTreeSet<&str> = self.cameras.iter().copied().chain(senders).collect();
        let after = |camera: &str| self.frames[place + 1..].iter().filter(|f| f.camera_id == camera).count() as u32;
        cameras.into_iter().map(|c| Quiet { camera_id: c.to_string(), exposures: after(c) }).collect()
    }
}

impl EarlyStop {
    /// Whether enough has been seen, with the evidence. Of an empty vehicle never: somebody drives it.
    pub(crate) fn enough(&self, so_far: &SoFar<'_>) -> Option<Enough> {
        let face = |p: &Person| p.occupant || so_far.detections_of(p).any(|d| d.score >= self.face_score);
        let counted: Vec<&Person> = so_far.persons.iter().filter(|p| so_far.counts(p) && face(p)).collect();
        let newest = counted.iter().filter_map(|p| so_far.first_seen(p)).max()?;
        let quiet = so_far.quiet_since(newest);
        if quiet.iter().any(|camera| camera.exposures < self.quiet_exposures) {
            return None;
        }
        let secured = |person: &&Person| {
            let shot = so_far.best_shot(person).filter(|shot| shot.valid)?;
            let valid_shots = so_far.valid_shots(person);
            (valid_shots >= self.min_shots).then(|| Secured {
                seat: person.seat,
                camera_id: shot.detection.camera_id.clone(),
                exposure_id: shot.detection.exposure_id,
                overall: shot.detection.quality.overall,
                valid_shots,
            })
        };
        let persons: Option<Vec<Secured>> = counted.iter().map(secured).collect();
        Some(Enough { persons: persons?, quiet })
    }
}

impl MoreWanted {
    /// Of whom more is wanted after the newest frame: of those it shows, whom its camera has seen best so far, and of whom
    /// there are too few shots. And when, where the rule says so.
    pub(crate) fn ask(&self, so_far: &SoFar<'_>) -> (Vec<NeedMore>, Vec<NextTrigger>) {
        let Some(newest) = so_far.frames.last() else { return Default::default() };
        let asked = so_far.persons.iter().filter(|p| so_far.counts(p)).filter_map(|person| {
            let shot = so_far.best_shot(person)?;
            let shown = so_far.detections_of(person).any(|d| d.exposure_id == newest.exposure_id);
            let shots = so_far.valid_shots(person);
            (shown && shot.detection.camera_id == newest.camera_id && shots < self.min_shots).then(|| NeedMore {
                camera_id: newest.camera_id.clone(),
                seat: person.seat,
                reason: if shot.valid {
                    format!("{shots} of {} shots keep the quality rule", self.min_shots)
                } else {
                    shot.reason.clone()
                },
            })
        });
        let asked: Vec<NeedMore> = asked.collect();
        let when = self.next_trigger_us.filter(|_| !asked.is_empty());
        let when = when.map(|after_us| NextTrigger { camera_id: newest.camera_id.clone(), after_us });
        (asked, when.into_iter().collect())
    }
}

#[cfg(test)]
mod tests;
