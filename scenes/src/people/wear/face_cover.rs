//! What is worn over mouth and nose: surgical and cloth masks, a scarf.
use std::f32::consts::{PI, TAU};

use glam::Vec3;
use serde::{Deserialize, Serialize};

use super::{
    cloth::{Place, cloth, knitted, picture, rigid, sheet, tinted, tube, weave, woven},
    fit::{Fit, Relief, along},
};
use crate::{
    mesh::Mesh,
    people::{
        bake::BoundPart,
        noise::{bell, noise, smooth},
    },
    surface::Surface,
    truth::Role,
};

/// Kind of face cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaceCoverKind {
    /// Pleated, with loops behind the ears.
    Surgical,
    /// Two panels of cloth with a seam in the middle.
    Cloth,
    /// A scarf round the neck, pulled up over the mouth.
    Scarf,
}

/// One face cover.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FaceCover {
    /// Kind.
    pub kind: FaceCoverKind,
    /// Colour, sRGB.
    pub srgb: [u8; 3],
    /// Seed of folds.
    pub seed: u32,
}

/// Half the width of a mask as an azimuth, degrees.
const MASK_HALF_DEG: f32 = 53.0;
/// Upper and lower edge of a mask over the azimuth (degrees, metres on the base mesh): the bridge of the nose to below
/// the chin.
const MASK_TOP: [(f32, f32); 4] = [(0.0, 0.7165), (14.0, 0.710), (30.0, 0.701), (53.0, 0.694)];
const MASK_BOTTOM: [(f32, f32); 3] = [(0.0, 0.593), (25.0, 0.600), (53.0, 0.652)];
/// Upper edge of a scarf over the azimuth.
const SCARF_TOP: [(f32, f32); 4] = [(0.0, 0.6835), (40.0, 0.668), (90.0, 0.655), (180.0, 0.645)];
const SCARF_HEM_M: f32 = 0.515;
/// Largest radius below a scarf in front, where a large face has it, and at the sides, metres: on the shoulders a scarf goes
/// into the collar.
const SCARF_REACH_M: [f32; 2] = [0.145, 0.112];
/// Thickness of a mask with the air below it, metres.
const MASK_LIFT_M: f32 = 0.0030;
/// Where the ear's upper and lower edge meet the head on the base mesh.
const LOOP_ENDS_M: [Vec3; 2] = [Vec3::new(0.0735, 0.742, 0.056), Vec3::new(0.0720, 0.694, 0.050)];

pub(super) fn parts(fit: &Fit, worn: &FaceCover) -> Vec<BoundPart> {
    match worn.kind {
        FaceCoverKind::Surgical | FaceCoverKind::Cloth => mask(fit, worn),
        FaceCoverKind::Scarf => vec![scarf(fit, worn)],
    }
}

/// Whether a place of the base mesh is covered, so that no beard stands through the cloth.
pub(super) fn covers(worn: &FaceCover, base_place_m: Vec3) -> bool {
    let azimuth = super::fit::base_azimuth(base_place_m);
    match worn.kind {
        FaceCoverKind::Surgical | FaceCoverKind::Cloth => {
            azimuth.to_degrees() < MASK_HALF_DEG && base_place_m.y < along(&MASK_TOP, azimuth)
        }
        FaceCoverKind::Scarf => base_place_m.y < along(&SCARF_TOP, azimuth),
    }
}

/// Radii of the cloth's own rows and columns: taut from edge to edge, so that it spans from nose to chin.
struct Taut {
    columns: usize,
    rows: usize,
    radius_m: Vec<f32>,
}

