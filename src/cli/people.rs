//! `laneproof people`: a contact sheet of portraits.
use std::path::PathBuf;

use image::{RgbImage, imageops};
use laneproof_scenarios::exit;
use laneproof_scenes::{
    people::{Demographics, Identity},
    stream::stream,
};

use crate::session::{self, Choices, Failure};

/// Draw a contact sheet of portraits
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How many people
    #[arg(long, default_value_t = 32)]
    pub count: u32,
    /// Seed of the identities
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Picture to write (PNG)
    #[arg(long, value_name = "FILE")]
    pub sheet: PathBuf,
    /// Pictures in a row
    #[arg(long, default_value_t = 8)]
    pub columns: u32,
    /// Adapter
    #[command(flatten)]
    pub choices: Choices,
}

/// The `k`-th identity of a seed, of any age and group.
pub fn identity(seed: u64, k: u64) -> Identity {
    Identity::sample(&Demographics::default(), &mut stream(seed, k, "sheet identity"))
}

pub(super) fn run(args: &Args) -> Result<u8, Failure> {
    if args.count == 0 || args.columns == 0 {
        return Err(Failure::usage("a sheet needs at least one person and one column"));
    }
    let mut world = session::open_world(&args.choices)?;
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
        sheet.save(&args.sheet).map_err(|e| Failure::io(&args.sheet, e))?;
        println!("{} portraits in {}", args.count, args.sheet.display());
    }
    Ok(exit::DONE)
}
