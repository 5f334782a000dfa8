//! Why an occupant was lost: their best exposures are made again with one thing idealised, then with two, and shown to the
//! stack again.
//!
//! The **cause** is the first factor, in the order of [`Factor`], with which the occupant would have been captured; where no
//! single factor is enough, the first such pair. What the stack sees in a trial are the occupant's [`BEST`] best exposures
//! and nothing else, as an encounter of their own; captured means what it means in a run. Factors that the truth says were
//! ideal already are not tried.
use lane_stack::client::StackClient;
use laneproof_exchange::{
    encounter::EncounterPlan,
    ideal::{Counterfactual, Factor, Factors},
    truth::FaceTruth,
};
use serde::{Deserialize, Serialize};

pub mod page;
#[cfg(test)]
mod tests;

use crate::{
    run::{
        frames::as_jpeg,
        record::{EncounterRecord, End, ExposureRecord, OccupantRecord, Seen},
        world::{ExposeRequest, World, WorldError},
    },
    scenario::ValidationRule,
    score::{self, Cause, OccupantScore, cause::ranked_exposures},
};

/// Exposures that are made again for an occupant, the best ones.
pub const BEST: usize = 3;

/// What a trial came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// What was idealised; nothing in the exposures as they are.
    pub factors: Vec<Factor>,
    /// Whether the occupant was captured.
    pub captured: bool,
    /// The exposure that is shown: the one that was captured, else the best.
    pub exposure_id: u64,
    /// The truth there.
    pub face: FaceTruth,
    /// The frame there, a JPEG file.
    #[serde(skip)]
    pub frame: Vec<u8>,
}

/// What lost an occupant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "loss", content = "factors")]
pub enum Loss {
    /// Nothing: they were captured.
    None,
    /// No camera had the face in its view.
    OutOfView,
    /// The stack's choice: shown the best exposures alone it captures the face; in the run it claimed another one, or none.
    Choice,
    /// One thing, or two together.
    Factors(Vec<Factor>),
    /// More than two things together.
    MoreThanTwo,
    /// The stack: it misses the face, or does not claim it, even where all is ideal.
    Stack,
}

/// Why an occupant was lost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// Encounter.
    pub encounter: u64,
    /// Index in the encounter.
    pub occupant: u8,
    /// Vehicle model.
    pub vehicle: String,
    /// Who.
    pub who: OccupantRecord,
    /// What the ladder of first causes said.
    pub first_cause: Option<Cause>,
    /// What lost them.
    pub loss: Loss,
    /// The trials, in the order in which they were made; the first is the exposures as they are.
    pub trials: Vec<Trial>,
}

/// Why nothing could be explained.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ExplainError {
    /// The world could not make an exposure again.
    #[error(transparent)]
    World(#[from] WorldError),
    /// The stack gave up.
    #[error("{0}")]
    Stack(String),
    /// There is no such occupant, or the encounter failed.
    #[error("{0}")]
    NotThere(String),
}

/// What is asked, and of whom.
pub struct Question<'a> {
    /// The encounter's plan.
    pub plan: &'a EncounterPlan,
    /// Its record.
    pub record: &'a EncounterRecord,
    /// The scenario's rule.
    pub rule: &'a ValidationRule,
    /// Occupant, by index.
    pub occupant: u8,
}

/// Whether a factor was anything but ideal in an exposure, so that idealising it can change something.
fn counts(factor: Factor, face: &FaceTruth) -> bool {
    match factor {
        // A hundredth of the light is below the noise of 8 bits.
        Factor::Veil => face.veiling_radiance > 0.01 * face.transmitted_radiance,
        Factor::Glass => face.pane_transmittance < 0.88,
        // Further from a middle tone than a third of a stop.
        Factor::Exposure => !(105.0..=131.0).contains(&face.mean_dn),
        Factor::MotionBlur => face.motion_blur_px > 0.3,
        Factor::Defocus => face.defocus_px > 0.5,
        Factor::Noise | Factor::Pixels => true,
        Factor::Worn => face.worn_share > 0.0,
        Factor::Occluder => face.visible_share + face.worn_share < 0.97,
        Factor::Pose => [face.yaw_deg, face.pitch_deg, face.roll_deg].iter().any(|angle| angle.abs() > 5.0),
    }
}

