//! Model cards: what a model file is, how it is fed, and how its outputs are read.
use crate::error::SetupError;
use crate::text::Source;
use serde::Deserialize;
use std::path::Path;
use toml::Spanned;

/// Order of the colour planes in the input tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ColourOrder {
    /// Red, green, blue.
    Rgb,
    /// Blue, green, red.
    Bgr,
}

/// The shape a detector's input may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputSize {
    /// Exactly this width and height, pixels.
    Fixed([u32; 2]),
    /// Any width and height that are multiples of this, pixels.
    MultipleOf(u32),
}

/// How a picture becomes the input tensor: NCHW float32, `(value − mean) × scale`, values 0..255.
#[derive(Debug, Clone, PartialEq)]
pub struct InputSpec {
    /// Name of the input in the model file.
    pub name: String,
    /// Size.
    pub size: InputSize,
    /// Order of the planes.
    pub colour_order: ColourOrder,
    /// Subtracted, in the order of the planes.
    pub mean: [f32; 3],
    /// Multiplied afterwards, in the order of the planes.
    pub scale: [f32; 3],
}

/// How a detector's outputs are read.
#[derive(Debug, Clone, PartialEq)]
pub enum DecoderSpec {
    /// YuNet: `cls_s`, `obj_s`, `bbox_s`, `kps_s` for each stride s, anchors at cell corners.
    Yunet {
        /// Strides, pixels.
        strides_px: Vec<u32>,
    },
    /// RetinaFace: `loc`, `conf`, `landms` over priors at cell centres.
    Retinaface {
        /// Strides, pixels.
        strides_px: Vec<u32>,
        /// Prior sizes of each stride, pixels.
        prior_sizes_px: Vec<Vec<f32>>,
        /// Variances of centre and of size.
        variances: [f32; 2],
    },
}

/// A detector's card.
#[derive(Debug, Clone, PartialEq)]
pub struct DetectorCard {
    /// What every card says.
    pub about: About,
    /// Input.
    pub input: InputSpec,
    /// Outputs.
    pub decoder: DecoderSpec,
    /// Faces below this score are dropped, 0..1.
    pub score_threshold: f32,
    /// Of two boxes that overlap more than this (intersection over union), the weaker is dropped.
    pub nms_iou: f32,
}

/// An embedder's card.
#[derive(Debug, Clone, PartialEq)]
pub struct EmbedderCard {
    /// What every card says.
    pub about: About,
    /// Input; its size is fixed.
    pub input: InputSpec,
    /// Width and height of the input, pixels.
    pub size_px: [u32; 2],
    /// Name of the output in the model file.
    pub output_name: String,
    /// Length of the embedding.
    pub dimension: usize,
    /// Where the five landmarks belong in the input, pixels.
    pub template_px: [[f32; 2]; 5],
    /// Cosine similarity from which two embeddings are taken for one person.
    pub match_threshold: f32,
    /// Where the threshold comes from.
    pub evidence: String,
    /// Templates that fillers are drawn from, where there are any.
    pub fillers: Option<FillerBank>,
}

/// Templates of synthetic people, see [`Fillers`](crate::gallery::Fillers).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FillerBank {
    /// File name in the models directory: 32-bit floats, little-endian, one template after another.
    pub file: String,
    /// SHA-256 of the file in hexadecimal.
    pub sha256: String,
}

/// What every card says about its model.
#[derive(Debug, Clone, PartialEq)]
pub struct About {
    /// Name, for reports.
    pub name: String,
    /// File name in the models directory.
    pub file: String,
    /// SHA-256 of the file in hexadecimal, when the card pins it.
    pub sha256: Option<String>,
    /// Licence of the file.
    pub licence: String,
    /// Where it comes from.
    pub source: String,
    /// What it was trained on.
    pub trained_on: String,
    /// Whether it was trained on pictures of the kind it is tested on here, so that its results are optimistic.
    pub in_domain: bool,
}

/// A card of either kind.
#[derive(Debug, Clone, PartialEq)]
pub enum Card {
    /// A detector.
    Detector(DetectorCard),
    /// An embedder.
    Embedder(EmbedderCard),
}

impl Card {
    /// What the card says about its model.
    pub fn about(&self) -> &About {
        match self {
            Self::Detector(card) => &card.about,
            Self::Embedder(card) => &card.about,
        }
    }

    /// Reads a card file.
    pub fn read(path: &Path) -> Result<Self, SetupError> {
        Self::from_source(&Source::read(path)?)
    }

    pub(crate) fn from_source(source: &Source) -> Result<Self, SetupError> {
        // The kind comes first, so that the second reading can name every other key that is wrong.
        let kind = source.parse::<KindOnly>()?.kind;
        match kind.get_ref().as_str() {
            "detector" => source.parse::<RawDetector>()?.check(source).map(Self::Detector),
            "embedder" => source.parse::<RawEmbedder>()?.check(source).map(Self::Embedder),
            other => Err(source
                .error_at(kind.span(), format!("kind \"{other}\" is not known; write \"detector\" or \"embedder\""))),
        }
    }
}

