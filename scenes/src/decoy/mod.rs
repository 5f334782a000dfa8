//! Decoys: what looks like a person and is none. A dog, a doll, and printed faces on a head-rest, a shirt, a magazine
//! and a phone. A stack that counts one as an occupant is charged with it.
use std::sync::Arc;

use glam::{Affine3A, Quat, Vec3};
use serde::{Deserialize, Serialize};

use crate::{
    mesh::{Mesh, Vertex},
    people::{Person, Posed, Posture, gesture_phone},
    shapes::{coloured, rounded_box, sheet},
    surface::{Part, Surface, Texture},
    truth::{Role, Tag},
    vehicle::Seat,
};

mod dog;
mod infrared;
mod picture;
#[cfg(test)]
mod tests;

pub use infrared::picture_in_band;
pub use picture::print;

/// What a decoy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DecoyKind {
    /// A dog on a seat.
    Dog,
    /// A doll on a seat.
    Doll,
    /// A face printed on an empty seat's head-rest.
    HeadRest,
    /// A face printed on somebody's shirt.
    Shirt,
    /// A magazine held up, a face on its cover.
    Magazine,
    /// A phone held up, a face on its screen.
    Phone,
}

impl DecoyKind {
    /// For reports.
    pub fn label(self) -> &'static str {
        match self {
            DecoyKind::Dog => "dog",
            DecoyKind::Doll => "doll",
            DecoyKind::HeadRest => "face on a head-rest",
            DecoyKind::Shirt => "face on a shirt",
            DecoyKind::Magazine => "face on a magazine",
            DecoyKind::Phone => "face on a phone",
        }
    }

    /// Whether it takes an empty seat; else it is with an occupant.
    pub fn takes_seat(self) -> bool {
        matches!(self, DecoyKind::Dog | DecoyKind::Doll | DecoyKind::HeadRest)
    }
}

/// A decoy's geometry in the frame of its seat or its holder.
#[derive(Debug, Clone)]
pub struct Figure {
    /// Surfaces.
    pub parts: Vec<Part>,
    /// Points whose projections bound what could be taken for a face, metres.
    pub face_m: Vec<Vec3>,
}

/// Linear size of a doll against the infant of 6 months that it is shaped like: some 0.6 m tall, as the largest are.
const DOLL_SCALE: f32 = 0.92;
/// Half the bag on which a doll is set so that it looks out, metres.
const BAG_HALF_M: Vec3 = Vec3::new(0.17, 0.085, 0.15);
const BAG: [f32; 3] = [0.09, 0.05, 0.12];
/// Half width and height of a print on a head-rest and of a magazine (about A4), metres.
const REST_HALF_M: (f32, f32) = (0.066, 0.0825);
const MAGAZINE_HALF_M: (f32, f32) = (0.108, 0.138);
/// Half width and height of a print on a shirt, metres, and how high its middle is, a share of the stature above the hips.
const SHIRT_HALF_M: (f32, f32) = (0.088, 0.11);
const SHIRT_UP: f32 = 0.205;

fn part(k: u8, name: &str, mesh: Mesh, surface: Surface) -> Part {
    Part { name: name.to_owned(), mesh: Arc::new(mesh), surface, tag: Tag::decoy(k) }
}

fn printed(picture: &Arc<Texture>, roughness: f32) -> Surface {
    Surface { texture: Some(picture.clone()), roughness, ..Surface::matt([1.0; 3]) }
}

/// A bent sheet with the whole picture on it: +Z its front, +Y its upper end; `bend` moves places back by their x².
fn print_sheet(half: (f32, f32), bend: f32) -> Mesh {
    let rows: Vec<Vec<Vec3>> = (0..=1)
        .map(|r| {
            let y = half.1 * (2.0 * r as f32 - 1.0);
            let across = (0..=6).map(|c| half.0 * (c as f32 / 3.0 - 1.0));
            across.map(|x| Vec3::new(x, y, bend * x * x)).collect()
        })
        .collect();
    let mut mesh = sheet(&rows);
    for v in &mut mesh.vertices {
        let [x, y, _] = v.position_m;
        v.uv = [0.5 + 0.5 * x / half.0, 0.5 - 0.5 * y / half.1];
    }
    mesh
}

