//! `laneproof people`: a contact sheet of portraits, and measurements.
mod acts;
mod measure;
mod table;

use std::path::{Path, PathBuf};

use image::{RgbImage, imageops};
use laneproof_scenarios::exit;
use laneproof_scenes::{
    people::{Demographics, Identity},
    stream::stream,
};

use crate::session::{self, Choices, Failure};

/// Draw a contact sheet of portraits, or measure people
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    sheet: Sheet,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Measure(measure::Args),
}

/// A contact sheet.
#[derive(Debug, clap::Args)]
struct Sheet {
    /// How many people
    #[arg(long, default_value_t = 32)]
    count: u32,
    /// Seed of the identities
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Picture to write (PNG)
    #[arg(long, value_name = "FILE", required = true)]
    sheet: Option<PathBuf>,
    /// Draw what people do in a car, one picture a behaviour
    #[arg(long, conflicts_with = "count")]
    behaviours: bool,
    /// Pictures in a row
    #[arg(long, default_value_t = 8)]
    columns: u32,
    /// Part of the name or driver of the Vulkan adapter
    #[arg(long, env = "LANEPROOF_ADAPTER", value_name = "NAME")]
    adapter: Option<String>,
}

/// The `k`-th identity of a seed, of any age and group.
pub fn identity(seed: u64, k: u64) -> Identity {
    Identity::sample(&Demographics::default(), &mut stream(seed, k, "sheet identity"))
}

pub(super) fn run(args: &Args) -> Result<u8, Failure> {
    match (&args.command, &args.sheet.sheet) {
        (Some(Command::Measure(args)), _) => measure::run(args),
        (None, Some(path)) if args.sheet.behaviours => {
            acts::draw(args.sheet.seed, args.sheet.columns.max(1), args.sheet.adapter.clone(), path)
        }
        (None, Some(path)) => draw(&args.sheet, path),
        (None, None) => Err(Failure::usage("--sheet names the picture to write")),
    }
}

fn draw(args: &Sheet, path: &Path) -> Result<u8, Failure> {
    if args.count == 0 || args.columns == 0 {
        return Err(Failure::usage("a sheet needs at least one person and one column"));
    }
    let mut world = session::open_world(&Choices { adapter: args.adapter.clone(), ..Choices::default() })?;
    let mut sheet: Option<RgbImage> = None;
    let rows = args.count.div_ceil(args.columns);
    for k in 0..args.count {
        let picture = world.simulator.portrait(&identity(args.seed, u64::from(k)))?;
        let (w, h) = (picture.width / 2, picture.height / 2);
        let full = RgbImage::from_raw(picture.width, picture.height, picture.rgb)
            .ok_or_else(|| Failure::setup("a portrait's size does not match its data"))?;
        let small = imageops::resize(&full, w, h, imageops::FilterType::Triangle);
        let sheet = sheet.get_or_insert_with(|| RgbImage::new(w * args.columns.min(args.count), h * rows));
        imageops::replace(sheet, &small, i64::from(k % args.columns * w), i64::from(k / args.columns * h));
    }
    if let Some(sheet) = sheet {
        sheet.save(path).map_err(|e| Failure::io(path, e))?;
        println!("{} portraits in {}", args.count, path.display());
    }
    Ok(exit::DONE)
}