impl Taut {
    /// `wrapped` when the last column is the first again. `least` is the radius that the cloth must not go below.
    fn new(columns: usize, rows: usize, wrapped: bool, least: impl Fn(f32, f32) -> f32) -> Self {
        let floor: Vec<f32> = (0..=rows)
            .flat_map(|row| (0..=columns).map(move |column| (column, row)))
            .map(|(column, row)| least(column as f32 / columns as f32, row as f32 / rows as f32))
            .collect();
        let mut radius_m = floor.clone();
        let width = columns + 1;
        // Upright first: the cloth is pulled over nose and chin. Then a little crosswise.
        for _ in 0..rows * rows {
            for row in 1..rows {
                for column in 0..width {
                    let i = row * width + column;
                    radius_m[i] = radius_m[i].max((radius_m[i - width] + radius_m[i + width]) / 2.0);
                }
            }
        }
        for _ in 0..6 {
            let old = radius_m.clone();
            for row in 0..=rows {
                for column in 0..width {
                    let (before, after) = match (column, wrapped) {
                        (0, true) => (columns - 1, 1),
                        (c, true) if c == columns => (columns - 1, 1),
                        (c, _) => (c.saturating_sub(1), (c + 1).min(columns)),
                    };
                    let i = row * width;
                    radius_m[i + column] = radius_m[i + column].max((old[i + before] + old[i + after]) / 2.0);
                }
            }
        }
        Self { columns, rows, radius_m }
    }

    fn at(&self, u: f32, v: f32) -> f32 {
        let column = (u * self.columns as f32).round() as usize;
        let row = (v * self.rows as f32).round() as usize;
        self.radius_m[row * (self.columns + 1) + column]
    }
}

fn mask(fit: &Fit, worn: &FaceCover) -> Vec<BoundPart> {
    const COLUMNS: usize = 40;
    const ROWS: usize = 26;
    let relief = fit.bare.tightened(3);
    let half = MASK_HALF_DEG.to_radians();
    let azimuth = |u: f32| (2.0 * u - 1.0) * half;
    let s = |u: f32, v: f32| {
        let a = azimuth(u);
        let (low, high) = (fit.y_m(along(&MASK_BOTTOM, a)), fit.y_m(along(&MASK_TOP, a)));
        relief.s_at(a, low + (high - low) * v)
    };
    let chin_s = relief.s_at(0.0, fit.chin_m.y) + 0.006;
    let taut = Taut::new(COLUMNS, ROWS, false, |u, v| {
        let (a, s) = (azimuth(u), s(u, v));
        // Below the chin the cloth turns in under the jaw.
        let skin = relief.radius_m(a, s);
        if s < chin_s { skin.max(relief.radius_m(a, chin_s) - 1.3 * (chin_s - s)) } else { skin }
    });
    let surgical = worn.kind == FaceCoverKind::Surgical;
    let pleat = |u: f32, v: f32| {
        let place = (v * 3.0 + 0.35).fract();
        (1.0 - place) * smooth(0.0, 0.10, place) * smooth(0.0, 0.12, u) * smooth(1.0, 0.88, u) * smooth(0.0, 0.08, v)
    };
    let mesh = sheet(COLUMNS, ROWS, |u, v| {
        let edge = smooth(0.0, 0.05, v.min(1.0 - v)).min(smooth(0.0, 0.03, u.min(1.0 - u)));
        let crumple = 0.0010 * noise(Vec3::new(u * 7.0, v * 5.0, 1.0), worn.seed);
        let form = if surgical { 0.0028 * pleat(u, v) } else { 0.0016 * bell(u, 0.5, 0.03) };
        let lift = MASK_LIFT_M * (0.55 + 0.45 * edge) + (form + crumple).max(0.0) * edge;
        Place {
            position_m: relief.at_radius(azimuth(u), s(u, v), taut.at(u, v) + lift),
            uv: [u, v],
            open: if surgical { 0.80 + 0.20 * pleat(u, v) } else { 1.0 - 0.25 * bell(u, 0.5, 0.02) },
        }
    });
    let texture = picture(worn.srgb, |u, v| {
        let hems = if (0.06..=0.94).contains(&v) { 1.0 } else { 0.93 };
        let lines = if surgical {
            1.0 - 0.22 * bell((v * 3.0 + 0.35).fract(), 0.02, 0.05)
        } else {
            1.0 - 0.2 * bell(u, 0.5, 0.012)
        };
        Vec3::splat(hems * lines * (0.5 + 0.5 * weave(u, v, worn.seed)))
    });
    let corners =
        [1.0, 0.0].map(|u| [0.96, 0.04].map(|v| relief.at_radius(azimuth(u), s(u, v), taut.at(u, v) + 0.002)));
    let mut loops = Mesh::default();
    for (side, corner) in [1.0, -1.0].into_iter().zip(corners) {
        for (from, end) in corner.into_iter().zip(LOOP_ENDS_M) {
            loops.append(&ear_loop(fit, &fit.bare, from, fit.skin_at(end * Vec3::new(side, 1.0, 1.0)), side));
        }
    }
    let band = Surface { double_sided: true, ..Surface::matt([0.72; 3]) };
    vec![
        cloth(fit, "mask", Role::FaceCover, texture, mesh),
        rigid(fit.head_bone, "ear loops", Role::FaceCover, band, tinted(loops, [255; 3], 0.9)),
    ]
}

