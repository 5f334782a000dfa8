//! What is worn lies on the head: outside the skin, near it, and over what it is meant to cover.
use glam::Vec3;

use super::*;
use crate::{
    people::{
        Appearance, Identity, PeopleLibrary, Posed,
        ambient::Occluders,
        scalp::on_ear,
        tests::{library, sample},
    },
    stream::stream,
    surface::Part,
    truth::Role,
};

fn with(library: &PeopleLibrary, who: &Identity, kind: WearKind, draw: u64) -> Posed {
    let mut day = Appearance::of_portrait(who);
    day.wear.put(kind, &mut stream(draw, 0, "test wear"));
    library.bake(who, &day).portrait()
}

fn triangles<'a>(parts: &'a [Part], keep: impl Fn(&Part) -> bool + 'a) -> Vec<[Vec3; 3]> {
    parts.iter().filter(|p| keep(p)).flat_map(|p| p.mesh.triangles().collect::<Vec<_>>()).collect()
}

/// The point of a triangle that is nearest to another point (Ericson, Real-Time Collision Detection, 5.1.5).
fn nearest_on([a, b, c]: [Vec3; 3], p: Vec3) -> Vec3 {
    let (ab, ac, ap) = (b - a, c - a, p - a);
    let (d1, d2) = (ab.dot(ap), ac.dot(ap));
    let (d3, d4) = (ab.dot(p - b), ac.dot(p - b));
    let (d5, d6) = (ab.dot(p - c), ac.dot(p - c));
    let (va, vb, vc) = (d3 * d6 - d5 * d4, d5 * d2 - d1 * d6, d1 * d4 - d3 * d2);
    if d1 <= 0.0 && d2 <= 0.0 {
        a
    } else if d3 >= 0.0 && d4 <= d3 {
        b
    } else if d6 >= 0.0 && d5 <= d6 {
        c
    } else if vc <= 0.0 && d1 >= 0.0 && d3 <= 0.0 {
        a + ab * (d1 / (d1 - d3))
    } else if vb <= 0.0 && d2 >= 0.0 && d6 <= 0.0 {
        a + ac * (d2 / (d2 - d6))
    } else if va <= 0.0 && d4 >= d3 && d5 >= d6 {
        b + (c - b) * ((d4 - d3) / ((d4 - d3) + (d5 - d6)))
    } else {
        a + ab * (vb / (va + vb + vc)) + ac * (vc / (va + vb + vc))
    }
}

/// Distance of a point from the nearest of the triangles, metres.
fn distance(skin: &[[Vec3; 3]], p: Vec3) -> f32 {
    let near = skin.iter().filter(|t| t[0].distance_squared(p) < 0.03 * 0.03);
    near.map(|t| nearest_on(*t, p).distance(p)).fold(1.0, f32::min)
}

/// Behind the eyes by this, a pair of glasses consists of its temples alone; by the other, it has reached the ears.
const FRONT_Z_M: f32 = -0.012;
const EAR_Z_M: f32 = -0.070;

fn skin_of(posed: &Posed) -> Vec<[Vec3; 3]> {
    triangles(&posed.parts, |p| matches!(p.tag.role, Role::Face | Role::Head))
}

#[test]
fn glasses_rest_on_the_face_and_not_in_it() {
    let Some(library) = library() else { return };
    for i in 0..8 {
        let who = sample(300 + i, (8.0, 80.0));
        let posed = with(library, &who, if i % 2 == 0 { WearKind::Glasses } else { WearKind::Sunglasses }, i);
        let skin = skin_of(&posed);
        let eyewear: Vec<&Part> = posed.parts.iter().filter(|p| p.tag.role == Role::Eyewear).collect();
        assert_eq!(eyewear.len(), 3);
        let points = |name: &str| -> Vec<Vec3> {
            let named = eyewear.iter().filter(|p| p.name == name);
            named.flat_map(|p| p.mesh.vertices.iter().map(|v| Vec3::from(v.position_m))).collect()
        };
        let nearest = |points: &[Vec3]| points.iter().map(|&p| distance(&skin, p)).fold(f32::MAX, f32::min);
        let (frame, lenses) = (points("glasses"), points("lens"));
        assert!(nearest(&lenses) > 0.0005, "identity {i}: a lens is {} m from the skin", nearest(&lenses));
        // Seen from before, the front stands before all skin; seen from the side, so does a temple up to the ear.
        let skin_tree = Occluders::new(skin.clone());
        let front = frame.iter().chain(&lenses).filter(|p| p.z > FRONT_Z_M);
        let behind: Vec<&Vec3> = front.filter(|&&p| skin_tree.hit(p, Vec3::Z, 0.0, 0.1)).collect();
        assert!(behind.is_empty(), "identity {i}: behind skin lie {behind:?}");
        let temples = frame.iter().filter(|p| (EAR_Z_M..FRONT_Z_M).contains(&p.z));
        let sunk: Vec<&Vec3> = temples.filter(|&&p| skin_tree.hit(p, Vec3::X * p.x.signum(), 0.0, 0.02)).collect();
        assert!(sunk.is_empty(), "identity {i}: in the skin lie {sunk:?}");
        // It rests on the nose: something of it is next to the skin in the middle of the face, and by each ear.
        let nose: Vec<Vec3> = frame.iter().copied().filter(|p| p.x.abs() < 0.014).collect();
        assert!(nearest(&nose) < 0.004, "identity {i}: floats {} m before the nose", nearest(&nose));
        for side in [1.0, -1.0] {
            let behind: Vec<Vec3> = frame.iter().copied().filter(|p| p.z < -0.07 && p.x * side > 0.0).collect();
            assert!(nearest(&behind) < 0.006, "identity {i}: floats {} m beside the ear", nearest(&behind));
        }
    }
}

