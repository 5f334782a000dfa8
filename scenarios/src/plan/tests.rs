use std::collections::BTreeSet;

use laneproof_exchange::encounter::{DecoyPlace, NeighbourPlace, OccupantPlan};
use laneproof_scenes::{
    catalogue::{HeadLampKind, HeadLampShares, HeadLampState, Manoeuvre, ManoeuvreShare, Queue, QueuePlace},
    decoy::DecoyKind,
    motion::Motion,
    people::{Behaviour, Expression},
    vehicle::{ChildSeat, SeatSide},
};

use super::{plan, seats};
use crate::scenario::{Scenario, tests::first_light};

fn all(scenario: &Scenario) -> Vec<laneproof_exchange::encounter::EncounterPlan> {
    (0..scenario.file.encounters).map(|k| plan(scenario, k)).collect()
}

#[test]
fn a_plan_is_a_pure_function_of_scenario_and_index() {
    let scenario = first_light();
    let once: Vec<String> = all(&scenario).iter().map(|p| format!("{p:?}")).collect();
    // In another order, from a scenario read again.
    let again = first_light();
    for k in (0..12).rev() {
        assert_eq!(once[k], format!("{:?}", plan(&again, k as u64)));
    }
    assert_ne!(once[0], once[1]);
}

#[test]
fn drivers_are_adults_and_children_sit_behind() {
    let scenario = first_light();
    for plan in (0..300).map(|k| plan(&scenario, k)) {
        assert!(plan.occupants.iter().any(|o| o.seat == seats::DRIVER));
        for occupant in plan.occupants.iter().filter(|o| o.seat.row == 1) {
            assert!(occupant.identity.age_years >= 18.0);
        }
    }
    let young = |p: &laneproof_exchange::encounter::EncounterPlan| {
        p.occupants.iter().filter(|o| o.identity.age_years < 18.0).count()
    };
    assert!((0..50).map(|k| young(&plan(&scenario, k))).sum::<usize>() > 10);
}

#[test]
fn the_demo_holds_enough_people_in_all_rows_for_its_count() {
    let plans = all(&first_light());
    let seats: Vec<_> = plans.iter().flat_map(|p| p.occupants.iter().map(|o| o.seat)).collect();
    println!("{} occupants; rows {:?}", seats.len(), [1, 2, 3].map(|r| seats.iter().filter(|s| s.row == r).count()));
    assert!((40..=60).contains(&seats.len()), "{} occupants", seats.len());
    assert!(seats.iter().filter(|s| s.row == 2).count() >= 12);
    assert!(seats.iter().filter(|s| s.row == 3).count() >= 5);
    assert!(plans.iter().any(|p| p.vehicle == "sedan") && plans.iter().any(|p| p.vehicle == "van"));
}

#[test]
fn reference_ids_and_identities_are_unique() {
    let scenario = first_light();
    let mut ids = BTreeSet::new();
    let mut seeds = BTreeSet::new();
    for plan in all(&scenario) {
        for occupant in plan.occupants {
            assert!(seeds.insert(occupant.identity.seed));
            if let Some(id) = occupant.reference_id {
                assert!(ids.insert(id.clone()), "{id} twice");
            }
        }
    }
    assert!(ids.len() > 30);
}

#[test]
fn an_encounter_set_by_hand_changes_that_one_only() {
    let mut scenario = first_light();
    let before = all(&scenario);
    let seat = |row, side| crate::scenario::file::SeatFile { row, side };
    use crate::scenario::file::SideFile::{Left, Right};
    scenario.file.encounter.push(crate::scenario::file::EncounterOverride {
        index: 4,
        vehicle: "van".to_owned(),
        occupants: vec![seat(1, Left), seat(3, Right)],
    });
    for (k, (old, new)) in before.iter().zip(all(&scenario)).enumerate() {
        if k == 4 {
            assert_eq!(new.vehicle, "van");
            let seats: Vec<_> = new.occupants.iter().map(|o| (o.seat.row, o.seat.side)).collect();
            assert_eq!(seats, [(1, SeatSide::Left), (3, SeatSide::Right)]);
        } else {
            assert_eq!(format!("{old:?}"), format!("{new:?}"));
        }
    }
}

