//! One number in A and in B: the difference, its 95 % interval, whether it is more than chance, and what could be told.
//!
//! Vehicles are what is drawn. Where both runs counted the same people, or faces, of the same vehicles, the interval is
//! [`PairedDifference`]'s and p that of the exact sign-flip test over vehicles ([`FlipTest`]). Otherwise A and B are two
//! samples, with [`UnpairedDifference`] and twice its smaller one-sided p.
use laneproof_statistics::{
    clustered::{Cluster, ClusteredShare},
    multiple::holm,
    paired::{PairedCluster, PairedDifference, flip::FlipTest},
    power::{Aim, Traffic, paired_detectable, paired_vehicles, unpaired_detectable},
    unpaired::UnpairedDifference,
};
use serde::{Deserialize, Serialize};

/// Chance of telling a difference where there is none, of one comparison or of a family of them.
pub const ALPHA: f64 = 0.05;
/// Chance with which the least detectable difference would be told.
pub const POWER: f64 = 0.8;

const AIM: Aim = Aim { alpha: ALPHA, power: POWER, two_sided: true };

/// A share in one run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rate {
    /// How many, unweighted.
    pub count: u64,
    /// Of how many, unweighted.
    pub of: u64,
    /// Weighted share; `None` of nothing.
    pub share: Option<f64>,
}

/// A number's difference between two runs; shares, not points.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// In A.
    pub a: Rate,
    /// In B.
    pub b: Rate,
    /// B's share less A's.
    pub difference: f64,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end of it.
    pub high: f64,
    /// Whether the same were counted in both, so that they could be compared one by one; else as two samples.
    pub paired: bool,
    /// Hits in B that were none in A, where paired: of counts the rise in the vehicles in which they rose.
    pub gained: u64,
    /// Hits in A that are none in B, where paired.
    pub lost: u64,
    /// Two-sided p.
    pub p: f64,
    /// p after Holm over the family that the difference is told with; `p` where it stands alone.
    pub adjusted: f64,
    /// Least difference that would be told with [`POWER`]; `None` where none would.
    pub detectable: Option<f64>,
}

impl Difference {
    /// Whether it is more than chance: `adjusted` is at most [`ALPHA`], and the interval lies on one side of zero. The exact
    /// test may be the sharper of the two where changes within a vehicle cancel, the interval where vehicles are few.
    pub fn is_told(&self) -> bool {
        self.adjusted <= ALPHA && (self.low > 0.0 || self.high < 0.0)
    }
}

/// What is counted of one vehicle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Counted {
    /// Sampling weight.
    pub weight: f64,
    /// In A: how many, of how many.
    pub a: (u64, u64),
    /// In B.
    pub b: (u64, u64),
    /// How many in B that are not in A.
    pub gained: u64,
    /// How many in A that are not in B.
    pub lost: u64,
}

impl Counted {
    /// Counts of which no one knows which of A's are B's.
    pub fn totals(weight: f64, a: (u64, u64), b: (u64, u64)) -> Self {
        Self { weight, a, b, gained: b.0.saturating_sub(a.0), lost: a.0.saturating_sub(b.0) }
    }
}

fn cluster(weight: f64, (hits, of): (u64, u64)) -> Cluster {
    Cluster { weight, hits, of }
}

/// Without a bootstrap: the interval of one share is in that run's own report.
fn share(clusters: &[Cluster]) -> ClusteredShare {
    ClusteredShare::with_resamples(clusters, 0, 0)
}

fn rate(share: &ClusteredShare) -> Rate {
    Rate { count: share.count, of: share.of, share: share.share }
}

