//! What becomes of a point: a uniform disc drawn along the point's path, as weights of whole pixels.
use super::motion::Path;

/// A shift in whole pixels and its weight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Tap {
    pub(super) x: i32,
    pub(super) y: i32,
    pub(super) weight: f32,
}

/// Weights of one blur. Their mean and their variances are those of disc and path, up to what positive weights on whole
/// pixels can do (a slanting streak is up to 0.4 px wide, in standard deviation).
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Kernel {
    /// Side, in pixels, of the squares that the shifts count: a wide disc is drawn on a coarser grid. Sharing pixels out
    /// between squares, and going back, widens the blur too, which is taken off the disc.
    pub(super) factor: usize,
    /// Shifts; their weights sum to 1.
    pub(super) taps: Vec<Tap>,
}

/// Circles from which the grid is made of squares of a side, pixels both.
const COARSE: [(f32, usize); 2] = [(20.0, 4), (8.0, 2)];
/// Largest side of a square.
pub(super) const MAX_FACTOR: usize = 4;
/// Sum of the variances along both axes below which the nearest neighbours do, square pixels.
const SMALL_PX2: f64 = 0.4;
/// Radius of the smallest disc that is drawn, and its variance along an axis.
const LEAST_RADIUS_PX: f64 = 0.6;
/// Distance between two discs on a path, pixels.
const STEP_PX: f64 = 0.5;

/// Side of the squares on which a disc of a diameter is drawn.
pub(super) fn factor(circle_px: f32) -> usize {
    COARSE.iter().find(|(from, _)| circle_px >= *from).map_or(1, |(_, factor)| *factor)
}

/// Variance along an axis that a grid of squares adds: halving shares a pixel out ¾ to ¼ between squares two pixels
/// apart, 4 · 3/16 px², and the way back does so again; the next halving counts in squares.
fn coarse_variance(factor: usize) -> f64 {
    match factor {
        1 => 0.0,
        2 => 1.5,
        _ => 1.5 + 4.0 * 1.5,
    }
}

impl Kernel {
    /// Nothing moves, nothing blurs.
    pub(super) fn sharp() -> Self {
        Self { factor: 1, taps: vec![Tap { x: 0, y: 0, weight: 1.0 }] }
    }

    /// Of a disc of a diameter along a path.
    pub(super) fn new(circle_px: f32, path: &Path) -> Self {
        let factor = factor(circle_px);
        if factor == 1 {
            return Self { factor, taps: taps(f64::from(circle_px), path) };
        }
        let side = factor as f64;
        let circle_px = (f64::from(circle_px).powi(2) - 16.0 * coarse_variance(factor)).sqrt();
        let points = path.points.iter().map(|p| p.map(|v| v / factor as f32)).collect();
        Self { factor, taps: taps(circle_px / side, &Path { points, shares: path.shares.clone() }) }
    }
}

/// Shifts of a disc of a diameter along a path.
fn taps(circle_px: f64, path: &Path) -> Vec<Tap> {
    let (mean, second) = path.moments();
    let (mean, second) = (mean.map(f64::from), second.map(f64::from));
    let disc = circle_px * circle_px / 16.0;
    let target = Moments { mean, second: [second[0] + disc, second[1] + disc, second[2]] };
    let (widest, axis) = target.principal();
    if target.second[0] + target.second[1] < SMALL_PX2 {
        return nearest_neighbours(&target);
    }
    // The drawn disc has a soft edge one pixel wide, which widens its variance, r²/4, by about 0.104; the radius makes
    // up for it where it can, and the path for the rest.
    let radius = (0.25 * circle_px * circle_px - 0.417).max(LEAST_RADIUS_PX * LEAST_RADIUS_PX).sqrt();
    let along = widest - disc;
    let stretch =
        if along > 1e-6 { ((widest - soft_disc_variance(radius)) / along).clamp(0.0, 1.0).sqrt() } else { 0.0 };
    let mut drawing = Drawing::new(radius, path, mean, stretch);
    drawing.draw(radius, path, mean, stretch);
    let mut taps = drawing.taps();
    if !tilt(&mut taps, &target, &[[1.0, 0.0], [0.0, 1.0]]) {
        tilt(&mut taps, &target, &[axis]);
    }
    taps
}

/// Mean and variances (x, y, both) of weights.
struct Moments {
    mean: [f64; 2],
    second: [f64; 3],
}

