//! What can be seen, and in which order it is drawn.
use glam::Vec3A;
use laneproof_scenes::truth::Role;

use super::{ExtractedView, upload::Uploads};
use crate::request::{PinholeCamera, Region};

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
    let mut order: Vec<usize> =
        (0..job.solids.len()).filter(|&slot| !is_lens(job, slot) && !job.solids[slot].hidden).collect();
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
        .filter(|&slot| is_lens(job, slot) && !job.solids[slot].hidden)
        .filter_map(|slot| {
            let solid = &job.solids[slot];
            let (centre, _) = uploads.mesh(&solid.mesh)?.world_bounds(&solid.world_from_mesh);
            Some((centre.distance(eye), slot))
        })
        .collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    order.into_iter().map(|(_, slot)| slot).collect()
}

#[cfg(test)]
mod tests {
    use glam::Vec3;

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
}
