//! Prints how many megapixels a second the sensor model, with and without glare, and the encoders do, and how long distortion
//! takes.
use std::time::Instant;

use half::f16;
use laneproof_camera::{
    CameraModel, ExposureSettings, Isp, RadianceView, Samples, blur::Pinhole, distorted::DistortedSensor, encode_jpeg,
    expose, video::VideoStream,
};
use laneproof_scenes::catalogue::{Colour, Distortion, H264, Lens, Sensor};

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the wall clock")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (width, height) = (1920u32, 1200u32);
    let samples: Vec<f16> = (0..width * height)
        .flat_map(|i| {
            let l = 0.2 + 3.0 * (i % width) as f32 / width as f32;
            [l, 0.9 * l, 0.8 * l, 1.0].map(f16::from_f32)
        })
        .collect();
    let view = RadianceView::whole(width, height, Samples::Rgba16(&samples));
    let settings = ExposureSettings { exposure_us: 400.0, gain_db: 0.0 };
    let colours = [Colour::Mono, Colour::Rgb, Colour::Bayer];
    for (colour, veiling_glare) in colours.into_iter().flat_map(|colour| [(colour, None), (colour, Some(0.03))]) {
        let sensor = Sensor {
            width_px: width,
            height_px: height,
            pixel_pitch_um: 3.45,
            full_well_e: 11_000.0,
            dark_noise_e: 2.4,
            dark_current_e_per_s: 1.0,
            quantum_efficiency: [0.5, 0.6, 0.5],
            prnu: 0.01,
            dsnu_e: 1.0,
            bit_depth: 12,
            colour,
            band: None,
            line_time_us: None,
            source: "benchmark".into(),
        };
        let isp = Isp::balanced(&sensor, [1.0; 3]);
        let lens = Lens {
            focal_length_mm: 25.0,
            f_number: 4.0,
            transmittance: 0.9,
            focus_distance_m: 6.0,
            polariser: None,
            mtf50_lp_per_mm: None,
            veiling_glare,
            distortion: None,
        };
        let camera = CameraModel::new("benchmark", sensor, lens, isp)?;
        let h264 = H264 { bit_rate_kbit_per_s: Some(4000.0), frame_rate_hz: Some(25.0), qp: None, gop_frames: 50 };
        let mut video = VideoStream::new(&h264, width, height, colour, 0)?;
        for exposure in 0..5 {
            let start = Instant::now();
            let frame = expose(&camera, &view, &settings, 1, exposure)?;
            let exposed = start.elapsed().as_secs_f64();
            let jpeg = encode_jpeg(&frame, 90)?;
            let encoded = start.elapsed().as_secs_f64() - exposed;
            let coded = video.push(&frame)?;
            let coded_s = start.elapsed().as_secs_f64() - exposed - encoded;
            let megapixels = f64::from(width * height) * 1e-6;
            println!(
                "{colour:?}{}: {:.1} ms ({:.0} MP/s), JPEG {:.1} ms ({:.0} MP/s, {} kB), H.264 both ways {:.1} ms ({:.0} MP/s, {} kB)",
                if veiling_glare.is_some() { " with glare" } else { "" },
                exposed * 1e3,
                megapixels / exposed,
                encoded * 1e3,
                megapixels / encoded,
                jpeg.len() / 1000,
                coded_s * 1e3,
                megapixels / coded_s,
                coded.bytes / 1000
            );
        }
    }
    let sensor = Pinhole {
        focal_length_px: 2048.0,
        principal_point_px: [width as f32 / 2.0, height as f32 / 2.0],
        width_px: width,
        height_px: height,
    };
    let start = Instant::now();
    let distorted = DistortedSensor::new(sensor, Distortion { k1: -0.11, k2: 0.012, ..Distortion::default() })
        .map_err(|fold| fold.to_string())?;
    println!("distortion: places of all pixels once in {:.1} ms", start.elapsed().as_secs_f64() * 1e3);
    let picture = vec![[1.0; 3]; (distorted.drawn().width_px * distorted.drawn().height_px) as usize];
    for _ in 0..3 {
        let start = Instant::now();
        let _taken_over = distorted.resample(&picture);
        println!("distortion: {:.1} ms a picture", start.elapsed().as_secs_f64() * 1e3);
    }
    Ok(())
}
