//! A sheet of document portraits: each person's passport, visa and residence card side by side.
use image::{RgbImage, imageops};
use laneproof_scenes::{document::DocumentKind, people::Identity};
use laneproof_sim::Simulator;

use crate::session::Failure;

/// Height of a document's picture on the sheet, pixels.
const HEIGHT_PX: u32 = 600;
/// Paper between the pictures, pixels.
const GAP_PX: u32 = 12;

/// The three documents of one person, as files of the documents show them.
pub(super) fn strip(simulator: &mut Simulator, who: &Identity) -> Result<RgbImage, Failure> {
    let mut pictures = Vec::new();
    for kind in DocumentKind::ALL {
        let made = simulator.document(who, kind)?;
        let shown = image::load_from_memory(&made.jpeg).map_err(Failure::setup)?.to_rgb8();
        let width = shown.width() * HEIGHT_PX / shown.height();
        pictures.push(imageops::resize(&shown, width, HEIGHT_PX, imageops::FilterType::CatmullRom));
    }
    let width = pictures.iter().map(|p| p.width() + GAP_PX).sum();
    let mut strip = RgbImage::from_pixel(width, HEIGHT_PX + GAP_PX, image::Rgb([250, 250, 248]));
    let mut x = 0;
    for picture in &pictures {
        imageops::replace(&mut strip, picture, x, i64::from(GAP_PX) / 2);
        x += i64::from(picture.width() + GAP_PX);
    }
    Ok(strip)
}
