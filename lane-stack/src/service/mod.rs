//! `lane-stack serve`: the stack behind an HTTP API, for several encounters at a time.
//!
//! What is said over the wire is in [`crate::api`] and in `lane-stack/openapi.json`; how it is set up in [`config`].
//!
//! # Ways
//! A request passes [`listen`] (connections, TLS), [`auth`] (no route without a token but health), and [`routes`]. A frame's
//! bytes are read ([`intake`], [`stream`]) once there is room for them ([`budget`]), become part of their encounter
//! ([`encounter`], [`encounters`]), are looked at by a worker thread with an engine of its own ([`pool`]), and followed in
//! the order of their sequence. So the decisions of an encounter depend on its frames and on the gallery at its closing,
//! and on no clock, no other encounter and no number of workers. (A gallery on disk forgets by the clock.)
//!
//! The gallery ([`references`]) is a list in memory, or a database that `[gallery]` names; the service then is the one
//! process that has it open, and its audit log tells its requests as those of `http`.
//!
//! # What is refused
//! Every refusal is a problem ([`problem`]). Nothing queues without bound: what finds no room gets 429 and `Retry-After`.
//!
//! # Faults
//! A database that is damaged, of another model's templates, or none, is refused at the beginning, by name and with what to
//! do. A disk that becomes full refuses what would be kept (507 `gallery-disk`); the lane goes on, and deletions are done, for some
//! forty thousand requests. Models are read once: their files may change or go. A step of the wall clock does not
//! end references before it has stood for an hour.
//!
//! # The end
//! On SIGTERM or SIGINT it is no longer ready and opens no encounter; those that are open can be finished for
//! `finish_s`. Then it stops listening, answers what it accepted, and ends.
pub mod auth;
pub mod budget;
pub mod config;
pub mod encounter;
pub mod encounters;
pub mod events;
mod fillers;
mod intake;
mod listen;
pub mod metrics;
pub mod openapi;
pub mod pool;
pub mod problem;
pub mod references;
mod rig;
mod routes;
mod stream;
pub(crate) mod stream_fuzzing;

use crate::api::{Readiness, StackInfo};
use crate::engine::{Engine, Identified, identified};
use crate::error::SetupError;
use crate::gallery::{Fillers, GalleryError, OperatingPoint};
use crate::models::select;
use auth::Token;
use budget::Budget;
use config::{Limits, ServiceConfig};
use encounters::Encounters;
use events::Events;
use metrics::{Levels, Metrics};
use pool::Pool;
use problem::Refusal;
use references::SharedReferences;
use rig::Installed;
use std::net::SocketAddr;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How often encounters are looked through for those that are open too long.
const SWEEP: Duration = Duration::from_secs(1);
/// How often references past their time are erased; no search finds them meanwhile.
const TIDY: Duration = Duration::from_secs(60);
/// How often it is asked, after a signal, whether the last encounter is closed.
const FINISH_STEP: Duration = Duration::from_millis(50);
/// Threads that move bytes; the workers are apart.
const IO_THREADS: usize = 2;
/// Threads that wait for the gallery.
const GALLERY_THREADS: usize = 8;

/// Seconds since the program began. Only waiting, ages and metrics depend on it, never a decision.
#[expect(clippy::disallowed_methods, reason = "time-outs and metrics are about the wall clock; no decision sees it")]
fn clock() -> f64 {
    static BEGIN: OnceLock<Instant> = OnceLock::new();
    BEGIN.get_or_init(Instant::now).elapsed().as_secs_f64()
}

/// A line for the operator. Ids are checked before they come here; tokens, templates and pictures never do.
fn log(line: &str) {
    eprintln!("lane-stack: {line}");
}

/// What workers and encounters share.
pub struct Core {
    /// Limits.
    pub limits: Limits,
    /// Workers.
    pub pool: Pool,
    /// Counts and times.
    pub metrics: Metrics,
    /// Live events.
    pub events: Events,
    /// Gallery.
    pub gallery: Arc<SharedReferences>,
    /// Where the cameras are.
    pub rig: Installed,
    /// Room for frames and reference pictures under way.
    pub room: Arc<Budget>,
}

