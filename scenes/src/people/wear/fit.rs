//! The shaped head as what people wear meets it: how far it reaches round an upright axis, and how deep the face lies
//! seen from the front.
use std::f32::consts::{FRAC_PI_2, PI, TAU};

use glam::{Vec2, Vec3};

use crate::people::{
    clothes::ease_m,
    landmarks::LandmarkVertices,
    library::PeopleLibrary,
    noise::smooth,
    regions::{Template, TemplateVertex},
    rig::Skin,
    scalp::on_ear,
};

const AZIMUTHS: usize = 128;
/// Lowest row, metres below the middle of the head.
const LOW_M: f32 = -0.30;
/// Height of a row; in the dome, length along an arc of [`DOME_M`].
const ROW_M: f32 = 0.003;
/// Arc length per radian of elevation in the dome.
const DOME_M: f32 = 0.10;
/// Coordinate of the top of the dome.
pub(super) const TOP_S: f32 = DOME_M * FRAC_PI_2;
const ROWS: usize = ((TOP_S - LOW_M) / ROW_M) as usize + 2;
/// Distance between samples of a triangle, metres.
const SAMPLE_M: f32 = 0.0015;
/// Nothing farther from the axis than this holds what is worn: shoulders end there.
const REACH_M: f32 = 0.17;
/// Garment farther from the chin than this lies below no worn cloth.
const GARMENT_REACH_M: f32 = 0.30;

/// Outermost surface round the upright axis through the middle of the head. Places have an azimuth (0 ahead, to the
/// person's left positive) and a coordinate `s`: up to 0 the height above the middle in metres; above it the elevation
/// in radians times [`DOME_M`].
#[derive(Debug, Clone)]
pub(super) struct Relief {
    centre_m: Vec3,
    cells: Vec<f32>,
}

impl Relief {
    fn empty(centre_m: Vec3) -> Self {
        Self { centre_m, cells: vec![0.0; AZIMUTHS * ROWS] }
    }

    fn add(&mut self, corners: [Vec3; 3]) {
        let [a, b, c] = corners;
        let longest = a.distance(b).max(b.distance(c)).max(c.distance(a));
        let n = ((longest / SAMPLE_M).ceil() as usize).clamp(1, 40);
        for i in 0..=n {
            for j in 0..=n - i {
                let (azimuth, s, radius) =
                    self.coordinates(a + (b - a) * (i as f32 / n as f32) + (c - a) * (j as f32 / n as f32));
                if s < LOW_M || radius > REACH_M {
                    continue;
                }
                let x = ((azimuth / TAU + 0.5) * AZIMUTHS as f32) as usize % AZIMUTHS;
                let y = (((s - LOW_M) / ROW_M) as usize).min(ROWS - 1);
                let cell = &mut self.cells[y * AZIMUTHS + x];
                *cell = cell.max(radius);
            }
        }
    }

    fn neighbours(i: usize) -> [usize; 4] {
        let (x, y) = (i % AZIMUTHS, i / AZIMUTHS);
        let row = |y: usize| y * AZIMUTHS;
        [
            row(y) + (x + 1) % AZIMUTHS,
            row(y) + (x + AZIMUTHS - 1) % AZIMUTHS,
            row(y.saturating_sub(1)) + x,
            row((y + 1).min(ROWS - 1)) + x,
        ]
    }

    fn filled(mut self) -> Self {
        while self.cells.contains(&0.0) {
            let old = self.cells.clone();
            for (i, cell) in self.cells.iter_mut().enumerate().filter(|(_, cell)| **cell == 0.0) {
                *cell = Self::neighbours(i).into_iter().map(|j| old[j]).fold(0.0, f32::max);
            }
            if self.cells == old {
                break;
            }
        }
        self
    }

    /// As cloth under tension lies on it: every cell raised to the mean of its neighbours, again and again.
    pub fn tightened(&self, times: usize) -> Self {
        let mut out = self.clone();
        for _ in 0..times {
            let old = out.cells.clone();
            for (i, cell) in out.cells.iter_mut().enumerate() {
                *cell = cell.max(Self::neighbours(i).into_iter().map(|j| old[j]).sum::<f32>() / 4.0);
            }
        }
        out
    }

