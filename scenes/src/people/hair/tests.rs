//! Oracles on hair and beards; they need the MakeHuman data, as the other tests of people do.
use glam::Vec3;

use super::{
    super::{
        Appearance, Beard, Detail, HairStyle, Identity, PeopleLibrary, Person, Posture,
        hair::{self, Cover, Shade, Underlay, texture},
        tests::{baked, library, parts_bytes, sample},
    },
    Strands, strand,
};
use crate::surface::Part;

const STYLES: [HairStyle; 17] = [
    HairStyle::Shaved,
    HairStyle::Buzz,
    HairStyle::Short,
    HairStyle::Quiff,
    HairStyle::SidePart,
    HairStyle::SweptBack,
    HairStyle::Fringe,
    HairStyle::Undercut,
    HairStyle::Curly,
    HairStyle::Afro,
    HairStyle::Bob,
    HairStyle::Long,
    HairStyle::LongWavy,
    HairStyle::Tied,
    HairStyle::Ponytail,
    HairStyle::Cornrows,
    HairStyle::Braids,
];
const BEARDS: [Beard; 10] = [
    Beard::None,
    Beard::Stubble,
    Beard::Full,
    Beard::Long,
    Beard::Goatee,
    Beard::VanDyke,
    Beard::Moustache,
    Beard::Horseshoe,
    Beard::ChinStrap,
    Beard::MuttonChops,
];

fn with_style(index: u64, hair_style: HairStyle) -> Identity {
    Identity { hair_style, hairline_recession: 0.1, beard: Beard::None, ..sample(index, (18.0, 70.0)) }
}

fn man(index: u64, beard: Beard) -> Identity {
    Identity { sex: 1.0, beard, hair_style: HairStyle::Shaved, ..sample(index, (20.0, 70.0)) }
}

fn is_hair(part: &Part) -> bool {
    ["scalp hair", "plaits", "clipped hair", "beard"].contains(&part.name.as_str())
}

fn triangles(person: &Person) -> usize {
    person.portrait().parts.iter().filter(|p| is_hair(p)).map(|p| p.mesh.triangle_count()).sum()
}

fn neutral(library: &PeopleLibrary, who: &Identity) -> Vec<Vec3> {
    library.shaped_positions_m(who, &Appearance::of_portrait(who).expression)
}

#[test]
fn locks_stay_outside_the_skull_whatever_the_cut() {
    let Some(library) = library() else { return };
    let bare = Cover(&|_| false);
    for (k, style) in STYLES.into_iter().enumerate() {
        let who = with_style(200 + k as u64, style);
        let shaped = neutral(library, &who);
        let (underlay, form) = Underlay::new(library, &who, &shaped);
        let ground = underlay.ground(&bare);
        for root in strand::roots(&ground, 300, 0.002, 9) {
            let Some(path) = strand::march(&ground, &form, root, 9) else { continue };
            for p in &path.points[1..] {
                let w = *p - underlay.head.centre_m;
                let above_jaw = w.y > -0.12 * underlay.size;
                let depth = underlay.head.radius_m(w.normalize()) - w.length();
                assert!(!above_jaw || depth < 0.0008, "{style:?}: a lock is {depth} m below the skin");
            }
        }
    }
}

#[test]
fn both_pupils_are_free_from_the_front_whatever_the_cut() {
    let Some(library) = library() else { return };
    for (k, style) in STYLES.into_iter().enumerate() {
        for i in 0..3 {
            let person = baked(library, &with_style(300 + 10 * k as u64 + i, style));
            let posed = person.portrait();
            for pupil in [posed.landmarks.left_pupil_m, posed.landmarks.right_pupil_m] {
                let at = pupil.truncate();
                let before = posed.parts.iter().filter(|p| is_hair(p)).flat_map(|p| p.mesh.triangles()).any(|t| {
                    let [a, b, c] = t.map(|p| p.truncate());
                    let sides = [(b - a).perp_dot(at - a), (c - b).perp_dot(at - b), (a - c).perp_dot(at - c)];
                    let inside = sides.iter().all(|s| *s >= 0.0) || sides.iter().all(|s| *s <= 0.0);
                    inside && t.iter().all(|p| p.z > pupil.z)
                });
                assert!(!before, "{style:?} {i}: hair before a pupil");
            }
        }
    }
}

#[test]
fn hair_and_beard_keep_within_their_triangles() {
    let Some(library) = library() else { return };
    for (k, style) in STYLES.into_iter().enumerate() {
        let count = triangles(&baked(library, &with_style(400 + k as u64, style)));
        let long = matches!(
            style,
            HairStyle::Bob
                | HairStyle::Long
                | HairStyle::LongWavy
                | HairStyle::Braids
                | HairStyle::Tied
                | HairStyle::Ponytail
        );
        assert!(count <= if long { 7500 } else { 5000 }, "{style:?}: {count} triangles");
        assert_eq!(count == 0, style == HairStyle::Shaved, "{style:?}");
    }
    for (k, beard) in BEARDS.into_iter().enumerate() {
        let count = triangles(&baked(library, &man(500 + k as u64, beard)));
        assert!(count <= 2800, "{beard:?}: {count} triangles");
        assert_eq!(count == 0, matches!(beard, Beard::None | Beard::Stubble), "{beard:?}");
    }
}

