use std::sync::Arc;

use glam::{Affine3A, DVec3, Quat, Vec3};
use laneproof_scenes::{
    catalogue::Sky,
    mesh::{Mesh, Vertex},
    surface::{Glazing, Part, Surface},
    truth::{Role, Tag},
};

use super::*;
use crate::{
    band::Band,
    chance::Chance,
    daylight::DaylightModel,
    pane::PaneOnRay,
    pane_optics::{Body, Coating, Dirt, Film, PaneOptics},
    polariser::LinearPolariser,
    sky_polarisation::{CLEAR_TURBIDITY, SkyPolarisation},
    stokes::{Frame, Stokes},
    sun::SunPosition,
    through_glass::look::{Eye, SKY_BIT},
};

const RGB: [Band; 3] = [Band::Red, Band::Green, Band::Blue];

fn daylight(sky: Sky) -> DaylightModel {
    DaylightModel::from_sun(SunPosition { elevation_deg: 35.0, azimuth_deg: 130.0, day_of_year: 93 }, 180.0, sky)
}

fn surround(parts: &[Part], sky: Sky) -> Surround {
    let model = daylight(sky);
    let sh = model.irradiance_sh9();
    Surround::new(parts, model, sky, sh, sh, None, Vec::new())
}

/// A square pane of this half side in the plane z = 0, its outer face towards +Z, in `cuts`² quads.
fn sheet(half_m: f32, cuts: u32) -> Mesh {
    let mut mesh = Mesh::default();
    for j in 0..=cuts {
        for i in 0..=cuts {
            let at = |k: u32| (2.0 * k as f32 / cuts as f32 - 1.0) * half_m;
            mesh.vertices.push(Vertex::new(Vec3::new(at(i), at(j), 0.0), Vec3::Z, [0.0; 2]));
        }
    }
    for j in 0..cuts {
        for i in 0..cuts {
            let a = j * (cuts + 1) + i;
            mesh.indices.extend([a, a + 1, a + cuts + 2, a, a + cuts + 2, a + cuts + 1]);
        }
    }
    mesh
}

fn optics(transmittance_normal: f32) -> PaneOptics {
    let glazing = Glazing { transmittance_normal, refractive_index: 1.52, thickness_mm: 5.0 };
    PaneOptics::of_glazing(&glazing, Body::Iron)
}

fn camera(filter: Option<LensFilter>) -> ChiefRays {
    ChiefRays {
        // At z = 4 m, looking along −Z.
        world_from_camera: Affine3A::from_translation(Vec3::new(0.0, 1.0, 4.0)),
        focal_length_px: FOCAL_LENGTH_PX,
        principal_point_px: [160.0, 120.0],
        filter,
    }
}

/// As on a lane: a metre at 3 m is 1,600 px.
const FOCAL_LENGTH_PX: f32 = 4800.0;
const REGION: Rect = Rect { x: 0, y: 0, width: 320, height: 240 };
const NO_CABIN: &(dyn Fn(Vec3, Vec3) -> [f32; 3] + Sync) = &|_, _| [0.0; 3];

