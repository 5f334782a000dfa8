//! What the fuzzing target and the replay of its corpus (`tests/fuzz_corpus.rs`) call.
use laneproof_scenarios::scenario::{Scenario, ScenarioError};
use laneproof_scenes::catalogue::source::SourceFile;
use miette::Diagnostic as _;

/// Reads and checks a scenario's text as `laneproof run` does, with the shipped files that it names. A mistake must be told
/// with what is wrong and what would be right, at a place in its text.
pub fn scenario(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    // A folder that is not there: a path in the text names no file of this machine.
    let source = SourceFile { path: "/nonexistent/scenario.toml".into(), text: text.to_owned() };
    match Scenario::from_source(source) {
        Ok(scenario) => {
            assert_eq!(scenario.hash().len(), 64);
            assert_eq!(scenario.sensors.len(), scenario.rig.value.cameras.len());
            // What was taken can be said again, and is the same then.
            let said = toml::to_string(&scenario.file).unwrap_or_else(|e| panic!("cannot be said again: {e}"));
            let again: laneproof_scenarios::scenario::ScenarioFile =
                toml::from_str(&said).unwrap_or_else(|e| panic!("{said}: {e}"));
            assert!(again == scenario.file, "changed by being said again: {said}");
        }
        Err(fault) => {
            assert!(!fault.problem.trim().is_empty() && !fault.help.trim().is_empty(), "{fault}");
            if let Some(span) = &fault.span {
                assert!(fault.text.get(span.clone()).is_some(), "{span:?} is no place in the text: {fault}");
            }
            let place = fault.line_and_column();
            assert!(place.is_none_or(|(line, column)| line >= 1 && column >= 1), "{fault}");
            let error = ScenarioError::from(fault);
            assert!(!error.to_string().is_empty() && error.help().is_some());
        }
    }
}
