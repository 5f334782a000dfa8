//! Opening what a command needs: assets, renderer, simulator, stack; each failure with its exit code.
use std::{
    path::{Path, PathBuf},
    sync::OnceLock,
    time::Instant,
};

use lane_stack::InProcessStack;
use laneproof_assets::{AssetError, Cache};
use laneproof_scenarios::{
    exit,
    movie::MovieError,
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

impl From<MovieError> for Failure {
    fn from(error: MovieError) -> Self {
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
    let library = Cache::open()?.onnxruntime(&mut told)?;
    let folder = models_folder(choices, scenario_models)?;
    let selection = lane_stack::select(&folder, choices.stack_config.as_deref()).map_err(Failure::setup)?;
    InProcessStack::open(selection, Some(&library)).map_err(Failure::setup)
}

/// The folder of models that the command line, or else the scenario, names.
pub fn models_folder(choices: &Choices, scenario_models: &str) -> Result<PathBuf, Failure> {
    let folder = match (&choices.models, scenario_models) {
        (Some(folder), _) => folder.clone(),
        (None, "default") => default_models(&Cache::open()?)?,
        (None, folder) => PathBuf::from(folder),
    };
    if folder.is_dir() {
        Ok(folder)
    } else {
        Err(Failure::usage(format!("{} is no folder of models", folder.display())))
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
