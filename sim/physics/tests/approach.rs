//! The drive to the stop line against kinematics.
use glam::Vec3;
use laneproof_physics::{DriveError, TICKS_PER_SECOND, Trajectory, drive};
use laneproof_scenes::{
    motion::{COMFORTABLE_BRAKING_MPS2, Motion},
    vehicle::{Vehicle, Wheel},
};

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
        head_lamps: Vec::new(),
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
    for speed in [2.0, 3.5, 5.0, 7.0, 9.0, 11.0, 14.0, 16.7] {
        let t = drive(&car(), speed, 0.1, Motion::default()).unwrap();
        let stop = t.stop_time_s().unwrap();
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
        assert!(
            hardest > 0.6 * COMFORTABLE_BRAKING_MPS2 && hardest < 1.5 * COMFORTABLE_BRAKING_MPS2,
            "{speed} m/s: {hardest} m/s²"
        );
    }
}

#[test]
fn rolls_freely_before_the_brakes() {
    let t = drive(&car(), 4.0, 0.0, Motion::default()).unwrap();
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
    let t = drive(&car(), 6.0, 0.0, Motion::default()).unwrap();
    let stop = t.stop_time_s().unwrap();
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
    let t = drive(&car(), 8.0, 0.0, Motion::default()).unwrap();
    let steps = (t.stop_time_s().unwrap() * f64::from(TICKS_PER_SECOND)) as u32;
    let dt = 1.0 / f64::from(TICKS_PER_SECOND);
    let travelled: f64 = (0..steps).map(|k| f64::from(t.speed_at((f64::from(k) + 0.5) * dt)) * dt).sum();
    let end = t.pose_at(t.stop_time_s().unwrap()).translation.z - t.pose_at(0.0).translation.z;
    assert!((travelled - f64::from(end)).abs() < 0.05, "{travelled} against {end}");
}

