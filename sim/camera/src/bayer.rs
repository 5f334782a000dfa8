//! The mosaic of a Bayer sensor and its interpolation to full colour.
//!
//! Interpolation: H. S. Malvar, L. He and R. Cutler, *High-quality linear interpolation for demosaicing of Bayer-patterned
//! color images*, ICASSP 2004: bilinear, corrected by the Laplacian of the colour that was measured at the pixel. Linear
//! and 5 × 5, so the noise of a pixel is correlated with its neighbours' as a real camera's is.
use rayon::prelude::*;

use crate::psf::DEMOSAIC_RADIUS_PX;

const RADIUS: usize = DEMOSAIC_RADIUS_PX as usize;

/// Channel (red 0, green 1, blue 2) of the filter over a photosite: rows of red and green, and of green and blue.
#[inline]
pub(crate) fn channel_at(x: u32, y: u32) -> usize {
    (x & 1) as usize + (y & 1) as usize
}

/// A mosaic of linear light with two pixels mirrored beyond each edge.
pub(crate) struct Mosaic {
    width: usize,
    height: usize,
    origin_px: [u32; 2],
    light: Vec<f32>,
}

impl Mosaic {
    /// A mosaic of any numbers that `light_of` turns, channel by channel, into light.
    pub(crate) fn new<T: Copy + Sync>(
        sites: &[T],
        width: u32,
        height: u32,
        origin_px: [u32; 2],
        light_of: impl Fn(usize, T) -> f32 + Sync,
    ) -> Self {
        let (w, h) = (width as usize, height as usize);
        let stride = w + 2 * RADIUS;
        let mut light = vec![0.0; stride * (h + 2 * RADIUS)];
        light.par_chunks_exact_mut(stride).enumerate().for_each(|(padded_y, row)| {
            let y = mirrored(padded_y, h);
            let source = &sites[y * w..][..w];
            let channels = [0, 1].map(|x| channel_at(origin_px[0] + x, origin_px[1] + y as u32));
            for (x, (light, site)) in row[RADIUS..].iter_mut().zip(source).enumerate() {
                *light = light_of(channels[x & 1], *site);
            }
            for x in (0..RADIUS).chain(w + RADIUS..stride) {
                row[x] = row[RADIUS + mirrored(x, w)];
            }
        });
        Self { width: w, height: h, origin_px, light }
    }

    /// Interpolates; `output` makes a pixel of its red, green and blue light, which may overshoot 0 and 1 at edges.
    pub(crate) fn demosaic<T: Copy + Default + Send>(&self, output: impl Fn([f32; 3]) -> [T; 3] + Sync) -> Vec<T> {
        let stride = self.width + 2 * RADIUS;
        let mut out = vec![T::default(); 3 * self.width * self.height];
        out.par_chunks_exact_mut(3 * self.width).enumerate().for_each(|(y, row_out)| {
            let rows: [&[f32]; 5] = std::array::from_fn(|i| &self.light[(y + i) * stride..][..stride]);
            let sensor_y = self.origin_px[1] + y as u32;
            for (x, pixel) in row_out.chunks_exact_mut(3).enumerate() {
                let near: [&[f32]; 5] = rows.map(|row| &row[x..x + 5]);
                let [n2, n1, here, s1, s2] = near;
                let site = here[2];
                let beside = here[1] + here[3];
                let above_below = n1[2] + s1[2];
                let diagonal = n1[1] + n1[3] + s1[1] + s1[3];
                let (far_beside, far_above_below) = (here[0] + here[4], n2[2] + s2[2]);
                let rgb = match channel_at(self.origin_px[0] + x as u32, sensor_y) {
                    // Red and blue are alike: the other one lies on the diagonals.
                    colour @ (0 | 2) => {
                        let far = far_beside + far_above_below;
                        let green = (4.0 * site + 2.0 * (beside + above_below) - far) / 8.0;
                        let other = (6.0 * site + 2.0 * diagonal - 1.5 * far) / 8.0;
                        if colour == 0 { [site, green, other] } else { [other, green, site] }
                    }
                    _ => {
                        let along = (5.0 * site + 4.0 * beside - far_beside - diagonal + 0.5 * far_above_below) / 8.0;
                        let across =
                            (5.0 * site + 4.0 * above_below - far_above_below - diagonal + 0.5 * far_beside) / 8.0;
                        // Even rows hold red beside green.
                        if sensor_y.is_multiple_of(2) { [along, site, across] } else { [across, site, along] }
                    }
                };
                pixel.copy_from_slice(&output(rgb));
            }
        });
        out
    }
}

