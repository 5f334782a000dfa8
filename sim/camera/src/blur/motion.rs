//! Where the things in a picture are while the shutter is open.
use glam::{Affine3A, Vec3, Vec3A};
use laneproof_scenes::catalogue::Lens;

use crate::lens::circle_slope;

/// An ideal pinhole: where the chief ray of each pixel goes. Camera frame: X right, Y up, looking along −Z, origin in
/// the entrance pupil.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pinhole {
    /// Focal length in pixels (focal length ÷ pixel pitch).
    pub focal_length_px: f32,
    /// Where the optical axis meets the sensor, pixels; the middle of pixel (0, 0) is (0.5, 0.5).
    pub principal_point_px: [f32; 2],
    /// Sensor width, pixels.
    pub width_px: u32,
    /// Sensor height, pixels.
    pub height_px: u32,
}

impl Pinhole {
    /// Direction of the chief ray through a place on the sensor, scaled to a depth of 1.
    fn ray(&self, [x, y]: [f32; 2]) -> Vec3A {
        let [cx, cy] = self.principal_point_px;
        Vec3A::new((x - cx) / self.focal_length_px, (cy - y) / self.focal_length_px, -1.0)
    }

    /// Place on the sensor of a point in homogeneous coordinates: any multiple of a point is the same place.
    fn place(&self, point: Vec3A) -> [f32; 2] {
        let [cx, cy] = self.principal_point_px;
        // A point that passes the pupil's plane leaves the picture far away; the path is cut there in any case.
        let scale = self.focal_length_px / (-point.z).max(1e-6);
        [cx + point.x * scale, cy - point.y * scale]
    }

    /// Cosine between the optical axis and the chief ray of a place on the sensor: depth = cosine × range.
    pub(super) fn axis_cosine(&self, x: f32, y: f32) -> f32 {
        let [cx, cy] = self.principal_point_px;
        let (dx, dy) = (x - cx, y - cy);
        self.focal_length_px / (self.focal_length_px * self.focal_length_px + dx * dx + dy * dy).sqrt()
    }
}

/// Where a rigid body is at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TimedPose {
    /// Microseconds after mid-exposure; negative before.
    pub time_us: f64,
    /// Takes a point of the body from where it is at mid-exposure to where it is at this moment, camera frame, metres.
    pub camera_from_mid: Affine3A,
}

/// Motion of a rigid body round mid-exposure, as seen by the camera. Between two poses each of its points moves
/// straight and evenly; before the first and after the last it goes on as in the nearest piece.
#[derive(Debug, Clone, PartialEq)]
pub struct BodyMotion {
    poses: Vec<TimedPose>,
}

impl BodyMotion {
    /// A body that does not move.
    pub fn at_rest() -> Self {
        Self::through(&[])
    }

    /// A body that takes these poses. The pose at mid-exposure is known, it changes nothing, and need not be given.
    /// For exposures below a millisecond the poses at opening and closing do; longer ones, and rolling shutters, want
    /// one for each time in which the speed changes notably.
    pub fn through(poses: &[TimedPose]) -> Self {
        let mut poses: Vec<_> = poses.iter().copied().filter(|pose| pose.time_us != 0.0).collect();
        poses.push(TimedPose { time_us: 0.0, camera_from_mid: Affine3A::IDENTITY });
        poses.sort_by(|a, b| a.time_us.total_cmp(&b.time_us));
        poses.dedup_by_key(|pose| pose.time_us);
        Self { poses }
    }

    /// A body that keeps its velocity (metres per second) and its angular velocity (radians per second) about
    /// `pivot_m`, all in the camera frame, given by its poses `half_span_us` before and after mid-exposure.
    pub fn steady(velocity_mps: Vec3, angular_velocity_radps: Vec3, pivot_m: Vec3, half_span_us: f64) -> Self {
        let pose = |time_us: f64| {
            let time_s = (time_us * 1e-6) as f32;
            let turn = glam::Quat::from_scaled_axis(angular_velocity_radps * time_s);
            let translation = velocity_mps * time_s + pivot_m - turn * pivot_m;
            TimedPose { time_us, camera_from_mid: Affine3A::from_rotation_translation(turn, translation) }
        };
        Self::through(&[pose(-half_span_us), pose(half_span_us)])
    }

    /// The piece that a moment lies in, or that reaches nearest to it; `None` for a body at rest.
    fn piece(&self, time_us: f64) -> Option<[&TimedPose; 2]> {
        let last = self.poses.len().checked_sub(2)?;
        let i = self.poses.partition_point(|pose| pose.time_us <= time_us).saturating_sub(1).min(last);
        Some([&self.poses[i], &self.poses[i + 1]])
    }

