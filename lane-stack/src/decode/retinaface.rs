//! RetinaFace (J. Deng et al., CVPR 2020): offsets from priors at cell centres, scaled by variances as in SSD.
use super::RawFace;

/// The priors of an input, in the order of the model's outputs: strides, rows, columns, sizes;
/// each is centre x, centre y, size, in pixels.
pub fn priors(strides_px: &[u32], sizes_px: &[Vec<f32>], width_px: u32, height_px: u32) -> Vec<[f32; 3]> {
    let mut priors = Vec::new();
    for (&stride, sizes) in strides_px.iter().zip(sizes_px) {
        for row in 0..height_px.div_ceil(stride) {
            for column in 0..width_px.div_ceil(stride) {
                let s = stride as f32;
                for &size in sizes {
                    priors.push([(column as f32 + 0.5) * s, (row as f32 + 0.5) * s, size]);
                }
            }
        }
    }
    priors
}

/// Faces whose score reaches the threshold. `loc` has 4 numbers a prior, `conf` 2 (the second is the face's
/// probability), `landms` 10.
pub fn decode(
    priors: &[[f32; 3]],
    variances: [f32; 2],
    [loc, conf, landms]: [&[f32]; 3],
    score_threshold: f32,
) -> Vec<RawFace> {
    let mut faces = Vec::new();
    for (i, &[px, py, size]) in priors.iter().enumerate() {
        let score = conf[2 * i + 1];
        if score < score_threshold || score.is_nan() {
            continue;
        }
        let step = variances[0] * size;
        let loc = &loc[4 * i..4 * i + 4];
        let centre = [px + loc[0] * step, py + loc[1] * step];
        let half = [size * (loc[2] * variances[1]).exp() / 2.0, size * (loc[3] * variances[1]).exp() / 2.0];
        let landms = &landms[10 * i..10 * i + 10];
        let face = RawFace {
            box_px: [centre[0] - half[0], centre[1] - half[1], centre[0] + half[0], centre[1] + half[1]],
            landmarks_px: std::array::from_fn(|k| [px + landms[2 * k] * step, py + landms[2 * k + 1] * step]),
            score,
        };
        if face.is_sound() {
            faces.push(face);
        }
    }
    faces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priors_run_over_strides_rows_columns_sizes() {
        let priors = priors(&[8, 16], &[vec![16.0, 32.0], vec![64.0]], 24, 16);
        assert_eq!(priors.len(), 3 * 2 * 2 + 2);
        assert_eq!(priors[0], [4.0, 4.0, 16.0]);
        assert_eq!(priors[1], [4.0, 4.0, 32.0]);
        assert_eq!(priors[2], [12.0, 4.0, 16.0]);
        assert_eq!(priors[6], [4.0, 12.0, 16.0]);
        assert_eq!(priors[13], [24.0, 8.0, 64.0]);
    }

    #[test]
    fn a_prior_decodes_to_the_face_worked_out_by_hand() {
        let priors = [[4.0, 4.0, 16.0], [12.0, 4.0, 32.0]];
        let mut loc = [0.0; 8];
        loc[4..].copy_from_slice(&[1.0, -2.0, 0.0, 5.0 * 2.0f32.ln()]);
        let mut landms = [0.0; 20];
        landms[10..14].copy_from_slice(&[-1.0, 0.0, 1.0, 0.5]);
        let faces = decode(&priors, [0.1, 0.2], [&loc, &[0.9, 0.1, 0.2, 0.8], &landms], 0.6);
        assert_eq!(faces.len(), 1);
        // Centre (12 + 1·3.2, 4 − 2·3.2), size (32, 32·2).
        for (got, want) in faces[0].box_px.iter().zip([15.2 - 16.0, -2.4 - 32.0, 15.2 + 16.0, -2.4 + 32.0]) {
            assert!((got - want).abs() < 1e-4, "{:?}", faces[0]);
        }
        for (got, want) in faces[0].landmarks_px.iter().flatten().zip([8.8, 4.0, 15.2, 5.6, 12.0, 4.0]) {
            assert!((got - want).abs() < 1e-4, "{:?}", faces[0]);
        }
        assert_eq!(faces[0].score, 0.8);
    }
}
