//! A pseudo-random permutation that can be asked for one place at a time.
use rand::RngCore as _;

use crate::random::stream;

/// Rounds of the network. Four make a permutation pseudo-random where halves are wide (M. Luby and C. Rackoff, SIAM Journal
/// on Computing 17, 1988); here they may be one bit wide, so more.
const ROUNDS: usize = 16;

/// A permutation of 0 to n − 1: a Feistel network over an even number of bits, of which places beyond n are walked through
/// until one lies within (Black and Rogaway, Ciphers with arbitrary finite domains, CT-RSA 2002). Its domain has at most
/// 4n places, so that in the mean fewer than four steps are walked.
pub(super) struct Permutation {
    n: u64,
    /// Bits of one half.
    half: u32,
    keys: [u64; ROUNDS],
}

impl Permutation {
    /// The permutation of `n` ≥ 1 places, at most 2⁶², that belongs to a factor.
    pub fn new(n: u64, seed: u64, factor: &str) -> Self {
        let mut rng = stream(seed, n, &format!("strata of {factor}"));
        let bits = u64::BITS - n.saturating_sub(1).leading_zeros();
        Self { n, half: bits.div_ceil(2).max(1), keys: std::array::from_fn(|_| rng.next_u64()) }
    }

    /// Where place `k` < n goes.
    pub fn at(&self, k: u64) -> u64 {
        // The network permutes its whole domain, so its cycle through k comes back within n.
        let mut place = self.network(k);
        while place >= self.n {
            place = self.network(place);
        }
        place
    }

    fn network(&self, place: u64) -> u64 {
        let mask = (1 << self.half) - 1;
        let (mut left, mut right) = (place >> self.half, place & mask);
        for key in self.keys {
            (left, right) = (right, left ^ (mixed(right ^ key) & mask));
        }
        left << self.half | right
    }
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): each bit depends on all.
fn mixed(x: u64) -> u64 {
    let x = (x ^ x >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ x >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ x >> 31
}

#[cfg(test)]
mod tests {
    use super::Permutation;

    #[test]
    fn every_place_is_taken_once() {
        for n in (1..=70).chain([97, 128, 255, 257, 1009, 4096, 10_007]) {
            for seed in 0..4 {
                let permutation = Permutation::new(n, seed, "rake");
                let mut taken = vec![false; n as usize];
                for k in 0..n {
                    let place = permutation.at(k) as usize;
                    assert!(!taken[place], "{n} {seed}: {place} twice");
                    taken[place] = true;
                }
            }
        }
    }

    #[test]
    fn large_permutations_stay_within() {
        let n = (1 << 32) - 5;
        let permutation = Permutation::new(n, 1, "rake");
        let places: Vec<u64> = (0..1000).map(|k| permutation.at(k)).collect();
        assert!(places.iter().all(|place| *place < n));
        let mean = places.iter().map(|place| *place as f64 / n as f64).sum::<f64>() / 1000.0;
        assert!((mean - 0.5).abs() < 0.04, "{mean}");
    }

    #[test]
    fn all_orders_of_four_are_equally_likely() {
        let mut counts = [0u32; 256];
        for seed in 0..24_000 {
            let permutation = Permutation::new(4, seed, "rake");
            counts[(0..4).fold(0, |code, k| code << 2 | permutation.at(k) as usize)] += 1;
        }
        let seen: Vec<u32> = counts.into_iter().filter(|count| *count > 0).collect();
        let chi: f64 = seen.iter().map(|count| (f64::from(*count) - 1000.0).powi(2) / 1000.0).sum();
        // 99.9 % quantile of χ² with 23 degrees of freedom.
        assert!(seen.len() == 24 && chi < 49.7, "{chi}");
    }

    #[test]
    fn pairs_of_places_are_equally_likely() {
        // Odd and prime, so that the walk is used: 42 ordered pairs.
        let mut counts = [0u32; 49];
        for seed in 0..42_000 {
            let permutation = Permutation::new(7, seed, "rake");
            counts[(permutation.at(2) * 7 + permutation.at(5)) as usize] += 1;
        }
        let chi: f64 = (0..49)
            .filter(|code| code / 7 != code % 7)
            .map(|code| (f64::from(counts[code]) - 1000.0).powi(2) / 1000.0)
            .sum();
        // 99.9 % quantile of χ² with 41 degrees of freedom.
        assert!(chi < 74.8, "{chi}");
    }
}
