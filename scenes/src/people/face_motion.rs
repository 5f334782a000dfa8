//! What face units do to a shaped face: sized to it, lids that shut exactly, and lids that follow the eyes at any instant.
use std::collections::BTreeMap;

use glam::Vec3;

use super::{
    bake::BoundPart,
    expression::Expression,
    face_unit::{FaceUnit, LOOKS},
    gaze::Gaze,
    library::PeopleLibrary,
    regions::Template,
    targets::Target,
};

/// How much a place moves with each of [`LOOKS`] at full strength, metres.
type Moves = [Vec3; LOOKS.len()];

/// What of a baked person goes with the eyes' looks.
#[derive(Debug, Default)]
pub(super) struct Lids {
    /// Part, and its vertices that move.
    parts: Vec<(usize, Vec<(u32, Moves)>)>,
    /// Face points that move.
    points: Vec<(usize, Moves)>,
}

/// Sum of the moves at strengths.
fn moved(moves: &Moves, strengths: &[f32; LOOKS.len()]) -> Vec3 {
    moves.iter().zip(strengths).map(|(m, s)| *m * *s).sum()
}

impl Lids {
    /// Vertices of a part with how they are moved by a look; nothing for eyes that look straight ahead.
    pub fn of_part(&self, part: usize, gaze: Gaze) -> Vec<(u32, Vec3)> {
        if gaze == Gaze::default() {
            return Vec::new();
        }
        let strengths = gaze.lids();
        let vertices = self.parts.iter().filter(|(p, _)| *p == part).flat_map(|(_, vertices)| vertices);
        vertices.map(|(v, moves)| (*v, moved(moves, &strengths))).collect()
    }

    /// How a look moves a face point, metres.
    pub fn of_point(&self, point: usize, gaze: Gaze) -> Vec3 {
        let found = self.points.iter().find(|(p, _)| *p == point);
        found.map_or(Vec3::ZERO, |(_, moves)| moved(moves, &gaze.lids()))
    }

    /// Memory taken, bytes.
    pub fn memory_bytes(&self) -> usize {
        self.parts.iter().map(|(_, v)| size_of_val(v.as_slice())).sum::<usize>() + size_of_val(self.points.as_slice())
    }
}

/// How far the lids of a shut eye overlap, metres: enough that no eyeball shows between the vertices (assumption).
const LIDS_OVERLAP_M: f32 = 0.0006;
/// Lids of no shaped eye need more than this times the target's movement; more would be torn.
const MOST_BLINK: f32 = 1.7;
/// Where the middles of the upper and the lower lids stand among the face points; the left eye's, then the right one's.
const LID_POINTS: [[usize; 2]; 2] = [[4, 6], [5, 7]];

/// The brows among the face points: lids end below them.
const BROW_POINTS: [usize; 2] = [8, 9];
const BLINKS: [FaceUnit; 2] = [FaceUnit::EyeBlinkLeft, FaceUnit::EyeBlinkRight];
/// Vertices that a blink moves by less are no lids, metres.
const LID_MOVES_M: f32 = 0.0005;
/// How far the lids' vertices stay outside of the eyeball, metres: the chords between them must clear it.
const LID_M: f32 = 0.0005;
/// Vertices of an eyeball count as in a lid's direction within this, radians: two rings of its mesh.
const SAME_DIRECTION_RAD: f32 = 0.25;

/// How a target moves one vertex, metres.
fn offset_m(target: &Target, vertex: u16) -> Vec3 {
    target.indices.iter().position(|&v| v == vertex).map_or(Vec3::ZERO, |k| target.offsets_m[k])
}

impl PeopleLibrary {
    /// What moves with the eyes' looks on a shaped head, of parts that were made from templates vertex by vertex.
    pub(super) fn lids(&self, parts: &[BoundPart], positions_m: &[Vec3]) -> Lids {
        // Lids are of the eyes' size, and pupils stay where they are whatever the face does.
        let apart = |p: &[Vec3]| {
            let [left, right] = self.landmarks.pupils_m(p);
            left.distance(right)
        };
        let size = apart(positions_m) / apart(&self.base.positions_m);
        let mut moves: BTreeMap<u16, Moves> = BTreeMap::new();
        for (k, unit) in LOOKS.iter().enumerate() {
            let Some(target) = self.targets.get(&unit.target()) else { continue };
            for (&v, &offset) in target.indices.iter().zip(&target.offsets_m) {
                moves.entry(v).or_default()[k] = offset * size;
            }
        }
        let t = &self.templates;
        let of_template = |(name, template): (&str, &Template)| {
            let part = parts.iter().position(|part| part.name == name)?;
            let sources = (0..).zip(&template.vertices);
            Some((part, sources.filter_map(|(i, v)| moves.get(&v.source).map(|m| (i, *m))).collect()))
        };
        let parts = [("face skin", &t.face), ("head skin", &t.head), ("lashes", &t.lashes)];
        let points = self.landmarks.points.iter().enumerate();
        Lids {
            parts: parts.into_iter().filter_map(of_template).collect(),
            points: points.filter_map(|(i, v)| moves.get(v).map(|m| (i, *m))).collect(),
        }
    }

