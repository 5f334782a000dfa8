//! How one vehicle comes through the lane, every number drawn; mixes say how often which
//! ([`Manoeuvre`](crate::catalogue::Manoeuvre)).

/// Deceleration of a driver who is in no hurry, m·s⁻²: comfortable braking (assumption; AASHTO, *A Policy on Geometric
/// Design of Highways and Streets*, designs for 3.4).
pub const COMFORTABLE_BRAKING_MPS2: f32 = 2.0;

/// What a vehicle does in the lane.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Motion {
    /// Rolls at the approach speed, brakes, and stops with its front at the stop line.
    Stop {
        /// Deceleration that the driver aims at, m·s⁻².
        braking_mps2: f32,
    },
    /// Drives through at the approach speed.
    Pass,
    /// Stands with its front at the stop line from beginning to end.
    Stand,
    /// Stops short of the line, waits, starts again, creeps on and stops at the line.
    StopAndGo {
        /// Deceleration that the driver aims at in both stops, m·s⁻².
        braking_mps2: f32,
        /// Where the front stops first, metres along the lane; the stop line is 0, before it is negative.
        first_stop_z_m: f32,
        /// How long the vehicle stands there, seconds.
        wait_s: f32,
        /// Acceleration that the driver aims at in starting again, m·s⁻².
        start_mps2: f32,
        /// Speed that is not exceeded after it, m/s.
        creep_speed_mps: f32,
    },
}

impl Default for Motion {
    fn default() -> Self {
        Self::Stop { braking_mps2: COMFORTABLE_BRAKING_MPS2 }
    }
}
