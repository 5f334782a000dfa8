//! Meshes and pictures on the device, uploaded once per allocation and dropped with it.
use std::{
    collections::BTreeMap,
    sync::{Arc, Weak},
};

use bevy::{
    prelude::{FromWorld, Resource, World},
    render::{
        render_resource::{
            AddressMode, BindGroup, BindGroupEntry, BindGroupLayout, BindingResource, Buffer, BufferInitDescriptor,
            BufferUsages, CompareFunction, Extent3d, FilterMode, MipmapFilterMode, Sampler, SamplerDescriptor,
            TextureDataOrder, TextureDescriptor, TextureDimension, TextureFormat, TextureUsages, TextureView,
            TextureViewDescriptor,
        },
        renderer::{RenderDevice, RenderQueue},
    },
};
use glam::{Affine3A, Vec3, Vec3A};
use half::f16;
use laneproof_scenes::{mesh::Mesh, surface::Texture};

use crate::scene::{Light, corners};

/// A mesh on the device.
pub(super) struct GpuMesh {
    pub(super) vertices: Buffer,
    pub(super) indices: Buffer,
    pub(super) index_count: u32,
    bounds_m: [Vec3; 2],
}

impl GpuMesh {
    /// Bounding sphere in the world: centre and radius, metres.
    pub(super) fn world_bounds(&self, world_from_mesh: &Affine3A) -> (Vec3A, f32) {
        let [low, high] = self.bounds_m;
        (world_from_mesh.transform_point3a(((low + high) * 0.5).into()), (high - low).length() * 0.5)
    }

    /// Corners of a box round it in the world, metres.
    pub(super) fn world_corners(&self, world_from_mesh: &Affine3A) -> impl Iterator<Item = Vec3> {
        corners(self.bounds_m).map(|corner| world_from_mesh.transform_point3(corner))
    }
}

/// A reflectance picture on the device.
pub(super) struct Picture {
    pub(super) group: BindGroup,
    /// Whether any texel is cut away.
    pub(super) has_holes: bool,
    /// Mean reflectance, linear.
    pub(super) mean: [f32; 3],
}

/// Everything kept between requests. An entry's key is the address of its `Arc`; the weak reference keeps that address
/// from being used again while the entry lives.
#[derive(Resource)]
pub(super) struct Uploads {
    meshes: BTreeMap<usize, (Weak<Mesh>, GpuMesh)>,
    pictures: BTreeMap<usize, (Weak<Texture>, Picture)>,
    skies: BTreeMap<usize, (Weak<Light>, [TextureView; 2])>,
    blank: Option<Picture>,
    picture_sampler: Sampler,
    /// Linear, stops at the borders.
    pub(super) sky_sampler: Sampler,
    /// Passes where the reference depth is not behind the stored one.
    pub(super) shadow_sampler: Sampler,
}

impl FromWorld for Uploads {
    fn from_world(world: &mut World) -> Self {
        let device = world.resource::<RenderDevice>();
        let linear = SamplerDescriptor {
            mag_filter: FilterMode::Linear,
            min_filter: FilterMode::Linear,
            mipmap_filter: MipmapFilterMode::Linear,
            ..Default::default()
        };
        Self {
            meshes: BTreeMap::new(),
            pictures: BTreeMap::new(),
            skies: BTreeMap::new(),
            blank: None,
            picture_sampler: device.create_sampler(&SamplerDescriptor {
                address_mode_u: AddressMode::Repeat,
                address_mode_v: AddressMode::Repeat,
                ..linear
            }),
            sky_sampler: device.create_sampler(&linear),
            shadow_sampler: device
                .create_sampler(&SamplerDescriptor { compare: Some(CompareFunction::LessEqual), ..linear }),
        }
    }
}

fn key<T>(shared: &Arc<T>) -> usize {
    Arc::as_ptr(shared).addr()
}

impl Uploads {
    /// Forgets what no scene holds any more.
    pub(super) fn purge(&mut self) {
        self.meshes.retain(|_, (owner, _)| owner.strong_count() > 0);
        self.pictures.retain(|_, (owner, _)| owner.strong_count() > 0);
        self.skies.retain(|_, (owner, _)| owner.strong_count() > 0);
    }

