//! Eyes and lashes: pictures painted per identity.
use glam::{Vec2, Vec3};

use super::{
    identity::Identity,
    noise::{bell, noise, smooth, unit},
    regions::EYE_TEXTURE_SPAN,
    skin::{colour, encode},
};
use crate::surface::Texture;

/// Radius of the visible iris in metres: the horizontal visible iris diameter is 11.7 mm (Rüfer, Schröder, Erb,
/// Cornea 2005).
pub(super) const IRIS_RADIUS_M: f32 = 0.005_85;
/// Pupil radius in daylight, metres (about 3 mm diameter; Watson and Yellott 2012 at some hundred cd/m²).
const PUPIL_RADIUS_M: f32 = 0.001_6;
const EYE_PX: usize = 256;
const LASH_PX: (usize, usize) = (256, 32);

/// The eye as seen from the front. `eyeball_radius_m` is that of this identity's shaped eyeballs.
pub(super) fn paint_eye(identity: &Identity, eyeball_radius_m: f32) -> Texture {
    let seed = (identity.seed >> 7) as u32;
    let iris = colour(identity.eye_srgb);
    let width_m = 2.0 * eyeball_radius_m * EYE_TEXTURE_SPAN;
    // Sclera yellows and dulls with age (assumption).
    let sclera = Vec3::new(0.74, 0.70, 0.65).lerp(Vec3::new(0.64, 0.57, 0.48), smooth(30.0, 90.0, identity.age_years));
    let mut rgba = Vec::with_capacity(EYE_PX * EYE_PX * 4);
    for y in 0..EYE_PX {
        for x in 0..EYE_PX {
            let p = (Vec2::new(x as f32 + 0.5, y as f32 + 0.5) / EYE_PX as f32 - 0.5) * width_m;
            let (r, angle) = (p.length(), p.y.atan2(p.x));
            let veins = noise(Vec3::new(p.x * 900.0, p.y * 2600.0, 1.0), seed) * smooth(0.006, 0.012, r);
            let mut c = sclera * (Vec3::ONE - Vec3::new(0.02, 0.14, 0.13) * (smooth(0.006, 0.013, r) + veins.max(0.0)));
            let around = Vec3::new(angle.cos(), angle.sin(), 0.0);
            let spokes = noise(around * 9.0 + Vec3::Z * r * 900.0, seed ^ 1) * 0.6
                + noise(around * 26.0 + Vec3::Z * r * 300.0, seed ^ 2) * 0.4;
            let collarette = bell(r, PUPIL_RADIUS_M * 1.45, 0.0011);
            let mut ring = iris * (1.0 + 0.40 * spokes) * (1.0 + 0.35 * collarette);
            ring *= 1.0 - 0.65 * smooth(IRIS_RADIUS_M * 0.80, IRIS_RADIUS_M, r);
            ring *= 1.0 - smooth(PUPIL_RADIUS_M * 1.08, PUPIL_RADIUS_M * 0.92, r) * 0.985;
            c = c.lerp(ring, smooth(IRIS_RADIUS_M * 1.04, IRIS_RADIUS_M * 0.96, r));
            // Shade below the upper lid and its lashes.
            c *= 1.0 - 0.35 * smooth(-0.0025, -0.0075, p.y);
            rgba.extend([encode(c.x), encode(c.y), encode(c.z), 255]);
        }
    }
    Texture { width: EYE_PX as u32, height: EYE_PX as u32, rgba }
}

/// Lashes: left half of the picture the lower lid, right half the upper; rows run from the lid to the tips.
pub(super) fn paint_lashes(identity: &Identity) -> Texture {
    let seed = (identity.seed >> 11) as u32;
    let dark = (colour(identity.hair_srgb) * 0.35).min(Vec3::splat(0.02));
    let (w, h) = LASH_PX;
    let upper_length = 0.50 + 0.30 * (1.0 - identity.sex);
    let mut rgba = Vec::with_capacity(w * h * 4);
    for y in 0..h {
        for x in 0..w {
            let upper = x >= w / 2;
            let v = (y as f32 + 0.5) / h as f32;
            let tuft = (x / 3) as i32;
            let length = if upper { upper_length } else { 0.22 } * (0.6 + 0.6 * unit(tuft, 3, 0, seed));
            let within =
                (x % 3) as f32 / 3.0 < 0.85 * (1.0 - v / length.max(0.05)) + if v < 0.14 && upper { 1.0 } else { 0.0 };
            rgba.extend([encode(dark.x), encode(dark.y), encode(dark.z), if within && v < length { 255 } else { 0 }]);
        }
    }
    Texture { width: w as u32, height: h as u32, rgba }
}
