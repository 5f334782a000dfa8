//! The simulator: people, vehicles and light behind one renderer.
use std::sync::Arc;

use glam::Affine3A;
use laneproof_camera::{CameraModel, ExposureSettings, Frame8, Isp, RadianceView, Samples, encode_jpeg, expose};
use laneproof_optics::cabin::CabinOptions;
use laneproof_physics::Trajectory;
use laneproof_render::{AdapterRecord, Layers, Region, RenderRequest, Renderer};
use laneproof_scenes::{
    catalogue::{CameraMount, Sensor},
    document::DocumentKind,
    infrared::Infrared,
    people::{Appearance, Detail, Identity, PeopleLibrary, Person, Posed},
    truth::Role,
};
use rayon::prelude::*;

use crate::{
    decoys::{self, StagedDecoy},
    detail,
    document::{self, DocumentError, DocumentPortrait},
    encounter::{DecoyPlan, EncounterPlan, OccupantPlan},
    face_truth::{Evidence, FacePose, face_truth, mid_eyes_m},
    glass::{self, StagedGlass},
    infrared,
    moment::{self, Moment},
    people_cache::{BakeCost, Looks, PeopleCache},
    region::{TruthLayers, at_lens, overlay, vehicle_region},
    shared::Shared,
    staged::{Staged, StagedOccupant},
    studio::{self, FaceView, PortraitPicture},
    truth::ExposureTruth,
};

/// Why an encounter cannot be simulated.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// The driver failed: nothing more can be rendered.
    #[error(transparent)]
    Render(#[from] laneproof_render::RenderError),
    /// The plan asks for what there is not.
    #[error("{0}")]
    Plan(String),
    /// A frame could not be made.
    #[error("camera {camera_id}: {reason}")]
    Camera {
        /// Camera.
        camera_id: String,
        /// What was wrong.
        reason: String,
    },
}

/// What the simulator needs besides its people and its renderer.
pub struct SimulatorOptions {
    /// Seconds on a clock that never runs backwards; for [`Exposure::timings_s`] only.
    pub clock: fn() -> f64,
    /// Density and depth of the light in cabins.
    pub cabin: CabinOptions,
}

/// One camera opening its shutter once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExposureRequest {
    /// Comes back in frame, truth and layers.
    pub exposure_id: u64,
    /// Camera by its place in the rig.
    pub camera_index: usize,
    /// Mid-exposure, microseconds since the encounter began.
    pub mid_exposure_us: u64,
    /// Exposure time, microseconds.
    pub exposure_us: f32,
    /// Gain, decibels.
    pub gain_db: f32,
    /// Whether to render the whole sensor too and compare.
    pub cross_check: bool,
}

/// What came of an exposure.
#[derive(Debug, Clone)]
pub struct Exposure {
    /// The frame as numbers.
    pub frame: Frame8,
    /// The frame as the camera sends it.
    pub jpeg: Vec<u8>,
    /// Truth about every face.
    pub truth: ExposureTruth,
    /// Layers of the whole sensor.
    pub layers: TruthLayers,
    /// Seconds in physics, render and camera.
    pub timings_s: [f64; 3],
    /// Pixels that were rendered.
    pub rendered_pixels: usize,
    /// Where asked for: whether the frame by regions differs from the frame of the whole sensor.
    pub cross_check_differs: Option<bool>,
}

/// The simulator. Its caches hold what the last plans had in common; they change how long an answer takes, never what
/// it says.
pub struct Simulator {
    renderer: Renderer,
    people: PeopleCache,
    options: SimulatorOptions,
    shared: Shared,
    /// Drive (as the staged encounter's identity), time and what stood there then.
    last_moment: Option<(Arc<Trajectory>, u64, Arc<Moment>)>,
}

impl Simulator {
    /// A simulator on an open renderer.
    pub fn new(renderer: Renderer, people: PeopleLibrary, options: SimulatorOptions) -> Self {
        Self { renderer, people: PeopleCache::new(people), options, shared: Shared::default(), last_moment: None }
    }

    /// The adapter that makes the pictures.
    pub fn adapter(&self) -> &AdapterRecord {
        self.renderer.adapter()
    }

    /// Bakes people as they look on one day, in every detail; later calls find them again.
    pub fn bake(&mut self, looks: &[(Identity, Appearance)]) -> Vec<Arc<Person>> {
        self.bake_at(looks, Detail::Fine)
    }

