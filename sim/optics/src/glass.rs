//! One pane of glass: Fresnel reflection at both faces, absorption between, all internal reflections summed incoherently.
//!
//! Sources: Fresnel's equations and the incoherent slab sum as in M. Born and E. Wolf, *Principles of Optics*, 7th ed.,
//! §1.5 and §1.6.4; Bouguer–Lambert absorption along the refracted path.
use laneproof_scenes::surface::{Glazing, Pane};

use crate::{
    band::Band,
    entrance::{Admission, admitted},
    pane_optics::PaneOptics,
};

/// What a slab does to light of each polarisation and to unpolarised light; shares of the incoming power, 0..1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SlabPower {
    /// Reflectance, electric field perpendicular to the plane of incidence.
    pub reflectance_s: f64,
    /// Reflectance, electric field in the plane of incidence.
    pub reflectance_p: f64,
    /// Transmittance, perpendicular.
    pub transmittance_s: f64,
    /// Transmittance, in the plane.
    pub transmittance_p: f64,
}

impl SlabPower {
    /// Reflectance of unpolarised light.
    pub fn reflectance(&self) -> f64 {
        (self.reflectance_s + self.reflectance_p) / 2.0
    }

    /// Transmittance of unpolarised light.
    pub fn transmittance(&self) -> f64 {
        (self.transmittance_s + self.transmittance_p) / 2.0
    }
}

/// Amplitude reflectances (s, p) of one air–glass face for light that arrives from the air. p = direction × s on both ways,
/// so that at normal incidence s and p have opposite signs.
pub(crate) fn face_amplitude(refractive_index: f64, cos_incidence: f64) -> (f64, f64) {
    let sin_refracted = (1.0 - cos_incidence * cos_incidence).max(0.0).sqrt() / refractive_index;
    let cos_refracted = (1.0 - sin_refracted * sin_refracted).sqrt();
    let s = (cos_incidence - refractive_index * cos_refracted) / (cos_incidence + refractive_index * cos_refracted);
    let p = (refractive_index * cos_incidence - cos_refracted) / (refractive_index * cos_incidence + cos_refracted);
    (s, p)
}

/// Power reflectances (s, p) of one air–glass face for light that arrives from the air.
fn face_reflectance(refractive_index: f64, cos_incidence: f64) -> (f64, f64) {
    let (s, p) = face_amplitude(refractive_index, cos_incidence);
    (s * s, p * p)
}

/// Share of the light that survives one straight crossing of the glass along its normal.
///
/// The inverse of `T(0) = (1−r)²τ / (1−r²τ²)` for τ. A transmittance that even lossless glass does not reach
/// gives lossless glass.
pub fn internal_transmittance_normal(glazing: &Glazing) -> f64 {
    let total = f64::from(glazing.transmittance_normal).clamp(0.0, 1.0);
    let (r, _) = face_reflectance(f64::from(glazing.refractive_index), 1.0);
    let through = (1.0 - r) * (1.0 - r);
    if total <= 0.0 {
        return 0.0;
    }
    // The root without cancellation: q = 2T / (t² + √(t⁴ + 4r²T²)).
    (2.0 * total / (through + (through * through + 4.0 * r * r * total * total).sqrt())).min(1.0)
}

/// Reflectance and transmittance of a pane for light that meets it at `cos_incidence` (cosine of the angle between
/// ray and pane normal; the sign does not matter).
pub fn slab(glazing: &Glazing, cos_incidence: f64) -> SlabPower {
    let cos_incidence = cos_incidence.abs().min(1.0);
    let n = f64::from(glazing.refractive_index);
    let sin_refracted = (1.0 - cos_incidence * cos_incidence).sqrt() / n;
    let cos_refracted = (1.0 - sin_refracted * sin_refracted).sqrt();
    let crossing = internal_transmittance_normal(glazing).powf(1.0 / cos_refracted);
    let (rs, rp) = face_reflectance(n, cos_incidence);
    let sum = |r: f64| {
        let echoes = 1.0 / (1.0 - r * r * crossing * crossing);
        let through = (1.0 - r) * (1.0 - r) * crossing * echoes;
        (r + through * r * crossing, through)
    };
    // At grazing incidence of lossless glass 0/0 would arise; everything is reflected there.
    if cos_incidence == 0.0 {
        return SlabPower { reflectance_s: 1.0, reflectance_p: 1.0, transmittance_s: 0.0, transmittance_p: 0.0 };
    }
    let ((reflectance_s, transmittance_s), (reflectance_p, transmittance_p)) = (sum(rs), sum(rp));
    SlabPower { reflectance_s, reflectance_p, transmittance_s, transmittance_p }
}

/// Number of entries of a [`PaneLut`].
pub const PANE_LUT_LEN: usize = 64;

/// Transmittance of unpolarised light per band over the cosine of incidence, for linear interpolation.
///
/// Entry `i` belongs to cos θ = `i / 63`.
#[derive(Debug, Clone, PartialEq)]
pub struct PaneLut {
    entries: [[f32; 3]; PANE_LUT_LEN],
}

impl PaneLut {
    /// Tabulates a bare glazing, the same in all bands.
    pub fn new(glazing: &Glazing) -> Self {
        Self::tabulated(|_, cosine| slab(glazing, cosine).transmittance())
    }

    /// Tabulates a pane with all that is on it, in the bands in which it is looked at.
    pub fn of_pane(pane: &Pane) -> Self {
        let (optics, bands) = (PaneOptics::of_pane(pane), Band::seen_in(pane.band));
        Self::tabulated(|channel, cosine| optics.lighting_transmittance(bands[channel], cosine))
    }

