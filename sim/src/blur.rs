//! What moves while a shutter is open, and the picture that a lens makes of it.
use glam::Affine3A;
use laneproof_camera::blur::{
    Backdrop, Blur, BlurError, BodyMotion, LayeredRadiance, RollingShutter, TimedPose, sensor_radiance,
};
use laneproof_optics::through_glass::GlassLayer;
use laneproof_render::{Layers, PinholeCamera};
use laneproof_scenes::{
    catalogue::Lens,
    truth::{Role, Subject, Tag},
};

use crate::{lens_camera::pinhole, moment::Moment, region::through_glass, staged::Staged};

/// Longest piece of an exposure in which things are taken to move evenly, microseconds: in 2 ms a braking car (6 m/s²) is
/// 3 µm off.
const EVEN_US: f32 = 2_000.0;
/// Most pieces of an exposure.
const MOST_PIECES: u32 = 16;
/// Body of everything that belongs to the vehicle and is no head.
const VEHICLE: u8 = 1;
/// Body of the first occupant's head.
const FIRST_HEAD: u8 = 2;

/// A camera before which nothing moves.
pub(crate) fn at_rest(camera: &PinholeCamera, lens: &Lens, pixel_pitch_um: f32) -> Blur {
    Blur {
        lens: lens.clone(),
        pixel_pitch_um,
        pinhole: pinhole(camera),
        exposure_us: EVEN_US,
        bodies: Vec::new(),
        rolling: None,
    }
}

/// When and how a shutter is open.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shutter {
    /// Mid-exposure of the middle row, seconds since the encounter began.
    pub(crate) mid_exposure_s: f64,
    /// Exposure time, microseconds.
    pub(crate) exposure_us: f32,
    /// Time from one row to the next of a rolling shutter, microseconds.
    pub(crate) line_time_us: Option<f32>,
    /// The sensor's middle row in the picture, pixels.
    pub(crate) middle_row: f32,
}

/// The vehicle and every head in it, as they move about a moment while a camera's shutter is open.
pub(crate) fn in_motion(
    staged: &Staged,
    moment: &Moment,
    camera: &PinholeCamera,
    still: Blur,
    shutter: Shutter,
) -> Blur {
    let Shutter { mid_exposure_s, exposure_us, line_time_us, middle_row } = shutter;
    // A rolling shutter opens over the rows one after the other, about the middle one.
    let rolling = line_time_us.map(|line_time_us| RollingShutter { line_time_us, reference_row: middle_row });
    let open_us = exposure_us + line_time_us.map_or(0.0, |line_us| line_us * camera.height_px as f32);
    let pieces = ((open_us / EVEN_US).ceil() as u32).clamp(1, MOST_PIECES);
    let half_us = f64::from(open_us) / 2.0;
    let times_us: Vec<f64> = (0..=pieces).map(|k| half_us * (2.0 * f64::from(k) / f64::from(pieces) - 1.0)).collect();
    let camera_from_world = camera.world_from_camera.inverse();
    let body = |world_from_mid: &dyn Fn(f64) -> Affine3A| {
        let poses: Vec<TimedPose> = times_us
            .iter()
            .map(|&time_us| {
                let moved = world_from_mid((mid_exposure_s + time_us * 1e-6).max(0.0));
                TimedPose { time_us, camera_from_mid: camera_from_world * moved * camera.world_from_camera }
            })
            .collect();
        BodyMotion::through(&poses)
    };
    let mut bodies = vec![body(&|time_s| moment.vehicle_moved(staged, time_s))];
    bodies.extend((0..staged.occupants.len()).map(|k| body(&|time_s| moment.head_moved(staged, k, time_s))));
    Blur { exposure_us, bodies, rolling, ..still }
}

/// Which body a pixel belongs to.
fn body_of(tag: u16) -> u8 {
    match Tag::from_bits(tag) {
        None | Some(Tag { subject: Subject::Lane, .. }) => 0,
        Some(Tag { subject: Subject::Occupant(k), role }) => match role {
            Role::Face | Role::Head | Role::Eyes | Role::Hair | Role::Eyewear | Role::Headwear | Role::FaceCover => {
                FIRST_HEAD + k
            }
            _ => VEHICLE,
        },
        Some(_) => VEHICLE,
    }
}

/// Radiance of the whole sensor: what was rendered, behind its panes, as the lens draws it over the backdrop.
pub(crate) fn on_sensor(
    part: &Layers,
    glass: Option<&GlassLayer>,
    backdrop: &Backdrop,
    blur: &Blur,
) -> Result<Vec<[f32; 3]>, BlurError> {
    let scene = through_glass(part, glass);
    let body: Vec<u8> = if blur.bodies.is_empty() {
        vec![0; part.tag.len()]
    } else {
        part.tag.iter().map(|&tag| body_of(tag)).collect()
    };
    let layers = LayeredRadiance {
        origin_px: [part.region.x, part.region.y],
        width: part.region.width,
        height: part.region.height,
        scene: &scene,
        veil: glass.map(|glass| &glass.veil[..]),
        range_m: &part.range_m,
        body: &body,
    };
    Ok(sensor_radiance(&layers, Some(backdrop), blur)?.over(backdrop))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_move_by_themselves_and_the_lane_not_at_all() {
        assert_eq!(body_of(Tag::lane(Role::Ground).to_bits()), 0);
        assert_eq!(body_of(Tag::vehicle(Role::Body).to_bits()), VEHICLE);
        assert_eq!(body_of(Tag::occupant(3, Role::Face).to_bits()), FIRST_HEAD + 3);
        assert_eq!(body_of(Tag::occupant(3, Role::Limb).to_bits()), VEHICLE);
    }
}
