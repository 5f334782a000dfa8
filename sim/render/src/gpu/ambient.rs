//! Ambient light on what is in a cabin, vertex by vertex. It is worked out here and not in a shader: a software adapter runs
//! vertex shaders on one core, and looks numbers up one by one.
use bevy::render::{
    render_resource::{Buffer, BufferInitDescriptor, BufferUsages},
    renderer::RenderDevice,
};
use bytemuck::{Pod, Zeroable};
use glam::Vec3;
use laneproof_scenes::mesh::Vertex;
use rayon::prelude::*;

use super::{ExtractedView, pipelines::SolidKey};
use crate::scene::Solid;

/// A vertex's light.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
pub(super) struct VertexLight {
    /// Irradiance on a solid, W·m⁻² per band; on a lens, that of a plane that faces the mirrored direction: it mirrors
    /// windows more than the roof.
    pub(super) irradiance: [f32; 3],
    /// Radiance that a solid's coat mirrors towards the camera, W·m⁻²·sr⁻¹ per band; 0 where there is no coat.
    pub(super) mirrored: [f32; 3],
}

/// The vertices' light of everything that one request draws in cabins.
pub(super) struct Ambient {
    buffer: Option<Buffer>,
    /// First byte by the solid's place in the scene.
    offsets: Vec<Option<u64>>,
}

impl Ambient {
    /// Of these solids, by their places in the scene; those outside cabins are passed over.
    pub(super) fn new(device: &RenderDevice, job: &ExtractedView, slots: &[usize]) -> Self {
        let mut offsets = vec![None; job.solids.len()];
        let mut count = 0;
        let lit: Vec<&Solid> = slots
            .iter()
            .map(|&slot| (slot, &job.solids[slot]))
            .filter(|(_, solid)| solid.cabin.is_some())
            .inspect(|(slot, solid)| {
                offsets[*slot] = Some((count * size_of::<VertexLight>()) as u64);
                count += solid.mesh.vertices.len();
            })
            .map(|(_, solid)| solid)
            .collect();
        let light: Vec<VertexLight> = lit.par_iter().flat_map(|solid| of_solid(job, solid)).collect();
        let buffer = (!light.is_empty()).then(|| {
            let contents = bytemuck::cast_slice(&light);
            let label = Some("ambient light");
            device.create_buffer_with_data(&BufferInitDescriptor { label, contents, usage: BufferUsages::VERTEX })
        });
        Self { buffer, offsets }
    }

    /// Binds a solid's vertices' light, if a cabin lights it.
    pub(super) fn bind(&self, pass: &mut wgpu::RenderPass<'_>, slot: usize) {
        if let (Some(buffer), Some(offset)) = (&self.buffer, self.offsets[slot]) {
            pass.set_vertex_buffer(1, *buffer.slice(offset..));
        }
    }
}

fn of_solid(job: &ExtractedView, solid: &Solid) -> Vec<VertexLight> {
    let Some(cabin) = solid.cabin.map(|k| &job.view.cabins[usize::from(k)]) else { return Vec::new() };
    let vehicle_from_mesh = cabin.vehicle_from_world * solid.world_from_mesh;
    let eye_m = cabin.vehicle_from_world.transform_point3a(job.view.request.camera.world_from_camera.translation);
    let lens = solid.surface.transmittance.is_some();
    let coated = !lens && solid.surface.roughness < SolidKey::MATT_ROUGHNESS;
    let of_vertex = |vertex: &Vertex| {
        let place_m = vehicle_from_mesh.transform_point3(vertex.position_m.into());
        let normal = vehicle_from_mesh.transform_vector3(vertex.normal.into()).normalize_or(Vec3::Y);
        let mirrored = (place_m - Vec3::from(eye_m)).reflect(normal).normalize_or(normal);
        VertexLight {
            irradiance: cabin.light.irradiance(place_m, if lens { mirrored } else { normal }),
            mirrored: if coated { cabin.light.mirrored(place_m, mirrored) } else { [0.0; 3] },
        }
    };
    solid.mesh.vertices.iter().map(of_vertex).collect()
}
