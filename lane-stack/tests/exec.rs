//! A stack in a program of its own: every call reaches it, every answer comes back as the stack in process would give
//! it, and however it fails, somebody is told and nothing is left behind. The programs are scripts for `sh`.
use lane_stack::client::{
    BestShot, Candidate, ControlMessage, Decisions, Detection, Enough, Frame, FrameEncoding, NeedMore, NextTrigger,
    Quality, Quiet, Reply, Seat, SeatSide, Secured, StackClient, StackError,
};
use lane_stack::gallery::GalleryError;
use lane_stack::rig::CameraGeometry;
use lane_stack::{ExecOptions, ExecStack};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

const HELLO: &str = r#"{"ok":{"protocol":1,"about":[["stack","a script"],["detector","none"]],"later":"unknown"}}"#;

/// A script that reads calls into `$line` and answers by the cases given; `say` writes a line. `$1` is its folder,
/// whose file `log` holds what it was asked.
fn script(folder: &Path, cases: &str) -> ExecOptions {
    let text = format!(
        "say() {{ printf '%s\\n' \"$1\"; }}\n\
         while IFS= read -r line; do\n\
           printf '%s\\n' \"$line\" >> \"$1/log\"\n\
           path=${{line#*\\\"path\\\":\\\"}}; path=${{path%%\\\"*}}\n\
           case $line in\n{cases}\n\
           *describe*) say '{HELLO}';;\n\
           *push_frame*) say '{{\"ok\":{{\"control\":[]}}}}';;\n\
           *close_encounter*) say '{{\"ok\":{{\"decisions\":{{\"detections\":[],\"best_shots\":[]}}}}}}';;\n\
           *) say '{{\"ok\":{{}}}}';;\n\
           esac\n\
         done\n"
    );
    std::fs::write(folder.join("a stack.sh"), text).unwrap();
    ExecOptions::new(&format!("sh '{0}/a stack.sh' {0}", folder.display())).unwrap()
}

fn start(folder: &Path, cases: &str) -> ExecStack {
    ExecStack::start(&script(folder, cases)).unwrap()
}

fn frame(exposure_id: u64) -> Frame {
    Frame {
        exposure_id,
        camera_id: "east".into(),
        mid_exposure_us: 100_000 * exposure_id,
        exposure_us: 120.5,
        gain_db: 3.0,
        encoding: FrameEncoding::Mono8 { width_px: 3, height_px: 2 },
        bytes: vec![0, 10, 13, 128, 200, 255],
    }
}

