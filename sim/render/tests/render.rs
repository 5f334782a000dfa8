//! The renderer against closed forms: what a pinhole sees of a plate, a sphere and a pane is known.
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use glam::{Affine3A, Vec3};
use laneproof_render::{
    Cabin, CabinLight, LampBeam, Layers, Light, PinholeCamera, Region, RenderRequest, Renderer, RendererOptions, Roof,
    Scene, ScenePane, Solid,
};
use laneproof_scenes::{
    beam::BeamPattern,
    mesh::{Mesh, Vertex},
    surface::Surface,
    truth::{Role, Tag},
};

/// One renderer for all tests of this file: opening one costs more than all the pictures.
fn renderer() -> MutexGuard<'static, Renderer> {
    static RENDERER: OnceLock<Mutex<Renderer>> = OnceLock::new();
    let open = || Mutex::new(Renderer::new(&RendererOptions::default()).unwrap());
    RENDERER.get_or_init(open).lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn plate(half_m: f32) -> Arc<Mesh> {
    let corner = |x: f32, y: f32| Vertex::new(Vec3::new(x, y, 0.0), Vec3::Z, [0.0; 2]);
    let vertices =
        vec![corner(-half_m, -half_m), corner(half_m, -half_m), corner(half_m, half_m), corner(-half_m, half_m)];
    Arc::new(Mesh { vertices, indices: vec![0, 1, 2, 0, 2, 3] })
}

/// A sky of one radiance everywhere: irradiance π L on every plane.
fn uniform_light(radiance: f32, sun: Option<(Vec3, f32)>) -> Arc<Light> {
    let mut irradiance_sh = [[0.0; 3]; 9];
    irradiance_sh[0] = [radiance * std::f32::consts::PI / 0.282_095; 3];
    Arc::new(Light {
        lamp: None,
        sun_direction: sun.map(|(direction, _)| direction.normalize()),
        sun_irradiance: [sun.map_or(0.0, |(_, irradiance)| irradiance); 3],
        sky_width: 8,
        sky_height: 4,
        sky: vec![[radiance; 3]; 32],
        open_sky: vec![[radiance; 3]; 32],
        open_irradiance_sh: irradiance_sh,
        roof: None,
        irradiance_sh,
    })
}

fn matt(reflectance: f32) -> Surface {
    Surface { specular_f0: 0.0, roughness: 1.0, ..Surface::matt([reflectance; 3]) }
}

fn solid(mesh: Arc<Mesh>, surface: Surface, role: Role, at: Vec3) -> Solid {
    let world_from_mesh = Affine3A::from_translation(at);
    Solid { mesh, surface, tag: Tag::vehicle(role), world_from_mesh, cabin: None, hidden: false }
}

fn scene(solids: Vec<Solid>, panes: Vec<ScenePane>, light: Arc<Light>) -> Scene {
    Scene {
        solids,
        panes,
        light,
        cabins: Vec::new(),
        shadow_centre_m: Vec3::ZERO,
        shadow_half_extent_m: 4.0,
        fine_shadow_m: None,
        soft_shadows: false,
    }
}

fn camera() -> PinholeCamera {
    PinholeCamera::looking_at(Vec3::new(0.0, 0.0, 4.0), Vec3::ZERO, 400.0, 200, 120)
}

fn full(scene: &Scene) -> Layers {
    let camera = camera();
    let region = Region::full(camera.width_px, camera.height_px);
    renderer().render(scene, &RenderRequest { exposure_id: 7, camera, region }).unwrap()
}

fn at(layers: &Layers, x: u32, y: u32) -> usize {
    ((y - layers.region.y) * layers.region.width + x - layers.region.x) as usize
}

#[test]
fn a_lambertian_plate_under_a_uniform_sky_has_the_skys_radiance_times_its_reflectance() {
    let layers =
        full(&scene(vec![solid(plate(0.3), matt(0.5), Role::Body, Vec3::ZERO)], vec![], uniform_light(20.0, None)));
    let middle = layers.radiance[at(&layers, 100, 60)].map(f32::from);
    assert!((middle[1] - 10.0).abs() < 0.02, "{middle:?}");
    let sky = layers.radiance[at(&layers, 2, 2)].map(f32::from);
    assert!((sky[1] - 20.0).abs() < 0.02, "{sky:?}");
}

