//! A stack's configuration: which cards, and the working parameters. `stack.toml` in a models directory.
use crate::client::Quality;
use crate::error::SetupError;
use crate::exposure::ExposureControl;
use crate::feedback::{EarlyStop, MoreWanted};
use crate::persons::PersonRule;
use crate::quality::{Components, components};
use crate::runtime::Compute;
use crate::text::Source;
use crate::track::Tracking;
use serde::{Deserialize, Serialize};
use std::path::Path;
use toml::Spanned;

/// The bounds a best shot must keep to be claimed as valid. The standard sets no pass marks: they are the operator's.
/// The defaults are assumptions: what a matcher of this size can still use.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct QualityRule {
    /// Least detector score, 0..1.
    pub min_score: f32,
    /// Least distance between the eyes ÷ cos yaw, pixels.
    pub min_inter_eye_px: f32,
    /// Greatest yaw to either side, degrees.
    pub max_yaw_deg: f32,
    /// Greatest pitch up or down, degrees.
    pub max_pitch_deg: f32,
    /// Greatest roll to either side, degrees.
    pub max_roll_deg: f32,
    /// Least sharpness, 0..100.
    pub min_sharpness: f32,
    /// Least mean luminance, 0..1.
    pub min_mean_luminance: f32,
    /// Greatest mean luminance, 0..1.
    pub max_mean_luminance: f32,
    /// Greatest share of over-exposed pixels, 0..1.
    pub max_over_exposed_share: f32,
    /// Least entropy, bits.
    pub min_entropy_bits: f32,
    /// Least overall quality, 0..100.
    pub min_overall: f32,
    /// Least overlap of the cheeks' histograms, 0..1; no bound when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_uniformity: Option<f32>,
    /// Greatest share of the eyes that is covered, 0..1; no bound when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_eyes_covered_share: Option<f32>,
    /// Greatest share of the face that is covered, 0..1; no bound when left out. Faces of cameras without colour, of which it
    /// cannot be told, break it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_covered_share: Option<f32>,
    /// Least scores on OFIQ's scale, 0..100, beside the bounds above; none when left out.
    #[serde(skip_serializing_if = "Components::is_empty")]
    pub components: Components,
}

impl Default for QualityRule {
    fn default() -> Self {
        Self {
            min_score: 0.6,
            min_inter_eye_px: 40.0,
            max_yaw_deg: 35.0,
            max_pitch_deg: 30.0,
            max_roll_deg: 30.0,
            min_sharpness: 20.0,
            min_mean_luminance: 0.12,
            max_mean_luminance: 0.9,
            max_over_exposed_share: 0.15,
            min_entropy_bits: 4.0,
            min_overall: 0.0,
            min_uniformity: None,
            max_eyes_covered_share: None,
            max_covered_share: None,
            components: Components::default(),
        }
    }
}

impl QualityRule {
    /// Whether all bounds are numbers, infinite or not; if not, which is none, in words. No face would break such a bound.
    fn are_numbers(&self) -> Result<(), String> {
        let bounds = [
            ("min_score", self.min_score),
            ("min_inter_eye_px", self.min_inter_eye_px),
            ("max_yaw_deg", self.max_yaw_deg),
            ("max_pitch_deg", self.max_pitch_deg),
            ("max_roll_deg", self.max_roll_deg),
            ("min_sharpness", self.min_sharpness),
            ("min_mean_luminance", self.min_mean_luminance),
            ("max_mean_luminance", self.max_mean_luminance),
            ("max_over_exposed_share", self.max_over_exposed_share),
            ("min_entropy_bits", self.min_entropy_bits),
            ("min_overall", self.min_overall),
        ];
        let optional = [
            ("min_uniformity", self.min_uniformity),
            ("max_eyes_covered_share", self.max_eyes_covered_share),
            ("max_covered_share", self.max_covered_share),
        ];
        let given =
            optional.into_iter().chain(self.components.named()).filter_map(|(name, bound)| Some((name, bound?)));
        let bounds: Vec<(&str, f32)> = bounds.into_iter().chain(given).collect();
        let wrong = bounds.iter().find(|(_, bound)| bound.is_nan());
        wrong.map_or(Ok(()), |(name, bound)| Err(format!("{name} = {bound} must be a number")))
    }

