//! What lies before a camera, pixel by pixel, whether it was rendered for this exposure or is the lane's backdrop.
use super::{
    Backdrop, LayeredRadiance,
    depth::{Depths, Extent},
    kernel::MAX_FACTOR,
};

/// Columns and rows of a tile. Tiles begin at multiples of these on the sensor, wherever a region lies.
pub(super) const TILE: [usize; 2] = [64, 64];

/// A rectangle of pixels; the ends lie outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rect {
    pub(super) x: [usize; 2],
    pub(super) y: [usize; 2],
}

impl Rect {
    pub(super) fn new(origin: [usize; 2], size: [usize; 2]) -> Self {
        Self { x: [origin[0], origin[0] + size[0]], y: [origin[1], origin[1] + size[1]] }
    }

    pub(super) fn size(&self) -> [usize; 2] {
        [self.x[1] - self.x[0], self.y[1] - self.y[0]]
    }

    fn clip(x: [usize; 2], to: [usize; 2]) -> [usize; 2] {
        x.map(|v| v.clamp(to[0], to[1]))
    }
}

/// The tiles of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Grid {
    pub(super) columns: usize,
    pub(super) rows: usize,
    sensor: [usize; 2],
}

impl Grid {
    pub(super) fn of(sensor: [usize; 2]) -> Self {
        Self { columns: sensor[0].div_ceil(TILE[0]), rows: sensor[1].div_ceil(TILE[1]), sensor }
    }

    pub(super) fn count(&self) -> usize {
        self.columns * self.rows
    }

    /// Pixels of a tile; at the sensor's end a tile is cut.
    pub(super) fn rect(&self, tile: usize) -> Rect {
        let [x, y] = [tile % self.columns * TILE[0], tile / self.columns * TILE[1]];
        Rect { x: [x, (x + TILE[0]).min(self.sensor[0])], y: [y, (y + TILE[1]).min(self.sensor[1])] }
    }

    /// The place for which the blurs of a tile are worked out.
    pub(super) fn middle(&self, tile: usize) -> [f32; 2] {
        let [x, y] = [tile % self.columns * TILE[0], tile / self.columns * TILE[1]];
        [(x + TILE[0] / 2) as f32, (y + TILE[1] / 2) as f32]
    }

    /// Tiles that have a pixel within `margin` of a rectangle.
    pub(super) fn near(&self, rect: &Rect, margin: usize) -> impl Iterator<Item = usize> + use<> {
        let columns = self.columns;
        let span = |ends: [usize; 2], tile: usize, count: usize| {
            ends[0].saturating_sub(margin) / tile..(ends[1] + margin).div_ceil(tile).min(count)
        };
        let xs = span(rect.x, TILE[0], columns);
        span(rect.y, TILE[1], self.rows).flat_map(move |y| xs.clone().map(move |x| y * columns + x))
    }
}

/// What a tile holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct TileFacts {
    pub(super) extents: Vec<Extent>,
    /// Whether any pane mirrors something.
    pub(super) veiled: bool,
    /// Whether a blur is worth computing.
    pub(super) sharp: bool,
    /// How far its light reaches beyond its pixels, pixels; what its panes mirror is not counted.
    pub(super) reach: usize,
    /// How far what its panes mirror reaches.
    pub(super) veil_reach: usize,
}

impl TileFacts {
    /// How far anything of it reaches.
    pub(super) fn reaches(&self) -> usize {
        self.reach.max(self.veil_reach)
    }
}

/// How far round a tile light comes from, pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Halo {
    pub(super) scene: usize,
    pub(super) veil: usize,
}

impl Halo {
    pub(super) fn widest(&self) -> usize {
        self.scene.max(self.veil)
    }
}

