//! What a camera sees through panes and mirrored in them, pixel by pixel.
//!
//! A pane leaves of the light behind it what its [`PaneResponse`] passes, and adds what it mirrors: the sky, the sun, the
//! ground, and whatever stands in the lane ([`Surround`]). Panes one behind the other are taken from the camera outwards. All
//! the way a row of three numbers (I, Q, U) is carried along: how much of light of each Stokes component would still reach
//! the sensor. It starts as the polarising filter's first row, or as (1, 0, 0) without a filter, and each pane multiplies it
//! by its Mueller matrix, turned into the pane's own plane of incidence. So crossed panes, a polarised sky and a filter at
//! any angle come out right, at the price of three numbers instead of one.
//!
//! What the mirror shows varies slowly but for the edges of what is mirrored. So it is worked out at the corners of cells of
//! [`CELL_PX`] pixels, which lie at multiples of that number on the sensor whatever the region, and interpolated between
//! corners that see the same things by the same panes; other cells are halved, down to single pixels where the sun's disc
//! may be mirrored. The edges of panes and of what covers them are exact.
//!
//! Left out: the displacement of a ray by the glass (2 mm and less), mirror images of mirror images between different panes,
//! and the bodies of vehicles, the own and others in the lane: side windows mirror what is beside and above the lane; a
//! windscreen that lies 45° or flatter mirrors a level ray, as from a bumper ahead, upwards, where no camera is; into rear
//! windows from behind no camera looks. Of what the cameras of the shipped rig see of panes, 0.2 % mirrors the vehicle itself
//! and 0.1 % one 1.5 m behind or ahead (`sim/src/glass_tests.rs` holds it below 2 %).
mod cells;
mod drops;
mod in_air;
mod look;
mod placed;
mod rays;
mod response;
mod surround;

#[cfg(test)]
mod tests;

use glam::Vec3;
use rayon::prelude::*;

use crate::lamp::LampSource;

pub use drops::{Wet, add_drops};
pub use in_air::{Before, add_air};
pub use placed::PlacedPane;
pub use rays::{ChiefRays, LensFilter};
pub use response::PaneResponse;
pub use surround::{SUN_RADIUS_RAD, Seen, Surround};

/// Side of a cell, pixels: between its corners what panes do is interpolated.
pub const CELL_PX: u32 = 8;
/// Rows that one task works out, a multiple of [`CELL_PX`].
const BAND_PX: u32 = 64;

/// A rectangle of sensor pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rect {
    /// First column.
    pub x: u32,
    /// First row.
    pub y: u32,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

/// What the panes before each pixel of a rectangle do to the light, row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct GlassLayer {
    /// Share of the scene's radiance behind all panes that arrives at the sensor, per band; the filter's without a pane.
    pub transmittance: Vec<[f32; 3]>,
    /// Radiance that panes add to it by mirroring, W·m⁻²·sr⁻¹ per band.
    pub veil: Vec<[f32; 3]>,
    /// Radiance that the air before the lens adds, spread along the ray up to what is seen, W·m⁻²·sr⁻¹ per band; empty where
    /// the air is clean.
    pub airlight: Vec<[f32; 3]>,
    /// What rain drops on panes show in place of what they cover; empty where panes are dry.
    pub drops: Vec<InDrops>,
}

/// The part of a pixel that shows drops on a pane.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct InDrops {
    /// Radiance that they add to the pixel, W·m⁻²·sr⁻¹ per band.
    pub radiance: [f32; 3],
    /// How much of the pixel it is, 0..1; scene and mirror image have the rest.
    pub share: f32,
}

/// What panes mirror.
pub struct Mirrored<'a> {
    /// What is outside the vehicle; `None` where only lamps shine.
    pub outside: Option<&'a Surround>,
    /// Lamps whose own images show.
    pub lamps: &'a [LampSource],
    /// Mean radiance that arrives at a place in the cabin from about a direction (world frame, unit vector), for faces of
    /// panes that are seen from within.
    pub cabin: &'a (dyn Fn(Vec3, Vec3) -> [f32; 3] + Sync),
}

/// Works out the panes before the pixels of a rectangle. `range_m` holds the distance along the chief ray to the opaque
/// surface of each pixel, 1e29 and more for the sky; panes behind it are hidden.
pub fn compose(
    rays: &ChiefRays,
    panes: &[PlacedPane<'_>],
    mirrored: &Mirrored<'_>,
    region: Rect,
    range_m: &[f32],
) -> GlassLayer {
    let width = region.width as usize;
    let pixels = width * region.height as usize;
    assert_eq!(range_m.len(), pixels, "one range a pixel");
    let mut layer = GlassLayer {
        transmittance: vec![[0.0; 3]; pixels],
        veil: vec![[0.0; 3]; pixels],
        airlight: Vec::new(),
        drops: Vec::new(),
    };
    let mut bands = Vec::new();
    let (mut t, mut v, mut r) = (&mut layer.transmittance[..], &mut layer.veil[..], range_m);
    let mut y = region.y;
    while y < region.y + region.height {
        // Bands end at multiples of their height on the sensor.
        let rows = (BAND_PX - y % BAND_PX).min(region.y + region.height - y);
        let (t_here, t_rest) = t.split_at_mut(rows as usize * width);
        let (v_here, v_rest) = v.split_at_mut(rows as usize * width);
        let (r_here, r_rest) = r.split_at(rows as usize * width);
        bands.push((Rect { y, height: rows, ..region }, t_here, v_here, r_here));
        (t, v, r) = (t_rest, v_rest, r_rest);
        y += rows;
    }
    let eye = look::Eye { rays, panes, mirrored };
    bands.into_par_iter().for_each(|(rect, t, v, r)| cells::fill(&eye, rect, r, t, v));
    layer
}
