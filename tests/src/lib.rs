//! What several integration tests need: the program as a user runs it, an open simulator, and the measures of how a stack
//! does on faces that any usable one should find, and of how well explanations name planted causes.
pub mod causes;
pub mod plain_faces;
pub mod program;
pub mod simulator;

/// The folder of acceptance models, where this machine has one.
pub fn acceptance_models() -> Option<std::path::PathBuf> {
    std::env::var_os("LANEPROOF_ACCEPTANCE_MODELS").map(Into::into)
}

/// The models that come with the program.
pub fn default_models() -> Option<std::path::PathBuf> {
    let folder = program::root().join("lane-stack/models");
    folder.join("stack.toml").is_file().then_some(folder)
}

/// Says that checks were left out, and how many.
pub fn skipped(checks: u32, why: &str) {
    println!("skipped: {checks} checks: {why}");
}
