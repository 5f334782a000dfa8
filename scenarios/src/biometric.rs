//! Verification errors of a set of comparisons, in the words of ISO/IEC 19795-1: mated comparisons are of one person with
//! themselves, non-mated ones of two people.
use serde::{Deserialize, Serialize};

use laneproof_statistics::share::Share;

/// Similarities of some comparisons.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparisons {
    /// How many.
    pub count: u64,
    /// Mean similarity; `None` of nothing.
    pub mean: Option<f64>,
    /// Standard deviation; `None` of nothing.
    pub deviation: Option<f64>,
    /// Those at or above the threshold: for mated comparisons the true-match rate, else the false-match rate (FMR).
    pub matched: Share,
}

impl Comparisons {
    /// Adds up similarities against a threshold.
    pub fn of(similarities: &[f32], threshold: f32) -> Self {
        let n = similarities.len() as f64;
        let mean = (n > 0.0).then(|| similarities.iter().map(|&s| f64::from(s)).sum::<f64>() / n);
        let deviation = mean.map(|mean| {
            let squares = similarities.iter().map(|&s| (f64::from(s) - mean).powi(2));
            (squares.sum::<f64>() / n).sqrt()
        });
        let matched = Share::of_items(similarities, |&s| s >= threshold);
        Self { count: similarities.len() as u64, mean, deviation, matched }
    }
}

/// Where a threshold refuses as large a share of the mated comparisons (FNMR) as it lets pass of the non-mated (FMR).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EqualError {
    /// Mean of FNMR and FMR there: with finitely many comparisons they do not quite meet.
    pub rate: f64,
    /// The similarity.
    pub threshold: f32,
}

/// The equal error rate; `None` without comparisons of either kind or with a similarity that is no number.
pub fn equal_error(mated: &[f32], non_mated: &[f32]) -> Option<EqualError> {
    if mated.is_empty() || non_mated.is_empty() || mated.iter().chain(non_mated).any(|s| s.is_nan()) {
        return None;
    }
    let sorted = |values: &[f32]| {
        let mut values = values.to_vec();
        values.sort_by(f32::total_cmp);
        values
    };
    let (mated, non_mated) = (sorted(mated), sorted(non_mated));
    let below =
        |values: &[f32], threshold: f32| values.partition_point(|&s| s < threshold) as f64 / values.len() as f64;
    // FNMR grows with the threshold and FMR falls: the place where they cross lies at one of the similarities.
    let gap = |threshold: f32| below(&mated, threshold) - (1.0 - below(&non_mated, threshold));
    let candidates = {
        let mut all = mated.clone();
        all.extend_from_slice(&non_mated);
        sorted(&all)
    };
    let cross = candidates.partition_point(|&t| gap(t) < 0.0);
    let near = cross.saturating_sub(1)..(cross + 1).min(candidates.len());
    let threshold = candidates[near].iter().copied().min_by(|&a, &b| gap(a).abs().total_cmp(&gap(b).abs()))?;
    Some(EqualError { rate: (below(&mated, threshold) + 1.0 - below(&non_mated, threshold)) / 2.0, threshold })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evenly(from: f32, to: f32, count: usize) -> Vec<f32> {
        (0..count).map(|i| from + (to - from) * (i as f32 + 0.5) / count as f32).collect()
    }

    #[test]
    fn uniform_similarities_err_where_calculus_says() {
        // FNMR (t − .4) / .6 and FMR (.6 − t) / .6 meet at .5, both a sixth.
        let e = equal_error(&evenly(0.4, 1.0, 600), &evenly(0.0, 0.6, 9000)).expect("a rate");
        assert!((e.rate - 1.0 / 6.0).abs() < 0.002 && (e.threshold - 0.5).abs() < 0.002, "{e:?}");
    }

    #[test]
    fn separate_similarities_have_no_error_and_reversed_ones_nothing_else() {
        let (low, high) = (evenly(0.0, 0.3, 50), evenly(0.6, 0.9, 7));
        assert_eq!(equal_error(&high, &low).expect("a rate").rate, 0.0);
        assert!(equal_error(&low, &high).expect("a rate").rate > 0.9);
        assert_eq!(equal_error(&[], &low), None);
        assert_eq!(equal_error(&high, &[f32::NAN]), None);
    }

    #[test]
    fn moments_and_matches_are_those_of_the_values() {
        let c = Comparisons::of(&[0.1, 0.2, 0.3, 0.4], 0.3);
        assert_eq!((c.count, c.matched.count), (4, 2));
        assert!((c.mean.expect("mean") - 0.25).abs() < 1e-7);
        assert!((c.deviation.expect("deviation") - 0.0125_f64.sqrt()).abs() < 1e-7);
        assert_eq!(Comparisons::of(&[], 0.3).mean, None);
    }
}
