//! A scenario with all it names in one tree of TOML values, so that every value has a path.
//!
//! Nothing here knows a key but the four places where one file names another: the tree is what the types serialise to,
//! and comes back through the same reader and the same checks as a file.
use std::collections::BTreeMap;

use laneproof_scenes::catalogue::{
    check::Check,
    fault::FileFault,
    load::{Entry, Kind, load},
    source::SourceFile,
};
use serde::{Serialize, de::DeserializeOwned};
use toml::{Table, Value};

use super::path::{Place, Spot};
use super::{Scenario, ScenarioFile};

/// The tree of a scenario: `lane`, `rig`, `mix` and every camera's `sensor` are the tables of the files they name.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// The tree.
    pub tree: Table,
}

/// What a type that was read from TOML writes as TOML.
fn table(value: &impl Serialize) -> Table {
    Table::try_from(value).expect("what was read from TOML can be written as TOML")
}

/// The camera tables of a rig's tree.
fn cameras(rig: &mut Value) -> impl Iterator<Item = &mut Table> {
    let cameras = rig.as_table_mut().and_then(|rig| rig.get_mut("cameras")).and_then(Value::as_array_mut);
    cameras.into_iter().flatten().filter_map(Value::as_table_mut)
}

impl Document {
    /// The tree of a scenario.
    pub fn of(scenario: &Scenario) -> Self {
        let mut rig = Value::Table(table(&scenario.rig.value));
        for (camera, sensor) in cameras(&mut rig).zip(&scenario.sensors) {
            camera.insert("sensor".to_owned(), Value::Table(table(&sensor.value)));
        }
        let mut tree = table(&scenario.file);
        tree.insert("lane".to_owned(), Value::Table(table(&scenario.lane.value)));
        tree.insert("rig".to_owned(), rig);
        tree.insert("mix".to_owned(), Value::Table(table(&scenario.mix.value)));
        Self { tree }
    }

    /// Whether a file is named here, so that a text (a catalogue name or a path) may stand in place of the table.
    pub fn is_reference(place: &Place) -> bool {
        match &place.spots[..] {
            [Spot::Key(key)] => matches!(key.as_str(), "lane" | "rig" | "mix"),
            [Spot::Key(rig), Spot::Key(cameras), Spot::Index(_), Spot::Key(sensor)] => {
                rig == "rig" && cameras == "cameras" && sensor == "sensor"
            }
            _ => false,
        }
    }

    /// Reads the tree as the scenario that it describes, with the checks of files. Parts that equal those of `base` keep
    /// their source, so that the hash of an unchanged scenario is the same; the others' source is their tree as text.
    pub fn read(&self, base: &Scenario) -> Result<Scenario, FileFault> {
        let mut tree = self.tree.clone();
        let mut take = |key: &str, name: &str| {
            let node = tree.insert(key.to_owned(), Value::String(name.to_owned()));
            // A text in place of the table names another file: it is what the scenario says.
            if let Some(Value::String(other)) = &node {
                tree.insert(key.to_owned(), Value::String(other.clone()));
            }
            node.unwrap_or_else(|| Value::String(name.to_owned()))
        };
        let lane = take("lane", &base.file.lane);
        let mut rig = take("rig", &base.file.rig);
        let mix = take("mix", &base.file.mix);

        let (file, source) = if tree == table(&base.file) {
            (base.file.clone(), base.source.clone())
        } else {
            let source = written(&base.source, &tree);
            let file: ScenarioFile = source.parse()?;
            file.check().map_err(|fault| source.value_fault(fault))?;
            (file, source)
        };
        let mut sensors = BTreeMap::new();
        for (i, (camera, entry)) in cameras(&mut rig).zip(&base.sensors).enumerate() {
            let node = camera.insert("sensor".to_owned(), Value::String(entry.name.clone()));
            if let Some(Value::String(other)) = &node {
                camera.insert("sensor".to_owned(), Value::String(other.clone()));
            }
            sensors.extend(node.map(|node| (i, (node, entry))));
        }
        let lane = part(Kind::Lane, lane, &base.lane, &source, "lane")?;
        let rig = part(Kind::Rig, rig, &base.rig, &source, "rig")?;
        let mix = part(Kind::Mix, mix, &base.mix, &source, "mix")?;
        let sensors = rig.value.cameras.iter().enumerate().map(|(i, camera)| {
            let key = format!("cameras.{i}.sensor");
            match sensors.remove(&i) {
                Some((node, entry)) => part(Kind::Sensor, node, entry, &rig.source, &key),
                None => load(Kind::Sensor, &camera.sensor, &rig.source, &key),
            }
        });
        let sensors = sensors.collect::<Result<Vec<_>, _>>()?;
        Scenario::assembled(file, source, lane, rig, mix, sensors)
    }

    /// Every scalar of the tree by its path, list indices as `[*]`, with the values that stand there.
    pub fn scalars(&self) -> BTreeMap<String, Vec<Value>> {
        let mut found = BTreeMap::new();
        for (key, value) in &self.tree {
            collect(value, key.clone(), &mut found);
        }
        found
    }
}

fn collect(value: &Value, path: String, found: &mut BTreeMap<String, Vec<Value>>) {
    match value {
        Value::Table(table) => table.iter().for_each(|(key, value)| collect(value, format!("{path}.{key}"), found)),
        Value::Array(array) => array.iter().for_each(|value| collect(value, format!("{path}[*]"), found)),
        scalar => {
            let values = found.entry(path).or_default();
            if !values.contains(scalar) {
                values.push(scalar.clone());
            }
        }
    }
}

/// A source whose text is this tree, under the name of the file that it stands for.
fn written(of: &SourceFile, tree: &Table) -> SourceFile {
    SourceFile { path: of.path.clone(), text: toml::to_string(tree).expect("a tree of TOML values is TOML") }
}

fn part<T: Serialize + DeserializeOwned + Check + Clone>(
    kind: Kind,
    node: Value,
    base: &Entry<T>,
    asking: &SourceFile,
    key_path: &str,
) -> Result<Entry<T>, FileFault> {
    match node {
        Value::Table(tree) if tree == table(&base.value) => Ok(base.clone()),
        Value::Table(tree) => {
            let source = written(&base.source, &tree);
            let value: T = source.parse()?;
            value.check().map_err(|fault| source.value_fault(fault))?;
            Ok(Entry { name: base.name.clone(), value, source })
        }
        Value::String(name) => load(kind, &name, asking, key_path),
        other => load(kind, &other.to_string(), asking, key_path),
    }
}
