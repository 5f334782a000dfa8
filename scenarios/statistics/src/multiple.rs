//! Several comparisons at once: none may be called a finding only because there were many.
use serde::{Deserialize, Serialize};

/// What one of several comparisons comes to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// The comparison's own p.
    pub p: f64,
    /// p to be compared with the level of the whole family.
    pub adjusted: f64,
    /// Whether `adjusted` is at most that level.
    pub rejected: bool,
}

/// Holm's step-down procedure (S. Holm, Scandinavian Journal of Statistics 6, 1979), in the order of `p`: the chance of one
/// false rejection or more is at most `alpha`, whatever the dependence. Of m values the i-th smallest is multiplied by
/// m − i + 1, and no adjusted p is smaller than one before it. A p that is no number counts as 1.
pub fn holm(p: &[f64], alpha: f64) -> Vec<Decision> {
    let clean = |p: f64| if p.is_nan() { 1.0 } else { p.clamp(0.0, 1.0) };
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| clean(p[*a]).total_cmp(&clean(p[*b])));
    let mut decisions: Vec<Decision> =
        p.iter().map(|p| Decision { p: clean(*p), adjusted: 1.0, rejected: false }).collect();
    let mut least = 0.0f64;
    for (rank, index) in order.into_iter().enumerate() {
        let decision = &mut decisions[index];
        least = least.max((decision.p * (p.len() - rank) as f64).min(1.0));
        decision.adjusted = least;
        decision.rejected = least <= alpha;
    }
    decisions
}

#[cfg(test)]
mod tests {
    use super::holm;

    #[test]
    fn a_case_by_hand() {
        // 0.005·4, 0.01·3, 0.03·2, then 0.04·1, which may not fall below 0.06.
        let found = holm(&[0.01, 0.04, 0.03, 0.005], 0.05);
        let adjusted: Vec<f64> = found.iter().map(|d| d.adjusted).collect();
        for (found, wanted) in adjusted.iter().zip([0.03, 0.06, 0.06, 0.02]) {
            assert!((found - wanted).abs() < 1e-12, "{adjusted:?}");
        }
        assert_eq!(found.iter().map(|d| d.rejected).collect::<Vec<_>>(), [true, false, false, true]);
    }

    #[test]
    fn one_comparison_stays_as_it_is_and_none_is_none() {
        assert_eq!(holm(&[0.03], 0.05)[0].adjusted, 0.03);
        assert!(holm(&[], 0.05).is_empty());
        assert_eq!(holm(&[f64::NAN, 0.9], 0.05)[0].adjusted, 1.0);
    }

    #[test]
    fn adjusted_values_keep_the_order_and_never_shrink() {
        let p: Vec<f64> = (0..40).map(|i| f64::from(i * 17 % 40) / 60.0).collect();
        let found = holm(&p, 0.05);
        for a in &found {
            assert!(a.adjusted >= a.p && a.adjusted <= 1.0);
            assert!(found.iter().all(|b| a.p > b.p || a.adjusted <= b.adjusted));
        }
    }
}
