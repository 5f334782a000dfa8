//! Where occupants are lost: from all of them down to those who got through, by stage, and by cause within each stage.
use serde::Serialize;

use crate::score::{Stage, summary::Summary};

/// One row of the waterfall.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    label: String,
    count: u64,
    /// Share of all occupants, rounded for itself.
    percent: String,
    /// Left edge of the bar, and its width, percent of the full width.
    from: f64,
    width: f64,
    /// "all", "stage", "cause", "kept", "through".
    class: &'static str,
}

/// The rows: all occupants; each stage that lost somebody with its causes; those captured after the stages before; those who
/// got through.
pub(super) fn rows(s: &Summary) -> Vec<Row> {
    let all = s.occupants;
    let width = |count: u64| count as f64 / all.max(1) as f64 * 100.0;
    let row = |label: &str, count, from: u64, class| Row {
        label: label.to_owned(),
        count,
        percent: format!("{:.1} %", width(count)),
        from: width(from),
        width: width(count),
        class,
    };
    let mut rows = vec![row("occupants", all, 0, "all")];
    let mut left = all;
    for (stage, count) in &s.stages {
        if *stage == Stage::Enrolment {
            rows.push(row("captured, verified by the testbed", left, 0, "kept"));
        }
        if *stage == Stage::Through {
            rows.push(row(stage.label(), *count, 0, "through"));
        } else if *count > 0 {
            let mut before = left;
            left -= count;
            rows.push(row(stage.label(), *count, left, "stage"));
            for (cause, n) in s.causes.iter().filter(|(cause, _)| Stage::of_cause(*cause) == *stage) {
                before = before.saturating_sub(*n);
                rows.push(row(cause.label(), *n, before, "cause"));
            }
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::{Row, rows};
    use crate::report::tests::spoilt_run;

    /// Occupants and percent of some rows together.
    fn sum<'r>(rows: impl Iterator<Item = &'r Row>) -> (u64, f64) {
        rows.fold((0, 0.0), |(count, width), row| (count + row.count, width + row.width))
    }

    /// Contract: every occupant is lost at one stage or gets through, so that stages sum to 100 %, and causes to what is lost
    /// before the capture; bars hang where the one before them ends.
    #[test]
    fn stages_and_causes_sum_to_all() {
        let (result, _folder) = spoilt_run();
        let (rows, s) = (rows(&result.summary), &result.summary);
        let of = |class: &'static str| rows.iter().filter(move |row| row.class == class);
        let (count, percent) = sum(of("stage").chain(of("through")));
        assert!(count == s.occupants && (percent - 100.0).abs() < 1e-9, "{rows:?}");
        assert_eq!(of("through").next().expect("some").count, s.matched_coverage.count);
        assert_eq!(sum(of("kept")).0, s.occupant_coverage.count);
        let (lost, percent) = sum(of("cause"));
        assert_eq!(lost, s.occupants - s.occupant_coverage.count);
        assert!((percent + of("kept").next().expect("a subtotal").width - 100.0).abs() < 1e-9);
        let stages: Vec<&Row> = of("stage").collect();
        assert!(stages.len() > 2 && stages.windows(2).all(|w| (w[1].from + w[1].width - w[0].from).abs() < 1e-9));
    }
}
