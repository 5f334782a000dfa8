//! Panes as they are in traffic: tinted glass, film, solar-control coating and dirt, in every camera band.
//!
//! From outside to inside: dirt, face, outer half of the glass, coating (between the plies of a laminate), inner half, film
//! on the inner face, face. Film and laminate interlayer have nearly the glass's index, so they reflect nothing of their own
//! (index 1.48 to 1.6 against 1.52: below 0.1 %). What absorbs does so along the refracted way (Bouguer–Lambert). Numbers
//! without a source are assumptions: no published transmittance of vehicle glass at 850 and 940 nm was found.
use std::f64::consts::PI;

use glam::DVec3;
use laneproof_scenes::surface::{self, Glazing, Pane};

use crate::{
    band::{Band, PerBand},
    drop::buried_face,
    glass::internal_transmittance_normal,
    layers::Layer,
    pane::{PaneOnRay, path_factor},
    stokes::{Frame, Mueller},
};

/// What colours the glass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// Iron alone: from clear float glass to heat-absorbing green, by how much of it there is.
    Iron,
    /// Iron with cobalt, selenium or nickel: grey or bronze privacy glass.
    Grey,
}

impl Body {
    /// Absorbance in each band ÷ that for the eye. The same matter in any amount and thickness keeps these ratios.
    ///
    /// Iron: ferrous iron absorbs round 1,050 nm; from these ratios clear laminate of 88 % has 80 and 78 % at 850 and 940 nm
    /// (working values: 75–80 %), green of 75 % has 46 and 41 % (working values: 35–55 %). Grey: nearly neutral.
    const fn absorbance(self) -> PerBand {
        match self {
            Self::Iron => [1.35, 0.915, 1.20, 3.4, 4.0],
            Self::Grey => [1.0, 1.0, 1.0, 1.0, 1.1],
        }
    }
}

/// Film glued onto the inner face: what it lets pass at normal incidence, as a factor on the bare pane's transmittance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Film {
    /// In red, green and blue, 0..1.
    pub visible: f64,
    /// At 850 and 940 nm, 0..1.
    pub infrared: f64,
}

impl Film {
    /// No film.
    pub const NONE: Self = Self { visible: 1.0, infrared: 1.0 };

    /// Dyed film: its dyes end before the infrared (assumption: 0.9 there).
    pub const fn dyed(visible: f64) -> Self {
        Self { visible, infrared: 0.90 }
    }

    /// Film with carbon, which absorbs everywhere alike (assumption).
    pub const fn carbon(visible: f64) -> Self {
        Self { visible, infrared: visible }
    }

    /// Film with infrared-absorbing oxides, sold as heat-rejecting (assumption: 0.15 in the infrared, whatever its tint).
    pub const fn ceramic(visible: f64) -> Self {
        Self { visible, infrared: 0.15 }
    }
}

/// A coating between the plies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coating {
    /// None.
    None,
    /// Double silver: mirrors the near infrared. With a clear body about 16 % pass at 940 nm (working values of the trade:
    /// 5–25 %).
    SilverSolarControl,
}

/// Reflectance and transmittance of double silver within glass (assumption), for both polarisations alike and at any angle:
/// rays within the glass stay below 41° from the normal, where such stacks change by a few percent.
const SILVER_REFLECTANCE: PerBand = [0.06, 0.04, 0.06, 0.42, 0.58];
const SILVER_TRANSMITTANCE: PerBand = [0.87, 0.92, 0.86, 0.38, 0.22];

impl Coating {
    fn layer(self, band: Band) -> Option<Layer> {
        match self {
            Self::None => None,
            Self::SilverSolarControl => {
                Some(Layer::coating(band.of(&SILVER_REFLECTANCE), band.of(&SILVER_TRANSMITTANCE)))
            }
        }
    }
}

/// Dust and dried dirt on the outer face: part of the area scatters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dirt {
    /// Share of the area that is covered, 0..1.
    pub cover: f64,
    /// Share of the light that passes a covered place without being scattered, 0..1.
    pub direct_transmittance: f64,
    /// Share of the irradiance that a covered place scatters back, as from a matt surface, 0..1.
    pub reflectance: f64,
}

impl Dirt {
    /// A clean pane.
    pub const NONE: Self = Self { cover: 0.0, direct_transmittance: 1.0, reflectance: 0.0 };

    /// Mineral road dust over this share of the area (assumption: 40 % pass straight, 15 % come back).
    pub const fn road_dust(cover: f64) -> Self {
        Self { cover, direct_transmittance: 0.40, reflectance: 0.15 }
    }

    /// Share that passes `crossings` times unscattered, mean over the area.
    pub(crate) fn passes(&self, crossings: i32) -> f64 {
        1.0 - self.cover.clamp(0.0, 1.0) * (1.0 - self.direct_transmittance.clamp(0.0, 1.0).powi(crossings))
    }

    /// Radiance that the dirt adds to what a camera outside sees, W·m⁻²·sr⁻¹, for this irradiance on the outer side of the
    /// pane, W·m⁻². Unpolarised (many scatterings; assumption). No more comes back than does not pass.
    pub fn veil_radiance(&self, irradiance_w_m2: f64) -> f64 {
        let reflectance = self.reflectance.clamp(0.0, 1.0 - self.direct_transmittance.clamp(0.0, 1.0));
        self.cover.clamp(0.0, 1.0) * reflectance * irradiance_w_m2 / PI
    }
}

/// A pane with all that is on it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PaneOptics {
    /// Refractive index, taken as the same in all bands (soda-lime glass: 1.53 at 450 nm to 1.51 at 940 nm).
    pub refractive_index: f64,
    /// What the glass lets pass on one crossing along its normal, faces left out, 0..1.
    pub internal_transmittance: PerBand,
    /// On the inner face.
    pub film: Film,
    /// Between the plies.
    pub coating: Coating,
    /// On the outer face.
    pub dirt: Dirt,
}

