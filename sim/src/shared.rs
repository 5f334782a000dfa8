//! What encounters have in common: lanes in a light, vehicles, the light in their cabins, backgrounds. Keeping them changes
//! how long an answer takes, never what it says.
use std::sync::Arc;

use glam::{Affine3A, Vec3};
use half::f16;
use laneproof_camera::{
    blur::{Backdrop, Blur},
    distorted::DistortedSensor,
};
use laneproof_optics::{
    cabin::{CabinOptions, CabinScene},
    entrance::Admission,
    lamp::LampSource,
    through_glass::{GlassLayer, Surround},
};
use laneproof_render::{Layers, PinholeCamera, Region, RenderRequest, Renderer};
use laneproof_scenes::{
    catalogue::{CameraMount, Daylight, GlassSet, Lamp, LaneSpec, Rig},
    distortion::Fold,
    infrared::Infrared,
    lane::{self, CameraPole},
    surface::Part,
    vehicle::{self, Vehicle},
};

use crate::{
    blur,
    cabin::{Cabin, Occupied, People},
    encounter::EncounterPlan,
    glass,
    infrared::InfraredScene,
    lamps::{self, StagedLamp},
    lens_camera::{LensCamera, pinhole},
    light::LaneLight,
    moment::{self, ShadowSquare},
    region::through_glass,
    simulator::SimError,
    staged::Staged,
};

/// Side of the grid on which a vehicle stands for the light that lamps make in its cabin, metres.
const PLACES_M: f32 = 0.1;
/// The same between a vehicle and the lamp of another one, which may be nearer than those of lanes.
const DRIVEN_PLACES_M: f32 = 0.02;
/// Cabins in lamps' light that are kept: some lamps times some places.
const LAMP_CABINS: usize = 64;
/// Cabins in daylight that are kept: some kinds of vehicle, each at the line and at some places before and behind it.
const CABINS: usize = 32;
/// Entries that any other cache keeps.
const CACHE_ENTRIES: usize = 12;

fn remember<T>(cache: &mut Vec<T>, entry: T) {
    remember_of(cache, CACHE_ENTRIES, entry);
}

fn remember_of<T>(cache: &mut Vec<T>, most: usize, entry: T) {
    if cache.len() >= most {
        cache.remove(0);
    }
    cache.push(entry);
}

/// A lane with its rig's poles in a light.
#[derive(Debug, Clone)]
pub(crate) struct StagedLane {
    pub(crate) light: LaneLight,
    pub(crate) parts: Arc<Vec<Part>>,
    /// The same, as panes mirror it.
    pub(crate) surround: Arc<Surround>,
}

impl StagedLane {
    /// A lane's parts under a light.
    pub(crate) fn new(light: LaneLight, parts: Vec<Part>, plan: &EncounterPlan, band: Option<Infrared>) -> Self {
        let renderer = &light.light;
        let surround = Surround::new(
            &parts,
            light.model.clone(),
            plan.daylight.sky,
            renderer.open_irradiance_sh,
            renderer.irradiance_sh,
            renderer.roof.map(|roof| roof.footprint_m),
            lamps::steady(&lamps::of_plan(plan, band)),
        )
        .in_air(light.air.clone());
        Self { light, parts: Arc::new(parts), surround: Arc::new(surround) }
    }
}

struct LaneScene {
    lane: LaneSpec,
    daylight: Daylight,
    rig: Rig,
    staged: StagedLane,
}

struct VehicleScene {
    model: String,
    glass: GlassSet,
    paint: [f32; 3],
    vehicle: Arc<Vehicle>,
}

struct CabinEntry {
    model: String,
    glass: GlassSet,
    lane: LaneSpec,
    daylight: Daylight,
    lit_at: Affine3A,
    cabin: Arc<Cabin>,
}

/// Where the light in the cabin of an encounter's own vehicle is gathered: the vehicle's front at the stop line. The burst before the stop is taken within a
/// metre of it; that the light changes little on that way is an assumption, and so is that the rig's poles matter little.
pub(crate) fn at_the_stop_line(vehicle: &Vehicle) -> Affine3A {
    Affine3A::from_translation(Vec3::new(0.0, 0.0, -vehicle.front_z_m))
}

