//! Whether a named cause holds beyond the trial that named it: it is taken away from every exposure of the encounter, under
//! other temporal noise, and the whole is shown to the stack as in a run.
//!
//! A trial sees three exposures with the run's own noise; a cause that only tipped the scales there falls here.
use lane_stack::client::StackClient;
use laneproof_exchange::ideal::{Counterfactual, Factor};
use serde::{Deserialize, Serialize};

use super::{ExplainError, Question, see_again};
use crate::{
    run::world::World,
    score::{self, Cause, Outcome},
};

/// Added to the exposures' ids, which temporal noise belongs to: beyond the ids of any run.
const OTHER_NOISE: u64 = 1 << 40;

/// What became of an occupant without the cause that was named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// First cause in the run, by the ladder of [`crate::score::cause`].
    pub before: Option<Cause>,
    /// Outcome without the named cause.
    pub outcome: Outcome,
    /// First cause then; `None` when captured.
    pub after: Option<Cause>,
}

impl Confirmation {
    /// Whether there is a verified capture.
    pub fn is_captured(&self) -> bool {
        self.outcome.is_captured()
    }

    /// Whether the best exposure gets further down the ladder than in the run, to a capture or not.
    pub fn advances(&self) -> bool {
        match (self.before, self.after) {
            _ if self.is_captured() => true,
            (Some(before), Some(after)) => after.rung() > before.rung(),
            _ => false,
        }
    }
}

/// Takes factors away from every exposure of an occupant's encounter. The stack's encounter must be closed.
pub fn confirm<W: World>(
    question: &Question<'_>,
    factors: &[Factor],
    world: &mut W,
    stack: &mut dyn StackClient,
) -> Result<Confirmation, ExplainError> {
    let Question { plan, record, rule, occupant } = *question;
    let missing = || ExplainError::NotThere(format!("encounter {} has no occupant {occupant}", record.encounter));
    let before = score::score(record, rule)
        .and_then(|scored| scored.occupants.into_iter().nth(usize::from(occupant)))
        .ok_or_else(missing)?
        .cause;
    let kept: Vec<_> = record.seen().ok_or_else(missing)?.exposures.iter().collect();
    let staged = world.stage(plan)?;
    let ideal = Counterfactual::whole(occupant, factors.iter().copied().collect());
    let again = see_again(question, world, stack, &staged, &kept, (&ideal, OTHER_NOISE), &[])?.scored;
    Ok(Confirmation { before, outcome: again.outcome, after: again.cause })
}
