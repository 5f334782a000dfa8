//! The skin picture of a head: tone, blood, lips, brows, stubble, freckles and age, painted on base-mesh places.
use glam::Vec3;
use rayon::prelude::*;

use super::{
    atlas::{Atlas, Texel},
    beard, complexion,
    hair::Shade,
    identity::Identity,
    noise::{bell, fractal, noise, smooth, unit},
    scalp,
};
use crate::surface::Texture;

/// The Monk skin tone scale, sRGB (Monk, 2019; skintone.google).
pub const MONK_SRGB: [[u8; 3]; 10] = [
    [0xf6, 0xed, 0xe4],
    [0xf3, 0xe7, 0xdb],
    [0xf7, 0xea, 0xd0],
    [0xea, 0xda, 0xba],
    [0xd7, 0xbd, 0x96],
    [0xa0, 0x7e, 0x56],
    [0x82, 0x5c, 0x43],
    [0x60, 0x41, 0x34],
    [0x3a, 0x31, 0x2a],
    [0x29, 0x24, 0x20],
];
/// Reflectance of skin for a swatch: swatches are shown on a white of reflectance 1, while the lightest skin reflects
/// 0.65 at 650 nm (Cooksey, Allen, Tsai, NIST 2017) and more red than blue.
const REFLECTANCE_OF_SWATCH: Vec3 = Vec3::new(0.64, 0.50, 0.42);
/// Factors on the two darkest swatches, red, green, blue. Shown on a screen they are as dark as L* 21 and 14 and nearly
/// grey; the darkest skin that surveys measure is about L* 25 (luminous reflectance 0.044), and brown, since melanin absorbs
/// blue most (assumption after colorimetric surveys, quoted from memory).
const REFLECTANCE_OF_DARKEST: [Vec3; 2] = [Vec3::new(1.9, 1.5, 1.15), Vec3::new(2.9, 2.2, 1.6)];

/// Decodes one sRGB byte (IEC 61966-2-1).
pub(super) fn linear(byte: u8) -> f32 {
    let c = f32::from(byte) / 255.0;
    if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
}

/// Encodes a linear reflectance as an sRGB byte (IEC 61966-2-1).
pub(super) fn encode(x: f32) -> u8 {
    let x = x.clamp(0.0, 1.0);
    let c = if x <= 0.003_130_8 { x * 12.92 } else { 1.055 * x.powf(1.0 / 2.4) - 0.055 };
    (c * 255.0 + 0.5) as u8
}

/// A colour from sRGB bytes as linear reflectance.
pub(super) fn colour(srgb: [u8; 3]) -> Vec3 {
    Vec3::from(srgb.map(linear))
}

/// Linear reflectance of an identity's skin before local variation.
pub(super) fn base_tone(identity: &Identity) -> Vec3 {
    let place = (f32::from(identity.monk_tone) + identity.tone_shift).clamp(1.0, 10.0) - 1.0;
    let low = (place as usize).min(8);
    let t = place - low as f32;
    let lift = |i: usize| i.checked_sub(8).map_or(Vec3::ONE, |k| REFLECTANCE_OF_DARKEST[k]);
    let swatch_of = |i: usize| colour(MONK_SRGB[i]) * lift(i);
    let swatch = swatch_of(low).lerp(swatch_of(low + 1), t);
    // Dark swatches are already skin's own reflectance.
    let share = 1.0 - smooth(4.0, 8.0, place);
    swatch * Vec3::ONE.lerp(REFLECTANCE_OF_SWATCH, share)
}

struct Mole {
    place: Vec3,
    radius_m: f32,
}

/// What varies slowly over a face: broad unevenness, and its own fields of melanin and blood, of the size of a fingertip.
#[derive(Clone, Copy)]
struct Fields {
    broad: f32,
    melanin: f32,
    blood: f32,
}

impl Fields {
    fn lerp(self, to: Self, share: f32) -> Self {
        let mix = |a: f32, b: f32| a + (b - a) * share;
        Self {
            broad: mix(self.broad, to.broad),
            melanin: mix(self.melanin, to.melanin),
            blood: mix(self.blood, to.blood),
        }
    }
}

/// Side of a square of texels whose slow fields are found at its corners and are bilinear between them: a millimetre on the
/// face, where the finest of the fields has features of five.
const BLOCK_PX: usize = 4;
const LAST: usize = BLOCK_PX - 1;
/// Bounds, metres, by which a block is known to be one smooth piece of skin: its diagonals, and how far it is from a
/// parallelogram.
const SMOOTH_M: f32 = 0.004;
const EVEN_M: f32 = 0.001;

/// A block of texels.
struct Block<'a> {
    /// The rows that it is in.
    rows: &'a [Texel],
    width: usize,
    column: usize,
}

