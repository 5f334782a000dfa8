//! What comes from outside is not believed: every bad request is told what is wrong, and the service lives.
use crate::harness::{FRAMES, Service, TOKEN, frame_path};
use lane_stack::api::Closed;

/// A JPEG file that promises a size: the real one's, with the size of its frame header overwritten.
fn jpeg_that_promises(width: u16, height: u16) -> Vec<u8> {
    let mut bytes = FRAMES[0].1.to_vec();
    let at = bytes.windows(2).position(|w| matches!(w, [0xff, 0xc0 | 0xc2])).unwrap();
    bytes[at + 5..at + 7].copy_from_slice(&height.to_be_bytes());
    bytes[at + 7..at + 9].copy_from_slice(&width.to_be_bytes());
    bytes
}

/// A PNG file of one colour: some kilobytes that decode to hundreds of megabytes.
fn png_bomb(side: u32) -> Vec<u8> {
    let mut out = std::io::Cursor::new(Vec::new());
    image::GrayImage::new(side, side).write_to(&mut out, image::ImageFormat::Png).unwrap();
    out.into_inner()
}

#[test]
fn no_route_without_a_token_but_health() {
    let Some(service) = Service::start(1, "") else { return };
    let description: serde_json::Value = service.get("/v1/openapi.json").json();
    let mut routes = 0;
    for (path, operations) in description["paths"].as_object().unwrap() {
        let path = path.replace("{encounter_id}", "e").replace("{reference_id}", "r");
        for method in
            operations.as_object().unwrap().keys().filter(|k| ["get", "put", "post", "delete"].contains(&k.as_str()))
        {
            let method = method.to_uppercase();
            if path.ends_with("/health") {
                assert_eq!(service.call_with(&method, &path, &[], "", None).status, 200);
                continue;
            }
            routes += 1;
            for token in [
                None,
                Some("Bearer".to_string()),
                Some("Bearer ".to_string()),
                Some(format!("Basic {TOKEN}")),
                Some(TOKEN.to_string()),
                Some(format!("Bearer {}", &TOKEN[1..])),
                Some(format!("Bearer {TOKEN}0")),
            ] {
                let answer = service.call_with(&method, &path, &[], "", token.as_deref());
                answer.is_problem(401, "unauthorised");
            }
        }
    }
    assert!(routes >= 19, "{routes} routes");
    for path in ["/", "/v1", "/v2/health", "/v1/health/", "/v1/encounters"] {
        service.call_with("GET", path, &[], "", None).is_problem(401, "unauthorised");
        service.get(path).is_problem(404, "unknown-route");
    }
    // Every documented operation is served, and takes the scheme's name in any case.
    for (path, operations) in description["paths"].as_object().unwrap() {
        let path = path.replace("{encounter_id}", "e").replace("{reference_id}", "r");
        for method in operations.as_object().unwrap().keys().filter(|k| *k != "get" || !path.ends_with("/events")) {
            let answer = service.call_with(&method.to_uppercase(), &path, &[], "", Some(&format!("bEARER {TOKEN}")));
            let told = String::from_utf8_lossy(&answer.body).into_owned();
            assert!(answer.status != 405 && !told.contains("problem:unknown-route\""), "{method} {path}: {told}");
        }
    }
    assert!(!service.log().contains(&TOKEN[..12]), "the token is in the log");
}