impl Core {
    /// Counts a request that is turned away.
    fn shed(&self) {
        self.metrics.shed.fetch_add(1, Relaxed);
    }

    /// The gallery's candidates for each template, and the reference decided for.
    fn identify(&self, card_threshold: f32, templates: &[&[f32]]) -> Result<Vec<Identified>, Refusal> {
        self.gallery.ask(|references| identified(references, templates, card_threshold))
    }

    /// Seconds until what is queued will about have been looked at, from 1 to 30.
    fn retry_after_s(&self) -> u64 {
        self.expected_wait_s().ceil().clamp(1.0, 30.0) as u64
    }

    /// Seconds until a picture that comes now is looked at: those under way, at the pace so far, decisions between them
    /// included.
    fn expected_wait_s(&self) -> f64 {
        let frame_s = self.metrics.work_of_frame_s().unwrap_or(0.1);
        frame_s * self.room.taken().0 as f64 / self.pool.workers() as f64
    }
}

/// How far the service is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Takes everything.
    Running,
    /// Takes no connection any more; what is under way is answered.
    Ending,
}

/// The service as its routes see it.
struct Service {
    core: Arc<Core>,
    encounters: Encounters,
    listeners: Arc<Budget>,
    token: Token,
    info: StackInfo,
    readiness: Readiness,
    fillers: Option<Arc<Fillers>>,
    phase: watch::Receiver<Phase>,
}

impl Service {
    fn levels(&self) -> Levels {
        let (queued, queued_bytes) = self.core.room.taken();
        Levels {
            open_encounters: self.encounters.open_count(),
            queued,
            queued_bytes,
            references: self.core.gallery.ask(|references| references.len() as u64),
            workers: self.core.pool.workers(),
        }
    }
}

/// Why a service did not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// It could not be set up.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The gallery could not be opened.
    #[error(transparent)]
    Gallery(#[from] GalleryError),
    /// The address cannot be listened on, or the system lacks threads or signals.
    #[error("{0}")]
    System(String),
    /// It was stopped before everything was finished.
    #[error("stopped with {encounters} encounters open: finish_s is over")]
    Unfinished {
        /// How many.
        encounters: usize,
    },
}

impl ServeError {
    /// The process exit code that the `lane-stack` binary documents for this error.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Setup(error) => error.exit_code(),
            Self::Gallery(error) => error.exit_code(),
            Self::System(_) => crate::exit::LISTEN,
            Self::Unfinished { .. } => crate::exit::UNFINISHED,
        }
    }
}

/// Serves until SIGTERM or SIGINT, and finishes. `ready` is told the URL once connections are taken.
pub fn run(config: ServiceConfig, ready: impl FnOnce(&str)) -> Result<(), ServeError> {
    let token = Token::read(&config.token)?;
    let tls = config.tls.as_ref().map(listen::acceptor).transpose()?;
    let installed = Installed::new(config.cameras.clone()).map_err(|fault| ServeError::System(fault.to_string()))?;
    let selection = select(&config.models, config.stack_config.as_deref())?;
    let fillers = Fillers::of_card(&selection.models, &selection.embedder)?.map(Arc::new);
    let open = |_| Engine::open(selection.clone(), config.onnxruntime.as_deref());
    let engines = (0..config.workers).map(open).collect::<Result<Vec<Engine>, SetupError>>()?;
    let gallery = SharedReferences::open(config.gallery.as_ref(), &engines[0].model())?;
    let info = info(&engines[0], gallery.ask(|references| references.operating_point()).as_ref());
    let readiness = engines[0].readiness();
    let pool = Pool::start(engines).map_err(|e| ServeError::System(format!("worker threads: {e}")))?;
    let limits = config.limits.clone();
    let core = Arc::new(Core {
        room: Budget::new(limits.max_queued_frames, limits.max_queued_bytes),
        pool,
        metrics: Metrics::default(),
        events: Events::default(),
        gallery: Arc::new(gallery),
        rig: installed,
        limits,
    });
    let (phase, phases) = watch::channel(Phase::Running);
    let service = Arc::new(Service {
        listeners: Budget::new(config.limits.max_listeners, 0),
        encounters: Encounters::default(),
        core: core.clone(),
        token,
        info,
        readiness,
        fillers,
        phase: phases,
    });
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(IO_THREADS)
        .max_blocking_threads(GALLERY_THREADS)
        .enable_all()
        .build()
        .map_err(|e| ServeError::System(format!("threads: {e}")))?;
    let unfinished = runtime.block_on(serve(config.listen, tls, service, phase, ready))?;
    // Frames whose senders have gone were accepted too.
    core.pool.finish();
    if unfinished == 0 { Ok(()) } else { Err(ServeError::Unfinished { encounters: unfinished }) }
}

