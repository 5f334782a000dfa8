//! Quality measures of one face, after OFIQ (ISO/IEC 29794-5:2025 and its reference implementation 1.0.3).
//!
//! All but the pose and the inter-eye distance are taken inside an ellipse on the inner face of a crop aligned to the
//! ArcFace template, whatever template the embedder uses, so that they compare between embedders.
use crate::client::Quality;
use crate::geometry::Similarity;
use crate::picture::{Picture, luma};
use crate::pose;
use crate::resample::Crop;
use std::sync::LazyLock;

mod components;
mod covering;

pub use components::{Components, components};
use components::{dynamic_range, luminance as luminance_score, over_exposure};

/// Side of the crop, pixels.
const SIDE: usize = 112;

/// The ArcFace template for a crop of 112 × 112 pixels.
pub const ARCFACE_TEMPLATE_PX: [[f32; 2]; 5] =
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]];

/// The inner face in the crop, pixels: from above the brows to the chin, between the cheeks (assumption).
const FACE_CENTRE_PX: [f32; 2] = [56.0, 70.0];
const FACE_RADII_PX: [f32; 2] = [32.0, 40.0];

/// Standard deviations of the Gaussians whose differences are the fine octave and one two octaves coarser, crop pixels.
const FINE_PX: [f32; 2] = [0.5, 1.0];
const COARSE_PX: [f32; 2] = [2.0, 4.0];

/// Fine ÷ coarse amplitude at which sharpness is 50, and the width of the logistic step. Assumption, set on rendered
/// heads with 52 px between the eyes: sharp 0.55–1.1, blurred by 1, 2 and 5 px (standard deviation) 0.41, 0.26, 0.11.
const SHARPNESS_MIDDLE: f32 = 0.30;
const SHARPNESS_WIDTH: f32 = 0.07;

/// A byte from which OFIQ counts a pixel as over-exposed.
const OVER_EXPOSED: f32 = 247.0;

/// Measures a face; `None` when its landmarks coincide or are not finite.
pub fn measure(picture: &Picture, landmarks_px: &[[f32; 2]; 5]) -> Option<Quality> {
    let pose = pose::from_landmarks(landmarks_px)?;
    let similarity = Similarity::fit(landmarks_px, &ARCFACE_TEMPLATE_PX)?;
    let crop = Crop::warp(picture, &similarity, [SIDE as u32; 2]);
    let luminance: Vec<f32> = crop.rgb.iter().map(|&p| luma(p)).collect();
    let [left, right] = [landmarks_px[0], landmarks_px[1]];
    let eyes_px = (right[0] - left[0]).hypot(right[1] - left[1]);
    // Beyond 80° the quotient says nothing any more.
    let inter_eye_px = eyes_px / pose.yaw_deg.to_radians().cos().max(0.17);
    let face: Vec<f32> = inside().map(|i| luminance[i]).collect();
    let covering = covering::of(&crop.rgb, &luminance);
    let mut quality = Quality {
        inter_eye_px,
        yaw_deg: pose.yaw_deg,
        pitch_deg: pose.pitch_deg,
        roll_deg: pose.roll_deg,
        sharpness: sharpness(&luminance),
        mean_luminance: face.iter().sum::<f32>() / face.len() as f32 / 255.0,
        over_exposed_share: face.iter().filter(|&&v| v >= OVER_EXPOSED).count() as f32 / face.len() as f32,
        entropy_bits: entropy_bits(&face),
        overall: 0.0,
        uniformity: Some(covering.uniformity),
        eyes_covered_share: Some(covering.eyes_covered_share),
        covered_share: covering.covered_share,
    };
    quality.overall = overall(&quality);
    Some(quality)
}

/// The crop's pixels in the ellipse.
static INSIDE: LazyLock<Vec<usize>> = LazyLock::new(|| {
    let is_inside = |i: &usize| {
        let x = ((i % SIDE) as f32 - FACE_CENTRE_PX[0]) / FACE_RADII_PX[0];
        let y = ((i / SIDE) as f32 - FACE_CENTRE_PX[1]) / FACE_RADII_PX[1];
        x * x + y * y <= 1.0
    };
    (0..SIDE * SIDE).filter(is_inside).collect()
});

fn inside() -> impl Iterator<Item = usize> {
    INSIDE.iter().copied()
}

