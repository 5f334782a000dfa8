//! Vehicles move as their mix says, from the scenario file to the triggers and the truth of an exposure.
use laneproof_scenarios::{plan::plan, scenario::Scenario};
use laneproof_scenes::{catalogue::Trigger, motion::Motion};
use laneproof_sim::encounter::EncounterPlan;
use laneproof_tests::{program, simulator};

/// An encounter of the queue.
fn queue(encounter: u64) -> EncounterPlan {
    let path = program::root().join("scenarios/motion/stop-and-go.toml");
    plan(&Scenario::open(&path).unwrap_or_else(|e| panic!("{e}")), encounter)
}

#[test]
fn a_queue_is_photographed_while_it_creeps_and_at_rest() {
    let plan = queue(0);
    let Motion::StopAndGo { first_stop_z_m, wait_s, creep_speed_mps, .. } = plan.motion else {
        panic!("{:?}", plan.motion);
    };
    assert!((-7.0..=-5.0).contains(&first_stop_z_m));
    let mut simulator = simulator::shared();
    let staged = simulator.stage(&plan).unwrap_or_else(|e| panic!("{e}"));
    let time_us = |z_m| staged.trigger_time_us(Trigger::Front { z_m }).expect("the front passes there");
    // Between half a metre before the first stop and half a metre after it lies the wait.
    let across_us = time_us(first_stop_z_m + 0.5) - time_us(first_stop_z_m - 0.5);
    assert!(across_us as f32 * 1e-6 > wait_s, "{across_us} µs, but the wait is {wait_s} s");

    let [creeping, near, standing] = [0, 1, 2].map(|trigger| simulator::requests(&staged, trigger)[0]);
    assert!(creeping.mid_exposure_us < near.mid_exposure_us && near.mid_exposure_us < standing.mid_exposure_us);
    let [creeping, standing] =
        [creeping, standing].map(|request| simulator.expose(&staged, &request).unwrap_or_else(|e| panic!("{e}")).truth);
    let speed_mps = creeping.speed_mps;
    assert!(speed_mps > 0.8 * creep_speed_mps && speed_mps < 1.05 * creep_speed_mps, "{speed_mps} m/s");
    assert!(standing.speed_mps.abs() < 0.01, "{} m/s", standing.speed_mps);
    let [moving_px, still_px] = [&creeping, &standing].map(|truth| truth.faces[0].motion_blur_px);
    println!("blur of the driver's face: {moving_px} px creeping, {still_px} px standing");
    assert!(moving_px > 2.0 * still_px, "{moving_px} px creeping, {still_px} px standing");
}

#[test]
fn vehicles_that_pass_or_stand_meet_the_triggers_that_they_can_meet() {
    let simulator = &mut simulator::shared();
    let mut times_us = |motion, approach_speed_mps| {
        let staged = simulator.stage(&EncounterPlan { motion, approach_speed_mps, ..queue(0) });
        let staged = staged.unwrap_or_else(|e| panic!("{e}"));
        let triggers = [Trigger::Front { z_m: -2.0 }, Trigger::Front { z_m: 8.0 }, Trigger::Stop { after_s: 0.5 }];
        triggers.map(|trigger| staged.trigger_time_us(trigger))
    };
    // 60 km/h.
    let [before, after, stop] = times_us(Motion::Pass, 16.667);
    let between_us = after.expect("passes 8 m") - before.expect("passes −2 m");
    assert!((between_us as f32 * 1e-6 - 10.0 / 16.667).abs() < 0.003, "{between_us} µs for 10 m");
    assert_eq!(stop, None);
    assert_eq!(times_us(Motion::Stand, 4.0), [None, None, Some(500_000)]);
    let [before, after, stop] = times_us(Motion::default(), 4.0);
    assert!(before.is_some() && after.is_none() && stop > before);
}
