//! The four passes of a request and its readback.
use std::{cmp::Ordering, sync::Arc};

use bevy::{
    prelude::{Res, ResMut},
    render::{
        render_resource::{
            BindGroupEntry, BindGroupLayout, BindingResource, BufferBinding, BufferInitDescriptor, BufferUsages,
            PipelineCache, RenderPipeline,
        },
        renderer::{RenderDevice, RenderQueue},
    },
};
use bytemuck::{Pod, Zeroable};
use glam::{Affine3A, Mat4, Vec3, Vec3A};
use half::f16;
use laneproof_scenes::{mesh::Mesh, truth::Role};

use super::{
    ExtractedJob, ExtractedView, Outcome, PendingView,
    pipelines::{Cover, Pipelines, SolidKey},
    readback::{self, Transfer},
    targets::{SensorTargets, Target, Targets},
    upload::Uploads,
};
use crate::{
    renderer::Failure,
    request::{Layers, PinholeCamera, Region},
    scene::ScenePane,
};

/// `View` of common.wgsl.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct ViewUniform {
    clip_from_world: Mat4,
    world_from_camera: Mat4,
    sun_clip_from_world: Mat4,
    cabin_from_world: Mat4,
    sun_direction: [f32; 4],
    sun_irradiance: [f32; 4],
    sky_irradiance: [[f32; 4]; 9],
    open_irradiance: [[f32; 4]; 9],
    sheltered: [f32; 4],
    cabin_dims: [u32; 4],
    pinhole: [f32; 4],
    shadow: [f32; 4],
}

/// `Draw` of solid.wgsl.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct DrawUniform {
    world_from_mesh: Mat4,
    reflectance: [f32; 4],
    emitted: [f32; 4],
    scatter: [f32; 4],
    flags: [u32; 4],
}

/// `Pane` of glass.wgsl.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct PaneUniform {
    world_from_mesh: Mat4,
    response: [[f32; 4]; 32],
}

/// Bytes between draws in the uniform buffer: WebGPU's alignment of dynamic offsets, and room for a pane.
const DRAW_STRIDE: usize = 768;

/// Depth range of the sun's map before and behind its middle, metres; a canopy or booth is within.
const SUN_DEPTH_M: f32 = 30.0;

fn with_w([x, y, z]: [f32; 3], w: f32) -> [f32; 4] {
    [x, y, z, w]
}

fn sun_clip_from_world(view: &PendingView) -> Mat4 {
    let Some(sun) = view.light.sun_direction else { return Mat4::IDENTITY };
    let half = view.shadow_half_extent_m;
    let up = if sun.y.abs() > 0.99 { Vec3::Z } else { Vec3::Y };
    let eye = view.shadow_centre_m + sun * SUN_DEPTH_M;
    let projection = Mat4::orthographic_rh(-half, half, -half, half, 0.0, 2.0 * SUN_DEPTH_M);
    projection * Mat4::look_at_rh(eye, view.shadow_centre_m, up)
}

fn view_uniform(view: &PendingView) -> ViewUniform {
    let PendingView { request, light, cabin, shadow_half_extent_m, .. } = view;
    let camera = &request.camera;
    let cabin_from_world = cabin.as_ref().map_or(Mat4::IDENTITY, |grid| {
        Mat4::from_scale(Vec3::splat(1.0 / grid.spacing_m))
            * Mat4::from_translation(-grid.origin_m)
            * Mat4::from(grid.vehicle_from_world)
    });
    let dims = cabin.as_ref().map_or([1, 1, 1], |grid| grid.dims);
    ViewUniform {
        clip_from_world: camera.clip_from_world(),
        world_from_camera: Mat4::from(camera.world_from_camera),
        sun_clip_from_world: sun_clip_from_world(view),
        cabin_from_world,
        sun_direction: with_w(
            light.sun_direction.unwrap_or(Vec3::Y).to_array(),
            if light.sun_direction.is_some() { 1.0 } else { 0.0 },
        ),
        sun_irradiance: with_w(light.sun_irradiance, 0.0),
        sky_irradiance: light.irradiance_sh.map(|c| with_w(c, 0.0)),
        open_irradiance: light.open_irradiance_sh.map(|c| with_w(c, 0.0)),
        // Nothing lies between these bounds.
        sheltered: light.sheltered_m.unwrap_or([1.0, 1.0, -1.0, -1.0]),
        cabin_dims: [dims[0], dims[1], dims[2], 0],
        pinhole: [camera.focal_length_px, camera.principal_point_px[0], camera.principal_point_px[1], 0.0],
        shadow: [
            2.0 * shadow_half_extent_m / Targets::SUN_RESOLUTION as f32,
            2.0 * SUN_DEPTH_M,
            1.0 / Targets::SUN_RESOLUTION as f32,
            0.0,
        ],
    }
}

