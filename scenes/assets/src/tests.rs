//! The cache against a small made-up wheel and a made-up package index.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};

use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::manifest::Manifest;
use crate::{AssetError, AssetState, Cache, Fetch, Platform, Progress, Wheel};

const MEMBERS: [(&str, &[u8]); 4] = [
    ("fake/data/a/one.txt", b"one"),
    ("fake/data/a/deep/two.txt", b"two, which is longer"),
    ("fake/data/b.bin", &[7; 5000]),
    ("fake/code.py", b"not wanted"),
];

/// A zip of `members`, and the description that pins it.
fn fake_wheel(members: &[(&str, &[u8])]) -> (Wheel, Vec<u8>) {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    let mut manifest = Manifest::default();
    for (name, bytes) in members {
        writer.start_file(*name, options).unwrap();
        writer.write_all(bytes).unwrap();
        if let Some(path) = name.strip_prefix("fake/data/") {
            manifest.add(path, bytes);
        }
    }
    let bytes = writer.finish().unwrap().into_inner();
    let wheel = Wheel {
        name: "fake".into(),
        folder: "fake-1".into(),
        requirement: "fake==1".into(),
        file: "fake-1-py3-none-any.whl".into(),
        pip_options: Vec::new(),
        sha256: Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect(),
        wheel_bytes: bytes.len() as u64,
        members: vec!["fake/data/".into()],
        strip: "fake/data/".into(),
        manifest_blake3: blake3::hash(manifest.to_text().as_bytes()).to_hex().to_string(),
        unpacked_bytes: manifest.bytes(),
    };
    (wheel, bytes)
}

/// What the made-up index does when it is asked, one after the other; the last answer is repeated.
#[derive(Clone)]
enum Answer {
    Gives(Vec<u8>),
    /// Writes this and then breaks off.
    Breaks(Vec<u8>),
    Offline,
}

#[derive(Clone)]
struct Index {
    answers: Arc<Mutex<Vec<Answer>>>,
    asked: Arc<AtomicUsize>,
}

impl Index {
    fn new(answers: Vec<Answer>) -> Index {
        Index { answers: Arc::new(Mutex::new(answers)), asked: Arc::default() }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    fn cache(&self, root: &Path) -> Cache {
        Cache::at(root, Box::new(self.clone()))
    }
}

impl Fetch for Index {
    fn fetch(&self, wheel: &Wheel, into: &Path, command: &str) -> Result<(), AssetError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let answer = {
            let mut answers = self.answers.lock().unwrap();
            if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() }
        };
        let offline = || AssetError::NoNetwork {
            asset: wheel.name.clone(),
            detail: "cable cut".into(),
            command: command.to_owned(),
        };
        match answer {
            Answer::Gives(bytes) => std::fs::write(into.join(&wheel.file), bytes).map_err(|_| offline()),
            Answer::Breaks(bytes) => {
                std::fs::write(into.join(&wheel.file), bytes).unwrap();
                Err(offline())
            }
            Answer::Offline => Err(offline()),
        }
    }
}

fn ensure(cache: &Cache, wheel: &Wheel) -> Result<PathBuf, AssetError> {
    cache.ensure(wheel, &mut |_| {})
}

fn assert_whole(folder: &Path) {
    assert_eq!(std::fs::read(folder.join("a/one.txt")).unwrap(), b"one");
    assert_eq!(std::fs::read(folder.join("a/deep/two.txt")).unwrap(), b"two, which is longer");
    assert_eq!(std::fs::read(folder.join("b.bin")).unwrap(), [7; 5000]);
    assert!(!folder.join("code.py").exists() && !folder.join("fake").exists());
}

/// The names directly below the cache's `partial` folder.
fn leftovers(root: &Path) -> usize {
    std::fs::read_dir(root.join("partial")).map_or(0, |entries| entries.count())
}

