//! Lamps, small against their distance: with a round beam, or with that of a head-lamp.
use glam::{Affine3A, Vec3};
use laneproof_scenes::{
    beam::{BeamPattern, DIPPED_CD},
    catalogue::{HeadLampKind, Lamp, LampLight},
    infrared::Infrared,
};

use crate::spectrum::{self, Spectrum};

/// Colour temperature that stands for white LEDs, kelvin: CIE D50.
const WHITE_CCT_K: f64 = 5_003.0;

/// Colour temperature that stands for the LEDs of head-lamps, kelvin (assumption: the whites that UN R112 admits reach from
/// some 4,000 to 6,500 K).
const LED_HEAD_LAMP_CCT_K: f64 = 5_700.0;
/// Temperature of the filament of a halogen bulb of 12 V at 13.2 V, kelvin (assumption: bulbs of type H7 have colour
/// temperatures of 3,100 to 3,300 K).
const HALOGEN_K: f64 = 3_200.0;
/// Width of a near-infrared camera's band, nanometres: that of the filter for which daylight is given.
const NIR_BAND_NM: f64 = 50.0;
/// Where a head-lamp's beam ends, degrees from its axis (assumption: UN R48 wants it seen 45° to the outside).
const HEAD_LAMP_ENDS_DEG: f32 = 60.0;

/// A beam that is not round, and how it is turned about its axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TurnedPattern {
    /// Beam, over the tangents of the angles to the right and up.
    pub pattern: BeamPattern,
    /// Unit vector across the axis, to the right for who looks along it.
    pub right: Vec3,
}

/// A lamp in the three channels of a camera.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LampSource {
    /// Middle of what shines, metres.
    pub position_m: Vec3,
    /// Unit vector along the beam.
    pub axis: Vec3,
    /// Angle from the axis at which half of the intensity is left, radians.
    pub half_angle_rad: f32,
    /// Intensity on the axis, W·sr⁻¹ per channel; with a pattern, that of which it gives shares.
    pub intensity: [f32; 3],
    /// Radius of what shines, metres.
    pub radius_m: f32,
    /// What the round beam is multiplied with; `None`: nothing.
    pub pattern: Option<TurnedPattern>,
}

/// Where a head-lamp is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HeadLampPlace {
    /// Middle of its lens, metres.
    pub position_m: Vec3,
    /// Unit vector along the vehicle, forwards.
    pub forwards: Vec3,
    /// Unit vector up from the vehicle.
    pub up: Vec3,
    /// Radius of its lens, metres.
    pub radius_m: f32,
    /// By how much the cut-off falls towards the front, 0.01 for 1 %.
    pub aim_down: f32,
}

