//! Prints how long it takes to gather the light in a box as finely meshed as a car.
use std::{sync::Arc, time::Instant};

use glam::{Quat, Vec3};
use laneproof_optics::{
    cabin::{CabinLight, CabinOptions},
    daylight::DaylightModel,
    sun::SunPosition,
};
use laneproof_scenes::{
    catalogue::Sky,
    mesh::{Mesh, Vertex},
    surface::{Glazing, Pane, Part, Surface},
    truth::{Role, Tag},
    vehicle::Vehicle,
};

/// A ball of `2·rows²` cells between two latitudes (shares of the way from pole to pole), normals outwards.
fn ball(radius: Vec3, centre: Vec3, rows: usize, from: f32, to: f32) -> Mesh {
    let mut mesh = Mesh::default();
    let columns = 2 * rows;
    for i in 0..=rows {
        let polar = (from + (to - from) * i as f32 / rows as f32) * std::f32::consts::PI;
        for j in 0..=columns {
            let azimuth = j as f32 / columns as f32 * std::f32::consts::TAU;
            let n = Vec3::new(polar.sin() * azimuth.sin(), polar.cos(), polar.sin() * azimuth.cos());
            mesh.vertices.push(Vertex::new(centre + radius * n, n, [0.0; 2]));
        }
    }
    let at = |i: usize, j: usize| (i * (columns + 1) + j) as u32;
    for i in 0..rows {
        for j in 0..columns {
            mesh.indices.extend([at(i, j), at(i + 1, j), at(i + 1, j + 1), at(i, j), at(i + 1, j + 1), at(i, j + 1)]);
        }
    }
    mesh
}

fn main() {
    let part = |name: &str, mesh: Mesh, role: Role| Part {
        name: name.into(),
        mesh: Arc::new(mesh),
        surface: Surface::matt([0.2; 3]),
        tag: Tag::vehicle(role),
    };
    let (radius, centre) = (Vec3::new(0.9, 0.7, 1.6), Vec3::new(0.0, 0.9, 0.0));
    let mut parts = vec![
        part("roof", ball(radius, centre, 50, 0.0, 0.3), Role::Body),
        part("tub", ball(radius, centre, 50, 0.5, 1.0), Role::Body),
    ];
    for (x, z) in [(0.4, 0.5), (-0.4, 0.5), (0.4, -0.5), (0.0, -0.5), (-0.4, -0.5)] {
        parts.push(part("seat", ball(Vec3::new(0.2, 0.4, 0.15), Vec3::new(x, 0.7, z), 20, 0.0, 1.0), Role::Seat));
    }
    let glazing = Glazing { transmittance_normal: 0.7, refractive_index: 1.52, thickness_mm: 4.0 };
    let panes = vec![Pane { name: "all round".into(), mesh: Arc::new(ball(radius, centre, 20, 0.3, 0.5)), glazing }];
    let vehicle = Vehicle {
        name: "ball".into(),
        parts,
        wheels: Vec::new(),
        panes,
        seats: Vec::new(),
        length_m: 3.2,
        width_m: 1.8,
        height_m: 1.6,
        front_z_m: 1.6,
        wheelbase_m: 2.5,
        mass_kg: 1000.0,
    };
    let triangles: usize = vehicle.parts.iter().map(|p| p.mesh.triangle_count()).sum();
    let sun = SunPosition { elevation_deg: 40.0, azimuth_deg: 130.0, day_of_year: 100 };
    let daylight = DaylightModel::from_sun(sun, 180.0, Sky::Clear);
    let options = CabinOptions::default();
    for _ in 0..3 {
        let start = Instant::now();
        let light = CabinLight::gather(&vehicle, Quat::IDENTITY, &daylight, &options);
        println!(
            "{triangles} triangles, {:?} probes × {} rays, {} bounces: {:.0} ms",
            light.dims,
            options.rays,
            options.bounces,
            start.elapsed().as_secs_f64() * 1e3
        );
    }
}
