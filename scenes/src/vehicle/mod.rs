//! Vehicles: parametric bodies, seats and panes.
use glam::Vec3;

use crate::surface::{Pane, Part};

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
