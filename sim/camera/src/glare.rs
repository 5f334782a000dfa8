//! Veiling glare: light that lens surfaces and housing scatter round bright places of the picture.
//!
//! The spread of scattered light is the profile of Harvey and Shack (J. E. Harvey, *Light-scattering characteristics of
//! optical surfaces*, dissertation, University of Arizona, 1976): K(ρ) ∝ (1 + (ρ/ℓ)²)^(s/2), ρ the distance on the sensor over
//! the focal length, which stands for the difference of direction cosines. Here the slope s is −2 (measured surfaces lie
//! about −1 to −3) and the shoulder ℓ 0.01; both are assumptions, the same for every lens. How much is scattered in all is
//! the lens's `veiling_glare`.
//!
//! With s = −2 the profile is a mixture of Gaussians, 1/(1 + ρ²/ℓ²) = ∫ exp(−t) exp(−tρ²/ℓ²) dt, and one Gaussian an octave of
//! width stands for the integral within 1 % (the trapezoidal rule over ln t). Each is laid over a level of a pyramid whose
//! cells are as wide in proportion. Beyond the picture's edges the picture goes on mirrored: nothing else is known of what
//! lies there. So an even picture stays as it is and no light is lost.
use rayon::prelude::*;

use crate::{blur::Pinhole, view::RadianceView};

/// Shoulder ℓ of the profile: where it begins to fall, in focal lengths.
pub const SHOULDER: f64 = 0.01;
/// Standard deviation of the widest Gaussian, focal lengths; wider ones would be even over any picture, and beyond the
/// hemisphere.
const WIDEST: f64 = 0.7;
/// Narrowest standard deviation in cells of the finest level, so that cells are not seen.
const CELLS: f64 = 2.0;
/// Smallest cells, pixels: nearer to a bright place than two of these its halo is drawn broader than it is.
const LEAST_CELL_PX: f64 = 4.0;
/// Cells that the shorter side of the coarsest level has at least.
const FEW_CELLS: usize = 4;
/// Reach of a kernel, standard deviations.
const REACH: f64 = 4.0;

/// A picture in cells.
#[derive(Debug, Clone, PartialEq)]
struct Plane {
    width: usize,
    height: usize,
    /// Row by row; red, green, blue.
    light: Vec<[f32; 3]>,
}

/// Radiance that a lens scatters over a whole sensor, W·m⁻²·sr⁻¹ per band, if it scattered all light: what is added to a
/// pixel is the lens's share of it.
#[derive(Debug, Clone, PartialEq)]
pub struct ScatteredLight {
    cells: Plane,
    /// Of each column and row of the sensor the two cells between whose middles it lies, and where.
    columns: Vec<(usize, usize, f32)>,
    rows: Vec<(usize, usize, f32)>,
}

/// Standard deviations in focal lengths, from narrow to wide by octaves, and the shares of the light that they hold.
fn mixture() -> Vec<(f64, f64)> {
    let mut parts = Vec::new();
    let mut sigma = SHOULDER / 2.0;
    while sigma < WIDEST {
        let t = SHOULDER * SHOULDER / (2.0 * sigma * sigma);
        // e⁻ᵗ dt is e⁻ᵗ t d ln t, and a Gaussian of that height holds 2πσ² ∝ 1/t times as much light.
        parts.push((sigma, (-t).exp()));
        sigma *= 2.0;
    }
    let sum: f64 = parts.iter().map(|(_, share)| share).sum();
    parts.into_iter().map(|(sigma, share)| (sigma, share / sum)).collect()
}

/// Index of a cell in a row that goes on mirrored at both ends.
fn mirrored(i: isize, count: usize) -> usize {
    let count = count as isize;
    let i = i.rem_euclid(2 * count);
    (if i < count { i } else { 2 * count - 1 - i }) as usize
}

/// Share of a point's scattered light that falls on a unit of area (of a square focal length), at a squared distance from
/// it in focal lengths.
fn profile(parts: &[(f64, f64)], squared: f64) -> f64 {
    let at = |sigma: f64| (-squared / (2.0 * sigma * sigma)).exp() / (std::f64::consts::TAU * sigma * sigma);
    parts.iter().map(|(sigma, share)| share * at(*sigma)).sum()
}

/// Variance, in squares of its cells, that a level adds to a Gaussian: averaging over the finest cells 1/12, linear
/// interpolation to pixels 1/6, each halving and its way back 3/16 of the coarser cell.
fn cell_variance(level: usize) -> f64 {
    0.5 - 0.25 * 0.25f64.powi(level as i32)
}

