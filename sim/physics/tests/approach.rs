//! The drive to the stop line against kinematics.
use glam::Vec3;
use laneproof_physics::{BRAKING_MPS2, DriveError, TICKS_PER_SECOND, Trajectory, drive};
use laneproof_scenes::vehicle::{Vehicle, Wheel};

fn car() -> Vehicle {
    let wheel =
        |x: f32, z: f32| Wheel { hub_m: Vec3::new(x, 0.33, z), radius_m: 0.33, steered: z > 0.0, parts: Vec::new() };
    Vehicle {
        name: "test".into(),
        parts: Vec::new(),
        wheels: vec![wheel(0.79, 1.4), wheel(-0.79, 1.4), wheel(0.79, -1.4), wheel(-0.79, -1.4)],
        panes: Vec::new(),
        seats: Vec::new(),
        visors: Vec::new(),
        length_m: 4.8,
        width_m: 1.85,
        height_m: 1.45,
        front_z_m: 2.3,
        wheelbase_m: 2.8,
        mass_kg: 1_550.0,
    }
}

fn nose_pitch_rad(trajectory: &Trajectory, time_s: f64) -> f32 {
    trajectory.pose_at(time_s).transform_vector3(Vec3::Z).y.asin()
}

#[test]
fn the_front_stops_at_the_line_from_any_speed() {
    for speed in [2.0, 3.5, 5.0, 7.0, 9.0, 11.0, 14.0] {
        let t = drive(&car(), speed, 0.1).unwrap();
        let stop = t.stop_time_s();
        for time in [stop, stop + 2.0, stop + 60.0] {
            assert!(t.front_z_at(time).abs() < 0.15, "{speed} m/s: front at {} m", t.front_z_at(time));
            assert!(t.speed_at(time).abs() < 0.02);
        }
        assert!(t.front_z_at(0.0) <= -13.9);
        let pose = t.pose_at(stop);
        assert!((pose.translation.x - 0.1).abs() < 0.02, "{speed} m/s: {}", pose.translation.x);
        // Never harder than twice the comfortable deceleration, and on the whole close to it.
        let hardest = (0..(stop * 20.0) as u32)
            .map(|k| (t.speed_at(f64::from(k) * 0.05) - t.speed_at(f64::from(k) * 0.05 + 0.05)) / 0.05)
            .fold(0.0, f32::max);
        assert!(hardest > 0.6 * BRAKING_MPS2 && hardest < 1.5 * BRAKING_MPS2, "{speed} m/s: {hardest} m/s²");
    }
}

#[test]
fn rolls_freely_before_the_brakes() {
    let t = drive(&car(), 4.0, 0.0).unwrap();
    // Needs 4 m to brake; the first 8 m are free.
    for k in 0..=20 {
        let time = f64::from(k) * 0.1;
        assert!((t.speed_at(time) - 4.0).abs() < 0.01, "{}", t.speed_at(time));
        let z = t.front_z_at(time) - t.front_z_at(0.0);
        assert!((z - 4.0 * time as f32).abs() < 0.02, "{z} after {time} s");
        assert!(t.pose_at(time).translation.y.abs() < 0.005, "stands at its height: {}", t.pose_at(time).translation.y);
        for wheel in t.wheels_at(time) {
            assert!((wheel.spin_rad - z / 0.33).abs() < 0.1, "rolls without slip: {} rad over {z} m", wheel.spin_rad);
            assert!((wheel.hub_m.y - 0.33).abs() < 0.005);
        }
    }
}

#[test]
fn the_nose_dips_under_the_brakes_and_comes_back() {
    let t = drive(&car(), 6.0, 0.0).unwrap();
    let stop = t.stop_time_s();
    let braking = nose_pitch_rad(&t, stop - 1.0).to_degrees();
    // Moment a·h over the pitch stiffness ω²(L/2)²: 2 · 0.55 / (66.7 · 1.96) rad = 0.48° nose down.
    assert!(braking < -0.3 && braking > -0.9, "{braking}°");
    assert!(
        nose_pitch_rad(&t, stop + 2.4).to_degrees().abs() < 0.06,
        "{}",
        nose_pitch_rad(&t, stop + 2.4).to_degrees()
    );
    assert!(t.pose_at(stop + 2.4).translation.y.abs() < 0.005);
    for wheel in t.wheels_at(stop + 2.4) {
        assert!((wheel.hub_m.y - 0.33).abs() < 0.006, "wheels on the road: {}", wheel.hub_m.y);
    }
}

#[test]
fn distance_is_the_integral_of_speed() {
    let t = drive(&car(), 8.0, 0.0).unwrap();
    let steps = (t.stop_time_s() * f64::from(TICKS_PER_SECOND)) as u32;
    let dt = 1.0 / f64::from(TICKS_PER_SECOND);
    let travelled: f64 = (0..steps).map(|k| f64::from(t.speed_at((f64::from(k) + 0.5) * dt)) * dt).sum();
    let end = t.pose_at(t.stop_time_s()).translation.z - t.pose_at(0.0).translation.z;
    assert!((travelled - f64::from(end)).abs() < 0.05, "{travelled} against {end}");
}

#[test]
fn passing_times_meet_the_place() {
    let t = drive(&car(), 5.0, 0.0).unwrap();
    let mut last = -1.0;
    for z in [-10.0, -6.0, -3.0, -1.0, -0.3] {
        let time = t.time_front_passes(z).unwrap();
        assert!((t.front_z_at(time) - z).abs() < 0.005, "{z}: {}", t.front_z_at(time));
        assert!(time > last);
        last = time;
    }
    assert_eq!(t.time_front_passes(1.0), None);
    assert_eq!(t.time_front_passes(-20.0), None);
}

#[test]
fn same_arguments_give_the_same_bytes() {
    let bits = || {
        let t = drive(&car(), 6.3, -0.17).unwrap();
        (0..40).flat_map(|k| t.pose_at(f64::from(k) * 0.1).to_cols_array().map(f32::to_bits)).collect::<Vec<_>>()
    };
    assert_eq!(bits(), bits());
}

#[test]
fn impossible_drives_are_refused() {
    assert_eq!(drive(&car(), -3.0, 0.0).unwrap_err(), DriveError::Speed(-3.0));
    assert!(drive(&car(), f32::NAN, 0.0).is_err());
    let mut tricycle = car();
    tricycle.wheels.pop();
    assert!(drive(&tricycle, 3.0, 0.0).unwrap_err().to_string().contains("four wheels"));
}
