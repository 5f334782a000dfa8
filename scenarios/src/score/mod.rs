//! Scores what a stack decided against the truth.
//!
//! **Who is it.** A detection belongs to the person whose projected face box has the largest intersection over union
//! with it, of those whose overlap is at least [`MIN_IOU`] and whose face is visible to at least
//! [`MIN_VISIBLE_SHARE`] there; else it is nobody's. The person may sit in another vehicle of the lane.
//!
//! **Cross-vehicle errors.** A best shot that the stack claims as valid and that belongs to somebody in another vehicle:
//! the stack takes that face for one of this vehicle. They are counted by themselves ([`CrossVehicle`]), with whom they were
//! matched to, and are neither nobody's nor among the [`Shots`].
//!
//! **Verified capture.** A best shot that the stack claims as valid, that belongs to the occupant, and whose frame and
//! truth meet the scenario's validation rule ([`cause::passes`]), whatever the stack says about its quality.
//!
//! **Outcome.** Exactly one an occupant: captured and matched, captured but not matched, captured but not enrolled, or
//! lost. A lost occupant's cause is the first rung of the ladder in [`cause`] on which their best exposure fails.
use std::collections::{BTreeMap, BTreeSet};

use lane_stack::client::{BestShot, Candidate, Detection, FILLER_PREFIX};
use laneproof_exchange::truth::{BoxPx, DecoyTruth, ExposureTruth, FaceTruth, OtherFace};
use laneproof_scenes::{decoy::DecoyKind, vehicle::ChildSeat};
use serde::{Deserialize, Serialize};

use crate::{
    run::record::{Conditions, EncounterRecord, ExposureRecord, OccupantRecord, Seen},
    scenario::{ValidationRule, factor::FactorValue},
};

pub mod cause;
pub mod margins;
mod open_set;
mod other_vehicles;
mod persons;
pub mod rule;
mod stage;
pub mod summary;
#[cfg(test)]
mod tests;

pub use cause::Cause;
pub use open_set::{GallerySize, OpenSetGroup, OpenSetSummary};
pub use other_vehicles::{CrossVehicle, OtherOccupantScore, OtherVehicleScore};
pub use persons::{PersonsSummary, PersonsTold};
pub use stage::Stage;

/// Least overlap of a detection with a face's projected box.
pub const MIN_IOU: f32 = 0.3;
/// Least visible share of a face that a detection can belong to.
pub const MIN_VISIBLE_SHARE: f32 = 0.2;

/// Least share of a decoy's box that must show it; a head fills some 60 % of its box, so this is a sixth of one.
pub const MIN_DECOY_SHARE: f32 = 0.1;

/// What became of an occupant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Verified capture, matched to their own reference.
    Matched,
    /// Verified capture, enrolled, but matched to nobody or to somebody else.
    NotMatched,
    /// Verified capture of somebody who has no reference.
    NotEnrolled,
    /// No verified capture.
    Lost,
}

impl Outcome {
    /// Whether there is a verified capture.
    pub fn is_captured(self) -> bool {
        self != Outcome::Lost
    }

    /// For reports.
    pub fn label(self) -> &'static str {
        match self {
            Outcome::Matched => "captured and matched",
            Outcome::NotMatched => "captured, not matched",
            Outcome::NotEnrolled => "captured, not enrolled",
            Outcome::Lost => "lost",
        }
    }
}

