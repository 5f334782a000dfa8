//! The occupants as cards: those lost on the way, to click through and to filter, then those who got through.
use serde::Serialize;

use super::pictures;
use crate::{
    run::folder::RunFolder,
    score::{OccupantScore, Outcome, Stage},
};

/// Most losses, and most of those who got through, that are shown with their pictures: some 15 kB each.
const MOST_LOSSES: usize = 400;
const MOST_THROUGH: usize = 100;

/// One occupant as the page shows them.
#[derive(Serialize)]
struct Card {
    /// "5-0": encounter and occupant.
    id: String,
    encounter: u64,
    occupant: u8,
    seat: String,
    row: u8,
    vehicle: String,
    age: String,
    outcome: &'static str,
    class: &'static str,
    stage: &'static str,
    /// What lost them, as the filter names it.
    cause: String,
    reason: String,
    thumbnail: Option<String>,
    portrait: Option<String>,
    facts: Vec<(&'static str, String)>,
    flags: Vec<String>,
}

/// A value that cards can be filtered by, and how many have it.
#[derive(Debug, PartialEq, Serialize)]
struct Choice {
    name: String,
    count: usize,
}

/// The section on single occupants.
#[derive(Serialize)]
pub(super) struct Gallery {
    losses: Vec<Card>,
    through: Vec<Card>,
    /// How many there are in all.
    all_losses: usize,
    all_through: usize,
    stages: Vec<Choice>,
    causes: Vec<Choice>,
    rows: Vec<Choice>,
}

/// Makes the section.
pub(super) fn gallery(people: &[&OccupantScore], folder: &RunFolder, frames: &mut pictures::Frames<'_>) -> Gallery {
    let (through, losses): (Vec<&OccupantScore>, Vec<&OccupantScore>) =
        people.iter().partition(|o| Stage::of(o) == Stage::Through);
    let mut cards = |people: &[&OccupantScore], most: usize| -> Vec<Card> {
        evenly(people, most).map(|o| card(o, folder, frames)).collect()
    };
    let (lost, kept) = (cards(&losses, MOST_LOSSES), cards(&through, MOST_THROUGH));
    let choices = |key: &dyn Fn(&OccupantScore) -> (u8, String), shown: &[&OccupantScore]| {
        let mut keys: Vec<(u8, String)> = shown.iter().map(|o| key(o)).collect();
        keys.sort();
        let mut choices: Vec<Choice> = Vec::new();
        for (_, name) in keys {
            match choices.last_mut().filter(|last| last.name == name) {
                Some(last) => last.count += 1,
                None => choices.push(Choice { name, count: 1 }),
            }
        }
        choices
    };
    let shown: Vec<&OccupantScore> = evenly(&losses, MOST_LOSSES).collect();
    Gallery {
        all_losses: losses.len(),
        all_through: through.len(),
        stages: choices(&|o| (Stage::of(o) as u8, Stage::of(o).label().to_owned()), &shown),
        causes: choices(&|o| (o.cause.map_or(u8::MAX, |c| c as u8), cause_name(o)), &shown),
        rows: choices(&|o| (o.who.row, format!("row {}", o.who.row)), &shown),
        losses: lost,
        through: kept,
    }
}

/// At most so many of a list, spread over all of it.
fn evenly<'p, 'o>(
    people: &'p [&'o OccupantScore],
    most: usize,
) -> impl Iterator<Item = &'o OccupantScore> + use<'p, 'o> {
    let shown = people.len().min(most);
    (0..shown).map(move |i| people[i * people.len() / shown])
}

/// What lost somebody, as filters name it: not to whom they were matched.
fn cause_name(o: &OccupantScore) -> String {
    match (o.outcome, &o.false_match) {
        (Outcome::NotMatched, Some(_)) => "matched to somebody else".to_owned(),
        _ => o.reason(),
    }
}

/// A rounded number; what rounds to nothing has no sign.
fn whole(value: f32) -> String {
    (value.round() as i32).to_string().replace('-', "−")
}

