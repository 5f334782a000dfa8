//! The cabin: inner skin of the shell, floor, dashboard, steering wheel, console, mirror; and the sun visors.
use std::{collections::BTreeMap, f32::consts::PI, sync::Arc};

use glam::{Affine3A, Quat, Vec3};

use super::{
    Visor,
    seats::seats,
    spec::{RearWindow, Spec},
    split::{Label, Shell},
};
use crate::{
    mesh::{Mesh, Vertex},
    shapes::{bar, block, coloured, deformed, rounded_box, sheet, tint, torus},
    surface::{Part, Surface},
    truth::{Role, Tag},
};

const LINING: [f32; 3] = [0.62, 0.61, 0.58];
const DOOR: [f32; 3] = [0.10, 0.10, 0.105];
const DASH: [f32; 3] = [0.065, 0.065, 0.07];
const CARPET: [f32; 3] = [0.05, 0.05, 0.05];

/// Everything inside but the seats, as one part; colours are vertex tints.
pub(crate) fn cabin_part(spec: &Spec, shell: &Shell) -> Part {
    let mut mesh = inner_skin(spec, shell);
    mesh.append(&floor_and_walls(spec));
    mesh.append(&dashboard(spec));
    mesh.append(&steering(spec));
    mesh.append(&fittings(spec));
    Part {
        name: "interior".into(),
        mesh: Arc::new(mesh),
        surface: Surface { roughness: 0.75, double_sided: true, ..Surface::matt([1.0; 3]) },
        tag: Tag::vehicle(Role::Interior),
    }
}

/// Thickness of roof, pillars and doors at a place of the outer skin, metres.
fn thickness(spec: &Spec, p: Vec3) -> f32 {
    let belt = spec.belt.0 - spec.belt.1 * p.z;
    // Pillars and roof are slim, doors deep.
    let depth = ((belt - 0.03 - p.y) / 0.22).clamp(0.0, 1.0);
    0.032 + 0.075 * depth
}

fn inner_skin(spec: &Spec, shell: &Shell) -> Mesh {
    let front = spec.windscreen.base.0 + 0.12;
    let rear = match spec.rear_window {
        RearWindow::Plan(ref w) => w.base.0 - 0.12,
        RearWindow::Behind { .. } => spec.front_z_m - spec.length_m,
    };
    let belt = |p: Vec3| spec.belt.0 - spec.belt.1 * p.z;
    let lined = |t: &[u32; 3], label: Label| {
        let centre = t.iter().map(|&i| shell.points[i as usize]).sum::<Vec3>() / 3.0;
        let seen = centre.y > spec.floor_y - 0.03 && centre.z < front && centre.z > rear;
        // Nobody looks into the boot or under the bonnet.
        let boot = centre.z < spec.bulkhead_z - 0.05 && centre.y < belt(centre) - 0.35;
        let engine = centre.z > spec.windscreen.base.0 + 0.06 && centre.y < belt(centre) - 0.25;
        seen && !boot && !engine && !matches!(label, Label::Pane(_) | Label::Opening)
    };
    let mut mesh = Mesh::default();
    let mut map: BTreeMap<u32, u32> = BTreeMap::new();
    let inner = |i: u32| {
        let (p, n) = (shell.points[i as usize], shell.normals[i as usize]);
        p - n * thickness(spec, p)
    };
    let paint = |p: Vec3| {
        let mut t = tint(if p.y > belt(p) - 0.005 { LINING } else { DOOR });
        t[3] = (255.0 * ((p.y - spec.floor_y) / (belt(p) - spec.floor_y) * 0.7 + 0.15).clamp(0.15, 0.8)) as u8;
        t
    };
    let vertex = |i: u32| Vertex {
        tint: paint(shell.points[i as usize]),
        ..Vertex::new(inner(i), -shell.normals[i as usize], [0.0; 2])
    };
    for (t, _) in shell.triangles.iter().filter(|(t, label)| lined(t, *label)) {
        let [a, b, c] = t.map(|i| {
            *map.entry(i).or_insert_with(|| {
                mesh.vertices.push(vertex(i));
                mesh.vertices.len() as u32 - 1
            })
        });
        mesh.indices.extend([a, c, b]);
    }
    // Reveals: from each pane's border to the inner skin.
    for (a, b) in shell.border(|label| matches!(label, Label::Pane(_))) {
        let (pa, pb) = (shell.points[a as usize], shell.points[b as usize]);
        let normal = (pb - pa).cross(inner(b) - pa).normalize_or(Vec3::Y);
        let base = mesh.vertices.len() as u32;
        let mut colour = tint([0.05; 3]);
        colour[3] = 140;
        mesh.vertices
            .extend([pa, pb, inner(b), inner(a)].map(|p| Vertex { tint: colour, ..Vertex::new(p, normal, [0.0; 2]) }));
        mesh.indices.extend([0, 1, 2, 0, 2, 3].map(|k| base + k));
    }
    mesh
}

