//! How a person looks on one day: everything that may differ between the portrait and the ride.
use rand::Rng;
use serde::{Deserialize, Serialize};

use super::{
    complexion,
    expression::Expression,
    hair::traits::HairTraits,
    identity::{Beard, HairStyle, Identity, fabric},
    wear::Wear,
};

/// How much darker heavy make-up makes the upper lids, in units of a complexion (assumption).
const LID_SHADE: f32 = 0.8;

/// One day's looks of an [`Identity`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Appearance {
    /// Years since the identity's age (its portrait), 0..=10.
    pub years_later: f32,
    /// Change of the weight macro since then.
    pub weight_change: f32,
    /// Cut of the scalp hair.
    pub hair_style: HairStyle,
    /// Hair length within the style, −1..1.
    pub hair_length: f32,
    /// Colour of hair that has its pigment, or its dye, sRGB.
    pub hair_srgb: [u8; 3],
    /// Share of grey strands, 0..1.
    pub hair_grey: f32,
    /// Whether the parting is on the person's left.
    pub parting_left: bool,
    /// Facial hair.
    pub beard: Beard,
    /// Make-up of lips, eyes and cheeks, 0 (none) to 1 (heavy).
    pub makeup: f32,
    /// Sunburn of nose, cheeks and forehead, 0..1.
    pub sunburn: f32,
    /// The face's expression.
    pub expression: Expression,
    /// What is worn on head and face.
    pub wear: Wear,
    /// Colour of the upper garment, sRGB.
    pub top_srgb: [u8; 3],
    /// Colour of the trousers or skirt, sRGB.
    pub trousers_srgb: [u8; 3],
}

impl Appearance {
    /// The day of the portrait: usual hair and beard, a resting face, nothing worn on head or face.
    pub fn of_portrait(who: &Identity) -> Self {
        Self {
            years_later: 0.0,
            weight_change: 0.0,
            hair_style: who.hair_style,
            hair_length: who.hair_length,
            hair_srgb: who.hair_srgb,
            hair_grey: who.hair.grey,
            parting_left: who.parting_left,
            beard: who.beard,
            makeup: 0.0,
            sunburn: 0.0,
            expression: Expression::neutral(),
            wear: Wear::default(),
            top_srgb: who.top_srgb,
            trousers_srgb: who.trousers_srgb,
        }
    }

    /// Another day, as travellers present themselves some years after the photograph. The rates are assumptions: no
    /// published count of how travellers differ from their documents was found.
    pub fn another_day<R: Rng + ?Sized>(who: &Identity, rng: &mut R) -> Self {
        let mut unit = || rng.random::<f32>();
        let adult = who.age_years >= 17.0;
        // Passports are valid for ten years, those of children for five.
        let years_later = unit() * if adult { 10.0 } else { 5.0 };
        let mut day = Self { years_later, ..Self::of_portrait(who) };
        // A tenth of the strands in four years once greying has set in (assumption).
        let greying = if who.hair.grey > 0.02 || who.age_years > 40.0 { 0.025 } else { 0.0 };
        day.hair_grey = (who.hair.grey + greying * years_later).min(1.0);
        day.weight_change = (unit() - 0.45) * 0.02 * years_later;
        day.hair_length = (who.hair_length + (unit() - 0.5) * 1.2).clamp(-1.0, 1.0);
        if unit() < 0.15 {
            day.parting_left = !who.parting_left;
        }
        if unit() < 0.30 {
            day.hair_style = other_cut(who, unit());
        }
        if who.sex < 0.5 && adult {
            if unit() < 0.12 {
                let dyes = [[150, 112, 70], [74, 44, 30], [96, 40, 30], [40, 28, 24]];
                day.hair_srgb = dyes[(unit() * 4.0) as usize % 4];
                day.hair_grey = 0.05;
            }
            if unit() < 0.45 {
                day.makeup = 0.2 + 0.8 * unit() * unit();
            }
        }
        if who.sex >= 0.5 && adult && unit() < 0.35 {
            let beards = other_beards(who.beard);
            day.beard = beards[(unit() * beards.len() as f32) as usize % beards.len()];
        }
        if unit() < 0.10 {
            day.sunburn = 0.3 + 0.7 * unit();
        }
        day.top_srgb = fabric(rng);
        day.expression = Expression::sample(who.age_years, rng);
        day
    }

