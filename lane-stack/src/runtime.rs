//! ONNX Runtime: loaded once per process from an explicit path, and model files opened with it.
use crate::card::About;
use crate::error::SetupError;
use ort::environment::Environment;
use ort::session::Session;
use ort::session::builder::GraphOptimizationLevel;
use ort::value::{TensorElementType, TensorRef, ValueType};
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Environment variable that names ONNX Runtime's shared library.
pub const LIBRARY_VARIABLE: &str = "ORT_DYLIB_PATH";

/// The process's environment: `ort` allows one, and drops it when the last handle goes.
static ENVIRONMENT: Mutex<Option<Environment>> = Mutex::new(None);

/// Loads ONNX Runtime from `library`, or from the path in `ORT_DYLIB_PATH`. Later calls return what the first loaded.
/// `ort`'s own lazy loading panics when the library is missing; this never does.
pub fn load(library: Option<&Path>) -> Result<Environment, SetupError> {
    let mut slot = ENVIRONMENT.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if let Some(environment) = slot.as_ref() {
        return Ok(environment.clone());
    }
    let path = match library {
        Some(path) => path.to_path_buf(),
        None => std::env::var_os(LIBRARY_VARIABLE).map(PathBuf::from).ok_or_else(|| SetupError::Runtime {
            reason: format!(
                "no library is named; set {LIBRARY_VARIABLE} to the full path of libonnxruntime.so (1.20 or newer)"
            ),
        })?,
    };
    if !path.is_file() {
        let reason = format!("{} is no file; {LIBRARY_VARIABLE} must name libonnxruntime.so", path.display());
        return Err(SetupError::Runtime { reason });
    }
    let path = std::path::absolute(&path).map_err(|e| SetupError::file(&path, &e))?;
    let wrong = |e: &dyn std::fmt::Display| SetupError::Runtime { reason: one_line(e) };
    let environment =
        ort::init_from(&path).map_err(|e| wrong(&e))?.with_telemetry(false).build().map_err(|e| wrong(&e))?;
    // Its warnings are about graph details that no user of a lane can mend.
    environment.set_log_level(ort::logging::LogLevel::Fatal);
    Ok(slot.insert(environment).clone())
}

/// What a library says about its build, for a report's head.
pub fn version() -> String {
    one_line(&ort::info())
}

pub(crate) fn one_line(text: &dyn std::fmt::Display) -> String {
    text.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// How a model is to be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compute {
    /// Threads within one run.
    pub intra_threads: usize,
    /// Kernels that give the same bits again, and one input a run. Without, ONNX Runtime may choose kernels by speed.
    pub deterministic: bool,
    /// Inputs of one run, where the model can take several; 1 with `deterministic`.
    pub max_batch: usize,
}

impl Compute {
    /// One input at a time on one thread: the same bits every time.
    pub const DETERMINISTIC: Self = Self { intra_threads: 1, deterministic: true, max_batch: 1 };
}

/// An output tensor.
pub(crate) struct Output {
    pub shape: Vec<i64>,
    pub values: Vec<f32>,
}

impl Output {
    /// The parts of each of `count` inputs that were run together, as single runs would have given them.
    pub fn apart(self, count: usize) -> Result<Vec<Self>, String> {
        let Self { mut shape, values } = self;
        if shape.first() != Some(&(count as i64)) || values.len() % count != 0 {
            return Err(format!("an output of {count} inputs together is {shape:?}"));
        }
        shape[0] = 1;
        let parts = values.chunks((values.len() / count).max(1));
        Ok(parts.map(|part| Self { shape: shape.clone(), values: part.to_vec() }).collect())
    }

    /// Whether two runs gave the same, but for the order in which sums were rounded.
    pub fn resembles(&self, other: &Self) -> bool {
        let near = |(a, b): (&f32, &f32)| (a - b).abs() <= 1e-3 * (1.0 + a.abs().max(b.abs()));
        self.shape == other.shape && self.values.iter().zip(&other.values).all(near)
    }
}

/// An opened model file with one float32 NCHW input.
pub(crate) struct Model {
    session: Session,
    input: String,
    path: PathBuf,
    card: String,
    sha256: String,
    /// Inputs that one run takes.
    max_batch: usize,
}