#[test]
fn a_look_is_the_product_of_mueller_matrices() {
    let mut chance = Chance::new(4);
    let outside = surround(&[], Sky::Clear);
    let model = daylight(Sky::Clear);
    let polarisation = SkyPolarisation::clear(CLEAR_TURBIDITY);
    let sun = model.sun_direction.as_dvec3();
    let kinds = [
        optics(0.75),
        optics(0.2).with_film(Film::dyed(0.5)),
        optics(0.72).with_coating(Coating::SilverSolarControl),
        optics(0.78).with_dirt(Dirt { reflectance: 0.0, ..Dirt::road_dust(0.3) }),
    ];
    let mesh = sheet(3.0, 3);
    let mut largest = 0.0_f64;
    for _ in 0..60 {
        let mut any = || chance.between(-1.0, 1.0) as f32;
        let filter = LensFilter { angle_rad: 2.0 * any(), along: 0.9, across: 0.9 / (1.5 + any().abs() * 100.0) };
        let rays = camera(Some(filter));
        // Two panes one behind the other, turned so that both face the camera and the sky.
        let turn = |x: f32, y: f32| Quat::from_rotation_y(y) * Quat::from_rotation_x(-0.6 + 0.5 * x);
        let places = [(2.0, turn(any(), any())), (0.5, turn(any(), any()))]
            .map(|(z, q)| Affine3A::from_rotation_translation(q, Vec3::new(0.0, 1.0, z)));
        let pick = |v: f32| &kinds[((v.abs() * 4.0) as usize).min(3)];
        let here = [pick(any()), pick(any())];
        let responses = here.map(|optics| PaneResponse::new(optics, RGB));
        let panes: Vec<PlacedPane<'_>> =
            (0..2).map(|k| PlacedPane::new(&rays, &mesh, places[k], &responses[k])).collect();
        let mirrored = Mirrored { outside: Some(&outside), lamps: &[], cabin: NO_CABIN };
        let eye = Eye { rays: &rays, panes: &panes, mirrored: &mirrored };
        let (x, y) = (160.0 + 1200.0 * any().abs(), 120.0 + 900.0 * any().abs());
        let got = eye.look(x, y, 0b11);

        let ray = rays.ray(x, y);
        let frame = Frame::new(ray.direction.as_dvec3(), ray.axis.as_dvec3()).unwrap();
        let (sin, cos) = filter.angle_rad.sin_cos();
        let filter = LinearPolariser { along: filter.along.into(), across: filter.across.into() }
            .on_ray(&frame, DVec3::new((-sin).into(), cos.into(), 0.0));
        for (channel, band) in RGB.into_iter().enumerate() {
            let on_ray = |k: usize| here[k].on_ray(band, &frame, places[k].transform_vector3(Vec3::Z).as_dvec3());
            let [near, far] = [on_ray(0), on_ray(1)];
            let sky = |pane: &PaneOnRay| {
                let direction = pane.mirrored.direction();
                let radiance = outside.seen(Vec3::ZERO, direction.as_vec3()).radiance[channel];
                polarisation.stokes(radiance.into(), &pane.mirrored, sun)
            };
            let through = (filter * near.transmission * far.transmission * Stokes::unpolarised(1.0)).i;
            let veil = (filter * near.seen(far.reflection * sky(&far), sky(&near))).i;
            let error = |got: f32, want: f64| (f64::from(got) - want).abs() / want.abs().max(1e-3);
            largest = largest.max(error(got.transmittance[channel], through)).max(error(got.veil[channel], veil));
        }
    }
    assert!(largest < 0.004, "{largest}");
}

#[test]
fn without_panes_nothing_happens() {
    let (rays, outside) = (camera(None), surround(&[], Sky::Clear));
    let mirrored = Mirrored { outside: Some(&outside), lamps: &[], cabin: NO_CABIN };
    let layer = compose(&rays, &[], &mirrored, REGION, &vec![1e30; 320 * 240]);
    assert!(layer.transmittance.iter().all(|t| *t == [1.0; 3]) && layer.veil.iter().all(|v| *v == [0.0; 3]));
}

/// A pane bent like a windscreen before the camera, with a pole that it mirrors.
fn bent_pane() -> Mesh {
    let mut mesh = sheet(0.06, 12);
    for vertex in &mut mesh.vertices {
        let [x, y, _] = vertex.position_m;
        // Radii of 2 m across and 6 m upwards.
        vertex.position_m[2] = -(x * x) / 4.0 - y * y / 12.0;
    }
    mesh.recompute_normals();
    mesh
}