    /// As cloth hangs on it: below whatever sticks out it falls, coming in by at most `slope(azimuth)`, a share of the
    /// height; where that is negative it spreads, from the middle of the head down.
    pub fn hanging(&self, slope: impl Fn(f32) -> f32) -> Self {
        let mut out = self.clone();
        let slopes: Vec<f32> = (0..AZIMUTHS).map(|x| slope(((x as f32 + 0.5) / AZIMUTHS as f32 - 0.5) * TAU)).collect();
        for y in (0..ROWS - 1).rev() {
            let in_dome = LOW_M + y as f32 * ROW_M > 0.0;
            for (x, &slope) in slopes.iter().enumerate() {
                let slope = if in_dome { slope.max(0.0) } else { slope };
                let above = out.cells[(y + 1) * AZIMUTHS + x] - slope * ROW_M;
                let cell = &mut out.cells[y * AZIMUTHS + x];
                *cell = cell.max(above);
            }
        }
        out
    }

    /// Azimuth, `s` and distance from the axis (in the dome: from the middle) of a point.
    pub fn coordinates(&self, p: Vec3) -> (f32, f32, f32) {
        let d = p - self.centre_m;
        let azimuth = d.x.atan2(d.z);
        if d.y <= 0.0 {
            (azimuth, d.y, d.x.hypot(d.z))
        } else {
            let radius = d.length();
            (azimuth, (d.y / radius.max(1e-6)).clamp(0.0, 1.0).asin() * DOME_M, radius)
        }
    }

    /// Distance of the surface from the axis, metres.
    pub fn radius_m(&self, azimuth: f32, s: f32) -> f32 {
        let x = (azimuth / TAU + 0.5) * AZIMUTHS as f32 - 0.5 + AZIMUTHS as f32;
        let y = ((s - LOW_M) / ROW_M - 0.5).clamp(0.0, ROWS as f32 - 1.001);
        let (x0, y0) = (x as usize, y as usize);
        let (fx, fy) = (x - x0 as f32, y - y0 as f32);
        let r = |x: usize, y: usize| self.cells[y.min(ROWS - 1) * AZIMUTHS + x % AZIMUTHS];
        let row = |y: usize| r(x0, y) * (1.0 - fx) + r(x0 + 1, y) * fx;
        row(y0) * (1.0 - fy) + row(y0 + 1) * fy
    }

    /// The point a distance above the surface.
    pub fn point(&self, azimuth: f32, s: f32, lift_m: f32) -> Vec3 {
        self.at_radius(azimuth, s, self.radius_m(azimuth, s) + lift_m)
    }

    /// The point at a distance from the axis.
    pub fn at_radius(&self, azimuth: f32, s: f32, radius_m: f32) -> Vec3 {
        let (sin, cos) = azimuth.sin_cos();
        let (up, out) = if s <= 0.0 {
            (s, radius_m)
        } else {
            let (up, out) = (s / DOME_M).sin_cos();
            (up * radius_m, out * radius_m)
        };
        self.centre_m + Vec3::new(sin * out, up, cos * out)
    }

    /// Coordinate of the surface's place at a height, metres in the person's frame.
    pub fn s_at(&self, azimuth: f32, y_m: f32) -> f32 {
        if y_m <= self.centre_m.y {
            return y_m - self.centre_m.y;
        }
        let (mut low, mut high) = (0.0, TOP_S);
        for _ in 0..14 {
            let middle = (low + high) / 2.0;
            if self.point(azimuth, middle, 0.0).y < y_m { low = middle } else { high = middle }
        }
        (low + high) / 2.0
    }

    /// How far a point lies outside the surface, metres; negative inside. Steep flanks count up to a cell too far out.
    pub fn clearance_m(&self, p: Vec3) -> f32 {
        let (azimuth, s, radius) = self.coordinates(p);
        radius - self.radius_m(azimuth, s)
    }
}

/// Depth of the face seen from the front, on a grid of a millimetre.
#[derive(Debug)]
pub(super) struct FrontDepth {
    low_m: Vec2,
    columns: usize,
    z_m: Vec<f32>,
}

const FRONT_STEP_M: f32 = 0.001;
/// Half the width and half the height of what is seen round the middle of the eyes, metres.
const FRONT_HALF_M: Vec2 = Vec2::new(0.09, 0.06);