#[test]
fn a_beard_lies_on_the_face_and_moves_with_it() {
    let Some(library) = library() else { return };
    for (k, beard) in BEARDS.into_iter().enumerate().filter(|(_, b)| !matches!(b, Beard::None | Beard::Stubble)) {
        let who = man(520 + k as u64, beard);
        let posed = baked(library, &who).seated(0, &Posture { head_yaw_rad: 0.5, ..Posture::default() });
        let skin: Vec<Vec3> = posed
            .parts
            .iter()
            .filter(|p| p.name == "face skin" || p.name == "head skin")
            .flat_map(|p| p.mesh.vertices.iter().map(|v| Vec3::from(v.position_m)))
            .collect();
        let part = posed.parts.iter().find(|p| p.name == "beard").expect("it grows");
        let reach = if beard == Beard::Long { 0.075 } else { 0.045 };
        for v in &part.mesh.vertices {
            let p = Vec3::from(v.position_m);
            let nearest = skin.iter().map(|s| s.distance(p)).fold(f32::MAX, f32::min);
            assert!(nearest < reach, "{beard:?}: {nearest} m off the skin");
        }
    }
}

#[test]
fn women_and_children_have_no_beard() {
    let Some(library) = library() else { return };
    let woman = Identity { sex: 0.1, ..sample(41, (30.0, 60.0)) };
    let boy = Identity { sex: 1.0, ..sample(42, (6.0, 12.0)) };
    for who in [woman, boy] {
        let shaven = baked(library, &Identity { beard: Beard::None, ..who.clone() }).portrait();
        let bearded = baked(library, &Identity { beard: Beard::Full, ..who }).portrait();
        assert_eq!(parts_bytes(&shaven.parts), parts_bytes(&bearded.parts));
    }
}

#[test]
fn what_is_worn_hides_the_hair_below_it() {
    let Some(library) = library() else { return };
    for style in [HairStyle::Short, HairStyle::Long, HairStyle::Afro, HairStyle::Ponytail, HairStyle::Braids] {
        let who = with_style(61, style);
        let shaped = neutral(library, &who);
        assert!(hair::grow(library, &who, &shaped, &Cover(&|_| true), Detail::Fine).is_empty(), "{style:?} shows");
        // A cap down to 0.80 m: nothing reaches higher than a little over its edge.
        let below = |p: Vec3| p.y > 0.80;
        let (underlay, _) = Underlay::new(library, &who, &shaped);
        let tallest = |parts: &[super::BoundPart]| {
            parts
                .iter()
                .flat_map(|part| part.indices.iter().map(|&i| Vec3::from(part.vertices[i as usize].position_m).y))
                .fold(f32::MIN, f32::max)
        };
        let (free, capped) = (
            hair::grow(library, &who, &shaped, &Cover(&|_| false), Detail::Fine),
            hair::grow(library, &who, &shaped, &Cover(&below), Detail::Fine),
        );
        let crown = underlay.head.centre_m.y + underlay.head.radius_m(Vec3::Y);
        assert!(tallest(&free) > crown, "{style:?}");
        assert!(
            tallest(&capped) < crown - 0.003 && tallest(&capped) < tallest(&free) - 0.01,
            "{style:?}: {} of {crown}",
            tallest(&capped)
        );
    }
}

#[test]
fn a_receding_or_thinning_head_grows_fewer_locks() {
    let Some(library) = library() else { return };
    let bare = Cover(&|_| false);
    let count = |recession: f32, thinning: f32| {
        let mut who = Identity { hairline_recession: recession, ..with_style(71, HairStyle::Short) };
        who.hair.thinning = thinning;
        let (underlay, _) = Underlay::new(library, &who, &neutral(library, &who));
        strand::roots(&underlay.ground(&bare), 800, 0.002, 5).len()
    };
    let full = count(0.0, 0.0);
    assert!(count(0.5, 0.0) < full && count(0.0, 0.8) < full && count(1.0, 0.0) < count(0.5, 0.0));
}

#[test]
fn grey_hair_is_lighter_than_dark_hair_strand_by_strand() {
    let shade = |grey: f32| Shade { pigment: Vec3::splat(0.02), silver: Vec3::splat(0.4), grey };
    let (dark, mixed, grey) = (shade(0.0), shade(0.4), shade(1.0));
    assert!(dark.mean().x < mixed.mean().x && mixed.mean().x < grey.mean().x);
    let mean = |s: &Shade| {
        let picture = texture::paint(s, Strands::Straight, 3);
        picture.rgba.chunks_exact(4).filter(|c| c[3] > 128).map(|c| f64::from(c[0])).sum::<f64>()
    };
    assert!(mean(&dark) < mean(&mixed) && mean(&mixed) < mean(&grey));
}

#[test]
fn the_same_cut_gives_the_same_bytes_on_any_number_of_threads() {
    let Some(library) = library() else { return };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool of one thread");
    for style in [HairStyle::Afro, HairStyle::LongWavy, HairStyle::Cornrows] {
        let who = Identity { beard: Beard::Full, ..with_style(81, style) };
        let bytes = || parts_bytes(&baked(library, &who).portrait().parts);
        assert_eq!(bytes(), pool.install(bytes), "{style:?}");
    }
}