#[test]
fn every_bad_frame_is_told_what_is_wrong_and_the_service_lives() {
    let limits = "[limits]\nmax_frame_bytes = 1000000\nmax_frame_pixels = 1000000\nmax_frames_per_encounter = 50\n";
    let Some(service) = Service::start(1, limits) else { return };
    service.open("e");
    let good = FRAMES[0].1;
    let with = |query: &str| format!("/v1/encounters/e/frames?{query}");
    let rest = "exposure_id=1&mid_exposure_us=0&exposure_us=1";
    let wrong_queries: [(String, &str); 12] = [
        (rest.to_string(), "bad-query"),
        (format!("camera_id=c&{rest}&sequnce=1"), "bad-query"),
        (format!("camera_id=c&{}", rest.replace("exposure_id=1", "exposure_id=-1")), "bad-query"),
        (format!("camera_id=c&{}", rest.replace("exposure_id=1", "exposure_id=99999999999999999999")), "bad-query"),
        (format!("camera_id=..%2F..%2Fetc&{rest}"), "bad-id"),
        (format!("camera_id=a%00b&{rest}"), "bad-id"),
        (format!("camera_id={}&{rest}", "c".repeat(129)), "bad-id"),
        ("camera_id=c&exposure_id=1&mid_exposure_us=0&exposure_us=NaN".to_string(), "bad-value"),
        ("camera_id=c&exposure_id=1&mid_exposure_us=0&exposure_us=inf".to_string(), "bad-value"),
        ("camera_id=c&exposure_id=1&mid_exposure_us=0&exposure_us=-5".to_string(), "bad-value"),
        ("camera_id=c&exposure_id=1&mid_exposure_us=0&exposure_us=1&gain_db=nan".to_string(), "bad-value"),
        (format!("camera_id=c&{rest}&camera_id=d"), "bad-query"),
    ];
    for (query, name) in &wrong_queries {
        service.call("POST", &with(query), good, "image/jpeg").is_problem(400, name);
    }
    let query = with(&format!("camera_id=c&{rest}"));
    service.call("POST", &query, good, "text/html").is_problem(415, "unknown-media-type");
    service.call("POST", &query, good, "").is_problem(415, "unknown-media-type");
    service.call("POST", &query, good, lane_stack::api::MONO8).is_problem(400, "bad-value");
    service.call("POST", &query, &vec![0; 1_000_001], "image/jpeg").is_problem(413, "too-large");
    service.call("POST", &query.replace("/e/", "/f/"), good, "image/jpeg").is_problem(404, "unknown-encounter");
    service.call("POST", &format!("{query}&sequence=50"), good, "image/jpeg").is_problem(409, "too-many-frames");

    // None of them took a place. These do: they came in, but are no pictures.
    let mut truncated = good.to_vec();
    truncated.truncate(good.len() / 2);
    let size = |w: u64, h: u64| format!("&width_px={w}&height_px={h}");
    let bodies: Vec<(Vec<u8>, &str, String, u16, &str)> = vec![
        (Vec::new(), "image/jpeg", String::new(), 422, "undecodable"),
        (b"no picture at all".to_vec(), "image/jpeg", String::new(), 422, "undecodable"),
        (truncated, "image/jpeg", String::new(), 422, "undecodable"),
        (good.to_vec(), "image/png", String::new(), 422, "undecodable"),
        (png_bomb(64)[..40].to_vec(), "image/png", String::new(), 422, "undecodable"),
        (jpeg_that_promises(0, 600), "image/jpeg", String::new(), 422, "undecodable"),
        (jpeg_that_promises(16_000, 16_000), "image/jpeg", String::new(), 413, "too-many-pixels"),
        (jpeg_that_promises(65_500, 65_500), "image/jpeg", String::new(), 422, "undecodable"),
        (png_bomb(12_000), "image/png", String::new(), 413, "too-many-pixels"),
        (vec![0; 99], lane_stack::api::MONO8, size(10, 10), 422, "undecodable"),
        (vec![0; 300], lane_stack::api::RGB8, size(10, 11), 422, "undecodable"),
        (Vec::new(), lane_stack::api::RGB8, size(0, 0), 422, "undecodable"),
        (vec![0; 300], lane_stack::api::RGB8, size(u64::from(u32::MAX), u64::from(u32::MAX)), 422, "undecodable"),
    ];
    let count = bodies.len() as u64;
    for (i, (body, content_type, size, status, name)) in bodies.into_iter().enumerate() {
        assert!(body.len() < 1_000_000, "{} bytes: refused for another reason", body.len());
        let path = format!("{}{size}", frame_path("e", "c", i as u64));
        let answer = service.call("POST", &path, &body, content_type);
        let problem = answer.is_problem(status, name);
        assert_eq!((problem.exposure_id, problem.camera_id.as_deref()), (Some(100 + i as u64), Some("c")));
    }
    let answer = service.call("POST", &frame_path("e", "front", count), good, "image/jpeg");
    assert_eq!(answer.status, 200, "{answer:?}");
    let closed: Closed = service.close("e").json();
    assert_eq!((closed.accepted_frames, closed.refused_frames, closed.missing_frames), (count + 1, count, 0));
    assert!(!closed.decisions.detections.is_empty());
    service.push("e", count + 1).is_problem(409, "not-open");
    assert!(!service.log().contains("panicked"), "{}", service.log());
}

