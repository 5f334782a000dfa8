use std::sync::Arc;

use glam::{Quat, Vec3};
use laneproof_scenes::{
    catalogue::{Canopy, GlassSet, PaneDrops},
    mesh::{Mesh, Vertex},
    stream::stream,
    surface::{Glazing, Pane, SessileDrop},
    vehicle,
};

use super::*;
use crate::trajectory::{Sample, TICKS_PER_SECOND, Trajectory};

const LAIN: PaneDrops = PaneDrops { collected_s: 5.0, wiper_period_s: None, contact_angle_deg: 60.0 };

/// A vehicle that comes on at a speed; it passes z = 0 when the encounter begins.
fn drives(speed_mps: f32, duration_s: u32) -> Trajectory {
    let sample = |k: u32| Sample {
        position_m: Vec3::Z * (speed_mps * k as f32 / TICKS_PER_SECOND as f32),
        rotation: Quat::IDENTITY,
        speed_mps,
        wheels: Vec::new(),
    };
    Trajectory { samples: (0..=duration_s * TICKS_PER_SECOND).map(sample).collect(), front_z_m: 0.0, stop_tick: None }
}

/// A square of one metre whose normal leans from the vertical towards the front, radians.
fn square(name: &str, lean_rad: f32) -> Pane {
    let turn = Quat::from_rotation_x(lean_rad);
    let vertex = |x: f32, z: f32| Vertex::new(turn * Vec3::new(x, 0.0, z) + Vec3::Y, turn * Vec3::Y, [0.0; 2]);
    let vertices = vec![vertex(-0.5, -0.5), vertex(-0.5, 0.5), vertex(0.5, 0.5), vertex(0.5, -0.5)];
    let glazing = Glazing { transmittance_normal: 0.8, refractive_index: 1.52, thickness_mm: 5.0 };
    Pane::bare(name, Arc::new(Mesh { vertices, indices: vec![0, 1, 2, 0, 2, 3] }), glazing)
}

fn shower<'a>(rain_mm_per_h: f32, drive: &'a Trajectory) -> Shower<'a> {
    Shower { rain_mm_per_h, drops: LAIN, drive, canopy: None }
}

/// Drops that meet a square metre in a second, by the trapezoidal rule.
fn flux_per_m2_s(rain_mm_per_h: f32, normal: Vec3, speed_mps: f32) -> f64 {
    const STEPS: u32 = 4_000;
    let [least, most] = DIAMETERS_MM;
    let step = (most - least) / STEPS as f32;
    let at = |k: u32| {
        let d = least + k as f32 * step;
        f64::from(density_per_m3_mm(rain_mm_per_h, d) * (normal.y * fall_mps(d) + normal.z * speed_mps).max(0.0))
    };
    (0..STEPS).map(|k| (at(k) + at(k + 1)) / 2.0 * f64::from(step)).sum()
}

fn covered_m2(drops: &[SessileDrop]) -> f64 {
    drops.iter().map(|drop| std::f64::consts::PI * f64::from(drop.radius_m).powi(2)).sum()
}

fn volume_m3(drops: &[SessileDrop], contact_angle_deg: f32) -> f64 {
    let unit = f64::from(cap_volume(contact_angle_deg.to_radians()));
    drops.iter().map(|drop| unit * f64::from(drop.radius_m).powi(3)).sum()
}

#[test]
fn the_rain_in_the_air_carries_nearly_the_rate_that_it_is_named_after() {
    // Marshall and Palmer's drops at their fitted speeds: within a fifth of the rate (0 to infinity; here 0.4 to 6 mm).
    for rate in [1.0_f32, 5.0, 25.0] {
        let [least, most] = DIAMETERS_MM;
        let step = 1e-3;
        let steps = ((most - least) / step) as u32;
        let volume_mm: f32 = (0..steps)
            .map(|k| {
                let d = least + (k as f32 + 0.5) * step;
                density_per_m3_mm(rate, d) * fall_mps(d) * std::f32::consts::PI / 6.0 * (d * 1e-3).powi(3) * step
            })
            .sum::<f32>()
            * 1e3
            * 3600.0;
        assert!((volume_mm / rate - 1.0).abs() < 0.2, "{volume_mm} mm/h of {rate}");
    }
}

