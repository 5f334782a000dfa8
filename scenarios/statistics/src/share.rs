//! Shares with their uncertainty, where every item counts for itself or, [of vehicles](Share::of_clusters), with those beside it.
use serde::{Deserialize, Serialize};

use crate::clustered::{Cluster, ClusteredShare};

/// 97.5 % quantile of the standard normal distribution: every interval here is one of 95 %.
pub(crate) const Z: f64 = 1.959_963_984_540_054;

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
    /// What the interval knows of vehicles; `None` where every item counts for itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vehicles: Option<OfVehicles>,
}

/// What a share of items in vehicles has besides, see [`ClusteredShare`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct OfVehicles {
    /// In how many vehicles.
    pub count: u64,
    /// See [`ClusteredShare::design_effect`].
    pub design_effect: f64,
    /// See [`ClusteredShare::effective_n`].
    pub effective_n: f64,
    /// See [`ClusteredShare::bootstrap_low`].
    pub bootstrap_low: f64,
    /// See [`ClusteredShare::bootstrap_high`].
    pub bootstrap_high: f64,
}

impl Share {
    /// The share and its interval, [`wilson`]'s.
    pub fn new(count: u64, of: u64) -> Self {
        if of == 0 {
            return Self { count, of, share: None, low: 0.0, high: 1.0, vehicles: None };
        }
        let p = count as f64 / of as f64;
        let (low, high) = wilson(p, of as f64);
        Self { count, of, share: Some(p), low, high, vehicles: None }
    }

    /// The share of items that come in vehicles, weighted as these are, with an interval that knows that those of one vehicle
    /// are alike; the bootstrap beside it draws from the stream of seed 0.
    pub fn of_clusters(clusters: &[Cluster]) -> Self {
        let clustered = ClusteredShare::new(clusters, 0);
        let ClusteredShare { count, of, share, low, high, .. } = clustered;
        let ClusteredShare { vehicles, design_effect, effective_n, bootstrap_low, bootstrap_high, .. } = clustered;
        let of_vehicles = OfVehicles { count: vehicles, design_effect, effective_n, bootstrap_low, bootstrap_high };
        Self { count, of, share, low, high, vehicles: Some(of_vehicles) }
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

/// Ends of Wilson's 95 % score interval (E. B. Wilson, JASA 22, 1927) of a share `p` of `n` independent items:
/// (p + z²/2n ± z √(p(1−p)/n + z²/4n²)) ÷ (1 + z²/n). `n` may be an effective number, so need not be whole. Of nothing
/// (n ≤ 0) nothing is known: 0 to 1.
pub fn wilson(p: f64, n: f64) -> (f64, f64) {
    if n <= 0.0 {
        return (0.0, 1.0);
    }
    let middle = p + Z * Z / (2.0 * n);
    let half = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    // By turns, because `clamp` panics at a `p` that is no share.
    (((middle - half) / scale).max(0.0).min(p), ((middle + half) / scale).max(p).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::{Share, wilson};

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
        assert_eq!(wilson(0.5, 0.0), (0.0, 1.0));
    }

    #[test]
    fn items_are_counted_and_said_in_percent() {
        let share = Share::of_items(&[1, 2, 3, 4], |n| *n > 1);
        assert_eq!((share.count, share.of), (3, 4));
        assert_eq!((share.percent(), share.interval()), ("75 %".to_owned(), "30–95 %".to_owned()));
        assert_eq!(Share::new(0, 0).interval(), "–");
    }

    #[test]
    fn the_serialised_form_keeps_its_names() {
        let json = serde_json::to_string(&Share::new(0, 0)).unwrap();
        assert_eq!(json, r#"{"count":0,"of":0,"share":null,"low":0.0,"high":1.0}"#);
    }
}
