//! What the truth layers call things: a subject and a role packed into 16 bits, one per pixel.

/// What kind of thing a surface belongs to.
#[repr(u8)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// No surface: the sky.
    Sky = 0,
    /// Roadway and terrain.
    Ground = 1,
    /// Kerb, booth, poles, canopy, walls, camera housings.
    Furniture = 2,
    /// Painted body, pillars, roof, bumpers.
    Body = 3,
    /// Dashboard, door cards, floor, steering wheel.
    Interior = 4,
    /// Seat cushions, backs and head-rests.
    Seat = 5,
    /// Wheels and tyres.
    Wheel = 6,
    /// Skin of the face: brow to chin, ear to ear.
    Face = 16,
    /// Skin of the head and neck outside the face.
    Head = 17,
    /// Eyeballs.
    Eyes = 18,
    /// Scalp hair, brows as geometry, lashes, beard.
    Hair = 19,
    /// Hands, arms and other skin below the neck.
    Limb = 20,
    /// Clothes.
    Clothes = 21,
    /// Spectacle frames and dark lenses; behind a clear lens the truth names the face.
    Eyewear = 22,
    /// Hats, hoods, scarves over the hair, headphones.
    Headwear = 23,
    /// Masks, veils and scarves over mouth and nose.
    FaceCover = 24,
    /// What somebody holds in the hand.
    Held = 25,
    /// Child seats and boosters.
    ChildSeat = 26,
    /// What looks like a person and is none: a dog, a doll, a printed face.
    Decoy = 27,
}

impl Role {
    const ALL: [Role; 19] = [
        Role::Sky,
        Role::Ground,
        Role::Furniture,
        Role::Body,
        Role::Interior,
        Role::Seat,
        Role::Wheel,
        Role::Face,
        Role::Head,
        Role::Eyes,
        Role::Hair,
        Role::Limb,
        Role::Clothes,
        Role::Eyewear,
        Role::Headwear,
        Role::FaceCover,
        Role::Held,
        Role::ChildSeat,
        Role::Decoy,
    ];
}

/// Whose surface it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// The lane itself, or nothing.
    Lane,
    /// The vehicle.
    Vehicle,
    /// Occupant by index in the encounter, 0..=61.
    Occupant(u8),
    /// Another vehicle in the lane, by index in the encounter, 0 or 1.
    OtherVehicle(u8),
    /// Somebody in another vehicle.
    OtherOccupant {
        /// The vehicle's index in the encounter, 0 or 1.
        vehicle: u8,
        /// Index of the occupant in that vehicle, 0..=30.
        occupant: u8,
    },
    /// Decoy by index in the encounter, 0..=127.
    Decoy(u8),
}

/// Subject and role of a surface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag {
    /// Whose.
    pub subject: Subject,
    /// What.
    pub role: Role,
}

/// High byte of the first other vehicle.
const FIRST_OTHER: u16 = 64;
/// High bytes of one other vehicle: its own, then those of its occupants.
const OTHER_STRIDE: u16 = 32;
/// High byte of the first decoy.
const FIRST_DECOY: u16 = 128;

impl Tag {
    /// Pixel value in the truth layer: subject in the high byte (0 lane, 1 vehicle, 2 + k occupant k, 64 + 32 v other
    /// vehicle v, 65 + 32 v + k occupant k in it, 128 + k decoy k), role in the low byte.
    pub fn to_bits(self) -> u16 {
        let subject = match self.subject {
            Subject::Lane => 0,
            Subject::Vehicle => 1,
            Subject::Occupant(k) => u16::from(k) + 2,
            Subject::OtherVehicle(v) => FIRST_OTHER + OTHER_STRIDE * u16::from(v),
            Subject::OtherOccupant { vehicle, occupant } => {
                FIRST_OTHER + OTHER_STRIDE * u16::from(vehicle) + 1 + u16::from(occupant)
            }
            Subject::Decoy(k) => u16::from(k) + FIRST_DECOY,
        };
        (subject << 8) | self.role as u16
    }

    /// Reads a truth-layer pixel; `None` for a value that no [`Tag`] packs to.
    pub fn from_bits(bits: u16) -> Option<Self> {
        let role = Role::ALL.into_iter().find(|r| *r as u16 == bits & 0xff)?;
        let subject = match bits >> 8 {
            0 => Subject::Lane,
            1 => Subject::Vehicle,
            k if k < FIRST_OTHER => Subject::Occupant((k - 2) as u8),
            k if k < FIRST_DECOY => {
                let vehicle = ((k - FIRST_OTHER) / OTHER_STRIDE) as u8;
                match (k - FIRST_OTHER) % OTHER_STRIDE {
                    0 => Subject::OtherVehicle(vehicle),
                    k => Subject::OtherOccupant { vehicle, occupant: (k - 1) as u8 },
                }
            }
            k => Subject::Decoy((k - FIRST_DECOY) as u8),
        };
        Some(Self { subject, role })
    }

    /// Tag of a part of the lane.
    pub const fn lane(role: Role) -> Self {
        Self { subject: Subject::Lane, role }
    }

    /// Tag of a part of the vehicle.
    pub const fn vehicle(role: Role) -> Self {
        Self { subject: Subject::Vehicle, role }
    }

    /// Tag of a part of occupant `k`.
    pub const fn occupant(k: u8, role: Role) -> Self {
        Self { subject: Subject::Occupant(k), role }
    }

    /// The tag of the same part where its vehicle is another one in the lane, by index in the encounter.
    pub const fn in_other_vehicle(self, vehicle: u8) -> Self {
        let subject = match self.subject {
            Subject::Vehicle => Subject::OtherVehicle(vehicle),
            Subject::Occupant(occupant) => Subject::OtherOccupant { vehicle, occupant },
            other => other,
        };
        Self { subject, role: self.role }
    }

    /// Tag of a decoy's part.
    pub const fn decoy(k: u8) -> Self {
        Self { subject: Subject::Decoy(k), role: Role::Decoy }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tag_comes_back_from_its_bits() {
        let other = |vehicle, occupant| Subject::OtherOccupant { vehicle, occupant };
        let own = [Subject::Lane, Subject::Vehicle, Subject::Occupant(0), Subject::Occupant(61)];
        let others = [0, 1].map(|v| [Subject::OtherVehicle(v), other(v, 0), other(v, 30)]);
        let decoys = [Subject::Decoy(0), Subject::Decoy(127)];
        for subject in own.into_iter().chain(others.into_iter().flatten()).chain(decoys) {
            for role in Role::ALL {
                let tag = Tag { subject, role };
                assert_eq!(Tag::from_bits(tag.to_bits()), Some(tag));
            }
        }
    }

    #[test]
    fn what_belongs_to_a_vehicle_can_belong_to_another_one() {
        let other = |tag: Tag| tag.in_other_vehicle(1).subject;
        assert_eq!(other(Tag::vehicle(Role::Body)), Subject::OtherVehicle(1));
        assert_eq!(other(Tag::occupant(3, Role::Face)), Subject::OtherOccupant { vehicle: 1, occupant: 3 });
        assert_eq!(other(Tag::lane(Role::Ground)), Subject::Lane);
    }
}