/// The reason of a program that is of no more use.
fn reason(error: StackError) -> String {
    match error {
        StackError::Unreachable { url, reason } => {
            assert!(url.starts_with("exec:"), "{url}");
            reason
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_call_reaches_the_program_and_every_answer_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let detection = Detection {
        exposure_id: 4,
        camera_id: "east".into(),
        box_px: [1.5, 2.0, 30.25, 40.0],
        landmarks_px: [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0], [9.0, 0.5]],
        score: 0.9,
        quality: Quality {
            inter_eye_px: 60.0,
            yaw_deg: -3.5,
            pitch_deg: 2.0,
            roll_deg: 0.0,
            sharpness: 70.0,
            mean_luminance: 0.4,
            over_exposed_share: 0.0,
            entropy_bits: 7.0,
            overall: 55.0,
            uniformity: Some(0.5),
            eyes_covered_share: Some(0.125),
            covered_share: None,
        },
        track_id: 2,
    };
    let decisions = Decisions {
        best_shots: vec![BestShot {
            detection: detection.clone(),
            valid: true,
            reason: "all is well".into(),
            candidates: vec![Candidate { reference_id: "traveller-1".into(), similarity: 0.5 }],
            matched: Some("traveller-1".into()),
        }],
        detections: vec![detection],
        ..Decisions::default()
    };
    let said = serde_json::to_string(&decisions).unwrap();
    let cases = format!(
        "*enrol*) cp \"$path\" \"$1/portrait\"; say '{{\"ok\":{{}}}}';;\n\
         *push_frame*) cp \"$path\" \"$1/frame\"; \
           say '{{\"ok\":{{\"control\":[{{\"camera_id\":\"east\",\"exposure_us\":88.5,\"gain_db\":-1}}]}}}}';;\n\
         *close_encounter*) say '{{\"ok\":{{\"decisions\":{said}}}}}';;"
    );
    let mut stack = start(folder.path(), &cases);
    assert_eq!(
        stack.describe(),
        [("stack".to_string(), "a script".to_string()), ("detector".to_string(), "none".to_string())]
    );
    let portrait = Frame { encoding: FrameEncoding::Jpeg, bytes: b"\xff\xd8 a portrait".to_vec(), ..frame(0) };
    stack.enrol("traveller-1", &portrait).unwrap();
    stack.open_encounter(7).unwrap();
    let steering = ControlMessage { camera_id: "east".into(), exposure_us: 88.5, gain_db: -1.0 };
    assert_eq!(stack.push_frame(frame(4)).unwrap(), Reply::steering(vec![steering]));
    assert_eq!(stack.close_encounter().unwrap(), decisions);
    // The next encounter goes to the same program.
    stack.open_encounter(8).unwrap();

    let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    assert_eq!(read("portrait"), portrait.bytes);
    assert_eq!(read("frame"), frame(4).bytes);
    let log = String::from_utf8(read("log")).unwrap();
    let calls: Vec<serde_json::Value> = log.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let path = |value: &serde_json::Value| value["path"].as_str().unwrap().to_string();
    let (first, second) = (path(&calls[1]["picture"]), path(&calls[3]["frame"]));
    let about = serde_json::json!({
        "camera_id": "east", "exposure_id": 4, "mid_exposure_us": 400_000, "exposure_us": 120.5, "gain_db": 3.0,
        "path": second, "encoding": "mono8", "width_px": 3, "height_px": 2,
    });
    let picture = serde_json::json!({
        "camera_id": "east", "exposure_id": 0, "mid_exposure_us": 0, "exposure_us": 120.5, "gain_db": 3.0,
        "path": first, "encoding": "jpeg",
    });
    let want = [
        serde_json::json!({"call": "describe", "protocol": 1}),
        serde_json::json!({"call": "enrol", "reference_id": "traveller-1", "picture": picture}),
        serde_json::json!({"call": "open_encounter", "encounter": 7}),
        serde_json::json!({"call": "push_frame", "frame": about}),
        serde_json::json!({"call": "close_encounter"}),
        serde_json::json!({"call": "open_encounter", "encounter": 8}),
    ];
    assert_eq!(calls, want);
    assert!(first != second && Path::new(&first).is_absolute());
    let pictures = Path::new(&first).parent().unwrap();
    assert_eq!(std::fs::read_dir(pictures).unwrap().count(), 0, "pictures are taken away once they are answered");
    drop(stack);
    assert!(!pictures.exists());
}

#[test]
fn what_a_program_refuses_is_the_error_that_the_stack_in_process_gives() {
    let folder = tempfile::tempdir().unwrap();
    let cases = r#"
        *nobody*) say '{"error":{"kind":"no-face","reason":"a wall"}}';;
        *garbage*) say '{"error":{"kind":"undecodable","reason":"no JPEG"}}';;
        *one-too-many*) say '{"error":{"kind":"gallery-refused","reason":"it is full"}}';;
        *'"exposure_id":5,'*) say '{"error":{"kind":"undecodable","reason":"cut off"}}';;
        *'"exposure_id":6,'*) say '{"error":{"kind":"failed","reason":"no memory","model":"net"}}';;
        *'"exposure_id":7,'*) say '{"error":{"kind":"failed","reason":"a defect"}}';;
        *'"encounter":9}'*) say '{"error":{"kind":"out-of-order","reason":"not now"}}';;"#;
    let mut stack = start(folder.path(), cases);
    let camera_id = "east".to_string();
    assert_eq!(
        stack.enrol("nobody", &frame(1)),
        Err(StackError::Enrolment { reference_id: "nobody".into(), reason: "a wall".into() })
    );
    assert_eq!(
        stack.enrol("garbage", &frame(1)),
        Err(StackError::Undecodable { exposure_id: 1, camera_id: camera_id.clone(), reason: "no JPEG".into() })
    );
    assert_eq!(
        stack.enrol("one-too-many", &frame(1)),
        Err(StackError::Gallery(GalleryError::Refused("it is full".into())))
    );
    assert_eq!(stack.open_encounter(9), Err(StackError::Protocol("not now".into())));
    stack.open_encounter(1).unwrap();
    assert_eq!(
        stack.push_frame(frame(5)),
        Err(StackError::Undecodable { exposure_id: 5, camera_id, reason: "cut off".into() })
    );
    assert_eq!(stack.push_frame(frame(6)), Err(StackError::Model { model: "net".into(), reason: "no memory".into() }));
    let error = stack.push_frame(frame(7)).unwrap_err().to_string();
    assert!(error.contains("a stack.sh") && error.contains("a defect"), "{error}");
    // A refusal costs itself, not the encounter.
    assert_eq!(stack.push_frame(frame(8)), Ok(Reply::default()));
    assert_eq!(stack.close_encounter(), Ok(Decisions::default()));
}

