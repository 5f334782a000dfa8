//! A run's numbers: `summary.json`, and what terminal and report show.
use std::collections::{BTreeMap, BTreeSet};

use laneproof_exchange::encounter::NeighbourPlace;
use laneproof_scenes::decoy::DecoyKind;
use serde::{Deserialize, Serialize};

use laneproof_statistics::{clustered::Cluster, share::Share};

use super::{
    Cause, CrossVehicle, DecoyScore, EncounterScore, OccupantScore, OpenSetSummary, OtherVehicleScore, Outcome,
    PersonsSummary, Shots, Stage,
    margins::{self, Grouping},
    open_set::GallerySize,
};
use crate::{
    run::record::{EncounterRecord, Seen, Stopped},
    scenario::Scenario,
};

/// What made a run: the report's head.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// Version of this program.
    pub version: String,
    /// Title of the scenario.
    pub title: String,
    /// File of the scenario, as it was named.
    pub scenario: String,
    /// BLAKE3 of the scenario and all files it names.
    pub scenario_hash: String,
    /// Seed.
    pub seed: u64,
    /// Encounters asked for, by index.
    pub encounters: Vec<u64>,
    /// Adapter, driver and what else made the pictures.
    pub world: Vec<(String, String)>,
    /// Stack and models.
    pub stack: Vec<(String, String)>,
    /// Whether a model of the stack was trained on this simulator, so that its numbers flatter it.
    pub in_domain: bool,
}

impl Head {
    /// The head of a run. A stack says that it is in-domain by a pair ("in_domain", "true").
    pub fn new(
        scenario: &Scenario,
        encounters: &[u64],
        world: Vec<(String, String)>,
        mut stack: Vec<(String, String)>,
    ) -> Self {
        let in_domain = stack.iter().any(|(what, which)| what == "in_domain" && which == "true");
        stack.retain(|(what, _)| what != "in_domain");
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            title: scenario.file.title.clone(),
            scenario: scenario.source.path.display().to_string(),
            scenario_hash: scenario.hash(),
            seed: scenario.file.seed,
            encounters: encounters.to_vec(),
            world,
            stack,
            in_domain,
        }
    }
}

/// The shares of a group of occupants.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// "row 2", "seat 2-left", "Monk 7–10".
    pub name: String,
    /// Verified capture.
    pub verified: Share,
    /// A claimed shot of theirs, verified or not.
    pub claimed: Share,
    /// Of the enrolled: captured and matched to themselves.
    pub matched: Share,
}

/// Groups of occupants that together are all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Margin {
    /// "row", "skin tone".
    pub about: String,
    /// The groups that there are, in their order.
    pub groups: Vec<Group>,
}

/// What a camera brought.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CameraGroup {
    /// Camera.
    pub camera_id: String,
    /// Of the faces of occupants that its exposures show: detected.
    pub detected: Share,
    /// Of all occupants: those with a verified shot of this camera.
    pub captured: Share,
}

/// A lost encounter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// Encounter.
    pub encounter: u64,
    /// Why.
    pub reason: String,
}

/// A bound and what it met.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GateResult {
    /// Key in the scenario.
    pub gate: String,
    /// The bound.
    pub bound: f64,
    /// The value; `None` when there was nothing to measure.
    pub actual: Option<f64>,
    /// Whether the bound is kept.
    pub kept: bool,
}

/// Faces of other vehicles' people that were attributed to the vehicle in hand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CrossVehicleSummary {
    /// All together.
    pub all: CrossVehicle,
    /// Of the encounters with another vehicle in the lane: those with a cross-vehicle error.
    pub encounters_with_errors: Share,
    /// By where the other vehicle is.
    pub places: Vec<(NeighbourPlace, CrossVehicle)>,
    /// Every other vehicle, in the order of encounters.
    pub vehicles: Vec<CrossVehicleRow>,
}

/// Another vehicle of one encounter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CrossVehicleRow {
    /// Encounter.
    pub encounter: u64,
    /// Where it is.
    pub place: NeighbourPlace,
    /// Vehicle model.
    pub vehicle: String,
    /// From bumper to bumper to the encounter's own where both stand, metres.
    pub gap_m: f32,
    /// Its people.
    pub counts: CrossVehicle,
}

/// What stacks that say "enough" saved, and what that may have cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EarlyStops {
    /// Of the encounters done: those in which exposures were not taken.
    pub encounters: Share,
    /// Of the exposures that the rig's triggers would have made in all encounters: those that were not taken.
    pub saved: Share,
    /// Of the occupants in those encounters: those without a verified capture. No more than these can the stops have cost;
    /// how many of them a later exposure would have captured, a run without early stop says.
    pub lost_there: Share,
    /// Each, in the order of encounters.
    pub stops: Vec<(u64, Stopped)>,
}

