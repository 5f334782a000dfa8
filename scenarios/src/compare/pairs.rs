//! Who of A is the same person in the same seat of the same encounter in B.
//!
//! People are drawn from (seed, encounter, seat), so only runs of one seed can hold the same person; of those a seat's people
//! are the same where age, sex and skin tone are. What they wear, do and carry may differ: that may be what was changed.
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::finished::Scored;
use crate::score::{EncounterScore, OccupantScore, summary::Head};

/// Why somebody of one run has no partner in the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// The runs have different seeds.
    OtherSeed,
    /// The other run does not have the encounter.
    NotRun,
    /// The encounter failed in the other run.
    Failed,
    /// Nobody sits there in the other run.
    Empty,
    /// Somebody else sits there in the other run.
    SomebodyElse,
}

impl Why {
    /// For reports: where they are missing.
    pub fn label(self) -> &'static str {
        match self {
            Self::OtherSeed => "the seeds differ",
            Self::NotRun => "encounter not run",
            Self::Failed => "encounter failed",
            Self::Empty => "seat empty",
            Self::SomebodyElse => "somebody else in the seat",
        }
    }
}

/// Somebody of one run who has no partner in the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alone {
    /// Encounter.
    pub encounter: u64,
    /// "2-left".
    pub seat: String,
    /// Why.
    pub why: Why,
}

/// An occupant, as A and as B saw them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair<'s> {
    pub a: &'s OccupantScore,
    pub b: &'s OccupantScore,
}

/// A vehicle that both runs saw.
#[derive(Debug, Clone)]
pub(super) struct Vehicle<'s> {
    pub a: &'s EncounterScore,
    pub b: &'s EncounterScore,
    /// Who is in both.
    pub pairs: Vec<Pair<'s>>,
}

impl Vehicle<'_> {
    /// Whether everybody in it is in both: only then does what is counted of the whole vehicle compare.
    pub fn is_whole(&self) -> bool {
        self.pairs.len() == self.a.occupants.len() && self.pairs.len() == self.b.occupants.len()
    }
}

/// Two runs, person by person.
#[derive(Debug, Clone)]
pub(super) struct Pairs<'s> {
    /// Vehicles with somebody who is in both, by encounter.
    pub vehicles: Vec<Vehicle<'s>>,
    /// Who is in A only, and in B only.
    pub alone: [Vec<Alone>; 2],
}

fn is_same_person(a: &OccupantScore, b: &OccupantScore) -> bool {
    let who = |o: &OccupantScore| (o.who.age_years, o.who.sex, o.who.monk_tone);
    who(a) == who(b)
}

/// Pairs the people of two scored runs.
pub(super) fn pairs<'s>(heads: [&Head; 2], scored: [&'s Scored; 2]) -> Pairs<'s> {
    let same_seed = heads[0].seed == heads[1].seed;
    let [of_a, of_b] = scored.map(|run| -> BTreeMap<u64, &'s EncounterScore> {
        run.encounters.iter().map(|encounter| (encounter.encounter, encounter)).collect()
    });
    let mut vehicles = Vec::new();
    for (k, a) in of_a.iter().filter(|_| same_seed) {
        let Some(b) = of_b.get(k) else { continue };
        let seats: BTreeMap<String, &OccupantScore> = b.occupants.iter().map(|o| (o.who.seat(), o)).collect();
        let partner = |one: &'s OccupantScore| {
            let other = *seats.get(&one.who.seat())?;
            is_same_person(one, other).then_some(Pair { a: one, b: other })
        };
        let pairs: Vec<Pair<'s>> = a.occupants.iter().filter_map(partner).collect();
        if !pairs.is_empty() {
            vehicles.push(Vehicle { a, b, pairs });
        }
    }
    let paired: BTreeSet<(u64, String)> =
        vehicles.iter().flat_map(|v| &v.pairs).map(|p| (p.a.encounter, p.a.who.seat())).collect();
    let alone = |own: &Scored, other: &BTreeMap<u64, &EncounterScore>, failed: &Scored| -> Vec<Alone> {
        let why = |o: &OccupantScore| match other.get(&o.encounter) {
            _ if !same_seed => Why::OtherSeed,
            None if failed.failures.iter().any(|f| f.encounter == o.encounter) => Why::Failed,
            None => Why::NotRun,
            Some(there) if there.occupants.iter().any(|p| p.who.seat() == o.who.seat()) => Why::SomebodyElse,
            Some(_) => Why::Empty,
        };
        own.encounters
            .iter()
            .flat_map(|s| &s.occupants)
            .filter(|o| !paired.contains(&(o.encounter, o.who.seat())))
            .map(|o| Alone { encounter: o.encounter, seat: o.who.seat(), why: why(o) })
            .collect()
    };
    let alone = [alone(scored[0], &of_b, scored[1]), alone(scored[1], &of_a, scored[0])];
    Pairs { vehicles, alone }
}
