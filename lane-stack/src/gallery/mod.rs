//! Galleries: the references that faces are compared with.
//!
//! # Two galleries, one seam
//! An [`InProcessStack`](crate::InProcessStack) and the [`service`](crate::service) ask their gallery through
//! [`References`]: enrol, search, look up, take away, and the threshold where the gallery has one of its own.
//!
//! - [`Gallery`], the default, is a list in memory for the length of a process: what a testbed wants, a fold over
//!   enrolments with no file, clock or randomness.
//! - [`Store`] is a gallery on disk. [`Desk`] shares one among stacks and request handlers, each in its asker's name:
//!
//! ```no_run
//! # use lane_stack::gallery::*;
//! # use std::{path::Path, sync::{Arc, Mutex}};
//! # fn f(mut stack: lane_stack::InProcessStack, template: Template) -> Result<(), Box<dyn std::error::Error>> {
//! let master = MasterKey::from_environment("LANE_STACK_MASTER_KEY")?;
//! let store = Store::open(Path::new("lane.gallery"), master, Box::new(OsEntropy))?;
//! let desk = Desk::new(Arc::new(Mutex::new(store)), Arc::new(SystemClock), "lane 3");
//! stack.set_references(Box::new(desk.clone()))?; // refused when the stack's embedder is another model
//! let new = Enrolment {
//!     reference_id: "P-1".into(),
//!     kind: ReferenceKind::Passport,
//!     class: "citizen".into(),
//!     encounter: Some("e-17".into()),
//! };
//! desk.ask(|store, asked| store.enrol(asked, &[(new, template)]))?;
//! // … decide …
//! desk.ask(|store, asked| store.forget(asked, "e-17"))?;
//! desk.of("operator").ask(|store, asked| store.delete(asked, "P-1", None))?;
//! # Ok(()) }
//! ```
//!
//! Both rank alike: cosine similarity in double precision rounded to single, equal ones in the order of enrolment. A person
//! may have one reference of each kind and counts once, by the most similar. One enrolled again keeps its place in the
//! list; in a store it is the last to have been enrolled.
//!
//! # What outlives a decision
//! Nothing but what the [`Policy`] names, by kind of picture and class of traveller, for as many hours as it says. All else
//! is held in memory for the encounter it was enrolled for, and never reaches the disk. Expired references are found by no
//! search; [`Store::expire`] erases them. Time is the asker's clock, and every entry of the log shows what time it told. A
//! [`GuardedClock`], which the service has, does not believe a step of the wall clock before it has stood for an hour: no
//! slip of a hand erases a gallery.
//!
//! # What is on the disk
//! A SQLite database in write-ahead mode, which one process at a time has open. Each record's contents (reference id and
//! template) are sealed with XChaCha20-Poly1305 under a key of its own, bound to gallery, record, model, kind, class and
//! dates; that key lies wrapped under the master key, which is not in the database. In the clear are kind, class, dates,
//! model, policy, threshold, and the audit log; the last three are authenticated. While a gallery is open its templates are
//! in this process's memory, in the clear.
//!
//! **Deletion** overwrites the record's wrapped key in its place, deletes the row (SQLite overwrites what it frees), brings
//! the write-ahead log into the database and overwrites the log, before it returns. A flash disk or a copying file system
//! may still hold older blocks: they are of no use once the master key is rotated and the old one destroyed, which also
//! holds for backups. The file does not shrink; what was freed is used again.
//!
//! **A full disk** refuses what would be kept on it. Searches, deletions and what is held for an encounter need room in the
//! log alone; a service keeps some for them ([`Store::keep_reserve`]), so that a lane goes on and what must be erased is.
//!
//! **Enrolment, deletion, rotation** are transactions, synchronised to the disk: what was acknowledged is there after a
//! crash, what was not is there whole or not at all. A record, policy, threshold or entry that another hand changed is
//! refused; a whole older copy in the file's place is not, and is told by the log's head, noted elsewhere.
//!
//! **Everything that is asked for** is in the log ([`Entry`]) before it is answered: who, when, what, which records.
mod audit;
mod clock;
mod contents;
mod desk;
mod error;
mod file;
mod fillers;
mod given;
mod matrix;
mod memory;
mod policy;
mod records;
mod reference;
mod seal;
mod store;
mod threshold;

