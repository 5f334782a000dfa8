//! Pictures of locks: columns of strands drawn one by one, root at the top.
use std::f32::consts::TAU;

use glam::Vec3;

use super::{
    super::{
        identity::Identity,
        noise::{noise, smooth, unit},
        skin::{colour, encode},
    },
    Shade, WHITE,
};
use crate::surface::Texture;

/// Columns of a lock picture. The first half is full locks, then come sparse ones, the last is a wisp.
pub(super) const LOCKS: usize = 8;
pub(super) const FULL: std::ops::Range<usize> = 0..5;
pub(super) const SPARSE: std::ops::Range<usize> = 5..7;
pub(super) const WISP: std::ops::Range<usize> = 7..8;

const WIDTH_PX: usize = 512;
const HEIGHT_PX: usize = 256;
const COLUMN_PX: usize = WIDTH_PX / LOCKS;

/// Look of the strands of a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Strands {
    /// Short straight hair: ends apart, not in a point.
    Cropped,
    Straight,
    Wavy,
    Curly,
    Coily,
    /// Hairs of a beard: coarse, apart, bent.
    Beard,
}

/// Form of one strand across its column, pixels.
struct Strand {
    root_px: f32,
    tip_px: f32,
    /// Where it starts and ends along the lock, 0..1.
    from: f32,
    to: f32,
    half_px: f32,
    bend_px: f32,
    turns: f32,
    phase: f32,
    colour: Vec3,
}

fn strand(kind: Strands, full: f32, shade: &Shade, draw: &dyn Fn(i32) -> f32) -> Strand {
    let w = COLUMN_PX as f32;
    // Triangular: locks are denser in their middle, but not short hair, whose locks are only neighbours.
    let even = matches!(kind, Strands::Beard | Strands::Cropped);
    let across = (if even { draw(0) } else { (draw(0) + draw(1)) * 0.5 }) * 0.86 + 0.07;
    let gather = match kind {
        Strands::Cropped => 1.08,
        Strands::Straight => 0.82,
        Strands::Wavy => 0.86,
        Strands::Curly | Strands::Coily => 1.0,
        Strands::Beard => 1.0,
    };
    let (bend, turns) = match kind {
        Strands::Cropped => (2.0, 0.6),
        Strands::Straight => (1.5, 0.8),
        Strands::Wavy => (4.0, 1.6),
        Strands::Curly => (6.5, 3.2),
        Strands::Coily => (5.0, 6.5),
        Strands::Beard => (3.0, 1.0),
    };
    let to = match kind {
        Strands::Beard => 0.45 + 0.55 * draw(2),
        Strands::Cropped => 0.50 + 0.50 * draw(2).sqrt(),
        _ => 1.0 - (0.10 + 0.48 * (1.0 - full)) * draw(2).powf(1.4) - 0.25 * (across - 0.5).abs(),
    };
    let from = if full > 0.5 { 0.0 } else { 0.05 * draw(3) };
    Strand {
        root_px: across * w,
        tip_px: (0.5 + (across - 0.5) * gather + 0.10 * (draw(4) - 0.5)) * w,
        from,
        to,
        half_px: match kind {
            Strands::Beard => 1.9 + 1.2 * draw(5),
            Strands::Cropped => 1.0 + 0.9 * draw(5),
            Strands::Coily => 1.5 + 1.0 * draw(5),
            _ => 1.1 + 1.3 * draw(5),
        },
        bend_px: bend * (0.5 + draw(6)),
        turns: turns * (0.75 + 0.5 * draw(7)),
        phase: draw(8),
        colour: shade.strand(draw(9), draw(10)),
    }
}

