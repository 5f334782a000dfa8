//! Scalp hair.
use glam::Vec3;

use super::{bake::BoundPart, identity::Identity, library::PeopleLibrary};

pub(super) fn grow(
    _library: &PeopleLibrary,
    _identity: &Identity,
    _positions: &[Vec3],
    _normals: &[Vec3],
) -> Vec<BoundPart> {
    Vec::new()
}
