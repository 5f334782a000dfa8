//! `report.html`: one page that opens offline, with everything it shows inside.
pub(crate) mod pictures;

use laneproof_statistics::share::Share;
use minijinja::{AutoEscape, Environment, value::Serde};
use serde::Serialize;

use crate::{
    run::{RunError, folder::RunFolder, record::EncounterRecord},
    score::{
        EncounterScore, OccupantScore, Outcome,
        summary::{Group, Summary},
    },
};

const TEMPLATE: &str = include_str!("report.html.jinja");

/// One occupant as the page shows them.
#[derive(Serialize)]
struct Card {
    encounter: u64,
    seat: String,
    vehicle: String,
    age: String,
    outcome: &'static str,
    class: &'static str,
    reason: String,
    thumbnail: Option<String>,
    portrait: Option<String>,
    facts: Vec<(&'static str, String)>,
    flags: Vec<String>,
}

/// One step of the waterfall from all occupants to those captured.
#[derive(Serialize)]
struct Bar {
    label: String,
    count: u64,
    /// Left edge and width, share of the full width.
    x: f64,
    width: f64,
    class: &'static str,
}

/// A share as the page shows it.
#[derive(Serialize)]
struct Figure {
    label: &'static str,
    value: String,
    count: String,
    interval: String,
    claimed: String,
    low: f64,
    high: f64,
    share: f64,
}

#[derive(Serialize)]
struct GroupRow {
    name: String,
    of: u64,
    verified: String,
    interval: String,
    claimed: String,
    matched: String,
    share: f64,
    low: f64,
    high: f64,
}

/// Decoys of one kind: how many were taken for occupants, of how many that a camera saw.
#[derive(Serialize)]
struct DecoyRow {
    label: &'static str,
    taken: u64,
    of: u64,
}

/// All that the template sees.
#[derive(Serialize)]
struct Page<'a> {
    s: &'a Summary,
    figures: Vec<Figure>,
    /// What each margin is about, and its groups.
    margins: Vec<(&'a str, Vec<GroupRow>)>,
    decoys: Vec<DecoyRow>,
    bars: Vec<Bar>,
    cards: Vec<Card>,
    view_encounter: Option<u64>,
    views: Option<Vec<pictures::View>>,
    command: &'a str,
    plain: Figure,
    plain_detected: Figure,
    rank_1: Figure,
    by_count: Figure,
}

/// Makes the page. Pictures that are missing or damaged leave a gap and stop nothing.
pub fn html(
    summary: &Summary,
    records: &[EncounterRecord],
    scores: &[EncounterScore],
    folder: &RunFolder,
    command: &str,
) -> Result<String, RunError> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    let fail = |e: minijinja::Error| RunError::Report(format!("{e:#}"));
    environment.add_template("report.html", TEMPLATE).map_err(fail)?;
    let mut frames = pictures::Frames::new(folder);
    let cards: Vec<Card> = scores.iter().flat_map(|s| &s.occupants).map(|o| card(o, folder, &mut frames)).collect();
    let views = shown_encounter(scores).and_then(|k| {
        let record = records.iter().find(|r| r.encounter == k)?;
        Some((k, pictures::camera_views(record, scores.iter().find(|s| s.encounter == k)?, &mut frames)))
    });
    let rows = |groups: &[Group]| groups.iter().map(group_row).collect();
    environment
        .get_template("report.html")
        .map_err(fail)?
        .render(Serde(&Page {
            s: summary,
            figures: figures(summary),
            margins: summary.margins.iter().map(|margin| (margin.about.as_str(), rows(&margin.groups))).collect(),
            decoys: summary
                .decoys
                .iter()
                .map(|(kind, taken)| DecoyRow { label: kind.label(), taken: taken.count, of: taken.of })
                .collect(),
            bars: waterfall(summary),
            cards,
            view_encounter: views.as_ref().map(|(k, _)| *k),
            views: views.map(|(_, views)| views),
            command,
            plain: figure("", &summary.plain_faces, None),
            plain_detected: figure("", &summary.plain_faces_detected, None),
            rank_1: figure("", &summary.rank_1, None),
            by_count: figure("", &summary.claimed_by_count, None),
        }))
        .map_err(fail)
}

fn figure(label: &'static str, share: &Share, claimed: Option<&Share>) -> Figure {
    Figure {
        label,
        value: share.percent(),
        count: format!("{} of {}", share.count, share.of),
        interval: share.interval(),
        claimed: claimed.map_or(String::new(), |c| format!("{} ({} of {})", c.percent(), c.count, c.of)),
        low: share.low * 100.0,
        high: share.high * 100.0,
        share: share.share.unwrap_or(0.0) * 100.0,
    }
}

