//! The lane: roadway, kerbs, booth, barrier, camera poles, and the place round it. World frame.
use std::sync::Arc;

use glam::Vec3;

mod ground;
mod rig;
mod station;
mod surroundings;
#[cfg(test)]
mod tests;

use crate::{
    catalogue::{GroundSnow, LaneSpec},
    mesh::Mesh,
    surface::{Part, Surface},
    truth::{Role, Tag},
};

/// A camera of the rig, for the pole that carries it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CameraPole {
    /// Entrance pupil, world frame, metres.
    pub position_m: Vec3,
    /// Point looked at, world frame, metres.
    pub look_at_m: Vec3,
}

/// Where the booth stands: lowest and highest corner of its walls, world frame, metres; `None` for a lane without one.
pub fn booth_bounds_m(spec: &LaneSpec) -> Option<(Vec3, Vec3)> {
    spec.booth.then(|| station::booth_box(spec))
}

/// Builds everything that stands still. Same arguments, same bytes.
///
/// Poles, brackets and housings lie behind each camera's entrance pupil, so no camera sees its own mounting.
pub fn build(spec: &LaneSpec, snow: Option<&GroundSnow>, rig_poles: &[CameraPole]) -> Vec<Part> {
    let mut furniture = Mesh::default();
    let mut dark_glass = Mesh::default();
    station::kerbs(spec, &mut furniture);
    if spec.booth {
        station::booth(spec, &mut furniture, &mut dark_glass);
    }
    station::bollards_and_barrier(spec, &mut furniture);
    if let Some(canopy) = &spec.canopy {
        station::canopy(canopy, &mut furniture);
    }
    for pole in rig_poles {
        rig::pole(spec, pole, &mut furniture);
    }
    surroundings::walls(&mut furniture);
    let mut parts = vec![
        ground::roadway(spec),
        part("markings", ground::markings(spec), Role::Ground, Surface { roughness: 0.6, ..Surface::matt([0.55; 3]) }),
        part("lane furniture", furniture, Role::Furniture, Surface { roughness: 0.55, ..Surface::matt([1.0; 3]) }),
        part("trees and hills", surroundings::green(snow), Role::Furniture, Surface::matt([1.0; 3])),
    ];
    let matt = Surface { roughness: 1.0, ..Surface::matt([1.0; 3]) };
    let terrain = ground::terrain(spec, snow).into_iter();
    parts.extend(terrain.map(|(name, mesh)| part(name, mesh, Role::Ground, matt.clone())));
    parts.extend(snow.and_then(|snow| snow.packed_reflectance).map(|packed| ground::packed_snow(spec, packed)));
    if !dark_glass.indices.is_empty() {
        let surface = Surface { roughness: 0.06, specular_f0: 0.045, ..Surface::matt([0.012, 0.014, 0.016]) };
        parts.push(part("booth windows", dark_glass, Role::Furniture, surface));
    }
    parts
}

fn part(name: &str, mesh: Mesh, role: Role, surface: Surface) -> Part {
    Part { name: name.into(), mesh: Arc::new(mesh), surface, tag: Tag::lane(role) }
}
