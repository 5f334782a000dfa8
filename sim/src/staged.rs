//! An encounter made ready.
use std::sync::Arc;

use glam::Affine3A;
use laneproof_camera::{
    ExposureSettings, Gamma,
    control::{AutoExposure, AutoState},
};
use laneproof_optics::{cabin::CabinOptions, entrance::Admission};
use laneproof_physics::Trajectory;
use laneproof_render::PinholeCamera;
use laneproof_scenes::{
    catalogue::{CameraMount, Sensor, Trigger},
    infrared::Infrared,
    people::{Gesture, Person},
    surface::Part,
    vehicle::{Seat, SeatSide, Vehicle},
};

use crate::{
    cabin::{Occupied, People},
    decoys::{StagedDecoy, shown_by},
    encounter::{EncounterPlan, OccupantPlan},
    glass::StagedGlass,
    head_lamps::HeadLamps,
    lamps::StagedLamp,
    lens_camera::LensCamera,
    moment::restraint_parts,
    rain::StagedRain,
    shared::StagedLane,
    simulator::{ExposureRequest, SimError},
};

/// One occupant in the staged vehicle.
#[derive(Debug, Clone)]
pub(crate) struct StagedOccupant {
    pub(crate) plan: OccupantPlan,
    pub(crate) person: Arc<Person>,
    pub(crate) seat: Seat,
    /// The occupant's frame (see `Person::seated`) in the vehicle's.
    pub(crate) vehicle_from_seat: Affine3A,
    /// What is shown to the cameras.
    pub(crate) shows: Gesture,
    /// Child seat and harness, in the occupant's frame.
    pub(crate) restraint: Vec<Part>,
    /// The pane beside the head: +1 left or −1 right, and its distance from the seat's middle, metres.
    pub(crate) pane: Option<(f32, f32)>,
}

impl StagedOccupant {
    /// An occupant on a seat of the vehicle.
    pub(crate) fn new(
        encounter: &EncounterPlan,
        k: usize,
        person: Arc<Person>,
        seat: &Seat,
        vehicle: &Vehicle,
    ) -> Self {
        let plan = &encounter.occupants[k];
        let vehicle_from_seat = match plan.child_seat {
            Some(restraint) => restraint.vehicle_from_child(seat, person.stature_m),
            None => Affine3A::from_translation(seat.h_point_m),
        };
        let pane = vehicle.pane_beside(seat);
        let bare = Self {
            plan: plan.clone(),
            person,
            seat: seat.clone(),
            vehicle_from_seat,
            shows: shown_by(&encounter.decoys, k),
            restraint: Vec::new(),
            pane,
        };
        Self { restraint: restraint_parts(&bare), ..bare }
    }

    /// Lean of the back that they sit against, radians.
    pub(crate) fn back_angle_rad(&self) -> f32 {
        self.plan.child_seat.map_or(self.seat.back_angle_rad, |restraint| restraint.back_angle_rad(&self.seat))
    }

    /// Whether this one drives.
    pub(crate) fn drives(&self) -> bool {
        self.seat.id.row == 1 && self.seat.id.side == SeatSide::Left
    }
}

/// An occupant whose head turns towards a camera in a counterfactual.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Facing {
    /// Occupant, by index.
    pub(crate) occupant: u8,
    /// Camera, by its place in the rig.
    pub(crate) camera_index: usize,
    /// How much of the way, 0 to 1.
    pub(crate) share: f32,
}

/// An encounter made ready: everything that its exposures depend on besides their requests.
#[derive(Debug, Clone)]
pub struct Staged {
    /// What was asked for.
    pub plan: EncounterPlan,
    pub(crate) vehicle: Arc<Vehicle>,
    pub(crate) glass: Arc<StagedGlass>,
    /// Rain on the panes, where drops are asked for.
    pub(crate) rain: Option<Arc<StagedRain>>,
    pub(crate) trajectory: Arc<Trajectory>,
    /// The drive that fires the triggers: that of the encounter's own vehicle.
    pub(crate) triggered_by: Arc<Trajectory>,
    /// Where the light in the cabin is gathered.
    pub(crate) lit_at: Affine3A,
    pub(crate) occupants: Vec<StagedOccupant>,
    /// Decoys, by their place in the plan.
    pub(crate) decoys: Vec<(u8, StagedDecoy)>,
    pub(crate) lane: StagedLane,
    /// Lamps of lane and rig that shine in this band.
    pub(crate) lamps: Arc<Vec<StagedLamp>>,
    /// The vehicle's own lamps, in this band.
    pub(crate) head_lamps: HeadLamps,
    pub(crate) cabin: Occupied,
    /// Who sits there, for the light of lamps.
    pub(crate) people: Arc<People>,
    /// What each pane admits of the light that it would let pass, where that is not all of it; see [`crate::entrances`].
    pub(crate) admissions: Option<Arc<[Admission]>>,
    /// In a counterfactual, who turns the head towards which camera.
    pub(crate) facing: Option<Facing>,
    /// The same encounter in the bands of the rig's near-infrared cameras.
    pub(crate) infrared: Vec<(Infrared, Arc<Staged>)>,
    /// The other vehicles in the lane, in the order of the plan, each staged as if the encounter were its own.
    pub(crate) neighbours: Vec<Arc<Staged>>,
}