/// Makes an occupant's best exposures again and again.
struct Retrial<'a, W: World> {
    question: &'a Question<'a>,
    world: &'a mut W,
    stack: &'a mut dyn StackClient,
    staged: W::Staged,
    best: Vec<&'a ExposureRecord>,
    trials: Vec<Trial>,
}

impl<W: World> Retrial<'_, W> {
    /// Whether the occupant is captured with this set of factors.
    fn captures(&mut self, factors: &[Factor]) -> Result<bool, ExplainError> {
        let Question { plan, record, rule, occupant } = *self.question;
        let ideal = Counterfactual { occupant, factors: factors.iter().copied().collect::<Factors>() };
        let stack_error = |e: lane_stack::client::StackError| ExplainError::Stack(e.to_string());
        let mut exposures = Vec::new();
        let mut frames = Vec::new();
        self.stack.open_encounter(plan.encounter).map_err(stack_error)?;
        for kept in &self.best {
            let truth = &kept.truth;
            let camera_index = plan.rig.cameras.iter().position(|camera| camera.id == truth.camera_id);
            let request = ExposeRequest {
                exposure_id: truth.exposure_id,
                camera_index: camera_index
                    .ok_or_else(|| ExplainError::NotThere(format!("the rig has no camera {}", truth.camera_id)))?,
                mid_exposure_us: truth.mid_exposure_us,
                exposure_us: truth.exposure_us,
                gain_db: kept.gain_db,
                cross_check: false,
            };
            let exposed = match ideal.factors.is_empty() {
                true => self.world.expose(&self.staged, &request)?,
                false => self.world.expose_ideal(&self.staged, &request, &ideal)?,
            };
            frames.push(as_jpeg(&exposed.frame).map_err(ExplainError::Stack)?);
            exposures.push(ExposureRecord {
                truth: exposed.truth,
                controls: Vec::new(),
                refused: None,
                ..(*kept).clone()
            });
            self.stack.push_frame(exposed.frame).map_err(stack_error)?;
        }
        let decisions = self.stack.close_encounter().map_err(stack_error)?;
        let seen = Seen { exposures, missed_triggers: Vec::new(), decisions };
        let again = EncounterRecord { end: End::Done(seen), ..record.clone() };
        let scored = score::score(&again, rule)
            .and_then(|scored| scored.occupants.into_iter().nth(usize::from(occupant)))
            .ok_or_else(|| ExplainError::NotThere(format!("there is no occupant {occupant}")))?;
        let captured = scored.outcome.is_captured();
        self.trials.extend(trial(&again, &scored, factors, captured, frames));
        Ok(captured)
    }
}

/// What is kept of a trial.
fn trial(
    record: &EncounterRecord,
    scored: &OccupantScore,
    factors: &[Factor],
    captured: bool,
    frames: Vec<Vec<u8>>,
) -> Option<Trial> {
    let seen = record.seen()?;
    let shot = scored.shot.as_ref().filter(|shot| captured && shot.verified).map(|shot| shot.exposure_id);
    let exposure_id = shot.or_else(|| scored.best.as_ref().map(|best| best.exposure_id))?;
    let (exposure, frame) =
        seen.exposures.iter().zip(frames).find(|(exposure, _)| exposure.truth.exposure_id == exposure_id)?;
    let face = exposure.truth.faces.iter().find(|face| face.occupant == scored.occupant)?.clone();
    Some(Trial { factors: factors.to_vec(), captured, exposure_id, face, frame })
}

