//! The looks in which the same crossing is measured: as the person comes that day, and with one thing more.
use laneproof_scenes::people::Appearance;

/// A way to present oneself.
pub(super) struct Variant {
    /// Name in files and tables.
    pub name: &'static str,
    /// The day's look with the thing put on.
    pub dress: fn(Appearance) -> Appearance,
}

/// Name of the day's look as it is.
pub(super) const PLAIN: &str = "plain";

/// All variants; the plain one comes first, the others are compared with it.
pub(super) const VARIANTS: [Variant; 1] = [Variant { name: PLAIN, dress: |day| day }];
