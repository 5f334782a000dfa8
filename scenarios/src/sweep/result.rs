//! What a sweep came to: `sweep.json` and `sweep.csv`.
use std::{collections::BTreeSet, fmt::Write as _};

use laneproof_statistics::{paired::mcnemar::exact_p, share::Share};
use serde::{Deserialize, Serialize};
use toml::Value;

use super::{
    Varied,
    also::{SecondPoint, SecondStack},
};
use crate::score::{
    Cause, EncounterScore,
    summary::{Failure, Head, Summary},
};

/// A sweep's numbers. Wall-clock times are not among them: the same sweep gives the same bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SweepResult {
    /// Version of this format.
    pub format: u32,
    /// What made it; the hash is that of the scenario without a value put in.
    pub head: Head,
    /// What was varied.
    pub varied: Varied,
    /// Encounters of every value.
    pub encounters: u64,
    /// Values that were asked for; fewer are there while the sweep runs.
    pub planned: usize,
    /// Label of the value that the others are compared with.
    pub baseline: String,
    /// Whether the same people sit in the same seats at every value.
    pub same_people: bool,
    /// One a value, in the user's order.
    pub points: Vec<PointResult>,
    /// A second stack that was shown the same frames, where one was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<SecondStack>,
}

/// One value's numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PointResult {
    /// The value, as a file would hold it.
    pub value: Value,
    /// For tables and axes.
    pub label: String,
    /// Place on the axis.
    pub position: f64,
    /// Run folder, relative to the sweep's.
    pub folder: String,
    /// BLAKE3 of the scenario with the value put in and of all files it names.
    pub scenario_hash: String,
    /// Occupants of the encounters that were done.
    pub occupants: u64,
    /// Share of occupants with a verified capture.
    pub occupant_coverage: Share,
    /// Share of occupants with a claimed shot that belongs to them.
    pub claimed_coverage: Share,
    /// Share of vehicles with a verified capture of everyone.
    pub vehicle_coverage: Share,
    /// Of the enrolled: captured and matched to themselves.
    pub matched_coverage: Share,
    /// Claimed shots matched to somebody else.
    pub false_matches: u64,
    /// Lost occupants by first cause, in the order of the ladder.
    pub causes: Vec<(Cause, u64)>,
    /// Encounters that failed and are not counted.
    pub failures: Vec<Failure>,
    /// Against the baseline; nothing for the baseline itself.
    pub compared: Option<Paired>,
    /// With the second stack.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<SecondPoint>,
}

/// A paired comparison of verified captures.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Paired {
    /// The same person in the same seat, in encounters that were done at both values.
    pub pairs: u64,
    /// Captured here and not at the baseline.
    pub won: u64,
    /// Captured at the baseline and not here.
    pub lost: u64,
    /// Two-sided exact McNemar p, see [`exact_p`].
    pub p: f64,
}

impl Paired {
    /// Compares two runs by the pairs (encounter, occupant here, occupant there).
    pub fn of(pairs: &[(u64, u8, u8)], here: &[EncounterScore], there: &[EncounterScore]) -> Self {
        let captured = |scores: &[EncounterScore], encounter: u64, occupant: u8| {
            let at = scores.binary_search_by_key(&encounter, |score| score.encounter).ok()?;
            Some(scores[at].occupants.get(usize::from(occupant))?.outcome.is_captured())
        };
        let (mut count, mut won, mut lost) = (0, 0, 0);
        for &(encounter, i, j) in pairs {
            let both = captured(here, encounter, i).zip(captured(there, encounter, j));
            let Some((now, before)) = both else { continue };
            count += 1;
            won += u64::from(now && !before);
            lost += u64::from(!now && before);
        }
        Self { pairs: count, won, lost, p: exact_p(won, lost) }
    }

    /// "+3 −1".
    pub fn changes(&self) -> String {
        if self.pairs == 0 {
            return "no pairs".to_owned();
        }
        format!("+{} −{}", self.won, self.lost)
    }

    /// "p = 0.07", "p < 0.001"; nothing without a pair.
    pub fn p_text(&self) -> String {
        if self.pairs == 0 { String::new() } else { p_text(self.p) }
    }
}

/// "p = 0.07", "p < 0.001".
pub(crate) fn p_text(p: f64) -> String {
    match p {
        p if p < 0.001 => "p < 0.001".to_owned(),
        p if p < 0.1 => format!("p = {p:.3}"),
        p => format!("p = {p:.2}"),
    }
}