    /// The identity as of this day: older, heavier, sunburnt or made up, with today's hair, beard and clothes.
    pub(super) fn applied_to(&self, who: &Identity) -> Identity {
        let mut complexion = who.complexion.clone();
        if let Some(lids) = complexion.get_mut(complexion::UPPER_LIDS) {
            *lids -= LID_SHADE * self.makeup;
        }
        Identity {
            flush: who.flush.max(self.sunburn),
            lip_redness: who.lip_redness.max(self.makeup),
            complexion,
            age_years: (who.age_years + self.years_later).min(85.0),
            weight: (who.weight + self.weight_change).clamp(0.0, 1.0),
            hair_style: self.hair_style,
            hair_length: self.hair_length,
            hair_srgb: self.hair_srgb,
            hair: HairTraits { grey: self.hair_grey, ..who.hair },
            parting_left: self.parting_left,
            beard: self.beard,
            top_srgb: self.top_srgb,
            trousers_srgb: self.trousers_srgb,
            ..who.clone()
        }
    }
}

/// Another cut that this person may wear: cuts that take hair only from those who have it.
fn other_cut(who: &Identity, draw: f32) -> HairStyle {
    use HairStyle::*;
    let near: &[HairStyle] = match who.hair_style {
        Shaved => &[Shaved, Buzz],
        Buzz => &[Shaved, Short, Buzz],
        Short | SidePart | SweptBack | Fringe | Quiff | Undercut if who.hair.wave < 0.65 => {
            &[Buzz, Short, SidePart, SweptBack, Fringe, Quiff]
        }
        Short | SidePart | SweptBack | Fringe | Quiff | Undercut | Curly => &[Buzz, Curly, Curly],
        Bob => &[Tied, Long, Bob],
        Long => &[Tied, Bob, Ponytail],
        LongWavy => &[Tied, Ponytail, LongWavy],
        Tied | Ponytail if who.hair.wave < 0.65 => &[Long, Bob, LongWavy, Ponytail],
        Tied | Ponytail | Afro => &[Tied, Braids, Afro],
        Cornrows => &[Afro, Cornrows, Braids],
        Braids => &[Tied, Cornrows, Afro],
    };
    near[(draw * near.len() as f32) as usize % near.len()]
}

/// Facial hair that a man may wear some years from that of his portrait.
fn other_beards(usual: Beard) -> &'static [Beard] {
    use Beard::*;
    match usual {
        None | Stubble => &[None, Stubble, Stubble, Full, Goatee, Moustache],
        Full | Long => &[None, Stubble, Full, Full, Long, Goatee],
        Goatee | VanDyke => &[None, Stubble, Full, Goatee, VanDyke],
        Moustache | Horseshoe => &[None, Stubble, Moustache, Horseshoe, Goatee],
        ChinStrap | MuttonChops => &[None, Stubble, Full, ChinStrap],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{people::Demographics, stream::stream};

    #[test]
    fn sunburn_reddens_and_make_up_colours_lips_and_lids() {
        let mut rng = stream(3, 0, "appearance");
        let who = Identity { flush: 0.1, lip_redness: 0.1, ..Identity::sample(&Demographics::adults(), &mut rng) };
        let plain = Appearance::of_portrait(&who);
        assert_eq!(plain.applied_to(&who), who);
        let burnt = Appearance { sunburn: 0.9, ..plain.clone() }.applied_to(&who);
        assert_eq!(burnt.flush, 0.9);
        let made_up = Appearance { makeup: 1.0, ..plain }.applied_to(&who);
        assert_eq!(made_up.lip_redness, 1.0);
        assert!(made_up.complexion[complexion::UPPER_LIDS] < who.complexion[complexion::UPPER_LIDS]);
    }
}
