//! Facial hair: where it grows on the base mesh, its roots painted into the skin, and locks that stand off the shaped
//! face.
use glam::Vec3;

use super::{
    atlas::Texel,
    bake::BoundPart,
    hair::{Shade, Strands, Tuft, add_tuft, face_outwards, lock_picture, surface},
    identity::{Beard, Identity},
    library::PeopleLibrary,
    noise::{noise, smooth, unit},
    regions::Template,
    rig::Skin,
};
use crate::{mesh::Mesh, truth::Role};

/// Areas of facial hair at a place of the base mesh, each 0..1.
#[derive(Debug, Clone, Copy)]
struct Areas {
    cheek: f32,
    jaw: f32,
    chin: f32,
    moustache: f32,
    /// Below the lower lip.
    soul: f32,
    /// Beside the mouth, from the moustache to the chin.
    corners: f32,
    /// A narrow band along the edge of the jaw.
    band: f32,
}

impl Areas {
    fn at(p: Vec3, seed: u32) -> Self {
        let ax = p.x.abs();
        let edge = noise(p * 150.0, seed ^ 0xbe) * 0.003;
        // The cheek line runs from the sideburn to the corner of the mouth; it lies higher or lower by the person.
        let high = (unit(3, 1, 4, seed) - 0.4) * 0.014;
        let line = 0.664 + high + 0.042 * smooth(0.028, 0.072, ax);
        let side = smooth(0.020, 0.050, p.z);
        // Down the neck hair thins out above the larynx.
        let neck = smooth(0.600, 0.622, p.y + 2.0 * edge + 0.25 * (p.z - 0.09).max(0.0));
        let cheek = smooth(line + 0.009, line - 0.007, p.y + edge) * side * smooth(0.020, 0.032, ax) * neck;
        let jaw = smooth(0.654, 0.645, p.y + edge) * side * neck;
        let front = smooth(0.085, 0.100, p.z);
        let chin = smooth(0.033, 0.023, ax + edge) * smooth(0.648, 0.640, p.y + edge) * front * neck;
        let moustache = smooth(0.6850, 0.6795, p.y + 0.5 * edge + 0.10 * ax)
            * smooth(0.6560, 0.6630, p.y)
            * smooth(0.036, 0.026, ax + edge)
            * (0.35 + 0.65 * smooth(0.0005, 0.0035, ax))
            * smooth(0.125, 0.132, p.z);
        let soul = smooth(0.0075, 0.0045, ax + 0.5 * edge) * smooth(0.6535, 0.6500, p.y) * front;
        let corners = smooth(0.0105, 0.0060, (ax - 0.0305 + 0.5 * edge).abs())
            * smooth(0.676, 0.668, p.y)
            * front
            * smooth(0.600, 0.615, p.y);
        let jaw_y = 0.622 + 0.55 * (ax - 0.020).max(0.0);
        let band = smooth(0.014, 0.009, (p.y - jaw_y + edge).abs()) * side * smooth(0.590, 0.605, p.y);
        Self { cheek, jaw, chin, moustache, soul, corners, band }
    }

    fn full(&self) -> f32 {
        self.cheek.max(self.jaw).max(self.moustache).max(self.soul)
    }
}

/// How far hair is grown at a place, 0..1, and how far the place is only shaven.
fn growth(beard: Beard, p: Vec3, seed: u32) -> (f32, f32) {
    let a = Areas::at(p, seed);
    let grown = match beard {
        Beard::None | Beard::Stubble => 0.0,
        Beard::Full | Beard::Long => a.full(),
        Beard::Goatee => a.moustache.max(a.chin).max(a.corners).max(a.soul),
        Beard::VanDyke => a.moustache.max(a.soul).max(a.chin * smooth(0.026, 0.017, p.x.abs())),
        Beard::Moustache => a.moustache,
        Beard::Horseshoe => a.moustache.max(a.corners),
        Beard::ChinStrap => a.band.max(a.soul),
        Beard::MuttonChops => a.cheek.max(a.jaw * smooth(0.022, 0.034, p.x.abs())).max(a.moustache),
    };
    (grown, a.full())
}

/// Reflectances of a beard's strands: redder than the scalp's hair, and grey earlier.
fn shade(who: &Identity) -> Shade {
    let scalp = Shade::of_scalp(who);
    let red = 0.15 + 0.35 * unit(7, 1, 4, who.seed as u32);
    Shade {
        pigment: scalp.pigment * Vec3::ONE.lerp(Vec3::new(1.25, 0.95, 0.80), red),
        silver: scalp.silver,
        grey: (scalp.grey * 1.25 + 0.04).min(0.95) * smooth(0.0, 0.05, scalp.grey),
    }
}