impl Staged {
    /// The same with its people in their places, as the light in the cabin meets them.
    pub(crate) fn settled(self, options: &CabinOptions) -> Self {
        let people = Arc::new(People::of(&self));
        let cabin = Occupied::by(self.cabin.cabin.clone(), &people, options);
        Self { cabin, people, ..self }
    }

    /// When a trigger fires, microseconds since the encounter began; `None` when the vehicle never meets it.
    pub fn trigger_time_us(&self, trigger: Trigger) -> Option<u64> {
        Some((trigger_time_s(&self.triggered_by, trigger)? * 1e6).round() as u64)
    }

    /// What the triggers of an encounter ask for, in the order of a run: by time, then by camera; ids count from 0. Exposure
    /// times and gains are those that the cameras begin with.
    pub fn requests(&self) -> Vec<ExposureRequest> {
        let mut due: Vec<(u64, usize)> = Vec::new();
        for (camera_index, camera) in self.plan.rig.cameras.iter().enumerate() {
            due.extend(camera.triggers.iter().filter_map(|&t| Some((self.trigger_time_us(t)?, camera_index))));
        }
        due.sort_unstable();
        due.into_iter()
            .zip(0..)
            .map(|((mid_exposure_us, camera_index), exposure_id)| {
                let camera = &self.plan.rig.cameras[camera_index];
                ExposureRequest {
                    exposure_id,
                    camera_index,
                    mid_exposure_us,
                    exposure_us: camera.exposure_us,
                    gain_db: camera.gain_db,
                    cross_check: false,
                }
            })
            .collect()
    }

    /// Those of the same camera before a request.
    pub(crate) fn earlier(&self, request: &ExposureRequest) -> Vec<ExposureRequest> {
        let mut requests = self.requests();
        requests.retain(|other| {
            other.camera_index == request.camera_index && other.mid_exposure_us < request.mid_exposure_us
        });
        requests
    }

    /// A camera's own exposure control, as an encounter begins; `None` for one that is fixed or steered by the stack.
    pub fn exposure_control(&self, camera_index: usize) -> Result<Option<(AutoExposure, AutoState)>, SimError> {
        let mount = &self.plan.rig.cameras[camera_index];
        let Some(control) = mount.exposure_control else { return Ok(None) };
        let control = AutoExposure::new(control, Gamma::Srgb)
            .map_err(|e| SimError::Camera { camera_id: mount.id.clone(), reason: e.to_string() })?;
        let state = control.start(ExposureSettings { exposure_us: mount.exposure_us, gain_db: mount.gain_db });
        Ok(Some((control, state)))
    }

    /// The encounter in the band of a camera.
    pub(crate) fn seen_by(&self, camera_index: usize) -> &Self {
        let band = self.plan.sensors.get(camera_index).and_then(|sensor| sensor.band);
        self.infrared.iter().find(|(known, _)| Some(*known) == band).map_or(self, |(_, staged)| staged)
    }

    /// Sets another vehicle into the lane, also as the near-infrared cameras see it.
    pub(crate) fn with_neighbour(mut self, neighbour: Self) -> Self {
        for ((_, own), (_, other)) in self.infrared.iter_mut().zip(&neighbour.infrared) {
            Arc::make_mut(own).neighbours.push(other.clone());
        }
        self.neighbours.push(Arc::new(neighbour));
        self
    }

    /// A camera of the rig as its lens draws.
    pub(crate) fn lens_camera(&self, camera_index: usize) -> Result<LensCamera, SimError> {
        let mount = &self.plan.rig.cameras[camera_index];
        LensCamera::new(pinhole(mount, &self.plan.sensors[camera_index]), mount.lens.distortion)
            .map_err(|fold| SimError::Camera { camera_id: mount.id.clone(), reason: fold.to_string() })
    }
}

/// When a trigger fires, seconds since the encounter began; `None` when the vehicle never meets it.
pub(crate) fn trigger_time_s(trajectory: &Trajectory, trigger: Trigger) -> Option<f64> {
    match trigger {
        Trigger::Front { z_m } => trajectory.time_front_passes(z_m),
        Trigger::Stop { after_s } => trajectory.stop_time_s().map(|stop_s| stop_s + f64::from(after_s)),
    }
}

/// A mounted camera as a pinhole.
pub(crate) fn pinhole(mount: &CameraMount, sensor: &Sensor) -> PinholeCamera {
    PinholeCamera::looking_at(
        mount.position_m.into(),
        mount.look_at_m.into(),
        mount.lens.focal_length_mm * 1000.0 / sensor.pixel_pitch_um,
        sensor.width_px,
        sensor.height_px,
    )
}
