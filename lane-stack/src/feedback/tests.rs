use super::*;
use crate::client::{Quality, Seat, SeatSide};

const GOOD: Quality = Quality {
    inter_eye_px: 80.0,
    yaw_deg: 0.0,
    pitch_deg: 0.0,
    roll_deg: 0.0,
    sharpness: 70.0,
    mean_luminance: 0.4,
    over_exposed_share: 0.0,
    entropy_bits: 7.0,
    overall: 70.0,
    uniformity: None,
    eyes_covered_share: None,
    covered_share: None,
};

/// An encounter written as who is seen in which frame: a letter for the camera, then (track, whether it is a good shot).
struct Told {
    frames: Vec<Followed>,
    detections: Vec<Detection>,
    best_shots: Vec<BestShot>,
    persons: Vec<Person>,
    cameras: Vec<String>,
}

impl Told {
    fn of(frames: &[(&str, &[(u32, bool)])], persons: &[&[u32]]) -> Self {
        let rule = QualityRule::default();
        let mut told = Self {
            frames: Vec::new(),
            detections: Vec::new(),
            best_shots: Vec::new(),
            persons: Vec::new(),
            cameras: Vec::new(),
        };
        for (i, (camera, seen)) in frames.iter().enumerate() {
            let exposure_id = 10 + i as u64;
            told.frames.push(Followed { exposure_id, camera_id: camera.to_string() });
            for (track_id, good) in seen.iter() {
                let yaw_deg = if *good { 0.0 } else { 60.0 };
                told.detections.push(Detection {
                    exposure_id,
                    camera_id: camera.to_string(),
                    box_px: [0.0; 4],
                    landmarks_px: [[0.0; 2]; 5],
                    score: 0.9,
                    quality: Quality { yaw_deg, overall: GOOD.overall - yaw_deg, ..GOOD },
                    track_id: *track_id,
                });
            }
        }
        for (p, tracks) in persons.iter().enumerate() {
            let best = told.detections.iter().filter(|d| tracks.contains(&d.track_id));
            let best = best.reduce(|a, b| if b.quality.overall > a.quality.overall { b } else { a }).unwrap();
            let checked = rule.check(best.score, &best.quality);
            told.best_shots.push(BestShot {
                detection: best.clone(),
                valid: checked.is_ok(),
                reason: checked.err().unwrap_or_default(),
                candidates: Vec::new(),
                matched: None,
            });
            told.persons.push(Person {
                track_ids: tracks.to_vec(),
                best_shot: p as u32,
                occupant: true,
                reason: String::new(),
                position_m: Some([0.0; 3]),
                seat: Some(Seat { row: 1 + p as u8, side: SeatSide::Left }),
            });
        }
        told
    }

    fn so_far<'a>(&'a self, rule: &'a QualityRule) -> SoFar<'a> {
        SoFar {
            frames: &self.frames,
            cameras: self.cameras.iter().map(String::as_str).collect(),
            detections: &self.detections,
            best_shots: &self.best_shots,
            persons: &self.persons,
            rule,
        }
    }

    fn enough(&self, min_shots: u32, quiet_exposures: u32) -> Option<Enough> {
        EarlyStop { min_shots, quiet_exposures, face_score: 0.6 }.enough(&self.so_far(&QualityRule::default()))
    }

    fn ask(&self, wanted: MoreWanted) -> (Vec<NeedMore>, Vec<NextTrigger>) {
        wanted.ask(&self.so_far(&QualityRule::default()))
    }
}

