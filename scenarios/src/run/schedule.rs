//! What is to be exposed next: the rig's own triggers, the exposures that a stack is granted, and none once it says that it
//! has enough.
//!
//! All of it is in simulated time. The answer to frame `i` is heeded from the scenario's `control_delay_ms` after the
//! mid-exposure of `i`, for every camera: unlike new settings, a trigger that is not sent, or one more, needs no sensor to be
//! ready for it beforehand.
//! * **Enough** holds until a later answer comes without it: a frame that was on its way may show somebody new. While it
//!   holds, what falls due is not taken.
//! * **More** is granted where the rig gives that camera exposures beyond its triggers (`extra_exposures`), one at a time, and
//!   not while it is enough. It is taken [`EXTRA_AFTER_US`] after the frame that was answered, unless the stack wishes for
//!   another time; a later wish moves it.
//!
//! A stack that does not say beforehand that it gives feedback is not heeded in these, so that nobody waits for its answers.
use lane_stack::client::{Enough, Reply};
use laneproof_scenes::catalogue::CameraMount;

/// Between a frame and an exposure that was granted because of it, where the stack names no time, microseconds: what passes
/// between two frames of a camera at ten a second (assumption).
const EXTRA_AFTER_US: u64 = 100_000;

/// Between two exposures of a camera, at least, microseconds: a five-megapixel sensor is read out in some 13 to 28 ms at 75
/// to 36 frames a second (assumption).
const BETWEEN_US: u64 = 28_000;

/// Longest wish, microseconds: a vehicle is in the lane no longer (assumption).
const LONGEST_WISH_US: u64 = 60_000_000;

/// An exposure that will be made, or was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Due {
    pub mid_exposure_us: u64,
    pub camera_index: usize,
    /// Granted to the stack, beyond the rig's triggers.
    pub extra: bool,
}

/// Exposures that were not taken because the stack had enough.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Saved {
    /// How many of the rig's triggers.
    pub exposures: u64,
    /// When the first of them was due, microseconds.
    pub from_us: u64,
    /// What the stack had said by then.
    pub enough: Enough,
}

/// What comes next.
#[derive(Debug, PartialEq)]
pub(super) enum Next {
    /// This exposure.
    Expose(Due),
    /// Nothing can be said before this many frames are answered.
    Hear(usize),
    /// Nothing more.
    End,
}

/// The exposures of one encounter.
pub(super) struct Schedule<'a> {
    cameras: &'a [CameraMount],
    delay_us: u64,
    /// Whether answers are heeded at all.
    heeds: bool,
    /// In the order of time, then of camera.
    waiting: Vec<Due>,
    taken: Vec<Due>,
    /// How many of those taken have been heeded.
    heeded: usize,
    enough: Option<Enough>,
    /// Extra exposures that were granted, by camera.
    granted: Vec<u32>,
    saved: Option<Saved>,
}

impl<'a> Schedule<'a> {
    /// The rig's own triggers, as (time of mid-exposure in microseconds, camera).
    pub fn new(cameras: &'a [CameraMount], delay_us: u64, heeds: bool, triggers: &[(u64, usize)]) -> Self {
        let due = |&(mid_exposure_us, camera_index)| Due { mid_exposure_us, camera_index, extra: false };
        let mut schedule = Self {
            cameras,
            delay_us,
            heeds,
            waiting: triggers.iter().map(due).collect(),
            taken: Vec::new(),
            heeded: 0,
            enough: None,
            granted: vec![0; cameras.len()],
            saved: None,
        };
        schedule.sort();
        schedule
    }

    fn sort(&mut self) {
        self.waiting.sort_by_key(|d| (d.mid_exposure_us, d.camera_index, d.extra));
    }

    /// Exposures that were taken, in their order; the place is the exposure's id.
    pub fn taken(&self) -> &[Due] {
        &self.taken
    }

    /// What was not taken.
    pub fn saved(&self) -> Option<&Saved> {
        self.saved.as_ref()
    }

    /// What comes next. An exposure counts as taken once it is named here.
    pub fn next(&mut self) -> Next {
        loop {
            let due = self.waiting.first().copied();
            let unheeded = self.taken.get(self.heeded).filter(|_| self.heeds);
            match (due, unheeded) {
                (Some(due), Some(asked)) if asked.mid_exposure_us + self.delay_us <= due.mid_exposure_us => {
                    return Next::Hear(self.heeded + 1);
                }
                // After the last trigger an answer may still be granted something.
                (None, Some(_)) if self.may_grant() => return Next::Hear(self.heeded + 1),
                (None, _) => return Next::End,
                (Some(due), _) => {
                    self.waiting.remove(0);
                    let Some(enough) = &self.enough else {
                        self.taken.push(due);
                        return Next::Expose(due);
                    };
                    if !due.extra {
                        let first = || Saved { exposures: 0, from_us: due.mid_exposure_us, enough: enough.clone() };
                        self.saved.get_or_insert_with(first).exposures += 1;
                    }
                }
            }
        }
    }