/// Explains one occupant. The stack's encounter must be closed.
pub fn explain<W: World>(
    question: &Question<'_>,
    world: &mut W,
    stack: &mut dyn StackClient,
) -> Result<Explanation, ExplainError> {
    let Question { plan, record, rule, occupant } = *question;
    let missing = || ExplainError::NotThere(format!("encounter {} has no occupant {occupant}", record.encounter));
    let who = record.occupants.get(usize::from(occupant)).ok_or_else(missing)?.clone();
    let seen = record
        .seen()
        .ok_or_else(|| ExplainError::NotThere(format!("encounter {} failed: nothing was seen", record.encounter)))?;
    let scored = score::score(record, rule)
        .and_then(|scored| scored.occupants.into_iter().nth(usize::from(occupant)))
        .ok_or_else(missing)?;
    let answer = |loss, trials| Explanation {
        encounter: record.encounter,
        occupant,
        vehicle: record.vehicle.clone(),
        who: who.clone(),
        first_cause: scored.cause,
        loss,
        trials,
    };
    if scored.outcome.is_captured() {
        return Ok(answer(Loss::None, Vec::new()));
    }
    let in_view = |exposure: &&ExposureRecord| {
        exposure.truth.faces.iter().any(|face| face.occupant == occupant && face.in_frame_share > 0.0)
    };
    let best: Vec<&ExposureRecord> =
        ranked_exposures(seen, occupant, rule).into_iter().filter(in_view).take(BEST).collect();
    if best.is_empty() {
        return Ok(answer(Loss::OutOfView, Vec::new()));
    }
    let faces = || best.iter().flat_map(|e| &e.truth.faces).filter(|face| face.occupant == occupant);
    let tried: Vec<Factor> =
        Factor::ALL.into_iter().filter(|factor| faces().any(|face| counts(*factor, face))).collect();
    let staged = world.stage(plan)?;
    let mut retrial = Retrial { question, world, stack, staged, best: best.clone(), trials: Vec::new() };
    if retrial.captures(&[])? {
        return Ok(answer(Loss::Choice, retrial.trials));
    }
    let mut enough = None;
    // All single factors are tried, so that the answer says which else would have done.
    for factor in &tried {
        if retrial.captures(&[*factor])? && enough.is_none() {
            enough = Some(vec![*factor]);
        }
    }
    if enough.is_none() {
        let pairs = tried.iter().enumerate().flat_map(|(i, a)| tried[i + 1..].iter().map(move |b| vec![*a, *b]));
        for pair in pairs {
            if retrial.captures(&pair)? {
                enough = Some(pair);
                break;
            }
        }
    }
    let loss = match enough {
        Some(factors) => Loss::Factors(factors),
        None if retrial.captures(&tried)? => Loss::MoreThanTwo,
        None => Loss::Stack,
    };
    Ok(answer(loss, retrial.trials))
}

impl Explanation {
    /// The explanation in a sentence or two.
    pub fn sentence(&self) -> String {
        let Self { encounter, occupant, vehicle, who, .. } = self;
        let whom = format!(
            "Occupant {encounter}/{occupant} (seat {} of the {vehicle} of encounter {encounter}, {})",
            who.seat(),
            who.doing()
        );
        let others = |but: &[Factor]| {
            let also: Vec<&str> = self
                .trials
                .iter()
                .filter(|trial| trial.captured && trial.factors.len() == 1 && trial.factors != but)
                .map(|trial| trial.factors[0].idealised())
                .collect();
            if also.is_empty() { String::new() } else { format!(" So would {} have done.", listed(&also, "or")) }
        };
        match &self.loss {
            Loss::None => format!("{whom} was captured."),
            Loss::OutOfView => format!("{whom} was lost: no camera had the face in its view."),
            Loss::Choice => format!(
                "{whom} was lost by the stack's choice: shown their best exposures alone, as they are, it captures the face."
            ),
            Loss::Factors(factors) => {
                let labels: Vec<&str> = factors.iter().map(|factor| factor.label()).collect();
                let ideals: Vec<&str> = factors.iter().map(|factor| factor.idealised()).collect();
                let alone = if factors.len() > 1 { " Neither alone is enough." } else { "" };
                format!(
                    "{whom} was lost by {}: with {} they would have been captured.{alone}{}",
                    listed(&labels, "and"),
                    listed(&ideals, "and"),
                    others(factors)
                )
            }
            Loss::MoreThanTwo => format!(
                "{whom} was lost by more than two things together: no single one and no pair would have been enough, all of them would."
            ),
            Loss::Stack => format!(
                "{whom} was lost by the stack: even with everything ideal that was not, it does not capture the face."
            ),
        }
    }
}

/// "a", "a and b", "a, b and c".
fn listed(items: &[&str], last: &str) -> String {
    match items {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [all @ .., end] => format!("{} {last} {end}", all.join(", ")),
    }
}
