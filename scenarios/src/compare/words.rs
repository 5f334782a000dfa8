//! A comparison in sentences, and as the terminal shows it.
use std::{collections::BTreeMap, fmt::Write as _};

use super::{
    changes::Change,
    difference::{Difference, POWER},
    figures::{Better, Figure, GroupDifference},
    pairs::Why,
    result::{Comparison, Differs, Side, Which},
};
use crate::{sweep::result::p_text, terminal::aligned};

/// What a difference says of B.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Better than A.
    Better,
    /// Worse than A.
    Worse,
    /// Changed, neither for the better nor for the worse.
    Changed,
    /// No more than chance may do.
    Untold,
}

impl Verdict {
    /// Of a number's difference.
    pub(super) fn of(figure: Figure, difference: &Difference) -> Self {
        let rises = difference.difference > 0.0;
        match figure.better() {
            _ if !difference.is_told() => Self::Untold,
            Better::Neither => Self::Changed,
            Better::Higher if rises => Self::Better,
            Better::Lower if !rises => Self::Better,
            Better::Higher | Better::Lower => Self::Worse,
        }
    }

    /// For tables and classes of the page.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Worse => "worse",
            Self::Changed => "changed",
            Self::Untold => "untold",
        }
    }
}

/// Points, or per 100, with their sign: "+4.2", "−12.0", "0.0".
pub(super) fn signed(share: f64) -> String {
    let text = format!("{:+.1}", share * 100.0);
    if text[1..] == *"0.0" { "0.0".to_owned() } else { text.replace('-', "−") }
}

/// "+1.0 to +7.9".
pub(super) fn interval(difference: &Difference) -> String {
    format!("{} to {}", signed(difference.low), signed(difference.high))
}

fn unit(figure: Figure) -> &'static str {
    if figure.is_count() { "per 100 occupants" } else { "points" }
}

/// "58 % (26/45)"; of counts "3 (6.7 per 100)".
pub(super) fn rate(figure: Figure, rate: &super::difference::Rate) -> String {
    match rate.share {
        None => "–".to_owned(),
        Some(share) if figure.is_count() => format!("{} ({:.1} per 100)", rate.count, share * 100.0),
        Some(share) => format!("{:.0} % ({}/{})", share * 100.0, rate.count, rate.of),
    }
}

/// "p = 0.004" and, where the difference is one of several, that it is after Holm.
pub(super) fn p(difference: &Difference) -> String {
    p_text(difference.adjusted)
}

/// "n thing" or "n things".
pub(super) fn number(n: u64, of: &str) -> String {
    if n == 1 { format!("1 {of}") } else { format!("{n} {of}s") }
}

/// Which run is better and by how much, in a sentence.
pub fn headline(comparison: &Comparison) -> (Verdict, String) {
    let figure = Figure::ALL[0];
    let Some(difference) = comparison.figure(figure) else {
        return (Verdict::Untold, "Nothing can be compared: one of the runs has no occupants.".to_owned());
    };
    let verdict = Verdict::of(figure, difference);
    let by = format!(
        "{} points of {} ({}), {}",
        signed(difference.difference),
        figure.label(),
        interval(difference),
        p(difference)
    );
    let text = match verdict {
        Verdict::Better => format!("B is better: {by}."),
        Verdict::Worse => format!("B is worse: {by}."),
        Verdict::Changed | Verdict::Untold => format!("No difference is told: {by}."),
    };
    (verdict, text)
}

/// Where no difference is told: the least that would have been.
pub fn sensitivity(comparison: &Comparison) -> Option<String> {
    let difference = comparison.figure(Figure::ALL[0]).filter(|difference| !difference.is_told())?;
    let (of, power) = (Figure::ALL[0].label(), POWER * 100.0);
    Some(match difference.detectable {
        Some(least) => format!(
            "This comparison would tell a difference of {:.1} points of {of} in {power:.0} of 100 cases.",
            least * 100.0
        ),
        None => "So few vehicles can tell no difference at all.".to_owned(),
    })
}

/// Every other figure that differs by more than chance.
pub fn others(comparison: &Comparison) -> Vec<String> {
    let told = comparison.figures.iter().skip(1).filter_map(|f| Some((f.figure, f.difference.as_ref()?)));
    let line = |(figure, d): (Figure, &Difference)| {
        let (verdict, by) = (Verdict::of(figure, d).name(), signed(d.difference));
        format!("{verdict}: {} {by} {} ({}), {}", figure.label(), unit(figure), interval(d), p(d))
    };
    told.filter(|(_, difference)| difference.is_told()).map(line).collect()
}

/// The groups that differ by more than chance; a group that is everybody says nothing of its own.
pub fn for_whom(comparison: &Comparison) -> Vec<String> {
    let margins = comparison.margins.iter().filter(|margin| margin.groups.len() > 1);
    let groups = margins.flat_map(|margin| &margin.groups);
    let line = |GroupDifference { name, coverage }: &GroupDifference| {
        format!("{name} {} points ({}), {}", signed(coverage.difference), interval(coverage), p(coverage))
    };
    groups.filter(|group| group.coverage.is_told()).map(line).collect()
}

