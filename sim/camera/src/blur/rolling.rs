//! Rolling shutters: rows open one after another, so what moves is seen elsewhere in each.
use rayon::prelude::*;

use super::{
    Backdrop, Blur, LayeredRadiance,
    depth::Extent,
    motion::{BodyMotion, Focus},
    nearness_per_m,
    picture::{Rect, is_veiled, widen},
};

/// When the rows of a rolling shutter open.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RollingShutter {
    /// Time from the opening of a row to that of the next, microseconds; below 0 for a sensor read from the bottom.
    pub line_time_us: f32,
    /// The row at whose mid-exposure the layers and the poses of bodies are given.
    pub reference_row: f32,
}

/// Layers as a rolling shutter sees them.
pub(super) struct Skewed {
    rect: Rect,
    scene: Vec<[f32; 3]>,
    veil: Option<Vec<[f32; 3]>>,
    range_m: Vec<f32>,
    body: Vec<u8>,
}

impl Skewed {
    pub(super) fn layers(&self) -> LayeredRadiance<'_> {
        let [width, height] = self.rect.size().map(|v| v as u32);
        LayeredRadiance {
            origin_px: [self.rect.x[0], self.rect.y[0]].map(|v| v as u32),
            width,
            height,
            scene: &self.scene,
            veil: self.veil.as_deref(),
            range_m: &self.range_m,
            body: &self.body,
        }
    }
}

/// A moving body: number in the body plane, motion, depths.
struct Mover<'a> {
    number: u8,
    motion: &'a BodyMotion,
    extent: Extent,
}

/// Steps of the search for the pixel that has moved to a place.
const STEPS: usize = 6;
/// Two neighbours are of one surface if their nearnesses differ by less than this share.
const ONE_SURFACE: f32 = 0.02;

/// What is being skewed.
struct Source<'a> {
    layers: &'a LayeredRadiance<'a>,
    backdrop: Option<&'a Backdrop>,
    blur: &'a Blur,
    region: Rect,
    nearness: Vec<f32>,
}

/// A pixel of the result.
#[derive(Clone, Copy)]
struct Pixel {
    scene: [f32; 3],
    veil: [f32; 3],
    range_m: f32,
    body: u8,
    nearness: f32,
}

impl RollingShutter {
    /// Time of a row's mid-exposure after that of the reference row, microseconds.
    fn time_us(&self, row: f32) -> f64 {
        f64::from(row - self.reference_row) * f64::from(self.line_time_us)
    }

    /// Moves each pixel of a moving body to where its row sees it; the shape of a rigid body's picture is exact, its
    /// radiance is interpolated within its own surface, and its distance, hence its defocus, is that at the reference.
    /// What a body has left free shows the backdrop. Mirror images stay where they are.
    pub(super) fn skew(&self, layers: &LayeredRadiance, backdrop: Option<&Backdrop>, blur: &Blur) -> Skewed {
        let [x, y] = layers.origin_px.map(|v| v as usize);
        let region = Rect::new([x, y], [layers.width, layers.height].map(|v| v as usize));
        let focus = Focus::of(&blur.lens, blur.pixel_pitch_um);
        let nearness = nearness_per_m(&blur.pinhole, &focus, &region, layers.range_m);
        let source = Source { layers, backdrop, blur, region, nearness };
        let movers = source.movers();
        let rect = self.reach(&source, &movers);
        let [width, height] = rect.size();
        let rows: Vec<Vec<Pixel>> = (0..height)
            .into_par_iter()
            .map(|row| {
                let y = rect.y[0] + row;
                let time_us = self.time_us(y as f32 + 0.5);
                (rect.x[0]..rect.x[1]).map(|x| source.seen([x, y], time_us, &movers)).collect()
            })
            .collect();
        let pixels = || rows.iter().flatten();
        debug_assert_eq!(pixels().count(), width * height);
        Skewed {
            rect,
            scene: pixels().map(|p| p.scene).collect(),
            veil: layers.veil.map(|_| pixels().map(|p| p.veil).collect()),
            range_m: pixels().map(|p| p.range_m).collect(),
            body: pixels().map(|p| p.body).collect(),
        }
    }

    /// The region and wherever its bodies may be seen.
    fn reach(&self, source: &Source, movers: &[Mover]) -> Rect {
        let region = source.region;
        if source.backdrop.is_none() {
            return region;
        }
        let [w, h] = [source.blur.pinhole.width_px, source.blur.pinhole.height_px].map(|v| v as usize);
        let mut farthest = 0.0f32;
        // Once for the rows of the region, once more for the rows that these have taken the bodies to.
        for _ in 0..2 {
            let rows = [region.y[0] as f32 - farthest, region.y[1] as f32 + farthest].map(|y| y.clamp(0.0, h as f32));
            for mover in movers {
                for row in rows {
                    for place in region.x.iter().flat_map(|&x| region.y.map(|y| [x as f32, y as f32])) {
                        for nearness in [mover.extent.low, mover.extent.high] {
                            let to = mover.motion.place_at(&source.blur.pinhole, place, nearness, self.time_us(row));
                            farthest = farthest.max((to[0] - place[0]).hypot(to[1] - place[1]));
                        }
                    }
                }
            }
        }
        let margin = farthest.ceil() as usize + 2;
        let grow = |ends: [usize; 2], size: usize| [ends[0].saturating_sub(margin), (ends[1] + margin).min(size)];
        Rect { x: grow(region.x, w), y: grow(region.y, h) }
    }
}

