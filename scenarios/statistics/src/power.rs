//! How many vehicles a measurement needs, and what a number of vehicles can tell.
//!
//! All by the normal approximation, with one idea for vehicles: n occupants say as much as n ÷ design effect independent
//! ones. `tests/power.rs` holds the answers against simulated campaigns.
use serde::{Deserialize, Serialize};

use crate::normal::normal_quantile;
use crate::share::wilson;

/// How occupants come: in vehicles, and so more or less alike.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Traffic {
    /// Mean occupants of a vehicle, > 0.
    pub occupants: f64,
    /// Variance of a share over that of as many independent occupants, > 0; measured ones stand in
    /// [`ClusteredShare::design_effect`](crate::clustered::ClusteredShare) and
    /// [`PairedDifference::design_effect`](crate::paired::PairedDifference), [`design_effect`] expects one.
    pub design_effect: f64,
}

/// What a comparison shall be able to say.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Aim {
    /// Chance of calling a difference that is none, 0 to 1.
    pub alpha: f64,
    /// Chance of seeing the wanted difference, `alpha` to 1: 0.8, 0.95.
    pub power: f64,
    /// Whether a difference either way is looked for, or "worse" alone.
    pub two_sided: bool,
}

impl Aim {
    /// Normal quantiles of the test and of the power; `None` where they aim at nothing.
    fn quantiles(&self) -> Option<(f64, f64)> {
        let sound = 0.0 < self.alpha && self.alpha < self.power && self.power < 1.0;
        let tail = if self.two_sided { self.alpha / 2.0 } else { self.alpha };
        sound.then(|| (-normal_quantile(tail), normal_quantile(self.power)))
    }
}

impl Traffic {
    fn is_sound(&self) -> bool {
        let positive = |x: f64| x.is_finite() && x > 0.0;
        positive(self.occupants) && positive(self.design_effect)
    }

    /// Independent occupants that `vehicles` are worth.
    fn effective(&self, vehicles: u64) -> f64 {
        vehicles as f64 * self.occupants / self.design_effect
    }

    /// Vehicles that are worth `n` independent occupants.
    fn vehicles(&self, n: f64) -> Option<u64> {
        let vehicles = (n * self.design_effect / self.occupants).ceil();
        (self.is_sound() && vehicles.is_finite() && vehicles < 1e15).then(|| (vehicles as u64).max(1))
    }
}

/// Design effect of vehicles of `occupants` in the mean with coefficient of variation `variation` (standard deviation ÷
/// mean), whose occupants correlate by `correlation`: 1 + ((1 + cv²)·n̄ − 1)·ρ (Eldridge, Ashby and Kerry, International
/// Journal of Epidemiology 35, 2006).
pub fn design_effect(occupants: f64, variation: f64, correlation: f64) -> f64 {
    1.0 + ((1.0 + variation * variation) * occupants - 1.0) * correlation
}

/// Half the width of Wilson's 95 % interval of a share `p` over `vehicles`, as a share.
pub fn half_width(p: f64, vehicles: u64, traffic: &Traffic) -> f64 {
    let (low, high) = wilson(p.clamp(0.0, 1.0), traffic.effective(vehicles));
    (high - low) / 2.0
}

/// The fewest vehicles at which [`half_width`] is at most `wanted`; `None` for what cannot be.
pub fn vehicles_for_half_width(p: f64, wanted: f64, traffic: &Traffic) -> Option<u64> {
    if !traffic.is_sound() || !(0.0..=1.0).contains(&p) || wanted.is_nan() || wanted <= 0.0 {
        return None;
    }
    fewest(|vehicles| half_width(p, vehicles, traffic) <= wanted)
}

/// The fewest for which `enough` holds, which then holds for all above.
fn fewest(enough: impl Fn(u64) -> bool) -> Option<u64> {
    let mut high = 1;
    while !enough(high) {
        high = (high < 1 << 50).then_some(high * 2)?;
    }
    let mut low = high / 2;
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if enough(middle) { high = middle } else { low = middle }
    }
    Some(high)
}

