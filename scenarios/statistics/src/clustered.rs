//! Shares of occupants who come in vehicles: those of one vehicle are alike, so say less than as many strangers would.
//!
//! A vehicle with a bad pane loses everyone behind it. Taken as independent, its occupants promise an interval that is too
//! narrow by √(design effect). Here vehicles are what is drawn, and an occupant is a part of one.
use rand::Rng as _;
use serde::{Deserialize, Serialize};

use crate::random::stream;
use crate::share::wilson;
use crate::spread::{Part, Spread};

/// How often the vehicles are drawn again for the bootstrap.
pub const RESAMPLES: usize = 2000;

/// One vehicle.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Cluster {
    /// Sampling weight > 0, in any unit: how many vehicles it stands for. A vehicle with any other does not count.
    pub weight: f64,
    /// How many of its occupants hit; more than `of` count as `of`.
    pub hits: u64,
    /// Of how many occupants; a vehicle without any does not count.
    pub of: u64,
}

/// A share of occupants with 95 % intervals that know of vehicles.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ClusteredShare {
    /// How many occupants hit, unweighted.
    pub count: u64,
    /// Of how many, unweighted.
    pub of: u64,
    /// In how many vehicles.
    pub vehicles: u64,
    /// Weighted share, Σ weight·hits ÷ Σ weight·of; `None` of nothing.
    pub share: Option<f64>,
    /// Lower end of Wilson's interval of `share` of `effective_n`.
    pub low: f64,
    /// Upper end of it.
    pub high: f64,
    /// By how much the variance of `share` exceeds that of as many unweighted independent occupants: at least 1, and at
    /// least what the weights alone cost. 1 of nothing.
    pub design_effect: f64,
    /// How many independent occupants give an interval as wide: `of` ÷ `design_effect`, less what is lost because the
    /// design effect is itself estimated.
    pub effective_n: f64,
    /// Lower end of the bootstrap's interval: vehicles drawn again with replacement, percentiles of the share (Efron and
    /// Tibshirani, An Introduction to the Bootstrap, 1993, 13.3). Where no draw gives another share (all hit, none, one
    /// vehicle) it knows of no spread, and `low` and `high` stand here.
    pub bootstrap_low: f64,
    /// Upper end of it.
    pub bootstrap_high: f64,
}

impl ClusteredShare {
    /// The share over `clusters`, with a bootstrap of [`RESAMPLES`] draws from the stream of `seed`.
    pub fn new(clusters: &[Cluster], seed: u64) -> Self {
        Self::with_resamples(clusters, seed, RESAMPLES)
    }

    /// The same with fewer or more draws. Below 40 there is no 2.5 % percentile: the bootstrap's ends are then `low` and
    /// `high`. Takes `resamples` × vehicles steps.
    pub fn with_resamples(clusters: &[Cluster], seed: u64, resamples: usize) -> Self {
        let (mut parts, mut count, mut of) = (Vec::with_capacity(clusters.len()), 0, 0);
        for cluster in clusters {
            let hits = cluster.hits.min(cluster.of);
            if let Some(part) = Part::new(cluster.weight, cluster.of, hits as f64) {
                parts.push(part);
                count += hits;
                of += cluster.of;
            }
        }
        let Some(spread) = Spread::of(&parts) else { return Self::nothing() };
        // Rounding of weights must not make a share of all anything but 1.
        let share = if count == of { 1.0 } else { spread.ratio.clamp(0.0, 1.0) };
        let effective = spread.effective(share * (1.0 - share));
        let (low, high) = wilson(share, effective.n);
        let (bootstrap_low, bootstrap_high) = bootstrap(&parts, seed, resamples).unwrap_or((low, high));
        Self {
            count,
            of,
            vehicles: parts.len() as u64,
            share: Some(share),
            low,
            high,
            design_effect: effective.design_effect,
            effective_n: effective.n,
            bootstrap_low,
            bootstrap_high,
        }
    }

    /// The share of vehicles of which everyone hit. Each counts as one, by its weight; with equal weights the interval is
    /// Wilson's plain one over vehicles.
    pub fn whole_vehicles(clusters: &[Cluster], seed: u64) -> Self {
        let whole = |c: &Cluster| Cluster { hits: u64::from(c.hits >= c.of), of: u64::from(c.of > 0), ..*c };
        Self::new(&clusters.iter().map(whole).collect::<Vec<_>>(), seed)
    }