/// Everything that a tile is computed from.
pub(super) struct Picture<'a> {
    pub(super) depths: &'a Depths,
    pub(super) layers: &'a LayeredRadiance<'a>,
    /// Nearness of each pixel of the region.
    pub(super) nearness: &'a [f32],
    pub(super) region: Rect,
    pub(super) backdrop: Option<&'a Backdrop>,
    /// The pixels that there are: the sensor with a backdrop, the region without.
    pub(super) bounds: Rect,
    /// Circle of confusion of what is infinitely far, pixels.
    pub(super) far_circle_px: f32,
}

/// A tile and its surroundings, in planes.
#[derive(Debug, Default)]
pub(super) struct Planes {
    pub(super) stride: usize,
    pub(super) rows: usize,
    /// The scene's bands, or the veil's.
    pub(super) light: [Vec<f32>; 3],
    /// 1 where a pane mirrors something, else 0.
    pub(super) pane: Vec<f32>,
    pub(super) nearness: Vec<f32>,
    pub(super) body: Vec<u8>,
}

/// What [`Planes`] are to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// All, with the light of the scene.
    Scene,
    /// Panes and what they mirror.
    Veil,
}

/// Smallest and largest of some numbers.
fn range(values: &[f32]) -> [f32; 2] {
    const LANES: usize = 16;
    let (chunks, rest) = values.as_chunks::<LANES>();
    let (mut low, mut high) = ([f32::MAX; LANES], [f32::MIN; LANES]);
    for chunk in chunks {
        for i in 0..LANES {
            low[i] = if chunk[i] < low[i] { chunk[i] } else { low[i] };
            high[i] = if chunk[i] > high[i] { chunk[i] } else { high[i] };
        }
    }
    let all = |lanes: [f32; LANES], pick: fn(f32, f32) -> f32, start| {
        lanes.iter().chain(rest).fold(start, |a: f32, b| pick(a, *b))
    };
    [all(low, f32::min, f32::MAX), all(high, f32::max, f32::MIN)]
}

/// Widens the extents by a row of nearnesses with their bodies.
#[inline]
pub(super) fn widen(extents: &mut Vec<Extent>, nearness: &[f32], body: impl Fn(usize) -> u8) {
    let mut start = 0;
    while start < nearness.len() {
        let this = body(start);
        let end = (start + 1..nearness.len()).find(|&i| body(i) != this).unwrap_or(nearness.len());
        let [low, high] = range(&nearness[start..end]);
        match extents.iter_mut().find(|e| e.body == this) {
            Some(extent) => (extent.low, extent.high) = (extent.low.min(low), extent.high.max(high)),
            None => extents.push(Extent { body: this, low, high }),
        }
        start = end;
    }
}

