//! Gives heads the measures of people: face-shape parameters are moved, as little as may be, until the head's measures are
//! those drawn for the identity.
//!
//! A measure is nearly linear in the parameters, so each round solves a ridge regression in the parameters' own spread:
//! Δp = D Jᵀ (J D Jᵀ + N)⁻¹ (wanted − measured), with D the parameters' variances, J the measures' slopes and N a small
//! tolerance (Gaussian conditioning). Directions that no measure sees keep their draw.
use std::collections::BTreeMap;

use glam::Vec3;

use super::{
    base_mesh::BaseMesh,
    face_shape::SHAPE,
    head_measures::{COUNT, HEAD_MEASURES, MeasureVertices},
    identity::Identity,
    macros,
    targets::Targets,
};

/// Rounds of the solution; the third changes measures by less than 0.2 mm.
const ROUNDS: usize = 8;
/// How closely measures are met, as a share of their standard deviation (assumption).
const TOLERANCE: f32 = 0.02;
/// Least standard deviation that a parameter is moved with; scale targets have small ones of their own (assumption).
const LEAST_FREEDOM: f32 = 0.25;
/// Largest strength of a parameter: a little beyond its target, where the target alone does not reach a measure.
pub(super) const MOST: f32 = 1.35;
/// Correlation of a measure with what ancestry, weight, age and muscle alone make of it: broad noses stay broad, heavy
/// necks heavy (assumption).
const INHERITED: f32 = 0.55;

/// Displacements of the measures' vertices by every target.
#[derive(Debug)]
pub(super) struct Anthropometry {
    vertices: MeasureVertices,
    used: Vec<u16>,
    rest_m: Vec<Vec3>,
    moves_m: BTreeMap<String, Vec<Vec3>>,
}

impl Anthropometry {
    pub fn new(base: &BaseMesh, targets: &Targets) -> Self {
        let vertices = MeasureVertices::find(base);
        let used = vertices.all();
        let at = |v: u16| used.binary_search(&v).ok();
        let moves_m = targets
            .iter()
            .map(|(name, target)| {
                let mut moves = vec![Vec3::ZERO; used.len()];
                for (&v, &offset) in target.indices.iter().zip(&target.offsets_m) {
                    if let Some(i) = at(v) {
                        moves[i] = offset;
                    }
                }
                (name.to_owned(), moves)
            })
            .collect();
        let rest_m = used.iter().map(|&v| base.positions_m[usize::from(v)]).collect();
        Self { vertices, used, rest_m, moves_m }
    }

    fn slot(&self, v: u16) -> usize {
        self.used.binary_search(&v).unwrap_or(0)
    }

    /// Measures of a whole shaped mesh, millimetres.
    pub fn read_mm(&self, positions_m: &[Vec3]) -> [f32; COUNT] {
        self.vertices.read_mm(|v| positions_m[usize::from(v)])
    }

    fn add(&self, places: &mut [Vec3], name: &str, weight: f32) {
        if let Some(moves) = self.moves_m.get(name) {
            places.iter_mut().zip(moves).for_each(|(p, m)| *p += *m * weight);
        }
    }

    /// What the macro parameters alone make of the measures, millimetres.
    pub fn of_macros_mm(&self, who: &Identity) -> [f32; COUNT] {
        let mut places = self.rest_m.clone();
        for (name, weight) in macros::weights(who) {
            self.add(&mut places, &name, weight);
        }
        self.vertices.read_mm(|v| places[self.slot(v)])
    }

    /// The measures that an identity's head shall have, millimetres.
    fn wanted_mm(&self, who: &Identity, of_macros: &[f32; COUNT]) -> [f32; COUNT] {
        std::array::from_fn(|i| {
            let (mean, deviation) = HEAD_MEASURES[i].of_sex_mm(who.sex);
            let [women, men] = MACRO_MEASURES_MM[i];
            let t = who.sex.clamp(0.0, 1.0);
            let (macro_mean, macro_deviation) = (women.0 + (men.0 - women.0) * t, women.1 + (men.1 - women.1) * t);
            let own = who.head_draws.get(i).copied().unwrap_or(0.0);
            if who.age_years >= GROWN_YEARS {
                let inherited = ((of_macros[i] - macro_mean) / macro_deviation).clamp(-2.5, 2.5);
                mean + deviation * (INHERITED * inherited + (1.0 - INHERITED * INHERITED).sqrt() * own)
            } else {
                // Children: as far from MakeHuman's child as adults are from MakeHuman's adult.
                of_macros[i] * mean / macro_mean * (1.0 + deviation / mean * 0.8 * own)
            }
        })
    }

