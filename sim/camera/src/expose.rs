//! One exposure: radiance to digital numbers by the linear model of EMVA Standard 1288, Release 4.0 Linear (2021), ch. 2
//! and 4: μe = ημp, σe² = μe, μy = K(μd + μe), σy² = K²(σd² + σe²) + 1/12 DN², saturation at full well; PRNU and DSNU on top.
use laneproof_scenes::catalogue::{Colour, Lens, Sensor};
use rayon::prelude::*;

use crate::{
    isp::Isp,
    lens,
    noise::{self, Key, Normal},
    psf::{Kernel, sigma_px},
    view::RadianceView,
};

/// Largest 12-bit number.
pub const FULL_SCALE_DN: u16 = 4095;
/// Number of a pixel without charge, so that dark noise is not cut at 0 (EMVA 1288 asks for such an offset).
pub const BLACK_DN: u16 = 64;
/// Above this mean, electrons, shot noise is drawn from the normal distribution.
const GAUSSIAN_FROM_E: f32 = 30.0;
/// Rows that one task computes.
const BAND_ROWS: usize = 16;

/// A camera: sensor, lens, output, and the seed of its fixed pattern.
#[derive(Debug, Clone)]
pub struct CameraModel {
    sensor: Sensor,
    lens: Lens,
    isp: Isp,
    fixed_pattern: Key,
    noiseless: bool,
}

/// What may change from exposure to exposure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExposureSettings {
    /// Exposure time, microseconds.
    pub exposure_us: f32,
    /// Gain in decibels over the gain at which full well is full scale.
    pub gain_db: f32,
}

/// Twelve-bit linear numbers, row by row; red, green, blue interleaved, or one a pixel for mono.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinearFrame {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Whether three numbers or one stand for a pixel.
    pub colour: Colour,
    /// 0 to [`FULL_SCALE_DN`]; no light is [`BLACK_DN`].
    pub dn: Vec<u16>,
}

/// What the camera sends: 8 bits a channel, row by row, red, green, blue interleaved, or one byte a pixel for mono.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame8 {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Whether three bytes or one stand for a pixel.
    pub colour: Colour,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// Why a camera cannot expose.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CameraError {
    /// A number of sensor or lens makes no camera.
    #[error("camera `{camera}`: {what} is {value}; right would be {right}")]
    Model {
        /// Its id.
        camera: String,
        /// Which number.
        what: &'static str,
        /// As given.
        value: f32,
        /// What would do.
        right: &'static str,
    },
    /// Exposure time or gain is impossible.
    #[error("{what} is {value}; right would be {right}")]
    Settings {
        /// Which.
        what: &'static str,
        /// As given.
        value: f32,
        /// What would do.
        right: &'static str,
    },
    /// Image and sensor disagree.
    #[error(
        "a radiance image of {width}×{height} pixels at ({x}, {y}) with {samples} numbers does not lie on the sensor of {sensor_width}×{sensor_height} pixels"
    )]
    View {
        /// Columns.
        width: u32,
        /// Rows.
        height: u32,
        /// First column.
        x: u32,
        /// First row.
        y: u32,
        /// Numbers given.
        samples: usize,
        /// Sensor columns.
        sensor_width: u32,
        /// Sensor rows.
        sensor_height: u32,
    },
}

