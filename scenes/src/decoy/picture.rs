//! A printed portrait of a synthetic person: a small orthographic projection on the CPU, Lambert-shaded.
use glam::{Vec2, Vec3};

use crate::{
    people::Person,
    surface::{Part, Texture},
};

/// Width and height of a print, texels: more than a camera of the lane resolves on it.
const SIZE_PX: (usize, usize) = (168, 210);
/// Height of the head and shoulders that a print shows, metres; the width follows.
const SHOWN_M: f32 = 0.36;
/// How far below the middle of the eyes the print's middle lies, metres.
const MIDDLE_BELOW_EYES_M: f32 = 0.035;
/// Direction to the photographer's lamp, and the share of light from all round.
const LAMP: Vec3 = Vec3::new(0.30, 0.45, 0.84);
const AMBIENT: f32 = 0.35;
/// Ground behind the person, linear reflectance.
const GROUND: [f32; 3] = [0.42, 0.50, 0.58];

/// Linear reflectance of an sRGB byte (IEC 61966-2-1).
fn linear(byte: u8) -> f32 {
    let s = f32::from(byte) / 255.0;
    if s <= 0.040_45 { s / 12.92 } else { ((s + 0.055) / 1.055).powf(2.4) }
}

struct Canvas {
    colour: Vec<[f32; 3]>,
    /// Nearest z so far, metres; towards the viewer is +Z.
    depth: Vec<f32>,
}

/// The portrait of a person as a print, `(0, 0)` its upper left corner.
pub fn print(person: &Person) -> Texture {
    let (w, h) = SIZE_PX;
    let mut canvas = Canvas { colour: vec![GROUND; w * h], depth: vec![f32::MIN; w * h] };
    for part in &person.portrait().parts {
        canvas.draw(part);
    }
    let byte = |c: f32| crate::shapes::tint([c; 3])[0];
    let rgba = canvas.colour.iter().flat_map(|c| [byte(c[0]), byte(c[1]), byte(c[2]), 255]).collect();
    Texture { width: w as u32, height: h as u32, rgba }
}

impl Canvas {
    fn draw(&mut self, part: &Part) {
        let (w, h) = (SIZE_PX.0 as f32, SIZE_PX.1 as f32);
        let per_m = h / SHOWN_M;
        let vertices = &part.mesh.vertices;
        let on_print = |i: u32| {
            let [x, y, z] = vertices[i as usize].position_m;
            (Vec2::new(w / 2.0 + x * per_m, h / 2.0 - (y + MIDDLE_BELOW_EYES_M) * per_m), z)
        };
        for t in part.mesh.indices.chunks_exact(3) {
            let [(a, za), (b, zb), (c, zc)] = [on_print(t[0]), on_print(t[1]), on_print(t[2])];
            let area = (b - a).perp_dot(c - a);
            // With y down, what faces the viewer runs clockwise.
            if area.abs() < 1e-6 || (area > 0.0 && !part.surface.double_sided) {
                continue;
            }
            let (low, high) = (a.min(b).min(c).max(Vec2::ZERO), a.max(b).max(c).min(Vec2::new(w, h) - 1.0));
            if low.x > high.x || low.y > high.y {
                continue;
            }
            for y in low.y as usize..=high.y as usize {
                for x in low.x as usize..=high.x as usize {
                    let p = Vec2::new(x as f32 + 0.5, y as f32 + 0.5);
                    let share = [(b - p).perp_dot(c - p), (c - p).perp_dot(a - p), (a - p).perp_dot(b - p)];
                    let share = share.map(|s| s / area);
                    let z = share[0] * za + share[1] * zb + share[2] * zc;
                    let at = y * SIZE_PX.0 + x;
                    if share.iter().all(|s| *s >= 0.0)
                        && z > self.depth[at]
                        && let Some(colour) = shaded(part, t, share)
                    {
                        self.depth[at] = z;
                        self.colour[at] = colour;
                    }
                }
            }
        }
    }
}

/// Colour inside a triangle, linear; `None` where the surface is cut away.
fn shaded(part: &Part, t: &[u32], share: [f32; 3]) -> Option<[f32; 3]> {
    let corner = |k: usize| &part.mesh.vertices[t[k] as usize];
    let mix = |of: &dyn Fn(usize) -> f32| (0..3).map(|k| share[k] * of(k)).sum::<f32>();
    let mut colour = part.surface.reflectance;
    if let Some(texture) = &part.surface.texture {
        let (u, v) = (mix(&|k| corner(k).uv[0]), mix(&|k| corner(k).uv[1]));
        let column = ((u * texture.width as f32).max(0.0) as usize).min(texture.width as usize - 1);
        let row = ((v * texture.height as f32).max(0.0) as usize).min(texture.height as usize - 1);
        let texel = &texture.rgba[(row * texture.width as usize + column) * 4..][..4];
        if texel[3] < 128 {
            return None;
        }
        colour = std::array::from_fn(|i| colour[i] * linear(texel[i]));
    }
    let normal = Vec3::from(std::array::from_fn::<f32, 3, _>(|i| mix(&|k| corner(k).normal[i]))).normalize_or(Vec3::Z);
    let open = mix(&|k| f32::from(corner(k).tint[3])) / 255.0;
    let light = AMBIENT * open + (1.0 - AMBIENT) * normal.dot(LAMP.normalize()).max(0.0);
    Some(std::array::from_fn(|i| (colour[i] * mix(&|k| linear(corner(k).tint[i])) * light * 1.25).min(1.0)))
}
