//! Rolling shutters: rows that are exposed one after the other.
use glam::Vec3;
use laneproof_camera::blur::{Backdrop, Blur, BodyMotion, RollingShutter};

use crate::scene::*;

#[test]
fn a_rolling_shutter_skews_what_moves_and_nothing_else() {
    // A bright bar on a vehicle 80 px wide, and a post of the lane beside it.
    let size = [320, 224];
    let lane = |x: f32, y: f32| {
        if (20.0..24.0).contains(&x) { (9.0, 0.0, 12.0, 0) } else { (1.0 + 0.2 * (0.1 * y).sin(), 0.0, 12.0, 0u8) }
    };
    let scene = Scene::new(size, |x, y| match (x - 160.0).abs() {
        u if u < 3.0 => (9.0, 0.0, 10.0, 1),
        u if u < 40.0 => (3.0, 0.0, 10.0, 1),
        _ => lane(x, y),
    });
    let backdrop_scene = Scene::new(size, lane);
    let (line_time_us, speed_mps, reference_row) = (20.0f32, 6.0f32, 112.0f32);
    let mut blur = blur(size, 10.0, 50.0, vec![across([speed_mps, 0.0, 0.0])]);
    blur.rolling = Some(RollingShutter { line_time_us, reference_row });
    let backdrop = Backdrop::new(backdrop_scene.light.clone(), &backdrop_scene.range_m, &blur).unwrap();
    let part = by_region(&scene, [110, 0], [100, 224], &backdrop, &blur);
    let whole = by_region(&scene, [0, 0], size, &backdrop, &blur).over(&backdrop);
    assert!(part.over(&backdrop) == whole, "the vehicle is skewed out of its region");
    let centre = |y: usize, from: usize, to: usize, ground: f32| {
        let (mut sum, mut first) = (0.0f64, 0.0f64);
        for x in from..to {
            let light = f64::from((whole[y * size[0] + x][0] - ground).max(0.0));
            (sum, first) = (sum + light, first + light * (x as f64 + 0.5));
        }
        first / sum
    };
    // Speed × pixels per metre × rows × line time.
    let skew = |rows: f32| f64::from(speed_mps * FOCAL_PX / 10.0 * rows * line_time_us * 1e-6);
    assert!((skew(223.0) - 26.76).abs() < 0.01);
    for y in 0..224 {
        let shift = skew(y as f32 + 0.5 - reference_row);
        let middle = (160.0 + shift) as usize;
        let got = centre(y, middle - 12, middle + 12, 3.0);
        assert!((got - 160.0 - shift).abs() < 0.1, "row {y}: {} not {shift}", got - 160.0);
        assert!((centre(y, 12, 32, 1.21) - 22.0).abs() < 0.01, "row {y}: the post has moved");
        // The lane is where the vehicle was.
        let free = 160.0 + if shift < 0.0 { 38.0 } else { -38.0 };
        if shift.abs() > 4.0 {
            let got = whole[y * size[0] + free as usize][0];
            let want = backdrop.blurred()[y * size[0] + free as usize][0];
            assert!((got - want).abs() < 0.05, "row {y}: {got} where the lane shows {want}");
        }
    }
    // No line time, no skew.
    let still = Blur { rolling: Some(RollingShutter { line_time_us: 0.0, reference_row }), ..blur.clone() };
    let global = Blur { rolling: None, ..blur.clone() };
    let at = |blur: &Blur| by_region(&scene, [0, 0], size, &backdrop, blur).over(&backdrop);
    assert!(at(&still) == at(&global));
}

#[test]
fn a_rolling_shutter_leans_by_depth_and_turns_with_the_body() {
    // Dots on a body that turns about an axis beside it: each dot is where its row's time takes it.
    let size = [256, 224];
    let dots: Vec<[f32; 2]> =
        (0..5).flat_map(|i| (0..5).map(move |k| [68.5 + 30.0 * i as f32, 52.5 + 30.0 * k as f32])).collect();
    let depth_m = |x: f32| 8.0 + x / 128.0;
    let motion =
        BodyMotion::steady(Vec3::new(3.0, 1.5, 6.0), Vec3::new(0.2, 0.5, 2.0), Vec3::new(0.2, 0.0, -9.0), 9000.0);
    let rolling = RollingShutter { line_time_us: 30.0, reference_row: 112.0 };
    let mut blur = blur(size, 9.0, 10.0, vec![motion.clone()]);
    blur.rolling = Some(rolling);
    let scene = Scene::new(size, |x, y| {
        let near = dots.iter().any(|d| (x - d[0]).hypot(y - d[1]) < 2.6);
        (if near { 50.0 } else { 0.0 }, 0.0, depth_m(x), 1)
    });
    let picture = scene.blurred(&blur);
    let mut farthest = 0.0f32;
    for &dot in &dots {
        // Row and time depend on each other: a few rounds find both.
        let mut place = dot;
        for _ in 0..20 {
            let time_us = f64::from((place[1] - rolling.reference_row) * rolling.line_time_us);
            place = motion.place_at(&blur.pinhole, dot, 1.0 / depth_m(dot[0]), time_us);
        }
        farthest = farthest.max((place[0] - dot[0]).hypot(place[1] - dot[1]));
        let (mut sum, mut first) = (0.0f32, [0.0f32; 2]);
        for (i, light) in picture.iter().enumerate() {
            let p = [(i % size[0]) as f32 + 0.5, (i / size[0]) as f32 + 0.5];
            if (p[0] - place[0]).hypot(p[1] - place[1]) < 10.0 {
                sum += light;
                (0..2).for_each(|k| first[k] += light * p[k]);
            }
        }
        let off = (first[0] / sum - place[0]).hypot(first[1] / sum - place[1]);
        assert!(off < 0.15, "the dot of {dot:?} is {off} px from {place:?}");
    }
    assert!(farthest > 3.0, "nothing moves");
}
