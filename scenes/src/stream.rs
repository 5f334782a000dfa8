//! Named random streams: one generator per (seed, encounter, purpose), so that adding a sampler moves no other draw.
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// The generator of one purpose in one encounter.
///
/// The key is the BLAKE3 hash of the three parts, so streams are independent of each other and of the order in which
/// they are opened. ChaCha8 is value-stable across versions of `rand_chacha`.
pub fn stream(seed: u64, encounter: u64, purpose: &str) -> ChaCha8Rng {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"laneproof stream 1");
    hasher.update(&seed.to_le_bytes());
    hasher.update(&encounter.to_le_bytes());
    hasher.update(purpose.as_bytes());
    ChaCha8Rng::from_seed(*hasher.finalize().as_bytes())
}

#[cfg(test)]
mod tests {
    use rand::RngCore as _;

    use super::stream;

    #[test]
    fn a_stream_depends_on_each_part_of_its_name_and_nothing_else() {
        let first = |seed, encounter, purpose| stream(seed, encounter, purpose).next_u64();
        assert_eq!(first(1, 2, "skin"), first(1, 2, "skin"));
        assert_ne!(first(1, 2, "skin"), first(1, 2, "hair"));
        assert_ne!(first(1, 2, "skin"), first(1, 3, "skin"));
        assert_ne!(first(1, 2, "skin"), first(2, 2, "skin"));
    }
}
