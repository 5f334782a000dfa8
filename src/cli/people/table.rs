//! The table of `laneproof people measure`.
use std::fmt::Write as _;

use laneproof_scenarios::biometric::{Comparisons, equal_error};
use laneproof_statistics::share::Share;

use super::measure::{DETECTION_SCORE, Head, Look, Measured, StackHead, View};
use super::{
    judged,
    variants::{PLAIN, VARIANTS},
};

/// Age difference up to which two people count as of an age, years.
const OF_AN_AGE_YEARS: f32 = 10.0;
/// Adults' distance between the pupils, millimetres: mean and standard deviation of women and of men (ANSUR II, Gordon et al.
/// 2014: US Army personnel).
const INTERPUPILLARY_MM: [(f32, f32); 2] = [(61.7, 3.6), (64.0, 3.4)];

fn is_woman(person: &Measured) -> bool {
    person.sex < 0.5
}

/// A group: its name, and who is in it.
type Group = (String, Box<dyn Fn(&Measured) -> bool>);

fn groups() -> Vec<Group> {
    let mut groups: Vec<Group> = vec![("everyone".to_owned(), Box::new(|_| true))];
    for tone in 1..=10 {
        groups.push((format!("Monk {tone}"), Box::new(move |p| p.monk_tone == tone)));
    }
    groups.push(("women and girls".to_owned(), Box::new(is_woman)));
    groups.push(("men and boys".to_owned(), Box::new(|p| !is_woman(p))));
    for (name, from, to) in [("under 18", 0.0, 18.0), ("18 to 59", 18.0, 60.0), ("60 and over", 60.0, f32::MAX)] {
        groups.push((name.to_owned(), Box::new(move |p| (from..to).contains(&p.age_years))));
    }
    groups
}

fn look_of<'a>(person: &'a Measured, stack: usize, view: View, variant: &str) -> Option<&'a Look> {
    person.looks.iter().find(|look| look.stack == stack && look.view == view && look.variant == variant)
}

fn detection(
    people: &[Measured],
    stack: usize,
    (view, variant): (View, &str),
    is_in: &dyn Fn(&Measured) -> bool,
) -> String {
    let members: Vec<&Measured> = people.iter().filter(|p| is_in(p)).collect();
    let found = members.iter().filter(|p| {
        look_of(p, stack, view, variant).and_then(|look| look.score).is_some_and(|score| score >= DETECTION_SCORE)
    });
    let share = Share::new(found.count() as u64, members.len() as u64);
    let percent = share.share.map_or("–".to_owned(), |p| format!("{:.1} %", p * 100.0));
    format!("{percent} ({}/{})", share.count, share.of)
}

fn embedding<'a>(person: &'a Measured, stack: usize, view: View, variant: &str) -> Option<&'a [f32]> {
    look_of(person, stack, view, variant)?.embedding.as_deref()
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// Whether two people are as alike as a table of strangers can make them: of one sex, neighbouring tones and an age.
fn alike(a: &Measured, b: &Measured) -> bool {
    is_woman(a) == is_woman(b)
        && a.monk_tone.abs_diff(b.monk_tone) <= 1
        && (a.age_years - b.age_years).abs() <= OF_AN_AGE_YEARS
}