/// A post of 15 × 15 cm, from the ground to 8 m.
fn pole() -> Part {
    let corner =
        |k: u32| Vec3::new(if k == 1 || k == 2 { 0.075 } else { -0.075 }, 0.0, if k >= 2 { 6.075 } else { 5.925 });
    let mut mesh = Mesh::default();
    for k in 0..4 {
        let (a, b) = (corner(k), corner((k + 1) % 4));
        let base = mesh.vertices.len() as u32;
        for place in [a, a + Vec3::Y * 8.0, b + Vec3::Y * 8.0, b] {
            mesh.vertices.push(Vertex::new(place, Vec3::Y, [0.0; 2]));
        }
        mesh.indices.extend([0, 1, 2, 0, 2, 3].map(|i| base + i));
    }
    Part {
        name: "pole".into(),
        mesh: Arc::new(mesh),
        surface: Surface::matt([0.8, 0.1, 0.1]),
        tag: Tag::lane(Role::Furniture),
    }
}

fn raked() -> Affine3A {
    Affine3A::from_rotation_translation(Quat::from_rotation_x(-0.4), Vec3::new(0.0, 1.0, 1.0))
}

#[test]
fn cells_give_what_every_pixel_by_itself_gives() {
    let (rays, outside) = (camera(None), surround(&[pole()], Sky::Clear));
    let (mesh, response) = (bent_pane(), PaneResponse::new(&optics(0.75), RGB));
    let panes = [PlacedPane::new(&rays, &mesh, raked(), &response)];
    let mirrored = Mirrored { outside: Some(&outside), lamps: &[], cabin: NO_CABIN };
    // Half the pane is hidden by something nearer.
    let range_m: Vec<f32> = (0..320 * 240).map(|i| if i % 320 > 200 { 0.5 } else { 50.0 }).collect();
    let layer = compose(&rays, &panes, &mirrored, REGION, &range_m);
    let eye = Eye { rays: &rays, panes: &panes, mirrored: &mirrored };
    let (mut covered, mut off, mut sum) = (0, 0, [0.0_f64; 2]);
    for y in 0..240u32 {
        for x in 0..320u32 {
            let i = (y * 320 + x) as usize;
            if layer.veil[i] == [0.0; 3] {
                continue;
            }
            assert!(x <= 200, "something mirrors before what is nearer");
            covered += 1;
            let alone = eye.look(x as f32 + 0.5, y as f32 + 0.5, 1);
            assert!((layer.transmittance[i][1] - alone.transmittance[1]).abs() < 0.002);
            sum[0] += f64::from(layer.veil[i][1]);
            sum[1] += f64::from(alone.veil[1]);
            off += u32::from((layer.veil[i][1] / alone.veil[1] - 1.0).abs() > 0.01);
        }
    }
    assert!(covered > 10_000, "{covered}");
    // Only pixels at the mirrored pole's edges, where a square of two pixels takes one side, may differ.
    assert!(f64::from(off) < 0.02 * f64::from(covered), "{off} of {covered}");
    assert!((sum[0] / sum[1] - 1.0).abs() < 0.003, "{sum:?}");
}

#[test]
fn regions_and_whole_agree_to_the_bit() {
    let (rays, outside) = (camera(None), surround(&[pole()], Sky::Clear));
    let (mesh, response) = (bent_pane(), PaneResponse::new(&optics(0.75), RGB));
    let panes = [PlacedPane::new(&rays, &mesh, raked(), &response)];
    let mirrored = Mirrored { outside: Some(&outside), lamps: &[], cabin: NO_CABIN };
    let range_m = vec![50.0; 320 * 240];
    let whole = compose(&rays, &panes, &mirrored, REGION, &range_m);
    let rows: Vec<u32> =
        (0..240).filter(|y| (0..320).any(|x| whole.veil[(y * 320 + x) as usize] != [0.0; 3])).collect();
    let (top, bottom) = (rows[0], rows[rows.len() - 1]);
    let region = Rect { x: 13, y: top - 3, width: 320 - 29, height: bottom - top + 6 };
    let part = compose(&rays, &panes, &mirrored, region, &vec![50.0; (region.width * region.height) as usize]);
    for y in 0..region.height {
        for x in 0..region.width {
            let (i, j) = ((y * region.width + x) as usize, ((y + region.y) * 320 + x + region.x) as usize);
            assert_eq!((part.veil[i], part.transmittance[i]), (whole.veil[j], whole.transmittance[j]), "({x}, {y})");
        }
    }
}

