//! Where scalp hair grows, on the base mesh: the hairline as a height over the azimuth round the head.
use glam::Vec3;

use super::{
    identity::{HairStyle, Identity},
    noise::{fractal, noise, smooth},
};

/// Vertical axis that azimuths turn about: x = 0, this z, metres.
const AXIS_Z_M: f32 = 0.030;

/// (azimuth from straight ahead in degrees, height of the hairline on the base mesh in metres). Read off the HM08 head
/// with the facial thirds of artistic anatomy: brow to hairline is as high as brow to nose base.
const HAIRLINE: [(f32, f32); 14] = [
    (0.0, 0.808),
    (20.0, 0.8085),
    (32.0, 0.806),
    (42.0, 0.796),
    (50.0, 0.776),
    (56.0, 0.748),
    (63.0, 0.712),
    (72.0, 0.705),
    (78.0, 0.735),
    (86.0, 0.764),
    (97.0, 0.742),
    (110.0, 0.690),
    (140.0, 0.662),
    (180.0, 0.656),
];

/// Azimuth from straight ahead, 0..π, the same on both sides.
pub(super) fn azimuth(p: Vec3) -> f32 {
    p.x.abs().atan2(p.z - AXIS_Z_M)
}

/// Height of the hairline at an azimuth for a recession of 0 (none) to 1 (bald on top), metres.
pub(super) fn hairline_y_m(azimuth_rad: f32, recession: f32) -> f32 {
    let degrees = azimuth_rad.to_degrees().abs();
    let upper = HAIRLINE.iter().position(|(a, _)| *a >= degrees).unwrap_or(HAIRLINE.len() - 1).max(1);
    let ((a0, y0), (a1, y1)) = (HAIRLINE[upper - 1], HAIRLINE[upper]);
    let y = y0 + (y1 - y0) * ((degrees - a0) / (a1 - a0)).clamp(0.0, 1.0);
    // The corners over the temples go first, then the front, last the crown.
    let temples = (-((degrees - 36.0) / 14.0).powi(2)).exp() * 0.032 * recession;
    let front = (1.0 - degrees / 100.0).clamp(0.0, 1.0).sqrt() * 0.055 * (recession - 0.35).max(0.0) / 0.65;
    y + temples + front
}

/// Whether a place of the base mesh is on an ear.
pub(super) fn on_ear(p: Vec3) -> bool {
    p.x.abs() > 0.0765 && (0.680..0.785).contains(&p.y) && (0.010..0.090).contains(&p.z)
}

/// How far inside the hair a place is, metres of height over the hairline; negative outside. Ears are outside.
pub(super) fn depth_in_hair_m(p: Vec3, recession: f32) -> f32 {
    if on_ear(p) { -0.01 } else { p.y - hairline_y_m(azimuth(p), recession) }
}

/// The skin of the scalp with the roots of the hair painted in.
pub(super) fn paint(c: Vec3, p: Vec3, who: &Identity, hair: Vec3, seed: u32) -> Vec3 {
    let depth = depth_in_hair_m(p, who.hairline_recession);
    if depth < -0.012 {
        return c;
    }
    let depth = depth + fractal(p * Vec3::new(220.0, 90.0, 220.0), 2, seed ^ 0x5c) * 0.006;
    let full = match who.hair_style {
        HairStyle::Shaved => 0.38,
        HairStyle::Buzz => 0.80,
        _ => 0.92,
    };
    let grain = noise(p * 1200.0, seed ^ 0x77) * 0.5 + 0.5;
    let amount = smooth(-0.002, 0.010, depth) * full * (0.75 + 0.35 * grain);
    c.lerp((hair * 0.9).min(c), amount.min(1.0))
}
