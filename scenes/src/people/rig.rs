//! The default rig: joints found from the shaped mesh, and linear-blend weights.
use std::path::Path;

use glam::Vec3;
use serde_json::Value;

use super::{
    base_mesh::{BaseMesh, VERTEX_COUNT},
    error::{PeopleError, read},
};

/// A joint sits at the mean of these vertices of the shaped mesh.
type Place = Vec<u16>;

/// One bone; parents come before children.
#[derive(Debug, Clone)]
pub(super) struct Bone {
    pub name: String,
    pub parent: Option<u16>,
    head: Place,
}

/// Up to four bones that move a vertex; weights sum to 1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Skin {
    pub bones: [u16; 4],
    pub weights: [f32; 4],
}

impl Skin {
    /// Moved by one bone alone.
    pub fn rigid(bone: u16) -> Self {
        Self { bones: [bone, 0, 0, 0], weights: [1.0, 0.0, 0.0, 0.0] }
    }

    /// The four heaviest of a list of (bone, weight), normalised; `None` when the list has no weight.
    pub fn from_list(mut list: Vec<(u16, f32)>) -> Option<Self> {
        list.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        list.truncate(4);
        let total: f32 = list.iter().map(|w| w.1).sum();
        (total > 0.0).then(|| {
            let mut skin = Self::default();
            for (k, (bone, weight)) in list.iter().enumerate() {
                skin.bones[k] = *bone;
                skin.weights[k] = weight / total;
            }
            skin
        })
    }

    /// Blend of two: `t` of `other`.
    pub fn blended(&self, other: &Self, t: f32) -> Self {
        let mut list: Vec<(u16, f32)> = Vec::with_capacity(8);
        for (skin, share) in [(self, 1.0 - t), (other, t)] {
            for k in 0..4 {
                let weight = skin.weights[k] * share;
                match list.iter_mut().find(|entry| entry.0 == skin.bones[k]) {
                    Some(entry) => entry.1 += weight,
                    None => list.push((skin.bones[k], weight)),
                }
            }
        }
        Self::from_list(list).unwrap_or(*self)
    }
}

/// The rig.
#[derive(Debug)]
pub(super) struct Rig {
    pub bones: Vec<Bone>,
    /// One per base-mesh vertex.
    pub skin: Vec<Skin>,
}

impl Rig {
    pub fn load(rig_path: &Path, weights_path: &Path, base: &BaseMesh) -> Result<Self, PeopleError> {
        let bones = load_bones(rig_path, base)?;
        let skin = load_weights(weights_path, &bones)?;
        Ok(Self { bones, skin })
    }

    /// Index of a bone of the default rig.
    pub fn bone(&self, name: &str) -> Option<u16> {
        self.bones.iter().position(|b| b.name == name).map(|i| i as u16)
    }

    /// Where each bone starts on a shaped mesh, metres.
    pub fn joints(&self, positions_m: &[Vec3]) -> Vec<Vec3> {
        let find =
            |place: &Place| place.iter().map(|&v| positions_m[usize::from(v)]).sum::<Vec3>() / place.len() as f32;
        self.bones.iter().map(|b| find(&b.head)).collect()
    }

    /// Vertices that the joints are found from.
    pub fn joint_vertices(&self) -> impl Iterator<Item = u16> + '_ {
        self.bones.iter().flat_map(|b| &b.head).copied()
    }
}

fn json(path: &Path) -> Result<Value, PeopleError> {
    serde_json::from_slice(&read(path)?).map_err(|e| PeopleError::malformed(path, e.line(), format!("not JSON: {e}")))
}

fn vertex(value: &Value) -> Option<u16> {
    value.as_u64().filter(|v| (*v as usize) < VERTEX_COUNT).map(|v| v as u16)
}

fn load_bones(path: &Path, base: &BaseMesh) -> Result<Vec<Bone>, PeopleError> {
    let root = json(path)?;
    let bad = |name: &str, what: &str| PeopleError::malformed(path, 0, format!("bone `{name}`: {what}"));
    let table = root.as_object().ok_or_else(|| PeopleError::malformed(path, 0, "expected a table of bones"))?;
    let place = |name: &str, end: &str| -> Result<Place, PeopleError> {
        let spec = &table[name][end];
        let vertices = match spec["strategy"].as_str() {
            Some("CUBE") => spec["cube_name"].as_str().map(|cube| base.group_vertices(cube)),
            Some("VERTEX") => vertex(&spec["vertex_index"]).map(|v| vec![v]),
            Some("MEAN") => spec["vertex_indices"].as_array().and_then(|a| a.iter().map(vertex).collect()),
            _ => None,
        };
        vertices
            .filter(|v: &Place| !v.is_empty())
            .ok_or_else(|| bad(name, &format!("{end} needs strategy CUBE, VERTEX or MEAN with known vertices")))
    };
    let mut names: Vec<&String> = table.keys().collect();
    names.sort();
    let mut bones: Vec<Bone> = Vec::with_capacity(names.len());
    while bones.len() < names.len() {
        let before = bones.len();
        for &name in &names {
            if bones.iter().any(|b| &b.name == name) {
                continue;
            }
            let parent_name = table[name]["parent"].as_str().unwrap_or("");
            let parent = bones.iter().position(|b| b.name == parent_name).map(|i| i as u16);
            if parent_name.is_empty() || parent.is_some() {
                bones.push(Bone { name: name.clone(), parent, head: place(name, "head")? });
            }
        }
        if bones.len() == before {
            return Err(PeopleError::malformed(path, 0, "some bone's parents do not lead to a root"));
        }
    }
    Ok(bones)
}

fn load_weights(path: &Path, bones: &[Bone]) -> Result<Vec<Skin>, PeopleError> {
    let root = json(path)?;
    let table =
        root["weights"].as_object().ok_or_else(|| PeopleError::malformed(path, 0, "expected a table `weights`"))?;
    let mut lists: Vec<Vec<(u16, f32)>> = vec![Vec::new(); VERTEX_COUNT];
    for (index, bone) in bones.iter().enumerate() {
        let Some(entries) = table.get(&bone.name).and_then(Value::as_array) else { continue };
        for entry in entries {
            let (v, w) = (vertex(&entry[0]), entry[1].as_f64());
            let (Some(v), Some(w)) = (v, w) else {
                let problem = format!("bone `{}`: expected [vertex, weight]", bone.name);
                return Err(PeopleError::malformed(path, 0, problem));
            };
            lists[usize::from(v)].push((index as u16, w as f32));
        }
    }
    Ok(lists.into_iter().map(|list| Skin::from_list(list).unwrap_or(Skin::rigid(0))).collect())
}