/// Whether a person has facial hair at all.
fn grows(who: &Identity) -> bool {
    who.sex >= 0.5 && who.age_years >= 16.0
}

/// The skin of the lower face with the roots of the beard painted in.
pub(super) fn paint(c: Vec3, t: &Texel, who: &Identity, hair: Vec3, seed: u32) -> Vec3 {
    let p = t.position_m;
    // Sideburns, the larynx and the ears bound all areas.
    if !grows(who) || !(0.584..0.730).contains(&p.y) || p.z < 0.015 {
        return c;
    }
    let (grown, all) = growth(who.beard, p, seed);
    if all < 0.01 && grown < 0.01 {
        return c;
    }
    // Growth is patchy, most so on the cheeks.
    let patches = noise(p * 95.0, seed ^ 0xb7) * 0.6 + noise(p * 240.0, seed ^ 0xb8) * 0.4;
    let sparse = 0.80 + 0.25 * patches;
    let lips = smooth(0.55, 0.10, f32::from(t.lips) / 255.0);
    let shaven = all
        * lips
        * match who.beard {
            Beard::Stubble => 0.0,
            _ => 0.13,
        };
    // Cut hairs show through the skin as a blue-grey shade.
    let c = c.lerp(c * Vec3::new(0.66, 0.74, 0.80), shaven * (0.7 + 0.5 * patches));
    let (strength, mask) = match who.beard {
        Beard::None => return c,
        Beard::Stubble => (0.55, all),
        _ => (0.92, grown),
    };
    let amount = (mask * sparse * lips * strength).clamp(0.0, 1.0);
    if amount < 0.01 {
        return c;
    }
    // Short hairs downwards, apart where they are few.
    let hairs = noise(Vec3::new(p.x * 1500.0, p.y * 430.0, p.z * 1100.0), seed ^ 0xb2) * 0.5 + 0.5;
    let fine = noise(Vec3::new(p.x * 2600.0, p.y * 800.0, p.z * 2000.0), seed ^ 0xb4) * 0.5 + 0.5;
    let hair_there = smooth(1.0 - amount - 0.18, 1.0 - amount + 0.22, 0.6 * hairs + 0.4 * fine);
    let shade = shade(who).mean().lerp(hair, 0.2) * (0.62 + 0.5 * fine);
    c.lerp(shade, (hair_there * 0.35 + amount * 0.75).min(0.95))
}

/// Length of a form at a place, metres, as (cheeks and jaw, chin, moustache).
fn lengths_m(who: &Identity) -> [f32; 3] {
    let more = 1.0 + 0.3 * who.hair_length;
    let [cheek, chin, lip] = match who.beard {
        Beard::None | Beard::Stubble => [0.0; 3],
        Beard::Full => [0.008, 0.013, 0.010],
        Beard::Long => [0.018, 0.042, 0.014],
        Beard::Goatee => [0.008, 0.016, 0.010],
        Beard::VanDyke => [0.008, 0.024, 0.013],
        Beard::Moustache => [0.008, 0.008, 0.011],
        Beard::Horseshoe => [0.010, 0.010, 0.012],
        Beard::ChinStrap => [0.006, 0.008, 0.006],
        Beard::MuttonChops => [0.014, 0.010, 0.012],
    };
    [cheek, chin, lip].map(|m| m * more)
}

/// Area that one tuft stands for where growth is full, square metres: of a short beard and of a long one, whose tufts
/// are wider.
const TUFT_AREA_M2: [f32; 2] = [5.8e-5, 1.0e-4];

