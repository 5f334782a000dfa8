//! What stands in a lane, as plain data: people, vehicles, lanes, rigs, and the catalogue files that name them.
//!
//! Frames of reference, everywhere in laneproof: right-handed, Y up, metres.
//! A vehicle and an occupant face **+Z**; their left is **+X**. In the world frame traffic drives towards +Z,
//! `z = 0` is the lane's stop line, `x = 0` the middle of the roadway, `y = 0` the road surface.
//! This crate knows no GPU and no clock; randomness comes in as a named [`stream`].
pub mod beam;
pub mod catalogue;
pub mod decoy;
pub mod distortion;
pub mod document;
mod in_band;
pub mod infrared;
pub mod lane;
pub mod mesh;
pub mod motion;
pub mod people;
mod shapes;
pub mod stream;
pub mod sun;
pub mod surface;
pub mod truth;
pub mod vehicle;
