//! Light inside a vehicle: grids of irradiance probes, lit through the panes and by what the cabin reflects.
//!
//! Radiosity is iterated over a grid in the empty cabin; small grids round the heads of those who sit there add what their
//! bodies hide and reflect. Everything but the direct beam of sun or lamp is in the probes (see [`probe`](crate::probe));
//! light that the beam's patches in the cabin throw back is.
mod gather;
mod grid;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use glam::{Affine3A, Vec3};
use laneproof_scenes::{surface::Part, truth::Tag, vehicle::Vehicle};
use rayon::prelude::*;

use self::gather::{Around, Bodies, Gatherer, Outside, fibonacci_sphere, turn};
pub use self::grid::CabinLight;
use crate::{
    daylight::DaylightModel, entrance::Admission, lamp::LampSource, outdoors::Outdoors, probe, rays::RayScene,
};

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

/// Where the light comes from.
#[derive(Clone)]
enum Source {
    /// Sun and sky over a lane.
    Daylight(Arc<Outdoors>),
    /// Lamps and nothing else.
    Lamps(Arc<[LampSource]>),
}

/// A vehicle in a light, ready to be asked what arrives inside.
pub struct CabinScene {
    vehicle: Arc<RayScene>,
    world_from_vehicle: Affine3A,
    bounds_m: (Vec3, Vec3),
    source: Source,
}

/// Light round a head.
#[derive(Debug, Clone, PartialEq)]
pub struct HeadLight {
    /// Irradiance on a small grid.
    pub light: CabinLight,
    /// What coats mirror, by direction in the vehicle's frame; see [`probe::mirrored`].
    pub mirrored: Vec<[f32; 3]>,
}

/// From between the eyes to the middle of the grid round a head, towards the vehicle's rear, metres: the grid reaches from the
/// nose to behind the ears.
const EYES_TO_MIDDLE_M: f32 = 0.04;
/// Rays for what a head mirrors: some fifty in a coat's lobe.
const MIRROR_RAYS: u32 = 4096;
/// Of these, how many one thread casts at a time.
const MIRROR_PIECE: usize = 256;

impl std::fmt::Debug for CabinScene {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CabinScene").field("bounds_m", &self.bounds_m).finish_non_exhaustive()
    }
}

/// Distance between the 27 probes in and round a head, metres: light changes twofold from chin to brow where the upper edge
/// of a windscreen hides the sky.
const HEAD_SPACING_M: f32 = 0.1;
/// Rays from each of them, as a share of those from a probe of the empty cabin: there are many in a small space.
const HEAD_RAYS: u32 = 2;

impl CabinScene {
    /// A vehicle that stands in a lane made of these parts (world frame). Without parts there is even ground all round, and the
    /// daylight model's roof.
    pub fn in_daylight(
        vehicle: &Vehicle,
        world_from_vehicle: Affine3A,
        lane: &[Part],
        daylight: &DaylightModel,
    ) -> Self {
        let outdoors = Outdoors::new(vehicle, world_from_vehicle, lane, daylight);
        Self {
            vehicle: Arc::new(RayScene::of_vehicle(vehicle)),
            world_from_vehicle,
            bounds_m: cabin_bounds_m(vehicle),
            source: Source::Daylight(Arc::new(outdoors)),
        }
    }

    /// The same vehicle, standing somewhere, in the light of these lamps together. What the lane reflects of them into the cabin
    /// is left out (assumption: a beam is meant for the cabin and misses most of the lane).
    pub fn in_lamp_light(&self, world_from_vehicle: Affine3A, lamps: &[LampSource]) -> Self {
        let source = Source::Lamps(lamps.into());
        Self { vehicle: self.vehicle.clone(), world_from_vehicle, bounds_m: self.bounds_m, source }
    }

    /// The same vehicle in the light that its panes admit, each its own part, in the vehicle's order of panes.
    pub fn admitting(&self, admissions: &[Admission], refractive_index: f64) -> Self {
        let vehicle = Arc::new(self.vehicle.admitting(admissions, refractive_index));
        Self { vehicle, source: self.source.clone(), ..*self }
    }

    /// Gathers the light in the empty cabin.
    pub fn gather(&self, options: &CabinOptions) -> CabinLight {
        self.with_outside(|outside| {
            let around = Around { vehicle: &self.vehicle, outside, bodies: None };
            radiosity(&around, self.bounds_m, options)
        })
    }

