//! A detector as its card describes it: picture in, faces in picture pixels out.
use crate::card::{DecoderSpec, DetectorCard, InputSize};
use crate::decode::{RawFace, retinaface, suppress, yunet};
use crate::error::SetupError;
use crate::picture::Picture;
use crate::resample::{Letterbox, letterbox};
use crate::runtime::{Compute, Model, Output};
use ort::environment::Environment;
use std::path::Path;

/// What a detector's model said of a prepared picture, to be read by [`Detector::faces`].
pub struct Inferred {
    width_px: u32,
    height_px: u32,
    outputs: Vec<Output>,
}

/// A loaded detector.
pub struct Detector {
    card: DetectorCard,
    model: Model,
    outputs: Vec<String>,
    /// Priors of the input size seen last: they only change with the cameras.
    priors: ([u32; 2], Vec<[f32; 3]>),
}

impl Detector {
    /// Loads the model from the models directory and proves on an empty picture that its outputs are those of its
    /// decoder family.
    pub fn open(
        environment: &Environment,
        models: &Path,
        card: DetectorCard,
        compute: Compute,
    ) -> Result<Self, SetupError> {
        let size = match card.input.size {
            InputSize::Fixed([w, h]) => [Some(w), Some(h)],
            InputSize::MultipleOf(_) => [None, None],
        };
        let path = models.join(&card.about.file);
        let nchw = [Some(1), Some(3), size[1], size[0]];
        let model = Model::open(environment, &path, &card.about, &card.input.name, nchw, compute)?;
        let outputs = match &card.decoder {
            DecoderSpec::Yunet { strides_px } => {
                let of = |name: &'static str| strides_px.iter().map(move |s| format!("{name}_{s}"));
                of("cls").chain(of("obj")).chain(of("bbox")).chain(of("kps")).collect()
            }
            DecoderSpec::Retinaface { .. } => ["loc", "conf", "landms"].map(String::from).to_vec(),
        };
        let mut detector = Self { card, model, outputs, priors: ([0; 2], Vec::new()) };
        let trial = detector.tensor_size([64, 64]);
        let values = (trial[0] * trial[1]) as usize * 3;
        let empty = Letterbox {
            tensor: vec![0.0; values],
            width_px: trial[0],
            height_px: trial[1],
            picture_px_per_px: [1.0; 2],
        };
        let ramp: Vec<f32> = (0..values).map(|i| (i % 251) as f32).collect();
        let proved = detector.detect(&empty).and_then(|_| {
            let inputs = [&empty.tensor[..], &ramp];
            detector.model.prove_batches([3, trial[1], trial[0]], inputs, &detector.outputs)
        });
        proved.map_err(|reason| detector.model.wrong(reason))?;
        Ok(detector)
    }

    /// Pictures that are looked at together at most.
    pub fn max_batch(&self) -> usize {
        self.model.max_batch()
    }

    /// The card.
    pub fn card(&self) -> &DetectorCard {
        &self.card
    }

    /// SHA-256 of the model file in hexadecimal.
    pub fn sha256(&self) -> &str {
        self.model.sha256()
    }

    /// The tensor that holds a picture of this size.
    fn tensor_size(&self, picture_px: [u32; 2]) -> [u32; 2] {
        match self.card.input.size {
            InputSize::Fixed(size) => size,
            InputSize::MultipleOf(step) => picture_px.map(|v| v.div_ceil(step) * step),
        }
    }

    /// Resizes a picture for the detector: no wider than `working_width_px`, never enlarged.
    pub fn prepare(&self, picture: &Picture, working_width_px: u32) -> Letterbox {
        let size = [picture.width_px(), picture.height_px()];
        let mut scale = (f64::from(working_width_px) / f64::from(size[0])).min(1.0);
        if let InputSize::Fixed(fixed) = self.card.input.size {
            scale = scale.min(f64::from(fixed[0]) / f64::from(size[0])).min(f64::from(fixed[1]) / f64::from(size[1]));
        }
        let scaled = size.map(|v| ((f64::from(v) * scale).round() as u32).max(1));
        letterbox(picture, &self.card.input, scaled, self.tensor_size(scaled))
    }

    /// Faces of a prepared picture in picture pixels, in falling score; the reason in words when the model fails.
    pub fn detect(&mut self, prepared: &Letterbox) -> Result<Vec<RawFace>, String> {
        let inferred = self.infer(prepared)?;
        self.faces(&inferred, prepared.picture_px_per_px)
    }

