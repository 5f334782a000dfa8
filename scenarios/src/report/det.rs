//! Identification as its threshold moves: the DET curve of ISO/IEC 19795-1, FNIR over FPIR.
//!
//! A search is an occupant of whom the stack claims a shot (see [`OpenSetSummary`]). At a threshold t it is a false negative
//! where the own reference does not come first or lies below t, and a false positive where somebody without a reference has a
//! candidate at t or above. A stack tells ten candidates at most: a reference below the tenth is never found, at any threshold.
use std::fmt::Write as _;

use laneproof_statistics::{normal::normal_quantile, share::Share};
use serde::Serialize;

use super::{figures::Figure, svg};
use crate::score::{GallerySize, OccupantScore, OpenSetSummary};

/// Counts at one threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Point {
    threshold: f32,
    false_positives: u64,
    false_negatives: u64,
}

/// The searches of a run.
struct Searches {
    /// Of those with a reference: similarity of it where it comes first, and where it is told at all.
    mated: Vec<(Option<f32>, Option<f32>)>,
    /// Of those without: similarity of the first candidate.
    non_mated: Vec<Option<f32>>,
}

impl Searches {
    fn of<'o>(people: impl Iterator<Item = &'o OccupantScore>) -> Self {
        let mut searches = Self { mated: Vec::new(), non_mated: Vec::new() };
        for o in people.filter(|o| o.claimed) {
            if o.who.reference_id.is_some() {
                let leads = o.own_similarity.filter(|own| o.other_similarity.is_none_or(|other| *own >= other));
                searches.mated.push((leads, o.own_similarity));
            } else {
                searches.non_mated.push(o.other_similarity);
            }
        }
        searches
    }

    fn at(&self, threshold: f32) -> Point {
        let reaches = |similarity: &Option<f32>| similarity.is_some_and(|s| s >= threshold);
        Point {
            threshold,
            false_positives: self.non_mated.iter().filter(|s| reaches(s)).count() as u64,
            false_negatives: self.mated.iter().filter(|(leads, _)| !reaches(leads)).count() as u64,
        }
    }

    /// From a threshold that nothing reaches down to one that everything told reaches.
    fn curve(&self) -> Vec<Point> {
        let mut thresholds: Vec<f32> =
            self.mated.iter().filter_map(|m| m.0).chain(self.non_mated.iter().flatten().copied()).collect();
        thresholds.push(f32::INFINITY);
        thresholds.sort_by(|a, b| b.total_cmp(a));
        thresholds.dedup();
        thresholds.into_iter().map(|threshold| self.at(threshold)).collect()
    }
}

/// The section on identification.
#[derive(Serialize)]
pub(super) struct Identification {
    fpir: Figure,
    fnir: Figure,
    fnmr: Option<Figure>,
    /// "0.47", or what is known of it.
    threshold: String,
    svg: Option<String>,
    /// Why there is no curve, or what it does not agree with.
    note: Option<String>,
    /// FMR of single comparisons that the FPIR would come of.
    implied_fmr: Option<String>,
}

/// The stack's threshold as it tells it, "0.47 (…)".
fn told_threshold(stack: &[(String, String)]) -> Option<f32> {
    let (_, text) = stack.iter().find(|(what, _)| what == "match threshold")?;
    text.split_whitespace().next()?.parse().ok()
}

/// Makes the section.
pub(super) fn identification<'o>(
    open_set: &OpenSetSummary,
    people: impl Iterator<Item = &'o OccupantScore> + Clone,
    stack: &[(String, String)],
) -> Identification {
    let searches = Searches::of(people.clone());
    // Where the stack does not tell its threshold: the least similarity that it took for a match.
    let took = |o: &OccupantScore| match (o.self_match, &o.who.reference_id) {
        (true, _) => o.own_similarity,
        (false, None) if o.false_match.is_some() => o.other_similarity,
        _ => None,
    };
    let told = told_threshold(stack);
    let seen = people.filter(|o| o.claimed).filter_map(took).min_by(f32::total_cmp);
    let threshold = told.or(seen);
    let operating = threshold.map(|threshold| searches.at(threshold));
    let agrees =
        operating.is_none_or(|p| (p.false_positives, p.false_negatives) == (open_set.fpir.count, open_set.fnir.count));
    let note = if searches.non_mated.is_empty() {
        Some("Nobody without a reference was searched for, so there is no false-positive rate and no curve.")
    } else if searches.mated.is_empty() {
        Some("Nobody with a reference was searched for, so there is no false-negative rate and no curve.")
    } else if !agrees {
        Some("The stack decides by more than one threshold on the similarity: its operating point is not on the curve.")
    } else {
        None
    };
    let both = !searches.non_mated.is_empty() && !searches.mated.is_empty();
    let below = |t: f32| searches.mated.iter().filter(|(_, own)| own.is_none_or(|own| own < t)).count() as u64;
    Identification {
        fpir: Figure::new("", &open_set.fpir, None),
        fnir: Figure::new("", &open_set.fnir, None),
        fnmr: threshold.map(|t| Figure::new("", &Share::new(below(t), searches.mated.len() as u64), None)),
        threshold: match (told, seen) {
            (Some(told), _) => format!("{told}"),
            (None, Some(seen)) => format!("not told; at most {seen:.3}"),
            (None, None) => "not told".to_owned(),
        },
        svg: both.then(|| drawn(&searches, open_set, threshold)),
        note: note.map(str::to_owned),
        implied_fmr: implied_fmr(&open_set.fpir, open_set.gallery),
    }
}