/// Vehicles to see a `difference` of shares, seen by A and by B alike, of which a share `discordance` of the occupants
/// changes one way or the other. Pairs: (z_α √ψ + z_β √(ψ − δ²))² ÷ δ² (R. J. Connor, Biometrics 43, 1987), times the design
/// effect. `None` where the difference is zero or larger than what changes.
pub fn paired_vehicles(discordance: f64, difference: f64, traffic: &Traffic, aim: &Aim) -> Option<u64> {
    traffic.vehicles(paired_pairs(discordance, difference, aim)?)
}

fn paired_pairs(discordance: f64, difference: f64, aim: &Aim) -> Option<f64> {
    let (z_test, z_power) = aim.quantiles()?;
    let delta = difference.abs();
    let possible = 0.0 < delta && delta <= discordance && discordance <= 1.0;
    let root = z_test * discordance.sqrt() + z_power * (discordance - delta * delta).max(0.0).sqrt();
    possible.then(|| (root / delta).powi(2))
}

/// The smallest difference that `vehicles` can show, the inverse of [`paired_vehicles`]; `None` where even a change all one
/// way would not be seen.
pub fn paired_detectable(discordance: f64, vehicles: u64, traffic: &Traffic, aim: &Aim) -> Option<f64> {
    let given = traffic.is_sound().then(|| traffic.effective(vehicles))?;
    smallest(discordance, |difference| paired_pairs(discordance, difference, aim).is_some_and(|n| n <= given))
}

/// Vehicles that A and B each need to tell a share `b` from a share `a`. Occupants each: (z_α √(2p̄(1 − p̄)) +
/// z_β √(a(1 − a) + b(1 − b)))² ÷ (a − b)², p̄ their mean (Fleiss, Levin and Paik, Statistical Methods for Rates and
/// Proportions, 3rd edition 2003, 4.2, without the continuity correction), times the design effect. `None` where they are
/// equal or no shares.
pub fn unpaired_vehicles(a: f64, b: f64, traffic: &Traffic, aim: &Aim) -> Option<u64> {
    traffic.vehicles(unpaired_occupants(a, b, aim)?)
}

fn unpaired_occupants(a: f64, b: f64, aim: &Aim) -> Option<f64> {
    let (z_test, z_power) = aim.quantiles()?;
    let possible = a != b && [a, b].iter().all(|p| (0.0..=1.0).contains(p));
    let (middle, one) = ((a + b) / 2.0, |p: f64| p * (1.0 - p));
    let root = z_test * (2.0 * one(middle)).sqrt() + z_power * (one(a) + one(b)).sqrt();
    possible.then(|| (root / (a - b)).powi(2))
}

/// The smallest fall below a share `a` that `vehicles` of each can show, the inverse of [`unpaired_vehicles`]; `None` where
/// even a fall to zero would not be seen.
pub fn unpaired_detectable(a: f64, vehicles: u64, traffic: &Traffic, aim: &Aim) -> Option<f64> {
    let given = traffic.is_sound().then(|| traffic.effective(vehicles))?;
    smallest(a, |fall| unpaired_occupants(a, a - fall, aim).is_some_and(|n| n <= given))
}