    /// Size of a shaped face against the base mesh's, which the units were made on: from the eyes to the chin.
    pub(super) fn face_size(&self, positions_m: &[Vec3]) -> f32 {
        let height = |p: &[Vec3]| {
            let [left, right] = self.landmarks.pupils_m(p);
            (left.y + right.y) / 2.0 - p[usize::from(self.landmarks.chin)].y
        };
        height(positions_m) / height(&self.base.positions_m)
    }

    /// Moves a resting face into an expression.
    pub(super) fn express(&self, expression: &Expression, positions_m: &mut [Vec3]) {
        let size = self.face_size(positions_m);
        let mut weights = expression.strengths().map(|s| s * size);
        for (side, blink) in BLINKS.into_iter().enumerate() {
            weights[blink as usize] =
                expression.strengths()[blink as usize] * self.shutting(side, blink, &weights, positions_m);
        }
        for (unit, weight) in FaceUnit::all().zip(weights) {
            if let Some(target) = self.targets.get(&unit.target()).filter(|_| weight > 1e-4) {
                target.add_to(positions_m, weight);
            }
        }
        for (side, blink) in BLINKS.into_iter().enumerate() {
            self.lay_on_eye(side, blink, weights[blink as usize], positions_m);
        }
    }

    /// Lays the lids that a blink has moved on the eyeball where straight paths led them through it.
    fn lay_on_eye(&self, side: usize, blink: FaceUnit, weight: f32, positions_m: &mut [Vec3]) {
        let Some(target) = self.targets.get(&blink.target()).filter(|_| weight > 1e-4) else { return };
        let eye = &self.landmarks.eyes[side];
        let middle = eye.iter().map(|&v| positions_m[usize::from(v)]).sum::<Vec3>() / eye.len().max(1) as f32;
        let ball: Vec<Vec3> = eye.iter().map(|&v| positions_m[usize::from(v)] - middle).collect();
        let brow = self.landmarks.points[BROW_POINTS[side]];
        let reach = positions_m[usize::from(brow)].distance(middle);
        for (&v, &offset) in target.indices.iter().zip(&target.offsets_m) {
            let from_middle = positions_m[usize::from(v)] - middle;
            let distance = from_middle.length();
            if offset.length() * weight < LID_MOVES_M || distance > reach || from_middle.z < 0.0 {
                continue;
            }
            // The cornea stands out of the ball: as far as the ball's own vertices say in this direction.
            let along = ball.iter().filter(|b| b.angle_between(from_middle) < SAME_DIRECTION_RAD);
            let ball_m = along.map(|b| b.length()).fold(0.0, f32::max);
            if ball_m > 0.0 && distance < ball_m + LID_M {
                positions_m[usize::from(v)] = middle + from_middle * ((ball_m + LID_M) / distance.max(1e-4));
            }
        }
    }

    /// Weight of a blink that shuts an eye, given what else moves its lids.
    fn shutting(&self, side: usize, blink: FaceUnit, weights: &[f32], positions_m: &[Vec3]) -> f32 {
        let [upper, lower] = LID_POINTS[side].map(|point| self.landmarks.points[point]);
        let opening = |unit: FaceUnit| {
            let target = self.targets.get(&unit.target());
            target.map_or(0.0, |t| (offset_m(t, upper) - offset_m(t, lower)).y)
        };
        let rest = positions_m[usize::from(upper)].y - positions_m[usize::from(lower)].y;
        let others = FaceUnit::all().filter(|unit| *unit != blink && weights[*unit as usize] > 0.0);
        let open = rest + others.map(|unit| weights[unit as usize] * opening(unit)).sum::<f32>();
        ((open + LIDS_OVERLAP_M) / -opening(blink)).clamp(0.0, MOST_BLINK)
    }
}
