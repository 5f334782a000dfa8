//! The camera against the EMVA 1288 model and hand-computed radiometry.
use half::f16;
use laneproof_camera::{
    BLACK_DN, CameraModel, ExposureSettings, FULL_SCALE_DN, Isp, MARGIN_PX, RadianceView, Samples, encode_jpeg, expose,
    expose_linear, glare::ScatteredLight,
};
use laneproof_scenes::{
    catalogue::{Colour, Lens, Sensor},
    infrared::Infrared,
};

mod control;
mod hdr;
mod mosaic;
mod optics;
mod radiometry;

fn sensor(width_px: u32, height_px: u32, colour: Colour) -> Sensor {
    Sensor {
        width_px,
        height_px,
        pixel_pitch_um: 3.45,
        full_well_e: 11_000.0,
        dark_noise_e: 2.4,
        dark_current_e_per_s: 1.0,
        quantum_efficiency: [0.6; 3],
        prnu: 0.0,
        dsnu_e: 0.0,
        bit_depth: 12,
        colour,
        band: None,
        line_time_us: None,
        source: "test".into(),
    }
}

/// So long a lens that vignetting plays no part.
fn lens() -> Lens {
    Lens {
        focal_length_mm: 1_000.0,
        f_number: 2.8,
        transmittance: 1.0,
        focus_distance_m: 8.0,
        polariser: None,
        mtf50_lp_per_mm: None,
        veiling_glare: None,
        distortion: None,
    }
}

fn camera(sensor: Sensor) -> CameraModel {
    CameraModel::new("test", sensor, lens(), Isp::linear()).unwrap()
}

fn flat(width: u32, height: u32, radiance: [f32; 3]) -> Vec<f32> {
    radiance.repeat((width * height) as usize)
}

fn at(exposure_us: f32) -> ExposureSettings {
    ExposureSettings { exposure_us, gain_db: 0.0 }
}

#[test]
fn saturation_is_white_and_dark_is_black() {
    let (w, h) = (32, 32);
    let mut sensor = sensor(w, h, Colour::Rgb);
    sensor.quantum_efficiency = [0.4, 0.6, 0.5];
    let isp = Isp::balanced(&sensor, [1.0, 1.1, 0.9]);
    let camera = CameraModel::new("test", sensor, lens(), isp).unwrap();
    let bright = flat(w, h, [1e4; 3]);
    let frame = expose(&camera, &RadianceView::whole(w, h, Samples::Rgb32(&bright)), &at(1_000.0), 1, 1).unwrap();
    assert!(frame.bytes.iter().all(|&b| b >= 254));
    let dark = flat(w, h, [0.0; 3]);
    let linear = expose_linear(&camera, &RadianceView::whole(w, h, Samples::Rgb32(&dark)), &at(1_000.0), 1, 1).unwrap();
    let mean = linear.dn.iter().map(|&d| f64::from(d)).sum::<f64>() / linear.dn.len() as f64;
    assert!((mean - f64::from(BLACK_DN)).abs() < 0.1, "{mean}");
    assert!(linear.dn.iter().all(|&d| d < FULL_SCALE_DN));
}

#[test]
fn balance_makes_grey_grey() {
    let (w, h) = (64, 64);
    let mut sensor = sensor(w, h, Colour::Rgb);
    sensor.quantum_efficiency = [0.45, 0.6, 0.5];
    let light = [1.2f32, 1.4, 1.5];
    let camera = CameraModel::new("test", sensor.clone(), lens(), Isp::balanced(&sensor, light)).unwrap();
    let image = flat(w, h, light.map(|l| 2.0 * l));
    let frame = expose(&camera, &RadianceView::whole(w, h, Samples::Rgb32(&image)), &at(150.0), 1, 1).unwrap();
    let mean = |c: usize| frame.bytes.iter().skip(c).step_by(3).map(|&b| f64::from(b)).sum::<f64>() / f64::from(w * h);
    assert!((mean(0) - mean(1)).abs() < 1.0 && (mean(2) - mean(1)).abs() < 1.0, "{} {} {}", mean(0), mean(1), mean(2));
    assert!(mean(1) > 60.0 && mean(1) < 250.0);
}