/// The smallest value up to `most` that is `seen`, as are all above it.
fn smallest(most: f64, seen: impl Fn(f64) -> bool) -> Option<f64> {
    if !seen(most) {
        return None;
    }
    let (mut low, mut high) = (0.0, most);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if seen(middle) { high = middle } else { low = middle }
    }
    Some(high)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALONE: Traffic = Traffic { occupants: 1.0, design_effect: 1.0 };
    const AIM: Aim = Aim { alpha: 0.05, power: 0.8, two_sided: true };

    #[test]
    fn widths_match_published_half_widths() {
        // Half-widths around 61 %: 6.7 points at n = 200, 3.0 at 1,000, 1.9 at 2,500.
        for (n, points) in [(200, 6.7), (1000, 3.0), (2500, 1.9)] {
            assert!((half_width(0.61, n, &ALONE) * 100.0 - points).abs() < 0.06, "{n}");
        }
        // 500 vehicles of 4 with a design effect of 2 are 1,000 occupants.
        let fours = Traffic { occupants: 4.0, design_effect: 2.0 };
        assert!((half_width(0.61, 500, &fours) - half_width(0.61, 1000, &ALONE)).abs() < 1e-12);
    }

    #[test]
    fn the_fewest_vehicles_suffice_and_one_less_does_not() {
        let traffic = Traffic { occupants: 2.5, design_effect: 1.7 };
        for wanted in [0.2, 0.03, 0.005] {
            let vehicles = vehicles_for_half_width(0.9, wanted, &traffic).unwrap();
            assert!(half_width(0.9, vehicles, &traffic) <= wanted);
            assert!(half_width(0.9, vehicles - 1, &traffic) > wanted, "{vehicles}");
        }
        assert_eq!(vehicles_for_half_width(0.9, 0.0, &traffic), None);
        assert_eq!(vehicles_for_half_width(0.9, 0.9, &traffic), Some(1));
    }

    #[test]
    fn telling_97_from_95_takes_about_1500_occupants_each() {
        assert_eq!(unpaired_vehicles(0.97, 0.95, &ALONE, &AIM), Some(1506));
        let fours = Traffic { occupants: 4.0, design_effect: 2.0 };
        assert_eq!(unpaired_vehicles(0.97, 0.95, &fours, &AIM), Some(753));
        // The same occupants in both, 4 % of whom change: far fewer.
        assert!(paired_vehicles(0.04, -0.02, &ALONE, &AIM).unwrap() < 800);
    }

    #[test]
    fn a_paired_case_by_hand() {
        // (1.959964·√0.3 + 0.841621·√(0.3 − 0.01))² ÷ 0.01 = (1.073516 + 0.453225)² ÷ 0.01 = 233.09.
        assert_eq!(paired_vehicles(0.3, 0.1, &ALONE, &AIM), Some(234));
        let strict = Aim { power: 0.95, ..AIM };
        assert!(paired_vehicles(0.3, 0.1, &ALONE, &strict) > paired_vehicles(0.3, 0.1, &ALONE, &AIM));
        let worse = Aim { two_sided: false, ..AIM };
        assert!(paired_vehicles(0.3, 0.1, &ALONE, &worse) < paired_vehicles(0.3, 0.1, &ALONE, &AIM));
    }

    #[test]
    fn what_can_be_seen_takes_the_vehicles_given() {
        let traffic = Traffic { occupants: 2.8, design_effect: 1.6 };
        for vehicles in [80, 400, 3000] {
            let paired = paired_detectable(0.15, vehicles, &traffic, &AIM).unwrap();
            assert_eq!(paired_vehicles(0.15, paired, &traffic, &AIM), Some(vehicles));
            let fall = unpaired_detectable(0.9, vehicles, &traffic, &AIM).unwrap();
            assert_eq!(unpaired_vehicles(0.9, 0.9 - fall, &traffic, &AIM), Some(vehicles));
            assert!(paired < fall);
        }
        assert_eq!(paired_detectable(0.01, 20, &traffic, &AIM), None);
        assert_eq!(unpaired_detectable(0.5, 1, &traffic, &AIM), None);
    }

    #[test]
    fn what_cannot_be_has_no_answer() {
        assert_eq!(paired_vehicles(0.1, 0.2, &ALONE, &AIM), None);
        assert_eq!(paired_vehicles(0.1, 0.0, &ALONE, &AIM), None);
        assert_eq!(unpaired_vehicles(0.9, 0.9, &ALONE, &AIM), None);
        assert_eq!(unpaired_vehicles(0.9, 0.8, &ALONE, &Aim { power: 1.0, ..AIM }), None);
        assert_eq!(unpaired_vehicles(0.9, 0.8, &Traffic { occupants: 0.0, design_effect: 1.0 }, &AIM), None);
        assert!(half_width(0.5, 0, &ALONE) == 0.5);
    }

    #[test]
    fn alike_occupants_count_as_their_vehicle() {
        assert!((design_effect(4.0, 0.0, 1.0) - 4.0).abs() < 1e-12);
        assert!((design_effect(4.0, 0.5, 0.0) - 1.0).abs() < 1e-12);
        // Vehicles of 1 to 4: E n² ÷ E n = 7.5 ÷ 2.5.
        assert!((design_effect(2.5, 0.2f64.sqrt(), 1.0) - 3.0).abs() < 1e-12);
    }
}
