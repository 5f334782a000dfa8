//! Pictures into input tensors: antialiased resizing for detectors, antialiased warping for aligned crops.
use crate::card::{ColourOrder, InputSpec};
use crate::geometry::Similarity;
use crate::picture::Picture;

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
    for (values, (mean, scale)) in tensor.chunks_exact_mut(plane).zip(input.mean.iter().zip(input.scale)) {
        values.fill(-mean * scale);
    }
    let columns = taps(picture.width_px(), scaled_px[0]);
    let rows = taps(picture.height_px(), scaled_px[1]);
    let stride = picture.width_px() as usize * 3;
    let mut row_sum = vec![0.0f32; stride];
    let mut out = vec![[0.0f32; 3]; columns.len()];
    for (y, row) in rows.iter().enumerate() {
        row_sum.fill(0.0);
        for (k, &weight) in row.weights.iter().enumerate() {
            let at = (row.first + k) * stride;
            for (sum, &v) in row_sum.iter_mut().zip(&picture.rgb()[at..at + stride]) {
                *sum += weight * f32::from(v);
            }
        }
        for (value, column) in out.iter_mut().zip(&columns) {
            let source = &row_sum[column.first * 3..(column.first + column.weights.len()) * 3];
            let mut sum = [0.0f32; 3];
            for (pixel, &weight) in source.as_chunks::<3>().0.iter().zip(&column.weights) {
                for c in 0..3 {
                    sum[c] += weight * pixel[c];
                }
            }
            *value = sum;
        }
        for (c, &channel) in order.iter().enumerate() {
            let (mean, scale) = (input.mean[c], input.scale[c]);
            let line = &mut tensor[c * plane + y * width..][..columns.len()];
            for (value, rgb) in line.iter_mut().zip(&out) {
                *value = (rgb[channel] - mean) * scale;
            }
        }
    }
    let picture_px_per_px =
        [picture.width_px() as f32 / scaled_px[0] as f32, picture.height_px() as f32 / scaled_px[1] as f32];
    Letterbox { tensor, width_px: tensor_px[0], height_px: tensor_px[1], picture_px_per_px }
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
        let share = 1.0 / (samples * samples) as f32;
        let offset = |i: u32| (f64::from(i) + 0.5) / f64::from(samples) - 0.5;
        let mut rgb = Vec::with_capacity((size_px[0] * size_px[1]) as usize);
        for y in 0..size_px[1] {
            for x in 0..size_px[0] {
                let mut sum = [0.0f32; 3];
                for j in 0..samples {
                    for i in 0..samples {
                        let p = back.apply([f64::from(x) + offset(i), f64::from(y) + offset(j)]);
                        let value = picture.sample(p[0] as f32, p[1] as f32);
                        for c in 0..3 {
                            sum[c] += value[c] * share;
                        }
                    }
                }
                rgb.push(sum);
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
    fn warp_by_the_identity_is_the_picture() {
        let picture = gradient(112, 60);
        let same = Similarity { a: 1.0, b: 0.0, tx: 0.0, ty: 0.0 };
        let crop = Crop::warp(&picture, &same, [112, 60]);
        for (pixel, bytes) in crop.rgb.iter().zip(picture.rgb().as_chunks::<3>().0) {
            assert_eq!(*pixel, bytes.map(f32::from));
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
