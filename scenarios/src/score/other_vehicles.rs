//! What a stack made of people in other vehicles of the lane.
use std::ops::AddAssign;

use laneproof_exchange::encounter::NeighbourPlace;
use serde::{Deserialize, Serialize};

use super::{Judged, MIN_VISIBLE_SHARE, Owner};
use crate::run::record::{EncounterRecord, OccupantRecord, OtherVehicleRecord, Seen};

/// Counts of people who travel in another vehicle than the encounter's own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrossVehicle {
    /// Those whose face some exposure shows.
    pub people_seen: u64,
    /// Detections of their faces.
    pub detections: u64,
    /// Cross-vehicle errors: claimed shots of their faces, which the stack takes for this vehicle's.
    pub errors: u64,
    /// Cross-vehicle false matches: of the errors, those matched to somebody who travels in this vehicle.
    pub matched_to_occupants: u64,
    /// Of the errors, those matched to the person's own reference: the face is right, the vehicle is wrong.
    pub matched_to_themselves: u64,
    /// Of the errors, those matched to anybody else.
    pub matched_to_others: u64,
}

impl AddAssign for CrossVehicle {
    fn add_assign(&mut self, more: Self) {
        let Self { people_seen, detections, errors, matched_to_occupants, matched_to_themselves, matched_to_others } =
            more;
        self.people_seen += people_seen;
        self.detections += detections;
        self.errors += errors;
        self.matched_to_occupants += matched_to_occupants;
        self.matched_to_themselves += matched_to_themselves;
        self.matched_to_others += matched_to_others;
    }
}

impl CrossVehicle {
    /// The sum of some counts.
    pub fn sum(counts: impl IntoIterator<Item = Self>) -> Self {
        counts.into_iter().fold(Self::default(), |mut sum, more| {
            sum += more;
            sum
        })
    }
}

/// Another vehicle of an encounter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OtherVehicleScore {
    /// Where it is.
    pub place: NeighbourPlace,
    /// Vehicle model.
    pub vehicle: String,
    /// From bumper to bumper to the encounter's own where both stand, metres.
    pub gap_m: f32,
    /// One a person.
    pub occupants: Vec<OtherOccupantScore>,
}

impl OtherVehicleScore {
    /// The counts of all in it.
    pub fn counts(&self) -> CrossVehicle {
        CrossVehicle::sum(self.occupants.iter().map(|o| o.counts))
    }
}

/// Somebody in another vehicle: a row of the ledger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OtherOccupantScore {
    /// Index in that vehicle.
    pub occupant: u8,
    /// Who.
    pub who: OccupantRecord,
    /// Exposures that show the face.
    pub exposures_seen: u64,
    /// Most pixels between the eyes in these; 0 without one.
    pub largest_inter_eye_px: f32,
    /// What the stack made of the face.
    pub counts: CrossVehicle,
    /// The references that its errors were matched to, in the order of the shots.
    pub matched_to: Vec<String>,
}

/// The other vehicles of an encounter.
pub(super) fn score(
    record: &EncounterRecord,
    seen: &Seen,
    judged: &[Judged<'_>],
    detected: &[Owner],
) -> Vec<OtherVehicleScore> {
    let vehicle = |(vehicle, other): (u8, &OtherVehicleRecord)| OtherVehicleScore {
        place: other.place,
        vehicle: other.vehicle.clone(),
        gap_m: other.gap_m,
        occupants: (0..)
            .zip(&other.occupants)
            .map(|(occupant, who)| one(record, seen, judged, detected, (vehicle, occupant, who)))
            .collect(),
    };
    (0..).zip(&record.others).map(vehicle).collect()
}

fn one(
    record: &EncounterRecord,
    seen: &Seen,
    judged: &[Judged<'_>],
    detected: &[Owner],
    (vehicle, occupant, who): (u8, u8, &OccupantRecord),
) -> OtherOccupantScore {
    let person = Owner::Other { vehicle, occupant };
    let faces = seen.exposures.iter().flat_map(|e| &e.truth.others);
    let shown: Vec<f32> = faces
        .filter(|o| o.vehicle == vehicle && o.face.occupant == occupant && o.face.visible_share >= MIN_VISIBLE_SHARE)
        .map(|o| o.face.inter_eye_px)
        .collect();
    let errors: Vec<_> = judged.iter().filter(|j| j.owner == person && j.shot.valid).collect();
    let matched_to: Vec<String> = errors.iter().filter_map(|j| j.shot.matched.clone()).collect();
    let travels_here = |reference: &String| record.occupants.iter().any(|o| o.reference_id.as_ref() == Some(reference));
    let count = |hit: &dyn Fn(&String) -> bool| matched_to.iter().filter(|reference| hit(reference)).count() as u64;
    let matched_to_occupants = count(&travels_here);
    let matched_to_themselves = count(&|reference| who.reference_id.as_ref() == Some(reference));
    OtherOccupantScore {
        occupant,
        who: who.clone(),
        exposures_seen: shown.len() as u64,
        largest_inter_eye_px: shown.iter().copied().fold(0.0, f32::max),
        counts: CrossVehicle {
            people_seen: u64::from(!shown.is_empty()),
            detections: detected.iter().filter(|owner| **owner == person).count() as u64,
            errors: errors.len() as u64,
            matched_to_occupants,
            matched_to_themselves,
            matched_to_others: matched_to.len() as u64 - matched_to_occupants - matched_to_themselves,
        },
        matched_to,
    }
}