#[test]
fn the_mix_is_met_in_the_long_run() {
    let scenario = first_light();
    let n = 2000;
    let vans = (0..n).filter(|k| plan(&scenario, *k).vehicle == "van").count();
    // 0.6 ± 4 standard deviations of a binomial share.
    assert!((vans as f64 / n as f64 - 0.6).abs() < 4.0 * (0.24 / n as f64).sqrt());
}

/// The scenario with another of the shipped mixes.
fn with_mix(name: &str) -> Scenario {
    let mut scenario = first_light();
    scenario.mix = laneproof_scenes::catalogue::load::load_shipped(laneproof_scenes::catalogue::load::Kind::Mix, name)
        .unwrap_or_else(|e| panic!("{e}"));
    scenario
}

#[test]
fn every_behaviour_is_as_frequent_as_its_mix_says() {
    for name in ["demo-families", "commuters", "families-holiday"] {
        let scenario = with_mix(name);
        let passengers: Vec<_> = (0..1500)
            .flat_map(|k| plan(&scenario, k).occupants)
            // Those to whom all behaviours are open but the visor.
            .filter(|o| o.seat != seats::DRIVER && o.child_seat.is_none())
            .collect();
        let n = passengers.len() as f32;
        for (key, behaviour, share) in scenario.mix.value.behaviour.listed() {
            let fits =
                |o: &&laneproof_exchange::encounter::OccupantPlan| behaviour != Behaviour::VisorDown || o.seat.row == 1;
            let of = passengers.iter().filter(fits).count() as f32;
            let count = passengers.iter().filter(fits).filter(|o| o.behaviour == behaviour).count() as f32;
            let deviation = (share * (1.0 - share) / of).sqrt();
            assert!((count / of - share).abs() <= 4.0 * deviation + 1e-4, "{name}: {key} {count} of {of} of {n}");
        }
    }
}

#[test]
fn what_is_done_fits_the_seat() {
    let scenario = with_mix("families-holiday");
    let mut restrained = 0;
    for o in (0..400).flat_map(|k| plan(&scenario, k).occupants) {
        assert!(o.seat != seats::DRIVER || o.behaviour != Behaviour::Asleep);
        assert!(o.seat.row == 1 || o.behaviour != Behaviour::VisorDown);
        let age = o.identity.age_years;
        match o.child_seat {
            Some(ChildSeat::RearFacing) => assert!(age < 4.0),
            Some(ChildSeat::Forward) => assert!((1.25..4.0).contains(&age)),
            Some(ChildSeat::Booster) => assert!((4.0..10.0).contains(&age)),
            None => assert!(age >= 4.0, "{age} without a seat"),
        }
        if age < 1.25 {
            assert_eq!(o.child_seat, Some(ChildSeat::RearFacing));
        }
        assert_eq!(o.behaviour == Behaviour::Asleep, o.appearance.expression == Expression::asleep());
        restrained += u32::from(o.child_seat.is_some());
    }
    assert!(restrained > 200, "{restrained}");
}

