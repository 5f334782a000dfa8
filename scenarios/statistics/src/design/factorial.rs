//! Every combination of levels, in mixed radix.
use serde::{Deserialize, Serialize};

use super::DesignError;

/// What point k of a full factorial plan is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// The level of each factor, from 0.
    pub levels: Vec<u32>,
    /// How many times all cells have been gone through before.
    pub replicate: u64,
}

/// The cell of point `k` of a plan in which factor i has `levels[i]` levels: the digits of k in mixed radix, the first
/// turning fastest; what is left over is the replicate. Without factors there is one cell.
pub fn cell(levels: &[u32], k: u64) -> Result<Cell, DesignError> {
    let all = cells(levels)?;
    let mut rest = k % all;
    let mut digit = |of: &u32| {
        let level = rest % u64::from(*of);
        rest /= u64::from(*of);
        level as u32
    };
    Ok(Cell { levels: levels.iter().map(&mut digit).collect(), replicate: k / all })
}

/// How many combinations there are, at least 1.
pub(super) fn cells(levels: &[u32]) -> Result<u64, DesignError> {
    if let Some(index) = levels.iter().position(|levels| *levels == 0) {
        return Err(DesignError::NoLevel { factor: format!("number {}", index + 1) });
    }
    levels.iter().try_fold(1u64, |all, of| all.checked_mul(u64::from(*of))).ok_or(DesignError::Cells)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_turn_from_the_first() {
        let at = |k| cell(&[2, 3], k).unwrap();
        let levels: Vec<Vec<u32>> = (0..6).map(|k| at(k).levels).collect();
        assert_eq!(levels, [[0, 0], [1, 0], [0, 1], [1, 1], [0, 2], [1, 2]]);
        assert_eq!(at(13), Cell { levels: vec![1, 0], replicate: 2 });
    }

    #[test]
    fn without_factors_there_is_one_cell_and_without_levels_none() {
        assert_eq!(cell(&[], 7), Ok(Cell { levels: vec![], replicate: 7 }));
        assert_eq!(cell(&[2, 0], 0), Err(DesignError::NoLevel { factor: "number 2".to_owned() }));
        assert_eq!(cell(&[u32::MAX, u32::MAX, 2], 0), Err(DesignError::Cells));
    }
}
