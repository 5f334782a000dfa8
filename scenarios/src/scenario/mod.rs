//! Scenario files: read, checked against each other, and made into one validated value before anything runs.
use std::{borrow::Cow, path::Path};

use laneproof_scenes::catalogue::{
    HeadLampState, LaneSpec, Rig, Sensor, TrafficMix,
    check::{Check as _, check_distortion},
    fault::{FileFault, ValueFault},
    load::{Entry, Kind, load},
    source::SourceFile,
};

pub mod check;
pub mod document;
mod error;
mod extend;
pub mod factor;
pub mod file;
pub mod find;
pub mod path;
pub mod sample;
mod set;
pub mod shape;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod time;
#[cfg(test)]
mod vary_tests;

pub use error::ScenarioError;
pub use file::{Gates, ReturningFile, ScenarioFile, StackChoice, ValidationRule};

use self::{document::Document, extend::Merged, factor::Factors};
use crate::plan::{sampled::Sampled, seats};

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
    /// What differs from encounter to encounter.
    pub factors: Factors,
}

impl Scenario {
    /// Reads and checks a scenario file and all it names. Writes nothing.
    pub fn open(path: &Path) -> Result<Self, Box<ScenarioError>> {
        let read = || Self::from_source(SourceFile::open(path)?);
        read().map_err(|fault: FileFault| Box::new(fault.into()))
    }

    /// Checks a scenario's text and all it names.
    pub fn from_source(source: SourceFile) -> Result<Self, FileFault> {
        let merged = Merged::of(source)?;
        let read = || {
            let scenario = Self::read(merged.source.clone())?.with_set()?.with_factors()?;
            scenario.check_encounters()?;
            Ok(scenario)
        };
        read().map_err(|fault| merged.restore(fault))
    }

    /// The scenario of a text, without `[set]` and `[[factors]]`.
    fn read(source: SourceFile) -> Result<Self, FileFault> {
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
        Self::assembled(file, source, lane, rig, mix, sensors)
    }

    fn assembled(
        file: ScenarioFile,
        source: SourceFile,
        lane: Entry<LaneSpec>,
        rig: Entry<Rig>,
        mix: Entry<TrafficMix>,
        sensors: Vec<Entry<Sensor>>,
    ) -> Result<Self, FileFault> {
        let scenario = Self { file, source, lane, rig, mix, sensors, factors: Factors::default() };
        scenario.check_together()?;
        Ok(scenario)
    }

    /// The scenario with its factors found.
    pub(crate) fn with_factors(self) -> Result<Self, FileFault> {
        let factors = Factors::compile(&self)?;
        Ok(Self { factors, ..self })
    }

    /// The scenario with another number of encounters; of a Monte Carlo plan these are the first so many of more.
    pub fn with_encounters(&self, encounters: u64) -> Result<Self, FileFault> {
        let mut document = Document::of(self);
        let number = toml::Value::Integer(i64::try_from(encounters).unwrap_or(i64::MAX));
        document.tree.insert("encounters".to_owned(), number);
        document.read(self).and_then(Self::with_factors)
    }

    /// The scenario as encounter `k` meets it: every factor at its value there. It has no factors any more.
    pub fn at(&self, k: u64) -> Result<Cow<'_, Self>, FileFault> {
        if self.factors.is_empty() {
            return Ok(Cow::Borrowed(self));
        }
        let mut tree = Document::of(self).tree;
        self.factors.put(&mut tree, self.factors.values(self.file.seed, k));
        Document { tree }.read(self).map(Cow::Owned)
    }

    /// Checks what the factors come to in every encounter.
    pub(crate) fn check_encounters(&self) -> Result<(), FileFault> {
        let count = if self.factors.is_empty() { 0 } else { self.file.encounters };
        for k in 0..count {
            self.at(k).map_err(|fault| {
                let values = self.factors.told(self.file.seed, k);
                let values = values.iter().map(|v| format!("{} = {}", v.key, v.value)).collect::<Vec<_>>().join(", ");
                let problem = format!("encounter {k} ({values}): {}", fault.problem);
                self.source.value_fault(ValueFault::new("factors.0.key", problem, fault.help))
            })?;
        }
        if !self.file.sample.minimum.is_empty() {
            Sampled::of(self)?;
        }
        Ok(())
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
    let mut schema = schemars::schema_for!(ScenarioFile);
    // A file that extends another need not say again what that one says.
    if let Some(required) = schema.remove("required") {
        let extends = serde_json::json!({ "required": ["extends"] });
        schema.insert("anyOf".to_owned(), serde_json::json!([{ "required": required }, extends]));
    }
    let mut text = serde_json::to_string_pretty(&schema).expect("a schema is JSON");
    text.push('\n');
    text
}