/// What stacks that ask for more were given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoreAsked {
    /// Frames in answer to which more was asked for.
    pub frames: u64,
    /// Exposures that were granted.
    pub granted: u64,
}

/// A run's numbers. Wall-clock times are not among them: the same run gives the same bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// What made the run.
    pub head: Head,
    /// Encounters done.
    pub encounters_done: u64,
    /// Encounters that failed.
    pub failures: Vec<Failure>,
    /// Occupants of the encounters done.
    pub occupants: u64,
    /// Share of occupants with a verified capture.
    pub occupant_coverage: Share,
    /// Share of occupants with a claimed shot that belongs to them.
    pub claimed_coverage: Share,
    /// What the stack alone would report: claimed shots, counted up to the heads in each vehicle.
    pub claimed_by_count: Share,
    /// Share of vehicles with a verified capture of everyone.
    pub vehicle_coverage: Share,
    /// Share of vehicles with a claimed shot of everyone.
    pub claimed_vehicle_coverage: Share,
    /// Of the enrolled: captured and matched to themselves.
    pub matched_coverage: Share,
    /// Share of vehicles in which everyone was captured and matched to themselves: crossings that are confirmed.
    pub confirmed_vehicles: Share,
    /// Failure to acquire (ISO/IEC 19795-1): occupants without a verified capture.
    pub failure_to_acquire: Share,
    /// References that could not be enrolled, with the reason.
    pub failed_enrolments: Vec<(String, String)>,
    /// By margin, see [`margins`].
    pub margins: Vec<Margin>,
    /// By camera of the rig, in the order in which they first exposed.
    pub cameras: Vec<CameraGroup>,
    /// Per-exposure detection rate: faces of occupants that exposures show, each in every exposure, that were detected there.
    pub faces_detected: Share,
    /// Occupants by outcome.
    pub outcomes: Vec<(Outcome, u64)>,
    /// Occupants by the stage that lost them, in the order of the way; see [`Stage`].
    pub stages: Vec<(Stage, u64)>,
    /// Lost occupants by cause, in the order of the ladder.
    pub causes: Vec<(Cause, u64)>,
    /// Best shots by claim and verdict.
    pub shots: Shots,
    /// Occupants with a claim but no verified capture.
    pub over_claimed_occupants: u64,
    /// Occupants whom the stack could have claimed but did not.
    pub under_claimed_occupants: u64,
    /// Detections in all frames.
    pub detections: u64,
    /// Detections that are nobody's face.
    pub nobodys_detections: u64,
    /// Detections of decoys, part of the former.
    pub decoy_detections: u64,
    /// Decoys that a camera saw, and how many of them the stack took for an occupant, by kind.
    pub decoys: Vec<(DecoyKind, Share)>,
    /// Of all decoys that a camera saw: taken for an occupant.
    pub decoys_taken: Share,
    /// What the stack made of people in other vehicles of the lane; `None` where there were no other vehicles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cross_vehicle: Option<CrossVehicleSummary>,
    /// How the stack told persons apart, counted and seated them; `None` from one that does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub persons: Option<PersonsSummary>,
    /// Open-set identification: who was searched for in the gallery and found, rightly or not.
    pub open_set: OpenSetSummary,
    /// Occupants who are plainly there (visible, turned < 30°, ≥ 60 px wide) of all.
    pub plain_faces: Share,
    /// Of those, detected in such an exposure.
    pub plain_faces_detected: Share,
    /// Of the enrolled who are plainly there with at least 60 px between the eyes: own reference first, see
    /// [`OccupantScore::rank_1`].
    pub rank_1: Share,
    /// Exposures made.
    pub exposures: u64,
    /// What early stops saved; `None` where there were none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub early_stops: Option<EarlyStops>,
    /// Where a stack asked for more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub more_asked: Option<MoreAsked>,
    /// Triggers that never fired.
    pub missed_triggers: u64,
    /// Frames that the stack refused.
    pub refused_frames: u64,
    /// Exposures rendered by regions and whole.
    pub cross_checked: u64,
    /// Of those, exposures where the two differ.
    pub cross_check_differs: u64,
    /// Bounds of the scenario.
    pub gates: Vec<GateResult>,
}

