//! Roadway, markings and the terrain round them.
use std::sync::Arc;

use glam::Vec3;

use crate::{
    catalogue::{GroundSnow, LaneSpec},
    mesh::{Mesh, Vertex},
    shapes::{coloured, quad, tint},
    surface::{Part, Surface, Texture},
    truth::{Role, Tag},
};

/// The roadway runs from here to there along z, metres.
pub(super) const ROAD_Z_M: [f32; 2] = [-80.0, 48.0];
/// Edge of one asphalt tile, metres.
const TILE_M: f32 = 4.0;
const TEXELS: u32 = 256;

/// A well-mixed number in 0..1 from integers (finaliser of MurmurHash3): texture must not depend on any generator.
pub(super) fn hash01(a: u32, b: u32) -> f32 {
    let mut h = a.wrapping_mul(0x9e37_79b1) ^ b.wrapping_mul(0x85eb_ca6b) ^ 0x27d4_eb2f;
    h = (h ^ (h >> 16)).wrapping_mul(0x85eb_ca6b);
    h = (h ^ (h >> 13)).wrapping_mul(0xc2b2_ae35);
    ((h ^ (h >> 16)) >> 8) as f32 / (1 << 24) as f32
}

/// Value noise that repeats after `period` cells.
fn noise(x: f32, y: f32, period: u32, salt: u32) -> f32 {
    let (ix, iy) = (x.floor() as u32, y.floor() as u32);
    let smooth = |t: f32| t * t * (3.0 - 2.0 * t);
    let (fx, fy) = (smooth(x.fract()), smooth(y.fract()));
    let at = |i: u32, j: u32| hash01((ix + i) % period + salt * 7919, (iy + j) % period);
    let top = at(0, 0) + (at(1, 0) - at(0, 0)) * fx;
    let bottom = at(0, 1) + (at(1, 1) - at(0, 1)) * fx;
    top + (bottom - top) * fy
}

/// Asphalt: grain and patches, ±12 % about the mean; tileable.
fn asphalt() -> Texture {
    let mut rgba = Vec::with_capacity((TEXELS * TEXELS * 4) as usize);
    for y in 0..TEXELS {
        for x in 0..TEXELS {
            let scaled = |period: u32, salt| {
                let k = period as f32 / TEXELS as f32;
                noise(x as f32 * k, y as f32 * k, period, salt) - 0.5
            };
            let value = 0.5 + 0.10 * scaled(4, 1) + 0.08 * scaled(16, 2) + 0.10 * scaled(64, 3) + 0.10 * scaled(256, 4);
            // Half reflectance is the mean: the surface's factor is doubled to match.
            let [r, g, b, _] = tint([value, value, value * 0.99]);
            rgba.extend([r, g, b, 255]);
        }
    }
    Texture { width: TEXELS, height: TEXELS, rgba }
}

/// Asphalt between the kerbs. Each tile has the whole picture once, so it needs no repeating sampler.
pub(super) fn roadway(spec: &LaneSpec) -> Part {
    let mut mesh = Mesh::default();
    let half = spec.width_m / 2.0;
    let mut z = ROAD_Z_M[0];
    while z < ROAD_Z_M[1] {
        let mut x = -half;
        while x < half {
            let (w, d) = (TILE_M.min(half - x), TILE_M.min(ROAD_Z_M[1] - z));
            let base = mesh.vertices.len() as u32;
            for (dx, dz) in [(0.0, 0.0), (0.0, d), (w, d), (w, 0.0)] {
                let uv = [dx / TILE_M, dz / TILE_M];
                mesh.vertices.push(Vertex::new(Vec3::new(x + dx, 0.0, z + dz), Vec3::Y, uv));
            }
            mesh.indices.extend([0, 1, 2, 0, 2, 3].map(|k| base + k));
            x += TILE_M;
        }
        z += TILE_M;
    }
    let surface = Surface {
        texture: Some(Arc::new(asphalt())),
        roughness: 0.85,
        ..Surface::matt([(2.0 * spec.road_reflectance).min(1.0); 3])
    };
    Part { name: "roadway".into(), mesh: Arc::new(mesh), surface, tag: Tag::lane(Role::Ground) }
}

fn stripe(x: [f32; 2], z: [f32; 2]) -> Mesh {
    // Thermoplastic markings stand a few millimetres above the asphalt.
    const Y: f32 = 0.004;
    quad([Vec3::new(x[0], Y, z[0]), Vec3::new(x[0], Y, z[1]), Vec3::new(x[1], Y, z[1]), Vec3::new(x[1], Y, z[0])])
}

