//! Coverage over two things at once: hour and month of the local time, and pairs of the scenario's numeric factors.
//!
//! A cell holds the occupants of the encounters in it; its colour is their coverage, its tooltip has the interval. What does
//! not vary is not drawn.
use std::{collections::BTreeMap, fmt::Write as _};

use laneproof_statistics::{clustered::Cluster, share::Share};
use serde::Serialize;

use super::svg;
use crate::score::EncounterScore;

/// Most pairs of factors that are drawn, first ones first.
const MOST_PAIRS: usize = 6;
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A map as the page shows it.
#[derive(Serialize)]
pub(super) struct HeatMap {
    title: String,
    svg: String,
}

/// Values along one side of a map, in bins.
struct Side {
    title: String,
    labels: Vec<String>,
    /// The bin of each encounter; `None` of one without a value.
    bins: Vec<Option<usize>>,
}

/// A map before it is drawn: shares by row and column.
struct Grid {
    across: Side,
    down: Side,
    cells: BTreeMap<(usize, usize), Share>,
}

impl Grid {
    fn new(across: Side, down: Side, scores: &[EncounterScore]) -> Self {
        let mut clusters: BTreeMap<(usize, usize), Vec<Cluster>> = BTreeMap::new();
        for (score, bins) in scores.iter().zip(down.bins.iter().zip(&across.bins)) {
            if let (Some(row), Some(column)) = bins {
                let hits = score.occupants.iter().filter(|o| o.outcome.is_captured()).count() as u64;
                let cluster = Cluster { weight: score.weight, hits, of: score.occupants.len() as u64 };
                clusters.entry((*row, *column)).or_default().push(cluster);
            }
        }
        let cells = clusters.into_iter().map(|(place, clusters)| (place, Share::of_clusters(&clusters))).collect();
        Self { across, down, cells }
    }
}

/// All maps of a run.
pub(super) fn maps(scores: &[EncounterScore]) -> Vec<HeatMap> {
    grids(scores).iter().map(drawn).collect()
}

fn grids(scores: &[EncounterScore]) -> Vec<Grid> {
    let mut grids: Vec<Grid> = time(scores).into_iter().collect();
    let numbers = factors(scores);
    let pairs = numbers.iter().enumerate().flat_map(|(i, a)| numbers[i + 1..].iter().map(move |b| (a, b)));
    for ((across, xs), (down, ys)) in pairs.take(MOST_PAIRS) {
        let most = bins_for(scores.len());
        grids.push(Grid::new(side(across, xs, most), side(down, ys, most), scores));
    }
    grids
}

/// Bins a side, so that some six encounters are in a cell where the plan spreads them evenly.
fn bins_for(encounters: usize) -> usize {
    ((encounters as f64 / 6.0).sqrt().round() as usize).clamp(2, 8)
}

/// Hour by month, where one of them varies.
fn time(scores: &[EncounterScore]) -> Option<Grid> {
    let conditions = scores.iter().map(|s| s.occupants.first().map(|o| o.conditions));
    let (mut hours, mut months) = (Vec::new(), Vec::new());
    for conditions in conditions {
        hours.push(conditions.map(|c| (c.local_hour.clamp(0.0, 23.99).floor()) as usize));
        months.push(conditions.map(|c| usize::from(c.month.clamp(1, 12)) - 1));
    }
    let span = |values: &[Option<usize>]| {
        let known = || values.iter().flatten().copied();
        Some((known().min()?, known().max()?))
    };
    let ((first_hour, last_hour), (first_month, last_month)) = (span(&hours)?, span(&months)?);
    let along =
        |title: &str, first: usize, last: usize, values: &[Option<usize>], label: &dyn Fn(usize) -> String| Side {
            title: title.to_owned(),
            labels: (first..=last).map(label).collect(),
            bins: values.iter().map(|value| value.map(|value| value - first)).collect(),
        };
    let across = along("local hour", first_hour, last_hour, &hours, &|hour| format!("{hour:02}"));
    let down = along("month", first_month, last_month, &months, &|month| MONTHS[month].to_owned());
    (first_hour != last_hour || first_month != last_month).then(|| Grid::new(across, down, scores))
}

/// The factors that are numbers in every encounter and take two values at least; those of the rig first.
fn factors(scores: &[EncounterScore]) -> Vec<(String, Vec<f64>)> {
    let Some(first) = scores.first() else { return Vec::new() };
    let mut found = Vec::new();
    for factor in &first.factors {
        let value = |s: &EncounterScore| s.factors.iter().find(|f| f.key == factor.key)?.value.as_f64();
        let values: Option<Vec<f64>> = scores.iter().map(value).collect();
        if let Some(values) = values.filter(|values| values.iter().any(|v| *v != values[0])) {
            found.push((factor.key.clone(), values));
        }
    }
    found.sort_by_key(|(key, _)| !key.starts_with("rig"));
    found
}