impl Summary {
    /// The groups of a margin; none of one that there is not.
    pub fn margin(&self, about: &str) -> &[Group] {
        self.margins.iter().find(|margin| margin.about == about).map_or(&[], |margin| &margin.groups)
    }

    /// Adds up a run.
    pub fn new(
        head: Head,
        scenario: &Scenario,
        records: &[EncounterRecord],
        scores: &[EncounterScore],
        failed_enrolments: Vec<(String, String)>,
        gallery: GallerySize,
    ) -> Self {
        let people: Vec<&OccupantScore> = scores.iter().flat_map(|s| &s.occupants).collect();
        let everyone = |hit: &dyn Fn(&OccupantScore) -> bool| share_of(scores, &|_| true, hit);
        let captured = |o: &OccupantScore| o.outcome.is_captured();
        let vehicles = |hit: &dyn Fn(&OccupantScore) -> bool| {
            let all_hit =
                |s: &EncounterScore| Cluster { weight: s.weight, hits: u64::from(s.occupants.iter().all(hit)), of: 1 };
            Share::of_clusters(&scores.iter().map(all_hit).collect::<Vec<_>>())
        };
        let counted = scores.iter().map(|s| claims(s).min(s.occupants.len() as u64));
        let seen: Vec<_> = records.iter().filter_map(EncounterRecord::seen).collect();
        let exposures = || seen.iter().flat_map(|s| &s.exposures);
        let count = |hit: &dyn Fn(&OccupantScore) -> bool| people.iter().filter(|o| hit(o)).count() as u64;

        let mut shots = Shots::default();
        for s in scores {
            shots.claimed_verified += s.shots.claimed_verified;
            shots.claimed_only += s.shots.claimed_only;
            shots.verified_only += s.shots.verified_only;
            shots.neither += s.shots.neither;
            shots.nobodys_claimed += s.shots.nobodys_claimed;
            shots.false_matches += s.shots.false_matches;
            shots.decoys_claimed += s.shots.decoys_claimed;
        }
        let mut causes: BTreeMap<Cause, u64> = BTreeMap::new();
        for cause in people.iter().filter_map(|o| o.cause) {
            *causes.entry(cause).or_default() += 1;
        }
        let outcomes = [Outcome::Matched, Outcome::NotMatched, Outcome::NotEnrolled, Outcome::Lost];
        let mut summary = Self {
            head,
            encounters_done: scores.len() as u64,
            failures: records.iter().filter_map(failure).collect(),
            occupants: people.len() as u64,
            occupant_coverage: everyone(&captured),
            claimed_coverage: everyone(&|o| o.claimed),
            claimed_by_count: Share::new(counted.sum(), people.len() as u64),
            vehicle_coverage: vehicles(&captured),
            claimed_vehicle_coverage: vehicles(&|o| o.claimed),
            matched_coverage: share_of(scores, &enrolled, &matched),
            confirmed_vehicles: vehicles(&matched),
            failure_to_acquire: everyone(&|o| !captured(o)),
            failed_enrolments,
            margins: margins::ALL.iter().map(|(about, group)| margin(scores, about, *group)).collect(),
            cameras: cameras(scores),
            faces_detected: faces_detected(scores, &|_| true),
            outcomes: outcomes.map(|outcome| (outcome, count(&|o| o.outcome == outcome))).to_vec(),
            stages: stages(&people),
            causes: causes.into_iter().collect(),
            shots,
            over_claimed_occupants: count(&|o| o.over_claimed),
            under_claimed_occupants: count(&|o| o.under_claimed),
            detections: scores.iter().map(|s| s.detections).sum(),
            decoy_detections: scores.iter().map(|s| s.decoy_detections).sum(),
            decoys: decoys_by_kind(scores),
            cross_vehicle: cross_vehicle(scores),
            persons: PersonsSummary::of(scores.iter().filter_map(|s| s.persons.as_ref())),
            open_set: OpenSetSummary::of(gallery, &people, &[margins::tone, margins::sex, margins::age]),
            decoys_taken: Share::of_items(scores.iter().flat_map(|s| &s.decoys), |d| d.taken),
            nobodys_detections: scores.iter().map(|s| s.nobodys_detections).sum(),
            plain_faces: everyone(&|o| o.plain),
            plain_faces_detected: Share::new(count(&|o| o.plain_detected), count(&|o| o.plain)),
            rank_1: Share::of_items(people.iter().copied().filter(|o| o.rank_1.is_some()), |o| o.rank_1 == Some(true)),
            exposures: exposures().count() as u64,
            early_stops: early_stops(records, scores),
            more_asked: more_asked(&seen),
            missed_triggers: seen.iter().map(|s| s.missed_triggers.len() as u64).sum(),
            refused_frames: exposures().filter(|e| e.refused.is_some()).count() as u64,
            cross_checked: exposures().filter(|e| e.cross_check_differs.is_some()).count() as u64,
            cross_check_differs: exposures().filter(|e| e.cross_check_differs == Some(true)).count() as u64,
            gates: Vec::new(),
        };
        summary.gates = gates(&summary, scenario);
        summary
    }
}

