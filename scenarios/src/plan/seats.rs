//! The seats of the vehicle models, without building their meshes.
use laneproof_scenes::vehicle::{SeatId, SeatSide};

/// The driver's seat; traffic keeps right.
pub const DRIVER: SeatId = SeatId { row: 1, side: SeatSide::Left };

const LEFT: SeatSide = SeatSide::Left;
const MIDDLE: SeatSide = SeatSide::Middle;
const RIGHT: SeatSide = SeatSide::Right;

/// Models and their seats; a test holds this table against the vehicles as built.
const MODELS: &[(&str, &[(u8, SeatSide)])] = &[
    ("sedan", &[(1, LEFT), (1, RIGHT), (2, LEFT), (2, MIDDLE), (2, RIGHT)]),
    ("van", &[(1, LEFT), (1, RIGHT), (2, LEFT), (2, RIGHT), (3, LEFT), (3, MIDDLE), (3, RIGHT)]),
];

/// The seats of a model, front row first, left to right.
pub fn of_model(model: &str) -> Option<Vec<SeatId>> {
    let (_, seats) = MODELS.iter().find(|(name, _)| *name == model)?;
    Some(seats.iter().map(|&(row, side)| SeatId { row, side }).collect())
}

/// The models for an error message.
pub fn model_list() -> String {
    MODELS.iter().map(|(name, _)| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
}

/// "2-left": as in reference ids and reports.
pub fn seat_name(seat: SeatId) -> String {
    format!("{}-{}", seat.row, side_name(seat.side))
}

/// "left", "middle", "right".
pub fn side_name(side: SeatSide) -> &'static str {
    match side {
        SeatSide::Left => "left",
        SeatSide::Middle => "middle",
        SeatSide::Right => "right",
    }
}

/// The seats for an error message.
pub fn seat_list(seats: &[SeatId]) -> String {
    seats.iter().map(|s| seat_name(*s)).collect::<Vec<_>>().join(", ")
}
