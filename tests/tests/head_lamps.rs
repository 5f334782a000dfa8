//! Head-lamps of the car at the line and of the one behind, from the scenario to the picture: what they light, how bright they
//! are themselves, and that nothing changes where they are dark.
use glam::Vec3;
use laneproof_scenarios::{plan::plan, scenario::Scenario};
use laneproof_scenes::{
    beam::{BeamPattern, DIPPED_CD},
    catalogue::{GlassSet, HeadLampKind, HeadLampState, Lamp, LampLight, Trigger},
    motion::Motion,
    truth::{Role, Subject, Tag},
    vehicle,
};
use laneproof_sim::{
    Exposure, Simulator,
    encounter::{EncounterPlan, HeadLampPlan},
};
use laneproof_tests::{program, simulator};

/// How much coarser than the scenario's these sensors are.
const COARSER: u32 = 4;

/// The scenario's first encounter with one of its cameras, everybody standing all the time.
fn two_cars(camera: usize) -> EncounterPlan {
    let path = program::root().join("scenarios/light/night-headlamps.toml");
    let mut plan = plan(&Scenario::open(&path).unwrap_or_else(|e| panic!("{e}")), 0);
    assert_eq!(plan.neighbours.len(), 1);
    plan.motion = Motion::Stand;
    plan.head_lamps = None;
    plan.neighbours[0].head_lamps = None;
    plan.rig.cameras = vec![plan.rig.cameras[camera].clone()];
    plan.sensors = vec![plan.sensors[camera].clone()];
    let id = plan.rig.cameras[0].id.clone();
    plan.rig.illuminators.retain(|lamp| lamp.lights(&id));
    plan.rig.cameras[0].triggers = vec![Trigger::Stop { after_s: 1.0 }];
    let sensor = &mut plan.sensors[0];
    simulator::coarsen(sensor, COARSER);
    plan
}

/// The plan with these lamps of the own car and of the one behind.
fn with(plan: &EncounterPlan, own: Option<HeadLampPlan>, behind: Option<HeadLampPlan>) -> EncounterPlan {
    let mut plan = plan.clone();
    plan.head_lamps = own;
    plan.neighbours[0].head_lamps = behind;
    plan
}

fn lamps(kind: HeadLampKind, state: HeadLampState) -> Option<HeadLampPlan> {
    Some(HeadLampPlan { kind, state, lit_below_lux: 1000.0, aim_down: 0.01 })
}

const LIT: HeadLampState = HeadLampState::On;

fn seen(simulator: &mut Simulator, plan: &EncounterPlan) -> Exposure {
    let staged = simulator.stage(plan).unwrap_or_else(|e| panic!("{e}"));
    let request = simulator::requests(&staged, 0)[0];
    simulator.expose(&staged, &request).unwrap_or_else(|e| panic!("{e}"))
}

/// Green radiance of each pixel, and what it shows.
fn green(exposure: &Exposure) -> Vec<(f32, Option<Tag>)> {
    let layers = exposure.layers.whole();
    layers.radiance.iter().zip(&layers.tag).map(|(light, tag)| (light[1].to_f32(), Tag::from_bits(*tag))).collect()
}

/// Contract: lamps that are off, or that automatic light leaves dark by day, change no byte of frame and truth.
#[test]
fn dark_head_lamps_change_no_byte() {
    let simulator = &mut simulator::coarse();
    let night = two_cars(0);
    let mut day = night.clone();
    day.daylight.time = "2026-06-21T10:30:00-05:00".to_owned();
    for (plan, state) in [(night, HeadLampState::Off), (day, HeadLampState::Auto)] {
        let [plain, dark] = [None, lamps(HeadLampKind::Halogen, state)].map(|l| seen(simulator, &with(&plan, l, l)));
        assert!(plain.jpeg == dark.jpeg && plain.truth == dark.truth && plain.layers == dark.layers, "{state:?}");
    }
}

