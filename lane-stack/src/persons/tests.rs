use super::*;
use crate::rig::{Rig, tests::two};

/// A head in the vehicle: eyes, lane's frame at the stop, and the distance between its eyes, metres.
#[derive(Clone, Copy)]
struct Head {
    at_m: Point,
    eyes_m: f64,
}

const FRONT_LEFT: Head = Head { at_m: [0.40, 1.20, -2.4], eyes_m: 0.063 };
const FRONT_RIGHT: Head = Head { at_m: [-0.38, 1.24, -2.35], eyes_m: 0.061 };
const BEHIND_LEFT: Head = Head { at_m: [0.42, 1.15, -3.2], eyes_m: 0.058 };

/// A head as a camera sees it at a time, the vehicle so far before the stop line; off by some pixels.
fn sight(camera: &str, head: Head, time_us: u64, before_m: f64, off_px: [f32; 2]) -> Sight {
    let rig = Rig::new(&two()).unwrap();
    let [x, y, z] = head.at_m;
    let there = [x, y, z - before_m];
    let [px, py] = rig.pixel(camera, there).unwrap();
    let ray = rig.ray(camera, [px + off_px[0], py + off_px[1]]).unwrap();
    Sight { time_us, ray, eyes_rad: head.eyes_m / length(sub(there, ray.origin_m)) }
}

fn tracked<'a>(camera: &'a str, exposures: &'a [u64], sights: Vec<Sight>) -> Tracked<'a> {
    Tracked { camera_id: camera, exposures, sights, template: None, valid: true }
}

fn members(gathered: &[Gathered]) -> Vec<&[usize]> {
    gathered.iter().map(|g| &g.members[..]).collect()
}

fn seat(row: u8, side: SeatSide) -> Option<Seat> {
    Some(Seat { row, side })
}

#[test]
fn one_head_before_two_cameras_is_one_person_on_its_seat() {
    let see = |camera, head| vec![sight(camera, head, 0, 0.0, [0.0; 2])];
    let faces = [
        tracked("front", &[0], see("front", FRONT_LEFT)),
        tracked("front", &[0], see("front", FRONT_RIGHT)),
        tracked("front", &[0], see("front", BEHIND_LEFT)),
        tracked("side", &[1], see("side", BEHIND_LEFT)),
        tracked("side", &[1], see("side", FRONT_RIGHT)),
        tracked("side", &[1], see("side", FRONT_LEFT)),
    ];
    let gathered = gather(&faces, &PersonRule::default(), 0.8);
    assert_eq!(members(&gathered), [&[0, 5][..], &[1, 4], &[2, 3]]);
    let seats: Vec<Option<Seat>> = gathered.iter().map(|g| g.seat).collect();
    assert_eq!(seats, [seat(1, SeatSide::Left), seat(1, SeatSide::Right), seat(2, SeatSide::Left)]);
    for (person, head) in gathered.iter().zip([FRONT_LEFT, FRONT_RIGHT, BEHIND_LEFT]) {
        assert!(length(sub(person.position_m.unwrap(), head.at_m)) < 1e-3 && person.occupant);
        assert!(person.reason.starts_with("seen by 2 cameras, row "), "{}", person.reason);
    }
}

#[test]
fn faces_before_and_at_the_stop_are_one_person_where_others_tell_how_far_the_vehicle_went() {
    let at = |camera, head, moved| {
        let (time_us, before_m) = if moved { (0, 0.8) } else { (1_000_000, 0.0) };
        sight(camera, head, time_us, before_m, [0.0; 2])
    };
    // The driver's tracks go through; the passenger's broke off.
    let faces = [
        tracked("front", &[0, 2], vec![at("front", FRONT_LEFT, true), at("front", FRONT_LEFT, false)]),
        tracked("side", &[1, 3], vec![at("side", FRONT_LEFT, true), at("side", FRONT_LEFT, false)]),
        tracked("front", &[0], vec![at("front", FRONT_RIGHT, true)]),
        tracked("side", &[1], vec![at("side", FRONT_RIGHT, true)]),
        tracked("front", &[2], vec![at("front", FRONT_RIGHT, false)]),
        tracked("side", &[3], vec![at("side", FRONT_RIGHT, false)]),
    ];
    let gathered = gather(&faces, &PersonRule::default(), 0.8);
    assert_eq!(members(&gathered), [&[0, 1][..], &[2, 3, 4, 5]]);
    assert!(length(sub(gathered[1].position_m.unwrap(), FRONT_RIGHT.at_m)) < 1e-3);
    // Without the driver nobody tells.
    let gathered = gather(&faces[2..], &PersonRule::default(), 0.8);
    assert_eq!(members(&gathered), [&[0, 1][..], &[2, 3]]);
}

