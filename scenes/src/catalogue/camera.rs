//! Cameras: sensor, lens, exposure control, mount.
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Lamp;
use crate::infrared::Infrared;

/// Whether a sensor sees colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Colour {
    /// One panchromatic value a pixel.
    Mono,
    /// Red, green and blue at every pixel (three-chip, or demosaicing left out).
    Rgb,
    /// One colour a photosite behind a mosaic of filters, which the camera interpolates: even rows red, green; odd rows
    /// green, blue (B. E. Bayer, US patent 3,971,065), counted from the sensor's first row and column.
    Bayer,
}

/// An image sensor after the EMVA 1288 linear model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sensor {
    /// Width in pixels.
    pub width_px: u32,
    /// Height in pixels.
    pub height_px: u32,
    /// Pixel pitch, micrometres.
    pub pixel_pitch_um: f32,
    /// Full-well (saturation) capacity, electrons.
    pub full_well_e: f32,
    /// Temporal dark noise, electrons r.m.s.
    pub dark_noise_e: f32,
    /// Dark current at operating temperature, electrons per second and pixel.
    pub dark_current_e_per_s: f32,
    /// Quantum efficiency in the bands red, green, blue (0..1); of a near-infrared camera the
    /// same number, that of its band, three times.
    pub quantum_efficiency: [f32; 3],
    /// Photo-response non-uniformity, standard deviation as a share of the signal.
    pub prnu: f32,
    /// Dark-signal non-uniformity, electrons standard deviation.
    pub dsnu_e: f32,
    /// Bits of the analogue-to-digital converter: 8, 10 or 12. Frames have 8 bits a channel whatever it is.
    pub bit_depth: u8,
    /// Colour or mono.
    pub colour: Colour,
    /// Near-infrared band of a camera behind a band-pass filter, "nir-850" or "nir-940"; the visible when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub band: Option<Infrared>,
    /// Rolling shutter: time from the opening of a row to that of the next, microseconds; a global shutter when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line_time_us: Option<f32>,
    /// Where the numbers come from.
    pub source: String,
}

/// Lens of a camera: a pinhole with the radiometry of an aperture, ideal but for its distortion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lens {
    /// Focal length, millimetres.
    pub focal_length_mm: f32,
    /// f-number N.
    pub f_number: f32,
    /// Transmittance τ of the optics, 0..1.
    pub transmittance: f32,
    /// Distance of sharpest focus from the entrance pupil, metres.
    pub focus_distance_m: f32,
    /// Linear polarising filter before the lens; none when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub polariser: Option<Polariser>,
    /// Spatial frequency in the image at which the lens's own blur, that of diffraction not counted, halves the contrast,
    /// line pairs per millimetre; sharp but for diffraction when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mtf50_lp_per_mm: Option<f32>,
    /// Veiling glare index (ISO 9358): share of the light on the sensor that lens and housing scatter, 0 to 0.1; most of it
    /// falls near where it comes from, as a halo round sun and lamps. None when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub veiling_glare: Option<f32>,
    /// Where the lens draws things beside their places in an ideal pinhole's picture; at these places when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distortion: Option<Distortion>,
}

/// Distortion of a lens by the model of Brown and Conrady with OpenCV's signs and order, in coordinates divided by the focal
/// length, x to the right and y down; coefficients that are left out are 0. See [`crate::distortion::DistortionMap`].
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Distortion {
    /// Radial, r²: negative for a barrel, positive for a pincushion; −10 to 10.
    pub k1: f32,
    /// Radial, r⁴; −10 to 10.
    pub k2: f32,
    /// Radial, r⁶; −10 to 10.
    pub k3: f32,
    /// Decentring that shifts the picture's corners up or down; −0.1 to 0.1.
    pub p1: f32,
    /// Decentring that shifts them left or right; −0.1 to 0.1.
    pub p2: f32,
}

impl Distortion {
    /// All coefficients times a factor.
    pub fn scaled(&self, factor: f32) -> Self {
        let Self { k1, k2, k3, p1, p2 } = *self;
        Self { k1: k1 * factor, k2: k2 * factor, k3: k3 * factor, p1: p1 * factor, p2: p2 * factor }
    }
}

/// A linear polarising filter before a lens.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Polariser {
    /// Angle of the axis that passes from the sensor's horizontal, counter-clockwise as the camera looks, degrees. 90
    /// takes most of the mirror image off a raked windscreen straight ahead, 0 off a side window beside the camera.
    pub angle_deg: f32,
    /// Share that passes of light polarised along that axis, above 0 to 1.
    pub transmittance: f32,
    /// That share over the share of light polarised across it, 1 or more.
    pub extinction_ratio: f32,
}

