//! What every design promises, over named factors.
use super::*;

const NAMES: [&str; 6] = ["rake", "tint", "sun", "speed", "height", "focus"];

fn points(design: &Design, seed: u64, count: u64, factors: &[&str]) -> Vec<Vec<f64>> {
    (0..count).map(|k| design.point(seed, k, factors).unwrap()).collect()
}

/// Whether each of as many strata as points holds one of `values`.
fn stratified(values: impl Iterator<Item = f64>) -> bool {
    let values: Vec<f64> = values.collect();
    let mut taken = vec![0; values.len()];
    for value in &values {
        taken[(value * values.len() as f64) as usize] += 1;
    }
    taken.iter().all(|count| *count == 1)
}

/// Smooth, of mean 1: a product of gentle slopes and curves.
fn smooth(point: &[f64]) -> f64 {
    point.iter().zip(1..).map(|(u, i)| 1.0 + (u - 0.5) / f64::from(i) + 0.5 * (u * u - 1.0 / 3.0)).product()
}

fn mean(design: &Design, seed: u64, count: u64) -> f64 {
    points(design, seed, count, &NAMES).iter().map(|p| smooth(p)).sum::<f64>() / count as f64
}

/// Root mean square error of the mean of `count` points, over seeds.
fn error(design: &Design, count: u64) -> f64 {
    (0..40).map(|seed| (mean(design, seed, count) - 1.0).powi(2) / 40.0).sum::<f64>().sqrt()
}

fn every_design() -> [Design; 4] {
    [
        Design::MonteCarlo,
        Design::Factorial { levels: vec![3, 2, 4, 1, 2, 2] },
        Design::LatinHypercube { points: 64 },
        Design::Sobol { scrambles: 8 },
    ]
}

#[test]
fn points_lie_in_the_unit_cube_and_come_again() {
    for design in every_design() {
        let all = points(&design, 5, 64, &NAMES);
        assert!(all.iter().flatten().all(|u| (0.0..1.0).contains(u)), "{design:?}");
        assert_eq!(all[63], design.point(5, 63, &NAMES).unwrap());
        if !matches!(design, Design::Factorial { .. }) {
            assert_ne!(all, points(&design, 6, 64, &NAMES), "{design:?}");
        }
    }
}

#[test]
fn a_factor_more_moves_no_other() {
    let five = &NAMES[..5];
    for design in [Design::MonteCarlo, Design::LatinHypercube { points: 64 }, Design::Sobol { scrambles: 8 }] {
        for k in 0..64 {
            let more = design.point(1, k, &NAMES).unwrap();
            assert_eq!(more[..5], design.point(1, k, five).unwrap(), "{design:?}");
        }
    }
    // Where place does not matter, neither does order.
    for design in [Design::MonteCarlo, Design::LatinHypercube { points: 64 }] {
        let turned = design.point(1, 9, &["tint", "rake"]).unwrap();
        assert_eq!(design.point(1, 9, &["rake", "tint"]).unwrap(), [turned[1], turned[0]]);
    }
}

#[test]
fn monte_carlo_is_uniform_and_its_factors_unrelated() {
    let all = points(&Design::MonteCarlo, 1, 4000, &["rake", "tint"]);
    let average = |f: &dyn Fn(&Vec<f64>) -> f64| all.iter().map(f).sum::<f64>() / 4000.0;
    assert!((average(&|p| p[0]) - 0.5).abs() < 0.02);
    assert!((average(&|p| (p[0] - 0.5).powi(2)) - 1.0 / 12.0).abs() < 0.005);
    assert!(average(&|p| (p[0] - 0.5) * (p[1] - 0.5)).abs() < 0.005);
}

#[test]
fn a_factorial_takes_every_cell_equally_often() {
    let design = Design::Factorial { levels: vec![3, 2, 4] };
    let mut counts = [0; 24];
    for point in points(&design, 1, 72, &NAMES[..3]) {
        let level = |i: usize, of: f64| (point[i] * of) as usize;
        counts[level(0, 3.0) + 3 * level(1, 2.0) + 6 * level(2, 4.0)] += 1;
    }
    assert_eq!(counts, [3; 24]);
}

#[test]
fn a_latin_hypercube_has_one_point_in_every_stratum() {
    for count in [1, 2, 3, 7, 16, 97, 100, 1000] {
        for seed in 0..3 {
            let all = points(&Design::LatinHypercube { points: count }, seed, count, &NAMES);
            for factor in 0..NAMES.len() {
                assert!(stratified(all.iter().map(|p| p[factor])), "{count} {seed} {factor}");
            }
        }
    }
}

