//! Where the stack under test is: in process, in a service of its own that is started for the run, in one that runs already,
//! or in a program that speaks JSON lines.
use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use lane_stack::{
    ExecOptions, ExecStack,
    client::{CameraGeometry, Decisions, Frame, Reply, StackClient, StackError},
    exec,
    gallery::{Entropy as _, OsEntropy, hex},
    http_client::{HttpOptions, HttpStack},
};
use laneproof_assets::Cache;
use tempfile::TempDir;

use crate::session::{Choices, Failure, models_folder, open_stack, told};

/// Where the stack under test is.
#[derive(Debug, Clone, clap::Args)]
pub struct StackPlace {
    /// The stack under test: "builtin", in process; "service", a lane-stack service that is started for the run on a free port
    /// of loopback; the address of a lane-stack service, such as http://127.0.0.1:8470, its token taken
    /// from LANE_STACK_TOKEN; or "exec:" and the command of a program that speaks JSON lines (docs/stack-exec.md), such as
    /// "exec:python3 stack.py --models DIR"
    #[arg(long, default_value = BUILTIN, value_name = "builtin|service|URL|exec:COMMAND")]
    pub stack: String,
    /// How long a service or a program may take for one answer, seconds
    #[arg(long, default_value_t = 120, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub stack_answer_s: u64,
    /// PEM file of the certificates, or authorities, that a service at https:// is trusted by
    #[arg(long, value_name = "FILE")]
    pub stack_ca: Option<PathBuf>,
    /// Take all references out of the service's gallery first, whoever put them there
    #[arg(long)]
    pub empty_gallery: bool,
}

const BUILTIN: &str = "builtin";
const SERVICE: &str = "service";
/// Where a service's token is taken from.
const TOKEN_VARIABLE: &str = "LANE_STACK_TOKEN";

impl StackPlace {
    /// Opens the stack: in process with the models that the command line or else the scenario names, or a service or a
    /// program with models of its own. A service's gallery must hold nobody else when a run begins: they would be found.
    pub fn open(
        &self,
        choices: &Choices,
        scenario_models: &str,
        resumes: bool,
    ) -> Result<Box<dyn StackClient>, Failure> {
        let Self { stack, stack_answer_s, stack_ca, empty_gallery } = self;
        let answer = Duration::from_secs(*stack_answer_s);
        let command = stack.strip_prefix(exec::SCHEME);
        let elsewhere = stack != BUILTIN && stack != SERVICE && command.is_none();
        if !elsewhere && (stack_ca.is_some() || *empty_gallery) {
            return Err(Failure::usage("--stack-ca and --empty-gallery are for a service: add --stack URL"));
        }
        if stack == BUILTIN {
            return Ok(Box::new(open_stack(choices, scenario_models)?));
        }
        if stack == SERVICE {
            let models = models_folder(choices, scenario_models)?;
            return Ok(Box::new(OwnService::start(&models, choices.stack_config.as_deref(), answer)?));
        }
        if choices.models.is_some() {
            return Err(Failure::usage(
                "--models is for the stack in process and for --stack service: another service has its own, see its lane.toml, \
                 a program is told by its command",
            ));
        }
        if let Some(command) = command {
            let options = ExecOptions { answer, ..ExecOptions::new(command).map_err(Failure::usage)? };
            return Ok(Box::new(ExecStack::start(&options).map_err(Failure::setup)?));
        }
        let token = std::env::var(TOKEN_VARIABLE)
            .map_err(|_| Failure::usage(format!("{TOKEN_VARIABLE} is not set: it holds the token of {stack}")))?;
        let mut service =
            HttpStack::connect(HttpOptions { trusted: stack_ca.clone(), answer, ..HttpOptions::new(stack, token) })
                .map_err(Failure::setup)?;
        if *empty_gallery {
            service.empty_gallery().map_err(Failure::setup)?;
        }
        match service.references().map_err(Failure::setup)? {
            count if count > 0 && !resumes => Err(Failure::usage(format!(
                "the gallery of {stack} holds {count} references, who would be found besides the scenario's travellers; \
                 start a service with a gallery of its own, or add --empty-gallery"
            ))),
            _ => Ok(Box::new(service)),
        }
    }
}

