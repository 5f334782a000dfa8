//! Tango's score interval of a difference of paired shares.
use crate::share::Z;

/// Ends of Tango's 95 % interval (T. Tango, Statistics in Medicine 17, 1998) of `gained` − `lost`, shares of `n` pairs; `n`
/// need not be whole. They are the differences δ at which |T(δ)| = z, with
/// T(δ) = (n·gained − n·lost − nδ) ÷ √(n(2q + δ(1 − δ))) and q the likeliest share lost if the difference is δ:
/// q = (√(B² − 4AC) − B) ÷ 2A, A = 2n, B = −n·gained − n·lost + (2n − n·gained + n·lost)δ, C = −n·lost·δ(1 − δ).
pub(super) fn interval(gained: f64, lost: f64, n: f64) -> (f64, f64) {
    if n <= 0.0 {
        return (-1.0, 1.0);
    }
    let difference = gained - lost;
    // All divided by n: only the statistic itself keeps it.
    let statistic = |delta: f64| {
        let b = -gained - lost + (2.0 - difference) * delta;
        let c = -lost * delta * (1.0 - delta);
        let q = ((b * b - 8.0 * c).max(0.0).sqrt() - b) / 4.0;
        let variance = 2.0 * q + delta * (1.0 - delta);
        // Where the hypothesis leaves nothing to chance, any departure from it speaks against it.
        if variance > 0.0 { n.sqrt() * (difference - delta).abs() / variance.sqrt() } else { f64::INFINITY }
    };
    // |T| grows from 0 at the observed difference towards either bound.
    let end = |bound: f64| {
        let (mut inside, mut outside) = (difference, bound);
        for _ in 0..80 {
            let middle = 0.5 * (inside + outside);
            if statistic(middle) < Z { inside = middle } else { outside = middle }
        }
        inside
    };
    (end(-1.0), end(1.0))
}

#[cfg(test)]
mod tests {
    use super::interval;

    #[test]
    fn many_pairs_approach_the_normal_interval() {
        let (low, high) = interval(0.06, 0.04, 100_000.0);
        let half = 1.959_964 * ((0.1 - 0.0004) / 1e5f64).sqrt();
        assert!((low - (0.02 - half)).abs() < 1e-5 && (high - (0.02 + half)).abs() < 1e-5, "{low} {high}");
    }

    #[test]
    fn of_nothing_everything_is_possible() {
        assert_eq!(interval(0.0, 0.0, 0.0), (-1.0, 1.0));
    }

    #[test]
    fn ends_stay_between_minus_one_and_one() {
        for (gained, lost) in [(1.0, 0.0), (0.0, 1.0), (0.5, 0.5), (0.0, 0.0), (0.9, 0.1)] {
            for n in [0.5, 1.0, 7.0, 1000.0] {
                let (low, high) = interval(gained, lost, n);
                assert!(-1.0 <= low && low <= gained - lost && gained - lost <= high && high <= 1.0);
                assert!(high - low > 1e-4, "{gained} {lost} {n}");
            }
        }
    }
}
