//! Head-lamps of the vehicles in the lane: dipped beams that drive with them. They light what is before them like other lamps,
//! each in a picture of its own, and cameras see their lenses.
//!
//! Left out (assumptions): what road, booth and cars ahead throw back of them into cabins, by hand some 0.1 lx from the road and a
//! few lux from a light car 2 m ahead on the driver's face; what panes mirror of what they light; the load that tips a car.
use std::sync::Arc;

use glam::{Affine3A, Vec3};
use laneproof_optics::{
    lamp::{HeadLampPlace, LampSource},
    sh, spectrum,
};
use laneproof_render::{Light, Solid};
use laneproof_scenes::{
    catalogue::HeadLampState,
    infrared::Infrared,
    surface::Surface,
    truth::{Role, Tag},
    vehicle::{HeadLamp, Vehicle},
};

use crate::{
    encounter::HeadLampPlan, lamps::StagedLamp, lens_camera::LensCamera, moment::Moment, region::in_vehicle_box,
    staged::Staged, sun::LightBeside,
};

/// The head-lamps of a staged vehicle.
#[derive(Debug, Clone)]
pub(crate) struct HeadLamps {
    /// What is lit; `None` where all is dark.
    lit: Option<HeadLampPlan>,
    band: Option<Infrared>,
    /// One for each of the vehicle's, in its frame; none where they are dark in this band.
    sources: Arc<[LampSource]>,
}

impl HeadLamps {
    /// Those of a vehicle as a colour camera sees them, under a lane's daylight.
    pub(crate) fn new(planned: Option<HeadLampPlan>, vehicle: &Vehicle, daylight: &Light) -> Self {
        let burn = |plan: &HeadLampPlan| match plan.state {
            HeadLampState::On => true,
            HeadLampState::Off => false,
            HeadLampState::Auto => open_sky_lux(daylight) < plan.lit_below_lux,
        };
        Self { lit: planned.filter(burn), band: None, sources: Arc::default() }.in_band(vehicle, None)
    }

    /// The same as a camera of a band sees them; `None` is the visible.
    pub(crate) fn in_band(&self, vehicle: &Vehicle, band: Option<Infrared>) -> Self {
        let source = |plan: &HeadLampPlan, lamp: &HeadLamp| {
            let place = HeadLampPlace {
                position_m: lamp.middle_m,
                forwards: Vec3::Z,
                up: Vec3::Y,
                radius_m: HeadLamp::RADIUS_M,
                aim_down: plan.aim_down,
            };
            LampSource::dipped(&place, plan.kind, band)
        };
        let lit = self.lit.iter();
        let sources = lit.flat_map(|plan| vehicle.head_lamps.iter().filter_map(move |lamp| source(plan, lamp)));
        Self { lit: self.lit, band, sources: sources.collect() }
    }

    /// Whether they burn, maybe in another band only.
    pub(crate) fn burn(&self) -> bool {
        self.lit.is_some()
    }
}

/// Illuminance of the horizontal under the open sky, lux.
fn open_sky_lux(light: &Light) -> f32 {
    let sky = sh::irradiance(&light.open_irradiance_sh, Vec3::Y);
    let sine = light.sun_direction.map_or(0.0, |sun| sun.y.max(0.0));
    // What turns radiance into luminance turns irradiance into illuminance.
    spectrum::luminance_cd_m2(std::array::from_fn(|band| sky[band] + sine * light.sun_irradiance[band]))
}

/// The lit head-lamps of all vehicles, where they are at a moment.
pub(crate) fn shining(staged: &Staged, moment: &Moment) -> Vec<StagedLamp> {
    let of_vehicle = |(staged, moment): (&Staged, &Moment)| -> Vec<StagedLamp> {
        let HeadLamps { sources, band, .. } = &staged.head_lamps;
        sources.iter().map(|source| StagedLamp::driven(source.moved(moment.world_from_vehicle), *band)).collect()
    };
    moment.vehicles(staged).flat_map(of_vehicle).collect()
}

/// Whether a lamp can shine into a vehicle that stands here: not where all of its panes are behind the plane across the beam's
/// axis.
pub(crate) fn reaches(lamp: &LampSource, vehicle: &Vehicle, world_from_vehicle: Affine3A) -> bool {
    let before = |place: Vec3| (world_from_vehicle.transform_point3(place) - lamp.position_m).dot(lamp.axis) > 0.0;
    let mut places = vehicle.panes.iter().flat_map(|pane| &pane.mesh.vertices).map(|v| Vec3::from(v.position_m));
    lamp.end_cosine() < 0.0 || places.any(before)
}

/// The lenses of lit head-lamps as a camera sees them: as bright as sends their intensity to it. Lenses are small against their
/// distance, so that one radiance stands for all of a lens.
pub(crate) fn lenses(staged: &Staged, moment: &Moment, camera_m: Vec3) -> Vec<Solid> {
    let mut solids = Vec::new();
    for (k, (staged, moment)) in moment.vehicles(staged).enumerate() {
        let world_from_vehicle = moment.world_from_vehicle;
        let camera_m = world_from_vehicle.inverse().transform_point3(camera_m);
        for (lamp, source) in staged.vehicle.head_lamps.iter().zip(staged.head_lamps.sources.iter()) {
            let direction = (camera_m - lamp.middle_m).normalize_or(Vec3::Y);
            let area_m2 = lamp.apparent_area_m2(direction).max(1e-6);
            let share = source.share(direction);
            let emitted_radiance = source.intensity.map(|intensity| intensity * share / area_m2);
            let surface =
                Surface { roughness: 0.08, specular_f0: 0.06, emitted_radiance, ..Surface::matt([0.33, 0.34, 0.36]) };
            let tag = Tag::vehicle(Role::Body);
            solids.push(Solid {
                mesh: lamp.lens.clone(),
                surface,
                tag: if k == 0 { tag } else { tag.in_other_vehicle(k as u8 - 1) },
                world_from_mesh: world_from_vehicle,
                cabin: None,
                hidden: false,
            });
        }
    }
    solids
}

