//! `validate.html`: counts, predictions and explanations, on one page that opens offline.
use minijinja::{AutoEscape, Environment, value::Serde};
use serde::Serialize;

use super::{
    SURPRISE, Validation,
    predict::Checked,
    words::{counted, predicted, verdict, way},
};
use crate::run::RunError;

const TEMPLATE: &str = include_str!("validate.html.jinja");

#[derive(Serialize)]
struct Row {
    cell: String,
    counted: String,
    predicted: [String; 3],
    outside: bool,
    /// Counted share, and the interval's ends as shares, in percent: places on the row's strip.
    strip: Option<Strip>,
}

#[derive(Serialize)]
struct Strip {
    low: f64,
    width: f64,
    predicted: f64,
    counted: f64,
}

#[derive(Serialize)]
struct Why {
    assumption: String,
    way: String,
    fitted: String,
    held_out: Option<String>,
}

#[derive(Serialize)]
struct Page<'a> {
    v: &'a Validation,
    verdict: String,
    rows: Vec<Row>,
    held_out_rows: Vec<Row>,
    why: Vec<Why>,
    surprise: f64,
    command: &'a str,
}

fn row(cell: &Checked) -> Row {
    let percent = |count: u64| count as f64 / cell.of as f64 * 100.0;
    Row {
        cell: cell.cell.to_string(),
        counted: counted(cell),
        predicted: predicted(cell),
        outside: cell.predicted.is_some_and(|p| !p.holds(cell.captured)),
        strip: cell.predicted.map(|p| Strip {
            low: percent(p.low),
            width: percent(p.high) - percent(p.low),
            predicted: p.share * 100.0,
            counted: percent(cell.captured),
        }),
    }
}

pub(super) fn html(validation: &Validation, command: &str) -> Result<String, RunError> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    let fail = |e: minijinja::Error| RunError::Report(format!("{e:#}"));
    environment.add_template("validate.html", TEMPLATE).map_err(fail)?;
    let gain = |gain: f64| format!("{gain:+.1}").replace('-', "−");
    let page = Page {
        v: validation,
        verdict: verdict(validation),
        rows: validation.cells.iter().map(row).collect(),
        held_out_rows: validation.held_out_cells.iter().map(row).collect(),
        why: validation
            .explanations
            .iter()
            .map(|e| Why {
                assumption: e.assumption.clone(),
                way: way(e),
                fitted: gain(e.fitted),
                held_out: e.held_out.map(gain),
            })
            .collect(),
        surprise: SURPRISE,
        command,
    };
    environment.get_template("validate.html").map_err(fail)?.render(Serde(&page)).map_err(fail)
}
