//! How old a mix's occupants are, how children are restrained, and what everybody does during the ride.
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{decoy::DecoyKind, people::Behaviour};

/// Ages of a mix's occupants.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AgeShares {
    /// Youngest and oldest adult, years; drawn evenly.
    pub adults_years: [f32; 2],
    /// Relative frequency, among children, of infants from 6 to 15 months, who ride rear-facing.
    pub infants: f32,
    /// Relative frequency of toddlers from 15 months to 4 years, who ride in a harness.
    pub toddlers: f32,
    /// Relative frequency of children from 4 to 10 years, who ride on a booster.
    pub children: f32,
    /// Relative frequency of those from 10 to 17 years, who ride like adults.
    pub teenagers: f32,
    /// Share of the toddlers who still ride rear-facing, 0..1.
    pub rear_facing_toddlers: f32,
    /// Share of the children from 4 to 10 years who have a booster, 0..1.
    pub booster_use: f32,
    /// Source or "assumption".
    pub source: String,
}

impl AgeShares {
    /// The bands of childhood: relative frequency, youngest and oldest in years.
    pub fn childhood(&self) -> [(Childhood, f32, (f32, f32)); 4] {
        [
            (Childhood::Infant, self.infants, (0.5, 1.25)),
            (Childhood::Toddler, self.toddlers, (1.25, 4.0)),
            (Childhood::Child, self.children, (4.0, 10.0)),
            (Childhood::Teenager, self.teenagers, (10.0, 17.9)),
        ]
    }
}

/// A band of childhood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Childhood {
    /// From 6 to 15 months.
    Infant,
    /// To 4 years.
    Toddler,
    /// To 10 years.
    Child,
    /// To 18 years.
    Teenager,
}

/// Shares of the occupants who do something else than look at the road, each 0..1; together at most 1. Drivers do not
/// sleep: theirs look at the road.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BehaviourShares {
    /// Look at the booth on the driver's side.
    pub booth: f32,
    /// Look into a camera.
    pub camera: f32,
    /// Look at a phone in the raised hand.
    pub phone: f32,
    /// Look at a phone in the lap, the head down.
    pub phone_in_lap: f32,
    /// Look at the next occupant.
    pub neighbour: f32,
    /// Sleep, against the pane where there is one.
    pub asleep: f32,
    /// Talk.
    pub talking: f32,
    /// Have a hand before the mouth, at the cheek or above the eyes.
    pub hand_at_face: f32,
    /// Have the sun visor down; in row 1 only, elsewhere they look at the road.
    pub visor_down: f32,
    /// Bend forwards.
    pub leaning_forward: f32,
    /// Bend aside.
    pub leaning_aside: f32,
    /// Source or "assumption".
    pub source: String,
}

impl BehaviourShares {
    /// The shares with their keys, in the order in which a draw meets them; what is left looks at the road.
    pub fn listed(&self) -> [(&'static str, Behaviour, f32); 11] {
        [
            ("booth", Behaviour::Booth, self.booth),
            ("camera", Behaviour::Camera, self.camera),
            ("phone", Behaviour::Phone, self.phone),
            ("phone_in_lap", Behaviour::PhoneInLap, self.phone_in_lap),
            ("neighbour", Behaviour::Neighbour, self.neighbour),
            ("asleep", Behaviour::Asleep, self.asleep),
            ("talking", Behaviour::Talking, self.talking),
            ("hand_at_face", Behaviour::HandAtFace, self.hand_at_face),
            ("visor_down", Behaviour::VisorDown, self.visor_down),
            ("leaning_forward", Behaviour::LeaningForward, self.leaning_forward),
            ("leaning_aside", Behaviour::LeaningAside, self.leaning_aside),
        ]
    }

    /// What a uniform draw (0..1) does.
    pub fn at(&self, draw: f32) -> Behaviour {
        let mut left = draw;
        for (_, behaviour, share) in self.listed() {
            if left < share {
                return behaviour;
            }
            left -= share;
        }
        Behaviour::Road
    }
}

/// Shares of the vehicles that carry something that looks like a person and is none, each 0..1. A decoy takes no occupant's
/// seat: in a full vehicle there is no dog.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DecoyShares {
    /// A dog on a seat.
    pub dog: f32,
    /// A doll on a seat.
    pub doll: f32,
    /// A face printed on a head-rest.
    pub head_rest: f32,
    /// A face printed on an occupant's shirt.
    pub shirt: f32,
    /// A magazine held up, a face on its cover.
    pub magazine: f32,
    /// A phone held up, a face on its screen.
    pub phone: f32,
    /// Source or "assumption".
    pub source: String,
}

impl DecoyShares {
    /// The shares with their keys.
    pub fn listed(&self) -> [(&'static str, DecoyKind, f32); 6] {
        [
            ("dog", DecoyKind::Dog, self.dog),
            ("doll", DecoyKind::Doll, self.doll),
            ("head_rest", DecoyKind::HeadRest, self.head_rest),
            ("shirt", DecoyKind::Shirt, self.shirt),
            ("magazine", DecoyKind::Magazine, self.magazine),
            ("phone", DecoyKind::Phone, self.phone),
        ]
    }
}