impl Block<'_> {
    fn texel(&self, x: usize, y: usize) -> &Texel {
        &self.rows[y * self.width + self.column + x]
    }

    fn is_covered(&self) -> bool {
        (0..BLOCK_PX).all(|y| (0..BLOCK_PX).all(|x| self.texel(x, y).covered))
    }
}

struct Painter<'a> {
    who: &'a Identity,
    seed: u32,
    tone: Vec3,
    hair: Vec3,
    lightness: f32,
    old: f32,
    moles: Vec<Mole>,
}

impl<'a> Painter<'a> {
    fn new(who: &'a Identity) -> Self {
        let seed = (who.seed ^ (who.seed >> 32)) as u32;
        let tone = base_tone(who);
        let draw = |i: u8, k: i32| unit(i32::from(i), k, 7, seed);
        let moles = (0..who.moles)
            .map(|i| Mole {
                place: Vec3::new((draw(i, 0) - 0.5) * 0.12, 0.63 + 0.15 * draw(i, 1), 0.13),
                radius_m: 0.0008 + 0.0014 * draw(i, 2),
            })
            .collect();
        Self {
            who,
            seed,
            tone,
            hair: Shade::of_scalp(who).mean(),
            lightness: smooth(0.03, 0.45, tone.y),
            old: smooth(30.0, 80.0, who.age_years),
            moles,
        }
    }

    fn fields(&self, p: Vec3) -> Fields {
        let own = |k: u32| noise(p * 62.0 + Vec3::splat(k as f32 * 7.0), self.seed ^ (0x900 + k));
        Fields { broad: fractal(p * 45.0, 3, self.seed), melanin: own(0) * 0.6 + own(1) * 0.4, blood: own(2) }
    }

    /// The fields at the corners of a block of texels, where it is one smooth piece of skin.
    fn fields_at_corners(&self, block: &Block<'_>) -> Option<[Fields; 4]> {
        let corners = [(0, 0), (LAST, 0), (0, LAST), (LAST, LAST)].map(|(x, y)| block.texel(x, y));
        let [a, b, c, d] = corners.map(|texel| texel.position_m);
        let even = (a + d).distance(b + c) < EVEN_M && a.distance(d) < SMOOTH_M && b.distance(c) < SMOOTH_M;
        (even && block.is_covered()).then(|| [a, b, c, d].map(|p| self.fields(p)))
    }

    fn texel(&self, t: &Texel, fields: Fields) -> Vec3 {
        let (p, who, detail) = (t.position_m, self.who, &self.who.detail);
        let ax = p.x.abs();
        let Fields { broad, melanin, blood: blood_field } = fields;
        let fine = noise(p * 1100.0, self.seed ^ 0x51);
        let mut c = self.tone * (1.0 + broad * (0.05 + 0.09 * who.blotches) + fine * 0.035);
        let patches = 0.08 + 0.16 * who.blotches;
        c *= (Vec3::new(0.7, 1.0, 1.25) * (melanin * patches)
            + Vec3::new(0.1, 0.8, 0.6) * (blood_field * patches * 0.8))
            .map(f32::exp);
        c *= complexion::factor(&who.complexion, &t.places);
        let redden = |c: Vec3, amount: f32| c * (Vec3::ONE - Vec3::new(0.04, 0.30, 0.26) * amount);

        // Blood near the surface: cheeks, nose, ears, chin.
        let cheek = bell((ax - 0.046).hypot(p.y - 0.688), 0.0, 0.032) * smooth(0.08, 0.11, p.z);
        let nose = bell((p - Vec3::new(0.0, 0.693, 0.166)).length(), 0.0, 0.026);
        let ear = smooth(0.074, 0.082, ax) * smooth(0.67, 0.69, p.y);
        let chin = bell((p - Vec3::new(0.0, 0.632, 0.150)).length(), 0.0, 0.024);
        let blood = cheek * 0.9 + nose * 0.8 + ear * 0.6 + chin * 0.3;
        c = redden(c, blood * (0.25 + who.flush) * (0.35 + 0.65 * self.lightness) * (1.0 + broad * 0.4));

        // Eye sockets, lids and the fold above, lines under the eyes.
        let socket = bell(((ax - 0.030) / 1.5).hypot(p.y - 0.729), 0.0, 0.021) * smooth(0.11, 0.12, p.z);
        c *= Vec3::ONE - Vec3::new(0.14, 0.20, 0.17) * socket * (0.2 + 0.5 * self.old + 0.5 * detail.socket);
        let under = bell(((ax - 0.028) / 2.2).hypot(p.y - 0.7135), 0.0, 0.007) * smooth(0.12, 0.13, p.z);
        c *= Vec3::ONE - Vec3::new(0.16, 0.17, 0.13) * under * (0.2 + 0.7 * self.old + 0.9 * detail.tear_trough);
        c = redden(c, f32::from(t.lids) / 255.0 * 0.35);

        c = self.freckles_and_moles(c, p, cheek.max(nose));
        c = self.age(c, p);
        c = self.lips(c, t);
        c = beard::paint(c, t, self.who, self.hair, self.seed);
        c = scalp::paint(c, p, self.who, self.hair, self.seed);
        self.brows(c, p)
    }

