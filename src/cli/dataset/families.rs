//! Whole families that no training sees: a vehicle, a sky, hair styles, a texture of skin. What is measured on them says
//! more of what was never rendered than other draws of what was.
use laneproof_scenarios::{plan::plan, scenario::Scenario};
use laneproof_scenes::{
    catalogue::{Daylight, Sky},
    people::{HairStyle, Identity},
    stream::stream,
};
use laneproof_sim::encounter::EncounterPlan;
use serde_json::{Value, json};

use super::another_hour;

/// Hair that is held out: three styles of seventeen, one short, one of curls, one tied.
const HAIR: [HairStyle; 3] = [HairStyle::Undercut, HairStyle::Curly, HairStyle::Ponytail];
/// Skin that is held out: freckled more than this, 0..1.
const FRECKLES: f32 = 0.7;
/// The vehicle that is held out.
const VEHICLE: &str = "sedan";
/// The sky that is held out.
const SKY: Sky = Sky::Overcast;

/// What is held out, in words.
pub(super) fn in_words() -> String {
    let hair: Vec<String> = HAIR.iter().map(|style| format!("{style:?}").to_lowercase()).collect();
    format!(
        "vehicle {VEHICLE}; sky {}; people with hair {}; people more freckled than {FRECKLES}",
        format!("{SKY:?}").to_lowercase(),
        hair.join(", "),
    )
}

/// Whether a person who looks like this is held out.
pub(super) fn holds_out_person(who: &Identity, hair: HairStyle) -> bool {
    HAIR.contains(&hair) || HAIR.contains(&who.hair_style) || who.freckles > FRECKLES
}

/// Whether the frames of an encounter are held out.
pub(super) fn holds_out_encounter(plan: &EncounterPlan) -> bool {
    plan.vehicle == VEHICLE || plan.daylight.sky == SKY
}

/// Which groups a person belongs to, for figures by group.
pub(super) fn groups(who: &Identity) -> Value {
    let sex = if who.sex >= 0.5 { "male" } else { "female" };
    json!({ "monk": who.monk_tone, "sex": sex, "age_years": who.age_years.round() })
}

/// One encounter in this many is a held-out one.
const ONE_IN: u64 = 4;
/// How many indices of a scenario are tried for an encounter; the last is taken whatever it is.
const TRIED: u64 = 16;

/// The `k`-th encounter of a dataset: the scenarios take turns, every fourth encounter is one of those that are held out,
/// and light differs from encounter to encounter.
pub(super) fn encounter(scenarios: &[Scenario], seed: u64, k: u64) -> EncounterPlan {
    let light = |daylight: &Daylight, index: u64| another_hour(daylight, &mut stream(seed, index, "dataset light"));
    // The turn and the holding out must not keep step, whatever the number of scenarios.
    let scenario = &scenarios[(k / ONE_IN + k) as usize % scenarios.len()];
    let wanted = k % ONE_IN == ONE_IN - 1;
    let mut tried = (k * TRIED..(k + 1) * TRIED).map(|index| {
        let mut plan = plan(scenario, index);
        plan.daylight = light(&plan.daylight, index);
        plan
    });
    let mut chosen = tried.next();
    while let Some(plan) = &chosen {
        if holds_out_encounter(plan) == wanted {
            break;
        }
        match tried.next() {
            Some(next) => chosen = Some(next),
            None => break,
        }
    }
    chosen.expect("TRIED is not 0")
}