/// FPIR = 1 − (1 − FMR)^N of N independent references (ISO/IEC 19795-1), solved for FMR.
fn implied_fmr(fpir: &Share, gallery: GallerySize) -> Option<String> {
    let references = gallery.references + u64::from(gallery.fillers);
    let share = fpir.share.filter(|share| *share > 0.0 && *share < 1.0 && references > 0)?;
    let fmr = 1.0 - (1.0 - share).powf(1.0 / references as f64);
    Some(format!("{:.4} % a comparison, were the {references} references independent", fmr * 100.0))
}

/// Side of the plot, and where it lies.
const SIDE: f64 = 292.0;
const LEFT: f64 = 52.0;
const TOP: f64 = 14.0;
/// Rates that axes are marked at.
const TICKS: [f64; 11] = [0.0001, 0.001, 0.01, 0.05, 0.2, 0.5, 0.8, 0.95, 0.99, 0.999, 0.9999];

/// Place of a rate on an axis of normal deviates, 0 to 1; rates of none and all stand at the ends.
fn place(rate: f64, floor: f64) -> f64 {
    let most = normal_quantile(1.0 - floor);
    (normal_quantile(rate.clamp(floor, 1.0 - floor)) / most + 1.0) / 2.0
}

fn drawn(searches: &Searches, open_set: &OpenSetSummary, threshold: Option<f32>) -> String {
    let (negatives, positives) = (searches.mated.len() as f64, searches.non_mated.len() as f64);
    // Half a search is as little as can be told.
    let floor = (0.5 / negatives.max(positives)).min(0.001);
    let x = |rate: f64| LEFT + SIDE * place(rate, floor);
    let y = |rate: f64| TOP + SIDE * (1.0 - place(rate, floor));
    let (width, height) = (LEFT + SIDE + 18.0, TOP + SIDE + 44.0);
    let mut out = format!(
        "<svg class=\"det\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" height=\"{height:.0}\" role=\"img\" \
         aria-label=\"DET curve: false-negative over false-positive identification rate\">"
    );
    let (right, bottom) = (LEFT + SIDE, TOP + SIDE);
    for tick in TICKS.into_iter().filter(|tick| *tick > floor && *tick < 1.0 - floor) {
        let (tx, ty, text) = (x(tick), y(tick), svg::short(tick * 100.0));
        write!(
            out,
            "<path class=\"grid\" d=\"M{tx:.1} {TOP}V{bottom}M{LEFT} {ty:.1}H{right}\"/>\
             <text x=\"{tx:.1}\" y=\"{:.1}\">{text}</text><text class=\"side\" x=\"{:.1}\" y=\"{:.1}\">{text}</text>",
            bottom + 16.0,
            LEFT - 7.0,
            ty + 4.0
        )
        .ok();
    }
    write!(
        out,
        "<path class=\"axis\" d=\"M{LEFT} {TOP}V{bottom}H{right}\"/><text x=\"{LEFT}\" y=\"{ends:.1}\">0</text>\
         <text x=\"{right}\" y=\"{ends:.1}\">100</text><text class=\"side\" x=\"{beside:.1}\" y=\"{:.1}\">100</text>\
         <text class=\"side\" x=\"{beside:.1}\" y=\"{bottom}\">0</text><text x=\"{:.1}\" y=\"{:.1}\">FPIR, %</text>\
         <text transform=\"translate(13 {:.1}) rotate(-90)\">FNIR, %</text>",
        TOP + 5.0,
        LEFT + SIDE / 2.0,
        bottom + 36.0,
        TOP + SIDE / 2.0,
        ends = bottom + 16.0,
        beside = LEFT - 7.0,
    )
    .ok();
    let mut way = String::new();
    for (i, point) in searches.curve().iter().enumerate() {
        let (px, py) = (x(point.false_positives as f64 / positives), y(point.false_negatives as f64 / negatives));
        // Between two thresholds nothing is in between: a stair.
        if i == 0 {
            write!(way, "M{px:.1} {py:.1}").ok()
        } else {
            write!(way, "H{px:.1}V{py:.1}").ok()
        };
    }
    write!(out, "<path class=\"curve\" d=\"{way}\"/>").ok();
    let (fpir, fnir) = (open_set.fpir, open_set.fnir);
    if let (Some(p), Some(n)) = (fpir.share, fnir.share) {
        let told = svg::escaped(&format!(
            "Operating point{}: FPIR {} of {}, 95 % interval {}; FNIR {} of {}, 95 % interval {}",
            threshold.map_or(String::new(), |t| format!(" at {t:.3}")),
            fpir.count,
            fpir.of,
            fpir.interval(),
            fnir.count,
            fnir.of,
            fnir.interval()
        ));
        let (px, py) = (x(p), y(n));
        write!(
            out,
            "<g class=\"point\"><title>{told}</title><path d=\"M{:.1} {py:.1}H{:.1}M{px:.1} {:.1}V{:.1}\"/>\
             <circle cx=\"{px:.1}\" cy=\"{py:.1}\" r=\"5.5\"/></g>",
            x(fpir.low),
            x(fpir.high),
            y(fnir.low),
            y(fnir.high)
        )
        .ok();
    }
    out.push_str("</svg>");
    out
}

