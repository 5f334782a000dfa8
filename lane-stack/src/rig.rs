//! Where the lane's cameras are, and what lines of sight through their pictures say together.
//!
//! Frame of reference: the lane's. x to the left of the roadway's middle, y up from the road, z in the direction of travel,
//! metres; 0 at the stop line. Cameras are pinholes without roll: what lenses bend is left out (assumption: a tenth of a
//! degree at most where faces are).
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A camera as it was installed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CameraGeometry {
    /// Camera.
    pub camera_id: String,
    /// Entrance pupil, lane's frame, metres.
    pub position_m: [f32; 3],
    /// Point that the middle of the picture shows, lane's frame, metres.
    pub look_at_m: [f32; 3],
    /// Focal length in pixels of the frame.
    pub focal_length_px: f32,
    /// Width of a frame, pixels.
    pub width_px: u32,
    /// Height of a frame, pixels.
    pub height_px: u32,
}

impl CameraGeometry {
    /// Whether lines of sight can be told from it.
    pub fn check(&self) -> Result<(), RigFault> {
        Camera::new(self).map(|_| ())
    }
}

/// Why a description of cameras is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("camera \"{camera_id}\": {reason}")]
pub struct RigFault {
    /// Which.
    pub camera_id: String,
    /// What is wrong, and what would be right.
    pub reason: String,
}

pub(crate) type Point = [f64; 3];

pub(crate) fn sub(a: Point, b: Point) -> Point {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

pub(crate) fn add_scaled(a: Point, s: f64, b: Point) -> Point {
    [a[0] + s * b[0], a[1] + s * b[1], a[2] + s * b[2]]
}

pub(crate) fn dot(a: Point, b: Point) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

pub(crate) fn length(a: Point) -> f64 {
    dot(a, a).sqrt()
}

fn cross(a: Point, b: Point) -> Point {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

/// A vector of length 1; `None` for one without a direction.
fn unit(a: Point) -> Option<Point> {
    let length = length(a);
    (length > 1e-9 && length.is_finite()).then(|| a.map(|v| v / length))
}

/// A line of sight: where it begins, and a direction of length 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Ray {
    pub origin_m: Point,
    pub direction: Point,
}

impl Ray {
    /// A point on it.
    pub fn at(&self, distance_m: f64) -> Point {
        add_scaled(self.origin_m, distance_m, self.direction)
    }
}

/// Where two lines of sight come nearest to each other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Meeting {
    /// How far along each line.
    pub distances_m: [f64; 2],
    /// Between the two lines there.
    pub miss_m: f64,
    /// Midway.
    pub point_m: Point,
}

/// Where two lines of sight come nearest to each other; `None` where they are parallel.
pub(crate) fn meeting(a: &Ray, b: &Ray) -> Option<Meeting> {
    let between = sub(a.origin_m, b.origin_m);
    let cosine = dot(a.direction, b.direction);
    let sine2 = 1.0 - cosine * cosine;
    if sine2 < 1e-8 {
        return None;
    }
    let (along_a, along_b) = (dot(a.direction, between), dot(b.direction, between));
    let distances_m = [(cosine * along_b - along_a) / sine2, (along_b - cosine * along_a) / sine2];
    let [p, q] = [a.at(distances_m[0]), b.at(distances_m[1])];
    Some(Meeting { distances_m, miss_m: length(sub(p, q)), point_m: [0, 1, 2].map(|i| 0.5 * (p[i] + q[i])) })
}

/// A camera ready to look through.
#[derive(Debug, Clone, PartialEq)]
struct Camera {
    position_m: Point,
    forward: Point,
    right: Point,
    up: Point,
    focal_length_px: f64,
    middle_px: [f64; 2],
}

impl Camera {
    fn new(of: &CameraGeometry) -> Result<Self, RigFault> {
        let fault = |reason: &str| RigFault { camera_id: of.camera_id.clone(), reason: reason.to_string() };
        let [position_m, look_at_m] = [of.position_m, of.look_at_m].map(|p| p.map(f64::from));
        if position_m.iter().chain(&look_at_m).any(|v| v.is_nan() || v.abs() >= 1e4) {
            return Err(fault("position_m and look_at_m must be numbers of metres below 10,000"));
        }
        let forward = unit(sub(look_at_m, position_m)).ok_or_else(|| {
            fault("position_m and look_at_m are the same point; look_at_m must lie before the camera")
        })?;
        let right = unit(cross(forward, [0.0, 1.0, 0.0]))
            .ok_or_else(|| fault("it looks straight up or down, which leaves open how it is turned"))?;
        if !(of.focal_length_px > 0.0 && of.focal_length_px < 1e6) {
            return Err(fault("focal_length_px must be above 0 and below 1,000,000"));
        }
        if of.width_px == 0 || of.height_px == 0 {
            return Err(fault("width_px and height_px must be above 0"));
        }
        Ok(Self {
            position_m,
            forward,
            right,
            up: cross(right, forward),
            focal_length_px: of.focal_length_px.into(),
            middle_px: [of.width_px, of.height_px].map(|size| f64::from(size) / 2.0),
        })
    }

    fn ray(&self, pixel: [f32; 2]) -> Ray {
        let across = (f64::from(pixel[0]) - self.middle_px[0]) / self.focal_length_px;
        let down = (f64::from(pixel[1]) - self.middle_px[1]) / self.focal_length_px;
        let direction = add_scaled(add_scaled(self.forward, across, self.right), -down, self.up);
        let norm = length(direction);
        Ray { origin_m: self.position_m, direction: direction.map(|v| v / norm) }
    }
}

