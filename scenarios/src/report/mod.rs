//! `report.html`: one page that opens offline, with everything it shows inside; it asks for nothing from anywhere.
//!
//! Each part of the page is made in a file of its own, from scores and summary alone, and has a template of its own in `page`.
//! The page works without scripts: they open cards and filter them, no more. The same run gives the same bytes.
pub mod brand;
mod det;
mod figures;
mod groups;
mod heat_map;
mod losses;
pub mod pdf;
pub(crate) mod pictures;
mod seat_map;
pub(crate) mod svg;
#[cfg(test)]
pub(crate) mod tests;
mod waterfall;

use minijinja::{AutoEscape, Environment, value::Serde};
use serde::Serialize;

pub(crate) use self::losses::facts;
use self::{brand::Brand, figures::Figure};
use crate::{
    plan::sampled::Sampled,
    run::{RunError, folder::RunFolder, record::EncounterRecord},
    score::{EncounterScore, OccupantScore, summary::Summary},
};

/// Templates by the names that they include each other by.
const TEMPLATES: [(&str, &str); 14] = [
    ("page.html", include_str!("page/page.html.jinja")),
    ("style.css", include_str!("page/style.css")),
    ("script.js", include_str!("page/script.js")),
    ("head.html", include_str!("page/head.html.jinja")),
    ("waterfall.html", include_str!("page/waterfall.html.jinja")),
    ("maps.html", include_str!("page/maps.html.jinja")),
    ("margins.html", include_str!("page/margins.html.jinja")),
    ("groups.html", include_str!("page/groups.html.jinja")),
    ("identification.html", include_str!("page/identification.html.jinja")),
    ("cameras.html", include_str!("page/cameras.html.jinja")),
    ("errors.html", include_str!("page/errors.html.jinja")),
    ("losses.html", include_str!("page/losses.html.jinja")),
    ("card.html", include_str!("page/card.html.jinja")),
    ("made.html", include_str!("page/made.html.jinja")),
];

/// What a page is made of.
pub struct Run<'a> {
    /// The run's numbers.
    pub summary: &'a Summary,
    /// What was kept of its encounters.
    pub records: &'a [EncounterRecord],
    /// What became of their occupants.
    pub scores: &'a [EncounterScore],
    /// For how much each encounter counts.
    pub sampled: &'a Sampled,
    /// Where frames and portraits are.
    pub folder: &'a RunFolder,
    /// The command line that made the run.
    pub command: &'a str,
    /// What a vendor adds.
    pub brand: Option<&'a Brand>,
}

/// Decoys of one kind: how many were taken for occupants, of how many that a camera saw.
#[derive(Serialize)]
struct DecoyRow {
    label: &'static str,
    taken: u64,
    of: u64,
}

/// Errors by vehicle.
#[derive(Serialize)]
struct PerVehicle {
    false_alarms: String,
    cross_vehicle: Option<String>,
    count_error: Option<String>,
    absolute_count_error: Option<String>,
}

/// What a sample with weights is.
#[derive(Serialize)]
struct Weights {
    looked_at: u64,
    /// Smallest and largest.
    range: String,
    margins: Vec<(String, u64, u64)>,
}

/// All that the templates see.
#[derive(Serialize)]
struct Page<'a> {
    s: &'a Summary,
    brand: Option<&'a Brand>,
    lead: String,
    figures: Vec<Figure>,
    bars: Vec<waterfall::Row>,
    scale: String,
    cars: Vec<seat_map::Car>,
    heat_maps: Vec<heat_map::HeatMap>,
    margins: Vec<figures::MarginRows>,
    alike: Vec<String>,
    differences: Option<groups::Differences>,
    identification: det::Identification,
    cameras: Vec<figures::CameraRow>,
    faces_detected: Figure,
    decoys: Vec<DecoyRow>,
    per_vehicle: PerVehicle,
    plain: Figure,
    plain_detected: Figure,
    rank_1: Figure,
    by_count: Figure,
    acquisition: Figure,
    weights: Option<Weights>,
    view_encounter: Option<u64>,
    views: Option<Vec<pictures::View>>,
    gallery: losses::Gallery,
    command: &'a str,
}

