//! What a run says on the terminal: a line per event, and a table at the end.
use std::fmt::Write as _;

use laneproof_statistics::share::Share;

use crate::{
    run::{EncounterTimings, RunEvent},
    scenario::{Scenario, document::Document, shape::Shape},
    score::{
        OpenSetSummary, PersonsSummary,
        summary::{CrossVehicleSummary, EarlyStops, Group, MoreAsked, Summary},
    },
    sweep::SweepEvent,
};

/// One line for an event; `None` for events that say nothing here.
pub fn line(event: &RunEvent) -> Option<String> {
    Some(match event {
        RunEvent::Started { head, folder } => {
            let pairs = head.world.iter().chain(&head.stack).map(|(what, which)| format!("\n  {what}: {which}"));
            format!("{} · seed {} → {}{}", head.title, head.seed, folder.display(), pairs.collect::<String>())
        }
        RunEvent::Enrolled { reference_id, refused: Some(reason), .. } => {
            format!("reference {reference_id} not enrolled: {reason}")
        }
        RunEvent::Enrolled { done, of, .. } if done == of => format!("{of} references enrolled"),
        RunEvent::Enrolled { .. } => return None,
        RunEvent::Resumed { encounter } => format!("encounter {encounter:>3}  done before"),
        RunEvent::Done { encounter, done, of, vehicle, occupants, captured, timings } => format!(
            "encounter {encounter:>3}  {vehicle:<6} {captured}/{occupants} captured  {:>5.1} s  [{done}/{of}]",
            timings.total_s
        ),
        RunEvent::Failed { encounter, reason } => format!("encounter {encounter:>3}  FAILED: {reason}"),
        RunEvent::Finished { report } => format!("report: {}", report.display()),
    })
}

/// The table of a run's numbers, with 95 % intervals.
pub fn table(summary: &Summary) -> String {
    let s = summary;
    let mut out = String::new();
    let mut rows = vec![["", "verified", "95 %", "claimed", "matched", "95 %"].map(str::to_owned)];
    let of = |share: &Share| format!("{} ({}/{})", share.percent(), share.count, share.of);
    let row = |name: &str, verified: &Share, claimed: &Share, matched: Option<&Share>| {
        [
            name.to_owned(),
            of(verified),
            verified.interval(),
            of(claimed),
            matched.map_or(String::new(), of),
            matched.map_or(String::new(), Share::interval),
        ]
    };
    rows.push(row("occupants", &s.occupant_coverage, &s.claimed_coverage, Some(&s.matched_coverage)));
    rows.push(row("vehicles", &s.vehicle_coverage, &s.claimed_vehicle_coverage, Some(&s.confirmed_vehicles)));
    rows.extend(
        s.margin("row")
            .iter()
            .chain(s.margin("skin tone"))
            .map(|Group { name, verified, claimed, matched }| row(name, verified, claimed, Some(matched))),
    );
    out += &aligned(&rows);

    if !s.causes.is_empty() {
        writeln!(out, "\nlost {} of {}, by", s.failure_to_acquire.count, s.occupants).ok();
        for (cause, count) in &s.causes {
            writeln!(out, "  {count:>3}  {}", cause.label()).ok();
        }
    }
    let shots = &s.shots;
    writeln!(
        out,
        "\nbest shots: {} claimed and verified, {} claimed only ({} nobody's), {} verified only, {} neither; {} false {}",
        shots.claimed_verified, shots.claimed_only, shots.nobodys_claimed, shots.verified_only, shots.neither, shots.false_matches,
        if shots.false_matches == 1 { "match" } else { "matches" }
    )
    .ok();
    writeln!(
        out,
        "plain faces (visible, turned < 30°, ≥ 60 px): {}; detected {}; rank 1 at ≥ 60 px between the eyes {}",
        of(&s.plain_faces),
        of(&s.plain_faces_detected),
        of(&s.rank_1)
    )
    .ok();
    if let Some(CrossVehicleSummary { all, encounters_with_errors, .. }) = &s.cross_vehicle {
        let Share { count: with_errors, of: accompanied, .. } = encounters_with_errors;
        writeln!(
            out,
            "other vehicles in the lane: {} people seen, detected {} times; cross-vehicle errors {} in {with_errors} of \
             {accompanied} encounters: {} matched to occupants, {} to themselves, {} to others",
            all.people_seen,
            all.detections,
            all.errors,
            all.matched_to_occupants,
            all.matched_to_themselves,
            all.matched_to_others
        )
        .ok();
    }
    if let Some(PersonsSummary { all, counted_right, mean_count_error, seated_right, .. }) = &s.persons {
        writeln!(
            out,
            "the stack counts {} persons in {} {}, there are {} (right in {}, mean error {mean_count_error:+.1}): {} \
             missed, {} twice, {} not there, {} mixed of two; on their seats {}",
            all.counted,
            counted_right.of,
            if counted_right.of == 1 { "vehicle" } else { "vehicles" },
            all.occupants,
            of(counted_right),
            all.missed,
            all.repeated,
            all.not_there,
            all.mixed,
            of(seated_right)
        )
        .ok();
    }
    writeln!(out, "{}", open_set_line(&s.open_set)).ok();
    if let Some(EarlyStops { encounters, saved, lost_there, .. }) = &s.early_stops {
        writeln!(
            out,
            "the stack had enough early in {} of {} encounters: {} of {} exposures saved; {} of {} occupants there not captured",
            encounters.count, encounters.of, saved.count, saved.of, lost_there.count, lost_there.of
        )
        .ok();
    }
    if let Some(MoreAsked { frames, granted }) = &s.more_asked {
        writeln!(out, "the stack asked for more after {frames} frames; {granted} more exposures were granted").ok();
    }
    if s.decoys_taken.of > 0 {
        let kinds: Vec<String> =
            s.decoys.iter().map(|(kind, taken)| format!("{} {}/{}", kind.label(), taken.count, taken.of)).collect();
        let (taken, of) = (s.decoys_taken.count, s.decoys_taken.of);
        writeln!(out, "decoys taken for occupants: {taken} of {of} ({})", kinds.join(", ")).ok();
    }
    if s.head.in_domain {
        writeln!(out, "models trained on this simulator: optimistic").ok();
    }
    for failure in &s.failures {
        writeln!(out, "encounter {} failed: {}", failure.encounter, failure.reason).ok();
    }
    for (reference, reason) in &s.failed_enrolments {
        writeln!(out, "reference {reference} not enrolled: {reason}").ok();
    }
    for (count, what) in [
        (s.missed_triggers, "triggers never fired"),
        (s.refused_frames, "frames were refused by the stack"),
        (s.cross_check_differs, "cross-checked exposures differ between regions and whole frame"),
    ] {
        if count > 0 {
            writeln!(out, "{count} {what}").ok();
        }
    }
    for gate in &s.gates {
        let actual = gate.actual.map_or("–".to_owned(), |a| format!("{a:.3}"));
        let verdict = if gate.kept { "kept" } else { "BROKEN" };
        writeln!(out, "gate {} {}: {actual}, {verdict}", gate.gate, gate.bound).ok();
    }
    out
}

