//! The phases: a closed loop that finds the capacity, and a timetable that does not wait.
use super::client::{Client, Options};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::{Duration, Instant};
use ureq::http::Method;

/// Requests that may be under way at a time: more than a service's default limits let in, so that overload shows.
const SENDERS: usize = 160;

/// Lanes, cameras and frames.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub struct Plan {
    /// Encounters at a time, but for those that are being closed.
    pub lanes: usize,
    /// Cameras of all lanes.
    pub cameras: usize,
    /// Frames of an encounter.
    pub frames: usize,
}

/// What a phase came to. Times are in seconds, in no order.
#[derive(Debug, Default)]
pub struct Measured {
    /// Length of the phase.
    pub seconds: f64,
    /// Frames that were due.
    pub offered: u64,
    /// From when a frame was due to its answer, of those that were answered.
    pub frame_s: Vec<f64>,
    /// Frames that were refused with 429, or whose encounter was.
    pub shed: u64,
    /// From when the last frame of an encounter was due to the decision.
    pub decision_s: Vec<f64>,
    /// Of that, from the wish to close to the decision.
    pub close_s: Vec<f64>,
    /// Encounters that were refused with 429.
    pub shed_encounters: u64,
    /// Answers that should not have been, by status, with one of them in words.
    pub wrong: BTreeMap<u16, (u64, String)>,
}

impl Measured {
    /// Frames answered in a second.
    pub fn frames_per_s(&self) -> f64 {
        self.frame_s.len() as f64 / self.seconds
    }

    fn wrong(&mut self, status: u16, what: String) {
        self.wrong.entry(status).or_insert((0, what)).0 += 1;
    }
}

/// What makes the load.
pub struct Load {
    options: Options,
    frames: Arc<Vec<Vec<u8>>>,
    plan: Plan,
    next_encounter: AtomicU64,
}

/// An encounter under way.
struct Vehicle {
    id: String,
    /// Frames not yet answered.
    left: Mutex<usize>,
    all_answered: Condvar,
    last_due: Mutex<Option<Instant>>,
}

