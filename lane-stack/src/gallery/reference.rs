//! What a gallery holds: references, their templates, and the model that made these.
use super::GalleryError;
use super::given::UnixTime;
use crate::card::EmbedderCard;
use crate::embedder::unit;
use serde::{Deserialize, Serialize};
use std::fmt;
use zeroize::Zeroize as _;

/// What a reference picture is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReferenceKind {
    /// A passport's.
    Passport,
    /// A visa's.
    Visa,
    /// A residence card's.
    ResidenceCard,
    /// A photo that a lane took of the person in an earlier encounter.
    Encounter,
}

impl ReferenceKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Passport, Self::Visa, Self::ResidenceCard, Self::Encounter];

    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Passport => "passport",
            Self::Visa => "visa",
            Self::ResidenceCard => "residence-card",
            Self::Encounter => "encounter",
        }
    }

    /// The one of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for ReferenceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The model that made a template. Templates of different models cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelId {
    /// Name on its card.
    pub name: String,
    /// SHA-256 of its file, in hexadecimal.
    pub sha256: String,
    /// Length of its templates.
    pub dimension: usize,
}

impl ModelId {
    /// The model of a card, whose file has this hash.
    pub fn new(card: &EmbedderCard, sha256: &str) -> Self {
        Self { name: card.about.name.clone(), sha256: sha256.to_lowercase(), dimension: card.dimension }
    }

    /// Refuses values that cannot be a model's.
    pub(super) fn check(&self) -> Result<(), GalleryError> {
        let hash = self.sha256.len() == 64 && self.sha256.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if hash && (1..=4096).contains(&self.dimension) && (1..=200).contains(&self.name.len()) {
            return Ok(());
        }
        let reason = format!(
            "{self} cannot be a model: it needs a name of at most 200 bytes, a SHA-256 of 64 lower-case hexadecimal \
             digits and a dimension from 1 to 4096"
        );
        Err(GalleryError::Template(reason))
    }

    /// Refuses what another model made.
    pub(crate) fn agrees(&self, other: &Self) -> Result<(), GalleryError> {
        if self == other {
            return Ok(());
        }
        let reason = format!(
            "it was made by {other}, the gallery holds those of {self}; templates of different models cannot be compared: \
             enrol the pictures again with that model, into a gallery of its own"
        );
        Err(GalleryError::Template(reason))
    }
}

impl fmt::Display for ModelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, sha256, dimension } = self;
        write!(f, "model {name} ({dimension}-d, sha256 {})", sha256.get(..12).unwrap_or(sha256))
    }
}

/// How far from 1 a template's length may be, through rounding.
const LENGTH_TOLERANCE: f64 = 1e-3;

/// An embedding of unit length, with the model that made it. Its values are wiped from memory when it goes.
#[derive(Clone, PartialEq)]
pub struct Template {
    model: ModelId,
    values: Vec<f32>,
}

impl Template {
    /// Takes an embedding of unit length; its bits are kept.
    pub fn new(model: ModelId, values: Vec<f32>) -> Result<Self, GalleryError> {
        check_values(&values, model.dimension)?;
        Ok(Self { model, values })
    }

    /// Takes an embedding of any length but zero, and brings it to unit length.
    pub fn normalised(model: ModelId, values: Vec<f32>) -> Result<Self, GalleryError> {
        let none = || GalleryError::Template("it is zero or not finite: it has no direction".to_string());
        Self::new(model, unit(values).ok_or_else(none)?)
    }

    /// The model.
    pub fn model(&self) -> &ModelId {
        &self.model
    }

    /// The values.
    pub fn values(&self) -> &[f32] {
        &self.values
    }
}

impl Drop for Template {
    fn drop(&mut self) {
        self.values.zeroize();
    }
}

impl fmt::Debug for Template {
    /// Without the values: templates belong in no log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Template").field("model", &self.model).finish_non_exhaustive()
    }
}

/// Refuses values that no embedder gives.
pub(super) fn check_values(values: &[f32], dimension: usize) -> Result<(), GalleryError> {
    let refuse = |reason: String| Err(GalleryError::Template(reason));
    if values.len() != dimension {
        return refuse(format!("it has {} values, the model gives {dimension}", values.len()));
    }
    if let Some(index) = values.iter().position(|v| !v.is_finite()) {
        return refuse(format!("value {index} is {}, all must be finite", values[index]));
    }
    let length = values.iter().map(|&v| f64::from(v) * f64::from(v)).sum::<f64>().sqrt();
    if (length - 1.0).abs() > LENGTH_TOLERANCE {
        return refuse(format!("its length is {length:.6}, it must be 1"));
    }
    Ok(())
}

