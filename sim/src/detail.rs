//! Which level of detail the occupants of an encounter need.
use glam::Vec3;
use laneproof_physics::Trajectory;
use laneproof_scenes::{people::Detail, vehicle::Vehicle};

use crate::{
    encounter::{EncounterPlan, OccupantPlan},
    staged::{pinhole, trigger_time_s},
};

/// Widest distance between the eyes that is reckoned with, metres (99th percentile of men: 72 mm, ANSUR II).
const WIDEST_INTER_EYE_M: f32 = 0.072;
/// Head of an adult above the seat's H-point, metres.
const HEAD_ABOVE_SEAT_M: Vec3 = Vec3::new(0.0, 0.65, 0.0);
/// How much nearer to a camera than that the eyes may be, metres: leaning, a child's lower head, the drive between two
/// exposures of a burst.
const NEARER_BY_M: f32 = 0.8;

/// The level at which an occupant is made, from the largest picture that any camera of the rig can take of them. Where that is
/// not known, every detail is made. `triggered_by` is the drive that fires the cameras.
pub(crate) fn needed(
    plan: &EncounterPlan,
    vehicle: &Vehicle,
    trajectory: &Trajectory,
    triggered_by: &Trajectory,
    occupant: &OccupantPlan,
) -> Detail {
    let Some(seat) = vehicle.seats.iter().find(|seat| seat.id == occupant.seat) else { return Detail::Fine };
    let head_m = seat.h_point_m + HEAD_ABOVE_SEAT_M;
    let largest = plan.rig.cameras.iter().zip(&plan.sensors).flat_map(|(mount, sensor)| {
        let camera = pinhole(mount, sensor);
        let times = mount.triggers.iter().filter_map(|trigger| trigger_time_s(triggered_by, *trigger));
        times.map(move |time_s| {
            let at = trajectory.pose_at(time_s).transform_point3(head_m);
            let away_m = at.distance(camera.world_from_camera.translation.into()) - NEARER_BY_M;
            camera.focal_length_px * WIDEST_INTER_EYE_M / away_m.max(0.1)
        })
    });
    Detail::for_inter_eye_px(largest.fold(0.0, f32::max))
}