impl CameraModel {
    /// A camera whose fixed pattern belongs to its id.
    pub fn new(camera_id: &str, sensor: Sensor, lens: Lens, isp: Isp) -> Result<Self, CameraError> {
        let camera = || camera_id.to_owned();
        let positive = [
            ("pixel pitch (µm)", sensor.pixel_pitch_um),
            ("full well (e⁻)", sensor.full_well_e),
            ("focal length (mm)", lens.focal_length_mm),
            ("f-number", lens.f_number),
            ("width (px)", sensor.width_px as f32),
            ("height (px)", sensor.height_px as f32),
        ];
        for (what, value) in positive {
            if value <= 0.0 || !value.is_finite() {
                return Err(CameraError::Model { camera: camera(), what, value, right: "a number above 0" });
            }
        }
        let shares = [
            ("quantum efficiency, red", sensor.quantum_efficiency[0]),
            ("quantum efficiency, green", sensor.quantum_efficiency[1]),
            ("quantum efficiency, blue", sensor.quantum_efficiency[2]),
            ("lens transmittance", lens.transmittance),
            ("PRNU (share of the signal)", sensor.prnu),
        ];
        for (what, value) in shares {
            if !(0.0..=1.0).contains(&value) {
                return Err(CameraError::Model { camera: camera(), what, value, right: "a number from 0 to 1" });
            }
        }
        let noises = [
            ("dark noise (e⁻)", sensor.dark_noise_e),
            ("dark current (e⁻/s)", sensor.dark_current_e_per_s),
            ("DSNU (e⁻)", sensor.dsnu_e),
        ];
        for (what, value) in noises {
            if value < 0.0 || !value.is_finite() {
                return Err(CameraError::Model { camera: camera(), what, value, right: "0 or more" });
            }
        }
        if sensor.bit_depth != 8 {
            let value = f32::from(sensor.bit_depth);
            return Err(CameraError::Model { camera: camera(), what: "bit depth", value, right: "8" });
        }
        let fixed_pattern = Key::new(&format!("fixed pattern {camera_id}"), 0, 0);
        Ok(Self { sensor, lens, isp, fixed_pattern, noiseless: false })
    }

    /// The same camera without any noise, every number its own mean; for counterfactuals.
    pub fn noiseless(self) -> Self {
        Self { noiseless: true, ..self }
    }

    /// Sensor.
    pub fn sensor(&self) -> &Sensor {
        &self.sensor
    }

    /// Lens.
    pub fn lens(&self) -> &Lens {
        &self.lens
    }

    /// System gain K, DN per electron, of the 12-bit numbers; at 0 dB full well is full scale.
    pub fn gain_dn_per_e(&self, gain_db: f32) -> f32 {
        f32::from(FULL_SCALE_DN - BLACK_DN) / self.sensor.full_well_e * 10f32.powf(gain_db / 20.0)
    }

    /// Mean electrons of a pixel on the axis for this radiance (W·m⁻²·sr⁻¹ per band), per band, without dark current.
    pub fn mean_electrons(&self, radiance: [f32; 3], exposure_us: f32) -> [f32; 3] {
        let scale = self.electrons_per_radiance(exposure_us);
        std::array::from_fn(|i| radiance[i] * scale[i])
    }

    fn electrons_per_radiance(&self, exposure_us: f32) -> [f32; 3] {
        let centres_nm = lens::band_centres_nm(&self.sensor);
        let photons = lens::photons_per_radiance_s(&self.lens, self.sensor.pixel_pitch_um, centres_nm);
        // The three channels of a near-infrared camera hold one band: each counts for a third of it.
        let share = if self.sensor.band.is_some() { 1.0 / 3.0 } else { 1.0 };
        std::array::from_fn(|i| {
            (photons[i] * f64::from(exposure_us) * 1e-6 * f64::from(self.sensor.quantum_efficiency[i]) * share) as f32
        })
    }

