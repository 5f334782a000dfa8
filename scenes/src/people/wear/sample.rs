//! Drawing what a person wears from shares of people who wear it.
use rand::{Rng, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    FaceCover, FaceCoverKind, FrameMaterial, Glasses, Headphones, Headwear, HeadwearKind, LensShape, Rim, Wear,
};
use crate::people::identity::{Identity, fabric};

/// Age from which a share counts as that of adults, years.
const ADULT_YEARS: f32 = 16.0;
/// Age from which a share counts as that of seniors, years.
const SENIOR_YEARS: f32 = 60.0;

/// Shares of men, women and children (below 16 years) who wear something, 0 to 1 each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BySex {
    /// Of men.
    pub men: f32,
    /// Of women.
    pub women: f32,
    /// Of children.
    pub children: f32,
}

impl BySex {
    /// The same share of everybody.
    pub const fn all(share: f32) -> Self {
        Self { men: share, women: share, children: share }
    }

    fn of(self, who: &Identity) -> f32 {
        match (who.age_years < ADULT_YEARS, who.sex >= 0.5) {
            (true, _) => self.children,
            (false, true) => self.men,
            (false, false) => self.women,
        }
    }

    fn values(self) -> [f32; 3] {
        [self.men, self.women, self.children]
    }
}

/// Shares by age of those who wear something, 0 to 1 each: children below 16 years, adults, seniors from 60 years. Between
/// 40 and 60 years the share goes over from that of adults to that of seniors.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ByAge {
    /// Of children.
    pub children: f32,
    /// Of adults.
    pub adults: f32,
    /// Of seniors.
    pub seniors: f32,
}

impl ByAge {
    /// The same share at every age.
    pub const fn all(share: f32) -> Self {
        Self { children: share, adults: share, seniors: share }
    }

    fn of(self, who: &Identity) -> f32 {
        if who.age_years < ADULT_YEARS {
            return self.children;
        }
        let t = ((who.age_years - 40.0) / (SENIOR_YEARS - 40.0)).clamp(0.0, 1.0);
        self.adults + (self.seniors - self.adults) * t
    }
}

/// How many people wear what. Everything that is not named is worn by nobody.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WearShares {
    /// Prescription glasses.
    pub prescription_glasses: ByAge,
    /// Sunglasses; worn instead of prescription glasses.
    pub sunglasses: BySex,
    /// Baseball caps.
    pub cap: BySex,
    /// Hats with a brim.
    pub brimmed_hat: BySex,
    /// Knitted hats.
    pub beanie: BySex,
    /// Scarves over hair, ears and neck.
    pub hijab: BySex,
    /// Scarves with a veil.
    pub niqab: BySex,
    /// Turbans.
    pub turban: BySex,
    /// Hoods of sweatshirts, up.
    pub hood: BySex,
    /// Surgical masks.
    pub surgical_mask: BySex,
    /// Cloth masks.
    pub cloth_mask: BySex,
    /// Scarves over the mouth.
    pub scarf: BySex,
    /// Headphones; only over bare hair and caps.
    pub headphones: BySex,
}

/// One thing to wear, for showing it on anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WearKind {
    /// Prescription glasses.
    Glasses,
    /// Sunglasses.
    Sunglasses,
    /// Headwear.
    Headwear(HeadwearKind),
    /// Face cover.
    FaceCover(FaceCoverKind),
    /// Headphones.
    Headphones,
}

impl WearKind {
    /// Every kind with its name.
    pub const ALL: [(&'static str, Self); 13] = [
        ("glasses", Self::Glasses),
        ("sunglasses", Self::Sunglasses),
        ("cap", Self::Headwear(HeadwearKind::Cap)),
        ("brimmed-hat", Self::Headwear(HeadwearKind::BrimmedHat)),
        ("beanie", Self::Headwear(HeadwearKind::Beanie)),
        ("hijab", Self::Headwear(HeadwearKind::Hijab)),
        ("niqab", Self::Headwear(HeadwearKind::Niqab)),
        ("turban", Self::Headwear(HeadwearKind::Turban)),
        ("hood", Self::Headwear(HeadwearKind::Hood)),
        ("surgical-mask", Self::FaceCover(FaceCoverKind::Surgical)),
        ("cloth-mask", Self::FaceCover(FaceCoverKind::Cloth)),
        ("scarf", Self::FaceCover(FaceCoverKind::Scarf)),
        ("headphones", Self::Headphones),
    ];
}

impl WearShares {
    fn headwear(&self) -> [(HeadwearKind, BySex); 7] {
        [
            (HeadwearKind::Cap, self.cap),
            (HeadwearKind::BrimmedHat, self.brimmed_hat),
            (HeadwearKind::Beanie, self.beanie),
            (HeadwearKind::Hijab, self.hijab),
            (HeadwearKind::Niqab, self.niqab),
            (HeadwearKind::Turban, self.turban),
            (HeadwearKind::Hood, self.hood),
        ]
    }

