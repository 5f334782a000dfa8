//! The same frames come to the same decisions: in process and over HTTP, one by one and as a stream, in whatever order
//! they arrive, over TLS or not.
use crate::harness::{FRAMES, PORTRAITS, STACK, Service, TOKEN, configure, frame, has_runtime, models};
use lane_stack::api::{Closed, FRAME_STREAM, FrameAnswer, FrameQuery, StreamAnswer, StreamedFrame};
use lane_stack::client::{Decisions, FILLER_PREFIX, Frame, FrameEncoding, Reply, StackClient, StackError};
use lane_stack::picture::Picture;
use lane_stack::rig::CameraGeometry;
use lane_stack::{HttpOptions, HttpStack, InProcessStack, select};

type Said = Vec<Result<Reply, StackError>>;

fn in_process() -> InProcessStack {
    in_process_with("")
}

/// With this much more in its configuration.
fn in_process_with(rest: &str) -> InProcessStack {
    let folder = tempfile::tempdir().unwrap();
    configure(folder.path(), "");
    std::fs::write(folder.path().join("stack.toml"), format!("{STACK}{rest}")).unwrap();
    InProcessStack::open(select(&models(), Some(&folder.path().join("stack.toml"))).unwrap(), None).unwrap()
}

fn reference(bytes: &[u8]) -> Frame {
    Frame { exposure_id: 7, camera_id: "document".into(), bytes: bytes.to_vec(), ..frame(0) }
}

fn enrol(stack: &mut dyn StackClient) -> Vec<Result<(), StackError>> {
    let grey = Frame { encoding: FrameEncoding::Mono8 { width_px: 200, height_px: 200 }, ..reference(&[128; 40_000]) };
    let good = PORTRAITS.iter().map(|(id, bytes)| (*id, reference(bytes)));
    let bad = [("nobody", grey), ("garbage", reference(b"no picture"))];
    good.chain(bad).map(|(id, picture)| stack.enrol(id, &picture)).collect()
}

/// The frames, and some that are none or come in other encodings.
fn encounter() -> Vec<Frame> {
    let mut frames: Vec<Frame> = (0..5).map(frame).collect();
    let picture = Picture::from_jpeg(FRAMES[0].1).unwrap();
    let (width_px, height_px) = (picture.width_px(), picture.height_px());
    let raw = |exposure_id, encoding, bytes| Frame {
        exposure_id,
        mid_exposure_us: 50_000 * exposure_id,
        encoding,
        bytes,
        ..frame(0)
    };
    let mono: Vec<u8> = picture.rgb().chunks(3).map(|p| p[1]).collect();
    let mut png = std::io::Cursor::new(Vec::new());
    let image = image::RgbImage::from_raw(width_px, height_px, picture.rgb().to_vec()).unwrap();
    image.write_to(&mut png, image::ImageFormat::Png).unwrap();
    frames.insert(2, raw(6, FrameEncoding::Jpeg, b"\xff\xd8 no picture".to_vec()));
    frames.push(raw(7, FrameEncoding::Rgb8 { width_px, height_px }, picture.rgb().to_vec()));
    frames.push(raw(8, FrameEncoding::Mono8 { width_px, height_px }, mono));
    frames.push(raw(9, FrameEncoding::Mono8 { width_px, height_px }, vec![0; 9]));
    frames.push(raw(10, FrameEncoding::Png, png.into_inner()));
    frames
}

/// Where the cameras of the frames might be.
fn cameras(frames: &[Frame]) -> Vec<CameraGeometry> {
    let ids: std::collections::BTreeSet<&str> = frames.iter().map(|f| f.camera_id.as_str()).collect();
    let place = |(k, id): (usize, &str)| CameraGeometry {
        camera_id: id.to_string(),
        position_m: [2.0 - 1.5 * k as f32, 2.0, 4.0],
        look_at_m: [0.0, 1.3, -2.4],
        focal_length_px: 2_000.0,
        width_px: 640,
        height_px: 480,
    };
    ids.into_iter().enumerate().map(place).collect()
}

fn run(stack: &mut dyn StackClient, frames: &[Frame]) -> (Said, Decisions) {
    stack.install(&cameras(frames)).unwrap();
    stack.open_encounter(3).unwrap();
    let said = frames.iter().map(|f| stack.push_frame(f.clone())).collect();
    (said, stack.close_encounter().unwrap())
}

