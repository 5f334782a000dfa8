//! `assumptions.svg`: the tornado diagram. Text and shapes only, readable on light and dark.
use std::fmt::Write as _;

use super::{
    file::End,
    result::{EndResult, StudyResult},
};
use crate::report::svg::Picture;

const WIDTH: f64 = 1000.0;
/// Between these lies the axis; what holds at an end stands to its left.
const LEFT: f64 = 340.0;
const RIGHT: f64 = 960.0;
const TOP: f64 = 112.0;
/// Height of an assumption: its name, and a bar for each end.
const ROW: f64 = 72.0;
/// From the top of an assumption to the baseline of its name, and to the middle of each bar.
const NAME: f64 = 21.0;
const BARS: [f64; 2] = [36.0, 56.0];
const BAR: f64 = 11.0;
/// Characters of an end's label that stand before the axis.
const LABEL: usize = 46;

const STYLE: &str = "\
.tornado{--page:#fbfbfa;--ink:#1c1d20;--soft:#5d6068;--line:#e0e0dc;--low:#2f62a8;--high:#a35c00;--field:#b3372b}\
@media (prefers-color-scheme:dark){.tornado{--page:#16171a;--ink:#ececea;--soft:#a2a5ad;--line:#34373d;--low:#7fb0ee;\
--high:#e9b95a;--field:#ee8377}}\
.tornado text{font-family:system-ui,'Segoe UI',Roboto,'Helvetica Neue','Noto Sans',sans-serif;font-size:13px;fill:var(--ink);\
font-variant-numeric:tabular-nums}\
.tornado .title{font-size:20px;font-weight:600}.tornado .bold{font-weight:600}.tornado .soft{fill:var(--soft)}\
.tornado .small{font-size:11.5px}.tornado .grid{stroke:var(--line)}.tornado .base{stroke:var(--ink);stroke-width:1.5}\
.tornado .field{stroke:var(--field);stroke-width:1.5;stroke-dasharray:5 4}.tornado .field-text{fill:var(--field)}\
.tornado .low{fill:var(--low)}.tornado .high{fill:var(--high)}.tornado .whisker{stroke:var(--ink);opacity:.75}";

/// The axis: what shares lie on it.
#[derive(Clone, Copy)]
struct Axis {
    low: f64,
    high: f64,
}

impl Axis {
    /// Where a share stands.
    fn x(&self, share: f64) -> f64 {
        LEFT + (share.clamp(self.low, self.high) - self.low) / (self.high - self.low) * (RIGHT - LEFT)
    }
}

/// What a share moves to at an end: (there, low, high).
fn moved(study: &StudyResult, end: &EndResult) -> Option<(f64, f64, f64)> {
    let base = study.base.vehicle_coverage().share?;
    let d = end.arm.against(&study.base)?;
    Some((base + d.difference, base + d.low, base + d.high))
}