fn points(mesh: &Mesh) -> Vec<Vec3> {
    mesh.vertices.iter().map(|v| v.position_m.into()).collect()
}

/// A dog; seat frame. `side` is +1 where the window is on the left, −1 on the right, 0 in the middle.
pub fn dog(k: u8, seed: u64, side: f32) -> Figure {
    dog::dog(k, seed, side)
}

/// A doll in the likeness of an infant; seat frame.
pub fn doll(k: u8, infant: &Person, seat: &Seat) -> Figure {
    let posture = Posture { back_angle_rad: seat.back_angle_rad, ..Posture::default() };
    // On a bag on the cushion, leaning on the back; `seats` has their distances from the H-point, `child_seat` a child's.
    let size = infant.stature_m * DOLL_SCALE;
    let (cushion_y, back_z) = (-0.095, -0.135);
    let hips = Vec3::new(0.0, cushion_y + 2.0 * BAG_HALF_M.y + 0.056 * size, back_z + 0.085 * size - 0.03);
    let place = Affine3A::from_scale_rotation_translation(Vec3::splat(DOLL_SCALE), Quat::IDENTITY, hips);
    let posed = infant.seated(k, &posture);
    let face_m = posed.landmarks.face_outline_m.iter().map(|p| place.transform_point3(*p)).collect();
    let bag = coloured(rounded_box(BAG_HALF_M, 0.06, [1, 1, 1]), BAG, 0.8);
    let bag =
        bag.transformed(Affine3A::from_translation(Vec3::new(0.0, cushion_y + BAG_HALF_M.y, back_z + BAG_HALF_M.z)));
    let mut parts: Vec<Part> = posed
        .parts
        .into_iter()
        // Vinyl: light does not enter it as it enters skin, and it shines more.
        .map(|p| Part {
            mesh: Arc::new(p.mesh.transformed(place)),
            surface: Surface {
                wrap: 0.0,
                roughness: (0.6 * p.surface.roughness).max(0.08),
                specular_f0: 0.045,
                ..p.surface
            },
            tag: Tag::decoy(k),
            name: p.name,
        })
        .collect();
    parts.push(Part { tag: Tag::vehicle(Role::Interior), ..part(k, "bag", bag, Surface::matt([1.0; 3])) });
    Figure { parts, face_m }
}

/// A cover on a head-rest with a face printed on it; seat frame.
pub fn head_rest(k: u8, seat: &Seat, picture: &Arc<Texture>) -> Figure {
    let place = Affine3A::from_rotation_translation(
        Quat::from_rotation_x(-seat.back_angle_rad),
        seat.head_rest_m - seat.h_point_m,
    );
    let mesh = print_sheet(REST_HALF_M, 0.25 / 0.13).transformed(place);
    let face_m = points(&mesh);
    Figure { parts: vec![part(k, "printed head-rest", mesh, printed(picture, 0.9))], face_m }
}

/// A magazine in both hands, its cover ahead; the holder's frame.
pub fn magazine(k: u8, grip: Affine3A, picture: &Arc<Texture>) -> Figure {
    let mesh = print_sheet(MAGAZINE_HALF_M, -1.2).transformed(grip);
    let face_m = points(&mesh);
    let surface = Surface { double_sided: true, ..printed(picture, 0.35) };
    Figure { parts: vec![part(k, "magazine", mesh, surface)], face_m }
}

