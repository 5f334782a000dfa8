//! Which part of a sensor an encounter can change, and laying that part over the lane's own background.
use std::sync::Arc;

use glam::{Affine3A, Vec3};
use half::f16;
use laneproof_render::{Layers, PinholeCamera, Region};
use laneproof_scenes::{truth::Tag, vehicle::Vehicle};

/// Pixels added round a region: shadow filtering and rasterisation reach no further.
const MARGIN_PX: f32 = 6.0;

/// Corners of the box round a vehicle with its mirrors and wheels, world frame.
fn vehicle_corners_m(vehicle: &Vehicle, world_from_vehicle: Affine3A) -> Vec<Vec3> {
    let bounds = vehicle.parts.iter().map(|p| &p.mesh).chain(vehicle.panes.iter().map(|p| &p.mesh));
    let (low, high) = bounds
        .filter_map(|mesh| mesh.bounds_m())
        .fold((Vec3::splat(f32::MAX), Vec3::splat(f32::MIN)), |(low, high), (a, b)| (low.min(a), high.max(b)));
    let low = low.with_y(low.y.min(-0.05));
    (0..8)
        .map(|i| {
            let pick = |bit: u32, a: f32, b: f32| if i >> bit & 1 == 0 { a } else { b };
            world_from_vehicle.transform_point3(Vec3::new(
                pick(0, low.x, high.x),
                pick(1, low.y, high.y),
                pick(2, low.z, high.z),
            ))
        })
        .collect()
}

/// Where the box's corners throw their shadow on the ground, world frame. Shadows on kerbs and booth lie within the
/// hull of box and ground shadow, because they are cut off on the way there.
fn shadow_corners_m(corners: &[Vec3], sun_direction: Option<Vec3>) -> Vec<Vec3> {
    let Some(sun) = sun_direction.filter(|s| s.y > 1e-3) else { return Vec::new() };
    corners.iter().map(|&c| c - sun * ((c.y + 0.1) / sun.y).clamp(0.0, 60.0)).collect()
}

/// The region of the sensor that the vehicle or its shadow can touch; `None` when neither is in view.
pub(crate) fn vehicle_region(
    camera: &PinholeCamera,
    vehicle: &Vehicle,
    world_from_vehicle: Affine3A,
    sun_direction: Option<Vec3>,
) -> Option<Region> {
    let mut points = vehicle_corners_m(vehicle, world_from_vehicle);
    points.extend(shadow_corners_m(&points, sun_direction));
    let full = Region::full(camera.width_px, camera.height_px);
    let mut bounds = [f32::MAX, f32::MAX, f32::MIN, f32::MIN];
    for point in points {
        // A corner beside or behind the pupil projects nowhere: everything may be touched.
        let Some(([x, y], _)) = camera.project(point).filter(|(_, depth_m)| *depth_m > 0.2) else { return Some(full) };
        bounds = [bounds[0].min(x), bounds[1].min(y), bounds[2].max(x), bounds[3].max(y)];
    }
    let clip = |low: f32, high: f32, size: u32| {
        let low = (low - MARGIN_PX).floor().clamp(0.0, size as f32) as u32;
        let high = (high + MARGIN_PX).ceil().clamp(0.0, size as f32) as u32;
        (low, high.saturating_sub(low))
    };
    let (x, width) = clip(bounds[0], bounds[2], camera.width_px);
    let (y, height) = clip(bounds[1], bounds[3], camera.height_px);
    (width > 0 && height > 0).then_some(Region { x, y, width, height })
}

/// A full-sensor copy of `background` with the rows of `part` (a region's values, row by row) laid over it.
pub(crate) fn overlay<T: Copy>(background: &[T], width_px: u32, region: Region, part: &[T]) -> Vec<T> {
    let mut out = background.to_vec();
    for (row, values) in part.chunks_exact(region.width as usize).enumerate() {
        let start = (region.y as usize + row) * width_px as usize + region.x as usize;
        out[start..start + region.width as usize].copy_from_slice(values);
    }
    out
}

/// Radiance and truth of a whole sensor: the lane's background, and over it the region that the vehicle can touch.
#[derive(Debug, Clone, PartialEq)]
pub struct TruthLayers {
    /// Exposure.
    pub exposure_id: u64,
    /// The lane without its vehicle.
    pub background: Arc<Layers>,
    /// What was rendered for this exposure; `None` when the vehicle cannot be seen.
    pub part: Option<Layers>,
}

impl TruthLayers {
    /// The layers that a pixel is in, and its index there.
    fn find(&self, x: u32, y: u32) -> (&Layers, usize) {
        let layers = match &self.part {
            Some(part) if part.region.contains(x, y) => part,
            _ => &*self.background,
        };
        let Region { x: left, y: top, width, .. } = layers.region;
        (layers, (y - top) as usize * width as usize + (x - left) as usize)
    }

    /// Truth tag of a pixel of the sensor.
    pub fn tag(&self, x: u32, y: u32) -> Option<Tag> {
        let (layers, i) = self.find(x, y);
        Tag::from_bits(layers.tag[i])
    }

    /// Radiance without glass, and veil with transmittance, of a pixel of the sensor; see [`Layers`].
    pub fn light(&self, x: u32, y: u32) -> ([f16; 4], [f16; 4]) {
        let (layers, i) = self.find(x, y);
        (layers.radiance[i], layers.veil[i])
    }

    /// Layers of the whole sensor in one piece.
    pub fn whole(&self) -> Layers {
        let background = &self.background;
        let Some(part) = &self.part else {
            return Layers { exposure_id: self.exposure_id, ..Layers::clone(background) };
        };
        let width = background.region.width;
        Layers {
            exposure_id: self.exposure_id,
            region: background.region,
            radiance: overlay(&background.radiance, width, part.region, &part.radiance),
            veil: overlay(&background.veil, width, part.region, &part.veil),
            tag: overlay(&background.tag, width, part.region, &part.tag),
            range_m: overlay(&background.range_m, width, part.region, &part.range_m),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overlay_changes_its_region_only() {
        let region = Region { x: 1, y: 1, width: 2, height: 1 };
        assert_eq!(overlay(&[0; 12], 4, region, &[7, 8]), [0, 0, 0, 0, 0, 7, 8, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn shadows_fall_away_from_the_sun() {
        let shadow = shadow_corners_m(&[Vec3::new(0.0, 1.9, 0.0)], Some(Vec3::new(1.0, 1.0, 0.0).normalize()));
        assert!((shadow[0] - Vec3::new(-2.0, -0.1, 0.0)).length() < 1e-5);
        assert!(shadow_corners_m(&[Vec3::Y], None).is_empty());
    }
}
