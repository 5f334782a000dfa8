//! Exposure control: brings the faces, or the picture where there are none, to a wanted luminance.
use crate::client::{ControlMessage, Frame};
use serde::Deserialize;

/// Exponent between light and encoded luminance that the controller assumes: the power law nearest to the sRGB curve
/// (IEC 61966-2-1). A camera with another curve is still steered there, in more steps.
const ENCODING_GAMMA: f32 = 2.2;

/// How a stack steers a camera's exposure time and gain.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExposureControl {
    /// Mean encoded luminance to reach, 0..1.
    pub target_luminance: f32,
    /// No message while the light is within this factor of the target.
    #[serde(default = "default_tolerance")]
    pub tolerance: f32,
    /// Greatest factor of light in one step.
    #[serde(default = "default_step")]
    pub max_step: f32,
    /// Shortest exposure time, microseconds.
    pub min_exposure_us: f32,
    /// Longest exposure time, microseconds: bounds motion blur.
    pub max_exposure_us: f32,
    /// Greatest gain, decibels; used only when the exposure time is at its longest.
    pub max_gain_db: f32,
}

fn default_tolerance() -> f32 {
    1.1
}

fn default_step() -> f32 {
    4.0
}

impl ExposureControl {
    /// Whether the numbers make sense; if not, what is wrong, in words.
    pub fn check(&self) -> Result<(), String> {
        let Self { target_luminance, tolerance, max_step, min_exposure_us, max_exposure_us, max_gain_db } = *self;
        let rules = [
            ((0.05..=0.95).contains(&target_luminance), "target_luminance must be from 0.05 to 0.95"),
            ((1.0..=4.0).contains(&tolerance), "tolerance is a factor from 1 to 4"),
            ((1.0..=64.0).contains(&max_step), "max_step is a factor from 1 to 64"),
            (min_exposure_us > 0.0 && min_exposure_us.is_finite(), "min_exposure_us must be positive"),
            (max_exposure_us >= min_exposure_us, "max_exposure_us must not be under min_exposure_us"),
            ((0.0..=48.0).contains(&max_gain_db), "max_gain_db must be from 0 to 48"),
        ];
        rules.into_iter().find(|(good, _)| !good).map_or(Ok(()), |(_, what)| Err(what.to_string()))
    }

    /// The message that a frame of this mean luminance calls for, if any. Exposure time comes first, gain only when it
    /// is at its longest: gain brings no light.
    pub fn steer(&self, frame: &Frame, mean_luminance: f32) -> Option<ControlMessage> {
        let measured = mean_luminance.clamp(0.005, 1.0);
        let factor = (self.target_luminance / measured).powf(ENCODING_GAMMA).clamp(1.0 / self.max_step, self.max_step);
        if factor < self.tolerance && factor > 1.0 / self.tolerance {
            return None;
        }
        let gain = 10f32.powf(frame.gain_db / 20.0);
        let light = frame.exposure_us * gain * factor;
        let exposure_us = light.clamp(self.min_exposure_us, self.max_exposure_us);
        let gain_db = (20.0 * (light / exposure_us).log10()).clamp(0.0, self.max_gain_db);
        let same = (exposure_us / frame.exposure_us - 1.0).abs() < 0.01 && (gain_db - frame.gain_db).abs() < 0.1;
        let usable = exposure_us.is_finite() && gain_db.is_finite();
        (usable && !same).then(|| ControlMessage { camera_id: frame.camera_id.clone(), exposure_us, gain_db })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::FrameEncoding;

    const CONTROL: ExposureControl = ExposureControl {
        target_luminance: 0.4,
        tolerance: 1.1,
        max_step: 4.0,
        min_exposure_us: 20.0,
        max_exposure_us: 1000.0,
        max_gain_db: 24.0,
    };

    fn frame(exposure_us: f32, gain_db: f32) -> Frame {
        Frame {
            exposure_id: 0,
            camera_id: "c".into(),
            mid_exposure_us: 0,
            exposure_us,
            gain_db,
            encoding: FrameEncoding::Jpeg,
            bytes: Vec::new(),
        }
    }

    #[test]
    fn a_camera_that_encodes_by_the_assumed_power_settles_on_the_target() {
        let (mut exposure_us, mut gain_db) = (50.0f32, 0.0f32);
        let luminance = |e: f32, g: f32| (0.0002 * e * 10f32.powf(g / 20.0)).powf(1.0 / ENCODING_GAMMA).min(1.0);
        for _ in 0..6 {
            if let Some(message) = CONTROL.steer(&frame(exposure_us, gain_db), luminance(exposure_us, gain_db)) {
                (exposure_us, gain_db) = (message.exposure_us, message.gain_db);
            }
        }
        assert!((luminance(exposure_us, gain_db) - 0.4).abs() < 0.03, "{exposure_us} {gain_db}");
        assert_eq!(CONTROL.steer(&frame(exposure_us, gain_db), luminance(exposure_us, gain_db)), None);
    }

    #[test]
    fn gain_comes_only_after_the_longest_exposure_and_goes_first() {
        let up = CONTROL.steer(&frame(900.0, 0.0), 0.2).unwrap();
        assert_eq!(up.exposure_us, 1000.0);
        assert!(up.gain_db > 6.0 && up.gain_db <= 24.0);
        let down = CONTROL.steer(&frame(1000.0, 12.0), 0.9).unwrap();
        assert!(down.gain_db < 12.0);
    }

    #[test]
    fn at_its_bounds_it_says_nothing_new() {
        assert_eq!(CONTROL.steer(&frame(1000.0, 24.0), 0.01), None);
        assert_eq!(CONTROL.steer(&frame(20.0, 0.0), 1.0), None);
    }
}
