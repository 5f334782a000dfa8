//! The service under load: started with a gallery of random templates, or one that runs already.
use super::Args;
use super::client::{Client, Options, sample};
use super::report::{GalleryTimes, Memory};
use lane_stack::api::StackInfo;
use lane_stack::gallery::{
    Asked, Clock as _, Enrolment, Entropy as _, MasterKey, ModelId, OsEntropy, Policy, ReferenceKind, Retention, Store,
    SystemClock, Template, hex,
};
use lane_stack::select;
use sha2::{Digest as _, Sha256};
use std::error::Error;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

/// Templates of one transaction.
const BATCH: usize = 500;

/// The JPEG files of a folder, in the order of their names.
pub fn read_frames(folder: &Path) -> Result<Vec<Vec<u8>>, String> {
    let told = |path: &Path, e: std::io::Error| format!("{}: {e}", path.display());
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|e| told(folder, e))? {
        let path = entry.map_err(|e| told(folder, e))?.path();
        let extension = path.extension().and_then(|e| e.to_str()).unwrap_or("").to_lowercase();
        if ["jpg", "jpeg"].contains(&extension.as_str()) {
            paths.push(path);
        }
    }
    paths.sort();
    if paths.is_empty() {
        return Err(format!("{}: holds no *.jpg", folder.display()));
    }
    paths.iter().map(|path| std::fs::read(path).map_err(|e| told(path, e))).collect()
}

/// A service; one that was started ends when this is dropped.
pub struct Site {
    options: Options,
    pid: Option<u32>,
    started: Option<(Child, tempfile::TempDir)>,
    /// References in its gallery, where it is known.
    pub references: Option<usize>,
}

impl Site {
    /// One that runs already.
    pub fn running(url: &str, token_file: &Path, pid: Option<u32>) -> Result<Self, Box<dyn Error>> {
        let token = std::fs::read_to_string(token_file).map_err(|e| format!("{}: {e}", token_file.display()))?;
        let options = Options { url: url.trim_end_matches('/').to_string(), token: token.trim().to_string() };
        Ok(Self { options, pid, started: None, references: None })
    }