/// Sharpness of an aligned luminance crop, 0..100.
///
/// Energy of the finest octave over that of a coarser one. Natural pictures have the same energy in every octave (D.
/// Field, JOSA A 4, 1987), so the quotient does not depend on contrast or exposure; blur, defocus and enlarging a face
/// that is too small all take the fine octave first. Noise adds to it: a dark, noisy face looks sharper than it is,
/// which the luminance measure must catch. OFIQ's own sharpness is a trained classifier; this is not it.
fn sharpness(luminance: &[f32]) -> f32 {
    let energy = |sigmas: [f32; 2]| {
        let [p, q] = sigmas.map(|sigma| blur(luminance, sigma));
        inside().map(|i| (p[i] - q[i]) * (p[i] - q[i])).sum::<f32>()
    };
    let (fine, coarse) = (energy(FINE_PX), energy(COARSE_PX));
    // Less than half a grey level in the coarse octave is a flat patch, not a face.
    if coarse < 0.25 * inside().count() as f32 {
        return 0.0;
    }
    100.0 * logistic(((fine / coarse).sqrt() - SHARPNESS_MIDDLE) / SHARPNESS_WIDTH)
}

/// Separable Gaussian, edges repeated.
fn blur(values: &[f32], sigma: f32) -> Vec<f32> {
    let reach = (3.0 * sigma).ceil() as usize;
    let mut kernel: Vec<f32> =
        (0..=2 * reach).map(|i| (-(i as f32 - reach as f32).powi(2) / (2.0 * sigma * sigma)).exp()).collect();
    let sum: f32 = kernel.iter().sum();
    kernel.iter_mut().for_each(|k| *k /= sum);
    let clamp = |v: usize| v.saturating_sub(reach).min(SIDE - 1);
    let add = |out: &mut [f32], weight: f32, source: &[f32]| {
        out.iter_mut().zip(source).for_each(|(o, s)| *o += weight * s);
    };
    let mut across = vec![0.0; SIDE * SIDE];
    let mut padded = vec![0.0; SIDE + 2 * reach];
    for (out, row) in across.chunks_exact_mut(SIDE).zip(values.chunks_exact(SIDE)) {
        padded.iter_mut().enumerate().for_each(|(x, v)| *v = row[clamp(x)]);
        kernel.iter().enumerate().for_each(|(k, &weight)| add(out, weight, &padded[k..k + SIDE]));
    }
    let mut blurred = vec![0.0; SIDE * SIDE];
    for (y, out) in blurred.chunks_exact_mut(SIDE).enumerate() {
        kernel.iter().enumerate().for_each(|(k, &weight)| add(out, weight, &across[clamp(y + k) * SIDE..][..SIDE]));
    }
    blurred
}

/// Entropy of the histogram of bytes, bits (8 for an even spread).
fn entropy_bits(values: &[f32]) -> f32 {
    let mut histogram = [0u32; 256];
    for &v in values {
        histogram[v.round().clamp(0.0, 255.0) as usize] += 1;
    }
    let total = values.len() as f32;
    let term = |&n: &u32| if n == 0 { 0.0 } else { -(n as f32 / total) * (n as f32 / total).log2() };
    histogram.iter().map(term).sum()
}

