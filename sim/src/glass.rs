//! The panes of a vehicle before the cameras of a rig.
use std::{f32::consts::PI, sync::Arc};

use glam::Vec3;
use laneproof_optics::{
    band::Band,
    drop::{Cap, UnderWater},
    entrance::{self, Admission},
    lamp::LampSource,
    pane_optics::PaneOptics,
    through_glass::{
        self, Before, ChiefRays, GlassLayer, LensFilter, Mirrored, PaneResponse, PlacedPane, Rect, Wet, compose,
    },
};
use laneproof_render::{Layers, PinholeCamera};
use laneproof_scenes::{
    catalogue::Polariser,
    surface::{Pane, SessileDrop},
    truth::{Subject, Tag},
    vehicle::{GLASS_INDEX, Vehicle},
};

use crate::{
    moment::Moment,
    rain::{self, Drawing},
    staged::Staged,
};

/// What a pane does to what cameras see, and to the sun's light.
type Tables = (Arc<PaneResponse>, Arc<[[f32; 64]; 3]>);

/// What the panes of a staged vehicle do to light, in the vehicle's order of panes.
#[derive(Debug)]
pub(crate) struct StagedGlass {
    responses: Vec<Arc<PaneResponse>>,
    /// Transmittance for the sun's light over the cosine of incidence; see `ScenePane`.
    pub(crate) sun_transmittances: Vec<Arc<[[f32; 64]; 3]>>,
}

impl StagedGlass {
    /// Tabulates a vehicle's panes.
    pub(crate) fn new(vehicle: &Vehicle) -> Self {
        let mut known: Vec<(&Pane, Tables)> = Vec::new();
        let (responses, sun_transmittances) = vehicle
            .panes
            .iter()
            .map(|pane| {
                if let Some((_, tables)) = known.iter().find(|(like, _)| like.is_alike(pane)) {
                    return tables.clone();
                }
                let response = Arc::new(PaneResponse::new(&PaneOptics::of_pane(pane), Band::seen_in(pane.band)));
                let tables = (response.clone(), Arc::new(response.transmittance()));
                known.push((pane, tables.clone()));
                tables
            })
            .unzip();
        Self { responses, sun_transmittances }
    }
}

impl StagedGlass {
    /// The same panes before the cameras, while each lets in of the sun's light what it admits.
    pub(crate) fn admitting(&self, admissions: &[Admission]) -> Self {
        let admitting = |(table, admission): (&Arc<[[f32; 64]; 3]>, &Admission)| {
            let shares: [f32; 64] =
                std::array::from_fn(|i| entrance::admitted(admission, GLASS_INDEX.into(), i as f64 / 63.0) as f32);
            Arc::new(table.map(|band| std::array::from_fn(|i| band[i] * shares[i])))
        };
        Self {
            responses: self.responses.clone(),
            sun_transmittances: self.sun_transmittances.iter().zip(admissions).map(admitting).collect(),
        }
    }
}

fn filter(polariser: &Polariser) -> LensFilter {
    let Polariser { angle_deg, transmittance, extinction_ratio } = *polariser;
    LensFilter {
        angle_rad: angle_deg.to_radians(),
        along: transmittance,
        across: transmittance / extinction_ratio.max(1.0),
    }
}

/// Share of unpolarised light that passes a camera's filter.
pub(crate) fn filter_transmittance(polariser: Option<&Polariser>) -> f32 {
    polariser.map_or(1.0, |polariser| {
        let LensFilter { along, across, .. } = filter(polariser);
        (along + across) / 2.0
    })
}

/// Chief rays of a camera behind its filter.
fn chief_rays(camera: &PinholeCamera, polariser: Option<&Polariser>) -> ChiefRays {
    ChiefRays {
        world_from_camera: camera.world_from_camera,
        focal_length_px: camera.focal_length_px,
        principal_point_px: camera.principal_point_px,
        filter: polariser.map(filter),
    }
}

fn rect(layers: &Layers) -> Rect {
    let region = layers.region;
    Rect { x: region.x, y: region.y, width: region.width, height: region.height }
}

/// The panes of all vehicles, where they stand.
fn placed<'s>(staged: &'s Staged, moment: &'s Moment, rays: &ChiefRays) -> Vec<PlacedPane<'s>> {
    moment
        .vehicles(staged)
        .flat_map(|(staged, moment)| {
            let panes = staged.vehicle.panes.iter().zip(&staged.glass.responses);
            panes.map(|(pane, response)| PlacedPane::new(rays, &pane.mesh, moment.world_from_vehicle, response))
        })
        .collect()
}

/// Puts the lane's air before a picture and the glass in it; nothing where it is clean. `moment` is that of a vehicle in the
/// lane; of light, `lamps` count, and sky and sun where that is asked for.
pub(crate) fn add_air(
    staged: &Staged,
    moment: Option<&Moment>,
    camera: &PinholeCamera,
    polariser: Option<&Polariser>,
    (lamps, daylight): (&[LampSource], bool),
    layers: &Layers,
    glass: &mut GlassLayer,
) {
    let Some(air) = &staged.lane.light.air else { return };
    let (air, light) = &**air;
    let rays = chief_rays(camera, polariser);
    let panes = moment.map_or_else(Vec::new, |moment| placed(staged, moment, &rays));
    let behind_is_outside =
        |i: usize| matches!(Tag::from_bits(layers.tag[i]), None | Some(Tag { subject: Subject::Lane, .. }));
    let before = Before {
        air,
        light: daylight.then_some(light),
        lamps,
        filter_transmittance: filter_transmittance(polariser),
        outside: &behind_is_outside,
    };
    through_glass::add_air(&rays, &panes, &before, rect(layers), &layers.range_m, glass);
}

