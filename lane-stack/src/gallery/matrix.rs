//! Templates in memory, searched exactly.
//!
//! A scan in single precision (SIMD through the crate `wide`, several threads) finds every row that could be among the
//! best; these are then compared again in double precision, in the order of their values. The scan keeps a margin of twice
//! the greatest rounding error it can make, so that the answer is that of the double-precision comparison with every row,
//! bit for bit, on every processor and with any number of threads.
use super::memory::cosine;
use std::ops::Range;
use wide::f32x8;
use zeroize::{Zeroize as _, Zeroizing};

/// Values a step of the inner loop takes: four vectors of eight, to hide the latency of the additions. Rows are padded to
/// a multiple of it with zeros, which change no sum.
const STEP: usize = 32;
/// Rows of a block. Blocks never move, so that no copies of templates stay behind in memory that was given back.
const BLOCK_ROWS: usize = 4096;
/// Rows that are compared with all probes before the next ones: few enough to stay in the first-level cache (of 32 KiB
/// and more) for 256 values.
const TILE_ROWS: usize = 32;
/// Rows from which a scan is worth another thread: about a millisecond's work.
const ROWS_PER_THREAD: usize = 8192;

/// Rows of equal length.
pub(super) struct Matrix {
    dimension: usize,
    stride: usize,
    blocks: Vec<Vec<f32>>,
    rows: usize,
}

/// A row and its similarity, −1..1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Hit {
    pub row: usize,
    pub similarity: f32,
}

impl Matrix {
    pub fn new(dimension: usize) -> Self {
        Self { dimension, stride: dimension.next_multiple_of(STEP), blocks: Vec::new(), rows: 0 }
    }

    /// Adds a row at the end.
    pub fn push(&mut self, values: &[f32]) {
        assert_eq!(values.len(), self.dimension, "templates are checked before they come here");
        if self.rows == self.blocks.len() * BLOCK_ROWS {
            self.blocks.push(vec![0.0; BLOCK_ROWS * self.stride]);
        }
        self.rows += 1;
        let dimension = self.dimension;
        self.row_mut(self.rows - 1)[..dimension].copy_from_slice(values);
    }

    /// Takes a row out; the last one comes into its place. Nothing of it stays in memory.
    pub fn swap_remove(&mut self, row: usize) {
        let last = self.rows - 1;
        if row != last {
            let (dimension, moved) = (self.dimension, Zeroizing::new(self.row(last).to_vec()));
            self.row_mut(row)[..dimension].copy_from_slice(&moved);
        }
        self.row_mut(last).zeroize();
        self.rows = last;
        if self.rows + 2 * BLOCK_ROWS <= self.blocks.len() * BLOCK_ROWS {
            self.blocks.pop();
        }
    }

    pub fn row(&self, row: usize) -> &[f32] {
        &self.padded(row)[..self.dimension]
    }

    fn padded(&self, row: usize) -> &[f32] {
        let from = row % BLOCK_ROWS * self.stride;
        &self.blocks[row / BLOCK_ROWS][from..from + self.stride]
    }

    fn row_mut(&mut self, row: usize) -> &mut [f32] {
        let from = row % BLOCK_ROWS * self.stride;
        &mut self.blocks[row / BLOCK_ROWS][from..from + self.stride]
    }

