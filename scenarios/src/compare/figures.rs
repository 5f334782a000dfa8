//! The numbers that are compared: of the whole runs, and of the groups of every margin.
use std::collections::BTreeSet;

use laneproof_statistics::clustered::Cluster;
use serde::{Deserialize, Serialize};

use super::{
    difference::{Counted, Difference, adjust, two_samples, vehicle_by_vehicle},
    pairs::{Pair, Vehicle},
};
use crate::score::{
    EncounterScore, OccupantScore, Outcome,
    margins::{self, Grouping},
};

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Figure {
    /// Of the occupants: those with a verified capture.
    OccupantCoverage,
    /// Of the vehicles: those with a verified capture of everyone.
    VehicleCoverage,
    /// Of the enrolled: captured and matched to themselves.
    MatchedCoverage,
    /// Of the faces of occupants that exposures show, each in every exposure: detected there.
    Detection,
    /// Of the occupants: those of whom the stack claims a valid shot.
    ClaimedCoverage,
    /// Claimed shots matched to a reference that is not the person's, per occupant.
    FalseMatches,
    /// Claimed shots that are nobody's face, per occupant.
    NobodysClaims,
}

/// Which way a figure is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Better {
    Higher,
    Lower,
    Neither,
}

impl Figure {
    /// All, in the order in which they are shown; the first is the question that a comparison answers.
    pub const ALL: [Self; 7] = [
        Self::OccupantCoverage,
        Self::VehicleCoverage,
        Self::MatchedCoverage,
        Self::Detection,
        Self::ClaimedCoverage,
        Self::FalseMatches,
        Self::NobodysClaims,
    ];

    /// For reports.
    pub fn label(self) -> &'static str {
        match self {
            Self::OccupantCoverage => "occupant coverage",
            Self::VehicleCoverage => "vehicle coverage",
            Self::MatchedCoverage => "matched coverage",
            Self::Detection => "faces detected, by exposure",
            Self::ClaimedCoverage => "claimed coverage",
            Self::FalseMatches => "false matches",
            Self::NobodysClaims => "nobody's faces claimed",
        }
    }

    /// Whether it is a count per occupant rather than a share.
    pub(super) fn is_count(self) -> bool {
        matches!(self, Self::FalseMatches | Self::NobodysClaims)
    }

    pub(super) fn better(self) -> Better {
        match self {
            Self::ClaimedCoverage => Better::Neither,
            Self::FalseMatches | Self::NobodysClaims => Better::Lower,
            _ => Better::Higher,
        }
    }

    /// Of a person: whether they are asked about, and whether they hit; `None` where a figure is not of persons.
    fn of_person(self, o: &OccupantScore) -> Option<(bool, bool)> {
        match self {
            Self::OccupantCoverage => Some((true, o.outcome.is_captured())),
            Self::MatchedCoverage => Some((o.who.reference_id.is_some(), o.outcome == Outcome::Matched)),
            Self::ClaimedCoverage => Some((true, o.claimed)),
            _ => None,
        }
    }

    /// Of a whole vehicle: how many, of how many.
    fn of_vehicle(self, s: &EncounterScore) -> (u64, u64) {
        let occupants = s.occupants.len() as u64;
        // There may be more errors than occupants.
        let per_occupant = |count: u64| (count, occupants.max(count));
        match self {
            Self::VehicleCoverage => (u64::from(s.occupants.iter().all(|o| o.outcome.is_captured())), 1),
            Self::Detection => (s.faces.iter().map(|f| f.detected).sum(), s.faces.iter().map(|f| f.visible).sum()),
            Self::FalseMatches => per_occupant(s.shots.false_matches),
            Self::NobodysClaims => per_occupant(s.shots.nobodys_claimed),
            Self::OccupantCoverage | Self::MatchedCoverage | Self::ClaimedCoverage => {
                let asked = s.occupants.iter().filter_map(|o| self.of_person(o)).filter(|(asked, _)| *asked);
                asked.fold((0, 0), |(hits, of), (_, hit)| (hits + u64::from(hit), of + 1))
            }
        }
    }

    fn counted(self, vehicle: &Vehicle<'_>) -> Option<Counted> {
        let weight = vehicle.a.weight;
        if vehicle.pairs.iter().any(|pair| self.of_person(pair.a).is_some()) {
            let asked = |pair: &&Pair<'_>| [pair.a, pair.b].iter().all(|o| self.of_person(o).is_some_and(|(of, _)| of));
            return Some(persons(weight, vehicle.pairs.iter().filter(asked), |o| {
                self.of_person(o).is_some_and(|(_, hit)| hit)
            }));
        }
        let (a, b) = (self.of_vehicle(vehicle.a), self.of_vehicle(vehicle.b));
        // Errors are of the same occupants, however many there are.
        let of = if self.is_count() { [a.1.max(b.1); 2] } else { [a.1, b.1] };
        vehicle.is_whole().then(|| Counted::totals(weight, (a.0, of[0]), (b.0, of[1])))
    }

    /// The figure, vehicle by vehicle.
    pub(super) fn paired(self, vehicles: &[Vehicle<'_>]) -> Option<Difference> {
        vehicle_by_vehicle(&vehicles.iter().filter_map(|vehicle| self.counted(vehicle)).collect::<Vec<_>>())
    }

    /// The figure of two samples.
    pub(super) fn unpaired(self, [a, b]: [&[EncounterScore]; 2]) -> Option<Difference> {
        let clusters = |scores: &[EncounterScore]| -> Vec<Cluster> {
            let cluster = |s: &EncounterScore| {
                let (hits, of) = self.of_vehicle(s);
                Cluster { weight: s.weight, hits, of }
            };
            scores.iter().map(cluster).collect()
        };
        two_samples(&clusters(a), &clusters(b))
    }
}