#[test]
fn fetches_once_and_then_works_offline() {
    let dir = TempDir::new().unwrap();
    let (wheel, bytes) = fake_wheel(&MEMBERS);
    let index = Index::new(vec![Answer::Gives(bytes), Answer::Offline]);
    let cache = index.cache(dir.path());
    assert_eq!(cache.status_of(&wheel).state, AssetState::Missing { wheel_kept: false });
    let mut steps = Vec::new();
    let folder = cache.ensure(&wheel, &mut |step| steps.push(step)).unwrap();
    assert_whole(&folder);
    assert!(matches!(steps[..], [Progress::Fetching { .. }, Progress::Unpacking { .. }]), "{steps:?}");
    let mut steps = Vec::new();
    assert_eq!(cache.ensure(&wheel, &mut |step| steps.push(step)).unwrap(), folder);
    assert!(steps.is_empty());
    assert_eq!(index.asked(), 1);
    assert_eq!(cache.status_of(&wheel).state, AssetState::Verified { files: 3, bytes: wheel.unpacked_bytes });
    assert_eq!(leftovers(dir.path()), 0);
}

#[test]
fn a_broken_download_leaves_nothing_and_the_next_try_works() {
    let dir = TempDir::new().unwrap();
    let (wheel, bytes) = fake_wheel(&MEMBERS);
    let half = bytes[..bytes.len() / 2].to_vec();
    let index = Index::new(vec![Answer::Breaks(half.clone()), Answer::Gives(half), Answer::Gives(bytes)]);
    let cache = index.cache(dir.path());
    assert!(matches!(ensure(&cache, &wheel), Err(AssetError::NoNetwork { .. })));
    // A proxy that cuts a file short and calls it complete.
    assert!(matches!(ensure(&cache, &wheel), Err(AssetError::HashMismatch { .. })));
    assert!(!dir.path().join(&wheel.folder).exists() && !dir.path().join("wheels").join(&wheel.file).exists());
    assert_eq!(leftovers(dir.path()), 0);
    assert_whole(&ensure(&cache, &wheel).unwrap());
}

#[test]
fn what_a_killed_process_left_is_thrown_away() {
    let dir = TempDir::new().unwrap();
    let (wheel, bytes) = fake_wheel(&MEMBERS);
    let partial = dir.path().join("partial").join(&wheel.folder);
    std::fs::create_dir_all(partial.join("download")).unwrap();
    std::fs::create_dir_all(partial.join("tree/a")).unwrap();
    std::fs::write(partial.join("download").join(&wheel.file), &bytes[..10]).unwrap();
    std::fs::write(partial.join("tree/a/stranger.txt"), b"half").unwrap();
    std::fs::write(dir.path().join(format!("{}.lock", wheel.folder)), b"").unwrap();
    let cache = Index::new(vec![Answer::Gives(bytes)]).cache(dir.path());
    let folder = ensure(&cache, &wheel).unwrap();
    assert_whole(&folder);
    assert!(!folder.join("a/stranger.txt").exists());
    assert_eq!(leftovers(dir.path()), 0);
}

/// Every way to damage a tree is seen, and mended from the kept wheel without the network.
#[test]
fn damage_is_found_and_mended_from_the_kept_wheel() {
    type Harm = fn(&Path);
    let harms: [(&str, Harm); 6] = [
        ("a flipped byte", |f| {
            let mut bytes = [7; 5000];
            bytes[4321] ^= 1;
            std::fs::write(f.join("b.bin"), bytes).unwrap();
        }),
        ("a truncated file", |f| std::fs::write(f.join("b.bin"), [7; 4999]).unwrap()),
        ("a missing file", |f| std::fs::remove_file(f.join("a/deep/two.txt")).unwrap()),
        ("a stranger", |f| std::fs::write(f.join("a/three.txt"), b"3").unwrap()),
        ("a missing manifest", |f| std::fs::remove_file(f.join(Manifest::FILE)).unwrap()),
        ("a manifest that fits a changed file", |f| {
            let mut manifest = Manifest::default();
            manifest.add("a/one.txt", b"eno");
            std::fs::write(f.join("a/one.txt"), b"eno").unwrap();
            std::fs::write(f.join(Manifest::FILE), manifest.to_text()).unwrap();
        }),
    ];
    let dir = TempDir::new().unwrap();
    let (wheel, bytes) = fake_wheel(&MEMBERS);
    let index = Index::new(vec![Answer::Gives(bytes), Answer::Offline]);
    let cache = index.cache(dir.path());
    let folder = ensure(&cache, &wheel).unwrap();
    for (name, harm) in harms {
        harm(&folder);
        assert!(matches!(cache.status_of(&wheel).state, AssetState::Damaged { .. }), "{name}");
        let mut steps = Vec::new();
        cache.ensure(&wheel, &mut |step| steps.push(step)).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(matches!(steps[..], [Progress::Mending { .. }, Progress::Unpacking { .. }]), "{name}: {steps:?}");
        assert_whole(&folder);
        assert!(cache.status_of(&wheel).mend.is_none(), "{name}");
    }
    assert_eq!(index.asked(), 1);
}

