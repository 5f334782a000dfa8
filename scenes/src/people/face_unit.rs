//! The vocabulary of faces: 52 movements, each of one place.
use serde::{Deserialize, Serialize};

/// One movement of the face; names and meanings are those of ARKit's blend shapes (Apple, *ARFaceAnchor.BlendShapeLocation*).
///
/// The shapes are the CC0 targets `faceunits01` of the MakeHuman community. Left and right are the person's own. Two need
/// another: [`FaceUnit::MouthClose`] shuts the lips over a jaw that is dropped as far, and [`FaceUnit::TongueOut`] wants an
/// open mouth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the names are the movements")]
pub enum FaceUnit {
    BrowDownLeft,
    BrowDownRight,
    BrowInnerUp,
    BrowOuterUpLeft,
    BrowOuterUpRight,
    CheekPuff,
    CheekSquintLeft,
    CheekSquintRight,
    EyeBlinkLeft,
    EyeBlinkRight,
    EyeLookDownLeft,
    EyeLookDownRight,
    EyeLookInLeft,
    EyeLookInRight,
    EyeLookOutLeft,
    EyeLookOutRight,
    EyeLookUpLeft,
    EyeLookUpRight,
    EyeSquintLeft,
    EyeSquintRight,
    EyeWideLeft,
    EyeWideRight,
    JawForward,
    JawLeft,
    JawOpen,
    JawRight,
    MouthClose,
    MouthDimpleLeft,
    MouthDimpleRight,
    MouthFrownLeft,
    MouthFrownRight,
    MouthFunnel,
    MouthLeft,
    MouthLowerDownLeft,
    MouthLowerDownRight,
    MouthPressLeft,
    MouthPressRight,
    MouthPucker,
    MouthRight,
    MouthRollLower,
    MouthRollUpper,
    MouthShrugLower,
    MouthShrugUpper,
    MouthSmileLeft,
    MouthSmileRight,
    MouthStretchLeft,
    MouthStretchRight,
    MouthUpperUpLeft,
    MouthUpperUpRight,
    NoseSneerLeft,
    NoseSneerRight,
    TongueOut,
}

use FaceUnit::*;

/// The lids' shares of looks: down, in, out and up, each of the left eye, then of the right one.
pub(super) const LOOKS: [FaceUnit; 8] = [
    EyeLookDownLeft,
    EyeLookDownRight,
    EyeLookInLeft,
    EyeLookInRight,
    EyeLookOutLeft,
    EyeLookOutRight,
    EyeLookUpLeft,
    EyeLookUpRight,
];

impl FaceUnit {
    /// Every unit with the name of its target, in the order of the enumeration.
    pub(super) const NAMED: [(FaceUnit, &'static str); 52] = [
        (BrowDownLeft, "browDownLeft"),
        (BrowDownRight, "browDownRight"),
        (BrowInnerUp, "browInnerUp"),
        (BrowOuterUpLeft, "browOuterUpLeft"),
        (BrowOuterUpRight, "browOuterUpRight"),
        (CheekPuff, "cheekPuff"),
        (CheekSquintLeft, "cheekSquintLeft"),
        (CheekSquintRight, "cheekSquintRight"),
        (EyeBlinkLeft, "eyeBlinkLeft"),
        (EyeBlinkRight, "eyeBlinkRight"),
        (EyeLookDownLeft, "eyeLookDownLeft"),
        (EyeLookDownRight, "eyeLookDownRight"),
        (EyeLookInLeft, "eyeLookInLeft"),
        (EyeLookInRight, "eyeLookInRight"),
        (EyeLookOutLeft, "eyeLookOutLeft"),
        (EyeLookOutRight, "eyeLookOutRight"),
        (EyeLookUpLeft, "eyeLookUpLeft"),
        (EyeLookUpRight, "eyeLookUpRight"),
        (EyeSquintLeft, "eyeSquintLeft"),
        (EyeSquintRight, "eyeSquintRight"),
        (EyeWideLeft, "eyeWideLeft"),
        (EyeWideRight, "eyeWideRight"),
        (JawForward, "jawForward"),
        (JawLeft, "jawLeft"),
        (JawOpen, "jawOpen"),
        (JawRight, "jawRight"),
        (MouthClose, "mouthClose"),
        (MouthDimpleLeft, "mouthDimpleLeft"),
        (MouthDimpleRight, "mouthDimpleRight"),
        (MouthFrownLeft, "mouthFrownLeft"),
        (MouthFrownRight, "mouthFrownRight"),
        (MouthFunnel, "mouthFunnel"),
        (MouthLeft, "mouthLeft"),
        (MouthLowerDownLeft, "mouthLowerDownLeft"),
        (MouthLowerDownRight, "mouthLowerDownRight"),
        (MouthPressLeft, "mouthPressLeft"),
        (MouthPressRight, "mouthPressRight"),
        (MouthPucker, "mouthPucker"),
        (MouthRight, "mouthRight"),
        (MouthRollLower, "mouthRollLower"),
        (MouthRollUpper, "mouthRollUpper"),
        (MouthShrugLower, "mouthShrugLower"),
        (MouthShrugUpper, "mouthShrugUpper"),
        (MouthSmileLeft, "mouthSmileLeft"),
        (MouthSmileRight, "mouthSmileRight"),
        (MouthStretchLeft, "mouthStretchLeft"),
        (MouthStretchRight, "mouthStretchRight"),
        (MouthUpperUpLeft, "mouthUpperUpLeft"),
        (MouthUpperUpRight, "mouthUpperUpRight"),
        (NoseSneerLeft, "noseSneerLeft"),
        (NoseSneerRight, "noseSneerRight"),
        (TongueOut, "tongueOut"),
    ];

    /// Every unit.
    pub fn all() -> impl Iterator<Item = FaceUnit> {
        Self::NAMED.iter().map(|(unit, _)| *unit)
    }

    /// Whether it is the lids' share of a look: gaze drives those, see [`super::Gaze`].
    pub fn is_look(self) -> bool {
        LOOKS.contains(&self)
    }

    /// The same movement of the other side; a movement of both sides is its own.
    pub fn mirrored(self) -> Self {
        let name = self.name();
        let other = match (name.strip_suffix("Left"), name.strip_suffix("Right")) {
            (Some(stem), _) => format!("{stem}Right"),
            (_, Some(stem)) => format!("{stem}Left"),
            _ => return self,
        };
        Self::NAMED.iter().find(|(_, n)| *n == other).map_or(self, |(unit, _)| *unit)
    }

    fn name(self) -> &'static str {
        Self::NAMED[self as usize].1
    }

    /// Its target's name among all targets.
    pub(super) fn target(self) -> String {
        format!("faceunits/{}", self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_order_and_pairs_mirror_each_other() {
        for (k, (unit, name)) in FaceUnit::NAMED.iter().enumerate() {
            assert_eq!(*unit as usize, k);
            assert_eq!(format!("{unit:?}").to_lowercase(), name.to_lowercase());
            assert_eq!(unit.mirrored().mirrored(), *unit);
            assert_eq!(unit.mirrored() == *unit, !name.ends_with("Left") && !name.ends_with("Right"), "{name}");
        }
        assert_eq!(FaceUnit::all().filter(|u| u.is_look()).count(), 8);
        assert_eq!(serde_json::to_string(&MouthSmileLeft).ok().as_deref(), Some("\"mouth-smile-left\""));
    }
}
