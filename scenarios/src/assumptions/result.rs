//! What a study came to: tallies of the scenario and of every end, kept small so that they can be committed and asked again.
use std::{collections::BTreeMap, fmt::Write as _, path::Path};

use laneproof_statistics::{
    clustered::Cluster,
    paired::{PairedCluster, PairedDifference},
    share::Share,
};
use serde::{Deserialize, Serialize};

use super::{
    file::{End, ReportedFile},
    tally::Tally,
};
use crate::{
    run::{RunError, folder::RunFolder},
    score::summary::{Failure, Head},
};

/// Version of the format.
pub const FORMAT: u32 = 1;

/// A study's numbers. Wall-clock times are not among them: the same study gives the same bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StudyResult {
    /// Version of this format.
    pub format: u32,
    /// Title of the study.
    pub title: String,
    /// File of the study.
    pub file: String,
    /// What made the scenario's own run, and so all others.
    pub head: Head,
    /// What was reported of the real lane.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported: Option<ReportedFile>,
    /// Cameras that captured somebody, in the order of the tallies' bits.
    pub cameras: Vec<String>,
    /// The scenario as it is.
    pub base: Arm,
    /// The assumptions in the order of the file; ends that are not done yet are missing.
    pub assumptions: Vec<Assumption>,
    /// How many ends the file asks for.
    pub planned: usize,
}

/// An assumption with what was run of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assumption {
    /// What is assumed.
    pub name: String,
    /// What the scenario takes.
    pub taken: String,
    /// Why it may lie between the ends.
    pub source: String,
    /// The ends that were run.
    pub ends: Vec<EndResult>,
}

/// One end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EndResult {
    /// Which.
    pub end: End,
    /// What holds there.
    pub label: String,
    /// What was put into the scenario.
    pub set: BTreeMap<String, serde_json::Value>,
    /// What was run.
    #[serde(flatten)]
    pub arm: Arm,
}

/// The encounters of one scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Arm {
    /// BLAKE3 of the scenario and all files it names, with the end's values put in.
    pub scenario_hash: String,
    /// Encounters that needed no new frame: planned as in a run before, their frames were shown again.
    pub shown_again: u64,
    /// Those that were done, by index.
    pub tallies: Vec<Tally>,
    /// Those that failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<Failure>,
}

impl Arm {
    /// Share of vehicles with a verified capture of everyone.
    pub fn vehicle_coverage(&self) -> Share {
        Share::of_clusters(&self.tallies.iter().map(Tally::vehicle).collect::<Vec<_>>())
    }

    /// Share of occupants with a verified capture.
    pub fn occupant_coverage(&self) -> Share {
        Share::of_clusters(&self.tallies.iter().map(|t| t.occupants(None, None)).collect::<Vec<_>>())
    }

    /// By how much vehicle coverage differs from another arm's, over the encounters that both have.
    pub fn against(&self, base: &Self) -> Option<PairedDifference> {
        let both = self.tallies.iter().filter_map(|here| {
            let at = base.tallies.binary_search_by_key(&here.encounter, |t| t.encounter).ok()?;
            Some((base.tallies[at].vehicle(), here.vehicle()))
        });
        let change = |(before, now): (Cluster, Cluster)| PairedCluster {
            weight: now.weight,
            of: 1,
            gained: u64::from(now.hits > before.hits),
            lost: u64::from(now.hits < before.hits),
        };
        PairedDifference::new(&both.map(change).collect::<Vec<_>>())
    }
}

impl Assumption {
    /// The end of that name, where it was run.
    pub fn end(&self, end: End) -> Option<&EndResult> {
        self.ends.iter().find(|e| e.end == end)
    }

    /// Between the least and the greatest vehicle coverage of base and ends: how far the assumption moves the answer.
    pub fn swing(&self, base: &Arm) -> f64 {
        let moved = self.ends.iter().filter_map(|end| Some(end.arm.against(base)?.difference));
        let (low, high) = moved.fold((0.0f64, 0.0f64), |(low, high), d| (low.min(d), high.max(d)));
        high - low
    }
}

impl StudyResult {
    /// Name of the file in a study's folder.
    pub const FILE: &'static str = "assumptions.json";

