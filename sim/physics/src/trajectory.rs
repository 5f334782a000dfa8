//! Where a vehicle is at any time of an encounter.
use glam::{Affine3A, Quat, Vec3};

/// Physics steps a second.
pub const TICKS_PER_SECOND: u32 = 240;

/// A wheel at one time, relative to the vehicle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WheelState {
    /// Angle about the axle, radians: positive about the vehicle's +X rolls forward.
    pub spin_rad: f32,
    /// Hub in the vehicle's frame, metres; the suspension moves it along Y.
    pub hub_m: Vec3,
}

/// The state after one physics step.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sample {
    pub position_m: Vec3,
    pub rotation: Quat,
    pub speed_mps: f32,
    pub wheels: Vec<WheelState>,
}

/// A recorded drive; sample `k` belongs to `k / 240` seconds. Before the first sample the vehicle keeps its first state,
/// after the last one its last.
#[derive(Debug, Clone, PartialEq)]
pub struct Trajectory {
    pub(crate) samples: Vec<Sample>,
    pub(crate) front_z_m: f32,
    /// When the vehicle rests at the stop line; `None` where it drives through.
    pub(crate) stop_tick: Option<u32>,
}

impl Trajectory {
    /// Frame of the vehicle in the world.
    pub fn pose_at(&self, time_s: f64) -> Affine3A {
        let (a, b, t) = self.around(time_s);
        Affine3A::from_rotation_translation(a.rotation.slerp(b.rotation, t), a.position_m.lerp(b.position_m, t))
    }

    /// Speed along the lane, metres per second.
    pub fn speed_at(&self, time_s: f64) -> f32 {
        let (a, b, t) = self.around(time_s);
        a.speed_mps + (b.speed_mps - a.speed_mps) * t
    }

    /// State of each wheel, in the order of the vehicle's.
    pub fn wheels_at(&self, time_s: f64) -> Vec<WheelState> {
        let (a, b, t) = self.around(time_s);
        let mix = |(a, b): (&WheelState, &WheelState)| WheelState {
            spin_rad: a.spin_rad + (b.spin_rad - a.spin_rad) * t,
            hub_m: a.hub_m.lerp(b.hub_m, t),
        };
        a.wheels.iter().zip(&b.wheels).map(mix).collect()
    }

    /// World z of the vehicle's foremost point, metres.
    pub fn front_z_at(&self, time_s: f64) -> f32 {
        self.pose_at(time_s).transform_point3(Vec3::new(0.0, 0.0, self.front_z_m)).z
    }

    /// When the vehicle's front first passes a place along the lane; `None` when it starts beyond it
    /// or stops before it.
    pub fn time_front_passes(&self, z_m: f32) -> Option<f64> {
        let tick = |k: usize| k as f64 / f64::from(TICKS_PER_SECOND);
        let front = |k: usize| self.front_z_at(tick(k));
        if front(0) > z_m {
            return None;
        }
        // After the stop at the line the body only rocks. It also rocks where it waits on the way, so that the front does
        // not go forward all the time: the first pass is looked for from the beginning.
        let last = self.stop_tick.map_or(self.samples.len() - 1, |tick| tick as usize);
        let high = (1..=last).find(|k| front(*k) >= z_m)?;
        let low = high - 1;
        let (before, after) = (front(low), front(high));
        let share = if after > before { f64::from((z_m - before) / (after - before)) } else { 0.0 };
        Some((low as f64 + share.clamp(0.0, 1.0)) / f64::from(TICKS_PER_SECOND))
    }

    /// When the vehicle comes to rest at the stop line, seconds: 0 for one that stands, `None` for one that drives through.
    pub fn stop_time_s(&self) -> Option<f64> {
        self.stop_tick.map(|tick| f64::from(tick) / f64::from(TICKS_PER_SECOND))
    }

    /// Time of the last sample, seconds.
    pub fn duration_s(&self) -> f64 {
        (self.samples.len() - 1) as f64 / f64::from(TICKS_PER_SECOND)
    }

    fn around(&self, time_s: f64) -> (&Sample, &Sample, f32) {
        let last = self.samples.len() - 1;
        let x = (time_s * f64::from(TICKS_PER_SECOND)).clamp(0.0, last as f64);
        let i = (x as usize).min(last.saturating_sub(1));
        (&self.samples[i], &self.samples[(i + 1).min(last)], (x - i as f64) as f32)
    }
}
