//! An encounter as its near-infrared cameras see it: the same drive and the same poses, with every surface, pane and light
//! as it is in the camera's band.
use std::sync::Arc;

use glam::Affine3A;
use laneproof_optics::cabin::{CabinOptions, CabinScene};
use laneproof_scenes::{
    catalogue::{CameraMount, Daylight, GlassSet, LaneSpec},
    infrared::Infrared,
    lane,
    surface::Part,
    vehicle::Vehicle,
};

use crate::{
    cabin::{Cabin, Occupied},
    encounter::EncounterPlan,
    glass::StagedGlass,
    lamps,
    light::LaneLight,
    shared::StagedLane,
    simulator::SimError,
    staged::{Staged, StagedOccupant},
};

/// What encounters of one lane, light, rig and vehicle share in a band.
pub(crate) struct InfraredScene {
    band: Infrared,
    lane: LaneSpec,
    daylight: Daylight,
    cameras: Vec<CameraMount>,
    model: String,
    glass: GlassSet,
    lit_at: Affine3A,
    staged_lane: StagedLane,
    cabin: Arc<Cabin>,
}

/// The bands of a plan's near-infrared cameras, each once.
pub(crate) fn bands(plan: &EncounterPlan) -> Vec<Infrared> {
    let mut bands: Vec<Infrared> = plan.sensors.iter().filter_map(|sensor| sensor.band).collect();
    bands.sort_unstable();
    bands.dedup();
    bands
}

impl InfraredScene {
    /// Gathers the light of a band. `grey` is the vehicle of the plan's model in the paint that all paints share their cabin
    /// light with.
    pub(crate) fn gather(
        staged: &Staged,
        band: Infrared,
        grey: &Vehicle,
        options: &CabinOptions,
    ) -> Result<Self, SimError> {
        let plan = &staged.plan;
        let light =
            LaneLight::in_band(&plan.daylight, &plan.lane, Some(band)).map_err(|e| SimError::Plan(e.to_string()))?;
        let lane: Vec<Part> =
            lane::build(&plan.lane, plan.daylight.snow(), &[]).iter().map(|part| part.in_band(band)).collect();
        let grey = grey.in_band(band);
        let scene = CabinScene::in_daylight(&grey, staged.lit_at, &lane, &light.model);
        let parts = staged.lane.parts.iter().map(|part| part.in_band(band)).collect();
        Ok(Self {
            band,
            lane: plan.lane.clone(),
            daylight: plan.daylight.clone(),
            cameras: plan.rig.cameras.clone(),
            model: plan.vehicle.clone(),
            glass: plan.glass,
            lit_at: staged.lit_at,
            staged_lane: StagedLane::new(light, parts, plan, Some(band)),
            cabin: Arc::new(Cabin::new(scene, options)),
        })
    }

    /// Whether a staged vehicle shares it.
    pub(crate) fn is_of(&self, staged: &Staged, band: Infrared) -> bool {
        let plan = &staged.plan;
        self.band == band
            && self.lit_at == staged.lit_at
            && self.model == plan.vehicle
            && self.glass == plan.glass
            && self.lane == plan.lane
            && self.daylight == plan.daylight
            && self.cameras == plan.rig.cameras
    }

    /// The encounter in this band.
    pub(crate) fn of(&self, staged: &Staged) -> Staged {
        let vehicle = Arc::new(staged.vehicle.in_band(self.band));
        let person = |occupant: &StagedOccupant| StagedOccupant {
            person: Arc::new(occupant.person.in_band(self.band)),
            restraint: occupant.restraint.iter().map(|part| part.in_band(self.band)).collect(),
            ..occupant.clone()
        };
        Staged {
            glass: Arc::new(StagedGlass::new(&vehicle)),
            head_lamps: staged.head_lamps.in_band(&vehicle, Some(self.band)),
            vehicle,
            // A drive of its own: what stands in the scene at an instant is known by its drive.
            trajectory: Arc::new((*staged.trajectory).clone()),
            occupants: staged.occupants.iter().map(person).collect(),
            decoys: staged.decoys.iter().map(|(k, decoy)| (*k, decoy.in_band(self.band))).collect(),
            lane: self.staged_lane.clone(),
            lamps: Arc::new(lamps::of_plan(&staged.plan, Some(self.band))),
            cabin: Occupied::by_nobody(self.cabin.clone()),
            infrared: Vec::new(),
            neighbours: Vec::new(),
            ..staged.clone()
        }
    }
}
