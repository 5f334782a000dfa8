//! The outer skin: a control cage over the stations of a [`Spec`], subdivided to a smooth shell and cut into regions.
use std::collections::BTreeMap;

use glam::Vec3;

use super::{
    spec::{PlanWindow, Rake, RearWindow, Spec, Station},
    split::{Field, Label, Shell},
    subdivide::Cage,
};

/// Columns across the vehicle as shares of the half-width.
const COLUMNS: [f32; 5] = [-1.0, -0.70, 0.0, 0.70, 1.0];
/// Levels of the lower body and of the whole.
const LOWER: usize = 5;
const LEVELS: usize = 8;
/// Height shares of the greenhouse levels between belt and roof edge.
const UPPER_SHARE: [f32; 3] = [0.48, 0.84, 1.0];

/// A shell before regions are cut: closed, smooth, of the model's outer measures.
pub(crate) fn smooth_shell(spec: &Spec) -> Shell {
    let cage = cage(spec).interpolating(2, 5);
    let mut fine = cage.subdivided().subdivided();
    let low = fine.points.iter().copied().reduce(Vec3::min).unwrap_or_default();
    let high = fine.points.iter().copied().reduce(Vec3::max).unwrap_or_default();
    // The fit is good to a centimetre; the rest is scaled so that the outer measures are met.
    let scale =
        Vec3::new(spec.width_m, spec.height_m, spec.length_m) / Vec3::new(high.x - low.x, high.y, high.z - low.z);
    for p in &mut fine.points {
        *p = Vec3::new(p.x, p.y, p.z - high.z) * scale + Vec3::Z * spec.front_z_m;
    }
    Shell::from_cage(&fine)
}

fn cage(spec: &Spec) -> Cage {
    let stations = spec.stations.len();
    let last_roof = spec.cowl + spec.roof.len() - 1;
    let solid = |i: usize, k: usize| {
        // Cells between stations i, i+1 and levels k, k+1.
        k + 1 < LOWER || (i >= spec.cowl && i < last_roof)
    };
    let filled = |i: isize, k: isize, c: isize| {
        i >= 0
            && k >= 0
            && c >= 0
            && (i as usize) < stations - 1
            && (k as usize) < LEVELS - 1
            && (c as usize) < COLUMNS.len() - 1
            && solid(i as usize, k as usize)
    };
    let mut cage = Cage::default();
    let mut known: BTreeMap<(usize, usize, usize), u32> = BTreeMap::new();
    let mut crease_level = BTreeMap::new();
    for i in 0..stations as isize - 1 {
        for k in 0..LEVELS as isize - 1 {
            for c in 0..COLUMNS.len() as isize - 1 {
                if !filled(i, k, c) {
                    continue;
                }
                // Stations run rearwards, levels up, columns to the left: (station, level, column) is left-handed
                // against (z, y, x), so the six faces are listed as seen from outside.
                let faces: [([isize; 3], [[isize; 3]; 4]); 6] = [
                    ([-1, 0, 0], [[0, 0, 0], [0, 0, 1], [0, 1, 1], [0, 1, 0]]),
                    ([1, 0, 0], [[1, 0, 0], [1, 1, 0], [1, 1, 1], [1, 0, 1]]),
                    ([0, -1, 0], [[0, 0, 0], [1, 0, 0], [1, 0, 1], [0, 0, 1]]),
                    ([0, 1, 0], [[0, 1, 0], [0, 1, 1], [1, 1, 1], [1, 1, 0]]),
                    ([0, 0, -1], [[0, 0, 0], [0, 1, 0], [1, 1, 0], [1, 0, 0]]),
                    ([0, 0, 1], [[0, 0, 1], [1, 0, 1], [1, 1, 1], [0, 1, 1]]),
                ];
                for (towards, corners) in faces {
                    if filled(i + towards[0], k + towards[1], c + towards[2]) {
                        continue;
                    }
                    let quad = corners.map(|d| {
                        let node = ((i + d[0]) as usize, (k + d[1]) as usize, (c + d[2]) as usize);
                        *known.entry(node).or_insert_with(|| {
                            cage.points.push(node_position(spec, node));
                            cage.points.len() as u32 - 1
                        })
                    });
                    cage.quads.push(quad);
                }
            }
        }
    }
    // Creases: foot of windscreen and rear window, bonnet and boot edges, a soft shoulder line.
    let mut crease = |a: (usize, usize, usize), b: (usize, usize, usize), sharpness: f32| {
        if let (Some(&a), Some(&b)) = (known.get(&a), known.get(&b)) {
            crease_level.insert((a.min(b), a.max(b)), sharpness);
        }
    };
    let outer = COLUMNS.len() - 1;
    for c in 0..outer {
        crease((spec.cowl, LOWER - 1, c), (spec.cowl, LOWER - 1, c + 1), 1.6);
        crease(
            (last_roof, LOWER - 1, c),
            (last_roof, LOWER - 1, c + 1),
            if last_roof == stations - 1 { 0.0 } else { 1.2 },
        );
        crease((0, LOWER - 1, c), (0, LOWER - 1, c + 1), 0.7);
        crease((stations - 1, LOWER - 1, c), (stations - 1, LOWER - 1, c + 1), 1.1);
    }
    for i in 0..stations - 1 {
        for c in [0, outer] {
            crease((i, 3, c), (i + 1, 3, c), 0.9);
            crease((i, 1, c), (i + 1, 1, c), 0.6);
        }
    }
    crease_level.retain(|_, s| *s > 0.0);
    cage.creases = crease_level;
    cage
}