#[test]
fn it_is_enough_when_everybody_has_their_shots_and_nobody_new_came_for_a_while() {
    let frames: [(&str, &[(u32, bool)]); 5] = [
        ("a", &[(0, true)]),
        ("b", &[(1, true), (2, true)]),
        ("a", &[(0, true)]),
        ("b", &[(2, true)]),
        ("a", &[(0, false)]),
    ];
    // Tracks 0 and 1 are one person, 2 is another, who came with the second frame.
    let persons: [&[u32]; 2] = [&[0, 1], &[2]];
    let told = |n: usize| Told::of(&frames[..n], &persons);
    assert_eq!(told(3).enough(2, 1), None, "nothing of camera b since");
    let enough = told(4).enough(2, 1).unwrap();
    assert_eq!(
        enough.quiet.iter().map(|q| (q.camera_id.as_str(), q.exposures)).collect::<Vec<_>>(),
        [("a", 1), ("b", 1)]
    );
    let persons: Vec<_> = enough.persons.iter().map(|p| (p.exposure_id, p.valid_shots, p.seat.unwrap().row)).collect();
    assert_eq!(persons, [(10, 3, 1), (11, 2, 2)]);
    assert_eq!(told(4).enough(3, 1), None, "two shots of the second person");
    assert_eq!(told(5).enough(2, 2), None, "one frame of camera b since");
    // A bad shot more of somebody who has good ones changes nothing.
    assert!(told(5).enough(2, 1).is_some());
}

#[test]
fn a_camera_that_has_sent_nothing_yet_may_see_somebody_new() {
    let mut told = Told::of(&[("a", &[(0, true)]), ("a", &[(0, true)])], &[&[0]]);
    assert!(told.enough(1, 1).is_some());
    told.cameras = vec!["a".into(), "b".into()];
    assert_eq!(told.enough(1, 1), None);
}

#[test]
fn who_may_be_an_occupant_is_waited_for_and_who_is_none_is_not() {
    let frames: [(&str, &[(u32, bool)]); 3] =
        [("a", &[(0, true), (1, false)]), ("a", &[(0, true), (1, false)]), ("a", &[(0, true), (1, false)])];
    let mut told = Told::of(&frames, &[&[0], &[1]]);
    assert_eq!(told.enough(1, 1), None, "a bad shot of an occupant");
    told.persons[1].occupant = false;
    assert!(told.enough(1, 1).is_some(), "behind the rows of the vehicle");
    told.persons[1].position_m = None;
    assert_eq!(told.enough(1, 1), None, "a bad shot of somebody whose place is not known");
    // What hardly looks like a face is somebody where it has a place in the vehicle, and nobody else.
    told.detections.iter_mut().filter(|d| d.track_id == 1).for_each(|d| d.score = 0.55);
    assert_eq!(told.enough(1, 1).map(|enough| enough.persons.len()), Some(1), "a head-rest");
    told.persons[1].occupant = true;
    assert_eq!(told.enough(1, 1), None);
    assert_eq!(Told::of(&[("a", &[]), ("a", &[])], &[]).enough(1, 0), None, "nobody seen");
}

#[test]
fn more_is_asked_of_the_camera_that_saw_best_whom_it_shows_now() {
    let wanted = MoreWanted { min_shots: 1, next_trigger_us: Some(90_000) };
    let frames: [(&str, &[(u32, bool)]); 2] = [("a", &[(0, false), (1, true)]), ("b", &[(2, false)])];
    let persons: [&[u32]; 2] = [&[0, 2], &[1]];
    let (asked, when) = Told::of(&frames[..1], &[&[0], &[1]]).ask(wanted);
    assert_eq!(asked.len(), 1);
    assert_eq!((asked[0].camera_id.as_str(), asked[0].seat.unwrap().row), ("a", 1));
    assert!(asked[0].reason.contains("yaw in degrees 60.00 over 35"), "{asked:?}");
    assert_eq!(when, [NextTrigger { camera_id: "a".into(), after_us: 90_000 }]);
    // Camera b sees the same person no better: it is not asked for.
    assert_eq!(Told::of(&frames, &persons).ask(wanted), Default::default());
    // Who has one good shot and should have two is asked for too; without a time where the rule has none.
    let (asked, when) = Told::of(&frames[..1], &[&[0], &[1]]).ask(MoreWanted { min_shots: 2, next_trigger_us: None });
    assert_eq!((asked.len(), when.len()), (2, 0));
    assert!(asked[1].reason.contains("1 of 2 shots"), "{asked:?}");
}
