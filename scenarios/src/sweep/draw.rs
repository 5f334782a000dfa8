//! `sweep.svg`: coverage over the value above, what lost the others below. Text and shapes only, readable on light and dark.
//!
//! Coverage has the report's colours: blue for verified captures, green for matches. Only values that were run are drawn:
//! bars stand at them, lines between points lead the eye and claim nothing.
use std::fmt::Write as _;

use super::{
    axis::{Axis, round_step},
    result::{PointResult, SweepResult},
    values::Scale,
};
use laneproof_statistics::share::Share;

use crate::{
    report::svg::{Picture, escaped},
    score::Cause,
};

const WIDTH: f64 = 1000.0;
const LEFT: f64 = 62.0;
const RIGHT: f64 = 724.0;
/// Where the labels beside the plots begin.
const LABELS: f64 = RIGHT + 26.0;
const COVERAGE_HEIGHT: f64 = 250.0;
const LOSS_HEIGHT: f64 = 190.0;
/// Causes that are named; rarer ones are put together.
const NAMED_CAUSES: usize = 10;

const STYLE: &str = "\
.sweep{--page:#fbfbfa;--ink:#1c1d20;--soft:#5d6068;--line:#e0e0dc;--occupant:#2f62a8;--matched:#1f7a4d;\
--vehicle:#a35c00;--view:#5d6068;--occluded:#8a6d4b;--covered:#b08a2e;--turned:#6b7f3a;--pixels:#2a8a8a;--dark:#3d3a6b;\
--veil:#b3372b;--over:#d9822b;--blur:#7b3fa0;--stack:#b8477a;--other:#93938c}\
@media (prefers-color-scheme:dark){.sweep{--page:#16171a;--ink:#ececea;--soft:#a2a5ad;--line:#34373d;--occupant:#7fb0ee;\
--matched:#58c48c;--vehicle:#e9b95a;--view:#a2a5ad;--occluded:#c2a27c;--covered:#dcb95a;--turned:#a9bd70;--pixels:#63c2c0;\
--dark:#8f8bd0;--veil:#ee8377;--over:#f0a860;--blur:#c08ae6;--stack:#f08fb4;--other:#5b5e66}}\
.sweep text{font-family:system-ui,'Segoe UI',Roboto,'Helvetica Neue','Noto Sans',sans-serif;font-size:13px;fill:var(--ink);\
font-variant-numeric:tabular-nums}\
.sweep .title{font-size:20px;font-weight:600}.sweep .head{font-size:15px;font-weight:600}.sweep .bold{font-weight:600}\
.sweep .soft{fill:var(--soft)}.sweep .small{font-size:11.5px}.sweep .on{fill:var(--page);font-size:11px}\
.sweep .path{font-family:ui-monospace,'SF Mono',Menlo,'DejaVu Sans Mono',monospace;font-size:13.5px;font-weight:600}\
.sweep .grid{stroke:var(--line)}.sweep .axis{stroke:var(--soft)}.sweep .lead{stroke:var(--soft);opacity:.55;fill:none}";

/// Lines of at most `width` characters, broken between words.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("one line at least");
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

/// Places for labels near their targets (sorted), at least `gap` apart, inside `low..=high` as far as they fit.
fn spread(targets: &[f64], gap: f64, low: f64, high: f64) -> Vec<f64> {
    let mut places: Vec<f64> = Vec::with_capacity(targets.len());
    for target in targets {
        let free = places.last().map_or(low, |last| last + gap);
        places.push(target.max(free));
    }
    let mut limit = high;
    for place in places.iter_mut().rev() {
        *place = place.min(limit);
        limit = *place - gap;
    }
    places
}