impl Picture<'_> {
    fn region_index(&self, x: usize, y: usize) -> usize {
        (y - self.region.y[0]) * self.region.size()[0] + (x - self.region.x[0])
    }

    /// Cuts a piece of a row into what the region and what the backdrop holds of it.
    fn pieces(&self, y: usize, x: [usize; 2]) -> [([usize; 2], bool); 3] {
        if y < self.region.y[0] || y >= self.region.y[1] {
            return [(x, false), ([x[1]; 2], true), ([x[1]; 2], false)];
        }
        let inner = Rect::clip(self.region.x, x);
        [([x[0], inner[0]], false), (inner, true), ([inner[1], x[1]], false)]
    }

    /// A piece of a row as it is.
    pub(super) fn copy(&self, y: usize, x: [usize; 2], to: &mut [[f32; 3]]) {
        for (piece, in_region) in self.pieces(y, x) {
            // An empty piece may lie beside the region, whose row has no place for it.
            if piece[0] == piece[1] {
                continue;
            }
            let to = &mut to[piece[0] - x[0]..piece[1] - x[0]];
            if in_region {
                let from = self.region_index(piece[0], y);
                to.copy_from_slice(&self.layers.scene[from..from + to.len()]);
                if let Some(veil) = self.layers.veil {
                    for (to, veil) in to.iter_mut().zip(&veil[from..]).filter(|(_, veil)| is_veiled(veil)) {
                        (0..3).for_each(|i| to[i] += veil[i]);
                    }
                }
            } else if let Some(backdrop) = self.backdrop {
                to.copy_from_slice(&backdrop.scene[y * backdrop.size[0] + piece[0]..][..to.len()]);
            }
        }
    }

    /// Gathers the facts of a tile.
    pub(super) fn facts(&self, grid: &Grid, tile: usize) -> TileFacts {
        let rect = grid.rect(tile);
        let mut facts = TileFacts::default();
        let (xs, ys) = (Rect::clip(rect.x, self.bounds.x), Rect::clip(rect.y, self.bounds.y));
        for y in ys[0]..ys[1] {
            for (x, in_region) in self.pieces(y, xs) {
                if x[0] == x[1] {
                    continue;
                }
                let length = x[1] - x[0];
                if in_region {
                    let i = self.region_index(x[0], y);
                    let body = &self.layers.body[i..i + length];
                    let class = |k: usize| self.depths.class[usize::from(body[k])];
                    widen(&mut facts.extents, &self.nearness[i..i + length], class);
                    let veil = self.layers.veil.map(|veil| &veil[i..i + length]);
                    facts.veiled |= veil.is_some_and(|veil| veil.iter().any(is_veiled));
                } else if let Some(backdrop) = self.backdrop {
                    let i = y * self.bounds.size()[0] + x[0];
                    widen(&mut facts.extents, &backdrop.nearness[i..i + length], |_| 0);
                }
            }
        }
        self.finish(grid, tile, &mut facts);
        facts
    }

    /// Works out sharpness and reach.
    fn finish(&self, grid: &Grid, tile: usize, facts: &mut TileFacts) {
        let place = grid.middle(tile);
        let sharp_veil = !facts.veiled || self.far_circle_px < super::SHARP_BELOW_PX;
        facts.sharp = sharp_veil && facts.extents.iter().all(|e| self.depths.is_sharp(e, place));
        let reach = facts.extents.iter().map(|e| self.depths.reach_px(e, place)).fold(0.0, f32::max);
        // One more, because the paths of the next tile, a little longer, may be the ones that are drawn. Whole squares
        // of a coarse grid fit into what comes out.
        let whole = |reach: f32| (reach.ceil() as usize + 1).next_multiple_of(MAX_FACTOR);
        facts.reach = whole(reach);
        facts.veil_reach = if facts.veiled { whole(0.5 * self.far_circle_px + 3.0 * MAX_FACTOR as f32) } else { 0 };
    }

    /// Copies a tile and `halo` pixels to each side; beyond the last pixel, that goes on.
    pub(super) fn load(&self, kind: Kind, origin: [usize; 2], halo: usize, planes: &mut Planes) {
        let [stride, rows] = [0, 1].map(|i| TILE[i] + 2 * halo);
        planes.resize(stride, rows);
        let place = |i: usize, axis: usize| (origin[axis] + i).saturating_sub(halo);
        // Columns of the planes that lie within the bounds, and where these begin there.
        let short = halo.saturating_sub(origin[0]);
        let left = (short..stride).find(|&i| origin[0] + i - halo >= self.bounds.x[0]).unwrap_or(stride - 1);
        let x0 = (origin[0] + left - halo).clamp(self.bounds.x[0], self.bounds.x[1] - 1);
        let x1 = (x0 + stride - left).min(self.bounds.x[1]);
        for row in 0..rows {
            let y = place(row, 1).clamp(self.bounds.y[0], self.bounds.y[1] - 1);
            let base = row * stride;
            for (x, in_region) in self.pieces(y, [x0, x1]) {
                if x[0] < x[1] {
                    let to = base + left + (x[0] - x0)..base + left + (x[1] - x0);
                    if in_region {
                        self.copy_region(kind, self.region_index(x[0], y), planes, to);
                    } else if let Some(backdrop) = self.backdrop {
                        backdrop.copy(kind, y * self.bounds.size()[0] + x[0], planes, to);
                    }
                }
            }
            planes.repeat_ends(base, left, left + (x1 - x0));
        }
    }

    fn copy_region(&self, kind: Kind, from: usize, planes: &mut Planes, to: std::ops::Range<usize>) {
        let length = to.len();
        let veil = self.layers.veil.map(|veil| &veil[from..from + length]);
        match veil {
            Some(veil) => {
                for (pane, light) in planes.pane[to.clone()].iter_mut().zip(veil) {
                    *pane = f32::from(u8::from(is_veiled(light)));
                }
            }
            None => planes.pane[to.clone()].fill(0.0),
        }
        match (kind, veil) {
            (Kind::Scene, _) => {
                split(&self.layers.scene[from..from + length], &mut planes.light, to.clone());
                planes.nearness[to.clone()].copy_from_slice(&self.nearness[from..from + length]);
                let bodies = &self.layers.body[from..from + length];
                for (class, body) in planes.body[to].iter_mut().zip(bodies) {
                    *class = self.depths.class[usize::from(*body)];
                }
            }
            (Kind::Veil, Some(veil)) => split(veil, &mut planes.light, to),
            (Kind::Veil, None) => planes.dark(to),
        }
    }
}

