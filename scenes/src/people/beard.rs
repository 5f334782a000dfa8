//! Facial hair.
use glam::Vec3;

use super::{
    atlas::Texel,
    identity::{Beard, Identity},
    noise::{noise, smooth},
};

/// The skin of the lower face with the roots of the beard painted in.
pub(super) fn paint(c: Vec3, t: &Texel, who: &Identity, hair: Vec3, seed: u32) -> Vec3 {
    if who.sex < 0.5 || who.age_years < 16.0 {
        return c;
    }
    let p = t.position_m;
    let ax = p.x.abs();
    let edge = noise(p * 140.0, seed ^ 0xbe) * 0.003;
    let lips = f32::from(t.lips) / 255.0;
    // The cheek line runs from the sideburn to the corner of the mouth.
    let line = 0.668 + 0.040 * smooth(0.030, 0.070, ax);
    let cheek = smooth(line + 0.006, line - 0.006, p.y + edge) * smooth(0.030, 0.048, p.z) * smooth(0.018, 0.028, ax);
    let jaw = smooth(0.652, 0.646, p.y + edge) * smooth(0.020, 0.045, p.z) * smooth(0.585, 0.605, p.y);
    let moustache = smooth(0.684, 0.679, p.y + edge)
        * smooth(0.655, 0.662, p.y)
        * smooth(0.033, 0.026, ax + edge)
        * smooth(0.13, 0.135, p.z);
    let goatee = (smooth(0.030, 0.022, ax + edge) * smooth(0.650, 0.645, p.y)).max(0.0) * smooth(0.09, 0.10, p.z);
    let full = cheek.max(jaw).max(moustache);
    let (mask, strength) = match who.beard {
        Beard::None => (full, 0.10),
        Beard::Stubble => (full, 0.30),
        Beard::Full => (full, 0.90),
        Beard::Goatee => ((moustache.max(goatee)) + full * 0.12, 0.88),
        Beard::Moustache => (moustache + full * 0.10, 0.92),
    };
    let amount = mask.min(1.0) * (1.0 - lips) * strength;
    if amount < 0.01 {
        return c;
    }
    // Short hairs: stretched noise, darker where dense.
    let hairs = noise(Vec3::new(p.x * 1500.0, p.y * 420.0, p.z * 900.0), seed ^ 0xb2) * 0.5 + 0.5;
    let growth = (amount * (0.55 + 0.75 * hairs)).min(1.0);
    let shade = if who.beard == Beard::None { c * Vec3::new(0.70, 0.78, 0.84) } else { hair * (0.75 + 0.6 * hairs) };
    c.lerp(shade.min(c), growth)
}