#[test]
fn passing_times_meet_the_place() {
    let t = drive(&car(), 5.0, 0.0, Motion::default()).unwrap();
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
fn passing_through_keeps_speed_and_height_to_the_end() {
    for speed in [0.5f32, 5.0, 16.7] {
        let t = drive(&car(), speed, 0.2, Motion::Pass).unwrap();
        assert_eq!(t.stop_time_s(), None);
        let start = t.front_z_at(0.0);
        assert!(start <= -13.9 && t.front_z_at(t.duration_s()) >= 15.9);
        for k in 0..=50 {
            let time = t.duration_s() * f64::from(k) / 50.0;
            assert!((t.speed_at(time) / speed - 1.0).abs() < 0.002, "{speed}: {}", t.speed_at(time));
            assert!((t.front_z_at(time) - start - speed * time as f32).abs() < 0.05);
            assert!(nose_pitch_rad(&t, time).to_degrees().abs() < 0.05);
            assert!((t.pose_at(time).translation.x - 0.2).abs() < 0.02);
        }
        for z in [-10.0f32, 0.0, 10.0] {
            let closed_form_s = f64::from((z - start) / speed);
            assert!((t.time_front_passes(z).unwrap() / closed_form_s - 1.0).abs() < 0.005, "{speed}: {z}");
        }
    }
}

#[test]
fn a_standing_vehicle_is_at_the_line_and_stays() {
    let t = drive(&car(), 4.0, -0.1, Motion::Stand).unwrap();
    assert_eq!(t.stop_time_s(), Some(0.0));
    for time in [0.0, 0.3, 1.0, 2.5, 40.0] {
        assert!(t.front_z_at(time).abs() < 0.005 && t.speed_at(time).abs() < 0.005, "{}", t.front_z_at(time));
        assert!(t.pose_at(time).translation.y.abs() < 0.005 && nose_pitch_rad(&t, time).to_degrees().abs() < 0.05);
    }
    assert_eq!(t.time_front_passes(-1.0), None);
}

/// 5 m/s to a stop 6 m short, 3 s of waiting, then at most 1.5 m/s to the line.
fn stop_and_go() -> Trajectory {
    let motion = Motion::StopAndGo {
        braking_mps2: 2.0,
        first_stop_z_m: -6.0,
        wait_s: 3.0,
        start_mps2: 1.0,
        creep_speed_mps: 1.5,
    };
    drive(&car(), 5.0, 0.0, motion).unwrap()
}

#[test]
fn stop_and_go_waits_short_of_the_line_and_creeps_to_it() {
    let t = stop_and_go();
    let start = t.front_z_at(0.0);
    let stop = t.stop_time_s().unwrap();
    // Free rolling, braking at b (v/b), wait, speeding up (v/a), creeping, braking: the feet's way on the pedals adds some.
    let (v, a, b, creep) = (5.0, 1.0, 2.0, 1.5);
    let free = (-6.0 - f64::from(start) - v * v / (2.0 * b)) / v;
    let go = creep / a + creep / b + (6.0 - creep * creep / 2.0 * (1.0 / a + 1.0 / b)) / creep;
    let closed_form_s = free + v / b + 3.0 + go;
    assert!((stop - closed_form_s).abs() < 1.0, "{stop} s, not {closed_form_s} s");
    // Halfway in the wait it stands where it should.
    let middle = free + v / b + 1.5;
    assert!((t.front_z_at(middle) + 6.0).abs() < 0.15 && t.speed_at(middle).abs() < 0.02, "{}", t.front_z_at(middle));
    let standing = (0..(stop * 100.0) as u32).filter(|k| t.speed_at(f64::from(*k) * 0.01).abs() < 0.02).count();
    assert!((2.9..3.4).contains(&(standing as f64 * 0.01)), "stood for {standing} hundredths of a second");
    let fastest = (0..100).map(|k| t.speed_at(stop - f64::from(k) * 0.05)).fold(0.0, f32::max);
    assert!((fastest - 1.5).abs() < 0.05, "creeps at {fastest} m/s");
    assert!(t.front_z_at(stop + 2.0).abs() < 0.15);
    // A place of the creep is passed after the wait, one before the first stop before it.
    assert!(t.time_front_passes(-5.0).unwrap() > middle && t.time_front_passes(-7.0).unwrap() < middle);
}

#[test]
fn the_nose_rises_in_starting_again() {
    let t = stop_and_go();
    let going = (0..2000).map(|k| f64::from(k) * 0.01).find(|s| *s > 4.0 && t.speed_at(*s) > 0.4).unwrap();
    let highest = (0..60).map(|k| nose_pitch_rad(&t, going + f64::from(k) * 0.01).to_degrees()).fold(-9.0, f32::max);
    // Half of what braking at 2 m·s⁻² does, upwards; the body swings over it by up to a third.
    assert!(highest > 0.15 && highest < 0.45, "{highest}°");
    assert!(nose_pitch_rad(&t, going - 1.5).to_degrees().abs() < 0.1, "level while it waits");
}

#[test]
fn every_motion_that_is_admitted_ends_at_the_line() {
    for speed in [0.5, 6.0, 16.7] {
        for braking_mps2 in [0.5, 3.4] {
            let t = drive(&car(), speed, 0.0, Motion::Stop { braking_mps2 }).unwrap();
            let stop = t.stop_time_s().unwrap();
            assert!(t.front_z_at(stop).abs() < 0.3, "{speed} m/s, {braking_mps2} m/s²: {}", t.front_z_at(stop));
        }
    }
    for (braking_mps2, start_mps2) in [(0.5, 0.3), (0.5, 3.0), (3.4, 0.3), (3.4, 3.0)] {
        for (first_stop_z_m, creep_speed_mps) in [(-1.0, 0.5), (-1.0, 5.0), (-40.0, 0.5), (-40.0, 5.0)] {
            let wait_s = 0.0;
            let motion = Motion::StopAndGo { braking_mps2, first_stop_z_m, wait_s, start_mps2, creep_speed_mps };
            let t = drive(&car(), 16.7, 0.0, motion).unwrap_or_else(|e| panic!("{motion:?}: {e}"));
            let stop = t.stop_time_s().unwrap();
            assert!(t.front_z_at(stop).abs() < 0.3, "{motion:?}: {}", t.front_z_at(stop));
        }
    }
}

#[test]
fn harder_braking_dips_the_nose_more() {
    let deepest = |braking_mps2| {
        let t = drive(&car(), 8.0, 0.0, Motion::Stop { braking_mps2 }).unwrap();
        let pitch = |k: u32| nose_pitch_rad(&t, f64::from(k) * 0.01).to_degrees();
        (0..(t.stop_time_s().unwrap() * 100.0) as u32 - 20).map(pitch).fold(0.0, f32::min)
    };
    let (gentle, hard) = (deepest(1.5), deepest(3.0));
    assert!((hard / gentle - 2.0).abs() < 0.4, "the dip is in proportion: {gentle}° and {hard}°");
}

#[test]
fn same_arguments_give_the_same_bytes() {
    let bits = || {
        let t = drive(&car(), 6.3, -0.17, Motion::default()).unwrap();
        (0..40).flat_map(|k| t.pose_at(f64::from(k) * 0.1).to_cols_array().map(f32::to_bits)).collect::<Vec<_>>()
    };
    assert_eq!(bits(), bits());
}

#[test]
fn impossible_drives_are_refused() {
    assert_eq!(drive(&car(), -3.0, 0.0, Motion::default()).unwrap_err(), DriveError::Speed(-3.0));
    assert!(drive(&car(), f32::NAN, 0.0, Motion::default()).is_err());
    let motion = Motion::Stop { braking_mps2: 9.0 };
    let message = drive(&car(), 3.0, 0.0, motion).unwrap_err().to_string();
    assert_eq!(message, "deceleration 9 m/s²: right would be 0.5 to 3.4 m/s²");
    let mut tricycle = car();
    tricycle.wheels.pop();
    assert!(drive(&tricycle, 3.0, 0.0, Motion::default()).unwrap_err().to_string().contains("four wheels"));
}
