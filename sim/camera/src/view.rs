//! A radiance image as it comes from the renderer.
use half::{f16, slice::HalfFloatSliceExt as _};
use rayon::prelude::*;

/// Numbers of a radiance image, row by row.
#[derive(Debug, Clone, Copy)]
pub enum Samples<'a> {
    /// Red, green, blue.
    Rgb32(&'a [f32]),
    /// Red, green, blue, half precision.
    Rgb16(&'a [f16]),
    /// Red, green, blue and a fourth number that is not looked at, half precision.
    Rgba16(&'a [f16]),
}

/// Radiance of a rectangle of the sensor, W·m⁻²·sr⁻¹ per band.
#[derive(Debug, Clone, Copy)]
pub struct RadianceView<'a> {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Column and row of the first pixel on the sensor; (0, 0) for a whole sensor.
    pub origin_px: [u32; 2],
    /// The numbers.
    pub samples: Samples<'a>,
    /// Mean radiance of the whole sensor per band, which a lens with veiling glare spreads over it; needed for a part of
    /// the sensor alone.
    pub sensor_mean: Option<[f32; 3]>,
}

impl<'a> RadianceView<'a> {
    /// A view of a whole sensor.
    pub fn whole(width: u32, height: u32, samples: Samples<'a>) -> Self {
        Self { width, height, origin_px: [0, 0], samples, sensor_mean: None }
    }

    /// Numbers per pixel and their count.
    pub(crate) fn layout(&self) -> (usize, usize) {
        match self.samples {
            Samples::Rgb32(s) => (3, s.len()),
            Samples::Rgb16(s) => (3, s.len()),
            Samples::Rgba16(s) => (4, s.len()),
        }
    }

    /// Mean radiance per band, W·m⁻²·sr⁻¹; the same whatever the number of threads.
    pub fn mean(&self) -> [f32; 3] {
        let width = self.width as usize;
        let row_sums: Vec<[f64; 3]> = (0..self.height as usize)
            .into_par_iter()
            .map_init(
                || ([(); 3].map(|()| vec![0.0; width]), Vec::new()),
                |(planes, scratch), row| {
                    self.read_row(row, planes, scratch);
                    std::array::from_fn(|band| planes[band].iter().map(|&l| f64::from(l)).sum())
                },
            )
            .collect();
        let pixels = f64::from(self.width) * f64::from(self.height);
        std::array::from_fn(|band| (row_sums.iter().map(|sums| sums[band]).sum::<f64>() / pixels) as f32)
    }

    /// Copies a row into three planes.
    pub(crate) fn read_row(&self, row: usize, planes: &mut [Vec<f32>; 3], scratch: &mut Vec<f32>) {
        let width = self.width as usize;
        let (channels, _) = self.layout();
        let range = row * width * channels..(row + 1) * width * channels;
        let source: &[f32] = match self.samples {
            Samples::Rgb32(s) => &s[range],
            Samples::Rgb16(s) | Samples::Rgba16(s) => {
                scratch.resize(range.len(), 0.0);
                s[range].convert_to_f32_slice(scratch);
                scratch
            }
        };
        let [red, green, blue] = planes;
        for (((pixel, r), g), b) in source.chunks_exact(channels).zip(red).zip(green).zip(blue) {
            (*r, *g, *b) = (pixel[0], pixel[1], pixel[2]);
        }
    }
}
