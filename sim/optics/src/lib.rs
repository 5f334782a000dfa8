//! Sun, sky, glass and cabin light in radiometric units.
//!
//! Bands are boxes: red 600–700 nm, green 500–600 nm, blue 400–500 nm. Radiance is W·m⁻²·sr⁻¹ and irradiance W·m⁻²,
//! both per band. Directions are world directions (traffic drives towards +Z, +Y up, +X to its left) unless named otherwise.
//! Polarised light has its own page, [`stokes`], which says against which axes it is measured.
pub mod air;
pub mod band;
pub mod cabin;
mod coat;
pub mod daylight;
pub mod drop;
pub mod entrance;
pub mod eye_safety;
pub mod glass;
pub mod lamp;
pub mod layers;
mod outdoors;
pub mod pane;
pub mod pane_optics;
pub mod polariser;
pub mod probe;
pub mod rays;
pub mod sh;
pub mod shelter;
pub mod sky_polarisation;
pub mod spectrum;
pub mod stokes;
pub mod through_glass;

pub use laneproof_scenes::sun;

#[cfg(test)]
mod chance;
