//! Sun, sky, glass and cabin light in radiometric units.
//!
//! Bands are boxes: red 600–700 nm, green 500–600 nm, blue 400–500 nm. Radiance is W·m⁻²·sr⁻¹ and irradiance W·m⁻²,
//! both per band. Directions are world directions (traffic drives towards +Z, +Y up, +X to its left) unless named otherwise.
pub mod cabin;
pub mod daylight;
pub mod glass;
pub mod rays;
pub mod sh;
pub mod shelter;
pub mod spectrum;
pub mod sun;
