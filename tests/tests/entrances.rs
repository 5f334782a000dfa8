//! A picture weighed for another glass equals the picture rendered behind it.
use laneproof_scenarios::{plan::plan, scenario::Scenario};
use laneproof_scenes::{
    catalogue::{GlassSet, PerPane},
    surface::{Coating, Film, PaneKind},
};
use laneproof_sim::{
    Exposure, ExposureRequest, GlassBasis, LightOnFace, SimError, Simulator, Staged, encounter::EncounterPlan,
};
use laneproof_tests::{program, simulator};

/// What re-weighting may be off by.
const BAR: f64 = 0.01;

/// A car behind closed glass before one camera, and its first exposure.
fn car(simulator: &mut Simulator, name: &str, glass: GlassSet) -> (Staged, ExposureRequest) {
    let path = program::root().join("scenarios/light").join(name);
    let drawn = plan(&Scenario::open(&path).unwrap_or_else(|e| panic!("{e}")), 0);
    let staged = simulator.stage(&EncounterPlan { glass, ..drawn }).unwrap_or_else(|e| panic!("{e}"));
    let request = simulator::requests(&staged, 0)[0];
    (staged, request)
}

/// Mean of a picture's difference from another ÷ the other's mean, per band, over the pixels that are seen through glass.
fn apart(weighed: &Exposure, rendered: &Exposure) -> [f64; 3] {
    let glass = rendered.layers.whole_glass();
    let [a, b] = [weighed, rendered].map(|exposure| exposure.layers.whole());
    assert_eq!(a.tag, b.tag);
    assert_eq!(a.range_m, b.range_m);
    std::array::from_fn(|band| {
        let (mut off, mut all) = (0.0, 0.0);
        for ((a, b), passed) in a.radiance.iter().zip(&b.radiance).zip(&glass.transmittance) {
            if passed[1] < 1.0 {
                off += f64::from((a[band].to_f32() - b[band].to_f32()).abs());
                all += f64::from(b[band].to_f32());
            }
        }
        off / all
    })
}

/// Checks faces, veils and the whole picture against a render.
fn compare(
    simulator: &mut Simulator,
    name: &str,
    own: GlassSet,
    kinds: &[PaneKind],
    others: &[GlassSet],
) -> GlassBasis {
    let (staged, request) = car(simulator, name, own);
    let basis = simulator.glass_basis(&staged, &request, kinds).unwrap_or_else(|e| panic!("{e}"));
    for other in others {
        let weighed = simulator.reglazed(&basis, other).unwrap_or_else(|e| panic!("{e}"));
        let (staged, request) = car(simulator, name, *other);
        let rendered = simulator.expose(&staged, &request).unwrap_or_else(|e| panic!("{e}"));
        assert!(!rendered.truth.faces.is_empty());
        for (a, b) in weighed.truth.faces.iter().zip(&rendered.truth.faces) {
            if b.visible_share < 0.05 {
                continue;
            }
            let light = f64::from(a.transmitted_radiance / b.transmitted_radiance) - 1.0;
            let veil = f64::from(a.veiling_radiance / b.veiling_radiance) - 1.0;
            println!("{name}: occupant {}: light {light:+.4}, veil {veil:+.4}", b.occupant);
            assert!(light.abs() < BAR, "{name}: {other:?}: light on {}: {light}", b.occupant);
            assert!(veil.abs() < BAR, "{name}: {other:?}: veil before {}: {veil}", b.occupant);
            assert_eq!(a.pane_transmittance, b.pane_transmittance);
            assert!((a.mean_dn - b.mean_dn).abs() <= 1.0 + 0.01 * b.mean_dn, "{} and {}", a.mean_dn, b.mean_dn);
        }
        let apart = apart(&weighed, &rendered);
        println!("{name}: picture {apart:.4?}");
        assert!(apart.iter().all(|off| *off < BAR), "{name}: {other:?}: {apart:?}");
    }
    basis
}