#[test]
fn the_gallery_takes_faces_and_gives_them_up() {
    let Some(service) = Service::start(1, "[limits]\nmax_frame_pixels = 1000000\n") else { return };
    let [(_, right), (_, left)] = crate::harness::PORTRAITS;
    let path = "/v1/gallery/references/right";
    service.get(path).is_problem(404, "unknown-reference");
    let enrolled = [(201, right), (200, left), (200, right)];
    for (status, picture) in enrolled {
        assert_eq!(service.call("PUT", path, picture, "image/jpeg").status, status);
    }
    assert_eq!(service.get(path).status, 200);
    service
        .call("PUT", "/v1/gallery/references/bomb", &png_bomb(12_000), "image/png")
        .is_problem(413, "too-many-pixels");
    service.call("PUT", "/v1/gallery/references/text", b"text", "image/png").is_problem(422, "undecodable");
    let grey = "/v1/gallery/references/grey?width_px=100&height_px=100";
    service.call("PUT", grey, &[99; 10_000], lane_stack::api::MONO8).is_problem(422, "no-face");
    for bad in ["..%2Fx", "%2e%2e", "a%20b", "-a"] {
        service.call("PUT", &format!("/v1/gallery/references/{bad}"), right, "image/jpeg").is_problem(400, "bad-id");
    }
    let found: lane_stack::api::Found = service.call("POST", "/v1/gallery/search", right, "image/jpeg").json();
    assert_eq!((found.candidates.len(), found.matched.as_deref()), (1, Some("right")));
    assert!(found.candidates[0].similarity > 0.999, "{found:?}");
    assert_eq!(service.call("DELETE", path, &[], "").status, 204);
    service.call("DELETE", path, &[], "").is_problem(404, "unknown-reference");
    let found: lane_stack::api::Found = service.call("POST", "/v1/gallery/search", right, "image/jpeg").json();
    assert_eq!((found.candidates.len(), found.matched), (0, None));
    assert_eq!(service.call("PUT", path, right, "image/jpeg").status, 201);
    let emptied: lane_stack::api::GalleryInfo = service.call("DELETE", "/v1/gallery", &[], "").json();
    let left: lane_stack::api::GalleryInfo = service.get("/v1/gallery").json();
    assert_eq!((emptied.references, left.references), (1, 0));
}

#[test]
fn broken_connections_and_slow_clients_cost_themselves() {
    let Some(service) = Service::start(1, "[limits]\nreceive_s = 1\n") else { return };
    service.open("e");
    let path = frame_path("e", "front", 0);
    let head = |length: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {TOKEN}\r\ncontent-type: image/jpeg\r\n{length}\r\n"
        )
    };
    // Ends in the middle of the body: nobody is left to be told, and the place stays free.
    service.raw(format!("{}abc", head("content-length: 99\r\n")).as_bytes());
    for wrong in [
        head("content-length: 18446744073709551616\r\n"),
        head("content-length: abc\r\n"),
        head("transfer-encoding: chunked\r\n") + "zz\r\n",
        format!("GET /v1/{} HTTP/1.1\r\nhost: x\r\n\r\n", "x".repeat(100_000)),
        "\0\0\0\0".to_string(),
    ] {
        let answer = service.raw(wrong.as_bytes());
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    // Stops in the middle of the body, and waits.
    let mut stream = std::net::TcpStream::connect(service.url.trim_start_matches("http://")).unwrap();
    std::io::Write::write_all(&mut stream, format!("{}abc", head("content-length: 99\r\n")).as_bytes()).unwrap();
    let mut answer = String::new();
    std::io::Read::read_to_string(&mut stream, &mut answer).ok();
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("too-slow"), "{answer}");
    // The place is still free, and nothing is left under way.
    assert_eq!(service.push("e", 0).status, 200);
    let page = String::from_utf8(service.get("/v1/metrics").body).unwrap();
    assert!(page.contains("\nlane_stack_queued 0\n") && page.contains("\nlane_stack_queued_bytes 0\n"), "{page}");
}
