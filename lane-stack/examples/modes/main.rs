//! What looking at frames together changes: how many decisions of a `lane-stack serve` with `[throughput]` are those of one
//! without, and how many frames a second each looks at.
//!
//! ```text
//! cargo build --release -p lane-stack
//! cargo run --release -p lane-stack --example modes -- --run RUN [--models DIR] [--max-batch 4] [--rounds 3]
//! ```
//!
//! `RUN` is the folder of a finished run, of which `frames/` (`e0012-x003-CAMERA.jpg`) and `portraits/` are read. Both
//! services get all encounters, several at a time, one frame after the other each; what waits together, and so what is looked
//! at together, is left to chance. The two take turns, so that both have the same machine. Where the cameras are is not told:
//! seats are not decided.
//!
//! Exit code 0: measured (whatever the numbers are). 1: it could not be measured.
pub mod decisions;

use clap::Parser;
use decisions::Agreement;
use lane_stack::client::{Decisions, Frame, FrameEncoding, StackClient};
use lane_stack::{HttpOptions, HttpStack};
use std::collections::BTreeMap;
use std::error::Error;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Instant;

/// Of the services, which live as long as the measurement and listen on loopback alone.
const TOKEN: &str = "only-for-the-time-of-one-measurement";
/// Between exposures, where file names say no time: about what a rig of 20 Hz takes.
const EXPOSURE_STEP_US: u64 = 50_000;
/// Likewise: a usual one.
const EXPOSURE_US: f32 = 400.0;

/// Compares a service that looks at frames together with one that does not.
#[derive(Debug, Parser)]
pub struct Args {
    /// Folder of a finished run.
    #[arg(long, value_name = "RUN")]
    run: PathBuf,
    /// Models directory.
    #[arg(long, value_name = "DIR", default_value = "lane-stack/models")]
    models: PathBuf,
    /// Stack configuration; both services work by it, the one with `[throughput]` added. Without it, the directory's own.
    #[arg(long, value_name = "FILE")]
    stack_config: Option<PathBuf>,
    /// The program that is started; without it, the one beside this one.
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Frames, and faces, in one run of a model.
    #[arg(long, default_value_t = 4)]
    max_batch: usize,
    /// Encounters at a time.
    #[arg(long, default_value_t = 8)]
    lanes: usize,
    /// How often each service gets all frames.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
}

/// What was measured.
pub struct Measured {
    /// Of the service that looks at each frame by itself, with itself in other rounds.
    pub with_itself: Agreement,
    /// Of the other, in all rounds, with it.
    pub with_other: Agreement,
    /// Frames per second, a round each: by themselves, together.
    pub frames_per_s: [Vec<f64>; 2],
}

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let measured = measure(&args)?;
    let line = |name: &str, a: Agreement| {
        let [made, alike] = a.all();
        println!("{name}: {alike} of {made} decisions alike, {:.3} %", 100.0 * alike as f64 / made.max(1) as f64);
        for (what, [made, alike]) in
            [("faces", a.faces), ("best shots", a.best_shots), ("persons", a.persons), ("occupant counts", a.counts)]
        {
            println!("    {what:<16} {alike} of {made}");
        }
    };
    line("each by itself, again", measured.with_itself);
    line(&format!("up to {} together", args.max_batch), measured.with_other);
    let rates = |rates: &[f64]| rates.iter().map(|r| format!("{r:.1}")).collect::<Vec<_>>().join(", ");
    println!("frames/s each by itself: {}", rates(&measured.frames_per_s[0]));
    println!("frames/s together:       {}", rates(&measured.frames_per_s[1]));
    Ok(())
}

/// All rounds.
pub fn measure(args: &Args) -> Result<Measured, Box<dyn Error>> {
    let encounters = read_encounters(&args.run.join("frames"))?;
    let frames = encounters.iter().map(Vec::len).sum::<usize>() as f64;
    let folder = tempfile::tempdir()?;
    let services = ["", &format!("[throughput]\nmax_batch = {}\n", args.max_batch)]
        .map(|added| Service::start(args, &folder.path().join(if added.is_empty() { "a" } else { "b" }), added));
    let [alone, together] = services;
    let services = [alone?, together?];
    for service in &services {
        enrol(&mut service.client()?, &args.run.join("portraits"))?;
    }
    let mut measured = Measured {
        with_itself: Agreement::default(),
        with_other: Agreement::default(),
        frames_per_s: [Vec::new(), Vec::new()],
    };
    let mut wanted: Option<Vec<Decisions>> = None;
    for _ in 0..args.rounds.max(1) {
        for (which, service) in services.iter().enumerate() {
            let begin = now();
            let decided = run(service, &encounters, args.lanes)?;
            measured.frames_per_s[which].push(frames / begin.elapsed().as_secs_f64());
            let Some(wanted) = &wanted else {
                wanted = Some(decided);
                continue;
            };
            let agreement = if which == 0 { &mut measured.with_itself } else { &mut measured.with_other };
            wanted.iter().zip(&decided).for_each(|(a, b)| agreement.add(a, b));
        }
    }
    Ok(measured)
}

#[expect(clippy::disallowed_methods, reason = "a measurement reads the wall clock")]
fn now() -> Instant {
    Instant::now()
}

/// The JPEG files of a folder, in the order of their names.
fn jpegs(folder: &Path) -> Result<Vec<(String, Vec<u8>)>, String> {
    let told = |path: &Path, e: std::io::Error| format!("{}: {e}", path.display());
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder).map_err(|e| told(folder, e))? {
        let path = entry.map_err(|e| told(folder, e))?.path();
        if path.extension().is_some_and(|e| e == "jpg") {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            files.insert(name, std::fs::read(&path).map_err(|e| told(&path, e))?);
        }
    }
    Ok(files.into_iter().collect())
}