    fn face_covers(&self) -> [(FaceCoverKind, BySex); 3] {
        [
            (FaceCoverKind::Surgical, self.surgical_mask),
            (FaceCoverKind::Cloth, self.cloth_mask),
            (FaceCoverKind::Scarf, self.scarf),
        ]
    }

    /// What is wrong with the shares, in words for who wrote them; `None` when nothing is.
    pub fn problem(&self) -> Option<String> {
        let ages = self.prescription_glasses;
        let singles = [self.sunglasses.values(), self.headphones.values(), [ages.children, ages.adults, ages.seniors]];
        let headwear = self.headwear().map(|(_, share)| share.values());
        let covers = self.face_covers().map(|(_, share)| share.values());
        let all = singles.iter().chain(&headwear).chain(&covers).flatten();
        if let Some(share) = all.copied().find(|share| !(0.0..=1.0).contains(share)) {
            return Some(format!("a share of {share} is not between 0 and 1"));
        }
        for (name, group) in [("headwear", &headwear[..]), ("face covers", &covers[..])] {
            for (k, people) in ["men", "women", "children"].into_iter().enumerate() {
                let sum: f32 = group.iter().map(|values| values[k]).sum();
                if sum > 1.0 + 1e-4 {
                    return Some(format!("the shares of all {name} of {people} add up to {sum}, more than 1"));
                }
            }
        }
        None
    }
}

impl Wear {
    /// What a person wears today. Takes the same number of draws whatever is worn.
    pub fn sample<R: Rng + ?Sized>(shares: &WearShares, who: &Identity, rng: &mut R) -> Self {
        let mut unit = || rng.random::<f32>();
        let (sun, reads, head, face, ears) = (unit(), unit(), unit(), unit(), unit());
        let mut details = ChaCha8Rng::seed_from_u64(rng.random());
        let mut wear = Self::default();
        let mut put = |kind| wear.put(kind, &mut details);
        if sun < shares.sunglasses.of(who) {
            put(WearKind::Sunglasses);
        } else if reads < shares.prescription_glasses.of(who) {
            put(WearKind::Glasses);
        }
        let headwear = pick(head, shares.headwear().map(|(kind, share)| (kind, share.of(who))));
        if let Some(kind) = headwear {
            put(WearKind::Headwear(kind));
        }
        if headwear != Some(HeadwearKind::Niqab)
            && let Some(kind) = pick(face, shares.face_covers().map(|(kind, share)| (kind, share.of(who))))
        {
            put(WearKind::FaceCover(kind));
        }
        if matches!(headwear, None | Some(HeadwearKind::Cap)) && ears < shares.headphones.of(who) {
            put(WearKind::Headphones);
        }
        wear
    }

