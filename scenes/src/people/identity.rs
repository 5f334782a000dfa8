//! Who a person is: everything that stays the same between the portrait and the ride.
use rand::Rng;
use rand_distr::{Distribution as _, Normal, StandardNormal};
use serde::{Deserialize, Serialize};

use super::{
    anthropometry, complexion,
    face_shape::SHAPE,
    hair::traits::{HairTraits, sample_beard, sample_style},
    head_measures::COUNT,
};

/// Shares of MakeHuman's three ancestry macros; only their ratio counts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Ancestry {
    /// Share of the "african" macro targets.
    pub african: f32,
    /// Share of the "asian" macro targets.
    pub asian: f32,
    /// Share of the "caucasian" macro targets.
    pub caucasian: f32,
}

impl Ancestry {
    /// The same ratio with sum 1; equal thirds when nothing is set.
    pub fn normalized(self) -> Self {
        let sum = self.african + self.asian + self.caucasian;
        if sum > 1e-6 {
            Self { african: self.african / sum, asian: self.asian / sum, caucasian: self.caucasian / sum }
        } else {
            Self { african: 1.0 / 3.0, asian: 1.0 / 3.0, caucasian: 1.0 / 3.0 }
        }
    }
}

/// Cut of the scalp hair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HairStyle {
    /// No hair on the scalp but a shade.
    Shaved,
    /// A few millimetres.
    Buzz,
    /// Short all round.
    Short,
    /// Short at the sides, brushed up over the forehead.
    Quiff,
    /// Short at the sides, longer on top, parted at the side.
    SidePart,
    /// Combed back off the forehead.
    SweptBack,
    /// Short with a fringe over the forehead.
    Fringe,
    /// Clipped sides, long top combed over.
    Undercut,
    /// Short loose curls.
    Curly,
    /// Tight curls standing off the head.
    Afro,
    /// To the jaw.
    Bob,
    /// Over the shoulders, straight.
    Long,
    /// Over the shoulders, in waves or curls.
    LongWavy,
    /// A knot at the back.
    Tied,
    /// Tied at the back, hanging.
    Ponytail,
    /// Plaited in rows along the scalp.
    Cornrows,
    /// Many hanging plaits.
    Braids,
}

/// Facial hair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Beard {
    /// Clean-shaven.
    None,
    /// A day or two of growth.
    Stubble,
    /// Short full beard.
    Full,
    /// Full beard of some centimetres.
    Long,
    /// Moustache and chin in one ring.
    Goatee,
    /// Moustache and a chin tuft, apart.
    VanDyke,
    /// Upper lip only.
    Moustache,
    /// A moustache that runs down beside the mouth.
    Horseshoe,
    /// A narrow band along the jaw.
    ChinStrap,
    /// Cheeks and moustache, chin bare.
    MuttonChops,
}

/// Form of the eyebrows, relative to a plain brow (0 everywhere, density 1).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Brows {
    /// Height of the hair band, metres.
    pub thickness_m: f32,
    /// Rise of the arch above the straight line, metres.
    pub arch_m: f32,
    /// Rise of the outer end against the inner end, metres.
    pub tilt_m: f32,
    /// Shift of the inner ends outwards from the middle of the face, metres.
    pub gap_m: f32,
    /// Shift of the outer ends outwards, metres.
    pub reach_m: f32,
    /// Shift of the whole brow upwards, metres.
    pub raise_m: f32,
    /// Hair density, 0..1.
    pub density: f32,
    /// Lightness of the brow's hair against that of the scalp: 1 the same, less darker.
    pub shade: f32,
}

/// Lines and shades of a face that are its own at any age, 0..1 each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct FaceDetail {
    /// Depth of the folds from the nose past the mouth.
    pub folds: f32,
    /// How far outwards these folds run.
    pub fold_reach: f32,
    /// Darkness of the hollow below the eye.
    pub tear_trough: f32,
    /// Darkness of the eye socket.
    pub socket: f32,
}