fn comparisons(out: &mut String, people: &[Measured], stack: usize, head: &StackHead) {
    let (mut same, mut different, mut near) = (Vec::new(), Vec::new(), Vec::new());
    for a in people {
        let Some(portrait) = embedding(a, stack, View::Portrait, PLAIN) else { continue };
        for b in people {
            let Some(crossing) = embedding(b, stack, View::Crossing, PLAIN) else { continue };
            let similarity = cosine(portrait, crossing);
            if a.person == b.person {
                same.push(similarity);
            } else {
                different.push(similarity);
                if alike(a, b) {
                    near.push(similarity);
                }
            }
        }
    }
    let threshold = head.match_threshold;
    writeln!(out, "\n  portrait × crossing                      comparisons    mean      SD   ≥ {threshold:.2}").ok();
    for (name, similarities) in
        [("same person", &same), ("different people", &different), ("of one sex, tone ± 1, age ± 10 years", &near)]
    {
        let c = Comparisons::of(similarities, threshold);
        let number = |x: Option<f64>| x.map_or("–".to_owned(), |x| format!("{x:.3}"));
        let percent = c.matched.share.map_or("–".to_owned(), |p| format!("{:.1} %", p * 100.0));
        writeln!(out, "  {name:<40} {:>11} {:>7} {:>7} {percent:>8}", c.count, number(c.mean), number(c.deviation))
            .ok();
    }
    if let Some(e) = equal_error(&same, &different) {
        writeln!(out, "  equal error rate {:.1} % at {:.2}", e.rate * 100.0, e.threshold).ok();
    }
}

/// What things worn do to the same crossing: how many faces are found, and how like its portrait each one stays.
fn worn(out: &mut String, people: &[Measured], stack: usize, head: &StackHead) {
    let has = |variant: &str| people.iter().any(|p| look_of(p, stack, View::Crossing, variant).is_some());
    if !VARIANTS.iter().any(|v| v.name != PLAIN && has(v.name)) {
        return;
    }
    writeln!(
        out,
        "\n  worn at the crossing   found                 similarity to the portrait   of plain   ≥ {:.2}",
        head.match_threshold
    )
    .ok();
    let mean_of = |variant: &str| {
        let own = |p: &Measured| {
            let portrait = embedding(p, stack, View::Portrait, PLAIN)?;
            Some(cosine(portrait, embedding(p, stack, View::Crossing, variant)?))
        };
        Comparisons::of(&people.iter().filter_map(own).collect::<Vec<_>>(), head.match_threshold)
    };
    let plain = mean_of(PLAIN).mean;
    for variant in VARIANTS.iter().filter(|v| has(v.name)) {
        let c = mean_of(variant.name);
        let found = detection(people, stack, (View::Crossing, variant.name), &|_| true);
        let number = |x: Option<f64>| x.map_or("–".to_owned(), |x| format!("{x:.3}"));
        let change = plain.zip(c.mean).map_or("–".to_owned(), |(plain, mean)| format!("{:+.3}", mean - plain));
        let percent = c.matched.share.map_or("–".to_owned(), |p| format!("{:.1} %", p * 100.0));
        writeln!(out, "  {:<22} {found:<21} {:<28} {change:<10} {percent}", variant.name, number(c.mean)).ok();
    }
}

fn head_measures(out: &mut String, people: &[Measured]) {
    writeln!(out, "\nadults' heads, mm: mean ± SD").ok();
    for (name, woman, (mean, deviation)) in
        [("women", true, INTERPUPILLARY_MM[0]), ("men", false, INTERPUPILLARY_MM[1])]
    {
        let adults: Vec<&Measured> = people.iter().filter(|p| p.age_years >= 18.0 && is_woman(p) == woman).collect();
        let of = |value: fn(&Measured) -> f32| {
            let c = Comparisons::of(&adults.iter().map(|p| value(p)).collect::<Vec<_>>(), 0.0);
            c.mean.zip(c.deviation).map_or("–".to_owned(), |(m, d)| format!("{m:.1} ± {d:.1}"))
        };
        writeln!(
            out,
            "  {name:<6} {:>4}   between the pupils {} (ANSUR II: {mean:.1} ± {deviation}), chin to crown {}, stature {}",
            adults.len(),
            of(|p| p.interpupillary_mm),
            of(|p| p.head_height_mm),
            of(|p| p.stature_mm)
        )
        .ok();
    }
}

