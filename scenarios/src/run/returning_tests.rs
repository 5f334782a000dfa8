//! Travellers who come again, and photographs of earlier crossings in the gallery.
use std::path::Path;

use lane_stack::client::{Decisions, Frame, Reply, StackClient, StackError};

use super::{RunOptions, RunResult, run};
use crate::{
    plan::plan,
    scenario::{ReturningFile, Scenario, tests::first_light},
    testing::{FlatWorld, Manner, TestStack},
};

/// Two vehicles that come three times.
fn returning(keep_photos: bool) -> Scenario {
    let mut scenario = first_light();
    scenario.file.encounters = 6;
    scenario.file.returning = Some(ReturningFile { vehicles: 2, keep_photos });
    scenario
}

/// Matches everybody to the first photograph that there is of them.
struct PhotoStack(TestStack);

impl StackClient for PhotoStack {
    fn describe(&self) -> Vec<(String, String)> {
        self.0.describe()
    }

    fn enrol(&mut self, reference_id: &str, picture: &Frame) -> Result<(), StackError> {
        assert!(picture.decodes(), "{reference_id} is no picture");
        self.0.enrol(reference_id, picture)
    }

    fn open_encounter(&mut self, encounter: u64) -> Result<(), StackError> {
        self.0.open_encounter(encounter)
    }

    fn push_frame(&mut self, frame: Frame) -> Result<Reply, StackError> {
        self.0.push_frame(frame)
    }

    fn close_encounter(&mut self) -> Result<Decisions, StackError> {
        let mut decisions = self.0.close_encounter()?;
        for shot in &mut decisions.best_shots {
            let photo = |id: &String| self.0.gallery.iter().find(|there| there.starts_with(&format!("{id}@"))).cloned();
            if let Some(photo) = shot.matched.as_ref().and_then(photo) {
                shot.candidates[0].reference_id = photo.clone();
                shot.matched = Some(photo);
            }
        }
        Ok(decisions)
    }
}

trait Decodes {
    fn decodes(&self) -> bool;
}

impl Decodes for Frame {
    fn decodes(&self) -> bool {
        image::load_from_memory(&self.bytes).is_ok()
    }
}

fn played(scenario: &Scenario, mut world: FlatWorld, out: &Path, resume: bool) -> (Option<RunResult>, Vec<String>) {
    let mut stack = PhotoStack(TestStack::new(Manner::Oracle(world.key.clone())));
    let options = RunOptions { out: out.to_owned(), resume, encounters: None, command: String::new(), clock: &|| 0.0 };
    let result = run(scenario, &mut world, &mut stack, &options, &mut |_| {});
    (result.ok(), stack.0.gallery)
}

#[test]
fn the_same_people_come_again_on_another_day() {
    let scenario = returning(false);
    for k in 0..2 {
        let [first, second, third] = [k, k + 2, k + 4].map(|k| plan(&scenario, k));
        assert_eq!([first.crossing, second.crossing, third.crossing], [1, 2, 3]);
        assert_eq!((&first.vehicle, first.paint), (&third.vehicle, third.paint));
        assert_ne!(first.approach_speed_mps, second.approach_speed_mps);
        for (a, b) in first.occupants.iter().zip(&second.occupants) {
            assert_eq!((a.seat, &a.identity, &a.reference_id), (b.seat, &b.identity, &b.reference_id));
            assert_ne!((a.head_yaw_deg, a.motion_seed), (b.head_yaw_deg, b.motion_seed));
        }
        assert_eq!(first.occupants.len(), third.occupants.len());
    }
}

/// Contract: whoever is matched to a photograph of theirs is matched to themselves; each crossing leaves one of each person, in
/// the order of encounters, also in a run that was broken off.
#[test]
fn photographs_join_the_gallery_and_stand_for_their_people() {
    let folder = tempfile::tempdir().expect("folder");
    let (whole, cut) = (folder.path().join("whole"), folder.path().join("cut"));
    let (result, gallery) = played(&returning(true), FlatWorld::default(), &whole, false);
    let summary = result.expect("runs").summary;
    assert_eq!(summary.matched_coverage.share, Some(1.0));
    assert_eq!(summary.shots.false_matches, 0);
    let crossings: Vec<(&str, u64)> =
        summary.margin("crossing").iter().map(|group| (group.name.as_str(), group.verified.of)).collect();
    assert_eq!(crossings.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["crossing 1", "crossing 2", "crossing 3"]);
    assert!(crossings.iter().all(|(_, of)| *of == crossings[0].1), "{crossings:?}");
    let (references, photos): (Vec<&String>, Vec<&String>) = gallery.iter().partition(|id| !id.contains('@'));
    assert_eq!(photos.len(), 3 * references.len(), "{gallery:?}");
    assert_eq!(*photos[0], format!("{}@1-1", references[0]));

    let dying = FlatWorld { dies_at: Some(3), ..Default::default() };
    assert_eq!(played(&returning(true), dying, &cut, false).0.map(|result| result.summary), None);
    let (resumed, gallery_of_resumed) = played(&returning(true), FlatWorld::default(), &cut, true);
    assert_eq!(gallery_of_resumed, gallery);
    assert_eq!(resumed.map(|result| result.summary), Some(summary));
    // Without the policy nothing is kept.
    let (_, gallery) = played(&returning(false), FlatWorld::default(), &folder.path().join("none"), false);
    assert!(gallery.iter().all(|id| !id.contains('@')) && gallery.len() == references.len(), "{gallery:?}");
}
