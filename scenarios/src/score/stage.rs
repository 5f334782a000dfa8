//! At which stage of its way from the seat to the match an occupant was lost.
//!
//! Every occupant is at exactly one: the first on which the way ended, judged on the exposure that got furthest (see [`Cause`]).
//!
//! 1. **view**: no camera has the face before it, turned to it and free: out of view, occluded, covered by what is worn, head
//!    turned, facing backwards;
//! 2. **picture**: the face is there, but the picture of it is not good enough: pixels, pane, exposure, veil, motion, focus;
//! 3. **detection**: the picture is good enough and the stack finds no face;
//! 4. **validation**: it is found, but not claimed, or claimed in a picture that fails the testbed's rule;
//! 5. **enrolment**: captured, and there is no reference to match with;
//! 6. **match**: captured with a reference, and matched to nobody or to somebody else;
//! 7. **through**: captured and matched.
use serde::{Deserialize, Serialize};

use super::{Cause, OccupantScore, Outcome};

/// A stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// No camera sees the face.
    View,
    /// No picture of it is good enough.
    Picture,
    /// Not found in a good one.
    Detection,
    /// Not, or wrongly, claimed.
    Validation,
    /// No reference.
    Enrolment,
    /// Not matched to themselves.
    Match,
    /// Captured and matched.
    Through,
}

impl Stage {
    /// All, in the order of the way.
    pub const ALL: [Self; 7] =
        [Self::View, Self::Picture, Self::Detection, Self::Validation, Self::Enrolment, Self::Match, Self::Through];

    /// Where an occupant's way ended.
    pub fn of(occupant: &OccupantScore) -> Self {
        match (occupant.outcome, occupant.cause) {
            (Outcome::Matched, _) => Self::Through,
            (Outcome::NotMatched, _) => Self::Match,
            (Outcome::NotEnrolled, _) => Self::Enrolment,
            (Outcome::Lost, Some(cause)) => Self::of_cause(cause),
            // A lost occupant has a cause; one of whom no camera took a picture was in nobody's view.
            (Outcome::Lost, None) => Self::View,
        }
    }

    /// The stage that a cause belongs to.
    pub fn of_cause(cause: Cause) -> Self {
        use Cause as C;
        match cause {
            C::OutOfView
            | C::OccludedByBody
            | C::OccludedByInterior
            | C::OccludedBySeat
            | C::OccludedByChildSeat
            | C::OccludedByDecoy
            | C::OccludedByPerson
            | C::OccludedByOneself
            | C::CoveredByEyewear
            | C::CoveredByHeadwear
            | C::CoveredByFaceCover
            | C::OccludedByFurniture
            | C::OccludedByOtherVehicle
            | C::OccludedByDrops
            | C::Occluded
            | C::HeadTurned
            | C::FacesBackwards => Self::View,
            C::TooFewPixels
            | C::PaneTooDark
            | C::UnderExposed
            | C::OverExposed
            | C::VeilingReflection
            | C::MotionBlur
            | C::OutOfFocus => Self::Picture,
            C::NotDetected => Self::Detection,
            C::UnderStackGate | C::ClaimFailsRule => Self::Validation,
        }
    }

    /// For reports.
    pub fn label(self) -> &'static str {
        match self {
            Self::View => "no camera sees the face",
            Self::Picture => "no picture good enough",
            Self::Detection => "not detected",
            Self::Validation => "not validated",
            Self::Enrolment => "no reference",
            Self::Match => "not matched",
            Self::Through => "captured and matched",
        }
    }
}
