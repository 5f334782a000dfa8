//! Whether what another program says can be worked with. JSON has no numbers that are infinite, but it has some that are
//! too large for those here, such as 1e39, and they would be read as infinite.
use crate::client::{ControlMessage, Decisions, Detection, Reply};

/// An answer of a stack that is not in this process.
pub(crate) trait Sound {
    /// The reason in words when it cannot be worked with.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

impl Sound for ControlMessage {
    fn check(&self) -> Result<(), String> {
        finite("a control message", [self.exposure_us, self.gain_db].into_iter())
    }
}

impl Sound for Reply {
    fn check(&self) -> Result<(), String> {
        self.control.iter().try_for_each(Sound::check)?;
        let secured = self.enough.iter().flat_map(|enough| &enough.persons);
        finite("what is said to be enough", secured.map(|person| person.overall))
    }
}

impl Sound for Detection {
    fn check(&self) -> Result<(), String> {
        let q = &self.quality;
        let measures = [
            q.inter_eye_px,
            q.yaw_deg,
            q.pitch_deg,
            q.roll_deg,
            q.sharpness,
            q.mean_luminance,
            q.over_exposed_share,
            q.entropy_bits,
            q.overall,
        ];
        let more = [q.uniformity, q.eyes_covered_share, q.covered_share].into_iter().flatten();
        let places = self.box_px.into_iter().chain(self.landmarks_px.into_iter().flatten());
        finite("a detection", places.chain([self.score]).chain(measures).chain(more))
    }
}

impl Sound for Decisions {
    fn check(&self) -> Result<(), String> {
        self.detections.iter().chain(self.best_shots.iter().map(|shot| &shot.detection)).try_for_each(Sound::check)?;
        let candidates = self.best_shots.iter().flat_map(|shot| &shot.candidates);
        finite("a candidate", candidates.map(|candidate| candidate.similarity))?;
        finite("a person", self.persons.iter().filter_map(|person| person.position_m).flatten())
    }
}

fn finite(what: &str, mut numbers: impl Iterator<Item = f32>) -> Result<(), String> {
    if numbers.all(f32::is_finite) { Ok(()) } else { Err(format!("{what} holds a number that is too large")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_are_read_as_infinite_are_refused() {
        let steer = |exposure_us: &str| {
            let text = format!("{{\"camera_id\":\"front\",\"exposure_us\":{exposure_us},\"gain_db\":0}}");
            serde_json::from_str::<ControlMessage>(&text).unwrap().check()
        };
        assert_eq!(steer("95.0"), Ok(()));
        assert!(steer("1e39").unwrap_err().contains("a control message"));
        let person =
            r#"{"track_ids":[],"best_shot":0,"occupant":true,"reason":"","position_m":[0,1e39,0],"seat":null}"#;
        let text = format!("{{\"detections\":[],\"best_shots\":[],\"persons\":[{person}]}}");
        let decisions: Decisions = serde_json::from_str(&text).unwrap();
        assert!(decisions.check().unwrap_err().contains("a person"));
    }
}
