//! Outer parts made from the cut shell, and what is mounted on it.
use std::sync::Arc;

use glam::{Affine3A, Quat, Vec3};

use super::{
    HeadLamp,
    spec::Spec,
    split::{Label, Shell},
};
use crate::{
    mesh::{Mesh, Vertex},
    shapes::{bar, coloured, deformed, mirrored, quad, rounded_box, tint},
    surface::{Part, Surface},
    truth::{Role, Tag},
};

/// Painted sheet, black trim and lamps.
pub(crate) fn body_parts(spec: &Spec, shell: &Shell, paint: [f32; 3]) -> Vec<Part> {
    let tag = Tag::vehicle(Role::Body);
    let mut painted = shell.extract(|label| label == Label::Body);
    let mut trim = Mesh::default();
    for (label, colour, visibility) in [
        (Label::Plastic, [0.030; 3], 0.7),
        (Label::Surround, [0.012; 3], 1.0),
        (Label::Grille, [0.015; 3], 0.6),
        (Label::Seam, [0.008; 3], 0.3),
    ] {
        trim.append(&coloured(shell.extract(|l| l == label), colour, visibility));
    }
    trim.append(&arch_liners(spec, shell));
    trim.append(&tray(spec));
    let mut lamps = coloured(shell.extract(|l| l == Label::HeadLamp), [0.33, 0.34, 0.36], 1.0);
    lamps.append(&coloured(shell.extract(|l| l == Label::TailLamp), [0.40, 0.010, 0.012], 1.0));
    mount(spec, shell, &mut painted, &mut trim);
    vec![
        Part {
            name: "body paint".into(),
            mesh: Arc::new(painted),
            surface: Surface { roughness: 0.25, specular_f0: 0.05, double_sided: true, ..Surface::matt(paint) },
            tag,
        },
        Part {
            name: "black trim".into(),
            mesh: Arc::new(trim),
            surface: Surface { roughness: 0.35, double_sided: true, ..Surface::matt([1.0; 3]) },
            tag,
        },
        Part {
            name: "lamps".into(),
            mesh: Arc::new(lamps),
            surface: Surface { roughness: 0.08, specular_f0: 0.06, double_sided: true, ..Surface::matt([1.0; 3]) },
            tag,
        },
    ]
}

/// The lenses of the head-lamps: a disc on each lamp's cover, as seen from ahead.
pub(crate) fn head_lamps(spec: &Spec, shell: &Shell) -> Vec<HeadLamp> {
    /// How far before the cover the lens lies, metres, so that none of the cover hides it.
    const BEFORE_M: f32 = 0.003;
    const SPOKES: u32 = 24;
    let nose = &spec.stations[0].y;
    // In the middle of the cover's inner part, where it faces the front most.
    let middle = Vec3::new(0.36 * spec.width_m, (nose[3] + nose[4]) / 2.0, 4.0);
    let on_cover = |from: Vec3| first_hit(shell, from, Vec3::NEG_Z).map(|(at, n)| (at + Vec3::Z * BEFORE_M, n));
    let mut lens = Mesh::default();
    let Some((middle_m, normal)) = on_cover(middle) else { return Vec::new() };
    lens.vertices.push(Vertex::new(middle_m, normal, [0.0; 2]));
    let rings = [0.5, 1.0];
    for ring in rings {
        for k in 0..SPOKES {
            let (sin, cos) = (k as f32 / SPOKES as f32 * std::f32::consts::TAU).sin_cos();
            let aside = Vec3::new(cos, sin, 0.0) * (ring * HeadLamp::RADIUS_M);
            let (at, normal) = on_cover(middle + aside).unwrap_or((middle_m + aside, normal));
            lens.vertices.push(Vertex::new(at, normal, [0.0; 2]));
        }
    }
    for k in 0..SPOKES {
        let (a, b) = (1 + k, 1 + (k + 1) % SPOKES);
        lens.indices.extend([0, a, b, a, a + SPOKES, b + SPOKES, a, b + SPOKES, b]);
    }
    let right = mirrored(&lens);
    let left = HeadLamp { middle_m, lens: Arc::new(lens) };
    vec![left, HeadLamp { middle_m: middle_m * Vec3::new(-1.0, 1.0, 1.0), lens: Arc::new(right) }]
}

/// A flat tray for the middle of the underside.
fn tray(spec: &Spec) -> Mesh {
    let half = spec.width_m / 2.0 - 0.24;
    let (front, rear) = (spec.front_z_m - 0.50, spec.front_z_m - spec.length_m + 0.50);
    let corners = [(-half, rear), (half, rear), (half, front), (-half, front)].map(|(x, z)| Vec3::new(x, 0.235, z));
    coloured(quad(corners), [0.02; 3], 0.3)
}

/// The inside of the wheel openings: a barrel inwards from the lip, closed by a wall.
fn arch_liners(spec: &Spec, shell: &Shell) -> Mesh {
    let inner = spec.hub_x_m - spec.tyre_width_m / 2.0 - 0.07;
    let mut mesh = Mesh::default();
    let mut colour = tint([0.02; 3]);
    colour[3] = 60;
    let mut face = |corners: &[Vec3]| {
        let normal = (corners[1] - corners[0]).cross(corners[2] - corners[0]).normalize_or(Vec3::Y);
        let base = mesh.vertices.len() as u32;
        mesh.vertices.extend(corners.iter().map(|p| Vertex { tint: colour, ..Vertex::new(*p, normal, [0.0; 2]) }));
        mesh.indices.extend((1..corners.len() as u32 - 1).flat_map(|k| [base, base + k, base + k + 1]));
    };
    for (a, b) in shell.border(|label| label == Label::Opening) {
        let (pa, pb) = (shell.points[a as usize], shell.points[b as usize]);
        let wall = |p: Vec3| Vec3::new(inner * p.x.signum(), p.y, p.z);
        let hub_z = spec.wheelbase_m / 2.0 * pa.z.signum();
        let hub = Vec3::new(inner * pa.x.signum(), spec.tyre_radius_m, hub_z);
        face(&[pa, pb, wall(pb), wall(pa)]);
        face(&[wall(pa), wall(pb), hub]);
    }
    mesh
}

