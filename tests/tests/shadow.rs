//! A pole's rendered shadow at four published places and times, two of them in the south: where the sun stands is taken from
//! the publications, not from our own algorithm.
use std::sync::Arc;

use glam::{Affine3A, Vec3};
use laneproof_render::{PinholeCamera, Region, RenderRequest, Renderer, RendererOptions, Scene, Solid};
use laneproof_scenes::{
    catalogue::{Daylight, LaneSpec, Sky},
    mesh::{Mesh, Vertex},
    surface::Surface,
    truth::{Role, Tag},
};
use laneproof_sim::LaneLight;

const POLE_M: f32 = 1.5;
const HALF_WIDTH_M: f32 = 0.04;

struct Published {
    what: &'static str,
    latitude_deg: f64,
    longitude_deg: f64,
    time: &'static str,
    elevation_deg: f32,
    /// From north clockwise.
    azimuth_deg: f32,
}

const PUBLISHED: [Published; 4] = [
    Published {
        what: "Golden, the example of NREL/TP-560-34302",
        latitude_deg: 39.742476,
        longitude_deg: -105.1786,
        time: "2003-10-17T12:30:30-07:00",
        elevation_deg: 39.888,
        azimuth_deg: 194.340,
    },
    Published {
        what: "Auckland's latitude, Meeus' examples 25.a and 28.a",
        latitude_deg: -36.8485,
        longitude_deg: 176.819,
        time: "1992-10-12T23:59:01Z",
        elevation_deg: 60.937,
        azimuth_deg: 0.0,
    },
    Published {
        what: "Sydney at the June solstice's noon",
        latitude_deg: -33.8688,
        longitude_deg: 151.2093,
        time: "2026-06-21T11:57:00+10:00",
        elevation_deg: 32.70,
        azimuth_deg: 0.0,
    },
    Published {
        what: "Berlin at the June solstice's noon",
        latitude_deg: 52.52,
        longitude_deg: 13.405,
        time: "2026-06-21T13:08:00+02:00",
        elevation_deg: 60.92,
        azimuth_deg: 180.0,
    },
];

fn quad(corners: [Vec3; 4], normal: Vec3, mesh: &mut Mesh) {
    let base = mesh.vertices.len() as u32;
    mesh.vertices.extend(corners.map(|corner| Vertex::new(corner, normal, [0.0; 2])));
    mesh.indices.extend([0, 1, 2, 0, 2, 3].map(|i| base + i));
}

fn solid(mesh: Mesh, role: Role) -> Solid {
    Solid {
        mesh: Arc::new(mesh),
        surface: Surface { double_sided: true, specular_f0: 0.0, roughness: 1.0, ..Surface::matt([0.5; 3]) },
        tag: Tag::lane(role),
        world_from_mesh: Affine3A::IDENTITY,
        cabin: None,
        hidden: false,
    }
}

fn ground_and_pole() -> Vec<Solid> {
    let mut ground = Mesh::default();
    let far = 8.0;
    quad([(-far, -far), (-far, far), (far, far), (far, -far)].map(|(x, z)| Vec3::new(x, 0.0, z)), Vec3::Y, &mut ground);
    let mut pole = Mesh::default();
    let (w, up) = (HALF_WIDTH_M, Vec3::Y * POLE_M);
    let corners = [(-w, -w), (w, -w), (w, w), (-w, w)].map(|(x, z)| Vec3::new(x, 0.0, z));
    for k in 0..4 {
        let (a, b) = (corners[k], corners[(k + 1) % 4]);
        quad([a, a + up, b + up, b], (a + b).normalize(), &mut pole);
    }
    quad(corners.map(|corner| corner + up), Vec3::Y, &mut pole);
    vec![solid(ground, Role::Ground), solid(pole, Role::Furniture)]
}

#[test]
fn a_poles_shadow_has_the_published_length_and_bearing() {
    let mut renderer = Renderer::new(&RendererOptions::default()).expect("a renderer");
    // From high above, nearly straight down.
    let camera = PinholeCamera::looking_at(Vec3::new(0.0, 30.0, 0.5), Vec3::ZERO, 4500.0, 1400, 1400);
    let region = Region::full(camera.width_px, camera.height_px);
    for published in PUBLISHED {
        for bearing_deg in [0.0_f32, 70.0] {
            let lane = LaneSpec {
                title: "test".into(),
                bearing_deg,
                width_m: 3.6,
                kerb_height_m: 0.15,
                booth: false,
                canopy: None,
                lamps: Vec::new(),
                lamps_below_sun_deg: None,
                road_reflectance: 0.1,
                source: "test".into(),
            };
            let Published { what, latitude_deg, longitude_deg, time, elevation_deg, azimuth_deg } = published;
            let daylight =
                Daylight { latitude_deg, longitude_deg, time: time.to_owned(), sky: Sky::Clear, weather: None };
            let light = LaneLight::new(&daylight, &lane).expect("daylight").light;
            let scene = Scene {
                solids: ground_and_pole(),
                panes: Vec::new(),
                light,
                cabins: Vec::new(),
                shadow_centre_m: Vec3::ZERO,
                shadow_half_extent_m: 5.0,
                fine_shadow_m: None,
                soft_shadows: false,
            };
            let layers = renderer.render(&scene, &RenderRequest { exposure_id: 0, camera, region }).expect("a picture");
            let brightness = |place: Vec3| {
                let ([x, y], _) = camera.project(place).expect("before the camera");
                layers.radiance[y as usize * 1400 + x as usize][1].to_f32()
            };
            // Shadows point away from the sun; +Z is the lane's bearing, and clockwise from it, seen from above, lies −X.
            let from_travel = (azimuth_deg + 180.0 - bearing_deg).to_radians();
            let towards =
                |turn_rad: f32| Vec3::new(-(from_travel + turn_rad).sin(), 0.0, (from_travel + turn_rad).cos());
            let lit = brightness(towards(std::f32::consts::PI) * 2.0);
            let dark = |place: Vec3| brightness(place) < 0.6 * lit;
            let length_m = POLE_M / elevation_deg.to_radians().tan();
            let steps = || (1..2000).map(|k| k as f32 * 0.002);
            let end_m = steps().skip(100).take_while(|r| dark(towards(0.0) * *r)).last().expect("some shadow");
            // The pole's top is a square, through which the shadow's axis runs on to its far side.
            let across = HALF_WIDTH_M / from_travel.sin().abs().max(from_travel.cos().abs());
            let off = end_m / (length_m + across) - 1.0;
            assert!(off.abs() < 0.015, "{what}, lane at {bearing_deg}°: {end_m} m, {off} off {length_m} m");
            // The middle of the dark arc across the shadow.
            let radius_m = 0.8 * length_m;
            let turns = (-400..=400).map(|k| k as f32 * 0.0005);
            let arc: Vec<f32> = turns.filter(|turn| dark(towards(*turn) * radius_m)).collect();
            let middle = (arc[0] + arc[arc.len() - 1]) / 2.0;
            assert!(middle.to_degrees().abs() < 1.0, "{what}, lane at {bearing_deg}°: {}° off", middle.to_degrees());
        }
    }
}