#[test]
fn lenses_are_before_both_pupils() {
    let Some(library) = library() else { return };
    for i in 0..12 {
        let posed = with(library, &sample(330 + i, (6.0, 80.0)), WearKind::Glasses, i);
        let lenses = Occluders::new(triangles(&posed.parts, |p| p.name == "lens"));
        for pupil in [posed.landmarks.left_pupil_m, posed.landmarks.right_pupil_m] {
            assert!(lenses.hit(pupil, Vec3::Z, 0.008, 0.035), "identity {i}: no lens 8 to 35 mm before a pupil");
        }
    }
}

#[test]
fn a_hijab_hides_all_scalp_hair_and_the_ears_and_leaves_the_face_free() {
    let Some(library) = library() else { return };
    for i in 0..6 {
        let who = sample(350 + i, (18.0, 70.0));
        let posed = with(library, &who, WearKind::Headwear(HeadwearKind::Hijab), i);
        assert!(posed.parts.iter().all(|p| p.tag.role != Role::Hair || p.name == "lashes"), "hair below the hijab");
        let cloth = Occluders::new(triangles(&posed.parts, |p| p.tag.role == Role::Headwear));
        let base = &library.base.positions_m;
        let shaped = library.shaped_positions_m(&who, &crate::people::Expression::neutral());
        let l = library.landmarks.pupils_m(&shaped);
        let origin = (l[0] + l[1]) / 2.0;
        let body = library.base.group("body").iter().flat_map(|q| q.v).map(usize::from);
        for v in body.filter(|&v| on_ear(base[v])) {
            let out = Vec3::X * base[v].x.signum();
            assert!(cloth.hit(shaped[v] - origin, out, 0.0, 0.1), "identity {i}: an ear shows");
        }
        let l = &posed.landmarks;
        for p in [l.left_pupil_m, l.right_pupil_m, l.nose_tip_m, l.mouth_left_m, l.mouth_right_m] {
            assert!(!cloth.hit(p, Vec3::Z, 0.001, 0.2), "identity {i}: cloth before the face");
        }
    }
}

#[test]
fn every_headwear_leaves_the_pupils_free_from_the_front() {
    let Some(library) = library() else { return };
    for (i, (name, kind)) in WearKind::ALL.into_iter().enumerate() {
        if matches!(kind, WearKind::Glasses | WearKind::Sunglasses) {
            continue;
        }
        for k in 0..3 {
            let posed = with(library, &sample(370 + k, (6.0, 75.0)), kind, i as u64);
            let worn = |p: &Part| matches!(p.tag.role, Role::Headwear | Role::FaceCover);
            let worn = Occluders::new(triangles(&posed.parts, worn));
            for pupil in [posed.landmarks.left_pupil_m, posed.landmarks.right_pupil_m] {
                assert!(!worn.hit(pupil, Vec3::Z, 0.0, 0.3), "{name} before a pupil of {k}");
            }
        }
    }
}

#[test]
fn face_covers_hide_mouth_and_nose_and_lie_outside_the_skin() {
    let Some(library) = library() else { return };
    use FaceCoverKind::*;
    for (i, kind) in [Surgical, Cloth, Scarf].into_iter().enumerate() {
        for k in 0..4 {
            let posed = with(library, &sample(390 + k, (6.0, 75.0)), WearKind::FaceCover(kind), i as u64);
            let cover = Occluders::new(triangles(&posed.parts, |p| p.tag.role == Role::FaceCover));
            let l = &posed.landmarks;
            let nose = (kind != Scarf).then_some(l.nose_tip_m);
            for p in [l.mouth_left_m, l.mouth_right_m].into_iter().chain(nose) {
                assert!(cover.hit(p, Vec3::Z, 0.0005, 0.1), "{kind:?}: mouth or nose of {k} shows");
            }
            // The tongue's root, a part of the face too, lies far behind.
            let face = posed.parts.iter().filter(|p| p.name == "face skin");
            let low = face
                .flat_map(|p| p.mesh.vertices.iter().map(|v| Vec3::from(v.position_m)))
                .filter(|p| p.x.abs() < 0.03 && (l.chin_m.y..l.mouth_left_m.y.min(l.mouth_right_m.y)).contains(&p.y));
            // A ray along an edge may slip between two triangles; one beside it does not.
            let beside = Vec3::new(0.0003, 0.0002, 0.0);
            let shows = |p: &Vec3| [*p, *p + beside].iter().all(|&p| !cover.hit(p, Vec3::Z, 0.0, 0.1));
            let bare: Vec<Vec3> = low.filter(shows).collect();
            assert!(bare.is_empty(), "{kind:?}: between mouth and chin of {k} show {bare:?}");
            let skin = skin_of(&posed);
            let mask = posed.parts.iter().filter(|p| p.name == "mask");
            let points: Vec<Vec3> = mask.flat_map(|p| p.mesh.vertices.iter().map(|v| v.position_m.into())).collect();
            // From the axis of the head outwards, no skin lies beyond the cloth: nothing stands through it.
            let skin = Occluders::new(skin);
            let through =
                |p: &&Vec3| skin.hit(**p, (**p - Vec3::Z * -0.10).with_y(0.0).normalize_or(Vec3::Z), 0.0, 0.05);
            let inside = points.iter().filter(through).count();
            assert_eq!(inside, 0, "{kind:?}: {inside} of {} places lie in the skin of {k}", points.len());
        }
    }
}

