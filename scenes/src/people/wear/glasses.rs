//! Glasses: lenses as thin filters, rims, a bridge with pads on the nose, temples that rest on the ears.
use glam::{Vec2, Vec3};
use serde::{Deserialize, Serialize};

use super::{
    cloth::{rigid, tube},
    fit::{Fit, FrontDepth},
    lens_shape::LensShape,
};
use crate::{
    mesh::{Mesh, Vertex},
    people::{bake::BoundPart, noise::smooth, skin::colour},
    surface::Surface,
    truth::Role,
};

/// How a lens is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rim {
    /// All round.
    Full,
    /// Above only.
    Half,
    /// Drilled lenses.
    None,
}

/// What the frame is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FrameMaterial {
    /// Milled plastic, 4 mm wide.
    Acetate,
    /// Thin wire.
    Metal,
}

/// A pair of glasses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Glasses {
    /// Outline.
    pub shape: LensShape,
    /// Rim.
    pub rim: Rim,
    /// Material of the frame.
    pub material: FrameMaterial,
    /// Colour of the frame, sRGB.
    pub frame_srgb: [u8; 3],
    /// Transmittance of the lenses in red, green, blue, 0..1.
    pub transmittance: [f32; 3],
    /// Reflectance of a lens, both faces, at normal incidence: 0.01 with an anti-reflection coat, 0.08 without.
    pub reflectance: f32,
}

/// Distance from the cornea to the lens, metres (vertex distance; 12 to 14 mm are usual).
const VERTEX_DISTANCE_M: f32 = 0.0125;
/// Least distance of frame and lenses from the skin seen from the front, metres.
const CLEAR_M: f32 = 0.0025;
/// Tilt of the lenses towards the cheeks (8° are usual).
const TILT: f32 = 0.14;
/// Radius of the front's curve round the face, metres (assumption between base curves 4 and 6).
const WRAP_M: f32 = 0.155;
/// Radius of a lens's own front, metres: base curve 4 at index 1.53.
const LENS_RADIUS_M: f32 = 0.1325;
/// Place on the base mesh where the ear's upper edge meets the head; the temple rests there.
const EAR_TOP_M: Vec3 = Vec3::new(0.0745, 0.7455, 0.050);
/// Points round a lens.
const AROUND: usize = 40;
/// Interpupillary distance that frame sizes are drawn for, metres.
const USUAL_PUPILS_M: f32 = 0.063;

/// Where a pair of glasses sits on a face.
struct Seat {
    shape: LensShape,
    /// Size against [`LensShape`]'s.
    scale: f32,
    /// Middle of the bridge, metres; z is the front's.
    middle_m: Vec3,
    /// Distance of each lens's middle from the middle of the face, metres.
    lens_x_m: f32,
}

impl Seat {
    fn new(fit: &Fit, front: &FrontDepth, glasses: &Glasses) -> Self {
        let [left, right] = fit.pupils_m;
        let pupils_m = left.distance(right);
        let scale = (pupils_m / USUAL_PUPILS_M).clamp(0.78, 1.12);
        let eyes = fit.eyes_m();
        // Frames are no narrower than the bridge of the nose wants; the pupils lie a little towards the nose.
        let lens_x_m = (pupils_m / 2.0 + 0.001).max((glasses.shape.half_width_m() + 0.0085) * scale);
        let middle_m = Vec3::new(eyes.x, eyes.y - 0.0015, eyes.z + VERTEX_DISTANCE_M);
        let mut seat = Self { shape: glasses.shape, scale, middle_m, lens_x_m };
        // Forward until nothing touches brow, cheek or nose.
        let mut push = 0.0_f32;
        for side in [1.0, -1.0] {
            for k in 0..AROUND {
                for share in [0.5, 1.0, 1.12] {
                    let p = seat.lens_point(side, k as f32 / AROUND as f32, share);
                    push = push.max(front.within_m(p.x, p.y, 0.0015) + CLEAR_M - p.z);
                }
            }
        }
        seat.middle_m.z += push;
        seat
    }

    /// A point of the front at a place seen from the front: wrapped round the face and tilted.
    fn at(&self, x_m: f32, y_m: f32) -> Vec3 {
        let (dx, dy) = (x_m - self.middle_m.x, y_m - self.middle_m.y);
        let wrap = (dx * dx - self.lens_x_m * self.lens_x_m) / (2.0 * WRAP_M);
        Vec3::new(x_m, y_m, self.middle_m.z - wrap + TILT * dy)
    }

