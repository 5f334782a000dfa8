//! Pictures as Mitsuba reads them without any library of ours: PPM for reflectance, PFM for radiance.
use std::collections::{BTreeMap, BTreeSet};

use glam::Vec2;
use laneproof_scenes::{
    mesh::{Mesh, Vertex},
    surface::{Surface, Texture},
};

/// IEC 61966-2-1, from a byte.
pub(super) fn linear(byte: u8) -> f32 {
    let x = f32::from(byte) / 255.0;
    if x <= 0.040_45 { x / 12.92 } else { ((x + 0.055) / 1.055).powf(2.4) }
}

fn encoded(linear: f32) -> u8 {
    let c = linear.clamp(0.0, 1.0);
    let s = if c <= 0.003_130_8 { 12.92 * c } else { 1.055 * c.powf(1.0 / 2.4) - 0.055 };
    (s * 255.0).round() as u8
}

/// 8-bit RGB, rows from the top.
fn ppm(width: u32, height: u32, rgb: &[u8]) -> Vec<u8> {
    let mut out = format!("P6\n{width} {height}\n255\n").into_bytes();
    out.extend(rgb);
    out
}

/// Linear values; the format's rows begin below, `rgb`'s above. A negative scale says little-endian.
pub(super) fn pfm(width: u32, height: u32, rgb: &[[f32; 3]]) -> Vec<u8> {
    let mut out = format!("PF\n{width} {height}\n-1.0\n").into_bytes();
    for row in rgb.chunks_exact(width as usize).rev() {
        out.extend(row.as_flattened().iter().flat_map(|v| v.to_le_bytes()));
    }
    out
}

/// Where a texture is cut away, as a picture of opacity; `None` where it has no holes.
pub(super) fn opacity(texture: &Texture) -> Option<Vec<u8>> {
    let open = |texel: &[u8]| texel[3] < 128;
    texture.rgba.chunks_exact(4).any(open).then(|| {
        let grey: Vec<u8> = texture.rgba.chunks_exact(4).flat_map(|t| [if open(t) { 0 } else { 255 }; 3]).collect();
        ppm(texture.width, texture.height, &grey)
    })
}

/// Sum and count of the tints that a texel's triangles bring to it: of those that cover its middle, else of those whose
/// edge is near, which bilinear filtering looks at.
type Shade = ([f32; 3], u32);

/// Tints of a mesh in the space of its texture coordinates: the mean of all triangles that show a texel.
fn shades(texture: &Texture, mesh: &Mesh) -> Vec<Shade> {
    let (width, height) = (texture.width as usize, texture.height as usize);
    let mut shades: Vec<Shade> = vec![([0.0; 3], 0); width * height];
    let mut near = shades.clone();
    let size = Vec2::new(width as f32, height as f32);
    for triangle in mesh.indices.chunks_exact(3) {
        let corners = [0, 1, 2].map(|i| &mesh.vertices[triangle[i] as usize]);
        let [a, b, c] = corners.map(|v| Vec2::from(v.uv) * size - 0.5);
        let tints = corners.map(|v| [0, 1, 2].map(|band| linear(v.tint[band])));
        let area = (b - a).perp_dot(c - a);
        let (low, high) = (a.min(b).min(c).floor(), a.max(b).max(c).ceil());
        // A triangle without extent in the picture, or one that repeats it many times, says nothing of single texels.
        if area.abs() < 1e-9 || (high - low).cmpgt(2.0 * size).any() {
            continue;
        }
        for y in low.y as i64..=high.y as i64 {
            for x in low.x as i64..=high.x as i64 {
                let p = Vec2::new(x as f32, y as f32);
                let (u, v) = ((p - a).perp_dot(c - a) / area, (b - a).perp_dot(p - a) / area);
                let margin = -0.5 / area.abs().sqrt();
                if u < margin || v < margin || 1.0 - u - v < margin {
                    continue;
                }
                let (x, y) = (x.rem_euclid(width as i64) as usize, y.rem_euclid(height as i64) as usize);
                let covers = u >= 0.0 && v >= 0.0 && u + v <= 1.0;
                let (sum, count) = &mut if covers { &mut shades } else { &mut near }[y * width + x];
                for band in 0..3 {
                    let tint = tints[0][band] * (1.0 - u - v) + tints[1][band] * u + tints[2][band] * v;
                    sum[band] += tint.clamp(0.0, 1.0);
                }
                *count += 1;
            }
        }
    }
    shades.iter().zip(near).map(|(shade, near)| if shade.1 > 0 { *shade } else { near }).collect()
}

/// The reflectance of a surface in one picture: its factor, its texture and its vertices' tints multiplied, then by `gain`.
/// Mitsuba multiplies no textures.
pub(super) fn reflectance(surface: &Surface, texture: &Texture, mesh: &Mesh, gain: f32) -> Vec<u8> {
    let shades = shades(texture, mesh);
    let seen = shades.iter().filter(|(_, count)| *count > 0);
    let (sum, count) = seen.fold(([0.0f32; 3], 0u32), |(sum, n), (shade, count)| {
        ([0, 1, 2].map(|b| sum[b] + shade[b] / *count as f32), n + 1)
    });
    let mean = if count == 0 { [1.0; 3] } else { sum.map(|s| s / count as f32) };
    let texels = texture.rgba.chunks_exact(4).zip(&shades);
    let rgb: Vec<u8> = texels
        .flat_map(|(texel, (sum, count))| {
            let tint = if *count == 0 { mean } else { sum.map(|s| s / *count as f32) };
            [0, 1, 2].map(|b| encoded(surface.reflectance[b] * linear(texel[b]) * tint[b] * gain))
        })
        .collect();
    ppm(texture.width, texture.height, &rgb)
}

