//! The frames of a run folder, at the sizes that a movie shows them at. Of whole frames none stays in memory.
use std::io::Cursor;

use image::{ImageReader, RgbImage, imageops};

use super::{MovieError, timeline::Portrait};
use crate::{marks::cut_face, run::folder::RunFolder};

/// What was shown last: of each camera its frame, of each occupant their face.
pub(super) struct Frames<'a> {
    folder: &'a RunFolder,
    views: Vec<Option<(String, RgbImage)>>,
    faces: Vec<Option<(Portrait, RgbImage)>>,
}

impl<'a> Frames<'a> {
    pub fn new(folder: &'a RunFolder, cameras: usize, people: usize) -> Self {
        Self { folder, views: vec![None; cameras], faces: vec![None; people] }
    }

    /// A camera's frame, `width` × `height` pixels.
    pub fn view(&mut self, camera: usize, name: &str, width: u32, height: u32) -> Result<RgbImage, MovieError> {
        if let Some((_, view)) = self.views[camera].as_ref().filter(|(kept, _)| kept == name) {
            return Ok(view.clone());
        }
        let view = imageops::resize(&whole(self.folder, name)?, width, height, imageops::FilterType::Triangle);
        self.views[camera] = Some((name.to_owned(), view.clone()));
        Ok(view)
    }

    /// An occupant's face with some room round it, a square of `side` pixels; nothing where it lies outside the frame.
    pub fn face(&mut self, person: usize, portrait: &Portrait, side: u32) -> Result<Option<RgbImage>, MovieError> {
        if let Some((_, face)) = self.faces[person].as_ref().filter(|(kept, _)| kept == portrait) {
            return Ok(Some(face.clone()));
        }
        /// Hair and chin, little else.
        const TIMES: f32 = 1.5;
        let Some(cut) = cut_face(&whole(self.folder, &portrait.frame)?, &portrait.box_px, TIMES) else {
            return Ok(None);
        };
        let face = imageops::resize(&cut, side, side, imageops::FilterType::Triangle);
        self.faces[person] = Some((portrait.clone(), face.clone()));
        Ok(Some(face))
    }
}

fn bytes(folder: &RunFolder, name: &str) -> Result<Vec<u8>, MovieError> {
    folder.read(name)?.ok_or_else(|| MovieError::Gone { path: folder.path(name) })
}

fn damaged(folder: &RunFolder, name: &str, error: image::ImageError) -> MovieError {
    MovieError::Damaged { path: folder.path(name), reason: error.to_string() }
}

fn whole(folder: &RunFolder, name: &str) -> Result<RgbImage, MovieError> {
    let bytes = bytes(folder, name)?;
    image::load_from_memory(&bytes).map(image::DynamicImage::into_rgb8).map_err(|e| damaged(folder, name, e))
}

/// Width and height of a frame, pixels.
pub(super) fn size(folder: &RunFolder, name: &str) -> Result<(u32, u32), MovieError> {
    let bytes = bytes(folder, name)?;
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(image::ImageError::IoError);
    reader.and_then(ImageReader::into_dimensions).map_err(|e| damaged(folder, name, e))
}
