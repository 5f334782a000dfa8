//! Baked people, kept while they are likely to be seen again.
use std::{collections::VecDeque, sync::Arc};

use laneproof_scenes::people::{Identity, PeopleLibrary, Person};
use rayon::prelude::*;

/// The last people that were baked. A person takes some 10 MB, mostly skin texture.
pub(crate) struct PeopleCache {
    library: PeopleLibrary,
    kept: VecDeque<(Identity, Arc<Person>)>,
}

impl PeopleCache {
    /// People kept: those of a dozen encounters, so that a portrait and its crossing share one bake; half a gigabyte.
    const CAPACITY: usize = 64;

    pub(crate) fn new(library: PeopleLibrary) -> Self {
        Self { library, kept: VecDeque::new() }
    }

    /// The baked people of these identities, in their order.
    pub(crate) fn bake_all<'a>(&mut self, identities: impl Iterator<Item = &'a Identity>) -> Vec<Arc<Person>> {
        let wanted: Vec<&Identity> = identities.collect();
        let missing: Vec<&Identity> =
            wanted.iter().copied().filter(|id| !self.kept.iter().any(|(kept, _)| kept == *id)).collect();
        let baked: Vec<_> = missing.into_par_iter().map(|id| (id.clone(), Arc::new(self.library.bake(id)))).collect();
        self.kept.extend(baked);
        let found = wanted
            .iter()
            .filter_map(|id| self.kept.iter().find(|(kept, _)| kept == *id).map(|(_, person)| person.clone()))
            .collect();
        while self.kept.len() > Self::CAPACITY.max(wanted.len()) {
            self.kept.pop_front();
        }
        found
    }
}
