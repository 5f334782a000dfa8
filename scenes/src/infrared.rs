//! Near infrared: what surfaces reflect at 850 and 940 nm, from what they are and how they look.
//!
//! Absorbers that make colours in the visible mostly end before 800 nm: melanin's absorption falls steadily (S. Jacques,
//! *Optical properties of biological tissues*, Phys. Med. Biol. 58, 2013: about λ⁻³·³ in skin), haemoglobin's by a factor of
//! more than twenty from 550 to 850 nm, and most textile dyes do not absorb at all; pigments of carbon black absorb
//! everywhere. Water absorbs a little at 940 nm and hardly at 850 nm. The rules below map a visible reflectance to one in a
//! band, so that whatever is painted for the visible has a picture in the infrared. Where no source is named, numbers are
//! assumptions.
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::truth::Role;

/// A near-infrared band, named by the middle of the illuminator's line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Infrared {
    /// 850 nm.
    #[serde(rename = "nir-850")]
    Nir850,
    /// 940 nm.
    #[serde(rename = "nir-940")]
    Nir940,
}

impl Infrared {
    /// Both bands.
    pub const ALL: [Self; 2] = [Self::Nir850, Self::Nir940];

    /// Its name in files and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nir850 => "nir-850",
            Self::Nir940 => "nir-940",
        }
    }

    const fn pick(self, at: [f32; 2]) -> f32 {
        match self {
            Self::Nir850 => at[0],
            Self::Nir940 => at[1],
        }
    }
}

/// What a surface is made of, as far as the infrared goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Material {
    /// Skin whose own red reflectance, away from hair, moles and folds, is this.
    Skin {
        /// Linear, 0..1.
        red: f32,
    },
    /// Hair: melanin in keratin.
    Hair,
    /// Eyeball: sclera, iris, pupil.
    Eye,
    /// Cloth: fibres bright in the infrared under dyes that mostly are not there.
    Cloth {
        /// Reflectance of fibres and dye at 850 nm.
        ground: f32,
        /// Visible reflectance, mean of red, green and blue, that gives `ground`.
        seen: f32,
        /// How much of a print's contrast is left, as an exponent.
        contrast: f32,
    },
    /// Paint of a vehicle.
    Paint,
    /// Rubber and black plastics: carbon black.
    CarbonBlack,
    /// Printed colour on paper or cloth: cyan, magenta and yellow, and black where all three would lie.
    Print,
    /// A display: no light leaves it, and little is reflected.
    Screen,
    /// Road, concrete, metal; greens among them are plants.
    Lane,
    /// Snow.
    Snow,
}

/// Reflectance of the lightest skin. Skin of all tones lies between about 0.45 and 0.65 at 850 nm, and a little lower at
/// 940 nm, where water absorbs (C. Cooksey, D. Allen, B. Tsai, *Reference data set of human skin reflectance*, J. Res. NIST
/// 122, 2017).
const LIGHT_SKIN: [f32; 2] = [0.63, 0.53];
/// Red reflectance of the lightest skin; the same source as the painter's.
const LIGHT_SKIN_RED: f32 = 0.60;
/// What is left of the spread of tones, as an exponent on the ratio of red reflectances: set so that the darkest tone of the
/// scale comes to 0.45 at 850 nm, and falling with wavelength as melanin's absorption does.
const TONE_LEFT: [f32; 2] = [0.10, 0.075];
/// What is left of a skin's own unevenness: freckles, blotches, lips.
const BLEMISHES_LEFT: [f32; 2] = [0.22, 0.18];
/// A place darker than this share of the skin's own red is hair on it: brows, beard, scalp.
const HAIR_BELOW: f32 = 0.6;
/// What is left of the contrast between hair and skin.
const STROKES_LEFT: [f32; 2] = [0.50, 0.43];

