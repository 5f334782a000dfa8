//! What is drawn on frames alike in reports, explanations and movies: colours, boxes, faces cut out.
use image::{RgbImage, imageops};
use laneproof_exchange::truth::BoxPx;

/// Truth boxes of occupants; red, green, blue, as all colours here.
pub(crate) const TRUTH: [u8; 3] = [255, 255, 255];
/// Truth boxes of people in other vehicles.
pub(crate) const TRUTH_OTHER: [u8; 3] = [191, 90, 242];
/// The stack's valid shots.
pub(crate) const STACK_VALID: [u8; 3] = [52, 199, 89];
/// The stack's other boxes.
pub(crate) const STACK_OTHER: [u8; 3] = [255, 159, 10];

/// How many times as large as a face's box a picture is that shows what is round it.
pub(crate) const WITH_SURROUNDINGS: f32 = 2.2;

/// The square of a frame round a face's box, so many times as large, and its upper left corner; `None` when the box does not
/// lie on the frame.
pub(crate) fn square_round(frame: &RgbImage, truth: &BoxPx, times: f32) -> Option<(f32, f32, f32)> {
    let (width, height) = (frame.width() as f32, frame.height() as f32);
    let side = ((truth.x1 - truth.x0).max(truth.y1 - truth.y0) * times).clamp(48.0, width.min(height));
    if !side.is_finite() || truth.x1 < 0.0 || truth.y1 < 0.0 || truth.x0 > width || truth.y0 > height {
        return None;
    }
    let x = ((truth.x0 + truth.x1 - side) / 2.0).clamp(0.0, width - side).floor();
    let y = ((truth.y0 + truth.y1 - side) / 2.0).clamp(0.0, height - side).floor();
    Some((x, y, side.floor()))
}

/// A face cut out of a frame: a square, so many times as large as the face's box.
pub(crate) fn cut_face(frame: &RgbImage, truth: &BoxPx, times: f32) -> Option<RgbImage> {
    let (x, y, side) = square_round(frame, truth, times)?;
    Some(imageops::crop_imm(frame, x as u32, y as u32, side as u32, side as u32).to_image())
}

/// Draws the outline of a box, `thickness` pixels wide and outwards; what leaves the picture is cut off.
pub(crate) fn draw_box(picture: &mut RgbImage, b: &BoxPx, colour: [u8; 3], thickness: i64) {
    if ![b.x0, b.y0, b.x1, b.y1].iter().all(|v| v.is_finite() && v.abs() < 1e6) {
        return;
    }
    let [x0, y0, x1, y1] = [b.x0, b.y0, b.x1, b.y1].map(|v| v.round() as i64);
    let (width, height) = (i64::from(picture.width()), i64::from(picture.height()));
    let mut dot = |x: i64, y: i64| {
        if (0..width).contains(&x) && (0..height).contains(&y) {
            picture.put_pixel(x as u32, y as u32, image::Rgb(colour));
        }
    };
    for t in 0..thickness {
        for x in x0.max(0) - t..=x1.min(width) + t {
            dot(x, y0 - t);
            dot(x, y1 + t);
        }
        for y in y0.max(0) - t..=y1.min(height) + t {
            dot(x0 - t, y);
            dot(x1 + t, y);
        }
    }
}
