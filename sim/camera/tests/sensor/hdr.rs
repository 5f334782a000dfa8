//! Brackets merged to more range than one exposure has.
use laneproof_camera::{
    CameraModel, ExposureSettings, Isp, LinearFrame, RadianceView, Samples, expose_linear,
    hdr::{Bracketed, HdrError, HdrFrame, merge, tone_map},
};
use laneproof_scenes::catalogue::{Colour, Sensor};

use super::*;

const TIMES_US: [f32; 3] = [25.0, 200.0, 1_600.0];
const PATCH: u32 = 16;

fn bracket(
    camera: &CameraModel,
    image: &[f32],
    w: u32,
    h: u32,
    times_us: &[f32],
) -> Vec<(LinearFrame, ExposureSettings)> {
    let view = RadianceView::whole(w, h, Samples::Rgb32(image));
    let expose =
        |(id, &time): (usize, &f32)| (expose_linear(camera, &view, &at(time), 3, id as u64).unwrap(), at(time));
    times_us.iter().enumerate().map(expose).collect()
}

fn merged(camera: &CameraModel, frames: &[(LinearFrame, ExposureSettings)]) -> HdrFrame {
    let bracket: Vec<_> = frames.iter().map(|(frame, settings)| Bracketed { frame, settings: *settings }).collect();
    merge(camera, &bracket).unwrap()
}

/// Patches side by side, each twice as bright as the one before: 22 stops from 0.0003 W·m⁻²·sr⁻¹ a band.
fn patches() -> (u32, u32, Vec<f32>, Vec<f32>) {
    let levels: Vec<f32> = (0..22).map(|stop| 0.000_3 * 2f32.powi(stop)).collect();
    let (w, h) = (PATCH * levels.len() as u32, 64);
    let image = (0..w * h).flat_map(|i| [levels[(i % w / PATCH) as usize]; 3]).collect();
    (w, h, image, levels)
}

/// Mean and standard deviation of a patch away from its borders.
fn patch(values: &[f32], w: u32, h: u32, k: usize) -> (f64, f64) {
    let (mut sum, mut squares, mut n) = (0.0, 0.0, 0.0);
    for y in 0..h {
        for x in k as u32 * PATCH + 3..(k as u32 + 1) * PATCH - 3 {
            let v = f64::from(values[(y * w + x) as usize]);
            (sum, squares, n) = (sum + v, squares + v * v, n + 1.0);
        }
    }
    let mean = sum / n;
    (mean, (squares / n - mean * mean).max(0.0).sqrt())
}

#[test]
fn three_exposures_hold_six_stops_more_than_one() {
    let (w, h, image, levels) = patches();
    let camera = camera(sensor(w, h, Colour::Mono));
    let rate = |level: f32| f64::from(camera.mean_electrons([level; 3], 1.0).iter().sum::<f32>());
    let frames = bracket(&camera, &image, w, h, &TIMES_US);
    // Stops over which the signal is right within 4 % and twice its noise at least.
    let stops = |picture: &HdrFrame| {
        (0..levels.len())
            .filter(|&k| {
                let (mean, deviation) = patch(&picture.electrons_per_us, w, h, k);
                (mean / rate(levels[k]) - 1.0).abs() < 0.04 && mean > 2.0 * deviation
            })
            .count()
    };
    let all = merged(&camera, &frames);
    let single = |k: usize| {
        let alone = HdrFrame {
            electrons_per_us: frames[k]
                .0
                .dn
                .iter()
                .map(|&dn| (f32::from(dn) - f32::from(BLACK_DN)) / (camera.gain_dn_per_e(0.0) * TIMES_US[k]))
                .collect(),
            ..all.clone()
        };
        stops(&alone)
    };
    let best = (0..3).map(single).max().unwrap();
    assert!(stops(&all) >= best + 5, "{} stops, one exposure {best}", stops(&all));
    // Where an exposure reads well, the merged picture is not worse.
    let (_, merged_noise) = patch(&all.electrons_per_us, w, h, 7);
    let long = merged(&camera, &frames[1..]);
    assert!(merged_noise <= 1.05 * patch(&long.electrons_per_us, w, h, 7).1);
}

