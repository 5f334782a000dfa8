//! Where the sun stands: NREL's Solar Position Algorithm (I. Reda and A. Andreas, NREL/TP-560-34302, 2008; ±0.0003°)
//! through the crate `solar-positioning`, and its direction in a lane's frame.
use chrono::{DateTime, Datelike as _, FixedOffset};
use glam::Vec3;
use solar_positioning::{Location, RefractionCorrection, SolarPositions, delta_t};

/// Why a sun position could not be had.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SunError {
    /// The instant does not parse.
    #[error(
        "time `{0}` is not an instant with offset: write it as in `2026-06-21T10:30:00-05:00` (RFC 3339), offset included"
    )]
    Time(String),
    /// Latitude, longitude or year is out of range.
    #[error(
        "latitude {latitude_deg}°, longitude {longitude_deg}°, time `{time}`: {reason}; latitude is −90 to 90, longitude −180 to 180 (east positive)"
    )]
    Place {
        /// Degrees, north positive.
        latitude_deg: f64,
        /// Degrees, east positive.
        longitude_deg: f64,
        /// As given.
        time: String,
        /// What the algorithm says.
        reason: String,
    },
}

/// The sun's place in the sky as seen by an observer at sea level, refraction included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SunPosition {
    /// Angle above the horizon, degrees; negative below.
    pub elevation_deg: f64,
    /// Compass bearing, degrees clockwise from north, 0..360.
    pub azimuth_deg: f64,
    /// Day of the year, 1..=366, in the offset of the given time.
    pub day_of_year: u32,
}

/// Sun position for a latitude (north positive), a longitude (east positive) and an RFC 3339 instant.
///
/// The refraction is that of a standard atmosphere at sea level (1013.25 mbar, 15 °C).
pub fn position(latitude_deg: f64, longitude_deg: f64, time: &str) -> Result<SunPosition, SunError> {
    let refraction = RefractionCorrection::standard();
    position_with(latitude_deg, longitude_deg, time, 0.0, refraction)
}

fn position_with(
    latitude_deg: f64,
    longitude_deg: f64,
    time: &str,
    elevation_m: f64,
    refraction: RefractionCorrection,
) -> Result<SunPosition, SunError> {
    let instant: DateTime<FixedOffset> =
        DateTime::parse_from_rfc3339(time).map_err(|_| SunError::Time(time.to_owned()))?;
    let place = |reason: String| SunError::Place { latitude_deg, longitude_deg, time: time.to_owned(), reason };
    let delta_t_s = delta_t::estimate_from_date_like(&instant).map_err(|e| place(e.to_string()))?;
    let location = Location { latitude: latitude_deg, longitude: longitude_deg };
    let sun = SolarPositions::new()
        .at(&instant, location, elevation_m, delta_t_s, Some(refraction))
        .map_err(|e| place(e.to_string()))?;
    Ok(SunPosition { elevation_deg: sun.elevation_angle(), azimuth_deg: sun.azimuth(), day_of_year: instant.ordinal() })
}

