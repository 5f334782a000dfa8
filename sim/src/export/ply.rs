//! Meshes as binary PLY files (G. Turk, *The PLY polygon file format*, 1994).
use glam::Affine3A;
use laneproof_scenes::mesh::Mesh;

/// A mesh in the world, with a colour (linear factor) at each vertex where one is wanted.
pub(super) fn write(mesh: &Mesh, world_from_mesh: Affine3A, colours: Option<&[[f32; 3]]>) -> Vec<u8> {
    let placed = mesh.transformed(world_from_mesh);
    let colour_names = if colours.is_some() { "property float r\nproperty float g\nproperty float b\n" } else { "" };
    let header = format!(
        "ply\nformat binary_little_endian 1.0\nelement vertex {}\n{}{colour_names}element face {}\nproperty list uchar int vertex_indices\nend_header\n",
        placed.vertices.len(),
        ["x", "y", "z", "nx", "ny", "nz", "u", "v"].map(|name| format!("property float {name}\n")).concat(),
        placed.triangle_count(),
    );
    let mut out = header.into_bytes();
    for (k, vertex) in placed.vertices.iter().enumerate() {
        let colour = colours.map(|all| all[k]);
        let values = vertex.position_m.iter().chain(&vertex.normal).chain(&vertex.uv).copied();
        out.extend(values.chain(colour.into_iter().flatten()).flat_map(f32::to_le_bytes));
    }
    for triangle in placed.indices.chunks_exact(3) {
        out.push(3);
        out.extend(triangle.iter().flat_map(|&i| (i as i32).to_le_bytes()));
    }
    out
}

#[cfg(test)]
mod tests {
    use glam::Vec3;
    use laneproof_scenes::mesh::Vertex;

    use super::*;

    #[test]
    fn a_triangle_is_three_vertices_and_a_face_in_its_place() {
        let corners = [Vec3::ZERO, Vec3::X, Vec3::Y].map(|p| Vertex::new(p, Vec3::Z, [0.25, 0.75]));
        let mesh = Mesh { vertices: corners.to_vec(), indices: vec![0, 1, 2] };
        let up = Affine3A::from_translation(Vec3::new(0.0, 5.0, 0.0));
        let file = write(&mesh, up, Some(&[[0.5, 0.25, 0.125]; 3]));
        let header_len = file.windows(11).position(|w| w == b"end_header\n").unwrap() + 11;
        let body = &file[header_len..];
        assert_eq!(body.len(), 3 * 11 * 4 + 1 + 3 * 4);
        let float = |i: usize| f32::from_le_bytes(body[4 * i..4 * i + 4].try_into().unwrap());
        assert_eq!([float(11), float(12), float(13)], [1.0, 5.0, 0.0]);
        assert_eq!([float(6), float(7)], [0.25, 0.75]);
        assert_eq!([float(8), float(9), float(10)], [0.5, 0.25, 0.125]);
        assert_eq!(body[132], 3);
    }
}
