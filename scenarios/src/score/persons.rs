//! How a stack tells the persons of a vehicle apart, counts its occupants and seats them.
//!
//! A person is whose face most of its detections show; of equals, the first by the order of [`Owner`]. What is nobody's
//! outvotes nobody who is there.
use std::collections::{BTreeMap, BTreeSet};

use lane_stack::client::{Decisions, Person, Seat, SeatSide};
use serde::{Deserialize, Serialize};

use laneproof_statistics::share::Share;

use super::Owner;
use crate::run::record::OccupantRecord;

/// What a stack made of the persons of one vehicle.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonsTold {
    /// Occupants there are.
    pub occupants: u64,
    /// Occupants by the stack's count.
    pub counted: u64,
    /// Occupants who are none of the persons that the stack takes for occupants.
    pub missed: u64,
    /// Persons taken for occupants beyond the first of each occupant.
    pub repeated: u64,
    /// Persons taken for occupants who are nobody or sit in another vehicle.
    pub not_there: u64,
    /// Persons that hold faces of two people or more.
    pub mixed: u64,
    /// Persons taken for occupants, occupants indeed, whose seat the stack tells.
    pub seated: u64,
    /// Of those, on the seat where they sit.
    pub seated_right: u64,
}

impl PersonsTold {
    fn add(&mut self, more: &Self) {
        let Self { occupants, counted, missed, repeated, not_there, mixed, seated, seated_right } = *more;
        self.occupants += occupants;
        self.counted += counted;
        self.missed += missed;
        self.repeated += repeated;
        self.not_there += not_there;
        self.mixed += mixed;
        self.seated += seated;
        self.seated_right += seated_right;
    }
}

/// The same over a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PersonsSummary {
    /// All vehicles together.
    pub all: PersonsTold,
    /// Vehicles of which the stack's count is right.
    pub counted_right: Share,
    /// The stack's count less the occupants there are, the mean over vehicles.
    pub mean_count_error: f64,
    /// The same without its sign.
    pub mean_absolute_count_error: f64,
    /// Of the persons whose seat is told: those on the seat where they sit.
    pub seated_right: Share,
}

impl PersonsSummary {
    /// Adds up vehicles; `None` where the stack tells of no persons.
    pub(super) fn of<'a>(told: impl Iterator<Item = &'a PersonsTold>) -> Option<Self> {
        let mut all = PersonsTold::default();
        let (mut vehicles, mut right, mut error, mut absolute) = (0, 0, 0.0, 0.0);
        for one in told {
            all.add(one);
            vehicles += 1;
            right += u64::from(one.counted == one.occupants);
            let off = one.counted as f64 - one.occupants as f64;
            error += off;
            absolute += off.abs();
        }
        let mean = |sum: f64| sum / vehicles as f64;
        (vehicles > 0).then(|| Self {
            all,
            counted_right: Share::new(right, vehicles),
            mean_count_error: mean(error),
            mean_absolute_count_error: mean(absolute),
            seated_right: Share::new(all.seated_right, all.seated),
        })
    }
}

/// Whose faces the detections of a person show, by how many.
fn faces_of(person: &Person, decisions: &Decisions, owners: &[Owner]) -> BTreeMap<Owner, u64> {
    let mut faces = BTreeMap::new();
    for (detection, owner) in decisions.detections.iter().zip(owners) {
        if person.track_ids.contains(&detection.track_id) {
            *faces.entry(*owner).or_insert(0) += 1;
        }
    }
    faces
}

/// Who a person is.
fn identity(faces: &BTreeMap<Owner, u64>) -> Owner {
    let people = faces.iter().filter(|(owner, _)| **owner != Owner::Nobody);
    people.rev().max_by_key(|(_, count)| **count).map_or(Owner::Nobody, |(owner, _)| *owner)
}

fn sits_on(who: &OccupantRecord, seat: Seat) -> bool {
    let side = match seat.side {
        SeatSide::Left => "left",
        SeatSide::Middle => "middle",
        SeatSide::Right => "right",
    };
    who.row == seat.row && who.side == side
}

/// What a stack made of the persons of a vehicle, whose detections show whom `owners` says; `None` from a stack that does not
/// tell persons apart.
pub(super) fn told(occupants: &[OccupantRecord], decisions: &Decisions, owners: &[Owner]) -> Option<PersonsTold> {
    let counted = u64::from(decisions.occupant_count?);
    let mut result = PersonsTold { occupants: occupants.len() as u64, counted, ..PersonsTold::default() };
    let mut there = BTreeSet::new();
    for person in &decisions.persons {
        let faces = faces_of(person, decisions, owners);
        result.mixed += u64::from(faces.keys().filter(|owner| **owner != Owner::Nobody).count() > 1);
        if !person.occupant {
            continue;
        }
        let Some(occupant) = identity(&faces).occupant() else {
            result.not_there += 1;
            continue;
        };
        result.repeated += u64::from(!there.insert(occupant));
        if let (Some(seat), Some(who)) = (person.seat, occupants.get(usize::from(occupant))) {
            result.seated += 1;
            result.seated_right += u64::from(sits_on(who, seat));
        }
    }
    result.missed = result.occupants.saturating_sub(there.len() as u64);
    Some(result)
}

