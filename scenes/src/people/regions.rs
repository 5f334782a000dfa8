//! Which quads of the base mesh become which part, and with what texture coordinates.
use std::collections::{BTreeMap, BTreeSet};

use glam::{Vec2, Vec3};

use super::{
    base_mesh::{BaseMesh, Quad},
    detail::Detail,
    mouth::MouthTemplates,
    rig::Rig,
    scalp::on_ear,
};

/// A vertex of a part: where it comes from and where its texel is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct TemplateVertex {
    /// Base-mesh vertex.
    pub source: u16,
    /// A second vertex, for places on a cut edge.
    pub other: u16,
    /// Share of the second vertex.
    pub share: f32,
    /// Texture coordinates, v downwards.
    pub uv: Vec2,
}

impl TemplateVertex {
    fn at(source: u16, uv: Vec2) -> Self {
        Self { source, other: source, share: 0.0, uv }
    }

    /// The vertex's place among the positions of all base vertices.
    pub fn place(&self, positions: &[Vec3]) -> Vec3 {
        let a = positions[usize::from(self.source)];
        if self.share == 0.0 { a } else { a.lerp(positions[usize::from(self.other)], self.share) }
    }
}

/// Topology of one part, the same for every identity.
#[derive(Debug, Clone, Default)]
pub(super) struct Template {
    pub vertices: Vec<TemplateVertex>,
    pub indices: Vec<u32>,
}

/// Share of the atlas height that the head takes; the neck strip lies below.
const HEAD_ROWS: f32 = 0.87;
/// Low and high end of the neck strip, metres on the base mesh.
const NECK_STRIP_M: (f32, f32) = (0.47, 0.66);

/// All part topologies.
#[derive(Debug)]
pub(super) struct Templates {
    /// Skin of the face, in the head atlas.
    pub face: Template,
    /// Skin of the rest of the head and the neck, in the head atlas.
    pub head: Template,
    /// Hands.
    pub hands: Template,
    /// Upper garment.
    pub top: Template,
    /// Trousers and shoes.
    pub trousers: Template,
    /// Left and right eyeball.
    pub eyes: [Template; 2],
    /// Lashes of both eyes; v runs from the lid (0) to the tips (1).
    pub lashes: Template,
    /// Teeth and tongue.
    pub mouth: MouthTemplates,
}

/// Height of the neckline on the base mesh: the garments end below it. It rises beside the neck, so that it does not cut the
/// tops of the shoulders off, which are as high.
pub(super) fn neckline_y_m(p: Vec3) -> f32 {
    0.585 - 0.30 * (p.z - 0.01) + 0.5 * (p.x.abs() - 0.09).max(0.0)
}

fn is_head_island(base: &BaseMesh, q: &Quad) -> bool {
    let inside = |t: u16| {
        let uv = base.uvs[usize::from(t)];
        uv.x > 0.635 && (0.142..0.822).contains(&uv.y)
    };
    q.t.iter().all(|&t| inside(t)) && q.v.iter().all(|&v| base.positions_m[usize::from(v)].y > 0.55)
}

fn centre(base: &BaseMesh, q: &Quad) -> Vec3 {
    q.v.iter().map(|&v| base.positions_m[usize::from(v)]).sum::<Vec3>() / 4.0
}

fn head_uv(uv: Vec2) -> Vec2 {
    Vec2::new((uv.x - 0.635) / 0.365, (0.822 - uv.y) / 0.68 * HEAD_ROWS)
}

fn neck_uv(p: Vec3, azimuth: f32) -> Vec2 {
    let v = (NECK_STRIP_M.1 - p.y) / (NECK_STRIP_M.1 - NECK_STRIP_M.0);
    // 0.9 of the width for the full turn: quads over the seam at the nape run into the margin.
    Vec2::new(0.5 + azimuth / std::f32::consts::TAU * 0.9, HEAD_ROWS + 0.01 + v.clamp(0.0, 1.0) * (0.98 - HEAD_ROWS))
}

/// Builds an indexed mesh from quads with a texture coordinate per corner.
#[derive(Default)]
struct Builder {
    template: Template,
    known: BTreeMap<(u16, u32, u32), u32>,
}