#[test]
fn a_cap_of_a_right_angle_is_half_a_ball_and_large_drops_run_first_on_steep_panes() {
    assert!((cap_volume(std::f32::consts::FRAC_PI_2) - 2.0 * std::f32::consts::PI / 3.0).abs() < 1e-5);
    let runs = |slope: f32| run_off_radius_m(60_f32.to_radians(), slope) * 1e3;
    // By hand for 60°: 2·0.0728·(cos 45° − cos 75°) ÷ (998·9.81·1.0077) gives 2.57 mm on an upright pane.
    assert!((runs(1.0) - 2.57).abs() < 0.02, "{} mm", runs(1.0));
    assert!((runs(0.5) / runs(1.0) - 2.0_f32.sqrt()).abs() < 1e-3);
    assert!(runs(0.0) <= 4.0);
}

#[test]
fn impacts_are_a_poisson_process_of_the_flux_on_the_pane() {
    let drive = drives(5.0, 1);
    let pane = square("windscreen", 1.0);
    let normal = Quat::from_rotation_x(1.0) * Vec3::Y;
    let shower = shower(5.0, &drive);
    let counts: Vec<f64> =
        (0..60).map(|k| WetPane::new(&pane, &shower, &mut stream(3, k, "drops")).impacts().len() as f64).collect();
    let mean = counts.iter().sum::<f64>() / counts.len() as f64;
    let variance = counts.iter().map(|n| (n - mean).powi(2)).sum::<f64>() / (counts.len() - 1) as f64;
    let expected = 6.0 * flux_per_m2_s(5.0, normal, 5.0);
    // Four standard errors of the mean, and of the variance of 60 draws.
    assert!((mean - expected).abs() < 4.0 * (expected / 60.0).sqrt(), "{mean} of {expected}");
    assert!((variance / expected - 1.0).abs() < 4.0 * (2.0_f64 / 59.0).sqrt(), "{variance} of {expected}");
    // Evenly over the pane and over time.
    let impacts: Vec<Impact> =
        (0..10).flat_map(|k| WetPane::new(&pane, &shower, &mut stream(4, k, "drops")).impacts().to_vec()).collect();
    let n = impacts.len() as f64;
    for half in [
        impacts.iter().filter(|impact| impact.position_m.x < 0.0).count(),
        impacts.iter().filter(|impact| impact.time_s < -2.0).count(),
    ] {
        assert!((half as f64 - n / 2.0).abs() < 4.0 * (n / 4.0).sqrt(), "{half} of {n}");
    }
    assert!(impacts.iter().all(|impact| (normal.dot(impact.position_m - Vec3::Y)).abs() < 1e-5));
}

#[test]
fn panes_get_their_drops_whatever_was_asked_first_and_only_from_their_own_stream() {
    let drive = drives(4.0, 1);
    let wet = |name: &str, index| WetPane::new(&square(name, 0.9), &shower(5.0, &drive), &mut stream(1, index, name));
    let (a, b) = (wet("front-left", 0), wet("front-right", 0));
    assert_eq!((wet("front-right", 0), wet("front-left", 0)), (b.clone(), a.clone()));
    assert_ne!(a.impacts(), b.impacts());
    assert_ne!(a.impacts(), wet("front-left", 1).impacts());
    // What lies there at one time does not depend on what was asked before.
    let at = |time_s| a.drops_at(time_s);
    assert_eq!((at(0.2), at(0.9), at(0.2)).2, at(0.2));
}

#[test]
fn drops_that_touch_become_one_and_keep_their_water() {
    let drive = drives(0.0, 1);
    let pane = square("rear", 0.0);
    let wet = WetPane::new(&pane, &shower(10.0, &drive), &mut stream(5, 0, "drops"));
    let drops = wet.drops_at(0.0);
    let fallen = wet.impacts().iter().filter(|impact| impact.time_s <= 0.0);
    let fallen_m3: f64 =
        fallen.map(|impact| std::f64::consts::PI / 6.0 * f64::from(impact.diameter_mm * 1e-3).powi(3)).sum();
    assert!(drops.len() < wet.impacts().len(), "some have met");
    let lies_m3 = volume_m3(&drops, LAIN.contact_angle_deg);
    // On a level pane next to nothing runs off in five seconds.
    assert!((0.97..=1.0 + 1e-4).contains(&(lies_m3 / fallen_m3)), "{lies_m3} of {fallen_m3} m³");
    for (k, a) in drops.iter().enumerate() {
        for b in &drops[..k] {
            assert!(a.position_m.distance(b.position_m) >= 0.999 * (a.radius_m + b.radius_m));
        }
    }
}

