//! A pane in its place before a camera: which pixels it covers, and where and how a ray meets it.
use glam::{Affine3A, Vec2, Vec3};
use laneproof_scenes::mesh::Mesh;

use super::{ChiefRays, PaneResponse, Rect};

/// Nearest depth that is looked at, metres.
const NEAR_M: f32 = 0.05;
/// Side of the sensor tiles that triangles are sorted into, pixels.
const TILE_PX: i32 = 32;
/// How far beyond its edge a pane is continued, pixels: as far as the corners of a cell may lie.
const BEYOND_PX: f32 = 9.0;

/// A linear function on the sensor, relative to its triangle's middle.
#[derive(Debug, Clone, Copy)]
struct Linear([f32; 3]);

impl Linear {
    /// The function that has these values at the corners.
    fn through(corners: &[Vec2; 3], values: [f32; 3]) -> Self {
        let [a, b, c] = corners.map(Vec2::as_dvec2);
        let (ab, ac) = (b - a, c - a);
        let area = ab.perp_dot(ac);
        let (db, dc) = (f64::from(values[1] - values[0]), f64::from(values[2] - values[0]));
        let gx = (db * ac.y - dc * ab.y) / area;
        let gy = (dc * ab.x - db * ac.x) / area;
        Self([gx as f32, gy as f32, (f64::from(values[0]) - gx * a.x - gy * a.y) as f32])
    }

    #[inline]
    fn at(self, p: Vec2) -> f32 {
        self.0[0] * p.x + self.0[1] * p.y + self.0[2]
    }
}

/// A triangle of a pane on the sensor.
#[derive(Debug, Clone, Copy)]
struct Triangle {
    middle_px: Vec2,
    low_px: Vec2,
    high_px: Vec2,
    /// Distance inside each edge, pixels.
    edges: [Linear; 3],
    /// 1 ÷ depth along the optical axis.
    inverse_depth: Linear,
    /// World normal ÷ depth.
    normal_over_depth: [Linear; 3],
}

/// Where a ray meets a pane.
#[derive(Debug, Clone, Copy)]
pub(super) struct Met {
    /// Depth along the optical axis, metres.
    pub(super) depth_m: f32,
    /// Unit normal out of the vehicle, world frame.
    pub(super) normal: Vec3,
}

/// A pane of a vehicle before a camera.
pub struct PlacedPane<'a> {
    pub(super) response: &'a PaneResponse,
    triangles: Vec<Triangle>,
    /// First tile and tiles along x and y, then triangles of each tile.
    tiles: ([i32; 2], [i32; 2], Vec<Vec<u32>>),
}

#[derive(Clone, Copy)]
struct Corner {
    /// Camera frame, metres.
    position_m: Vec3,
    normal: Vec3,
}

/// A polygon cut off before the near plane.
fn clipped(corners: [Corner; 3]) -> Vec<Corner> {
    let mut out = Vec::with_capacity(4);
    for k in 0..3 {
        let (a, b) = (corners[k], corners[(k + 1) % 3]);
        let (da, db) = (-a.position_m.z - NEAR_M, -b.position_m.z - NEAR_M);
        if da >= 0.0 {
            out.push(a);
        }
        if (da >= 0.0) != (db >= 0.0) {
            let t = da / (da - db);
            out.push(Corner { position_m: a.position_m.lerp(b.position_m, t), normal: a.normal.lerp(b.normal, t) });
        }
    }
    out
}