    /// Where on the sensor the point is at a moment that is seen at `place` at mid-exposure with `nearness_per_m`,
    /// which is 1 ÷ its depth along the optical axis (0: infinitely far).
    pub fn place_at(&self, pinhole: &Pinhole, place: [f32; 2], nearness_per_m: f32, time_us: f64) -> [f32; 2] {
        let Some([from, to]) = self.piece(time_us) else { return place };
        let ray = pinhole.ray(place);
        // The point is ray ÷ nearness; a common factor does not change its place on the sensor.
        let moved = |pose: &TimedPose| {
            let Affine3A { matrix3, translation } = pose.camera_from_mid;
            matrix3 * ray + translation * nearness_per_m
        };
        let share = ((time_us - from.time_us) / (to.time_us - from.time_us)) as f32;
        pinhole.place(moved(from).lerp(moved(to), share))
    }

    /// Path on the sensor over an exposure, relative to the place at mid-exposure.
    pub fn path(&self, pinhole: &Pinhole, place: [f32; 2], nearness_per_m: f32, exposure_us: f32) -> Path {
        if self.poses.len() < 2 {
            return Path::default();
        }
        let half_us = f64::from(exposure_us) / 2.0;
        let inner = self.poses.iter().map(|pose| pose.time_us).filter(|t| t.abs() < half_us);
        let times: Vec<f64> = std::iter::once(-half_us).chain(inner).chain([half_us]).collect();
        let point = |time_us: f64| {
            let [x, y] = self.place_at(pinhole, place, nearness_per_m, time_us);
            [x - place[0], y - place[1]].map(|d| d.clamp(-MAX_PATH_PX, MAX_PATH_PX))
        };
        let points = times.iter().map(|&t| point(t)).collect();
        let shares = times.windows(2).map(|t| ((t[1] - t[0]) / (2.0 * half_us)) as f32).collect();
        Path { points, shares }
    }
}

/// A path reaches no further than this from its place at mid-exposure, along either axis, pixels; what goes on is cut.
pub const MAX_PATH_PX: f32 = 64.0;

/// A polygon in pixels that a point follows during an exposure; empty for a point at rest.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Path {
    /// Corners, relative to the place at mid-exposure.
    pub(super) points: Vec<[f32; 2]>,
    /// Share of the exposure that is spent between a corner and the next.
    pub(super) shares: Vec<f32>,
}

impl Path {
    /// Straight pieces: from, to, share of the exposure.
    pub(super) fn pieces(&self) -> impl Iterator<Item = ([f32; 2], [f32; 2], f32)> {
        self.points.windows(2).zip(&self.shares).map(|(ends, &share)| (ends[0], ends[1], share))
    }

    /// Distance of its farthest corner from the place at mid-exposure, pixels.
    pub fn reach_px(&self) -> f32 {
        self.points.iter().map(|[x, y]| x.hypot(*y)).fold(0.0, f32::max)
    }

    /// Length, pixels.
    pub fn length_px(&self) -> f32 {
        self.pieces().map(|(a, b, _)| (b[0] - a[0]).hypot(b[1] - a[1])).sum()
    }

    /// Mean place, and variances along x and y and their covariance, pixels and square pixels.
    pub fn moments(&self) -> ([f32; 2], [f32; 3]) {
        let mut mean = [0.0f32; 2];
        for (a, b, share) in self.pieces() {
            (0..2).for_each(|i| mean[i] += share * 0.5 * (a[i] + b[i]));
        }
        let mut second = [0.0f32; 3];
        for (a, b, share) in self.pieces() {
            let (middle, half) = ([0, 1].map(|i| 0.5 * (a[i] + b[i]) - mean[i]), [0, 1].map(|i| 0.5 * (b[i] - a[i])));
            for (k, (i, j)) in [(0, 0), (1, 1), (0, 1)].into_iter().enumerate() {
                second[k] += share * (middle[i] * middle[j] + half[i] * half[j] / 3.0);
            }
        }
        (mean, second)
    }
}

/// How the circle of confusion grows with depth: with n = 1 ÷ depth it is linear, diameter = slope × |n − n of focus|
/// (thin lens, E. Hecht, *Optics*, 5th ed., ch. 5: f²/N · |d − s| ÷ (d (s − f)) with d, s the depths of point and focus).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Focus {
    /// Nearness (1 ÷ depth, 1/m) of sharpest focus; 0 for a lens focused at infinity.
    pub nearness_per_m: f32,
    /// Pixels of diameter per 1/m.
    pub slope_px_m: f32,
}

/// Largest circle of confusion, diameter in pixels: what lies nearer keeps it.
pub const MAX_CIRCLE_PX: f32 = 64.0;

impl Focus {
    /// Of a lens over pixels of a pitch; the focus may be at infinity.
    pub fn of(lens: &Lens, pixel_pitch_um: f32) -> Self {
        let (slope_px_m, nearness_per_m) = circle_slope(lens, pixel_pitch_um);
        Self { nearness_per_m: nearness_per_m as f32, slope_px_m: slope_px_m as f32 }
    }

