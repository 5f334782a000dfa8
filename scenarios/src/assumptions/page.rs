//! `assumptions.html`: the tornado diagram, the table and what made them, on one page that opens offline.
use minijinja::{AutoEscape, Environment, Value, value::Serde};
use serde::Serialize;

use super::{
    difference,
    result::{Arm, Assumption, EndResult, StudyResult},
};
use crate::{run::RunError, sweep::page::Cell};

const TEMPLATE: &str = include_str!("assumptions.html.jinja");

#[derive(Serialize)]
struct Row<'a> {
    assumption: &'a Assumption,
    end: &'a EndResult,
    /// Whether it is the assumption's first row, and how many it has.
    rows: usize,
    vehicles: Cell,
    occupants: Cell,
    difference: String,
    set: Vec<String>,
}

/// Vehicle and occupant coverage of an arm.
fn both(arm: &Arm) -> [Cell; 2] {
    [arm.vehicle_coverage(), arm.occupant_coverage()].map(|share| Cell::of(&share))
}

#[derive(Serialize)]
struct Page<'a> {
    s: &'a StudyResult,
    headline: String,
    base: [Cell; 2],
    rows: Vec<Row<'a>>,
    done: usize,
    failed: usize,
    command: &'a str,
}

fn rows(study: &StudyResult) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for (assumption, _) in study.ranked() {
        for (i, end) in assumption.ends.iter().enumerate() {
            let [vehicles, occupants] = both(&end.arm);
            rows.push(Row {
                assumption,
                end,
                rows: if i == 0 { assumption.ends.len() } else { 0 },
                vehicles,
                occupants,
                difference: difference(end.arm.against(&study.base)),
                set: end.set.iter().map(|(key, value)| format!("{key} = {value}")).collect(),
            });
        }
    }
    rows
}

/// Makes the page around the picture.
pub(super) fn html(study: &StudyResult, picture: &str, command: &str) -> Result<String, RunError> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    let fail = |e: minijinja::Error| RunError::Report(format!("{e:#}"));
    environment.add_template("assumptions.html", TEMPLATE).map_err(fail)?;
    // The picture is our own markup and all text in it is escaped.
    environment.add_global("picture", Value::from_safe_string(picture.to_owned()));
    let page = Page {
        s: study,
        headline: study.headline(),
        base: both(&study.base),
        rows: rows(study),
        done: study.done(),
        failed: study.failed(),
        command,
    };
    environment.get_template("assumptions.html").map_err(fail)?.render(Serde(&page)).map_err(fail)
}