/// A phone held up, its screen ahead; the holder's frame.
pub fn phone(k: u8, grip: Affine3A, picture: &Arc<Texture>) -> Figure {
    let [case, screen] = gesture_phone().map(|mesh| mesh.transformed(grip));
    let face_m = points(&screen);
    // A screen is brighter than paper of the same picture would be in the shade of a cabin.
    let lit = Surface { reflectance: [1.0; 3], emitted_radiance: [0.06; 3], ..printed(picture, 0.15) };
    let parts = vec![
        part(k, "phone", case, Surface { roughness: 0.3, ..Surface::matt([1.0; 3]) }),
        part(k, "phone with a face", screen, lit),
    ];
    Figure { parts, face_m }
}

/// Adds the part of a triangle whose texture coordinates lie in 0..1, cut along the edges (Sutherland and Hodgman 1974).
fn append_inside(mesh: &mut Mesh, corners: &[Vertex; 3]) {
    let mut kept = corners.to_vec();
    for (axis, sign, bound) in [(0, 1.0, 0.0), (0, -1.0, -1.0), (1, 1.0, 0.0), (1, -1.0, -1.0)] {
        let above = |v: &Vertex| sign * v.uv[axis] - bound;
        let ring = std::mem::take(&mut kept);
        for (i, a) in ring.iter().enumerate() {
            let b = &ring[(i + 1) % ring.len()];
            let (da, db) = (above(a), above(b));
            if da >= 0.0 {
                kept.push(*a);
            }
            if (da >= 0.0) != (db >= 0.0) {
                kept.push(between(a, b, da / (da - db)));
            }
        }
    }
    let base = mesh.vertices.len() as u32;
    for i in 1..(kept.len() as u32).saturating_sub(1) {
        mesh.indices.extend([base, base + i, base + i + 1]);
    }
    if kept.len() > 2 {
        mesh.vertices.extend(kept);
    }
}

/// A vertex on the way from one to another.
fn between(a: &Vertex, b: &Vertex, t: f32) -> Vertex {
    let position = Vec3::from(a.position_m).lerp(b.position_m.into(), t);
    let normal = Vec3::from(a.normal).lerp(b.normal.into(), t).normalize_or(Vec3::Z);
    let uv = [0, 1].map(|i| a.uv[i] + (b.uv[i] - a.uv[i]) * t);
    Vertex { position_m: position.to_array(), normal: normal.to_array(), uv, tint: a.tint }
}

/// A face printed on the shirt of somebody who leans back by an angle, radians; the wearer's frame.
pub fn shirt(k: u8, posed: &Posed, back_angle_rad: f32, stature_m: f32, picture: &Arc<Texture>) -> Figure {
    let size = stature_m / 1.70;
    let half = (SHIRT_HALF_M.0 * size, SHIRT_HALF_M.1 * size);
    let chest_from_owner = Quat::from_rotation_x(0.72 * back_angle_rad);
    let middle_up = SHIRT_UP * stature_m;
    let mut mesh = Mesh::default();
    for top in posed.parts.iter().filter(|part| part.name == "top") {
        for t in top.mesh.indices.chunks_exact(3) {
            let corners = [t[0], t[1], t[2]].map(|i| {
                let v = top.mesh.vertices[i as usize];
                let p = chest_from_owner * Vec3::from(v.position_m);
                let uv = [0.5 + 0.5 * p.x / half.0, 0.5 - 0.5 * (p.y - middle_up) / half.1];
                Vertex { uv, tint: [255, 255, 255, v.tint[3]], ..v }
            });
            // The print is on the chest, not on the back or the arms' outsides.
            if corners.iter().all(|v| (chest_from_owner * Vec3::from(v.normal)).z > 0.35) {
                append_inside(&mut mesh, &corners);
            }
        }
    }
    for v in &mut mesh.vertices {
        v.position_m = (Vec3::from(v.position_m) + Vec3::from(v.normal) * 0.0015).to_array();
    }
    let face_m = points(&mesh);
    Figure { parts: vec![part(k, "printed shirt", mesh, printed(picture, 0.9))], face_m }
}