impl Moments {
    /// Larger variance and its axis.
    fn principal(&self) -> (f64, [f64; 2]) {
        let [xx, yy, xy] = self.second;
        let (middle, half) = (0.5 * (xx + yy), 0.5 * (xx - yy));
        let widest = middle + half.hypot(xy);
        let axis = if xy.abs() > 1e-12 {
            let length = xy.hypot(widest - xx);
            [xy / length, (widest - xx) / length]
        } else if xx >= yy {
            [1.0, 0.0]
        } else {
            [0.0, 1.0]
        };
        (widest, axis)
    }
}

/// Variance along an axis of a disc whose edge falls linearly from r − ½ to r + ½ (r ≥ ½).
fn soft_disc_variance(r: f64) -> f64 {
    0.15 * (5.0 * r.powi(4) + 2.5 * r * r + 0.0625) / (3.0 * r * r + 0.25)
}

/// Weights at the middle and at its eight neighbours with these variances (Selling's decomposition of a quadratic form,
/// J.-M. Mirebeau, *Anisotropic diffusion on Cartesian grids*, 2014, for the pairs of nearest neighbours). A streak that
/// is steeper or flatter than these pairs can draw is widened across. The mean is left at 0: it is far below a pixel.
fn nearest_neighbours(target: &Moments) -> Vec<Tap> {
    let [xx, yy, xy] = target.second;
    let oblique = xy.abs();
    let side = if xy < 0.0 { -1 } else { 1 };
    let mut taps = vec![Tap { x: 0, y: 0, weight: 1.0 }];
    for (x, y, variance) in [(1, 0, xx - oblique), (0, 1, yy - oblique), (1, side, oblique)] {
        let weight = (0.5 * variance) as f32;
        if weight > 0.0 {
            taps[0].weight -= 2.0 * weight;
            taps.extend([Tap { x, y, weight }, Tap { x: -x, y: -y, weight }]);
        }
    }
    taps
}

/// A grid on which discs are drawn.
struct Drawing {
    low: [i32; 2],
    width: usize,
    cells: Vec<f64>,
}

/// A corner of a path, drawn nearer to its mean.
fn shrunk(point: [f32; 2], mean: [f64; 2], stretch: f64) -> [f64; 2] {
    [0, 1].map(|i| mean[i] + stretch * (f64::from(point[i]) - mean[i]))
}

impl Drawing {
    fn new(radius: f64, path: &Path, mean: [f64; 2], stretch: f64) -> Self {
        let (mut low, mut high) = (mean, mean);
        for point in &path.points {
            let p = shrunk(*point, mean, stretch);
            (0..2).for_each(|i| (low[i], high[i]) = (low[i].min(p[i]), high[i].max(p[i])));
        }
        let low = low.map(|v| (v - radius - 0.5).floor() as i32);
        let high = high.map(|v| (v + radius + 0.5).ceil() as i32);
        let [width, height] = [0, 1].map(|i| (high[i] - low[i] + 1) as usize);
        Self { low, width, cells: vec![0.0; width * height] }
    }

    fn draw(&mut self, radius: f64, path: &Path, mean: [f64; 2], stretch: f64) {
        if path.points.len() < 2 || stretch == 0.0 {
            self.disc(mean, radius, 1.0);
            return;
        }
        for (a, b, share) in path.pieces() {
            let [a, b] = [a, b].map(|p| shrunk(p, mean, stretch));
            let count = ((b[0] - a[0]).hypot(b[1] - a[1]) / STEP_PX).ceil().max(1.0);
            for i in 0..count as usize {
                let t = (i as f64 + 0.5) / count;
                let middle = [0, 1].map(|k| a[k] + t * (b[k] - a[k]));
                self.disc(middle, radius, f64::from(share) / count);
            }
        }
    }

    /// Adds a disc with a soft edge and the given sum.
    fn disc(&mut self, middle: [f64; 2], radius: f64, sum: f64) {
        let outer = radius + 0.5;
        let [left, top] = [0, 1].map(|i| (middle[i] - outer).ceil() as i32);
        let [right, bottom] = [0, 1].map(|i| (middle[i] + outer).floor() as i32);
        let cover = |x: i32, y: i32| {
            let (dx, dy) = (f64::from(x) - middle[0], f64::from(y) - middle[1]);
            (outer - (dx * dx + dy * dy).sqrt()).clamp(0.0, 1.0)
        };
        let mut total = 0.0;
        for y in top..=bottom {
            total += (left..=right).map(|x| cover(x, y)).sum::<f64>();
        }
        let scale = sum / total;
        for y in top..=bottom {
            let row = (y - self.low[1]) as usize * self.width;
            for x in left..=right {
                self.cells[row + (x - self.low[0]) as usize] += scale * cover(x, y);
            }
        }
    }

