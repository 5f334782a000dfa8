//! What is kept of an encounter: enough to score it again, nothing that depends on the clock.
use lane_stack::client::{ControlMessage, Decisions, Enough, NeedMore};
use laneproof_exchange::{
    encounter::{EncounterPlan, NeighbourPlace, OccupantPlan},
    truth::ExposureTruth,
};
use laneproof_scenes::{
    catalogue::{Daylight, GlassSet, Sky},
    document::DocumentKind,
    people::{
        Behaviour,
        wear::{Glasses, Wear},
    },
    sun,
    surface::Film,
    vehicle::ChildSeat,
};
use serde::{Deserialize, Serialize};

use crate::{
    plan::seats,
    scenario::{factor::FactorValue, time},
};

/// One encounter's result, as `encounters/0003.json` holds it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EncounterRecord {
    /// Index in the campaign.
    pub encounter: u64,
    /// Vehicle model.
    pub vehicle: String,
    /// Under what it came through.
    pub conditions: Conditions,
    /// The values of the scenario's factors.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub factors: Vec<FactorValue>,
    /// Who sat where.
    pub occupants: Vec<OccupantRecord>,
    /// The other vehicles in the lane, in the order of the plan.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<OtherVehicleRecord>,
    /// How it ended.
    pub end: End,
}

/// What results are told apart by: light, speed and glass of an encounter.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Conditions {
    /// Local time, hours from midnight.
    pub local_hour: f32,
    /// Month of the local date, 1 to 12.
    pub month: u8,
    /// The sun above the horizon, degrees; negative below.
    pub sun_elevation_deg: f32,
    /// Sky.
    pub sky: Sky,
    /// Which crossing of the vehicle and its people it is, from 1.
    #[serde(default = "first_crossing")]
    pub crossing: u32,
    /// Speed at which the vehicle approaches, metres per second.
    pub approach_speed_mps: f32,
    /// Visible transmittance along the normal of the windscreen, film included.
    pub windscreen: f32,
    /// The same of the front side windows.
    pub front_side: f32,
    /// The same of rear side windows and rear window.
    pub rear: f32,
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
    /// What they wear on head and face.
    #[serde(default)]
    pub worn: Vec<Worn>,
}

/// What somebody wears on head and face, from what hides most of it to what hides least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Worn {
    /// Mask or scarf over mouth and nose.
    FaceCover,
    /// Sunglasses: lenses that less than half of the light passes.
    Sunglasses,
    /// Hat, scarf over the hair, hood.
    Headwear,
    /// Clear glasses.
    Glasses,
    /// Headphones.
    Headphones,
}

impl Worn {
    /// All that somebody wears.
    fn all(wear: &Wear) -> Vec<Self> {
        /// Transmittance from which lenses count as clear: sunglasses of ISO 12312-1 categories 2 to 4 pass at most 43 %.
        const CLEAR: f32 = 0.43;
        let clear = |glasses: &Glasses| glasses.transmittance[1] > CLEAR;
        let mut worn = Vec::new();
        worn.extend(wear.face_cover.as_ref().map(|_| Self::FaceCover));
        worn.extend(wear.headwear.as_ref().map(|_| Self::Headwear));
        worn.extend(wear.glasses.as_ref().map(|g| if clear(g) { Self::Glasses } else { Self::Sunglasses }));
        worn.extend(wear.headphones.as_ref().map(|_| Self::Headphones));
        worn.sort_unstable();
        worn
    }

    /// For tables.
    pub fn label(self) -> &'static str {
        match self {
            Self::FaceCover => "mask or face scarf",
            Self::Sunglasses => "sunglasses",
            Self::Headwear => "headwear",
            Self::Glasses => "glasses",
            Self::Headphones => "headphones",
        }
    }
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
    /// A record of a plan, with the values that the scenario's factors have in it.
    pub fn new(plan: &EncounterPlan, factors: Vec<FactorValue>, end: End) -> Self {
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
            conditions: Conditions::of(plan),
            factors,
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

fn first_crossing() -> u32 {
    1
}

impl Conditions {
    /// Those of a plan.
    pub fn of(plan: &EncounterPlan) -> Self {
        let Daylight { latitude_deg, longitude_deg, ref time, sky, .. } = plan.daylight;
        let at = time::instant(time);
        let (hour, month) = at.map_or((0.0, 1), |at| (time::local_hour(&at), at.date.map_or(1, |date| date.month)));
        let sun = sun::position(latitude_deg, longitude_deg, time);
        let GlassSet { windscreen, front_side, rear, film, .. } = plan.glass;
        let behind = |glass: f32, film: Option<Film>| glass * film.map_or(1.0, |film| film.visible);
        Self {
            local_hour: hour as f32,
            month,
            // A place and time that the scenario's checks let through has a sun.
            sun_elevation_deg: sun.map_or(0.0, |sun| sun.elevation_deg as f32),
            sky,
            crossing: plan.crossing,
            approach_speed_mps: plan.approach_speed_mps,
            windscreen: behind(windscreen, film.windscreen),
            front_side: behind(front_side, film.front_side),
            rear: behind(rear, film.rear),
        }
    }

    /// Transmittance of the side windows beside a row.
    pub fn beside_row(&self, row: u8) -> f32 {
        if row == 1 { self.front_side } else { self.rear }
    }
}

impl OccupantRecord {
    /// A record of who was planned.
    pub(crate) fn new(o: &OccupantPlan) -> Self {
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
            worn: Worn::all(&o.appearance.wear),
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
