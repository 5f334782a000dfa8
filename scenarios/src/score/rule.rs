//! The testbed's own quality code: whether one face in one exposure is a photograph good enough to be matched.
//!
//! The measures are those of OFIQ (ISO/IEC 29794-5:2025): inter-eye distance ÷ cos yaw, head pose, luminance, share of
//! pixels at 247 or above, entropy. They come from frame and truth, never from the stack.
use super::cause::WORN_SHARE;
use laneproof_exchange::truth::FaceTruth;

use crate::scenario::ValidationRule;

/// Distance between the eyes as if the head were turned to the camera: ÷ cos yaw (ISO/IEC 29794-5), pixels.
pub fn corrected_inter_eye_px(face: &FaceTruth) -> f32 {
    // Beyond 80° the far eye is hidden and the quotient means nothing.
    face.inter_eye_px / face.yaw_deg.clamp(-80.0, 80.0).to_radians().cos()
}

/// Whether the head is turned towards the camera within the rule.
pub fn is_turned_enough(face: &FaceTruth, rule: &ValidationRule) -> bool {
    face.yaw_deg.abs() <= rule.max_yaw_deg
        && face.pitch_deg.abs() <= rule.max_pitch_deg
        && face.roll_deg.abs() <= rule.max_roll_deg
}

/// Whether contrast and entropy are within the rule.
pub fn has_detail(face: &FaceTruth, rule: &ValidationRule) -> bool {
    face.contrast >= rule.min_contrast && face.entropy_bits >= rule.min_entropy_bits
}

/// A face that any usable detector should find: visible, not covered by what is worn, turned less than 30° and at least
/// 60 px wide.
pub fn is_plain_face(face: &FaceTruth) -> bool {
    /// Least visible share that counts as "visible" here; an assumption of this project.
    const VISIBLE: f32 = 0.7;
    face.visible_share >= VISIBLE
        && face.in_frame_share >= VISIBLE
        && face.worn_share < WORN_SHARE
        && face.yaw_deg.abs() < 30.0
        && face.pitch_deg.abs() < 30.0
        && face.roll_deg.abs() < 30.0
        && face.face_box_px.x1 - face.face_box_px.x0 >= 60.0
}

/// Least distance between the eyes from which rank-1 identification is asked for, pixels.
pub const RANK_1_INTER_EYE_PX: f32 = 60.0;

/// A plain face with enough pixels that a usable embedder should put its own reference first.
pub fn is_to_be_identified(face: &FaceTruth) -> bool {
    is_plain_face(face) && face.inter_eye_px >= RANK_1_INTER_EYE_PX
}
