//! The stack in the caller's process: one engine, one gallery, one encounter at a time.
use crate::client::{Decisions, Frame, Reply, StackClient, StackError};
use crate::config::{QualityRule, Working};
use crate::detector::Detector;
use crate::embedder::Embedder;
use crate::engine::{Encounter, Engine, Face, Identified, identified};
use crate::error::SetupError;
use crate::gallery::{Fillers, Gallery, ModelId, References};
use crate::models::Selection;
use crate::picture::Picture;
use crate::rig::{CameraGeometry, Rig};
use std::path::Path;
use std::sync::Arc;

/// The stack in the caller's process. Deterministic: same models, same frames in the same order, same decisions.
pub struct InProcessStack {
    engine: Engine,
    references: Box<dyn References>,
    rig: Arc<Rig>,
    fillers: Option<Fillers>,
    encounter: Option<Encounter>,
}

impl InProcessStack {
    /// Loads ONNX Runtime (from `library`, or from `ORT_DYLIB_PATH`) and the selected models.
    pub fn open(selection: Selection, library: Option<&Path>) -> Result<Self, SetupError> {
        let fillers = Fillers::of_card(&selection.models, &selection.embedder)?;
        let engine = Engine::open(selection, library)?;
        Ok(Self { engine, references: Box::new(Gallery::default()), rig: Arc::default(), fillers, encounter: None })
    }

    /// The gallery.
    pub fn references(&self) -> &dyn References {
        &*self.references
    }

    /// Takes another gallery than the empty one in memory; refused when it holds the templates of another model.
    pub fn set_references(&mut self, references: Box<dyn References>) -> Result<(), StackError> {
        if let Some(model) = references.model() {
            model.agrees(&self.engine.model())?;
        }
        self.references = references;
        Ok(())
    }

    /// The model that makes the templates.
    pub fn model(&self) -> ModelId {
        self.engine.model()
    }

    /// Similarity from which a candidate is taken for the person: the gallery's, where it has one, else the card's.
    pub fn match_threshold(&self) -> f32 {
        self.references.operating_point().map_or(self.engine.match_threshold(), |point| point.threshold)
    }

    /// The bounds that make a best shot valid.
    pub fn working(&self) -> &Working {
        self.engine.working()
    }

    /// Replaces the bounds that make a best shot valid: they are the operator's.
    pub fn set_quality_rule(&mut self, rule: QualityRule) {
        self.engine.set_quality_rule(rule);
    }

    /// The detector, for measuring and for tools.
    pub fn detector_mut(&mut self) -> &mut Detector {
        self.engine.detector_mut()
    }

    /// The embedder, for measuring and for tools.
    pub fn embedder_mut(&mut self) -> &mut Embedder {
        self.engine.embedder_mut()
    }

    /// All faces of a picture, strongest first.
    pub fn look(&mut self, picture: &Picture) -> Result<Vec<Face>, StackError> {
        self.engine.look(picture)
    }

    /// The embedding of the largest face of a reference picture; `None` when it shows no face. See [`Engine::template`].
    pub fn template(&mut self, picture: &Picture) -> Result<Option<Vec<f32>>, StackError> {
        self.engine.template(picture)
    }

    /// Candidates for a template, and the decision.
    pub fn identify(&self, template: &[f32]) -> Result<Identified, StackError> {
        let found: Result<_, StackError> = identified(&*self.references, &[template], self.engine.match_threshold());
        Ok(found?.pop().unwrap_or_default())
    }
}

impl StackClient for InProcessStack {
    fn describe(&self) -> Vec<(String, String)> {
        self.engine.describe("in process", self.references.operating_point().as_ref())
    }

    fn install(&mut self, cameras: &[CameraGeometry]) -> Result<(), StackError> {
        self.rig = Arc::new(Rig::new(cameras).map_err(|fault| StackError::Protocol(fault.to_string()))?);
        Ok(())
    }

    fn gives_feedback(&self) -> bool {
        self.engine.gives_feedback()
    }

    fn enrol(&mut self, reference_id: &str, picture: &Frame) -> Result<(), StackError> {
        let template = self.engine.enrolment(reference_id, picture)?;
        Ok(self.references.put(reference_id, template)?)
    }

    fn fill(&mut self, count: u32, seed: u64) -> Result<u32, StackError> {
        match &self.fillers {
            Some(fillers) => Ok(self.references.fill(fillers, count, seed)?),
            None => Ok(0),
        }
    }

    fn open_encounter(&mut self, encounter: u64) -> Result<(), StackError> {
        if self.encounter.is_some() {
            let message = format!("encounter {encounter} opened before the one under way was closed");
            return Err(StackError::Protocol(message));
        }
        self.encounter = Some(Encounter::before(self.rig.clone()));
        Ok(())
    }

    fn push_frame(&mut self, frame: Frame) -> Result<Reply, StackError> {
        let Some(mut encounter) = self.encounter.take() else {
            return Err(StackError::Protocol(format!("frame {} came outside an encounter", frame.exposure_id)));
        };
        let looked = self.engine.look_at(&frame);
        let reply = looked.and_then(|looked| self.engine.follow(&mut encounter, &frame, &looked));
        // A bad frame costs itself, not the encounter.
        self.encounter = Some(encounter);
        reply
    }

    fn close_encounter(&mut self) -> Result<Decisions, StackError> {
        match self.encounter.take() {
            Some(encounter) => {
                let (references, threshold) = (&*self.references, self.engine.match_threshold());
                self.engine.decide(encounter, |templates| identified(references, templates, threshold))
            }
            None => Err(StackError::Protocol("an encounter was closed that was not open".to_string())),
        }
    }
}