    fn taps(&self) -> Vec<Tap> {
        let total: f64 = self.cells.iter().sum();
        let place = |i: usize| (self.low[0] + (i % self.width) as i32, self.low[1] + (i / self.width) as i32);
        let filled = self.cells.iter().enumerate().filter(|(_, w)| **w > 1e-4 * total);
        filled
            .map(|(i, w)| {
                let (x, y) = place(i);
                Tap { x, y, weight: (w / total) as f32 }
            })
            .collect()
    }
}

/// Multiplies the weights by a polynomial of second degree in the coordinates along `axes`, so that sum, mean and
/// variances along them become those wanted. Says whether all weights stay positive; where they do not and there is
/// another way (two axes were asked for), nothing is changed.
fn tilt(taps: &mut [Tap], target: &Moments, axes: &[[f64; 2]]) -> bool {
    let terms = |tap: &Tap| {
        let d = [f64::from(tap.x) - target.mean[0], f64::from(tap.y) - target.mean[1]];
        let s = |axis: [f64; 2]| d[0] * axis[0] + d[1] * axis[1];
        match axes {
            [a] => vec![1.0, s(*a), s(*a) * s(*a)],
            [a, b, ..] => vec![1.0, s(*a), s(*b), s(*a) * s(*a), s(*b) * s(*b), s(*a) * s(*b)],
            [] => vec![1.0],
        }
    };
    let [xx, yy, xy] = target.second;
    let wanted = match axes {
        [a] => vec![1.0, 0.0, xx * a[0] * a[0] + yy * a[1] * a[1] + 2.0 * xy * a[0] * a[1]],
        [_, _, ..] => vec![1.0, 0.0, 0.0, xx, yy, xy],
        [] => vec![1.0],
    };
    let rows: Vec<Vec<f64>> = taps.iter().map(terms).collect();
    let size = wanted.len();
    let mut system = vec![vec![0.0; size + 1]; size];
    for (tap, row) in taps.iter().zip(&rows) {
        for i in 0..size {
            for j in 0..size {
                system[i][j] += f64::from(tap.weight) * row[i] * row[j];
            }
        }
    }
    for (line, w) in system.iter_mut().zip(&wanted) {
        line[size] = *w;
    }
    let factors = solve(system);
    let weight = |tap: &Tap, row: &[f64]| {
        f64::from(tap.weight) * row.iter().zip(&factors).map(|(term, factor)| term * factor).sum::<f64>()
    };
    let new: Vec<f64> = taps.iter().zip(&rows).map(|(tap, row)| weight(tap, row)).collect();
    let positive = new.iter().all(|w| *w >= -1e-5);
    if !positive && axes.len() > 1 {
        return false;
    }
    let sum: f64 = new.iter().map(|w| w.max(0.0)).sum();
    for (tap, w) in taps.iter_mut().zip(new) {
        tap.weight = (w.max(0.0) / sum) as f32;
    }
    positive
}

