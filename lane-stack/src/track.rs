//! Tracking: which faces of one camera's frames are the same face.
//!
//! Frames of a lane are far apart in time, so a face may move by more than its size between them. Two steps per frame:
//! each track is first looked for where its own motion predicts it; then, as all occupants move with their vehicle, one
//! common motion that carries at least two of the remaining tracks onto remaining faces is searched for.
use crate::geometry::intersection_over_union;
use serde::Deserialize;

/// Parameters of tracking.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tracking {
    /// A track not seen for longer ends, microseconds; likewise when a camera's clock is set back by more.
    pub max_gap_us: u64,
    /// Least overlap of the predicted and the seen box, 0..1.
    pub min_iou: f32,
    /// Greatest common motion between two frames, in widths of the face.
    pub max_common_shift: f32,
    /// Tracks of one camera that never show together are joined when their embeddings are at least this similar;
    /// more than 1 turns joining off. The default is well above what different
    /// synthetic faces reach on average (assumption).
    pub join_similarity: f32,
}

impl Tracking {
    /// Whether all parameters are numbers, infinite or not; if not, which is none, in words.
    pub(crate) fn are_numbers(&self) -> Result<(), String> {
        let parameters = [
            ("min_iou", self.min_iou),
            ("max_common_shift", self.max_common_shift),
            ("join_similarity", self.join_similarity),
        ];
        let wrong = parameters.iter().find(|(_, value)| value.is_nan());
        wrong.map_or(Ok(()), |(name, value)| Err(format!("{name} = {value} must be a number")))
    }
}

impl Default for Tracking {
    fn default() -> Self {
        Self { max_gap_us: 1_500_000, min_iou: 0.3, max_common_shift: 6.0, join_similarity: 0.8 }
    }
}

/// Where a track was seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sighting {
    /// Left, top, right, bottom, pixels.
    pub box_px: [f32; 4],
    /// Time of mid-exposure, microseconds.
    pub time_us: u64,
}

/// The last sightings of a track: the newest, and the one before it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Motion {
    /// Newest.
    pub last: Sighting,
    /// Before it.
    pub before: Option<Sighting>,
}

impl Motion {
    /// The box expected at a time: centre and size carried on evenly.
    fn predict(&self, time_us: u64) -> [f32; 4] {
        let Some(before) = self.before.filter(|b| b.time_us < self.last.time_us) else { return self.last.box_px };
        let ahead = time_us.saturating_sub(self.last.time_us) as f32 / (self.last.time_us - before.time_us) as f32;
        let (centre, width) = middle(self.last.box_px);
        let (centre_before, width_before) = middle(before.box_px);
        // Size changes as a ratio; a guess beyond a doubling is worse than none.
        let grow = (width / width_before).powf(ahead).clamp(0.5, 2.0);
        let moved = [0, 1].map(|i| centre[i] + (centre[i] - centre_before[i]) * ahead);
        place(self.last.box_px, moved, grow)
    }
}

fn middle(b: [f32; 4]) -> ([f32; 2], f32) {
    ([(b[0] + b[2]) / 2.0, (b[1] + b[3]) / 2.0], (b[2] - b[0]).max(1e-3))
}

fn place(b: [f32; 4], centre: [f32; 2], grow: f32) -> [f32; 4] {
    let half = [(b[2] - b[0]) * grow / 2.0, (b[3] - b[1]) * grow / 2.0];
    [centre[0] - half[0], centre[1] - half[1], centre[0] + half[0], centre[1] + half[1]]
}

/// For each face of a new frame, the track it continues, if any. Every track is given at most once.
pub fn assign(tracks: &[Motion], faces: &[[f32; 4]], time_us: u64, rule: &Tracking) -> Vec<Option<usize>> {
    let mut assigned = vec![None; faces.len()];
    let alive: Vec<usize> =
        (0..tracks.len()).filter(|&t| time_us.abs_diff(tracks[t].last.time_us) <= rule.max_gap_us).collect();
    // A track seen once has no motion yet: where others could have it wrong together, the common motion decides.
    let predicted: Vec<(usize, [f32; 4])> = alive.iter().map(|&t| (t, tracks[t].predict(time_us))).collect();
    let own = pair_up(&predicted, faces, rule.min_iou);
    let common = common_motion(tracks, &alive, faces, rule);
    let total = |pairs: &[(usize, usize, f32)]| pairs.iter().map(|p| p.2).sum::<f32>();
    let (first, second) =
        if common.len() > own.len() || (common.len() == own.len() && total(&common) > total(&own) + 1e-6) {
            (common, own)
        } else {
            (own, common)
        };
    let mut used = vec![false; tracks.len()];
    for (track, face, _) in first.into_iter().chain(second) {
        if !used[track] && assigned[face].is_none() {
            used[track] = true;
            assigned[face] = Some(track);
        }
    }
    assigned
}