/// The line of a sweep's event; `None` for events that say nothing here.
pub fn sweep_line(event: &SweepEvent) -> Option<String> {
    Some(match event {
        SweepEvent::Started { result, folder } => {
            let pairs = result.head.world.iter().chain(&result.head.stack);
            let pairs: String = pairs.map(|(what, which)| format!("\n  {what}: {which}")).collect();
            format!(
                "{} · {} values of {}, encounters of each: {} → {}{pairs}",
                result.head.title,
                result.planned,
                result.varied.path,
                result.encounters,
                folder.display()
            )
        }
        SweepEvent::Run { label, event: RunEvent::Failed { encounter, reason } } => {
            format!("{label}: encounter {encounter} FAILED: {reason}")
        }
        SweepEvent::Run { .. } => return None,
        SweepEvent::Point { point, done, of, seconds } => {
            let share = |s: &Share| format!("{:>5} {:>7}", s.percent(), format!("({}/{})", s.count, s.of));
            let compared =
                point.compared.map_or("baseline".to_owned(), |c| format!("{:>7}  {}", c.changes(), c.p_text()));
            format!(
                "{:>12}  occupants {} {:>8}  vehicles {}  matched {}  {compared}  [{done}/{of}, {seconds:.0} s]",
                point.label,
                share(&point.occupant_coverage),
                point.occupant_coverage.interval(),
                share(&point.vehicle_coverage),
                share(&point.matched_coverage),
            ) + &point.second.as_ref().map_or(String::new(), |second| {
                let compared =
                    second.compared.map_or("baseline".to_owned(), |c| format!("{}  {}", c.changes(), c.p_text()));
                format!(
                    "\n{:>12}  occupants {} {:>8}  matched {}  {compared}",
                    "second stack",
                    share(&second.occupant_coverage),
                    second.occupant_coverage.interval(),
                    share(&second.matched_coverage),
                )
            })
        }
        SweepEvent::Finished { .. } => return None,
    })
}