/// The colour of a cause: one a family, so that neighbours on the ladder look alike, and how strong.
fn colour(cause: Option<Cause>) -> (&'static str, f64) {
    use Cause::*;
    match cause {
        Some(OutOfView) => ("view", 1.0),
        Some(OccludedByBody) => ("occluded", 1.0),
        Some(OccludedByInterior | OccludedBySeat | OccludedByChildSeat) => ("occluded", 0.82),
        Some(OccludedByPerson | OccludedByDecoy) => ("occluded", 0.66),
        Some(OccludedByOneself | OccludedByFurniture | OccludedByOtherVehicle | OccludedByDrops | Occluded) => {
            ("occluded", 0.5)
        }
        Some(CoveredByEyewear) => ("covered", 1.0),
        Some(CoveredByHeadwear) => ("covered", 0.8),
        Some(CoveredByFaceCover) => ("covered", 0.6),
        Some(HeadTurned) => ("turned", 1.0),
        Some(FacesBackwards) => ("turned", 0.65),
        Some(TooFewPixels) => ("pixels", 1.0),
        Some(PaneTooDark) => ("dark", 1.0),
        Some(UnderExposed) => ("dark", 0.65),
        Some(VeilingReflection) => ("veil", 1.0),
        Some(OverExposed) => ("over", 1.0),
        Some(MotionBlur) => ("blur", 1.0),
        Some(OutOfFocus) => ("blur", 0.7),
        Some(NotDetected) => ("stack", 1.0),
        Some(UnderStackGate) => ("stack", 0.8),
        Some(ClaimFailsRule) => ("stack", 0.6),
        None => ("other", 1.0),
    }
}

/// The layers of the lower plot in the order of the ladder, what is rare together at the end: name, cause, count by point.
fn layers(result: &SweepResult) -> Vec<(String, Option<Cause>, Vec<u64>)> {
    let counts = |cause: Cause| -> Vec<u64> {
        let of = |p: &PointResult| p.causes.iter().find(|(c, _)| *c == cause).map_or(0, |(_, n)| *n);
        result.points.iter().map(of).collect()
    };
    let all: Vec<(Cause, Vec<u64>)> = result.causes().into_iter().map(|cause| (cause, counts(cause))).collect();
    let mut by_weight: Vec<(u64, Cause)> = all.iter().map(|(cause, n)| (n.iter().sum(), *cause)).collect();
    by_weight.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    let named: Vec<Cause> = match by_weight.len() {
        n if n <= NAMED_CAUSES => by_weight.iter().map(|(_, cause)| *cause).collect(),
        _ => by_weight.iter().take(NAMED_CAUSES - 1).map(|(_, cause)| *cause).collect(),
    };
    let mut layers = Vec::new();
    let mut rest = vec![0; result.points.len()];
    let mut put_together = 0;
    for (cause, counts) in all {
        if named.contains(&cause) {
            layers.push((cause.label().to_owned(), Some(cause), counts));
        } else {
            put_together += 1;
            rest.iter_mut().zip(counts).for_each(|(sum, n)| *sum += n);
        }
    }
    if put_together > 0 {
        layers.push((format!("{put_together} other causes"), None, rest));
    }
    layers
}

/// The picture of a sweep; of a sweep that still runs, of what is known.
pub fn svg(result: &SweepResult) -> String {
    let mut p = Picture::default();
    let mut y = 38.0;
    for line in wrapped(&result.head.title, 92) {
        p.text(20.0, y, "start", "title", &line);
        y += 25.0;
    }
    p.text(20.0, y, "start", "path", &result.varied.path);
    y += 20.0;
    if let Some(meaning) = &result.varied.meaning {
        for line in wrapped(meaning, 140) {
            p.text(20.0, y, "start", "soft", &line);
            y += 18.0;
        }
    }
    // By place on the axis, whatever the order in which the user wrote the values.
    let mut order: Vec<usize> = (0..result.points.len()).collect();
    order.sort_by(|a, b| result.points[*a].position.total_cmp(&result.points[*b].position));
    let positions: Vec<f64> = order.iter().map(|i| result.points[*i].position).collect();
    let axis = Axis::new(result.varied.scale, &positions, LEFT, RIGHT);
    let xs: Vec<f64> = positions.iter().map(|position| axis.px(*position)).collect();
    let spacing = xs.windows(2).map(|pair| pair[1] - pair[0]).fold(RIGHT - LEFT, f64::min);

    y += 26.0;
    y = coverage(&mut p, result, &order, &xs, spacing, y);
    y = comparison(&mut p, result, &order, &xs, spacing, y);
    y = losses(&mut p, result, &order, &xs, spacing, y);
    y = value_axis(&mut p, result, &order, &xs, &axis, spacing, y);
    y = foot(&mut p, result, y);

    let label = escaped(&format!("Coverage and causes of loss over {}", result.varied.path));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"sweep\" viewBox=\"0 0 {WIDTH:.0} {y:.0}\" role=\"img\" \
         aria-label=\"{label}\">\n<style>{STYLE}</style>\n<rect width=\"{WIDTH:.0}\" height=\"{y:.0}\" \
         style=\"fill:var(--page)\"/>\n{}</svg>\n",
        p.out
    )
}

