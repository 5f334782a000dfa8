//! `laneproof explain`: what lost an occupant, by making their best exposures again.
use std::path::{Path, PathBuf};

use laneproof_scenarios::{
    exit,
    explain::{
        ExplainError, Explanation, Loss, Question,
        confirm::{Confirmation, confirm},
        explain, page,
    },
    plan::plan,
    run::{folder::RunFolder, record::EncounterRecord},
    scenario::Scenario,
    score::{Cause, score, summary::Summary},
};

use super::finished;
use crate::session::{self, Choices, Failure};

/// Say what lost an occupant: make their best exposures again with one thing idealised, then two, and ask the stack again
///
/// Writes a page with the pictures, and the same as JSON, into RUN/explained. On two cores somebody took 15 s whom one factor
/// explains; pairs take longer.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder of a run
    pub run: PathBuf,
    /// Occupant as ENCOUNTER/OCCUPANT, both counted from 0, such as 3/1; may be given several times; all who were lost
    /// when left out
    #[arg(long = "occupant", value_name = "ID", value_parser = parse_id)]
    pub occupants: Vec<(u64, u8)>,
    /// Take each named cause away from the whole encounter, under other noise, and say what then becomes of the occupant
    #[arg(long)]
    pub confirm: bool,
    /// The run's scenario file, where it no longer lies where it lay
    #[arg(long, value_name = "FILE")]
    pub scenario: Option<PathBuf>,
    /// Models and adapter
    #[command(flatten)]
    pub choices: Choices,
}

fn parse_id(text: &str) -> Result<(u64, u8), String> {
    let wrong = || format!("\"{text}\" is no occupant; right would be ENCOUNTER/OCCUPANT, such as 3/1");
    let (encounter, occupant) = text.split_once('/').ok_or_else(wrong)?;
    Ok((encounter.parse().map_err(|_| wrong())?, occupant.parse().map_err(|_| wrong())?))
}

fn record(folder: &RunFolder, encounter: u64) -> Result<EncounterRecord, Failure> {
    folder
        .read_json(&RunFolder::encounter_name(encounter))?
        .ok_or_else(|| Failure::usage(format!("the run in {} has no encounter {encounter}", folder.root().display())))
}

/// Everybody whom the run lost.
fn lost(folder: &RunFolder, summary: &Summary, scenario: &Scenario) -> Result<Vec<(u64, u8)>, Failure> {
    let mut lost = Vec::new();
    for encounter in &summary.head.encounters {
        let Some(scored) = score(&record(folder, *encounter)?, &scenario.file.validation) else { continue };
        let of_this = scored.occupants.iter().filter(|o| !o.outcome.is_captured());
        lost.extend(of_this.map(|o| (*encounter, o.occupant)));
    }
    Ok(lost)
}

/// What is written of an explanation.
#[derive(serde::Serialize)]
struct Kept<'a> {
    #[serde(flatten)]
    explained: &'a Explanation,
    #[serde(skip_serializing_if = "Option::is_none")]
    confirmation: Option<Confirmation>,
}

fn keep(folder: &Path, explained: &Explanation, confirmation: Option<Confirmation>) -> Result<PathBuf, Failure> {
    std::fs::create_dir_all(folder).map_err(|e| Failure::io(folder, e))?;
    let name = format!("{:04}-{}", explained.encounter, explained.occupant);
    let json = folder.join(format!("{name}.json"));
    let text = serde_json::to_vec_pretty(&Kept { explained, confirmation }).map_err(|e| Failure::io(&json, e))?;
    std::fs::write(&json, text).map_err(|e| Failure::io(&json, e))?;
    let path = folder.join(format!("{name}.html"));
    let html = page::html(explained).map_err(|e| Failure::io(&path, e))?;
    std::fs::write(&path, html).map_err(|e| Failure::io(&path, e))?;
    Ok(path)
}

/// What became of an occupant without the named cause, in a sentence.
fn confirmed(confirmation: &Confirmation) -> String {
    let label = |cause: Option<Cause>| cause.map_or("nothing", Cause::label);
    match (confirmation.is_captured(), confirmation.advances()) {
        (true, _) => "Without that, in all exposures and under other noise, they are captured.".to_owned(),
        (false, advances) => format!(
            "Without that, in all exposures and under other noise, they are still lost: {} instead of {}{}.",
            label(confirmation.after),
            label(confirmation.before),
            if advances { "" } else { ", which is no further" }
        ),
    }
}

/// "veiling reflection + dark pane", for the counts at the end.
fn name_of(loss: &Loss) -> String {
    match loss {
        Loss::None => "not lost".to_owned(),
        Loss::OutOfView => "not in any camera's view".to_owned(),
        Loss::Choice => "the stack's choice of exposures".to_owned(),
        Loss::Factors(factors) => factors.iter().map(|f| f.label()).collect::<Vec<_>>().join(" + "),
        Loss::MoreThanTwo => "more than two things".to_owned(),
        Loss::Stack => "the stack".to_owned(),
    }
}

pub(super) fn run(args: &Args) -> Result<u8, Failure> {
    let folder = RunFolder::new(&args.run);
    let summary = finished::summary(&args.run)?;
    let scenario = finished::scenario(&args.run, &summary.head, args.scenario.as_deref())?;
    let asked = if args.occupants.is_empty() { lost(&folder, &summary, &scenario)? } else { args.occupants.clone() };
    let mut stack = session::open_stack(&args.choices, &scenario.file.stack.models)?;
    let mut world = session::open_world(&args.choices)?;
    let mut counts: Vec<(String, u32)> = Vec::new();
    let (mut named, mut captured, mut advanced) = (0, 0, 0);
    for (encounter, occupant) in &asked {
        let record = record(&folder, *encounter)?;
        let plan = plan(&scenario, *encounter);
        let question = Question { plan: &plan, record: &record, rule: &scenario.file.validation, occupant: *occupant };
        let failure = |e: ExplainError| match e {
            ExplainError::NotThere(_) => Failure::usage(e),
            other => Failure::setup(other),
        };
        let explained = explain(&question, &mut world, &mut stack).map_err(failure)?;
        let confirmation = match &explained.loss {
            Loss::Factors(factors) if args.confirm => {
                Some(confirm(&question, factors, &mut world, &mut stack).map_err(failure)?)
            }
            _ => None,
        };
        let page = keep(&args.run.join("explained"), &explained, confirmation)?;
        println!("{}\n  {}", explained.sentence(), page.display());
        if let Some(confirmation) = confirmation {
            println!("  {}", confirmed(&confirmation));
            named += 1;
            captured += u32::from(confirmation.is_captured());
            advanced += u32::from(confirmation.advances());
        }
        let name = name_of(&explained.loss);
        match counts.iter_mut().find(|(known, _)| *known == name) {
            Some((_, count)) => *count += 1,
            None => counts.push((name, 1)),
        }
    }
    if asked.len() > 1 {
        counts.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        println!("\nwhat lost them, by counterfactual:");
        for (name, count) in counts {
            println!("{count:5}  {name}");
        }
    }
    if args.confirm {
        println!(
            "\nwithout the named cause, in all exposures and under other noise: {captured} of {named} captured, {advanced} captured or further"
        );
    }
    Ok(exit::DONE)
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_occupant_is_two_numbers() {
        assert_eq!(super::parse_id("3/1"), Ok((3, 1)));
        for wrong in ["3", "3/", "a/1", "3/1/2", "3/300"] {
            assert!(super::parse_id(wrong).is_err_and(|e| e.contains("such as 3/1")), "{wrong}");
        }
    }
}
