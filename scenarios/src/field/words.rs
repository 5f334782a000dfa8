//! A validation in words, for the terminal.
use std::fmt::Write as _;

use super::{Validation, explain::Explanation, predict::Checked};
use crate::terminal::aligned;

/// How a scenario stands against the counts, in one sentence.
pub fn verdict(validation: &Validation) -> String {
    let (known, outside) = validation.surprises();
    let unknown = validation.cells.len() - known;
    let mut line = match (known, outside) {
        (0, _) => "no count has a prediction: the run has nobody in these cells".to_owned(),
        (_, 0) => format!("all {known} counts lie within their 95 % intervals"),
        _ => format!(
            "{outside} of {known} counts lie outside their 95 % intervals; {:.1} would by chance",
            0.05 * known as f64
        ),
    };
    if unknown > 0 && known > 0 {
        write!(line, "; {unknown} have no prediction, as the run has nobody there").ok();
    }
    line
}

/// "71 % (142/200)".
pub(super) fn counted(cell: &Checked) -> String {
    format!("{:.0} % ({}/{})", cell.captured as f64 / cell.of as f64 * 100.0, cell.captured, cell.of)
}

/// What was predicted of a cell: share, interval of the count, residual.
pub(super) fn predicted(cell: &Checked) -> [String; 3] {
    match &cell.predicted {
        Some(p) => [
            format!("{:.0} %", p.share * 100.0),
            format!("{}–{}", p.low, p.high),
            format!("{:+.1}", p.residual).replace('-', "−"),
        ],
        None => ["–".to_owned(), "nobody in the run".to_owned(), "–".to_owned()],
    }
}

/// "50 % of the way from "2 to 6 m/s" to "6 to 10 m/s"".
pub(super) fn way(explanation: &Explanation) -> String {
    let Explanation { part, taken, label, .. } = explanation;
    match *part {
        0.0 => format!("not away from \"{taken}\""),
        1.0 => format!("\"{label}\" in place of \"{taken}\""),
        part => format!("{:.0} % of the way from \"{taken}\" to \"{label}\"", part * 100.0),
    }
}

/// The whole for the terminal: the counts that surprise most first.
pub fn terminal(validation: &Validation) -> String {
    const MOST: usize = 24;
    let mut out = format!("{}\n\n", verdict(validation));
    let mut cells: Vec<&Checked> = validation.cells.iter().collect();
    let surprise = |cell: &Checked| cell.predicted.map_or(-1.0, |p| p.residual.abs());
    cells.sort_by(|a, b| surprise(b).total_cmp(&surprise(a)));
    let mut rows = vec![["", "counted", "predicted", "95 % of counts", "residual"].map(str::to_owned)];
    for cell in cells.iter().take(MOST) {
        let [share, interval, residual] = predicted(cell);
        rows.push([cell.cell.to_string(), counted(cell), share, interval, residual]);
    }
    out += &aligned(&rows);
    if cells.len() > MOST {
        writeln!(out, "… and {} more, in {}", cells.len() - MOST, Validation::PAGE).ok();
    }
    if validation.explanations.is_empty() {
        out += "\nno end of an assumption was run: what would explain a gap is not known\n";
        return out;
    }
    let by = match validation.held_out.len() {
        0 => "by the counts themselves, as one day cannot be held out".to_owned(),
        n => format!("fitted without {n} of {} days, ranked by these", validation.days.len()),
    };
    writeln!(out, "\nwhat would explain the counts, {by}:").ok();
    for (i, explanation) in validation.explanations.iter().take(5).enumerate() {
        let gain = format!("{:+.1}", explanation.gain()).replace('-', "−");
        writeln!(out, "  {}. {} ({gain}): {}", i + 1, explanation.assumption, way(explanation)).ok();
    }
    out += "  (in brackets: by how much −2 log likelihood falls; below 4 is hardly more than chance)\n";
    out
}
