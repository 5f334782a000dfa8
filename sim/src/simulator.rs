//! The simulator: people, vehicles and light behind one renderer.
use std::sync::Arc;

use glam::{Affine3A, Vec3};
use laneproof_camera::Frame8;
use laneproof_optics::cabin::CabinOptions;
use laneproof_physics::{Driven, Spacing, Trajectory, follow, lead};
use laneproof_render::{AdapterRecord, Renderer};
use laneproof_scenes::{
    document::DocumentKind,
    infrared::Infrared,
    people::{Appearance, Detail, Identity, PeopleLibrary, Person, Posed},
    vehicle::Vehicle,
};

use crate::{
    cabin::{Occupied, People},
    decoys::{self, StagedDecoy},
    detail,
    document::{self, DocumentError, DocumentPortrait},
    encounter::{DecoyPlan, EncounterPlan, NeighbourPlace, NeighbourPlan, OccupantPlan},
    glass::StagedGlass,
    head_lamps::HeadLamps,
    ideal::Restaged,
    infrared, lamps,
    moment::Moment,
    people_cache::{BakeCost, Looks, PeopleCache},
    rain::StagedRain,
    region::TruthLayers,
    remade::Remade,
    shared::{Shared, at_the_stop_line},
    staged::{Staged, StagedOccupant},
    studio::{self, FaceView, PortraitPicture},
    truth::ExposureTruth,
    video::Streams,
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
    /// The frame as numbers, as the sensor gave it.
    pub frame: Frame8,
    /// The frame as the camera sends it; as a file for people where `numbers` are what it sends.
    pub jpeg: Vec<u8>,
    /// What reaches the stack in place of the JPEG file: frames of video as they are decoded, and counterfactuals with less
    /// compression.
    pub numbers: Option<Frame8>,
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
    pub(crate) renderer: Renderer,
    people: PeopleCache,
    pub(crate) options: SimulatorOptions,
    pub(crate) shared: Shared,
    /// Drive (as the staged encounter's identity), time and what stood there then.
    pub(crate) last_moment: Option<(Arc<Trajectory>, u64, Arc<Moment>)>,
    /// Encounters that counterfactuals were asked about, staged otherwise, the oldest first.
    pub(crate) restaged: Vec<Restaged>,
    /// The encounter that was last made again as it is.
    pub(crate) last_real: Option<Arc<Staged>>,
    /// What counterfactual exposures have in common.
    pub(crate) remade: Remade,
    /// Video that cameras are in the middle of.
    pub(crate) streams: Streams,
}

impl Simulator {
    /// A simulator on an open renderer.
    pub fn new(renderer: Renderer, people: PeopleLibrary, options: SimulatorOptions) -> Self {
        Self {
            renderer,
            people: PeopleCache::new(people),
            options,
            shared: Shared::default(),
            last_moment: None,
            restaged: Vec::new(),
            last_real: None,
            remade: Remade::default(),
            streams: Streams::default(),
        }
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
        let vehicle = self.shared.vehicle(plan)?;
        let drive = Arc::new(drive_alone(plan, &vehicle)?);
        let mut staged = self.stage_vehicle(plan, None, drive.clone(), drive.clone(), at_the_stop_line(&vehicle))?;
        for neighbour in &plan.neighbours {
            let (plan, place) = (plan.of_neighbour(neighbour), Some(neighbour.place));
            let own = Driven { vehicle: &vehicle, drive: &drive };
            let other = self.shared.vehicle(&plan)?;
            let trajectory = in_queue(neighbour, own, &other, &drive_alone(&plan, &other)?);
            let lit_at = stands_at(neighbour, &vehicle, &other);
            let trajectory = Arc::new(trajectory);
            staged = staged.with_neighbour(self.stage_vehicle(&plan, place, trajectory, drive.clone(), lit_at)?);
        }
        Ok(staged)
    }

    /// Makes one vehicle ready that comes through the lane in this way, its neighbours left out; a neighbour's place is given.
    fn stage_vehicle(
        &mut self,
        plan: &EncounterPlan,
        place: Option<NeighbourPlace>,
        trajectory: Arc<Trajectory>,
        triggered_by: Arc<Trajectory>,
        lit_at: Affine3A,
    ) -> Result<Staged, SimError> {
        let lane = self.shared.lane(plan)?;
        let vehicle = self.shared.vehicle(plan)?;
        let cabin = self.shared.cabin(plan, lit_at, &lane.light, &self.options.cabin)?;
        let level = |o: &OccupantPlan| detail::needed(plan, &vehicle, &trajectory, &triggered_by, o);
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
            head_lamps: HeadLamps::new(plan.head_lamps, &vehicle, &lane.light.light),
            rain: StagedRain::of(plan, &vehicle, &trajectory, place),
            vehicle,
            trajectory,
            triggered_by,
            lit_at,
            occupants,
            decoys,
            lane,
            lamps: Arc::new(lamps::of_plan(plan, None)),
            cabin: Occupied::by_nobody(cabin),
            people: Arc::new(People::nobody()),
            infrared: Vec::new(),
            admissions: None,
            neighbours: Vec::new(),
            facing: None,
        }
        .settled(&self.options.cabin);
        for band in infrared::bands(plan) {
            let twin = self.shared.infrared_twin(&staged, band, &self.options.cabin)?;
            staged.infrared.push((band, Arc::new(twin)));
        }
        Ok(staged)
    }
}

/// How a vehicle comes to the line alone.
fn drive_alone(plan: &EncounterPlan, vehicle: &Vehicle) -> Result<Trajectory, SimError> {
    laneproof_physics::drive(vehicle, plan.approach_speed_mps, plan.lateral_offset_m, plan.motion)
        .map_err(|e| SimError::Plan(e.to_string()))
}

/// How a neighbour comes through the lane before or after the encounter's own vehicle; `alone` is its drive without it.
fn in_queue(neighbour: &NeighbourPlan, own: Driven<'_>, vehicle: &Vehicle, alone: &Trajectory) -> Trajectory {
    let spacing = Spacing { gap_m: neighbour.gap_m, delay_s: neighbour.delay_s };
    let other = Driven { vehicle, drive: alone };
    match neighbour.place {
        NeighbourPlace::Behind => follow(own, other, spacing),
        NeighbourPlace::Ahead => lead(other, own, spacing),
    }
}

/// Side of the grid on which a neighbour stands for the light in its cabin, metres, so that vehicles of one kind share it.
/// That the light changes little over half of it is an assumption.
const LIT_GRID_M: f32 = 0.5;

/// Where the light in a neighbour's cabin is gathered: near where it stands while the encounter's own vehicle is at the
/// stop line. The other vehicle's body is left out of that light (assumption).
fn stands_at(neighbour: &NeighbourPlan, own: &Vehicle, vehicle: &Vehicle) -> Affine3A {
    let z_m = match neighbour.place {
        NeighbourPlace::Behind => -own.length_m - neighbour.gap_m - vehicle.front_z_m,
        NeighbourPlace::Ahead => neighbour.gap_m + vehicle.length_m - vehicle.front_z_m,
    };
    Affine3A::from_translation(Vec3::Z * ((z_m / LIT_GRID_M).round() * LIT_GRID_M))
}
