//! Locks as strips of triangles along their paths.
use glam::Vec3;

use super::{
    super::noise::{smooth, unit},
    strand::Path,
    texture::{FULL, LOCKS, SPARSE},
};
use crate::mesh::{Mesh, Vertex};

/// How far a strip's edges turn away from its middle, so that a lock is shaded round and not flat.
const ROUND: f32 = 0.55;

/// How the strips of a cut are made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cut {
    /// Width, metres.
    pub width_m: f32,
    /// Quads along a strip.
    pub segments: usize,
    /// Largest turn of a strip about its own path, radians.
    pub twist_rad: f32,
    /// Share of the width at the root and at the tip.
    pub taper: [f32; 2],
    pub seed: u32,
}

/// A path at a share of its length.
fn at(points: &[Vec3], share: f32) -> Vec3 {
    let x = share * (points.len() - 1) as f32;
    let i = (x as usize).min(points.len() - 2);
    points[i].lerp(points[i + 1], x - i as f32)
}

/// Adds one strip. `columns` are the columns of the picture it may show.
pub(super) fn add(mesh: &mut Mesh, path: &Path, centre: Vec3, cut: &Cut, columns: std::ops::Range<usize>, index: i32) {
    let draw = |k: i32| unit(index, k, 97, cut.seed);
    let column = columns.start + (draw(0) * columns.len() as f32) as usize % columns.len().max(1);
    let span = 1.0 / LOCKS as f32;
    let (mut u0, mut u1) = (column as f32 * span, (column + 1) as f32 * span);
    if draw(1) < 0.5 {
        std::mem::swap(&mut u0, &mut u1);
    }
    // Locks differ in lightness, less in hue; inner ones get less light.
    let level = 0.84 + 0.16 * draw(2);
    let warm = 0.04 * (draw(3) - 0.5);
    let tint = [1.0 + warm, 1.0, 1.0 - warm].map(|c: f32| ((level * c).min(1.0) * 255.0) as u8);
    let twist = (draw(4) - 0.5) * 2.0 * cut.twist_rad;
    let width = cut.width_m * (0.75 + 0.5 * draw(5));
    let segments = cut.segments.min(path.points.len() - 1).max(1);
    let base = mesh.vertices.len() as u32;
    for row in 0..=segments {
        let v = row as f32 / segments as f32;
        let p = at(&path.points, v);
        let along =
            (at(&path.points, (v + 0.06).min(1.0)) - at(&path.points, (v - 0.06).max(0.0))).normalize_or(Vec3::NEG_Y);
        let away = p - centre;
        let out = (away - along * away.dot(along)).normalize_or(away.normalize_or(Vec3::Y));
        let flat = along.cross(out).normalize_or(Vec3::X);
        let side = flat * twist.cos() + out * twist.sin();
        let [at_root, at_tip] = cut.taper;
        let half =
            side * (0.5 * width * (at_root + (1.0 - at_root) * smooth(0.0, 0.25, v)) * (1.0 - (1.0 - at_tip) * v * v));
        // Hair below other hair, and near the scalp, sees less of the sky.
        let open = (0.55 + 0.45 * path.layer) * (0.75 + 0.25 * smooth(0.0, 0.35, v));
        for (sign, u) in [(-1.0, u0), (1.0, u1)] {
            let round = (out * 0.8 + away.normalize_or(out) * 0.2 + flat * sign * ROUND).normalize_or(out);
            let mut vertex = Vertex::new(p + half * sign, round, [u, 0.004 + 0.992 * v]);
            vertex.tint = [tint[0], tint[1], tint[2], (open * 255.0) as u8];
            mesh.vertices.push(vertex);
        }
    }
    for row in 0..segments as u32 {
        let a = base + 2 * row;
        mesh.indices.extend([a, a + 1, a + 2, a + 2, a + 1, a + 3]);
    }
}

/// A short tuft on the skin.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Tuft {
    /// Root, knee and tip, metres.
    pub points: [Vec3; 3],
    /// Normal of the skin at the root.
    pub normal: Vec3,
    /// Width, metres.
    pub width_m: f32,
}

/// Adds a tuft.
pub(in super::super) fn add_tuft(mesh: &mut Mesh, tuft: &Tuft, index: i32, seed: u32) {
    let path = Path { points: tuft.points.to_vec(), layer: 0.55 + 0.45 * unit(index, 8, 97, seed) };
    let long = tuft.points[0].distance(tuft.points[2]) > 0.014;
    let cut =
        Cut { width_m: tuft.width_m, segments: if long { 2 } else { 1 }, twist_rad: 0.7, taper: [0.9, 0.85], seed };
    let columns = if unit(index, 9, 97, seed) < 0.35 { SPARSE } else { FULL };
    add(mesh, &path, tuft.points[0] - tuft.normal * 0.05, &cut, columns, index);
}

/// Makes front faces look the way their vertices' normals do: normals are turned over on back faces.
pub(in super::super) fn face_outwards(mesh: &mut Mesh) {
    for t in mesh.indices.chunks_exact_mut(3) {
        let [a, b, c] = [t[0], t[1], t[2]].map(|i| &mesh.vertices[i as usize]);
        let [pa, pb, pc] = [a, b, c].map(|v| Vec3::from(v.position_m));
        let n = Vec3::from(a.normal) + Vec3::from(b.normal) + Vec3::from(c.normal);
        if (pb - pa).cross(pc - pa).dot(n) < 0.0 {
            t.swap(1, 2);
        }
    }
}
