//! Which blurs a body's depths ask for: a ladder of depths, each with one kernel, between which pixels are shared out.
use super::{
    kernel::{Kernel, factor},
    motion::{BodyMotion, Focus, Path, Pinhole},
};

/// Blur in pixels, circle or path, below which a picture is taken as sharp.
pub const SHARP_BELOW_PX: f32 = 0.25;
/// Depths whose blurs differ by less than this, pixels, get one kernel.
const SAME_PX: f32 = 0.2;
/// Difference in blur between two rungs near the focus, pixels, and its share of the circle far from it.
const RUNG_PX: f32 = 0.75;
const RUNG_SHARE: f32 = 0.12;

/// How one body blurs.
#[derive(Debug, Clone)]
pub(super) struct Body {
    /// `None` at rest.
    motion: Option<BodyMotion>,
    /// Pixels by which the blur changes per 1/m of nearness, at most.
    pub(super) slope_px_m: f32,
    /// Nearnesses of the rungs, ascending from 0.
    rungs: Vec<f32>,
}

/// What is the same for the whole of an exposure.
#[derive(Debug, Clone)]
pub(super) struct Depths {
    pub(super) focus: Focus,
    pub(super) pinhole: Pinhole,
    exposure_us: f32,
    /// Bodies that blur alike are one; the static lane is the first.
    pub(super) bodies: Vec<Body>,
    /// Of each index in the body plane, which of `bodies` it is.
    pub(super) class: Vec<u8>,
}

/// Depths of a body in some part of the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Extent {
    /// Index into [`Depths::bodies`].
    pub(super) body: u8,
    /// Smallest nearness, 1/m.
    pub(super) low: f32,
    /// Largest.
    pub(super) high: f32,
}

/// A share of a body's pixels with one kernel.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Layer {
    pub(super) body: u8,
    pub(super) nearness: f32,
    pub(super) share: Share,
    pub(super) circle_px: f32,
    pub(super) path: Path,
}

/// How much of a pixel a layer takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Share {
    /// Everything.
    All,
    /// By nearness; what a rung does not take goes to its neighbour.
    Rung { below: Ramp, above: Ramp },
}

/// From 0 at `start` to 1 at `start + 1/inverse`, bent so that the variance of the blur rises as with the true depth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Ramp {
    start: f32,
    inverse: f32,
    bend: f32,
}

impl Ramp {
    #[inline]
    fn at(&self, nearness: f32) -> f32 {
        let t = ((nearness - self.start) * self.inverse).clamp(0.0, 1.0);
        t * (1.0 - self.bend * (1.0 - t))
    }
}

impl Share {
    /// Whether it may take anything of an extent.
    pub(super) fn takes_of(&self, extent: &Extent) -> bool {
        match self {
            Self::All => true,
            Self::Rung { below, above } => extent.high > below.start && above.at(extent.low) < 1.0,
        }
    }

    #[inline]
    pub(super) fn of(&self, nearness: f32) -> f32 {
        match self {
            Self::All => 1.0,
            Self::Rung { below, above } => (below.at(nearness) - above.at(nearness)).max(0.0),
        }
    }
}

impl Layer {
    pub(super) fn kernel(&self) -> Kernel {
        if self.circle_px < SHARP_BELOW_PX && self.path.length_px() < SHARP_BELOW_PX {
            Kernel::sharp()
        } else {
            Kernel::new(self.circle_px, &self.path)
        }
    }

    /// Sum of the variances along x and y, square pixels.
    fn spread(&self) -> f32 {
        let (_, [xx, yy, _]) = self.path.moments();
        self.circle_px * self.circle_px / 8.0 + xx + yy
    }
}

impl Depths {
    pub(super) fn new(focus: Focus, pinhole: Pinhole, exposure_us: f32, motions: &[BodyMotion]) -> Self {
        let mut out = Self { focus, pinhole, exposure_us, bodies: Vec::new(), class: vec![0] };
        out.push(None);
        for motion in motions {
            let class = out.bodies.len() as u8;
            let moves = out.push(Some(motion.clone()));
            out.class.push(if moves { class } else { 0 });
        }
        out
    }

