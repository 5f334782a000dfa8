//! Closed layers over the scalp, cut out by a picture of hair: clipped sides, stubble of the head, the body of curls.
use std::f32::consts::{PI, TAU};

use glam::Vec3;
use rayon::prelude::*;

use super::{
    super::{
        head_form::HeadForm,
        noise::{fractal, noise, smooth, unit},
        scalp::Scalp,
        skin::encode,
    },
    Cover, Shade,
    style::Shell,
};
use crate::{
    mesh::{Mesh, Vertex},
    surface::Texture,
};

const COLUMNS: usize = 40;
const ROWS: usize = 18;
/// Lowest elevation of the grid from the middle of the head, radians: below the nape.
const LOWEST_RAD: f32 = -0.75;
const PICTURE_PX: (usize, usize) = (384, 192);

fn direction(u: f32, v: f32) -> Vec3 {
    let (azimuth, elevation) = ((u - 0.5) * TAU, PI / 2.0 + (LOWEST_RAD - PI / 2.0) * v);
    Vec3::new(azimuth.sin() * elevation.cos(), elevation.sin(), azimuth.cos() * elevation.cos())
}

/// The mesh of a layer; `bumps` is the share of its height that uneven hair takes or adds.
pub(super) fn mesh(head: &HeadForm, scalp: &Scalp, cover: &Cover<'_>, shell: &Shell, bumps: f32, seed: u32) -> Mesh {
    let mut mesh = Mesh::default();
    let mut grows = Vec::with_capacity((COLUMNS + 1) * (ROWS + 1));
    for row in 0..=ROWS {
        for column in 0..=COLUMNS {
            let (u, v) = (column as f32 / COLUMNS as f32, row as f32 / ROWS as f32);
            let d = direction(u, v);
            let place = head.base_at(d);
            let depth = scalp.depth_m(place);
            let [top, side] = shell.height_m;
            let around = Vec3::new((u * TAU).sin(), d.y * 3.0, (u * TAU).cos());
            let uneven = 1.0 + bumps * fractal(around * 3.2, 2, seed);
            let height =
                (side + (top - side) * smooth(0.15, 0.75, d.y)) * uneven * (0.30 + 0.70 * smooth(-0.006, 0.020, depth));
            let hidden = cover.hides(place);
            // Below something worn the layer is pressed flat.
            let height = if hidden { 0.0 } else { height };
            let mut vertex = Vertex::new(head.centre_m + d * (head.radius_m(d) + height.max(0.0012)), d, [u, v]);
            vertex.tint = [255, 255, 255, 225];
            mesh.vertices.push(vertex);
            grows.push(depth > -0.006 && !hidden);
        }
    }
    let across = COLUMNS + 1;
    for row in 0..ROWS {
        for column in 0..COLUMNS {
            let a = row * across + column;
            let corners = [a, a + 1, a + across, a + across + 1];
            if corners.iter().any(|&i| grows[i]) {
                let [a, b, c, d] = corners.map(|i| i as u32);
                mesh.indices.extend([a, c, b, b, c, d]);
            }
        }
    }
    mesh.recompute_normals();
    // Grids meet themselves behind the head and at the crown: there the radial direction stands in.
    for v in &mut mesh.vertices {
        let out = (Vec3::from(v.position_m) - head.centre_m).normalize_or(Vec3::Y);
        v.normal = (Vec3::from(v.normal) * 0.5 + out * 0.5).normalize_or(out).to_array();
    }
    mesh
}

/// The picture of a layer. `curl_m` is the size of its tufts, metres.
pub(super) fn paint(head: &HeadForm, scalp: &Scalp, shade: &Shade, shell: &Shell, curl_m: f32, seed: u32) -> Texture {
    let (w, h) = PICTURE_PX;
    let ground = shade.mean().to_array().map(encode);
    let rows: Vec<Vec<u8>> = (0..h)
        .into_par_iter()
        .map(|y| {
            let mut row = Vec::with_capacity(w * 4);
            for x in 0..w {
                let d = direction((x as f32 + 0.5) / w as f32, (y as f32 + 0.5) / h as f32);
                let place = head.base_at(d);
                let depth = scalp.depth_m(place);
                if depth < -0.008 {
                    row.extend([ground[0], ground[1], ground[2], 0]);
                    continue;
                }
                let p = d * 0.095;
                let tuft = noise(p / curl_m, seed) * 0.5 + noise(p / (0.45 * curl_m), seed ^ 0x33) * 0.5;
                let there =
                    shell.coverage * scalp.density(place).min(1.0) * smooth(-0.004, 0.012, depth + 0.004 * tuft);
                // The contour of a smooth field: bilinear filtering keeps its edges round.
                let open = (0.5 + 1.6 * (there - 0.5 - 0.42 * tuft)).clamp(0.0, 1.0);
                let one = shade.strand(unit(x as i32 / 2, y as i32 / 2, 9, seed), 0.5);
                let c = one.lerp(shade.mean(), 0.55) * (0.95 + 0.40 * tuft);
                row.extend([encode(c.x), encode(c.y), encode(c.z), (open * 255.0) as u8]);
            }
            row
        })
        .collect();
    Texture { width: w as u32, height: h as u32, rgba: rows.concat() }
}
