//! Plans encounters: encounter `k` of a scenario as a pure function of (scenario, `k`).
//!
//! Every draw has a stream of its own, named by (seed, encounter, purpose) and, for people, by the seat; so a sampler
//! that is added, an occupant or another vehicle more, moves no other draw, and no encounter depends on another.
use laneproof_exchange::encounter::{EncounterPlan, HeadLampPlan, NeighbourPlace, NeighbourPlan, OccupantPlan};
use laneproof_scenes::{
    catalogue::{Childhood, Daylight, HeadLampKind, LaneSpec, Manoeuvre, Queue, QueuePlace, TrafficMix, VehicleShare},
    motion::Motion,
    people::{Appearance, Behaviour, Demographics, Expression, Identity, Wear},
    stream::stream,
    sun,
    vehicle::{ChildSeat, SeatId},
};
use rand::{Rng as _, RngCore as _};
use rand_distr::{Distribution as _, StandardNormal};

mod decoys;
pub mod sampled;
pub mod seats;
pub mod size;
#[cfg(test)]
mod tests;

use crate::scenario::Scenario;

/// Paints: linear reflectance (red, green, blue) and relative frequency. Frequencies follow the order of published
/// colour-popularity reports of paint makers (white first, then black, grey, silver, blue, red); values are assumptions.
const PAINTS: &[([f32; 3], f32)] = &[
    ([0.70, 0.70, 0.68], 0.34),
    ([0.020, 0.020, 0.022], 0.20),
    ([0.11, 0.115, 0.12], 0.17),
    ([0.38, 0.39, 0.40], 0.10),
    ([0.025, 0.055, 0.16], 0.09),
    ([0.25, 0.015, 0.015], 0.06),
    ([0.06, 0.09, 0.06], 0.02),
    ([0.28, 0.22, 0.15], 0.02),
];

/// Head yaw of somebody who looks at the booth, degrees to the left: mean and standard deviation (assumption).
const BOOTH_YAW_DEG: (f32, f32) = (30.0, 6.0);

/// Share of the vehicles with more than one occupant whose front passenger seat is taken (assumption).
const FRONT_PASSENGER_SHARE: f32 = 0.85;

/// The draws of one vehicle of an encounter. Those of the encounter's own have plain names, those of another one say where it
/// is, so that neither moves the other's.
#[derive(Debug, Clone, Copy)]
struct Draws<'a> {
    seed: u64,
    encounter: u64,
    /// The encounter in which this vehicle comes first: what stays from crossing to crossing is drawn there.
    first: u64,
    mix: &'a TrafficMix,
    place: Option<NeighbourPlace>,
}

impl Draws<'_> {
    /// A stream of what differs from crossing to crossing.
    fn open(&self, purpose: &str) -> impl rand::Rng + use<> {
        self.stream(self.encounter, purpose)
    }

    /// A stream of what stays: the vehicle, who is in it, where they sit.
    fn steady(&self, purpose: &str) -> impl rand::Rng + use<> {
        self.stream(self.first, purpose)
    }

    fn stream(&self, encounter: u64, purpose: &str) -> impl rand::Rng + use<> {
        match self.place {
            None => stream(self.seed, encounter, purpose),
            Some(place) => stream(self.seed, encounter, &format!("{purpose}, {}", place.name())),
        }
    }

    fn share(&self, purpose: &str) -> f32 {
        self.open(purpose).random()
    }

    fn steady_share(&self, purpose: &str) -> f32 {
        self.steady(purpose).random()
    }

    fn between(&self, [low, high]: [f32; 2], purpose: &str) -> f32 {
        low + (high - low) * self.share(purpose)
    }

    fn vehicle(&self) -> &VehicleShare {
        &self.mix.vehicles[pick(self.mix.vehicles.iter().map(|v| v.weight), self.steady_share("vehicle"))]
    }

    fn paint(&self) -> [f32; 3] {
        PAINTS[pick(PAINTS.iter().map(|p| p.1), self.steady_share("paint"))].0
    }

    fn head_lamps(&self) -> Option<HeadLampPlan> {
        let shares = self.mix.head_lamps.as_ref()?;
        let led = self.steady_share("head-lamps") < shares.led_share;
        Some(HeadLampPlan {
            kind: if led { HeadLampKind::Led } else { HeadLampKind::Halogen },
            state: shares.state,
            lit_below_lux: shares.lit_below_lux,
            aim_down: shares.aim_down_percent / 100.0,
        })
    }

    fn lateral_offset_m(&self) -> f32 {
        self.mix.lateral_offset_mean_m + self.mix.lateral_offset_sd_m * cut_normal(&mut self.open("lateral offset"))
    }
}

/// A lane at a time of day: without its lamps where a photocell has switched them off.
fn lane_in(lane: &LaneSpec, daylight: &Daylight) -> LaneSpec {
    let mut lane = lane.clone();
    let sun = sun::position(daylight.latitude_deg, daylight.longitude_deg, &daylight.time);
    if let (Some(below), Ok(sun)) = (lane.lamps_below_sun_deg, sun)
        && sun.elevation_deg >= f64::from(below)
    {
        lane.lamps.clear();
    }
    lane
}