/// Everything that makes a person this person. The same value bakes to the same bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Identity {
    /// Seed of what is drawn while baking (pores, blotches, moles, strands).
    pub seed: u64,
    /// Age in years, 0.5..=85.
    pub age_years: f32,
    /// 0 female to 1 male.
    pub sex: f32,
    /// Ancestry mix.
    pub ancestry: Ancestry,
    /// Body weight macro, 0 least to 1 most; 0.5 average.
    pub weight: f32,
    /// Muscle macro, 0..1; 0.5 average.
    pub muscle: f32,
    /// Height macro, 0..1; 0.5 average for age and sex.
    pub height: f32,
    /// Body proportions macro, 0..1; 0.5 average.
    pub proportions: f32,
    /// Skin tone on the Monk scale, 1 (lightest) to 10 (darkest).
    pub monk_tone: u8,
    /// Fine shift of the tone: share of the way to the neighbouring Monk tone, −0.5..0.5.
    pub tone_shift: f32,
    /// Redness of cheeks, nose and ears, 0..1.
    pub flush: f32,
    /// Freckle density, 0..1.
    pub freckles: f32,
    /// Unevenness of the skin, 0..1.
    pub blotches: f32,
    /// Number of moles on the face.
    pub moles: u8,
    /// Lines and shades.
    pub detail: FaceDetail,
    /// How each of its places differs from the tone, −1..1, in the order of the complexion table.
    pub complexion: Vec<f32>,
    /// Lip colour: 0 close to the skin, 1 strongly red.
    pub lip_redness: f32,
    /// Iris colour, sRGB.
    pub eye_srgb: [u8; 3],
    /// Colour of hair that has its pigment, sRGB.
    pub hair_srgb: [u8; 3],
    /// Growth of the hair.
    pub hair: HairTraits,
    /// Cut.
    pub hair_style: HairStyle,
    /// How far the front hairline stands back, 0..1.
    pub hairline_recession: f32,
    /// Hair length within the style, −1..1.
    pub hair_length: f32,
    /// Whether the parting is on the person's left.
    pub parting_left: bool,
    /// Facial hair.
    pub beard: Beard,
    /// Eyebrows.
    pub brows: Brows,
    /// Colour of the upper garment, sRGB.
    pub top_srgb: [u8; 3],
    /// Colour of the trousers or skirt, sRGB.
    pub trousers_srgb: [u8; 3],
    /// Face-shape parameters, 1 the full strength of a target, in the order of the shape table; missing ones are 0.
    pub shape: Vec<f32>,
    /// Standard normal draws of the head's measures, in the order of `HEAD_MEASURES`; missing ones are 0.
    pub head_draws: Vec<f32>,
    /// Difference left − right of each parameter with sides, −1..1; missing ones are 0.
    pub asymmetry: Vec<f32>,
}

/// Whom to draw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Demographics {
    /// Youngest and oldest, years; drawn evenly.
    pub age_years: (f32, f32),
    /// Share of men and boys, 0..1.
    pub male_share: f32,
    /// Probability of each ancestry to be the leading one.
    pub ancestry: Ancestry,
    /// Strength of the face-shape variation; 1 is the tuned spread.
    pub shape_strength: f32,
}

impl Default for Demographics {
    /// Adults and children of all ages, half male, thirds of each ancestry.
    fn default() -> Self {
        Self {
            age_years: (6.0, 80.0),
            male_share: 0.5,
            ancestry: Ancestry { african: 1.0, asian: 1.0, caucasian: 1.0 },
            shape_strength: 1.0,
        }
    }
}

impl Demographics {
    /// Adults only.
    pub fn adults() -> Self {
        Self { age_years: (18.0, 80.0), ..Self::default() }
    }
}

/// Normal draw, redrawn until it lies within two deviations and within the bounds.
pub(super) fn truncated<R: Rng + ?Sized>(rng: &mut R, mean: f32, deviation: f32, low: f32, high: f32) -> f32 {
    let Ok(normal) = Normal::new(mean, deviation) else { return mean };
    for _ in 0..64 {
        let x = normal.sample(rng);
        if (x - mean).abs() <= 2.0 * deviation && (low..=high).contains(&x) {
            return x;
        }
    }
    mean.clamp(low, high)
}

pub(super) fn pick<R: Rng + ?Sized, T: Copy>(rng: &mut R, weighted: &[(T, f32)]) -> T {
    let total: f32 = weighted.iter().map(|w| w.1).sum();
    let mut x = rng.random::<f32>() * total;
    for (value, weight) in weighted {
        if x < *weight {
            return *value;
        }
        x -= weight;
    }
    weighted[weighted.len() - 1].0
}

fn jitter<R: Rng + ?Sized>(rng: &mut R, rgb: [u8; 3], spread: f32) -> [u8; 3] {
    let level = 1.0 + (rng.random::<f32>() - 0.5) * spread;
    rgb.map(|c| (f32::from(c) * level * (1.0 + (rng.random::<f32>() - 0.5) * spread * 0.3)).clamp(4.0, 250.0) as u8)
}

