use lane_stack::client::Candidate;
use laneproof_exchange::{
    encounter::NeighbourPlace,
    truth::{BoxPx, DecoyTruth, FaceTruth, Occluder, OtherFace},
};
use laneproof_scenes::{
    catalogue::{Queue, QueuePlace},
    decoy::DecoyKind,
};

use super::{
    BestExposure, Cause, CrossVehicle, GallerySize, Owner, assign, assign_decoy,
    cause::{self, best_exposure, geometric_cause},
    search,
    summary::Summary,
};
use crate::{
    plan::plan,
    run::{
        RunOptions, RunResult,
        record::{ExposureRecord, Seen},
        run,
    },
    scenario::{Scenario, ValidationRule, tests::first_light},
    testing::{FlatWorld, Manner, TestStack, good_face},
};

fn demo_rule() -> ValidationRule {
    first_light().file.validation
}

fn outcome(world: &mut FlatWorld, stack: &mut TestStack, scenario: &Scenario) -> RunResult {
    let folder = tempfile::tempdir().expect("folder");
    let options = RunOptions {
        out: folder.path().to_owned(),
        resume: false,
        encounters: None,
        command: String::new(),
        clock: &|| 0.0,
    };
    run(scenario, world, stack, &options, &mut |_| {}).expect("runs")
}

#[test]
fn random_boxes_that_are_all_claimed_cover_next_to_nobody_and_show_as_over_claims() {
    let scenario = first_light();
    let mut world = FlatWorld::default();
    let result = outcome(&mut world, &mut TestStack::new(Manner::RandomBoxes), &scenario);
    let s = &result.summary;
    let shots = s.shots;
    let claims = shots.claimed_verified + shots.claimed_only;
    assert_eq!(claims, 12 * 12 * 4);
    // In flat pictures where seven faces fill a quarter of the frame, chance alone meets some of them; none of it may
    // look like a working stack: nearly all claims are over-claims, and nearly all matches false.
    assert!(shots.claimed_only * 10 >= claims * 7, "{shots:?}");
    assert!(shots.nobodys_claimed * 10 >= claims * 7, "{shots:?}");
    assert!(shots.false_matches * 20 >= claims * 19, "{shots:?}");
    assert!(s.matched_coverage.share.expect("enrolled") < 0.2, "{:?}", s.matched_coverage);
}

#[test]
fn random_boxes_on_faces_of_lane_size_cover_nobody() {
    let scenario = first_light();
    // Faces as small in the frame as in a lane: a 15th of its height.
    let mut world = FlatWorld {
        spoil: Some(|face, _| {
            let b = face.face_box_px;
            face.face_box_px = BoxPx { x0: b.x0, y0: b.y0, x1: b.x0 + 12.0, y1: b.y0 + 15.0 };
        }),
        ..Default::default()
    };
    let result = outcome(&mut world, &mut TestStack::new(Manner::RandomBoxes), &scenario);
    let s = &result.summary;
    assert!(s.occupant_coverage.share.expect("occupants") <= 0.05, "{:?}", s.occupant_coverage);
    assert_eq!(s.claimed_by_count.share, Some(1.0), "by its own count the stack would report everyone");
}

#[test]
fn a_blind_stack_loses_everyone_as_not_detected() {
    let scenario = first_light();
    let result = outcome(&mut FlatWorld::default(), &mut TestStack::new(Manner::Blind), &scenario);
    let s = &result.summary;
    assert_eq!(s.occupant_coverage.count, 0);
    assert_eq!(s.causes, [(Cause::NotDetected, s.occupants)]);
    assert_eq!(s.failure_to_acquire.share, Some(1.0));
}

#[test]
fn a_claim_on_a_face_that_fails_the_rule_is_no_capture() {
    let scenario = first_light();
    let mut world = FlatWorld { spoil: Some(|face, _| face.inter_eye_px = 30.0), ..Default::default() };
    let mut stack = TestStack::new(Manner::Oracle(world.key.clone()));
    let result = outcome(&mut world, &mut stack, &scenario);
    let s = &result.summary;
    assert_eq!(s.occupant_coverage.count, 0);
    assert_eq!(s.claimed_coverage.share, Some(1.0));
    assert_eq!(s.over_claimed_occupants, s.occupants);
    assert_eq!(s.causes, [(Cause::TooFewPixels, s.occupants)]);
}

