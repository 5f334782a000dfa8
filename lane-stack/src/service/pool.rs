//! Worker threads, each with an engine of its own. Their queue is as long as what was let in ([`super::budget`]): a job
//! belongs to a frame, a reference picture or an encounter that was counted before.
//!
//! Frames that wait one behind the other, of whichever encounters and cameras, are taken together where the engines look at
//! several at a time ([`Throughput`](crate::config::Throughput)): as many as leaves the other workers their share.
use super::clock;
use crate::client::{Frame, StackError};
use crate::engine::{Engine, Looked};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// A frame that waits to be looked at.
pub trait Look: Send {
    /// The frame; `None` when there is none to look at, or nobody waits for it any more.
    fn frame(&self) -> Option<&Frame>;

    /// Goes on with what was seen in it.
    fn seen(self: Box<Self>, engine: &mut Engine, seen: Option<Seen>);
}

/// What was seen in a frame.
pub struct Seen {
    /// Faces, or why there are none.
    pub looked: Result<Looked, StackError>,
    /// How long looking took; of frames that were looked at together, the share of one.
    pub took_s: f64,
}

enum Job {
    Look(Box<dyn Look>),
    Other(Box<dyn FnOnce(&mut Engine) + Send>),
}

/// What a worker does next.
enum Work {
    Look(Vec<Box<dyn Look>>),
    Other(Box<dyn FnOnce(&mut Engine) + Send>),
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    stopping: bool,
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    work: Condvar,
}

impl Queue {
    /// The first job, and of frames those behind it.
    fn take(&mut self, workers: usize, max_batch: usize) -> Option<Work> {
        let first = match self.jobs.pop_front()? {
            Job::Look(look) => look,
            Job::Other(job) => return Some(Work::Other(job)),
        };
        let behind = self.jobs.iter().take_while(|job| matches!(job, Job::Look(_))).count();
        let together = (behind + 1).div_ceil(workers).min(max_batch);
        let mut looks = vec![first];
        while looks.len() < together
            && let Some(Job::Look(look)) = self.jobs.pop_front()
        {
            looks.push(look);
        }
        Some(Work::Look(looks))
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What to do next; `None` when there is nothing and nothing will come.
    fn next(&self, workers: usize, max_batch: usize) -> Option<Work> {
        let mut queue = self.lock();
        loop {
            if let Some(work) = queue.take(workers, max_batch) {
                return Some(work);
            }
            if queue.stopping {
                return None;
            }
            queue = self.work.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// The threads.
pub struct Pool {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    workers: usize,
    max_batch: usize,
}

impl Pool {
    /// Starts one thread per engine.
    pub fn start(engines: Vec<Engine>) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let (workers, max_batch) = (engines.len(), engines.first().map_or(1, Engine::max_batch));
        let pool = Self { shared, workers, max_batch, threads: Mutex::new(Vec::new()) };
        for (i, mut engine) in engines.into_iter().enumerate() {
            let shared = pool.shared.clone();
            let work = move || {
                while let Some(work) = shared.next(workers, max_batch) {
                    // Jobs guard what may fail; this keeps the thread should one fail beside it.
                    let done = || match work {
                        Work::Look(looks) => look(&mut engine, looks),
                        Work::Other(job) => job(&mut engine),
                    };
                    catch_unwind(AssertUnwindSafe(done)).ok();
                }
            };
            let thread = std::thread::Builder::new().name(format!("worker-{i}")).spawn(work)?;
            pool.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        }
        Ok(pool)
    }

    /// Number of threads.
    pub fn workers(&self) -> usize {
        self.workers
    }

    /// Frames of one encounter that may be under way at a time.
    pub fn frames_at_a_time(&self) -> usize {
        self.workers * self.max_batch
    }

    /// Puts a job behind the others.
    pub fn push(&self, job: impl FnOnce(&mut Engine) + Send + 'static) {
        self.shared.lock().jobs.push_back(Job::Other(Box::new(job)));
        self.shared.work.notify_one();
    }

    /// Puts a job before the others: what ends something goes before what begins something.
    pub fn push_first(&self, job: impl FnOnce(&mut Engine) + Send + 'static) {
        self.shared.lock().jobs.push_front(Job::Other(Box::new(job)));
        self.shared.work.notify_one();
    }

    /// Puts a frame behind the other jobs.
    pub fn push_look(&self, look: impl Look + 'static) {
        self.shared.lock().jobs.push_back(Job::Look(Box::new(look)));
        self.shared.work.notify_one();
    }

    /// Waits until all jobs are done, and ends the threads.
    pub fn finish(&self) {
        self.shared.lock().stopping = true;
        self.shared.work.notify_all();
        for thread in self.threads.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            thread.join().ok();
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.finish();
    }
}

/// Looks at frames together, and goes on with each in its order.
fn look(engine: &mut Engine, looks: Vec<Box<dyn Look>>) {
    let begin = clock();
    // Asked once: whether somebody waits may change meanwhile.
    let frames: Vec<Option<&Frame>> = looks.iter().map(|look| look.frame()).collect();
    let wanted: Vec<&Frame> = frames.iter().copied().flatten().collect();
    let mut looked = looked_at(engine, &wanted).into_iter();
    let took_s = (clock() - begin) / wanted.len().max(1) as f64;
    let seen: Vec<Option<Seen>> =
        frames.iter().map(|frame| frame.and_then(|_| looked.next()).map(|looked| Seen { looked, took_s })).collect();
    for (look, seen) in looks.into_iter().zip(seen) {
        look.seen(engine, seen);
    }
}

/// What is seen in each; a defect that one of several sets off is that one's alone.
fn looked_at(engine: &mut Engine, frames: &[&Frame]) -> Vec<Result<Looked, StackError>> {
    match guarded(|| Ok::<_, StackError>(engine.look_at_all(frames))) {
        Ok(looked) => looked,
        Err(_) if frames.len() > 1 => frames.iter().flat_map(|frame| looked_at(engine, &[frame])).collect(),
        Err(error) => vec![Err(error)],
    }
}

/// Runs a part of the stack; a panic in it is an error, not the end of the service.
pub fn guarded<T, E: From<StackError>>(run: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| {
        let reason = "a defect of the program, see its log".to_string();
        Err(StackError::Model { model: "lane-stack".to_string(), reason }.into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nothing;

    impl Look for Nothing {
        fn frame(&self) -> Option<&Frame> {
            None
        }

        fn seen(self: Box<Self>, _: &mut Engine, _: Option<Seen>) {}
    }

    /// How many frames are taken together each time; 0 is another job.
    fn taken(jobs: &str, workers: usize, max_batch: usize) -> Vec<usize> {
        let job = |c: char| if c == 'f' { Job::Look(Box::new(Nothing)) } else { Job::Other(Box::new(|_| ())) };
        let mut queue = Queue { jobs: jobs.chars().map(job).collect(), stopping: false };
        let next = || {
            Some(match queue.take(workers, max_batch)? {
                Work::Look(looks) => looks.len(),
                Work::Other(_) => 0,
            })
        };
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn frames_are_taken_together_as_many_as_leave_the_other_workers_their_share() {
        assert_eq!(taken("fffff", 1, 1), [1; 5]);
        assert_eq!(taken("ffffffff", 2, 4), [4, 2, 1, 1]);
        assert_eq!(taken("ffffffff", 1, 3), [3, 3, 2]);
        assert_eq!(taken("ff", 4, 8), [1, 1]);
        // Nothing is looked at before what came before it.
        assert_eq!(taken("ffdfffd", 1, 8), [2, 0, 3, 0]);
        assert_eq!(taken("", 2, 4), [0; 0]);
    }
}