/// Where a lattice node (station, level, column) is.
fn node_position(spec: &Spec, (i, k, c): (usize, usize, usize)) -> Vec3 {
    let f = COLUMNS[c];
    let station = &spec.stations[i];
    if k < LOWER {
        return lower_position(spec, station, i, k, f);
    }
    let roof = &spec.roof[i - spec.cowl];
    let share = UPPER_SHARE[k - LOWER];
    let base = lower_position(spec, station, i, LOWER - 1, f);
    let top_y = roof.y - spec.roof_drop_m * f * f;
    // Glass bulges a little between belt and roof: screens along the vehicle, sides by the widths given.
    let is_screen = i == spec.cowl || i == spec.cowl + spec.roof.len() - 1;
    let bulge = if is_screen { 0.035 * (share * (1.0 - share)) * 4.0 } else { 0.0 };
    let y = base.y + (top_y - base.y) * share + bulge * 0.7;
    let top_z = roof.z - roof.sweep * f * f;
    let out = if i == spec.cowl { 1.0 } else { -1.0 };
    let z = base.z + (top_z - base.z) * share + out * bulge * 0.7;
    Vec3::new(f * roof.w[k - LOWER], y, z)
}

fn lower_position(spec: &Spec, station: &Station, i: usize, k: usize, f: f32) -> Vec3 {
    let mut z = station.z - station.sweep * f.abs().powf(2.4);
    if i == 0 {
        z -= spec.nose_m[k];
    } else if i == spec.stations.len() - 1 {
        z += spec.tail_m[k];
    }
    let crown = if k == LOWER - 1 { station.crown * (1.0 - f * f) } else { 0.0 };
    Vec3::new(f * station.w[k], station.y[k] + crown, z)
}

/// Names of the panes in the order of [`Label::Pane`]: windscreen, sides (left, right), rear.
pub(crate) fn pane_names(spec: &Spec) -> Vec<String> {
    let sides = spec.side_panes.iter().flat_map(|p| ["left", "right"].map(|side| format!("{}-{side}", p.name)));
    std::iter::once("windscreen".to_owned()).chain(sides).chain(std::iter::once("rear".to_owned())).collect()
}

fn ahead_of(line: Rake) -> Field<'static> {
    // Negative behind the line.
    Box::new(move |p| p.z - line.z_at(p.y))
}

fn behind(line: Rake) -> Field<'static> {
    Box::new(move |p| line.z_at(p.y) - p.z)
}

fn plan_window(w: &PlanWindow, inset: f32, front: bool) -> Vec<Field<'_>> {
    let sign = if front { 1.0 } else { -1.0 };
    let edge = move |(z, k): (f32, f32), x: f32| z - k * x * x;
    vec![
        Box::new(move |p| sign * (p.z - edge(w.base, p.x)) + inset),
        Box::new(move |p| sign * (edge(w.top, p.x) - p.z) + inset),
        Box::new(move |p| {
            let t = (p.z - w.top.0) / (w.base.0 - w.top.0);
            p.x.abs() - (w.top_half_width_m + (w.base_half_width_m - w.top_half_width_m) * t) + inset
        }),
        Box::new(|p| 0.8 - p.y),
    ]
}

