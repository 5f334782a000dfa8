//! Cameras as their lenses draw: a pinhole, and what bends its rays.
use glam::Vec3;
use laneproof_camera::{
    blur::Pinhole,
    distorted::{drawn_at, drawn_picture},
};
use laneproof_render::PinholeCamera;
use laneproof_scenes::{
    catalogue::Distortion,
    distortion::{DistortionMap, Fold},
};

/// A camera and its lens's distortion.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct LensCamera {
    /// The sensor behind an ideal pinhole.
    pub(crate) sensor: PinholeCamera,
    /// The ideal picture from which the sensor is filled; the sensor's own without distortion.
    pub(crate) drawn: PinholeCamera,
    /// Distortion that moves anything.
    pub(crate) distortion: Option<Distortion>,
    map: Option<DistortionMap>,
}

/// A camera's geometry as the camera room takes it.
pub(crate) fn pinhole(camera: &PinholeCamera) -> Pinhole {
    Pinhole {
        focal_length_px: camera.focal_length_px,
        principal_point_px: camera.principal_point_px,
        width_px: camera.width_px,
        height_px: camera.height_px,
    }
}

impl LensCamera {
    /// A camera behind a lens. Fails where that does not draw all of the sensor.
    pub(crate) fn new(sensor: PinholeCamera, distortion: Option<Distortion>) -> Result<Self, Fold> {
        let distortion = distortion.filter(|distortion| *distortion != Distortion::default());
        let map = distortion.as_ref().map(DistortionMap::new);
        let drawn = match &map {
            None => sensor,
            Some(map) => {
                let Pinhole { focal_length_px, principal_point_px, width_px, height_px } =
                    drawn_picture(&pinhole(&sensor), map)?;
                PinholeCamera { focal_length_px, principal_point_px, width_px, height_px, ..sensor }
            }
        };
        Ok(Self { sensor, drawn, distortion, map })
    }

    /// Pixel position on the sensor and depth along the optical axis (metres) of a point; `None` at or behind the
    /// pupil's plane.
    pub(crate) fn project(&self, point_m: Vec3) -> Option<([f32; 2], f32)> {
        let (ideal_px, depth_m) = self.sensor.project(point_m)?;
        let px = self.map.as_ref().map_or(ideal_px, |map| drawn_at(&pinhole(&self.sensor), map, ideal_px));
        Some((px, depth_m))
    }

    /// The sensor's middle row in the ideal picture.
    pub(crate) fn middle_row(&self) -> f32 {
        self.sensor.height_px as f32 / 2.0 + (self.drawn.principal_point_px[1] - self.sensor.principal_point_px[1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_coefficients_the_camera_is_its_pinhole() {
        let sensor = PinholeCamera::looking_at(Vec3::new(0.0, 0.0, 3.0), Vec3::ZERO, 1000.0, 640, 480);
        for distortion in [None, Some(Distortion::default())] {
            let camera = LensCamera::new(sensor, distortion).expect("fills");
            assert_eq!((camera.drawn, camera.distortion, camera.middle_row()), (sensor, None, 240.0));
            let point = Vec3::new(0.4, 0.3, 0.2);
            assert_eq!(camera.project(point), sensor.project(point));
        }
    }
}
