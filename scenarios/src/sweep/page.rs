//! `sweep.html`: the picture, the table and what made them, on one page that opens offline.
use minijinja::{AutoEscape, Environment, Value, value::Serde};
use serde::Serialize;

use super::{
    also::SecondStack,
    result::{PointResult, SweepResult},
};
use laneproof_statistics::share::Share;

use crate::run::RunError;

const TEMPLATE: &str = include_str!("sweep.html.jinja");

#[derive(Serialize)]
struct Row<'a> {
    point: &'a PointResult,
    occupant: Cell,
    vehicle: Cell,
    matched: Cell,
    claimed: Cell,
    changes: String,
    p: String,
    second: Option<SecondCells>,
    causes: String,
}

/// The second stack's cells of a row.
#[derive(Serialize)]
struct SecondCells {
    occupant: Cell,
    matched: Cell,
    changes: String,
    p: String,
}

/// A share as the table shows it.
#[derive(Serialize)]
pub(crate) struct Cell {
    percent: String,
    count: String,
    interval: String,
}

impl Cell {
    pub(crate) fn of(share: &Share) -> Self {
        let count = format!("{}/{}", share.count, share.of);
        Self { percent: share.percent(), count, interval: share.interval() }
    }
}

#[derive(Serialize)]
struct Page<'a> {
    s: &'a SweepResult,
    rows: Vec<Row<'a>>,
    pairing: String,
    /// How far a second stack ranks the values alike.
    ranking: Option<String>,
    /// Whether a failed encounter is missing anywhere.
    failed: usize,
    /// Path with the unit, for the table's head.
    what: String,
    command: &'a str,
}

fn row(point: &PointResult) -> Row<'_> {
    let mut causes: Vec<_> = point.causes.iter().collect();
    causes.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let named = causes.iter().take(3).map(|(cause, count)| format!("{count} {}", cause.label()));
    Row {
        point,
        occupant: Cell::of(&point.occupant_coverage),
        vehicle: Cell::of(&point.vehicle_coverage),
        matched: Cell::of(&point.matched_coverage),
        claimed: Cell::of(&point.claimed_coverage),
        changes: point.compared.map_or("baseline".to_owned(), |paired| paired.changes()),
        p: point.compared.map_or(String::new(), |paired| paired.p_text()),
        second: point.second.as_ref().map(|second| SecondCells {
            occupant: Cell::of(&second.occupant_coverage),
            matched: Cell::of(&second.matched_coverage),
            changes: second.compared.map_or("baseline".to_owned(), |paired| paired.changes()),
            p: second.compared.map_or(String::new(), |paired| paired.p_text()),
        }),
        causes: named.collect::<Vec<_>>().join(", "),
    }
}

/// Makes the page around the picture.
pub(super) fn html(result: &SweepResult, picture: &str, command: &str) -> Result<String, RunError> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    let fail = |e: minijinja::Error| RunError::Report(format!("{e:#}"));
    environment.add_template("sweep.html", TEMPLATE).map_err(fail)?;
    // The picture is our own markup and all text in it is escaped.
    environment.add_global("picture", Value::from_safe_string(picture.to_owned()));
    let key = result.varied.short_path();
    let page = Page {
        s: result,
        rows: result.points.iter().map(row).collect(),
        pairing: result.pairing(),
        ranking: result.second.as_ref().map(SecondStack::in_a_line),
        failed: result.points.iter().map(|p| p.failures.len()).sum(),
        what: result.varied.unit.as_ref().map_or(key.to_owned(), |unit| format!("{key}, {unit}")),
        command,
    };
    environment.get_template("sweep.html").map_err(fail)?.render(Serde(&page)).map_err(fail)
}
