//! An embedder as its card describes it: aligned crop in, vector of unit length out.
use crate::card::EmbedderCard;
use crate::error::SetupError;
use crate::geometry::Similarity;
use crate::picture::Picture;
use crate::resample::Crop;
use crate::runtime::{Compute, Model, Output};
use ort::environment::Environment;
use std::path::Path;

/// A loaded embedder.
pub struct Embedder {
    card: EmbedderCard,
    model: Model,
    outputs: [String; 1],
}

impl Embedder {
    /// Loads the model from the models directory and proves on a grey crop that it gives a vector of the card's length.
    pub fn open(
        environment: &Environment,
        models: &Path,
        card: EmbedderCard,
        compute: Compute,
    ) -> Result<Self, SetupError> {
        let [width, height] = card.size_px;
        let path = models.join(&card.about.file);
        let nchw = [Some(1), Some(3), Some(height), Some(width)];
        let model = Model::open(environment, &path, &card.about, &card.input.name, nchw, compute)?;
        let outputs = [card.output_name.clone()];
        let mut embedder = Self { card, model, outputs };
        // A ramp: an embedder may give zero for a flat picture.
        let rgb = (0..width * height).map(|i| [(i % 251) as f32, (i % 83) as f32, (i % 7) as f32]).collect();
        let crop = Crop { width_px: width, height_px: height, rgb };
        let proved = embedder.embed(&crop).and_then(|_| {
            let ramp = embedder.tensor(&crop);
            let back: Vec<f32> = ramp.iter().rev().copied().collect();
            embedder.model.prove_batches([3, height, width], [&ramp, &back], &embedder.outputs)
        });
        proved.map_err(|reason| embedder.model.wrong(reason))?;
        Ok(embedder)
    }

    /// Crops that are embedded together at most.
    pub fn max_batch(&self) -> usize {
        self.model.max_batch()
    }

    /// The card.
    pub fn card(&self) -> &EmbedderCard {
        &self.card
    }

    /// SHA-256 of the model file in hexadecimal.
    pub fn sha256(&self) -> &str {
        self.model.sha256()
    }

    /// Cuts out a face as the embedder wants it; `None` when its landmarks coincide.
    pub fn align(&self, picture: &Picture, landmarks_px: &[[f32; 2]; 5]) -> Option<Crop> {
        let similarity = Similarity::fit(landmarks_px, &self.card.template_px)?;
        Some(Crop::warp(picture, &similarity, self.card.size_px))
    }

    /// The embedding of an aligned crop, unit length; the reason in words when the model fails.
    pub fn embed(&mut self, crop: &Crop) -> Result<Vec<f32>, String> {
        self.infer(&self.tensor(crop))
    }

    /// An aligned crop as the model's input: the first half of [`Embedder::embed`].
    pub fn tensor(&self, crop: &Crop) -> Vec<f32> {
        crop.tensor(&self.card.input)
    }

    /// The embedding of an input: the second half of [`Embedder::embed`].
    pub fn infer(&mut self, tensor: &[f32]) -> Result<Vec<f32>, String> {
        let [width, height] = self.card.size_px;
        let output = self.model.run([1, 3, height, width], tensor, &self.outputs)?.remove(0);
        self.vector(output)
    }

    /// The embedding of each of several crops, see [`Embedder::embed`]; run together where the model and its [`Compute`] allow
    /// it.
    pub fn embed_all(&mut self, crops: &[&Crop]) -> Result<Vec<Vec<f32>>, String> {
        let [width, height] = self.card.size_px;
        let mut vectors = Vec::with_capacity(crops.len());
        for together in crops.chunks(self.max_batch()) {
            if let [one] = together {
                vectors.push(self.embed(one)?);
                continue;
            }
            let tensors: Vec<Vec<f32>> = together.iter().map(|crop| self.tensor(crop)).collect();
            let inputs: Vec<&[f32]> = tensors.iter().map(Vec::as_slice).collect();
            for mut outputs in self.model.run_all([3, height, width], &inputs, &self.outputs)? {
                vectors.push(self.vector(outputs.remove(0))?);
            }
        }
        Ok(vectors)
    }

    /// What the model gave, as a vector of unit length.
    fn vector(&self, output: Output) -> Result<Vec<f32>, String> {
        let wanted = self.card.dimension;
        if output.values.len() != wanted {
            let (name, shape) = (&self.outputs[0], &output.shape);
            return Err(format!("output \"{name}\" is {shape:?}, the card says a dimension of {wanted}"));
        }
        unit(output.values).ok_or_else(|| "its embedding is zero or not finite".to_string())
    }
}

/// A vector of unit length; `None` when it has no direction.
pub fn unit(mut values: Vec<f32>) -> Option<Vec<f32>> {
    let norm = values.iter().map(|&v| f64::from(v) * f64::from(v)).sum::<f64>().sqrt();
    if !norm.is_finite() || norm < 1e-12 {
        return None;
    }
    values.iter_mut().for_each(|v| *v = (f64::from(*v) / norm) as f32);
    Some(values)
}
