//! Blur by the pixel's aperture, by diffraction and by the lens's aberrations, as one separable Gaussian.
use laneproof_scenes::catalogue::Lens;

/// Longest reach of a kernel, pixels.
const RADIUS_PX: u32 = 16;
/// Widest blur, standard deviation in pixels, whose kernel is not cut before 3 σ.
pub(crate) const WIDEST_SIGMA_PX: f32 = RADIUS_PX as f32 / 3.0;
/// Reach of the interpolation of a Bayer mosaic, pixels.
pub(crate) const DEMOSAIC_RADIUS_PX: u32 = 2;
/// This many pixels round a region always suffice for its pixels to equal those of the whole sensor;
/// [`crate::CameraModel::margin_px`] says what one camera needs.
pub const MARGIN_PX: u32 = RADIUS_PX + DEMOSAIC_RADIUS_PX;

/// Half a kernel: weight of the middle, then of the neighbours at 1, 2 … pixels.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Kernel {
    pub(crate) weights: Vec<f32>,
}

/// Standard deviation of the blur of a band round a wavelength, pixels.
///
/// Airy disc: σ = 0.42 λN (B. Zhang, J. Zerubia and J.-C. Olivo-Marin, *Gaussian approximations of fluorescence microscope
/// point-spread function models*, Applied Optics 46, 2007: 0.21 λ/NA with NA = 1/2N). A square pixel adds the variance
/// of a box of its width, 1/12 px², since radiance is sampled along single rays. Aberrations: a Gaussian with the MTF
/// exp(−2π²σ²ν²), which is one half at ν = √(2 ln 2) / (2πσ).
pub(crate) fn sigma_px(lens: &Lens, pixel_pitch_um: f32, centre_nm: f64) -> f32 {
    let airy_px = 0.42 * centre_nm as f32 * 1e-3 * lens.f_number / pixel_pitch_um;
    let aberration_px = lens.mtf50_lp_per_mm.map_or(0.0, |mtf50| {
        let sigma_mm = (2.0 * std::f32::consts::LN_2).sqrt() / (2.0 * std::f32::consts::PI * mtf50);
        sigma_mm * 1e3 / pixel_pitch_um
    });
    (airy_px * airy_px + 1.0 / 12.0 + aberration_px * aberration_px).sqrt()
}

impl Kernel {
    pub(crate) fn gaussian(sigma_px: f32) -> Self {
        let radius = ((3.0 * sigma_px).ceil() as usize).clamp(1, RADIUS_PX as usize);
        let raw: Vec<f32> = (0..=radius).map(|i| (-0.5 * (i as f32 / sigma_px).powi(2)).exp()).collect();
        let sum = raw[0] + 2.0 * raw[1..].iter().sum::<f32>();
        Self { weights: raw.into_iter().map(|w| w / sum).collect() }
    }

    pub(crate) fn radius(&self) -> usize {
        self.weights.len() - 1
    }

    /// Blurs a row along itself; beyond its ends the last value goes on.
    pub(crate) fn along(&self, row: &[f32], out: &mut [f32]) {
        let (last, radius) = (row.len() - 1, self.radius());
        let edge = |x: usize| {
            let mut sum = self.weights[0] * row[x];
            for (i, w) in self.weights.iter().enumerate().skip(1) {
                sum += w * (row[x.saturating_sub(i)] + row[(x + i).min(last)]);
            }
            sum
        };
        if row.len() <= 2 * radius {
            (0..row.len()).for_each(|x| out[x] = edge(x));
            return;
        }
        (0..radius).chain(row.len() - radius..row.len()).for_each(|x| out[x] = edge(x));
        let inner = radius..row.len() - radius;
        let width = inner.len();
        for (o, m) in out[inner.clone()].iter_mut().zip(&row[inner.clone()]) {
            *o = self.weights[0] * m;
        }
        for (i, w) in self.weights.iter().enumerate().skip(1) {
            let (before, after) = (&row[radius - i..][..width], &row[radius + i..][..width]);
            for ((o, a), b) in out[inner.clone()].iter_mut().zip(before).zip(after) {
                *o += w * (a + b);
            }
        }
    }

    /// Blurs across rows: `rows` holds `2·radius + 1` rows round the one wanted.
    pub(crate) fn across(&self, rows: &[&[f32]], out: &mut [f32]) {
        let radius = self.radius();
        for (o, m) in out.iter_mut().zip(rows[radius]) {
            *o = self.weights[0] * m;
        }
        for (i, w) in self.weights.iter().enumerate().skip(1) {
            for ((o, a), b) in out.iter_mut().zip(rows[radius - i]).zip(rows[radius + i]) {
                *o += w * (a + b);
            }
        }
    }
}
