//! Other vehicles in the lane: how often one waits behind or ahead, and how near.
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{check::within, fault::ValueFault, manoeuvre::check_range};

/// Vehicles before and after the encounter's own; none where both are left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// The vehicle that comes next: it follows, and stands behind the one at the line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub behind: Option<QueuePlace>,
    /// The vehicle that came before: it stands beyond the line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ahead: Option<QueuePlace>,
}

/// Another vehicle before or after the encounter's own. Two numbers are the ends of an even distribution; write the same
/// twice for a fixed value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QueuePlace {
    /// Share of the encounters in which it is there, 0..1.
    pub share: f32,
    /// From bumper to bumper where both stand, metres, 0.5 to 6.
    pub gap_m: [f32; 2],
    /// How much later than the vehicle before it, it does the same, seconds, 0 to 4; see `laneproof_physics::follow`.
    pub delay_s: [f32; 2],
    /// Source or "assumption".
    pub source: String,
}

impl Queue {
    /// The first impossible value.
    pub(super) fn check(&self) -> Result<(), ValueFault> {
        for (name, place) in [("behind", &self.behind), ("ahead", &self.ahead)] {
            let Some(place) = place else { continue };
            let key = |value: &str| format!("queue.{name}.{value}");
            within(&key("share"), place.share.into(), 0.0, 1.0, "")?;
            check_range(&key("gap_m"), place.gap_m, 0.5, 6.0, "m")?;
            check_range(&key("delay_s"), place.delay_s, 0.0, 4.0, "s")?;
            if place.source.trim().is_empty() {
                return Err(ValueFault::new(key("source"), "is empty", "write a text"));
            }
        }
        Ok(())
    }
}
