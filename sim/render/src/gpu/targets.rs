//! Render targets, kept per sensor size.
use bevy::{
    prelude::{FromWorld, Resource, World},
    render::{
        render_resource::{
            Extent3d, Texture, TextureDescriptor, TextureDimension, TextureFormat, TextureUsages, TextureView,
            TextureViewDescriptor,
        },
        renderer::RenderDevice,
    },
};

use super::{
    pipelines::{DEPTH, RADIANCE, RANGE, SUN_GLASS, TAG},
    readback::Readbacks,
    sun_scene::SunScene,
    uniforms::SUN_RESOLUTION,
};

/// A texture with its only view.
pub(super) struct Target {
    pub(super) texture: Texture,
    pub(super) view: TextureView,
}

fn target(device: &RenderDevice, label: &str, size: (u32, u32), format: TextureFormat, usage: TextureUsages) -> Target {
    let texture = device.create_texture(&TextureDescriptor {
        label: Some(label),
        size: Extent3d { width: size.0, height: size.1, depth_or_array_layers: 1 },
        mip_level_count: 1,
        sample_count: 1,
        dimension: TextureDimension::D2,
        format,
        usage: usage | TextureUsages::RENDER_ATTACHMENT,
        view_formats: &[],
    });
    let view = texture.create_view(&TextureViewDescriptor::default());
    Target { texture, view }
}

/// Targets of one sensor size.
pub(super) struct SensorTargets {
    size: (u32, u32),
    pub(super) radiance: Target,
    pub(super) tag: Target,
    pub(super) range: Target,
    pub(super) depth: Target,
}

/// All targets: the sun's maps and one set per sensor size seen so far.
#[derive(Resource)]
pub(super) struct Targets {
    pub(super) sun_depth: Target,
    pub(super) sun_glass: Target,
    pub(super) sun_glass_depth: Target,
    /// What the sun's maps show; `None` before the first.
    pub(super) sun_scene: Option<SunScene>,
    sensors: Vec<SensorTargets>,
    /// Where the layers are copied to.
    pub(super) readbacks: Readbacks,
}

impl Targets {
    /// The targets of a sensor of `size` pixels.
    pub(super) fn sensor(&mut self, device: &RenderDevice, size: (u32, u32)) -> usize {
        if let Some(index) = self.sensors.iter().position(|s| s.size == size) {
            return index;
        }
        let read = TextureUsages::COPY_SRC;
        self.sensors.push(SensorTargets {
            size,
            radiance: target(device, "radiance", size, RADIANCE, read),
            tag: target(device, "tag", size, TAG, read),
            range: target(device, "range", size, RANGE, read),
            depth: target(device, "depth", size, DEPTH, TextureUsages::empty()),
        });
        self.sensors.len() - 1
    }

    /// Targets by the index that [`Self::sensor`] gave.
    pub(super) fn get(&self, index: usize) -> &SensorTargets {
        &self.sensors[index]
    }
}

impl FromWorld for Targets {
    fn from_world(world: &mut World) -> Self {
        let device = world.resource::<RenderDevice>();
        let size = (SUN_RESOLUTION, SUN_RESOLUTION);
        let sampled = TextureUsages::TEXTURE_BINDING;
        Self {
            sun_depth: target(device, "depth from the sun", size, DEPTH, sampled),
            sun_glass: target(device, "glass from the sun", size, SUN_GLASS, sampled),
            sun_glass_depth: target(device, "depth of glass from the sun", size, DEPTH, sampled),
            sun_scene: None,
            sensors: Vec::new(),
            readbacks: Readbacks::default(),
        }
    }
}
