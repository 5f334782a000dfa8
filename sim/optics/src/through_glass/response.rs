//! What a pane passes and mirrors over the angle of incidence, tabulated.
use crate::{band::Band, pane_optics::PaneOptics};

/// Steps of the cosine of incidence from 0 to 1. Linear between them the shares are right to 0.0015 up to 88° (test).
const STEPS: usize = 256;

/// Power shares in the pane's own plane of incidence: (s + p) / 2, (s − p) / 2, and the cross product that U is
/// multiplied by.
pub(super) type Shares = [f32; 3];

/// Three bands at one angle.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct At {
    /// Passed, the same from both sides.
    pub(super) passed: [Shares; 3],
    /// Mirrored of light from the side that is seen.
    pub(super) mirrored: [Shares; 3],
}

/// A pane's response in the three channels of a camera.
#[derive(Debug, Clone, PartialEq)]
pub struct PaneResponse {
    outside: Vec<At>,
    inside: Vec<At>,
    /// Radiance that dirt adds per irradiance on the outer face, 1/sr.
    pub(super) dirt_per_sr: f32,
}

impl PaneResponse {
    /// Tabulates a pane for the bands of a camera's channels.
    pub fn new(optics: &PaneOptics, channels: [Band; 3]) -> Self {
        let shares = |[s, p, cross]: [f64; 3], factor: f64| {
            [(s + p) / 2.0 * factor, (s - p) / 2.0 * factor, cross * factor].map(|v| v as f32)
        };
        // From outside a mirrored ray crosses the dirt twice, from inside not before it meets the glass.
        let table = |from_outside: bool| -> Vec<At> {
            let at = |step: usize| {
                let cos = step as f64 / STEPS as f64;
                let layers = channels.map(|band| optics.layer(band, cos));
                At {
                    passed: layers.map(|layer| shares(layer.passed(), optics.dirt.passes(1))),
                    mirrored: layers.map(|layer| {
                        let (seen, crossings) = if from_outside { (layer, 2) } else { (layer.reversed(), 0) };
                        shares(seen.mirrored(), optics.dirt.passes(crossings))
                    }),
                }
            };
            (0..=STEPS).map(at).collect()
        };
        Self { outside: table(true), inside: table(false), dirt_per_sr: optics.dirt.veil_radiance(1.0) as f32 }
    }

    /// The response at a cosine of incidence, positive when the outer face is seen.
    pub(super) fn at(&self, cosine: f32) -> At {
        let table = if cosine >= 0.0 { &self.outside } else { &self.inside };
        let x = cosine.abs().min(1.0) * STEPS as f32;
        let i = (x as usize).min(STEPS - 1);
        let t = x - i as f32;
        let mix = |a: &[Shares; 3], b: &[Shares; 3]| -> [Shares; 3] {
            std::array::from_fn(|band| std::array::from_fn(|k| a[band][k] + (b[band][k] - a[band][k]) * t))
        };
        let (low, high) = (&table[i], &table[i + 1]);
        At { passed: mix(&low.passed, &high.passed), mirrored: mix(&low.mirrored, &high.mirrored) }
    }

    /// Transmittance for unpolarised light in each band, at 64 equal steps of the cosine of incidence from 0 to 1.
    pub fn transmittance(&self) -> [[f32; 64]; 3] {
        let at: [At; 64] = std::array::from_fn(|i| self.at(i as f32 / 63.0));
        std::array::from_fn(|band| at.map(|at| at.passed[band][0]))
    }
}
