//! Where the eyes look: they turn against the head, and the lids go with them.
use glam::Quat;
use serde::{Deserialize, Serialize};

use super::face_unit::LOOKS;

/// Eyes turned against the head; 0, 0 looks straight out of the face.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Gaze {
    /// To the person's left, radians.
    pub yaw_rad: f32,
    /// Downwards, radians.
    pub pitch_rad: f32,
}

/// Eyes turn further than this only with effort, radians (customary range of eye movement without the head about 30°
/// sideways, 25° up and down; assumption after textbooks of ergonomics).
const LARGEST_RAD: (f32, f32) = (0.52, 0.44);
/// Turn of the eyeballs in the face units of a look at full strength, radians, by which a turn becomes a strength:
/// sideways, down and up (means over the cornea's vertices of the targets).
const FULL_LOOK_RAD: (f32, f32, f32) = (0.38, 0.30, 0.19);
/// Most strength of a look: beyond it the lids stay (assumption; a unit further than this tears them).
const MOST_LOOK: f32 = 1.5;

impl Gaze {
    /// Towards a direction against the head, as far as eyes turn.
    pub fn towards(yaw_rad: f32, pitch_rad: f32) -> Self {
        Self {
            yaw_rad: yaw_rad.clamp(-LARGEST_RAD.0, LARGEST_RAD.0),
            pitch_rad: pitch_rad.clamp(-LARGEST_RAD.1, LARGEST_RAD.1),
        }
    }

    /// Bones of the eyes with their turns, for a head so turned.
    pub(super) fn bones(self, head: Quat) -> [(&'static str, Quat); 2] {
        let eye = head * Quat::from_rotation_y(self.yaw_rad) * Quat::from_rotation_x(self.pitch_rad);
        [("eye.L", eye), ("eye.R", eye)]
    }

    /// Strengths of the lids' units, in the order of [`LOOKS`].
    pub(super) fn lids(self) -> [f32; LOOKS.len()] {
        let strength = |turn: f32, full: f32| (turn / full).clamp(0.0, MOST_LOOK);
        let (aside, down, up) = FULL_LOOK_RAD;
        let (left, right) = (strength(self.yaw_rad, aside), strength(-self.yaw_rad, aside));
        let (down, up) = (strength(self.pitch_rad, down), strength(-self.pitch_rad, up));
        // Down, in, out, up: each for the left eye, then the right one.
        [down, down, right, left, left, right, up, up]
    }
}
