//! The margins by which results are told apart: rows, seats, people, what they wear, glass, light and speed.
//!
//! Within one margin every occupant is in exactly one group.
use laneproof_scenes::{catalogue::Sky, vehicle::ChildSeat};

use crate::run::record::{Conditions, OccupantRecord, Worn};

/// A group's place in its margin's list, and its name.
pub type Grouping = fn(&OccupantRecord, &Conditions) -> (u8, String);

/// Every margin: what it is about, and the groups.
pub const ALL: [(&str, Grouping); 11] = [
    ("row", row),
    ("seat", seat),
    ("skin tone", tone),
    ("age, years", age),
    ("sex", sex),
    ("what they do", behaviour),
    ("what they wear", worn),
    ("side window", glass),
    ("light", light),
    ("approach speed", speed),
    ("crossing", crossing),
];

/// Names that a scenario may ask a least number of occupants of.
pub const NAMES: [&str; 22] = [
    "row 1",
    "row 2",
    "row 3",
    "Monk 1–3",
    "Monk 4–6",
    "Monk 7–10",
    "under 18",
    "18 to 59",
    "60 and over",
    "women and girls",
    "men and boys",
    "mask or face scarf",
    "sunglasses",
    "headwear",
    "glasses",
    "headphones",
    "nothing on head or face",
    "glass below 30 %",
    "glass 30 to 60 %",
    "glass above 60 %",
    "low sun",
    "night",
];

/// The groups that an occupant is in.
pub fn of(who: &OccupantRecord, conditions: &Conditions) -> Vec<String> {
    ALL.iter().map(|(_, group)| group(who, conditions).1).collect()
}

/// By row.
pub fn row(who: &OccupantRecord, _: &Conditions) -> (u8, String) {
    (who.row, format!("row {}", who.row))
}

/// Row by row, left before middle before right, as one sees the seats in a plan.
pub fn seat(who: &OccupantRecord, _: &Conditions) -> (u8, String) {
    let side = ["left", "middle", "right"].iter().position(|s| *s == who.side);
    (who.row * 4 + side.map_or(3, |s| s as u8), format!("seat {}", who.seat()))
}

/// Thirds of the Monk scale: light, medium, dark.
pub fn tone(who: &OccupantRecord, _: &Conditions) -> (u8, String) {
    match who.monk_tone {
        ..=3 => (0, "Monk 1–3".to_owned()),
        4..=6 => (1, "Monk 4–6".to_owned()),
        7.. => (2, "Monk 7–10".to_owned()),
    }
}

/// Children, adults, the old.
pub fn age(who: &OccupantRecord, _: &Conditions) -> (u8, String) {
    match who.age_years {
        ..18.0 => (0, "under 18".to_owned()),
        ..60.0 => (1, "18 to 59".to_owned()),
        _ => (2, "60 and over".to_owned()),
    }
}

/// By sex.
pub fn sex(who: &OccupantRecord, _: &Conditions) -> (u8, String) {
    if who.sex < 0.5 { (0, "women and girls".to_owned()) } else { (1, "men and boys".to_owned()) }
}

/// By what they do.
pub fn behaviour(who: &OccupantRecord, _: &Conditions) -> (u8, String) {
    // Whoever faces backwards is one group, whatever they look at.
    let backwards = who.child_seat == Some(ChildSeat::RearFacing);
    (if backwards { u8::MAX } else { who.behaviour as u8 }, who.doing())
}

/// By what they wear; of several things by that which hides most of the face.
pub fn worn(who: &OccupantRecord, _: &Conditions) -> (u8, String) {
    match who.worn.iter().min() {
        Some(worn) => (*worn as u8, worn.label().to_owned()),
        None => (Worn::Headphones as u8 + 1, "nothing on head or face".to_owned()),
    }
}

/// By the transmittance of the side windows beside the row, film included: factory privacy glass, light tint, clear.
pub fn glass(who: &OccupantRecord, conditions: &Conditions) -> (u8, String) {
    match conditions.beside_row(who.row) {
        ..0.3 => (0, "glass below 30 %".to_owned()),
        ..0.6 => (1, "glass 30 to 60 %".to_owned()),
        _ => (2, "glass above 60 %".to_owned()),
    }
}

/// By sun and sky. Civil twilight begins and ends with the sun 6° below the horizon; "low" is below 20°.
pub fn light(_: &OccupantRecord, conditions: &Conditions) -> (u8, String) {
    match (conditions.sun_elevation_deg, conditions.sky) {
        (..-6.0, _) => (0, "night".to_owned()),
        (..0.0, _) => (1, "twilight".to_owned()),
        (_, Sky::Overcast) => (2, "overcast".to_owned()),
        (..20.0, Sky::Clear) => (3, "low sun".to_owned()),
        (_, Sky::Clear) => (4, "high sun".to_owned()),
    }
}

/// By which time they come.
pub fn crossing(_: &OccupantRecord, conditions: &Conditions) -> (u8, String) {
    (u8::try_from(conditions.crossing).unwrap_or(u8::MAX), format!("crossing {}", conditions.crossing))
}

/// By the speed of the approach.
pub fn speed(_: &OccupantRecord, conditions: &Conditions) -> (u8, String) {
    match conditions.approach_speed_mps * 3.6 {
        ..15.0 => (0, "below 15 km/h".to_owned()),
        ..30.0 => (1, "15 to 30 km/h".to_owned()),
        _ => (2, "above 30 km/h".to_owned()),
    }
}
