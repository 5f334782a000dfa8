//! The HTTP API's own words: what service and client write and read as JSON. `lane-stack/openapi.json` is made of them.
//!
//! Version 1. Names and meanings stay within a version; a reader must bear members it does not know.
use crate::client::{Candidate, Decisions, Reply};
use crate::config::QualityRule;
use crate::gallery::{Held, ReferenceKind};
use crate::rig::CameraGeometry;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Media type of one byte a pixel, rows from the top without padding.
pub const MONO8: &str = "application/vnd.lane-stack.mono8";
/// Media type of red, green, blue bytes a pixel, rows from the top without padding.
pub const RGB8: &str = "application/vnd.lane-stack.rgb8";
/// Media type of a stream of frames: for each a line of JSON ([`StreamedFrame`]), and after it as many bytes as it says.
pub const FRAME_STREAM: &str = "application/vnd.lane-stack.frames";
/// Media type of the answers to a stream: a line of JSON ([`StreamAnswer`]) each.
pub const NDJSON: &str = "application/x-ndjson";
/// Media type of errors (RFC 9457).
pub const PROBLEM: &str = "application/problem+json";
/// What problem types begin with.
pub const PROBLEM_TYPE: &str = "urn:lane-stack:problem:";

/// Longest id, characters.
pub const MAX_ID_LENGTH: usize = 128;
/// What an id of an encounter, a camera or a reference must look like, as a regular expression.
pub const ID_PATTERN: &str = "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$";

/// Checks an id against [`ID_PATTERN`]. Such an id is safe in a path, a header, a log line and a file name.
pub fn check_id(what: &str, id: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let good =
        id.chars().all(plain) && id.len() <= MAX_ID_LENGTH && id.starts_with(|c: char| c.is_ascii_alphanumeric());
    if good { Ok(()) } else { Err(format!("{what} must match {ID_PATTERN}")) }
}

/// What is running.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StackInfo {
    /// Version of the program.
    pub version: String,
    /// Name and models, for a report's head: what, and its version or hash.
    pub about: Vec<(String, String)>,
    /// Similarity from which a candidate is taken for the person, −1..1.
    pub match_threshold: f32,
    /// Bounds that a best shot must keep to be claimed as valid.
    pub quality_rule: QualityRule,
    /// Whether answers to frames may say `enough` or `need_more`. Without it they are not heeded, and not waited for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gives_feedback: bool,
}

/// The lane's cameras as they were installed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InstalledCameras {
    /// Each with its place.
    pub cameras: Vec<CameraGeometry>,
}

/// How an encounter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EncounterState {
    /// Takes frames.
    Open,
    /// Takes no more frames; those that were accepted are looked at, then it decides.
    Closing,
    /// Has decided.
    Closed,
}

/// An encounter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EncounterInfo {
    /// Its id.
    pub encounter_id: String,
    /// How it stands.
    pub state: EncounterState,
    /// Frames that were accepted.
    pub accepted_frames: u64,
    /// Of those, frames that have been looked at.
    pub answered_frames: u64,
}

/// The answer to one frame.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FrameAnswer {
    /// The frame's place in its encounter.
    pub sequence: u64,
    /// The frame.
    pub exposure_id: u64,
    /// Faces that were found in it.
    pub faces: u32,
    /// What the cameras are asked to do, and whether more is needed.
    #[serde(flatten)]
    pub reply: Reply,
}

/// What an encounter came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Closed {
    /// The encounter.
    pub encounter_id: String,
    /// Frames that were accepted.
    pub accepted_frames: u64,
    /// Of those, frames that could not be decoded or looked at.
    pub refused_frames: u64,
    /// Sequence numbers below the highest accepted one that never came.
    pub missing_frames: u64,
    /// Every detection, and one best shot per tracked face.
    pub decisions: Decisions,
}

/// The line before each frame of a stream.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct StreamedFrame {
    /// Media type of the frame: image/jpeg, image/png, or one of the raw ones.
    pub content_type: String,
    /// Number of bytes that follow the line.
    pub length: u64,
    /// The rest, as in the query of a single frame.
    #[serde(flatten)]
    pub about: FrameQuery,
}