#[test]
fn the_same_draw_gives_the_same_things_and_shares_are_kept() {
    let who = sample(1, (30.0, 31.0));
    let all = |share: f32| WearShares {
        prescription_glasses: ByAge::all(share),
        hijab: BySex::all(share),
        surgical_mask: BySex::all(share),
        ..WearShares::default()
    };
    let draw = |shares: &WearShares, k| Wear::sample(shares, &who, &mut stream(5, k, "wear"));
    assert_eq!(draw(&WearShares::default(), 0), Wear::default());
    assert_eq!(draw(&all(0.5), 3), draw(&all(0.5), 3));
    let worn = draw(&all(1.0), 0);
    assert!(worn.glasses.is_some() && worn.headwear.is_some() && worn.face_cover.is_some());
    let count = (0..2000).filter(|&k| draw(&all(0.3), k).headwear.is_some()).count();
    // Five standard deviations of a binomial: 2000 · 0.3 ± 5 · 20.5.
    assert!((498..702).contains(&count), "{count}");
    // What follows in the stream does not depend on what is worn.
    let next = |shares| {
        let mut rng = stream(5, 0, "wear");
        Wear::sample(&shares, &who, &mut rng);
        rand::Rng::random::<u64>(&mut rng)
    };
    assert_eq!(next(all(0.0)), next(all(1.0)));
}

#[test]
fn glasses_come_with_age() {
    let shares = WearShares {
        prescription_glasses: ByAge { children: 0.1, adults: 0.3, seniors: 0.8 },
        ..WearShares::default()
    };
    let wearing = |age: f32| {
        let who = sample(2, (age, age + 0.1));
        (0..2000).filter(|&k| Wear::sample(&shares, &who, &mut stream(6, k, "wear")).glasses.is_some()).count()
    };
    let counts = [8.0, 30.0, 50.0, 70.0].map(wearing);
    assert!(counts.is_sorted() && counts[0] < 300 && counts[3] > 1450, "{counts:?}");
}

#[test]
fn shares_that_make_no_sense_are_told() {
    assert_eq!(WearShares::default().problem(), None);
    let negative = WearShares { cap: BySex { men: -0.1, ..BySex::default() }, ..WearShares::default() };
    assert_eq!(negative.problem().as_deref(), Some("a share of -0.1 is not between 0 and 1"));
    let too_many = WearShares { cap: BySex::all(0.7), turban: BySex::all(0.5), ..WearShares::default() };
    assert!(too_many.problem().is_some_and(|text| text.contains("headwear of men add up to 1.2")));
    let unknown: Result<WearShares, _> = toml::from_str("[hat]\nmen = 0.1\n");
    assert!(unknown.is_err());
}

#[test]
fn sunglasses_clear_in_the_infrared_and_the_truth_looks_through_them() {
    let Some(library) = library() else { return };
    let who = sample(5, (20.0, 60.0));
    let dark = |person: &crate::people::Person| {
        let posed = person.portrait();
        let lenses: Vec<bool> =
            posed.parts.iter().filter(|p| p.name == "lens").map(|p| p.surface.is_dark_lens()).collect();
        assert_eq!(lenses.len(), 2);
        lenses[0]
    };
    let (mut cleared, mut pairs) = (0, 0);
    for k in 0..12 {
        let mut day = Appearance::of_portrait(&who);
        day.wear.put(WearKind::Sunglasses, &mut stream(9, k, "sunglasses"));
        let person = library.bake(&who, &day);
        if dark(&person) {
            pairs += 1;
            cleared += usize::from(!dark(&person.in_band(crate::infrared::Infrared::Nir940)));
        }
    }
    // One in ten is mirrored and stays as it is.
    assert!(pairs >= 10 && cleared * 10 >= pairs * 6, "{cleared} of {pairs}");
}
