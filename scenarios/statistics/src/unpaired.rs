//! Two shares of different vehicles, A's and B's.
use serde::{Deserialize, Serialize};

use crate::clustered::ClusteredShare;
use crate::normal::normal_cdf;

/// The largest margin: at 1 no share would be left for B.
const MOST: f64 = 0.999_999;

/// Share in B less share in A, independent of each other, with a 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct UnpairedDifference {
    /// B's share less A's.
    pub difference: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
    /// p of "B is at most `margin` below A" (one-sided): small where B is worse than A by more than the margin.
    pub p_worse: f64,
}

impl UnpairedDifference {
    /// The interval is Newcombe's hybrid score interval (R. G. Newcombe, Statistics in Medicine 17, 1998, method 10) of the
    /// two Wilson intervals, which know of vehicles: below the difference lies √((b − b_low)² + (a_high − a)²), above it
    /// √((b_high − b)² + (a − a_low)²). `p_worse` is Farrington and Manning's score test (Statistics in Medicine 9, 1990):
    /// z = (a − b − margin) ÷ its standard error under the likeliest shares that are `margin` apart, of the effective
    /// numbers of occupants. `margin` is a share, from 0 to below 1; others count as the nearest of these, and no number as 0.
    ///
    /// `None` where one of the two is a share of nothing.
    pub fn new(a: &ClusteredShare, b: &ClusteredShare, margin: f64) -> Option<Self> {
        let (share_a, share_b) = (a.share?, b.share?);
        let margin = if margin.is_nan() { 0.0 } else { margin.clamp(0.0, MOST) };
        let difference = share_b - share_a;
        Some(Self {
            difference,
            low: (difference - (share_b - b.low).hypot(a.high - share_a)).max(-1.0),
            high: (difference + (b.high - share_b).hypot(share_a - a.low)).min(1.0),
            p_worse: p_worse((share_a, a.effective_n), (share_b, b.effective_n), margin),
        })
    }
}

/// One-sided p of shares `a` and `b`, each with its effective number of occupants. ½ where both hypotheses leave nothing to
/// chance.
fn p_worse((a, n_a): (f64, f64), (b, n_b): (f64, f64), margin: f64) -> f64 {
    // The likeliest share x of A while B's is x − margin: where the log-likelihood, which is concave, stops rising.
    let rise = |share: f64, n: f64, x: f64| {
        let hits = if share > 0.0 { n * share / x } else { 0.0 };
        let misses = if share < 1.0 { n * (1.0 - share) / (1.0 - x) } else { 0.0 };
        hits - misses
    };
    let (mut low, mut high) = (margin, 1.0);
    for _ in 0..100 {
        let x = 0.5 * (low + high);
        if rise(a, n_a, x) + rise(b, n_b, x - margin) > 0.0 { low = x } else { high = x }
    }
    let likeliest = 0.5 * (low + high);
    let variance = |x: f64, n: f64| x.clamp(0.0, 1.0) * (1.0 - x.clamp(0.0, 1.0)) / n;
    let error = (variance(likeliest, n_a) + variance(likeliest - margin, n_b)).sqrt();
    let excess = a - b - margin;
    if error < 1e-12 && excess.abs() < 1e-12 { 0.5 } else { normal_cdf(-excess / error.max(1e-12)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clustered::Cluster;

    /// Independent occupants.
    fn share(hits: u64, of: u64) -> ClusteredShare {
        let person = |i| Cluster { weight: 1.0, hits: u64::from(i < hits), of: 1 };
        ClusteredShare::with_resamples(&(0..of).map(person).collect::<Vec<_>>(), 1, 0)
    }

    #[test]
    fn published_examples_have_their_published_intervals() {
        // Newcombe 1998, table II, method 10: 56/70 − 48/80, 9/10 − 3/10, 6/7 − 2/7, 5/56 − 0/29, 10/10 − 0/10.
        for ((b, m), (a, n), low, high) in [
            ((56, 70), (48, 80), 0.0524, 0.3339),
            ((9, 10), (3, 10), 0.1705, 0.8090),
            ((6, 7), (2, 7), 0.0582, 0.8062),
            ((5, 56), (0, 29), -0.0381, 0.1926),
            ((10, 10), (0, 10), 0.6075, 1.0),
        ] {
            let found = UnpairedDifference::new(&share(a, n), &share(b, m), 0.0).unwrap();
            assert!((found.low - low).abs() < 6e-5 && (found.high - high).abs() < 6e-5, "{found:?}");
        }
    }

    #[test]
    fn without_a_margin_the_test_is_the_pooled_one() {
        // z = 0.1 ÷ √(0.75·0.25·(1/100 + 1/100)) = 1.63299, one-sided.
        let found = UnpairedDifference::new(&share(80, 100), &share(70, 100), 0.0).unwrap();
        assert!((found.p_worse - normal_cdf(-0.1 / (0.75f64 * 0.25 / 50.0).sqrt())).abs() < 1e-9, "{found:?}");
        let turned = UnpairedDifference::new(&share(70, 100), &share(80, 100), 0.0).unwrap();
        assert!((turned.p_worse + found.p_worse - 1.0).abs() < 1e-9);
    }

    #[test]
    fn at_the_margin_nothing_is_decided() {
        let found = UnpairedDifference::new(&share(90, 100), &share(80, 100), 0.1).unwrap();
        assert!((found.p_worse - 0.5).abs() < 1e-9, "{found:?}");
        let p = |margin| UnpairedDifference::new(&share(95, 100), &share(60, 100), margin).unwrap().p_worse;
        assert_eq!(p(f64::NAN), p(0.0));
        assert!(p(0.0) < p(0.1) && p(0.1) < p(0.2) && p(0.2) < p(0.4), "a larger margin is harder to exceed");
    }

    #[test]
    fn all_and_none_are_no_certainty() {
        let same = UnpairedDifference::new(&share(10, 10), &share(10, 10), 0.0).unwrap();
        assert!(same.low < -0.2 && same.high > 0.2 && same.p_worse == 0.5, "{same:?}");
        let fell = UnpairedDifference::new(&share(10, 10), &share(0, 10), 0.0).unwrap();
        assert!(fell.p_worse < 1e-4 && fell.difference == -1.0, "{fell:?}");
        assert_eq!(UnpairedDifference::new(&share(0, 0), &share(1, 2), 0.0), None);
    }
}
