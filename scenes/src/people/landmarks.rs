//! Named places on the face, for truth and for framing.
use glam::{Quat, Vec3};

use super::{
    base_mesh::BaseMesh,
    regions::{Templates, is_face},
};

/// Where a face's parts are; left and right are the person's own.
#[derive(Debug, Clone, PartialEq)]
pub struct FaceLandmarks {
    /// Middle of the left pupil, on the cornea.
    pub left_pupil_m: Vec3,
    /// Middle of the right pupil.
    pub right_pupil_m: Vec3,
    /// Foremost point of the nose.
    pub nose_tip_m: Vec3,
    /// Left corner of the mouth.
    pub mouth_left_m: Vec3,
    /// Right corner of the mouth.
    pub mouth_right_m: Vec3,
    /// Lowest point of the chin in the middle (menton).
    pub chin_m: Vec3,
    /// Top of the bare head (vertex), below the hair.
    pub crown_m: Vec3,
    /// Points round the face, brow to chin and ear to ear; their projections' bounds are the face box.
    pub face_outline_m: Vec<Vec3>,
    /// The places of [`FACE_POINTS`].
    pub points_m: Vec<Vec3>,
    /// Turns the face's frame (+Z out of the face, +Y up the head) into the owner's frame.
    pub head_rotation: Quat,
}

impl FaceLandmarks {
    /// The same landmarks in another frame: `at` moves a point, `rotation` turns the owner's frame into the other.
    pub fn moved(&self, at: impl Fn(Vec3) -> Vec3, rotation: Quat) -> Self {
        Self {
            left_pupil_m: at(self.left_pupil_m),
            right_pupil_m: at(self.right_pupil_m),
            nose_tip_m: at(self.nose_tip_m),
            mouth_left_m: at(self.mouth_left_m),
            mouth_right_m: at(self.mouth_right_m),
            chin_m: at(self.chin_m),
            crown_m: at(self.crown_m),
            face_outline_m: self.face_outline_m.iter().map(|&p| at(p)).collect(),
            points_m: self.points_m.iter().map(|&p| at(p)).collect(),
            head_rotation: rotation * self.head_rotation,
        }
    }
}

/// The base-mesh vertices behind the landmarks.
#[derive(Debug)]
pub(super) struct LandmarkVertices {
    /// Left and right eyeball: the mesh has no vertex in the middle of a pupil.
    pub eyes: [Vec<u16>; 2],
    pub nose_tip: u16,
    pub mouth: [u16; 2],
    pub chin: u16,
    pub crown: u16,
    pub outline: Vec<u16>,
    pub points: Vec<u16>,
}

/// Names of anatomical points that other face models know too; left and right are the person's own.
pub const FACE_POINTS: [&str; 23] = [
    "left eye, inner corner",
    "right eye, inner corner",
    "left eye, outer corner",
    "right eye, outer corner",
    "left upper lid",
    "right upper lid",
    "left lower lid",
    "right lower lid",
    "left brow",
    "right brow",
    "bridge of the nose",
    "tip of the nose",
    "below the nose",
    "left wing of the nose",
    "right wing of the nose",
    "left corner of the mouth",
    "right corner of the mouth",
    "upper lip, edge",
    "between the lips",
    "lower lip, edge",
    "chin",
    "left jaw",
    "right jaw",
];

/// Where they are on the HM08 mesh. Of pairs, the left one is given.
const POINTS_M: [Vec3; 15] = [
    Vec3::new(0.0174, 0.7284, 0.1399),
    Vec3::new(0.0445, 0.7290, 0.1355),
    Vec3::new(0.0311, 0.7332, 0.1411),
    Vec3::new(0.0311, 0.7240, 0.1405),
    Vec3::new(0.0419, 0.7484, 0.1380),
    Vec3::new(0.0, 0.7261, 0.1514),
    // The tip is the foremost point, found as such.
    Vec3::new(0.0, 0.6930, 0.1660),
    Vec3::new(0.0, 0.6789, 0.1563),
    Vec3::new(0.0151, 0.6837, 0.1488),
    MOUTH_CORNERS_M[0],
    Vec3::new(0.0, 0.6696, 0.1597),
    Vec3::new(0.0, 0.6608, 0.1553),
    Vec3::new(0.0, 0.6527, 0.1562),
    // The chin is the lowest point in the middle, found as such.
    Vec3::new(0.0, 0.6160, 0.1260),
    Vec3::new(0.0553, 0.6579, 0.0781),
];

/// Points on the outline.
const OUTLINE_POINTS: usize = 32;
/// Corners of the mouth on the HM08 mesh: the outermost vertices where the lips meet.
const MOUTH_CORNERS_M: [Vec3; 2] = [Vec3::new(0.0248, 0.6612, 0.1430), Vec3::new(-0.0248, 0.6612, 0.1430)];

impl LandmarkVertices {
    /// Middles of the left and the right pupil of a shaped head.
    pub fn pupils_m(&self, positions_m: &[Vec3]) -> [Vec3; 2] {
        // Where the iris is painted: from the front, in the middle of the eyeball's outline.
        [0, 1].map(|i| {
            let places = self.eyes[i].iter().map(|&v| positions_m[usize::from(v)]);
            let (low, high) = places.fold((Vec3::MAX, Vec3::MIN), |(l, h), p| (l.min(p), h.max(p)));
            ((low + high) / 2.0).with_z(high.z)
        })
    }

    pub fn find(base: &BaseMesh, templates: &Templates) -> Self {
        let p = |v: u16| base.positions_m[usize::from(v)];
        let face: Vec<u16> = templates.face.vertices.iter().map(|v| v.source).collect();
        let head: Vec<u16> = templates.head.vertices.iter().map(|v| v.source).chain(face.iter().copied()).collect();
        let best = |from: &[u16], score: &dyn Fn(Vec3) -> f32| {
            from.iter().copied().max_by(|&a, &b| score(p(a)).total_cmp(&score(p(b)))).unwrap_or(0)
        };
        let middle = |q: Vec3| q.x.abs() < 0.0015;
        let outline = (0..OUTLINE_POINTS)
            .map(|k| {
                let a = k as f32 / OUTLINE_POINTS as f32 * std::f32::consts::TAU;
                let (s, c) = a.sin_cos();
                best(&face, &|q| if is_face(q) { (q.x) * s + (q.y - 0.69) * c } else { f32::MIN })
            })
            .collect();
        let nose_tip = best(&face, &|q| if middle(q) && q.y > 0.67 { q.z } else { f32::MIN });
        let chin = best(&face, &|q| if middle(q) && q.z > 0.12 { -q.y } else { f32::MIN });
        let points = POINTS_M
            .iter()
            .enumerate()
            .flat_map(|(i, &m)| {
                let nearest = |m: Vec3| best(&head, &|q| -q.distance(m));
                match i {
                    6 => vec![nose_tip],
                    13 => vec![chin],
                    _ if m.x == 0.0 => vec![nearest(m)],
                    _ => vec![nearest(m), nearest(m * Vec3::new(-1.0, 1.0, 1.0))],
                }
            })
            .collect();
        Self {
            points,
            eyes: [0, 1].map(|i| templates.eyes[i].vertices.iter().map(|v| v.source).collect()),
            nose_tip,
            mouth: MOUTH_CORNERS_M.map(|m| best(&face, &|q| -q.distance(m))),
            chin,
            crown: best(&head, &|q| q.y),
            outline,
        }
    }
}