#[test]
fn calls_in_a_wrong_order_are_told_before_the_program_hears_them() {
    let folder = tempfile::tempdir().unwrap();
    let mut stack = start(folder.path(), "");
    assert!(matches!(stack.push_frame(frame(1)), Err(StackError::Protocol(_))));
    assert!(matches!(stack.close_encounter(), Err(StackError::Protocol(_))));
    stack.open_encounter(1).unwrap();
    assert!(matches!(stack.open_encounter(2), Err(StackError::Protocol(_))));
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
    assert_eq!(log.lines().count(), 2, "{log}");
}

#[test]
fn a_command_is_split_as_a_shell_does_it() {
    let words = ExecOptions::new(" python3 'a b.py' --name=\"c d\" e\\ f $HOME ").unwrap().words;
    assert_eq!(words, ["python3", "a b.py", "--name=c d", "e f", "$HOME"]);
    assert!(ExecOptions::new("python3 'a b.py").unwrap_err().contains("quote"));
    assert!(ExecOptions::new("  ").unwrap_err().contains("no program"));
}

#[test]
fn a_program_that_cannot_be_started_is_named() {
    let refused = |command: &str| match ExecStack::start(&ExecOptions::new(command).unwrap()) {
        Err(error) => reason(error),
        Ok(_) => panic!("{command} was started"),
    };
    let told = refused("/nowhere/at/all --models x");
    assert!(told.contains("/nowhere/at/all cannot be started") && told.contains("No such file"), "{told}");
    assert!(refused("/").contains("cannot be started"));
    // Never read from, so that writing to it fails or is never answered.
    let told = refused("sh -c 'exit 3'");
    assert!(told.contains("exit status: 3") && told.contains("describe"), "{told}");
}

/// What the first frame comes to, and what every call after it.
fn fails(cases: &str, change: impl FnOnce(&mut ExecOptions)) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut options = script(folder.path(), cases);
    change(&mut options);
    let mut stack = ExecStack::start(&options).unwrap();
    stack.open_encounter(1).unwrap();
    let told = reason(stack.push_frame(frame(1)).unwrap_err());
    assert_eq!(reason(stack.push_frame(frame(2)).unwrap_err()), told, "the first reason stands");
    assert_eq!(reason(stack.close_encounter().unwrap_err()), told);
    assert_eq!(reason(stack.open_encounter(2).unwrap_err()), told);
    assert_eq!(reason(stack.enrol("traveller-1", &frame(0)).unwrap_err()), told);
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
    assert_eq!(log.lines().count(), 3, "a program that failed is asked no more: {log}");
    told
}

#[test]
fn a_program_that_dies_is_told_with_its_exit_status() {
    let told = fails("*push_frame*) exit 41;;", |_| ());
    assert!(told.contains("exit status: 41") && told.contains("push_frame"), "{told}");
    let told = fails("*push_frame*) kill -SEGV $$;;", |_| ());
    assert!(told.contains("signal: 11"), "{told}");
    // An answer that is cut off is none.
    let told = fails("*push_frame*) printf '{\"ok\":{\"control\":[]}}'; exit 0;;", |_| ());
    assert!(told.contains("exit status: 0"), "{told}");
    // It closes its output a moment before it ends, as interpreters do that flush it at their end.
    let told = fails("*push_frame*) exec >&-; sleep 0.2; exit 42;;", |_| ());
    assert!(told.contains("exit status: 42"), "{told}");
    let told = fails("*push_frame*) exec >&-; sleep 1000;;", |_| ());
    assert!(told.contains("closed its output"), "{told}");
}