#[cfg(test)]
mod tests {
    use lane_stack::client::{Detection, Quality};
    use laneproof_scenes::{document::DocumentKind, people::Behaviour};

    use super::*;

    fn sitting(row: u8, side: &str) -> OccupantRecord {
        OccupantRecord {
            row,
            side: side.to_owned(),
            reference_id: None,
            document: DocumentKind::Passport,
            age_years: 40.0,
            sex: 0.0,
            monk_tone: 5,
            behaviour: Behaviour::default(),
            child_seat: None,
            worn: Vec::new(),
        }
    }

    fn face(track_id: u32) -> Detection {
        Detection {
            exposure_id: 0,
            camera_id: "front".to_owned(),
            box_px: [0.0; 4],
            landmarks_px: [[0.0; 2]; 5],
            score: 1.0,
            quality: Quality {
                inter_eye_px: 60.0,
                yaw_deg: 0.0,
                pitch_deg: 0.0,
                roll_deg: 0.0,
                sharpness: 90.0,
                mean_luminance: 0.5,
                over_exposed_share: 0.0,
                entropy_bits: 7.0,
                overall: 80.0,
                uniformity: None,
                eyes_covered_share: None,
                covered_share: None,
            },
            track_id,
        }
    }

    fn person(track_ids: &[u32], occupant: bool, seat: Option<(u8, SeatSide)>) -> Person {
        Person {
            track_ids: track_ids.to_vec(),
            best_shot: 0,
            occupant,
            reason: String::new(),
            position_m: None,
            seat: seat.map(|(row, side)| Seat { row, side }),
        }
    }

    fn result(persons: Vec<Person>, faces: &[(u32, Owner)]) -> PersonsTold {
        let occupants = [sitting(1, "left"), sitting(1, "right"), sitting(2, "middle")];
        let (tracks, owners): (Vec<u32>, Vec<Owner>) = faces.iter().copied().unzip();
        let count = persons.iter().filter(|person| person.occupant).count() as u32;
        let detections = tracks.into_iter().map(face).collect();
        let decisions = Decisions { detections, persons, occupant_count: Some(count), ..Decisions::default() };
        told(&occupants, &decisions, &owners).expect("it counts")
    }

    #[test]
    fn everybody_once_on_their_seat_is_all_right() {
        let persons = vec![
            person(&[0, 3], true, Some((1, SeatSide::Left))),
            person(&[1], true, Some((1, SeatSide::Right))),
            person(&[2], true, None),
        ];
        // One detection of the driver's track lies beside the face: nobody's outvotes nobody.
        let faces = [
            (0, Owner::Occupant(0)),
            (3, Owner::Nobody),
            (3, Owner::Nobody),
            (1, Owner::Occupant(1)),
            (2, Owner::Occupant(2)),
        ];
        let right = PersonsTold { occupants: 3, counted: 3, seated: 2, seated_right: 2, ..PersonsTold::default() };
        assert_eq!(result(persons, &faces), right);
    }

    #[test]
    fn each_mistake_is_counted_as_what_it_is() {
        let persons = vec![
            person(&[0], true, Some((2, SeatSide::Left))),
            person(&[1], true, None),
            person(&[2], true, None),
            person(&[3], true, None),
            person(&[4], false, None),
        ];
        let stranger = Owner::Other { vehicle: 0, occupant: 0 };
        let faces = [
            (0, Owner::Occupant(0)),
            (1, Owner::Occupant(0)),
            (2, stranger),
            (3, Owner::Nobody),
            (4, Owner::Occupant(1)),
            (4, Owner::Occupant(2)),
        ];
        let wrong = PersonsTold {
            occupants: 3,
            counted: 4,
            missed: 2,
            repeated: 1,
            not_there: 2,
            mixed: 1,
            seated: 1,
            seated_right: 0,
        };
        let got = result(persons, &faces);
        assert_eq!(got, wrong);
        // What is counted is who is there, once or more, and who is not.
        assert_eq!(got.counted, got.occupants - got.missed + got.repeated + got.not_there);
    }

    #[test]
    fn a_stack_that_does_not_count_is_not_judged() {
        assert_eq!(told(&[sitting(1, "left")], &Decisions::default(), &[]), None);
        assert_eq!(PersonsSummary::of([].iter()), None);
    }

    #[test]
    fn errors_of_counts_do_not_cancel_without_their_sign() {
        let told = |counted| PersonsTold { occupants: 3, counted, ..PersonsTold::default() };
        let summary = PersonsSummary::of([told(2), told(4), told(3), told(3)].iter()).expect("four vehicles");
        assert_eq!((summary.mean_count_error, summary.mean_absolute_count_error), (0.0, 0.5));
        assert_eq!((summary.counted_right.count, summary.counted_right.of), (2, 4));
    }
}
