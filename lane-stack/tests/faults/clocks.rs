//! Clocks that step: a camera's, in the time stamps of its frames, and the machine's, by which references end.
use crate::harness::{FRAMES, Service};
use lane_stack::api::Closed;
use lane_stack::gallery::{
    Clock, Desk, Enrolment, GalleryError, GuardedClock, MasterKey, ModelId, OsEntropy, Policy, ReferenceKind,
    References as _, Retention, Steady, Store, Template, UnixTime,
};
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

const HOUR_US: u64 = 3_600_000_000;

/// An encounter whose frames have these times of mid-exposure, as the service answers it; without its id.
fn with_times(service: &Service, id: &str, times_us: &[u64]) -> Closed {
    service.open(id);
    for (sequence, time_us) in times_us.iter().enumerate() {
        let (camera, bytes) = FRAMES[sequence % FRAMES.len()];
        let path = format!(
            "/v1/encounters/{id}/frames?camera_id={camera}&exposure_id={sequence}&mid_exposure_us={time_us}\
             &exposure_us=400&sequence={sequence}"
        );
        let answer = service.call("POST", &path, bytes, "image/jpeg");
        assert_eq!(answer.status, 200, "{time_us}: {answer:?}");
    }
    let closed: Closed = service.close(id).json();
    Closed { encounter_id: String::new(), ..closed }
}

#[test]
fn frames_whose_time_goes_back_or_jumps_are_looked_at_like_others() {
    let Some(service) = Service::start(1, "") else { return };
    let even = with_times(&service, "even", &[0, 50_000, 100_000, 150_000, 200_000]);
    for (name, times_us) in [
        ("back", [200_000, 150_000, 100_000, 50_000, 0]),
        ("back-by-hours", [5 * HOUR_US, 5 * HOUR_US, HOUR_US, HOUR_US, 0]),
        ("on-by-hours", [0, 50_000, 7 * HOUR_US, 7 * HOUR_US, 90 * HOUR_US]),
        ("still", [7; 5]),
        ("ends", [u64::MAX, 0, 0, u64::MAX, u64::MAX]),
    ] {
        let closed = with_times(&service, name, &times_us);
        assert_eq!(closed.accepted_frames, 5);
        // What is seen in a frame does not depend on its time; what belongs together may.
        let faces = |closed: &Closed| -> Vec<_> {
            closed.decisions.detections.iter().map(|d| (d.exposure_id, d.box_px, d.quality)).collect()
        };
        assert_eq!(faces(&closed), faces(&even), "{name}");
        assert!(!closed.decisions.best_shots.is_empty());
        assert_eq!(with_times(&service, &format!("{name}-again"), &times_us), closed, "{name}");
    }
    // A track does not live on over hours, whichever way.
    let tracks = |closed: &Closed| closed.decisions.best_shots.iter().map(|b| b.detection.track_id).max();
    let seen = |name, times_us| tracks(&with_times(&service, name, times_us));
    let [on, back] =
        [seen("on-2", &[0, 0, 9 * HOUR_US, 0, 18 * HOUR_US]), seen("back-2", &[18 * HOUR_US, 0, 9 * HOUR_US, 0, 0])];
    assert_eq!(on, back);
    // A time before the trigger is refused, as are numbers that are none.
    service.open("bad");
    for wrong in ["-1", "1e3", "nan", "18446744073709551616", ""] {
        let path = format!("/v1/encounters/bad/frames?camera_id=c&exposure_id=1&mid_exposure_us={wrong}&exposure_us=1");
        service.call("POST", &path, FRAMES[0].1, "image/jpeg").is_problem(400, "bad-query");
    }
    assert!(!service.log().contains("panicked"), "{}", service.log());
}

/// A clock that a test sets.
#[derive(Clone)]
struct Set(Arc<AtomicI64>);

impl Clock for Set {
    fn now(&self) -> UnixTime {
        UnixTime(self.0.load(Relaxed))
    }
}

impl Steady for Set {
    fn elapsed_us(&self) -> i64 {
        self.0.load(Relaxed)
    }
}

const MINUTE: i64 = 60_000_000;
const DAY: i64 = 24 * 60 * MINUTE;
/// 2026-11-28T00:00:00Z.
const BEGIN: i64 = 1_795_824_000_000_000;

