//! Defocus and motion blur against closed forms, and against rays through the aperture over the exposure.
mod regions;
mod rolling;
mod scene;

use glam::Vec3;
use laneproof_camera::blur::{Blur, BodyMotion, Focus};

use scene::*;

#[test]
fn a_point_becomes_a_disc_of_the_thin_lens() {
    for circle in [0.3, 0.5, 0.8, 1.0, 1.6, 2.3, 3.0, 4.4, 6.0, 7.9, 8.1, 12.0, 19.9, 20.1, 33.0, 50.0] {
        for focus_m in [9.2, 40.0] {
            let depth_m = depth_of(focus_m, circle);
            let scene = point([200, 160], |_, _| depth_m, 0);
            let picture = scene.blurred(&blur([200, 160], focus_m, 500.0, vec![]));
            let (sum, mean, variance) = moments(&picture, 200);
            assert!((sum / 1000.0 - 1.0).abs() < 1e-3, "{circle} px: {sum} of 1000 arrives");
            assert!((mean[0] - 100.5).abs() < 0.01 && (mean[1] - 80.5).abs() < 0.01, "{circle}: {mean:?}");
            for v in variance {
                assert_width(4.0 * v.max(0.0).sqrt(), circle, "circle");
            }
        }
    }
}

#[test]
fn a_point_on_a_slanting_surface_too() {
    // Half a metre of depth over a tile, through the focus: several rungs at once.
    for (near, far) in [(7.0f32, 9.0), (8.6, 9.8), (5.0, 6.5), (12.0, 30.0)] {
        let scene = |light: f32| {
            let mut scene = point([192, 128], |x, _| 1.0 / (1.0 / near + (1.0 / far - 1.0 / near) * x / 192.0), 0);
            scene.light.iter_mut().flatten().for_each(|l| *l *= light);
            scene
        };
        let depth_m = 1.0 / (1.0 / near + (1.0 / far - 1.0 / near) * 96.5 / 192.0);
        let picture = scene(1.0).blurred(&blur([192, 128], 9.2, 500.0, vec![]));
        let (sum, _, variance) = moments(&picture, 192);
        assert!((sum / 1000.0 - 1.0).abs() < 0.02, "{near}–{far} m: {sum} of 1000 arrives");
        for v in variance {
            assert_width(4.0 * v.sqrt(), circle_px(9.2, depth_m), &format!("{near}–{far} m"));
        }
    }
}

#[test]
fn an_even_picture_stays_even() {
    // Whatever lies where: light that is the same everywhere stays so.
    let scene = Scene::new([256, 128], |x, y| {
        let near = (x - 90.0).hypot(y - 60.0) < 30.0;
        (3.0, 0.0, if near { 5.0 } else { 8.0 + 0.1 * y }, u8::from(near))
    });
    let picture = scene.blurred(&blur([256, 128], 9.2, 1000.0, vec![across([4.0, 1.0, 0.0])]));
    assert!(picture.iter().all(|l| (l - 3.0).abs() < 1e-4));
}

#[test]
fn a_moving_point_becomes_its_path() {
    for length in [0.5f32, 1.0, 1.7, 2.5, 4.0, 5.0, 8.0, 12.0, 25.0, 60.0] {
        for degrees in [0.0f32, 30.0, 45.0, 72.0, 90.0, 160.0] {
            let (sin, cos) = degrees.to_radians().sin_cos();
            // At 10 m, 1,000 px/m; 1 ms.
            let body = across([length * cos, -length * sin, 0.0]);
            let scene = point([192, 160], |_, _| 10.0, 1);
            let picture = scene.blurred(&blur([192, 160], 10.0, 1000.0, vec![body]));
            let (sum, mean, variance) = moments(&picture, 192);
            assert!((sum / 1000.0 - 1.0).abs() < 1e-3, "{length} px at {degrees}°: {sum} of 1000 arrives");
            assert!((mean[0] - 96.5).abs() < 0.02 && (mean[1] - 80.5).abs() < 0.02, "{length}: {mean:?}");
            let (mut along, axis) = (0.0, [f64::from(cos), f64::from(sin)]);
            for (i, value) in picture.iter().enumerate() {
                let p = [(i % 192) as f64 + 0.5 - mean[0], (i / 192) as f64 + 0.5 - mean[1]];
                along += f64::from(*value) / sum * (p[0] * axis[0] + p[1] * axis[1]).powi(2);
            }
            assert_width((12.0 * along).sqrt(), length, &format!("{degrees}°"));
            assert!(variance[0] + variance[1] - along < 0.25, "{length} px at {degrees}° is broad");
        }
    }
}

