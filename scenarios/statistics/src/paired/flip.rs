//! The sign-flip test over vehicles, exact.
use serde::{Deserialize, Serialize};

use super::PairedCluster;

/// Whether B differs from A by more than chance, vehicles being what is drawn: a randomisation test (R. A. Fisher, The
/// Design of Experiments, 1935, 21). If A and B are alike, a vehicle's net change is as likely to have had the other sign.
/// All 2^changed ways of signs are counted, so the test is exact for any number of vehicles and any correlation within
/// them. Weights play no part. Where all net changes are of one occupant it is McNemar's exact test.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FlipTest {
    /// Vehicles whose count of hits changed.
    pub changed: u64,
    /// Occupants gained less occupants lost.
    pub net: i64,
    /// Probability of a net change as low or lower by chance: small where B is worse.
    pub p_worse: f64,
    /// Probability of a net change as high or higher by chance: small where B is better.
    pub p_better: f64,
    /// Probability of a net change as far from zero, either way.
    pub p_two_sided: f64,
}

impl FlipTest {
    /// The test of what changed in each of `clusters`. A vehicle in which more changed than there are does not count.
    pub fn new(clusters: &[PairedCluster]) -> Self {
        Self::of_net(clusters.iter().filter(|c| c.is_sound()).map(PairedCluster::net))
    }

    /// The test of each vehicle's hits in B less its hits in A. Takes changed vehicles × occupants in them steps.
    pub fn of_net(net: impl IntoIterator<Item = i64>) -> Self {
        let net: Vec<i64> = net.into_iter().filter(|d| *d != 0).collect();
        let gained: u64 = net.iter().filter(|d| **d > 0).map(|d| d.unsigned_abs()).sum();
        let lost: u64 = net.iter().filter(|d| **d < 0).map(|d| d.unsigned_abs()).sum();
        let chances = chances(net.iter().map(|d| d.unsigned_abs() as usize));
        // The chances of what is gained in all, from none to everyone who changed, are the same read backwards.
        let tail = |most: u64| chances[..=most as usize].iter().sum::<f64>().min(1.0);
        Self {
            changed: net.len() as u64,
            net: gained as i64 - lost as i64,
            p_worse: tail(gained),
            p_better: tail(lost),
            p_two_sided: (2.0 * tail(gained.min(lost))).min(1.0),
        }
    }
}

/// For k from 0 to the sum of `sizes` the probability that those of `sizes` which a fair coin picks add up to k. Sums of
/// positive terms only, so that small probabilities are as exact as large ones; those below 1e-300 may become 0.
fn chances(sizes: impl Iterator<Item = usize>) -> Vec<f64> {
    let mut chances = vec![1.0];
    for size in sizes {
        let before = chances.len();
        chances.resize(before + size, 0.0);
        for k in (0..chances.len()).rev() {
            let without = if k < before { chances[k] } else { 0.0 };
            let with = if k >= size { chances[k - size] } else { 0.0 };
            chances[k] = 0.5 * (without + with);
        }
    }
    chances
}

#[cfg(test)]
mod tests {
    use super::{super::mcnemar, FlipTest};

    /// Counts every way of signs.
    fn by_hand(net: &[i64]) -> (f64, f64, f64) {
        let observed: i64 = net.iter().sum();
        let ways = 1u32 << net.len();
        let (mut worse, mut better, mut either) = (0, 0, 0);
        for way in 0..ways {
            let sum: i64 = net.iter().enumerate().map(|(i, d)| if way >> i & 1 == 1 { -d } else { *d }).sum();
            worse += u32::from(sum <= observed);
            better += u32::from(sum >= observed);
            either += u32::from(sum.abs() >= observed.abs());
        }
        let share = |count: u32| f64::from(count) / f64::from(ways);
        (share(worse), share(better), share(either))
    }

    #[test]
    fn it_counts_every_way_of_signs() {
        for net in [
            vec![1, 2, -3, 4, -1, -1, 2],
            vec![-5, -1, -2, -2],
            vec![3, -3],
            vec![7],
            vec![-1, 2, 2, 2, -6, 0, 0, 1, 1, 1, 1, -4, 3],
        ] {
            let (test, hand) = (FlipTest::of_net(net.iter().copied()), by_hand(&net));
            for (found, wanted) in [(test.p_worse, hand.0), (test.p_better, hand.1), (test.p_two_sided, hand.2)] {
                assert!((found - wanted).abs() < 1e-12, "{net:?} {test:?} {hand:?}");
            }
            assert_eq!(test.net, net.iter().sum::<i64>());
        }
    }

    #[test]
    fn single_changes_are_mcnemar_s() {
        for (gained, lost) in [(1, 7), (0, 5), (40, 61), (300, 240)] {
            let net = (0..gained).map(|_| 1).chain((0..lost).map(|_| -1));
            let p = FlipTest::of_net(net).p_two_sided;
            let exact = mcnemar::exact_p(gained, lost);
            assert!((p / exact - 1.0).abs() < 1e-9, "{gained} {lost}: {p} {exact}");
        }
    }

    #[test]
    fn without_change_nothing_is_unlikely() {
        let test = FlipTest::of_net([0, 0, 0]);
        assert_eq!((test.changed, test.p_worse, test.p_better, test.p_two_sided), (0, 1.0, 1.0, 1.0));
    }

    #[test]
    fn clear_changes_have_exact_small_p() {
        let test = FlipTest::of_net([-3; 200]);
        assert!((test.p_worse / 0.5f64.powi(200) - 1.0).abs() < 1e-12 && test.p_better == 1.0, "{test:?}");
    }
}
