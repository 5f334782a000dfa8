//! Glass of a vehicle, as catalogue files say it: transmittances, and what is on or in the panes.
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::surface::{Coating, Film, PaneKind};

/// Glass of a vehicle's panes, and what is on them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GlassSet {
    /// Visible transmittance of the windscreen's glass at normal incidence, without film or coating, 0..1.
    pub windscreen: f32,
    /// Visible transmittance of the front side windows, as for the windscreen, 0..1.
    pub front_side: f32,
    /// Visible transmittance of rear side windows and rear window, as for the windscreen, 0..1.
    pub rear: f32,
    /// Film on the inner faces; none where left out.
    #[serde(default, skip_serializing_if = "PerPane::is_bare")]
    pub film: PerPane<Film>,
    /// Solar-control coating between the plies; none where left out.
    #[serde(default, skip_serializing_if = "PerPane::is_bare")]
    pub coating: PerPane<Coating>,
    /// Share of the outer faces that road dust covers, 0..1; clean where left out.
    #[serde(default, skip_serializing_if = "PerPane::is_bare")]
    pub dirt_cover: PerPane<f32>,
    /// How far side windows are let down.
    #[serde(default, skip_serializing_if = "Lowered::is_closed")]
    pub lowered: Lowered,
}

impl GlassSet {
    /// Visible transmittance of the bare glass of a kind of panes.
    pub const fn transmittance(&self, kind: PaneKind) -> f32 {
        match kind {
            PaneKind::Windscreen => self.windscreen,
            PaneKind::FrontSide => self.front_side,
            PaneKind::Rear => self.rear,
        }
    }

    /// The same with another bare glass in a kind of panes.
    pub fn with_transmittance(self, kind: PaneKind, transmittance: f32) -> Self {
        let mut other = self;
        *match kind {
            PaneKind::Windscreen => &mut other.windscreen,
            PaneKind::FrontSide => &mut other.front_side,
            PaneKind::Rear => &mut other.rear,
        } = transmittance;
        other
    }

    /// Closed, clean and without film.
    pub const fn bare(windscreen: f32, front_side: f32, rear: f32) -> Self {
        Self {
            windscreen,
            front_side,
            rear,
            film: PerPane::BARE,
            coating: PerPane::BARE,
            dirt_cover: PerPane::BARE,
            lowered: Lowered { front: 0.0, rear: 0.0 },
        }
    }
}

/// Something on or in some of a vehicle's panes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PerPane<T> {
    /// On the windscreen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub windscreen: Option<T>,
    /// On the front side windows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub front_side: Option<T>,
    /// On rear side windows and rear window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rear: Option<T>,
}

impl<T> PerPane<T> {
    /// On none.
    pub const BARE: Self = Self { windscreen: None, front_side: None, rear: None };

    /// What is on a kind of panes.
    pub fn of(&self, kind: PaneKind) -> Option<T>
    where
        T: Copy,
    {
        match kind {
            PaneKind::Windscreen => self.windscreen,
            PaneKind::FrontSide => self.front_side,
            PaneKind::Rear => self.rear,
        }
    }

    /// What is on some panes, with the key that says so in files.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, T)>
    where
        T: Copy,
    {
        let listed = [("windscreen", self.windscreen), ("front_side", self.front_side), ("rear", self.rear)];
        listed.into_iter().filter_map(|(name, value)| Some((name, value?)))
    }

    /// Whether it is on none.
    fn is_bare(&self) -> bool {
        matches!(self, Self { windscreen: None, front_side: None, rear: None })
    }
}

impl<T> Default for PerPane<T> {
    fn default() -> Self {
        Self::BARE
    }
}

/// How far side windows are let down: 0 closed, 1 wholly down.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lowered {
    /// Front side windows.
    #[serde(default)]
    pub front: f32,
    /// Windows of the second row.
    #[serde(default)]
    pub rear: f32,
}

impl Lowered {
    fn is_closed(&self) -> bool {
        *self == Self::default()
    }
}
