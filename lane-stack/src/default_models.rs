//! The models that come with the crate: trained on faces that this project's simulator renders, see their cards.
use sha2::{Digest as _, Sha256};

/// Name and bytes of every file of the default models folder.
pub const FILES: [(&str, &[u8]); 6] = [
    ("laneproof-detector.onnx", include_bytes!("../models/laneproof-detector.onnx")),
    ("laneproof-detector.toml", include_bytes!("../models/laneproof-detector.toml")),
    ("laneproof-embedder.onnx", include_bytes!("../models/laneproof-embedder.onnx")),
    ("laneproof-embedder.toml", include_bytes!("../models/laneproof-embedder.toml")),
    ("laneproof-embedder-fillers.f32", include_bytes!("../models/laneproof-embedder-fillers.f32")),
    ("stack.toml", include_bytes!("../models/stack.toml")),
];

/// Sixteen hexadecimal digits that change when any of the files does.
pub fn fingerprint() -> String {
    let mut hasher = Sha256::new();
    for (name, bytes) in FILES {
        hasher.update(name);
        hasher.update((bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    }
    hasher.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
