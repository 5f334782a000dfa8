use glam::Vec3;

use super::{CameraPole, booth_bounds_m, build};
use crate::{catalogue::LaneSpec, truth::Subject, vehicle::hit};

fn spec() -> LaneSpec {
    LaneSpec {
        title: "test".into(),
        bearing_deg: 0.0,
        width_m: 3.6,
        kerb_height_m: 0.15,
        booth: true,
        canopy: None,
        lamps: Vec::new(),
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
    let parts = build(&spec, &rig);
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
    let parts = build(&spec(), &rig());
    let triangles: usize = parts.iter().map(|p| p.mesh.triangle_count()).sum();
    assert!(triangles <= 14_000, "{triangles}");
    assert!(parts.iter().all(|p| p.tag.subject == Subject::Lane));
    let again = build(&spec(), &rig());
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
    for part in build(&spec(), &[]).iter().filter(|p| ["roadway", "markings", "terrain"].contains(&p.name.as_str())) {
        assert!(part.mesh.triangles().all(|[a, b, c]| (b - a).cross(c - a).y > 0.0), "{}", part.name);
    }
}
