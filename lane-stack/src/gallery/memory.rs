//! A gallery in memory: reference embeddings in the order of their enrolment, searched exactly.
use super::fillers::{Fillers, MAX_FILLERS};
use super::reference::{Enrolment, ReferenceKind};
use super::{Enrolled, GalleryError, Held, References};
use crate::client::{Candidate, FILLER_PREFIX};

/// At most this many candidates are reported.
pub const MAX_CANDIDATES: usize = 10;

/// Reference embeddings, by person and kind of picture.
#[derive(Debug, Clone, Default)]
pub struct Gallery {
    entries: Vec<(Enrolment, Vec<f32>)>,
}

impl Gallery {
    /// Number of references.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Adds a passport's embedding of unit length; one of the same person is replaced in its place.
    pub fn put(&mut self, reference_id: &str, embedding: Vec<f32>) {
        self.place(Enrolment::passport(reference_id), embedding);
    }

    /// Adds an embedding; whether one of the same person and kind was replaced, in its place.
    fn place(&mut self, new: Enrolment, embedding: Vec<f32>) -> bool {
        let key = |e: &Enrolment| e.kind == new.kind && e.reference_id == new.reference_id;
        match self.entries.iter_mut().find(|(e, _)| key(e)) {
            Some(entry) => {
                *entry = (new, embedding);
                true
            }
            None => {
                self.entries.push((new, embedding));
                false
            }
        }
    }

    /// Takes away what is asked for, and tells how many. The others keep their order.
    fn remove(&mut self, asked: impl Fn(&Enrolment) -> bool) -> usize {
        let before = self.entries.len();
        self.entries.retain(|(e, _)| !asked(e));
        before - self.entries.len()
    }

    /// The most similar people (cosine), best first, each by their most similar reference; equal ones in the order of their
    /// enrolment.
    pub fn search(&self, probe: &[f32]) -> Vec<Candidate> {
        let mut ranked: Vec<(&str, f32)> =
            self.entries.iter().map(|(e, template)| (e.reference_id.as_str(), cosine(probe, template))).collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
        let mut candidates: Vec<Candidate> = Vec::new();
        for (reference_id, similarity) in ranked {
            if candidates.iter().all(|c| c.reference_id != reference_id) {
                candidates.push(Candidate { reference_id: reference_id.to_string(), similarity });
            }
            if candidates.len() == MAX_CANDIDATES {
                break;
            }
        }
        candidates
    }
}

impl References for Gallery {
    fn len(&self) -> usize {
        self.len()
    }

    fn put(&mut self, reference_id: &str, template: Vec<f32>) -> Result<(), GalleryError> {
        self.put(reference_id, template);
        Ok(())
    }

    fn enrol(&mut self, new: Enrolment, template: Vec<f32>) -> Result<Enrolled, GalleryError> {
        new.check()?;
        Ok(Enrolled { replaced: self.place(new, template), until: None })
    }

    fn search(&self, probe: &[f32]) -> Result<Vec<Candidate>, GalleryError> {
        Ok(self.search(probe))
    }

    fn look_up(&mut self, reference_id: &str) -> Result<Vec<Held>, GalleryError> {
        // By kind, as a store tells them.
        let of_kind = |kind| self.entries.iter().find(|(e, _)| e.kind == kind && e.reference_id == reference_id);
        let found = ReferenceKind::ALL.into_iter().filter_map(of_kind);
        let held: Vec<Held> = found.map(|(e, _)| Held { kind: e.kind, class: e.class.clone(), until: None }).collect();
        if held.is_empty() { Err(GalleryError::Unknown(reference_id.to_string())) } else { Ok(held) }
    }

    fn delete(&mut self, reference_id: &str) -> Result<usize, GalleryError> {
        match self.remove(|e| e.reference_id == reference_id) {
            0 => Err(GalleryError::Unknown(reference_id.to_string())),
            count => Ok(count),
        }
    }

    fn delete_all(&mut self) -> Result<usize, GalleryError> {
        Ok(self.remove(|_| true))
    }

    fn forget(&mut self, encounter: &str) -> Result<usize, GalleryError> {
        Ok(self.remove(|e| e.encounter.as_deref() == Some(encounter)))
    }