#[test]
fn a_damaged_wheel_and_tree_are_fetched_again() {
    let dir = TempDir::new().unwrap();
    let (wheel, bytes) = fake_wheel(&MEMBERS);
    let index = Index::new(vec![Answer::Gives(bytes)]);
    let cache = index.cache(dir.path());
    let folder = ensure(&cache, &wheel).unwrap();
    std::fs::remove_file(folder.join("b.bin")).unwrap();
    std::fs::write(dir.path().join("wheels").join(&wheel.file), b"rubbish").unwrap();
    assert_whole(&ensure(&cache, &wheel).unwrap());
    assert_eq!(index.asked(), 2);
}

#[test]
fn damaged_and_offline_names_the_file_and_the_mend() {
    let dir = TempDir::new().unwrap();
    let (wheel, bytes) = fake_wheel(&MEMBERS);
    let cache = Index::new(vec![Answer::Gives(bytes.clone()), Answer::Offline]).cache(dir.path());
    let folder = ensure(&cache, &wheel).unwrap();
    std::fs::write(folder.join("b.bin"), b"short").unwrap();
    let kept = dir.path().join("wheels").join(&wheel.file);
    std::fs::remove_file(&kept).unwrap();
    let error = ensure(&cache, &wheel).unwrap_err();
    assert!(!error.is_disk());
    let text = error.to_string();
    for part in ["b.bin", "5 bytes, expected 5000", "cable cut", "python3 -m pip download", "fake==1"] {
        assert!(text.contains(part), "{text}");
    }
    let mend = cache.status_of(&wheel).mend.unwrap();
    assert!(mend.contains("pip download") && mend.ends_with("fake==1"), "{mend}");
    // The mend is to put the wheel there, by hand or from another machine.
    std::fs::write(&kept, bytes).unwrap();
    assert_whole(&ensure(&cache, &wheel).unwrap());
}

#[test]
fn a_wrong_wheel_is_refused_with_both_hashes() {
    let dir = TempDir::new().unwrap();
    let (wheel, _) = fake_wheel(&MEMBERS);
    let (_, other) = fake_wheel(&[("fake/data/a/one.txt", b"evil")]);
    let cache = Index::new(vec![Answer::Gives(other)]).cache(dir.path());
    let error = ensure(&cache, &wheel).unwrap_err();
    let AssetError::HashMismatch { expected, got, .. } = &error else { panic!("{error}") };
    assert_eq!(expected, &wheel.sha256);
    assert!(got != expected && got.len() == 64);
    assert!(!dir.path().join(&wheel.folder).exists());
    assert_eq!(leftovers(dir.path()), 0);
}

#[test]
fn a_member_that_points_outside_is_refused() {
    let dir = TempDir::new().unwrap();
    let (wheel, bytes) = fake_wheel(&[("fake/data/../../../escaped.txt", b"x")]);
    let cache = Index::new(vec![Answer::Gives(bytes)]).cache(&dir.path().join("cache"));
    assert!(matches!(ensure(&cache, &wheel), Err(AssetError::Unpack { .. })));
    assert!(!dir.path().join("escaped.txt").exists());
}

