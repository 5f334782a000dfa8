//! Decoys of an encounter: each kind has a draw of its own, and takes what the occupants leave.
use laneproof_exchange::encounter::{DecoyPlace, DecoyPlan, OccupantPlan};
use laneproof_scenes::{
    catalogue::TrafficMix,
    decoy::DecoyKind,
    people::{Behaviour, Demographics, Identity},
    stream::stream,
    vehicle::{ChildSeat, SeatId},
};
use rand::{Rng as _, RngCore as _};

use super::seats;

/// Younger people do not hold up a magazine or a phone, years (assumption).
const HOLDS_FROM_YEARS: f32 = 8.0;

/// The decoys of encounter `k` among its occupants.
pub(super) fn sample(seed: u64, k: u64, mix: &TrafficMix, model: &str, occupants: &[OccupantPlan]) -> Vec<DecoyPlan> {
    let mut empty: Vec<SeatId> = seats::of_model(model).unwrap_or_default();
    empty.retain(|seat| occupants.iter().all(|o| o.seat != *seat));
    let mut free: Vec<u8> = (0..occupants.len() as u8).collect();
    let mut decoys = Vec::new();
    for (key, kind, share) in mix.decoys.listed() {
        let open = |purpose: &str| stream(seed, k, &format!("{purpose} {key}"));
        if open("decoy").random::<f32>() >= share {
            continue;
        }
        let draw: f32 = open("decoy place").random();
        let place = if kind.takes_seat() {
            let Some(i) = index(empty.len(), draw) else { continue };
            DecoyPlace::Seat(empty.remove(i))
        } else {
            let fit: Vec<u8> = free.iter().copied().filter(|&o| may_carry(kind, &occupants[usize::from(o)])).collect();
            let Some(i) = index(fit.len(), draw) else { continue };
            free.retain(|o| *o != fit[i]);
            DecoyPlace::Occupant(fit[i])
        };
        decoys.push(DecoyPlan {
            kind,
            place,
            likeness: likeness(kind, &mut open("decoy likeness")),
            seed: open("decoy form").next_u64(),
        });
    }
    decoys
}

/// The place in a list of a length where a uniform draw (0..1) falls.
fn index(length: usize, draw: f32) -> Option<usize> {
    (length > 0).then(|| ((draw * length as f32) as usize).min(length - 1))
}

/// Whether a decoy that is with an occupant can be with this one.
fn may_carry(kind: DecoyKind, occupant: &OccupantPlan) -> bool {
    let harness = occupant.child_seat.is_some_and(ChildSeat::has_harness);
    if kind == DecoyKind::Shirt {
        return !harness;
    }
    let idle = matches!(
        occupant.behaviour,
        Behaviour::Road | Behaviour::Booth | Behaviour::Camera | Behaviour::Neighbour | Behaviour::Talking
    );
    idle && !harness && occupant.seat != seats::DRIVER && occupant.identity.age_years >= HOLDS_FROM_YEARS
}

/// Whose likeness a decoy is.
fn likeness(kind: DecoyKind, rng: &mut impl rand::Rng) -> Option<Identity> {
    let age_years = match kind {
        DecoyKind::Dog => return None,
        DecoyKind::Doll => (0.5, 0.5),
        _ => (16.0, 60.0),
    };
    Some(Identity::sample(&Demographics { age_years, ..Demographics::default() }, rng))
}
