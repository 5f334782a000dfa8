//! The threshold for a wanted rate of false positives, with the evidence for it (terms of ISO/IEC 19795-1).
//!
//! The threshold is the lowest at which the 95 % upper bound of the false positives seen, not their share alone, keeps the
//! wanted rate. The bound is the exact one-sided one of Clopper and Pearson (Biometrika 26, 1934): it never promises too
//! much, as Wilson's does for few events, and with no event among n trials it is the rule of three, 3/n. A sample that
//! cannot bear the claim even without one false positive is refused, with the number of trials that could.
//!
//! The bound takes trials for independent. Comparisons of a few people with each other are not: with p people of one photo
//! each there are p(p − 1)/2 comparisons, but between p/2 and that many independent ones (ISO/IEC 19795-1, annex B). Say
//! in `source` how many people the scores come from.
use super::GalleryError;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Probability with which the bound may be broken.
const ALPHA: f64 = 0.05;

/// The rate that a threshold shall keep.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wanted {
    /// False match rate of one comparison.
    Fmr {
        /// Rate, above 0 and below 1.
        rate: f64,
    },
    /// False positive identification rate of a search among so many references.
    Fpir {
        /// Rate, above 0 and below 1.
        rate: f64,
        /// References.
        gallery_size: u64,
    },
}

impl Wanted {
    fn rate(&self) -> f64 {
        match *self {
            Self::Fmr { rate } | Self::Fpir { rate, .. } => rate,
        }
    }

    /// Comparisons that the rate is of.
    fn comparisons(&self) -> u64 {
        match *self {
            Self::Fmr { .. } => 1,
            Self::Fpir { gallery_size, .. } => gallery_size,
        }
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fmr { rate } => write!(f, "FMR {rate}"),
            Self::Fpir { rate, gallery_size } => write!(f, "FPIR {rate} among {gallery_size} references"),
        }
    }
}

/// Scores of trials: similarities, −1..1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scores<'a> {
    /// Of non-mated trials. One comparison each, or the best one of a search each: see `gallery_size`.
    pub non_mated: &'a [f32],
    /// References that each non-mated score is the best of; 1 when it is a comparison.
    pub gallery_size: u64,
    /// Of mated comparisons. They say what the threshold costs; there may be none.
    pub mated: &'a [f32],
    /// Where the scores come from, for people: pictures, how many people, date.
    pub source: &'a str,
}

/// A threshold and its evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperatingPoint {
    /// Similarity from which a candidate is taken for the person.
    pub threshold: f32,
    /// Rate that it shall keep.
    pub wanted: Wanted,
    /// Non-mated trials.
    pub non_mated_trials: u64,
    /// Those at or above the threshold.
    pub false_positives: u64,
    /// References each trial was a search among; 1 for comparisons.
    pub trial_gallery_size: u64,
    /// 95 % upper bound of the wanted rate, if trials are independent and, where `trial_gallery_size` is not the wanted
    /// one, comparisons with different references are too: 1 − (1 − bound of a trial)^(wanted ÷ trial).
    pub upper_bound: f64,
    /// Mated comparisons.
    pub mated_trials: u64,
    /// Those below the threshold.
    pub misses: u64,
    /// 95 % upper bound of the false non-match rate; none without mated comparisons.
    pub miss_upper_bound: Option<f64>,
    /// Where the scores come from.
    pub source: String,
}

impl OperatingPoint {
    /// Finds the lowest threshold that keeps the wanted rate, or says why none can be claimed.
    pub fn find(wanted: Wanted, scores: &Scores<'_>) -> Result<Self, GalleryError> {
        let refuse = |reason: String| Err(GalleryError::Refused(reason));
        let Scores { non_mated, gallery_size, mated, source } = *scores;
        if !(wanted.rate() > 0.0 && wanted.rate() < 1.0) || wanted.comparisons() == 0 || gallery_size == 0 {
            return refuse(format!("{wanted}: the rate must lie between 0 and 1, gallery sizes be 1 at least"));
        }
        for (name, values) in [("non-mated", non_mated), ("mated", mated)] {
            if let Some(index) = values.iter().position(|s| !(-1.0..=1.0).contains(s)) {
                return refuse(format!("{name} score {} is {}, not from -1 to 1", index + 1, values[index]));
            }
        }
        let n = non_mated.len() as u64;
        let of_trial = rescaled(wanted.rate(), wanted.comparisons(), gallery_size);
        let Some(allowed) = most_events(n, of_trial) else {
            let what = if gallery_size == 1 {
                "non-mated comparisons".to_string()
            } else {
                format!("non-mated searches among {gallery_size} references")
            };
            let needed = (ALPHA.ln() / (-of_trial).ln_1p()).ceil();
            return refuse(format!(
                "{n} {what} cannot show {wanted}: at least {needed} are needed, of which none may reach the threshold \
                 (rule of three)"
            ));
        };
        let mut falling = non_mated.to_vec();
        falling.sort_by(|a, b| b.total_cmp(a));
        // As many as are allowed lie above the next; there is a next, as n events among n are never allowed.
        let threshold = falling[allowed as usize].next_up();
        if threshold > 1.0 {
            return refuse(format!("more than {allowed} non-mated scores are 1: look for the same picture twice"));
        }
        let false_positives = falling.iter().filter(|&&s| s >= threshold).count() as u64;
        let misses = mated.iter().filter(|&&s| s < threshold).count() as u64;
        let bound = upper_bound(false_positives, n);
        Ok(Self {
            threshold,
            wanted,
            non_mated_trials: n,
            false_positives,
            trial_gallery_size: gallery_size,
            upper_bound: rescaled(bound, gallery_size, wanted.comparisons()),
            mated_trials: mated.len() as u64,
            misses,
            miss_upper_bound: (!mated.is_empty()).then(|| upper_bound(misses, mated.len() as u64)),
            source: source.to_string(),
        })
    }