/// The cameras whose places are known.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rig {
    cameras: BTreeMap<String, Camera>,
}

impl Rig {
    /// From the cameras as they were installed; none is a rig too.
    pub fn new(cameras: &[CameraGeometry]) -> Result<Self, RigFault> {
        let mut known = BTreeMap::new();
        for camera in cameras {
            if known.insert(camera.camera_id.clone(), Camera::new(camera)?).is_some() {
                let reason = "it is described twice".to_string();
                return Err(RigFault { camera_id: camera.camera_id.clone(), reason });
            }
        }
        Ok(Self { cameras: known })
    }

    /// Whether no camera's place is known.
    pub fn is_empty(&self) -> bool {
        self.cameras.is_empty()
    }

    /// Their ids, in order.
    pub(crate) fn cameras(&self) -> impl Iterator<Item = &str> {
        self.cameras.keys().map(String::as_str)
    }

    /// The line of sight of a pixel; `None` where the camera's place is not known.
    pub(crate) fn ray(&self, camera_id: &str, pixel: [f32; 2]) -> Option<Ray> {
        Some(self.cameras.get(camera_id)?.ray(pixel))
    }

    /// Focal length of a camera, pixels.
    pub(crate) fn focal_length_px(&self, camera_id: &str) -> Option<f64> {
        Some(self.cameras.get(camera_id)?.focal_length_px)
    }

    /// Where a camera shows a point, pixels; `None` where it lies behind it.
    #[cfg(test)]
    pub(crate) fn pixel(&self, camera_id: &str, point_m: Point) -> Option<[f32; 2]> {
        let camera = self.cameras.get(camera_id)?;
        let to = sub(point_m, camera.position_m);
        let depth = dot(to, camera.forward);
        let [across, up] = [camera.right, camera.up].map(|axis| dot(to, axis) / depth * camera.focal_length_px);
        (depth > 0.0).then(|| [(camera.middle_px[0] + across) as f32, (camera.middle_px[1] - up) as f32])
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A camera before the stop line and one to the left of the driver.
    pub(crate) fn two() -> Vec<CameraGeometry> {
        let camera = |id: &str, position_m, look_at_m, focal_length_px| CameraGeometry {
            camera_id: id.to_string(),
            position_m,
            look_at_m,
            focal_length_px,
            width_px: 1920,
            height_px: 1200,
        };
        vec![
            camera("front", [1.95, 2.4, 5.5], [0.0, 1.3, -2.4], 10_239.0),
            camera("side", [2.1, 1.7, 2.0], [0.22, 1.3, -3.2], 6_826.0),
        ]
    }

    #[test]
    fn lines_of_sight_to_a_point_meet_there() {
        let rig = Rig::new(&two()).unwrap();
        let point = [0.4, 1.2, -2.4];
        let [a, b] = ["front", "side"].map(|id| rig.ray(id, rig.pixel(id, point).unwrap()).unwrap());
        let met = meeting(&a, &b).unwrap();
        assert!(met.miss_m < 1e-4, "{met:?}");
        assert!(length(sub(met.point_m, point)) < 1e-3, "{met:?}");
        assert!((met.distances_m[0] - length(sub(point, [1.95, 2.4, 5.5]))).abs() < 1e-3);
        assert_eq!(meeting(&a, &a), None, "parallel");
        assert_eq!(rig.ray("nobody", [0.0, 0.0]), None);
    }

    #[test]
    fn what_is_left_in_the_world_is_left_in_the_picture_of_a_camera_that_looks_back() {
        // Cameras look against the direction of travel: the vehicle's left, +x, is on the right of the picture.
        let rig = Rig::new(&two()).unwrap();
        let [x, y] = rig.pixel("front", [0.3, 1.3, -2.4]).unwrap();
        assert!(x > 960.0 && (y - 600.0).abs() < 20.0, "{x} {y}");
        assert!(rig.pixel("front", [0.0, 1.6, -2.4]).unwrap()[1] < 600.0, "up is up");
        assert_eq!(rig.pixel("front", [0.0, 2.0, 20.0]), None, "behind the camera");
    }

    #[test]
    fn lines_that_pass_each_other_miss_by_their_distance() {
        let a = Ray { origin_m: [0.0, 0.0, 0.0], direction: [1.0, 0.0, 0.0] };
        let b = Ray { origin_m: [3.0, 0.2, -4.0], direction: [0.0, 0.0, 1.0] };
        let met = meeting(&a, &b).unwrap();
        assert!((met.miss_m - 0.2).abs() < 1e-12);
        assert_eq!(met.distances_m, [3.0, 4.0]);
        assert!(length(sub(met.point_m, [3.0, 0.1, 0.0])) < 1e-12);
    }

    #[test]
    fn impossible_cameras_are_refused_by_name() {
        let reason = |change: fn(&mut CameraGeometry)| {
            let mut cameras = two();
            change(&mut cameras[1]);
            Rig::new(&cameras).unwrap_err().to_string()
        };
        assert!(
            reason(|c| c.look_at_m = c.position_m).contains("camera \"side\": position_m and look_at_m are the same")
        );
        assert!(reason(|c| c.look_at_m = [2.1, 0.0, 2.0]).contains("straight up or down"));
        assert!(reason(|c| c.position_m[0] = f32::NAN).contains("numbers of metres"));
        assert!(reason(|c| c.focal_length_px = 0.0).contains("focal_length_px"));
        assert!(reason(|c| c.width_px = 0).contains("width_px"));
        assert!(reason(|c| c.camera_id = "front".to_string()).contains("described twice"));
    }
}
