use std::collections::BTreeSet;

use laneproof_scenes::vehicle::SeatSide;

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