impl Builder {
    fn corner(&mut self, source: u16, uv: Vec2) -> u32 {
        *self.known.entry((source, uv.x.to_bits(), uv.y.to_bits())).or_insert_with(|| {
            self.template.vertices.push(TemplateVertex::at(source, uv));
            self.template.vertices.len() as u32 - 1
        })
    }

    fn quad(&mut self, corners: [(u16, Vec2); 4]) {
        let i = corners.map(|(source, uv)| self.corner(source, uv));
        for t in [[0, 1, 2], [0, 2, 3]].map(|t| t.map(|k| i[k])) {
            if t[0] != t[1] && t[1] != t[2] && t[2] != t[0] {
                self.template.indices.extend(t);
            }
        }
    }
}

/// Merges vertices that share a cell of the given size and a leading bone; returns each vertex's stand-in.
fn clustered(base: &BaseMesh, rig: &Rig, mut seen: Vec<u16>, cell_m: impl Fn(Vec3) -> f32) -> BTreeMap<u16, u16> {
    let mut cells: BTreeMap<(u16, u32, [i32; 3]), Vec<u16>> = BTreeMap::new();
    seen.sort_unstable();
    seen.dedup();
    for v in seen {
        let p = base.positions_m[usize::from(v)];
        let size = cell_m(p);
        let cell = (p / size).floor().to_array().map(|x| x as i32);
        cells.entry((rig.skin[usize::from(v)].bones[0], size.to_bits(), cell)).or_default().push(v);
    }
    let mut stand_in = BTreeMap::new();
    for members in cells.values() {
        let mean = members.iter().map(|&v| base.positions_m[usize::from(v)]).sum::<Vec3>() / members.len() as f32;
        let distance = |v: u16| base.positions_m[usize::from(v)].distance_squared(mean);
        let best = members.iter().copied().min_by(|&a, &b| distance(a).total_cmp(&distance(b)));
        stand_in.extend(members.iter().map(|&v| (v, best.unwrap_or(v))));
    }
    stand_in
}

fn thinned(
    base: &BaseMesh,
    rig: &Rig,
    quads: &[Quad],
    cell_m: impl Fn(Vec3) -> f32,
    uv: impl Fn(Vec3) -> Vec2,
) -> Template {
    let stand_in = clustered(base, rig, quads.iter().flat_map(|q| q.v).collect(), cell_m);
    let mut builder = Builder::default();
    for q in quads {
        builder.quad(q.v.map(|v| stand_in[&v]).map(|v| (v, uv(base.positions_m[usize::from(v)]))));
    }
    builder.template
}

/// The head with its vertices merged in cells, but where it meets the face. Ears keep half the cell: they stand off.
fn thinned_head(base: &BaseMesh, rig: &Rig, head: &Template, face: &Template, cell_m: f32) -> Template {
    let kept: BTreeSet<u16> = face.vertices.iter().map(|v| v.source).collect();
    let free = head.vertices.iter().map(|v| v.source).filter(|v| !kept.contains(v)).collect();
    let stand_in = clustered(base, rig, free, |p| if on_ear(p) { 0.5 * cell_m } else { cell_m });
    let mut uvs: BTreeMap<u16, Vec<Vec2>> = BTreeMap::new();
    head.vertices.iter().for_each(|v| uvs.entry(v.source).or_default().push(v.uv));
    let mut builder = Builder::default();
    for t in head.indices.chunks_exact(3) {
        let corners = [0, 1, 2].map(|k| {
            let v = head.vertices[t[k] as usize];
            let source = stand_in.get(&v.source).copied().unwrap_or(v.source);
            // At a seam the stand-in has several places in the picture; the one on this side is the nearest.
            let nearest = uvs[&source].iter().copied().min_by(|a, b| a.distance(v.uv).total_cmp(&b.distance(v.uv)));
            (source, nearest.unwrap_or(v.uv))
        });
        builder.quad([corners[0], corners[1], corners[2], corners[0]]);
    }
    builder.template
}

/// Fabric coordinates: the body seen from the front.
fn fabric_uv(p: Vec3) -> Vec2 {
    Vec2::new(0.5 + p.x / 1.1, (0.68 - p.y) / 1.6)
}

