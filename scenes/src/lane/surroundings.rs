//! What lies behind: walls, a low building, trees, hills. Only so much that pictures look like a place.
use std::f32::consts::TAU;

use glam::{Affine3A, Vec3};

use super::ground::{hash01, snow_colour};
use crate::{
    catalogue::GroundSnow,
    mesh::Mesh,
    shapes::{bar, block, coloured, deformed, rounded_box, sheet},
};

/// A panelled concrete wall along the far side, and a low building.
pub(super) fn walls(mesh: &mut Mesh) {
    const PANELS: usize = 24;
    for k in 0..PANELS {
        let z = -78.0 + 5.0 * k as f32;
        let shade = 0.30 + 0.05 * hash01(k as u32, 11);
        mesh.append(&coloured(
            block(Vec3::new(-14.25, -0.05, z + 0.03), Vec3::new(-14.0, 2.6, z + 4.97)),
            [shade, shade * 0.99, shade * 0.95],
            1.0,
        ));
        mesh.append(&coloured(
            block(Vec3::new(-14.32, -0.05, z - 0.12), Vec3::new(-13.93, 2.75, z + 0.12)),
            [0.27, 0.265, 0.25],
            1.0,
        ));
    }
    let (low, high) = (Vec3::new(20.0, -0.05, -58.0), Vec3::new(31.0, 5.2, -22.0));
    mesh.append(&coloured(block(low, high), [0.46, 0.43, 0.38], 1.0));
    mesh.append(&coloured(
        block(Vec3::new(low.x - 0.6, high.y, low.z - 0.6), Vec3::new(high.x + 0.6, high.y + 0.35, high.z + 0.6)),
        [0.13, 0.13, 0.14],
        1.0,
    ));
    for k in 0..8 {
        let z = low.z + 2.0 + 4.2 * k as f32;
        mesh.append(&coloured(
            block(Vec3::new(low.x - 0.03, 1.1, z), Vec3::new(low.x + 0.1, 3.4, z + 2.6)),
            [0.03, 0.04, 0.05],
            1.0,
        ));
    }
}

/// Trees in loose rows, and a ring of hills on the horizon, which are white in snow.
pub(super) fn green(snow: Option<&GroundSnow>) -> Mesh {
    let mut mesh = Mesh::default();
    for k in 0..28u32 {
        let r = |salt| hash01(k, salt);
        let (x, z) = match k % 4 {
            // Behind the wall, beside the building, and across the road's far end, where the cameras look.
            0 | 1 => (-18.0 - 16.0 * r(1), -85.0 + 150.0 * r(2)),
            2 => (36.0 + 25.0 * r(1), -80.0 + 130.0 * r(2)),
            _ => (-60.0 + 120.0 * r(1), -92.0 - 30.0 * r(2)),
        };
        let height = 6.0 + 5.5 * r(3);
        tree(&mut mesh, Vec3::new(x, -0.05, z), height, k);
    }
    mesh.append(&hills(snow.map_or([0.085, 0.11, 0.075], |snow| snow_colour(snow.reflectance))));
    mesh
}

fn tree(mesh: &mut Mesh, foot: Vec3, height: f32, k: u32) {
    mesh.append(&coloured(bar(foot, foot + Vec3::Y * height * 0.45, 0.17, 7), [0.07, 0.05, 0.035], 0.7));
    let green = 0.8 + 0.4 * hash01(k, 5);
    for (c, (lift, size)) in [(0.52, 0.30), (0.74, 0.22)].into_iter().enumerate() {
        let radius = height * size;
        let crown = deformed(rounded_box(Vec3::ONE, 0.5, [1, 1, 1]), |p| {
            // A lumpy ball: the lumps follow the direction, so shared corners stay together.
            let d = p.normalize_or(Vec3::Y);
            let lump = (d.x * 5.1 + k as f32).sin() * (d.y * 4.3 + c as f32 * 2.0).cos() * (d.z * 6.0).sin();
            d * (1.0 + 0.22 * lump) * Vec3::new(1.0, 0.95, 1.0)
        });
        let sway = Vec3::new(hash01(k, 6 + c as u32) - 0.5, 0.0, hash01(k, 8 + c as u32) - 0.5) * height * 0.12;
        let place = Affine3A::from_scale_rotation_translation(
            Vec3::splat(radius),
            glam::Quat::from_rotation_y(k as f32),
            foot + Vec3::Y * height * lift + sway,
        );
        mesh.append(&coloured(crown.transformed(place), [0.045 * green, 0.075 * green, 0.022 * green], 0.85));
    }
}

fn hills(colour: [f32; 3]) -> Mesh {
    const AROUND: usize = 72;
    let height = |a: f32, ring: f32| {
        7.0 * ring * (1.0 + 0.45 * (a * 3.0 + 0.7).sin() + 0.30 * (a * 7.0 + 2.0).sin() + 0.12 * (a * 17.0).sin())
    };
    let rows: Vec<Vec<Vec3>> = [(118.0, 0.0f32), (132.0, 0.55), (148.0, 1.0)]
        .iter()
        .map(|&(radius, ring)| {
            (0..=AROUND)
                .map(|k| {
                    let a = TAU * (k % AROUND) as f32 / AROUND as f32;
                    Vec3::new(radius * a.cos(), height(a, ring) - 0.1, radius * a.sin())
                })
                .collect()
        })
        .collect();
    coloured(sheet(&rows), colour, 1.0)
}
