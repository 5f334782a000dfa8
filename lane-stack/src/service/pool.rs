//! Worker threads, each with an engine of its own. Their queue is as long as what was let in ([`super::budget`]): a job
//! belongs to a frame, a reference picture or an encounter that was counted before.
use crate::client::StackError;
use crate::engine::Engine;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

type Job = Box<dyn FnOnce(&mut Engine) + Send>;

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

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next job; `None` when there is none and none will come.
    fn next(&self) -> Option<Job> {
        let mut queue = self.lock();
        loop {
            if let Some(job) = queue.jobs.pop_front() {
                return Some(job);
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
}

impl Pool {
    /// Starts one thread per engine.
    pub fn start(engines: Vec<Engine>) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let pool = Self { shared, workers: engines.len(), threads: Mutex::new(Vec::new()) };
        for (i, mut engine) in engines.into_iter().enumerate() {
            let shared = pool.shared.clone();
            let work = move || {
                while let Some(job) = shared.next() {
                    // Jobs guard what may fail; this keeps the thread should one fail beside it.
                    catch_unwind(AssertUnwindSafe(|| job(&mut engine))).ok();
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

    /// Puts a job behind the others.
    pub fn push(&self, job: impl FnOnce(&mut Engine) + Send + 'static) {
        self.shared.lock().jobs.push_back(Box::new(job));
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

/// Runs a part of the stack; a panic in it is an error, not the end of the service.
pub fn guarded<T, E: From<StackError>>(run: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| {
        let reason = "a defect of the program, see its log".to_string();
        Err(StackError::Model { model: "lane-stack".to_string(), reason }.into())
    })
}
