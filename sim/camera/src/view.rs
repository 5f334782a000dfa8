//! A radiance image as it comes from the renderer.
use half::{f16, slice::HalfFloatSliceExt as _};

use crate::glare::ScatteredLight;

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
    /// What the lens scatters over the whole sensor; needed by a lens with veiling glare for a part of the sensor, worked out
    /// from the view where it is left out.
    pub scattered: Option<&'a ScatteredLight>,
}

impl<'a> RadianceView<'a> {
    /// A view of a whole sensor.
    pub fn whole(width: u32, height: u32, samples: Samples<'a>) -> Self {
        Self { width, height, origin_px: [0, 0], samples, scattered: None }
    }

    /// Numbers per pixel and their count.
    pub(crate) fn layout(&self) -> (usize, usize) {
        match self.samples {
            Samples::Rgb32(s) => (3, s.len()),
            Samples::Rgb16(s) => (3, s.len()),
            Samples::Rgba16(s) => (4, s.len()),
        }
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