#[test]
fn the_sun_on_a_plate_gives_reflectance_times_irradiance_times_cosine_over_pi() {
    let direction = Vec3::new(0.0, 1.0, 1.0);
    let layers = full(&scene(
        vec![solid(plate(0.3), matt(0.6), Role::Body, Vec3::ZERO)],
        vec![],
        uniform_light(0.0, Some((direction, 200.0))),
    ));
    let expected = 0.6 * 200.0 * 0.5_f32.sqrt() / std::f32::consts::PI;
    let middle = f32::from(layers.radiance[at(&layers, 100, 60)][0]);
    assert!((middle / expected - 1.0).abs() < 0.002, "{middle} against {expected}");
}

#[test]
fn a_plate_before_the_sun_throws_its_shadow() {
    let layers = full(&scene(
        vec![
            solid(plate(2.0), matt(0.6), Role::Body, Vec3::ZERO),
            // Out of the camera's view, between the sun and the plate's middle.
            solid(plate(0.2), Surface { double_sided: true, ..matt(0.6) }, Role::Seat, Vec3::new(0.0, 2.0, 2.0)),
        ],
        vec![],
        uniform_light(0.0, Some((Vec3::new(0.0, 1.0, 1.0), 200.0))),
    ));
    let middle = f32::from(layers.radiance[at(&layers, 100, 60)][0]);
    let beside = f32::from(layers.radiance[at(&layers, 150, 60)][0]);
    assert_eq!(middle, 0.0);
    assert!(beside > 20.0);
}

/// A plate upright in the shade of a flat roof, above it a sun that stands behind the camera.
fn below_a_roof(cabin: Option<u8>, roof: Option<Roof>) -> Scene {
    let lie = Affine3A::from_rotation_x(-std::f32::consts::FRAC_PI_2);
    let mut deck = solid(plate(3.0), Surface { double_sided: true, ..matt(0.4) }, Role::Furniture, Vec3::ZERO);
    deck.world_from_mesh = Affine3A::from_translation(Vec3::Y * 2.0) * lie;
    let coated = Surface { roughness: 0.3, specular_f0: 0.04, ..matt(0.6) };
    let light = Light { roof, ..Light::clone(&uniform_light(3.0, Some((Vec3::new(0.0, 1.0, 1.0), 200.0)))) };
    let upright = Solid { cabin, ..solid(plate(0.4), coated, Role::Seat, Vec3::ZERO) };
    Scene {
        cabins: vec![Cabin { vehicle_from_world: Affine3A::IDENTITY, light: Arc::new(Dark) }],
        fine_shadow_m: cabin.map(|_| [Vec3::splat(-0.4), Vec3::splat(0.4)]),
        ..scene(vec![upright, deck], vec![], light.into())
    }
}

#[test]
fn what_a_roof_is_known_to_shade_is_as_dark_as_the_maps_have_it() {
    let roof = Roof { footprint_m: [-3.0, -3.0, 3.0, 3.0], underside_m: 2.0 };
    for cabin in [None, Some(0)] {
        let by_the_maps = full(&below_a_roof(cabin, None));
        assert_eq!(full(&below_a_roof(cabin, Some(roof))), by_the_maps);
        let mut open = below_a_roof(cabin, None);
        open.solids.truncate(1);
        let middle = at(&by_the_maps, 100, 60);
        assert!(full(&open).radiance[middle][1] > by_the_maps.radiance[middle][1], "the roof takes the sun away");
    }
}

#[test]
fn what_is_hidden_from_the_camera_throws_its_shadow_all_the_same() {
    let mut before = solid(plate(0.2), Surface { double_sided: true, ..matt(0.6) }, Role::Seat, Vec3::Z);
    before.hidden = true;
    let layers = full(&scene(
        vec![solid(plate(2.0), matt(0.6), Role::Body, Vec3::ZERO), before],
        vec![],
        uniform_light(0.0, Some((Vec3::new(0.0, 0.0, 1.0), 200.0))),
    ));
    let middle = at(&layers, 100, 60);
    assert_eq!(Tag::from_bits(layers.tag[middle]), Some(Tag::vehicle(Role::Body)));
    assert_eq!(f32::from(layers.radiance[middle][0]), 0.0);
}

#[test]
fn truth_says_what_is_where() {
    let layers =
        full(&scene(vec![solid(plate(0.3), matt(0.5), Role::Seat, Vec3::ZERO)], vec![], uniform_light(1.0, None)));
    assert_eq!(layers.exposure_id, 7);
    assert_eq!(Tag::from_bits(layers.tag[at(&layers, 100, 60)]), Some(Tag::vehicle(Role::Seat)));
    assert_eq!(layers.tag[at(&layers, 1, 1)], 0);
    let (x, y) = (120, 70);
    let ray = Vec3::new(x as f32 + 0.5 - 100.0, y as f32 + 0.5 - 60.0, 400.0);
    let expected = 4.0 * ray.length() / 400.0;
    assert!((layers.range_m[at(&layers, x, y)] - expected).abs() < 1e-3);
    assert_eq!(layers.range_m[at(&layers, 1, 1)], 1e30);
    // The plate's edge lies where the pinhole puts it: 0.3 m at 4 m and 400 px are 30 px from the middle.
    assert_eq!(layers.tag[at(&layers, 129, 60)], Tag::vehicle(Role::Seat).to_bits());
    assert_eq!(layers.tag[at(&layers, 130, 60)], 0);
}

