//! What pictures are made of: an encounter, what the stack made of it, and what the testbed thinks of that.
use laneproof_exchange::truth::{BoxPx, ExposureTruth, FaceTruth};

use super::timeline::{Mark, Person, Portrait, Stage, Step, Tone};
use crate::{
    run::record::{EncounterRecord, ExposureRecord, OccupantRecord, Seen},
    scenario::ValidationRule,
    score::{self, EncounterScore, Judged, MIN_VISIBLE_SHARE, Outcome, Owner},
};

/// An encounter with its score.
pub(super) struct View<'a> {
    record: &'a EncounterRecord,
    seen: &'a Seen,
    scored: EncounterScore,
    judged: Vec<Judged<'a>>,
}

impl<'a> View<'a> {
    /// Scores an encounter; nothing where it failed.
    pub fn new(record: &'a EncounterRecord, rule: &ValidationRule) -> Option<Self> {
        let seen = record.seen()?;
        Some(Self { record, seen, scored: score::score(record, rule)?, judged: score::judge(seen, rule) })
    }

    /// The occupants before anything is exposed.
    pub fn people(&self) -> Vec<Person> {
        let person = |who: &OccupantRecord| Person {
            seat: who.seat(),
            about: format!("{}, {}", age(who.age_years), who.doing()),
            stage: Stage::Unseen,
            portrait: None,
            outcome: None,
        };
        self.record.occupants.iter().map(person).collect()
    }

    /// The best shots taken in an exposure, with their colours.
    fn shots(&self, truth: &ExposureTruth) -> impl Iterator<Item = (&Judged<'_>, Tone)> {
        let (id, camera) = (truth.exposure_id, truth.camera_id.clone());
        let here = self.judged.iter().filter(move |j| {
            let detection = &j.shot.detection;
            detection.exposure_id == id && detection.camera_id == camera
        });
        here.map(|j| match (j.shot.valid, j.verified && !j.is_false_match(self.record)) {
            (false, _) => (j, Tone::Seen),
            (true, false) => (j, Tone::Wrong),
            (true, true) => (j, Tone::Good),
        })
    }

    /// Everything that the stack saw in an exposure: whose face, where, in which colour; the telling colours last.
    fn sightings(&self, truth: &ExposureTruth) -> Vec<(Owner, BoxPx, Tone)> {
        let box_of = |[x0, y0, x1, y1]: [f32; 4]| BoxPx { x0, y0, x1, y1 };
        let shots: Vec<_> =
            self.shots(truth).map(|(j, tone)| (j.owner, box_of(j.shot.detection.box_px), tone)).collect();
        let detections = self.seen.decisions.detections.iter();
        let here = detections.filter(|d| d.exposure_id == truth.exposure_id && d.camera_id == truth.camera_id);
        let plain = here
            .map(|d| (score::owner_of(self.seen, d), box_of(d.box_px), Tone::Seen))
            .filter(|(_, b, _)| !shots.iter().any(|(_, shot, _)| shot == b));
        let mut all: Vec<_> = plain.chain(shots.iter().copied()).collect();
        all.sort_by_key(|(_, _, tone)| *tone);
        all
    }

