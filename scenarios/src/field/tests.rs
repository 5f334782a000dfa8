//! Counts of a second, deliberately different lane beside the first one's predictions.
use super::{counts, validate, words};
use crate::{
    assumptions::{
        file::End,
        tests::{FILE, options, ran, small, spoil, study_of},
    },
    run::folder::RunFolder,
    testing::FlatWorld,
};

fn world() -> FlatWorld {
    FlatWorld { spoil: Some(spoil), ..FlatWorld::default() }
}

/// Counts of another seed's vehicles, with one assumption at one end; `None` for the lane as it is assumed.
fn field(changed: Option<(&str, End)>) -> Vec<counts::Count> {
    let folder = tempfile::tempdir().expect("folder");
    let study =
        study_of(&small(99), &FILE.replace("encounters = 30", "encounters = 45")).unwrap_or_else(|e| panic!("{e}"));
    let only = changed.map_or("nothing", |(name, _)| name).to_owned();
    let options = crate::assumptions::StudyOptions { only: vec![only], ..options() };
    let result = ran(&study, folder.path(), options, &mut world());
    let arm = match changed {
        Some((name, end)) => {
            let assumption = result.assumptions.iter().find(|a| a.name == name).expect("run");
            &assumption.end(end).expect("run").arm
        }
        None => &result.base,
    };
    counts::of_arm(arm, &result.cameras, 6)
}

#[test]
fn what_was_changed_is_found() {
    let folder = tempfile::tempdir().expect("folder");
    let study = study_of(&small(21), FILE).unwrap_or_else(|e| panic!("{e}"));
    let study = ran(&study, folder.path(), options(), &mut world());
    for (name, end) in [("rear glass", End::Low), ("speed", End::High), ("pass mark of size", End::High)] {
        let counts = field(Some((name, end)));
        // Through the file, as a user's counts come.
        let text = counts::csv(&counts).expect("csv");
        let counts = counts::read("counts.csv".as_ref(), &text).unwrap_or_else(|e| panic!("{e}"));
        let validation = validate(&study, "counts.csv", &counts);
        assert_eq!((validation.days.len(), validation.held_out.len()), (6, 2));
        let (known, outside) = validation.surprises();
        assert!(outside * 4 > known, "{name}: {outside} of {known}");
        let rank = validation.explanations.iter().position(|e| e.assumption == name).expect("all were run");
        let found = &validation.explanations[rank];
        // Speed and the pass mark lose anybody alike here: they cannot be told apart, but dark glass can.
        assert!(rank < if name == "rear glass" { 1 } else { 2 }, "{}", words::terminal(&validation));
        assert!(found.end == end && found.gain() > 4.0 && found.part > 0.5, "{found:?}");
    }
    let validation = validate(&study, "counts.csv", &field(None));
    let (known, outside) = validation.surprises();
    assert!(known >= 10 && outside * 8 < known, "{outside} of {known}: {}", words::terminal(&validation));
    // The lane is as assumed: nothing explains much, whatever fits best.
    assert!(validation.explanations.iter().all(|e| e.gain() < 6.0), "{}", words::terminal(&validation));

    super::write(&validation, &RunFolder::new(folder.path().join("field")), "laneproof validate").expect("write");
    let page = std::fs::read_to_string(folder.path().join("field/validate.html")).expect("page");
    assert!(page.contains("held-out days") && page.contains("rear glass"));
}

#[test]
fn one_day_is_not_held_out_and_strangers_are_told() {
    let folder = tempfile::tempdir().expect("folder");
    let study = study_of(&small(21), FILE).unwrap_or_else(|e| panic!("{e}"));
    let only = crate::assumptions::StudyOptions { only: vec!["nothing".to_owned()], ..options() };
    let study = ran(&study, folder.path(), only, &mut world());
    let text = "unit,row,hour,of,captured\noccupants,9,,20,3\nvehicles,,,50,30\n";
    let counts = counts::read("counts.csv".as_ref(), text).unwrap_or_else(|e| panic!("{e}"));
    let validation = validate(&study, "counts.csv", &counts);
    assert!(validation.held_out.is_empty() && validation.held_out_cells.is_empty());
    let told = words::terminal(&validation);
    assert!(told.contains("nobody in the run") && told.contains("no end of an assumption was run"), "{told}");
}
