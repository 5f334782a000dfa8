//! Rain drops on panes before a picture.
//!
//! Of a pixel's light a share comes through drops: of [`SAMPLES`] rays, spread over the pixel and over the lens's entrance
//! pupil, which all meet in the plane in focus, those that meet a drop. So a drop is as sharp as its distance from that plane
//! lets it be. What a ray shows that meets a drop is in [`crate::drop`]: the cabin, seen wide and upside down through the
//! drop's water and the pane, and the surroundings mirrored in the drop's front. It takes the place of what the pane would
//! pass and mirror there. A lamp's image in a drop is a point of the intensity that a convex mirror of the cap's radius makes.
//!
//! **Assumptions.** Light through drops is unpolarised. Of the surroundings all drops of a pane see the same, as from the pane's
//! middle. What a drop adds is blurred by motion and further defocus as what stands behind it is. Only the pane that is
//! nearest to the camera counts, and only where its outer face is seen; drops on panes behind it, and on the far side of the
//! cabin, are left out. Drops neither light nor darken the cabin. A drop throws no image of a lamp through its water.
use glam::{Vec2, Vec3};
use laneproof_scenes::surface::SessileDrop;
use rayon::prelude::*;

use super::{BAND_PX, ChiefRays, GlassLayer, InDrops, Mirrored, PlacedPane, Rect, look::MOST_PANES};
use crate::drop::{Cap, UnderWater};

/// Rays a pixel.
pub const SAMPLES: usize = 16;

/// Drops on the panes before a camera.
pub struct Wet<'a> {
    /// For each of the panes, what it passes below water and what lies on it, world frame; nothing on a dry one.
    pub panes: &'a [(&'a UnderWater, Vec<SessileDrop>)],
    /// Shape of the drops.
    pub cap: Cap,
    /// Radius of the lens's entrance pupil, metres.
    pub pupil_radius_m: f32,
    /// Depth of the plane in focus along the optical axis, metres.
    pub focus_m: f32,
    /// Radiance that leaves the cabin towards a place on a pane, seen from there along a direction (world frame, metres, unit
    /// vector); the pane is left out.
    pub cabin: &'a (dyn Fn(Vec3, Vec3) -> [f32; 3] + Sync),
    /// Share of unpolarised light that passes the filter before the lens.
    pub filter_transmittance: f32,
}

/// Sides of the map of what a pane's drops mirror, over the hemisphere before the pane.
const MAP_SIDE: usize = 48;

/// A pane with its drops, ready to be drawn.
struct Drawn<'a> {
    pane: usize,
    under_water: &'a UnderWater,
    drops: Vec<Placed>,
    /// What is mirrored from a direction in the pane's own frame, rows from the lowest.
    map: Vec<[f32; 3]>,
    frame: [Vec3; 3],
}

/// A drop before the camera.
struct Placed {
    drop: SessileDrop,
    /// Columns and rows that it can touch: first and last.
    low_px: Vec2,
    high_px: Vec2,
    /// Images of lamps in it: where on the cap (world frame), and intensity towards the camera, W·sr⁻¹ per band.
    glints: Vec<(Vec3, [f32; 3])>,
}

/// Right, up and out of a face with this normal.
fn frame(normal: Vec3) -> [Vec3; 3] {
    let (across, along) = normal.any_orthonormal_pair();
    [across, along, normal]
}

fn into_frame(frame: &[Vec3; 3], v: Vec3) -> Vec3 {
    Vec3::from_array(frame.map(|axis| axis.dot(v)))
}

fn out_of_frame(frame: &[Vec3; 3], v: Vec3) -> Vec3 {
    frame[0] * v.x + frame[1] * v.y + frame[2] * v.z
}

/// Place on the map of a direction in front of a pane (Lambert's equal-area map of the upper hemisphere and a little more).
fn on_map(direction: Vec3) -> usize {
    let place = direction.truncate() / (1.0 + direction.z.max(-0.5)).sqrt();
    // |place| is 1 at the hemisphere's edge; the corners of the square hold what is beyond.
    let [i, j] = place.to_array().map(|v| (((v + 1.0) / 2.0 * MAP_SIDE as f32) as usize).min(MAP_SIDE - 1));
    j * MAP_SIDE + i
}

/// The direction in the middle of a texel of the map.
fn of_map(texel: usize) -> Vec3 {
    let at = |k: usize| (k as f32 + 0.5) / MAP_SIDE as f32 * 2.0 - 1.0;
    let place = Vec2::new(at(texel % MAP_SIDE), at(texel / MAP_SIDE));
    let square = place.length_squared();
    let z = 1.0 - square;
    (place * (2.0 - square).max(0.0).sqrt()).extend(z).normalize_or(Vec3::Z)
}