#[test]
fn what_every_exposure_saturates_is_marked_and_nothing_else_is() {
    let (w, h, image, levels) = patches();
    let camera = camera(sensor(w, h, Colour::Mono));
    let rate = |level: f32| camera.mean_electrons([level; 3], 1.0).iter().sum::<f32>();
    let picture = merged(&camera, &bracket(&camera, &image, w, h, &TIMES_US));
    let mut both = [false; 2];
    for (k, &level) in levels.iter().enumerate() {
        let shortest_e = rate(level) * TIMES_US[0];
        let site = (8 * w + k as u32 * PATCH + PATCH / 2) as usize;
        if !(0.9..1.1).contains(&(shortest_e / 11_000.0)) {
            let saturates = shortest_e > 11_000.0;
            assert_eq!(picture.saturated[site], saturates, "{shortest_e} e⁻");
            both[usize::from(saturates)] = true;
            // A lower bound, never an invented number.
            assert!(!saturates || picture.electrons_per_us[site] <= 11_000.0 / TIMES_US[0]);
        }
    }
    assert_eq!(both, [true, true], "the patches reach beyond the shortest exposure");
}

#[test]
fn darkness_is_not_brightened_by_weights() {
    let (w, h) = (256, 256);
    let camera = camera(sensor(w, h, Colour::Mono));
    let image = flat(w, h, [0.000_2; 3]);
    let rate = f64::from(camera.mean_electrons([0.000_2; 3], 1.0).iter().sum::<f32>()) + 1e-6;
    let picture = merged(&camera, &bracket(&camera, &image, w, h, &TIMES_US));
    let mean = picture.electrons_per_us.iter().map(|&v| f64::from(v)).sum::<f64>() / f64::from(w * h);
    // Two electrons in the longest exposure; the mean of the exposure's own noise is 2.4 / 256 of an electron.
    assert!(((mean - rate) * f64::from(TIMES_US[2])).abs() < 0.15, "{mean}, not {rate}");
}

#[test]
fn a_tone_mapped_picture_shows_every_step_and_greys_stay_grey() {
    let (w, h, image, levels) = patches();
    for colour in [Colour::Mono, Colour::Rgb, Colour::Bayer] {
        let sensor = Sensor { quantum_efficiency: [0.45, 0.6, 0.5], ..sensor(w, h, colour) };
        let isp = Isp::balanced(&sensor, [1.0; 3]);
        let camera = CameraModel::new("test", sensor, lens(), isp).unwrap();
        let picture = merged(&camera, &bracket(&camera, &image, w, h, &TIMES_US));
        let frame = tone_map(&camera, &picture);
        let channels = if colour == Colour::Mono { 1 } else { 3 };
        assert_eq!(frame.bytes.len(), (w * h) as usize * channels);
        let mean = |k: usize, c: usize| {
            let channel: Vec<f32> = frame.bytes.iter().skip(c).step_by(channels).map(|&b| f32::from(b)).collect();
            patch(&channel, w, h, k).0
        };
        // The steps that are above noise and below saturation.
        let shown: Vec<f64> = (7..18).map(|k| mean(k, 0)).collect();
        assert!(shown.windows(2).all(|pair| pair[1] > pair[0] + 2.0), "{colour:?}: {shown:?}");
        assert!(shown[10] < 254.0 && mean(levels.len() - 1, 0) > 250.0, "{colour:?}: {shown:?}");
        for k in 7..levels.len() {
            let greys: Vec<f64> = (0..channels).map(|c| mean(k, c)).collect();
            assert!(greys.iter().all(|g| (g - greys[0]).abs() < 3.0), "{colour:?} patch {k}: {greys:?}");
        }
    }
}

#[test]
fn what_is_no_bracket_is_told_apart() {
    let (w, h) = (64, 64);
    let camera = camera(sensor(w, h, Colour::Mono));
    let image = flat(w, h, [1.0; 3]);
    let frames = bracket(&camera, &image, w, h, &[100.0, 100.0, 400.0]);
    let of = |k: usize| Bracketed { frame: &frames[k].0, settings: frames[k].1 };
    assert_eq!(merge(&camera, &[]), Err(HdrError::NotABracket { different: 0 }));
    assert_eq!(merge(&camera, &[of(0), of(1)]), Err(HdrError::NotABracket { different: 1 }));
    let shallow = LinearFrame { bit_depth: 8, ..frames[2].0.clone() };
    let mixed = [of(0), Bracketed { frame: &shallow, settings: frames[2].1 }];
    assert_eq!(merge(&camera, &mixed), Err(HdrError::Unlike { index: 1 }));
    let still = ExposureSettings { exposure_us: 0.0, gain_db: 0.0 };
    let fault = merge(&camera, &[of(0), Bracketed { settings: still, ..of(2) }]).unwrap_err();
    assert!(fault.to_string().contains("frame 1"), "{fault}");
}
