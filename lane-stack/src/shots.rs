//! Best shots: which shots of a tracked face are kept, and which tracks are the same face after all.
use crate::embedder::unit;
use crate::gallery::cosine;
use crate::resample::Crop;
use crate::track::Motion;
use std::sync::Arc;

/// A tracked face of one camera.
#[derive(Clone)]
pub(crate) struct Track {
    pub camera_id: String,
    pub motion: Motion,
    /// Exposures it was seen in.
    pub exposures: Vec<u64>,
    /// Best first.
    pub shots: Vec<Shot>,
}

/// What shots are ordered by: those that keep the quality rule first, then by overall quality.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub(crate) struct Rank {
    pub valid: bool,
    pub overall: f32,
}

/// A shot kept for embedding.
#[derive(Clone)]
pub(crate) struct Shot {
    /// Index of the detection in the encounter.
    pub detection: usize,
    pub rank: Rank,
    /// The bounds of the quality rule that it breaks.
    pub broken: Option<String>,
    pub crop: Arc<Crop>,
    /// Of the crop, once it was asked for.
    pub embedding: Option<Arc<[f32]>>,
}

impl Track {
    /// Where a shot of this rank would stand among the `most` best; equals stand behind the earlier ones.
    pub fn place(&self, rank: Rank, most: usize) -> Option<usize> {
        let at = self.shots.iter().take_while(|s| s.rank >= rank).count();
        (at < most).then_some(at)
    }

    /// Keeps a shot if it is among the `most` best.
    pub fn keep(&mut self, shot: Shot, most: usize) {
        if let Some(at) = self.place(shot.rank, most) {
            self.shots.insert(at, shot);
            self.shots.truncate(most);
        }
    }
}

/// The shots whose embeddings make a template. Those that break the rule are left out when there are others: a bad shot
/// spoils the mean.
pub(crate) fn counted(shots: &[Shot]) -> impl Iterator<Item = &Shot> {
    let only_valid = shots.iter().any(|shot| shot.rank.valid);
    shots.iter().filter(move |shot| shot.rank.valid || !only_valid)
}

/// Those of [`counted`], to be embedded.
pub(crate) fn counted_mut(shots: &mut [Shot]) -> impl Iterator<Item = &mut Shot> {
    let only_valid = shots.iter().any(|shot| shot.rank.valid);
    shots.iter_mut().filter(move |shot| shot.rank.valid || !only_valid)
}

/// Tracks that are taken for one face.
pub(crate) struct Group {
    /// Indices of the tracks.
    pub tracks: Vec<u32>,
    /// Unit length; none when the track has no shot.
    pub template: Option<Vec<f32>>,
    /// The tracks' shots and exposures together.
    pub track: Track,
}

/// Joins tracks of one camera that never show in the same exposure and whose templates agree, most similar first.
/// The joined template stands in until the shots of both are embedded together.
pub(crate) fn join(groups: &mut Vec<Group>, least: f32) {
    let similarity = |a: &Group, b: &Group| -> Option<f32> {
        let apart = a.track.exposures.iter().all(|e| !b.track.exposures.contains(e));
        let fits = a.track.camera_id == b.track.camera_id && apart;
        fits.then(|| Some(cosine(a.template.as_deref()?, b.template.as_deref()?))).flatten().filter(|s| *s >= least)
    };
    loop {
        let mut best: Option<(f32, usize, usize)> = None;
        for a in 0..groups.len() {
            for b in a + 1..groups.len() {
                if let Some(s) = similarity(&groups[a], &groups[b])
                    && best.is_none_or(|(top, ..)| s > top)
                {
                    best = Some((s, a, b));
                }
            }
        }
        let Some((_, a, b)) = best else { return };
        let Group { tracks, template, track } = groups.remove(b);
        let group = &mut groups[a];
        group.tracks.extend(tracks);
        group.track.exposures.extend(track.exposures);
        let most = group.track.shots.len() + track.shots.len();
        track.shots.into_iter().for_each(|shot| group.track.keep(shot, most));
        let both = group.template.take().zip(template);
        group.template = both.and_then(|(x, y)| unit(x.iter().zip(&y).map(|(p, q)| p + q).collect()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::track::Sighting;

    fn shot(detection: usize, valid: bool, overall: f32) -> Shot {
        let crop = Arc::new(Crop { width_px: 0, height_px: 0, rgb: Vec::new() });
        Shot { detection, rank: Rank { valid, overall }, broken: None, crop, embedding: None }
    }

    fn track(camera: &str, exposures: &[u64]) -> Track {
        let last = Sighting { box_px: [0.0; 4], time_us: 0 };
        let motion = Motion { last, before: None };
        Track { camera_id: camera.into(), motion, exposures: exposures.to_vec(), shots: Vec::new() }
    }

    fn order(track: &Track) -> Vec<usize> {
        track.shots.iter().map(|s| s.detection).collect()
    }

    #[test]
    fn the_best_shot_is_the_best_valid_one() {
        let mut track = track("a", &[]);
        for (i, (valid, overall)) in [(false, 90.0), (true, 40.0), (true, 60.0), (true, 50.0)].into_iter().enumerate() {
            track.keep(shot(i, valid, overall), 3);
        }
        assert_eq!(order(&track), [2, 3, 1]);
    }

    #[test]
    fn of_equal_shots_the_earlier_stays_ahead() {
        let mut track = track("a", &[]);
        (0..4).for_each(|i| track.keep(shot(i, true, 50.0), 2));
        assert_eq!(order(&track), [0, 1]);
        assert_eq!(track.place(Rank { valid: true, overall: 50.0 }, 2), None);
    }

    #[test]
    fn only_like_tracks_of_one_camera_that_never_meet_are_joined() {
        let group = |index, camera, exposures: &[u64], template: [f32; 2]| {
            let mut track = track(camera, exposures);
            track.keep(shot(index as usize, true, 10.0 * index as f32), 3);
            Group { tracks: vec![index], template: unit(template.to_vec()), track }
        };
        let mut groups = vec![
            group(0, "a", &[1, 2], [1.0, 0.0]),
            group(1, "a", &[2, 3], [1.0, 0.01]),
            group(2, "a", &[4], [1.0, 0.1]),
            group(3, "b", &[5], [1.0, 0.0]),
            group(4, "a", &[6], [0.0, 1.0]),
        ];
        join(&mut groups, 0.7);
        // 1 and 2 are most alike; 0 met 1, so it stays alone; 3 is another camera's; 4 is another face.
        let tracks: Vec<&[u32]> = groups.iter().map(|g| &g.tracks[..]).collect();
        assert_eq!(tracks, [&[0][..], &[1, 2], &[3], &[4]]);
        assert_eq!(order(&groups[1].track), [2, 1]);
    }
}
