//! Frames as files.
use jpeg_encoder::{ColorType, Encoder};
use lane_stack::client::{Frame, FrameEncoding};

/// Quality of the JPEG files kept of frames that came uncompressed.
const KEPT_QUALITY: u8 = 92;

/// A frame as a JPEG file: its own bytes where it is one.
pub(crate) fn as_jpeg(frame: &Frame) -> Result<Vec<u8>, String> {
    let about = |why: String| format!("frame {} of camera {}: {why}", frame.exposure_id, frame.camera_id);
    let (width_px, height_px, colour, channels) = match frame.encoding {
        FrameEncoding::Jpeg => return Ok(frame.bytes.clone()),
        FrameEncoding::Png => {
            let decoded = image::load_from_memory_with_format(&frame.bytes, image::ImageFormat::Png);
            let rgb = decoded.map_err(|e| about(e.to_string()))?.into_rgb8();
            let (width_px, height_px) = rgb.dimensions();
            return encode(rgb.as_raw(), width_px, height_px, ColorType::Rgb, 3, KEPT_QUALITY).map_err(about);
        }
        FrameEncoding::Mono8 { width_px, height_px } => (width_px, height_px, ColorType::Luma, 1),
        FrameEncoding::Rgb8 { width_px, height_px } => (width_px, height_px, ColorType::Rgb, 3),
    };
    encode(&frame.bytes, width_px, height_px, colour, channels, KEPT_QUALITY).map_err(about)
}

/// Encodes pixels.
pub(crate) fn encode(
    bytes: &[u8],
    width_px: u32,
    height_px: u32,
    colour: ColorType,
    channels: usize,
    quality: u8,
) -> Result<Vec<u8>, String> {
    let expected = width_px as usize * height_px as usize * channels;
    let (Ok(width), Ok(height)) = (u16::try_from(width_px), u16::try_from(height_px)) else {
        return Err(format!("{width_px} × {height_px} pixels are more than a JPEG file holds"));
    };
    if bytes.len() != expected {
        return Err(format!("{} bytes where {width_px} × {height_px} pixels need {expected}", bytes.len()));
    }
    let mut jpeg = Vec::new();
    Encoder::new(&mut jpeg, quality).encode(bytes, width, height, colour).map_err(|e| e.to_string())?;
    Ok(jpeg)
}
