//! Input that no camera sends. What single frames and references bear is in `tests/service/refusals.rs`; here is the rest.
use crate::harness::{FRAMES, PORTRAITS, Service, frame_path};
use crate::{memory_kb, search};
use lane_stack::api::{FRAME_STREAM, FrameQuery, StreamAnswer, StreamedFrame};
use lane_stack::{SetupError, models, select};
use std::io::{Read as _, Write as _};

/// CRC-32 of PNG chunks (ISO 15948, annex D).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |c, _| if c & 1 == 1 { 0xedb8_8320 ^ (c >> 1) } else { c >> 1 })
    })
}

fn chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let named = [&name[..], data].concat();
    [&(data.len() as u32).to_be_bytes()[..], &named, &crc32(&named).to_be_bytes()].concat()
}

fn png(side: u32) -> Vec<u8> {
    let mut out = std::io::Cursor::new(Vec::new());
    image::GrayImage::new(side, side).write_to(&mut out, image::ImageFormat::Png).unwrap();
    out.into_inner()
}

/// A zlib stream of a two-hundredth of what it becomes: the pixels of a black picture.
fn zlib_bomb(side: u32) -> Vec<u8> {
    let file = png(side);
    let (mut at, mut data) = (8, Vec::new());
    while at < file.len() {
        let length = u32::from_be_bytes(file[at..at + 4].try_into().unwrap()) as usize;
        if &file[at + 4..at + 8] == b"IDAT" {
            data.extend(&file[at + 8..at + 8 + length]);
        }
        at += 12 + length;
    }
    data
}

/// A small picture with a chunk before its pixels.
fn png_with(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let file = png(32);
    // Signature and header are 8 + 25 bytes.
    [&file[..33], &chunk(name, data), &file[33..]].concat()
}

/// A file that promises a size that none has.
fn png_that_promises(width: u32, height: u32) -> Vec<u8> {
    let mut file = png(32);
    file[16..20].copy_from_slice(&width.to_be_bytes());
    file[20..24].copy_from_slice(&height.to_be_bytes());
    let crc = crc32(&file[12..29]);
    file[29..33].copy_from_slice(&crc.to_be_bytes());
    file
}

#[test]
fn bombs_burst_nowhere() {
    let Some(service) = Service::start(1, "") else { return };
    service.open("e");
    let bomb = zlib_bomb(20_000);
    assert!(bomb.len() < 4 << 20, "{} bytes", bomb.len());
    let texts = [&b"Comment\0\0"[..], &bomb].concat();
    let profile = [&b"icc\0\0"[..], &bomb].concat();
    let international = [&b"Comment\0\x01\0\0\0"[..], &bomb].concat();
    let before = memory_kb(&service, "VmHWM");
    let bombs = [
        png_with(b"zTXt", &texts),
        png_with(b"iCCP", &profile),
        png_with(b"iTXt", &international),
        png_that_promises(60_000, 60_000),
        png_that_promises(u32::MAX, u32::MAX),
        png_that_promises(1, u32::MAX),
        png(20_000),
    ];
    for (i, file) in bombs.iter().enumerate() {
        // As a frame, as a probe, as a reference, in a stream: refused, or looked at without what is packed in it.
        let answers = [
            service.call("POST", &frame_path("e", "c", i as u64), file, "image/png"),
            service.call("POST", "/v1/gallery/search", file, "image/png"),
            service.call("PUT", "/v1/gallery/references/bomb", file, "image/png"),
        ];
        for answer in answers {
            assert!([200, 413, 422].contains(&answer.status), "{i}: {answer:?}");
        }
    }
    let grown = memory_kb(&service, "VmHWM") - before;
    assert!(grown < 150_000, "bombs of 400 MB took {grown} kB");
    assert_eq!(service.get("/v1/gallery").json::<lane_stack::api::GalleryInfo>().references, 0);
    assert!(!service.log().contains("panicked"), "{}", service.log());
}

