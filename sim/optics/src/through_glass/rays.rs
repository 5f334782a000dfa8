//! Where a camera's chief ray goes, and what the filter before its lens passes.
use glam::{Affine3A, Vec3};

use super::look::Row;

/// A linear polarising filter before a lens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LensFilter {
    /// Angle of the passing axis from the sensor's horizontal, counter-clockwise as the camera looks, radians.
    pub angle_rad: f32,
    /// Share that passes of light polarised along the passing axis, 0..1.
    pub along: f32,
    /// Share that passes of light polarised across it, 0..1.
    pub across: f32,
}

/// Chief rays of a pinhole camera.
#[derive(Debug, Clone, Copy)]
pub struct ChiefRays {
    /// Camera frame: X right, Y up, looking along −Z.
    pub world_from_camera: Affine3A,
    /// Focal length, pixels.
    pub focal_length_px: f32,
    /// Where the axis meets the sensor, pixels.
    pub principal_point_px: [f32; 2],
    /// Filter before the lens.
    pub filter: Option<LensFilter>,
}

/// A chief ray and the axis that polarisation is measured against on it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ray {
    /// Unit vector out of the camera, world frame.
    pub(super) direction: Vec3,
    /// The sensor's horizontal, perpendicular to the direction, unit, world frame.
    pub(super) axis: Vec3,
    /// Length of the ray per depth along the optical axis.
    pub(super) stretch: f32,
}

impl ChiefRays {
    /// Entrance pupil, world frame, metres.
    pub(super) fn eye_m(&self) -> Vec3 {
        self.world_from_camera.translation.into()
    }

    /// The ray through a point of the sensor, pixels.
    pub(super) fn ray(&self, x: f32, y: f32) -> Ray {
        let [cx, cy] = self.principal_point_px;
        let local = Vec3::new((x - cx) / self.focal_length_px, (cy - y) / self.focal_length_px, -1.0);
        let stretch = local.length();
        let direction = self.world_from_camera.transform_vector3(local / stretch);
        let right: Vec3 = self.world_from_camera.x_axis.into();
        Ray { direction, axis: (right - direction * direction.dot(right)).normalize(), stretch }
    }

    /// How much of each Stokes component on a ray reaches the lens.
    pub(super) fn analyser(&self, ray: &Ray) -> Row {
        let Some(filter) = self.filter else { return Row { i: 1.0, q: 0.0, u: 0.0 } };
        // What absorbs lies in the filter's plane and absorbs along its projection onto the wave front.
        let (sin, cos) = filter.angle_rad.sin_cos();
        let absorbing = self.world_from_camera.transform_vector3(Vec3::new(-sin, cos, 0.0));
        let passing = ray.direction.cross(absorbing);
        let (along, across) = (passing.dot(ray.axis), passing.dot(ray.direction.cross(ray.axis)));
        let square = along * along + across * across;
        let (sum, difference) = ((filter.along + filter.across) / 2.0, (filter.along - filter.across) / 2.0);
        Row {
            i: sum,
            q: difference * (along * along - across * across) / square,
            u: difference * 2.0 * along * across / square,
        }
    }
}