/// The plan of encounter `k`. Of a scenario without factors `k` need not be below its number of encounters.
///
/// # Panics
/// Where the factors of an encounter that the scenario does not have come to something impossible; those that it has are checked
/// when it is read.
pub fn plan(scenario: &Scenario, k: u64) -> EncounterPlan {
    let scenario = &scenario.at(k).unwrap_or_else(|fault| panic!("encounter {k}: {fault}"));
    let seed = scenario.file.seed;
    let mix = &scenario.mix.value;
    let first = scenario.file.returning.map_or(k, |returning| k % returning.vehicles);
    let own = Draws { seed, encounter: k, first, mix, place: None };
    let by_hand = scenario.file.encounter.iter().find(|e| e.index == first);
    let share = match by_hand {
        Some(e) => mix.vehicles.iter().find(|v| v.model == e.vehicle).expect("checked when the scenario was read"),
        None => own.vehicle(),
    };
    let taken = match by_hand {
        Some(e) => e.occupants.iter().map(|o| o.id()).collect(),
        None => sample_seats(own, share),
    };
    let occupants: Vec<OccupantPlan> = taken.iter().map(|seat| plan_occupant(own, *seat)).collect();
    EncounterPlan {
        seed,
        encounter: k,
        lane: lane_in(&scenario.lane.value, &scenario.file.daylight),
        rig: scenario.rig.value.clone(),
        sensors: scenario.sensors.iter().map(|s| s.value.clone()).collect(),
        daylight: scenario.file.daylight.clone(),
        soft_shadows: scenario.file.soft_shadows,
        noise_key: scenario.file.noise_key,
        crossing: scenario.file.returning.map_or(1, |returning| (k / returning.vehicles + 1) as u32),
        vehicle: share.model.clone(),
        glass: share.glass,
        paint: own.paint(),
        head_lamps: own.head_lamps(),
        approach_speed_mps: own.between(mix.approach_speed_mps, "approach speed"),
        motion: motion(own),
        lateral_offset_m: own.lateral_offset_m(),
        decoys: decoys::sample(seed, k, mix, &share.model, &occupants),
        occupants,
        neighbours: neighbours(seed, k, mix),
    }
}

/// The vehicles behind and ahead of that of encounter `k`, drawn like any other.
fn neighbours(seed: u64, k: u64, mix: &TrafficMix) -> Vec<NeighbourPlan> {
    let Some(Queue { behind, ahead }) = &mix.queue else { return Vec::new() };
    let places = [(NeighbourPlace::Behind, behind), (NeighbourPlace::Ahead, ahead)];
    let neighbour = |(place, share): (NeighbourPlace, &Option<QueuePlace>)| {
        let QueuePlace { share, gap_m, delay_s, .. } = share.as_ref()?;
        let draws = Draws { seed, encounter: k, first: k, mix, place: Some(place) };
        if draws.share("vehicle is there") >= *share {
            return None;
        }
        let model = draws.vehicle();
        let seats = sample_seats(draws, model);
        Some(NeighbourPlan {
            place,
            vehicle: model.model.clone(),
            glass: model.glass,
            paint: draws.paint(),
            head_lamps: draws.head_lamps(),
            gap_m: draws.between(*gap_m, "gap"),
            delay_s: draws.between(*delay_s, "delay"),
            lateral_offset_m: draws.lateral_offset_m(),
            occupants: seats.into_iter().map(|seat| plan_occupant(draws, seat)).collect(),
        })
    };
    places.into_iter().filter_map(neighbour).collect()
}

/// What the encounter's own vehicle does.
fn motion(own: Draws<'_>) -> Motion {
    let mix = own.mix;
    if mix.manoeuvres.is_empty() {
        return Motion::default();
    }
    let weights = mix.manoeuvres.iter().map(|m| m.weight);
    let drawn = mix.manoeuvres[pick(weights, own.share("manoeuvre"))].manoeuvre;
    let between = |range, purpose| own.between(range, purpose);
    match drawn {
        Manoeuvre::Stop { braking_mps2 } => Motion::Stop { braking_mps2: between(braking_mps2, "braking") },
        Manoeuvre::Pass {} => Motion::Pass,
        Manoeuvre::Stand {} => Motion::Stand,
        Manoeuvre::StopAndGo { braking_mps2, first_stop_z_m, wait_s, start_mps2, creep_speed_mps } => {
            Motion::StopAndGo {
                braking_mps2: between(braking_mps2, "braking"),
                first_stop_z_m: between(first_stop_z_m, "first stop"),
                wait_s: between(wait_s, "wait"),
                start_mps2: between(start_mps2, "start"),
                creep_speed_mps: between(creep_speed_mps, "creep speed"),
            }
        }
    }
}

