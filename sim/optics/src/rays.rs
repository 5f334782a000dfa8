//! What a ray meets in a vehicle: opaque triangles and panes, through `parry3d`'s bounding-volume hierarchies.
use glam::Vec3;
use laneproof_scenes::{
    mesh::Mesh,
    surface::{Part, Texture},
    truth::{Role, Tag},
    vehicle::Vehicle,
};
use parry3d::{
    math::Vector,
    query::{Ray, RayCast as _},
    shape::TriMesh,
};

use crate::{coat, entrance::Admission, glass::PaneLut};

/// Rays restart this far behind a surface, metres.
pub const SKIN_M: f32 = 1e-3;

/// An opaque surface that a ray met.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    /// Distance along the (unit) ray, metres.
    pub distance_m: f32,
    /// Unit normal of the triangle, turned against the ray.
    pub normal: Vec3,
    /// Whether the ray met the triangle's back.
    pub back: bool,
    /// Reflectance per band, 0..1: the body's, and the coat's mean, which is taken for diffuse.
    pub albedo: [f32; 3],
    /// Radiance the surface emits by itself, W·m⁻²·sr⁻¹ per band.
    pub emitted_radiance: [f32; 3],
    /// What it is.
    pub tag: Tag,
    /// Which of the scene's triangles.
    pub facet: u32,
}

/// An opaque triangle.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facet {
    pub(crate) corners_m: [Vec3; 3],
    pub(crate) normal: Vec3,
    pub(crate) albedo: [f32; 3],
    part: u32,
}

impl Facet {
    /// Its area.
    pub(crate) fn area_m2(&self) -> f32 {
        let [a, b, c] = self.corners_m;
        (b - a).cross(c - a).length() / 2.0
    }

    /// Barycentric shares of the corners at a place in its plane.
    pub(crate) fn shares(&self, place_m: Vec3) -> [f32; 3] {
        let [a, b, c] = self.corners_m;
        let whole = (b - a).cross(c - a).dot(self.normal);
        let share = |p: Vec3, q: Vec3| (p - place_m).cross(q - place_m).dot(self.normal) / whole;
        let (first, second) = (share(b, c), share(c, a));
        [first, second, 1.0 - first - second]
    }
}

/// Triangles of a vehicle (or of anything else made of parts and panes), ready for ray casts in their own frame.
pub struct RayScene {
    opaque: Option<TriMesh>,
    facets: Vec<Facet>,
    parts: Vec<(Tag, [f32; 3])>,
    glass: Option<TriMesh>,
    pane_facets: Vec<(Vec3, u32)>,
    panes: Vec<PaneLut>,
}

impl std::fmt::Debug for RayScene {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RayScene").field("facets", &self.facets.len()).finish_non_exhaustive()
    }
}

impl RayScene {
    /// Body, seats and panes of a vehicle; without its wheels, which no light of the cabin meets.
    pub fn of_vehicle(vehicle: &Vehicle) -> Self {
        let panes: Vec<_> = vehicle.panes.iter().map(|p| (p.mesh.as_ref(), PaneLut::of_pane(p))).collect();
        Self::new(&vehicle.parts, &panes)
    }

    /// Builds the scene of opaque parts and panes.
    pub fn new(opaque: &[Part], panes: &[(&Mesh, PaneLut)]) -> Self {
        let mut facets = Vec::new();
        let mut corners = Vec::new();
        let mut parts = Vec::new();
        for part in opaque {
            let average = part.surface.texture.as_deref().map_or([1.0; 3], mean_reflectance);
            let coat = coat::mean_reflectance(part.surface.specular_f0, part.surface.roughness);
            let indices = part.mesh.indices.chunks_exact(3);
            for ([a, b, c], triangle) in part.mesh.triangles().zip(indices) {
                let Some(normal) = (b - a).cross(c - a).try_normalize() else { continue };
                let tint: [f32; 3] = std::array::from_fn(|band| {
                    triangle.iter().map(|&i| srgb_to_linear(part.mesh.vertices[i as usize].tint[band])).sum::<f32>()
                        / 3.0
                });
                let albedo = std::array::from_fn(|i| part.surface.reflectance[i] * average[i] * tint[i] + coat);
                facets.push(Facet { corners_m: [a, b, c], normal, albedo, part: parts.len() as u32 });
                corners.push([a, b, c]);
            }
            parts.push((part.tag, part.surface.emitted_radiance));
        }
        let mut pane_facets = Vec::new();
        let mut pane_corners = Vec::new();
        for (pane, (mesh, _)) in panes.iter().enumerate() {
            for [a, b, c] in mesh.triangles() {
                let Some(normal) = (b - a).cross(c - a).try_normalize() else { continue };
                pane_facets.push((normal, pane as u32));
                pane_corners.push([a, b, c]);
            }
        }
        Self {
            opaque: tri_mesh(&corners),
            facets,
            parts,
            glass: tri_mesh(&pane_corners),
            pane_facets,
            panes: panes.iter().map(|(_, lut)| lut.clone()).collect(),
        }
    }

    /// The same scene in the light that its panes admit, each its own part, in their order.
    ///
    /// # Panics
    ///
    /// When there are not as many admissions as panes.
    pub(crate) fn admitting(&self, admissions: &[Admission], refractive_index: f64) -> Self {
        assert_eq!(admissions.len(), self.panes.len(), "one admission a pane");
        let admitting = |(lut, admission): (&PaneLut, &Admission)| lut.admitting(admission, refractive_index);
        Self {
            opaque: self.opaque.clone(),
            facets: self.facets.clone(),
            parts: self.parts.clone(),
            glass: self.glass.clone(),
            pane_facets: self.pane_facets.clone(),
            panes: self.panes.iter().zip(admissions).map(admitting).collect(),
        }
    }