/// What is to be enrolled, apart from the template.
#[derive(Debug, Clone, PartialEq)]
pub struct Enrolment {
    /// The person it stands for, as the system around the lane calls them.
    pub reference_id: String,
    /// What the picture is.
    pub kind: ReferenceKind,
    /// Class of traveller, for the policy: lower-case letters, digits and hyphens.
    pub class: String,
    /// The encounter it is enrolled for. Where the policy names no retention, it is held in memory alone until
    /// [`Store::forget`](super::Store::forget) is told that this encounter is decided; without an encounter it is
    /// then refused.
    pub encounter: Option<String>,
}

/// Class of traveller of what is enrolled without one.
pub(crate) const DEFAULT_CLASS: &str = "traveller";

impl Enrolment {
    /// A passport of class "traveller", for no encounter.
    pub fn passport(reference_id: &str) -> Self {
        let class = DEFAULT_CLASS.to_string();
        Self { reference_id: reference_id.to_string(), kind: ReferenceKind::Passport, class, encounter: None }
    }

    /// Refuses names that cannot be stored or told apart.
    pub(super) fn check(&self) -> Result<(), GalleryError> {
        check_name("reference id", &self.reference_id, 200)?;
        if let Some(encounter) = &self.encounter {
            check_name("encounter", encounter, 200)?;
        }
        check_class(&self.class).map_err(GalleryError::Refused)
    }
}

/// Refuses a name that is empty, too long, or has characters that would make a log or a list unreadable.
pub(super) fn check_name(what: &str, name: &str, most_bytes: usize) -> Result<(), GalleryError> {
    if name.is_empty() || name.len() > most_bytes || name.chars().any(char::is_control) {
        let reason = format!("{what} {name:?} must have 1 to {most_bytes} bytes and no control characters");
        return Err(GalleryError::Refused(reason));
    }
    Ok(())
}

/// Refuses what is no class of traveller.
pub(crate) fn check_class(class: &str) -> Result<(), String> {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if (1..=32).contains(&class.len()) && class.bytes().all(fits) {
        return Ok(());
    }
    Err(format!("class {class:?} must be 1 to 32 lower-case letters, digits and hyphens"))
}

/// How long an enrolled reference lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// Until its encounter is decided, in memory alone.
    UntilDecision,
    /// On disk, until then.
    Until(UnixTime),
}

impl Kept {
    /// When it ends, where that is known.
    pub fn until(self) -> Option<UnixTime> {
        match self {
            Self::UntilDecision => None,
            Self::Until(end) => Some(end),
        }
    }
}

/// A reference as lists show it.
#[derive(Debug, Clone, PartialEq)]
pub struct Reference {
    /// Number in the database, never given twice; below zero for one that is held for a decision only.
    pub record: i64,
    /// The person.
    pub reference_id: String,
    /// What the picture is.
    pub kind: ReferenceKind,
    /// Class of traveller.
    pub class: String,
    /// When it was enrolled.
    pub enrolled: UnixTime,
    /// How long it lives.
    pub kept: Kept,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(dimension: usize) -> ModelId {
        ModelId { name: "m".into(), sha256: "0".repeat(64), dimension }
    }

    #[test]
    fn what_no_embedder_gives_is_refused() {
        for (values, word) in [
            (vec![1.0], "1 values"),
            (vec![f32::NAN, 0.0], "NaN"),
            (vec![0.0, f32::INFINITY], "inf"),
            (vec![0.0, 0.0], "length"),
            (vec![1.0, 1.0], "1.414"),
        ] {
            let error = Template::new(model(2), values).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
        assert!(Template::normalised(model(2), vec![0.0, 0.0]).is_err());
        assert!(Template::normalised(model(2), vec![f32::NAN, 1.0]).is_err());
        assert_eq!(Template::normalised(model(2), vec![0.0, 5.0]).unwrap().values(), [0.0, 1.0]);
    }

    #[test]
    fn a_template_keeps_its_values_from_logs() {
        let template = Template::new(model(2), vec![0.6, 0.8]).unwrap();
        assert!(!format!("{template:?}").contains("0.8"));
    }

    #[test]
    fn kinds_keep_their_names() {
        for kind in ReferenceKind::ALL {
            assert_eq!(ReferenceKind::named(kind.name()), Some(kind));
            assert_eq!(serde_json::to_string(&kind).unwrap(), format!("\"{kind}\""));
        }
    }
}
