//! Where the picture has a face is where projection says it is: the distance between the eyes of a frontal face is
//! focal length × interpupillary distance ÷ (pixel pitch × distance) within 0.5 px, and the pupils' own pixels lie there.
use std::sync::{Mutex, OnceLock, PoisonError};

use glam::{Affine3A, Vec2, Vec3};
use laneproof_render::{Layers, PinholeCamera, Region, RenderRequest, Renderer, Scene, Solid};
use laneproof_scenes::{
    catalogue::Distortion,
    people::{Appearance, Demographics, Identity, PeopleLibrary, Posed},
    stream::stream,
    truth::{Role, Subject, Tag},
};
use laneproof_sim::{Counterfactual, Factor, Frame8, Simulator, studio_light};
use laneproof_tests::simulator;

/// The sensor of the demo's rig.
const PIXEL_PITCH_UM: f32 = 5.86;
const SENSOR_PX: [u32; 2] = [1920, 1200];
/// Focal lengths in millimetres and distances in metres of the rig, and beyond it on both sides.
const VIEWS: [(f32, f32); 6] = [(16.0, 1.5), (25.0, 3.0), (40.0, 4.7), (40.0, 6.3), (60.0, 8.1), (75.0, 9.0)];
/// Radius of what is looked at round a projected pupil: within the iris, whose visible diameter is 11.7 mm.
const LOOK_RADIUS_M: f32 = 0.004;

struct Studio {
    renderer: Renderer,
    people: PeopleLibrary,
}

fn with_studio<T>(use_it: impl FnOnce(&mut Studio) -> T) -> T {
    static STUDIO: OnceLock<Mutex<Studio>> = OnceLock::new();
    let open = || Mutex::new(Studio { renderer: simulator::renderer(), people: simulator::people() });
    use_it(&mut STUDIO.get_or_init(open).lock().unwrap_or_else(PoisonError::into_inner))
}

/// People whose irises are bright, so that the pupil stands out whatever the head.
fn bright_eyed(k: u64) -> Identity {
    // Mean eyes, so that no lid covers a pupil.
    let (shape, asymmetry) = (Vec::new(), Vec::new());
    Identity {
        eye_srgb: [150, 175, 200],
        shape,
        asymmetry,
        ..Identity::sample(&Demographics::default(), &mut stream(7, k, "geometry"))
    }
}

/// A person before the camera, as the renderer takes them; origin in the middle between the pupils.
fn scene(posed: &Posed) -> Scene {
    let solid = |part: &laneproof_scenes::surface::Part| Solid {
        mesh: part.mesh.clone(),
        surface: part.surface.clone(),
        tag: part.tag,
        world_from_mesh: Affine3A::IDENTITY,
        cabin: None,
        hidden: false,
    };
    Scene {
        solids: posed.parts.iter().map(solid).collect(),
        panes: Vec::new(),
        light: studio_light().0,
        cabins: Vec::new(),
        shadow_centre_m: Vec3::ZERO,
        shadow_half_extent_m: 0.5,
        fine_shadow_m: None,
        soft_shadows: false,
    }
}

fn frontal_camera(focal_length_mm: f32, distance_m: f32) -> PinholeCamera {
    let focal_length_px = focal_length_mm * 1000.0 / PIXEL_PITCH_UM;
    let [width, height] = SENSOR_PX;
    PinholeCamera::looking_at(Vec3::new(0.0, 0.0, distance_m), Vec3::ZERO, focal_length_px, width, height)
}

fn render(renderer: &mut Renderer, posed: &Posed, camera: PinholeCamera) -> Layers {
    let region = Region::full(camera.width_px, camera.height_px);
    let request = RenderRequest { exposure_id: 1, camera, region };
    renderer.render(&scene(posed), &request).unwrap_or_else(|e| panic!("{e}"))
}

/// Centroid of the eye's dark pixels within a circle: darker than half of what most of the circle is.
fn pupil_in_picture(layers: &Layers, at: Vec2, radius_px: f32) -> Vec2 {
    let eyes = Tag { subject: Subject::Occupant(0), role: Role::Eyes }.to_bits();
    let width = layers.region.width as usize;
    let mut seen: Vec<(f32, Vec2)> = Vec::new();
    for y in (at.y - radius_px).floor() as usize..=(at.y + radius_px).ceil() as usize {
        for x in (at.x - radius_px).floor() as usize..=(at.x + radius_px).ceil() as usize {
            let middle = Vec2::new(x as f32 + 0.5, y as f32 + 0.5);
            let pixel = y * width + x;
            if layers.tag[pixel] == eyes && middle.distance(at) <= radius_px {
                seen.push((layers.radiance[pixel][1].to_f32(), middle));
            }
        }
    }
    assert!(seen.len() >= 12, "only {} pixels of an eye round {at}", seen.len());
    let mut radiance: Vec<f32> = seen.iter().map(|(l, _)| *l).collect();
    radiance.sort_by(f32::total_cmp);
    let limit = radiance[radiance.len() * 3 / 4] * 0.5;
    // Weighted by how much darker: pixels on the pupil's edge count in part.
    let (weight, sum) = seen
        .iter()
        .map(|(l, p)| ((limit - l).max(0.0), *p))
        .fold((0.0, Vec2::ZERO), |(weight, sum), (w, p)| (weight + w, sum + p * w));
    assert!(weight > 0.0, "no pupil round {at}");
    sum / weight
}