/// Transmittance from which visible glass is tinted by iron alone; what is darker has a grey body (assumption, after what is
/// sold as windscreens and as privacy glass).
const IRON_FROM: f32 = 0.5;

impl PaneOptics {
    /// A pane of a vehicle.
    pub fn of_pane(pane: &Pane) -> Self {
        let body = if pane.glazing.transmittance_normal >= IRON_FROM { Body::Iron } else { Body::Grey };
        let film = pane.film.map_or(Film::NONE, |surface::Film { visible, infrared }| Film {
            visible: visible.into(),
            infrared: infrared.into(),
        });
        let coating = match pane.coating {
            None => Coating::None,
            Some(surface::Coating::Silver) => Coating::SilverSolarControl,
        };
        let dirt = if pane.dirt_cover > 0.0 { Dirt::road_dust(pane.dirt_cover.into()) } else { Dirt::NONE };
        Self { film, coating, dirt, ..Self::of_glazing(&pane.glazing, body) }
    }

    /// Transmittance for diffuse light, film, coating and dirt included; what dirt scatters forwards still lights the other
    /// side (assumption).
    pub(crate) fn lighting_transmittance(&self, band: Band, cos_incidence: f64) -> f64 {
        let kept = 1.0 - self.dirt.cover * self.dirt.reflectance;
        self.layer(band, cos_incidence).transmission().transmittance() * kept
    }

    /// A clean pane without film or coating whose visible transmittance (CIE illuminant D65, V(λ)) is the glazing's.
    pub fn of_glazing(glazing: &Glazing, body: Body) -> Self {
        let visible = internal_transmittance_normal(glazing);
        Self {
            refractive_index: f64::from(glazing.refractive_index),
            internal_transmittance: body.absorbance().map(|ratio| visible.powf(ratio)),
            film: Film::NONE,
            coating: Coating::None,
            dirt: Dirt::NONE,
        }
    }

    /// The same pane with film; darker than before.
    pub fn with_film(self, film: Film) -> Self {
        Self { film, ..self }
    }

    /// The same pane with a coating; darker than before.
    pub fn with_coating(self, coating: Coating) -> Self {
        Self { coating, ..self }
    }

    /// The same pane with dirt.
    pub fn with_dirt(self, dirt: Dirt) -> Self {
        Self { dirt, ..self }
    }

    /// Faces, glass, coating and film, seen from outside at this cosine of incidence; without dirt.
    pub fn layer(&self, band: Band, cos_incidence: f64) -> Layer {
        self.behind(Layer::face(self.refractive_index, cos_incidence.abs().min(1.0)), band, cos_incidence)
    }

    /// Share of unpolarised light that passes from the cabin into water on the outer face, at this cosine in the cabin's air;
    /// dirt included.
    pub fn passes_under_water(&self, band: Band, water_index: f64, cos_incidence: f64) -> f64 {
        let wet = buried_face(water_index, self.refractive_index, cos_incidence.abs().min(1.0));
        self.behind(wet, band, cos_incidence).transmission().transmittance() * self.dirt.passes(1)
    }

    /// The pane behind its outer face; the cosine is that in air.
    fn behind(&self, outer_face: Layer, band: Band, cos_incidence: f64) -> Layer {
        let cos = cos_incidence.abs().min(1.0);
        let path = path_factor(self.refractive_index, cos);
        let film = if band.is_visible() { self.film.visible } else { self.film.infrared }.clamp(0.0, 1.0);
        let glass = band.of(&self.internal_transmittance).clamp(0.0, 1.0);
        let half = Layer::absorber(glass.sqrt().powf(path));
        let face = Layer::face(self.refractive_index, cos);
        let outer = outer_face.then(half);
        let coated = self.coating.layer(band).map_or(outer, |coating| outer.then(coating));
        coated.then(half).then(Layer::absorber(film.powf(path))).then(face.reversed())
    }

    /// The pane on a camera's ray, dirt included; `normal` points out of the vehicle. What dirt adds by itself is
    /// [`Dirt::veil_radiance`].
    pub fn on_ray(&self, band: Band, view: &Frame, normal: DVec3) -> PaneOnRay {
        let clean = PaneOnRay::of_layer(view, normal, |cos| self.layer(band, cos));
        // From outside a mirrored ray crosses the dirt twice, at places a glass thickness apart that are mostly alike; from
        // inside not even once before the first face.
        let from_outside = view.direction().dot(normal) <= 0.0;
        PaneOnRay {
            transmission: clean.transmission * self.dirt.passes(1),
            reflection: clean.reflection * if from_outside { self.dirt.passes(2) } else { 1.0 },
            ..clean
        }
    }

    /// Total transmittance at normal incidence, dirt included.
    pub fn transmittance_normal(&self, band: Band) -> f64 {
        self.layer(band, 1.0).transmission().transmittance() * self.dirt.passes(1)
    }

    /// Reflectance at normal incidence seen from outside, of the clean pane.
    pub fn reflectance_normal(&self, band: Band) -> f64 {
        self.layer(band, 1.0).reflection().transmittance()
    }
}

/// Several panes on one ray, from the farthest to the nearest, without reflections between them (panes of a vehicle are far
/// apart and not parallel, so that these miss the camera). All are of the same ray and reference axis.
pub fn transmission_through(panes_far_to_near: &[PaneOnRay]) -> Mueller {
    Mueller::path(panes_far_to_near.iter().map(|pane| pane.transmission))
}

#[cfg(test)]
#[path = "pane_optics_tests.rs"]
mod tests;
