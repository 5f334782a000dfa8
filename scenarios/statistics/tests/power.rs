//! Planned power against simulated campaigns, and the tests' own levels.
use laneproof_statistics::clustered::{Cluster, ClusteredShare};
use laneproof_statistics::paired::{PairedCluster, PairedDifference, flip::FlipTest};
use laneproof_statistics::power::{
    Aim, Traffic, design_effect, half_width, paired_vehicles, unpaired_vehicles, vehicles_for_half_width,
};
use laneproof_statistics::unpaired::UnpairedDifference;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// Vehicles of 1 to 4: in the mean 2.5, coefficient of variation √0.2.
const OCCUPANTS: f64 = 2.5;

/// Occupants of a vehicle do the same with probability `together`, which is then their correlation.
fn traffic(together: f64) -> Traffic {
    Traffic { occupants: OCCUPANTS, design_effect: design_effect(OCCUPANTS, 0.2f64.sqrt(), together) }
}

/// Counts what each occupant of one vehicle draws with `one`, or what all of them draw at once.
fn vehicle(rng: &mut ChaCha8Rng, together: f64, one: impl Fn(f64) -> usize) -> (u64, [u64; 3]) {
    let of = rng.random_range(1..=4);
    let mut counts = [0; 3];
    if rng.random_bool(together) {
        counts[one(rng.random())] = of;
    } else {
        (0..of).for_each(|_| counts[one(rng.random())] += 1);
    }
    (of, counts)
}

fn shares(rng: &mut ChaCha8Rng, vehicles: u64, p: f64, together: f64) -> ClusteredShare {
    let clusters: Vec<Cluster> = (0..vehicles)
        .map(|_| {
            let (of, counts) = vehicle(rng, together, |u| usize::from(u < p));
            Cluster { weight: 1.0, hits: counts[1], of }
        })
        .collect();
    ClusteredShare::with_resamples(&clusters, 1, 0)
}

fn pairs(rng: &mut ChaCha8Rng, vehicles: u64, gain: f64, loss: f64, together: f64) -> Vec<PairedCluster> {
    let kind = |u: f64| if u < gain { 1 } else { 2 * usize::from(u < gain + loss) };
    (0..vehicles)
        .map(|_| {
            let (of, counts) = vehicle(rng, together, kind);
            PairedCluster { weight: 1.0, of, gained: counts[1], lost: counts[2] }
        })
        .collect()
}

/// How often `seen` is true.
fn rate(times: u32, seed: u64, mut seen: impl FnMut(&mut ChaCha8Rng) -> bool) -> f64 {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    f64::from((0..times).filter(|_| seen(&mut rng)).count() as u32) / f64::from(times)
}

#[test]
fn paired_plans_have_their_power() {
    for (power, gain, loss, together, two_sided) in [
        (0.8, 0.04, 0.10, 0.3, true),
        (0.95, 0.04, 0.10, 0.3, false),
        (0.8, 0.02, 0.05, 1.0, true),
        (0.8, 0.1, 0.2, 0.0, true),
    ] {
        let aim = Aim { alpha: 0.05, power, two_sided };
        let vehicles = paired_vehicles(gain + loss, gain - loss, &traffic(together), &aim).unwrap();
        let found = rate(1500, 1, |rng| {
            let test = FlipTest::new(&pairs(rng, vehicles, gain, loss, together));
            (if two_sided { test.p_two_sided } else { test.p_worse }) <= aim.alpha
        });
        println!("paired, {vehicles} vehicles: {found:.3} of {power}");
        assert!((found - power).abs() < 0.04);
    }
}

#[test]
fn unpaired_plans_have_their_power() {
    for (power, a, b, together) in [(0.8, 0.97, 0.95, 0.2), (0.95, 0.8, 0.7, 0.5), (0.8, 0.61, 0.5, 0.0)] {
        let aim = Aim { alpha: 0.05, power, two_sided: false };
        let vehicles = unpaired_vehicles(a, b, &traffic(together), &aim).unwrap();
        let found = rate(1500, 2, |rng| {
            let (a, b) = (shares(rng, vehicles, a, together), shares(rng, vehicles, b, together));
            UnpairedDifference::new(&a, &b, 0.0).unwrap().p_worse <= aim.alpha
        });
        println!("unpaired, {vehicles} vehicles each: {found:.3} of {power}");
        assert!((found - power).abs() < 0.04);
    }
}

#[test]
fn planned_widths_are_met() {
    for (p, together, wanted) in [(0.61, 0.3, 0.04), (0.9, 0.6, 0.03)] {
        let vehicles = vehicles_for_half_width(p, wanted, &traffic(together)).unwrap();
        assert!(half_width(p, vehicles, &traffic(together)) <= wanted);
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let widths: f64 =
            (0..300).map(|_| shares(&mut rng, vehicles, p, together)).map(|share| (share.high - share.low) / 2.0).sum();
        println!("{vehicles} vehicles: half-width {:.4} of {wanted}", widths / 300.0);
        assert!((widths / 300.0 / wanted - 1.0).abs() < 0.04);
    }
}

#[test]
fn tests_keep_their_level() {
    // No difference at all, and for the unpaired test one that just reaches the margin.
    let flip = rate(3000, 4, |rng| FlipTest::new(&pairs(rng, 150, 0.05, 0.05, 0.5)).p_two_sided <= 0.05);
    let unpaired = |a: f64, b: f64, margin: f64| {
        rate(3000, 5, |rng| {
            let (a, b) = (shares(rng, 150, a, 0.3), shares(rng, 150, b, 0.3));
            UnpairedDifference::new(&a, &b, margin).unwrap().p_worse <= 0.05
        })
    };
    let (same, apart) = (unpaired(0.9, 0.9, 0.0), unpaired(0.9, 0.85, 0.05));
    println!("levels: flip {flip:.3}, unpaired {same:.3}, at a margin {apart:.3}");
    assert!([flip, same, apart].iter().all(|level| (0.025..=0.065).contains(level)));
}

#[test]
fn intervals_of_differences_hold_the_truth() {
    let (mut sum, mut cells) = (0.0, 0.0);
    for (gain, loss) in [(0.0, 0.005), (0.005, 0.02), (0.02, 0.02), (0.05, 0.1), (0.2, 0.1)] {
        for together in [0.0, 0.3, 1.0] {
            let held = rate(2000, 6, |rng| {
                let found = PairedDifference::new(&pairs(rng, 150, gain, loss, together)).unwrap();
                found.low <= gain - loss && gain - loss <= found.high
            });
            println!("paired +{gain} −{loss}, correlation {together}: {held:.3}");
            assert!(held >= 0.90);
            (sum, cells) = (sum + held, cells + 1.0);
        }
    }
    println!("average {:.4}", sum / cells);
    assert!((0.93..=0.98).contains(&(sum / cells)));
    let (mut sum, mut cells) = (0.0, 0.0);
    for (a, b) in [(0.97, 0.95), (0.9, 0.9), (0.61, 0.75), (0.98, 0.6)] {
        for together in [0.0, 0.3, 0.6] {
            let held = rate(2000, 7, |rng| {
                let (share_a, share_b) = (shares(rng, 120, a, together), shares(rng, 150, b, together));
                let found = UnpairedDifference::new(&share_a, &share_b, 0.0).unwrap();
                found.low <= b - a && b - a <= found.high
            });
            println!("unpaired {a} and {b}, correlation {together}: {held:.3}");
            assert!(held >= 0.90);
            (sum, cells) = (sum + held, cells + 1.0);
        }
    }
    println!("average {:.4}", sum / cells);
    assert!((0.93..=0.98).contains(&(sum / cells)));
}
