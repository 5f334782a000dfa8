//! What a lens adds to diffraction: its own blur, and veiling glare.
use laneproof_camera::{CameraError, CameraModel, Isp, RadianceView, Samples, expose_linear};
use laneproof_scenes::catalogue::{Colour, Lens};

use super::*;

fn signal(lens: Lens, w: u32, h: u32, image: &[f32]) -> Vec<f64> {
    let camera = CameraModel::new("test", sensor(w, h, Colour::Mono), lens, Isp::linear()).unwrap().noiseless();
    let view = RadianceView::whole(w, h, Samples::Rgb32(image));
    let dn = expose_linear(&camera, &view, &at(300.0), 1, 1).unwrap().dn;
    dn.iter().map(|&dn| f64::from(dn) - f64::from(BLACK_DN)).collect()
}

#[test]
fn contrast_is_halved_at_mtf50() {
    // 16 px a line pair: 1/(16 · 3.45 µm) = 18.1 line pairs per mm.
    let (w, h) = (128u32, 64u32);
    for period_px in [8.0f32, 16.0] {
        let mtf50 = 1.0 / (period_px * 3.45e-3);
        let image: Vec<f32> = (0..w * h)
            .flat_map(|i| [1.0 + 0.9 * (std::f32::consts::TAU * (i % w) as f32 / period_px).cos(); 3])
            .collect();
        let amplitude = |lens: Lens| {
            let row: Vec<f64> = signal(lens, w, h, &image)[(32 * w) as usize..][32..96].to_vec();
            let tau = f64::from(std::f32::consts::TAU / period_px);
            let (re, im) = row.iter().enumerate().fold((0.0, 0.0), |(re, im), (x, v)| {
                (re + v * (tau * x as f64).cos(), im + v * (tau * x as f64).sin())
            });
            re.hypot(im) / 32.0
        };
        let ratio = amplitude(Lens { mtf50_lp_per_mm: Some(mtf50), ..lens() }) / amplitude(lens());
        assert!((ratio - 0.5).abs() < 0.015, "{ratio} at {mtf50} line pairs per mm");
    }
}

#[test]
fn a_lens_too_blurred_for_the_kernel_says_so() {
    let blurred = Lens { mtf50_lp_per_mm: Some(8.0), ..lens() };
    let fault = CameraModel::new("north", sensor(64, 64, Colour::Mono), blurred, Isp::linear()).unwrap_err();
    let message = fault.to_string();
    assert!(message.contains("north") && message.contains("mtf50_lp_per_mm"), "{message}");
}

#[test]
fn black_before_a_bright_field_reads_the_veiling_glare() {
    // ISO 9358: a small black target before an extended bright field.
    let (w, h) = (128u32, 128u32);
    let black = |x: u32, y: u32| (48..80).contains(&x) && (48..80).contains(&y);
    let image: Vec<f32> = (0..w * h).flat_map(|i| if black(i % w, i / w) { [0.0; 3] } else { [1.5; 3] }).collect();
    for glare in [0.02f32, 0.1] {
        let clear = signal(lens(), w, h, &image);
        let veiled = signal(Lens { veiling_glare: Some(glare), ..lens() }, w, h, &image);
        let at = |frame: &[f64], x: usize, y: usize| frame[y * 128 + x];
        assert!(at(&clear, 64, 64) < 1.0);
        let mean = clear.iter().sum::<f64>() / clear.len() as f64;
        let share = at(&veiled, 64, 64) / mean;
        assert!((share - f64::from(glare)).abs() < 0.001, "{share}, not {glare}");
        // Light is scattered, none is made.
        let total = veiled.iter().sum::<f64>() / clear.iter().sum::<f64>();
        assert!((total - 1.0).abs() < 0.001, "{total}");
    }
}

#[test]
fn a_part_of_a_sensor_must_say_what_is_scattered_into_it() {
    let glaring = Lens { veiling_glare: Some(0.05), ..lens() };
    let camera = CameraModel::new("test", sensor(64, 64, Colour::Mono), glaring, Isp::linear()).unwrap();
    let image = flat(32, 32, [1.0; 3]);
    let part = RadianceView::whole(32, 32, Samples::Rgb32(&image));
    let fault = expose_linear(&camera, &part, &at(100.0), 1, 1).unwrap_err();
    assert_eq!(fault, CameraError::GlareOfRegion);
    assert!(fault.to_string().contains("scattered"));
    let all = flat(64, 64, [1.0; 3]);
    let focal_length_px = f64::from(camera.lens().focal_length_mm) * 1e3 / f64::from(camera.sensor().pixel_pitch_um);
    let scattered = ScatteredLight::of(&RadianceView::whole(64, 64, Samples::Rgb32(&all)), focal_length_px);
    let told = RadianceView { scattered: Some(&scattered), ..part };
    assert!(expose_linear(&camera, &told, &at(100.0), 1, 1).is_ok());
}
