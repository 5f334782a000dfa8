//! The same occupants seen twice, by A and by B: what changed, whether that is chance, and how large it may be.
//!
//! Occupants of one vehicle change together, so vehicles are what is drawn: [`PairedDifference`] has an interval that knows
//! of them, [`flip::FlipTest`] is the exact test over them. [`mcnemar::exact_p`] takes each occupant for itself.
pub mod flip;
pub mod mcnemar;
mod tango;

use serde::{Deserialize, Serialize};

use crate::spread::{Part, Spread};

/// One vehicle, seen by A and by B.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PairedCluster {
    /// Sampling weight > 0, in any unit. A vehicle with any other does not count.
    pub weight: f64,
    /// Occupants; a vehicle without any does not count.
    pub of: u64,
    /// How many of them hit in B but not in A.
    pub gained: u64,
    /// How many of them hit in A but not in B.
    pub lost: u64,
}

impl PairedCluster {
    /// Hits in B less hits in A.
    pub fn net(&self) -> i64 {
        self.gained as i64 - self.lost as i64
    }

    /// Whether it can be: no more occupants changed than there are.
    fn is_sound(&self) -> bool {
        self.gained.checked_add(self.lost).is_some_and(|changed| changed <= self.of)
    }
}

/// Share in B less share in A over the same occupants, −1 to 1, with a 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PairedDifference {
    /// Σ weight·(gained − lost) ÷ Σ weight·of.
    pub difference: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
    /// By how much the variance exceeds that of as many independent pairs; at least 1.
    pub design_effect: f64,
    /// How many independent pairs give an interval as wide.
    pub effective_n: f64,
}

impl PairedDifference {
    /// Tango's score interval of the weighted shares gained and lost, of an effective number of pairs: the variance of one
    /// pair, gained + lost − difference², ÷ the linearised variance over vehicles, with Student's t for its degrees of
    /// freedom, as for shares ([`crate::clustered`]).
    ///
    /// A score interval, because changes are rare: after one lost vehicle, or none, t·√variance promises far too much.
    /// Where no vehicle changed, vehicles are what is counted, and the ends are ±z² ÷ (m + z²) of m vehicles: 3.8 ÷ m, the
    /// two-sided rule of three. So the interval never has zero width.
    ///
    /// `None` without a vehicle that counts. A vehicle in which more changed than there are does not.
    pub fn new(clusters: &[PairedCluster]) -> Option<Self> {
        let sound: Vec<&PairedCluster> = clusters.iter().filter(|c| c.is_sound()).collect();
        let parts = |count: fn(&PairedCluster) -> f64| -> Vec<Part> {
            sound.iter().filter_map(|c| Part::new(c.weight, c.of, count(c))).collect()
        };
        let spread = Spread::of(&parts(|c| c.net() as f64))?;
        let gained = Spread::of(&parts(|c| c.gained as f64))?.ratio;
        let lost = Spread::of(&parts(|c| c.lost as f64))?.ratio;
        let difference = spread.ratio;
        let effective = spread.effective((gained + lost - difference * difference).max(0.0));
        let (low, high) = tango::interval(gained, lost, effective.n);
        Some(Self {
            difference,
            low: low.min(difference),
            high: high.max(difference),
            design_effect: effective.design_effect,
            effective_n: effective.n,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vehicle(of: u64, gained: u64, lost: u64) -> PairedCluster {
        PairedCluster { weight: 1.0, of, gained, lost }
    }

    #[test]
    fn a_published_example_has_its_published_interval() {
        // Fagerland, Lydersen and Laake 2013, airway hyper-responsiveness before and after transplantation, 21 children: 1
        // against 7. Tango's interval of the difference: −0.517 to −0.026.
        let pairs: Vec<_> = (0..21).map(|i| vehicle(1, u64::from(i == 0), u64::from((1..8).contains(&i)))).collect();
        let found = PairedDifference::new(&pairs).unwrap();
        assert!((found.difference + 6.0 / 21.0).abs() < 1e-12, "{found:?}");
        assert!((found.low + 0.517).abs() < 6e-4 && (found.high + 0.026).abs() < 6e-4, "{found:?}");
        assert_eq!(found.effective_n, 21.0);
    }

    #[test]
    fn without_any_change_vehicles_bound_it() {
        let found = PairedDifference::new(&[vehicle(4, 0, 0); 100]).unwrap();
        // z² ÷ (m + z²)
        assert!((found.high - 3.8415 / 103.8415).abs() < 1e-5 && (found.low + found.high).abs() < 1e-9, "{found:?}");
        assert_eq!(found.difference, 0.0);
        // One occupant lost: the interval moves down and does not shrink to a promise.
        let mut one = [vehicle(4, 0, 0); 100];
        one[7].lost = 1;
        let one = PairedDifference::new(&one).unwrap();
        assert!(one.low < -0.01 && one.high > 0.0 && one.high < found.high, "{one:?}");
    }

    #[test]
    fn a_change_of_everyone_keeps_a_width() {
        let found = PairedDifference::new(&[vehicle(3, 3, 0); 30]).unwrap();
        // Closed form of n vehicles: (n − z²) ÷ (n + z²).
        assert!(found.high == 1.0 && (found.low - 26.1585 / 33.8415).abs() < 1e-5, "{found:?}");
    }

    #[test]
    fn swapping_a_and_b_turns_it_round() {
        let seen = [vehicle(3, 2, 0), vehicle(5, 0, 1), vehicle(2, 1, 1), vehicle(4, 3, 0), vehicle(1, 0, 0)];
        let swapped = seen.map(|c| PairedCluster { gained: c.lost, lost: c.gained, ..c });
        let (one, other) = (PairedDifference::new(&seen).unwrap(), PairedDifference::new(&swapped).unwrap());
        assert!((one.difference + other.difference).abs() < 1e-12);
        assert!((one.low + other.high).abs() < 1e-9 && (one.high + other.low).abs() < 1e-9, "{one:?} {other:?}");
    }

    #[test]
    fn who_changes_together_counts_for_fewer() {
        let together: Vec<_> = (0..100).map(|i| vehicle(4, 0, if i % 10 == 0 { 4 } else { 0 })).collect();
        let alone: Vec<_> = (0..100).map(|i| vehicle(4, 0, if i % 10 < 4 { 1 } else { 0 })).collect();
        let (together, alone) = (PairedDifference::new(&together).unwrap(), PairedDifference::new(&alone).unwrap());
        assert!((together.difference - alone.difference).abs() < 1e-12);
        assert!(together.design_effect > 3.5 && together.high - together.low > 1.8 * (alone.high - alone.low));
    }

    #[test]
    fn what_cannot_be_does_not_count() {
        assert_eq!(PairedDifference::new(&[]), None);
        assert_eq!(PairedDifference::new(&[vehicle(2, 2, 1), vehicle(0, 0, 0), vehicle(9, u64::MAX, 1)]), None);
    }
}
