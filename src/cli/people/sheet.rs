//! Contact sheets: different people, or one person on different days.
use std::path::PathBuf;

use image::{RgbImage, imageops};
use laneproof_scenarios::exit;
use laneproof_scenes::{
    infrared::Infrared,
    people::{Appearance, Expression, FaceUnit, Identity, wear::WearKind},
    stream::stream,
};
use laneproof_sim::{FaceView, PortraitPicture};

use super::{acts, documents, identity};
use crate::session::{self, Choices, Failure};

/// A contact sheet.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// How many people
    #[arg(long, default_value_t = 32)]
    count: u32,
    /// Seed of the identities
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Picture to write (PNG)
    #[arg(long, value_name = "FILE", required = true)]
    sheet: Option<PathBuf>,
    /// Pictures in a row
    #[arg(long, default_value_t = 8)]
    columns: u32,
    /// Show one person of the seed, by number, in place of many
    #[arg(long, value_name = "K", conflicts_with = "count")]
    identity: Option<u64>,
    /// With --identity: the portrait's day and how many days after it
    #[arg(long, default_value_t = 8, requires = "identity")]
    days: u32,
    /// What everybody wears: a kind, or several between commas (glasses, sunglasses, cap, brimmed-hat, beanie, hijab,
    /// niqab, turban, hood, surgical-mask, cloth-mask, scarf, headphones)
    #[arg(long, value_name = "KIND", value_delimiter = ',', value_parser = wear_kind)]
    wear: Vec<WearKind>,
    /// Turn of the heads to their own left, degrees
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true)]
    yaw: f32,
    /// Show each person's passport, visa and residence card in place of the plain portrait
    #[arg(long, conflicts_with_all = ["wear", "yaw", "identity"])]
    documents: bool,
    /// Show them as a near-infrared camera sees them: nir-850 or nir-940
    #[arg(long, value_name = "BAND", value_parser = infrared, conflicts_with = "documents")]
    band: Option<Infrared>,
    /// Draw what people do in a car, one picture a behaviour
    #[arg(long, conflicts_with_all = ["count", "identity", "wear", "yaw", "documents", "band"])]
    behaviours: bool,
    /// With --identity: the resting face and each of its movements at full strength, in place of days
    #[arg(long, requires = "identity", conflicts_with = "days")]
    units: bool,
    /// Part of the name or driver of the Vulkan adapter
    #[arg(long, env = "LANEPROOF_ADAPTER", value_name = "NAME")]
    adapter: Option<String>,
}

fn wear_kind(name: &str) -> Result<WearKind, String> {
    let known = WearKind::ALL.iter().find(|(n, _)| *n == name).map(|(_, kind)| *kind);
    known.ok_or_else(|| {
        let names = WearKind::ALL.map(|(n, _)| n).join(", ");
        format!("nobody can wear this; known are {names}")
    })
}

fn infrared(name: &str) -> Result<Infrared, String> {
    let known = Infrared::ALL.into_iter().find(|band| band.name() == name);
    known.ok_or_else(|| format!("no such band; known are {}", Infrared::ALL.map(Infrared::name).join(" and ")))
}

/// One movement at full strength, with the open mouth that some want.
fn movement(unit: FaceUnit) -> Expression {
    let jaw = matches!(unit, FaceUnit::MouthClose | FaceUnit::TongueOut).then_some((FaceUnit::JawOpen, 0.35));
    let strength = if unit == FaceUnit::MouthClose { 0.35 } else { 1.0 };
    Expression(jaw.into_iter().chain([(unit, strength)]).collect())
}

/// A picture at half its size, each pixel the mean of four.
fn half_size(picture: PortraitPicture) -> Result<RgbImage, Failure> {
    let (w, h) = (picture.width / 2, picture.height / 2);
    let full = RgbImage::from_raw(picture.width, picture.height, picture.rgb)
        .ok_or_else(|| Failure::setup("a portrait's size does not match its data"))?;
    Ok(imageops::resize(&full, w, h, imageops::FilterType::Triangle))
}

impl Args {
    /// Who is shown, and how they look.
    fn looks(&self) -> Vec<(Identity, Appearance)> {
        let mut looks: Vec<(Identity, Appearance)> = match self.identity {
            Some(k) if self.units => {
                let portrait = Appearance::of_portrait(&identity(self.seed, k));
                let moved = |unit| Appearance { expression: movement(unit), ..portrait.clone() };
                let faces = std::iter::once(portrait.clone()).chain(FaceUnit::all().map(moved));
                faces.map(|face| (identity(self.seed, k), face)).collect()
            }
            Some(k) => {
                let who = identity(self.seed, k);
                let mut rng = stream(self.seed, k, "sheet days");
                let portrait = (who.clone(), Appearance::of_portrait(&who));
                let later = (0..self.days).map(|_| (who.clone(), Appearance::another_day(&who, &mut rng)));
                std::iter::once(portrait).chain(later).collect()
            }
            None => (0..u64::from(self.count))
                .map(|k| identity(self.seed, k))
                .map(|who| (who.clone(), Appearance::of_portrait(&who)))
                .collect(),
        };
        for (k, (_, day)) in (0..).zip(&mut looks) {
            let mut rng = stream(self.seed, k, "sheet wear");
            self.wear.iter().for_each(|&kind| day.wear.put(kind, &mut rng));
        }
        looks
    }
}

pub(super) fn run(args: &Args) -> Result<u8, Failure> {
    let path = args.sheet.as_ref().ok_or_else(|| Failure::usage("--sheet names the picture to write"))?;
    if args.count == 0 || args.columns == 0 {
        return Err(Failure::usage("a sheet needs at least one person and one column"));
    }
    if args.behaviours {
        return acts::draw(args.seed, args.columns, args.adapter.clone(), path);
    }
    let mut world = session::open_world(&Choices { adapter: args.adapter.clone(), ..Choices::default() })?;
    let looks = args.looks();
    let columns = args.columns.min(looks.len() as u32);
    let rows = (looks.len() as u32).div_ceil(columns);
    let mut sheet: Option<RgbImage> = None;
    for (k, look) in (0_u32..).zip(&looks) {
        let small = if args.documents {
            documents::strip(&mut world.simulator, &look.0)?
        } else {
            half_size(world.simulator.studio(look, &FaceView::turned(args.yaw), args.band)?)?
        };
        let (w, h) = small.dimensions();
        let sheet = sheet.get_or_insert_with(|| RgbImage::new(w * columns, h * rows));
        imageops::replace(sheet, &small, i64::from(k % columns * w), i64::from(k / columns * h));
    }
    if let Some(sheet) = sheet {
        sheet.save(path).map_err(|e| Failure::io(path, e))?;
        println!("{} portraits in {}", looks.len(), path.display());
    }
    Ok(exit::DONE)
}