impl StreamedFrame {
    /// Reads the line; the reason in words when it is not one. Members that are not known are refused.
    pub fn parse(line: &[u8]) -> Result<Self, String> {
        let mut members: serde_json::Map<String, serde_json::Value> =
            serde_json::from_slice(line).map_err(|e| e.to_string())?;
        let mut take = |name: &str| members.remove(name).ok_or_else(|| format!("the member {name} is missing"));
        let content_type = match take("content_type")? {
            serde_json::Value::String(text) => text,
            _ => return Err("content_type must be a string".to_string()),
        };
        let length = take("length")?.as_u64().ok_or("length must be a whole number of bytes")?;
        let about = serde_json::from_value(members.into()).map_err(|e| e.to_string())?;
        Ok(Self { content_type, length, about })
    }
}

/// What must be said of a frame beside its bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FrameQuery {
    /// Camera; see the pattern of ids.
    pub camera_id: String,
    /// Unique in the encounter.
    pub exposure_id: u64,
    /// Time of mid-exposure, microseconds since the encounter's trigger.
    pub mid_exposure_us: u64,
    /// Exposure time, microseconds; more than 0.
    pub exposure_us: f32,
    /// Gain, decibels.
    #[serde(default)]
    pub gain_db: f32,
    /// Place among the encounter's frames, from 0 without gaps. Frames are taken in this order, whenever they arrive: one
    /// that comes early waits for those before it. Without it the frame takes the next place that was not given away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    /// Width of a raw frame, pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width_px: Option<u32>,
    /// Height of a raw frame, pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height_px: Option<u32>,
}

/// A line of the answer to a stream of frames.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StreamAnswer {
    /// A frame was looked at.
    Frame(FrameAnswer),
    /// A frame was refused, or the stream cannot be read on; then it is the last line.
    Problem(Problem),
}

/// Templates of synthetic people that a gallery in memory is filled up with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FillerOrder {
    /// How many; those of an earlier order are replaced.
    pub count: u32,
    /// Which: the same seed gives the same people.
    pub seed: u64,
}

/// What became of an order of fillers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FillersInfo {
    /// Fillers in the gallery; 0 where the embedder's card names no templates to draw them from.
    pub fillers: u32,
}

/// The gallery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GalleryInfo {
    /// Number of references.
    pub references: u64,
}

/// A person's references: the one that was enrolled, or all that were found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reference {
    /// Their id.
    pub reference_id: String,
    /// Pictures, one of each kind at most.
    pub pictures: Vec<ReferencePicture>,
}

/// A picture of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReferencePicture {
    /// What it is.
    pub kind: ReferenceKind,
    /// Class of traveller.
    pub class: String,
    /// When it is erased, by the gallery's policy (ISO 8601, UTC); absent when it is held in memory, until its encounter
    /// is decided or the service ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

impl From<Held> for ReferencePicture {
    fn from(Held { kind, class, until }: Held) -> Self {
        Self { kind, class, until: until.map(|end| end.to_string()) }
    }
}

/// What must be said of a reference picture beside its bytes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EnrolQuery {
    /// What the picture is; a passport's when left out. A person has one reference of each kind at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<ReferenceKind>,
    /// Class of traveller, for the gallery's policy: 1 to 32 lower-case letters, digits and hyphens; "traveller" when left
    /// out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// The open encounter that it is enrolled for. What the policy does not keep is held in memory until that has decided,
    /// and refused without one. A gallery in memory keeps what has no encounter until the service ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encounter_id: Option<String>,
    /// Width of a raw picture, pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width_px: Option<u32>,
    /// Height of a raw picture, pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height_px: Option<u32>,
}

/// What a search in the gallery found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Found {
    /// Candidates, best first, at most ten.
    pub candidates: Vec<Candidate>,
    /// The first candidate, when it reaches the threshold.
    pub matched: Option<String>,
}

/// The service lives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Status {
    /// `ok`.
    pub status: String,
}

/// A model at work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LoadedModel {
    /// Name on its card.
    pub name: String,
    /// SHA-256 of the file as it was loaded, hexadecimal. What becomes of the file afterwards changes nothing.
    pub sha256: String,
}