/// Black hair reflects about 0.2 at 850 nm, blond and grey hair 0.4 to 0.5 (assumption within published spectra of hair).
const HAIR: [(f32, f32); 2] = [(0.45, 0.22), (0.48, 0.18)];
/// Red reflectance of hair that gives the first number of [`HAIR`].
const FAIR_HAIR_RED: f32 = 0.40;

/// Iris and sclera: the sclera stays bright, brown irises reflect half as much, pupils stay black (iris cameras work at 850
/// nm because melanin hides the texture of dark irises no longer).
const EYE: [(f32, f32); 2] = [(0.56, 0.24), (0.52, 0.20)];
/// Red reflectance of a sclera.
const SCLERA_RED: f32 = 0.60;
/// Red reflectance below which an eye's place is pupil.
const PUPIL_RED: f32 = 0.004;

/// Reflectance of unprinted paper and cloth, in the visible and in both bands, and of black ink or toner, which is carbon
/// (assumptions). Cyan, magenta and yellow of process inks and of textile dyes let the infrared through (assumption; forensic
/// examiners tell inks of one colour apart by it).
const PAPER: f32 = 0.80;
const BLACK_INK: f32 = 0.05;
/// Share of a grey that black ink makes, the rest being of the three colours (assumption: middling grey component
/// replacement).
const BLACK_FOR_GREY: f32 = 0.6;
/// Reflectance of a display's layers: filters and polarisers let the infrared pass to what absorbs it (assumption).
const SCREEN: f32 = 0.05;

/// Visible reflectance from which ground is taken for snow: white markings on a road have less.
pub(crate) const SNOW_FROM: f32 = 0.56;
/// What is left of snow's visible reflectance in both bands, where ice begins to absorb (assumption: after the model of Wiscombe
/// and Warren, J. Atmos. Sci. 37 (1980) 2712, for grains of some tenths of a millimetre, rounded).
const SNOW_LEFT: [f32; 2] = [0.92, 0.86];

/// Share of a clear lens's light that dyed polycarbonate or CR-39 lets through at 850 to 940 nm: the dyes are organic and end
/// before (assumption).
const DYED_LENS: f32 = 0.85;
/// A lens that reflects more than this has a metal film, which dims the infrared as it does the visible (assumption).
const MIRRORED_ABOVE: f32 = 0.10;
/// A lens with less transmittance in the visible is dyed.
const DYED_BELOW: f32 = 0.85;

/// Transmittance of a thin lens in both bands for that in red, green and blue, and for its reflectance.
pub(crate) fn lens_transmittance(seen: [f32; 3], reflectance: f32) -> f32 {
    let mean = mean(seen);
    if mean >= DYED_BELOW || reflectance > MIRRORED_ABOVE { mean } else { mean.max(DYED_LENS * (1.0 - reflectance)) }
}

impl Material {
    /// What a surface of a role is made of. Of skin, `seen` is its own colour (linear red, green, blue); of anything else the
    /// mean colour of the surface.
    pub fn of(role: Role, seen: [f32; 3]) -> Self {
        match role {
            Role::Face | Role::Head | Role::Limb => Self::Skin { red: seen[0].max(1e-3) },
            Role::Hair => Self::Hair,
            Role::Eyes => Self::Eye,
            Role::Body => Self::Paint,
            Role::Wheel | Role::Interior | Role::Held => Self::CarbonBlack,
            Role::Ground if mean(seen) >= SNOW_FROM => Self::Snow,
            Role::Sky | Role::Ground | Role::Furniture => Self::Lane,
            // Seats, clothes and all that people wear.
            _ => Self::cloth(seen),
        }
    }

