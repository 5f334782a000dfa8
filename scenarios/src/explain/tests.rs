use std::sync::Arc;

use laneproof_exchange::{encounter::EncounterPlan, ideal::Factor, truth::FaceTruth};

use super::*;
use crate::{
    plan::plan,
    run::{RunOptions, folder::RunFolder, run},
    scenario::Scenario,
    testing::{AnswerKey, FlatWorld, Manner, TestStack},
};

fn scenario() -> Scenario {
    let mut scenario = crate::scenario::tests::first_light();
    scenario.file.encounters = 1;
    scenario
}

/// Runs one encounter with spoilt faces, and asks why the first occupant was lost.
fn why(spoil: fn(&mut FaceTruth, &EncounterPlan), blind: bool) -> Explanation {
    let scenario = scenario();
    let key = AnswerKey::default();
    let mut world = FlatWorld { key: Arc::clone(&key), spoil: Some(spoil), ..FlatWorld::default() };
    let mut stack = TestStack::new(if blind { Manner::Blind } else { Manner::Oracle(key) });
    let out = tempfile::tempdir().unwrap();
    let options = RunOptions {
        out: out.path().join("run"),
        resume: false,
        encounters: None,
        command: "laneproof run".into(),
        clock: &|| 0.0,
    };
    run(&scenario, &mut world, &mut stack, &options, &mut |_| {}).unwrap();
    let record: EncounterRecord =
        RunFolder::new(&options.out).read_json(&RunFolder::encounter_name(0)).unwrap().unwrap();
    let question =
        Question { plan: &plan(&scenario, 0), record: &record, rule: &scenario.file.validation, occupant: 0 };
    explain(&question, &mut world, &mut stack).unwrap()
}

#[test]
fn who_is_captured_needs_no_explanation() {
    let explained = why(|_, _| {}, false);
    assert_eq!(explained.loss, Loss::None);
    assert!(explained.sentence().ends_with("was captured."), "{}", explained.sentence());
}

#[test]
fn one_planted_cause_is_named() {
    type Spoil = fn(&mut FaceTruth, &EncounterPlan);
    let planted: [(Factor, Spoil); 6] = [
        (Factor::MotionBlur, |face, _| face.motion_blur_px = 9.0),
        (Factor::Defocus, |face, _| face.defocus_px = 9.0),
        (Factor::Pose, |face, _| face.yaw_deg = 70.0),
        (Factor::Pixels, |face, _| face.inter_eye_px = 40.0),
        (Factor::Exposure, |face, _| face.mean_dn = 12.0),
        (Factor::Occluder, |face, _| face.visible_share = 0.3),
    ];
    for (factor, spoil) in planted {
        let explained = why(spoil, false);
        assert_eq!(explained.loss, Loss::Factors(vec![factor]), "{}", explained.sentence());
        assert!(!explained.trials[0].captured && explained.trials[0].factors.is_empty());
        let won: Vec<_> = explained.trials.iter().filter(|trial| trial.captured).collect();
        assert!(won.len() == 1 && won[0].factors == [factor], "{won:?}");
        assert!(explained.sentence().contains(factor.label()) && explained.sentence().contains(factor.idealised()));
    }
}

#[test]
fn two_causes_are_named_together_and_three_are_counted() {
    let two = why(
        |face, _| {
            face.motion_blur_px = 9.0;
            face.yaw_deg = 70.0;
        },
        false,
    );
    assert_eq!(two.loss, Loss::Factors(vec![Factor::MotionBlur, Factor::Pose]));
    assert!(two.sentence().contains("Neither alone is enough"), "{}", two.sentence());
    let three = why(
        |face, _| {
            face.motion_blur_px = 9.0;
            face.yaw_deg = 70.0;
            face.inter_eye_px = 40.0;
        },
        false,
    );
    assert_eq!(three.loss, Loss::MoreThanTwo);
}

#[test]
fn a_blind_stack_is_blamed_and_a_face_beside_every_sensor_is_out_of_view() {
    assert_eq!(why(|_, _| {}, true).loss, Loss::Stack);
    let beside = why(
        |face, _| {
            face.in_frame_share = 0.0;
            face.visible_share = 0.0;
        },
        false,
    );
    assert_eq!(beside.loss, Loss::OutOfView);
    assert!(beside.trials.is_empty());
}

#[test]
fn the_page_shows_every_trial_and_escapes_what_it_shows() {
    let explained = why(|face, _| face.defocus_px = 9.0, false);
    let page = page::html(&explained).unwrap();
    assert_eq!(page.matches("<figure").count(), explained.trials.len());
    assert_eq!(page.matches("class=\"enough\"").count(), 1);
    assert!(page.contains("with the face in focus") && page.contains("data:image/jpeg;base64,"));
}
