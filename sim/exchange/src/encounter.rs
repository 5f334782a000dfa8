//! What a plan asks the simulator for: one encounter, and in it one exposure after another.
use laneproof_scenes::{
    catalogue::{Daylight, GlassSet, HeadLampKind, HeadLampState, LaneSpec, Rig, Sensor},
    decoy::DecoyKind,
    document::DocumentKind,
    motion::Motion,
    people::{Appearance, Behaviour, Identity},
    vehicle::{ChildSeat, SeatId},
};

/// Everything that staging depends on. A pure value: the same plan stages the same encounter.
#[derive(Debug, Clone, PartialEq)]
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
    /// Which noise the sensors draw.
    pub noise_key: u64,
    /// Which crossing of this vehicle and its people it is, from 1.
    pub crossing: u32,
    /// Vehicle model.
    pub vehicle: String,
    /// Its glass.
    pub glass: GlassSet,
    /// Linear reflectance of its paint, red, green, blue.
    pub paint: [f32; 3],
    /// Its head-lamps; `None` where they stay dark whatever the light.
    pub head_lamps: Option<HeadLampPlan>,
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
    /// Other vehicles in the lane, one a place at most: that behind first.
    pub neighbours: Vec<NeighbourPlan>,
}

impl EncounterPlan {
    /// The plan of a neighbour as if the encounter were its own: the same lane, rig and light, the same manner of driving.
    /// Nobody is planned behind or ahead of it.
    pub fn of_neighbour(&self, neighbour: &NeighbourPlan) -> Self {
        let NeighbourPlan { vehicle, glass, paint, head_lamps, lateral_offset_m, occupants, .. } = neighbour;
        Self {
            vehicle: vehicle.clone(),
            glass: *glass,
            paint: *paint,
            head_lamps: *head_lamps,
            lateral_offset_m: *lateral_offset_m,
            occupants: occupants.clone(),
            decoys: Vec::new(),
            neighbours: Vec::new(),
            ..self.clone()
        }
    }
}

/// The dipped beams of one vehicle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HeadLampPlan {
    /// What they shine with.
    pub kind: HeadLampKind,
    /// When they burn.
    pub state: HeadLampState,
    /// Illuminance of the horizontal under the open sky below which [`HeadLampState::Auto`] lights them, lux.
    pub lit_below_lux: f32,
    /// By how much the cut-off falls towards the front, 0.01 for 1 %.
    pub aim_down: f32,
}

/// Where another vehicle is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NeighbourPlace {
    /// It comes next.
    Behind,
    /// It came before.
    Ahead,
}

impl NeighbourPlace {
    /// "behind", "ahead": as in reference ids and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Behind => "behind",
            Self::Ahead => "ahead",
        }
    }
}

/// Another vehicle in the lane. It holds no decoys.
#[derive(Debug, Clone, PartialEq)]
pub struct NeighbourPlan {
    /// Where it is.
    pub place: NeighbourPlace,
    /// Vehicle model.
    pub vehicle: String,
    /// Its glass.
    pub glass: GlassSet,
    /// Linear reflectance of its paint, red, green, blue.
    pub paint: [f32; 3],
    /// Its head-lamps; `None` where they stay dark whatever the light.
    pub head_lamps: Option<HeadLampPlan>,
    /// From bumper to bumper to the encounter's own vehicle where both stand, metres.
    pub gap_m: f32,
    /// How much later than the vehicle before it, the one behind does the same, seconds.
    pub delay_s: f32,
    /// Offset of its middle from the lane's, metres, left positive.
    pub lateral_offset_m: f32,
    /// Who sits where. Their references are in the gallery like everybody's.
    pub occupants: Vec<OccupantPlan>,
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
#[derive(Debug, Clone, PartialEq)]
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
#[derive(Debug, Clone, PartialEq)]
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
