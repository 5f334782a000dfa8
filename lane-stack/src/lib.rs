//! The capture-and-match stack: detect, align, quality, best shot, embed, match.
pub mod card;
pub mod client;
pub mod config;
pub mod decode;
pub mod detector;
pub mod embedder;
pub mod error;
pub mod exit;
pub mod exposure;
pub mod gallery;
pub mod geometry;
pub mod models;
pub mod picture;
pub mod pose;
pub mod quality;
pub mod resample;
pub mod runtime;
mod stack;
mod text;
pub mod track;

pub use error::SetupError;
pub use models::{Selection, select};
pub use stack::{Face, InProcessStack};
