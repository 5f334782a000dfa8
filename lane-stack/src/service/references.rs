//! The gallery as the threads of a service share it: they ask it one after another.
use super::config::GalleryFiles;
use super::log;
use crate::gallery::{Desk, Gallery, GalleryError, ModelId, OsEntropy, References, Store, SystemClock};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// Who the audit log says that asked.
const ASKER: &str = "http";

/// A gallery that several threads ask.
pub struct SharedReferences {
    references: Mutex<Box<dyn References>>,
    /// Decided encounters whose references could not be dropped.
    unforgotten: Mutex<BTreeSet<String>>,
}

impl SharedReferences {
    /// Opens the database that is named, or begins a list in memory. A database of another model's templates is refused.
    pub fn open(files: Option<&GalleryFiles>, model: &ModelId) -> Result<Self, GalleryError> {
        let references: Box<dyn References> = match files {
            None => Box::new(Gallery::default()),
            Some(GalleryFiles { database, key }) => {
                let master = key.master_key()?;
                let store = Store::open(database, master, Box::new(OsEntropy))?;
                store.model().agrees(model)?;
                Box::new(Desk::new(Arc::new(Mutex::new(store)), Arc::new(SystemClock), ASKER))
            }
        };
        Ok(Self { references: Mutex::new(references), unforgotten: Mutex::default() })
    }

    /// Asks it. A request that panicked is no reason to refuse the next: a store refuses by itself, a list has nothing half
    /// done.
    pub fn ask<T>(&self, request: impl FnOnce(&mut dyn References) -> T) -> T {
        request(&mut **self.references.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Drops what was enrolled for an encounter that has decided, or will not. What fails is tried again by
    /// [`Self::tidy`].
    pub fn forget(&self, encounter: &str) {
        if let Err(error) = self.ask(|references| references.forget(encounter)) {
            log(&format!("references of encounter {encounter} could not be dropped, trying again: {error}"));
            self.unforgotten().insert(encounter.to_string());
        }
    }

    /// Erases what is past its time.
    pub fn tidy(&self) {
        let again = std::mem::take(&mut *self.unforgotten());
        again.iter().for_each(|encounter| self.forget(encounter));
        if let Err(error) = self.ask(|references| references.expire()) {
            log(&format!("references past their time could not be erased, trying again: {error}"));
        }
    }

    fn unforgotten(&self) -> std::sync::MutexGuard<'_, BTreeSet<String>> {
        self.unforgotten.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
