//! The looks in which the same crossing is measured: as the person comes that day, and with one thing more.
use laneproof_scenes::people::{
    Appearance,
    wear::{FaceCoverKind, HeadwearKind, WearKind},
};
use rand::Rng;

/// A way to present oneself.
pub(super) struct Variant {
    /// Name in files and tables.
    pub name: &'static str,
    /// What is put on; nothing for the day's look as it is.
    put_on: Option<WearKind>,
}

/// Name of the day's look as it is.
pub(super) const PLAIN: &str = "plain";

/// All variants; the plain one comes first, the others are compared with it.
pub(super) const VARIANTS: [Variant; 4] = [
    Variant { name: PLAIN, put_on: None },
    Variant { name: "sunglasses", put_on: Some(WearKind::Sunglasses) },
    Variant { name: "surgical mask", put_on: Some(WearKind::FaceCover(FaceCoverKind::Surgical)) },
    Variant { name: "hijab", put_on: Some(WearKind::Headwear(HeadwearKind::Hijab)) },
];

impl Variant {
    /// The day's look with the thing put on.
    pub fn dress<R: Rng + ?Sized>(&self, mut day: Appearance, rng: &mut R) -> Appearance {
        if let Some(kind) = self.put_on {
            day.wear.put(kind, rng);
        }
        day
    }
}