#[test]
fn fixed_pattern_stays_and_temporal_noise_changes() {
    let (w, h) = (256, 256);
    let mut sensor = sensor(w, h, Colour::Mono);
    sensor.prnu = 0.02;
    let image = flat(w, h, [1.0; 3]);
    let view = RadianceView::whole(w, h, Samples::Rgb32(&image));
    let model = |id: &str| CameraModel::new(id, sensor.clone(), lens(), Isp::linear()).unwrap();
    let a = model("a");
    let settings = at(5_000.0 / a.mean_electrons([1.0; 3], 1.0).iter().sum::<f32>());
    // Deviation from the mean in each of three exposures of one camera, and one of another.
    let deviation = |camera: &CameraModel, id| {
        let dn = expose_linear(camera, &view, &settings, 9, id).unwrap().dn;
        let signal: Vec<f64> = dn.iter().map(|&d| f64::from(d) - f64::from(BLACK_DN)).collect();
        let mean = signal.iter().sum::<f64>() / signal.len() as f64;
        signal.iter().map(|s| s / mean - 1.0).collect::<Vec<_>>()
    };
    let covariance = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(a, b)| a * b).sum::<f64>() / x.len() as f64;
    let (x, y) = (deviation(&a, 1), deviation(&a, 2));
    // Common to both: PRNU alone, 2 %. Shot noise of 5,000 e⁻ (1.4 %) is not common.
    assert!((covariance(&x, &y).sqrt() - 0.02).abs() < 0.000_5, "{}", covariance(&x, &y).sqrt());
    assert!((covariance(&x, &x) - 0.02f64.powi(2) - 1.0 / 5_000.0).abs() < 1e-5);
    assert!(covariance(&x, &deviation(&model("b"), 1)).abs() < 5e-6);

    let mut quiet = sensor.clone();
    quiet.prnu = 0.0;
    let quiet = CameraModel::new("a", quiet, lens(), Isp::linear()).unwrap();
    assert!(
        covariance(&deviation(&quiet, 1), &deviation(&quiet, 2)).abs() < 3e-6,
        "noise of two exposures is unrelated"
    );
}

/// A picture with edges and gradients.
fn scene(w: u32, h: u32) -> Vec<f32> {
    (0..w * h)
        .flat_map(|i| {
            let (x, y) = (i % w, i / w);
            let block = if (x / 7 + y / 5) % 2 == 0 { 4.0 } else { 0.3 };
            [block, block * 0.8, 0.01 * x as f32]
        })
        .collect()
}

#[test]
fn neither_threads_nor_regions_change_a_byte() {
    let soft = Lens { mtf50_lp_per_mm: Some(55.0), veiling_glare: Some(0.03), ..lens() };
    for (colour, lens) in [(Colour::Rgb, lens()), (Colour::Bayer, lens()), (Colour::Bayer, soft)] {
        let camera = CameraModel::new("test", sensor(150, 117, colour), lens, Isp::linear()).unwrap();
        assert_regions_and_threads_agree(&camera);
    }
}

fn assert_regions_and_threads_agree(camera: &CameraModel) {
    let (w, h) = (150, 117);
    let image = scene(w, h);
    let whole = || expose(camera, &RadianceView::whole(w, h, Samples::Rgb32(&image)), &at(300.0), 5, 77).unwrap();
    let frame = whole();
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        assert_eq!(pool.install(whole), frame);
    }
    // A region with its margin; an odd place, so that its mosaic begins with another colour.
    let margin = camera.margin_px();
    assert!(margin <= MARGIN_PX);
    let focal_length_px = f64::from(camera.lens().focal_length_mm) * 1e3 / f64::from(camera.sensor().pixel_pitch_um);
    let all = ScatteredLight::of(&RadianceView::whole(w, h, Samples::Rgb32(&image)), focal_length_px);
    let scattered = Some(&all);
    let (x0, y0, rw, rh) = (31u32, 22u32, 60u32, 41u32);
    let crop: Vec<f32> =
        (y0..y0 + rh).flat_map(|y| image[3 * (y * w + x0) as usize..3 * (y * w + x0 + rw) as usize].to_vec()).collect();
    let view = RadianceView { width: rw, height: rh, origin_px: [x0, y0], samples: Samples::Rgb32(&crop), scattered };
    let region = expose(camera, &view, &at(300.0), 5, 77).unwrap();
    for y in margin..rh - margin {
        let row = |f: &[u8], width: u32, x: u32, y: u32, n: u32| {
            f[3 * (y * width + x) as usize..3 * (y * width + x + n) as usize].to_vec()
        };
        let n = rw - 2 * margin;
        assert_eq!(row(&region.bytes, rw, margin, y, n), row(&frame.bytes, w, x0 + margin, y0 + y, n));
    }
}

