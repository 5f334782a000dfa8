//! What is in the air of a lane and lies on its ground: fog, dust, rain, snow.
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::infrared::SNOW_FROM;

use super::{
    Sky,
    check::{Check, within},
    fault::ValueFault,
};

/// What the air of a lane holds. Visibilities are meteorological optical ranges: the distance at which 5 % of a contrast
/// is left (WMO-No. 8, *Guide to Instruments and Methods of Observation*, part I, ch. 9). What is left out is not there.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Weather {
    /// Visibility in fog, metres, 10 to 50,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fog_visibility_m: Option<f32>,
    /// Visibility in desert dust, metres, 10 to 50,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dust_visibility_m: Option<f32>,
    /// Rain rate, millimetres per hour, 0 to 200; under an overcast sky only. Rain dims the air; drops on panes are drawn
    /// where `drops` asks for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rain_mm_per_h: Option<f32>,
    /// Drops of this rain on the panes; dry panes when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drops: Option<PaneDrops>,
    /// Height above the road up to which the air holds it, metres, 5 to 2,000; 20 when left out (assumption: radiation
    /// fog at dawn).
    #[serde(default = "default_depth_m")]
    pub depth_m: f32,
    /// Snow on the ground; none when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snow: Option<GroundSnow>,
}

fn default_depth_m() -> f32 {
    20.0
}

/// Snow that lies on the ground: on shoulders, terrain and hills, and on the roadway where it is not cleared. Islands, and all
/// that is below a canopy, are free of it, and so are trees, walls and roofs (assumptions).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GroundSnow {
    /// Reflectance in the visible, 0.56 to 0.95; 0.85 when left out (assumption: fresh and dry snow has 0.8 to 0.95, old or
    /// wet snow 0.6 to 0.8).
    #[serde(default = "default_snow_reflectance")]
    pub reflectance: f32,
    /// Reflectance of snow that traffic has packed on the roadway, 0.56 to 0.95; the roadway is cleared when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packed_reflectance: Option<f32>,
}

fn default_snow_reflectance() -> f32 {
    0.85
}

impl Check for GroundSnow {
    fn check(&self) -> Result<(), ValueFault> {
        let Self { reflectance, packed_reflectance } = *self;
        within("reflectance", reflectance.into(), SNOW_FROM.into(), 0.95, "")?;
        packed_reflectance
            .map_or(Ok(()), |packed| within("packed_reflectance", packed.into(), SNOW_FROM.into(), 0.95, ""))
    }
}

/// How rain lies on panes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PaneDrops {
    /// How long the vehicle has been out in the rain when an encounter begins, seconds, 0 to 600; 60 when left out
    /// (assumption: from then on as much runs off a pane as falls on it).
    #[serde(default = "default_collected_s")]
    pub collected_s: f32,
    /// Time from one sweep of the windscreen's wipers to the next, seconds, 0.4 to 60; they rest when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wiper_period_s: Option<f32>,
    /// Angle between water and glass at a drop's edge, degrees, 30 to 80; 60 when left out (assumption: glass that has been
    /// in traffic; water spreads on clean glass and beads on waxed glass).
    #[serde(default = "default_contact_angle_deg")]
    pub contact_angle_deg: f32,
}

fn default_collected_s() -> f32 {
    60.0
}

fn default_contact_angle_deg() -> f32 {
    60.0
}

impl Check for PaneDrops {
    fn check(&self) -> Result<(), ValueFault> {
        let Self { collected_s, wiper_period_s, contact_angle_deg } = *self;
        within("collected_s", collected_s.into(), 0.0, 600.0, "s")?;
        wiper_period_s.map_or(Ok(()), |period_s| within("wiper_period_s", period_s.into(), 0.4, 60.0, "s"))?;
        within("contact_angle_deg", contact_angle_deg.into(), 30.0, 80.0, "°")
    }
}

impl Weather {
    /// The first value, if any, that is impossible under a sky. Keys are relative to this table.
    pub(super) fn check_under(&self, sky: Sky) -> Result<(), ValueFault> {
        self.check()?;
        if sky == Sky::Clear && self.rain_mm_per_h.is_some_and(|rate| rate > 0.0) {
            let help = "set daylight.sky = \"overcast\", or leave out rain_mm_per_h";
            return Err(ValueFault::new("rain_mm_per_h", "it does not rain from a clear sky", help));
        }
        Ok(())
    }
}