    fn fill(&mut self, fillers: &Fillers, count: u32, seed: u64) -> Result<u32, GalleryError> {
        if count > MAX_FILLERS {
            return Err(GalleryError::Refused(format!("{count} fillers; at most {MAX_FILLERS} are right")));
        }
        // Those of an earlier run would be met again: they are replaced as a whole.
        self.remove(|e| e.reference_id.starts_with(FILLER_PREFIX));
        self.entries.extend((0..count).map(|k| (Enrolment::passport(&Fillers::name(k)), fillers.draw(seed, k))));
        Ok(count)
    }

    /// Nothing: what is in memory lives until it is taken away, its encounter is decided, or the process ends.
    fn expire(&mut self) -> Result<usize, GalleryError> {
        Ok(0)
    }
}

/// Cosine similarity of two vectors of unit length, −1..1.
pub fn cosine(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(&x, &y)| f64::from(x) * f64::from(y)).sum::<f64>().clamp(-1.0, 1.0) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_comes_first_and_ties_keep_their_order() {
        let mut gallery = Gallery::default();
        gallery.put("far", vec![0.0, 1.0]);
        gallery.put("tie-1", vec![0.6, 0.8]);
        gallery.put("near", vec![1.0, 0.0]);
        gallery.put("tie-2", vec![0.6, 0.8]);
        let found = gallery.search(&[1.0, 0.0]);
        let ids: Vec<&str> = found.iter().map(|c| c.reference_id.as_str()).collect();
        assert_eq!(ids, ["near", "tie-1", "tie-2", "far"]);
        assert_eq!(found[1].similarity, 0.6);
    }

    #[test]
    fn enrolling_again_replaces_and_ten_are_reported() {
        let mut gallery = Gallery::default();
        for i in 0..30 {
            gallery.put(&format!("p{i}"), vec![1.0, 0.0]);
        }
        gallery.put("p3", vec![0.0, 1.0]);
        assert_eq!(gallery.len(), 30);
        let found = gallery.search(&[1.0, 0.0]);
        assert_eq!(found.len(), MAX_CANDIDATES);
        assert!(found.iter().all(|c| c.reference_id != "p3"));
        assert_eq!((gallery.delete("p4"), gallery.len()), (Ok(1), 29));
        let unknown = GalleryError::Unknown("p4".to_string());
        assert_eq!((gallery.delete("p4"), gallery.look_up("p4")), (Err(unknown.clone()), Err(unknown)));
    }

    #[test]
    fn a_person_counts_once_and_what_was_for_an_encounter_goes_with_it() {
        let mut gallery = Gallery::default();
        gallery.put("a", vec![0.6, 0.8]);
        gallery.put("b", vec![0.8, 0.6]);
        let visa = Enrolment {
            kind: ReferenceKind::Visa,
            class: "citizen".into(),
            encounter: Some("e".into()),
            ..Enrolment::passport("a")
        };
        for replaced in [false, true] {
            let enrolled = gallery.enrol(visa.clone(), vec![1.0, 0.0]).unwrap();
            assert_eq!(enrolled, Enrolled { replaced, until: None });
        }
        let best = |gallery: &Gallery| {
            let found = gallery.search(&[1.0, 0.0]);
            found.into_iter().map(|c| (c.reference_id, c.similarity)).collect::<Vec<_>>()
        };
        assert_eq!(best(&gallery), [("a".to_string(), 1.0), ("b".to_string(), 0.8)]);
        let kinds: Vec<_> = gallery.look_up("a").unwrap().into_iter().map(|h| (h.kind, h.class)).collect();
        let expected = [(ReferenceKind::Passport, "traveller"), (ReferenceKind::Visa, "citizen")];
        assert_eq!(kinds, expected.map(|(kind, class)| (kind, class.to_string())));
        assert_eq!((gallery.forget("other"), gallery.forget("e")), (Ok(0), Ok(1)));
        assert_eq!(best(&gallery), [("b".to_string(), 0.8), ("a".to_string(), 0.6)]);
        let bad = Enrolment { class: "No Class".into(), ..visa };
        assert!(matches!(gallery.enrol(bad, vec![1.0, 0.0]), Err(GalleryError::Refused(_))));
        assert_eq!((gallery.delete_all(), gallery.is_empty()), (Ok(2), true));
    }
}
