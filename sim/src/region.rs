//! Which part of a sensor an encounter can change, and laying that part over the lane's own background.
use std::sync::Arc;

use glam::{Affine3A, Vec3};
use half::f16;
use laneproof_camera::distorted::DistortedSensor;
use laneproof_optics::through_glass::{GlassLayer, InDrops};
use laneproof_render::{Layers, PinholeCamera, Region};
use laneproof_scenes::{truth::Tag, vehicle::Vehicle};
use rayon::prelude::*;

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

/// Whether a ray (from a place, metres, along a unit vector, world frame) meets the box round a vehicle within a distance,
/// metres.
pub(crate) fn in_vehicle_box(
    vehicle: &Vehicle,
    world_from_vehicle: Affine3A,
    from_m: Vec3,
    direction: Vec3,
    within_m: f32,
) -> bool {
    let corners = vehicle_corners_m(vehicle, Affine3A::IDENTITY);
    let (low, high) = corners.iter().fold((Vec3::MAX, Vec3::MIN), |(low, high), &c| (low.min(c), high.max(c)));
    let vehicle_from_world = world_from_vehicle.inverse();
    let from = vehicle_from_world.transform_point3(from_m);
    // Slabs; a ray along one has infinities that compare as they should.
    let per_step = vehicle_from_world.transform_vector3(direction).recip();
    let (a, b) = ((low - from) * per_step, (high - from) * per_step);
    let (enters, leaves) = (a.min(b).max_element(), a.max(b).min_element());
    leaves >= enters.max(0.0) && enters <= within_m
}

/// Where the box's corners throw their shadow on the ground, world frame. Shadows on kerbs and booth lie within the
/// hull of box and ground shadow, because they are cut off on the way there.
fn shadow_corners_m(corners: &[Vec3], sun_direction: Option<Vec3>) -> Vec<Vec3> {
    let Some(sun) = sun_direction.filter(|s| s.y > 1e-3) else { return Vec::new() };
    corners.iter().map(|&c| c - sun * ((c.y + 0.1) / sun.y).clamp(0.0, 60.0)).collect()
}

