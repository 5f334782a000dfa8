//! Planes under a kernel.
use super::kernel::Kernel;

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

/// Means of squares of `factor` × `factor` pixels; stride and rows of what comes out are those given ÷ `factor`.
pub(super) fn shrink(plane: &[f32], stride: usize, factor: usize, sums: &mut Vec<f32>, out: &mut Vec<f32>) {
    let small = stride / factor;
    out.resize(plane.len() / (factor * factor), 0.0);
    sums.resize(stride, 0.0);
    let scale = 1.0 / (factor * factor) as f32;
    for (rows, to) in plane.chunks_exact(stride * factor).zip(out.chunks_exact_mut(small)) {
        let (first, others) = rows.split_at(stride);
        sums.copy_from_slice(first);
        for row in others.chunks_exact(stride) {
            sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
        }
        match factor {
            2 => to.iter_mut().zip(sums.as_chunks::<2>().0).for_each(|(o, [a, b])| *o = (a + b) * scale),
            _ => {
                for (o, square) in to.iter_mut().zip(sums.chunks_exact(factor)) {
                    *o = square.iter().sum::<f32>() * scale;
                }
            }
        }
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
