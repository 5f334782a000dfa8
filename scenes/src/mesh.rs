//! Triangle meshes as the renderer and the ray caster take them.
use bytemuck::{Pod, Zeroable};
use glam::{Affine3A, Mat3A, Vec3};

/// One vertex. 36 bytes; uploaded to the GPU as it is.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
pub struct Vertex {
    /// Position in metres, in the frame of whatever owns the mesh.
    pub position_m: [f32; 3],
    /// Unit normal, pointing out of the surface.
    pub normal: [f32; 3],
    /// Texture coordinates; (0, 0) is the first texel of the first row.
    pub uv: [f32; 2],
    /// Red, green, blue: sRGB-encoded factor on the surface's reflectance.
    /// Alpha: ambient visibility, the cosine-weighted share (0..=255) of the hemisphere that the owner itself leaves open.
    pub tint: [u8; 4],
}

impl Vertex {
    /// An untinted vertex with full ambient visibility.
    pub fn new(position_m: Vec3, normal: Vec3, uv: [f32; 2]) -> Self {
        Self { position_m: position_m.to_array(), normal: normal.to_array(), uv, tint: [255; 4] }
    }
}

/// An indexed triangle mesh; counter-clockwise triangles face outwards.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Mesh {
    /// Vertices.
    pub vertices: Vec<Vertex>,
    /// Three indices a triangle.
    pub indices: Vec<u32>,
}

impl Mesh {
    /// Number of triangles.
    pub fn triangle_count(&self) -> usize {
        self.indices.len() / 3
    }

    /// Corner positions of every triangle, metres.
    pub fn triangles(&self) -> impl Iterator<Item = [Vec3; 3]> + '_ {
        self.indices.chunks_exact(3).map(|t| [0, 1, 2].map(|i| Vec3::from(self.vertices[t[i] as usize].position_m)))
    }

    /// Axis-aligned bounds (minimum, maximum) in metres; `None` for an empty mesh.
    pub fn bounds_m(&self) -> Option<(Vec3, Vec3)> {
        let mut points = self.vertices.iter().map(|v| Vec3::from(v.position_m));
        let first = points.next()?;
        Some(points.fold((first, first), |(low, high), p| (low.min(p), high.max(p))))
    }

    /// Adds another mesh's vertices and triangles.
    pub fn append(&mut self, other: &Mesh) {
        let base = self.vertices.len() as u32;
        self.vertices.extend_from_slice(&other.vertices);
        self.indices.extend(other.indices.iter().map(|i| i + base));
    }

    /// The same mesh moved into another frame; normals by the inverse transpose.
    pub fn transformed(&self, target_from_mesh: Affine3A) -> Mesh {
        let normal_matrix: Mat3A = target_from_mesh.matrix3.inverse().transpose();
        let vertices = self
            .vertices
            .iter()
            .map(|v| Vertex {
                position_m: target_from_mesh.transform_point3(v.position_m.into()).to_array(),
                normal: (normal_matrix * Vec3::from(v.normal)).normalize_or_zero().to_array(),
                ..*v
            })
            .collect();
        Mesh { vertices, indices: self.indices.clone() }
    }

    /// Recomputes smooth normals, weighted by triangle area. Vertices that share a place but not an index stay apart.
    pub fn recompute_normals(&mut self) {
        let mut sums = vec![Vec3::ZERO; self.vertices.len()];
        for t in self.indices.chunks_exact(3) {
            let [a, b, c] = [0, 1, 2].map(|i| Vec3::from(self.vertices[t[i] as usize].position_m));
            let area_normal = (b - a).cross(c - a);
            for &i in t {
                sums[i as usize] += area_normal;
            }
        }
        for (vertex, sum) in self.vertices.iter_mut().zip(sums) {
            vertex.normal = sum.normalize_or(Vec3::Y).to_array();
        }
    }
}