#[test]
fn defocus_and_motion_add_their_variances() {
    for circle in [0.8, 2.0, 4.0, 10.0] {
        for length in [1.0f32, 3.0, 5.0, 15.0] {
            let depth_m = depth_of(9.2, circle);
            let body = across([length * depth_m / 10.0, 0.0, 0.0]);
            let picture = point([192, 128], |_, _| depth_m, 1).blurred(&blur([192, 128], 9.2, 1000.0, vec![body]));
            let (_, _, [xx, yy]) = moments(&picture, 192);
            let want = f64::from(circle * circle / 16.0 + length * length / 12.0);
            assert!((xx.sqrt() / want.sqrt() - 1.0).abs() < 0.05, "{circle} px, {length} px: {xx} not {want}");
            assert_width(4.0 * yy.sqrt(), circle, "across");
        }
    }
}

/// Width of an edge, as the variance of the step's derivative along its normal, given the picture and the normal.
fn edge_variance(picture: &[f32], width: usize, normal: [f64; 2], origin: [f64; 2]) -> f64 {
    // Pixels by their distance from the edge, in bins of a quarter pixel; derivative between bins.
    const PER_PX: f64 = 4.0;
    let bins = 2 * 60 * PER_PX as usize;
    let (mut sum, mut count) = (vec![0.0f64; bins], vec![0.0f64; bins]);
    for (i, value) in picture.iter().enumerate() {
        let p = [(i % width) as f64 + 0.5 - origin[0], (i / width) as f64 + 0.5 - origin[1]];
        let along = p[1] * normal[0] - p[0] * normal[1];
        let bin = ((p[0] * normal[0] + p[1] * normal[1] + 60.0) * PER_PX).floor();
        if along.abs() < 40.0 && bin >= 0.0 && (bin as usize) < bins {
            sum[bin as usize] += f64::from(*value);
            count[bin as usize] += 1.0;
        }
    }
    let mean: Vec<f64> = sum.iter().zip(&count).map(|(s, c)| s / c.max(1.0)).collect();
    let (mut total, mut first, mut second) = (0.0, 0.0, 0.0);
    for bin in 8..bins - 8 {
        let slope = mean[bin + 1] - mean[bin];
        let at = (bin as f64 + 1.0) / PER_PX - 60.0;
        (total, first, second) = (total + slope, first + slope * at, second + slope * at * at);
    }
    second / total - (first / total).powi(2)
}

/// A slanting edge between a bright near surface and the dark behind it. The step of a sampled edge has 1/12 px² or so of
/// its own, which is measured with everything sharp and taken off.
fn edge(near_m: f32, far_m: f32, near_body: u8) -> Scene {
    let (sin, cos) = 0.3f32.sin_cos();
    Scene::new([256, 192], |x, y| {
        let near = (x - 128.0) * cos + (y - 96.0) * sin < 0.0;
        if near { (10.0, 0.0, near_m, near_body) } else { (1.0, 0.0, far_m, 0) }
    })
}

fn edge_width(scene: &Scene, blur: &Blur) -> f64 {
    let (sin, cos) = 0.3f64.sin_cos();
    edge_variance(&scene.blurred(blur), 256, [cos, sin], [128.0, 96.0])
}

#[test]
fn slanting_edges_are_as_wide_as_their_near_side_is_blurred() {
    let size = [256, 192];
    let own = edge_width(&edge(9.2, 9.2, 0), &blur(size, 9.2, 100.0, vec![]));
    assert!(own < 0.2, "the sharp edge has {own} px²");
    for circle in [1.0, 1.5, 2.5, 4.0, 6.0, 9.0, 16.0, 28.0] {
        // Behind the edge in focus, and out of focus itself.
        for far_m in [9.2, 14.0] {
            let scene = edge(depth_of(9.2, circle), far_m, 0);
            let got = 4.0 * (edge_width(&scene, &blur(size, 9.2, 100.0, vec![])) - own).max(0.0).sqrt();
            assert_width(got, circle, &format!("edge before {far_m} m"));
        }
    }
    for length in [1.0f32, 2.0, 3.5, 5.0, 9.0, 20.0] {
        // A body that moves along the edge's normal before a lane at rest. 1 ms.
        let (sin, cos) = 0.3f32.sin_cos();
        let near_m = 9.2;
        let speed = length * near_m / 10.0;
        let motion = across([speed * cos, -speed * sin, 0.0]);
        let scene = edge(near_m, 9.2 + 0.02, 1);
        let got = (12.0 * (edge_width(&scene, &blur(size, 9.2, 1000.0, vec![motion])) - own).max(0.0)).sqrt();
        assert_width(got, length, "moving edge");
    }
}

