//! What printing and scanning make of a photograph.
use glam::Vec2;
use laneproof_camera::noise::{Key, Normal};
use laneproof_scenes::document::DocumentKind;
use rand::Rng;
use rayon::prelude::*;

use super::{
    between,
    guilloche::{Lines, Rosette},
};
use crate::studio::encode;

/// Weights of red, green and blue in linear luminance (ITU-R BT.709).
const LUMINANCE: [f32; 3] = [0.2126, 0.7152, 0.0722];

/// How a document is printed and read. All strengths are assumptions, chosen by eye beside specimen pages of issuers.
pub(super) struct Print {
    kind: DocumentKind,
    /// Reflectance of full ink and of bare paper.
    black_white: [f32; 2],
    /// Factor on each band: paper, ink and scanner are never quite neutral.
    cast: [f32; 3],
    /// Blur of print and scan, standard deviation, pixels.
    blur_px: f32,
    /// Deviation of the ink's noise in mid-tones, share of the paper's white.
    grain: f32,
    /// Families of security lines with the linear reflectance of their ink and their strength.
    lines: Vec<(Lines, [f32; 3], f32)>,
    /// A seal with its ink and strength.
    rosette: Option<(Rosette, [f32; 3], f32)>,
}

impl Print {
    pub fn of<R: Rng + ?Sized>(kind: DocumentKind, rng: &mut R) -> Self {
        let s = kind.standard();
        let size = [s.width_px as f32, s.height_px as f32];
        let cast = |rng: &mut R, spread: f32| {
            let warm = between(rng, (-spread, spread));
            let green = between(rng, (-spread, spread)) * 0.4;
            [1.0 + warm, 1.0 + green, 1.0 - warm]
        };
        // Pale inks: blue-green, rose, violet, ochre.
        let inks = [[0.36, 0.66, 0.70], [0.78, 0.44, 0.52], [0.52, 0.48, 0.78], [0.74, 0.62, 0.36]];
        let ink = |rng: &mut R| inks[(rng.random::<f32>() * 4.0) as usize % 4];
        match kind {
            DocumentKind::Passport => Self {
                kind,
                black_white: [0.022, 0.94],
                cast: cast(rng, 0.035),
                blur_px: between(rng, (0.55, 0.85)),
                grain: between(rng, (0.006, 0.012)),
                lines: vec![
                    (Lines::draw(13.0, 8.0, rng), ink(rng), 0.10),
                    (Lines::draw(17.0, 78.0, rng), ink(rng), 0.08),
                ],
                rosette: Some((Rosette::draw(size, rng), ink(rng), 0.16)),
            },
            DocumentKind::Visa => Self {
                kind,
                black_white: [0.035, 0.90],
                cast: cast(rng, 0.05),
                blur_px: between(rng, (0.8, 1.25)),
                grain: between(rng, (0.010, 0.020)),
                lines: vec![
                    (Lines::draw(9.0, 35.0, rng), ink(rng), 0.13),
                    (Lines::draw(9.0, -35.0, rng), ink(rng), 0.13),
                ],
                rosette: None,
            },
            DocumentKind::ResidenceCard => Self {
                kind,
                black_white: [0.030, 0.82],
                cast: [1.0; 3],
                blur_px: between(rng, (0.5, 0.75)),
                grain: between(rng, (0.014, 0.024)),
                lines: vec![(Lines::draw(11.0, 15.0, rng), [0.6; 3], 0.12)],
                rosette: None,
            },
        }
    }

