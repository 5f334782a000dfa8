//! From an identity to a person: shaped geometry in the rig's own pose, with surfaces, ready to be posed.
use std::sync::Arc;

use glam::{Vec2, Vec3};

use super::{
    appearance::Appearance,
    beard,
    clothes::{ease_m, paint_fabric},
    detail::Detail,
    eyes::{paint_eye, paint_lashes},
    face_motion::Lids,
    hair,
    identity::Identity,
    landmarks::LandmarkVertices,
    library::PeopleLibrary,
    mouth,
    regions::{Template, TemplateVertex, neckline_y_m},
    relief,
    rig::Skin,
    skin,
};
use crate::{
    infrared::Infrared,
    mesh::Vertex,
    surface::{Surface, Texture},
    truth::Role,
};

/// Tint of plain skin; ridges are lighter, hollows darker.
const PLAIN_SHADE: f32 = 0.78;

/// Hair with less room than this between skin and what is worn over it is pressed flat, metres (assumption).
const COVERED_BELOW_M: f32 = 0.012;
/// Middle of the upper lip on the base mesh, metres: a mask or veil that hides it hides a beard too.
const UPPER_LIP_M: Vec3 = Vec3::new(0.0, 0.676, 0.156);

/// Which of the face points is the upper lip's edge.
const UPPER_LIP_EDGE: usize = 17;

/// A part before posing.
#[derive(Debug, Clone)]
pub(super) struct BoundPart {
    pub name: &'static str,
    pub role: Role,
    pub surface: Surface,
    pub vertices: Vec<Vertex>,
    pub skin: Vec<Skin>,
    pub indices: Vec<u32>,
}

/// Vertices, their skin weights and triangles of a template on one person: eased off the body, tinted.
type Gather<'a> = dyn Fn(&Template, &dyn Fn(Vec3) -> f32, [u8; 3]) -> (Vec<Vertex>, Vec<Skin>, Vec<u32>) + 'a;

/// A landmark before posing.
#[derive(Debug, Clone, Copy)]
pub(super) struct BoundPoint {
    pub position_m: Vec3,
    pub skin: Skin,
}

/// Landmarks before posing, in the order of `FaceLandmarks`.
#[derive(Debug, Clone)]
pub(super) struct BoundLandmarks {
    pub pupils: [BoundPoint; 2],
    pub nose_tip: BoundPoint,
    pub mouth: [BoundPoint; 2],
    pub chin: BoundPoint,
    pub crown: BoundPoint,
    pub outline: Vec<BoundPoint>,
    pub points: Vec<BoundPoint>,
}

/// One bone of a person.
#[derive(Debug, Clone)]
pub(super) struct Joint {
    pub name: String,
    pub parent: Option<u16>,
    pub head_m: Vec3,
}

/// A baked person: everything but the pose.
#[derive(Debug, Clone)]
pub struct Person {
    pub(super) parts: Vec<BoundPart>,
    pub(super) joints: Vec<Joint>,
    pub(super) landmarks: BoundLandmarks,
    pub(super) lids: Arc<Lids>,
    /// The band that surfaces are in; `None` for the visible.
    pub(super) band: Option<Infrared>,
    /// Distance between the pupils, metres.
    pub interpupillary_m: f32,
    /// Height standing barefoot, metres.
    pub stature_m: f32,
    /// Chin (menton) to top of the bare head, vertically, metres.
    pub head_height_m: f32,
}

impl Person {
    /// Memory that the person takes, bytes: geometry, skin weights and textures (each counted once).
    pub fn memory_bytes(&self) -> usize {
        let mut seen: Vec<*const Texture> = Vec::new();
        let of_part = |part: &BoundPart| {
            let texture = part.surface.texture.as_ref().filter(|texture| {
                let first = !seen.contains(&Arc::as_ptr(texture));
                seen.push(Arc::as_ptr(texture));
                first
            });
            size_of_val(part.vertices.as_slice())
                + size_of_val(part.skin.as_slice())
                + size_of_val(part.indices.as_slice())
                + texture.map_or(0, |texture| texture.rgba.len())
        };
        self.parts.iter().map(of_part).sum::<usize>() + self.lids.memory_bytes()
    }
}