/// The seats that are taken, in the vehicle's order: the driver's, mostly the front passenger's, then any.
fn sample_seats(draws: Draws<'_>, share: &VehicleShare) -> Vec<SeatId> {
    let all = seats::of_model(&share.model).expect("checked when the scenario was read");
    let weights = draws.mix.occupants.iter().take(all.len()).copied();
    let count = 1 + pick(weights, draws.steady_share("occupant count"));
    // One draw a seat decides the order in which the others fill.
    let mut others: Vec<(f32, SeatId)> = Vec::new();
    for seat in all.iter().copied().filter(|s| *s != seats::DRIVER) {
        let draw = draws.steady_share(&format!("seat {}", seats::seat_name(seat)));
        let first = seat.row == 1 && draw < FRONT_PASSENGER_SHARE;
        others.push((if first { -1.0 } else { draw }, seat));
    }
    others.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut taken = vec![seats::DRIVER];
    taken.extend(others.into_iter().take(count - 1).map(|(_, seat)| seat));
    all.into_iter().filter(|seat| taken.contains(seat)).collect()
}

fn plan_occupant(draws: Draws<'_>, seat: SeatId) -> OccupantPlan {
    let Draws { first, mix, place, .. } = draws;
    let name = seats::seat_name(seat);
    let open = |purpose: &str| draws.open(&format!("{purpose} {name}"));
    let steady = |purpose: &str| draws.steady(&format!("{purpose} {name}"));
    let vehicle = place.map_or(String::new(), |place| format!("{}-", place.name()));
    let child = seat.row > 1 && steady("child").random::<f32>() < mix.child_share_rear;
    let (band, age_years) = if child {
        let bands = mix.age.childhood();
        let band = pick(bands.iter().map(|b| b.1), steady("age band").random());
        (Some(bands[band].0), bands[band].2)
    } else {
        (None, mix.age.adults_years.into())
    };
    let restrained: f32 = steady("child seat").random();
    let child_seat = match band {
        Some(Childhood::Infant) => Some(ChildSeat::RearFacing),
        Some(Childhood::Toddler) if restrained < mix.age.rear_facing_toddlers => Some(ChildSeat::RearFacing),
        Some(Childhood::Toddler) => Some(ChildSeat::Forward),
        Some(Childhood::Child) if restrained < mix.age.booster_use => Some(ChildSeat::Booster),
        _ => None,
    };
    let demographics = Demographics { age_years, ..Demographics::default() };
    let mut pose = open("head pose");
    let [yaw, pitch, roll] = [0; 3].map(|_| cut_normal(&mut pose));
    // The stream's name is that of the first behaviour there was: it keeps who looks at the booth.
    let behaviour = behaviour_in(seat, child_seat, mix.behaviour.at(open("looks at booth").random()));
    let head_yaw_deg = match behaviour {
        Behaviour::Booth => BOOTH_YAW_DEG.0 + BOOTH_YAW_DEG.1 * yaw,
        _ => mix.head_yaw_sd_deg * yaw,
    };
    let enrolled = steady("enrolled").random::<f32>() < mix.enrolled_share;
    let identity = Identity::sample(&demographics, &mut steady("identity"));
    let mut appearance = Appearance::another_day(&identity, &mut open("appearance"));
    appearance.wear = Wear::sample(&mix.wear.worn, &identity, &mut open("wear"));
    if behaviour == Behaviour::Asleep {
        appearance.expression = Expression::asleep();
    }
    OccupantPlan {
        seat,
        child_seat,
        appearance,
        behaviour,
        identity,
        document: mix.documents.pick(steady("document").random()),
        reference_id: enrolled.then(|| format!("e{first:03}-{vehicle}r{name}")),
        head_yaw_deg,
        head_pitch_deg: mix.head_pitch_sd_deg * pitch,
        head_roll_deg: mix.head_roll_sd_deg * roll,
        motion_seed: open("head motion").next_u64(),
    }
}

/// What is done of a behaviour in a seat: drivers stay awake, only the front row has visors, and who is in a harness
/// neither leans out of it nor has a phone.
fn behaviour_in(seat: SeatId, child_seat: Option<ChildSeat>, drawn: Behaviour) -> Behaviour {
    use Behaviour::{LeaningAside, LeaningForward, Phone, PhoneInLap, Road};
    let harness = child_seat.is_some_and(ChildSeat::has_harness);
    match drawn {
        LeaningForward | LeaningAside | Phone | PhoneInLap if harness => Road,
        Behaviour::Asleep if seat == seats::DRIVER => Behaviour::Road,
        Behaviour::VisorDown if seat.row != 1 => Behaviour::Road,
        drawn => drawn,
    }
}

/// A standard normal draw cut at two deviations, by drawing again.
fn cut_normal(rng: &mut impl rand::Rng) -> f32 {
    loop {
        let draw: f32 = StandardNormal.sample(rng);
        if draw.abs() <= 2.0 {
            return draw;
        }
    }
}

/// Index of the weight in which a uniform draw (0..1) falls; the weights' sum is above 0.
fn pick(weights: impl Iterator<Item = f32> + Clone, draw: f32) -> usize {
    let total: f64 = weights.clone().map(f64::from).sum();
    let mut left = f64::from(draw) * total;
    let mut last = 0;
    for (i, weight) in weights.map(f64::from).enumerate() {
        if weight <= 0.0 {
            continue;
        }
        last = i;
        if left < weight {
            return i;
        }
        left -= weight;
    }
    last
}
