//! Fog, dust and rain between a lane's cameras and its faces.
use laneproof_scenarios::{plan::plan, scenario::Scenario};
use laneproof_scenes::catalogue::Weather;
use laneproof_sim::{Counterfactual, Exposure, ExposureRequest, Factor, Simulator, encounter::EncounterPlan};
use laneproof_tests::{program, simulator};

const CLEAN: Weather = Weather { fog_visibility_m: None, dust_visibility_m: None, rain_mm_per_h: None, depth_m: 20.0 };

/// A car of the light scenarios in a weather.
fn car(name: &str, weather: Option<Weather>) -> EncounterPlan {
    let path = program::root().join("scenarios/light").join(name);
    let mut plan = plan(&Scenario::open(&path).unwrap_or_else(|e| panic!("{e}")), 0);
    plan.daylight.weather = weather;
    plan
}

fn fog(visibility_m: f32) -> Option<Weather> {
    Some(Weather { fog_visibility_m: Some(visibility_m), ..CLEAN })
}

fn exposed(simulator: &mut Simulator, plan: &EncounterPlan, factors: &[Factor], cross_check: bool) -> Exposure {
    let staged = simulator.stage(plan).unwrap_or_else(|e| panic!("{e}"));
    let request = ExposureRequest { cross_check, ..simulator::requests(&staged, 0)[0] };
    if factors.is_empty() {
        return simulator.expose(&staged, &request).unwrap_or_else(|e| panic!("{e}"));
    }
    let ideal = Counterfactual::whole(0, factors.iter().copied().collect());
    simulator.expose_ideal(&staged, &request, &ideal).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn thicker_fog_veils_faces_more_and_never_raises_their_contrast() {
    let simulator = &mut simulator::shared();
    let clear = exposed(simulator, &car("overcast.toml", None), &[], false);
    let empty = exposed(simulator, &car("overcast.toml", Some(CLEAN)), &[], false);
    assert!(clear.frame == empty.frame && clear.truth.faces == empty.truth.faces, "air that holds nothing is clean");

    let mut before = clear;
    for visibility_m in [500.0, 50.0, 15.0] {
        let now = exposed(simulator, &car("overcast.toml", fog(visibility_m)), &[], visibility_m == 50.0);
        assert_ne!(now.cross_check_differs, Some(true), "regions and whole");
        assert!(!now.truth.faces.is_empty());
        for (thin, thick) in before.truth.faces.iter().zip(&now.truth.faces) {
            let seen = |f: &laneproof_sim::truth::FaceTruth| f.veiling_radiance / f.transmitted_radiance;
            println!(
                "{visibility_m} m: veil over face {:.3}, was {:.3}; contrast {:.3}, was {:.3}; passes {:.3}",
                seen(thick),
                seen(thin),
                thick.contrast,
                thin.contrast,
                thick.pane_transmittance
            );
            assert!(thick.transmitted_radiance < thin.transmitted_radiance && seen(thick) > seen(thin));
            // Noise of the sensor is part of a frame's contrast.
            assert!(thick.contrast < thin.contrast + 0.005);
        }
        before = now;
    }
    let unveiled = exposed(simulator, &car("overcast.toml", fog(15.0)), &[Factor::Veil], false);
    assert!(unveiled.truth.faces.iter().all(|face| face.veiling_radiance == 0.0), "no veil means no airlight either");
}

#[test]
fn a_strobe_lights_the_fog_before_it() {
    let simulator = &mut simulator::shared();
    let clear = exposed(simulator, &car("night-strobe.toml", None), &[], false);
    let foggy = exposed(simulator, &car("night-strobe.toml", fog(50.0)), &[], true);
    assert_eq!(foggy.cross_check_differs, Some(false));
    for (clear, foggy) in clear.truth.faces.iter().zip(&foggy.truth.faces) {
        println!(
            "strobe in fog: {} over {}, was {}",
            foggy.veiling_radiance, foggy.transmitted_radiance, clear.veiling_radiance
        );
        assert!(
            foggy.veiling_radiance > clear.veiling_radiance && foggy.transmitted_radiance < clear.transmitted_radiance
        );
    }
    // Twice the light is twice the backscatter.
    let mut plan = car("night-strobe.toml", fog(50.0));
    plan.rig.illuminators[0].intensity *= 2.0;
    let brighter = exposed(simulator, &plan, &[], false);
    for (once, twice) in foggy.truth.faces.iter().zip(&brighter.truth.faces) {
        assert!((twice.veiling_radiance / once.veiling_radiance - 2.0).abs() < 0.02);
    }
}