    /// Adds a body if it moves notably.
    fn push(&mut self, motion: Option<BodyMotion>) -> bool {
        let nearest = self.focus.nearest_per_m();
        let [w, h] = [self.pinhole.width_px, self.pinhole.height_px].map(|v| v as f32);
        let places = [[0.5 * w, 0.5 * h], [0.0, 0.0], [w, 0.0], [0.0, h], [w, h]];
        let mut motion_slope = 0.0f32;
        if let Some(motion) = &motion {
            let path = |place, nearness| motion.path(&self.pinhole, place, nearness, self.exposure_us);
            let least = places.iter().map(|&p| path(p, nearest.min(1.0)).length_px().max(path(p, 0.0).length_px()));
            if least.fold(0.0, f32::max) < 0.02 {
                return false;
            }
            // Where a path is not yet cut, its ends move evenly with nearness.
            const STEP_PER_M: f32 = 0.05;
            for place in places {
                let (far, near) = (path(place, 0.0), path(place, STEP_PER_M));
                for (a, b) in far.points.iter().zip(&near.points) {
                    motion_slope = motion_slope.max(2.0 * (b[0] - a[0]).hypot(b[1] - a[1]) / STEP_PER_M);
                }
            }
        }
        let slope_px_m = self.focus.slope_px_m.hypot(motion_slope).max(1e-3);
        let mut rungs = vec![self.focus.nearness_per_m];
        let step = |nearness: f32| RUNG_PX.max(RUNG_SHARE * self.focus.circle_px(nearness)) / slope_px_m;
        while rungs[rungs.len() - 1] > 0.0 {
            let last = rungs[rungs.len() - 1];
            rungs.push((last - step(last)).max(0.0));
        }
        rungs.reverse();
        while rungs[rungs.len() - 1] < nearest && rungs.len() < MAX_RUNGS {
            let last = rungs[rungs.len() - 1];
            rungs.push(last + step(last));
        }
        self.bodies.push(Body { motion, slope_px_m, rungs });
        true
    }

    fn layer(&self, body: u8, nearness: f32, place: [f32; 2], share: Share) -> Layer {
        let motion = &self.bodies[usize::from(body)].motion;
        let path = motion.as_ref().map(|m| m.path(&self.pinhole, place, nearness, self.exposure_us));
        Layer { body, nearness, share, circle_px: self.focus.circle_px(nearness), path: path.unwrap_or_default() }
    }

    /// Whether nothing of an extent blurs notably round a place.
    pub(super) fn is_sharp(&self, extent: &Extent, place: [f32; 2]) -> bool {
        [extent.low, extent.high].into_iter().all(|nearness| {
            let layer = self.layer(extent.body, nearness, place, Share::All);
            layer.circle_px < SHARP_BELOW_PX && layer.path.length_px() < SHARP_BELOW_PX
        })
    }

    /// First and last rung that an extent needs.
    fn rungs_of(&self, extent: &Extent) -> [usize; 2] {
        let rungs = &self.bodies[usize::from(extent.body)].rungs;
        let first = rungs.partition_point(|r| *r <= extent.low).saturating_sub(1);
        let last = rungs.partition_point(|r| *r < extent.high).min(rungs.len() - 1);
        [first, last.max(first)]
    }

    /// Pixels that the light of an extent reaches beyond its own, round a place.
    pub(super) fn reach_px(&self, extent: &Extent, place: [f32; 2]) -> f32 {
        let rungs = &self.bodies[usize::from(extent.body)].rungs;
        let ends = self.rungs_of(extent).map(|rung| {
            let layer = self.layer(extent.body, rungs[rung], place, Share::All);
            // Squares reach a little further than their pixels.
            let coarse = match factor(layer.circle_px) {
                1 => 0,
                side => 3 * side,
            };
            0.5 * layer.circle_px + layer.path.reach_px() + coarse as f32
        });
        ends[0].max(ends[1]) + 1.5
    }

