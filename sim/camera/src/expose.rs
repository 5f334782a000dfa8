//! One exposure: radiance to digital numbers by the linear model of EMVA Standard 1288, Release 4.0 Linear (2021), ch. 2
//! and 4: μe = ημp, σe² = μe, μy = K(μd + μe), σy² = K²(σd² + σe²) + 1/12 DN², saturation at full well; PRNU and DSNU on top.
use laneproof_scenes::catalogue::{Colour, Sensor};
use rayon::prelude::*;

use crate::{
    bayer::{self, Mosaic},
    glare::ScatteredLight,
    lens,
    model::{CameraError, CameraModel},
    noise::{self, Key, Normal},
    psf::Kernel,
    view::RadianceView,
};

/// Above this mean, electrons, shot noise is drawn from the normal distribution.
const GAUSSIAN_FROM_E: f32 = 30.0;
/// Rows that one task computes.
const BAND_ROWS: usize = 16;

/// Numbers that stand for a pixel of linear numbers.
pub(crate) fn channels(colour: Colour) -> usize {
    match colour {
        Colour::Mono | Colour::Bayer => 1,
        Colour::Rgb => 3,
    }
}

/// What may change from exposure to exposure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExposureSettings {
    /// Exposure time, microseconds.
    pub exposure_us: f32,
    /// Gain in decibels over the gain at which full well is full scale.
    pub gain_db: f32,
}

/// A converter's linear numbers, row by row; red, green, blue interleaved, or one a pixel for mono and Bayer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinearFrame {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Whether three numbers or one stand for a pixel.
    pub colour: Colour,
    /// Bits of the converter.
    pub bit_depth: u8,
    /// Column and row of the first pixel on the sensor; they tell the colours of a mosaic.
    pub origin_px: [u32; 2],
    /// 0 to the converter's full scale; no light is its black level (see [`crate::Adc`]).
    pub dn: Vec<u16>,
}

/// What the camera sends: 8 bits a channel, row by row, red, green, blue interleaved, or one byte a pixel for mono.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame8 {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Whether three bytes or one stand for a pixel; never a mosaic.
    pub colour: Colour,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl Frame8 {
    /// The frame a share of the way to another of its size, 0 to 1.
    pub fn towards(&self, other: &Self, share: f32) -> Self {
        let part = |(own, other): (&u8, &u8)| {
            let (own, other) = (f32::from(*own), f32::from(*other));
            (own + share * (other - own)).round() as u8
        };
        Self { bytes: self.bytes.iter().zip(&other.bytes).map(part).collect(), ..*self }
    }

    /// Root of the mean squared difference to another frame of its size, digital numbers.
    pub fn rms_difference(&self, other: &Self) -> f32 {
        let squares = self.bytes.iter().zip(&other.bytes).map(|(a, b)| u64::from(a.abs_diff(*b)).pow(2));
        (squares.sum::<u64>() as f64 / self.bytes.len().max(1) as f64).sqrt() as f32
    }
}

/// Exposes and sends an 8-bit frame. The noise belongs to (`noise_seed`, `exposure_id`) and to the pixel's place on the
/// sensor, so a region's pixels equal those of the whole sensor if the view has a margin of [`crate::MARGIN_PX`].
pub fn expose(
    camera: &CameraModel,
    view: &RadianceView,
    settings: &ExposureSettings,
    noise_seed: u64,
    exposure_id: u64,
) -> Result<Frame8, CameraError> {
    let adc = camera.adc();
    let colour = camera.sensor.colour;
    let mut bytes = Vec::new();
    let tables: Vec<Vec<u8>> = match colour {
        Colour::Mono => vec![camera.isp.table(adc, 1)],
        Colour::Rgb => (0..3).map(|c| camera.isp.table(adc, c)).collect(),
        Colour::Bayer => {
            let mosaic = expose_linear(camera, view, settings, noise_seed, exposure_id)?;
            let light = [0, 1, 2].map(|c| camera.isp.balanced_light(adc, c));
            let balanced = |channel: usize, dn: u16| light[channel][usize::from(dn)];
            let mosaic = Mosaic::new(&mosaic.dn, view.width, view.height, view.origin_px, balanced);
            let curve = camera.isp.curve();
            let bytes = mosaic.demosaic(|rgb| rgb.map(|light| curve.byte(light)));
            return Ok(Frame8 { width: view.width, height: view.height, colour: Colour::Rgb, bytes });
        }
    };
    run(camera, view, settings, noise_seed, exposure_id, &mut bytes, |channel, dn| tables[channel][usize::from(dn)])?;
    Ok(Frame8 { width: view.width, height: view.height, colour, bytes })
}

