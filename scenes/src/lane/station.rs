//! Kerbs, booth, bollards and barrier.
use glam::{Affine3A, Quat, Vec3};

use super::ground::ROAD_Z_M;
use crate::{
    catalogue::{Canopy, LaneSpec},
    mesh::Mesh,
    shapes::{bar, block, coloured, quad, rounded_box},
};

const CONCRETE: [f32; 3] = [0.36, 0.355, 0.34];
const STEEL: [f32; 3] = [0.42, 0.43, 0.44];
const CLADDING: [f32; 3] = [0.62, 0.63, 0.63];
const YELLOW: [f32; 3] = [0.62, 0.38, 0.02];
const RED: [f32; 3] = [0.48, 0.02, 0.02];
/// Islands along the lane, metres: width and extent.
const ISLAND_M: f32 = 2.1;
const ISLAND_Z_M: [f32; 2] = [-16.0, 9.0];

/// Raised islands with bevelled kerbs at the station, plain kerbs before and after.
pub(super) fn kerbs(spec: &LaneSpec, mesh: &mut Mesh) {
    let (half, h) = (spec.width_m / 2.0, spec.kerb_height_m);
    let bevel = 0.03f32.min(h / 2.0);
    let mut strip = |sign: f32, width: f32, z: [f32; 2], ends: bool| {
        let p = |out: f32, y: f32, z: f32| Vec3::new(sign * (half + out), y, z);
        // Face towards the road, bevel, top, back.
        let profile = [(0.0, -0.01), (0.0, h - bevel), (bevel, h), (0.15, h), (width, h), (width, -0.01)];
        for (k, pair) in profile.windows(2).enumerate() {
            let colour = match k {
                0..=2 => CONCRETE.map(|c| c * 1.12),
                _ => CONCRETE,
            };
            let [a, b] = [pair[0], pair[1]];
            let mut ring = [p(a.0, a.1, z[0]), p(b.0, b.1, z[0]), p(b.0, b.1, z[1]), p(a.0, a.1, z[1])];
            if sign < 0.0 {
                ring.reverse();
            }
            mesh.append(&coloured(quad(ring), colour, 1.0));
        }
        if ends {
            for (end, first) in [(z[0], true), (z[1], false)] {
                let mut ring = [p(0.0, -0.01, end), p(width, -0.01, end), p(width, h, end), p(0.0, h, end)];
                if (sign > 0.0) == first {
                    ring.reverse();
                }
                mesh.append(&coloured(quad(ring), YELLOW, 1.0));
            }
        }
    };
    for sign in [1.0, -1.0] {
        strip(sign, ISLAND_M, ISLAND_Z_M, true);
        strip(sign, 0.18, [ROAD_Z_M[0], ISLAND_Z_M[0]], false);
        strip(sign, 0.18, [ISLAND_Z_M[1], ROAD_Z_M[1]], false);
    }
}

/// Thickness of the canopy's deck, metres.
const DECK_M: f32 = 0.45;
/// Share of the hemisphere below that the deck's underside sees lit: the ground right below lies in its shade (assumption).
const UNDERSIDE_VISIBILITY: f32 = 0.5;

/// A flat roof on four columns.
pub(super) fn canopy(canopy: &Canopy, mesh: &mut Mesh) {
    let Canopy { height_m, from_z_m, to_z_m, half_width_m, underside_reflectance } = *canopy;
    let low = Vec3::new(-half_width_m, height_m, from_z_m);
    let high = Vec3::new(half_width_m, height_m + DECK_M, to_z_m);
    mesh.append(&coloured(block(low + Vec3::Y * 0.02, high), CLADDING, 1.0));
    let underside =
        [low, Vec3::new(high.x, low.y, low.z), Vec3::new(high.x, low.y, high.z), Vec3::new(low.x, low.y, high.z)];
    mesh.append(&coloured(quad(underside), [underside_reflectance; 3], UNDERSIDE_VISIBILITY));
    for x in [-half_width_m + 0.45, half_width_m - 0.45] {
        for z in [from_z_m + 0.9, to_z_m - 0.9] {
            mesh.append(&coloured(
                block(Vec3::new(x - 0.17, -0.01, z - 0.17), Vec3::new(x + 0.17, height_m + 0.02, z + 0.17)),
                STEEL,
                0.8,
            ));
        }
    }
}

/// The booth's walls. Its window is beside the driver of a car that stands at the stop line.
pub(super) fn booth_box(spec: &LaneSpec) -> (Vec3, Vec3) {
    let x = spec.width_m / 2.0 + 0.45;
    (Vec3::new(x, spec.kerb_height_m, -3.5), Vec3::new(x + 1.45, 2.65, -1.1))
}