#[test]
fn in_process_and_over_http_every_answer_is_the_same() {
    let Some(service) = Service::start(1, "") else { return };
    let mut here = in_process();
    let mut there = service.client();
    assert_eq!(enrol(&mut here), enrol(&mut there));
    let frames = encounter();
    let (said, decisions) = run(&mut here, &frames);
    // What is compared is worth comparing.
    assert!(said.iter().any(|s| s.as_ref().is_ok_and(|reply| !reply.control.is_empty())), "no camera was steered");
    assert_eq!(said.iter().filter(|s| s.is_err()).count(), 2, "two frames are no pictures");
    assert!(decisions.detections.len() >= 10, "{} faces", decisions.detections.len());
    assert!(decisions.best_shots.iter().any(|b| b.matched.as_deref() == Some("right")), "nobody was matched");
    assert_eq!(run(&mut there, &frames), (said.clone(), decisions.clone()));
    // A service remembers nothing of an encounter in the next.
    assert_eq!(run(&mut there, &frames), (said, decisions));
    // Fillers are the same people here and there; an order replaces the one before.
    for count in [900, 500] {
        assert_eq!((here.fill(count, 7), there.fill(count, 7)), (Ok(count), Ok(count)));
    }
    assert_eq!(there.references(), Ok(502));
    let among_fillers = run(&mut here, &frames);
    let candidates = among_fillers.1.best_shots.iter().flat_map(|shot| &shot.candidates);
    assert!(candidates.map(|c| &c.reference_id).any(|id| id.starts_with(FILLER_PREFIX)), "no search met a filler");
    assert_eq!(run(&mut there, &frames), among_fillers);
    // Calls in a wrong order are told alike.
    assert_eq!(here.push_frame(frame(0)), there.push_frame(frame(0)));
    assert_eq!(here.close_encounter(), there.close_encounter());
    here.open_encounter(1).unwrap();
    there.open_encounter(1).unwrap();
    assert_eq!(here.open_encounter(2), there.open_encounter(2));
    assert_eq!(here.close_encounter(), there.close_encounter());
    // But for the place, the two say the same of themselves.
    let (about_here, about_there) = (here.describe(), there.describe());
    assert_eq!(about_here[1..], about_there[1..]);
    assert!(about_here[0].1.ends_with("in process") && about_there[0].1.ends_with("over HTTP"));
}

#[test]
fn whether_it_is_enough_and_of_whom_more_is_needed_is_told_alike_here_and_there() {
    if !has_runtime(1) {
        return;
    }
    // A rule that these small pictures keep; nobody new for one exposure of each camera.
    let rest = "[quality_rule]\nmin_inter_eye_px = 10\nmin_sharpness = 0\nmax_yaw_deg = 60\n\
        max_over_exposed_share = 0.5\n[need_more]\nmin_shots = 2\n\
        next_trigger_us = 70000\n[early_stop]\nmin_shots = 1\nquiet_exposures = 1\n";
    let folder = tempfile::tempdir().unwrap();
    configure(folder.path(), "");
    std::fs::write(folder.path().join("stack.toml"), format!("{STACK}{rest}")).unwrap();
    let service = Service::start_as_configured(folder);
    let frames: Vec<Frame> = (0..10).map(frame).collect();
    let (said, decisions) = run(&mut in_process_with(rest), &frames);
    let mut there = service.client();
    assert!(there.gives_feedback() && in_process_with(rest).gives_feedback() && !in_process().gives_feedback());
    assert_eq!(run(&mut there, &frames), (said.clone(), decisions.clone()));
    // What is compared is worth comparing.
    let replies: Vec<&Reply> = said.iter().map(|s| s.as_ref().unwrap()).collect();
    assert!(replies[0].enough.is_none(), "{:?}", replies[0]);
    let enough = replies.iter().filter_map(|r| r.enough.as_ref()).collect::<Vec<_>>();
    assert!(!enough.is_empty(), "{replies:#?}");
    assert!(enough.iter().all(|e| !e.persons.is_empty() && e.quiet.iter().all(|q| q.exposures >= 1)), "{enough:#?}");
    let asked = replies.iter().filter(|r| !r.need_more.is_empty()).collect::<Vec<_>>();
    assert!(!asked.is_empty(), "{replies:#?}");
    assert!(asked.iter().all(|r| r.next_triggers.iter().all(|t| t.after_us == 70_000) && r.enough.is_none()));
    // To say so takes nothing from what is decided in the end.
    let silent = rest.split("[need_more]").next().unwrap();
    let (said, silently) = run(&mut in_process_with(silent), &frames);
    assert_eq!(silently, decisions);
    assert!(said.iter().flatten().all(|r| r.enough.is_none() && r.need_more.is_empty() && r.next_triggers.is_empty()));
}