    /// Puts on one thing of a kind, of a drawn form and colour, in place of what is there.
    pub fn put<R: Rng + ?Sized>(&mut self, kind: WearKind, rng: &mut R) {
        match kind {
            WearKind::Glasses => self.glasses = Some(prescription(rng)),
            WearKind::Sunglasses => self.glasses = Some(sunglasses(rng)),
            WearKind::Headwear(kind) => {
                let srgb = headwear_colour(kind, rng);
                self.headwear = Some(Headwear { kind, srgb, accent_srgb: fabric(rng), seed: rng.random() });
            }
            WearKind::FaceCover(kind) => {
                let srgb = match kind {
                    FaceCoverKind::Surgical => one_of(&SURGICAL_SRGB, rng),
                    FaceCoverKind::Cloth | FaceCoverKind::Scarf => fabric(rng),
                };
                self.face_cover = Some(FaceCover { kind, srgb, seed: rng.random() });
            }
            WearKind::Headphones => self.headphones = Some(Headphones { srgb: one_of(&HEADPHONES_SRGB, rng) }),
        }
    }
}

/// The kind whose slice of 0..1 the draw falls into.
fn pick<K: Copy, const N: usize>(draw: f32, shares: [(K, f32); N]) -> Option<K> {
    let mut end = 0.0;
    shares.into_iter().find_map(|(kind, share)| {
        end += share;
        (draw < end).then_some(kind)
    })
}

fn one_of<T: Copy, R: Rng + ?Sized>(from: &[T], rng: &mut R) -> T {
    from[rng.random_range(0..from.len())]
}

/// Colours of surgical masks on sale: blue, white, black; the first most often.
const SURGICAL_SRGB: [[u8; 3]; 5] = [[150, 196, 222], [142, 190, 218], [160, 204, 214], [232, 234, 234], [38, 38, 40]];
const HEADPHONES_SRGB: [[u8; 3]; 5] = [[24, 24, 26], [40, 42, 46], [208, 206, 200], [150, 148, 144], [34, 48, 84]];
/// Acetate: black, tortoise shell, dark blue, wine, grey, clear brown.
const ACETATE_SRGB: [[u8; 3]; 7] =
    [[18, 18, 20], [26, 24, 24], [84, 52, 30], [28, 38, 66], [86, 24, 34], [92, 96, 100], [150, 104, 66]];
/// Metal: steel, gold, black, gun-metal, copper.
const METAL_SRGB: [[u8; 3]; 5] = [[172, 174, 178], [196, 164, 96], [30, 30, 32], [96, 98, 104], [168, 110, 84]];
/// Tints of sunglasses: transmittance per band of unit mean, as brown, grey and green glass lets through (assumption).
const TINTS: [[f32; 3]; 3] = [[1.55, 0.95, 0.50], [1.0, 1.0, 1.0], [0.85, 1.30, 0.85]];

/// Shares of forms and materials are assumptions.
fn prescription<R: Rng + ?Sized>(rng: &mut R) -> Glasses {
    let shape = match rng.random::<f32>() {
        x if x < 0.40 => LensShape::Rectangular,
        x if x < 0.58 => LensShape::Square,
        x if x < 0.72 => LensShape::Round,
        x if x < 0.84 => LensShape::Oval,
        x if x < 0.92 => LensShape::CatEye,
        _ => LensShape::Aviator,
    };
    let rim = match rng.random::<f32>() {
        x if x < 0.72 => Rim::Full,
        x if x < 0.88 => Rim::Half,
        _ => Rim::None,
    };
    let (material, frame_srgb) = frame(if rim == Rim::Full { 0.60 } else { 0.15 }, rng);
    // About 0.92 of the light passes uncoated plastic, 0.98 coated; most lenses are coated (assumption).
    let coated = rng.random::<f32>() < 0.8;
    let (pass, reflectance) = if coated { (0.97, 0.015) } else { (0.92, 0.078) };
    Glasses { shape, rim, material, frame_srgb, transmittance: [pass; 3], reflectance }
}

fn sunglasses<R: Rng + ?Sized>(rng: &mut R) -> Glasses {
    let shape = one_of(
        &[
            LensShape::Aviator,
            LensShape::Square,
            LensShape::Square,
            LensShape::Rectangular,
            LensShape::Round,
            LensShape::CatEye,
        ],
        rng,
    );
    let (material, frame_srgb) = frame(if shape == LensShape::Aviator { 0.15 } else { 0.80 }, rng);
    // Categories 2 and 3 of ISO 12312-1: 8 to 43 % of the light passes; most of those on sale are of
    // category 3, up to 18 %.
    let mean = 0.08 + 0.22 * rng.random::<f32>().powi(2);
    let tint = one_of(&TINTS, rng);
    // A mirror coat on some.
    let reflectance = if rng.random::<f32>() < 0.10 { 0.15 } else { 0.045 };
    Glasses { shape, rim: Rim::Full, material, frame_srgb, transmittance: tint.map(|t| t * mean), reflectance }
}

fn frame<R: Rng + ?Sized>(acetate_share: f32, rng: &mut R) -> (FrameMaterial, [u8; 3]) {
    if rng.random::<f32>() < acetate_share {
        (FrameMaterial::Acetate, one_of(&ACETATE_SRGB, rng))
    } else {
        (FrameMaterial::Metal, one_of(&METAL_SRGB, rng))
    }
}

fn headwear_colour<R: Rng + ?Sized>(kind: HeadwearKind, rng: &mut R) -> [u8; 3] {
    match kind {
        // Black most often (assumption).
        HeadwearKind::Niqab => one_of(&[[22, 22, 24], [26, 24, 26], [18, 18, 20], [52, 54, 66]], rng),
        HeadwearKind::BrimmedHat => {
            one_of(&[[206, 184, 140], [222, 208, 176], [72, 58, 46], [40, 40, 44], [120, 100, 78], [96, 100, 104]], rng)
        }
        _ => fabric(rng),
    }
}
