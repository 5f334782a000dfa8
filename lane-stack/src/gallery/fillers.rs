//! Fillers: templates of synthetic people, so that a search meets a gallery as large as a lane's without so many portraits.
//!
//! They are drawn from a *bank*, the templates that the embedder makes of some hundred rendered portraits of people whom no
//! scenario meets, by the smoothed bootstrap of Silverman and Young (The bootstrap: to smooth or not to smooth?, Biometrika
//! 74, 1987): with mean m and covariance S of the bank, a filler is
//!
//! x = m + (x_i − m + h·e) ÷ √(1 + h²), brought to unit length,
//!
//! where x_i is one of the bank, drawn evenly, and e is normal with mean 0 and covariance S. So fillers have the bank's mean
//! and covariance at any h; the smaller h, the more of its clusters they keep, and the more alike are those drawn from one
//! x_i.
//!
//! **They are easier to tell from a stranger than people are**: a search meets fillers about half as often as it meets
//! portraits of as many people ([`KERNEL_WIDTH`]; `lane-stack/training/fillers.py` measures it for an embedder), so rates of
//! false positives among fillers are to be doubled before they are compared with those of a gallery of people.
use crate::card::{EmbedderCard, FillerBank};
use crate::client::FILLER_PREFIX;
use crate::embedder::unit;
use crate::error::SetupError;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use sha2::{Digest as _, Sha256};
use std::path::Path;

/// Most fillers at once: a gallery in memory is searched through one by one.
pub const MAX_FILLERS: u32 = 1_000_000;
/// Width of the kernel in standard deviations (h). Measured with the project's own embedder (galleries of 320, a bank of 319,
/// crossings of 319 other people): where one search in ten meets one of as many portraits, 5.7 % meet a filler at a width of
/// ¼, 5.3 % at ½, 3.9 % at 1, 2.4 % at 2. The smaller it is, the more alike are fillers drawn from one person of the bank.
pub const KERNEL_WIDTH: f64 = 0.5;
/// Residuals of the bank, drawn with replacement, that make one e: its covariance over draws is S, whatever their number.
const RESIDUALS: usize = 64;
/// Fewer people say little about how people differ.
const LEAST_PEOPLE: usize = 100;

/// A bank of templates that fillers are drawn from.
#[derive(Debug, Clone, PartialEq)]
pub struct Fillers {
    dimension: usize,
    /// Templates of unit length, one after another, less `mean`.
    residuals: Vec<f32>,
    mean: Vec<f64>,
}

impl Fillers {
    /// Makes a bank of templates of unit length; the reason in words when there are too few.
    pub fn new(templates: &[Vec<f32>]) -> Result<Self, String> {
        let dimension = templates.first().map_or(0, Vec::len);
        if templates.len() < LEAST_PEOPLE || dimension == 0 || templates.iter().any(|t| t.len() != dimension) {
            let count = templates.len();
            return Err(format!("{count} templates; at least {LEAST_PEOPLE} of one length are needed"));
        }
        let mut mean = vec![0.0; dimension];
        for template in templates {
            mean.iter_mut().zip(template).for_each(|(sum, &v)| *sum += f64::from(v));
        }
        mean.iter_mut().for_each(|sum| *sum /= templates.len() as f64);
        let residuals = templates.iter().flat_map(|t| t.iter().zip(&mean).map(|(&v, m)| (f64::from(v) - m) as f32));
        Ok(Self { dimension, residuals: residuals.collect(), mean })
    }

    /// Reads the bank of a card from the models directory; `None` where the card names none.
    pub fn of_card(models: &Path, card: &EmbedderCard) -> Result<Option<Self>, SetupError> {
        let Some(FillerBank { file, sha256 }) = &card.fillers else { return Ok(None) };
        let path = models.join(file);
        let bytes = std::fs::read(&path).map_err(|e| SetupError::file(&path, &e))?;
        let wrong = |reason: String| SetupError::Model { path: path.clone(), card: card.about.name.clone(), reason };
        let found: String = Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect();
        if found != *sha256 {
            return Err(wrong(format!("SHA-256 is {found}, the card says {sha256}: damaged, or another file")));
        }
        Self::from_bytes(&bytes, card.dimension).map(Some).map_err(wrong)
    }

    /// Reads templates of so many values each: 32-bit floats, little-endian, one template after another.
    pub fn from_bytes(bytes: &[u8], dimension: usize) -> Result<Self, String> {
        if dimension == 0 || !bytes.len().is_multiple_of(4 * dimension) {
            return Err(format!("{} bytes are no whole number of templates of {dimension} 32-bit floats", bytes.len()));
        }
        let values: Vec<f32> = bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
        let templates = values.chunks_exact(dimension).map(|t| unit(t.to_vec()));
        let templates: Option<Vec<_>> = templates.collect();
        Self::new(&templates.ok_or("a template is zero or not finite")?)
    }