#[test]
fn an_answer_that_is_none_is_shown() {
    for (answer, words) in [
        ("Loading the models", &["expected value", "\"Loading the models\""][..]),
        (r#"{"ok":{}}"#, &["missing field `control`"]),
        (r#"{"ok":{"control":[{"camera_id":"east","exposure_us":NaN,"gain_db":0}]}}"#, &["expected value"]),
        // A number of JSON, and infinite in the floats that it would be read into.
        (r#"{"ok":{"control":[{"camera_id":"east","exposure_us":1e39,"gain_db":0}]}}"#, &["too large"]),
        (r#"{"fine":{}}"#, &["unknown variant `fine`", "`ok`", "`error`"]),
        (r#"{"error":{"kind":"bad-luck","reason":"x"}}"#, &["`bad-luck`", "`undecodable`"]),
        (r#"{"error":{"kind":"no-face","reason":"x"}}"#, &["nobody is enrolled"]),
        ("", &["EOF"]),
    ] {
        let told = fails(&format!("*push_frame*) say '{answer}';;"), |_| ());
        assert!(told.contains("push_frame"), "{told}");
        words.iter().for_each(|word| assert!(told.contains(word), "{word}: {told}"));
    }
    let told = fails(r#"*push_frame*) printf '%s\n%s\n' '{"ok":{"control":[]}}' done;;"#, |_| ());
    assert!(told.contains("more than one line"), "{told}");
}

#[test]
fn an_answer_that_is_late_or_too_long_is_not_waited_for() {
    let told = fails("*push_frame*) sleep 1000; say late;;", |o| o.answer = Duration::from_millis(3500));
    assert!(told.contains("push_frame within 3.5 s"), "{told}");
    let told = fails(
        "*push_frame*) while :; do printf 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'; done;;",
        |o| o.max_line_bytes = 10_000,
    );
    assert!(told.contains("10000 bytes"), "{told}");
}

#[test]
fn a_picture_that_cannot_be_laid_down_is_told_and_the_program_lives() {
    let folder = tempfile::tempdir().unwrap();
    let mut stack = start(folder.path(), "");
    stack.open_encounter(1).unwrap();
    stack.push_frame(frame(1)).unwrap();
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
    let call: serde_json::Value = serde_json::from_str(log.lines().last().unwrap()).unwrap();
    let pictures = Path::new(call["frame"]["path"].as_str().unwrap()).parent().unwrap();
    std::fs::remove_dir(pictures).unwrap();
    let told = reason(stack.push_frame(frame(2)).unwrap_err());
    assert!(told.contains(pictures.to_str().unwrap()) && told.contains("No such file"), "{told}");
    std::fs::create_dir(pictures).unwrap();
    stack.push_frame(frame(3)).unwrap();
    stack.close_encounter().unwrap();
}

#[test]
fn a_program_of_another_protocol_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let options = script(folder.path(), r#"*describe*) say '{"ok":{"protocol":2,"about":[]}}';;"#);
    let told = reason(ExecStack::start(&options).err().unwrap());
    assert!(told.contains("protocol 2"), "{told}");
    let options = script(folder.path(), r#"*describe*) say '{"error":{"kind":"failed","reason":"no models"}}';;"#);
    let told = ExecStack::start(&options).err().unwrap().to_string();
    assert!(told.contains("no models"), "{told}");
}

#[test]
fn a_program_may_ask_for_more_and_say_that_it_is_enough() {
    let folder = tempfile::tempdir().unwrap();
    let more = r#"{"control":[],"need_more":[{"camera_id":"east","seat":{"row":2,"side":"left"},"reason":"too dark"},{"camera_id":"west","reason":"turned"}],"next_triggers":[{"camera_id":"east","after_us":150000}],"later":1}"#;
    let enough = r#"{"control":[],"enough":{"persons":[{"camera_id":"east","exposure_id":5,"overall":61.5,"valid_shots":2}],"quiet":[{"camera_id":"east","exposures":3}]}}"#;
    // Who does not say beforehand that it will is not waited for.
    assert!(!start(folder.path(), "").gives_feedback());
    let hello = HELLO.replacen("{\"protocol\"", "{\"gives_feedback\":true,\"protocol\"", 1);
    let cases = format!(
        "*describe*) say '{hello}';;\n\
         *'\"exposure_id\":5,'*) say '{{\"ok\":{more}}}';;\n\
         *'\"exposure_id\":6,'*) say '{{\"ok\":{enough}}}';;"
    );
    let mut stack = start(folder.path(), &cases);
    assert!(stack.gives_feedback());
    stack.open_encounter(0).unwrap();
    let wish =
        |camera_id: &str, seat, reason: &str| NeedMore { camera_id: camera_id.into(), seat, reason: reason.into() };
    let seat = Some(Seat { row: 2, side: SeatSide::Left });
    let want = Reply {
        need_more: vec![wish("east", seat, "too dark"), wish("west", None, "turned")],
        next_triggers: vec![NextTrigger { camera_id: "east".into(), after_us: 150_000 }],
        ..Reply::default()
    };
    assert_eq!(stack.push_frame(frame(5)), Ok(want));
    let person = Secured { seat: None, camera_id: "east".into(), exposure_id: 5, overall: 61.5, valid_shots: 2 };
    let quiet = vec![Quiet { camera_id: "east".into(), exposures: 3 }];
    let want = Reply { enough: Some(Enough { persons: vec![person], quiet }), ..Reply::default() };
    assert_eq!(stack.push_frame(frame(6)), Ok(want));
    // A wish that is none is no answer.
    let told = fails(r#"*push_frame*) say '{"ok":{"control":[],"need_more":[{"seat":null}]}}';;"#, |_| ());
    assert!(told.contains("camera_id"), "{told}");
}

#[test]
fn a_program_that_asks_for_it_is_told_where_the_cameras_are() {
    let folder = tempfile::tempdir().unwrap();
    let camera = CameraGeometry {
        camera_id: "east".into(),
        position_m: [1.5, 2.0, 4.25],
        look_at_m: [0.0, 1.25, -2.5],
        focal_length_px: 2000.0,
        width_px: 640,
        height_px: 480,
    };
    let log = || std::fs::read_to_string(folder.path().join("log")).unwrap();
    start(folder.path(), "").install(std::slice::from_ref(&camera)).unwrap();
    assert!(!log().contains("install"), "{}", log());
    let hello = HELLO.replacen("{\"protocol\"", "{\"takes_cameras\":true,\"protocol\"", 1);
    start(folder.path(), &format!("*describe*) say '{hello}';;")).install(&[camera]).unwrap();
    let told = r#"{"call":"install","cameras":[{"camera_id":"east","position_m":[1.5,2.0,4.25],"look_at_m":[0.0,1.25,-2.5],"focal_length_px":2000.0,"width_px":640,"height_px":480}]}"#;
    assert_eq!(log().lines().last(), Some(told));
}

/// The page is what people write programs by.
#[test]
fn the_page_about_the_protocol_names_all_of_it() {
    let page = include_str!("../../docs/stack-exec.md");
    let kinds = ["undecodable", "no-face", "failed", "gallery-refused", "out-of-order"];
    let calls = ["describe", "install", "enrol", "open_encounter", "push_frame", "close_encounter"];
    let rows: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    assert_eq!(rows, [&calls[..], &kinds[..]].concat());
    let example = page.split("```json\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let detection: Detection = serde_json::from_str(example).unwrap();
    assert_eq!(detection.exposure_id, 17);
}

/// Whether a process is there, and more than a dead one that nobody has asked for yet.
fn lives(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(')').next().is_some_and(|rest| !rest.trim().is_empty() && !rest.trim().starts_with(['Z', 'X']))
}

#[test]
fn a_program_is_ended_with_all_that_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let cases =
        "*open_encounter*) trap '' TERM HUP; sleep 1000 & printf '%s %s' $$ $! > \"$1/pids\"; say '{\"ok\":{}}';;";
    let mut stack = start(folder.path(), cases);
    stack.open_encounter(1).unwrap();
    let pids = std::fs::read_to_string(folder.path().join("pids")).unwrap();
    let pids: Vec<&str> = pids.split(' ').collect();
    assert!(pids.len() == 2 && pids.iter().all(|pid| lives(pid)), "{pids:?}");
    drop(stack);
    assert!(!Path::new(&format!("/proc/{}", pids[0])).exists(), "not reaped");
    // Nobody waits for what the program started: it is killed all the same, in a moment.
    let gone = (0..100).any(|_| {
        Command::new("sleep").arg("0.05").status().unwrap();
        !lives(pids[1])
    });
    assert!(gone, "what it started lives on");
}
