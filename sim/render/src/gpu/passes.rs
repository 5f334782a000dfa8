//! The passes of a request and its readback.
use std::sync::Arc;

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
use glam::{Vec3, Vec3A};
use half::f16;
use laneproof_scenes::mesh::Mesh;

use super::{
    ExtractedJob, ExtractedView, Outcome,
    ambient::Ambient,
    culling::{in_region, lenses_back_to_front, solids_front_to_back},
    pipelines::{Cover, LensKey, Pipelines, SolidKey},
    readback::{self, Transfer},
    sun_scene::SunScene,
    targets::{SensorTargets, Target, Targets},
    uniforms::{DRAW_STRIDE, draw_uniforms, view_uniform},
    upload::Uploads,
};
use crate::{failure::Failure, request::Layers};

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
    let dark = job.view.light.sun_direction.is_none() && job.view.light.lamp.is_none();
    let sun_stands = dark || targets.sun_scene.as_ref() == Some(&sun_scene);
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
        let view_buffer = self.buffer("view", &view_uniform(view), BufferUsages::UNIFORM);
        let draws = self.buffer("draws", &draw_uniforms(self.job, self.uploads), BufferUsages::UNIFORM);

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
                bind(7, BindingResource::TextureView(&skies[1])),
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
            self.sun_passes(&mut encoder, &sun_view, &draw_group)?;
        }
        self.scene_pass(&mut encoder, &camera_view, &draw_group, sensor)?;

        let region = view.request.region;
        let copy = |encoder: &mut _, target: &Target, bytes| {
            Transfer::record(self.device, &self.targets.readbacks, encoder, target, region, bytes)
        };
        let radiance = copy(&mut encoder, &sensor.radiance, 8);
        let tag = copy(&mut encoder, &sensor.tag, 2);
        let range = copy(&mut encoder, &sensor.range, 4);
        queue.submit([encoder.finish()]);
        for transfer in [&radiance, &tag, &range] {
            transfer.map();
        }
        readback::wait(self.device)?;
        Ok(Layers {
            exposure_id: view.request.exposure_id,
            region,
            radiance: radiance.take::<[f16; 4]>(&self.targets.readbacks),
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
    ) -> Result<(), String> {
        let view = &self.job.view;
        let sun = view.light.sun_direction.filter(|_| view.light.lamp.is_none());
        let reach = view.shadow_half_extent_m;
        // Only what can throw its shadow on the mapped square: near the axis from its middle to the sun.
        let casts = |centre: Vec3A, radius: f32| {
            // Before a lamp nothing is left out: what lies beside its map is clipped.
            let Some(sun) = sun else { return true };
            let offset = Vec3::from(centre) - view.shadow_centre_m;
            let aside = offset - sun * offset.dot(sun);
            aside.length() <= reach * std::f32::consts::SQRT_2 + radius
        };
        let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some("depth from the sun"),
            depth_stencil_attachment: depth_attachment(&self.targets.sun_depth, Some(1.0)),
            ..Default::default()
        });
        pass.set_bind_group(0, sun_view, &[]);
        for (cut_out, &shadow) in [false, true].into_iter().zip(&self.ready.pipelines.shadow) {
            pass.set_pipeline(self.pipeline(shadow)?);
            for (slot, solid) in self.job.solids.iter().enumerate() {
                // The sun passes a clear lens; a dark one shades the eyes.
                if solid.surface.transmittance.is_some() && !solid.surface.is_dark_lens() {
                    continue;
                }
                let Some(gpu) = self.uploads.mesh(&solid.mesh) else { continue };
                let Some(picture) = self.uploads.picture(solid.surface.texture.as_ref()) else { continue };
                let (centre, radius) = gpu.world_bounds(&solid.world_from_mesh);
                if picture.has_holes == cut_out && casts(centre, radius) {
                    pass.set_bind_group(1, draw_group, &[(slot * DRAW_STRIDE) as u32]);
                    if cut_out {
                        pass.set_bind_group(2, &*picture.group, &[]);
                    }
                    self.draw_mesh(&mut pass, &solid.mesh);
                }
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
        for (k, pane) in self.job.panes.iter().enumerate() {
            pass.set_bind_group(1, draw_group, &[((self.job.solids.len() + k) * DRAW_STRIDE) as u32]);
            self.draw_mesh(&mut pass, &pane.mesh);
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
        let solids = self.seen(solids_front_to_back(self.job));
        let lenses = self.seen(lenses_back_to_front(self.job, self.uploads));
        let ambient = Ambient::new(self.device, self.job, &[&solids[..], &lenses[..]].concat());
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
        for slot in solids {
            let solid = &self.job.solids[slot];
            let texture = solid.surface.texture.as_ref();
            let Some(picture) = self.uploads.picture(texture) else { continue };
            let cover = match texture {
                None => Cover::Plain,
                Some(_) if picture.has_holes => Cover::CutOut,
                Some(_) => Cover::Picture,
            };
            let matt = solid.surface.roughness >= SolidKey::MATT_ROUGHNESS;
            let cabin = solid.cabin.is_some();
            let key = SolidKey { double_sided: solid.surface.double_sided, matt, cabin, cover };
            pass.set_pipeline(self.pipeline(self.ready.pipelines.solid(key))?);
            pass.set_bind_group(1, draw_group, &[(slot * DRAW_STRIDE) as u32]);
            pass.set_bind_group(2, &*picture.group, &[]);
            ambient.bind(&mut pass, slot);
            self.draw_mesh(&mut pass, &solid.mesh);
        }
        pass.set_pipeline(self.pipeline(self.ready.pipelines.sky)?);
        pass.draw(0..3, 0..1);
        for slot in lenses {
            let solid = &self.job.solids[slot];
            let Some([r, g, b]) = solid.surface.transmittance else { continue };
            let cabin = solid.cabin.is_some();
            let key = LensKey { cabin, dark: solid.surface.is_dark_lens() };
            pass.set_pipeline(self.pipeline(self.ready.pipelines.lens(key))?);
            pass.set_blend_constant(wgpu::Color { r: r.into(), g: g.into(), b: b.into(), a: 1.0 });
            pass.set_bind_group(1, draw_group, &[(slot * DRAW_STRIDE) as u32]);
            ambient.bind(&mut pass, slot);
            self.draw_mesh(&mut pass, &solid.mesh);
        }
        Ok(())
    }

    /// Those of some solids that can touch the request's region.
    fn seen(&self, mut slots: Vec<usize>) -> Vec<usize> {
        let request = &self.job.view.request;
        slots.retain(|&slot| {
            let solid = &self.job.solids[slot];
            self.uploads.mesh(&solid.mesh).is_some_and(|gpu| {
                let (centre, radius) = gpu.world_bounds(&solid.world_from_mesh);
                in_region(&request.camera, request.region, centre, radius)
            })
        });
        slots
    }
}