/// A lens of a transmittance and a reflectance before a matt plate, under a uniform sky.
fn through_a_lens(transmittance: [f32; 3], reflectance: f32) -> Layers {
    let lens = solid(plate(0.2), Surface::lens(transmittance, reflectance), Role::Eyewear, Vec3::Z);
    full(&scene(
        // Listed before what it covers: the order of drawing is the renderer's.
        vec![lens, solid(plate(0.3), matt(0.5), Role::Face, Vec3::ZERO)],
        vec![],
        uniform_light(20.0, None),
    ))
}

#[test]
fn a_lens_dims_each_band_by_its_transmittance_and_adds_what_it_mirrors() {
    for transmittance in [[0.92, 0.92, 0.92], [0.30, 0.15, 0.08]] {
        let layers = through_a_lens(transmittance, 0.0);
        let middle = layers.radiance[at(&layers, 100, 60)].map(f32::from);
        for band in 0..3 {
            let expected = 10.0 * transmittance[band];
            assert!((middle[band] / expected - 1.0).abs() < 0.02, "{middle:?} for {transmittance:?}");
        }
        assert_eq!(middle[3], 1.0);
        // Beside the lens nothing changes, and before the sky it dims the sky.
        let mirrored = through_a_lens(transmittance, 0.05);
        let more = f32::from(mirrored.radiance[at(&mirrored, 100, 60)][1]) - middle[1];
        assert!((more / (0.05 * 20.0) - 1.0).abs() < 0.1, "{more}");
        let beside = f32::from(layers.radiance[at(&layers, 128, 60)][1]);
        assert!((beside - 10.0).abs() < 0.02, "{beside}");
    }
}

#[test]
fn the_truth_looks_through_a_clear_lens_and_names_a_dark_one() {
    let named = |transmittance| {
        let layers = through_a_lens([transmittance; 3], 0.02);
        let middle = at(&layers, 100, 60);
        (Tag::from_bits(layers.tag[middle]).map(|tag| tag.role), layers.range_m[middle])
    };
    let (role, range_m) = named(0.92);
    assert_eq!(role, Some(Role::Face));
    assert!((range_m - 4.0).abs() < 1e-2, "{range_m}");
    let (role, range_m) = named(0.15);
    assert_eq!(role, Some(Role::Eyewear));
    assert!((range_m - 3.0).abs() < 1e-2, "{range_m}");
}

#[test]
fn two_lenses_multiply_in_whichever_order_they_are_listed() {
    let lens = |z: f32, t| solid(plate(0.2), Surface::lens([t; 3], 0.0), Role::Eyewear, Vec3::Z * z);
    let plate = solid(plate(0.3), matt(0.5), Role::Face, Vec3::ZERO);
    let see = |solids| {
        let layers = full(&scene(solids, vec![], uniform_light(20.0, None)));
        f32::from(layers.radiance[at(&layers, 100, 60)][1])
    };
    let (one, other) =
        (see(vec![lens(1.0, 0.5), lens(0.5, 0.8), plate.clone()]), see(vec![plate, lens(0.5, 0.8), lens(1.0, 0.5)]));
    assert!((one - 4.0).abs() < 0.02 && one == other, "{one} {other}");
}

#[test]
fn the_sun_behind_a_pane_is_dimmed_by_it_band_by_band() {
    let passes = [0.5, 0.7, 0.3];
    let pane = ScenePane {
        mesh: plate(0.5),
        transmittance: Arc::new(passes.map(|share| [share; 64])),
        world_from_mesh: Affine3A::from_translation(Vec3::new(0.0, 1.0, 1.0)),
    };
    let light = uniform_light(0.0, Some((Vec3::new(0.0, 1.0, 1.0), 200.0)));
    let solids = vec![solid(plate(2.0), matt(0.6), Role::Body, Vec3::ZERO)];
    let layers = full(&scene(solids, vec![pane], light));
    for (band, share) in passes.into_iter().enumerate() {
        let through = f32::from(layers.radiance[at(&layers, 100, 60)][band]);
        let open = f32::from(layers.radiance[at(&layers, 190, 60)][band]);
        assert!((through / open - share).abs() < 0.005, "band {band}: {through} of {open}");
    }
}

