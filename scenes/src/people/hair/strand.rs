//! The path of a lock: from its root along the comb, over the head, and down.
use glam::Vec3;

use super::{
    super::{
        head_form::HeadForm,
        noise::{noise, smooth, unit},
        scalp::Scalp,
    },
    Cover,
    style::{Comb, Plaits, StyleForm},
};

/// Longest step of a path, metres.
const STEP_M: f32 = 0.007;
const MAX_STEPS: usize = 90;
/// Distance that hair keeps from clothes, metres.
const CLOTH_GAP_M: f32 = 0.010;
/// Least height of tips over the pupils before the face, metres: fringes end above the eyes.
pub(super) const EYES_FREE_M: f32 = 0.012;
/// Height of hair pressed below something worn, metres.
const PRESSED_M: f32 = 0.003;

/// What locks lie on.
pub(super) struct Ground<'a> {
    pub head: &'a HeadForm,
    /// Neck, shoulders and chest, dressed; for hair that falls.
    pub body: Option<&'a HeadForm>,
    pub scalp: &'a Scalp,
    pub cover: &'a Cover<'a>,
    /// Height of the pupils, metres.
    pub eyes_y_m: f32,
    /// Chin to crown over 0.23 m.
    pub size: f32,
}

/// A lock's path.
#[derive(Debug, Clone)]
pub(super) struct Path {
    /// Places from root to tip, metres.
    pub points: Vec<Vec3>,
    /// Place among the layers, 0 innermost to 1 outermost.
    pub layer: f32,
}

/// A root on the scalp.
#[derive(Debug, Clone, Copy)]
pub(super) struct Root {
    /// Direction from the middle of the head.
    pub direction: Vec3,
    /// Which one it is, for its draws.
    pub index: i32,
    /// How far inside the hairline, metres on the base mesh.
    pub depth_m: f32,
}

/// Roots spread evenly over the scalp: a Fibonacci sphere of `count` places, shaken, kept where hair grows.
pub(super) fn roots(ground: &Ground<'_>, count: usize, least_depth_m: f32, seed: u32) -> Vec<Root> {
    let golden = std::f32::consts::PI * (3.0 - 5.0_f32.sqrt());
    (0..count as i32)
        .filter_map(|i| {
            let shake = |k: i32| unit(i, k, 31, seed) - 0.5;
            let y = 1.0 - 2.0 * ((i as f32 + 0.5 + 0.9 * shake(0)) / count as f32).clamp(0.0, 1.0);
            let angle = golden * i as f32 + 1.6 * shake(1) * (12.6 / count as f32).sqrt();
            let r = (1.0 - y * y).max(0.0).sqrt();
            let direction = Vec3::new(r * angle.cos(), y, r * angle.sin());
            let place = ground.head.base_at(direction);
            let depth_m = ground.scalp.depth_m(place);
            let grows = depth_m > least_depth_m && unit(i, 2, 31, seed) < ground.scalp.density(place);
            grows.then_some(Root { direction, index: i, depth_m })
        })
        .collect()
}

/// The part of a vector that lies in the tangent plane.
fn tangent(v: Vec3, normal: Vec3) -> Vec3 {
    (v - normal * v.dot(normal)).normalize_or_zero()
}

impl Comb {
    /// Direction of hair at a place, in the tangent plane of the head.
    fn at(&self, u: Vec3) -> Vec3 {
        match *self {
            Comb::Whorl(pole) => tangent(u - pole, u),
            Comb::Toward(way) => tangent(way, u),
            Comb::Gather(tie) => tangent(tie - u, u),
            Comb::Parting { normal, back } => {
                let side = if u.dot(normal) >= 0.0 { 1.0 } else { -1.0 };
                // Behind the crown the parting ends in the whorl and hair falls straight.
                let open = smooth(-0.75, -0.15, u.z);
                tangent(normal * side * open + Vec3::new(0.0, -0.45, -back - 0.3 * (1.0 - open)), u)
            }
        }
    }
}

