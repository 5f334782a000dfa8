//! Decoded pictures, and how frames become them.
use crate::client::{Frame, FrameEncoding};
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;

/// No side of a picture may be longer than this, pixels: a bound on memory for bytes that come from outside.
pub const MAX_SIDE_PX: u32 = 16_384;
/// What a PNG file may unpack beside its pixels, bytes: the colour profiles of cameras and screens have less than one.
const PNG_BESIDE_BYTES: u64 = 4 << 20;

/// An 8-bit RGB picture, rows from the top without padding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    width_px: u32,
    height_px: u32,
    rgb: Vec<u8>,
}

impl Picture {
    /// A picture from its bytes; the reason in words when their number does not fit the size.
    pub fn from_rgb(width_px: u32, height_px: u32, rgb: Vec<u8>) -> Result<Self, String> {
        check_size(width_px, height_px, rgb.len(), 3)?;
        Ok(Self { width_px, height_px, rgb })
    }

    /// A picture from one byte of luminance a pixel.
    pub fn from_mono(width_px: u32, height_px: u32, mono: &[u8]) -> Result<Self, String> {
        check_size(width_px, height_px, mono.len(), 1)?;
        Ok(Self { width_px, height_px, rgb: mono.iter().flat_map(|&v| [v; 3]).collect() })
    }

    /// Decodes a JPEG file. Damaged and cut-off files are refused, not filled up.
    pub fn from_jpeg(bytes: &[u8]) -> Result<Self, String> {
        let mut decoder = zune_jpeg::JpegDecoder::new_with_options(ZCursor::new(bytes), jpeg_options());
        let pixels = decoder.decode().map_err(|e| not_a_jpeg(&e))?;
        let (width, height) = decoder.dimensions().ok_or("not a sound JPEG file: it has no size")?;
        match decoder.output_colorspace() {
            Some(ColorSpace::RGB) => Self::from_rgb(width as u32, height as u32, pixels),
            Some(ColorSpace::Luma) => Self::from_mono(width as u32, height as u32, &pixels),
            other => Err(format!("the JPEG decoder gave {other:?}, not RGB or luminance")),
        }
    }

    /// Decodes a PNG file to 8-bit RGB.
    pub fn from_png(bytes: &[u8]) -> Result<Self, String> {
        // The header alone first, so that nothing beside the pixels has room for more than a little.
        let (width_px, height_px) = png_reader(bytes, 0).into_dimensions().map_err(|e| not_a_png(&e))?;
        if width_px > MAX_SIDE_PX || height_px > MAX_SIDE_PX {
            return Err(format!("{width_px}×{height_px} pixels; each side must be from 1 to {MAX_SIDE_PX}"));
        }
        // Four channels of two bytes at most.
        let decoded = png_reader(bytes, 8 * u64::from(width_px) * u64::from(height_px))
            .decode()
            .map_err(|e| not_a_png(&e))?
            .into_rgb8();
        let (width_px, height_px) = decoded.dimensions();
        Self::from_rgb(width_px, height_px, decoded.into_raw())
    }

    /// Decodes a frame; the reason in words when its bytes are not what it says.
    pub fn from_frame(frame: &Frame) -> Result<Self, String> {
        match frame.encoding {
            FrameEncoding::Jpeg => Self::from_jpeg(&frame.bytes),
            FrameEncoding::Png => Self::from_png(&frame.bytes),
            FrameEncoding::Mono8 { width_px, height_px } => Self::from_mono(width_px, height_px, &frame.bytes),
            FrameEncoding::Rgb8 { width_px, height_px } => Self::from_rgb(width_px, height_px, frame.bytes.clone()),
        }
    }

    /// Width, pixels.
    pub fn width_px(&self) -> u32 {
        self.width_px
    }

    /// Height, pixels.
    pub fn height_px(&self) -> u32 {
        self.height_px
    }

    /// The bytes.
    pub fn rgb(&self) -> &[u8] {
        &self.rgb
    }

    /// Bilinear sample at pixel coordinates (0, 0 is the centre of the first pixel), 0..255; outside is black.
    pub fn sample(&self, x: f32, y: f32) -> [f32; 3] {
        let (x0, y0) = (x.floor(), y.floor());
        let (fx, fy) = (x - x0, y - y0);
        let mut sum = [0.0f32; 3];
        for (dy, wy) in [(0, 1.0 - fy), (1, fy)] {
            for (dx, wx) in [(0, 1.0 - fx), (1, fx)] {
                // The casts saturate, so that a landmark far outside is merely black.
                let (px, py) = ((x0 as i64).saturating_add(dx), (y0 as i64).saturating_add(dy));
                if px >= 0 && py >= 0 && px < i64::from(self.width_px) && py < i64::from(self.height_px) {
                    let at = (py as usize * self.width_px as usize + px as usize) * 3;
                    for (s, &v) in sum.iter_mut().zip(&self.rgb[at..at + 3]) {
                        *s += wx * wy * f32::from(v);
                    }
                }
            }
        }
        sum
    }

