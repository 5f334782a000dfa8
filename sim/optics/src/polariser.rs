//! Linear polarising filters in front of a camera or an illuminator.
use glam::DVec3;

use crate::{
    band::{Band, PerBand},
    stokes::{Frame, Mueller},
};

/// A linear polariser, by its two principal transmittances (D. Goldstein, *Polarized Light*, 3rd ed., ch. 5).
///
/// Of unpolarised light (along + across)/2 passes; the extinction ratio is along ÷ across.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinearPolariser {
    /// Share that passes of light polarised along the filter's transmission axis, 0..1.
    pub along: f64,
    /// Share that passes of light polarised across it, 0..1.
    pub across: f64,
}

/// Iodine in stretched film: made for the visible, it lets both polarisations pass beyond about 780 nm (assumption, from
/// the usual shape of data sheets: crossed films are nearly transparent at 850 nm).
const IODINE_ALONG: PerBand = [0.82, 0.80, 0.72, 0.88, 0.90];
const IODINE_RATIO: PerBand = [5_000.0, 5_000.0, 500.0, 1.5, 1.05];
/// Aluminium wires on glass: as good in the infrared as in the visible (assumption, typical of data sheets).
const WIRE_GRID_ALONG: PerBand = [0.86, 0.85, 0.80, 0.88, 0.88];
const WIRE_GRID_RATIO: PerBand = [2_000.0, 1_000.0, 400.0, 4_000.0, 5_000.0];

impl LinearPolariser {
    /// Passes all of one polarisation and nothing of the other.
    pub const IDEAL: Self = Self { along: 1.0, across: 0.0 };

    /// A filter by its transmittance along its axis and its extinction ratio, along ÷ across, at least 1.
    pub fn with_extinction(along: f64, extinction_ratio: f64) -> Self {
        Self { along, across: along / extinction_ratio.max(1.0) }
    }

    /// The film of ordinary photographic filters, in a band. In the near infrared it hardly polarises.
    pub fn iodine_film(band: Band) -> Self {
        Self::with_extinction(band.of(&IODINE_ALONG), band.of(&IODINE_RATIO))
    }

    /// A wire grid, in a band.
    pub fn wire_grid(band: Band) -> Self {
        Self::with_extinction(band.of(&WIRE_GRID_ALONG), band.of(&WIRE_GRID_RATIO))
    }

    /// Share of unpolarised light that passes.
    pub fn transmittance(&self) -> f64 {
        (self.along + self.across) / 2.0
    }

    /// Its matrix with the transmission axis at an angle from the frame's axis towards its second axis.
    ///
    /// What little passes across keeps its phase against what passes along (retardance 0; assumption, of no account at
    /// extinction ratios of hundreds).
    pub fn at_angle(&self, angle_rad: f64) -> Mueller {
        self.unturned().turned(angle_rad)
    }

    /// Its matrix for a ray that may cross it askew. `blocked_axis` (any length) lies in the filter and is the direction
    /// whose field it stops: that of the absorbing molecules or of the wires. Light polarised along its projection is
    /// blocked, so the axis that passes is perpendicular to it and to the ray; towards a picture's corners this is not the
    /// projection of the filter's own transmission axis.
    ///
    /// A ray along the blocked axis, which cannot cross the filter, is treated as polarised along the frame's second axis.
    pub fn on_ray(&self, frame: &Frame, blocked_axis: DVec3) -> Mueller {
        self.unturned().in_frame(frame.direction().cross(blocked_axis), frame)
    }

    fn unturned(&self) -> Mueller {
        Mueller::diattenuator(self.along, self.across, (self.along * self.across).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stokes::Stokes;

    const LIGHT: Stokes = Stokes::unpolarised(3.0);

    #[test]
    fn crossed_polarisers_are_dark() {
        for angle_deg in [-70.0, 0.0, 12.0, 45.0, 90.0] {
            let first = LinearPolariser::IDEAL.at_angle(f64::to_radians(angle_deg));
            let second = LinearPolariser::IDEAL.at_angle(f64::to_radians(angle_deg + 90.0));
            let out = Mueller::path([first, second]) * LIGHT;
            assert!(out.i.abs() < 1e-12 && out.q.abs() < 1e-12 && out.u.abs() < 1e-12, "{out:?}");
        }
        // Real ones: what leaks is along·across of each polarisation.
        let real = LinearPolariser::with_extinction(0.8, 400.0);
        let out = Mueller::path([real.at_angle(0.3), real.at_angle(0.3 + std::f64::consts::FRAC_PI_2)]) * LIGHT;
        assert!((out.i - 3.0 * 0.8 * 0.002).abs() < 1e-12, "{out:?}");
    }

    #[test]
    fn the_law_of_malus() {
        for angle_deg in 0..=180 {
            let angle = f64::from(angle_deg).to_radians();
            let out = LinearPolariser::IDEAL.at_angle(angle) * Stokes::linear(2.0, 1.0, 0.0);
            assert!((out.i - 2.0 * angle.cos().powi(2)).abs() < 1e-12);
            // With principal transmittances k1 and k2: k1·cos² + k2·sin².
            let out = LinearPolariser { along: 0.8, across: 0.1 }.at_angle(angle) * Stokes::linear(2.0, 1.0, 0.0);
            assert!((out.i - 2.0 * (0.8 * angle.cos().powi(2) + 0.1 * angle.sin().powi(2))).abs() < 1e-12);
        }
        // A third filter at 45° between crossed ones: an eighth of the light.
        let three = [0.0, 45.0, 90.0].map(|a| LinearPolariser::IDEAL.at_angle(f64::to_radians(a)));
        assert!(((Mueller::path(three) * LIGHT).i - 3.0 / 8.0).abs() < 1e-12);
    }

    #[test]
    fn a_filter_crossed_askew_blocks_along_the_projection_of_its_molecules() {
        let wires = DVec3::X;
        let ray = DVec3::new(0.3, -0.2, 1.0);
        let frame = Frame::new(ray, DVec3::new(0.2, 1.0, 0.5)).unwrap();
        let filter = LinearPolariser::IDEAL.on_ray(&frame, wires);
        let along_wires = Stokes::linear(1.0, 1.0, frame.angle_to_rad(wires));
        assert!((filter * along_wires).i.abs() < 1e-12);
        assert!((filter.transmittance() - 0.5).abs() < 1e-12);
        // Straight on it is the filter at an angle.
        let frame = Frame::new(DVec3::Z, DVec3::X).unwrap();
        let got = LinearPolariser::IDEAL.on_ray(&frame, DVec3::new(0.5, 0.8, 0.0)).rows();
        // What passes is perpendicular to wires along (0.5, 0.8): (−0.8, 0.5).
        let want = LinearPolariser::IDEAL.at_angle(f64::atan2(0.5, -0.8)).rows();
        assert!(got.as_flattened().iter().zip(want.as_flattened()).all(|(a, b)| (a - b).abs() < 1e-12));
    }

    #[test]
    fn film_for_the_visible_hardly_polarises_the_infrared() {
        for band in Band::ALL {
            for filter in [LinearPolariser::iodine_film(band), LinearPolariser::wire_grid(band)] {
                assert!((0.0..=0.5).contains(&filter.across) || !band.is_visible());
                assert!(filter.along <= 1.0 && filter.across <= filter.along);
            }
        }
        let film = LinearPolariser::iodine_film(Band::Nir850);
        assert!(film.along / film.across < 2.0);
        let grid = LinearPolariser::wire_grid(Band::Nir850);
        assert!(grid.along / grid.across > 1_000.0);
    }
}
