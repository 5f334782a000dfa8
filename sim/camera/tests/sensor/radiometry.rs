//! Photon transfer after EMVA 1288, and white targets against hand-computed radiometry.
use laneproof_camera::{Adc, CameraModel, Isp, RadianceView, Samples, expose, expose_linear};
use laneproof_scenes::catalogue::{
    Colour, Lens, Sensor,
    load::{Kind, load_shipped, shipped_names},
};

use super::*;

#[test]
fn photon_transfer_has_the_slope_of_the_gain_at_every_depth() {
    for (bit_depth, gain_db) in [(12, 0.0), (12, 12.0), (10, 0.0), (8, 0.0), (8, 12.0)] {
        photon_transfer(bit_depth, gain_db);
    }
}

fn photon_transfer(bit_depth: u8, gain_db: f32) {
    let (w, h) = (512, 512);
    let camera = camera(Sensor { bit_depth, ..sensor(w, h, Colour::Mono) });
    let gain = f64::from(camera.gain_dn_per_e(gain_db));
    let black = f64::from(camera.adc().black_dn());
    let per_us = f64::from(camera.mean_electrons([0.1; 3], 1.0).iter().sum::<f32>());
    let image = flat(w, h, [0.1; 3]);
    let view = RadianceView::whole(w, h, Samples::Rgb32(&image));
    // To 70 % of full well, or of full scale; from where noise is 0.6 DN, since rounding adds 1/12 DN² only where it is
    // wider than about half a step (B. Widrow and I. Kollár, Quantization Noise, 2008, ch. 4).
    let bottom_e = ((0.6 / gain).powi(2) - 2.4 * 2.4).max(5.0);
    let top_e = 0.7 * 11_000.0 / 10f64.powf(f64::from(gain_db) / 20.0);
    let (mut sx, mut sy, mut sxx, mut sxy, mut n) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for level in 0..32u64 {
        let electrons = bottom_e + (top_e - bottom_e) * (level as f64 / 31.0);
        let settings = ExposureSettings { exposure_us: (electrons / per_us) as f32, gain_db };
        let frame = |id| expose_linear(&camera, &view, &settings, 1, id).unwrap().dn;
        let (a, b) = (frame(2 * level), frame(2 * level + 1));
        // EMVA 1288 §6.5: mean of both, half the variance of their difference.
        let count = a.len() as f64;
        let mean = a.iter().chain(&b).map(|&x| f64::from(x)).sum::<f64>() / (2.0 * count) - black;
        let variance =
            a.iter().zip(&b).map(|(&x, &y)| (f64::from(x) - f64::from(y)).powi(2)).sum::<f64>() / (2.0 * count);
        assert!((mean / (gain * electrons) - 1.0).abs() < 0.01 + 0.5 / electrons, "mean {mean} at {electrons} e⁻");
        // Weighted by 1/mean²: the variance of a variance grows with its square.
        let weight = 1.0 / (variance * variance);
        n += weight;
        sx += weight * mean;
        sy += weight * variance;
        sxx += weight * mean * mean;
        sxy += weight * mean * variance;
    }
    let slope = (n * sxy - sx * sy) / (n * sxx - sx * sx);
    let intercept = (sy - slope * sx) / n;
    assert!((slope / gain - 1.0).abs() < 0.01, "{bit_depth} bits: slope {slope}, gain {gain}");
    let dark = gain * gain * 2.4 * 2.4 + 1.0 / 12.0;
    assert!((intercept / dark - 1.0).abs() < 0.1, "{bit_depth} bits: dark variance {intercept}, model {dark}");
}

#[test]
fn a_converter_ends_and_begins_where_its_depth_says() {
    let (w, h) = (32, 32);
    for (bit_depth, full, black) in [(8, 255, 4), (10, 1023, 16), (12, 4095, 64)] {
        let camera = camera(Sensor { bit_depth, ..sensor(w, h, Colour::Mono) });
        let adc: Adc = camera.adc();
        assert_eq!((adc.full_scale_dn(), adc.black_dn()), (full, black));
        let [bright, dark] = [1e4, 0.0].map(|radiance| {
            let image = flat(w, h, [radiance; 3]);
            expose_linear(&camera, &RadianceView::whole(w, h, Samples::Rgb32(&image)), &at(1_000.0), 1, 1).unwrap().dn
        });
        // Full well is full scale but for what reading adds.
        assert!(bright.iter().all(|&dn| dn + 1 + (full >> 9) * 2 >= full && dn <= full), "{bit_depth} bits");
        let mean = dark.iter().map(|&dn| f64::from(dn)).sum::<f64>() / dark.len() as f64;
        assert!((mean - f64::from(black)).abs() < 0.1, "{bit_depth} bits: {mean}");
    }
}

