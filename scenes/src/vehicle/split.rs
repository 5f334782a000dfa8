//! A smooth shell whose triangles carry labels, and the knife that cuts regions out of it along implicit curves.
//!
//! Windows, lamps, wheel openings and shut lines are regions of one watertight surface, so neighbours always share
//! their border: no light gaps, whatever the shape.
use std::collections::BTreeMap;

use glam::Vec3;

use super::subdivide::Cage;
use crate::mesh::{Mesh, Vertex};

/// What a triangle of the shell is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Label {
    /// Painted sheet.
    Body,
    /// Black plastic below: sills, aprons, underside.
    Plastic,
    /// Black window surround: frit, rubber, pillar covers.
    Surround,
    /// Radiator grille and air intakes.
    Grille,
    /// Shut line.
    Seam,
    /// Head lamp.
    HeadLamp,
    /// Tail lamp.
    TailLamp,
    /// Wheel opening.
    Opening,
    /// Pane by index into the model's list.
    Pane(u8),
}

/// A signed field: negative inside.
pub(crate) type Field<'a> = Box<dyn Fn(Vec3) -> f32 + 'a>;

/// A labelled triangle mesh.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shell {
    /// Positions, metres.
    pub points: Vec<Vec3>,
    /// Smooth unit normals.
    pub normals: Vec<Vec3>,
    /// Corners and label.
    pub triangles: Vec<([u32; 3], Label)>,
}

impl Shell {
    /// Triangulates a cage along the shorter diagonals.
    pub fn from_cage(cage: &Cage) -> Shell {
        let p = |i: u32| cage.points[i as usize];
        let mut triangles = Vec::with_capacity(cage.quads.len() * 2);
        for &[a, b, c, d] in &cage.quads {
            // The small bias makes the choice the same on both sides of the car where rounding would decide.
            let halves = if p(a).distance_squared(p(c)) <= p(b).distance_squared(p(d)) * 1.000_1 {
                [[a, b, c], [a, c, d]]
            } else {
                [[a, b, d], [b, c, d]]
            };
            triangles.extend(halves.map(|t| (t, Label::Body)));
        }
        let mut shell = Shell { points: cage.points.clone(), normals: Vec::new(), triangles };
        shell.recompute_normals();
        shell
    }

    /// Smooth normals from all triangles, weighted by area.
    pub fn recompute_normals(&mut self) {
        let mut sums = vec![Vec3::ZERO; self.points.len()];
        for (t, _) in &self.triangles {
            let [a, b, c] = t.map(|i| self.points[i as usize]);
            let normal = (b - a).cross(c - a);
            for &i in t {
                sums[i as usize] += normal;
            }
        }
        self.normals = sums.into_iter().map(|n| n.normalize_or(Vec3::Y)).collect();
    }

    /// Relabels the part of the `from` triangles where every field is negative, cutting triangles on its border.
    pub fn carve(&mut self, from: &[Label], to: Label, fields: &[Field]) {
        let touches = |t: &[u32; 3]| fields.iter().all(|f| t.iter().any(|&i| f(self.points[i as usize]) < 0.0));
        let mut active: Vec<bool> =
            self.triangles.iter().map(|(t, label)| from.contains(label) && touches(t)).collect();
        for field in fields {
            self.cut(field, &mut active);
        }
        for ((_, label), active) in self.triangles.iter_mut().zip(active) {
            if active {
                *label = to;
            }
        }
    }