#[test]
fn every_occupant_has_exactly_one_outcome_and_the_parts_add_up() {
    let scenario = first_light();
    // The right-hand seats are occluded.
    let mut world = FlatWorld {
        spoil: Some(|face, _| {
            if face.face_box_px.x0 < 100.0 {
                face.visible_share = 0.1;
                face.occluder = Some(Occluder::Body);
            }
        }),
        ..Default::default()
    };
    let mut stack = TestStack::new(Manner::Oracle(world.key.clone()));
    let s = outcome(&mut world, &mut stack, &scenario).summary;
    assert_eq!(s.outcomes.iter().map(|o| o.1).sum::<u64>(), s.occupants);
    let lost = s.occupants - s.occupant_coverage.count;
    assert!(lost > 0);
    assert_eq!(s.causes, [(Cause::OccludedByBody, lost)]);
    // However people are grouped, nobody is left out and nobody counts twice.
    assert_eq!(s.margins.len(), 11);
    for groups in s.margins.iter().map(|margin| &margin.groups) {
        let verified = groups.iter().map(|g| g.verified.count).sum::<u64>();
        let of = groups.iter().map(|g| g.verified.of).sum::<u64>();
        assert_eq!((verified, of), (s.occupant_coverage.count, s.occupants), "{groups:?}");
    }
    // Boxes on faces that cannot be seen are nobody's.
    assert_eq!(s.shots.nobodys_claimed, lost);
}

#[test]
fn the_ladder_names_the_first_thing_that_fails() {
    let rule = demo_rule();
    type Spoil = fn(&mut FaceTruth);
    let rungs: [(Spoil, Cause); 20] = [
        (|f| f.in_frame_share = 0.0, Cause::OutOfView),
        (|f| (f.visible_share, f.occluder) = (0.3, Some(Occluder::Body)), Cause::OccludedByBody),
        (|f| (f.visible_share, f.occluder) = (0.3, Some(Occluder::Seat)), Cause::OccludedBySeat),
        (|f| (f.visible_share, f.occluder) = (0.3, Some(Occluder::Person)), Cause::OccludedByPerson),
        (|f| (f.visible_share, f.occluder) = (0.3, Some(Occluder::Drops)), Cause::OccludedByDrops),
        (|f| (f.visible_share, f.occluder) = (0.3, Some(Occluder::FaceCover)), Cause::CoveredByFaceCover),
        (|f| (f.visible_share, f.occluder) = (0.3, Some(Occluder::Headwear)), Cause::CoveredByHeadwear),
        (|f| (f.visible_share, f.occluder) = (0.3, None), Cause::Occluded),
        (|f| f.yaw_deg = -50.0, Cause::HeadTurned),
        (|f| f.inter_eye_px = 40.0, Cause::TooFewPixels),
        (|f| (f.mean_dn, f.pane_transmittance) = (12.0, 0.2), Cause::PaneTooDark),
        (|f| f.mean_dn = 12.0, Cause::UnderExposed),
        (|f| (f.contrast, f.veiling_radiance) = (0.02, 5.0), Cause::VeilingReflection),
        // Saturated, behind a veil that a shorter exposure shows a face through, and behind the sun's image.
        (|f| (f.over_exposed_share, f.veiling_radiance) = (0.6, 2.0 * f.transmitted_radiance), Cause::OverExposed),
        (
            |f| (f.over_exposed_share, f.veiling_radiance) = (0.6, 20.0 * f.transmitted_radiance),
            Cause::VeilingReflection,
        ),
        (|f| f.over_exposed_share = 0.8, Cause::OverExposed),
        (|f| f.contrast = 0.02, Cause::UnderExposed),
        (|f| f.motion_blur_px = 9.0, Cause::MotionBlur),
        (|f| f.defocus_px = 9.0, Cause::OutOfFocus),
        (|f| f.motion_blur_px = f32::NAN, Cause::MotionBlur),
    ];
    assert_eq!(geometric_cause(&good_face(0, 0.0, 0.0), &rule), None);
    for (spoil, cause) in rungs {
        let mut face = good_face(0, 0.0, 0.0);
        spoil(&mut face);
        assert_eq!(geometric_cause(&face, &rule), Some(cause));
        assert!(!cause::passes(&face, &rule));
        // Something that fails later on does not change it.
        face.defocus_px = 99.0;
        let expected = if cause == Cause::OutOfFocus { Cause::OutOfFocus } else { cause };
        assert_eq!(geometric_cause(&face, &rule), Some(expected));
    }
}

