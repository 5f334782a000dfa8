//! A dog that sits on a seat and looks out: rounded tubes along bent axes, in the seat's frame.
use glam::{Affine3A, Mat3, Quat, Vec3};
use rand::Rng as _;

use super::Figure;
use crate::{
    mesh::{Mesh, Vertex},
    shapes::tint,
    stream::stream,
    surface::Surface,
};

/// Coats: back, chest and muzzle; linear reflectance (assumptions after common coats).
const COATS: [([f32; 3], [f32; 3]); 5] = [
    ([0.30, 0.17, 0.075], [0.52, 0.40, 0.26]),
    ([0.018, 0.017, 0.017], [0.18, 0.09, 0.035]),
    ([0.46, 0.34, 0.20], [0.60, 0.52, 0.40]),
    ([0.10, 0.065, 0.040], [0.55, 0.53, 0.50]),
    ([0.55, 0.53, 0.50], [0.30, 0.18, 0.09]),
];
const NOSE: [f32; 3] = [0.012, 0.011, 0.012];
const EYE: [f32; 3] = [0.022, 0.013, 0.009];

/// One ring of a tube: its middle, its half axes across (first two) in the tube's frame, how much of the light coat.
struct Ring {
    z: f32,
    y: f32,
    half: (f32, f32),
    light: f32,
}

const fn ring(z: f32, y: f32, half: (f32, f32), light: f32) -> Ring {
    Ring { z, y, half, light }
}

/// Height of the head's middle along the trunk, metres, and the head's size against [`HEAD`].
const HEAD_ALONG_TRUNK_M: f32 = 0.565;
const HEAD_SIZE: f32 = 1.22;
/// Skull and muzzle from the nape to the nose: +Z out of the nose, +Y up, metres, for a dog of middling size.
const HEAD: [Ring; 12] = [
    ring(-0.095, 0.000, (0.012, 0.012), 0.0),
    ring(-0.085, 0.000, (0.050, 0.050), 0.0),
    ring(-0.060, 0.006, (0.070, 0.070), 0.0),
    ring(-0.025, 0.012, (0.076, 0.072), 0.0),
    ring(0.010, 0.008, (0.069, 0.064), 0.1),
    ring(0.035, -0.004, (0.053, 0.050), 0.3),
    ring(0.055, -0.014, (0.040, 0.037), 0.6),
    ring(0.085, -0.020, (0.034, 0.031), 0.9),
    ring(0.112, -0.023, (0.032, 0.028), 1.0),
    ring(0.128, -0.024, (0.028, 0.024), 1.0),
    ring(0.137, -0.025, (0.018, 0.016), 1.0),
    ring(0.140, -0.025, (0.002, 0.002), 1.0),
];
/// Rump to throat of a sitting dog: along +Z of its own frame, which stands upright.
const TRUNK: [Ring; 9] = [
    ring(-0.02, 0.06, (0.020, 0.020), 0.0),
    ring(0.00, 0.05, (0.105, 0.110), 0.0),
    ring(0.08, 0.02, (0.125, 0.140), 0.1),
    ring(0.20, -0.02, (0.112, 0.125), 0.3),
    ring(0.32, -0.05, (0.110, 0.125), 0.6),
    ring(0.40, -0.06, (0.098, 0.108), 0.6),
    ring(0.47, -0.06, (0.082, 0.088), 0.5),
    ring(0.53, -0.06, (0.074, 0.076), 0.3),
    ring(0.58, -0.06, (0.036, 0.036), 0.0),
];
const LEG: [Ring; 6] = [
    ring(0.00, 0.00, (0.020, 0.020), 0.1),
    ring(0.02, 0.00, (0.038, 0.045), 0.1),
    ring(0.14, 0.00, (0.028, 0.030), 0.3),
    ring(0.27, 0.00, (0.024, 0.026), 0.7),
    ring(0.31, 0.012, (0.034, 0.042), 1.0),
    ring(0.325, 0.014, (0.010, 0.010), 1.0),
];
/// An ear from its root to its tip, flat; hangs or stands.
const EAR: [Ring; 6] = [
    ring(0.000, 0.0, (0.010, 0.006), 0.0),
    ring(0.006, 0.0, (0.030, 0.012), 0.0),
    ring(0.024, 0.003, (0.032, 0.010), 0.0),
    ring(0.044, 0.006, (0.026, 0.008), 0.0),
    ring(0.062, 0.008, (0.014, 0.006), 0.0),
    ring(0.070, 0.008, (0.002, 0.002), 0.0),
];
const SEGMENTS: usize = 16;

/// A closed tube through its rings; `flatten` lifts the lower half (chins are flatter than skulls).
fn tube(rings: &[Ring], coat: &([f32; 3], [f32; 3]), belly: bool) -> Mesh {
    let mut mesh = Mesh::default();
    for r in rings {
        for s in 0..SEGMENTS {
            let angle = s as f32 / SEGMENTS as f32 * std::f32::consts::TAU;
            let (x, y) = (angle.cos(), angle.sin());
            // The light coat lies below (chest, belly, chin).
            let below = if belly { (0.35 - 0.65 * y).clamp(0.0, 1.0) } else { 1.0 };
            let colour: [f32; 3] = std::array::from_fn(|i| {
                coat.0[i] + (coat.1[i] - coat.0[i]) * (r.light * (0.35 + 0.65 * below)).min(1.0)
            });
            // Fur is uneven: every other stroke a little darker.
            let stroke = 0.90 + 0.10 * (13.0 * angle + 190.0 * r.z).sin();
            let p = Vec3::new(x * r.half.0, r.y + y * r.half.1, r.z);
            let mut v = Vertex::new(p, Vec3::Y, [0.0; 2]);
            v.tint = tint(colour.map(|c| c * stroke));
            v.tint[3] = if y < -0.5 { 190 } else { 235 };
            mesh.vertices.push(v);
        }
    }
    let n = SEGMENTS as u32;
    for r in 0..rings.len() as u32 - 1 {
        for s in 0..n {
            let (a, b) = (r * n + s, r * n + (s + 1) % n);
            mesh.indices.extend([a, b, b + n, a, b + n, a + n]);
        }
    }
    mesh.recompute_normals();
    mesh
}

