//! Counterfactuals: an exposure made again with one thing, or several, as good as it can be.
use serde::{Deserialize, Serialize};

/// One thing that an exposure can be spared, in the order in which a cause is looked for: from what an installer can
/// change at the pane to what lies with the traveller and the pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Factor {
    /// Panes mirror nothing, and fog, dust and rain before the vehicle scatter nothing towards the camera; what they take from
    /// the light stays taken. Round the vehicle's part of the picture the lane is as it was.
    Veil,
    /// Panes are clear, clean and bare, on the light's way in too.
    Glass,
    /// No rain drops lie on the panes; the rain in the air stays.
    Drops,
    /// The face is exposed to a middle tone: less light where it is over-exposed, more gain where it is dark.
    Exposure,
    /// Nothing moves while the shutter is open.
    MotionBlur,
    /// Everything is in focus.
    Defocus,
    /// No shot noise, no dark noise, no fixed pattern.
    Noise,
    /// The frame reaches the stack as the sensor gave it: what JPEG or video takes away is left in. Halfway, half of each pixel's
    /// error stays.
    Compression,
    /// Nothing worn on the face: no glasses, headwear, mask.
    Worn,
    /// Nothing but the own head stands before the face.
    Occluder,
    /// The head faces the camera.
    Pose,
    /// Twice as many pixels across, from a lens twice as long.
    Pixels,
}

impl Factor {
    /// All factors, in their order.
    pub const ALL: [Self; 11] = [
        Self::Veil,
        Self::Glass,
        Self::Drops,
        Self::Exposure,
        Self::MotionBlur,
        Self::Defocus,
        Self::Noise,
        Self::Compression,
        Self::Worn,
        Self::Occluder,
        Self::Pose,
        Self::Pixels,
    ];

    /// What was made of it, for sentences such as "with … they would have been captured".
    pub const fn idealised(self) -> &'static str {
        match self {
            Self::Veil => "no mirror image in the panes",
            Self::Glass => "clear glass",
            Self::Drops => "dry panes",
            Self::Exposure => "the face well exposed",
            Self::MotionBlur => "no motion blur",
            Self::Defocus => "the face in focus",
            Self::Noise => "no noise",
            Self::Compression => "no compression",
            Self::Worn => "nothing worn on the face",
            Self::Occluder => "nothing before the face",
            Self::Pose => "the head towards the camera",
            Self::Pixels => "twice the pixels",
        }
    }

    /// Whether there is something between it as it is and ideal. A mask is worn or not, and stands before the face or not.
    pub const fn divisible(self) -> bool {
        !matches!(self, Self::Worn | Self::Occluder)
    }

    /// The loss that it stands for, as a noun.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Veil => "veiling reflection",
            Self::Glass => "dark glass",
            Self::Drops => "rain drops on the panes",
            Self::Exposure => "wrong exposure",
            Self::MotionBlur => "motion blur",
            Self::Defocus => "defocus",
            Self::Noise => "noise",
            Self::Compression => "compression",
            Self::Worn => "what is worn on the face",
            Self::Occluder => "what stands before the face",
            Self::Pose => "the turn of the head",
            Self::Pixels => "too few pixels",
        }
    }
}

/// A set of factors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Factors(u16);

impl Factors {
    /// None.
    pub const NONE: Self = Self(0);

    /// Whether one is in it.
    pub const fn contains(self, factor: Factor) -> bool {
        self.0 >> factor as u16 & 1 == 1
    }

    /// Those in it, in their order.
    pub fn iter(self) -> impl Iterator<Item = Factor> {
        Factor::ALL.into_iter().filter(move |factor| self.contains(*factor))
    }

    /// Those that are in both.
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether none is in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl FromIterator<Factor> for Factors {
    fn from_iter<I: IntoIterator<Item = Factor>>(factors: I) -> Self {
        Self(factors.into_iter().fold(0, |bits, factor| bits | 1 << factor as u16))
    }
}

/// What an exposure is made again without, and for whom.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Counterfactual {
    /// Occupant, by index in the encounter: whose face is exposed well, turned, uncovered.
    pub occupant: u8,
    /// What is idealised.
    pub factors: Factors,
    /// How much of its way to ideal each goes, above 0 to 1. What cannot be halved goes all of it: see
    /// [`Factor::divisible`].
    pub share: f32,
}

impl Counterfactual {
    /// All of the way.
    pub const fn whole(occupant: u8, factors: Factors) -> Self {
        Self { occupant, factors, share: 1.0 }
    }

    /// What is left of a factor's departure from ideal, 0 (none: it is ideal) to 1 (all).
    pub fn left(&self, factor: Factor) -> f32 {
        match self.factors.contains(factor) {
            true if factor.divisible() => 1.0 - self.share.clamp(0.0, 1.0),
            true => 0.0,
            false => 1.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_hold_what_was_put_in_and_keep_the_order() {
        let set: Factors = [Factor::Pixels, Factor::Veil, Factor::Pose].into_iter().collect();
        assert_eq!(set.iter().collect::<Vec<_>>(), [Factor::Veil, Factor::Pose, Factor::Pixels]);
        assert!(Factors::default().is_empty() && !set.contains(Factor::Glass));
        let all: Factors = Factor::ALL.into_iter().collect();
        assert_eq!(all.iter().count(), Factor::ALL.len());
        assert_eq!(all.intersection(set), set);
    }
}
