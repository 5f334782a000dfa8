//! Headwear that leaves an opening for the face: hijab, niqab, hood.
use std::f32::consts::{FRAC_PI_2, PI, TAU};

use glam::Vec3;

use super::{
    cloth::{Place, cloth, layered, printed, shaded_by_open, sheet, woven},
    fit::{Fit, Relief, TOP_S},
    headwear::Headwear,
};
use crate::{
    mesh::Mesh,
    people::{
        bake::BoundPart,
        noise::{bell, fractal, smooth},
    },
    truth::Role,
};

/// The opening: half its width as an azimuth, and heights on the base mesh of its upper end, its widest place and its
/// lower end. Heights are assumptions judged on sheets: chin 0.602, eyes 0.729, brow 0.75, hairline 0.81.
struct Opening {
    half_deg: f32,
    top_m: f32,
    middle_m: f32,
    bottom_m: f32,
}

const HIJAB: Opening = Opening { half_deg: 50.0, top_m: 0.801, middle_m: 0.705, bottom_m: 0.607 };
const NIQAB: Opening = Opening { half_deg: 37.0, top_m: 0.770, middle_m: 0.738, bottom_m: 0.709 };
const HOOD: Opening = Opening { half_deg: 66.0, top_m: 0.845, middle_m: 0.700, bottom_m: 0.560 };
/// Height on the base mesh that the cloth reaches down to.
const HEM_M: f32 = 0.455;

const FRONT_COLUMNS: usize = 28;
const BACK_COLUMNS: usize = 34;
const COLUMNS: usize = FRONT_COLUMNS + BACK_COLUMNS;

/// One upright line of cloth: its azimuth and where the opening interrupts it; the two meet beside the opening.
#[derive(Clone, Copy)]
struct Column {
    azimuth: f32,
    below_s: f32,
    above_s: f32,
}

fn columns(fit: &Fit, relief: &Relief, opening: &Opening) -> Vec<Column> {
    let half = opening.half_deg.to_radians();
    let s_at = |azimuth: f32, base_y: f32| relief.s_at(azimuth, fit.y_m(base_y));
    (0..=COLUMNS)
        .map(|k| {
            if k <= FRONT_COLUMNS {
                let phi = (k as f32 / FRONT_COLUMNS as f32 - 0.5) * PI;
                let azimuth = half * phi.sin();
                let wide = phi.cos().max(0.0).powf(0.85);
                let at = |end: f32| s_at(azimuth, opening.middle_m + (end - opening.middle_m) * wide);
                Column { azimuth, below_s: at(opening.bottom_m), above_s: at(opening.top_m) }
            } else {
                let azimuth = half + (TAU - 2.0 * half) * (k - FRONT_COLUMNS) as f32 / BACK_COLUMNS as f32;
                // The last column is the first one again.
                let azimuth = if azimuth > PI { azimuth - TAU } else { azimuth };
                let s = s_at(azimuth, opening.middle_m);
                Column { azimuth, below_s: s, above_s: s }
            }
        })
        .collect()
}

/// The cloth below and above the opening; `lift_m` takes azimuth, `s` and the distance from the opening's edge, and gives
/// the distance from the head and the ambient visibility.
fn wrap(fit: &Fit, relief: &Relief, opening: &Opening, lift_m: impl Fn(f32, f32, f32) -> (f32, f32)) -> [Mesh; 2] {
    let columns = columns(fit, relief, opening);
    let hem_s = fit.y_m(HEM_M) - fit.y_m(opening.middle_m) + relief.s_at(PI, fit.y_m(opening.middle_m));
    let place = |column: &Column, s: f32, edge_s: f32| {
        let gap = ((column.above_s - column.below_s) / 0.02).clamp(0.0, 1.0);
        let off = (s - edge_s).abs() + (1.0 - gap) * 0.1;
        let (lift, open) = lift_m(column.azimuth, s, off);
        Place { position_m: relief.point(column.azimuth, s, lift), uv: [column.azimuth / TAU * 6.0, s * 8.0], open }
    };
    let at = |u: f32| &columns[(u * COLUMNS as f32).round() as usize];
    let below = sheet(COLUMNS, 26, |u, v| {
        let column = at(u);
        let t = 1.0 - (1.0 - v).powf(1.7);
        place(column, hem_s + (column.below_s - hem_s) * t, column.below_s)
    });
    let above = sheet(COLUMNS, 18, |u, v| {
        let column = at(u);
        place(column, column.above_s + (TOP_S - column.above_s) * v.powf(1.5), column.above_s)
    });
    [below, above]
}

/// Soft folds: −1..1, long in the direction in which the cloth is pulled.
fn folds(azimuth: f32, s: f32, seed: u32) -> f32 {
    let (x, z) = azimuth.sin_cos();
    let pulled = Vec3::new(x * 1.6 + s * 14.0 * x.signum(), z * 1.6, s * 22.0);
    fractal(pulled, 2, seed)
}

