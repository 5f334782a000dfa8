//! How often a mix's vehicles stop, pass, stand, or stop and go.
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{check::within, fault::ValueFault};

/// A manoeuvre's share of the traffic.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ManoeuvreShare {
    /// Relative frequency.
    pub weight: f32,
    /// What is done.
    pub manoeuvre: Manoeuvre,
    /// Source or "assumption".
    pub source: String,
}

/// What a vehicle does in the lane. Two numbers are the ends of an even distribution; write the same twice for a fixed value.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", tag = "kind")]
pub enum Manoeuvre {
    /// Brakes from the approach speed and stops with its front at the stop line.
    Stop {
        /// Deceleration that the driver aims at, m·s⁻², 0.5 to 3.4.
        braking_mps2: [f32; 2],
    },
    /// Drives through at the approach speed; meets no trigger `at = "stop"`.
    Pass {},
    /// Stands with its front at the stop line from the beginning; meets no trigger `at = "front"`, has no approach speed.
    Stand {},
    /// Stops short of the line, waits, creeps on and stops at the line; triggers `at = "stop"` mean the stop at the line.
    StopAndGo {
        /// Deceleration that the driver aims at in both stops, m·s⁻², 0.5 to 3.4.
        braking_mps2: [f32; 2],
        /// Where the front stops first, metres along the lane, −40 to −1; the stop line is 0.
        first_stop_z_m: [f32; 2],
        /// How long the vehicle stands there, seconds, 0 to 60.
        wait_s: [f32; 2],
        /// Acceleration in starting again, m·s⁻², 0.3 to 3.
        start_mps2: [f32; 2],
        /// Speed that is not exceeded after it, m/s, 0.5 to 5.
        creep_speed_mps: [f32; 2],
    },
}

/// Fails unless a range lies within bounds and runs forwards.
pub(super) fn check_range(key: &str, range: [f32; 2], low: f64, high: f64, unit: &str) -> Result<(), ValueFault> {
    for (i, end) in range.into_iter().enumerate() {
        within(&format!("{key}.{i}"), end.into(), low, high, unit)?;
    }
    if range[0] > range[1] {
        return Err(ValueFault::new(key, "the range runs backwards", "write the smaller number first"));
    }
    Ok(())
}

impl Manoeuvre {
    /// The first impossible value; `at` makes a key's path.
    pub(super) fn check(&self, at: &dyn Fn(&str) -> String) -> Result<(), ValueFault> {
        let braking = |range| check_range(&at("braking_mps2"), range, 0.5, 3.4, "m/s²");
        match *self {
            Self::Stop { braking_mps2 } => braking(braking_mps2),
            Self::Pass {} | Self::Stand {} => Ok(()),
            Self::StopAndGo { braking_mps2, first_stop_z_m, wait_s, start_mps2, creep_speed_mps } => {
                braking(braking_mps2)?;
                check_range(&at("first_stop_z_m"), first_stop_z_m, -40.0, -1.0, "m (0 is the stop line)")?;
                check_range(&at("wait_s"), wait_s, 0.0, 60.0, "s")?;
                check_range(&at("start_mps2"), start_mps2, 0.3, 3.0, "m/s²")?;
                check_range(&at("creep_speed_mps"), creep_speed_mps, 0.5, 5.0, "m/s")
            }
        }
    }
}