    fn may_grant(&self) -> bool {
        self.cameras.iter().zip(&self.granted).any(|(camera, granted)| *granted < camera.extra_exposures)
    }

    /// Heeds the answer to the next frame that was not; one that was refused changes nothing.
    pub fn heed(&mut self, reply: Option<&Reply>) {
        let asked_us = self.taken[self.heeded].mid_exposure_us;
        self.heeded += 1;
        let Some(reply) = reply else { return };
        self.enough = reply.enough.clone();
        if self.enough.is_some() {
            return;
        }
        for wish in &reply.need_more {
            self.grant(&wish.camera_id, asked_us);
        }
        for wish in &reply.next_triggers {
            let after_us = wish.after_us.min(LONGEST_WISH_US);
            if let Some(camera_index) = self.camera(&wish.camera_id)
                && let Some(at) = self.waiting.iter().position(|d| d.extra && d.camera_index == camera_index)
            {
                self.waiting[at].mid_exposure_us = self.earliest_us(camera_index, asked_us, after_us);
                self.sort();
            }
        }
    }

    fn camera(&self, id: &str) -> Option<usize> {
        self.cameras.iter().position(|camera| camera.id == id)
    }

    /// So long after a frame, but not before its answer is heeded, nor before the camera can expose again.
    fn earliest_us(&self, camera_index: usize, asked_us: u64, after_us: u64) -> u64 {
        let last = self.taken.iter().rfind(|d| d.camera_index == camera_index);
        let ready_us = last.map_or(0, |d| d.mid_exposure_us + BETWEEN_US);
        (asked_us + after_us.max(self.delay_us)).max(ready_us)
    }

