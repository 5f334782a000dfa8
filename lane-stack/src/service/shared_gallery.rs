//! The seam between the service and a gallery. Templates are of unit length; a search is exact and gives the best
//! [`crate::gallery::MAX_CANDIDATES`] by cosine similarity, best first.
use crate::client::Candidate;
use crate::gallery::Gallery;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// A gallery that several threads share. Errors are words for people and hold no template.
pub trait SharedGallery: Send + Sync {
    /// Number of references.
    fn count(&self) -> Result<u64, String>;
    /// Whether there is a reference of this id.
    fn contains(&self, reference_id: &str) -> Result<bool, String>;
    /// Adds a reference; whether one of this id was replaced.
    fn put(&self, reference_id: &str, template: Vec<f32>) -> Result<bool, String>;
    /// Takes a reference away; whether there was one.
    fn remove(&self, reference_id: &str) -> Result<bool, String>;
    /// Takes all references away; how many there were.
    fn clear(&self) -> Result<u64, String>;
    /// The most similar references.
    fn search(&self, template: &[f32]) -> Result<Vec<Candidate>, String>;
    /// The similarity from which a candidate is taken for the person; `None` leaves it to the embedder's card.
    fn match_threshold(&self) -> Option<f32> {
        None
    }
}

/// The gallery in memory: gone with the process.
#[derive(Default)]
pub struct InMemory {
    gallery: RwLock<Gallery>,
}

impl InMemory {
    fn read(&self) -> RwLockReadGuard<'_, Gallery> {
        self.gallery.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Gallery> {
        self.gallery.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SharedGallery for InMemory {
    fn count(&self) -> Result<u64, String> {
        Ok(self.read().len() as u64)
    }

    fn contains(&self, reference_id: &str) -> Result<bool, String> {
        Ok(self.read().contains(reference_id))
    }

    fn put(&self, reference_id: &str, template: Vec<f32>) -> Result<bool, String> {
        let mut gallery = self.write();
        let replaced = gallery.contains(reference_id);
        gallery.put(reference_id, template);
        Ok(replaced)
    }

    fn remove(&self, reference_id: &str) -> Result<bool, String> {
        Ok(self.write().remove(reference_id))
    }

    fn clear(&self) -> Result<u64, String> {
        Ok(std::mem::take(&mut *self.write()).len() as u64)
    }

    fn search(&self, template: &[f32]) -> Result<Vec<Candidate>, String> {
        Ok(self.read().search(template))
    }
}