/// Horizontal lines and their percentages from 0 to `top` (a share).
fn share_axis(p: &mut Picture, from_y: f64, height: f64, top: f64, step: f64) {
    let lines = (top / step).round() as u32;
    for k in 0..=lines {
        let share = f64::from(k) * step;
        let y = from_y + height * (1.0 - share / top);
        p.line([LEFT, y, RIGHT, y], if k == 0 { "axis" } else { "grid" });
        p.text(LEFT - 9.0, y + 4.5, "end", "soft", &format!("{:.0} %", share * 100.0));
    }
}

fn coverage(p: &mut Picture, result: &SweepResult, order: &[usize], xs: &[f64], spacing: f64, y: f64) -> f64 {
    p.heading("head", y, "Coverage", "verified by the testbed; whiskers: Wilson's 95 % intervals");
    let top = y + 20.0;
    share_axis(p, top, COVERAGE_HEIGHT, 1.0, 0.2);
    let at = |share: f64| top + COVERAGE_HEIGHT * (1.0 - share);
    type Read = fn(&PointResult) -> Share;
    let series: [(&str, &str, Read); 3] = [
        ("occupants", "occupant", |p| p.occupant_coverage),
        ("matched, of enrolled", "matched", |p| p.matched_coverage),
        ("whole vehicles", "vehicle", |p| p.vehicle_coverage),
    ];
    // Side by side, so that no whisker hides another.
    let aside = (spacing * 0.12).min(7.0);
    let mut labels: Vec<(f64, f64, &str, String)> = Vec::new();
    for (s, (name, colour, read)) in series.into_iter().enumerate() {
        let dx = (s as f64 - 1.0) * aside;
        let known: Vec<(f64, Share, f64)> = order
            .iter()
            .zip(xs)
            .filter_map(|(i, x)| {
                let share = read(&result.points[*i]);
                Some((x + dx, share, share.share?))
            })
            .collect();
        writeln!(p.out, r#"<g style="stroke:var(--{colour});fill:var(--{colour})">"#).ok();
        if result.varied.scale != Scale::Names && known.len() > 1 {
            let way: Vec<String> = known.iter().map(|(x, _, share)| format!("{x:.1} {:.1}", at(*share))).collect();
            writeln!(p.out, r#"<path d="M{}" fill="none" stroke-width="1.6" opacity=".75"/>"#, way.join("L")).ok();
        }
        for (x, share, middle) in &known {
            let (low, high) = (at(share.low), at(share.high));
            writeln!(p.out, r#"<path d="M{x:.1} {low:.1}V{high:.1}" stroke-width="1.4" opacity=".6"/>"#).ok();
            let y = at(*middle);
            let mark = match s {
                0 => format!(r#"<circle cx="{x:.1}" cy="{y:.1}" r="4.6"/>"#),
                1 => format!(r#"<rect x="{:.1}" y="{:.1}" width="8.4" height="8.4"/>"#, x - 4.2, y - 4.2),
                _ => format!(r#"<path d="M{x:.1} {:.1}l5.4 5.4l-5.4 5.4l-5.4 -5.4z"/>"#, y - 5.4),
            };
            writeln!(p.out, "{}", mark.replace("/>", r#" style="stroke:var(--page)"/>"#)).ok();
        }
        p.out.push_str("</g>\n");
        if let Some((x, share, middle)) = known.last() {
            labels.push((at(*middle), *x, colour, format!("{name} {}", share.percent())));
        }
    }
    labels.sort_by(|a, b| a.0.total_cmp(&b.0));
    let targets: Vec<f64> = labels.iter().map(|label| label.0).collect();
    for (place, (target, x, colour, text)) in
        spread(&targets, 19.0, top, top + COVERAGE_HEIGHT - 6.0).into_iter().zip(&labels)
    {
        leader(p, x + 8.0, *target, place);
        p.coloured_text(LABELS, place + 4.5, colour, text);
    }
    top + COVERAGE_HEIGHT
}

/// A line from a mark to its label.
fn leader(p: &mut Picture, from_x: f64, from_y: f64, to_y: f64) {
    let (bend, end) = (RIGHT + 6.0, LABELS - 5.0);
    let bend = bend.max(from_x);
    writeln!(p.out, r#"<path class="lead" d="M{from_x:.1} {from_y:.1}H{bend:.1}L{end:.1} {to_y:.1}"/>"#).ok();
}

/// Won and lost occupants under every value.
fn comparison(p: &mut Picture, result: &SweepResult, order: &[usize], xs: &[f64], spacing: f64, y: f64) -> f64 {
    let compared: Vec<(&PointResult, f64)> = order.iter().zip(xs).map(|(i, x)| (&result.points[*i], *x)).collect();
    // Beside each other or not at all: the table has them too.
    if spacing < 36.0 {
        return y + 16.0;
    }
    for (point, x) in compared {
        match point.compared {
            Some(paired) => {
                p.text(x, y + 20.0, "middle", "small", &paired.changes());
                if spacing >= 62.0 {
                    p.text(x, y + 35.0, "middle", "soft small", &paired.p_text());
                }
            }
            None => p.text(x, y + 20.0, "middle", "soft small", "baseline"),
        }
    }
    p.text(LABELS, y + 20.0, "start", "soft small", "occupants won and lost");
    p.text(LABELS, y + 35.0, "start", "soft small", &format!("against {}, exact McNemar p", result.baseline));
    y + 46.0
}

fn losses(p: &mut Picture, result: &SweepResult, order: &[usize], xs: &[f64], spacing: f64, y: f64) -> f64 {
    let y = y + 24.0;
    p.heading("head", y, "Lost occupants by first cause", "share of all occupants; numbers count them");
    let top_y = y + 20.0;
    let layers = layers(result);
    let all = |i: usize| result.points[i].occupants.max(1) as f64;
    let lost = |i: usize| layers.iter().map(|(.., n)| n[i]).sum::<u64>() as f64 / all(i);
    let most = order.iter().map(|i| lost(*i)).fold(0.0, f64::max).max(0.05);
    let step = round_step(most / 5.0).max(0.02);
    let top = (most / step).ceil() * step;
    share_axis(p, top_y, LOSS_HEIGHT, top, step);
    let base = top_y + LOSS_HEIGHT;
    let width = (spacing * 0.62).min(44.0);
    let mut labels: Vec<(f64, bool)> = Vec::new();
    let last = order.last().copied();
    for (column, (i, x)) in order.iter().zip(xs).enumerate() {
        let mut floor = base;
        for (_, cause, counts) in &layers {
            let height = counts[*i] as f64 / all(*i) / top * LOSS_HEIGHT;
            let ceiling = floor - height;
            if counts[*i] > 0 {
                let (colour, strength) = colour(*cause);
                let left = x - width / 2.0;
                writeln!(
                    p.out,
                    r#"<rect x="{left:.1}" y="{ceiling:.1}" width="{width:.1}" height="{height:.1}" style="fill:var(--{colour});fill-opacity:{strength};stroke:var(--page)"/>"#
                )
                .ok();
                if height >= 12.0 && width >= 20.0 {
                    p.text(*x, (floor + ceiling) / 2.0 + 4.0, "middle", "on", &counts[*i].to_string());
                }
            }
            if column + 1 == order.len() {
                labels.push(((floor + ceiling) / 2.0, counts[*i] > 0));
            }
            floor = ceiling;
        }
    }
    if layers.is_empty() {
        p.text((LEFT + RIGHT) / 2.0, base - LOSS_HEIGHT / 2.0, "middle", "soft", "nobody was lost");
    }
    // From the top down: the last layer is the highest.
    let targets: Vec<f64> = labels.iter().rev().map(|(target, _)| *target).collect();
    let places = spread(&targets, 18.0, top_y + 4.0, base);
    for ((place, (name, cause, _)), (target, there)) in places.iter().zip(layers.iter().rev()).zip(labels.iter().rev())
    {
        if let (true, Some(x)) = (*there && last.is_some(), xs.last()) {
            leader(p, x + width / 2.0 + 2.0, *target, *place);
        }
        let (colour, strength) = colour(*cause);
        let y = place - 5.0;
        writeln!(
            p.out,
            r#"<rect x="{LABELS:.1}" y="{y:.1}" width="10" height="10" rx="2" style="fill:var(--{colour});fill-opacity:{strength}"/>"#
        )
        .ok();
        p.text(LABELS + 16.0, place + 4.5, "start", if *there { "" } else { "soft" }, name);
    }
    base
}

/// The values, or round ones where the values would touch, and what they are.
fn value_axis(
    p: &mut Picture,
    result: &SweepResult,
    order: &[usize],
    xs: &[f64],
    axis: &Axis,
    spacing: f64,
    y: f64,
) -> f64 {
    for x in xs {
        p.line([*x, y, *x, y + 5.0], "axis");
    }
    let longest = result.points.iter().map(|point| point.label.chars().count()).max().unwrap_or(0);
    if longest as f64 * 7.4 + 8.0 <= spacing || axis.ticks().is_empty() {
        // Names that are too long for their place are cut, the table has them whole.
        let room = ((spacing - 6.0) / 7.2).max(3.0) as usize;
        for (i, x) in order.iter().zip(xs) {
            let label = &result.points[*i].label;
            let short: String = match label.chars().count() > room {
                true => label.chars().take(room - 1).chain(['…']).collect(),
                false => label.clone(),
            };
            // A real minus before numbers; names keep their hyphens.
            let short = if result.varied.scale == Scale::Names { short } else { short.replacen('-', "−", 1) };
            p.text(*x, y + 21.0, "middle", "", &short);
        }
    } else {
        for (position, label) in axis.ticks() {
            p.text(axis.px(position), y + 21.0, "middle", "", &label);
        }
    }
    let v = &result.varied;
    let key = v.short_path();
    let mut what = match (&v.day, &v.unit) {
        (Some(day), _) => format!("local time, {day}"),
        (None, Some(unit)) => format!("{key}, {unit}"),
        (None, None) => key.to_owned(),
    };
    if v.scale == Scale::Log {
        what += " (logarithmic)";
    }
    p.text((LEFT + RIGHT) / 2.0, y + 43.0, "middle", "bold", &what);
    y + 58.0
}

/// What stands behind the numbers.
fn foot(p: &mut Picture, result: &SweepResult, y: f64) -> f64 {
    let mut y = y + 14.0;
    let head = &result.head;
    let occupants: Vec<u64> = result.points.iter().map(|point| point.occupants).collect();
    let (least, most) = (occupants.iter().min().unwrap_or(&0), occupants.iter().max().unwrap_or(&0));
    let people = if least == most { most.to_string() } else { format!("{least} to {most}") };
    let vehicles = if result.encounters == 1 { "vehicle" } else { "vehicles" };
    let mut said =
        vec![format!("{} {vehicles} with {people} occupants at every value.", result.encounters), result.pairing()];
    let failed: usize = result.points.iter().map(|point| point.failures.len()).sum();
    if failed > 0 {
        said.push(format!("{failed} encounters failed and are not counted."));
    }
    if result.points.len() < result.planned {
        said.push(format!("Still running: {} of {} values.", result.points.len(), result.planned));
    }
    let made: Vec<&str> = head
        .world
        .iter()
        .chain(head.stack.iter().filter(|(what, _)| what == "detector" || what == "embedder"))
        .map(|(what, which)| if what == "detector" || what == "embedder" { first_word(which) } else { which.as_str() })
        .collect();
    let optimistic = if head.in_domain { " Models trained on this simulator: optimistic." } else { "" };
    let hash: String = head.scenario_hash.chars().take(12).collect();
    said.push(format!("laneproof {}, scenario {hash}, {}.{optimistic}", head.version, made.join(", ")));
    for line in said.iter().flat_map(|text| wrapped(text, 155)) {
        p.text(20.0, y, "start", "soft small", &line);
        y += 16.0;
    }
    y + 6.0
}

fn first_word(text: &str) -> &str {
    text.split(' ').next().unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::{spread, wrapped};

    #[test]
    fn labels_keep_their_distance_and_their_order() {
        let places = spread(&[10.0, 12.0, 13.0, 99.0, 100.0], 15.0, 0.0, 100.0);
        assert!(places.windows(2).all(|pair| pair[1] - pair[0] >= 15.0 - 1e-9), "{places:?}");
        assert!(places[0] >= 0.0 && places[4] <= 100.0, "{places:?}");
        assert_eq!(spread(&[10.0, 50.0], 15.0, 0.0, 100.0), [10.0, 50.0]);
    }

    #[test]
    fn lines_break_between_words() {
        assert_eq!(wrapped("one two three", 8), ["one two", "three"]);
        assert_eq!(wrapped("unbreakable", 4), ["unbreakable"]);
    }
}
