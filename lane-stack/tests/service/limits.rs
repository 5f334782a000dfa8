//! Nothing grows without bound: what has no room is told when to come again.
use crate::harness::{Answer, Service, TOKEN};
use lane_stack::api::{Closed, EncounterInfo};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;

/// Waits until something is so, a second and a half at most for each tenth of a second asked.
#[expect(clippy::disallowed_methods, reason = "waits for another process")]
fn until(what: &str, mut so: impl FnMut() -> bool) {
    for _ in 0..100 {
        if so() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    panic!("{what} within 10 s");
}

#[test]
fn a_full_queue_gives_429_and_takes_on_what_it_took() {
    let Some(service) = Service::start(1, "[limits]\nmax_queued_frames = 3\nmax_queued_frames_per_encounter = 2\n")
    else {
        return;
    };
    for id in ["a", "b"] {
        service.open(id);
    }
    let accepted = |id: &str| service.get(&format!("/v1/encounters/{id}")).json::<EncounterInfo>().accepted_frames;
    std::thread::scope(|scope| {
        // Frames 1 and 2 wait for frame 0, and fill what encounter a may have under way.
        let early: Vec<_> = [1, 2]
            .map(|sequence| {
                scope.spawn({
                    let service = &service;
                    move || service.push("a", sequence)
                })
            })
            .into();
        until("two frames are accepted", || accepted("a") == 2);
        let busy = service.push("a", 3);
        busy.is_problem(429, "busy");
        let seconds: u64 = busy.retry_after.as_deref().unwrap().parse().unwrap();
        assert!((1..=30).contains(&seconds));
        // Encounter b has room of its own, until all of the service's is taken.
        let waiting = scope.spawn(|| service.push("b", 1));
        until("a frame of b is accepted", || accepted("b") == 1);
        service.push("b", 0).is_problem(429, "busy");
        service
            .call("PUT", "/v1/gallery/references/r", crate::harness::PORTRAITS[0].1, "image/jpeg")
            .is_problem(429, "busy");
        // Room comes back when the encounter is given up, which tells those who wait.
        assert_eq!(service.call("DELETE", "/v1/encounters/b", &[], "").status, 204);
        waiting.join().unwrap().is_problem(404, "unknown-encounter");
        // Encounter a closes without frame 0: what it took is looked at all the same.
        let closed: Closed = service.close("a").json();
        assert_eq!((closed.accepted_frames, closed.missing_frames), (2, 1));
        let answers: Vec<Answer> = early.into_iter().map(|t| t.join().unwrap()).collect();
        assert!(answers.iter().all(|a| a.status == 200), "{answers:?}");
        assert!(!closed.decisions.detections.is_empty());
    });
    let page = String::from_utf8(service.get("/v1/metrics").body).unwrap();
    for line in
        ["lane_stack_shed_total 3", "lane_stack_queued 0", "lane_stack_queued_bytes 0", "lane_stack_open_encounters 0"]
    {
        assert!(page.lines().any(|l| l == line), "{line} is not in\n{page}");
    }
}

#[test]
fn what_would_wait_for_too_long_is_refused_and_later_taken() {
    let Some(service) = Service::start(1, "[limits]\nmax_wait_ms = 1\n") else { return };
    service.open("a");
    // Sixteen at once before two workers: some come while others wait, are refused, and come again.
    let refused: usize = std::thread::scope(|scope| {
        let send_until_taken = |sequence: u64| {
            let mut refused = 0;
            until("a refused frame is taken", || match service.push("a", sequence).status {
                200 => true,
                429 => {
                    refused += 1;
                    false
                }
                status => panic!("frame {sequence}: {status}"),
            });
            refused
        };
        let threads: Vec<_> = (0..16).map(|sequence| scope.spawn(move || send_until_taken(sequence))).collect();
        threads.into_iter().map(|t| t.join().unwrap()).sum()
    });
    assert!(refused > 0, "nothing was refused");
    let closed: Closed = service.close("a").json();
    assert_eq!((closed.accepted_frames, closed.missing_frames), (16, 0));
}

#[test]
fn encounters_are_bounded_in_number_and_time_and_forgotten() {
    let limits = "[limits]\nmax_open_encounters = 2\nmax_idle_s = 1\nmax_kept = 1\n";
    let Some(service) = Service::start(1, limits) else { return };
    service.open("a");
    service.open("b");
    let open = |id: &str| service.call("PUT", &format!("/v1/encounters/{id}"), &[], "");
    let busy = open("c");
    busy.is_problem(429, "busy");
    assert!(busy.retry_after.is_some());
    open("a").is_problem(409, "encounter-exists");
    for bad in ["..", "%2e%2e%2fetc", "a%0Ab", ".hidden"] {
        let answer = open(bad);
        assert!([400, 404].contains(&answer.status), "{bad}: {answer:?}");
    }
    service.close("a").json::<Closed>();
    assert_eq!(open("c").status, 201);
    service.close("c").json::<Closed>();
    // Only the newest decisions are kept.
    until("a is forgotten", || service.get("/v1/encounters/a").status == 404);
    assert_eq!(service.get("/v1/encounters/c/decisions").status, 200);
    // Nothing came for b.
    until("b is dropped", || service.log().contains("encounter b was dropped: nothing came for 1 s"));
    service.get("/v1/encounters/b").is_problem(404, "unknown-encounter");
    service.push("b", 0).is_problem(404, "unknown-encounter");
}

#[test]
fn events_are_told_while_they_happen_and_end_with_the_encounter() {
    let Some(service) = Service::start(1, "[limits]\nmax_listeners = 1\n") else { return };
    service.open("e");
    let mut stream = TcpStream::connect(service.url.trim_start_matches("http://")).unwrap();
    let request = format!(
        "GET /v1/encounters/e/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {TOKEN}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut lines = BufReader::new(stream).lines().map(|line| line.unwrap());
    assert!(lines.next().unwrap().starts_with("HTTP/1.1 200"));
    lines.find(|l| l == ": live").unwrap();
    service.get("/v1/events").is_problem(429, "busy");
    let mut next = |name: &str| -> serde_json::Value {
        lines.find(|l| *l == format!("event: {name}")).unwrap_or_else(|| panic!("no event {name}"));
        let data = lines.next().unwrap();
        serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap()
    };
    service.push("e", 0);
    let told = next("frame");
    assert_eq!((&told["answer"]["exposure_id"], &told["camera_id"]), (&100.into(), &"front".into()));
    let path = crate::harness::frame_path("e", "front", 1);
    service.call("POST", &path, b"garbage", "image/jpeg");
    assert_eq!(next("refused")["problem"]["status"], 422);
    // Of other encounters nothing is told here.
    service.open("other");
    service.close("other");
    let closed: Closed = service.close("e").json();
    let told = next("decided");
    assert_eq!((&told["encounter_id"], &told["best_shots"]), (&"e".into(), &closed.decisions.best_shots.len().into()));
    assert!(lines.all(|l| !l.starts_with("event")), "the stream ends");
    // The place of the listener is free again.
    let events = "/v1/encounters/e/events";
    until("there is room for a listener", || service.get(events).status == 200);
}
