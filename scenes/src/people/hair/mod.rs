//! Scalp hair: locks along paths that are combed over the shaped head, shells for what is clipped or tightly curled,
//! knots and plaits.
mod knot;
mod locks;
mod shell;
mod strand;
mod style;
mod texture;
pub(super) mod traits;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use glam::Vec3;

use self::{
    locks::Cut,
    strand::{Ground, Path, Root},
    style::{Comb, Knot, Plaits, StyleForm, form_of},
    texture::{FULL, SPARSE, WISP},
};
pub(super) use self::{
    locks::{Tuft, add_tuft, face_outwards},
    texture::{Strands, paint as lock_picture},
};
use super::{
    bake::BoundPart, detail::Detail, head_form::HeadForm, identity::Identity, library::PeopleLibrary, noise::smooth,
    rig::Skin, scalp::Scalp,
};
use crate::{
    mesh::Mesh,
    surface::{Surface, Texture},
    truth::Role,
};

/// Reflectance of the whitest hair without pigment: about half the light, a little less of the blue (assumption after
/// the looks of white hair in daylight).
const WHITE: Vec3 = Vec3::new(0.46, 0.45, 0.43);

/// Most triangles of the locks of short and of long hair: what a person may cost (a budget, not a measure).
const MAX_TRIANGLES: [usize; 2] = [3200, 6000];

/// Colours of strands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shade {
    /// Linear reflectance with pigment.
    pub pigment: Vec3,
    /// Linear reflectance without.
    pub silver: Vec3,
    /// Share of strands without, 0..1.
    pub grey: f32,
}

/// Where something worn hides the hair, asked by places on the base mesh, metres. Roots there grow nothing that shows;
/// a longer lock is pressed to the head below and comes out at the edge.
pub(super) struct Cover<'a>(pub &'a dyn Fn(Vec3) -> bool);

impl Cover<'_> {
    fn hides(&self, base_place: Vec3) -> bool {
        (self.0)(base_place)
    }
}

/// Surface of hair with a picture: fibres scatter light sideways, so it wraps, and shine in a broad lobe.
pub(super) fn surface(picture: Texture) -> Surface {
    Surface {
        texture: Some(Arc::new(picture)),
        roughness: 0.72,
        specular_f0: 0.045,
        wrap: 0.25,
        double_sided: true,
        ..Surface::matt([1.0; 3])
    }
}

/// The parts of one head of hair, before they are bound to the bones.
struct Grower<'a> {
    ground: Ground<'a>,
    style: &'a StyleForm,
    seed: u32,
}

/// What hair lies on, for one identity.
struct Underlay {
    head: HeadForm,
    /// Dressed neck, shoulders and chest; only for hair that falls.
    body: Option<HeadForm>,
    scalp: Scalp,
    eyes_y_m: f32,
    size: f32,
}

impl Underlay {
    fn new(library: &PeopleLibrary, who: &Identity, shaped: &[Vec3]) -> (Self, StyleForm) {
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
        let style = form_of(who, height);
        let falls = style.hang.is_some() || style.plaits.is_some() || matches!(style.knot, Some(Knot::Tail(_)));
        // The middle of the chest, from where shoulders and neck are seen without folds (in head heights, assumptions).
        let chest = Vec3::new(0.0, place(l.chin).y - 0.82 * height, centre.z - 0.10 * height);
        let underlay = Self {
            head: HeadForm::new(centre, &[&t.face, &t.head], shaped, base),
            body: falls.then(|| HeadForm::new(chest, &[&t.top, &t.head], shaped, base)),
            scalp: Scalp::of(who),
            eyes_y_m: eyes.y,
            size: height / 0.23,
        };
        (underlay, style)
    }

    fn ground<'a>(&'a self, cover: &'a Cover<'a>) -> Ground<'a> {
        let Self { head, body, scalp, eyes_y_m, size } = self;
        Ground { head, body: body.as_ref(), scalp, cover, eyes_y_m: *eyes_y_m, size: *size }
    }
}

