//! Identification against a gallery that holds people who are not in the lane, of people of whom some are not in the gallery
//! (open-set identification, ISO/IEC 19795-1): false positives and false negatives, as rates of the searches that were made.
//!
//! A search is an occupant of whom the stack claims a shot. One without a reference who is matched to anybody is a false
//! positive (FPIR); one with a reference who is matched to somebody else or to nobody is a false negative (FNIR). Those of
//! whom the stack claims nothing were not searched for: coverage counts them.
use serde::{Deserialize, Serialize};

use laneproof_statistics::share::Share;

use super::{OccupantScore, margins::Grouping};

/// What the gallery held.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GallerySize {
    /// References of travellers.
    pub references: u64,
    /// Fillers that the scenario asks for.
    pub fillers_asked: u32,
    /// Fillers that the stack has: fewer where it knows none.
    pub fillers: u32,
}

/// The rates of a group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OpenSetGroup {
    /// "Monk 7–10", "60 and over".
    pub name: String,
    /// See [`OpenSetSummary::fpir`].
    pub fpir: Share,
    /// See [`OpenSetSummary::fnir`].
    pub fnir: Share,
}

/// Open-set identification over a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OpenSetSummary {
    /// The gallery.
    pub gallery: GallerySize,
    /// Of all occupants: those without a reference.
    pub without_reference: Share,
    /// False-positive identification rate: of the searched without a reference, those matched to somebody.
    pub fpir: Share,
    /// False-negative identification rate: of the searched with a reference, those not matched to themselves.
    pub fnir: Share,
    /// Searched people, with a reference or without, who were matched to a filler.
    pub matched_to_fillers: u64,
    /// By skin tone, sex and age.
    pub groups: Vec<OpenSetGroup>,
}

impl OpenSetSummary {
    /// Adds up the occupants of a run.
    pub(super) fn of(gallery: GallerySize, people: &[&OccupantScore], groupings: &[Grouping]) -> Self {
        let has_reference = |o: &OccupantScore| o.who.reference_id.is_some();
        let groups = groupings.iter().flat_map(|group_of| {
            let mut names: Vec<(u8, String)> = people.iter().map(|o| group_of(&o.who, &o.conditions)).collect();
            names.sort();
            names.dedup();
            names.into_iter().map(|key| {
                let of_group: Vec<&OccupantScore> =
                    people.iter().copied().filter(|o| group_of(&o.who, &o.conditions) == key).collect();
                OpenSetGroup { name: key.1, fpir: fpir(&of_group), fnir: fnir(&of_group) }
            })
        });
        Self {
            gallery,
            without_reference: Share::of_items(people.iter().copied(), |o| !has_reference(o)),
            fpir: fpir(people),
            fnir: fnir(people),
            matched_to_fillers: people.iter().filter(|o| o.claimed && o.filler_match).count() as u64,
            groups: groups.collect(),
        }
    }
}

fn fpir(people: &[&OccupantScore]) -> Share {
    let searched = people.iter().copied().filter(|o| o.claimed && o.who.reference_id.is_none());
    Share::of_items(searched, |o| o.false_match.is_some())
}

fn fnir(people: &[&OccupantScore]) -> Share {
    let searched = people.iter().copied().filter(|o| o.claimed && o.who.reference_id.is_some());
    Share::of_items(searched, |o| !o.self_match)
}
