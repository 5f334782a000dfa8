//! Rain on one pane.
use glam::{Vec2, Vec3};
use laneproof_scenes::{
    catalogue::{Canopy, PaneDrops},
    surface::{Pane, PaneKind, SessileDrop},
};
use rand::Rng;

use super::{DIAMETERS_MM, cap_volume, fall_mps, run_off_radius_m, slope_per_mm};
use crate::Trajectory;

/// Side of the cells that drops are looked for in, metres: no two that touch are further apart than their neighbours.
const CELL_M: f32 = 2.0 * super::MOST_RADIUS_M;

/// Rain on a vehicle that drives.
#[derive(Debug, Clone, Copy)]
pub struct Shower<'a> {
    /// Rain rate, millimetres per hour, above 0.
    pub rain_mm_per_h: f32,
    /// How drops lie.
    pub drops: PaneDrops,
    /// Where the vehicle is.
    pub drive: &'a Trajectory,
    /// What keeps rain off; drops fall straight down from the sky.
    pub canopy: Option<Canopy>,
}

impl Shower<'_> {
    /// Whether a place in the vehicle is under the roof. Before its drive the vehicle comes on at its first speed.
    fn sheltered(&self, time_s: f64, place_m: Vec3) -> bool {
        self.canopy.is_some_and(|roof| {
            let before_m = time_s.min(0.0) as f32 * self.drive.speed_at(time_s);
            let at = self.drive.pose_at(time_s).transform_point3(place_m) + Vec3::Z * before_m;
            at.x.abs() <= roof.half_width_m && (roof.from_z_m..=roof.to_z_m).contains(&at.z) && at.y <= roof.height_m
        })
    }
}

/// A rain drop that meets a pane.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Impact {
    /// When, seconds since the encounter began; what lies there at its beginning has fallen before.
    pub time_s: f64,
    /// Where, vehicle frame, metres.
    pub position_m: Vec3,
    /// Unit normal of the pane there.
    pub normal: Vec3,
    /// Diameter in the air, millimetres.
    pub diameter_mm: f32,
}

/// Sectors that a windscreen's wipers sweep.
#[derive(Debug, Clone, PartialEq)]
struct Wipers {
    period_s: f64,
    /// When the first sweep is, before the first impact.
    first_s: f64,
    /// Pivots, on the pane's chart, metres, and lengths of the blades.
    blades: Vec<(Vec2, f32)>,
}

/// Where the blades turn, metres to the vehicle's left, and how long they are: those that lie along the windscreen's foot.
const BLADES_M: [(f32, f32); 2] = [(0.52, 0.60), (-0.10, 0.54)];
/// What of a blade's length, next to the pivot, has no rubber, metres (assumption).
const BARE_M: f32 = 0.06;
/// Angle of a sweep, from lying towards the vehicle's right, degrees (assumption).
const SWEEP_DEG: f32 = 100.0;

impl Wipers {
    fn sweep(&self, at: Vec2) -> bool {
        self.blades.iter().any(|(pivot, length_m)| {
            let arm = at - *pivot;
            (BARE_M..=*length_m).contains(&arm.length())
                && (0.0..=SWEEP_DEG.to_radians()).contains(&arm.y.atan2(-arm.x))
        })
    }
}

/// A flat map of a pane: x to the vehicle's left or along it, y up the pane.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Chart {
    origin_m: Vec3,
    across: Vec3,
    up: Vec3,
    low: Vec2,
    cells: [usize; 2],
}

impl Chart {
    fn of(pane: &Pane) -> Option<Self> {
        let (low, high) = pane.mesh.bounds_m()?;
        let area: Vec3 = pane.mesh.triangles().map(|[a, b, c]| (b - a).cross(c - a)).sum();
        let normal = area.try_normalize()?;
        let down = (Vec3::NEG_Y + normal * normal.y).normalize_or(Vec3::Z);
        let across = normal.cross(down);
        let mut chart = Self { origin_m: (low + high) / 2.0, across, up: -down, low: Vec2::ZERO, cells: [1, 1] };
        let points = pane.mesh.vertices.iter().map(|v| chart.at(v.position_m.into()));
        let (low, high) = points.fold((Vec2::MAX, Vec2::MIN), |(low, high), p| (low.min(p), high.max(p)));
        chart.cells = ((high - low) / CELL_M).to_array().map(|side| side.max(0.0) as usize + 1);
        chart.low = low;
        Some(chart)
    }