    /// The boxes on an exposure's frame, those beneath first.
    pub fn marks(&self, truth: &ExposureTruth, step: Step) -> Vec<Mark> {
        let sightings = if step == Step::Looked { self.sightings(truth) } else { Vec::new() };
        let tone_of = |owner: Owner| sightings.iter().filter(|s| s.0 == owner).map(|s| s.2).max();
        let is_visible = |face: &FaceTruth| face.visible_share >= MIN_VISIBLE_SHARE;
        let own = truth.faces.iter().filter(|face| is_visible(face)).map(|face| {
            let tone = tone_of(Owner::Occupant(face.occupant)).unwrap_or(Tone::Truth);
            let scored = self.scored.occupants.get(usize::from(face.occupant));
            let seat = scored.map(|o| o.who.seat()).unwrap_or_default();
            let (box_tone, label) = match scored.filter(|_| step == Step::Outcome) {
                Some(o) => {
                    let tone = tone_of_outcome(o.outcome);
                    (tone, (format!("{seat} {}", short(o.outcome)), tone))
                }
                None => (Tone::Truth, (seat, tone)),
            };
            Mark { box_px: face.face_box_px, tone: box_tone, label: Some(label) }
        });
        let others = truth.others.iter().filter(|o| is_visible(&o.face)).map(|o| {
            let vehicle = self.record.others.get(usize::from(o.vehicle));
            let seat = vehicle.and_then(|v| v.occupants.get(usize::from(o.face.occupant))).map(|who| who.seat());
            let name = format!("{} {}", vehicle.map_or("other", |v| v.place.name()), seat.unwrap_or_default());
            let tone = tone_of(Owner::Other { vehicle: o.vehicle, occupant: o.face.occupant });
            let tone = if tone == Some(Tone::Wrong) { Tone::Wrong } else { Tone::Other };
            Mark { box_px: o.face.face_box_px, tone: Tone::Other, label: Some((name, tone)) }
        });
        let stack = sightings.iter().map(|(owner, box_px, tone)| {
            let decoy = || {
                let decoy = score::assign_decoy(box_px, &truth.decoys)?;
                truth.decoys.iter().find(|d| d.decoy == decoy).map(|d| d.kind.label())
            };
            let nobody = (*owner == Owner::Nobody).then(|| (decoy().unwrap_or("nobody").to_owned(), *tone));
            Mark { box_px: *box_px, tone: *tone, label: nobody }
        });
        own.chain(others).chain(stack).collect()
    }

    /// What an exposure does for the occupants.
    pub fn advance(&self, people: &mut [Person], e: &ExposureRecord) {
        for (owner, _, _) in self.sightings(&e.truth) {
            if let Some(person) = owner.occupant().and_then(|o| people.get_mut(usize::from(o))) {
                person.stage = person.stage.max(Stage::Detected);
            }
        }
        for (j, _) in self.shots(&e.truth).filter(|(j, _)| j.shot.valid) {
            let Some(o) = j.owner.occupant() else { continue };
            let Some(person) = people.get_mut(usize::from(o)) else { continue };
            let stage = if j.verified { Stage::Verified } else { Stage::Claimed };
            let face = e.truth.faces.iter().find(|face| face.occupant == o);
            if let Some(face) = face.filter(|_| stage > person.stage) {
                person.portrait = Some(Portrait { frame: e.frame.clone(), box_px: face.face_box_px });
            }
            person.stage = person.stage.max(stage);
        }
    }

    /// What became of them.
    pub fn conclude(&self, people: &mut [Person]) {
        for (person, scored) in people.iter_mut().zip(&self.scored.occupants) {
            let (label, reason) = (scored.outcome.label(), scored.reason());
            let words = match (scored.outcome, reason.is_empty()) {
                (Outcome::NotEnrolled, _) | (_, true) => label.to_owned(),
                (_, false) => format!("{label}: {reason}"),
            };
            person.outcome = Some((tone_of_outcome(scored.outcome), words));
            let best = scored.best.as_ref();
            let best = best.map(|best| Portrait { frame: best.frame.clone(), box_px: best.face.face_box_px });
            person.portrait = person.portrait.take().or(best);
        }
    }
}

fn age(years: f32) -> String {
    match years.max(0.0) as u32 {
        0 => "under 1 year".to_owned(),
        1 => "1 year".to_owned(),
        years => format!("{years} years"),
    }
}

fn short(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Matched => "matched",
        Outcome::NotMatched => "not matched",
        Outcome::NotEnrolled => "not enrolled",
        Outcome::Lost => "lost",
    }
}

fn tone_of_outcome(outcome: Outcome) -> Tone {
    match outcome {
        Outcome::Matched => Tone::Good,
        Outcome::NotMatched => Tone::Seen,
        Outcome::NotEnrolled => Tone::NotEnrolled,
        Outcome::Lost => Tone::Wrong,
    }
}
