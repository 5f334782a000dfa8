//! From 12-bit linear numbers to the 8 bits that a machine-vision camera sends.
use laneproof_scenes::catalogue::Sensor;

use crate::{
    expose::{BLACK_DN, FULL_SCALE_DN},
    lens::BAND_CENTRES_NM,
};

/// Transfer curve of the 8-bit output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gamma {
    /// Proportional to the light.
    Linear,
    /// IEC 61966-2-1 (sRGB), what detectors and people are used to.
    Srgb,
}

/// Black-level subtraction, white balance and transfer curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Isp {
    /// Factors on red, green, blue, each at least 1 so that a saturated pixel stays white; mono takes the green one.
    pub white_balance: [f32; 3],
    /// Curve.
    pub gamma: Gamma,
}

impl Isp {
    /// An sRGB output that shows a grey surface grey under light of these powers in the bands (any unit).
    pub fn balanced(sensor: &Sensor, band_power: [f32; 3]) -> Self {
        let signal: [f32; 3] =
            std::array::from_fn(|i| sensor.quantum_efficiency[i] * band_power[i] * BAND_CENTRES_NM[i] as f32);
        let brightest = signal.into_iter().fold(0.0, f32::max);
        let white_balance = match sensor.colour {
            laneproof_scenes::catalogue::Colour::Mono => [1.0; 3],
            laneproof_scenes::catalogue::Colour::Rgb => {
                signal.map(|s| if s > 0.0 { (brightest / s).clamp(1.0, 16.0) } else { 1.0 })
            }
        };
        Self { white_balance, gamma: Gamma::Srgb }
    }

    /// Without balance and curve: 8-bit numbers proportional to the light.
    pub fn linear() -> Self {
        Self { white_balance: [1.0; 3], gamma: Gamma::Linear }
    }

    /// Output of every 12-bit number in one channel.
    pub(crate) fn table(&self, channel: usize) -> Vec<u8> {
        let span = f32::from(FULL_SCALE_DN - BLACK_DN);
        (0..=FULL_SCALE_DN)
            .map(|dn| {
                let x = (f32::from(dn.saturating_sub(BLACK_DN)) / span * self.white_balance[channel]).min(1.0);
                let y = match self.gamma {
                    Gamma::Linear => x,
                    Gamma::Srgb if x <= 0.003_130_8 => 12.92 * x,
                    Gamma::Srgb => 1.055 * x.powf(1.0 / 2.4) - 0.055,
                };
                (y * 255.0).round() as u8
            })
            .collect()
    }
}