    /// For each probe the `count` most similar of the rows that `counts` admits, best first, equal ones by what `order`
    /// says of them. `threads` changes the time it takes, never the answer.
    pub fn nearest(
        &self,
        probes: &[&[f32]],
        count: usize,
        threads: usize,
        admits: impl Fn(usize) -> bool + Sync,
        order: impl Fn(usize) -> u64,
    ) -> Vec<Vec<Hit>> {
        if self.rows == 0 || count == 0 {
            return vec![Vec::new(); probes.len()];
        }
        let margin = self.margin();
        let padded: Vec<Vec<f32x8>> = probes.iter().map(|probe| self.vectors(probe)).collect();
        let parts = threads.clamp(1, self.rows.div_ceil(ROWS_PER_THREAD));
        let share = self.rows.div_ceil(parts);
        let ranges = (0..parts).map(|part| part * share..((part + 1) * share).min(self.rows));
        let found: Vec<Vec<Sieve>> = std::thread::scope(|scope| {
            let (padded, admits) = (&padded, &admits);
            let mut ranges = ranges.map(|rows| move || self.scan(rows, padded, count, margin, admits));
            let own = ranges.next();
            let others: Vec<_> = ranges.map(|scan| scope.spawn(scan)).collect();
            let own = own.map(|scan| scan());
            let others = others.into_iter().map(|t| t.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            own.into_iter().chain(others).collect()
        });
        let mut answers = Vec::with_capacity(probes.len());
        for (index, probe) in probes.iter().enumerate() {
            let mut all = Sieve::new(count, margin);
            all.rows = found.iter().flat_map(|of_part| of_part[index].rows.iter().copied()).collect();
            all.shake();
            let exact = all.rows.iter().map(|&(_, row)| Hit { row, similarity: cosine(probe, self.row(row)) });
            let mut hits: Vec<Hit> = exact.collect();
            let key = |hit: &Hit| order(hit.row);
            hits.sort_by(|a, b| b.similarity.total_cmp(&a.similarity).then_with(|| key(a).cmp(&key(b))));
            hits.truncate(count);
            answers.push(hits);
        }
        answers
    }

    /// Twice the greatest difference between a sum of the scan and the exact similarity rounded to single precision: the
    /// sum of d products in any order is off by at most γ·Σ|aᵢbᵢ|, γ = du/(1 − du), u = 2⁻²⁴ (Higham, Accuracy and
    /// Stability of Numerical Algorithms, 2nd ed., section 3.1), Σ|aᵢbᵢ| at most the product of the lengths, which are
    /// within a thousandth of 1; rounding the exact one adds u.
    fn margin(&self) -> f32 {
        let u = f64::from(f32::EPSILON) / 2.0;
        let du = (self.stride + 1) as f64 * u;
        let worst = du / (1.0 - du) * 1.001 * 1.001 + u;
        (2.0 * worst * 1.01) as f32
    }

    fn vectors(&self, probe: &[f32]) -> Vec<f32x8> {
        let mut padded = probe.to_vec();
        padded.resize(self.stride, 0.0);
        padded.as_chunks::<8>().0.iter().map(|&eight| f32x8::from(eight)).collect()
    }

    fn scan(
        &self,
        rows: Range<usize>,
        probes: &[Vec<f32x8>],
        count: usize,
        margin: f32,
        admits: &(impl Fn(usize) -> bool + Sync),
    ) -> Vec<Sieve> {
        let mut sieves = vec![Sieve::new(count, margin); probes.len()];
        let mut from = rows.start;
        while from < rows.end {
            // Block lengths are multiples of a tile's: a tile lies in one block.
            let to = (from / TILE_ROWS * TILE_ROWS + TILE_ROWS).min(rows.end);
            let start = from % BLOCK_ROWS * self.stride;
            let tile = &self.blocks[from / BLOCK_ROWS][start..start + (to - from) * self.stride];
            for (probe, sieve) in probes.iter().zip(&mut sieves) {
                let mut similarities = [0.0; TILE_ROWS];
                dots(probe, tile, self.stride, &mut similarities);
                for (row, similarity) in (from..to).zip(similarities) {
                    if similarity >= sieve.bar && admits(row) {
                        sieve.take(similarity, row);
                    }
                }
            }
            from = to;
        }
        sieves
    }
}

impl Drop for Matrix {
    fn drop(&mut self) {
        self.blocks.iter_mut().for_each(|block| block.zeroize());
    }
}

/// Similarities of a tile's rows; apart from what is done with them, so that this loop holds nothing else.
#[inline(never)]
fn dots(probe: &[f32x8], tile: &[f32], stride: usize, similarities: &mut [f32; TILE_ROWS]) {
    for (similarity, row) in similarities.iter_mut().zip(tile.chunks_exact(stride)) {
        *similarity = dot(probe, row);
    }
}

#[inline]
fn dot(probe: &[f32x8], row: &[f32]) -> f32 {
    let mut sums = [f32x8::ZERO; STEP / 8];
    let eights = row.as_chunks::<8>().0;
    for (p, r) in probe.chunks_exact(STEP / 8).zip(eights.chunks_exact(STEP / 8)) {
        for ((sum, p), r) in sums.iter_mut().zip(p).zip(r) {
            *sum = p.mul_add(f32x8::from(*r), *sum);
        }
    }
    ((sums[0] + sums[1]) + (sums[2] + sums[3])).reduce_add()
}

/// Keeps every row that could be among the best `count`.
#[derive(Clone)]
struct Sieve {
    count: usize,
    margin: f32,
    /// Similarity below which no row can be among the best.
    bar: f32,
    rows: Vec<(f32, usize)>,
    full: usize,
}

impl Sieve {
    fn new(count: usize, margin: f32) -> Self {
        Self { count, margin, bar: f32::NEG_INFINITY, rows: Vec::new(), full: 4 * count }
    }

