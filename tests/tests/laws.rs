//! Laws that light obeys whatever the scene: on radiance of faces and veils, exposure and gain fixed.
use laneproof_scenarios::{plan::plan, scenario::Scenario};
use laneproof_scenes::catalogue::GlassSet;
use laneproof_sim::{
    Counterfactual, Exposure, ExposureRequest, Factor, Simulator, encounter::EncounterPlan, truth::FaceTruth,
};
use laneproof_tests::{program, simulator};

/// A scenario of one car before one camera.
fn car(name: &str) -> EncounterPlan {
    let path = program::root().join("scenarios/light").join(name);
    plan(&Scenario::open(&path).unwrap_or_else(|e| panic!("{e}")), 0)
}

fn request(simulator: &mut Simulator, plan: &EncounterPlan) -> (laneproof_sim::Staged, ExposureRequest) {
    let staged = simulator.stage(plan).unwrap_or_else(|e| panic!("{e}"));
    let request = simulator::requests(&staged, 0)[0];
    (staged, request)
}

fn expose(simulator: &mut Simulator, plan: &EncounterPlan) -> Exposure {
    let (staged, request) = request(simulator, plan);
    simulator.expose(&staged, &request).unwrap_or_else(|e| panic!("{e}"))
}

fn faces(simulator: &mut Simulator, plan: &EncounterPlan) -> Vec<FaceTruth> {
    expose(simulator, plan).truth.faces
}

#[test]
fn darker_glass_never_brightens_a_face() {
    let mut simulator = simulator::shared();
    let mut before: Option<Vec<FaceTruth>> = None;
    for transmittance in [0.78, 0.6, 0.4, 0.2, 0.05] {
        let plan =
            EncounterPlan { glass: GlassSet::bare(transmittance, transmittance, transmittance), ..car("noon.toml") };
        let now = faces(&mut simulator, &plan);
        for (a, b) in before.iter().flatten().zip(&now) {
            assert!(b.transmitted_radiance < a.transmitted_radiance, "{transmittance}: {b:?}");
            assert!(b.pane_transmittance < a.pane_transmittance);
        }
        before = Some(now);
    }
}

#[test]
fn an_upright_polariser_takes_the_veil_off_a_raked_windscreen() {
    let mut simulator = simulator::shared();
    for (plain, filtered) in [("noon.toml", "noon-polariser.toml"), ("overcast.toml", "overcast-polariser.toml")] {
        let [plain, filtered] = [plain, filtered].map(|name| faces(&mut simulator, &car(name)));
        for (a, b) in plain.iter().zip(&filtered) {
            let share = |f: &FaceTruth| f.veiling_radiance / f.transmitted_radiance;
            assert!(b.veiling_radiance < 0.25 * a.veiling_radiance, "{} of {}", b.veiling_radiance, a.veiling_radiance);
            assert!(share(b) < 0.5 * share(a));
            // The face keeps more than half of the filter's share of unpolarised light.
            assert!(
                b.transmitted_radiance > 0.4 * a.transmitted_radiance
                    && b.transmitted_radiance < a.transmitted_radiance
            );
        }
    }
}

