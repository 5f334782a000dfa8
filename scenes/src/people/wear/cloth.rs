//! Sheets, tubes and pictures that worn things are put together from.
use std::{collections::BTreeMap, f32::consts::TAU, sync::Arc};

use glam::Vec3;

use super::fit::Fit;
use crate::{
    mesh::{Mesh, Vertex},
    people::{
        bake::BoundPart,
        noise::{fractal, noise, smooth, unit},
        rig::Skin,
        skin::{colour, encode},
    },
    surface::{Surface, Texture},
    truth::Role,
};

/// One place of a sheet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub position_m: Vec3,
    pub uv: [f32; 2],
    /// Ambient visibility, 0..1.
    pub open: f32,
}

/// A grid of places, `columns` + 1 by `rows` + 1; `at` takes shares of the width and the height.
pub(super) fn sheet(columns: usize, rows: usize, at: impl Fn(f32, f32) -> Place) -> Mesh {
    let mut mesh = Mesh::default();
    for row in 0..=rows {
        for column in 0..=columns {
            let place = at(column as f32 / columns as f32, row as f32 / rows as f32);
            let mut vertex = Vertex::new(place.position_m, Vec3::Y, place.uv);
            vertex.tint[3] = (place.open.clamp(0.0, 1.0) * 255.0) as u8;
            mesh.vertices.push(vertex);
        }
    }
    let width = columns as u32 + 1;
    for row in 0..rows as u32 {
        for column in 0..columns as u32 {
            let (a, b) = (row * width + column, (row + 1) * width + column);
            mesh.indices.extend([a, a + 1, b + 1, a, b + 1, b]);
        }
    }
    mesh
}

/// Half the section of a tube: across it and along `up`, metres.
pub(super) type Section = [f32; 2];

/// A tube along a path. `up` is the direction of the section's second half-size.
pub(super) fn tube(path: &[Vec3], up: Vec3, closed: bool, section: impl Fn(f32) -> Section) -> Mesh {
    const SIDES: usize = 8;
    let count = path.len();
    let mut mesh = Mesh::default();
    for (i, &p) in path.iter().enumerate() {
        let (before, after) = if closed {
            (path[(i + count - 1) % count], path[(i + 1) % count])
        } else {
            (path[i.saturating_sub(1)], path[(i + 1).min(count - 1)])
        };
        let ahead = (after - before).normalize_or(Vec3::Z);
        let across = ahead.cross(up).normalize_or(ahead.any_orthonormal_vector());
        let upright = across.cross(ahead);
        let [w, h] = section(i as f32 / (count - 1).max(1) as f32);
        for k in 0..SIDES {
            let (s, c) = (TAU * k as f32 / SIDES as f32).sin_cos();
            // Between a circle and a square, as frames are milled.
            let squarer = |x: f32| x.signum() * x.abs().powf(0.7);
            let d = across * (w * squarer(c)) + upright * (h * squarer(s));
            mesh.vertices.push(Vertex::new(p + d, d.normalize_or(up), [0.0; 2]));
        }
    }
    let rings = if closed { count } else { count - 1 };
    for i in 0..rings {
        for k in 0..SIDES {
            let at = |i: usize, k: usize| ((i % count) * SIDES + k % SIDES) as u32;
            mesh.indices.extend([at(i, k), at(i + 1, k + 1), at(i, k + 1), at(i, k), at(i + 1, k), at(i + 1, k + 1)]);
        }
    }
    if !closed {
        for (ring, last) in [(0, false), (count - 1, true)] {
            for k in 1..SIDES as u32 - 1 {
                let a = (ring * SIDES) as u32;
                mesh.indices.extend(if last { [a, a + k + 1, a + k] } else { [a, a + k, a + k + 1] });
            }
        }
    }
    mesh
}

/// Smooth normals over sheets that meet: vertices at one place share theirs.
fn weld_normals(mesh: &mut Mesh) {
    // A tenth of a millimetre.
    let key = |v: &Vertex| v.position_m.map(|x| (x * 1e4).round() as i32);
    let mut sums: BTreeMap<[i32; 3], Vec3> = BTreeMap::new();
    for t in mesh.indices.chunks_exact(3) {
        let [a, b, c] = [0, 1, 2].map(|i| mesh.vertices[t[i] as usize]);
        let p = |v: &Vertex| Vec3::from(v.position_m);
        let area = (p(&b) - p(&a)).cross(p(&c) - p(&a));
        for v in [a, b, c] {
            *sums.entry(key(&v)).or_default() += area;
        }
    }
    for v in &mut mesh.vertices {
        v.normal = sums.get(&key(v)).copied().unwrap_or(Vec3::Y).normalize_or(Vec3::Y).to_array();
    }
}

