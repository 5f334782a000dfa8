//! The same frames shown to a second stack with other models: whether what a sweep advises depends on the models.
use laneproof_statistics::{kendall::tau_b, share::Share};
use serde::{Deserialize, Serialize};

use super::result::{Paired, PointResult};
use crate::score::summary::Summary;

/// From this p on a difference between two values is taken for one.
const SIGNIFICANT: f64 = 0.05;

/// The second stack, and how far it ranks the values alike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SecondStack {
    /// Stack and models.
    pub stack: Vec<(String, String)>,
    /// Whether a model of it was trained on this simulator.
    pub in_domain: bool,
    /// Kendall's τ-b of the two rankings of the values by occupant coverage, see [`tau_b`].
    pub tau_occupant: Option<f64>,
    /// The same by matched coverage.
    pub tau_matched: Option<f64>,
    /// What holds with one of the stacks only, in sentences.
    pub depends: Vec<String>,
}

/// One value's numbers with the second stack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SecondPoint {
    /// Run folder, relative to the sweep's.
    pub folder: String,
    /// Share of occupants with a verified capture.
    pub occupant_coverage: Share,
    /// Share of occupants with a claimed shot that belongs to them.
    pub claimed_coverage: Share,
    /// Of the enrolled: captured and matched to themselves.
    pub matched_coverage: Share,
    /// Claimed shots matched to somebody else.
    pub false_matches: u64,
    /// Encounters that could not be shown again, or failed.
    pub failed: u64,
    /// Against the baseline; nothing for the baseline itself.
    pub compared: Option<Paired>,
}

impl SecondPoint {
    pub(super) fn new(folder: String, summary: &Summary, compared: Option<Paired>) -> Self {
        Self {
            folder,
            occupant_coverage: summary.occupant_coverage,
            claimed_coverage: summary.claimed_coverage,
            matched_coverage: summary.matched_coverage,
            false_matches: summary.shots.false_matches,
            failed: summary.failures.len() as u64,
            compared,
        }
    }
}

impl SecondStack {
    pub(super) fn new(stack: Vec<(String, String)>, in_domain: bool) -> Self {
        Self { stack, in_domain, tau_occupant: None, tau_matched: None, depends: Vec::new() }
    }

    /// How far the two rank alike, in one line.
    pub fn in_a_line(&self) -> String {
        let tau = |tau: Option<f64>| tau.map_or("no order".to_owned(), |tau| format!("τ = {tau:.2}"));
        format!(
            "the two stacks rank the values by occupant coverage with {}, by matched coverage with {}",
            tau(self.tau_occupant),
            tau(self.tau_matched)
        )
    }

    /// Compares the rankings of the values that are done.
    pub(super) fn compare(&mut self, points: &[PointResult]) {
        let both: Vec<(&PointResult, &SecondPoint)> =
            points.iter().filter_map(|point| Some((point, point.second.as_ref()?))).collect();
        let tau = |shares: &dyn Fn(&PointResult, &SecondPoint) -> (Share, Share)| {
            let pairs = both.iter().filter_map(|(first, second)| {
                let (a, b) = shares(first, second);
                Some((a.share?, b.share?))
            });
            tau_b(&pairs.collect::<Vec<_>>())
        };
        self.tau_occupant = tau(&|first, second| (first.occupant_coverage, second.occupant_coverage));
        self.tau_matched = tau(&|first, second| (first.matched_coverage, second.matched_coverage));
        self.depends = both.iter().filter_map(|(first, second)| depends(first, second)).collect();
        self.depends.extend(other_best(&both));
    }
}

/// Whether the two best values differ by more than the second's ranking of them leaves open.
fn other_best(both: &[(&PointResult, &SecondPoint)]) -> Option<String> {
    // The first of equals, so that equal values do not make a difference.
    let best = |share: &dyn Fn(&(&PointResult, &SecondPoint)) -> Option<f64>| {
        both.iter().filter_map(|pair| Some((share(pair)?, pair))).reduce(|a, b| if b.0 > a.0 { b } else { a })
    };
    let (_, (first, _)) = best(&|(point, _)| point.occupant_coverage.share)?;
    let (top, (second, _)) = best(&|(_, second)| second.occupant_coverage.share)?;
    let there = both.iter().find(|(point, _)| point.label == first.label)?.1.occupant_coverage.share?;
    (there < top)
        .then(|| format!("best for occupants: {} with the first models, {} with the second", first.label, second.label))
}

/// A change against the baseline that is significant with one stack, and with the other is none or goes the other way.
fn depends(first: &PointResult, second: &SecondPoint) -> Option<String> {
    let (a, b) = (first.compared?, second.compared?);
    let direction = |c: &Paired| (c.won as i64 - c.lost as i64).signum();
    let significant = a.p < SIGNIFICANT || b.p < SIGNIFICANT;
    (significant && direction(&a) != direction(&b)).then(|| {
        let told = |c: &Paired| format!("{} ({})", c.changes(), c.p_text());
        format!("{}: {} with the first models, {} with the second", first.label, told(&a), told(&b))
    })
}
