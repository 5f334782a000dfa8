//! A camera that looks at the sun, or just past it: disc and halo, from the plan to the frame.
use glam::Vec3;
use laneproof_sim::{Counterfactual, Factor, Frame8, LaneLight, Simulator};
use laneproof_tests::simulator;

/// Focal length of the camera that looks up, millimetres: 0.141 focal lengths from the middle of its sensor to the edge.
const FOCAL_LENGTH_MM: f32 = 40.0;

/// The frame, without noise, of a camera over the lane whose axis passes the sun this far to the right, radians.
fn towards_the_sun(simulator: &mut Simulator, veiling_glare: Option<f32>, aside_rad: f32) -> Frame8 {
    let mut plan = simulator::demo_plan(3);
    plan.lane.canopy = None;
    let sun = LaneLight::new(&plan.daylight, &plan.lane).unwrap_or_else(|e| panic!("{e}")).model.sun_direction;
    let right = sun.cross(Vec3::Y).normalize();
    let mount = &mut plan.rig.cameras[1];
    let position = Vec3::new(6.0, 5.0, 8.0);
    mount.position_m = position.to_array();
    mount.look_at_m = (position + (sun + right * aside_rad.tan()) * 20.0).to_array();
    mount.lens.focal_length_mm = FOCAL_LENGTH_MM;
    mount.lens.veiling_glare = veiling_glare;
    mount.exposure_us = 10.0;
    mount.gain_db = 0.0;
    let staged = simulator.stage(&plan).unwrap_or_else(|e| panic!("{e}"));
    let request = simulator::requests(&staged, 1)[1];
    let noiseless = Counterfactual::whole(0, [Factor::Noise].into_iter().collect());
    simulator.expose_ideal(&staged, &request, &noiseless).unwrap_or_else(|e| panic!("{e}")).frame
}

/// Green at a place in the frame's middle row.
fn green(frame: &Frame8, column: u32) -> u8 {
    frame.bytes[3 * (frame.height / 2 * frame.width + column) as usize + 1]
}

#[test]
fn the_sun_has_a_disc_and_with_glare_a_halo_inside_and_beside_the_picture() {
    let simulator = &mut simulator::shared();
    let [clear, glaring] = [None, Some(0.03)].map(|glare| towards_the_sun(simulator, glare, 0.0));
    let columns = [960, 1000, 1060, 1160, 1360, 1760];
    let [without, with] = [&clear, &glaring].map(|frame| columns.map(|column| green(frame, column)));
    println!("green across the sun: {without:?} without glare, {with:?} with it");
    // The disc is 0.53° across: 64 px.
    assert!(without[0] == 255 && without[1] < 100, "a disc with an edge");
    assert!(with[2] > without[2] + 40, "a halo");
    assert!(with[2..].is_sorted_by(|near, far| near > far), "which falls off");

    // 10°: 0.035 focal lengths beyond the picture's left edge.
    let [clear, glaring] = [None, Some(0.03)].map(|glare| towards_the_sun(simulator, glare, 10f32.to_radians()));
    let columns = [4, 300, 1900];
    let [without, with] = [&clear, &glaring].map(|frame| columns.map(|column| green(frame, column)));
    println!("green beside the sun: {without:?} without glare, {with:?} with it");
    let more = [0, 1, 2].map(|i| i32::from(with[i]) - i32::from(without[i]));
    assert!(more[0] > 20 && more.is_sorted_by(|near, far| near > far), "{more:?}");
}