/// A factor's values in bins: each its own where they are few, else of equal width.
fn side(title: &str, values: &[f64], most: usize) -> Side {
    let mut distinct = values.to_vec();
    distinct.sort_by(f64::total_cmp);
    distinct.dedup();
    if distinct.len() <= most.max(6) {
        let bin = |value: &f64| distinct.iter().position(|d| d == value);
        let labels = distinct.iter().map(|value| svg::short(*value)).collect();
        return Side { title: title.to_owned(), labels, bins: values.iter().map(bin).collect() };
    }
    let (low, high) = (distinct[0], distinct[distinct.len() - 1]);
    let edge = |i: usize| low + (high - low) * i as f64 / most as f64;
    let bin = |value: &f64| Some((((value - low) / (high - low) * most as f64).floor() as usize).min(most - 1));
    // A dash between a number and a minus reads as one of them.
    let until = if low < 0.0 { " to " } else { "–" };
    let labels = (0..most).map(|i| format!("{}{until}{}", svg::short(edge(i)), svg::short(edge(i + 1)))).collect();
    Side { title: title.to_owned(), labels, bins: values.iter().map(bin).collect() }
}

fn drawn(grid: &Grid) -> HeatMap {
    let Grid { across, down, cells } = grid;
    let title = format!("{} by {}", across.title, down.title);
    let longest = |side: &Side| side.labels.iter().map(|label| label.chars().count()).max().unwrap_or(0) as f64;
    let (width, height) = ((longest(across) * 7.0 + 12.0).max(50.0), 40.0);
    let (left, top) = (longest(down) * 7.0 + 16.0, 6.0);
    let (columns, rows) = (across.labels.len() as f64, down.labels.len() as f64);
    let (full_width, full_height) = (left + columns * width + 4.0, top + rows * height + 24.0);
    let label = svg::escaped(&format!("Occupant coverage, {title}"));
    let mut out = format!(
        "<svg class=\"heat\" viewBox=\"0 0 {full_width:.0} {full_height:.0}\" width=\"{full_width:.0}\" \
         height=\"{full_height:.0}\" role=\"group\" aria-label=\"{label}\">"
    );
    for (row, label) in down.labels.iter().enumerate() {
        let y = top + row as f64 * height;
        let label = svg::escaped(label);
        write!(out, "<text class=\"side\" x=\"{:.1}\" y=\"{:.1}\">{label}</text>", left - 8.0, y + 24.0).ok();
        for column in 0..across.labels.len() {
            let x = left + column as f64 * width;
            let place = format!(
                "x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\"",
                x + 1.0,
                y + 1.0,
                width - 2.0,
                height - 2.0
            );
            let Some((share, p)) = cells.get(&(row, column)).and_then(|share| Some((share, share.share?))) else {
                write!(out, "<rect class=\"free\" {place}/>").ok();
                continue;
            };
            let (fill, ink) = svg::colours(p);
            let told = svg::escaped(&format!(
                "{} {}, {} {label}: {} of {} captured, {}, 95 % interval {}",
                across.title,
                across.labels[column],
                down.title,
                share.count,
                share.of,
                share.percent(),
                share.interval()
            ));
            let middle = x + width / 2.0;
            write!(
                out,
                "<g role=\"img\" tabindex=\"0\" aria-label=\"{told}\"><title>{told}</title><rect {place} rx=\"3\" style=\"fill:{fill}\"/>\
                 <g style=\"fill:{ink}\"><text class=\"value\" x=\"{middle:.1}\" y=\"{:.1}\">{:.0} %</text>\
                 <text x=\"{middle:.1}\" y=\"{:.1}\">{}/{}</text></g></g>",
                y + 18.0,
                p * 100.0,
                y + 32.0,
                share.count,
                share.of
            )
            .ok();
        }
    }
    for (column, label) in across.labels.iter().enumerate() {
        let x = left + (column as f64 + 0.5) * width;
        let label = svg::escaped(label);
        write!(out, "<text x=\"{x:.1}\" y=\"{:.1}\">{label}</text>", top + rows * height + 17.0).ok();
    }
    out.push_str("</svg>");
    HeatMap { title, svg: out }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{bins_for, grids, maps};
    use crate::{report::tests::spoilt_run, scenario::factor::FactorValue};

    /// Contract: the cells of every map hold all occupants; what does not vary has no map.
    #[test]
    fn the_cells_of_every_map_sum_to_all_occupants() {
        let (result, _folder) = spoilt_run();
        assert!(maps(&result.scores).is_empty(), "the demo has one hour and no factors");
        let mut scores = result.scores.clone();
        for (i, score) in scores.iter_mut().enumerate() {
            let heights =
                FactorValue { key: "rig.cameras[*].position_m[1]".into(), value: json!(1.0 + 0.37 * i as f64) };
            let speeds = FactorValue { key: "mix.speed".into(), value: json!(i % 2) };
            let sky = FactorValue { key: "daylight.sky".into(), value: json!("clear") };
            score.factors = vec![speeds, sky, heights];
            for occupant in &mut score.occupants {
                occupant.conditions.local_hour = 6.5 + i as f32;
                occupant.conditions.month = 1 + (i % 3) as u8;
            }
        }
        let grids = grids(&scores);
        assert_eq!(grids.len(), 2);
        for grid in &grids {
            let of = grid.cells.values().map(|share| share.of).sum::<u64>();
            let captured = grid.cells.values().map(|share| share.count).sum::<u64>();
            assert_eq!((of, captured), (result.summary.occupants, result.summary.occupant_coverage.count));
        }
        assert_eq!(grids[0].down.labels, ["Jan", "Feb", "Mar"]);
        assert_eq!(
            (grids[1].across.title.as_str(), grids[1].down.title.as_str()),
            ("rig.cameras[*].position_m[1]", "mix.speed")
        );
        assert_eq!(grids[1].across.labels.len(), bins_for(scores.len()).max(2));
        assert!(maps(&scores)[0].svg.contains("captured, "));
    }
}