#[test]
fn a_white_target_before_every_shipped_sensor_reads_what_radiometry_says() {
    // Lambertian, reflectance 0.8, under 20, 25 and 22 W·m⁻² in red, green and blue, or 21 in a near-infrared band.
    let reflectance = 0.8;
    let irradiance_w_m2 = [20.0, 25.0, 22.0];
    let infrared_w_m2 = 21.0;
    // f = 16 mm, f/4, τ = 0.9, 200 µs, 6 dB.
    let lens = Lens { focal_length_mm: 16.0, f_number: 4.0, transmittance: 0.9, ..lens() };
    let (time_s, gain) = (200e-6, 10f64.powf(6.0 / 20.0));
    let hc = 1.986_445_86e-25;
    let mut seen = 0;
    for name in shipped_names(Kind::Sensor) {
        let whole = load_shipped::<Sensor>(Kind::Sensor, name).unwrap_or_else(|e| panic!("{e}")).value;
        // A piece of it round the middle, and so few pixels that the corner is near the axis: cos⁴ > 0.999.
        let sensor = Sensor { width_px: 64, height_px: 64, ..whole };
        let pitch_m = f64::from(sensor.pixel_pitch_um) * 1e-6;
        // Irradiance on the sensor: π τ L/(4N²) with L = ρE/π, which is τ ρ E/(4N²).
        let electrons = |irradiance: f64, efficiency: f32, wavelength_m: f64| {
            0.9 * reflectance * irradiance / (4.0 * 16.0)
                * pitch_m
                * pitch_m
                * time_s
                * f64::from(efficiency)
                * wavelength_m
                / hc
        };
        let efficiency = sensor.quantum_efficiency;
        let bands: [f64; 3] = match sensor.band.map(|band| band.name()) {
            None => std::array::from_fn(|i| electrons(irradiance_w_m2[i], efficiency[i], [650e-9, 550e-9, 450e-9][i])),
            Some("nir-850") => [electrons(infrared_w_m2, efficiency[0], 850e-9) / 3.0; 3],
            Some(_) => [electrons(infrared_w_m2, efficiency[0], 940e-9) / 3.0; 3],
        };
        let share = |electrons: f64| electrons * gain / f64::from(sensor.full_well_e);
        let radiance = match sensor.band {
            None => irradiance_w_m2.map(|e| (reflectance * e / std::f64::consts::PI) as f32),
            Some(_) => [(reflectance * infrared_w_m2 / std::f64::consts::PI) as f32; 3],
        };
        let image = flat(64, 64, radiance);
        let view = RadianceView::whole(64, 64, Samples::Rgb32(&image));
        let settings = ExposureSettings { exposure_us: 200.0, gain_db: 6.0 };
        let camera = CameraModel::new(name, sensor.clone(), lens.clone(), Isp::linear()).unwrap();
        let frame = expose(&camera, &view, &settings, 3, 4).unwrap();
        let linear = expose_linear(&camera, &view, &settings, 3, 4).unwrap();
        let channels = if frame.colour == Colour::Mono { 1 } else { 3 };
        for channel in 0..channels {
            let want = if channels == 1 { share(bands.iter().sum()) } else { share(bands[channel]) };
            assert!((0.02..0.9).contains(&want), "{name}: {want} of full scale tells nothing");
            let bytes = frame.bytes.iter().skip(channel).step_by(channels).map(|&b| f64::from(b)).sum::<f64>() / 4096.0;
            assert!((bytes / (255.0 * want) - 1.0).abs() < 0.05, "{name}: {bytes} of 255, not {}", 255.0 * want);
        }
        let adc = camera.adc();
        let span = f64::from(adc.full_scale_dn() - adc.black_dn());
        let mean = linear.dn.iter().map(|&dn| f64::from(dn)).sum::<f64>() / linear.dn.len() as f64;
        let [red, green, blue] = bands;
        let want = match linear.colour {
            Colour::Mono => share(red + green + blue),
            Colour::Rgb => share((red + green + blue) / 3.0),
            Colour::Bayer => share((red + 2.0 * green + blue) / 4.0),
        };
        let signal = (mean - f64::from(adc.black_dn())) / span;
        assert!((signal / want - 1.0).abs() < 0.05, "{name}: {signal} of full scale, not {want}");
        seen += 1;
    }
    assert!(seen >= 6);
}

#[test]
fn a_face_of_100_cd_per_m2_gives_about_320_electrons() {
    // Flat spectrum 400–700 nm: 1 cd/m² is 100 nm / (683 lm/W · 106.8 nm) W·m⁻²·sr⁻¹ in each band.
    let radiance = [100.0 * 100.0 / (683.0 * 106.8); 3];
    let camera = camera(sensor(16, 16, Colour::Mono));
    let electrons: f32 = camera.mean_electrons(radiance, 500.0).iter().sum();
    assert!((160.0..640.0).contains(&electrons), "{electrons}");
}

#[test]
fn white_target_reads_what_radiometry_says() {
    // Lambertian white, 10 W·m⁻² in the green band: L = 10/π. f/2.8, τ = 1, 3.45 µm, 200 µs, QE 0.6, 550 nm:
    // π/(4·7.84) · (3.45e−6)² · (10/π) · 200e−6 · 0.6 · 550e−9/1.98645e−25.
    let electrons = 10.0 / (4.0 * 7.84) * 3.45e-6 * 3.45e-6 * 200e-6 * 0.6 * 550e-9 / 1.986_445_86e-25;
    let (w, h) = (64, 64);
    let image = flat(w, h, [0.0, 10.0 / std::f32::consts::PI, 0.0]);
    let camera = camera(sensor(w, h, Colour::Rgb));
    let frame = expose(&camera, &RadianceView::whole(w, h, Samples::Rgb32(&image)), &at(200.0), 3, 4).unwrap();
    let mean = |c: usize| frame.bytes.iter().skip(c).step_by(3).map(|&b| f64::from(b)).sum::<f64>() / f64::from(w * h);
    let want = electrons / 11_000.0 * 255.0;
    assert!((mean(1) - want).abs() < 0.3, "{} not {want}", mean(1));
    assert!(mean(0) < 0.2 && mean(2) < 0.2);
}
