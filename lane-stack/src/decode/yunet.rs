//! YuNet (W. Wu, H. Peng, S. Yu, Machine Intelligence Research 20, 2023): an anchor-free detector. For each stride s
//! there is one cell per s × s pixels, row by row; its anchor is the cell's top-left corner.
use super::RawFace;

/// The outputs of one stride.
#[derive(Debug, Clone, Copy)]
pub struct Level<'a> {
    /// Stride, pixels.
    pub stride_px: u32,
    /// Class score of each cell, 0..1.
    pub cls: &'a [f32],
    /// Objectness of each cell, 0..1.
    pub obj: &'a [f32],
    /// Offset of the centre in strides, logarithm of the size in strides, 4 for each cell.
    pub bbox: &'a [f32],
    /// Offsets of five landmarks in strides, 10 for each cell.
    pub kps: &'a [f32],
}

/// Faces of one stride whose score (class × objectness) reaches the threshold.
pub fn decode(level: &Level<'_>, width_px: u32, score_threshold: f32, faces: &mut Vec<RawFace>) {
    let s = level.stride_px as f32;
    let columns = (width_px / level.stride_px) as usize;
    for (i, (&cls, &obj)) in level.cls.iter().zip(level.obj).enumerate() {
        let score = cls.clamp(0.0, 1.0) * obj.clamp(0.0, 1.0);
        if score < score_threshold || score.is_nan() {
            continue;
        }
        let anchor = [(i % columns) as f32 * s, (i / columns) as f32 * s];
        let bbox = &level.bbox[i * 4..i * 4 + 4];
        let centre = [bbox[0] * s + anchor[0], bbox[1] * s + anchor[1]];
        let half = [bbox[2].exp() * s / 2.0, bbox[3].exp() * s / 2.0];
        let kps = &level.kps[i * 10..i * 10 + 10];
        let face = RawFace {
            box_px: [centre[0] - half[0], centre[1] - half[1], centre[0] + half[0], centre[1] + half[1]],
            landmarks_px: std::array::from_fn(|k| [kps[2 * k] * s + anchor[0], kps[2 * k + 1] * s + anchor[1]]),
            score,
        };
        if face.is_sound() {
            faces.push(face);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_decodes_to_the_face_worked_out_by_hand() {
        // 32 × 16 px input, stride 8: 4 × 2 cells. Cell 6 is column 2, row 1: anchor (16, 8).
        let mut cls = [0.0; 8];
        let mut obj = [0.0; 8];
        let mut bbox = [0.0; 32];
        let mut kps = [0.0; 80];
        cls[6] = 0.9;
        obj[6] = 0.8;
        bbox[24..28].copy_from_slice(&[0.5, 0.25, 2.0f32.ln(), 3.0f32.ln()]);
        kps[60..70].copy_from_slice(&[0.0, 0.5, 1.0, 0.5, 0.5, 1.0, 0.25, 1.5, 0.75, 1.5]);
        let mut faces = Vec::new();
        decode(&Level { stride_px: 8, cls: &cls, obj: &obj, bbox: &bbox, kps: &kps }, 32, 0.5, &mut faces);
        assert_eq!(faces.len(), 1);
        let face = faces[0];
        // Centre (16 + 4, 8 + 2), size (16, 24).
        for (got, want) in face.box_px.iter().zip([12.0, -2.0, 28.0, 22.0]) {
            assert!((got - want).abs() < 1e-4, "{face:?}");
        }
        assert_eq!(face.landmarks_px, [[16.0, 12.0], [24.0, 12.0], [20.0, 16.0], [18.0, 20.0], [22.0, 20.0]]);
        assert!((face.score - 0.72).abs() < 1e-6);
    }

    #[test]
    fn weak_and_overflowed_cells_are_dropped() {
        let mut faces = Vec::new();
        let bbox = [0.0, 0.0, 1e9, 0.0, 0.0, 0.0, 0.0, 0.0];
        let level = Level { stride_px: 8, cls: &[1.0, 0.7], obj: &[1.0, 0.7], bbox: &bbox, kps: &[0.0; 20] };
        decode(&level, 16, 0.5, &mut faces);
        assert!(faces.is_empty());
    }
}