    /// Bakes people at a level of detail.
    pub fn bake_at(&mut self, looks: &[(Identity, Appearance)], detail: Detail) -> Vec<Arc<Person>> {
        let looks: Vec<Looks> = looks.iter().map(|(who, day)| (who.clone(), day.clone(), detail)).collect();
        self.people.bake_all(&looks)
    }

    /// Bakes one person in every detail.
    fn bake_one(&mut self, who: &Identity, day: &Appearance) -> Result<Arc<Person>, SimError> {
        let looks = [(who.clone(), day.clone(), Detail::Fine)];
        self.people.bake_all(&looks).into_iter().next().ok_or_else(|| SimError::Plan("no such person".to_owned()))
    }

    /// What baking these people costs; for benchmarks.
    pub fn time_baking(&self, looks: &[(Identity, Appearance)]) -> BakeCost {
        self.people.time_baking(looks, self.options.clock)
    }

    /// The portrait of an identity in the studio's own light, before it goes into any document.
    pub fn portrait(&mut self, identity: &Identity) -> Result<PortraitPicture, SimError> {
        let person = self.bake_one(identity, &Appearance::of_portrait(identity))?;
        Ok(studio::photograph(&mut self.renderer, &person.portrait(), &FaceView::portrait())?)
    }

    /// Somebody upright in the studio as they look on a day; in a near-infrared band, lit by lamps of that band.
    pub fn studio(
        &mut self,
        look: &(Identity, Appearance),
        view: &FaceView,
        band: Option<Infrared>,
    ) -> Result<PortraitPicture, SimError> {
        let person = self.bake_one(&look.0, &look.1)?;
        Ok(match band {
            Some(band) => studio::photograph_infrared(&mut self.renderer, &person.in_band(band).portrait(), view)?,
            None => studio::photograph(&mut self.renderer, &person.portrait(), view)?,
        })
    }

    /// The reference portrait of an identity as a document holds it.
    pub fn document(&mut self, identity: &Identity, kind: DocumentKind) -> Result<DocumentPortrait, SimError> {
        let person = self.bake_one(identity, &Appearance::of_portrait(identity))?;
        document::photograph(&mut self.renderer, &person, kind, identity.seed).map_err(|e| match e {
            DocumentError::Render(e) => SimError::Render(e),
            DocumentError::Encode(e) => SimError::Plan(format!("the {}'s portrait: {e}", kind.name())),
        })
    }

    /// A posed person, origin in the middle of the eyes, as one view of the studio shows them.
    pub fn photograph(&mut self, posed: &Posed, view: &FaceView) -> Result<PortraitPicture, SimError> {
        Ok(studio::photograph(&mut self.renderer, posed, view)?)
    }

    /// Makes an encounter ready.
    pub fn stage(&mut self, plan: &EncounterPlan) -> Result<Staged, SimError> {
        if plan.sensors.len() != plan.rig.cameras.len() {
            return Err(SimError::Plan(format!(
                "the plan names {} sensors for {} cameras",
                plan.sensors.len(),
                plan.rig.cameras.len()
            )));
        }
        let lane = self.shared.lane(plan)?;
        let vehicle = self.shared.vehicle(plan)?;
        let cabin = self.shared.cabin(plan, &lane.light, &self.options.cabin)?;
        let trajectory = laneproof_physics::drive(&vehicle, plan.approach_speed_mps, plan.lateral_offset_m)
            .map_err(|e| SimError::Plan(e.to_string()))?;
        let level = |o: &OccupantPlan| detail::needed(plan, &vehicle, &trajectory, o);
        let mut looks: Vec<Looks> =
            plan.occupants.iter().map(|o| (o.identity.clone(), o.appearance.clone(), level(o))).collect();
        looks.extend(plan.decoys.iter().filter_map(decoys::likeness).map(|(who, day)| (who, day, Detail::Fine)));
        let mut people = self.people.bake_all(&looks);
        let mut likenesses = people.split_off(plan.occupants.len()).into_iter();
        let like = |decoy: &DecoyPlan| decoy.likeness.as_ref().and_then(|_| likenesses.next());
        let likenesses: Vec<_> = plan.decoys.iter().map(like).collect();
        let occupants =
            plan.occupants
                .iter()
                .zip(people)
                .enumerate()
                .map(|(k, (occupant, person))| {
                    let seat =
                        vehicle.seats.iter().find(|s| s.id == occupant.seat).ok_or_else(|| {
                            SimError::Plan(format!("a {} has no seat {:?}", plan.vehicle, occupant.seat))
                        })?;
                    Ok(StagedOccupant::new(plan, k, person, seat, &vehicle))
                })
                .collect::<Result<Vec<_>, SimError>>()?;
        let decoys = (0..)
            .zip(plan.decoys.iter().zip(&likenesses))
            .filter_map(|(k, (decoy, like))| Some((k, StagedDecoy::new(k, decoy, like.as_deref(), &vehicle)?)))
            .collect();
        let mut staged = Staged {
            plan: plan.clone(),
            glass: Arc::new(StagedGlass::new(&vehicle)),
            vehicle,
            trajectory: Arc::new(trajectory),
            occupants,
            decoys,
            lane,
            cabin,
            infrared: Vec::new(),
        };
        for band in infrared::bands(plan) {
            let twin = self.shared.infrared_twin(&staged, band, &self.options.cabin)?;
            staged.infrared.push((band, Arc::new(twin)));
        }
        Ok(staged)
    }

