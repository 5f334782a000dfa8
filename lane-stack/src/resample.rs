//! Pictures into input tensors: antialiased resizing for detectors, antialiased warping for aligned crops.
use crate::card::{ColourOrder, InputSpec};
use crate::geometry::Similarity;
use crate::patch::Patch;
use crate::picture::Picture;
use std::ops::Range;
use wide::f32x4;

/// A picture resized into the top-left corner of a detector's input.
#[derive(Debug, Clone)]
pub struct Letterbox {
    /// NCHW values of one picture.
    pub tensor: Vec<f32>,
    /// Width of the tensor, pixels.
    pub width_px: u32,
    /// Height of the tensor, pixels.
    pub height_px: u32,
    /// Picture pixels for one tensor pixel, along x and y.
    pub picture_px_per_px: [f32; 2],
}

/// Weights of the source pixels that make one output pixel.
struct Taps {
    first: usize,
    weights: Vec<f32>,
}

/// A triangle filter as wide as an output pixel, so that detail finer than the output does not alias
/// (bilinear when enlarging).
fn taps(source: u32, target: u32) -> Vec<Taps> {
    let step = f64::from(source) / f64::from(target);
    let reach = step.max(1.0);
    (0..target)
        .map(|i| {
            let centre = (f64::from(i) + 0.5) * step - 0.5;
            let first = ((centre - reach).ceil().max(0.0)) as usize;
            let last = ((centre + reach).floor().min(f64::from(source) - 1.0)) as usize;
            let mut weights: Vec<f32> =
                (first..=last).map(|s| (1.0 - (s as f64 - centre).abs() / reach).max(0.0) as f32).collect();
            let sum: f32 = weights.iter().sum();
            if sum > 0.0 {
                weights.iter_mut().for_each(|w| *w /= sum);
            } else {
                let even = 1.0 / weights.len() as f32;
                weights.fill(even);
            }
            Taps { first, weights }
        })
        .collect()
}

/// Resizes a picture to `scaled_px` into the top-left corner of a `tensor_px` input; the rest is what black becomes.
pub fn letterbox(picture: &Picture, input: &InputSpec, scaled_px: [u32; 2], tensor_px: [u32; 2]) -> Letterbox {
    let [width, height] = tensor_px.map(|v| v as usize);
    let plane = width * height;
    let order = channels(input.colour_order);
    let mut tensor = vec![0.0f32; plane * 3];
    let columns = taps(picture.width_px(), scaled_px[0]);
    let rows = taps(picture.height_px(), scaled_px[1]);
    let stride = picture.width_px() as usize * 3;
    let mut row_sum = vec![0.0f32; stride];
    // A row of the output, red, green and blue apart.
    let mut out = [0; 3].map(|_| vec![0.0f32; columns.len()]);
    let [mut eighths, mut sums] = [0; 2].map(|_| vec![0u16; stride]);
    let halves = picture.width_px() == 2 * scaled_px[0] && picture.height_px() == 2 * scaled_px[1];
    for (y, row) in rows.iter().enumerate() {
        let source = &picture.rgb()[row.first * stride..][..row.weights.len() * stride];
        // At the picture's edges a part of the filter is cut off.
        let done = if halves && row.weights.len() == HALVING_TAPS {
            add_halving_rows(source, &mut eighths);
            let done = halve_columns(&eighths, &mut sums, &mut out);
            for x in (0..done.start).chain(done.end..columns.len()) {
                for at in columns[x].first * 3..(columns[x].first + columns[x].weights.len()) * 3 {
                    row_sum[at] = f32::from(eighths[at]) * 0.125;
                }
            }
            done
        } else {
            row_sum.fill(0.0);
            for (line, &weight) in source.chunks_exact(stride).zip(&row.weights) {
                for (sum, &v) in row_sum.iter_mut().zip(line) {
                    *sum += weight * f32::from(v);
                }
            }
            0..0
        };
        for x in (0..done.start).chain(done.end..columns.len()) {
            let value = weighed(&row_sum, &columns[x]);
            (0..3).for_each(|c| out[c][x] = value[c]);
        }
        for (c, &channel) in order.iter().enumerate() {
            let (mean, scale) = (input.mean[c], input.scale[c]);
            let (line, beside) = tensor[c * plane + y * width..][..width].split_at_mut(columns.len());
            for (value, v) in line.iter_mut().zip(&out[channel]) {
                *value = (v - mean) * scale;
            }
            beside.fill(-mean * scale);
        }
    }
    for (values, (mean, scale)) in tensor.chunks_exact_mut(plane).zip(input.mean.iter().zip(input.scale)) {
        values[rows.len() * width..].fill(-mean * scale);
    }
    let picture_px_per_px =
        [picture.width_px() as f32 / scaled_px[0] as f32, picture.height_px() as f32 / scaled_px[1] as f32];
    Letterbox { tensor, width_px: tensor_px[0], height_px: tensor_px[1], picture_px_per_px }
}

