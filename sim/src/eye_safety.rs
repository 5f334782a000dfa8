//! What a rig's near-infrared lamps mean for the eyes of those who sit before them.
use glam::Vec3;
use laneproof_optics::eye_safety::{EyeSafetyError, Illuminator, Verdict, assess};
use laneproof_scenes::catalogue::{Lamp, LampLight, LaneSpec, Rig};

/// Where eyes can be while vehicles pass and stand, lane frame, metres (assumption: from the hood of a car before the stop
/// line back to the third row).
const EYES_M: [Vec3; 2] = [Vec3::new(-1.0, 0.9, -8.0), Vec3::new(1.0, 1.8, -1.0)];
/// How long somebody sits there, seconds (assumption: a long stop at a booth).
pub const STAY_S: f64 = 120.0;

/// The verdict on the near-infrared lamps of lane and rig for eyes at the nearest place to each lamp, by IEC 62471:2006, and
/// the least distance in metres; `None` without such lamps. A strobe is counted with as many flashes a second as all its
/// cameras' triggers together, as if a stop took a second.
pub fn eye_safety(lane: &LaneSpec, rig: &Rig) -> Option<Result<(Verdict, f32), EyeSafetyError>> {
    let mut nearest_m = f32::INFINITY;
    let seen: Vec<Illuminator> = lane
        .lamps
        .iter()
        .chain(&rig.illuminators)
        .filter_map(|lamp| {
            let wavelength_nm = match lamp.light {
                LampLight::White => return None,
                LampLight::Nir850 => 850.0,
                LampLight::Nir940 => 940.0,
            };
            let position_m = Vec3::from(lamp.position_m);
            let distance_m = position_m.distance(position_m.clamp(EYES_M[0], EYES_M[1])).max(0.1);
            nearest_m = nearest_m.min(distance_m);
            let (pulse_s, pulses_per_s) = pulses(lamp, rig);
            // A square of the disc's area.
            let side_m = f64::from(lamp.diameter_m) * (std::f64::consts::PI / 4.0).sqrt();
            let intensity = f64::from(lamp.intensity);
            let (size_m, distance_m) = ([side_m; 2], f64::from(distance_m));
            Some(Illuminator::from_intensity(wavelength_nm, intensity, size_m, distance_m, pulse_s, pulses_per_s))
        })
        .collect();
    (!seen.is_empty()).then(|| assess(&seen, STAY_S).map(|verdict| (verdict, nearest_m)))
}

/// Length of a lamp's pulses in seconds, and how many there are a second.
fn pulses(lamp: &Lamp, rig: &Rig) -> (f64, f64) {
    let Some(pulse_us) = lamp.pulse_us else { return (1.0, 1.0) };
    let flashes: usize =
        rig.cameras.iter().filter(|camera| lamp.lights(&camera.id)).map(|camera| camera.triggers.len()).sum();
    (f64::from(pulse_us) * 1e-6, flashes as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane_with(intensity: f32, light: LampLight) -> LaneSpec {
        LaneSpec {
            title: "test".into(),
            bearing_deg: 0.0,
            width_m: 3.6,
            kerb_height_m: 0.15,
            booth: false,
            canopy: None,
            lamps_below_sun_deg: None,
            lamps: vec![Lamp {
                id: "lamp".into(),
                position_m: [3.0, 1.5, -3.0],
                look_at_m: [0.0, 1.3, -3.0],
                light,
                intensity,
                beam_deg: 30.0,
                diameter_m: 0.1,
                pulse_us: None,
                cameras: Vec::new(),
                source: "test".into(),
            }],
            road_reflectance: 0.1,
            source: "test".into(),
        }
    }

    #[test]
    fn a_strong_lamp_exceeds_the_limit_and_a_white_one_is_not_judged() {
        let rig = Rig { title: "test".into(), cameras: Vec::new(), illuminators: Vec::new() };
        let verdict = |intensity, light| eye_safety(&lane_with(intensity, light), &rig).map(|v| v.expect("judged"));
        let (weak, distance_m) = verdict(1.0, LampLight::Nir850).expect("there is a lamp");
        // From x = 3 m to the seats' edge at 1 m.
        assert!(weak.passes() && (distance_m - 2.0).abs() < 1e-5);
        assert!((weak.cornea.value - 0.25).abs() < 1e-6, "1 W/sr at 2 m");
        let (strong, _) = verdict(3_000.0, LampLight::Nir850).expect("there is a lamp");
        assert!(!strong.passes());
        assert!(verdict(3_000.0, LampLight::White).is_none());
    }
}
