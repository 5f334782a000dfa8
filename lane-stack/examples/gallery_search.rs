//! Times exact search in a gallery on disk against one plain pass over as many values in the same run, with the same
//! threads: `cargo run --release -p lane-stack --example gallery_search -- [TEMPLATES] [DIMENSION]` (default 1,000,000 and
//! 256: 2.5 GB of memory and 1.4 GB of disk in the folder for temporary files). A measurement, not a test; it fails when
//! an answer is not that of the plain comparison in double precision.
use lane_stack::gallery::{
    Asked, Enrolment, Gallery, MasterKey, ModelId, OsEntropy, Policy, ReferenceKind, Retention, Store, Template,
    UnixTime, cosine,
};
use std::error::Error;
use std::time::{Duration, Instant};

const ROUNDS: usize = 9;

/// Times a part.
#[expect(clippy::disallowed_methods, reason = "a benchmark reads the wall clock")]
fn timed<T>(part: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = part();
    (result, start.elapsed())
}

/// SplitMix64.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn embedding(state: &mut u64, dimension: usize) -> Vec<f32> {
    let values: Vec<f64> = (0..dimension).map(|_| next(state) as f64 / 2f64.powi(63) - 1.0).collect();
    let length = values.iter().map(|v| v * v).sum::<f64>().sqrt();
    values.into_iter().map(|v| (v / length) as f32).collect()
}

/// The plain pass: every value is read once and added up, in as many lanes as the compiler likes.
fn sum(values: &[f32]) -> f32 {
    let mut lanes = [0.0f32; 64];
    for chunk in values.chunks_exact(64) {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane += value;
        }
    }
    lanes.iter().sum()
}

fn plain_pass(values: &[f32], threads: usize) -> f32 {
    let share = values.len().div_ceil(threads);
    std::thread::scope(|scope| {
        let parts: Vec<_> = values.chunks(share).map(|part| scope.spawn(move || sum(part))).collect();
        parts.into_iter().map(|t| t.join().expect("the pass ends")).sum()
    })
}

fn median(times: &mut [Duration]) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1e3
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let count: usize = args.next().map_or(Ok(1_000_000), |a| a.parse())?;
    let dimension: usize = args.next().map_or(Ok(256), |a| a.parse())?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("g.db");
    let asked = Asked { by: "benchmark", at: UnixTime(0) };
    let model = ModelId { name: "benchmark".into(), sha256: "00".repeat(32), dimension };
    let key = || MasterKey::parse(&"5a".repeat(32));
    Store::create(&path, &key()?, Box::new(OsEntropy), &model, &asked)?;
    let mut store = Store::open(&path, key()?, Box::new(OsEntropy))?;
    let rule = Retention { kind: ReferenceKind::Passport, class: "*".into(), hours: 24.0 };
    store.set_policy(&asked, Policy { retain: vec![rule] })?;

    let mut state = 1;
    let mut all: Vec<f32> = Vec::with_capacity(count * dimension);
    let mut enrolling = Duration::ZERO;
    for from in (0..count).step_by(10_000) {
        let mut new = Vec::new();
        for i in from..(from + 10_000).min(count) {
            let values = embedding(&mut state, dimension);
            all.extend(&values);
            let enrolment = Enrolment {
                reference_id: format!("P{i:07}"),
                kind: ReferenceKind::Passport,
                class: "citizen".into(),
                encounter: None,
            };
            new.push((enrolment, Template::new(model.clone(), values)?));
        }
        let (done, time) = timed(|| store.enrol(&asked, &new));
        done?;
        enrolling += time;
    }
    let bytes = store.stats(UnixTime(0))?.file_bytes;
    let rate = count as f64 / enrolling.as_secs_f64();
    println!(
        "enrolled {count} × {dimension} in {:.1} s by 10,000s, {rate:.0}/s; {bytes} bytes on disk",
        enrolling.as_secs_f64()
    );
    store.close()?;
    let (store, time) = timed(|| key().and_then(|key| Store::open(&path, key, Box::new(OsEntropy))));
    let mut store = store?;
    println!("opened, every record decrypted, in {:.1} s", time.as_secs_f64());

    let probes: Vec<Vec<f32>> = (0..8).map(|_| embedding(&mut state, dimension)).collect();
    let probes: Vec<&[f32]> = probes.iter().map(Vec::as_slice).collect();
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let mut checksum = 0.0;
    for threads in [1, processors] {
        store.set_threads(threads);
        let [mut plain, mut one, mut eight, mut logged] = [(); 4].map(|()| Vec::new());
        for round in 0..ROUNDS {
            let (value, time) = timed(|| plain_pass(&all, threads));
            checksum += value;
            plain.push(time);
            let (found, time) = timed(|| store.search(&asked, &probes[round % 8..=round % 8]));
            found?;
            one.push(time);
            let (found, time) = timed(|| store.search(&asked, &probes));
            found?;
            eight.push(time);
            // A look-up of nobody is an entry in the audit log and nothing else: what every answer waits for.
            logged.push(timed(|| store.look_up(&asked, "nobody").is_ok()).1);
        }
        let (plain, logged) = (median(&mut plain), median(&mut logged));
        let (one, eight) = (median(&mut one), median(&mut eight));
        println!(
            "{threads} threads, medians of {ROUNDS}: plain pass {plain:.1} ms ({:.1} GB/s); search {one:.1} ms = {:.2} \
             passes, of which the audit log's way to the disk {logged:.1} ms, the rest {:.2} passes; eight probes at once \
             {eight:.1} ms = {:.2} passes each",
            all.len() as f64 * 4e-6 / plain,
            one / plain,
            (one - logged) / plain,
            eight / 8.0 / plain
        );
    }

    let found = store.search(&asked, &probes)?;
    for (probe, found) in probes.iter().zip(&found) {
        let exact = all.chunks_exact(dimension).map(|row| cosine(probe, row)).enumerate();
        let mut exact: Vec<(usize, f32)> = exact.collect();
        exact.sort_by(|a, b| b.1.total_cmp(&a.1));
        let exact = exact.iter().take(found.len()).map(|(row, similarity)| (format!("P{row:07}"), *similarity));
        let answered: Vec<_> =
            found.iter().map(|f| (f.candidate.reference_id.clone(), f.candidate.similarity)).collect();
        if answered != exact.collect::<Vec<_>>() {
            return Err("a search gave another answer than the plain comparison".into());
        }
    }
    println!(
        "recall 1: ids and similarities of {} probes are those of the plain comparison, bit for bit",
        probes.len()
    );
    if count <= 20_000 {
        let mut in_memory = Gallery::default();
        all.chunks_exact(dimension).enumerate().for_each(|(i, row)| in_memory.put(&format!("P{i:07}"), row.to_vec()));
        let mut times: Vec<Duration> = (0..ROUNDS).map(|_| timed(|| in_memory.search(probes[0])).1).collect();
        println!("the default gallery in memory: {:.2} ms", median(&mut times));
    }
    println!("checksum {checksum}");
    Ok(())
}
