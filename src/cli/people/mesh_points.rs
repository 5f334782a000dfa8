//! Which points of the 468-point face mesh are which of ours.
use laneproof_scenes::people::FACE_POINTS;

/// For each of [`FACE_POINTS`] the mesh's point, or two whose middle it is. The mesh's numbers are those of its canonical
/// face; its left is the person's too. Brows are the middle of the mesh's upper and lower row.
pub(super) const MESH: [[usize; 2]; FACE_POINTS.len()] = [
    [362, 362],
    [133, 133],
    [263, 263],
    [33, 33],
    [386, 386],
    [159, 159],
    [374, 374],
    [145, 145],
    [334, 282],
    [105, 52],
    [6, 6],
    [1, 1],
    [2, 2],
    [327, 327],
    [98, 98],
    [291, 291],
    [61, 61],
    [0, 0],
    [13, 14],
    [17, 17],
    [152, 152],
    [397, 397],
    [172, 172],
];

/// Mean distance between a mesh and our points in percent of the distance between the outer corners of the eyes, as the
/// 300-W challenge norms it (C. Sagonas et al., 2013); `None` without as many points as are compared.
pub(super) fn normalised_error_percent(mesh_px: &[[f32; 2]], points_px: &[[f32; 2]]) -> Option<f32> {
    if mesh_px.len() <= MESH.iter().flatten().copied().max().unwrap_or(0) || points_px.len() != MESH.len() {
        return None;
    }
    let distance = |a: [f32; 2], b: [f32; 2]| (a[0] - b[0]).hypot(a[1] - b[1]);
    let between_eyes = distance(points_px[2], points_px[3]);
    let sum: f32 = MESH
        .iter()
        .zip(points_px)
        .map(|(&[a, b], &ours)| {
            let theirs = std::array::from_fn(|i| (mesh_px[a][i] + mesh_px[b][i]) * 0.5);
            distance(theirs, ours)
        })
        .sum();
    (between_eyes > 0.0).then(|| sum / MESH.len() as f32 / between_eyes * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_of_a_shifted_mesh_is_its_shift() {
        let ours: Vec<[f32; 2]> = (0..MESH.len()).map(|i| [10.0 * i as f32, 5.0 * (i % 4) as f32]).collect();
        let mut mesh = vec![[0.0; 2]; 468];
        for (pair, point) in MESH.iter().zip(&ours) {
            pair.iter().for_each(|&k| mesh[k] = [point[0] + 3.0, point[1] + 4.0]);
        }
        let between_eyes = (ours[3][0] - ours[2][0]).hypot(ours[3][1] - ours[2][1]);
        let error = normalised_error_percent(&mesh, &ours).expect("points");
        assert!((error - 500.0 / between_eyes).abs() < 1e-3, "{error}");
        assert_eq!(normalised_error_percent(&mesh[..10], &ours), None);
    }

    #[test]
    fn sides_are_not_swapped() {
        // In the mesh's numbering the person's right half comes first.
        for (name, [mesh, _]) in FACE_POINTS.iter().zip(MESH) {
            let right = [133, 33, 159, 145, 105, 98, 61, 172].contains(&mesh);
            assert_eq!(name.starts_with("right"), right, "{name}");
        }
    }
}
