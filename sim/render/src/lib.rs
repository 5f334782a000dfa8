//! Headless renderer: a request in, radiance and truth layers out.
//!
//! Bevy runs the application: its worlds hold the scene, its pipeline cache compiles our WGSL, its render schedule
//! drives our passes on Vulkan (a GPU, or Mesa's lavapipe on the CPU). Light and surfaces are ours: everything
//! is in radiometric units, W·m⁻²·sr⁻¹ per camera band.
//!
//! One request makes three passes: depth from the sun, glass from the sun, and the scene without its glass (radiance,
//! truth tag and range at once). What panes do to the picture is the optics room's business: polarised light, tints and
//! mirror images of the lane do not fit a rasteriser's blending.
//!
//! A request names a region of the sensor. Regions are cut by the rasteriser's scissor, never by another projection:
//! inside a region every byte equals that of a render of the full sensor.
mod device;
mod failure;
mod gpu;
mod renderer;
mod request;
mod scene;

pub use device::{AdapterRecord, list_adapters};
pub use renderer::{RenderError, Renderer, RendererOptions};
pub use request::{Layers, PinholeCamera, Region, RenderRequest};
pub use scene::{Cabin, CabinLight, LampBeam, Light, Roof, Scene, ScenePane, Solid};