/// Where on pixel and pupil the rays of a pixel start: in pixels from its middle, in radii of the pupil.
fn samples() -> [(Vec2, Vec2); SAMPLES] {
    std::array::from_fn(|k| {
        let pixel = Vec2::new((k % 4) as f32 - 1.5, (k / 4) as f32 - 1.5) / 4.0;
        // A spiral of equal areas; taken in another order than the pixel's parts, so that the two do not go together.
        let k = (7 * k + 3) % SAMPLES;
        let angle = k as f32 * 2.399_963;
        (pixel, Vec2::from_angle(angle) * ((k as f32 + 0.5) / SAMPLES as f32).sqrt())
    })
}

/// A camera as drops are drawn for it.
struct Pupil<'a> {
    rays: &'a ChiefRays,
    right: Vec3,
    up: Vec3,
    forward: Vec3,
    radius_m: f32,
    focus_m: f32,
}

impl Pupil<'_> {
    /// Depth along the axis.
    fn depth_m(&self, place_m: Vec3) -> f32 {
        (place_m - self.rays.eye_m()).dot(self.forward)
    }

    /// Where on the sensor a place is drawn by the middle of the pupil.
    fn project(&self, place_m: Vec3) -> Vec2 {
        let from = place_m - self.rays.eye_m();
        let scale = self.rays.focal_length_px / from.dot(self.forward);
        Vec2::from(self.rays.principal_point_px) + Vec2::new(from.dot(self.right), -from.dot(self.up)) * scale
    }

    fn shift_m(&self, pupil: Vec2) -> Vec3 {
        (self.right * pupil.x + self.up * pupil.y) * self.radius_m
    }

    /// The ray through a point of the sensor and of the pupil: start and direction.
    fn ray(&self, at_px: Vec2, pupil: Vec2) -> (Vec3, Vec3) {
        let aside = (at_px - Vec2::from(self.rays.principal_point_px)) / self.rays.focal_length_px;
        let to_focus = (self.forward + self.right * aside.x - self.up * aside.y) * self.focus_m;
        let shift = self.shift_m(pupil);
        (self.rays.eye_m() + shift, (to_focus - shift).normalize())
    }

    /// Where on the sensor a place is drawn by a point of the pupil: where the ray through both meets the plane in focus.
    fn drawn_by(&self, place_m: Vec3, pupil: Vec2) -> Vec2 {
        let depth_m = self.depth_m(place_m);
        let blur = self.radius_m * (1.0 / depth_m - 1.0 / self.focus_m) * self.rays.focal_length_px;
        self.project(place_m) + Vec2::new(-pupil.x, pupil.y) * blur
    }
}

