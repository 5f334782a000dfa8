//! What the maps from the sun were drawn of.
use std::sync::Arc;

use glam::{Affine3A, Mat4};
use laneproof_scenes::{mesh::Mesh, surface::Texture};

use super::{ExtractedView, uniforms::sun_clip_from_world};

/// A pane's mesh, transmittance and place.
type PlacedPane = (Arc<Mesh>, Arc<[[f32; 64]; 3]>, Affine3A);

/// A solid's mesh, picture and place.
type PlacedSolid = (Arc<Mesh>, Option<Arc<Texture>>, Affine3A);

/// All that the sun's maps depend on: what stands where, and the light. It holds on to the meshes, so that an equal
/// address means the same mesh.
pub(super) struct SunScene {
    sun_clip_from_world: Mat4,
    solids: Vec<PlacedSolid>,
    panes: Vec<PlacedPane>,
}

impl SunScene {
    pub(super) fn of(job: &ExtractedView) -> Self {
        Self {
            sun_clip_from_world: sun_clip_from_world(&job.view),
            solids: job.solids.iter().map(|s| (s.mesh.clone(), s.surface.texture.clone(), s.world_from_mesh)).collect(),
            panes: job.panes.iter().map(|p| (p.mesh.clone(), p.transmittance.clone(), p.world_from_mesh)).collect(),
        }
    }
}

impl PartialEq for SunScene {
    fn eq(&self, other: &Self) -> bool {
        let Self { sun_clip_from_world, solids, panes } = self;
        *sun_clip_from_world == other.sun_clip_from_world
            && solids.len() == other.solids.len()
            && panes.len() == other.panes.len()
            && solids.iter().zip(&other.solids).all(|(a, b)| {
                let picture = a.1.as_ref().map(Arc::as_ptr) == b.1.as_ref().map(Arc::as_ptr);
                Arc::ptr_eq(&a.0, &b.0) && picture && a.2 == b.2
            })
            && panes
                .iter()
                .zip(&other.panes)
                .all(|(a, b)| Arc::ptr_eq(&a.0, &b.0) && Arc::ptr_eq(&a.1, &b.1) && a.2 == b.2)
    }
}
