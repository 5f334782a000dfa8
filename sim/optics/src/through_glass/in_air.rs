//! The air between a camera and what it sees, panes and what they mirror included.
use rayon::prelude::*;

use super::{BAND_PX, ChiefRays, GlassLayer, InDrops, PlacedPane, Rect, look::MOST_PANES};
use crate::{
    air::{Air, AirLight, AirPath},
    lamp::LampSource,
};

/// The air before a picture.
pub struct Before<'a> {
    /// What it holds.
    pub air: &'a Air,
    /// Sky, ground and sun, where they count.
    pub light: Option<&'a AirLight>,
    /// Lamps that shine into it.
    pub lamps: &'a [LampSource],
    /// Share of unpolarised light that passes the filter before the lens; what air scatters is taken as unpolarised
    /// (assumption).
    pub filter_transmittance: f32,
    /// Whether what a pixel (its index in the region) shows, maybe through panes, stands outside the vehicle.
    pub outside: &'a (dyn Fn(usize) -> bool + Sync),
}

/// Takes from scene and mirror images what the air before them takes, and adds the light that it scatters.
///
/// The air ends at the first pane before what is inside the vehicle. What stands outside and is seen through panes has the
/// whole way, the cabin's part of it included (assumption: two metres more of fog).
pub fn add_air(
    rays: &ChiefRays,
    panes: &[PlacedPane<'_>],
    before: &Before<'_>,
    region: Rect,
    range_m: &[f32],
    layer: &mut GlassLayer,
) {
    let width = region.width as usize;
    layer.airlight = vec![[0.0; 3]; range_m.len()];
    let piece = (BAND_PX as usize * width).max(1);
    let planes = layer.transmittance.par_chunks_mut(piece).zip(layer.veil.par_chunks_mut(piece));
    let planes = planes.zip(layer.airlight.par_chunks_mut(piece)).zip(range_m.par_chunks(piece));
    // Pieces of the drops' light; empty ones before dry panes.
    let mut drops: Vec<&mut [InDrops]> = layer.drops.chunks_mut(piece).collect();
    drops.resize_with(range_m.len().div_ceil(piece), Default::default);
    planes.zip(drops).enumerate().for_each(|(k, ((((transmittance, veil), airlight), range_m), drops))| {
        let first = k * piece;
        let rect = Rect { y: region.y + k as u32 * BAND_PX, height: (range_m.len() / width) as u32, ..region };
        let mut mask = vec![0; range_m.len()];
        for (pane, placed) in panes.iter().take(MOST_PANES).enumerate() {
            placed.mark(rays, rect, range_m, 1 << pane, &mut mask);
        }
        for (i, &bits) in mask.iter().enumerate() {
            let (x, y) = (rect.x + (i % width) as u32, rect.y + (i / width) as u32);
            let (x, y) = (x as f32 + 0.5, y as f32 + 0.5);
            let ray = rays.ray(x, y);
            let (from_m, direction) = (rays.eye_m(), ray.direction);
            let far_m = range_m[i].min(before.air.ends_m(from_m, direction));
            let nearest = (0..MOST_PANES.min(panes.len())).filter(|pane| bits >> pane & 1 == 1);
            let nearest_m = nearest
                .filter_map(|pane| panes[pane].meet(x, y))
                .fold(f32::MAX, |near, met| near.min(met.depth_m * ray.stretch));
            let pane_m = nearest_m.min(far_m);
            let scattered = |stretch_m: [f32; 2]| {
                let path = AirPath { from_m, direction, stretch_m };
                let mut sum = before.light.map_or([0.0; 3], |light| before.air.airlight(&path, light));
                for lamp in before.lamps {
                    let more = before.air.lamplight(&path, lamp);
                    sum = std::array::from_fn(|band| sum[band] + more[band]);
                }
                sum
            };
            let near = scattered([0.0, pane_m]).map(|light| light * before.filter_transmittance);
            let beyond = bits != 0 && (before.outside)(first + i);
            let behind = if beyond { scattered([pane_m, far_m]) } else { [0.0; 3] };
            let passes = before.air.passes(if beyond { far_m } else { pane_m });
            let passes_to_pane = before.air.passes(pane_m);
            airlight[i] = std::array::from_fn(|band| near[band] + transmittance[i][band] * behind[band]);
            transmittance[i] = transmittance[i].map(|share| share * passes);
            veil[i] = veil[i].map(|light| light * passes_to_pane);
            if let Some(drops) = drops.get_mut(i) {
                drops.radiance = drops.radiance.map(|light| light * passes_to_pane);
            }
        }
    });
}