    /// Whether a face keeps every bound; if not, which it breaks, in words.
    pub fn check(&self, score: f32, q: &Quality) -> Result<(), String> {
        let least = [
            ("detector score", score, self.min_score),
            ("inter-eye distance in px", q.inter_eye_px, self.min_inter_eye_px),
            ("sharpness", q.sharpness, self.min_sharpness),
            ("mean luminance", q.mean_luminance, self.min_mean_luminance),
            ("entropy in bits", q.entropy_bits, self.min_entropy_bits),
            ("overall quality", q.overall, self.min_overall),
        ];
        let most = [
            ("yaw in degrees", q.yaw_deg.abs(), self.max_yaw_deg),
            ("pitch in degrees", q.pitch_deg.abs(), self.max_pitch_deg),
            ("roll in degrees", q.roll_deg.abs(), self.max_roll_deg),
            ("mean luminance", q.mean_luminance, self.max_mean_luminance),
            ("over-exposed share", q.over_exposed_share, self.max_over_exposed_share),
        ];
        // Bounds that a rule may leave out. What was not measured is no number, and breaks them.
        let bound = |name, value: Option<f32>, bound: Option<f32>| Some((name, value.unwrap_or(f32::NAN), bound?));
        let scores = components(q).named().into_iter().zip(self.components.named());
        let least = least
            .into_iter()
            .chain(bound("uniformity", q.uniformity, self.min_uniformity))
            .chain(scores.filter_map(|((name, score), (_, least))| bound(name, score, least)))
            .collect::<Vec<_>>();
        let most = most
            .into_iter()
            .chain(bound("covered share of the eyes", q.eyes_covered_share, self.max_eyes_covered_share))
            .chain(bound("covered share of the face", q.covered_share, self.max_covered_share))
            .collect::<Vec<_>>();
        // A value that is not a number breaks its bound.
        let under = least.into_iter().filter(|(_, value, bound)| value < bound || value.is_nan()).map(|v| (v, "under"));
        let over = most.into_iter().filter(|(_, value, bound)| value > bound || value.is_nan()).map(|v| (v, "over"));
        let told = |((name, value, bound), word): ((&str, f32, f32), &str)| {
            if value.is_nan() {
                return format!("{name} is not told, where {bound} is asked for");
            }
            format!("{name} {value:.2} {word} {bound}")
        };
        let broken: Vec<String> = under.chain(over).map(told).collect();
        if broken.is_empty() { Ok(()) } else { Err(broken.join(", ")) }
    }
}

/// How a stack works, apart from its models.
#[derive(Debug, Clone, PartialEq)]
pub struct Working {
    /// Pictures wider than this are resized to it for the detector, pixels.
    pub working_width_px: u32,
    /// In place of the detector card's score threshold, 0..1.
    pub score_threshold: Option<f32>,
    /// In place of the detector card's suppression overlap, 0..1.
    pub nms_iou: Option<f32>,
    /// In place of the embedder card's match threshold, −1..1.
    pub match_threshold: Option<f32>,
    /// How many of the best shots of a track are embedded; their mean is matched.
    pub shots_per_track: usize,
    /// Threads of each model. Results may differ in the last bits between numbers of threads; 1 is the default.
    pub intra_threads: usize,
    /// Bounds of a valid capture.
    pub quality_rule: QualityRule,
    /// Tracking.
    pub tracking: Tracking,
    /// Telling persons apart.
    pub persons: PersonRule,
    /// Exposure control; none by default.
    pub exposure_control: Option<ExposureControl>,
    /// When it says that it has seen enough; never by default.
    pub early_stop: Option<EarlyStop>,
    /// When it asks for more exposures; never by default.
    pub need_more: Option<MoreWanted>,
    /// Looks at what waits together; never by default.
    pub throughput: Option<Throughput>,
}

impl Working {
    /// How its models are run.
    pub fn compute(&self) -> Compute {
        let (deterministic, max_batch) = self.throughput.map_or((true, 1), |t| (false, t.max_batch));
        Compute { intra_threads: self.intra_threads, deterministic, max_batch }
    }
}

impl Default for Working {
    fn default() -> Self {
        Self {
            working_width_px: 960,
            score_threshold: None,
            nms_iou: None,
            match_threshold: None,
            shots_per_track: 3,
            intra_threads: 1,
            quality_rule: QualityRule::default(),
            tracking: Tracking::default(),
            persons: PersonRule::default(),
            exposure_control: None,
            early_stop: None,
            need_more: None,
            throughput: None,
        }
    }
}

/// Speed before sameness: what waits is looked at together, and ONNX Runtime may choose kernels by speed. What is decided
/// then depends in the last bits on what else was waiting; without it, it never does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Throughput {
    /// Frames looked at, or faces embedded, in one run of a model at most, 1 to 64.
    pub max_batch: usize,
}

