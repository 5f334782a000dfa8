//! How the sky's light is polarised: Rayleigh's single scattering, weakened by haze.
//!
//! At an angle θ from the sun light is polarised to the degree P·sin²θ/(1 + cos²θ), perpendicular to the plane of scattering,
//! in which sun, place and direction lie (Lord Rayleigh, 1871; K. L. Coulson, *Polarization and Intensity of Light in the
//! Atmosphere*, 1988, ch. 2). P is 1 for single scattering by round molecules. In the real sky the shape of molecules, light
//! scattered twice, haze and bright ground lower it: clear skies are reported at 0.7 to 0.85.
//!
//! Left out: the neutral points of Arago, Babinet and Brewster near the sun and opposite to it (light scattered twice; the
//! degree is low there anyhow), and that the degree depends a little on the wavelength. In the near infrared clean air
//! polarises more and haze counts more; the same degree is used for all bands (assumption). Ground and canopies are taken as
//! unpolarised (assumption).
use glam::DVec3;
use laneproof_scenes::catalogue::Sky;

use crate::stokes::{Frame, Stokes};

/// Turbidity of a clear sky when nobody says otherwise: clear, not hazy (assumption). Gives the lower end of what was
/// measured in clear skies, 0.70.
pub const CLEAR_TURBIDITY: f64 = 2.0;
/// What the shape of molecules and light scattered twice leave of the polarisation in the cleanest air (assumption, of the
/// size of Coulson's tables of molecular atmospheres).
const CLEAN_AIR_DEGREE: f64 = 0.94;

/// How strongly a sky is polarised.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SkyPolarisation {
    /// Degree of linear polarisation at 90° from the sun, 0..1.
    pub max_degree: f64,
}

impl SkyPolarisation {
    /// An overcast sky: clouds scatter so often that nothing is left.
    pub const OVERCAST: Self = Self { max_degree: 0.0 };

    /// A cloudless sky of this turbidity (extinction by air and haze together over that by air alone, as in Preetham's
    /// sky; 2 very clear, 6 hazy, 10 and more mist).
    ///
    /// P = exp(−(T − 0.6)/4), from E. Gkanias et al., *From skylight input to behavioural output*, PLoS Comput. Biol. 15
    /// (2019) e1007123, as their published code has it: 0.70 at T = 2, 0.55 at 3, 0.26 at 6; here at most 0.94.
    pub fn clear(turbidity: f64) -> Self {
        Self { max_degree: (-(turbidity.max(1.0) - 0.6) / 4.0).exp().min(CLEAN_AIR_DEGREE) }
    }

    /// A catalogue's sky; the turbidity counts for clear ones only.
    pub fn of(sky: Sky, turbidity: f64) -> Self {
        match sky {
            Sky::Clear => Self::clear(turbidity),
            Sky::Overcast => Self::OVERCAST,
        }
    }

    /// Degree of polarisation and unit axis of the electric field of the light that is seen in a direction. Both vectors
    /// lead away from the observer, in any length and one common frame. Towards the sun and opposite to it, where there is
    /// no plane of scattering, the degree is 0 and the axis is some perpendicular.
    pub fn at(&self, direction: DVec3, sun_direction: DVec3) -> (f64, DVec3) {
        let direction = direction.normalize_or(DVec3::Y);
        let sun = sun_direction.normalize_or(DVec3::Y);
        let across = sun.cross(direction);
        // |sun × direction|² is sin²θ, without the loss of digits of 1 − cos²θ near the sun.
        let (sin_squared, cos) = (across.length_squared(), sun.dot(direction));
        let degree = self.max_degree * sin_squared / (1.0 + cos * cos);
        (degree, across.try_normalize().unwrap_or_else(|| direction.any_orthonormal_vector()))
    }

