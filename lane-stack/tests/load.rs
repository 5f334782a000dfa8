//! The measurement of `examples/load`, in small: it runs, its numbers add up, and a service under twice its capacity sheds
//! and lives. Needs `ORT_DYLIB_PATH`; without it the test says so. What it measures is not looked at: the machine is shared.
#[path = "../examples/load/main.rs"]
#[allow(dead_code, reason = "the program's own entry is not used")]
mod load;

use clap::Parser as _;
use serde_json::Value;
use std::path::Path;

#[test]
fn a_short_measurement_adds_up() {
    if std::env::var_os("ORT_DYLIB_PATH").is_none() {
        eprintln!("SKIPPED 1 check: ORT_DYLIB_PATH is not set");
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let [frames, models] = ["tests/service/pictures", "models"].map(|folder| root.join(folder));
    let paths = [frames.to_str().unwrap(), models.to_str().unwrap(), env!("CARGO_BIN_EXE_lane-stack")];
    let places = ["--frames", paths[0], "--models", paths[1], "--program", paths[2]];
    let short =
        ["--capacity-s", "3", "--minutes", "0.1", "--overload-s", "6", "--references", "50", "--note", "a test"];
    let args = load::Args::parse_from([&["load"], &places[..], &short[..]].concat());
    let report = load::measure(&args).unwrap();
    report.check().unwrap();
    let told: Value = serde_json::from_str(&report.json()).unwrap();
    let number =
        |phase: &str, name: &str| told[phase][name].as_f64().unwrap_or_else(|| panic!("{phase}.{name}: {told}"));
    for phase in ["capacity", "load", "overload"] {
        assert!(number(phase, "answered_frames") > 0.0 && number(phase, "frames_per_s") > 0.0, "{told}");
        let sum = number(phase, "answered_frames") + number(phase, "shed_frames");
        assert_eq!(number(phase, "offered_frames"), sum, "{phase}: {told}");
        let times = &told[phase]["frame"];
        let [p50, p95, p99] = ["p50_ms", "p95_ms", "p99_ms"].map(|name| times[name].as_f64().unwrap());
        assert!(0.0 < p50 && p50 <= p95 && p95 <= p99, "{phase}: {told}");
    }
    for phase in ["load", "overload"] {
        assert!(told[phase]["decision"]["count"].as_u64() > Some(0), "{told}");
        assert!(number(&format!("{phase}_memory"), "end_kb") > 10_000.0, "{told}");
    }
    assert!(told["gallery"]["requests"].as_u64() > Some(0) && told["note"] == "a test", "{told}");
    let table = report.table();
    for words in ["capacity C", "0.8 C, frame to decision", "2 C, shed by its count", "laneproof-embedder"] {
        assert!(table.contains(words), "{words} is not in\n{table}");
    }
}

#[test]
fn share_points_are_times_that_were_measured() {
    let times: Vec<f64> = (1..=200).rev().map(|i| f64::from(i) / 1e3).collect();
    assert_eq!(load::report::points_ms(&times), [100.0, 190.0, 198.0, 200.0]);
    assert_eq!(load::report::points_ms(&[0.25]), [250.0; 4]);
    assert!(load::report::points_ms(&[])[0].is_nan());
}