    /// Starts the program with default limits.
    pub fn start(args: &Args) -> Result<Self, Box<dyn Error>> {
        let program = match &args.program {
            Some(program) => program.clone(),
            // target/release/examples/load stands beside target/release/lane-stack.
            None => {
                std::env::current_exe()?.parent().and_then(Path::parent).unwrap_or(Path::new("")).join("lane-stack")
            }
        };
        let folder = tempfile::tempdir()?;
        let mut noise = [0; 32];
        OsEntropy.fill(&mut noise)?;
        let token = hex(&noise);
        std::fs::write(folder.path().join("token"), &token)?;
        let models = std::path::absolute(&args.models)?;
        let mut text = format!("listen = \"127.0.0.1:0\"\nmodels = {models:?}\n");
        if let Some(workers) = args.workers {
            text.push_str(&format!("workers = {workers}\n"));
        }
        text.push_str("[auth]\ntoken_file = \"token\"\n");
        if !args.no_database {
            make_gallery(folder.path(), &models, args.references)?;
            text.push_str("[gallery]\ndatabase = \"lane.gallery\"\nkey_file = \"master.key\"\n");
        }
        let config = folder.path().join("lane.toml");
        std::fs::write(&config, text)?;
        let mut child = Command::new(&program)
            .args(["serve", "--config"])
            .arg(&config)
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| format!("{}: {e}; build it: cargo build --release -p lane-stack", program.display()))?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no standard output")?).read_line(&mut line)?;
        let pid = Some(child.id());
        let references = Some(if args.no_database { 0 } else { args.references });
        let started = Some((child, folder));
        let url = line.trim().strip_prefix("listening on ").unwrap_or_default().to_string();
        let site = Self { options: Options { url, token }, pid, started, references };
        if site.options.url.is_empty() { Err("the service did not begin; it says why above".into()) } else { Ok(site) }
    }

    pub fn options(&self) -> Options {
        self.options.clone()
    }

    fn client(&self) -> Client {
        Client::new(self.options.clone())
    }

    /// What the service says of itself.
    pub fn about(&self) -> Result<Vec<(String, String)>, String> {
        self.client().get::<StackInfo>("/v1/stack").map(|info| info.about)
    }

    /// Requests that it turned away so far.
    pub fn shed(&self) -> Result<f64, String> {
        self.client().metrics().map(|page| sample(&page, "lane_stack_shed_total"))
    }

    /// What requests to the gallery took so far.
    pub fn gallery_times(&self) -> Result<GalleryTimes, String> {
        let page = self.client().metrics()?;
        let of = |name: &str| sample(&page, name);
        let requests = of("lane_stack_gallery_wait_seconds_count");
        let mean_ms = |name: &str| 1e3 * of(&format!("{name}_sum")) / of(&format!("{name}_count")).max(1.0);
        Ok(GalleryTimes {
            requests: requests as u64,
            mean_wait_ms: mean_ms("lane_stack_gallery_wait_seconds"),
            waited_over_5_ms: 1.0 - of("lane_stack_gallery_wait_seconds_bucket{le=\"0.005\"}") / requests.max(1.0),
            mean_work_ms: mean_ms("lane_stack_gallery_seconds"),
        })
    }

    /// Resident memory, kilobytes.
    pub fn resident_kb(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid?)).ok()?;
        let value = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        value.trim().trim_end_matches(" kB").parse().ok()
    }

    /// Reads its memory once a second while something is done.
    pub fn watching<T: Send>(&self, work: impl FnOnce() -> T + Send) -> (T, Memory) {
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let watcher = scope.spawn(|| {
                let mut samples_kb: Vec<u64> = self.resident_kb().into_iter().collect();
                while !over.load(Relaxed) {
                    pause();
                    samples_kb.extend(self.resident_kb());
                }
                samples_kb
            });
            let done = work();
            over.store(true, Relaxed);
            let samples_kb = watcher.join().unwrap_or_default();
            (done, Memory { started_kb: None, samples_kb })
        })
    }
}

#[expect(clippy::disallowed_methods, reason = "samples once a second")]
fn pause() {
    std::thread::sleep(Duration::from_secs(1));
}

impl Drop for Site {
    fn drop(&mut self) {
        if let Some((child, _)) = &mut self.started {
            child.kill().ok();
            child.wait().ok();
        }
    }
}

/// A gallery of random templates, which are like nobody.
fn make_gallery(folder: &Path, models: &Path, references: usize) -> Result<(), Box<dyn Error>> {
    let selection = select(models, None)?;
    let file: PathBuf = models.join(&selection.embedder.about.file);
    let bytes = std::fs::read(&file).map_err(|e| format!("{}: {e}", file.display()))?;
    let model = ModelId::new(&selection.embedder, &hex(&Sha256::digest(bytes)));
    let master = MasterKey::generate(&mut OsEntropy)?;
    let (key_file, path) = (folder.join("master.key"), folder.join("lane.gallery"));
    master.write_new(&key_file)?;
    let asked = Asked { by: "load", at: SystemClock.now() };
    Store::create(&path, &master, Box::new(OsEntropy), &model, &asked)?;
    let mut store = Store::open(&path, master, Box::new(OsEntropy))?;
    let rule = Retention { kind: ReferenceKind::Passport, class: "*".into(), hours: 24.0 };
    store.set_policy(&asked, Policy { retain: vec![rule] })?;
    let mut noise = vec![0; model.dimension];
    let mut batch = Vec::new();
    for i in 0..references {
        OsEntropy.fill(&mut noise)?;
        let values = noise.iter().map(|&byte| f32::from(byte) - 127.5).collect();
        batch.push((Enrolment::passport(&format!("R-{i}")), Template::normalised(model.clone(), values)?));
        if batch.len() == BATCH || i + 1 == references {
            store.enrol(&asked, &std::mem::take(&mut batch))?;
        }
    }
    Ok(store.close()?)
}
