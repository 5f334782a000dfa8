//! Planes under a kernel.
use super::kernel::{Kernel, MAX_FACTOR};

/// Pixels that are computed at once.
pub(super) const CHUNK: usize = 32;
/// Shifts that are added at once.
const GROUP: usize = 4;

/// A kernel's shifts as steps in a plane of a stride.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Steps {
    steps: Vec<[(isize, f32); GROUP]>,
    /// Farthest shift along either axis.
    pub(super) reach: usize,
    /// Whether nothing moves.
    pub(super) sharp: bool,
}

impl Steps {
    /// Of a kernel whose shifts reach at most `limit` pixels: one beyond it is drawn in.
    pub(super) fn new(kernel: &Kernel, stride: usize, limit: usize) -> Self {
        let limit = limit as i32;
        let mut reach = 0;
        let step = |tap: &super::kernel::Tap| {
            let [x, y] = [tap.x, tap.y].map(|v| v.clamp(-limit, limit));
            reach = reach.max(x.unsigned_abs().max(y.unsigned_abs()) as usize);
            // Light that lands here by this shift comes from the other side.
            (-(y as isize * stride as isize + x as isize), tap.weight)
        };
        let all: Vec<(isize, f32)> = kernel.taps.iter().map(step).collect();
        let steps = all.chunks(GROUP).map(|group| {
            let mut steps = [(0, 0.0); GROUP];
            steps[..group.len()].copy_from_slice(group);
            steps
        });
        Self { steps: steps.collect(), reach, sharp: reach == 0 && kernel.factor == 1 }
    }

    /// Adds what arrives at the pixels from `base` on. The plane has a margin of the kernel's reach.
    #[inline]
    pub(super) fn gather(&self, plane: &[f32], base: usize, sum: &mut [f32]) {
        for group in &self.steps {
            let source = |k: usize| {
                let from = base.wrapping_add_signed(group[k].0);
                &plane[from..from + sum.len()]
            };
            let [a, b, c, d] = [source(0), source(1), source(2), source(3)];
            let [(_, wa), (_, wb), (_, wc), (_, wd)] = *group;
            for ((((o, a), b), c), d) in sum.iter_mut().zip(a).zip(b).zip(c).zip(d) {
                *o += (wa * a + wb * b) + (wc * c + wd * d);
            }
        }
    }
}

/// A plane on a grid of squares of `factor` × `factor` pixels: each pixel is shared out, linearly, between the squares
/// whose middles it lies between, so that a point keeps its place. Stride and rows of what comes out are those given ÷
/// `factor`; its outermost squares lack what lies beyond the plane.
pub(super) fn shrink(plane: &[f32], stride: usize, factor: usize, sums: &mut Vec<f32>, out: &mut Vec<f32>) {
    let small = stride / factor;
    let rows = plane.len() / stride;
    out.resize(plane.len() / (factor * factor), 0.0);
    sums.resize(stride, 0.0);
    // Pixels by their distance from the first that belongs to a square, `factor / 2` before its own.
    let weight = |k: usize| {
        let (share, after) = between((k + factor / 2) % factor, factor);
        let own = if (factor / 2..3 * factor / 2).contains(&k) { 1.0 - share } else { share };
        debug_assert!(after || k >= factor / 2 || own > 0.0);
        own / factor as f32
    };
    let weights: [f32; 2 * MAX_FACTOR] = std::array::from_fn(|k| if k < 2 * factor { weight(k) } else { 0.0 });
    let weights = &weights[..2 * factor];
    for (square, to) in out.chunks_exact_mut(small).enumerate() {
        sums.fill(0.0);
        for (k, weight) in weights.iter().enumerate() {
            let Some(row) = (square * factor + k).checked_sub(factor / 2).filter(|row| *row < rows) else { continue };
            let row = &plane[row * stride..][..stride];
            sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += weight * value);
        }
        let inner = to[1..].iter_mut().zip(sums[factor / 2..].windows(2 * factor).step_by(factor));
        inner.for_each(|(o, pixels)| *o = pixels.iter().zip(weights).map(|(p, w)| p * w).sum());
        to[0] = sums[..3 * factor / 2].iter().zip(&weights[factor / 2..]).map(|(p, w)| p * w).sum();
        let last = &sums[stride - 3 * factor / 2..];
        to[small - 1] = last.iter().zip(weights).map(|(p, w)| p * w).sum();
    }
}

/// The inverse of [`shrink`]: a row of pixels from a row of squares, linearly between their middles. The row begins with
/// a square before the first pixel's, and ends with one after the last pixel's.
pub(super) fn stretch(squares: &[f32], factor: usize, out: &mut [f32]) {
    let pixels = out.chunks_exact_mut(factor).zip(squares.windows(3));
    for (pixels, squares) in pixels {
        for (k, pixel) in pixels.iter_mut().enumerate() {
            let (weight, after) = between(k, factor);
            let other = if after { squares[2] } else { squares[0] };
            *pixel = squares[1] + (other - squares[1]) * weight;
        }
    }
}

/// How a pixel, the `k`th of a square, lies between that square and its neighbour: the neighbour's weight, and whether
/// it is the one after.
pub(super) fn between(k: usize, factor: usize) -> (f32, bool) {
    let off = (k as f32 + 0.5) / factor as f32 - 0.5;
    (off.abs(), off > 0.0)
}