fn logistic(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

/// One number, 0..100: the geometric mean of OFIQ's mappings of inter-eye distance, yaw, pitch, luminance,
/// over-exposure and dynamic range, and of the sharpness. A face that fails in one thing is not saved by the others.
/// Roll is left out: alignment takes it away. Uniformity and what is covered are left out too: a stack that does not
/// measure them ranks alike, and they bound ([`crate::config::QualityRule`]) rather than order.
pub fn overall(q: &Quality) -> f32 {
    let cos2 = |deg: f32| deg.to_radians().cos().max(0.0).powi(2);
    let parts = [
        logistic((q.inter_eye_px - 70.0) / 20.0),
        cos2(q.yaw_deg),
        cos2(q.pitch_deg),
        luminance_score(q.mean_luminance),
        over_exposure(q.over_exposed_share),
        dynamic_range(q.entropy_bits),
        q.sharpness / 100.0,
    ];
    let product: f32 = parts.iter().product();
    let overall = 100.0 * product.max(0.0).powf(1.0 / parts.len() as f32);
    if overall.is_finite() { overall } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A 240 × 240 px face-like pattern with detail in every octave, blurred by repeated box filters and scaled.
    fn pattern(boxes: usize, gain: f32) -> Picture {
        let side = 240usize;
        let mut values: Vec<f32> = (0..side * side)
            .map(|i| {
                let (x, y) = ((i % side) as f32, (i / side) as f32);
                let octaves = [4.0f32, 8.0, 16.0, 32.0, 64.0];
                let detail = |p: &f32| ((x / p * 6.3).sin() + (y / p * 6.3 + p).cos()) * p.sqrt() * 4.0;
                128.0 + octaves.iter().map(detail).sum::<f32>() * 0.5
            })
            .collect();
        for _ in 0..boxes {
            let source = values.clone();
            for y in 1..side - 1 {
                for x in 1..side - 1 {
                    let around = (0..9).map(|k| source[(y + k / 3 - 1) * side + x + k % 3 - 1]);
                    values[y * side + x] = around.sum::<f32>() / 9.0;
                }
            }
        }
        let bytes: Vec<u8> = values.iter().map(|v| (v * gain).clamp(0.0, 255.0) as u8).collect();
        Picture::from_mono(side as u32, side as u32, &bytes).unwrap()
    }

    fn landmarks() -> [[f32; 2]; 5] {
        ARCFACE_TEMPLATE_PX.map(|p| [p[0] * 2.0, p[1] * 2.0])
    }

    #[test]
    fn blur_lowers_sharpness_and_overall() {
        let measured: Vec<Quality> =
            [0, 1, 3, 8].map(|n| measure(&pattern(n, 1.0), &landmarks()).unwrap()).into_iter().collect();
        for pair in measured.windows(2) {
            assert!(pair[1].sharpness < pair[0].sharpness, "{measured:#?}");
            assert!(pair[1].overall < pair[0].overall, "{measured:#?}");
        }
    }

    #[test]
    fn darkening_lowers_luminance_but_hardly_sharpness() {
        let bright = measure(&pattern(1, 1.0), &landmarks()).unwrap();
        let dark = measure(&pattern(1, 0.4), &landmarks()).unwrap();
        assert!((dark.mean_luminance / bright.mean_luminance - 0.4).abs() < 0.02);
        assert!((dark.sharpness - bright.sharpness).abs() < 5.0, "{} {}", dark.sharpness, bright.sharpness);
        assert!(dark.entropy_bits < bright.entropy_bits);
        let over = measure(&pattern(1, 2.5), &landmarks()).unwrap();
        assert!(over.over_exposed_share > 0.4 && over.overall < bright.overall);
    }

    #[test]
    fn blur_keeps_a_flat_field_and_spreads_a_point_evenly() {
        assert!(blur(&[7.0; SIDE * SIDE], 2.0).iter().all(|v| (v - 7.0).abs() < 1e-4));
        let mut point = vec![0.0; SIDE * SIDE];
        point[50 * SIDE + 60] = 1.0;
        let spread = blur(&point, 2.0);
        assert!((spread.iter().sum::<f32>() - 1.0).abs() < 1e-4);
        let variance: f32 = (0..SIDE * SIDE).map(|i| ((i % SIDE) as f32 - 60.0).powi(2) * spread[i]).sum();
        assert!((variance - 4.0).abs() < 0.15, "{variance}");
        assert_eq!(spread[50 * SIDE + 57], spread[53 * SIDE + 60]);
    }

    #[test]
    fn a_flat_patch_is_not_sharp_and_has_no_entropy() {
        let flat = Picture::from_mono(240, 240, &[90; 240 * 240]).unwrap();
        let quality = measure(&flat, &landmarks()).unwrap();
        assert_eq!(quality.sharpness, 0.0);
        assert!(quality.entropy_bits < 1e-6);
        assert!((quality.mean_luminance - 90.0 / 255.0).abs() < 1e-4);
        assert_eq!(quality.covered_share, None, "a picture without colour tells nothing of what covers a face");
        assert!(quality.inter_eye_px > 70.0 && quality.inter_eye_px < 71.5, "{}", quality.inter_eye_px);
    }

    #[test]
    fn overall_follows_the_standards_anchors() {
        let best = Quality {
            inter_eye_px: 200.0,
            yaw_deg: 0.0,
            pitch_deg: 0.0,
            roll_deg: 0.0,
            sharpness: 100.0,
            mean_luminance: 0.5,
            over_exposed_share: 0.0,
            entropy_bits: 8.0,
            overall: 0.0,
            uniformity: None,
            eyes_covered_share: None,
            covered_share: None,
        };
        assert!(overall(&best) > 99.5);
        // 70 px between the eyes is 50 of 100 in its part.
        let small = overall(&Quality { inter_eye_px: 70.0, ..best });
        assert!((small - 100.0 * 0.5f32.powf(1.0 / 7.0)).abs() < 0.3, "{small}");
        assert!(overall(&Quality { yaw_deg: 90.0, ..best }) < 1.0);
    }
}
