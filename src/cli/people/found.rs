//! How surely detectors find plain faces, group by group: many renders of people drawn evenly over the skin tones.
use std::fmt::Write as _;

use lane_stack::InProcessStack;
use laneproof_scenarios::scenario::Scenario;
use laneproof_scenes::{
    people::{Appearance, Demographics, Identity, Wear},
    stream::stream,
};
use laneproof_sim::Simulator;
use laneproof_statistics::share::Share;
use serde::{Deserialize, Serialize};

use super::{
    journal::Journal,
    measure::{Args, DETECTION_SCORE, StackHead, crossing, face_score},
};
use crate::session::Failure;

/// Renders of each person: other turns of the head, other hours, other exposures.
const VIEWS: u64 = 8;
/// Skin tones of the Monk scale.
const TONES: u64 = 10;
/// Draws after which a tone is held to be one that nobody has.
const MOST_DRAWS: u64 = 100_000;

/// One person in all views: a line of `found.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Seen {
    person: u64,
    age_years: f32,
    sex: f32,
    monk_tone: u8,
    /// For each detector and view the score of the detection that overlaps the face best; `None` when none does.
    scores: Vec<Vec<Option<f32>>>,
}

/// People that give each tone so many renders.
fn people_for(renders_per_group: u64) -> u64 {
    renders_per_group.div_ceil(VIEWS) * TONES
}

/// The `k`-th person: of the population, with the tone whose turn it is.
fn of_the_tone(seed: u64, k: u64) -> Result<Identity, Failure> {
    let tone = 1 + (k % TONES) as u8;
    let mut rng = stream(seed, k, "found identity");
    (0..MOST_DRAWS)
        .map(|_| Identity::sample(&Demographics::default(), &mut rng))
        .find(|who| who.monk_tone == tone)
        .ok_or_else(|| Failure::setup(format!("nobody of {MOST_DRAWS} people has Monk tone {tone}")))
}

fn see(
    args: &Args,
    scenario: &Scenario,
    simulator: &mut Simulator,
    stacks: &mut [&mut InProcessStack],
    k: u64,
) -> Result<Seen, Failure> {
    let who = of_the_tone(args.seed, k)?;
    let mut day = Appearance::another_day(&who, &mut stream(args.seed, k, "found day"));
    day.wear = Wear::default();
    let person = simulator.bake(&[(who.clone(), day)]).pop().ok_or_else(|| Failure::setup("a person is missing"))?;
    let mut scores = vec![Vec::new(); stacks.len()];
    for view in 0..VIEWS {
        let mut rng = stream(args.seed, k * VIEWS + view, "found crossing");
        let (posed, view) = crossing(&person, &scenario.lane.value, &scenario.file.daylight, &mut rng)?;
        let picture = simulator.photograph(&posed, &view)?;
        for (stack, scores) in stacks.iter_mut().zip(&mut scores) {
            scores.push(face_score(stack, &picture)?);
        }
    }
    Ok(Seen { person: k, age_years: who.age_years, sex: who.sex, monk_tone: who.monk_tone, scores })
}

/// Measures and gives the table; an empty one where no renders are asked for. Stacks with one detector count once.
pub(super) fn measure(
    args: &Args,
    scenario: &Scenario,
    simulator: &mut Simulator,
    stacks: &mut [InProcessStack],
    heads: &[StackHead],
) -> Result<String, Failure> {
    if args.renders_per_group == 0 {
        return Ok(String::new());
    }
    let first = |i: usize| !heads[..i].iter().any(|head| head.detector == heads[i].detector);
    let detectors: Vec<&str> = (0..heads.len()).filter(|&i| first(i)).map(|i| heads[i].detector.as_str()).collect();
    let mut stacks: Vec<&mut InProcessStack> =
        stacks.iter_mut().enumerate().filter(|(i, _)| first(*i)).map(|(_, stack)| stack).collect();
    let count = people_for(args.renders_per_group);
    let (mut journal, mut seen) = Journal::open(args.out.join("found.jsonl"), count as usize)?;
    for k in seen.len() as u64..count {
        let one = see(args, scenario, simulator, &mut stacks, k)?;
        journal.add(&one)?;
        seen.push(one);
        if (k + 1).is_multiple_of(100) {
            println!("{} of {count} people looked for", k + 1);
        }
    }
    Ok(table(&detectors, &seen))
}

/// A group: its name, and who is in it.
type Group = (String, Box<dyn Fn(&Seen) -> bool>);

fn groups() -> Vec<Group> {
    let mut groups: Vec<Group> = vec![("everyone".to_owned(), Box::new(|_| true))];
    for tone in 1..=TONES as u8 {
        groups.push((format!("Monk {tone}"), Box::new(move |p| p.monk_tone == tone)));
    }
    groups.push(("women and girls".to_owned(), Box::new(|p| p.sex < 0.5)));
    groups.push(("men and boys".to_owned(), Box::new(|p| p.sex >= 0.5)));
    for (name, from, to) in [("under 18", 0.0, 18.0), ("18 to 59", 18.0, 60.0), ("60 and over", 60.0, f32::MAX)] {
        groups.push((name.to_owned(), Box::new(move |p| (from..to).contains(&p.age_years))));
    }
    groups
}

fn table(detectors: &[&str], seen: &[Seen]) -> String {
    let mut out = String::new();
    for (i, detector) in detectors.iter().enumerate() {
        writeln!(
            out,
            "\ndetector {detector}\n  {} people without anything worn, drawn evenly over the tones, {VIEWS} crossings each\n\
             \n  found at a score of {DETECTION_SCORE} or more   renders   found       missed, 95 % bound",
            seen.len()
        )
        .ok();
        for (name, is_in) in groups() {
            let scores: Vec<Option<f32>> =
                seen.iter().filter(|p| is_in(p)).flat_map(|p| p.scores[i].iter().copied()).collect();
            let found = scores.iter().filter(|s| s.is_some_and(|s| s >= DETECTION_SCORE)).count();
            let share = Share::new(found as u64, scores.len() as u64);
            let percent = |x: Option<f64>| x.map_or("–".to_owned(), |x| format!("{:.2} %", x * 100.0));
            let bound = percent(share.share.map(|_| 1.0 - share.low));
            writeln!(out, "  {name:<32} {:>7}   {:<10}  {bound}", share.of, percent(share.share)).ok();
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tone_is_as_often_looked_for_as_the_others() {
        assert_eq!(people_for(1000), 1250);
        for k in 0..20 {
            assert_eq!(u64::from(of_the_tone(5, k).expect("somebody").monk_tone), 1 + k % 10);
        }
    }

    #[test]
    fn a_face_below_the_score_is_missed_and_the_bound_is_wilsons() {
        let person = |k: u64, tone, score: f32| Seen {
            person: k,
            age_years: 30.0,
            sex: 0.0,
            monk_tone: tone,
            scores: vec![vec![Some(score); 5]],
        };
        let mut people: Vec<Seen> = (0..199).map(|k| person(k, 2, 0.9)).collect();
        people.push(person(199, 3, 0.5));
        let text = table(&["one"], &people);
        let row = |name: &str| text.lines().find(|l| l.trim_start().starts_with(name)).expect("a row").to_owned();
        assert!(row("everyone").contains("1000   99.50 %"), "{text}");
        // Wilson (1927) at z = 1.96: 995 of 1000 gives 0.98835 to 0.99786.
        assert!(row("everyone").contains("1.17 %"), "{text}");
        assert!(row("Monk 3").contains("5   0.00 %"), "{text}");
        assert!(row("Monk 4").contains('–'), "{text}");
    }
}