#[cfg(test)]
mod erasure_tests;
#[cfg(test)]
mod store_tests;

pub use audit::{Action, Asked, Entry};
pub use clock::{GuardedClock, Steady, SystemSteady};
pub use contents::Found;
pub use desk::Desk;
pub use error::GalleryError;
pub use fillers::{Fillers, MAX_FILLERS};
pub use given::{Clock, Entropy, OsEntropy, SystemClock, UnixTime};
pub use memory::{Gallery, MAX_CANDIDATES, cosine};
pub use policy::{Policy, Retention};
pub(crate) use reference::check_class;
pub use reference::{Enrolment, Kept, ModelId, Reference, ReferenceKind, Template};
pub use seal::{MASTER_KEY_VARIABLE, MasterKey, hex};
pub use store::{Stats, Store};
pub use threshold::{OperatingPoint, Scores, Wanted, upper_bound};

use crate::client::Candidate;

/// What became of an enrolment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Enrolled {
    /// Whether there was a reference of this person and kind before.
    pub replaced: bool,
    /// When it ends, where the gallery keeps it for a time of its own.
    pub until: Option<UnixTime>,
}

/// A reference of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// What the picture is.
    pub kind: ReferenceKind,
    /// Class of traveller.
    pub class: String,
    /// When it ends, where the gallery keeps it for a time of its own.
    pub until: Option<UnixTime>,
}

/// A gallery as a stack and a service see it. A person may have one reference of each kind.
pub trait References: Send {
    /// Number of references.
    fn len(&self) -> usize;

    /// Whether it holds nothing.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds a template of unit length as what a stack enrols; one of the same reference is replaced.
    fn put(&mut self, reference_id: &str, template: Vec<f32>) -> Result<(), GalleryError>;

    /// Adds a template of unit length; one of the same person and kind is replaced.
    fn enrol(&mut self, new: Enrolment, template: Vec<f32>) -> Result<Enrolled, GalleryError>;

    /// The most similar references (cosine), best first, at most [`MAX_CANDIDATES`].
    fn search(&self, probe: &[f32]) -> Result<Vec<Candidate>, GalleryError>;

    /// Searches with several probes, as one request; what each finds, in their order.
    fn search_all(&self, probes: &[&[f32]]) -> Result<Vec<Vec<Candidate>>, GalleryError> {
        probes.iter().map(|probe| self.search(probe)).collect()
    }

    /// What it holds of a person; [`GalleryError::Unknown`] when that is nothing.
    fn look_up(&mut self, reference_id: &str) -> Result<Vec<Held>, GalleryError>;

    /// Takes all references of a person away and tells how many; [`GalleryError::Unknown`] when there are none.
    fn delete(&mut self, reference_id: &str) -> Result<usize, GalleryError>;

    /// Takes everything away and tells how much.
    fn delete_all(&mut self) -> Result<usize, GalleryError>;

    /// Drops what was held for an encounter that is decided now, and tells how many.
    fn forget(&mut self, encounter: &str) -> Result<usize, GalleryError>;

    /// Erases what is past its time, and tells how many.
    fn expire(&mut self) -> Result<usize, GalleryError>;

    /// Adds so many fillers of a seed and tells how many; refused by a gallery of people who are kept.
    fn fill(&mut self, fillers: &Fillers, count: u32, seed: u64) -> Result<u32, GalleryError> {
        let _ = (fillers, count, seed);
        Err(GalleryError::Refused("fillers are for galleries in memory, not for those that are kept".to_string()))
    }

    /// The model whose templates it holds; `None` when it takes any.
    fn model(&self) -> Option<ModelId> {
        None
    }

    /// The threshold it was given, with its evidence; `None` leaves it to the embedder's card.
    fn operating_point(&self) -> Option<OperatingPoint> {
        None
    }
}
