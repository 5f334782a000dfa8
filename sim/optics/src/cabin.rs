//! Light inside a vehicle: a grid of irradiance probes, lit through the panes and by what the cabin reflects.
//!
//! Each probe holds an ambient cube (J. Mitchell, G. McTaggart and C. Green, *Shading in Valve's Source Engine*, SIGGRAPH
//! course 2006): irradiance on the six axis directions. Radiosity is iterated over the grid. Everything but the direct
//! sun beam is in the cubes; light that the sun's patches in the cabin throw back is.
use std::f32::consts::PI;

use glam::{Affine3A, Quat, UVec3, Vec3};
use laneproof_scenes::{surface::Part, vehicle::Vehicle};
use rayon::prelude::*;

use crate::{
    daylight::DaylightModel,
    lamp::LampSource,
    outdoors::Outdoors,
    rays::{RayScene, SKIN_M, is_closed_solid},
};

/// Irradiance on +X, −X, +Y, −Y, +Z, −Z, W·m⁻² per band.
pub type AmbientCube = [[f32; 3]; 6];

/// How finely to gather.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CabinOptions {
    /// Distance between probes, metres.
    pub spacing_m: f32,
    /// Rays from each probe, at least 96.
    pub rays: u32,
    /// Reflections inside the cabin that are followed.
    pub bounces: u32,
}

impl Default for CabinOptions {
    fn default() -> Self {
        Self { spacing_m: 0.18, rays: 512, bounces: 3 }
    }
}

/// Irradiance probes in the vehicle's frame.
#[derive(Debug, Clone, PartialEq)]
pub struct CabinLight {
    /// First probe, vehicle frame, metres.
    pub origin_m: Vec3,
    /// Distance between neighbours, metres.
    pub spacing_m: f32,
    /// Probes along X, Y, Z.
    pub dims: [u32; 3],
    /// X fastest, then Y, then Z; see [`AmbientCube`].
    pub cubes: Vec<AmbientCube>,
}

/// What one ray of a probe brings.
#[derive(Clone, Copy)]
struct Gathered {
    /// Radiance that needs no further bounce: sky, ground, emission and sunlit surfaces, through the panes.
    direct: [f32; 3],
    /// Where to ask the grid for the light that falls on the surface met.
    lookup: Vec3,
    normal: Vec3,
    /// Albedo ÷ π × transmittance of the panes; 0 when the ray left the vehicle.
    bounce: [f32; 3],
}

struct Probe {
    /// Turns the common directions into this probe's own, so that what slips between the rays of one is met by its
    /// neighbours'.
    turn: Quat,
    rays: Vec<Gathered>,
    valid: bool,
}

/// Light from outside in the vehicle's frame.
struct Outside<'a> {
    /// Radiance that arrives at a place from a direction, from beyond the panes.
    radiance: &'a (dyn Fn(Vec3, Vec3) -> [f32; 3] + Sync),
    /// Direction towards the light that throws shadows and its normal irradiance, at a place.
    beam: &'a (dyn Fn(Vec3) -> Option<(Vec3, [f32; 3])> + Sync),
    /// Whether something outside hides from a place what lies in a direction.
    hides: &'a (dyn Fn(Vec3, Vec3) -> bool + Sync),
}

impl CabinLight {
    /// Gathers the light in a vehicle that stands in a lane made of these parts (world frame). Without parts there is even
    /// ground all round, and the daylight model's roof.
    pub fn gather(
        vehicle: &Vehicle,
        world_from_vehicle: Affine3A,
        lane: &[Part],
        daylight: &DaylightModel,
        options: &CabinOptions,
    ) -> Self {
        let scene = RayScene::of_vehicle(vehicle);
        let outdoors = Outdoors::new(vehicle, world_from_vehicle, lane, daylight);
        let (place, turned) = (
            |p: Vec3| world_from_vehicle.transform_point3(p),
            |d: Vec3| world_from_vehicle.transform_vector3(d).normalize(),
        );
        let sun = outdoors.sun().map(|(d, e)| (world_from_vehicle.inverse().transform_vector3(d).normalize(), e));
        let outside = Outside {
            radiance: &|from_m, direction| outdoors.radiance(place(from_m), turned(direction)),
            beam: &|_| sun,
            hides: &|from_m, direction| outdoors.hides(place(from_m), turned(direction)),
        };
        let (low, high) = cabin_bounds_m(vehicle);
        Self::gather_in(&scene, low, high, &outside, options)
    }