/// A ball in one colour.
fn ball(middle: Vec3, half: Vec3, colour: [f32; 3]) -> Mesh {
    let rings: Vec<Ring> = (0..=6)
        .map(|i| {
            let a = (i as f32 / 6.0 - 0.5) * std::f32::consts::PI;
            ring(half.z * a.sin(), 0.0, (half.x * a.cos() + 1e-4, half.y * a.cos() + 1e-4), 0.0)
        })
        .collect();
    let mut mesh = tube(&rings, &(colour, colour), false).transformed(Affine3A::from_translation(middle));
    mesh.vertices.iter_mut().for_each(|v| v.tint = tint(colour));
    mesh
}

/// A frame whose +Z runs along `along` and whose +Y is near `up`.
fn along(origin: Vec3, along: Vec3, up: Vec3) -> Affine3A {
    let z = along.normalize_or(Vec3::Z);
    let x = up.cross(z).normalize_or(Vec3::X);
    Affine3A::from_mat3_translation(Mat3::from_cols(x, z.cross(x), z), origin)
}

/// A dog on a seat; `side` is +1 where the window is on the left, −1 on the right, 0 in the middle.
pub(super) fn dog(k: u8, seed: u64, side: f32) -> Figure {
    let mut rng = stream(seed, 0, "dog");
    let coat = COATS[rng.random_range(0..COATS.len())];
    let size = rng.random_range(0.80..1.12_f32);
    let muzzle = rng.random_range(0.80..1.20_f32);
    let standing_ears = rng.random::<f32>() < 0.4;
    let turn = side * rng.random_range(0.5..1.1_f32) + rng.random_range(-0.25..0.25_f32);
    let nod = rng.random_range(-0.10..0.12_f32);

    let mut body = Mesh::default();
    // The trunk sits upright, a little forward of the seat's back; its underside looks ahead.
    let trunk = along(Vec3::new(0.0, -0.09, 0.06), Vec3::new(0.0, 1.0, 0.22), Vec3::NEG_Z);
    body.append(&tube(&TRUNK, &coat, true).transformed(trunk));
    for x in [-0.075, 0.075] {
        let leg = along(trunk.transform_point3(Vec3::new(x, -0.115, 0.30)), Vec3::new(0.0, -1.0, 0.14), Vec3::Z);
        body.append(&tube(&LEG, &coat, true).transformed(leg));
        // Folded hind legs.
        body.append(&ball(Vec3::new(x * 1.5, -0.04, 0.14), Vec3::new(0.055, 0.065, 0.13), coat.0));
    }
    let head_rings: Vec<Ring> =
        HEAD.iter().map(|r| Ring { z: if r.z > 0.03 { 0.03 + (r.z - 0.03) * muzzle } else { r.z }, ..*r }).collect();
    let nose_z = 0.03 + 0.105 * muzzle;
    let mut head = tube(&head_rings, &coat, true);
    head.append(&ball(Vec3::new(0.0, -0.014, nose_z), Vec3::new(0.017, 0.012, 0.012), NOSE));
    // The mouth's line.
    head.append(&ball(Vec3::new(0.0, -0.043, nose_z - 0.018), Vec3::new(0.019, 0.004, 0.022), NOSE));
    for x in [-1.0, 1.0] {
        // A dark lid round a dark, bright eye.
        head.append(&ball(Vec3::new(x * 0.037, 0.022, 0.034), Vec3::new(0.013, 0.011, 0.008), NOSE));
        let root = Vec3::new(x * 0.052, 0.052, -0.035);
        let ear = if standing_ears {
            along(root, Vec3::new(x * 0.30, 1.0, 0.05), Vec3::Z)
        } else {
            along(root, Vec3::new(x * 0.75, -0.75, 0.15), Vec3::new(x, 0.6, 0.1))
        };
        head.append(&tube(&EAR, &coat, false).transformed(ear));
    }
    let mut eyes = Mesh::default();
    for x in [-1.0, 1.0] {
        eyes.append(&ball(Vec3::new(x * 0.037, 0.022, 0.038), Vec3::new(0.0095, 0.009, 0.007), EYE));
    }
    let head_place = Affine3A::from_scale_rotation_translation(
        Vec3::splat(HEAD_SIZE),
        Quat::from_rotation_y(turn) * Quat::from_rotation_x(nod),
        trunk.transform_point3(Vec3::new(0.0, -0.085, HEAD_ALONG_TRUNK_M)),
    );
    let scaled = Affine3A::from_scale(Vec3::splat(size));
    let head = head.transformed(scaled * head_place);
    let eyes = eyes.transformed(scaled * head_place);
    let face_m = head.vertices.iter().map(|v| v.position_m.into()).collect();
    let fur = Surface { roughness: 0.85, specular_f0: 0.03, wrap: 0.35, ..Surface::matt([1.0; 3]) };
    let wet = Surface { roughness: 0.12, ..Surface::matt([1.0; 3]) };
    Figure {
        parts: vec![
            super::part(k, "dog", body.transformed(scaled), fur.clone()),
            super::part(k, "dog's head", head, fur),
            super::part(k, "dog's eyes", eyes, wet),
        ],
        face_m,
    }
}