#[derive(Deserialize)]
struct KindOnly {
    kind: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawInput {
    name: String,
    size_px: Option<Spanned<[u32; 2]>>,
    multiple_of_px: Option<Spanned<u32>>,
    colour_order: ColourOrder,
    mean: Spanned<[f32; 3]>,
    scale: Spanned<[f32; 3]>,
}

impl RawInput {
    fn check(self, source: &Source, table: std::ops::Range<usize>) -> Result<InputSpec, SetupError> {
        let size = match (&self.size_px, &self.multiple_of_px) {
            (Some(size), None) => {
                if size.get_ref().iter().any(|&v| !(8..=4096).contains(&v)) {
                    let reason = "size_px must be [width, height] from 8 to 4096 pixels".to_string();
                    return Err(source.error_at(size.span(), reason));
                }
                InputSize::Fixed(*size.get_ref())
            }
            (None, Some(step)) => {
                if !(1..=512).contains(step.get_ref()) {
                    return Err(source.error_at(step.span(), "multiple_of_px must be from 1 to 512".into()));
                }
                InputSize::MultipleOf(*step.get_ref())
            }
            _ => {
                let reason = "[input] needs exactly one of size_px = [width, height] and multiple_of_px".to_string();
                return Err(source.error_at(table, reason));
            }
        };
        if self.mean.get_ref().iter().any(|m| !m.is_finite()) {
            return Err(source.error_at(self.mean.span(), "mean must be finite".into()));
        }
        if self.scale.get_ref().iter().any(|s| !s.is_finite() || *s == 0.0) {
            return Err(source.error_at(self.scale.span(), "scale must be finite and not zero".into()));
        }
        let scale = *self.scale.get_ref();
        Ok(InputSpec { name: self.name, size, colour_order: self.colour_order, mean: self.mean.into_inner(), scale })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDecoder {
    family: Spanned<String>,
    strides: Spanned<Vec<u32>>,
    prior_sizes_px: Option<Spanned<Vec<Vec<f32>>>>,
    variances: Option<Spanned<[f32; 2]>>,
    score_threshold: Spanned<f32>,
    nms_iou: Spanned<f32>,
}

impl RawDecoder {
    fn check(self, source: &Source, input: &InputSpec) -> Result<(DecoderSpec, f32, f32), SetupError> {
        let strides = self.strides.get_ref();
        let fits = |s: u32| match input.size {
            InputSize::Fixed([w, h]) => w % s == 0 && h % s == 0,
            InputSize::MultipleOf(step) => step % s == 0,
        };
        if strides.is_empty() || strides.iter().any(|&s| s == 0 || !fits(s)) {
            let reason = "strides must not be empty, and each must divide the input size".to_string();
            return Err(source.error_at(self.strides.span(), reason));
        }
        let score_threshold = share(source, &self.score_threshold, "score_threshold")?;
        let nms_iou = share(source, &self.nms_iou, "nms_iou")?;
        let strides_px = strides.clone();
        let spec = match self.family.get_ref().as_str() {
            "yunet" => {
                let extra = self.prior_sizes_px.map(|v| v.span()).or(self.variances.map(|v| v.span()));
                if let Some(span) = extra {
                    let reason = "the yunet family has neither prior_sizes_px nor variances".to_string();
                    return Err(source.error_at(span, reason));
                }
                DecoderSpec::Yunet { strides_px }
            }
            "retinaface" => {
                let (Some(sizes), Some(variances)) = (self.prior_sizes_px, self.variances) else {
                    let reason = "the retinaface family needs prior_sizes_px and variances".to_string();
                    return Err(source.error_at(self.family.span(), reason));
                };
                let right = sizes.get_ref().len() == strides_px.len()
                    && sizes.get_ref().iter().all(|s| !s.is_empty() && s.iter().all(|v| v.is_finite() && *v > 0.0));
                if !right {
                    let reason = "prior_sizes_px needs one list of positive sizes for each stride".to_string();
                    return Err(source.error_at(sizes.span(), reason));
                }
                if variances.get_ref().iter().any(|v| !v.is_finite() || *v <= 0.0) {
                    return Err(source.error_at(variances.span(), "variances must be positive".into()));
                }
                DecoderSpec::Retinaface {
                    strides_px,
                    prior_sizes_px: sizes.into_inner(),
                    variances: variances.into_inner(),
                }
            }
            other => {
                let reason = format!("decoder family \"{other}\" is not known; write \"yunet\" or \"retinaface\"");
                return Err(source.error_at(self.family.span(), reason));
            }
        };
        Ok((spec, score_threshold, nms_iou))
    }
}

fn share(source: &Source, value: &Spanned<f32>, name: &str) -> Result<f32, SetupError> {
    if (0.0..=1.0).contains(value.get_ref()) {
        Ok(*value.get_ref())
    } else {
        Err(source.error_at(value.span(), format!("{name} = {} must be from 0 to 1", value.get_ref())))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDetector {
    #[serde(rename = "kind")]
    _kind: String,
    name: String,
    file: Spanned<String>,
    sha256: Option<Spanned<String>>,
    licence: String,
    source: String,
    trained_on: String,
    in_domain: bool,
    input: Spanned<RawInput>,
    decoder: RawDecoder,
}

impl RawDetector {
    fn check(self, source: &Source) -> Result<DetectorCard, SetupError> {
        check_file(source, &self.file, self.sha256.as_ref())?;
        let table = self.input.span();
        let input = self.input.into_inner().check(source, table)?;
        let (decoder, score_threshold, nms_iou) = self.decoder.check(source, &input)?;
        let about = About {
            name: self.name,
            file: self.file.into_inner(),
            sha256: self.sha256.map(|s| s.into_inner().to_lowercase()),
            licence: self.licence,
            source: self.source,
            trained_on: self.trained_on,
            in_domain: self.in_domain,
        };
        Ok(DetectorCard { about, input, decoder, score_threshold, nms_iou })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOutput {
    name: String,
    dimension: Spanned<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAlignment {
    template_px: Spanned<[[f32; 2]; 5]>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMatching {
    threshold: Spanned<f32>,
    evidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFillers {
    file: Spanned<String>,
    sha256: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEmbedder {
    #[serde(rename = "kind")]
    _kind: String,
    name: String,
    file: Spanned<String>,
    sha256: Option<Spanned<String>>,
    licence: String,
    source: String,
    trained_on: String,
    in_domain: bool,
    input: Spanned<RawInput>,
    output: RawOutput,
    alignment: RawAlignment,
    matching: RawMatching,
    fillers: Option<RawFillers>,
}

impl RawEmbedder {
    fn check(self, source: &Source) -> Result<EmbedderCard, SetupError> {
        check_file(source, &self.file, self.sha256.as_ref())?;
        let table = self.input.span();
        let input = self.input.into_inner().check(source, table.clone())?;
        let InputSize::Fixed(size_px) = input.size else {
            return Err(source.error_at(table, "an embedder needs size_px = [width, height]".into()));
        };
        let template = &self.alignment.template_px;
        let inside =
            |p: &[f32; 2]| (0.0..=size_px[0] as f32).contains(&p[0]) && (0.0..=size_px[1] as f32).contains(&p[1]);
        if !template.get_ref().iter().all(inside) {
            let reason = "template_px needs five points [x, y] inside the input".to_string();
            return Err(source.error_at(template.span(), reason));
        }
        if !(1..=8192).contains(self.output.dimension.get_ref()) {
            return Err(source.error_at(self.output.dimension.span(), "dimension must be from 1 to 8192".into()));
        }
        let threshold = &self.matching.threshold;
        if !(-1.0..=1.0).contains(threshold.get_ref()) {
            let reason = "threshold is a cosine similarity: from -1 to 1".to_string();
            return Err(source.error_at(threshold.span(), reason));
        }
        if let Some(RawFillers { file, sha256 }) = &self.fillers {
            check_file(source, file, Some(sha256))?;
        }
        let bank = |RawFillers { file, sha256 }| FillerBank {
            file: file.into_inner(),
            sha256: sha256.into_inner().to_lowercase(),
        };
        let about = About {
            name: self.name,
            file: self.file.into_inner(),
            sha256: self.sha256.map(|s| s.into_inner().to_lowercase()),
            licence: self.licence,
            source: self.source,
            trained_on: self.trained_on,
            in_domain: self.in_domain,
        };
        Ok(EmbedderCard {
            fillers: self.fillers.map(bank),
            about,
            input,
            size_px,
            output_name: self.output.name,
            dimension: self.output.dimension.into_inner(),
            template_px: self.alignment.template_px.into_inner(),
            match_threshold: self.matching.threshold.into_inner(),
            evidence: self.matching.evidence,
        })
    }
}

fn check_file(source: &Source, file: &Spanned<String>, sha256: Option<&Spanned<String>>) -> Result<(), SetupError> {
    let name = file.get_ref();
    if name.is_empty() || name.contains(['/', '\\']) || name == ".." {
        let reason = format!("file \"{name}\" must be a file name without folders");
        return Err(source.error_at(file.span(), reason));
    }
    if let Some(hash) = sha256
        && (hash.get_ref().len() != 64 || !hash.get_ref().bytes().all(|b| b.is_ascii_hexdigit()))
    {
        return Err(source.error_at(hash.span(), "sha256 must be 64 hexadecimal digits".into()));
    }
    Ok(())
}
