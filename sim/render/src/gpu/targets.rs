//! Render targets, kept per sensor size.
use bevy::{
    prelude::{FromWorld, Resource, World},
    render::{
        render_resource::{
            Extent3d, Texture, TextureDescriptor, TextureDimension, TextureFormat, TextureUsages, TextureView,
            TextureViewDescriptor, TextureViewDimension,
        },
        renderer::RenderDevice,
    },
};

use super::{
    pipelines::{DEPTH, RADIANCE, RANGE, TAG},
    readback::Readbacks,
    sun_maps::SunTargets,
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

/// Maps from the sun in the layers of one texture.
pub(super) struct MapTarget {
    /// Each layer, to be drawn.
    pub(super) layers: Vec<TextureView>,
    /// All of them, to be looked at.
    pub(super) all: TextureView,
}

impl MapTarget {
    pub(super) fn new(device: &RenderDevice, label: &str, count: u32, format: TextureFormat) -> Self {
        let texture = device.create_texture(&TextureDescriptor {
            label: Some(label),
            size: Extent3d { width: SUN_RESOLUTION, height: SUN_RESOLUTION, depth_or_array_layers: count },
            mip_level_count: 1,
            sample_count: 1,
            dimension: TextureDimension::D2,
            format,
            usage: TextureUsages::TEXTURE_BINDING | TextureUsages::RENDER_ATTACHMENT,
            view_formats: &[],
        });
        let layer = |base_array_layer| {
            texture.create_view(&TextureViewDescriptor {
                dimension: Some(TextureViewDimension::D2),
                base_array_layer,
                array_layer_count: Some(1),
                ..Default::default()
            })
        };
        let all = texture.create_view(&TextureViewDescriptor {
            dimension: Some(TextureViewDimension::D2Array),
            ..Default::default()
        });
        Self { layers: (0..count).map(layer).collect(), all }
    }
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
    pub(super) sun_maps: SunTargets,
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
        Self { sun_maps: SunTargets::new(device), sensors: Vec::new(), readbacks: Readbacks::default() }
    }
}