/// The mean of the pixels of a row with the weights of a column.
fn weighed(row: &[f32], column: &Taps) -> [f32; 3] {
    let source = &row[column.first * 3..(column.first + column.weights.len()) * 3];
    let mut sum = [0.0f32; 3];
    for (pixel, &weight) in source.as_chunks::<3>().0.iter().zip(&column.weights) {
        for c in 0..3 {
            sum[c] += weight * pixel[c];
        }
    }
    sum
}

/// Source pixels of an output pixel where a picture is halved: with the weights 1, 3, 3, 1 of 8. Whole numbers give the same
/// sums as floats, to the last bit, as eighths of eighths are exact in both; and eight of them fit where four floats do.
const HALVING_TAPS: usize = 4;

/// The sum with the weights 1, 3, 3, 1. At most 64 × 255 for sums of bytes of sums of bytes: operators that are checked for
/// overflow would keep loops from being vectorised.
fn halving_sum([a, b, c, d]: [u16; HALVING_TAPS]) -> u16 {
    a.wrapping_add(d).wrapping_add(b.wrapping_add(c).wrapping_mul(3))
}

/// The weighted sum of four rows, eighths.
fn add_halving_rows(rows: &[u8], eighths: &mut [u16]) {
    let stride = eighths.len();
    let [a, b, c, d] = [0, 1, 2, 3].map(|k| &rows[k * stride..][..stride]);
    for ((((sum, &a), &b), &c), &d) in eighths.iter_mut().zip(a).zip(b).zip(c).zip(d) {
        *sum = halving_sum([a, b, c, d].map(u16::from));
    }
}

/// Halves a row of sums; which of its pixels are done: the first and the last never are. `sums` is room as long as the row.
fn halve_columns(eighths: &[u16], sums: &mut [u16], out: &mut [Vec<f32>; 3]) -> Range<usize> {
    let [red, green, blue] = out;
    let pixels = red.len().saturating_sub(2);
    if pixels == 0 {
        return 0..0;
    }
    // At every source pixel, though every second is wanted: that is one loop without gaps.
    let count = eighths.len() - 9;
    let sums = &mut sums[..count];
    let [a, b, c, d] = [0, 3, 6, 9].map(|at| &eighths[at..][..count]);
    for ((((sum, &a), &b), &c), &d) in sums.iter_mut().zip(a).zip(b).zip(c).zip(d) {
        *sum = halving_sum([a, b, c, d]);
    }
    let [red, green, blue] = [red, green, blue].map(|line| &mut line[1..][..pixels]);
    let wanted = sums[3..].as_chunks::<6>().0.iter().map(|[r, g, b, ..]| [*r, *g, *b]);
    for (((sum, red), green), blue) in wanted.zip(red).zip(green).zip(blue) {
        [*red, *green, *blue] = sum.map(|v| f32::from(v) * (1.0 / 64.0));
    }
    1..1 + pixels
}

/// A face cut out upright, RGB 0..255 in float.
#[derive(Debug, Clone, PartialEq)]
pub struct Crop {
    /// Width, pixels.
    pub width_px: u32,
    /// Height, pixels.
    pub height_px: u32,
    /// Pixels, rows from the top.
    pub rgb: Vec<[f32; 3]>,
}

/// At most this many samples along each side of an output pixel: a face 16 times the template's size still gets every
/// pixel, and a hostile landmark set cannot make the loop long.
const MAX_SAMPLES: u32 = 16;

