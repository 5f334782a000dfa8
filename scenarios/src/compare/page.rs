//! `compare.html`: one page that opens offline, with the pictures of who flipped side by side.
use minijinja::{AutoEscape, Environment, value::Serde};
use serde::Serialize;

use super::{
    changes::{Change, Ended, Flip},
    difference::Difference,
    figures::Figure,
    pairs::Pair,
    result::{Comparison, Side, Which},
    words::{self, Verdict},
};
use crate::{
    report::{facts, pictures},
    run::{RunError, folder::RunFolder},
    score::OccupantScore,
};

const TEMPLATE: &str = include_str!("compare.html.jinja");

/// Flips that are shown with pictures; the others are listed.
pub(super) const SHOWN: usize = 60;

/// A difference as a table shows it.
#[derive(Serialize)]
struct Row {
    name: String,
    a: String,
    b: String,
    difference: String,
    interval: String,
    p: String,
    changes: String,
    class: &'static str,
    samples: bool,
    /// Place of the difference and of its interval on the scale, percent of its width.
    at: f64,
    left: f64,
    width: f64,
}

#[derive(Serialize)]
struct Table {
    about: String,
    moved: u64,
    rows: Vec<Row>,
}

/// What one run made of somebody who flipped.
#[derive(Serialize)]
struct Half {
    run: &'static str,
    outcome: &'static str,
    captured: bool,
    reason: String,
    picture: Option<String>,
    exposure: Option<String>,
    /// The shot that counts, where it is of another exposure than the picture.
    elsewhere: Option<String>,
}

#[derive(Serialize)]
struct Card {
    encounter: u64,
    id: String,
    seat: String,
    vehicle: String,
    who: String,
    change: &'static str,
    class: &'static str,
    halves: [Half; 2],
    /// What was measured: name, in A, in B where that is another value.
    facts: Vec<(&'static str, String, Option<String>)>,
}

/// Those who flipped one way.
#[derive(Serialize)]
struct Section {
    change: &'static str,
    /// How many, with pictures or without.
    people: u64,
    cards: Vec<Card>,
}

#[derive(Serialize)]
struct Moved {
    change: &'static str,
    class: &'static str,
    a: &'static str,
    b: &'static str,
    people: u64,
}

#[derive(Serialize)]
struct Page<'a> {
    c: &'a Comparison,
    sides: Vec<(&'static str, &'a Side)>,
    verdict: &'static str,
    headline: String,
    sensitivity: Option<String>,
    others: Vec<String>,
    whom: Vec<String>,
    pairing: String,
    alone: Vec<(String, Vec<String>)>,
    figures: Table,
    figures_scale: String,
    margins: Vec<Table>,
    margins_scale: String,
    moved: Vec<Moved>,
    flipped: String,
    sections: Vec<Section>,
    /// Flips without pictures.
    listed: Vec<String>,
    in_domain: Vec<&'static str>,
    command: &'a str,
}

/// The half width of a scale that holds all intervals: a round number of points, as a share.
fn scale<'d>(differences: impl Iterator<Item = &'d Difference>) -> f64 {
    let most = differences.map(|d| d.low.abs().max(d.high.abs())).fold(0.0, f64::max);
    [0.05, 0.1, 0.2, 0.3, 0.5].into_iter().find(|half| most <= *half).unwrap_or(1.0)
}

fn row(name: &str, figure: Figure, d: &Difference, half: f64) -> Row {
    let place = |share: f64| 50.0 + 50.0 * (share / half).clamp(-1.0, 1.0);
    let p = words::p(d);
    Row {
        name: name.to_owned(),
        a: words::rate(figure, &d.a),
        b: words::rate(figure, &d.b),
        difference: words::signed(d.difference),
        interval: words::interval(d),
        p: p.trim_start_matches("p ").trim_start_matches("= ").to_owned(),
        changes: if d.paired { format!("+{} −{}", d.gained, d.lost) } else { String::new() },
        class: Verdict::of(figure, d).name(),
        samples: !d.paired,
        at: place(d.difference),
        left: place(d.low),
        width: place(d.high) - place(d.low),
    }
}