#[test]
fn a_strobe_gives_twice_the_light_at_twice_the_intensity_and_pays_for_the_glass_twice() {
    let mut simulator = simulator::shared();
    let base = car("night-strobe.toml");
    let at = |simulator: &mut Simulator, intensity: f32, glass: f32, pulse_us: f32| {
        let mut plan = EncounterPlan { glass: GlassSet::bare(glass, 0.4, 0.4), ..base.clone() };
        plan.rig.illuminators[0].intensity *= intensity;
        plan.rig.illuminators[0].pulse_us = Some(pulse_us);
        faces(simulator, &plan)
    };
    let pairs = |a: &[FaceTruth], b: &[FaceTruth], what: &dyn Fn(&FaceTruth) -> f32| -> Vec<f32> {
        a.iter().zip(b).map(|(a, b)| what(b) / what(a)).collect()
    };
    let radiance: &dyn Fn(&FaceTruth) -> f32 = &|f| f.transmitted_radiance;
    let once = at(&mut simulator, 1.0, 0.45, 400.0);
    for ratio in pairs(&once, &at(&mut simulator, 2.0, 0.45, 400.0), radiance) {
        assert!((ratio - 2.0).abs() < 0.02, "twice the intensity: {ratio}");
    }
    for ratio in pairs(&once, &at(&mut simulator, 1.0, 0.45, 100.0), radiance) {
        assert!((ratio - 0.25).abs() < 0.005, "a quarter of the pulse: {ratio}");
    }
    // The lamp stands beside the camera, so that its light passes the windscreen at nearly the camera's angle: twice.
    let dark = at(&mut simulator, 1.0, 0.20, 400.0);
    let passed = pairs(&once, &dark, &|f| f.pane_transmittance);
    for (ratio, passed) in pairs(&once, &dark, radiance).into_iter().zip(passed) {
        assert!((ratio / (passed * passed) - 1.0).abs() < 0.08, "{ratio} for glass that passes {passed}");
    }
}

#[test]
fn a_bracket_holds_what_one_exposure_burns_out() {
    let mut simulator = simulator::shared();
    let mut plan = car("noon.toml");
    let camera = request(&mut simulator, &plan).1.camera_index;
    // Three stops over what shows the faces well.
    plan.rig.cameras[camera].exposure_us *= 8.0;
    let burnt = faces(&mut simulator, &plan);
    plan.rig.cameras[camera].bracket_ev = vec![0.0, -3.0];
    let exposure = expose(&mut simulator, &plan);
    for (one, bracket) in burnt.iter().zip(&exposure.truth.faces) {
        assert!(one.over_exposed_share > 0.5, "the single exposure holds it: {one:?}");
        assert!(bracket.over_exposed_share < 0.1 * one.over_exposed_share, "{bracket:?}");
        assert!(one.mean_dn > 240.0 && bracket.mean_dn < 150.0, "{} and {}", one.mean_dn, bracket.mean_dn);
        assert_eq!(bracket.transmitted_radiance, one.transmitted_radiance);
    }
    let again = expose(&mut simulator, &plan);
    assert_eq!(again.frame, exposure.frame);
}

#[test]
fn lamps_and_filters_are_the_same_by_regions_and_whole() {
    let mut simulator = simulator::shared();
    for name in ["night-strobe.toml", "noon-polariser.toml"] {
        let (staged, request) = request(&mut simulator, &car(name));
        let exposure = simulator
            .expose(&staged, &ExposureRequest { cross_check: true, ..request })
            .unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(exposure.cross_check_differs, Some(false), "{name}");
    }
}

#[test]
fn what_counterfactuals_share_changes_no_byte_of_them() {
    let mut simulator = simulator::shared();
    let few: &[Factor] = &[Factor::Veil, Factor::Defocus, Factor::Occluder];
    // Every factor by day; at night, where each lamp is a render more, those that treat pulses by themselves.
    for (name, factors) in [("overcast.toml", &Factor::ALL[..]), ("night-strobe.toml", few)] {
        let (staged, request) = request(&mut simulator, &car(name));
        let as_it_is = simulator.expose(&staged, &request).unwrap_or_else(|e| panic!("{e}"));
        let none = Counterfactual::whole(1, [].into_iter().collect());
        let mut asked = vec![none, Counterfactual::whole(1, [Factor::Veil, Factor::Pose].into_iter().collect())];
        let single = |factor: &Factor| Counterfactual::whole(1, [*factor].into_iter().collect());
        asked.extend(factors.iter().map(single));
        let halves = factors.iter().filter(|factor| factor.divisible());
        asked.extend(halves.map(|factor| Counterfactual { share: 0.5, ..single(factor) }));
        let mut expose = |ideal: &Counterfactual, forget: bool| {
            if forget {
                simulator.forget();
            }
            simulator.expose_ideal(&staged, &request, ideal).unwrap_or_else(|e| panic!("{e}"))
        };
        let warm: Vec<Exposure> = asked.iter().map(|ideal| expose(ideal, false)).collect();
        assert!(warm[0].jpeg == as_it_is.jpeg && warm[0].truth == as_it_is.truth, "{name}: nothing idealised");
        for (ideal, warm) in asked.iter().zip(&warm) {
            let cold = expose(ideal, true);
            assert!(cold.jpeg == warm.jpeg && cold.truth == warm.truth, "{name}: {ideal:?}");
            assert!(cold.layers == warm.layers, "{name}: layers of {ideal:?}");
        }
    }
}

