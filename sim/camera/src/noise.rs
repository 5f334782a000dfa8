//! Counter-based random numbers: every draw is a function of a key and an index.
//!
//! The generator is SplitMix64 with random access (G. Steele, D. Lea and C. Flood, *Fast splittable pseudorandom number
//! generators*, OOPSLA 2014).
use std::sync::LazyLock;

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// Finaliser of SplitMix64.
#[inline]
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A key of a stream of draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key(u64);

impl Key {
    /// The key of a purpose under two numbers.
    pub fn new(purpose: &str, a: u64, b: u64) -> Self {
        let mut state = mix(a.wrapping_add(GOLDEN));
        state = mix(state ^ b.wrapping_mul(GOLDEN).wrapping_add(1));
        Self(purpose.bytes().fold(state, |s, byte| mix(s ^ u64::from(byte).wrapping_mul(GOLDEN))))
    }

    /// 64 random bits of an index.
    #[inline]
    pub fn bits(self, index: u64) -> u64 {
        mix(self.0.wrapping_add(index.wrapping_mul(GOLDEN)))
    }
}

const CELLS: usize = 2048;

/// Quantiles of |N(0, 1)|: cell edges over the whole range, and over its uppermost cell once more.
struct HalfNormal {
    body: [f32; CELLS + 1],
    tail: [f32; CELLS + 1],
}

static HALF_NORMAL: LazyLock<HalfNormal> = LazyLock::new(|| {
    let n = CELLS as f64;
    let quantile = |upper: f64| -normal_quantile(upper / 2.0) as f32;
    HalfNormal {
        body: std::array::from_fn(|i| if i == CELLS { 0.0 } else { quantile(1.0 - i as f64 / n) }),
        // The last edge is at infinity; half of the last cell's probability puts it at 5.2 σ.
        tail: std::array::from_fn(|i| quantile((n - i as f64).max(0.5) / (n * n))),
    }
});

/// Draws standard normal numbers; holds on to the table so that inner loops need not ask whether it is built.
#[derive(Clone, Copy)]
pub struct Normal(&'static HalfNormal);

impl Default for Normal {
    fn default() -> Self {
        Self(&HALF_NORMAL)
    }
}

impl Normal {
    /// A standard normal number from 32 random bits, out to 5.2 σ: linear interpolation between tabulated quantiles.
    #[inline]
    pub fn draw(self, bits: u32) -> f32 {
        let (cell, rest) = ((bits >> 20) as usize & (CELLS - 1), bits & 0xf_ffff);
        let magnitude = if cell < CELLS - 1 {
            let low = self.0.body[cell];
            low + (self.0.body[cell + 1] - low) * (rest as f32 * (1.0 / 1_048_576.0))
        } else {
            self.tail(rest)
        };
        // The top bit is the sign; setting it needs no branch to mispredict.
        f32::from_bits(magnitude.to_bits() | (bits & 0x8000_0000))
    }

    #[cold]
    fn tail(self, rest: u32) -> f32 {
        let (cell, rest) = ((rest >> 9) as usize, rest & 0x1ff);
        let low = self.0.tail[cell];
        low + (self.0.tail[cell + 1] - low) * (rest as f32 * (1.0 / 512.0))
    }
}

/// A Poisson number from 32 random bits, by inversion of the distribution; for means up to about 60.
pub fn poisson(mean: f32, bits: u32) -> f32 {
    let u = (bits as f32 + 0.5) / 4_294_967_296.0;
    let mut probability = (-mean).exp();
    let (mut sum, mut k) = (probability, 0.0f32);
    let stop = mean + 12.0 * mean.sqrt() + 12.0;
    while u > sum && k < stop {
        k += 1.0;
        probability *= mean / k;
        sum += probability;
    }
    k
}

/// Quantile of the standard normal distribution (P. J. Acklam's rational approximation, relative error below 1.2e−9).
fn normal_quantile(p: f64) -> f64 {
    const A: [f64; 6] = [
        -3.969683028665376e1,
        2.209460984245205e2,
        -2.759285104469687e2,
        1.38357751867269e2,
        -3.066479806614716e1,
        2.506628277459239,
    ];
    const B: [f64; 6] = [
        -5.447609879822406e1,
        1.615858368580409e2,
        -1.556989798598866e2,
        6.680131188771972e1,
        -1.328068155288572e1,
        1.0,
    ];
    const C: [f64; 6] = [
        -7.784894002430293e-3,
        -3.223964580411365e-1,
        -2.400758277161838,
        -2.549732539343734,
        4.374664141464968,
        2.938163982698783,
    ];
    const D: [f64; 5] = [7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416, 1.0];
    let horner = |c: &[f64], x: f64| c.iter().fold(0.0, |sum, c| sum * x + c);
    if p < 0.02425 {
        let q = (-2.0 * p.ln()).sqrt();
        horner(&C, q) / horner(&D, q)
    } else if p <= 0.97575 {
        let q = p - 0.5;
        q * horner(&A, q * q) / horner(&B, q * q)
    } else {
        -normal_quantile(1.0 - p)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_numbers_have_the_moments_of_the_normal_distribution() {
        let key = Key::new("test", 1, 2);
        let n = 4_000_000;
        let normal = Normal::default();
        let draws = (0..n).map(|i| f64::from(normal.draw(key.bits(i) as u32)));
        let (mut m1, mut m2, mut m3, mut m4, mut beyond3) = (0.0, 0.0, 0.0, 0.0, 0u32);
        for x in draws {
            m1 += x;
            m2 += x * x;
            m3 += x * x * x;
            m4 += x * x * x * x;
            beyond3 += u32::from(x.abs() > 3.0);
        }
        let n = n as f64;
        assert!((m1 / n).abs() < 0.002, "{}", m1 / n);
        assert!((m2 / n - 1.0).abs() < 0.003, "{}", m2 / n);
        assert!((m3 / n).abs() < 0.006, "{}", m3 / n);
        assert!((m4 / n - 3.0).abs() < 0.03, "{}", m4 / n);
        assert!((f64::from(beyond3) / n - 0.0027).abs() < 1e-4);
    }

    #[test]
    fn poisson_numbers_have_mean_and_variance_alike() {
        for mean in [0.05f32, 0.7, 4.0, 29.0] {
            let key = Key::new("poisson", 7, mean.to_bits().into());
            let n = 1_000_000;
            let (mut m1, mut m2) = (0.0, 0.0);
            for i in 0..n {
                let x = f64::from(poisson(mean, key.bits(i) as u32));
                m1 += x;
                m2 += x * x;
            }
            let (m1, m2) = (m1 / n as f64, m2 / n as f64);
            assert!((m1 / f64::from(mean) - 1.0).abs() < 0.015, "{mean}: {m1}");
            assert!(((m2 - m1 * m1) / f64::from(mean) - 1.0).abs() < 0.015, "{mean}: {}", m2 - m1 * m1);
        }
    }
}
