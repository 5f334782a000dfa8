//! Differences between groups of people (ISO/IEC 19795-10): each group less everybody else.
//!
//! Both sides are shares over vehicles that know that people of one vehicle are alike ([`ClusteredShare`]); the interval of
//! the difference is Newcombe's of these two ([`UnpairedDifference`]), which takes them as independent. They partly ride in
//! the same vehicles: where what befalls a vehicle befalls both groups, the true interval is narrower than the one shown.
use laneproof_statistics::{
    clustered::{Cluster, ClusteredShare},
    multiple::holm,
    unpaired::UnpairedDifference,
};
use serde::Serialize;

use crate::score::{
    EncounterScore, OccupantScore, Outcome,
    margins::{self, Grouping},
};

/// Margins that are about people.
const ABOUT_PEOPLE: [&str; 4] = ["skin tone", "age, years", "sex", "what they wear"];
/// Fewer people or vehicles than these on one side make a small group: its interval is wide, and rests on single vehicles.
const SMALL_PEOPLE: u64 = 30;
const SMALL_VEHICLES: u64 = 10;
/// Level at which a difference that is adjusted for all comparisons counts.
const LEVEL: f64 = 0.05;

/// One comparison.
#[derive(Debug, Serialize)]
struct Row {
    group: String,
    against: String,
    /// "12 of 20, 60 %" of the group, and of everybody else.
    here: String,
    rest: String,
    /// Percentage points.
    difference: f64,
    low: f64,
    high: f64,
    /// "−12 (−30 to +6)".
    told: String,
    small: bool,
    /// p after Holm over all comparisons of the section.
    adjusted: String,
    rejected: bool,
    #[serde(skip)]
    p: f64,
}

/// Comparisons of one margin.
#[derive(Debug, Serialize)]
struct Part {
    about: &'static str,
    rows: Vec<Row>,
}

/// One measure over all margins.
#[derive(Debug, Serialize)]
struct Plot {
    measure: &'static str,
    parts: Vec<Part>,
}

/// The section on groups.
#[derive(Debug, Serialize)]
pub(super) struct Differences {
    plots: Vec<Plot>,
    /// Percentage points that the plots reach to, on both sides of zero.
    reach: u8,
    comparisons: usize,
    /// Differences that hold after Holm.
    hold: usize,
    small: usize,
    /// Intervals that leave zero out, each by itself.
    apart: usize,
    /// Intervals of 95 % that leave zero out by chance, on average, where no group differs.
    by_chance: String,
    small_people: u64,
    small_vehicles: u64,
}

fn share(
    scores: &[EncounterScore],
    of: impl Fn(&OccupantScore) -> bool,
    hit: fn(&OccupantScore) -> bool,
) -> ClusteredShare {
    let cluster = |s: &EncounterScore| {
        let asked = || s.occupants.iter().filter(|o| of(o));
        Cluster { weight: s.weight, hits: asked().filter(|o| hit(o)).count() as u64, of: asked().count() as u64 }
    };
    // The bootstrap is not asked for: the difference comes of the other interval.
    ClusteredShare::with_resamples(&scores.iter().map(cluster).collect::<Vec<_>>(), 0, 0)
}

fn row(group: &str, against: &str, [here, rest]: [ClusteredShare; 2]) -> Option<Row> {
    let found = UnpairedDifference::new(&rest, &here, 0.0)?;
    let told = |s: &ClusteredShare| format!("{:.0} % ({}/{})", s.share.unwrap_or(0.0) * 100.0, s.count, s.of);
    let points = |difference: f64| {
        let points = (difference * 100.0).round();
        match points {
            0.0 => "0".to_owned(),
            ..0.0 => format!("−{}", -points),
            _ => format!("+{points}"),
        }
    };
    Some(Row {
        group: group.to_owned(),
        against: against.to_owned(),
        here: told(&here),
        rest: told(&rest),
        difference: found.difference * 100.0,
        low: found.low * 100.0,
        high: found.high * 100.0,
        told: format!("{} ({} to {})", points(found.difference), points(found.low), points(found.high)),
        small: [here, rest].iter().any(|s| s.of < SMALL_PEOPLE || s.vehicles < SMALL_VEHICLES),
        adjusted: String::new(),
        rejected: false,
        p: 2.0 * found.p_worse.min(1.0 - found.p_worse),
    })
}

