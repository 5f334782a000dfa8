//! One call: which tiles are computed, and how far round each must be looked.
use rayon::prelude::*;

use super::{
    Backdrop, Blur, BlurError, Blurred, LayeredRadiance, SHARP_BELOW_PX,
    depth::Depths,
    kernel::Kernel,
    motion::Path,
    nearness_per_m,
    picture::{Grid, Halo, Picture, Rect, TILE, TileFacts},
    search::search_order,
    tile::Scratch,
};

/// One call: what is worked out once for all tiles.
pub(super) struct Job {
    depths: Depths,
    pub(super) grid: Grid,
    pub(super) region: Rect,
    bounds: Rect,
    pub(super) nearness: Vec<f32>,
    far_circle_px: f32,
}

impl Job {
    pub(super) fn new(layers: &LayeredRadiance, backdrop: Option<&Backdrop>, blur: &Blur) -> Result<Self, BlurError> {
        blur.check()?;
        let sensor = [blur.pinhole.width_px, blur.pinhole.height_px].map(|v| v as usize);
        let [x, y] = layers.origin_px.map(|v| v as usize);
        let region = Rect::new([x, y], [layers.width as usize, layers.height as usize]);
        let pixels = region.size()[0] * region.size()[1];
        let shapes = [
            ("columns up to the region's end", region.x[1].max(1), sensor[0]),
            ("rows up to the region's end", region.y[1].max(1), sensor[1]),
        ];
        for (what, got, right) in shapes {
            if got > right || pixels == 0 {
                return Err(BlurError::Shape { what, got, right });
            }
        }
        let counts = [
            ("pixels of the scene", layers.scene.len(), pixels),
            ("pixels of the veil", layers.veil.map_or(pixels, <[_]>::len), pixels),
            ("pixels of the range", layers.range_m.len(), pixels),
            ("pixels of the body plane", layers.body.len(), pixels),
            (
                "pixels of the backdrop",
                backdrop.map_or(0, |b| b.scene.len()),
                backdrop.map_or(0, |_| sensor[0] * sensor[1]),
            ),
        ];
        for (what, got, right) in counts {
            if got != right {
                return Err(BlurError::Shape { what, got, right });
            }
        }
        if backdrop.is_some_and(|b| b.camera != blur.camera()) {
            return Err(BlurError::Backdrop);
        }
        let body = layers.body.par_chunks(1 << 16).map(|c| c.iter().copied().max().unwrap_or(0)).max().unwrap_or(0);
        if usize::from(body) > blur.bodies.len() {
            return Err(BlurError::Body { body, known: blur.bodies.len() });
        }
        let depths = blur.depths();
        let nearness = nearness_per_m(&blur.pinhole, &depths.focus, &region, layers.range_m);
        let bounds = if backdrop.is_some() { Rect::new([0, 0], sensor) } else { region };
        let far_circle_px = depths.focus.circle_px(0.0);
        Ok(Self { grid: Grid::of(sensor), depths, region, bounds, nearness, far_circle_px })
    }