/// Exposes and gives the converter's linear numbers before the ISP; of a Bayer sensor its mosaic.
pub fn expose_linear(
    camera: &CameraModel,
    view: &RadianceView,
    settings: &ExposureSettings,
    noise_seed: u64,
    exposure_id: u64,
) -> Result<LinearFrame, CameraError> {
    let mut dn = Vec::new();
    run(camera, view, settings, noise_seed, exposure_id, &mut dn, |_, dn| dn)?;
    let Sensor { colour, bit_depth, .. } = camera.sensor;
    Ok(LinearFrame { width: view.width, height: view.height, colour, bit_depth, origin_px: view.origin_px, dn })
}

/// Computes all rows in bands of fixed height, each by itself.
fn run<T: Copy + Default + Send>(
    camera: &CameraModel,
    view: &RadianceView,
    settings: &ExposureSettings,
    noise_seed: u64,
    exposure_id: u64,
    out: &mut Vec<T>,
    output: impl Fn(usize, u16) -> T + Sync,
) -> Result<(), CameraError> {
    camera.check(view, settings)?;
    let (width, height) = (view.width as usize, view.height as usize);
    let channels = channels(camera.sensor.colour);
    out.resize(width * height * channels, T::default());
    // The camera is part of the key, so that two cameras under one exposure id do not share their noise.
    let camera_seed = noise_seed ^ camera.fixed_pattern.bits(u64::MAX);
    let chip = Chip::new(camera, settings, Key::new("temporal noise", camera_seed, exposure_id));
    let kernels = camera.kernels();
    let own_glare;
    let glare = match (camera.lens.veiling_glare.filter(|share| *share > 0.0), view.scattered) {
        (None, _) => None,
        (Some(share), Some(scattered)) => Some((share, scattered)),
        (Some(share), None) => {
            own_glare = ScatteredLight::of(view, camera.focal_length_px());
            Some((share, &own_glare))
        }
    };

    out.par_chunks_mut(BAND_ROWS * width * channels).enumerate().for_each(|(band_index, rows_out)| {
        let first = band_index * BAND_ROWS;
        let count = rows_out.len() / (width * channels);
        let reach = kernels.iter().map(Kernel::radius).max().unwrap_or(0);
        // Rows of the band and its surroundings, blurred along x; beyond the edge the last row goes on.
        let mut scratch = Vec::new();
        let mut planes = [(); 3].map(|()| vec![0.0; width]);
        let mut blurred = [(); 3].map(|()| vec![0.0f32; width * (count + 2 * reach)]);
        let mut previous = None;
        let mut noise = RowNoise::default();
        for i in 0..count + 2 * reach {
            let row = (first + i).saturating_sub(reach).min(height - 1);
            if previous != Some(row) {
                view.read_row(row, &mut planes, &mut scratch);
                previous = Some(row);
            }
            for band in 0..3 {
                kernels[band].along(&planes[band], &mut blurred[band][i * width..][..width]);
            }
        }
        for (i, row_out) in rows_out.chunks_exact_mut(width * channels).enumerate() {
            for band in 0..3 {
                let radius = kernels[band].radius();
                let rows: Vec<&[f32]> =
                    (i + reach - radius..=i + reach + radius).map(|r| &blurred[band][r * width..][..width]).collect();
                kernels[band].across(&rows, &mut planes[band]);
            }
            if let Some((share, scattered)) = glare {
                let [column, row] = view.origin_px.map(|v| v as usize);
                scattered.add_to_row(share, column, row + first + i, &mut planes);
            }
            chip.read_out(view.origin_px, first + i, &planes, &mut noise, row_out, &output);
        }
    });
    Ok(())
}

/// Everything that is the same for all pixels of an exposure.
struct Chip<'a> {
    camera: &'a CameraModel,
    electrons_per_radiance: [f32; 3],
    dark_e: f32,
    dn_per_e: f32,
    temporal: Key,
    normal: Normal,
}

/// Standard normal numbers of a row's photosites.
#[derive(Default)]
struct RowNoise {
    /// PRNU, DSNU, shot noise, dark noise.
    draws: Vec<[f32; 4]>,
    mean_e: Vec<f32>,
}

impl<'a> Chip<'a> {
    fn new(camera: &'a CameraModel, settings: &ExposureSettings, temporal: Key) -> Self {
        Self {
            camera,
            electrons_per_radiance: camera.electrons_per_radiance(settings.exposure_us),
            dark_e: camera.sensor.dark_current_e_per_s * settings.exposure_us * 1e-6,
            dn_per_e: camera.gain_dn_per_e(settings.gain_db),
            temporal,
            normal: Normal::default(),
        }
    }