    /// Number of people in the bank.
    pub fn people(&self) -> usize {
        self.residuals.len() / self.dimension
    }

    /// Filler `k` of a seed: its template, of unit length. It depends on nothing but seed and number.
    pub fn draw(&self, seed: u64, k: u32) -> Vec<f32> {
        self.draw_with(KERNEL_WIDTH, seed, k)
    }

    fn draw_with(&self, width: f64, seed: u64, k: u32) -> Vec<f32> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(u64::from(k));
        let mut residual = || {
            let start = rng.random_range(0..self.people()) * self.dimension;
            (&self.residuals[start..start + self.dimension], rng.sample::<f64, _>(StandardNormal))
        };
        let mut sum: Vec<f64> = residual().0.iter().map(|&v| f64::from(v)).collect();
        for _ in 0..RESIDUALS {
            let (other, normal) = residual();
            let weight = width * normal / (RESIDUALS as f64).sqrt();
            sum.iter_mut().zip(other).for_each(|(s, &v)| *s += weight * f64::from(v));
        }
        let shrink = (1.0 + width * width).sqrt();
        let template: Vec<f32> = sum.iter().zip(&self.mean).map(|(s, m)| (m + s / shrink) as f32).collect();
        // Only a bank of one and the same template, mirrored, could give zero.
        unit(template.clone()).unwrap_or(template)
    }

    /// What filler `k` is called.
    pub fn name(k: u32) -> String {
        format!("{FILLER_PREFIX}{k:07}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gallery::cosine;

    const DIMENSION: usize = 16;

    /// Two clusters of people on the sphere, with a common direction.
    fn bank() -> Vec<Vec<f32>> {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        (0..400)
            .map(|k| {
                let values = (0..DIMENSION).map(|d| {
                    let centre = if d == 0 {
                        1.0
                    } else if d == 1 {
                        if k % 2 == 0 { 1.5 } else { -1.5 }
                    } else {
                        0.0
                    };
                    centre + 0.6 * rng.sample::<f32, _>(StandardNormal)
                });
                unit(values.collect()).unwrap()
            })
            .collect()
    }

    fn mean_and_variance(templates: &[Vec<f32>], d: usize) -> (f64, f64) {
        let n = templates.len() as f64;
        let mean = templates.iter().map(|t| f64::from(t[d])).sum::<f64>() / n;
        (mean, templates.iter().map(|t| (f64::from(t[d]) - mean).powi(2)).sum::<f64>() / n)
    }

    #[test]
    fn fillers_have_the_banks_mean_and_spread_in_every_direction() {
        let people = bank();
        let fillers = Fillers::new(&people).unwrap();
        let drawn: Vec<_> = (0..4000).map(|k| fillers.draw(1, k)).collect();
        for d in 0..DIMENSION {
            let ((m0, v0), (m1, v1)) = (mean_and_variance(&people, d), mean_and_variance(&drawn, d));
            assert!((m1 - m0).abs() < 0.02 && (v1 / v0 - 1.0).abs() < 0.15, "{d}: {m0} {m1}, {v0} {v1}");
        }
        assert!(drawn.iter().all(|t| (cosine(t, t) - 1.0).abs() < 1e-5));
    }

    #[test]
    fn a_narrow_kernel_keeps_the_clusters_apart_and_a_wide_one_fills_the_gap() {
        let fillers = Fillers::new(&bank()).unwrap();
        let between = |width: f64| (0..2000).filter(|&k| fillers.draw_with(width, 1, k)[1].abs() < 0.15).count();
        assert!(between(0.2) * 4 < between(3.0), "{} {}", between(0.2), between(3.0));
    }

    #[test]
    fn a_filler_depends_on_seed_and_number_alone_and_no_two_are_the_same() {
        let fillers = Fillers::new(&bank()).unwrap();
        assert_eq!(fillers.draw(3, 17), fillers.draw(3, 17));
        for (seed, k) in [(3, 18), (4, 17)] {
            assert!(cosine(&fillers.draw(3, 17), &fillers.draw(seed, k)) < 0.999);
        }
    }

    #[test]
    fn a_bank_is_read_back_and_a_wrong_one_refused() {
        let people = bank();
        let bytes: Vec<u8> = people.iter().flatten().flat_map(|v| v.to_le_bytes()).collect();
        let read = Fillers::from_bytes(&bytes, DIMENSION).unwrap();
        assert_eq!(read.people(), people.len());
        assert!(Fillers::from_bytes(&bytes[1..], DIMENSION).unwrap_err().contains("whole number"));
        assert!(Fillers::from_bytes(&bytes[..64 * 50], DIMENSION).unwrap_err().contains("100"));
        let mut broken = bytes;
        broken[..4].copy_from_slice(&f32::NAN.to_le_bytes());
        assert!(Fillers::from_bytes(&broken, DIMENSION).unwrap_err().contains("not finite"));
    }
}