#[test]
fn the_distance_between_the_eyes_is_that_of_the_thin_lens() {
    with_studio(|Studio { renderer, people }| {
        for k in 0..3 {
            let person = people.bake(&bright_eyed(k), &Appearance::of_portrait(&bright_eyed(k)));
            let posed = person.portrait();
            for (focal_length_mm, distance_m) in VIEWS {
                let camera = frontal_camera(focal_length_mm, distance_m);
                let expected = focal_length_mm * 1000.0 * person.interpupillary_m / (PIXEL_PITCH_UM * distance_m);
                let name = format!("person {k}, {focal_length_mm} mm, {distance_m} m");
                let pupils = [&posed.landmarks.left_pupil_m, &posed.landmarks.right_pupil_m]
                    .map(|p| Vec2::from(camera.project(*p).expect("before the camera").0));
                let projected = pupils[0].distance(pupils[1]);
                assert!((projected - expected).abs() <= 0.5, "{name}: {projected} px projected, {expected} expected");
                let layers = render(renderer, &posed, camera);
                let radius_px = camera.focal_length_px * LOOK_RADIUS_M / distance_m;
                let pictured = pupils.map(|at| pupil_in_picture(&layers, at, radius_px.max(3.0)));
                for (projected, pictured) in pupils.iter().zip(&pictured) {
                    let off = projected.distance(*pictured);
                    assert!(off <= 1.0, "{name}: pupil pictured {off} px from where it is projected");
                }
                let between = pictured[0].distance(pictured[1]);
                println!("{name}: {expected:.2} px expected, {projected:.2} projected, {between:.2} pictured");
                assert!((between - expected).abs() <= 1.0, "{name}: {between} px pictured, {expected} expected");
            }
        }
    });
}

/// What is tagged as eyes, with the rest of the head taken away, is centred where the eyeballs are projected: the truth
/// layer has no offset of its own, at any place on the sensor.
#[test]
fn the_tags_of_the_eyes_lie_where_the_eyeballs_are_projected() {
    with_studio(|Studio { renderer, people }| {
        let mut posed = people.bake(&bright_eyed(0), &Appearance::of_portrait(&bright_eyed(0))).portrait();
        posed.parts.retain(|part| part.tag.role == Role::Eyes);
        assert!(!posed.parts.is_empty());
        // Off the axis too, by panning: the two eyeballs to the middle, a corner and an edge.
        for target in [Vec3::ZERO, Vec3::new(0.25, 0.12, 0.0), Vec3::new(-0.3, 0.0, 0.0)] {
            let [width, height] = SENSOR_PX;
            let camera =
                PinholeCamera::looking_at(Vec3::new(0.0, 0.0, 3.0), target, 40_000.0 / PIXEL_PITCH_UM, width, height);
            let layers = render(renderer, &posed, camera);
            for left in [true, false] {
                let on_side = |p: Vec3| (p.x > 0.0) == left;
                let meshes = posed.parts.iter().map(|part| &part.mesh);
                let corners: Vec<Vec2> = meshes
                    .flat_map(|mesh| mesh.vertices.iter().map(|v| Vec3::from(v.position_m)))
                    .filter(|p| on_side(*p))
                    .map(|p| camera.project(p).expect("before the camera").0.into())
                    .collect();
                let (low, high) = corners.iter().fold((Vec2::MAX, Vec2::MIN), |(l, h), &p| (l.min(p), h.max(p)));
                let inside = |p: Vec2| p.cmpge(low - 2.0).all() && p.cmple(high + 2.0).all();
                let (count, sum, (seen_low, seen_high)) = layers
                    .tag
                    .iter()
                    .enumerate()
                    .filter(|(_, bits)| Tag::from_bits(**bits).is_some_and(|t| t.role == Role::Eyes))
                    .map(|(i, _)| Vec2::new((i % width as usize) as f32 + 0.5, (i / width as usize) as f32 + 0.5))
                    .filter(|p| inside(*p))
                    .fold((0.0, Vec2::ZERO, (Vec2::MAX, Vec2::MIN)), |(n, sum, (l, h)), p| {
                        (n + 1.0, sum + p, (l.min(p), h.max(p)))
                    });
                assert!(count > 100.0, "{count} pixels of an eye");
                let off = (sum / count).distance((low + high) * 0.5);
                assert!(off <= 1.0, "eye tags are centred {off} px from the eyeball, target {target}");
                // Pixel middles lie within the outline, at most a pixel inside it.
                for (seen, outline) in [(seen_low, low), (seen_high, high)] {
                    assert!((seen - outline).abs().max_element() <= 1.0, "{seen} seen, {outline} projected");
                }
            }
        }
    });
}

