//! Normal and Student distributions, and the exact interval of a share, over the special functions of `statrs`.
use statrs::function::beta::{beta_reg, inv_beta_reg};
use statrs::function::erf::{erfc, erfc_inv};

/// Probability that a standard normal value is at most `x`.
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * erfc(-x / std::f64::consts::SQRT_2)
}

/// The standard normal value that a share `p` lies below; −∞ for `p` ≤ 0, ∞ for `p` ≥ 1.
pub fn normal_quantile(p: f64) -> f64 {
    if p <= 0.0 {
        f64::NEG_INFINITY
    } else if p >= 1.0 {
        f64::INFINITY
    } else {
        -std::f64::consts::SQRT_2 * erfc_inv(2.0 * p)
    }
}

/// Degrees of freedom from which on Student's t is told from the normal distribution by less than 10⁻⁶.
const AS_GOOD_AS_NORMAL: f64 = 1e6;

/// Probability that Student's t with `degrees` > 0 degrees of freedom is at most `x`: for x ≤ 0 half of
/// I(ν ÷ (ν + x²); ν/2, ½) (Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.1). NaN for `degrees` ≤ 0.
pub fn student_cdf(x: f64, degrees: f64) -> f64 {
    if degrees.is_nan() || degrees <= 0.0 || x.is_nan() {
        return f64::NAN;
    }
    if degrees > AS_GOOD_AS_NORMAL {
        return normal_cdf(x);
    }
    let tail = 0.5 * beta_reg(degrees / 2.0, 0.5, (degrees / (degrees + x * x)).clamp(0.0, 1.0));
    if x <= 0.0 { tail } else { 1.0 - tail }
}

/// The value that a share `p` of Student's t with `degrees` > 0 degrees of freedom lies below; infinite for `p` outside 0
/// to 1 and NaN for `degrees` ≤ 0.
pub fn student_quantile(p: f64, degrees: f64) -> f64 {
    if degrees.is_nan() || degrees <= 0.0 {
        return f64::NAN;
    }
    if degrees > AS_GOOD_AS_NORMAL || p <= 0.0 || p >= 1.0 {
        return normal_quantile(p);
    }
    // t² ÷ (ν + t²) has the beta distribution (½, ν/2); the share of |t| below the wanted one is |2p − 1|.
    let part = inv_beta_reg(0.5, degrees / 2.0, (2.0 * p - 1.0).abs());
    (degrees * part / (1.0 - part)).sqrt().copysign(p - 0.5)
}

/// The share of the beta distribution (`a`, `b`) is `p` below this value. By halving, because the quantile of `statrs` may
/// stop early in the tails that intervals are made of.
fn beta_quantile(p: f64, a: f64, b: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if beta_reg(a, b, middle) < p { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

/// Ends of the exact 95 % interval of a share, `count` of `of` independent items (Clopper and Pearson, Biometrika 26,
/// 1934): quantiles of the beta distributions (x, n − x + 1) and (x + 1, n − x). It never covers less than 95 %, so is
/// wider than Wilson's. Of nothing: 0 to 1. More than all count as all.
pub fn exact_interval(count: u64, of: u64) -> (f64, f64) {
    if of == 0 {
        return (0.0, 1.0);
    }
    let (x, n) = (count.min(of) as f64, of as f64);
    let low = if count == 0 { 0.0 } else { beta_quantile(0.025, x, n - x + 1.0) };
    let high = if count >= of { 1.0 } else { beta_quantile(0.975, x + 1.0, n - x) };
    (low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_values_match_published_tables() {
        // Abramowitz and Stegun, tables 26.1 and 26.5.
        for (x, p) in
            [(0.0, 0.5), (1.0, 0.841_344_746_068_543), (-2.0, 0.022_750_131_948_179), (3.0, 0.998_650_101_968)]
        {
            assert!((normal_cdf(x) - p).abs() < 1e-10, "{x}");
        }
        for (p, x) in [(0.975, 1.959_963_984_540_054), (0.8, 0.841_621_233_572_914), (0.001, -3.090_232_306_167_813)] {
            assert!((normal_quantile(p) - x).abs() < 1e-9, "{p}");
        }
        assert_eq!((normal_quantile(0.0), normal_quantile(1.0)), (f64::NEG_INFINITY, f64::INFINITY));
    }

    #[test]
    fn student_quantiles_match_published_tables() {
        // Abramowitz and Stegun, table 26.10; one degree of freedom is Cauchy's distribution: tan(π(p − ½)).
        for (p, degrees, t) in [
            (0.975, 1.0, 12.706_204_736),
            (0.975, 2.0, 4.302_652_730),
            (0.975, 5.0, 2.570_581_836),
            (0.95, 10.0, 1.812_461_123),
            (0.975, 30.0, 2.042_272_456),
            (0.995, 7.0, 3.499_483_297),
            (0.975, 120.0, 1.979_930_405),
        ] {
            assert!((student_quantile(p, degrees) - t).abs() < 1e-7, "{p} {degrees}");
            assert!((student_quantile(1.0 - p, degrees) + t).abs() < 1e-7, "{p} {degrees}");
        }
        assert!(student_quantile(0.5, 3.0).abs() < 1e-9);
        assert!((student_quantile(0.975, 1e7) - 1.959_963_984_5).abs() < 1e-6);
        assert!(student_quantile(0.9, 0.0).is_nan() && student_cdf(0.1, -1.0).is_nan());
    }

    #[test]
    fn student_cdf_undoes_the_quantile() {
        for degrees in [1.0, 2.5, 9.0, 99.0, 5000.0] {
            for p in [0.001, 0.025, 0.3, 0.5, 0.9, 0.999] {
                let back = student_cdf(student_quantile(p, degrees), degrees);
                assert!((back - p).abs() < 1e-8, "{p} {degrees}");
            }
        }
    }

    #[test]
    fn exact_intervals_have_tails_of_a_fortieth() {
        // By hand at the ends: 1 − 0.025^(1/n).
        let (low, high) = exact_interval(0, 10);
        assert!(low == 0.0 && (high - (1.0 - 0.025f64.powf(0.1))).abs() < 1e-12);
        let (all, one) = exact_interval(10, 10);
        assert!((all + high - 1.0).abs() < 1e-12 && one == 1.0);
        assert_eq!(exact_interval(0, 0), (0.0, 1.0));
        // Between them: the binomial tails summed directly.
        for (count, of) in [(3u64, 10u64), (61, 100), (970, 1000), (61_000, 100_000)] {
            let (low, high) = exact_interval(count, of);
            let tail = |p: f64, from: u64, to: u64| -> f64 {
                let ln = |k: u64| (1..=k).map(|i| (i as f64).ln()).sum::<f64>();
                let mut term =
                    ln(of) - ln(from) - ln(of - from) + from as f64 * p.ln() + (of - from) as f64 * (-p).ln_1p();
                let mut sum = 0.0;
                for k in from..=to {
                    sum += term.exp();
                    term += ((of - k) as f64 / (k + 1) as f64 * p / (1.0 - p)).ln();
                }
                sum
            };
            assert!((tail(low, count, of) - 0.025).abs() < 1e-6, "{count} of {of}: {}", tail(low, count, of));
            assert!((tail(high, 0, count) - 0.025).abs() < 1e-6, "{count} of {of}: {}", tail(high, 0, count));
        }
    }
}