/// A rubber band over the cheek, to where the ear hides it.
fn ear_loop(fit: &Fit, relief: &Relief, from: Vec3, to: Vec3, side: f32) -> Mesh {
    const POINTS: usize = 9;
    let path: Vec<Vec3> = (0..POINTS)
        .map(|k| {
            let mut p = from.lerp(to, k as f32 / (POINTS - 1) as f32);
            for _ in 0..3 {
                let inside = 0.0018 - relief.clearance_m(p);
                if inside > 0.0 {
                    let out = (p - fit.eyes_m().with_z(0.03)).with_y(0.0).normalize_or(Vec3::X * side);
                    p += out * inside;
                }
            }
            p
        })
        .collect();
    tube(&path, Vec3::Y, false, |_| [0.0008, 0.0014])
}

fn scarf(fit: &Fit, worn: &FaceCover) -> BoundPart {
    const COLUMNS: usize = 56;
    const ROWS: usize = 26;
    let relief = fit.dressed.tightened(10);
    let azimuth = |u: f32| (u - 0.5) * TAU;
    let s = |u: f32, v: f32| {
        let a = azimuth(u);
        let (low, high) = (fit.y_m(SCARF_HEM_M), fit.y_m(along(&SCARF_TOP, a)));
        relief.s_at(a, low + (high - low) * v)
    };
    // Nothing may stand through between two rows: each keeps clear of what lies half a row above and below.
    let between = 0.004;
    let [front, side] = SCARF_REACH_M;
    let taut = Taut::new(COLUMNS, ROWS, true, |u, v| {
        let (a, s) = (azimuth(u), s(u, v));
        let outermost = [-between, 0.0, between].map(|off| relief.radius_m(a, s + off));
        outermost.into_iter().fold(0.0, f32::max).min(side + (front - side) * smooth(0.5, 0.9, a.cos()))
    });
    let roll = |u: f32, v: f32| {
        let a = azimuth(u);
        let sway = 0.16 * (a + worn.seed as f32).sin()
            + 0.10 * noise(Vec3::new(a.sin() * 2.0, a.cos() * 2.0, v * 2.0), worn.seed);
        ((v * 3.2 + sway) * PI).sin().abs()
    };
    let mesh = sheet(COLUMNS, ROWS, |u, v| {
        let rim = smooth(0.0, 0.07, 1.0 - v);
        let tucked = smooth(0.0, 0.12, v);
        let lift = 0.0045 + (0.004 + 0.012 * roll(u, v)) * rim * tucked - 0.012 * (1.0 - tucked);
        Place {
            position_m: relief.at_radius(azimuth(u), s(u, v), taut.at(u, v) + lift),
            uv: [u * 3.0, v],
            open: 0.62 + 0.38 * roll(u, v),
        }
    });
    let texture =
        if worn.seed.is_multiple_of(2) { knitted(worn.srgb, 22.0, worn.seed) } else { woven(worn.srgb, worn.seed) };
    cloth(fit, "scarf", Role::FaceCover, texture, mesh)
}