#[cfg(test)]
mod tests {
    use super::{Searches, identification, implied_fmr, place, told_threshold};
    use crate::{
        report::tests::{scored_run, spoilt_run},
        score::GallerySize,
    };
    use laneproof_statistics::share::Share;

    /// Contract: as the threshold falls, false positives never fall and false negatives never rise; at the stack's threshold
    /// the curve has the counts that the summary has.
    #[test]
    fn the_curve_is_monotone_and_passes_through_what_the_summary_says() {
        // The test stack matches at 0.5 and above.
        for (result, _folder) in [spoilt_run(), scored_run()] {
            let people: Vec<_> = result.scores.iter().flat_map(|s| &s.occupants).collect();
            let searches = Searches::of(people.iter().copied());
            let open_set = &result.summary.open_set;
            assert_eq!(
                (searches.mated.len() as u64, searches.non_mated.len() as u64),
                (open_set.fnir.of, open_set.fpir.of)
            );
            let curve = searches.curve();
            assert!(curve.windows(2).all(|w| {
                w[0].false_positives <= w[1].false_positives && w[0].false_negatives >= w[1].false_negatives
            }));
            assert_eq!((curve[0].false_positives, curve[0].false_negatives), (0, open_set.fnir.of));
            let there = searches.at(0.5);
            assert_eq!((there.false_positives, there.false_negatives), (open_set.fpir.count, open_set.fnir.count));
            let told = [("match threshold".to_owned(), "0.5 (by decree)".to_owned())];
            assert!(identification(open_set, people.iter().copied(), &told).note.is_none_or(|n| n.contains("Nobody")));
        }
        let (result, _folder) = scored_run();
        let open_set = &result.summary.open_set;
        assert!(
            open_set.fpir.count > 0 && open_set.fnir.count > 0 && open_set.fnir.count < open_set.fnir.of,
            "{open_set:?}"
        );
        let people = result.scores.iter().flat_map(|s| &s.occupants);
        let section = identification(open_set, people, &[]);
        assert!(section.note.is_none() && section.svg.is_some_and(|svg| svg.contains("Operating point at 0.5")));
    }

    #[test]
    fn thresholds_and_rates_are_read_and_placed() {
        let stack = |text: &str| [("match threshold".to_owned(), text.to_owned())];
        assert_eq!(told_threshold(&stack("0.47 (false match rate of 0.1 %)")), Some(0.47));
        assert_eq!((told_threshold(&stack("high")), told_threshold(&[])), (None, None));
        assert_eq!([0.0, 0.5, 1.0].map(|rate| (place(rate, 0.001) * 1e6).round() / 1e6), [0.0, 0.5, 1.0]);
        // 1 − 0.99^(1/100) = 0.0001005.
        let gallery = GallerySize { references: 60, fillers_asked: 40, fillers: 40 };
        assert!(implied_fmr(&Share::new(1, 100), gallery).is_some_and(|text| text.starts_with("0.0100 %")));
        assert_eq!(implied_fmr(&Share::new(0, 100), gallery), None);
    }
}