#[test]
fn a_region_equals_the_same_pixels_of_the_full_sensor_and_twice_is_the_same() {
    let solids = vec![
        solid(plate(0.3), matt(0.5), Role::Body, Vec3::new(0.1, 0.0, 0.0)),
        solid(
            plate(0.2),
            Surface { roughness: 0.2, ..Surface::matt([0.3, 0.5, 0.1]) },
            Role::Seat,
            Vec3::new(-0.4, 0.1, 0.3),
        ),
        solid(plate(0.08), Surface::lens([0.9; 3], 0.02), Role::Eyewear, Vec3::new(-0.15, 0.0, 0.5)),
        solid(plate(0.08), Surface::lens([0.2; 3], 0.05), Role::Eyewear, Vec3::new(0.25, -0.1, 0.6)),
    ];
    let transmittance = Arc::new([[0.7; 64]; 3]);
    let pane = ScenePane { mesh: plate(0.25), transmittance, world_from_mesh: Affine3A::from_translation(Vec3::Z) };
    let scene = scene(solids, vec![pane], uniform_light(20.0, Some((Vec3::new(0.3, 1.0, 1.0), 200.0))));
    let whole = full(&scene);
    assert_eq!(whole, full(&scene));
    for region in [Region { x: 33, y: 17, width: 91, height: 64 }, Region { x: 0, y: 100, width: 200, height: 20 }] {
        let part = renderer().render(&scene, &RenderRequest { exposure_id: 7, camera: camera(), region }).unwrap();
        for y in region.y..region.y + region.height {
            for x in region.x..region.x + region.width {
                let (i, j) = (at(&part, x, y), at(&whole, x, y));
                assert_eq!(part.radiance[i], whole.radiance[j], "radiance at ({x}, {y})");
                assert_eq!(part.tag[i], whole.tag[j], "tag at ({x}, {y})");
                assert_eq!(part.range_m[i], whole.range_m[j], "range at ({x}, {y})");
            }
        }
    }
}

#[test]
fn bad_requests_and_missing_adapters_are_told() {
    let scene = scene(vec![], vec![], uniform_light(1.0, None));
    let region = Region { x: 150, y: 0, width: 60, height: 10 };
    let error = renderer().render(&scene, &RenderRequest { exposure_id: 1, camera: camera(), region }).unwrap_err();
    assert!(error.to_string().contains("does not fit a sensor of 200 x 120"), "{error}");
    let error = Renderer::new(&RendererOptions { adapter: Some("no such adapter".into()) }).err().unwrap();
    assert!(error.to_string().contains("no Vulkan adapter matches \"no such adapter\""), "{error}");
}

/// A cabin without any light of its own.
#[derive(Debug)]
struct Dark;

impl CabinLight for Dark {
    fn irradiance(&self, _: Vec3, _: Vec3) -> [f32; 3] {
        [0.0; 3]
    }

    fn mirrored(&self, _: Vec3, _: Vec3) -> [f32; 3] {
        [0.0; 3]
    }
}

/// Distance on a plate in a cabin, millimetres, over which the shadow of a straight edge goes from a tenth of the sun to nine
/// tenths. The edge is `distance_m` above the plate; the sun comes in at 1 to 2 from the plate's normal, across the edge.
fn edge_width_mm(distance_m: f32, of_lane: bool, soft_shadows: bool) -> f32 {
    let edge_m = Vec3::new(-0.5 * distance_m, 0.0, 0.0);
    let mut blade = solid(plate(1.0), matt(0.5), Role::Body, Vec3::new(1.0, 0.0, distance_m));
    if of_lane {
        blade.tag = Tag::lane(Role::Furniture);
    }
    let on = Solid { cabin: Some(0), ..solid(plate(3.0), matt(0.5), Role::Seat, Vec3::ZERO) };
    let scene = Scene {
        cabins: vec![Cabin { vehicle_from_world: Affine3A::IDENTITY, light: Arc::new(Dark) }],
        fine_shadow_m: Some([edge_m - 0.3, edge_m + 0.3]),
        soft_shadows,
        ..scene(vec![blade, on], vec![], uniform_light(0.0, Some((Vec3::new(1.0, 0.0, 2.0), 100.0))))
    };
    let camera = PinholeCamera::looking_at(Vec3::new(0.0, 0.0, 4.0), edge_m, 20_000.0, 400, 8);
    let region = Region::full(camera.width_px, camera.height_px);
    let layers = renderer().render(&scene, &RenderRequest { exposure_id: 7, camera, region }).unwrap();
    let row: Vec<f32> = (0..400).map(|x| layers.radiance[at_row(x)][1].to_f32()).collect();
    let open = row.iter().copied().fold(0.0, f32::max);
    let crossing = |share: f32| row.iter().position(|l| *l < share * open).unwrap() as f32;
    let place = |x: f32| {
        let along = camera.world_from_camera.transform_vector3(Vec3::new((x - 200.0) / 20_000.0, 0.0, -1.0));
        4.0 * along.x / -along.z
    };
    1000.0 * (place(crossing(0.1)) - place(crossing(0.9)))
}