fn rear_window(w: &RearWindow, bulkhead_z: f32, inset: f32) -> Vec<Field<'_>> {
    match w {
        RearWindow::Plan(plan) => plan_window(plan, inset, false),
        RearWindow::Behind { low, high } => {
            let (low, high) = (*low, *high);
            vec![
                Box::new(move |p| low.0 - p.y + inset),
                Box::new(move |p| p.y - high.0 + inset + 0.10 * p.x * p.x),
                Box::new(move |p| p.x.abs() - (low.1 + (high.1 - low.1) * (p.y - low.0) / (high.0 - low.0)) + inset),
                Box::new(move |p| p.z - bulkhead_z),
            ]
        }
    }
}

/// Cuts windows, lamps, grille, wheel openings and shut lines into the shell.
pub(crate) fn cut_regions(spec: &Spec, shell: &mut Shell) {
    use Label::{Body, Surround};
    // Wheel openings first: they cut through everything below.
    for hub_z in [spec.wheelbase_m / 2.0, -spec.wheelbase_m / 2.0] {
        let (radius, y) = (spec.tyre_radius_m + 0.045, spec.tyre_radius_m + 0.01);
        let inner = spec.hub_x_m - spec.tyre_width_m / 2.0 - 0.07;
        shell.carve(
            &[Body],
            Label::Opening,
            &[
                Box::new(move |p| (p.z - hub_z).hypot(p.y - y) - radius),
                Box::new(move |p| inner - p.x.abs()),
                Box::new(|p| p.y - 0.9),
            ],
        );
    }
    // Black screen borders (frit), then the panes in them.
    shell.carve(&[Body], Surround, &plan_window(&spec.windscreen, 0.0, true));
    shell.carve(&[Surround], Label::Pane(0), &plan_window(&spec.windscreen, 0.022, true));
    let rear_pane = 1 + 2 * spec.side_panes.len() as u8;
    shell.carve(&[Body], Surround, &rear_window(&spec.rear_window, spec.bulkhead_z + 0.6, 0.0));
    shell.carve(&[Surround], Label::Pane(rear_pane), &rear_window(&spec.rear_window, spec.bulkhead_z + 0.6, 0.028));
    // Side windows.
    let (belt, arch, foremost, rearmost) = (spec.belt, spec.arch, spec.glass_front, spec.glass_rear);
    let outline = move |inset: f32, sign: f32| -> Vec<Field<'static>> {
        vec![
            Box::new(move |p| belt.0 - belt.1 * p.z - p.y + inset),
            Box::new(move |p| {
                let d = p.z - arch.1;
                p.y - (arch.0 - if d > 0.0 { arch.2 } else { arch.3 } * d * d) + inset
            }),
            Box::new(move |p| (p.z - foremost.z_at(p.y)) + inset * 1.3),
            Box::new(move |p| (rearmost.z_at(p.y) - p.z) + inset * 1.2),
            Box::new(move |p| 0.45 - sign * p.x),
        ]
    };
    for (side, sign) in [1.0f32, -1.0].into_iter().enumerate() {
        shell.carve(&[Body], Surround, &outline(0.0, sign));
        for (k, pane) in spec.side_panes.iter().enumerate() {
            let mut cut = outline(0.022, sign);
            cut.extend([ahead_of(pane.front), behind(pane.rear)]);
            shell.carve(&[Surround], Label::Pane(1 + 2 * k as u8 + side as u8), &cut);
        }
    }
    cut_details(spec, shell);
}

