//! Random numbers for property tests: SplitMix64 (G. Steele, D. Lea, C. Flood, 2014), the same on every run.
use glam::DVec3;

use crate::stokes::{Frame, Stokes};

pub(crate) struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Evenly in 0..1.
    pub fn share(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn between(&mut self, from: f64, to: f64) -> f64 {
        from + (to - from) * self.share()
    }

    /// A unit vector, evenly over the sphere.
    pub fn direction(&mut self) -> DVec3 {
        let (z, azimuth) = (self.between(-1.0, 1.0), self.between(0.0, std::f64::consts::TAU));
        let r = (1.0 - z * z).sqrt();
        DVec3::new(r * azimuth.cos(), r * azimuth.sin(), z)
    }

    pub fn frame(&mut self) -> Frame {
        loop {
            if let Some(frame) = Frame::new(self.direction(), self.direction()) {
                return frame;
            }
        }
    }

    /// A light that can exist.
    pub fn light(&mut self) -> Stokes {
        Stokes::linear(self.between(0.0, 5.0), self.share(), self.between(-4.0, 4.0))
    }
}
