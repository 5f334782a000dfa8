//! What moves while a shutter is open, and the picture that a lens makes of it.
use std::iter;

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

/// Which bodies move by themselves: each vehicle with all in it but heads, then the heads in it, vehicle by vehicle. Body 0
/// is the lane.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bodies {
    /// The body of each vehicle, the encounter's own first; its heads come next.
    vehicles: Vec<u8>,
}

impl Bodies {
    /// Of vehicles with so many occupants.
    fn new(occupants: impl Iterator<Item = usize>) -> Self {
        let mut next = 1;
        let mut body = |occupants: usize| {
            let vehicle = next;
            next += 1 + occupants as u8;
            vehicle
        };
        Self { vehicles: occupants.map(&mut body).collect() }
    }

    /// Of a staged encounter.
    pub(crate) fn of(staged: &Staged) -> Self {
        let neighbours = staged.neighbours.iter().map(|neighbour| neighbour.occupants.len());
        Self::new(iter::once(staged.occupants.len()).chain(neighbours))
    }

    /// Which body a pixel belongs to.
    fn body_of(&self, tag: u16) -> u8 {
        let Some(Tag { subject, role }) = Tag::from_bits(tag) else { return 0 };
        let (vehicle, occupant) = match subject {
            Subject::Lane => return 0,
            Subject::Vehicle | Subject::Decoy(_) => (0, None),
            Subject::Occupant(k) => (0, Some(k)),
            Subject::OtherVehicle(vehicle) => (1 + vehicle, None),
            Subject::OtherOccupant { vehicle, occupant } => (1 + vehicle, Some(occupant)),
        };
        let body = self.vehicles[usize::from(vehicle)];
        match (occupant, role) {
            (
                Some(k),
                Role::Face | Role::Head | Role::Eyes | Role::Hair | Role::Eyewear | Role::Headwear | Role::FaceCover,
            ) => body + 1 + k,
            _ => body,
        }
    }
}

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

/// The vehicles and every head in them, as they move about a moment while a camera's shutter is open.
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
    let mut bodies = Vec::new();
    for (staged, moment) in moment.vehicles(staged) {
        bodies.push(body(&|time_s| moment.vehicle_moved(staged, time_s)));
        bodies.extend((0..staged.occupants.len()).map(|k| body(&|time_s| moment.head_moved(staged, k, time_s))));
    }
    Blur { exposure_us, bodies, rolling, ..still }
}

/// Radiance of the whole sensor: what was rendered, behind its panes, as the lens draws it over the backdrop.
pub(crate) fn on_sensor(
    part: &Layers,
    glass: Option<&GlassLayer>,
    backdrop: &Backdrop,
    (blur, moving): (&Blur, &Bodies),
) -> Result<Vec<[f32; 3]>, BlurError> {
    let scene = through_glass(part, glass);
    let body: Vec<u8> = if blur.bodies.is_empty() {
        vec![0; part.tag.len()]
    } else {
        part.tag.iter().map(|&tag| moving.body_of(tag)).collect()
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
        let bodies = Bodies::new([4, 2, 1].into_iter());
        let body = |tag: Tag| bodies.body_of(tag.to_bits());
        let [lane, car, head, hand] = [
            Tag::lane(Role::Ground),
            Tag::vehicle(Role::Body),
            Tag::occupant(1, Role::Face),
            Tag::occupant(1, Role::Limb),
        ];
        assert_eq!([lane, car, head, hand, Tag::decoy(0)].map(body), [0, 1, 3, 1, 1]);
        // After the own vehicle and its four heads the next one and its two, then the last.
        assert_eq!([car, head, hand].map(|tag| body(tag.in_other_vehicle(0))), [6, 8, 6]);
        assert_eq!([car, Tag::occupant(0, Role::Hair)].map(|tag| body(tag.in_other_vehicle(1))), [9, 10]);
    }
}