    fn grant(&mut self, camera_id: &str, asked_us: u64) {
        let Some(camera_index) = self.camera(camera_id) else { return };
        let is_waiting = self.waiting.iter().any(|d| d.extra && d.camera_index == camera_index);
        if is_waiting || self.granted[camera_index] >= self.cameras[camera_index].extra_exposures {
            return;
        }
        self.granted[camera_index] += 1;
        let mid_exposure_us = self.earliest_us(camera_index, asked_us, EXTRA_AFTER_US);
        self.waiting.push(Due { mid_exposure_us, camera_index, extra: true });
        self.sort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lane_stack::client::{NeedMore, NextTrigger};

    fn cameras(extra_exposures: u32) -> Vec<CameraMount> {
        let mut cameras = crate::scenario::tests::first_light().rig.value.cameras;
        cameras.truncate(2);
        cameras.iter_mut().for_each(|camera| camera.extra_exposures = extra_exposures);
        cameras
    }

    /// Runs a schedule; `say` answers each exposure. The exposures as (time in ms, camera).
    fn run(schedule: &mut Schedule<'_>, say: impl Fn(usize, Due) -> Reply) -> Vec<(u64, usize)> {
        loop {
            match schedule.next() {
                Next::Expose(_) => {}
                Next::Hear(count) => {
                    assert_eq!(count, schedule.heeded + 1);
                    let place = count - 1;
                    let reply = say(place, schedule.taken()[place]);
                    schedule.heed(Some(&reply));
                }
                Next::End => {
                    return schedule.taken().iter().map(|d| (d.mid_exposure_us / 1000, d.camera_index)).collect();
                }
            }
        }
    }

    fn enough() -> Reply {
        Reply { enough: Some(Enough { persons: Vec::new(), quiet: Vec::new() }), ..Reply::default() }
    }

    fn more(cameras: &[CameraMount], camera_index: usize, after_us: Option<u64>) -> Reply {
        let camera_id = cameras[camera_index].id.clone();
        let wish = |after_us| NextTrigger { camera_id: camera_id.clone(), after_us };
        Reply {
            next_triggers: after_us.map(wish).into_iter().collect(),
            need_more: vec![NeedMore { camera_id: camera_id.clone(), seat: None, reason: "turned".into() }],
            ..Reply::default()
        }
    }

    const TRIGGERS: [(u64, usize); 6] =
        [(300_000, 1), (100_000, 0), (100_000, 1), (200_000, 0), (200_000, 1), (300_000, 0)];
    const ALL: [(u64, usize); 6] = [(100, 0), (100, 1), (200, 0), (200, 1), (300, 0), (300, 1)];

    #[test]
    fn without_a_word_the_triggers_fire_in_the_order_of_time_then_of_camera() {
        let cameras = cameras(1);
        let mut schedule = Schedule::new(&cameras, 20_000, true, &TRIGGERS);
        assert_eq!(run(&mut schedule, |_, _| Reply::default()), ALL);
        assert_eq!(schedule.saved(), None);
    }

    #[test]
    fn enough_ends_the_exposures_once_the_delay_has_passed() {
        let cameras = cameras(0);
        let after = |delay_us, place| {
            let mut schedule = Schedule::new(&cameras, delay_us, true, &TRIGGERS);
            let taken = run(&mut schedule, |i, _| if i >= place { enough() } else { Reply::default() });
            (taken.len(), schedule.saved().map(|s| (s.exposures, s.from_us)))
        };
        assert_eq!(after(20_000, 1), (2, Some((4, 200_000))));
        // At the very microsecond it is in force; one later it is not.
        assert_eq!(after(100_000, 1), (2, Some((4, 200_000))));
        assert_eq!(after(100_001, 1), (4, Some((2, 300_000))));
        assert_eq!(after(20_000, 5), (6, None), "said after the last exposure it saves nothing");
        // Who is not asked is not waited for.
        let mut schedule = Schedule::new(&cameras, 20_000, false, &TRIGGERS);
        assert_eq!(run(&mut schedule, |_, _| panic!("nobody listens")), ALL);
    }

    #[test]
    fn a_later_answer_takes_enough_back() {
        let cameras = cameras(0);
        let mut schedule = Schedule::new(&cameras, 20_000, true, &TRIGGERS);
        // The frame of camera 1 at the same instant shows somebody new.
        let taken = run(&mut schedule, |i, _| if i == 0 { enough() } else { Reply::default() });
        assert_eq!((taken, schedule.saved()), (ALL.to_vec(), None));
    }

    #[test]
    fn more_is_granted_as_often_as_the_rig_allows_when_the_stack_wishes() {
        let cameras = cameras(2);
        let extras = |after_us: Option<u64>, delay_us: u64| -> Vec<(u64, usize)> {
            let mut schedule = Schedule::new(&cameras, delay_us, true, &TRIGGERS);
            run(&mut schedule, |_, d| if d.camera_index == 0 { more(&cameras, 0, after_us) } else { Reply::default() });
            let extra = schedule.taken().iter().filter(|d| d.extra);
            extra.map(|d| (d.mid_exposure_us / 1000, d.camera_index)).collect()
        };
        assert_eq!(extras(Some(50_000), 20_000), [(150, 0), (200, 0)]);
        // Sooner than the answer can be heeded is then; and never before the camera is ready again.
        assert_eq!(extras(Some(0), 40_000)[0], (140, 0));
        assert_eq!(extras(Some(0), 0)[0], (128, 0));
        // Longer than any vehicle stays is not waited for; the last frame is asked for something too.
        assert_eq!(extras(Some(u64::MAX), 20_000).len(), 2);
        assert_eq!(extras(None, 20_000).len(), 2);
        let none = super::tests::cameras(0);
        let mut schedule = Schedule::new(&none, 20_000, true, &TRIGGERS);
        assert_eq!(run(&mut schedule, |_, _| more(&none, 0, None)), ALL);
    }

    #[test]
    fn an_unknown_camera_is_granted_nothing_and_enough_takes_back_what_was_granted() {
        let cameras = cameras(1);
        let mut schedule = Schedule::new(&cameras, 20_000, true, &TRIGGERS);
        let strange = || {
            let mut reply = more(&cameras, 0, Some(10));
            reply.need_more[0].camera_id = "nobody's".into();
            reply.next_triggers[0].camera_id = "nobody's".into();
            reply
        };
        assert_eq!(run(&mut schedule, |_, _| strange()), ALL);
        let mut schedule = Schedule::new(&cameras, 20_000, true, &TRIGGERS);
        let taken = run(&mut schedule, |i, _| match i {
            0 => more(&cameras, 0, Some(90_000)),
            _ => enough(),
        });
        assert_eq!(taken, ALL[..2]);
        assert_eq!(schedule.saved().map(|s| s.exposures), Some(4), "an extra exposure is not one that was saved");
    }
}
