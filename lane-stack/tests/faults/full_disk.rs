//! A gallery whose disk is full: a small file system in memory where the test may mount one, filled to the last byte; and,
//! where it may not and where it may, the system's limit on the size of files.
use crate::harness::{Answer, FRAMES, GALLERY_SECTION, PORTRAITS, Service, has_runtime, make_gallery};
use crate::{enrol, matched, search};
use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A file system of its own; taken down when dropped.
struct SmallDisk {
    at: tempfile::TempDir,
}

impl SmallDisk {
    /// `None`, and a line, where none may be mounted.
    fn mount(checks: usize, megabytes: u32) -> Option<Self> {
        let at = tempfile::tempdir().unwrap();
        let size = format!("size={megabytes}m");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at.path()).output();
        match mounted {
            Ok(output) if output.status.success() => Some(Self { at }),
            _ => {
                eprintln!("SKIPPED {checks} checks: no file system can be mounted here, which only root may");
                None
            }
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.at.path().join(name)
    }

    /// Writes until no byte fits any more.
    fn fill(&self) {
        let mut filler = std::fs::OpenOptions::new().append(true).create(true).open(self.path("filler")).unwrap();
        let mut piece = 1 << 20;
        while piece > 0 {
            if filler.write_all(&vec![7; piece]).is_err() {
                piece /= 2;
            }
        }
    }

