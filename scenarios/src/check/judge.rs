//! The verdict over a suite of scenarios: bounds of the scenarios, and whether anything became worse than its baseline.
//!
//! **Primary.** All vehicles of all scenarios together, each compared with itself in the baseline: occupants captured, faces
//! detected in the exposures that show them, occupants matched, and errors (false matches, nobody's faces and other vehicles'
//! people claimed). The test flips signs of vehicles' net changes and is exact ([`FlipTest`]): if nothing but noise changed, a
//! vehicle's change is as likely to have gone the other way. Where a driver or model is another one, scenarios are compared as two
//! samples instead, and only a fall by more than [`UNPAIRED_MARGIN`] counts.
//!
//! **Secondary.** The same for captures and detections in every scenario by itself, after Holm.
//!
//! Chances of calling a change that is none, of the whole check: [`ALPHA_CAPTURED`] + [`ALPHA_DETECTED`] + [`ALPHA_MATCHED`] +
//! [`ALPHA_ERRORS`] + [`ALPHA_SCENARIOS`] = 0.0045 at most; the tests' discreteness makes it less. Bounds that a scenario sets
//! are compared as they are.
use laneproof_statistics::{
    clustered::{Cluster, ClusteredShare},
    multiple::holm,
    paired::{PairedCluster, PairedDifference, flip::FlipTest},
    power::{Aim, Traffic, paired_detectable, unpaired_detectable},
    unpaired::UnpairedDifference,
};
use serde::{Deserialize, Serialize};

use super::EncounterOutcome;
use crate::score::{Outcome, summary::GateResult};

/// Chance of calling a fall of captures of the whole suite where there is none.
pub const ALPHA_CAPTURED: f64 = 0.001;
/// The same of detections.
pub const ALPHA_DETECTED: f64 = 0.001;
/// The same of matches.
pub const ALPHA_MATCHED: f64 = 0.0005;
/// The same of a rise of errors.
pub const ALPHA_ERRORS: f64 = 0.0005;
/// The same of any scenario by itself, all scenarios together.
pub const ALPHA_SCENARIOS: f64 = 0.0015;
/// Fall of a share that is borne where only two samples can be compared.
pub const UNPAIRED_MARGIN: f64 = 0.02;
/// Power at which the least detectable change is told.
const POWER: f64 = 0.95;

/// A scenario's results and what they are compared with.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// "regression/noon".
    pub name: String,
    /// What came of each encounter.
    pub now: Vec<EncounterOutcome>,
    /// What they are compared with.
    pub before: Before,
    /// The scenario's own bounds.
    pub bounds: Vec<GateResult>,
}

/// What a scenario is compared with.
#[derive(Debug, Clone, PartialEq)]
pub enum Before {
    /// Person by person.
    Paired(Vec<EncounterOutcome>),
    /// As another sample, because something is another: what.
    Unpaired(Vec<EncounterOutcome>, Vec<String>),
    /// Nothing: why.
    None(String),
}

/// One gate of a check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// "suite", or a scenario.
    pub scope: String,
    /// What is judged.
    pub gate: String,
    /// Whether it is kept.
    pub status: Status,
    /// The numbers, in words.
    pub told: String,
    /// One-sided p of a comparison, after Holm where there are several.
    pub p: Option<f64>,
    /// p at and below which it fails.
    pub alpha: Option<f64>,
    /// The least change that the comparison sees in 95 of 100 cases, a share; `None` of a bound.
    pub detectable: Option<f64>,
    /// Encounters that changed for the worse, as `laneproof rerun` takes them: "regression/noon#3".
    pub cases: Vec<String>,
}

/// How a gate ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Kept.
    Kept,
    /// A scenario's bound is broken.
    Broken,
    /// Worse than the baseline.
    Worse,
    /// Not judged.
    Skipped,
}

/// What is counted of an encounter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Metric {
    Captured,
    Detected,
    Matched,
    Errors,
}

impl Metric {
    fn label(self) -> &'static str {
        match self {
            Self::Captured => "occupants captured",
            Self::Detected => "faces detected, by exposure",
            Self::Matched => "occupants captured and matched",
            Self::Errors => "claims that are wrong",
        }
    }

    /// How many of how many; errors are counted per occupant.
    fn of(self, outcome: &EncounterOutcome) -> (u64, u64) {
        let occupants = outcome.occupants.len() as u64;
        match self {
            Self::Captured => (outcome.captured(), occupants),
            Self::Detected => (outcome.detected, outcome.visible),
            Self::Matched => {
                let matched = outcome.occupants.iter().filter(|o| o.outcome == Outcome::Matched);
                (matched.count() as u64, occupants)
            }
            Self::Errors => (outcome.false_matches + outcome.nobodys + outcome.cross_vehicle, occupants),
        }
    }

    /// Whether fewer are worse.
    fn falls(self) -> bool {
        self != Self::Errors
    }

    /// How many more, and how many fewer, an encounter has now: of captures person by person, of the others in all.
    fn change(self, now: &EncounterOutcome, before: &EncounterOutcome) -> (u64, u64) {
        if self == Self::Captured {
            return now.changes(before);
        }
        let (now, before) = (self.of(now).0, self.of(before).0);
        (now.saturating_sub(before), before.saturating_sub(now))
    }
}

