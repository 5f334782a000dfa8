//! What lost an occupant: the first rung of a ladder on which their best exposure fails.
//!
//! The ladder follows the way of the light, from the scene to the decision:
//! 1. **not in any camera's view**: less of the face box than the rule's visible share lies on a sensor;
//! 2. **occluded**: too little of the face is visible (by body or pillar, interior, seat, child seat, decoy, person,
//!    oneself, furniture, or by what the person wears: glasses, headwear, face cover);
//! 3. **head turned**: yaw, pitch or roll beyond the rule; of an infant in a rear-facing seat these two are said as
//!    **faces backwards**;
//! 4. **too few pixels** between the eyes;
//! 5. **pane too dark** (panes let through less than [`DARK_PANE_TRANSMITTANCE`]) or **under-exposed**: mean below the rule;
//! 6. **over-exposed**: more saturated pixels than the rule allows, which hide what contrast there was, unless the panes
//!    mirror [`GLARE_SHARE`] times the face's light, so that no exposure could show it;
//! 7. **veiling reflection**: contrast, entropy or brightness beyond the rule, while panes mirror at least
//!    [`VEIL_SHARE`] of the light that the face sends; without that, a mean beyond the rule is **over-exposed** too;
//! 8. **flat**: contrast or entropy below the rule without a veil, counted as under-exposed;
//! 9. **motion blur**; 10. **out of focus**.
//!
//! An exposure that passes them all was good enough, and the stack lost the occupant: because glasses, headwear or a
//! face cover still hide at least [`WORN_SHARE`] of the face; otherwise **not detected** in any such exposure's frame or
//! elsewhere, **under the stack's gate**, or **claimed in another exposure that fails the rule**.
//!
//! The best exposure is the one that gets furthest down the ladder; of equals, the one with most visible pixels between
//! the eyes; of those, the first.
use laneproof_exchange::truth::{FaceTruth, Occluder};
use serde::{Deserialize, Serialize};

use super::{BestExposure, rule};
use crate::{
    run::record::{ExposureRecord, Seen},
    scenario::ValidationRule,
};

/// Below this the panes are what makes a face dark: half of the 70 % that US federal rule asks of windscreens.
pub const DARK_PANE_TRANSMITTANCE: f32 = 0.35;
/// Mirrored over transmitted radiance from which a veil is blamed (assumption: it lowers contrast by a third).
pub const VEIL_SHARE: f32 = 0.5;
/// Mirrored over transmitted radiance from which a face is lost in a veil at any exposure (assumption: an eleventh of white, it
/// has an eleventh of its contrast).
pub const GLARE_SHARE: f32 = 10.0;

/// Share of a face that worn things cover from which they, and not the stack, are blamed for a loss. Assumption: in
/// frames of the demo lane sunglasses cover 19 to 24 % of a face, a cap up to 16 %, a hijab 7 %, clear glasses' frames 6 %.
pub const WORN_SHARE: f32 = 0.10;

/// What lost an occupant, in the order of the ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// Not in any camera's view.
    OutOfView,
    /// Hidden by a pillar, the roof or a door.
    OccludedByBody,
    /// Hidden by dashboard or steering wheel.
    OccludedByInterior,
    /// Hidden by a seat or head-rest.
    OccludedBySeat,
    /// Hidden by the shell of a child seat.
    OccludedByChildSeat,
    /// Hidden by a decoy: a dog, something held up.
    OccludedByDecoy,
    /// Hidden by another occupant.
    OccludedByPerson,
    /// Hidden by the own head, hair or hand.
    OccludedByOneself,
    /// Covered by the own glasses.
    CoveredByEyewear,
    /// Covered by the own hat, hood or head scarf.
    CoveredByHeadwear,
    /// Covered by the own mask, veil or scarf.
    CoveredByFaceCover,
    /// Hidden by booth, pole or kerb.
    OccludedByFurniture,
    /// Hidden by another vehicle, or somebody in it.
    OccludedByOtherVehicle,
    /// Hidden by rain drops on a pane.
    OccludedByDrops,
    /// Hidden, by nothing that the truth names.
    Occluded,
    /// Head turned away.
    HeadTurned,
    /// An infant in a rear-facing seat: no camera ahead can see the face.
    FacesBackwards,
    /// Too few pixels between the eyes.
    TooFewPixels,
    /// Too dark behind the pane.
    PaneTooDark,
    /// Too dark, or flat, for another reason.
    UnderExposed,
    /// Too bright.
    OverExposed,
    /// The pane mirrors the sky over the face.
    VeilingReflection,
    /// Smeared by motion.
    MotionBlur,
    /// Out of focus.
    OutOfFocus,
    /// Good enough, but the stack found no face.
    NotDetected,
    /// Found, but the stack did not claim it.
    UnderStackGate,
    /// Claimed, but in an exposure that fails the testbed's rule.
    ClaimFailsRule,
}

