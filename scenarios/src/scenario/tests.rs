use std::path::Path;

use laneproof_scenes::catalogue::{fault::FileFault, source::SourceFile};
use miette::Diagnostic as _;

use super::{Scenario, ScenarioError, json_schema};

pub(crate) const FIRST_LIGHT: &str = include_str!("../../first-light.toml");

/// The demo's scenario.
pub(crate) fn first_light() -> Scenario {
    let source = SourceFile { path: "first-light.toml".into(), text: FIRST_LIGHT.to_owned() };
    Scenario::from_source(source).unwrap_or_else(|e| panic!("{e}"))
}

fn fault(from: &str, to: &str) -> FileFault {
    assert!(FIRST_LIGHT.contains(from), "the demo no longer says {from:?}");
    let source = SourceFile { path: "bad.toml".into(), text: FIRST_LIGHT.replacen(from, to, 1) };
    Scenario::from_source(source).expect_err("the scenario is wrong")
}

#[test]
fn every_bad_input_is_told_with_place_and_remedy() {
    let twice = "[gates]\n[[encounter]]\nindex = 3\nvehicle = \"sedan\"\n";
    let driver = "{ row = 1, side = \"left\" }";
    for (from, to, problem, help) in [
        ("encounters = 12", "encouters = 12", "unknown key `encouters`", "`encounters`"),
        ("control_delay_ms = 20", "control_delay_us = 20000", "unknown key", "did you mean `control_delay_ms`"),
        ("max_yaw_deg = 35", "max_yaw_rad = 0.5", "unknown key", "max_yaw_deg = 28.6479"),
        ("encounters = 12", "encounters = \"twelve\"", "wrong type", "whole number"),
        ("encounters = 12", "encounters = 0", "impossible value 0", "1 to 1000000"),
        ("encounters = 12", "encounters = -1", "wrong value", "whole number"),
        ("seed = 20260621\n", "", "`seed` is missing", "seed"),
        ("schema_version = 1", "schema_version = 7", "schema version 7", "version 1"),
        ("rig = \"three-poles\"", "rig = \"three-piles\"", "no rig \"three-piles\"", "did you mean \"three-poles\""),
        ("mix = \"demo-families\"", "mix = \"gone/mix.toml\"", "gone/mix.toml cannot be read", "a path counts from"),
        ("latitude_deg = 26.1", "latitude_deg = 126.1", "impossible value 126.1", "-90 to 90"),
        ("2026-06-21T10:30:00-05:00", "2026-06-31T10:30:00-05:00", "is no instant", "2026-06-21T10:30:00-05:00"),
        ("2026-06-21T10:30:00-05:00", "2026-06-21T10:30:00", "offset", "2026-06-21T10:30:00-05:00"),
        ("sky = \"clear\"", "sky = \"claer\"", "unknown value \"claer\"", "did you mean \"clear\""),
        ("min_visible_share = 0.7", "min_visible_share = 70", "impossible value 70", "0 to 1"),
        ("cross_check_share = 0.02", "cross_check_share = -0.1", "impossible value", "0 to 1"),
        (
            "[gates]",
            &format!("{twice}occupants = [{}]", [driver; 6].join(", ")),
            "6 occupants in a sedan with 5 seats",
            "1-left",
        ),
        ("[gates]", &format!("{twice}occupants = [{driver}, {driver}]"), "taken twice", "seat of their own"),
        ("[gates]", &format!("{twice}occupants = [{{ row = 3, side = \"left\" }}]"), "no seat 3-left", "2-middle"),
        ("[gates]", &format!("{twice}occupants = [{{ row = 2, side = \"left\" }}]"), "nobody drives", "row = 1"),
        ("[gates]", "[[encounter]]\nindex = 99\nvehicle = \"van\"\noccupants = []", "no encounter 99", "0 to 11"),
        ("seed = 20260621", "seed = = 1", "not valid TOML", "toml.io"),
    ] {
        let fault = fault(from, to);
        assert!(fault.problem.contains(problem), "{to:?}: {fault}");
        assert!(fault.help.contains(help), "{to:?}: {fault}");
        assert!(fault.line_and_column().is_some(), "{to:?}: {fault}");
        let diagnostic = ScenarioError::from(fault);
        assert!(diagnostic.labels().is_some() && diagnostic.source_code().is_some() && diagnostic.help().is_some());
    }
}

#[test]
fn a_fault_in_a_named_file_is_placed_in_that_file() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let rig = laneproof_scenes::catalogue::load::load_shipped::<laneproof_scenes::catalogue::Rig>(
        laneproof_scenes::catalogue::load::Kind::Rig,
        "three-poles",
    )
    .expect("ships");
    let bad = rig.source.text.replacen("exposure_us = 2000", "exposure_us = -2000", 1);
    std::fs::write(folder.path().join("rig.toml"), bad).expect("write");
    let scenario = FIRST_LIGHT.replace("rig = \"three-poles\"", "rig = \"./rig.toml\"");
    let path = folder.path().join("scenario.toml");
    std::fs::write(&path, scenario).expect("write");
    let error = Scenario::open(&path).expect_err("negative exposure");
    assert!(error.fault.path.ends_with("rig.toml"), "{error}");
    assert!(error.to_string().contains("impossible value -2000 µs"), "{error}");
    // Nothing but the two files was written.
    assert_eq!(std::fs::read_dir(folder.path()).expect("list").count(), 2);
}

#[test]
fn a_missing_scenario_is_told_by_its_path() {
    let error = Scenario::open(Path::new("/nonexistent/scenario.toml")).expect_err("missing");
    assert!(error.to_string().starts_with("/nonexistent/scenario.toml: cannot be read"), "{error}");
}

#[test]
fn impossible_weather_is_told_by_its_place() {
    let source = first_light().source;
    let with = |weather: &str| {
        let text = source.text.replacen("[validation]", &format!("[daylight.weather]\n{weather}\n\n[validation]"), 1);
        Scenario::from_source(SourceFile { text, ..source.clone() })
    };
    assert_eq!(with("fog_visibility_m = 50").unwrap().file.daylight.weather.unwrap().fog_visibility_m, Some(50.0));
    for (weather, problem) in [
        ("fog_visibility_m = 0", "impossible value 0 m"),
        ("rain_mm_per_h = 20", "it does not rain from a clear sky"),
        ("fog_visibilty_m = 50", "fog_visibilty_m"),
    ] {
        let fault = with(weather).unwrap_err();
        assert!(fault.to_string().contains(problem), "{fault}");
        let at = source.text.find("[validation]").unwrap();
        let line = source.text[..at].matches('\n').count() + 2;
        assert_eq!(fault.line_and_column().unwrap().0, line, "{fault}");
    }
}

#[test]
fn the_committed_schema_is_fresh() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/scenario.schema.json");
    if std::env::var_os("LANEPROOF_BLESS").is_some() {
        std::fs::write(path, json_schema()).expect("write the schema");
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(committed == json_schema(), "scenario.schema.json is stale: run the tests with LANEPROOF_BLESS=1");
}

#[test]
fn the_hash_follows_every_named_file() {
    let scenario = first_light();
    let mut other = scenario.clone();
    other.rig.source.text.push('#');
    assert_ne!(scenario.hash(), other.hash());
    assert_eq!(scenario.hash(), first_light().hash());
}
