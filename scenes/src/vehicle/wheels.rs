//! Wheels: tyre, spoked rim and brake disc, axle along X.
use std::{f32::consts::TAU, sync::Arc};

use glam::{Affine3A, Quat, Vec3};

use super::{Wheel, spec::Spec};
use crate::{
    mesh::Mesh,
    shapes::{block, coloured, lathe, mirrored},
    surface::{Part, Surface},
    truth::{Role, Tag},
};

/// Four wheels: front left, front right, rear left, rear right.
pub(crate) fn wheels(spec: &Spec) -> Vec<Wheel> {
    let left = parts(spec, false);
    let right = parts(spec, true);
    let at = |z: f32, sign: f32| Vec3::new(sign * spec.hub_x_m, spec.tyre_radius_m, z);
    let half = spec.wheelbase_m / 2.0;
    [(half, 1.0), (half, -1.0), (-half, 1.0), (-half, -1.0)]
        .map(|(z, sign)| Wheel {
            hub_m: at(z, sign),
            radius_m: spec.tyre_radius_m,
            steered: z > 0.0,
            parts: if sign > 0.0 { left.clone() } else { right.clone() },
        })
        .to_vec()
}

fn parts(spec: &Spec, right: bool) -> Vec<Part> {
    let (radius, half) = (spec.tyre_radius_m, spec.tyre_width_m / 2.0);
    let rim = radius * 0.70;
    let tyre = lathe(
        &[
            (-half * 0.86, rim),
            (-half, rim + 0.35 * (radius - rim)),
            (-half * 0.93, radius - 0.022),
            (-half * 0.76, radius),
            (half * 0.76, radius),
            (half * 0.93, radius - 0.022),
            (half, rim + 0.35 * (radius - rim)),
            (half * 0.86, rim),
        ],
        32,
    );
    let well = coloured(lathe(&[(half * 0.1, rim), (half * 0.1, 0.0)], 24), [0.05; 3], 0.4);
    let mut dark = coloured(tyre, [0.35; 3], 1.0);
    dark.append(&well);
    let mut metal = coloured(
        lathe(
            &[(half * 0.2, rim - 0.03), (half * 0.84, rim - 0.028), (half * 0.92, rim - 0.012), (half * 0.88, rim)],
            32,
        ),
        [0.9; 3],
        0.9,
    );
    metal.append(&coloured(lathe(&[(half * 0.25, rim * 0.62), (half * 0.25, rim * 0.3)], 24), [0.5; 3], 0.5));
    metal.append(&coloured(
        lathe(&[(half * 0.55, 0.075), (half * 0.74, 0.065), (half * 0.76, 0.0)], 16),
        [0.9; 3],
        1.0,
    ));
    const SPOKES: usize = 5;
    let length = rim - 0.02 - 0.05;
    for k in 0..SPOKES {
        for lean in [-0.13f32, 0.13] {
            let half_size = Vec3::new(0.013, length / 2.0, 0.019);
            let spoke = block(-half_size, half_size);
            let place = Affine3A::from_rotation_translation(
                Quat::from_rotation_x(TAU * k as f32 / SPOKES as f32 + lean),
                Vec3::ZERO,
            ) * Affine3A::from_translation(Vec3::new(half * 0.68, 0.05 + length / 2.0, 0.0));
            metal.append(&coloured(spoke.transformed(place), [0.9; 3], 1.0));
        }
    }
    let side = |mesh: Mesh| Arc::new(if right { mirrored(&mesh) } else { mesh });
    let tag = Tag::vehicle(Role::Wheel);
    vec![
        Part {
            name: "tyre".into(),
            mesh: side(dark),
            surface: Surface { roughness: 0.85, ..Surface::matt([0.09; 3]) },
            tag,
        },
        Part {
            name: "rim".into(),
            mesh: side(metal),
            surface: Surface { roughness: 0.35, specular_f0: 0.35, ..Surface::matt([0.38; 3]) },
            tag,
        },
    ]
}