    /// The light of this radiance (or any power) that is seen along a frame's direction, with Q and U against the frame's
    /// axis. Directions below the horizon show ground and give unpolarised light; +Y is up.
    pub fn stokes(&self, radiance: f64, frame: &Frame, sun_direction: DVec3) -> Stokes {
        if frame.direction().y < 0.0 {
            return Stokes::unpolarised(radiance);
        }
        let (degree, axis) = self.at(frame.direction(), sun_direction);
        Stokes::linear(radiance, degree, frame.angle_to_rad(axis))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn towards(zenith_deg: f64, azimuth_deg: f64) -> DVec3 {
        let ((sz, cz), (sa, ca)) = (zenith_deg.to_radians().sin_cos(), azimuth_deg.to_radians().sin_cos());
        DVec3::new(sz * sa, cz, sz * ca)
    }

    #[test]
    fn degrees_by_hand() {
        let sky = SkyPolarisation { max_degree: 0.8 };
        let sun = towards(40.0, 25.0);
        // At 60° from the sun: 0.75/1.25 = 0.6; at 90°: 1; at 45°: 0.5/1.5; at 150°: 0.25/1.75.
        for (angle, share) in
            [(0.0, 0.0), (45.0, 1.0 / 3.0), (60.0, 0.6), (90.0, 1.0), (150.0, 1.0 / 7.0), (180.0, 0.0)]
        {
            let (degree, axis) = sky.at(towards(40.0 + angle, 25.0), sun);
            assert!((degree - 0.8 * share).abs() < 1e-9, "{angle}: {degree}");
            assert!((axis.length() - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn the_field_is_perpendicular_to_sun_and_direction() {
        let sky = SkyPolarisation::clear(2.0);
        for zenith in [5.0, 33.0, 71.0] {
            for azimuth in [0.0, 50.0, 160.0, 290.0] {
                let (sun, direction) = (towards(50.0, 80.0), towards(zenith, azimuth));
                let (_, axis) = sky.at(direction * 3.0, sun * 0.5);
                assert!(axis.dot(sun).abs() < 1e-12 && axis.dot(direction).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn angle_from_the_vertical_is_that_of_spherical_trigonometry() {
        // tan α = (sin θ·cos θs − cos θ·sin θs·cos Δφ) / (sin θs·sin Δφ), from the local vertical, apart from the sense
        // (as in the Rayleigh sky model of the literature on polarisation compasses).
        let sky = SkyPolarisation::clear(2.0);
        for (zenith, sun_zenith, turn) in [(30.0, 60.0, 40.0), (75.0, 20.0, 130.0), (50.0, 85.0, 250.0f64)] {
            let direction = towards(zenith, turn);
            let (_, axis) = sky.at(direction, towards(sun_zenith, 0.0));
            let frame = Frame::new(direction, DVec3::Y).unwrap();
            let ((sz, cz), (ss, cs)) = (f64::to_radians(zenith).sin_cos(), f64::to_radians(sun_zenith).sin_cos());
            let (sd, cd) = turn.to_radians().sin_cos();
            let want = (sz * cs - cz * ss * cd) / (ss * sd);
            assert!((frame.angle_to_rad(axis).tan().abs() - want.abs()).abs() < 1e-9);
        }
        // At the zenith the field lies across the sun's bearing; opposite a setting sun's meridian it is horizontal.
        let (degree, axis) = sky.at(DVec3::Y, towards(90.0, 0.0));
        assert!((axis.x.abs() - 1.0).abs() < 1e-12 && (degree - sky.max_degree).abs() < 1e-12);
    }

    #[test]
    fn stokes_vectors_turn_with_the_frame() {
        let sky = SkyPolarisation::clear(2.0);
        let (direction, sun) = (towards(60.0, 200.0), towards(35.0, 80.0));
        let frame = Frame::new(direction, DVec3::new(0.3, 0.9, -0.2)).unwrap();
        let light = sky.stokes(7.0, &frame, sun);
        let (degree, axis) = sky.at(direction, sun);
        assert!((light.degree() - degree).abs() < 1e-12);
        // Against the field's own axis all of it is Q.
        let own = frame.rotation_to(axis) * light;
        assert!((own.q - 7.0 * degree).abs() < 1e-12 && own.u.abs() < 1e-12);
        let other = Frame::new(direction, DVec3::X).unwrap();
        let turned = frame.rotation_to(DVec3::X) * light;
        let want = sky.stokes(7.0, &other, sun);
        assert!((turned.q - want.q).abs() < 1e-12 && (turned.u - want.u).abs() < 1e-12);
    }

    #[test]
    fn haze_and_clouds_take_the_polarisation_away() {
        let at = |t| SkyPolarisation::clear(t).max_degree;
        assert!((at(2.0) - 0.7047).abs() < 1e-4 && (at(6.0) - 0.2592).abs() < 1e-4);
        assert!(at(1.0) <= CLEAN_AIR_DEGREE && at(0.0) == at(1.0));
        assert!([1.0, 2.0, 3.0, 5.0, 9.0].windows(2).all(|w| at(w[0]) > at(w[1])));
        assert_eq!(SkyPolarisation::of(Sky::Overcast, 2.0), SkyPolarisation::OVERCAST);
        assert_eq!(SkyPolarisation::of(Sky::Clear, CLEAR_TURBIDITY), SkyPolarisation::clear(CLEAR_TURBIDITY));
        let frame = Frame::new(towards(60.0, 10.0), DVec3::Y).unwrap();
        assert_eq!(SkyPolarisation::OVERCAST.stokes(2.0, &frame, DVec3::X).degree(), 0.0);
        let ground = Frame::new(DVec3::new(0.0, -0.5, 1.0), DVec3::Y).unwrap();
        assert_eq!(SkyPolarisation::clear(2.0).stokes(2.0, &ground, DVec3::X), Stokes::unpolarised(2.0));
    }

    #[test]
    fn no_direction_gives_nonsense() {
        let sky = SkyPolarisation::clear(2.0);
        for direction in [DVec3::X, DVec3::NEG_X, DVec3::ZERO, DVec3::Y] {
            let (degree, axis) = sky.at(direction, DVec3::X);
            assert!(degree.is_finite() && (axis.length() - 1.0).abs() < 1e-12);
        }
    }
}