/// One occupant's result: a row of the ledger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OccupantScore {
    /// Encounter.
    pub encounter: u64,
    /// Index in the encounter.
    pub occupant: u8,
    /// Vehicle model.
    pub vehicle: String,
    /// Under what the vehicle came through.
    pub conditions: Conditions,
    /// Who.
    pub who: OccupantRecord,
    /// What became of them.
    pub outcome: Outcome,
    /// What lost them; `None` unless lost.
    pub cause: Option<Cause>,
    /// Cameras with a verified shot of theirs, each once, in the order of their ids.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub captured_by: BTreeSet<String>,
    /// Whether the stack claims a valid shot that belongs to them.
    pub claimed: bool,
    /// A claimed shot of theirs fails the testbed's rule and none passes.
    pub over_claimed: bool,
    /// A best shot of theirs passes the testbed's rule, but the stack claims none.
    pub under_claimed: bool,
    /// Whether any detection in any frame belongs to them.
    pub detected: bool,
    /// Reference of somebody else that a claimed shot of theirs was matched to.
    pub false_match: Option<String>,
    /// Whether a claimed shot of theirs was matched to a filler of the gallery.
    pub filler_match: bool,
    /// Whether a claimed shot of theirs was matched to themselves.
    pub self_match: bool,
    /// Similarity of the best claimed shot's first candidate.
    pub similarity: Option<f32>,
    /// Similarity of the own reference in the search that counts; `None` without a search, without a reference, and where the
    /// reference is below the tenth candidate: what is not told is never found. Every claimed shot is a search; of an occupant
    /// with a reference the one counts in which it comes first, else in which it is nearest, else whose first candidate is; of
    /// one without, the one whose first candidate is nearest.
    pub own_similarity: Option<f32>,
    /// Similarity of the best other reference there.
    pub other_similarity: Option<f32>,
    /// Rank-1 identification: whether, of the best shots that belong to them, the one that the stack itself ranks highest
    /// has their own reference as its first candidate; a person without any shot is missed. Whether the stack calls the
    /// shot valid does not matter. `None` where it is not asked for: without a reference, or without an exposure that
    /// [`rule::is_to_be_identified`].
    pub rank_1: Option<bool>,
    /// The exposure that the ladder was read on, with the face's truth there; `None` when no camera exposed.
    pub best: Option<BestExposure>,
    /// The stack's box there or, without one, in the shot that counts.
    pub shot: Option<Shot>,
    /// Whether the face is, in some exposure, plainly there: see [`rule::is_plain_face`].
    pub plain: bool,
    /// Whether it is detected in one of those exposures.
    pub plain_detected: bool,
}

impl OccupantScore {
    /// Why they are not matched, for people: the cause of a loss, whom they were matched to; empty where they are matched.
    pub fn reason(&self) -> String {
        match (self.outcome, self.cause, &self.false_match) {
            (Outcome::Lost, Some(cause), _) => cause.label().to_owned(),
            (Outcome::NotMatched, _, Some(other)) => format!("matched to {other}"),
            (Outcome::NotMatched, _, None) => "below the stack's threshold".to_owned(),
            (Outcome::NotEnrolled, ..) => "no reference in the gallery".to_owned(),
            _ => String::new(),
        }
    }
}

/// The occupant's best exposure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BestExposure {
    /// Exposure.
    pub exposure_id: u64,
    /// Camera.
    pub camera_id: String,
    /// Frame file.
    pub frame: String,
    /// The face there.
    pub face: FaceTruth,
}

/// The stack's shot of an occupant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shot {
    /// Exposure.
    pub exposure_id: u64,
    /// Frame file.
    pub frame: String,
    /// The stack's box, pixels.
    pub box_px: BoxPx,
    /// Whether the stack claims it as valid.
    pub valid: bool,
    /// Whether the testbed verifies it.
    pub verified: bool,
}

/// A scored encounter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EncounterScore {
    /// Encounter.
    pub encounter: u64,
    /// Vehicle model.
    pub vehicle: String,
    /// For how many encounters it counts, see [`Sampled`](crate::plan::sampled::Sampled).
    pub weight: f64,
    /// Values of the scenario's factors.
    pub factors: Vec<FactorValue>,
    /// One a person.
    pub occupants: Vec<OccupantScore>,
    /// By camera, in the order in which they first exposed: faces of occupants that its exposures show.
    pub faces: Vec<CameraFaces>,
    /// Best shots by claim and verdict.
    pub shots: Shots,
    /// Detections in all frames.
    pub detections: u64,
    /// Detections that are nobody's face.
    pub nobodys_detections: u64,
    /// Detections of decoys (part of `nobodys_detections`).
    pub decoy_detections: u64,
    /// Decoys of the encounter that some exposure shows.
    pub decoys: Vec<DecoyScore>,
    /// The other vehicles in the lane, and what the stack made of those in them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<OtherVehicleScore>,
    /// How the stack told persons apart; `None` from one that does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub persons: Option<PersonsTold>,
}

