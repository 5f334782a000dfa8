//! Headwear that sits on the head: caps, brimmed hats, knitted hats, turbans.
use std::f32::consts::{PI, TAU};

use glam::Vec3;

use super::{
    cloth::{Place, cloth, knitted, layered, picture, shaded_by_open, sheet, weave, woven},
    fit::{Fit, Relief, TOP_S, along},
    headwear::Headwear,
};
use crate::{
    mesh::Mesh,
    people::{
        bake::BoundPart,
        noise::{bell, fractal, noise, smooth},
        skin::colour,
    },
    truth::Role,
};

/// Lower edge of each over the azimuth (degrees, metres on the base mesh). Heights are assumptions judged on sheets:
/// brow 0.75, hairline 0.81 in front, top of the ear 0.765, its lobe 0.69.
pub(super) const CAP_EDGE: [(f32, f32); 5] =
    [(0.0, 0.787), (45.0, 0.784), (85.0, 0.777), (130.0, 0.755), (180.0, 0.742)];
pub(super) const HAT_EDGE: [(f32, f32); 4] = [(0.0, 0.798), (85.0, 0.782), (130.0, 0.768), (180.0, 0.758)];
pub(super) const BEANIE_EDGE: [(f32, f32); 5] =
    [(0.0, 0.788), (45.0, 0.770), (75.0, 0.722), (100.0, 0.705), (180.0, 0.690)];
pub(super) const TURBAN_EDGE: [(f32, f32); 6] =
    [(0.0, 0.805), (25.0, 0.793), (60.0, 0.768), (85.0, 0.742), (120.0, 0.712), (180.0, 0.690)];

/// A dome from an edge to the top of the head; `lift` takes azimuth and share of the way up.
fn dome(
    fit: &Fit,
    relief: &Relief,
    edge: &[(f32, f32)],
    (columns, rows): (usize, usize),
    lift_m: impl Fn(f32, f32) -> f32,
    open: impl Fn(f32, f32) -> f32,
) -> Mesh {
    sheet(columns, rows, |u, v| {
        // The seam of the picture lies at the back.
        let azimuth = (u - 0.5) * TAU;
        let from = relief.s_at(azimuth, fit.y_m(along(edge, azimuth)));
        let s = from + (TOP_S - from) * v;
        let position_m = relief.point(azimuth, s, lift_m(azimuth, v));
        Place { position_m, uv: [u, v], open: open(azimuth, v) }
    })
}

/// A brim: `outline` gives the reach (metres) and the rise of its outer edge (metres) over the azimuth within `half_turn`.
fn brim(
    fit: &Fit,
    relief: &Relief,
    edge: &[(f32, f32)],
    half_turn: f32,
    columns: usize,
    lift_m: f32,
    outline: impl Fn(f32) -> (Vec3, f32),
) -> Mesh {
    const ROWS: usize = 6;
    let side = |below: f32, open: f32| {
        sheet(columns, ROWS, |u, v| {
            let azimuth = (2.0 * u - 1.0) * half_turn;
            let s = relief.s_at(azimuth, fit.y_m(along(edge, azimuth)));
            let from = relief.point(azimuth, s, lift_m);
            let (reach, rise) = outline(azimuth);
            let thin = below * (1.0 - v.powi(4));
            let position_m = from + reach * v + Vec3::Y * (rise * v * v - thin);
            Place { position_m, uv: [u, 0.02 + 0.06 * v], open }
        })
    };
    let mut mesh = side(0.0, 1.0);
    mesh.append(&side(0.0028, 0.55));
    mesh
}

/// A baseball cap of six panels with a curved visor.
pub(super) fn cap(fit: &Fit, worn: &Headwear) -> BoundPart {
    let relief = fit.bare.tightened(6);
    // Stiff front panels stand up from the forehead.
    let lift = |azimuth: f32, v: f32| {
        let front = azimuth.cos().max(0.0).powi(2);
        let panels = 0.0006 * (azimuth * 6.0).cos();
        0.0035
            + 0.010 * smooth(0.0, 0.35, v)
            + 0.008 * smooth(0.45, 0.9, v)
            + 0.019 * front * bell(v, 0.55, 0.5)
            + 0.002 * bell(v, 1.0, 0.04)
            + panels
    };
    let mut mesh = dome(fit, &relief, &CAP_EDGE, (60, 18), lift, |_, v| 0.85 + 0.15 * v);
    // The visor: seen from above nearly a half ellipse, bent down at its sides.
    let half = 64.0_f32.to_radians();
    let visor = brim(fit, &relief, &CAP_EDGE, half, 28, 0.0045, |azimuth| {
        let x = azimuth / half;
        let reach = 0.068 * (1.0 - x * x).max(0.0).sqrt();
        (Vec3::new(azimuth.sin() * 0.004, -0.021 * (1.0 - x * x), reach), -0.012 * x * x)
    });
    mesh.append(&visor);
    let seed = worn.seed;
    let (accent, base) = (colour(worn.accent_srgb), colour(worn.srgb).max(Vec3::splat(0.004)));
    let texture = picture(worn.srgb, |u, v| {
        let seam = bell((u * 6.0).fract() - 0.5, 0.0, 0.03) * smooth(0.08, 0.12, v);
        let band = bell(v, 0.10, 0.015);
        // An emblem on the front: a disc, a bar or nothing.
        let (x, y) = ((u - 0.5) * 9.0, (v - 0.36) * 4.5);
        let emblem = match seed % 3 {
            0 => x * x + y * y < 0.22,
            1 => x.abs() < 0.75 && y.abs() < 0.22 && noise(Vec3::new(x * 6.0, y * 4.0, 1.0), seed) > -0.25,
            _ => false,
        };
        let c = if emblem { accent / base } else { Vec3::ONE };
        c * weave(u, v, seed) * (1.0 - 0.35 * seam - 0.25 * band)
    });
    cloth(fit, "cap", Role::Headwear, texture, mesh)
}

