//! The renderer as its callers see it: an externally driven Bevy application.
use bevy::{
    MinimalPlugins,
    app::{App, PluginGroup as _, ScheduleRunnerPlugin, SubApps},
    asset::AssetPlugin,
    camera::CameraPlugin,
    image::ImagePlugin,
    mesh::MeshPlugin,
    prelude::World,
    render::{
        RenderPlugin,
        error_handler::{RenderErrorHandler, RenderErrorPolicy},
    },
    transform::TransformPlugin,
    window::{ExitCondition, WindowPlugin},
};

use crate::{
    device::{self, AdapterRecord},
    failure::Failure,
    gpu::{self, Job, Outcome},
    request::{Layers, Region, RenderRequest},
    scene::Scene,
};

/// Why a picture could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// No Vulkan driver at all.
    #[error(
        "no Vulkan device: install a driver (on Debian without a GPU: apt-get install libvulkan1 mesa-vulkan-drivers)"
    )]
    NoDevice,
    /// The adapter asked for is not there.
    #[error("no Vulkan adapter matches \"{wanted}\"; this machine has: {found}")]
    AdapterMissing {
        /// What was asked for.
        wanted: String,
        /// What there is.
        found: String,
    },
    /// The driver refused a device.
    #[error("adapter {adapter} gives no device: {reason}")]
    DeviceRefused {
        /// Adapter.
        adapter: String,
        /// What the driver said.
        reason: String,
    },
    /// A shader or pipeline does not compile on this driver.
    #[error("the render pipelines did not become ready: {0}")]
    Pipelines(String),
    /// The request makes no sense.
    #[error("bad render request: {0}")]
    Request(String),
    /// The driver failed while rendering.
    #[error("rendering failed: {0}")]
    Device(String),
}

/// How to open a renderer.
#[derive(Debug, Clone, Default)]
pub struct RendererOptions {
    /// Part of the name or driver of the adapter to use; `None` takes the best.
    pub adapter: Option<String>,
}

/// A headless renderer. Requests are answered one at a time and in full; nothing is left for a later frame.
pub struct Renderer {
    apps: SubApps,
    adapter: AdapterRecord,
    failure: Failure,
    outcome: Outcome,
}

impl Renderer {
    /// Pipelines that are not ready after this many application updates never will be: an update compiles everything
    /// that its predecessor queued, and our shaders have two levels of imports.
    const READY_UPDATES: usize = 64;

    /// Opens the adapter and compiles the pipelines.
    pub fn new(options: &RendererOptions) -> Result<Self, RenderError> {
        let (creation, adapter) = device::open(options.adapter.as_deref())?;
        let failure = Failure::default();
        let outcome = Outcome::default();
        let mut app = App::new();
        app.insert_resource(failure.clone());
        app.add_plugins((
            MinimalPlugins.build().disable::<ScheduleRunnerPlugin>(),
            TransformPlugin,
            AssetPlugin::default(),
            WindowPlugin { primary_window: None, exit_condition: ExitCondition::DontExit, ..Default::default() },
            RenderPlugin { render_creation: creation, synchronous_pipeline_compilation: true, ..Default::default() },
            ImagePlugin::default(),
            MeshPlugin,
            CameraPlugin,
            gpu::LanePassesPlugin { failure: failure.clone(), outcome: outcome.clone() },
        ));
        app.insert_resource(RenderErrorHandler(|error, main_world: &mut World, _| {
            main_world.resource::<Failure>().set(error.description.clone());
            RenderErrorPolicy::StopRendering
        }));
        app.finish();
        app.cleanup();
        let mut renderer = Self { apps: std::mem::take(app.sub_apps_mut()), adapter, failure, outcome };
        renderer.wait_until_ready()?;
        Ok(renderer)
    }

    /// The adapter in use.
    pub fn adapter(&self) -> &AdapterRecord {
        &self.adapter
    }

    fn wait_until_ready(&mut self) -> Result<(), RenderError> {
        for _ in 0..Self::READY_UPDATES {
            self.apps.update();
            if let Some(text) = self.failure.take() {
                return Err(RenderError::Pipelines(text));
            }
            if self.outcome.is_ready() {
                return Ok(());
            }
        }
        Err(RenderError::Pipelines(format!("still waiting after {} updates", Self::READY_UPDATES)))
    }

    /// Renders a region of an exposure. The layers carry the request's exposure id.
    pub fn render(&mut self, scene: &Scene, request: &RenderRequest) -> Result<Layers, RenderError> {
        let Region { x, y, width, height } = request.region;
        let camera = &request.camera;
        if width == 0 || height == 0 || x + width > camera.width_px || y + height > camera.height_px {
            return Err(RenderError::Request(format!(
                "region {width} x {height} at ({x}, {y}) does not fit a sensor of {} x {}",
                camera.width_px, camera.height_px
            )));
        }
        if scene.light.sky.len() != (scene.light.sky_width * scene.light.sky_height) as usize {
            return Err(RenderError::Request("the sky table's size does not match its data".to_owned()));
        }
        gpu::stage(self.apps.main.world_mut(), Job { scene: scene.clone(), request: *request });
        self.apps.update();
        if let Some(text) = self.failure.take() {
            return Err(RenderError::Device(text));
        }
        let layers =
            self.outcome.take().ok_or_else(|| RenderError::Device("the driver gave no picture back".to_owned()))?;
        debug_assert_eq!(layers.exposure_id, request.exposure_id);
        Ok(layers)
    }
}
