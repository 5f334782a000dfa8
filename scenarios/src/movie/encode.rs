//! Movies as files: GIF with one palette for all pictures, and animated PNG. Both hold of each picture but what changed.
use std::{collections::BTreeMap, io::Write, path::Path};

use color_quant::NeuQuant;
use image::{RgbImage, imageops};

use super::{MovieError, ink::INKS, layout::Area};

/// What a movie can be written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// GIF: 256 colours, opens everywhere.
    Gif,
    /// Animated PNG: every pixel as it is.
    Png,
}

impl Format {
    /// The format that a file's ending names.
    pub fn of(path: &Path) -> Result<Self, MovieError> {
        let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase());
        match ending.as_deref() {
            Some("gif") => Ok(Self::Gif),
            Some("png" | "apng") => Ok(Self::Png),
            _ => Err(MovieError::Ending { path: path.to_owned() }),
        }
    }
}

/// A file that takes pictures of one size, one after the other.
pub(super) trait Film {
    /// Takes a picture, and how long it is shown, milliseconds.
    fn add(&mut self, picture: &RgbImage, hold_ms: u32) -> Result<(), String>;
    /// Ends the file.
    fn finish(self: Box<Self>) -> Result<(), String>;
}

/// The smallest area that holds every pixel in which two pictures differ; a single pixel where they are the same.
fn changed<P: PartialEq>(width: u32, before: &[P], now: &[P]) -> Area {
    let differs = before.iter().zip(now).enumerate().filter(|(_, (a, b))| a != b);
    let places = differs.map(|(i, _)| (i as u32 % width, i as u32 / width));
    let none = (u32::MAX, u32::MAX, 0, 0);
    let (x0, y0, x1, y1) = places.fold(none, |b, (x, y)| (b.0.min(x), b.1.min(y), b.2.max(x), b.3.max(y)));
    if x0 > x1 {
        return Area { x: 0, y: 0, width: 1, height: 1 };
    }
    Area { x: x0, y: y0, width: x1 - x0 + 1, height: y1 - y0 + 1 }
}

/// An animated PNG file.
pub(super) struct PngFilm<W: Write> {
    writer: png::Writer<W>,
    before: Option<RgbImage>,
}

impl<W: Write> PngFilm<W> {
    /// Begins a file of so many pictures.
    pub fn new(file: W, (width, height): (u32, u32), pictures: u32) -> Result<Self, String> {
        let mut encoder = png::Encoder::new(file, width, height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_animated(pictures, 0).map_err(|e| e.to_string())?;
        Ok(Self { writer: encoder.write_header().map_err(|e| e.to_string())?, before: None })
    }

    fn put(&mut self, picture: &RgbImage, area: Area, hold_ms: u32) -> Result<(), png::EncodingError> {
        self.writer.set_frame_delay(hold_ms.min(u32::from(u16::MAX)) as u16, 1000)?;
        // The last picture's place must not make this one's size seem too large.
        self.writer.reset_frame_position()?;
        self.writer.set_frame_dimension(area.width, area.height)?;
        self.writer.set_frame_position(area.x, area.y)?;
        let part = imageops::crop_imm(picture, area.x, area.y, area.width, area.height).to_image();
        self.writer.write_image_data(&part)
    }
}

impl<W: Write> Film for PngFilm<W> {
    fn add(&mut self, picture: &RgbImage, hold_ms: u32) -> Result<(), String> {
        let (width, height) = picture.dimensions();
        let area = match &self.before {
            None => Area { x: 0, y: 0, width, height },
            Some(before) => changed(width, before.as_raw().as_chunks::<3>().0, picture.as_raw().as_chunks::<3>().0),
        };
        self.put(picture, area, hold_ms).map_err(|e| e.to_string())?;
        self.before = Some(picture.clone());
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<(), String> {
        self.writer.finish().map_err(|e| e.to_string())
    }
}

/// Colours of a GIF: the inks as they are, then those that frames need most.
pub(super) struct Palette {
    colours: Vec<[u8; 3]>,
    inks: BTreeMap<[u8; 3], u8>,
    /// Place of the nearest colour to each of 64³, once it was asked for.
    nearest: Vec<Option<u8>>,
}

/// Place in the palette of what is left as it was.
const UNCHANGED: u8 = 255;

impl Palette {
    /// Colours for pictures like these.
    pub fn of(pictures: &[RgbImage]) -> Self {
        /// Of so many pixels one is looked at.
        const EVERY: usize = 7;
        let pixels = pictures.iter().flat_map(|p| p.pixels().step_by(EVERY)).filter(|p| !INKS.contains(&p.0));
        let sample: Vec<u8> = pixels.flat_map(|p| [p.0[0], p.0[1], p.0[2], 255]).collect();
        let mut colours = INKS.to_vec();
        // The quantiser learns nothing from a few pixels.
        const LEAST_BYTES: usize = 4 * 1024;
        if sample.len() >= LEAST_BYTES {
            let learnt = NeuQuant::new(3, usize::from(UNCHANGED) - INKS.len(), &sample).color_map_rgb();
            colours.extend(learnt.as_chunks::<3>().0);
        } else {
            let grey = |i: u8| [i * 17; 3];
            colours.extend((0..16).map(grey));
        }
        let inks = INKS.iter().copied().zip(0..).collect();
        Self { colours, inks, nearest: vec![None; 1 << 18] }
    }

