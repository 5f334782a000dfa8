//! McNemar's test in its exact form, each occupant for itself.

/// Two-sided p of `won` against `lost` changes under the hypothesis that both are equally likely: twice the binomial tail
/// of the rarer one at ½, at most 1 (exact conditional test; Fagerland, Lydersen and Laake, BMC Medical Research
/// Methodology 13:91, 2013). Without any change p is 1.
pub fn exact_p(won: u64, lost: u64) -> f64 {
    let n = won + lost;
    let rarer = won.min(lost);
    // C(n, k) ÷ 2ⁿ, each from the one before; by logarithms where 2⁻ⁿ leaves the range of a double.
    let by_logarithms = n > 1000;
    let mut term = if by_logarithms { -(n as f64) * std::f64::consts::LN_2 } else { 0.5f64.powi(n as i32) };
    let mut tail = if by_logarithms { term.exp() } else { term };
    for k in 1..=rarer {
        let (above, below) = ((n - k + 1) as f64, k as f64);
        if by_logarithms {
            term += above.ln() - below.ln();
            tail += term.exp();
        } else {
            term *= above / below;
            tail += term;
        }
    }
    (2.0 * tail).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::exact_p;

    #[test]
    fn a_published_example_has_its_published_p() {
        // Fagerland et al. 2013, airway hyper-responsiveness before and after transplantation: 1 against 7, p = 0.0703.
        assert!((exact_p(1, 7) - 0.0703).abs() < 5e-5);
        assert!((exact_p(1, 7) - 18.0 / 256.0).abs() < 1e-12);
    }

    #[test]
    fn small_counts_match_the_binomial_by_hand() {
        for (won, lost, p) in [
            (0, 0, 1.0),
            (1, 0, 1.0),
            (5, 5, 1.0),
            (0, 5, 2.0 / 32.0),
            (0, 6, 2.0 / 64.0),
            (2, 8, 2.0 * 56.0 / 1024.0),
            (3, 12, 2.0 * 576.0 / 32768.0),
        ] {
            assert!((exact_p(won, lost) - p).abs() < 1e-12, "{won} {lost}");
            assert!((exact_p(lost, won) - p).abs() < 1e-12, "{lost} {won}");
        }
    }

    #[test]
    fn large_counts_approach_the_normal_with_continuity_correction() {
        // z = (|b − c| − 1) ÷ √(b + c) = 1.9153 at 1100 against 1011: two-sided 0.05545.
        let z: f64 = (1100.0 - 1011.0 - 1.0) / 2111f64.sqrt();
        assert!((z - 1.9153).abs() < 1e-4);
        assert!((exact_p(1100, 1011) - 0.05545).abs() < 1e-4, "{}", exact_p(1100, 1011));
    }
}
