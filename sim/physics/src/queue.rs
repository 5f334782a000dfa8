//! Vehicles one after the other in a lane.
use glam::Vec3;
use laneproof_scenes::vehicle::Vehicle;

use crate::trajectory::{Sample, TICKS_PER_SECOND, Trajectory};

/// A vehicle and how it comes through the lane.
#[derive(Debug, Clone, Copy)]
pub struct Driven<'a> {
    /// The vehicle.
    pub vehicle: &'a Vehicle,
    /// Its drive.
    pub drive: &'a Trajectory,
}

impl Driven<'_> {
    /// World z of the rearmost point, metres.
    pub fn rear_z_at(&self, time_s: f64) -> f32 {
        let Vehicle { front_z_m, length_m, .. } = *self.vehicle;
        self.drive.pose_at(time_s).transform_point3(Vec3::new(0.0, 0.0, front_z_m - length_m)).z
    }

    /// World z of the foremost point when all is over, metres.
    fn last_front_z(&self) -> f32 {
        self.drive.front_z_at(self.drive.duration_s())
    }
}

/// How two vehicles stand and move one after the other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spacing {
    /// From bumper to bumper where both stand, metres.
    pub gap_m: f32,
    /// How much later the follower does what its leader did, seconds; to a tick.
    pub delay_s: f32,
}

/// The drive of a vehicle behind another one: `follower` is how it would come to the line alone, with the leader's
/// speeds and manoeuvre.
///
/// The rule is Newell's (G. F. Newell, *A simplified car-following theory: a lower order model*, Transportation Research
/// Part B 36, 2002, 195–205): the follower's path is the leader's, a while later and a way further back. So its gap is
/// `gap_m` where both stand and longer by speed × delay on the way. Each vehicle brakes and rocks by its own
/// dynamics, and before its recorded drive begins it rolls as fast as it begins.
pub fn follow(leader: Driven<'_>, follower: Driven<'_>, spacing: Spacing) -> Trajectory {
    let rear_z = leader.rear_z_at(leader.drive.duration_s());
    let offset_m = rear_z - spacing.gap_m - follower.last_front_z();
    let Trajectory { samples, front_z_m, stop_tick } = follower.drive;
    let ticks = ticks(spacing.delay_s);
    let before = (1..=ticks).rev().map(|tick| rolled_back(follower, tick));
    let samples = before.chain(samples.iter().cloned()).map(|sample| moved(sample, offset_m)).collect();
    Trajectory { samples, front_z_m: *front_z_m, stop_tick: stop_tick.map(|tick| tick + ticks) }
}

/// The drive of a vehicle that another one follows by the rule of [`follow`]: it stands beyond the line when its follower
/// stands at it. `leader` is how it would come to the line alone.
pub fn lead(leader: Driven<'_>, follower: Driven<'_>, spacing: Spacing) -> Trajectory {
    let rear_z = leader.rear_z_at(leader.drive.duration_s());
    let offset_m = follower.last_front_z() + spacing.gap_m - rear_z;
    let Trajectory { samples, front_z_m, stop_tick } = leader.drive;
    let ticks = ticks(spacing.delay_s);
    let first = (ticks as usize).min(samples.len() - 1);
    let samples = samples[first..].iter().cloned().map(|sample| moved(sample, offset_m)).collect();
    Trajectory { samples, front_z_m: *front_z_m, stop_tick: stop_tick.map(|tick| tick.saturating_sub(ticks)) }
}

fn ticks(delay_s: f32) -> u32 {
    (delay_s.max(0.0) * TICKS_PER_SECOND as f32).round() as u32
}

fn moved(sample: Sample, along_m: f32) -> Sample {
    Sample { position_m: sample.position_m + Vec3::Z * along_m, ..sample }
}

/// A vehicle so many ticks before its recorded drive, at the speed with which that begins.
fn rolled_back(driven: Driven<'_>, ticks: u32) -> Sample {
    let mut sample = driven.drive.samples[0].clone();
    let way_m = sample.speed_mps * ticks as f32 / TICKS_PER_SECOND as f32;
    sample.position_m.z -= way_m;
    for (state, wheel) in sample.wheels.iter_mut().zip(&driven.vehicle.wheels) {
        state.spin_rad -= way_m / wheel.radius_m;
    }
    sample
}