impl PointResult {
    pub(super) fn new(point: &super::Point, summary: &Summary, compared: Option<Paired>) -> Self {
        Self {
            value: point.value.clone(),
            label: point.label.clone(),
            position: point.position,
            folder: point.folder.clone(),
            scenario_hash: summary.head.scenario_hash.clone(),
            occupants: summary.occupants,
            occupant_coverage: summary.occupant_coverage,
            claimed_coverage: summary.claimed_coverage,
            vehicle_coverage: summary.vehicle_coverage,
            matched_coverage: summary.matched_coverage,
            false_matches: summary.shots.false_matches,
            causes: summary.causes.clone(),
            failures: summary.failures.clone(),
            compared,
            second: None,
        }
    }
}

impl SweepResult {
    /// What may be concluded from a difference between two values, in one sentence.
    pub fn pairing(&self) -> String {
        let seed = self.head.seed;
        if self.same_people {
            return format!(
                "Seed {seed} at every value: the same people in the same seats, so differences are due to the value alone."
            );
        }
        let fewest = self.points.iter().filter_map(|p| Some((p.compared?.pairs, p.occupants))).min();
        let (pairs, of) = fewest.unwrap_or((0, 0));
        if pairs == 0 {
            return "This value changes who travels: at some values nobody is the same person in the same seat as at the \
                    baseline, and there nothing can be compared."
                .to_owned();
        }
        format!(
            "This value changes who travels: at least {pairs} of {of} occupants are the same person in the same seat as at \
             the baseline, and only they are compared."
        )
    }

    /// Causes that lost somebody at any value, in the order of the ladder.
    pub fn causes(&self) -> BTreeSet<Cause> {
        self.points.iter().flat_map(|p| &p.causes).map(|(cause, _)| *cause).collect()
    }

    /// One row a value: coverages with their 95 % intervals, the comparison, and a column for every cause that occurs.
    pub fn csv(&self) -> String {
        let mut out = String::from("value,run,scenario_hash");
        for share in ["occupant", "vehicle", "matched", "claimed"] {
            write!(out, ",{share}_count,{share}_of,{share}_coverage,{share}_low,{share}_high").ok();
        }
        out.push_str(",false_matches,failed_encounters,pairs,won,lost,mcnemar_p");
        if self.second.is_some() {
            for share in ["occupant", "matched", "claimed"] {
                write!(out, ",second_{share}_count,second_{share}_of").ok();
            }
            out.push_str(",second_false_matches,second_won,second_lost,second_mcnemar_p");
        }
        let causes = self.causes();
        for cause in &causes {
            write!(out, ",lost_{}", key(*cause)).ok();
        }
        out.push('\n');
        for point in &self.points {
            let value = match &point.value {
                Value::String(text) => text.clone(),
                _ => point.label.clone(),
            };
            write!(out, "{},{},{}", cell(&value), cell(&point.folder), point.scenario_hash).ok();
            for s in [point.occupant_coverage, point.vehicle_coverage, point.matched_coverage, point.claimed_coverage] {
                let share = s.share.map_or(String::new(), |p| format!("{p:.6}"));
                write!(out, ",{},{},{share},{:.6},{:.6}", s.count, s.of, s.low, s.high).ok();
            }
            write!(out, ",{},{}", point.false_matches, point.failures.len()).ok();
            match point.compared {
                Some(Paired { pairs, won, lost, p }) => write!(out, ",{pairs},{won},{lost},{p:.6}").ok(),
                None => write!(out, ",,,,").ok(),
            };
            if self.second.is_some() {
                out.push_str(&second_cells(point.second.as_ref()));
            }
            for cause in &causes {
                let count = point.causes.iter().find(|(c, _)| c == cause).map_or(0, |(_, count)| *count);
                write!(out, ",{count}").ok();
            }
            out.push('\n');
        }
        out
    }
}

/// A second stack's numbers as cells of a row; empty where there are none.
fn second_cells(point: Option<&SecondPoint>) -> String {
    let Some(point) = point else { return ",".repeat(10) };
    let mut out = String::new();
    for s in [point.occupant_coverage, point.matched_coverage, point.claimed_coverage] {
        write!(out, ",{},{}", s.count, s.of).ok();
    }
    write!(out, ",{}", point.false_matches).ok();
    match point.compared {
        Some(Paired { won, lost, p, .. }) => write!(out, ",{won},{lost},{p:.6}").ok(),
        None => write!(out, ",,,").ok(),
    };
    out
}

/// A cause's name in files, with underscores.
fn key(cause: Cause) -> String {
    let name = serde_json::to_value(cause).ok();
    name.as_ref().and_then(|n| n.as_str()).unwrap_or_default().replace('-', "_")
}

/// A text as a cell (RFC 4180).
fn cell(text: &str) -> String {
    if text.contains([',', '"', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}