/// The service takes new encounters, and with what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Readiness {
    /// `ok`.
    pub status: String,
    /// Finds faces.
    pub detector: LoadedModel,
    /// Makes templates.
    pub embedder: LoadedModel,
}

/// Why a request was refused (RFC 9457).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// `urn:lane-stack:problem:` and a name; the names are listed in the API's description.
    #[serde(rename = "type")]
    pub kind: String,
    /// The name in words.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// What was wrong this time, and what would be right.
    pub detail: String,
    /// Frame, where the problem is one frame's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exposure_id: Option<u64>,
    /// Camera of that frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub camera_id: Option<String>,
    /// Reference, where the problem is one's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference_id: Option<String>,
    /// Model, where the problem is one's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// What the decoder, the model or the gallery said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A live event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// An encounter was opened.
    Opened {
        /// Encounter.
        encounter_id: String,
    },
    /// A frame was looked at.
    Frame {
        /// Encounter.
        encounter_id: String,
        /// Camera.
        camera_id: String,
        /// The answer that its sender got.
        answer: FrameAnswer,
    },
    /// A frame was refused after it had been accepted.
    Refused {
        /// Encounter.
        encounter_id: String,
        /// What its sender got.
        problem: Problem,
    },
    /// An encounter has decided.
    Decided {
        /// Encounter.
        encounter_id: String,
        /// Best shots.
        best_shots: u64,
        /// Of those, valid ones.
        valid: u64,
        /// References that were matched, in the order of the best shots.
        matched: Vec<String>,
    },
    /// An encounter came to no decision.
    Dropped {
        /// Encounter.
        encounter_id: String,
        /// Why.
        reason: String,
    },
    /// The listener was too slow: it missed events.
    Missed {
        /// How many.
        events: u64,
    },
}

impl Event {
    /// Its name on the wire.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Opened { .. } => "opened",
            Self::Frame { .. } => "frame",
            Self::Refused { .. } => "refused",
            Self::Decided { .. } => "decided",
            Self::Dropped { .. } => "dropped",
            Self::Missed { .. } => "missed",
        }
    }

    /// The encounter it is about.
    pub fn encounter_id(&self) -> Option<&str> {
        match self {
            Self::Opened { encounter_id }
            | Self::Frame { encounter_id, .. }
            | Self::Refused { encounter_id, .. }
            | Self::Decided { encounter_id, .. }
            | Self::Dropped { encounter_id, .. } => Some(encounter_id),
            Self::Missed { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_line_is_read_back_and_slips_are_refused() {
        let about = FrameQuery {
            camera_id: "front".into(),
            exposure_id: 7,
            mid_exposure_us: 1_000,
            exposure_us: 120.5,
            gain_db: 0.0,
            sequence: Some(3),
            width_px: None,
            height_px: None,
        };
        let line = StreamedFrame { content_type: "image/jpeg".into(), length: 9, about };
        let text = serde_json::to_string(&line).unwrap();
        assert_eq!(StreamedFrame::parse(text.as_bytes()), Ok(line));
        for (from, to, word) in [
            ("sequence", "sequnce", "sequence"),
            ("\"length\":9", "\"length\":-9", "length"),
            ("\"length\":9", "\"length\":1e3", "length"),
            ("120.5", "NaN", "expected"),
            ("content_type", "kind", "content_type"),
            ("{", "[", "expected"),
        ] {
            assert!(text.contains(from));
            let reason = StreamedFrame::parse(text.replacen(from, to, 1).as_bytes()).unwrap_err();
            assert!(reason.contains(word), "{from} → {to}: {reason}");
        }
    }

    #[test]
    fn ids_that_could_leave_a_folder_or_a_line_are_refused() {
        for good in ["e000-r1-left", "A.b_c-1", "0", &"x".repeat(128)] {
            assert_eq!(check_id("id", good), Ok(()), "{good}");
        }
        for bad in ["", ".", "..", "../a", "a/b", "a\\b", "-a", "a b", "a\n", "é", "a%2e", "\0", &"x".repeat(129)] {
            assert!(check_id("id", bad).unwrap_err().contains(ID_PATTERN), "{bad:?}");
        }
    }
}
