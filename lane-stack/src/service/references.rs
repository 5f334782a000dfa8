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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Candidate;
    use crate::gallery::{Enrolled, Enrolment, Held};

    /// A list whose disk fails for so many requests to forget.
    struct Failing {
        list: Gallery,
        failures: usize,
    }

    impl References for Failing {
        fn len(&self) -> usize {
            self.list.len()
        }
        fn put(&mut self, reference_id: &str, template: Vec<f32>) -> Result<(), GalleryError> {
            References::put(&mut self.list, reference_id, template)
        }
        fn enrol(&mut self, new: Enrolment, template: Vec<f32>) -> Result<Enrolled, GalleryError> {
            self.list.enrol(new, template)
        }
        fn search(&self, probe: &[f32]) -> Result<Vec<Candidate>, GalleryError> {
            References::search(&self.list, probe)
        }
        fn look_up(&mut self, reference_id: &str) -> Result<Vec<Held>, GalleryError> {
            self.list.look_up(reference_id)
        }
        fn delete(&mut self, reference_id: &str) -> Result<usize, GalleryError> {
            self.list.delete(reference_id)
        }
        fn delete_all(&mut self) -> Result<usize, GalleryError> {
            self.list.delete_all()
        }
        fn forget(&mut self, encounter: &str) -> Result<usize, GalleryError> {
            if self.failures > 0 {
                self.failures -= 1;
                return Err(GalleryError::Disk { path: "g".into(), reason: "full".into() });
            }
            self.list.forget(encounter)
        }
        /// Its only reference without an encounter is past its time.
        fn expire(&mut self) -> Result<usize, GalleryError> {
            self.list.delete("old")
        }
    }

    #[test]
    fn what_could_not_be_dropped_is_dropped_later_and_what_is_past_its_time_erased() {
        let mut list = Gallery::default();
        for encounter in ["e", "f"] {
            let new = Enrolment { encounter: Some(encounter.into()), ..Enrolment::passport(encounter) };
            list.enrol(new, vec![1.0]).unwrap();
        }
        list.put("old", vec![1.0]);
        let references: Box<dyn References> = Box::new(Failing { list, failures: 2 });
        let shared = SharedReferences { references: Mutex::new(references), unforgotten: Mutex::default() };
        let left = || shared.ask(|references| references.len());
        shared.forget("e");
        assert_eq!(left(), 3);
        shared.tidy();
        assert_eq!(left(), 2, "the disk still failed, and what was old is gone");
        shared.tidy();
        assert_eq!(left(), 1);
        assert_eq!(shared.ask(|references| references.look_up("f")).unwrap().len(), 1, "another encounter's stays");
    }
}
