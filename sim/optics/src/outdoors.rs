//! Light on and from what stands outside a vehicle: the lane's own surfaces, lit by sun and sky as far as lane and vehicle
//! leave them open.
//!
//! What a cabin gets depends on this: the ground beside a car lies in its shade, ground below a roof is several times
//! darker in its middle than at its edge, a booth hides the sky from the seat beside it. Rays are followed for two
//! reflections; the third is taken from the irradiance of sky and ground at the lane's place (spherical harmonics).
use std::f32::consts::{PI, TAU};

use glam::{Affine3A, Vec3};
use laneproof_scenes::{surface::Part, vehicle::Vehicle};

use crate::{
    daylight::DaylightModel,
    rays::{Hit, RayScene, SKIN_M},
    sh::{self, IrradianceSh9},
};

/// Rays that gather the light on a surface which a ray meets outside. Each probe of a cabin meets dozens of places, so that
/// a few rays at each are many for the probe.
const RAYS: u32 = 4;

/// A lane with a vehicle standing in it. Places and directions are in the world's frame, metres.
pub(crate) struct Outdoors {
    scene: RayScene,
    daylight: DaylightModel,
    /// What lies beyond everything in the scene: without a roof where the roof is in the scene.
    beyond: DaylightModel,
    sheltered_sh: IrradianceSh9,
    open_sh: IrradianceSh9,
}

impl Outdoors {
    /// The surroundings of a vehicle. Without parts of a lane all that is known of it is what the daylight model says: even
    /// ground and the roof, if it has one.
    pub(crate) fn new(
        vehicle: &Vehicle,
        world_from_vehicle: Affine3A,
        lane: &[Part],
        daylight: &DaylightModel,
    ) -> Self {
        let open = daylight.clone().in_the_open();
        let placed = |part: &Part| Part { mesh: part.mesh.transformed(world_from_vehicle).into(), ..part.clone() };
        let parts: Vec<Part> = lane.iter().cloned().chain(vehicle.parts.iter().map(placed)).collect();
        Self {
            scene: RayScene::new(&parts, &[]),
            daylight: daylight.clone(),
            sheltered_sh: daylight.irradiance_sh9(),
            open_sh: open.irradiance_sh9(),
            beyond: if lane.is_empty() { daylight.clone() } else { open },
        }
    }

    /// Direction towards the sun and its normal irradiance where nothing of the lane hides it.
    pub(crate) fn sun(&self) -> Option<(Vec3, [f32; 3])> {
        self.beyond.sun_at_place()
    }

    /// Whether lane or vehicle hide what lies in a direction.
    pub(crate) fn hides(&self, from_m: Vec3, direction: Vec3) -> bool {
        self.scene.blocked(from_m, direction)
    }

    /// Radiance that arrives at a place from a direction (unit vector), without the sun's disc.
    pub(crate) fn radiance(&self, from_m: Vec3, direction: Vec3) -> [f32; 3] {
        let Some(hit) = self.scene.hit(from_m, direction) else { return self.beyond.sky_radiance(direction) };
        let place_m = from_m + direction * hit.distance_m;
        let start_m = place_m + hit.normal * SKIN_M;
        let mut irradiance = self.sunlight(start_m, hit.normal);
        // A cosine-weighted spiral over the hemisphere, turned by an angle that the place alone decides.
        let (across, along) = hit.normal.any_orthonormal_pair();
        let turn = (place_m.x * 12.9898 + place_m.y * 37.719 + place_m.z * 78.233).rem_euclid(1.0);
        for k in 0..RAYS {
            let squared = (k as f32 + 0.5) / RAYS as f32;
            let (sin, cos) = ((k as f32 * 0.618_034 + turn).fract() * TAU).sin_cos();
            let flat = squared.sqrt();
            let out = (across * (flat * cos) + along * (flat * sin) + hit.normal * (1.0 - squared).sqrt()).normalize();
            let light = self.once_reflected(start_m, out);
            for band in 0..3 {
                irradiance[band] += light[band] * PI / RAYS as f32;
            }
        }
        reflected(&hit, irradiance)
    }

    /// Radiance from a direction where surfaces have the sun, if they see it, and the lane's general skylight.
    fn once_reflected(&self, from_m: Vec3, direction: Vec3) -> [f32; 3] {
        let Some(hit) = self.scene.hit(from_m, direction) else { return self.beyond.sky_radiance(direction) };
        let place_m = from_m + direction * hit.distance_m;
        let sun = self.sunlight(place_m + hit.normal * SKIN_M, hit.normal);
        let harmonics = if self.daylight.is_below_roof(place_m) { &self.sheltered_sh } else { &self.open_sh };
        let sky = sh::irradiance(harmonics, hit.normal);
        reflected(&hit, std::array::from_fn(|band| sun[band] + sky[band]))
    }

    fn sunlight(&self, start_m: Vec3, normal: Vec3) -> [f32; 3] {
        let Some((towards, irradiance)) = self.sun() else { return [0.0; 3] };
        let cos = normal.dot(towards);
        if cos <= 0.0 || self.hides(start_m, towards) { [0.0; 3] } else { irradiance.map(|e| e * cos) }
    }
}

fn reflected(hit: &Hit, irradiance: [f32; 3]) -> [f32; 3] {
    std::array::from_fn(|band| hit.emitted_radiance[band] + hit.albedo[band] / PI * irradiance[band])
}