impl Cause {
    /// For reports.
    pub fn label(self) -> &'static str {
        match self {
            Cause::OutOfView => "not in any camera's view",
            Cause::OccludedByBody => "occluded by pillar or roof",
            Cause::OccludedByInterior => "occluded by dashboard or wheel",
            Cause::OccludedBySeat => "occluded by seat or head-rest",
            Cause::OccludedByChildSeat => "occluded by child seat",
            Cause::OccludedByDecoy => "occluded by a dog, doll or magazine",
            Cause::OccludedByPerson => "occluded by another person",
            Cause::OccludedByOneself => "occluded by own head, hair or hand",
            Cause::CoveredByEyewear => "covered by glasses",
            Cause::CoveredByHeadwear => "covered by hat, hood or head scarf",
            Cause::CoveredByFaceCover => "covered by mask, veil or scarf",
            Cause::OccludedByFurniture => "occluded by booth or pole",
            Cause::OccludedByOtherVehicle => "occluded by another vehicle",
            Cause::OccludedByDrops => "occluded by rain drops on a pane",
            Cause::Occluded => "occluded",
            Cause::HeadTurned => "head turned",
            Cause::FacesBackwards => "faces backwards in a child seat",
            Cause::TooFewPixels => "too few pixels",
            Cause::PaneTooDark => "pane too dark",
            Cause::UnderExposed => "under-exposed",
            Cause::VeilingReflection => "veiling reflection",
            Cause::OverExposed => "over-exposed",
            Cause::MotionBlur => "motion blur",
            Cause::OutOfFocus => "out of focus",
            Cause::NotDetected => "not detected",
            Cause::UnderStackGate => "detected, under the stack's gate",
            Cause::ClaimFailsRule => "claimed, but fails the testbed's rule",
        }
    }
}

impl Cause {
    /// Its rung on the ladder of this module, from 0: a later one is nearer to a capture. What a face was good enough for and
    /// the stack then did with it comes last: not detected, under the gate, claimed elsewhere.
    pub fn rung(self) -> u8 {
        match self {
            Cause::OutOfView => 0,
            Cause::OccludedByBody
            | Cause::OccludedByInterior
            | Cause::OccludedBySeat
            | Cause::OccludedByChildSeat
            | Cause::OccludedByDecoy
            | Cause::OccludedByPerson
            | Cause::OccludedByOneself
            | Cause::CoveredByEyewear
            | Cause::CoveredByHeadwear
            | Cause::CoveredByFaceCover
            | Cause::OccludedByFurniture
            | Cause::OccludedByOtherVehicle
            | Cause::OccludedByDrops
            | Cause::Occluded => 1,
            Cause::HeadTurned | Cause::FacesBackwards => 2,
            Cause::TooFewPixels => 3,
            Cause::PaneTooDark | Cause::UnderExposed => 4,
            Cause::OverExposed => 5,
            Cause::VeilingReflection => 6,
            Cause::MotionBlur => 7,
            Cause::OutOfFocus => 8,
            Cause::NotDetected => 9,
            Cause::UnderStackGate => 10,
            Cause::ClaimFailsRule => 11,
        }
    }
}

/// Whether all of the rule is met: no rung fails. A measure that is no number fails.
pub fn passes(face: &FaceTruth, rule: &ValidationRule) -> bool {
    geometric_cause(face, rule).is_none()
}

fn occluded_by(occluder: Occluder) -> Cause {
    match occluder {
        Occluder::Body => Cause::OccludedByBody,
        Occluder::Interior => Cause::OccludedByInterior,
        Occluder::Seat => Cause::OccludedBySeat,
        Occluder::ChildSeat => Cause::OccludedByChildSeat,
        Occluder::Decoy => Cause::OccludedByDecoy,
        Occluder::Person => Cause::OccludedByPerson,
        Occluder::Oneself => Cause::OccludedByOneself,
        Occluder::Furniture => Cause::OccludedByFurniture,
        Occluder::OtherVehicle => Cause::OccludedByOtherVehicle,
        Occluder::Drops => Cause::OccludedByDrops,
        Occluder::Eyewear => Cause::CoveredByEyewear,
        Occluder::Headwear => Cause::CoveredByHeadwear,
        Occluder::FaceCover => Cause::CoveredByFaceCover,
    }
}