/// Whether a sphere can touch a region of the sensor; generous, never wrong in the other direction.
fn in_region(camera: &PinholeCamera, region: Region, centre_m: Vec3A, radius_m: f32) -> bool {
    let p = camera.world_from_camera.inverse().transform_point3a(centre_m);
    let depth = -p.z;
    if depth < -radius_m {
        return false;
    }
    let f = camera.focal_length_px;
    // Half-planes through the pupil and the region's borders, one pixel wider.
    let planes = [
        (f, camera.principal_point_px[0] - (region.x as f32 - 1.0), p.x),
        (f, (region.x + region.width) as f32 + 1.0 - camera.principal_point_px[0], -p.x),
        (f, camera.principal_point_px[1] - (region.y as f32 - 1.0), -p.y),
        (f, (region.y + region.height) as f32 + 1.0 - camera.principal_point_px[1], p.y),
    ];
    planes.iter().all(|&(a, b, side)| {
        // Inside where a·side + b·depth >= 0, with the normal's length a hypotenuse.
        a * side + b * depth >= -radius_m * a.hypot(b)
    })
}

/// Pipelines of this update, all standing.
struct Ready<'a> {
    cache: &'a PipelineCache,
    pipelines: &'a Pipelines,
}

impl Ready<'_> {
    fn get(&self, id: bevy::render::render_resource::CachedRenderPipelineId) -> Option<&RenderPipeline> {
        self.cache.get_render_pipeline(id)
    }
}

fn colour_attachment(target: &Target, clear: wgpu::Color) -> Option<wgpu::RenderPassColorAttachment<'_>> {
    Some(wgpu::RenderPassColorAttachment {
        view: &target.view,
        depth_slice: None,
        resolve_target: None,
        ops: wgpu::Operations { load: wgpu::LoadOp::Clear(clear), store: wgpu::StoreOp::Store },
    })
}

fn depth_attachment(target: &Target, clear: Option<f32>) -> Option<wgpu::RenderPassDepthStencilAttachment<'_>> {
    Some(wgpu::RenderPassDepthStencilAttachment {
        view: &target.view,
        depth_ops: Some(wgpu::Operations {
            load: clear.map_or(wgpu::LoadOp::Load, wgpu::LoadOp::Clear),
            store: wgpu::StoreOp::Store,
        }),
        stencil_ops: None,
    })
}

/// Uniforms of all solids, then of all panes, `DRAW_STRIDE` apart.
fn draw_uniforms(job: &ExtractedView, panes: &[usize]) -> Vec<u8> {
    let mut bytes = vec![0; (job.solids.len() + panes.len()).max(1) * DRAW_STRIDE];
    let mut put = |slot: usize, data: &[u8]| {
        bytes[slot * DRAW_STRIDE..slot * DRAW_STRIDE + data.len()].copy_from_slice(data);
    };
    for (slot, solid) in job.solids.iter().enumerate() {
        let surface = &solid.surface;
        let uniform = DrawUniform {
            world_from_mesh: Mat4::from(solid.world_from_mesh),
            reflectance: with_w(surface.reflectance, surface.roughness),
            emitted: with_w(surface.emitted_radiance, surface.specular_f0),
            scatter: [surface.wrap, 0.0, 0.0, 0.0],
            flags: [u32::from(solid.tag.to_bits()), 0, 0, 0],
        };
        put(slot, bytemuck::bytes_of(&uniform));
    }
    for (k, &index) in panes.iter().enumerate() {
        let pane = &job.panes[index];
        let mut response = [[0.0; 4]; 32];
        for (pair, entries) in response.iter_mut().zip(pane.response.chunks_exact(2)) {
            *pair = [entries[0][0], entries[0][1], entries[1][0], entries[1][1]];
        }
        let uniform = PaneUniform { world_from_mesh: Mat4::from(pane.world_from_mesh), response };
        put(job.solids.len() + k, bytemuck::bytes_of(&uniform));
    }
    bytes
}

