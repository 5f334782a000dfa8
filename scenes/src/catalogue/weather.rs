//! What is in the air of a lane: fog, dust, rain.
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
    /// Rain rate, millimetres per hour, 0 to 200; under an overcast sky only. Rain dims the air; drops on panes are not
    /// drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rain_mm_per_h: Option<f32>,
    /// Height above the road up to which the air holds it, metres, 5 to 2,000; 20 when left out (assumption: radiation
    /// fog at dawn).
    #[serde(default = "default_depth_m")]
    pub depth_m: f32,
}

fn default_depth_m() -> f32 {
    20.0
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
        let Self { fog_visibility_m, dust_visibility_m, rain_mm_per_h, depth_m } = *self;
        for (key, visibility) in [("fog_visibility_m", fog_visibility_m), ("dust_visibility_m", dust_visibility_m)] {
            visibility.map_or(Ok(()), |v| within(key, v.into(), 10.0, 50_000.0, "m"))?;
        }
        rain_mm_per_h.map_or(Ok(()), |rate| within("rain_mm_per_h", rate.into(), 0.0, 200.0, "mm/h"))?;
        within("depth_m", depth_m.into(), 5.0, 2_000.0, "m")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Weather =
        Weather { fog_visibility_m: None, dust_visibility_m: None, rain_mm_per_h: None, depth_m: 20.0 };

    #[test]
    fn impossible_weather_is_refused_by_its_key() {
        let fault = |weather: Weather, sky| weather.check_under(sky).unwrap_err().key_path;
        assert_eq!(fault(Weather { fog_visibility_m: Some(0.0), ..NONE }, Sky::Clear), "fog_visibility_m");
        assert_eq!(fault(Weather { dust_visibility_m: Some(-3.0), ..NONE }, Sky::Clear), "dust_visibility_m");
        assert_eq!(fault(Weather { depth_m: f32::NAN, ..NONE }, Sky::Clear), "depth_m");
        let rain = Weather { rain_mm_per_h: Some(20.0), ..NONE };
        assert_eq!(fault(rain, Sky::Clear), "rain_mm_per_h");
        assert!(rain.check_under(Sky::Overcast).is_ok());
        assert!(Weather { fog_visibility_m: Some(50.0), ..NONE }.check_under(Sky::Clear).is_ok());
        assert!(Weather { rain_mm_per_h: Some(0.0), ..NONE }.check_under(Sky::Clear).is_ok());
    }
}
