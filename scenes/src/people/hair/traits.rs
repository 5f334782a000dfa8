//! What of the hair belongs to a person: where it grows, how dense, wavy and grey it is; and which cuts people wear.
use rand::Rng;
use serde::{Deserialize, Serialize};

use super::super::identity::{Ancestry, Beard, HairStyle, pick, truncated};

/// Form of the hairline, relative to a plain one (0 everywhere).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Hairline {
    /// Rise of the front, metres.
    pub height_m: f32,
    /// Set-back of the corners over the temples, metres: positive squares the forehead, negative rounds it.
    pub corners_m: f32,
    /// Depth of a widow's peak, metres.
    pub peak_m: f32,
    /// How much the front stands higher on the person's left than on the right, metres.
    pub skew_m: f32,
    /// Unevenness, metres.
    pub ragged_m: f32,
    /// Reach of the sideburns below the middle of the ear, metres; negative ends above it.
    pub sideburns_m: f32,
}

/// The hair of a person, whatever its cut.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct HairTraits {
    /// Share of strands without pigment, 0..1.
    pub grey: f32,
    /// Density of the growth, 1 is usual; about 0.5 to 1.2.
    pub density: f32,
    /// Loss of density over the crown, 0..1.
    pub thinning: f32,
    /// 0 straight, 0.5 wavy, 1 tightly curled.
    pub wave: f32,
    /// Place of the parting or of the whorl's turn, −1 (near the middle) to 1 (far at the side).
    pub parting: f32,
    /// Share of the face's sides that loose hair covers, 0..1.
    pub framing: f32,
    /// Form of the hairline.
    pub hairline: Hairline,
}

impl HairTraits {
    /// Draws the hair of a person. Rates and spreads are assumptions for variety, not statistics.
    pub(in super::super) fn sample<R: Rng + ?Sized>(
        rng: &mut R,
        male: bool,
        age_years: f32,
        ancestry: Ancestry,
        grey: f32,
    ) -> Self {
        let adult = age_years >= 18.0;
        let grown_man = male && adult;
        let wave = match rng.random::<f32>() {
            x if x < ancestry.african => truncated(rng, 0.9, 0.10, 0.7, 1.0),
            x if x < ancestry.african + ancestry.asian => truncated(rng, 0.05, 0.12, 0.0, 0.4),
            _ => truncated(rng, 0.28, 0.22, 0.0, 0.85),
        };
        let old = ((age_years - 30.0) / 45.0).clamp(0.0, 1.0);
        // Every other woman dyes (assumption); roots show a little.
        let dyed = !male && adult && rng.random::<f32>() < 0.5;
        let thinning = if grown_man { (rng.random::<f32>().powi(2) * (0.15 + 1.2 * old)).min(1.0) } else { 0.0 };
        Self {
            grey: if dyed { 0.12 * grey } else { grey },
            density: truncated(rng, 1.0 - 0.2 * old, 0.16, 0.55, 1.2),
            thinning,
            wave,
            parting: truncated(rng, 0.0, 0.5, -1.0, 1.0),
            framing: rng.random(),
            hairline: Hairline {
                height_m: truncated(rng, if male { 0.0 } else { -0.001 }, 0.0065, -0.012, 0.014),
                corners_m: truncated(rng, if grown_man { 0.006 } else { -0.005 }, 0.0055, -0.014, 0.016),
                peak_m: if rng.random::<f32>() < 0.35 { truncated(rng, 0.006, 0.004, 0.001, 0.013) } else { 0.0 },
                skew_m: truncated(rng, 0.0, 0.0022, -0.005, 0.005),
                ragged_m: truncated(rng, 0.0025, 0.0012, 0.0008, 0.005),
                sideburns_m: if grown_man {
                    truncated(rng, -0.004, 0.014, -0.026, 0.022)
                } else {
                    truncated(rng, -0.018, 0.006, -0.028, -0.006)
                },
            },
        }
    }
}

/// A cut and how far the front hairline has gone back, 0..1.
pub(in super::super) fn sample_style<R: Rng + ?Sized>(
    rng: &mut R,
    male: bool,
    age_years: f32,
    a: Ancestry,
) -> (HairStyle, f32) {
    use HairStyle::*;
    let old = ((age_years - 25.0) / 50.0).clamp(0.0, 1.0);
    let straight = 1.0 - a.african;
    if male {
        let recession =
            if age_years < 18.0 { 0.0 } else { (rng.random::<f32>().powi(2) * (0.25 + 1.1 * old)).min(1.0) };
        let style = pick(
            rng,
            &[
                (Shaved, 0.25 + 1.2 * old),
                (Buzz, 1.2 + 1.6 * a.african),
                (Short, 2.6 * straight + 0.3),
                (SidePart, 1.8 * straight),
                (SweptBack, 1.2 * straight),
                (Quiff, 1.2 * straight * (1.0 - 0.7 * old)),
                (Fringe, 1.3 * straight * (1.0 - 0.9 * old)),
                (Undercut, 0.9 * straight * (1.0 - 0.9 * old)),
                (Curly, 0.7 * (1.0 - a.asian) + 0.8 * a.african),
                (Afro, 1.2 * a.african * (1.0 - 0.6 * old)),
                (Cornrows, 0.9 * a.african * (1.0 - old)),
                (Braids, 0.5 * a.african * (1.0 - old)),
                (Long, 0.25 * straight),
                (Tied, 0.2 * (1.0 - old)),
                (Bob, 0.25 * straight),
            ],
        );
        (style, recession)
    } else {
        let style = pick(
            rng,
            &[
                (Buzz, 0.05 + 0.3 * a.african),
                (Short, 0.3 + 0.6 * old * straight),
                (SidePart, 0.5 * straight),
                (SweptBack, 0.4 * straight),
                (Fringe, 0.7 * straight),
                (Curly, 0.6 + 0.6 * old),
                (Bob, 2.2 * straight + 0.2),
                (Long, (2.2 - 1.2 * old) * straight + 0.2),
                (LongWavy, (2.0 - 1.0 * old) * (1.0 - 0.6 * a.asian) * straight + 0.5),
                (Tied, 1.4),
                (Ponytail, 1.3 * (1.0 - 0.6 * old)),
                (Afro, 1.6 * a.african),
                (Cornrows, 0.6 * a.african * (1.0 - 0.7 * old)),
                (Braids, 1.4 * a.african * (1.0 - 0.7 * old)),
            ],
        );
        (style, rng.random::<f32>() * 0.12)
    }
}

/// Facial hair of a grown man.
pub(in super::super) fn sample_beard<R: Rng + ?Sized>(rng: &mut R, a: Ancestry) -> Beard {
    let growth = 1.0 - 0.6 * a.asian;
    let kinds = [
        (Beard::None, 4.0),
        (Beard::Stubble, 2.4 * growth),
        (Beard::Full, 1.8 * growth),
        (Beard::Long, 0.6 * growth),
        (Beard::Goatee, 0.8),
        (Beard::VanDyke, 0.5),
        (Beard::Moustache, 0.7),
        (Beard::Horseshoe, 0.3),
        (Beard::ChinStrap, 0.4 * growth),
        (Beard::MuttonChops, 0.25 * growth),
    ];
    pick(rng, &kinds)
}
