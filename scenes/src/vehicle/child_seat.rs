//! Child seats: a rear-facing cradle, a forward seat with a harness, a booster cushion; and how children sit in them.
//!
//! Everything but [`ChildSeat::vehicle_from_child`] is in the child's own frame (see `Person::seated`): origin at the
//! hips, +Z ahead of the child, +Y up.
use std::{f32::consts::PI, sync::Arc};

use glam::{Affine3A, Quat, Vec2, Vec3};
use serde::{Deserialize, Serialize};

use super::{Seat, hit};
use crate::{
    mesh::Mesh,
    people::{Legs, Posed},
    shapes::{coloured, deformed, rounded_box, sheet},
    surface::{Part, Surface},
    truth::{Role, Tag},
};

/// How a child is restrained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChildSeat {
    /// A reclined shell whose back is to the windscreen (demanded up to 15 months by UN R129).
    RearFacing,
    /// A shell with a five-point harness, facing forwards.
    Forward,
    /// A cushion that lifts the child for the adult's belt.
    Booster,
}

/// A sitter's thickness below and behind the hips, shares of the stature (an adult's 95 mm and 135 mm of 1.70 m).
const BELOW_HIPS: f32 = 0.056;
const BEHIND_HIPS: f32 = 0.079;
/// The vehicle's cushion below the H-point and its back behind it, metres; see `seats`.
const CUSHION_BELOW_H_M: f32 = 0.095;
const BACK_BEHIND_H_M: f32 = 0.135;
/// Thickness of a forward shell below and behind the child, of a cradle with its base below, of a booster: metres
/// (assumptions after common products).
const SHELL_BELOW_M: f32 = 0.10;
const SHELL_BEHIND_M: f32 = 0.085;
const CRADLE_BELOW_M: f32 = 0.13;
const BOOSTER_M: f32 = 0.13;
/// Recline of a cradle's and of a forward shell's back against the vertical, radians (45° and about 20° as instructions
/// for installing ask).
const CRADLE_RECLINE_RAD: f32 = 0.75;
const SHELL_RECLINE_RAD: f32 = 0.36;
/// From a cradled child's hips to the vehicle's back, where the feet are, metres.
const CRADLE_FEET_M: f32 = 0.30;
/// Plastic of shells, cloth of paddings, webbing: linear reflectance.
const PLASTIC: [f32; 3] = [0.045, 0.046, 0.050];
const PADDINGS: [[f32; 3]; 4] = [[0.10, 0.10, 0.11], [0.16, 0.05, 0.06], [0.06, 0.09, 0.17], [0.24, 0.22, 0.19]];
const WEBBING: [f32; 3] = [0.03, 0.03, 0.032];

/// A place on a shell's middle line with its width there.
struct Station {
    /// (z, y), metres.
    at: Vec2,
    half_width_m: f32,
    /// How far the sides rise from the middle line.
    wings_m: f32,
}

