//! The client interface: all that a runner may say to a stack, and all that a stack may say back.
//!
//! It carries what a real lane would: triggers, frames with time stamps, a gallery; never truth.
pub use crate::reply::{ControlMessage, Enough, NeedMore, NextTrigger, Quiet, Reply, Secured};
pub use crate::rig::CameraGeometry;
use serde::{Deserialize, Serialize};

/// How a frame's bytes are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FrameEncoding {
    /// A JPEG file.
    Jpeg,
    /// A PNG file; transparency is dropped, 16-bit values are brought to 8.
    Png,
    /// One byte a pixel, rows from the top without padding.
    Mono8 {
        /// Width in pixels.
        width_px: u32,
        /// Height in pixels.
        height_px: u32,
    },
    /// Red, green, blue bytes a pixel, rows from the top without padding.
    Rgb8 {
        /// Width in pixels.
        width_px: u32,
        /// Height in pixels.
        height_px: u32,
    },
}

/// One frame from one camera.
#[derive(Debug, Clone)]
pub struct Frame {
    /// Unique in the encounter.
    pub exposure_id: u64,
    /// Camera.
    pub camera_id: String,
    /// Time of mid-exposure, microseconds since the encounter's trigger.
    pub mid_exposure_us: u64,
    /// Exposure time, microseconds.
    pub exposure_us: f32,
    /// Gain, decibels.
    pub gain_db: f32,
    /// Encoding of `bytes`.
    pub encoding: FrameEncoding,
    /// The picture.
    pub bytes: Vec<u8>,
}

/// Quality measures of one face, in the units of OFIQ (ISO/IEC 29794-5).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Quality {
    /// Distance between the eyes ÷ cos yaw, pixels.
    pub inter_eye_px: f32,
    /// Head yaw as the stack estimates it, degrees.
    pub yaw_deg: f32,
    /// Head pitch as the stack estimates it, degrees.
    pub pitch_deg: f32,
    /// Head roll as the stack estimates it, degrees.
    pub roll_deg: f32,
    /// Sharpness, 0 (blurred) to 100.
    pub sharpness: f32,
    /// Mean luminance, 0..1.
    pub mean_luminance: f32,
    /// Share of face pixels at 247 or above, 0..1.
    pub over_exposed_share: f32,
    /// Entropy of the face's luminance, bits.
    pub entropy_bits: f32,
    /// One number to rank shots of a face by, 0 to 100.
    pub overall: f32,
    /// Overlap of the histograms of the two cheeks, 0 (one in shadow) to 1; nothing from a stack that does not measure it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uniformity: Option<f32>,
    /// Share of the skin around the eyes that something darker than the face covers, 0..1: dark lenses, a visor, a mirror.
    /// What is as bright as the face, a hand say, is not told from it. Nothing from a stack that does not measure it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eyes_covered_share: Option<f32>,
    /// Share of the inner face that has another colour than the ridge of its nose, or is a dark lens, 0..1: masks, veils,
    /// scarves, parts of a vehicle. Hands and other faces have the same colour and are not told; beards have another and
    /// are. Nothing from a picture without colour, or from a stack that does not measure it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covered_share: Option<f32>,
}

/// One face seen in one frame.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Detection {
    /// Frame it was seen in.
    pub exposure_id: u64,
    /// Camera.
    pub camera_id: String,
    /// Left, top, right, bottom in pixels of the frame.
    pub box_px: [f32; 4],
    /// Image-left eye, image-right eye, nose tip, image-left and image-right mouth corner, pixels.
    pub landmarks_px: [[f32; 2]; 5],
    /// Detector score, 0..1.
    pub score: f32,
    /// Quality measures.
    pub quality: Quality,
    /// The tracked face it belongs to, unique in the encounter.
    pub track_id: u32,
}

/// A candidate from the gallery.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Candidate {
    /// Reference.
    pub reference_id: String,
    /// Cosine similarity, −1..1.
    pub similarity: f32,
}

/// What a stack concludes about one tracked face.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct BestShot {
    /// The shot.
    pub detection: Detection,
    /// Whether the stack claims it as a valid capture.
    pub valid: bool,
    /// Why it is (not) valid, for people.
    pub reason: String,
    /// Gallery candidates, best first, at most ten.
    pub candidates: Vec<Candidate>,
    /// The reference it decides for: the first candidate when it reaches the threshold.
    pub matched: Option<String>,
}

/// Side of a seat, as its occupant would say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SeatSide {
    /// The left.
    Left,
    /// The middle.
    Middle,
    /// The right.
    Right,
}

/// A seat of the vehicle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Seat {
    /// Row, counted from the front from 1.
    pub row: u8,
    /// Side.
    pub side: SeatSide,
}