/// Grows the beard of an identity on its shaped face.
pub(super) fn grow(library: &PeopleLibrary, who: &Identity, shaped: &[Vec3]) -> Vec<BoundPart> {
    if !grows(who) || matches!(who.beard, Beard::None | Beard::Stubble) {
        return Vec::new();
    }
    let seed = (who.seed ^ (who.seed >> 32)) as u32;
    let normals = library.normals(shaped);
    let lengths = lengths_m(who);
    let tuft_area = TUFT_AREA_M2[usize::from(matches!(who.beard, Beard::Long | Beard::MuttonChops))];
    let (mut mesh, mut skin) = (Mesh::default(), Vec::new());
    let mut due = 0.5;
    for template in [&library.templates.face, &library.templates.head] {
        for (k, t) in template.indices.chunks_exact(3).enumerate() {
            let at = Corners::new(library, template, t, shaped, &normals);
            let middle = (at.base[0] + at.base[1] + at.base[2]) / 3.0;
            if middle.y > 0.74 || middle.z < 0.015 {
                continue;
            }
            // Lips' red: the corners of the atlas hold the mask; a texel each is enough.
            let (grown, _) = growth(who.beard, middle, seed);
            let grown = grown * library.atlas.off_lips(at.uv);
            let area = (at.shaped[1] - at.shaped[0]).cross(at.shaped[2] - at.shaped[0]).length() / 2.0;
            due += grown * area / tuft_area * if middle.y > 0.655 && middle.x.abs() < 0.036 { 1.7 } else { 1.0 };
            while due >= 1.0 {
                due -= 1.0;
                let index = (k as i32) * 16 + mesh.vertices.len() as i32 % 16;
                let (root, base, normal) = at.pick(unit(index, 0, 61, seed), unit(index, 1, 61, seed));
                let tuft = tuft(root, base, normal, lengths, grown, index, seed);
                let before = mesh.vertices.len();
                add_tuft(&mut mesh, &tuft, index, seed);
                skin.resize(skin.len() + mesh.vertices.len() - before, at.skin);
            }
        }
    }
    if mesh.indices.is_empty() {
        return Vec::new();
    }
    face_outwards(&mut mesh);
    let surface = surface(lock_picture(&shade(who), Strands::Beard, seed));
    vec![BoundPart { name: "beard", role: Role::Hair, surface, vertices: mesh.vertices, skin, indices: mesh.indices }]
}

/// A tuft by its place: down the jaw, outwards on the lip, off the skin by its length.
fn tuft(root: Vec3, base: Vec3, normal: Vec3, lengths: [f32; 3], grown: f32, index: i32, seed: u32) -> Tuft {
    let draw = |k: i32| unit(index, k, 67, seed);
    let ax = base.x.abs();
    let on_lip = smooth(0.653, 0.660, base.y) * smooth(0.038, 0.030, ax);
    let on_chin = smooth(0.050, 0.020, ax) * smooth(0.655, 0.640, base.y);
    let [cheek, chin, lip] = lengths;
    let length = (cheek + (chin - cheek) * on_chin) * (1.0 - on_lip) + lip * on_lip;
    // Hair is shorter at the edge of its area and below the jaw's edge.
    let length = length * (0.45 + 0.55 * grown) * (0.75 + 0.5 * draw(0)) * (0.55 + 0.45 * smooth(0.596, 0.616, base.y));
    let sideways =
        base.x.signum() * (0.85 * on_lip * smooth(0.0, 0.012, ax) - 0.25 * on_chin * smooth(0.010, 0.040, ax));
    let mess = Vec3::new(draw(1) - 0.5, draw(2) - 0.5, draw(3) - 0.5) * 0.55;
    let way = Vec3::new(sideways, -0.75, 0.10) + mess;
    let along = (way - normal * way.dot(normal)).normalize_or(Vec3::NEG_Y);
    let off = 0.42 + 0.30 * draw(4);
    let d = (along + normal * off).normalize_or(along);
    let tip = d.lerp((Vec3::NEG_Y + along * 0.5).normalize_or(along), 0.35).normalize_or(d);
    let start = root - normal * 0.0004;
    let knee = start + d * 0.5 * length;
    Tuft { points: [start, knee, knee + tip * 0.5 * length], normal, width_m: 0.0090 + 0.13 * length }
}

/// A triangle on the base mesh and on the shaped face.
struct Corners {
    base: [Vec3; 3],
    shaped: [Vec3; 3],
    normals: [Vec3; 3],
    uv: glam::Vec2,
    skin: Skin,
}

impl Corners {
    fn new(library: &PeopleLibrary, template: &Template, t: &[u32], shaped: &[Vec3], normals: &[Vec3]) -> Self {
        let v = [0, 1, 2].map(|k| &template.vertices[t[k] as usize]);
        Self {
            base: v.map(|v| v.place(&library.base.positions_m)),
            shaped: v.map(|v| v.place(shaped)),
            normals: v.map(|v| v.place(normals)),
            uv: (v[0].uv + v[1].uv + v[2].uv) / 3.0,
            skin: library.rig.skin[usize::from(v[0].source)],
        }
    }

    /// A place within by two draws: shaped, base, normal.
    fn pick(&self, a: f32, b: f32) -> (Vec3, Vec3, Vec3) {
        let s = a.sqrt();
        let w = [1.0 - s, s * (1.0 - b), s * b];
        let mix = |c: &[Vec3; 3]| c[0] * w[0] + c[1] * w[1] + c[2] * w[2];
        (mix(&self.shaped), mix(&self.base), mix(&self.normals).normalize_or(Vec3::Z))
    }
}
