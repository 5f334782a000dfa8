//! Vehicles: parametric bodies, seats and panes.
//!
//! A body is one smooth closed shell (a subdivided control cage over cross-sections) out of which windows, lamps,
//! wheel openings and shut lines are cut. What is left is paint; the windows are the panes; an inner skin at the
//! thickness of roof, pillars and doors lines the cabin. So panes fill their openings exactly.
use std::sync::Arc;

use glam::Vec3;

mod body;
mod cabin;
mod child_seat;
mod seats;
mod shell;
mod spec;
mod split;
mod subdivide;
#[cfg(test)]
mod tests;
mod wheels;
mod windows;

pub use child_seat::ChildSeat;

use crate::{
    catalogue::GlassSet,
    mesh::Mesh,
    surface::{Glazing, Pane, PaneKind, Part},
};

/// Where across the vehicle a seat is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SeatSide {
    /// +X: the driver's side where traffic keeps right.
    Left,
    /// Between the two.
    Middle,
    /// −X.
    Right,
}

/// A seat's name: row 1 is the front row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct SeatId {
    /// 1 to 3.
    pub row: u8,
    /// Across.
    pub side: SeatSide,
}

/// One seat.
#[derive(Debug, Clone, PartialEq)]
pub struct Seat {
    /// Name.
    pub id: SeatId,
    /// H-point (hip pivot of a seated adult, SAE J1100) in the vehicle frame, metres.
    pub h_point_m: Vec3,
    /// Angle of the seat back from the vertical, radians, leaning backwards positive.
    pub back_angle_rad: f32,
    /// Middle of the head-rest's front, vehicle frame, metres.
    pub head_rest_m: Vec3,
}

/// One wheel; its mesh is centred on the hub, axle along X.
#[derive(Debug, Clone)]
pub struct Wheel {
    /// Hub position at rest, vehicle frame, metres.
    pub hub_m: Vec3,
    /// Rolling radius, metres.
    pub radius_m: f32,
    /// Whether it steers.
    pub steered: bool,
    /// Tyre and rim, in the hub's frame.
    pub parts: Vec<Part>,
}

/// A head-lamp's lens, the part of its cover through which the dipped beam leaves; vehicle frame.
#[derive(Debug, Clone)]
pub struct HeadLamp {
    /// Middle of the lens, metres.
    pub middle_m: Vec3,
    /// The lens: of the body's shape, a little before it.
    pub lens: Arc<Mesh>,
}

impl HeadLamp {
    /// Radius of the lens as it is seen from ahead, metres (assumption: projectors have lenses of 50 to 80 mm).
    pub const RADIUS_M: f32 = 0.035;

    /// Area of the lens as it is seen from far away in a direction (unit vector from it), square metres.
    pub fn apparent_area_m2(&self, direction: Vec3) -> f32 {
        let area = |[a, b, c]: [Vec3; 3]| ((b - a).cross(c - a).dot(direction) / 2.0).max(0.0);
        self.lens.triangles().map(area).sum()
    }
}

/// A sun visor over the windscreen, in both its positions; vehicle frame.
#[derive(Debug, Clone)]
pub struct Visor {
    /// Whose.
    pub seat: SeatId,
    /// Flat under the roof.
    pub up: Part,
    /// Turned down before the face.
    pub down: Part,
}

/// A vehicle model, ready to be placed. Vehicle frame: origin on the road below the middle of the wheelbase,
/// +Z forward, +Y up, +X left.
#[derive(Debug, Clone)]
pub struct Vehicle {
    /// Catalogue name: "sedan", "van".
    pub name: String,
    /// Opaque parts in the vehicle frame (no wheels).
    pub parts: Vec<Part>,
    /// Four wheels.
    pub wheels: Vec<Wheel>,
    /// Sun visors of the front seats.
    pub visors: Vec<Visor>,
    /// Head-lamps, left and right.
    pub head_lamps: Vec<HeadLamp>,
    /// Panes, in the vehicle frame.
    pub panes: Vec<Pane>,
    /// Seats, front row first, left to right.
    pub seats: Vec<Seat>,
    /// Overall length, metres.
    pub length_m: f32,
    /// Overall width without mirrors, metres.
    pub width_m: f32,
    /// Overall height, metres.
    pub height_m: f32,
    /// Foremost point's z in the vehicle frame, metres.
    pub front_z_m: f32,
    /// Distance between the axles, metres.
    pub wheelbase_m: f32,
    /// Kerb mass, kilograms.
    pub mass_kg: f32,
}

/// Why a vehicle cannot be built.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum VehicleError {
    /// No such model.
    #[error("unknown vehicle model \"{model}\"; the models are {}", known.iter().map(|k| format!("\"{k}\"")).collect::<Vec<_>>().join(", "))]
    UnknownModel {
        /// The name asked for.
        model: String,
        /// The names there are.
        known: Vec<&'static str>,
    },
    /// A transmittance that is not in 0..1, or a paint reflectance that is not in 0..=1.
    #[error("{what} is {value}, but must be {range}")]
    OutOfRange {
        /// Which number.
        what: &'static str,
        /// Its value.
        value: f32,
        /// What is allowed.
        range: &'static str,
    },
}

/// Names of the models that [`build`] knows.
pub fn models() -> Vec<&'static str> {
    spec::MODELS.iter().map(|s| s.name).collect()
}

/// Refractive index of soda-lime float glass, of which all panes are (1.52 at 589 nm).
pub const GLASS_INDEX: f32 = 1.52;
/// Greatest transmittance a slab of that index can have at normal incidence: (1 − r)/(1 + r), r = ((n − 1)/(n + 1))².
const CLEAREST: f32 = 0.9184;

