//! Head-lamps of the vehicles in the lane: dipped beams, as they have them at night.
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{check::within, fault::ValueFault};

/// What a head-lamp shines with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HeadLampKind {
    /// A filament of 3,200 K: most of its light is near infrared.
    Halogen,
    /// White LEDs: nothing in the near infrared.
    Led,
}

/// When head-lamps burn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HeadLampState {
    /// Where the daylight under the open sky is below `lit_below_lux`.
    Auto,
    /// Always.
    On,
    /// Never.
    Off,
}

/// Head-lamps of the vehicles of a mix, each with two dipped beams for traffic that keeps right.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeadLampShares {
    /// When they burn.
    pub state: HeadLampState,
    /// Share of the vehicles with LEDs, 0..1; the others have halogen bulbs.
    pub led_share: f32,
    /// Illuminance of the horizontal under the open sky below which `auto` lights them, lux; 1,000 when left out, below which UN
    /// R48 wants automatic dipped beams lit. Lamps of the lane do not count, nor does its roof: R48 has lamps wait for five
    /// seconds at least before they go out again.
    #[serde(default = "lit_below_lux")]
    pub lit_below_lux: f32,
    /// By how much the cut-off falls towards the front, per cent; 1 when left out, the least of UN R48's 1.0 to 1.5 % for lamps
    /// as low as those of cars.
    #[serde(default = "aim_down_percent")]
    pub aim_down_percent: f32,
    /// Source or "assumption".
    pub source: String,
}

const fn lit_below_lux() -> f32 {
    1000.0
}

const fn aim_down_percent() -> f32 {
    1.0
}

impl HeadLampShares {
    /// The first impossible value.
    pub(super) fn check(&self) -> Result<(), ValueFault> {
        let key = |value: &str| format!("head_lamps.{value}");
        within(&key("led_share"), self.led_share.into(), 0.0, 1.0, "")?;
        within(&key("lit_below_lux"), self.lit_below_lux.into(), 0.1, 100_000.0, "lx")?;
        within(&key("aim_down_percent"), self.aim_down_percent.into(), 0.0, 4.0, "%")?;
        if self.source.trim().is_empty() {
            return Err(ValueFault::new(key("source"), "is empty", "write a text"));
        }
        Ok(())
    }
}