/// Whether a root's hair is combed over the forehead.
pub(super) fn in_fringe(ground: &Ground<'_>, style: &StyleForm, root: Root) -> bool {
    let place = ground.head.base_at(root.direction);
    let azimuth_deg = Scalp::azimuth(place).abs().to_degrees();
    // At its sides the fringe blends into the hair beside it.
    let blend = 0.70 + 0.30 * unit(root.index, 11, 53, 0);
    style.fringe.is_some_and(|f| azimuth_deg < f.half_width_deg * blend && place.y > 0.795 && root.depth_m < 0.062)
}

/// One lock.
pub(super) fn march(ground: &Ground<'_>, style: &StyleForm, root: Root, seed: u32) -> Option<Path> {
    let head = ground.head;
    let draw = |k: i32| unit(root.index, k, 53, seed);
    let layer = draw(0);
    let mut u = root.direction;
    let place = head.base_at(u);
    let azimuth_deg = Scalp::azimuth(place).abs().to_degrees();
    let fringe = style.fringe.filter(|_| in_fringe(ground, style, root));
    let mut length = style.length_at_m(place.y, root.depth_m, azimuth_deg) * (0.78 + 0.44 * draw(1));
    if fringe.is_some() {
        length = length.max(0.11 * ground.size);
    }
    if style.hang.is_none() {
        // Nobody lets the edge grow as long as the rest.
        length *= 0.45 + 0.55 * smooth(0.0, 0.024, root.depth_m);
    }
    if length < 0.004 {
        return None;
    }
    if style.hang.is_some() && place.y < 0.748 && azimuth_deg < 84.0 {
        // Down before the ears long hair would hang as single strings.
        return None;
    }
    let hang = style.hang.filter(|_| fringe.is_none());
    let front = smooth(0.040, 0.010, root.depth_m) * smooth(65.0, 40.0, azimuth_deg);
    let stand = if fringe.is_some() { 0.4 } else { style.stand[0] + (style.stand[1] - style.stand[0]) * front };
    // Hair at the edge lies flatter than hair behind it: nobody's hairline is a step.
    let edge = 0.25 + 0.75 * smooth(0.0, 0.030, root.depth_m);
    let lift_share = (0.30 + 0.70 * layer) * edge;
    let whirl = Vec3::new(draw(2) - 0.5, draw(3) - 0.5, draw(4) - 0.5) * 2.0 * style.scatter;
    let tips_y = match (fringe, hang) {
        (Some(f), _) => {
            let across = (azimuth_deg / f.half_width_deg).min(1.0);
            ground.eyes_y_m
                + (f.tips_m - f.arch_m * across * across).max(EYES_FREE_M)
                + 0.012 * (draw(5) - 0.5).max(-0.2)
        }
        (None, Some(h)) => head.centre_m.y + h.tips_m + (draw(5) - 0.4) * 0.035 + 0.03 * (1.0 - layer) * draw(6),
        (None, None) => f32::MIN,
    };
    if hang.is_some() {
        // No longer than it takes over the head and down.
        let top = head.centre_m.y + u.y * head.radius_m(u);
        length = length.min(1.02 * (top - tips_y) + 0.045 * ground.size);
    }
    let comb = |u: Vec3| match fringe {
        Some(f) => tangent(Vec3::new(f.sweep + 0.60 * u.x, -0.3, 1.0), u),
        None => style.comb.at(u),
    };

    let steps = ((length / STEP_M).ceil() as usize).clamp(4, MAX_STEPS);
    let step = (length / steps as f32).min(STEP_M);
    let mut p = head.centre_m + u * (head.radius_m(u) - 0.0005 + style.start * style.lift_at_m(u) * edge);
    let mut d = (comb(u) + u * stand + whirl * 0.6).normalize_or(u);
    let (amplitude, wave_length) = style.wave_m;
    let phase = draw(7) * std::f32::consts::TAU;
    let mut points = vec![p];
    let mut walked = 0.0;
    let mut last_hidden = ground.cover.hides(place).then_some(0);
    for _ in 0..steps {
        let y_below = head.centre_m.y - p.y;
        let here = head.base_at(u);
        let depth = ground.scalp.depth_m(here);
        let free = smooth(0.006, -0.012, depth).max(smooth(0.02, 0.06, y_below));
        let gravity = if style.hang.is_some() || fringe.is_some() {
            style.gravity + (1.0 - style.gravity) * free
        } else {
            style.gravity + 0.3 * free
        };
        let flutter = Vec3::new(noise(p * 26.0, seed), noise(p * 26.0, seed ^ 0x2f), noise(p * 26.0, seed ^ 0x71))
            * style.scatter;
        let mut target = comb(u) * (1.0 - gravity) + Vec3::NEG_Y * gravity + flutter * 0.6;
        if let Some(h) = hang {
            // Before the face hair goes aside.
            let azimuth = u.x.abs().atan2(u.z).to_degrees();
            let opens_deg = h.opens_deg + 24.0 * draw(9);
            let aside = smooth(opens_deg + 4.0, opens_deg - 12.0, azimuth) * smooth(0.0, -0.01, depth);
            let out = Vec3::new(if u.x == 0.0 { root.direction.x.signum() } else { u.x.signum() }, 0.25, -0.2);
            target = target.lerp(tangent(out, u), aside);
            // Over the shoulders it parts to the chest and to the back.
            let low = smooth(0.08, 0.14, y_below / ground.size);
            let front = if azimuth_deg < 88.0 + 30.0 * (draw(8) - 0.5) { 1.0 } else { -1.0 };
            let inwards = smooth(0.070, 0.105, p.x.abs() / ground.size);
            target += Vec3::new(-p.x.signum() * 0.8 * inwards, 0.0, 0.45 * front) * low;
        }
        let turn = if walked < style.rise_m { 0.22 } else { 0.45 };
        d = d.lerp(target.normalize_or(d), turn).normalize_or(target);
        p += d * step;
        walked += step;
        u = (p - head.centre_m).normalize_or(Vec3::Y);
        let covered = ground.cover.hides(head.base_at(u));
        let height = if covered {
            PRESSED_M
        } else {
            style.lift_at_m(u) * lift_share * smooth(0.0, style.rise_m, walked).max(0.1)
        };
        if let Some(body) = ground.body.filter(|_| y_below > 0.06 * ground.size) {
            let w = p - body.centre_m;
            let out = w.normalize_or(Vec3::Y);
            let least = body.radius_m(out) + CLOTH_GAP_M * (0.6 + layer);
            if w.length() < least {
                p = body.centre_m + out * least;
            }
        }
        u = (p - head.centre_m).normalize_or(Vec3::Y);
        let (r, least) = ((p - head.centre_m).length(), head.radius_m(u) + height.max(0.0012));
        let on_head = y_below < 0.125 * ground.size;
        if on_head && (r < least || covered) {
            p = head.centre_m + u * least;
        } else if on_head {
            let stick = style.stick * (1.0 - free * if hang.is_some() { 1.0 } else { 0.5 });
            p = head.centre_m + u * (r + (least - r) * stick * 0.5);
        }
        points.push(p);
        if covered {
            last_hidden = Some(points.len() - 1);
        }
        if p.y < tips_y {
            break;
        }
        let before_face = u.z > 0.0 && u.x.abs() < 0.62 * u.z;
        if before_face && p.y < ground.eyes_y_m + EYES_FREE_M {
            break;
        }
        if let Comb::Gather(tie) = style.comb
            && fringe.is_none()
            && u.dot(tie) > 0.985
        {
            break;
        }
    }
    if let Some(last) = last_hidden {
        points.drain(..=last);
    }
    if points.len() < 3 {
        return None;
    }
    if amplitude > 0.0 {
        wave(&mut points, ground, amplitude, wave_length, phase);
    }
    Some(Path { points, layer })
}

