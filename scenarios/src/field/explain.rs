//! Which assumption would explain a gap between field and scenario.
//!
//! Every end of every assumption was run ([`crate::assumptions`]), so it is known by how much it moves each cell: δ. A lane that
//! lies the part t of the way from the assumption to its end has the shares p + t·δ. How well that tells what was counted is a
//! Gaussian log-likelihood, with the counts' variance and that of δ in it; t is fitted on the days that are not held out, and the
//! assumptions are ranked by how much better they tell the days that are. One assumption moves at a time, as when they were run.
//!
//! An end's few vehicles are spread thin over hours. So δ of an hour is drawn towards that of all hours, as far as the hours do not
//! differ by more than chance (the method of moments of R. DerSimonian and N. Laird, Meta-analysis in clinical trials, Controlled
//! Clinical Trials 7, 1986).
use std::collections::{BTreeMap, BTreeSet};

use laneproof_statistics::clustered::Cluster;
use serde::{Deserialize, Serialize};

use super::{
    counts::Cell,
    predict::{Predicted, clusters},
};
use crate::assumptions::{
    StudyResult,
    file::End,
    result::{Arm, Assumption, EndResult},
};

/// Steps of the way to an end that are tried.
const STEPS: u32 = 20;
/// Hours of a day.
const HOURS: std::ops::Range<u8> = 0..24;

/// How well an assumption explains a gap.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// The assumption.
    pub assumption: String,
    /// What the scenario takes.
    pub taken: String,
    /// Towards which end.
    pub end: End,
    /// What holds there.
    pub label: String,
    /// How far of the way from what is taken to that end the counts lie, 0 to 1.
    pub part: f64,
    /// By how much −2 log likelihood of the counts that were fitted falls; 0 explains nothing.
    pub fitted: f64,
    /// The same of the counts of held-out days, at the same part; nothing without such days. Below 0 the days speak against it.
    pub held_out: Option<f64>,
}

impl Explanation {
    /// By what explanations are ranked.
    pub fn gain(&self) -> f64 {
        self.held_out.unwrap_or(self.fitted)
    }
}

/// A count with its prediction.
pub(super) struct Known {
    pub cell: Cell,
    pub of: u64,
    pub captured: u64,
    pub predicted: Predicted,
}

/// How far an end moves a cell, and the variance of what is known of it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Shift {
    delta: f64,
    variance: f64,
}

/// Explanations of the fitted counts, best first: the better end of every assumption that was run.
pub(super) fn explanations(study: &StudyResult, fitted: &[Known], held_out: &[Known]) -> Vec<Explanation> {
    let mut found = Vec::new();
    for assumption in &study.assumptions {
        let ends = assumption.ends.iter().map(|end| {
            let shifts = Shifts::of(&study.base, &end.arm, &study.cameras, fitted.iter().chain(held_out));
            let (part, gain) = (1..=STEPS)
                .map(|step| f64::from(step) / f64::from(STEPS))
                .map(|part| (part, shifts.gain(fitted, part)))
                .fold((0.0, 0.0), |best, (part, gain)| if gain > best.1 { (part, gain) } else { best });
            let on_held_out = (!held_out.is_empty()).then(|| shifts.gain(held_out, part));
            explanation(assumption, end, part, gain, on_held_out)
        });
        found.extend(ends.max_by(|a, b| a.fitted.total_cmp(&b.fitted)));
    }
    found.sort_by(|a, b| b.gain().total_cmp(&a.gain()));
    found
}

fn explanation(assumption: &Assumption, end: &EndResult, part: f64, fitted: f64, held_out: Option<f64>) -> Explanation {
    Explanation {
        assumption: assumption.name.clone(),
        taken: assumption.taken.clone(),
        end: end.end,
        label: end.label.clone(),
        part,
        fitted,
        held_out,
    }
}

/// The shifts of all cells that are asked for.
struct Shifts(BTreeMap<Cell, Shift>);

impl Shifts {
    fn of<'k>(base: &Arm, end: &Arm, cameras: &[String], known: impl Iterator<Item = &'k Known>) -> Self {
        let mut shifts = BTreeMap::new();
        for Known { cell, .. } in known {
            if !shifts.contains_key(cell) {
                shifts.insert(cell.clone(), shift(base, end, cell, cameras));
            }
        }
        Self(shifts)
    }

    /// By how much −2 log likelihood falls when the lane lies so far towards the end.
    fn gain(&self, known: &[Known], part: f64) -> f64 {
        let minus_two_log = |count: &Known, shift: Shift, part: f64| {
            let share = (count.predicted.share + part * shift.delta).clamp(0.0, 1.0);
            let variance = count.predicted.variance(share, count.of) + part * part * shift.variance;
            let gap = count.captured as f64 / count.of.max(1) as f64 - share;
            gap * gap / variance + variance.ln()
        };
        known
            .iter()
            .filter_map(|count| Some((count, *self.0.get(&count.cell)?)))
            .map(|(count, shift)| minus_two_log(count, shift, 0.0) - minus_two_log(count, shift, part))
            .sum()
    }
}