    pub(super) fn picture<'a>(
        &'a self,
        layers: &'a LayeredRadiance<'a>,
        backdrop: Option<&'a Backdrop>,
    ) -> Picture<'a> {
        Picture {
            depths: &self.depths,
            layers,
            nearness: &self.nearness,
            region: self.region,
            backdrop,
            bounds: self.bounds,
            far_circle_px: self.far_circle_px,
        }
    }

    /// Facts of every tile of the sensor; of tiles that the region does not touch, those of the backdrop.
    pub(super) fn all_facts(&self, picture: &Picture) -> Vec<TileFacts> {
        let mut facts =
            picture.backdrop.map_or_else(|| vec![TileFacts::default(); self.grid.count()], |b| b.facts.clone());
        let touched: Vec<usize> = self.grid.near(&self.region, 0).collect();
        let new: Vec<TileFacts> = touched.par_iter().map(|&tile| picture.facts(&self.grid, tile)).collect();
        touched.into_iter().zip(new).for_each(|(tile, new)| facts[tile] = new);
        facts
    }

    /// How far round each tile light comes from.
    fn halos(&self, facts: &[TileFacts]) -> Vec<Halo> {
        let mut halos = vec![Halo::default(); facts.len()];
        for (tile, fact) in facts.iter().enumerate().filter(|(_, fact)| !fact.extents.is_empty()) {
            let rect = self.grid.rect(tile);
            for other in self.grid.near(&rect, fact.reach) {
                halos[other].scene = fact.reach.max(halos[other].scene);
            }
            if fact.veiled {
                // Also as far as the panes' outlines are blurred: what they show there is looked for within the halo.
                for other in self.grid.near(&rect, fact.reaches()) {
                    halos[other].veil = fact.reaches().max(halos[other].veil);
                }
            }
        }
        halos
    }

    /// Which tiles may differ from the backdrop.
    pub(super) fn changed(&self, facts: &[TileFacts], backdrop: Option<&Backdrop>) -> Vec<bool> {
        let mut out = vec![false; facts.len()];
        let touched = self.grid.near(&self.region, 0);
        let Some(backdrop) = backdrop else {
            touched.for_each(|tile| out[tile] = true);
            return out;
        };
        // Light from tiles that the region touches, with or without it, and light into tiles that look at the region.
        let mut touches = vec![false; facts.len()];
        for tile in touched {
            touches[tile] = true;
            let reach = facts[tile].reaches().max(backdrop.facts[tile].reaches());
            self.grid.near(&self.grid.rect(tile), reach).for_each(|other| out[other] = true);
        }
        let (new, old) = (self.halos(facts), self.halos(&backdrop.facts));
        for (tile, out) in out.iter_mut().enumerate() {
            *out |= self
                .grid
                .near(&self.grid.rect(tile), new[tile].widest().max(old[tile].widest()))
                .any(|other| touches[other]);
        }
        out
    }

    /// Computes the rectangle round the wanted tiles; the others in it are the backdrop's.
    pub(super) fn compute(&self, picture: &Picture, facts: &[TileFacts], wanted: &[bool]) -> Blurred {
        let halos = self.halos(facts);
        let far = if self.far_circle_px < SHARP_BELOW_PX {
            Kernel::sharp()
        } else {
            Kernel::new(self.far_circle_px, &Path::default())
        };
        let order = search_order();
        let tiles = || (0..facts.len()).filter(|&tile| wanted[tile]).map(|tile| self.grid.rect(tile));
        let clip = |ends: [usize; 2], axis: [usize; 2]| ends.map(|v| v.clamp(axis[0], axis[1]));
        let round = |pick: fn(&Rect) -> [usize; 2]| {
            let low = tiles().map(|r| pick(&r)[0]).min().unwrap_or(0);
            let high = tiles().map(|r| pick(&r)[1]).max().unwrap_or(0);
            [low, high]
        };
        let target = Rect { x: clip(round(|r| r.x), self.bounds.x), y: clip(round(|r| r.y), self.bounds.y) };
        let [width, height] = target.size();
        let mut radiance = vec![[0.0f32; 3]; width * height];
        // Bands of rows that one row of tiles covers.
        let mut bands = Vec::new();
        let (mut rest, mut y) = (&mut radiance[..], target.y[0]);
        while y < target.y[1] {
            let end = ((y / TILE[1] + 1) * TILE[1]).min(target.y[1]);
            let (band, after) = rest.split_at_mut((end - y) * width);
            bands.push((y, band));
            (rest, y) = (after, end);
        }
        bands.into_par_iter().for_each_init(Scratch::default, |scratch, (first, band)| {
            let row = first / TILE[1] * self.grid.columns;
            let columns = target.x[0] / TILE[0]..target.x[1].div_ceil(TILE[0]);
            for tile in columns.map(|c| row + c) {
                let rect = self.grid.rect(tile);
                let x = clip(rect.x, target.x);
                let quiet = !wanted[tile];
                let sharp = !quiet
                    && self
                        .grid
                        .near(&rect, halos[tile].widest())
                        .all(|t| facts[t].sharp || facts[t].extents.is_empty());
                let planes = if quiet || sharp {
                    None
                } else {
                    Some(scratch.tile(picture, &self.grid, tile, halos[tile], &far, &order))
                };
                for (i, line) in band.chunks_exact_mut(width).enumerate() {
                    let y = first + i;
                    let to = &mut line[x[0] - target.x[0]..x[1] - target.x[0]];
                    match planes {
                        Some([r, g, b, _]) => {
                            let at = (y % TILE[1]) * TILE[0] + (x[0] - rect.x[0]);
                            let bands = r[at..].iter().zip(&g[at..]).zip(&b[at..]);
                            to.iter_mut().zip(bands).for_each(|(to, ((r, g), b))| *to = [*r, *g, *b]);
                        }
                        None if quiet => {
                            if let Some(backdrop) = picture.backdrop {
                                to.copy_from_slice(&backdrop.blurred[y * backdrop.size[0] + x[0]..][..x[1] - x[0]]);
                            }
                        }
                        None => picture.copy(y, x, to),
                    }
                }
            }
        });
        Blurred {
            origin_px: [target.x[0] as u32, target.y[0] as u32],
            width: width as u32,
            height: height as u32,
            radiance,
        }
    }
}
