//! Expressions: strengths of face units, sampled as everyday faces in a car.
use rand::Rng;
use serde::{Deserialize, Serialize};

use super::face_unit::FaceUnit::{self, *};

/// Strengths of face units, 0..1; a unit that is not named rests. One that is named twice has the sum of both.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Expression(pub Vec<(FaceUnit, f32)>);

/// How much stronger one side of a face moves than the other, at most, as a share (assumption).
const LOPSIDED: f32 = 0.16;
/// Children below this age put out their tongues, years, and the share of moments that they do (assumption).
const TONGUE_BELOW: (f32, f32) = (7.0, 0.04);

/// A face in the making.
struct Draft<'a, R: Rng + ?Sized> {
    units: Vec<(FaceUnit, f32)>,
    rng: &'a mut R,
}

impl<R: Rng + ?Sized> Draft<'_, R> {
    fn unit(&mut self) -> f32 {
        self.rng.random()
    }

    /// Movements of no side.
    fn add(&mut self, units: &[(FaceUnit, f32)]) {
        self.units.extend_from_slice(units);
    }

    /// Movements given by their left one, on both sides, never quite alike.
    fn both(&mut self, lefts: &[(FaceUnit, f32)]) {
        for &(left, strength) in lefts {
            let tilt = LOPSIDED * (self.unit() - 0.5);
            self.units.extend([(left, strength * (1.0 + tilt)), (left.mirrored(), strength * (1.0 - tilt))]);
        }
    }

    /// Movements given by their left one, on one side.
    fn aside(&mut self, lefts: &[(FaceUnit, f32)]) {
        let left = self.unit() < 0.5;
        self.units.extend(lefts.iter().map(|&(unit, s)| (if left { unit } else { unit.mirrored() }, s)));
    }

    fn smile(&mut self, s: f32) {
        self.both(&[(MouthSmileLeft, 0.75 * s), (CheekSquintLeft, 0.6 * s), (EyeSquintLeft, 0.35 * s)]);
        match self.unit() {
            ..0.40 => {
                self.add(&[(JawOpen, 0.22 * s)]);
                self.both(&[(MouthUpperUpLeft, 0.45 * s), (MouthLowerDownLeft, 0.25 * s)]);
            }
            ..0.60 => self.both(&[(MouthDimpleLeft, 0.5 * s)]),
            ..0.75 => self.aside(&[(MouthDimpleLeft, 0.5 * s), (MouthSmileLeft, 0.2 * s)]),
            _ => {}
        }
    }

    fn frown(&mut self, s: f32) {
        self.both(&[(BrowDownLeft, s), (EyeSquintLeft, 0.3 * s)]);
        match self.unit() {
            ..0.35 => self.both(&[(MouthFrownLeft, 0.8 * s)]),
            ..0.65 => self.both(&[(MouthPressLeft, 0.7 * s)]),
            ..0.80 => {
                self.add(&[(MouthShrugLower, 0.6 * s), (BrowInnerUp, 0.4 * s)]);
                self.both(&[(MouthFrownLeft, 0.4 * s)]);
            }
            _ => {}
        }
    }

    /// One of the mouth's shapes in speech, as animators tell them apart.
    fn speech(&mut self, s: f32) {
        match self.rng.random_range(0..7) {
            // As in "father".
            0 => {
                self.add(&[(JawOpen, 0.55 * s)]);
                self.both(&[(MouthLowerDownLeft, 0.35 * s), (MouthUpperUpLeft, 0.15 * s)]);
            }
            // "See".
            1 => {
                self.add(&[(JawOpen, 0.18 * s)]);
                self.both(&[(MouthStretchLeft, 0.6 * s), (MouthUpperUpLeft, 0.25 * s), (MouthLowerDownLeft, 0.35 * s)]);
            }
            // "More".
            2 => self.add(&[(JawOpen, 0.40 * s), (MouthFunnel, 0.75 * s)]),
            // "You".
            3 => self.add(&[(JawOpen, 0.15 * s), (MouthPucker, 0.85 * s)]),
            // M, b, p.
            4 => {
                self.add(&[(JawOpen, 0.20 * s), (MouthClose, 0.20 * s)]);
                self.add(&[(MouthRollLower, 0.35 * s), (MouthRollUpper, 0.30 * s)]);
                self.both(&[(MouthPressLeft, 0.3 * s)]);
            }
            // F, v.
            5 => {
                self.add(&[(JawOpen, 0.12 * s), (MouthRollLower, 0.6 * s)]);
                self.both(&[(MouthUpperUpLeft, 0.4 * s)]);
            }
            // S, ch.
            _ => {
                self.add(&[(JawOpen, 0.10 * s), (MouthFunnel, 0.35 * s), (MouthShrugUpper, 0.3 * s)]);
                self.both(&[(MouthLowerDownLeft, 0.45 * s), (MouthDimpleLeft, 0.2 * s)]);
            }
        }
    }

    fn brows(&mut self, s: f32) {
        match self.unit() {
            ..0.5 => {
                self.add(&[(BrowInnerUp, s)]);
                self.both(&[(BrowOuterUpLeft, s), (EyeWideLeft, 0.5 * s)]);
            }
            ..0.7 => self.aside(&[(BrowOuterUpLeft, s), (EyeWideLeft, 0.3 * s)]),
            _ => self.add(&[(BrowInnerUp, s)]),
        }
    }

    fn lips(&mut self, s: f32) {
        match self.unit() {
            ..0.30 => self.add(&[(MouthPucker, 0.8 * s)]),
            ..0.55 => {
                self.add(&[(MouthRollLower, 0.7 * s), (MouthRollUpper, 0.6 * s)]);
                self.both(&[(MouthPressLeft, 0.5 * s)]);
            }
            ..0.75 => self.add(&[(MouthShrugLower, s), (MouthShrugUpper, 0.6 * s)]),
            _ => {
                self.aside(&[(MouthLeft, 0.7 * s)]);
                self.aside(&[(MouthPressLeft, 0.4 * s)]);
            }
        }
    }

    fn against_light(&mut self, s: f32) {
        self.both(&[(EyeSquintLeft, s), (CheekSquintLeft, 0.7 * s), (BrowDownLeft, 0.6 * s), (NoseSneerLeft, 0.5 * s)]);
        self.both(&[(MouthUpperUpLeft, 0.25 * s), (EyeBlinkLeft, 0.25 * s)]);
    }

    /// Chews, or moves the jaw about.
    fn jaw(&mut self, s: f32) {
        match self.unit() {
            ..0.7 => {
                self.aside(&[(JawLeft, 0.7 * s)]);
                self.add(&[(JawOpen, 0.16 * s), (MouthClose, 0.14 * s)]);
                self.aside(&[(MouthPressLeft, 0.3 * s)]);
            }
            _ => self.add(&[(JawForward, 0.6 * s)]),
        }
    }

    fn yawn(&mut self, s: f32) {
        self.add(&[(JawOpen, 0.35 + 0.55 * s), (MouthFunnel, 0.2 * s), (BrowInnerUp, 0.4 * s)]);
        self.both(&[(EyeBlinkLeft, 0.3 + 0.6 * s), (EyeSquintLeft, 0.5 * s), (NoseSneerLeft, 0.3 * s)]);
    }
}