/// A mesh without texture whose triangles each take one texel of a palette, the mean of their corners' colours, and the
/// palette: some of Mitsuba's surfaces take pictures but no colours at vertices.
pub(super) fn palette(mesh: &Mesh, colours: &[[f32; 3]]) -> (Mesh, Vec<u8>) {
    const WIDTH: u32 = 64;
    let mean = |triangle: &[u32]| {
        [0, 1, 2].map(|band| encoded(triangle.iter().map(|&i| colours[i as usize][band]).sum::<f32>() / 3.0))
    };
    let triangles = || mesh.indices.chunks_exact(3);
    let known: BTreeSet<[u8; 3]> = triangles().map(mean).collect();
    let places: BTreeMap<[u8; 3], u32> = known.into_iter().zip(0..).collect();
    let height = (places.len() as u32).div_ceil(WIDTH).max(1);
    let vertices: Vec<Vertex> = triangles()
        .flat_map(|triangle| {
            let place = places[&mean(triangle)];
            let uv = [((place % WIDTH) as f32 + 0.5) / WIDTH as f32, ((place / WIDTH) as f32 + 0.5) / height as f32];
            [0, 1, 2].map(|i| Vertex { uv, ..mesh.vertices[triangle[i] as usize] })
        })
        .collect();
    let mut rgb: Vec<u8> = places.keys().flatten().copied().collect();
    rgb.resize((3 * WIDTH * height) as usize, 0);
    (Mesh { indices: (0..vertices.len() as u32).collect(), vertices }, ppm(WIDTH, height, &rgb))
}

#[cfg(test)]
mod tests {
    use glam::Vec3;

    use super::*;

    #[test]
    fn factor_texture_and_tint_are_multiplied() {
        let texture = Texture { width: 8, height: 8, rgba: [188, 188, 188, 255].repeat(64) };
        let corner = |u: f32, v: f32, byte: u8| Vertex {
            tint: [byte, byte, byte, 255],
            ..Vertex::new(Vec3::ZERO, Vec3::Z, [u, v])
        };
        // The left column has tint 1, the right one tint 0.5 (sRGB 188).
        let vertices = vec![corner(0.0, 0.0, 255), corner(1.0, 0.0, 188), corner(1.0, 1.0, 188), corner(0.0, 1.0, 255)];
        let mesh = Mesh { vertices, indices: vec![0, 1, 2, 0, 2, 3] };
        let file = reflectance(&Surface::matt([0.8; 3]), &texture, &mesh, 1.0);
        let body = &file[file.len() - 8 * 8 * 3..];
        for (x, tint) in [(0usize, 1.0 - 0.5 / 16.0), (7, 0.5 + 0.5 / 16.0)] {
            let got = linear(body[3 * (3 * 8 + x)]);
            assert!((got - 0.8 * 0.503 * tint).abs() < 0.01, "{x}: {got}");
        }
    }

    #[test]
    fn a_palette_has_one_texel_for_each_colour_and_every_triangle_finds_its_own() {
        let corners = [Vec3::ZERO, Vec3::X, Vec3::Y, Vec3::ONE].map(|p| Vertex::new(p, Vec3::Z, [0.0; 2]));
        let mesh = Mesh { vertices: corners.to_vec(), indices: vec![0, 1, 2, 1, 3, 2, 0, 2, 1] };
        let colours = [[0.2; 3], [0.2; 3], [0.2; 3], [0.8; 3]];
        let (flat, file) = palette(&mesh, &colours);
        assert_eq!(flat.vertices.len(), 9);
        let body = &file[file.len() - 64 * 3..];
        for (triangle, want) in [(0, 0.2), (1, 0.4), (2, 0.2)] {
            let column = (flat.vertices[3 * triangle].uv[0] * 64.0) as usize;
            assert!((linear(body[3 * column]) - want).abs() < 0.005, "{triangle}");
        }
        assert_eq!(body[6..9], [0; 3]);
    }

    #[test]
    fn holes_are_black_in_the_picture_of_opacity() {
        let whole = Texture { width: 2, height: 1, rgba: vec![9, 9, 9, 255, 9, 9, 9, 128] };
        assert_eq!(opacity(&whole), None);
        let holed = Texture { rgba: vec![9, 9, 9, 255, 9, 9, 9, 127], ..whole };
        assert_eq!(opacity(&holed).unwrap(), b"P6\n2 1\n255\n\xff\xff\xff\0\0\0");
    }

    #[test]
    fn radiance_pictures_begin_below() {
        let file = pfm(1, 2, &[[1.0; 3], [2.0; 3]]);
        assert!(file.starts_with(b"PF\n1 2\n-1.0\n"));
        assert_eq!(file[file.len() - 4..], 1.0f32.to_le_bytes());
    }
}