    /// Whether the claim still holds in a gallery of that size. A false match rate does not depend on it.
    pub fn holds_for(&self, references: usize) -> bool {
        match self.wanted {
            Wanted::Fmr { .. } => true,
            Wanted::Fpir { gallery_size, .. } => references as u64 <= gallery_size,
        }
    }
}

impl fmt::Display for OperatingPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let trials = if self.trial_gallery_size == 1 { "comparisons" } else { "searches" };
        write!(
            f,
            "{:.4} for {}: {} of {} non-mated {trials} reach it, 95 % upper bound {:.3e}; ",
            self.threshold, self.wanted, self.false_positives, self.non_mated_trials, self.upper_bound
        )?;
        match self.miss_upper_bound {
            Some(bound) => {
                write!(f, "{} of {} mated ones miss it, upper bound {bound:.3}; ", self.misses, self.mated_trials)?;
            }
            None => f.write_str("its misses were not measured; ")?,
        }
        f.write_str(&self.source)
    }
}

/// The rate of trials of `to` independent comparisons each, from that of trials of `from` each.
fn rescaled(rate: f64, from: u64, to: u64) -> f64 {
    if from == to {
        return rate;
    }
    -((-rate).ln_1p() * (to as f64 / from as f64)).exp_m1()
}

/// Logarithms of the probabilities of 0, 1, 2 … events among n trials, summed up.
fn log_cumulative(n: u64, rate: f64) -> impl Iterator<Item = f64> {
    let log_odds = rate.ln() - (-rate).ln_1p();
    let mut term = n as f64 * (-rate).ln_1p();
    let mut sum = f64::NEG_INFINITY;
    (0..=n).map(move |events| {
        let (high, low) = if term > sum { (term, sum) } else { (sum, term) };
        sum = high + (low - high).exp().ln_1p();
        term += ((n - events) as f64 / (events + 1) as f64).ln() + log_odds;
        sum
    })
}

/// The most events among n trials whose upper bound keeps `rate`; `None` when even none do not.
fn most_events(n: u64, rate: f64) -> Option<u64> {
    let within = log_cumulative(n, rate).take_while(|&sum| sum <= ALPHA.ln()).count() as u64;
    within.checked_sub(1)
}

