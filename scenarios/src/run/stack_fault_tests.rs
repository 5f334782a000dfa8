//! A stack that goes wrong in the middle of a run.
use lane_stack::client::{Decisions, Frame, Reply, StackClient, StackError};

use super::{
    run,
    tests::{options, oracle_run, small},
};
use crate::{
    exit,
    testing::{FlatWorld, Manner, TestStack},
};

/// A stack that goes wrong in three encounters, each in another way.
struct Flawed(TestStack);

impl StackClient for Flawed {
    fn describe(&self) -> Vec<(String, String)> {
        self.0.describe()
    }

    fn enrol(&mut self, reference_id: &str, picture: &Frame) -> Result<(), StackError> {
        self.0.enrol(reference_id, picture)
    }

    fn open_encounter(&mut self, encounter: u64) -> Result<(), StackError> {
        self.0.open_encounter(encounter)
    }

    fn push_frame(&mut self, frame: Frame) -> Result<Reply, StackError> {
        match (self.0.encounter(), frame.exposure_id) {
            (0, 1) => {
                Err(StackError::Unreachable { url: "exec".to_owned(), reason: "it ended with status 9".to_owned() })
            }
            _ => self.0.push_frame(frame),
        }
    }

    fn close_encounter(&mut self) -> Result<Decisions, StackError> {
        let mut decisions = self.0.close_encounter()?;
        match self.0.encounter() {
            1 => return Err(StackError::Protocol("an answer to no question".to_owned())),
            2 => decisions.detections[0].score = f32::NAN,
            _ => {}
        }
        Ok(decisions)
    }
}

#[test]
fn a_stack_that_goes_wrong_fails_its_encounters_and_the_rest_stand() {
    let (whole, folder) = (tempfile::tempdir().expect("folder"), tempfile::tempdir().expect("folder"));
    let unharmed = oracle_run(&small(), FlatWorld::default(), whole.path(), false).expect("runs");
    let mut world = FlatWorld::default();
    let mut stack = Flawed(TestStack::new(Manner::Oracle(world.key.clone())));
    let result = run(&small(), &mut world, &mut stack, &options(folder.path(), false), &mut |_| {}).expect("runs");
    assert_eq!(result.exit_code(), exit::SOME_ENCOUNTERS_FAILED);
    let told: Vec<(u64, &str)> = result.summary.failures.iter().map(|f| (f.encounter, f.reason.as_str())).collect();
    assert_eq!(told.iter().map(|(k, _)| *k).collect::<Vec<_>>(), [0, 1, 2], "{told:?}");
    for ((_, reason), said) in told.iter().zip(["ended with status 9", "no question", "no finite number"]) {
        assert!(reason.contains(said), "{told:?}");
    }
    assert_eq!(result.scores, unharmed.scores[3..]);
}
