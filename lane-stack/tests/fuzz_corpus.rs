//! What fuzzing has started from, found and kept (`lane-stack/fuzz`), through the same functions on the stable compiler.
use lane_stack::fuzzing;
use std::path::Path;

/// Calls `target` with every file of its folders; how many there were.
fn replay(name: &str, target: fn(&[u8])) -> usize {
    let mut count = 0;
    for folder in ["seeds", "corpus", "mended"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(folder).join(name);
        // Not every target has found something that was mended.
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.unwrap().path();
            // Told only where the target fails.
            println!("{}", path.display());
            target(&std::fs::read(&path).unwrap());
            count += 1;
        }
    }
    count
}

#[test]
fn streams_of_frames_that_fuzzing_found_are_borne() {
    assert!(replay("frame_stream", fuzzing::frame_stream) >= 5);
}

#[test]
fn pictures_that_fuzzing_found_are_borne() {
    assert!(replay("picture", fuzzing::picture) >= 10);
}

#[test]
fn answers_of_programs_that_fuzzing_found_are_borne() {
    assert!(replay("exec_answer", fuzzing::exec_answer) >= 5);
}

#[test]
fn configurations_that_fuzzing_found_are_borne() {
    assert!(replay("configuration", fuzzing::configuration) >= 5);
}