    /// Reads a study's file, or that of a study's folder.
    pub fn open(path: &Path) -> Result<Self, RunError> {
        let file = if path.is_dir() { path.join(Self::FILE) } else { path.to_owned() };
        let folder = RunFolder::new(file.parent().unwrap_or(Path::new("")));
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let none = || RunError::NoStudy { path: file.clone() };
        let study: Self = folder.read_json(&name)?.ok_or_else(none)?;
        Ok(study)
    }

    /// A run of a scenario as a study of no assumption.
    pub fn of_run(head: Head, base: Arm, cameras: Vec<String>) -> Self {
        let (title, file) = (head.title.clone(), head.scenario.clone());
        Self { format: FORMAT, title, file, head, reported: None, cameras, base, assumptions: Vec::new(), planned: 0 }
    }

    /// Ends that were run.
    pub fn done(&self) -> usize {
        self.assumptions.iter().map(|a| a.ends.len()).sum()
    }

    /// The assumptions that were run at any end, those that move vehicle coverage most first.
    pub fn ranked(&self) -> Vec<(&Assumption, f64)> {
        let run = self.assumptions.iter().filter(|a| !a.ends.is_empty());
        let mut ranked: Vec<(&Assumption, f64)> = run.map(|a| (a, a.swing(&self.base))).collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
        ranked
    }

    /// Encounters that failed anywhere.
    pub fn failed(&self) -> usize {
        let ends = self.assumptions.iter().flat_map(|a| &a.ends).map(|end| end.arm.failures.len());
        self.base.failures.len() + ends.sum::<usize>()
    }

    /// One row an end: coverages with their 95 % intervals, and the paired difference from the scenario as it is.
    pub fn csv(&self) -> Result<String, RunError> {
        let mut rows = csv::Writer::from_writer(Vec::new());
        let failed = |e: csv::Error| RunError::Report(e.to_string());
        rows.write_record([
            "assumption",
            "end",
            "label",
            "vehicles_complete",
            "vehicles",
            "vehicle_coverage",
            "vehicle_low",
            "vehicle_high",
            "difference",
            "difference_low",
            "difference_high",
            "occupants_captured",
            "occupants",
            "occupant_coverage",
            "shown_again",
            "failed_encounters",
            "scenario_hash",
        ])
        .map_err(failed)?;
        let mut row = |name: &str, end: &str, label: &str, arm: &Arm| {
            let number = |value: Option<f64>| value.map_or(String::new(), |value| format!("{value:.6}"));
            let (vehicles, occupants) = (arm.vehicle_coverage(), arm.occupant_coverage());
            let against = arm.against(&self.base).filter(|_| !end.is_empty());
            rows.write_record([
                name.to_owned(),
                end.to_owned(),
                label.to_owned(),
                vehicles.count.to_string(),
                vehicles.of.to_string(),
                number(vehicles.share),
                number(Some(vehicles.low)),
                number(Some(vehicles.high)),
                number(against.map(|d| d.difference)),
                number(against.map(|d| d.low)),
                number(against.map(|d| d.high)),
                occupants.count.to_string(),
                occupants.of.to_string(),
                number(occupants.share),
                arm.shown_again.to_string(),
                arm.failures.len().to_string(),
                arm.scenario_hash.clone(),
            ])
            .map_err(failed)
        };
        row("the scenario as it is", "", "", &self.base)?;
        for (assumption, _) in self.ranked() {
            for end in &assumption.ends {
                row(&assumption.name, end.end.key(), &end.label, &end.arm)?;
            }
        }
        let bytes = rows.into_inner().map_err(|e| RunError::Report(e.to_string()))?;
        String::from_utf8(bytes).map_err(|e| RunError::Report(e.to_string()))
    }

    /// The result beside what was reported, in one sentence.
    pub fn headline(&self) -> String {
        let coverage = self.base.vehicle_coverage();
        let mut line = format!(
            "vehicle coverage {} ({}/{}, {})",
            coverage.percent(),
            coverage.count,
            coverage.of,
            coverage.interval()
        );
        if let Some(reported) = &self.reported {
            write!(line, "; reported: {:.0} %", reported.vehicle_coverage * 100.0).ok();
        }
        line
    }
}
