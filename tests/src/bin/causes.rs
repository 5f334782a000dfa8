//! Measures how well explanations name planted causes, and prints the table: `causes --out DIR [--models DIR] [--losses N]
//! [--mixed N] [--only PLANT,…] [--write FILE]`. Runs and explanations that are there already are used again.
use std::{path::PathBuf, process::ExitCode};

use laneproof_tests::{
    causes::{Asking, MIXED, Mixed, PLANTS, Planted, mixed, planted, report},
    program,
};

/// Planted losses that are explained of each plant.
const LOSSES: usize = 24;
/// Losses of the mixed scenario that are explained.
const MIXED_LOSSES: usize = 60;

struct Args {
    out: PathBuf,
    models: Option<PathBuf>,
    losses: usize,
    mixed: usize,
    only: Vec<String>,
    write: Option<PathBuf>,
}

fn args() -> Result<Args, String> {
    let mut args =
        Args { out: PathBuf::new(), models: None, losses: LOSSES, mixed: MIXED_LOSSES, only: Vec::new(), write: None };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
        let number = |text: String| text.parse().map_err(|_| format!("\"{text}\" is no number of losses"));
        match word.as_str() {
            "--out" => args.out = absolute(value()?)?,
            "--models" => args.models = Some(absolute(value()?)?),
            "--losses" => args.losses = number(value()?)?,
            "--mixed" => args.mixed = number(value()?)?,
            "--only" => args.only = value()?.split(',').map(str::to_owned).collect(),
            "--write" => args.write = Some(absolute(value()?)?),
            other => return Err(format!("unknown argument {other}")),
        }
    }
    if args.out.as_os_str().is_empty() {
        return Err(
            "right would be: causes --out DIR [--models DIR] [--losses N] [--mixed N] [--only PLANT,…] [--write FILE]"
                .into(),
        );
    }
    Ok(args)
}

fn absolute(text: String) -> Result<PathBuf, String> {
    std::path::absolute(&text).map_err(|e| format!("{text}: {e}"))
}

fn percent(part: usize, of: usize) -> String {
    if of == 0 { "–".to_owned() } else { format!("{:.1} %", 100.0 * part as f64 / of as f64) }
}

fn print_planted(row: &Planted) {
    let named: Vec<String> = row.named.iter().map(|(name, count)| format!("{count} {name}")).collect();
    println!(
        "{:14} {:>8} {:>6} {:>10} {:>6}   {}",
        row.plant.scenario,
        row.captured_before,
        row.lost,
        row.explained(),
        row.right(),
        named.join(", ")
    );
}

fn print_mixed(result: &Mixed) {
    let explained: usize = result.named.values().sum();
    println!("\n{MIXED}: {} of {} occupants lost, {explained} explained", result.lost, result.occupants);
    for (name, count) in &result.named {
        println!("{count:5}  {name}");
    }
    for (what, count) in [("captured", result.captured), ("captured or further", result.advanced)] {
        println!(
            "without the named cause, in all exposures and under other noise, {what}: {count} of {} with a named cause ({}); of all explained {}",
            result.with_cause,
            percent(count, result.with_cause),
            percent(count, explained)
        );
    }
}

fn measure(args: &Args) -> Result<(), String> {
    let (here, root) = (std::env::current_exe().map_err(|e| e.to_string())?, program::root());
    let program = here.with_file_name("laneproof");
    let models = args.models.as_deref();
    let asking = Asking { program: &program, root: &root, models, out: &args.out, encounter: None };
    println!("planted        captured   lost  explained  right   named");
    let mut rows = Vec::new();
    for plant in
        PLANTS.iter().filter(|plant| args.only.is_empty() || args.only.iter().any(|only| only == plant.scenario))
    {
        let row = planted(&asking, plant, args.losses)?;
        print_planted(&row);
        rows.push(row);
    }
    let sum = |count: fn(&Planted) -> usize| rows.iter().map(count).sum::<usize>();
    let (explained, right) = (sum(Planted::explained), sum(Planted::right));
    println!("named right: {right} of {explained} planted losses ({})", percent(right, explained));
    let result = if args.mixed > 0 { Some(mixed(&asking, args.mixed)?) } else { None };
    if let Some(result) = &result {
        print_mixed(result);
    }
    if let Some(path) = &args.write {
        let models = if models.is_some() { " --models DIR" } else { "" };
        let command = format!("causes --out DIR{models} --losses {} --mixed {}", args.losses, args.mixed);
        let text =
            serde_json::to_string_pretty(&report(&command, &rows, result.as_ref())).map_err(|e| e.to_string())?;
        std::fs::write(path, text + "\n").map_err(|e| format!("{}: {e}", path.display()))?;
    }
    Ok(())
}

fn main() -> ExitCode {
    match args().and_then(|args| measure(&args)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("causes: {reason}");
            ExitCode::FAILURE
        }
    }
}
