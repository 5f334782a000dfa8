//! Shape targets of our own: breadths and depths of the head that MakeHuman's targets change only together.
use glam::Vec3;

use super::{
    base_mesh::BaseMesh,
    noise::{bell, smooth},
    targets::{Target, Targets},
};

/// Name of a pair's ends, which way it moves the skin, and round which height and depth of the base mesh, metres.
const BANDS: [(&str, &str, Vec3, [f32; 2]); 4] = [
    ("own/cranium-wide", "own/cranium-narrow", Vec3::X, [0.800, 0.040]),
    ("own/cheeks-wide", "own/cheeks-narrow", Vec3::X, [0.722, 0.066]),
    ("own/jaw-wide", "own/jaw-narrow", Vec3::X, [0.655, 0.082]),
    ("own/occiput-out", "own/occiput-in", Vec3::NEG_Z, [0.765, -0.040]),
];
/// How far the skin moves in the middle of a band at full strength, metres.
const REACH_M: f32 = 0.014;
/// How far a band reaches up and down, and forwards and back, metres.
const HALF_HEIGHT_M: f32 = 0.062;
const HALF_DEPTH_M: f32 = 0.105;

/// Adds our own targets to MakeHuman's.
pub(super) fn add(base: &BaseMesh, targets: &mut Targets) {
    for (positive, negative, way, middle) in BANDS {
        let moves: Vec<(u16, Vec3)> = (0..base.positions_m.len() as u16)
            .map(|v| (v, displacement(base.positions_m[usize::from(v)], way, middle)))
            .filter(|(_, d)| d.length() > 1e-5)
            .collect();
        let target = |sign: f32| Target {
            indices: moves.iter().map(|(v, _)| *v).collect(),
            offsets_m: moves.iter().map(|(_, d)| *d * sign).collect(),
        };
        targets.insert(positive, target(1.0));
        targets.insert(negative, target(-1.0));
    }
}

fn displacement(p: Vec3, way: Vec3, [height_m, depth_m]: [f32; 2]) -> Vec3 {
    let on_head = smooth(0.585, 0.615, p.y);
    let near = bell(p.y, height_m, HALF_HEIGHT_M) * bell(p.z, depth_m, HALF_DEPTH_M) * on_head;
    // Breadths grow with the distance from the middle plane, so that nothing tears there.
    let side = if way.x == 0.0 { 1.0 } else { (p.x / 0.07).clamp(-1.15, 1.15) };
    way * (REACH_M * near * side)
}