/// What a camera sees, and how it draws drops on panes; `None` draws none.
pub(crate) struct Picture<'a> {
    pub(crate) camera: &'a PinholeCamera,
    pub(crate) polariser: Option<&'a Polariser>,
    pub(crate) layers: &'a Layers,
    pub(crate) drops: Option<Drawing>,
}

/// The panes of all vehicles, where they stand, before a camera's picture, with what they mirror and the drops on them.
fn composed(staged: &Staged, moment: &Moment, mirrored: &Mirrored<'_>, picture: &Picture<'_>) -> GlassLayer {
    let Picture { camera, polariser, layers, drops } = *picture;
    let rays = chief_rays(camera, polariser);
    let panes = placed(staged, moment, &rays);
    let mut glass = compose(&rays, &panes, mirrored, rect(layers), &layers.range_m);
    if let (Some(drawing), Some(rain)) = (drops, &staged.rain) {
        let tables: Vec<UnderWater> = moment
            .vehicles(staged)
            .flat_map(|(staged, _)| &staged.vehicle.panes)
            .map(|pane| UnderWater::new(&PaneOptics::of_pane(pane), Band::seen_in(pane.band)))
            .collect();
        let lying = moment.vehicles(staged).flat_map(|(staged, moment)| moment.drops(staged).to_vec());
        let wet: Vec<(&UnderWater, Vec<SessileDrop>)> =
            tables.iter().zip(lying.map(|drops| drawing.thinned(drops))).collect();
        let cabin = |place_m: Vec3, direction: Vec3| {
            rain::in_picture(camera, layers, drawing.region, place_m, direction)
                .unwrap_or_else(|| (mirrored.cabin)(place_m, direction))
        };
        let wet = Wet {
            panes: &wet,
            cap: Cap::new(rain.contact_angle_rad),
            pupil_radius_m: drawing.pupil_radius_m,
            focus_m: drawing.focus_m,
            cabin: &cabin,
            filter_transmittance: filter_transmittance(polariser),
        };
        through_glass::add_drops(&rays, &panes, (&wet, mirrored), rect(layers), &layers.range_m, &mut glass);
    }
    glass
}

/// Whose cabin a place in a pane belongs to: of the vehicles, each with its moment, that which reaches nearest to it along the
/// lane. Vehicles stand one after the other.
fn cabin_at<'v>(vehicles: &[(&'v Staged, &'v Moment)], place_m: Vec3) -> (&'v Staged, &'v Moment) {
    let outside_m = |(staged, moment): &(&Staged, &Moment)| {
        let Vehicle { front_z_m, length_m, .. } = *staged.vehicle;
        let z_m = moment.world_from_vehicle.inverse().transform_point3(place_m).z;
        (z_m - front_z_m).max(front_z_m - length_m - z_m).max(0.0)
    };
    let nearest = |a: &(&Staged, &Moment), b: &(&Staged, &Moment)| outside_m(a).total_cmp(&outside_m(b));
    vehicles.iter().copied().min_by(nearest).expect("an encounter has a vehicle")
}

/// The panes of the vehicles, where they stand at a moment, before what a camera sees of the scene.
pub(crate) fn before_scene(
    staged: &Staged,
    moment: &Moment,
    lamps: &[LampSource],
    picture: &Picture<'_>,
) -> GlassLayer {
    let vehicles: Vec<(&Staged, &Moment)> = moment.vehicles(staged).collect();
    // The probes hold irradiance; over a hemisphere of one radiance that is π times it.
    let cabin = |place_m: Vec3, direction: Vec3| {
        let (staged, moment) = cabin_at(&vehicles, place_m);
        let vehicle_from_world = moment.world_from_vehicle.inverse();
        let place_m = vehicle_from_world.transform_point3(place_m);
        staged
            .cabin
            .cabin
            .empty
            .light
            .irradiance(place_m, vehicle_from_world.transform_vector3(direction))
            .map(|e| e / PI)
    };
    let mirrored = Mirrored { outside: Some(&staged.lane.surround), lamps, cabin: &cabin };
    composed(staged, moment, &mirrored, picture)
}

/// What the panes mirror of lamps alone: their own images. What they light in cabin and lane is dim beside these and left
/// out (assumption).
pub(crate) fn images_of(staged: &Staged, moment: &Moment, lamps: &[LampSource], picture: &Picture<'_>) -> GlassLayer {
    let mirrored = Mirrored { outside: None, lamps, cabin: &|_, _| [0.0; 3] };
    composed(staged, moment, &mirrored, picture)
}

/// A camera's filter and the lane's air before the lane without a vehicle; `None` without a filter in clean air. What the air
/// scatters is that of `lamps`, and of sky and sun where that is asked for.
pub(crate) fn before_lane(
    staged: &Staged,
    camera: &PinholeCamera,
    polariser: Option<&Polariser>,
    shining: (&[LampSource], bool),
    layers: &Layers,
) -> Option<GlassLayer> {
    if polariser.is_none() && staged.lane.light.air.is_none() {
        return None;
    }
    let rays = chief_rays(camera, polariser);
    let mirrored = Mirrored { outside: Some(&staged.lane.surround), lamps: &[], cabin: &|_, _| [0.0; 3] };
    let mut layer = compose(&rays, &[], &mirrored, rect(layers), &layers.range_m);
    add_air(staged, None, camera, polariser, shining, layers, &mut layer);
    Some(layer)
}
