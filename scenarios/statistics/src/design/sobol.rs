//! Sobol's sequence, scrambled, and the mean over its scrambles.
//!
//! The direction numbers are Joe and Kuo's (SIAM Journal on Scientific Computing 30, 2008), the scrambling is Owen's nested
//! one (Monte Carlo and Quasi-Monte Carlo Methods 1995, Springer) by a hash of the bits above (B. Burley, Journal of
//! Computer Graphics Techniques 9(4), 2020); all three from the crate `sobol_burley`. Its own `sample` mixes a seed of 32
//! bits with the dimension and answers in 24 bits; its parts are used here, with a key for each scramble and factor.
use rand::RngCore as _;
use serde::{Deserialize, Serialize};
use sobol_burley::parts::{owen_scramble_rev, sobol_rev};

use crate::normal::student_quantile;
use crate::random::stream;

/// Most factors of a Sobol plan.
pub const MOST_FACTORS: usize = 32;
/// Most points of one scramble: so many have direction numbers.
pub const MOST_INDICES: u64 = 1 << 16;
/// Fewest scrambles: with fewer Student's t makes the interval of the mean wide and its width a matter of luck.
pub const LEAST_SCRAMBLES: u32 = 8;

/// Scramble, and index within it, of point `k` of a plan of `scrambles` (0 counts as 1).
pub fn scramble_of(k: u64, scrambles: u32) -> (u32, u64) {
    let scrambles = u64::from(scrambles.max(1));
    ((k % scrambles) as u32, k / scrambles)
}

/// The value of the factor in `dimension` < [`MOST_FACTORS`], in [0, 1), at `index` < [`MOST_INDICES`] of a scramble.
pub(super) fn value(seed: u64, scramble: u32, index: u64, dimension: u32, factor: &str) -> f64 {
    let key = stream(seed, u64::from(scramble), &format!("scramble of {factor}")).next_u32();
    let plain = sobol_rev((index as u32).reverse_bits(), dimension);
    f64::from(owen_scramble_rev(plain, key).reverse_bits()) / 2f64.powi(32)
}

/// A mean with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MeanInterval {
    /// The mean.
    pub mean: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

/// The interval of a mean over R scrambles, each of which has the mean `means[r]` of the same number of points:
/// mean ± t·s ÷ √R, with the standard deviation s over scrambles and R − 1 degrees of freedom. Scrambles are independent
/// and unbiased, points of one are neither; this plain interval kept its coverage best in L'Ecuyer, Nakayama, Owen and
/// Tuffin (Confidence intervals for randomized quasi-Monte Carlo estimators, Winter Simulation Conference 2023). In the
/// unit of `means`. `None` of fewer than two scrambles.
pub fn mean_of_scrambles(means: &[f64]) -> Option<MeanInterval> {
    let count = means.len() as f64;
    if means.len() < 2 {
        return None;
    }
    let mean = means.iter().sum::<f64>() / count;
    let variance = means.iter().map(|m| (m - mean).powi(2)).sum::<f64>() / (count - 1.0);
    let half = student_quantile(0.975, count - 1.0) * (variance / count).sqrt();
    Some(MeanInterval { mean, low: mean - half, high: mean + half })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_take_turns_through_the_scrambles() {
        let turns: Vec<(u32, u64)> = (7..10).map(|k| scramble_of(k, 8)).collect();
        assert_eq!(turns, [(7, 0), (0, 1), (1, 1)]);
    }

    #[test]
    fn an_interval_by_hand() {
        // Variance 2/3 of four means; t of three degrees of freedom is 3.182446.
        let found = mean_of_scrambles(&[1.0, 2.0, 3.0, 2.0]).unwrap();
        let half = 3.182_446_305 * (1.0f64 / 6.0).sqrt();
        assert!((found.mean - 2.0).abs() < 1e-12 && (found.high - 2.0 - half).abs() < 1e-7, "{found:?}");
        assert!((found.low + found.high - 4.0).abs() < 1e-9);
        assert_eq!(mean_of_scrambles(&[1.0]), None);
    }

    #[test]
    fn without_its_scrambling_the_sequence_is_sobol_s() {
        // The first four points of any dimension lie in the four quarters, the first two in the two halves.
        let plain = |index: u32, dimension| sobol_rev(index.reverse_bits(), dimension).reverse_bits() >> 30;
        for dimension in 0..4 {
            let mut quarters: Vec<u32> = (0..4).map(|index| plain(index, dimension)).collect();
            assert_eq!(quarters[..2], [0, 2]);
            quarters.sort_unstable();
            assert_eq!(quarters, [0, 1, 2, 3]);
        }
    }
}