    /// Diameter of the circle of confusion, pixels.
    pub fn circle_px(&self, nearness_per_m: f32) -> f32 {
        (self.slope_px_m * (nearness_per_m - self.nearness_per_m).abs()).min(MAX_CIRCLE_PX)
    }

    /// Nearness from which the circle of confusion grows no more.
    pub(super) fn nearest_per_m(&self) -> f32 {
        self.nearness_per_m + MAX_CIRCLE_PX / self.slope_px_m.max(1e-6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lens;

    const PINHOLE: Pinhole =
        Pinhole { focal_length_px: 10_000.0, principal_point_px: [960.0, 600.0], width_px: 1920, height_px: 1200 };

    #[test]
    fn the_circle_is_that_of_the_thin_lens() {
        let lens = Lens {
            focal_length_mm: 60.0,
            f_number: 4.0,
            transmittance: 0.9,
            focus_distance_m: 9.2,
            polariser: None,
            mtf50_lp_per_mm: None,
            veiling_glare: None,
            distortion: None,
        };
        let focus = Focus::of(&lens, 5.86);
        for distance_m in [4.5f32, 7.0, 9.2, 12.0, 500.0] {
            let want = lens::circle_of_confusion_px(&lens, 5.86, distance_m);
            assert!((focus.circle_px(1.0 / distance_m) - want).abs() < 1e-3, "{distance_m} m");
        }
        // Focused at infinity, the circle of a point at d is f²/(N d), that of the sky nothing.
        let far = Focus::of(&Lens { focus_distance_m: f32::INFINITY, ..lens }, 5.86);
        assert_eq!(far.circle_px(0.0), 0.0);
        assert!((far.circle_px(1.0 / 6.0) - 60e-3 * 60e-3 / 4.0 / 6.0 / 5.86e-6).abs() < 1e-2);
    }

    #[test]
    fn a_path_is_the_projection_of_the_motion() {
        // 2 m/s across at 8 m over 500 µs: 1 mm, 1,250 px/m.
        let across = BodyMotion::steady(Vec3::new(2.0, 0.0, 0.0), Vec3::ZERO, Vec3::ZERO, 1000.0);
        let path = across.path(&PINHOLE, [960.0, 600.0], 1.0 / 8.0, 500.0);
        assert!((path.length_px() - 1.25).abs() < 1e-3);
        assert!(path.points[0][0] < 0.0 && path.points[0][1] == 0.0, "it comes from the left");
        let (mean, [xx, yy, _]) = path.moments();
        assert!(mean[0].abs() < 1e-4 && (xx - 1.25 * 1.25 / 12.0).abs() < 1e-4 && yy == 0.0);
        assert_eq!(across.path(&PINHOLE, [960.0, 600.0], 0.0, 500.0).length_px(), 0.0, "the sky does not move");
        // Towards the camera: away from the principal point, by x · v t / d.
        let ahead = BodyMotion::steady(Vec3::new(0.0, 0.0, 10.0), Vec3::ZERO, Vec3::ZERO, 500.0);
        let path = ahead.path(&PINHOLE, [1460.0, 600.0], 1.0 / 5.0, 1000.0);
        assert!((path.points.last().unwrap()[0] - path.points[0][0] - 500.0 * 0.01 / 5.0).abs() < 1e-3);
        // Turning about a pivot moves the pivot nowhere and a point beside it by ω r t.
        let pivot = Vec3::new(0.0, 0.0, -5.0);
        let turning = BodyMotion::steady(Vec3::ZERO, Vec3::new(0.0, 0.0, 1.0), pivot, 500.0);
        assert!(turning.path(&PINHOLE, [960.0, 600.0], 0.2, 1000.0).length_px() < 1e-3);
        assert!((turning.path(&PINHOLE, [1460.0, 600.0], 0.2, 1000.0).length_px() - 0.5).abs() < 1e-3);
    }

    #[test]
    fn a_bent_path_has_its_pieces() {
        let at = |time_us: f64, x: f32, y: f32| TimedPose {
            time_us,
            camera_from_mid: Affine3A::from_translation(Vec3::new(x, y, 0.0)),
        };
        let body = BodyMotion::through(&[at(-1000.0, -0.004, 0.0), at(1000.0, 0.0, 0.004)]);
        let path = body.path(&PINHOLE, [960.0, 600.0], 0.1, 2000.0);
        assert_eq!(path.points.len(), 3);
        assert!((path.length_px() - 8.0).abs() < 1e-3);
        let (mean, second) = path.moments();
        assert!((mean[0] + 1.0).abs() < 1e-3 && (mean[1] + 1.0).abs() < 1e-3);
        // Half the time on [−4, 0], half at 0: E[x²] = ½ · 16/3, minus the squared mean.
        assert!((second[0] - (16.0 / 6.0 - 1.0)).abs() < 1e-3 && (second[2] + 1.0).abs() < 1e-3);
    }
}
