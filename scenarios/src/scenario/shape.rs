//! What a scenario and the files it names can hold, told by the JSON schemas of their types: also keys that are optional
//! and left out.
use std::collections::BTreeMap;

use laneproof_scenes::catalogue::{LaneSpec, Rig, Sensor, TrafficMix};
use schemars::{Schema, schema_for};
use serde_json::Value;

use super::ScenarioFile;
use super::path::{Place, Spot};

/// Every scalar by its path, list indices as `[*]`, and what its documentation says; the names of files among them.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    scalars: BTreeMap<String, String>,
}

impl Shape {
    /// The shape of scenarios.
    pub fn new() -> Self {
        let mut scalars = BTreeMap::new();
        let files: [(&str, Schema); 5] = [
            ("", schema_for!(ScenarioFile)),
            ("lane", schema_for!(LaneSpec)),
            ("mix", schema_for!(TrafficMix)),
            ("rig", schema_for!(Rig)),
            ("rig.cameras[*].sensor", schema_for!(Sensor)),
        ];
        for (path, schema) in &files {
            walk(schema.as_value(), schema.as_value(), path, "", &mut scalars);
        }
        Self { scalars }
    }

    /// Every scalar's path with its documentation.
    pub fn scalars(&self) -> &BTreeMap<String, String> {
        &self.scalars
    }

    /// The first sentence of the documentation of the key at a place.
    pub fn meaning(&self, place: &Place) -> Option<String> {
        let said = self.scalars.get(&generic(place))?;
        // A full stop with a capital behind it: "e.g. 0.5" goes on.
        let begins = |at: &usize| said[at + 2..].starts_with(char::is_uppercase);
        let end = said.match_indices(". ").map(|(at, _)| at).find(begins).unwrap_or(said.len());
        let said = said[..end].replace(['\n', '`'], " ").split_whitespace().collect::<Vec<_>>().join(" ");
        let said = said.trim_end_matches(['.', ' ']).replace("..=", " to ").replace("..", " to ");
        (!said.is_empty()).then_some(said)
    }

    /// The keys below a path, each with what follows it: `.` keys, `[]` elements, nothing a value.
    pub(crate) fn keys(&self, above: &str) -> BTreeMap<&str, &'static str> {
        let prefix = if above.is_empty() { String::new() } else { format!("{above}.") };
        let mut keys = BTreeMap::new();
        for rest in self.scalars.keys().filter_map(|path| path.strip_prefix(&prefix)) {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            let mark = match rest[end..].chars().next() {
                Some('.') => ".",
                Some(_) => "[]",
                None => "",
            };
            let known = keys.entry(&rest[..end]).or_insert(mark);
            // The name of a file can also be opened.
            if known.is_empty() {
                *known = mark;
            }
        }
        keys
    }

    /// The shortest path that ends as this one does.
    pub(crate) fn ending(&self, path: &str) -> Option<&str> {
        let ends = |ending: &str| {
            self.scalars.keys().filter(|known| known.ends_with(&format!(".{ending}"))).min_by_key(|p| p.len())
        };
        ends(path).or_else(|| ends(path.rsplit('.').next()?)).map(String::as_str)
    }
}

impl Default for Shape {
    fn default() -> Self {
        Self::new()
    }
}

/// A place with its indices forgotten: `rig.cameras[*].exposure_us`.
fn generic(place: &Place) -> String {
    let mut path = String::new();
    for spot in &place.spots {
        match spot {
            Spot::Key(key) if path.is_empty() => path.push_str(key),
            Spot::Key(key) => path += &format!(".{key}"),
            Spot::Index(_) => path.push_str("[*]"),
        }
    }
    path
}

fn walk(root: &Value, schema: &Value, path: &str, said: &str, found: &mut BTreeMap<String, String>) {
    let target = schema.get("$ref").and_then(Value::as_str).and_then(|name| root.pointer(name.strip_prefix('#')?));
    let schema = target.unwrap_or(schema);
    let forms: Vec<&Value> =
        ["oneOf", "anyOf"].into_iter().filter_map(|key| schema.get(key)?.as_array()).flatten().collect();
    let properties = schema.get("properties").and_then(Value::as_object);
    for (key, property) in properties.into_iter().flatten() {
        let said = property.get("description").and_then(Value::as_str).unwrap_or(said);
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        walk(root, property, &path, said, found);
    }
    let items = schema.get("items");
    if let Some(items) = items {
        walk(root, items, &format!("{path}[*]"), said, found);
    }
    // Of an optional table or a table of several kinds each form counts; nothing is not one.
    for form in forms.iter().filter(|form| form.get("type").and_then(Value::as_str) != Some("null")) {
        walk(root, form, path, said, found);
    }
    if properties.is_none() && items.is_none() && forms.is_empty() && !path.is_empty() {
        found.entry(path.to_owned()).or_insert_with(|| said.to_owned());
    }
}