#[test]
fn a_sharp_near_edge_is_not_leaked_over() {
    // The near side in focus, what is behind it far out of focus.
    let size = [256, 192];
    let scene = edge(9.2, 60.0, 0);
    assert!(circle_px(9.2, 60.0) > 13.0);
    let picture = scene.blurred(&blur(size, 9.2, 100.0, vec![]));
    for (i, (got, had)) in picture.iter().zip(&scene.light).enumerate() {
        assert!((got - had[0]).abs() < 0.05, "pixel {}, {}: {got} not {}", i % 256, i / 256, had[0]);
    }
}

/// A face of fine stripes behind a pane that mirrors fine stripes of another slant.
fn mirrored(face_m: f32) -> Scene {
    Scene::new([192, 128], |x, y| {
        let stripes = |phase: f32| 1.0 + (phase * std::f32::consts::TAU / 6.0).sin();
        let pane = (30.0..162.0).contains(&x) && (20.0..108.0).contains(&y);
        (stripes(x), if pane { stripes(y) + 0.01 } else { 0.0 }, face_m, 0)
    })
}

/// Contrast of stripes along x and along y, in the middle of a picture.
fn contrasts(picture: &[f32]) -> [f64; 2] {
    [0, 1].map(|axis| {
        let (mut sin, mut cos, mut sum) = (0.0, 0.0, 0.0);
        for y in 40..88 {
            for x in 60..132 {
                let value = f64::from(picture[y * 192 + x]);
                let phase = ([x, y][axis] as f64 + 0.5) * std::f64::consts::TAU / 6.0;
                (sin, cos, sum) = (sin + value * phase.sin(), cos + value * phase.cos(), sum + 1.0);
            }
        }
        2.0 * sin.hypot(cos) / sum
    })
}

#[test]
fn a_mirror_image_is_sharp_at_infinity_and_the_face_at_its_distance() {
    let scene = mirrored(8.0);
    let at = |focus_m: f32| contrasts(&scene.blurred(&blur([192, 128], focus_m, 500.0, vec![])));
    let [face, veil] = at(f32::INFINITY);
    assert!(veil > 0.99 && face < 0.1, "at infinity: face {face}, mirror image {veil}");
    let [face, veil] = at(8.0);
    assert!(face > 0.99 && veil < 0.1, "on the face: face {face}, mirror image {veil}");
    // Where the face moves, the mirror image does not.
    let mut moving = scene.clone();
    moving.body.fill(1);
    let motion = across([4.0, 0.0, 0.0]);
    let [face, veil] = contrasts(&moving.blurred(&blur([192, 128], 60.0, 1000.0, vec![motion.clone()])));
    let still = contrasts(&moving.blurred(&blur([192, 128], 60.0, 1000.0, vec![BodyMotion::at_rest()])));
    assert!(face < 0.5 * still[0] + 0.02 && (veil - still[1]).abs() < 0.02, "{face}, {veil}; at rest {still:?}");
}

#[test]
fn a_panes_outline_moves_with_its_body() {
    // A bright pane in a dark body that moves 12 px: its edge is a ramp of 12 px, not a step.
    let scene = Scene::new([192, 128], |x, _| (0.0, if x > 96.0 { 5.0 } else { 0.0 }, 10.0, 1));
    let motion = across([12.0, 0.0, 0.0]);
    let picture = scene.blurred(&blur([192, 128], f32::INFINITY, 1000.0, vec![motion]));
    let row = &picture[64 * 192..65 * 192];
    for (x, got) in row.iter().enumerate() {
        let circle = circle_px(f32::INFINITY, 10.0) as f64;
        let outside = (x as f64 + 0.5 - 96.0).abs() > 0.5 * (12.0 + circle) + 4.0;
        let want = if x > 96 { 5.0 } else { 0.0 };
        assert!(!outside || (got - want).abs() < 0.02, "{x}: {got}");
    }
    let (mut first, mut second) = (0.0, 0.0);
    for x in 60..132usize {
        let slope = f64::from(row[x + 1] - row[x]) / 5.0;
        let at = x as f64 + 1.0 - 96.0;
        (first, second) = (first + slope * at, second + slope * at * at);
    }
    let circle = f64::from(circle_px(f32::INFINITY, 10.0));
    let want = circle * circle / 16.0 + 12.0;
    let got = second - first * first;
    assert!((got.sqrt() / want.sqrt() - 1.0).abs() < 0.05, "{got} px², not {want}");
}

