//! Oracles of faces in motion: they need the MakeHuman data, see `tests`.
use glam::Vec3;

use super::{
    tests::{library, sample},
    *,
};
use crate::{mesh::Mesh, stream::stream, surface::Part, truth::Role, vehicle::hit};

fn named<'a>(posed: &'a Posed, name: &str) -> &'a Mesh {
    posed.parts.iter().find(|p| p.name == name).map(|p: &Part| &*p.mesh).expect("the part is there")
}

fn face_of(library: &PeopleLibrary, who: &Identity, expression: Expression) -> Posed {
    library.bake(who, &Appearance { expression, ..Appearance::of_portrait(who) }).portrait()
}

/// Rays from the front at a grid round a pupil of which the first thing met is the eyeball, and all of the grid's.
fn eyeball_seen(posed: &Posed) -> (usize, usize) {
    const STEPS: i32 = 12;
    let [eyes, skin] = [Role::Eyes, Role::Face]
        .map(|role| posed.parts.iter().find(|p| p.tag.role == role).map(|p| p.mesh.clone()).expect("is there"));
    let mut seen = 0;
    for pupil in [posed.landmarks.left_pupil_m, posed.landmarks.right_pupil_m] {
        let near = |mesh: &Mesh| -> Vec<[Vec3; 3]> {
            mesh.triangles().filter(|t| t.iter().any(|p| p.truncate().distance(pupil.truncate()) < 0.03)).collect()
        };
        let (eyes, skin) = (near(&eyes), near(&skin));
        let first = |triangles: &[[Vec3; 3]], from| {
            triangles.iter().filter_map(|t| hit(*t, from, Vec3::NEG_Z)).fold(f32::MAX, f32::min)
        };
        for row in -STEPS / 2..=STEPS / 2 {
            for column in -STEPS..=STEPS {
                let from = pupil + Vec3::new(column as f32 * 0.0012, row as f32 * 0.0012, 0.1);
                let eye = first(&eyes, from);
                seen += usize::from(eye < 0.2 && eye < first(&skin, from));
            }
        }
    }
    (seen, 2 * (STEPS as usize + 1) * (2 * STEPS as usize + 1))
}

#[test]
fn shut_lids_cover_the_whole_eye_at_any_age() {
    let Some(library) = library() else { return };
    let mut through = Vec::new();
    for index in 0..16 {
        let who = sample(900 + index, if index % 4 == 0 { (0.5, 8.0) } else { (8.0, 80.0) });
        let (open, of) = eyeball_seen(&face_of(library, &who, Expression::neutral()));
        let (shut, _) = eyeball_seen(&face_of(library, &who, Expression::asleep()));
        assert!(open * 12 > of, "{index}: {open} of {of}");
        println!("{index} ({:.0} years): {shut} of {open}", who.age_years);
        if shut * 50 > open {
            through.push((index, shut, open));
        }
    }
    assert!(through.is_empty(), "{through:?}");
}

#[test]
fn a_face_moves_as_far_as_faces_do_and_rests_exactly() {
    let Some(library) = library() else { return };
    for k in 0..60 {
        let who = sample(950 + k % 12, (0.5, 80.0));
        let rest = library.shaped_positions_m(&who, &Expression::neutral());
        assert_eq!(rest, library.shaped_positions_m(&who, &Expression(vec![(FaceUnit::JawOpen, 0.0)])));
        let expression = Expression::sample(who.age_years, &mut stream(8, k, "expression"));
        let moved = library.shaped_positions_m(&who, &expression);
        let furthest = rest.iter().zip(&moved).map(|(a, b)| a.distance(*b)).fold(0.0, f32::max);
        assert!(furthest < 0.045, "{k}: {furthest} m by {expression:?}");
        // Eyeballs stay: they turn with the gaze alone.
        for v in library.landmarks.eyes.iter().flatten() {
            assert_eq!(rest[usize::from(*v)], moved[usize::from(*v)]);
        }
    }
}

#[test]
fn the_mouth_shows_teeth_or_tongue_only_when_it_is_open() {
    let Some(library) = library() else { return };
    // What of a mesh shows from the front before the skin, as a count of its triangles.
    let showing = |posed: &Posed, name: &str| {
        let skin: Vec<[Vec3; 3]> =
            ["face skin", "head skin"].iter().flat_map(|n| named(posed, n).triangles()).collect();
        let seen = |t: &[Vec3; 3]| {
            let middle = (t[0] + t[1] + t[2]) / 3.0;
            let from = middle + Vec3::Z * 0.2;
            (t[1] - t[0]).cross(t[2] - t[0]).z > 0.0
                && skin.iter().filter_map(|s| hit(*s, from, Vec3::NEG_Z)).all(|d| d > 0.2)
        };
        named(posed, name).triangles().filter(seen).count()
    };
    let mut shut = 0;
    for index in 0..16 {
        let who = sample(970 + index, (1.0, 80.0));
        let rest = face_of(library, &who, Expression::neutral());
        // Some people's lips part at rest; nothing comes through the skin.
        let behind =
            |name| named(&rest, name).bounds_m().is_some_and(|(_, high)| high.z < rest.landmarks.points_m[17].z);
        assert!(behind("teeth") && behind("tongue"), "{index}");
        shut += usize::from(showing(&rest, "teeth") + showing(&rest, "tongue") == 0);
        let out = vec![(FaceUnit::JawOpen, 0.35), (FaceUnit::TongueOut, 1.0)];
        assert!(showing(&face_of(library, &who, Expression(out)), "tongue") > 10, "{index}");
    }
    assert!(shut >= 8, "{shut} of 16 mouths are shut at rest");
}

#[test]
fn lids_follow_the_eyes() {
    let Some(library) = library() else { return };
    let person = tests::baked(library, &sample(60, (25.0, 45.0)));
    let upper_lid = |gaze| person.seated(0, &Posture { gaze, ..Posture::default() }).landmarks.points_m[4];
    let ahead = upper_lid(Gaze::default());
    let [down, up] = [0.4, -0.4].map(|pitch| upper_lid(Gaze::towards(0.0, pitch)).y - ahead.y);
    assert!((-0.006..-0.003).contains(&down) && (0.001..0.004).contains(&up), "{down} {up}");
    let left = upper_lid(Gaze::towards(0.4, 0.0)).x - ahead.x;
    assert!((0.0003..0.002).contains(&left), "{left}");
}