#[test]
fn a_mirror_shows_things_where_the_law_of_reflection_puts_them() {
    let (rays, outside) = (camera(None), surround(&[pole()], Sky::Overcast));
    let bare = surround(&[], Sky::Overcast);
    let (mesh, response) = (sheet(0.06, 1), PaneResponse::new(&optics(0.75), RGB));
    let panes = [PlacedPane::new(&rays, &mesh, raked(), &response)];
    let range_m = vec![50.0; 320 * 240];
    let with =
        compose(&rays, &panes, &Mirrored { outside: Some(&outside), lamps: &[], cabin: NO_CABIN }, REGION, &range_m);
    let without =
        compose(&rays, &panes, &Mirrored { outside: Some(&bare), lamps: &[], cabin: NO_CABIN }, REGION, &range_m);
    // The pole's mirror image through the pane's plane, seen from the pupil.
    let (on, normal) = (Vec3::from(raked().translation), raked().transform_vector3(Vec3::Z));
    let image = |p: Vec3| p - normal * (2.0 * (p - on).dot(normal));
    let column = |x: f32| {
        let p = rays.world_from_camera.inverse().transform_point3(image(Vec3::new(x, 6.0, 5.925)));
        160.0 - p.x / p.z * FOCAL_LENGTH_PX
    };
    let row = {
        let p = rays.world_from_camera.inverse().transform_point3(image(Vec3::new(0.0, 6.0, 5.925)));
        120.0 + p.y / p.z * FOCAL_LENGTH_PX
    };
    let (mut low, mut high) = [column(-0.075), column(0.075)].into();
    if low > high {
        std::mem::swap(&mut low, &mut high);
    }
    let differs: Vec<u32> = (0..320)
        .filter(|x| {
            let i = (row as u32 * 320 + x) as usize;
            (with.veil[i][1] - without.veil[i][1]).abs() > 0.01 * without.veil[i][1]
        })
        .collect();
    let (first, last) = (differs[0] as f32, differs[differs.len() - 1] as f32 + 1.0);
    assert!((first - low).abs() <= 2.0 && (last - high).abs() <= 2.0, "{first}..{last}, expected {low}..{high}");
}

#[test]
fn the_suns_image_holds_its_light() {
    // A level pane, and the camera where it mirrors the sun.
    let model = daylight(Sky::Clear);
    let outside = surround(&[], Sky::Clear);
    let sun = model.sun_direction;
    let mirror = Vec3::new(-sun.x, sun.y, -sun.z);
    let eye_m = mirror * 3.0;
    let view = Affine3A::look_at_rh(eye_m, Vec3::ZERO, Vec3::Y).inverse();
    let focal_length_px = 1500.0;
    let rays = ChiefRays { world_from_camera: view, focal_length_px, principal_point_px: [64.0, 64.0], filter: None };
    let (mesh, response) = (sheet(0.3, 4), PaneResponse::new(&optics(0.75), RGB));
    let flat = Affine3A::from_rotation_x(-std::f32::consts::FRAC_PI_2);
    let panes = [PlacedPane::new(&rays, &mesh, flat, &response)];
    let mirrored = Mirrored { outside: Some(&outside), lamps: &[], cabin: NO_CABIN };
    let region = Rect { x: 0, y: 0, width: 128, height: 128 };
    let layer = compose(&rays, &panes, &mirrored, region, &vec![50.0; 128 * 128]);
    let sky = outside.sky(sun).radiance[1];
    let reflectance = response.at(sun.y).mirrored[1][0];
    let excess: f32 = layer.veil.iter().map(|v| (v[1] - reflectance * sky).max(0.0)).sum();
    // Summed over pixels of 1/f² steradians it is the mirrored irradiance.
    let got = excess / (focal_length_px * focal_length_px);
    let want = reflectance * model.sun_normal_irradiance[1];
    // A disc of 14 pixels across is made of whole pixels.
    assert!((got / want - 1.0).abs() < 0.03, "{got} of {want}");
}

