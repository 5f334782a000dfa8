//! The sun where a camera looks towards it: its disc in the picture, and where it stands beside the picture.
use std::f32::consts::PI;

use glam::Vec3;
use laneproof_camera::glare::ScatteredLight;
use laneproof_optics::through_glass::SUN_RADIUS_RAD;
use laneproof_render::PinholeCamera;
use laneproof_scenes::truth::Role;

use crate::{
    lens_camera::{LensCamera, pinhole},
    moment::Moment,
    region::{TruthLayers, in_vehicle_box},
    staged::Staged,
};

/// A sun or a lamp that is not in the picture but shines on the lens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct LightBeside {
    /// On the sensor's plane, pixels.
    place_px: [f32; 2],
    /// What passes the filter before the lens, on a plane that faces the light, W·m⁻² per band.
    irradiance: [f32; 3],
}

impl LightBeside {
    /// A light in a direction from a camera (unit vector, world frame) with this irradiance on a plane that faces it, W·m⁻² per
    /// band; `None` when it is in the picture or behind the camera.
    pub(crate) fn of(camera: &LensCamera, towards: Vec3, irradiance: [f32; 3]) -> Option<Self> {
        let from_m = Vec3::from(camera.sensor.world_from_camera.translation);
        let ([x, y], _) = camera.project(from_m + towards)?;
        let PinholeCamera { width_px, height_px, .. } = camera.sensor;
        let inside = (0.0..width_px as f32).contains(&x) && (0.0..height_px as f32).contains(&y);
        (!inside).then_some(Self { place_px: [x, y], irradiance })
    }

    /// The sun beside a camera's picture; `None` when it is in the picture, behind the camera, or hidden from it by the
    /// lane or by a vehicle, of which a box stands here.
    pub(crate) fn of_sun(
        staged: &Staged,
        moment: &Moment,
        camera: &LensCamera,
        filter_transmittance: f32,
    ) -> Option<Self> {
        let from_m = Vec3::from(camera.sensor.world_from_camera.translation);
        let (towards, irradiance) = staged.lane.surround.sun_seen_from(from_m)?;
        let hides = |(staged, moment): (&Staged, &Moment)| {
            in_vehicle_box(&staged.vehicle, moment.world_from_vehicle, from_m, towards, f32::INFINITY)
        };
        let sun = Self::of(camera, towards, irradiance.map(|e| e * filter_transmittance))?;
        (!moment.vehicles(staged).any(hides)).then_some(sun)
    }

    /// Adds its halo.
    pub(crate) fn shine_on(&self, scattered: &mut ScatteredLight, camera: &LensCamera) {
        scattered.add_source(self.place_px, self.irradiance, &pinhole(&camera.sensor));
    }
}

/// Draws the sun's disc where a picture shows open sky, through the panes before it. The disc is not defocused.
pub(crate) fn draw_disc(
    radiance: &mut [[f32; 3]],
    camera: &PinholeCamera,
    layers: &TruthLayers,
    direction: Vec3,
    irradiance: [f32; 3],
) {
    let camera_from_world = camera.world_from_camera.inverse();
    let towards = camera_from_world.transform_vector3(direction).normalize_or_zero();
    if irradiance == [0.0; 3] || towards.z > -0.1 {
        return;
    }
    let [cx, cy] = camera.principal_point_px;
    let f = camera.focal_length_px;
    let (x, y) = (cx - towards.x / towards.z * f, cy + towards.y / towards.z * f);
    // Off the axis the disc is an ellipse: longer by 1/cos² θ at most.
    let reach_px = SUN_RADIUS_RAD * f / (towards.z * towards.z) + 2.0;
    let span = |middle: f32, size: u32| {
        let clip = |v: f32| v.clamp(0.0, size as f32) as u32;
        clip(middle - reach_px)..clip(middle + reach_px)
    };
    let disc = irradiance.map(|e| e / (PI * SUN_RADIUS_RAD * SUN_RADIUS_RAD));
    for row in span(y, camera.height_px) {
        for column in span(x, camera.width_px) {
            let ray = Vec3::new((column as f32 + 0.5 - cx) / f, (cy - row as f32 - 0.5) / f, -1.0);
            // Pixels on the rim count by how far they reach into the disc.
            let inside_px = (SUN_RADIUS_RAD - ray.normalize().distance(towards)) * f;
            let covered = (inside_px + 0.5).clamp(0.0, 1.0);
            if covered > 0.0 && layers.tag(column, row).is_some_and(|tag| tag.role == Role::Sky) {
                let passes = layers.light(column, row).transmittance;
                let pixel = &mut radiance[row as usize * camera.width_px as usize + column as usize];
                (0..3).for_each(|band| pixel[band] += covered * disc[band] * passes[band]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use half::f16;
    use laneproof_render::{Layers, Region};
    use laneproof_scenes::truth::Tag;

    use super::*;

    /// Layers of open sky over ground that begins at a row.
    fn sky_above(camera: &PinholeCamera, ground_from: u32) -> TruthLayers {
        let region = Region::full(camera.width_px, camera.height_px);
        let ground = (ground_from * camera.width_px) as usize;
        let tag = (0..region.pixels())
            .map(|i| Tag::lane(if i < ground { Role::Sky } else { Role::Ground }).to_bits())
            .collect();
        let background = Layers {
            exposure_id: 1,
            region,
            radiance: vec![[f16::ZERO; 4]; region.pixels()],
            tag,
            range_m: vec![1e30; region.pixels()],
        };
        TruthLayers {
            exposure_id: 1,
            background: Arc::new(background),
            background_glass: None,
            part: None,
            glass: None,
            distorted: None,
        }
    }

    #[test]
    fn the_disc_irradiates_as_the_sun_does_and_hides_behind_what_stands_there() {
        let camera = PinholeCamera::looking_at(Vec3::ZERO, Vec3::NEG_Z, 4000.0, 400, 300);
        let drawn = |ground_from: u32| {
            let mut radiance = vec![[0.0; 3]; 400 * 300];
            draw_disc(&mut radiance, &camera, &sky_above(&camera, ground_from), Vec3::NEG_Z, [500.0, 400.0, 300.0]);
            // Irradiance on a plane that faces the sun: radiance × solid angle of a pixel.
            radiance.iter().map(|l| l[0]).sum::<f32>() / (4000.0 * 4000.0)
        };
        assert!((drawn(300) - 500.0).abs() < 10.0, "{}", drawn(300));
        assert!((drawn(150) - 250.0).abs() < 10.0, "half of it behind the ground: {}", drawn(150));
        assert_eq!(drawn(0), 0.0);
    }
}
