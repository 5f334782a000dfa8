//! Exposure control: step responses of cameras that expose a scene again and again.
use laneproof_camera::{
    CameraModel, ExposureSettings, Frame8, Isp, RadianceView, Samples,
    control::{AutoExposure, AutoState},
    expose,
};
use laneproof_scenes::catalogue::{Colour, ExposureControl, Meter};

use super::*;

const W: u32 = 96;
const H: u32 = 64;

fn control(meter: Meter) -> ExposureControl {
    ExposureControl {
        meter,
        target_dn: 110.0,
        window: None,
        percentile: None,
        exposure_limits_us: [20.0, 2_000.0],
        gain_limits_db: [0.0, 24.0],
    }
}

struct Loop {
    camera: CameraModel,
    auto: AutoExposure,
    state: AutoState,
    exposures: u64,
}

impl Loop {
    fn new(colour: Colour, control: ExposureControl, exposure_us: f32) -> Self {
        let sensor = sensor(W, H, colour);
        let isp = Isp::balanced(&sensor, [1.0; 3]);
        let auto = AutoExposure::new(control, isp.gamma).unwrap();
        let state = auto.start(ExposureSettings { exposure_us, gain_db: 0.0 });
        Self { camera: CameraModel::new("test", sensor, lens(), isp).unwrap(), auto, state, exposures: 0 }
    }

    /// Exposes once, and gives the frame and how it was made.
    fn expose(&mut self, image: &[f32]) -> (Frame8, ExposureSettings) {
        let settings = self.state.settings();
        let view = RadianceView::whole(W, H, Samples::Rgb32(image));
        let frame = expose(&self.camera, &view, &settings, 7, self.exposures).unwrap();
        self.exposures += 1;
        self.state = self.auto.next(&self.state, &frame);
        (frame, settings)
    }
}

/// Half dark, half bright, so that metering has something to average.
fn picture(level: f32) -> Vec<f32> {
    (0..W * H).flat_map(|i| if i % W < W / 2 { [0.6 * level; 3] } else { [1.4 * level; 3] }).collect()
}

fn amount(settings: &ExposureSettings) -> f32 {
    settings.exposure_us * 10f32.powf(settings.gain_db / 20.0)
}

fn mean_light(frame: &Frame8) -> f32 {
    let light = |b: u8| {
        let y = f32::from(b) / 255.0;
        if y <= 0.04045 { y / 12.92 } else { ((y + 0.055) / 1.055).powf(2.4) }
    };
    frame.bytes.iter().map(|&b| light(b)).sum::<f32>() / frame.bytes.len() as f32
}

#[test]
fn a_step_of_the_light_is_followed_without_oscillation() {
    // 110 of 255 is 0.156 of white in linear light.
    let target = 0.156;
    for colour in [Colour::Mono, Colour::Rgb, Colour::Bayer] {
        for (before, after) in [(1.0, 8.0), (8.0, 0.4), (0.5, 12.0)] {
            let mut camera = Loop::new(colour, control(Meter::Average), 100.0);
            for _ in 0..12 {
                camera.expose(&picture(before));
            }
            let (settled, first) = camera.expose(&picture(before));
            let within = |frame: &Frame8| (mean_light(frame) / target).log2().abs() < 0.15;
            assert!(within(&settled), "{colour:?} at {before}: {} of {target}", mean_light(&settled));
            let settings: Vec<_> = (0..12).map(|_| camera.expose(&picture(after)).1).collect();
            // The frame in which the light changed, and that after it, know nothing of it yet: one exposure of delay.
            assert!(settings[..2].iter().all(|s| *s == first), "{colour:?}: {settings:?}");
            assert!(amount(&settings[2]) != amount(&first));
            // From there each correction goes the same way, and it ends.
            let upward = after < before;
            for pair in settings.windows(2) {
                let stops = (amount(&pair[1]) / amount(&pair[0])).log2();
                let wrong_way = if upward { -stops } else { stops };
                assert!(wrong_way < 0.12, "{colour:?} {before} → {after}: {settings:?}");
            }
            assert_eq!(settings[10], settings[11], "{colour:?} {before} → {after}: no rest");
            let (frame, _) = camera.expose(&picture(after));
            assert!(within(&frame), "{colour:?} at {after}: {} of {target}", mean_light(&frame));
        }
    }
}

