//! Relief that no target has: every face's own bumps and hollows, and the shade that lies in hollows.
use std::collections::BTreeMap;

use glam::Vec3;

use super::{
    base_mesh::{BaseMesh, Quad},
    identity::Identity,
    noise::{noise, smooth},
};

/// Heights of the two scales of a face's own relief, metres, and their features' sizes, metres (assumption: residuals of
/// statistical face models after their first dozens of components are of a millimetre).
const OWN_RELIEF: [(f32, f32); 2] = [(0.0025, 0.030), (0.0013, 0.013)];
/// Share of the relief that differs between left and right.
const ASYMMETRY: f32 = 0.3;

/// The face's neighbours: who stands next to whom on the skin.
#[derive(Debug)]
pub(super) struct Relief {
    /// Skin vertices of head and neck with their neighbours.
    neighbours: Vec<(u16, Vec<u16>)>,
    /// How much of the own relief a vertex takes, 0..1.
    freedom: Vec<f32>,
}

impl Relief {
    pub fn new(base: &BaseMesh, quads: &[Quad]) -> Self {
        let mut rings: BTreeMap<u16, Vec<u16>> = BTreeMap::new();
        for q in quads.iter().filter(|q| q.v.iter().all(|&v| base.positions_m[usize::from(v)].y > 0.55)) {
            for k in 0..4 {
                let (a, b) = (q.v[k], q.v[(k + 1) % 4]);
                for (from, to) in [(a, b), (b, a)] {
                    let ring = rings.entry(from).or_default();
                    if !ring.contains(&to) {
                        ring.push(to);
                    }
                }
            }
        }
        let neighbours: Vec<_> = rings.into_iter().collect();
        let freedom = neighbours.iter().map(|(v, _)| freedom(base.positions_m[usize::from(*v)])).collect();
        Self { neighbours, freedom }
    }

    /// Moves skin along its normals by the identity's own relief.
    pub fn add_own(&self, who: &Identity, base: &BaseMesh, normals: &[Vec3], positions_m: &mut [Vec3]) {
        let seed = (who.seed >> 23) as u32;
        let strength = if who.age_years < 14.0 { 0.6 } else { 1.0 };
        for ((v, _), &freedom) in self.neighbours.iter().zip(&self.freedom) {
            if freedom <= 0.0 {
                continue;
            }
            let p = base.positions_m[usize::from(*v)];
            let height: f32 = OWN_RELIEF
                .iter()
                .zip(0_u32..)
                .map(|(&(height_m, size_m), k)| {
                    let both = noise(Vec3::new(p.x.abs(), p.y, p.z) / size_m, seed ^ k);
                    let own = noise(p / size_m + Vec3::splat(31.0), seed ^ k);
                    height_m * (both * (1.0 - ASYMMETRY) + own * ASYMMETRY)
                })
                .sum();
            positions_m[usize::from(*v)] += normals[usize::from(*v)] * (height * freedom * strength);
        }
    }

    /// How far each skin vertex stands out from its surroundings, metres, at about one and three times the mesh's spacing:
    /// positive on ridges, negative in hollows.
    pub fn prominence_m(&self, normals: &[Vec3], positions_m: &[Vec3]) -> BTreeMap<u16, [f32; 2]> {
        let mut smoothed = positions_m.to_vec();
        let mut fine = Vec::new();
        for round in 0..COARSE_ROUNDS {
            let old = smoothed.clone();
            for (v, ring) in &self.neighbours {
                let mean = ring.iter().map(|&n| old[usize::from(n)]).sum::<Vec3>() / ring.len() as f32;
                smoothed[usize::from(*v)] = old[usize::from(*v)].lerp(mean, 0.7);
            }
            if round + 1 == FINE_ROUNDS {
                fine.clone_from(&smoothed);
            }
        }
        let of =
            |v: u16, from: &[Vec3]| (positions_m[usize::from(v)] - from[usize::from(v)]).dot(normals[usize::from(v)]);
        self.neighbours.iter().map(|(v, _)| (*v, [of(*v, &fine), of(*v, &smoothed)])).collect()
    }
}

/// Rounds of smoothing that make the surroundings of the two scales.
const FINE_ROUNDS: usize = 4;
const COARSE_ROUNDS: usize = 28;

/// Where the own relief may move the skin of the base mesh: not at the lids, the lips' seam, the ears and the neck.
fn freedom(p: Vec3) -> f32 {
    let eye = (p - Vec3::new(0.031 * p.x.signum(), 0.728, 0.135)).length();
    let mouth = Vec3::new(p.x * 0.55, p.y - 0.661, p.z - 0.15).length();
    smooth(0.018, 0.030, eye)
        * smooth(0.008, 0.020, mouth)
        * smooth(0.080, 0.074, p.x.abs())
        * smooth(0.60, 0.625, p.y)
        * smooth(-0.01, 0.04, p.z)
}

/// Share of light that a skin vertex keeps in red, green and blue, 1 on plain skin: hollows are in the shade of their own
/// walls, which lend them their colour; ridges see more of the surroundings. Strengths are assumptions judged on portraits.
pub(super) fn shade(prominence_m: [f32; 2]) -> Vec3 {
    let [fine, coarse] = prominence_m.map(|d| d * 1e3);
    let amount = (0.38 * fine + 0.045 * coarse).clamp(-0.55, 0.22);
    (Vec3::new(0.8, 1.0, 1.08) * amount).map(f32::exp)
}
