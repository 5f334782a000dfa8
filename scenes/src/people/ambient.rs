//! Ambient visibility of the neutral body: which share of its hemisphere each vertex sees past the body itself.
use glam::Vec3;
use rayon::prelude::*;

/// Rays per vertex.
const RAYS: usize = 64;
/// Occluders farther away than this belong to the vehicle, not to the person (assumption).
const REACH_M: f32 = 0.25;
/// Start of each ray above the surface.
const LIFT_M: f32 = 0.0008;
const LEAF: usize = 4;

struct Node {
    low: Vec3,
    high: Vec3,
    /// Leaf: first triangle. Inner: index of the second child (the first follows its parent).
    start: u32,
    /// Triangles in a leaf; 0 marks an inner node.
    count: u32,
}

/// A bounding-volume tree over triangles, for any-hit queries.
pub(super) struct Occluders {
    triangles: Vec<[Vec3; 3]>,
    nodes: Vec<Node>,
}

impl Occluders {
    pub fn new(mut triangles: Vec<[Vec3; 3]>) -> Self {
        let mut nodes = Vec::with_capacity(triangles.len());
        let n = triangles.len();
        if n > 0 {
            build(&mut triangles, 0, n, &mut nodes);
        }
        Self { triangles, nodes }
    }

    /// Whether anything lies between `near` and `far` along the ray; both faces of a triangle count.
    pub fn hit(&self, origin: Vec3, direction: Vec3, near: f32, far: f32) -> bool {
        let inverse = direction.recip();
        let mut stack = [0_u32; 64];
        let mut top = usize::from(!self.nodes.is_empty());
        while top > 0 {
            top -= 1;
            let index = stack[top];
            let node = &self.nodes[index as usize];
            let (a, b) = ((node.low - origin) * inverse, (node.high - origin) * inverse);
            let enter = a.min(b).max_element().max(near);
            let leave = a.max(b).min_element().min(far);
            if enter > leave {
                continue;
            }
            if node.count > 0 {
                let range = node.start as usize..(node.start + node.count) as usize;
                if self.triangles[range].iter().any(|t| hit_triangle(t, origin, direction, near, far)) {
                    return true;
                }
            } else if top + 2 <= stack.len() {
                stack[top] = node.start;
                stack[top + 1] = index + 1;
                top += 2;
            }
        }
        false
    }
}

fn build(triangles: &mut [[Vec3; 3]], start: usize, end: usize, nodes: &mut Vec<Node>) {
    let slice = &mut triangles[start..end];
    let (low, high) = slice.iter().flatten().fold((Vec3::MAX, Vec3::MIN), |(l, h), p| (l.min(*p), h.max(*p)));
    let index = nodes.len();
    nodes.push(Node { low, high, start: start as u32, count: slice.len() as u32 });
    if slice.len() <= LEAF {
        return;
    }
    let extent = high - low;
    let axis = if extent.x >= extent.y && extent.x >= extent.z {
        0
    } else if extent.y >= extent.z {
        1
    } else {
        2
    };
    slice.sort_by(|a, b| (a[0][axis] + a[1][axis] + a[2][axis]).total_cmp(&(b[0][axis] + b[1][axis] + b[2][axis])));
    let middle = (start + end) / 2;
    build(triangles, start, middle, nodes);
    let second = nodes.len() as u32;
    build(triangles, middle, end, nodes);
    nodes[index].start = second;
    nodes[index].count = 0;
}

/// Möller and Trumbore, "Fast, minimum storage ray/triangle intersection" (1997).
fn hit_triangle(t: &[Vec3; 3], origin: Vec3, direction: Vec3, near: f32, far: f32) -> bool {
    let (e1, e2) = (t[1] - t[0], t[2] - t[0]);
    let p = direction.cross(e2);
    let determinant = e1.dot(p);
    if determinant.abs() < 1e-12 {
        return false;
    }
    let s = origin - t[0];
    let u = s.dot(p) / determinant;
    if !(0.0..=1.0).contains(&u) {
        return false;
    }
    let q = s.cross(e1);
    let v = direction.dot(q) / determinant;
    if v < 0.0 || u + v > 1.0 {
        return false;
    }
    let distance = e2.dot(q) / determinant;
    distance > near && distance < far
}

/// Cosine-weighted open share of the hemisphere at each point, 0..=255. Same rays for every vertex: no noise between
/// neighbours.
pub(super) fn visibility(occluders: &Occluders, points: &[(Vec3, Vec3)]) -> Vec<u8> {
    let directions: Vec<Vec3> = (0..RAYS)
        .map(|i| {
            // Fibonacci spiral on the disc, lifted to the hemisphere: cosine-weighted (Malley's method).
            let r = ((i as f32 + 0.5) / RAYS as f32).sqrt();
            let angle = i as f32 * 2.399_963_2;
            Vec3::new(r * angle.cos(), r * angle.sin(), (1.0 - r * r).max(0.0).sqrt())
        })
        .collect();
    points
        .par_iter()
        .map(|&(point, normal)| {
            let (tangent, bitangent) = normal.any_orthonormal_pair();
            let origin = point + normal * LIFT_M;
            let open = directions
                .iter()
                .filter(|d| !occluders.hit(origin, tangent * d.x + bitangent * d.y + normal * d.z, 1e-5, REACH_M))
                .count();
            (open * 255 / RAYS) as u8
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_in_the_open_sees_all_and_one_below_a_wide_roof_sees_little() {
        let s = 10.0;
        let roof = |y: f32| {
            let [a, b, c, d] = [(-s, -s), (s, -s), (s, s), (-s, s)].map(|(x, z)| Vec3::new(x, y, z));
            vec![[a, b, c], [a, c, d]]
        };
        let point = [(Vec3::ZERO, Vec3::Y)];
        assert_eq!(visibility(&Occluders::new(Vec::new()), &point), [255]);
        assert!(visibility(&Occluders::new(roof(0.05)), &point)[0] < 30);
        assert_eq!(visibility(&Occluders::new(roof(-0.05)), &point), [255]);
    }
}
