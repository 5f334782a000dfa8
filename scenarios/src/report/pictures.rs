//! Pictures in the report: cut from the kept frames, boxes drawn, small, as data URIs.
use std::collections::BTreeMap;

use image::{RgbImage, imageops};
use jpeg_encoder::ColorType;
use laneproof_exchange::truth::BoxPx;
use serde::Serialize;

use crate::{
    marks::{STACK_OTHER, STACK_VALID, TRUTH, TRUTH_OTHER, WITH_SURROUNDINGS, draw_box, square_round},
    run::{folder::RunFolder, frames::encode, record::EncounterRecord},
    score::{EncounterScore, OccupantScore},
};

/// Side of a thumbnail, pixels.
const THUMBNAIL_PX: u32 = 200;
/// Width of a camera's picture, pixels.
const VIEW_WIDTH_PX: u32 = 960;

/// Decoded frames; only those of the encounter at hand stay in memory.
pub(crate) struct Frames<'a> {
    folder: &'a RunFolder,
    kept: BTreeMap<String, Option<RgbImage>>,
}

impl<'a> Frames<'a> {
    pub fn new(folder: &'a RunFolder) -> Self {
        Self { folder, kept: BTreeMap::new() }
    }

    fn get(&mut self, name: &str) -> Option<&RgbImage> {
        /// Frames of one encounter and a few more; a 2.3-megapixel frame is 7 MB.
        const MOST: usize = 24;
        if self.kept.len() >= MOST && !self.kept.contains_key(name) {
            self.kept.clear();
        }
        let folder = self.folder;
        let load = || {
            let bytes = folder.read(name).ok()??;
            Some(image::load_from_memory(&bytes).ok()?.into_rgb8())
        };
        self.kept.entry(name.to_owned()).or_insert_with(load).as_ref()
    }
}

/// The occupant's face in the exposure that counts, with the truth's box and the stack's.
pub(crate) fn thumbnail(o: &OccupantScore, frames: &mut Frames<'_>) -> Option<String> {
    let best = o.best.as_ref()?;
    let truth = best.face.face_box_px;
    let frame = frames.get(&best.frame)?;
    let (x, y, side) = square_round(frame, &truth, WITH_SURROUNDINGS)?;
    let cut = imageops::crop_imm(frame, x as u32, y as u32, side as u32, side as u32).to_image();
    let mut cut = imageops::resize(&cut, THUMBNAIL_PX, THUMBNAIL_PX, imageops::FilterType::Triangle);
    let scale = THUMBNAIL_PX as f32 / side;
    let placed = |b: &BoxPx| BoxPx {
        x0: (b.x0 - x) * scale,
        y0: (b.y0 - y) * scale,
        x1: (b.x1 - x) * scale,
        y1: (b.y1 - y) * scale,
    };
    draw_box(&mut cut, &placed(&truth), TRUTH, 1);
    if let Some(shot) = o.shot.as_ref().filter(|s| s.exposure_id == best.exposure_id) {
        draw_box(&mut cut, &placed(&shot.box_px), if shot.valid { STACK_VALID } else { STACK_OTHER }, 2);
    }
    data_uri(&cut, 80)
}

/// A reference portrait, small.
pub(super) fn portrait(bytes: &[u8]) -> Option<String> {
    let picture = image::load_from_memory(bytes).ok()?.into_rgb8();
    let height = (picture.height() * THUMBNAIL_PX / picture.width().max(1)).clamp(1, 2 * THUMBNAIL_PX);
    data_uri(&imageops::resize(&picture, THUMBNAIL_PX, height, imageops::FilterType::Triangle), 80)
}

/// One camera's picture.
#[derive(Serialize)]
pub(super) struct View {
    camera: String,
    exposure_id: u64,
    picture: Option<String>,
}

/// Each camera's last exposure of an encounter, with all boxes.
pub(super) fn camera_views(record: &EncounterRecord, score: &EncounterScore, frames: &mut Frames<'_>) -> Vec<View> {
    let Some(seen) = record.seen() else { return Vec::new() };
    let mut last = BTreeMap::new();
    for exposure in &seen.exposures {
        last.insert(exposure.truth.camera_id.as_str(), exposure);
    }
    let view = |exposure: &&crate::run::record::ExposureRecord| {
        let id = exposure.truth.exposure_id;
        let picture = frames.get(&exposure.frame).and_then(|frame| {
            let height = frame.height() * VIEW_WIDTH_PX / frame.width().max(1);
            let mut small = imageops::resize(frame, VIEW_WIDTH_PX, height.max(1), imageops::FilterType::Triangle);
            let scale = VIEW_WIDTH_PX as f32 / frame.width() as f32;
            let placed =
                |[x0, y0, x1, y1]: [f32; 4]| BoxPx { x0: x0 * scale, y0: y0 * scale, x1: x1 * scale, y1: y1 * scale };
            let own = exposure.truth.faces.iter().map(|face| (face, TRUTH));
            let others = exposure.truth.others.iter().map(|other| (&other.face, TRUTH_OTHER));
            for (face, colour) in own.chain(others).filter(|(f, _)| f.visible_share >= crate::score::MIN_VISIBLE_SHARE)
            {
                let b = face.face_box_px;
                draw_box(&mut small, &placed([b.x0, b.y0, b.x1, b.y1]), colour, 1);
            }
            let is_shot = |b: [f32; 4]| {
                let shots = score.occupants.iter().filter_map(|o| o.shot.as_ref());
                shots.filter(|s| s.exposure_id == id && s.valid).any(|s| s.box_px.x0 == b[0] && s.box_px.y0 == b[1])
            };
            for detection in seen.decisions.detections.iter().filter(|d| d.exposure_id == id) {
                let colour = if is_shot(detection.box_px) { STACK_VALID } else { STACK_OTHER };
                draw_box(&mut small, &placed(detection.box_px), colour, 2);
            }
            data_uri(&small, 82)
        });
        View { camera: exposure.truth.camera_id.clone(), exposure_id: id, picture }
    };
    last.values().map(view).collect()
}

/// A picture as a JPEG in a data URI.
pub(crate) fn data_uri(picture: &RgbImage, quality: u8) -> Option<String> {
    let jpeg = encode(picture, picture.width(), picture.height(), ColorType::Rgb, 3, quality).ok()?;
    Some(format!("data:image/jpeg;base64,{}", base64(&jpeg)))
}

/// RFC 4648 section 4.
pub(super) fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0_u32, |acc, b| (acc << 8) | u32::from(*b)) << (8 * (3 - chunk.len()));
        for i in 0..4 {
            let sextet = (bits >> (18 - 6 * i)) & 63;
            text.push(if i <= chunk.len() { char::from(ALPHABET[sextet as usize]) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn base64_gives_the_test_vectors_of_rfc_4648() {
        for (plain, coded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }
}