    fn freckles_and_moles(&self, mut c: Vec3, p: Vec3, where_sun: f32) -> Vec3 {
        if self.who.freckles > 0.02 && p.y > 0.63 {
            let spots = noise(p * 330.0, self.seed ^ 0xf1) + 0.5 * noise(p * 700.0, self.seed ^ 0xf2);
            let density = self.who.freckles * (0.25 + 0.75 * where_sun);
            let amount = smooth(1.0 - 0.75 * density, 1.15 - 0.75 * density, spots);
            c *= Vec3::ONE - Vec3::new(0.20, 0.32, 0.40) * amount * self.who.freckles;
        }
        for mole in &self.moles {
            let d = (p.truncate() - mole.place.truncate()).length();
            if p.z > 0.07 && d < mole.radius_m * 1.4 {
                c *= Vec3::ONE - Vec3::new(0.55, 0.65, 0.65) * smooth(mole.radius_m * 1.4, mole.radius_m * 0.8, d);
            }
        }
        if self.old > 0.3 {
            let spots = smooth(0.62, 0.80, noise(p * 120.0, self.seed ^ 0xa9) * 0.7 + broad_mask(p) * 0.3);
            c *= Vec3::ONE - Vec3::new(0.16, 0.22, 0.25) * spots * (self.old - 0.3) * self.lightness;
        }
        c
    }

    /// Folds and lines darken with age; albedo stands for shadow in the furrow.
    fn age(&self, c: Vec3, p: Vec3) -> Vec3 {
        let ax = p.x.abs();
        if p.z < 0.10 || p.y < 0.645 {
            return c;
        }
        let wobble = noise(p * 60.0, self.seed ^ 0x3c) * 0.0012;
        // From the wing of the nose past the corner of the mouth.
        let t = ((0.692 - p.y) / 0.038).clamp(0.0, 1.0);
        let fold_x = 0.019 + (0.012 + 0.008 * self.who.detail.fold_reach) * t.powf(1.3) + wobble;
        let fold =
            bell(ax, fold_x, 0.0030) * smooth(0.652, 0.660, p.y) * smooth(0.696, 0.688, p.y) * smooth(0.11, 0.12, p.z);
        let rows = (p.y - 0.775 + wobble * 1.5 + ax * ax * 0.8) / 0.0085;
        let forehead = bell(rows - rows.round(), 0.0, 0.16)
            * smooth(0.766, 0.772, p.y)
            * smooth(0.801, 0.794, p.y)
            * smooth(0.050, 0.030, ax);
        let frown = bell(ax, 0.0075 + wobble, 0.0016) * smooth(0.744, 0.750, p.y) * smooth(0.768, 0.760, p.y);
        let (dx, dy) = (ax - 0.052, p.y - 0.728);
        let angle = dy.atan2(dx) / 0.35;
        let crow = bell(angle - angle.round(), 0.0, 0.22) * smooth(0.0, 0.004, dx) * smooth(0.017, 0.009, dx);
        let detail = &self.who.detail;
        let lines = fold * (0.06 + 0.35 * detail.folds + 0.45 * self.old)
            + (forehead * 0.6 + frown * 0.6 + crow * 0.6) * self.old;
        c * (Vec3::ONE - Vec3::new(0.26, 0.34, 0.34) * lines.min(1.0))
    }

    fn lips(&self, c: Vec3, t: &Texel) -> Vec3 {
        let amount = f32::from(t.lips) / 255.0;
        if amount < 0.01 {
            return c;
        }
        let p = t.position_m;
        let rosy = Vec3::new(0.98, 0.60, 0.62).lerp(Vec3::new(0.92, 0.36, 0.40), self.who.lip_redness);
        let dusky = Vec3::new(0.88, 0.72, 0.74).lerp(Vec3::new(0.95, 0.62, 0.62), self.who.lip_redness);
        let streaks = 1.0 + 0.08 * noise(Vec3::new(p.x * 900.0, p.y * 120.0, 0.0), self.seed ^ 0x11);
        let lip = c * dusky.lerp(rosy, self.lightness) * streaks;
        let seam = bell(p.y, 0.6609, 0.0022);
        c.lerp(lip * (1.0 - 0.55 * seam), amount * (0.85 + 0.15 * seam))
    }

