//! JPEG, the same bytes for the same frame.
use jpeg_encoder::{ColorType, Encoder, EncodingError, SamplingFactor};
use laneproof_scenes::catalogue::Colour;
use zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions};
use zune_jpeg::JpegDecoder;

use crate::expose::Frame8;

/// Why a frame could not be encoded.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// JPEG has 16-bit sizes.
    #[error("a frame of {width}×{height} pixels does not fit into JPEG, which ends at 65535×65535")]
    TooLarge {
        /// Columns.
        width: u32,
        /// Rows.
        height: u32,
    },
    /// The encoder refused.
    #[error("the JPEG encoder failed on a frame of {width}×{height} pixels at quality {quality} (1 to 100): {source}")]
    Encoder {
        /// Columns.
        width: u32,
        /// Rows.
        height: u32,
        /// As asked for.
        quality: u8,
        /// What it says.
        source: EncodingError,
    },
}

/// Why a JPEG file could not be decoded.
#[derive(Debug, thiserror::Error)]
#[error("the JPEG file cannot be decoded: {0}")]
pub struct DecodeError(String);

/// Encodes a frame as baseline JPEG at a quality of 1 to 100, colour at half the resolution.
pub fn encode_jpeg(frame: &Frame8, quality: u8) -> Result<Vec<u8>, EncodeError> {
    let Frame8 { width, height, .. } = *frame;
    let (Ok(w), Ok(h)) = (u16::try_from(width), u16::try_from(height)) else {
        return Err(EncodeError::TooLarge { width, height });
    };
    let mut bytes = Vec::with_capacity(frame.bytes.len() / 4);
    let colour = match frame.colour {
        Colour::Mono => ColorType::Luma,
        Colour::Rgb | Colour::Bayer => ColorType::Rgb,
    };
    let mut encoder = Encoder::new(&mut bytes, quality);
    // 4:2:0, as the encoders in cameras do.
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    encoder.encode(&frame.bytes, w, h, colour).map_err(|source| EncodeError::Encoder {
        width,
        height,
        quality,
        source,
    })?;
    Ok(bytes)
}

/// Decodes a JPEG file to a frame of a camera's colours.
pub fn decode_jpeg(jpeg: &[u8], colour: Colour) -> Result<Frame8, DecodeError> {
    let space = if colour == Colour::Mono { ColorSpace::Luma } else { ColorSpace::RGB };
    let options = DecoderOptions::default().jpeg_set_out_colorspace(space);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(jpeg), options);
    let bytes = decoder.decode().map_err(|e| DecodeError(e.to_string()))?;
    let (width, height) = decoder.dimensions().ok_or_else(|| DecodeError("no picture in it".to_owned()))?;
    Ok(Frame8 { width: width as u32, height: height as u32, colour, bytes })
}
