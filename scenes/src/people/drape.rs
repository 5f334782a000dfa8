//! Cloth over a joint: skinning folds a sleeve into itself where the arm turns; cloth would stretch over the joint instead.
use std::collections::BTreeMap;

use glam::Vec3;

use super::{
    noise::{bell, smooth},
    regions::Template,
};
use crate::mesh::Vertex;

/// Rounds of relaxation.
const ROUNDS: usize = 8;

/// Vertices of a garment round the shoulders, how freely each moves, and its neighbours.
#[derive(Debug, Clone, Default)]
pub(super) struct Drape(Vec<(u32, f32, Vec<u32>)>);

impl Drape {
    /// The shoulders of an upper garment; its open edges stay where they are.
    pub fn over_shoulders(template: &Template, base: &[Vec3]) -> Self {
        let mut rings: BTreeMap<u32, BTreeMap<u32, u32>> = BTreeMap::new();
        for t in template.indices.chunks_exact(3) {
            for (a, b) in [(t[0], t[1]), (t[1], t[2]), (t[2], t[0])] {
                *rings.entry(a).or_default().entry(b).or_default() += 1;
                *rings.entry(b).or_default().entry(a).or_default() += 1;
            }
        }
        let free = |(v, ring): (u32, BTreeMap<u32, u32>)| {
            let p = template.vertices[v as usize].place(base);
            let freedom = bell(p.x.abs(), 0.20, 0.13) * smooth(0.30, 0.38, p.y);
            let inner = ring.values().all(|&triangles| triangles >= 2);
            (inner && freedom > 0.01).then(|| (v, freedom, ring.into_keys().collect()))
        };
        Self(rings.into_iter().filter_map(free).collect())
    }

    /// Relaxes a posed garment.
    pub fn relax(&self, vertices: &mut [Vertex]) {
        let mut places: Vec<Vec3> = vertices.iter().map(|v| v.position_m.into()).collect();
        for _ in 0..ROUNDS {
            let old = places.clone();
            for (v, freedom, ring) in &self.0 {
                let mean = ring.iter().map(|&n| old[n as usize]).sum::<Vec3>() / ring.len() as f32;
                places[*v as usize] = old[*v as usize].lerp(mean, 0.7 * freedom);
            }
        }
        for (v, ..) in &self.0 {
            vertices[*v as usize].position_m = places[*v as usize].to_array();
        }
    }
}