#[test]
fn what_is_too_heavy_runs_off_a_steep_pane_and_a_roof_keeps_rain_off() {
    let drive = drives(0.0, 1);
    let steep = square("rear", -1.2);
    let long = Shower { drops: PaneDrops { collected_s: 100.0, ..LAIN }, ..shower(25.0, &drive) };
    let wet = WetPane::new(&steep, &long, &mut stream(6, 0, "drops"));
    let drops = wet.drops_at(0.0);
    let most_m = run_off_radius_m(60_f32.to_radians(), 1.2_f32.sin());
    assert!(drops.iter().all(|drop| drop.radius_m <= most_m));
    let fallen_m3: f64 =
        wet.impacts().iter().map(|i| std::f64::consts::PI / 6.0 * f64::from(i.diameter_mm * 1e-3).powi(3)).sum();
    assert!(volume_m3(&drops, 60.0) < 0.6 * fallen_m3, "most has run off");
    assert!(covered_m2(&drops) < 0.7, "{}", covered_m2(&drops));

    let canopy = Canopy { height_m: 5.0, from_z_m: -20.0, to_z_m: 8.0, half_width_m: 4.0, underside_reflectance: 0.5 };
    let moving = drives(4.0, 3);
    let drops = PaneDrops { collected_s: 8.0, ..LAIN };
    let under = Shower { canopy: Some(canopy), drops, ..shower(5.0, &moving) };
    let wet = WetPane::new(&square("rear", 0.0), &under, &mut stream(7, 0, "drops"));
    // It comes below the roof 5 s before the encounter begins and out of it 2 s after.
    let times: Vec<f64> = wet.impacts().iter().map(|impact| impact.time_s).collect();
    assert!(!times.is_empty() && times.iter().all(|time_s| *time_s <= -5.0 || *time_s >= 2.0));
    assert!(times.iter().any(|time_s| *time_s >= 2.0) && times.iter().any(|time_s| *time_s <= -5.0));
}

#[test]
fn more_rain_covers_more_and_wipers_leave_only_what_fell_since() {
    let drive = drives(2.0, 2);
    let vehicle = vehicle::build("sedan", &GlassSet::bare(0.75, 0.72, 0.72), [0.3; 3]).expect("a sedan");
    let windscreen = vehicle.panes.iter().find(|pane| pane.name == "windscreen").expect("it has one");
    let covered = |rate: f32| -> f64 {
        let mean = (0..4).map(|k| {
            let wet = WetPane::new(windscreen, &shower(rate, &drive), &mut stream(8, k, "drops"));
            covered_m2(&wet.drops_at(0.0))
        });
        mean.sum::<f64>() / 4.0
    };
    let shares = [1.0, 5.0, 25.0].map(covered);
    assert!(shares.windows(2).all(|pair| pair[0] < pair[1]), "{shares:?}");

    let wiped = Shower { drops: PaneDrops { wiper_period_s: Some(1.0), ..LAIN }, ..shower(25.0, &drive) };
    let wet = WetPane::new(windscreen, &wiped, &mut stream(9, 0, "drops"));
    let (mut inside, mut outside) = (0, 0);
    let fallen = wet.impacts().iter().filter(|impact| impact.time_s <= 1.5);
    for impact in fallen.clone() {
        *(if wet.is_wiped(impact.position_m) { &mut inside } else { &mut outside }) += 1;
    }
    let share = f64::from(inside) / f64::from(inside + outside);
    assert!((0.5..0.9).contains(&share), "wipers reach {share} of the windscreen");
    let drops = wet.drops_at(1.5);
    let left = drops.iter().filter(|drop| wet.is_wiped(drop.position_m));
    let fresh = fallen.filter(|impact| impact.time_s > 0.5 && wet.is_wiped(impact.position_m)).count();
    assert!(left.clone().count() <= fresh, "what lies there fell within a period");
    assert!(left.count() > 0);
    // No other pane is wiped.
    let side = vehicle.panes.iter().find(|pane| pane.name.starts_with("front")).expect("it has one");
    let wet = WetPane::new(side, &wiped, &mut stream(9, 0, "drops side"));
    assert!(wet.impacts().iter().all(|impact| !wet.is_wiped(impact.position_m)));
}