impl<'a> PlacedPane<'a> {
    /// A pane whose mesh (normals out of the vehicle) stands here before a camera.
    pub fn new(rays: &ChiefRays, mesh: &Mesh, world_from_mesh: Affine3A, response: &'a PaneResponse) -> Self {
        let camera_from_mesh = rays.world_from_camera.inverse() * world_from_mesh;
        let corner = |i: u32| {
            let vertex = &mesh.vertices[i as usize];
            Corner {
                position_m: camera_from_mesh.transform_point3(vertex.position_m.into()),
                normal: world_from_mesh.transform_vector3(vertex.normal.into()),
            }
        };
        let mut triangles = Vec::new();
        for t in mesh.indices.chunks_exact(3) {
            let polygon = clipped([corner(t[0]), corner(t[1]), corner(t[2])]);
            for k in 2..polygon.len() {
                triangles.extend(Triangle::new(rays, [polygon[0], polygon[k - 1], polygon[k]]));
            }
        }
        let tiles = sorted_into_tiles(&triangles);
        Self { response, triangles, tiles }
    }

    /// Sets a bit of every pixel of a rectangle that the pane covers, where it is nearer than the surface there.
    pub(super) fn mark(&self, rays: &ChiefRays, rect: Rect, range_m: &[f32], bit: u32, mask: &mut [u32]) {
        let [cx, cy] = rays.principal_point_px;
        let (left, right) = (rect.x as f32, (rect.x + rect.width) as f32);
        for triangle in &self.triangles {
            let first = (triangle.low_px.y - 0.5).ceil().max(rect.y as f32);
            let last = (triangle.high_px.y - 0.5).floor().min((rect.y + rect.height) as f32 - 1.0);
            if first > last {
                continue;
            }
            for row in first as u32..=last as u32 {
                let y = row as f32 + 0.5;
                let Some((from, to)) = triangle.span(y, left, right) else { continue };
                let ty = (y - cy) / rays.focal_length_px;
                let start = (row - rect.y) as usize * rect.width as usize;
                for column in from..to {
                    let at = Vec2::new(column as f32 + 0.5, y) - triangle.middle_px;
                    let inverse_depth = triangle.inverse_depth.at(at);
                    let tx = (column as f32 + 0.5 - cx) / rays.focal_length_px;
                    let i = start + (column - rect.x) as usize;
                    // Range along the ray and depth along the axis differ by the ray's stretch.
                    let range = range_m[i] * inverse_depth;
                    if 1.0 + tx * tx + ty * ty < range * range {
                        mask[i] |= bit;
                    }
                }
            }
        }
    }

    /// Where the ray through a point of the sensor meets the pane, which is continued a little beyond its edges.
    pub(super) fn meet(&self, x: f32, y: f32) -> Option<Met> {
        let (first, count, lists) = &self.tiles;
        let tile = [x, y].map(|v| (v / TILE_PX as f32).floor() as i32);
        let [i, j] = [tile[0] - first[0], tile[1] - first[1]];
        if i < 0 || j < 0 || i >= count[0] || j >= count[1] {
            return None;
        }
        let mut best: Option<(f32, &Triangle)> = None;
        for &index in &lists[(j * count[0] + i) as usize] {
            let triangle = &self.triangles[index as usize];
            let at = Vec2::new(x, y) - triangle.middle_px;
            let inside = triangle.edges.iter().map(|edge| edge.at(at)).fold(f32::MAX, f32::min);
            if best.is_none_or(|(known, _)| inside > known) {
                best = Some((inside, triangle));
            }
            if inside >= 0.0 {
                break;
            }
        }
        let (_, triangle) = best?;
        let at = Vec2::new(x, y) - triangle.middle_px;
        let inverse_depth = triangle.inverse_depth.at(at).max(1e-4);
        let [nx, ny, nz] = triangle.normal_over_depth.map(|n| n.at(at));
        let depth_m = 1.0 / inverse_depth;
        Some(Met { depth_m, normal: Vec3::new(nx, ny, nz).normalize_or(Vec3::Y) })
    }
}