/// What one camera's exposures of an encounter show, and what the stack found in them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CameraFaces {
    /// Camera.
    pub camera_id: String,
    /// Faces of occupants that are visible to [`MIN_VISIBLE_SHARE`], each in every exposure that shows it.
    pub visible: u64,
    /// Those of them that a detection in that exposure belongs to.
    pub detected: u64,
    /// Occupants of whom a verified shot is this camera's.
    pub captured: u64,
}

/// What a stack made of a decoy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecoyScore {
    /// Index in the encounter.
    pub decoy: u8,
    /// What it is.
    pub kind: DecoyKind,
    /// Whether a detection in any frame is of it.
    pub detected: bool,
    /// Whether the stack claims it as an occupant.
    pub taken: bool,
}

/// Best shots of occupants and of nobody, counted by what the stack claims and what the testbed finds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shots {
    /// Claimed and verified.
    pub claimed_verified: u64,
    /// Claimed, but nobody's face or short of the rule: over-claims.
    pub claimed_only: u64,
    /// Not claimed, though it passes the rule: under-claims.
    pub verified_only: u64,
    /// Neither.
    pub neither: u64,
    /// Claimed shots that are nobody's face (part of `claimed_only`).
    pub nobodys_claimed: u64,
    /// Claimed shots of decoys (part of `nobodys_claimed`).
    pub decoys_claimed: u64,
    /// Claimed shots matched to a reference that is not the person's, nobody's faces included.
    pub false_matches: u64,
}

/// Whose face a detection shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owner {
    /// An occupant of the encounter's own vehicle, by index.
    Occupant(u8),
    /// Somebody in another vehicle, both by index.
    Other {
        /// The vehicle.
        vehicle: u8,
        /// The person in it.
        occupant: u8,
    },
    /// Nobody's.
    Nobody,
}

impl Owner {
    /// The occupant of the encounter's own vehicle.
    pub fn occupant(self) -> Option<u8> {
        match self {
            Self::Occupant(occupant) => Some(occupant),
            Self::Other { .. } | Self::Nobody => None,
        }
    }
}

/// The person that a detection belongs to, of the encounter's own and of those in other vehicles.
pub fn assign(detection_box: &BoxPx, faces: &[FaceTruth], others: &[OtherFace]) -> Owner {
    let own = faces.iter().map(|face| (Owner::Occupant(face.occupant), face));
    let others = others
        .iter()
        .map(|OtherFace { vehicle, face }| (Owner::Other { vehicle: *vehicle, occupant: face.occupant }, face));
    own.chain(others)
        .filter(|(_, face)| face.visible_share >= MIN_VISIBLE_SHARE)
        .map(|(owner, face)| (face.face_box_px.iou(detection_box), owner))
        .filter(|(iou, _)| *iou >= MIN_IOU)
        // Equal overlaps go to the first occupant, so that the order of a list decides, not chance.
        .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)))
        .map_or(Owner::Nobody, |(_, owner)| owner)
}

/// The decoy that a detection shows, where it shows nobody's face: that whose box it overlaps most, of those whose overlap
/// is at least [`MIN_IOU`] and that show in at least [`MIN_DECOY_SHARE`] of their box.
pub fn assign_decoy(detection_box: &BoxPx, decoys: &[DecoyTruth]) -> Option<u8> {
    decoys
        .iter()
        .filter(|decoy| decoy.visible_share >= MIN_DECOY_SHARE)
        .map(|decoy| (decoy.box_px.iou(detection_box), decoy.decoy))
        .filter(|(iou, _)| *iou >= MIN_IOU)
        .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)))
        .map(|(_, decoy)| decoy)
}

fn box_of(detection: &Detection) -> BoxPx {
    let [x0, y0, x1, y1] = detection.box_px;
    BoxPx { x0, y0, x1, y1 }
}

