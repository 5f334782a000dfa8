//! Vehicles one after the other never meet, and stand as far apart as was asked.
use laneproof_physics::{Driven, Spacing, Trajectory, drive, follow, lead};
use laneproof_scenes::{
    catalogue::GlassSet,
    motion::Motion,
    vehicle::{Vehicle, build},
};

const MOTIONS: [Motion; 5] = [
    Motion::Stop { braking_mps2: 0.8 },
    Motion::Stop { braking_mps2: 3.0 },
    Motion::Pass,
    Motion::Stand,
    Motion::StopAndGo { braking_mps2: 2.0, first_stop_z_m: -6.0, wait_s: 2.0, start_mps2: 1.0, creep_speed_mps: 1.5 },
];

fn car(model: &str) -> Vehicle {
    build(model, &GlassSet::bare(0.75, 0.72, 0.72), [0.3; 3]).expect("builds")
}

fn alone(vehicle: &Vehicle, speed_mps: f32, motion: Motion) -> Trajectory {
    drive(vehicle, speed_mps, 0.1, motion).expect("drives")
}

/// Contract: from before both drives begin until long after they end, bumpers never come nearer than the gap where both
/// stand, but for the rocking of bodies and what two bodies brake differently; and at the end they are as far apart as that.
#[test]
fn vehicles_never_overlap_and_stand_at_the_gap() {
    let cars = ["sedan", "van"].map(car);
    let mut nearest = f32::MAX;
    for front in &cars {
        for back in &cars {
            for motion in MOTIONS {
                for speed_mps in [1.0, 4.0, 9.0] {
                    let [first, second] = [front, back].map(|vehicle| alone(vehicle, speed_mps, motion));
                    for spacing in [(0.5, 0.0), (0.5, 1.5), (2.0, 1.0), (6.0, 4.0)]
                        .map(|(gap_m, delay_s)| Spacing { gap_m, delay_s })
                    {
                        let leader = Driven { vehicle: front, drive: &first };
                        let follower = Driven { vehicle: back, drive: &second };
                        let behind = follow(leader, follower, spacing);
                        let ahead = lead(leader, follower, spacing);
                        let pairs = [(&first, &behind), (&ahead, &second)];
                        for (drive, after) in pairs {
                            let leader = Driven { vehicle: front, drive };
                            let over_s = drive.duration_s().max(after.duration_s()) + 1.0;
                            let gap_m = |time_s: f64| leader.rear_z_at(time_s) - after.front_z_at(time_s);
                            let steps = (over_s / 0.02) as u32 + 10;
                            for step in 0..steps {
                                let gap_m = gap_m(f64::from(step) * 0.02);
                                let what = format!("{} {} {motion:?} {speed_mps} {spacing:?}", front.name, back.name);
                                assert!(gap_m > spacing.gap_m - 0.05, "{what}: {gap_m} m after {step} steps");
                                nearest = nearest.min(gap_m - spacing.gap_m);
                            }
                            let stands_m = gap_m(over_s);
                            assert!((stands_m - spacing.gap_m).abs() < 1e-3, "{motion:?}: {stands_m} m at the end");
                        }
                    }
                }
            }
        }
    }
    println!("nearest to the gap where both stand: {nearest} m");
}

/// Newell's rule in closed form: rolling evenly, the gap is longer by speed × delay, also before the recorded drive begins.
#[test]
fn the_gap_on_the_way_is_longer_by_speed_times_delay() {
    let sedan = car("sedan");
    let own = alone(&sedan, 5.0, Motion::Pass);
    let driven = Driven { vehicle: &sedan, drive: &own };
    let behind = follow(driven, driven, Spacing { gap_m: 2.0, delay_s: 1.5 });
    for time_s in [0.0, 0.3, 1.0, 2.0] {
        let gap_m = driven.rear_z_at(time_s) - behind.front_z_at(time_s);
        assert!((gap_m - (2.0 + 5.0 * 1.5)).abs() < 0.02, "{gap_m} m after {time_s} s");
        assert!((behind.speed_at(time_s) - 5.0).abs() < 0.02);
        // Wheels roll without slip over the seam between what is recorded and what is rolled back.
        let turned = behind.wheels_at(time_s + 0.01)[0].spin_rad - behind.wheels_at(time_s)[0].spin_rad;
        let way_m = behind.front_z_at(time_s + 0.01) - behind.front_z_at(time_s);
        assert!((turned * sedan.wheels[0].radius_m - way_m).abs() < 2e-3, "{turned} rad over {way_m} m");
    }
    let ahead = lead(driven, driven, Spacing { gap_m: 2.0, delay_s: 1.5 });
    let leader = Driven { vehicle: &sedan, drive: &ahead };
    assert!((leader.rear_z_at(1.0) - own.front_z_at(1.0) - 9.5).abs() < 0.02);
}

#[test]
fn a_follower_stops_a_delay_after_its_leader() {
    let (sedan, van) = (car("sedan"), car("van"));
    let [first, second] = [&sedan, &van].map(|vehicle| alone(vehicle, 4.0, Motion::default()));
    let behind = follow(
        Driven { vehicle: &sedan, drive: &first },
        Driven { vehicle: &van, drive: &second },
        Spacing { gap_m: 2.0, delay_s: 1.25 },
    );
    let later_s = behind.stop_time_s().expect("stops") - second.stop_time_s().expect("stops");
    assert!((later_s - 1.25).abs() < 1e-6, "{later_s} s");
}
