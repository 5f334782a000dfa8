//! Stages encounters and turns exposures into frames.
//!
//! [`Simulator::stage`] makes an encounter ready: the vehicle's drive through the lane, who sits in it, the light in its
//! cabin. [`Simulator::expose`] opens one camera's shutter once: the scene at mid-exposure is rendered where the vehicle
//! can be seen, laid over the lane's own background, and handed to the camera. Frame and truth carry the exposure's id.
//! Both are pure functions of the plan and the request; of a camera that sends video, of its earlier requests too.
mod blur;
mod cabin;
mod decoys;
mod detail;
mod document;
mod entrances;
mod export;
mod exposing;
mod eye_safety;
mod face_truth;
mod glass;
mod head_lamps;
mod ideal;
mod infrared;
mod lamps;
mod lens_camera;
mod light;
mod moment;
mod people_cache;
mod rain;
mod readout;
mod region;
mod remade;
mod shared;
mod simulator;
mod staged;
mod studio;
mod studio_light;
mod sun;
mod video;
mod view;

pub use document::{DocumentPortrait, PortraitGeometry};
pub use entrances::{GlassBasis, LightOnFace};
pub use export::{ExportedPane, MitsubaScene};
pub use eye_safety::{STAY_S, eye_safety};
pub use ideal::{Counterfactual, Factor, Factors};
pub use laneproof_camera::{
    Frame8,
    control::{AutoExposure, AutoState},
};
pub use laneproof_exchange::{encounter, truth};
pub use laneproof_optics::cabin::CabinOptions;
pub use laneproof_optics::eye_safety::Check;
pub use laneproof_optics::through_glass::{GlassLayer, InDrops};
pub use laneproof_render::{
    AdapterRecord, Light, PinholeCamera, RenderError, Renderer, RendererOptions, list_adapters,
};
pub use light::LaneLight;
pub use people_cache::BakeCost;
pub use region::{PixelLight, TruthLayers};
pub use simulator::{Exposure, ExposureRequest, SimError, Simulator, SimulatorOptions};
pub use staged::Staged;
pub use studio::{FaceView, PortraitPicture, studio_light};
pub use studio_light::StudioLight;
