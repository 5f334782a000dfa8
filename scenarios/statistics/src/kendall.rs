//! Kendall's rank correlation, with ties.

/// Kendall's τ-b of pairs of values (Kendall, The treatment of ties in ranking problems, Biometrika 33, 1945): concordant
/// less discordant pairs ÷ √((pairs untied in the first)·(pairs untied in the second)). 1: the same order, −1: the opposite.
/// `None` where one of the two is the same everywhere, so that there is no order to compare.
pub fn tau_b(values: &[(f64, f64)]) -> Option<f64> {
    let (mut agree, mut first, mut second) = (0i64, 0i64, 0i64);
    for (i, (a, b)) in values.iter().enumerate() {
        for (c, d) in &values[i + 1..] {
            let sign = |x: &f64, y: &f64| i64::from(x < y) - i64::from(x > y);
            let (x, y) = (sign(a, c), sign(b, d));
            agree += x * y;
            first += x * x;
            second += y * y;
        }
    }
    let norm = (first as f64 * second as f64).sqrt();
    (norm > 0.0).then(|| agree as f64 / norm)
}

#[cfg(test)]
mod tests {
    use super::tau_b;

    #[test]
    fn order_its_reverse_and_one_swap() {
        let order = |second: &[f64]| -> Vec<(f64, f64)> { (0..).map(f64::from).zip(second.iter().copied()).collect() };
        assert_eq!(tau_b(&order(&[1.0, 2.0, 3.0, 4.0])), Some(1.0));
        assert_eq!(tau_b(&order(&[4.0, 3.0, 2.0, 1.0])), Some(-1.0));
        // One of six pairs is turned round: (5 − 1) ÷ 6.
        assert!((tau_b(&order(&[2.0, 1.0, 3.0, 4.0])).unwrap() - 4.0 / 6.0).abs() < 1e-12);
    }

    #[test]
    fn ties_count_neither_way_and_shorten_the_norm() {
        // Pairs: 1–2 tied in the first, 2–3 and 1–3 agree: 2 ÷ √(2·3).
        let values = [(1.0, 1.0), (1.0, 2.0), (2.0, 3.0)];
        assert!((tau_b(&values).unwrap() - 2.0 / 6f64.sqrt()).abs() < 1e-12);
        assert_eq!(tau_b(&[(1.0, 1.0), (1.0, 2.0)]), None);
        assert_eq!(tau_b(&[]), None);
    }
}
