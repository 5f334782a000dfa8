//! What a sample plan refuses.
use thiserror::Error;

/// Why a design has no such point.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DesignError {
    /// Two factors of one name would draw the same values.
    #[error("the factor {factor:?} stands twice in the plan; each needs a name of its own")]
    Twice {
        /// Its name.
        factor: String,
    },
    /// More factors than the design has dimensions.
    #[error("{factors} factors, but a Sobol plan has at most {most}; use a Latin hypercube or Monte Carlo")]
    Factors {
        /// How many there are.
        factors: usize,
        /// How many there may be.
        most: usize,
    },
    /// A factorial plan lists levels for other factors than it has.
    #[error("level counts for {levels} factors, but there are {factors}; give one count for each")]
    Levels {
        /// How many counts of levels.
        levels: usize,
        /// How many factors.
        factors: usize,
    },
    /// A factor without a level.
    #[error("the factor {factor:?} has no level; it needs at least one")]
    NoLevel {
        /// Its name.
        factor: String,
    },
    /// More combinations than a whole number of 64 bits holds.
    #[error("the levels have more than 2^64 combinations; use fewer levels, a Latin hypercube or a Sobol plan")]
    Cells,
    /// A Latin hypercube of no or too many points.
    #[error("a Latin hypercube of {points} points; it takes 1 to {most}")]
    Strata {
        /// How many there shall be.
        points: u64,
        /// How many there may be.
        most: u64,
    },
    /// Too few scrambles for an interval.
    #[error("{scrambles} scrambles, but their spread makes the interval: at least {least}")]
    Scrambles {
        /// How many there shall be.
        scrambles: u32,
        /// How many there must be.
        least: u32,
    },
    /// A point past the last.
    #[error("{points} points asked for, but the plan has {most}")]
    Points {
        /// How many it must have for this.
        points: u64,
        /// How many it has.
        most: u64,
    },
}
