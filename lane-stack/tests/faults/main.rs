//! `lane-stack serve` when something goes wrong around it: it is killed, its disk fills, its files are damaged or changed,
//! clocks step, clients stall or send what no camera would. Needs `ORT_DYLIB_PATH`; without it the tests say so and count
//! what they left out.
#[path = "../service/harness.rs"]
#[allow(dead_code, reason = "shared with the tests of the service, which use the rest")]
mod harness;

mod clocks;
mod damaged;
mod full_disk;
mod hostile;
mod killed;
mod models;
mod stalled;

use harness::{Answer, FRAMES, Service};
use lane_stack::api::{Closed, Found};
use std::collections::BTreeSet;

/// Enrols a citizen's passport, which the gallery's policy keeps for a day.
fn enrol(service: &Service, id: &str, picture: &[u8]) -> Answer {
    service.call("PUT", &format!("/v1/gallery/references/{id}?class=citizen"), picture, "image/jpeg")
}

/// The most similar people, with their similarities.
fn search(service: &Service, picture: &[u8]) -> Vec<(String, f32)> {
    let found: Found = service.call("POST", "/v1/gallery/search", picture, "image/jpeg").json();
    found.candidates.into_iter().map(|c| (c.reference_id, c.similarity)).collect()
}

/// A whole encounter; who was matched in it.
fn matched(service: &Service, encounter: &str) -> BTreeSet<String> {
    service.open(encounter);
    for sequence in 0..FRAMES.len() as u64 {
        let answer = service.push(encounter, sequence);
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let closed: Closed = service.close(encounter).json();
    assert!(!closed.decisions.detections.is_empty());
    closed.decisions.best_shots.into_iter().filter_map(|b| b.matched).collect()
}

/// What it is at one of its levels, by name, in the metrics.
fn level(service: &Service, name: &str) -> u64 {
    let page = String::from_utf8(service.get("/v1/metrics").body).unwrap();
    let line = page.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("{name} is not in\n{page}")).parse().unwrap()
}

/// Waits until something is so, for ten seconds at most.
#[expect(clippy::disallowed_methods, reason = "waits for another process")]
fn until(what: &str, mut so: impl FnMut() -> bool) {
    for _ in 0..200 {
        if so() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("{what} within 10 s");
}

/// A field of `/proc/PID/status`, kilobytes.
fn memory_kb(service: &Service, field: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", service.child.id())).unwrap();
    let line = status.lines().find_map(|l| l.strip_prefix(field)?.strip_prefix(':'));
    line.unwrap().trim().trim_end_matches(" kB").parse().unwrap()
}