    /// Gathers what a lamp's light does in a vehicle that stands somewhere, its direct light left out. What the lane reflects
    /// of the lamp into the cabin is left out too (assumption: a beam is meant for the cabin and misses most of the lane).
    pub fn of_lamp(vehicle: &Vehicle, world_from_vehicle: Affine3A, lamp: &LampSource, options: &CabinOptions) -> Self {
        let scene = RayScene::of_vehicle(vehicle);
        let vehicle_from_world = world_from_vehicle.inverse();
        let outside = Outside {
            radiance: &|_, _| [0.0; 3],
            beam: &|place_m| {
                let (towards, _, irradiance) = lamp.seen_from(world_from_vehicle.transform_point3(place_m));
                (irradiance != [0.0; 3]).then(|| (vehicle_from_world.transform_vector3(towards), irradiance))
            },
            hides: &|_, _| false,
        };
        let (low, high) = cabin_bounds_m(vehicle);
        Self::gather_in(&scene, low, high, &outside, options)
    }

    fn gather_in(scene: &RayScene, low: Vec3, high: Vec3, outside: &Outside, options: &CabinOptions) -> Self {
        let spacing_m = options.spacing_m;
        let dims = ((high - low) / spacing_m).ceil().max(Vec3::ONE).as_uvec3() + UVec3::ONE;
        let mut light = Self { origin_m: low, spacing_m, dims: dims.to_array(), cubes: Vec::new() };
        let directions = fibonacci_sphere(options.rays.max(96));

        let probes: Vec<Probe> = (0..dims.element_product())
            .into_par_iter()
            .map(|i| probe(scene, outside, light.place(i), spacing_m, &directions, turn(i)))
            .collect();
        light.cubes = vec![[[0.0; 3]; 6]; probes.len()];
        for pass in 0..=options.bounces {
            let previous = &light;
            let cubes = probes
                .par_iter()
                .map(|probe| {
                    if !probe.valid {
                        return [[0.0; 3]; 6];
                    }
                    project(&directions, probe.turn, |k| {
                        let ray = &probe.rays[k];
                        if pass == 0 || ray.bounce == [0.0; 3] {
                            return ray.direct;
                        }
                        let onto = previous.irradiance(ray.lookup, ray.normal);
                        std::array::from_fn(|band| ray.direct[band] + ray.bounce[band] * onto[band])
                    })
                })
                .collect();
            light.cubes = cubes;
            light.fill_invalid(&probes);
        }
        light
    }

    /// Place of a probe in the vehicle's frame, metres.
    fn place(&self, index: u32) -> Vec3 {
        let [nx, ny, _] = self.dims;
        self.origin_m + UVec3::new(index % nx, index / nx % ny, index / (nx * ny)).as_vec3() * self.spacing_m
    }

    /// Irradiance at a place on a surface with this unit normal, both in the vehicle's frame: trilinear between
    /// probes, the cube's faces weighted by the squared components of the normal. Outside the grid the nearest place
    /// on it answers.
    pub fn irradiance(&self, position_m: Vec3, normal: Vec3) -> [f32; 3] {
        let dims = UVec3::from(self.dims);
        let top = (dims - UVec3::ONE).as_vec3();
        let x = ((position_m - self.origin_m) / self.spacing_m).clamp(Vec3::ZERO, top);
        let cell = x.as_uvec3().min(dims - UVec3::splat(2).min(dims));
        let t = x - cell.as_vec3();
        let squared = normal * normal;
        let faces = [0, 1, 2].map(|axis| 2 * axis + usize::from(normal[axis] < 0.0));
        let mut sum = [0.0; 3];
        for corner in 0..8u32 {
            let offset = UVec3::new(corner & 1, corner >> 1 & 1, corner >> 2);
            let share = (0..3).map(|a| if offset[a] == 1 { t[a] } else { 1.0 - t[a] }).product::<f32>();
            if share == 0.0 {
                continue;
            }
            let p = cell + offset;
            let cube = &self.cubes[((p.z * dims.y + p.y) * dims.x + p.x) as usize];
            for axis in 0..3 {
                for band in 0..3 {
                    sum[band] += share * squared[axis] * cube[faces[axis]][band];
                }
            }
        }
        sum
    }

