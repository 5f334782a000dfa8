//! Scenario files: read, checked against each other, and made into one validated value before anything runs.
use std::path::Path;

use laneproof_scenes::catalogue::{
    HeadLampState, LaneSpec, Rig, Sensor, TrafficMix,
    check::{Check as _, check_distortion},
    fault::{FileFault, ValueFault},
    load::{Entry, Kind, load},
    source::SourceFile,
};

pub mod check;
mod error;
pub mod file;
#[cfg(test)]
pub(crate) mod tests;

pub use error::ScenarioError;
pub use file::{Gates, ScenarioFile, StackChoice, ValidationRule};

use crate::plan::seats;

/// A scenario with everything it names, checked.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// What the file says.
    pub file: ScenarioFile,
    /// The file.
    pub source: SourceFile,
    /// Lane.
    pub lane: Entry<LaneSpec>,
    /// Rig.
    pub rig: Entry<Rig>,
    /// Traffic mix.
    pub mix: Entry<TrafficMix>,
    /// The sensor of each camera, in the rig's order.
    pub sensors: Vec<Entry<Sensor>>,
}

impl Scenario {
    /// Reads and checks a scenario file and all it names. Writes nothing.
    pub fn open(path: &Path) -> Result<Self, Box<ScenarioError>> {
        let read = || Self::from_source(SourceFile::open(path)?);
        read().map_err(|fault: FileFault| Box::new(fault.into()))
    }

    /// Checks a scenario's text and all it names.
    pub fn from_source(source: SourceFile) -> Result<Self, FileFault> {
        let file: ScenarioFile = source.parse()?;
        file.check().map_err(|fault| source.value_fault(fault))?;
        let lane: Entry<LaneSpec> = load(Kind::Lane, &file.lane, &source, "lane")?;
        let rig: Entry<Rig> = load(Kind::Rig, &file.rig, &source, "rig")?;
        let mix: Entry<TrafficMix> = load(Kind::Mix, &file.mix, &source, "mix")?;
        let sensors = rig
            .value
            .cameras
            .iter()
            .enumerate()
            .map(|(i, camera)| load(Kind::Sensor, &camera.sensor, &rig.source, &format!("cameras.{i}.sensor")));
        let sensors = sensors.collect::<Result<Vec<_>, _>>()?;
        let scenario = Self { file, source, lane, rig, mix, sensors };
        scenario.check_together()?;
        Ok(scenario)
    }

    /// Checks what no file can know alone: whether scenario and mix name vehicles that there are, and whether lenses draw
    /// all of their sensors.
    pub(crate) fn check_together(&self) -> Result<(), FileFault> {
        let Self { file, source, mix, rig, sensors, .. } = self;
        check_distortion(&rig.value, sensors.iter().map(|sensor| &sensor.value))
            .map_err(|fault| rig.source.value_fault(fault))?;
        for (i, share) in mix.value.vehicles.iter().enumerate() {
            if seats::of_model(&share.model).is_none() {
                let problem = format!("there is no vehicle model \"{}\"", share.model);
                let help = format!("possible: {}", seats::model_list());
                return Err(mix.source.value_fault(ValueFault::new(format!("vehicles.{i}.model"), problem, help)));
            }
        }
        let burn = mix.value.head_lamps.as_ref().is_some_and(|lamps| lamps.state != HeadLampState::Off);
        if burn && file.daylight.weather.is_some() && mix.value.queue.is_some() {
            let problem = "fog, dust and rain scatter light of head-lamps as if no other vehicle were in its way";
            let help = "leave out [queue] or the scenario's [daylight.weather], or write state = \"off\"";
            return Err(mix.source.value_fault(ValueFault::new("head_lamps.state", problem, help)));
        }
        for (i, encounter) in file.encounter.iter().enumerate() {
            if !mix.value.vehicles.iter().any(|share| share.model == encounter.vehicle) {
                let problem = format!("the mix \"{}\" has no {}", file.mix, encounter.vehicle);
                let help = "an encounter takes its glass from the mix: add the vehicle there, with weight 0 if it should not be drawn";
                return Err(source.value_fault(ValueFault::new(format!("encounter.{i}.vehicle"), problem, help)));
            }
        }
        Ok(())
    }

    /// BLAKE3 of the scenario's text and of every file it names, in hexadecimal: the same hash asks for the same run.
    pub fn hash(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        let named = [&self.source, &self.lane.source, &self.rig.source, &self.mix.source];
        for source in named.into_iter().chain(self.sensors.iter().map(|s| &s.source)) {
            hasher.update(&(source.text.len() as u64).to_le_bytes());
            hasher.update(source.text.as_bytes());
        }
        hasher.finalize().to_hex().to_string()
    }
}

/// The JSON schema of scenario files, as committed beside them.
pub fn json_schema() -> String {
    let schema = schemars::schema_for!(ScenarioFile);
    let mut text = serde_json::to_string_pretty(&schema).expect("a schema is JSON");
    text.push('\n');
    text
}
