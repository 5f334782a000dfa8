//! What plan, simulator and score hand each other: encounter plans one way, the truth of exposures the other.
//!
//! A crate of its own so that planning and scoring build without the renderer.
pub mod encounter;
pub mod ideal;
pub mod truth;
