//! What people wear on head and face.
use serde::{Deserialize, Serialize};

/// Things worn on head and face.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Wear {}