    /// Layers of an extent round a place.
    pub(super) fn layers(&self, extent: &Extent, place: [f32; 2], out: &mut Vec<Layer>) {
        let body = &self.bodies[usize::from(extent.body)];
        if (extent.high - extent.low) * body.slope_px_m < SAME_PX || self.is_sharp(extent, place) {
            out.push(self.layer(extent.body, 0.5 * (extent.low + extent.high), place, Share::All));
            return;
        }
        let [first, last] = self.rungs_of(extent);
        if first == last {
            out.push(self.layer(extent.body, body.rungs[first], place, Share::All));
            return;
        }
        let start = out.len();
        // Nearnesses are 0 or more: until the ramps between the rungs are known, all below is taken, nothing above.
        let share = Share::Rung {
            below: Ramp { start: -1.0, inverse: f32::MAX, bend: 0.0 },
            above: Ramp { start: f32::MAX, inverse: 0.0, bend: 0.0 },
        };
        out.extend(body.rungs[first..=last].iter().map(|&n| self.layer(extent.body, n, place, share)));
        for i in start..out.len() - 1 {
            let (a, b) = (&out[i], &out[i + 1]);
            let width = b.nearness - a.nearness;
            // Circle and path are linear in nearness, so the spread of the blur is a parabola over the interval with
            // this second-degree term; a share t (1 − bend (1 − t)) of the upper rung gives just that spread.
            let circle = self.focus.slope_px_m * width;
            let path_px2: f32 = {
                let ends = a.path.points.iter().zip(&b.path.points);
                ends.map(|(p, q)| (q[0] - p[0]).powi(2) + (q[1] - p[1]).powi(2)).fold(0.0, f32::max) * 4.0
            };
            let parabola = circle * circle / 8.0 + path_px2 / 12.0;
            let rise = b.spread() - a.spread();
            let bend = if rise.abs() > 1e-9 { (parabola / rise).clamp(-1.0, 1.0) } else { 0.0 };
            let ramp = Ramp { start: a.nearness, inverse: 1.0 / width, bend };
            if let Share::Rung { above, .. } = &mut out[i].share {
                *above = ramp;
            }
            if let Share::Rung { below, .. } = &mut out[i + 1].share {
                *below = ramp;
            }
        }
    }
}

/// Rungs of a ladder at most: from 60 m to contact at a fast lens there are some forty.
const MAX_RUNGS: usize = 200;

#[cfg(test)]
mod tests {
    use glam::Vec3;
    use laneproof_scenes::catalogue::Lens;

    use super::*;

    const PINHOLE: Pinhole =
        Pinhole { focal_length_px: 10_239.0, principal_point_px: [960.0, 600.0], width_px: 1920, height_px: 1200 };

    fn depths(speed_mps: f32) -> Depths {
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
        let motion = BodyMotion::steady(Vec3::new(speed_mps, 0.0, 0.0), Vec3::ZERO, Vec3::ZERO, 1000.0);
        Depths::new(Focus::of(&lens, 5.86), PINHOLE, 1000.0, &[motion])
    }

    #[test]
    fn shares_add_up_and_keep_the_spread_of_the_blur() {
        for speed_mps in [0.0, 1.0, 4.0] {
            let depths = depths(speed_mps);
            let body = depths.class[1];
            let place = [700.0, 500.0];
            let extent = Extent { body, low: 1.0 / 40.0, high: 1.0 / 3.0 };
            let mut layers = Vec::new();
            depths.layers(&extent, place, &mut layers);
            assert!(layers.len() > 4);
            for step in 0..=500 {
                let nearness = extent.low + (extent.high - extent.low) * step as f32 / 500.0;
                let shares: Vec<f32> = layers.iter().map(|l| l.share.of(nearness)).collect();
                assert!((shares.iter().sum::<f32>() - 1.0).abs() < 1e-5 && shares.iter().all(|s| *s >= 0.0));
                let got: f32 = shares.iter().zip(&layers).map(|(s, l)| s * l.spread()).sum();
                let want = depths.layer(body, nearness, place, Share::All).spread();
                assert!((got - want).abs() < 0.01 + 0.02 * want, "{speed_mps} m/s, {nearness}: {got} not {want}");
            }
        }
    }

    #[test]
    fn bodies_at_rest_are_the_lane() {
        assert_eq!(depths(0.0).class, [0, 0]);
        assert_eq!(depths(1.0).class, [0, 1]);
    }
}
