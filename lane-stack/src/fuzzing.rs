//! What the fuzzing targets (`lane-stack/fuzz`) and the replay of their corpus (`tests/fuzz_corpus.rs`) call: one function
//! for each way in which bytes of others reach the stack. Each panics when the stack does, or when it breaks a promise of
//! its own. No part of the interface.
pub use crate::exec::fuzzing::exec_answer;
pub use crate::service::stream_fuzzing::frame_stream;

use crate::card::{Card, DecoderSpec, InputSize};
use crate::client::{Frame, FrameEncoding};
use crate::config::StackConfig;
use crate::decode::retinaface;
use crate::error::SetupError;
use crate::gallery::Policy;
use crate::picture::{Picture, promised_size_px};
use crate::service::config::ServiceConfig;
use crate::text::Source;

/// More pixels than this are not decoded: the service has such a bound too, and a header of a few bytes may promise as
/// many as take seconds to fill.
const MAX_PIXELS: u64 = 1 << 16;

/// A frame of these bytes.
pub(crate) fn frame(encoding: FrameEncoding, bytes: &[u8]) -> Frame {
    Frame {
        exposure_id: 1,
        camera_id: "front".to_string(),
        mid_exposure_us: 0,
        exposure_us: 200.0,
        gain_db: 0.0,
        encoding,
        bytes: bytes.to_vec(),
    }
}

/// Decodes a frame where its promised size allows; the size that was promised must be the one that comes.
pub(crate) fn decode(frame: &Frame) {
    let Ok([width_px, height_px]) = promised_size_px(frame) else {
        assert!(Picture::from_frame(frame).is_err(), "what promises no size was decoded");
        return;
    };
    if u64::from(width_px) * u64::from(height_px) > MAX_PIXELS {
        return;
    }
    if let Ok(picture) = Picture::from_frame(frame) {
        assert_eq!([picture.width_px(), picture.height_px()], [width_px, height_px], "another size was promised");
        assert_eq!(picture.rgb().len() as u64, 3 * u64::from(width_px) * u64::from(height_px));
        let luminance = picture.mean_luminance();
        assert!((0.0..=1.001).contains(&luminance), "a mean luminance of {luminance}");
    }
}

/// A picture: the first byte says of which kind, for raw ones the next two of which size.
pub fn picture(bytes: &[u8]) {
    let [kind, rest @ ..] = bytes else { return };
    match (kind % 4, rest) {
        (0, file) => decode(&frame(FrameEncoding::Jpeg, file)),
        (1, file) => decode(&frame(FrameEncoding::Png, file)),
        (kind, [width, height, raw @ ..]) => {
            let (width_px, height_px) = (u32::from(*width), u32::from(*height));
            let mono = kind == 2;
            let encoding = if mono {
                FrameEncoding::Mono8 { width_px, height_px }
            } else {
                FrameEncoding::Rgb8 { width_px, height_px }
            };
            decode(&frame(encoding, raw));
        }
        _ => {}
    }
}

/// A file that people write: the first byte says whether it is a model card, `stack.toml`, `lane.toml` or a gallery's
/// policy. A mistake must be told in one line with its place in the text.
pub fn configuration(bytes: &[u8]) {
    let [kind, rest @ ..] = bytes else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    let source = Source { path: "file.toml".into(), text: text.to_string() };
    let outcome = match kind % 4 {
        0 => Card::from_source(&source).map(|card| check_card(&card)),
        1 => StackConfig::from_source(&source).map(drop),
        2 => ServiceConfig::from_source(&source).map(drop),
        _ => Policy::from_source(&source).map(drop),
    };
    let Err(error) = outcome else { return };
    let message = error.to_string();
    match error {
        SetupError::Text { line, column, reason, .. } => {
            assert!(!reason.trim().is_empty(), "a mistake without a reason");
            // The end of a text that ends with a line feed is on a line of its own.
            let told = text.split('\n').nth(line - 1).unwrap_or_else(|| panic!("no line {line}: {message}"));
            assert!(column >= 1 && column <= told.chars().count() + 1, "no column {column}: {message}");
        }
        other => panic!("a mistake without a place: {other}"),
    }
}

/// A card that was taken must not let the parts down that work by it.
fn check_card(card: &Card) {
    if let Card::Detector(card) = card
        && let DecoderSpec::Retinaface { strides_px, prior_sizes_px, .. } = &card.decoder
    {
        let [width_px, height_px] = match card.input.size {
            InputSize::Fixed(size) => size,
            InputSize::MultipleOf(step) => [step; 2],
        };
        let cells = u64::from(width_px) * u64::from(height_px) * strides_px.len() as u64;
        if cells <= MAX_PIXELS && prior_sizes_px.iter().map(Vec::len).sum::<usize>() <= 16 {
            retinaface::priors(strides_px, prior_sizes_px, width_px, height_px);
        }
    }
}
