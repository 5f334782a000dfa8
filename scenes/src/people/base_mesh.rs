//! The MakeHuman base mesh (`base.obj`): quads, texture coordinates and named groups.
use std::{collections::BTreeMap, path::Path};

use glam::{Vec2, Vec3};

use super::error::{PeopleError, read};

/// Vertices of the HM08 base mesh that every morph target and weight list indexes.
pub const VERTEX_COUNT: usize = 19_158;
/// `base.obj` and the targets are written in decimetres.
pub(super) const METRES_PER_UNIT: f32 = 0.1;

/// One quad: corner indices into positions and texture coordinates.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quad {
    pub v: [u16; 4],
    pub t: [u16; 4],
}

/// The base mesh in metres, +Y up, +Z ahead, +X to the person's left.
#[derive(Debug)]
pub(super) struct BaseMesh {
    pub positions_m: Vec<Vec3>,
    /// MakeHuman's own unwrapping, v upwards.
    pub uvs: Vec<Vec2>,
    /// Quads by group name ("body", "helper-tights", "joint-head", ...).
    pub groups: BTreeMap<String, Vec<Quad>>,
}

impl BaseMesh {
    pub fn load(path: &Path) -> Result<Self, PeopleError> {
        let bytes = read(path)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| PeopleError::malformed(path, 0, "not UTF-8 text"))?;
        let (mut positions_m, mut uvs) = (Vec::with_capacity(VERTEX_COUNT), Vec::new());
        let mut groups: BTreeMap<String, Vec<Quad>> = BTreeMap::new();
        let mut group = String::new();
        for (i, line) in text.lines().enumerate() {
            let bad = |problem: &str| PeopleError::malformed(path, i + 1, problem);
            let mut words = line.split_ascii_whitespace();
            match words.next() {
                Some("v") => {
                    let [x, y, z] = numbers(&mut words).ok_or_else(|| bad("a vertex needs three numbers"))?;
                    positions_m.push(Vec3::new(x, y, z) * METRES_PER_UNIT);
                }
                Some("vt") => {
                    let [u, v] = numbers(&mut words).ok_or_else(|| bad("a texture coordinate needs two numbers"))?;
                    uvs.push(Vec2::new(u, v));
                }
                Some("g") => group = words.next().ok_or_else(|| bad("a group needs a name"))?.to_owned(),
                Some("f") => {
                    let mut quad = Quad { v: [0; 4], t: [0; 4] };
                    for k in 0..4 {
                        let corner = words.next().and_then(|w| w.split_once('/'));
                        let (v, t) = corner.ok_or_else(|| bad("a face needs four corners `v/vt`"))?;
                        let index = |s: &str, n: usize| s.parse::<usize>().ok().filter(|i| (1..=n).contains(i));
                        quad.v[k] = (index(v, positions_m.len()).ok_or_else(|| bad("no such vertex"))? - 1) as u16;
                        quad.t[k] = (index(t, uvs.len()).ok_or_else(|| bad("no such texture coordinate"))? - 1) as u16;
                    }
                    groups.entry(group.clone()).or_default().push(quad);
                }
                _ => {}
            }
        }
        if positions_m.len() != VERTEX_COUNT {
            let problem = format!("{} vertices; the HM08 base mesh has {VERTEX_COUNT}", positions_m.len());
            return Err(PeopleError::malformed(path, 0, problem));
        }
        for name in ["body", "helper-tights", "helper-l-eye", "helper-r-eye", "joint-head"] {
            if !groups.contains_key(name) {
                return Err(PeopleError::malformed(path, 0, format!("group `{name}` is missing")));
            }
        }
        Ok(Self { positions_m, uvs, groups })
    }

    /// Quads of a group; none for a name that is not there.
    pub fn group(&self, name: &str) -> &[Quad] {
        self.groups.get(name).map_or(&[], Vec::as_slice)
    }

    /// The distinct vertices of a group, ascending.
    pub fn group_vertices(&self, name: &str) -> Vec<u16> {
        let mut v: Vec<u16> = self.group(name).iter().flat_map(|q| q.v).collect();
        v.sort_unstable();
        v.dedup();
        v
    }
}

fn numbers<'a, const N: usize>(words: &mut impl Iterator<Item = &'a str>) -> Option<[f32; N]> {
    let mut out = [0.0; N];
    for slot in &mut out {
        *slot = words.next()?.parse().ok().filter(|x: &f32| x.is_finite())?;
    }
    Some(out)
}
