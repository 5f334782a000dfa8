//! How far a ratio over vehicles spreads, by linearisation, and how many independent occupants would spread as far.
//!
//! The ratio r = Σwy ÷ Σwn of a count y of each vehicle to its n occupants has the linearised variance
//! m/(m−1) · Σ(w(y − rn))² ÷ (Σwn)² over m vehicles (W. G. Cochran, Sampling Techniques, 3rd edition 1977, 6.4 and 9A).
//! A single occupant's own variance ÷ this is the effective number of occupants, n*.
//!
//! Three things are put right before n* is used in an interval; the simulation in `tests/coverage.rs` decided them:
//! * n* is at most Kish's (Σwn)² ÷ Σw²n (L. Kish, Survey Sampling, 1965, 11.7): that occupants of a vehicle differ more
//!   than strangers do is chance, not knowledge.
//! * The variance is itself an estimate. n* is multiplied by (z ÷ t)² with Student's t of ν degrees of freedom (Korn and
//!   Graubard, Survey Methodology 24, 1998). ν is not m − 1, but Satterthwaite's (Biometrics Bulletin 2, 1946)
//!   2(Σe²)² ÷ (Σe⁴ − (Σe²)²/m) of the residuals e, at most m − 1: where 98 of 100 vehicles lose nobody, the variance
//!   comes from two. With m − 1 intervals around 98 % covered down to 89 % in place of 95 %. ν is at least 4: below, t says
//!   nothing but "anything", and coverage holds without it down to two vehicles.
//! * Where no vehicle departs from the ratio (all hit, none hit, one vehicle), occupants of a vehicle are taken to be
//!   all alike, so that vehicles are what is counted: n* = (Σwn)² ÷ Σ(wn)².
use crate::normal::student_quantile;
use crate::share::Z;

/// Degrees of freedom of a variance are at least these.
const LEAST_DEGREES: f64 = 4.0;

/// One vehicle: weight, occupants, and what is counted of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Part {
    pub weight: f64,
    pub of: f64,
    pub count: f64,
}

impl Part {
    /// The vehicle, unless its weight or its emptiness keeps it from saying anything.
    pub fn new(weight: f64, of: u64, count: f64) -> Option<Self> {
        (weight.is_finite() && weight > 0.0 && of > 0).then_some(Self { weight, of: of as f64, count })
    }
}

/// The ratio of what vehicles count to their occupants, with its spread.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spread {
    /// Σwy ÷ Σwn.
    pub ratio: f64,
    /// Variance of the ratio by linearisation; 0 where no vehicle departs from it.
    variance: f64,
    /// Degrees of freedom of the variance.
    degrees: f64,
    /// Occupants, unweighted.
    of: f64,
    /// Kish's effective number of occupants, for weights alone.
    kish: f64,
    /// The effective number of vehicles.
    alike: f64,
    /// Every vehicle has one occupant and all weights are equal: nothing about the spread is to be estimated.
    single: bool,
}

/// How many independent occupants say as much as those seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Effective {
    /// Occupants ÷ n*, before the correction for an estimated variance.
    pub design_effect: f64,
    /// n* after it: what an interval is made with.
    pub n: f64,
}

impl Spread {
    /// `None` without any vehicle.
    pub fn of(parts: &[Part]) -> Option<Self> {
        let first = parts.first()?;
        let sum = |f: &dyn Fn(&Part) -> f64| parts.iter().map(f).sum::<f64>();
        let vehicles = parts.len() as f64;
        let total = sum(&|p| p.weight * p.of);
        let ratio = sum(&|p| p.weight * p.count) / total;
        let square = |p: &Part| (p.weight * (p.count - ratio * p.of)).powi(2);
        let (squares, fourths) = (sum(&square), sum(&|p| square(p).powi(2)));
        // What rounding leaves of residuals that are all zero is none.
        let none = squares <= (total * 1e-12).powi(2);
        let unsteady = fourths - squares * squares / vehicles;
        let degrees = if unsteady > 0.0 { 2.0 * squares * squares / unsteady } else { f64::INFINITY };
        Some(Self {
            ratio,
            variance: if none { 0.0 } else { vehicles / (vehicles - 1.0) * squares / (total * total) },
            degrees: degrees.min(vehicles - 1.0).max(LEAST_DEGREES),
            of: sum(&|p| p.of),
            kish: total * total / sum(&|p| p.weight * p.weight * p.of),
            alike: total * total / sum(&|p| (p.weight * p.of).powi(2)),
            single: parts.iter().all(|p| p.of == 1.0 && p.weight == first.weight),
        })
    }

    /// The effective number of occupants, if `one` is the variance of an occupant who is drawn alone.
    pub fn effective(&self, one: f64) -> Effective {
        if self.single {
            return Effective { design_effect: 1.0, n: self.of };
        }
        if self.variance <= 0.0 {
            return Effective { design_effect: self.of / self.alike, n: self.alike };
        }
        let n = (one / self.variance).min(self.kish);
        let unsure = Z / student_quantile(0.975, self.degrees);
        Effective { design_effect: self.of / n, n: n * unsure * unsure }
    }
}
