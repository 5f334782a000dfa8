//! Regions over their backdrop, threads, and what is refused.
use glam::Vec3;
use laneproof_camera::blur::{Backdrop, Blur, BlurError, BodyMotion, LayeredRadiance, sensor_radiance};

use crate::scene::*;

/// A lane with a vehicle in it: the lane alone, and with the vehicle in a rectangle.
fn lane_and_vehicle() -> (Scene, Scene, [usize; 2], [usize; 2]) {
    let size = [448, 256];
    let lane = |x: f32, y: f32| (1.0 + cloud(x, y, 9.0, 1), 0.0, 20.0 - 12.0 * y / 256.0, 0u8);
    let (origin, extent) = ([139, 67], [201, 113]);
    let vehicle = Scene::new(size, |x, y| {
        let (u, v) = (x - 240.0, y - 120.0);
        if u.abs() > 80.0 || v.abs() > 40.0 {
            return lane(x, y);
        }
        let window = u.abs() < 40.0 && v.abs() < 20.0;
        let face = window && u.hypot(v) < 15.0;
        let light = 2.0 + 2.0 * cloud(x, y, 5.0, 2);
        match (window, face) {
            (false, _) => (light, 0.0, 7.0 + 0.01 * u, 1),
            (true, true) => (light, 0.5 + cloud(x, y, 7.0, 3), 8.0, 1),
            (true, false) => {
                let (light, _, depth_m, _) = lane(x, y);
                (0.7 * light, 0.5 + cloud(x, y, 7.0, 3), depth_m, 0)
            }
        }
    });
    (Scene::new(size, lane), vehicle, origin, extent)
}

#[test]
fn a_region_over_its_backdrop_equals_the_whole_sensor_byte_for_byte() {
    let (lane, vehicle, origin, extent) = lane_and_vehicle();
    let motion = BodyMotion::steady(Vec3::new(3.0, 0.5, 2.0), Vec3::new(0.0, 0.2, 0.0), Vec3::ZERO, 5000.0);
    for (focus_m, exposure_us) in [(9.2, 1000.0), (9.2, 3000.0), (30.0, 500.0), (f32::INFINITY, 100.0)] {
        let blur = blur(lane.size(), focus_m, exposure_us, vec![motion.clone()]);
        let backdrop = Backdrop::new(lane.light.clone(), &lane.range_m, &blur).unwrap();
        let whole = sensor_radiance(&vehicle.layers(), None, &blur).unwrap().radiance;
        let again = by_region(&vehicle, [0, 0], lane.size(), &backdrop, &blur).over(&backdrop);
        assert!(whole == again, "focus {focus_m} m: with a backdrop that nothing shows of");
        // The least region, one that is wider, one at odds with the tiles.
        for grow in [[0, 0], [5, 30], [60, 1]] {
            let origin = [0, 1].map(|k| origin[k] - grow[k]);
            let extent = [0, 1].map(|k| extent[k] + 2 * grow[k]);
            let part = by_region(&vehicle, origin, extent, &backdrop, &blur);
            assert!((part.width * part.height) as usize <= whole.len());
            assert!(part.over(&backdrop) == whole, "focus {focus_m} m, {exposure_us} µs, region grown by {grow:?}");
        }
        // The comparison has something to show: the vehicle's blur leaves the region.
        assert!(backdrop.blurred() != whole);
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let (lane, vehicle, origin, extent) = lane_and_vehicle();
    let blur = blur(lane.size(), 9.2, 2000.0, vec![across([3.0, 0.5, 2.0])]);
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let backdrop = Backdrop::new(lane.light.clone(), &lane.range_m, &blur).unwrap();
            by_region(&vehicle, origin, extent, &backdrop, &blur)
        })
    };
    let one = run(1);
    assert!(run(2) == one && run(5) == one);
}

#[test]
fn what_cannot_be_blurred_is_said() {
    let scene = point([64, 64], |_, _| 8.0, 3);
    let good = blur([64, 64], 8.0, 100.0, vec![]);
    let error = sensor_radiance(&scene.layers(), None, &good).unwrap_err();
    assert_eq!(error, BlurError::Body { body: 3, known: 0 });
    assert!(error.to_string().contains("body 3"));
    let scene = point([64, 64], |_, _| 8.0, 0);
    let short = LayeredRadiance { range_m: &scene.range_m[1..], ..scene.layers() };
    assert!(matches!(sensor_radiance(&short, None, &good), Err(BlurError::Shape { got: 4095, right: 4096, .. })));
    let outside = LayeredRadiance { origin_px: [1, 0], ..scene.layers() };
    assert!(matches!(sensor_radiance(&outside, None, &good), Err(BlurError::Shape { got: 65, right: 64, .. })));
    let backdrop = Backdrop::new(scene.light.clone(), &scene.range_m, &good).unwrap();
    let refocused = Blur { lens: lens(9.0), ..good.clone() };
    assert_eq!(sensor_radiance(&scene.layers(), Some(&backdrop), &refocused).unwrap_err(), BlurError::Backdrop);
    for bad in [f32::NAN, 0.0, 0.05, -1.0] {
        let blur = Blur { lens: lens(bad), ..good.clone() };
        assert!(matches!(sensor_radiance(&scene.layers(), None, &blur), Err(BlurError::Camera { .. })), "{bad}");
    }
}
