//! People in a near-infrared band: the same geometry, its pictures and tints as they reflect there.
use super::bake::{BoundPart, Person};
use crate::{
    in_band::{in_band, middle},
    infrared::{Infrared, Material},
    truth::Role,
};

impl Person {
    /// The person as a camera of this band sees them: every surface with its reflectance there, the same in all three
    /// channels. Geometry, landmarks and measures stay.
    pub fn in_band(&self, band: Infrared) -> Self {
        // Ears and hands are of the face's skin, whatever part of it their own pictures show.
        let face = self.parts.iter().find(|part| part.role == Role::Face);
        let skin = face.and_then(|part| part.surface.texture.as_deref()).map(middle);
        let mut mapped = Vec::new();
        let parts = self.parts.iter().map(|part| {
            let is_skin = matches!(part.role, Role::Face | Role::Head | Role::Limb);
            let material = |seen| Material::of(part.role, skin.filter(|_| is_skin).unwrap_or(seen));
            let mut vertices = part.vertices.clone();
            let surface = in_band(&part.surface, &mut vertices, band, material, &mut mapped);
            BoundPart { surface, vertices, skin: part.skin.clone(), indices: part.indices.clone(), ..*part }
        });
        let parts = parts.collect();
        Self {
            parts,
            joints: self.joints.clone(),
            landmarks: self.landmarks.clone(),
            lids: self.lids.clone(),
            band: Some(band),
            ..*self
        }
    }
}
