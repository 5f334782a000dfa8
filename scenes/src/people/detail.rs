//! Levels of detail: how finely a person is made for the size at which cameras see them.
use serde::{Deserialize, Serialize};

/// How finely a person is made. Shape, landmarks, wear and behaviour are the same at every level.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Detail {
    /// A quarter of the skin picture, straighter locks, thinned head and body: for faces below
    /// [`COARSE_BELOW_INTER_EYE_PX`].
    Coarse,
    /// Everything: for portraits and for faces up to some 200 px between the eyes.
    #[default]
    Fine,
}

/// Projected distance between the eyes below which [`Detail::Coarse`] is enough, pixels. Set by measurement: there the two
/// levels of a face have an embedding cosine of 0.99 or more (`tests/tests/levels.rs`).
pub const COARSE_BELOW_INTER_EYE_PX: f32 = 50.0;

impl Detail {
    /// The level for a face whose eyes are at most this far apart in any picture.
    pub fn for_inter_eye_px(most_px: f32) -> Self {
        if most_px < COARSE_BELOW_INTER_EYE_PX { Detail::Coarse } else { Detail::Fine }
    }

    /// Width and height of the skin picture, texels.
    pub(super) fn skin_picture_px(self) -> usize {
        match self {
            Detail::Fine => 1024,
            Detail::Coarse => 512,
        }
    }

    /// Size of the cells that the head outside the face is thinned in, metres; `None` keeps every vertex.
    pub(super) fn head_cell_m(self) -> Option<f32> {
        match self {
            Detail::Fine => None,
            Detail::Coarse => Some(0.010),
        }
    }

    /// Factor on the size of the cells that hands and garments are thinned in.
    pub(super) fn thinning(self) -> f32 {
        match self {
            Detail::Fine => 1.0,
            Detail::Coarse => 2.5,
        }
    }

    /// Quads along a lock of hair, of so many in the finest level. The locks themselves stay: they are what a hairline looks
    /// like from afar.
    pub(super) fn lock_segments(self, finest: usize) -> usize {
        match self {
            Detail::Fine => finest,
            Detail::Coarse => finest.div_ceil(2).max(2).min(finest),
        }
    }
}
