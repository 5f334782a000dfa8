//! What a scenario predicts of counts: a share from its run, and how far a count of so many may lie from it.
use laneproof_statistics::{
    clustered::{Cluster, ClusteredShare},
    normal::normal_quantile,
};
use serde::{Deserialize, Serialize};

use super::counts::{Cell, Unit};
use crate::assumptions::{result::Arm, tally::Tally};

/// Vehicles of a run that a count is about: weights, hits and occupants.
pub(super) fn clusters(arm: &Arm, cell: &Cell, cameras: &[String]) -> Vec<(u64, Cluster)> {
    let there = arm.tallies.iter().filter(|tally| cell.hour.is_none_or(|hour| hour == tally.hour));
    let count = |tally: &Tally| match (cell.unit, &cell.camera) {
        (Unit::Vehicles, _) => tally.vehicle(),
        (Unit::Occupants, None) => tally.occupants(cell.row, None),
        // A camera that never captured anybody is none of the list: nobody is captured by it.
        (Unit::Occupants, Some(id)) => {
            tally.occupants(cell.row, Some(cameras.iter().position(|camera| camera == id).unwrap_or(usize::MAX)))
        }
    };
    there.map(|tally| (tally.encounter, count(tally))).filter(|(_, cluster)| cluster.of > 0).collect()
}

/// A share that a run predicts for one cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Predicted {
    /// The share.
    pub share: f64,
    /// How many independent occupants or vehicles know it as well as the run does.
    pub effective_n: f64,
    /// By how much the variance of a count exceeds that of as many independent ones, occupants of a vehicle being alike.
    pub design_effect: f64,
}

impl Predicted {
    /// The share of a run; `None` where it has nobody in the cell. The design effect is that of all hours: of the few vehicles
    /// of one hour it would be a guess.
    pub fn of(arm: &Arm, cell: &Cell, cameras: &[String]) -> Option<Self> {
        let share = |cell: &Cell| {
            let clusters: Vec<Cluster> = clusters(arm, cell, cameras).into_iter().map(|(_, cluster)| cluster).collect();
            ClusteredShare::with_resamples(&clusters, 0, 0)
        };
        let here = share(cell);
        let design_effect = share(&Cell { hour: None, ..cell.clone() }).design_effect.max(1.0);
        Some(Self {
            share: here.share?,
            effective_n: here.effective_n.min(here.of as f64 / design_effect),
            design_effect,
        })
    }

    /// Variance of the difference between a counted share of `of` and the predicted one, if both are of lanes whose share is
    /// `share`. Kept from 0 by half a hit in each direction.
    pub fn variance(&self, share: f64, of: u64) -> f64 {
        let counted = (of as f64 / self.design_effect).max(1.0);
        let n = counted + self.effective_n;
        let share = share.clamp(0.5 / (n + 1.0), 1.0 - 0.5 / (n + 1.0));
        share * (1.0 - share) * (1.0 / counted + 1.0 / self.effective_n)
    }

    /// (counted − predicted) ÷ its standard deviation, by the share that both have together: the two-sample score statistic,
    /// whose inversion is a prediction interval (K. Krishnamoorthy and J. Peng, Improved closed-form prediction intervals for
    /// binomial and Poisson distributions, Journal of Statistical Planning and Inference 141, 2011, the joint-sampling
    /// approach), with effective numbers in place of numbers.
    pub fn residual(&self, captured: u64, of: u64) -> f64 {
        let (counted, n) = (of as f64 / self.design_effect, self.effective_n);
        let share = captured as f64 / of.max(1) as f64;
        let together = (share * counted + self.share * n) / (counted + n);
        (share - self.share) / self.variance(together, of).sqrt()
    }

    /// Least and greatest count of `of` whose residual is no larger than chance allows in 95 of 100 cells.
    pub fn interval(&self, of: u64) -> (u64, u64) {
        let z = normal_quantile(0.975);
        // The residual rises with the count.
        let first = |holds: &dyn Fn(u64) -> bool| {
            let (mut low, mut high) = (0, of + 1);
            while low < high {
                let middle = low + (high - low) / 2;
                if holds(middle) { high = middle } else { low = middle + 1 }
            }
            low
        };
        let least = first(&|captured| captured > of || self.residual(captured, of) >= -z);
        let beyond = first(&|captured| captured > of || self.residual(captured, of) > z);
        (least.min(of), beyond.saturating_sub(1))
    }
}

/// A count beside what was predicted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Checked {
    /// Of whom.
    pub cell: Cell,
    /// How many were counted.
    pub of: u64,
    /// Of how many of them there is a valid photograph.
    pub captured: u64,
    /// What was predicted; nothing where the run has nobody in the cell.
    pub predicted: Option<Prediction>,
}

/// What was predicted of a count.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    /// Share.
    pub share: f64,
    /// Least count of so many that is no surprise at 95 %.
    pub low: u64,
    /// Greatest.
    pub high: u64,
    /// Standardised residual: (counted − predicted) ÷ its standard deviation.
    pub residual: f64,
}

impl Prediction {
    /// Whether the count is within its interval.
    pub fn holds(&self, captured: u64) -> bool {
        (self.low..=self.high).contains(&captured)
    }
}

impl Checked {
    /// Puts a count beside what a run predicts.
    pub(super) fn new(cell: Cell, of: u64, captured: u64, predicted: Option<Predicted>) -> Self {
        let predicted = predicted.map(|predicted| {
            let (low, high) = predicted.interval(of);
            Prediction { share: predicted.share, low, high, residual: predicted.residual(captured, of) }
        });
        Self { cell, of, captured, predicted }
    }
}

#[cfg(test)]
mod tests {
    use rand::Rng as _;

    use laneproof_scenes::stream::stream;

    use super::Predicted;

    #[test]
    fn the_interval_holds_what_the_residual_allows_and_nothing_else() {
        for share in [0.0, 0.02, 0.4, 0.61, 0.97, 1.0] {
            for (effective_n, design_effect, of) in
                [(150.0, 1.0, 80), (20.0, 1.4, 7), (300.0, 1.2, 20_000), (4.0, 1.0, 1)]
            {
                let predicted = Predicted { share, effective_n, design_effect };
                let (low, high) = predicted.interval(of);
                assert!(low <= high && high <= of, "{predicted:?} {of}: {low} {high}");
                for captured in [0, low.saturating_sub(1), low, high, (high + 1).min(of), of] {
                    let inside = predicted.residual(captured, of).abs() <= 1.959_964;
                    assert_eq!(inside, (low..=high).contains(&captured), "{predicted:?} {of}: {low} {high} {captured}");
                }
            }
        }
    }

    /// Draws run and count alike, as often as a share says, in vehicles of two alike occupants.
    #[test]
    fn nineteen_of_twenty_counts_are_inside() {
        let mut rng = stream(1, 0, "prediction intervals");
        for share in [0.5, 0.7, 0.9] {
            let mut inside = 0;
            let rounds = 2000;
            for _ in 0..rounds {
                let mut pairs = |vehicles: u64| (0..vehicles).filter(|_| rng.random_bool(share)).count() as u64 * 2;
                let (run, counted) = (pairs(150), pairs(100));
                let predicted = Predicted { share: run as f64 / 300.0, effective_n: 150.0, design_effect: 2.0 };
                let (low, high) = predicted.interval(200);
                inside += u32::from((low..=high).contains(&counted));
            }
            let coverage = f64::from(inside) / f64::from(rounds);
            assert!((0.93..0.97).contains(&coverage), "{share}: {coverage}");
        }
    }
}