/// A gallery that keeps passports for a day, asked by a guarded clock.
struct Site {
    _folder: tempfile::TempDir,
    wall: Set,
    steady: Set,
    desk: Desk,
    told: Arc<Mutex<Vec<String>>>,
}

impl Site {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lane.gallery");
        let key = || MasterKey::parse(&"5a".repeat(32)).unwrap();
        let model = ModelId { name: "tester".into(), sha256: "0f".repeat(32), dimension: 4 };
        let asked = lane_stack::gallery::Asked { by: "test", at: UnixTime(BEGIN) };
        Store::create(&path, &key(), Box::new(OsEntropy), &model, &asked).unwrap();
        let mut store = Store::open(&path, key(), Box::new(OsEntropy)).unwrap();
        let rule = Retention { kind: ReferenceKind::Passport, class: "*".into(), hours: 24.0 };
        store.set_policy(&asked, Policy { retain: vec![rule] }).unwrap();
        let (wall, steady) = (Set(Arc::new(BEGIN.into())), Set(Arc::default()));
        let told = Arc::new(Mutex::new(Vec::new()));
        let lines = told.clone();
        let tell = move |line: &str| lines.lock().unwrap().push(line.to_string());
        let clock = GuardedClock::new(wall.clone(), steady.clone(), tell);
        let desk = Desk::new(Arc::new(Mutex::new(store)), Arc::new(clock), "lane");
        Self { _folder: folder, wall, steady, desk, told }
    }

    fn enrol(&mut self, id: &str) {
        let model = self.desk.model().unwrap();
        let template = Template::normalised(model, vec![1.0, 2.0, 3.0, 4.0]).unwrap();
        self.desk.enrol(Enrolment::passport(id), template.values().to_vec()).unwrap();
    }

    /// Time goes by, minute by minute, and the service tidies up as it does.
    fn minutes(&mut self, minutes: i64) -> usize {
        let mut erased = 0;
        for _ in 0..minutes {
            self.steady.0.fetch_add(MINUTE, Relaxed);
            self.wall.0.fetch_add(MINUTE, Relaxed);
            erased += self.desk.expire().unwrap();
        }
        erased
    }

    fn step(&self, by_us: i64) {
        self.wall.0.fetch_add(by_us, Relaxed);
    }
}

#[test]
fn a_step_of_the_wall_clock_erases_nothing_early_and_keeps_nothing_longer() {
    for step in [400 * DAY, -400 * DAY, 2 * DAY, -BEGIN] {
        let mut site = Site::new();
        site.enrol("P-1");
        assert_eq!(site.minutes(60), 0);
        site.step(step);
        assert_eq!(site.minutes(50), 0, "{step}");
        assert!(site.desk.look_up("P-1").is_ok() && site.desk.len() == 1, "{step}: it is still found");
        assert_eq!(site.told.lock().unwrap().len(), 1, "{:?}", site.told.lock().unwrap());
        // Somebody sets it right, within the hour.
        site.step(-step);
        assert_eq!(site.minutes(24 * 60 - 60 - 50 - 1), 0, "{step}");
        assert_eq!(site.minutes(1), 1, "{step}: at the end of its day");
        assert_eq!(site.desk.look_up("P-1"), Err(GalleryError::Unknown("P-1".into())));
    }
}

#[test]
fn a_reference_ends_on_time_though_the_clock_is_stepped_again_and_again() {
    let mut site = Site::new();
    site.enrol("P-1");
    for i in 0..47 {
        site.step(if i % 2 == 0 { 30 * DAY } else { -30 * DAY });
        assert_eq!(site.minutes(30), 0, "{i}");
    }
    assert_eq!((site.minutes(29), site.minutes(1)), (0, 1));
}

#[test]
fn a_step_that_stands_is_told_twice_and_counts_after_an_hour() {
    let mut site = Site::new();
    site.enrol("P-1");
    site.minutes(1);
    site.step(2 * DAY);
    // Seen a minute later.
    assert_eq!((site.minutes(60), site.minutes(1)), (0, 1));
    let told = site.told.lock().unwrap();
    assert!(told.len() == 2 && told[0].contains("stepped by 172800 s, to 2026-11-30T"), "{told:?}");
}