impl PeopleLibrary {
    /// Shapes, paints and dresses an identity as it looks on one day, in every detail. The same values give the same bytes
    /// on any number of threads.
    pub fn bake(&self, identity: &Identity, appearance: &Appearance) -> Person {
        self.bake_at(identity, appearance, Detail::Fine)
    }

    /// [`PeopleLibrary::bake`] at a level of detail.
    pub fn bake_at(&self, identity: &Identity, appearance: &Appearance, detail: Detail) -> Person {
        let identity = &appearance.applied_to(identity);
        let positions = self.shaped_positions_m(identity, &appearance.expression);
        let normals = self.normals(&positions);
        let seed = (identity.seed ^ (identity.seed >> 32)) as u32;
        let (t, atlas) = self.level(detail);
        let prominence = self.relief.prominence_m(&normals, &positions);
        let gather = |template: &Template, ease: &dyn Fn(Vec3) -> f32, tint: [u8; 3]| {
            let vertices: Vec<Vertex> = template
                .vertices
                .iter()
                .map(|v| {
                    let normal = v.place(&normals).normalize_or(Vec3::Z);
                    let position = v.place(&positions) + normal * ease(v.place(&self.base.positions_m));
                    let [r, g, b] = tint;
                    Vertex {
                        position_m: position.to_array(),
                        normal: normal.to_array(),
                        uv: v.uv.to_array(),
                        tint: [r, g, b, self.ambient[usize::from(v.source)]],
                    }
                })
                .collect();
            let weights = |v: u16| self.rig.skin[usize::from(v)];
            let blended = |v: &TemplateVertex| match v.share {
                0.0 => weights(v.source),
                share => weights(v.source).blended(&weights(v.other), share),
            };
            let skin = template.vertices.iter().map(blended).collect();
            (vertices, skin, template.indices.clone())
        };
        let part =
            |name, role, surface, (vertices, skin, indices)| BoundPart { name, role, surface, vertices, skin, indices };
        let bare = |_: Vec3| 0.0;
        let white = [255; 3];

        let skin_picture = Arc::new(skin::paint(atlas, identity));
        let skin_surface = |texture: Option<Arc<Texture>>| Surface {
            texture,
            roughness: 0.42,
            // Index 1.4 and a film of sebum (assumption).
            specular_f0: 0.034,
            wrap: 0.35,
            ..Surface::matt([1.0 / PLAIN_SHADE; 3])
        };
        let tone = skin::base_tone(identity).to_array().map(skin::encode);
        // The tint carries the shade of hollows; plain skin has a middle one, so that ridges can be lighter.
        let shaded = |template: &Template| {
            let (mut vertices, skin, indices) = gather(template, &bare, white);
            for (vertex, v) in vertices.iter_mut().zip(&template.vertices) {
                let shade = prominence.get(&v.source).map_or(Vec3::ONE, |&p| relief::shade(p));
                let [r, g, b] = (shade * PLAIN_SHADE).to_array().map(skin::encode);
                vertex.tint = [r, g, b, vertex.tint[3]];
            }
            (vertices, skin, indices)
        };

        let mut parts = vec![
            part("face skin", Role::Face, skin_surface(Some(skin_picture.clone())), shaded(&t.face)),
            part("head skin", Role::Head, skin_surface(Some(skin_picture)), shaded(&t.head)),
            part(
                "hands",
                Role::Limb,
                Surface { reflectance: [1.0; 3], ..skin_surface(None) },
                gather(&t.hands, &bare, tone),
            ),
        ];
        parts.push(self.eyes(identity, &positions, &gather));
        parts.extend(self.mouth(identity, &positions, &gather));
        let lash_surface =
            Surface { texture: Some(Arc::new(paint_lashes(identity))), double_sided: true, ..Surface::matt([1.0; 3]) };
        parts.push(part("lashes", Role::Hair, lash_surface, gather(&t.lashes, &bare, white)));
        let fabric = |srgb, salt: u32| Surface {
            texture: Some(Arc::new(paint_fabric(srgb, seed ^ salt))),
            ..Surface::matt([1.0; 3])
        };
        let mut top = part("top", Role::Clothes, fabric(identity.top_srgb, 1), gather(&t.top, &ease_m, white));
        add_collar(&mut top, &t.top, &self.base.positions_m);
        parts.push(top);
        let trousers = gather(&t.trousers, &ease_m, white);
        parts.push(part("trousers", Role::Clothes, fabric(identity.trousers_srgb, 2), trousers));
        let wear = &appearance.wear;
        let covered = |place| wear.hair_room_m(place) < COVERED_BELOW_M;
        parts.extend(hair::grow(self, identity, &positions, &hair::Cover(&covered), detail));
        if !covered(UPPER_LIP_M) {
            parts.extend(beard::grow(self, identity, &positions));
        }
        parts.extend(wear.parts(self, &positions, &normals, identity.top_srgb));

        let heads = self.rig.joints(&positions);
        let joints: Vec<Joint> = self
            .rig
            .bones
            .iter()
            .zip(heads)
            .map(|(b, head_m)| Joint { name: b.name.clone(), parent: b.parent, head_m })
            .collect();
        let landmarks = self.bound_landmarks(&positions);
        Person {
            interpupillary_m: landmarks.pupils[0].position_m.distance(landmarks.pupils[1].position_m),
            stature_m: self.stature_m(&positions),
            head_height_m: landmarks.crown.position_m.y - landmarks.chin.position_m.y,
            band: None,
            lids: Arc::new(self.lids(&parts, &positions)),
            parts,
            joints,
            landmarks,
        }
    }