/// Where a ray along −X (towards the middle) from the left meets the shell at height `y`, `z`.
fn side_at(shell: &Shell, y: f32, z: f32) -> Option<(Vec3, Vec3)> {
    let origin = Vec3::new(3.0, y, z);
    first_hit(shell, origin, Vec3::NEG_X)
}

/// First hit of a ray with the shell: point and normal.
fn first_hit(shell: &Shell, origin: Vec3, direction: Vec3) -> Option<(Vec3, Vec3)> {
    let mut best: Option<(f32, Vec3)> = None;
    for (t, label) in &shell.triangles {
        if *label == Label::Opening {
            continue;
        }
        let corners = t.map(|i| shell.points[i as usize]);
        if let Some(distance) = super::hit(corners, origin, direction)
            && best.is_none_or(|(d, _)| distance < d)
        {
            let normal = t.iter().map(|&i| shell.normals[i as usize]).sum::<Vec3>().normalize_or(Vec3::Y);
            best = Some((distance, normal));
        }
    }
    best.map(|(distance, normal)| (origin + direction * distance, normal))
}

/// Mirrors, handles, plates, wipers, badge.
fn mount(spec: &Spec, shell: &Shell, painted: &mut Mesh, trim: &mut Mesh) {
    let belt = |z: f32| spec.belt.0 - spec.belt.1 * z;
    let both = |target: &mut Mesh, mesh: Mesh| {
        target.append(&mesh);
        target.append(&mirrored(&mesh));
    };
    // Door mirrors at the front corner of the side window.
    let mirror_z = spec.glass_front.z_at(belt(0.4) + 0.09) - 0.02;
    if let Some((foot, _)) = side_at(shell, belt(mirror_z) - 0.005, mirror_z) {
        let shape = |half: Vec3, radius: f32, cells| {
            deformed(rounded_box(half, radius, cells), |p| {
                // Rounded towards the front, flat behind; slimmer at the far end.
                let round = 1.0 - 0.35 * (p.z / half.z).max(0.0);
                Vec3::new(p.x, p.y * round * (1.0 - 0.12 * p.x / half.x), p.z - 0.25 * p.x)
            })
        };
        let centre = foot + Vec3::new(0.125, 0.085, 0.02);
        let housing = shape(Vec3::new(0.10, 0.068, 0.055), 0.045, [2, 2, 1]);
        both(painted, housing.transformed(Affine3A::from_translation(centre)));
        let glass = deformed(rounded_box(Vec3::new(0.085, 0.055, 0.004), 0.004, [1, 1, 1]), |p| {
            Vec3::new(p.x, p.y, p.z - 0.25 * p.x)
        });
        let glass = glass.transformed(Affine3A::from_translation(centre - Vec3::Z * 0.056));
        both(trim, coloured(glass, [0.10, 0.11, 0.12], 1.0));
        both(trim, coloured(bar(foot - Vec3::X * 0.03, centre - Vec3::Y * 0.045, 0.022, 8), [0.015; 3], 0.9));
    }
    for &z in spec.handles_z {
        let y = belt(z) - 0.115;
        if let Some((at, normal)) = side_at(shell, y, z) {
            let handle = rounded_box(Vec3::new(0.014, 0.014, 0.095), 0.012, [1, 1, 2]);
            let turn = Quat::from_rotation_arc(Vec3::X, normal);
            both(painted, handle.transformed(Affine3A::from_rotation_translation(turn, at + normal * 0.016)));
            let cup = rounded_box(Vec3::new(0.003, 0.026, 0.07), 0.003, [1, 1, 1]);
            both(trim, coloured(cup.transformed(Affine3A::from_rotation_translation(turn, at)), [0.01; 3], 0.4));
        }
    }
    // Number plates, white with a dark rim; 520 mm × 110 mm (EU size).
    let heights = [(spec.stations[0].y[2] - 0.035, 1.0f32), (spec.stations[spec.stations.len() - 1].y[2] + 0.12, -1.0)];
    for (y, sign) in heights {
        if let Some((at, _)) = first_hit(shell, Vec3::new(0.0, y, 4.0 * sign), Vec3::NEG_Z * sign) {
            for (w, h, out, colour) in [(0.27, 0.063, 0.010, 0.02), (0.26, 0.055, 0.018, 0.75)] {
                let z = at.z + sign * out;
                let corners = [(-w, -h), (w, -h), (w, h), (-w, h)].map(|(x, dy)| Vec3::new(x * sign, y + dy, z));
                trim.append(&coloured(quad(corners), [colour; 3], 1.0));
            }
        }
    }
    // Wipers at rest along the windscreen's foot.
    for (from, to) in [(-0.06f32, 0.52f32), (-0.62, -0.10)] {
        let on_glass = |x: f32, ahead: f32| {
            let z = spec.windscreen.base.0 - spec.windscreen.base.1 * x * x - ahead;
            first_hit(shell, Vec3::new(x, 3.0, z), Vec3::NEG_Y).map(|(p, n)| p + n * 0.012)
        };
        if let (Some(a), Some(b)) = (on_glass(from, 0.0), on_glass(to, 0.05)) {
            trim.append(&coloured(bar(a, b, 0.007, 5), [0.012; 3], 0.9));
        }
    }
}
