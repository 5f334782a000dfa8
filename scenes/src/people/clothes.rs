//! Plain clothes: the fabric picture, and how far garments stand off the body.
use glam::{Vec2, Vec3};

use super::{
    noise::{fractal, noise, smooth},
    regions::neckline_y_m,
    skin::{colour, encode},
};
use crate::surface::Texture;

const FABRIC_PX: usize = 256;

/// Distance between skin and garment on a place of the base mesh, metres: close at the neck, loose at the waist.
pub(super) fn ease_m(p: Vec3) -> f32 {
    let to_neck = smooth(0.0, 0.06, neckline_y_m(p) - p.y);
    0.0025 + 0.0065 * to_neck + 0.010 * smooth(0.35, 0.10, p.y) * smooth(0.24, 0.20, p.x.abs())
}

/// Plain fabric of one colour with weave and soft folds.
pub(super) fn paint_fabric(srgb: [u8; 3], seed: u32) -> Texture {
    let base = colour(srgb);
    let mut rgba = Vec::with_capacity(FABRIC_PX * FABRIC_PX * 4);
    for y in 0..FABRIC_PX {
        for x in 0..FABRIC_PX {
            let p = Vec2::new(x as f32, y as f32) / FABRIC_PX as f32;
            let folds = fractal(Vec3::new(p.x * 14.0 + p.y * 5.0, p.y * 9.0 - p.x * 4.0, 0.0), 3, seed);
            let weave = noise(Vec3::new(x as f32 * 0.9, y as f32 * 0.45, 5.0), seed ^ 9);
            let c = base * (1.0 + 0.20 * folds + 0.06 * weave);
            rgba.extend([encode(c.x), encode(c.y), encode(c.z), 255]);
        }
    }
    Texture { width: FABRIC_PX as u32, height: FABRIC_PX as u32, rgba }
}