/// Makes the page. Pictures that are missing or damaged leave a gap and stop nothing.
pub fn html(run: &Run<'_>) -> Result<String, RunError> {
    let fail = |e: minijinja::Error| RunError::Report(format!("{e:#}"));
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    for (name, text) in TEMPLATES {
        environment.add_template(name, text).map_err(fail)?;
    }
    environment.get_template("page.html").map_err(fail)?.render(Serde(&page(run))).map_err(fail)
}

fn page<'a>(run: &Run<'a>) -> Page<'a> {
    let Run { summary: s, records, scores, folder, .. } = *run;
    let people: Vec<&OccupantScore> = scores.iter().flat_map(|s| &s.occupants).collect();
    let mut frames = pictures::Frames::new(folder);
    let gallery = losses::gallery(&people, folder, &mut frames);
    let views = shown_encounter(scores).and_then(|k| {
        let record = records.iter().find(|r| r.encounter == k)?;
        Some((k, pictures::camera_views(record, scores.iter().find(|s| s.encounter == k)?, &mut frames)))
    });
    let plain = |share| Figure::new("", share, None);
    let decoy = |(kind, taken): &(laneproof_scenes::decoy::DecoyKind, laneproof_statistics::share::Share)| DecoyRow {
        label: kind.label(),
        taken: taken.count,
        of: taken.of,
    };
    Page {
        s,
        brand: run.brand,
        lead: figures::lead(s),
        figures: figures::headline(s),
        bars: waterfall::rows(s),
        scale: svg::gradient(),
        cars: seat_map::cars(scores),
        heat_maps: heat_map::maps(scores),
        margins: figures::margins(s),
        alike: figures::alike(s),
        differences: groups::differences(scores),
        identification: det::identification(&s.open_set, people.iter().copied(), &s.head.stack),
        cameras: figures::cameras(s),
        faces_detected: plain(&s.faces_detected),
        decoys: s.decoys.iter().map(decoy).collect(),
        per_vehicle: per_vehicle(s),
        plain: plain(&s.plain_faces),
        plain_detected: plain(&s.plain_faces_detected),
        rank_1: plain(&s.rank_1),
        by_count: plain(&s.claimed_by_count),
        acquisition: plain(&s.failure_to_acquire),
        weights: weights(run.sampled, scores),
        view_encounter: views.as_ref().map(|(k, _)| *k),
        views: views.map(|(_, views)| views),
        gallery,
        command: run.command,
    }
}

/// The encounter whose camera pictures are shown: the first with most occupants.
fn shown_encounter(scores: &[EncounterScore]) -> Option<u64> {
    scores.iter().rev().max_by_key(|s| s.occupants.len()).map(|s| s.encounter)
}

fn per_vehicle(s: &Summary) -> PerVehicle {
    let each = |count: u64| {
        format!("{:.2} ({count} in {})", count as f64 / s.encounters_done.max(1) as f64, s.encounters_done)
    };
    // With their signs: too few and too many are different mistakes.
    let error = |error: f64| format!("{error:+.2}").replace('-', "−");
    PerVehicle {
        false_alarms: each(s.shots.nobodys_claimed),
        cross_vehicle: s.cross_vehicle.as_ref().map(|cross| each(cross.all.errors)),
        count_error: s.persons.as_ref().map(|persons| error(persons.mean_count_error)),
        absolute_count_error: s.persons.as_ref().map(|persons| format!("{:.2}", persons.mean_absolute_count_error)),
    }
}

/// `None` where every encounter counts alike.
fn weights(sampled: &Sampled, scores: &[EncounterScore]) -> Option<Weights> {
    let all = || scores.iter().map(|s| s.weight);
    let (least, most) = (all().min_by(f64::total_cmp)?, all().max_by(f64::total_cmp)?);
    (least != most).then(|| Weights {
        looked_at: sampled.looked_at,
        range: format!("{least:.2} to {most:.2}"),
        margins: sampled.margins.clone(),
    })
}