#[test]
fn what_is_worn_is_blamed_before_the_stack_once_it_covers_enough() {
    let rule = demo_rule();
    let cause_at = |worn_share: f32, detected: &[u64]| {
        let face = FaceTruth { worn: Some(Occluder::Eyewear), worn_share, ..good_face(0, 0.0, 0.0) };
        let best = BestExposure { exposure_id: 1, camera_id: "front".into(), frame: String::new(), face };
        cause::first_cause(Some(&best), &rule, detected, false, false)
    };
    assert_eq!(cause_at(cause::WORN_SHARE + 0.01, &[]), Cause::CoveredByEyewear);
    assert_eq!(cause_at(cause::WORN_SHARE + 0.01, &[1]), Cause::CoveredByEyewear);
    assert_eq!(cause_at(cause::WORN_SHARE - 0.01, &[]), Cause::NotDetected);
    assert_eq!(cause_at(cause::WORN_SHARE - 0.01, &[1]), Cause::UnderStackGate);
}

#[test]
fn the_best_exposure_is_the_one_that_gets_furthest() {
    let exposure = |id: u64, face: FaceTruth| ExposureRecord {
        truth: laneproof_exchange::truth::ExposureTruth {
            exposure_id: id,
            camera_id: "front".into(),
            mid_exposure_us: id,
            exposure_us: 1.0,
            speed_mps: 0.0,
            faces: vec![face],
            decoys: Vec::new(),
            others: Vec::new(),
            video: None,
        },
        gain_db: 0.0,
        frame: String::new(),
        cross_check_differs: None,
        controls: Vec::new(),
        need_more: Vec::new(),
        extra: false,
        refused: None,
    };
    let small = FaceTruth { inter_eye_px: 30.0, ..good_face(0, 0.0, 0.0) };
    let hidden = FaceTruth { visible_share: 0.1, inter_eye_px: 200.0, ..good_face(0, 0.0, 0.0) };
    let blurred = FaceTruth { motion_blur_px: 9.0, ..good_face(0, 0.0, 0.0) };
    let exposures = vec![exposure(0, small), exposure(1, hidden), exposure(2, blurred.clone()), exposure(3, blurred)];
    let seen = Seen { exposures, missed_triggers: Vec::new(), decisions: Default::default(), stopped: None };
    assert_eq!(best_exposure(&seen, 0, &demo_rule()).expect("exposed").exposure_id, 2);
    assert_eq!(best_exposure(&seen, 9, &demo_rule()), None);
}

#[test]
fn a_detection_goes_to_the_largest_overlap_that_is_visible() {
    let near = good_face(0, 100.0, 100.0);
    let mut far = good_face(1, 130.0, 100.0);
    let b = BoxPx { x0: 125.0, y0: 100.0, x1: 215.0, y1: 210.0 };
    assert_eq!(assign(&b, &[near.clone(), far.clone()], &[]), Owner::Occupant(1));
    far.visible_share = 0.1;
    assert_eq!(assign(&b, &[near.clone(), far], &[]), Owner::Occupant(0));
    let nobodys = |x0| assign(&BoxPx { x0, y0: 0.0, x1: 500.0, y1: 90.0 }, std::slice::from_ref(&near), &[]);
    assert_eq!([nobodys(400.0), nobodys(f32::NAN)], [Owner::Nobody; 2]);
}

