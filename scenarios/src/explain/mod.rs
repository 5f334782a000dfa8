//! Why an occupant was lost: their best exposures are made again with one thing idealised, then with two, and shown to the
//! stack again.
//!
//! The **cause** is the smallest change with which the occupant would have been captured. One factor is smaller than two.
//! Where several single factors are enough, the one is named that needs the smallest **share of its way to ideal**: half of
//! the veil, half of the stops that the glass or the exposure lacks, half of the blur, of the noise, of what compression took,
//! of the turn. A factor that was far from ideal needs a small share of a long way; one that was nearly ideal and only
//! happens to tip the scales needs all of its short way. What cannot be halved (something worn, something before the face)
//! needs all. The common share is halved and halved again, to [`FINEST`], until one factor is left; of those that then still stand equal, the
//! first in the order of [`Factor`], which is the way of the light, is named. Of pairs, the first that is enough.
//!
//! What the stack sees in a trial are the occupant's [`BEST`] best exposures and nothing else, as an encounter of their
//! own; captured means what it means in a run. Factors that the truth says were ideal already are not tried, nor is a trial
//! made of factors that cannot mend what the rule forbids in every one of the exposures (module `mendable`): no face is in
//! focus because the glass is clear. An exposure that they cannot mend is shown as it is.
use lane_stack::client::{Frame, StackClient};
use laneproof_exchange::{
    encounter::EncounterPlan,
    ideal::{Counterfactual, Factor, Factors},
    truth::{ExposureTruth, FaceTruth, Occluder},
};
use serde::{Deserialize, Serialize};

pub mod confirm;
mod mendable;
pub mod page;
#[cfg(test)]
mod tests;

use crate::{
    run::{
        frames::as_jpeg,
        record::{EncounterRecord, End, ExposureRecord, OccupantRecord, Seen},
        world::{EarlierExposure, ExposeRequest, Exposed, World, WorldError},
    },
    scenario::ValidationRule,
    score::{self, Cause, OccupantScore, cause::ranked_exposures},
};

/// Exposures that are made again for an occupant, the best ones.
pub const BEST: usize = 3;
/// Finest difference between shares that are compared.
pub const FINEST: f32 = 0.125;

/// What a trial came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// What was idealised; nothing in the exposures as they are.
    pub factors: Vec<Factor>,
    /// How much of its way to ideal each went, above 0 to 1.
    #[serde(default = "whole")]
    pub share: f32,
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

fn whole() -> f32 {
    1.0
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
        // Further from a middle tone than a third of a stop; or there with light that is not the face's, or that clear panes
        // would change: without the veil that made the middle tone, the face alone may be too dark.
        Factor::Exposure => {
            !(105.0..=131.0).contains(&face.mean_dn) || counts(Factor::Veil, face) || counts(Factor::Glass, face)
        }
        Factor::Drops => face.drops_share > 0.0 || face.occluder == Some(Occluder::Drops),
        Factor::MotionBlur => face.motion_blur_px > 0.3,
        Factor::Defocus => face.defocus_px > 0.5,
        Factor::Noise | Factor::Compression | Factor::Pixels => true,
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
    /// Those exposures as they are, once made.
    as_it_is: Vec<Remade>,
    trials: Vec<Trial>,
}

/// The request that makes a kept exposure of a record again; ids, its own and those of the camera's earlier exposures, move
/// by `ids`.
fn request_of(
    plan: &EncounterPlan,
    record: &EncounterRecord,
    kept: &ExposureRecord,
    ids: u64,
) -> Result<ExposeRequest, ExplainError> {
    let truth = &kept.truth;
    let camera_index = plan.rig.cameras.iter().position(|camera| camera.id == truth.camera_id);
    let before = record
        .seen()
        .into_iter()
        .flat_map(|seen| &seen.exposures)
        .filter(|other| other.truth.camera_id == truth.camera_id && other.truth.exposure_id < truth.exposure_id);
    let earlier = before.map(|other| EarlierExposure {
        exposure_id: other.truth.exposure_id + ids,
        mid_exposure_us: other.truth.mid_exposure_us,
        exposure_us: other.truth.exposure_us,
        gain_db: other.gain_db,
    });
    Ok(ExposeRequest {
        exposure_id: truth.exposure_id + ids,
        camera_index: camera_index
            .ok_or_else(|| ExplainError::NotThere(format!("the rig has no camera {}", truth.camera_id)))?,
        mid_exposure_us: truth.mid_exposure_us,
        exposure_us: truth.exposure_us,
        gain_db: kept.gain_db,
        cross_check: false,
        earlier: earlier.collect(),
    })
}

/// An encounter of exposures that are made again, as the stack then sees it.
struct Again {
    /// Its score for the occupant.
    scored: OccupantScore,
    /// Its record.
    record: EncounterRecord,
    /// Its frames, JPEG files.
    frames: Vec<Vec<u8>>,
    /// The same as the world made them.
    remade: Vec<Remade>,
}

/// An exposure that was made again.
#[derive(Clone)]
struct Remade {
    frame: Frame,
    truth: ExposureTruth,
}

