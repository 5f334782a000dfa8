//! What is said between runner and program: one JSON object a line. `docs/stack-exec.md` is its description for
//! people.
use crate::client::{Decisions, Frame, FrameEncoding, StackError};
use crate::gallery::GalleryError;
use crate::rig::CameraGeometry;
use crate::sound::Sound;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Version of the protocol. Names and meanings stay within a version; both sides must bear members they do not know.
pub const PROTOCOL: u32 = 1;

/// What a program is asked to do.
#[derive(Debug, Serialize)]
#[serde(tag = "call", rename_all = "snake_case")]
pub(super) enum Call<'a> {
    Describe { protocol: u32 },
    Install { cameras: &'a [CameraGeometry] },
    Enrol { reference_id: &'a str, picture: FrameFile<'a> },
    OpenEncounter { encounter: u64 },
    PushFrame { frame: FrameFile<'a> },
    CloseEncounter,
}

impl Call<'_> {
    /// Its name on the wire.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Describe { .. } => "describe",
            Self::Install { .. } => "install",
            Self::Enrol { .. } => "enrol",
            Self::OpenEncounter { .. } => "open_encounter",
            Self::PushFrame { .. } => "push_frame",
            Self::CloseEncounter => "close_encounter",
        }
    }
}

/// A frame whose bytes lie in a file.
#[derive(Debug, Serialize)]
pub(super) struct FrameFile<'a> {
    path: &'a Path,
    encoding: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    width_px: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height_px: Option<u32>,
    camera_id: &'a str,
    exposure_id: u64,
    mid_exposure_us: u64,
    exposure_us: f32,
    gain_db: f32,
}

impl<'a> FrameFile<'a> {
    /// What is said of a frame that was written to `path`.
    pub fn new(path: &'a Path, frame: &'a Frame) -> Self {
        let size_px = match frame.encoding {
            FrameEncoding::Mono8 { width_px, height_px } | FrameEncoding::Rgb8 { width_px, height_px } => {
                Some((width_px, height_px))
            }
            FrameEncoding::Jpeg | FrameEncoding::Png => None,
        };
        Self {
            path,
            encoding: encoding_name(frame.encoding),
            width_px: size_px.map(|s| s.0),
            height_px: size_px.map(|s| s.1),
            camera_id: &frame.camera_id,
            exposure_id: frame.exposure_id,
            mid_exposure_us: frame.mid_exposure_us,
            exposure_us: frame.exposure_us,
            gain_db: frame.gain_db,
        }
    }
}

/// An encoding's name on the wire, which is also the ending of its files.
pub(super) fn encoding_name(encoding: FrameEncoding) -> &'static str {
    match encoding {
        FrameEncoding::Jpeg => "jpeg",
        FrameEncoding::Png => "png",
        FrameEncoding::Mono8 { .. } => "mono8",
        FrameEncoding::Rgb8 { .. } => "rgb8",
    }
}

/// What a program answers.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Answer<T> {
    Ok(T),
    Error(Fault),
}

/// What a line says: the answer, or the error that the program tells of; the reason in words when it is no answer to
/// this call. `picture` is the call's, `reference_id` that of an enrolment.
pub(super) fn understand<T: DeserializeOwned + Sound>(
    line: &[u8],
    command: &str,
    picture: Option<&Frame>,
    reference_id: Option<&str>,
) -> Result<Result<T, StackError>, String> {
    match serde_json::from_slice::<Answer<T>>(line) {
        Ok(Answer::Ok(answer)) => answer.check().map(|()| Ok(answer)),
        Ok(Answer::Error(fault)) => fault.into_error(command, picture, reference_id).map(Err),
        Err(error) => Err(error.to_string()),
    }
}

/// The answer to `describe`.
#[derive(Debug, Deserialize)]
pub(super) struct Description {
    pub protocol: u32,
    pub about: Vec<(String, String)>,
    #[serde(default)]
    pub gives_feedback: bool,
    #[serde(default)]
    pub takes_cameras: bool,
}

impl Sound for Description {}

/// The answer to calls that come to nothing but done.
#[derive(Debug, Deserialize)]
pub(super) struct Done {}

impl Sound for Done {}

/// The answer to `close_encounter`.
#[derive(Debug, Deserialize)]
pub(super) struct Decided {
    pub decisions: Decisions,
}

impl Sound for Decided {
    fn check(&self) -> Result<(), String> {
        self.decisions.check()
    }
}

/// Why a program did not do what it was asked.
#[derive(Debug, Deserialize)]
struct Fault {
    kind: FaultKind,
    reason: String,
    model: Option<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum FaultKind {
    Undecodable,
    NoFace,
    Failed,
    GalleryRefused,
    OutOfOrder,
}

impl Fault {
    /// The error as the stack in process would give it; the reason in words where the call cannot have such an error.
    fn into_error(
        self,
        command: &str,
        picture: Option<&Frame>,
        reference_id: Option<&str>,
    ) -> Result<StackError, String> {
        let Self { kind, reason, model } = self;
        Ok(match (kind, picture, reference_id) {
            (FaultKind::Undecodable, Some(Frame { exposure_id, camera_id, .. }), _) => {
                StackError::Undecodable { exposure_id: *exposure_id, camera_id: camera_id.clone(), reason }
            }
            (FaultKind::NoFace, _, Some(id)) => StackError::Enrolment { reference_id: id.to_string(), reason },
            (FaultKind::Failed, ..) => {
                StackError::Model { model: model.unwrap_or_else(|| format!("of {command}")), reason }
            }
            (FaultKind::GalleryRefused, ..) => StackError::Gallery(GalleryError::Refused(reason)),
            (FaultKind::OutOfOrder, ..) => StackError::Protocol(reason),
            (FaultKind::Undecodable, None, _) => return Err("undecodable, where there is no picture".to_string()),
            (FaultKind::NoFace, _, None) => return Err("no-face, where nobody is enrolled".to_string()),
        })
    }
}