    /// A point of a lens: `share` of the way from its middle to its edge.
    fn lens_point(&self, side: f32, around: f32, share: f32) -> Vec3 {
        let q: Vec2 = self.shape.outline_m(around) * self.scale * share;
        self.at(self.middle_m.x + side * (self.lens_x_m + q.x), self.middle_m.y + q.y)
    }

    /// Where a temple begins.
    fn hinge(&self, side: f32) -> Vec3 {
        let outer = self.shape.outline_m(0.0).x * self.scale + 0.0045;
        self.at(self.middle_m.x + side * (self.lens_x_m + outer), self.middle_m.y + 0.0065 * self.scale)
    }
}

/// The parts of a pair of glasses on a head.
pub(super) fn parts(fit: &Fit, glasses: &Glasses) -> Vec<BoundPart> {
    let front = fit.front();
    let seat = Seat::new(fit, &front, glasses);
    let metal = glasses.material == FrameMaterial::Metal;
    let frame_surface = Surface {
        roughness: if metal { 0.30 } else { 0.35 },
        specular_f0: if metal { 0.35 } else { 0.05 },
        double_sided: true,
        ..Surface::matt(colour(glasses.frame_srgb).to_array())
    };
    let mut frame = Mesh::default();
    for side in [1.0, -1.0] {
        frame.append(&rim(&seat, glasses, side));
        frame.append(&pad(&seat, &front, side));
        frame.append(&temple(fit, &seat, glasses, side));
    }
    frame.append(&bridge(&seat, &front, metal));
    let mut parts = vec![rigid(fit.head_bone, "glasses", Role::Eyewear, frame_surface, frame)];
    let surface = || Surface::lens(glasses.transmittance, glasses.reflectance);
    parts.extend([1.0, -1.0].map(|side| rigid(fit.head_bone, "lens", Role::Eyewear, surface(), lens(&seat, side))));
    parts
}

fn lens(seat: &Seat, side: f32) -> Mesh {
    const RINGS: usize = 3;
    let middle = seat.lens_point(side, 0.0, 0.0);
    // The lens bulges from its edge, which the rim holds.
    let edge = seat.shape.half_width_m() * seat.scale;
    let bulge = |p: Vec3| {
        let off = (p - middle).truncate().length_squared();
        p + Vec3::Z * ((edge * edge - off).max(0.0) / (2.0 * LENS_RADIUS_M))
    };
    let mut mesh = Mesh::default();
    mesh.vertices.push(Vertex::new(bulge(middle), Vec3::Z, [0.0; 2]));
    for ring in 1..=RINGS {
        for k in 0..AROUND {
            let p = seat.lens_point(side, k as f32 / AROUND as f32, ring as f32 / RINGS as f32);
            mesh.vertices.push(Vertex::new(bulge(p), Vec3::Z, [0.0; 2]));
        }
    }
    let at = |ring: usize, k: usize| if ring == 0 { 0 } else { (1 + (ring - 1) * AROUND + k % AROUND) as u32 };
    for k in 0..AROUND {
        mesh.indices.extend([0, at(1, k), at(1, k + 1)]);
        for ring in 1..RINGS {
            let [a, b, c, d] = [at(ring, k), at(ring + 1, k), at(ring + 1, k + 1), at(ring, k + 1)];
            mesh.indices.extend([a, b, c, a, c, d]);
        }
    }
    if side < 0.0 {
        mesh.indices.chunks_exact_mut(3).for_each(|t| t.swap(1, 2));
    }
    mesh.recompute_normals();
    mesh
}

/// The rim of one lens, and the end piece that carries the hinge.
fn rim(seat: &Seat, glasses: &Glasses, side: f32) -> Mesh {
    let metal = glasses.material == FrameMaterial::Metal;
    let section = if metal { [0.0007, 0.0010] } else { [0.0014, 0.0020] };
    let ring = |from: f32, to: f32, count: usize| -> Vec<Vec3> {
        (0..count).map(|k| seat.lens_point(side, from + (to - from) * k as f32 / (count - 1) as f32, 1.03)).collect()
    };
    let mut mesh = match glasses.rim {
        Rim::Full => tube(&ring(0.0, 1.0 - 1.0 / AROUND as f32, AROUND), Vec3::Z, true, |_| section),
        // A little lower than the widest places.
        Rim::Half => tube(&ring(-0.03, 0.53, AROUND / 2), Vec3::Z, false, |_| section),
        Rim::None => Mesh::default(),
    };
    let hinge = seat.hinge(side);
    let edge = seat.lens_point(side, 0.04, 1.0);
    let corner = hinge - Vec3::Z * 0.006;
    mesh.append(&tube(&[edge, edge.lerp(hinge, 0.6), hinge, corner], Vec3::Y, false, |_| {
        if metal { [0.0009, 0.0012] } else { [0.0015, 0.0032] }
    }));
    mesh
}

