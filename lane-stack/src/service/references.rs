//! The gallery as the threads of a service share it: they ask it one after another.
use super::config::GalleryFiles;
use super::metrics::GalleryTimes;
use super::{clock, log};
use crate::gallery::{
    Desk, Gallery, GalleryError, GuardedClock, ModelId, OsEntropy, References, Store, SystemClock, SystemSteady,
};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// Who the audit log says that asked.
const ASKER: &str = "http";

/// Bytes of the disk that are kept for the time when it is full: 46,000 searches of ten candidates each were measured on them.
const RESERVE_BYTES: usize = 4 << 20;

/// A gallery that several threads ask.
pub struct SharedReferences {
    references: Mutex<Box<dyn References>>,
    /// The database behind it, where there is one.
    desk: Option<Desk>,
    /// Decided encounters whose references could not be dropped.
    unforgotten: Mutex<BTreeSet<String>>,
    times: GalleryTimes,
}

impl SharedReferences {
    /// Opens the database that is named, or begins a list in memory. A database of another model's templates is refused.
    pub fn open(files: Option<&GalleryFiles>, model: &ModelId) -> Result<Self, GalleryError> {
        let Some(GalleryFiles { database, key }) = files else {
            return Ok(Self::of(Box::new(Gallery::default()), None));
        };
        let store = Store::open(database, key.master_key()?, Box::new(OsEntropy))?;
        store.check()?;
        if store.model() != model {
            return Err(GalleryError::Refused(format!(
                "gallery {} holds templates of {}, this service would make those of {model}; templates of different models \
                 cannot be compared: run the service with the gallery's model, or make a gallery for the new one with \
                 `lane-stack gallery init` and enrol the pictures again",
                database.display(),
                store.model()
            )));
        }
        let clock = GuardedClock::new(SystemClock, SystemSteady, log);
        let desk = Desk::new(Arc::new(Mutex::new(store)), Arc::new(clock), ASKER);
        let shared = Self::of(Box::new(desk.clone()), Some(desk));
        shared.keep_reserve();
        Ok(shared)
    }

    fn of(references: Box<dyn References>, desk: Option<Desk>) -> Self {
        Self { references: Mutex::new(references), desk, unforgotten: Mutex::default(), times: GalleryTimes::default() }
    }

    /// Has room for a full disk, or says that there is none.
    fn keep_reserve(&self) {
        let Some(desk) = &self.desk else { return };
        if let Err(error) = desk.ask(|store, _| store.keep_reserve(RESERVE_BYTES)) {
            log(&format!("no reserve for a full disk, trying again: {error}"));
        }
    }

    /// Asks it. A request that panicked is no reason to refuse the next: a store refuses by itself, a list has nothing half
    /// done.
    pub fn ask<T>(&self, request: impl FnOnce(&mut dyn References) -> T) -> T {
        let begin_s = clock();
        let mut references = self.references.lock().unwrap_or_else(PoisonError::into_inner);
        let turn_s = clock();
        let answer = request(&mut **references);
        drop(references);
        self.times.wait_s.add(turn_s - begin_s);
        self.times.work_s.add(clock() - turn_s);
        answer
    }

    /// How long requests took so far.
    pub fn times(&self) -> &GalleryTimes {
        &self.times
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
        self.keep_reserve();
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
        let shared = SharedReferences::of(references, None);
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
