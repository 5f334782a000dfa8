//! One tile: its layers from near to far, each blurred by its own kernel, then what panes mirror.
use super::{
    convolve::{CHUNK, Coarse, TileBlur},
    depth::{Extent, Layer, Share},
    kernel::Kernel,
    picture::{Grid, Halo, Kind, Picture, Planes, TILE, widen},
    search::{Found, Search},
};

/// Pixels of a tile.
const COUNT: usize = TILE[0] * TILE[1];
/// Share of a pixel that may be missing without being filled: rounding, and surfaces whose depth is uneven.
const MISSING: f32 = 0.01;
/// Difference in blur, pixels, from which two surfaces are an edge.
const EDGE_PX: f32 = 0.5;
/// Memory that a thread keeps from tile to tile.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    planes: Planes,
    veil: Planes,
    extents: Vec<Extent>,
    /// Extents of each row of the planes, one after the other, and where each row's end.
    row_extents: Vec<Extent>,
    row_ends: Vec<usize>,
    layers: Vec<Layer>,
    /// A layer: share of each pixel, then colours and pane times that share.
    layer: [Vec<f32>; 5],
    coarse: Coarse,
    /// What of a layer arrives in a row of the tile.
    arrived: [Vec<f32>; 5],
    /// The tile: red, green, blue, pane.
    out: [Vec<f32>; 4],
    /// Share of each pixel that no layer has taken yet.
    left: Vec<f32>,
    search: Search,
}

/// Box round the pixels of a layer: columns, then rows, in the planes.
type Box2 = [[usize; 2]; 2];

impl Scratch {
    /// Computes a tile; its rows lie in what is returned one after the other, a plane per band.
    pub(super) fn tile(
        &mut self,
        picture: &Picture,
        grid: &Grid,
        tile: usize,
        halo: Halo,
        far: &Kernel,
        order: &[[i32; 2]],
    ) -> &[Vec<f32>; 4] {
        let rect = grid.rect(tile);
        let origin = [rect.x[0], rect.y[0]];
        picture.load(Kind::Scene, origin, halo.scene, &mut self.planes);
        self.measure();
        self.layers.clear();
        for extent in &self.extents {
            picture.depths.layers(extent, grid.middle(tile), &mut self.layers);
        }
        self.layers.sort_by(|a, b| b.nearness.total_cmp(&a.nearness).then(a.body.cmp(&b.body)));
        for plane in &mut self.out {
            plane.clear();
            plane.resize(COUNT, 0.0);
        }
        let (mut panes, mut all_panes) = (false, false);
        if halo.veil > 0 {
            picture.load(Kind::Veil, origin, halo.veil, &mut self.veil);
            let [[any, all], [scene_any, scene_all]] = [self.veil.panes(), self.planes.panes()];
            (panes, all_panes) = (any || scene_any, all && scene_all);
        }
        let framed = panes && !all_panes;
        if let [layer] = &self.layers[..] {
            let kernel = layer.kernel();
            self.one(&kernel, halo.scene, framed);
        } else {
            self.many(halo.scene, framed);
            self.fill(picture, halo.scene, framed, order);
        }
        if panes {
            self.veil(far, halo.veil, framed, order);
        }
        &self.out
    }

    /// Finds out which depths of which bodies there are, in each row and in all.
    fn measure(&mut self) {
        let Planes { nearness, body, stride, .. } = &self.planes;
        self.extents.clear();
        self.row_extents.clear();
        self.row_ends.clear();
        let mut row_extents = Vec::new();
        for (nearness, body) in nearness.chunks_exact(*stride).zip(body.chunks_exact(*stride)) {
            row_extents.clear();
            widen(&mut row_extents, nearness, |i| body[i]);
            for row in &row_extents {
                match self.extents.iter_mut().find(|e| e.body == row.body) {
                    Some(all) => (all.low, all.high) = (all.low.min(row.low), all.high.max(row.high)),
                    None => self.extents.push(*row),
                }
            }
            self.row_extents.append(&mut row_extents);
            self.row_ends.push(self.row_extents.len());
        }
        self.extents.sort_by_key(|e| e.body);
    }

    /// Everything blurs alike.
    fn one(&mut self, kernel: &Kernel, halo: usize, framed: bool) {
        let Planes { light: [r, g, b], pane, stride, .. } = &self.planes;
        let sources = [r, g, b, pane];
        let blur = TileBlur::new(kernel, *stride, halo);
        for (out, source) in self.out.iter_mut().zip(sources).take(if framed { 4 } else { 3 }) {
            blur.whole(source, &mut self.coarse, out);
        }
    }

