//! The outside of a shaped head as a radius over directions, for hair that lies on it.
use std::f32::consts::{PI, TAU};

use glam::Vec3;

use super::{regions::Template, scalp::on_ear};

const AZIMUTHS: usize = 96;
const ELEVATIONS: usize = 56;
/// Samples along each side of a triangle.
const SAMPLES: usize = 5;
/// Surfaces farther from the head's middle than this do not touch hair.
const REACH_M: f32 = 0.26;

#[derive(Debug, Clone, Copy)]
struct Cell {
    radius_m: f32,
    base: Vec3,
}

/// Outermost surface round a centre.
#[derive(Debug)]
pub(super) struct HeadForm {
    /// Middle of the head, metres, rig pose.
    pub centre_m: Vec3,
    cells: Vec<Cell>,
}

impl HeadForm {
    /// `shaped` and `base` are the vertex positions of the identity and of the base mesh.
    pub fn new(centre_m: Vec3, templates: &[&Template], shaped: &[Vec3], base: &[Vec3]) -> Self {
        let mut cells = vec![Cell { radius_m: 0.0, base: Vec3::ZERO }; AZIMUTHS * ELEVATIONS];
        for template in templates {
            for t in template.indices.chunks_exact(3) {
                let corners = [0, 1, 2].map(|k| &template.vertices[t[k] as usize]);
                let s = corners.map(|c| c.place(shaped) - centre_m);
                if s[0].length_squared() > REACH_M * REACH_M {
                    continue;
                }
                let b = corners.map(|c| c.place(base));
                // Ears stand through the hair, which passes behind them.
                if on_ear((b[0] + b[1] + b[2]) / 3.0) {
                    continue;
                }
                for i in 0..=SAMPLES {
                    for j in 0..=SAMPLES - i {
                        let (u, v) = (i as f32 / SAMPLES as f32, j as f32 / SAMPLES as f32);
                        let mix = |c: &[Vec3; 3]| c[0] + (c[1] - c[0]) * u + (c[2] - c[0]) * v;
                        let p = mix(&s);
                        let radius_m = p.length();
                        let (x, y) = place(p / radius_m);
                        let cell = &mut cells[(y as usize).min(ELEVATIONS - 1) * AZIMUTHS + (x as usize) % AZIMUTHS];
                        if radius_m > cell.radius_m {
                            *cell = Cell { radius_m, base: mix(&b) };
                        }
                    }
                }
            }
        }
        let mut form = Self { centre_m, cells };
        form.fill();
        form.smooth();
        form
    }

    fn neighbours(i: usize) -> [usize; 4] {
        let (x, y) = (i % AZIMUTHS, i / AZIMUTHS);
        let row = |y: usize| y * AZIMUTHS;
        [
            row(y) + (x + 1) % AZIMUTHS,
            row(y) + (x + AZIMUTHS - 1) % AZIMUTHS,
            row(y.saturating_sub(1)) + x,
            row((y + 1).min(ELEVATIONS - 1)) + x,
        ]
    }

    fn fill(&mut self) {
        for _ in 0..ELEVATIONS {
            let old = self.cells.clone();
            let mut empty = false;
            for i in 0..old.len() {
                if old[i].radius_m == 0.0 {
                    let best =
                        Self::neighbours(i).into_iter().max_by(|&a, &b| old[a].radius_m.total_cmp(&old[b].radius_m));
                    self.cells[i] = best.map_or(old[i], |b| old[b]);
                    empty |= self.cells[i].radius_m == 0.0;
                }
            }
            if !empty {
                break;
            }
        }
    }

    /// Raises cells to the mean of their neighbours, so that hair bridges dents.
    fn smooth(&mut self) {
        for _ in 0..2 {
            let old: Vec<f32> = self.cells.iter().map(|c| c.radius_m).collect();
            for (i, cell) in self.cells.iter_mut().enumerate() {
                let mean = Self::neighbours(i).into_iter().map(|j| old[j]).sum::<f32>() / 4.0;
                cell.radius_m = cell.radius_m.max(mean);
            }
        }
    }

    /// Distance of the surface from the centre in a direction, metres.
    pub fn radius_m(&self, direction: Vec3) -> f32 {
        let (x, y) = place(direction);
        let (x, y) = (x - 0.5 + AZIMUTHS as f32, (y - 0.5).clamp(0.0, ELEVATIONS as f32 - 1.001));
        let (x0, y0) = (x as usize, y as usize);
        let (fx, fy) = (x - x0 as f32, y - y0 as f32);
        let r = |x: usize, y: usize| self.cells[y.min(ELEVATIONS - 1) * AZIMUTHS + x % AZIMUTHS].radius_m;
        let row = |y: usize| r(x0, y) * (1.0 - fx) + r(x0 + 1, y) * fx;
        row(y0) * (1.0 - fy) + row(y0 + 1) * fy
    }

    /// The place of the base mesh that shows in a direction, between cells in proportion.
    pub fn base_at(&self, direction: Vec3) -> Vec3 {
        let (x, y) = place(direction);
        let (x, y) = (x - 0.5 + AZIMUTHS as f32, (y - 0.5).clamp(0.0, ELEVATIONS as f32 - 1.001));
        let (x0, y0) = (x as usize, y as usize);
        let (fx, fy) = (x - x0 as f32, y - y0 as f32);
        let at = |x: usize, y: usize| self.cells[y.min(ELEVATIONS - 1) * AZIMUTHS + x % AZIMUTHS].base;
        let row = |y: usize| at(x0, y).lerp(at(x0 + 1, y), fx);
        row(y0).lerp(row(y0 + 1), fy)
    }
}

/// Grid place of a direction: x over the azimuth, y over the elevation.
fn place(d: Vec3) -> (f32, f32) {
    let azimuth = (d.x.atan2(d.z) + PI) / TAU * AZIMUTHS as f32;
    let elevation = (d.y.clamp(-1.0, 1.0).asin() / PI + 0.5) * ELEVATIONS as f32;
    (azimuth, elevation)
}