    fn tabulated(transmittance: impl Fn(usize, f64) -> f64) -> Self {
        let entries = std::array::from_fn(|i| {
            let cosine = i as f64 / (PANE_LUT_LEN - 1) as f64;
            std::array::from_fn(|channel| transmittance(channel, cosine) as f32)
        });
        Self { entries }
    }

    /// The same for light of which a pane of this refractive index admits a part; see [`entrance`](crate::entrance).
    pub(crate) fn admitting(&self, admission: &Admission, refractive_index: f64) -> Self {
        let entries = std::array::from_fn(|i| {
            let cosine = i as f64 / (PANE_LUT_LEN - 1) as f64;
            let share = admitted(admission, refractive_index, cosine) as f32;
            self.entries[i].map(|transmittance| transmittance * share)
        });
        Self { entries }
    }

    /// Transmittance at a cosine of incidence; the sign does not matter.
    pub fn at(&self, cos_incidence: f32) -> [f32; 3] {
        let x = cos_incidence.abs().min(1.0) * (PANE_LUT_LEN - 1) as f32;
        let i = (x as usize).min(PANE_LUT_LEN - 2);
        let t = x - i as f32;
        std::array::from_fn(|k| self.entries[i][k] + (self.entries[i + 1][k] - self.entries[i][k]) * t)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    fn glass(transmittance_normal: f32) -> Glazing {
        Glazing { transmittance_normal, refractive_index: 1.52, thickness_mm: 5.0 }
    }

    /// Angle (degrees), R, Rs, Rp, T, Tp for n = 1.52 and T(0) = 0.75: worked out by hand from the same physics,
    /// to three or four decimals. 56.7° stands for Brewster's angle, atan 1.52 = 56.66°.
    pub(crate) const TABLE: [[f64; 6]; 8] = [
        [0.0, 0.069, 0.069, 0.069, 0.750, 0.750],
        [40.0, 0.075, 0.126, 0.025, 0.727, 0.776],
        [50.0, 0.091, 0.175, 0.006, 0.704, 0.786],
        [56.7, 0.113, 0.226, 0.000, 0.676, 0.785],
        [60.0, 0.131, 0.260, 0.0025, 0.656, 0.780],
        [65.0, 0.171, 0.322, 0.020, 0.614, 0.759],
        [70.0, 0.233, 0.401, 0.064, 0.552, 0.711],
        [75.0, 0.329, 0.502, 0.156, 0.460, 0.620],
    ];

    #[test]
    fn fresnel_table_of_a_tinted_windscreen() {
        for [angle_deg, r, rs, rp, t, tp] in TABLE {
            let angle_rad = if angle_deg == 56.7 { f64::atan(1.52) } else { angle_deg.to_radians() };
            let power = slab(&glass(0.75), angle_rad.cos());
            let got = [
                power.reflectance(),
                power.reflectance_s,
                power.reflectance_p,
                power.transmittance(),
                power.transmittance_p,
            ];
            for (name, got, want) in
                [("R", got[0], r), ("Rs", got[1], rs), ("Rp", got[2], rp), ("T", got[3], t), ("Tp", got[4], tp)]
            {
                assert!((got - want).abs() <= 0.0006, "{name} at {angle_deg}°: {got:.5}, expected {want}");
            }
        }
    }

    #[test]
    fn lossless_glass_loses_nothing_and_brewster_reflects_no_p() {
        let lossless = glass(1.0);
        for angle_deg in 0..90 {
            let power = slab(&lossless, f64::from(angle_deg).to_radians().cos());
            assert!((power.reflectance_s + power.transmittance_s - 1.0).abs() < 1e-12);
            assert!((power.reflectance_p + power.transmittance_p - 1.0).abs() < 1e-12);
        }
        // Brewster: tan θ = n (as the 32-bit index has it).
        let brewster = f64::from(1.52f32).atan();
        assert!(slab(&glass(0.5), brewster.cos()).reflectance_p < 1e-12);
    }

    #[test]
    fn normal_incidence_returns_the_stated_transmittance() {
        for t in [0.02f32, 0.05, 0.2, 0.7, 0.78, 0.9] {
            let power = slab(&glass(t), 1.0);
            assert!((power.transmittance() - f64::from(t)).abs() < 1e-9);
        }
        assert_eq!(slab(&glass(0.0), 1.0).transmittance(), 0.0);
        assert_eq!(slab(&glass(0.7), 0.0).reflectance(), 1.0);
    }

    #[test]
    fn table_for_the_renderer_stays_close_to_the_formula() {
        let mut worst = [0.0f64; 2];
        for t in [0.05f32, 0.2, 0.35, 0.75, 0.9] {
            let lut = PaneLut::new(&glass(t));
            for k in 0..=5000 {
                let cos = f64::from(k) / 5000.0;
                let [lut_t, ..] = lut.at(cos as f32).map(f64::from);
                let power = slab(&glass(t), cos);
                // Grazing light (beyond 89°) is left out of the tight bound: the curve bends fastest there.
                let i = usize::from(cos < 0.017);
                let error = (lut_t - power.transmittance()).abs();
                worst[i] = worst[i].max(error);
            }
        }
        assert!(worst[0] < 0.002, "up to 89°: {}", worst[0]);
        assert!(worst[1] < 0.006, "beyond 89°: {}", worst[1]);
    }
}
