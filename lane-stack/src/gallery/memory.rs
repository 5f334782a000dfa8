//! A gallery in memory: reference embeddings in the order of their enrolment, searched exactly.
use super::{GalleryError, References};
use crate::client::Candidate;

/// At most this many candidates are reported.
pub const MAX_CANDIDATES: usize = 10;

/// Reference embeddings.
#[derive(Debug, Clone, Default)]
pub struct Gallery {
    entries: Vec<(String, Vec<f32>)>,
}

impl Gallery {
    /// Number of references.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Adds a reference of unit length; one with the same name is replaced in its place.
    pub fn put(&mut self, reference_id: &str, embedding: Vec<f32>) {
        match self.entries.iter_mut().find(|(id, _)| id == reference_id) {
            Some(entry) => entry.1 = embedding,
            None => self.entries.push((reference_id.to_string(), embedding)),
        }
    }

    /// The most similar references (cosine), best first; equal ones in the order of their enrolment.
    pub fn search(&self, probe: &[f32]) -> Vec<Candidate> {
        let mut candidates: Vec<Candidate> = self
            .entries
            .iter()
            .map(|(id, e)| Candidate { reference_id: id.clone(), similarity: cosine(probe, e) })
            .collect();
        candidates.sort_by(|a, b| b.similarity.total_cmp(&a.similarity));
        candidates.truncate(MAX_CANDIDATES);
        candidates
    }
}

impl References for Gallery {
    fn len(&self) -> usize {
        self.len()
    }

    fn put(&mut self, reference_id: &str, template: Vec<f32>) -> Result<(), GalleryError> {
        self.put(reference_id, template);
        Ok(())
    }

    fn search(&self, probe: &[f32]) -> Result<Vec<Candidate>, GalleryError> {
        Ok(self.search(probe))
    }
}

/// Cosine similarity of two vectors of unit length, −1..1.
pub fn cosine(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(&x, &y)| f64::from(x) * f64::from(y)).sum::<f64>().clamp(-1.0, 1.0) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_comes_first_and_ties_keep_their_order() {
        let mut gallery = Gallery::default();
        gallery.put("far", vec![0.0, 1.0]);
        gallery.put("tie-1", vec![0.6, 0.8]);
        gallery.put("near", vec![1.0, 0.0]);
        gallery.put("tie-2", vec![0.6, 0.8]);
        let found = gallery.search(&[1.0, 0.0]);
        let ids: Vec<&str> = found.iter().map(|c| c.reference_id.as_str()).collect();
        assert_eq!(ids, ["near", "tie-1", "tie-2", "far"]);
        assert_eq!(found[1].similarity, 0.6);
    }

    #[test]
    fn enrolling_again_replaces_and_ten_are_reported() {
        let mut gallery = Gallery::default();
        for i in 0..30 {
            gallery.put(&format!("p{i}"), vec![1.0, 0.0]);
        }
        gallery.put("p3", vec![0.0, 1.0]);
        assert_eq!(gallery.len(), 30);
        let found = gallery.search(&[1.0, 0.0]);
        assert_eq!(found.len(), MAX_CANDIDATES);
        assert!(found.iter().all(|c| c.reference_id != "p3"));
    }
}
