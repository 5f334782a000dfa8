//! Daylight from the optics room in the renderer's terms.
use std::sync::Arc;

use glam::Vec3;
use laneproof_optics::{
    air::{Air, AirLight},
    daylight::{DaylightModel, SkyTable},
    sh,
    shelter::Shelter,
    sun::SunError,
};
use laneproof_render::{Light, Roof};
use laneproof_scenes::{
    catalogue::{Daylight, LaneSpec},
    infrared::Infrared,
};

/// A lane's daylight: the model and what the renderer takes of it.
#[derive(Debug, Clone)]
pub struct LaneLight {
    /// The model.
    pub model: DaylightModel,
    /// For the renderer.
    pub light: Arc<Light>,
    /// Air that is not clean, and what lights it.
    pub(crate) air: Option<Arc<(Air, AirLight)>>,
}

/// Where the roof's shade is taken from: between the front seats of a car at the stop line, metres.
const PLACE_M: Vec3 = Vec3::new(0.0, 1.2, -2.8);

impl LaneLight {
    /// Daylight over a lane, below its roof if it has one.
    pub fn new(daylight: &Daylight, lane: &LaneSpec) -> Result<Self, SunError> {
        Self::in_band(daylight, lane, None)
    }

    /// The same in a near-infrared band, all three channels the same; `None` for the visible.
    pub(crate) fn in_band(daylight: &Daylight, lane: &LaneSpec, band: Option<Infrared>) -> Result<Self, SunError> {
        let seen =
            DaylightModel::new(daylight, f64::from(lane.bearing_deg))?.with_ground_reflectance(lane.road_reflectance);
        let seen = match daylight.snow() {
            Some(snow) => seen.over_snow(snow.reflectance),
            None => seen,
        };
        let open = match band {
            Some(band) => seen.in_band(band),
            None => seen,
        };
        let air = daylight.weather.map(|weather| Air::of(&weather, band));
        let open = match &air {
            Some(air) => open.in_air(air),
            None => open,
        };
        let model = match lane.canopy {
            Some(canopy) => open.clone().below(Shelter::new(canopy, PLACE_M)),
            None => open.clone(),
        };
        let table = |model: &DaylightModel| SkyTable::new(model, SkyTable::WIDTH, SkyTable::HEIGHT);
        let sun = model.sun_normal_irradiance;
        let direction = (sun != [0.0; 3]).then_some(model.sun_direction);
        let roof = lane.canopy.map(|c| Roof {
            footprint_m: [-c.half_width_m, c.from_z_m, c.half_width_m, c.to_z_m],
            underside_m: c.height_m,
        });
        let light = render_light(&table(&model), &table(&open), roof, direction, sun);
        let air = air.map(|air| {
            let sun = direction.map(|direction| (direction, sun));
            let (open, sheltered) = (mean_radiance(&light.open_irradiance_sh), mean_radiance(&light.irradiance_sh));
            Arc::new((air, AirLight { open, sheltered, sun, roof: lane.canopy }))
        });
        Ok(Self { light: Arc::new(light), model, air })
    }

    /// Irradiance on a surface with this unit normal, in the sun where it faces it, W·m⁻² in red, green, blue.
    pub fn irradiance(&self, normal: Vec3) -> [f32; 3] {
        let sky = sh::irradiance(&self.light.irradiance_sh, normal);
        let cosine = self.light.sun_direction.map_or(0.0, |sun| normal.dot(sun).max(0.0));
        std::array::from_fn(|band| sky[band] + cosine * self.light.sun_irradiance[band])
    }
}

/// Mean radiance from all round: irradiance, in which the second order cancels over three axes, over π.
fn mean_radiance(irradiance_sh: &sh::IrradianceSh9) -> [f32; 3] {
    let axes = [Vec3::X, Vec3::Y, Vec3::Z].into_iter().flat_map(|axis| [axis, -axis]);
    let sum = axes
        .map(|axis| sh::irradiance(irradiance_sh, axis))
        .fold([0.0; 3], |sum, irradiance| std::array::from_fn(|band| sum[band] + irradiance[band]));
    sum.map(|irradiance| irradiance / (6.0 * std::f32::consts::PI))
}

/// Sky tables (of the same size) and a sun in the renderer's terms.
pub(crate) fn render_light(
    table: &SkyTable,
    open: &SkyTable,
    roof: Option<Roof>,
    sun_direction: Option<Vec3>,
    sun_irradiance: [f32; 3],
) -> Light {
    let rgb = |table: &SkyTable| table.texels.iter().map(|&[r, g, b, _]| [r, g, b]).collect();
    Light {
        lamp: None,
        sun_direction,
        sun_irradiance,
        sky_width: table.width,
        sky_height: table.height,
        sky: rgb(table),
        irradiance_sh: table.irradiance_sh9(),
        open_sky: rgb(open),
        open_irradiance_sh: open.irradiance_sh9(),
        roof,
    }
}
