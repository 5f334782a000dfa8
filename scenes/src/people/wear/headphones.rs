//! Headphones over the ears.
use std::f32::consts::FRAC_PI_2;

use glam::{Affine3A, Vec3};
use serde::{Deserialize, Serialize};

use super::{
    cloth::{rigid, tinted, tube},
    fit::{Fit, TOP_S},
};
use crate::{
    people::{bake::BoundPart, skin::colour},
    shapes::lathe,
    surface::Surface,
    truth::Role,
};

/// A pair of headphones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Headphones {
    /// Colour, sRGB.
    pub srgb: [u8; 3],
}

/// Middle of the ear on the base mesh.
const EAR_M: Vec3 = Vec3::new(0.0745, 0.728, 0.045);
/// Room for hair below the band, metres.
pub(super) const BAND_ROOM_M: f32 = 0.010;
/// Profile of a cup along its axis away from the head: distance and radius, metres (a common over-ear size).
const CUP: [(f32, f32); 8] = [
    (0.000, 0.026),
    (0.000, 0.034),
    (0.006, 0.038),
    (0.016, 0.038),
    (0.018, 0.035),
    (0.030, 0.034),
    (0.036, 0.028),
    (0.038, 0.0),
];

pub(super) fn parts(fit: &Fit, worn: &Headphones) -> Vec<BoundPart> {
    let plastic = Surface { roughness: 0.45, double_sided: true, ..Surface::matt(colour(worn.srgb).to_array()) };
    let mut mesh = crate::mesh::Mesh::default();
    let mut ends = [Vec3::ZERO; 2];
    for (k, side) in [1.0, -1.0].into_iter().enumerate() {
        let ear = fit.skin_at(EAR_M * Vec3::new(side, 1.0, 1.0)) + Vec3::X * (side * 0.004);
        let cup = lathe(&CUP, 28);
        let turn = if side > 0.0 { glam::Quat::IDENTITY } else { glam::Quat::from_rotation_y(std::f32::consts::PI) };
        // Higher than wide.
        let placed = Affine3A::from_scale_rotation_translation(Vec3::new(1.0, 1.12, 0.95), turn, ear);
        mesh.append(&tinted(cup.transformed(placed), [255; 3], 0.95));
        ends[k] = ear + Vec3::new(side * 0.020, 0.030, 0.0);
    }
    // The band rises from the cups and lies over the hair in the plane of the ears.
    let relief = fit.bare.tightened(20);
    const POINTS: usize = 33;
    let path: Vec<Vec3> = (0..POINTS)
        .map(|k| {
            let t = k as f32 / (POINTS - 1) as f32 * 2.0 - 1.0;
            let (azimuth, from) = (FRAC_PI_2 * if t < 0.0 { 1.0 } else { -1.0 }, ends[usize::from(t >= 0.0)]);
            let (_, s, r) = relief.coordinates(from);
            let up = 1.0 - t.abs();
            let s = s + (TOP_S - s) * up;
            let near = (r - relief.radius_m(azimuth, s)).max(0.0) * (1.0 - up).powi(2);
            let p = relief.point(azimuth, s, BAND_ROOM_M + 0.0035 + near);
            p.with_z(p.z + (from.z - p.z) * (1.0 - up))
        })
        .collect();
    mesh.append(&tinted(tube(&path, Vec3::Z, false, |_| [0.0035, 0.012]), [255; 3], 0.95));
    vec![rigid(fit.head_bone, "headphones", Role::Headwear, plastic, mesh)]
}

/// Room for hair below the band on a place of the base mesh, metres.
pub(super) fn hair_room_m(base_place_m: Vec3) -> f32 {
    if (base_place_m.z - 0.045).abs() < 0.030 { BAND_ROOM_M } else { f32::INFINITY }
}