    /// Height of a shaped body standing barefoot, metres.
    pub(super) fn stature_m(&self, positions: &[Vec3]) -> f32 {
        let feet = self.base.group_vertices("joint-ground");
        let ground = feet.iter().map(|&v| positions[usize::from(v)].y).sum::<f32>() / feet.len().max(1) as f32;
        positions[usize::from(self.landmarks.crown)].y - ground
    }

    fn bound_landmarks(&self, positions: &[Vec3]) -> BoundLandmarks {
        let LandmarkVertices { nose_tip, mouth, chin, crown, outline, points, .. } = &self.landmarks;
        let [left, right] = self.landmarks.pupils_m(positions);
        let [left_eye, right_eye] = self.eye_bones();
        let point =
            |&v: &u16| BoundPoint { position_m: positions[usize::from(v)], skin: self.rig.skin[usize::from(v)] };
        // Pupils go where the eyes turn.
        BoundLandmarks {
            pupils: [(left, left_eye), (right, right_eye)]
                .map(|(position_m, bone)| BoundPoint { position_m, skin: Skin::rigid(bone) }),
            nose_tip: point(nose_tip),
            mouth: [point(&mouth[0]), point(&mouth[1])],
            chin: point(chin),
            crown: point(crown),
            outline: outline.iter().map(point).collect(),
            points: points.iter().map(point).collect(),
        }
    }

    pub(super) fn head_bone(&self) -> u16 {
        self.rig.bone("head").unwrap_or(0)
    }

    /// The bones that turn the left and the right eyeball about their middles.
    fn eye_bones(&self) -> [u16; 2] {
        ["eye.L", "eye.R"].map(|name| self.rig.bone(name).unwrap_or_else(|| self.head_bone()))
    }

    fn mouth(&self, identity: &Identity, positions: &[Vec3], gather: &Gather<'_>) -> [BoundPart; 2] {
        let lips_z_m = positions[usize::from(self.landmarks.points[UPPER_LIP_EDGE])].z;
        let moist = Surface { roughness: 0.45, specular_f0: 0.03, wrap: 0.3, ..Surface::matt([1.0; 3]) };
        let enamel =
            Surface { texture: Some(mouth::paint_teeth(identity.seed as u32, identity.age_years)), ..moist.clone() };
        let t = &self.templates.mouth;
        [("teeth", &t.teeth, enamel, [255; 3]), ("tongue", &t.tongue, moist, mouth::tongue_tint())].map(
            |(name, template, surface, tint)| {
                let (mut vertices, skin, indices) = gather(template, &|_| 0.0, tint);
                mouth::darken(&mut vertices, lips_z_m);
                BoundPart { name, role: Role::Face, surface, vertices, skin, indices }
            },
        )
    }