    /// Uploads a mesh unless it is there.
    pub(super) fn ensure_mesh(&mut self, device: &RenderDevice, mesh: &Arc<Mesh>) {
        self.meshes.entry(key(mesh)).or_insert_with(|| {
            let (low, high) = mesh.bounds_m().unwrap_or((Vec3::ZERO, Vec3::ZERO));
            let buffer = |label, contents: &[u8], usage| {
                device.create_buffer_with_data(&BufferInitDescriptor { label: Some(label), contents, usage })
            };
            let gpu = GpuMesh {
                vertices: buffer("vertices", bytemuck::cast_slice(&mesh.vertices), BufferUsages::VERTEX),
                indices: buffer("indices", bytemuck::cast_slice(&mesh.indices), BufferUsages::INDEX),
                index_count: mesh.indices.len() as u32,
                bounds_m: [low, high],
            };
            (Arc::downgrade(mesh), gpu)
        });
    }

    /// A mesh that [`Self::ensure_mesh`] has uploaded.
    pub(super) fn mesh(&self, mesh: &Arc<Mesh>) -> Option<&GpuMesh> {
        self.meshes.get(&key(mesh)).map(|(_, gpu)| gpu)
    }

    /// Uploads a reflectance picture, or the white one for `None`, unless it is there.
    pub(super) fn ensure_picture(
        &mut self,
        device: &RenderDevice,
        queue: &RenderQueue,
        layout: &BindGroupLayout,
        picture: Option<&Arc<Texture>>,
    ) {
        let bind = |levels: Vec<u8>, width, height, count| {
            let texture = device.create_texture_with_data(
                queue,
                &TextureDescriptor {
                    label: Some("reflectance"),
                    size: Extent3d { width, height, depth_or_array_layers: 1 },
                    mip_level_count: count,
                    sample_count: 1,
                    dimension: TextureDimension::D2,
                    format: TextureFormat::Rgba8UnormSrgb,
                    usage: TextureUsages::TEXTURE_BINDING,
                    view_formats: &[],
                },
                TextureDataOrder::LayerMajor,
                &levels,
            );
            let view = texture.create_view(&TextureViewDescriptor::default());
            device.create_bind_group(
                "picture",
                layout,
                &[
                    BindGroupEntry { binding: 0, resource: BindingResource::TextureView(&view) },
                    BindGroupEntry { binding: 1, resource: BindingResource::Sampler(&self.picture_sampler) },
                ],
            )
        };
        match picture {
            None => {
                if self.blank.is_none() {
                    self.blank = Some(Picture { group: bind(vec![255; 4], 1, 1, 1), has_holes: false, mean: [1.0; 3] });
                }
            }
            Some(picture) => {
                self.pictures.entry(key(picture)).or_insert_with(|| {
                    let (levels, count) = mip_chain(picture);
                    let last = &levels[levels.len() - 4..];
                    let mean = [0, 1, 2].map(|band| linear(last[band]));
                    let group = bind(levels, picture.width, picture.height, count);
                    let has_holes = picture.rgba.chunks_exact(4).any(|texel| texel[3] < 128);
                    (Arc::downgrade(picture), Picture { group, has_holes, mean })
                });
            }
        }
    }

    /// A picture that [`Self::ensure_picture`] has uploaded.
    pub(super) fn picture(&self, picture: Option<&Arc<Texture>>) -> Option<&Picture> {
        match picture {
            None => self.blank.as_ref(),
            Some(picture) => self.pictures.get(&key(picture)).map(|(_, kept)| kept),
        }
    }