fn read_encounters(folder: &Path) -> Result<Vec<Vec<Frame>>, String> {
    let mut encounters: BTreeMap<String, Vec<Frame>> = BTreeMap::new();
    for (name, bytes) in jpegs(folder)? {
        let parts = name.split_once("-x").and_then(|(e, rest)| Some((e, rest.split_once('-')?)));
        let exposure = parts.and_then(|(e, (x, camera))| Some((e, x.parse::<u64>().ok()?, camera)));
        let Some((encounter, exposure_id, camera_id)) = exposure else {
            return Err(format!("{name}.jpg: a frame is named e0012-x003-CAMERA.jpg"));
        };
        encounters.entry(encounter.to_string()).or_default().push(Frame {
            exposure_id,
            camera_id: camera_id.to_string(),
            mid_exposure_us: EXPOSURE_STEP_US * exposure_id,
            exposure_us: EXPOSURE_US,
            gain_db: 0.0,
            encoding: FrameEncoding::Jpeg,
            bytes,
        });
    }
    if encounters.is_empty() {
        return Err(format!("{}: holds no *.jpg", folder.display()));
    }
    Ok(encounters.into_values().collect())
}

fn enrol(stack: &mut HttpStack, portraits: &Path) -> Result<(), Box<dyn Error>> {
    for (name, bytes) in jpegs(portraits)? {
        let picture = Frame {
            exposure_id: 0,
            camera_id: "reference".to_string(),
            mid_exposure_us: 0,
            exposure_us: 0.0,
            gain_db: 0.0,
            encoding: FrameEncoding::Jpeg,
            bytes,
        };
        // One without a face is none for either service.
        stack.enrol(&name, &picture).ok();
    }
    Ok(())
}

/// Shows all encounters to a service, several at a time.
fn run(service: &Service, encounters: &[Vec<Frame>], lanes: usize) -> Result<Vec<Decisions>, String> {
    let next = AtomicUsize::new(0);
    let decided = Mutex::new(BTreeMap::new());
    let lane = || -> Result<(), String> {
        let mut stack = service.client()?;
        loop {
            let k = next.fetch_add(1, Relaxed);
            let Some(frames) = encounters.get(k) else { return Ok(()) };
            stack.open_encounter(k as u64).map_err(|e| e.to_string())?;
            for frame in frames {
                stack.push_frame(frame.clone()).map_err(|e| e.to_string())?;
            }
            let decisions = stack.close_encounter().map_err(|e| e.to_string())?;
            decided.lock().map_err(|_| "a lane panicked".to_string())?.insert(k, decisions);
        }
    };
    std::thread::scope(|scope| {
        let lanes: Vec<_> = (0..lanes.max(1)).map(|_| scope.spawn(lane)).collect();
        lanes.into_iter().try_for_each(|lane| lane.join().map_err(|_| "a lane panicked".to_string())?)
    })?;
    Ok(decided.into_inner().map_err(|_| "a lane panicked".to_string())?.into_values().collect())
}

/// A running service; ended when dropped.
struct Service {
    child: Child,
    url: String,
}

impl Service {
    fn start(args: &Args, folder: &Path, added: &str) -> Result<Self, Box<dyn Error>> {
        let program = match &args.program {
            Some(program) => program.clone(),
            // target/release/examples/modes stands beside target/release/lane-stack.
            None => {
                std::env::current_exe()?.parent().and_then(Path::parent).unwrap_or(Path::new("")).join("lane-stack")
            }
        };
        std::fs::create_dir_all(folder)?;
        let models = std::path::absolute(&args.models)?;
        let own = args.stack_config.clone().unwrap_or_else(|| models.join("stack.toml"));
        let stack = std::fs::read_to_string(&own).map_err(|e| format!("{}: {e}", own.display()))?;
        // It may name cards beside it.
        for entry in std::fs::read_dir(&models)? {
            let path = entry?.path();
            if let (Some(name), true) = (path.file_name(), path.extension().is_some_and(|e| e == "toml")) {
                std::fs::copy(&path, folder.join(name))?;
            }
        }
        std::fs::write(folder.join("stack.toml"), format!("{stack}\n{added}"))?;
        std::fs::write(folder.join("token"), TOKEN)?;
        let text = format!(
            "listen = \"127.0.0.1:0\"\nmodels = {models:?}\nstack_config = \"stack.toml\"\n[auth]\ntoken_file = \"token\"\n\
             [limits]\nmax_open_encounters = {}\nmax_wait_ms = 3600000\n",
            args.lanes.max(1)
        );
        let config = folder.join("lane.toml");
        std::fs::write(&config, text)?;
        let mut child = Command::new(&program)
            .args(["serve", "--config"])
            .arg(&config)
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| format!("{}: {e}; build it: cargo build --release -p lane-stack", program.display()))?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no standard output")?).read_line(&mut line)?;
        let url = line.trim().strip_prefix("listening on ").unwrap_or_default().to_string();
        let service = Self { child, url };
        if service.url.is_empty() { Err("the service did not begin; it says why above".into()) } else { Ok(service) }
    }

    fn client(&self) -> Result<HttpStack, String> {
        HttpStack::connect(HttpOptions::new(&self.url, TOKEN)).map_err(|e| e.to_string())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
