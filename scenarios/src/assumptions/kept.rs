//! A world that shows the frames of a run before wherever an encounter is planned alike, and makes only those that differ.
//!
//! A frame is a function of the plan and of what the camera was asked for, so a kept one is the one that would be made. Where
//! the stack steers a camera otherwise than in the run before, the encounter is made from that exposure on.
use std::{cell::OnceCell, collections::BTreeSet};

use laneproof_exchange::{encounter::EncounterPlan, ideal::Counterfactual};
use laneproof_scenes::{catalogue::Trigger, document::DocumentKind, people::Identity};

use crate::{
    plan::plan as plan_encounter,
    run::{
        replay::{ReplayWorld, Replayed},
        world::{ExposeRequest, Exposed, PortraitJpeg, World, WorldError},
    },
    scenario::Scenario,
};

/// A finished run of a scenario, its frames ready to be shown again.
pub(super) struct KeptRun {
    /// The scenario that made it.
    pub scenario: Scenario,
    /// Its frames.
    pub frames: ReplayWorld,
}

/// See the page of this module.
pub(super) struct KeptWorld<'w, W: World> {
    world: &'w mut W,
    kept: KeptRun,
    /// Encounters of which every frame so far was one of a run before.
    shown_again: BTreeSet<u64>,
}

/// An encounter made ready.
pub(super) enum Staged<S> {
    /// To be made.
    Made(S),
    /// Kept; made too once the stack leaves the way of the run before.
    Kept { frames: Box<Replayed>, plan: Box<EncounterPlan>, made: OnceCell<S> },
}

impl<'w, W: World> KeptWorld<'w, W> {
    /// Shows frames of `kept` before it makes any of `world`.
    pub fn new(world: &'w mut W, kept: KeptRun) -> Self {
        Self { world, kept, shown_again: BTreeSet::new() }
    }

    /// How many encounters were shown from kept frames alone since the last call.
    pub fn take_shown_again(&mut self) -> u64 {
        std::mem::take(&mut self.shown_again).len() as u64
    }

    /// Frames of an encounter that the run before has, planned just so.
    fn find(&mut self, plan: &EncounterPlan) -> Option<Replayed> {
        let has = self.kept.frames.head().encounters.contains(&plan.encounter);
        let alike = has && plan_encounter(&self.kept.scenario, plan.encounter) == *plan;
        self.kept.frames.stage(plan).ok().filter(|_| alike)
    }
}

impl<W: World> World for KeptWorld<'_, W> {
    type Staged = Staged<W::Staged>;

    fn describe(&self) -> Vec<(String, String)> {
        self.world.describe()
    }

    fn expect(&mut self, identities: &[Identity]) {
        self.world.expect(identities);
    }

    fn portrait(&mut self, who: &Identity, document: DocumentKind, name: &str) -> Result<PortraitJpeg, WorldError> {
        self.world.portrait(who, document, name)
    }

    fn stage(&mut self, plan: &EncounterPlan) -> Result<Self::Staged, WorldError> {
        match self.find(plan) {
            Some(frames) => {
                self.shown_again.insert(plan.encounter);
                let plan = Box::new(plan.clone());
                Ok(Staged::Kept { frames: Box::new(frames), plan, made: OnceCell::new() })
            }
            None => self.world.stage(plan).map(Staged::Made),
        }
    }

    fn trigger_time_us(&self, staged: &Self::Staged, camera_index: usize, trigger: Trigger) -> Option<u64> {
        match staged {
            Staged::Made(made) => self.world.trigger_time_us(made, camera_index, trigger),
            Staged::Kept { frames, .. } => self.kept.frames.trigger_time_us(frames, camera_index, trigger),
        }
    }

    fn expose(&mut self, staged: &Self::Staged, request: &ExposeRequest) -> Result<Exposed, WorldError> {
        match staged {
            Staged::Made(made) => self.world.expose(made, request),
            Staged::Kept { frames, plan, made } => {
                if made.get().is_none() {
                    if let Ok(kept) = self.kept.frames.expose(frames, request) {
                        return Ok(kept);
                    }
                    self.shown_again.remove(&plan.encounter);
                    made.set(self.world.stage(plan)?).ok();
                }
                self.world.expose(made.get().expect("made just now"), request)
            }
        }
    }

    fn expose_ideal(
        &mut self,
        staged: &Self::Staged,
        request: &ExposeRequest,
        ideal: &Counterfactual,
    ) -> Result<Exposed, WorldError> {
        match staged {
            Staged::Made(made) => self.world.expose_ideal(made, request, ideal),
            Staged::Kept { plan, made, .. } => {
                if made.get().is_none() {
                    made.set(self.world.stage(plan)?).ok();
                }
                self.world.expose_ideal(made.get().expect("made just now"), request, ideal)
            }
        }
    }
}
