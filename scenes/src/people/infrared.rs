//! People in a near-infrared band: the same geometry, its pictures and tints as they reflect there.
use std::sync::Arc;

use rayon::prelude::*;

use super::{
    bake::{BoundPart, Person},
    skin::{encode, linear},
};
use crate::{
    infrared::{Infrared, Material},
    surface::{Surface, Texture},
    truth::Role,
};

/// Every how many texels one is taken for a picture's mean.
const SAMPLE: usize = 61;

fn product(a: [f32; 3], b: [f32; 3]) -> [f32; 3] {
    std::array::from_fn(|i| a[i] * b[i])
}

/// Median of each band over the texels that are there, linear.
fn middle(texture: &Texture) -> [f32; 3] {
    let texels: Vec<&[u8]> = texture.rgba.chunks_exact(4).step_by(SAMPLE).filter(|t| t[3] >= 128).collect();
    std::array::from_fn(|band| {
        let mut values: Vec<u8> = texels.iter().map(|t| t[band]).collect();
        values.sort_unstable();
        values.get(values.len() / 2).map_or(1.0, |&v| linear(v))
    })
}

impl BoundPart {
    /// Mean of the vertices' tints, linear.
    fn mean_tint(&self) -> [f32; 3] {
        let n = self.vertices.len().max(1) as f32;
        std::array::from_fn(|i| self.vertices.iter().map(|v| linear(v.tint[i])).sum::<f32>() / n)
    }

    /// The part with its mean colour's material. Tints stay as they are where a picture carries the colour: shades of the
    /// same thing.
    fn in_band(&self, band: Infrared, skin: [f32; 3], pictures: &mut Vec<(Arc<Texture>, Arc<Texture>)>) -> Self {
        let tint = self.mean_tint();
        let under = product(self.surface.reflectance, tint);
        let own_colour = match &self.surface.texture {
            _ if matches!(self.role, Role::Face | Role::Head | Role::Limb) => skin,
            Some(texture) => product(middle(texture), under),
            None => under,
        };
        let material = Material::of(self.role, own_colour);
        let mut vertices = self.vertices.clone();
        let (texture, shade) = match &self.surface.texture {
            Some(visible) => {
                let known = pictures.iter().find(|(from, _)| Arc::ptr_eq(from, visible));
                let made = known.map(|(_, made)| made.clone()).unwrap_or_else(|| {
                    let made = Arc::new(mapped(visible, &material, band, under));
                    pictures.push((visible.clone(), made.clone()));
                    made
                });
                // The picture holds the mean tint; what is left are shades about it.
                (Some(made), Some(tint[0].max(1e-3)))
            }
            None => (None, None),
        };
        for vertex in &mut vertices {
            let [r, g, b, open] = vertex.tint;
            let seen = [r, g, b].map(linear);
            let value = match shade {
                Some(mean) => (seen[0] / mean).min(1.0),
                None => material.reflectance(band, product(self.surface.reflectance, seen)),
            };
            let byte = encode(value);
            vertex.tint = [byte, byte, byte, open];
        }
        let surface = Surface { reflectance: [1.0; 3], texture, ..self.surface.clone() };
        Self { surface, vertices, skin: self.skin.clone(), indices: self.indices.clone(), ..*self }
    }
}

/// A picture as it reflects in a band, the same in all three channels. `under` multiplies it in the visible.
fn mapped(visible: &Texture, material: &Material, band: Infrared, under: [f32; 3]) -> Texture {
    let decode: Vec<f32> = (0..=255).map(linear).collect();
    let mut rgba = vec![0; visible.rgba.len()];
    let row = visible.width.max(1) as usize * 4;
    rgba.par_chunks_mut(row).zip(visible.rgba.par_chunks(row)).for_each(|(out, seen)| {
        for (out, texel) in out.chunks_exact_mut(4).zip(seen.chunks_exact(4)) {
            let colour = std::array::from_fn(|i| decode[usize::from(texel[i])] * under[i]);
            let byte = encode(material.reflectance(band, colour));
            out.copy_from_slice(&[byte, byte, byte, texel[3]]);
        }
    });
    Texture { width: visible.width, height: visible.height, rgba }
}

impl Person {
    /// The person as a camera of this band sees them: every surface with its reflectance there, the same in all three
    /// channels. Geometry, landmarks and measures stay.
    pub fn in_band(&self, band: Infrared) -> Self {
        let face = self.parts.iter().find(|part| part.role == Role::Face);
        let skin = face.and_then(|part| part.surface.texture.as_deref()).map_or([0.3; 3], middle);
        let mut pictures = Vec::new();
        let parts = self.parts.iter().map(|part| part.in_band(band, skin, &mut pictures)).collect();
        Self { parts, joints: self.joints.clone(), landmarks: self.landmarks.clone(), ..*self }
    }
}