#[test]
fn sharpest_where_it_is_focused() {
    let scene = mirrored(8.0);
    let contrast = |focus_m: f32| contrasts(&scene.blurred(&blur([192, 128], focus_m, 500.0, vec![])))[0];
    let sweep = [4.0, 5.0, 6.0, 6.8, 7.4, 8.0, 8.7, 9.8, 12.0];
    let got: Vec<f64> = sweep.iter().map(|f| contrast(*f)).collect();
    let best = got.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).unwrap().0;
    assert_eq!(sweep[best], 8.0, "{got:?}");
    // Circles smaller than the stripes' first null (7.3 px): monotone on both sides.
    assert!(got[3] < got[4] && got[4] < got[5] && got[5] > got[6] && got[6] > got[7], "{got:?}");
}

/// A texture that a body carries with it, seen when its middle is `shift_px` to the right of where it is at mid-exposure.
fn texture_at(shift_px: f32) -> Scene {
    Scene::new([256, 128], move |x, y| {
        let u = x - shift_px;
        let near = (u - 128.0).abs() < 50.0 && (y - 64.0).abs() < 40.0;
        if near {
            (2.0 + (0.5 * u).sin() * (0.4 * y).cos(), 0.0, 8.0, 1)
        } else {
            (1.0 + 0.5 * (0.15 * x).sin(), 0.0, 12.0, 0)
        }
    })
}

#[test]
fn a_long_exposure_is_the_mean_of_short_ones() {
    // 8 m/s across at 8 m: 10 px/ms.
    let motion = || across([8.0, 0.0, 0.0]);
    let size = [256, 128];
    let long = texture_at(0.0).blurred(&blur(size, 9.2, 1200.0, vec![motion()]));
    const PARTS: usize = 4;
    let mut mean = vec![0.0f32; long.len()];
    for part in 0..PARTS {
        let mid_us = ((part as f32 + 0.5) / PARTS as f32 - 0.5) * 1200.0;
        let short = texture_at(mid_us * 1e-3 * 10.0).blurred(&blur(size, 9.2, 1200.0 / PARTS as f32, vec![motion()]));
        mean.iter_mut().zip(short).for_each(|(m, s)| *m += s / PARTS as f32);
    }
    let difference = rms(&long, &mean);
    let contrast = rms(&mean, &texture_at(0.0).light.iter().map(|l| l[0]).collect::<Vec<_>>());
    assert!(difference < 0.05 * contrast, "{difference} against a change of {contrast}");
}

fn rms(a: &[f32], b: &[f32]) -> f64 {
    let sum: f64 = a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum();
    (sum / a.len() as f64).sqrt()
}

#[test]
fn a_longer_exposure_never_shortens_a_streak() {
    for circle in [0.0, 0.7, 2.0, 5.0, 12.0] {
        let depth_m = depth_of(9.2, circle);
        let scene = point([192, 128], |_, _| depth_m, 1);
        let motion = BodyMotion::steady(Vec3::new(3.0, 1.5, 2.0), Vec3::new(0.0, 0.1, 0.0), Vec3::ZERO, 20_000.0);
        let mut last = 0.0;
        for exposure_us in [10.0f32, 50.0, 100.0, 200.0, 400.0, 700.0, 1000.0, 2000.0, 4000.0, 8000.0, 16_000.0] {
            let picture = scene.blurred(&blur([192, 128], 9.2, exposure_us, vec![motion.clone()]));
            let (_, _, [xx, yy]) = moments(&picture, 192);
            assert!(xx + yy >= last - 1e-3, "{circle} px, {exposure_us} µs: {} after {last}", xx + yy);
            last = xx + yy;
        }
    }
}

/// A scene of cards one behind the other, each known also where another hides it.
struct Card {
    depth_m: f32,
    body: u8,
    salt: i64,
}