/// The truth of the exposure that a detection was made in; none for one that does not exist or another camera's.
fn truth_at<'s>(seen: &'s Seen, detection: &Detection) -> Option<&'s ExposureTruth> {
    let exposure = seen.exposures.iter().find(|e| e.truth.exposure_id == detection.exposure_id)?;
    (exposure.truth.camera_id == detection.camera_id).then_some(&exposure.truth)
}

/// Whose face a detection shows in the exposure that it was made in.
pub(crate) fn owner_of(seen: &Seen, detection: &Detection) -> Owner {
    truth_at(seen, detection).map_or(Owner::Nobody, |truth| assign(&box_of(detection), &truth.faces, &truth.others))
}

/// The decoy that a detection shows; `None` where it shows a person.
fn decoy_of(seen: &Seen, detection: &Detection, owner: Owner) -> Option<u8> {
    let truth = truth_at(seen, detection).filter(|_| owner == Owner::Nobody)?;
    assign_decoy(&box_of(detection), &truth.decoys)
}

/// A best shot with the testbed's view of it.
pub(crate) struct Judged<'a> {
    pub shot: &'a BestShot,
    pub owner: Owner,
    pub decoy: Option<u8>,
    pub verified: bool,
}

impl Judged<'_> {
    /// Whether it is claimed and matched to a reference that is not the person's.
    pub fn is_false_match(&self, record: &EncounterRecord) -> bool {
        let own = self.owner.occupant().and_then(|o| record.occupants.get(usize::from(o))?.reference_id.as_ref());
        self.shot.valid && self.shot.matched.is_some() && self.shot.matched.as_ref() != own
    }
}

/// The testbed's view of all best shots, in the stack's order.
pub(crate) fn judge<'a>(seen: &'a Seen, rule: &ValidationRule) -> Vec<Judged<'a>> {
    let judged = |shot: &'a BestShot| {
        let owner = owner_of(seen, &shot.detection);
        let truth = truth_at(seen, &shot.detection);
        let face = owner.occupant().and_then(|o| truth?.faces.iter().find(|f| f.occupant == o));
        let decoy = decoy_of(seen, &shot.detection, owner);
        Judged { shot, owner, decoy, verified: face.is_some_and(|f| cause::passes(f, rule)) }
    };
    seen.decisions.best_shots.iter().map(judged).collect()
}

/// Scores one encounter; `None` when it failed.
pub fn score(record: &EncounterRecord, rule: &ValidationRule) -> Option<EncounterScore> {
    let seen = record.seen()?;
    let judged = judge(seen, rule);
    let owners: Vec<Owner> = seen.decisions.detections.iter().map(|detection| owner_of(seen, detection)).collect();

    let detected_decoys: Vec<u8> = seen
        .decisions
        .detections
        .iter()
        .zip(&owners)
        .filter_map(|(detection, owner)| decoy_of(seen, detection, *owner))
        .collect();

    let mut shots = Shots::default();
    let of_this_vehicle = |j: &&Judged<'_>| !matches!(j.owner, Owner::Other { .. });
    for j in judged.iter().filter(of_this_vehicle) {
        match (j.shot.valid, j.verified) {
            (true, true) => shots.claimed_verified += 1,
            (true, false) => shots.claimed_only += 1,
            (false, true) => shots.verified_only += 1,
            (false, false) => shots.neither += 1,
        }
        shots.nobodys_claimed += u64::from(j.shot.valid && j.owner == Owner::Nobody);
        shots.decoys_claimed += u64::from(j.shot.valid && j.decoy.is_some());
        shots.false_matches += u64::from(j.is_false_match(record));
    }
    let occupants = (0..record.occupants.len()).map(|o| score_occupant(record, seen, rule, o as u8, &judged, &owners));
    Some(EncounterScore {
        encounter: record.encounter,
        vehicle: record.vehicle.clone(),
        weight: 1.0,
        factors: record.factors.clone(),
        occupants: occupants.collect(),
        faces: camera_faces(seen, &judged, &owners),
        shots,
        detections: owners.len() as u64,
        decoy_detections: detected_decoys.len() as u64,
        decoys: decoys(seen, &judged, &detected_decoys),
        nobodys_detections: owners.iter().filter(|owner| **owner == Owner::Nobody).count() as u64,
        others: other_vehicles::score(record, seen, &judged, &owners),
        persons: persons::told(&record.occupants, &seen.decisions, &owners),
    })
}

