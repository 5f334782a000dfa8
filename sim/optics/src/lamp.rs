//! Lamps with a round beam, small against their distance.
use glam::Vec3;
use laneproof_scenes::{
    catalogue::{Lamp, LampLight},
    infrared::Infrared,
};

use crate::spectrum::Spectrum;

/// Colour temperature that stands for white LEDs, kelvin: CIE D50.
const WHITE_CCT_K: f64 = 5_003.0;

/// A lamp in the three channels of a camera.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LampSource {
    /// Middle of what shines, metres.
    pub position_m: Vec3,
    /// Unit vector along the beam.
    pub axis: Vec3,
    /// Angle from the axis at which half of the intensity is left, radians.
    pub half_angle_rad: f32,
    /// Intensity on the axis, W·sr⁻¹ per channel.
    pub intensity: [f32; 3],
    /// Radius of what shines, metres.
    pub radius_m: f32,
}

impl LampSource {
    /// A catalogue's lamp as a camera of a band (`None`: the visible) sees it, in the lane's frame; `None` where it gives no
    /// light there.
    pub fn of(lamp: &Lamp, band: Option<Infrared>) -> Option<Self> {
        if lamp.light.band() != band {
            return None;
        }
        let intensity = match lamp.light {
            // Candela are lumens per steradian.
            LampLight::White => Spectrum::daylight(WHITE_CCT_K).watts_per_lumen().map(|w| w * lamp.intensity),
            LampLight::Nir850 | LampLight::Nir940 => [lamp.intensity; 3],
        };
        let position_m = Vec3::from(lamp.position_m);
        Some(Self {
            position_m,
            axis: (Vec3::from(lamp.look_at_m) - position_m).normalize_or(Vec3::NEG_Y),
            half_angle_rad: (lamp.beam_deg / 2.0).to_radians(),
            intensity,
            radius_m: lamp.diameter_m / 2.0,
        })
    }

    /// The same lamp with a share of its light.
    pub fn dimmed(self, share: f32) -> Self {
        Self { intensity: self.intensity.map(|i| i * share), ..self }
    }

    /// Share of the axis' intensity in a direction from the lamp (unit vector): over the cosine of the angle it falls
    /// smoothly, 3s² − 2s³, to half at the half angle and to nothing as far beyond (assumption; LED lenses have such beams).
    pub fn share(&self, direction: Vec3) -> f32 {
        let end = self.end_cosine();
        let s = ((direction.dot(self.axis) - end) / (1.0 - end)).clamp(0.0, 1.0);
        s * s * (3.0 - 2.0 * s)
    }

    /// Cosine of the angle from the axis beyond which there is no light.
    pub(crate) fn end_cosine(&self) -> f32 {
        2.0 * self.half_angle_rad.cos() - 1.0
    }

    /// Direction towards the lamp from a place, distance in metres, and irradiance of a plane there that faces it, W·m⁻² per
    /// channel.
    pub fn seen_from(&self, place_m: Vec3) -> (Vec3, f32, [f32; 3]) {
        let way = self.position_m - place_m;
        let distance_m = way.length().max(1e-3);
        let towards = way / distance_m;
        let share = self.share(-towards) / (distance_m * distance_m);
        (towards, distance_m, self.intensity.map(|i| i * share))
    }

    /// Radiance of the lamp's disc as it is seen from a direction (unit vector from the lamp), W·m⁻²·sr⁻¹ per channel: its
    /// intensity over its area, the same all over the disc.
    pub fn radiance(&self, direction: Vec3) -> [f32; 3] {
        let area_m2 = std::f32::consts::PI * self.radius_m * self.radius_m;
        self.intensity.map(|i| i * self.share(direction) / area_m2)
    }

    /// The lamp's radiance on a ray (unit direction), 0 where the ray misses its disc; the disc is taken to face the ray.
    pub fn on_ray(&self, from_m: Vec3, direction: Vec3) -> [f32; 3] {
        let along = (self.position_m - from_m).dot(direction);
        let aside = self.position_m - (from_m + direction * along);
        if along <= 0.0 || aside.length() > self.radius_m { [0.0; 3] } else { self.radiance(-direction) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lamp(light: LampLight) -> Lamp {
        Lamp {
            id: "lamp".into(),
            position_m: [0.0, 4.0, 0.0],
            look_at_m: [0.0, 0.0, 0.0],
            light,
            intensity: 100.0,
            beam_deg: 60.0,
            diameter_m: 0.2,
            pulse_us: None,
            cameras: Vec::new(),
            source: "test".into(),
        }
    }

    #[test]
    fn light_falls_with_the_square_of_the_distance_and_to_half_at_the_half_angle() {
        let source = LampSource::of(&lamp(LampLight::Nir850), Some(Infrared::Nir850)).unwrap();
        let (towards, distance_m, irradiance) = source.seen_from(Vec3::ZERO);
        assert!((towards - Vec3::Y).length() < 1e-6 && (distance_m - 4.0).abs() < 1e-6);
        assert!((irradiance[0] - 100.0 / 16.0).abs() < 1e-4);
        let aside = Vec3::new(0.5, -(0.75_f32.sqrt()), 0.0);
        assert!((source.share(aside) - 0.5).abs() < 1e-5 && source.share(Vec3::Y) == 0.0);
    }

    #[test]
    fn radiance_over_its_solid_angle_is_the_irradiance() {
        let source = LampSource::of(&lamp(LampLight::Nir850), Some(Infrared::Nir850)).unwrap();
        let (_, distance_m, irradiance) = source.seen_from(Vec3::ZERO);
        let solid_angle_sr = std::f32::consts::PI * (source.radius_m / distance_m).powi(2);
        assert!((source.on_ray(Vec3::ZERO, Vec3::Y)[0] * solid_angle_sr / irradiance[0] - 1.0).abs() < 1e-4);
        assert_eq!(source.on_ray(Vec3::ZERO, Vec3::new(0.06, 1.0, 0.0).normalize()), [0.0; 3]);
    }

    #[test]
    fn lamps_shine_in_their_own_band_only_and_candela_are_candela() {
        assert!(LampSource::of(&lamp(LampLight::Nir850), None).is_none());
        assert!(LampSource::of(&lamp(LampLight::White), Some(Infrared::Nir850)).is_none());
        let white = LampSource::of(&lamp(LampLight::White), None).unwrap();
        // Luminous intensity back from the bands.
        let candela = crate::spectrum::luminance_cd_m2(white.intensity);
        assert!((candela / 100.0 - 1.0).abs() < 0.05, "{candela}");
    }
}