    fn take(&mut self, similarity: f32, row: usize) {
        self.rows.push((similarity, row));
        if self.rows.len() >= self.full {
            self.shake();
            // Where many are alike few fall through: then the next shaking waits until there are twice as many.
            self.full = (4 * self.count).max(2 * self.rows.len());
        }
    }

    /// Drops what is further below the `count`-th best than rounding can explain.
    fn shake(&mut self) {
        if self.rows.len() > self.count {
            let best_first = |a: &(f32, usize), b: &(f32, usize)| b.0.total_cmp(&a.0);
            let (_, last, _) = self.rows.select_nth_unstable_by(self.count - 1, best_first);
            self.bar = last.0 - self.margin;
            let bar = self.bar;
            self.rows.retain(|(similarity, _)| *similarity >= bar);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::given::{Entropy as _, Seeded};
    use super::*;
    use crate::embedder::unit;

    /// Directions on a coarse grid, so that many are equal or nearly so.
    fn templates(count: usize, dimension: usize, levels: u8) -> Vec<Vec<f32>> {
        let mut bytes = vec![0; count * dimension];
        Seeded((count * dimension) as u64 ^ u64::from(levels)).fill(&mut bytes).unwrap();
        let direction =
            |c: &[u8]| unit(c.iter().map(|b| f32::from(b % levels) + 0.5 - f32::from(levels / 2)).collect());
        bytes.chunks_exact(dimension).map(|c| direction(c).unwrap()).collect()
    }

    /// Every row compared in double precision, sorted whole.
    fn plainly(all: &[Vec<f32>], probe: &[f32], count: usize) -> Vec<Hit> {
        let exact = all.iter().enumerate().map(|(row, t)| Hit { row, similarity: cosine(probe, t) });
        let mut hits: Vec<Hit> = exact.collect();
        hits.sort_by(|a, b| b.similarity.total_cmp(&a.similarity));
        hits.truncate(count);
        hits
    }

    #[test]
    fn the_answer_is_that_of_the_plain_comparison_bit_for_bit() {
        for (rows, dimension, levels) in [(1, 3, 9), (70, 2, 3), (9000, 7, 3), (20_000, 64, 3), (9000, 128, 255)] {
            let all = templates(rows, dimension, levels);
            let mut matrix = Matrix::new(dimension);
            all.iter().for_each(|t| matrix.push(t));
            let probes = templates(3, dimension, levels);
            let probes: Vec<&[f32]> = probes.iter().map(Vec::as_slice).collect();
            for threads in [1, 2, 5] {
                let found = matrix.nearest(&probes, 10, threads, |_| true, |row| row as u64);
                for (probe, hits) in probes.iter().zip(found) {
                    assert_eq!(hits, plainly(&all, probe, 10), "{rows} rows of {dimension}, {threads} threads");
                }
            }
        }
    }

    #[test]
    fn what_may_not_be_seen_takes_no_place() {
        let all = templates(500, 16, 255);
        let mut matrix = Matrix::new(16);
        all.iter().for_each(|t| matrix.push(t));
        let found = matrix.nearest(&[&all[3]], 5, 1, |row| row >= 490, |row| row as u64);
        assert_eq!(found[0].len(), 5);
        assert!(found[0].iter().all(|hit| hit.row >= 490));
    }

    #[test]
    fn a_row_that_goes_leaves_nothing_and_moves_only_the_last() {
        let all = templates(BLOCK_ROWS + 10, 5, 255);
        let mut matrix = Matrix::new(5);
        all.iter().for_each(|t| matrix.push(t));
        let mut expected = all.clone();
        for row in [0, BLOCK_ROWS, 7, BLOCK_ROWS + 7] {
            matrix.swap_remove(row.min(matrix.rows - 1));
            expected.swap_remove(row.min(expected.len() - 1));
        }
        assert_eq!(matrix.rows, expected.len());
        for (row, values) in expected.iter().enumerate() {
            assert_eq!(matrix.row(row), values);
        }
        let beyond = matrix.blocks.iter().flatten().skip(matrix.rows * matrix.stride);
        assert!(beyond.into_iter().all(|&v| v == 0.0));
        while matrix.rows > 0 {
            matrix.swap_remove(0);
        }
        assert!(matrix.blocks.iter().flatten().all(|&v| v == 0.0));
        assert!(matrix.blocks.len() <= 2, "memory is given back");
        assert_eq!(matrix.nearest(&[&all[0]], 5, 2, |_| true, |row| row as u64), [[]]);
    }
}