/// Solids in an order in which the nearer mostly come first, so that what is hidden is not shaded: the paint before the
/// cabin, people before their seats, the vehicle before the lane. The same for every region of a picture.
fn solids_front_to_back(job: &ExtractedView) -> Vec<usize> {
    let rank = |role: Role| match role {
        Role::Body | Role::Wheel => 0,
        Role::Face | Role::Head | Role::Eyes | Role::Hair | Role::Limb | Role::Clothes => 1,
        Role::Seat => 2,
        Role::Interior => 3,
        Role::Furniture => 4,
        Role::Ground | Role::Sky => 5,
    };
    let mut order: Vec<usize> = (0..job.solids.len()).collect();
    order.sort_by_key(|&slot| rank(job.solids[slot].tag.role));
    order
}

/// Panes from back to front by the distance of their bounds' middle; ties keep the scene's order.
fn panes_back_to_front(job: &ExtractedView, uploads: &Uploads) -> Vec<usize> {
    let eye = job.view.request.camera.world_from_camera.translation;
    let mut order: Vec<(f32, usize)> = job
        .panes
        .iter()
        .enumerate()
        .filter_map(|(i, pane)| {
            let (centre, _) = uploads.mesh(&pane.mesh)?.world_bounds(&pane.world_from_mesh);
            Some((centre.distance(eye), i))
        })
        .collect();
    order.sort_by(|a, b| b.0.partial_cmp(&a.0).unwrap_or(Ordering::Equal).then(a.1.cmp(&b.1)));
    order.into_iter().map(|(_, i)| i).collect()
}

/// Whether the mirror image of the sun may show in a pane; generous, never wrong in the other direction.
fn may_glint(pane: &ScenePane, eye_m: Vec3, sun: Vec3) -> bool {
    // Room for the sun's disc (0.27°) and for normals that bulge between a triangle's corners.
    const MARGIN_RAD: f32 = 0.02;
    let mirrored: Vec<Vec3> = pane
        .mesh
        .vertices
        .iter()
        .map(|v| {
            let position = pane.world_from_mesh.transform_point3(v.position_m.into());
            let normal = pane.world_from_mesh.transform_vector3(v.normal.into()).normalize_or(Vec3::Y);
            (position - eye_m).normalize_or(Vec3::Z).reflect(normal)
        })
        .collect();
    pane.mesh.indices.chunks_exact(3).any(|t| {
        let corners = [0, 1, 2].map(|i| mirrored[t[i] as usize]);
        let middle = (corners[0] + corners[1] + corners[2]).normalize_or(corners[0]);
        let reach = corners.iter().map(|c| c.angle_between(middle)).fold(0.0, f32::max);
        middle.angle_between(sun) <= reach + MARGIN_RAD
    })
}

/// All that the sun's maps depend on: what stands where, and the light. It holds on to the meshes, so that an equal
/// address means the same mesh.
pub(super) struct SunScene {
    sun_clip_from_world: Mat4,
    solids: Vec<(Arc<Mesh>, Affine3A)>,
    panes: Vec<(Arc<Mesh>, Arc<[[f32; 2]; 64]>, Affine3A)>,
}