    fn at(&self, position_m: Vec3) -> Vec2 {
        let from = position_m - self.origin_m;
        Vec2::new(from.dot(self.across), from.dot(self.up))
    }

    fn cell(&self, at: Vec2) -> [usize; 2] {
        let place = ((at - self.low) / CELL_M).to_array();
        [0, 1].map(|axis| (place[axis].max(0.0) as usize).min(self.cells[axis] - 1))
    }
}

/// A pane in the rain over an encounter.
#[derive(Debug, Clone, PartialEq)]
pub struct WetPane {
    impacts: Vec<Impact>,
    wipers: Option<Wipers>,
    chart: Option<Chart>,
    contact_angle_rad: f32,
}

impl WetPane {
    /// What falls on a pane (vehicle frame) from `collected_s` before the encounter begins to the drive's end.
    pub fn new(pane: &Pane, shower: &Shower<'_>, rng: &mut impl Rng) -> Self {
        let PaneDrops { collected_s, wiper_period_s, contact_angle_deg } = shower.drops;
        let (from_s, to_s) = (-f64::from(collected_s), shower.drive.duration_s());
        let chart = Chart::of(pane);
        let wipers = wiper_period_s.filter(|_| pane.kind() == PaneKind::Windscreen).map(|period_s| {
            let period_s = f64::from(period_s);
            let first_s = from_s - period_s * rng.random::<f64>();
            Wipers { period_s, first_s, blades: chart.map_or_else(Vec::new, |chart| blades(pane, &chart)) }
        });
        let mut impacts = fallen(pane, shower, [from_s, to_s], rng);
        impacts.sort_by(|a, b| a.time_s.total_cmp(&b.time_s));
        Self { impacts, wipers, chart, contact_angle_rad: contact_angle_deg.to_radians() }
    }

    /// All that meets the pane, in the order of time.
    pub fn impacts(&self) -> &[Impact] {
        &self.impacts
    }

    /// Whether a place on the pane (vehicle frame, metres) is wiped.
    pub fn is_wiped(&self, position_m: Vec3) -> bool {
        let at = self.chart.map(|chart| chart.at(position_m));
        self.wipers.as_ref().zip(at).is_some_and(|(wipers, at)| wipers.sweep(at))
    }

    /// The drops that lie on the pane at a time, vehicle frame, in the order in which they came to be.
    pub fn drops_at(&self, time_s: f64) -> Vec<SessileDrop> {
        let Some(chart) = self.chart else { return Vec::new() };
        let mut water = Water::new(chart, self.contact_angle_rad);
        // Of the sweeps only the last one counts for what falls between two impacts.
        let last_sweep = |until_s: f64| {
            let wipers = self.wipers.as_ref()?;
            let sweeps = ((until_s - wipers.first_s) / wipers.period_s).floor();
            (sweeps >= 0.0).then_some(wipers.first_s + sweeps * wipers.period_s)
        };
        let mut swept_s = f64::MIN;
        let mut sweep = |water: &mut Water, until_s: f64| {
            if let (Some(at_s), Some(wipers)) = (last_sweep(until_s), &self.wipers)
                && at_s > swept_s
            {
                swept_s = at_s;
                water.wipe(wipers);
            }
        };
        for impact in self.impacts.iter().take_while(|impact| impact.time_s <= time_s) {
            sweep(&mut water, impact.time_s);
            water.add(impact);
        }
        sweep(&mut water, time_s);
        water.drops.into_iter().flatten().map(|(drop, _)| drop).collect()
    }
}