/// One camera of a rig.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CameraMount {
    /// Unique in the rig; stacks see it in every frame.
    pub id: String,
    /// Entrance pupil in the lane's frame, metres: x left of the roadway's middle, y up, z in the direction of travel, 0 at the stop line.
    pub position_m: [f32; 3],
    /// Point looked at, same frame, metres.
    pub look_at_m: [f32; 3],
    /// Name of a sensor file in the catalogue.
    pub sensor: String,
    /// Lens.
    pub lens: Lens,
    /// Exposure time at the start of an encounter, microseconds.
    pub exposure_us: f32,
    /// Gain at the start, decibels over the gain at which full well is full scale.
    pub gain_db: f32,
    /// How the camera itself sets exposure time and gain; fixed when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exposure_control: Option<ExposureControl>,
    /// Exposures that one trigger takes for a picture of high dynamic range, in stops from the camera's own; one exposure when
    /// left out. They share their middle (assumption: a sensor that nests them), each blurs what moves by its own length, and
    /// what comes out is tone-mapped. Photons, motion blur and exposure time in the truth are those of the camera's own exposure.
    /// Each costs another drawing of blur and sensor.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bracket_ev: Vec<f32>,
    /// JPEG quality, 1..=100; left out where `h264` is there: a camera sends one or the other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jpeg_quality: Option<u8>,
    /// H.264 video in place of JPEG files: a stack gets what a decoder makes of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub h264: Option<H264>,
    /// Triggers: the vehicle's front passes these z (metres before the stop line are negative), or the stop at the line. An
    /// empty list is a camera that is dead.
    pub triggers: Vec<Trigger>,
    /// Exposures beyond those of the triggers that a stack may have in an encounter when it says that it needs more of
    /// somebody, up to 20; none when left out.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub extra_exposures: u32,
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// A video encoder (ITU-T H.264 | ISO/IEC 14496-10): Main profile with CABAC, I and P frames, one slice each, one reference
/// frame, no scene-change detection, no B frames. Exposures are consecutive frames of the stream, and before the first of an
/// encounter stand some of the empty lane (assumption: what a camera films between triggers is not rendered, so that the
/// encoder has longer ways to predict over than at its full frame rate, and its rate control, surprised by a vehicle, fewer
/// frames to come back to the rate in).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct H264 {
    /// Bits that the encoder aims at, kilobits (1000) per second at `frame_rate_hz`, 64 to 200 000; this or `qp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bit_rate_kbit_per_s: Option<f32>,
    /// Frames per second that share the bit rate, 1 to 60; left out with `qp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame_rate_hz: Option<f32>,
    /// Quantisation parameter of every frame, 0 (finest) to 51; this or `bit_rate_kbit_per_s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qp: Option<u8>,
    /// Frames from one I frame to the next, 1 (I frames alone) to 1000. Where an encounter begins in between is drawn.
    pub gop_frames: u32,
}

/// How a camera sets exposure time and gain from the frames it made. Time is lengthened before gain is raised.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExposureControl {
    /// What is measured in a frame.
    pub meter: Meter,
    /// Eight-bit number that the measure is brought to, 1 to 245.
    pub target_dn: f32,
    /// Part of the frame that is measured: left, top, right, bottom as shares of its width and height; all of it when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<[f32; 4]>,
    /// Of the meter "highlights": percent of the pixels that stay at or below the target, 50 to 100; 99 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percentile: Option<f32>,
    /// Shortest and longest exposure time, microseconds.
    pub exposure_limits_us: [f32; 2],
    /// Least and greatest gain, decibels.
    pub gain_limits_db: [f32; 2],
}

/// What an exposure control measures in a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Meter {
    /// Mean of the light.
    Average,
    /// A high percentile of the brightest channel, so that hardly anything is blown out.
    Highlights,
}

/// When a camera exposes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", tag = "at")]
pub enum Trigger {
    /// When the vehicle's front first passes `z_m`; places after the line are met only by vehicles that drive through.
    Front {
        /// Position of the vehicle's front along the lane, metres, −40 to 10; the stop line is 0.
        z_m: f32,
    },
    /// `after_s` seconds after the vehicle has come to rest at the stop line.
    Stop {
        /// Delay, seconds.
        after_s: f32,
    },
}

/// A rig: cameras mounted in a lane.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rig {
    /// For reports.
    pub title: String,
    /// Cameras.
    pub cameras: Vec<CameraMount>,
    /// Lamps that light faces for the cameras; none when left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub illuminators: Vec<Lamp>,
}
