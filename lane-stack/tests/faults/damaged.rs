//! A database that is damaged, or none: the service does not begin, and says which file it is and what to do.
use crate::enrol;
use crate::harness::{GALLERY_SECTION, PORTRAITS, Service, command, has_runtime, make_gallery};
use lane_stack::gallery::{MasterKey, OsEntropy, Store};
use std::path::Path;
use std::process::Stdio;

/// Exit code and the one line that it says.
fn refusal(folder: &Path) -> (Option<i32>, String) {
    let output = command(&folder.join("lane.toml")).stderr(Stdio::piped()).output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.stdout.is_empty(), "it said that it is ready");
    assert!(!message.contains("panicked") && message.trim_end().lines().count() == 1, "{message}");
    (output.status.code(), message)
}

#[test]
fn a_damaged_database_is_told_by_name_with_what_to_do() {
    if !has_runtime(1) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    make_gallery(folder.path());
    let mut service = Service::start_in(1, folder, GALLERY_SECTION).unwrap();
    for i in 0..8 {
        assert_eq!(enrol(&service, &format!("p{i}"), PORTRAITS[i % 2].1).status, 201);
    }
    service.signal("TERM");
    assert_eq!(service.wait(), Some(0));
    let path = service.folder.path().join("lane.gallery");
    let whole = std::fs::read(&path).unwrap();
    let mut middle = whole.clone();
    let at = whole.len() / 2 / 4096 * 4096;
    middle[at..at + 4096].fill(0xa5);
    let noise = "no database at all, but long enough to be read ".repeat(200).into_bytes();
    for (what, bytes, advice) in [
        ("overwritten in the middle", &middle[..], "restore it from a copy"),
        ("cut in half", &whole[..whole.len() / 2 / 4096 * 4096], "restore it from a copy"),
        ("cut within a page", &whole[..whole.len() - 1000], "restore it from a copy"),
        ("no database", &noise, "gallery init"),
        ("empty", &[], "gallery init"),
    ] {
        std::fs::write(&path, bytes).unwrap();
        let (code, message) = refusal(service.folder.path());
        assert_eq!(code, Some(6), "{what}: {message}");
        assert!(message.contains("lane.gallery") && message.contains(advice), "{what}: {message}");
        assert_eq!(std::fs::read(&path).unwrap(), bytes, "{what}: it was changed");
    }
    std::fs::remove_file(&path).unwrap();
    let (code, message) = refusal(service.folder.path());
    assert!(code == Some(2) && message.contains("lane.gallery") && message.contains("gallery init"), "{message}");

    // Every page of the file, by turns: what the service reads at its beginning sees it.
    let key = || MasterKey::from_file(&service.folder.path().join("master.key")).unwrap();
    let pages = whole.len() / 4096;
    for page in 0..pages {
        let mut damaged = whole.clone();
        damaged[page * 4096..(page + 1) * 4096].fill(0xa5);
        std::fs::write(&path, &damaged).unwrap();
        let opened = Store::open(&path, key(), Box::new(OsEntropy)).and_then(|store| store.check());
        let error = opened.expect_err(&format!("page {page} of {pages}"));
        assert_eq!(error.exit_code(), lane_stack::exit::GALLERY, "page {page}: {error}");
    }
    // The whole file is as good as ever.
    std::fs::write(&path, &whole).unwrap();
    service.start_again();
    assert_eq!(service.get("/v1/gallery/references/p7").status, 200);
}