/// Watts in each channel of a camera of a band (`None`: the visible) for one lumen of a head-lamp.
pub fn head_lamp_watts_per_lumen(kind: HeadLampKind, band: Option<Infrared>) -> [f32; 3] {
    match (kind, band) {
        (HeadLampKind::Led, None) => Spectrum::daylight(LED_HEAD_LAMP_CCT_K).watts_per_lumen(),
        // Blue chips and phosphors end before 800 nm.
        (HeadLampKind::Led, Some(_)) => [0.0; 3],
        (HeadLampKind::Halogen, None) => Spectrum::planck(HALOGEN_K).watts_per_lumen(),
        (HeadLampKind::Halogen, Some(band)) => {
            let middle_nm = match band {
                Infrared::Nir850 => 850.0,
                Infrared::Nir940 => 940.0,
            };
            [spectrum::planck_watts_per_lumen(HALOGEN_K, middle_nm, NIR_BAND_NM) as f32; 3]
        }
    }
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
            pattern: None,
        })
    }

    /// A head-lamp's dipped beam as a camera of a band (`None`: the visible) sees it; `None` where it gives no light there. In
    /// the near infrared the beam has the same shape (assumption: reflectors and lenses are as good there).
    pub fn dipped(place: &HeadLampPlace, kind: HeadLampKind, band: Option<Infrared>) -> Option<Self> {
        let watts = head_lamp_watts_per_lumen(kind, band);
        if watts == [0.0; 3] {
            return None;
        }
        // Where the pattern's cut-off lies as low as on the screen of UN R112, the axis is level.
        let fall = place.aim_down + BeamPattern::DIPPED.cut;
        let right = place.forwards.cross(place.up).normalize();
        Some(Self {
            position_m: place.position_m,
            axis: (place.forwards - place.up * fall).normalize(),
            half_angle_rad: ((1.0 + HEAD_LAMP_ENDS_DEG.to_radians().cos()) / 2.0).acos(),
            intensity: watts.map(|w| w * DIPPED_CD),
            radius_m: place.radius_m,
            pattern: Some(TurnedPattern { pattern: BeamPattern::DIPPED, right }),
        })
    }

    /// The same lamp where its frame has been moved.
    pub fn moved(self, by: Affine3A) -> Self {
        let turned = |v: Vec3| by.transform_vector3(v).normalize();
        Self {
            position_m: by.transform_point3(self.position_m),
            axis: turned(self.axis),
            pattern: self.pattern.map(|pattern| TurnedPattern { right: turned(pattern.right), ..pattern }),
            ..self
        }
    }

    /// The same lamp with a share of its light.
    pub fn dimmed(self, share: f32) -> Self {
        Self { intensity: self.intensity.map(|i| i * share), ..self }
    }

    /// Share of the axis' intensity in a direction from the lamp (unit vector): over the cosine of the angle it falls
    /// smoothly, 3s² − 2s³, to half at the half angle and to nothing as far beyond (assumption; LED lenses have such beams).
    /// With a pattern, that times what the pattern has there.
    pub fn share(&self, direction: Vec3) -> f32 {
        let end = self.end_cosine();
        let along = direction.dot(self.axis);
        let s = ((along - end) / (1.0 - end)).clamp(0.0, 1.0);
        let round = s * s * (3.0 - 2.0 * s);
        match &self.pattern {
            Some(TurnedPattern { pattern, right }) if round > 0.0 => {
                let along = along.max(1e-3);
                let up = right.cross(self.axis);
                round * pattern.share(direction.dot(*right) / along, direction.dot(up) / along)
            }
            _ => round,
        }
    }

    /// Cosine of the angle from the axis beyond which there is no light.
    pub fn end_cosine(&self) -> f32 {
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

    const PLACE: HeadLampPlace = HeadLampPlace {
        position_m: Vec3::new(0.7, 0.65, 0.0),
        forwards: Vec3::Z,
        up: Vec3::Y,
        radius_m: 0.04,
        aim_down: 0.01,
    };

    #[test]
    fn a_head_lamp_lights_a_target_at_25_m_as_its_pattern_says() {
        let lamp = LampSource::dipped(&PLACE, HeadLampKind::Led, None).unwrap();
        // 75R and B50L of UN R112; to the right is −X.
        for (right_deg, up_deg) in [(1.15f32, -0.57f32), (-3.43, 0.57)] {
            let (right, up) = (right_deg.to_radians(), up_deg.to_radians());
            let direction = Vec3::new(-up.cos() * right.sin(), up.sin(), up.cos() * right.cos());
            let (_, distance_m, irradiance) = lamp.seen_from(PLACE.position_m + 25.0 * direction);
            assert!((distance_m - 25.0).abs() < 1e-3);
            let candela = DIPPED_CD * BeamPattern::DIPPED.share(right.tan(), up.tan() / right.cos());
            let lux = crate::spectrum::luminance_cd_m2(irradiance);
            assert!((lux / (candela / 625.0) - 1.0).abs() < 0.05, "{lux} lx of {candela} cd");
        }
        // Nothing goes backwards or far to the side.
        assert_eq!(lamp.share(Vec3::NEG_Z), 0.0);
        assert_eq!(lamp.share(Vec3::X), 0.0);
    }

    #[test]
    fn a_lower_aim_lowers_the_cut_off() {
        let edge = |aim_down: f32| {
            let lamp = LampSource::dipped(&HeadLampPlace { aim_down, ..PLACE }, HeadLampKind::Led, None).unwrap();
            // To the left, where the steepest fall of the logarithm is.
            let share = |k: i32| lamp.share(Vec3::new(0.05, k as f32 * 1e-4, 1.0).normalize()).ln();
            (-400..100).max_by(|a, b| (share(*a) - share(a + 1)).total_cmp(&(share(*b) - share(b + 1)))).unwrap()
        };
        // 0.5 % of slope are 50 of these steps.
        assert!((edge(0.010) - edge(0.015) - 50).abs() <= 1, "{} {}", edge(0.010), edge(0.015));
    }

    #[test]
    fn a_moved_lamp_shines_as_it_did_in_its_own_frame() {
        let lamp = LampSource::dipped(&PLACE, HeadLampKind::Halogen, None).unwrap();
        let by = Affine3A::from_rotation_translation(glam::Quat::from_rotation_y(0.7), Vec3::new(1.0, 0.2, -3.0));
        let place_m = Vec3::new(0.3, 0.2, 8.0);
        let (.., here) = lamp.seen_from(place_m);
        let (.., there) = lamp.moved(by).seen_from(by.transform_point3(place_m));
        assert!((there[1] / here[1] - 1.0).abs() < 1e-3, "{here:?} {there:?}");
    }

    #[test]
    fn halogen_is_bright_in_the_near_infrared_and_leds_are_dark_there() {
        assert!(LampSource::dipped(&PLACE, HeadLampKind::Led, Some(Infrared::Nir850)).is_none());
        // Planck's law at 3,200 K by hand, exponents 5.2896 (850 nm), 4.7832 (940 nm) and 6.9172 (650 nm): the powers in 50 nm
        // about 850 and 940 nm over that in 600 to 700 nm are 0.5 · (650/850)⁵ · (e^6.9172 − 1)/(e^5.2896 − 1) = 0.668 and 0.673.
        let red = head_lamp_watts_per_lumen(HeadLampKind::Halogen, None)[0];
        for (band, share) in [(Infrared::Nir850, 0.668), (Infrared::Nir940, 0.673)] {
            let of_red = head_lamp_watts_per_lumen(HeadLampKind::Halogen, Some(band))[0] / red;
            assert!((of_red / share - 1.0).abs() < 0.02, "{band:?}: {of_red}");
        }
    }
}