    /// Cloth of a colour. Which dye gave it is drawn from the colour itself: the same colour is the same dye. A quarter of
    /// the dark cloths are dyed or printed with carbon black and stay dark, the others turn light (assumption: surveys of
    /// textiles find most dark cottons and polyesters above 0.4 at 850 nm, and single black ones at 0.1).
    pub fn cloth(seen: [f32; 3]) -> Self {
        let mean = mean(seen);
        let bytes = seen.map(|v| (v.clamp(0.0, 1.0) * 255.0 + 0.5) as u32);
        let mut bits = bytes[0] | bytes[1] << 8 | bytes[2] << 16;
        // The finaliser of MurmurHash3.
        for shift_multiply in [(16, 0x85eb_ca6b_u32), (13, 0xc2b2_ae35), (16, 1)] {
            bits = (bits ^ (bits >> shift_multiply.0)).wrapping_mul(shift_multiply.1);
        }
        let draw = |byte: u32| ((bits >> (8 * byte)) & 0xff) as f32 / 255.0;
        let fibre = 0.48 + 0.24 * draw(0);
        let carbon = draw(1) < 0.25 && mean < 0.15;
        let ground = if carbon { (0.05 + 0.10 * draw(2)).max(mean) } else { fibre.max(mean.min(0.80)) };
        Self::Cloth { ground, seen: mean.max(1e-3), contrast: if carbon { 0.7 } else { 0.25 } }
    }

    /// Reflectance in a band where the visible one is this (linear red, green, blue), 0..1.
    pub fn reflectance(&self, band: Infrared, seen: [f32; 3]) -> f32 {
        let power = |table: [(f32, f32); 2], of: f32| {
            let (bright, exponent) = match band {
                Infrared::Nir850 => table[0],
                Infrared::Nir940 => table[1],
            };
            bright * of.max(1e-4).powf(exponent)
        };
        let red = seen[0];
        let value = match *self {
            Self::Skin { red: own } => {
                let tone = band.pick(LIGHT_SKIN) * (own / LIGHT_SKIN_RED).min(1.0).powf(band.pick(TONE_LEFT));
                let density = -(red.max(1e-4) / own).ln();
                let blemish = density.min(-HAIR_BELOW.ln());
                let stroke = (density + HAIR_BELOW.ln()).max(0.0);
                tone * (-blemish * band.pick(BLEMISHES_LEFT) - stroke * band.pick(STROKES_LEFT)).exp()
            }
            Self::Hair => power(HAIR, red / FAIR_HAIR_RED),
            Self::Eye => power(EYE, red / SCLERA_RED) * (red / PUPIL_RED).clamp(0.03, 1.0),
            Self::Cloth { ground, seen: own, contrast } => {
                // Cotton and wool hold water: a little less at 940 nm.
                ground * band.pick([1.0, 0.94]) * (mean(seen).max(1e-3) / own).powf(contrast)
            }
            // Pigments of colour end before the infrared, those of black paint do not.
            Self::Paint => {
                let mean = mean(seen);
                let coloured = ((mean - 0.03) / 0.12).clamp(0.0, 1.0);
                mean + (0.55_f32.max(mean) - mean) * 0.7 * coloured
            }
            Self::CarbonBlack => mean(seen) * 1.1,
            // Coverage with black after Murray and Davies (1936) from the lightest channel: colour has none.
            Self::Print => {
                let lightest = seen.into_iter().fold(0.0, f32::max);
                let grey = ((PAPER - lightest) / (PAPER - BLACK_INK)).clamp(0.0, 1.0);
                let black = BLACK_FOR_GREY * grey;
                PAPER * (1.0 - black) + BLACK_INK * black
            }
            Self::Screen => SCREEN,
            Self::Snow => mean(seen) * band.pick(SNOW_LEFT),
            Self::Lane => {
                let [r, g, b] = seen;
                // Leaves and grass: the red edge. Asphalt and concrete grow a little brighter towards the infrared.
                if g > 1.15 * r && g > 1.15 * b {
                    band.pick([0.48, 0.50])
                } else {
                    mean(seen) * band.pick([1.18, 1.22])
                }
            }
        };
        value.clamp(0.0, 0.95)
    }
}