/// Weights of a Gaussian of a standard deviation in cells, less what cells themselves blur, and its reach.
fn kernel(sigma: f64, cell_variance: f64) -> (Vec<f32>, isize) {
    let sigma = (sigma * sigma - cell_variance).sqrt();
    let reach = (REACH * sigma).ceil() as isize;
    let raw: Vec<f64> = (-reach..=reach).map(|i| (-0.5 * (i as f64 / sigma).powi(2)).exp()).collect();
    let sum: f64 = raw.iter().sum();
    (raw.iter().map(|w| (w / sum) as f32).collect(), reach)
}

impl Plane {
    /// Cells twice as wide; there are even numbers of them. Each cell gives to the two nearest, the nearer one three times
    /// as much, so that light stays where it is on the whole.
    fn halved(&self) -> Self {
        let (width, height) = (self.width / 2, self.height / 2);
        let weights = [0.125f32, 0.375, 0.375, 0.125];
        let pixel = |i: usize| {
            let from = |i: usize, k: usize, count: usize| mirrored((2 * i + k) as isize - 1, count);
            let mut sum = [0.0; 3];
            for (j, down) in weights.iter().enumerate() {
                let row = from(i / width, j, self.height) * self.width;
                for (k, across) in weights.iter().enumerate() {
                    let light = self.light[row + from(i % width, k, self.width)];
                    (0..3).for_each(|band| sum[band] += down * across * light[band]);
                }
            }
            sum
        };
        Self { width, height, light: (0..width * height).map(pixel).collect() }
    }

    /// The same blurred by a Gaussian of a standard deviation in cells, across and down.
    fn blurred(&self, sigma: [f64; 2], cell_variance: f64) -> Self {
        let Self { width, height, ref light } = *self;
        let (weights, reach) = kernel(sigma[0], cell_variance);
        let mut along = vec![[0.0f32; 3]; light.len()];
        along.par_chunks_mut(width).zip(light.par_chunks(width)).for_each(|(out, row)| {
            let padded: Vec<[f32; 3]> = (-reach..width as isize + reach).map(|x| row[mirrored(x, width)]).collect();
            for (k, w) in weights.iter().enumerate() {
                for (out, l) in out.iter_mut().zip(&padded[k..]) {
                    (0..3).for_each(|band| out[band] += w * l[band]);
                }
            }
        });
        let (weights, reach) = kernel(sigma[1], cell_variance);
        let mut out = vec![[0.0f32; 3]; light.len()];
        out.par_chunks_mut(width).enumerate().for_each(|(y, out)| {
            for (k, w) in weights.iter().enumerate() {
                let from = mirrored(y as isize + k as isize - reach, height);
                for (out, l) in out.iter_mut().zip(&along[from * width..][..width]) {
                    (0..3).for_each(|band| out[band] += w * l[band]);
                }
            }
        });
        Self { width, height, light: out }
    }

    /// Adds a plane of cells twice as wide, linear between their middles.
    fn add_coarser(&mut self, coarse: &Plane) {
        let width = self.width;
        let pick = |i: usize, count: usize| {
            let near = i / 2;
            let far = if i.is_multiple_of(2) { near.saturating_sub(1) } else { (near + 1).min(count - 1) };
            (near, far)
        };
        self.light.par_chunks_mut(width).enumerate().for_each(|(y, out)| {
            let (near, far) = pick(y, coarse.height);
            let [near, far] = [near, far].map(|y| &coarse.light[y * coarse.width..][..coarse.width]);
            for (x, out) in out.iter_mut().enumerate() {
                let (a, b) = pick(x, coarse.width);
                for band in 0..3 {
                    out[band] +=
                        0.5625 * near[a][band] + 0.1875 * (near[b][band] + far[a][band]) + 0.0625 * far[b][band];
                }
            }
        });
    }

    fn plus(mut self, other: &Self) -> Self {
        for (sum, more) in self.light.iter_mut().zip(&other.light) {
            (0..3).for_each(|band| sum[band] += more[band]);
        }
        self
    }

    fn scaled(mut self, share: f64) -> Self {
        self.light.iter_mut().for_each(|l| *l = l.map(|l| l * share as f32));
        self
    }
}

impl ScatteredLight {
    /// Columns and rows of the sensor.
    pub fn size_px(&self) -> [u32; 2] {
        [self.columns.len() as u32, self.rows.len() as u32]
    }