impl SunScene {
    fn of(job: &ExtractedView) -> Self {
        Self {
            sun_clip_from_world: sun_clip_from_world(&job.view),
            solids: job.solids.iter().map(|s| (s.mesh.clone(), s.world_from_mesh)).collect(),
            panes: job.panes.iter().map(|p| (p.mesh.clone(), p.response.clone(), p.world_from_mesh)).collect(),
        }
    }
}

impl PartialEq for SunScene {
    fn eq(&self, other: &Self) -> bool {
        let Self { sun_clip_from_world, solids, panes } = self;
        *sun_clip_from_world == other.sun_clip_from_world
            && solids.len() == other.solids.len()
            && panes.len() == other.panes.len()
            && solids.iter().zip(&other.solids).all(|(a, b)| Arc::ptr_eq(&a.0, &b.0) && a.1 == b.1)
            && panes
                .iter()
                .zip(&other.panes)
                .all(|(a, b)| Arc::ptr_eq(&a.0, &b.0) && Arc::ptr_eq(&a.1, &b.1) && a.2 == b.2)
    }
}

/// Answers the extracted job, if there is one.
#[expect(clippy::too_many_arguments, reason = "a system's parameters are what it may touch")]
pub(super) fn render(
    mut extracted: ResMut<ExtractedJob>,
    device: Res<RenderDevice>,
    queue: Res<RenderQueue>,
    cache: Res<PipelineCache>,
    pipelines: Res<Pipelines>,
    mut uploads: ResMut<Uploads>,
    mut targets: ResMut<Targets>,
    outcome: Res<Outcome>,
    failure: Res<Failure>,
) {
    let Some(job) = extracted.0.take() else { return };
    uploads.purge();
    let picture_layout = cache.get_bind_group_layout(&pipelines.picture);
    for solid in &job.solids {
        uploads.ensure_mesh(&device, &solid.mesh);
        uploads.ensure_picture(&device, &queue, &picture_layout, solid.surface.texture.as_ref());
    }
    for pane in &job.panes {
        uploads.ensure_mesh(&device, &pane.mesh);
    }
    let skies = uploads.skies(&device, &queue, &job.view.light);
    let camera = job.view.request.camera;
    let sensor = targets.sensor(&device, (camera.width_px, camera.height_px));
    let ready = Ready { cache: &cache, pipelines: &pipelines };
    let sun_scene = SunScene::of(&job);
    // Without a sun nothing looks at its maps.
    let sun_stands = job.view.light.sun_direction.is_none() || targets.sun_scene.as_ref() == Some(&sun_scene);
    let frame = Recording { job: &job, device: &device, ready, uploads: &uploads, targets: &targets, sun_stands };
    let result = frame.record(&queue, &skies, targets.get(sensor));
    if !sun_stands {
        targets.sun_scene = result.is_ok().then_some(sun_scene);
    }
    match result {
        Ok(layers) => outcome.put(layers),
        Err(text) => failure.set(text),
    }
}

/// What the passes of one request share.
struct Recording<'a> {
    job: &'a ExtractedView,
    device: &'a RenderDevice,
    ready: Ready<'a>,
    uploads: &'a Uploads,
    targets: &'a Targets,
    /// Whether the sun's maps hold this very scene already: cameras that expose together share them.
    sun_stands: bool,
}

