//! A Bayer sensor: its mosaic, and the frame that is interpolated from it.
use laneproof_camera::{CameraModel, Isp, RadianceView, Samples, expose, expose_linear};
use laneproof_scenes::catalogue::{Colour, Sensor};

use super::*;

/// Radiance whose electrons are alike in all bands, for equal quantum efficiencies.
fn grey(level: f32) -> [f32; 3] {
    [650.0, 550.0, 450.0].map(|nm| level * 550.0 / nm)
}

#[test]
fn a_site_sees_the_colour_of_its_filter() {
    let (w, h) = (64, 64);
    let camera = camera(sensor(w, h, Colour::Bayer)).noiseless();
    let image = flat(w, h, [0.4, 1.0, 0.7]);
    let electrons = camera.mean_electrons([0.4, 1.0, 0.7], 300.0);
    let frame = expose_linear(&camera, &RadianceView::whole(w, h, Samples::Rgb32(&image)), &at(300.0), 1, 1).unwrap();
    assert_eq!(frame.dn.len(), (w * h) as usize);
    for (i, dn) in frame.dn.iter().enumerate() {
        let (x, y) = (i % 64, i / 64);
        let channel = [[0, 1], [1, 2]][y % 2][x % 2];
        let want = f32::from(BLACK_DN) + camera.gain_dn_per_e(0.0) * electrons[channel];
        assert!((f32::from(*dn) - want).abs() < 1.0, "{dn} at ({x}, {y}), not {want}");
    }
}

#[test]
fn grey_stays_grey_and_its_noise_is_that_of_the_interpolation() {
    let (w, h) = (256, 256);
    // A small well, so that noise is many steps of the 8-bit frame.
    let camera = camera(Sensor { full_well_e: 1_000.0, dark_noise_e: 0.0, ..sensor(w, h, Colour::Bayer) });
    let image = flat(w, h, grey(1.0));
    let view = RadianceView::whole(w, h, Samples::Rgb32(&image));
    let settings = at(500.0 / camera.mean_electrons(grey(1.0), 1.0)[1]);
    let frame = expose(&camera, &view, &settings, 1, 2).unwrap();
    assert_eq!(frame.colour, Colour::Rgb);
    let dn_per_e = 255.0 / 1_000.0;
    // Sums of squares of the coefficients: measured 1; green between 36/64; red or blue beside green 63.5/64; across 61/64.
    let (own, green, beside, across) = (1.0, 36.0 / 64.0, 63.5 / 64.0, 61.0 / 64.0);
    let factors = [[[own, green, across], [beside, own, beside]], [[beside, own, beside], [across, green, own]]];
    for (y0, row) in factors.iter().enumerate() {
        for (x0, factors) in row.iter().enumerate() {
            for (c, factor) in factors.iter().enumerate() {
                let (mut sum, mut squares, mut n) = (0.0, 0.0, 0.0);
                for y in (y0..256).step_by(2) {
                    for x in (x0..256).step_by(2) {
                        let v = f64::from(frame.bytes[3 * (y * 256 + x) + c]);
                        (sum, squares, n) = (sum + v, squares + v * v, n + 1.0);
                    }
                }
                let mean = sum / n;
                let variance = squares / n - mean * mean;
                let want = factor * 500.0 * dn_per_e * dn_per_e + 1.0 / 12.0;
                assert!((mean - 500.0 * dn_per_e).abs() < 0.4, "channel {c}: {mean}");
                assert!((variance / want - 1.0).abs() < 0.05, "channel {c} at ({x0}, {y0}): {variance}, not {want}");
            }
        }
    }
}

#[test]
fn a_slanted_edge_is_shifted_in_no_channel() {
    let (w, h) = (64u32, 60u32);
    let camera = camera(sensor(w, h, Colour::Bayer)).noiseless();
    let edge_at = |y: u32| 28.3 + 0.12 * y as f32;
    let image: Vec<f32> = (0..w * h)
        .flat_map(|i| {
            let (x, y) = (i % w, i / w);
            // Share of the pixel that is bright.
            let bright = (x as f32 + 1.0 - edge_at(y)).clamp(0.0, 1.0);
            grey(0.2 + 1.2 * bright)
        })
        .collect();
    let frame = expose(&camera, &RadianceView::whole(w, h, Samples::Rgb32(&image)), &at(300.0), 1, 1).unwrap();
    for c in 0..3 {
        let mut shifts = Vec::new();
        for y in 4..h - 4 {
            let value = |x: u32| f32::from(frame.bytes[(3 * (y * w + x)) as usize + c]);
            let (dark, bright) = (value(4), value(w - 5));
            // Where the step would be that holds as much light.
            let dark_pixels: f32 = (4..w - 4).map(|x| (bright - value(x)) / (bright - dark)).sum();
            shifts.push(4.0 + dark_pixels - edge_at(y));
        }
        let mean = shifts.iter().sum::<f32>() / shifts.len() as f32;
        let largest = shifts.iter().fold(0.0f32, |m, s| m.max(s.abs()));
        assert!(mean.abs() < 0.05, "channel {c} by {mean} px");
        // A row samples red and blue every other pixel only.
        assert!(largest < 1.0, "channel {c} by {largest} px in a row");
    }
}

#[test]
fn a_smooth_picture_comes_back_in_full_colour() {
    let (w, h) = (96u32, 96u32);
    let image: Vec<f32> = (0..w * h)
        .flat_map(|i| {
            let (x, y) = ((i % w) as f32, (i / w) as f32);
            let wave = |phase: f32, nm: f32| (0.6 + 0.4 * (0.1 * x + phase).sin() * (0.085 * y).cos()) * 550.0 / nm;
            [wave(0.0, 650.0), wave(1.0, 550.0), wave(2.0, 450.0)]
        })
        .collect();
    let view = RadianceView::whole(w, h, Samples::Rgb32(&image));
    let frame_of = |colour| {
        let camera = CameraModel::new("test", sensor(w, h, colour), lens(), Isp::linear()).unwrap().noiseless();
        expose(&camera, &view, &at(4_000.0), 1, 1).unwrap()
    };
    let (whole, interpolated) = (frame_of(Colour::Rgb), frame_of(Colour::Bayer));
    let (mut squares, mut spread) = (0.0, (255u8, 0u8));
    for y in 3..h - 3 {
        for x in 3..w - 3 {
            for c in 0..3 {
                let i = (3 * (y * w + x)) as usize + c;
                squares += (f64::from(whole.bytes[i]) - f64::from(interpolated.bytes[i])).powi(2);
                spread = (spread.0.min(whole.bytes[i]), spread.1.max(whole.bytes[i]));
            }
        }
    }
    let error = (squares / f64::from(3 * (w - 6) * (h - 6))).sqrt();
    assert!(spread.1 - spread.0 > 60, "the picture has contrast: {spread:?}");
    assert!(error < 1.0, "{error} DN");
}

#[test]
fn a_blown_out_mosaic_is_white_though_colours_are_balanced() {
    let (w, h) = (32, 32);
    let sensor = Sensor { quantum_efficiency: [0.3, 0.6, 0.45], ..sensor(w, h, Colour::Bayer) };
    let isp = Isp::balanced(&sensor, [1.0, 1.1, 0.9]);
    let camera = CameraModel::new("test", sensor, lens(), isp).unwrap();
    let image = flat(w, h, [1e4; 3]);
    let frame = expose(&camera, &RadianceView::whole(w, h, Samples::Rgb32(&image)), &at(1_000.0), 1, 1).unwrap();
    assert!(frame.bytes.iter().all(|&b| b >= 254));
}