#[test]
fn a_stream_bears_the_same_as_single_frames() {
    let Some(service) = Service::start(1, "[limits]\nmax_frame_pixels = 1000000\n") else { return };
    let about = |i: u64| FrameQuery {
        camera_id: "front".into(),
        exposure_id: i,
        mid_exposure_us: 50_000 * i,
        exposure_us: 400.0,
        gain_db: 0.0,
        sequence: None,
        width_px: None,
        height_px: None,
    };
    let line = |i: u64, content_type: &str, length: usize| {
        let line = StreamedFrame { content_type: content_type.into(), length: length as u64, about: about(i) };
        serde_json::to_string(&line).unwrap() + "\n"
    };
    let mut told = 0;
    let mut send = |lines: &str, good_before: bool, names: &[&str]| {
        let id = format!("e{told}");
        told += 1;
        service.open(&id);
        let good = FRAMES[0].1;
        let mut body = Vec::new();
        if good_before {
            body = [line(0, "image/jpeg", good.len()).as_bytes(), good].concat();
        }
        body.extend(lines.as_bytes());
        let answer = service.call("POST", &format!("/v1/encounters/{id}/stream"), &body, FRAME_STREAM);
        assert_eq!(answer.status, 200, "{answer:?}");
        let text = String::from_utf8(answer.body).unwrap();
        let answers: Vec<StreamAnswer> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
        assert_eq!(answers.len(), usize::from(good_before) + names.len(), "{lines}: {text}");
        for (answer, name) in answers.iter().rev().zip(names.iter().rev()) {
            let StreamAnswer::Problem(problem) = answer else { panic!("{lines}: {answer:?}") };
            assert!(problem.kind.ends_with(&format!(":{name}")), "{lines}: {problem:?}");
        }
        service.close(&id);
    };
    let plain = line(1, "image/jpeg", 3);
    for number in ["NaN", "Infinity", "-1", "1e400", "\"400\"", "null"] {
        let wrong = plain.replace("400.0", number);
        assert_ne!(wrong, plain);
        send(&wrong, true, if number == "-1" { &["bad-value"] } else { &["bad-stream"] });
    }
    for (from, to, name) in [
        ("\"front\"", "\"../../etc/passwd\"", "bad-id"),
        ("\"front\"", "\"a\\u0000b\"", "bad-id"),
        ("\"front\"", "\"\"", "bad-id"),
        ("\"image/jpeg\"", "\"text/html\"", "unknown-media-type"),
        ("\"length\":3", "\"length\":99999999999", "too-large"),
        ("\"length\":3", "\"length\":3.5", "bad-stream"),
        ("\"length\":3", "\"length\":300", "cut-off"),
        ("{", "[", "bad-stream"),
        ("\n", "", "cut-off"),
    ] {
        let wrong = plain.replacen(from, to, 1);
        assert_ne!(wrong, plain);
        send(&wrong, true, &[name]);
    }
    send(&"[".repeat(3000), false, &["cut-off"]);
    send(&"{\"a\":".repeat(5000), false, &["bad-stream"]);
    let bomb = "not a picture";
    send(&(line(1, "image/png", bomb.len()) + bomb), true, &["undecodable"]);
    assert!(!service.log().contains("panicked"), "{}", service.log());
}

#[test]
fn ids_name_no_file_and_numbers_are_numbers_wherever_they_are_taken() {
    let Some(service) = Service::start(1, "") else { return };
    let right = PORTRAITS[0].1;
    let put = |path: &str| service.call("PUT", path, right, "image/jpeg");
    for bad in ["..%2F..%2Fetc%2Fpasswd", "%00", "a%2Fb", "a%5Cb", "%C3%A9", &"x".repeat(129)] {
        for path in [format!("/v1/gallery/references/{bad}"), format!("/v1/encounters/{bad}")] {
            put(&path).is_problem(400, "bad-id");
            for method in ["GET", "DELETE"] {
                service.call(method, &path, &[], "").is_problem(400, "bad-id");
            }
        }
        put(&format!("/v1/gallery/references/r?encounter_id={bad}")).is_problem(400, "bad-id");
    }
    for bad in ["..", "a/b", "A", &"x".repeat(500)] {
        put(&format!("/v1/gallery/references/r?class={bad}")).is_problem(400, "bad-query");
    }
    // Not normalised to another route.
    for path in ["/v1/gallery/references/../../../etc/passwd", "/v1/encounters/./e/../../gallery"] {
        let mut stream = std::net::TcpStream::connect(service.url.trim_start_matches("http://")).unwrap();
        let token = crate::harness::TOKEN;
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    }
    for size in ["-1", "1e9", "nan", "4294967296", "0x10"] {
        let path = format!("/v1/gallery/search?width_px={size}&height_px=8");
        service.call("POST", &path, &[0; 64], lane_stack::api::MONO8).is_problem(400, "bad-query");
    }
    assert!(search(&service, right).is_empty());
    assert!(!service.log().contains("panicked"), "{}", service.log());
}