impl ChildSeat {
    /// For reports.
    pub fn label(self) -> &'static str {
        match self {
            ChildSeat::RearFacing => "rear-facing child seat",
            ChildSeat::Forward => "child seat",
            ChildSeat::Booster => "booster",
        }
    }

    /// Whether a harness holds the torso.
    pub fn has_harness(self) -> bool {
        self != ChildSeat::Booster
    }

    /// The child's frame in the vehicle's.
    pub fn vehicle_from_child(self, seat: &Seat, stature_m: f32) -> Affine3A {
        let (below, behind) = (BELOW_HIPS * stature_m, BEHIND_HIPS * stature_m);
        let on = |thickness_m: f32| thickness_m - CUSHION_BELOW_H_M + below;
        match self {
            ChildSeat::RearFacing => Affine3A::from_rotation_translation(
                Quat::from_rotation_y(PI),
                seat.h_point_m + Vec3::new(0.0, on(CRADLE_BELOW_M), CRADLE_FEET_M - BACK_BEHIND_H_M),
            ),
            ChildSeat::Forward => Affine3A::from_translation(
                seat.h_point_m + Vec3::new(0.0, on(SHELL_BELOW_M), SHELL_BEHIND_M + behind - BACK_BEHIND_H_M),
            ),
            ChildSeat::Booster => Affine3A::from_translation(
                seat.h_point_m + Vec3::new(0.0, on(BOOSTER_M), behind - BACK_BEHIND_H_M + 0.03),
            ),
        }
    }

    /// Lean of the child's back, radians.
    pub fn back_angle_rad(self, seat: &Seat) -> f32 {
        match self {
            ChildSeat::RearFacing => CRADLE_RECLINE_RAD,
            ChildSeat::Forward => SHELL_RECLINE_RAD,
            ChildSeat::Booster => seat.back_angle_rad,
        }
    }

    /// How the child's legs lie.
    pub fn legs(self) -> Legs {
        match self {
            ChildSeat::RearFacing => Legs::Cradled,
            ChildSeat::Forward => Legs::Short,
            ChildSeat::Booster => Legs::Seated,
        }
    }

    /// The seat round a child of a stature; `kind` chooses its colour.
    pub fn parts(self, stature_m: f32, kind: u64) -> Vec<Part> {
        let padding = PADDINGS[(kind % PADDINGS.len() as u64) as usize];
        let mesh = match self {
            ChildSeat::RearFacing => shell(&cradle(stature_m), padding),
            ChildSeat::Forward => shell(&forward(stature_m), padding),
            ChildSeat::Booster => booster(stature_m, padding),
        };
        vec![part(self.label(), mesh, true)]
    }

    /// The harness over a child who sits in the seat; nothing for a booster.
    pub fn harness(self, posed: &Posed, stature_m: f32) -> Option<Part> {
        if !self.has_harness() {
            return None;
        }
        let top = posed.parts.iter().find(|part| part.name == "top")?;
        let recline = match self {
            ChildSeat::RearFacing => CRADLE_RECLINE_RAD,
            _ => SHELL_RECLINE_RAD,
        };
        // Along the torso: up from the hips, and straight out of the chest.
        let torso = Quat::from_rotation_x(-recline);
        let on_chest = |x: f32, up: f32| {
            let origin = torso * Vec3::new(x, up, 0.5);
            let hits = top.mesh.triangles().filter_map(|t| hit(t, origin, torso * Vec3::NEG_Z));
            hits.min_by(f32::total_cmp).map(|d| origin + torso * Vec3::NEG_Z * (d - 0.006))
        };
        let (shoulder, hips, half_strap) = (0.262 * stature_m, 0.075 * stature_m, 0.016);
        let mut mesh = Mesh::default();
        for side in [-1.0, 1.0] {
            let rows: Vec<Vec<Vec3>> = (0..=8)
                .filter_map(|i| {
                    let t = i as f32 / 8.0;
                    let up = shoulder + (hips - shoulder) * t;
                    let x = side * stature_m * (0.056 - 0.043 * t * t);
                    let middle = on_chest(x, up)?;
                    Some([-half_strap, half_strap].map(|d| middle + Vec3::X * d).to_vec())
                })
                .collect();
            mesh.append(&coloured(sheet(&rows), WEBBING, 0.9));
        }
        if let Some(middle) = on_chest(0.0, hips) {
            let buckle = rounded_box(Vec3::new(0.024, 0.030, 0.010), 0.008, [1, 1, 1]);
            let place = Affine3A::from_rotation_translation(torso, middle + torso * Vec3::Z * 0.006);
            mesh.append(&coloured(buckle.transformed(place), [0.20, 0.02, 0.02], 0.9));
        }
        Some(part("harness", mesh, true))
    }
}

fn part(name: &str, mesh: Mesh, double_sided: bool) -> Part {
    Part {
        name: name.to_owned(),
        mesh: Arc::new(mesh),
        surface: Surface { roughness: 0.8, double_sided, ..Surface::matt([1.0; 3]) },
        tag: Tag::vehicle(Role::ChildSeat),
    }
}

/// The line of a cradle, from the feet over the hips to above the head.
fn cradle(stature_m: f32) -> Vec<Station> {
    let below = BELOW_HIPS * stature_m + 0.012;
    // Drawn round a child of 0.7 m.
    let size = stature_m / 0.7;
    let (s, c) = CRADLE_RECLINE_RAD.sin_cos();
    // Along the back, so far up from the hips, lying behind it.
    let back = |up: f32| Vec2::new(-s * up - c * (below + 0.02), c * up - s * (below + 0.02));
    let station = |at: Vec2, half_width_m: f32, wings_m: f32| Station { at, half_width_m, wings_m };
    vec![
        station(Vec2::new(0.27, 0.03), 0.13, 0.02),
        station(Vec2::new(0.20, -0.02), 0.15, 0.06),
        station(Vec2::new(0.10, -below), 0.16, 0.09),
        station(Vec2::new(0.0, -below - 0.008), 0.165, 0.12),
        station(back(0.04), 0.17, 0.135),
        station(back(0.14 * size), 0.17, 0.135),
        station(back(0.24 * size), 0.16, 0.14),
        station(back(0.33 * size), 0.148, 0.145),
        station(back(0.40 * size), 0.138, 0.135),
        station(back(0.455 * size), 0.122, 0.11),
        station(back(0.49 * size), 0.10, 0.075),
        station(back(0.505 * size), 0.072, 0.045),
    ]
}