/// Draws a study.
pub(super) fn svg(study: &StudyResult) -> String {
    let ranked = study.ranked();
    let base = study.base.vehicle_coverage();
    let reported = study.reported.as_ref().map(|reported| reported.vehicle_coverage);
    let ends = || ranked.iter().flat_map(|(assumption, _)| &assumption.ends).filter_map(|end| moved(study, end));
    let shares = ends().flat_map(|(there, low, high)| [there, low, high]).chain(base.share).chain(reported);
    let (least, most) = shares.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), s| (a.min(s), b.max(s)));
    // Whole steps of five points around everything, but no share beyond none and all.
    let (low, high) = if least <= most {
        ((least * 20.0 - 0.2).floor() / 20.0, (most * 20.0 + 0.2).ceil() / 20.0)
    } else {
        (0.0, 1.0)
    };
    let (low, high) = (low.max(0.0), high.min(1.0));
    let bottom = TOP + ROW * ranked.len() as f64;
    let height = bottom + 64.0;
    let axis = Axis { low, high: high.max(low + 0.05) };
    let mut p = Picture::default();
    writeln!(
        p.out,
        r#"<svg class="tornado" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0}" role="img"><style>{STYLE}</style>"#
    )
    .ok();
    writeln!(p.out, r#"<rect width="{WIDTH}" height="{height:.0}" style="fill:var(--page)"/>"#).ok();
    p.text(20.0, 34.0, "start", "title", &study.title);
    let pairs = ranked.iter().flat_map(|(a, _)| &a.ends).map(|end| end.arm.tallies.len()).max().unwrap_or(0);
    let note = format!(
        "vehicle coverage with one assumption at one end, {pairs} vehicles at each, every one compared with itself; whiskers: 95 %"
    );
    p.text(20.0, 56.0, "start", "soft", &note);

    let step = if axis.high - axis.low > 0.5 { 10 } else { 5 };
    let ticks = ((axis.low * 100.0).ceil() as i64..=(axis.high * 100.0 + 1e-9).floor() as i64)
        .filter(|percent| percent % step == 0);
    for percent in ticks.collect::<Vec<_>>() {
        let x = axis.x(percent as f64 / 100.0);
        p.line([x, TOP - 8.0, x, bottom + 4.0], "grid");
        p.text(x, bottom + 22.0, "middle", "soft", &format!("{percent} %"));
    }
    p.text((LEFT + RIGHT) / 2.0, bottom + 44.0, "middle", "soft", "vehicles with a verified capture of everyone");

    let mut labels = Vec::new();
    if let Some(share) = reported {
        let x = axis.x(share);
        p.line([x, TOP - 8.0, x, bottom + 4.0], "field");
        labels.push((x, format!("reported {:.0} %", share * 100.0), "bold field-text"));
    }
    if let Some(share) = base.share {
        let x = axis.x(share);
        labels.push((x, format!("as assumed {}", base.percent()), "bold"));
    }
    // Two labels that stand near each other go to either side of their lines.
    labels.sort_by(|a, b| a.0.total_cmp(&b.0));
    let near = labels.len() == 2 && labels[1].0 - labels[0].0 < 150.0;
    for (i, (x, label, class)) in labels.iter().enumerate() {
        let anchor = match (near, i) {
            (true, 0) => "end",
            (true, _) => "start",
            _ => "middle",
        };
        p.text(*x, TOP - 16.0, anchor, class, label);
    }

    for (i, (assumption, _)) in ranked.iter().enumerate() {
        let y = TOP + ROW * i as f64;
        if i > 0 {
            p.line([20.0, y, RIGHT, y], "grid");
        }
        p.heading("bold", y + NAME, &assumption.name, &format!("assumed: {}", assumption.taken));
        for (end, at) in assumption.ends.iter().zip(BARS) {
            bar(&mut p, axis, study, end, y + at);
        }
    }
    if let Some(share) = base.share {
        let x = axis.x(share);
        p.line([x, TOP - 8.0, x, bottom + 4.0], "base");
    }
    p.out.push_str("</svg>\n");
    p.out
}

/// One end: what holds there, a bar from the base to where it moves, a whisker.
fn bar(p: &mut Picture, axis: Axis, study: &StudyResult, end: &EndResult, middle: f64) {
    let (Some(base), Some((there, low, high))) = (study.base.vehicle_coverage().share, moved(study, end)) else {
        return;
    };
    let class = match end.end {
        End::Low => "low",
        End::High => "high",
    };
    let (a, b, y) = (axis.x(base.min(there)), axis.x(base.max(there)), middle - BAR / 2.0);
    let width = (b - a).max(1.0);
    writeln!(p.out, r#"<rect x="{a:.1}" y="{y:.1}" width="{width:.1}" height="{BAR}" class="{class}"/>"#).ok();
    let (w0, w1) = (axis.x(low), axis.x(high));
    p.line([w0, middle, w1, middle], "whisker");
    for x in [w0, w1] {
        p.line([x, middle - 3.0, x, middle + 3.0], "whisker");
    }
    let mut label: String = end.label.chars().take(LABEL).collect();
    if label != end.label {
        label.push('…');
    }
    p.text(LEFT - 48.0, middle + 4.0, "end", "small", &label);
    p.text(LEFT - 10.0, middle + 4.0, "end", "small bold", &rounded((there - base) * 100.0));
}

/// "+7", "−12", "±0".
fn rounded(points: f64) -> String {
    match points.round() {
        0.0 => "±0".to_owned(),
        points => format!("{points:+.0}").replace('-', "−"),
    }
}