fn shift(base: &Arm, end: &Arm, cell: &Cell, cameras: &[String]) -> Shift {
    let all_hours = Cell { hour: None, ..cell.clone() };
    let Some(all) = measured(base, end, &all_hours, cameras) else { return Shift { delta: 0.0, variance: 0.0 } };
    let Some(hour) = cell.hour else { return all.shift };
    // The variance of one vehicle is that of all: of an hour's few vehicles it would be a guess, often 0.
    let one_vehicle = all.shift.variance * all.vehicles;
    let at = |hour: u8| {
        let there = measured(base, end, &Cell { hour: Some(hour), ..cell.clone() }, cameras)?;
        Some(Shift { delta: there.shift.delta, variance: one_vehicle / there.vehicles })
    };
    let hours: Vec<Shift> = HOURS.filter_map(at).filter(|shift| shift.variance > 0.0).collect();
    let between = between(&hours);
    match at(hour) {
        Some(here) if between > 0.0 => {
            let own = between / (between + here.variance);
            Shift {
                delta: own * here.delta + (1.0 - own) * all.shift.delta,
                variance: own * here.variance + (1.0 - own) * (1.0 - own) * all.shift.variance,
            }
        }
        Some(_) => all.shift,
        None => Shift { delta: all.shift.delta, variance: all.shift.variance + between },
    }
}

/// By how much hours differ beyond chance, as a variance.
fn between(hours: &[Shift]) -> f64 {
    let weights: Vec<f64> = hours.iter().map(|hour| 1.0 / hour.variance).collect();
    let sum: f64 = weights.iter().sum();
    if hours.len() < 2 || sum <= 0.0 {
        return 0.0;
    }
    let mean = hours.iter().zip(&weights).map(|(hour, w)| w * hour.delta).sum::<f64>() / sum;
    let q: f64 = hours.iter().zip(&weights).map(|(hour, w)| w * (hour.delta - mean).powi(2)).sum();
    let squares: f64 = weights.iter().map(|w| w * w).sum();
    ((q - (hours.len() as f64 - 1.0)) / (sum - squares / sum)).max(0.0)
}

struct Measured {
    shift: Shift,
    vehicles: f64,
}

/// The difference of two shares over the vehicles that both arms have, each with itself: its linearised variance, and at least
/// that of half a vehicle's change where nothing changed.
fn measured(base: &Arm, end: &Arm, cell: &Cell, cameras: &[String]) -> Option<Measured> {
    let before: BTreeMap<u64, _> = clusters(base, cell, cameras).into_iter().collect();
    let now: BTreeMap<u64, _> = clusters(end, cell, cameras).into_iter().collect();
    // An encounter that has nobody of the cell in one arm counts with nobody there, as long as the arm has the encounter.
    let has = |arm: &Arm, k: u64| arm.tallies.iter().any(|tally| tally.encounter == k);
    let both = before.keys().chain(now.keys()).copied().filter(|k| has(base, *k) && has(end, *k));
    let keys: BTreeSet<u64> = both.collect();
    let sums = |clusters: &BTreeMap<u64, Cluster>| {
        keys.iter()
            .filter_map(|k| clusters.get(k))
            .fold((0.0, 0.0), |(hits, of), c| (hits + c.weight * c.hits as f64, of + c.weight * c.of as f64))
    };
    let ((hits_before, of_before), (hits_now, of_now)) = (sums(&before), sums(&now));
    if of_before <= 0.0 || of_now <= 0.0 {
        return None;
    }
    let (share_before, share_now) = (hits_before / of_before, hits_now / of_now);
    let linear = |k: &u64| {
        let part = |clusters: &BTreeMap<u64, Cluster>, share: f64, sum: f64| {
            clusters.get(k).map_or(0.0, |c| c.weight * (c.hits as f64 - share * c.of as f64) / sum)
        };
        part(&now, share_now, of_now) - part(&before, share_before, of_before)
    };
    let vehicles = keys.len() as f64;
    let squares: f64 = keys.iter().map(|k| linear(k).powi(2)).sum();
    let least = (0.5 / vehicles).powi(2);
    let variance = (squares * vehicles / (vehicles - 1.0).max(1.0)).max(least);
    Some(Measured { shift: Shift { delta: share_now - share_before, variance }, vehicles })
}

#[cfg(test)]
mod tests {
    use super::{Shift, between};

    #[test]
    fn hours_that_differ_by_chance_alone_are_one() {
        let shift = |delta: f64| Shift { delta, variance: 0.01 };
        assert_eq!(between(&[]), 0.0);
        assert_eq!(between(&[shift(0.1), shift(0.12), shift(0.08)]), 0.0);
        // Equal variances: the variance of the shifts less that of each.
        let apart = between(&[shift(-0.5), shift(0.0), shift(0.5)]);
        assert!((apart - (0.25 - 0.01)).abs() < 1e-12, "{apart}");
    }
}