/// Builds a vehicle: model "sedan" or "van", transmittances of its glass, linear diffuse reflectance of its paint.
///
/// Same arguments, same bytes. Left and right are mirror images but for steering wheel and wipers.
pub fn build(model: &str, glass: &GlassSet, paint: [f32; 3]) -> Result<Vehicle, VehicleError> {
    let spec = spec::MODELS
        .into_iter()
        .find(|s| s.name == model)
        .ok_or_else(|| VehicleError::UnknownModel { model: model.to_owned(), known: models() })?;
    for (what, value) in [
        ("transmittance of the windscreen", glass.windscreen),
        ("transmittance of the front side windows", glass.front_side),
        ("transmittance of the rear windows", glass.rear),
    ] {
        // Written so that a NaN is refused too.
        if !(value > 0.0 && value <= CLEAREST) {
            let range = "above 0 and at most 0.9184 (the clearest a pane of index 1.52 can be)";
            return Err(VehicleError::OutOfRange { what, value, range });
        }
    }
    if let Some(&value) = paint.iter().find(|c| !(0.0..=1.0).contains(*c)) {
        return Err(VehicleError::OutOfRange { what: "reflectance of the paint", value, range: "from 0 to 1" });
    }
    let mut shell = shell::smooth_shell(spec);
    shell::cut_regions(spec, &mut shell);
    let mut parts = body::body_parts(spec, &shell, paint);
    parts.push(cabin::cabin_part(spec, &shell));
    parts.push(seats::seat_part(spec));
    let panes = shell::pane_names(spec)
        .into_iter()
        .enumerate()
        .map(|(k, name)| {
            let kind = PaneKind::of_name(&name);
            // A laminated windscreen is about 5 mm thick, tempered side glass about 4 mm.
            let thickness_mm = if kind == PaneKind::Windscreen { 5.0 } else { 4.0 };
            let transmittance_normal = glass.transmittance(kind);
            let mesh = shell.extract(|label| label == split::Label::Pane(k as u8));
            let lowered = match kind {
                PaneKind::FrontSide => glass.lowered.front,
                PaneKind::Rear if name.starts_with("row-2") => glass.lowered.rear,
                _ => 0.0,
            };
            Pane {
                name,
                mesh: Arc::new(windows::lowered(mesh, lowered)),
                glazing: Glazing { transmittance_normal, refractive_index: GLASS_INDEX, thickness_mm },
                film: glass.film.of(kind),
                coating: glass.coating.of(kind),
                dirt_cover: glass.dirt_cover.of(kind).unwrap_or(0.0),
                band: None,
            }
        })
        .collect();
    Ok(Vehicle {
        name: spec.name.to_owned(),
        parts,
        wheels: wheels::wheels(spec),
        visors: cabin::visors(spec),
        head_lamps: body::head_lamps(spec, &shell),
        panes,
        seats: seats::seats(spec),
        length_m: spec.length_m,
        width_m: spec.width_m,
        height_m: spec.height_m,
        front_z_m: spec.front_z_m,
        wheelbase_m: spec.wheelbase_m,
        mass_kg: spec.mass_kg,
    })
}

/// Height of a seated adult's temple above the H-point, metres (sitting eye height about 0.79 m over the seat for the
/// median adult, ANSUR II, less the seat's give and the back's lean).
const TEMPLE_ABOVE_H_M: f32 = 0.64;
/// How far behind the H-point it is, metres, on a back of 22°.
const TEMPLE_BEHIND_H_M: f32 = 0.16;
/// A pane further away than this is not beside a seat, metres.
const BESIDE_M: f32 = 0.60;

impl Vehicle {
    /// The pane beside the head of somebody in a seat: +1 on the left or −1 on the right, and its distance from the seat's
    /// middle, metres; `None` for seats in the middle.
    pub fn pane_beside(&self, seat: &Seat) -> Option<(f32, f32)> {
        let side = match seat.id.side {
            SeatSide::Left => 1.0,
            SeatSide::Middle => return None,
            SeatSide::Right => -1.0,
        };
        let from = seat.h_point_m + Vec3::new(0.0, TEMPLE_ABOVE_H_M, -TEMPLE_BEHIND_H_M);
        // Where a pillar is beside the head, the nearest pane ahead or behind says how far the side is.
        let to_pane = |at: Vec3| {
            let triangles = self.panes.iter().flat_map(|pane| pane.mesh.triangles());
            let hits = triangles.filter_map(|triangle| hit(triangle, at, Vec3::X * side));
            hits.filter(|d| *d < BESIDE_M).min_by(f32::total_cmp)
        };
        let along = [0.0, 0.1, 0.2, 0.3, -0.1].into_iter();
        along.filter_map(|z| to_pane(from + Vec3::Z * z)).next().map(|room_m| (side, room_m))
    }
}

/// Distance along a ray to a triangle, either side (T. Möller, B. Trumbore, 1997).
pub(crate) fn hit([a, b, c]: [Vec3; 3], origin: Vec3, direction: Vec3) -> Option<f32> {
    let (e1, e2) = (b - a, c - a);
    let p = direction.cross(e2);
    let determinant = e1.dot(p);
    if determinant.abs() < 1e-12 {
        return None;
    }
    let s = (origin - a) / determinant;
    let u = s.dot(p);
    let q = s.cross(e1);
    let v = direction.dot(q);
    let t = e2.dot(q);
    (u >= 0.0 && v >= 0.0 && u + v <= 1.0 && t > 1e-5).then_some(t)
}
