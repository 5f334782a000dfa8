//! Lamps: what lights a lane at night, and what lights faces for its cameras.
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::infrared::Infrared;

/// Light of a lamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LampLight {
    /// White LED: CIE D50 (assumption; phosphor LEDs of 5,000 K come close over bands 100 nm wide). Nothing in the infrared.
    White,
    /// LED of 850 nm.
    #[serde(rename = "nir-850")]
    Nir850,
    /// LED of 940 nm.
    #[serde(rename = "nir-940")]
    Nir940,
}

impl LampLight {
    /// The near-infrared band that it lies in; `None` for the visible.
    pub const fn band(self) -> Option<Infrared> {
        match self {
            Self::White => None,
            Self::Nir850 => Some(Infrared::Nir850),
            Self::Nir940 => Some(Infrared::Nir940),
        }
    }
}

/// A lamp with a round beam.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lamp {
    /// Unique in the lane or rig.
    pub id: String,
    /// Middle of what shines, in the lane's frame, metres.
    pub position_m: [f32; 3],
    /// Where the beam's axis points, same frame, metres.
    pub look_at_m: [f32; 3],
    /// What it shines with.
    pub light: LampLight,
    /// Intensity on the axis while it is on: candela of a white lamp, W/sr of an infrared one.
    pub intensity: f32,
    /// Full angle of the beam between half intensities, degrees.
    pub beam_deg: f32,
    /// Diameter of what shines, metres.
    pub diameter_m: f32,
    /// Length of its pulse, microseconds, in the middle of the exposures of the cameras named; it burns all the time when
    /// left out. For a rig's lamps only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pulse_us: Option<f32>,
    /// Cameras with whose shutter it is strobed; all of the rig when left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cameras: Vec<String>,
    /// Source or "assumption".
    pub source: String,
}

impl Lamp {
    /// Whether it shines in a camera's exposures: always when it burns all the time, else when it is strobed with that
    /// camera. A strobe of another camera that exposes at the same instant is not counted (assumption: cameras take turns
    /// of milliseconds).
    pub fn lights(&self, camera_id: &str) -> bool {
        self.pulse_us.is_none() || self.cameras.is_empty() || self.cameras.iter().any(|id| id == camera_id)
    }
}