/// The first rung on which one face fails; `None` when it passes all. A measure that is no number fails its rung.
#[expect(clippy::neg_cmp_op_on_partial_ord, reason = "a measure that is no number must fail, which `<` would let pass")]
pub fn geometric_cause(face: &FaceTruth, rule: &ValidationRule) -> Option<Cause> {
    if !(face.in_frame_share >= rule.min_visible_share.max(f32::MIN_POSITIVE)) {
        return Some(Cause::OutOfView);
    }
    if !(face.visible_share >= rule.min_visible_share) {
        return Some(face.occluder.map_or(Cause::Occluded, occluded_by));
    }
    if !rule::is_turned_enough(face, rule) {
        return Some(Cause::HeadTurned);
    }
    if !(rule::corrected_inter_eye_px(face) >= rule.min_inter_eye_px) {
        return Some(Cause::TooFewPixels);
    }
    if !(face.mean_dn >= rule.min_mean_dn) {
        let dark = face.pane_transmittance < DARK_PANE_TRANSMITTANCE;
        return Some(if dark { Cause::PaneTooDark } else { Cause::UnderExposed });
    }
    let too_bright = !(face.mean_dn <= rule.max_mean_dn && face.over_exposed_share <= rule.max_over_exposed_share);
    let flat = !rule::has_detail(face, rule);
    let saturated = !(face.over_exposed_share <= rule.max_over_exposed_share);
    if saturated && face.veiling_radiance < GLARE_SHARE * face.transmitted_radiance {
        return Some(Cause::OverExposed);
    }
    let veiled = face.veiling_radiance >= VEIL_SHARE * face.transmitted_radiance;
    match (veiled && (too_bright || flat), too_bright, flat) {
        (true, ..) => return Some(Cause::VeilingReflection),
        (false, true, _) => return Some(Cause::OverExposed),
        (false, false, true) => return Some(Cause::UnderExposed),
        (false, false, false) => {}
    }
    if !(face.motion_blur_px <= rule.max_motion_blur_px) {
        return Some(Cause::MotionBlur);
    }
    if !(face.defocus_px <= rule.max_defocus_px) {
        return Some(Cause::OutOfFocus);
    }
    None
}

/// How far down the ladder a face gets: more is further.
fn depth(face: &FaceTruth, rule: &ValidationRule) -> u8 {
    geometric_cause(face, rule).map_or(9, Cause::rung)
}

/// The exposures that an occupant's face was looked for in, best first.
pub fn ranked_exposures<'s>(seen: &'s Seen, occupant: u8, rule: &ValidationRule) -> Vec<&'s ExposureRecord> {
    let mut ranked: Vec<_> = seen
        .exposures
        .iter()
        .filter_map(|exposure| {
            let face = exposure.truth.faces.iter().find(|face| face.occupant == occupant)?;
            Some((depth(face, rule), face.visible_share * face.inter_eye_px, exposure))
        })
        .collect();
    // Stable: of equals the first stays first.
    ranked.sort_by(|a, b| b.0.cmp(&a.0).then(b.1.total_cmp(&a.1)));
    ranked.into_iter().map(|(.., exposure)| exposure).collect()
}

/// The occupant's best exposure.
pub fn best_exposure(seen: &Seen, occupant: u8, rule: &ValidationRule) -> Option<BestExposure> {
    let exposure = ranked_exposures(seen, occupant, rule).into_iter().next()?;
    Some(BestExposure {
        exposure_id: exposure.truth.exposure_id,
        camera_id: exposure.truth.camera_id.clone(),
        frame: exposure.frame.clone(),
        face: exposure.truth.faces.iter().find(|face| face.occupant == occupant)?.clone(),
    })
}

/// The cause of a loss: geometry on the best exposure first, then the stack.
pub(super) fn first_cause(
    best: Option<&BestExposure>,
    rule: &ValidationRule,
    detected_in: &[u64],
    claimed: bool,
    faces_backwards: bool,
) -> Cause {
    let Some(best) = best else { return Cause::OutOfView };
    if let Some(cause) = geometric_cause(&best.face, rule) {
        let hidden_or_turned = Cause::OutOfView < cause && cause <= Cause::HeadTurned;
        return if faces_backwards && hidden_or_turned { Cause::FacesBackwards } else { cause };
    }
    let worn = best.face.worn.filter(|_| best.face.worn_share >= WORN_SHARE);
    if claimed {
        Cause::ClaimFailsRule
    } else if let Some(worn) = worn {
        occluded_by(worn)
    } else if detected_in.is_empty() {
        Cause::NotDetected
    } else {
        Cause::UnderStackGate
    }
}
