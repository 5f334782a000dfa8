//! Whether idealising something can bring a face within the rule at all. What is asked here follows from where things are,
//! without a render, or from how far its tone is off; what is near the rule, contrast and entropy are left to the trial.
use laneproof_exchange::{ideal::Factor, truth::FaceTruth};

use crate::{
    scenario::ValidationRule,
    score::rule::{corrected_inter_eye_px, is_turned_enough},
};

/// How far beyond the rule's defocus a face may be and still come within it by being turned: the middle of the eyes moves by
/// a few centimetres of some metres with the head.
const TURNED_MOVES: f32 = 1.1;

/// A face whose mean is below this share of the rule's least is dark for want of light or gain: on the sRGB curve it lacks
/// more than half of the light. Taking a veil away takes light; blur, noise, pixels and what covers a part of the face move
/// the mean by a few per cent, and turning the head does not double the light on it (assumptions).
const DARK: f32 = 0.67;
/// From this share of saturated pixels a face is too bright for another reason than noise about its mean: noise alone takes
/// half of the pixels at most over a level that the mean does not reach. (The rule may allow more.)
const WHITE_SHARE: f32 = 0.6;

/// Whether no rung of the rule that a face fails is beyond the reach of these factors. A measure that is no number fails.
pub(super) fn mendable(face: &FaceTruth, rule: &ValidationRule, factors: &[Factor]) -> bool {
    let by = |able: &[Factor]| factors.iter().any(|factor| able.contains(factor));
    let turned = by(&[Factor::Pose]);
    let rungs = [
        (face.in_frame_share >= rule.min_visible_share, turned),
        (
            face.visible_share >= rule.min_visible_share,
            by(&[Factor::Drops, Factor::Worn, Factor::Occluder, Factor::Pose]),
        ),
        (is_turned_enough(face, rule), turned),
        // Turning changes what the head's own sides hide, and with it the projected distance.
        (corrected_inter_eye_px(face) >= rule.min_inter_eye_px, by(&[Factor::Pixels, Factor::Pose])),
        (face.motion_blur_px <= rule.max_motion_blur_px, by(&[Factor::MotionBlur, Factor::Pose])),
        (
            face.defocus_px <= rule.max_defocus_px,
            by(&[Factor::Defocus]) || turned && face.defocus_px <= TURNED_MOVES * rule.max_defocus_px,
        ),
        (face.mean_dn >= DARK * rule.min_mean_dn, by(&[Factor::Glass, Factor::Drops, Factor::Exposure])),
        (
            face.over_exposed_share <= WHITE_SHARE.max(rule.max_over_exposed_share),
            by(&[Factor::Veil, Factor::Drops, Factor::Exposure]),
        ),
    ];
    rungs.into_iter().all(|(kept, can)| kept || can)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::good_face;

    #[test]
    fn only_what_can_mend_a_rung_is_let_through() {
        let rule = crate::scenario::tests::first_light().file.validation;
        let able = |spoil: fn(&mut FaceTruth)| -> Vec<Factor> {
            let mut face = good_face(0, 100.0, 100.0);
            spoil(&mut face);
            Factor::ALL.into_iter().filter(|factor| mendable(&face, &rule, &[*factor])).collect()
        };
        assert_eq!(able(|_| {}).len(), Factor::ALL.len());
        assert_eq!(able(|face| face.mean_dn = 35.0).len(), Factor::ALL.len(), "what is near is left to the trial");
        assert_eq!(able(|face| face.mean_dn = 3.0), [Factor::Glass, Factor::Drops, Factor::Exposure]);
        assert_eq!(able(|face| face.over_exposed_share = 0.9), [Factor::Veil, Factor::Drops, Factor::Exposure]);
        assert_eq!(able(|face| face.defocus_px = 9.0), [Factor::Defocus]);
        assert_eq!(able(|face| face.motion_blur_px = f32::NAN), [Factor::MotionBlur, Factor::Pose]);
        assert_eq!(able(|face| face.yaw_deg = 70.0), [Factor::Pose]);
        assert_eq!(able(|face| face.inter_eye_px = 40.0), [Factor::Pose, Factor::Pixels]);
        let hidden = able(|face| face.visible_share = 0.3);
        assert_eq!(hidden, [Factor::Drops, Factor::Worn, Factor::Occluder, Factor::Pose]);
        let both = |face: &mut FaceTruth| (face.defocus_px, face.inter_eye_px) = (9.0, 40.0);
        assert!(able(both).is_empty());
        let mut face = good_face(0, 100.0, 100.0);
        both(&mut face);
        assert!(mendable(&face, &rule, &[Factor::Defocus, Factor::Pixels]));
    }
}
