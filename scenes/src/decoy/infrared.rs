//! Decoys in a near-infrared band: fur is hair, vinyl is paint, prints fade to their black ink, screens are dark.
use std::sync::Arc;

use super::{DecoyKind, Figure};
use crate::{
    in_band::{Mapped, in_band, map_picture},
    infrared::{Infrared, Material},
    mesh::Mesh,
    surface::{Part, Texture},
};

/// The picture of a printed decoy or of a screen as it is in a band.
pub fn picture_in_band(kind: DecoyKind, picture: &Texture, band: Infrared) -> Texture {
    let material = if kind == DecoyKind::Phone { Material::Screen } else { Material::Print };
    map_picture(picture, &material, band, [1.0; 3])
}

impl Figure {
    /// The decoy as a camera of this band sees it. `picture` are the visible picture and the one that
    /// [`picture_in_band`] made of it, so that no instant makes it anew.
    pub fn in_band(&self, kind: DecoyKind, band: Infrared, picture: Option<&[Arc<Texture>; 2]>) -> Self {
        let mut mapped: Mapped = picture.iter().map(|[from, to]| (from.clone(), to.clone())).collect();
        let parts = self.parts.iter().map(|part| {
            let Mesh { mut vertices, indices } = (*part.mesh).clone();
            let material = |seen| material(kind, &part.name, seen);
            let surface = in_band(&part.surface, &mut vertices, band, material, &mut mapped);
            Part { mesh: Arc::new(Mesh { vertices, indices }), surface, ..part.clone() }
        });
        Self { parts: parts.collect(), face_m: self.face_m.clone() }
    }
}

/// What a part of a decoy is made of.
fn material(kind: DecoyKind, part: &str, seen: [f32; 3]) -> Material {
    match kind {
        DecoyKind::Dog if part == "dog's eyes" => Material::Eye,
        DecoyKind::Dog => Material::Hair,
        // Vinyl and the paint on it: pigments as in a vehicle's paint (assumption).
        DecoyKind::Doll if ["skin", "hands", "eyes", "teeth", "tongue"].iter().any(|name| part.contains(name)) => {
            Material::Paint
        }
        DecoyKind::Doll => Material::cloth(seen),
        DecoyKind::Phone if part == "phone" => Material::CarbonBlack,
        DecoyKind::Phone => Material::Screen,
        DecoyKind::HeadRest | DecoyKind::Shirt | DecoyKind::Magazine => Material::Print,
    }
}

#[cfg(test)]
mod tests {
    use glam::Affine3A;

    use super::*;
    use crate::decoy;

    /// A print of half skin, half dark hair.
    fn picture() -> Arc<Texture> {
        let [skin, hair] = [[0.50, 0.33, 0.25], [0.05, 0.035, 0.03]].map(crate::shapes::tint);
        Arc::new(Texture { width: 1, height: 2, rgba: [skin, hair].concat() })
    }

    fn contrast(texture: &Texture) -> f32 {
        let linear = |byte: u8| (f32::from(byte) / 255.0).powf(2.2);
        let (a, b) = (linear(texture.rgba[0]), linear(texture.rgba[4]));
        (a - b).abs() / (a + b)
    }

    #[test]
    fn a_printed_face_fades() {
        let visible = picture();
        for band in Infrared::ALL {
            let infrared = Arc::new(picture_in_band(DecoyKind::Magazine, &visible, band));
            assert!(
                contrast(&infrared) < 0.6 * contrast(&visible),
                "{} of {}",
                contrast(&infrared),
                contrast(&visible)
            );
            // What is dark in print has black ink: it stays the darker.
            assert!(infrared.rgba[4] < infrared.rgba[0] && infrared.rgba[0] > 190);
            let magazine = decoy::magazine(0, Affine3A::IDENTITY, &visible);
            let pair = [visible.clone(), infrared.clone()];
            let seen = magazine.in_band(DecoyKind::Magazine, band, Some(&pair));
            assert!(seen.parts[0].surface.texture.as_ref().is_some_and(|t| Arc::ptr_eq(t, &infrared)));
        }
    }

    #[test]
    fn a_screen_is_dark() {
        let visible = picture();
        let phone = decoy::phone(0, Affine3A::IDENTITY, &visible).in_band(DecoyKind::Phone, Infrared::Nir850, None);
        let screen = phone.parts.iter().find(|p| p.name == "phone with a face").expect("has a screen");
        assert_eq!(screen.surface.emitted_radiance, [0.0; 3]);
        let picture = screen.surface.texture.as_ref().expect("has a picture");
        assert!(contrast(picture) < 0.01 && picture.rgba[0] < 80, "{:?}", picture.rgba);
    }

    #[test]
    fn dark_fur_brightens() {
        let brightness = |figure: &Figure| {
            let head = figure.parts.iter().find(|p| p.name == "dog's head").expect("has a head");
            head.mesh.vertices.iter().map(|v| u64::from(v.tint[0])).sum::<u64>() / head.mesh.vertices.len() as u64
        };
        let darkest = (0..20).map(|seed| decoy::dog(0, seed, 1.0)).min_by_key(brightness).expect("twenty dogs");
        let infrared = darkest.in_band(DecoyKind::Dog, Infrared::Nir850, None);
        assert!(brightness(&infrared) > brightness(&darkest) + 30);
    }
}
