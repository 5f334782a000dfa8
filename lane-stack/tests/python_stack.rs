//! The stack in Python (`examples/python-stack`) at both doors: what it says over JSON lines is what it says over
//! HTTP, and with the same models it sees what the stack in process sees. Needs `LANEPROOF_PYTHON`, an interpreter
//! with the stack's requirements, and as the stack in process `LANEPROOF_ACCEPTANCE_MODELS` and `ORT_DYLIB_PATH`;
//! without them the tests say so and count what they left out.
use lane_stack::client::{Decisions, Detection, Frame, FrameEncoding, StackClient, StackError};
use lane_stack::geometry::intersection_over_union;
use lane_stack::picture::Picture;
use lane_stack::{ExecOptions, ExecStack, HttpOptions, HttpStack, InProcessStack, runtime, select};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const TOKEN: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";

/// Frames of two cameras in the order of their exposure: one vehicle, three people.
const FRAMES: [(&str, &[u8]); 5] = [
    ("front", include_bytes!("service/pictures/front-0.jpg")),
    ("side-right", include_bytes!("service/pictures/side-0.jpg")),
    ("front", include_bytes!("service/pictures/front-1.jpg")),
    ("side-right", include_bytes!("service/pictures/side-1.jpg")),
    ("front", include_bytes!("service/pictures/front-2.jpg")),
];
/// Reference portraits of the two in front.
const PORTRAITS: [(&str, &[u8]); 2] =
    [("right", include_bytes!("service/pictures/right.jpg")), ("left", include_bytes!("service/pictures/left.jpg"))];

/// An interpreter that can run the stack, and the acceptance models.
struct Setting {
    python: PathBuf,
    models: PathBuf,
}

impl Setting {
    fn find(checks: usize) -> Option<Self> {
        let variable = |name: &str| std::env::var_os(name).map(PathBuf::from).ok_or(format!("{name} is not set"));
        let found = variable("LANEPROOF_PYTHON").and_then(|python| {
            let mut command = Command::new(&python);
            let tried = command.args(["-c", "import cv2, numpy, onnxruntime"]).stderr(Stdio::null()).status();
            if !tried.is_ok_and(|status| status.success()) {
                return Err(format!("{} lacks the requirements of the stack in Python", python.display()));
            }
            variable(runtime::LIBRARY_VARIABLE)?;
            Ok(Self { python, models: variable("LANEPROOF_ACCEPTANCE_MODELS")? })
        });
        found.map_err(|why| eprintln!("SKIPPED {checks} checks: {why}")).ok()
    }

    fn script() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/python-stack/stack.py")
    }

    fn options(&self) -> ExecOptions {
        let Self { python, models } = self;
        let script = Self::script();
        let command = format!("'{}' '{}' --models '{}' --exec", python.display(), script.display(), models.display());
        ExecOptions::new(&command).unwrap()
    }

    fn exec(&self) -> ExecStack {
        ExecStack::start(&self.options()).unwrap()
    }

    /// The pair that the stack in Python takes by itself.
    fn in_process(&self) -> InProcessStack {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("stack.toml");
        std::fs::write(&config, "detector = \"yunet-n\"\nembedder = \"omz-reid-0095\"\n").unwrap();
        InProcessStack::open(select(&self.models, Some(&config)).unwrap(), None).unwrap()
    }
}

/// The stack behind its HTTP door; ended when dropped.
struct Server {
    child: Child,
    url: String,
}