fn mean(seen: [f32; 3]) -> f32 {
    seen.iter().sum::<f32>() / 3.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Michelson contrast.
    fn contrast(a: f32, b: f32) -> f32 {
        (a - b).abs() / (a + b)
    }

    #[test]
    fn skin_tones_converge_and_water_dips_at_940() {
        let at = |red: f32, band| Material::Skin { red }.reflectance(band, [red, red * 0.7, red * 0.55]);
        for (band, low) in [(Infrared::Nir850, 0.43), (Infrared::Nir940, 0.38)] {
            let (dark, light) = (at(0.022, band), at(0.58, band));
            assert!(dark > low && light < 0.66 && light > dark, "{band:?}: {dark} to {light}");
            assert!(contrast(dark, light) < contrast(0.022, 0.58) / 3.0);
        }
        for red in [0.02, 0.1, 0.3, 0.6] {
            assert!(at(red, Infrared::Nir940) < at(red, Infrared::Nir850));
        }
    }

    #[test]
    fn lips_and_brows_lose_contrast_and_brows_stay_darker_than_skin() {
        let skin = Material::Skin { red: 0.5 };
        let nir = |rgb| skin.reflectance(Infrared::Nir850, rgb);
        let (face, lip, brow) = ([0.5, 0.33, 0.25], [0.46, 0.13, 0.11], [0.03, 0.02, 0.015]);
        assert!(contrast(nir(face), nir(lip)) < 0.03);
        assert!((0.15..0.40).contains(&nir(brow)), "{}", nir(brow));
    }

    #[test]
    fn dark_hair_and_irises_brighten() {
        let hair = |red: f32| Material::Hair.reflectance(Infrared::Nir850, [red, red * 0.8, red * 0.7]);
        assert!((0.18..0.30).contains(&hair(0.013)) && (0.40..0.55).contains(&hair(0.35)));
        let eye = |red: f32| Material::Eye.reflectance(Infrared::Nir850, [red, red, red]);
        assert!((0.2..0.35).contains(&eye(0.03)), "brown iris {}", eye(0.03));
        assert!(eye(0.6) > 0.5 && eye(0.0003) < 0.02);
    }

    #[test]
    fn dyed_lenses_clear_and_mirrored_ones_do_not() {
        assert!(lens_transmittance([0.16, 0.13, 0.09], 0.045) > 0.75);
        assert!(lens_transmittance([0.16, 0.13, 0.09], 0.15) < 0.2);
        assert!((lens_transmittance([0.97; 3], 0.015) - 0.97).abs() < 1e-6);
    }

    #[test]
    fn colour_prints_lose_their_colours_and_keep_their_blacks() {
        let nir = |c| Material::Print.reflectance(Infrared::Nir850, c);
        assert!([[0.7, 0.1, 0.1], [0.1, 0.2, 0.7], [0.75, 0.7, 0.05]].into_iter().all(|c| nir(c) > 0.65));
        assert!(nir([0.05; 3]) < 0.4 && nir([0.8; 3]) > 0.78);
    }

    #[test]
    fn most_dark_cloths_turn_light_and_some_do_not() {
        let dark = (0..200).map(|i| [0.01 + 0.0004 * i as f32, 0.02, 0.03 + 0.0003 * i as f32]);
        let nir: Vec<f32> = dark.map(|c| Material::cloth(c).reflectance(Infrared::Nir850, c)).collect();
        let light = nir.iter().filter(|r| **r > 0.35).count();
        assert!((100..190).contains(&light), "{light} of 200");
        assert!(nir.iter().all(|r| *r > 0.35 || *r < 0.2));
        let white = [0.8, 0.8, 0.78];
        assert!(Material::cloth(white).reflectance(Infrared::Nir850, white) > 0.7);
        // A print of red on white is all but gone.
        let shirt = Material::cloth(white);
        let [ground, print] = [white, [0.5, 0.05, 0.05]].map(|c| shirt.reflectance(Infrared::Nir850, c));
        assert!(contrast(ground, print) < contrast(0.8, 0.2) / 2.0);
    }
}