    /// Adds what is scattered into the picture of a small source outside it: `place_px` on the sensor's plane, pixels, and
    /// its irradiance on a plane that faces it, W·m⁻² per band.
    pub fn add_source(&mut self, place_px: [f32; 2], irradiance: [f32; 3], pinhole: &Pinhole) {
        let focal_px = f64::from(pinhole.focal_length_px);
        let off = [0, 1].map(|i| f64::from(place_px[i] - pinhole.principal_point_px[i]) / focal_px);
        // A solid angle covers more of a plane the farther from the axis: 1/cos³ θ.
        let spread = (1.0 + off[0] * off[0] + off[1] * off[1]).powf(1.5);
        let parts = mixture();
        let Plane { width, height, ref mut light } = self.cells;
        let cell_px = [self.columns.len() as f64 / width as f64, self.rows.len() as f64 / height as f64];
        light.par_chunks_mut(width).enumerate().for_each(|(row, cells)| {
            for (column, cell) in cells.iter_mut().enumerate() {
                let from =
                    |axis: usize, i: usize| ((i as f64 + 0.5) * cell_px[axis] - f64::from(place_px[axis])) / focal_px;
                let (x, y) = (from(0, column), from(1, row));
                let squared = x * x + y * y;
                let share = profile(&parts, squared);
                (0..3).for_each(|band| cell[band] += (share * spread * f64::from(irradiance[band])) as f32);
            }
        });
    }

    /// What a lens of a focal length in pixels scatters of a whole sensor's picture. The same whatever the number of threads.
    pub fn of(view: &RadianceView, focal_length_px: f64) -> Self {
        let size_px = [view.width, view.height].map(|v| v as usize);
        let mut parts = mixture();
        // Octaves too narrow for the smallest cells are as wide as the narrowest that is not.
        while parts.len() > 1 && parts[0].0 * focal_length_px < CELLS * LEAST_CELL_PX {
            let (_, share) = parts.remove(0);
            parts[0].1 += share;
        }
        let narrowest_px = (parts[0].0 * focal_length_px).max(CELLS * LEAST_CELL_PX);
        // Whole cells over the picture, and over it halved as often as leaves a few: no cell is cut at an edge.
        let fewest = size_px.map(|v| (v as f64 * CELLS / narrowest_px).ceil() as usize);
        let halvings = (fewest[0].min(fewest[1]) / FEW_CELLS).max(1).ilog2() as usize;
        let count = fewest.map(|v| v.next_multiple_of(1 << halvings));
        let mut levels = vec![Self::cells(view, count)];
        for _ in 0..halvings.min(parts.len() - 1) {
            let halved = levels[levels.len() - 1].halved();
            levels.push(halved);
        }
        // Wider Gaussians than the coarsest level is made for are laid over that one.
        let mut sums: Vec<Option<Plane>> = vec![None; levels.len()];
        for (octave, (_, share)) in parts.iter().enumerate() {
            let level = octave.min(levels.len() - 1);
            let cells = &levels[level];
            let sigma_px = narrowest_px * (1u64 << octave) as f64;
            let sigma =
                [(cells.width, size_px[0]), (cells.height, size_px[1])].map(|(n, px)| sigma_px * n as f64 / px as f64);
            let part = cells.blurred(sigma, cell_variance(level)).scaled(*share);
            sums[level] = Some(match sums[level].take() {
                Some(sum) => sum.plus(&part),
                None => part,
            });
        }
        let down = sums.into_iter().flatten().rev().reduce(|coarser, mut finer| {
            finer.add_coarser(&coarser);
            finer
        });
        let cells = down.unwrap_or_else(|| levels.swap_remove(0));
        let [columns, rows] = [(size_px[0], cells.width), (size_px[1], cells.height)].map(|(px, n)| between(px, n));
        Self { cells, columns, rows }
    }

    /// Means over cells, so many across and down.
    fn cells(view: &RadianceView, [width, height]: [usize; 2]) -> Plane {
        let (columns, rows) = (view.width as usize, view.height as usize);
        let mut light = vec![[0.0f32; 3]; width * height];
        light.par_chunks_mut(width).enumerate().for_each_init(
            || ([(); 6].map(|()| vec![0.0f32; columns]), Vec::new()),
            |(buffers, scratch), (cell_row, out)| {
                let [a, b, c, sums @ ..] = buffers;
                let mut planes = [a, b, c].map(std::mem::take);
                sums.iter_mut().for_each(|sum| sum.fill(0.0));
                for (row, share) in covered(cell_row, height, rows) {
                    view.read_row(row, &mut planes, scratch);
                    for (sum, plane) in sums.iter_mut().zip(&planes) {
                        sum.iter_mut().zip(plane).for_each(|(sum, l)| *sum += share * l);
                    }
                }
                for (cell, out) in out.iter_mut().enumerate() {
                    for (column, share) in covered(cell, width, columns) {
                        (0..3).for_each(|band| out[band] += share * sums[band][column]);
                    }
                }
                let [a, b, c, ..] = buffers;
                [*a, *b, *c] = planes;
            },
        );
        Plane { width, height, light }
    }