/// The region of the sensor that vehicles, each in its place, or their shadows can touch; `None` when none is in view.
pub(crate) fn vehicles_region<'v>(
    camera: &PinholeCamera,
    vehicles: impl Iterator<Item = (&'v Vehicle, Affine3A)>,
    sun_direction: Option<Vec3>,
) -> Option<Region> {
    let full = Region::full(camera.width_px, camera.height_px);
    let mut bounds = [f32::MAX, f32::MAX, f32::MIN, f32::MIN];
    for (vehicle, world_from_vehicle) in vehicles {
        let mut points = vehicle_corners_m(vehicle, world_from_vehicle);
        points.extend(shadow_corners_m(&points, sun_direction));
        // What lies between points behind the pupil's plane is behind it.
        if points.iter().all(|point| camera.project(*point).is_none()) {
            continue;
        }
        for point in points {
            // A corner beside or behind the pupil projects nowhere: everything may be touched.
            let Some(([x, y], _)) = camera.project(point).filter(|(_, depth_m)| *depth_m > 0.2) else {
                return Some(full);
            };
            bounds = [bounds[0].min(x), bounds[1].min(y), bounds[2].max(x), bounds[3].max(y)];
        }
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

/// Radiance of the scene that arrives at the lens through glass and air, with what air and drops add and without what panes
/// mirror; red, green, blue per pixel.
pub(crate) fn through_glass(layers: &Layers, glass: Option<&GlassLayer>) -> Vec<[f32; 3]> {
    const PIECE: usize = 4096;
    let mut radiance = layers.rgb();
    if let Some(GlassLayer { transmittance, airlight, drops, .. }) = glass {
        radiance.par_chunks_mut(PIECE).zip(transmittance.par_chunks(PIECE)).for_each(|(radiance, transmittance)| {
            for (l, t) in radiance.iter_mut().zip(transmittance) {
                *l = std::array::from_fn(|band| l[band] * t[band]);
            }
        });
        radiance.par_chunks_mut(PIECE).zip(airlight.par_chunks(PIECE)).for_each(|(radiance, airlight)| {
            for (l, more) in radiance.iter_mut().zip(airlight) {
                *l = std::array::from_fn(|band| l[band] + more[band]);
            }
        });
        radiance.par_chunks_mut(PIECE).zip(drops.par_chunks(PIECE)).for_each(|(radiance, drops)| {
            for (l, more) in radiance.iter_mut().zip(drops) {
                *l = std::array::from_fn(|band| l[band] + more.radiance[band]);
            }
        });
    }
    radiance
}

/// Radiance and truth of a whole sensor: the lane's background, and over it the region that the vehicle can touch.
#[derive(Debug, Clone, PartialEq)]
pub struct TruthLayers {
    /// Exposure.
    pub exposure_id: u64,
    /// The lane without its vehicle.
    pub background: Arc<Layers>,
    /// What a filter before the lens does to it; `None` without one.
    pub background_glass: Option<Arc<GlassLayer>>,
    /// What was rendered for this exposure; `None` when the vehicle cannot be seen.
    pub part: Option<Arc<Layers>>,
    /// Panes, and a filter, before what was rendered.
    pub glass: Option<Arc<GlassLayer>>,
    /// Where the sensor's pixels lie in the ideal picture that all of these are of; `None` for a lens without distortion,
    /// whose picture is the sensor's.
    pub distorted: Option<Arc<DistortedSensor>>,
}

/// Light of one pixel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PixelLight {
    /// Radiance of the scene without glass, W·m⁻²·sr⁻¹ per band.
    pub radiance: [f32; 3],
    /// Share of it that passes panes and filter, per band.
    pub transmittance: [f32; 3],
    /// Radiance that panes mirror into it and that the air before it scatters.
    pub veil: [f32; 3],
    /// What of it shows drops on a pane.
    pub drops: InDrops,
}

impl TruthLayers {
    /// The layers that a pixel is in, the glass before them, and its index there.
    fn find(&self, x: u32, y: u32) -> (&Layers, Option<&GlassLayer>, usize) {
        let [x, y] = self.distorted.as_ref().map_or([x, y], |sensor| sensor.nearest(x, y));
        let (layers, glass) = match &self.part {
            Some(part) if part.region.contains(x, y) => (&**part, self.glass.as_deref()),
            _ => (&*self.background, self.background_glass.as_deref()),
        };
        let Region { x: left, y: top, width, .. } = layers.region;
        (layers, glass, (y - top) as usize * width as usize + (x - left) as usize)
    }

    /// Truth tag of a pixel of the sensor.
    pub fn tag(&self, x: u32, y: u32) -> Option<Tag> {
        let (layers, _, i) = self.find(x, y);
        Tag::from_bits(layers.tag[i])
    }

    /// Light of a pixel of the sensor.
    pub fn light(&self, x: u32, y: u32) -> PixelLight {
        let (layers, glass, i) = self.find(x, y);
        let [r, g, b, _] = layers.radiance[i].map(f16::to_f32);
        let drops = glass.and_then(|glass| glass.drops.get(i)).copied().unwrap_or_default();
        PixelLight {
            radiance: [r, g, b],
            transmittance: glass.map_or([1.0; 3], |glass| glass.transmittance[i]),
            veil: glass.map_or([0.0; 3], |glass| {
                let air = glass.airlight.get(i).copied().unwrap_or_default();
                std::array::from_fn(|band| glass.veil[i][band] + air[band])
            }),
            drops,
        }
    }

    /// Glass before the whole sensor in one piece.
    pub fn whole_glass(&self) -> GlassLayer {
        let drawn = self.drawn_glass();
        let Some(sensor) = &self.distorted else { return drawn };
        let GlassLayer { transmittance, veil, airlight, drops } = &drawn;
        GlassLayer {
            transmittance: sensor.gather(transmittance),
            veil: sensor.gather(veil),
            airlight: if airlight.is_empty() { Vec::new() } else { sensor.gather(airlight) },
            drops: if drops.is_empty() { Vec::new() } else { sensor.gather(drops) },
        }
    }

    /// Glass before the whole ideal picture.
    fn drawn_glass(&self) -> GlassLayer {
        let background = self.background_glass.as_deref().cloned().unwrap_or_else(|| {
            let pixels = self.background.region.pixels();
            let dark = || vec![[0.0; 3]; pixels];
            GlassLayer { transmittance: vec![[1.0; 3]; pixels], veil: dark(), airlight: Vec::new(), drops: Vec::new() }
        });
        let (Some(part), Some(glass)) = (&self.part, &self.glass) else { return background };
        let width = self.background.region.width;
        GlassLayer {
            transmittance: overlay(&background.transmittance, width, part.region, &glass.transmittance),
            veil: overlay(&background.veil, width, part.region, &glass.veil),
            airlight: match glass.airlight.is_empty() {
                true => Vec::new(),
                false => overlay(&background.airlight, width, part.region, &glass.airlight),
            },
            drops: match glass.drops.is_empty() {
                true => Vec::new(),
                false => overlay(&vec![InDrops::default(); background.veil.len()], width, part.region, &glass.drops),
            },
        }
    }

    /// Layers of the whole sensor in one piece.
    pub fn whole(&self) -> Layers {
        let layers = self.drawn();
        let Some(sensor) = &self.distorted else { return layers };
        Layers {
            exposure_id: layers.exposure_id,
            region: Region::full(sensor.sensor().width_px, sensor.sensor().height_px),
            radiance: sensor.gather(&layers.radiance),
            tag: sensor.gather(&layers.tag),
            range_m: sensor.gather(&layers.range_m),
        }
    }

    /// Layers of the whole ideal picture.
    fn drawn(&self) -> Layers {
        let background = &self.background;
        let Some(part) = &self.part else {
            return Layers { exposure_id: self.exposure_id, ..Layers::clone(background) };
        };
        let width = background.region.width;
        Layers {
            exposure_id: self.exposure_id,
            region: background.region,
            radiance: overlay(&background.radiance, width, part.region, &part.radiance),
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
