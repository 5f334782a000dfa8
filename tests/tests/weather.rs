//! Fog, dust and rain between a lane's cameras and its faces, and snow round them.
use laneproof_scenarios::{plan::plan, scenario::Scenario};
use laneproof_scenes::catalogue::{GroundSnow, PaneDrops, Weather};
use laneproof_sim::{Counterfactual, Exposure, ExposureRequest, Factor, Simulator, encounter::EncounterPlan};
use laneproof_tests::{program, simulator};

const CLEAN: Weather = Weather {
    fog_visibility_m: None,
    dust_visibility_m: None,
    rain_mm_per_h: None,
    drops: None,
    depth_m: 20.0,
    snow: None,
};

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

fn rain(rain_mm_per_h: f32, drops: Option<PaneDrops>) -> Option<Weather> {
    Some(Weather { rain_mm_per_h: Some(rain_mm_per_h), drops, ..CLEAN })
}

#[test]
fn drops_on_panes_take_light_from_faces_and_go_when_panes_are_dry() {
    let simulator = &mut simulator::shared();
    let lain = Some(PaneDrops { collected_s: 20.0, wiper_period_s: None, contact_angle_deg: 60.0 });
    let dry = exposed(simulator, &car("overcast.toml", rain(5.0, None)), &[], false);
    let wet = exposed(simulator, &car("overcast.toml", rain(5.0, lain)), &[], true);
    assert_ne!(wet.cross_check_differs, Some(true), "regions and whole");
    assert!(!wet.truth.faces.is_empty());
    for (before, behind) in dry.truth.faces.iter().zip(&wet.truth.faces) {
        println!(
            "drops over {:.3} of the face, {:.3} of it visible; passes {:.4}, dry {:.4}",
            behind.drops_share,
            behind.visible_share / before.visible_share,
            behind.transmitted_radiance,
            before.transmitted_radiance
        );
        assert!(before.drops_share == 0.0 && behind.drops_share > 0.002);
        assert!(behind.visible_share <= before.visible_share);
        // What drops leave of a face's light is what they do not cover.
        let left = behind.transmitted_radiance / before.transmitted_radiance / (1.0 - behind.drops_share);
        assert!((0.95..1.05).contains(&left), "{left}");
        assert!((behind.pane_transmittance / before.pane_transmittance - 1.0).abs() < 0.02);
    }
    let dried = exposed(simulator, &car("overcast.toml", rain(5.0, lain)), &[Factor::Drops], false);
    assert!(dried.frame == dry.frame && dried.truth.faces == dry.truth.faces, "without drops, as if there were none");
}

#[test]
fn snow_lights_faces_from_below() {
    let simulator = &mut simulator::shared();
    let snow = |packed_reflectance| {
        Some(Weather { snow: Some(GroundSnow { reflectance: 0.85, packed_reflectance }), ..CLEAN })
    };
    let bare = exposed(simulator, &car("overcast.toml", None), &[], false);
    let cleared = exposed(simulator, &car("overcast.toml", snow(None)), &[], true);
    let packed = exposed(simulator, &car("overcast.toml", snow(Some(0.65))), &[], false);
    assert_eq!(cleared.cross_check_differs, Some(false), "regions and whole");
    assert!(!bare.truth.faces.is_empty());
    for ((bare, cleared), packed) in bare.truth.faces.iter().zip(&cleared.truth.faces).zip(&packed.truth.faces) {
        let gain = cleared.transmitted_radiance / bare.transmitted_radiance;
        println!(
            "face {gain:.2} times as bright in snow, {:.3} more with the roadway packed; veil {:.2} times",
            packed.transmitted_radiance / cleared.transmitted_radiance,
            cleared.veiling_radiance / bare.veiling_radiance
        );
        // Clouds alone throw back (1 − 0.2 · 0.6) ÷ (1 − 0.85 · 0.6) = 1.80 times the light; the ground adds to it.
        assert!(gain > 1.80 && gain < 3.5, "{gain}");
        assert!(packed.transmitted_radiance > cleared.transmitted_radiance);
    }
}
