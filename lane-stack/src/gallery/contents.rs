//! What a gallery holds, in memory: the templates and what is known of each.
use super::given::UnixTime;
use super::matrix::{Hit, Matrix};
use super::memory::MAX_CANDIDATES;
use super::reference::{Kept, Reference, ReferenceKind};
use crate::client::Candidate;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A row of the matrix.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    /// Number in the database; below zero for one that is in memory alone.
    pub record: i64,
    /// Where its wrapped key lies in the database; 0 for one that is in memory alone.
    pub slot: i64,
    pub reference_id: Arc<str>,
    pub kind: ReferenceKind,
    pub class: Arc<str>,
    pub enrolled: UnixTime,
    pub kept: Kept,
    /// The encounter whose decision ends it, when it is in memory alone.
    pub encounter: Option<Arc<str>>,
}

impl Row {
    pub fn alive(&self, now: UnixTime) -> bool {
        match self.kept {
            Kept::UntilDecision => true,
            Kept::Until(end) => now < end,
        }
    }

    pub fn reference(&self) -> Reference {
        Reference {
            record: self.record,
            reference_id: self.reference_id.to_string(),
            kind: self.kind,
            class: self.class.to_string(),
            enrolled: self.enrolled,
            kept: self.kept,
        }
    }
}

/// A candidate of a search, with the record that stands behind it.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The record.
    pub record: i64,
    /// What the picture is.
    pub kind: ReferenceKind,
    /// Person and similarity.
    pub candidate: Candidate,
}

/// Rows, matrix and index, which always agree.
pub(super) struct Contents {
    matrix: Matrix,
    rows: Vec<Row>,
    /// Order of enrolment of each row, for ties.
    order: Vec<u64>,
    next_order: u64,
    index: BTreeMap<(Arc<str>, ReferenceKind), usize>,
    classes: BTreeSet<Arc<str>>,
}

impl Contents {
    pub fn new(dimension: usize) -> Self {
        Self {
            matrix: Matrix::new(dimension),
            rows: Vec::new(),
            order: Vec::new(),
            next_order: 0,
            index: BTreeMap::new(),
            classes: BTreeSet::new(),
        }
    }

    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// One copy of each class's name.
    pub fn class(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.classes.get(name) {
            return known.clone();
        }
        let new: Arc<str> = name.into();
        self.classes.insert(new.clone());
        new
    }

    pub fn find(&self, reference_id: &str, kind: ReferenceKind) -> Option<&Row> {
        self.index.get(&(Arc::from(reference_id), kind)).map(|&row| &self.rows[row])
    }

    /// All rows of a person.
    pub fn of(&self, reference_id: &str) -> Vec<&Row> {
        ReferenceKind::ALL.iter().filter_map(|&kind| self.find(reference_id, kind)).collect()
    }

    /// Adds a row; one of the same person and kind goes.
    pub fn put(&mut self, row: Row, values: &[f32]) {
        self.remove(&row.reference_id, row.kind);
        self.index.insert((row.reference_id.clone(), row.kind), self.rows.len());
        self.matrix.push(values);
        self.rows.push(row);
        self.order.push(self.next_order);
        self.next_order += 1;
    }

    /// Takes a row out.
    pub fn remove(&mut self, reference_id: &Arc<str>, kind: ReferenceKind) {
        let Some(row) = self.index.remove(&(reference_id.clone(), kind)) else { return };
        self.matrix.swap_remove(row);
        self.rows.swap_remove(row);
        self.order.swap_remove(row);
        if let Some(moved) = self.rows.get(row) {
            self.index.insert((moved.reference_id.clone(), moved.kind), row);
        }
    }

    /// The most similar people that are alive, best first, at most [`MAX_CANDIDATES`], each by their most similar
    /// reference; equal ones in the order of enrolment.
    pub fn search(&self, probes: &[&[f32]], now: UnixTime, threads: usize) -> Vec<Vec<Found>> {
        // A person has at most one row of each kind: among so many rows there are enough people.
        let count = MAX_CANDIDATES * ReferenceKind::ALL.len();
        let alive = |row: usize| self.rows[row].alive(now);
        let found = self.matrix.nearest(probes, count, threads, alive, |row| self.order[row]);
        found.into_iter().map(|hits| self.people(&hits)).collect()
    }

    fn people(&self, hits: &[Hit]) -> Vec<Found> {
        let mut people: Vec<Found> = Vec::new();
        for hit in hits {
            let row = &self.rows[hit.row];
            if people.iter().all(|p| *p.candidate.reference_id != *row.reference_id) {
                let reference_id = row.reference_id.to_string();
                let candidate = Candidate { reference_id, similarity: hit.similarity };
                people.push(Found { record: row.record, kind: row.kind, candidate });
            }
            if people.len() == MAX_CANDIDATES {
                break;
            }
        }
        people
    }

    /// The template of a row.
    #[cfg(test)]
    pub fn template(&self, row: usize) -> &[f32] {
        self.matrix.row(row)
    }
}