    /// Probes outside the cabin or inside a solid take the mean of their valid neighbours, ring by ring, so that neither
    /// daylight nor darkness leaks through the skin by interpolation.
    fn fill_invalid(&mut self, probes: &[Probe]) {
        let [nx, ny, nz] = self.dims;
        let mut known: Vec<bool> = probes.iter().map(|p| p.valid).collect();
        if !known.contains(&true) {
            return;
        }
        while known.contains(&false) {
            let (before, cubes) = (known.clone(), self.cubes.clone());
            for index in 0..nx * ny * nz {
                if before[index as usize] {
                    continue;
                }
                let (x, y, z) = (index % nx, index / nx % ny, index / (nx * ny));
                let neighbours = [
                    (x > 0).then(|| index - 1),
                    (x + 1 < nx).then(|| index + 1),
                    (y > 0).then(|| index - nx),
                    (y + 1 < ny).then(|| index + nx),
                    (z > 0).then(|| index - nx * ny),
                    (z + 1 < nz).then(|| index + nx * ny),
                ];
                let near: Vec<usize> =
                    neighbours.into_iter().flatten().map(|i| i as usize).filter(|&i| before[i]).collect();
                if near.is_empty() {
                    continue;
                }
                self.cubes[index as usize] = std::array::from_fn(|face| {
                    std::array::from_fn(|band| {
                        near.iter().map(|&i| cubes[i][face][band]).sum::<f32>() / near.len() as f32
                    })
                });
                known[index as usize] = true;
            }
        }
    }
}

/// Casts a probe's rays.
fn probe(scene: &RayScene, outside: &Outside, place: Vec3, spacing_m: f32, directions: &[Vec3], turn: Quat) -> Probe {
    let (mut open, mut buried) = (0usize, 0usize);
    let rays = directions
        .iter()
        .map(|&direction| {
            let direction = turn * direction;
            let hit = scene.hit(place, direction);
            let (transmittance, crossings) = scene.glass(place, direction, hit.map_or(f32::MAX, |h| h.distance_m));
            let inside = hit.filter(|_| crossings % 2 == 0);
            let Some(hit) = inside else {
                open += usize::from(crossings == 0);
                // The bonnet before the windscreen lies outside too.
                let seen = (outside.radiance)(place, direction);
                let direct = std::array::from_fn(|i| seen[i] * transmittance[i]);
                return Gathered { direct, lookup: place, normal: direction, bounce: [0.0; 3] };
            };
            buried += usize::from(hit.back && is_closed_solid(hit.tag));
            let point = place + direction * hit.distance_m;
            let sun = sunlight(scene, outside, point, hit.normal);
            let bounce: [f32; 3] = std::array::from_fn(|i| hit.albedo[i] / PI * transmittance[i]);
            Gathered {
                direct: std::array::from_fn(|i| hit.emitted_radiance[i] * transmittance[i] + bounce[i] * sun[i]),
                // Half a cell off the wall, where the probes on the wall's far side weigh little.
                lookup: point + hit.normal * (0.5 * spacing_m).min(0.5 * hit.distance_m),
                normal: hit.normal,
                bounce,
            }
        })
        .collect();
    // From within a closed cabin every way out crosses a pane; a third leaves room for open windows.
    let is_outside = scene.has_panes() && 3 * open > directions.len();
    Probe { turn, rays, valid: !is_outside && 4 * buried < directions.len() }
}

