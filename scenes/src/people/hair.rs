//! Scalp hair: sheets of strands that start at a whorl or parting, lie on the head, leave it at the hairline and hang.
use std::{f32::consts::TAU, sync::Arc};

use glam::Vec3;

use super::{
    bake::BoundPart,
    hair_style::{Layer, StyleForm, form_of},
    head_form::HeadForm,
    identity::{HairStyle, Identity},
    library::PeopleLibrary,
    noise::{noise, smooth, unit},
    rig::Skin,
    scalp::{azimuth, depth_in_hair_m},
    skin::{colour, encode},
};
use crate::{
    mesh::{Mesh, Vertex},
    surface::{Surface, Texture},
    truth::Role,
};

/// Step of a strand's path, metres.
const STEP_M: f32 = 0.006;
const MAX_STEPS: usize = 110;
/// Where a knot sits, from the middle of the head.
const BUN_DIRECTION: Vec3 = Vec3::new(0.0, 0.18, -1.0);
const HAIR_PX: (usize, usize) = (512, 128);

/// A strand path: places from root to tip.
struct Path {
    points: Vec<Vec3>,
}

/// Room for hair between the skin and headwear on a place of the base mesh, metres; 0 hides it.
pub(super) type Room<'a> = dyn Fn(Vec3) -> f32 + 'a;

/// Grows the scalp hair of an identity on its shaped head.
pub(super) fn grow(library: &PeopleLibrary, who: &Identity, shaped: &[Vec3], room_m: &Room<'_>) -> Vec<BoundPart> {
    if who.hair_style == HairStyle::Shaved {
        return Vec::new();
    }
    let base = &library.base.positions_m;
    let place = |v: u16| shaped[usize::from(v)];
    let l = &library.landmarks;
    let [left, right] = l.pupils_m(shaped);
    let eyes = (left + right) / 2.0;
    let crown = place(l.crown);
    // The middle of the skull: below the crown by 0.44 of the height from chin to crown, a head's half-depth behind.
    let height = crown.y - place(l.chin).y;
    let centre = Vec3::new(0.0, crown.y - 0.44 * height, eyes.z - 0.40 * height);
    let t = &library.templates;
    let form = HeadForm::new(centre, &[&t.face, &t.head], shaped, base);
    let style = form_of(who, height);
    let seed = (who.seed >> 17) as u32;
    let head = Skin::rigid(library.head_bone());
    let chest = Skin::rigid(library.rig.bone("spine01").unwrap_or(0));
    let chin_y = place(l.chin).y;

    let mut parts = Vec::new();
    for (index, layer) in style.layers.iter().enumerate() {
        let salt = seed.wrapping_add(index as u32 * 977);
        let mesh = sheet(&form, who, &style, layer, room_m, salt);
        if mesh.indices.is_empty() {
            continue;
        }
        let skin = mesh
            .vertices
            .iter()
            .map(|v| head.blended(&chest, 0.85 * smooth(chin_y - 0.01, chin_y - 0.16, v.position_m[1])))
            .collect();
        let surface = Surface {
            texture: Some(Arc::new(paint(who, &style, layer, salt))),
            roughness: 0.55,
            specular_f0: 0.045,
            wrap: 0.25,
            double_sided: true,
            ..Surface::matt([1.0; 3])
        };
        let Mesh { vertices, indices } = mesh;
        parts.push(BoundPart { name: "scalp hair", role: Role::Hair, surface, vertices, skin, indices });
    }
    let behind = form.base_place(BUN_DIRECTION.normalize());
    if let Some(radius_m) = style.bun_m.filter(|&radius_m| room_m(behind) > radius_m) {
        parts.push(bun(&form, who, &style, radius_m, head, seed));
    }
    parts
}

