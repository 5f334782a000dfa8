//! What fuzzing has started from, found and kept (`scenarios/fuzz`), through the same function on the stable compiler.
#[path = "../fuzz/open.rs"]
mod open;

use std::path::Path;

#[test]
fn scenarios_that_fuzzing_found_are_borne() {
    let mut count = 0;
    for folder in ["seeds", "corpus", "mended"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(folder).join("scenario");
        // Perhaps nothing has been mended.
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.expect("an entry").path();
            // Told only where the target fails.
            println!("{}", path.display());
            open::scenario(&std::fs::read(&path).expect("a file of the corpus"));
            count += 1;
        }
    }
    assert!(count >= 5);
}