impl Templates {
    /// The topologies of one level of detail; face, eyes and lashes are the same at every level.
    pub fn build(base: &BaseMesh, rig: &Rig, detail: Detail) -> Self {
        let (mut face, mut head) = (Builder::default(), Builder::default());
        let mut hands = Vec::new();
        let hand_bones: Vec<u16> = (0..rig.bones.len() as u16)
            .filter(|&b| {
                ["finger", "metacarpal", "wrist"].iter().any(|n| rig.bones[usize::from(b)].name.starts_with(n))
            })
            .collect();
        let hand_share = |v: u16| {
            let skin = &rig.skin[usize::from(v)];
            (0..4).filter(|&k| hand_bones.contains(&skin.bones[k])).map(|k| skin.weights[k]).sum::<f32>()
        };
        for q in base.group("body") {
            let c = centre(base, q);
            if is_head_island(base, q) {
                let corners = [0, 1, 2, 3].map(|k| (q.v[k], head_uv(base.uvs[usize::from(q.t[k])])));
                if is_face(c) { face.quad(corners) } else { head.quad(corners) }
            } else if c.y > neckline_y_m(c) - 0.045 && c.y < 0.67 && c.x.abs() < 0.12 && c.z < 0.125 && is_outer_neck(c)
            {
                let middle = (c.x).atan2(c.z - 0.01);
                head.quad(q.v.map(|v| {
                    let p = base.positions_m[usize::from(v)];
                    let mut azimuth = p.x.atan2(p.z - 0.01);
                    if azimuth - middle > std::f32::consts::PI {
                        azimuth -= std::f32::consts::TAU;
                    } else if middle - azimuth > std::f32::consts::PI {
                        azimuth += std::f32::consts::TAU;
                    }
                    (v, neck_uv(p, azimuth))
                }));
            } else if q.v.iter().map(|&v| hand_share(v)).sum::<f32>() > 0.6 {
                hands.push(*q);
            }
        }
        let tights = base.group("helper-tights");
        let (top, rest): (Vec<Quad>, Vec<Quad>) = tights.iter().partition(|q| centre(base, q).y > 0.075);
        let k = detail.thinning();
        let cloth_cell = |p: Vec3| {
            if p.y > 0.48 {
                0.004
            } else if p.y > 0.30 {
                0.004 * k
            } else {
                0.035
            }
        };
        let (face, head) = (face.template, head.template);
        let head = match detail.head_cell_m() {
            Some(cell_m) => thinned_head(base, rig, &head, &face, cell_m),
            None => head,
        };
        Self {
            face,
            head,
            hands: thinned(base, rig, &hands, |_| 0.007 * k, |_| Vec2::ZERO),
            top: cut_at_neckline(base, &thinned(base, rig, &top, cloth_cell, fabric_uv)),
            trousers: thinned(base, rig, &rest, |_| 0.045, fabric_uv),
            eyes: ["helper-l-eye", "helper-r-eye"].map(|name| eyeball(base, name)),
            lashes: lashes(base),
            mouth: MouthTemplates::build(base),
        }
    }
}

/// Face: brow to chin, ear to ear (see `Role::Face`), on the base mesh.
pub(super) fn is_face(p: Vec3) -> bool {
    p.y > 0.6165 && p.y < 0.768 && p.z > 0.062 && p.z > 0.062 + (0.66 - p.y).max(0.0) * 0.9
}

/// Neck and chest skin, not the throat's inside (MakeHuman's mouth cavity ends behind the tongue).
fn is_outer_neck(p: Vec3) -> bool {
    let q = Vec2::new(p.x, p.z - 0.015);
    p.y < 0.60 || q.length() > 0.030
}

fn eyeball(base: &BaseMesh, name: &str) -> Template {
    let points = base.group_vertices(name);
    let centre = points.iter().map(|&v| base.positions_m[usize::from(v)]).sum::<Vec3>() / points.len() as f32;
    let radius = points.iter().map(|&v| (base.positions_m[usize::from(v)].x - centre.x).abs()).fold(0.0, f32::max);
    let mut builder = Builder::default();
    for q in base.group(name) {
        builder.quad(q.v.map(|v| {
            let d = (base.positions_m[usize::from(v)] - centre) / (2.0 * radius * EYE_TEXTURE_SPAN);
            (v, Vec2::new(0.5 + d.x, 0.5 - d.y))
        }));
    }
    builder.template
}

