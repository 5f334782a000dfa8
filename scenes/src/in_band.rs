//! Surfaces, vehicles and glass as they are in a near-infrared band: what was painted for the visible, mapped by what it is
//! made of. All three channels hold the same band.
use std::sync::Arc;

use rayon::prelude::*;

use crate::{
    infrared::{Infrared, Material, lens_transmittance},
    mesh::{Mesh, Vertex},
    surface::{Pane, Part, Surface, Texture},
    vehicle::{Vehicle, Visor, Wheel},
};

/// Pictures that were mapped, by the visible ones: what shares a picture goes on sharing it.
pub(crate) type Mapped = Vec<(Arc<Texture>, Arc<Texture>)>;

/// Every how many texels one is taken for a picture's middle colour.
const SAMPLE: usize = 61;

/// Decodes one sRGB byte (IEC 61966-2-1).
fn linear(byte: u8) -> f32 {
    let c = f32::from(byte) / 255.0;
    if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
}

/// Encodes a linear reflectance as an sRGB byte (IEC 61966-2-1).
fn encode(x: f32) -> u8 {
    let x = x.clamp(0.0, 1.0);
    let c = if x <= 0.003_130_8 { x * 12.92 } else { 1.055 * x.powf(1.0 / 2.4) - 0.055 };
    (c * 255.0 + 0.5) as u8
}

fn product(a: [f32; 3], b: [f32; 3]) -> [f32; 3] {
    std::array::from_fn(|i| a[i] * b[i])
}

/// Median of each band over the texels that are there, linear.
pub(crate) fn middle(texture: &Texture) -> [f32; 3] {
    let texels: Vec<&[u8]> = texture.rgba.chunks_exact(4).step_by(SAMPLE).filter(|t| t[3] >= 128).collect();
    std::array::from_fn(|band| {
        let mut values: Vec<u8> = texels.iter().map(|t| t[band]).collect();
        values.sort_unstable();
        values.get(values.len() / 2).map_or(1.0, |&v| linear(v))
    })
}

/// A surface and its vertices' tints in a band. `material` is asked with the surface's middle colour.
pub(crate) fn in_band(
    surface: &Surface,
    vertices: &mut [Vertex],
    band: Infrared,
    material: impl Fn([f32; 3]) -> Material,
    mapped: &mut Mapped,
) -> Surface {
    let n = vertices.len().max(1) as f32;
    let tint: [f32; 3] = std::array::from_fn(|i| vertices.iter().map(|v| linear(v.tint[i])).sum::<f32>() / n);
    let under = product(surface.reflectance, tint);
    let material = material(surface.texture.as_deref().map_or(under, |texture| product(middle(texture), under)));
    let texture = surface.texture.as_ref().map(|visible| {
        let known = mapped.iter().find(|(from, _)| Arc::ptr_eq(from, visible));
        known.map(|(_, made)| made.clone()).unwrap_or_else(|| {
            let made = Arc::new(map_picture(visible, &material, band, under));
            mapped.push((visible.clone(), made.clone()));
            made
        })
    });
    for vertex in vertices {
        let [r, g, b, open] = vertex.tint;
        let seen = [r, g, b].map(linear);
        // A picture holds the mean tint already; what is left of the tints are shades of the same thing.
        let value = match &texture {
            Some(_) => (seen[0] / tint[0].max(1e-3)).min(1.0),
            None => material.reflectance(band, product(surface.reflectance, seen)),
        };
        let byte = encode(value);
        vertex.tint = [byte, byte, byte, open];
    }
    // Screens and lamps are LEDs: they give no light there (assumption).
    let transmittance = surface.transmittance.map(|seen| [lens_transmittance(seen, surface.specular_f0); 3]);
    Surface { reflectance: [1.0; 3], texture, emitted_radiance: [0.0; 3], transmittance, ..surface.clone() }
}

/// A picture as it reflects in a band. `under` multiplies it in the visible.
pub(crate) fn map_picture(visible: &Texture, material: &Material, band: Infrared, under: [f32; 3]) -> Texture {
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

impl Part {
    /// The part as a camera of this band sees it.
    pub fn in_band(&self, band: Infrared) -> Self {
        let Mesh { mut vertices, indices } = (*self.mesh).clone();
        let surface =
            in_band(&self.surface, &mut vertices, band, |seen| Material::of(self.tag.role, seen), &mut Vec::new());
        Self { mesh: Arc::new(Mesh { vertices, indices }), surface, ..self.clone() }
    }
}

impl Vehicle {
    /// The vehicle as a camera of this band sees it.
    pub fn in_band(&self, band: Infrared) -> Self {
        let parts = |parts: &[Part]| parts.iter().map(|part| part.in_band(band)).collect();
        Self {
            parts: parts(&self.parts),
            wheels: self.wheels.iter().map(|wheel| Wheel { parts: parts(&wheel.parts), ..wheel.clone() }).collect(),
            panes: self.panes.iter().map(|pane| Pane { band: Some(band), ..pane.clone() }).collect(),
            visors: self
                .visors
                .iter()
                .map(|visor| Visor { up: visor.up.in_band(band), down: visor.down.in_band(band), ..visor.clone() })
                .collect(),
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vehicle;

    #[test]
    fn vehicles_keep_their_form_and_lose_their_colour() {
        let glass = crate::catalogue::GlassSet::bare(0.75, 0.72, 0.5);
        let red = vehicle::build("sedan", &glass, [0.25, 0.015, 0.015]).expect("a sedan");
        let infrared = red.in_band(Infrared::Nir850);
        for (a, b) in red.parts.iter().zip(&infrared.parts) {
            assert_eq!(a.mesh.indices, b.mesh.indices);
            assert!(a.mesh.vertices.iter().zip(&b.mesh.vertices).all(|(a, b)| a.position_m == b.position_m));
            assert!(b.mesh.vertices.iter().all(|v| v.tint[0] == v.tint[1] && v.tint[1] == v.tint[2]), "{}", b.name);
        }
        assert!(infrared.panes.iter().all(|pane| pane.band == Some(Infrared::Nir850)));
    }

    #[test]
    fn black_paint_stays_dark_and_grass_turns_bright() {
        let part = |colour: [f32; 3], role| Part {
            name: "plate".into(),
            mesh: Arc::new(Mesh {
                vertices: vec![Vertex { position_m: [0.0; 3], normal: [0.0, 1.0, 0.0], uv: [0.0; 2], tint: [255; 4] }],
                indices: Vec::new(),
            }),
            surface: Surface::matt(colour),
            tag: crate::truth::Tag { subject: crate::truth::Subject::Lane, role },
        };
        use crate::truth::Role;
        let seen = |colour, role| linear(part(colour, role).in_band(Infrared::Nir850).mesh.vertices[0].tint[0]);
        assert!(seen([0.02, 0.02, 0.022], Role::Body) < 0.04);
        assert!(seen([0.05, 0.09, 0.03], Role::Ground) > 0.4);
        let asphalt = seen([0.12; 3], Role::Ground);
        assert!(asphalt > 0.12 && asphalt < 0.18, "{asphalt}");
        assert!(seen([0.7, 0.7, 0.68], Role::Body) >= 0.55);
    }
}
