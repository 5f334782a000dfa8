//! Between 8-bit R'G'B' and the Y'CbCr 4:2:0 that video is coded in: ITU-R BT.709-6, items 3.2 to 3.4, with Y' in 16 to 235
//! and Cb, Cr in 16 to 240, which is how H.264 reads a stream that says nothing about its range (Annex E,
//! `video_full_range_flag` 0). Chroma of four pixels is their mean, and is given back to all four.
use laneproof_scenes::catalogue::Colour;
use rayon::prelude::*;

use crate::expose::Frame8;

/// Weights of red, green and blue in luma (BT.709-6, item 3.2).
const KR: f32 = 0.2126;
const KG: f32 = 0.7152;
const KB: f32 = 0.0722;
/// Steps of luma and of chroma over their ranges (item 3.4, 8 bits).
const LUMA_STEPS: f32 = 219.0;
const CHROMA_STEPS: f32 = 224.0;
/// Black, and no colour.
const BLACK: f32 = 16.0;
const GREY: f32 = 128.0;

/// A picture of even size: luma, and chroma at half the resolution, row by row without padding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Yuv420 {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) y: Vec<u8>,
    pub(super) u: Vec<u8>,
    pub(super) v: Vec<u8>,
}

/// Planes as a decoder hands them over.
pub(super) struct Planes<'a> {
    pub(super) y: &'a [u8],
    pub(super) u: &'a [u8],
    pub(super) v: &'a [u8],
    /// From one row to the next: of luma, and of chroma.
    pub(super) strides: (usize, usize),
}

fn to_u8(value: f32) -> u8 {
    // Saturates; the sum is non-negative wherever it is not clipped.
    (value + 0.5) as u8
}

impl Yuv420 {
    /// A frame as video. Columns and rows of an odd size are doubled at the end.
    pub(super) fn of(frame: &Frame8) -> Self {
        let (columns, rows) = (frame.width as usize, frame.height as usize);
        let (width, height) = (columns.next_multiple_of(2), rows.next_multiple_of(2));
        let mut y = vec![0; width * height];
        let (mut u, mut v) = (vec![128; width * height / 4], vec![128; width * height / 4]);
        if frame.colour == Colour::Mono {
            let tone: Vec<u8> = (0..=255).map(|dn| to_u8(BLACK + dn as f32 * (LUMA_STEPS / 255.0))).collect();
            y.par_chunks_mut(width).enumerate().for_each(|(row, out)| {
                let of_row = &frame.bytes[row.min(rows - 1) * columns..][..columns];
                for (x, value) in out.iter_mut().enumerate() {
                    *value = tone[usize::from(of_row[x.min(columns - 1)])];
                }
            });
            return Self { width, height, y, u, v };
        }
        let pixel = |x: usize, row: usize| -> [f32; 3] {
            let at = 3 * (row.min(rows - 1) * columns + x.min(columns - 1));
            [0, 1, 2].map(|band| f32::from(frame.bytes[at + band]) / 255.0)
        };
        let planes = y.par_chunks_mut(2 * width).zip(u.par_chunks_mut(width / 2)).zip(v.par_chunks_mut(width / 2));
        planes.enumerate().for_each(|(pair, ((y, u), v))| {
            for block in 0..width / 2 {
                let mut mean = [0.0; 3];
                for (across, down) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
                    let x = 2 * block + across;
                    let [r, g, b] = pixel(x, 2 * pair + down);
                    y[down * width + x] = to_u8(BLACK + LUMA_STEPS * (KR * r + KG * g + KB * b));
                    mean = [mean[0] + 0.25 * r, mean[1] + 0.25 * g, mean[2] + 0.25 * b];
                }
                let [r, g, b] = mean;
                let luma = KR * r + KG * g + KB * b;
                u[block] = to_u8(GREY + CHROMA_STEPS * (b - luma) / (2.0 * (1.0 - KB)));
                v[block] = to_u8(GREY + CHROMA_STEPS * (r - luma) / (2.0 * (1.0 - KR)));
            }
        });
        Self { width, height, y, u, v }
    }
}