impl Server {
    fn start(setting: &Setting) -> Self {
        let mut command = Command::new(&setting.python);
        command.arg(Setting::script()).arg("--models").arg(&setting.models).args(["--port", "0"]);
        let mut child = command.env("LANE_STACK_TOKEN", TOKEN).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("listening on ").expect("it says where it listens").to_string();
        Self { child, url }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn frame(index: u64) -> Frame {
    let (camera, bytes) = FRAMES[index as usize];
    Frame {
        exposure_id: index,
        camera_id: camera.into(),
        mid_exposure_us: 100_000 * index,
        exposure_us: 200.0,
        gain_db: 0.0,
        encoding: FrameEncoding::Jpeg,
        bytes: bytes.to_vec(),
    }
}

fn reference(bytes: &[u8]) -> Frame {
    Frame { camera_id: "document".into(), bytes: bytes.to_vec(), ..frame(0) }
}

/// Enrols, and drives one vehicle through: what was refused on the way, and the decisions.
fn drive(stack: &mut dyn StackClient, frames: &[Frame]) -> (Vec<StackError>, Decisions) {
    let mut refused = Vec::new();
    for (id, bytes) in PORTRAITS {
        stack.enrol(id, &reference(bytes)).unwrap();
    }
    let grey = Frame { encoding: FrameEncoding::Mono8 { width_px: 200, height_px: 200 }, ..reference(&[128; 40_000]) };
    refused.extend(stack.enrol("nobody", &grey).err());
    refused.extend(stack.enrol("garbage", &reference(b"no picture")).err());
    stack.open_encounter(3).unwrap();
    refused.extend(frames.iter().filter_map(|f| stack.push_frame(f.clone()).err()));
    (refused, stack.close_encounter().unwrap())
}

#[test]
fn both_doors_lead_to_the_same_decisions() {
    let Some(setting) = Setting::find(1) else { return };
    let mut frames: Vec<Frame> = (0..5).map(frame).collect();
    let picture = Picture::from_jpeg(FRAMES[0].1).unwrap();
    let (width_px, height_px) = (picture.width_px(), picture.height_px());
    let other = |exposure_id, encoding, bytes: &[u8]| Frame {
        exposure_id,
        mid_exposure_us: 100_000 * exposure_id,
        encoding,
        bytes: bytes.to_vec(),
        ..frame(0)
    };
    frames.push(other(5, FrameEncoding::Jpeg, &FRAMES[0].1[..9000]));
    frames.push(other(6, FrameEncoding::Rgb8 { width_px, height_px }, picture.rgb()));
    frames.push(other(7, FrameEncoding::Rgb8 { width_px, height_px }, b"too few"));

    let server = Server::start(&setting);
    let mut http = HttpStack::connect(HttpOptions::new(&server.url, TOKEN)).unwrap();
    let mut exec = setting.exec();
    assert_eq!(exec.describe(), http.describe());
    let (refused, decisions) = drive(&mut exec, &frames);
    assert_eq!(drive(&mut http, &frames), (refused.clone(), decisions.clone()));
    assert_eq!(http.references().unwrap(), 2);
    // A program remembers nothing of an encounter in the next.
    assert_eq!(drive(&mut exec, &frames), (refused.clone(), decisions));

    let told: Vec<bool> = refused.iter().map(|e| matches!(e, StackError::Undecodable { .. })).collect();
    assert_eq!(told, [false, true, true, true], "{refused:?}");
    assert!(matches!(&refused[0], StackError::Enrolment { reference_id, .. } if reference_id == "nobody"));
    assert!(matches!(&refused[2], StackError::Undecodable { exposure_id: 5, .. }), "{}", refused[2]);
}

/// Pairs of detections of the same frame whose boxes are nearly the same.
fn pairs<'a>(here: &'a [Detection], there: &'a [Detection]) -> Vec<(&'a Detection, &'a Detection)> {
    let near = |a: &Detection, b: &Detection| {
        a.exposure_id == b.exposure_id && intersection_over_union(a.box_px, b.box_px) > 0.8
    };
    here.iter().filter_map(|a| Some((a, there.iter().find(|b| near(a, b))?))).collect()
}

#[test]
fn with_the_same_models_it_sees_and_matches_what_the_stack_in_process_does() {
    let Some(setting) = Setting::find(1) else { return };
    let frames: Vec<Frame> = (0..5).map(frame).collect();
    let (_, python) = drive(&mut setting.exec(), &frames);
    let (_, ours) = drive(&mut setting.in_process(), &frames);
    assert!(ours.detections.len() >= 9, "{} faces", ours.detections.len());
    assert_eq!(python.detections.len(), ours.detections.len());
    let same = pairs(&python.detections, &ours.detections);
    assert_eq!(same.len(), ours.detections.len(), "{python:#?}\n{ours:#?}");
    for (a, b) in same {
        // Pictures are made smaller, and pixels counted, in slightly different ways.
        assert!((a.score - b.score).abs() < 0.05, "{a:?}\n{b:?}");
        let [eyes_a, eyes_b] = [a, b].map(|d| d.quality.inter_eye_px);
        assert!((eyes_a - eyes_b).abs() < 1.5, "{a:?}\n{b:?}");
        assert!((a.quality.mean_luminance - b.quality.mean_luminance).abs() < 0.05, "{a:?}\n{b:?}");
    }
    for person in ["right", "left"] {
        for decisions in [&python, &ours] {
            assert!(decisions.best_shots.iter().any(|b| b.matched.as_deref() == Some(person)), "{decisions:#?}");
        }
    }
}

#[test]
fn models_that_are_not_there_are_told_by_the_program_and_its_end_by_us() {
    let Some(setting) = Setting::find(1) else { return };
    let nowhere = Setting { models: "/nowhere/at/all".into(), ..setting };
    let error = ExecStack::start(&nowhere.options()).err().unwrap().to_string();
    assert!(error.contains("exit status: 3"), "{error}");
}
