//! Seats: cushion, back with bolsters, head-rest; and where people sit in them.
use std::sync::Arc;

use glam::{Affine3A, Quat, Vec3};

use super::{
    Seat, SeatId, SeatSide,
    spec::{Row, Spec},
};
use crate::{
    mesh::Mesh,
    shapes::{bar, coloured, deformed, rounded_box},
    surface::{Part, Surface},
    truth::{Role, Tag},
};

/// Cloth of the seats, linear factor.
const CLOTH: [f32; 3] = [0.62, 0.60, 0.58];
/// Plastic of posts and shells.
const DARK: [f32; 3] = [0.25, 0.25, 0.26];
/// A sitter's thickness below and behind the H-point, metres (assumption, after SAE J826's manikin: 98 mm above the
/// deflected cushion, 135 mm ahead of the back).
const H_ABOVE_CUSHION_M: f32 = 0.095;
const H_AHEAD_OF_BACK_M: f32 = 0.135;

/// Where people sit, front row first, left to right.
pub(crate) fn seats(spec: &Spec) -> Vec<Seat> {
    let mut seats = Vec::new();
    for (index, row) in spec.rows.iter().enumerate() {
        for &x in row.x {
            let side = match x {
                x if x > 0.1 => SeatSide::Left,
                x if x < -0.1 => SeatSide::Right,
                _ => SeatSide::Middle,
            };
            let (h_point_m, back_angle_rad) = (Vec3::new(x, row.h_y, row.h_z), row.back_deg.to_radians());
            let (rest_y, _) = head_rest(row.x.len() == 3);
            let rest_front = back_frame(back_angle_rad).transform_point3(Vec3::new(0.0, rest_y, REST_FRONT_M));
            seats.push(Seat {
                id: SeatId { row: index as u8 + 1, side },
                h_point_m,
                back_angle_rad,
                head_rest_m: h_point_m + rest_front,
            });
        }
    }
    seats
}

/// The back's own frame round the H-point: Y along it, Z out of its front.
fn back_frame(back_angle_rad: f32) -> Affine3A {
    Affine3A::from_rotation_translation(Quat::from_rotation_x(-back_angle_rad), Vec3::new(0.0, 0.0, -H_AHEAD_OF_BACK_M))
}

/// Height of a head-rest's middle along the back and half its height, metres: its top is about 0.76 m above the H-point
/// (ECE R17 asks for 0.80 m from the R-point in the highest position; a middle one stands lower).
fn head_rest(bench: bool) -> (f32, f32) {
    if bench { (0.635, 0.075) } else { (0.665, 0.095) }
}

/// A head-rest's front before the back's plane, with some air for what lies on it, metres.
const REST_FRONT_M: f32 = 0.018;

/// All seats as one part.
pub(crate) fn seat_part(spec: &Spec) -> Part {
    let mut mesh = Mesh::default();
    for row in spec.rows {
        let bench = row.x.len() == 3;
        for &x in row.x {
            mesh.append(
                &seat(row, spec.floor_y, bench).transformed(Affine3A::from_translation(Vec3::new(x, row.h_y, row.h_z))),
            );
        }
    }
    Part {
        name: "seats".into(),
        mesh: Arc::new(mesh),
        surface: Surface { roughness: 0.9, specular_f0: 0.04, ..Surface::matt([0.16, 0.155, 0.15]) },
        tag: Tag::vehicle(Role::Seat),
    }
}

/// One seat round its H-point.
fn seat(row: &Row, floor_y: f32, bench: bool) -> Mesh {
    let half = row.half_width_m;
    let bolster = if bench { 0.012 } else { 0.040 };
    let cells = if bench { [3, 1, 2] } else { [5, 1, 3] };
    // Raised sides, a hollow middle: the share of the half-width decides.
    let raised = |x: f32| {
        let s = ((x.abs() / half - 0.55) / 0.35).clamp(0.0, 1.0);
        s * s * (3.0 - 2.0 * s) * bolster
    };
    let (length, thickness) = (0.27, 0.075);
    let cushion = deformed(rounded_box(Vec3::new(half - 0.004, thickness, length), 0.045, cells), |p| {
        let top = ((p.y + thickness) / (2.0 * thickness)).clamp(0.0, 1.0);
        // Rising towards the knees, by about 9 degrees.
        Vec3::new(p.x, p.y + top * raised(p.x) + 0.15 * p.z - 0.25 * p.z.max(0.12).powi(2), p.z)
    });
    let cushion = cushion.transformed(Affine3A::from_translation(Vec3::new(
        0.0,
        -H_ABOVE_CUSHION_M - thickness + 0.005,
        length - H_AHEAD_OF_BACK_M - 0.04,
    )));
    // The back stands in its own frame: Y along it, Z out of its front, origin behind the H-point.
    let (back_half, back_thickness) = (0.315, 0.06);
    let back =
        deformed(rounded_box(Vec3::new(half - 0.006, back_half, back_thickness), 0.045, [cells[0], 3, 1]), |p| {
            let front = ((p.z + back_thickness) / (2.0 * back_thickness)).clamp(0.0, 1.0);
            let up = p.y / back_half;
            let taper = if bench { 1.0 - 0.04 * up.max(0.0) } else { 1.0 - 0.20 * up.max(0.0).powi(2) };
            let lumbar = 0.015 * (1.0 - (up + 0.45).powi(2)).max(0.0);
            Vec3::new(p.x * taper, p.y, p.z + front * (raised(p.x) * (1.0 - 0.5 * up.max(0.0)) + lumbar))
        });
    let frame = back_frame(row.back_deg.to_radians());
    let back = back.transformed(frame * Affine3A::from_translation(Vec3::new(0.0, back_half - 0.10, -back_thickness)));
    let (rest_y, rest_height) = head_rest(bench);
    let rest = deformed(rounded_box(Vec3::new(0.13, rest_height, 0.045), 0.036, [3, 2, 1]), |p| {
        Vec3::new(p.x * (1.0 - 0.10 * (p.y / rest_height).max(0.0)), p.y, p.z + 0.25 * p.x * p.x / 0.13)
    });
    let rest = rest.transformed(frame * Affine3A::from_translation(Vec3::new(0.0, rest_y, -0.030)));
    let mut mesh = coloured(cushion, CLOTH, 0.55);
    mesh.append(&coloured(back, CLOTH, 0.7));
    mesh.append(&coloured(rest, CLOTH, 0.85));
    for x in [-0.06, 0.06] {
        let foot = frame.transform_point3(Vec3::new(x, 2.0 * back_half - 0.12, -0.05));
        let head = frame.transform_point3(Vec3::new(x, rest_y, -0.035));
        mesh.append(&coloured(bar(foot, head, 0.007, 6), DARK, 0.7));
    }
    // A plinth down to the floor.
    let (low, high) = (floor_y - row.h_y, -H_ABOVE_CUSHION_M - 2.0 * thickness + 0.06);
    if high - low > 0.05 {
        let plinth = rounded_box(Vec3::new(half * 0.85, (high - low) / 2.0, 0.20), 0.02, [1, 1, 1]);
        let place = Affine3A::from_translation(Vec3::new(0.0, (low + high) / 2.0, 0.08));
        mesh.append(&coloured(plinth.transformed(place), DARK, 0.3));
    }
    mesh
}
