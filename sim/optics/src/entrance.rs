//! Light by the panes that it enters through, so that pictures in it can be weighed for another glass instead of made again.
//!
//! What is lit through a pane is linear in the pane's transmittance, but that depends on the angle of incidence: another
//! tint is not one factor on all light. Glass and film dim along the refracted way, so the ratio of two transmittances is a
//! smooth function of that way's length. Here it is a polynomial of [`TERMS`] terms in [`way`], 0 at normal and 1 at grazing
//! incidence; a picture for each power of it, and any other glass is a sum of these pictures ([`weights`]).
use glam::{DMat3, DVec3};

use crate::{
    band::Band,
    pane::path_factor,
    pane_optics::{Dirt, PaneOptics},
};

/// Terms of the polynomial. With three, glass of 5 % is weighed from glass of 75 % within 0.9 % at every angle up to 70°
/// (test); beyond, where a tenth of an even sky's light comes in, errors grow to 5 % at 80°.
pub const TERMS: usize = 3;

/// What a pane admits of the light that it would let pass: a polynomial in [`way`], the constant term first.
pub type Admission = [f32; TERMS];

/// Nothing.
pub const NOTHING: Admission = [0.0; TERMS];
/// All that the pane lets pass.
pub const ALL: Admission = [1.0, 0.0, 0.0];

/// One power of the way.
pub fn term(power: usize) -> Admission {
    std::array::from_fn(|k| if k == power { 1.0 } else { 0.0 })
}

/// How much longer light's way through a plate is than along the normal: 0 at normal incidence, 1 at grazing.
pub fn way(refractive_index: f64, cos_incidence: f64) -> f64 {
    (path_factor(refractive_index, cos_incidence) - 1.0) / (path_factor(refractive_index, 0.0) - 1.0)
}

/// Cosine of incidence at which light has a way.
fn cosine_of(refractive_index: f64, way: f64) -> f64 {
    let path = 1.0 + way * (path_factor(refractive_index, 0.0) - 1.0);
    let sin_squared = refractive_index * refractive_index * (1.0 - 1.0 / (path * path));
    (1.0 - sin_squared).max(0.0).sqrt()
}

/// Share of what a pane lets pass that is admitted at a cosine of incidence; the sign does not matter.
pub fn admitted(admission: &Admission, refractive_index: f64, cos_incidence: f64) -> f64 {
    let way = way(refractive_index, cos_incidence.abs().min(1.0));
    admission.iter().rev().fold(0.0, |sum, &share| sum * way + f64::from(share))
}

/// Why one glass cannot be weighed for another.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum NotWeighed {
    /// Nothing passed, so there is nothing to weigh.
    #[error("the pane as it is lets nothing pass")]
    Opaque,
    /// Dirt shades the sun and spreads it: it is not a factor on what passes.
    #[error("dirt that changes is no change of tint")]
    Dirt,
}

/// Weights of pictures lit through a pane, one a term, that add up to the picture lit through `other`: the polynomial that is
/// nearest to the ratio of their transmittances, in the mean square of the relative
/// error, weighed by the cosine of incidence: light that comes in flat is little.
pub fn weights(pane: &PaneOptics, other: &PaneOptics, band: Band) -> Result<[f64; TERMS], NotWeighed> {
    if pane.dirt != other.dirt {
        return Err(NotWeighed::Dirt);
    }
    let clean = |pane: &PaneOptics| PaneOptics { dirt: Dirt::NONE, ..*pane };
    let (pane, other) = (clean(pane), clean(other));
    // Normal equations of Σ cos² (Σ aₖ wayᵏ ÷ ratio − 1)².
    let (mut matrix, mut right) = (DMat3::ZERO, DVec3::ZERO);
    for step in 0..=FITTED {
        let way = f64::from(step) / f64::from(FITTED) * FITTED_TO;
        let cosine = cosine_of(pane.refractive_index, way);
        let [was, is] = [&pane, &other].map(|pane| pane.layer(band, cosine).transmission().transmittance());
        let powers = DVec3::new(1.0, way, way * way) * (cosine * was / is);
        matrix += DMat3::from_cols(powers * powers.x, powers * powers.y, powers * powers.z);
        right += powers * cosine;
    }
    let weights = matrix.inverse() * right;
    if weights.is_finite() { Ok(weights.to_array()) } else { Err(NotWeighed::Opaque) }
}

/// Ways at which the polynomial is fitted, less one.
const FITTED: u32 = 32;
/// The longest of them, that of 85°: hardly any light comes in at more.
const FITTED_TO: f64 = 0.985;

#[cfg(test)]
mod tests {
    use laneproof_scenes::surface::Glazing;

    use super::*;
    use crate::pane_optics::{Body, Coating, Film};

    fn glass(transmittance_normal: f32, body: Body) -> PaneOptics {
        let glazing = Glazing { transmittance_normal, refractive_index: 1.52, thickness_mm: 4.0 };
        PaneOptics::of_glazing(&glazing, body)
    }

    #[test]
    fn another_glass_is_weighed_at_every_angle() {
        let own = glass(0.75, Body::Iron);
        let others = [
            glass(0.05, Body::Grey),
            glass(0.20, Body::Grey),
            glass(0.90, Body::Iron),
            own.with_film(Film::carbon(0.05)),
            own.with_film(Film::ceramic(0.35)),
            own.with_coating(Coating::SilverSolarControl),
        ];
        let mut worst = 0.0_f64;
        for other in others {
            for band in Band::ALL {
                let weights = weights(&own, &other, band).unwrap();
                for degrees in 0..=70 {
                    let cosine = f64::from(degrees).to_radians().cos();
                    let passed = |pane: &PaneOptics| pane.layer(band, cosine).transmission().transmittance();
                    let term = |k| admitted(&term(k), 1.52, cosine) * passed(&own);
                    let sum: f64 = weights.iter().enumerate().map(|(k, weight)| weight * term(k)).sum();
                    let error = sum / passed(&other) - 1.0;
                    worst = worst.max(error.abs());
                    assert!(error.abs() < 0.009, "{other:?} at {degrees}°, {band:?}: {error}");
                }
            }
        }
        println!("largest error {worst:.4}");
    }

    #[test]
    fn the_same_glass_weighs_one_and_ways_run_from_normal_to_grazing() {
        let own = glass(0.4, Body::Grey);
        for (weight, want) in weights(&own, &own, Band::Green).unwrap().into_iter().zip([1.0, 0.0, 0.0]) {
            assert!((weight - want).abs() < 1e-9);
        }
        assert!(way(1.52, 1.0).abs() < 1e-12 && (way(1.52, 0.0) - 1.0).abs() < 1e-12);
        for there in [0.1, 0.5, 0.9] {
            assert!((way(1.52, cosine_of(1.52, there)) - there).abs() < 1e-12);
        }
        assert_eq!(admitted(&ALL, 1.52, 0.3), 1.0);
        assert_eq!(admitted(&NOTHING, 1.52, 0.3), 0.0);
    }

    #[test]
    fn what_is_no_tint_is_refused() {
        let own = glass(0.4, Body::Grey);
        assert_eq!(weights(&own, &own.with_dirt(Dirt::road_dust(0.2)), Band::Red), Err(NotWeighed::Dirt));
        assert_eq!(weights(&own.with_film(Film::carbon(0.0)), &own, Band::Red), Err(NotWeighed::Opaque));
    }
}
