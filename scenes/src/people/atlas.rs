//! The head atlas: for every texel of the skin picture, which place of the base mesh it shows.
use std::path::Path;

use glam::{Vec2, Vec3};
use image::ImageFormat;

use super::{
    base_mesh::BaseMesh,
    complexion,
    error::{PeopleError, read},
    regions::{Template, Templates, atlas_to_base_uv},
};

/// Texels that a covered island is widened by, so that filtering does not reach the void.
const MARGIN_PX: usize = 4;

/// One texel of the head atlas.
#[derive(Debug, Clone, Copy)]
pub(super) struct Texel {
    /// Place on the base mesh, metres.
    pub position_m: Vec3,
    /// MakeHuman's lip mask, 0..255.
    pub lips: u8,
    /// MakeHuman's eyelid mask, 0..255.
    pub lids: u8,
    /// Shares in the places of a complexion, as 255ths.
    pub places: [u8; complexion::COUNT],
    /// Whether any surface shows it.
    pub covered: bool,
}

/// The base mesh unrolled.
#[derive(Debug)]
pub(super) struct Atlas {
    /// Width and height in texels.
    pub size: usize,
    /// Rows from the top.
    pub texels: Vec<Texel>,
}

/// A grey mask in MakeHuman's own unwrapping.
struct Mask {
    size: (u32, u32),
    grey: Vec<u8>,
}

impl Mask {
    fn load(path: &Path) -> Result<Self, PeopleError> {
        let picture = image::load_from_memory_with_format(&read(path)?, ImageFormat::Jpeg)
            .map_err(|e| PeopleError::malformed(path, 0, format!("not a JPEG picture: {e}")))?
            .into_luma8();
        Ok(Self { size: picture.dimensions(), grey: picture.into_raw() })
    }

    /// Bilinear sample; v upwards.
    fn at(&self, uv: Vec2) -> u8 {
        let (w, h) = (self.size.0 as usize, self.size.1 as usize);
        let x = (uv.x * w as f32 - 0.5).clamp(0.0, (w - 1) as f32);
        let y = ((1.0 - uv.y) * h as f32 - 0.5).clamp(0.0, (h - 1) as f32);
        let (x0, y0) = (x as usize, y as usize);
        let (fx, fy) = (x - x0 as f32, y - y0 as f32);
        let grey = |x: usize, y: usize| f32::from(self.grey[y.min(h - 1) * w + x.min(w - 1)]);
        let top = grey(x0, y0) * (1.0 - fx) + grey(x0 + 1, y0) * fx;
        let bottom = grey(x0, y0 + 1) * (1.0 - fx) + grey(x0 + 1, y0 + 1) * fx;
        (top * (1.0 - fy) + bottom * fy) as u8
    }
}

impl Atlas {
    /// Unrolls the head on `size` texels squared and reads the masks from MakeHuman's texture folder.
    pub fn build(textures: &Path, size: usize, base: &BaseMesh, templates: &Templates) -> Result<Self, PeopleError> {
        let (lips, lids) = rayon::join(
            || Mask::load(&textures.join("mpfb_lips.jpg")),
            || Mask::load(&textures.join("mpfb_eyelids.jpg")),
        );
        let (lips, lids) = (lips?, lids?);
        let void = Texel { position_m: Vec3::ZERO, lips: 0, lids: 0, places: [0; complexion::COUNT], covered: false };
        let mut atlas = Self { size, texels: vec![void; size * size] };
        atlas.unroll(base, &templates.head);
        atlas.unroll(base, &templates.face);
        for (i, texel) in atlas.texels.iter_mut().enumerate().filter(|(_, t)| t.covered) {
            let uv = Vec2::new((i % size) as f32 + 0.5, (i / size) as f32 + 0.5) / size as f32;
            texel.places = complexion::places(texel.position_m);
            if let Some(uv) = atlas_to_base_uv(uv) {
                texel.lips = lips.at(uv);
                texel.lids = lids.at(uv);
            }
        }
        for _ in 0..MARGIN_PX {
            atlas.widen();
        }
        Ok(atlas)
    }

    /// 1 off the lips' red, 0 on it, at a place of the atlas.
    pub fn off_lips(&self, uv: Vec2) -> f32 {
        let at = |x: f32| ((x * self.size as f32).max(0.0) as usize).min(self.size - 1);
        1.0 - f32::from(self.texels[at(uv.y) * self.size + at(uv.x)].lips) / 255.0
    }

    fn unroll(&mut self, base: &BaseMesh, template: &Template) {
        let size = self.size;
        for t in template.indices.chunks_exact(3) {
            let corners = [0, 1, 2].map(|k| template.vertices[t[k] as usize]);
            let [a, b, c] = corners.map(|v| v.uv * size as f32);
            let places = corners.map(|v| base.positions_m[usize::from(v.source)]);
            let area = (b - a).perp_dot(c - a);
            if area.abs() < 1e-9 {
                continue;
            }
            let low = a.min(b).min(c).floor().max(Vec2::ZERO);
            let high = a.max(b).max(c).ceil().min(Vec2::splat(size as f32));
            for y in low.y as usize..high.y as usize {
                for x in low.x as usize..high.x as usize {
                    let p = Vec2::new(x as f32 + 0.5, y as f32 + 0.5);
                    let wa = (b - p).perp_dot(c - p) / area;
                    let wb = (c - p).perp_dot(a - p) / area;
                    let wc = 1.0 - wa - wb;
                    if wa.min(wb).min(wc) >= -1e-4 {
                        let texel = &mut self.texels[y * size + x];
                        texel.position_m = places[0] * wa + places[1] * wb + places[2] * wc;
                        texel.covered = true;
                    }
                }
            }
        }
    }

    /// Copies covered texels into their uncovered neighbours.
    fn widen(&mut self) {
        let old = self.texels.clone();
        let n = self.size;
        for (i, texel) in self.texels.iter_mut().enumerate().filter(|(_, t)| !t.covered) {
            let (x, y) = (i % n, i / n);
            let neighbours = [
                (x > 0).then(|| i - 1),
                (x + 1 < n).then_some(i + 1),
                (y > 0).then(|| i - n),
                (y + 1 < n).then_some(i + n),
            ];
            if let Some(from) = neighbours.into_iter().flatten().find(|&j| old[j].covered) {
                *texel = old[from];
            }
        }
    }
}