    fn nothing() -> Self {
        Self {
            count: 0,
            of: 0,
            vehicles: 0,
            share: None,
            low: 0.0,
            high: 1.0,
            design_effect: 1.0,
            effective_n: 0.0,
            bootstrap_low: 0.0,
            bootstrap_high: 1.0,
        }
    }
}

/// The 2.5 % and 97.5 % percentiles of the share over vehicles drawn again; `None` where they show no spread.
fn bootstrap(parts: &[Part], seed: u64, resamples: usize) -> Option<(f64, f64)> {
    let beyond = (resamples + 1) / 40;
    if beyond == 0 {
        return None;
    }
    let weighted: Vec<(f64, f64)> = parts.iter().map(|p| (p.weight * p.count, p.weight * p.of)).collect();
    let mut rng = stream(seed, 0, "bootstrap");
    let mut shares: Vec<f64> = (0..resamples)
        .map(|_| {
            let (mut hits, mut of) = (0.0, 0.0);
            for _ in 0..weighted.len() {
                let (h, n) = weighted[rng.random_range(0..weighted.len())];
                hits += h;
                of += n;
            }
            (hits / of).min(1.0)
        })
        .collect();
    shares.sort_by(f64::total_cmp);
    let (low, high) = (shares[beyond - 1], shares[resamples - beyond]);
    (high - low > 1e-12).then_some((low, high))
}

#[cfg(test)]
mod tests {
    use rand::Rng as _;

    use super::*;
    use crate::share::Share;

    fn close(a: f64, b: f64, within: f64) -> bool {
        (a - b).abs() <= within
    }

    /// Vehicles of 1 to 7 whose occupants hit or miss together three times of four.
    fn fleet(vehicles: usize, seed: u64) -> Vec<Cluster> {
        let mut rng = stream(seed, 0, "fleet");
        let mut vehicle = || {
            let of = rng.random_range(1..=7);
            let together = rng.random_bool(0.75).then(|| rng.random_bool(0.7));
            let hits = (0..of).filter(|_| together.unwrap_or_else(|| rng.random_bool(0.7))).count() as u64;
            Cluster { weight: 1.0, hits, of }
        };
        (0..vehicles).map(|_| vehicle()).collect()
    }

    fn split(clusters: &[Cluster]) -> Vec<Cluster> {
        let person = |c: &Cluster, i| Cluster { hits: u64::from(i < c.hits), of: 1, ..*c };
        clusters.iter().flat_map(|c| (0..c.of).map(move |i| person(c, i))).collect()
    }

    #[test]
    fn a_small_case_by_hand() {
        // r = 4/6; residuals 2 − 4/3, 2 − 2, 0 − 2/3: variance 3/2 · (4/9 + 4/9) ÷ 36 = 1/27; 2/9 ÷ 1/27 = 6 occupants,
        // all of them. Degrees: 2·(8/9)² ÷ (32/81 − 64/243) = 12, of three vehicles at most 2, at least 4.
        let clusters = [(2, 2), (2, 3), (0, 1)].map(|(hits, of)| Cluster { weight: 1.0, hits, of });
        let share = ClusteredShare::new(&clusters, 1);
        assert!(close(share.share.unwrap(), 4.0 / 6.0, 1e-12) && close(share.design_effect, 1.0, 1e-9), "{share:?}");
        let unsure: f64 = 1.959_963_985 / 2.776_445_105;
        assert!(close(share.effective_n, 6.0 * unsure * unsure, 1e-6), "{share:?}");
        assert_eq!((share.count, share.of, share.vehicles), (4, 6, 3));
    }