    /// The shape parameters of an identity, its draws moved to where the head has its measures.
    pub fn fitted_shape(&self, who: &Identity) -> Vec<f32> {
        let draws: Vec<f32> = (0..SHAPE.len()).map(|i| who.shape.get(i).copied().unwrap_or(0.0)).collect();
        let mut values = draws.clone();
        let of_macros = self.of_macros_mm(who);
        let wanted = self.wanted_mm(who, &of_macros);
        let mut start = self.rest_m.clone();
        for (name, weight) in macros::weights(who) {
            self.add(&mut start, &name, weight);
        }
        for _ in 0..ROUNDS {
            let mut places = start.clone();
            for (p, &value) in SHAPE.iter().zip(&values) {
                for side in p.sides() {
                    if let Some(name) = p.target(value, *side) {
                        self.add(&mut places, &name, value.abs());
                    }
                }
            }
            let at = |v: u16| places[self.slot(v)];
            let measured = self.vertices.read_mm(at);
            let slopes: Vec<[f32; COUNT]> =
                SHAPE.iter().zip(&values).map(|(p, &value)| self.slopes_mm(p, value, &at)).collect();
            let step = conditioned(&slopes, &std::array::from_fn(|i| wanted[i] - measured[i]), who.sex);
            for ((value, p), d) in values.iter_mut().zip(SHAPE).zip(step) {
                *value = (*value + d).clamp(if p.negative.is_some() { -MOST } else { 0.0 }, MOST);
            }
        }
        values
    }

    /// Slopes of every measure over one parameter, millimetres for a strength of 1.
    fn slopes_mm(&self, p: &super::face_shape::ShapeParameter, value: f32, at: &impl Fn(u16) -> Vec3) -> [f32; COUNT] {
        let sign = if value < 0.0 { -1.0 } else { 1.0 };
        let names: Vec<String> = p.sides().iter().filter_map(|&side| p.target(sign, side)).collect();
        let moves: Vec<&Vec<Vec3>> = names.iter().filter_map(|n| self.moves_m.get(n)).collect();
        let step = |v: u16| moves.iter().map(|m| m[self.slot(v)]).sum::<Vec3>() * sign;
        std::array::from_fn(|i| self.vertices.slope_mm(i, at, step))
    }
}

/// Age from which a head has its adult measures, years (assumption).
const GROWN_YEARS: f32 = 17.0;

/// The step of one round.
fn conditioned(slopes: &[[f32; COUNT]], missing_mm: &[f32; COUNT], sex: f32) -> Vec<f32> {
    let variance = |i: usize| SHAPE[i].deviation.max(LEAST_FREEDOM).powi(2);
    let mut matrix = [[0.0_f32; COUNT]; COUNT];
    for (k, slope) in slopes.iter().enumerate() {
        for (row, &a) in matrix.iter_mut().zip(slope) {
            row.iter_mut().zip(slope).for_each(|(cell, &b)| *cell += a * b * variance(k));
        }
    }
    for (i, row) in matrix.iter_mut().enumerate() {
        row[i] += (HEAD_MEASURES[i].of_sex_mm(sex).1 * TOLERANCE).powi(2);
    }
    let weights = solved(matrix, *missing_mm);
    let of =
        |(k, slope): (usize, &[f32; COUNT])| variance(k) * slope.iter().zip(&weights).map(|(a, b)| a * b).sum::<f32>();
    slopes.iter().enumerate().map(of).collect()
}

/// Solves a symmetric positive definite system by elimination.
fn solved(mut a: [[f32; COUNT]; COUNT], mut b: [f32; COUNT]) -> [f32; COUNT] {
    for i in 0..COUNT {
        let pivot = a[i];
        for j in i + 1..COUNT {
            let factor = a[j][i] / pivot[i];
            a[j].iter_mut().zip(pivot).for_each(|(x, y)| *x -= factor * y);
            b[j] -= factor * b[i];
        }
    }
    for i in (0..COUNT).rev() {
        let rest: f32 = (i + 1..COUNT).map(|j| a[i][j] * b[j]).sum();
        b[i] = (b[i] - rest) / a[i][i];
    }
    b
}

/// Mean and standard deviation of what MakeHuman's macro parameters alone make of each measure of adults: women, men,
/// millimetres. Measured over 4,000 draws of `Demographics::adults`; a test keeps them true.
pub(super) const MACRO_MEASURES_MM: [[(f32, f32); 2]; COUNT] = [
    [(139.3, 4.0), (144.5, 2.8)],
    [(184.9, 7.4), (204.9, 4.1)],
    [(135.5, 2.9), (144.8, 2.7)],
    [(106.2, 4.3), (111.9, 2.8)],
    [(106.5, 3.9), (114.6, 3.0)],
    [(48.3, 2.2), (52.1, 1.8)],
    [(33.9, 3.0), (36.3, 2.8)],
    [(15.0, 3.0), (15.1, 2.7)],
    [(14.7, 0.6), (15.4, 0.4)],
    [(43.4, 1.5), (46.7, 2.1)],
    [(57.6, 1.3), (59.8, 1.2)],
    [(114.4, 6.9), (143.5, 6.7)],
];
