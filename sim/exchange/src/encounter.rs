//! What a plan asks the simulator for: one encounter, and in it one exposure after another.
use laneproof_scenes::{
    catalogue::{Daylight, GlassSet, LaneSpec, Rig, Sensor},
    decoy::DecoyKind,
    document::DocumentKind,
    motion::Motion,
    people::{Appearance, Behaviour, Identity},
    vehicle::{ChildSeat, SeatId},
};

/// Everything that staging depends on. A pure value: the same plan stages the same encounter.
#[derive(Debug, Clone)]
pub struct EncounterPlan {
    /// Campaign seed.
    pub seed: u64,
    /// Index in the campaign.
    pub encounter: u64,
    /// Lane.
    pub lane: LaneSpec,
    /// Rig.
    pub rig: Rig,
    /// The sensor of each camera of the rig, in the rig's order.
    pub sensors: Vec<Sensor>,
    /// Light.
    pub daylight: Daylight,
    /// Whether the sun's shadows in the cabin have the soft edges that its disc gives.
    pub soft_shadows: bool,
    /// Vehicle model.
    pub vehicle: String,
    /// Its glass.
    pub glass: GlassSet,
    /// Linear reflectance of its paint, red, green, blue.
    pub paint: [f32; 3],
    /// Approach speed, metres per second.
    pub approach_speed_mps: f32,
    /// What the vehicle does.
    pub motion: Motion,
    /// Offset of the vehicle's middle from the lane's, metres, left positive.
    pub lateral_offset_m: f32,
    /// Who sits where.
    pub occupants: Vec<OccupantPlan>,
    /// What looks like an occupant and is none.
    pub decoys: Vec<DecoyPlan>,
}

/// Where a decoy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecoyPlace {
    /// On an empty seat.
    Seat(SeatId),
    /// On or in the hands of an occupant, by index.
    Occupant(u8),
}

/// One decoy of an encounter.
#[derive(Debug, Clone)]
pub struct DecoyPlan {
    /// What it is.
    pub kind: DecoyKind,
    /// Where.
    pub place: DecoyPlace,
    /// Whose face is printed, or whom a doll is shaped like; nobody's of a dog, and nobody who is enrolled.
    pub likeness: Option<Identity>,
    /// Seed of its form.
    pub seed: u64,
}

/// One occupant of an encounter.
#[derive(Debug, Clone)]
pub struct OccupantPlan {
    /// Seat.
    pub seat: SeatId,
    /// What restrains a child; `None` for the vehicle's own seat and belt.
    pub child_seat: Option<ChildSeat>,
    /// Who.
    pub identity: Identity,
    /// How they look today.
    pub appearance: Appearance,
    /// Reference id in the gallery; `None` when not enrolled.
    pub reference_id: Option<String>,
    /// Document that the reference was photographed for.
    pub document: DocumentKind,
    /// What they do.
    pub behaviour: Behaviour,
    /// Head turn about the vertical relative to straight ahead, degrees, to the occupant's left positive.
    pub head_yaw_deg: f32,
    /// Nod, degrees, down positive.
    pub head_pitch_deg: f32,
    /// Tilt, degrees, towards the occupant's right shoulder positive.
    pub head_roll_deg: f32,
    /// Seed of how they move during the encounter.
    pub motion_seed: u64,
}