    /// Writes a layer's share of every pixel, and the light of those shares; the box round them, if there are any.
    fn take(&mut self, layer: usize, framed: bool) -> Option<Box2> {
        let bands = if framed { 4 } else { 3 };
        let Layer { body, share, .. } = self.layers[layer];
        let Planes { stride, rows, light: scene, pane, nearness, body: bodies } = &self.planes;
        let stride = *stride;
        let count = stride * rows;
        self.layer.iter_mut().for_each(|plane| plane.resize(count, 0.0));
        let [shares, light @ ..] = &mut self.layer;
        let one_body = self.extents.len() == 1;
        let mut columns = vec![0.0f32; stride];
        let mut box2: Box2 = [[usize::MAX, 0]; 2];
        for row in 0..*rows {
            let at = row * stride..(row + 1) * stride;
            let start = if row == 0 { 0 } else { self.row_ends[row - 1] };
            let mut extents = self.row_extents[start..self.row_ends[row]].iter();
            if !extents.any(|e| e.body == body && share.takes_of(e)) {
                shares[at.clone()].fill(0.0);
                light.iter_mut().take(bands).for_each(|plane| plane[at.clone()].fill(0.0));
                continue;
            }
            let shares = &mut shares[at.clone()];
            match share {
                Share::All => shares.fill(1.0),
                Share::Rung { .. } => {
                    shares.iter_mut().zip(&nearness[at.clone()]).for_each(|(s, n)| *s = share.of(*n));
                }
            }
            if !one_body {
                for (s, b) in shares.iter_mut().zip(&bodies[at.clone()]) {
                    *s = if *b == body { *s } else { 0.0 };
                }
            }
            columns.iter_mut().zip(&*shares).for_each(|(c, s)| *c = if *s > *c { *s } else { *c });
            if shares.iter().fold(0, |bits, s| bits | s.to_bits()) != 0 {
                box2[1] = [box2[1][0].min(row), row + 1];
            }
            for (k, plane) in light.iter_mut().enumerate().take(bands) {
                let source = if k < 3 { &scene[k] } else { pane };
                for ((to, s), value) in plane[at.clone()].iter_mut().zip(&*shares).zip(&source[at.clone()]) {
                    *to = s * value;
                }
            }
        }
        let first = columns.iter().position(|c| *c > 0.0)?;
        let last = columns.iter().rposition(|c| *c > 0.0)?;
        box2[0] = [first, last + 1];
        Some(box2)
    }

    /// Lays the layers over one another, near ones first. A layer takes what it covers of what is left: at an edge in
    /// one picture the surfaces to both sides complete each other, so coverages are added, not multiplied.
    fn many(&mut self, halo: usize, framed: bool) {
        self.left.clear();
        self.left.resize(COUNT, 1.0);
        let bands = if framed { 4 } else { 3 };
        let stride = self.planes.stride;
        for k in 0..self.layers.len() {
            let Some([columns, rows]) = self.take(k, framed) else { continue };
            let kernel = self.layers[k].kernel();
            let blur = TileBlur::new(&kernel, stride, halo);
            let reach = blur.reach;
            let coarse = blur.factor > 1;
            if coarse {
                for (plane, to) in self.layer.iter().zip(&mut self.arrived).take(1 + bands) {
                    to.resize(COUNT, 0.0);
                    blur.whole(plane, &mut self.coarse, to);
                }
            }
            let mut chunk = [0.0f32; CHUNK];
            for y in 0..TILE[1] {
                if y + halo + reach < rows[0] || y + halo >= rows[1] + reach {
                    continue;
                }
                for x in (0..TILE[0]).step_by(CHUNK) {
                    if x + CHUNK + halo + reach <= columns[0] || x + halo >= columns[1] + reach {
                        continue;
                    }
                    let to = y * TILE[0] + x..y * TILE[0] + x + CHUNK;
                    let left = &mut self.left[to.clone()];
                    if left.iter().all(|l| *l <= 1e-3) {
                        continue;
                    }
                    let arrive = |plane: usize, chunk: &mut [f32; CHUNK]| {
                        if coarse {
                            chunk.copy_from_slice(&self.arrived[plane][to.clone()]);
                        } else {
                            chunk.fill(0.0);
                            blur.steps.gather(&self.layer[plane], (y + halo) * stride + x + halo, chunk);
                        }
                    };
                    arrive(0, &mut chunk);
                    let mut taken = [0.0f32; CHUNK];
                    for ((left, taken), cover) in left.iter_mut().zip(&mut taken).zip(&chunk) {
                        let part = if *cover < *left { *cover } else { *left };
                        *left -= part;
                        *taken = part / if *cover > 1e-6 { *cover } else { 1e-6 };
                    }
                    for (band, out) in self.out.iter_mut().enumerate().take(bands) {
                        arrive(band + 1, &mut chunk);
                        for ((o, a), t) in out[to.clone()].iter_mut().zip(&chunk).zip(&taken) {
                            *o += a * t;
                        }
                    }
                }
            }
        }
    }