/// Base, dark windows all round, corner posts, counter, roof with overhang.
pub(super) fn booth(spec: &LaneSpec, mesh: &mut Mesh, glass: &mut Mesh) {
    let (low, high) = booth_box(spec);
    let (sill, head) = (1.02, 2.30);
    mesh.append(&coloured(block(low, Vec3::new(high.x, sill, high.z)), CLADDING, 0.95));
    let stripe = Vec3::new(0.004, 0.0, 0.004);
    mesh.append(&coloured(
        block(Vec3::new(low.x, 0.80, low.z) - stripe, Vec3::new(high.x, 0.92, high.z) + stripe),
        [0.02, 0.10, 0.30],
        0.95,
    ));
    mesh.append(&coloured(block(Vec3::new(low.x, head, low.z), high), CLADDING, 0.9));
    let inset = Vec3::new(0.03, 0.0, 0.03);
    glass.append(&block(Vec3::new(low.x, sill, low.z) + inset, Vec3::new(high.x, head, high.z) - inset));
    let post = 0.07;
    for x in [low.x, high.x - post] {
        for z in [low.z, (low.z + high.z - post) / 2.0, high.z - post] {
            mesh.append(&coloured(block(Vec3::new(x, sill, z), Vec3::new(x + post, head, z + post)), [0.06; 3], 0.95));
        }
    }
    // Counter towards the driver, reading lamp bar, roof.
    let counter = rounded_box(Vec3::new(0.17, 0.02, 0.55), 0.015, [1, 1, 1]);
    let place = Affine3A::from_translation(Vec3::new(low.x - 0.10, sill + 0.02, (low.z + high.z) / 2.0));
    mesh.append(&coloured(counter.transformed(place), STEEL, 0.9));
    let roof =
        rounded_box(Vec3::new((high.x - low.x) / 2.0 + 0.22, 0.075, (high.z - low.z) / 2.0 + 0.30), 0.05, [1, 1, 1]);
    let place = Affine3A::from_translation(Vec3::new((low.x + high.x) / 2.0, high.y + 0.075, (low.z + high.z) / 2.0));
    mesh.append(&coloured(roof.transformed(place), [0.16, 0.17, 0.18], 1.0));
    let unit = rounded_box(Vec3::new(0.35, 0.14, 0.30), 0.02, [1, 1, 1]);
    let place = Affine3A::from_translation(Vec3::new(high.x - 0.55, high.y + 0.29, high.z - 0.7));
    mesh.append(&coloured(unit.transformed(place), CLADDING, 1.0));
}

/// Bollards at the islands' ends, and a raised barrier arm beyond the stop line.
pub(super) fn bollards_and_barrier(spec: &LaneSpec, mesh: &mut Mesh) {
    let half = spec.width_m / 2.0;
    for sign in [1.0f32, -1.0] {
        for z in [-15.4, -8.5, -4.4, 0.9, 8.3] {
            let foot = Vec3::new(sign * (half + 0.32), 0.0, z);
            let top = spec.kerb_height_m + 0.85;
            mesh.append(&coloured(bar(foot, foot + Vec3::Y * top, 0.075, 14), YELLOW, 1.0));
            for y in [0.55, 0.75] {
                let ring = foot + Vec3::Y * (spec.kerb_height_m + y - 0.04);
                mesh.append(&coloured(bar(ring, ring + Vec3::Y * 0.08, 0.077, 14), [0.03; 3], 1.0));
            }
        }
    }
    // Cabinet on the far (−X) island; the arm points up while a car is being looked at.
    let hinge = Vec3::new(-(half + 0.55), 1.0, 3.2);
    let cabinet = rounded_box(Vec3::new(0.17, 0.5, 0.17), 0.03, [1, 1, 1]);
    mesh.append(&coloured(
        cabinet.transformed(Affine3A::from_translation(hinge + Vec3::new(0.0, -0.42, 0.0))),
        [0.55, 0.30, 0.02],
        0.95,
    ));
    let turn = Quat::from_rotation_z(6f32.to_radians());
    let along = |s: f32| hinge + Vec3::new(0.0, 0.0, -0.21) + turn * Vec3::Y * s;
    let length = spec.width_m + 0.2;
    const BANDS: usize = 9;
    for k in 0..BANDS {
        let (a, b) = (length * k as f32 / BANDS as f32, length * (k + 1) as f32 / BANDS as f32);
        let colour = if k % 2 == 0 { [0.70; 3] } else { RED };
        mesh.append(&coloured(bar(along(a - 0.12), along(b - 0.12), 0.038, 10), colour, 1.0));
    }
    mesh.append(&coloured(bar(hinge - Vec3::Z * 0.26, hinge, 0.06, 12), STEEL, 1.0));
}
