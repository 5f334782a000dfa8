//! Catmull–Clark subdivision of closed quad cages, with semi-sharp creases.
//!
//! E. Catmull, J. Clark, "Recursively generated B-spline surfaces on arbitrary topological meshes", CAD 10(6), 1978;
//! creases after T. DeRose, M. Kass, T. Truong, "Subdivision surfaces in character animation", SIGGRAPH 1998.
use std::collections::BTreeMap;

use glam::Vec3;

/// A closed mesh of quads, counter-clockwise outwards.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cage {
    /// Corner positions, metres.
    pub points: Vec<Vec3>,
    /// Four corners each.
    pub quads: Vec<[u32; 4]>,
    /// Sharpness of creased edges by (lower, higher) corner; loses one a level.
    pub creases: BTreeMap<(u32, u32), f32>,
}

struct Edge {
    point: u32,
    faces: Vec<u32>,
}

fn key(a: u32, b: u32) -> (u32, u32) {
    (a.min(b), a.max(b))
}

impl Cage {
    /// One level of refinement. The images of the old corners come first and keep their indices.
    pub fn subdivided(&self) -> Cage {
        let corner_count = self.points.len();
        let face_points: Vec<Vec3> =
            self.quads.iter().map(|q| q.iter().map(|&i| self.points[i as usize]).sum::<Vec3>() / 4.0).collect();
        let mut edges: BTreeMap<(u32, u32), Edge> = BTreeMap::new();
        for (f, q) in self.quads.iter().enumerate() {
            for k in 0..4 {
                let edge = edges.entry(key(q[k], q[(k + 1) % 4])).or_insert(Edge { point: 0, faces: Vec::new() });
                edge.faces.push(f as u32);
            }
        }
        let mut points = vec![Vec3::ZERO; corner_count];
        // Sums round each corner: face points, edge middles, valence; and the creases that end there.
        let mut face_sum = vec![Vec3::ZERO; corner_count];
        let mut middle_sum = vec![Vec3::ZERO; corner_count];
        let mut valence = vec![0.0f32; corner_count];
        let mut sharp: Vec<Vec<(u32, f32)>> = vec![Vec::new(); corner_count];
        for (f, q) in self.quads.iter().enumerate() {
            for &i in q {
                face_sum[i as usize] += face_points[f];
            }
        }
        let mut creases = BTreeMap::new();
        for (&(a, b), edge) in &mut edges {
            let middle = (self.points[a as usize] + self.points[b as usize]) / 2.0;
            let smooth = edge.faces.iter().map(|&f| face_points[f as usize]).sum::<Vec3>() / edge.faces.len() as f32;
            let sharpness = self.creases.get(&(a, b)).copied().unwrap_or(0.0);
            edge.point = points.len() as u32;
            points.push(((smooth + middle) / 2.0).lerp(middle, sharpness.min(1.0)));
            for (i, other) in [(a, b), (b, a)] {
                middle_sum[i as usize] += middle;
                valence[i as usize] += 1.0;
                if sharpness > 0.0 {
                    sharp[i as usize].push((other, sharpness));
                }
            }
            if sharpness > 1.0 {
                creases.insert(key(a, edge.point), sharpness - 1.0);
                creases.insert(key(b, edge.point), sharpness - 1.0);
            }
        }
        for i in 0..corner_count {
            let (here, n) = (self.points[i], valence[i]);
            let smooth = (face_sum[i] / n + 2.0 * middle_sum[i] / n + (n - 3.0) * here) / n;
            points[i] = match sharp[i].as_slice() {
                [(a, s), (b, t)] => {
                    let crease = (self.points[*a as usize] + 6.0 * here + self.points[*b as usize]) / 8.0;
                    smooth.lerp(crease, ((s + t) / 2.0).min(1.0))
                }
                [_, _, _, ..] => {
                    smooth.lerp(here, (sharp[i].iter().map(|c| c.1).sum::<f32>() / sharp[i].len() as f32).min(1.0))
                }
                _ => smooth,
            };
        }
        let first_face = points.len() as u32;
        points.extend_from_slice(&face_points);
        let mut quads = Vec::with_capacity(self.quads.len() * 4);
        for (f, q) in self.quads.iter().enumerate() {
            let edge_point = |k: usize| edges[&key(q[k % 4], q[(k + 1) % 4])].point;
            for (k, &corner) in q.iter().enumerate() {
                quads.push([corner, edge_point(k), first_face + f as u32, edge_point(k + 3)]);
            }
        }
        Cage { points, quads, creases }
    }

    /// Moves the corners so that after `levels` refinements their images lie (nearly) where the corners were given:
    /// fixed-point iteration on the difference. Without it convex edges shrink by centimetres.
    pub fn interpolating(mut self, levels: usize, rounds: usize) -> Cage {
        let wanted = self.points.clone();
        for _ in 0..rounds {
            let refined = (0..levels).fold(self.clone(), |cage, _| cage.subdivided());
            for ((corner, goal), image) in self.points.iter_mut().zip(&wanted).zip(&refined.points) {
                *corner += 0.8 * (*goal - *image);
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cube() -> Cage {
        let points = (0..8u32)
            .map(|i| Vec3::new((i & 1) as f32, (i >> 1 & 1) as f32, (i >> 2 & 1) as f32) * 2.0 - Vec3::ONE)
            .collect();
        let quads = vec![[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]];
        Cage { points, quads, creases: BTreeMap::new() }
    }

    #[test]
    fn a_cube_follows_the_published_masks() {
        let once = cube().subdivided();
        assert_eq!((once.points.len(), once.quads.len()), (8 + 12 + 6, 24));
        // Valence 3: (F + 2R)/3 with F = mean of face points = 1/3 of the corner, R = mean of edge middles = 2/3.
        assert!((once.points[7] - Vec3::splat(5.0 / 9.0)).length() < 1e-6);
        // Edge point: mean of two ends and two face points.
        assert!(once.points[8..20].iter().all(|p| (p.length() - (2.0f32 * 0.75 * 0.75).sqrt()).abs() < 1e-6));
    }

    #[test]
    fn fully_creased_edges_keep_a_cube_and_interpolation_restores_its_corners() {
        let mut creased = cube();
        for q in creased.quads.clone() {
            for k in 0..4 {
                creased.creases.insert(key(q[k], q[(k + 1) % 4]), 2.0);
            }
        }
        assert!((creased.subdivided().points[7] - Vec3::ONE).length() < 1e-6);
        let fitted = cube().interpolating(2, 12).subdivided().subdivided();
        assert!((fitted.points[7] - Vec3::ONE).length() < 0.02);
    }
}
