//! Expressions: MakeHuman's face units, each one movement of the face, sampled as everyday faces.
use rand::Rng;
use serde::{Deserialize, Serialize};

use super::identity::Ancestry;

/// One movement of the face; the name is that of MakeHuman's target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the names are the movements")]
pub enum FaceUnit {
    EyeLeftClosure,
    EyeRightClosure,
    EyeLeftOpenedUp,
    EyeRightOpenedUp,
    EyeLeftSlit,
    EyeRightSlit,
    EyebrowsLeftDown,
    EyebrowsRightDown,
    EyebrowsLeftUp,
    EyebrowsRightUp,
    EyebrowsLeftInnerUp,
    EyebrowsRightInnerUp,
    EyebrowsLeftExternUp,
    EyebrowsRightExternUp,
    MouthCompression,
    MouthCornerPuller,
    MouthDepression,
    MouthDepressionRetraction,
    MouthElevation,
    MouthEversion,
    MouthOpen,
    MouthParling,
    MouthPartLater,
    MouthProtusion,
    MouthPursing,
    MouthRetraction,
    MouthUpwardRetraction,
    NeckPlatysma,
    NoseCompression,
    NoseDepression,
    NoseLeftDilatation,
    NoseRightDilatation,
    NoseLeftElevation,
    NoseRightElevation,
}

use FaceUnit::*;

impl FaceUnit {
    /// Every unit with the name of its target.
    pub(super) const ALL: [(FaceUnit, &'static str); 34] = [
        (EyeLeftClosure, "eye-left-closure"),
        (EyeRightClosure, "eye-right-closure"),
        (EyeLeftOpenedUp, "eye-left-opened-up"),
        (EyeRightOpenedUp, "eye-right-opened-up"),
        (EyeLeftSlit, "eye-left-slit"),
        (EyeRightSlit, "eye-right-slit"),
        (EyebrowsLeftDown, "eyebrows-left-down"),
        (EyebrowsRightDown, "eyebrows-right-down"),
        (EyebrowsLeftUp, "eyebrows-left-up"),
        (EyebrowsRightUp, "eyebrows-right-up"),
        (EyebrowsLeftInnerUp, "eyebrows-left-inner-up"),
        (EyebrowsRightInnerUp, "eyebrows-right-inner-up"),
        (EyebrowsLeftExternUp, "eyebrows-left-extern-up"),
        (EyebrowsRightExternUp, "eyebrows-right-extern-up"),
        (MouthCompression, "mouth-compression"),
        (MouthCornerPuller, "mouth-corner-puller"),
        (MouthDepression, "mouth-depression"),
        (MouthDepressionRetraction, "mouth-depression-retraction"),
        (MouthElevation, "mouth-elevation"),
        (MouthEversion, "mouth-eversion"),
        (MouthOpen, "mouth-open"),
        (MouthParling, "mouth-parling"),
        (MouthPartLater, "mouth-part-later"),
        (MouthProtusion, "mouth-protusion"),
        (MouthPursing, "mouth-pursing"),
        (MouthRetraction, "mouth-retraction"),
        (MouthUpwardRetraction, "mouth-upward-retraction"),
        (NeckPlatysma, "neck-platysma"),
        (NoseCompression, "nose-compression"),
        (NoseDepression, "nose-depression"),
        (NoseLeftDilatation, "nose-left-dilatation"),
        (NoseRightDilatation, "nose-right-dilatation"),
        (NoseLeftElevation, "nose-left-elevation"),
        (NoseRightElevation, "nose-right-elevation"),
    ];

    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(unit, _)| *unit == self).map_or("", |(_, name)| name)
    }
}

/// Strengths of face units, 0..1; a unit that is not named rests.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Expression(pub Vec<(FaceUnit, f32)>);

impl Expression {
    /// The resting face, as portraits demand it.
    pub fn neutral() -> Self {
        Self::default()
    }

    /// A face in a car: mostly near rest, a smile, a frown, speech, narrowed eyes; shares are assumptions.
    pub fn sample<R: Rng + ?Sized>(rng: &mut R) -> Self {
        let strength = 0.25 + 0.6 * rng.random::<f32>();
        let mut units: Vec<(FaceUnit, f32)> = match rng.random_range(0..100) {
            0..45 => vec![],
            45..65 => vec![(MouthCornerPuller, strength), (MouthRetraction, 0.3 * strength)],
            65..75 => {
                vec![(EyebrowsLeftDown, strength), (EyebrowsRightDown, strength), (MouthCompression, 0.4 * strength)]
            }
            75..85 => vec![(MouthOpen, 0.45 * strength), (MouthPartLater, 0.3 * strength)],
            85..93 => vec![(EyebrowsLeftUp, strength), (EyebrowsRightUp, strength)],
            _ => vec![(MouthPursing, 0.6 * strength)],
        };
        // Lids are never quite alike from one exposure to the next.
        let lids = rng.random::<f32>();
        if lids < 0.3 {
            let narrowed = 0.15 + 0.35 * rng.random::<f32>();
            units.extend([(EyeLeftSlit, narrowed), (EyeRightSlit, narrowed)]);
        } else {
            let lowered = 0.18 * rng.random::<f32>();
            units.extend([(EyeLeftClosure, lowered), (EyeRightClosure, lowered)]);
        }
        Self(units)
    }

    /// Eyes shut.
    pub fn asleep() -> Self {
        Self(vec![(EyeLeftClosure, 1.0), (EyeRightClosure, 1.0), (MouthOpen, 0.08)])
    }

    /// Targets (below `targets/`) and weights on a face of some ancestry.
    pub(super) fn weights(&self, ancestry: Ancestry) -> Vec<(String, f32)> {
        let a = ancestry.normalized();
        let shares = [("african", a.african), ("asian", a.asian), ("caucasian", a.caucasian)];
        let of = |&(unit, strength): &(FaceUnit, f32)| {
            shares.map(|(who, share)| (target(who, unit.name()), share * strength.clamp(0.0, 1.0)))
        };
        self.0.iter().flat_map(of).filter(|(_, weight)| *weight > 1e-3).collect()
    }

    /// Every target that some expression uses.
    pub(super) fn all_names() -> Vec<String> {
        let who = ["african", "asian", "caucasian"];
        FaceUnit::ALL.iter().flat_map(|(_, name)| who.map(|w| target(w, name))).collect()
    }
}

fn target(who: &str, unit: &str) -> String {
    format!("expression/units/{who}/{unit}")
}
