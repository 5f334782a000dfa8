//! What panes mirror of vehicles: how little is left out with them.
use glam::{Affine3A, Vec3};
use laneproof_optics::rays::{RayScene, SKIN_M};
use laneproof_scenes::{
    catalogue::{
        GlassSet, Rig,
        load::{Kind, load_shipped},
    },
    vehicle,
};

/// Of the pane area that the cameras of a rig see of a vehicle from outside, weighed as they see it, the shares whose mirror
/// image would show the vehicle itself, and vehicles of its kind `gap_m` behind and ahead.
fn mirrored_shares(model: &str, rig: &Rig, gap_m: f32) -> [f32; 2] {
    let vehicle = vehicle::build(model, &GlassSet::bare(0.75, 0.72, 0.2), [0.3; 3]).expect("ships");
    let scene = RayScene::of_vehicle(&vehicle);
    let (mut seen, mut own, mut others) = (0.0, 0.0, 0.0);
    for front_z_m in [-1.5f32, -0.75, 0.0] {
        let vehicle_from_world = Affine3A::from_translation(Vec3::new(0.0, 0.0, vehicle.front_z_m - front_z_m));
        for camera in &rig.cameras {
            let eye_m = vehicle_from_world.transform_point3(camera.position_m.into());
            for [a, b, c] in vehicle.panes.iter().flat_map(|pane| pane.mesh.triangles()) {
                let (place_m, normal) = ((a + b + c) / 3.0, (b - a).cross(c - a).normalize_or_zero());
                let way = place_m - eye_m;
                let (distance_m, direction) = (way.length(), way.normalize());
                let cosine = -direction.dot(normal);
                let hidden = scene.hit(eye_m, direction).is_some_and(|hit| hit.distance_m < distance_m - 0.01);
                if cosine <= 0.0 || hidden {
                    continue;
                }
                let weight = (b - a).cross(c - a).length() / 2.0 * cosine / (distance_m * distance_m);
                let mirrored = direction + normal * (2.0 * cosine);
                let start_m = place_m + normal * (0.01 + SKIN_M);
                seen += weight;
                own += if scene.blocked(start_m, mirrored) { weight } else { 0.0 };
                let pitch = Vec3::Z * (vehicle.length_m + gap_m);
                if [pitch, -pitch].iter().any(|&offset_m| scene.blocked(start_m - offset_m, mirrored)) {
                    others += weight;
                }
            }
        }
    }
    [own / seen, others / seen]
}

#[test]
fn hardly_any_pane_shows_a_camera_the_mirror_image_of_a_vehicle() {
    let rig = load_shipped::<Rig>(Kind::Rig, "three-poles").expect("ships").value;
    for model in ["sedan", "van"] {
        let [own, others] = mirrored_shares(model, &rig, 1.5);
        println!("{model}: {:.2} % itself, {:.2} % others", 100.0 * own, 100.0 * others);
        assert!(own < 0.02 && others < 0.02, "{model}: {own} of what is seen of panes shows it, {others} others");
    }
}