/// Whole groups of the base mesh as they are.
pub(super) fn template_of(base: &BaseMesh, groups: &[&str], uv: impl Fn(Vec3) -> Vec2) -> Template {
    let mut builder = Builder::default();
    for q in groups.iter().flat_map(|name| base.group(name)) {
        builder.quad(q.v.map(|v| (v, uv(base.positions_m[usize::from(v)]))));
    }
    builder.template
}

/// Width of the eye texture in eyeball diameters.
pub(super) const EYE_TEXTURE_SPAN: f32 = 1.02;

fn lashes(base: &BaseMesh) -> Template {
    let lids: Vec<Vec3> = base
        .group("body")
        .iter()
        .flat_map(|q| q.v)
        .map(|v| base.positions_m[usize::from(v)])
        .filter(|p| (0.71..0.75).contains(&p.y) && p.z > 0.125 && p.x.abs() > 0.010 && p.x.abs() < 0.055)
        .collect();
    let mut builder = Builder::default();
    for name in ["helper-l-eyelashes-1", "helper-l-eyelashes-2", "helper-r-eyelashes-1", "helper-r-eyelashes-2"] {
        let upper = name.ends_with('2');
        for q in base.group(name) {
            builder.quad(q.v.map(|v| {
                let p = base.positions_m[usize::from(v)];
                let reach = lids.iter().map(|l| l.distance(p)).fold(f32::MAX, f32::min);
                let across = ((p.x.abs() - 0.0185) / 0.030).clamp(0.0, 1.0) * 0.5 + if upper { 0.5 } else { 0.0 };
                (v, Vec2::new(across, (reach / 0.008).clamp(0.0, 1.0)))
            }));
        }
    }
    builder.template
}

/// MakeHuman's own texture coordinates of an atlas place; `None` in the neck strip.
pub(super) fn atlas_to_base_uv(uv: Vec2) -> Option<Vec2> {
    (uv.y < HEAD_ROWS).then(|| Vec2::new(uv.x * 0.365 + 0.635, 0.822 - uv.y / HEAD_ROWS * 0.68))
}

/// Cuts a garment along the neckline, with new vertices on the cut edges.
fn cut_at_neckline(base: &BaseMesh, template: &Template) -> Template {
    let above = |v: &TemplateVertex| {
        let p = v.place(&base.positions_m);
        p.y - neckline_y_m(p)
    };
    let mut out = Template { vertices: template.vertices.clone(), indices: Vec::new() };
    let mut cuts: BTreeMap<(u32, u32), u32> = BTreeMap::new();
    for t in template.indices.chunks_exact(3) {
        let mut kept: Vec<u32> = Vec::with_capacity(4);
        for k in 0..3 {
            let (a, b) = (t[k], t[(k + 1) % 3]);
            let (va, vb) = (template.vertices[a as usize], template.vertices[b as usize]);
            let (ha, hb) = (above(&va), above(&vb));
            if ha <= 0.0 {
                kept.push(a);
            }
            if (ha <= 0.0) != (hb <= 0.0) {
                let (low, high, hl, hh) = if a < b { (va, vb, ha, hb) } else { (vb, va, hb, ha) };
                let share = hl / (hl - hh);
                kept.push(*cuts.entry((a.min(b), a.max(b))).or_insert_with(|| {
                    let uv = low.uv.lerp(high.uv, share);
                    out.vertices.push(TemplateVertex { source: low.source, other: high.source, share, uv });
                    out.vertices.len() as u32 - 1
                }));
            }
        }
        for k in 1..kept.len().saturating_sub(1) {
            out.indices.extend([kept[0], kept[k], kept[k + 1]]);
        }
    }
    out.compacted()
}

impl Template {
    /// Without the vertices that no triangle uses.
    fn compacted(self) -> Self {
        let mut index = BTreeMap::new();
        let mut vertices = Vec::new();
        let indices = self.indices.iter().map(|&i| {
            *index.entry(i).or_insert_with(|| {
                vertices.push(self.vertices[i as usize]);
                vertices.len() as u32 - 1
            })
        });
        let indices = indices.collect();
        Self { vertices, indices }
    }
}
