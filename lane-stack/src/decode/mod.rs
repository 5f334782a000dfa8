//! From a detector's output tensors to faces: one file per decoder family, and non-maximum suppression.
pub mod retinaface;
pub mod yunet;

use crate::geometry::intersection_over_union;

/// A face in the pixels of a detector's input.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RawFace {
    /// Left, top, right, bottom.
    pub box_px: [f32; 4],
    /// Image-left eye, image-right eye, nose tip, image-left and image-right mouth corner.
    pub landmarks_px: [[f32; 2]; 5],
    /// Score, 0..1.
    pub score: f32,
}

impl RawFace {
    /// Whether all numbers are finite and the box has an area: models may overflow on odd pictures.
    pub fn is_sound(&self) -> bool {
        let numbers = self.box_px.iter().chain(self.landmarks_px.iter().flatten()).chain([&self.score]);
        numbers.copied().all(f32::is_finite) && self.box_px[2] > self.box_px[0] && self.box_px[3] > self.box_px[1]
    }
}

/// Greedy non-maximum suppression: faces in falling score, each dropped when it overlaps a kept one by more than
/// `max_iou`. Equal scores keep the order in which the decoder gave them.
pub fn suppress(mut faces: Vec<RawFace>, max_iou: f32) -> Vec<RawFace> {
    faces.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut kept: Vec<RawFace> = Vec::new();
    for face in faces {
        if kept.iter().all(|k| intersection_over_union(k.box_px, face.box_px) <= max_iou) {
            kept.push(face);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face(left: f32, score: f32) -> RawFace {
        RawFace { box_px: [left, 0.0, left + 10.0, 10.0], landmarks_px: [[0.0; 2]; 5], score }
    }

    #[test]
    fn the_stronger_of_two_overlapping_faces_stays() {
        // Boxes 2 px apart overlap by 8/12, boxes 6 px apart by 4/16.
        let kept = suppress(vec![face(0.0, 0.7), face(2.0, 0.9), face(8.0, 0.6)], 0.45);
        assert_eq!(kept, vec![face(2.0, 0.9), face(8.0, 0.6)]);
        assert_eq!(suppress(vec![face(0.0, 0.7), face(2.0, 0.9)], 0.7).len(), 2);
    }

    #[test]
    fn equal_scores_keep_their_order() {
        assert_eq!(suppress(vec![face(1.0, 0.5), face(0.0, 0.5)], 0.3), vec![face(1.0, 0.5)]);
    }

    #[test]
    fn overflowed_faces_are_not_sound() {
        assert!(face(0.0, 0.5).is_sound());
        assert!(!RawFace { score: f32::NAN, ..face(0.0, 0.5) }.is_sound());
        assert!(!RawFace { box_px: [3.0, 0.0, 3.0, 1.0], ..face(0.0, 0.5) }.is_sound());
    }
}