/// One-to-one pairs (track, face, overlap), greatest overlap first.
fn pair_up(boxes: &[(usize, [f32; 4])], faces: &[[f32; 4]], min_iou: f32) -> Vec<(usize, usize, f32)> {
    let mut pairs: Vec<(usize, usize, f32)> = boxes
        .iter()
        .flat_map(|&(t, b)| faces.iter().enumerate().map(move |(f, &face)| (t, f, intersection_over_union(b, face))))
        .filter(|p| p.2 >= min_iou)
        .collect();
    pairs.sort_by(|a, b| b.2.total_cmp(&a.2).then((a.0, a.1).cmp(&(b.0, b.1))));
    let mut kept: Vec<(usize, usize, f32)> = Vec::new();
    for pair in pairs {
        if kept.iter().all(|k| k.0 != pair.0 && k.1 != pair.1) {
            kept.push(pair);
        }
    }
    kept
}

/// The pairs under the one shift and growth, proposed by some pair of a track and a face, that carries most tracks onto
/// faces (most overlap among equals); empty when no motion carries two.
fn common_motion(tracks: &[Motion], alive: &[usize], faces: &[[f32; 4]], rule: &Tracking) -> Vec<(usize, usize, f32)> {
    let mut best: (Vec<(usize, usize, f32)>, f32) = (Vec::new(), 0.0);
    for &proposer in alive {
        let (from, width) = middle(tracks[proposer].last.box_px);
        for &face in faces {
            let (to, new_width) = middle(face);
            let grow = new_width / width;
            let shift = [(to[0] - from[0]) / width, (to[1] - from[1]) / width];
            // A vehicle that doubles in the picture between two frames is past the camera.
            if !(0.5..=2.0).contains(&grow) || shift[0].hypot(shift[1]) > rule.max_common_shift {
                continue;
            }
            // The picture scales about the proposer: distances grow as faces do.
            let carried: Vec<(usize, [f32; 4])> = alive
                .iter()
                .map(|&t| {
                    let b = tracks[t].last.box_px;
                    let (centre, _) = middle(b);
                    (t, place(b, [0, 1].map(|i| to[i] + (centre[i] - from[i]) * grow), grow))
                })
                .collect();
            let pairs = pair_up(&carried, faces, rule.min_iou);
            let overlap: f32 = pairs.iter().map(|p| p.2).sum();
            if pairs.len() >= 2
                && (pairs.len() > best.0.len() || (pairs.len() == best.0.len() && overlap > best.1 + 1e-6))
            {
                best = (pairs, overlap);
            }
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face(x: f32, y: f32, size: f32) -> [f32; 4] {
        [x, y, x + size, y + size]
    }

    fn seen(box_px: [f32; 4], time_us: u64) -> Motion {
        Motion { last: Sighting { box_px, time_us }, before: None }
    }

    #[test]
    fn a_still_face_is_followed_and_a_new_one_is_not() {
        let tracks = [seen(face(100.0, 100.0, 50.0), 0)];
        let faces = [face(400.0, 90.0, 50.0), face(104.0, 98.0, 52.0)];
        assert_eq!(assign(&tracks, &faces, 100_000, &Tracking::default()), [None, Some(0)]);
    }

    #[test]
    fn a_face_that_moves_evenly_is_followed_beyond_its_size() {
        let before = Some(Sighting { box_px: face(100.0, 100.0, 50.0), time_us: 0 });
        let tracks = [Motion { last: Sighting { box_px: face(200.0, 110.0, 55.0), time_us: 100_000 }, before }];
        let found = assign(&tracks, &[face(301.0, 119.0, 60.0)], 200_000, &Tracking::default());
        assert_eq!(found, [Some(0)]);
    }

    #[test]
    fn occupants_that_jump_together_are_followed_together() {
        // Four seats, a jump of 1.8 face widths and a growth of 1.15: nearer to the neighbour than to oneself.
        let seats = [(200.0, 300.0), (320.0, 300.0), (230.0, 250.0), (340.0, 250.0)];
        let tracks: Vec<Motion> = seats.iter().map(|s| seen(face(s.0, s.1, 60.0), 0)).collect();
        let moved: Vec<[f32; 4]> = seats
            .iter()
            .map(|s| face(200.0 + 108.0 + (s.0 - 200.0) * 1.15, 300.0 + 20.0 + (s.1 - 300.0) * 1.15, 69.0))
            .collect();
        let found = assign(&tracks, &moved, 200_000, &Tracking::default());
        assert_eq!(found, [Some(0), Some(1), Some(2), Some(3)]);
    }

    #[test]
    fn an_old_track_has_ended() {
        let tracks = [seen(face(100.0, 100.0, 50.0), 0)];
        assert_eq!(assign(&tracks, &[face(100.0, 100.0, 50.0)], 9_000_000, &Tracking::default()), [None]);
    }

    #[test]
    fn time_that_goes_back_a_little_is_borne_and_by_much_ends_a_track() {
        let before = Some(Sighting { box_px: face(90.0, 100.0, 50.0), time_us: 8_900_000 });
        let tracks = [Motion { last: Sighting { box_px: face(100.0, 100.0, 50.0), time_us: 9_000_000 }, before }];
        let found = |time_us| assign(&tracks, &[face(100.0, 100.0, 50.0)], time_us, &Tracking::default());
        assert_eq!([found(8_900_000), found(7_500_000)], [[Some(0)]; 2]);
        assert_eq!([found(7_499_999), found(0), found(u64::MAX)], [[None]; 3]);
    }
}
