//! Simple solids that vehicles and lanes are put together from.
use std::{collections::BTreeMap, f32::consts::TAU};

use glam::{Affine3A, Vec3};

use crate::mesh::{Mesh, Vertex};

/// sRGB encoding (IEC 61966-2-1) of a linear reflectance factor, as [`Vertex::tint`] wants it.
pub(crate) fn tint(linear: [f32; 3]) -> [u8; 4] {
    let encode = |c: f32| {
        let c = c.clamp(0.0, 1.0);
        let s = if c <= 0.003_130_8 { 12.92 * c } else { 1.055 * c.powf(1.0 / 2.4) - 0.055 };
        (s * 255.0).round() as u8
    };
    [encode(linear[0]), encode(linear[1]), encode(linear[2]), 255]
}

/// The mesh in one colour (linear factor) and one ambient visibility (0..1).
pub(crate) fn coloured(mut mesh: Mesh, linear: [f32; 3], visibility: f32) -> Mesh {
    let [r, g, b, _] = tint(linear);
    let a = (visibility.clamp(0.0, 1.0) * 255.0).round() as u8;
    mesh.vertices.iter_mut().for_each(|v| v.tint = [r, g, b, a]);
    mesh
}

/// A box with rounded edges, centred on the origin. `cells` are the flat cells along x, y, z between the roundings.
pub(crate) fn rounded_box(half: Vec3, radius: f32, cells: [usize; 3]) -> Mesh {
    let radius = radius.min(half.min_element());
    let inner = half - Vec3::splat(radius);
    let line = |axis: usize| -> Vec<f32> {
        let mut at = vec![-half[axis]];
        at.extend((0..=cells[axis]).map(|i| inner[axis] * (2.0 * i as f32 / cells[axis] as f32 - 1.0)));
        at.push(half[axis]);
        at
    };
    let lines = [line(0), line(1), line(2)];
    let mut mesh = Mesh::default();
    let mut known: BTreeMap<[usize; 3], u32> = BTreeMap::new();
    for axis in 0..3 {
        let (u, v) = ((axis + 1) % 3, (axis + 2) % 3);
        for far in [false, true] {
            let w = if far { lines[axis].len() - 1 } else { 0 };
            for i in 0..lines[u].len() - 1 {
                for j in 0..lines[v].len() - 1 {
                    let corners = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)].map(|(i, j)| {
                        let mut at = [0; 3];
                        (at[axis], at[u], at[v]) = (w, i, j);
                        *known.entry(at).or_insert_with(|| {
                            let q = Vec3::new(lines[0][at[0]], lines[1][at[1]], lines[2][at[2]]);
                            let core = q.clamp(-inner, inner);
                            let normal = (q - core).normalize_or(Vec3::Y);
                            mesh.vertices.push(Vertex::new(core + normal * radius, normal, [0.0; 2]));
                            mesh.vertices.len() as u32 - 1
                        })
                    });
                    let [a, b, c, d] = corners;
                    mesh.indices.extend(if far { [a, b, c, a, c, d] } else { [a, c, b, a, d, c] });
                }
            }
        }
    }
    mesh
}

/// A box with sharp edges, from corner to corner: 12 triangles.
pub(crate) fn block(low: Vec3, high: Vec3) -> Mesh {
    let mut mesh = Mesh::default();
    for axis in 0..3 {
        let (u, v) = ((axis + 1) % 3, (axis + 2) % 3);
        for far in [false, true] {
            let corner = |i: bool, j: bool| {
                let mut p = Vec3::ZERO;
                p[axis] = if far { high[axis] } else { low[axis] };
                p[u] = if i { high[u] } else { low[u] };
                p[v] = if j { high[v] } else { low[v] };
                p
            };
            let ring = [corner(false, false), corner(true, false), corner(true, true), corner(false, true)];
            let ring = if far { ring } else { [ring[0], ring[3], ring[2], ring[1]] };
            mesh.append(&quad(ring));
        }
    }
    mesh
}

/// One flat quad, counter-clockwise seen from its front.
pub(crate) fn quad(corners: [Vec3; 4]) -> Mesh {
    let normal = (corners[2] - corners[0]).cross(corners[3] - corners[1]).normalize_or(Vec3::Y);
    let vertices = corners.map(|p| Vertex::new(p, normal, [0.0; 2])).to_vec();
    Mesh { vertices, indices: vec![0, 1, 2, 0, 2, 3] }
}

/// A grid of points, rows of equal length, as a smooth surface facing `(next in row) × (next row)`.
pub(crate) fn sheet(rows: &[Vec<Vec3>]) -> Mesh {
    let width = rows.first().map_or(0, Vec::len) as u32;
    let vertices = rows.iter().flatten().map(|p| Vertex::new(*p, Vec3::Y, [0.0; 2])).collect();
    let mut mesh = Mesh { vertices, indices: Vec::new() };
    for r in 0..rows.len().saturating_sub(1) as u32 {
        for c in 0..width.saturating_sub(1) {
            let (a, b) = (r * width + c, (r + 1) * width + c);
            mesh.indices.extend([a, a + 1, b + 1, a, b + 1, b]);
        }
    }
    mesh.recompute_normals();
    mesh
}