/// Cloth on a person: seen from both sides, moved by head and chest.
pub(super) fn cloth(fit: &Fit, name: &'static str, role: Role, texture: Texture, mut mesh: Mesh) -> BoundPart {
    weld_normals(&mut mesh);
    let surface = Surface { texture: Some(Arc::new(texture)), double_sided: true, ..Surface::matt([1.0; 3]) };
    let skin = mesh.vertices.iter().map(|v| fit.skin(v.position_m.into())).collect();
    let Mesh { vertices, indices } = mesh;
    BoundPart { name, role, surface, vertices, skin, indices }
}

/// A hard thing that moves with the head.
pub(super) fn rigid(head: Skin, name: &'static str, role: Role, surface: Surface, mesh: Mesh) -> BoundPart {
    let Mesh { vertices, indices } = mesh;
    let skin = vec![head; vertices.len()];
    BoundPart { name, role, surface, vertices, skin, indices }
}

/// Darkens cloth where it sees little, so that folds keep their shade in the sun.
pub(super) fn shaded_by_open(mut mesh: Mesh) -> Mesh {
    for v in &mut mesh.vertices {
        let shade = (140 + u32::from(v.tint[3]) * 115 / 255) as u8;
        v.tint = [shade, shade, shade, v.tint[3]];
    }
    mesh
}

/// One layer of cloth over the next: 1 at each layer's edge, falling to 0 at the edge of the one below.
pub(super) fn layered(place: f32) -> f32 {
    let t = place - place.floor();
    (1.0 - t) * smooth(0.0, 0.12, t)
}

/// Gives every vertex a tint (sRGB) and an ambient visibility.
pub(super) fn tinted(mut mesh: Mesh, [r, g, b]: [u8; 3], open: f32) -> Mesh {
    let a = (open * 255.0) as u8;
    mesh.vertices.iter_mut().for_each(|v| v.tint = [r, g, b, a]);
    mesh
}

const PICTURE_PX: usize = 128;

/// A picture whose reflectance is the colour times `shade(u, v)`.
pub(super) fn picture(srgb: [u8; 3], shade: impl Fn(f32, f32) -> Vec3) -> Texture {
    let base = colour(srgb);
    let mut rgba = Vec::with_capacity(PICTURE_PX * PICTURE_PX * 4);
    for y in 0..PICTURE_PX {
        for x in 0..PICTURE_PX {
            let at = |i: usize| (i as f32 + 0.5) / PICTURE_PX as f32;
            let c = base * shade(at(x), at(y));
            rgba.extend([encode(c.x), encode(c.y), encode(c.z), 255]);
        }
    }
    Texture { width: PICTURE_PX as u32, height: PICTURE_PX as u32, rgba }
}

/// Woven cloth with soft unevenness.
pub(super) fn woven(srgb: [u8; 3], seed: u32) -> Texture {
    picture(srgb, |u, v| Vec3::splat(weave(u, v, seed)))
}

/// Shade of a woven cloth.
pub(super) fn weave(u: f32, v: f32, seed: u32) -> f32 {
    let thread = noise(Vec3::new(u * 128.0 * 0.9, v * 128.0 * 0.45, 5.0), seed);
    1.0 + 0.10 * fractal(Vec3::new(u * 6.0, v * 6.0, 1.0), 3, seed) + 0.06 * thread
}

/// Printed cloth: scattered spots of a second colour.
pub(super) fn printed(srgb: [u8; 3], spots_srgb: [u8; 3], seed: u32) -> Texture {
    let (base, spot) = (colour(srgb).max(Vec3::splat(0.004)), colour(spots_srgb));
    const CELLS: f32 = 8.0;
    picture(srgb, |u, v| {
        let (x, y) = (u * CELLS, v * CELLS);
        let (i, j) = (x.floor() as i32, y.floor() as i32);
        let (dx, dy) =
            (x - x.floor() - 0.3 - 0.4 * unit(i, j, 0, seed), y - y.floor() - 0.3 - 0.4 * unit(i, j, 1, seed));
        let radius = 0.10 + 0.16 * unit(i, j, 2, seed);
        let inside = dx * dx + dy * dy < radius * radius;
        (if inside { spot / base } else { Vec3::ONE }) * weave(u, v, seed)
    })
}

/// Knitted ribs that run along v.
pub(super) fn knitted(srgb: [u8; 3], ribs: f32, seed: u32) -> Texture {
    picture(srgb, |u, v| {
        let rib = (u * ribs * TAU).cos();
        let loops = (v * 60.0 * TAU + rib).sin();
        Vec3::splat(0.86 + 0.16 * rib + 0.07 * loops + 0.10 * fractal(Vec3::new(u * 5.0, v * 5.0, 2.0), 2, seed))
    })
}