    fn check(&self, view: &RadianceView, settings: &ExposureSettings) -> Result<(), CameraError> {
        if settings.exposure_us <= 0.0 || !settings.exposure_us.is_finite() {
            let value = settings.exposure_us;
            return Err(CameraError::Settings { what: "exposure time (µs)", value, right: "a number above 0" });
        }
        if !(-60.0..=60.0).contains(&settings.gain_db) {
            let value = settings.gain_db;
            return Err(CameraError::Settings { what: "gain (dB)", value, right: "a number from −60 to 60" });
        }
        let (channels, samples) = view.layout();
        let [x, y] = view.origin_px;
        let Sensor { width_px, height_px, .. } = self.sensor;
        let fits = |start: u32, length: u32, whole: u32| length > 0 && start <= whole && length <= whole - start;
        if fits(x, view.width, width_px)
            && fits(y, view.height, height_px)
            && samples == view.width as usize * view.height as usize * channels
        {
            return Ok(());
        }
        Err(CameraError::View {
            width: view.width,
            height: view.height,
            x,
            y,
            samples,
            sensor_width: width_px,
            sensor_height: height_px,
        })
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
    let mut bytes = Vec::new();
    let tables: Vec<Vec<u8>> = match camera.sensor.colour {
        Colour::Mono => vec![camera.isp.table(1)],
        Colour::Rgb => (0..3).map(|c| camera.isp.table(c)).collect(),
    };
    run(camera, view, settings, noise_seed, exposure_id, &mut bytes, |channel, dn| tables[channel][usize::from(dn)])?;
    Ok(Frame8 { width: view.width, height: view.height, colour: camera.sensor.colour, bytes })
}

/// Exposes and gives the 12-bit linear numbers before the ISP.
pub fn expose_linear(
    camera: &CameraModel,
    view: &RadianceView,
    settings: &ExposureSettings,
    noise_seed: u64,
    exposure_id: u64,
) -> Result<LinearFrame, CameraError> {
    let mut dn = Vec::new();
    run(camera, view, settings, noise_seed, exposure_id, &mut dn, |_, dn| dn)?;
    Ok(LinearFrame { width: view.width, height: view.height, colour: camera.sensor.colour, dn })
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
    let channels = if camera.sensor.colour == Colour::Mono { 1 } else { 3 };
    out.resize(width * height * channels, T::default());
    // The camera is part of the key, so that two cameras under one exposure id do not share their noise.
    let camera_seed = noise_seed ^ camera.fixed_pattern.bits(u64::MAX);
    let chip = Chip::new(camera, settings, Key::new("temporal noise", camera_seed, exposure_id));
    let centres_nm = lens::band_centres_nm(&camera.sensor);
    let kernels: [Kernel; 3] = std::array::from_fn(|band| {
        Kernel::gaussian(sigma_px(&camera.lens, camera.sensor.pixel_pitch_um, centres_nm[band]))
    });

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
        let bands = planes[0].iter().zip(&planes[1]).zip(&planes[2]).zip(noise.mean_e.chunks_exact_mut(channels));
        for (column, (((r, g), b), mean_e)) in bands.enumerate() {
            let dx_um = (origin_px[0] as f32 + column as f32 + 0.5 - half_width) * pixel_pitch_um;
            let vignetting = lens::cos4(&self.camera.lens, [dx_um, dy_um]);
            let signal = [r * red, g * green, b * blue].map(|e| (e * vignetting).max(0.0));
            match mean_e {
                [mono] => *mono = signal[0] + signal[1] + signal[2],
                rgb => rgb.copy_from_slice(&signal),
            }
        }
        // A pixel has three sites; mono uses the first.
        let stride = if channels == 1 { 3 } else { 1 };
        let mut site = first_site;
        for draws in &mut noise.draws {
            let pattern = self.camera.fixed_pattern.bits(site);
            let temporal = self.temporal.bits(site);
            *draws = [pattern as u32, (pattern >> 32) as u32, temporal as u32, (temporal >> 32) as u32]
                .map(|bits| self.normal.draw(bits));
            site += stride;
        }
        if self.camera.noiseless {
            noise.draws.fill([0.0; 4]);
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
        if least_e <= GAUSSIAN_FROM_E && !self.camera.noiseless {
            for (i, (mean_e, [_, _, charge, _])) in noise.mean_e.iter().zip(&mut noise.draws).enumerate() {
                if *mean_e <= GAUSSIAN_FROM_E {
                    let bits = self.temporal.bits(first_site + stride * i as u64) as u32;
                    *charge = noise::poisson(*mean_e, bits).min(full_well_e);
                }
            }
        }
        // Rounding by adding a half and cutting off: the numbers are not negative.
        let black = f32::from(BLACK_DN) + 0.5;
        for (pixel, draws) in out.chunks_exact_mut(channels).zip(noise.draws.chunks_exact(channels)) {
            for (channel, (out, [_, offset, charge, _])) in pixel.iter_mut().zip(draws).enumerate() {
                let dn = black + self.dn_per_e * (charge + offset);
                *out = output(channel, dn.max(0.0).min(f32::from(FULL_SCALE_DN)) as u16);
            }
        }
    }
}
