//! What a camera is: sensor, lens, output, its converter, and what makes no camera.
use laneproof_scenes::catalogue::{Colour, Lens, Sensor};

use crate::{
    expose::ExposureSettings,
    isp::Isp,
    lens,
    noise::Key,
    psf::{self, Kernel},
    view::RadianceView,
};

/// Largest number of a 12-bit converter.
pub const FULL_SCALE_DN: u16 = Adc { bit_depth: 12 }.full_scale_dn();
/// Number of a pixel without charge at 12 bits, so that dark noise is not cut at 0 (EMVA 1288 asks for such an offset).
pub const BLACK_DN: u16 = Adc { bit_depth: 12 }.black_dn();

/// A sensor's analogue-to-digital converter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Adc {
    bit_depth: u8,
}

impl Adc {
    /// The converter of a sensor.
    pub(crate) fn of(sensor: &Sensor) -> Self {
        Self { bit_depth: sensor.bit_depth }
    }

    /// Bits: 8, 10 or 12.
    pub const fn bit_depth(self) -> u8 {
        self.bit_depth
    }

    /// Largest number.
    pub const fn full_scale_dn(self) -> u16 {
        (1 << self.bit_depth) - 1
    }

    /// Number of a pixel without charge: a 64th of the range at every depth.
    pub const fn black_dn(self) -> u16 {
        1 << (self.bit_depth - 6)
    }

    /// Numbers between no charge and full scale.
    pub(crate) fn span_dn(self) -> f32 {
        f32::from(self.full_scale_dn() - self.black_dn())
    }
}

/// A camera: sensor, lens, output, and the seed of its fixed pattern.
#[derive(Debug, Clone)]
pub struct CameraModel {
    pub(crate) sensor: Sensor,
    pub(crate) lens: Lens,
    pub(crate) isp: Isp,
    pub(crate) fixed_pattern: Key,
    pub(crate) noise_share: f32,
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
    /// An exposure control is impossible.
    #[error("exposure control, {key}: {reason}")]
    Control {
        /// Which value.
        key: String,
        /// What is wrong with it, and what would be right.
        reason: String,
    },
    /// A part of the sensor does not tell how much light is scattered into it.
    #[error(
        "a lens with veiling glare scatters light of the whole sensor into every part; give `scattered`, of the whole sensor, with a part"
    )]
    GlareOfRegion,
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
        if ![8, 10, 12].contains(&sensor.bit_depth) {
            let value = f32::from(sensor.bit_depth);
            return Err(CameraError::Model { camera: camera(), what: "bit depth", value, right: "8, 10 or 12" });
        }
        if let Some(value) = lens.mtf50_lp_per_mm
            && (value <= 0.0 || !value.is_finite())
        {
            let what = "MTF50 of the lens (line pairs per mm)";
            return Err(CameraError::Model { camera: camera(), what, value, right: "a number above 0" });
        }
        if let Some(value) = lens.veiling_glare
            && !(0.0..=0.1).contains(&value)
        {
            let what = "veiling glare (share of the light)";
            return Err(CameraError::Model { camera: camera(), what, value, right: "a number from 0 to 0.1" });
        }
        let centres_nm = lens::band_centres_nm(&sensor);
        for centre_nm in centres_nm {
            let value = psf::sigma_px(&lens, sensor.pixel_pitch_um, centre_nm);
            if value > psf::WIDEST_SIGMA_PX {
                let what = "standard deviation of the lens's blur (px)";
                let right = "5.3 or less: open the aperture, or give a higher mtf50_lp_per_mm or larger pixels";
                return Err(CameraError::Model { camera: camera(), what, value, right });
            }
        }
        let fixed_pattern = Key::new(&format!("fixed pattern {camera_id}"), 0, 0);
        Ok(Self { sensor, lens, isp, fixed_pattern, noise_share: 1.0 })
    }

    /// The same camera without any noise, every number its own mean; for counterfactuals.
    pub fn noiseless(self) -> Self {
        self.with_noise(0.0)
    }

    /// The same camera with every number's departure from its mean cut down to a share of it, 0 (none) to 1 (as it is); for
    /// counterfactuals. The spread is that of a mean over 1 ÷ share² exposures.
    pub fn with_noise(self, share: f32) -> Self {
        Self { noise_share: share.clamp(0.0, 1.0), ..self }
    }

    /// Sensor.
    pub fn sensor(&self) -> &Sensor {
        &self.sensor
    }

    /// Lens.
    pub fn lens(&self) -> &Lens {
        &self.lens
    }

    /// What comes after the sensor.
    pub fn isp(&self) -> &Isp {
        &self.isp
    }

    /// Analogue-to-digital converter.
    pub fn adc(&self) -> Adc {
        Adc::of(&self.sensor)
    }

    /// So many pixels round a region must be given for the region's pixels to equal those of the whole sensor; at most
    /// [`crate::MARGIN_PX`].
    pub fn margin_px(&self) -> u32 {
        let blur = self.kernels().iter().map(Kernel::radius).max().unwrap_or(0) as u32;
        blur + if self.sensor.colour == Colour::Bayer { psf::DEMOSAIC_RADIUS_PX } else { 0 }
    }

    /// Blur by pixel, diffraction and lens in each band.
    pub(crate) fn kernels(&self) -> [Kernel; 3] {
        lens::band_centres_nm(&self.sensor)
            .map(|nm| Kernel::gaussian(psf::sigma_px(&self.lens, self.sensor.pixel_pitch_um, nm)))
    }

    /// System gain K, DN per electron, of the converter's numbers; at 0 dB full well is full scale.
    pub fn gain_dn_per_e(&self, gain_db: f32) -> f32 {
        self.adc().span_dn() / self.sensor.full_well_e * 10f32.powf(gain_db / 20.0)
    }

    /// Focal length in pixels.
    pub(crate) fn focal_length_px(&self) -> f64 {
        f64::from(self.lens.focal_length_mm) * 1e3 / f64::from(self.sensor.pixel_pitch_um)
    }

    /// Mean electrons of a pixel on the axis for this radiance (W·m⁻²·sr⁻¹ per band), per band, without dark current.
    pub fn mean_electrons(&self, radiance: [f32; 3], exposure_us: f32) -> [f32; 3] {
        let scale = self.electrons_per_radiance(exposure_us);
        std::array::from_fn(|i| radiance[i] * scale[i])
    }

    pub(crate) fn electrons_per_radiance(&self, exposure_us: f32) -> [f32; 3] {
        let centres_nm = lens::band_centres_nm(&self.sensor);
        let photons = lens::photons_per_radiance_s(&self.lens, self.sensor.pixel_pitch_um, centres_nm);
        // The three channels of a near-infrared camera hold one band: each counts for a third of it.
        let share = if self.sensor.band.is_some() { 1.0 / 3.0 } else { 1.0 };
        std::array::from_fn(|i| {
            (photons[i] * f64::from(exposure_us) * 1e-6 * f64::from(self.sensor.quantum_efficiency[i]) * share) as f32
        })
    }

    pub(crate) fn check(&self, view: &RadianceView, settings: &ExposureSettings) -> Result<(), CameraError> {
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
            // Light is scattered in from all of the sensor: a part of it must say how much there is.
            if self.lens.veiling_glare.is_some_and(|glare| glare > 0.0)
                && match view.scattered {
                    Some(scattered) => scattered.size_px() != [width_px, height_px],
                    None => [view.width, view.height] != [width_px, height_px],
                }
            {
                return Err(CameraError::GlareOfRegion);
            }
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
