//! What went wrong on the device, on its way to the caller.
use std::sync::{Arc, Mutex};

use bevy::prelude::Resource;

/// First error that the driver reported, kept for the next answer.
#[derive(Resource, Clone, Default)]
pub(crate) struct Failure(Arc<Mutex<Option<String>>>);

impl Failure {
    /// Keeps an error unless one is kept already.
    pub(crate) fn set(&self, text: String) {
        if let Ok(mut slot) = self.0.lock() {
            slot.get_or_insert(text);
        }
    }

    /// The first error since the last call.
    pub(crate) fn take(&self) -> Option<String> {
        self.0.lock().ok().and_then(|mut slot| slot.take())
    }
}