impl Default for Throughput {
    fn default() -> Self {
        Self { max_batch: 4 }
    }
}

impl Throughput {
    fn check(&self) -> Result<(), String> {
        let told = || format!("max_batch = {}: must be from 1 to 64", self.max_batch);
        (1..=64).contains(&self.max_batch).then_some(()).ok_or_else(told)
    }
}

/// A configuration file.
#[derive(Debug, Clone, PartialEq)]
pub struct StackConfig {
    /// Detector card: the name of a card, or a card file (`*.toml`) beside the configuration.
    pub detector: String,
    /// Embedder card, likewise.
    pub embedder: String,
    /// The rest.
    pub working: Working,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawConfig {
    detector: String,
    embedder: String,
    working_width_px: Option<Spanned<u32>>,
    score_threshold: Option<Spanned<f32>>,
    nms_iou: Option<Spanned<f32>>,
    match_threshold: Option<Spanned<f32>>,
    shots_per_track: Option<Spanned<usize>>,
    intra_threads: Option<Spanned<usize>>,
    quality_rule: Option<Spanned<QualityRule>>,
    tracking: Option<Spanned<Tracking>>,
    persons: Option<Spanned<PersonRule>>,
    exposure_control: Option<Spanned<ExposureControl>>,
    early_stop: Option<Spanned<EarlyStop>>,
    need_more: Option<Spanned<MoreWanted>>,
    throughput: Option<Spanned<Throughput>>,
}

impl StackConfig {
    /// Reads a configuration file.
    pub fn read(path: &Path) -> Result<Self, SetupError> {
        Self::from_source(&Source::read(path)?)
    }

    pub(crate) fn from_source(source: &Source) -> Result<Self, SetupError> {
        let raw: RawConfig = source.parse()?;
        if let Some(control) = &raw.exposure_control {
            control.get_ref().check().map_err(|reason| source.error_at(control.span(), reason))?;
        }
        if let Some(persons) = &raw.persons {
            persons.get_ref().check().map_err(|reason| source.error_at(persons.span(), reason))?;
        }
        if let Some(stop) = &raw.early_stop {
            stop.get_ref().check().map_err(|reason| source.error_at(stop.span(), reason))?;
        }
        if let Some(more) = &raw.need_more {
            more.get_ref().check().map_err(|reason| source.error_at(more.span(), reason))?;
        }
        if let Some(throughput) = &raw.throughput {
            throughput.get_ref().check().map_err(|reason| source.error_at(throughput.span(), reason))?;
        }
        if let Some(rule) = &raw.quality_rule {
            rule.get_ref().are_numbers().map_err(|reason| source.error_at(rule.span(), reason))?;
        }
        if let Some(tracking) = &raw.tracking {
            tracking.get_ref().are_numbers().map_err(|reason| source.error_at(tracking.span(), reason))?;
        }
        let default = Working::default();
        let working = Working {
            working_width_px: source
                .within(raw.working_width_px, "working_width_px", [64, 8192])?
                .unwrap_or(default.working_width_px),
            score_threshold: source.within(raw.score_threshold, "score_threshold", [0.0, 1.0])?,
            nms_iou: source.within(raw.nms_iou, "nms_iou", [0.0, 1.0])?,
            match_threshold: source.within(raw.match_threshold, "match_threshold", [-1.0, 1.0])?,
            shots_per_track: source
                .within(raw.shots_per_track, "shots_per_track", [1, 32])?
                .unwrap_or(default.shots_per_track),
            intra_threads: source.within(raw.intra_threads, "intra_threads", [1, 64])?.unwrap_or(default.intra_threads),
            quality_rule: raw.quality_rule.map(Spanned::into_inner).unwrap_or_default(),
            tracking: raw.tracking.map(Spanned::into_inner).unwrap_or_default(),
            persons: raw.persons.map(Spanned::into_inner).unwrap_or_default(),
            exposure_control: raw.exposure_control.map(Spanned::into_inner),
            early_stop: raw.early_stop.map(Spanned::into_inner),
            need_more: raw.need_more.map(Spanned::into_inner),
            throughput: raw.throughput.map(Spanned::into_inner),
        };
        Ok(Self { detector: raw.detector, embedder: raw.embedder, working })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source { path: "stack.toml".into(), text: text.into() }
    }

    #[test]
    fn a_short_configuration_takes_the_defaults() {
        let config = StackConfig::from_source(&source("detector = \"a\"\nembedder = \"b\"\n")).unwrap();
        assert_eq!(config.working, Working::default());
    }