/// The blades at the foot of a windscreen.
fn blades(pane: &Pane, chart: &Chart) -> Vec<(Vec2, f32)> {
    BLADES_M
        .into_iter()
        .filter_map(|(x_m, length_m)| {
            let at: Vec<Vec2> = pane.mesh.vertices.iter().map(|v| chart.at(v.position_m.into())).collect();
            let near = at.iter().filter(|at| (at.x - x_m).abs() < 0.1);
            let foot = near.map(|at| at.y).min_by(f32::total_cmp)?;
            Some((Vec2::new(x_m - chart.origin_m.x, foot), length_m))
        })
        .collect()
}

/// The Poisson process of impacts, by thinning one that is as dense everywhere as rain can be.
fn fallen(pane: &Pane, shower: &Shower<'_>, [from_s, to_s]: [f64; 2], rng: &mut impl Rng) -> Vec<Impact> {
    let middle_m = pane.mesh.bounds_m().map_or(Vec3::ZERO, |(low, high)| (low + high) / 2.0);
    let triangles: Vec<[Vec3; 3]> = pane.mesh.triangles().collect();
    let mut total_m2 = 0.0_f64;
    let sums_m2: Vec<f64> = triangles
        .iter()
        .map(|[a, b, c]| {
            total_m2 += f64::from((b - a).cross(c - a).length()) / 2.0;
            total_m2
        })
        .collect();
    let [least_mm, most_mm] = DIAMETERS_MM;
    let slope = slope_per_mm(shower.rain_mm_per_h);
    let (least, most) = ((-slope * least_mm).exp(), (-slope * most_mm).exp());
    let in_air_per_m3 = f64::from(8_000.0 / slope * (least - most));
    let ticks = (shower.drive.duration_s() * 10.0).ceil() as u32;
    let fastest_mps = (0..=ticks).map(|k| shower.drive.speed_at(f64::from(k) / 10.0).abs()).fold(0.0, f32::max);
    // Sampled at tenths of a second; between them brakes and engine add less than this.
    let most_mps = fall_mps(most_mm) + fastest_mps + 1.0;
    let per_s = total_m2 * in_air_per_m3 * f64::from(most_mps);
    let mut impacts = Vec::new();
    if per_s <= 0.0 {
        return impacts;
    }
    let mut time_s = from_s;
    loop {
        time_s -= (1.0 - rng.random::<f64>()).ln() / per_s;
        let place: f64 = rng.random();
        let [u, v, size, kept]: [f32; 4] = std::array::from_fn(|_| rng.random());
        if time_s > to_s {
            return impacts;
        }
        let k = sums_m2.partition_point(|sum| *sum <= place * total_m2).min(triangles.len() - 1);
        let diameter_mm = -(least - size * (least - most)).ln() / slope;
        let root = u.sqrt();
        let shares = [1.0 - root, root * (1.0 - v), root * v];
        let corners = [0, 1, 2].map(|i| &pane.mesh.vertices[pane.mesh.indices[3 * k + i] as usize]);
        let mean = |of: fn(&laneproof_scenes::mesh::Vertex) -> [f32; 3]| -> Vec3 {
            corners.iter().zip(shares).map(|(corner, share)| Vec3::from(of(corner)) * share).sum()
        };
        let [a, b, c] = triangles[k];
        let face = (b - a).cross(c - a).normalize_or(Vec3::Y);
        let meets_mps = face.y * fall_mps(diameter_mm) + face.z * shower.drive.speed_at(time_s);
        if meets_mps <= kept * most_mps || shower.sheltered(time_s, middle_m) {
            continue;
        }
        let (position_m, normal) = (mean(|v| v.position_m), mean(|v| v.normal).normalize_or(face));
        impacts.push(Impact { time_s, position_m, normal, diameter_mm });
    }
}

/// Drops on a pane as they come to lie there.
struct Water {
    chart: Chart,
    contact_angle_rad: f32,
    /// Volume of a drop whose disc has radius 1.
    unit_volume: f32,
    /// In the order in which they came to be; gone where they ran into another, ran off or were wiped.
    drops: Vec<Option<(SessileDrop, Vec2)>>,
    cells: Vec<Vec<u32>>,
}