    /// Reads out one row. Step by step over the whole row, so that the arithmetic between the draws runs in SIMD lanes.
    fn read_out<T>(
        &self,
        origin_px: [u32; 2],
        row: usize,
        planes: &[Vec<f32>; 3],
        noise: &mut RowNoise,
        out: &mut [T],
        output: &impl Fn(usize, u16) -> T,
    ) {
        let Sensor { width_px, height_px, pixel_pitch_um, .. } = self.camera.sensor;
        let y = origin_px[1] + row as u32;
        let dy_um = (y as f32 + 0.5 - height_px as f32 / 2.0) * pixel_pitch_um;
        let first_site = 3 * (u64::from(y) * u64::from(width_px) + u64::from(origin_px[0]));
        let width = planes[0].len();
        let channels = out.len() / width;
        noise.mean_e.resize(out.len(), 0.0);
        noise.draws.resize(out.len(), [0.0; 4]);

        let [red, green, blue] = self.electrons_per_radiance;
        let half_width = width_px as f32 / 2.0;
        let bayer = self.camera.sensor.colour == Colour::Bayer;
        let bands = planes[0].iter().zip(&planes[1]).zip(&planes[2]).zip(noise.mean_e.chunks_exact_mut(channels));
        for (column, (((r, g), b), mean_e)) in bands.enumerate() {
            let dx_um = (origin_px[0] as f32 + column as f32 + 0.5 - half_width) * pixel_pitch_um;
            let vignetting = lens::cos4(&self.camera.lens, [dx_um, dy_um]);
            let signal = [r * red, g * green, b * blue].map(|e| (e * vignetting).max(0.0));
            match mean_e {
                [site] if bayer => *site = signal[bayer::channel_at(origin_px[0] + column as u32, y)],
                [mono] => *mono = signal[0] + signal[1] + signal[2],
                rgb => rgb.copy_from_slice(&signal),
            }
        }
        // A pixel has three sites; mono and mosaic use the first.
        let stride = if channels == 1 { 3 } else { 1 };
        let mut site = first_site;
        for draws in &mut noise.draws {
            let pattern = self.camera.fixed_pattern.bits(site);
            let temporal = self.temporal.bits(site);
            *draws = [pattern as u32, (pattern >> 32) as u32, temporal as u32, (temporal >> 32) as u32]
                .map(|bits| self.normal.draw(bits));
            site += stride;
        }
        let share = self.camera.noise_share;
        if share == 0.0 {
            noise.draws.fill([0.0; 4]);
        } else if share < 1.0 {
            noise.draws.iter_mut().flatten().for_each(|draw| *draw *= share);
        }

        let Sensor { prnu, dsnu_e, dark_noise_e, full_well_e, .. } = self.camera.sensor;
        let mut least_e = f32::INFINITY;
        for (mean_e, [gain, offset, shot, dark]) in noise.mean_e.iter_mut().zip(&mut noise.draws) {
            *mean_e = (*mean_e * (1.0 + prnu * *gain)).max(0.0) + self.dark_e;
            least_e = least_e.min(*mean_e);
            // `shot` becomes the charge collected, `offset` what reading it adds.
            *shot = (*mean_e + mean_e.sqrt() * *shot).max(0.0).min(full_well_e);
            *offset = dsnu_e * *offset + dark_noise_e * *dark;
        }
        if least_e <= GAUSSIAN_FROM_E && share > 0.0 {
            for (i, (mean_e, [_, _, charge, _])) in noise.mean_e.iter().zip(&mut noise.draws).enumerate() {
                if *mean_e <= GAUSSIAN_FROM_E {
                    let bits = self.temporal.bits(first_site + stride * i as u64) as u32;
                    let counted = noise::poisson(*mean_e, bits);
                    // Whole electrons stay whole where all the noise stays.
                    let kept = if share < 1.0 { mean_e + share * (counted - mean_e) } else { counted };
                    *charge = kept.min(full_well_e);
                }
            }
        }
        // Rounding by adding a half and cutting off: the numbers are not negative.
        let adc = self.camera.adc();
        let (black, full_scale) = (f32::from(adc.black_dn()) + 0.5, f32::from(adc.full_scale_dn()));
        for (pixel, draws) in out.chunks_exact_mut(channels).zip(noise.draws.chunks_exact(channels)) {
            for (channel, (out, [_, offset, charge, _])) in pixel.iter_mut().zip(draws).enumerate() {
                let dn = black + self.dn_per_e * (charge + offset);
                *out = output(channel, dn.max(0.0).min(full_scale) as u16);
            }
        }
    }
}