    /// Faces of each of several prepared pictures, see [`Detector::detect`]. Those of one size are run together where the
    /// model and its [`Compute`] allow it.
    pub fn detect_all(&mut self, prepared: &[Letterbox]) -> Result<Vec<Vec<RawFace>>, String> {
        let size = |i: &usize| [prepared[*i].height_px, prepared[*i].width_px];
        let mut order: Vec<usize> = (0..prepared.len()).collect();
        // Stable: of one size in their order.
        order.sort_by_key(size);
        let mut found = vec![Vec::new(); prepared.len()];
        for same_size in order.chunk_by(|a, b| size(a) == size(b)) {
            for together in same_size.chunks(self.max_batch()) {
                for (&i, inferred) in together.iter().zip(self.infer_all(prepared, together)?) {
                    found[i] = self.faces(&inferred, prepared[i].picture_px_per_px)?;
                }
            }
        }
        Ok(found)
    }

    /// Runs the model on those of the pictures, all of one size.
    fn infer_all(&mut self, prepared: &[Letterbox], chosen: &[usize]) -> Result<Vec<Inferred>, String> {
        if let [one] = chosen {
            return Ok(vec![self.infer(&prepared[*one])?]);
        }
        let (width_px, height_px) = (prepared[chosen[0]].width_px, prepared[chosen[0]].height_px);
        let inputs: Vec<&[f32]> = chosen.iter().map(|&i| &prepared[i].tensor[..]).collect();
        let each = self.model.run_all([3, height_px, width_px], &inputs, &self.outputs)?;
        Ok(each.into_iter().map(|outputs| Inferred { width_px, height_px, outputs }).collect())
    }

    /// Runs the model alone: the first half of [`Detector::detect`].
    pub fn infer(&mut self, prepared: &Letterbox) -> Result<Inferred, String> {
        let (width_px, height_px) = (prepared.width_px, prepared.height_px);
        let outputs = self.model.run([1, 3, height_px, width_px], &prepared.tensor, &self.outputs)?;
        Ok(Inferred { width_px, height_px, outputs })
    }

    /// Faces of what the model said: the second half of [`Detector::detect`].
    pub fn faces(&mut self, inferred: &Inferred, picture_px_per_px: [f32; 2]) -> Result<Vec<RawFace>, String> {
        let [sx, sy] = picture_px_per_px;
        // Pixel centres of a resized picture: picture = (tensor + ½)·s − ½. Boxes are edges, where only s counts.
        let point = |p: [f32; 2]| [(p[0] + 0.5) * sx - 0.5, (p[1] + 0.5) * sy - 0.5];
        let faces = suppress(self.decode(inferred)?, self.card.nms_iou);
        let to_picture = |face: RawFace| RawFace {
            box_px: [face.box_px[0] * sx, face.box_px[1] * sy, face.box_px[2] * sx, face.box_px[3] * sy],
            landmarks_px: face.landmarks_px.map(point),
            score: face.score,
        };
        Ok(faces.into_iter().map(to_picture).collect())
    }

    /// All faces over the threshold in tensor pixels, before suppression.
    fn decode(&mut self, inferred: &Inferred) -> Result<Vec<RawFace>, String> {
        let Inferred { width_px: width, height_px: height, outputs } = inferred;
        let (width, height) = (*width, *height);
        let check = |i: usize, rows: usize, columns: usize| -> Result<(), String> {
            let Output { shape, values } = &outputs[i];
            if values.len() == rows * columns && shape.last() == Some(&(columns as i64)) {
                return Ok(());
            }
            let name = &self.outputs[i];
            Err(format!("output \"{name}\" is {shape:?} for {width}×{height} pixels, not [1, {rows}, {columns}]"))
        };
        match &self.card.decoder {
            DecoderSpec::Yunet { strides_px } => {
                let n = strides_px.len();
                let mut faces = Vec::new();
                for (k, &stride_px) in strides_px.iter().enumerate() {
                    let cells = ((width / stride_px) * (height / stride_px)) as usize;
                    for (block, columns) in [1, 1, 4, 10].into_iter().enumerate() {
                        check(block * n + k, cells, columns)?;
                    }
                    let [cls, obj, bbox, kps] = [0, 1, 2, 3].map(|block| &outputs[block * n + k].values[..]);
                    let level = yunet::Level { stride_px, cls, obj, bbox, kps };
                    yunet::decode(&level, width, self.card.score_threshold, &mut faces);
                }
                Ok(faces)
            }
            DecoderSpec::Retinaface { strides_px, prior_sizes_px, variances } => {
                if self.priors.0 != [width, height] {
                    self.priors = ([width, height], retinaface::priors(strides_px, prior_sizes_px, width, height));
                }
                for (i, columns) in [4, 2, 10].into_iter().enumerate() {
                    check(i, self.priors.1.len(), columns)?;
                }
                let tensors = [0, 1, 2].map(|i| &outputs[i].values[..]);
                Ok(retinaface::decode(&self.priors.1, *variances, tensors, self.card.score_threshold))
            }
        }
    }
}