/// Lays drops before what a camera sees of a rectangle behind its panes. `panes` are those that the layer was composed with.
pub fn add_drops(
    rays: &ChiefRays,
    panes: &[PlacedPane<'_>],
    (wet, mirrored): (&Wet<'_>, &Mirrored<'_>),
    region: Rect,
    range_m: &[f32],
    layer: &mut GlassLayer,
) {
    let axes = rays.world_from_camera.matrix3;
    let pupil = Pupil {
        rays,
        right: axes.x_axis.into(),
        up: axes.y_axis.into(),
        forward: Vec3::from(-axes.z_axis),
        radius_m: wet.pupil_radius_m,
        focus_m: wet.focus_m,
    };
    let drawn: Vec<Drawn<'_>> = wet
        .panes
        .iter()
        .take(MOST_PANES)
        .enumerate()
        .filter_map(|(pane, (under_water, drops))| {
            let drops: Vec<Placed> = drops.iter().filter_map(|drop| placed(&pupil, wet, mirrored, drop)).collect();
            let first = drops.first()?.drop;
            let frame = frame(drops.iter().map(|placed| placed.drop.normal).sum::<Vec3>().normalize_or(first.normal));
            let middle_m = drops.iter().map(|placed| placed.drop.position_m).sum::<Vec3>() / drops.len() as f32;
            let map = match mirrored.outside {
                Some(outside) => (0..MAP_SIDE * MAP_SIDE)
                    .into_par_iter()
                    .map(|texel| outside.seen(middle_m, out_of_frame(&frame, of_map(texel))).radiance)
                    .collect(),
                None => Vec::new(),
            };
            Some(Drawn { pane, under_water, drops, map, frame })
        })
        .collect();
    if drawn.is_empty() {
        return;
    }
    let width = region.width as usize;
    layer.drops = vec![InDrops::default(); range_m.len()];
    let piece = (BAND_PX as usize * width).max(1);
    let planes = layer.transmittance.par_chunks_mut(piece).zip(layer.veil.par_chunks_mut(piece));
    let planes = planes.zip(layer.drops.par_chunks_mut(piece)).zip(range_m.par_chunks(piece));
    planes.enumerate().for_each(|(k, (((transmittance, veil), light), range_m))| {
        let rect = Rect { y: region.y + k as u32 * BAND_PX, height: (range_m.len() / width) as u32, ..region };
        let mut mask = vec![0; range_m.len()];
        for (pane, placed) in panes.iter().take(MOST_PANES).enumerate() {
            placed.mark(rays, rect, range_m, 1 << pane, &mut mask);
        }
        let mut met = vec![0_u32; range_m.len()];
        let band = Band { pupil: &pupil, wet, panes, rect, mask: &mask };
        for drawn in &drawn {
            band.draw(drawn, &mut met, light);
        }
        for (i, met) in met.iter().enumerate().filter(|(_, met)| **met != 0) {
            let left = 1.0 - met.count_ones() as f32 / SAMPLES as f32;
            transmittance[i] = transmittance[i].map(|share| share * left);
            veil[i] = veil[i].map(|light| light * left);
            light[i].share = 1.0 - left;
        }
        for light in light {
            light.radiance = light.radiance.map(|light| light * wet.filter_transmittance);
        }
    });
}

/// A drop before the camera; `None` where its back is seen.
fn placed(pupil: &Pupil<'_>, wet: &Wet<'_>, mirrored: &Mirrored<'_>, drop: &SessileDrop) -> Option<Placed> {
    let to_camera = pupil.rays.eye_m() - drop.position_m;
    let depth_m = pupil.depth_m(drop.position_m);
    if to_camera.dot(drop.normal) <= 0.0 || depth_m < 0.1 {
        return None;
    }
    let blur_px = pupil.radius_m * (1.0 / depth_m - 1.0 / pupil.focus_m).abs() * pupil.rays.focal_length_px;
    // The cap lies within the ball round its disc: it is not higher than its disc is wide.
    let radius_px = 1.05 * drop.radius_m / depth_m * pupil.rays.focal_length_px + blur_px + 1.0;
    let middle_px = pupil.project(drop.position_m);
    let towards = to_camera.normalize();
    let frame = frame(drop.normal);
    let glints = mirrored.lamps.iter().filter_map(|lamp| {
        let (to_lamp, _, irradiance) = lamp.seen_from(drop.position_m);
        if irradiance == [0.0; 3] || to_lamp.dot(drop.normal) <= 0.0 {
            return None;
        }
        let half = (to_lamp + towards).normalize_or(drop.normal);
        let place = wet.cap.place_facing(into_frame(&frame, half))?;
        let radius_m = wet.cap.sphere_radius() * drop.radius_m;
        let share = crate::drop::reflectance(half.dot(towards)) * radius_m * radius_m / 4.0;
        let place_m = drop.position_m + out_of_frame(&frame, place) * drop.radius_m;
        Some((place_m, irradiance.map(|e| e * share)))
    });
    Some(Placed {
        drop: *drop,
        low_px: middle_px - radius_px,
        high_px: middle_px + radius_px,
        glints: glints.collect(),
    })
}

/// Rows that one task draws.
struct Band<'a> {
    pupil: &'a Pupil<'a>,
    wet: &'a Wet<'a>,
    panes: &'a [PlacedPane<'a>],
    rect: Rect,
    mask: &'a [u32],
}