/// One encounter now and before, with the name of its case.
struct Pair<'a> {
    case: String,
    now: &'a EncounterOutcome,
    before: &'a EncounterOutcome,
}

fn pairs<'a>(checked: &'a Checked, before: &'a [EncounterOutcome]) -> Vec<Pair<'a>> {
    let pair = |now: &'a EncounterOutcome| {
        let before = before.iter().find(|b| b.encounter == now.encounter)?;
        Some(Pair { case: format!("{}#{}", checked.name, now.encounter), now, before })
    };
    checked.now.iter().filter_map(pair).collect()
}

/// The verdict of every gate: those of the suite first.
pub fn judge(suite: &[Checked]) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    let paired = |checked: &'_ Checked| match &checked.before {
        Before::Paired(before) => Some(before.clone()),
        _ => None,
    };
    let befores: Vec<(&Checked, Vec<EncounterOutcome>)> =
        suite.iter().filter_map(|checked| Some((checked, paired(checked)?))).collect();
    let all: Vec<Pair<'_>> = befores.iter().flat_map(|(checked, before)| pairs(checked, before)).collect();
    let unpaired: Vec<(&[EncounterOutcome], &[EncounterOutcome])> = suite
        .iter()
        .filter_map(|checked| match &checked.before {
            Before::Unpaired(before, _) => Some((&checked.now[..], &before[..])),
            _ => None,
        })
        .collect();
    // Where some scenarios are compared one way and some the other, both share what a metric is granted.
    let ways = f64::from(u8::from(!all.is_empty()) + u8::from(!unpaired.is_empty())).max(1.0);
    for (metric, alpha) in [
        (Metric::Captured, ALPHA_CAPTURED),
        (Metric::Detected, ALPHA_DETECTED),
        (Metric::Matched, ALPHA_MATCHED),
        (Metric::Errors, ALPHA_ERRORS),
    ] {
        if !all.is_empty() {
            verdicts.push(compared("suite", metric, &all, alpha / ways).verdict(alpha / ways));
        }
        if !unpaired.is_empty() && metric.falls() {
            let now = unpaired.iter().flat_map(|(now, _)| now.iter());
            let before = unpaired.iter().flat_map(|(_, before)| before.iter());
            verdicts.push(two_samples("suite", metric, now, before, alpha / ways).verdict(alpha / ways));
        }
    }
    verdicts.extend(scenarios(suite));
    for checked in suite {
        verdicts.extend(checked.bounds.iter().map(|bound| bounded(&checked.name, bound)));
        if let Before::None(why) = &checked.before {
            verdicts.push(Verdict {
                scope: checked.name.clone(),
                gate: "baseline".to_owned(),
                status: Status::Skipped,
                told: format!("nothing to compare with: {why}"),
                p: None,
                alpha: None,
                detectable: None,
                cases: Vec::new(),
            });
        }
    }
    verdicts
}

/// Every scenario by itself.
fn scenarios(suite: &[Checked]) -> Vec<Verdict> {
    let mut comparisons = Vec::new();
    for checked in suite {
        for metric in [Metric::Captured, Metric::Detected] {
            match &checked.before {
                Before::Paired(before) => {
                    comparisons.push(compared(&checked.name, metric, &pairs(checked, before), ALPHA_SCENARIOS));
                }
                Before::Unpaired(before, _) => {
                    comparisons.push(two_samples(
                        &checked.name,
                        metric,
                        checked.now.iter(),
                        before.iter(),
                        ALPHA_SCENARIOS,
                    ));
                }
                Before::None(_) => {}
            }
        }
    }
    let p: Vec<f64> = comparisons.iter().map(|comparison| comparison.p).collect();
    let decided = holm(&p, ALPHA_SCENARIOS);
    let verdict = |(comparison, decision): (Comparison, laneproof_statistics::multiple::Decision)| {
        Comparison { p: decision.adjusted, ..comparison }.verdict(ALPHA_SCENARIOS)
    };
    comparisons.into_iter().zip(decided).map(verdict).collect()
}

/// A comparison before it is judged.
struct Comparison {
    scope: String,
    metric: Metric,
    told: String,
    p: f64,
    detectable: Option<f64>,
    cases: Vec<String>,
}

impl Comparison {
    fn verdict(self, alpha: f64) -> Verdict {
        let worse = self.p <= alpha;
        Verdict {
            scope: self.scope,
            gate: self.metric.label().to_owned(),
            status: if worse { Status::Worse } else { Status::Kept },
            told: self.told,
            p: Some(self.p),
            alpha: Some(alpha),
            detectable: self.detectable,
            cases: self.cases,
        }
    }
}

