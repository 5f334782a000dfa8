//! Coverage by seat, on each vehicle model seen from above, its front up.
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use laneproof_statistics::{clustered::Cluster, share::Share};
use serde::Serialize;

use super::{figures::counted, svg};
use crate::{
    plan::seats,
    score::{EncounterScore, OccupantScore, Outcome},
};

/// Height of a row of seats, and of what is before and behind the rows, in units of the picture.
const ROW: f64 = 96.0;
const HOOD: f64 = 104.0;
const TAIL: f64 = 46.0;
const WIDTH: f64 = 296.0;

/// One model's picture.
#[derive(Serialize)]
pub(super) struct Car {
    model: String,
    vehicles: String,
    svg: String,
}

/// What is known of a seat.
struct Seat {
    /// "2-left".
    name: String,
    side: String,
    verified: Share,
    /// Of the enrolled.
    matched: Share,
}

/// Every model that came, by its name.
pub(super) fn cars(scores: &[EncounterScore]) -> Vec<Car> {
    let car = |(model, scores): (&str, Vec<&EncounterScore>)| Car {
        model: model.to_owned(),
        vehicles: counted(scores.len() as u64, "vehicle"),
        svg: drawn(model, &rows_of(model, &scores)),
    };
    by_model(scores).into_iter().map(car).collect()
}

fn by_model(scores: &[EncounterScore]) -> BTreeMap<&str, Vec<&EncounterScore>> {
    let mut models: BTreeMap<&str, Vec<&EncounterScore>> = BTreeMap::new();
    for score in scores {
        models.entry(&score.vehicle).or_default().push(score);
    }
    models
}

fn share(
    scores: &[&EncounterScore],
    of: &dyn Fn(&OccupantScore) -> bool,
    hit: &dyn Fn(&OccupantScore) -> bool,
) -> Share {
    let cluster = |s: &&EncounterScore| {
        let asked = || s.occupants.iter().filter(|o| of(o));
        Cluster { weight: s.weight, hits: asked().filter(|o| hit(o)).count() as u64, of: asked().count() as u64 }
    };
    Share::of_clusters(&scores.iter().map(cluster).collect::<Vec<_>>())
}

/// The seats of a model row by row, empty ones too, and any other on which somebody sat; left to right.
fn rows_of(model: &str, scores: &[&EncounterScore]) -> Vec<Vec<Seat>> {
    let mut rows: BTreeMap<u8, BTreeSet<(u8, String)>> = BTreeMap::new();
    let known = seats::of_model(model).unwrap_or_default();
    let known = known.into_iter().map(|seat| (seat.row, seats::side_name(seat.side).to_owned()));
    let taken = scores.iter().flat_map(|s| &s.occupants).map(|o| (o.who.row, o.who.side.clone()));
    for (row, side) in known.chain(taken) {
        rows.entry(row).or_default().insert((column(&side), side));
    }
    let seat = |row: u8, side: String| {
        let on_it = |o: &OccupantScore| o.who.row == row && o.who.side == side;
        let enrolled = |o: &OccupantScore| on_it(o) && o.who.reference_id.is_some();
        Seat {
            name: format!("{row}-{side}"),
            verified: share(scores, &on_it, &|o| o.outcome.is_captured()),
            matched: share(scores, &enrolled, &|o| o.outcome == Outcome::Matched),
            side,
        }
    };
    rows.into_iter().map(|(row, sides)| sides.into_iter().map(|(_, side)| seat(row, side)).collect()).collect()
}

fn drawn(model: &str, rows: &[Vec<Seat>]) -> String {
    let height = HOOD + TAIL + ROW * rows.len() as f64;
    let mut out = String::new();
    body(&mut out, height);
    for (place, seats) in rows.iter().enumerate() {
        let (apart, width) = if seats.len() > 2 { (76.0, 70.0) } else { (58.0, 82.0) };
        for seat in seats {
            let x = WIDTH / 2.0 + (f64::from(column(&seat.side)) - 1.0) * apart;
            draw_seat(&mut out, seat, [x, HOOD + ROW * place as f64, width]);
        }
    }
    let label = svg::escaped(&format!("Coverage by seat of the {model}, seen from above, front up"));
    format!(
        "<svg class=\"car\" viewBox=\"0 0 {WIDTH:.0} {height:.0}\" width=\"{WIDTH:.0}\" height=\"{height:.0}\" \
         role=\"group\" aria-label=\"{label}\">{out}</svg>"
    )
}

/// Left, middle, right, as the occupants say, and as one sees it from above with the front up.
fn column(side: &str) -> u8 {
    match side {
        "left" => 0,
        "right" => 2,
        _ => 1,
    }
}