/// Cards and configurations with one thing wrong each: told with their place, whatever it is.
#[test]
fn malformed_cards_are_told_with_their_place() {
    let sources = [
        (include_str!("../../cards/yunet-n.toml"), "yunet"),
        (include_str!("../../cards/retinaface-mnet025.toml"), "retinaface"),
        (include_str!("../../cards/omz-reid-0095.toml"), "embedder"),
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("card.toml");
    let refused = |text: &[u8]| {
        std::fs::write(&path, text).unwrap();
        models::cards(folder.path()).err()
    };
    let mut told = 0;
    for (text, kind) in sources {
        assert!(refused(text.as_bytes()).is_none(), "{kind}: the card itself is sound");
        // Every number in turn becomes one that is none, or one that is too large.
        let places: Vec<(usize, usize)> = numbers(text);
        assert!(places.len() > 5, "{kind}: {places:?}");
        for &(from, to) in &places {
            for wrong in ["nan", "inf", "-inf", "1e308", "99999999999999999999999"] {
                let changed = format!("{}{wrong}{}", &text[..from], &text[to..]);
                match refused(changed.as_bytes()) {
                    Some(SetupError::Text { line, .. }) => {
                        let expected = text[..from].matches('\n').count() + 1;
                        // Of a table or a list, its beginning.
                        assert!(line <= expected, "{kind}: {wrong} for {}: line {line}", &text[from..to]);
                        told += 1;
                    }
                    other => panic!("{kind}: {wrong} for {} of {:?}: {other:?}", &text[from..to], line_of(text, from)),
                }
            }
        }
        // Cut anywhere: an error, or a card that lacks nothing; never a panic.
        for cut in (0..text.len()).step_by(7).filter(|&cut| text.is_char_boundary(cut)) {
            refused(&text.as_bytes()[..cut]);
        }
    }
    assert!(told > 100, "{told}");
    for text in [
        &b"\xff\xfe"[..],
        b"kind = \"detector\"\nkind = \"detector\"\n",
        b"\0",
        &b"[".repeat(10_000),
        &b"a.".repeat(9_000),
    ] {
        let error = refused(text).expect("it is no card").to_string();
        assert!(error.contains("card.toml") && error.len() < 2_000, "{error}");
    }
    // A path instead of a file's name.
    for file in ["../x.onnx", "/etc/passwd", "..", ""] {
        let text = sources[0].0.replacen("det_yunet_n_dynamic.onnx", file, 1);
        assert!(matches!(refused(text.as_bytes()), Some(SetupError::Text { .. })), "{file}");
    }
    std::fs::remove_file(&path).unwrap();
    assert!(select(folder.path(), None).is_err());
}

fn line_of(text: &str, at: usize) -> &str {
    text[text[..at].rfind('\n').map_or(0, |i| i + 1)..].lines().next().unwrap_or("")
}

/// Where numbers stand in a card: values, and members of lists; none within texts and comments.
fn numbers(text: &str) -> Vec<(usize, usize)> {
    let (mut places, mut quoted, mut comment, mut begin) = (Vec::new(), false, false, None);
    let mut before = '\n';
    for (at, c) in text.char_indices() {
        match c {
            '"' if !comment => quoted = !quoted,
            '#' if !quoted => comment = true,
            '\n' => comment = false,
            _ => {}
        }
        let in_number = c.is_ascii_digit() || (begin.is_some() && ".eE-+_".contains(c));
        let free = !quoted && !comment;
        match begin {
            None if free && in_number && " [,=-".contains(before) => {
                begin = Some(if before == '-' { at - 1 } else { at })
            }
            Some(from) if !in_number => {
                places.push((from, at));
                begin = None;
            }
            _ => {}
        }
        before = c;
    }
    places
}