fn part(
    scores: &[EncounterScore],
    (about, group_of): (&'static str, Grouping),
    asked: fn(&OccupantScore) -> bool,
    hit: fn(&OccupantScore) -> bool,
) -> Option<Part> {
    let key = |o: &OccupantScore| group_of(&o.who, &o.conditions);
    let mut groups: Vec<(u8, String)> =
        scores.iter().flat_map(|s| &s.occupants).filter(|o| asked(o)).map(key).collect();
    groups.sort();
    groups.dedup();
    // Of two groups the one is the rest of the other: one comparison says it all.
    let shown = if groups.len() == 2 { &groups[..1] } else { &groups[..] };
    let against = |i: usize| if groups.len() == 2 { groups[1 - i].1.as_str() } else { "all others" };
    let rows = shown.iter().enumerate().filter_map(|(i, group)| {
        let here = share(scores, |o| asked(o) && key(o) == *group, hit);
        let rest = share(scores, |o| asked(o) && key(o) != *group, hit);
        row(&group.1, against(i), [here, rest])
    });
    let rows: Vec<Row> = rows.collect();
    (!rows.is_empty()).then_some(Part { about, rows })
}

/// Makes the section; `None` where there is nothing to compare.
pub(super) fn differences(scores: &[EncounterScore]) -> Option<Differences> {
    type Hit = fn(&OccupantScore) -> bool;
    let measures: [(&str, Hit, Hit); 2] = [
        ("Verified capture", |_| true, |o| o.outcome.is_captured()),
        (
            "Captured and matched, of those with a reference",
            |o| o.who.reference_id.is_some(),
            |o| o.outcome == Outcome::Matched,
        ),
    ];
    let about_people = || margins::ALL.into_iter().filter(|(about, _)| ABOUT_PEOPLE.contains(about));
    let mut plots: Vec<Plot> = measures
        .into_iter()
        .map(|(measure, asked, hit)| Plot {
            measure,
            parts: about_people().filter_map(|margin| part(scores, margin, asked, hit)).collect(),
        })
        .collect();
    let p: Vec<f64> = plots.iter().flat_map(|p| &p.parts).flat_map(|p| &p.rows).map(|row| row.p).collect();
    let decisions = holm(&p, LEVEL);
    let (mut hold, mut small, mut apart, mut furthest) = (0, 0, 0, 0.0f64);
    for (row, decision) in plots.iter_mut().flat_map(|p| &mut p.parts).flat_map(|p| &mut p.rows).zip(&decisions) {
        row.adjusted =
            if decision.adjusted < 0.001 { "< 0.001".to_owned() } else { format!("{:.3}", decision.adjusted) };
        row.rejected = decision.rejected;
        furthest = furthest.max(-row.low).max(row.high);
        hold += usize::from(row.rejected);
        small += usize::from(row.small);
        apart += usize::from(row.low > 0.0 || row.high < 0.0);
    }
    (!p.is_empty()).then(|| Differences {
        plots,
        reach: [10, 25, 50, 75].into_iter().find(|reach| furthest <= f64::from(*reach)).unwrap_or(100),
        comparisons: p.len(),
        hold,
        small,
        apart,
        by_chance: format!("{:.1}", 0.05 * p.len() as f64),
        small_people: SMALL_PEOPLE,
        small_vehicles: SMALL_VEHICLES,
    })
}

#[cfg(test)]
mod tests {
    use super::differences;
    use crate::{report::tests::spoilt_run, score::Outcome};

    /// Contract: a group that loses everybody, while nobody else is lost, is found, and stays found among all comparisons; where
    /// no group differs, none is.
    #[test]
    fn a_group_that_fares_worse_is_found_and_chance_is_not() {
        let (result, _folder) = spoilt_run();
        let told = |lost: fn(u8) -> bool| {
            let mut scores = result.scores.clone();
            for o in scores.iter_mut().flat_map(|s| &mut s.occupants) {
                o.outcome = if lost(o.who.monk_tone) { Outcome::Lost } else { Outcome::Matched };
            }
            differences(&scores).expect("there are groups")
        };
        let found = told(|tone| tone >= 7);
        let dark = found.plots[0].parts[0].rows.iter().find(|row| row.group == "Monk 7–10").expect("some are dark");
        assert!(dark.rejected && dark.difference == -100.0 && dark.high < 0.0, "{dark:?}");
        assert!(dark.small && found.hold >= 1 && found.apart >= found.hold, "{dark:?}");
        let none = told(|_| false);
        assert_eq!((none.hold, none.apart), (0, 0));
        assert_eq!(none.comparisons, none.plots.iter().flat_map(|p| &p.parts).map(|p| p.rows.len()).sum::<usize>());
        // Women and men are one comparison, not two.
        let sex = none.plots[0].parts.iter().find(|part| part.about == "sex").expect("both are there");
        assert_eq!((sex.rows.len(), sex.rows[0].against.as_str()), (1, "men and boys"));
    }
}
