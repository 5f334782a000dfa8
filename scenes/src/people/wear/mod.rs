//! What people wear on head and face: glasses, headwear, face covers, headphones. Each is built on the shaped head, so
//! that it rests on this nose and these ears, and none of it changes what a person is.
mod cloth;
mod face_cover;
mod fit;
mod glasses;
mod hats;
mod headphones;
mod headwear;
mod lens_shape;
mod sample;
#[cfg(test)]
mod tests;
mod wraps;

pub use face_cover::{FaceCover, FaceCoverKind};
pub use glasses::{FrameMaterial, Glasses, Rim};
pub use headphones::Headphones;
pub use headwear::{Headwear, HeadwearKind};
pub use lens_shape::LensShape;
pub use sample::{ByAge, BySex, WearKind, WearShares};

use glam::Vec3;
use serde::{Deserialize, Serialize};

use super::{bake::BoundPart, library::PeopleLibrary};

/// Things worn on head and face.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Wear {
    /// Prescription glasses or sunglasses.
    pub glasses: Option<Glasses>,
    /// Hat, scarf over the hair, hood.
    pub headwear: Option<Headwear>,
    /// Mask or scarf over mouth and nose.
    pub face_cover: Option<FaceCover>,
    /// Headphones.
    pub headphones: Option<Headphones>,
}

impl Wear {
    /// Room for hair between the skin and what is worn on a place of the base mesh, metres: 0 hides the hair there,
    /// infinity leaves it free.
    pub(super) fn hair_room_m(&self, base_place_m: Vec3) -> f32 {
        let headwear = self.headwear.as_ref().map(|worn| headwear::hair_room_m(worn, base_place_m));
        let phones = self.headphones.as_ref().map(|_| headphones::hair_room_m(base_place_m));
        let covered = self.face_cover.as_ref().is_some_and(|worn| face_cover::covers(worn, base_place_m));
        let cover = covered.then_some(0.0);
        headwear.into_iter().chain(phones).chain(cover).fold(f32::INFINITY, f32::min)
    }

    /// The worn things on a head; `shaped` and `normals` are those of all base-mesh vertices, `top_srgb` is the colour of
    /// the upper garment, which a hood belongs to.
    pub(super) fn parts(
        &self,
        library: &PeopleLibrary,
        shaped: &[Vec3],
        normals: &[Vec3],
        top_srgb: [u8; 3],
    ) -> Vec<BoundPart> {
        if *self == Self::default() {
            return Vec::new();
        }
        let fit = fit::Fit::new(library, shaped, normals);
        let mut parts = Vec::new();
        parts.extend(self.headwear.iter().flat_map(|worn| headwear::parts(&fit, worn, top_srgb)));
        parts.extend(self.face_cover.iter().flat_map(|worn| face_cover::parts(&fit, worn)));
        parts.extend(self.headphones.iter().flat_map(|worn| headphones::parts(&fit, worn)));
        parts.extend(self.glasses.iter().flat_map(|worn| glasses::parts(&fit, worn)));
        parts
    }
}
