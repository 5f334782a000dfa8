//! The passes of a request and its readback.
use std::sync::Arc;

use bevy::{
    prelude::{Res, ResMut},
    render::{
        render_resource::{
            BindGroupEntry, BindGroupLayout, BindingResource, BufferBinding, BufferInitDescriptor, BufferUsages,
            PipelineCache, RenderPipeline, TextureView,
        },
        renderer::{RenderDevice, RenderQueue},
    },
};
use half::f16;
use laneproof_scenes::mesh::Mesh;

use super::{
    ExtractedJob, ExtractedView, Outcome,
    ambient::Ambient,
    culling::{in_region, lenses_back_to_front, solids_front_to_back},
    pipelines::{Cover, LensKey, Pipelines, Place, SolidKey},
    readback::{self, Transfer},
    sun_maps::{Covered, SunMap},
    targets::{SensorTargets, Target, Targets},
    uniforms::{DRAW_STRIDE, draw_uniforms, view_uniform},
    upload::Uploads,
};
use crate::{failure::Failure, request::Layers, scene::Solid};

/// Pipelines of this update, all standing.
pub(super) struct Ready<'a> {
    pub(super) cache: &'a PipelineCache,
    pub(super) pipelines: &'a Pipelines,
}

impl Ready<'_> {
    fn get(&self, id: bevy::render::render_resource::CachedRenderPipelineId) -> Option<&RenderPipeline> {
        self.cache.get_render_pipeline(id)
    }
}

pub(super) fn colour_attachment(view: &TextureView, clear: wgpu::Color) -> Option<wgpu::RenderPassColorAttachment<'_>> {
    Some(wgpu::RenderPassColorAttachment {
        view,
        depth_slice: None,
        resolve_target: None,
        ops: wgpu::Operations { load: wgpu::LoadOp::Clear(clear), store: wgpu::StoreOp::Store },
    })
}

pub(super) fn depth_attachment(
    view: &TextureView,
    clear: Option<f32>,
) -> Option<wgpu::RenderPassDepthStencilAttachment<'_>> {
    Some(wgpu::RenderPassDepthStencilAttachment {
        view,
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
    let stale: Vec<SunMap> = SunMap::all(&job).into_iter().filter(|map| targets.sun_maps.are_stale(map)).collect();
    let frame = Recording { job: &job, device: &device, ready, uploads: &uploads, targets: &targets };
    let result = frame.record(&queue, &skies, targets.get(sensor), &stale);
    for map in stale {
        targets.sun_maps.hold(map, result.is_ok());
    }
    match result {
        Ok(layers) => outcome.put(layers),
        Err(text) => failure.set(text),
    }
}

/// What the passes of one request share.
pub(super) struct Recording<'a> {
    pub(super) job: &'a ExtractedView,
    pub(super) device: &'a RenderDevice,
    pub(super) ready: Ready<'a>,
    pub(super) uploads: &'a Uploads,
    pub(super) targets: &'a Targets,
}

impl Recording<'_> {
    pub(super) fn buffer(
        &self,
        label: &str,
        contents: &[u8],
        usage: BufferUsages,
    ) -> bevy::render::render_resource::Buffer {
        self.device.create_buffer_with_data(&BufferInitDescriptor { label: Some(label), contents, usage })
    }

    fn record(
        &self,
        queue: &RenderQueue,
        skies: &[TextureView; 2],
        sensor: &SensorTargets,
        stale: &[SunMap],
    ) -> Result<Layers, String> {
        let view = &self.job.view;
        let layout = |descriptor| -> BindGroupLayout { self.ready.cache.get_bind_group_layout(descriptor) };
        let view_buffer = self.buffer("view", &view_uniform(view, None), BufferUsages::UNIFORM);
        let draws = self.buffer("draws", &draw_uniforms(self.job, self.uploads), BufferUsages::UNIFORM);

        let sun_maps = &self.targets.sun_maps;
        let bind = |binding, resource| BindGroupEntry { binding, resource };
        let camera_view = self.device.create_bind_group(
            "camera view",
            &layout(&self.ready.pipelines.camera_view),
            &[
                bind(0, view_buffer.as_entire_binding()),
                bind(1, BindingResource::TextureView(&skies[0])),
                bind(2, BindingResource::Sampler(&self.uploads.sky_sampler)),
                bind(3, BindingResource::TextureView(&sun_maps.depth.all)),
                bind(4, BindingResource::Sampler(&self.uploads.shadow_sampler)),
                bind(5, BindingResource::TextureView(&sun_maps.glass.all)),
                bind(6, BindingResource::TextureView(&sun_maps.glass_depth.all)),
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
        for map in stale {
            self.draw_sun_map(&mut encoder, map, &draw_group)?;
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

    pub(super) fn pipeline(
        &self,
        id: bevy::render::render_resource::CachedRenderPipelineId,
    ) -> Result<&RenderPipeline, String> {
        self.ready.get(id).ok_or_else(|| "a pipeline is not ready".to_owned())
    }

    pub(super) fn draw_mesh(&self, pass: &mut wgpu::RenderPass<'_>, mesh: &Arc<Mesh>) {
        if let Some(gpu) = self.uploads.mesh(mesh) {
            pass.set_vertex_buffer(0, *gpu.vertices.slice(..));
            pass.set_index_buffer(*gpu.indices.slice(..), wgpu::IndexFormat::Uint32);
            pass.draw_indexed(0..gpu.index_count, 0, 0..1);
        }
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
                colour_attachment(&sensor.radiance.view, wgpu::Color::TRANSPARENT),
                colour_attachment(&sensor.tag.view, wgpu::Color::TRANSPARENT),
                colour_attachment(&sensor.range.view, wgpu::Color::TRANSPARENT),
            ],
            depth_stencil_attachment: depth_attachment(&sensor.depth.view, Some(0.0)),
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
            let place = self.place(solid);
            let key = SolidKey { double_sided: solid.surface.double_sided, matt, place, cover };
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
            let place = self.place(solid);
            let key = LensKey { place, dark: solid.surface.is_dark_lens() };
            pass.set_pipeline(self.pipeline(self.ready.pipelines.lens(key))?);
            pass.set_blend_constant(wgpu::Color { r: r.into(), g: g.into(), b: b.into(), a: 1.0 });
            pass.set_bind_group(1, draw_group, &[(slot * DRAW_STRIDE) as u32]);
            ambient.bind(&mut pass, slot);
            self.draw_mesh(&mut pass, &solid.mesh);
        }
        Ok(())
    }

    /// Where a solid gets its light.
    fn place(&self, solid: &Solid) -> Place {
        let view = &self.job.view;
        let reached = self
            .uploads
            .mesh(&solid.mesh)
            .is_some_and(|gpu| view.light.may_reach(gpu.world_corners(&solid.world_from_mesh)));
        match solid.cabin {
            None if reached => Place::Outside,
            None => Place::OutsideInShade,
            Some(_) if !reached => Place::CabinInShade,
            Some(_) if Covered::softly(view).is_some() => Place::SoftCabin,
            Some(_) => Place::Cabin,
        }
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