    fn brows(&self, c: Vec3, p: Vec3) -> Vec3 {
        let (ax, b) = (p.x.abs(), &self.who.brows);
        if !(0.735..0.775).contains(&p.y) || ax > 0.068 || p.z < 0.10 {
            return c;
        }
        let start = 0.0115 + b.gap_m;
        let along = (ax - start) / (0.0535 + b.reach_m - start);
        if !(-0.1..1.05).contains(&along) {
            return c;
        }
        let peak = 0.62;
        let arch = 1.0 - ((along - peak) / if along < peak { peak } else { 1.0 - peak }).powi(2);
        let middle = 0.7495 + b.raise_m + b.arch_m * arch + b.tilt_m * along - 0.0025 * smooth(peak, 1.0, along);
        let half = 0.5 * b.thickness_m * smooth(-0.12, 0.15, along) * (1.0 - 0.75 * smooth(0.45, 1.05, along));
        // Strokes lean outwards: shear the noise along the brow.
        let side = if p.x < 0.0 { 0x20 } else { 0x21 };
        let lean = (p.y - middle) * (0.3 + 1.6 * along);
        let stroke = noise(Vec3::new((ax - lean) * 1500.0, (p.y - middle) * 160.0, 0.0), self.seed ^ side) * 0.5 + 0.5;
        let ragged = half * (1.0 + 0.35 * noise(Vec3::new(ax * 500.0, 0.0, 3.0), self.seed ^ side));
        let body = smooth(ragged, ragged * 0.35, (p.y - middle).abs());
        let amount = body * b.density * (0.45 + 0.75 * stroke) * smooth(-0.08, 0.06, along) * smooth(1.05, 0.9, along);
        c.lerp((self.hair * b.shade).min(c), amount.min(0.97))
    }
}

fn broad_mask(p: Vec3) -> f32 {
    smooth(0.06, 0.10, p.z)
}

/// Paints the skin picture of one identity.
pub(super) fn paint(atlas: &Atlas, identity: &Identity) -> Texture {
    let painter = Painter::new(identity);
    let table: Vec<u8> = (0..=4096).map(|i| encode(i as f32 / 4096.0)).collect();
    let plain = painter.tone;
    let byte = |x: f32| table[(x.clamp(0.0, 1.0) * 4096.0 + 0.5) as usize];
    let size = atlas.size;
    debug_assert_eq!(size % BLOCK_PX, 0, "an atlas is made of whole blocks");
    let mut rgba = vec![0; size * size * 4];
    let bands = rgba.par_chunks_mut(size * BLOCK_PX * 4).zip(atlas.texels.par_chunks(size * BLOCK_PX));
    bands.for_each(|(out, rows)| {
        for column in (0..size).step_by(BLOCK_PX) {
            let block = Block { rows, width: size, column };
            let corners = painter.fields_at_corners(&block);
            for (x, y) in (0..BLOCK_PX * BLOCK_PX).map(|i| (i % BLOCK_PX, i / BLOCK_PX)) {
                let texel = block.texel(x, y);
                let c = if texel.covered {
                    let [across, down] = [x, y].map(|step| step as f32 / LAST as f32);
                    let between = |[a, b, c, d]: [Fields; 4]| a.lerp(b, across).lerp(c.lerp(d, across), down);
                    painter.texel(texel, corners.map_or_else(|| painter.fields(texel.position_m), between))
                } else {
                    plain
                };
                let i = 4 * (y * size + column + x);
                out[i..i + 4].copy_from_slice(&[byte(c.x), byte(c.y), byte(c.z), 255]);
            }
        }
    });
    Texture { width: size as u32, height: size as u32, rgba }
}

#[cfg(test)]
mod tests {
    use super::{
        super::tests::{library, sample},
        *,
    };

    #[test]
    fn slow_fields_between_the_corners_of_blocks_are_as_good_as_their_own() {
        let Some(library) = library() else { return };
        let who = sample(3, (30.0, 60.0));
        let painter = Painter::new(&who);
        let painted = paint(&library.atlas, &who);
        let byte = |x: f32| i32::from(encode(x));
        let (mut sum, mut most, mut count) = (0i64, 0, 0i64);
        for (texel, rgba) in library.atlas.texels.iter().zip(painted.rgba.chunks_exact(4)).filter(|(t, _)| t.covered) {
            let c = painter.texel(texel, painter.fields(texel.position_m)).to_array();
            for (own, painted) in c.iter().zip(rgba) {
                let off = (byte(*own) - i32::from(*painted)).abs();
                (sum, most, count) = (sum + i64::from(off), most.max(off), count + 1);
            }
        }
        let mean = sum as f64 / count as f64;
        println!("off by {mean:.3} levels on average, {most} at most");
        assert!(mean < 0.1 && most <= 2, "off by {mean} levels on average, {most} at most");
    }
}