#[test]
fn decoys_move_no_other_draw_and_displace_nobody() {
    let with = first_light();
    let mut without = first_light();
    let decoys = &mut without.mix.value.decoys;
    (decoys.dog, decoys.doll, decoys.head_rest) = (0.0, 0.0, 0.0);
    (decoys.shirt, decoys.magazine, decoys.phone) = (0.0, 0.0, 0.0);
    let mut seen = 0;
    for k in 0..200 {
        let (a, b) = (plan(&with, k), plan(&without, k));
        assert_eq!(format!("{:?}", a.occupants), format!("{:?}", b.occupants));
        assert!(b.decoys.is_empty());
        for decoy in &a.decoys {
            match decoy.place {
                DecoyPlace::Seat(seat) => assert!(a.occupants.iter().all(|o| o.seat != seat)),
                DecoyPlace::Occupant(o) => assert!(usize::from(o) < a.occupants.len()),
            }
            assert_eq!(decoy.likeness.is_none(), decoy.kind == DecoyKind::Dog);
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen}");
    let demo: Vec<_> = all(&with).into_iter().flat_map(|p| p.decoys).map(|d| d.kind).collect();
    println!("the demo's decoys: {demo:?}");
    assert!(!demo.is_empty());
}

#[test]
fn manoeuvres_are_drawn_by_their_weights_within_their_ranges_and_move_no_other_draw() {
    let plain = first_light();
    assert!(all(&plain).iter().all(|p| p.motion == Motion::default()));
    let share = |weight, manoeuvre| ManoeuvreShare { weight, manoeuvre, source: "test".to_owned() };
    let mut mixed = first_light();
    mixed.mix.value.lateral_offset_mean_m = 0.25;
    mixed.mix.value.manoeuvres = vec![
        share(1.0, Manoeuvre::Stop { braking_mps2: [1.0, 3.0] }),
        share(1.0, Manoeuvre::Pass {}),
        share(0.0, Manoeuvre::Stand {}),
        share(
            2.0,
            Manoeuvre::StopAndGo {
                braking_mps2: [2.0, 2.0],
                first_stop_z_m: [-8.0, -5.0],
                wait_s: [1.0, 4.0],
                start_mps2: [1.0, 1.0],
                creep_speed_mps: [1.0, 2.0],
            },
        ),
    ];
    let (n, mut gone, mut passed, mut waits) = (400, 0, 0, Vec::new());
    for k in 0..n {
        let (before, after) = (plan(&plain, k), plan(&mixed, k));
        match after.motion {
            Motion::Stop { braking_mps2 } => assert!((1.0..=3.0).contains(&braking_mps2)),
            Motion::Pass => passed += 1,
            Motion::Stand => panic!("its weight is 0"),
            Motion::StopAndGo { braking_mps2, first_stop_z_m, wait_s, start_mps2, creep_speed_mps } => {
                assert_eq!((braking_mps2, start_mps2), (2.0, 1.0));
                assert!((-8.0..=-5.0).contains(&first_stop_z_m) && (1.0..=2.0).contains(&creep_speed_mps));
                waits.push(wait_s);
                gone += 1;
            }
        }
        assert!((after.lateral_offset_m - before.lateral_offset_m - 0.25).abs() < 1e-6);
        let same = laneproof_exchange::encounter::EncounterPlan {
            motion: before.motion,
            lateral_offset_m: before.lateral_offset_m,
            ..after
        };
        assert_eq!(format!("{before:?}"), format!("{same:?}"));
    }
    // Half and a quarter ± 4 standard deviations.
    assert!((f64::from(gone) / n as f64 - 0.5).abs() < 4.0 * (0.25 / n as f64).sqrt(), "{gone}");
    assert!((f64::from(passed) / n as f64 - 0.25).abs() < 4.0 * (0.1875 / n as f64).sqrt(), "{passed}");
    let (least, most) = waits.iter().fold((f32::MAX, 0f32), |(a, b), w| (a.min(*w), b.max(*w)));
    assert!((1.0..1.3).contains(&least) && most > 3.7 && most <= 4.0, "{least} to {most} s");
}

#[test]
fn a_behaviour_more_moves_nothing_but_who_does_it() {
    let before = first_light();
    let mut after = first_light();
    after.mix.value.behaviour.leaning_aside += 0.10;
    let bare =
        |o: &laneproof_exchange::encounter::OccupantPlan| format!("{:?} {:?} {}", o.seat, o.identity, o.motion_seed);
    let mut changed = 0;
    for (old, new) in all(&before).iter().zip(all(&after)) {
        for (o, n) in old.occupants.iter().zip(&new.occupants) {
            assert_eq!(bare(o), bare(n));
            if o.behaviour != n.behaviour {
                assert_eq!((o.behaviour, n.behaviour), (Behaviour::Road, Behaviour::LeaningAside));
                changed += 1;
            }
        }
    }
    assert!(changed > 0);
}

/// The demo with others in some encounters.
fn in_a_queue(share: f32) -> Scenario {
    let mut scenario = first_light();
    let place = |gap_m| QueuePlace { share, gap_m, delay_s: [1.0, 2.0], source: "test".to_owned() };
    scenario.mix.value.queue = Some(Queue { behind: Some(place([1.0, 3.0])), ahead: Some(place([4.0, 5.0])) });
    scenario
}

#[test]
fn other_vehicles_move_no_draw_of_the_own_and_none_of_each_other() {
    let [alone, both] = [first_light(), in_a_queue(1.0)];
    let mut behind = in_a_queue(1.0);
    behind.mix.value.queue.as_mut().expect("set").ahead = None;
    for k in 0..12 {
        let [alone, mut both, behind] = [&alone, &both, &behind].map(|scenario| plan(scenario, k));
        assert!(alone.neighbours.is_empty());
        assert_eq!(behind.neighbours.len(), 1);
        assert_eq!(format!("{:?}", behind.neighbours[0]), format!("{:?}", both.neighbours[0]));
        let [next, before] = &std::mem::take(&mut both.neighbours)[..] else { panic!("two") };
        assert_eq!(format!("{both:?}"), format!("{alone:?}"));
        assert_eq!((next.place, before.place), (NeighbourPlace::Behind, NeighbourPlace::Ahead));
        assert!((1.0..=3.0).contains(&next.gap_m) && (4.0..=5.0).contains(&before.gap_m));
        assert!((1.0..=2.0).contains(&next.delay_s));
        // Other people, each with a reference of their own.
        let seeds = |people: &[OccupantPlan]| people.iter().map(|o| o.identity.seed).collect::<Vec<_>>();
        let all = [seeds(&alone.occupants), seeds(&next.occupants), seeds(&before.occupants)].concat();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
        for (neighbour, name) in [(next, "behind"), (before, "ahead")] {
            assert_eq!(neighbour.occupants[0].seat, seats::DRIVER);
            for id in neighbour.occupants.iter().filter_map(|o| o.reference_id.as_ref()) {
                assert!(id.starts_with(&format!("e{k:03}-{name}-r")), "{id}");
            }
        }
    }
}

#[test]
fn the_share_says_how_often_another_vehicle_is_there() {
    let scenario = in_a_queue(0.3);
    let plans: Vec<_> = (0..400).map(|k| plan(&scenario, k)).collect();
    for place in [NeighbourPlace::Behind, NeighbourPlace::Ahead] {
        let count = plans.iter().filter(|p| p.neighbours.iter().any(|n| n.place == place)).count();
        // Three deviations of a binomial of 400 and 0.3.
        assert!((93..=147).contains(&count), "{count} of 400 {place:?}");
    }
    assert!((0..50).all(|k| plan(&in_a_queue(0.0), k).neighbours.is_empty()));
}

#[test]
fn head_lamps_move_no_other_draw_and_as_many_have_leds_as_the_share_says() {
    let plain = in_a_queue(1.0);
    let mut lit = in_a_queue(1.0);
    lit.mix.value.head_lamps = Some(HeadLampShares {
        state: HeadLampState::On,
        led_share: 0.3,
        lit_below_lux: 1000.0,
        aim_down_percent: 1.0,
        source: "test".to_owned(),
    });
    let mut leds = [0; 2];
    for k in 0..400 {
        let (before, mut after) = (plan(&plain, k), plan(&lit, k));
        let mut kinds = vec![after.head_lamps.take()];
        kinds.extend(after.neighbours.iter_mut().map(|neighbour| neighbour.head_lamps.take()));
        for (count, lamps) in leds.iter_mut().zip(kinds) {
            let lamps = lamps.expect("every vehicle has them");
            assert_eq!((lamps.state, lamps.aim_down), (HeadLampState::On, 0.01));
            *count += i32::from(lamps.kind == HeadLampKind::Led);
        }
        assert_eq!(format!("{before:?}"), format!("{after:?}"));
    }
    // Three deviations of a binomial of 400 and 0.3.
    assert!(leds.iter().all(|count| (93..=147).contains(count)), "{leds:?} of 400");
}

#[test]
fn a_photocell_leaves_the_lamps_dark_by_day() {
    let mut scenario = first_light();
    scenario.lane.value = Scenario::open(concat!(env!("CARGO_MANIFEST_DIR"), "/pilot/anzalduas-inbound.toml").as_ref())
        .unwrap_or_else(|e| panic!("{e}"))
        .lane
        .value;
    let lamps = scenario.lane.value.lamps.len();
    assert!(lamps > 0);
    // At the demo's place the sun is some 50 degrees up in the late morning, and below the horizon at midnight.
    for (time, below, lit) in [
        ("2026-06-21T11:00:00-05:00", None, lamps),
        ("2026-06-21T11:00:00-05:00", Some(0.0), 0),
        ("2026-06-21T11:00:00-05:00", Some(80.0), lamps),
        ("2026-06-21T00:00:00-05:00", Some(0.0), lamps),
    ] {
        scenario.lane.value.lamps_below_sun_deg = below;
        scenario.file.daylight.time = time.to_owned();
        assert_eq!(plan(&scenario, 0).lane.lamps.len(), lit, "{time} {below:?}");
    }
}