fn figures(s: &Summary) -> Vec<Figure> {
    vec![
        figure("Occupant coverage", &s.occupant_coverage, Some(&s.claimed_coverage)),
        figure("Vehicle coverage", &s.vehicle_coverage, Some(&s.claimed_vehicle_coverage)),
        figure("Matched coverage", &s.matched_coverage, None),
    ]
}

fn group_row(group: &Group) -> GroupRow {
    GroupRow {
        name: group.name.clone(),
        of: group.verified.of,
        verified: format!("{} ({})", group.verified.percent(), group.verified.count),
        interval: group.verified.interval(),
        claimed: format!("{} ({})", group.claimed.percent(), group.claimed.count),
        matched: format!("{} ({}/{})", group.matched.percent(), group.matched.count, group.matched.of),
        share: group.verified.share.unwrap_or(0.0) * 100.0,
        low: group.verified.low * 100.0,
        high: group.verified.high * 100.0,
    }
}

/// All occupants, then what each cause took away, then what is left, then what matched.
fn waterfall(s: &Summary) -> Vec<Bar> {
    let all = s.occupants.max(1) as f64;
    let mut left = s.occupants;
    let bar = |label: String, count: u64, from: u64, class: &'static str| Bar {
        label,
        count,
        x: from as f64 / all,
        width: count as f64 / all,
        class,
    };
    let mut bars = vec![bar("occupants".to_owned(), s.occupants, 0, "all")];
    for (cause, count) in &s.causes {
        left = left.saturating_sub(*count);
        bars.push(bar(cause.label().to_owned(), *count, left, "loss"));
    }
    bars.push(bar("captured (verified)".to_owned(), s.occupant_coverage.count, 0, "kept"));
    let matched = s.matched_coverage.count;
    bars.push(bar("captured and matched".to_owned(), matched, 0, "matched"));
    bars
}

/// The encounter whose camera pictures are shown: the first with most occupants.
fn shown_encounter(scores: &[EncounterScore]) -> Option<u64> {
    scores.iter().rev().max_by_key(|s| s.occupants.len()).map(|s| s.encounter)
}

/// A rounded number; what rounds to nothing has no sign.
fn whole(value: f32) -> i32 {
    value.round() as i32
}

/// What is known of somebody, for people: name and value.
pub(crate) fn facts(o: &OccupantScore) -> Vec<(&'static str, String)> {
    let mut facts = vec![("does", o.who.doing())];
    if let Some(best) = &o.best {
        let f = &best.face;
        facts.push(("camera", format!("{}, exposure {}", best.camera_id, best.exposure_id)));
        facts.push(("between the eyes", format!("{:.0} px at {:.1} m", f.inter_eye_px, f.distance_m)));
        facts.push((
            "head to camera",
            format!("yaw {}°, pitch {}°, roll {}°", whole(f.yaw_deg), whole(f.pitch_deg), whole(f.roll_deg)),
        ));
        facts.push(("visible", format!("{:.0} %", f.visible_share * 100.0)));
        facts.push(("mean, contrast", format!("{:.0} DN, {:.2}", f.mean_dn, f.contrast)));
        facts.push(("panes let through", format!("{:.0} %", f.pane_transmittance * 100.0)));
        facts.push(("blur", format!("motion {:.1} px, defocus {:.1} px", f.motion_blur_px, f.defocus_px)));
    }
    if let Some(similarity) = o.similarity {
        facts.push(("similarity", format!("{similarity:.2}")));
    }
    if o.who.reference_id.is_some() {
        facts.push(("document", o.who.document.name().replace('-', " ")));
    }
    facts
}

fn card(o: &OccupantScore, folder: &RunFolder, frames: &mut pictures::Frames<'_>) -> Card {
    let mut flags = Vec::new();
    if o.over_claimed {
        flags.push("over-claimed".to_owned());
    }
    if o.under_claimed {
        flags.push("under-claimed".to_owned());
    }
    if let Some(other) = &o.false_match {
        flags.push(format!("false match with {other}"));
    }
    let portrait = o.who.reference_id.as_ref().and_then(|id| {
        let bytes = folder.read(&format!("portraits/{id}.jpg")).ok()??;
        pictures::portrait(&bytes)
    });
    Card {
        encounter: o.encounter,
        seat: o.who.seat(),
        vehicle: o.vehicle.clone(),
        age: format!("{:.0}", o.who.age_years.floor()),
        outcome: o.outcome.label(),
        class: match o.outcome {
            Outcome::Matched => "matched",
            Outcome::NotMatched => "notmatched",
            Outcome::NotEnrolled => "notenrolled",
            Outcome::Lost => "lost",
        },
        reason: o.reason(),
        thumbnail: pictures::thumbnail(o, frames),
        portrait,
        facts: facts(o),
        flags,
    }
}