    fn eyes(&self, identity: &Identity, positions: &[Vec3], gather: &Gather<'_>) -> BoundPart {
        let (mut vertices, mut skin, mut indices) = (Vec::new(), Vec::new(), Vec::new());
        let mut radius = 0.0;
        for (template, bone) in self.templates.eyes.iter().zip(self.eye_bones()) {
            let (mut eye, _, triangles) = gather(template, &|_| 0.0, [255; 3]);
            let places = || template.vertices.iter().map(|v| positions[usize::from(v.source)]);
            let (low, high) = places().fold((Vec3::MAX, Vec3::MIN), |(l, h), p| (l.min(p), h.max(p)));
            let centre = (low + high) / 2.0;
            radius = (high - low).truncate().max_element() / 2.0;
            for v in &mut eye {
                // Planar from the front in the shaped head, so that the iris stays a circle of its own size.
                let d =
                    (Vec3::from(v.position_m) - centre).truncate() / (2.0 * radius * super::regions::EYE_TEXTURE_SPAN);
                v.uv = (Vec2::splat(0.5) + Vec2::new(d.x, -d.y)).to_array();
            }
            let base = vertices.len() as u32;
            skin.extend(vec![Skin::rigid(bone); eye.len()]);
            vertices.extend(eye);
            indices.extend(triangles.iter().map(|i| i + base));
        }
        let surface = Surface {
            texture: Some(Arc::new(paint_eye(identity, radius))),
            roughness: 0.08,
            specular_f0: 0.025,
            wrap: 0.2,
            ..Surface::matt([1.0; 3])
        };
        BoundPart { name: "eyes", role: Role::Eyes, surface, vertices, skin, indices }
    }
}

/// Turns the open upper edge of the garment into a standing rim that ends below the skin, so that no gap shows.
fn add_collar(top: &mut BoundPart, template: &Template, base: &[Vec3]) {
    use std::collections::BTreeMap;
    let mut edges: BTreeMap<(u32, u32), u32> = BTreeMap::new();
    for t in template.indices.chunks_exact(3) {
        for (a, b) in [(t[0], t[1]), (t[1], t[2]), (t[2], t[0])] {
            *edges.entry((a.min(b), a.max(b))).or_default() += 1;
        }
    }
    let place = |i: u32| template.vertices[i as usize].place(base);
    let at_neck = |i: u32| neckline_y_m(place(i)) - place(i).y < 0.002;
    // Two rings above the edge: out and up (the visible rim), then in through the skin.
    let mut rings: BTreeMap<u32, [u32; 2]> = BTreeMap::new();
    for t in template.indices.chunks_exact(3) {
        for (a, b) in [(t[0], t[1]), (t[1], t[2]), (t[2], t[0])] {
            if edges[&(a.min(b), a.max(b))] != 1 || !at_neck(a) || !at_neck(b) {
                continue;
            }
            for i in [a, b] {
                rings.entry(i).or_insert_with(|| {
                    let v = top.vertices[i as usize];
                    let p = Vec3::from(v.position_m);
                    let inward = Vec3::new(-p.x, 0.0, 0.012 - p.z).normalize_or_zero();
                    let skin = top.skin[i as usize];
                    let mut add = |q: Vec3, shade: u8| {
                        let [r, g, b, open] = v.tint;
                        let dim = |c: u8| (u32::from(c) * u32::from(shade) / 255) as u8;
                        top.vertices.push(Vertex {
                            position_m: q.to_array(),
                            tint: [dim(r), dim(g), dim(b), open],
                            ..v
                        });
                        top.skin.push(skin);
                        top.vertices.len() as u32 - 1
                    };
                    [add(p + Vec3::Y * 0.012 + inward * 0.004, 235), add(p + Vec3::Y * 0.010 + inward * 0.030, 170)]
                });
            }
            let ([a1, a2], [b1, b2]) = (rings[&a], rings[&b]);
            top.indices.extend([a, a1, b, b, a1, b1, a1, a2, b1, b1, a2, b2]);
        }
    }
}