/// Law: light is added. Whoever lights another lamp darkens no pixel; and the next car's lamps light people and seats from behind,
/// where no other light is. They are 6 m away: nearer, the boot of a saloon hides its cabin from lamps that are lower than it is.
#[test]
fn the_next_cars_lamps_darken_nothing_and_light_the_cabin_from_behind() {
    let simulator = &mut simulator::coarse();
    let mut plan = two_cars(0);
    plan.neighbours[0].gap_m = 6.0;
    // Between the cars, towards the rear window.
    let camera = &mut plan.rig.cameras[0];
    (camera.position_m, camera.look_at_m) = ([0.0, 1.7, -7.0], [0.0, 1.1, -3.0]);
    let halogen = lamps(HeadLampKind::Halogen, LIT);
    let [dark, lit] = [None, halogen].map(|behind| green(&seen(simulator, &with(&plan, None, behind))));
    for (a, b) in dark.iter().zip(&lit) {
        assert!(b.0 >= a.0, "{a:?} became {b:?}");
    }
    plan.lane.lamps.clear();
    let mut inside = |rear: f32, behind: Option<HeadLampPlan>| {
        let plan = EncounterPlan { glass: GlassSet::bare(0.75, 0.72, rear), ..plan.clone() };
        let pixels = green(&seen(simulator, &with(&plan, None, behind)));
        let of_cabin = |tag: &Option<Tag>| {
            matches!(tag, Some(Tag { subject: Subject::Occupant(_), .. } | Tag { role: Role::Seat, .. }))
        };
        pixels.iter().filter(|(_, tag)| of_cabin(tag)).map(|(light, _)| f64::from(*light)).sum::<f64>()
    };
    let [dark, clear, tinted] = [inside(0.72, None), inside(0.72, halogen), inside(0.36, halogen)];
    println!(
        "people and seats: {dark:.5} in the dark, {clear:.5} lit, {tinted:.5} behind glass of half the transmittance"
    );
    assert!(clear > 10.0 * dark, "{dark} and {clear}");
    // Half at normal incidence, 0.43 where the way through the glass is 1.23 times as long, at 60°.
    assert!((0.40..0.52).contains(&(tinted / clear)), "{}", tinted / clear);
}

/// Oracle: what the own head-lamps add to the road ahead of the car is to what a lamp of known intensity adds there as their
/// illuminances are, whatever the road's texture, by way of the whole renderer.
#[test]
fn the_road_ahead_is_lit_as_brightly_as_the_pattern_says() {
    let simulator = &mut simulator::coarse();
    let mut plan = two_cars(0);
    plan.neighbours.clear();
    plan.lane.lamps.clear();
    plan.lane.booth = false;
    plan.lateral_offset_m = 0.0;
    // From above and ahead, down on the road before the car.
    let camera = &mut plan.rig.cameras[0];
    (camera.position_m, camera.look_at_m) = ([0.0, 5.0, 12.0], [0.0, 0.0, 6.0]);
    camera.lens.veiling_glare = None;
    let built = vehicle::build(&plan.vehicle, &plan.glass, plan.paint).expect("builds");
    let dark = green(&seen(simulator, &plan));
    let mut own = plan.clone();
    own.head_lamps = lamps(HeadLampKind::Led, LIT);
    let head = green(&seen(simulator, &own));
    let mast = Lamp {
        id: "mast".into(),
        position_m: [0.0, 8.0, 6.0],
        look_at_m: [0.0, 0.0, 6.0],
        light: LampLight::White,
        intensity: 5000.0,
        beam_deg: 120.0,
        diameter_m: 0.2,
        pulse_us: None,
        cameras: Vec::new(),
        source: "test".into(),
    };
    let mut by_mast = plan.clone();
    by_mast.lane.lamps = vec![mast];
    let staged = simulator.stage(&by_mast).unwrap_or_else(|e| panic!("{e}"));
    let mast = green(&simulator.expose(&staged, &simulator::requests(&staged, 0)[0]).unwrap_or_else(|e| panic!("{e}")));
    let (width, height) = (plan.sensors[0].width_px, plan.sensors[0].height_px);
    let mount = &plan.rig.cameras[0];
    let camera = laneproof_sim::PinholeCamera::looking_at(
        mount.position_m.into(),
        mount.look_at_m.into(),
        mount.lens.focal_length_mm * 1000.0 / plan.sensors[0].pixel_pitch_um,
        width,
        height,
    );
    for place in [Vec3::new(0.0, 0.0, 5.0), Vec3::new(0.6, 0.0, 6.0), Vec3::new(-0.8, 0.0, 7.5)] {
        // Lux of both lamps by hand. The car's front stands at the line.
        let lux = |lamp: Vec3| {
            let way = place - (lamp - Vec3::Z * built.front_z_m);
            let (right, up) = (-way.x / way.z, way.y / way.z);
            let cosine = way.z / way.length();
            let s = (cosine - 0.5) / 0.5;
            let candela = DIPPED_CD * BeamPattern::DIPPED.share(right, up) * s * s * (3.0 - 2.0 * s);
            candela * -way.y / way.length().powi(3)
        };
        let want: f32 = built.head_lamps.iter().map(|lamp| lux(lamp.middle_m)).sum();
        let below = Vec3::new(0.0, 8.0, 6.0) - place;
        let end = 0.0f32;
        let s = (below.y / below.length() - end) / (1.0 - end);
        let by_hand = 5000.0 * s * s * (3.0 - 2.0 * s) * below.y / below.length().powi(3);
        let ([x, y], _) = camera.project(place).expect("in view");
        // A few pixels: the road has a texture, which both see.
        let mean = |of: &[(f32, Option<Tag>)]| -> f32 {
            let mut sum = 0.0;
            for row in y as u32 - 2..=y as u32 + 2 {
                for column in x as u32 - 2..=x as u32 + 2 {
                    let i = (row * width + column) as usize;
                    sum += of[i].0 - dark[i].0;
                }
            }
            sum
        };
        // Green watts for a lumen differ by 1 % between LEDs of 5,700 and 5,000 K.
        let got = mean(&head) / mean(&mast) * by_hand;
        println!("{place}: {got:.2} lx, by hand {want:.2} lx");
        assert!((got / want - 1.0).abs() < 0.05, "{place}: {got} lx and {want} lx");
    }
}

