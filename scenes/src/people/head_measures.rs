//! Measures of the head as anthropometrists take them, and how adults' are distributed.
use glam::Vec3;

use super::base_mesh::BaseMesh;

/// How a measure is read off its two ends.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Reading {
    /// Across the head: |Δx|.
    Breadth,
    /// Straight line.
    Straight,
}

/// One measure of the head.
#[derive(Debug, Clone, Copy)]
pub struct HeadMeasure {
    /// As in the survey.
    pub name: &'static str,
    /// Mean and standard deviation of women and of men, millimetres.
    pub women_mm: (f32, f32),
    /// The same of men.
    pub men_mm: (f32, f32),
    reading: Reading,
    /// Ends on the base mesh, metres; an end is the mean of its points. Of a breadth one end is named, the other is its
    /// mirror image.
    ends: [&'static [Vec3]; 2],
}

const fn v(x: f32, y: f32, z: f32) -> Vec3 {
    Vec3::new(x, y, z)
}

const SELLION: &[Vec3] = &[v(0.0, 0.7323, 0.1506)];
const SUBNASALE: &[Vec3] = &[v(0.0, 0.6789, 0.1563)];
/// Foremost and hindmost points of the left eyeball's outline, whose middle is the pupil's place.
const LEFT_EYE: &[Vec3] = &[v(0.01696, 0.7284, 0.1245), v(0.04459, 0.7284, 0.1245)];

const fn breadth(name: &'static str, women_mm: (f32, f32), men_mm: (f32, f32), left: &'static [Vec3]) -> HeadMeasure {
    HeadMeasure { name, women_mm, men_mm, reading: Reading::Breadth, ends: [left, &[]] }
}

const fn straight(
    name: &'static str,
    women_mm: (f32, f32),
    men_mm: (f32, f32),
    ends: [&'static [Vec3]; 2],
) -> HeadMeasure {
    HeadMeasure { name, women_mm, men_mm, reading: Reading::Straight, ends }
}

/// The measures. Values: Zhuang and Bradtmiller, "Head-and-face anthropometric survey of U.S. respirator users", Journal of
/// Occupational and Environmental Hygiene 2 (2005), 567–576 (1,454 women, 2,543 men, weighted to the United States' working
/// population); interpupillary breadth: ANSUR II (Gordon et al. 2014). The breadth of the neck is that of a circle of the
/// survey's neck circumference.
pub const HEAD_MEASURES: [HeadMeasure; 12] = [
    breadth("head breadth", (146.8, 5.6), (153.0, 6.0), &[v(0.0752, 0.7655, 0.0481)]),
    straight("head length", (187.5, 7.2), (197.3, 7.4), [&[v(0.0, 0.756, 0.1534)], &[v(0.0, 0.7636, -0.0391)]]),
    breadth("bizygomatic breadth", (135.1, 6.5), (143.5, 6.9), &[v(0.0715, 0.7244, 0.0668)]),
    breadth("bigonial breadth", (110.1, 8.9), (120.4, 10.4), &[v(0.0553, 0.6579, 0.0781)]),
    straight("menton–sellion length", (113.4, 6.1), (122.7, 7.0), [SELLION, &[v(0.0, 0.6168, 0.1378)]]),
    straight("subnasale–sellion length", (48.2, 3.8), (52.0, 4.1), [SELLION, SUBNASALE]),
    breadth("nose breadth", (33.2, 3.9), (36.6, 4.1), &[v(0.0171, 0.6903, 0.1509)]),
    straight("nose protrusion", (19.8, 2.7), (21.1, 2.7), [SUBNASALE, &[v(0.0, 0.6909, 0.1681)]]),
    breadth("nasal root breadth", (16.3, 2.0), (16.6, 2.3), &[v(0.0081, 0.7307, 0.147)]),
    breadth("lip length", (48.0, 4.0), (51.1, 4.2), &[v(0.0248, 0.6612, 0.143)]),
    breadth("interpupillary breadth", (61.7, 3.6), (64.0, 3.4), LEFT_EYE),
    breadth("neck breadth", (109.0, 9.0), (129.5, 10.0), &[v(0.059, 0.5886, 0.0019)]),
];

/// Number of measures.
pub(super) const COUNT: usize = HEAD_MEASURES.len();

impl HeadMeasure {
    /// Mean and standard deviation at a place between the sexes, 0 female to 1 male, millimetres.
    pub fn of_sex_mm(&self, sex: f32) -> (f32, f32) {
        let between = |a: f32, b: f32| a + (b - a) * sex.clamp(0.0, 1.0);
        (between(self.women_mm.0, self.men_mm.0), between(self.women_mm.1, self.men_mm.1))
    }
}

/// The vertices behind the measures.
#[derive(Debug)]
pub(super) struct MeasureVertices {
    ends: [[Vec<u16>; 2]; COUNT],
}

impl MeasureVertices {
    pub fn find(base: &BaseMesh) -> Self {
        let groups = ["body", "helper-l-eye", "helper-r-eye"].map(|g| base.group_vertices(g));
        let ends = HEAD_MEASURES.map(|m| {
            // The eyes' ends lie on the eyeballs, not on the sockets about them.
            let eyes = m.ends[0] == LEFT_EYE;
            let nearest = |p: Vec3| {
                let distance = |v: u16| base.positions_m[usize::from(v)].distance_squared(p);
                let group = &groups[match (eyes, p.x > 0.0) {
                    (false, _) => 0,
                    (true, true) => 1,
                    (true, false) => 2,
                }];
                group.iter().copied().min_by(|&a, &b| distance(a).total_cmp(&distance(b))).unwrap_or(0)
            };
            let first: Vec<u16> = m.ends[0].iter().map(|&p| nearest(p)).collect();
            let mirrored = |p: &Vec3| nearest(Vec3::new(-p.x, p.y, p.z));
            let second = match m.reading {
                Reading::Breadth => m.ends[0].iter().map(mirrored).collect(),
                Reading::Straight => m.ends[1].iter().map(|&p| nearest(p)).collect(),
            };
            [first, second]
        });
        Self { ends }
    }

    /// Every vertex that some measure uses.
    pub fn all(&self) -> Vec<u16> {
        let mut all: Vec<u16> = self.ends.iter().flatten().flatten().copied().collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The measures of a shaped head, millimetres.
    pub fn read_mm(&self, place: impl Fn(u16) -> Vec3) -> [f32; COUNT] {
        std::array::from_fn(|i| {
            let d = self.difference(i, &place);
            1e3 * match HEAD_MEASURES[i].reading {
                Reading::Breadth => d.x.abs(),
                Reading::Straight => d.length(),
            }
        })
    }

    /// How fast measure `i` grows when its vertices move as `step` says, millimetres per unit of the step.
    pub fn slope_mm(&self, i: usize, place: impl Fn(u16) -> Vec3, step: impl Fn(u16) -> Vec3) -> f32 {
        let (d, moved) = (self.difference(i, &place), self.difference(i, &step));
        1e3 * match HEAD_MEASURES[i].reading {
            Reading::Breadth => moved.x * d.x.signum(),
            Reading::Straight => d.normalize_or_zero().dot(moved),
        }
    }

    fn difference(&self, i: usize, place: &impl Fn(u16) -> Vec3) -> Vec3 {
        let end = |k: usize| {
            let vertices = &self.ends[i][k];
            vertices.iter().map(|&v| place(v)).sum::<Vec3>() / vertices.len().max(1) as f32
        };
        end(0) - end(1)
    }
}