#[test]
fn half_floats_with_four_numbers_read_the_same() {
    let (w, h) = (40, 30);
    let camera = camera(sensor(w, h, Colour::Mono));
    let half: Vec<f16> = scene(w, h).chunks(3).flat_map(|p| [p[0], p[1], p[2], 1.0].map(f16::from_f32)).collect();
    let single: Vec<f32> = half.chunks(4).flat_map(|p| [p[0], p[1], p[2]].map(f16::to_f32)).collect();
    let expose = |samples| expose(&camera, &RadianceView::whole(w, h, samples), &at(300.0), 5, 7).unwrap();
    assert_eq!(expose(Samples::Rgba16(&half)), expose(Samples::Rgb32(&single)));
}

#[test]
fn an_edge_is_blurred_by_pixel_and_diffraction() {
    // Step from dark to bright; σ² = (0.42 · 0.55 µm · 2.8 / 3.45 µm)² + 1/12 = 0.118 px²: the blur is symmetric and
    // spreads over about one pixel.
    let (w, h) = (64, 64);
    let camera = camera(sensor(w, h, Colour::Mono));
    let image: Vec<f32> = (0..w * h).flat_map(|i| if i % w < 32 { [0.0; 3] } else { [0.0, 3.0, 0.0] }).collect();
    let dn = expose_linear(&camera, &RadianceView::whole(w, h, Samples::Rgb32(&image)), &at(300.0), 1, 1).unwrap().dn;
    let mean = |x: usize| (0..64).map(|y| f64::from(dn[y * 64 + x]) - f64::from(BLACK_DN)).sum::<f64>() / 64.0;
    let share = mean(31) / mean(40);
    assert!(share > 0.005 && share < 0.1, "{share}");
    assert!((mean(31) + mean(32) - mean(40)).abs() < 0.02 * mean(40));
}

#[test]
fn jpeg_is_the_same_every_time_and_decodes() {
    let (w, h) = (64, 48);
    let camera = camera(sensor(w, h, Colour::Rgb));
    let image = scene(w, h);
    let frame = expose(&camera, &RadianceView::whole(w, h, Samples::Rgb32(&image)), &at(100.0), 5, 7).unwrap();
    let jpeg = encode_jpeg(&frame, 95).unwrap();
    assert_eq!(jpeg, encode_jpeg(&frame, 95).unwrap());
    let back = image::load_from_memory(&jpeg).unwrap().to_rgb8();
    assert_eq!((back.width(), back.height()), (w, h));
    let error: f64 = back.as_raw().iter().zip(&frame.bytes).map(|(a, b)| f64::from(a.abs_diff(*b))).sum::<f64>()
        / frame.bytes.len() as f64;
    assert!(error < 6.0, "{error}");
}

#[test]
fn impossible_numbers_are_named() {
    let mut bad = sensor(10, 10, Colour::Mono);
    bad.full_well_e = 0.0;
    let message = CameraModel::new("north", bad, lens(), Isp::linear()).unwrap_err().to_string();
    assert!(message.contains("north") && message.contains("full well"), "{message}");
    let camera = camera(sensor(10, 10, Colour::Mono));
    let image = flat(10, 9, [1.0; 3]);
    let wrong = RadianceView::whole(10, 10, Samples::Rgb32(&image));
    assert!(expose(&camera, &wrong, &at(100.0), 1, 1).is_err());
    let right = RadianceView::whole(10, 9, Samples::Rgb32(&image));
    assert!(expose(&camera, &right, &at(-5.0), 1, 1).unwrap_err().to_string().contains("exposure time"));
}

#[test]
fn a_near_infrared_camera_counts_its_band_once_with_its_own_photons() {
    let visible = camera(sensor(32, 32, Colour::Mono));
    let infrared = |band| camera(Sensor { band: Some(band), ..sensor(32, 32, Colour::Mono) });
    // The same power once in red alone, once in the infrared camera's channels, which all hold the one band.
    let red: f32 = visible.mean_electrons([0.01, 0.0, 0.0], 200.0).iter().sum();
    for (band, nm) in [(Infrared::Nir850, 850.0), (Infrared::Nir940, 940.0)] {
        let electrons: f32 = infrared(band).mean_electrons([0.01; 3], 200.0).iter().sum();
        // As many more photons as the wavelength is longer.
        assert!((electrons / red - nm / 650.0).abs() < 1e-4, "{electrons} of {red}");
    }
}