/// Where a sweep is, for a line that is written over.
pub fn sweep_progress(event: &SweepEvent) -> Option<String> {
    match event {
        SweepEvent::Run { label, event: RunEvent::Enrolled { done, of, .. } } => {
            Some(format!("{label:>12}  {done} of {of} references"))
        }
        SweepEvent::Run { label, event: RunEvent::Done { done, of, .. } } => {
            Some(format!("{label:>12}  {done} of {of} encounters"))
        }
        _ => None,
    }
}

/// The paths of a scenario's values and what they are, one a line; "–" for optional ones that are left out.
pub fn paths(scenario: &Scenario) -> String {
    let mut scalars = Document::of(scenario).scalars();
    for path in Shape::new().scalars().keys() {
        scalars.entry(path.clone()).or_default();
    }
    let width = scalars.keys().map(|path| path.chars().count()).max().unwrap_or(0);
    let mut out = String::new();
    for (path, values) in scalars {
        // Single precision has seven digits; what it is widened to has more.
        let text = |value: &toml::Value| match value {
            toml::Value::Float(x) => format!("{}", *x as f32),
            other => other.to_string(),
        };
        let mut values: Vec<String> = values.iter().map(text).collect();
        if values.len() > 4 {
            values.truncate(4);
            values.push("…".to_owned());
        }
        if values.is_empty() {
            values.push(match path.as_str() {
                "lane" => format!("\"{}\"", scenario.lane.name),
                "rig" => format!("\"{}\"", scenario.rig.name),
                "mix" => format!("\"{}\"", scenario.mix.name),
                _ => "–".to_owned(),
            });
        }
        writeln!(out, "{path:width$}  {}", values.join(", ")).ok();
    }
    out
}

/// How long the stack took to decide once it had an encounter's last frame; nothing where none was done now. Of this machine, so no
/// part of a result.
pub fn decision_line(timings: &[(u64, EncounterTimings)]) -> Option<String> {
    let mut seconds: Vec<f64> =
        timings.iter().filter(|(_, t)| t.exposures > 0).map(|(_, timings)| timings.decision_s).collect();
    seconds.sort_by(f64::total_cmp);
    let at = |share: f64| seconds.get(((seconds.len() as f64 * share).ceil() as usize).max(1) - 1).copied();
    Some(format!(
        "from the last frame to the decision, on this machine: {:.2} s (median), {:.2} s (95 of 100 vehicles)",
        at(0.5)?,
        at(0.95)?
    ))
}

/// Columns as wide as their widest cell; the first to the left, the others to the right.
pub(crate) fn aligned<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |c: usize| rows.iter().map(|r| r[c].chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (c, cell) in row.iter().enumerate() {
            let pad = " ".repeat(widths[c] - cell.chars().count());
            line += &if c == 0 { format!("{cell}{pad}") } else { format!("  {pad}{cell}") };
        }
        out += line.trim_end();
        out.push('\n');
    }
    out
}

/// What came of searching the gallery, in one line.
fn open_set_line(open_set: &OpenSetSummary) -> String {
    let OpenSetSummary { gallery, without_reference, fpir, fnir, matched_to_fillers, .. } = open_set;
    let rate = |share: &Share| format!("{} ({}/{}, {})", share.percent(), share.count, share.of, share.interval());
    let fillers = match (gallery.fillers_asked, gallery.fillers) {
        (0, _) => String::new(),
        (_, 0) => " and none of the fillers asked for: this stack has none".to_owned(),
        (_, fillers) => format!(" and {fillers} fillers"),
    };
    let to_fillers =
        if gallery.fillers > 0 { format!("; {matched_to_fillers} matched to fillers") } else { String::new() };
    format!(
        "gallery of {} references{fillers}; {} of {} occupants have none: FPIR {}, FNIR {}{to_fillers}",
        gallery.references,
        without_reference.count,
        without_reference.of,
        rate(fpir),
        rate(fnir)
    )
}

#[cfg(test)]
mod tests {
    use super::{EncounterTimings, decision_line};

    #[test]
    fn decisions_are_told_by_median_and_ninety_fifth() {
        assert_eq!(decision_line(&[]), None);
        let of = |decision_s: f64, exposures: u64| EncounterTimings { decision_s, exposures, ..Default::default() };
        // One that failed took no exposure and no decision.
        let timings = (1..=20).map(|k| of(f64::from(k), 3)).chain([of(0.0, 0)]);
        let timings: Vec<_> = (0..).zip(timings).collect();
        let line = decision_line(&timings).expect("some were done");
        assert!(line.contains("10.00 s (median), 19.00 s (95 of 100 vehicles)"), "{line}");
    }
}