/// A plan in the paint that stands for all paints in a cabin's light.
fn grey(plan: &EncounterPlan) -> EncounterPlan {
    EncounterPlan { paint: [0.3; 3], ..plan.clone() }
}

struct BackgroundScene {
    lane: LaneSpec,
    daylight: Daylight,
    mount: CameraMount,
    illuminators: Vec<Lamp>,
    band: Option<Infrared>,
    shadows: ShadowSquare,
    background: Background,
}

/// What the light of lamps does in a cabin that stands somewhere.
struct LampCabin {
    model: String,
    glass: GlassSet,
    admissions: Option<Arc<[Admission]>>,
    lamps: Vec<LampSource>,
    band: Option<Infrared>,
    world_from_vehicle: Affine3A,
    cabin: Arc<Cabin>,
    /// The same with those who were asked about last.
    occupied: Option<(Arc<People>, Occupied)>,
}

/// What a camera shows of a lane in a light when nobody is there.
#[derive(Clone)]
pub(crate) struct Background {
    pub(crate) layers: Arc<Layers>,
    /// What a filter before the lens does.
    pub(crate) glass: Option<Arc<GlassLayer>>,
    /// Radiance of the whole sensor as the lens draws it.
    pub(crate) backdrop: Arc<Backdrop>,
    /// What strobes add while they shine, as the lens draws it.
    pub(crate) pulsed: Option<Arc<Backdrop>>,
}

/// The caches.
#[derive(Default)]
pub(crate) struct Shared {
    lanes: Vec<LaneScene>,
    vehicles: Vec<VehicleScene>,
    cabins: Vec<CabinEntry>,
    backgrounds: Vec<BackgroundScene>,
    infrared: Vec<InfraredScene>,
    lamp_cabins: Vec<LampCabin>,
    distorted: Vec<Arc<DistortedSensor>>,
}

impl Shared {
    /// The lane of a plan.
    pub(crate) fn lane(&mut self, plan: &EncounterPlan) -> Result<StagedLane, SimError> {
        let known = self.lanes.iter().find(|s| s.lane == plan.lane && s.daylight == plan.daylight && s.rig == plan.rig);
        if let Some(scene) = known {
            return Ok(scene.staged.clone());
        }
        let light = LaneLight::new(&plan.daylight, &plan.lane).map_err(|e| SimError::Plan(e.to_string()))?;
        let poles: Vec<CameraPole> = plan
            .rig
            .cameras
            .iter()
            .map(|c| CameraPole { position_m: c.position_m.into(), look_at_m: c.look_at_m.into() })
            .collect();
        let staged = StagedLane::new(light, lane::build(&plan.lane, plan.daylight.snow(), &poles), plan, None);
        let scene = LaneScene {
            lane: plan.lane.clone(),
            daylight: plan.daylight.clone(),
            rig: plan.rig.clone(),
            staged: staged.clone(),
        };
        remember(&mut self.lanes, scene);
        Ok(staged)
    }

    /// The vehicle of a plan.
    pub(crate) fn vehicle(&mut self, plan: &EncounterPlan) -> Result<Arc<Vehicle>, SimError> {
        let known =
            self.vehicles.iter().find(|v| v.model == plan.vehicle && v.glass == plan.glass && v.paint == plan.paint);
        if let Some(scene) = known {
            return Ok(scene.vehicle.clone());
        }
        let built =
            vehicle::build(&plan.vehicle, &plan.glass, plan.paint).map_err(|e| SimError::Plan(e.to_string()))?;
        let vehicle = Arc::new(built);
        let scene = VehicleScene {
            model: plan.vehicle.clone(),
            glass: plan.glass,
            paint: plan.paint,
            vehicle: vehicle.clone(),
        };
        remember(&mut self.vehicles, scene);
        Ok(vehicle)
    }

