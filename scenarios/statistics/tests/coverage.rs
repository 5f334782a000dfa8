//! How often intervals of clustered shares hold the truth, by simulation.
use laneproof_statistics::clustered::{Cluster, ClusteredShare};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Beta, Distribution as _};

const SHARES: [f64; 6] = [0.5, 0.61, 0.75, 0.9, 0.95, 0.98];
const CORRELATIONS: [f64; 4] = [0.0, 0.1, 0.25, 0.5];

/// Vehicles of 1 to 7 occupants; each has a share of its own, of a beta distribution around `share` that correlates its
/// occupants by `correlation`.
fn vehicles(rng: &mut ChaCha8Rng, count: usize, share: f64, correlation: f64, weights: &[f64]) -> Vec<Cluster> {
    let spread = (correlation > 0.0).then(|| {
        let tight = (1.0 - correlation) / correlation;
        Beta::new(share * tight, (1.0 - share) * tight).expect("positive parameters")
    });
    let mut vehicle = || {
        let of = rng.random_range(1..=7);
        let own = spread.map_or(share, |beta| beta.sample(rng));
        let hits = (0..of).filter(|_| rng.random::<f64>() < own).count() as u64;
        Cluster { weight: weights[rng.random_range(0..weights.len())], hits, of }
    };
    (0..count).map(|_| vehicle()).collect()
}

/// Per share and correlation how often `interval` held the share, of `times`.
fn coverage(
    times: u32,
    count: usize,
    weights: &[f64],
    interval: impl Fn(&[Cluster]) -> (f64, f64),
) -> Vec<(f64, f64, f64)> {
    let mut cells = Vec::new();
    for share in SHARES {
        for correlation in CORRELATIONS {
            let mut rng = ChaCha8Rng::seed_from_u64(cells.len() as u64);
            let held = (0..times).filter(|_| {
                let (low, high) = interval(&vehicles(&mut rng, count, share, correlation, weights));
                low <= share && share <= high
            });
            let held = f64::from(held.count() as u32) / f64::from(times);
            cells.push((share, correlation, held));
        }
    }
    cells
}

/// Average and least coverage, printed with every cell.
fn summary(what: &str, cells: &[(f64, f64, f64)]) -> (f64, f64) {
    println!("{what}: share, correlation, coverage");
    for (share, correlation, held) in cells {
        println!("{share:.2} {correlation:.2} {held:.3}");
    }
    let average = cells.iter().map(|cell| cell.2).sum::<f64>() / cells.len() as f64;
    let least = cells.iter().map(|cell| cell.2).fold(1.0, f64::min);
    println!("average {average:.4}, least {least:.3}");
    (average, least)
}

fn wilson(clusters: &[Cluster]) -> (f64, f64) {
    let share = ClusteredShare::with_resamples(clusters, 1, 0);
    (share.low, share.high)
}

#[test]
fn intervals_of_a_hundred_vehicles_hold_the_truth() {
    let (average, least) = summary("100 vehicles", &coverage(3000, 100, &[1.0], wilson));
    assert!((0.93..=0.97).contains(&average) && least >= 0.90);
}

#[test]
fn intervals_of_weighted_vehicles_hold_the_truth() {
    let (average, least) = summary("150 vehicles weighing 1 or 3", &coverage(2000, 150, &[1.0, 3.0], wilson));
    assert!((0.93..=0.97).contains(&average) && least >= 0.90);
}

#[test]
fn intervals_of_a_few_vehicles_hold_the_truth_or_are_wider() {
    for count in [2, 3, 6, 12] {
        let (average, least) = summary(&format!("{count} vehicles"), &coverage(1000, count, &[1.0], wilson));
        assert!(average >= 0.94 && least >= 0.90, "{count}");
    }
}

#[test]
fn intervals_hold_the_truth_where_full_vehicles_lose_more() {
    // 1 to 7 occupants, of whom 0.95, 0.90 … 0.65 hit: Σ n·p ÷ Σ n = 21 ÷ 28.
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    let mut vehicle = || {
        let of: u64 = rng.random_range(1..=7);
        let hits = (0..of).filter(|_| rng.random::<f64>() < 1.0 - 0.05 * of as f64).count() as u64;
        Cluster { weight: 1.0, hits, of }
    };
    let held = (0..3000).filter(|_| {
        let (low, high) = wilson(&(0..100).map(|_| vehicle()).collect::<Vec<_>>());
        low <= 0.75 && 0.75 <= high
    });
    let held = held.count() as f64 / 3000.0;
    println!("full vehicles lose more: {held:.3}");
    assert!((0.93..=0.97).contains(&held));
}

#[test]
fn the_bootstrap_is_a_little_short() {
    let bootstrap = |clusters: &[Cluster]| {
        let share = ClusteredShare::with_resamples(clusters, 1, 399);
        (share.bootstrap_low, share.bootstrap_high)
    };
    let (average, least) = summary("bootstrap, 100 vehicles", &coverage(300, 100, &[1.0], bootstrap));
    assert!((0.88..=0.97).contains(&average) && least >= 0.75);
}

#[test]
fn taking_occupants_as_independent_would_not_do() {
    let naive = |clusters: &[Cluster]| {
        let sum = |f: fn(&Cluster) -> u64| clusters.iter().map(f).sum::<u64>();
        let share = laneproof_statistics::share::Share::new(sum(|c| c.hits), sum(|c| c.of));
        (share.low, share.high)
    };
    let (average, _) = summary("occupants as independent", &coverage(1000, 100, &[1.0], naive));
    assert!(average < 0.90);
}