/// Makes the page.
pub(super) fn html(
    comparison: &Comparison,
    flips: &[(Flip, Pair<'_>)],
    folders: [&RunFolder; 2],
    command: &str,
) -> Result<String, RunError> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    let fail = |e: minijinja::Error| RunError::Report(format!("{e:#}"));
    environment.add_template("compare.html", TEMPLATE).map_err(fail)?;

    let told = || comparison.figures.iter().filter_map(|f| Some((f.figure, f.difference.as_ref()?)));
    let groups = || comparison.margins.iter().flat_map(|margin| &margin.groups);
    let (half, group_half) = (scale(told().map(|(_, d)| d)), scale(groups().map(|group| &group.coverage)));
    let margins = comparison.margins.iter().map(|margin| Table {
        about: margin.about.clone(),
        moved: margin.moved,
        rows: margin.groups.iter().map(|g| row(&g.name, Figure::ALL[0], &g.coverage, group_half)).collect(),
    });
    let figures = Table {
        about: "figure".to_owned(),
        moved: 0,
        rows: told().map(|(figure, d)| row(figure.label(), figure, d, half)).collect(),
    };
    let sides = [(Which::A, &comparison.a), (Which::B, &comparison.b)];
    let (verdict, headline) = words::headline(comparison);
    let shown = shown(flips);
    let mut frames = folders.map(pictures::Frames::new);
    let sections = Change::FLIPS.into_iter().filter_map(|change| {
        let of_kind = |i: &usize| flips[*i].0.change == change;
        let cards: Vec<Card> = shown.iter().copied().filter(of_kind).map(|i| card(&flips[i], &mut frames)).collect();
        let people = flips.iter().filter(|(flip, _)| flip.change == change).count() as u64;
        (people > 0).then(|| Section { change: change.label(), people, cards })
    });
    let sections: Vec<Section> = sections.collect();
    let listed = (0..flips.len()).filter(|i| !shown.contains(i)).map(|i| {
        let Flip { encounter, seat, change, a, b, .. } = &flips[i].0;
        format!("encounter {encounter}, seat {seat}, {}: {} → {}", change.label(), a.label(), b.label())
    });
    let page = Page {
        c: comparison,
        sides: sides.iter().map(|(which, side)| (which.name(), *side)).collect(),
        verdict: verdict.name(),
        headline,
        sensitivity: words::sensitivity(comparison),
        others: words::others(comparison),
        whom: words::for_whom(comparison),
        pairing: words::pairing(comparison),
        alone: sides.iter().filter(|_| comparison.pairing.paired).filter_map(|(w, s)| alone(*w, s)).collect(),
        figures,
        figures_scale: format!("{:.0}", half * 100.0),
        margins: margins.collect(),
        margins_scale: format!("{:.0}", group_half * 100.0),
        moved: moved(comparison),
        flipped: words::flipped(comparison),
        sections,
        listed: listed.collect(),
        in_domain: sides.iter().filter(|(_, side)| side.head.in_domain).map(|(which, _)| which.name()).collect(),
        command,
    };
    environment.get_template("compare.html").map_err(fail)?.render(Serde(&page)).map_err(fail)
}

/// Who is in one run only: in a sentence, and seat by seat.
fn alone(which: Which, side: &Side) -> Option<(String, Vec<String>)> {
    let seats = side.alone.iter().map(|alone| format!("encounter {}, seat {}", alone.encounter, alone.seat));
    Some((words::alone(which, side)?, seats.collect()))
}

/// Which flips get pictures: of every kind as many as of the others, as far as there are some.
fn shown(flips: &[(Flip, Pair<'_>)]) -> Vec<usize> {
    let kinds = Change::FLIPS.map(|change| (0..flips.len()).filter(move |i| flips[*i].0.change == change));
    let mut kinds: Vec<_> = kinds.into_iter().collect();
    let mut shown = Vec::new();
    loop {
        let round: Vec<usize> = kinds.iter_mut().filter_map(Iterator::next).collect();
        if round.is_empty() || shown.len() >= SHOWN {
            break;
        }
        shown.extend(round);
    }
    shown.truncate(SHOWN);
    shown.sort_unstable();
    shown
}

fn class(change: Change) -> &'static str {
    match change {
        Change::Lost => "worse",
        Change::Won => "better",
        Change::MatchLost => "worse match",
        Change::MatchWon => "better match",
        Change::OtherCause | Change::Enrolment => "changed",
    }
}

fn moved(comparison: &Comparison) -> Vec<Moved> {
    let moved = |t: &super::changes::Transition| Moved {
        change: t.change.label(),
        class: class(t.change),
        a: t.a.label(),
        b: t.b.label(),
        people: t.people,
    };
    comparison.transitions.iter().map(moved).collect()
}

fn half(which: Which, o: &OccupantScore, Ended { outcome, .. }: Ended, frames: &mut pictures::Frames<'_>) -> Half {
    let best = o.best.as_ref();
    let elsewhere = o.shot.as_ref().filter(|shot| best.is_some_and(|best| best.exposure_id != shot.exposure_id));
    Half {
        run: which.name(),
        outcome: outcome.label(),
        captured: outcome.is_captured(),
        reason: o.reason(),
        picture: pictures::thumbnail(o, frames),
        exposure: best.map(|best| format!("{}, exposure {}", best.camera_id, best.exposure_id)),
        elsewhere: elsewhere.map(|shot| {
            let claimed = if shot.valid { "claimed" } else { "not claimed" };
            format!("the stack's shot is of exposure {}, {claimed}", shot.exposure_id)
        }),
    }
}

fn card((flip, pair): &(Flip, Pair<'_>), [frames_a, frames_b]: &mut [pictures::Frames<'_>; 2]) -> Card {
    let Pair { a, b } = *pair;
    let (of_a, of_b) = (facts(a), facts(b));
    let only_b = of_b.iter().filter(|(name, _)| of_a.iter().all(|(there, _)| there != name));
    let value = |facts: &[(&'static str, String)], name: &str| {
        facts.iter().find(|(fact, _)| *fact == name).map_or("–".to_owned(), |(_, value)| value.clone())
    };
    Card {
        encounter: flip.encounter,
        id: format!("{}/{}", flip.encounter, flip.occupants[0]),
        seat: flip.seat.clone(),
        vehicle: flip.vehicle.clone(),
        who: format!("age {:.0}", a.who.age_years.floor()),
        change: flip.change.label(),
        class: class(flip.change),
        halves: [half(Which::A, a, flip.a, frames_a), half(Which::B, b, flip.b, frames_b)],
        // The picture's caption names camera and exposure.
        facts: of_a
            .iter()
            .chain(only_b)
            .filter(|(name, _)| *name != "camera")
            .map(|(name, _)| {
                let (in_a, in_b) = (value(&of_a, name), value(&of_b, name));
                (*name, in_a.clone(), (in_a != in_b).then_some(in_b))
            })
            .collect(),
    }
}