    /// Light in a cabin that stands here. It is gathered in a vehicle of one grey paint, so that all paints share it; that the
    /// paint seen from within matters little is an assumption.
    pub(crate) fn cabin(
        &mut self,
        plan: &EncounterPlan,
        lit_at: Affine3A,
        light: &LaneLight,
        options: &CabinOptions,
    ) -> Result<Arc<Cabin>, SimError> {
        let known = self.cabins.iter().find(|c| {
            c.model == plan.vehicle
                && c.glass == plan.glass
                && c.lane == plan.lane
                && c.daylight == plan.daylight
                && c.lit_at == lit_at
        });
        if let Some(scene) = known {
            return Ok(scene.cabin.clone());
        }
        let vehicle = self.vehicle(&grey(plan))?;
        let lane = lane::build(&plan.lane, plan.daylight.snow(), &[]);
        let scene = CabinScene::in_daylight(&vehicle, lit_at, &lane, &light.model);
        let cabin = Arc::new(Cabin::new(scene, options));
        let scene = CabinEntry {
            model: plan.vehicle.clone(),
            glass: plan.glass,
            lane: plan.lane.clone(),
            daylight: plan.daylight.clone(),
            lit_at,
            cabin: cabin.clone(),
        };
        remember_of(&mut self.cabins, CABINS, scene);
        Ok(cabin)
    }

    /// What the light of some lamps of one band does in the cabin of an encounter whose vehicle stands here. It is gathered where
    /// the vehicle would stand on a grid of [`PLACES_M`], in the paint that all paints share; a lamp that drives goes with it, by
    /// [`DRIVEN_PLACES_M`].
    pub(crate) fn lamp_cabin(
        &mut self,
        staged: &Staged,
        lamps: &[&StagedLamp],
        world_from_vehicle: Affine3A,
        options: &CabinOptions,
    ) -> Occupied {
        let here_m = Vec3::from(world_from_vehicle.translation);
        let place_m = (here_m / PLACES_M).round() * PLACES_M;
        let world_from_vehicle = Affine3A::from_translation(place_m);
        let (plan, band) = (&staged.plan, lamps.first().and_then(|lamp| lamp.band));
        let source = |lamp: &&StagedLamp| {
            let mut source = lamp.source;
            if lamp.is_driven() {
                let way_m = ((source.position_m - here_m) / DRIVEN_PLACES_M).round() * DRIVEN_PLACES_M;
                source.position_m = place_m + way_m;
            }
            source
        };
        let sources: Vec<LampSource> = lamps.iter().map(source).collect();
        let known = self.lamp_cabins.iter().position(|c| {
            c.model == plan.vehicle
                && c.glass == plan.glass
                && c.admissions == staged.admissions
                && c.lamps == sources
                && c.band == band
                && c.world_from_vehicle == world_from_vehicle
        });
        let known = known.unwrap_or_else(|| {
            if self.lamp_cabins.len() >= LAMP_CABINS {
                self.lamp_cabins.remove(0);
            }
            let cabin = Arc::new(staged.cabin.cabin.in_lamp_light(world_from_vehicle, &sources, options));
            self.lamp_cabins.push(LampCabin {
                model: plan.vehicle.clone(),
                glass: plan.glass,
                admissions: staged.admissions.clone(),
                lamps: sources,
                band,
                world_from_vehicle,
                cabin,
                occupied: None,
            });
            self.lamp_cabins.len() - 1
        });
        let entry = &mut self.lamp_cabins[known];
        match &entry.occupied {
            Some((people, occupied)) if Arc::ptr_eq(people, &staged.people) => occupied.clone(),
            _ => {
                let occupied = Occupied::by(entry.cabin.clone(), &staged.people, options);
                entry.occupied = Some((staged.people.clone(), occupied.clone()));
                occupied
            }
        }
    }

    /// The encounter in a near-infrared band.
    pub(crate) fn infrared_twin(
        &mut self,
        staged: &Staged,
        band: Infrared,
        options: &CabinOptions,
    ) -> Result<Staged, SimError> {
        if let Some(scene) = self.infrared.iter().find(|scene| scene.is_of(staged, band)) {
            return Ok(scene.of(staged).settled(options));
        }
        let grey = self.vehicle(&grey(&staged.plan))?;
        let scene = InfraredScene::gather(staged, band, &grey, options)?;
        let twin = scene.of(staged).settled(options);
        remember(&mut self.infrared, scene);
        Ok(twin)
    }

