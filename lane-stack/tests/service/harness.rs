//! Starts the service, and speaks HTTP.
use lane_stack::api::Problem;
use lane_stack::client::{Frame, FrameEncoding};
use lane_stack::{HttpOptions, HttpStack};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use ureq::http::{Method, Request};

pub const TOKEN: &str = "b5d1f0c2a3948576e7f8091a2b3c4d5e";

/// Frames of two cameras in the order of their exposure: one vehicle, three people.
pub const FRAMES: [(&str, &[u8]); 5] = [
    ("front", include_bytes!("pictures/front-0.jpg")),
    ("side-right", include_bytes!("pictures/side-0.jpg")),
    ("front", include_bytes!("pictures/front-1.jpg")),
    ("side-right", include_bytes!("pictures/side-1.jpg")),
    ("front", include_bytes!("pictures/front-2.jpg")),
];
/// Reference portraits of the two in front.
pub const PORTRAITS: [(&str, &[u8]); 2] =
    [("right", include_bytes!("pictures/right.jpg")), ("left", include_bytes!("pictures/left.jpg"))];

/// The project's own models, told to steer cameras and to match at a similarity that these small pictures reach.
pub const STACK: &str = "detector = \"laneproof-detector\"\nembedder = \"laneproof-embedder\"\nmatch_threshold = 0.25\n\
    [exposure_control]\ntarget_luminance = 0.4\nmin_exposure_us = 20.0\nmax_exposure_us = 1000.0\nmax_gain_db = 24.0\n";

pub fn models() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("models")
}

/// Whether ONNX Runtime is there; if not, says how many checks are left out.
pub fn has_runtime(checks: usize) -> bool {
    let has = std::env::var_os("ORT_DYLIB_PATH").is_some();
    if !has {
        eprintln!("SKIPPED {checks} checks: ORT_DYLIB_PATH is not set");
    }
    has
}

/// The configuration of a gallery on disk, as [`make_gallery`] makes one.
pub const GALLERY_SECTION: &str = "[gallery]\ndatabase = \"lane.gallery\"\nkey_file = \"master.key\"\n";

/// Runs `lane-stack gallery` in a folder; exit code, and all that it printed.
pub fn gallery_command(folder: &Path, args: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lane-stack"));
    let output = command.current_dir(folder).arg("gallery").args(args).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&text).into_owned())
}

/// Makes a gallery that keeps citizens' passports for a day, with the program's own commands.
pub fn make_gallery(folder: &Path) {
    let policy = "[[retain]]\nkind = \"passport\"\nclass = \"citizen\"\nhours = 24.0\n";
    std::fs::write(folder.join("policy.toml"), policy).unwrap();
    std::fs::write(folder.join("stack.toml"), STACK).unwrap();
    let run = |args: &[&str]| {
        let (code, text) = gallery_command(folder, args);
        assert_eq!(code, Some(0), "{text}");
    };
    run(&["new-key", "master.key"]);
    let models = models();
    let init = ["init", "lane.gallery", "--key-file", "master.key", "--models", models.to_str().unwrap()];
    run(&[&init[..], &["--stack-config", "stack.toml", "--policy", "policy.toml"]].concat());
}

/// A running service; ended when dropped.
pub struct Service {
    pub child: Child,
    pub url: String,
    pub folder: tempfile::TempDir,
}

/// Writes a configuration: a free port, the project's models, the token in a file, and what is added.
pub fn configure(folder: &Path, added: &str) -> PathBuf {
    std::fs::write(folder.join("token"), TOKEN).unwrap();
    std::fs::write(folder.join("stack.toml"), STACK).unwrap();
    let path = folder.join("lane.toml");
    let models = models();
    // How fast a machine looks must not decide what is refused.
    let patient = "[limits]\nmax_wait_ms = 3600000\n";
    let added = match added.contains("[limits]\n") {
        _ if added.contains("max_wait_ms") => added.to_string(),
        true => added.replace("[limits]\n", patient),
        false => format!("{added}\n{patient}"),
    };
    let text = format!(
        "listen = \"127.0.0.1:0\"\nmodels = {models:?}\nstack_config = \"stack.toml\"\nworkers = 2\n\
         [auth]\ntoken_file = \"token\"\n{added}\n"
    );
    std::fs::write(&path, text).unwrap();
    path
}

pub fn command(config: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lane-stack"));
    command.args(["serve", "--config"]).arg(config).stdout(Stdio::piped());
    command
}

impl Service {
    /// Starts one with what is added to the configuration; `None`, and a line, without ONNX Runtime.
    pub fn start(checks: usize, added: &str) -> Option<Self> {
        Self::start_in(checks, tempfile::tempdir().unwrap(), added)
    }

    pub fn start_in(checks: usize, folder: tempfile::TempDir, added: &str) -> Option<Self> {
        if !has_runtime(checks) {
            return None;
        }
        configure(folder.path(), added);
        Some(Self::start_as_configured(folder))
    }

    /// Starts one with the configuration that the folder has.
    pub fn start_as_configured(folder: tempfile::TempDir) -> Self {
        let (child, url) = Self::spawn(folder.path());
        Self { child, url, folder }
    }

