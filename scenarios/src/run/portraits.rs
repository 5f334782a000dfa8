//! Reference portraits made once for several runs.
use std::collections::BTreeMap;

use laneproof_exchange::{encounter::EncounterPlan, ideal::Counterfactual};
use laneproof_scenes::{catalogue::Trigger, document::DocumentKind, people::Identity};

use super::world::{ExposeRequest, Exposed, PortraitJpeg, World, WorldError};

/// A world that renders each reference portrait once for several runs: a portrait depends on the identity, the document and
/// its name alone.
pub(crate) struct PortraitsKept<'w, W: World> {
    world: &'w mut W,
    /// By name.
    kept: BTreeMap<String, (Identity, DocumentKind, PortraitJpeg)>,
}

impl<'w, W: World> PortraitsKept<'w, W> {
    /// Keeps what `world` makes from now on.
    pub(crate) fn new(world: &'w mut W) -> Self {
        Self { world, kept: BTreeMap::new() }
    }
}

impl<W: World> World for PortraitsKept<'_, W> {
    type Staged = W::Staged;

    fn describe(&self) -> Vec<(String, String)> {
        self.world.describe()
    }

    fn expect(&mut self, identities: &[Identity]) {
        let known = |who: &&Identity| self.kept.values().any(|(kept, ..)| kept == *who);
        let new: Vec<_> = identities.iter().filter(|who| !known(who)).cloned().collect();
        if !new.is_empty() {
            self.world.expect(&new);
        }
    }

    fn portrait(&mut self, who: &Identity, document: DocumentKind, name: &str) -> Result<PortraitJpeg, WorldError> {
        match self.kept.get(name) {
            Some((kept, kind, portrait)) if kept == who && *kind == document => Ok(portrait.clone()),
            _ => {
                let portrait = self.world.portrait(who, document, name)?;
                self.kept.insert(name.to_owned(), (who.clone(), document, portrait.clone()));
                Ok(portrait)
            }
        }
    }

    fn stage(&mut self, plan: &EncounterPlan) -> Result<W::Staged, WorldError> {
        self.world.stage(plan)
    }

    fn trigger_time_us(&self, staged: &W::Staged, camera_index: usize, trigger: Trigger) -> Option<u64> {
        self.world.trigger_time_us(staged, camera_index, trigger)
    }

    fn expose(&mut self, staged: &W::Staged, request: &ExposeRequest) -> Result<Exposed, WorldError> {
        self.world.expose(staged, request)
    }

    fn expose_ideal(
        &mut self,
        staged: &W::Staged,
        request: &ExposeRequest,
        ideal: &Counterfactual,
    ) -> Result<Exposed, WorldError> {
        self.world.expose_ideal(staged, request, ideal)
    }
}
