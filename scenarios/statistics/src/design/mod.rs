//! Sample plans: which value each named factor takes at point k.
//!
//! Point k is computed from (seed, k, name of the factor) alone, so that points can be run in any order, anywhere, and
//! again. Values are uniform in [0, 1); whoever asks maps them to a factor's own range.
mod error;
mod factorial;
mod permutation;
mod sobol;

use serde::{Deserialize, Serialize};

pub use self::error::DesignError;
pub use self::factorial::{Cell, cell};
pub use self::sobol::{LEAST_SCRAMBLES, MOST_FACTORS, MOST_INDICES, MeanInterval, mean_of_scrambles, scramble_of};

use self::permutation::Permutation;
use crate::random::uniform;

/// Most points of a Latin hypercube: 2³².
pub const MOST_STRATA: u64 = 1 << 32;

/// The largest value below 1.
const BELOW_ONE: f64 = 1.0 - f64::EPSILON / 2.0;

/// How points are spread over the factors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Design {
    /// Independent uniform values. Any number of points.
    MonteCarlo,
    /// Every combination of levels. A factor with L levels takes the middles (level + ½) ÷ L. Point k is cell k in mixed
    /// radix, the first factor turning fastest, in this order and not shuffled: nothing else depends on the order, since
    /// draws are named. After the last cell the plan starts again: replicate k ÷ cells. [`cell`] says both.
    Factorial {
        /// How many levels each factor has, in the order of the factors.
        levels: Vec<u32>,
    },
    /// Each factor's range in `points` strata, with one point in each (McKay, Beckman and Conover, Technometrics 21, 1979).
    /// Each factor orders its strata by a permutation of its own, and the point lies anywhere within its stratum.
    LatinHypercube {
        /// How many points there are, 1 to [`MOST_STRATA`].
        points: u64,
    },
    /// Sobol's sequence, scrambled in the way of Owen `scrambles` times, independently: point k is point k ÷ `scrambles` of
    /// scramble k % `scrambles`. Up to [`MOST_FACTORS`] factors and [`MOST_INDICES`] points a scramble, best a power of
    /// two. [`mean_of_scrambles`] gives the interval of a mean. A factor's dimension is its place in the list: one that is
    /// added at the end moves none of the others.
    Sobol {
        /// How many scrambles there are, at least [`LEAST_SCRAMBLES`].
        scrambles: u32,
    },
}

impl Design {
    /// Whether `points` points over `factors` can be had: what [`Design::point`] would refuse, told before the first.
    pub fn check(&self, points: u64, factors: &[&str]) -> Result<(), DesignError> {
        self.check_factors(factors)?;
        match self.most_points() {
            Some(most) if points > most => Err(DesignError::Points { points, most }),
            _ => Ok(()),
        }
    }

    /// How many points there are; `None` without end.
    pub fn most_points(&self) -> Option<u64> {
        match self {
            Self::MonteCarlo | Self::Factorial { .. } => None,
            Self::LatinHypercube { points } => Some(*points),
            Self::Sobol { scrambles } => Some(u64::from(*scrambles) * MOST_INDICES),
        }
    }

    /// The values of `factors` at point `k`, each in [0, 1).
    pub fn point(&self, seed: u64, k: u64, factors: &[&str]) -> Result<Vec<f64>, DesignError> {
        self.check(k.saturating_add(1), factors)?;
        Ok(match self {
            Self::MonteCarlo => factors.iter().map(|name| uniform(seed, k, &format!("factor {name}"))).collect(),
            Self::Factorial { levels } => {
                let middle = |(level, of): (&u32, &u32)| (f64::from(*level) + 0.5) / f64::from(*of);
                cell(levels, k)?.levels.iter().zip(levels).map(middle).collect()
            }
            Self::LatinHypercube { points } => {
                let value = |name: &&str| {
                    let stratum = Permutation::new(*points, seed, name).at(k);
                    let within = uniform(seed, k, &format!("within stratum of {name}"));
                    // The sum may round up to the next stratum, or to 1.
                    ((stratum as f64 + within.min(1.0 - 1e-6)) / *points as f64).min(BELOW_ONE)
                };
                factors.iter().map(value).collect()
            }
            Self::Sobol { scrambles } => {
                let (scramble, index) = scramble_of(k, *scrambles);
                (0..)
                    .zip(factors)
                    .map(|(dimension, name)| sobol::value(seed, scramble, index, dimension, name))
                    .collect()
            }
        })
    }

    fn check_factors(&self, factors: &[&str]) -> Result<(), DesignError> {
        if let Some((_, twice)) = factors.iter().enumerate().find(|(i, name)| factors[..*i].contains(name)) {
            return Err(DesignError::Twice { factor: (*twice).to_owned() });
        }
        match self {
            Self::MonteCarlo => Ok(()),
            Self::Factorial { levels } if levels.len() != factors.len() => {
                Err(DesignError::Levels { levels: levels.len(), factors: factors.len() })
            }
            Self::Factorial { levels } => match factors.iter().zip(levels).find(|(_, levels)| **levels == 0) {
                Some((factor, _)) => Err(DesignError::NoLevel { factor: (*factor).to_owned() }),
                None => factorial::cells(levels).map(|_| ()),
            },
            Self::LatinHypercube { points } if !(1..=MOST_STRATA).contains(points) => {
                Err(DesignError::Strata { points: *points, most: MOST_STRATA })
            }
            Self::LatinHypercube { .. } => Ok(()),
            Self::Sobol { scrambles } if *scrambles < LEAST_SCRAMBLES => {
                Err(DesignError::Scrambles { scrambles: *scrambles, least: LEAST_SCRAMBLES })
            }
            Self::Sobol { .. } if factors.len() > MOST_FACTORS => {
                Err(DesignError::Factors { factors: factors.len(), most: MOST_FACTORS })
            }
            Self::Sobol { .. } => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