impl Planes<'_> {
    /// The picture as a frame of the upper left part of it.
    pub(super) fn frame(&self, width: u32, height: u32, colour: Colour) -> Frame8 {
        let columns = width as usize;
        let channels = if colour == Colour::Mono { 1 } else { 3 };
        let mut bytes = vec![0; columns * height as usize * channels];
        let luma = |y: u8| (f32::from(y) - BLACK) * (255.0 / LUMA_STEPS);
        bytes.par_chunks_mut(columns * channels).enumerate().for_each(|(row, out)| {
            let y = &self.y[row * self.strides.0..][..columns];
            if channels == 1 {
                for (value, y) in out.iter_mut().zip(y) {
                    *value = to_u8(luma(*y));
                }
                return;
            }
            let chroma = (columns).div_ceil(2);
            let u = &self.u[row / 2 * self.strides.1..][..chroma];
            let v = &self.v[row / 2 * self.strides.1..][..chroma];
            let colour = |value: u8| (f32::from(value) - GREY) * (255.0 / CHROMA_STEPS);
            for (x, rgb) in out.chunks_exact_mut(3).enumerate() {
                let (y, cb, cr) = (luma(y[x]), colour(u[x / 2]), colour(v[x / 2]));
                let (r, b) = (y + 2.0 * (1.0 - KR) * cr, y + 2.0 * (1.0 - KB) * cb);
                rgb.copy_from_slice(&[to_u8(r), to_u8((y - KR * r - KB * b) / KG), to_u8(b)]);
            }
        });
        Frame8 { width, height, colour, bytes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there_and_back(frame: &Frame8) -> Frame8 {
        let Yuv420 { width, y, u, v, .. } = Yuv420::of(frame);
        let planes = Planes { y: &y, u: &u, v: &v, strides: (width, width / 2) };
        planes.frame(frame.width, frame.height, frame.colour)
    }

    #[test]
    fn the_primaries_are_those_of_the_standard() {
        // 75 % and 100 % bars of BT.709 in 8 bits (Recommendation ITU-R BT.709, item 3.4 applied to its own matrix).
        for (rgb, yuv) in [
            ([255, 255, 255], [235, 128, 128]),
            ([0, 0, 0], [16, 128, 128]),
            ([255, 0, 0], [63, 102, 240]),
            ([0, 255, 0], [173, 42, 26]),
            ([0, 0, 255], [32, 240, 118]),
            ([191, 191, 0], [168, 44, 136]),
        ] {
            let frame = Frame8 { width: 2, height: 2, colour: Colour::Rgb, bytes: rgb.repeat(4) };
            let Yuv420 { y, u, v, .. } = Yuv420::of(&frame);
            assert_eq!([y[3], u[0], v[0]], yuv, "{rgb:?}");
        }
    }

    #[test]
    fn a_picture_comes_back_within_the_steps_of_its_numbers() {
        // Colour that is alike in each block of four, of any tone: what is left is the rounding of three numbers, ½ step
        // each: in red 255 (½/219 + 1.5748·½/224) = 2.4, in blue 2.7, in green less; and ½ of the result.
        let (width, height) = (64, 32);
        let bytes: Vec<u8> = (0..height)
            .flat_map(|y| (0..width).map(move |x| (x / 2, y / 2)))
            .flat_map(|(x, y)| [(x * 8) as u8, (y * 16) as u8, ((x * 37 + y * 91) % 256) as u8])
            .collect();
        let frame = Frame8 { width, height, colour: Colour::Rgb, bytes };
        let back = there_and_back(&frame);
        let worst = back.bytes.iter().zip(&frame.bytes).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(worst <= Some(3), "{worst:?}");
        // Grey: half of a luma step, 0.58, and rounding.
        let mono = Frame8 { width: 16, height: 16, colour: Colour::Mono, bytes: (0..=255).collect() };
        let back = there_and_back(&mono);
        assert!(back.bytes.iter().zip(&mono.bytes).all(|(a, b)| a.abs_diff(*b) <= 1));
    }

    #[test]
    fn odd_sizes_lose_nothing() {
        let bytes: Vec<u8> = (0..7 * 5).map(|i| (i * 7) as u8).collect();
        let frame = Frame8 { width: 7, height: 5, colour: Colour::Mono, bytes };
        let yuv = Yuv420::of(&frame);
        assert_eq!((yuv.width, yuv.height, yuv.y.len(), yuv.u.len()), (8, 6, 48, 12));
        let back = there_and_back(&frame);
        assert!(back.bytes.iter().zip(&frame.bytes).all(|(a, b)| a.abs_diff(*b) <= 1));
        let rgb = Frame8 { width: 3, height: 3, colour: Colour::Rgb, bytes: [90, 120, 60].repeat(9) };
        assert!(there_and_back(&rgb).bytes.iter().zip(&rgb.bytes).all(|(a, b)| a.abs_diff(*b) <= 3));
    }
}
