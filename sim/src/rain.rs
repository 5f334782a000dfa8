//! Rain on the panes of a staged vehicle.
use std::sync::Arc;

use glam::{Affine3A, Vec3};
use half::f16;
use laneproof_physics::{
    Trajectory,
    rain::{Shower, WetPane},
};
use laneproof_render::{Layers, PinholeCamera, Region};
use laneproof_scenes::{
    catalogue::Lens,
    stream::stream,
    surface::SessileDrop,
    truth::{Role, Tag},
    vehicle::Vehicle,
};

use crate::encounter::{EncounterPlan, NeighbourPlace};

/// What falls on a vehicle's panes over its encounter, in the vehicle's order of panes.
#[derive(Debug)]
pub(crate) struct StagedRain {
    panes: Vec<WetPane>,
    pub(crate) contact_angle_rad: f32,
}

impl StagedRain {
    /// The rain on a vehicle; `None` where the plan asks for no drops. Each pane of each vehicle has a stream of its own.
    pub(crate) fn of(
        plan: &EncounterPlan,
        vehicle: &Vehicle,
        drive: &Trajectory,
        place: Option<NeighbourPlace>,
    ) -> Option<Arc<Self>> {
        let weather = plan.daylight.weather.as_ref()?;
        let (drops, rain_mm_per_h) = (weather.drops?, weather.rain_mm_per_h?);
        let shower = Shower { rain_mm_per_h, drops, drive, canopy: plan.lane.canopy };
        let whose = place.map_or("", NeighbourPlace::name);
        let panes = vehicle.panes.iter().map(|pane| {
            let mut rng = stream(plan.seed, plan.encounter, &format!("drops {whose} {}", pane.name));
            WetPane::new(pane, &shower, &mut rng)
        });
        Some(Arc::new(Self { panes: panes.collect(), contact_angle_rad: drops.contact_angle_deg.to_radians() }))
    }

    /// What lies on each pane at a time, world frame.
    pub(crate) fn drops_at(&self, time_s: f64, world_from_vehicle: Affine3A) -> Vec<Vec<SessileDrop>> {
        let placed = |drop: SessileDrop| SessileDrop {
            position_m: world_from_vehicle.transform_point3(drop.position_m),
            normal: world_from_vehicle.transform_vector3(drop.normal),
            ..drop
        };
        self.panes.iter().map(|pane| pane.drops_at(time_s).into_iter().map(placed).collect()).collect()
    }
}

/// How a camera draws drops.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Drawing {
    /// Part of the picture in which the cabin is looked up: what the vehicle can touch, also where more was rendered.
    pub(crate) region: Region,
    /// Radius of the entrance pupil, metres.
    pub(crate) pupil_radius_m: f32,
    /// Depth in focus, metres.
    pub(crate) focus_m: f32,
    /// Share of the drops that there are.
    pub(crate) left: f32,
}

impl Drawing {
    /// Behind a lens as it is mounted. Where a counterfactual has everything in focus, drops stay as sharp as they are
    /// (assumption: what is asked there is what focus does to the face).
    pub(crate) fn behind(lens: &Lens, region: Region, left: f32) -> Self {
        let pupil_radius_m = lens.focal_length_mm / lens.f_number * 0.5e-3;
        Self { region, pupil_radius_m, focus_m: lens.focus_distance_m, left }
    }

    /// The drops that are left, of equal shares the same ones.
    pub(crate) fn thinned(&self, mut drops: Vec<SessileDrop>) -> Vec<SessileDrop> {
        const GOLDEN: f64 = 0.618_033_988_749_894_9;
        let mut k = 0.0;
        drops.retain(|_| {
            k += 1.0;
            (k * GOLDEN).fract() < f64::from(self.left)
        });
        drops
    }
}

/// Rounds in which a ray behind a pane is brought to what it meets.
const ROUNDS: usize = 3;
/// How far from the pane that is looked for at first, and at most, metres.
const FIRST_M: f32 = 0.8;
const MOST_M: f32 = 4.0;

/// Whether something is inside a vehicle.
fn in_cabin(tag: u16) -> bool {
    Tag::from_bits(tag)
        .is_some_and(|tag| !matches!(tag.role, Role::Sky | Role::Ground | Role::Furniture | Role::Body | Role::Wheel))
}

/// Radiance of what a ray from a pane into the cabin meets (world frame, unit direction), where the picture shows it: the
/// surface that the camera sees nearest to the ray. `None` where the picture shows no cabin.
pub(crate) fn in_picture(
    camera: &PinholeCamera,
    layers: &Layers,
    region: Region,
    place_m: Vec3,
    direction: Vec3,
) -> Option<[f32; 3]> {
    let eye_m = Vec3::from(camera.world_from_camera.translation);
    let mut way_m = FIRST_M;
    let mut found = None;
    for _ in 0..ROUNDS {
        let at_m = place_m + direction * way_m;
        let ([x, y], _) = camera.project(at_m)?;
        if !(x >= region.x as f32 && y >= region.y as f32) {
            return None;
        }
        let (column, row) = (x as u32, y as u32);
        if !region.contains(column, row) || !layers.region.contains(column, row) {
            return None;
        }
        let Region { x: left, y: top, width, .. } = layers.region;
        let i = (row - top) as usize * width as usize + (column - left) as usize;
        if !in_cabin(layers.tag[i]) {
            return None;
        }
        found = Some(i);
        let met_m = eye_m + (at_m - eye_m).normalize() * layers.range_m[i];
        way_m = (met_m - place_m).dot(direction).clamp(0.02, MOST_M);
    }
    let [r, g, b, _] = layers.radiance[found?].map(f16::to_f32);
    Some([r, g, b])
}
