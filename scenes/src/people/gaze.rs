//! Where the eyes look: they turn against the head, and the lids go with them.
use glam::Quat;
use serde::{Deserialize, Serialize};

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
/// Share of the eye's nod that upper and lower lid follow (assumption: the upper lid covers the same part of the iris
/// whatever one looks at, the lower one moves half as far).
const LID_SHARES: (f32, f32) = (0.75, 0.35);

impl Gaze {
    /// Towards a direction against the head, as far as eyes turn.
    pub fn towards(yaw_rad: f32, pitch_rad: f32) -> Self {
        Self {
            yaw_rad: yaw_rad.clamp(-LARGEST_RAD.0, LARGEST_RAD.0),
            pitch_rad: pitch_rad.clamp(-LARGEST_RAD.1, LARGEST_RAD.1),
        }
    }

    /// Bones of eyes and lids with their turns, for a head so turned.
    pub(super) fn bones(self, head: Quat) -> [(&'static str, Quat); 6] {
        let eye = head * Quat::from_rotation_y(self.yaw_rad) * Quat::from_rotation_x(self.pitch_rad);
        let lid = |share: f32| head * Quat::from_rotation_x(share * self.pitch_rad);
        [
            ("eye.L", eye),
            ("eye.R", eye),
            ("orbicularis03.L", lid(LID_SHARES.0)),
            ("orbicularis03.R", lid(LID_SHARES.0)),
            ("orbicularis04.L", lid(LID_SHARES.1)),
            ("orbicularis04.R", lid(LID_SHARES.1)),
        ]
    }
}