impl Model {
    /// Opens a model file and checks it against its card: hash, input name, type and fixed sizes.
    pub fn open(
        environment: &Environment,
        path: &Path,
        about: &About,
        input: &str,
        nchw: [Option<u32>; 4],
        compute: Compute,
    ) -> Result<Self, SetupError> {
        let wrong = |reason: String| SetupError::Model { path: path.to_path_buf(), card: about.name.clone(), reason };
        let bytes = std::fs::read(path).map_err(|e| wrong(format!("cannot be read: {e}")))?;
        let sha256: String = Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect();
        if let Some(pinned) = &about.sha256
            && *pinned != sha256
        {
            let reason = format!("SHA-256 is {sha256}, the card says {pinned}: damaged, or another file");
            return Err(wrong(reason));
        }
        let session = open_session(environment, &bytes, compute)
            .map_err(|e| wrong(format!("ONNX Runtime cannot open it: {}", one_line(&e))))?;
        let names = || session.inputs().iter().map(|i| i.name().to_string()).collect::<Vec<_>>().join(", ");
        let [only] = session.inputs() else {
            return Err(wrong(format!("it must have one input, it has {}: {}", session.inputs().len(), names())));
        };
        if only.name() != input {
            return Err(wrong(format!("its input is \"{}\", the card says \"{input}\"", only.name())));
        }
        let ValueType::Tensor { ty: TensorElementType::Float32, shape, .. } = only.dtype() else {
            return Err(wrong(format!("its input must be a float32 tensor, it is {}", only.dtype())));
        };
        let fits = shape.len() == 4
            && shape.iter().zip(nchw).all(|(&has, want)| has < 0 || want.is_none_or(|w| has == i64::from(w)));
        if !fits {
            let want = nchw.map(|v| v.map_or("any".to_string(), |v| v.to_string())).join("×");
            return Err(wrong(format!("its input is {shape:?}, the card says N×C×H×W = {want}")));
        }
        let max_batch = if shape[0] < 0 && !compute.deterministic { compute.max_batch.max(1) } else { 1 };
        Ok(Self { session, input: input.into(), path: path.into(), card: about.name.clone(), sha256, max_batch })
    }

    /// Inputs that one run takes.
    pub fn max_batch(&self) -> usize {
        self.max_batch
    }

    /// Makes sure that inputs run together come to what they come to alone; a model for which that is not so is given one
    /// at a time. `chw` are channels, height and width of each input.
    pub fn prove_batches(&mut self, chw: [u32; 3], inputs: [&[f32]; 2], outputs: &[String]) -> Result<(), String> {
        if self.max_batch == 1 {
            return Ok(());
        }
        let [channels, height, width] = chw;
        let alone = [0, 1].map(|i| self.run([1, channels, height, width], inputs[i], outputs));
        let [first, second] = alone;
        let (first, second) = (first?, second?);
        let same = self.run_all(chw, &inputs, outputs).is_ok_and(|together| {
            let [a, b] = &together[..] else { return false };
            let alike = |a: &[Output], b: &[Output]| a.iter().zip(b).all(|(a, b)| a.resembles(b));
            alike(a, &first) && alike(b, &second)
        });
        if !same {
            self.max_batch = 1;
        }
        Ok(())
    }

    /// Runs the model on several inputs together: the named outputs of each.
    pub fn run_all(
        &mut self,
        chw: [u32; 3],
        inputs: &[&[f32]],
        outputs: &[String],
    ) -> Result<Vec<Vec<Output>>, String> {
        let [channels, height, width] = chw;
        let count = inputs.len();
        let given = self.run([count as u32, channels, height, width], &inputs.concat(), outputs)?;
        let mut each: Vec<Vec<Output>> = (0..count).map(|_| Vec::with_capacity(outputs.len())).collect();
        for output in given {
            for (of_one, part) in each.iter_mut().zip(output.apart(count)?) {
                of_one.push(part);
            }
        }
        Ok(each)
    }

    /// SHA-256 of the file in hexadecimal.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// An error about this file.
    pub fn wrong(&self, reason: String) -> SetupError {
        SetupError::Model { path: self.path.clone(), card: self.card.clone(), reason }
    }

    /// Runs the model and gives the named outputs in the order asked for; the reason in words when it cannot.
    pub fn run(&mut self, nchw: [u32; 4], values: &[f32], outputs: &[String]) -> Result<Vec<Output>, String> {
        let shape = nchw.map(i64::from);
        let tensor = TensorRef::from_array_view((shape, values)).map_err(|e| one_line(&e))?;
        let inputs = ort::inputs![self.input.as_str() => tensor];
        let given = self.session.run(inputs).map_err(|e| one_line(&e))?;
        outputs
            .iter()
            .map(|name| {
                let value = given.get(name).ok_or_else(|| {
                    let has: Vec<&str> = given.keys().collect();
                    format!("it has no output \"{name}\"; it has {}", has.join(", "))
                })?;
                let (shape, values) = value
                    .try_extract_tensor::<f32>()
                    .map_err(|e| format!("output \"{name}\" is no float32 tensor: {}", one_line(&e)))?;
                Ok(Output { shape: shape.to_vec(), values: values.to_vec() })
            })
            .collect()
    }
}

fn open_session(environment: &Environment, bytes: &[u8], compute: Compute) -> ort::Result<Session> {
    Session::builder(environment)?
        .with_intra_threads(compute.intra_threads)?
        .with_inter_threads(1)?
        .with_deterministic_compute(compute.deterministic)?
        .with_optimization_level(GraphOptimizationLevel::Level3)?
        .commit_from_memory(bytes)
}