/// Spread of the shape parameters as a multiple of the table's deviations. The table was judged when nothing else held heads
/// to human measures; now that their measures are fitted, the rest may vary this much (assumption, judged on sheets).
const SPREAD: f32 = 1.55;

impl Identity {
    /// Draws an identity. Rates of hair, beard and colour by group are assumptions for variety, not statistics.
    pub fn sample<R: Rng + ?Sized>(demographics: &Demographics, rng: &mut R) -> Self {
        let d = demographics;
        let seed = rng.random();
        let (low, high) = (d.age_years.0.clamp(0.5, 85.0), d.age_years.1.clamp(0.5, 85.0));
        let age_years = low + (high - low).max(0.0) * rng.random::<f32>();
        let male = rng.random::<f32>() < d.male_share;
        let adult = age_years >= 17.0;
        let androgyny = truncated(rng, 0.0, 0.14, 0.0, 0.35);
        let sex = if male { 1.0 - androgyny } else { androgyny };

        let w = d.ancestry.normalized();
        let leading = pick(rng, &[(0_usize, w.african), (1, w.asian), (2, w.caucasian)]);
        let mut mix = [0.0_f32; 3].map(|_| rng.random::<f32>().powi(3) * 0.5);
        mix[leading] = 1.0;
        let ancestry = Ancestry { african: mix[0], asian: mix[1], caucasian: mix[2] }.normalized();

        // Expected Monk tone by ancestry, with a spread that lets every group reach its neighbours' tones (assumption).
        let tone_mean = 8.0 * ancestry.african + 4.2 * ancestry.asian + 2.8 * ancestry.caucasian;
        let tone = truncated(rng, tone_mean, 1.5, 0.6, 10.4);
        let monk_tone = tone.round().clamp(1.0, 10.0) as u8;
        let light = tone < 4.5;

        let (hair_base, grey) = sample_hair_colour(rng, ancestry, light, age_years);
        let eye_base = if ancestry.caucasian > 0.55 && light {
            pick(rng, &[([98, 66, 42], 3.0), ([112, 128, 142], 2.0), ([104, 116, 84], 1.5), ([128, 98, 56], 1.5)])
        } else {
            pick(rng, &[([62, 40, 27], 4.0), ([84, 54, 34], 3.0), ([46, 30, 22], 3.0)])
        };
        let (hair_style, recession) = sample_style(rng, male, age_years, ancestry);
        // Infants have little hair yet.
        let hair_style = if age_years < 1.5 { HairStyle::Buzz } else { hair_style };
        let beard = if male && adult { sample_beard(rng, ancestry) } else { Beard::None };
        let brows = Brows {
            thickness_m: truncated(rng, if male { 0.0095 } else { 0.0070 }, 0.0030, 0.003, 0.016),
            arch_m: truncated(rng, if male { 0.002 } else { 0.004 }, 0.002, -0.001, 0.008),
            tilt_m: truncated(rng, 0.001, 0.003, -0.005, 0.006),
            gap_m: truncated(rng, 0.0, 0.003, -0.006, 0.006),
            reach_m: truncated(rng, 0.001, 0.0035, -0.006, 0.008),
            raise_m: truncated(rng, 0.0, 0.0018, -0.004, 0.004),
            density: truncated(rng, if male { 0.95 } else { 0.8 }, 0.30, 0.2, 1.4),
            shade: truncated(rng, 0.75, 0.25, 0.3, 1.2),
        };

        let strength = d.shape_strength.max(0.0) * if age_years < 14.0 { 0.75 } else { 1.0 };
        let shape = SHAPE
            .iter()
            .map(|p| {
                let spread = if p.may_spread() { SPREAD } else { 1.0 };
                let x = truncated(rng, 0.0, p.deviation, -1.0, 1.0) * strength * spread;
                x.clamp(if p.negative.is_some() { -anthropometry::MOST } else { 0.0 }, anthropometry::MOST)
            })
            .collect();
        let asymmetry = SHAPE
            .iter()
            .map(|p| if p.is_sided() { truncated(rng, 0.0, 0.06, -0.12, 0.12) * strength } else { 0.0 })
            .collect();

        Self {
            seed,
            age_years,
            sex,
            ancestry,
            weight: truncated(rng, 0.52, 0.20, 0.05, 0.98),
            muscle: truncated(rng, if male { 0.55 } else { 0.42 }, 0.15, 0.1, 0.95),
            height: sample_height(rng, male),
            proportions: truncated(rng, 0.55, 0.2, 0.0, 1.0),
            monk_tone,
            tone_shift: (tone - f32::from(monk_tone)).clamp(-0.5, 0.5),
            flush: truncated(rng, 0.4, 0.25, 0.0, 1.0),
            freckles: if light { truncated(rng, 0.0, 0.45, 0.0, 1.0) } else { 0.0 },
            blotches: truncated(rng, 0.4 + age_years / 200.0, 0.25, 0.0, 1.0),
            moles: pick(rng, &[(0, 4.0), (1, 3.0), (2, 2.0), (4, 1.0), (7, 0.5)]),
            detail: FaceDetail {
                folds: rng.random::<f32>().powi(2),
                fold_reach: rng.random(),
                tear_trough: rng.random::<f32>().powi(2),
                socket: rng.random::<f32>().powi(2),
            },
            complexion: complexion::sample(rng),
            lip_redness: truncated(rng, if male { 0.2 } else { 0.5 }, 0.25, 0.0, 1.0),
            eye_srgb: jitter(rng, eye_base, 0.3),
            hair_srgb: jitter(rng, hair_base, 0.3),
            hair_style,
            hairline_recession: recession,
            hair_length: truncated(rng, 0.0, 0.5, -1.0, 1.0),
            parting_left: rng.random::<f32>() < 0.6,
            beard,
            brows,
            top_srgb: fabric(rng),
            trousers_srgb: pick(
                rng,
                &[([38, 44, 60], 2.0), ([30, 30, 32], 2.0), ([96, 86, 70], 1.0), ([70, 84, 110], 1.0)],
            ),
            shape,
            head_draws: sample_head(rng),
            asymmetry,
            hair: HairTraits::sample(rng, male, age_years, ancestry, grey),
        }
    }
}