/// A body of revolution about the X axis: profile points are (x, radius). Outwards is to the left of the profile's
/// direction when x runs right and the radius up.
pub(crate) fn lathe(profile: &[(f32, f32)], segments: usize) -> Mesh {
    let mut mesh = Mesh::default();
    let count = profile.len() as u32;
    for s in 0..segments {
        let (sin, cos) = (TAU * s as f32 / segments as f32).sin_cos();
        for (k, &(x, r)) in profile.iter().enumerate() {
            let before = profile[k.saturating_sub(1)];
            let after = profile[(k + 1).min(profile.len() - 1)];
            let (dx, dr) = (after.0 - before.0, after.1 - before.1);
            let normal = Vec3::new(-dr, dx * cos, dx * sin).normalize_or(Vec3::X);
            mesh.vertices.push(Vertex::new(Vec3::new(x, r * cos, r * sin), normal, [0.0; 2]));
        }
    }
    for s in 0..segments as u32 {
        let next = (s + 1) % segments as u32;
        for k in 0..count - 1 {
            let (a, b, c, d) = (s * count + k, s * count + k + 1, next * count + k + 1, next * count + k);
            // On the axis one of the two triangles has no area.
            if profile[k as usize + 1].1 > 0.0 {
                mesh.indices.extend([a, b, c]);
            }
            if profile[k as usize].1 > 0.0 {
                mesh.indices.extend([a, c, d]);
            }
        }
    }
    fix_winding(&mut mesh);
    mesh
}

/// A round bar from `a` to `b`, closed at both ends.
pub(crate) fn bar(a: Vec3, b: Vec3, radius: f32, segments: usize) -> Mesh {
    let length = a.distance(b);
    let mut mesh = lathe(&[(0.0, radius), (length, radius)], segments);
    mesh.append(&lathe(&[(length, radius), (length, 0.0)], segments));
    mesh.append(&lathe(&[(0.0, 0.0), (0.0, radius)], segments));
    let axis = (b - a).normalize_or(Vec3::X);
    mesh.transformed(Affine3A::from_rotation_translation(glam::Quat::from_rotation_arc(Vec3::X, axis), a))
}

/// A ring about the Z axis: major and minor radius.
pub(crate) fn torus(major: f32, minor: f32, segments: usize, sides: usize) -> Mesh {
    let mut mesh = Mesh::default();
    for s in 0..segments {
        let (sin, cos) = (TAU * s as f32 / segments as f32).sin_cos();
        for k in 0..sides {
            let (out, up) = (TAU * k as f32 / sides as f32).sin_cos();
            let normal = Vec3::new(cos * up, sin * up, out);
            let centre = Vec3::new(cos, sin, 0.0) * major;
            mesh.vertices.push(Vertex::new(centre + normal * minor, normal, [0.0; 2]));
        }
    }
    for s in 0..segments {
        for k in 0..sides {
            let at = |s: usize, k: usize| ((s % segments) * sides + k % sides) as u32;
            mesh.indices.extend([at(s, k), at(s + 1, k), at(s + 1, k + 1), at(s, k), at(s + 1, k + 1), at(s, k + 1)]);
        }
    }
    fix_winding(&mut mesh);
    mesh
}

/// Moves every vertex and recomputes smooth normals.
pub(crate) fn deformed(mut mesh: Mesh, map: impl Fn(Vec3) -> Vec3) -> Mesh {
    for v in &mut mesh.vertices {
        v.position_m = map(Vec3::from(v.position_m)).to_array();
    }
    mesh.recompute_normals();
    mesh
}

/// The mirror image in the plane x = 0.
pub(crate) fn mirrored(mesh: &Mesh) -> Mesh {
    let mut mesh = mesh.clone();
    for v in &mut mesh.vertices {
        v.position_m[0] = -v.position_m[0];
        v.normal[0] = -v.normal[0];
    }
    mesh.indices.chunks_exact_mut(3).for_each(|t| t.swap(1, 2));
    mesh
}

/// Turns triangles that face against their vertex normals.
fn fix_winding(mesh: &mut Mesh) {
    for t in mesh.indices.chunks_exact_mut(3) {
        let [a, b, c] = [0, 1, 2].map(|i| &mesh.vertices[t[i] as usize]);
        let p = |v: &Vertex| Vec3::from(v.position_m);
        let normal = Vec3::from(a.normal) + Vec3::from(b.normal) + Vec3::from(c.normal);
        if (p(b) - p(a)).cross(p(c) - p(a)).dot(normal) < 0.0 {
            t.swap(1, 2);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solids_face_outwards() {
        let solids = [
            rounded_box(Vec3::new(0.3, 0.2, 0.1), 0.05, [2, 3, 1]),
            block(Vec3::splat(-0.2), Vec3::splat(0.3)),
            bar(Vec3::new(-0.3, 0.0, 0.0), Vec3::new(0.3, 0.0, 0.0), 0.1, 12),
        ];
        for solid in solids {
            // Divergence theorem: positive volume means that the triangles face outwards.
            let volume: f32 = solid.triangles().map(|[a, b, c]| a.dot(b.cross(c)) / 6.0).sum();
            assert!(volume > 0.01, "{volume}");
            for t in solid.indices.chunks_exact(3) {
                let [a, b, c] = [0, 1, 2].map(|i| Vec3::from(solid.vertices[t[i] as usize].position_m));
                let face = (b - a).cross(c - a);
                for &i in t {
                    assert!(face.dot(Vec3::from(solid.vertices[i as usize].normal)) >= 0.0);
                }
            }
        }
    }
}