/// Paints the locks of an identity.
pub(in super::super) fn paint(shade: &Shade, kind: Strands, seed: u32) -> Texture {
    let mean = shade.mean();
    let mut pixels = vec![(mean * 0.8, 0.0_f32); WIDTH_PX * HEIGHT_PX];
    for column in 0..LOCKS {
        let (count, full) = match column {
            c if FULL.contains(&c) => (if kind == Strands::Beard { 22 } else { 46 }, 1.0),
            c if SPARSE.contains(&c) => (if kind == Strands::Beard { 12 } else { 20 }, 0.45),
            _ => (6, 0.0),
        };
        let salt = seed ^ (column as u32 * 0x9e37);
        // Outer columns of strands are drawn first, the middle of a lock last.
        let mut strands: Vec<Strand> =
            (0..count).map(|i| strand(kind, full, shade, &|k| unit(i, k, 3, salt))).collect();
        let off = |s: &Strand| (s.root_px / COLUMN_PX as f32 - 0.5).abs();
        strands.sort_by(|a, b| off(b).total_cmp(&off(a)));
        for y in 0..HEIGHT_PX {
            let v = (y as f32 + 0.5) / HEIGHT_PX as f32;
            for s in &strands {
                if v < s.from || v > s.to {
                    continue;
                }
                let share = ((v - s.from) / (s.to - s.from)).clamp(0.0, 1.0);
                let bend = (share * s.turns * TAU + s.phase * TAU).sin() * s.bend_px * smooth(0.0, 0.25, share);
                let x = s.root_px + (s.tip_px - s.root_px) * share + bend;
                let half = s.half_px * (1.0 - 0.65 * share * share);
                let low = (x - half - 0.5).floor().max(0.0) as usize;
                let high = ((x + half + 0.5).ceil() as usize).min(COLUMN_PX - 1);
                for px in low..=high.max(low) {
                    let away = (px as f32 + 0.5 - x).abs() / half.max(0.3);
                    if away > 1.25 {
                        continue;
                    }
                    let at = &mut pixels[y * WIDTH_PX + column * COLUMN_PX + px.min(COLUMN_PX - 1)];
                    let lit = 1.12 - 0.42 * away.min(1.0).powi(2);
                    at.0 = s.colour * lit;
                    at.1 = at.1.max(((1.25 - away) / 0.5).clamp(0.0, 1.0));
                }
            }
        }
    }
    let rgba = pixels
        .iter()
        .enumerate()
        .flat_map(|(i, (c, open))| {
            let v = (i / WIDTH_PX) as f32 / HEIGHT_PX as f32;
            // Deep between the roots little light arrives.
            let c = *c * (0.74 + 0.26 * smooth(0.0, 0.25, v));
            [encode(c.x), encode(c.y), encode(c.z), (open * 255.0) as u8]
        })
        .collect();
    Texture { width: WIDTH_PX as u32, height: HEIGHT_PX as u32, rgba }
}

/// A plait seen from outside: three strands crossing, again and again, root at the top.
pub(super) fn paint_plait(shade: &Shade, seed: u32) -> Texture {
    const W: usize = 32;
    const H: usize = 256;
    /// Crossings along the picture.
    const LINKS: f32 = 16.0;
    let mut rgba = Vec::with_capacity(W * H * 4);
    for y in 0..H {
        let v = (y as f32 + 0.5) / H as f32 * LINKS;
        for x in 0..W {
            let u = (x as f32 + 0.5) / W as f32 * 2.0 - 1.0;
            // Chevrons: each half's links slant inwards and are shifted by half a link against the other's.
            let link = v - u.abs() * 0.9 + if u > 0.0 { 0.5 } else { 0.0 };
            let within = link - link.floor();
            let round = (within * std::f32::consts::PI).sin().powf(0.6);
            let strand = noise(Vec3::new(u * 9.0 + within * 2.0, link.floor() * 3.7, 1.0), seed) * 0.25;
            let c = shade.strand(unit((u * 8.0) as i32, link.floor() as i32, 5, seed), 0.5)
                * (0.35 + 0.75 * round + strand).max(0.1);
            rgba.extend([encode(c.x), encode(c.y), encode(c.z), 255]);
        }
    }
    Texture { width: W as u32, height: H as u32, rgba }
}

/// Colours of an identity's strands: reflectance with pigment and without.
impl Shade {
    /// Of the scalp hair.
    pub fn of_scalp(who: &Identity) -> Self {
        // From steel to white.
        let silver = WHITE * (0.50 + 0.50 * unit(5, 1, 4, who.seed as u32));
        Self { pigment: colour(who.hair_srgb), silver, grey: who.hair.grey }
    }

    /// Of one strand: `kind` decides whether it has pigment, `level` how light it is, both 0..1.
    pub fn strand(&self, kind: f32, level: f32) -> Vec3 {
        // Greying hair also loses pigment in the strands that keep some.
        let base =
            if kind < self.grey { self.silver } else { self.pigment.lerp(self.silver, 0.55 * self.grey * self.grey) };
        // Beside the pigment's colour a fibre mirrors a few per cent (its index is 1.55), uncoloured.
        base * (0.70 + 0.80 * level) + Vec3::splat(0.010 * level * level)
    }

    /// Mean of many strands.
    pub fn mean(&self) -> Vec3 {
        self.pigment.lerp(self.silver, self.grey)
    }
}