    #[test]
    fn single_persons_have_no_design_effect() {
        let fleet = fleet(200, 1);
        let clustered = ClusteredShare::new(&fleet, 1);
        assert!(clustered.design_effect > 2.5, "{clustered:?}");
        let single = ClusteredShare::new(&split(&fleet), 1);
        let plain = Share::new(single.count, single.of);
        assert_eq!((single.share, single.low, single.high), (plain.share, plain.low, plain.high));
        assert!(close(single.design_effect, 1.0, 1e-12) && close(single.effective_n, single.of as f64, 1e-9));
        assert!(clustered.high - clustered.low > 1.5 * (single.high - single.low));
        // One pair among them makes the spread something to be estimated, and hardly changes it.
        let mut pair = split(&fleet);
        pair[0].of += 1;
        assert!(close(ClusteredShare::new(&pair, 1).design_effect, 1.0, 0.02));
    }

    #[test]
    fn twice_the_vehicles_halve_the_squared_width() {
        let once = fleet(300, 2);
        let twice = [once.clone(), once.clone()].concat();
        let width = |c: &[Cluster]| ClusteredShare::new(c, 1).high - ClusteredShare::new(c, 1).low;
        assert!(close((width(&once) / width(&twice)).powi(2), 2.0, 0.05));
    }

    #[test]
    fn only_proportions_of_weights_matter() {
        let fleet = fleet(150, 3);
        let weighing = |w: f64| fleet.iter().map(|c| Cluster { weight: w, ..*c }).collect::<Vec<_>>();
        let (one, eight) = (ClusteredShare::new(&weighing(1.0), 4), ClusteredShare::new(&weighing(8.0), 4));
        assert_eq!(one, eight);
        assert!(close(one.share.unwrap(), one.count as f64 / one.of as f64, 1e-12));
        // A vehicle of weight 3 pulls as three do, but says no more than one: the design effect grows.
        let mut uneven = weighing(1.0);
        for cluster in uneven.iter_mut().step_by(3) {
            cluster.weight = 6.0;
        }
        assert!(ClusteredShare::new(&uneven, 4).design_effect > 1.3 * one.design_effect);
    }

    #[test]
    fn where_nothing_departs_vehicles_are_counted() {
        let all = [Cluster { weight: 0.1, hits: 3, of: 3 }; 40];
        let share = ClusteredShare::new(&all, 1);
        let vehicles = Share::new(40, 40);
        assert!(close(share.low, vehicles.low, 1e-9) && share.high == 1.0 && share.share == Some(1.0), "{share:?}");
        assert!(close(share.design_effect, 3.0, 1e-9));
        assert_eq!((share.bootstrap_low, share.bootstrap_high), (share.low, share.high));
        let one = ClusteredShare::new(&[Cluster { weight: 1.0, hits: 2, of: 5 }], 1);
        assert!(one.high - one.low > 0.7 && one.bootstrap_high > one.bootstrap_low, "{one:?}");
    }

    #[test]
    fn what_says_nothing_does_not_count() {
        let counted = Cluster { weight: 1.0, hits: 1, of: 2 };
        let other = fleet(20, 5);
        let mut mixed = other.clone();
        for weight in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            mixed.insert(3, Cluster { weight, ..counted });
        }
        mixed.push(Cluster { of: 0, ..counted });
        assert_eq!(ClusteredShare::new(&mixed, 1), ClusteredShare::new(&other, 1));
        let nothing = ClusteredShare::new(&[], 1);
        assert_eq!((nothing.share, nothing.low, nothing.high), (None, 0.0, 1.0));
    }

    #[test]
    fn whole_vehicles_with_equal_weights_are_plain_shares() {
        let fleet = fleet(120, 6);
        let whole = ClusteredShare::whole_vehicles(&fleet, 1);
        let plain = Share::of_items(&fleet, |c| c.hits == c.of);
        assert_eq!((whole.count, whole.of, whole.low, whole.high), (plain.count, plain.of, plain.low, plain.high));
    }

    #[test]
    fn the_bootstrap_is_its_seed_s_and_near_the_other_interval() {
        let fleet = fleet(200, 7);
        let share = ClusteredShare::new(&fleet, 11);
        assert_eq!(share, ClusteredShare::new(&fleet, 11));
        assert_ne!(share.bootstrap_low, ClusteredShare::new(&fleet, 12).bootstrap_low);
        let ratio = (share.bootstrap_high - share.bootstrap_low) / (share.high - share.low);
        assert!(close(ratio, 1.0, 0.1), "{share:?}");
    }
}