/// Compares vehicle by vehicle; as two samples where something was counted of more in one run than in the other. `None` where
/// one counted nothing.
pub(super) fn vehicle_by_vehicle(counted: &[Counted]) -> Option<Difference> {
    let clusters =
        |of: fn(&Counted) -> (u64, u64)| -> Vec<Cluster> { counted.iter().map(|c| cluster(c.weight, of(c))).collect() };
    let (a, b) = (clusters(|c| c.a), clusters(|c| c.b));
    if counted.iter().any(|c| c.a.1 != c.b.1) {
        return two_samples(&a, &b);
    }
    let pairs: Vec<PairedCluster> = counted
        .iter()
        .map(|c| PairedCluster { weight: c.weight, of: c.a.1, gained: c.gained, lost: c.lost })
        .filter(|c| c.of > 0)
        .collect();
    let interval = PairedDifference::new(&pairs)?;
    let p = FlipTest::new(&pairs).p_two_sided;
    let sum = |count: fn(&PairedCluster) -> u64| pairs.iter().map(count).sum::<u64>();
    let (gained, lost) = (sum(|c| c.gained), sum(|c| c.lost));
    Some(Difference {
        a: rate(&share(&a)),
        b: rate(&share(&b)),
        difference: interval.difference,
        low: interval.low,
        high: interval.high,
        paired: true,
        gained,
        lost,
        p,
        adjusted: p,
        // Where nothing changes, nothing says that occupants of a vehicle change together.
        detectable: detectable(
            gained + lost,
            sum(|c| c.of),
            pairs.len() as u64,
            if gained + lost > 0 { interval.design_effect } else { 1.0 },
        ),
    })
}

/// The least difference that the same vehicles would tell, if as many occupants changed by noise as changed here.
fn detectable(changed: u64, of: u64, vehicles: u64, design_effect: f64) -> Option<f64> {
    let traffic = Traffic { occupants: of as f64 / vehicles as f64, design_effect };
    let noise = changed as f64 / of as f64;
    let by_noise = paired_detectable(noise, vehicles, &traffic, &AIM).or_else(|| {
        // A difference larger than all that changed here brings its own changes, all of them one way.
        let seen = |d: f64| paired_vehicles(d, d, &traffic, &AIM).is_some_and(|needed| needed <= vehicles);
        let (mut low, mut high) = (noise, 1.0);
        for _ in 0..40 {
            let middle = 0.5 * (low + high);
            if seen(middle) { high = middle } else { low = middle }
        }
        seen(high).then_some(high)
    })?;
    // So many vehicles, all changed one way, the exact test takes at least: 2 · 2⁻ⁿ ≤ α.
    let fewest = (2.0 / ALPHA).log2().ceil();
    (vehicles as f64 >= fewest).then(|| by_noise.max(fewest / of as f64).min(1.0))
}

/// Compares two samples of vehicles. `None` where one of them holds nothing.
pub(super) fn two_samples(a: &[Cluster], b: &[Cluster]) -> Option<Difference> {
    let (a, b) = (share(a), share(b));
    let compared = UnpairedDifference::new(&a, &b, 0.0)?;
    let p_better = UnpairedDifference::new(&b, &a, 0.0)?.p_worse;
    let p = (2.0 * compared.p_worse.min(p_better)).min(1.0);
    // A rise from a share is a fall from what it leaves: whichever has the room.
    let from = a.share.map(|share| share.max(1.0 - share))?;
    let vehicles = a.vehicles.min(b.vehicles);
    let traffic = Traffic {
        occupants: (a.of + b.of) as f64 / (a.vehicles + b.vehicles) as f64,
        design_effect: a.design_effect.max(b.design_effect),
    };
    Some(Difference {
        a: rate(&a),
        b: rate(&b),
        difference: compared.difference,
        low: compared.low,
        high: compared.high,
        paired: false,
        gained: 0,
        lost: 0,
        p,
        adjusted: p,
        detectable: unpaired_detectable(from, vehicles, &traffic, &AIM),
    })
}

/// Puts the p of a family of differences right for their number (Holm).
pub(super) fn adjust<'d>(family: impl IntoIterator<Item = &'d mut Difference>) {
    let family: Vec<&mut Difference> = family.into_iter().collect();
    let p: Vec<f64> = family.iter().map(|difference| difference.p).collect();
    for (difference, decision) in family.into_iter().zip(holm(&p, ALPHA)) {
        difference.adjusted = decision.adjusted;
    }
}
