//! What a lens does to light and sharpness, as numbers: thin-lens optics (E. Hecht, *Optics*, 5th ed., ch. 5 and 10).
use laneproof_scenes::{
    catalogue::{Lens, Sensor},
    infrared::Infrared,
};

/// Planck's constant × speed of light, J·m (SI 2019, both exact).
const HC_J_M: f64 = 6.626_070_15e-34 * 299_792_458.0;
/// Middles of the camera bands red, green, blue, nanometres.
pub const BAND_CENTRES_NM: [f64; 3] = [650.0, 550.0, 450.0];

/// Middles of the bands that a sensor's three channels stand for, nanometres.
pub fn band_centres_nm(sensor: &Sensor) -> [f64; 3] {
    match sensor.band {
        None => BAND_CENTRES_NM,
        Some(Infrared::Nir850) => [850.0; 3],
        Some(Infrared::Nir940) => [940.0; 3],
    }
}

/// Photons that a pixel on the axis receives per unit of band radiance (1 W·m⁻²·sr⁻¹) and second, for red, green, blue:
/// π τ / (4 N²) × pixel area ÷ photon energy at the band's middle.
pub fn photons_per_radiance_s(lens: &Lens, pixel_pitch_um: f32, centres_nm: [f64; 3]) -> [f64; 3] {
    let etendue = std::f64::consts::PI * f64::from(lens.transmittance) / (4.0 * f64::from(lens.f_number).powi(2));
    let area_m2 = (f64::from(pixel_pitch_um) * 1e-6).powi(2);
    centres_nm.map(|nm| etendue * area_m2 * (nm * 1e-9) / HC_J_M)
}

/// Natural vignetting cos⁴ θ of a pixel `offset_um` away from the axis on the sensor.
pub fn cos4(lens: &Lens, offset_um: [f32; 2]) -> f32 {
    let focal_um = lens.focal_length_mm * 1e3;
    let f2 = focal_um * focal_um;
    let cos2 = f2 / (f2 + offset_um[0] * offset_um[0] + offset_um[1] * offset_um[1]);
    cos2 * cos2
}

/// Pixels of a circle of confusion's diameter per 1/m between the reciprocals of a point's distance and the focus's, and
/// the reciprocal of the focus's: the thin lens's f²/N · |d − s| ÷ (d (s − f)) is f²/N ÷ (1 − f/s) · |1/d − 1/s|, which
/// also holds for a lens that is focused at infinity.
pub(crate) fn circle_slope(lens: &Lens, pixel_pitch_um: f32) -> (f64, f64) {
    let f_m = f64::from(lens.focal_length_mm) * 1e-3;
    let nearness = 1.0 / f64::from(lens.focus_distance_m);
    let slope_m2 = f_m * f_m / f64::from(lens.f_number) / (1.0 - f_m * nearness);
    (slope_m2 / (f64::from(pixel_pitch_um) * 1e-6), nearness)
}

/// Diameter of the circle of confusion on the sensor, pixels, of a point `distance_m` before the entrance pupil.
pub fn circle_of_confusion_px(lens: &Lens, pixel_pitch_um: f32, distance_m: f32) -> f32 {
    let (slope_px_m, focus) = circle_slope(lens, pixel_pitch_um);
    (slope_px_m * (1.0 / f64::from(distance_m) - focus).abs()) as f32
}

/// Nearest and farthest distance, metres, whose circle of confusion stays within `limit_px`; the far one is infinite
/// beyond the hyperfocal distance.
pub fn depth_of_field_m(lens: &Lens, pixel_pitch_um: f32, limit_px: f32) -> (f32, f32) {
    let (slope_px_m, focus) = circle_slope(lens, pixel_pitch_um);
    let reach = f64::from(limit_px) / slope_px_m;
    let far = if focus > reach { 1.0 / (focus - reach) } else { f64::INFINITY };
    ((1.0 / (focus + reach)) as f32, far as f32)
}

/// Length of the streak, pixels, that a moving point leaves: speed × exposure × pixels per metre × sine of the angle
/// between motion and optical axis.
pub fn motion_blur_px(speed_mps: f32, exposure_us: f32, pixels_per_metre: f32, angle_rad: f32) -> f32 {
    speed_mps * exposure_us * 1e-6 * pixels_per_metre * angle_rad.sin().abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A lens that images 1,440 px/m on 3.45 µm pixels at its focus.
    fn lens(f_number: f32) -> Lens {
        let magnification = 1440.0 * 3.45e-6;
        let focal_length_mm = 100.0f32;
        let focus_distance_m = focal_length_mm * 1e-3 * (1.0 + 1.0 / magnification);
        Lens {
            focal_length_mm,
            f_number,
            transmittance: 0.9,
            focus_distance_m,
            polariser: None,
            mtf50_lp_per_mm: None,
            veiling_glare: None,
            distortion: None,
        }
    }

    #[test]
    fn depth_of_field_at_1440_px_per_metre() {
        for (f_number, want) in [(2.8, 1.6), (4.0, 2.3), (5.6, 3.2), (8.0, 4.5)] {
            let (near, far) = depth_of_field_m(&lens(f_number), 3.45, 2.0);
            assert!((far - near - want).abs() < 0.07, "f/{f_number}: {} not {want}", far - near);
            for distance in [near, far] {
                assert!((circle_of_confusion_px(&lens(f_number), 3.45, distance) - 2.0).abs() < 0.01);
            }
        }
        assert!(circle_of_confusion_px(&lens(4.0), 3.45, lens(4.0).focus_distance_m) < 1e-4);
    }

    #[test]
    fn focused_at_infinity_the_circle_is_that_of_the_aperture() {
        // A far-focused lens images its aperture's shadow: diameter f²/(N d); sharp from the hyperfocal distance on.
        let far = Lens { focus_distance_m: f32::INFINITY, ..lens(4.0) };
        assert!((circle_of_confusion_px(&far, 3.45, 10.0) - 0.1 * 0.1 / 4.0 / 10.0 / 3.45e-6).abs() < 0.01);
        assert_eq!(circle_of_confusion_px(&far, 3.45, f32::INFINITY), 0.0);
        let (near, end) = depth_of_field_m(&far, 3.45, 2.0);
        assert!((near - 0.1 * 0.1 / 4.0 / (2.0 * 3.45e-6)).abs() < 0.1 && end == f32::INFINITY);
    }

    #[test]
    fn motion_blur_of_passing_cars() {
        let (mph, angle) = (0.447_04, 25f32.to_radians());
        assert!((motion_blur_px(10.0 * mph, 500.0, 1440.0, angle) - 1.4).abs() < 0.05);
        assert!((motion_blur_px(25.0 * mph, 1000.0, 1440.0, angle) - 6.8).abs() < 0.05);
        let across =
            motion_blur_px(1.0, 1.0, 1440.0, std::f32::consts::FRAC_PI_2) / motion_blur_px(1.0, 1.0, 1440.0, angle);
        assert!((across - 2.4).abs() < 0.05);
    }

    #[test]
    fn vignetting_follows_the_field_angle() {
        let lens = Lens {
            focal_length_mm: 10.0,
            f_number: 4.0,
            transmittance: 1.0,
            focus_distance_m: 5.0,
            polariser: None,
            mtf50_lp_per_mm: None,
            veiling_glare: None,
            distortion: None,
        };
        assert_eq!(cos4(&lens, [0.0, 0.0]), 1.0);
        assert!((cos4(&lens, [10_000.0, 0.0]) - 0.25).abs() < 1e-6, "cos⁴ 45° = 1/4");
    }
}