impl Crop {
    /// Cuts out the face whose landmarks the similarity `crop_from_picture` carries onto the template. Where the crop is
    /// coarser than the picture, each crop pixel is the mean of enough bilinear samples to cover its area.
    pub fn warp(picture: &Picture, crop_from_picture: &Similarity, size_px: [u32; 2]) -> Self {
        let back = crop_from_picture.inverse();
        let samples = (back.scale().ceil().max(1.0) as u32).min(MAX_SAMPLES);
        let share = f32x4::splat(1.0 / (samples * samples) as f32);
        // Where the samples lie along each side of the crop.
        let [across, down] = size_px.map(|side| {
            let offset = |i: u32| (f64::from(i) + 0.5) / f64::from(samples) - 0.5;
            (0..side).flat_map(|pixel| (0..samples).map(move |i| f64::from(pixel) + offset(i))).collect::<Vec<f64>>()
        });
        let patch = extent(&back, &across, &down).and_then(|[least, most]| Patch::cut(picture, least, most));
        let mut rgb = Vec::with_capacity((size_px[0] * size_px[1]) as usize);
        for ys in down.chunks_exact(samples as usize) {
            for xs in across.chunks_exact(samples as usize) {
                let mut sum = f32x4::ZERO;
                for &y in ys {
                    for &x in xs {
                        let p = back.apply([x, y]).map(|v| v as f32);
                        let value = match &patch {
                            Some(patch) => patch.sample(p[0], p[1]),
                            None => {
                                let [r, g, b] = picture.sample(p[0], p[1]);
                                f32x4::from([r, g, b, 0.0])
                            }
                        };
                        sum += value * share;
                    }
                }
                let [r, g, b, _] = sum.to_array();
                rgb.push([r, g, b]);
            }
        }
        Self { width_px: size_px[0], height_px: size_px[1], rgb }
    }

    /// The crop as an input tensor, NCHW.
    pub fn tensor(&self, input: &InputSpec) -> Vec<f32> {
        let order = channels(input.colour_order);
        (0..3)
            .flat_map(|c| {
                let (channel, mean, scale) = (order[c], input.mean[c], input.scale[c]);
                self.rgb.iter().map(move |p| (p[channel] - mean) * scale)
            })
            .collect()
    }
}

/// The least and the greatest coordinates in the picture of what lies between these in the crop.
fn extent(back: &Similarity, across: &[f64], down: &[f64]) -> Option<[[f64; 2]; 2]> {
    let ([x0, x1], [y0, y1]) = ([*across.first()?, *across.last()?], [*down.first()?, *down.last()?]);
    let corners = [[x0, y0], [x1, y0], [x0, y1], [x1, y1]].map(|corner| back.apply(corner));
    let bound = |choose: fn(f64, f64) -> f64| [0, 1].map(|c| corners.iter().map(|p| p[c]).fold(corners[0][c], choose));
    Some([bound(f64::min), bound(f64::max)])
}