/// Grows the scalp hair of an identity on its shaped head.
pub(super) fn grow(
    library: &PeopleLibrary,
    who: &Identity,
    shaped: &[Vec3],
    cover: &Cover<'_>,
    detail: Detail,
) -> Vec<BoundPart> {
    let (underlay, style) = Underlay::new(library, who, shaped);
    let style = style.at(detail);
    let Underlay { head: head_form, scalp, .. } = &underlay;
    let ground = underlay.ground(cover);
    let seed = (who.seed >> 17) as u32;
    let grower = Grower { ground, style: &style, seed };
    let shade = Shade::of_scalp(who);

    let mut meshes: Vec<(&'static str, Mesh, Surface)> = Vec::new();
    let locks = grower.locks(who);
    if !locks.indices.is_empty() {
        meshes.push(("scalp hair", locks, surface(texture::paint(&shade, style.strands, seed))));
    }
    if let Some(plaits) = &style.plaits {
        meshes.push(("plaits", grower.plaits(plaits), surface(texture::paint_plait(&shade, seed))));
    }
    let curly = matches!(style.strands, Strands::Curly | Strands::Coily) && style.lift_m[0] > 0.01;
    for (k, layer) in style.shells.iter().enumerate() {
        let salt = seed.wrapping_add(k as u32 * 977);
        let (bumps, tuft_m) = if curly { (0.22, 0.0042) } else { (0.0, 0.0024) };
        let mesh = shell::mesh(head_form, scalp, cover, layer, bumps, seed);
        meshes.push(("clipped hair", mesh, surface(shell::paint(head_form, scalp, &shade, layer, tuft_m, salt))));
    }

    let head = Skin::rigid(library.head_bone());
    let chest = Skin::rigid(library.rig.bone("spine01").unwrap_or(0));
    let chin_y = shaped[usize::from(library.landmarks.chin)].y;
    let bind = |(name, mut mesh, surface): (&'static str, Mesh, Surface)| {
        locks::face_outwards(&mut mesh);
        let Mesh { vertices, indices } = mesh;
        // Hair on the shoulders stays there when the head turns.
        let skin = vertices
            .iter()
            .map(|v| head.blended(&chest, 0.85 * smooth(chin_y - 0.01, chin_y - 0.16, v.position_m[1])))
            .collect();
        BoundPart { name, role: Role::Hair, surface, vertices, skin, indices }
    };
    meshes.into_iter().filter(|(_, mesh, _)| !mesh.indices.is_empty()).map(bind).collect()
}

impl Grower<'_> {
    /// All loose and tied locks, outermost first: what lies below is then hidden before it is shaded.
    fn locks(&self, who: &Identity) -> Mesh {
        let (ground, style, seed) = (&self.ground, self.style, self.seed);
        let mut mesh = Mesh::default();
        if style.roots == 0 {
            return mesh;
        }
        let centre = ground.head.centre_m;
        let count = (style.roots as f32 * (0.75 + 0.25 * who.hair.density)) as usize;
        let cut = Cut {
            width_m: style.lock_m * ground.size,
            segments: style.segments,
            twist_rad: 0.30 + 0.8 * style.scatter.min(1.0),
            taper: [0.75, 0.55],
            seed,
        };
        let mut paths: Vec<(Root, Path)> = strand::roots(ground, count, 0.002, seed)
            .into_iter()
            .filter_map(|root| Some((root, strand::march(ground, style, root, seed)?)))
            .collect();
        if style.fringe.is_some() {
            // A fringe is cut from more hair than lies behind it.
            let more = strand::roots(ground, count, 0.002, seed ^ 0x3d);
            paths.extend(more.into_iter().filter(|root| strand::in_fringe(ground, style, *root)).filter_map(|root| {
                let root = Root { index: root.index + count as i32, ..root };
                Some((root, strand::march(ground, style, root, seed)?))
            }));
        }
        if let Comb::Parting { normal, .. } = style.comb {
            // Along the parting hair lies one lock thick on either side: more roots close the line between them.
            let more = strand::roots(ground, 3 * count / 2, 0.002, seed ^ 0x59);
            let near = |root: &Root| root.direction.dot(normal).abs() < 0.10 && root.direction.z > -0.3;
            paths.extend(more.into_iter().filter(near).filter_map(|root| {
                let root = Root { index: root.index + 4 * count as i32, ..root };
                Some((root, strand::march(ground, style, root, seed)?))
            }));
        }
        if matches!(style.comb, Comb::Gather(_) | Comb::Toward(_)) {
            // Hair combed off the face bares its hairline: there it is dense, lock beside lock.
            let more = strand::roots(ground, 2 * count, 0.001, seed ^ 0x6b);
            paths.extend(more.into_iter().filter(|root| root.depth_m < 0.012).filter_map(|root| {
                let root = Root { index: root.index + 8 * count as i32, ..root };
                Some((root, strand::march(ground, style, root, seed)?))
            }));
        }
        paths.sort_by(|a, b| b.1.layer.total_cmp(&a.1.layer).then(a.0.index.cmp(&b.0.index)));
        let most = if style.hang.is_some() || style.knot.is_some() { MAX_TRIANGLES[1] } else { MAX_TRIANGLES[0] };
        // What goes first lies innermost.
        paths.truncate(most / (2 * style.segments));
        if let (Comb::Gather(tie), Some(knot)) = (style.comb, style.knot) {
            let hidden = ground.cover.hides(ground.head.base_at(tie));
            match knot {
                Knot::Bun(radius_m) if !hidden => mesh.append(&knot::bun(ground.head, tie, radius_m, seed)),
                Knot::Tail(length_m) if !hidden => {
                    mesh.append(&knot::tail(ground, tie, length_m, 0.03 * who.hair.wave, seed));
                }
                _ => {}
            }
        }
        for (root, path) in &paths {
            // Sparse locks outside, full ones below: the outline is loose and the scalp does not show.
            let columns = if path.layer > 0.80 || root.depth_m < 0.006 || style.start > 0.0 { SPARSE } else { FULL };
            locks::add(&mut mesh, path, centre, &cut, columns, root.index);
        }
        // Single hairs that stand off, and short ones along the hairline.
        let wisps = Cut { twist_rad: 1.2, segments: style.segments.min(4), ..cut };
        for root in strand::roots(ground, count / 8, 0.004, seed ^ 0x77) {
            if let Some(mut path) = strand::march(ground, style, root, seed ^ 0x77) {
                path.layer = 1.0;
                for (i, p) in path.points.iter_mut().enumerate() {
                    *p += (*p - centre).normalize_or(Vec3::Y) * 0.004 * smooth(1.0, 6.0, i as f32);
                }
                locks::add(&mut mesh, &path, centre, &wisps, WISP, root.index);
            }
        }
        mesh
    }

    fn plaits(&self, plaits: &Plaits) -> Mesh {
        let (ground, style, seed) = (&self.ground, self.style, self.seed);
        let centre = ground.head.centre_m;
        let mut mesh = Mesh::default();
        let width_m = plaits.width_m;
        if plaits.rows {
            for row in 0..plaits.count {
                if let Some(path) = strand::row(ground, row, plaits, seed) {
                    knot::plait(&mut mesh, &path, centre, width_m, row as i32, seed);
                }
            }
        } else {
            let roots = strand::roots(ground, plaits.count, 0.003, seed);
            for root in roots {
                if let Some(path) = strand::march(ground, style, root, seed) {
                    let path = path.resampled(style.segments);
                    knot::plait(&mut mesh, &path, centre, width_m, root.index, seed);
                }
            }
        }
        mesh
    }
}
