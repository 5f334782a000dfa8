//! Stages encounters and turns exposures into frames.
pub mod encounter;
pub mod truth;