impl FrontDepth {
    fn new(eyes_m: Vec3, triangles: impl Iterator<Item = [Vec3; 3]>) -> Self {
        let low_m = eyes_m.truncate() - FRONT_HALF_M;
        let size = FRONT_HALF_M * 2.0 / FRONT_STEP_M;
        let (columns, rows) = (size.x as usize + 1, size.y as usize + 1);
        let mut z_m = vec![f32::MIN; columns * rows];
        for t in triangles {
            let [a, b, c] = t.map(|p| (p.truncate() - low_m) / FRONT_STEP_M);
            let area = (b - a).perp_dot(c - a);
            if area <= 1e-9 {
                continue;
            }
            let (low, high) = (a.min(b).min(c).ceil().max(Vec2::ZERO), a.max(b).max(c).floor());
            for y in low.y as usize..=(high.y.max(-1.0) + 1.0) as usize {
                for x in low.x as usize..=(high.x.max(-1.0) + 1.0) as usize {
                    let p = Vec2::new(x as f32, y as f32);
                    let w = [(b, c), (c, a), (a, b)].map(|(u, v)| (v - u).perp_dot(p - u) / area);
                    if x < columns && y < rows && w.iter().all(|w| *w >= -1e-4) {
                        let z = w[0] * t[0].z + w[1] * t[1].z + w[2] * t[2].z;
                        let cell = &mut z_m[y * columns + x];
                        *cell = cell.max(z);
                    }
                }
            }
        }
        Self { low_m, columns, z_m }
    }

    /// The foremost skin at a place seen from the front, metres; `f32::MIN` beside the face.
    pub fn z_m(&self, x_m: f32, y_m: f32) -> f32 {
        let p = (Vec2::new(x_m, y_m) - self.low_m) / FRONT_STEP_M;
        let (x, y) = (p.x.round(), p.y.round());
        let rows = self.z_m.len() / self.columns;
        if x < 0.0 || y < 0.0 || x >= self.columns as f32 || y >= rows as f32 {
            return f32::MIN;
        }
        self.z_m[y as usize * self.columns + x as usize]
    }
}

impl FrontDepth {
    /// The foremost skin within a distance of a place seen from the front, metres.
    pub fn within_m(&self, x_m: f32, y_m: f32, reach_m: f32) -> f32 {
        const STEPS: i32 = 2;
        let step = reach_m / STEPS as f32;
        let offsets = || (-STEPS..=STEPS).map(|i| i as f32 * step);
        offsets()
            .flat_map(|dy| offsets().map(move |dx| (dx, dy)))
            .map(|(dx, dy)| self.z_m(x_m + dx, y_m + dy))
            .fold(f32::MIN, f32::max)
    }
}

/// One person's head, ready to be dressed.
pub(super) struct Fit<'a> {
    library: &'a PeopleLibrary,
    shaped: &'a [Vec3],
    /// Skin of the head without the ears.
    pub bare: Relief,
    /// Skin of the head with its ears.
    pub head: Relief,
    /// Head, ears and the garment below.
    pub dressed: Relief,
    /// Heights on the base mesh and on this head, from low to high.
    heights: Vec<(f32, f32)>,
    /// Left and right pupil.
    pub pupils_m: [Vec3; 2],
    pub chin_m: Vec3,
    pub head_bone: Skin,
    /// Places of the garment that worn cloth can lie on, and what moves them.
    garment: Vec<(Vec3, Skin)>,
}

impl<'a> Fit<'a> {
    pub fn new(library: &'a PeopleLibrary, shaped: &'a [Vec3], normals: &[Vec3]) -> Self {
        let l: &LandmarkVertices = &library.landmarks;
        let base = &library.base.positions_m;
        let pupils_m = l.pupils_m(shaped);
        let eyes = (pupils_m[0] + pupils_m[1]) / 2.0;
        let at = |v: u16| shaped[usize::from(v)];
        let (crown, chin_m) = (at(l.crown), at(l.chin));
        // The middle of the skull, as hair has it: below the crown by 0.44 of the height from chin to crown.
        let height = crown.y - chin_m.y;
        let centre = Vec3::new(0.0, crown.y - 0.44 * height, eyes.z - 0.40 * height);
        let t = &library.templates;
        let (mut bare, mut head) = (Relief::empty(centre), Relief::empty(centre));
        each_triangle(&[&t.face, &t.head], |corners| {
            let b = corners.map(|v| v.place(base));
            let p = corners.map(|v| v.place(shaped));
            head.add(p);
            if !on_ear((b[0] + b[1] + b[2]) / 3.0) {
                bare.add(p);
            }
        });
        let mut dressed = head.clone();
        each_triangle(&[&t.top], |corners| {
            dressed
                .add(corners.map(|v| v.place(shaped) + v.place(normals).normalize_or_zero() * ease_m(v.place(base))));
        });
        let near = |v: &&TemplateVertex| v.place(shaped).distance_squared(chin_m) < GARMENT_REACH_M * GARMENT_REACH_M;
        let moved = |v: &TemplateVertex| (v.place(shaped), library.rig.skin[usize::from(v.source)]);
        let garment = t.top.vertices.iter().filter(near).map(moved).collect();
        let mut heights: Vec<(f32, f32)> =
            [l.chin, l.mouth[0], l.nose_tip, l.crown].map(|v| (base[usize::from(v)].y, at(v).y)).to_vec();
        heights.insert(3, (l.pupils_m(base)[0].y, eyes.y));
        let size = height / (base[usize::from(l.crown)].y - base[usize::from(l.chin)].y);
        heights.insert(0, (heights[0].0 - 1.0, heights[0].1 - size));
        Self {
            library,
            shaped,
            bare: bare.filled(),
            head: head.filled(),
            dressed: dressed.filled(),
            heights,
            pupils_m,
            chin_m,
            head_bone: Skin::rigid(library.head_bone()),
            garment,
        }
    }