/// Height macro: means and deviation that give measured statures (ANSUR II), ages and proportions included; the rare short
/// and tall of 1.45 and 2.0 m too.
fn sample_height<R: Rng + ?Sized>(rng: &mut R, male: bool) -> f32 {
    let draw: f32 = StandardNormal.sample(rng);
    let mean = if male { 0.545 } else { 0.52 };
    mean + 0.033 * draw.clamp(-3.5, 3.5)
}

/// Draws of the head's measures. A common size makes them correlate by 0.2 (assumption; surveys find 0.1 to 0.5).
fn sample_head<R: Rng + ?Sized>(rng: &mut R) -> Vec<f32> {
    let mut draw = || -> f32 { StandardNormal.sample(rng) };
    let size = draw();
    (0..COUNT).map(|_| (0.45 * size + 0.893 * draw()).clamp(-3.0, 3.0)).collect()
}

/// Colour with pigment, and the share of strands without.
fn sample_hair_colour<R: Rng + ?Sized>(rng: &mut R, a: Ancestry, light: bool, age_years: f32) -> ([u8; 3], f32) {
    let black = [30_u8, 25, 23];
    let colour = if a.caucasian > 0.5 && light {
        let kinds = [
            (black, 1.0_f32),
            ([52, 37, 28], 3.0),
            ([84, 59, 41], 3.0),
            ([122, 92, 62], 2.0),
            ([166, 134, 92], 1.5),
            ([126, 62, 36], 0.8),
        ];
        pick(rng, &kinds)
    } else {
        pick(rng, &[(black, 5.0_f32), ([40, 30, 25], 3.0), ([58, 41, 31], 1.0)])
    };
    // Greying: half the people are half grey at about 50 (the "50/50/50" rule of thumb; an assumption).
    let grey = ((age_years - 50.0 + (rng.random::<f32>() - 0.5) * 36.0) / 22.0 + 0.5).clamp(0.0, 1.0);
    let grey = if age_years < 30.0 { 0.0 } else { grey };
    (colour, grey)
}

/// Colour of a garment.
pub(super) fn fabric<R: Rng + ?Sized>(rng: &mut R) -> [u8; 3] {
    let plain = [
        [226, 226, 222],
        [36, 38, 44],
        [44, 58, 92],
        [120, 44, 46],
        [66, 86, 66],
        [128, 132, 138],
        [186, 164, 132],
        [92, 124, 160],
        [160, 110, 60],
        [98, 68, 104],
    ];
    let base = plain[rng.random_range(0..plain.len())];
    jitter(rng, base, 0.25)
}