    /// Completes pixels that the layers have not covered in full. Where a near surface is blurred at its edge, what
    /// lies behind it was never seen: the nearest pixels behind it, as blurred as they are, stand for it. Where a far
    /// surface is blurred beside a near one, it goes on behind it as it is.
    fn fill(&mut self, picture: &Picture, halo: usize, framed: bool, order: &[[i32; 2]]) {
        let Planes { stride, light: scene, pane, nearness, body, .. } = &self.planes;
        let (nearness, body) = (&nearness[..], &body[..]);
        self.search.prepare(order, *stride, halo);
        for i in 0..COUNT {
            let left = self.left[i];
            if left <= 0.0 {
                continue;
            }
            let missing = if left > MISSING { left } else { 0.0 };
            let at = (i / TILE[0] + halo) * stride + i % TILE[0] + halo;
            let here = (nearness[at], body[at]);
            let slope = picture.depths.bodies[usize::from(here.1)].slope_px_m;
            // Blur by which a pixel lies farther than this one; an edge between two bodies is one at any depth.
            let step = |there: usize| {
                let step = (here.0 - nearness[there]) * slope;
                if body[there] == here.1 { step } else { step * 1e3 }
            };
            let mut behind = Vec::new();
            if missing > 0.0 {
                behind = self.search.nearest(at, |there| match step(there) {
                    step if step > EDGE_PX => Found::This,
                    step if step < -EDGE_PX => Found::Nothing,
                    _ => Found::GoOn,
                });
                if let Some(&first) = behind.first() {
                    let radius = 0.5 * picture.depths.focus.circle_px(nearness[first]);
                    self.search.around(first, radius, nearness.len(), |there| step(there) > EDGE_PX, &mut behind);
                }
            }
            let missing = if behind.is_empty() { 0.0 } else { missing };
            let scale = 1.0 / (1.0 - left + missing).max(1e-6);
            let sources = scene.iter().chain([pane]);
            for (out, source) in self.out.iter_mut().zip(sources).take(if framed { 4 } else { 3 }) {
                let mean = behind.iter().map(|&there| source[there]).sum::<f32>() / behind.len().max(1) as f32;
                out[i] = (out[i] + missing * mean) * scale;
            }
        }
    }

    /// Adds what panes mirror. It lies infinitely far and does not move; the panes' edges blur as the scene does there.
    fn veil(&mut self, far: &Kernel, halo: usize, framed: bool, order: &[[i32; 2]]) {
        let Planes { light: veil, pane, stride, .. } = &self.veil;
        let stride = *stride;
        let blur = TileBlur::new(far, stride, halo);
        self.search.prepare(order, stride, halo);
        let [.., covered] = &mut self.arrived;
        let mut light = vec![0.0f32; COUNT];
        if framed {
            covered.resize(COUNT, 0.0);
            blur.whole(pane, &mut self.coarse, covered);
        }
        let [out @ .., window] = &mut self.out;
        // Where a pane's edge has moved over what it does not mirror at mid-exposure.
        let beyond: Vec<(usize, Vec<usize>)> = if framed {
            let bare = (0..COUNT).filter(|&i| window[i] > MISSING && covered[i] < MISSING);
            bare.map(|i| {
                let at = (i / TILE[0] + halo) * stride + i % TILE[0] + halo;
                let mirrors = |there: usize| if pane[there] > 0.0 { Found::This } else { Found::GoOn };
                (i, if pane[at] > 0.0 { vec![at] } else { self.search.nearest(at, mirrors) })
            })
            .collect()
        } else {
            Vec::new()
        };
        for (plane, out) in veil.iter().zip(out) {
            blur.whole(plane, &mut self.coarse, &mut light);
            if !framed {
                out.iter_mut().zip(&light).for_each(|(o, l)| *o += l);
                continue;
            }
            let panes = window.iter().zip(&*covered);
            for ((o, l), (window, covered)) in out.iter_mut().zip(&light).zip(panes) {
                *o += if *covered >= MISSING { l * window / covered } else { 0.0 };
            }
            for (i, there) in &beyond {
                let mean = there.iter().map(|&t| plane[t]).sum::<f32>() / there.len().max(1) as f32;
                out[*i] += mean * window[*i];
            }
        }
    }
}