fn at_row(x: usize) -> usize {
    4 * 400 + x
}

#[test]
fn shadows_in_a_cabin_have_the_half_shadow_of_the_suns_disc_where_it_is_asked_for() {
    // What a straight edge leaves of a disc is 10 % at 0.687 radii from its middle and 90 % on the other side; the disc's
    // radius is 16', and the plate is turned from the rays.
    let expected_mm = |distance_m: f32| 1000.0 * 2.0 * 0.687 * 0.004_652 * distance_m * 1.25;
    for (distance_m, of_lane) in [(0.5, false), (1.0, false), (1.5, false), (2.5, true), (3.5, true)] {
        let (got, want) = (edge_width_mm(distance_m, of_lane, true), expected_mm(distance_m));
        println!("{distance_m} m: {got:.2} mm, {want:.2} by the disc");
        assert!((got / want - 1.0).abs() < 0.08, "{distance_m} m: {got} mm, {want} by the disc");
        let hard = edge_width_mm(distance_m, of_lane, false);
        assert!(hard < 1.0, "{distance_m} m: {hard} mm without");
    }
}

/// Oracle: a white plate 25 m before a head-lamp, as UN R112 measures it, is as bright as its pattern's intensity makes it: the
/// shader's beam is the one that `BeamPattern::share` gives.
#[test]
fn a_white_target_at_25_m_is_lit_as_the_beams_pattern_says() {
    // The screen's middle is 25 m away; to the right for who looks along the beam (−Z) is +X.
    let axis_end = Vec3::ZERO;
    let lamp = LampBeam {
        position_m: Vec3::new(0.0, 0.0, 25.0),
        axis: Vec3::NEG_Z,
        half_angle_rad: 0.7227,
        intensity: [200.0, 400.0, 100.0],
        pattern: Some((BeamPattern::DIPPED, Vec3::X)),
    };
    let mut light = (*uniform_light(0.0, None)).clone();
    light.lamp = Some(lamp);
    let target = solid(plate(6.0), matt(0.8), Role::Body, axis_end);
    let scene = scene(vec![target], Vec::new(), Arc::new(light));
    // From beside the lamp, the screen in the picture: 10 m of it over 1,000 px.
    let camera = PinholeCamera::looking_at(Vec3::new(0.0, 0.0, 20.0), axis_end, 2000.0, 1000, 400);
    let region = Region::full(1000, 400);
    let layers = renderer().render(&scene, &RenderRequest { exposure_id: 7, camera, region }).unwrap();
    let points =
        [(1.15f32, -0.57f32), (-3.43, 0.57), (1.72, -0.86), (0.0, -0.86), (-9.0, -1.72), (9.0, -1.72), (-3.43, -0.86)];
    for (right_deg, up_deg) in points {
        let (right, up) = (right_deg.to_radians(), up_deg.to_radians());
        let place = Vec3::new(right.tan(), up.tan() / right.cos(), 0.0) * 25.0;
        let ([x, y], _) = camera.project(place).unwrap();
        // What the middle of that pixel shows.
        let middle = |at: f32| at.floor() + 0.5;
        let [px, py] = [(middle(x) - 500.0) * 0.01, (200.0 - middle(y)) * 0.01];
        let share = BeamPattern::DIPPED.share(px / 25.0, py / 25.0);
        let squared = 625.0 + px * px + py * py;
        let cosine = 25.0 / squared.sqrt();
        let end = lamp.end_cosine();
        let s = (cosine - end) / (1.0 - end);
        let round = s * s * (3.0 - 2.0 * s);
        let want = 0.8 / std::f32::consts::PI * 400.0 * share * round * cosine / squared;
        let got = layers.radiance[at(&layers, x as u32, y as u32)][1].to_f32();
        assert!((got / want - 1.0).abs() < 5e-3, "{right_deg}° {up_deg}°: {got} and {want}");
    }
}