    /// Where the pixels of a camera's sensor look; `None` for a lens without distortion.
    pub(crate) fn distorted(&mut self, camera: &LensCamera) -> Result<Option<Arc<DistortedSensor>>, Fold> {
        let Some(distortion) = camera.distortion else { return Ok(None) };
        let sensor = pinhole(&camera.sensor);
        if let Some(known) = self.distorted.iter().find(|known| known.is_of(&sensor, &distortion)) {
            return Ok(Some(known.clone()));
        }
        let distorted = Arc::new(DistortedSensor::new(sensor, distortion)?);
        remember(&mut self.distorted, distorted.clone());
        Ok(Some(distorted))
    }

    /// The background of a camera.
    pub(crate) fn background(
        &mut self,
        renderer: &mut Renderer,
        staged: &Staged,
        camera_index: usize,
    ) -> Result<Background, SimError> {
        let mount = &staged.plan.rig.cameras[camera_index];
        let band = staged.plan.sensors[camera_index].band;
        let shadows = ShadowSquare::of(&staged.plan);
        let known = self.backgrounds.iter().find(|b| {
            b.mount == *mount
                && b.band == band
                && b.lane == staged.plan.lane
                && b.daylight == staged.plan.daylight
                && b.illuminators == staged.plan.rig.illuminators
                && b.shadows == shadows
        });
        if let Some(scene) = known {
            return Ok(scene.background.clone());
        }
        let camera = staged.lens_camera(camera_index)?.drawn;
        let still = blur::at_rest(&camera, &mount.lens, staged.plan.sensors[camera_index].pixel_pitch_um);
        let background = self.background_of(renderer, staged, (&mount.id, &camera), &still)?;
        let scene = BackgroundScene {
            lane: staged.plan.lane.clone(),
            daylight: staged.plan.daylight.clone(),
            mount: mount.clone(),
            illuminators: staged.plan.rig.illuminators.clone(),
            band,
            shadows,
            background: background.clone(),
        };
        remember(&mut self.backgrounds, scene);
        Ok(background)
    }

    /// The background of any camera, not kept.
    pub(crate) fn background_of(
        &self,
        renderer: &mut Renderer,
        staged: &Staged,
        (camera_id, camera): (&str, &PinholeCamera),
        still: &Blur,
    ) -> Result<Background, SimError> {
        let region = Region::full(camera.width_px, camera.height_px);
        let request = RenderRequest { exposure_id: 0, camera: *camera, region };
        let scene = moment::background(staged);
        let mut layers = renderer.render(&scene, &request)?;
        let mut pulsed: Option<Vec<[f16; 4]>> = None;
        for lamp in lamps::of_camera(&staged.lamps, camera_id) {
            let lit = renderer.render(&lamps::lit_by(&scene, lamp, Vec::new()), &request)?.radiance;
            match (lamp.pulse_us(), &mut pulsed) {
                (None, _) => lamps::add(&mut layers.radiance, &lit, 1.0),
                (Some(_), Some(sum)) => lamps::add(sum, &lit, 1.0),
                (Some(_), none) => *none = Some(lit),
            }
        }
        let shining = |strobed: bool| -> Vec<LampSource> {
            let lamps = lamps::of_camera(&staged.lamps, camera_id).into_iter();
            lamps.filter(|lamp| lamp.pulse_us().is_some() == strobed).map(|lamp| lamp.source).collect()
        };
        let before = |lamps: &[LampSource], daylight: bool| {
            glass::before_lane(staged, camera, still.lens.polariser.as_ref(), (lamps, daylight), &layers)
        };
        let glass = before(&shining(false), true);
        let in_pulse = pulsed.as_ref().and_then(|_| before(&shining(true), false));
        let backdrop = |layers: &Layers, glass: Option<&GlassLayer>| {
            Backdrop::new(through_glass(layers, glass), &layers.range_m, still)
                .map(Arc::new)
                .map_err(|e| SimError::Plan(format!("the lens: {e}")))
        };
        let pulsed =
            pulsed.map(|radiance| backdrop(&Layers { radiance, ..layers.clone() }, in_pulse.as_ref())).transpose()?;
        let backdrop = backdrop(&layers, glass.as_ref())?;
        Ok(Background { backdrop, pulsed, layers: Arc::new(layers), glass: glass.map(Arc::new) })
    }
}