/// Bends a path into waves beside and off the head that grow from the root.
fn wave(points: &mut [Vec3], ground: &Ground<'_>, amplitude_m: f32, length_m: f32, phase: f32) {
    let centre = ground.head.centre_m;
    let old = points.to_vec();
    let mut walked = 0.0;
    for i in 1..points.len() {
        walked += old[i].distance(old[i - 1]);
        let along = (old[i] - old[i - 1]).normalize_or(Vec3::NEG_Y);
        let out = tangent(old[i] - centre, along);
        let aside = along.cross(out);
        let strength = amplitude_m * smooth(0.03, 0.12, walked);
        let angle = walked / length_m * std::f32::consts::TAU + phase;
        points[i] += aside * angle.sin() * strength + out * (0.5 + 0.5 * angle.cos()) * strength * 0.8;
        let away = points[i] - centre;
        let u = away.normalize_or(Vec3::Y);
        let inside = ground.head.radius_m(u) + 0.0012 - away.length();
        if inside > 0.0 && away.y > -0.125 * ground.size {
            points[i] += u * inside;
        }
    }
}

impl Path {
    /// The same path through `segments` + 1 places.
    pub fn resampled(&self, segments: usize) -> Self {
        let last = (self.points.len() - 1) as f32;
        let points = (0..=segments)
            .map(|k| {
                let x = k as f32 / segments as f32 * last;
                let i = (x as usize).min(self.points.len() - 2);
                self.points[i].lerp(self.points[i + 1], x - i as f32)
            })
            .collect();
        Self { points, layer: self.layer }
    }
}