    fn spawn(folder: &Path) -> (Child, String) {
        let log = std::fs::File::create(folder.join("log")).unwrap();
        let mut child = command(&folder.join("lane.toml")).stderr(log).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("listening on ").map(str::to_string);
        let url = url.unwrap_or_else(|| panic!("{}", std::fs::read_to_string(folder.join("log")).unwrap()));
        (child, url)
    }

    /// Stops it as an operator does, and starts it anew.
    pub fn restart(&mut self) {
        self.signal("TERM");
        assert_eq!(self.wait(), Some(0), "{}", self.log());
        self.start_again();
    }

    /// Starts it when it has ended.
    pub fn start_again(&mut self) {
        (self.child, self.url) = Self::spawn(self.folder.path());
    }

    /// What it wrote for its operator.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status().unwrap();
        assert!(status.success());
    }

    /// Its exit code, once it has ended by itself.
    pub fn wait(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    pub fn client(&self) -> HttpStack {
        HttpStack::connect(HttpOptions::new(&self.url, TOKEN)).unwrap()
    }

    /// One request with the token.
    pub fn call(&self, method: &str, path: &str, body: &[u8], content_type: &str) -> Answer {
        self.call_with(method, path, body, content_type, Some(&format!("Bearer {TOKEN}")))
    }

    pub fn call_with(&self, method: &str, path: &str, body: &[u8], content_type: &str, token: Option<&str>) -> Answer {
        call_at(&self.url, method, path, body, content_type, token).unwrap()
    }

    pub fn get(&self, path: &str) -> Answer {
        self.call("GET", path, &[], "")
    }

    pub fn open(&self, encounter: &str) {
        let answer = self.call("PUT", &format!("/v1/encounters/{encounter}"), &[], "");
        assert_eq!(answer.status, 201, "{answer:?}");
    }

    /// Pushes a frame of [`FRAMES`] at its place.
    pub fn push(&self, encounter: &str, sequence: u64) -> Answer {
        let (camera, bytes) = FRAMES[sequence as usize % FRAMES.len()];
        self.call("POST", &frame_path(encounter, camera, sequence), bytes, "image/jpeg")
    }

    pub fn close(&self, encounter: &str) -> Answer {
        self.call("POST", &format!("/v1/encounters/{encounter}/close"), &[], "")
    }

    /// Writes bytes to a connection, closes its sending half, and reads what comes back.
    pub fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.url.trim_start_matches("http://")).unwrap();
        // It may have been refused, and the connection closed, before all was written.
        stream.write_all(bytes).and_then(|()| stream.shutdown(std::net::Shutdown::Write)).ok();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok();
        String::from_utf8_lossy(&answer).into_owned()
    }
}

/// One request to the service at an address.
pub fn call_at(
    url: &str,
    method: &str,
    path: &str,
    body: &[u8],
    content_type: &str,
    token: Option<&str>,
) -> Result<Answer, ureq::Error> {
    let agent = ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build().new_agent();
    let method: Method = method.parse().unwrap();
    let mut request = Request::builder().method(method.clone()).uri(format!("{url}{path}"));
    for (name, value) in [("authorization", token.unwrap_or("")), ("content-type", content_type)] {
        if !value.is_empty() {
            request = request.header(name, value);
        }
    }
    let has_body = method == Method::PUT || method == Method::POST;
    let mut response =
        if has_body { agent.run(request.body(body).unwrap())? } else { agent.run(request.body(()).unwrap())? };
    let header = |name: &str| response.headers().get(name).map(|v| v.to_str().unwrap().to_string());
    let (content_type, retry_after) = (header("content-type").unwrap_or_default(), header("retry-after"));
    let status = response.status().as_u16();
    Ok(Answer { status, content_type, retry_after, body: response.body_mut().read_to_vec()? })
}

impl Drop for Service {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub content_type: String,
    pub retry_after: Option<String>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json<T: serde::de::DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&self.body)))
    }

    /// Checks that it is a problem of this name, in the form of RFC 9457.
    #[track_caller]
    pub fn is_problem(&self, status: u16, name: &str) -> Problem {
        assert_eq!(self.status, status, "{name}: {}", String::from_utf8_lossy(&self.body));
        assert_eq!(self.content_type, "application/problem+json");
        let problem: Problem = self.json();
        assert_eq!(problem.kind, format!("urn:lane-stack:problem:{name}"), "{problem:?}");
        assert!(problem.status == status && !problem.title.is_empty() && !problem.detail.is_empty(), "{problem:?}");
        problem
    }
}

/// The times of a frame are those of its place.
pub fn frame_path(encounter: &str, camera: &str, sequence: u64) -> String {
    format!(
        "/v1/encounters/{encounter}/frames?camera_id={camera}&exposure_id={}&mid_exposure_us={}&exposure_us=400&gain_db=0\
         &sequence={sequence}",
        100 + sequence,
        50_000 * sequence
    )
}

/// The frame that [`Service::push`] sends.
pub fn frame(sequence: u64) -> Frame {
    let (camera, bytes) = FRAMES[sequence as usize % FRAMES.len()];
    Frame {
        exposure_id: 100 + sequence,
        camera_id: camera.to_string(),
        mid_exposure_us: 50_000 * sequence,
        exposure_us: 400.0,
        gain_db: 0.0,
        encoding: FrameEncoding::Jpeg,
        bytes: bytes.to_vec(),
    }
}
