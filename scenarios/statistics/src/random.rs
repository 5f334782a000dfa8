//! Named random streams: a draw depends on its name alone, never on what else was drawn before.
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// The generator of one purpose at one index. Its key is the BLAKE3 hash of the three parts, as in
/// `laneproof_scenes::stream`, but of another family: equal names in both give unrelated draws.
pub(crate) fn stream(seed: u64, index: u64, purpose: &str) -> ChaCha8Rng {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"laneproof statistics stream 1");
    hasher.update(&seed.to_le_bytes());
    hasher.update(&index.to_le_bytes());
    hasher.update(purpose.as_bytes());
    ChaCha8Rng::from_seed(*hasher.finalize().as_bytes())
}

/// One uniform value in [0, 1) of that stream.
pub(crate) fn uniform(seed: u64, index: u64, purpose: &str) -> f64 {
    stream(seed, index, purpose).random()
}

#[cfg(test)]
mod tests {
    use super::uniform;

    #[test]
    fn a_draw_depends_on_each_part_of_its_name_and_nothing_else() {
        let first = uniform(1, 2, "rake");
        assert_eq!(first, uniform(1, 2, "rake"));
        for other in [uniform(1, 2, "tint"), uniform(1, 3, "rake"), uniform(2, 2, "rake")] {
            assert_ne!(first, other);
        }
    }
}
