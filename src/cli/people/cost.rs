//! What people cost: time to make one, memory to keep one. Benchmark numbers: they belong to the machine, not to the table.
use laneproof_scenes::people::{Appearance, Demographics, Identity};
use laneproof_scenes::stream::stream;
use laneproof_sim::Simulator;

/// People baked for the benchmark.
const BAKED: u64 = 12;

/// Prints identities a second on one core and memory per occupant.
pub(super) fn report(simulator: &Simulator) {
    let looks: Vec<(Identity, Appearance)> = (0..BAKED)
        .map(|k| {
            let who = Identity::sample(&Demographics::default(), &mut stream(0, k, "benchmark identity"));
            let day = Appearance::of_portrait(&who);
            (who, day)
        })
        .collect();
    let cost = simulator.time_baking(&looks);
    println!(
        "\ngeneration {:.1} identities a second on one core; memory {:.1} MB an occupant",
        looks.len() as f64 / cost.seconds,
        cost.bytes as f64 / looks.len() as f64 * 1e-6
    );
}

/// Memory that the process holds, bytes; `None` where the system does not say.
pub(super) fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib * 1024)
}