    /// The middle between the pupils.
    pub fn eyes_m(&self) -> Vec3 {
        (self.pupils_m[0] + self.pupils_m[1]) / 2.0
    }

    /// Height on this head of a height on the base mesh, metres.
    pub fn y_m(&self, base_y_m: f32) -> f32 {
        let last = self.heights.len() - 1;
        let upper = self.heights.iter().position(|(b, _)| *b >= base_y_m).unwrap_or(last).max(1);
        let ((b0, y0), (b1, y1)) = (self.heights[upper - 1], self.heights[upper]);
        y0 + (y1 - y0) * (base_y_m - b0) / (b1 - b0)
    }

    /// The skin of this head at the base-mesh vertex nearest to a place of the base mesh.
    pub fn skin_at(&self, base_place_m: Vec3) -> Vec3 {
        let base = &self.library.base.positions_m;
        let t = &self.library.templates;
        let sources = t.face.vertices.iter().chain(&t.head.vertices).map(|v| usize::from(v.source));
        let distance = |v: usize| base[v].distance_squared(base_place_m);
        let nearest = sources.min_by(|&a, &b| distance(a).total_cmp(&distance(b)));
        nearest.map_or(self.eyes_m(), |v| self.shaped[v])
    }

    /// Depth of the face from the front.
    pub fn front(&self) -> FrontDepth {
        let t = &self.library.templates;
        let mut triangles = Vec::new();
        each_triangle(&[&t.face, &t.head], |corners| triangles.push(corners.map(|v| v.place(self.shaped))));
        FrontDepth::new(self.eyes_m(), triangles.into_iter())
    }

    /// What moves cloth at a place: the head down to the chin, below the neck what moves the garment there, so that cloth
    /// stays on it however the person sits.
    pub fn skin(&self, p: Vec3) -> Skin {
        let y = self.chin_m.y;
        let share = smooth(y - 0.005, y - 0.065, p.y);
        if share == 0.0 {
            return self.head_bone;
        }
        let distance = |(at, _): &&(Vec3, Skin)| at.distance_squared(p);
        let nearest = self.garment.iter().min_by(|a, b| distance(a).total_cmp(&distance(b)));
        nearest.map_or(self.head_bone, |(_, skin)| self.head_bone.blended(skin, share))
    }
}

fn each_triangle(templates: &[&Template], mut f: impl FnMut([&TemplateVertex; 3])) {
    for template in templates {
        for t in template.indices.chunks_exact(3) {
            f([0, 1, 2].map(|k| &template.vertices[t[k] as usize]));
        }
    }
}

/// Azimuth of a place of the base mesh, 0..π, the same on both sides.
pub(super) fn base_azimuth(p: Vec3) -> f32 {
    p.x.abs().atan2(p.z - 0.04).clamp(0.0, PI)
}

/// A curve through (azimuth in degrees, value), linear between, the same on both sides.
pub(super) fn along(curve: &[(f32, f32)], azimuth: f32) -> f32 {
    let degrees = azimuth.to_degrees().abs();
    let upper = curve.iter().position(|(a, _)| *a >= degrees).unwrap_or(curve.len() - 1).max(1);
    let ((a0, v0), (a1, v1)) = (curve[upper - 1], curve[upper]);
    v0 + (v1 - v0) * smooth(0.0, 1.0, (degrees - a0) / (a1 - a0))
}
