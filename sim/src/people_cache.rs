//! Baked people, kept while they are likely to be seen again.
use std::{collections::VecDeque, sync::Arc};

use laneproof_scenes::people::{Appearance, Detail, Identity, PeopleLibrary, Person};
use rayon::prelude::*;

/// The last people that were baked. A person takes some 7 MB, mostly skin texture; 3 MB where coarse is enough.
pub(crate) struct PeopleCache {
    library: PeopleLibrary,
    kept: VecDeque<(Looks, Arc<Person>)>,
}

/// Who, how they look that day, and how finely they are made.
pub(crate) type Looks = (Identity, Appearance, Detail);

/// What making people costs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BakeCost {
    /// Seconds on one thread.
    pub seconds: f64,
    /// Memory that all of them take, bytes.
    pub bytes: usize,
}

impl PeopleCache {
    /// Bakes people one after the other on one thread and forgets them; for benchmarks.
    pub(crate) fn time_baking(&self, looks: &[(Identity, Appearance)], clock: fn() -> f64) -> BakeCost {
        let work = || {
            let begin = clock();
            let bytes = looks.iter().map(|(who, day)| self.library.bake(who, day).memory_bytes()).sum();
            BakeCost { seconds: clock() - begin, bytes }
        };
        // Without threads of its own the work is done on this one, helped by the others: slower to read, never wrong.
        match rayon::ThreadPoolBuilder::new().num_threads(1).build() {
            Ok(pool) => pool.install(work),
            Err(_) => work(),
        }
    }

    /// People kept: those of the last encounters, half a gigabyte at most.
    const CAPACITY: usize = 48;

    pub(crate) fn new(library: PeopleLibrary) -> Self {
        Self { library, kept: VecDeque::new() }
    }

    /// The baked people of these looks, in their order.
    pub(crate) fn bake_all(&mut self, wanted: &[Looks]) -> Vec<Arc<Person>> {
        let missing: Vec<&Looks> =
            wanted.iter().filter(|looks| !self.kept.iter().any(|(kept, _)| kept == *looks)).collect();
        let bake = |looks: &Looks| (looks.clone(), Arc::new(self.library.bake_at(&looks.0, &looks.1, looks.2)));
        let baked: Vec<_> = missing.into_par_iter().map(bake).collect();
        self.kept.extend(baked);
        let found = wanted
            .iter()
            .filter_map(|looks| self.kept.iter().find(|(kept, _)| kept == looks).map(|(_, person)| person.clone()))
            .collect();
        while self.kept.len() > Self::CAPACITY.max(wanted.len()) {
            self.kept.pop_front();
        }
        found
    }
}