    /// Cuts active triangles along the zero of `field`; what stays active is the negative side. Inactive neighbours are
    /// cut along with a shared edge, so that the surface stays watertight.
    fn cut(&mut self, field: &Field, active: &mut Vec<bool>) {
        let mut values: BTreeMap<u32, f32> = BTreeMap::new();
        for ((t, _), _) in self.triangles.iter().zip(active.iter()).filter(|(_, active)| **active) {
            for &i in t {
                values.entry(i).or_insert_with(|| field(self.points[i as usize]));
            }
        }
        let edges: Vec<(u32, u32)> = self
            .triangles
            .iter()
            .zip(active.iter())
            .filter(|(_, active)| **active)
            .flat_map(|((t, _), _)| (0..3).map(|k| (t[k].min(t[(k + 1) % 3]), t[k].max(t[(k + 1) % 3]))))
            .collect();
        // A corner almost on the curve counts as on it: no slivers.
        const SNAP: f32 = 0.004;
        for &(a, b) in &edges {
            let (va, vb) = (values[&a], values[&b]);
            if va * vb < 0.0 {
                let t = va / (va - vb);
                if t < SNAP {
                    values.insert(a, 0.0);
                } else if t > 1.0 - SNAP {
                    values.insert(b, 0.0);
                }
            }
        }
        let mut cuts: BTreeMap<(u32, u32), u32> = BTreeMap::new();
        for &(a, b) in &edges {
            if values[&a] * values[&b] >= 0.0 || cuts.contains_key(&(a, b)) {
                continue;
            }
            let (pa, pb) = (self.points[a as usize], self.points[b as usize]);
            let (mut low, mut high) = (0.0f32, 1.0f32);
            for _ in 0..18 {
                let middle = (low + high) / 2.0;
                if field(pa.lerp(pb, middle)) * values[&a] > 0.0 { low = middle } else { high = middle }
            }
            let t = (low + high) / 2.0;
            let index = self.points.len() as u32;
            self.points.push(pa.lerp(pb, t));
            self.normals.push(self.normals[a as usize].lerp(self.normals[b as usize], t).normalize_or(Vec3::Y));
            cuts.insert((a, b), index);
        }
        let mut triangles = Vec::with_capacity(self.triangles.len() + cuts.len() * 2);
        let mut still_active = Vec::with_capacity(triangles.capacity());
        for ((t, label), &was_active) in self.triangles.iter().zip(active.iter()) {
            for piece in pieces(*t, &cuts, &self.points) {
                let inside = was_active && piece.iter().any(|i| values.get(i).is_some_and(|v| *v < 0.0));
                triangles.push((piece, *label));
                still_active.push(inside);
            }
        }
        self.triangles = triangles;
        *active = still_active;
    }

    /// The triangles that `keep` accepts, as a mesh of their own.
    pub fn extract(&self, keep: impl Fn(Label) -> bool) -> Mesh {
        let mut map = vec![u32::MAX; self.points.len()];
        let mut mesh = Mesh::default();
        for (t, _) in self.triangles.iter().filter(|(_, label)| keep(*label)) {
            for &i in t {
                if map[i as usize] == u32::MAX {
                    map[i as usize] = mesh.vertices.len() as u32;
                    mesh.vertices.push(Vertex::new(self.points[i as usize], self.normals[i as usize], [0.0; 2]));
                }
                mesh.indices.push(map[i as usize]);
            }
        }
        mesh
    }

    /// Directed edges (a, b) of triangles that `inside` accepts whose neighbour it does not accept.
    pub fn border(&self, inside: impl Fn(Label) -> bool) -> Vec<(u32, u32)> {
        let mut count: BTreeMap<(u32, u32), ()> = BTreeMap::new();
        for (t, _) in self.triangles.iter().filter(|(_, label)| inside(*label)) {
            for k in 0..3 {
                count.insert((t[k], t[(k + 1) % 3]), ());
            }
        }
        count.keys().copied().filter(|(a, b)| !count.contains_key(&(*b, *a))).collect()
    }
}

/// A triangle cut at those of its edges that have a cut point.
fn pieces(t: [u32; 3], cuts: &BTreeMap<(u32, u32), u32>, points: &[Vec3]) -> Vec<[u32; 3]> {
    let cut = |k: usize| {
        let (a, b) = (t[k], t[(k + 1) % 3]);
        cuts.get(&(a.min(b), a.max(b))).copied()
    };
    let found = [cut(0), cut(1), cut(2)];
    match found {
        [None, None, None] => vec![t],
        [Some(m), Some(n), Some(o)] => vec![[t[0], m, o], [m, t[1], n], [o, n, t[2]], [m, n, o]],
        _ if found.iter().flatten().count() == 1 => {
            let k = found.iter().position(Option::is_some).unwrap_or(0);
            let (a, b, c, m) = (t[k], t[(k + 1) % 3], t[(k + 2) % 3], found[k].unwrap_or(t[k]));
            vec![[a, m, c], [m, b, c]]
        }
        _ => {
            // The uncut edge is b–c; the cuts are on a–b (m) and c–a (n).
            let k = (found.iter().position(Option::is_none).unwrap_or(0) + 2) % 3;
            let (a, b, c) = (t[k], t[(k + 1) % 3], t[(k + 2) % 3]);
            let (m, n) = (found[k].unwrap_or(a), found[(k + 2) % 3].unwrap_or(a));
            let p = |i: u32| points[i as usize];
            if p(m).distance_squared(p(c)) <= p(n).distance_squared(p(b)) {
                vec![[a, m, n], [m, b, c], [m, c, n]]
            } else {
                vec![[a, m, n], [m, b, n], [n, b, c]]
            }
        }
    }
}
