//! What a run came to, encounter by encounter, as small as it can be compared: what a baseline keeps.
use serde::{Deserialize, Serialize};

use crate::score::{CrossVehicle, EncounterScore, OtherVehicleScore, Outcome};

/// One encounter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EncounterOutcome {
    /// Index in the campaign.
    pub encounter: u64,
    /// Vehicle model.
    pub vehicle: String,
    /// For how many encounters it counts.
    pub weight: f64,
    /// Who was where, and what became of them.
    pub occupants: Vec<OccupantOutcome>,
    /// Faces of occupants that exposures show, each in every exposure that shows it.
    pub visible: u64,
    /// Those detected there.
    pub detected: u64,
    /// Claimed shots that were matched to somebody else's reference.
    pub false_matches: u64,
    /// Claimed shots that are nobody's face.
    pub nobodys: u64,
    /// Claimed shots of people in other vehicles.
    pub cross_vehicle: u64,
}

/// One occupant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OccupantOutcome {
    /// "2-left".
    pub seat: String,
    /// What became of them.
    pub outcome: Outcome,
    /// Whether the stack claims a shot of theirs.
    pub claimed: bool,
}

impl EncounterOutcome {
    /// That of a scored encounter.
    pub fn of(score: &EncounterScore) -> Self {
        let others = CrossVehicle::sum(score.others.iter().map(OtherVehicleScore::counts));
        Self {
            encounter: score.encounter,
            vehicle: score.vehicle.clone(),
            weight: score.weight,
            occupants: score
                .occupants
                .iter()
                .map(|o| OccupantOutcome { seat: o.who.seat(), outcome: o.outcome, claimed: o.claimed })
                .collect(),
            visible: score.faces.iter().map(|camera| camera.visible).sum(),
            detected: score.faces.iter().map(|camera| camera.detected).sum(),
            false_matches: score.shots.false_matches,
            nobodys: score.shots.nobodys_claimed,
            cross_vehicle: others.errors,
        }
    }

    /// Occupants with a verified capture.
    pub fn captured(&self) -> u64 {
        self.occupants.iter().filter(|o| o.outcome.is_captured()).count() as u64
    }

    /// How many occupants are captured here and not there, and the other way round; seats that only one of the two has do not
    /// count.
    pub fn changes(&self, there: &Self) -> (u64, u64) {
        let captured = |outcome: &Self, seat: &str| {
            outcome.occupants.iter().find(|o| o.seat == seat).map(|o| o.outcome.is_captured())
        };
        let pairs = || self.occupants.iter().filter_map(|o| Some((o.outcome.is_captured(), captured(there, &o.seat)?)));
        let here_only = pairs().filter(|pair| *pair == (true, false)).count() as u64;
        let there_only = pairs().filter(|pair| *pair == (false, true)).count() as u64;
        (here_only, there_only)
    }
}
