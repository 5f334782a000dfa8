//! Planted causes are named: a few losses here; `target/release/causes` measures hundreds and writes what it found where it is told.
use laneproof_scenarios::scenario::{Scenario, ScenarioFile};
use laneproof_scenes::catalogue::{Daylight, Weather};
use laneproof_tests::{
    causes::{Asking, MIXED, PLANTS, planted},
    program,
};
use tempfile::TempDir;

#[test]
fn every_plant_and_its_twin_share_seed_and_rule() {
    let open = |name: &str| {
        let path = program::root().join("scenarios/causes").join(format!("{name}.toml"));
        Scenario::open(&path).unwrap_or_else(|e| panic!("{e}")).file
    };
    for plant in &PLANTS {
        let [with, without] = [open(plant.scenario), open(plant.twin)];
        assert_eq!((with.seed, with.encounters), (without.seed, without.encounters), "{}", plant.scenario);
        assert_eq!(with.validation, without.validation, "{}", plant.scenario);
        // Drops on panes may be what is planted; the rain that they come of is not.
        let dry = |file: &ScenarioFile| {
            let weather = file.daylight.weather.map(|weather| Weather { drops: None, ..weather });
            Daylight { weather, ..file.daylight.clone() }
        };
        assert_eq!(dry(&with), dry(&without), "{}", plant.scenario);
    }
    open(MIXED);
}

#[test]
fn a_planted_defocus_is_named() {
    let folder = TempDir::new().expect("a folder");
    let (root, program) = (program::root(), program::path());
    // The program's own models, and a sedan of which they capture somebody.
    let asking = Asking { program: &program, root: &root, models: None, out: folder.path(), encounter: Some(2) };
    let plant = PLANTS.iter().find(|plant| plant.scenario == "defocus").expect("it is planted");
    let result = planted(&asking, plant, 2).unwrap_or_else(|e| panic!("{e}"));
    assert!(result.explained() > 0, "nobody was lost by it");
    assert_eq!(result.right(), result.explained(), "{:?}", result.named);
}
