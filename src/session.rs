//! Opening what a command needs: assets, renderer, simulator, stack; each failure with its exit code.
use std::{
    path::{Path, PathBuf},
    sync::OnceLock,
    time::{Duration, Instant},
};

use lane_stack::{
    ExecOptions, ExecStack, InProcessStack,
    client::StackClient,
    exec,
    http_client::{HttpOptions, HttpStack},
};
use laneproof_assets::{AssetError, Cache};
use laneproof_scenarios::{
    exit,
    run::RunError,
    scenario::{Scenario, ScenarioError},
};
use laneproof_scenes::people::PeopleLibrary;
use laneproof_sim::{
    CabinOptions, Check, Renderer, RendererOptions, STAY_S, SimError, Simulator, SimulatorOptions, eye_safety,
};

use crate::world::SimulatedWorld;

/// A failure as the terminal shows it.
#[derive(Debug)]
pub struct Failure {
    /// Exit code, see [`exit`].
    pub code: u8,
    /// One message: what, where, what would be right.
    pub message: String,
}

impl Failure {
    /// The machine lacks something.
    pub fn setup(message: impl ToString) -> Self {
        Self { code: exit::SETUP, message: message.to_string() }
    }

    /// A file or folder could not be written or read.
    pub fn io(path: &Path, error: impl ToString) -> Self {
        Self { code: exit::IO, message: format!("{}: {}", path.display(), error.to_string()) }
    }

    /// The command line is wrong.
    pub fn usage(message: impl ToString) -> Self {
        Self { code: exit::USAGE, message: message.to_string() }
    }
}

impl From<AssetError> for Failure {
    fn from(error: AssetError) -> Self {
        let code = if error.is_disk() { exit::IO } else { exit::SETUP };
        Self { code, message: error.to_string() }
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        Self { code: error.exit_code(), message: error.to_string() }
    }
}

impl From<SimError> for Failure {
    fn from(error: SimError) -> Self {
        Self::setup(error)
    }
}

impl From<Box<ScenarioError>> for Failure {
    fn from(error: Box<ScenarioError>) -> Self {
        Self { code: exit::USAGE, message: format!("{:?}", miette::Report::new(*error)) }
    }
}

/// What the rig's near-infrared lamps mean for eyes, in a line for people; `None` without such lamps.
pub fn eye_safety_line(scenario: &Scenario) -> Option<String> {
    let about = format!("eyes at the nearest seat, {STAY_S:.0} s, IEC 62471");
    Some(match eye_safety(&scenario.lane.value, &scenario.rig.value)? {
        Err(e) => format!("{about}: cannot be judged: {e}"),
        Ok((verdict, distance_m)) => {
            let share = |check: &Check| 100.0 * check.value / check.limit;
            format!(
                "{about}, {distance_m:.1} m from the lamps: cornea {:.2} %, retina {:.2} %, one pulse {:.2} % of the limits{}",
                share(&verdict.cornea),
                share(&verdict.retina),
                share(&verdict.pulse),
                if verdict.passes() { "" } else { ": EXCEEDED" }
            )
        }
    })
}

/// Seconds since the program began; wall-clock, for benchmarks and progress only.
#[expect(clippy::disallowed_methods, reason = "the one clock of the program; results never see it")]
pub fn clock() -> f64 {
    static BEGIN: OnceLock<Instant> = OnceLock::new();
    BEGIN.get_or_init(Instant::now).elapsed().as_secs_f64()
}

/// The command line as a shell takes it, for the "run it again" of reports.
pub fn command_line() -> String {
    std::iter::once("laneproof".to_owned())
        .chain(std::env::args().skip(1).map(|word| quoted(&word)))
        .collect::<Vec<_>>()
        .join(" ")
}

/// A word in quotes where a shell would read more than letters in it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./=,:+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// What several commands let a user choose.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Choices {
    /// Part of the name or driver of the Vulkan adapter to render on; the best one is taken without it
    #[arg(long, env = "LANEPROOF_ADAPTER", value_name = "NAME")]
    pub adapter: Option<String>,
    /// Folder of models for the stack: a folder with a stack.toml, with cards, or with known ONNX files
    #[arg(long, value_name = "DIR")]
    pub models: Option<PathBuf>,
    /// Stack configuration that names another detector and embedder of the models folder
    #[arg(long, value_name = "FILE", requires = "models")]
    pub stack_config: Option<PathBuf>,
}

