//! `laneproof report`: a run's ledger, summary and report made again, with a vendor's brand, and on paper.
use std::path::PathBuf;

use laneproof_scenarios::{
    report::{
        brand::Brand,
        pdf::{self, PdfError},
    },
    run::again::{head_of, report_again},
    scenario::ScenarioError,
    terminal,
};

use super::finished;
use crate::session::Failure;

/// Make ledger, summary and report of a finished run again from what was kept; nothing is simulated
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder of a run
    pub run: PathBuf,
    /// The run's scenario file, where it no longer lies where it lay
    #[arg(long, value_name = "FILE")]
    pub scenario: Option<PathBuf>,
    /// TOML file with a title, a logo and notes for the report
    #[arg(long, value_name = "FILE")]
    pub brand: Option<PathBuf>,
    /// Print the report to report.pdf too; takes a Chromium or Chrome on PATH
    #[arg(long)]
    pub pdf: bool,
}

pub(super) fn run(args: &Args) -> Result<u8, Failure> {
    let head = head_of(&args.run)?;
    let scenario = finished::scenario(&args.run, &head, args.scenario.as_deref())?;
    let brand = args.brand.as_deref().map(Brand::open).transpose();
    let brand = brand.map_err(|fault| Box::new(ScenarioError::from(fault)))?;
    let result = report_again(&args.run, &scenario, brand.as_ref())?;
    println!("{}", terminal::table(&result.summary));
    let page = args.run.join("report.html");
    println!("report: {}", page.display());
    if args.pdf {
        let paper = args.run.join("report.pdf");
        let path = std::env::var_os("PATH").unwrap_or_default();
        pdf::print(&page, &paper, &path).map_err(|error| match error {
            PdfError::Io { .. } => Failure { code: laneproof_scenarios::exit::IO, message: error.to_string() },
            _ => Failure::setup(error),
        })?;
        println!("paper:  {}", paper.display());
    }
    Ok(result.exit_code())
}
