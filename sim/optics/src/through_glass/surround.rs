//! What stands round a vehicle, as its panes mirror it.
use std::f32::consts::PI;

use glam::Vec3;
use laneproof_scenes::{catalogue::Sky, surface::Part, truth::Role};
use rayon::prelude::*;

use crate::{
    daylight::DaylightModel,
    lamp::LampSource,
    rays::{RayScene, SKIN_M},
    sh::{self, IrradianceSh9},
    sky_polarisation::{CLEAR_TURBIDITY, SkyPolarisation},
};

/// Angular radius of the sun's disc, radians (mean distance; IAU 2015 nominal radius over the astronomical unit).
pub(super) const SUN_RADIUS_RAD: f32 = 0.004_652;

/// Light that is seen in a direction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seen {
    /// Radiance, W·m⁻²·sr⁻¹ per band.
    pub radiance: [f32; 3],
    /// Degree of linear polarisation, 0..1.
    pub degree: f32,
    /// Axis of the electric field where the degree is above 0.
    pub axis: Vec3,
    /// Equal for neighbouring directions that see one and the same smooth thing.
    pub(super) source: u32,
}

impl Seen {
    /// Nothing.
    pub(super) const DARK: Self = Self { radiance: [0.0; 3], degree: 0.0, axis: Vec3::X, source: 0 };
}

const SKY: u32 = 1;
const SUN: u32 = 2;
const GROUND: u32 = 4;

/// Light and furniture of a lane, ready to be looked at in any direction from any place.
pub struct Surround {
    scene: RayScene,
    /// Radiance of every opaque triangle that is not ground.
    facets: Vec<[f32; 3]>,
    model: DaylightModel,
    polarisation: SkyPolarisation,
    open_sh: IrradianceSh9,
    sheltered_sh: IrradianceSh9,
    /// Footprint of the roof: lowest x and z, highest x and z.
    sheltered_m: Option<[f32; 4]>,
    /// Lamps that burn all the time.
    lamps: Vec<LampSource>,
}

impl std::fmt::Debug for Surround {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Surround").field("facets", &self.facets.len()).finish_non_exhaustive()
    }
}

impl Surround {
    /// A lane's parts under a daylight; `open_sh` is the irradiance of sky and ground away from the roof, `sheltered_sh`
    /// below it, `sheltered_m` its footprint (lowest x and z, highest x and z, metres), `lamps` those that burn all the time.
    pub fn new(
        parts: &[Part],
        model: DaylightModel,
        sky: Sky,
        open_sh: IrradianceSh9,
        sheltered_sh: IrradianceSh9,
        sheltered_m: Option<[f32; 4]>,
        lamps: Vec<LampSource>,
    ) -> Self {
        let scene = RayScene::new(parts, &[]);
        let polarisation = SkyPolarisation::of(sky, CLEAR_TURBIDITY);
        let mut surround =
            Self { scene, facets: Vec::new(), model, polarisation, open_sh, sheltered_sh, sheltered_m, lamps };
        surround.facets = (0..surround.scene.facet_count() as u32)
            .into_par_iter()
            .map(|facet| {
                let (middle_m, normal, albedo, emitted) = surround.scene.facet(facet);
                surround.reflected(middle_m, normal, albedo, emitted)
            })
            .collect();
        surround
    }

    /// Direction towards the sun and its normal irradiance; `None` without one.
    pub(super) fn sun(&self) -> Option<(Vec3, [f32; 3])> {
        let irradiance = self.model.sun_normal_irradiance;
        (irradiance != [0.0; 3]).then_some((self.model.sun_direction, irradiance))
    }

    /// Irradiance on a surface outside the vehicle, sun and sky, W·m⁻² per band. The vehicle's own shadow is left out.
    pub fn irradiance(&self, place_m: Vec3, normal: Vec3) -> [f32; 3] {
        let below = self
            .sheltered_m
            .is_some_and(|[x0, z0, x1, z1]| (x0..=x1).contains(&place_m.x) && (z0..=z1).contains(&place_m.z));
        let sky = sh::irradiance(if below { &self.sheltered_sh } else { &self.open_sh }, normal);
        let sun = self.sun().map_or([0.0; 3], |(towards, irradiance)| {
            let cosine = normal.dot(towards);
            let lit = cosine > 0.0 && !self.scene.blocked(place_m + normal * SKIN_M, towards);
            if lit { irradiance.map(|e| e * cosine) } else { [0.0; 3] }
        });
        let mut sum: [f32; 3] = std::array::from_fn(|band| sky[band].max(0.0) + sun[band]);
        for lamp in &self.lamps {
            let (towards, distance_m, irradiance) = lamp.seen_from(place_m);
            let cosine = normal.dot(towards);
            if cosine <= 0.0 || irradiance == [0.0; 3] {
                continue;
            }
            // What stands behind the lamp, or holds it, throws no shadow.
            let blocked = self
                .scene
                .hit(place_m + normal * SKIN_M, towards)
                .is_some_and(|hit| hit.distance_m < 0.95 * distance_m);
            if !blocked {
                sum = std::array::from_fn(|band| sum[band] + irradiance[band] * cosine);
            }
        }
        sum
    }

    fn reflected(&self, place_m: Vec3, normal: Vec3, albedo: [f32; 3], emitted: [f32; 3]) -> [f32; 3] {
        let irradiance = self.irradiance(place_m, normal);
        std::array::from_fn(|band| emitted[band] + albedo[band] * irradiance[band] / PI)
    }

    /// The open sky in a direction, with its polarisation and without the sun's disc.
    pub(super) fn sky(&self, direction: Vec3) -> Seen {
        let (degree, axis) = self.polarisation.at(direction.as_dvec3(), self.model.sun_direction.as_dvec3());
        let radiance = self.model.open_sky_radiance(direction);
        Seen { radiance, degree: degree as f32, axis: axis.as_vec3(), source: SKY }
    }

    /// What is seen from a place (world frame, metres) in a direction (unit vector).
    pub fn seen(&self, from_m: Vec3, direction: Vec3) -> Seen {
        let plain = |radiance: [f32; 3], source| Seen { radiance, degree: 0.0, axis: Vec3::X, source };
        if let Some(hit) = self.scene.hit(from_m, direction) {
            if hit.tag.role != Role::Ground {
                let radiance = self.facets[hit.facet as usize];
                return plain(radiance, radiance[1].to_bits() | 16);
            }
            let place_m = from_m + direction * hit.distance_m;
            let radiance = self.reflected(place_m, hit.normal, hit.albedo, hit.emitted_radiance);
            let sunlit =
                self.sun().is_some_and(|(towards, _)| !self.scene.blocked(place_m + hit.normal * SKIN_M, towards));
            // Two bits of the albedo tell markings from asphalt.
            return plain(radiance, GROUND | u32::from(sunlit) << 3 | (hit.albedo[1] * 4096.0) as u32 & 0xfff << 4);
        }
        if direction.y < 0.0 {
            return plain(self.model.open_ground_radiance(), GROUND);
        }
        let sky = self.sky(direction);
        match self.sun() {
            // Chord ÷ radius for small angles, exact enough for a quarter of a degree.
            Some((towards, irradiance)) if direction.distance(towards) <= SUN_RADIUS_RAD => {
                let solid_angle_sr = PI * SUN_RADIUS_RAD * SUN_RADIUS_RAD;
                plain(std::array::from_fn(|band| sky.radiance[band] + irradiance[band] / solid_angle_sr), SUN)
            }
            _ => sky,
        }
    }
}
