//! The parts of the stack timed over a folder of frames, to be compared with the stack in Python: it is started by
//! `examples/python-stack/compare.py` as `peer MODELS_DIR FRAMES_DIR`, takes each line of standard input as a round, and
//! answers with a line of JSON. A measurement, not a test.
//!
//! A round is for each frame: decode, prepare, detect; for each of its faces: measure, align, embed; and what was seen as
//! JSON. One thread, one picture at a time. `peer_bench.py` does the same in Python, under the same names.
use lane_stack::client::Detection;
use lane_stack::detector::Detector;
use lane_stack::embedder::Embedder;
use lane_stack::picture::Picture;
use lane_stack::runtime::{self, Compute};
use lane_stack::{quality, select};
use rustix::time::{ClockId, clock_gettime};
use std::error::Error;
use std::io::{BufRead as _, Write as _};
use std::path::Path;

/// As the service has it: an allocator that keeps their pages saves the kernel clearing them anew.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// `mi_option_purge_delay` of mimalloc.h, which the bindings do not name: milliseconds until freed memory goes back to the
/// system, −1 for never.
const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;

/// The parts, in the order of a frame's way. `peer_bench.py` has the same.
const PARTS: [&str; 10] = [
    "decode",
    "detector_prepare",
    "detector_inference",
    "detector_faces",
    "quality",
    "align",
    "embedder_prepare",
    "embedder_inference",
    "hand_over",
    "rest",
];

/// Milliseconds of each part of a round.
struct Watch {
    total_ms: [f64; PARTS.len()],
    last_ms: f64,
}

/// What this thread has had of a processor, milliseconds: one thread does all the work, and what others do meanwhile does
/// not count.
fn now_ms() -> f64 {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    now.tv_sec as f64 * 1e3 + now.tv_nsec as f64 * 1e-6
}

impl Watch {
    /// Counts the time since the last call as this part's.
    fn lap(&mut self, part: &str) {
        let at = PARTS.iter().position(|p| *p == part).expect("one of the parts");
        let now_ms = now_ms();
        self.total_ms[at] += now_ms - self.last_ms;
        self.last_ms = now_ms;
    }
}

/// Both models and the pictures.
struct Bench {
    detector: Detector,
    embedder: Embedder,
    working_width_px: u32,
    frames: Vec<Vec<u8>>,
}

impl Bench {
    /// Looks at every frame once; the times, and the number of faces of each frame.
    fn round(&mut self) -> Result<(Watch, Vec<usize>, f64), Box<dyn Error>> {
        let mut watch = Watch { total_ms: [0.0; PARTS.len()], last_ms: now_ms() };
        let mut faces_of = Vec::new();
        let mut embedding_sum = 0.0;
        for (exposure_id, bytes) in self.frames.iter().enumerate() {
            watch.lap("rest");
            let picture = Picture::from_jpeg(bytes)?;
            watch.lap("decode");
            let prepared = self.detector.prepare(&picture, self.working_width_px);
            watch.lap("detector_prepare");
            let inferred = self.detector.infer(&prepared)?;
            watch.lap("detector_inference");
            let found = self.detector.faces(&inferred, prepared.picture_px_per_px)?;
            watch.lap("detector_faces");
            let mut detections = Vec::new();
            for face in found {
                let Some(quality) = quality::measure(&picture, &face.landmarks_px) else { continue };
                watch.lap("quality");
                let Some(crop) = self.embedder.align(&picture, &face.landmarks_px) else { continue };
                watch.lap("align");
                let tensor = self.embedder.tensor(&crop);
                watch.lap("embedder_prepare");
                let embedding = self.embedder.infer(&tensor)?;
                watch.lap("embedder_inference");
                embedding_sum += f64::from(embedding[0]);
                detections.push(Detection {
                    exposure_id: exposure_id as u64,
                    camera_id: "front".to_string(),
                    box_px: face.box_px,
                    landmarks_px: face.landmarks_px,
                    score: face.score,
                    quality,
                    track_id: 0,
                });
            }
            watch.lap("rest");
            let answer = serde_json::to_vec(&detections)?;
            std::hint::black_box(&answer);
            watch.lap("hand_over");
            faces_of.push(detections.len());
        }
        watch.lap("rest");
        Ok((watch, faces_of, embedding_sum))
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    // By default pages go back after a moment, and each frame pays for new ones.
    #[expect(unsafe_code, reason = "nothing else runs yet, so nobody reads the option at the same time")]
    unsafe {
        libmimalloc_sys::mi_option_set(PURGE_DELAY, -1);
    }
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [models, folder] = args.as_slice() else { return Err("usage: peer MODELS_DIR FRAMES_DIR".into()) };
    let selection = select(Path::new(models), None)?;
    let environment = runtime::load(None)?;
    let mut paths: Vec<_> = std::fs::read_dir(folder)?.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>()?;
    paths.retain(|path| path.extension().is_some_and(|e| e == "jpg"));
    paths.sort();
    let frames = paths.iter().map(std::fs::read).collect::<Result<Vec<_>, _>>()?;
    let detector = Detector::open(&environment, Path::new(models), selection.detector, Compute::DETERMINISTIC)?;
    let embedder = Embedder::open(&environment, Path::new(models), selection.embedder, Compute::DETERMINISTIC)?;
    let mut bench = Bench { detector, embedder, working_width_px: selection.working.working_width_px, frames };
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        line?;
        let (watch, faces_of, embedding_sum) = bench.round()?;
        let ms: serde_json::Map<String, serde_json::Value> =
            PARTS.iter().zip(watch.total_ms).map(|(part, ms)| ((*part).to_string(), ms.into())).collect();
        let answer = serde_json::json!({
            "stack": format!("lane-stack {}", env!("CARGO_PKG_VERSION")),
            "onnxruntime": runtime::version(),
            "models": [bench.detector.sha256(), bench.embedder.sha256()],
            "ms": ms,
            "faces_of": faces_of,
            "embedding_sum": embedding_sum,
        });
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}
