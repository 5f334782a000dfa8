//! Head pose from five landmarks by weak perspective.
//!
//! A five-point model of a head is fitted under scaled orthography: POS of D. DeMenthon and L. Davis, "Model-based
//! object pose in 25 lines of code", IJCV 15, 1995, first step, with the two rows made orthogonal symmetrically.

/// Angles of a head as seen by the camera, degrees, with the signs of ISO/IEC 39794-5: yaw is positive towards the
/// person's left (image right), pitch is positive looking down, roll is positive towards the person's right shoulder.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pose {
    /// Yaw, degrees.
    pub yaw_deg: f32,
    /// Pitch, degrees.
    pub pitch_deg: f32,
    /// Roll, degrees.
    pub roll_deg: f32,
}

/// Eyes, nose tip and mouth corners of an average head: image right, image down, towards the camera; millimetres.
/// 62.5 mm between the eyes; the nose tip is that of the neutral MakeHuman head (36.4 mm under and 28.8 mm before the
/// corneas at 61.6 mm between the eyes). Assumptions: the mouth's height, between the ArcFace template's 72 mm and the
/// 64–70 mm at which detectors put it, its width (that template's), and its depth.
const HEAD_MM: [[f64; 3]; 5] =
    [[-31.25, 0.0, 0.0], [31.25, 0.0, 0.0], [0.0, 37.0, 29.2], [-25.9, 69.0, 2.0], [25.9, 69.0, 2.0]];

/// The pose; `None` when the landmarks coincide or are not finite.
pub fn from_landmarks(landmarks_px: &[[f32; 2]; 5]) -> Option<Pose> {
    let model_mean = mean(&HEAD_MM);
    let model = HEAD_MM.map(|p| std::array::from_fn::<f64, 3, _>(|i| p[i] - model_mean[i]));
    let points = landmarks_px.map(|p| p.map(f64::from));
    let point_mean = mean(&points);
    // Affine least squares: rows = (Σ x Xᵀ)(Σ X Xᵀ)⁻¹.
    let mut gram = [[0.0; 3]; 3];
    let mut moments = [[0.0; 3]; 2];
    for (m, p) in model.iter().zip(&points) {
        for j in 0..3 {
            for (k, row) in gram.iter_mut().enumerate() {
                row[j] += m[k] * m[j];
            }
            for (k, row) in moments.iter_mut().enumerate() {
                row[j] += (p[k] - point_mean[k]) * m[j];
            }
        }
    }
    let inverse = invert(gram)?;
    let [u, v] = moments.map(|row| std::array::from_fn::<f64, 3, _>(|j| (0..3).map(|k| row[k] * inverse[k][j]).sum()));
    let (u, v) = (normal(u)?, normal(v)?);
    let sum = normal(std::array::from_fn(|i| u[i] + v[i]))?;
    let difference = normal(std::array::from_fn(|i| u[i] - v[i]))?;
    let half = std::f64::consts::FRAC_1_SQRT_2;
    let right: [f64; 3] = std::array::from_fn(|i| (sum[i] + difference[i]) * half);
    let down: [f64; 3] = std::array::from_fn(|i| (sum[i] - difference[i]) * half);
    let towards = right[0] * down[1] - right[1] * down[0];
    Some(Pose {
        yaw_deg: right[2].atan2(towards).to_degrees() as f32,
        pitch_deg: down[2].atan2(right[2].hypot(towards)).to_degrees() as f32,
        roll_deg: (-down[0]).atan2(right[0]).to_degrees() as f32,
    })
}

fn mean<const N: usize>(points: &[[f64; N]; 5]) -> [f64; N] {
    std::array::from_fn(|i| points.iter().map(|p| p[i]).sum::<f64>() / 5.0)
}

fn normal(v: [f64; 3]) -> Option<[f64; 3]> {
    let length = v.iter().map(|x| x * x).sum::<f64>().sqrt();
    (length.is_finite() && length > 1e-9).then(|| v.map(|x| x / length))
}

fn invert(m: [[f64; 3]; 3]) -> Option<[[f64; 3]; 3]> {
    let cofactor = |r: usize, c: usize| {
        let (r1, r2, c1, c2) = ((r + 1) % 3, (r + 2) % 3, (c + 1) % 3, (c + 2) % 3);
        m[r1][c1] * m[r2][c2] - m[r1][c2] * m[r2][c1]
    };
    let determinant: f64 = (0..3).map(|c| m[0][c] * cofactor(0, c)).sum();
    (determinant.abs() > 1e-9).then(|| std::array::from_fn(|r| std::array::from_fn(|c| cofactor(c, r) / determinant)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scaled orthographic landmarks of the model head: roll after pitch after yaw, angles in degrees.
    fn project(yaw: f64, pitch: f64, roll: f64) -> [[f32; 2]; 5] {
        let (yaw, pitch, roll) = (yaw.to_radians(), pitch.to_radians(), roll.to_radians());
        HEAD_MM.map(|[x, y, z]| {
            let (x, z) = (x * yaw.cos() + z * yaw.sin(), -x * yaw.sin() + z * yaw.cos());
            let y = y * pitch.cos() + z * pitch.sin();
            let (x, y) = (x * roll.cos() + y * roll.sin(), -x * roll.sin() + y * roll.cos());
            [(300.0 + 1.4 * x) as f32, (200.0 + 1.4 * y) as f32]
        })
    }

    #[test]
    fn the_angles_of_a_projected_head_come_back() {
        for (yaw, pitch, roll) in
            [(0.0, 0.0, 0.0), (30.0, 0.0, 0.0), (-45.0, 0.0, 0.0), (0.0, 20.0, 0.0), (0.0, 0.0, 25.0)]
        {
            let pose = from_landmarks(&project(yaw, pitch, roll)).unwrap();
            for (got, want) in [(pose.yaw_deg, yaw), (pose.pitch_deg, pitch), (pose.roll_deg, roll)] {
                assert!((f64::from(got) - want).abs() < 0.1, "{pose:?} {yaw} {pitch} {roll}");
            }
        }
    }

    #[test]
    fn signs_are_those_of_the_standard() {
        // Turned to the person's left, the nose moves to the image's right.
        let turned = project(20.0, 0.0, 0.0);
        assert!(turned[2][0] - 300.0 > (turned[0][0] + turned[1][0]) / 2.0 - 300.0);
        // Tilted towards the person's right shoulder (image left), the image-left eye is the lower one.
        let tilted = project(0.0, 0.0, 10.0);
        assert!(tilted[0][1] > tilted[1][1]);
    }

    #[test]
    fn points_that_coincide_have_no_pose() {
        assert_eq!(from_landmarks(&[[3.0, 4.0]; 5]), None);
        assert_eq!(from_landmarks(&[[f32::NAN, 4.0]; 5]), None);
    }
}