/// The line of a forward seat, from the front of its cushion to above the head.
fn forward(stature_m: f32) -> Vec<Station> {
    let (below, behind) = (BELOW_HIPS * stature_m + 0.008, BEHIND_HIPS * stature_m + 0.008);
    let (s, c) = SHELL_RECLINE_RAD.sin_cos();
    let back = |up: f32| Vec2::new(-s * up - c * behind, c * up - s * behind);
    let station = |at: Vec2, half_width_m: f32, wings_m: f32| Station { at, half_width_m, wings_m };
    vec![
        station(Vec2::new(0.25, -below - 0.05), 0.15, 0.01),
        station(Vec2::new(0.23, -below + 0.005), 0.16, 0.03),
        station(Vec2::new(0.14, -below), 0.175, 0.08),
        station(Vec2::new(0.02, -below - 0.01), 0.18, 0.10),
        station(back(0.02), 0.175, 0.10),
        station(back(0.20 * stature_m), 0.175, 0.10),
        station(back(0.30 * stature_m), 0.165, 0.11),
        station(back(0.38 * stature_m), 0.145, 0.15),
        station(back(0.48 * stature_m), 0.14, 0.15),
        station(back(0.55 * stature_m), 0.12, 0.10),
        station(back(0.57 * stature_m), 0.09, 0.03),
    ]
}

/// A padded shell along its line.
fn shell(line: &[Station], padding: [f32; 3]) -> Mesh {
    let (mut inner, mut outer) = (Vec::new(), Vec::new());
    for (i, station) in line.iter().enumerate() {
        let before = line[i.saturating_sub(1)].at;
        let after = line[(i + 1).min(line.len() - 1)].at;
        // Towards the child: to the left of the way from the feet to the head, seen with z to the right and y up.
        let way = (after - before).normalize_or(Vec2::X);
        let normal = Vec3::new(0.0, -way.x, way.y);
        let middle = Vec3::new(0.0, station.at.y, station.at.x);
        let (w, h) = (station.half_width_m, station.wings_m);
        let at = |x: f32, rise: f32| middle + Vec3::X * x + normal * rise;
        let section = [(-w, h), (-w + 0.012, 0.75 * h), (-w + 0.035, 0.25 * h), (-0.55 * w, 0.0), (0.0, -0.006)];
        let mirrored = section[..4].iter().rev().map(|(x, rise)| (-x, *rise));
        inner.push(section.iter().copied().chain(mirrored).map(|(x, rise)| at(x, rise)).collect::<Vec<_>>());
        let hull = [(w, h), (w + 0.022, h + 0.004), (w + 0.03, 0.5 * h), (w + 0.012, -0.03), (0.5 * w, -0.055)];
        let mirrored = hull.iter().rev().map(|(x, rise)| (-x, *rise));
        outer.push(hull.iter().copied().chain(mirrored).map(|(x, rise)| at(x, rise)).collect::<Vec<_>>());
    }
    let mut mesh = coloured(sheet(&inner), padding, 0.7);
    mesh.append(&coloured(sheet(&outer), PLASTIC, 0.8));
    mesh
}

/// A booster: a thick cushion with guides for the belt at its sides.
fn booster(stature_m: f32, padding: [f32; 3]) -> Mesh {
    let top_y = -BELOW_HIPS * stature_m;
    let half = Vec3::new(0.185, BOOSTER_M / 2.0 - 0.005, 0.19);
    let cushion = deformed(rounded_box(half, 0.035, [3, 1, 2]), |p| {
        // A hollow to sit in.
        let hollow = 0.014 * (1.0 - (p.x / half.x).powi(2)) * ((p.y / half.y).max(0.0));
        Vec3::new(p.x, p.y - hollow, p.z)
    });
    let middle = Vec3::new(0.0, top_y - half.y + 0.012, 0.06);
    let mut mesh = coloured(cushion.transformed(Affine3A::from_translation(middle)), padding, 0.7);
    for side in [-1.0, 1.0] {
        let guide = rounded_box(Vec3::new(0.022, 0.045, 0.11), 0.02, [1, 1, 1]);
        let place = Affine3A::from_translation(middle + Vec3::new(side * 0.175, half.y + 0.035, -0.05));
        mesh.append(&coloured(guide.transformed(place), PLASTIC, 0.8));
    }
    mesh
}