/// Irradiance of the direct beam on a surface inside, through the panes on its way.
fn sunlight(scene: &RayScene, outside: &Outside, point: Vec3, normal: Vec3) -> [f32; 3] {
    let start = point + normal * SKIN_M;
    let Some((towards, normal_irradiance)) = (outside.beam)(start) else { return [0.0; 3] };
    let cos = normal.dot(towards);
    if cos <= 0.0 || scene.blocked(start, towards) || (outside.hides)(start, towards) {
        return [0.0; 3];
    }
    let (transmittance, _) = scene.glass(start, towards, f32::MAX);
    std::array::from_fn(|i| normal_irradiance[i] * cos * transmittance[i])
}

/// A rotation for each probe, spread evenly over all rotations: three of K. Shoemake's numbers (*Uniform random rotations*,
/// Graphics Gems III, 1992) from an additive sequence (M. Roberts, 2018: powers of the root of x⁴ = x + 1).
fn turn(index: u32) -> Quat {
    const STEPS: [f64; 3] = [0.819_172_513_396_164, 0.671_043_606_703_789_4, 0.549_700_477_901_970_1];
    let [a, b, c] = STEPS.map(|step| (f64::from(index) * step).fract());
    let ((sin_b, cos_b), (sin_c, cos_c)) =
        ((b * std::f64::consts::TAU).sin_cos(), (c * std::f64::consts::TAU).sin_cos());
    let (near, far) = ((1.0 - a).sqrt(), a.sqrt());
    Quat::from_array([near * sin_b, near * cos_b, far * sin_c, far * cos_c].map(|v| v as f32)).normalize()
}

/// Irradiance on the six axes from radiance along fixed directions, scaled so that equal radiance L gives exactly πL.
fn project(directions: &[Vec3], turn: Quat, radiance: impl Fn(usize) -> [f32; 3]) -> AmbientCube {
    let mut cube = [[0.0; 3]; 6];
    let mut norms = [0.0f32; 6];
    for (k, &direction) in directions.iter().enumerate() {
        let direction = turn * direction;
        let l = radiance(k);
        for axis in 0..3 {
            let face = 2 * axis + usize::from(direction[axis] < 0.0);
            let cos = direction[axis].abs();
            norms[face] += cos;
            for band in 0..3 {
                cube[face][band] += cos * l[band];
            }
        }
    }
    std::array::from_fn(|face| cube[face].map(|e| e * PI / norms[face]))
}

/// Evenly spread fixed directions (R. Swinbank and R. J. Purser, *Fibonacci grids*, Q. J. R. Meteorol. Soc. 132, 2006).
fn fibonacci_sphere(count: u32) -> Vec<Vec3> {
    let golden = std::f64::consts::PI * (3.0 - 5f64.sqrt());
    (0..count)
        .map(|i| {
            let y = 1.0 - 2.0 * (f64::from(i) + 0.5) / f64::from(count);
            let r = (1.0 - y * y).sqrt();
            let (sin, cos) = (golden * f64::from(i)).sin_cos();
            glam::DVec3::new(r * cos, y, r * sin).as_vec3()
        })
        .collect()
}

/// Box round the cabin: the panes and the seats with room for legs. The whole vehicle when it has neither.
fn cabin_bounds_m(vehicle: &Vehicle) -> (Vec3, Vec3) {
    let panes = vehicle.panes.iter().filter_map(|p| p.mesh.bounds_m());
    let seats = vehicle.seats.iter().map(|s| (s.h_point_m - Vec3::new(0.3, 0.35, 0.3), s.h_point_m + 0.3));
    let join = |a: (Vec3, Vec3), b: (Vec3, Vec3)| (a.0.min(b.0), a.1.max(b.1));
    let body = vehicle.parts.iter().filter_map(|p| p.mesh.bounds_m()).reduce(join);
    let cabin = panes.chain(seats).reduce(join).or(body).unwrap_or((Vec3::ZERO, Vec3::ZERO));
    match body {
        Some((low, high)) if cabin != (low, high) => (cabin.0.max(low - 0.01), cabin.1.min(high + 0.01)),
        _ => cabin,
    }
}

#[cfg(test)]
#[path = "cabin_tests.rs"]
mod tests;
