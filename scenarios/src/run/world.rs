//! The world as the runner sees it. The simulator implements it; tests put small worlds of their own in its place.
use lane_stack::client::{Frame, FrameEncoding};
use laneproof_exchange::{encounter::EncounterPlan, ideal::Counterfactual, truth::ExposureTruth};
use laneproof_scenes::{catalogue::Trigger, document::DocumentKind, people::Identity};

/// Why a world could not do what it was asked.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum WorldError {
    /// This encounter cannot be simulated; others can. The runner records the reason and goes on.
    #[error("{0}")]
    Encounter(String),
    /// Nothing more can be simulated: the device was lost, an asset is gone. The run stops and can be resumed.
    #[error("{0}")]
    Setup(String),
}

/// A reference portrait, as a JPEG file.
#[derive(Debug, Clone, PartialEq)]
pub struct PortraitJpeg(pub Vec<u8>);

impl PortraitJpeg {
    /// The portrait as a stack takes it.
    pub fn to_frame(&self) -> Frame {
        Frame {
            exposure_id: 0,
            camera_id: "portrait".to_owned(),
            mid_exposure_us: 0,
            exposure_us: 0.0,
            gain_db: 0.0,
            encoding: FrameEncoding::Jpeg,
            bytes: self.0.clone(),
        }
    }
}

/// One camera opening its shutter once.
#[derive(Debug, Clone, PartialEq)]
pub struct ExposeRequest {
    /// Unique in the encounter; frame and truth must carry it.
    pub exposure_id: u64,
    /// Index of the camera in the rig.
    pub camera_index: usize,
    /// Time of mid-exposure, microseconds since the encounter began.
    pub mid_exposure_us: u64,
    /// Exposure time, microseconds.
    pub exposure_us: f32,
    /// Gain, decibels.
    pub gain_db: f32,
    /// Whether to make the frame by regions and whole, and compare.
    pub cross_check: bool,
    /// The camera's exposures before this one in the encounter, in their order: a frame of video holds something of them.
    pub earlier: Vec<EarlierExposure>,
}

impl ExposeRequest {
    /// What the camera's later requests say of this one.
    pub fn as_earlier(&self) -> EarlierExposure {
        let Self { exposure_id, mid_exposure_us, exposure_us, gain_db, .. } = *self;
        EarlierExposure { exposure_id, mid_exposure_us, exposure_us, gain_db }
    }
}

/// What a camera was asked for before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EarlierExposure {
    /// Its id.
    pub exposure_id: u64,
    /// Time of mid-exposure, microseconds since the encounter began.
    pub mid_exposure_us: u64,
    /// Exposure time, microseconds.
    pub exposure_us: f32,
    /// Gain, decibels.
    pub gain_db: f32,
}

/// Seconds that the steps of one exposure took; measured by the world, never part of a result.
#[derive(Debug, Clone, Copy, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct StepTimings {
    /// Moving vehicle and occupants.
    pub physics_s: f64,
    /// Radiance and truth layers, readback included.
    pub render_s: f64,
    /// Lens to frame.
    pub camera_s: f64,
}

/// What came of an exposure.
#[derive(Debug, Clone)]
pub struct Exposed {
    /// The frame, for the stack.
    pub frame: Frame,
    /// The truth, never for the stack.
    pub truth: ExposureTruth,
    /// How long the steps took.
    pub timings: StepTimings,
    /// Where a cross-check was asked for: whether the frame by regions and the whole frame differ.
    pub cross_check_differs: Option<bool>,
    /// Exposure time (microseconds) and gain (decibels) that the camera itself chooses for its next exposure, where it has
    /// an exposure control of its own: it then does not listen to the stack.
    pub own_settings: Option<(f32, f32)>,
}

/// The world as the runner sees it.
pub trait World {
    /// An encounter made ready: vehicle, occupants, light and rig over time.
    type Staged;

    /// Adapter, driver and what else made the pictures: (what, which), for the report's head.
    fn describe(&self) -> Vec<(String, String)>;

    /// People who will be asked for next: a world may make them ready together. It changes no result.
    fn expect(&mut self, _identities: &[Identity]) {}

    /// Renders the reference portrait of an identity, as its document shows it.
    fn portrait(
        &mut self,
        identity: &Identity,
        document: DocumentKind,
        reference_id: &str,
    ) -> Result<PortraitJpeg, WorldError>;

    /// Makes an encounter ready.
    fn stage(&mut self, plan: &EncounterPlan) -> Result<Self::Staged, WorldError>;

    /// When a trigger fires, microseconds since the encounter began; `None` when the vehicle never meets it.
    fn trigger_time_us(&self, staged: &Self::Staged, camera_index: usize, trigger: Trigger) -> Option<u64>;

    /// Makes one exposure. Requests of an encounter come in the order of time, then of camera.
    fn expose(&mut self, staged: &Self::Staged, request: &ExposeRequest) -> Result<Exposed, WorldError>;

    /// Makes an exposure as it would be without what a counterfactual takes away; in any order.
    fn expose_ideal(
        &mut self,
        staged: &Self::Staged,
        request: &ExposeRequest,
        ideal: &Counterfactual,
    ) -> Result<Exposed, WorldError>;
}