#[test]
fn a_face_that_one_camera_saw_where_somebody_is_known_to_sit_is_theirs() {
    let at = |camera, head, moved| {
        let (time_us, before_m) = if moved { (0, 0.8) } else { (1_000_000, 0.0) };
        sight(camera, head, time_us, before_m, [0.0; 2])
    };
    // Before the stop the passenger shows to one camera alone; the driver tells how far the vehicle went.
    let faces = [
        tracked("front", &[0, 2], vec![at("front", FRONT_LEFT, true), at("front", FRONT_LEFT, false)]),
        tracked("side", &[1, 3], vec![at("side", FRONT_LEFT, true), at("side", FRONT_LEFT, false)]),
        tracked("front", &[0], vec![at("front", FRONT_RIGHT, true)]),
        tracked("front", &[2], vec![at("front", FRONT_RIGHT, false)]),
        tracked("side", &[3], vec![at("side", FRONT_RIGHT, false)]),
        tracked("front", &[0], vec![at("front", BEHIND_LEFT, true)]),
    ];
    let gathered = gather(&faces, &PersonRule::default(), 0.8);
    assert_eq!(members(&gathered), [&[0, 1][..], &[2, 3, 4], &[5]]);
}

#[test]
fn tracks_that_broke_off_in_one_camera_hold_together_by_another() {
    let at = |camera, moved| {
        let (time_us, before_m) = if moved { (0, 0.8) } else { (1_000_000, 0.0) };
        sight(camera, FRONT_RIGHT, time_us, before_m, [0.0; 2])
    };
    let faces = [
        tracked("front", &[0, 2], vec![at("front", true), at("front", false)]),
        tracked("side", &[1], vec![at("side", true)]),
        tracked("side", &[3], vec![at("side", false)]),
    ];
    let gathered = gather(&faces, &PersonRule::default(), 0.8);
    assert_eq!(members(&gathered), [&[0, 1, 2][..]]);
    assert!(length(sub(gathered[0].position_m.unwrap(), FRONT_RIGHT.at_m)) < 1e-3, "where it was last");
}

#[test]
fn a_head_in_the_vehicle_behind_is_no_occupant() {
    let follower = Head { at_m: [0.4, 1.3, -9.5], ..FRONT_LEFT };
    let see = |camera, head| vec![sight(camera, head, 0, 0.0, [0.0; 2])];
    let faces = [
        tracked("front", &[0], see("front", FRONT_LEFT)),
        tracked("side", &[1], see("side", FRONT_LEFT)),
        tracked("front", &[0], see("front", follower)),
        tracked("side", &[1], see("side", follower)),
        tracked("front", &[0], see("front", Head { at_m: [0.3, 1.3, -9.6], ..follower })),
    ];
    let gathered = gather(&faces, &PersonRule::default(), 0.8);
    assert_eq!(members(&gathered), [&[0, 1][..], &[2, 3], &[4]]);
    let occupants: Vec<bool> = gathered.iter().map(|g| g.occupant).collect();
    assert_eq!(occupants, [true, false, false]);
    assert!(gathered[1].reason.contains("7.1 m behind the front row"), "{}", gathered[1].reason);
    assert!(gathered[2].reason.contains("outside the vehicle"), "{}", gathered[2].reason);
}

