//! Daylight from the optics room in the renderer's terms.
use std::sync::Arc;

use glam::{Affine3A, Vec3};
use laneproof_optics::{
    cabin::CabinLight,
    daylight::{DaylightError, DaylightModel, SkyTable},
};
use laneproof_render::{CabinGrid, Light};
use laneproof_scenes::catalogue::{Daylight, LaneSpec};

/// A lane's daylight: the model and what the renderer takes of it.
#[derive(Debug, Clone)]
pub struct LaneLight {
    /// The model.
    pub model: DaylightModel,
    /// For the renderer.
    pub light: Arc<Light>,
}

impl LaneLight {
    /// Daylight over a lane.
    pub fn new(daylight: &Daylight, lane: &LaneSpec) -> Result<Self, DaylightError> {
        let model = DaylightModel::new(daylight, f64::from(lane.bearing_deg))?
            .with_ground_reflectance(lane.road_reflectance);
        let table = SkyTable::new(&model, SkyTable::WIDTH, SkyTable::HEIGHT);
        let sun = model.sun_normal_irradiance;
        let direction = (sun != [0.0; 3]).then_some(model.sun_direction);
        Ok(Self { light: Arc::new(render_light(&table, direction, sun)), model })
    }
}

/// A sky table and a sun in the renderer's terms.
pub(crate) fn render_light(table: &SkyTable, sun_direction: Option<Vec3>, sun_irradiance: [f32; 3]) -> Light {
    Light {
        sun_direction,
        sun_irradiance,
        sky_width: table.width,
        sky_height: table.height,
        sky: table.texels.iter().map(|&[r, g, b, _]| [r, g, b]).collect(),
        irradiance_sh: table.irradiance_sh9(),
    }
}

/// Probes of a cabin, for a vehicle that stands here.
pub(crate) fn cabin_grid(light: &CabinLight, cubes: &Arc<Vec<[[f32; 3]; 6]>>, world_from_vehicle: Affine3A) -> CabinGrid {
    CabinGrid {
        vehicle_from_world: world_from_vehicle.inverse(),
        origin_m: light.origin_m,
        spacing_m: light.spacing_m,
        dims: light.dims,
        cubes: cubes.clone(),
    }
}