impl Water {
    fn new(chart: Chart, contact_angle_rad: f32) -> Self {
        let cells = vec![Vec::new(); chart.cells[0] * chart.cells[1]];
        Self { chart, contact_angle_rad, unit_volume: cap_volume(contact_angle_rad), drops: Vec::new(), cells }
    }

    fn list(&mut self, at: Vec2) -> &mut Vec<u32> {
        let [i, j] = self.chart.cell(at);
        &mut self.cells[j * self.chart.cells[0] + i]
    }

    fn take(&mut self, id: u32) -> Option<(SessileDrop, Vec2)> {
        let gone = self.drops[id as usize].take()?;
        self.list(gone.1).retain(|other| *other != id);
        Some(gone)
    }

    /// Takes away what lies where wipers sweep.
    fn wipe(&mut self, wipers: &Wipers) {
        // What is gone stays gone: numbers begin anew.
        let mut old = std::mem::take(&mut self.drops);
        old.retain(|drop| drop.as_ref().is_some_and(|(_, at)| !wipers.sweep(*at)));
        self.cells.iter_mut().for_each(Vec::clear);
        for (id, (_, at)) in old.iter().flatten().enumerate() {
            self.list(*at).push(id as u32);
        }
        self.drops = old;
    }

    /// The first of the drops that one touches.
    fn touched(&self, drop: &SessileDrop, at: Vec2) -> Option<u32> {
        let [i, j] = self.chart.cell(at);
        let [across, along] = self.chart.cells;
        let cells = (j.saturating_sub(1)..(j + 2).min(along))
            .flat_map(|j| (i.saturating_sub(1)..(i + 2).min(across)).map(move |i| j * across + i));
        let touches = |id: &u32| {
            self.drops[*id as usize]
                .as_ref()
                .is_some_and(|(other, _)| drop.position_m.distance(other.position_m) < drop.radius_m + other.radius_m)
        };
        cells.flat_map(|cell| self.cells[cell].iter().copied()).filter(touches).min()
    }

    fn add(&mut self, impact: &Impact) {
        let volume_m3 = std::f32::consts::PI / 6.0 * (impact.diameter_mm * 1e-3).powi(3);
        let radius_m = |volume_m3: f32| (volume_m3 / self.unit_volume).cbrt();
        let mut drop = SessileDrop {
            position_m: impact.position_m,
            normal: impact.normal,
            radius_m: radius_m(volume_m3).min(super::MOST_RADIUS_M),
        };
        let mut at = self.chart.at(drop.position_m);
        while let Some(id) = self.touched(&drop, at) {
            let Some((other, _)) = self.take(id) else { break };
            let [own, its] = [drop, other].map(|drop| drop.radius_m.powi(3));
            let share = its / (own + its);
            drop = SessileDrop {
                position_m: drop.position_m.lerp(other.position_m, share),
                normal: drop.normal.lerp(other.normal, share).normalize_or(drop.normal),
                radius_m: (own + its).cbrt(),
            };
            at = self.chart.at(drop.position_m);
            if self.runs(&drop) {
                break;
            }
        }
        if self.runs(&drop) {
            self.run(&drop, at);
        } else {
            let id = self.drops.len() as u32;
            self.list(at).push(id);
            self.drops.push(Some((drop, at)));
        }
    }

    fn runs(&self, drop: &SessileDrop) -> bool {
        let slope_sine = (1.0 - drop.normal.y * drop.normal.y).max(0.0).sqrt();
        drop.radius_m > run_off_radius_m(self.contact_angle_rad, slope_sine)
    }

    /// Takes away what a drop touches on its way down.
    fn run(&mut self, runner: &SessileDrop, from: Vec2) {
        let [i, j] = self.chart.cell(from);
        let [across, _] = self.chart.cells;
        for row in 0..=j {
            for column in i.saturating_sub(1)..(i + 2).min(across) {
                for id in self.cells[row * across + column].clone() {
                    let touched = self.drops[id as usize].as_ref().is_some_and(|(drop, at)| {
                        at.y < from.y && (at.x - from.x).abs() < runner.radius_m + drop.radius_m
                    });
                    if touched {
                        self.take(id);
                    }
                }
            }
        }
    }
}
