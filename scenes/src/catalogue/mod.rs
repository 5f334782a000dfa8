//! Catalogue files: typed TOML that names lanes, vehicles, rigs, glass, cameras and traffic mixes.
//!
//! The types here are what other crates take; reading them from files (with line and column in every error) is in
//! `load`. All angles in files are degrees, all lengths say their unit in the key.
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{document::DocumentShares, people::WearShares};

mod behaviour;
mod camera;
pub mod check;
pub mod fault;
mod glass;
mod head_lamp;
mod lamp;
pub mod load;
mod manoeuvre;
mod queue;
pub mod source;
mod suggest;
#[cfg(test)]
mod tests;
mod weather;

pub use behaviour::{AgeShares, BehaviourShares, Childhood, DecoyShares};
pub use camera::{
    CameraMount, Colour, Distortion, ExposureControl, H264, Lens, Meter, Polariser, Rig, Sensor, Trigger,
};
pub use glass::{GlassSet, Lowered, PerPane};
pub use head_lamp::{HeadLampKind, HeadLampShares, HeadLampState};
pub use lamp::{Lamp, LampLight};
pub use manoeuvre::{Manoeuvre, ManoeuvreShare};
pub use queue::{Queue, QueuePlace};
pub use suggest::nearest;
pub use weather::{GroundSnow, PaneDrops, Weather};

/// A lane's measures. Everything is in the world frame (see the crate's page).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LaneSpec {
    /// For reports.
    pub title: String,
    /// Compass bearing of the direction of travel, degrees clockwise from north.
    pub bearing_deg: f32,
    /// Width of the roadway between the kerbs, metres.
    pub width_m: f32,
    /// Height of the kerb, metres.
    pub kerb_height_m: f32,
    /// Whether a booth stands on the driver's (+X) side at the stop line.
    pub booth: bool,
    /// Roof over the station; left out for a lane under the open sky.
    #[serde(default)]
    pub canopy: Option<Canopy>,
    /// Lamps, beside what daylight there is; none when left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lamps: Vec<Lamp>,
    /// Height of the sun below which they burn, degrees, −18 to 90, as a photocell would switch them; they burn all the time when
    /// left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lamps_below_sun_deg: Option<f32>,
    /// Reflectance of the roadway (linear, grey), 0..1.
    pub road_reflectance: f32,
    /// Source or "assumption".
    pub source: String,
}

/// A flat roof over a lane, on columns outside the islands.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Canopy {
    /// Height of its underside, metres.
    pub height_m: f32,
    /// Where it begins along the lane, metres; the stop line is 0, before it is negative.
    pub from_z_m: f32,
    /// Where it ends along the lane, metres.
    pub to_z_m: f32,
    /// From the middle of the roadway to its side edges, metres.
    pub half_width_m: f32,
    /// Reflectance of its underside (linear, grey), 0..1.
    pub underside_reflectance: f32,
}

/// Daylight over a lane.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Daylight {
    /// Latitude, degrees, north positive.
    pub latitude_deg: f64,
    /// Longitude, degrees, east positive.
    pub longitude_deg: f64,
    /// Instant, RFC 3339 with offset, e.g. `2026-06-21T10:30:00-05:00`.
    pub time: String,
    /// Sky: clear or overcast.
    pub sky: Sky,
    /// Fog, dust, rain and snow; clean air over bare ground when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weather: Option<Weather>,
}

impl Daylight {
    /// Snow on the ground, where there is any.
    pub fn snow(&self) -> Option<&GroundSnow> {
        self.weather.as_ref()?.snow.as_ref()
    }
}

/// CIE S 011 standard general skies that are supported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Sky {
    /// Type 12: clear sky, low turbidity, with the sun.
    Clear,
    /// Type 1: steep overcast, no sun.
    Overcast,
}

/// How vehicles come through.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrafficMix {
    /// For reports.
    pub title: String,
    /// Vehicles and their relative frequency.
    pub vehicles: Vec<VehicleShare>,
    /// Approach speed, metres per second, 0.5 to 16.7 (60 km/h): uniform between the two.
    pub approach_speed_mps: [f32; 2],
    /// How often vehicles stop, pass, stand, or stop and go; all brake at 2 m·s⁻² and stop at the line when left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub manoeuvres: Vec<ManoeuvreShare>,
    /// Other vehicles behind and ahead; none when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<Queue>,
    /// Head-lamps of all vehicles; dark when left out, also at night.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head_lamps: Option<HeadLampShares>,
    /// Mean lateral offset of the vehicle from the lane's middle, metres, left positive, −0.8 to 0.8; 0 when left out.
    #[serde(default)]
    pub lateral_offset_mean_m: f32,
    /// Lateral offset about that mean, metres: normal with this standard deviation, cut at 2 σ.
    pub lateral_offset_sd_m: f32,
    /// Relative frequency of 1, 2, 3 … occupants; cut at the vehicle's seats.
    pub occupants: Vec<f32>,
    /// Standard deviation of head yaw about looking ahead, degrees (cut at 2 σ).
    pub head_yaw_sd_deg: f32,
    /// Standard deviation of head pitch, degrees.
    pub head_pitch_sd_deg: f32,
    /// Standard deviation of head roll, degrees.
    pub head_roll_sd_deg: f32,
    /// Share of occupants with a reference in the gallery, 0..1.
    pub enrolled_share: f32,
    /// Share of those in rows 2 and 3 who are under 18.
    pub child_share_rear: f32,
    /// Documents that enrolled occupants carry; all passports when left out.
    #[serde(default)]
    pub documents: DocumentShares,
    /// How old they are.
    pub age: AgeShares,
    /// What they do.
    pub behaviour: BehaviourShares,
    /// What they wear on head and face; nothing when left out.
    #[serde(default)]
    pub wear: WearMix,
    /// What else looks like an occupant.
    pub decoys: DecoyShares,
    /// Source or "assumption".
    pub source: String,
}

/// What travellers wear on head and face.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WearMix {
    /// Shares of those who wear each thing.
    pub worn: WearShares,
    /// Source or "assumption".
    pub source: String,
}

/// A vehicle model's share of the traffic.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VehicleShare {
    /// Vehicle model, "sedan" or "van".
    pub model: String,
    /// Relative frequency.
    pub weight: f32,
    /// Its glass.
    pub glass: GlassSet,
}