/// The whole table.
pub(super) fn of(head: &Head, people: &[Measured]) -> String {
    let mut out = format!(
        "{} people, seed {}, on {}; portraits, and crossings without glass in daylight (turned ≤ 25°, ≥ 90 px between the eyes)\n",
        people.len(),
        head.seed,
        head.adapter
    );
    for (stack, models) in head.stacks.iter().enumerate() {
        writeln!(out, "\ndetector {}\nembedder {}", models.detector, models.embedder).ok();
        writeln!(out, "\n  found at a score of {DETECTION_SCORE} or more   {:<18}   crossings", "portraits").ok();
        for (name, is_in) in groups() {
            let [portraits, crossings] =
                [View::Portrait, View::Crossing].map(|view| detection(people, stack, (view, PLAIN), &*is_in));
            writeln!(out, "  {name:<32}   {portraits:<18}   {crossings}").ok();
        }
        comparisons(&mut out, people, stack, models);
        worn(&mut out, people, stack, models);
    }
    judged::table(&mut out, &head.judges, people);
    head_measures(&mut out, people);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(k: u64, sex: f32, tone: u8, portrait: [f32; 2], crossing: [f32; 2], score: f32) -> Measured {
        let look = |view, embedding: [f32; 2]| Look {
            stack: 0,
            view,
            variant: PLAIN.to_owned(),
            score: Some(score),
            embedding: Some(embedding.to_vec()),
        };
        Measured {
            person: k,
            age_years: 30.0 + k as f32,
            sex,
            monk_tone: tone,
            interpupillary_mm: 62.0 + k as f32,
            head_height_mm: 220.0,
            stature_mm: 1700.0,
            looks: vec![look(View::Portrait, portrait), look(View::Crossing, crossing)],
            judged: vec![judged::Judged {
                view: View::Portrait,
                mesh_error_percent: Some(4.0 + k as f32),
                pose_error_deg: Some([-1.0, 2.0, 0.5 * k as f32]),
                quality: None,
            }],
        }
    }

    #[test]
    fn counts_and_similarities_are_those_of_the_people() {
        let stack = StackHead { detector: "d".into(), embedder: "e".into(), match_threshold: 0.5 };
        let head = Head {
            version: "0".into(),
            scenario_hash: String::new(),
            seed: 4,
            adapter: "none".into(),
            stacks: vec![stack],
            judges: vec!["mesh".into(), "pose".into()],
        };
        let people = [
            person(0, 0.1, 3, [1.0, 0.0], [0.8, 0.6], 0.9),
            person(1, 0.2, 4, [0.0, 1.0], [0.0, 1.0], 0.7),
            person(2, 0.9, 9, [0.6, 0.8], [0.6, 0.8], 0.5),
        ];
        let text = of(&head, &people);
        let row = |name: &str| {
            let line = text.lines().find(|l| l.trim_start().starts_with(name)).expect("a row");
            line.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(row("everyone"), "everyone 66.7 % (2/3) 66.7 % (2/3)");
        assert_eq!(row("Monk 9"), "Monk 9 0.0 % (0/1) 0.0 % (0/1)");
        assert_eq!(row("Monk 1 "), "Monk 1 – (0/0) – (0/0)");
        // Same: .8, 1, 1. Different: 0, .6, .6, .8, .96, .8. Alike are only persons 0 and 1: 0 and .6.
        assert!(row("same person").contains("3 0.933 0.094 100.0 %"), "{text}");
        assert!(row("different people").contains("6 0.627 0.307 83.3 %"), "{text}");
        assert_eq!(row("FaceMesh"), "FaceMesh against our vertices, % between outer corners 5.00 ± 0.82 –");
        assert_eq!(row("FSA-Net, yaw: absolute"), "FSA-Net, yaw: absolute error, ° 1.00 ± 0.00 –");
        assert_eq!(row("FSA-Net, yaw: error with"), "FSA-Net, yaw: error with its sign, ° -1.00 ± 0.00 –");
        assert_eq!(row("LightQNet"), "LightQNet quality (at most about 0.61) – –");
        assert!(row("of one sex").contains("2 0.300 0.300 50.0 %"), "{text}");
    }
}