/// A hat with a brim all round and a creased crown.
pub(super) fn brimmed_hat(fit: &Fit, worn: &Headwear) -> BoundPart {
    let relief = fit.bare.tightened(10);
    let lift = |azimuth: f32, v: f32| {
        let a = azimuth.abs().to_degrees();
        let crown = 0.004 + 0.030 * smooth(0.05, 0.72, v) - 0.010 * smooth(0.8, 1.0, v);
        let pinch = 0.010 * bell(a, 38.0, 34.0) * bell(v, 0.66, 0.30);
        crown - pinch - 0.006 * bell(azimuth.sin(), 0.0, 0.5) * bell(v, 0.86, 0.14)
    };
    let mut mesh = dome(fit, &relief, &HAT_EDGE, (60, 18), lift, |_, v| 0.80 + 0.20 * v);
    let wide = 0.055 + 0.030 * (worn.seed % 16) as f32 / 15.0;
    mesh.append(&brim(fit, &relief, &HAT_EDGE, PI, 60, 0.004, |azimuth| {
        let (sin, cos) = azimuth.sin_cos();
        let front_and_back = cos * cos;
        (Vec3::new(sin, 0.0, cos) * wide, 0.010 - 0.020 * front_and_back)
    }));
    let (ribbon, base) = (colour(worn.accent_srgb), colour(worn.srgb).max(Vec3::splat(0.004)));
    let texture = picture(worn.srgb, |u, v| {
        let c = if (0.10..0.27).contains(&v) { ribbon / base } else { Vec3::ONE };
        c * weave(u, v, worn.seed)
    });
    cloth(fit, "hat", Role::Headwear, texture, mesh)
}

/// A knitted hat over the ears, with a turned-up cuff.
pub(super) fn beanie(fit: &Fit, worn: &Headwear) -> BoundPart {
    let relief = fit.head.tightened(30);
    let cuff = 0.30;
    let lift = |azimuth: f32, v: f32| {
        let turned = 0.0055 * smooth(0.0, 0.04, v) * smooth(cuff + 0.03, cuff - 0.01, v);
        let slouch = 0.016 * smooth(0.55, 0.95, v) * (1.0 - 0.35 * azimuth.cos());
        let wrinkles = 0.0015 * noise(Vec3::new(azimuth.sin() * 3.0, azimuth.cos() * 3.0, v * 7.0), worn.seed);
        0.0030 + 0.0025 * smooth(0.0, 0.05, v) + turned + slouch + wrinkles * smooth(cuff, cuff + 0.2, v)
    };
    let open = |_, v: f32| 1.0 - 0.35 * bell(v, cuff + 0.03, 0.04) - 0.25 * bell(v, 0.0, 0.04);
    let mesh = dome(fit, &relief, &BEANIE_EDGE, (56, 26), lift, open);
    cloth(fit, "knitted hat", Role::Headwear, knitted(worn.srgb, 34.0, worn.seed), mesh)
}

/// A turban: bands of cloth laid crosswise so that they meet over the forehead.
pub(super) fn turban(fit: &Fit, worn: &Headwear) -> BoundPart {
    let relief = fit.head.tightened(24);
    let fold = |azimuth: f32, v: f32| {
        // Bands rise from the ears to the middle of the forehead on both sides, each over the one below.
        let front = smooth(105.0, 20.0, azimuth.abs().to_degrees());
        let place =
            v * 6.0 - 2.6 * front * (1.0 - v) + 0.25 * fractal(Vec3::new(azimuth * 1.5, v * 3.0, 0.0), 2, worn.seed);
        layered(place)
    };
    let lift = |azimuth: f32, v: f32| {
        let body = 0.006 + 0.034 * (v.powf(0.75) * PI).sin().max(0.0) + 0.020 * smooth(0.5, 1.0, v);
        let side = 0.75 + 0.25 * azimuth.sin().abs();
        body * side * smooth(-0.15, 0.10, v) + 0.0048 * fold(azimuth, v) * smooth(1.0, 0.85, v)
    };
    let open = |azimuth: f32, v: f32| 0.62 + 0.38 * fold(azimuth, v).powf(0.5);
    let mesh = dome(fit, &relief, &TURBAN_EDGE, (60, 44), lift, open);
    cloth(fit, "turban", Role::Headwear, woven(worn.srgb, worn.seed), shaded_by_open(mesh))
}