/// Tells what an asset waits for.
pub fn told(step: laneproof_assets::Progress) {
    eprintln!("{step}");
}

/// Opens the simulator.
pub fn open_world(choices: &Choices) -> Result<SimulatedWorld, Failure> {
    let cache = Cache::open()?;
    let people_data = cache.people_data(&mut told)?;
    let people = PeopleLibrary::load(&people_data).map_err(Failure::setup)?;
    let renderer = Renderer::new(&RendererOptions { adapter: choices.adapter.clone() }).map_err(Failure::setup)?;
    let options = SimulatorOptions { clock, cabin: CabinOptions::default() };
    Ok(SimulatedWorld::new(Simulator::new(renderer, people, options)))
}

/// Opens the stack under test with the models that the command line, or else the scenario, names.
pub fn open_stack(choices: &Choices, scenario_models: &str) -> Result<InProcessStack, Failure> {
    let cache = Cache::open()?;
    let library = cache.onnxruntime(&mut told)?;
    let folder = match (&choices.models, scenario_models) {
        (Some(folder), _) => folder.clone(),
        (None, "default") => default_models(&cache)?,
        (None, folder) => PathBuf::from(folder),
    };
    if !folder.is_dir() {
        return Err(Failure::usage(format!("{} is no folder of models", folder.display())));
    }
    let selection = lane_stack::select(&folder, choices.stack_config.as_deref()).map_err(Failure::setup)?;
    InProcessStack::open(selection, Some(&library)).map_err(Failure::setup)
}

/// Where the stack under test is.
#[derive(Debug, Clone, clap::Args)]
pub struct StackPlace {
    /// The stack under test: "builtin"; the address of a lane-stack service, such as http://127.0.0.1:8470, its token taken
    /// from LANE_STACK_TOKEN; or "exec:" and the command of a program that speaks JSON lines (docs/stack-exec.md), such as
    /// "exec:python3 stack.py --models DIR"
    #[arg(long, default_value = BUILTIN, value_name = "URL|exec:COMMAND")]
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
        if (stack == BUILTIN || command.is_some()) && (stack_ca.is_some() || *empty_gallery) {
            return Err(Failure::usage("--stack-ca and --empty-gallery are for a service: add --stack URL"));
        }
        if stack == BUILTIN {
            return Ok(Box::new(open_stack(choices, scenario_models)?));
        }
        if choices.models.is_some() {
            return Err(Failure::usage(
                "--models is for the stack in process: a service has its own, see its lane.toml, a program is told by its \
                 command",
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

/// The models that come with the program, written into the cache so that they can be opened as files.
pub fn default_models(cache: &Cache) -> Result<PathBuf, Failure> {
    let files = lane_stack::default_models::FILES;
    let folder = cache.root().join("models").join(lane_stack::default_models::fingerprint());
    if files.iter().all(|(name, bytes)| std::fs::read(folder.join(name)).is_ok_and(|kept| kept == *bytes)) {
        return Ok(folder);
    }
    std::fs::create_dir_all(&folder).map_err(|e| Failure::io(&folder, e))?;
    for (name, bytes) in files {
        let path = folder.join(name);
        // Written beside and renamed, so that another process never reads half a model.
        let partial = folder.join(format!("{name}.{}.part", std::process::id()));
        std::fs::write(&partial, bytes).map_err(|e| Failure::io(&partial, e))?;
        std::fs::rename(&partial, &path).map_err(|e| Failure::io(&path, e))?;
    }
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn words_are_quoted_where_a_shell_would_read_them() {
        assert_eq!(quoted("--vary"), "--vary");
        assert_eq!(quoted("daylight.time=07:00..19:00:7"), "daylight.time=07:00..19:00:7");
        assert_eq!(quoted("rig.cameras[*].gain_db=1,2"), "'rig.cameras[*].gain_db=1,2'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
