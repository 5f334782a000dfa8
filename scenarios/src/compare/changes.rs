//! Who changed between two runs, from what to what.
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::pairs::{Pair, Vehicle};
use crate::score::{Cause, OccupantScore, Outcome};

/// What became of an occupant in one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Ended {
    /// Outcome.
    pub outcome: Outcome,
    /// What lost them; `None` unless lost.
    pub cause: Option<Cause>,
}

impl Ended {
    fn of(o: &OccupantScore) -> Self {
        Self { outcome: o.outcome, cause: o.cause }
    }

    /// The cause of a loss, else the outcome.
    pub fn label(self) -> &'static str {
        self.cause.map_or(self.outcome.label(), Cause::label)
    }
}

/// How an occupant changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// Captured in A, lost in B.
    Lost,
    /// Lost in A, captured in B.
    Won,
    /// Captured in both, matched in A only.
    MatchLost,
    /// Captured in both, matched in B only.
    MatchWon,
    /// Lost in both, to something else.
    OtherCause,
    /// Captured in both, with a reference in one of them only.
    Enrolment,
}

impl Change {
    /// Those that flip an outcome, in the order in which they are shown.
    pub const FLIPS: [Self; 4] = [Self::Lost, Self::Won, Self::MatchLost, Self::MatchWon];

    fn of(pair: &Pair<'_>) -> Option<Self> {
        let (a, b) = (pair.a.outcome, pair.b.outcome);
        match (a.is_captured(), b.is_captured()) {
            (true, false) => Some(Self::Lost),
            (false, true) => Some(Self::Won),
            (false, false) => (pair.a.cause != pair.b.cause).then_some(Self::OtherCause),
            (true, true) if a == b => None,
            (true, true) if a == Outcome::NotEnrolled || b == Outcome::NotEnrolled => Some(Self::Enrolment),
            (true, true) if a == Outcome::Matched => Some(Self::MatchLost),
            (true, true) => Some(Self::MatchWon),
        }
    }

    /// For reports.
    pub fn label(self) -> &'static str {
        match self {
            Self::Lost => "lost in B",
            Self::Won => "won in B",
            Self::MatchLost => "match lost in B",
            Self::MatchWon => "match won in B",
            Self::OtherCause => "lost in both, to something else",
            Self::Enrolment => "enrolled in one run only",
        }
    }
}

/// How many went from one end to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    /// How that is called.
    pub change: Change,
    /// In A.
    pub a: Ended,
    /// In B.
    pub b: Ended,
    /// How many.
    pub people: u64,
}

/// An occupant whose outcome flipped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flip {
    /// How.
    pub change: Change,
    /// Encounter.
    pub encounter: u64,
    /// "2-left".
    pub seat: String,
    /// Vehicle model in A.
    pub vehicle: String,
    /// Index in the encounter, in A and in B: as `laneproof explain --occupant ENCOUNTER/OCCUPANT` takes it.
    pub occupants: [u8; 2],
    /// What became of them in A.
    pub a: Ended,
    /// What became of them in B.
    pub b: Ended,
}

/// From what to what people went: flips first, the most frequent first.
pub(super) fn transitions(vehicles: &[Vehicle<'_>]) -> Vec<Transition> {
    let mut counts: BTreeMap<(Change, Ended, Ended), u64> = BTreeMap::new();
    for pair in vehicles.iter().flat_map(|v| &v.pairs) {
        if let Some(change) = Change::of(pair) {
            *counts.entry((change, Ended::of(pair.a), Ended::of(pair.b))).or_default() += 1;
        }
    }
    let mut transitions: Vec<Transition> =
        counts.into_iter().map(|((change, a, b), people)| Transition { change, a, b, people }).collect();
    transitions.sort_by_key(|t| (t.change, std::cmp::Reverse(t.people)));
    transitions
}

/// Whose outcome flipped, with their pair: by kind, then by encounter.
pub(super) fn flips<'s>(vehicles: &[Vehicle<'s>]) -> Vec<(Flip, Pair<'s>)> {
    let flip = |pair: &Pair<'s>| {
        let change = Change::of(pair).filter(|change| Change::FLIPS.contains(change))?;
        let Pair { a, b } = *pair;
        let flip = Flip {
            change,
            encounter: a.encounter,
            seat: a.who.seat(),
            vehicle: a.vehicle.clone(),
            occupants: [a.occupant, b.occupant],
            a: Ended::of(a),
            b: Ended::of(b),
        };
        Some((flip, *pair))
    };
    let mut flips: Vec<_> = vehicles.iter().flat_map(|v| &v.pairs).filter_map(flip).collect();
    flips.sort_by_key(|(flip, _)| (flip.change, flip.encounter, flip.occupants));
    flips
}
