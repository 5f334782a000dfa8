//! A wall clock that is not believed when it steps.
//!
//! Retention is in the world's time, and erasing cannot be taken back: a clock that a time server, an operator or a dead
//! battery sets a year forward would erase a whole gallery, one set back would keep references longer than their holders
//! were told. So the wall clock is compared with one that cannot be set. While both agree, the wall clock counts. When the
//! wall clock steps by more than [`TOLERANCE_US`], time goes on from where it was, at the pace of the other clock, and the
//! step is told to the operator; only when it still stands after [`DOUBT_US`] is the wall clock believed again.
//!
//! What cannot be seen is a clock that was wrong before the process began.
use super::given::{Clock, UnixTime};
use std::sync::{Mutex, PoisonError};

/// A smaller step is believed at once: time servers make them, and retention is counted in hours.
const TOLERANCE_US: i64 = 60_000_000;
/// For so long a step must stand to be believed.
const DOUBT_US: i64 = 3_600_000_000;

/// Tells the time since some beginning; no one can set it.
pub trait Steady: Send + Sync {
    /// Microseconds since the beginning, never less than before.
    fn elapsed_us(&self) -> i64;
}

/// The machine's clock that cannot be set.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemSteady;

impl Steady for SystemSteady {
    #[expect(clippy::disallowed_methods, reason = "it judges the wall clock, which erases references")]
    fn elapsed_us(&self) -> i64 {
        static BEGIN: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
        let since = BEGIN.get_or_init(std::time::Instant::now).elapsed();
        i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
    }
}

struct State {
    /// A time that was believed, and what the steady clock told then.
    believed: UnixTime,
    at_us: i64,
    /// Since when the wall clock is in doubt, by the steady clock, and by how much it was off then.
    doubt: Option<(i64, i64)>,
}

/// The wall clock as long as it goes evenly, see the module's page.
pub struct GuardedClock<W, S> {
    wall: W,
    steady: S,
    tell: Box<dyn Fn(&str) + Send + Sync>,
    state: Mutex<State>,
}

impl<W: Clock, S: Steady> GuardedClock<W, S> {
    /// Believes the wall clock as it is now. `tell` gets a line when it steps and when a step is believed.
    pub fn new(wall: W, steady: S, tell: impl Fn(&str) + Send + Sync + 'static) -> Self {
        let state = State { believed: wall.now(), at_us: steady.elapsed_us(), doubt: None };
        Self { wall, steady, tell: Box::new(tell), state: Mutex::new(state) }
    }
}

impl<W: Clock, S: Steady> Clock for GuardedClock<W, S> {
    fn now(&self) -> UnixTime {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let steady_us = self.steady.elapsed_us();
        let (wall, even) = (self.wall.now(), UnixTime(state.believed.0.saturating_add(steady_us - state.at_us)));
        let off_us = wall.0.saturating_sub(even.0);
        if off_us.saturating_abs() <= TOLERANCE_US {
            if state.doubt.take().is_some() {
                (self.tell)("the wall clock is as it was before its step, and counts again");
            }
        } else {
            // A second step, or one back, begins a doubt of its own.
            let same = state.doubt.filter(|&(_, by_us)| off_us.saturating_sub(by_us).saturating_abs() <= TOLERANCE_US);
            let (since_us, by_us) = same.unwrap_or((steady_us, off_us));
            state.doubt = Some((since_us, by_us));
            if same.is_none() {
                let seconds = off_us / 1_000_000;
                (self.tell)(&format!(
                    "the wall clock stepped by {seconds} s, to {wall}; references live and end by {even} as before, \
                     until the step has stood for {} minutes: set the clock right before then if it is wrong",
                    DOUBT_US / 60_000_000
                ));
            }
            if steady_us - since_us < DOUBT_US {
                return even;
            }
            state.doubt = None;
            (self.tell)(&format!("the step of the wall clock stood, and counts: it is {wall}"));
        }
        (state.believed, state.at_us) = (wall, steady_us);
        wall
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering::Relaxed};

    #[derive(Clone, Default)]
    struct Hand(Arc<AtomicI64>);

    impl Clock for Hand {
        fn now(&self) -> UnixTime {
            UnixTime(self.0.load(Relaxed))
        }
    }

    impl Steady for Hand {
        fn elapsed_us(&self) -> i64 {
            self.0.load(Relaxed)
        }
    }

    const SECOND: i64 = 1_000_000;

    struct Clocks {
        wall: Hand,
        steady: Hand,
        guarded: GuardedClock<Hand, Hand>,
        told: Arc<AtomicUsize>,
    }

    impl Clocks {
        fn new() -> Self {
            let (wall, steady, told) = (Hand::default(), Hand::default(), Arc::new(AtomicUsize::new(0)));
            wall.0.store(1_000_000 * SECOND, Relaxed);
            let count = told.clone();
            let tell = move |_: &str| {
                count.fetch_add(1, Relaxed);
            };
            Self { guarded: GuardedClock::new(wall.clone(), steady.clone(), tell), wall, steady, told }
        }

        /// Time goes by, and the wall clock is set by so much beside; what is believed, seconds after the beginning.
        fn after(&self, seconds: i64, step: i64) -> i64 {
            self.steady.0.fetch_add(seconds * SECOND, Relaxed);
            self.wall.0.fetch_add((seconds + step) * SECOND, Relaxed);
            self.guarded.now().0 / SECOND - 1_000_000
        }
    }

    #[test]
    fn a_clock_that_goes_evenly_is_followed_and_small_steps_are() {
        let clocks = Clocks::new();
        assert_eq!([clocks.after(10, 0), clocks.after(100_000, 50), clocks.after(5, -59)], [10, 100_060, 100_006]);
        assert_eq!(clocks.told.load(Relaxed), 0);
    }

    #[test]
    fn a_step_is_not_believed_until_it_has_stood_for_an_hour() {
        for step in [400 * 86_400, -400 * 86_400, 61] {
            let clocks = Clocks::new();
            assert_eq!([clocks.after(10, step), clocks.after(1800, 0), clocks.after(1799, 0)], [10, 1810, 3609]);
            assert_eq!(clocks.told.load(Relaxed), 1);
            assert_eq!([clocks.after(1, 0), clocks.after(7, 0)], [3610 + step, 3617 + step]);
            assert_eq!(clocks.told.load(Relaxed), 2);
        }
    }

    #[test]
    fn a_step_that_is_taken_back_never_counts_and_another_is_doubted_anew() {
        let clocks = Clocks::new();
        assert_eq!([clocks.after(10, 9_000), clocks.after(3000, 9_000), clocks.after(3000, 0)], [10, 3010, 6010]);
        assert_eq!([clocks.after(10, -18_000), clocks.after(4000, 0)], [6020, 10_020]);
        assert_eq!(clocks.told.load(Relaxed), 3);
        // Seen first after hours: what stood meanwhile is not known.
        assert_eq!(clocks.after(50_000, 100_000), 60_020);
    }

    #[test]
    fn the_ends_of_time_are_borne() {
        let clocks = Clocks::new();
        for end in [i64::MAX, i64::MIN, 0] {
            clocks.wall.0.store(end, Relaxed);
            assert_eq!(clocks.guarded.now().0 / SECOND, 1_000_000);
        }
    }
}
