//! What a scenario file says, key by key.
use std::collections::BTreeMap;

use laneproof_scenes::{
    catalogue::Daylight,
    vehicle::{SeatId, SeatSide},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml::Value;

use super::sample::{FactorFile, SampleFile};

/// A scenario: lane, rig, traffic, conditions, stack, sample, gates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "laneproof scenario")]
pub struct ScenarioFile {
    /// Another scenario that this one is made from, beside this file: what stands here is put over what stands there, tables key
    /// by key, lists as a whole. What that one says need not be said again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extends: Option<String>,
    /// Version of this format: 1.
    pub schema_version: u32,
    /// For reports.
    pub title: String,
    /// Seed of everything random, 0 to 2⁶³ − 1.
    pub seed: u64,
    /// Number of encounters, 1 to 1,000,000.
    pub encounters: u64,
    /// Lane: a name of the catalogue, or the path of a TOML file beside this one.
    pub lane: String,
    /// Rig: a name of the catalogue, or the path of a TOML file beside this one.
    pub rig: String,
    /// Traffic mix: a name of the catalogue, or the path of a TOML file beside this one.
    pub mix: String,
    /// Share of exposures that are rendered both by regions and whole, so that the stack's decisions can be compared, 0 to 1.
    #[serde(default = "default_cross_check_share")]
    pub cross_check_share: f64,
    /// Place, time and sky.
    pub daylight: Daylight,
    /// Whether the sun's shadows on people get the soft edges that its disc gives, 9 mm a metre from what throws them, instead
    /// of edges of 3 mm. An exposure in the sun takes 1.6 times as long to render.
    #[serde(default, skip_serializing_if = "is_off")]
    pub soft_shadows: bool,
    /// Which noise the sensors draw: another number, the same encounters with other noise, so that what chance alone changes can be
    /// measured. 0 when left out.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub noise_key: u64,
    /// What a photograph must fulfil to count as a capture.
    pub validation: ValidationRule,
    /// The stack under test.
    #[serde(default)]
    pub stack: StackChoice,
    /// Who is in the gallery besides the travellers.
    #[serde(default)]
    pub gallery: GalleryFile,
    /// Bounds that fail the run.
    #[serde(default)]
    pub gates: Gates,
    /// Values put in place of what lane, rig, mix and sensors say, by their paths as `laneproof sweep --list` shows them:
    /// `"rig.cameras[front].exposure_us" = 1500`. Lists and tables are put as a whole.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    pub set: BTreeMap<String, Value>,
    /// How the encounters are chosen.
    #[serde(default, skip_serializing_if = "SampleFile::is_default")]
    pub sample: SampleFile,
    /// Values that differ from encounter to encounter.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub factors: Vec<FactorFile>,
    /// Travellers who come again; everybody comes once when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returning: Option<ReturningFile>,
    /// Encounters that are set by hand instead of drawn from the mix.
    #[serde(default)]
    pub encounter: Vec<EncounterOverride>,
}

fn is_off(option: &bool) -> bool {
    !option
}

fn is_zero(key: &u64) -> bool {
    *key == 0
}

fn default_cross_check_share() -> f64 {
    0.02
}

/// The testbed's own rule for a verified capture, applied to frame and truth, never to what a stack says.
///
/// No standard sets pass marks (ISO/IEC 29794-5 leaves them to the operator), so they are the scenario's.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ValidationRule {
    /// Least distance between the eyes ÷ cos yaw, pixels.
    pub min_inter_eye_px: f32,
    /// Largest head turn relative to the camera, degrees.
    pub max_yaw_deg: f32,
    /// Largest nod relative to the camera, degrees.
    pub max_pitch_deg: f32,
    /// Largest tilt relative to the camera, degrees.
    pub max_roll_deg: f32,
    /// Least share of the face that is visible, 0 to 1.
    pub min_visible_share: f32,
    /// Largest motion blur, pixels.
    pub max_motion_blur_px: f32,
    /// Largest circle of confusion, pixels.
    pub max_defocus_px: f32,
    /// Least mean digital number of the face, 0 to 255.
    pub min_mean_dn: f32,
    /// Largest mean digital number of the face, 0 to 255.
    pub max_mean_dn: f32,
    /// Largest share of face pixels at 247 or above, 0 to 1.
    pub max_over_exposed_share: f32,
    /// Least root-mean-square contrast of the face ÷ its mean.
    pub min_contrast: f32,
    /// Least entropy of the face's luma, bits.
    pub min_entropy_bits: f32,
}

/// The stack under test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StackChoice {
    /// "default", or the folder of other models beside this file.
    pub models: String,
    /// Time from mid-exposure until a control message of the stack can act on a camera, milliseconds.
    pub control_delay_ms: f32,
}

impl Default for StackChoice {
    fn default() -> Self {
        Self { models: "default".to_owned(), control_delay_ms: 20.0 }
    }
}

/// Who is in the gallery besides the travellers of the scenario's encounters. What share of these has a reference is said by
/// the traffic mix (`enrolled_share`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GalleryFile {
    /// Templates of synthetic people who never come, so that searches meet a gallery of a lane's size. A stack whose embedder
    /// has no templates to draw them from does without, and the report says so.
    #[schemars(range(max = 1_000_000))]
    pub fillers: u32,
}

/// Travellers who come again: encounter k is the crossing k ÷ `vehicles` of vehicle k mod `vehicles`, with the same people on
/// another day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturningFile {
    /// Vehicles, each with its people, 1 to the number of encounters.
    pub vehicles: u64,
    /// Whether photographs of a crossing join the gallery for later ones: every shot that the stack claims, under the reference of
    /// the person whom it shows, as an officer ties it to the document in hand. People without a reference get none.
    #[serde(default)]
    pub keep_photos: bool,
}

/// Bounds that fail a run; a missing one does not gate.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Gates {
    /// Least share of occupants with a verified capture, 0 to 1.
    pub min_occupant_coverage: Option<f64>,
    /// Least share of vehicles with a verified capture of everyone, 0 to 1.
    pub min_vehicle_coverage: Option<f64>,
    /// Least share of enrolled occupants captured and matched to themselves, 0 to 1.
    pub min_matched_coverage: Option<f64>,
    /// Most false matches.
    pub max_false_matches: Option<u64>,
    /// Most cross-vehicle errors: claimed shots of people in other vehicles of the lane.
    pub max_cross_vehicle_errors: Option<u64>,
}

/// One encounter set by hand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EncounterOverride {
    /// Which encounter, from 0.
    pub index: u64,
    /// Vehicle model: "sedan" or "van"; it takes its glass from the mix.
    pub vehicle: String,
    /// Who sits where; everything else about them is drawn as always.
    pub occupants: Vec<SeatFile>,
}

/// A seat by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SeatFile {
    /// Row, 1 is the front row.
    pub row: u8,
    /// Where across the vehicle, as its occupants see it.
    pub side: SideFile,
}

/// Where across the vehicle a seat is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SideFile {
    /// The driver's side where traffic keeps right.
    Left,
    /// Between the two.
    Middle,
    /// The passenger's side.
    Right,
}

impl SeatFile {
    /// The seat's name.
    pub fn id(self) -> SeatId {
        let side = match self.side {
            SideFile::Left => SeatSide::Left,
            SideFile::Middle => SeatSide::Middle,
            SideFile::Right => SeatSide::Right,
        };
        SeatId { row: self.row, side }
    }
}
