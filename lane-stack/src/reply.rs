//! What a stack says back to each frame while an encounter runs.
//!
//! On the wire each kind of message is a member of its own, and all but `control` may be left out: a stack that only sets
//! exposure times says what it always said, and a reader that knows no other kind passes over them.
use crate::client::Seat;
use serde::{Deserialize, Serialize};

/// What a stack may ask a camera to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ControlMessage {
    /// Camera.
    pub camera_id: String,
    /// Exposure time for its next exposures, microseconds.
    pub exposure_us: f32,
    /// Gain for its next exposures, decibels.
    pub gain_db: f32,
}

/// A wish for when a camera should expose next. A lane that grants the stack an exposure ([`NeedMore`]) takes it then; what
/// the lane's own triggers do is the lane's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct NextTrigger {
    /// Camera.
    pub camera_id: String,
    /// So long after the mid-exposure of the frame that is answered, microseconds.
    pub after_us: u64,
}

/// A wish for another exposure: of whom, by which camera, and why. A lane may have none to give.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct NeedMore {
    /// The camera that should expose again.
    pub camera_id: String,
    /// The seat of whom more is needed, where it can be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seat: Option<Seat>,
    /// What is wrong with what there is, for people.
    pub reason: String,
}

/// A person who needs no more exposures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Secured {
    /// Seat, where it can be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seat: Option<Seat>,
    /// Camera of the best shot.
    pub camera_id: String,
    /// Exposure of the best shot.
    pub exposure_id: u64,
    /// Its overall quality, 0 to 100.
    pub overall: f32,
    /// How many shots of this person keep the quality rule, all cameras together.
    pub valid_shots: u32,
}

/// How many exposures of a camera showed nobody new.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Quiet {
    /// Camera.
    pub camera_id: String,
    /// Its exposures after the one that first showed the newest person.
    pub exposures: u32,
}

/// No more exposures are needed of this vehicle, and what that rests on. It is said in the answer to every frame for which
/// it holds: a later answer without it takes it back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Enough {
    /// Everybody seen in the vehicle so far, each with a valid best shot.
    pub persons: Vec<Secured>,
    /// Per camera, for how long nobody new has appeared.
    pub quiet: Vec<Quiet>,
}

/// The answer to a frame.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Reply {
    /// Settings of cameras; most often none.
    pub control: Vec<ControlMessage>,
    /// When cameras should expose next.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub next_triggers: Vec<NextTrigger>,
    /// Of whom more exposures are needed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub need_more: Vec<NeedMore>,
    /// Set when no more exposures are needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enough: Option<Enough>,
}

impl Reply {
    /// Settings of cameras and nothing else.
    pub fn steering(control: Vec<ControlMessage>) -> Self {
        Self { control, ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_that_only_steers_is_understood_and_writes_what_it_always_wrote() {
        let old = r#"{"control":[{"camera_id":"east","exposure_us":88.5,"gain_db":6.0}]}"#;
        let reply: Reply = serde_json::from_str(old).unwrap();
        let control = ControlMessage { camera_id: "east".into(), exposure_us: 88.5, gain_db: 6.0 };
        assert_eq!(reply, Reply::steering(vec![control]));
        assert_eq!(serde_json::to_string(&reply).unwrap(), old);
        // Kinds that are not known yet are passed over; one that always was there may not be missing.
        let later = old.replace("}]}", "}],\"open_the_barrier\":{\"now\":true}}");
        assert_eq!(serde_json::from_str::<Reply>(&later).unwrap(), reply);
        assert!(serde_json::from_str::<Reply>("{}").is_err());
    }

    #[test]
    fn every_kind_of_message_comes_back_as_it_was_sent() {
        let seat = Some(Seat { row: 2, side: crate::client::SeatSide::Left });
        let reply = Reply {
            control: Vec::new(),
            next_triggers: vec![NextTrigger { camera_id: "east".into(), after_us: 150_000 }],
            need_more: vec![NeedMore { camera_id: "east".into(), seat, reason: "yaw 50 over 35".into() }],
            enough: Some(Enough {
                persons: vec![Secured {
                    seat: None,
                    camera_id: "east".into(),
                    exposure_id: 7,
                    overall: 61.5,
                    valid_shots: 3,
                }],
                quiet: vec![Quiet { camera_id: "east".into(), exposures: 2 }],
            }),
        };
        let text = serde_json::to_string(&reply).unwrap();
        assert_eq!(serde_json::from_str::<Reply>(&text).unwrap(), reply);
        assert!(text.contains(r#""seat":{"row":2,"side":"left"}"#), "{text}");
    }
}