/// Oracle: a lens's radiance times the area that is seen is the beam's intensity towards the camera; and it burns out the frame.
#[test]
fn a_lens_sends_its_intensity_to_the_camera() {
    let simulator = &mut simulator::coarse();
    let mut plan = two_cars(0);
    plan.neighbours.clear();
    plan.lateral_offset_m = 0.0;
    let camera = &mut plan.rig.cameras[0];
    // Before the left lamp, a little above it, in the spill.
    (camera.position_m, camera.look_at_m) = ([0.66, 1.2, 6.0], [0.66, 0.66, -0.2]);
    let built = vehicle::build(&plan.vehicle, &plan.glass, plan.paint).expect("builds");
    let [off, on] = [None, lamps(HeadLampKind::Led, LIT)].map(|own| {
        let mut plan = plan.clone();
        plan.head_lamps = own;
        seen(simulator, &plan)
    });
    let lamp = &built.head_lamps[0];
    let way = Vec3::new(0.66, 1.2, 6.0) - (lamp.middle_m - Vec3::Z * built.front_z_m);
    let share = BeamPattern::DIPPED.share(-way.x / way.z, way.y / way.z);
    let lux = DIPPED_CD * share / way.length_squared();
    // Lux from the picture: radiance over the solid angle of its pixels, less what was there.
    let focal_px = plan.rig.cameras[0].lens.focal_length_mm * 1000.0 / plan.sensors[0].pixel_pitch_um;
    let (off_light, on_light) = (off.layers.whole(), on.layers.whole());
    let middle = off_light.radiance.len() as u32 / plan.sensors[0].width_px / 2;
    let columns = plan.sensors[0].width_px / 2 - 30..plan.sensors[0].width_px / 2 + 30;
    let mut watts = [0.0f32; 3];
    for row in middle - 30..middle + 30 {
        for column in columns.clone() {
            let i = (row * plan.sensors[0].width_px + column) as usize;
            let more = |band: usize| on_light.radiance[i][band].to_f32() - off_light.radiance[i][band].to_f32();
            let lens = more(1) > 1.0;
            (0..3).for_each(|band| watts[band] += if lens { more(band) / (focal_px * focal_px) } else { 0.0 });
        }
    }
    // The bands' lumens, each with the mean of V(λ) over it: 0.217, 0.782 and 0.111 of 683 lm/W.
    let got = 683.0 * (0.2169 * watts[0] + 0.782 * watts[1] + 0.1086 * watts[2]);
    println!("{got:.3} lx on the lens, by hand {lux:.3} lx");
    assert!((got / lux - 1.0).abs() < 0.1, "{got} lx and {lux} lx");
    let burnt = |exposure: &Exposure| exposure.frame.bytes.iter().filter(|dn| **dn == 255).count();
    assert!(burnt(&on) > burnt(&off) + 20, "{} and {}", burnt(&on), burnt(&off));
}

/// In the near infrared LEDs are dark and halogen bulbs are not.
#[test]
fn a_near_infrared_camera_sees_halogen_lamps_and_no_leds() {
    let simulator = &mut simulator::coarse();
    let mut plan = two_cars(1);
    // By no other light.
    plan.rig.illuminators.clear();
    plan.rig.cameras[0].lens.focal_length_mm = 16.0;
    let none = seen(simulator, &plan);
    let [led, halogen] = [HeadLampKind::Led, HeadLampKind::Halogen].map(|kind| {
        let own = lamps(kind, LIT);
        seen(simulator, &with(&plan, own, own))
    });
    assert!(led.jpeg == none.jpeg && led.truth == none.truth && led.layers == none.layers);
    let sum = |exposure: &Exposure| green(exposure).iter().map(|(light, _)| f64::from(*light)).sum::<f64>();
    assert!(sum(&halogen) > 10.0 * sum(&none), "{} and {}", sum(&halogen), sum(&none));
}