/// Persons of a vehicle that hit in A and in B.
fn persons<'p, 's: 'p>(
    weight: f64,
    pairs: impl Iterator<Item = &'p Pair<'s>>,
    hit: impl Fn(&OccupantScore) -> bool,
) -> Counted {
    let mut counted = Counted { weight, a: (0, 0), b: (0, 0), gained: 0, lost: 0 };
    for Pair { a, b } in pairs {
        let (in_a, in_b) = (hit(a), hit(b));
        counted.a = (counted.a.0 + u64::from(in_a), counted.a.1 + 1);
        counted.b = (counted.b.0 + u64::from(in_b), counted.b.1 + 1);
        counted.gained += u64::from(in_b && !in_a);
        counted.lost += u64::from(in_a && !in_b);
    }
    counted
}

/// A group's occupant coverage in A and B.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupDifference {
    /// "row 2", "Monk 7–10".
    pub name: String,
    /// Its difference, after Holm over the groups of the margin.
    pub coverage: Difference,
}

/// The groups of a margin, by occupant coverage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MarginDifference {
    /// "row", "light".
    pub about: String,
    /// The groups, in their order.
    pub groups: Vec<GroupDifference>,
    /// Pairs that are in another group in B than in A, by which they count: what was changed changes that.
    pub moved: u64,
}

fn key(group_of: Grouping, o: &OccupantScore) -> (u8, String) {
    group_of(&o.who, &o.conditions)
}

fn groups(
    people: impl Iterator<Item = (u8, String)>,
    coverage: impl Fn(&(u8, String)) -> Option<Difference>,
) -> Vec<GroupDifference> {
    let names: BTreeSet<(u8, String)> = people.collect();
    let group = |name: (u8, String)| Some(GroupDifference { coverage: coverage(&name)?, name: name.1 });
    let mut groups: Vec<GroupDifference> = names.into_iter().filter_map(group).collect();
    adjust(groups.iter_mut().map(|group| &mut group.coverage));
    groups
}

/// Every margin, person by person; groups are as in A.
pub(super) fn paired_margins(vehicles: &[Vehicle<'_>]) -> Vec<MarginDifference> {
    let pairs = || vehicles.iter().flat_map(|v| &v.pairs);
    let margin = |(about, group_of): &(&str, Grouping)| {
        let within = |name: &(u8, String)| {
            let counted = vehicles.iter().map(|vehicle| {
                let of_group = vehicle.pairs.iter().filter(|pair| key(*group_of, pair.a) == *name);
                persons(vehicle.a.weight, of_group, |o| o.outcome.is_captured())
            });
            vehicle_by_vehicle(&counted.collect::<Vec<_>>())
        };
        MarginDifference {
            about: (*about).to_owned(),
            groups: groups(pairs().map(|pair| key(*group_of, pair.a)), within),
            moved: pairs().filter(|pair| key(*group_of, pair.a) != key(*group_of, pair.b)).count() as u64,
        }
    };
    margins::ALL.iter().map(margin).collect()
}

/// Every margin of two samples.
pub(super) fn unpaired_margins(runs: [&[EncounterScore]; 2]) -> Vec<MarginDifference> {
    let margin = |(about, group_of): &(&str, Grouping)| {
        let within = |name: &(u8, String)| {
            let [a, b] = runs.map(|scores| -> Vec<Cluster> {
                let cluster = |s: &EncounterScore| {
                    let of_group = || s.occupants.iter().filter(|o| key(*group_of, o) == *name);
                    let captured = of_group().filter(|o| o.outcome.is_captured());
                    Cluster { weight: s.weight, hits: captured.count() as u64, of: of_group().count() as u64 }
                };
                scores.iter().map(cluster).collect()
            });
            two_samples(&a, &b)
        };
        let people = runs.into_iter().flatten().flat_map(|s| &s.occupants);
        MarginDifference {
            about: (*about).to_owned(),
            groups: groups(people.map(|o| key(*group_of, o)), within),
            moved: 0,
        }
    };
    margins::ALL.iter().map(margin).collect()
}