impl Card {
    /// Light at a place of the card, if the card is there.
    fn at(&self, x: f32, y: f32) -> Option<f32> {
        let there = self.body == 0 || cloud(x, y, 40.0, self.salt) > 0.55;
        // Smooth enough that what is filled in behind an edge can be right.
        there.then(|| self.salt as f32 + 2.0 * cloud(x, y, 24.0, self.salt + 100))
    }
}

/// Gives points the width of a pixel, 1/12 px² along each axis: rays through the aperture see cards that are made of
/// squares, and a blurred picture is one of points, whose squares the sensor adds.
fn squared(picture: &[f32], width: usize) -> Vec<f32> {
    let along = |picture: &[f32], step: usize| -> Vec<f32> {
        let at = |i: usize| picture[i.min(picture.len() - 1)];
        (0..picture.len()).map(|i| (22.0 * at(i) + at(i.saturating_sub(step)) + at(i + step)) / 24.0).collect()
    };
    along(&along(picture, 1), width)
}

#[test]
fn cards_agree_with_rays_through_the_aperture() {
    let size = [192, 128];
    let speeds = [[4.0f32, 1.0, 0.0], [-2.0, 0.0, 0.0]];
    let cards = [
        Card { depth_m: 6.9, body: 1, salt: 5 },
        Card { depth_m: 8.2, body: 2, salt: 2 },
        Card { depth_m: 12.0, body: 0, salt: 1 },
    ];
    let scene = Scene::new(size, |x, y| {
        let (card, light) = cards.iter().find_map(|c| Some((c, c.at(x, y)?))).unwrap();
        (light, 0.0, card.depth_m, card.body)
    });
    for (focus_m, exposure_us) in [(9.2, 500.0), (9.2, 1000.0), (6.9, 1000.0), (12.0, 300.0), (7.5, 1.0)] {
        let bodies = speeds.iter().map(|v| across(*v)).collect();
        let got = squared(&scene.blurred(&blur(size, focus_m, exposure_us, bodies)), size[0]);
        let focus = Focus::of(&lens(focus_m), 6.0);
        let signed = |depth_m: f32| focus.slope_px_m * (1.0 / depth_m - focus.nearness_per_m);
        let mut want = vec![0.0f32; got.len()];
        // A Fermat spiral over the disc, times along the exposure in a scattered order.
        const RAYS: usize = 400;
        for ray in 0..RAYS {
            let radius = ((ray as f32 + 0.5) / RAYS as f32).sqrt() * 0.5;
            let (sin, cos) = (ray as f32 * 2.399_963_2).sin_cos();
            let time_s = ((ray * 157 % RAYS) as f32 + 0.5) / RAYS as f32 - 0.5;
            let time_s = time_s * exposure_us * 1e-6;
            for (i, want) in want.iter_mut().enumerate() {
                let (x, y) = ((i % size[0]) as f32 + 0.5, (i / size[0]) as f32 + 0.5);
                let seen = cards.iter().find_map(|card| {
                    let circle = signed(card.depth_m) * radius;
                    let [vx, vy, _] = if card.body == 0 { [0.0; 3] } else { speeds[usize::from(card.body) - 1] };
                    let per_m = FOCAL_PX / card.depth_m;
                    // As the picture knows them, cards are made of pixels.
                    let from = [x - circle * cos - vx * time_s * per_m, y - circle * sin + vy * time_s * per_m];
                    let [u, v] = from.map(|v| v.floor() + 0.5);
                    card.at(u, v)
                });
                *want += seen.unwrap() / RAYS as f32;
            }
        }
        // A margin round the picture, whose outside the rays know and the picture does not.
        let inner = |picture: &[f32]| -> Vec<f32> {
            let rows = picture.chunks_exact(size[0]).skip(12).take(size[1] - 24);
            rows.flat_map(|row| row[12..size[0] - 12].to_vec()).collect()
        };
        let sharp: Vec<f32> = scene.light.iter().map(|l| l[0]).collect();
        let (difference, change) = (rms(&inner(&got), &inner(&want)), rms(&inner(&sharp), &inner(&want)));
        println!("focus {focus_m} m, {exposure_us} µs: {difference:.4} of {change:.4}");
        assert!(difference < 0.12 * change + 0.025, "focus {focus_m} m: {difference} against a change of {change}");
    }
}