/// Stop line, edge lines, and bars that slow the approach.
pub(super) fn markings(spec: &LaneSpec) -> Mesh {
    let half = spec.width_m / 2.0;
    let mut mesh = stripe([-half + 0.15, half - 0.15], [0.0, 0.40]);
    for x in [-half + 0.08, half - 0.20] {
        mesh.append(&stripe([x, x + 0.12], [ROAD_Z_M[0], -0.05]));
        mesh.append(&stripe([x, x + 0.12], [0.45, ROAD_Z_M[1]]));
    }
    for k in 0..6 {
        let z = -9.0 - 2.5 * k as f32;
        for sign in [-1.0f32, 1.0] {
            let (a, b) = (sign * (half - 0.75), sign * (half - 0.25));
            mesh.append(&stripe([a.min(b), a.max(b)], [z, z + 0.20]));
        }
    }
    mesh
}

/// Colour of snow of a reflectance: a little bluer than grey (assumption; ice absorbs red first).
pub(super) fn snow_colour(reflectance: f32) -> [f32; 3] {
    [0.985 * reflectance, reflectance, (1.01 * reflectance).min(0.96)]
}

/// Stretches of the lane along z that lie open to the sky, of all that a lane has there: with a canopy, those before and behind
/// it; and those below it.
fn open_and_roofed(spec: &LaneSpec) -> (Vec<[f32; 2]>, Vec<[f32; 2]>) {
    match &spec.canopy {
        None => (vec![ROAD_Z_M], Vec::new()),
        Some(canopy) => {
            let [from, to] = [canopy.from_z_m, canopy.to_z_m].map(|z| z.clamp(ROAD_Z_M[0], ROAD_Z_M[1]));
            (vec![[ROAD_Z_M[0], from], [to, ROAD_Z_M[1]]], vec![[from, to]])
        }
    }
}

/// Snow that traffic has packed on the roadway, where no canopy keeps it off.
pub(super) fn packed_snow(spec: &LaneSpec, reflectance: f32) -> Part {
    // Over the markings.
    const Y: f32 = 0.008;
    let half = spec.width_m / 2.0;
    let mut mesh = Mesh::default();
    for [from, to] in open_and_roofed(spec).0 {
        let corners = [(-half, from), (-half, to), (half, to), (half, from)].map(|(x, z)| Vec3::new(x, Y, z));
        mesh.append(&quad(corners));
    }
    let surface = Surface { roughness: 0.8, ..Surface::matt(snow_colour(reflectance)) };
    Part { name: "packed snow".into(), mesh: Arc::new(mesh), surface, tag: Tag::lane(Role::Ground) }
}

/// Paved shoulders below a canopy, gravel and grass out to 150 m, with a hole for the roadway; in snow another part holds what
/// is white.
pub(super) fn terrain(spec: &LaneSpec, snow: Option<&GroundSnow>) -> Vec<(&'static str, Mesh)> {
    const FAR_M: f32 = 150.0;
    let half = spec.width_m / 2.0;
    let y = -0.004;
    let (mut bare, mut white) = (Mesh::default(), Mesh::default());
    let mut patch = |x: [f32; 2], z: [f32; 2], colour: [f32; 3], roofed: bool| {
        let corners = [(x[0], z[0]), (x[0], z[1]), (x[1], z[1]), (x[1], z[0])].map(|(x, z)| Vec3::new(x, y, z));
        match snow.filter(|_| !roofed) {
            Some(snow) => white.append(&coloured(quad(corners), snow_colour(snow.reflectance), 1.0)),
            None => bare.append(&coloured(quad(corners), colour, 1.0)),
        }
    };
    let (gravel, grass, paving) = ([0.24, 0.22, 0.19], [0.075, 0.095, 0.035], [0.20, 0.195, 0.185]);
    // Without snow the shoulders are of one piece.
    let (open, roofed) = if snow.is_some() { open_and_roofed(spec) } else { (vec![ROAD_Z_M], Vec::new()) };
    for sign in [-1.0f32, 1.0] {
        let across = |a: f32, b: f32| [(sign * a).min(sign * b), (sign * a).max(sign * b)];
        open.iter().for_each(|z| patch(across(half, half + 4.5), *z, paving, false));
        roofed.iter().for_each(|z| patch(across(half, half + 4.5), *z, paving, true));
        patch(across(half + 4.5, half + 14.0), ROAD_Z_M, gravel, false);
        patch(across(half + 14.0, FAR_M), [-FAR_M, FAR_M], grass, false);
    }
    patch([-half - 14.0, half + 14.0], [-FAR_M, ROAD_Z_M[0]], gravel, false);
    patch([-half - 14.0, half + 14.0], [ROAD_Z_M[1], FAR_M], gravel, false);
    [("terrain", bare), ("snow", white)].into_iter().filter(|(_, mesh)| !mesh.indices.is_empty()).collect()
}