impl std::fmt::Display for Seat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let side = match self.side {
            SeatSide::Left => "left",
            SeatSide::Middle => "middle",
            SeatSide::Right => "right",
        };
        write!(f, "row {} {side}", self.row)
    }
}

/// One person, whom one camera or several have seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Person {
    /// The tracked faces that are this person.
    pub track_ids: Vec<u32>,
    /// The best of their best shots, by its place in [`Decisions::best_shots`].
    pub best_shot: u32,
    /// Whether the stack takes this person for an occupant of the vehicle.
    pub occupant: bool,
    /// Why (not), for people.
    pub reason: String,
    /// Middle of the eyes when the cameras last saw the vehicle together, lane's frame, metres: x to the left of the
    /// roadway's middle, y up, z in the direction of travel, 0 at the stop line. Needs two cameras whose places are known.
    pub position_m: Option<[f32; 3]>,
    /// Seat, where it can be told.
    pub seat: Option<Seat>,
}

/// Everything a stack says about an encounter when it closes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Decisions {
    /// Every face in every frame.
    pub detections: Vec<Detection>,
    /// One per tracked face.
    pub best_shots: Vec<BestShot>,
    /// One per person; none from a stack that does not tell persons apart.
    #[serde(default)]
    pub persons: Vec<Person>,
    /// How many of them are occupants; nothing from a stack that does not count.
    #[serde(default)]
    pub occupant_count: Option<u32>,
}

/// Something a stack refused or could not do.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum StackError {
    /// A frame's bytes are no picture, or not the one they claim to be.
    #[error("frame {exposure_id} of camera {camera_id} cannot be decoded: {reason}")]
    Undecodable {
        /// Frame.
        exposure_id: u64,
        /// Camera.
        camera_id: String,
        /// What the decoder said.
        reason: String,
    },
    /// A model ran but failed.
    #[error("model {model} failed: {reason}")]
    Model {
        /// Card's name.
        model: String,
        /// What ONNX Runtime said.
        reason: String,
    },
    /// No face in a picture that is to be enrolled.
    #[error("reference {reference_id} cannot be enrolled: {reason}")]
    Enrolment {
        /// Reference.
        reference_id: String,
        /// Why.
        reason: String,
    },
    /// The gallery failed.
    #[error("{0}")]
    Gallery(#[from] crate::gallery::GalleryError),
    /// The calls came in an order that makes no sense.
    #[error("{0}")]
    Protocol(String),
    /// A stack behind a network, or in a program of its own, could not be reached, or did not answer in time or in a way
    /// that is understood.
    #[error("stack at {url}: {reason}")]
    Unreachable {
        /// Where it was looked for.
        url: String,
        /// What went wrong.
        reason: String,
    },
    /// A stack behind a network refused a request for a reason that is none of the above.
    #[error("stack at {url} refused: {reason} (status {status})")]
    Refused {
        /// Where it is.
        url: String,
        /// HTTP status.
        status: u16,
        /// What it said.
        reason: String,
    },
}

/// What the references of synthetic people who never come are called: this and a number. See [`StackClient::fill`].
pub const FILLER_PREFIX: &str = "filler-";

/// A stack as a runner sees it.
pub trait StackClient: Send {
    /// Name and models, for the report's head: (what, version or hash).
    fn describe(&self) -> Vec<(String, String)>;
    /// Says where the lane's cameras are; a stack that was told otherwise, or does not ask, may leave it.
    fn install(&mut self, cameras: &[CameraGeometry]) -> Result<(), StackError> {
        let _ = cameras;
        Ok(())
    }
    /// Whether answers to frames may say that it is enough, or ask for more. Who runs a stack that does not need not wait for
    /// its answers, and does not heed such words.
    fn gives_feedback(&self) -> bool {
        false
    }
    /// Adds a reference picture to the gallery.
    fn enrol(&mut self, reference_id: &str, picture: &Frame) -> Result<(), StackError>;
    /// Fills the gallery up with so many templates of synthetic people, called [`FILLER_PREFIX`] and a number, and says how many there are now: a
    /// stack that has none, or takes no orders of this kind, says 0. The same seed gives the same people.
    fn fill(&mut self, count: u32, seed: u64) -> Result<u32, StackError> {
        let _ = (count, seed);
        Ok(0)
    }
    /// A vehicle has triggered the lane.
    fn open_encounter(&mut self, encounter: u64) -> Result<(), StackError>;
    /// Hands over one frame; the answer steers the cameras, and asks for more exposures or for none.
    fn push_frame(&mut self, frame: Frame) -> Result<Reply, StackError>;
    /// The vehicle has left: decide.
    fn close_encounter(&mut self) -> Result<Decisions, StackError>;
}
