//! What is kept of an encounter: enough to score it again, nothing that depends on the clock.
use lane_stack::client::{ControlMessage, Decisions, Enough, NeedMore};
use laneproof_exchange::{
    encounter::{EncounterPlan, NeighbourPlace, OccupantPlan},
    truth::ExposureTruth,
};
use laneproof_scenes::{document::DocumentKind, people::Behaviour, vehicle::ChildSeat};
use serde::{Deserialize, Serialize};

use crate::plan::seats;

/// One encounter's result, as `encounters/0003.json` holds it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EncounterRecord {
    /// Index in the campaign.
    pub encounter: u64,
    /// Vehicle model.
    pub vehicle: String,
    /// Who sat where.
    pub occupants: Vec<OccupantRecord>,
    /// The other vehicles in the lane, in the order of the plan.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<OtherVehicleRecord>,
    /// How it ended.
    pub end: End,
}

/// Another vehicle in the lane.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OtherVehicleRecord {
    /// Where it is.
    pub place: NeighbourPlace,
    /// Vehicle model.
    pub vehicle: String,
    /// From bumper to bumper to the encounter's own where both stand, metres.
    pub gap_m: f32,
    /// Who sat where.
    pub occupants: Vec<OccupantRecord>,
}

/// How an encounter ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// To its end.
    Done(Seen),
    /// Not to its end.
    Failed {
        /// Why.
        reason: String,
    },
}

/// What cameras and stack made of an encounter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    /// Exposures in the order of time, then of camera.
    pub exposures: Vec<ExposureRecord>,
    /// Triggers that the vehicle never met: (camera, index of the trigger).
    pub missed_triggers: Vec<(String, usize)>,
    /// What the stack decided.
    pub decisions: Decisions,
    /// What was not taken because the stack had enough; `None` where all was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Stopped>,
}

/// Exposures that were not taken because the stack had enough.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stopped {
    /// How many of the rig's triggers.
    pub exposures_saved: u64,
    /// When the first of them was due, microseconds since the encounter began.
    pub from_us: u64,
    /// What the stack's word rested on.
    pub enough: Enough,
}

/// One occupant, as far as results need them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OccupantRecord {
    /// Row of the seat, 1 is the front row.
    pub row: u8,
    /// "left", "middle", "right".
    pub side: String,
    /// Reference in the gallery; `None` when not enrolled.
    pub reference_id: Option<String>,
    /// Document of the reference.
    pub document: DocumentKind,
    /// Age, years.
    pub age_years: f32,
    /// 0 female to 1 male.
    pub sex: f32,
    /// Monk skin tone, 1 to 10.
    pub monk_tone: u8,
    /// What they do.
    pub behaviour: Behaviour,
    /// What restrains a child.
    pub child_seat: Option<ChildSeat>,
}

/// One exposure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExposureRecord {
    /// What the testbed knows.
    pub truth: ExposureTruth,
    /// Gain, decibels.
    pub gain_db: f32,
    /// The frame's file, relative to the run folder.
    pub frame: String,
    /// Whether region rendering was compared with the whole frame, and whether they differed.
    pub cross_check_differs: Option<bool>,
    /// What the stack asked of the cameras when it saw the frame.
    pub controls: Vec<ControlMessage>,
    /// Of whom the stack asked for more when it saw the frame.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub need_more: Vec<NeedMore>,
    /// Whether it was granted to the stack, beyond the rig's triggers.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub extra: bool,
    /// Why the stack refused the frame, where it did.
    pub refused: Option<String>,
}

impl EncounterRecord {
    /// A record of a plan.
    pub fn new(plan: &EncounterPlan, end: End) -> Self {
        let people = |occupants: &[OccupantPlan]| occupants.iter().map(OccupantRecord::new).collect();
        let others = plan.neighbours.iter().map(|neighbour| OtherVehicleRecord {
            place: neighbour.place,
            vehicle: neighbour.vehicle.clone(),
            gap_m: neighbour.gap_m,
            occupants: people(&neighbour.occupants),
        });
        Self {
            encounter: plan.encounter,
            vehicle: plan.vehicle.clone(),
            occupants: people(&plan.occupants),
            others: others.collect(),
            end,
        }
    }

    /// What was seen; `None` when the encounter failed.
    pub fn seen(&self) -> Option<&Seen> {
        match &self.end {
            End::Done(seen) => Some(seen),
            End::Failed { .. } => None,
        }
    }
}

impl OccupantRecord {
    /// A record of who was planned.
    fn new(o: &OccupantPlan) -> Self {
        Self {
            row: o.seat.row,
            side: seats::side_name(o.seat.side).to_owned(),
            reference_id: o.reference_id.clone(),
            document: o.document,
            age_years: o.identity.age_years,
            sex: o.identity.sex,
            monk_tone: o.identity.monk_tone,
            behaviour: o.behaviour,
            child_seat: o.child_seat,
        }
    }

    /// What they do, and for infants that they face backwards: a camera ahead cannot see such a face.
    pub fn doing(&self) -> String {
        match self.child_seat {
            Some(ChildSeat::RearFacing) => "faces backwards".to_owned(),
            _ => self.behaviour.label().to_owned(),
        }
    }

    /// "2-left".
    pub fn seat(&self) -> String {
        format!("{}-{}", self.row, self.side)
    }
}