#[test]
fn a_decoy_that_is_claimed_is_charged_and_one_that_is_not_is_not() {
    let scenario = first_light();
    // Beside all faces of the flat pictures.
    let decoy = |decoy, x0| DecoyTruth {
        decoy,
        kind: DecoyKind::Dog,
        box_px: BoxPx { x0, y0: 300.0, x1: x0 + 80.0, y1: 390.0 },
        visible_share: 0.6,
    };
    let mut world = FlatWorld { decoys: vec![decoy(0, 180.0), decoy(1, 390.0)], ..Default::default() };
    let mut stack = TestStack::new(Manner::Oracle(world.key.clone()));
    let honest = outcome(&mut world, &mut stack, &scenario).summary;
    assert_eq!((honest.decoys_taken.count, honest.decoys_taken.of), (0, 24));
    assert_eq!((honest.shots.decoys_claimed, honest.decoy_detections), (0, 0));

    stack.fooled_by = Some(decoy(0, 182.0).box_px);
    let fooled = outcome(&mut world, &mut stack, &scenario).summary;
    assert_eq!((fooled.decoys_taken.count, fooled.decoys_taken.of), (12, 24));
    assert_eq!(fooled.shots.decoys_claimed, 12);
    assert!(fooled.shots.nobodys_claimed >= 12 && fooled.decoy_detections >= 12);
    assert_eq!(fooled.occupant_coverage, honest.occupant_coverage, "a decoy is nobody");
    assert!(crate::terminal::table(&fooled).contains("decoys taken for occupants: 12 of 24 (dog 12/24)"));
}

#[test]
fn a_face_is_an_occupants_before_it_is_a_decoys() {
    let face = good_face(0, 100.0, 100.0);
    let printed = DecoyTruth {
        decoy: 3,
        kind: DecoyKind::Shirt,
        box_px: BoxPx { x0: 95.0, y0: 240.0, x1: 195.0, y1: 360.0 },
        visible_share: 0.6,
    };
    assert_eq!(assign(&face.face_box_px, std::slice::from_ref(&face), &[]), Owner::Occupant(0));
    assert_eq!(assign_decoy(&face.face_box_px, &[printed]), None);
    let hidden = DecoyTruth { visible_share: 0.01, ..printed };
    assert_eq!(assign_decoy(&hidden.box_px, &[hidden]), None);
    assert_eq!(assign_decoy(&BoxPx { x0: 100.0, y0: 250.0, x1: 190.0, y1: 350.0 }, &[printed]), Some(3));
}

#[test]
fn an_infant_who_faces_backwards_is_lost_by_that() {
    let rule = demo_rule();
    let turned = FaceTruth { yaw_deg: 170.0, ..good_face(0, 10.0, 10.0) };
    let exposure = super::BestExposure { exposure_id: 0, camera_id: String::new(), frame: String::new(), face: turned };
    let cause = |backwards| cause::first_cause(Some(&exposure), &rule, &[], false, backwards);
    assert_eq!((cause(false), cause(true)), (Cause::HeadTurned, Cause::FacesBackwards));
}

/// The demo with a vehicle behind in each encounter.
fn with_one_behind() -> Scenario {
    let mut scenario = first_light();
    scenario.mix.value.queue = Some(Queue {
        behind: Some(QueuePlace { share: 1.0, gap_m: [2.0, 2.0], delay_s: [1.0, 1.0], source: "test".to_owned() }),
        ahead: None,
    });
    scenario
}

fn others_taken(matched_to: Option<String>) -> RunResult {
    let mut world = FlatWorld::default();
    let mut stack = TestStack::new(Manner::Oracle(world.key.clone()));
    stack.takes_others = Some((world.others.clone(), matched_to));
    outcome(&mut world, &mut stack, &with_one_behind())
}