#[test]
fn crossed_filters_and_brewster() {
    let outside = surround(&[], Sky::Overcast);
    let (mesh, response) = (sheet(3.0, 1), PaneResponse::new(&optics(0.75), RGB));
    // Brewster's angle in a vertical plane of incidence: what is mirrored is polarised along the sensor's horizontal.
    let place = Affine3A::from_rotation_translation(Quat::from_rotation_x(-1.52_f32.atan()), Vec3::new(0.0, 1.0, 1.0));
    let mirrored = Mirrored { outside: Some(&outside), lamps: &[], cabin: NO_CABIN };
    let veil = |filter| {
        let rays = camera(filter);
        let panes = [PlacedPane::new(&rays, &mesh, place, &response)];
        let eye = Eye { rays: &rays, panes: &panes, mirrored: &mirrored };
        eye.look(160.0, 120.0, 1)
    };
    let at = |angle_rad: f32| veil(Some(LensFilter { angle_rad, along: 1.0, across: 0.0 }));
    let (open, along, across) = (veil(None), at(0.0), at(std::f32::consts::FRAC_PI_2));
    assert!((along.veil[1] / open.veil[1] - 1.0).abs() < 1e-3, "all of the mirror image passes along s");
    assert!(across.veil[1] < 1e-3 * open.veil[1], "none of it passes along p");
    assert!(across.transmittance[1] > along.transmittance[1]);
    // A filter never raises the veil, whatever its angle.
    for step in 0..36 {
        assert!(at(step as f32 * 0.0873).veil[1] <= open.veil[1] * (1.0 + 1e-5));
    }
}

#[test]
fn a_filter_before_the_open_sky_follows_the_law_of_malus() {
    let outside = surround(&[], Sky::Clear);
    let mirrored = Mirrored { outside: Some(&outside), lamps: &[], cabin: NO_CABIN };
    let pass = |angle_rad| {
        let rays = camera(Some(LensFilter { angle_rad, along: 1.0, across: 0.0 }));
        let eye = Eye { rays: &rays, panes: &[], mirrored: &mirrored };
        eye.look(500.0, -400.0, SKY_BIT).transmittance[1]
    };
    let all: Vec<f32> = (0..180).map(|k| pass((k as f32).to_radians())).collect();
    let (low, high) = all.iter().fold((f32::MAX, 0.0_f32), |(l, h), &v| (l.min(v), h.max(v)));
    let degree = outside.sky(camera(None).ray(500.0, -400.0).direction).degree;
    assert!(((high - low) / (high + low) - degree).abs() < 1e-3);
    assert!((all.iter().sum::<f32>() / 180.0 - 0.5).abs() < 1e-3);
}

#[test]
fn a_lamps_image_holds_its_light() {
    use crate::lamp::LampSource;
    let lamp = LampSource {
        position_m: Vec3::new(0.0, 1.5, -2.0),
        axis: Vec3::new(0.0, -1.0, 0.2).normalize(),
        half_angle_rad: 1.0,
        intensity: [7.0, 20.0, 3.0],
        radius_m: 0.05,
        pattern: None,
    };
    // A level pane, and the camera where it mirrors the lamp.
    let view = Affine3A::look_at_rh(Vec3::new(0.0, 1.5, 2.0), Vec3::ZERO, Vec3::Y).inverse();
    let focal_length_px = 1500.0;
    let rays = ChiefRays { world_from_camera: view, focal_length_px, principal_point_px: [64.0, 64.0], filter: None };
    let (mesh, response) = (sheet(0.3, 4), PaneResponse::new(&optics(0.75), RGB));
    let flat = Affine3A::from_rotation_x(-std::f32::consts::FRAC_PI_2);
    let panes = [PlacedPane::new(&rays, &mesh, flat, &response)];
    let mirrored = Mirrored { outside: None, lamps: &[lamp], cabin: NO_CABIN };
    let region = Rect { x: 0, y: 0, width: 128, height: 128 };
    let layer = compose(&rays, &panes, &mirrored, region, &vec![50.0; 128 * 128]);
    let got: f32 = layer.veil.iter().map(|v| v[1]).sum::<f32>() / (focal_length_px * focal_length_px);
    // Both ways are 2.5 m: the image lies at 5 m, and the pane at an incidence whose cosine is 0.6.
    let want = response.at(0.6).mirrored[1][0] * 20.0 * lamp.share(Vec3::new(0.0, -0.6, 0.8)) / 25.0;
    assert!((got / want - 1.0).abs() < 0.03, "{got} of {want}");
}