/// Lamps, grille, black lower parts and shut lines.
fn cut_details(spec: &Spec, shell: &mut Shell) {
    use Label::{Body, Grille, HeadLamp, Plastic, Seam, TailLamp};
    let nose = &spec.stations[0].y;
    let (front, rear) = (spec.front_z_m, spec.front_z_m - spec.length_m);
    let ahead = move |depth: f32| -> Field<'static> { Box::new(move |p| front - depth - p.z) };
    let aft = move |depth: f32| -> Field<'static> { Box::new(move |p| p.z - rear - depth) };
    // Head lamps: a slim wedge that runs back into the wing.
    let (lamp_low, lamp_high, width) = (nose[3] - 0.035, nose[4] + 0.01, spec.width_m / 2.0);
    shell.carve(
        &[Body],
        HeadLamp,
        &[
            Box::new(move |p: Vec3| lamp_low - p.y + 0.10 * (p.x.abs() - 0.45)),
            Box::new(move |p: Vec3| p.y - lamp_high - 0.10 * (p.x.abs() - 0.45)),
            Box::new(move |p: Vec3| 0.60 * width - p.x.abs() + 0.8 * (p.y - lamp_low)),
            // The rear end leans back.
            Box::new(move |p: Vec3| front - 0.48 - 1.1 * (p.y - lamp_low) - p.z),
        ],
    );
    // Grille between the lamps, air intake below.
    shell.carve(
        &[Body],
        Grille,
        &[
            Box::new(move |p: Vec3| nose[2] + 0.01 - p.y),
            Box::new(move |p: Vec3| p.y - nose[4] + 0.045),
            Box::new(move |p: Vec3| p.x.abs() - 0.50 * width - 0.35 * (p.y - nose[2])),
            ahead(0.3),
        ],
    );
    shell.carve(
        &[Body],
        Grille,
        &[
            Box::new(move |p: Vec3| nose[1] - 0.02 - p.y),
            Box::new(move |p: Vec3| p.y - nose[2] + 0.06),
            Box::new(move |p: Vec3| p.x.abs() - 0.66 * width),
            ahead(0.4),
        ],
    );
    // Tail lamps, wrapping round the corners.
    let tail = &spec.stations[spec.stations.len() - 1].y;
    let (tail_low, tail_high) = (tail[3] - 0.02, tail[4] - 0.055);
    shell.carve(
        &[Body],
        TailLamp,
        &[
            Box::new(move |p: Vec3| tail_low - p.y + 0.06 * (0.8 - p.x.abs())),
            Box::new(move |p: Vec3| p.y - tail_high),
            Box::new(move |p: Vec3| 0.45 * width - p.x.abs()),
            aft(0.46),
        ],
    );
    // Rear apron, and the boot's shut line round the number plate.
    let apron = tail[1] + 0.045;
    shell.carve(
        &[Body],
        Plastic,
        &[Box::new(move |p: Vec3| p.y - apron), Box::new(move |p: Vec3| p.x.abs() - 0.62 * width), aft(0.30)],
    );
    let (lid_y, lid_x) = (tail[2] + 0.035, 0.66 * width);
    let line = 0.0035;
    shell.carve(
        &[Body],
        Seam,
        &[
            Box::new(move |p: Vec3| p.y - lid_y - line),
            Box::new(move |p: Vec3| lid_y - line - p.y),
            Box::new(move |p: Vec3| p.x.abs() - lid_x),
            aft(0.30),
        ],
    );
    shell.carve(
        &[Body],
        Seam,
        &[
            Box::new(move |p: Vec3| p.x.abs() - lid_x - line),
            Box::new(move |p: Vec3| lid_x - line - p.x.abs()),
            Box::new(move |p: Vec3| lid_y - p.y),
            Box::new(move |p: Vec3| p.y - tail[4] - 0.01),
            aft(0.30),
        ],
    );
    // Sills, aprons and underside.
    let sill = spec.stations[5].y[1] - 0.015;
    shell.carve(&[Body], Plastic, &[Box::new(move |p: Vec3| p.y - sill)]);
    // The middle of the underside is never seen: a flat tray stands for it.
    let (points, normals) = (&shell.points, &shell.normals);
    shell.triangles.retain(|(t, label)| {
        let hidden = t.iter().all(|&i| {
            let (p, n) = (points[i as usize], normals[i as usize]);
            n.y < -0.8 && p.x.abs() < 0.75 * width && p.z < front - 0.6 && p.z > rear + 0.6
        });
        *label != Plastic || !hidden
    });
    // Shut lines: doors, bonnet, boot.
    const HALF_GAP_M: f32 = 0.0035;
    let belt = spec.belt;
    for &line in spec.door_seams {
        shell.carve(
            &[Body],
            Seam,
            &[
                // Two borders, not one distance: a triangle wider than the gap must be cut twice.
                Box::new(move |p: Vec3| p.z - line.z_at(p.y) - HALF_GAP_M),
                Box::new(move |p: Vec3| line.z_at(p.y) - p.z - HALF_GAP_M),
                Box::new(move |p: Vec3| p.y - (belt.0 - belt.1 * p.z)),
                Box::new(|p: Vec3| 0.5 - p.x.abs()),
            ],
        );
    }
    let (bonnet_end, curve) = spec.windscreen.base;
    let bonnet_edge = move |p: Vec3| p.x.abs() - 0.80 * width + 0.16 * (p.z - bonnet_end);
    shell.carve(
        &[Body],
        Seam,
        &[
            Box::new(move |p: Vec3| bonnet_edge(p) - HALF_GAP_M),
            Box::new(move |p: Vec3| -bonnet_edge(p) - HALF_GAP_M),
            Box::new(move |p: Vec3| bonnet_end + 0.09 - curve * p.x * p.x - p.z),
            Box::new(move |p: Vec3| p.z - front + 0.22),
            Box::new(move |p: Vec3| nose[4] - p.y),
        ],
    );
}