#[test]
fn strata_of_two_factors_are_unrelated() {
    // The rank correlation of n random orders has standard deviation 1 ÷ √(n − 1).
    let all = points(&Design::LatinHypercube { points: 2000 }, 3, 2000, &["rake", "tint"]);
    let correlation = all.iter().map(|p| 12.0 * (p[0] - 0.5) * (p[1] - 0.5)).sum::<f64>() / 2000.0;
    assert!(correlation.abs() < 3.0 / 2000f64.sqrt(), "{correlation}");
}

#[test]
fn every_scramble_has_one_point_in_every_stratum_of_every_factor() {
    let names: Vec<String> = (0..MOST_FACTORS).map(|i| format!("factor {i}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let design = Design::Sobol { scrambles: 8 };
    for count in [1, 2, 64, 1024] {
        let all = points(&design, 2, 8 * count, &names);
        for scramble in 0..8 {
            for factor in 0..MOST_FACTORS {
                let of_one = all.iter().skip(scramble).step_by(8);
                assert!(stratified(of_one.map(|p| p[factor])), "{count} {scramble} {factor}");
            }
        }
    }
}

#[test]
fn the_first_two_sobol_factors_fill_every_box() {
    // The first two dimensions are a (0, m, 2)-net: of 256 points one in each of 2^a × 2^(8 − a) boxes.
    let design = Design::Sobol { scrambles: 8 };
    let of_one: Vec<Vec<f64>> = (0..256).map(|i| design.point(4, 8 * i + 5, &NAMES[..2]).unwrap()).collect();
    for bits in 0..=8 {
        let (columns, rows) = (2f64.powi(bits), 2f64.powi(8 - bits));
        let mut boxes: Vec<(u32, u32)> =
            of_one.iter().map(|p| ((p[0] * columns) as u32, (p[1] * rows) as u32)).collect();
        boxes.sort_unstable();
        boxes.dedup();
        assert_eq!(boxes.len(), 256, "{columns} columns");
    }
}

#[test]
fn spread_points_integrate_far_better() {
    let chance = error(&Design::MonteCarlo, 2048);
    let latin = error(&Design::LatinHypercube { points: 2048 }, 2048);
    let sobol = error(&Design::Sobol { scrambles: 8 }, 2048);
    println!("root mean square errors: Monte Carlo {chance:.6}, Latin hypercube {latin:.6}, Sobol {sobol:.6}");
    // A hypercube takes out what each factor does alone, Sobol's points also what they do together.
    assert!(latin < chance / 1.5 && sobol < chance / 10.0 && sobol < latin / 3.0);
}

#[test]
fn the_interval_over_scrambles_holds_the_truth() {
    let design = Design::Sobol { scrambles: 8 };
    let holds = |seed: u64| {
        let mut sums = [0.0; 8];
        for k in 0..8 * 128 {
            sums[scramble_of(k, 8).0 as usize] += smooth(&design.point(seed, k, &NAMES).unwrap()) / 128.0;
        }
        let found = mean_of_scrambles(&sums).unwrap();
        found.low <= 1.0 && 1.0 <= found.high
    };
    let held = (0..200).filter(|seed| holds(*seed)).count();
    println!("the interval over scrambles held the truth {held} times of 200");
    assert!((180..=200).contains(&held), "{held}");
}

#[test]
fn what_cannot_be_is_refused() {
    let names: Vec<String> = (0..33).map(|i| format!("factor {i}")).collect();
    let many: Vec<&str> = names.iter().map(String::as_str).collect();
    let refusal = |design: Design, k, factors: &[&str]| design.point(1, k, factors).unwrap_err().to_string();
    let sobol = |scrambles| Design::Sobol { scrambles };
    let latin = |points| Design::LatinHypercube { points };
    let levels = |levels: &[u32]| Design::Factorial { levels: levels.to_vec() };
    assert!(refusal(sobol(8), 0, &many).starts_with("33 factors, but a Sobol plan has at most 32"));
    assert!(refusal(sobol(7), 0, &NAMES).starts_with("7 scrambles"));
    assert_eq!(refusal(sobol(8), 8 << 16, &NAMES), "524289 points asked for, but the plan has 524288");
    assert!(sobol(8).check(8 << 16, &NAMES).is_ok());
    assert_eq!(refusal(latin(10), 10, &NAMES), "11 points asked for, but the plan has 10");
    assert!(refusal(latin(0), 0, &NAMES).contains("of 0 points; it takes 1 to 4294967296"));
    assert!(refusal(levels(&[2, 3]), 0, &["rake"]).starts_with("level counts for 2 factors, but there are 1"));
    assert!(refusal(levels(&[2, 0]), 0, &["rake", "tint"]).starts_with("the factor \"tint\" has no level"));
    assert!(refusal(levels(&[u32::MAX; 3]), 0, &NAMES[..3]).contains("2^64"));
    assert!(refusal(Design::MonteCarlo, 0, &["rake", "rake"]).starts_with("the factor \"rake\" stands twice"));
    assert!(Design::MonteCarlo.point(1, u64::MAX, &many).is_ok());
}