/// From lens to lens over the nose.
fn bridge(seat: &Seat, front: &FrontDepth, metal: bool) -> Mesh {
    const POINTS: usize = 9;
    let (left, right) = (seat.lens_point(1.0, 0.42, 1.02), seat.lens_point(-1.0, 0.42, 1.02));
    let path: Vec<Vec3> = (0..POINTS)
        .map(|k| {
            let t = k as f32 / (POINTS - 1) as f32;
            let mut p = left.lerp(right, t);
            p.y += 0.003 * (1.0 - (2.0 * t - 1.0).powi(2));
            p.z = p.z.max(front.within_m(p.x, p.y, 0.003) + 0.0021);
            p
        })
        .collect();
    tube(&path, Vec3::Y, false, |_| if metal { [0.0009, 0.0010] } else { [0.0016, 0.0026] })
}

/// Half the height of a nose pad, metres.
const PAD_M: f32 = 0.0018;

/// A nose pad with the arm that holds it.
fn pad(seat: &Seat, front: &FrontDepth, side: f32) -> Mesh {
    let y = seat.middle_m.y - 0.006 * seat.scale;
    let x = seat.middle_m.x + side * 0.0085 * seat.scale;
    let skin = front.within_m(x, y + 0.003, PAD_M);
    let edge = seat.lens_point(side, 0.53, 1.0);
    let z = (skin + 0.0012).min(edge.z);
    let low = front.within_m(x + side * 0.001, y - 0.004, PAD_M) + 0.0012;
    let path = [edge, Vec3::new(x, y + 0.003, z), Vec3::new(x + side * 0.001, y - 0.004, low.min(edge.z))];
    tube(&path, Vec3::Y, false, |t| [0.0005 + 0.0004 * t, 0.0006 + 0.0012 * t])
}

/// From the hinge over the ear and down behind it.
fn temple(fit: &Fit, seat: &Seat, glasses: &Glasses, side: f32) -> Mesh {
    const POINTS: usize = 18;
    let start = seat.hinge(side) - Vec3::Z * 0.006;
    let rest = fit.skin_at(EAR_TOP_M * Vec3::new(side, 1.0, 1.0)) + Vec3::new(side * 0.002, 0.0015, 0.0);
    let tip = rest + Vec3::new(0.0, -0.022, -0.027) * seat.scale;
    // Beyond the skin by half the temple and a little.
    let clear = 0.0024;
    let path: Vec<Vec3> = (0..POINTS)
        .map(|k| {
            let t = k as f32 / (POINTS - 1) as f32 * 1.3;
            let mut p = if t <= 1.0 {
                start.lerp(rest, t)
            } else {
                let u = (t - 1.0) / 0.3;
                let level = rest + Vec3::new(0.0, 0.0, -0.012 * u);
                level.lerp(tip, u * u)
            };
            // Out to the side, as springy temples go, where the head is in the way.
            for _ in 0..3 {
                let inside = clear - fit.bare.clearance_m(p);
                if inside > 0.0 {
                    p.x += side * inside;
                }
            }
            p
        })
        .collect();
    let metal = glasses.material == FrameMaterial::Metal;
    tube(&smoothed(&path), Vec3::Y, false, |t| {
        let thick = 1.0 - 0.35 * smooth(0.0, 0.5, t);
        if metal { [0.0007, 0.0010] } else { [0.0012, 0.0030 * thick] }
    })
}

/// The path with its kinks taken out, never nearer to the middle plane than it was.
fn smoothed(path: &[Vec3]) -> Vec<Vec3> {
    let last = path.len() - 1;
    (0..path.len())
        .map(|i| {
            let mean = (path[i.saturating_sub(1)] + path[i] + path[(i + 1).min(last)]) / 3.0;
            if i == 0 || i == last {
                return path[i];
            }
            let x = if mean.x.abs() > path[i].x.abs() { mean.x } else { path[i].x };
            mean.with_x(x)
        })
        .collect()
}