/// The pixel that stands for a padded one: mirrored about the edge pixel, which keeps the colours of the mosaic.
fn mirrored(padded: usize, size: usize) -> usize {
    if size == 1 {
        return 0;
    }
    let period = 2 * (size - 1);
    let i = (padded + period - RADIUS % period) % period;
    i.min(period - i)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Interpolation of the mosaic of a picture.
    fn through_mosaic(w: u32, h: u32, origin_px: [u32; 2], picture: impl Fn(f32, f32) -> [f32; 3]) -> Vec<f32> {
        let sites: Vec<f32> = (0..w * h)
            .map(|i| {
                let (x, y) = (i % w, i / w);
                picture(x as f32, y as f32)[channel_at(origin_px[0] + x, origin_px[1] + y)]
            })
            .collect();
        Mosaic::new(&sites, w, h, origin_px, |_, light| light).demosaic(|rgb| rgb)
    }

    #[test]
    fn a_flat_colour_comes_back_to_the_last_pixel() {
        for (size, origin_px) in [([8, 6], [0, 0]), ([7, 5], [3, 2]), ([3, 3], [0, 1]), ([2, 2], [1, 1])] {
            let out = through_mosaic(size[0], size[1], origin_px, |_, _| [0.5, 0.25, 0.75]);
            for pixel in out.chunks(3) {
                assert_eq!(pixel, [0.5, 0.25, 0.75], "{size:?} at {origin_px:?}");
            }
        }
    }

    #[test]
    fn a_gradient_of_any_colours_comes_back() {
        // Linear interpolation is exact on planes; the Laplacians vanish.
        let picture = |x: f32, y: f32| [0.1 + 0.01 * x, 0.5 - 0.02 * y, 0.2 + 0.015 * x + 0.005 * y];
        let (w, h) = (20, 16);
        let out = through_mosaic(w, h, [0, 0], picture);
        for y in 2..h - 2 {
            for x in 2..w - 2 {
                let want = picture(x as f32, y as f32);
                for c in 0..3 {
                    assert!((out[(3 * (y * w + x)) as usize + c] - want[c]).abs() < 1e-5);
                }
            }
        }
    }

    #[test]
    fn fine_detail_comes_back_better_than_by_bilinear_interpolation() {
        // Grey waves of 4.8 px; bilinear interpolation at a red site averages the four greens. Along one axis that passes
        // (1 + cos ω)/2 of a wave, and with the Laplacian (1 + cos ω + sin² ω)/2: 0.63 and 1.10 here.
        let wave = |x: f32, y: f32| 0.5 + 0.3 * (1.3 * x + 0.01 * y).sin();
        let (w, h) = (64, 64);
        let out = through_mosaic(w, h, [0, 0], |x, y| [wave(x, y); 3]);
        let (mut squared, mut bilinear, mut n) = (0.0f32, 0.0f32, 0.0f32);
        for y in (4..h - 4).step_by(2) {
            for x in (4..w - 4).step_by(2) {
                let (fx, fy) = (x as f32, y as f32);
                let green = out[(3 * (y * w + x)) as usize + 1];
                squared += (green - wave(fx, fy)).powi(2);
                let four = wave(fx - 1.0, fy) + wave(fx + 1.0, fy) + wave(fx, fy - 1.0) + wave(fx, fy + 1.0);
                bilinear += (four / 4.0 - wave(fx, fy)).powi(2);
                n += 1.0;
            }
        }
        let (ours, theirs) = ((squared / n).sqrt(), (bilinear / n).sqrt());
        assert!(ours < 0.35 * theirs, "{ours}, bilinear {theirs}");
    }
}