    /// The palette as GIF stores it.
    fn bytes(&self) -> Vec<u8> {
        let mut bytes: Vec<u8> = self.colours.iter().flatten().copied().collect();
        bytes.resize(3 * 256, 0);
        bytes
    }

    /// Place of a pixel's colour, dithered by where the pixel is.
    fn place(&mut self, x: u32, y: u32, pixel: [u8; 3]) -> u8 {
        if let Some(place) = self.inks.get(&pixel) {
            return *place;
        }
        /// Bayer's matrix of 4 × 4, ÷ 16.
        const BAYER: [[i16; 4]; 4] = [[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]];
        /// Half of the distance between neighbouring colours of a palette that fits, about; digital numbers.
        const SPREAD: i16 = 4;
        let shift = (BAYER[y as usize % 4][x as usize % 4] * 2 - 15) * SPREAD / 15;
        let [r, g, b] = pixel.map(|v| (i16::from(v) + shift).clamp(0, 255));
        let key = (r as usize >> 2) << 12 | (g as usize >> 2) << 6 | b as usize >> 2;
        if let Some(place) = self.nearest[key] {
            return place;
        }
        let middle = [key >> 12, key >> 6 & 63, key & 63].map(|v| v as i32 * 4 + 2);
        // Green counts most for the eye, blue least.
        let distance = |colour: &[u8; 3]| -> i32 {
            (0..3).map(|c| [2, 4, 1][c] * (i32::from(colour[c]) - middle[c]).pow(2)).sum()
        };
        let place = (0..self.colours.len()).min_by_key(|i| distance(&self.colours[*i])).unwrap_or(0) as u8;
        self.nearest[key] = Some(place);
        place
    }
}

/// A GIF file.
pub(super) struct GifFilm<W: Write> {
    encoder: gif::Encoder<W>,
    palette: Palette,
    before: Option<Vec<u8>>,
}

impl<W: Write> GifFilm<W> {
    /// Begins a file.
    pub fn new(file: W, (width, height): (u32, u32), palette: Palette) -> Result<Self, String> {
        let side = |px: u32| u16::try_from(px).map_err(|_| format!("{px} pixels are more than a GIF file holds"));
        let encoder = gif::Encoder::new(file, side(width)?, side(height)?, &palette.bytes());
        let mut encoder = encoder.map_err(|e| e.to_string())?;
        encoder.set_repeat(gif::Repeat::Infinite).map_err(|e| e.to_string())?;
        Ok(Self { encoder, palette, before: None })
    }
}

impl<W: Write> Film for GifFilm<W> {
    fn add(&mut self, picture: &RgbImage, hold_ms: u32) -> Result<(), String> {
        let (width, height) = picture.dimensions();
        let now: Vec<u8> = picture.enumerate_pixels().map(|(x, y, p)| self.palette.place(x, y, p.0)).collect();
        let mut frame = gif::Frame { delay: (hold_ms / 10) as u16, ..gif::Frame::default() };
        let area = match &self.before {
            None => Area { x: 0, y: 0, width, height },
            Some(before) => changed(width, before, &now),
        };
        let rows =
            (area.y..area.y + area.height).flat_map(|y| (area.x..area.x + area.width).map(move |x| y * width + x));
        let index = |i: u32| {
            let i = i as usize;
            if self.before.as_ref().is_some_and(|before| before[i] == now[i]) { UNCHANGED } else { now[i] }
        };
        frame.buffer = rows.map(index).collect::<Vec<u8>>().into();
        frame.transparent = self.before.is_some().then_some(UNCHANGED);
        // Both sides fit since the picture's do.
        [frame.left, frame.top, frame.width, frame.height] =
            [area.x, area.y, area.width, area.height].map(|v| u16::try_from(v).unwrap_or(u16::MAX));
        self.encoder.write_frame(&frame).map_err(|e| e.to_string())?;
        self.before = Some(now);
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<(), String> {
        self.encoder.into_inner().map(drop).map_err(|e| e.to_string())
    }
}
