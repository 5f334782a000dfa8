//! `[set]`: values put in place of what lane, rig, mix and sensors of a scenario say.
use laneproof_scenes::catalogue::fault::FileFault;

use super::{
    Scenario,
    document::Document,
    path::{self, Fault, KeyPath, Spot},
};

/// Parts of a scenario that are files of their own; what stands in the scenario's file is said there.
const FILES: [&str; 3] = ["lane", "rig", "mix"];

impl Scenario {
    /// The scenario with the values of its `[set]`.
    pub(super) fn with_set(self) -> Result<Self, FileFault> {
        if self.file.set.is_empty() {
            return Ok(self);
        }
        let mut tree = Document::of(&self).tree;
        let mut read = Ok(self.clone());
        for (key, value) in &self.file.set {
            let fault = |problem: String, help: String, on_key: bool| {
                let span = self.source.locate_keys(&["set".to_owned(), key.clone()], on_key);
                self.source.fault(span, problem, help)
            };
            let found = KeyPath::parse(key).and_then(|path| path.find_any(&tree));
            let found = found.map_err(|Fault { problem, help, .. }| fault(problem, help, true))?;
            let in_files =
                |spot: Option<&Spot>| matches!(spot, Some(Spot::Key(root)) if FILES.contains(&root.as_str()));
            if !found.places.iter().all(|place| in_files(place.spots.first())) {
                let help = format!("write it in this file itself; here it is about {}", FILES.join(", "));
                return Err(fault(format!("`{key}` is none of a named file's values"), help, true));
            }
            for place in &found.places {
                path::put(&mut tree, place, value.clone());
            }
            let now = Document { tree: tree.clone() }.read(&self);
            // Some values are only possible together: a fault counts when no later value mends it, and is the first one's.
            read = match (now, read) {
                (Ok(scenario), _) => Ok(scenario),
                (Err(_), Err(first)) => Err(first),
                (Err(wrong), Ok(_)) => Err(fault(wrong.problem, wrong.help, false)),
            };
        }
        read
    }
}