    /// Whether there is any glass.
    pub fn has_panes(&self) -> bool {
        self.glass.is_some()
    }

    /// Number of opaque triangles.
    pub(crate) fn facet_count(&self) -> usize {
        self.facets.len()
    }

    /// An opaque triangle.
    pub(crate) fn facet(&self, facet: u32) -> Facet {
        self.facets[facet as usize]
    }

    /// Radiance that a triangle emits by itself.
    pub(crate) fn emitted(&self, facet: u32) -> [f32; 3] {
        self.parts[self.facets[facet as usize].part as usize].1
    }

    /// The first opaque surface on a ray (unit direction).
    pub fn hit(&self, origin_m: Vec3, direction: Vec3) -> Option<Hit> {
        self.hit_past(origin_m, direction, &|_| false)
    }

    /// The first opaque surface on a ray (unit direction) that is not to be passed through.
    pub(crate) fn hit_past(&self, origin_m: Vec3, direction: Vec3, passes: &dyn Fn(Tag) -> bool) -> Option<Hit> {
        let stops = |facet: u32| !passes(self.parts[self.facets[facet as usize].part as usize].0);
        let (facet, distance_m) = first(self.opaque.as_ref()?, origin_m, direction, f32::MAX, stops)?;
        let Facet { normal, albedo, part, .. } = self.facets[facet as usize];
        let (tag, emitted_radiance) = self.parts[part as usize];
        let back = normal.dot(direction) > 0.0;
        let normal = if back { -normal } else { normal };
        Some(Hit { distance_m, normal, back, albedo, emitted_radiance, tag, facet })
    }

    /// Whether any opaque surface stands in the way.
    pub fn blocked(&self, origin_m: Vec3, direction: Vec3) -> bool {
        self.opaque.as_ref().is_some_and(|mesh| meets_any(mesh, origin_m, direction))
    }

    /// Product, per band, of the transmittances of all panes crossed within a distance, and how many those are.
    pub fn glass(&self, origin_m: Vec3, direction: Vec3, distance_m: f32) -> ([f32; 3], u32) {
        let Some(mesh) = &self.glass else { return ([1.0; 3], 0) };
        let (mut transmittance, mut crossings, mut start) = ([1.0; 3], 0, 0.0);
        while start < distance_m {
            let from_m = origin_m + direction * start;
            let Some((facet, step)) = first(mesh, from_m, direction, distance_m - start, |_| true) else { break };
            let (normal, pane) = self.pane_facets[facet as usize];
            let passed = self.panes[pane as usize].at(normal.dot(direction));
            transmittance = std::array::from_fn(|band| transmittance[band] * passed[band]);
            crossings += 1;
            // Wide enough to leave both triangles behind when the ray goes through their common edge.
            start += step + SKIN_M;
        }
        (transmittance, crossings)
    }
}

/// `parry3d` has its own glam: this is the one place where vectors change hands.
fn vector(v: Vec3) -> Vector {
    Vector::new(v.x, v.y, v.z)
}

/// The first of the triangles that stop a ray, and how far away it is.
fn first(
    mesh: &TriMesh,
    origin_m: Vec3,
    direction: Vec3,
    limit_m: f32,
    stops: impl Fn(u32) -> bool,
) -> Option<(u32, f32)> {
    let ray = Ray::new(vector(origin_m), vector(direction));
    mesh.bvh().cast_ray(&ray, limit_m, |facet, nearest_m| {
        let distance_m = mesh.triangle(facet).cast_local_ray(&ray, nearest_m, true)?;
        stops(facet).then_some(distance_m)
    })
}

/// Whether a ray meets any triangle. That a hit is said to be at the ray's start ends the search.
fn meets_any(mesh: &TriMesh, origin_m: Vec3, direction: Vec3) -> bool {
    let ray = Ray::new(vector(origin_m), vector(direction));
    let met = |facet, _| mesh.triangle(facet).cast_local_ray(&ray, f32::MAX, true).map(|_| 0.0);
    mesh.bvh().cast_ray(&ray, f32::MAX, met).is_some()
}

/// `None` when there is nothing to hit.
fn tri_mesh(triangles: &[[Vec3; 3]]) -> Option<TriMesh> {
    let vertices = triangles.iter().flatten().map(|&v| vector(v)).collect();
    let indices = (0..triangles.len() as u32).map(|i| [3 * i, 3 * i + 1, 3 * i + 2]).collect();
    TriMesh::new(vertices, indices).ok()
}

/// IEC 61966-2-1.
fn srgb_to_linear(byte: u8) -> f32 {
    let x = f32::from(byte) / 255.0;
    if x <= 0.04045 { x / 12.92 } else { ((x + 0.055) / 1.055).powf(2.4) }
}

/// Mean linear reflectance of a texture's covered texels.
fn mean_reflectance(texture: &Texture) -> [f32; 3] {
    let table: [f32; 256] = std::array::from_fn(|i| srgb_to_linear(i as u8));
    let (mut sum, mut count) = ([0.0f64; 3], 0u32);
    for texel in texture.rgba.chunks_exact(4).filter(|t| t[3] >= 128) {
        for band in 0..3 {
            sum[band] += f64::from(table[usize::from(texel[band])]);
        }
        count += 1;
    }
    sum.map(|s| (s / f64::from(count.max(1))) as f32)
}

/// Whether who sees the back of such a part is inside a solid, or in the hollow between a lining and the body.
pub(crate) fn is_seen_from_the_front(tag: Tag) -> bool {
    matches!(tag.role, Role::Seat | Role::Interior)
}