/// What is known of somebody, for people: name and value.
pub(crate) fn facts(o: &OccupantScore) -> Vec<(&'static str, String)> {
    let mut facts = vec![("does", o.who.doing())];
    if !o.who.worn.is_empty() {
        facts.push(("wears", o.who.worn.iter().map(|worn| worn.label()).collect::<Vec<_>>().join(", ")));
    }
    if let Some(best) = &o.best {
        let f = &best.face;
        facts.push(("camera", format!("{}, exposure {}", best.camera_id, best.exposure_id)));
        facts.push(("between eyes", format!("{:.0} px at {:.1} m", f.inter_eye_px, f.distance_m)));
        facts.push((
            "head",
            format!("yaw {}°, pitch {}°, roll {}°", whole(f.yaw_deg), whole(f.pitch_deg), whole(f.roll_deg)),
        ));
        facts.push(("visible", format!("{:.0} %", f.visible_share * 100.0)));
        facts.push(("mean, contrast", format!("{:.0} DN, {:.2}", f.mean_dn, f.contrast)));
        facts.push(("panes pass", format!("{:.0} %", f.pane_transmittance * 100.0)));
        facts.push(("blur, px", format!("motion {:.1}, defocus {:.1}", f.motion_blur_px, f.defocus_px)));
    }
    if let Some(similarity) = o.own_similarity.filter(|_| o.who.reference_id.is_some()) {
        facts.push(("own reference", format!("similarity {similarity:.2}")));
    }
    if let Some(similarity) = o.other_similarity {
        facts.push(("best other", format!("similarity {similarity:.2}")));
    }
    if o.who.reference_id.is_some() {
        facts.push(("document", o.who.document.name().replace('-', " ")));
    }
    facts
}

fn card(o: &OccupantScore, folder: &RunFolder, frames: &mut pictures::Frames<'_>) -> Card {
    let mut flags = Vec::new();
    if o.over_claimed {
        flags.push("over-claimed".to_owned());
    }
    if o.under_claimed {
        flags.push("under-claimed".to_owned());
    }
    if let Some(other) = &o.false_match {
        flags.push(format!("false match with {other}"));
    }
    let portrait = o.who.reference_id.as_ref().and_then(|id| {
        let bytes = folder.read(&format!("portraits/{id}.jpg")).ok()??;
        pictures::portrait(&bytes)
    });
    Card {
        id: format!("{}-{}", o.encounter, o.occupant),
        encounter: o.encounter,
        occupant: o.occupant,
        seat: o.who.seat(),
        row: o.who.row,
        vehicle: o.vehicle.clone(),
        age: format!("{:.0}", o.who.age_years.floor()),
        outcome: o.outcome.label(),
        class: match o.outcome {
            Outcome::Matched => "matched",
            Outcome::NotMatched => "notmatched",
            Outcome::NotEnrolled => "notenrolled",
            Outcome::Lost => "lost",
        },
        stage: Stage::of(o).label(),
        cause: cause_name(o),
        reason: o.reason(),
        thumbnail: pictures::thumbnail(o, frames),
        portrait,
        facts: facts(o),
        flags,
    }
}

#[cfg(test)]
mod tests {
    use super::{evenly, gallery};
    use crate::{
        report::{pictures::Frames, tests::spoilt_run},
        run::folder::RunFolder,
    };

    /// Contract: everybody has one card, and each filter's counts are those of all losses.
    #[test]
    fn everybody_has_one_card_and_filters_count_all_losses() {
        let (result, place) = spoilt_run();
        let folder = RunFolder::new(place.path());
        let people: Vec<_> = result.scores.iter().flat_map(|s| &s.occupants).collect();
        let gallery = gallery(&people, &folder, &mut Frames::new(&folder));
        assert_eq!((gallery.losses.len() + gallery.through.len()) as u64, result.summary.occupants);
        for choices in [&gallery.stages, &gallery.causes, &gallery.rows] {
            assert_eq!(choices.iter().map(|choice| choice.count).sum::<usize>(), gallery.losses.len(), "{choices:?}");
        }
        assert!(gallery.losses.iter().all(|card| !card.cause.is_empty()));
        assert_eq!(evenly(&people, 7).count(), 7);
        assert_eq!(evenly(&people[..3], 7).count(), 3);
        assert_eq!(evenly(&[], 7).count(), 0);
    }
}