    fn free(&self) {
        std::fs::remove_file(self.path("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: the service may still be about to end.
        Command::new("umount").arg("-l").arg(self.at.path()).status().ok();
    }
}

/// The gallery's files go to another file system.
fn move_gallery(folder: &Path, disk: &SmallDisk) -> String {
    std::fs::copy(folder.join("lane.gallery"), disk.path("lane.gallery")).unwrap();
    GALLERY_SECTION.replace("lane.gallery", disk.path("lane.gallery").to_str().unwrap())
}

fn is_full(answer: &Answer) {
    let problem = answer.is_problem(507, "gallery-disk");
    assert!(problem.detail.contains("full") || problem.detail.contains("No space"), "{problem:?}");
    assert!(problem.detail.contains("lane.gallery"), "{problem:?}");
}

#[test]
fn a_full_disk_refuses_what_would_be_kept_and_the_lane_goes_on() {
    if !has_runtime(1) {
        return;
    }
    let Some(disk) = SmallDisk::mount(1, 12) else { return };
    let folder = tempfile::tempdir().unwrap();
    make_gallery(folder.path());
    let section = move_gallery(folder.path(), &disk);
    let mut service = Service::start_in(1, folder, &section).unwrap();
    let [(_, right), (_, left)] = PORTRAITS;
    for i in 0..3 {
        assert_eq!(enrol(&service, &format!("earlier-{i}"), right).status, 201);
    }
    disk.fill();
    // The log of SQLite may have some room yet; it ends, and the refusals go on.
    let first = (0..40).find(|i| enrol(&service, &format!("more-{i}"), FRAMES[4].1).status != 201).unwrap();
    for i in first..first + 3 {
        is_full(&enrol(&service, &format!("more-{i}"), FRAMES[4].1));
        service.get(&format!("/v1/gallery/references/more-{i}")).is_problem(404, "unknown-reference");
    }
    // Alive, and of use: earlier references are found, and an encounter finds those that are held for it.
    assert_eq!(service.get("/v1/health").status, 200);
    assert_eq!(service.get("/v1/ready").status, 200);
    for round in 0..20 {
        let found = search(&service, right);
        assert!(found.iter().filter(|(id, s)| id.starts_with("earlier-") && *s > 0.999).count() == 3, "{found:?}");
        assert_eq!(service.get("/v1/gallery/references/earlier-2").status, 200, "round {round}");
    }
    service.open("e");
    let held = "/v1/gallery/references/left?kind=visa&encounter_id=e";
    assert_eq!(service.call("PUT", held, left, "image/jpeg").status, 201);
    for sequence in 0..5 {
        assert_eq!(service.push("e", sequence).status, 200);
    }
    let closed: lane_stack::api::Closed = service.close("e").json();
    let who: BTreeSet<_> = closed.decisions.best_shots.into_iter().filter_map(|b| b.matched).collect();
    assert!(who.contains("left") && who.iter().any(|id| id != "left"), "{who:?}");
    // What must be erased is, on a disk that is full.
    assert_eq!(service.call("DELETE", "/v1/gallery/references/earlier-0", &[], "").status, 204);
    service.get("/v1/gallery/references/earlier-0").is_problem(404, "unknown-reference");
    // Filled again, with what the erasure and the reserve left: no more is kept.
    disk.fill();
    is_full(&enrol(&service, "no", left));
    disk.free();
    assert_eq!(enrol(&service, "yes", left).status, 201);
    service.restart();
    for (id, status) in [("earlier-0", 404), ("earlier-1", 200), ("earlier-2", 200), ("no", 404), ("yes", 200)] {
        assert_eq!(service.get(&format!("/v1/gallery/references/{id}")).status, status, "{id}");
    }
    assert!(!matched(&service, "f").is_empty());
    assert!(!service.log().contains("panicked"), "{}", service.log());
    // It begins on a full disk, too, with a word about the reserve.
    service.signal("TERM");
    assert_eq!(service.wait(), Some(0));
    disk.fill();
    service.start_again();
    assert!(service.log().contains("no reserve for a full disk"), "{}", service.log());
    assert_eq!(service.get("/v1/health").status, 200);
    is_full(&enrol(&service, "no", left));
}

/// The limit stands for a disk that takes no more: another error of the system's than a full one, and lifted under a
/// process that runs.
#[test]
fn a_limit_on_files_refuses_and_ends_nothing() {
    if !has_runtime(1) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    make_gallery(folder.path());
    let mut service = Service::start_in(1, folder, GALLERY_SECTION).unwrap();
    let [(_, right), (_, left)] = PORTRAITS;
    assert_eq!(enrol(&service, "earlier", right).status, 201);
    service.signal("TERM");
    assert_eq!(service.wait(), Some(0));
    let log = std::fs::File::create(service.folder.path().join("log")).unwrap();
    let script = "trap '' XFSZ; ulimit -S -f 400; exec \"$@\"";
    let config = service.folder.path().join("lane.toml");
    service.child = Command::new("sh")
        .args(["-c", script, "sh", env!("CARGO_BIN_EXE_lane-stack"), "serve", "--config", config.to_str().unwrap()])
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(service.child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    service.url = line.trim().strip_prefix("listening on ").unwrap_or_default().to_string();
    assert!(service.log().contains("no reserve for a full disk"), "{}", service.log());
    for id in ["more", "still-more"] {
        let problem = enrol(&service, id, left).is_problem(507, "gallery-disk");
        assert!(problem.detail.contains("lane.gallery") && problem.detail.contains("make room"), "{problem:?}");
        service.get(&format!("/v1/gallery/references/{id}")).is_problem(404, "unknown-reference");
    }
    // What is not kept needs no such room.
    assert_eq!(service.get("/v1/health").status, 200);
    assert_eq!(search(&service, right)[0].0, "earlier");
    assert!(matched(&service, "e").contains("earlier"));
    let id = service.child.id().to_string();
    if Command::new("prlimit").args(["--pid", &id, "--fsize=unlimited"]).status().is_ok_and(|s| s.success()) {
        assert_eq!(enrol(&service, "after", left).status, 201);
    } else {
        eprintln!("SKIPPED 1 check: no prlimit here, or it may not lift the limit");
    }
    service.restart();
    assert_eq!(search(&service, right)[0].0, "earlier");
    assert!(!service.log().contains("no reserve"), "{}", service.log());
}