#[test]
fn a_face_of_one_camera_counts_when_a_shot_keeps_the_rule() {
    let see = |camera, head| vec![sight(camera, head, 0, 0.0, [0.0; 2])];
    let mut faces = vec![
        tracked("front", &[0], see("front", FRONT_LEFT)),
        tracked("side", &[1], see("side", FRONT_LEFT)),
        tracked("front", &[0], see("front", BEHIND_LEFT)),
    ];
    let alone = |faces: &[Tracked<'_>]| gather(faces, &PersonRule::default(), 0.8).remove(1);
    let counted = alone(&faces);
    // Its size tells its distance to a quarter: more than a row.
    assert!(counted.occupant && counted.seat.is_none() && counted.position_m.is_none(), "{counted:?}");
    faces[2].valid = false;
    let left_out = alone(&faces);
    assert!(!left_out.occupant && left_out.reason.contains("no shot that keeps"), "{left_out:?}");
}

#[test]
fn without_a_rig_only_looks_join_cameras() {
    let (same, other) = ([1.0f32, 0.0], [0.0f32, 1.0]);
    let face =
        |camera, exposures, template| Tracked { template: Some(template), ..tracked(camera, exposures, Vec::new()) };
    let faces = [face("a", &[0], &same[..]), face("b", &[1], &other[..]), face("b", &[1], &same[..])];
    let gathered = gather(&faces, &PersonRule::default(), 0.8);
    assert_eq!(members(&gathered), [&[0, 2][..], &[1]]);
    assert!(gathered.iter().all(|g| g.occupant && g.seat.is_none() && g.position_m.is_none()));
}

#[test]
fn impossible_rules_are_told() {
    let told = |change: fn(&mut PersonRule)| {
        let mut rule = PersonRule::default();
        change(&mut rule);
        rule.check().unwrap_err()
    };
    assert_eq!(PersonRule::default().check(), Ok(()));
    assert!(told(|r| r.miss_sd_m = 0.0).contains("miss_sd_m = 0"));
    assert!(told(|r| r.max_cost = f64::NAN).contains("max_cost"));
    assert!(told(|r| r.rows = 0).contains("rows"));
    assert!(told(|r| r.height_m = [2.0, 1.0]).contains("height_m"));
}

/// Whoever sits where, landmarks some pixels off: everybody is somebody once, and nobody twice in one picture.
#[test]
fn every_face_is_one_persons_and_no_person_is_twice_in_a_picture() {
    // Numbers in 0..1, the same in every run (Knuth's linear congruential generator).
    let mut state = 20_261_128_u64;
    let mut draw = |low: f64, high: f64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        low + (high - low) * (state >> 40) as f64 / (1_u64 << 24) as f64
    };
    let mut joined = 0;
    for round in 0..300 {
        let faces: Vec<Tracked<'_>> = (0..1 + round % 5)
            .flat_map(|_| {
                let at_m = [draw(-0.6, 0.6), draw(0.9, 1.5), draw(-4.2, -2.0)];
                let head = Head { at_m, eyes_m: draw(0.05, 0.07) };
                let mut off = || [draw(-4.0, 4.0) as f32, draw(-4.0, 4.0) as f32];
                let offs = [off(), off()];
                let one = |camera, exposures, off| tracked(camera, exposures, vec![sight(camera, head, 0, 0.0, off)]);
                [one("front", &[0][..], offs[0]), one("side", &[1][..], offs[1])]
            })
            .collect();
        let gathered = gather(&faces, &PersonRule::default(), 0.8);
        let mut all: Vec<usize> = gathered.iter().flat_map(|g| g.members.clone()).collect();
        all.sort_unstable();
        assert_eq!(all, (0..faces.len()).collect::<Vec<_>>());
        for person in &gathered {
            let cameras: BTreeSet<&str> = person.members.iter().map(|m| faces[*m].camera_id).collect();
            assert_eq!(cameras.len(), person.members.len());
        }
        joined += gathered.iter().filter(|g| g.members.len() == 2).count();
    }
    assert!(joined > 600, "{joined} of 900 heads were joined");
}