#[test]
fn half_of_the_way_lies_between() {
    let mut simulator = simulator::shared();
    let (staged, request) = request(&mut simulator, &car("overcast.toml"));
    // Without gain, so that there is something to expose better.
    let request = ExposureRequest { gain_db: 0.0, ..request };
    let mut face = |factor: Factor, share: f32| {
        let ideal = Counterfactual { share, ..Counterfactual::whole(0, [factor].into_iter().collect()) };
        simulator.expose_ideal(&staged, &request, &ideal).unwrap_or_else(|e| panic!("{e}")).truth.faces[0].clone()
    };
    type Measure = fn(&FaceTruth) -> f32;
    let measures: [(Factor, Measure); 6] = [
        (Factor::Veil, |face| face.veiling_radiance),
        (Factor::Glass, |face| face.pane_transmittance),
        (Factor::Exposure, |face| face.mean_dn),
        (Factor::Defocus, |face| face.defocus_px),
        (Factor::Pose, |face| face.yaw_deg.abs()),
        (Factor::Pixels, |face| face.inter_eye_px),
    ];
    for (factor, measure) in measures {
        let [none, half, whole] = [1e-6, 0.5, 1.0].map(|share| measure(&face(factor, share)));
        assert!((half - none) * (whole - half) > 0.0, "{factor:?}: {none}, {half}, {whole}");
    }
}

#[test]
fn a_counterfactual_changes_what_it_names_and_nothing_else() {
    let mut simulator = simulator::shared();
    let (staged, request) = request(&mut simulator, &car("overcast.toml"));
    let real = simulator.expose(&staged, &request).unwrap_or_else(|e| panic!("{e}")).truth.faces;
    let mut without = |factor: Factor| {
        let ideal = Counterfactual::whole(0, [factor].into_iter().collect());
        simulator.expose_ideal(&staged, &request, &ideal).unwrap_or_else(|e| panic!("{e}")).truth.faces[0].clone()
    };
    let (a, clear) = (&real[0], without(Factor::Veil));
    assert!(a.veiling_radiance > a.transmitted_radiance && clear.veiling_radiance == 0.0);
    assert_eq!(clear.transmitted_radiance, a.transmitted_radiance);
    let glass = without(Factor::Glass);
    assert!(glass.pane_transmittance > 0.8 && glass.transmitted_radiance > a.transmitted_radiance);
    assert!((without(Factor::Exposure).mean_dn - 118.0).abs() < 20.0);
    assert_eq!(without(Factor::Defocus).defocus_px, 0.0);
    assert_eq!(without(Factor::MotionBlur).motion_blur_px, 0.0);
    let facing = without(Factor::Pose);
    assert!([facing.yaw_deg, facing.pitch_deg, facing.roll_deg].iter().all(|angle| angle.abs() < 4.0), "{facing:?}");
    let large = without(Factor::Pixels);
    assert!((large.inter_eye_px / a.inter_eye_px - 2.0).abs() < 0.01);
    assert!((large.landmarks_px[2][0] - a.landmarks_px[2][0]).abs() < a.inter_eye_px, "the face stays where it was");
    // And nothing is left behind: the exposure as it is comes out the same again.
    let again = simulator.expose(&staged, &request).unwrap_or_else(|e| panic!("{e}")).truth.faces;
    assert_eq!(again, real);
}