/// Green of a noiseless frame between pixels, 0 to 255.
fn green_at(frame: &Frame8, [x, y]: [f32; 2]) -> f32 {
    let at = |column: u32, row: u32| f32::from(frame.bytes[3 * (row * frame.width + column) as usize + 1]);
    let (column, row) = ((x - 0.5).floor() as u32, (y - 0.5).floor() as u32);
    let (u, v) = (x - 0.5 - column as f32, y - 0.5 - row as f32);
    let along = |row| at(column, row) * (1.0 - u) + at(column + 1, row) * u;
    along(row) * (1.0 - v) + along(row + 1) * v
}

/// Where a frame shows what another shows round a place, within 2 px of `near`: the least sum of squared differences over
/// a patch of 17 × 17 px, by steps of an eighth of a pixel.
fn found_again(there: &Frame8, at: [f32; 2], here: &Frame8, near: [f32; 2]) -> Vec2 {
    let patch = || (-8..=8).flat_map(|y| (-8..=8).map(move |x| [x as f32, y as f32]));
    let differs = |to: Vec2| -> f32 {
        let squares = patch()
            .map(|[x, y]| (green_at(there, [at[0] + x, at[1] + y]) - green_at(here, [to.x + x, to.y + y])).powi(2));
        squares.sum()
    };
    let steps = || (-16..=16).map(|i| i as f32 / 8.0);
    let places = steps().flat_map(|y| steps().map(move |x| Vec2::from(near) + Vec2::new(x, y)));
    places.min_by(|a, b| differs(*a).total_cmp(&differs(*b))).expect("there are steps")
}

/// The whole way through the simulator: behind a lens that distorts, the frame shows the eyes where the truth says, which is
/// somewhere else than without distortion; tags lie there too. Coefficients of 0 change no byte.
#[test]
fn a_lens_distorts_frame_and_truth_alike() {
    let mut simulator = simulator::shared();
    let exposed = |simulator: &mut Simulator, distortion| {
        let mut plan = simulator::demo_plan(3);
        let mount = &mut plan.rig.cameras[1];
        // The driver's face away from the axis, where the lens moves it.
        mount.look_at_m = [mount.look_at_m[0] - 0.3, mount.look_at_m[1] + 0.2, mount.look_at_m[2]];
        mount.lens.distortion = distortion;
        let staged = simulator.stage(&plan).unwrap_or_else(|e| panic!("{e}"));
        let request = simulator::requests(&staged, 1)[1];
        let noiseless = Counterfactual::whole(0, [Factor::Noise].into_iter().collect());
        simulator.expose_ideal(&staged, &request, &noiseless).unwrap_or_else(|e| panic!("{e}"))
    };
    let ideal = exposed(&mut simulator, None);
    let unbent = exposed(&mut simulator, Some(Distortion::default()));
    assert!(ideal.jpeg == unbent.jpeg && ideal.truth == unbent.truth && ideal.layers == unbent.layers);

    // The sensor spans little of this long lens's plane: its corner lies 0.17 focal lengths from the axis.
    let barrel = Distortion { k1: -1.5, p1: 0.004, p2: -0.003, ..Distortion::default() };
    let bent = exposed(&mut simulator, Some(barrel));
    assert_eq!((bent.frame.width, bent.frame.height), (ideal.frame.width, ideal.frame.height));
    let layers = bent.layers.whole();
    assert_eq!(layers.tag.len(), (bent.frame.width * bent.frame.height) as usize);
    let inside = |p: &[f32; 2]| {
        p[0] > 20.0 && p[1] > 20.0 && p[0] < ideal.frame.width as f32 - 20.0 && p[1] < ideal.frame.height as f32 - 20.0
    };
    let (mut compared, mut farthest) = (0, 0.0f32);
    for (before, after) in ideal.truth.faces.iter().zip(&bent.truth.faces) {
        if before.visible_share < 0.7 || !before.landmarks_px.iter().chain(&after.landmarks_px).all(inside) {
            continue;
        }
        let seen = [0, 1].map(|eye| {
            let (from, to) = (before.landmarks_px[eye], after.landmarks_px[eye]);
            farthest = farthest.max(Vec2::from(from).distance(to.into()));
            let seen = found_again(&ideal.frame, from, &bent.frame, to);
            let off = seen.distance(to.into());
            assert!(off <= 0.3, "occupant {}: eye {off} px from where the truth says", before.occupant);
            seen
        });
        let between = seen[0].distance(seen[1]);
        println!(
            "occupant {}: {:.2} px between the eyes without distortion, {:.2} true with it, {between:.2} pictured",
            before.occupant, before.inter_eye_px, after.inter_eye_px
        );
        assert!((between - after.inter_eye_px).abs() <= 0.3);
        assert!((before.visible_share - after.visible_share).abs() < 0.02, "tags lie where the face is");
        compared += 1;
    }
    assert!(compared >= 1 && farthest > 2.0, "{compared} faces compared, moved {farthest} px at most");
}
