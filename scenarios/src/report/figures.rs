//! Figures of the page: shares with intervals, the sentence that leads, and the table of groups.
use laneproof_statistics::share::Share;
use serde::Serialize;

use crate::score::{
    Stage,
    summary::{Group, Summary},
};

/// A share as the page shows it.
#[derive(Serialize)]
pub(super) struct Figure {
    label: String,
    value: String,
    count: String,
    interval: String,
    claimed: String,
    low: f64,
    high: f64,
    share: f64,
    /// What the interval knows of vehicles.
    vehicles: Option<Vehicles>,
}

/// What is behind an interval of items that come in vehicles.
#[derive(Serialize)]
struct Vehicles {
    count: u64,
    design_effect: String,
    effective_n: String,
    bootstrap: String,
}

impl Figure {
    /// A share; `claimed` is what the stack says of the same.
    pub fn new(label: &str, share: &Share, claimed: Option<&Share>) -> Self {
        Self {
            label: label.to_owned(),
            value: share.percent(),
            count: format!("{} of {}", share.count, share.of),
            interval: share.interval(),
            claimed: claimed.map_or(String::new(), |c| format!("{} ({} of {})", c.percent(), c.count, c.of)),
            low: share.low * 100.0,
            high: share.high * 100.0,
            share: share.share.unwrap_or(0.0) * 100.0,
            vehicles: share.vehicles.map(|v| Vehicles {
                count: v.count,
                design_effect: format!("{:.2}", v.design_effect),
                effective_n: format!("{:.1}", v.effective_n),
                bootstrap: format!("{:.0}–{:.0} %", v.bootstrap_low * 100.0, v.bootstrap_high * 100.0),
            }),
        }
    }
}

/// The figures at the top.
pub(super) fn headline(s: &Summary) -> Vec<Figure> {
    vec![
        Figure::new("Occupant coverage", &s.occupant_coverage, Some(&s.claimed_coverage)),
        Figure::new("Vehicle coverage", &s.vehicle_coverage, Some(&s.claimed_vehicle_coverage)),
        Figure::new("Matched coverage", &s.matched_coverage, None),
        Figure::new("Vehicles confirmed", &s.confirmed_vehicles, None),
    ]
}

/// What the run came to, in words.
pub(super) fn lead(s: &Summary) -> String {
    let captured = s.occupant_coverage.count;
    let mut text = format!(
        "Of {} in {}, {captured} were captured in a picture that the testbed verified; of the {} with a reference, {} were \
         captured and matched to themselves.",
        counted(s.occupants, "occupant"),
        counted(s.encounters_done, "vehicle"),
        s.matched_coverage.of,
        s.matched_coverage.count,
    );
    let lost = s.occupants - captured.min(s.occupants);
    if lost == 0 {
        return text;
    }
    let before_capture = |stage: &Stage| !matches!(stage, Stage::Enrolment | Stage::Match | Stage::Through);
    let stages = s.stages.iter().filter(|(stage, _)| before_capture(stage));
    // Of equals the first on the way.
    let worst = stages.rev().max_by_key(|(_, count)| *count);
    let cause = s.causes.iter().rev().max_by_key(|(_, count)| *count);
    if let (Some((stage, at_stage)), Some((cause, by_cause))) = (worst, cause) {
        text += &format!(
            " Of the {lost} lost, {at_stage} ended at “{}”; the most frequent single cause is “{}” ({by_cause}).",
            stage.label(),
            cause.label()
        );
    }
    text
}

/// "1 vehicle", "12 vehicles".
pub(super) fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// A group's row.
#[derive(Serialize)]
struct GroupRow {
    name: String,
    verified: Figure,
    claimed: String,
    matched: String,
}

/// A margin and its groups.
#[derive(Serialize)]
pub(super) struct MarginRows {
    about: String,
    groups: Vec<GroupRow>,
}

/// The margins that tell people apart here.
pub(super) fn margins(s: &Summary) -> Vec<MarginRows> {
    let share = |share: &Share| format!("{} ({}/{})", share.percent(), share.count, share.of);
    let row = |group: &Group| GroupRow {
        name: group.name.clone(),
        verified: Figure::new("", &group.verified, None),
        claimed: share(&group.claimed),
        matched: share(&group.matched),
    };
    let rows = |groups: &[Group]| groups.iter().map(row).collect();
    let differ = s.margins.iter().filter(|margin| margin.groups.len() > 1);
    differ.map(|margin| MarginRows { about: margin.about.clone(), groups: rows(&margin.groups) }).collect()
}

/// What is the same for everybody: "light: high sun".
pub(super) fn alike(s: &Summary) -> Vec<String> {
    let alike = s.margins.iter().filter_map(|margin| match &margin.groups[..] {
        [only] => Some(format!("{}: {}", margin.about, only.name)),
        _ => None,
    });
    alike.collect()
}

/// A camera's row.
#[derive(Serialize)]
pub(super) struct CameraRow {
    id: String,
    detected: Figure,
    captured: Figure,
}

/// What each camera brought.
pub(super) fn cameras(s: &Summary) -> Vec<CameraRow> {
    let row = |camera: &crate::score::summary::CameraGroup| CameraRow {
        id: camera.camera_id.clone(),
        detected: Figure::new("", &camera.detected, None),
        captured: Figure::new("", &camera.captured, None),
    };
    s.cameras.iter().map(row).collect()
}
