//! One encounter or one exposure of a scenario, as the command line names it.
use std::path::PathBuf;

use laneproof_scenarios::{plan::plan, scenario::Scenario};
use laneproof_sim::{ExposureRequest, Simulator, Staged, encounter::EncounterPlan};

use super::render::requests;
use crate::session::Failure;

/// One exposure of one camera.
#[derive(Debug, clap::Args)]
pub struct OneExposure {
    /// Scenario file
    pub scenario: PathBuf,
    /// Encounter, counted from 0
    #[arg(long, value_name = "K", default_value_t = 0)]
    pub encounter: u64,
    /// Camera of the rig
    #[arg(long, value_name = "ID")]
    pub camera: String,
    /// Which of the camera's exposures in the encounter, counted from 0
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub exposure: usize,
}

/// An encounter of a scenario.
pub fn encounter(scenario: &Scenario, encounter: u64) -> Result<EncounterPlan, Failure> {
    let count = scenario.file.encounters;
    if encounter >= count {
        return Err(Failure::usage(format!(
            "there is no encounter {encounter}: the scenario has {count}, counted from 0"
        )));
    }
    Ok(plan(scenario, encounter))
}

impl OneExposure {
    /// The exposure's encounter, and the camera's place in the rig; what is wrong with them is said before anything is opened.
    pub fn plan(&self, scenario: &Scenario) -> Result<(EncounterPlan, usize), Failure> {
        let plan = encounter(scenario, self.encounter)?;
        let cameras: Vec<&str> = plan.rig.cameras.iter().map(|c| c.id.as_str()).collect();
        match cameras.iter().position(|id| *id == self.camera) {
            Some(camera_index) => Ok((plan, camera_index)),
            None => {
                Err(Failure::usage(format!("the rig has no camera \"{}\"; it has {}", self.camera, cameras.join(", "))))
            }
        }
    }

    /// The exposure, staged.
    pub fn stage(
        &self,
        simulator: &mut Simulator,
        plan: &EncounterPlan,
        camera_index: usize,
    ) -> Result<(Staged, ExposureRequest), Failure> {
        let staged = simulator.stage(plan)?;
        let of_camera = requests(&staged, false).into_iter().filter(|request| request.camera_index == camera_index);
        let Some(request) = of_camera.clone().nth(self.exposure) else {
            return Err(Failure::usage(format!(
                "camera \"{}\" has {} exposures in this encounter, counted from 0",
                self.camera,
                of_camera.count()
            )));
        };
        Ok((staged, request))
    }
}
