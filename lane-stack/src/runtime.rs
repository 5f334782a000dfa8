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

/// An output tensor.
pub(crate) struct Output {
    pub shape: Vec<i64>,
    pub values: Vec<f32>,
}

/// An opened model file with one float32 NCHW input.
pub(crate) struct Model {
    session: Session,
    input: String,
    path: PathBuf,
    card: String,
    sha256: String,
}

impl Model {
    /// Opens a model file and checks it against its card: hash, input name, type and fixed sizes.
    pub fn open(
        environment: &Environment,
        path: &Path,
        about: &About,
        input: &str,
        nchw: [Option<u32>; 4],
        threads: usize,
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
        let session = open_session(environment, &bytes, threads)
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
        Ok(Self { session, input: input.into(), path: path.into(), card: about.name.clone(), sha256 })
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

fn open_session(environment: &Environment, bytes: &[u8], threads: usize) -> ort::Result<Session> {
    Session::builder(environment)?
        .with_intra_threads(threads)?
        .with_inter_threads(1)?
        .with_deterministic_compute(true)?
        .with_optimization_level(GraphOptimizationLevel::Level3)?
        .commit_from_memory(bytes)
}
