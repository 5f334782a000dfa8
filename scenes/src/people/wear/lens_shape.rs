//! Outlines of spectacle lenses.
use std::f32::consts::TAU;

use glam::Vec2;
use serde::{Deserialize, Serialize};

/// Outline of a lens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LensShape {
    /// Wide and low with rounded corners.
    Rectangular,
    /// Circles.
    Round,
    /// Lying ovals.
    Oval,
    /// Drops that hang outwards.
    Aviator,
    /// Nearly as high as wide.
    Square,
    /// Raised at the temples.
    CatEye,
}

impl LensShape {
    /// All outlines.
    pub const ALL: [Self; 6] = [Self::Rectangular, Self::Round, Self::Oval, Self::Aviator, Self::Square, Self::CatEye];

    /// Half width and half height in metres, and the exponent of the superellipse: 2 is an ellipse, more is squarer.
    /// Sizes are those of frames on sale (eye size 46 to 58 mm).
    fn form(self) -> (f32, f32, f32) {
        match self {
            Self::Rectangular => (0.0265, 0.0165, 4.0),
            Self::Round => (0.0240, 0.0232, 2.0),
            Self::Oval => (0.0260, 0.0190, 2.2),
            Self::Aviator => (0.0285, 0.0245, 2.5),
            Self::Square => (0.0265, 0.0215, 3.6),
            Self::CatEye => (0.0270, 0.0195, 2.8),
        }
    }

    /// Half the width, metres.
    pub(super) fn half_width_m(self) -> f32 {
        self.form().0
    }

    /// A point of the outline about the lens's middle, metres: x away from the nose, y up; `share` of the way round from
    /// the temple side over the top.
    pub(super) fn outline_m(self, share: f32) -> Vec2 {
        let (a, b, n) = self.form();
        let (s, c) = (share * TAU).sin_cos();
        let power = |x: f32| x.signum() * x.abs().powf(2.0 / n);
        let mut p = Vec2::new(a * power(c), b * power(s));
        match self {
            Self::Aviator => {
                // The drop: cut back on the nose's side below, flatter above.
                p.x += 0.16 * (-p.y).max(0.0) * (0.5 - 0.5 * p.x / a);
                p.y *= if p.y > 0.0 { 0.80 } else { 1.05 };
            }
            Self::CatEye => p.y += 0.30 * p.x.max(0.0).powi(2) / a * if p.y > 0.0 { 1.0 } else { 0.55 },
            Self::Rectangular | Self::Square => p.x -= 0.06 * (-p.y).max(0.0) * p.x.signum(),
            Self::Round | Self::Oval => {}
        }
        p
    }
}