/// Who is compared with whom.
pub fn pairing(comparison: &Comparison) -> String {
    let pairing = comparison.pairing;
    let [a, b] = comparison.sides();
    if a.head.seed != b.head.seed {
        return format!(
            "The seeds differ ({} and {}): other people travel, so A and B are compared as two samples.",
            a.head.seed, b.head.seed
        );
    }
    if !pairing.paired {
        return "Nobody is the same person in the same seat in both runs: A and B are compared as two samples."
            .to_owned();
    }
    let mut text = format!(
        "{} in {} are the same person in the same seat in A and in B, and are compared one by one.",
        number(pairing.pairs, "occupant"),
        number(pairing.vehicles, "vehicle")
    );
    if pairing.whole_vehicles < pairing.vehicles {
        let whole = pairing.whole_vehicles;
        write!(text, " {whole} of these vehicles hold the same people: figures of whole vehicles are of them.").ok();
    }
    text
}

/// Who is in one run only: "3 occupants only in A: 2 (encounter not run), 1 (seat empty)"; nothing where everybody is in both.
pub fn alone(which: Which, side: &Side) -> Option<String> {
    let mut by_reason: BTreeMap<Why, u64> = BTreeMap::new();
    for alone in &side.alone {
        *by_reason.entry(alone.why).or_default() += 1;
    }
    let reasons: Vec<String> = by_reason.iter().map(|(why, count)| format!("{count} ({})", why.label())).collect();
    let (only, name) = (number(side.alone.len() as u64, "occupant"), which.name());
    (!side.alone.is_empty()).then(|| format!("{only} only in {name}: {}", reasons.join(", ")))
}

/// Who flipped, counted: "Flipped: 4 lost in B, 2 won in B".
pub(super) fn flipped(comparison: &Comparison) -> String {
    let count = |change: Change| comparison.flips.iter().filter(|flip| flip.change == change).count();
    let counted: Vec<String> = Change::FLIPS
        .into_iter()
        .map(|change| (count(change), change))
        .filter(|(count, _)| *count > 0)
        .map(|(count, change)| format!("{count} {}", change.label()))
        .collect();
    if counted.is_empty() { "Nobody flipped".to_owned() } else { format!("Flipped: {}", counted.join(", ")) }
}

/// Something in which the runs differ: "seed: 7 in A, 8 in B".
pub(super) fn differing(Differs { what, a, b }: &Differs) -> String {
    let told = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
    format!("{what}: {} in A, {} in B", told(a), told(b))
}

/// A whole comparison for the terminal.
pub fn terminal(comparison: &Comparison) -> String {
    let mut out = String::new();
    let sides = [(Which::A, &comparison.a), (Which::B, &comparison.b)];
    for (which, side) in sides {
        let (vehicles, occupants) = (number(side.vehicles, "vehicle"), number(side.occupants, "occupant"));
        writeln!(out, "{}  {}: {vehicles}, {occupants}", which.name(), side.folder).ok();
        for failure in &side.failures {
            writeln!(out, "   encounter {} failed: {}", failure.encounter, failure.reason).ok();
        }
    }
    for differs in &comparison.differs {
        writeln!(out, "   {}", differing(differs)).ok();
    }
    for differs in &comparison.rules_differ {
        let of = comparison.rule_of.name();
        writeln!(out, "   rule {} (both are scored by {of}'s)", differing(differs)).ok();
    }
    writeln!(out, "{}", pairing(comparison)).ok();
    if comparison.pairing.paired {
        for line in sides.iter().filter_map(|(which, side)| alone(*which, side)) {
            writeln!(out, "{line}").ok();
        }
    }
    writeln!(out, "\n{}", headline(comparison).1).ok();
    if let Some(line) = sensitivity(comparison) {
        writeln!(out, "{line}").ok();
    }
    out.push('\n');

    let mut rows = vec![["", "A", "B", "difference", "95 %", "p"].map(str::to_owned)];
    for (figure, d) in comparison.figures.iter().filter_map(|f| Some((f.figure, f.difference.as_ref()?))) {
        let p = p(d).trim_start_matches("p ").trim_start_matches("= ").to_owned();
        let of = |r| rate(figure, r);
        rows.push([figure.label().to_owned(), of(&d.a), of(&d.b), signed(d.difference), interval(d), p]);
    }
    out += &aligned(&rows);
    let whom = for_whom(comparison);
    if !whom.is_empty() {
        writeln!(out, "\ngroups that differ in occupant coverage:").ok();
        for line in whom {
            writeln!(out, "  {line}").ok();
        }
    }
    if comparison.pairing.paired {
        writeln!(out, "\n{}", flipped(comparison)).ok();
        for t in &comparison.transitions {
            writeln!(out, "  {:>3}  {}: {} → {}", t.people, t.change.label(), t.a.label(), t.b.label()).ok();
        }
    }
    if sides.iter().any(|(_, side)| side.head.in_domain) {
        writeln!(out, "models trained on this simulator: optimistic").ok();
    }
    out.trim_end().to_owned()
}
