//! What is worn over the hair.
use serde::{Deserialize, Serialize};

use super::{
    fit::{Fit, along, base_azimuth},
    hats::{self, BEANIE_EDGE, CAP_EDGE, HAT_EDGE, TURBAN_EDGE},
    wraps,
};
use crate::people::{bake::BoundPart, noise::smooth};

/// Kind of headwear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HeadwearKind {
    /// Baseball cap, visor ahead.
    Cap,
    /// Hat with a brim all round.
    BrimmedHat,
    /// Knitted hat over the ears.
    Beanie,
    /// Scarf over hair, ears and neck; the face is free.
    Hijab,
    /// Scarf and veil; the eyes are free.
    Niqab,
    /// Turban.
    Turban,
    /// Hood of a sweatshirt, up.
    Hood,
}

/// One piece of headwear.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Headwear {
    /// Kind.
    pub kind: HeadwearKind,
    /// Colour, sRGB; a hood has that of its garment.
    pub srgb: [u8; 3],
    /// Colour of ribbon, emblem or print, sRGB.
    pub accent_srgb: [u8; 3],
    /// Seed of folds and print.
    pub seed: u32,
}

/// How far below its lower edge headwear still presses the hair flat at the sides and behind, metres on the base mesh.
const TUCK_M: f32 = 0.006;
/// The same over the forehead, where only a fringe would come out.
const FRONT_TUCK_M: f32 = 0.030;

pub(super) fn parts(fit: &Fit, worn: &Headwear, top_srgb: [u8; 3]) -> Vec<BoundPart> {
    match worn.kind {
        HeadwearKind::Cap => vec![hats::cap(fit, worn)],
        HeadwearKind::BrimmedHat => vec![hats::brimmed_hat(fit, worn)],
        HeadwearKind::Beanie => vec![hats::beanie(fit, worn)],
        HeadwearKind::Turban => vec![hats::turban(fit, worn)],
        HeadwearKind::Hijab => vec![wraps::hijab(fit, worn)],
        HeadwearKind::Niqab => wraps::niqab(fit, worn),
        HeadwearKind::Hood => vec![wraps::hood(fit, &Headwear { srgb: top_srgb, ..worn.clone() })],
    }
}

/// Room for hair between the scalp and the headwear, metres; 0 hides it.
pub(super) fn hair_room_m(worn: &Headwear, base_place_m: glam::Vec3) -> f32 {
    let azimuth = base_azimuth(base_place_m);
    let edge = match worn.kind {
        HeadwearKind::Cap => &CAP_EDGE[..],
        HeadwearKind::BrimmedHat => &HAT_EDGE[..],
        HeadwearKind::Beanie => &BEANIE_EDGE[..],
        HeadwearKind::Turban => &TURBAN_EDGE[..],
        HeadwearKind::Hijab | HeadwearKind::Niqab => return 0.0,
        HeadwearKind::Hood => return wraps::hood_room_m(azimuth),
    };
    let tuck = FRONT_TUCK_M + (TUCK_M - FRONT_TUCK_M) * smooth(50.0, 65.0, azimuth.to_degrees());
    if base_place_m.y > along(edge, azimuth) - tuck { 0.0 } else { f32::INFINITY }
}