/// Eight handles at once: one fetches, the others wait for it and find its work.
#[test]
fn many_processes_at_once_fetch_once() {
    let dir = TempDir::new().unwrap();
    let (wheel, bytes) = fake_wheel(&MEMBERS);
    let index = Index::new(vec![Answer::Gives(bytes)]);
    for round in 1..=3 {
        let barrier = Barrier::new(8);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let cache = index.cache(dir.path());
                    barrier.wait();
                    assert_whole(&ensure(&cache, &wheel).unwrap());
                });
            }
        });
        assert_eq!(index.asked(), round);
        std::fs::remove_dir_all(dir.path().join("wheels")).unwrap();
        std::fs::write(dir.path().join(&wheel.folder).join("b.bin"), b"harm").unwrap();
    }
}

#[test]
fn a_cache_that_cannot_be_written_is_a_clear_error() {
    let dir = TempDir::new().unwrap();
    let (wheel, bytes) = fake_wheel(&MEMBERS);
    let file = dir.path().join("file");
    std::fs::write(&file, b"").unwrap();
    let cache = Index::new(vec![Answer::Gives(bytes)]).cache(&file.join("cache"));
    let error = ensure(&cache, &wheel).unwrap_err();
    assert!(error.is_disk());
    let text = error.to_string();
    assert!(text.contains("cannot create") && text.contains("LANEPROOF_CACHE"), "{text}");
}

#[test]
fn a_disk_too_small_is_said_before_anything_is_fetched() {
    let dir = TempDir::new().unwrap();
    let (mut wheel, bytes) = fake_wheel(&MEMBERS);
    wheel.unpacked_bytes = u64::MAX / 2;
    let index = Index::new(vec![Answer::Gives(bytes)]);
    assert!(matches!(ensure(&index.cache(dir.path()), &wheel), Err(AssetError::NoSpace { .. })));
    assert_eq!(index.asked(), 0);
}

#[test]
fn the_cache_folder_follows_the_environment() {
    let open = |set: &[(&str, &str)]| {
        Cache::from_variables(|name| set.iter().find(|(n, _)| *n == name).map(|(_, v)| v.into()))
    };
    let all = [("LANEPROOF_CACHE", "/l"), ("XDG_CACHE_HOME", "/x"), ("HOME", "/h")];
    assert_eq!(open(&all).unwrap().root(), Path::new("/l"));
    assert_eq!(open(&all[1..]).unwrap().root(), Path::new("/x/laneproof"));
    assert_eq!(open(&all[2..]).unwrap().root(), Path::new("/h/.cache/laneproof"));
    assert_eq!(open(&[("LANEPROOF_CACHE", ""), ("HOME", "/h")]).unwrap().root(), Path::new("/h/.cache/laneproof"));
    assert!(matches!(open(&[]), Err(AssetError::NoCacheFolder)));
}

#[test]
fn a_library_of_the_user_wins_and_must_exist() {
    let dir = TempDir::new().unwrap();
    let library = dir.path().join("libonnxruntime.so");
    let open = || {
        Cache::from_variables(|name| match name {
            "ORT_DYLIB_PATH" => Some(library.clone().into()),
            "LANEPROOF_CACHE" => Some(dir.path().join("cache").into()),
            _ => None,
        })
        .unwrap()
    };
    let error = open().onnxruntime(&mut |_| {}).unwrap_err();
    assert!(matches!(error, AssetError::NoSuchLibrary { .. }), "{error}");
    std::fs::write(&library, b"").unwrap();
    assert_eq!(open().onnxruntime(&mut |_| {}).unwrap(), library.canonicalize().unwrap());
    assert!(open().status().iter().any(|s| s.state == AssetState::Overridden));
    assert!(!dir.path().join("cache").exists());
}

#[test]
fn the_pins_are_whole() {
    let wheels =
        [Wheel::people(), Wheel::onnxruntime(Platform::LinuxX86_64), Wheel::onnxruntime(Platform::LinuxAarch64)];
    for wheel in wheels {
        for hash in [&wheel.sha256, &wheel.manifest_blake3] {
            assert_eq!(hash.len(), 64, "{}", wheel.file);
            assert!(hash.chars().all(|c| c.is_ascii_hexdigit() && !c.is_ascii_uppercase()));
        }
        assert!(wheel.wheel_bytes > 10_000_000 && wheel.unpacked_bytes > 10_000_000);
    }
}