    /// The instant of an encounter, shared by the cameras that expose in it.
    fn moment(&mut self, staged: &Staged, time_us: u64) -> Arc<Moment> {
        if let Some((id, at_us, moment)) = &self.last_moment
            && Arc::ptr_eq(id, &staged.trajectory)
            && *at_us == time_us
        {
            return moment.clone();
        }
        let moment = Arc::new(Moment::new(staged, time_us as f64 * 1e-6));
        self.last_moment = Some((staged.trajectory.clone(), time_us, moment.clone()));
        moment
    }

    /// Makes one exposure.
    pub fn expose(&mut self, staged: &Staged, request: &ExposureRequest) -> Result<Exposure, SimError> {
        let staged = staged.seen_by(request.camera_index);
        let clock = self.options.clock;
        let begin = clock();
        let time_s = request.mid_exposure_us as f64 * 1e-6;
        let camera = staged.pinhole(request.camera_index);
        let moment = self.moment(staged, request.mid_exposure_us);
        let scene = moment.scene(staged, time_s);
        let region =
            vehicle_region(&camera, &staged.vehicle, moment.world_from_vehicle, staged.lane.light.light.sun_direction);
        let staged_at = clock();

        let polariser = staged.plan.rig.cameras[request.camera_index].lens.polariser;
        let background = self.shared.background(&mut self.renderer, staged, request.camera_index)?;
        let mut ask = |region| {
            let request = RenderRequest { exposure_id: request.exposure_id, camera, region };
            self.renderer.render(&scene, &request)
        };
        let part = region.map(&mut ask).transpose()?;
        let before = |layers: &Layers| glass::before_scene(staged, &moment, &camera, polariser.as_ref(), layers);
        let pane_light = part.as_ref().map(before);
        let radiance = match &part {
            None => background.at_lens.clone(),
            Some(part) => {
                let part_at_lens = at_lens(part, pane_light.as_ref());
                Arc::new(overlay(&background.at_lens, camera.width_px, part.region, &part_at_lens))
            }
        };
        let rendered_pixels = part.as_ref().map_or(0, |part| part.region.pixels());
        let layers = TruthLayers {
            exposure_id: request.exposure_id,
            background: background.layers,
            background_glass: background.glass,
            part,
            glass: pane_light,
        };
        let cross_check_differs = if request.cross_check {
            let whole = ask(Region::full(camera.width_px, camera.height_px))?;
            Some(layers.whole_glass() != before(&whole) || layers.whole() != whole)
        } else {
            None
        };
        let rendered_at = clock();

        let mount = &staged.plan.rig.cameras[request.camera_index];
        let sensor = &staged.plan.sensors[request.camera_index];
        let frame = self.frame(staged, mount, sensor, request, &radiance)?;
        let camera_error = |reason: String| SimError::Camera { camera_id: mount.id.clone(), reason };
        let jpeg = encode_jpeg(&frame, mount.jpeg_quality).map_err(|e| camera_error(e.to_string()))?;
        let exposed_at = clock();

        let evidence = Evidence {
            camera: &camera,
            lens: &mount.lens,
            pixel_pitch_um: sensor.pixel_pitch_um,
            filter_transmittance: glass::filter_transmittance(polariser.as_ref()),
            layers: &layers,
            frame: &frame,
        };
        let truth = ExposureTruth {
            exposure_id: request.exposure_id,
            camera_id: mount.id.clone(),
            mid_exposure_us: request.mid_exposure_us,
            exposure_us: request.exposure_us,
            speed_mps: staged.trajectory.speed_at(time_s),
            faces: faces(staged, &moment, request, &evidence),
            decoys: moment
                .decoys
                .iter()
                .filter_map(|(k, kind, figure, place)| {
                    let world_from_figure = moment.world_from_vehicle * *place;
                    decoys::truth(*k, *kind, &figure.face_m, world_from_figure, &camera, &layers)
                })
                .collect(),
        };
        Ok(Exposure {
            frame,
            jpeg,
            truth,
            layers,
            timings_s: [staged_at - begin, rendered_at - staged_at, exposed_at - rendered_at],
            rendered_pixels,
            cross_check_differs,
        })
    }