    #[test]
    fn wrong_values_and_unknown_keys_are_told_with_their_place() {
        let head = "detector = \"a\"\nembedder = \"b\"\n";
        for (rest, place, word) in [
            ("working_width_px = 7\n", ":3:20:", "64"),
            ("match_treshold = 0.3\n", ":3:1:", "match_threshold"),
            ("[quality_rule]\nmin_inter_eye = 3\n", ":4:1:", "min_inter_eye_px"),
            ("[tracking]\nmax_gap_us = \"x\"\n", ":4:14:", "string"),
            ("[tracking]\nmin_iou = nan\n", ":3:1:", "min_iou"),
            ("[quality_rule]\nmax_yaw_deg = nan\n", ":3:1:", "max_yaw_deg"),
            ("[early_stop]\nmin_shots = 0\n", ":3:1:", "min_shots"),
            ("[early_stop]\nface_score = nan\n", ":3:1:", "face_score"),
            ("[early_stop]\nquiet = 2\n", ":4:1:", "quiet_exposures"),
            ("[need_more]\nmin_shots = 0\n", ":3:1:", "min_shots"),
            ("[throughput]\nmax_batch = 0\n", ":3:1:", "from 1 to 64"),
            ("[throughput]\nbatch = 2\n", ":4:1:", "max_batch"),
            ("[quality_rule]\nmin_uniformity = nan\n", ":3:1:", "min_uniformity"),
            ("[quality_rule.components]\nuniformty = 20\n", ":4:1:", "uniformity"),
            ("[quality_rule.components]\nyaw = nan\n", "stack.toml:3:", "yaw"),
        ] {
            let message = StackConfig::from_source(&source(&format!("{head}{rest}"))).unwrap_err().to_string();
            assert!(message.contains(place) && message.contains(word), "{message}");
        }
    }

    #[test]
    fn the_rule_names_every_bound_that_is_broken() {
        let good = Quality {
            inter_eye_px: 80.0,
            yaw_deg: -5.0,
            pitch_deg: 3.0,
            roll_deg: 0.0,
            sharpness: 70.0,
            mean_luminance: 0.4,
            over_exposed_share: 0.0,
            entropy_bits: 7.0,
            overall: 70.0,
            uniformity: Some(0.1),
            eyes_covered_share: Some(0.5),
            covered_share: None,
        };
        let rule = QualityRule::default();
        assert_eq!(rule.check(0.9, &good), Ok(()));
        let reason = rule.check(0.9, &Quality { inter_eye_px: 20.0, yaw_deg: -50.0, ..good }).unwrap_err();
        assert!(reason.contains("inter-eye distance in px 20.00 under 40"), "{reason}");
        assert!(reason.contains("yaw in degrees 50.00 over 35"), "{reason}");
        assert!(rule.check(f32::NAN, &good).is_err());
    }

    #[test]
    fn bounds_that_a_rule_may_leave_out_hold_where_they_are_there() {
        let quality = Quality {
            inter_eye_px: 80.0,
            yaw_deg: 0.0,
            pitch_deg: 0.0,
            roll_deg: 0.0,
            sharpness: 70.0,
            mean_luminance: 0.4,
            over_exposed_share: 0.0,
            entropy_bits: 7.0,
            overall: 70.0,
            uniformity: Some(0.1),
            eyes_covered_share: Some(0.5),
            covered_share: None,
        };
        let head = "detector = \"a\"\nembedder = \"b\"\n[quality_rule]\n";
        let told = |rest: &str| {
            let config = StackConfig::from_source(&source(&format!("{head}{rest}"))).unwrap();
            config.working.quality_rule.check(0.9, &quality)
        };
        assert_eq!(told(""), Ok(()));
        assert_eq!(told("min_uniformity = 0.1\nmax_eyes_covered_share = 0.5"), Ok(()));
        assert_eq!(told("components = { uniformity = 50, eyes_visible = 50, inter_eye_distance = 62 }"), Ok(()));
        for (rest, reason) in [
            ("min_uniformity = 0.2", "uniformity 0.10 under 0.2"),
            ("max_eyes_covered_share = 0.4", "covered share of the eyes 0.50 over 0.4"),
            ("max_covered_share = 0.9", "covered share of the face is not told, where 0.9 is asked for"),
            ("[quality_rule.components]\nuniformity = 60", "uniformity 50.12 under 60"),
            ("[quality_rule.components]\nface_free = 10", "face_free is not told, where 10 is asked for"),
        ] {
            assert_eq!(told(rest), Err(reason.to_string()));
        }
    }
}