fn floor_and_walls(spec: &Spec) -> Mesh {
    let half = spec.width_m / 2.0 - 0.10;
    let (front, y, rear) = (spec.windscreen.base.0 + 0.06, spec.floor_y, spec.bulkhead_z);
    let mut mesh = coloured(block(Vec3::new(-half, y - 0.05, rear + 0.2), Vec3::new(half, y, front)), CARPET, 0.25);
    // Fire wall below the windscreen's foot.
    let cowl_y = spec.stations[spec.cowl].y[4] - 0.01;
    mesh.append(&coloured(
        block(Vec3::new(-half + 0.14, y, front), Vec3::new(half - 0.14, cowl_y - 0.02, front + 0.03)),
        DASH,
        0.3,
    ));
    match spec.rear_window {
        // Saloon: bench back panel and rear shelf up to the rear window's foot.
        RearWindow::Plan(ref window) => {
            let shelf_y = spec.rows[1].h_y + 0.43;
            mesh.append(&coloured(block(Vec3::new(-half, y, rear - 0.04), Vec3::new(half, shelf_y, rear)), DOOR, 0.4));
            let shelf_front = spec.rows[1].h_z - 0.36;
            mesh.append(&coloured(
                block(Vec3::new(-half, shelf_y - 0.03, window.base.0 - 0.02), Vec3::new(half, shelf_y, shelf_front)),
                DOOR,
                0.6,
            ));
        }
        RearWindow::Behind { .. } => {
            mesh.append(&coloured(
                block(Vec3::new(-half + 0.22, y - 0.02, rear - 0.12), Vec3::new(half - 0.22, y + 0.10, rear + 0.35)),
                CARPET,
                0.3,
            ));
        }
    }
    mesh
}

fn dashboard(spec: &Spec) -> Mesh {
    let half = spec.width_m / 2.0 - 0.115;
    let driver = &spec.rows[0];
    let (front, rear) = (spec.windscreen.base.0 + 0.0, spec.wheel_z + 0.14);
    let top = spec.stations[spec.cowl].y[4] + 0.005;
    // Profile from the windscreen's foot over the top to the knees.
    let length = front - rear;
    let profile = [
        (front, top - 0.02),
        (front - 0.25 * length, top + 0.012),
        (front - 0.6 * length, top + 0.018),
        (rear + 0.06, top + 0.005),
        (rear + 0.015, top - 0.025),
        (rear, top - 0.07),
        (rear + 0.02, top - 0.16),
        (rear + 0.07, top - 0.24),
        (rear + 0.16, top - 0.33),
    ];
    const ACROSS: usize = 14;
    let rows: Vec<Vec<Vec3>> = profile
        .iter()
        .map(|&(z, y)| {
            (0..=ACROSS)
                .map(|i| {
                    let x = half * (1.0 - 2.0 * i as f32 / ACROSS as f32);
                    // The front edge follows the screen's foot, the rear edge bows towards the doors.
                    let screen = spec.windscreen.base.1 * x * x * ((z - rear) / length).max(0.0);
                    let bow = 0.05 * (x / half).powi(4) * (1.0 - (z - rear) / length).max(0.0);
                    Vec3::new(x, y, z - screen - bow)
                })
                .collect()
        })
        .collect();
    let mut mesh = coloured(sheet(&rows), DASH, 0.75);
    // Instrument hood and the screen in the middle.
    let hood = deformed(rounded_box(Vec3::new(0.20, 0.035, 0.09), 0.03, [2, 1, 1]), |p| {
        Vec3::new(p.x, p.y * (1.0 - 0.5 * (p.x / 0.20).powi(2)), p.z)
    });
    mesh.append(&coloured(
        hood.transformed(Affine3A::from_translation(Vec3::new(driver.x[0], top + 0.01, rear + 0.10))),
        DASH,
        0.8,
    ));
    let screen = rounded_box(Vec3::new(0.13, 0.075, 0.008), 0.008, [1, 1, 1]);
    let place =
        Affine3A::from_rotation_translation(Quat::from_rotation_x(0.2), Vec3::new(0.0, top + 0.03, rear + 0.03));
    mesh.append(&coloured(screen.transformed(place), [0.01, 0.01, 0.012], 0.8));
    // Console between the front seats.
    let (low, high) = (spec.floor_y, driver.h_y - 0.02);
    let console_rear = driver.h_z - 0.25;
    let console = rounded_box(Vec3::new(0.10, (high - low) / 2.0, (rear + 0.1 - console_rear) / 2.0), 0.03, [1, 1, 1]);
    let place = Affine3A::from_translation(Vec3::new(0.0, (low + high) / 2.0, (rear + 0.1 + console_rear) / 2.0));
    mesh.append(&coloured(console.transformed(place), DASH, 0.4));
    mesh
}

