//! A gallery on disk, as several users of one process share it.
use super::audit::Asked;
use super::given::Clock;
use super::reference::{DEFAULT_CLASS, Enrolment, Kept, ModelId, ReferenceKind, Template};
use super::store::Store;
use super::threshold::OperatingPoint;
use super::{Enrolled, GalleryError, Held, References};
use crate::client::Candidate;
use std::sync::{Arc, Mutex};

/// Asks a shared [`Store`] in one asker's name, at the time of a clock. Copies share the store; requests are taken one after
/// another. It is also the gallery that an [`InProcessStack`](crate::InProcessStack) may be given.
#[derive(Clone)]
pub struct Desk {
    store: Arc<Mutex<Store>>,
    clock: Arc<dyn Clock>,
    by: Arc<str>,
    kind: ReferenceKind,
    class: String,
    encounter: Option<String>,
}

impl Desk {
    /// A desk for one asker. What a stack enrols through it counts as passports of class "traveller".
    pub fn new(store: Arc<Mutex<Store>>, clock: Arc<dyn Clock>, by: &str) -> Self {
        let class = DEFAULT_CLASS.to_string();
        Self { store, clock, by: by.into(), kind: ReferenceKind::Passport, class, encounter: None }
    }

    /// The same store for another asker.
    pub fn of(&self, by: &str) -> Self {
        Self { by: by.into(), ..self.clone() }
    }

    /// Says what a stack enrols through it, and for which encounter.
    pub fn enrolling(self, kind: ReferenceKind, class: &str, encounter: Option<&str>) -> Self {
        Self { kind, class: class.to_string(), encounter: encounter.map(str::to_string), ..self }
    }

    /// Asks the store for anything.
    pub fn ask<T>(
        &self,
        request: impl FnOnce(&mut Store, &Asked<'_>) -> Result<T, GalleryError>,
    ) -> Result<T, GalleryError> {
        // A request that panicked may have left memory and disk apart.
        let mut store = self.store.lock().map_err(|_| GalleryError::Broken)?;
        let asked = Asked { by: &self.by, at: self.clock.now() };
        request(&mut store, &asked)
    }
}

impl References for Desk {
    fn len(&self) -> usize {
        self.ask(|store, _| Ok(store.len())).unwrap_or(0)
    }

    fn put(&mut self, reference_id: &str, template: Vec<f32>) -> Result<(), GalleryError> {
        let enrolment = Enrolment {
            reference_id: reference_id.to_string(),
            kind: self.kind,
            class: self.class.clone(),
            encounter: self.encounter.clone(),
        };
        self.enrol(enrolment, template).map(|_| ())
    }

    fn enrol(&mut self, new: Enrolment, template: Vec<f32>) -> Result<Enrolled, GalleryError> {
        self.ask(|store, asked| {
            let template = Template::new(store.model().clone(), template)?;
            let replaced = store.holds(asked.at, &new.reference_id, new.kind);
            let kept = store.enrol(asked, &[(new, template)])?;
            Ok(Enrolled { replaced, until: kept.first().copied().and_then(Kept::until) })
        })
    }

    fn search(&self, probe: &[f32]) -> Result<Vec<Candidate>, GalleryError> {
        Ok(self.search_all(&[probe])?.into_iter().flatten().collect())
    }

    /// One entry in the log for all.
    fn search_all(&self, probes: &[&[f32]]) -> Result<Vec<Vec<Candidate>>, GalleryError> {
        let found = self.ask(|store, asked| store.search(asked, probes))?;
        Ok(found.into_iter().map(|people| people.into_iter().map(|f| f.candidate).collect()).collect())
    }

    fn look_up(&mut self, reference_id: &str) -> Result<Vec<Held>, GalleryError> {
        let found = self.ask(|store, asked| store.look_up(asked, reference_id))?;
        Ok(found.into_iter().map(|r| Held { kind: r.kind, class: r.class, until: r.kept.until() }).collect())
    }

    fn delete(&mut self, reference_id: &str) -> Result<usize, GalleryError> {
        self.ask(|store, asked| store.delete(asked, reference_id, None))
    }

    fn delete_all(&mut self) -> Result<usize, GalleryError> {
        self.ask(|store, asked| store.delete_all(asked))
    }

    fn forget(&mut self, encounter: &str) -> Result<usize, GalleryError> {
        self.ask(|store, asked| store.forget(asked, encounter))
    }

    fn expire(&mut self) -> Result<usize, GalleryError> {
        self.ask(|store, asked| store.expire(asked))
    }

    fn model(&self) -> Option<ModelId> {
        self.ask(|store, _| Ok(store.model().clone())).ok()
    }

    fn operating_point(&self) -> Option<OperatingPoint> {
        self.ask(|store, _| Ok(store.threshold().cloned())).ok().flatten()
    }
}
