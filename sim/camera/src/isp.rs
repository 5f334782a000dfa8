//! From a converter's linear numbers to the 8 bits that a machine-vision camera sends.
use laneproof_scenes::catalogue::{Colour, Sensor};

use crate::{lens::BAND_CENTRES_NM, model::Adc};

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
            Colour::Mono => [1.0; 3],
            Colour::Rgb | Colour::Bayer => signal.map(|s| if s > 0.0 { (brightest / s).clamp(1.0, 16.0) } else { 1.0 }),
        };
        Self { white_balance, gamma: Gamma::Srgb }
    }

    /// Without balance and curve: 8-bit numbers proportional to the light.
    pub fn linear() -> Self {
        Self { white_balance: [1.0; 3], gamma: Gamma::Linear }
    }

    /// Eight-bit output of every number of a converter in one channel.
    pub(crate) fn table(&self, adc: Adc, channel: usize) -> Vec<u8> {
        let (black, span) = (adc.black_dn(), adc.span_dn());
        (0..=adc.full_scale_dn())
            .map(|dn| {
                let x = (f32::from(dn.saturating_sub(black)) / span * self.white_balance[channel]).min(1.0);
                self.gamma.byte(x)
            })
            .collect()
    }

    /// White-balanced light of every number of a converter in one channel; white is 1. Below 0 where noise fell below
    /// black, so that interpolation and averages stay unbiased.
    pub(crate) fn balanced_light(&self, adc: Adc, channel: usize) -> Vec<f32> {
        let (black, span) = (f32::from(adc.black_dn()), adc.span_dn());
        (0..=adc.full_scale_dn())
            .map(|dn| ((f32::from(dn) - black) / span * self.white_balance[channel]).min(1.0))
            .collect()
    }

    /// The transfer curve as a table.
    pub(crate) fn curve(&self) -> Curve {
        let last = (CURVE_STEPS - 1) as f32;
        Curve { bytes: (0..CURVE_STEPS).map(|i| self.gamma.byte(i as f32 / last)).collect() }
    }
}

impl Gamma {
    /// The 8-bit number of linear light from 0 to 1.
    fn byte(self, x: f32) -> u8 {
        let y = match self {
            Gamma::Linear => x,
            Gamma::Srgb if x <= 0.003_130_8 => 12.92 * x,
            Gamma::Srgb => 1.055 * x.powf(1.0 / 2.4) - 0.055,
        };
        (y * 255.0).round() as u8
    }

    /// Linear light of an 8-bit number; white is 1.
    pub(crate) fn light(self, dn: f32) -> f32 {
        let y = dn / 255.0;
        match self {
            Gamma::Linear => y,
            Gamma::Srgb if y <= 0.040_45 => y / 12.92,
            Gamma::Srgb => ((y + 0.055) / 1.055).powf(2.4),
        }
    }
}

/// Entries of a tabulated curve: five to the 8-bit number where sRGB is steepest.
const CURVE_STEPS: usize = 1 << 14;

/// A transfer curve, tabulated for light that no converter has rounded.
pub(crate) struct Curve {
    bytes: Vec<u8>,
}

impl Curve {
    /// The 8-bit number of linear light; what lies outside 0 to 1 is cut.
    #[inline]
    pub(crate) fn byte(&self, light: f32) -> u8 {
        let last = (CURVE_STEPS - 1) as f32;
        self.bytes[(light.clamp(0.0, 1.0) * last + 0.5) as usize]
    }
}