/// Whether a pane mirrors anything here.
pub(super) fn is_veiled(veil: &[f32; 3]) -> bool {
    veil[0] + veil[1] + veil[2] > 0.0
}

/// Takes interleaved bands apart.
fn split(from: &[[f32; 3]], to: &mut [Vec<f32>; 3], at: std::ops::Range<usize>) {
    let [red, green, blue] = to;
    let to = red[at.clone()].iter_mut().zip(&mut green[at.clone()]).zip(&mut blue[at]);
    for (((r, g), b), pixel) in to.zip(from) {
        [*r, *g, *b] = *pixel;
    }
}

impl Planes {
    fn resize(&mut self, stride: usize, rows: usize) {
        (self.stride, self.rows) = (stride, rows);
        let Self { light, pane, nearness, body, .. } = self;
        for plane in light.iter_mut().chain([pane, nearness]) {
            plane.resize(stride * rows, 0.0);
        }
        body.resize(stride * rows, 0);
    }

    fn dark(&mut self, at: std::ops::Range<usize>) {
        self.light.iter_mut().for_each(|plane| plane[at.clone()].fill(0.0));
    }

    /// Fills a row before `from` and after `to` with what stands there.
    fn repeat_ends(&mut self, base: usize, from: usize, to: usize) {
        if from == 0 && to == self.stride {
            return;
        }
        let (first, last, end) = (base + from, base + to - 1, base + self.stride);
        let Self { light, pane, nearness, body, .. } = self;
        for plane in light.iter_mut().chain([pane, nearness]) {
            let (a, b) = (plane[first], plane[last]);
            plane[base..first].fill(a);
            plane[last..end].fill(b);
        }
        let (a, b) = (body[first], body[last]);
        body[base..first].fill(a);
        body[last..end].fill(b);
    }

    /// Whether any pixel is a pane, and whether all are.
    pub(super) fn panes(&self) -> [bool; 2] {
        let bits = |(any, all): (u32, u32), pane: &f32| (any | pane.to_bits(), all & pane.to_bits());
        let (any, all) = self.pane.iter().fold((0, u32::MAX), bits);
        [any != 0, all != 0]
    }
}

impl Backdrop {
    fn copy(&self, kind: Kind, from: usize, planes: &mut Planes, to: std::ops::Range<usize>) {
        let length = to.len();
        planes.pane[to.clone()].fill(0.0);
        match kind {
            Kind::Scene => {
                split(&self.scene[from..from + length], &mut planes.light, to.clone());
                planes.nearness[to.clone()].copy_from_slice(&self.nearness[from..from + length]);
                planes.body[to].fill(0);
            }
            Kind::Veil => planes.dark(to),
        }
    }
}