#[test]
fn a_sweep_of_tints_by_weights_equals_a_render_and_what_is_no_tint_is_refused() {
    let mut simulator = simulator::shared();
    let own = GlassSet::bare(0.78, 0.40, 0.20);
    let film = |visible| PerPane { front_side: Some(Film { visible, infrared: 0.9 }), ..PerPane::BARE };
    let others = [
        own,
        own.with_transmittance(PaneKind::FrontSide, 0.85),
        own.with_transmittance(PaneKind::FrontSide, 0.05),
        GlassSet { film: film(0.25), ..own },
    ];
    let basis = compare(&mut simulator, "noon.toml", own, &[PaneKind::FrontSide], &others);

    let dirty = GlassSet { dirt_cover: PerPane { front_side: Some(0.3), ..PerPane::BARE }, ..own };
    let mut open = own;
    open.lowered.front = 1.0;
    for (other, why) in [
        (own.with_transmittance(PaneKind::Rear, 0.5), "its light was not taken apart"),
        (dirty, "dirt that changes is no change of tint"),
        (open, "the window is let down otherwise"),
    ] {
        let refused = simulator.reglazed(&basis, &other).err();
        assert!(matches!(&refused, Some(SimError::Plan(text)) if text.contains(why)), "{refused:?}");
    }
}

#[test]
fn every_kind_of_pane_can_change_at_once_and_their_shares_add_up() {
    let mut simulator = simulator::shared();
    let own = GlassSet::bare(0.72, 0.72, 0.20);
    let silver = PerPane { windscreen: Some(Coating::Silver), ..PerPane::BARE };
    let others = [GlassSet { coating: silver, ..GlassSet::bare(0.85, 0.35, 0.70) }];
    let basis = compare(&mut simulator, "morning.toml", own, &PaneKind::ALL, &others);

    let faces = basis.light_on_faces();
    assert!(!faces.is_empty());
    for LightOnFace { occupant, through } in faces {
        println!("occupant {occupant}: {through:?}");
        let sum: f32 = through.iter().map(|(_, share)| share).sum();
        // All windows are closed: no light comes from elsewhere.
        assert!((sum - 1.0).abs() < 0.01, "{through:?}");
        // A front window is beside each of them, privacy glass far behind.
        assert!(through[1].1 > through[2].1, "{through:?}");
    }
}

#[test]
fn strobes_pay_for_the_glass_both_ways_by_weights_too() {
    let mut simulator = simulator::shared();
    let own = GlassSet::bare(0.72, 0.72, 0.70);
    let others = [own.with_transmittance(PaneKind::Windscreen, 0.45)];
    compare(&mut simulator, "night-strobe.toml", own, &[PaneKind::Windscreen], &others);
}

#[test]
fn the_command_writes_a_frame_a_tint_and_what_becomes_of_each_face() {
    let out = tempfile::TempDir::new().expect("a folder");
    let of = ["tint", "scenarios/light/noon.toml", "--camera", "front", "--pane", "front-side"];
    let mut command = program::command(of);
    let (code, told, wrong) = program::run(command.args(["--transmittance", "0.1,0.7", "--out"]).arg(out.path()));
    assert_eq!(code, 0, "{told}{wrong}");
    let text = std::fs::read_to_string(out.path().join("tint.json")).expect("tint.json");
    let document: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let tints = document["tints"].as_array().expect("tints");
    assert_eq!(tints.len(), 2);
    for tint in tints {
        let frame = out.path().join(tint["frame"].as_str().expect("a frame"));
        assert!(frame.is_file(), "{}", frame.display());
    }
    let share = document["light_on_faces"][0]["share"].as_f64().expect("a share");
    assert!((0.1..0.9).contains(&share), "{share}");
    let light = |k: usize| tints[k]["faces"][0]["truth"]["transmitted_radiance"].as_f64().expect("light");
    // What came in elsewhere stays, and of the rest a seventh and somewhat less: glass is crossed at an angle.
    let left = light(0) / light(1);
    assert!(left > 1.0 - share && left < 1.0 - 0.8 * share, "{left} of the light, {share} through the front windows");
}