impl<'a> Source<'a> {
    fn movers(&self) -> Vec<Mover<'a>> {
        let width = self.region.size()[0];
        let mut extents = Vec::new();
        for (nearness, body) in self.nearness.chunks_exact(width).zip(self.layers.body.chunks_exact(width)) {
            widen(&mut extents, nearness, |i| body[i]);
        }
        let bodies: &'a [BodyMotion] = &self.blur.bodies;
        let mut movers: Vec<Mover> = extents
            .into_iter()
            .filter_map(|extent| {
                let motion = bodies.get(usize::from(extent.body).checked_sub(1)?)?;
                Some(Mover { number: extent.body, motion, extent })
            })
            .collect();
        movers.sort_by_key(|mover| mover.number);
        movers
    }

    /// Index of the region's pixel that a place on the sensor lies in.
    fn at(&self, [x, y]: [f32; 2]) -> Option<usize> {
        let within = |v: f32, ends: [usize; 2]| v >= ends[0] as f32 && v < ends[1] as f32;
        (within(x, self.region.x) && within(y, self.region.y))
            .then(|| (y as usize - self.region.y[0]) * self.region.size()[0] + (x as usize - self.region.x[0]))
    }

    fn pixel(&self, i: usize) -> Pixel {
        Pixel {
            scene: self.layers.scene[i],
            veil: self.layers.veil.map_or([0.0; 3], |veil| veil[i]),
            range_m: self.layers.range_m[i],
            body: self.layers.body[i],
            nearness: self.nearness[i],
        }
    }

    /// What the lane shows at a pixel; where there is no backdrop, what is there at the reference.
    fn lane(&self, [x, y]: [usize; 2]) -> Option<Pixel> {
        if let Some(backdrop) = self.backdrop {
            let i = y * backdrop.size[0] + x;
            let (scene, range_m, nearness) = (backdrop.scene[i], backdrop.range_m[i], backdrop.nearness[i]);
            return Some(Pixel { scene, veil: [0.0; 3], range_m, body: 0, nearness });
        }
        self.at([x as f32 + 0.5, y as f32 + 0.5]).map(|i| self.pixel(i))
    }

    /// What a pixel sees at a time after the reference.
    fn seen(&self, pixel: [usize; 2], time_us: f64, movers: &[Mover]) -> Pixel {
        let place = pixel.map(|v| v as f32 + 0.5);
        let here = self.at(place).map(|i| self.pixel(i));
        let still = here.filter(|p| !movers.iter().any(|m| m.number == p.body));
        let mut best = still;
        for mover in movers {
            let Extent { low, high, .. } = mover.extent;
            for start in [high, 0.5 * (low + high), low] {
                if let Some(found) = self.come_from(place, time_us, mover, start) {
                    let nearer = best.is_none_or(|b| found.nearness > b.nearness);
                    best = if nearer { Some(found) } else { best };
                }
            }
        }
        let mut seen = match best.or_else(|| self.lane(pixel)) {
            Some(seen) => seen,
            None => Pixel { scene: [0.0; 3], veil: [0.0; 3], range_m: 1e30, body: 0, nearness: 0.0 },
        };
        if let (true, Some(here)) = (is_veiled(&seen.veil), here.filter(|p| is_veiled(&p.veil))) {
            seen.veil = here.veil;
        }
        seen
    }

    /// The body's pixel that is at a place at a time; `start` is a first guess of its nearness.
    fn come_from(&self, place: [f32; 2], time_us: f64, mover: &Mover, start: f32) -> Option<Pixel> {
        let mut from = place;
        let mut nearness = start;
        let mut miss = f32::MAX;
        for _ in 0..STEPS {
            let to = mover.motion.place_at(&self.blur.pinhole, from, nearness, time_us);
            let off = [to[0] - place[0], to[1] - place[1]];
            from = [from[0] - off[0], from[1] - off[1]];
            let known = self.at(from).filter(|&i| self.layers.body[i] == mover.number);
            miss = known.map_or(f32::MAX, |i| {
                nearness = self.nearness[i];
                let to = mover.motion.place_at(&self.blur.pinhole, from, nearness, time_us);
                (to[0] - place[0]).hypot(to[1] - place[1])
            });
            if miss < 0.01 {
                break;
            }
        }
        (miss < 0.5).then(|| self.between(from, mover.number)).flatten()
    }

    /// The body at a place between pixels, from those round it that belong to its surface there.
    fn between(&self, [x, y]: [f32; 2], number: u8) -> Option<Pixel> {
        let mut out = self.pixel(self.at([x, y])?);
        let (left, top) = ((x - 0.5).floor(), (y - 0.5).floor());
        let (fx, fy) = (x - 0.5 - left, y - 0.5 - top);
        let (mut sum, mut scene, mut veil) = (0.0, [0.0; 3], [0.0; 3]);
        for (dx, dy, weight) in [
            (0.5, 0.5, (1.0 - fx) * (1.0 - fy)),
            (1.5, 0.5, fx * (1.0 - fy)),
            (0.5, 1.5, (1.0 - fx) * fy),
            (1.5, 1.5, fx * fy),
        ] {
            let Some(i) = self.at([left + dx, top + dy]) else { continue };
            let one = (self.nearness[i] - out.nearness).abs() <= ONE_SURFACE * out.nearness;
            if self.layers.body[i] == number && one {
                let p = self.pixel(i);
                sum += weight;
                (0..3)
                    .for_each(|k| (scene[k], veil[k]) = (scene[k] + weight * p.scene[k], veil[k] + weight * p.veil[k]));
            }
        }
        if sum > 0.0 {
            (out.scene, out.veil) = (scene.map(|v| v / sum), veil.map(|v| v / sum));
        }
        Some(out)
    }
}