fn early_stops(records: &[EncounterRecord], scores: &[EncounterScore]) -> Option<EarlyStops> {
    let done = || records.iter().filter_map(|record| Some((record.encounter, record.seen()?)));
    let stops: Vec<(u64, Stopped)> = done().filter_map(|(k, seen)| Some((k, seen.stopped.clone()?))).collect();
    let saved: u64 = stops.iter().map(|(_, stopped)| stopped.exposures_saved).sum();
    let of_triggers = done().flat_map(|(_, seen)| &seen.exposures).filter(|e| !e.extra).count() as u64;
    let stopped = |k: u64| stops.iter().any(|(encounter, _)| *encounter == k);
    let there = scores.iter().filter(|s| stopped(s.encounter)).flat_map(|s| &s.occupants);
    (!stops.is_empty()).then(|| EarlyStops {
        encounters: Share::new(stops.len() as u64, done().count() as u64),
        saved: Share::new(saved, of_triggers + saved),
        lost_there: Share::of_items(there, |o| !o.outcome.is_captured()),
        stops: stops.clone(),
    })
}

fn more_asked(seen: &[&Seen]) -> Option<MoreAsked> {
    let exposures = || seen.iter().flat_map(|s| &s.exposures);
    let frames = exposures().filter(|e| !e.need_more.is_empty()).count() as u64;
    let granted = exposures().filter(|e| e.extra).count() as u64;
    (frames > 0).then_some(MoreAsked { frames, granted })
}

fn failure(record: &EncounterRecord) -> Option<Failure> {
    match &record.end {
        crate::run::record::End::Failed { reason } => {
            Some(Failure { encounter: record.encounter, reason: reason.clone() })
        }
        crate::run::record::End::Done(_) => None,
    }
}

/// Claimed shots, whoever they show: the stack cannot tell.
fn claims(score: &EncounterScore) -> u64 {
    let others = CrossVehicle::sum(score.others.iter().map(OtherVehicleScore::counts));
    score.shots.claimed_verified + score.shots.claimed_only + others.errors
}

fn cross_vehicle(scores: &[EncounterScore]) -> Option<CrossVehicleSummary> {
    let vehicles: Vec<CrossVehicleRow> = scores
        .iter()
        .flat_map(|s| s.others.iter().map(|other| (s.encounter, other)))
        .map(|(encounter, other)| CrossVehicleRow {
            encounter,
            place: other.place,
            vehicle: other.vehicle.clone(),
            gap_m: other.gap_m,
            counts: other.counts(),
        })
        .collect();
    let mut places: BTreeMap<NeighbourPlace, CrossVehicle> = BTreeMap::new();
    for row in &vehicles {
        *places.entry(row.place).or_default() += row.counts;
    }
    let accompanied = scores.iter().filter(|s| !s.others.is_empty());
    (!vehicles.is_empty()).then(|| CrossVehicleSummary {
        all: CrossVehicle::sum(vehicles.iter().map(|row| row.counts)),
        encounters_with_errors: Share::of_items(accompanied, |s| s.others.iter().any(|o| o.counts().errors > 0)),
        places: places.into_iter().collect(),
        vehicles,
    })
}

fn decoys_by_kind(scores: &[EncounterScore]) -> Vec<(DecoyKind, Share)> {
    let mut by_kind: BTreeMap<DecoyKind, Vec<&DecoyScore>> = BTreeMap::new();
    for decoy in scores.iter().flat_map(|s| &s.decoys) {
        by_kind.entry(decoy.kind).or_default().push(decoy);
    }
    by_kind.into_iter().map(|(kind, decoys)| (kind, Share::of_items(decoys, |d| d.taken))).collect()
}

fn enrolled(o: &OccupantScore) -> bool {
    o.who.reference_id.is_some()
}

fn matched(o: &OccupantScore) -> bool {
    o.outcome == Outcome::Matched
}