/// One strand from the whorl in the direction of `angle` about it.
fn march(
    form: &HeadForm,
    who: &Identity,
    style: &StyleForm,
    layer: &Layer,
    room_m: &Room<'_>,
    angle: f32,
    seed: u32,
) -> Option<Path> {
    let (a, b) = style.pole.any_orthonormal_pair();
    let heading = a * angle.cos() + b * angle.sin();
    let axis = style.pole.cross(heading);
    let (mut u, mut inside, mut beyond_m, mut limit_m, mut drop_end) = (style.pole, false, 0.0, 0.0, f32::MIN);
    let mut p = form.centre_m + u * form.radius_m(u);
    let mut points = Vec::new();
    let mut lain_m = 0.0;
    for _ in 0..MAX_STEPS {
        let place = form.base_place(u);
        let room_m = room_m(place);
        let grows = depth_in_hair_m(place, who.hairline_recession) > 0.0 && room_m > 0.0;
        if !inside && beyond_m == 0.0 && grows {
            inside = true;
        } else if inside && !grows && lain_m > STEP_M {
            inside = false;
            let az = azimuth(place).to_degrees();
            limit_m = style.overhang_m(az) * (1.0 + 0.25 * noise(Vec3::new(angle * 6.0, 0.5, 0.0), seed));
            drop_end = style.end_y_m(form, az);
            beyond_m = 1e-4;
        }
        let wave = 1.0 + style.tousle * noise(Vec3::new(angle * 3.2, lain_m * 38.0, 2.0), seed);
        let at_root = smooth(0.0, style.rise_m, lain_m);
        let thick = style.thickness_m(u) * layer.lift * wave * (0.15 + 0.85 * at_root);
        let thick = thick.min(room_m);
        if inside {
            p = form.centre_m + u * (form.radius_m(u) + thick);
            points.push(p);
            lain_m += STEP_M;
        } else if beyond_m > 0.0 {
            let least = form.radius_m(u) + thick * if style.hangs { 1.0 } else { 0.6 };
            let r = (p - form.centre_m).length();
            // Below the jaw hair hangs free before the neck and the shoulders.
            if r < least && p.y > form.centre_m.y - 0.125 {
                p = form.centre_m + u * least;
            }
            points.push(p);
            if beyond_m >= limit_m && (p.y <= drop_end || drop_end == f32::MIN) {
                break;
            }
            beyond_m += STEP_M;
        }
        let along = axis.cross(u).normalize_or(Vec3::NEG_Y);
        let weight = if inside { 0.0 } else { smooth(0.0, 0.05, beyond_m) * if style.hangs { 0.95 } else { 0.5 } };
        p += along.lerp(Vec3::NEG_Y, weight).normalize_or(Vec3::NEG_Y) * STEP_M;
        u = (p - form.centre_m).normalize_or(Vec3::Y);
        if !inside && beyond_m == 0.0 {
            p = form.centre_m + u * form.radius_m(u);
        }
    }
    (points.len() >= 3).then_some(Path { points })
}

/// A sheet of strands all round the whorl.
fn sheet(form: &HeadForm, who: &Identity, style: &StyleForm, layer: &Layer, room_m: &Room<'_>, seed: u32) -> Mesh {
    let (columns, rows) = (style.columns, style.rows);
    let paths: Vec<Option<Path>> =
        (0..columns).map(|k| march(form, who, style, layer, room_m, k as f32 / columns as f32 * TAU, seed)).collect();
    let mut mesh = Mesh::default();
    for k in 0..=columns {
        let path = &paths[k % columns];
        for row in 0..rows {
            let v = row as f32 / (rows - 1) as f32;
            let p = path.as_ref().map_or(form.centre_m, |path| {
                let x = v * (path.points.len() - 1) as f32;
                let i = (x as usize).min(path.points.len() - 2);
                path.points[i].lerp(path.points[i + 1], x - i as f32)
            });
            let mut vertex = Vertex::new(p, Vec3::Y, [k as f32 / columns as f32, v]);
            let hanging = smooth(0.0, -0.12, p.y - form.centre_m.y);
            let open = layer.open * (1.0 - 0.35 * hanging);
            let shade = (layer.shade * 255.0) as u8;
            vertex.tint = [shade, shade, shade, (open * 255.0) as u8];
            mesh.vertices.push(vertex);
        }
    }
    for k in 0..columns {
        if paths[k].is_none() || paths[(k + 1) % columns].is_none() {
            continue;
        }
        for row in 0..rows - 1 {
            let a = (k * rows + row) as u32;
            let b = a + rows as u32;
            mesh.indices.extend([a, a + 1, b, b, a + 1, b + 1]);
        }
    }
    finish_normals(&mut mesh, form.centre_m);
    mesh
}