    /// Gathers the light round a head, with the people in the cabin (vehicle frame): their bodies hide light and throw back
    /// some. Rays pass through what is `own`, the head itself. `empty` is the light in the empty cabin, which falls on what
    /// the rays meet.
    pub fn round_head(
        &self,
        empty: &CabinLight,
        people: &RayScene,
        own: &(dyn Fn(Tag) -> bool + Sync),
        eyes_m: Vec3,
        options: &CabinOptions,
    ) -> HeadLight {
        self.with_outside(|outside| {
            let bodies = Some(Bodies { scene: people, own });
            let around = Around { vehicle: &self.vehicle, outside, bodies };
            let (middle_m, half) = (eyes_m - Vec3::Z * EYES_TO_MIDDLE_M, Vec3::splat(HEAD_SPACING_M));
            let onto = |place_m: Vec3, normal: Vec3| empty.irradiance(place_m, normal);
            let mut light = CabinLight::between(middle_m - half, middle_m + half, HEAD_SPACING_M);
            let fewer = CabinOptions { rays: options.rays / HEAD_RAYS, ..*options };
            let gatherers = gatherers(&around, &light, empty.spacing_m, &fewer);
            light.probes = gatherers.par_iter().map(|gatherer| gatherer.project(onto)).collect();
            light.fill_invalid(gatherers.iter().map(|gatherer| gatherer.valid).collect());
            let ways = fibonacci_sphere(MIRROR_RAYS);
            let seen = ways.par_chunks(MIRROR_PIECE).flat_map_iter(|ways| {
                let piece = Gatherer::cast(&around, eyes_m, empty.spacing_m, ways.to_vec());
                piece.radiance(onto)
            });
            let mirrored = probe::mirrored(&ways, &seen.collect::<Vec<_>>());
            HeadLight { light, mirrored }
        })
    }

    fn with_outside<R>(&self, work: impl FnOnce(&Outside<'_>) -> R) -> R {
        let world_from_vehicle = self.world_from_vehicle;
        let vehicle_from_world = world_from_vehicle.inverse();
        match &self.source {
            Source::Daylight(outdoors) => {
                let (place, turned) = (
                    |p: Vec3| world_from_vehicle.transform_point3(p),
                    |d: Vec3| world_from_vehicle.transform_vector3(d).normalize(),
                );
                let sun = outdoors.sun().map(|(d, e)| (vehicle_from_world.transform_vector3(d).normalize(), e));
                work(&Outside {
                    radiance: &|from_m, direction| outdoors.radiance(place(from_m), turned(direction)),
                    beams: 1,
                    beam: &|_, _| sun,
                    hides: &|from_m, direction| outdoors.hides(place(from_m), turned(direction)),
                })
            }
            Source::Lamps(lamps) => work(&Outside {
                radiance: &|_, _| [0.0; 3],
                beams: lamps.len(),
                beam: &|k, place_m| {
                    let (towards, _, irradiance) = lamps[k].seen_from(world_from_vehicle.transform_point3(place_m));
                    (irradiance != [0.0; 3]).then(|| (vehicle_from_world.transform_vector3(towards), irradiance))
                },
                hides: &|_, _| false,
            }),
        }
    }
}

fn gatherers(around: &Around<'_>, grid: &CabinLight, spacing_m: f32, options: &CabinOptions) -> Vec<Gatherer> {
    let directions = fibonacci_sphere(options.rays.max(96));
    (0..grid.probes.len() as u32)
        .into_par_iter()
        .map(|i| {
            let directions = directions.iter().map(|direction| turn(i) * *direction).collect();
            Gatherer::cast(around, grid.place(i), spacing_m, directions)
        })
        .collect()
}

/// Fills a box with light, reflection by reflection.
fn radiosity(around: &Around<'_>, (low_m, high_m): (Vec3, Vec3), options: &CabinOptions) -> CabinLight {
    let mut light = CabinLight::between(low_m, high_m, options.spacing_m);
    let gatherers = gatherers(around, &light, options.spacing_m, options);
    for _ in 0..=options.bounces {
        // The first time the grid is dark.
        let lit = gatherers
            .par_iter()
            .map(|gatherer| gatherer.project(|place_m, normal| light.irradiance(place_m, normal)))
            .collect();
        light.probes = lit;
        light.fill_invalid(gatherers.iter().map(|gatherer| gatherer.valid).collect());
    }
    light
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