impl Check for Weather {
    fn check(&self) -> Result<(), ValueFault> {
        let Self { fog_visibility_m, dust_visibility_m, rain_mm_per_h, drops, depth_m, snow } = *self;
        for (key, visibility) in [("fog_visibility_m", fog_visibility_m), ("dust_visibility_m", dust_visibility_m)] {
            visibility.map_or(Ok(()), |v| within(key, v.into(), 10.0, 50_000.0, "m"))?;
        }
        rain_mm_per_h.map_or(Ok(()), |rate| within("rain_mm_per_h", rate.into(), 0.0, 200.0, "mm/h"))?;
        if let Some(drops) = drops {
            drops.check().map_err(|fault| ValueFault { key_path: format!("drops.{}", fault.key_path), ..fault })?;
            if rain_mm_per_h.is_none_or(|rate| rate == 0.0) {
                let help = "set rain_mm_per_h above 0, or leave out the table drops";
                return Err(ValueFault::new("drops", "drops without rain", help));
            }
        }
        if let Some(snow) = snow {
            snow.check().map_err(|fault| ValueFault { key_path: format!("snow.{}", fault.key_path), ..fault })?;
        }
        within("depth_m", depth_m.into(), 5.0, 2_000.0, "m")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Weather = Weather {
        fog_visibility_m: None,
        dust_visibility_m: None,
        rain_mm_per_h: None,
        drops: None,
        depth_m: 20.0,
        snow: None,
    };

    #[test]
    fn drops_need_rain_and_possible_values() {
        let lain = PaneDrops { collected_s: 60.0, wiper_period_s: Some(1.2), contact_angle_deg: 60.0 };
        let fault = |rain_mm_per_h, drops| {
            Weather { rain_mm_per_h, drops: Some(drops), ..NONE }.check().map_err(|fault| fault.key_path)
        };
        assert_eq!(fault(Some(5.0), lain), Ok(()));
        for none in [None, Some(0.0)] {
            assert_eq!(fault(none, lain), Err("drops".to_owned()));
        }
        for (key, drops) in [
            ("drops.wiper_period_s", PaneDrops { wiper_period_s: Some(0.0), ..lain }),
            ("drops.collected_s", PaneDrops { collected_s: -1.0, ..lain }),
            ("drops.contact_angle_deg", PaneDrops { contact_angle_deg: 100.0, ..lain }),
        ] {
            assert_eq!(fault(Some(5.0), drops), Err(key.to_owned()));
        }
    }

    #[test]
    fn impossible_weather_is_refused_by_its_key() {
        let fault = |weather: Weather, sky| weather.check_under(sky).unwrap_err().key_path;
        assert_eq!(fault(Weather { fog_visibility_m: Some(0.0), ..NONE }, Sky::Clear), "fog_visibility_m");
        assert_eq!(fault(Weather { dust_visibility_m: Some(-3.0), ..NONE }, Sky::Clear), "dust_visibility_m");
        assert_eq!(fault(Weather { depth_m: f32::NAN, ..NONE }, Sky::Clear), "depth_m");
        let black = GroundSnow { reflectance: 0.3, packed_reflectance: None };
        assert_eq!(fault(Weather { snow: Some(black), ..NONE }, Sky::Clear), "snow.reflectance");
        let packed = GroundSnow { reflectance: 0.85, packed_reflectance: Some(1.2) };
        assert_eq!(fault(Weather { snow: Some(packed), ..NONE }, Sky::Clear), "snow.packed_reflectance");
        let rain = Weather { rain_mm_per_h: Some(20.0), ..NONE };
        assert_eq!(fault(rain, Sky::Clear), "rain_mm_per_h");
        assert!(rain.check_under(Sky::Overcast).is_ok());
        assert!(Weather { fog_visibility_m: Some(50.0), ..NONE }.check_under(Sky::Clear).is_ok());
        assert!(Weather { rain_mm_per_h: Some(0.0), ..NONE }.check_under(Sky::Clear).is_ok());
    }
}
