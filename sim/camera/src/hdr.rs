//! High dynamic range from a bracket: exposures of different time merged into one picture of linear light.
//!
//! The estimate of a photosite's light is the maximum-likelihood one for numbers proportional to light and time,
//! Σ w t y ⁄ Σ w t² (M. A. Robertson, S. Borman and R. L. Stevenson, *Estimation-theoretic approach to dynamic range
//! enhancement using multiple exposures*, Journal of Electronic Imaging 12(2), 2003), with the hat of P. E. Debevec and
//! J. Malik, *Recovering high dynamic range radiance maps from photographs*, SIGGRAPH 1997, for w: largest in the middle of
//! the range, zero at black and at saturation. Tone mapping: E. Reinhard, M. Stark, P. Shirley and J. Ferwerda,
//! *Photographic tone reproduction for digital images*, SIGGRAPH 2002, the global operator.
use laneproof_scenes::catalogue::{Colour, Sensor};

use crate::{
    bayer::{Mosaic, channel_at},
    expose::{ExposureSettings, Frame8, LinearFrame, channels},
    model::CameraModel,
};

/// Luminance that the scene's logarithmic mean is brought to before compression (Reinhard et al.: 0.18, a grey card).
const KEY: f32 = 0.18;
/// Numbers that saturation is told from by the noise of reading, standard deviations.
const SATURATION_GUARD_SD: f32 = 4.0;

/// One exposure of a bracket.
#[derive(Debug, Clone, Copy)]
pub struct Bracketed<'a> {
    /// Its linear numbers.
    pub frame: &'a LinearFrame,
    /// How it was made.
    pub settings: ExposureSettings,
}

/// Linear light beyond what one exposure holds.
#[derive(Debug, Clone, PartialEq)]
pub struct HdrFrame {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Whether three numbers or one stand for a pixel; a mosaic stays one.
    pub colour: Colour,
    /// Column and row of the first pixel on the sensor.
    pub origin_px: [u32; 2],
    /// Electrons per microsecond at each photosite, dark current included.
    pub electrons_per_us: Vec<f32>,
    /// Photosites that every exposure of the bracket saturates: their light is at least what is given.
    pub saturated: Vec<bool>,
}

/// Why a bracket cannot be merged.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum HdrError {
    /// Too few frames, or exposures alike.
    #[error("a bracket needs two or more exposures of different time or gain, this one has {different}")]
    NotABracket {
        /// Exposures that differ.
        different: usize,
    },
    /// A frame is not one of this camera, or not of the same part of its sensor.
    #[error("frame {index} of the bracket is not of the same camera and part of its sensor as the first")]
    Unlike {
        /// Which, from 0.
        index: usize,
    },
    /// An exposure time or gain is impossible.
    #[error(
        "frame {index} of the bracket has the exposure time {exposure_us} µs and the gain {gain_db} dB; right would be a time above 0"
    )]
    Settings {
        /// Which, from 0.
        index: usize,
        /// As given.
        exposure_us: f32,
        /// As given.
        gain_db: f32,
    },
}

/// How the numbers of one exposure read.
struct Reading<'a> {
    dn: &'a [u16],
    /// Numbers per electron and microsecond: gain × time.
    dn_per_rate: f32,
    black_dn: f32,
    /// From here on a photosite counts as saturated.
    saturated_dn: f32,
    /// Whether no exposure of the bracket is longer.
    longest: bool,
}

impl Reading<'_> {
    fn signal_dn(&self, site: usize) -> f32 {
        f32::from(self.dn[site]) - self.black_dn
    }

    fn saturates(&self, site: usize) -> bool {
        f32::from(self.dn[site]) >= self.saturated_dn
    }

    /// Debevec and Malik's hat over the numbers from black to saturation, at most 1; of the longest exposure without its
    /// dark side, since nothing knows the dark better and weights that follow the noise would brighten it.
    fn weight(&self, site: usize) -> f32 {
        if self.saturates(site) {
            return 0.0;
        }
        let share = self.signal_dn(site) / (self.saturated_dn - self.black_dn);
        let dark_side = if self.longest { 1.0 } else { 2.0 * share };
        dark_side.min(2.0 * (1.0 - share)).clamp(0.0, 1.0)
    }
}

/// Merges two or more exposures of one camera and one scene that stood still meanwhile.
pub fn merge(camera: &CameraModel, bracket: &[Bracketed]) -> Result<HdrFrame, HdrError> {
    let adc = camera.adc();
    let Sensor { full_well_e, dark_noise_e, dsnu_e, colour, .. } = *camera.sensor();
    let mut amounts = Vec::new();
    let mut readings = Vec::new();
    for (index, Bracketed { frame, settings }) in bracket.iter().enumerate() {
        let ExposureSettings { exposure_us, gain_db } = *settings;
        let first = bracket[0].frame;
        let sites = frame.width as usize * frame.height as usize * channels(colour);
        if [frame.width, frame.height] != [first.width, first.height]
            || frame.origin_px != first.origin_px
            || frame.colour != colour
            || frame.bit_depth != adc.bit_depth()
            || frame.dn.len() != sites
        {
            return Err(HdrError::Unlike { index });
        }
        let gain = camera.gain_dn_per_e(gain_db);
        let dn_per_rate = gain * exposure_us;
        if dn_per_rate <= 0.0 || !dn_per_rate.is_finite() || exposure_us <= 0.0 {
            return Err(HdrError::Settings { index, exposure_us, gain_db });
        }
        let black_dn = f32::from(adc.black_dn());
        // The well fills, or the converter ends; reading adds its own noise to a full well.
        let guard_e = SATURATION_GUARD_SD * dark_noise_e.hypot(dsnu_e);
        let well_dn = black_dn + gain * (full_well_e - guard_e).max(0.5 * full_well_e) - 0.5;
        let saturated_dn = well_dn.min(f32::from(adc.full_scale_dn()) - 0.5);
        readings.push(Reading { dn: &frame.dn, dn_per_rate, black_dn, saturated_dn, longest: false });
        amounts.push(dn_per_rate);
    }
    amounts.sort_by(f32::total_cmp);
    amounts.dedup();
    if amounts.len() < 2 {
        return Err(HdrError::NotABracket { different: amounts.len() });
    }
    readings.sort_by(|a, b| a.dn_per_rate.total_cmp(&b.dn_per_rate));
    if let Some(last) = readings.last_mut() {
        last.longest = true;
    }
    let first = bracket[0].frame;
    let mut electrons_per_us = Vec::with_capacity(first.dn.len());
    let mut saturated = Vec::with_capacity(first.dn.len());
    for site in 0..first.dn.len() {
        let (light, lost) = estimate(&readings, site);
        electrons_per_us.push(light);
        saturated.push(lost);
    }
    let LinearFrame { width, height, origin_px, .. } = *first;
    Ok(HdrFrame { width, height, colour, origin_px, electrons_per_us, saturated })
}