/// The service's program, beside this one.
const PROGRAM: &str = "lane-stack";
/// How the service says where it listens.
const LISTENS: &str = "listening on ";

/// A service that is started for a run on a free port of loopback, under a token of its own, and ended after it.
struct OwnService {
    stack: HttpStack,
    child: Child,
    /// Its configuration; gone with it.
    _folder: TempDir,
}

impl OwnService {
    fn start(models: &Path, stack_config: Option<&Path>, answer: Duration) -> Result<Self, Failure> {
        let library = Cache::open()?.onnxruntime(&mut told)?;
        let program = std::env::current_exe().map_err(Failure::setup)?.with_file_name(PROGRAM);
        let folder = tempfile::tempdir().map_err(Failure::setup)?;
        let config = folder.path().join("lane.toml");
        let absolute = |path: &Path| std::path::absolute(path).map_err(|e| Failure::io(path, e));
        let mut text = format!(
            "listen = \"127.0.0.1:0\"\nmodels = {:?}\nonnxruntime = {:?}\n",
            absolute(models)?,
            absolute(&library)?
        );
        if let Some(stack_config) = stack_config {
            text += &format!("stack_config = {:?}\n", absolute(stack_config)?);
        }
        // An encounter takes as long as it takes to render, not as long as in a lane.
        text += "[limits]\nmax_encounter_s = 86400\nmax_idle_s = 86400\nmax_wait_ms = 3600000\n";
        std::fs::write(&config, text).map_err(|e| Failure::io(&config, e))?;
        let mut secret = [0; 32];
        OsEntropy.fill(&mut secret).map_err(Failure::setup)?;
        let token = hex(&secret);
        let mut command = Command::new(&program);
        command.arg("serve").arg("--config").arg(&config).env(TOKEN_VARIABLE, &token).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|e| {
            Failure::setup(format!("{}: {e}; `cargo build --release --workspace` makes it", program.display()))
        })?;
        let mut line = String::new();
        let read = child.stdout.take().map(|out| BufReader::new(out).read_line(&mut line));
        let Some(url) = line.trim().strip_prefix(LISTENS).filter(|_| matches!(read, Some(Ok(_)))) else {
            child.kill().ok();
            child.wait().ok();
            return Err(Failure::setup(format!("{} ended before it listened, see above", program.display())));
        };
        match HttpStack::connect(HttpOptions { answer, ..HttpOptions::new(url, token) }) {
            Ok(stack) => Ok(Self { stack, child, _folder: folder }),
            Err(error) => {
                child.kill().ok();
                child.wait().ok();
                Err(Failure::setup(error))
            }
        }
    }
}

impl Drop for OwnService {
    fn drop(&mut self) {
        // Every encounter is closed, and its gallery is in memory: nothing is lost. It may have ended by itself.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl StackClient for OwnService {
    fn describe(&self) -> Vec<(String, String)> {
        self.stack.describe()
    }

    fn install(&mut self, cameras: &[CameraGeometry]) -> Result<(), StackError> {
        self.stack.install(cameras)
    }

    fn enrol(&mut self, reference_id: &str, picture: &Frame) -> Result<(), StackError> {
        self.stack.enrol(reference_id, picture)
    }

    fn fill(&mut self, count: u32, seed: u64) -> Result<u32, StackError> {
        self.stack.fill(count, seed)
    }

    fn open_encounter(&mut self, encounter: u64) -> Result<(), StackError> {
        self.stack.open_encounter(encounter)
    }

    fn gives_feedback(&self) -> bool {
        self.stack.gives_feedback()
    }

    fn push_frame(&mut self, frame: Frame) -> Result<Reply, StackError> {
        self.stack.push_frame(frame)
    }

    fn close_encounter(&mut self) -> Result<Decisions, StackError> {
        self.stack.close_encounter()
    }
}