fn steering(spec: &Spec) -> Mesh {
    let driver = &spec.rows[0];
    let hub = Vec3::new(driver.x[0], driver.h_y + 0.275, spec.wheel_z);
    let turn = Quat::from_rotation_x(25f32.to_radians());
    let place = Affine3A::from_rotation_translation(turn, hub);
    let mut mesh = torus(0.178, 0.015, 22, 6);
    mesh.append(&rounded_box(Vec3::new(0.062, 0.05, 0.022), 0.02, [1, 1, 1]));
    for angle in [0.0, PI, 1.5 * PI] {
        let out = Vec3::new(f32::cos(angle), f32::sin(angle), 0.0);
        mesh.append(&bar(out * 0.05, out * 0.178, 0.012, 6));
    }
    let mut mesh = coloured(mesh.transformed(place), [0.035; 3], 0.85);
    let column = bar(hub, hub + turn * Vec3::new(0.0, 0.0, 0.32), 0.035, 10);
    mesh.append(&coloured(column, DASH, 0.5));
    mesh
}

/// Mirror and arm rests.
fn fittings(spec: &Spec) -> Mesh {
    let mut mesh = Mesh::default();
    let (top_z, roof_y) = (spec.windscreen.top.0, spec.roof[0].y);
    let mirror = rounded_box(Vec3::new(0.115, 0.033, 0.016), 0.015, [2, 1, 1]);
    let at = Vec3::new(0.0, roof_y - 0.115, top_z + 0.03);
    mesh.append(&coloured(mirror.transformed(Affine3A::from_translation(at)), [0.03; 3], 0.9));
    mesh.append(&coloured(bar(at, at + Vec3::new(0.0, 0.055, 0.05), 0.010, 6), [0.03; 3], 0.8));
    let half = spec.width_m / 2.0 - 0.15;
    for row in &spec.rows[..spec.rows.len().min(2)] {
        for sign in [1.0, -1.0] {
            let rest = rounded_box(Vec3::new(0.035, 0.03, 0.26), 0.02, [1, 1, 2]);
            let place = Affine3A::from_translation(Vec3::new(sign * half, row.h_y + 0.20, row.h_z + 0.16));
            mesh.append(&coloured(rest.transformed(place), DOOR, 0.5));
        }
    }
    mesh
}

/// How far a visor turns down from the roof, radians: to some 15° before the vertical (assumption).
const VISOR_TURN_RAD: f32 = 1.30;

/// The sun visors of the front row, hinged at the windscreen's upper edge.
pub(super) fn visors(spec: &Spec) -> Vec<Visor> {
    let (top_z, roof_y) = (spec.windscreen.top.0, spec.roof[0].y);
    let flap = deformed(rounded_box(Vec3::new(0.165, 0.010, 0.07), 0.009, [3, 1, 1]), |p| {
        Vec3::new(p.x, p.y - 0.6 * p.x * p.x, p.z)
    });
    let surface = Surface { roughness: 0.8, ..Surface::matt([1.0; 3]) };
    seats(spec)
        .into_iter()
        .filter(|seat| seat.id.row == 1)
        .map(|seat| {
            let lying = Affine3A::from_rotation_translation(
                Quat::from_rotation_x(0.10),
                Vec3::new(seat.h_point_m.x, roof_y - 0.052, top_z - 0.165),
            );
            // The hinge is the flap's front edge.
            let hinge = lying.transform_point3(Vec3::new(0.0, 0.0, 0.07));
            let turned = Affine3A::from_translation(hinge)
                * Affine3A::from_rotation_x(-VISOR_TURN_RAD)
                * Affine3A::from_translation(-hinge)
                * lying;
            let part = |name: &str, place: Affine3A| Part {
                name: name.to_owned(),
                mesh: Arc::new(coloured(flap.transformed(place), LINING, 0.5)),
                surface: surface.clone(),
                tag: Tag::vehicle(Role::Interior),
            };
            Visor { seat: seat.id, up: part("visor", lying), down: part("visor, down", turned) }
        })
        .collect()
}