#[expect(clippy::disallowed_methods, reason = "a measurement reads the wall clock")]
fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "frames are sent by a timetable")]
fn wait_until(due: Instant) {
    let left = due.saturating_duration_since(now());
    if !left.is_zero() {
        std::thread::sleep(left);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Load {
    pub fn new(options: Options, frames: Arc<Vec<Vec<u8>>>, plan: Plan) -> Self {
        Self { options, frames, plan, next_encounter: AtomicU64::new(0) }
    }

    fn encounter_id(&self) -> String {
        format!("load-{}-{}", std::process::id(), self.next_encounter.fetch_add(1, Relaxed))
    }

    fn frame_path(&self, id: &str, camera: usize, frame: usize) -> String {
        // Three frames a second of each camera, as the stack sees them.
        let time_us = frame / 2 * 333_333;
        format!(
            "/v1/encounters/{id}/frames?camera_id=c{camera}&exposure_id={frame}&mid_exposure_us={time_us}&exposure_us=400"
        )
    }

    /// Each camera sends its next frame when it has the answer to the last one.
    pub fn capacity(&self, length: Duration) -> Result<Measured, String> {
        let (begin, over) = (now(), AtomicBool::new(false));
        let lane = |lane: usize| -> Result<Measured, String> {
            let (client, mut measured) = (Client::new(self.options.clone()), Measured::default());
            let cameras = self.cameras_of(lane);
            let mut file = lane;
            while !over.load(Relaxed) {
                let id = self.encounter_id();
                let opened = client.call(Method::PUT, &format!("/v1/encounters/{id}"), Some(&[]))?;
                if opened.status != 201 {
                    return Err(format!("opening an encounter: {}", told(&opened)));
                }
                // One camera a thread, as cameras do not wait for each other.
                let of_camera = |camera: usize, first: usize| -> Result<(Vec<f64>, u64), String> {
                    let client = Client::new(self.options.clone());
                    let (mut times, mut offered) = (Vec::new(), 0);
                    for frame in (camera..self.plan.frames).step_by(cameras) {
                        if over.load(Relaxed) {
                            break;
                        }
                        let due = now();
                        let bytes = &self.frames[(first + frame) % self.frames.len()];
                        let answer = client.call(Method::POST, &self.frame_path(&id, camera, frame), Some(bytes))?;
                        offered += 1;
                        if answer.status != 200 {
                            return Err(format!("a frame: {}", told(&answer)));
                        }
                        times.push(due.elapsed().as_secs_f64());
                    }
                    Ok((times, offered))
                };
                let first = file;
                let all = std::thread::scope(|scope| {
                    let of_camera = &of_camera;
                    let threads: Vec<_> =
                        (0..cameras).map(|camera| scope.spawn(move || of_camera(camera, first))).collect();
                    threads.into_iter().map(join).collect::<Vec<_>>()
                });
                for one in all {
                    let (times, offered) = one??;
                    measured.frame_s.extend(times);
                    measured.offered += offered;
                }
                let due = now();
                let closed = client.call(Method::POST, &format!("/v1/encounters/{id}/close"), Some(&[]))?;
                if closed.status != 200 {
                    return Err(format!("closing an encounter: {}", told(&closed)));
                }
                measured.close_s.push(due.elapsed().as_secs_f64());
                file += self.plan.frames;
            }
            Ok(measured)
        };
        let mut all = Measured::default();
        std::thread::scope(|scope| -> Result<(), String> {
            let lane = &lane;
            let threads: Vec<_> = (0..self.plan.lanes).map(|i| scope.spawn(move || lane(i))).collect();
            wait_until(begin + length);
            over.store(true, Relaxed);
            for thread in threads {
                let measured = join(thread)??;
                all.offered += measured.offered;
                all.frame_s.extend(measured.frame_s);
                all.close_s.extend(measured.close_s);
            }
            Ok(())
        })?;
        all.seconds = begin.elapsed().as_secs_f64();
        if all.frame_s.is_empty() {
            return Err("no frame was answered within the phase; give it more time".to_string());
        }
        Ok(all)
    }

    fn cameras_of(&self, lane: usize) -> usize {
        // The last lane of an odd number has one.
        if lane + 1 == self.plan.lanes && self.plan.cameras % 2 == 1 { 1 } else { 2 }
    }

    /// Frames by a timetable, so many a second over all lanes.
    pub fn paced(&self, rate_hz: f64, length: Duration) -> Result<Measured, String> {
        let measured = Arc::new(Mutex::new(Measured::default()));
        let (jobs, taken) = mpsc::channel::<Job>();
        let taken = Arc::new(Mutex::new(taken));
        let begin = now();
        let ended = std::thread::scope(|scope| -> Result<(), String> {
            for _ in 0..SENDERS {
                let (taken, measured) = (taken.clone(), measured.clone());
                scope.spawn(move || {
                    let client = Client::new(self.options.clone());
                    loop {
                        let job = lock(&taken).recv();
                        let Ok(job) = job else { return };
                        self.send(&client, job, &measured);
                    }
                });
            }
            let lanes: Vec<_> = (0..self.plan.lanes)
                .map(|lane| {
                    let (jobs, measured) = (jobs.clone(), measured.clone());
                    scope.spawn(move || self.timetable(lane, rate_hz, begin, length, &jobs, &measured))
                })
                .collect();
            drop(jobs);
            lanes.into_iter().try_for_each(join)
        });
        ended?;
        let mut measured = std::mem::take(&mut *lock(&measured));
        measured.seconds = begin.elapsed().as_secs_f64();
        Ok(measured)
    }

    /// One lane: vehicle after vehicle.
    fn timetable(
        &self,
        lane: usize,
        rate_hz: f64,
        begin: Instant,
        length: Duration,
        jobs: &mpsc::Sender<Job>,
        measured: &Mutex<Measured>,
    ) {
        let client = Client::new(self.options.clone());
        let step_s = self.plan.lanes as f64 / rate_hz;
        // Lanes are out of step with each other, as vehicles are.
        let offset_s = step_s * lane as f64 / self.plan.lanes as f64;
        let due_at = |frame: u64| begin + Duration::from_secs_f64(offset_s + frame as f64 * step_s);
        let cameras = self.cameras_of(lane);
        let mut sent = 0u64;
        while due_at(sent) < begin + length {
            let id = self.encounter_id();
            let frames = self.plan.frames as u64;
            wait_until(due_at(sent));
            let opened = client.call(Method::PUT, &format!("/v1/encounters/{id}"), Some(&[]));
            let problem = match opened {
                Ok(answer) if answer.status == 201 => None,
                Ok(answer) => Some((answer.status, told(&answer))),
                Err(reason) => Some((0, reason)),
            };
            if let Some((status, what)) = problem {
                // This vehicle is lost, and all its frames are.
                {
                    let mut measured = lock(measured);
                    measured.offered += frames;
                    measured.shed += frames;
                    if status == 429 { measured.shed_encounters += 1 } else { measured.wrong(status, what) }
                }
                sent += frames;
                continue;
            }
            let vehicle = Arc::new(Vehicle {
                id,
                left: Mutex::new(self.plan.frames),
                all_answered: Condvar::new(),
                last_due: Mutex::new(None),
            });
            for frame in 0..self.plan.frames {
                let due = due_at(sent);
                wait_until(due);
                let file = (lane * 7 + sent as usize) % self.frames.len();
                let of_frame = Job::Frame { vehicle: vehicle.clone(), camera: frame % cameras, frame, file, due };
                // Senders live as long as lanes do.
                jobs.send(of_frame).ok();
                sent += 1;
            }
            jobs.send(Job::Close(vehicle)).ok();
        }
    }

    fn send(&self, client: &Client, job: Job, measured: &Mutex<Measured>) {
        match job {
            Job::Frame { vehicle, camera, frame, file, due } => {
                let path = self.frame_path(&vehicle.id, camera, frame);
                let answer = client.call(Method::POST, &path, Some(&self.frames[file]));
                let took_s = due.elapsed().as_secs_f64();
                {
                    let mut measured = lock(measured);
                    measured.offered += 1;
                    match answer {
                        Ok(answer) if answer.status == 200 => measured.frame_s.push(took_s),
                        Ok(answer) if answer.status == 429 => measured.shed += 1,
                        Ok(answer) => measured.wrong(answer.status, told(&answer)),
                        Err(reason) => measured.wrong(0, reason),
                    }
                }
                let mut last = lock(&vehicle.last_due);
                *last = (*last).max(Some(due));
                drop(last);
                *lock(&vehicle.left) -= 1;
                vehicle.all_answered.notify_all();
            }
            Job::Close(vehicle) => {
                // A client that closes before its frames are answered may have some refused.
                let left = lock(&vehicle.left);
                let answered = vehicle.all_answered.wait_while(left, |left| *left > 0);
                drop(answered.unwrap_or_else(PoisonError::into_inner));
                let due = now();
                let answer = client.call(Method::POST, &format!("/v1/encounters/{}/close", vehicle.id), Some(&[]));
                let mut measured = lock(measured);
                match answer {
                    Ok(answer) if answer.status == 200 => {
                        measured.close_s.push(due.elapsed().as_secs_f64());
                        let last = lock(&vehicle.last_due).unwrap_or(due);
                        measured.decision_s.push(last.elapsed().as_secs_f64());
                    }
                    Ok(answer) => measured.wrong(answer.status, told(&answer)),
                    Err(reason) => measured.wrong(0, reason),
                }
            }
        }
    }
}

enum Job {
    Frame { vehicle: Arc<Vehicle>, camera: usize, frame: usize, file: usize, due: Instant },
    Close(Arc<Vehicle>),
}

fn told(answer: &super::client::Answer) -> String {
    let text = String::from_utf8_lossy(&answer.body);
    format!("status {}: {}", answer.status, text.chars().take(300).collect::<String>())
}

fn join<T>(thread: std::thread::ScopedJoinHandle<'_, T>) -> Result<T, String> {
    thread.join().map_err(|_| "a thread of the measurement panicked".to_string())
}