    /// Seconds that the render of an exposure's whole sensor takes, with all layers and their readback; for benchmarks.
    pub fn time_full_render(&mut self, staged: &Staged, request: &ExposureRequest) -> Result<f64, SimError> {
        let staged = staged.seen_by(request.camera_index);
        let time_s = request.mid_exposure_us as f64 * 1e-6;
        let camera = staged.pinhole(request.camera_index);
        let scene = self.moment(staged, request.mid_exposure_us).scene(staged, time_s);
        let region = Region::full(camera.width_px, camera.height_px);
        let begin = (self.options.clock)();
        self.renderer.render(&scene, &RenderRequest { exposure_id: request.exposure_id, camera, region })?;
        Ok((self.options.clock)() - begin)
    }

    fn frame(
        &self,
        staged: &Staged,
        mount: &CameraMount,
        sensor: &Sensor,
        request: &ExposureRequest,
        radiance: &[[f32; 3]],
    ) -> Result<Frame8, SimError> {
        let camera_error = |reason: String| SimError::Camera { camera_id: mount.id.clone(), reason };
        // White-balanced to the light on the open ground, as an installer would do with a grey card.
        let isp = Isp::balanced(sensor, staged.lane.light.model.horizontal_irradiance());
        let model = CameraModel::new(&mount.id, sensor.clone(), mount.lens.clone(), isp)
            .map_err(|e| camera_error(e.to_string()))?;
        let samples = Samples::Rgb32(radiance.as_flattened());
        let view = RadianceView::whole(sensor.width_px, sensor.height_px, samples);
        let settings = ExposureSettings { exposure_us: request.exposure_us, gain_db: request.gain_db };
        let plan = &staged.plan;
        // One noise per encounter and exposure: the exposure id is unique in the encounter only.
        let seed = plan.seed ^ plan.encounter.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        expose(&model, &view, &settings, seed, request.exposure_id).map_err(|e| camera_error(e.to_string()))
    }
}

fn faces(
    staged: &Staged,
    moment: &Moment,
    request: &ExposureRequest,
    evidence: &Evidence,
) -> Vec<laneproof_exchange::truth::FaceTruth> {
    let half_s = f64::from(request.exposure_us) * 0.5e-6;
    let time_s = request.mid_exposure_us as f64 * 1e-6;
    let eyes_at = |k: usize, time_s: f64| {
        // The head turns about its neck by at most 10°/s: within an exposure its own motion is far below a pixel, the
        // vehicle's is what blurs.
        let world_from_vehicle = staged.trajectory.pose_at(time_s);
        let shift: Affine3A = world_from_vehicle * moment.world_from_vehicle.inverse();
        let occupant = &staged.occupants[k];
        let here = moment::landmarks_in(moment.world_from_seat(occupant), &moment.posed[k].landmarks);
        shift.transform_point3(mid_eyes_m(&here))
    };
    (0..staged.occupants.len())
        .into_par_iter()
        .filter_map(|k| {
            let posed = &moment.posed[k];
            let world_from_seat = moment.world_from_seat(&staged.occupants[k]);
            let skin = posed.parts.iter().find(|part| part.tag.role == Role::Face)?;
            let pose = FacePose {
                occupant: k as u8,
                landmarks: moment::landmarks_in(world_from_seat, &posed.landmarks),
                eyes_at_open_m: eyes_at(k, (time_s - half_s).max(0.0)),
                eyes_at_close_m: eyes_at(k, time_s + half_s),
                mesh: &skin.mesh,
                world_from_mesh: world_from_seat,
            };
            Some(face_truth(&pose, evidence))
        })
        .collect()
}