    /// The sky tables of a light as textures: what surfaces mirror, and the background.
    pub(super) fn skies(&mut self, device: &RenderDevice, queue: &RenderQueue, light: &Arc<Light>) -> [TextureView; 2] {
        let (_, views) = self.skies.entry(key(light)).or_insert_with(|| {
            let views = [&light.sky, &light.open_sky].map(|table| {
                let texels = octahedral_sky(light, table);
                let texture = device.create_texture_with_data(
                    queue,
                    &TextureDescriptor {
                        label: Some("sky"),
                        size: Extent3d { width: SKY_SIDE, height: SKY_SIDE, depth_or_array_layers: 1 },
                        mip_level_count: 1,
                        sample_count: 1,
                        dimension: TextureDimension::D2,
                        format: TextureFormat::Rgba16Float,
                        usage: TextureUsages::TEXTURE_BINDING,
                        view_formats: &[],
                    },
                    TextureDataOrder::LayerMajor,
                    bytemuck::cast_slice(&texels),
                );
                texture.create_view(&TextureViewDescriptor::default())
            });
            (Arc::downgrade(light), views)
        });
        views.clone()
    }
}

/// Side of the octahedral sky map in texels: 0.7° each near the zenith.
const SKY_SIDE: u32 = 256;

/// The sky table as the octahedral map that common.wgsl reads: a texel holds the radiance of its middle's direction.
fn octahedral_sky(light: &Light, table: &[[f32; 3]]) -> Vec<[f16; 4]> {
    let signed = |x: f32| if x >= 0.0 { 1.0 } else { -1.0 };
    let side = SKY_SIDE as f32;
    (0..SKY_SIDE * SKY_SIDE)
        .map(|i| {
            let (x, z) = (((i % SKY_SIDE) as f32 + 0.5) / side, ((i / SKY_SIDE) as f32 + 0.5) / side);
            let (x, z) = (2.0 * x - 1.0, 2.0 * z - 1.0);
            let y = 1.0 - x.abs() - z.abs();
            let (x, z) = if y < 0.0 { ((1.0 - z.abs()) * signed(x), (1.0 - x.abs()) * signed(z)) } else { (x, z) };
            let [r, g, b] = light.sky_in(table, Vec3::new(x, y, z).normalize());
            // Half floats end at 65504; no sky without its sun comes near.
            [r, g, b, 1.0].map(|value| f16::from_f32(value.min(60000.0)))
        })
        .collect()
}

/// IEC 61966-2-1.
fn linear(byte: u8) -> f32 {
    let x = f32::from(byte) / 255.0;
    if x <= 0.04045 { x / 12.92 } else { ((x + 0.055) / 1.055).powf(2.4) }
}

/// All levels of a picture, each half the size of the one before, and how many. Averages are taken on the encoded
/// values: at the few per cent of contrast that skin and cloth have between neighbouring texels the error is below one
/// digital number.
fn mip_chain(picture: &Texture) -> (Vec<u8>, u32) {
    let (mut width, mut height) = (picture.width as usize, picture.height as usize);
    let mut levels = picture.rgba.clone();
    let mut previous = 0;
    let mut count = 1;
    while width > 1 || height > 1 {
        let (w, h) = ((width / 2).max(1), (height / 2).max(1));
        let start = levels.len();
        levels.reserve(w * h * 4);
        for y in 0..h {
            let (y0, y1) = ((2 * y).min(height - 1), (2 * y + 1).min(height - 1));
            for x in 0..w {
                let (x0, x1) = ((2 * x).min(width - 1), (2 * x + 1).min(width - 1));
                for c in 0..4 {
                    let at = |x: usize, y: usize| u32::from(levels[previous + (y * width + x) * 4 + c]);
                    let mean = (at(x0, y0) + at(x1, y0) + at(x0, y1) + at(x1, y1) + 2) / 4;
                    levels.push(mean as u8);
                }
            }
        }
        previous = start;
        (width, height) = (w, h);
        count += 1;
    }
    (levels, count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mip_levels_halve_and_keep_a_constant() {
        let picture = Texture { width: 8, height: 4, rgba: vec![77; 8 * 4 * 4] };
        let (levels, count) = mip_chain(&picture);
        assert_eq!(count, 4);
        assert_eq!(levels.len(), 4 * (32 + 8 + 2 + 1));
        assert!(levels.iter().all(|&b| b == 77));
    }
}