/// One-sided 95 % upper bound of a rate after so many events among n trials.
pub fn upper_bound(events: u64, n: u64) -> f64 {
    if events >= n {
        return 1.0;
    }
    let log_probability = |rate: f64| log_cumulative(n, rate).nth(events as usize).unwrap_or(0.0);
    let (mut low, mut high) = (events as f64 / n as f64, 1.0);
    // The bound is at least 2/n away from 0, so that this ends within 1e-12 of it.
    while high - low > 1e-12 * high {
        let middle = f64::midpoint(low, high);
        if log_probability(middle) > ALPHA.ln() { low = middle } else { high = middle }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::super::given::{Entropy as _, Seeded};
    use super::*;

    #[test]
    fn bounds_are_those_of_the_tables() {
        // No event: 1 − 0.05^(1/n).
        for n in [1, 10, 300, 1_000_000] {
            let exact = 1.0 - 0.05f64.powf(1.0 / n as f64);
            assert!((upper_bound(0, n) / exact - 1.0).abs() < 1e-9, "{n}");
        }
        // Few events among many: half the 95 % point of chi-square with 2k + 2 degrees of freedom, from its tables.
        for (events, expected) in [(0, 2.9957), (1, 4.7439), (2, 6.2958), (5, 10.513), (10, 16.962), (100, 118.08)] {
            let bound = upper_bound(events, 1_000_000) * 1e6;
            assert!((bound / expected - 1.0).abs() < 2e-4, "{events}: {bound}");
        }
        assert_eq!(upper_bound(4, 4), 1.0);
        // The binomial itself: with 3 of 4 the bound p has 1 − p⁴ = 0.05.
        assert!((upper_bound(3, 4) - 0.95f64.powf(0.25)).abs() < 1e-9);
    }

    fn scores(count: usize, seed: u64) -> Vec<f32> {
        let mut bytes = vec![0; 4 * count];
        Seeded(seed).fill(&mut bytes).unwrap();
        bytes.as_chunks::<4>().0.iter().map(|&b| (u32::from_le_bytes(b) as f64 / 2f64.powi(31) - 1.0) as f32).collect()
    }

    #[test]
    fn the_threshold_is_the_lowest_that_keeps_the_rate() {
        let non_mated = scores(20_000, 1);
        let mated = [0.1, 0.999_99, 1.0];
        let given = Scores { non_mated: &non_mated, gallery_size: 1, mated: &mated, source: "uniform" };
        let point = OperatingPoint::find(Wanted::Fmr { rate: 0.001 }, &given).unwrap();
        assert!(point.upper_bound <= 0.001 && upper_bound(point.false_positives + 1, 20_000) > 0.001, "{point}");
        let below = non_mated.iter().filter(|&&s| s >= point.threshold.next_down()).count() as u64;
        assert_eq!(below, point.false_positives + 1, "a threshold one step lower lets one more pass");
        assert_eq!((point.misses, point.mated_trials), (1, 3));
        // Non-mated scores are uniform here: the true rate at the threshold is (1 − t)/2, below the bound.
        assert!((1.0 - f64::from(point.threshold)) / 2.0 < 0.001);
    }

    /// Metamorphic: searching N at once is N comparisons.
    #[test]
    fn identification_asks_for_as_many_times_as_many_trials() {
        let wanted = Wanted::Fpir { rate: 0.003, gallery_size: 1000 };
        let given = |n: &'static [f32]| Scores { non_mated: n, gallery_size: 1, mated: &[], source: "" };
        let zeros: &'static [f32] = Vec::leak(vec![0.0; 1_100_000]);
        let error = OperatingPoint::find(wanted, &given(&zeros[..900_000])).unwrap_err().to_string();
        // 1000 × ln 20 ÷ −ln 0.997 = 997,079 and a little.
        assert!(error.contains("at least 997"), "{error}");
        let point = OperatingPoint::find(wanted, &given(zeros)).unwrap();
        assert!(point.upper_bound <= 0.003 && point.holds_for(1000) && !point.holds_for(1001), "{point}");
        // The same shown by searches among as many: no more than ln 20 ÷ −ln 0.997 = 998 of them.
        let by_searches = Scores { gallery_size: 1000, ..given(&zeros[..998]) };
        assert!(OperatingPoint::find(wanted, &by_searches).is_ok());
        let too_few = Scores { gallery_size: 1000, ..given(&zeros[..997]) };
        let error = OperatingPoint::find(wanted, &too_few).unwrap_err().to_string();
        assert!(error.contains("at least 998"), "{error}");
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let fmr = |rate| Wanted::Fmr { rate };
        let good = Scores { non_mated: &[0.0; 100], gallery_size: 1, mated: &[], source: "" };
        assert!(OperatingPoint::find(fmr(0.05), &good).is_ok());
        for rate in [0.0, 1.0, -0.1, f64::NAN] {
            assert!(OperatingPoint::find(fmr(rate), &good).is_err());
        }
        let cases: [(&[f32], &[f32], &str); 4] = [
            (&[0.0, f32::NAN], &[], "non-mated score 2"),
            (&[0.0; 100], &[1.5], "mated score 1"),
            (&[1.0; 100], &[], "same picture"),
            (&[], &[], "at least 59"),
        ];
        for (non_mated, mated, word) in cases {
            let error = OperatingPoint::find(fmr(0.05), &Scores { non_mated, mated, ..good }).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
    }

    #[test]
    fn it_is_stored_and_read_without_loss() {
        let given = Scores { non_mated: &scores(1000, 7), gallery_size: 1, mated: &[0.5], source: "s" };
        let point = OperatingPoint::find(Wanted::Fmr { rate: 0.01 }, &given).unwrap();
        let text = serde_json::to_string(&point).unwrap();
        assert_eq!(serde_json::from_str::<OperatingPoint>(&text).unwrap(), point);
    }
}