impl Band<'_> {
    /// The pixel's index, where the pane is the first thing that its chief ray meets.
    fn shows(&self, column: u32, row: u32, pane: usize) -> Option<usize> {
        let Rect { x, y, width, height } = self.rect;
        if !(x..x + width).contains(&column) || !(y..y + height).contains(&row) {
            return None;
        }
        let i = (row - y) as usize * width as usize + (column - x) as usize;
        let bits = self.mask[i];
        if bits >> pane & 1 == 0 {
            return None;
        }
        let at = |pane: usize| self.panes[pane].meet(column as f32 + 0.5, row as f32 + 0.5).map(|met| met.depth_m);
        let mut others = (0..self.panes.len().min(MOST_PANES)).filter(|other| *other != pane && bits >> other & 1 == 1);
        let nearer = |other: usize| at(other).zip(at(pane)).is_some_and(|(other, own)| other < own);
        (!others.any(nearer)).then_some(i)
    }

    fn draw(&self, drawn: &Drawn<'_>, met: &mut [u32], light: &mut [InDrops]) {
        let Rect { x, y, width, height } = self.rect;
        let samples = samples();
        for placed in &drawn.drops {
            let clip = |low: f32, high: f32, from: u32, size: u32| {
                let clamp = |v: f32| v.clamp(from as f32, (from + size) as f32) as u32;
                clamp(low.floor())..clamp(high.ceil())
            };
            let frame = frame(placed.drop.normal);
            for row in clip(placed.low_px.y, placed.high_px.y, y, height) {
                for column in clip(placed.low_px.x, placed.high_px.x, x, width) {
                    let Some(i) = self.shows(column, row, drawn.pane) else { continue };
                    // A ray that has met a drop shows that one.
                    let taken = met[i];
                    let middle = Vec2::new(column as f32 + 0.5, row as f32 + 0.5);
                    for (k, (pixel, pupil)) in samples.iter().enumerate().filter(|(k, _)| taken >> k & 1 == 0) {
                        let (from_m, direction) = self.pupil.ray(middle + *pixel, *pupil);
                        let Some(seen) = self.seen(drawn, &placed.drop, &frame, from_m, direction) else { continue };
                        met[i] |= 1 << k;
                        for (sum, seen) in light[i].radiance.iter_mut().zip(seen) {
                            *sum += seen / SAMPLES as f32;
                        }
                    }
                }
            }
            for (place_m, intensity) in &placed.glints {
                self.glint(drawn.pane, *place_m, *intensity, &samples, light);
            }
        }
    }

    /// What a ray shows that meets a drop; `None` where it passes beside it.
    fn seen(
        &self,
        drawn: &Drawn<'_>,
        drop: &SessileDrop,
        frame: &[Vec3; 3],
        from_m: Vec3,
        direction: Vec3,
    ) -> Option<[f32; 3]> {
        let local = into_frame(frame, direction);
        if local.z >= 0.0 {
            return None;
        }
        let from = into_frame(frame, from_m - drop.position_m) / drop.radius_m;
        // Near the drop, so that nothing is lost to rounding.
        let near = from - local * (from.z / local.z);
        let met = self.wet.cap.meets(near, local)?;
        let crossed = self.wet.cap.crossed(met, local);
        let mirrored = match drawn.map.is_empty() {
            true => [0.0; 3],
            false => {
                let out = out_of_frame(frame, crossed.mirrored);
                drawn.map[on_map(into_frame(&drawn.frame, out))]
            }
        };
        let mut light = mirrored.map(|radiance| radiance * crossed.reflectance);
        if let Some(through) = crossed.through {
            let passes = drawn.under_water.passes(through.z);
            let cabin = (self.wet.cabin)(drop.position_m, out_of_frame(frame, through));
            for band in 0..3 {
                light[band] += (1.0 - crossed.reflectance) * passes[band] * cabin[band];
            }
        }
        Some(light)
    }

    /// Adds a point of light: an intensity is radiance times the area that a pixel covers at its depth.
    fn glint(
        &self,
        pane: usize,
        place_m: Vec3,
        intensity: [f32; 3],
        samples: &[(Vec2, Vec2); SAMPLES],
        light: &mut [InDrops],
    ) {
        let pupil = self.pupil;
        let depth_m = pupil.depth_m(place_m);
        let aside = (pupil.project(place_m) - Vec2::from(pupil.rays.principal_point_px)) / pupil.rays.focal_length_px;
        let pixel_m = depth_m / pupil.rays.focal_length_px;
        // Seen obliquely, the same pixel covers less of a plane across the ray.
        let area_m2 = pixel_m * pixel_m / (1.0 + aside.length_squared()).sqrt();
        for (_, at) in samples {
            let drawn = pupil.drawn_by(place_m, *at) - 0.5;
            let (low, part) = (drawn.floor(), drawn - drawn.floor());
            for (dx, dy) in [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)] {
                let share = (1.0 - (dx - part.x).abs()) * (1.0 - (dy - part.y).abs()) / SAMPLES as f32;
                let (column, row) = (low.x + dx, low.y + dy);
                if column < 0.0 || row < 0.0 {
                    continue;
                }
                let Some(i) = self.shows(column as u32, row as u32, pane) else { continue };
                for (sum, intensity) in light[i].radiance.iter_mut().zip(intensity) {
                    *sum += intensity * share / area_m2;
                }
            }
        }
    }
}

#[cfg(test)]
#[path = "drops_tests.rs"]
mod tests;