#[test]
fn the_order_of_arrival_and_other_encounters_change_nothing() {
    let Some(service) = Service::start(1, "") else { return };
    let frames: Vec<Frame> = (0..10).map(frame).collect();
    let (said, decisions) = run(&mut in_process(), &frames);
    for id in ["a", "b"] {
        service.open(id);
    }
    let answers: Vec<(&str, u64, FrameAnswer)> = std::thread::scope(|scope| {
        let mut threads = Vec::new();
        // The last first, and two vehicles at a time.
        for sequence in (0..10).rev() {
            for id in ["a", "b"] {
                let service = &service;
                threads.push(scope.spawn(move || (id, sequence, service.push(id, sequence).json())));
            }
        }
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    for (id, sequence, answer) in answers {
        assert_eq!(answer.exposure_id, 100 + sequence);
        assert_eq!(Ok(&answer.reply), said[sequence as usize].as_ref(), "{id} {sequence}");
    }
    for id in ["a", "b"] {
        let closed: Closed = service.close(id).json();
        assert_eq!((closed.accepted_frames, closed.missing_frames, closed.refused_frames), (10, 0, 0));
        assert_eq!(closed.decisions, decisions);
        // Asked again, and looked up.
        assert_eq!(service.close(id).json::<Closed>(), closed);
        assert_eq!(service.get(&format!("/v1/encounters/{id}/decisions")).json::<Closed>(), closed);
    }
}

#[test]
fn a_stream_of_frames_is_answered_line_by_line() {
    let Some(service) = Service::start(1, "") else { return };
    let frames = encounter();
    let (said, decisions) = run(&mut in_process(), &frames);
    let mut body = Vec::new();
    for (i, frame) in frames.iter().enumerate() {
        let (content_type, size) = match frame.encoding {
            FrameEncoding::Jpeg => ("image/jpeg", None),
            FrameEncoding::Png => ("image/png", None),
            FrameEncoding::Mono8 { width_px, height_px } => (lane_stack::api::MONO8, Some((width_px, height_px))),
            FrameEncoding::Rgb8 { width_px, height_px } => (lane_stack::api::RGB8, Some((width_px, height_px))),
        };
        let about = FrameQuery {
            camera_id: frame.camera_id.clone(),
            exposure_id: frame.exposure_id,
            mid_exposure_us: frame.mid_exposure_us,
            exposure_us: frame.exposure_us,
            gain_db: frame.gain_db,
            // With and without: the next place is the same.
            sequence: (i % 2 == 0).then_some(i as u64),
            width_px: size.map(|s| s.0),
            height_px: size.map(|s| s.1),
        };
        let line = StreamedFrame { content_type: content_type.into(), length: frame.bytes.len() as u64, about };
        body.extend(serde_json::to_vec(&line).unwrap());
        body.push(b'\n');
        body.extend(&frame.bytes);
    }
    service.open("s");
    let answer = service.call("POST", "/v1/encounters/s/stream", &body, FRAME_STREAM);
    assert_eq!((answer.status, answer.content_type.as_str()), (200, "application/x-ndjson"));
    let lines: Vec<StreamAnswer> = answer
        .body
        .split(|&b| b == b'\n')
        .filter(|l| !l.is_empty())
        .map(|l| serde_json::from_slice(l).unwrap())
        .collect();
    assert_eq!(lines.len(), frames.len());
    for (line, said) in lines.iter().zip(&said) {
        match (line, said) {
            (StreamAnswer::Frame(answer), Ok(reply)) => assert_eq!(&answer.reply, reply),
            (StreamAnswer::Problem(problem), Err(error)) => assert_eq!(problem.detail, error.to_string()),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(service.close("s").json::<Closed>().decisions, decisions);
    // A line that cannot be read, and a stream that ends within a frame, are told; what came before stands.
    let line =
        b"{\"content_type\":\"image/jpeg\",\"length\":99,\"camera_id\":\"c\",\"exposure_id\":1,\"mid_exposure_us\":0,\
        \"exposure_us\":1}\nshort";
    for (body, name) in [(&line[..], "cut-off"), (b"{}\n", "bad-stream"), (&[b'x'; 9_000], "bad-stream")] {
        let id = format!("bad-{}", body.len());
        service.open(&id);
        let answer = service.call("POST", &format!("/v1/encounters/{id}/stream"), body, FRAME_STREAM);
        let StreamAnswer::Problem(problem) = answer.json() else { panic!("{answer:?}") };
        assert_eq!(problem.kind, format!("urn:lane-stack:problem:{name}"));
        assert_eq!(service.close(&id).json::<Closed>().accepted_frames, 0);
    }
}

#[test]
fn a_frame_that_is_sent_again_counts_once() {
    let Some(service) = Service::start(1, "") else { return };
    service.open("twice");
    let first: FrameAnswer = service.push("twice", 0).json();
    assert_eq!(service.push("twice", 0).json::<FrameAnswer>(), first);
    let bytes = FRAMES[0].1;
    let other =
        "/v1/encounters/twice/frames?camera_id=front&exposure_id=9&mid_exposure_us=0&exposure_us=400&sequence=0";
    service.call("POST", other, bytes, "image/jpeg").is_problem(409, "sequence-taken");
    let moved =
        "/v1/encounters/twice/frames?camera_id=front&exposure_id=100&mid_exposure_us=0&exposure_us=400&sequence=1";
    service.call("POST", moved, bytes, "image/jpeg").is_problem(409, "exposure-taken");
    let closed: Closed = service.close("twice").json();
    assert_eq!((closed.accepted_frames, closed.decisions.detections.len() as u32), (1, first.faces));
}

#[test]
fn over_tls_it_is_the_same_and_only_the_trusted_are_spoken_with() {
    if !has_runtime(1) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_string()]).unwrap();
    let other = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_string()]).unwrap();
    let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
    write("lane.pem", made.cert.pem());
    write("lane.key", made.signing_key.serialize_pem());
    write("other.pem", other.cert.pem());
    let tls = "[tls]\ncertificate = \"lane.pem\"\nkey = \"lane.key\"\n";
    let service = Service::start_in(1, folder, tls).unwrap();
    assert!(service.url.starts_with("https://127.0.0.1:"), "{}", service.url);
    let connect = |url: &str, trusted: Option<&str>| {
        let trusted = trusted.map(|name| service.folder.path().join(name));
        HttpStack::connect(HttpOptions { trusted, ..HttpOptions::new(url, TOKEN) })
    };
    let frames: Vec<Frame> = (0..2).map(frame).collect();
    let mut there = connect(&service.url, Some("lane.pem")).unwrap();
    assert_eq!(run(&mut there, &frames), run(&mut in_process(), &frames));
    let plain = service.url.replace("https", "http");
    for (url, trusted) in [(&service.url, Some("other.pem")), (&service.url, None), (&plain, None)] {
        let error = connect(url, trusted).err().unwrap();
        assert!(matches!(error, StackError::Unreachable { .. }), "{url} {trusted:?}: {error}");
    }
}

#[test]
fn a_client_says_what_is_wrong_with_where_it_is_sent() {
    let unreachable = |url: &str| match HttpStack::connect(HttpOptions::new(url, TOKEN)) {
        Err(StackError::Unreachable { reason, .. }) => reason,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("{url} is no service"),
    };
    assert!(unreachable("http://192.0.2.1:80").contains("clear"));
    assert!(unreachable("ftp://127.0.0.1").contains("http"));
    assert!(unreachable("127.0.0.1:80").contains("http"));
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    assert!(!unreachable(&format!("http://127.0.0.1:{port}")).is_empty());
    let Some(service) = Service::start(1, "") else { return };
    let options = HttpOptions::new(&service.url, "0000000000000000000000000000000000");
    let error = HttpStack::connect(options.clone()).err().unwrap();
    assert!(matches!(error, StackError::Refused { status: 401, .. }), "{error}");
    assert!(!format!("{options:?}{error:?}").contains("000000"), "the token is in a message");
}