    /// Mean luma (ITU-R BT.709 weights on the encoded values) of every 8th pixel of every 8th row, 0..1.
    pub fn mean_luminance(&self) -> f32 {
        let width = self.width_px as usize;
        let (mut sum, mut count) = (0.0f64, 0u32);
        for row in (0..self.height_px as usize).step_by(8) {
            for column in (0..width).step_by(8) {
                let at = (row * width + column) * 3;
                let [r, g, b] = [0, 1, 2].map(|c| f32::from(self.rgb[at + c]));
                sum += f64::from(luma([r, g, b]));
                count += 1;
            }
        }
        (sum / f64::from(count.max(1)) / 255.0) as f32
    }
}

/// Width and height that a frame's bytes, or its encoding, promise; the reason in words when they promise none. Nothing
/// is decoded: a receiver can refuse a picture before it takes memory.
pub fn promised_size_px(frame: &Frame) -> Result<[u32; 2], String> {
    match frame.encoding {
        FrameEncoding::Jpeg => {
            let mut decoder = zune_jpeg::JpegDecoder::new_with_options(ZCursor::new(&frame.bytes), jpeg_options());
            decoder.decode_headers().map_err(|e| not_a_jpeg(&e))?;
            let (width, height) = decoder.dimensions().ok_or("not a sound JPEG file: it has no size")?;
            Ok([width as u32, height as u32])
        }
        FrameEncoding::Png => png_reader(&frame.bytes, 0).into_dimensions().map(Into::into).map_err(|e| not_a_png(&e)),
        FrameEncoding::Mono8 { width_px, height_px } => {
            check_size(width_px, height_px, frame.bytes.len(), 1).map(|()| [width_px, height_px])
        }
        FrameEncoding::Rgb8 { width_px, height_px } => {
            check_size(width_px, height_px, frame.bytes.len(), 3).map(|()| [width_px, height_px])
        }
    }
}

fn jpeg_options() -> DecoderOptions {
    DecoderOptions::new_fast()
        .set_strict_mode(true)
        .set_max_width(MAX_SIDE_PX as usize)
        .set_max_height(MAX_SIDE_PX as usize)
        .jpeg_set_out_colorspace(ColorSpace::RGB)
}

fn not_a_jpeg(error: &dyn std::fmt::Debug) -> String {
    format!("not a sound JPEG file: {}", one_line(&format!("{error:?}")))
}

/// A reader that takes no more memory than the file has, so many bytes of pixels, and a little beside: a packed colour
/// profile of some kilobytes may promise gigabytes.
fn png_reader(bytes: &[u8], pixel_bytes: u64) -> image::ImageReader<std::io::Cursor<&[u8]>> {
    let mut reader = image::ImageReader::with_format(std::io::Cursor::new(bytes), image::ImageFormat::Png);
    let mut limits = image::Limits::default();
    limits.max_alloc = Some(bytes.len() as u64 + pixel_bytes + PNG_BESIDE_BYTES);
    reader.limits(limits);
    reader
}

fn not_a_png(error: &image::ImageError) -> String {
    format!("not a sound PNG file: {}", one_line(&error.to_string()))
}

/// Luma of encoded red, green, blue by the weights of ITU-R BT.709.
pub fn luma(rgb: [f32; 3]) -> f32 {
    0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2]
}