impl Triangle {
    /// `None` for one that is seen edge on.
    fn new(rays: &ChiefRays, corners: [Corner; 3]) -> Option<Self> {
        let [cx, cy] = rays.principal_point_px;
        let inverse = corners.map(|c| 1.0 / -c.position_m.z);
        let points: [Vec2; 3] = std::array::from_fn(|k| {
            let p = corners[k].position_m * (inverse[k] * rays.focal_length_px);
            Vec2::new(cx + p.x, cy - p.y)
        });
        let middle_px = (points[0] + points[1] + points[2]) / 3.0;
        let local = points.map(|p| p - middle_px);
        let area = (local[1] - local[0]).perp_dot(local[2] - local[0]);
        if !area.is_finite() || area.abs() < 1e-3 {
            return None;
        }
        let edges = std::array::from_fn(|k| {
            // The height over the edge opposite to corner k is 0 on the edge and area ÷ edge length at the corner.
            let (a, b) = (local[(k + 1) % 3], local[(k + 2) % 3]);
            let mut values = [0.0; 3];
            values[k] = area.abs() / a.distance(b).max(1e-6);
            Linear::through(&local, values)
        });
        Some(Self {
            middle_px,
            low_px: points[0].min(points[1]).min(points[2]),
            high_px: points[0].max(points[1]).max(points[2]),
            edges,
            inverse_depth: Linear::through(&local, inverse),
            normal_over_depth: std::array::from_fn(|axis| {
                Linear::through(&local, std::array::from_fn(|k| corners[k].normal[axis] * inverse[k]))
            }),
        })
    }

    /// Columns whose middles lie inside at a height on the sensor.
    fn span(&self, y: f32, left: f32, right: f32) -> Option<(u32, u32)> {
        let (mut low, mut high) = (left + 0.5, right - 0.5);
        for edge in &self.edges {
            let [gx, gy, c] = edge.0;
            let rest = gy * (y - self.middle_px.y) + c;
            // A hair is given, so that no pixel falls between neighbours; where two triangles share one, both set the same bit.
            const HAIR_PX: f32 = 1e-3;
            if gx > 1e-7 {
                low = low.max(self.middle_px.x - (rest + HAIR_PX) / gx);
            } else if gx < -1e-7 {
                high = high.min(self.middle_px.x - (rest + HAIR_PX) / gx);
            } else if rest < -HAIR_PX {
                return None;
            }
        }
        let (from, to) = ((low - 0.5).ceil().max(left), (high - 0.5).floor().min(right - 1.0));
        (from <= to).then(|| (from as u32, to as u32 + 1))
    }
}

fn sorted_into_tiles(triangles: &[Triangle]) -> ([i32; 2], [i32; 2], Vec<Vec<u32>>) {
    // Far outside any sensor nobody asks.
    const LIMIT_PX: f32 = 40_000.0;
    let tile = |v: f32| (v.clamp(-BEYOND_PX - 1.0, LIMIT_PX) / TILE_PX as f32).floor() as i32;
    let bounds = |t: &Triangle| {
        let (low, high) = (t.low_px - BEYOND_PX, t.high_px + BEYOND_PX);
        ([tile(low.x), tile(low.y)], [tile(high.x), tile(high.y)])
    };
    let mut first = [i32::MAX; 2];
    let mut last = [i32::MIN; 2];
    for triangle in triangles {
        let (low, high) = bounds(triangle);
        for axis in 0..2 {
            first[axis] = first[axis].min(low[axis]);
            last[axis] = last[axis].max(high[axis]);
        }
    }
    if triangles.is_empty() {
        return ([0; 2], [0; 2], Vec::new());
    }
    let count = [last[0] - first[0] + 1, last[1] - first[1] + 1];
    let mut lists = vec![Vec::new(); (count[0] * count[1]) as usize];
    for (index, triangle) in triangles.iter().enumerate() {
        let (low, high) = bounds(triangle);
        for j in low[1]..=high[1] {
            for i in low[0]..=high[0] {
                lists[((j - first[1]) * count[0] + i - first[0]) as usize].push(index as u32);
            }
        }
    }
    (first, count, lists)
}
