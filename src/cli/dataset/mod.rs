//! `laneproof dataset`: training data for detector and embedder, from people whom no scenario ever meets.
mod families;
mod lane;
mod studio;

use std::{
    fs::File,
    io::Write as _,
    path::{Path, PathBuf},
};

use laneproof_scenarios::{exit, scenario::Scenario};
use laneproof_scenes::catalogue::{Daylight, Sky};
use rand::Rng;
use serde_json::Value;

use crate::session::{self, Choices, Failure};

/// Write training data: lane frames with boxes, and faces of many people under many lights
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Scenarios whose lanes, rigs and traffic the frames come from, in turn; their seeds are replaced
    #[arg(required = true)]
    pub scenarios: Vec<PathBuf>,
    /// Folder to write to; what is there already is kept and gone on from
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Seed; scenarios use others, so that no identity is shared
    #[arg(long)]
    pub seed: u64,
    /// Encounters for the detector
    #[arg(long, default_value_t = 60)]
    pub encounters: u64,
    /// Identities for the embedder
    #[arg(long, default_value_t = 1500)]
    pub identities: u64,
    /// Pictures of each identity besides its portrait
    #[arg(long, default_value_t = 7)]
    pub views: u32,
    /// Adapter
    #[command(flatten)]
    pub choices: Choices,
}

/// Lines of JSON that wait to be appended to a file, all of a step together.
struct Rows {
    path: PathBuf,
    waiting: String,
}

impl Rows {
    fn new(path: PathBuf) -> Self {
        Self { path, waiting: String::new() }
    }

    /// Lines that the file holds.
    fn count(&self) -> u64 {
        std::fs::read_to_string(&self.path).map_or(0, |text| text.lines().count() as u64)
    }

    fn push(&mut self, row: &Value) {
        self.waiting.push_str(&row.to_string());
        self.waiting.push('\n');
    }

    fn write(&mut self) -> Result<(), Failure> {
        let written = File::options().create(true).append(true).open(&self.path);
        written.and_then(|mut file| file.write_all(self.waiting.as_bytes())).map_err(|e| Failure::io(&self.path, e))?;
        self.waiting.clear();
        Ok(())
    }
}

/// The same day and place at an hour between eight and six, one time in four under an overcast sky.
pub(super) fn another_hour<R: Rng>(daylight: &Daylight, rng: &mut R) -> Daylight {
    let mut other = daylight.clone();
    let hour = rng.random_range(8..18);
    let minute = rng.random_range(0..60);
    if let Some((date, rest)) = daylight.time.split_once('T') {
        let offset = rest.get(8..).unwrap_or("Z");
        other.time = format!("{date}T{hour:02}:{minute:02}:00{offset}");
    }
    if rng.random_bool(0.25) {
        other.sky = Sky::Overcast;
    }
    other
}

fn opened(path: &Path, seed: u64) -> Result<Scenario, Failure> {
    let mut scenario = Scenario::open(path)?;
    scenario.file.seed = seed;
    Ok(scenario)
}

pub(super) fn run(args: &Args) -> Result<u8, Failure> {
    let scenarios: Vec<Scenario> =
        args.scenarios.iter().map(|path| opened(path, args.seed)).collect::<Result<_, _>>()?;
    std::fs::create_dir_all(&args.out).map_err(|e| Failure::io(&args.out, e))?;
    let note = args.out.join("held-out.txt");
    std::fs::write(&note, families::in_words() + "\n").map_err(|e| Failure::io(&note, e))?;
    let mut world = session::open_world(&args.choices)?;
    lane::write(args, &scenarios, &mut world.simulator)?;
    studio::write(args, &scenarios[0].mix.value.wear.worn, &mut world.simulator)?;
    Ok(exit::DONE)
}
