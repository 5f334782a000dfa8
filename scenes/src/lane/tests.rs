use glam::Vec3;

use super::{CameraPole, booth_bounds_m, build};
use crate::{
    catalogue::{Canopy, GroundSnow, LaneSpec},
    surface::Part,
    truth::{Role, Subject},
    vehicle::hit,
};

fn spec() -> LaneSpec {
    LaneSpec {
        title: "test".into(),
        bearing_deg: 0.0,
        width_m: 3.6,
        kerb_height_m: 0.15,
        booth: true,
        canopy: None,
        lamps: Vec::new(),
        lamps_below_sun_deg: None,
        road_reflectance: 0.12,
        source: "assumption".into(),
    }
}

fn rig() -> Vec<CameraPole> {
    // As the catalogue's three poles.
    vec![
        CameraPole { position_m: Vec3::new(1.95, 2.4, 5.5), look_at_m: Vec3::new(0.0, 1.3, -2.4) },
        CameraPole { position_m: Vec3::new(2.1, 1.7, 2.0), look_at_m: Vec3::new(0.22, 1.3, -3.2) },
        CameraPole { position_m: Vec3::new(-2.1, 1.7, 2.0), look_at_m: Vec3::new(-0.22, 1.3, -3.2) },
        CameraPole { position_m: Vec3::new(0.3, 5.2, 4.0), look_at_m: Vec3::new(0.0, 1.2, -2.5) },
    ]
}

#[test]
fn no_camera_sees_its_own_mounting_and_poles_keep_off_the_roadway() {
    let (spec, rig) = (spec(), rig());
    let parts = build(&spec, None, &rig);
    let furniture = &parts.iter().find(|p| p.name == "lane furniture").expect("furniture").mesh;
    for camera in &rig {
        let look = (camera.look_at_m - camera.position_m).normalize();
        let right = look.cross(Vec3::Y).normalize();
        let up = right.cross(look);
        // A field of view of 80° in 5° steps, wider than any lens used.
        for i in -8i32..=8 {
            for k in -8i32..=8 {
                let (a, b) = ((i as f32 * 5f32).to_radians().tan(), (k as f32 * 5f32).to_radians().tan());
                let ray = (look + right * a + up * b).normalize();
                let nearest = furniture.triangles().filter_map(|t| hit(t, camera.position_m, ray)).fold(9.0, f32::min);
                assert!(nearest > 0.4, "{camera:?} sees something at {nearest} m");
                // Nothing of the lane stands before the middle of the picture.
                let central = i.abs() <= 1 && k.abs() <= 1;
                assert!(!central || nearest > 5.0, "{camera:?}: something stands {nearest} m ahead");
            }
        }
    }
    // Below 1.9 m nothing stands between the kerbs where cars drive.
    for t in furniture.triangles() {
        for p in t {
            assert!(p.x.abs() > spec.width_m / 2.0 - 0.01 || p.y > 1.9 || p.z.abs() > 70.0, "{p} is in the way");
        }
    }
}

#[test]
fn a_lane_is_small_deterministic_and_its_own() {
    let parts = build(&spec(), None, &rig());
    let triangles: usize = parts.iter().map(|p| p.mesh.triangle_count()).sum();
    assert!(triangles <= 14_000, "{triangles}");
    assert!(parts.iter().all(|p| p.tag.subject == Subject::Lane));
    let again = build(&spec(), None, &rig());
    assert!(parts.iter().zip(&again).all(|(a, b)| a.mesh == b.mesh && a.surface == b.surface));
    for v in parts.iter().flat_map(|p| &p.mesh.vertices) {
        assert!((Vec3::from(v.normal).length() - 1.0).abs() < 1e-3 && Vec3::from(v.position_m).is_finite());
    }
    let (low, high) = booth_bounds_m(&spec()).expect("a booth");
    assert!(low.x > spec().width_m / 2.0 && high.y < 3.0);
    assert_eq!(booth_bounds_m(&LaneSpec { booth: false, ..spec() }), None);
}

#[test]
fn ground_faces_up() {
    let snow = GroundSnow { reflectance: 0.85, packed_reflectance: Some(0.65) };
    for part in [None, Some(&snow)].into_iter().flat_map(|snow| build(&spec(), snow, &[])) {
        if part.tag.role != Role::Ground {
            continue;
        }
        assert!(part.mesh.triangles().all(|[a, b, c]| (b - a).cross(c - a).y > 0.0), "{}", part.name);
    }
}

/// Part of the ground that is hit from above at a place, by its name.
fn ground_at(parts: &[Part], x: f32, z: f32) -> String {
    let above = Vec3::new(x, 1.0, z);
    let distance =
        |part: &Part| part.mesh.triangles().filter_map(|t| hit(t, above, Vec3::NEG_Y)).fold(f32::INFINITY, f32::min);
    let ground = parts.iter().filter(|part| part.tag.role == Role::Ground);
    ground.min_by(|a, b| distance(a).total_cmp(&distance(b))).map_or_else(String::new, |part| part.name.clone())
}

#[test]
fn snow_lies_round_the_lane_but_not_below_its_roof() {
    let canopy = Canopy { height_m: 5.0, from_z_m: -9.0, to_z_m: 6.0, half_width_m: 6.0, underside_reflectance: 0.1 };
    let spec = LaneSpec { canopy: Some(canopy), booth: false, ..spec() };
    let cleared = GroundSnow { reflectance: 0.85, packed_reflectance: None };
    let packed = GroundSnow { packed_reflectance: Some(0.65), ..cleared };
    let [bare, cleared, packed] = [None, Some(&cleared), Some(&packed)].map(|snow| build(&spec, snow, &[]));
    for (place, names) in [
        ((1.2, -20.0), ["roadway", "roadway", "packed snow"]),
        ((1.2, -4.0), ["roadway", "roadway", "roadway"]),
        ((1.2, 10.0), ["roadway", "roadway", "packed snow"]),
        ((4.5, -20.0), ["terrain", "snow", "snow"]),
        ((-4.5, -4.0), ["terrain", "terrain", "terrain"]),
        ((40.0, -4.0), ["terrain", "snow", "snow"]),
    ] {
        assert_eq!([&bare, &cleared, &packed].map(|parts| ground_at(parts, place.0, place.1)), names, "{place:?}");
    }
}
