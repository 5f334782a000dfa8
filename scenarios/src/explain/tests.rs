use std::sync::Arc;

use laneproof_exchange::{encounter::EncounterPlan, ideal::Factor, truth::FaceTruth};

use super::{
    confirm::{Confirmation, confirm},
    *,
};
use crate::{
    plan::plan,
    run::{RunOptions, folder::RunFolder, run},
    scenario::Scenario,
    testing::{AnswerKey, FlatWorld, Manner, TestStack, good_face},
};

fn scenario() -> Scenario {
    let mut scenario = crate::scenario::tests::first_light();
    scenario.file.encounters = 1;
    scenario
}

/// Runs one encounter with spoilt faces, and asks something about the first occupant.
fn asked<T>(
    spoil: fn(&mut FaceTruth, &EncounterPlan),
    blind: bool,
    ask: impl Fn(&Question<'_>, &mut FlatWorld, &mut TestStack) -> T,
) -> T {
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
    ask(&question, &mut world, &mut stack)
}

/// Why the first occupant was lost.
fn why(spoil: fn(&mut FaceTruth, &EncounterPlan), blind: bool) -> Explanation {
    asked(spoil, blind, |question, world, stack| explain(question, world, stack).unwrap())
}

/// What becomes of the first occupant without some factors.
fn confirmed(spoil: fn(&mut FaceTruth, &EncounterPlan), factors: &[Factor]) -> Confirmation {
    asked(spoil, false, |question, world, stack| confirm(question, factors, world, stack).unwrap())
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
fn of_single_causes_that_are_enough_the_smallest_change_is_named() {
    // Of 20 to 40 and 118: a fifth of the way to well exposed; behind glass of 10 % a third of the way to clear.
    let exposed = why(
        |face, _| {
            face.mean_dn = 20.0;
            face.pane_transmittance = 0.1;
        },
        false,
    );
    assert_eq!(exposed.loss, Loss::Factors(vec![Factor::Exposure]), "{}", exposed.sentence());
    assert!(exposed.sentence().contains("So would clear glass have done."), "{}", exposed.sentence());
    let tried: Vec<(Factor, f32, bool)> = exposed
        .trials
        .iter()
        .filter(|trial| trial.share < 1.0)
        .map(|trial| (trial.factors[0], trial.share, trial.captured))
        .collect();
    let (glass, exposure) = (Factor::Glass, Factor::Exposure);
    assert_eq!(
        tried,
        [(glass, 0.5, true), (exposure, 0.5, true), (glass, 0.25, false), (exposure, 0.25, true)],
        "halved until one is left"
    );
    // Nearly clear glass tips the scales with all of its way, if at all.
    let marginal = why(
        |face, _| {
            face.mean_dn = 36.0;
            face.pane_transmittance = 0.75;
        },
        false,
    );
    assert_eq!(marginal.loss, Loss::Factors(vec![Factor::Exposure]), "{}", marginal.sentence());
    // Equal as finely as is asked: what comes first on the way of the light.
    let glass = why(
        |face, _| {
            face.mean_dn = 28.0;
            face.pane_transmittance = 0.15;
        },
        false,
    );
    assert_eq!(glass.loss, Loss::Factors(vec![Factor::Glass]), "{}", glass.sentence());
}

#[test]
fn drops_on_a_pane_are_named() {
    let hidden = why(
        |face, _| {
            face.visible_share = 0.3;
            face.occluder = Some(Occluder::Drops);
            face.drops_share = 0.2;
        },
        false,
    );
    assert_eq!(hidden.loss, Loss::Factors(vec![Factor::Drops]), "{}", hidden.sentence());
    assert!(hidden.sentence().contains("dry panes"), "{}", hidden.sentence());
    // Where there are none, nobody asks what dry panes would do.
    let dark = why(|face, _| face.mean_dn = 28.0, false);
    assert!(dark.trials.iter().all(|trial| !trial.factors.contains(&Factor::Drops)));
}

#[test]
fn what_cannot_mend_is_not_tried() {
    let explained = why(|face, _| face.defocus_px = 9.0, false);
    let tried: Vec<_> = explained.trials.iter().map(|trial| trial.factors.clone()).collect();
    assert_eq!(tried, [vec![], vec![Factor::Defocus]]);
}

#[test]
fn a_confirmation_sees_the_whole_encounter_under_other_ids() {
    type Spoil = fn(&mut FaceTruth, &EncounterPlan);
    let two: Spoil = |face, _| {
        face.motion_blur_px = 9.0;
        face.yaw_deg = 70.0;
    };
    let held = |factors: &[Factor]| confirmed(two, factors);
    let both = held(&[Factor::MotionBlur, Factor::Pose]);
    assert!(both.is_captured() && both.advances() && both.after.is_none(), "{both:?}");
    let turned = held(&[Factor::Pose]);
    assert!(!turned.is_captured() && turned.advances(), "{turned:?}");
    assert_eq!((turned.before, turned.after), (Some(Cause::HeadTurned), Some(Cause::MotionBlur)));
    let sharp = held(&[Factor::MotionBlur]);
    assert!(!sharp.is_captured() && !sharp.advances(), "{sharp:?}");
}

#[test]
fn what_is_made_again_comes_after_the_cameras_earlier_exposures_as_they_were_asked_for() {
    asked(
        |face, _| face.defocus_px = 9.0,
        false,
        |question, world, stack| {
            let run = world.requests.clone();
            confirm(question, &[Factor::Defocus], world, stack).unwrap();
            assert_eq!(world.remade.len(), run.len());
            for again in &world.remade {
                let ids = again.exposure_id
                    - run
                        .iter()
                        .find(|r| r.mid_exposure_us == again.mid_exposure_us && r.camera_index == again.camera_index)
                        .unwrap()
                        .exposure_id;
                let before = run
                    .iter()
                    .filter(|r| r.camera_index == again.camera_index && r.mid_exposure_us < again.mid_exposure_us);
                let moved =
                    before.map(|r| ExposeRequest { exposure_id: r.exposure_id + ids, ..r.clone() }.as_earlier());
                assert_eq!(again.earlier, moved.collect::<Vec<_>>());
                assert!(ids > 0, "under other noise, the earlier ones too");
            }
            assert!(world.remade.iter().any(|again| again.earlier.len() == 3));
        },
    );
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

#[test]
fn a_middle_tone_that_a_veil_makes_is_no_good_exposure() {
    let face = FaceTruth {
        mean_dn: 118.0,
        transmitted_radiance: 1.0,
        veiling_radiance: 0.0,
        pane_transmittance: 0.95,
        ..good_face(0, 0.0, 0.0)
    };
    assert!(!super::counts(Factor::Exposure, &face));
    assert!(super::counts(Factor::Exposure, &FaceTruth { veiling_radiance: 12.0, ..face.clone() }));
    assert!(super::counts(Factor::Exposure, &FaceTruth { pane_transmittance: 0.2, ..face }));
}
