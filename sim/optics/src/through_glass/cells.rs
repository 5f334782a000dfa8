//! Fills the pixels of a band from looks at the corners of cells.
use super::{
    CELL_PX, Rect,
    look::{Eye, Look, MOST_PANES, SKY_BIT},
};

/// Range from which a pixel shows the sky, metres.
const SKY_FROM_M: f32 = 1e29;

/// Looks at the corners of cells along one line of them, remembered by the mask they were made for.
type Line = Vec<Option<(u32, Look)>>;

/// A band of rows that is being filled.
struct Band<'a> {
    eye: &'a Eye<'a>,
    rect: Rect,
    mask: Vec<u32>,
    transmittance: &'a mut [[f32; 3]],
    veil: &'a mut [[f32; 3]],
}

/// Fills a band that begins and ends with the region or at a multiple of the cells' side.
pub(super) fn fill(eye: &Eye<'_>, rect: Rect, range_m: &[f32], transmittance: &mut [[f32; 3]], veil: &mut [[f32; 3]]) {
    let mut mask = vec![0; range_m.len()];
    for (k, pane) in eye.panes.iter().take(MOST_PANES).enumerate() {
        pane.mark(eye.rays, rect, range_m, 1 << k, &mut mask);
    }
    // Only a filter or a pane makes something of the sky's polarisation.
    let filtered = eye.rays.filter.is_some();
    for (bits, range) in mask.iter_mut().zip(range_m) {
        if *range >= SKY_FROM_M && (filtered || *bits != 0) {
            *bits |= SKY_BIT;
        }
    }
    let mut band = Band { eye, rect, mask, transmittance, veil };
    let right = rect.x + rect.width;
    let (first, columns) = (rect.x / CELL_PX, right.div_ceil(CELL_PX) - rect.x / CELL_PX);
    let mut above: Line = vec![None; columns as usize + 1];
    let mut below: Line = vec![None; columns as usize + 1];
    let mut y = rect.y / CELL_PX * CELL_PX;
    while y < rect.y + rect.height {
        for column in 0..columns {
            let x = (first + column) * CELL_PX;
            for mask in band.masks_in(x, y) {
                if mask == 0 {
                    band.leave_open(x, y);
                    continue;
                }
                let corners = [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(i, j)| {
                    let slot = if j == 0 { &mut above } else { &mut below }.get_mut((column + i) as usize);
                    let (x, y) = ((x + i * CELL_PX) as f32, (y + j * CELL_PX) as f32);
                    match slot {
                        Some(Some((known, look))) if *known == mask => *look,
                        Some(slot) => slot.insert((mask, eye.look(x, y, mask))).1,
                        None => eye.look(x, y, mask),
                    }
                });
                band.fill_cell(x, y, CELL_PX, mask, &corners);
            }
        }
        std::mem::swap(&mut above, &mut below);
        below.fill(None);
        y += CELL_PX;
    }
}

impl Band<'_> {
    /// Pixels of a square that lie in the band: columns and rows.
    fn within(&self, x: u32, y: u32, size: u32) -> (std::ops::Range<u32>, std::ops::Range<u32>) {
        let Rect { x: left, y: top, width, height } = self.rect;
        (x.max(left)..(x + size).min(left + width), y.max(top)..(y + size).min(top + height))
    }

    fn index(&self, x: u32, y: u32) -> usize {
        (y - self.rect.y) as usize * self.rect.width as usize + (x - self.rect.x) as usize
    }

    /// The different masks in a cell, in the order in which they are met.
    fn masks_in(&self, x: u32, y: u32) -> Vec<u32> {
        let (columns, rows) = self.within(x, y, CELL_PX);
        let mut known: Vec<u32> = Vec::new();
        for row in rows {
            let start = self.index(columns.start, row);
            for &mask in &self.mask[start..start + columns.len()] {
                if known.last() != Some(&mask) && !known.contains(&mask) {
                    known.push(mask);
                }
            }
        }
        known
    }

    /// Pixels of a cell with nothing before them.
    fn leave_open(&mut self, x: u32, y: u32) {
        let (columns, rows) = self.within(x, y, CELL_PX);
        for row in rows {
            for column in columns.clone() {
                let i = self.index(column, row);
                if self.mask[i] == 0 {
                    let through = match self.eye.rays.filter {
                        // The scene has no polarisation of its own.
                        Some(_) => self.eye.look(column as f32 + 0.5, row as f32 + 0.5, 0).transmittance,
                        None => [1.0; 3],
                    };
                    self.transmittance[i] = through;
                }
            }
        }
    }

    /// Fills the pixels of a square that have this mask.
    fn fill_cell(&mut self, x: u32, y: u32, size: u32, mask: u32, corners: &[Look; 4]) {
        let sun = self.eye.glares_between(corners);
        if !sun && corners[1..].iter().all(|look| look.agrees(&corners[0])) {
            return self.interpolate(x, y, size, mask, corners);
        }
        if size == 1 || size == 2 && !sun {
            let middle = size as f32 / 2.0;
            let look = self.eye.look(x as f32 + middle, y as f32 + middle, mask);
            return self.interpolate(x, y, size, mask, &[look; 4]);
        }
        let half = size / 2;
        let at = |i: u32, j: u32| self.eye.look((x + i * half) as f32, (y + j * half) as f32, mask);
        let [a, c, g, i] = *corners;
        let (b, d, e, f, h) = (at(1, 0), at(0, 1), at(1, 1), at(2, 1), at(1, 2));
        for (dx, dy, corners) in
            [(0, 0, [a, b, d, e]), (1, 0, [b, c, e, f]), (0, 1, [d, e, g, h]), (1, 1, [e, f, h, i])]
        {
            let (x, y) = (x + dx * half, y + dy * half);
            if self.has(x, y, half, mask) {
                self.fill_cell(x, y, half, mask, &corners);
            }
        }
    }

    fn has(&self, x: u32, y: u32, size: u32, mask: u32) -> bool {
        let (columns, mut rows) = self.within(x, y, size);
        rows.any(|row| columns.clone().any(|column| self.mask[self.index(column, row)] == mask))
    }

    /// Bilinear between the corners.
    fn interpolate(&mut self, x: u32, y: u32, size: u32, mask: u32, corners: &[Look; 4]) {
        let (columns, rows) = self.within(x, y, size);
        let step = 1.0 / size as f32;
        let values = corners.map(|look| {
            let ([a, b, c], [d, e, f]) = (look.transmittance, look.veil);
            [a, b, c, d, e, f]
        });
        for row in rows {
            let down = ((row - y) as f32 + 0.5) * step;
            let ends: [[f32; 6]; 2] = [0, 1]
                .map(|side| std::array::from_fn(|k| values[side][k] + (values[side + 2][k] - values[side][k]) * down));
            let slope: [f32; 6] = std::array::from_fn(|k| (ends[1][k] - ends[0][k]) * step);
            let start = self.index(columns.start, row);
            let across = (columns.start - x) as f32 + 0.5;
            for k in 0..columns.len() {
                if self.mask[start + k] != mask {
                    continue;
                }
                let along = across + k as f32;
                let value: [f32; 6] = std::array::from_fn(|c| ends[0][c] + slope[c] * along);
                self.transmittance[start + k] = [value[0], value[1], value[2]];
                self.veil[start + k] = [value[3], value[4], value[5]];
            }
        }
    }
}
