//! The capture-and-match stack: detect, align, quality, best shot, embed, match.
pub mod client;