/// Points with their sign, to a tenth.
fn points(share: f64) -> String {
    format!("{:+.1}", share * 100.0)
}

fn compared(scope: &str, metric: Metric, pairs: &[Pair<'_>], alpha: f64) -> Comparison {
    let mut clusters = Vec::new();
    let mut cases = Vec::new();
    let (mut hits_now, mut hits_before, mut of) = (0, 0, 0);
    for Pair { case, now, before } in pairs {
        let (gained, lost) = metric.change(now, before);
        let ((now, _), (before, among)) = (metric.of(now), metric.of(before));
        (hits_now, hits_before, of) = (hits_now + now, hits_before + before, of + among);
        // Errors are not among the occupants: there may be more of them.
        clusters.push(PairedCluster { weight: 1.0, of: among.max(gained + lost), gained, lost });
        let worse = if metric.falls() { lost > gained } else { gained > lost };
        if worse {
            cases.push(case.clone());
        }
    }
    let flips = FlipTest::new(&clusters);
    let p = if metric.falls() { flips.p_worse } else { flips.p_better };
    let interval = PairedDifference::new(&clusters);
    let told = match (&interval, flips.changed) {
        (_, 0) => format!("{hits_now} of {of}, as before, in every vehicle"),
        (Some(PairedDifference { difference, low, high, .. }), changed) => format!(
            "{hits_now} of {of}, before {hits_before}: {} points ({} to {}); {changed} of {} vehicles changed",
            points(*difference),
            points(*low),
            points(*high),
            clusters.len()
        ),
        (None, _) => "nothing to compare".to_owned(),
    };
    let detectable = interval.map(|interval| {
        let changed: u64 = clusters.iter().map(|c| c.gained + c.lost).sum();
        let all = clusters.iter().map(|c| c.of).sum::<u64>().max(1) as f64;
        let vehicles = clusters.len() as u64;
        let traffic = Traffic { occupants: all / vehicles.max(1) as f64, design_effect: interval.design_effect };
        let aim = Aim { alpha, power: POWER, two_sided: false };
        let by_noise = paired_detectable(changed as f64 / all, vehicles, &traffic, &aim);
        // Without any noise so many vehicles that lose one occupant each are what the test takes to fail.
        let least = (1.0 / alpha).log2().ceil() / all;
        if changed == 0 { least } else { by_noise.unwrap_or(1.0).max(least) }.min(1.0)
    });
    Comparison { scope: scope.to_owned(), metric, told, p, detectable, cases }
}

fn two_samples<'a>(
    scope: &str,
    metric: Metric,
    now: impl Iterator<Item = &'a EncounterOutcome>,
    before: impl Iterator<Item = &'a EncounterOutcome>,
    alpha: f64,
) -> Comparison {
    let share = |outcomes: Vec<&EncounterOutcome>| {
        let cluster = |outcome: &&EncounterOutcome| {
            let (hits, of) = metric.of(outcome);
            Cluster { weight: outcome.weight, hits: hits.min(of), of }
        };
        ClusteredShare::with_resamples(&outcomes.iter().map(cluster).collect::<Vec<_>>(), 0, 0)
    };
    let (now, before) = (share(now.collect()), share(before.collect()));
    let compared = UnpairedDifference::new(&before, &now, UNPAIRED_MARGIN);
    let told = match &compared {
        Some(UnpairedDifference { difference, low, high, .. }) => format!(
            "{} of {}, before {} of {}, not person by person: {} points ({} to {}), of which {:.0} are borne",
            now.count,
            now.of,
            before.count,
            before.of,
            points(*difference),
            points(*low),
            points(*high),
            UNPAIRED_MARGIN * 100.0
        ),
        None => "nothing to compare".to_owned(),
    };
    let detectable = before.share.and_then(|share| {
        let traffic = Traffic {
            occupants: before.of as f64 / before.vehicles.max(1) as f64,
            design_effect: before.design_effect.max(now.design_effect),
        };
        let aim = Aim { alpha, power: POWER, two_sided: false };
        let beyond = unpaired_detectable(share, before.vehicles.min(now.vehicles), &traffic, &aim);
        beyond.map(|fall| (fall + UNPAIRED_MARGIN).min(1.0))
    });
    let p = compared.map_or(1.0, |compared| compared.p_worse);
    Comparison { scope: scope.to_owned(), metric, told, p, detectable, cases: Vec::new() }
}

fn bounded(scope: &str, bound: &GateResult) -> Verdict {
    let GateResult { gate, bound, actual, kept } = bound;
    let actual = actual.map_or("nothing".to_owned(), |actual| format!("{actual:.3}"));
    Verdict {
        scope: scope.to_owned(),
        gate: gate.clone(),
        status: if *kept { Status::Kept } else { Status::Broken },
        told: format!("{actual}, bound {bound}"),
        p: None,
        alpha: None,
        detectable: None,
        cases: Vec::new(),
    }
}