fn channels(order: ColourOrder) -> [usize; 3] {
    match order {
        ColourOrder::Rgb => [0, 1, 2],
        ColourOrder::Bgr => [2, 1, 0],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::InputSize;

    fn input(order: ColourOrder) -> InputSpec {
        InputSpec {
            name: "x".into(),
            size: InputSize::MultipleOf(4),
            colour_order: order,
            mean: [10.0, 20.0, 30.0],
            scale: [1.0, 0.5, 2.0],
        }
    }

    fn gradient(width: u32, height: u32) -> Picture {
        let rgb = (0..height).flat_map(|y| (0..width).flat_map(move |x| [(x * 2) as u8, (y * 3) as u8, 77])).collect();
        Picture::from_rgb(width, height, rgb).unwrap()
    }

    #[test]
    fn same_size_keeps_every_value_in_the_cards_order() {
        let boxed = letterbox(&gradient(6, 4), &input(ColourOrder::Bgr), [6, 4], [8, 8]);
        let at = |c: usize, x: usize, y: usize| boxed.tensor[c * 64 + y * 8 + x];
        assert_eq!(at(0, 3, 2), 77.0 - 10.0);
        assert_eq!(at(1, 3, 2), (6.0 - 20.0) * 0.5);
        assert_eq!(at(2, 3, 2), (6.0 - 30.0) * 2.0);
        // Padding is black before normalisation.
        assert_eq!(at(2, 7, 7), -60.0);
        assert_eq!(boxed.picture_px_per_px, [1.0, 1.0]);
    }

    #[test]
    fn halving_keeps_a_ramp_and_removes_a_chequerboard() {
        let boxed = letterbox(&gradient(40, 20), &input(ColourOrder::Rgb), [20, 10], [20, 10]);
        // Output pixel 5 covers source pixels 10 and 11: 2 × 10.5.
        assert!((boxed.tensor[5 * 20 + 5] - (21.0 - 10.0)).abs() < 1e-3);
        let chequered: Vec<u8> = (0..40 * 40).map(|i| if (i % 40 + i / 40) % 2 == 0 { 255 } else { 0 }).collect();
        let board = Picture::from_mono(40, 40, &chequered).unwrap();
        let boxed = letterbox(&board, &input(ColourOrder::Rgb), [20, 20], [20, 20]);
        assert!((boxed.tensor[10 * 20 + 10] - (127.5 - 10.0)).abs() < 1e-3);
    }

    #[test]
    fn halving_in_whole_numbers_is_halving_in_floats() {
        for size in [[2u32, 2], [4, 2], [6, 10], [52, 38]] {
            let rgb: Vec<u8> = (0..size[0] * size[1] * 3).map(|i| (i * i % 257 % 256) as u8).collect();
            let picture = Picture::from_rgb(size[0], size[1], rgb).unwrap();
            let half = size.map(|v| v / 2);
            let boxed = letterbox(&picture, &input(ColourOrder::Rgb), half, half);
            let (columns, rows) = (taps(size[0], half[0]), taps(size[1], half[1]));
            for (y, row) in rows.iter().enumerate() {
                for (x, column) in columns.iter().enumerate() {
                    for c in 0..3 {
                        let mut sum = 0.0f32;
                        for (i, wx) in column.weights.iter().enumerate() {
                            let mut line = 0.0f32;
                            for (j, wy) in row.weights.iter().enumerate() {
                                let at = ((row.first + j) * size[0] as usize + column.first + i) * 3 + c;
                                line += wy * f32::from(picture.rgb()[at]);
                            }
                            sum += wx * line;
                        }
                        let spec = input(ColourOrder::Rgb);
                        let value = boxed.tensor[(c * half[1] as usize + y) * half[0] as usize + x];
                        assert_eq!(value, (sum - spec.mean[c]) * spec.scale[c], "{size:?} {x} {y} {c}");
                    }
                }
            }
        }
    }

    #[test]
    fn warp_by_the_identity_is_the_picture() {
        let picture = gradient(112, 60);
        let same = Similarity { a: 1.0, b: 0.0, tx: 0.0, ty: 0.0 };
        let crop = Crop::warp(&picture, &same, [112, 60]);
        for (pixel, bytes) in crop.rgb.iter().zip(picture.rgb().as_chunks::<3>().0) {
            assert_eq!(*pixel, bytes.map(f32::from));
        }
    }

    #[test]
    fn a_crop_is_the_mean_of_the_pictures_own_samples() {
        let picture = gradient(112, 60);
        // Turned, shrunk by 2.4, and reaching beyond the picture on two sides.
        let similarity = Similarity { a: 0.4, b: 0.12, tx: 3.0, ty: -4.0 };
        let back = similarity.inverse();
        let crop = Crop::warp(&picture, &similarity, [48, 24]);
        for (k, pixel) in crop.rgb.iter().enumerate() {
            let mut sum = [0.0f32; 3];
            for i in 0..9 {
                let offset = |i: usize| (f64::from(i as u32) + 0.5) / 3.0 - 0.5;
                let at = [(k % 48) as f64 + offset(i % 3), (k / 48) as f64 + offset(i / 3)];
                let p = back.apply(at).map(|v| v as f32);
                let value = picture.sample(p[0], p[1]);
                (0..3).for_each(|c| sum[c] += value[c] * (1.0 / 9.0));
            }
            assert_eq!(*pixel, sum, "pixel {k}");
        }
    }

    #[test]
    fn shrinking_warp_does_not_alias() {
        let chequered: Vec<u8> = (0..64 * 64).map(|i| if (i % 64 + i / 64) % 2 == 0 { 255 } else { 0 }).collect();
        let board = Picture::from_mono(64, 64, &chequered).unwrap();
        let quarter = Similarity { a: 0.25, b: 0.0, tx: -0.375, ty: -0.375 };
        let crop = Crop::warp(&board, &quarter, [16, 16]);
        assert!((crop.rgb[8 * 16 + 8][0] - 127.5).abs() < 1.0);
    }
}