/// Head-lamps that shine on a camera's lens from beside its picture, where neither the lane nor a vehicle, of which a box stands
/// here, hides them.
pub(crate) fn beside(
    staged: &Staged,
    moment: &Moment,
    camera: &LensCamera,
    filter_transmittance: f32,
) -> Vec<LightBeside> {
    let from_m = Vec3::from(camera.sensor.world_from_camera.translation);
    let vehicles: Vec<(&Staged, &Moment)> = moment.vehicles(staged).collect();
    let mut lights = Vec::new();
    for (k, (emitting, its)) in vehicles.iter().enumerate() {
        for source in emitting.head_lamps.sources.iter() {
            let (towards, distance_m, irradiance) = source.moved(its.world_from_vehicle).seen_from(from_m);
            let hides = |(other, (staged, moment)): (usize, &(&Staged, &Moment))| {
                other != k && in_vehicle_box(&staged.vehicle, moment.world_from_vehicle, from_m, towards, distance_m)
            };
            let hidden = irradiance == [0.0; 3]
                || staged.lane.surround.hides(from_m, towards, distance_m)
                || vehicles.iter().enumerate().any(hides);
            if !hidden {
                lights.extend(LightBeside::of(camera, towards, irradiance.map(|e| e * filter_transmittance)));
            }
        }
    }
    lights
}

#[cfg(test)]
mod tests {
    use laneproof_scenes::{
        catalogue::{Canopy, Daylight, GlassSet, HeadLampKind, LaneSpec, Sky},
        vehicle,
    };

    use super::*;
    use crate::light::LaneLight;

    #[test]
    fn automatic_lamps_burn_where_it_is_dark_outside_whatever_the_roof() {
        let sedan = vehicle::build("sedan", &GlassSet::bare(0.75, 0.72, 0.2), [0.3; 3]).expect("a sedan");
        let canopy =
            Canopy { height_m: 5.0, from_z_m: -12.0, to_z_m: 8.0, half_width_m: 6.0, underside_reflectance: 0.2 };
        // Sunset is at 20:28; under an overcast sky 1,000 lx are reached near it.
        for (time, sky, dark) in [
            ("2026-06-21T23:30:00-05:00", Sky::Clear, true),
            ("2026-06-21T20:40:00-05:00", Sky::Overcast, true),
            ("2026-06-21T19:00:00-05:00", Sky::Overcast, false),
            ("2026-06-21T12:30:00-05:00", Sky::Clear, false),
        ] {
            let daylight =
                Daylight { latitude_deg: 26.1, longitude_deg: -98.2, time: time.to_owned(), sky, weather: None };
            let lane = LaneSpec {
                title: "test".into(),
                bearing_deg: 0.0,
                width_m: 3.6,
                kerb_height_m: 0.15,
                booth: false,
                canopy: Some(canopy),
                lamps: Vec::new(),
                lamps_below_sun_deg: None,
                road_reflectance: 0.1,
                source: "test".into(),
            };
            let light = LaneLight::new(&daylight, &lane).expect("daylight").light;
            for (state, burn) in [(HeadLampState::Auto, dark), (HeadLampState::On, true), (HeadLampState::Off, false)] {
                let plan = HeadLampPlan { kind: HeadLampKind::Led, state, lit_below_lux: 1000.0, aim_down: 0.01 };
                let lamps = HeadLamps::new(Some(plan), &sedan, &light);
                assert_eq!(lamps.burn(), burn, "{time} {sky:?} {state:?}: {} lx", open_sky_lux(&light));
                assert_eq!(lamps.sources.len(), if burn { 2 } else { 0 });
                let infrared = lamps.in_band(&sedan, Some(Infrared::Nir850));
                assert!(infrared.burn() == burn && infrared.sources.is_empty(), "LEDs give nothing there");
            }
        }
    }

    #[test]
    fn a_lens_shines_as_brightly_as_its_intensity_over_the_area_that_is_seen() {
        let sedan = vehicle::build("sedan", &GlassSet::bare(0.75, 0.72, 0.2), [0.3; 3]).expect("a sedan");
        assert_eq!(sedan.head_lamps.len(), 2);
        let disc_m2 = std::f32::consts::PI * HeadLamp::RADIUS_M * HeadLamp::RADIUS_M;
        for lamp in &sedan.head_lamps {
            // A polygon of 24 corners instead of a circle.
            assert!((lamp.apparent_area_m2(Vec3::Z) / disc_m2 - 0.9886).abs() < 1e-3);
            assert_eq!(lamp.apparent_area_m2(Vec3::NEG_Z), 0.0);
        }
        let [left, right] = [0, 1].map(|k| sedan.head_lamps[k].middle_m);
        assert!(left.x > 0.5 && left == right * Vec3::new(-1.0, 1.0, 1.0), "{left} {right}");
        // UN R48: 0.5 to 1.2 m above the ground, 0.4 m from the side at most.
        assert!((0.5..1.2).contains(&left.y) && sedan.width_m / 2.0 - left.x < 0.4);
    }
}
