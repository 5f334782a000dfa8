//! A check as people read it: on the terminal, and as Markdown for a merge request.
use std::fmt::Write as _;

use super::{Before, CheckResult, NotChecked, Status, Verdict};

impl Status {
    /// For tables.
    pub fn label(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Broken => "BROKEN",
            Self::Worse => "WORSE",
            Self::Skipped => "not judged",
        }
    }
}

/// p as it is told: `0.0004`, `< 0.0001`.
fn p_told(p: f64) -> String {
    if p < 0.0001 { "< 0.0001".to_owned() } else { format!("{p:.4}") }
}

fn least_told(verdict: &Verdict) -> String {
    verdict.detectable.map_or(String::new(), |share| format!("{:.1} points", share * 100.0))
}

/// Encounters of a verdict, the first few by name.
fn cases_told(verdict: &Verdict) -> String {
    const MOST: usize = 8;
    let named = verdict.cases.iter().take(MOST).cloned().collect::<Vec<_>>().join(" ");
    match verdict.cases.len() {
        0 => String::new(),
        n if n > MOST => format!("{named} and {} more", n - MOST),
        _ => named,
    }
}

/// What stands before the table: what was compared how, what failed, what was left out.
fn notes(result: &CheckResult) -> Vec<String> {
    let mut notes = Vec::new();
    for checked in &result.checked {
        if let Before::Unpaired(_, differs) = &checked.before {
            notes.push(format!("{}: not compared person by person, since {}", checked.name, differs.join("; ")));
        }
    }
    notes.extend(result.failed.iter().map(|(case, reason)| format!("{case} failed: {reason}")));
    notes.extend(result.not_checked.iter().map(|NotChecked { name, why }| format!("{name} not checked: {why}")));
    notes
}

/// One line that says how it ended.
pub fn headline(result: &CheckResult) -> String {
    let count = |status: Status| result.verdicts.iter().filter(|v| v.status == status).count();
    let [broken, worse, kept, skipped] = [Status::Broken, Status::Worse, Status::Kept, Status::Skipped].map(count);
    let encounters: usize = result.checked.iter().map(|c| c.now.len()).sum();
    let mut line = match (broken, worse) {
        (0, 0) => "nothing is worse".to_owned(),
        (broken, worse) => format!("{broken} bounds broken, {worse} comparisons worse"),
    };
    write!(line, ": {kept} gates kept over {} scenarios, {encounters} encounters", result.checked.len()).ok();
    for (count, what) in [
        (skipped, "scenarios without a baseline"),
        (result.failed.len(), "encounters failed"),
        (result.not_checked.len(), "scenarios not checked"),
    ] {
        if count > 0 {
            write!(line, ", {count} {what}").ok();
        }
    }
    line
}

/// The check on the terminal.
pub fn text(result: &CheckResult) -> String {
    let mut out = String::new();
    for note in notes(result) {
        writeln!(out, "{note}").ok();
    }
    let width = |text: fn(&Verdict) -> usize| result.verdicts.iter().map(text).max().unwrap_or(0);
    let (scope, gate) = (width(|v| v.scope.chars().count()), width(|v| v.gate.chars().count()));
    for v in &result.verdicts {
        write!(out, "{:<10}  {:<scope$}  {:<gate$}  {}", v.status.label(), v.scope, v.gate, v.told).ok();
        if let (Some(p), Some(alpha)) = (v.p, v.alpha) {
            write!(out, "; p {} (fails at {alpha}), sees {}", p_told(p), least_told(v)).ok();
        }
        if v.status != Status::Kept && !v.cases.is_empty() {
            write!(out, "\n{:12}worse in {}", "", cases_told(v)).ok();
        }
        out.push('\n');
    }
    out + &headline(result)
}

/// The check as Markdown, what is not kept first.
pub fn markdown(result: &CheckResult) -> String {
    let mut out = format!("### laneproof check: {}\n\n", headline(result));
    for note in notes(result) {
        writeln!(out, "- {note}").ok();
    }
    let row = |out: &mut String, v: &Verdict| {
        let p = v.p.map_or(String::new(), p_told);
        let cells = [v.status.label(), &v.scope, &v.gate, &v.told, &p, &least_told(v), &cases_told(v)];
        let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
        writeln!(out, "| {} |", cells.join(" | ")).ok();
    };
    let head = "| | scenario | gate | now | p | sees | worse in |\n| --- | --- | --- | --- | --- | --- | --- |\n";
    let (kept, others): (Vec<&Verdict>, Vec<&Verdict>) =
        result.verdicts.iter().partition(|v| v.status == Status::Kept && v.scope != "suite");
    if !others.is_empty() {
        out += &format!("\n{head}");
        others.iter().for_each(|v| row(&mut out, v));
    }
    if !kept.is_empty() {
        write!(out, "\n<details><summary>{} gates of scenarios kept</summary>\n\n{head}", kept.len()).ok();
        kept.iter().for_each(|v| row(&mut out, v));
        out += "\n</details>\n";
    }
    out + "\nOne case again, with pictures: `laneproof rerun CASE`.\n"
}