fn lift_of_scarf(fit: &Fit, seed: u32) -> impl Fn(f32, f32, f32) -> (f32, f32) {
    let chin_s = fit.head.s_at(0.0, fit.chin_m.y);
    move |azimuth: f32, s: f32, off: f32| {
        let neck = smooth(chin_s + 0.03, chin_s - 0.05, s);
        let fold = folds(azimuth, s, seed);
        let free = smooth(0.0, 0.030, off);
        let roll = 0.0012 + 0.0038 * (off / 0.010).clamp(0.0, 1.0).powf(0.5);
        let depth = (0.0018 + 0.0045 * neck) * free;
        // Below the chin the cloth is laid crosswise; behind, the hair below it shows as a bulge.
        let across = layered((chin_s - s) / 0.034 - 0.9 * azimuth.sin() + 0.3 * fold) * neck * free;
        let knot = 0.014 * smooth(-0.55, -1.0, azimuth.cos()) * bell(s, 0.01, 0.08);
        let crown = 0.006 * smooth(0.03, TOP_S * 0.7, s);
        let lift = roll + depth * (fold + 0.9) + 0.009 * neck + 0.0075 * across + knot + crown;
        (lift, 0.78 + 0.16 * fold * free - 0.24 * neck * free + 0.30 * across)
    }
}

fn scarf_texture(worn: &Headwear) -> crate::surface::Texture {
    if worn.seed.is_multiple_of(4) {
        printed(worn.srgb, worn.accent_srgb, worn.seed)
    } else {
        woven(worn.srgb, worn.seed)
    }
}

/// A scarf over hair, ears and neck.
pub(super) fn hijab(fit: &Fit, worn: &Headwear) -> BoundPart {
    // Tight below the chin, straight down from the cheeks to the shoulders.
    let falls = |azimuth: f32| 0.12 + 0.85 * smooth(0.75, 1.0, azimuth.cos());
    let relief = fit.dressed.tightened(120).hanging(falls).tightened(8);
    let [mut mesh, above] = wrap(fit, &relief, &HIJAB, lift_of_scarf(fit, worn.seed));
    mesh.append(&above);
    cloth(fit, "hijab", Role::Headwear, scarf_texture(worn), shaded_by_open(mesh))
}

/// A scarf with a veil that leaves the eyes free.
pub(super) fn niqab(fit: &Fit, worn: &Headwear) -> Vec<BoundPart> {
    // The veil falls from the nose, the scarf spreads to the shoulders.
    let falls = |azimuth: f32| -0.26 + 0.20 * smooth(0.5, 1.0, azimuth.cos());
    let relief = fit.dressed.tightened(120).hanging(falls).tightened(6);
    let [veil, above] = wrap(fit, &relief, &NIQAB, lift_of_scarf(fit, worn.seed));
    let texture = || woven(worn.srgb, worn.seed);
    vec![
        cloth(fit, "niqab", Role::Headwear, texture(), shaded_by_open(above)),
        cloth(fit, "veil", Role::FaceCover, texture(), shaded_by_open(veil)),
    ]
}

/// The hood of a sweatshirt, standing off the head.
pub(super) fn hood(fit: &Fit, worn: &Headwear) -> BoundPart {
    let relief = fit.dressed.tightened(40).hanging(|_| 0.6).tightened(8);
    let chin_s = fit.head.s_at(0.0, fit.chin_m.y);
    let [mut mesh, above] = wrap(fit, &relief, &HOOD, |azimuth, s, off| {
        let fold = folds(azimuth, s, worn.seed);
        let back = smooth(0.3, -1.0, azimuth.cos());
        let top = smooth(TOP_S * 0.4, TOP_S, s);
        let stand = 0.020 + 0.006 * back + 0.010 * top * (1.0 - back);
        let shoulder = smooth(chin_s - 0.02, chin_s - 0.07, s);
        // A hem round the opening, stitched a thumb's width from the edge.
        let hem = 0.003 * smooth(0.016, 0.013, off) - 0.006 * smooth(0.004, 0.0, off);
        let lift = stand * (1.0 - 0.55 * shoulder) + hem + 0.004 * fold * smooth(0.0, 0.03, off);
        (lift, 0.82 + 0.18 * fold - 0.25 * smooth(0.004, 0.0, (off - 0.016).abs()))
    });
    mesh.append(&above);
    cloth(fit, "hood", Role::Headwear, woven(worn.srgb, worn.seed), shaded_by_open(mesh))
}

/// Room that a hood leaves for hair on a place of the base mesh with this azimuth, metres.
pub(super) fn hood_room_m(azimuth: f32) -> f32 {
    if azimuth > FRAC_PI_2 * 0.85 { 0.0 } else { 0.012 }
}
