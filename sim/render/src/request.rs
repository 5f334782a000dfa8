//! What a render takes and gives.
use glam::{Affine3A, Mat4, Vec3, Vec4};
use half::f16;
use half::slice::HalfFloatSliceExt as _;
use rayon::prelude::*;

/// A rectangle of sensor pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region {
    /// First column.
    pub x: u32,
    /// First row.
    pub y: u32,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

impl Region {
    /// The whole of a sensor.
    pub const fn full(width: u32, height: u32) -> Self {
        Self { x: 0, y: 0, width, height }
    }

    /// Whether a pixel lies in it.
    pub const fn contains(&self, x: u32, y: u32) -> bool {
        x >= self.x && y >= self.y && x - self.x < self.width && y - self.y < self.height
    }

    /// Number of pixels.
    pub const fn pixels(&self) -> usize {
        self.width as usize * self.height as usize
    }
}

/// An ideal pinhole: where the chief ray of each pixel goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PinholeCamera {
    /// Camera frame: X right, Y up, looking along −Z; origin in the entrance pupil.
    pub world_from_camera: Affine3A,
    /// Focal length in pixels (focal length ÷ pixel pitch).
    pub focal_length_px: f32,
    /// Where the optical axis meets the sensor, pixels; the middle of pixel (0, 0) is (0.5, 0.5).
    pub principal_point_px: [f32; 2],
    /// Sensor width, pixels.
    pub width_px: u32,
    /// Sensor height, pixels.
    pub height_px: u32,
}

impl PinholeCamera {
    /// Distance in metres below which nothing is drawn.
    pub const NEAR_M: f32 = 0.05;

    /// A camera at `position_m` that looks at `target_m`, upright, its principal point in the middle of the sensor.
    pub fn looking_at(position_m: Vec3, target_m: Vec3, focal_length_px: f32, width_px: u32, height_px: u32) -> Self {
        let camera_from_world = Affine3A::look_at_rh(position_m, target_m, Vec3::Y);
        Self {
            world_from_camera: camera_from_world.inverse(),
            focal_length_px,
            principal_point_px: [width_px as f32 * 0.5, height_px as f32 * 0.5],
            width_px,
            height_px,
        }
    }

    /// Pixel position and depth along the optical axis (metres) of a point; `None` at or behind the pupil's plane.
    pub fn project(&self, point_m: Vec3) -> Option<([f32; 2], f32)> {
        let p = self.world_from_camera.inverse().transform_point3(point_m);
        let depth_m = -p.z;
        (depth_m > 1e-4).then(|| {
            let scale = self.focal_length_px / depth_m;
            ([self.principal_point_px[0] + p.x * scale, self.principal_point_px[1] - p.y * scale], depth_m)
        })
    }

    /// Reverse-depth clip matrix with an infinite far plane.
    pub(crate) fn clip_from_world(&self) -> Mat4 {
        let (w, h) = (self.width_px as f32, self.height_px as f32);
        let [cx, cy] = self.principal_point_px;
        let f = self.focal_length_px;
        let clip_from_camera = Mat4::from_cols(
            Vec4::new(2.0 * f / w, 0.0, 0.0, 0.0),
            Vec4::new(0.0, 2.0 * f / h, 0.0, 0.0),
            Vec4::new(1.0 - 2.0 * cx / w, 2.0 * cy / h - 1.0, 0.0, -1.0),
            Vec4::new(0.0, 0.0, Self::NEAR_M, 0.0),
        );
        clip_from_camera * Mat4::from(self.world_from_camera.inverse())
    }
}

/// What is wanted of a scene.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RenderRequest {
    /// Comes back with the layers.
    pub exposure_id: u64,
    /// Camera.
    pub camera: PinholeCamera,
    /// Part of the sensor to render.
    pub region: Region,
}

/// Radiance and truth of one exposure, rows from the top, one entry per pixel of the region.
#[derive(Debug, Clone, PartialEq)]
pub struct Layers {
    /// Id of the request.
    pub exposure_id: u64,
    /// The region they cover.
    pub region: Region,
    /// Radiance of the scene with its glass taken out, W·m⁻²·sr⁻¹ in red, green, blue; the fourth value is 1.
    pub radiance: Vec<[f16; 4]>,
    /// Truth tag of the opaque surface or dark lens ([`laneproof_scenes::truth::Tag::to_bits`]).
    pub tag: Vec<u16>,
    /// Distance along the chief ray to that surface, metres; 1e30 for the sky.
    pub range_m: Vec<f32>,
}

impl Layers {
    /// Radiance of the scene, red, green, blue per pixel.
    pub fn rgb(&self) -> Vec<[f32; 3]> {
        const PIECE: usize = 4096;
        let mut out = vec![[0.0; 3]; self.radiance.len()];
        out.par_chunks_mut(PIECE).zip(self.radiance.par_chunks(PIECE)).for_each_init(
            || vec![0.0_f32; 4 * PIECE],
            |scene, (out, radiance)| {
                radiance.as_flattened().convert_to_f32_slice(&mut scene[..radiance.len() * 4]);
                for (out, s) in out.iter_mut().zip(scene.chunks_exact(4)) {
                    *out = [s[0], s[1], s[2]];
                }
            },
        );
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clip_space_agrees_with_projection() {
        let camera = PinholeCamera::looking_at(Vec3::new(1.0, 2.0, 5.0), Vec3::new(0.0, 1.0, 0.0), 2000.0, 1920, 1200);
        for point in [Vec3::ZERO, Vec3::new(0.3, 1.4, -0.8), Vec3::new(-1.0, 0.2, 2.0)] {
            let (pixel, depth_m) = camera.project(point).unwrap();
            let clip = camera.clip_from_world() * point.extend(1.0);
            assert!((clip.w - depth_m).abs() < 1e-5);
            assert!((clip.z - PinholeCamera::NEAR_M).abs() < 1e-6);
            assert!(((clip.x / clip.w * 0.5 + 0.5) * 1920.0 - pixel[0]).abs() < 1e-2);
            assert!(((0.5 - clip.y / clip.w * 0.5) * 1200.0 - pixel[1]).abs() < 1e-2);
        }
    }
}
