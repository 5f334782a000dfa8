//! `laneproof fetch`: the assets ahead of time, for machines that go offline and for tests that need their places.
use laneproof_assets::Cache;
use laneproof_scenarios::exit;

use crate::session::{Failure, told};

/// Fetch people data and ONNX Runtime into the cache and print where they are, as lines for a shell
#[derive(Debug, clap::Args)]
pub struct Args {}

/// A value that any POSIX shell reads back as it is.
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

pub(super) fn run(_args: &Args) -> Result<u8, Failure> {
    let cache = Cache::open()?;
    let people = cache.people_data(&mut told)?;
    let library = cache.onnxruntime(&mut told)?;
    println!("export LANEPROOF_PEOPLE_DATA={}", quoted(&people.display().to_string()));
    println!("export ORT_DYLIB_PATH={}", quoted(&library.display().to_string()));
    Ok(exit::DONE)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_quote_survives_the_shell() {
        assert_eq!(super::quoted("a b'c"), r"'a b'\''c'");
    }
}