impl Expression {
    /// The resting face, as portraits demand it.
    pub fn neutral() -> Self {
        Self::default()
    }

    /// A face in a car at some moment, of somebody of an age in years. The shares are assumptions: two fifths rest, a fifth
    /// smiles, others frown, speak, raise their brows, purse their lips or squint at the light; cheeks are puffed, jaws
    /// moved and mouths opened to yawn rarely. The left side and the right one are never quite alike.
    pub fn sample<R: Rng + ?Sized>(age_years: f32, rng: &mut R) -> Self {
        let mut face = Draft { units: Vec::new(), rng };
        let s = 0.25 + 0.6 * face.unit();
        if age_years < TONGUE_BELOW.0 && face.unit() < TONGUE_BELOW.1 {
            face.add(&[(JawOpen, 0.25 + 0.1 * s), (TongueOut, 0.5 + 0.5 * s)]);
            face.both(&[(MouthLowerDownLeft, 0.3)]);
        } else {
            match face.rng.random_range(0..100) {
                0..41 => {}
                41..61 => face.smile(s),
                61..69 => face.frown(s),
                69..81 => face.speech(s),
                81..87 => face.brows(s),
                87..91 => face.lips(s),
                91..96 => face.against_light(s),
                96..98 => face.jaw(s),
                98 => face.add(&[(CheekPuff, 0.8 * s), (MouthPucker, 0.25 * s)]),
                _ => face.yawn(s),
            }
        }
        // Lids are never quite alike from one exposure to the next.
        let (low, much) = (face.unit() < 0.2, face.unit());
        if low {
            face.both(&[(EyeSquintLeft, 0.15 + 0.4 * much)]);
        } else {
            face.both(&[(EyeBlinkLeft, 0.18 * much)]);
        }
        Self(face.units)
    }

    /// Eyes shut, the jaw a little slack.
    pub fn asleep() -> Self {
        Self(vec![(EyeBlinkLeft, 1.0), (EyeBlinkRight, 1.0), (JawOpen, 0.06)])
    }

    /// Strengths unit by unit: sums, at most 1, and none that lacks the movement it belongs to.
    pub(super) fn strengths(&self) -> [f32; FaceUnit::NAMED.len()] {
        let mut out = [0.0; FaceUnit::NAMED.len()];
        for &(unit, strength) in &self.0 {
            out[unit as usize] = (out[unit as usize] + strength).clamp(0.0, 1.0);
        }
        // Lips that met before the jaw is dropped would be pushed through each other.
        out[MouthClose as usize] = out[MouthClose as usize].min(out[JawOpen as usize]);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::stream;

    #[test]
    fn every_unit_but_the_looks_occurs_in_everyday_faces() {
        let mut used = [0_u32; FaceUnit::NAMED.len()];
        for k in 0..20_000 {
            let mut rng = stream(5, k, "expression");
            let face = Expression::sample((k % 80) as f32, &mut rng);
            let strengths = face.strengths();
            assert!(strengths.iter().all(|s| (0.0..=1.0).contains(s)));
            strengths.iter().zip(&mut used).filter(|(s, _)| **s > 0.02).for_each(|(_, n)| *n += 1);
        }
        for unit in FaceUnit::all() {
            assert_eq!(used[unit as usize] == 0, unit.is_look(), "{unit:?}: {}", used[unit as usize]);
        }
    }

    #[test]
    fn the_same_draw_gives_the_same_face_and_only_small_children_put_out_their_tongues() {
        let face = |k, age| Expression::sample(age, &mut stream(6, k, "expression"));
        let tongue = |f: &Expression| f.0.iter().any(|(unit, _)| *unit == TongueOut);
        assert!((0..500).all(|k| face(k, 30.0) == face(k, 30.0) && !tongue(&face(k, 30.0))));
        let out = (0..1000).filter(|&k| tongue(&face(k, 4.0))).count();
        assert!((15..80).contains(&out), "{out} of 1000");
        assert_ne!(face(1, 30.0), face(2, 30.0));
    }
}
