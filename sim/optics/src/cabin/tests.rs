use std::{f32::consts::PI, sync::Arc};

use laneproof_scenes::{
    catalogue::Sky,
    mesh::{Mesh, Vertex},
    surface::{Glazing, Pane, Part, Surface},
    truth::{Role, Tag},
};

use super::*;
use crate::{probe, sun::SunPosition};

/// The faces of a box that are asked for (+X, −X, +Y, −Y, +Z, −Z), subdivided, normals outwards.
fn box_faces(half: Vec3, centre: Vec3, faces: &[usize]) -> Mesh {
    const CELLS: usize = 4;
    let mut mesh = Mesh::default();
    for &face in faces {
        let mut n = Vec3::ZERO;
        n[face / 2] = if face % 2 == 0 { 1.0 } else { -1.0 };
        let (u, v) = (n.yzx(), n.cross(n.yzx()));
        let corner = |a: usize, b: usize| {
            let (s, t) = (2.0 * a as f32 / CELLS as f32 - 1.0, 2.0 * b as f32 / CELLS as f32 - 1.0);
            Vertex::new(centre + (n + u * s + v * t) * half, n, [0.0; 2])
        };
        for a in 0..CELLS {
            for b in 0..CELLS {
                let base = mesh.vertices.len() as u32;
                mesh.vertices.extend([corner(a, b), corner(a + 1, b), corner(a + 1, b + 1), corner(a, b + 1)]);
                mesh.indices.extend([0, 1, 2, 0, 2, 3].map(|i| base + i));
            }
        }
    }
    mesh
}

trait Swizzle {
    fn yzx(self) -> Self;
}

impl Swizzle for Vec3 {
    fn yzx(self) -> Self {
        Vec3::new(self.y, self.z, self.x)
    }
}

fn part(mesh: Mesh, surface: Surface, role: Role) -> Part {
    Part { name: "box".into(), mesh: Arc::new(mesh), surface, tag: Tag::vehicle(role) }
}

/// A box of a cabin, 1.6 × 1.2 × 2.4 m, with glass in the faces named and body elsewhere, and a seat inside.
fn glass_box(albedo: f32, transmittance: f32, glazed: &[usize]) -> Vehicle {
    let (half, centre) = (Vec3::new(0.8, 0.6, 1.2), Vec3::new(0.0, 1.0, 0.0));
    let body: Vec<usize> = (0..6).filter(|f| !glazed.contains(f)).collect();
    let glazing = Glazing { transmittance_normal: transmittance, refractive_index: 1.52, thickness_mm: 4.0 };
    Vehicle {
        name: "box".into(),
        parts: vec![
            part(box_faces(half, centre, &body), Surface::matt([albedo; 3]), Role::Body),
            part(
                box_faces(Vec3::new(0.3, 0.2, 0.3), Vec3::new(0.0, 0.6, 0.0), &[0, 1, 2, 3, 4, 5]),
                Surface::matt([albedo; 3]),
                Role::Seat,
            ),
        ],
        wheels: Vec::new(),
        panes: vec![Pane::bare("glass", Arc::new(box_faces(half, centre, glazed)), glazing)],
        visors: Vec::new(),
        head_lamps: Vec::new(),
        seats: Vec::new(),
        length_m: 2.4,
        width_m: 1.6,
        height_m: 1.6,
        front_z_m: 1.2,
        wheelbase_m: 2.0,
        mass_kg: 1000.0,
    }
}

/// An empty cabin.
fn inside<'a>(vehicle: &'a RayScene, outside: &'a Outside<'a>) -> Around<'a> {
    Around { vehicle, outside, bodies: None }
}

/// Irradiance at each probe on planes that face along the axes.
fn everywhere(light: &CabinLight) -> Vec<[f32; 3]> {
    let axes = [Vec3::X, Vec3::NEG_X, Vec3::Y, Vec3::NEG_Y, Vec3::Z, Vec3::NEG_Z];
    light.probes.iter().flat_map(|probe| axes.map(|axis| probe::irradiance(probe, axis))).collect()
}

fn clear_day() -> DaylightModel {
    DaylightModel::from_sun(SunPosition { elevation_deg: 40.0, azimuth_deg: 120.0, day_of_year: 100 }, 30.0, Sky::Clear)
}

#[test]
fn furnace() {
    // Closed box that emits L everywhere: irradiance πL/(1 − ρ), everywhere and on every face.
    let mut surface = Surface::matt([0.3, 0.5, 0.7]);
    surface.emitted_radiance = [2.0; 3];
    let half = Vec3::new(0.7, 0.5, 1.0);
    let scene = RayScene::new(&[part(box_faces(half, Vec3::ZERO, &[0, 1, 2, 3, 4, 5]), surface, Role::Body)], &[]);
    let options = CabinOptions { bounces: 16, ..CabinOptions::default() };
    let outside = Outside { radiance: &|_, _| [0.0; 3], beams: 0, beam: &|_, _| None, hides: &|_, _| false };
    let light = radiosity(&inside(&scene, &outside), (-half * 0.9, half * 0.9), &options);
    for (band, albedo) in [0.3f32, 0.5, 0.7].into_iter().enumerate() {
        let want = PI * 2.0 / (1.0 - albedo);
        for onto in everywhere(&light) {
            assert!((onto[band] / want - 1.0).abs() < 0.02, "albedo {albedo}: {} not {want}", onto[band]);
        }
    }
}

