//! Parametric people.

/// What stays the same for a person.
#[derive(Debug, Clone)]
pub struct Identity {
    /// Seed of everything sampled.
    pub seed: u64,
}