/// Solves a system of linear equations, each row with its right side. A term that no tap has is left out.
fn solve(mut system: Vec<Vec<f64>>) -> Vec<f64> {
    let size = system.len();
    let mut rows = vec![None; size];
    let mut next = 0;
    for column in 0..size {
        let pivot = (next..size).max_by(|&a, &b| system[a][column].abs().total_cmp(&system[b][column].abs()));
        let Some(pivot) = pivot.filter(|&row| system[row][column].abs() > 1e-9) else { continue };
        system.swap(next, pivot);
        let line = system[next].clone();
        for (_, other) in system.iter_mut().enumerate().filter(|(row, _)| *row != next) {
            let factor = other[column] / line[column];
            other.iter_mut().zip(&line).for_each(|(o, l)| *o -= factor * l);
        }
        rows[column] = Some(next);
        next += 1;
    }
    (0..size).map(|column| rows[column].map_or(0.0, |row| system[row][size] / system[row][column])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn straight(x: f32, y: f32) -> Path {
        Path { points: vec![[-0.5 * x, -0.5 * y], [0.5 * x, 0.5 * y]], shares: vec![1.0] }
    }

    /// Sum, mean and variances of a kernel, with what its squares add.
    fn measured(kernel: &Kernel) -> (f64, [f64; 2], [f64; 3]) {
        let (mut sum, mut mean, mut second) = (0.0, [0.0; 2], [0.0; 3]);
        let side = kernel.factor as f64;
        for tap in &kernel.taps {
            let (x, y, w) = (side * f64::from(tap.x), side * f64::from(tap.y), f64::from(tap.weight));
            assert!(w >= 0.0);
            sum += w;
            mean = [mean[0] + w * x, mean[1] + w * y];
            second = [second[0] + w * x * x, second[1] + w * y * y, second[2] + w * x * y];
        }
        let coarse = coarse_variance(kernel.factor);
        second = [second[0] + coarse, second[1] + coarse, second[2]];
        let mean = mean.map(|m| m / sum);
        (
            sum,
            mean,
            [
                second[0] / sum - mean[0] * mean[0],
                second[1] / sum - mean[1] * mean[1],
                second[2] / sum - mean[0] * mean[1],
            ],
        )
    }

    #[test]
    fn discs_have_their_diameter() {
        for tenths in (2..=80).chain((90..640).step_by(45)) {
            let circle = tenths as f32 * 0.1;
            let (sum, mean, [xx, yy, xy]) = measured(&Kernel::new(circle, &Path::default()));
            assert!((sum - 1.0).abs() < 0.01, "{circle}: {sum}");
            assert!(mean[0].abs() < 1e-5 && mean[1].abs() < 1e-5 && xy.abs() < 1e-4);
            for variance in [xx, yy] {
                // A uniform disc of diameter c has c²/16 along any axis.
                let got = 4.0 * variance.sqrt();
                let tolerance = if circle >= 8.0 { 0.02 * f64::from(circle) } else { 0.02 };
                assert!((got - f64::from(circle)).abs() < tolerance, "{circle}: {got}");
            }
        }
    }

    #[test]
    fn streaks_have_their_length_at_any_slant_and_focus() {
        let mut widest_excess = 0.0f64;
        for circle in [0.0f32, 0.5, 1.0, 2.0, 3.5, 6.0, 14.0] {
            for length in [0.3f32, 0.8, 1.5, 2.5, 4.0, 8.0, 20.0] {
                for slant in 0..12 {
                    let (sin, cos) = (slant as f32 * 15.0f32.to_radians()).sin_cos();
                    let kernel = Kernel::new(circle, &straight(length * cos, length * sin));
                    let (sum, mean, [xx, yy, xy]) = measured(&kernel);
                    assert!((sum - 1.0).abs() < 0.01 && mean[0].abs() < 1e-3 && mean[1].abs() < 1e-3);
                    let (s, c) = (f64::from(sin), f64::from(cos));
                    let along = xx * c * c + yy * s * s + 2.0 * xy * s * c;
                    let across = xx * s * s + yy * c * c - 2.0 * xy * s * c;
                    let disc = f64::from(circle * circle) / 16.0;
                    let got = (12.0 * (along - disc)).max(0.0).sqrt();
                    let want = f64::from(length);
                    let tolerance = if want >= 8.0 { 0.05 * want } else { 0.3 };
                    assert!((got - want).abs() < tolerance, "{circle} px, {length} px, {slant}: {got}");
                    assert!(across > disc - 0.05, "{circle} px, {length} px, {slant}: {across} not {disc}");
                    widest_excess = widest_excess.max(across - disc);
                }
            }
        }
        assert!(widest_excess < 0.22, "a streak is {widest_excess} px² too wide");
    }

    #[test]
    fn weights_grow_evenly_with_the_blur() {
        // No jump where one way of drawing takes over from another.
        let at = |circle: f32, tap: (i32, i32)| {
            let kernel = Kernel::new(circle, &straight(0.4 * circle, 0.2 * circle));
            kernel.taps.iter().filter(|t| (t.x, t.y) == tap).map(|t| t.weight).sum::<f32>()
        };
        for step in 0..600 {
            let circle = 0.25 + step as f32 * 0.01;
            for tap in [(0, 0), (1, 0), (0, 1), (1, 1), (2, 0)] {
                let (a, b) = (at(circle, tap), at(circle + 0.01, tap));
                assert!((a - b).abs() < 0.06, "{tap:?} at {circle}: {a} → {b}");
            }
        }
    }
}