/// The share of some occupants that `hit`, with an interval that knows that those of one vehicle are alike.
fn share_of(
    scores: &[EncounterScore],
    of: &dyn Fn(&OccupantScore) -> bool,
    hit: &dyn Fn(&OccupantScore) -> bool,
) -> Share {
    let cluster = |s: &EncounterScore| {
        let asked = || s.occupants.iter().filter(|o| of(o));
        Cluster { weight: s.weight, hits: asked().filter(|o| hit(o)).count() as u64, of: asked().count() as u64 }
    };
    Share::of_clusters(&scores.iter().map(cluster).collect::<Vec<_>>())
}

/// Occupants by the groups of a margin.
fn margin(scores: &[EncounterScore], about: &str, group_of: Grouping) -> Margin {
    let key = |o: &OccupantScore| group_of(&o.who, &o.conditions);
    let groups: BTreeSet<(u8, String)> = scores.iter().flat_map(|s| &s.occupants).map(key).collect();
    let group = |group: (u8, String)| {
        let within = |o: &OccupantScore| key(o) == group;
        Group {
            verified: share_of(scores, &within, &|o| o.outcome.is_captured()),
            claimed: share_of(scores, &within, &|o| o.claimed),
            matched: share_of(scores, &|o| within(o) && enrolled(o), &matched),
            name: group.1.clone(),
        }
    };
    Margin { about: about.to_owned(), groups: groups.into_iter().map(group).collect() }
}

/// The faces that exposures of some cameras show, and those detected, clustered by vehicle.
fn faces_detected(scores: &[EncounterScore], of: &dyn Fn(&str) -> bool) -> Share {
    let cluster = |s: &EncounterScore| {
        let faces = || s.faces.iter().filter(|camera| of(&camera.camera_id));
        Cluster { weight: s.weight, hits: faces().map(|f| f.detected).sum(), of: faces().map(|f| f.visible).sum() }
    };
    Share::of_clusters(&scores.iter().map(cluster).collect::<Vec<_>>())
}

fn cameras(scores: &[EncounterScore]) -> Vec<CameraGroup> {
    let mut ids: Vec<&str> = Vec::new();
    for camera in scores.iter().flat_map(|s| &s.faces) {
        if !ids.contains(&camera.camera_id.as_str()) {
            ids.push(&camera.camera_id);
        }
    }
    let group = |id: &str| {
        let captured = |s: &EncounterScore| Cluster {
            weight: s.weight,
            hits: s.faces.iter().filter(|f| f.camera_id == id).map(|f| f.captured).sum(),
            of: s.occupants.len() as u64,
        };
        CameraGroup {
            camera_id: id.to_owned(),
            detected: faces_detected(scores, &|camera| camera == id),
            captured: Share::of_clusters(&scores.iter().map(captured).collect::<Vec<_>>()),
        }
    };
    ids.into_iter().map(group).collect()
}

fn stages(people: &[&OccupantScore]) -> Vec<(Stage, u64)> {
    let mut counts: BTreeMap<Stage, u64> = Stage::ALL.into_iter().map(|stage| (stage, 0)).collect();
    for person in people {
        *counts.entry(Stage::of(person)).or_default() += 1;
    }
    counts.into_iter().collect()
}

fn gates(summary: &Summary, scenario: &Scenario) -> Vec<GateResult> {
    let gates = &scenario.file.gates;
    let cross_vehicle_errors = summary.cross_vehicle.as_ref().map_or(0, |cross| cross.all.errors);
    let least = |name: &str, bound: Option<f64>, actual: Option<f64>| {
        let bound = bound?;
        // A run that measured nothing keeps no gate.
        Some(GateResult { gate: name.to_owned(), bound, actual, kept: actual.is_some_and(|a| a >= bound) })
    };
    let most = |name: &str, bound: Option<u64>, actual: u64| {
        let bound = bound?;
        Some(GateResult {
            gate: name.to_owned(),
            bound: bound as f64,
            actual: Some(actual as f64),
            kept: actual <= bound,
        })
    };
    [
        least("min_occupant_coverage", gates.min_occupant_coverage, summary.occupant_coverage.share),
        least("min_vehicle_coverage", gates.min_vehicle_coverage, summary.vehicle_coverage.share),
        least("min_matched_coverage", gates.min_matched_coverage, summary.matched_coverage.share),
        most("max_false_matches", gates.max_false_matches, summary.shots.false_matches),
        most("max_cross_vehicle_errors", gates.max_cross_vehicle_errors, cross_vehicle_errors),
    ]
    .into_iter()
    .flatten()
    .collect()
}