fn check_size(width_px: u32, height_px: u32, bytes: usize, per_pixel: u64) -> Result<(), String> {
    if width_px == 0 || height_px == 0 || width_px > MAX_SIDE_PX || height_px > MAX_SIDE_PX {
        return Err(format!("{width_px}×{height_px} pixels; each side must be from 1 to {MAX_SIDE_PX}"));
    }
    let wanted = u64::from(width_px) * u64::from(height_px) * per_pixel;
    if bytes as u64 != wanted {
        return Err(format!("{bytes} bytes; {width_px}×{height_px} pixels of {per_pixel} bytes are {wanted}"));
    }
    Ok(())
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jpeg(width: u16, height: u16, colour: jpeg_encoder::ColorType) -> Vec<u8> {
        let channels = if colour == jpeg_encoder::ColorType::Luma { 1 } else { 3 };
        let pixels: Vec<u8> =
            (0..usize::from(width) * usize::from(height) * channels).map(|i| (i % 251) as u8).collect();
        let mut out = Vec::new();
        jpeg_encoder::Encoder::new(&mut out, 90).encode(&pixels, width, height, colour).unwrap();
        out
    }

    #[test]
    fn colour_and_grey_jpegs_decode() {
        for colour in [jpeg_encoder::ColorType::Rgb, jpeg_encoder::ColorType::Luma] {
            let picture = Picture::from_jpeg(&jpeg(50, 34, colour)).unwrap();
            assert_eq!((picture.width_px(), picture.height_px()), (50, 34));
            assert_eq!(picture.rgb().len(), 50 * 34 * 3);
        }
    }

    #[test]
    fn garbage_and_cut_off_jpegs_are_refused() {
        let whole = jpeg(200, 160, jpeg_encoder::ColorType::Rgb);
        for bytes in [&b"no picture"[..], &[], &whole[..whole.len() / 2], &whole[..40]] {
            let reason = Picture::from_jpeg(bytes).unwrap_err();
            assert!(!reason.contains('\n'), "{reason}");
        }
    }

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut out = std::io::Cursor::new(Vec::new());
        image::RgbImage::from_fn(width, height, |x, y| image::Rgb([x as u8, y as u8, 7]))
            .write_to(&mut out, image::ImageFormat::Png)
            .unwrap();
        out.into_inner()
    }

    #[test]
    fn a_png_is_read_to_the_byte_and_a_damaged_one_refused() {
        let whole = png(40, 30);
        let picture = Picture::from_png(&whole).unwrap();
        assert_eq!((picture.width_px(), picture.height_px()), (40, 30));
        assert_eq!(picture.rgb()[(7 * 40 + 3) * 3..][..3], [3, 7, 7]);
        let mut flipped = whole.clone();
        let middle = flipped.len() / 2;
        flipped[middle] ^= 0x55;
        for bytes in [&whole[..whole.len() / 2], &flipped, &b"no picture"[..], &[]] {
            let reason = Picture::from_png(bytes).unwrap_err();
            assert!(reason.contains("PNG") && !reason.contains('\n'), "{reason}");
        }
    }

    #[test]
    fn the_promised_size_is_that_of_the_decoded_picture() {
        let frame = |encoding, bytes| Frame {
            exposure_id: 0,
            camera_id: "c".into(),
            mid_exposure_us: 0,
            exposure_us: 1.0,
            gain_db: 0.0,
            encoding,
            bytes,
        };
        let raw = FrameEncoding::Mono8 { width_px: 50, height_px: 34 };
        for (encoding, bytes) in [
            (FrameEncoding::Jpeg, jpeg(50, 34, jpeg_encoder::ColorType::Rgb)),
            (FrameEncoding::Jpeg, jpeg(50, 34, jpeg_encoder::ColorType::Luma)),
            (FrameEncoding::Png, png(50, 34)),
            (raw, vec![9; 50 * 34]),
        ] {
            let frame = frame(encoding, bytes);
            let picture = Picture::from_frame(&frame).unwrap();
            assert_eq!(promised_size_px(&frame), Ok([picture.width_px(), picture.height_px()]));
        }
        for encoding in [FrameEncoding::Jpeg, FrameEncoding::Png, raw] {
            assert!(promised_size_px(&frame(encoding, b"nothing".to_vec())).is_err());
        }
    }

    #[test]
    fn a_wrong_number_of_bytes_is_refused() {
        assert!(Picture::from_rgb(4, 4, vec![0; 47]).unwrap_err().contains("48"));
        assert!(Picture::from_mono(0, 4, &[]).is_err());
        assert!(Picture::from_mono(70_000, 1, &[0; 70_000]).is_err());
    }

    #[test]
    fn samples_are_bilinear_and_black_outside() {
        let picture = Picture::from_mono(2, 1, &[0, 100]).unwrap();
        assert_eq!(picture.sample(0.25, 0.0)[1], 25.0);
        assert_eq!(picture.sample(5.0, 5.0), [0.0; 3]);
        assert_eq!(picture.sample(f32::MAX, f32::MIN), [0.0; 3]);
        assert!((picture.mean_luminance() - 0.0).abs() < 1e-6);
    }
}
