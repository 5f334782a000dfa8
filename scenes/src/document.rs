//! Travel documents that carry a face: their kinds, and the geometry their standards ask of the photograph.
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Kind of a travel document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DocumentKind {
    /// A passport: frontal colour photograph of 35 × 45 mm.
    Passport,
    /// A visa: square colour photograph of 2 × 2 inches.
    Visa,
    /// A residence card: small grey photograph, engraved by laser.
    ResidenceCard,
}

impl DocumentKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Passport, Self::Visa, Self::ResidenceCard];

    /// Its name in files and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passport => "passport",
            Self::Visa => "visa",
            Self::ResidenceCard => "residence-card",
        }
    }

    /// What its standard asks of the photograph.
    pub const fn standard(self) -> PhotoStandard {
        match self {
            Self::Passport => PASSPORT,
            Self::Visa => VISA,
            Self::ResidenceCard => RESIDENCE_CARD,
        }
    }
}

/// Relative frequency of the documents that travellers carry; only the ratios count.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DocumentShares {
    /// Passports.
    pub passport: f32,
    /// Visas.
    pub visa: f32,
    /// Residence cards.
    pub residence_card: f32,
}

impl Default for DocumentShares {
    /// Everybody shows a passport.
    fn default() -> Self {
        Self { passport: 1.0, visa: 0.0, residence_card: 0.0 }
    }
}

impl DocumentShares {
    /// The shares in the order of [`DocumentKind::ALL`].
    pub fn weights(&self) -> [f32; 3] {
        [self.passport, self.visa, self.residence_card]
    }

    /// The kind in which a uniform draw (0..1) falls; a passport where all shares are 0.
    pub fn pick(&self, draw: f32) -> DocumentKind {
        let mut left = draw * self.weights().iter().sum::<f32>();
        for (kind, weight) in DocumentKind::ALL.into_iter().zip(self.weights()) {
            if left < weight {
                return kind;
            }
            left -= weight;
        }
        // Rounding may leave a hair beyond the last share: the last kind that anybody carries.
        let carried = DocumentKind::ALL.into_iter().zip(self.weights()).rev().find(|(_, weight)| *weight > 0.0);
        carried.map_or(DocumentKind::Passport, |(kind, _)| kind)
    }
}

/// Geometry of a document's photograph. Shares are of the picture's height; the head reaches from the chin to the crown
/// below the hair, as the standards measure it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PhotoStandard {
    /// Columns of the stored picture.
    pub width_px: u32,
    /// Rows.
    pub height_px: u32,
    /// Least and greatest height of the head.
    pub head_share: (f32, f32),
    /// Least and greatest height of the eyes above the lower edge.
    pub eyes_above_share: (f32, f32),
    /// Most that the middle of the eyes lies beside the vertical middle line, share of the width.
    pub off_centre_share: f32,
    /// Least distance between the eyes, pixels.
    pub min_inter_eye_px: f32,
    /// Most that the head is turned, nodded and tilted, degrees either way.
    pub max_yaw_pitch_roll_deg: [f32; 3],
    /// Linear reflectance of the plain ground.
    pub ground: f32,
    /// Whether the picture has no colour.
    pub grey: bool,
    /// Most bytes of the JPEG file.
    pub max_bytes: usize,
}

/// Pose of a full frontal image, degrees: ISO/IEC 19794-5 lets yaw and pitch be 5, roll 8.
const FRONTAL_DEG: [f32; 3] = [5.0, 5.0, 8.0];

/// ICAO Doc 9303 part 3: 35 × 45 mm (here at 12 px/mm), a light ground, the head 70 to 80 % of the height (32 to 36 mm
/// as issuers print it); ISO/IEC 19794-5 full frontal: 90 px between the eyes, the eyes 50 to 70 % above the lower edge,
/// the face within 5 % of the width beside the middle. Doc 9303 part 9 puts a stored face at 15 to 20 kB.
const PASSPORT: PhotoStandard = PhotoStandard {
    width_px: 420,
    height_px: 540,
    head_share: (0.70, 0.80),
    eyes_above_share: (0.50, 0.70),
    off_centre_share: 0.05,
    min_inter_eye_px: 90.0,
    max_yaw_pitch_roll_deg: FRONTAL_DEG,
    ground: 0.62,
    grey: false,
    max_bytes: 20_000,
};

/// US visa photograph: 600 × 600 px, the head 50 to 69 % of the height, the eyes 56 to 69 % above the lower edge, a white
/// or off-white ground, at most 240 kB as uploaded. The size of the copy in a visa system is an assumption.
const VISA: PhotoStandard = PhotoStandard {
    width_px: 600,
    height_px: 600,
    head_share: (0.50, 0.69),
    eyes_above_share: (0.56, 0.69),
    off_centre_share: 0.05,
    min_inter_eye_px: 90.0,
    max_yaw_pitch_roll_deg: FRONTAL_DEG,
    ground: 0.82,
    grey: false,
    max_bytes: 36_000,
};

/// An ID-1 card's photograph of about 26 × 35 mm, laser-engraved and read from the card at 230 dpi: the passport's
/// proportions at a size too small for 90 px between the eyes. Pixels and bytes are assumptions.
const RESIDENCE_CARD: PhotoStandard = PhotoStandard {
    width_px: 240,
    height_px: 320,
    head_share: (0.70, 0.80),
    eyes_above_share: (0.50, 0.70),
    off_centre_share: 0.05,
    min_inter_eye_px: 50.0,
    max_yaw_pitch_roll_deg: FRONTAL_DEG,
    ground: 0.80,
    grey: true,
    max_bytes: 10_000,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_fall_on_the_documents_by_their_shares() {
        let shares = DocumentShares { passport: 2.0, visa: 0.0, residence_card: 6.0 };
        let picked: Vec<DocumentKind> = (0..1000).map(|i| shares.pick(i as f32 / 1000.0)).collect();
        let count = |kind| picked.iter().filter(|&&k| k == kind).count();
        assert_eq!(DocumentKind::ALL.map(count), [250, 0, 750]);
        assert_eq!(shares.pick(1.0), DocumentKind::ResidenceCard);
        assert_eq!(DocumentShares::default().pick(0.999), DocumentKind::Passport);
        let none = DocumentShares { passport: 0.0, visa: 0.0, residence_card: 0.0 };
        assert_eq!(none.pick(0.5), DocumentKind::Passport);
    }
}
