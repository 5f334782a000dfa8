//! How many decisions two runs over the same frames share.
use lane_stack::client::{BestShot, Decisions, Detection};

/// Boxes of one face: they overlap by this much, intersection over union.
const SAME_FACE_IOU: f32 = 0.99;

/// Decisions of the first run, and those that the second made too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Agreement {
    /// Faces found; those that only one run found count too.
    pub faces: [u64; 2],
    /// Best shots: which exposure, whether valid, whom it matched.
    pub best_shots: [u64; 2],
    /// Persons: whether an occupant, on which seat.
    pub persons: [u64; 2],
    /// Encounters: how many occupants.
    pub counts: [u64; 2],
}

impl Agreement {
    /// Of all decisions, how many were made, and how many alike.
    pub fn all(&self) -> [u64; 2] {
        let parts = [self.faces, self.best_shots, self.persons, self.counts];
        [0, 1].map(|i| parts.iter().map(|part| part[i]).sum())
    }

    /// Adds an encounter as both runs decided about it.
    pub fn add(&mut self, first: &Decisions, second: &Decisions) {
        let faces = |decisions: &Decisions| decisions.detections.len() as u64;
        count(&mut self.faces, &first.detections, |d| second.detections.iter().any(|other| same_face(d, other)));
        // A face too many is a disagreement as a face too few is.
        self.faces[0] += faces(second).saturating_sub(faces(first));
        count(&mut self.best_shots, &first.best_shots, |shot| second.best_shots.iter().any(|o| same_shot(shot, o)));
        count(&mut self.persons, &first.persons, |person| {
            let shot = &first.best_shots[person.best_shot as usize].detection;
            second.persons.iter().any(|other| {
                let others = &second.best_shots[other.best_shot as usize].detection;
                same_face(shot, others) && (person.occupant, person.seat) == (other.occupant, other.seat)
            })
        });
        count(&mut self.counts, &[first.occupant_count], |c| *c == second.occupant_count);
    }
}

fn count<T>(counts: &mut [u64; 2], decisions: &[T], alike: impl Fn(&T) -> bool) {
    counts[0] += decisions.len() as u64;
    counts[1] += decisions.iter().filter(|decision| alike(decision)).count() as u64;
}

fn same_shot(a: &BestShot, b: &BestShot) -> bool {
    same_face(&a.detection, &b.detection) && a.valid == b.valid && a.matched == b.matched
}

fn same_face(a: &Detection, b: &Detection) -> bool {
    (a.exposure_id, &a.camera_id) == (b.exposure_id, &b.camera_id) && overlap(a.box_px, b.box_px) >= SAME_FACE_IOU
}

/// Intersection over union.
fn overlap(a: [f32; 4], b: [f32; 4]) -> f32 {
    let area = |[x0, y0, x1, y1]: [f32; 4]| (x1 - x0).max(0.0) * (y1 - y0).max(0.0);
    let both = area([a[0].max(b[0]), a[1].max(b[1]), a[2].min(b[2]), a[3].min(b[3])]);
    both / (area(a) + area(b) - both)
}