fn info(engine: &Engine, point: Option<&OperatingPoint>) -> StackInfo {
    StackInfo {
        version: env!("CARGO_PKG_VERSION").to_string(),
        about: engine.describe("over HTTP", point),
        match_threshold: point.map_or(engine.match_threshold(), |point| point.threshold),
        quality_rule: engine.working().quality_rule,
        gives_feedback: engine.gives_feedback(),
    }
}

/// The asynchronous part of [`run`]: the number of encounters that were open when it ended.
async fn serve(
    address: SocketAddr,
    tls: Option<tokio_rustls::TlsAcceptor>,
    service: Arc<Service>,
    phase: watch::Sender<Phase>,
    ready: impl FnOnce(&str),
) -> Result<usize, ServeError> {
    let cannot = |e: std::io::Error| ServeError::System(format!("cannot listen on {address}: {e}"));
    let listener = tokio::net::TcpListener::bind(address).await.map_err(cannot)?;
    let address = listener.local_addr().map_err(cannot)?;
    let mut signals = listen::Signals::new().map_err(|e| ServeError::System(format!("signals: {e}")))?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let router = routes::router(service.clone());
    let limits = service.core.limits.clone();
    let accepting = tokio::spawn(listen::accept(listener, tls, router, limits.clone(), service.phase.clone()));
    let sweeping = tokio::spawn({
        let service = service.clone();
        async move {
            let mut interval = tokio::time::interval(SWEEP);
            loop {
                interval.tick().await;
                service.encounters.sweep(&service.core);
            }
        }
    });
    let tidying = tokio::spawn({
        let gallery = service.core.gallery.clone();
        async move {
            let mut interval = tokio::time::interval(TIDY);
            loop {
                interval.tick().await;
                let gallery = gallery.clone();
                tokio::task::spawn_blocking(move || gallery.tidy()).await.ok();
            }
        }
    });
    ready(&format!("{scheme}://{address}"));
    let signal = signals.next().await;
    log(&format!("{signal}: opening no more encounters, finishing {}", service.encounters.open_count()));
    service.encounters.finish();
    let finish = async {
        let mut step = tokio::time::interval(FINISH_STEP);
        while service.encounters.open_count() > 0 {
            step.tick().await;
        }
    };
    tokio::select! {
        () = finish => {}
        () = tokio::time::sleep(limits.finish) => {}
        signal = signals.next() => log(&format!("{signal} again: not waiting")),
    }
    let unfinished = service.encounters.open_count();
    phase.send(Phase::Ending).ok();
    // Connections end by themselves when they have answered; one that does not is not waited for.
    let end = tokio::time::timeout(limits.finish.max(Duration::from_secs(1)), accepting).await;
    if end.is_err() {
        log("connections were cut off: finish_s is over");
    }
    sweeping.abort();
    tidying.abort();
    Ok(unfinished)
}
