//! Each measure as its OFIQ component, 0 (worst) to 100: one scale for all, on which marks can be compared.
//!
//! The mappings are those of OFIQ 1.0.3, the reference implementation of ISO/IEC 29794-5:2025. Sharpness is not among
//! them: OFIQ's is a trained classifier's; ours is its own measure, 0 to 100 too.
use super::logistic;
use crate::client::Quality;
use serde::{Deserialize, Serialize};

/// A number for each component: its score, or the least score that a rule asks for. Nothing stands for a measure that
/// was not taken, or that a rule says nothing about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = QualityComponents)]
pub struct Components {
    /// Distance between the eyes ÷ cos yaw: 100·σ((px − 70)/20).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inter_eye_distance: Option<f32>,
    /// Yaw: 100·cos².
    #[serde(skip_serializing_if = "Option::is_none")]
    pub yaw: Option<f32>,
    /// Pitch: 100·cos².
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pitch: Option<f32>,
    /// Roll: 100·cos².
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roll: Option<f32>,
    /// Sharpness as it is measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sharpness: Option<f32>,
    /// Mean luminance m: 100·σ((m − 0.2)/0.05)·(1 − σ((m − 0.8)/0.05)).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub luminance: Option<f32>,
    /// Share of pixels at 247 or above, x: 1 ÷ (x + 0.01), at most 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub over_exposure: Option<f32>,
    /// Entropy: 12.5 a bit, at most 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dynamic_range: Option<f32>,
    /// Overlap of the cheeks' histograms, x: 100·x^0.3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uniformity: Option<f32>,
    /// Eyes: 100·(1 − share that is covered).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eyes_visible: Option<f32>,
    /// Face: 100·(1 − share that is covered).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub face_free: Option<f32>,
}

impl Components {
    /// Each with its name, as a rule's file has it.
    pub fn named(&self) -> [(&'static str, Option<f32>); 11] {
        [
            ("inter_eye_distance", self.inter_eye_distance),
            ("yaw", self.yaw),
            ("pitch", self.pitch),
            ("roll", self.roll),
            ("sharpness", self.sharpness),
            ("luminance", self.luminance),
            ("over_exposure", self.over_exposure),
            ("dynamic_range", self.dynamic_range),
            ("uniformity", self.uniformity),
            ("eyes_visible", self.eyes_visible),
            ("face_free", self.face_free),
        ]
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The scores of a face.
pub fn components(q: &Quality) -> Components {
    let cos2 = |deg: f32| Some(100.0 * deg.to_radians().cos().max(0.0).powi(2));
    let free = |covered: Option<f32>| covered.map(|share| 100.0 * (1.0 - share.clamp(0.0, 1.0)));
    Components {
        inter_eye_distance: Some(100.0 * logistic((q.inter_eye_px - 70.0) / 20.0)),
        yaw: cos2(q.yaw_deg),
        pitch: cos2(q.pitch_deg),
        roll: cos2(q.roll_deg),
        sharpness: Some(q.sharpness),
        luminance: Some(100.0 * luminance(q.mean_luminance)),
        over_exposure: Some(100.0 * over_exposure(q.over_exposed_share)),
        dynamic_range: Some(100.0 * dynamic_range(q.entropy_bits)),
        uniformity: q.uniformity.map(|overlap| 100.0 * overlap.clamp(0.0, 1.0).powf(0.3)),
        eyes_visible: free(q.eyes_covered_share),
        face_free: free(q.covered_share),
    }
}

/// Mean luminance, 0..1.
pub(super) fn luminance(mean: f32) -> f32 {
    logistic((mean - 0.2) / 0.05) * (1.0 - logistic((mean - 0.8) / 0.05))
}

/// Share of over-exposed pixels, 0..1.
pub(super) fn over_exposure(share: f32) -> f32 {
    (0.01 / (share + 0.01)).min(1.0)
}

/// Entropy, 0..1.
pub(super) fn dynamic_range(entropy_bits: f32) -> f32 {
    (entropy_bits / 8.0).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Quality = Quality {
        inter_eye_px: 70.0,
        yaw_deg: 0.0,
        pitch_deg: 0.0,
        roll_deg: 0.0,
        sharpness: 64.0,
        mean_luminance: 0.5,
        over_exposed_share: 0.0,
        entropy_bits: 8.0,
        overall: 0.0,
        uniformity: Some(1.0),
        eyes_covered_share: Some(0.0),
        covered_share: Some(0.0),
    };

    #[test]
    fn the_scores_meet_the_anchors_of_ofiq() {
        let near = |got: Option<f32>, want: f32| {
            assert!((got.unwrap() - want).abs() < 0.6, "{got:?} is not {want}");
        };
        for (px, want) in [(40.0, 18.0), (70.0, 50.0), (90.0, 73.0), (120.0, 92.4)] {
            near(components(&Quality { inter_eye_px: px, ..PLAIN }).inter_eye_distance, want);
        }
        for (deg, want) in [(0.0, 100.0), (15.0, 93.0), (30.0, 75.0), (-45.0, 50.0), (90.0, 0.0), (135.0, 0.0)] {
            near(components(&Quality { yaw_deg: deg, ..PLAIN }).yaw, want);
            near(components(&Quality { pitch_deg: deg, ..PLAIN }).pitch, want);
            near(components(&Quality { roll_deg: deg, ..PLAIN }).roll, want);
        }
        for (mean, want) in [(0.2, 50.0), (0.8, 50.0), (0.5, 99.5), (0.0, 1.8)] {
            near(components(&Quality { mean_luminance: mean, ..PLAIN }).luminance, want);
        }
        for (share, want) in [(0.0, 100.0), (0.01, 50.0), (0.09, 10.0)] {
            near(components(&Quality { over_exposed_share: share, ..PLAIN }).over_exposure, want);
        }
        for (bits, want) in [(8.0, 100.0), (4.0, 50.0), (0.0, 0.0)] {
            near(components(&Quality { entropy_bits: bits, ..PLAIN }).dynamic_range, want);
        }
        for (overlap, want) in [(1.0, 100.0), (0.1, 50.1), (0.0, 0.0)] {
            near(components(&Quality { uniformity: Some(overlap), ..PLAIN }).uniformity, want);
        }
        for (share, want) in [(0.0, 100.0), (0.25, 75.0), (1.0, 0.0)] {
            near(components(&Quality { eyes_covered_share: Some(share), ..PLAIN }).eyes_visible, want);
            near(components(&Quality { covered_share: Some(share), ..PLAIN }).face_free, want);
        }
        near(components(&PLAIN).sharpness, 64.0);
    }

    #[test]
    fn what_was_not_measured_has_no_score_and_every_other_has_a_name() {
        let unmeasured = Quality { uniformity: None, eyes_covered_share: None, covered_share: None, ..PLAIN };
        let without: Vec<&str> =
            components(&unmeasured).named().into_iter().filter(|(_, s)| s.is_none()).map(|(name, _)| name).collect();
        assert_eq!(without, ["uniformity", "eyes_visible", "face_free"]);
        assert!(components(&PLAIN).named().iter().all(|(_, score)| score.is_some()));
        // The names are those of the file.
        let written = serde_json::to_value(components(&PLAIN)).unwrap();
        assert!(components(&PLAIN).named().iter().all(|(name, _)| written.get(name).is_some()));
        assert_eq!(written.as_object().unwrap().len(), 11);
        assert!(Components::default().is_empty() && !components(&unmeasured).is_empty());
    }
}
