//! Windows that are let down.
use glam::Vec3;

use crate::mesh::{Mesh, Vertex};

/// The part of a pane that is left to see when this share of its height is let down: the glass slides into the door, so its
/// upper edge sinks, and below it the pane is where it was.
pub(super) fn lowered(mesh: Mesh, share: f32) -> Mesh {
    let Some((low, high)) = mesh.bounds_m().filter(|_| share > 0.0) else { return mesh };
    let edge_y_m = high.y - (high.y - low.y) * share.min(1.0);
    let mut left = Mesh::default();
    for t in mesh.indices.chunks_exact(3) {
        let corners = [0, 1, 2].map(|k| mesh.vertices[t[k] as usize]);
        let below = |v: &Vertex| edge_y_m - v.position_m[1];
        let mut polygon: Vec<Vertex> = Vec::with_capacity(4);
        for k in 0..3 {
            let (a, b) = (corners[k], corners[(k + 1) % 3]);
            if below(&a) >= 0.0 {
                polygon.push(a);
            }
            if (below(&a) >= 0.0) != (below(&b) >= 0.0) {
                let t = below(&a) / (below(&a) - below(&b));
                let mix = |a: [f32; 3], b: [f32; 3]| Vec3::from(a).lerp(b.into(), t);
                polygon.push(Vertex {
                    position_m: mix(a.position_m, b.position_m).to_array(),
                    normal: mix(a.normal, b.normal).normalize_or(Vec3::Y).to_array(),
                    ..a
                });
            }
        }
        let base = left.vertices.len() as u32;
        left.indices.extend((2..polygon.len() as u32).flat_map(|k| [base, base + k - 1, base + k]));
        left.vertices.extend(polygon);
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area_m2(mesh: &Mesh) -> f32 {
        mesh.triangles().map(|[a, b, c]| (b - a).cross(c - a).length() / 2.0).sum()
    }

    #[test]
    fn a_square_keeps_its_lower_part() {
        let vertex = |x, y| Vertex::new(Vec3::new(x, y, 0.0), Vec3::Z, [0.0; 2]);
        let square = || Mesh {
            vertices: vec![vertex(0.0, 1.0), vertex(1.0, 1.0), vertex(1.0, 2.0), vertex(0.0, 2.0)],
            indices: vec![0, 1, 2, 0, 2, 3],
        };
        assert_eq!(lowered(square(), 0.0), square());
        for share in [0.2, 0.5, 0.9] {
            let left = lowered(square(), share);
            assert!((area_m2(&left) - (1.0 - share)).abs() < 1e-5);
            let (low, high) = left.bounds_m().expect("some is left");
            assert!((low.y - 1.0).abs() < 1e-6 && (high.y - (2.0 - share)).abs() < 1e-5);
            assert!(left.triangles().all(|[a, b, c]| (b - a).cross(c - a).z >= 0.0), "normals stay outwards");
        }
        assert!(area_m2(&lowered(square(), 1.0)) < 1e-6);
    }
}
