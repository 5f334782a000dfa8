//! Teeth and tongue: what an open mouth shows.
use std::sync::Arc;

use glam::{Vec2, Vec3};

use super::{
    base_mesh::BaseMesh,
    noise::{smooth, unit},
    regions::{Template, template_of},
    skin::{encode, linear},
};
use crate::{mesh::Vertex, surface::Texture};

/// Reflectance of teeth of the middle shade, of gums and of the tongue, linear (assumptions near the A2 of shade guides and
/// near blood under a thin skin).
const TOOTH: Vec3 = Vec3::new(0.52, 0.46, 0.35);
const GUM: Vec3 = Vec3::new(0.36, 0.15, 0.14);
const TONGUE: Vec3 = Vec3::new(0.36, 0.15, 0.14);
/// Height of the crowns on the base mesh, metres (upper middle incisors are about 10 mm high).
const CROWN_M: f32 = 0.0098;
/// Where the teeth of both jaws meet on the base mesh, metres: the height at a depth, and its rise towards the back.
const BITE_M: (f32, f32, f32) = (0.660, 0.1468, 0.24);
/// Middle of the arch of teeth on the base mesh, seen from above: its depth, metres.
const ARCH_Z_M: f32 = 0.108;
/// Teeth in the half circle of a jaw.
const TEETH: f32 = 14.0;
const PICTURE_PX: (usize, usize) = (112, 16);
/// Light that reaches the mouth falls to the darkest over this depth behind the lips, metres, and least share of it
/// (assumptions: the cavity's own walls are not traced).
const DEPTH_M: f32 = 0.034;
const DARKEST: f32 = 0.10;

/// Topologies of teeth and tongue.
#[derive(Debug)]
pub(super) struct MouthTemplates {
    pub teeth: Template,
    pub tongue: Template,
}

impl MouthTemplates {
    pub fn build(base: &BaseMesh) -> Self {
        let teeth = ["helper-upper-teeth", "helper-lower-teeth"];
        Self {
            teeth: template_of(base, &teeth, tooth_uv),
            tongue: template_of(base, &["helper-tongue"], |_| Vec2::ZERO),
        }
    }

    /// Every base vertex that they use.
    pub fn sources(&self) -> impl Iterator<Item = u16> + '_ {
        self.teeth.vertices.iter().chain(&self.tongue.vertices).map(|v| v.source)
    }
}

/// Round the arch, and from the biting edge (0) over the crown (0.5) to the gum.
fn tooth_uv(p: Vec3) -> Vec2 {
    let (height, depth, rise) = BITE_M;
    let off_bite = (p.y - (height + rise * (depth - p.z))).abs();
    Vec2::new(0.5 + p.x.atan2(p.z - ARCH_Z_M) / std::f32::consts::PI, off_bite / (2.0 * CROWN_M))
        .clamp(Vec2::ZERO, Vec2::ONE)
}

/// Teeth with their gums. Teeth yellow with age (assumption).
pub(super) fn paint_teeth(seed: u32, age_years: f32) -> Arc<Texture> {
    let (w, h) = PICTURE_PX;
    let tooth = TOOTH * Vec3::ONE.lerp(Vec3::new(0.88, 0.78, 0.62), smooth(20.0, 80.0, age_years));
    let mut rgba = Vec::with_capacity(w * h * 4);
    for y in 0..h {
        for x in 0..w {
            let (u, v) = ((x as f32 + 0.5) / w as f32 * TEETH, (y as f32 + 0.5) / h as f32);
            let gap = (u.fract() - 0.5).abs() * 2.0;
            let shade = 0.92 + 0.12 * unit(u as i32, 1, 0, seed) - 0.45 * smooth(0.80, 1.0, gap);
            // The gum's edge is an arc over every tooth.
            let c = (tooth * shade).lerp(GUM, smooth(0.44, 0.52, v + 0.06 * gap * gap));
            rgba.extend([encode(c.x), encode(c.y), encode(c.z), 255]);
        }
    }
    Arc::new(Texture { width: w as u32, height: h as u32, rgba })
}

/// Tint of the tongue.
pub(super) fn tongue_tint() -> [u8; 3] {
    TONGUE.to_array().map(encode)
}

/// Lets less light in the deeper a place lies behind the lips.
pub(super) fn darken(vertices: &mut [Vertex], lips_z_m: f32) {
    for v in vertices {
        let share = DARKEST + (1.0 - DARKEST) * smooth(-DEPTH_M, 0.0, v.position_m[2] - lips_z_m);
        v.tint[3] = (share * 255.0) as u8;
        // Visibility dims the light from all round; what comes from one lamp is dimmed in the tint.
        let [r, g, b, open] = v.tint;
        let [r, g, b] = [r, g, b].map(|c| encode(linear(c) * share.sqrt()));
        v.tint = [r, g, b, open];
    }
}
