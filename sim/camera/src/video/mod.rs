//! H.264: frames as a decoder makes them of a video stream, and how many bytes they took.
//!
//! OpenH264 codes and decodes. The decoder is exact: the standard leaves it no choice, so any other shows the same picture.
//! The encoder is one of many: at the same bits, a better one loses less (assumption: OpenH264's Main profile with CABAC
//! and a quarter-pixel search stands for the encoder chip of a lane camera).
mod encoder;
mod yuv;

use laneproof_scenes::catalogue::{Colour, H264};
use openh264::{OpenH264API, decoder::Decoder, decoder::DecoderConfig, formats::YUVSource as _};

use self::{
    encoder::{Encoder, Packet},
    yuv::{Planes, Yuv420},
};
use crate::expose::Frame8;

/// Why a frame could not be coded.
#[derive(Debug, thiserror::Error)]
pub enum VideoError {
    /// H.264 has a largest picture: 36 864 macroblocks of 16 × 16 pixels (Table A-1, level 5.2).
    #[error("video of {width}×{height} pixels cannot be coded; H.264's level 5.2 ends at 9.4 megapixels")]
    Size {
        /// Columns.
        width: usize,
        /// Rows.
        height: usize,
    },
    /// A frame of another size or kind than the stream's.
    #[error("the stream is of {expected}, the frame of {got}")]
    OtherFrame {
        /// The stream.
        expected: String,
        /// The frame.
        got: String,
    },
    /// Encoder or decoder refused.
    #[error("the H.264 codec failed: {reason}")]
    Codec {
        /// What it says.
        reason: String,
    },
}

impl From<openh264::Error> for VideoError {
    fn from(error: openh264::Error) -> Self {
        Self::Codec { reason: error.to_string() }
    }
}

/// A frame that went through the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coded {
    /// As it is decoded.
    pub frame: Frame8,
    /// What it took in the stream, parameter sets included.
    pub bytes: usize,
    /// Whether it is an I frame.
    pub intra: bool,
}

/// A camera's video: an encoder, and a decoder at the other end of the cable. Equal frames in equal order make equal bytes.
pub struct VideoStream {
    encoder: Encoder,
    decoder: Decoder,
    gop_frames: u32,
    /// Where in its group of pictures the next frame stands, 0 for an I frame.
    place: u32,
    begun: bool,
    shape: (u32, u32, Colour),
}

impl VideoStream {
    /// A stream of frames of one size and of a sensor's colours whose first one is `place` frames after the group's I frame. The first frame is an I
    /// frame wherever it stands.
    pub fn new(settings: &H264, width: u32, height: u32, colour: Colour, place: u32) -> Result<Self, VideoError> {
        let even = |n: u32| (n as usize).next_multiple_of(2);
        // A mosaic is interpolated before it is coded.
        let colour = if colour == Colour::Mono { Colour::Mono } else { Colour::Rgb };
        Ok(Self {
            encoder: Encoder::new(settings, even(width), even(height))?,
            decoder: Decoder::with_api_config(OpenH264API::from_source(), DecoderConfig::new())?,
            gop_frames: settings.gop_frames.max(1),
            place: place % settings.gop_frames.max(1),
            begun: false,
            shape: (width, height, colour),
        })
    }

    /// Codes the next frame.
    pub fn push(&mut self, frame: &Frame8) -> Result<Coded, VideoError> {
        let (width, height, colour) = self.shape;
        if (frame.width, frame.height, frame.colour) != self.shape {
            let words = |(width, height, colour)| format!("{width}×{height} pixels, {colour:?}");
            let got = words((frame.width, frame.height, frame.colour));
            return Err(VideoError::OtherFrame { expected: words(self.shape), got });
        }
        let intra = self.place == 0 || !self.begun;
        let Packet { bytes, intra } = self.encoder.encode(&Yuv420::of(frame), intra)?;
        self.begun = true;
        self.place = (self.place + 1) % self.gop_frames;
        let decoded = self.decoder.decode(&bytes)?;
        let picture =
            decoded.ok_or_else(|| VideoError::Codec { reason: "the decoder made no picture of a frame".to_owned() })?;
        let strides = picture.strides();
        let planes = Planes { y: picture.y(), u: picture.u(), v: picture.v(), strides: (strides.0, strides.1) };
        Ok(Coded { frame: planes.frame(width, height, colour), bytes: bytes.len(), intra })
    }
}
