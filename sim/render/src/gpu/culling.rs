//! What can be seen, and in which order it is drawn.
use std::cmp::Ordering;

use glam::{Vec3, Vec3A};
use laneproof_scenes::truth::Role;

use super::{ExtractedView, upload::Uploads};
use crate::{
    request::{PinholeCamera, Region},
    scene::ScenePane,
};

/// Whether a sphere can touch a region of the sensor; generous, never wrong in the other direction.
pub(super) fn in_region(camera: &PinholeCamera, region: Region, centre_m: Vec3A, radius_m: f32) -> bool {
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

/// Whether the mirror image of the sun may show in a pane. Exact for flat triangles; where a pane bulges, generous by a
/// margin that is an assumption.
pub(super) fn may_glint(pane: &ScenePane, eye_m: Vec3, sun: Vec3) -> bool {
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

/// Solids in an order in which the nearer mostly come first, so that what is hidden is not shaded: the paint before the
/// cabin, people before their seats, the vehicle before the lane. The same for every region of a picture.
pub(super) fn solids_front_to_back(job: &ExtractedView) -> Vec<usize> {
    let rank = |role: Role| match role {
        Role::Body | Role::Wheel => 0,
        Role::Face
        | Role::Head
        | Role::Eyes
        | Role::Hair
        | Role::Limb
        | Role::Held
        | Role::Clothes
        | Role::Eyewear
        | Role::Headwear
        | Role::FaceCover => 1,
        Role::Seat | Role::ChildSeat | Role::Decoy => 2,
        Role::Interior => 3,
        Role::Furniture => 4,
        Role::Ground | Role::Sky => 5,
    };
    let mut order: Vec<usize> = (0..job.solids.len()).filter(|&slot| !is_lens(job, slot)).collect();
    order.sort_by_key(|&slot| rank(job.solids[slot].tag.role));
    order
}

fn is_lens(job: &ExtractedView, slot: usize) -> bool {
    job.solids[slot].surface.transmittance.is_some()
}

/// Lenses from back to front by the distance of their bounds' middle; ties keep the scene's order.
pub(super) fn lenses_back_to_front(job: &ExtractedView, uploads: &Uploads) -> Vec<usize> {
    let eye = job.view.request.camera.world_from_camera.translation;
    let mut order: Vec<(f32, usize)> = (0..job.solids.len())
        .filter(|&slot| is_lens(job, slot))
        .filter_map(|slot| {
            let solid = &job.solids[slot];
            let (centre, _) = uploads.mesh(&solid.mesh)?.world_bounds(&solid.world_from_mesh);
            Some((centre.distance(eye), slot))
        })
        .collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    order.into_iter().map(|(_, slot)| slot).collect()
}

/// Panes from back to front by the distance of their bounds' middle; ties keep the scene's order.
pub(super) fn panes_back_to_front(job: &ExtractedView, uploads: &Uploads) -> Vec<usize> {
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use glam::Affine3A;
    use laneproof_scenes::mesh::Mesh;

    use super::*;

    #[test]
    fn a_sphere_before_the_region_is_in_it_and_one_beside_is_not() {
        let camera = PinholeCamera::looking_at(Vec3::ZERO, Vec3::NEG_Z, 1000.0, 1000, 800);
        let region = Region { x: 400, y: 300, width: 200, height: 200 };
        assert!(in_region(&camera, region, Vec3A::new(0.0, 0.0, -5.0), 0.1));
        assert!(!in_region(&camera, region, Vec3A::new(2.0, 0.0, -5.0), 0.1));
        assert!(in_region(&camera, region, Vec3A::new(2.0, 0.0, -5.0), 1.6));
        assert!(!in_region(&camera, region, Vec3A::new(0.0, 0.0, 5.0), 0.1));
    }

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
}