#[test]
fn large_surfaces_near_the_station_are_cut_up_and_keep_their_area() {
    let area = |part: &Part| part.mesh.triangles().map(|[a, b, c]| (b - a).cross(c - a).length() / 2.0).sum::<f32>();
    let cut = surround::cut_up(&pole());
    assert!((area(&cut) / area(&pole()) - 1.0).abs() < 1e-4);
    assert!(cut.mesh.triangles().all(|[a, b, c]| a.distance(b).max(b.distance(c)).max(c.distance(a)) <= 1.6));
    let mut far = pole();
    far.mesh = Arc::new(far.mesh.transformed(Affine3A::from_translation(Vec3::new(60.0, 0.0, 0.0))));
    assert_eq!(surround::cut_up(&far).mesh.triangle_count(), far.mesh.triangle_count());
}

#[test]
fn the_underside_of_a_roof_is_lit_by_the_ground_below_it() {
    // A roof of 12 m by 12 m, 5 m over wide ground of reflectance 0.3 under an even sky: its middle sees shaded ground, its
    // edge ground in the open.
    let square = |half_m: f32, y: f32, up: bool| {
        let corner = |x: f32, z: f32| Vertex::new(Vec3::new(x * half_m, y, z * half_m), Vec3::Y, [0.0; 2]);
        let indices = if up { vec![0, 1, 2, 0, 2, 3] } else { vec![0, 2, 1, 0, 3, 2] };
        Mesh { vertices: vec![corner(-1.0, -1.0), corner(-1.0, 1.0), corner(1.0, 1.0), corner(1.0, -1.0)], indices }
    };
    let part = |mesh, reflectance: f32, role| Part {
        name: "plate".into(),
        mesh: Arc::new(mesh),
        surface: Surface { specular_f0: 0.0, roughness: 1.0, ..Surface::matt([reflectance; 3]) },
        tag: Tag::lane(role),
    };
    let model = daylight(Sky::Overcast);
    let roof = [-6.0, -6.0, 6.0, 6.0];
    let open = model.irradiance_sh9();
    let parts = [part(square(6.0, 5.0, false), 0.5, Role::Furniture), part(square(60.0, 0.0, true), 0.3, Role::Ground)];
    // The general skylight below the roof stands in for what is not gathered yet.
    let sheltered = open.map(|c| c.map(|v| v / 4.0));
    let lane = Surround::new(&parts, model.clone(), Sky::Overcast, open, sheltered, Some(roof), Vec::new());
    let under = |x: f32| lane.seen(Vec3::new(x, 1.0, 0.0), Vec3::Y).radiance[1];
    let ground = 0.3 * model.sky_horizontal_irradiance[1];
    let (middle, edge) = (under(0.0), under(5.5));
    assert!(edge > 1.1 * middle, "{edge} and {middle}");
    // Both lie between ground with a quarter of the sky's light and ground with all of it.
    let bounds = [0.25 * ground * 0.5 / std::f32::consts::PI, ground * 0.5 / std::f32::consts::PI];
    assert!(middle > bounds[0] && edge < bounds[1], "{bounds:?}: {middle}, {edge}");
}
