//! Stages encounters and turns exposures into frames.
pub use laneproof_exchange::{encounter, truth};