#[test]
fn people_of_another_vehicle_that_are_claimed_are_cross_vehicle_errors_and_nothing_else() {
    let (mut alone, mut world) = (FlatWorld::default(), FlatWorld::default());
    let mut stack = TestStack::new(Manner::Oracle(alone.key.clone()));
    let alone = outcome(&mut alone, &mut stack, &first_light()).summary;
    assert_eq!(alone.cross_vehicle, None);
    let mut stack = TestStack::new(Manner::Oracle(world.key.clone()));
    let unmoved = outcome(&mut world, &mut stack, &with_one_behind()).summary;
    let taken = others_taken(None);
    let s = &taken.summary;
    // What is counted of the encounters' own occupants is the same whether others are there, or claimed.
    for with in [&unmoved, s] {
        assert_eq!(with.shots, alone.shots);
        assert_eq!((with.nobodys_detections, &with.outcomes), (0, &alone.outcomes));
        assert_eq!(with.occupant_coverage, alone.occupant_coverage);
    }
    let people = taken.scores.iter().flat_map(|s| &s.others).flat_map(|o| &o.occupants);
    let (enrolled, all) = people.fold((0, 0), |(e, n), o| (e + u64::from(o.who.reference_id.is_some()), n + 1));
    assert!(enrolled > 0 && enrolled < all, "{enrolled} of {all}");
    let nothing = unmoved.cross_vehicle.as_ref().expect("others are there").all;
    assert_eq!(nothing, CrossVehicle { people_seen: all, ..CrossVehicle::default() });
    let cross = s.cross_vehicle.as_ref().expect("others are there");
    let counts = CrossVehicle {
        people_seen: all,
        detections: s.detections - alone.detections,
        errors: all,
        matched_to_occupants: 0,
        // The face is right, the vehicle is wrong.
        matched_to_themselves: enrolled,
        matched_to_others: 0,
    };
    assert_eq!(cross.all, counts);
    assert_eq!((cross.encounters_with_errors.count, cross.encounters_with_errors.of), (12, 12));
    assert_eq!(cross.places, [(NeighbourPlace::Behind, counts)]);
    assert_eq!(cross.vehicles.len(), 12);
    assert_eq!(cross.vehicles.iter().map(|v| v.counts.errors).sum::<u64>(), all);
    let mut gated = with_one_behind();
    gated.file.gates.max_cross_vehicle_errors = Some(all - 1);
    let gates = Summary::new(s.head.clone(), &gated, &[], &taken.scores, Vec::new(), GallerySize::default()).gates;
    let broken = gates.iter().find(|gate| gate.gate == "max_cross_vehicle_errors").expect("it is set");
    assert_eq!((broken.actual, broken.kept), (Some(all as f64), false));
    // The stack itself cannot tell: by its own count it would report more.
    assert!(s.claimed_by_count.count >= alone.claimed_by_count.count);
    let said = crate::terminal::table(s);
    assert!(said.contains(&format!("cross-vehicle errors {all} in 12 of 12 encounters")), "{said}");
    let ledger = crate::ledger::other_vehicles(&taken.scores).expect("writes").expect("others are there");
    assert_eq!(&ledger[..4], b"PAR1");
}

#[test]
fn a_cross_vehicle_match_says_whose_reference_it_is() {
    let scenario = with_one_behind();
    let somebody = plan(&scenario, 3).occupants.iter().find_map(|o| o.reference_id.clone()).expect("enrolled");
    let result = others_taken(Some(somebody.clone()));
    for score in &result.scores {
        for other in score.others.iter().flat_map(|vehicle| &vehicle.occupants) {
            assert_eq!(other.matched_to, std::slice::from_ref(&somebody));
            let here = u64::from(score.encounter == 3);
            assert_eq!((other.counts.matched_to_occupants, other.counts.matched_to_others), (here, 1 - here));
            assert_eq!((other.counts.matched_to_themselves, other.counts.errors), (0, 1));
        }
    }
    // An occupant's false match is one of their own face's alone.
    assert_eq!(result.summary.shots.false_matches, 0);
}

#[test]
fn a_detection_belongs_to_whom_it_overlaps_most_in_whichever_vehicle() {
    let own = good_face(0, 100.0, 100.0);
    let other = |x, vehicle| OtherFace { vehicle, face: good_face(2, x, 100.0) };
    let at = |x0: f32| BoxPx { x0, y0: 100.0, x1: x0 + 90.0, y1: 210.0 };
    let of = |x0: f32, others: &[OtherFace]| assign(&at(x0), std::slice::from_ref(&own), others);
    assert_eq!(of(100.0, &[other(140.0, 1)]), Owner::Occupant(0));
    assert_eq!(of(140.0, &[other(140.0, 1)]), Owner::Other { vehicle: 1, occupant: 2 });
    assert_eq!(of(120.0, &[other(140.0, 0)]), Owner::Occupant(0), "of equals the own");
    // Who cannot be seen is nobody.
    let hidden = OtherFace { face: FaceTruth { visible_share: 0.1, ..good_face(0, 300.0, 100.0) }, vehicle: 0 };
    assert_eq!(of(300.0, &[hidden]), Owner::Nobody);
}

