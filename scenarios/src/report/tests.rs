use std::{fs, path::Path};

use laneproof_exchange::{
    encounter::EncounterPlan,
    truth::{FaceTruth, Occluder},
};
use tempfile::TempDir;

use crate::{
    exit,
    report::brand::Brand,
    run::{
        RunOptions, RunResult,
        again::{head_of, report_again},
        run,
    },
    scenario::{Scenario, tests::first_light},
    testing::{FlatWorld, Manner, TestStack},
};

/// Losses of several stages and causes, by place and by vehicle.
fn spoil(face: &mut FaceTruth, plan: &EncounterPlan) {
    match (face.occupant, plan.encounter % 3) {
        (1, 0) => face.yaw_deg = 70.0,
        (2, 1) => (face.visible_share, face.occluder) = (0.1, Some(Occluder::Seat)),
        (2, 2) => face.inter_eye_px = 12.0,
        (3, _) => (face.veiling_radiance, face.contrast) = (20.0, 0.01),
        _ => {}
    }
}

fn run_of(scenario: &Scenario, doubts: bool, out: &Path) -> RunResult {
    let mut world = FlatWorld { spoil: Some(spoil), ..Default::default() };
    let mut stack = TestStack::new(Manner::Oracle(world.key.clone()));
    stack.doubts = doubts;
    let command = "laneproof run scenarios/first-light.toml".to_owned();
    let options = RunOptions { out: out.to_owned(), resume: false, encounters: None, command, clock: &|| 0.0 };
    run(scenario, &mut world, &mut stack, &options, &mut |_| {}).expect("runs")
}

fn demo(doubts: bool) -> (RunResult, TempDir) {
    let folder = tempfile::tempdir().expect("folder");
    (run_of(&first_light(), doubts, folder.path()), folder)
}

/// A run that loses occupants at several stages; whoever is claimed is matched rightly.
pub(crate) fn spoilt_run() -> (RunResult, TempDir) {
    demo(false)
}

/// The same by a stack whose similarities are spread.
pub(crate) fn scored_run() -> (RunResult, TempDir) {
    demo(true)
}

fn page(folder: &TempDir) -> String {
    fs::read_to_string(folder.path().join("report.html")).expect("a report")
}

/// Contract: the page holds all it shows and asks for nothing; every section that a run has is there; the same run gives the
/// same bytes.
#[test]
fn the_page_is_whole_self_contained_and_the_same_again() {
    let (result, folder) = scored_run();
    let page = page(&folder);
    for place in ["losses", "seats", "groups", "differences", "identification", "cameras", "errors", "gallery", "made"]
    {
        assert!(page.contains(&format!("id=\"{place}\"")), "no section {place}");
        assert!(page.contains(&format!("href=\"#{place}\"")), "no way to {place}");
    }
    for outside in ["http://", "https://", "<script src", "@import", "url(", "srcset", "<iframe"] {
        assert!(!page.contains(outside), "the page has {outside}");
    }
    for source in page.split("src=\"").skip(1) {
        assert!(source.starts_with("data:image/jpeg;base64,"), "{}", &source[..40]);
    }
    assert!(page.contains("Trained on this simulator: optimistic"));
    assert!(page.contains("Operating point at 0.5"));
    assert_eq!(page.matches("<article").count() as u64, result.summary.occupants);
    let text: String =
        page.split("src=\"data:").map(|part| part.split_once('"').map_or(part, |(_, after)| after)).collect();
    assert!(!text.contains("NaN") && !text.contains(">inf"), "a number is none");
    let (_, again) = scored_run();
    assert_eq!(page, self::page(&again));
    // For looking at it, with LANEPROOF_KEEP_REPORT naming a file.
    if let Some(keep) = std::env::var_os("LANEPROOF_KEEP_REPORT") {
        fs::copy(folder.path().join("report.html"), keep).expect("copy");
    }
}

/// Contract: made again from the records, the folder has the same bytes; a vendor's brand is in the page then, escaped; a changed
/// scenario and an unfinished run are wrong usage, and change nothing.
#[test]
fn a_report_made_again_is_the_same_and_takes_a_brand() {
    let (result, folder) = spoilt_run();
    let names = ["report.html", "summary.json", "occupants.parquet", "exposures.parquet"];
    let read = || names.map(|name| fs::read(folder.path().join(name)).expect("there"));
    let before = read();
    for name in names {
        fs::remove_file(folder.path().join(name)).expect("there");
    }
    let again = report_again(folder.path(), &first_light(), None).expect("made again");
    assert_eq!((again.summary, again.scores), (result.summary, result.scores));
    assert!(read() == before);
    assert_eq!(head_of(folder.path()).expect("a run").title, first_light().file.title);

    let brand = Brand {
        title: Some("Trial <east>".to_owned()),
        logo: Some("data:image/png;base64,AAAA".to_owned()),
        notes: vec!["As seen & noted.".to_owned()],
    };
    report_again(folder.path(), &first_light(), Some(&brand)).expect("made again");
    let page = page(&folder);
    for shown in ["Trial &lt;east&gt;", "src=\"data:image&#x2f;png;base64,AAAA\"", "As seen &amp; noted."] {
        assert!(page.contains(shown), "{shown}");
    }

    let kept = read();
    let mut other = first_light();
    other.source.text.push_str("# another\n");
    let error = report_again(folder.path(), &other, None).expect_err("another scenario");
    assert!(error.exit_code() == exit::USAGE && error.to_string().contains("has changed"), "{error}");
    fs::remove_file(folder.path().join("encounters/0007.json")).expect("there");
    let error = report_again(folder.path(), &first_light(), None).expect_err("unfinished");
    assert!(error.exit_code() == exit::USAGE && error.to_string().contains("encounter 7"), "{error}");
    assert!(read() == kept);
    let error = head_of(&folder.path().join("none")).expect_err("no run");
    assert!(error.exit_code() == exit::USAGE && error.to_string().contains("run.json"), "{error}");
}
