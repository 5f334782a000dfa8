//! The scene at one instant: the vehicle where its drive has brought it, heads where their motion has turned them.
use std::{f32::consts::TAU, sync::Arc};

use glam::{Affine3A, Quat, Vec3};
use laneproof_render::{Scene, ScenePane, Solid};
use laneproof_scenes::{
    people::{FaceLandmarks, Hands, Posed, Posture},
    stream::stream,
    surface::Part,
    truth::Role,
};
use rand::Rng as _;
use rayon::prelude::*;

use crate::{
    light,
    staged::{Staged, StagedOccupant},
};

/// The square that the sun's shadow map covers: fixed to the lane, so that the background's shadows are the same with
/// and without a vehicle. From 10 m before the stop line to 3 m behind it, in 6 mm texels.
const SHADOW_CENTRE_M: Vec3 = Vec3::new(0.0, 0.8, -3.5);
const SHADOW_HALF_EXTENT_M: f32 = 6.5;

/// A child of less than this stature sits on a booster (UN R129 requires a child restraint below 1.35 m).
const BOOSTER_BELOW_STATURE_M: f32 = 1.35;
/// How far a booster lifts the hips; assumption, common high-back boosters.
const BOOSTER_RAISE_M: f32 = 0.14;

/// Largest turn of an idle head from its mean pose, degrees: yaw, pitch, roll (assumption).
const IDLE_SWAY_DEG: [f32; 3] = [4.0, 2.0, 1.5];
/// Slowest and fastest idle motion, Hz (assumption).
const IDLE_RATE_HZ: std::ops::Range<f32> = 0.1..0.4;

/// One instant of an encounter.
pub(crate) struct Moment {
    pub(crate) world_from_vehicle: Affine3A,
    /// Occupants' parts, in the vehicle's frame.
    pub(crate) posed: Vec<Posed>,
}

/// Turn of an occupant's head from its mean pose, degrees: yaw, pitch, roll. Two incommensurate sines per axis with
/// phases and rates from the occupant's own stream.
fn idle_sway_deg(motion_seed: u64, time_s: f64) -> [f32; 3] {
    let mut rng = stream(motion_seed, 0, "idle head motion");
    IDLE_SWAY_DEG.map(|largest| {
        let mut wave = |share: f32| {
            let rate_hz = rng.random_range(IDLE_RATE_HZ);
            let phase = rng.random_range(0.0..TAU);
            share * (phase + (TAU * rate_hz) * time_s as f32).sin()
        };
        largest * (wave(0.6) + wave(0.4))
    })
}

/// How an occupant holds themselves at a time.
pub(crate) fn posture(occupant: &StagedOccupant, time_s: f64) -> Posture {
    let [yaw, pitch, roll] = idle_sway_deg(occupant.plan.motion_seed, time_s);
    Posture {
        back_angle_rad: occupant.seat.back_angle_rad,
        head_yaw_rad: (occupant.plan.head_yaw_deg + yaw).to_radians(),
        head_pitch_rad: (occupant.plan.head_pitch_deg + pitch).to_radians(),
        head_roll_rad: (occupant.plan.head_roll_deg + roll).to_radians(),
        hands: if occupant.drives() { Hands::Wheel } else { Hands::Lap },
    }
}

/// Where an occupant's hips are in the vehicle's frame.
fn hips_m(occupant: &StagedOccupant) -> Vec3 {
    let raise = if occupant.person.stature_m < BOOSTER_BELOW_STATURE_M { BOOSTER_RAISE_M } else { 0.0 };
    occupant.seat.h_point_m + Vec3::Y * raise
}

impl Moment {
    pub(crate) fn new(staged: &Staged, time_s: f64) -> Self {
        let posed = staged
            .occupants
            .par_iter()
            .enumerate()
            .map(|(k, occupant)| occupant.person.seated(k as u8, &posture(occupant, time_s)))
            .collect();
        Self { world_from_vehicle: staged.trajectory.pose_at(time_s), posed }
    }

    /// An occupant's frame in the world.
    pub(crate) fn world_from_seat(&self, occupant: &StagedOccupant) -> Affine3A {
        self.world_from_vehicle * Affine3A::from_translation(hips_m(occupant))
    }

    /// The whole scene.
    pub(crate) fn scene(&self, staged: &Staged, time_s: f64) -> Scene {
        let mut scene = background(staged);
        let vehicle = &staged.vehicle;
        scene.solids.extend(vehicle.parts.iter().map(|part| {
            let in_cabin = matches!(part.tag.role, Role::Interior | Role::Seat);
            solid(part, self.world_from_vehicle, in_cabin)
        }));
        for (wheel, state) in vehicle.wheels.iter().zip(staged.trajectory.wheels_at(time_s)) {
            let hub = Affine3A::from_rotation_translation(Quat::from_rotation_x(state.spin_rad), state.hub_m);
            scene.solids.extend(wheel.parts.iter().map(|part| solid(part, self.world_from_vehicle * hub, false)));
        }
        for (occupant, posed) in staged.occupants.iter().zip(&self.posed) {
            let world_from_seat = self.world_from_seat(occupant);
            scene.solids.extend(posed.parts.iter().map(|part| solid(part, world_from_seat, true)));
        }
        scene.panes = vehicle
            .panes
            .iter()
            .zip(&staged.pane_responses)
            .map(|(pane, response)| ScenePane {
                mesh: pane.mesh.clone(),
                response: response.clone(),
                world_from_mesh: self.world_from_vehicle,
            })
            .collect();
        scene.cabin = Some(light::cabin_grid(&staged.cabin.light, &staged.cabin.cubes, self.world_from_vehicle));
        scene
    }
}

/// A part in its place, as the renderer takes it.
pub(crate) fn solid(part: &Part, world_from_mesh: Affine3A, in_cabin: bool) -> Solid {
    let Part { mesh, surface, tag, .. } = part;
    Solid { mesh: mesh.clone(), surface: surface.clone(), tag: *tag, world_from_mesh, in_cabin }
}

/// The lane without its vehicle.
pub(crate) fn background(staged: &Staged) -> Scene {
    Scene {
        solids: staged.lane_parts.iter().map(|part| solid(part, Affine3A::IDENTITY, false)).collect(),
        panes: Vec::new(),
        light: Arc::clone(&staged.light.light),
        cabin: None,
        shadow_centre_m: SHADOW_CENTRE_M,
        shadow_half_extent_m: SHADOW_HALF_EXTENT_M,
    }
}

/// Landmarks moved into another frame.
pub(crate) fn landmarks_in(frame: Affine3A, landmarks: &FaceLandmarks) -> FaceLandmarks {
    let (_, rotation, _) = frame.to_scale_rotation_translation();
    landmarks.moved(|p| frame.transform_point3(p), rotation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_sway_is_bounded_seeded_and_slow() {
        for step in 0..200 {
            let time_s = f64::from(step) * 0.05;
            let now = idle_sway_deg(9, time_s);
            assert_eq!(now, idle_sway_deg(9, time_s));
            let soon = idle_sway_deg(9, time_s + 0.002);
            for axis in 0..3 {
                assert!(now[axis].abs() <= IDLE_SWAY_DEG[axis]);
                // At most 0.4 Hz: 4° · 2π · 0.4 Hz = 10°/s.
                assert!((soon[axis] - now[axis]).abs() <= 0.021);
            }
        }
        assert_ne!(idle_sway_deg(9, 1.0), idle_sway_deg(10, 1.0));
    }
}