#[test]
fn searches_of_people_without_a_reference_give_fpir_and_those_of_others_fnir() {
    let mut scenario = first_light();
    scenario.file.gallery.fillers = 10_000;
    let mut world = FlatWorld::default();
    let mut stack = TestStack::new(Manner::Oracle(world.key.clone()));
    let mut result = outcome(&mut world, &mut stack, &scenario);
    let people = |result: &RunResult, with: bool| {
        let all = result.scores.iter().flat_map(|s| &s.occupants);
        all.filter(|o| o.claimed && o.who.reference_id.is_some() == with).count() as u64
    };
    let (with, without) = (people(&result, true), people(&result, false));
    assert!(with > 10 && without > 1, "{with} {without}");
    let s = &result.summary.open_set;
    assert_eq!((s.fpir.count, s.fpir.of, s.fnir.count, s.fnir.of), (0, without, 0, with));
    assert_eq!(s.gallery, GallerySize { references: with, fillers_asked: 10_000, fillers: 0 });
    assert!(crate::terminal::table(&result.summary).contains("none of the fillers asked for"));

    // One stranger is taken for a filler, one traveller for nobody.
    let mut all: Vec<_> = result.scores.iter_mut().flat_map(|s| &mut s.occupants).filter(|o| o.claimed).collect();
    let stranger = all.iter_mut().find(|o| o.who.reference_id.is_none()).expect("somebody is not enrolled");
    (stranger.false_match, stranger.filler_match) = (Some("filler-0000007".to_owned()), true);
    let traveller = all.iter_mut().find(|o| o.who.reference_id.is_some()).expect("somebody is enrolled");
    traveller.self_match = false;
    let gallery = GallerySize { fillers: 10_000, ..s.gallery };
    let summary = Summary::new(result.summary.head.clone(), &scenario, &[], &result.scores, Vec::new(), gallery);
    let s = &summary.open_set;
    assert_eq!((s.fpir.count, s.fpir.of, s.fnir.count, s.fnir.of), (1, without, 1, with));
    assert_eq!(s.matched_to_fillers, 1);
    // Tones, sexes and ages each split everybody.
    assert_eq!(s.groups.iter().map(|g| g.fpir.count).sum::<u64>(), 3, "{:#?}", s.groups);
    assert_eq!(s.groups.iter().map(|g| g.fnir.of).sum::<u64>(), 3 * with);
    assert!(crate::terminal::table(&summary).contains("1 matched to fillers"));
}

#[test]
fn the_search_that_counts_is_the_one_that_finds_the_own_reference() {
    let list = |pairs: &[(&str, f32)]| -> Vec<Candidate> {
        pairs
            .iter()
            .map(|(id, similarity)| Candidate { reference_id: (*id).to_owned(), similarity: *similarity })
            .collect()
    };
    // Second of a near other, first at a lower similarity, and below the tenth.
    let second = list(&[("b", 0.8), ("a", 0.7)]);
    let first = list(&[("a", 0.6), ("c", 0.1)]);
    let absent = list(&[("c", 0.9), ("b", 0.2)]);
    let of = |searches: &[&Vec<Candidate>], own| search(searches.iter().map(|list| list.as_slice()), own);
    assert_eq!(of(&[&second, &first, &absent], Some("a")), (Some(0.6), Some(0.1)));
    assert_eq!(of(&[&second, &absent], Some("a")), (Some(0.7), Some(0.8)));
    assert_eq!(of(&[&absent], Some("a")), (None, Some(0.9)));
    assert_eq!(of(&[&second, &first, &absent], None), (None, Some(0.9)));
    assert_eq!(of(&[&Vec::new()], Some("a")), (None, None));
    assert_eq!(of(&[], Some("a")), (None, None));
}