/// Smooth normals, turned outwards and softened towards the radial direction.
fn finish_normals(mesh: &mut Mesh, centre: Vec3) {
    mesh.recompute_normals();
    for v in &mut mesh.vertices {
        let out = (Vec3::from(v.position_m) - centre).normalize_or(Vec3::Y);
        let n = Vec3::from(v.normal);
        let n = if n.dot(out) < 0.0 { -n } else { n };
        v.normal = (n * 0.65 + out * 0.35).normalize_or(out).to_array();
    }
    // Sheets wind either way round the whorl; make front faces look outwards.
    for t in mesh.indices.chunks_exact_mut(3) {
        let [a, b, c] = [t[0], t[1], t[2]].map(|i| Vec3::from(mesh.vertices[i as usize].position_m));
        if (b - a).cross(c - a).dot((a + b + c) / 3.0 - centre) < 0.0 {
            t.swap(1, 2);
        }
    }
}

/// A knot of hair at the back of the head.
fn bun(form: &HeadForm, who: &Identity, style: &StyleForm, radius_m: f32, head: Skin, seed: u32) -> BoundPart {
    let direction = BUN_DIRECTION.normalize();
    let middle = form.centre_m + direction * (form.radius_m(direction) + 0.55 * radius_m);
    let (columns, rows) = (20_usize, 9_usize);
    let mut mesh = Mesh::default();
    for k in 0..=columns {
        for row in 0..rows {
            let (a, e) = (k as f32 / columns as f32 * TAU, row as f32 / (rows - 1) as f32 * std::f32::consts::PI);
            let d = Vec3::new(e.sin() * a.cos(), e.sin() * a.sin(), -e.cos());
            let twist = 1.0 + 0.07 * (a * 3.0 + e * 4.0).sin();
            let vertex = Vertex::new(
                middle + d * radius_m * twist,
                d,
                [k as f32 / columns as f32, 0.2 + 0.5 * (row as f32 / rows as f32)],
            );
            mesh.vertices.push(Vertex { tint: [235, 235, 235, 215], ..vertex });
        }
    }
    for k in 0..columns {
        for row in 0..rows - 1 {
            let a = (k * rows + row) as u32;
            let b = a + rows as u32;
            mesh.indices.extend([a, a + 1, b, b, a + 1, b + 1]);
        }
    }
    finish_normals(&mut mesh, middle);
    let solid = Layer { lift: 1.0, gaps: 0.0, shade: 1.0, open: 0.85 };
    let surface = Surface {
        texture: Some(Arc::new(paint(who, style, &solid, seed))),
        roughness: 0.55,
        wrap: 0.25,
        double_sided: true,
        ..Surface::matt([1.0; 3])
    };
    let skin = vec![head; mesh.vertices.len()];
    let Mesh { vertices, indices } = mesh;
    BoundPart { name: "hair knot", role: Role::Hair, surface, vertices, skin, indices }
}

/// Strands: streaks along v, frayed at roots and tips, with gaps in outer layers.
fn paint(who: &Identity, style: &StyleForm, layer: &Layer, seed: u32) -> Texture {
    let base = colour(who.hair_srgb);
    let (w, h) = HAIR_PX;
    let mut rgba = Vec::with_capacity(w * h * 4);
    for y in 0..h {
        let v = (y as f32 + 0.5) / h as f32;
        for x in 0..w {
            let fx = x as f32;
            let lock = noise(Vec3::new(fx * 0.055, v * 1.6, 0.0), seed) * 0.55
                + noise(Vec3::new(fx * 0.17, v * 2.6, 3.0), seed) * 0.45;
            let strand = if style.curl > 0.0 {
                noise(Vec3::new(fx * 0.30, v * 60.0, 6.0), seed) * 0.6
                    + noise(Vec3::new(fx * 0.6, v * 110.0, 7.0), seed) * 0.4
            } else {
                noise(Vec3::new(fx * 0.75, v * 4.5, 6.0), seed)
            };
            let c = base * (1.0 + 0.28 * lock + 0.38 * strand) * (0.72 + 0.28 * smooth(0.0, 0.3, v));
            let tip = 1.0 - style.fray * (0.65 * unit(x as i32 / 5, 1, 0, seed) + 0.35 * unit(x as i32, 2, 0, seed));
            let root = 0.035 * unit(x as i32 / 2, 3, 0, seed) * f32::from(u8::from(style.soft_root));
            let gap = layer.gaps * smooth(0.12, 0.75, v);
            let open = (strand * 0.5 + 0.5) * 0.6 + (lock * 0.5 + 0.5) * 0.4 < gap;
            let cut = v > tip || v < root || open;
            rgba.extend([encode(c.x), encode(c.y), encode(c.z), if cut { 0 } else { 255 }]);
        }
    }
    Texture { width: w as u32, height: h as u32, rgba }
}
