//! Planes under a kernel.
use super::{kernel::Kernel, picture::TILE};

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

/// Share of a pixel, or of a square of 2 × 2 pixels, that goes to the nearer of the two it lies between along an axis.
const NEARER: f32 = 0.75;

/// A plane on a grid of squares of 2 × 2 pixels: each pixel is shared out between the squares whose middles it lies
/// between, so that a point keeps its place. Rows and stride are even; the outermost squares lack what lies beyond.
pub(super) fn halve(plane: &[f32], stride: usize, sums: &mut Vec<f32>, out: &mut Vec<f32>) {
    let rows = plane.len() / stride;
    let small = stride / 2;
    out.resize(plane.len() / 4, 0.0);
    sums.clear();
    sums.resize(stride, 0.0);
    let (near, far) = (0.5 * NEARER, 0.5 * (1.0 - NEARER));
    for (square, to) in out.chunks_exact_mut(small).enumerate() {
        let row = |row: usize| &plane[row.min(rows - 1) * stride..][..stride];
        let [a, b, c, d] = [(2 * square).saturating_sub(1), 2 * square, 2 * square + 1, 2 * square + 2].map(row);
        for ((((sum, a), b), c), d) in sums.iter_mut().zip(a).zip(b).zip(c).zip(d) {
            *sum = far * (a + d) + near * (b + c);
        }
        let pairs = sums.as_chunks::<2>().0;
        for (o, three) in to[1..].iter_mut().zip(pairs.array_windows::<3>()) {
            let [[_, a], [b, c], [d, _]] = three;
            *o = far * (a + d) + near * (b + c);
        }
        (to[0], to[small - 1]) = (pairs[0][0], pairs[small - 1][1]);
    }
}

/// The way back from [`halve`]: pixels linearly between the middles of squares. Of `width` × height squares, the
/// outermost are a rim; the pixels within come out with a rim of their own, one pixel wide.
pub(super) fn double(squares: &[f32], width: usize, sums: &mut Vec<f32>, out: &mut Vec<f32>) {
    let wide = 2 * width - 2;
    let height = squares.len() / width;
    out.resize(wide * (2 * height - 2), 0.0);
    sums.resize(width, 0.0);
    for (k, to) in out.chunks_exact_mut(wide).enumerate() {
        let [above, below] = [k / 2, k / 2 + 1].map(|row| &squares[row * width..][..width]);
        let share = if k % 2 == 0 { NEARER } else { 1.0 - NEARER };
        sums.iter_mut().zip(above).zip(below).for_each(|((sum, a), b)| *sum = share * a + (1.0 - share) * b);
        for (pair, [a, b]) in to.as_chunks_mut::<2>().0.iter_mut().zip(sums.array_windows::<2>()) {
            *pair = [NEARER * a + (1.0 - NEARER) * b, (1.0 - NEARER) * a + NEARER * b];
        }
    }
}

/// Planes of coarser grids.
#[derive(Debug, Default)]
pub(super) struct Coarse {
    sums: Vec<f32>,
    half: Vec<f32>,
    quarter: Vec<f32>,
    blurred: Vec<f32>,
    doubled: Vec<f32>,
}

/// A kernel for a tile with a halo.
pub(super) struct TileBlur {
    pub(super) steps: Steps,
    pub(super) factor: usize,
    stride: usize,
    halo: usize,
    /// How far light moves at most, pixels.
    pub(super) reach: usize,
}

impl TileBlur {
    pub(super) fn new(kernel: &Kernel, stride: usize, halo: usize) -> Self {
        let factor = kernel.factor;
        // On a coarser grid one square beyond the tile is needed for the way back, and the outermost are not whole.
        let limit = if factor > 1 { (halo / factor).saturating_sub(2) } else { halo };
        let steps = Steps::new(kernel, stride / factor, limit);
        let reach = if factor > 1 { halo } else { steps.reach };
        Self { steps, factor, stride, halo, reach }
    }

    /// Blurs the tile within a plane.
    pub(super) fn whole(&self, plane: &[f32], coarse: &mut Coarse, out: &mut [f32]) {
        let Self { stride, halo, factor, .. } = *self;
        if factor > 1 {
            self.coarsely(plane, coarse, out);
            return;
        }
        for (y, row) in out.chunks_exact_mut(TILE[0]).enumerate() {
            let base = (y + halo) * stride + halo;
            if self.steps.sharp {
                row.copy_from_slice(&plane[base..base + TILE[0]]);
                continue;
            }
            for (x, chunk) in row.chunks_exact_mut(CHUNK).enumerate() {
                chunk.fill(0.0);
                self.steps.gather(plane, base + x * CHUNK, chunk);
            }
        }
    }

    fn coarsely(&self, plane: &[f32], coarse: &mut Coarse, out: &mut [f32]) {
        let Self { stride, halo, factor, .. } = *self;
        let Coarse { sums, half, quarter, blurred, doubled } = coarse;
        halve(plane, stride, sums, half);
        if factor == 4 {
            halve(half, stride / 2, sums, quarter);
        }
        let source = if factor == 4 { &*quarter } else { &*half };
        // The tile's squares and a rim.
        let [width, height] = TILE.map(|size| size / factor + 2);
        blurred.clear();
        blurred.resize(width * height, 0.0);
        for (row, to) in blurred.chunks_exact_mut(width).enumerate() {
            let base = (row + halo / factor - 1) * (stride / factor) + halo / factor - 1;
            self.steps.gather(source, base, to);
        }
        if factor == 4 {
            double(blurred, width, sums, doubled);
            std::mem::swap(blurred, doubled);
        }
        double(blurred, TILE[0] / 2 + 2, sums, doubled);
        let rows = doubled.chunks_exact(TILE[0] + 2).skip(1);
        out.chunks_exact_mut(TILE[0]).zip(rows).for_each(|(to, row)| to.copy_from_slice(&row[1..=TILE[0]]));
    }
}
