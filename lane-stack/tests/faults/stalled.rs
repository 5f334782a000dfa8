//! Clients that stop in the middle: each costs itself, for as long as `receive_s` says, and the others go on.
use crate::harness::{FRAMES, GALLERY_SECTION, PORTRAITS, Service, TOKEN, frame_path, has_runtime, make_gallery};
use crate::{enrol, level, until};
use lane_stack::api::{Closed, FRAME_STREAM};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

fn connect(service: &Service) -> TcpStream {
    TcpStream::connect(service.url.trim_start_matches("http://")).unwrap()
}

/// The head of a request that promises so many bytes.
fn head(path: &str, content_type: &str, length: usize) -> String {
    let method = if path.contains("/references/") { "PUT" } else { "POST" };
    format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {TOKEN}\r\ncontent-type: {content_type}\r\n\
         content-length: {length}\r\n\r\n"
    )
}

/// What comes back until the connection ends.
fn rest(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok();
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn clients_that_stall_give_back_what_they_took_and_others_go_on() {
    if !has_runtime(1) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    make_gallery(folder.path());
    let limits = "[limits]\nreceive_s = 2\nmax_connections = 16\nmax_queued_frames = 12\n";
    let service = Service::start_in(1, folder, &format!("{GALLERY_SECTION}{limits}")).unwrap();
    service.open("stalled");
    service.open("e");
    let half = |i: u64, bytes: &[u8]| {
        let path = frame_path("stalled", "front", i);
        [head(&path, "image/jpeg", bytes.len()).as_bytes(), &bytes[..bytes.len() / 2]].concat()
    };
    // Four with half a frame, one with half a reference, one with half a head, one that says nothing, and two that go away.
    let mut stalled = Vec::new();
    for i in 0..4 {
        stalled.push((half(i, FRAMES[0].1), "408"));
    }
    let reference = head("/v1/gallery/references/half?class=citizen", "image/jpeg", 10_000);
    stalled.push(([reference.as_bytes(), &PORTRAITS[0].1[..500]].concat(), "408"));
    stalled.push((b"POST /v1/encounters/stalled/frames HTTP/1.1\r\nauthoriz".to_vec(), ""));
    stalled.push((Vec::new(), ""));
    let streams: Vec<(TcpStream, &str)> = stalled
        .into_iter()
        .map(|(bytes, status)| {
            let mut stream = connect(&service);
            stream.write_all(&bytes).unwrap();
            (stream, status)
        })
        .collect();
    for i in 4..6 {
        let mut stream = connect(&service);
        stream.write_all(&half(i, FRAMES[0].1)).unwrap();
        drop(stream);
    }
    // They hold room, and the others have theirs.
    until("they hold room", || level(&service, "lane_stack_queued") >= 5);
    for sequence in 0..FRAMES.len() as u64 {
        assert_eq!(service.push("e", sequence).status, 200);
    }
    assert_eq!(enrol(&service, "other", PORTRAITS[0].1).status, 201);
    assert!(!service.close("e").json::<Closed>().decisions.detections.is_empty());
    for (stream, status) in streams {
        let answer = rest(stream);
        assert!(answer.starts_with("HTTP/1.1 408") || status.is_empty(), "{status}: {answer}");
        assert!(!answer.contains("panicked"));
    }
    until("all room is given back", || level(&service, "lane_stack_queued") == 0);
    assert_eq!(level(&service, "lane_stack_queued_bytes"), 0);
    // None of them left anything: the places are free, no reference is there.
    service.get("/v1/gallery/references/half").is_problem(404, "unknown-reference");
    assert_eq!(service.push("stalled", 0).status, 200);
    assert_eq!(service.close("stalled").json::<Closed>().accepted_frames, 1);
}

/// A connection that says nothing costs a place of `max_connections`, for as long as a head may take.
#[test]
fn connections_that_say_nothing_are_ended_and_make_room() {
    let Some(service) = Service::start(1, "[limits]\nreceive_s = 1\nmax_connections = 4\n") else { return };
    let silent: Vec<TcpStream> = (0..4).map(|_| connect(&service)).collect();
    // Waits in the system's queue until there is a place.
    assert_eq!(service.get("/v1/health").status, 200);
    for stream in silent {
        rest(stream);
    }
}

/// A byte now and then is not progress: all of a frame must come in time, in a stream as in a request of its own.
#[test]
fn a_stream_that_trickles_is_ended() {
    let Some(service) = Service::start(1, "[limits]\nreceive_s = 1\n") else { return };
    service.open("e");
    let mut stream = connect(&service);
    let line = serde_json::json!({
        "content_type": "image/jpeg", "length": 30_000_000, "camera_id": "front", "exposure_id": 1,
        "mid_exposure_us": 0, "exposure_us": 400.0,
    });
    let body = format!("{line}\n");
    let request = head("/v1/encounters/e/stream", FRAME_STREAM, body.len() + 30_000_000);
    stream.write_all(format!("{request}{body}").as_bytes()).unwrap();
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let mut trickle = stream.try_clone().unwrap();
        let ended = &ended;
        scope.spawn(move || {
            let mut sent = 0;
            while !ended.load(SeqCst) && sent < 600 && trickle.write_all(b"x").is_ok() {
                sent += 1;
                pause();
            }
        });
        let mut answer = String::new();
        let mut piece = [0; 4096];
        while !answer.contains("too-slow") {
            match stream.read(&mut piece) {
                Ok(0) | Err(_) => break,
                Ok(n) => answer.push_str(&String::from_utf8_lossy(&piece[..n])),
            }
        }
        ended.store(true, SeqCst);
        assert!(answer.contains("too-slow"), "{answer}");
    });
    until("its room is given back", || level(&service, "lane_stack_queued_bytes") == 0);
    assert_eq!(service.push("e", 0).status, 200);
}

#[expect(clippy::disallowed_methods, reason = "trickles")]
fn pause() {
    std::thread::sleep(std::time::Duration::from_millis(100));
}