#[test]
fn open_box_under_a_uniform_sky() {
    // A black box without a lid: +Y at the rim gets πL; at the depth d below the middle of a lid of half widths a, b less.
    let half = Vec3::new(0.5, 0.4, 0.5);
    let black = Surface::matt([0.0; 3]);
    let scene = RayScene::new(&[part(box_faces(half, Vec3::ZERO, &[0, 1, 3, 4, 5]), black, Role::Body)], &[]);
    let sky = |_: Vec3, d: Vec3| if d.y >= 0.0 { [3.0; 3] } else { [0.0; 3] };
    let outside = Outside { radiance: &sky, beams: 0, beam: &|_, _| None, hides: &|_, _| false };
    let options = CabinOptions { spacing_m: 0.1, rays: 1024, bounces: 1 };
    let light =
        radiosity(&inside(&scene, &outside), (Vec3::new(-0.4, -0.35, -0.4), Vec3::new(0.4, 0.45, 0.4)), &options);
    let rim = light.irradiance(Vec3::new(0.0, 0.45, 0.0), Vec3::Y)[1];
    assert!((rim / (PI * 3.0) - 1.0).abs() < 0.01, "{rim}");
    // Form factor of a 1 m square seen from 0.5 m below its middle: four corner factors, each
    // 1/2π · 2 · (X/√(1+X²))·atan(X/√(1+X²)) with X = 1 (Howell's catalogue, B-3): 0.5541.
    let deep = light.irradiance(Vec3::new(0.0, -0.1, 0.0), Vec3::Y)[1];
    assert!((deep / (PI * 3.0) - 0.5541).abs() < 0.02, "{}", deep / (PI * 3.0));
}

#[test]
fn glass_attenuates_what_enters() {
    // A box of nothing but glass under a uniform sky: at most πL·T(0) arrives, and less near the edges, where much of
    // the light meets a pane at a glancing angle.
    let vehicle = glass_box(0.0, 0.5, &[0, 1, 2, 3, 4, 5]);
    let scene = RayScene::new(&[], &[(&vehicle.panes[0].mesh, crate::glass::PaneLut::new(&vehicle.panes[0].glazing))]);
    let outside = Outside { radiance: &|_, _| [1.0; 3], beams: 0, beam: &|_, _| None, hides: &|_, _| false };
    let light = radiosity(
        &inside(&scene, &outside),
        (Vec3::new(-0.7, 0.5, -1.1), Vec3::new(0.7, 1.5, 1.1)),
        &CabinOptions::default(),
    );
    for onto in everywhere(&light) {
        assert!(onto[0] > 0.36 * PI && onto[0] < 0.5 * PI, "{}", onto[0] / PI);
    }
}

#[test]
fn darker_tint_never_brightens() {
    let daylight = clear_day();
    let options = CabinOptions { spacing_m: 0.25, ..CabinOptions::default() };
    let at = |t: f32| {
        CabinScene::in_daylight(&glass_box(0.3, t, &[0, 1, 4]), Affine3A::IDENTITY, &[], &daylight).gather(&options)
    };
    let (clear, tinted, limo) = (at(0.75), at(0.35), at(0.05));
    for (a, b) in [(&clear, &tinted), (&tinted, &limo)] {
        for (x, y) in everywhere(a).iter().flatten().zip(everywhere(b).iter().flatten()) {
            assert!(x >= y, "{x} under clearer, {y} under darker glass");
        }
    }
    let mean = |l: &CabinLight| everywhere(l).iter().map(|onto| onto[1]).sum::<f32>();
    assert!(mean(&limo) < 0.1 * mean(&clear));
}

#[test]
fn turning_vehicle_and_light_together_changes_nothing() {
    let options = CabinOptions { spacing_m: 0.25, ..CabinOptions::default() };
    let vehicle = glass_box(0.4, 0.7, &[0, 4]);
    let sun = |azimuth_deg| SunPosition { elevation_deg: 35.0, azimuth_deg, day_of_year: 100 };
    let quarter = Affine3A::from_rotation_y(std::f32::consts::FRAC_PI_2);
    let a = CabinScene::in_daylight(
        &vehicle,
        Affine3A::IDENTITY,
        &[],
        &DaylightModel::from_sun(sun(100.0), 0.0, Sky::Clear),
    )
    .gather(&options);
    // Turning by +90° about Y brings +Z to +X, the left: the bearing of the vehicle falls by 90°, and so does the sun's.
    let b = CabinScene::in_daylight(&vehicle, quarter, &[], &DaylightModel::from_sun(sun(10.0), 0.0, Sky::Clear))
        .gather(&options);
    for (x, y) in everywhere(&a).iter().flatten().zip(everywhere(&b).iter().flatten()) {
        assert!((x - y).abs() < 2e-2 * x.max(1.0), "{x} {y}");
    }
}

#[test]
fn no_daylight_leaks_through_the_roof_and_threads_do_not_matter() {
    let daylight = clear_day();
    let vehicle = glass_box(0.3, 0.7, &[0, 1]);
    let gather =
        || CabinScene::in_daylight(&vehicle, Affine3A::IDENTITY, &[], &daylight).gather(&CabinOptions::default());
    let light = gather();
    // Just below the roof, looking up, only what the cabin reflects arrives: far less than the sky's irradiance.
    let up = light.irradiance(Vec3::new(0.0, 1.59, 0.0), Vec3::Y)[1];
    assert!(up < 0.2 * daylight.sky_horizontal_irradiance[1], "{up}");
    assert!(up > 0.0);
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert_eq!(one.install(gather), light);
}
