//! What tied hair ends in: a bun, a tail, and plaits.
use std::f32::consts::{PI, TAU};

use glam::Vec3;

use super::{
    super::{
        head_form::HeadForm,
        noise::{smooth, unit},
    },
    locks::{self, Cut},
    strand::{Ground, Path},
    texture::FULL,
};
use crate::mesh::{Mesh, Vertex};

/// A ball of wound hair behind `tie`.
pub(super) fn bun(head: &HeadForm, tie: Vec3, radius_m: f32, seed: u32) -> Mesh {
    let middle = head.centre_m + tie * (head.radius_m(tie) + 0.62 * radius_m);
    let (a, b) = tie.any_orthonormal_pair();
    let mut mesh = Mesh::default();
    let cut = Cut { width_m: radius_m * 0.95, segments: 7, twist_rad: 0.25, taper: [0.7, 0.6], seed };
    // Bands wound round the ball's axis, inner ones first so that a core closes the gaps.
    for i in 0..44_i32 {
        let draw = |k: i32| unit(i, k, 71, seed);
        let (height, lean, start) = ((draw(0) - 0.35) * 1.5, 0.5 * (draw(1) - 0.5), draw(2) * TAU);
        let layer = 0.25 + 0.75 * draw(3);
        let ring = (1.0 - (height * 0.62).powi(2)).max(0.08).sqrt();
        let points = (0..9)
            .map(|k| {
                let angle = start + k as f32 / 8.0 * 2.6;
                let along = height * 0.62 + lean * (angle - start - 1.3) * 0.4;
                let d = a * angle.cos() * ring + b * angle.sin() * ring + tie * along;
                middle + d.normalize_or(tie) * radius_m * (0.86 + 0.16 * layer)
            })
            .collect();
        locks::add(&mut mesh, &Path { points, layer }, middle, &cut, FULL, i);
    }
    mesh
}

/// A tail from `tie` down the back.
pub(super) fn tail(ground: &Ground<'_>, tie: Vec3, length_m: f32, wave_m: f32, seed: u32) -> Mesh {
    let head = ground.head;
    let start = head.centre_m + tie * (head.radius_m(tie) + 0.010);
    let mut mesh = Mesh::default();
    let cut = Cut { width_m: 0.022 * ground.size, segments: 8, twist_rad: 1.2, taper: [0.55, 0.6], seed };
    for i in 0..64_i32 {
        let draw = |k: i32| unit(i, k, 73, seed);
        let (angle, spread) = (draw(0) * TAU, draw(1).sqrt());
        let ring = Vec3::new(angle.cos(), 0.0, angle.sin()) * spread;
        let length = length_m * (0.8 + 0.25 * draw(2));
        let mut p = start + ring * 0.007;
        let mut d = (tie + Vec3::Y * 0.25 + ring * 0.2).normalize_or(tie);
        let mut points = vec![p];
        let steps = 16;
        for k in 0..steps {
            let share = k as f32 / steps as f32;
            d = d.lerp(Vec3::NEG_Y, 0.30).normalize_or(Vec3::NEG_Y);
            // A tail swells below its tie and closes at its tips.
            let swell = ring * 0.030 * (share * PI).cos() * ground.size;
            let sway =
                Vec3::new((share * 9.0 + draw(3) * TAU).sin(), 0.0, (share * 9.0 + draw(4) * TAU).cos()) * wave_m;
            p += d * (length / steps as f32) + swell / steps as f32 * 3.0 + sway / steps as f32;
            for form in [Some(ground.head), ground.body].into_iter().flatten() {
                let w = p - form.centre_m;
                let out = w.normalize_or(Vec3::Y);
                p += out * (form.radius_m(out) + 0.008 + 0.012 * spread - w.length()).max(0.0);
            }
            points.push(p);
        }
        locks::add(&mut mesh, &Path { points, layer: spread }, p - Vec3::new(0.0, 0.0, -0.06), &cut, FULL, i);
    }
    mesh
}

/// One plait along a path: a flattened half tube, open towards the head.
pub(super) fn plait(mesh: &mut Mesh, path: &Path, centre: Vec3, width_m: f32, index: i32, seed: u32) {
    /// Places across a plait: angle from its outermost line, and v of the picture across.
    const ACROSS: [(f32, f32); 3] = [(-1.45, 0.02), (0.0, 0.5), (1.45, 0.98)];
    let points = &path.points;
    let base = mesh.vertices.len() as u32;
    let level = (0.80 + 0.20 * unit(index, 1, 79, seed)) * 255.0;
    let mut walked = 0.0;
    for (i, p) in points.iter().enumerate() {
        let before = points[i.saturating_sub(1)];
        let after = points[(i + 1).min(points.len() - 1)];
        walked += p.distance(before);
        let along = (after - before).normalize_or(Vec3::NEG_Y);
        let away = *p - centre;
        let out = (away - along * away.dot(along)).normalize_or(Vec3::Y);
        let side = along.cross(out).normalize_or(Vec3::X);
        let end = 1.0 - 0.55 * smooth(0.75, 1.0, i as f32 / (points.len() - 1) as f32);
        for (angle, u) in ACROSS {
            let d = side * angle.sin() + out * angle.cos();
            // A plait's links are about as long as it is wide; the picture holds 16.
            let mut vertex = Vertex::new(*p + d * 0.5 * width_m * end, d, [u, walked / (width_m * 16.0)]);
            vertex.tint = [level as u8, level as u8, level as u8, (200.0 + 55.0 * angle.cos().max(0.0)) as u8];
            mesh.vertices.push(vertex);
        }
    }
    let n = ACROSS.len() as u32;
    for row in 0..points.len() as u32 - 1 {
        for k in 0..n - 1 {
            let a = base + row * n + k;
            mesh.indices.extend([a, a + 1, a + n, a + n, a + 1, a + n + 1]);
        }
    }
}
