//! Where scalp hair grows, on the base mesh: the hairline as a height over the azimuth round the head.
use glam::Vec3;

use super::{
    hair::traits::Hairline,
    identity::{HairStyle, Identity},
    noise::{bell, fractal, noise, smooth},
};

/// Vertical axis that azimuths turn about: x = 0, this z, metres.
const AXIS_Z_M: f32 = 0.030;
/// Middle of the whorl on the base mesh, where men's hair thins first, metres.
const WHORL_M: Vec3 = Vec3::new(0.0, 0.862, -0.020);

/// (azimuth from straight ahead in degrees, height of the hairline on the base mesh in metres). Read off the HM08 head
/// with the facial thirds of artistic anatomy: brow to hairline is as high as brow to nose base. Sideburns end at the
/// middle of the ear.
const HAIRLINE: [(f32, f32); 14] = [
    (0.0, 0.808),
    (20.0, 0.8085),
    (32.0, 0.806),
    (42.0, 0.796),
    (50.0, 0.778),
    (56.0, 0.758),
    (62.0, 0.736),
    (71.0, 0.730),
    (78.0, 0.742),
    (86.0, 0.764),
    (97.0, 0.742),
    (110.0, 0.690),
    (140.0, 0.662),
    (180.0, 0.656),
];

/// Whether a place of the base mesh is on an ear.
pub(super) fn on_ear(p: Vec3) -> bool {
    p.x.abs() > 0.0765 && (0.680..0.785).contains(&p.y) && (0.010..0.090).contains(&p.z)
}

/// Where one person's scalp hair grows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scalp {
    line: Hairline,
    recession: f32,
    density: f32,
    thinning: f32,
    seed: u32,
}

impl Scalp {
    pub fn of(who: &Identity) -> Self {
        Self {
            line: who.hair.hairline,
            recession: who.hairline_recession,
            density: who.hair.density,
            thinning: who.hair.thinning,
            seed: (who.seed ^ (who.seed >> 32)) as u32,
        }
    }

    /// Azimuth from straight ahead, −π..π, positive to the person's left.
    pub fn azimuth(p: Vec3) -> f32 {
        p.x.atan2(p.z - AXIS_Z_M)
    }

    /// Height of the hairline at an azimuth, metres on the base mesh.
    fn hairline_y_m(&self, azimuth_rad: f32) -> f32 {
        let signed = azimuth_rad.to_degrees();
        let degrees = signed.abs();
        let upper = HAIRLINE.iter().position(|(a, _)| *a >= degrees).unwrap_or(HAIRLINE.len() - 1).max(1);
        let ((a0, y0), (a1, y1)) = (HAIRLINE[upper - 1], HAIRLINE[upper]);
        let y = y0 + (y1 - y0) * ((degrees - a0) / (a1 - a0)).clamp(0.0, 1.0);
        let r = self.recession;
        // The corners over the temples go first, then the front, last the crown.
        let corner = (-((degrees - 36.0) / 14.0).powi(2)).exp() * (self.line.corners_m + 0.030 * r);
        let front = (1.0 - degrees / 100.0).clamp(0.0, 1.0).sqrt() * 0.055 * (r - 0.35).max(0.0) / 0.65;
        let shift =
            (self.line.height_m + self.line.skew_m * signed.clamp(-30.0, 30.0) / 30.0) * smooth(70.0, 45.0, degrees);
        let peak = self.line.peak_m * bell(signed, 0.0, 15.0);
        let sideburn = self.line.sideburns_m * bell(degrees, 67.0, 14.0);
        let ragged = self.line.ragged_m * noise(Vec3::new(signed * 0.16, 0.0, 5.0), self.seed);
        y + corner + front + shift + ragged - peak - sideburn
    }

    /// How far inside the hair a place of the base mesh is, metres of height over the hairline; negative outside. Ears
    /// are outside.
    pub fn depth_m(&self, p: Vec3) -> f32 {
        if on_ear(p) { -0.01 } else { p.y - self.hairline_y_m(Self::azimuth(p)) }
    }

    /// Density of the growth at a place; 1 is usual.
    pub fn density(&self, p: Vec3) -> f32 {
        let reach = 0.045 + 0.040 * self.thinning;
        let whorl = self.thinning * smooth(reach, 0.35 * reach, p.distance(WHORL_M));
        // At last a wreath is left, from temple to temple round the back.
        let wreath = smooth(0.62, 0.88, self.recession) * smooth(0.785, 0.812, p.y);
        self.density * (1.0 - 0.97 * whorl) * (1.0 - wreath)
    }
}

/// The skin of the scalp with the roots of the hair painted in.
pub(super) fn paint(c: Vec3, p: Vec3, who: &Identity, hair: Vec3, seed: u32) -> Vec3 {
    let scalp = Scalp::of(who);
    let depth = scalp.depth_m(p);
    if depth < -0.010 {
        return c;
    }
    // Roots are short strokes; at the edge they stand apart, so that skin and hair mix hair by hair.
    let strokes = noise(p * Vec3::new(900.0, 260.0, 900.0), seed ^ 0x77) * 0.6 + noise(p * 1500.0, seed ^ 0x78) * 0.4;
    let patches = fractal(p * Vec3::new(220.0, 110.0, 220.0), 2, seed ^ 0x5c);
    let full = match who.hair_style {
        HairStyle::Shaved => 0.40,
        HairStyle::Buzz => 0.74,
        HairStyle::Cornrows | HairStyle::Braids => 0.58,
        HairStyle::Short | HairStyle::Quiff | HairStyle::Undercut => 0.90,
        _ => 0.97,
    };
    let inside = smooth(-0.004, 0.016, depth + 0.004 * patches);
    let there = inside * full * scalp.density(p).min(1.0);
    let amount = (there * (1.0 + 0.3 * strokes) + inside * (1.0 - inside) * 1.2 * strokes).clamp(0.0, 0.98);
    // Below long hair little light arrives.
    let lit = match who.hair_style {
        HairStyle::Shaved | HairStyle::Buzz | HairStyle::Undercut | HairStyle::Short | HairStyle::Quiff => 0.75,
        _ => 0.50,
    };
    c.lerp(hair * (lit + 0.20 * strokes), amount)
}