/// Makes exposures again and shows them to the stack, as an encounter of their own; their ids move by `ids`. Where the list
/// `as_it_is` holds one, that is shown in place of the exposure of the same number.
fn see_again<W: World>(
    question: &Question<'_>,
    world: &mut W,
    stack: &mut dyn StackClient,
    staged: &W::Staged,
    kept: &[&ExposureRecord],
    (ideal, ids): (&Counterfactual, u64),
    as_it_is: &[Option<Remade>],
) -> Result<Again, ExplainError> {
    let Question { plan, record, rule, occupant } = *question;
    let stack_error = |e: lane_stack::client::StackError| ExplainError::Stack(e.to_string());
    let mut exposures = Vec::new();
    let mut frames = Vec::new();
    stack.open_encounter(plan.encounter).map_err(stack_error)?;
    let mut remade = Vec::new();
    for (k, kept) in kept.iter().enumerate() {
        let Remade { frame, truth } = match as_it_is.get(k).cloned().flatten() {
            Some(known) => known,
            None => {
                let request = request_of(plan, record, kept, ids)?;
                let Exposed { frame, truth, .. } = world.expose_ideal(staged, &request, ideal)?;
                Remade { frame, truth }
            }
        };
        frames.push(as_jpeg(&frame).map_err(ExplainError::Stack)?);
        exposures.push(ExposureRecord {
            truth: truth.clone(),
            controls: Vec::new(),
            need_more: Vec::new(),
            refused: None,
            ..(*kept).clone()
        });
        stack.push_frame(frame.clone()).map_err(stack_error)?;
        remade.push(Remade { frame, truth });
    }
    let decisions = stack.close_encounter().map_err(stack_error)?;
    let seen = Seen { exposures, missed_triggers: Vec::new(), decisions, stopped: None };
    let record = EncounterRecord { end: End::Done(seen), ..record.clone() };
    let scored = score::score(&record, rule)
        .and_then(|scored| scored.occupants.into_iter().nth(usize::from(occupant)))
        .ok_or_else(|| ExplainError::NotThere(format!("there is no occupant {occupant}")))?;
    Ok(Again { scored, record, frames, remade })
}

impl<W: World> Retrial<'_, W> {
    /// Whether the occupant is captured with this set of factors, each gone a share of its way.
    fn captures(&mut self, factors: &[Factor], share: f32) -> Result<bool, ExplainError> {
        let occupant = self.question.occupant;
        let ideal = Counterfactual { occupant, factors: factors.iter().copied().collect::<Factors>(), share };
        // An exposure that these factors cannot bring within the rule is shown as it is: nothing verified comes of it.
        let rule = self.question.rule;
        let hopeless = |remade: &Remade| {
            let face = remade.truth.faces.iter().find(|face| face.occupant == occupant);
            !face.is_some_and(|face| mendable::mendable(face, rule, factors))
        };
        let as_it_is: Vec<Option<Remade>> =
            self.as_it_is.iter().map(|remade| hopeless(remade).then(|| remade.clone())).collect();
        let (world, stack) = (&mut *self.world, &mut *self.stack);
        let again = see_again(self.question, world, stack, &self.staged, &self.best, (&ideal, 0), &as_it_is)?;
        let captured = again.scored.outcome.is_captured();
        self.trials.extend(trial(&again, &ideal, captured));
        if factors.is_empty() {
            self.as_it_is = again.remade;
        }
        Ok(captured)
    }

    /// Of single factors that are enough, the one that needs the smallest share of its way to ideal.
    fn smallest(&mut self, enough: Vec<Factor>) -> Result<Option<Factor>, ExplainError> {
        let mut left = enough;
        let (mut too_little, mut sufficient) = (0.0, 1.0);
        while left.len() > 1 && sufficient - too_little > FINEST {
            let share = (too_little + sufficient) / 2.0;
            let mut still = Vec::new();
            for factor in left.iter().copied().filter(|factor| factor.divisible()) {
                if self.captures(&[factor], share)? {
                    still.push(factor);
                }
            }
            if still.is_empty() {
                too_little = share;
            } else {
                (left, sufficient) = (still, share);
            }
        }
        Ok(left.first().copied())
    }
}

/// What is kept of a trial.
fn trial(again: &Again, ideal: &Counterfactual, captured: bool) -> Option<Trial> {
    let Again { scored, record, frames, .. } = again;
    let seen = record.seen()?;
    let shot = scored.shot.as_ref().filter(|shot| captured && shot.verified).map(|shot| shot.exposure_id);
    let exposure_id = shot.or_else(|| scored.best.as_ref().map(|best| best.exposure_id))?;
    let (exposure, frame) =
        seen.exposures.iter().zip(frames).find(|(exposure, _)| exposure.truth.exposure_id == exposure_id)?;
    let face = exposure.truth.faces.iter().find(|face| face.occupant == scored.occupant)?.clone();
    let (factors, frame) = (ideal.factors.iter().collect(), frame.clone());
    Some(Trial { factors, share: ideal.share, captured, exposure_id, face, frame })
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
    let can = |factors: &[Factor]| faces().any(|face| mendable::mendable(face, rule, factors));
    let staged = world.stage(plan)?;
    let mut retrial =
        Retrial { question, world, stack, staged, best: best.clone(), as_it_is: Vec::new(), trials: Vec::new() };
    if retrial.captures(&[], 1.0)? {
        return Ok(answer(Loss::Choice, retrial.trials));
    }
    let mut single = Vec::new();
    // All single factors are tried, so that the answer says which else would have done.
    for factor in tried.iter().filter(|factor| can(&[**factor])) {
        if retrial.captures(&[*factor], 1.0)? {
            single.push(*factor);
        }
    }
    let mut enough = retrial.smallest(single)?.map(|factor| vec![factor]);
    if enough.is_none() {
        let pairs = tried.iter().enumerate().flat_map(|(i, a)| tried[i + 1..].iter().map(move |b| vec![*a, *b]));
        for pair in pairs.filter(|pair| can(pair)) {
            if retrial.captures(&pair, 1.0)? {
                enough = Some(pair);
                break;
            }
        }
    }
    let loss = match enough {
        Some(factors) => Loss::Factors(factors),
        None if can(&tried) && retrial.captures(&tried, 1.0)? => Loss::MoreThanTwo,
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
                .filter(|trial| {
                    trial.captured && trial.share == 1.0 && trial.factors.len() == 1 && trial.factors != but
                })
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
