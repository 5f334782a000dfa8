//! The bands in which cameras see.
use laneproof_scenes::infrared::Infrared;

/// A camera band: three of a colour camera, two of a near-infrared one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Band {
    /// 600–700 nm.
    Red,
    /// 500–600 nm.
    Green,
    /// 400–500 nm.
    Blue,
    /// Round 850 nm.
    Nir850,
    /// Round 940 nm.
    Nir940,
}

/// A value for each band, in the order of [`Band::ALL`].
pub type PerBand = [f64; 5];

impl Band {
    /// Channels of a colour camera.
    pub const RGB: [Self; 3] = [Self::Red, Self::Green, Self::Blue];
    /// All bands.
    pub const ALL: [Self; 5] = [Self::Red, Self::Green, Self::Blue, Self::Nir850, Self::Nir940];

    /// This band's entry of a table.
    pub const fn of(self, table: &PerBand) -> f64 {
        table[self as usize]
    }

    /// Whether the eye sees it.
    pub const fn is_visible(self) -> bool {
        matches!(self, Self::Red | Self::Green | Self::Blue)
    }
}

impl Band {
    /// What a camera's three channels see: red, green, blue, or one near-infrared band three times.
    pub fn seen_in(infrared: Option<Infrared>) -> [Self; 3] {
        infrared.map_or(Self::RGB, |band| [band.into(); 3])
    }
}

impl From<Infrared> for Band {
    fn from(band: Infrared) -> Self {
        match band {
            Infrared::Nir850 => Self::Nir850,
            Infrared::Nir940 => Self::Nir940,
        }
    }
}