    /// Prints and scans a picture of linear shares of white; gives sRGB bytes, red, green, blue.
    pub fn scan<R: Rng + ?Sized>(&self, mut scene: Vec<[f32; 3]>, size: [u32; 2], rng: &mut R) -> Vec<u8> {
        let (width, grain) = (size[0] as usize, Key::new("ink grain", rng.random(), 0));
        let normal = Normal::default();
        let [black, white] = self.black_white;
        scene.par_chunks_mut(width).enumerate().for_each(|(y, row)| {
            for (x, pixel) in row.iter_mut().enumerate() {
                let at = Vec2::new(x as f32 + 0.5, y as f32 + 0.5);
                let noise = normal.draw((grain.bits((y * width + x) as u64) >> 32) as u32);
                if self.kind == DocumentKind::ResidenceCard {
                    *pixel = [engraved(luminance(*pixel), at); 3];
                }
                // Security print lies below the photograph's ink: it shows where the ink lets the paper through.
                let mut paper = [white; 3];
                let inked = self.lines.iter().map(|(lines, colour, strength)| (lines.ink(at) * strength, colour));
                let seal = self.rosette.iter().map(|(seal, colour, strength)| (seal.ink(at) * strength, colour));
                for (share, colour) in inked.chain(seal) {
                    for band in 0..3 {
                        paper[band] *= 1.0 - share * (1.0 - colour[band]);
                    }
                }
                for band in 0..3 {
                    let tone = shoulder(pixel[band]);
                    // Grain is strongest where half of the paper is covered.
                    let rough = noise * self.grain * 4.0 * (tone.sqrt() * (1.0 - tone.sqrt())).max(0.05);
                    pixel[band] = ((black + (paper[band] - black) * tone + rough) * self.cast[band]).max(0.0);
                }
            }
        });
        let mut bytes: Vec<u8> =
            blurred(&scene, width, self.blur_px).as_flattened().iter().map(|&v| encode(v)).collect();
        if self.kind.standard().grey {
            for pixel in bytes.chunks_exact_mut(3) {
                pixel.fill(pixel[1]);
            }
        }
        bytes
    }
}

/// Linear luminance of a pixel.
pub(super) fn luminance(pixel: [f32; 3]) -> f32 {
    pixel.iter().zip(LUMINANCE).map(|(p, w)| p * w).sum()
}

/// Tone curve of photographic prints: straight in the shades, bent before white so that highlights keep some drawing.
fn shoulder(x: f32) -> f32 {
    const KNEE: f32 = 0.7;
    if x <= KNEE { x.max(0.0) } else { KNEE + (1.0 - KNEE) * (1.0 - (-(x - KNEE) / (1.0 - KNEE)).exp()) }
}

/// Tone of a laser-engraved picture: burnt lines a little under three pixels apart that widen with darkness.
fn engraved(tone: f32, at: Vec2) -> f32 {
    const PITCH_PX: f32 = 2.7;
    const STRENGTH: f32 = 0.16;
    let line = ((at.x * 0.35 + at.y) / PITCH_PX * std::f32::consts::TAU / (1.0_f32 + 0.35 * 0.35).sqrt()).cos();
    // Lasers blacken polycarbonate evenly in perceived steps and leave the lights a little grey.
    let bright = tone.clamp(0.0, 1.0).sqrt();
    let cut = bright + STRENGTH * line * bright * (1.0 - bright);
    (cut * 0.96).clamp(0.0, 1.0).powi(2)
}

/// Gaussian blur, rows then columns; beyond the edge the last pixel goes on.
fn blurred(pixels: &[[f32; 3]], width: usize, sigma_px: f32) -> Vec<[f32; 3]> {
    let radius = (3.0 * sigma_px).ceil() as usize;
    let raw: Vec<f32> =
        (0..=2 * radius).map(|i| (-0.5 * ((i as f32 - radius as f32) / sigma_px).powi(2)).exp()).collect();
    let sum: f32 = raw.iter().sum();
    let height = pixels.len() / width;
    let pass = |from: &[[f32; 3]], stride: usize| -> Vec<[f32; 3]> {
        let at = |i: usize| {
            let (place, last) = if stride == 1 { (i % width, width - 1) } else { (i / width, height - 1) };
            let mut out = [0.0; 3];
            for (k, weight) in raw.iter().enumerate() {
                let there = (place + k).saturating_sub(radius).min(last);
                let pixel = from[i - place * stride + there * stride];
                for band in 0..3 {
                    out[band] += pixel[band] * weight / sum;
                }
            }
            out
        };
        (0..from.len()).into_par_iter().map(at).collect()
    };
    pass(&pass(pixels, 1), width)
}
