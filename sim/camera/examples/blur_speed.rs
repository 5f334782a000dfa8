//! Prints how long defocus and motion blur of one exposure take, for the kinds of picture that a lane gives.
use std::time::Instant;

use glam::Vec3;
use laneproof_camera::blur::{Backdrop, Blur, BodyMotion, LayeredRadiance, Pinhole, sensor_radiance};
use laneproof_scenes::catalogue::Lens;

const SENSOR: [usize; 2] = [1920, 1200];
const REGION: [usize; 4] = [400, 180, 1000, 900];

const REPEATS: usize = 9;

struct Scene {
    light: Vec<[f32; 3]>,
    veil: Vec<[f32; 3]>,
    range_m: Vec<f32>,
    body: Vec<u8>,
}

/// A vehicle seen slantwise: its side, windows with people and seats behind them, the lane around.
fn scene(depth_m: f32) -> Scene {
    let [_, _, w, h] = REGION;
    let mut out = Scene { light: Vec::new(), veil: Vec::new(), range_m: Vec::new(), body: Vec::new() };
    for y in 0..h {
        for x in 0..w {
            let texture = (0.3 * x as f32).sin() * (0.2 * y as f32).cos();
            let (fx, fy) = (x as f32 / w as f32, y as f32 / h as f32);
            let lane = !(0.06..=0.94).contains(&fx) || fy < 0.1;
            let window = !lane && (0.2..0.55).contains(&fy) && (fx * 4.0).fract() > 0.12;
            let person = window && ((fx * 8.0).fract() - 0.5).hypot(4.0 * (fy - 0.4)) < 0.4;
            let seat = window && !person && fy > 0.4;
            let range_m = match (lane, window, person, seat) {
                (true, ..) => 14.0 - 4.0 * fy,
                (_, false, ..) => depth_m + 1.6 * fx,
                (_, _, true, _) => depth_m + 0.5 + 1.6 * fx + 0.1 * texture,
                (_, _, _, true) => depth_m + 0.9 + 1.6 * fx,
                _ => 20.0,
            };
            let body = u8::from(!lane && (!window || person || seat));
            out.light.push([1.0, 0.9, 0.8].map(|l| l * (2.0 + texture)));
            out.veil.push(if window { [0.3, 0.4, 0.5] } else { [0.0; 3] });
            out.range_m.push(range_m);
            out.body.push(body);
        }
    }
    out
}

/// Processor time that all threads of this process have had, milliseconds; 0 where the system does not tell.
fn processor_ms() -> f64 {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let nanoseconds = tasks.filter_map(|task| {
        let text = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<f64>().ok()
    });
    nanoseconds.sum::<f64>() * 1e-6
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the wall clock")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let [x, y, w, h] = REGION.map(|v| v as u32);
    let pixels = SENSOR[0] * SENSOR[1];
    let ground: Vec<f32> = (0..pixels).map(|i| 30.0 - 20.0 * (i / SENSOR[0]) as f32 / SENSOR[1] as f32).collect();
    let lane: Vec<[f32; 3]> = (0..pixels).map(|i| [1.0 + (i % 13) as f32 * 0.1; 3]).collect();
    println!("{} threads, region {w} × {h}", rayon::current_num_threads());
    // Front camera of the demo's rig: 60 mm, f/4, 5.86 µm, focused between the rows of seats.
    for (what, depth_m, velocity_mps, exposure_us, veil) in [
        ("at rest, no veil", 7.8, [0.0, 0.0, 0.0], 500.0, false),
        ("at rest", 7.8, [0.0, 0.0, 0.0], 500.0, true),
        ("2 m/s towards, 1 ms", 7.8, [0.5, -0.2, 1.9], 1000.0, true),
        ("4 m/s towards, 1 ms", 7.8, [1.0, -0.4, 3.8], 1000.0, true),
        ("4 m/s across, 1 ms", 7.8, [4.0, 0.2, 0.0], 1000.0, true),
        ("4 m/s towards, 1 ms, near, out of focus", 5.5, [1.0, -0.4, 3.8], 1000.0, true),
        ("4 m/s towards, 2 ms, very near", 4.0, [1.0, -0.4, 3.8], 2000.0, true),
    ] {
        let focal_length_px = 60e3 / 5.86;
        let pinhole = Pinhole { focal_length_px, principal_point_px: [960.0, 600.0], width_px: 1920, height_px: 1200 };
        let motion = BodyMotion::steady(Vec3::from(velocity_mps), Vec3::ZERO, Vec3::ZERO, 2000.0);
        let blur = Blur {
            lens: Lens {
                focal_length_mm: 60.0,
                f_number: 4.0,
                transmittance: 0.9,
                focus_distance_m: 9.2,
                polariser: None,
                mtf50_lp_per_mm: None,
                veiling_glare: None,
                distortion: None,
            },
            pixel_pitch_um: 5.86,
            pinhole,
            exposure_us,
            bodies: vec![motion.clone()],
            rolling: None,
        };
        let start = Instant::now();
        let backdrop = Backdrop::new(lane.clone(), &ground, &blur)?;
        let backdrop_ms = start.elapsed().as_secs_f64() * 1e3;
        let scene = scene(depth_m);
        let layers = LayeredRadiance {
            origin_px: [x, y],
            width: w,
            height: h,
            scene: &scene.light,
            veil: veil.then_some(&scene.veil[..]),
            range_m: &scene.range_m,
            body: &scene.body,
        };
        let mut times: Vec<f64> = Vec::new();
        let before_ms = processor_ms();
        for _ in 0..REPEATS {
            let start = Instant::now();
            let blurred = sensor_radiance(&layers, Some(&backdrop), &blur)?;
            times.push(start.elapsed().as_secs_f64() * 1e3);
            std::hint::black_box(blurred);
        }
        let processor_ms = (processor_ms() - before_ms) / REPEATS as f64;
        times.sort_by(f64::total_cmp);
        let motion_px = motion.path(&pinhole, [960.0, 600.0], 1.0 / depth_m, exposure_us).length_px();
        let focus = laneproof_camera::blur::Focus::of(&blur.lens, blur.pixel_pitch_um);
        println!(
            "{what}: circle {:.1}–{:.1} px, motion {motion_px:.1} px: median {:.1} ms, least {:.1} ms, {processor_ms:.1} ms of processor time (backdrop, once: {backdrop_ms:.0} ms)",
            focus.circle_px(1.0 / depth_m),
            focus.circle_px(1.0 / (depth_m + 2.5)),
            times[times.len() / 2],
            times[0],
        );
    }
    Ok(())
}