    /// Lays a share of it over a row of the sensor that begins at a column; that share of the row's own light goes.
    pub(crate) fn add_to_row(&self, share: f32, first_column: usize, row: usize, planes: &mut [Vec<f32>; 3]) {
        let Plane { width, ref light, .. } = self.cells;
        let (upper, lower, v) = self.rows[row];
        let [upper, lower] = [upper, lower].map(|y| &light[y * width..][..width]);
        for (band, plane) in planes.iter_mut().enumerate() {
            let down: Vec<f32> = upper.iter().zip(lower).map(|(a, b)| a[band] + (b[band] - a[band]) * v).collect();
            // Columns between the same two cells at a time, in SIMD lanes.
            let columns = &self.columns[first_column..][..plane.len()];
            let mut rest = &mut plane[..];
            for run in columns.chunk_by(|a, b| a.0 == b.0) {
                let (left, right, _) = run[0];
                let (from, slope) = (down[left], down[right] - down[left]);
                let (here, after) = rest.split_at_mut(run.len());
                for (l, (.., u)) in here.iter_mut().zip(run) {
                    *l += share * (from + slope * u - *l);
                }
                rest = after;
            }
        }
    }
}

/// Of pixels the two cells whose middles lie before and after theirs, and how far between them.
fn between(pixels: usize, cells: usize) -> Vec<(usize, usize, f32)> {
    let place = |pixel: usize| {
        let at = ((pixel as f64 + 0.5) * cells as f64 / pixels as f64 - 0.5).clamp(0.0, (cells - 1) as f64);
        let first = at as usize;
        (first, (first + 1).min(cells - 1), (at - first as f64) as f32)
    };
    (0..pixels).map(place).collect()
}

