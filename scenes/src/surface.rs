//! Surfaces, thin lenses and panes of glass: what light does when it meets them.
use std::sync::Arc;

use glam::Vec3;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{infrared::Infrared, mesh::Mesh, truth::Tag};

/// A picture of reflectance. Rows from the top; texel (0, 0) belongs to `uv = (0, 0)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Texture {
    /// Width in texels.
    pub width: u32,
    /// Height in texels.
    pub height: u32,
    /// Four bytes a texel: sRGB-encoded reflectance, then coverage (below 128 the surface is cut away there).
    pub rgba: Vec<u8>,
}

/// How a surface reflects: Lambert below, a GGX coat above; a lens also lets through what is behind it.
#[derive(Debug, Clone, PartialEq)]
pub struct Surface {
    /// Linear diffuse reflectance in the camera bands red, green, blue, 0..1; multiplied by texture and vertex tint.
    pub reflectance: [f32; 3],
    /// Reflectance picture.
    pub texture: Option<Arc<Texture>>,
    /// GGX roughness (perceptual, α = roughness²), 0.03..1.
    pub roughness: f32,
    /// Specular reflectance at normal incidence; 0.04 for dielectrics of index 1.5, 0.028 for skin (index 1.4).
    pub specular_f0: f32,
    /// Share of the light that wraps round the terminator by scattering below the surface, 0 (paint) to about 0.5 (skin).
    pub wrap: f32,
    /// Radiance the surface emits by itself (lamps, screens), W·m⁻²·sr⁻¹ per band.
    pub emitted_radiance: [f32; 3],
    /// Whether both faces are drawn.
    pub double_sided: bool,
    /// `None` for an opaque surface. For a thin lens, the share of the light that passes it at any angle in red, green,
    /// blue, 0..1. A lens has no body colour: it adds what it mirrors, `specular_f0` at normal incidence for both of its
    /// faces together.
    pub transmittance: Option<[f32; 3]>,
}

impl Surface {
    /// A matt surface of one linear reflectance.
    pub fn matt(reflectance: [f32; 3]) -> Self {
        Self {
            reflectance,
            texture: None,
            roughness: 0.9,
            specular_f0: 0.04,
            wrap: 0.0,
            emitted_radiance: [0.0; 3],
            double_sided: false,
            transmittance: None,
        }
    }

    /// A thin lens: transmittance per band, and reflectance of both faces together at normal incidence.
    pub fn lens(transmittance: [f32; 3], reflectance: f32) -> Self {
        Self {
            roughness: 0.03,
            specular_f0: reflectance,
            double_sided: true,
            transmittance: Some(transmittance),
            ..Self::matt([0.0; 3])
        }
    }

    /// Whether this is a lens too dark to look through: the truth then names the lens and not what is behind it.
    pub fn is_dark_lens(&self) -> bool {
        self.transmittance.is_some_and(|t| t.iter().sum::<f32>() / 3.0 <= CLEAR_LENS_TRANSMITTANCE)
    }
}

/// Mean transmittance above which the truth looks through a lens (assumption: half of the light; categories 0 and 1 of
/// ISO 12312-1 lie above, those sold as sunglasses for bright light below).
const CLEAR_LENS_TRANSMITTANCE: f32 = 0.5;

/// A mesh with its surface and what the truth calls it.
#[derive(Debug, Clone)]
pub struct Part {
    /// For people who debug: "left front door", "scalp hair".
    pub name: String,
    /// Geometry in the owner's frame.
    pub mesh: Arc<Mesh>,
    /// Appearance.
    pub surface: Surface,
    /// Who and what this is, written into the truth layers.
    pub tag: Tag,
}

/// Optical description of one pane; a single slab with two air faces (laminates too: the inner interface
/// reflects less than 0.01 %).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Glazing {
    /// Total visible transmittance at normal incidence, 0..1, both surface reflections included.
    pub transmittance_normal: f32,
    /// Refractive index; soda-lime float glass 1.52.
    pub refractive_index: f32,
    /// Glass thickness in millimetres.
    pub thickness_mm: f32,
}

/// Film on the inner face of a pane: shares that pass it along its normal, without the faces' reflections.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Film {
    /// In the visible, above 0 to 1.
    pub visible: f32,
    /// At 850 and 940 nm, above 0 to 1: dyed film about 0.9, carbon as in the visible, heat-rejecting ceramic about 0.15
    /// (assumptions; no published transmittances at these wavelengths were found).
    pub infrared: f32,
}

/// Solar-control coating between the plies of a laminate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Coating {
    /// Double silver, which mirrors the near infrared.
    Silver,
}

/// Panes of a vehicle that catalogue files speak of together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PaneKind {
    /// The windscreen.
    Windscreen,
    /// Front side windows.
    FrontSide,
    /// Rear side windows and rear window.
    Rear,
}

impl PaneKind {
    /// All of them, from front to rear.
    pub const ALL: [Self; 3] = [Self::Windscreen, Self::FrontSide, Self::Rear];

    /// The kind of a pane by its name; what is neither windscreen nor beside the front row is behind it.
    pub fn of_name(pane: &str) -> Self {
        match pane {
            "windscreen" => Self::Windscreen,
            name if name.starts_with("front") => Self::FrontSide,
            _ => Self::Rear,
        }
    }

    /// For people, in the plural or with its article.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Windscreen => "the windscreen",
            Self::FrontSide => "front side windows",
            Self::Rear => "rear windows",
        }
    }
}

/// A drop of water that sits on a pane: a cap of a sphere.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SessileDrop {
    /// Middle of the wetted disc, metres.
    pub position_m: Vec3,
    /// Unit normal of the pane there, out of the vehicle.
    pub normal: Vec3,
    /// Radius of the wetted disc, metres.
    pub radius_m: f32,
}

/// One pane of a vehicle, with all that is on it.
#[derive(Debug, Clone)]
pub struct Pane {
    /// "windscreen", "front-left", "row-2-right", "rear".
    pub name: String,
    /// One layer of triangles, normals out of the vehicle; none when the window is wholly down.
    pub mesh: Arc<Mesh>,
    /// Glass.
    pub glazing: Glazing,
    /// Film on the inner face.
    pub film: Option<Film>,
    /// Coating between the plies.
    pub coating: Option<Coating>,
    /// Share of the outer face that dust covers, 0..1.
    pub dirt_cover: f32,
    /// Near-infrared band in which it is looked at; `None` for the visible.
    pub band: Option<Infrared>,
}

impl Pane {
    /// A clean, bare pane of this glass in the visible.
    pub fn bare(name: &str, mesh: Arc<Mesh>, glazing: Glazing) -> Self {
        Self { name: name.into(), mesh, glazing, film: None, coating: None, dirt_cover: 0.0, band: None }
    }

    /// What catalogue files count it among.
    pub fn kind(&self) -> PaneKind {
        PaneKind::of_name(&self.name)
    }

    /// Whether light fares the same in both, wherever they are.
    pub fn is_alike(&self, other: &Self) -> bool {
        self.glazing == other.glazing
            && self.film == other.film
            && self.coating == other.coating
            && self.dirt_cover == other.dirt_cover
            && self.band == other.band
    }
}