impl SunPosition {
    /// Unit vector towards the sun in the world frame of a lane whose direction of travel (+Z) has this compass bearing.
    pub fn direction(&self, bearing_deg: f64) -> Vec3 {
        let clockwise = (self.azimuth_deg - bearing_deg).to_radians();
        let (sin_h, cos_h) = self.elevation_deg.to_radians().sin_cos();
        // Seen from above, clockwise from +Z is towards −X, the right of travel.
        glam::DVec3::new(-clockwise.sin() * cos_h, sin_h, clockwise.cos() * cos_h).as_vec3()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worked_example_of_nrel() {
        // NREL/TP-560-34302, table A5.1: zenith 50.11162°, azimuth 194.34024°.
        let refraction = RefractionCorrection::new(820.0, 11.0).unwrap();
        let sun = position_with(39.742476, -105.1786, "2003-10-17T12:30:30-07:00", 1830.14, refraction).unwrap();
        assert!((90.0 - sun.elevation_deg - 50.11162).abs() < 2e-4, "{sun:?}");
        assert!((sun.azimuth_deg - 194.34024).abs() < 2e-4, "{sun:?}");
        assert_eq!(sun.day_of_year, 290);
    }

    #[test]
    fn southern_noon_sun_stands_in_the_north() {
        // Sydney, 151.2093° E: at the June solstice the equation of time is about −1 min 50 s, so the sun culminates at
        // 12:00 − 4 min · 1.2093 + 1 min 50 s = 11:57 (UTC+10), 90° − 33.87° − 23.44° high.
        let sun = position(-33.8688, 151.2093, "2026-06-21T11:57:00+10:00").unwrap();
        assert!((sun.elevation_deg - 32.70).abs() < 0.05, "{sun:?}");
        assert!(sun.azimuth_deg < 0.6 || sun.azimuth_deg > 359.4, "{sun:?}");
    }

    #[test]
    fn southern_culmination_of_a_published_almanac_day() {
        // J. Meeus, Astronomical Algorithms, examples 25.a and 28.a: on 1992 October 13, 0h TD (59 s earlier in UT), the sun's
        // apparent declination is −7.78507° and the equation of time +3.42735° (13 min 42.6 s). So it stands on the
        // meridian of 180° − 3.427° + 0.246° (those 59 s) = 176.819° E, in the north of all places south of its declination.
        for latitude in [-18.1416, -36.8485, -54.8] {
            let bare = RefractionCorrection::new(1e-3, 15.0).unwrap();
            let sun = position_with(latitude, 176.819, "1992-10-12T23:59:01Z", 0.0, bare).unwrap();
            let culmination = 90.0 - (-7.78507 - latitude);
            assert!((sun.elevation_deg - culmination).abs() < 0.005, "{latitude}: {sun:?}, expected {culmination}");
            assert!(sun.azimuth_deg < 0.1 || sun.azimuth_deg > 359.9, "{latitude}: {sun:?}");
        }
        // As far in the north the same sun stands in the south.
        let sun = position(36.8485, 176.819, "1992-10-12T23:59:01Z").unwrap();
        assert!((sun.azimuth_deg - 180.0).abs() < 0.1, "{sun:?}");
    }

    #[test]
    fn southern_noons_of_solstices_and_equinoxes() {
        // Highest sun of the day = 90° − |latitude − declination|, declination ±23.44° or 0°; north of places further south
        // than that, south of those further north.
        let places = [
            ("Cape Town", -33.9249, 18.4241),
            ("Santiago de Chile", -33.4489, -70.6693),
            ("Ushuaia", -54.8019, -68.3030),
            ("Darwin", -12.4634, 130.8456),
            ("Reykjavik", 64.1466, -21.9426),
        ];
        let days = [("2026-06-21", 23.44), ("2026-12-21", -23.44), ("2026-03-20", 0.0), ("2026-09-23", 0.0)];
        for (place, latitude, longitude) in places {
            for (day, declination) in days {
                // Minutes of the local mean solar day, in UTC.
                let start = DateTime::parse_from_rfc3339(&format!("{day}T00:00:00Z")).unwrap()
                    - chrono::Duration::seconds((240.0 * longitude) as i64);
                let noon = (11 * 60..13 * 60)
                    .map(|minute| start + chrono::Duration::minutes(minute))
                    .map(|t| position(latitude, longitude, &t.to_rfc3339()).unwrap())
                    .max_by(|a, b| a.elevation_deg.total_cmp(&b.elevation_deg))
                    .unwrap();
                let want = 90.0 - f64::abs(latitude - declination);
                assert!((noon.elevation_deg - want).abs() < 0.3, "{place} {day}: {noon:?}, expected {want}");
                let bearing = if latitude < declination { 0.0 } else { 180.0 };
                let off = (noon.azimuth_deg - bearing + 180.0).rem_euclid(360.0) - 180.0;
                assert!(off.abs() < 1.5, "{place} {day}: {noon:?}");
            }
        }
    }

    #[test]
    fn sun_stands_overhead_in_the_tropics() {
        // Quito's meridian at the March equinox of 2026 (20 March 14:46 UTC): noon is near 17:21 UTC, declination ~ 0.04°.
        let sun = position(0.04, -78.5, "2026-03-20T17:21:30Z").unwrap();
        assert!(sun.elevation_deg > 89.8, "{sun:?}");
        // Rio Branco and east longitudes: the sign of the longitude matters. Same UTC at 78.5° E is night.
        assert!(position(0.04, 78.5, "2026-03-20T17:21:30Z").unwrap().elevation_deg < -20.0);
    }

    #[test]
    fn the_offset_is_part_of_the_instant() {
        let local = position(52.52, 13.405, "2026-06-21T13:10:00+02:00").unwrap();
        let utc = position(52.52, 13.405, "2026-06-21T11:10:00Z").unwrap();
        assert!((local.azimuth_deg - utc.azimuth_deg).abs() < 1e-9);
        // Berlin, summer solstice culmination: 90° − 52.52° + 23.44° = 60.92°.
        assert!((local.elevation_deg - 60.92).abs() < 0.05, "{local:?}");
        assert!((local.azimuth_deg - 180.0).abs() < 1.5);
    }

    #[test]
    fn world_directions() {
        let noon = SunPosition { elevation_deg: 30.0, azimuth_deg: 180.0, day_of_year: 1 };
        let close = |a: Vec3, b: Vec3| assert!((a - b).length() < 1e-5, "{a} not {b}");
        let c = 30f32.to_radians().cos();
        close(noon.direction(180.0), Vec3::new(0.0, 0.5, c)); // lane heads south: sun ahead
        close(noon.direction(0.0), Vec3::new(0.0, 0.5, -c)); // lane heads north: sun behind
        close(noon.direction(90.0), Vec3::new(-c, 0.5, 0.0)); // lane heads east: sun on the right
        close(noon.direction(270.0), Vec3::new(c, 0.5, 0.0)); // lane heads west: sun on the left
    }

    #[test]
    fn errors_say_what_would_be_right() {
        assert!(position(0.0, 0.0, "2026-06-21 10:30").unwrap_err().to_string().contains("RFC 3339"));
        assert!(position(95.0, 0.0, "2026-06-21T10:30:00Z").unwrap_err().to_string().contains("95°"));
    }
}
