//! The colours of a movie's pictures, and plain shapes in them. Colours are red, green, blue.
use image::{Rgb, RgbImage};

use super::{layout::Area, text::Font, timeline::Tone};
use crate::marks;

/// Behind everything.
pub(super) const PAPER: [u8; 3] = [17, 18, 22];
/// Behind cards, and where a camera has not exposed.
pub(super) const PANEL: [u8; 3] = [34, 36, 43];
/// Lines, empty portraits.
pub(super) const LINE: [u8; 3] = [74, 78, 90];
/// What matters less.
pub(super) const SOFT: [u8; 3] = [166, 172, 184];
/// Text.
pub(super) const TEXT: [u8; 3] = [240, 242, 245];
const NOT_ENROLLED: [u8; 3] = [100, 170, 255];
const WRONG: [u8; 3] = [255, 69, 58];

/// Every colour that is not a frame's: an encoder must keep them as they are.
pub(super) const INKS: [[u8; 3]; 11] = [
    PAPER,
    PANEL,
    LINE,
    SOFT,
    TEXT,
    NOT_ENROLLED,
    WRONG,
    marks::TRUTH,
    marks::TRUTH_OTHER,
    marks::STACK_VALID,
    marks::STACK_OTHER,
];

/// A tone's colour.
pub(super) fn colour(tone: Tone) -> [u8; 3] {
    match tone {
        Tone::Truth => marks::TRUTH,
        Tone::Other => marks::TRUTH_OTHER,
        Tone::Seen => marks::STACK_OTHER,
        Tone::NotEnrolled => NOT_ENROLLED,
        Tone::Good => marks::STACK_VALID,
        Tone::Wrong => WRONG,
    }
}

/// Space on each side of a chip's text, pixels.
const CHIP_SIDE_PX: u32 = 4;

/// Width and height of a text on a ground of its own, pixels.
pub(super) fn chip_size(font: Font, text: &str) -> (u32, u32) {
    (font.width(text) + 2 * CHIP_SIDE_PX, font.height() + 2)
}

/// Writes a text on a ground of its own with a dark edge, with the upper left corner at a place.
pub(super) fn chip(page: &mut RgbImage, font: Font, at: (u32, u32), text: &str, ground: [u8; 3], ink: [u8; 3]) {
    let (width, height) = chip_size(font, text);
    fill(page, Area { x: at.0, y: at.1, width, height }, PAPER);
    fill(page, Area { x: at.0 + 1, y: at.1 + 1, width: width - 2, height: height - 2 }, ground);
    font.write(page, (at.0 + CHIP_SIDE_PX, at.1 + 1), text, ink);
}

/// Fills an area; what leaves the picture is cut off.
pub(super) fn fill(page: &mut RgbImage, area: Area, ink: [u8; 3]) {
    paint(page, area, |_, _| ink);
}

/// The outline of somebody of whom there is no picture.
pub(super) fn nobody(page: &mut RgbImage, area: Area) {
    paint(page, area, |u, v| {
        let head = (u - 0.5).hypot(v - 0.36) < 0.17;
        let shoulders = ((u - 0.5) / 0.32).hypot((v - 0.95) / 0.36) < 1.0;
        if head || shoulders { LINE } else { PAPER }
    });
}

/// Paints an area by a function of the place in it, 0 to 1.
fn paint(page: &mut RgbImage, area: Area, ink: impl Fn(f32, f32) -> [u8; 3]) {
    for y in area.y..(area.y + area.height).min(page.height()) {
        for x in area.x..(area.x + area.width).min(page.width()) {
            let (u, v) = ((x - area.x) as f32 / area.width as f32, (y - area.y) as f32 / area.height as f32);
            page.put_pixel(x, y, Rgb(ink(u, v)));
        }
    }
}