impl Recording<'_> {
    fn buffer(&self, label: &str, contents: &[u8], usage: BufferUsages) -> bevy::render::render_resource::Buffer {
        self.device.create_buffer_with_data(&BufferInitDescriptor { label: Some(label), contents, usage })
    }

    fn record(
        &self,
        queue: &RenderQueue,
        skies: &[bevy::render::render_resource::TextureView; 2],
        sensor: &SensorTargets,
    ) -> Result<Layers, String> {
        let view = &self.job.view;
        let layout = |descriptor| -> BindGroupLayout { self.ready.cache.get_bind_group_layout(descriptor) };
        let view_buffer = self.buffer("view", bytemuck::bytes_of(&view_uniform(view)), BufferUsages::UNIFORM);
        let cubes: Vec<[f32; 4]> = view
            .cabin
            .as_ref()
            .map_or_else(|| vec![[0.0; 4]; 6], |grid| grid.cubes.iter().flatten().map(|&c| with_w(c, 0.0)).collect());
        let cabin_buffer = self.buffer("cabin", bytemuck::cast_slice(&cubes), BufferUsages::STORAGE);
        let panes = panes_back_to_front(self.job, self.uploads);
        let draws = self.buffer("draws", &draw_uniforms(self.job, &panes), BufferUsages::UNIFORM);

        let Targets { sun_depth, sun_glass, sun_glass_depth, .. } = self.targets;
        let bind = |binding, resource| BindGroupEntry { binding, resource };
        let view_resource = || view_buffer.as_entire_binding();
        let sun_view = self.device.create_bind_group(
            "sun view",
            &layout(&self.ready.pipelines.sun_view),
            &[bind(0, view_resource())],
        );
        let camera_view = self.device.create_bind_group(
            "camera view",
            &layout(&self.ready.pipelines.camera_view),
            &[
                bind(0, view_resource()),
                bind(1, BindingResource::TextureView(&skies[0])),
                bind(2, BindingResource::Sampler(&self.uploads.sky_sampler)),
                bind(3, BindingResource::TextureView(&sun_depth.view)),
                bind(4, BindingResource::Sampler(&self.uploads.shadow_sampler)),
                bind(5, BindingResource::TextureView(&sun_glass.view)),
                bind(6, BindingResource::TextureView(&sun_glass_depth.view)),
                bind(7, cabin_buffer.as_entire_binding()),
                bind(8, BindingResource::TextureView(&skies[1])),
            ],
        );
        let draw_group = self.device.create_bind_group(
            "draw",
            &layout(&self.ready.pipelines.draw),
            &[bind(
                0,
                BindingResource::Buffer(BufferBinding {
                    buffer: &draws,
                    offset: 0,
                    size: std::num::NonZeroU64::new(DRAW_STRIDE as u64),
                }),
            )],
        );

        let mut encoder =
            self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("exposure") });
        if !self.sun_stands {
            self.sun_passes(&mut encoder, &sun_view, &draw_group, &panes)?;
        }
        self.scene_pass(&mut encoder, &camera_view, &draw_group, sensor)?;
        self.glass_pass(&mut encoder, &camera_view, &draw_group, sensor, &panes)?;

        let region = view.request.region;
        let copy = |encoder: &mut _, target: &Target, bytes| {
            Transfer::record(self.device, &self.targets.readbacks, encoder, target, region, bytes)
        };
        let radiance = copy(&mut encoder, &sensor.radiance, 8);
        let veil = copy(&mut encoder, &sensor.veil, 8);
        let tag = copy(&mut encoder, &sensor.tag, 2);
        let range = copy(&mut encoder, &sensor.range, 4);
        queue.submit([encoder.finish()]);
        for transfer in [&radiance, &veil, &tag, &range] {
            transfer.map();
        }
        readback::wait(self.device)?;
        Ok(Layers {
            exposure_id: view.request.exposure_id,
            region,
            radiance: radiance.take::<[f16; 4]>(&self.targets.readbacks),
            veil: veil.take::<[f16; 4]>(&self.targets.readbacks),
            tag: tag.take(&self.targets.readbacks),
            range_m: range.take(&self.targets.readbacks),
        })
    }

    fn pipeline(&self, id: bevy::render::render_resource::CachedRenderPipelineId) -> Result<&RenderPipeline, String> {
        self.ready.get(id).ok_or_else(|| "a pipeline is not ready".to_owned())
    }

    fn draw_mesh(&self, pass: &mut wgpu::RenderPass<'_>, mesh: &Arc<Mesh>) {
        if let Some(gpu) = self.uploads.mesh(mesh) {
            pass.set_vertex_buffer(0, *gpu.vertices.slice(..));
            pass.set_index_buffer(*gpu.indices.slice(..), wgpu::IndexFormat::Uint32);
            pass.draw_indexed(0..gpu.index_count, 0, 0..1);
        }
    }

    fn sun_passes(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        sun_view: &wgpu::BindGroup,
        draw_group: &wgpu::BindGroup,
        panes: &[usize],
    ) -> Result<(), String> {
        let view = &self.job.view;
        let Some(sun) = view.light.sun_direction else { return Ok(()) };
        let reach = view.shadow_half_extent_m;
        // Only what can throw its shadow on the mapped square: near the axis from its middle to the sun.
        let casts = |centre: Vec3A, radius: f32| {
            let offset = Vec3::from(centre) - view.shadow_centre_m;
            let aside = offset - sun * offset.dot(sun);
            aside.length() <= reach * std::f32::consts::SQRT_2 + radius
        };
        let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some("depth from the sun"),
            depth_stencil_attachment: depth_attachment(&self.targets.sun_depth, Some(1.0)),
            ..Default::default()
        });
        pass.set_pipeline(self.pipeline(self.ready.pipelines.shadow)?);
        pass.set_bind_group(0, sun_view, &[]);
        for (slot, solid) in self.job.solids.iter().enumerate() {
            let Some(gpu) = self.uploads.mesh(&solid.mesh) else { continue };
            let (centre, radius) = gpu.world_bounds(&solid.world_from_mesh);
            if casts(centre, radius) {
                pass.set_bind_group(1, draw_group, &[(slot * DRAW_STRIDE) as u32]);
                self.draw_mesh(&mut pass, &solid.mesh);
            }
        }
        drop(pass);
        let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some("glass from the sun"),
            color_attachments: &[colour_attachment(&self.targets.sun_glass, wgpu::Color::WHITE)],
            depth_stencil_attachment: depth_attachment(&self.targets.sun_glass_depth, Some(1.0)),
            ..Default::default()
        });
        pass.set_pipeline(self.pipeline(self.ready.pipelines.sun_glass)?);
        pass.set_bind_group(0, sun_view, &[]);
        for (k, &index) in panes.iter().enumerate() {
            pass.set_bind_group(1, draw_group, &[((self.job.solids.len() + k) * DRAW_STRIDE) as u32]);
            self.draw_mesh(&mut pass, &self.job.panes[index].mesh);
        }
        Ok(())
    }

    fn scene_pass(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        camera_view: &wgpu::BindGroup,
        draw_group: &wgpu::BindGroup,
        sensor: &SensorTargets,
    ) -> Result<(), String> {
        let request = &self.job.view.request;
        let region = request.region;
        let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some("scene"),
            color_attachments: &[
                colour_attachment(&sensor.radiance, wgpu::Color::TRANSPARENT),
                colour_attachment(&sensor.tag, wgpu::Color::TRANSPARENT),
                colour_attachment(&sensor.range, wgpu::Color::TRANSPARENT),
            ],
            depth_stencil_attachment: depth_attachment(&sensor.depth, Some(0.0)),
            ..Default::default()
        });
        pass.set_scissor_rect(region.x, region.y, region.width, region.height);
        pass.set_bind_group(0, camera_view, &[]);
        for slot in solids_front_to_back(self.job) {
            let solid = &self.job.solids[slot];
            let Some(gpu) = self.uploads.mesh(&solid.mesh) else { continue };
            let (centre, radius) = gpu.world_bounds(&solid.world_from_mesh);
            if !in_region(&request.camera, region, centre, radius) {
                continue;
            }
            let texture = solid.surface.texture.as_ref();
            let Some(picture) = self.uploads.picture(texture) else { continue };
            let cover = match texture {
                None => Cover::Plain,
                Some(_) if picture.has_holes => Cover::CutOut,
                Some(_) => Cover::Picture,
            };
            let matt = solid.surface.roughness >= SolidKey::MATT_ROUGHNESS;
            let cabin = solid.in_cabin && self.job.view.cabin.is_some();
            let key = SolidKey { double_sided: solid.surface.double_sided, matt, cabin, cover };
            pass.set_pipeline(self.pipeline(self.ready.pipelines.solid(key))?);
            pass.set_bind_group(1, draw_group, &[(slot * DRAW_STRIDE) as u32]);
            pass.set_bind_group(2, &*picture.group, &[]);
            self.draw_mesh(&mut pass, &solid.mesh);
        }
        pass.set_pipeline(self.pipeline(self.ready.pipelines.sky)?);
        pass.draw(0..3, 0..1);
        Ok(())
    }

    fn glass_pass(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        camera_view: &wgpu::BindGroup,
        draw_group: &wgpu::BindGroup,
        sensor: &SensorTargets,
        panes: &[usize],
    ) -> Result<(), String> {
        let region = self.job.view.request.region;
        let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some("glass"),
            color_attachments: &[colour_attachment(&sensor.veil, wgpu::Color::BLACK)],
            depth_stencil_attachment: depth_attachment(&sensor.depth, None),
            ..Default::default()
        });
        pass.set_scissor_rect(region.x, region.y, region.width, region.height);
        pass.set_bind_group(0, camera_view, &[]);
        let eye_m = Vec3::from(self.job.view.request.camera.world_from_camera.translation);
        for (k, &index) in panes.iter().enumerate() {
            let sun = self.job.view.light.sun_direction;
            let glint = sun.is_some_and(|sun| may_glint(&self.job.panes[index], eye_m, sun));
            pass.set_pipeline(self.pipeline(self.ready.pipelines.glass[usize::from(glint)])?);
            pass.set_bind_group(1, draw_group, &[((self.job.solids.len() + k) * DRAW_STRIDE) as u32]);
            self.draw_mesh(&mut pass, &self.job.panes[index].mesh);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pane_glints_where_it_mirrors_the_sun_and_nowhere_else() {
        let corner = |x, z| laneproof_scenes::mesh::Vertex::new(Vec3::new(x, 0.0, z), Vec3::Y, [0.0; 2]);
        let vertices = vec![corner(-1.0, -1.0), corner(1.0, -1.0), corner(1.0, 1.0), corner(-1.0, 1.0)];
        let pane = ScenePane {
            mesh: Arc::new(Mesh { vertices, indices: vec![0, 2, 1, 0, 3, 2] }),
            response: Arc::new([[0.0; 2]; 64]),
            world_from_mesh: Affine3A::IDENTITY,
        };
        let eye = Vec3::new(0.0, 5.0, 5.0);
        // A level mirror shows the eye at (0, 5, 5) the sun at the same height on the other side.
        assert!(may_glint(&pane, eye, Vec3::new(0.0, 1.0, -1.0).normalize()));
        assert!(!may_glint(&pane, eye, Vec3::new(0.0, 1.0, 1.0).normalize()));
        assert!(!may_glint(&pane, eye, Vec3::new(1.0, 1.0, -1.0).normalize()));
    }

    #[test]
    fn uniforms_fit_their_slots_and_their_shader_layout() {
        assert!(size_of::<PaneUniform>() <= DRAW_STRIDE && size_of::<DrawUniform>() <= DRAW_STRIDE);
        assert_eq!(size_of::<ViewUniform>(), 4 * 64 + 24 * 16);
    }

    #[test]
    fn a_sphere_before_the_region_is_in_it_and_one_beside_is_not() {
        let camera = PinholeCamera::looking_at(Vec3::ZERO, Vec3::NEG_Z, 1000.0, 1000, 800);
        let region = Region { x: 400, y: 300, width: 200, height: 200 };
        assert!(in_region(&camera, region, Vec3A::new(0.0, 0.0, -5.0), 0.1));
        assert!(!in_region(&camera, region, Vec3A::new(2.0, 0.0, -5.0), 0.1));
        assert!(in_region(&camera, region, Vec3A::new(2.0, 0.0, -5.0), 1.6));
        assert!(!in_region(&camera, region, Vec3A::new(0.0, 0.0, 5.0), 0.1));
    }
}