/// Electrons per microsecond of a photosite, and whether even the shortest exposure (the first) saturates it.
fn estimate(readings: &[Reading], site: usize) -> (f32, bool) {
    let (mut above, mut below) = (0.0, 0.0);
    for reading in readings {
        let weight = reading.weight(site);
        above += weight * reading.dn_per_rate * reading.signal_dn(site);
        below += weight * reading.dn_per_rate * reading.dn_per_rate;
    }
    if below > 0.0 {
        return (above / below, false);
    }
    // Saturated, or black in a shorter exposure although the longer ones saturate.
    match readings.iter().rev().find(|reading| !reading.saturates(site)) {
        Some(reading) => (reading.signal_dn(site) / reading.dn_per_rate, false),
        None => {
            let shortest = &readings[0];
            ((shortest.saturated_dn - shortest.black_dn) / shortest.dn_per_rate, true)
        }
    }
}

/// White-balances, interpolates a mosaic, compresses and applies the camera's transfer curve. The compression belongs to
/// the picture as a whole.
pub fn tone_map(camera: &CameraModel, picture: &HdrFrame) -> Frame8 {
    let isp = camera.isp();
    let HdrFrame { width, height, colour, origin_px, .. } = *picture;
    // Balanced channels of a pixel whose channels all saturate must end alike: cut at what the least boosted one holds.
    let mut whites = [f32::INFINITY; 3];
    let per_pixel = channels(colour);
    let channel_of = |site: usize| match colour {
        Colour::Mono => 1,
        Colour::Rgb => site % 3,
        Colour::Bayer => {
            let (x, y) = (site % width as usize, site / width as usize);
            channel_at(origin_px[0] + x as u32, origin_px[1] + y as u32)
        }
    };
    let balance = |channel: usize| if colour == Colour::Mono { 1.0 } else { isp.white_balance[channel] };
    for (site, (light, lost)) in picture.electrons_per_us.iter().zip(&picture.saturated).enumerate() {
        let channel = channel_of(site);
        if *lost {
            whites[channel] = whites[channel].min(light * balance(channel));
        }
    }
    let white = whites.into_iter().fold(f32::INFINITY, f32::min);
    let balanced: Vec<f32> = picture
        .electrons_per_us
        .iter()
        .enumerate()
        .map(|(site, light)| (light * balance(channel_of(site))).min(white))
        .collect();
    let rgb = match colour {
        Colour::Bayer => Mosaic::new(&balanced, width, height, origin_px, |_, light| light).demosaic(|rgb| rgb),
        Colour::Mono | Colour::Rgb => balanced,
    };
    let shown = if colour == Colour::Bayer { 3 } else { per_pixel };
    let luminance = |pixel: &[f32]| match *pixel {
        [r, g, b] => (0.2126 * r + 0.7152 * g + 0.0722 * b).max(0.0),
        _ => pixel[0].max(0.0),
    };
    let scale = Compression::of(rgb.chunks_exact(shown).map(luminance));
    let curve = isp.curve();
    let bytes = rgb
        .chunks_exact(shown)
        .flat_map(|pixel| {
            let factor = scale.factor(luminance(pixel));
            pixel.iter().map(move |light| light * factor)
        })
        .map(|light| curve.byte(light))
        .collect();
    let colour = if colour == Colour::Mono { Colour::Mono } else { Colour::Rgb };
    Frame8 { width, height, colour, bytes }
}

/// Reinhard's global operator, L(1 + L/Lw²)/(1 + L), where L is luminance brought to the key and Lw the greatest.
struct Compression {
    to_key: f32,
    white: f32,
}

impl Compression {
    fn of(luminances: impl Iterator<Item = f32> + Clone) -> Self {
        let greatest = luminances.clone().fold(0.0f32, f32::max);
        // Black has no logarithm: 20 stops below the brightest is black enough.
        let floor = (greatest * 1e-6).max(f32::MIN_POSITIVE);
        let (mut sum, mut n) = (0.0f64, 0u32);
        for luminance in luminances {
            sum += f64::from(luminance.max(floor)).ln();
            n += 1;
        }
        let mean = (sum / f64::from(n.max(1))).exp() as f32;
        let to_key = KEY / mean;
        // A picture darker than the key is not stretched to white.
        Self { to_key, white: (greatest * to_key).max(1.0) }
    }

    /// Factor on a pixel's channels.
    fn factor(&self, luminance: f32) -> f32 {
        let l = luminance * self.to_key;
        self.to_key * (1.0 + l / (self.white * self.white)) / (1.0 + l)
    }
}