/// The path of one row of plaited hair: from the front hairline over the head to the nape, and down.
pub(super) fn row(ground: &Ground<'_>, row: usize, plaits: &Plaits, seed: u32) -> Option<Path> {
    let head = ground.head;
    // Rows are planes through an axis that runs from the forehead to the nape.
    let axis = Vec3::new(0.0, 0.30, 1.0).normalize();
    let share = (row as f32 + 0.5) / plaits.count as f32 * 2.0 - 1.0;
    let lean = share * 1.50 + 0.05 * (unit(row as i32, 0, 83, seed) - 0.5);
    let up = Vec3::Y - axis * axis.y;
    let across = up.normalize_or(Vec3::Y) * lean.cos() + Vec3::X * lean.sin();
    let mut points = Vec::new();
    let mut hidden = false;
    for k in 0..=64 {
        let angle = k as f32 / 64.0 * 2.75 + 0.15;
        let u = axis * angle.cos() + across * angle.sin();
        let place = head.base_at(u);
        if ground.scalp.depth_m(place) > 0.002 {
            hidden = ground.cover.hides(place);
            if !hidden {
                points.push(head.centre_m + u * (head.radius_m(u) + 0.0012));
            }
        } else if points.len() > 4 {
            break;
        }
    }
    let mut p = *points.last()?;
    if points.len() < 4 || hidden {
        return None;
    }
    // Rows keep every second place: the head bends slowly.
    let mut points: Vec<Vec3> = points.into_iter().step_by(3).collect();
    if share.abs() > 0.72 {
        // The lowest rows end behind the ears.
        return Some(Path { points, layer: 1.0 });
    }
    let tips = head.centre_m.y + plaits.tips_m + 0.03 * (unit(row as i32, 1, 83, seed) - 0.5);
    let mut d = (p - head.centre_m).normalize_or(Vec3::NEG_Z);
    for _ in 0..24 {
        // The tails are gathered behind the neck.
        let inwards = Vec3::new(-0.5 * p.x.signum() * smooth(0.03, 0.07, p.x.abs()), -1.0, -0.1);
        d = d.lerp(inwards, 0.55).normalize_or(Vec3::NEG_Y);
        p += d * 0.016;
        for form in [Some(ground.head), ground.body].into_iter().flatten() {
            let w = p - form.centre_m;
            let out = w.normalize_or(Vec3::Y);
            let near = form.radius_m(out) + 0.006 - w.length();
            if near > 0.0 && (p.y > head.centre_m.y - 0.125 * ground.size || form.centre_m.y < p.y - 0.05) {
                p += out * near;
            }
        }
        points.push(p);
        if p.y < tips {
            break;
        }
    }
    Some(Path { points, layer: 1.0 })
}
