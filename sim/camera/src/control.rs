//! Exposure control inside a camera: time and gain of coming exposures from the frames of those made.
//!
//! A pure fold: [`AutoExposure::start`] gives a state, [`AutoState::settings`] says how to make the next exposure, and
//! [`AutoExposure::next`] takes state and frame to the next state. As in a camera that exposes while it reads out, what a
//! frame says takes effect one exposure late: frame n decides exposure n + 2. The correction counts from the settings
//! that the measured frame was made with, so the delay adds no oscillation.
use laneproof_scenes::catalogue::{Colour, ExposureControl, Meter, check::Check as _, fault::ValueFault};

use crate::{
    expose::{ExposureSettings, Frame8},
    isp::Gamma,
    model::CameraError,
};

/// Most that a frame changes the exposure, up or down: three stops, because a black or a white frame says no more than
/// that it is one (assumption).
const LARGEST_STEP: f32 = 8.0;
/// Down by a stop where highlights are blown out, since nothing tells how far (assumption).
const BLOWN_OUT_STEP: f32 = 0.5;
/// Numbers from here on count as blown out.
const BLOWN_OUT_DN: usize = 250;
/// Smaller changes, stops, are not made, so that noise does not move the settings (assumption).
const DEAD_BAND_STOPS: f32 = 0.1;
/// Percentile of the meter for highlights where the rig names none (assumption).
const DEFAULT_PERCENTILE: f32 = 99.0;

/// The exposure control of one camera.
#[derive(Debug, Clone)]
pub struct AutoExposure {
    control: ExposureControl,
    /// Linear light of every 8-bit number.
    light: [f32; 256],
    target_light: f32,
}

/// What an exposure control remembers: the settings of the next two exposures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AutoState {
    next: ExposureSettings,
    after: ExposureSettings,
}

impl AutoState {
    /// How the next exposure is to be made.
    pub fn settings(&self) -> ExposureSettings {
        self.next
    }
}

impl AutoExposure {
    /// The control of a camera whose frames have this transfer curve. Fails on values that a rig file may not have either.
    pub fn new(control: ExposureControl, gamma: Gamma) -> Result<Self, CameraError> {
        control.check().map_err(|ValueFault { key_path, problem, help }| CameraError::Control {
            key: key_path,
            reason: format!("{problem}; {help}"),
        })?;
        let light = std::array::from_fn(|dn| gamma.light(dn as f32));
        Ok(Self { control, light, target_light: gamma.light(control.target_dn) })
    }

    /// The state before the first exposure, which is made with these settings as far as the limits allow.
    pub fn start(&self, settings: ExposureSettings) -> AutoState {
        let settings = self.split(amount(settings));
        AutoState { next: settings, after: settings }
    }

    /// The state after an exposure that was made with `state`'s settings and gave `frame`.
    pub fn next(&self, state: &AutoState, frame: &Frame8) -> AutoState {
        let wanted = self.split(amount(state.next) * self.correction(frame));
        // Compared with what will be in force by then, so that two nearly equal settings do not alternate for ever.
        let stops = (amount(wanted) / amount(state.after)).log2();
        let decided = if stops.abs() < DEAD_BAND_STOPS { state.after } else { wanted };
        AutoState { next: state.after, after: decided }
    }

    /// Factor on the amount of exposure that would bring the frame's measure to the target.
    fn correction(&self, frame: &Frame8) -> f32 {
        let measure = match self.control.meter {
            Meter::Average => self.mean_light(frame),
            Meter::Highlights => {
                let dn = self.percentile_dn(frame, self.control.percentile.unwrap_or(DEFAULT_PERCENTILE));
                if dn >= BLOWN_OUT_DN {
                    return BLOWN_OUT_STEP;
                }
                self.light[dn]
            }
        };
        (self.target_light / measure.max(f32::MIN_POSITIVE)).clamp(1.0 / LARGEST_STEP, LARGEST_STEP)
    }

    /// Mean luminance (Rec. 709 of linear light) in the window.
    fn mean_light(&self, frame: &Frame8) -> f32 {
        let (mut sum, mut pixels) = (0.0f64, 0u32);
        self.metered(frame, |pixel| {
            let luminance = match *pixel {
                [red, green, blue] => {
                    let [r, g, b] = [red, green, blue].map(|dn| self.light[usize::from(dn)]);
                    0.2126 * r + 0.7152 * g + 0.0722 * b
                }
                _ => self.light[usize::from(pixel[0])],
            };
            sum += f64::from(luminance);
            pixels += 1;
        });
        (sum / f64::from(pixels.max(1))) as f32
    }

    /// Number of the brightest channel that a share of the window's pixels does not exceed.
    fn percentile_dn(&self, frame: &Frame8, percentile: f32) -> usize {
        let mut histogram = [0u64; 256];
        self.metered(frame, |pixel| {
            histogram[usize::from(pixel.iter().copied().max().unwrap_or(0))] += 1;
        });
        let wanted = f64::from(percentile) / 100.0 * histogram.iter().sum::<u64>() as f64;
        let mut seen = 0;
        histogram
            .iter()
            .position(|count| {
                seen += count;
                seen as f64 >= wanted
            })
            .unwrap_or(255)
    }

    /// Calls back for each pixel of the window; at least one.
    fn metered(&self, frame: &Frame8, mut pixel: impl FnMut(&[u8])) {
        let (width, height) = (frame.width as usize, frame.height as usize);
        let channels = if frame.colour == Colour::Mono { 1 } else { 3 };
        let [left, top, right, bottom] = self.control.window.unwrap_or([0.0, 0.0, 1.0, 1.0]);
        let span = |low: f32, high: f32, size: usize| {
            let first = ((low * size as f32) as usize).min(size.saturating_sub(1));
            first..((high * size as f32).ceil() as usize).clamp(first + 1, size.max(first + 1))
        };
        let columns = span(left, right, width);
        for y in span(top, bottom, height) {
            let row = frame.bytes.get((y * width + columns.start) * channels..(y * width + columns.end) * channels);
            row.unwrap_or(&[]).chunks_exact(channels).for_each(&mut pixel);
        }
    }

    /// Time and gain of an amount of exposure within the limits: time first, because gain adds no light.
    fn split(&self, amount_us: f32) -> ExposureSettings {
        let ([shortest, longest], [least, greatest]) = (self.control.exposure_limits_us, self.control.gain_limits_db);
        let exposure_us = (amount_us / factor(least)).clamp(shortest, longest);
        let gain_db = (20.0 * (amount_us / exposure_us).log10()).clamp(least, greatest);
        ExposureSettings { exposure_us, gain_db }
    }
}

/// Microseconds of exposure at 0 dB that give the same numbers.
fn amount(settings: ExposureSettings) -> f32 {
    settings.exposure_us * factor(settings.gain_db)
}

fn factor(gain_db: f32) -> f32 {
    10f32.powf(gain_db / 20.0)
}