/// What each camera shows and what was found there.
fn camera_faces(seen: &Seen, judged: &[Judged<'_>], owners: &[Owner]) -> Vec<CameraFaces> {
    let found: BTreeSet<(u64, Owner)> = seen
        .decisions
        .detections
        .iter()
        .zip(owners)
        .map(|(detection, owner)| (detection.exposure_id, *owner))
        .collect();
    let mut cameras: Vec<CameraFaces> = Vec::new();
    for ExposureRecord { truth, .. } in &seen.exposures {
        let at = cameras.iter().position(|camera| camera.camera_id == truth.camera_id).unwrap_or_else(|| {
            let of_camera = judged.iter().filter(|j| j.shot.valid && j.verified);
            let of_camera = of_camera.filter(|j| j.shot.detection.camera_id == truth.camera_id);
            let captured: BTreeSet<Owner> = of_camera.map(|j| j.owner).collect();
            cameras.push(CameraFaces {
                camera_id: truth.camera_id.clone(),
                visible: 0,
                detected: 0,
                captured: captured.len() as u64,
            });
            cameras.len() - 1
        });
        for face in truth.faces.iter().filter(|face| face.visible_share >= MIN_VISIBLE_SHARE) {
            cameras[at].visible += 1;
            let detected = found.contains(&(truth.exposure_id, Owner::Occupant(face.occupant)));
            cameras[at].detected += u64::from(detected);
        }
    }
    cameras
}

/// The decoys that some exposure shows, each once.
fn decoys(seen: &Seen, judged: &[Judged<'_>], detected: &[u8]) -> Vec<DecoyScore> {
    let shown: BTreeMap<u8, DecoyKind> =
        seen.exposures.iter().flat_map(|e| &e.truth.decoys).map(|d| (d.decoy, d.kind)).collect();
    let claimed = |decoy: u8| judged.iter().any(|j| j.shot.valid && j.decoy == Some(decoy));
    shown
        .into_iter()
        .map(|(decoy, kind)| DecoyScore { decoy, kind, detected: detected.contains(&decoy), taken: claimed(decoy) })
        .collect()
}

/// Similarities of the own and of the best other reference in the search that counts, see [`OccupantScore::own_similarity`].
fn search<'c>(searches: impl Iterator<Item = &'c [Candidate]>, own: Option<&str>) -> (Option<f32>, Option<f32>) {
    let is_own = |candidate: &&Candidate| own == Some(candidate.reference_id.as_str());
    let both = searches.map(|candidates| {
        let leads = candidates.first().is_some_and(|first| is_own(&first));
        let of_own = candidates.iter().find(is_own).map(|c| c.similarity);
        (leads, of_own, candidates.iter().find(|c| !is_own(c)).map(|c| c.similarity))
    });
    let similarity = |s: Option<f32>| s.unwrap_or(f32::NEG_INFINITY);
    let nearer = |a: &(bool, Option<f32>, Option<f32>), b: &(bool, Option<f32>, Option<f32>)| {
        let by_own = similarity(a.1).total_cmp(&similarity(b.1));
        a.0.cmp(&b.0).then(by_own).then(similarity(a.2).total_cmp(&similarity(b.2)))
    };
    both.max_by(nearer).map_or((None, None), |(_, of_own, of_other)| (of_own, of_other))
}

fn score_occupant(
    record: &EncounterRecord,
    seen: &Seen,
    rule: &ValidationRule,
    occupant: u8,
    judged: &[Judged<'_>],
    owners: &[Owner],
) -> OccupantScore {
    let who = &record.occupants[usize::from(occupant)];
    let mine: Vec<&Judged<'_>> = judged.iter().filter(|j| j.owner == Owner::Occupant(occupant)).collect();
    let detected_in: Vec<u64> = seen
        .decisions
        .detections
        .iter()
        .zip(owners)
        .filter(|(_, owner)| **owner == Owner::Occupant(occupant))
        .map(|(d, _)| d.exposure_id)
        .chain(mine.iter().map(|j| j.shot.detection.exposure_id))
        .collect();
    let claimed: Vec<_> = mine.iter().filter(|j| j.shot.valid).collect();
    let captured: Vec<_> = claimed.iter().filter(|j| j.verified).collect();
    let own = |j: &Judged<'_>| who.reference_id.is_some() && j.shot.matched == who.reference_id;
    let outcome = match (captured.is_empty(), &who.reference_id) {
        (true, _) => Outcome::Lost,
        (false, None) => Outcome::NotEnrolled,
        (false, Some(_)) if captured.iter().any(|j| own(j)) => Outcome::Matched,
        (false, Some(_)) => Outcome::NotMatched,
    };
    let best = cause::best_exposure(seen, occupant, rule);
    let lost_by = (outcome == Outcome::Lost).then(|| {
        let backwards = who.child_seat == Some(ChildSeat::RearFacing);
        cause::first_cause(best.as_ref(), rule, &detected_in, !claimed.is_empty(), backwards)
    });
    // The shot that stands for the occupant: verified before claimed before any, then the stack's own ranking.
    let rank = |j: &Judged<'_>| (j.shot.valid && j.verified, j.shot.valid, own(j));
    let by_quality = |a: &Judged<'_>, b: &Judged<'_>| {
        let quality = |j: &Judged<'_>| j.shot.detection.quality.overall;
        quality(a).total_cmp(&quality(b))
    };
    let chosen = mine.iter().max_by(|a, b| rank(a).cmp(&rank(b)).then(by_quality(a, b)));
    let frame_of = |id: u64| {
        seen.exposures.iter().find(|e| e.truth.exposure_id == id).map(|e| e.frame.clone()).unwrap_or_default()
    };
    let claimed_shot = chosen.filter(|j| j.shot.valid);
    let (own_similarity, other_similarity) =
        search(claimed.iter().map(|j| j.shot.candidates.as_slice()), who.reference_id.as_deref());
    let faces = || {
        let all = seen.exposures.iter().flat_map(|e| e.truth.faces.iter().map(|face| (e.truth.exposure_id, face)));
        all.filter(|(_, face)| face.occupant == occupant)
    };
    let plain_in: Vec<u64> = faces().filter(|(_, face)| rule::is_plain_face(face)).map(|(id, _)| id).collect();
    let asked = faces().any(|(_, face)| rule::is_to_be_identified(face));
    let ranked = mine.iter().max_by(|a, b| by_quality(a, b));
    OccupantScore {
        encounter: record.encounter,
        occupant,
        vehicle: record.vehicle.clone(),
        conditions: record.conditions,
        who: who.clone(),
        outcome,
        cause: lost_by,
        captured_by: captured.iter().map(|j| j.shot.detection.camera_id.clone()).collect(),
        claimed: !claimed.is_empty(),
        over_claimed: !claimed.is_empty() && captured.is_empty(),
        under_claimed: claimed.is_empty() && mine.iter().any(|j| j.verified),
        detected: !detected_in.is_empty(),
        false_match: claimed.iter().filter(|j| !own(j)).find_map(|j| j.shot.matched.clone()),
        filler_match: claimed.iter().filter_map(|j| j.shot.matched.as_deref()).any(|id| id.starts_with(FILLER_PREFIX)),
        self_match: claimed.iter().any(|j| own(j)),
        similarity: claimed_shot.and_then(|j| j.shot.candidates.first()).map(|c| c.similarity),
        own_similarity,
        other_similarity,
        rank_1: who
            .reference_id
            .as_ref()
            .filter(|_| asked)
            .map(|own| ranked.and_then(|j| j.shot.candidates.first()).is_some_and(|first| first.reference_id == *own)),
        best,
        shot: chosen.map(|j| Shot {
            exposure_id: j.shot.detection.exposure_id,
            frame: frame_of(j.shot.detection.exposure_id),
            box_px: box_of(&j.shot.detection),
            valid: j.shot.valid,
            verified: j.verified,
        }),
        plain: !plain_in.is_empty(),
        plain_detected: plain_in.iter().any(|id| detected_in.contains(id)),
    }
}
