//! A part of a picture that is sampled many times.
use crate::picture::Picture;
use wide::f32x4;

/// A patch of more pixels is not cut out: hostile landmarks may span a whole picture, and a pixel takes 16 bytes.
const MAX_PIXELS: usize = 1 << 20;
/// Points farther out than this are left to [`Picture::sample`], pixels: a float tells pixels apart well below it.
const FARTHEST_PX: f64 = 1e5;

/// A part of a picture in floats, black where it reaches beyond the picture. A sample is that of [`Picture::sample`] to the
/// last bit and takes a fraction of the time: pixels are converted once, and no corner needs to be asked for.
pub(crate) struct Patch {
    left: i32,
    top: i32,
    width: usize,
    pixels: Vec<f32x4>,
}

impl Patch {
    /// The part that holds all points from one corner to the other with what a sample there needs; `None` where it is too
    /// large or too far out, or a corner is no number.
    pub fn cut(picture: &Picture, least: [f64; 2], most: [f64; 2]) -> Option<Self> {
        // Written so that NaN fails.
        if !least.iter().chain(&most).all(|v| v.abs() <= FARTHEST_PX) {
            return None;
        }
        let [left, top] = least.map(|v| v.floor() as i32 - 1);
        let [right, bottom] = most.map(|v| v.floor() as i32 + 3);
        let (width, height) = ((right - left) as usize, (bottom - top) as usize);
        if width * height > MAX_PIXELS {
            return None;
        }
        let mut pixels = vec![f32x4::ZERO; width * height];
        let (picture_width, picture_height) = (picture.width_px() as i32, picture.height_px() as i32);
        let (from, to) = (left.max(0), right.min(picture_width));
        let rows = top.max(0)..bottom.min(picture_height);
        if from < to {
            for y in rows {
                let at = (y - top) as usize * width + (from - left) as usize;
                let source = (y as usize * picture_width as usize + from as usize) * 3;
                let bytes = &picture.rgb()[source..source + (to - from) as usize * 3];
                for (pixel, [r, g, b]) in pixels[at..].iter_mut().zip(bytes.as_chunks::<3>().0) {
                    *pixel = f32x4::from([f32::from(*r), f32::from(*g), f32::from(*b), 0.0]);
                }
            }
        }
        Some(Self { left, top, width, pixels })
    }

    /// Bilinear sample at pixel coordinates of the picture; red, green, blue and 0.
    pub fn sample(&self, x: f32, y: f32) -> f32x4 {
        let (x0, y0) = (floor(x), floor(y));
        let (fx, fy) = (x - x0 as f32, y - y0 as f32);
        let at = (y0 - self.top) as usize * self.width + (x0 - self.left) as usize;
        let [a, b] = [self.pixels[at], self.pixels[at + 1]];
        let [c, d] = [self.pixels[at + self.width], self.pixels[at + self.width + 1]];
        let weight = |wx: f32, wy: f32| f32x4::splat(wx * wy);
        let (left, right, upper, lower) = (1.0 - fx, fx, 1.0 - fy, fy);
        weight(left, upper) * a + weight(right, upper) * b + weight(left, lower) * c + weight(right, lower) * d
    }
}

/// The whole number below; a function call on processors that are taken for the oldest of their kind.
fn floor(v: f32) -> i32 {
    let towards_zero = v as i32;
    towards_zero - i32::from(v < towards_zero as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_those_of_the_picture_inside_and_beyond_its_edges() {
        let rgb: Vec<u8> = (0..20 * 15 * 3).map(|i| (i * 89 % 256) as u8).collect();
        let picture = Picture::from_rgb(20, 15, rgb).unwrap();
        let patch = Patch::cut(&picture, [-4.0, -3.0], [24.0, 18.0]).unwrap();
        for k in 0..4000 {
            let (x, y) = (-4.0 + (k % 67) as f32 * 0.417, -3.0 + (k / 67) as f32 * 0.351);
            let [r, g, b, none] = patch.sample(x, y).to_array();
            assert_eq!(([r, g, b], none), (picture.sample(x, y), 0.0), "{x} {y}");
        }
    }

    #[test]
    fn what_is_too_large_or_no_place_is_not_cut_out() {
        let picture = Picture::from_mono(4, 4, &[9; 16]).unwrap();
        for (least, most) in [
            ([0.0, 0.0], [3000.0, 3000.0]),
            ([-1e9, 0.0], [1.0, 1.0]),
            ([f64::NAN, 0.0], [1.0, 1.0]),
            ([0.0, 0.0], [f64::INFINITY, 1.0]),
        ] {
            assert!(Patch::cut(&picture, least, most).is_none(), "{least:?} {most:?}");
        }
        // Beside the picture all is black.
        let beside = Patch::cut(&picture, [90.0, 90.0], [95.0, 95.0]).unwrap();
        assert_eq!(beside.sample(92.5, 93.5), f32x4::ZERO);
    }
}