#[test]
fn time_comes_before_gain_and_both_keep_to_their_limits() {
    let mut camera = Loop::new(Colour::Mono, control(Meter::Average), 100.0);
    let mut run = |level: f32| (0..14).map(|_| camera.expose(&picture(level)).1).last().unwrap();
    let bright = run(1e4);
    assert_eq!((bright.exposure_us, bright.gain_db), (20.0, 0.0));
    let usual = run(2.0);
    assert!(usual.exposure_us < 2_000.0 && usual.gain_db == 0.0, "{usual:?}");
    let dim = run(0.01);
    assert!(dim.exposure_us == 2_000.0 && dim.gain_db > 1.0 && dim.gain_db < 24.0, "{dim:?}");
    let dark = run(0.0);
    assert_eq!((dark.exposure_us, dark.gain_db), (2_000.0, 24.0));
}

#[test]
fn a_start_outside_the_limits_is_brought_inside() {
    let auto = AutoExposure::new(control(Meter::Average), laneproof_camera::Gamma::Srgb).unwrap();
    let state = auto.start(ExposureSettings { exposure_us: 8_000.0, gain_db: 0.0 });
    // Four times the longest time becomes 12.04 dB.
    assert_eq!(state.settings().exposure_us, 2_000.0);
    assert!((state.settings().gain_db - 12.04).abs() < 0.01);
}

#[test]
fn impossible_limits_are_named_not_met_with_a_panic() {
    for (control, says) in [
        (ExposureControl { exposure_limits_us: [500.0, 50.0], ..control(Meter::Average) }, "exposure_limits_us"),
        (ExposureControl { gain_limits_db: [0.0, f32::NAN], ..control(Meter::Average) }, "gain_limits_db.1"),
    ] {
        let message = AutoExposure::new(control, laneproof_camera::Gamma::Srgb).unwrap_err().to_string();
        assert!(message.contains(says), "{message}");
    }
}

#[test]
fn the_window_alone_is_measured() {
    // A dark subject in the middle of a bright surround.
    let inside = |x: u32, y: u32| (W / 3..2 * W / 3).contains(&x) && (H / 4..3 * H / 4).contains(&y);
    let image: Vec<f32> = (0..W * H).flat_map(|i| if inside(i % W, i / W) { [0.5; 3] } else { [20.0; 3] }).collect();
    let settled = |window| {
        let mut camera = Loop::new(Colour::Mono, ExposureControl { window, ..control(Meter::Average) }, 100.0);
        (0..16).map(|_| camera.expose(&image)).last().unwrap().0
    };
    let middle = |frame: &Frame8| f32::from(frame.bytes[(H / 2 * W + W / 2) as usize]);
    let (whole, window) = (settled(None), settled(Some([0.4, 0.3, 0.6, 0.7])));
    assert!((middle(&window) - 110.0).abs() < 8.0, "{}", middle(&window));
    assert!(middle(&whole) < 40.0, "{}", middle(&whole));
}

#[test]
fn the_meter_for_highlights_blows_out_no_more_than_its_percentile() {
    // A tenth of the picture is 50 times as bright as the rest.
    let image: Vec<f32> = (0..W * H).flat_map(|i| if i % W < W / 10 { [50.0; 3] } else { [1.0; 3] }).collect();
    let blown_out = |control: ExposureControl| {
        let mut camera = Loop::new(Colour::Rgb, control, 2_000.0);
        let frames: Vec<_> = (0..24).map(|_| camera.expose(&image)).collect();
        assert_eq!(frames[22].1, frames[23].1, "at rest");
        frames[23].0.bytes.iter().filter(|b| **b >= 250).count() as f32 / (3 * W * H) as f32
    };
    let protected = ExposureControl { target_dn: 220.0, ..control(Meter::Highlights) };
    assert!(blown_out(protected) < 0.01);
    // With a percentile below the bright share it is given up.
    assert!(blown_out(ExposureControl { percentile: Some(80.0), ..protected }) > 0.08);
    assert!(blown_out(control(Meter::Average)) > 0.08);
}
