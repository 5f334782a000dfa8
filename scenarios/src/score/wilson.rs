//! Shares with their uncertainty.
use serde::{Deserialize, Serialize};

/// 97.5 % quantile of the standard normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// A share of a count with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// How many.
    pub count: u64,
    /// Of how many.
    pub of: u64,
    /// `count` ÷ `of`; `None` of nothing.
    pub share: Option<f64>,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end of the 95 % interval.
    pub high: f64,
}

impl Share {
    /// Wilson's score interval (E. B. Wilson, JASA 22, 1927): (p + z²/2n ± z √(p(1−p)/n + z²/4n²)) ÷ (1 + z²/n).
    pub fn new(count: u64, of: u64) -> Self {
        if of == 0 {
            return Self { count, of, share: None, low: 0.0, high: 1.0 };
        }
        let n = of as f64;
        let p = count as f64 / n;
        let middle = p + Z * Z / (2.0 * n);
        let half = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
        let scale = 1.0 + Z * Z / n;
        Self {
            count,
            of,
            share: Some(p),
            low: ((middle - half) / scale).clamp(0.0, p),
            high: ((middle + half) / scale).clamp(p, 1.0),
        }
    }

    /// Counts those of `items` that `hit`.
    pub fn of_items<'a, T: 'a>(items: impl IntoIterator<Item = &'a T>, hit: impl Fn(&T) -> bool) -> Self {
        let (mut count, mut of) = (0, 0);
        for item in items {
            of += 1;
            count += u64::from(hit(item));
        }
        Self::new(count, of)
    }

    /// "61 %", or "–" of nothing.
    pub fn percent(&self) -> String {
        self.share.map_or("–".to_owned(), |p| format!("{:.0} %", p * 100.0))
    }

    /// "48–73 %", or "–" of nothing.
    pub fn interval(&self) -> String {
        match self.share {
            Some(_) => format!("{:.0}–{:.0} %", self.low * 100.0, self.high * 100.0),
            None => "–".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Share;

    #[test]
    fn intervals_match_published_half_widths() {
        // Half-widths around 61 %: 6.7 points at n = 200, 3.0 at 1,000, 1.9 at 2,500.
        for (n, half) in [(200_u64, 6.7), (1000, 3.0), (2500, 1.9)] {
            let share = Share::new(n * 61 / 100, n);
            assert!(((share.high - share.low) * 50.0 - half).abs() < 0.06, "{share:?}");
        }
    }

    #[test]
    fn none_and_all_stay_inside_the_unit_interval() {
        let none = Share::new(0, 10);
        // Closed form at p = 0: the upper end is z² ÷ (n + z²).
        assert!((none.high - 3.8415 / 13.8415).abs() < 1e-4);
        assert!(none.low.abs() < 1e-12);
        let all = Share::new(10, 10);
        assert!((all.low - (1.0 - none.high)).abs() < 1e-12);
        assert_eq!(Share::new(0, 0).percent(), "–");
    }
}