/// Pixels that a cell covers, and the shares that they are of it.
fn covered(cell: usize, cells: usize, pixels: usize) -> impl Iterator<Item = (usize, f32)> {
    let size = pixels as f64 / cells as f64;
    let (from, to) = (cell as f64 * size, (cell + 1) as f64 * size);
    let last = (to.ceil() as usize).min(pixels);
    (from as usize..last).map(move |i| {
        let inside = to.min((i + 1) as f64) - from.max(i as f64);
        (i, (inside.max(0.0) / size) as f32)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::Samples;

    /// A frame of 1024 × 768 pixels, all dark but for what `light` says.
    fn scattered(focal_length_px: f64, light: impl Fn(usize, usize) -> f32) -> Vec<f32> {
        let picture: Vec<f32> = (0..1024 * 768).flat_map(|i| [light(i % 1024, i / 1024); 3]).collect();
        let view = RadianceView::whole(1024, 768, Samples::Rgb32(&picture));
        let glare = ScatteredLight::of(&view, focal_length_px);
        let mut out = Vec::new();
        for row in 0..768 {
            let mut planes = [(); 3].map(|()| vec![0.0f32; 1024]);
            glare.add_to_row(1.0, 0, row, &mut planes);
            out.extend_from_slice(&planes[1]);
        }
        out
    }

    #[test]
    fn no_light_is_made_or_lost_and_an_even_picture_stays() {
        let lamp = |x: usize, y: usize| if (40..56).contains(&x) && (700..708).contains(&y) { 1e4 } else { 0.0 };
        for focal_length_px in [700.0, 2048.0, 6826.0, 60_000.0] {
            let out = scattered(focal_length_px, lamp);
            let total: f64 = out.iter().map(|l| f64::from(*l)).sum();
            assert!((total / (16.0 * 8.0 * 1e4) - 1.0).abs() < 0.01, "{total} at {focal_length_px} px");
            let even = scattered(focal_length_px, |_, _| 2.5);
            assert!(even.iter().all(|l| (l - 2.5).abs() < 1e-4));
        }
    }

    /// The profile of Harvey and Shack with slope −2, its light cut off at the octave past the widest Gaussian.
    fn closed(rho: f64) -> f64 {
        let t: Vec<f64> = mixture().iter().map(|(sigma, _)| SHOULDER * SHOULDER / (2.0 * sigma * sigma)).collect();
        // The mixture's light is the sum of e⁻ᵗ over its octaves, each for d ln t = ln 4, and K(0) = ∫ e⁻ᵗ dt = 1.
        let light = t.iter().map(|t| (-t).exp()).sum::<f64>() * 4f64.ln() * std::f64::consts::PI * SHOULDER * SHOULDER;
        1.0 / (1.0 + (rho / SHOULDER).powi(2)) / light
    }

    #[test]
    fn the_mixture_is_the_profile_of_harvey_and_shack() {
        for rho in [0.0, 0.003, 0.01, 0.02, 0.05, 0.1, 0.15] {
            let ratio = profile(&mixture(), rho * rho) / closed(rho);
            assert!((ratio - 1.0).abs() < 0.03, "{ratio} of the profile at {rho}");
        }
    }

    #[test]
    fn a_points_halo_has_that_profile_and_its_mirror_images() {
        for focal_length_px in [1600.0, 3200.0] {
            // A source as large as a cell, so that its middle is the cell's.
            let cell = (SHOULDER * focal_length_px / 4.0) as usize;
            let lit = |i: usize, from: usize| (from..from + cell).contains(&i);
            let out = scattered(focal_length_px, |x, y| if lit(x, 512) && lit(y, 384) { 1.0 } else { 0.0 });
            let middle = [512.0, 384.0].map(|from| from + cell as f64 / 2.0);
            let power = (cell * cell) as f64 / (focal_length_px * focal_length_px);
            let images = |axis: usize, size: f64| {
                (-8..=8).flat_map(move |k| {
                    [2.0 * f64::from(k) * size + middle[axis], 2.0 * f64::from(k) * size - middle[axis]]
                })
            };
            for (dx, dy) in
                [(0, 0), (8, 0), (20, 0), (0, 20), (25, 25), (60, 0), (0, 80), (-60, 60), (-160, -20), (300, -200)]
            {
                let pixel = [512 + cell as i32 / 2 + dx, 384 + cell as i32 / 2 + dy];
                let place = pixel.map(|v| f64::from(v) + 0.5);
                let of_image = |(x, y): (f64, f64)| {
                    let squared = (place[0] - x).powi(2) + (place[1] - y).powi(2);
                    profile(&mixture(), squared / (focal_length_px * focal_length_px))
                };
                let pairs = images(0, 1024.0).flat_map(|x| images(1, 768.0).map(move |y| (x, y)));
                let expected: f64 = pairs.map(of_image).sum::<f64>() * power;
                let ratio = f64::from(out[(pixel[1] * 1024 + pixel[0]) as usize]) / expected;
                assert!((ratio - 1.0).abs() < 0.03, "{ratio} at ({dx}, {dy}), focal length {focal_length_px} px");
            }
        }
    }

    #[test]
    fn a_source_beside_the_picture_adds_the_halo_of_its_irradiance() {
        let dark = vec![0.0; 664 * 768 * 3];
        let mut beside = ScatteredLight::of(&RadianceView::whole(664, 768, Samples::Rgb32(&dark)), 3200.0);
        let pinhole =
            Pinhole { focal_length_px: 3200.0, principal_point_px: [332.0, 384.0], width_px: 664, height_px: 768 };
        // 60 px left of the picture, 0.12 focal lengths from the axis.
        beside.add_source([-60.0, 384.5], [2.0; 3], &pinhole);
        let mut planes = [(); 3].map(|()| vec![0.0f32; 664]);
        beside.add_to_row(1.0, 0, 384, &mut planes);
        for x in [8, 20, 100, 300] {
            let rho = (60.5 + x as f64) / 3200.0;
            let spread = (1.0 + (392.0f64 / 3200.0).powi(2)).powf(1.5);
            let ratio = f64::from(planes[1][x]) / (2.0 * spread * closed(rho));
            assert!((ratio - 1.0).abs() < 0.04, "{ratio} at {x}");
        }
    }

    #[test]
    fn the_number_of_threads_changes_nothing() {
        let picture: Vec<f32> = (0..640 * 400 * 3).map(|i| (i % 1013 * 7919 % 1013) as f32).collect();
        let view = RadianceView::whole(640, 400, Samples::Rgb32(&picture));
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
            pool.install(|| ScatteredLight::of(&view, 2048.0))
        };
        assert_eq!(on(1), on(3));
    }
}