/// The car under its seats: outline, hood, windscreen, rear window, mirrors, steering wheel.
fn body(out: &mut String, height: f64) {
    let (left, right, bottom) = (14.0, WIDTH - 14.0, height - 4.0);
    let (glass, tail) = (HOOD - 26.0, height - TAIL);
    write!(
        out,
        "<g class=\"shell\" aria-hidden=\"true\"><path d=\"M{left} 70Q{left} 6 {c1} 5H{c2}Q{right} 6 {right} 70V{b}Q{right} {bottom} \
         {c2} {bottom}H{c1}Q{left} {bottom} {left} {b}Z\"/><path d=\"M{left} 76l-11 8q-2 6 3 6l8 -3zM{right} 76l11 8q2 6 -3 6l-8 -3z\"/>\
         <path class=\"pane\" d=\"M{w1} {glass}Q{mid} {crown} {w2} {glass}L{v2} {base}Q{mid} {base2} {v1} {base}Z\"/>\
         <path class=\"pane\" d=\"M{v1} {tail1}H{v2}L{w2} {tail2}Q{mid} {tail3} {w1} {tail2}Z\"/>\
         <circle class=\"wheel\" cx=\"{wheel}\" cy=\"{wy}\" r=\"13\"/></g>",
        c1 = 78.0,
        c2 = WIDTH - 78.0,
        b = height - 60.0,
        mid = WIDTH / 2.0,
        crown = glass - 30.0,
        w1 = 30.0,
        w2 = WIDTH - 30.0,
        v1 = 46.0,
        v2 = WIDTH - 46.0,
        base = HOOD - 4.0,
        base2 = HOOD - 22.0,
        tail1 = tail + 6.0,
        tail2 = tail + 24.0,
        tail3 = tail + 34.0,
        wheel = WIDTH / 2.0 - 58.0,
        wy = HOOD - 2.0,
    )
    .ok();
}

fn draw_seat(out: &mut String, seat: &Seat, [x, y, width]: [f64; 3]) {
    let Seat { name, verified, matched, .. } = seat;
    let title = match verified.share {
        Some(_) => format!(
            "Seat {name}: {} of {} captured, {}, 95 % interval {}; of {} with a reference {} captured and matched",
            verified.count,
            verified.of,
            verified.percent(),
            verified.interval(),
            matched.of,
            matched.count
        ),
        None => format!("Seat {name}: nobody sat here"),
    };
    let title = svg::escaped(&title);
    let (left, top) = (x - width / 2.0, y + 14.0);
    write!(out, "<g class=\"seat\" role=\"img\" tabindex=\"0\" aria-label=\"{title}\"><title>{title}</title>").ok();
    let Some(share) = verified.share else {
        write!(
            out,
            "<rect class=\"free\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"66\" rx=\"12\"/>\
             <text class=\"note\" x=\"{x:.1}\" y=\"{:.1}\">nobody</text></g>",
            top + 37.0
        )
        .ok();
        return;
    };
    let (fill, ink) = svg::colours(share);
    // The head-rest is behind the head: the front is up.
    write!(
        out,
        "<g style=\"fill:{fill}\"><rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"66\" rx=\"12\"/>\
         <rect x=\"{:.1}\" y=\"{:.1}\" width=\"34\" height=\"8\" rx=\"4\"/></g>\
         <g style=\"fill:{ink}\"><text class=\"value\" x=\"{x:.1}\" y=\"{:.1}\">{}</text>\
         <text x=\"{x:.1}\" y=\"{:.1}\">{} of {}</text><text x=\"{x:.1}\" y=\"{:.1}\">{:.0}–{:.0} %</text></g></g>",
        x - 17.0,
        top + 69.0,
        top + 25.0,
        verified.percent(),
        top + 41.0,
        verified.count,
        verified.of,
        top + 56.0,
        verified.low * 100.0,
        verified.high * 100.0,
    )
    .ok();
}

#[cfg(test)]
mod tests {
    use super::{by_model, cars, rows_of};
    use crate::report::tests::spoilt_run;

    /// Contract: every occupant sits on one seat of one map, every captured one is counted there, and seats on which nobody
    /// sat are shown too.
    #[test]
    fn the_seats_of_all_models_hold_all_occupants() {
        let (result, _folder) = spoilt_run();
        let models = by_model(&result.scores);
        let seats: Vec<_> = models.iter().flat_map(|(model, scores)| rows_of(model, scores)).flatten().collect();
        assert_eq!(seats.iter().map(|seat| seat.verified.of).sum::<u64>(), result.summary.occupants);
        let captured = seats.iter().map(|seat| seat.verified.count).sum::<u64>();
        assert_eq!(captured, result.summary.occupant_coverage.count);
        assert_eq!(seats.iter().map(|seat| seat.matched.count).sum::<u64>(), result.summary.matched_coverage.count);
        assert_eq!((models.keys().copied().collect::<Vec<_>>(), seats.len()), (vec!["sedan", "van"], 5 + 7));
        let drawn: String = cars(&result.scores).into_iter().map(|car| car.svg).collect();
        for seat in &seats {
            let told = match seat.verified.of {
                0 => format!("<title>Seat {}: nobody sat here", seat.name),
                of => format!("<title>Seat {}: {} of {of} captured", seat.name, seat.verified.count),
            };
            assert!(drawn.contains(&told), "{told}");
        }
    }
}
